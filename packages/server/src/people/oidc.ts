/**
 * Signing in with an identity provider: OpenID Connect, authorization code with PKCE, by openid-client, which checks
 * state, nonce, `iss`, signature and times. What is under way is kept by the browser alone, sealed in a cookie under the
 * tenant's key, so an answer is taken only by the browser that asked, and a page that only looks costs no write.
 *
 * The provider says who somebody is. What they may do stands in the log and nowhere else, unless a mapping of claims to
 * roles is configured, whose effect is then events like any other (oidc-sign-in.ts).
 */
import { parseBase64Url } from "@countersign/evidence/base64";
import { CountersignError } from "@countersign/evidence/errors";
import type { RoleName } from "@countersign/evidence/event";
import { utf8 } from "@countersign/evidence/hash";
import * as client from "openid-client";
import type { GoodChallenge } from "./challenges.ts";
import type { PeopleParts } from "./faces.ts";

export type OidcSettings = {
  /** The issuer's address, to be found at its `/.well-known/openid-configuration`. */
  readonly issuer: string;
  readonly clientId: string;
  /** Absent for a public client. */
  readonly clientSecret?: string;
  /** A claim that lists groups, and the role each gives. Without it, claims give nothing. */
  readonly roles?: { readonly claim: string; readonly map: Readonly<Record<string, RoleName>> };
  /** Another way to the provider than the network: tests answer in process. */
  readonly fetch?: client.CustomFetch;
};

/** What the provider said, every check passed. */
export type OidcIdentity = {
  readonly tenant: string;
  readonly issuer: string;
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly returnTo: string;
  /** To be spent with the sign-in, so that one answer opens one session. */
  readonly state: GoodChallenge;
};

export type Oidc = {
  /** Where the browser is to go, and the value of the cookie it is to keep. */
  start(tenant: string, returnTo: string): Promise<{ readonly location: string; readonly flow: string }>;
  /**
   * The provider's answer.
   *
   * @param flow the browser's cookie
   * @param query the answer's query, as it came, without `?`
   * @throws CountersignError sign-in-refused for every answer that is not the one this browser asked for
   */
  finish(flow: string | undefined, query: string): Promise<OidcIdentity>;
};

/** How long a person has at the identity provider, ms. */
export const FLOW_LIFE_MS = 10 * 60_000;
export const CALLBACK_PATH = "/v1/sign-in/oidc/callback";

const TIMEOUT_SECONDS = 10;
const CONTEXT = "countersign/v1/oidc-flow";

type Flow = {
  readonly ctx: typeof CONTEXT;
  readonly tenant: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly returnTo: string;
  readonly endsMs: number;
};

export function openOidc(
  settings: OidcSettings,
  { seals, clock, publicUrl, log, ledger }: Pick<PeopleParts, "seals" | "clock" | "publicUrl" | "log" | "ledger">,
): Oidc {
  const provider = openProvider(settings);

  return {
    async start(tenant, returnTo) {
      const config = await provider();
      const [state, nonce, verifier] = [client.randomState(), client.randomNonce(), client.randomPKCECodeVerifier()];
      const flow: Flow = {
        ctx: CONTEXT,
        tenant,
        state,
        nonce,
        verifier,
        returnTo,
        endsMs: clock.nowMs() + FLOW_LIFE_MS,
      };
      const location = client.buildAuthorizationUrl(config, {
        redirect_uri: publicUrl().origin + CALLBACK_PATH,
        scope: "openid",
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      });
      const sealed = seals.sealBytes(tenant, undefined, utf8(JSON.stringify(flow)));
      return { location: location.href, flow: `${tenant}.${Buffer.from(sealed).toString("base64url")}` };
    },

    async finish(cookie, query) {
      const flow = openFlow(cookie);
      if (flow === undefined) {
        throw new CountersignError("sign-in-refused", { detail: "This browser has no sign-in under way." });
      }
      const config = await provider();
      const url = new URL(`${publicUrl().origin}${CALLBACK_PATH}?${query}`);
      const tokens = await client
        .authorizationCodeGrant(config, url, {
          expectedState: flow.state,
          expectedNonce: flow.nonce,
          pkceCodeVerifier: flow.verifier,
          idTokenExpected: true,
        })
        .catch((cause: unknown) => {
          // Who asked learns that it was refused; why is for the operator.
          log.warn({ err: cause }, "an identity provider's answer was refused");
          throw new CountersignError("sign-in-refused", { cause });
        });
      const claims = tokens.claims();
      if (claims === undefined) throw new CountersignError("sign-in-refused");
      return {
        tenant: flow.tenant,
        issuer: claims.iss,
        subject: claims.sub,
        claims,
        returnTo: flow.returnTo,
        state: { challenge: `oidc-state ${flow.state}`, endsMs: flow.endsMs },
      };
    },
  };

  function openFlow(cookie: string | undefined): Flow | undefined {
    const [, tenant = "", text = ""] = /^([a-z0-9][a-z0-9-]{0,62})\.([A-Za-z0-9_-]+)$/.exec(cookie ?? "") ?? [];
    const sealed = parseBase64Url(text);
    // A key is made for any tenant that is asked for, so it is asked for those that are.
    if (sealed === undefined || sealed.length === 0 || ledger.reader(tenant) === undefined) return undefined;
    try {
      const plain = seals.openSealed(tenant, sealed);
      if (plain === undefined) return undefined;
      const flow = JSON.parse(new TextDecoder().decode(plain)) as Flow; // sealed by us; what else we seal has no ctx
      return flow.ctx === CONTEXT && flow.tenant === tenant && flow.endsMs > clock.nowMs() ? flow : undefined;
    } catch {
      return undefined; // another seal, or none
    }
  }
}

/** The provider's description, fetched when first needed and again after it could not be had. */
function openProvider(settings: OidcSettings): () => Promise<client.Configuration> {
  let found: Promise<client.Configuration> | undefined;
  return () => {
    found ??= discover(settings).catch((cause: unknown) => {
      found = undefined;
      throw new CountersignError("sign-in-refused", { cause, detail: "The identity provider cannot be reached." });
    });
    return found;
  };
}

function discover({ issuer, clientId, clientSecret, fetch }: OidcSettings): Promise<client.Configuration> {
  const server = new URL(issuer);
  const authentication = clientSecret === undefined ? client.None() : client.ClientSecretBasic(clientSecret);
  const isLocal = server.protocol === "http:" && server.hostname === "localhost";
  return client.discovery(server, clientId, undefined, authentication, {
    // ID tokens are verified by the provider's published keys, though they come over TLS from the provider itself.
    execute: [client.enableNonRepudiationChecks, ...(isLocal ? [client.allowInsecureRequests] : [])],
    timeout: TIMEOUT_SECONDS,
    ...(fetch === undefined ? {} : { [client.customFetch]: fetch }),
  });
}
