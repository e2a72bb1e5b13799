/**
 * An identity provider in process, for tests: oidc-provider behind Fastify's inject, and a person at it who signs in by
 * its own pages. A test may put itself between the server and the provider.
 */

import { generateKeyPairSync } from "node:crypto";
import { fastify } from "fastify";
import Provider, { type Configuration } from "oidc-provider";
import type { CustomFetch } from "openid-client";
import { CALLBACK_PATH } from "./oidc.ts";

export const ISSUER = "http://localhost:9080";
export const CLIENT_ID = "countersign";
const CLIENT_SECRET = "a secret of the test's provider";

export type TestProvider = {
  readonly issuer: string;
  /** What OidcSettings take. */
  readonly settings: { issuer: string; clientId: string; clientSecret: string; fetch: CustomFetch };
  /** Replaces an answer of the provider to the server; set by tests that lie. */
  between: ((path: string, response: Response) => Response | Promise<Response>) | undefined;
  /** Signs somebody in at the provider and answers where it sends the browser back to. */
  authorize(location: string, account: string): Promise<URL>;
};

/** @param groups what the claim `groups` says of an account */
export function openTestProvider(
  groups: Readonly<Record<string, readonly string[]>> = {},
  issuer: string = ISSUER,
): TestProvider {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const configuration: Configuration = {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [`http://localhost:7070${CALLBACK_PATH}`],
        id_token_signed_response_alg: "ES256",
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "k1", use: "sig", alg: "ES256" }] },
    cookies: { keys: ["a key of the test's provider"] },
    claims: { openid: ["sub", "groups"] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, groups: groups[id] ?? [] }) }),
  };
  const callback = quietly(() => new Provider(issuer, configuration)).callback();
  const app = fastify();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null)); // the provider reads the stream itself
  app.all("/*", (request, reply) => {
    reply.hijack();
    void callback(request.raw, reply.raw);
  });
  const { host } = new URL(issuer);

  const provider: TestProvider = {
    issuer,
    between: undefined,
    settings: {
      issuer,
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      async fetch(address, options) {
        const url = new URL(address);
        const response = await app.inject({
          method: options.method as "GET",
          url: url.pathname + url.search,
          headers: { ...options.headers, host },
          ...(options.body === undefined || options.body === null ? {} : { payload: String(options.body) }),
        });
        const type = String(response.headers["content-type"]);
        const answer = new Response(response.body, { status: response.statusCode, headers: { "content-type": type } });
        return provider.between === undefined ? answer : provider.between(url.pathname, answer);
      },
    },

    async authorize(location, account) {
      const cookies = new Map<string, string>();
      let next = new URL(location);
      let form: string | undefined;
      for (let step = 0; step < 10; step++) {
        if (next.origin !== issuer) return next;
        const response = await app.inject({
          method: form === undefined ? "GET" : "POST",
          url: next.pathname + next.search,
          headers: {
            host,
            cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
            ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
          },
          ...(form === undefined ? {} : { payload: form }),
        });
        for (const text of [response.headers["set-cookie"] ?? []].flat()) {
          const [pair = ""] = text.split(";");
          cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
        }
        const to = response.headers.location;
        if (to !== undefined) {
          next = new URL(String(to), issuer);
          form = undefined;
          continue;
        }
        // Its own pages: a form to sign in with, then one to consent.
        const prompt = /name="prompt" value="(\w+)"/.exec(response.body)?.[1] ?? "";
        const action = /action="([^"]+)"/.exec(response.body)?.[1];
        if (action === undefined) throw new Error(`the provider answers ${response.statusCode}: ${response.body}`);
        next = new URL(action, issuer);
        form = new URLSearchParams({ prompt, login: account, password: "any" }).toString();
      }
      throw new Error("the provider sends the browser in a circle");
    },
  };
  return provider;
}

/** The provider warns on the console that its forms are for development; here they are. */
function quietly<T>(make: () => T): T {
  const { warn, info } = console;
  console.warn = () => {};
  console.info = () => {};
  try {
    return make();
  } finally {
    console.warn = warn;
    console.info = info;
  }
}
