/**
 * The pages' operations over HTTP. Beside what base/http.ts does for every request, here a write is refused unless it
 * comes from this server's own pages, whether somebody is signed in yet or not: so nobody is signed in, or out, from
 * another site. Fastify's parsers and validators are not used, for the reasons base/request.ts gives.
 */
import { CountersignError } from "@countersign/evidence/errors";
import {
  checkBody,
  checkParams,
  checkQuery,
  type JsonBodyOperation,
  routes,
} from "@countersign/evidence/generated/people-shapes";
import { PEOPLE_BODY_LIMIT_BYTES, type PeopleOperationName } from "@countersign/evidence/people-schema";
import { parseStrict } from "@countersign/evidence/strict-json";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { SECURITY_HEADERS } from "../base/http.ts";
import { refuseFaults } from "../base/request.ts";
import type { Caller } from "../base/routes.ts";
import type { Chore } from "../ledger/due.ts";
import { accountHandlers } from "./account.ts";
import type { PeopleHandlers, PeopleReply } from "./calls.ts";
import { openChallenges } from "./challenges.ts";
import { signInChores } from "./chores.ts";
import { closeCookies } from "./cookies.ts";
import { directoryHandlers } from "./directory.ts";
import type { PeopleParts } from "./faces.ts";
import { openOidc } from "./oidc.ts";
import { crossSiteReason } from "./same-origin.ts";
import { type BrowserRequest, openSessionDoor, type SessionDoor, type SignedIn } from "./session-caller.ts";
import { signInHandlers } from "./sign-in.ts";

export type PeopleModule = {
  readonly chores: readonly Chore[];
  /** Who a request's cookies speak for, in the first of these roles the person holds: for base/http.ts. */
  identify(request: BrowserRequest, roles: readonly string[]): Caller | undefined;
  /** Registers every operation of people-schema.ts on an application whose body parser gives bytes. */
  mount(app: FastifyInstance): void;
};

/** Wires the module. */
export function openPeoplePages(parts: PeopleParts): PeopleModule {
  const door = openSessionDoor(parts);
  const challenges = openChallenges(parts);
  const oidc = parts.oidc === undefined ? undefined : openOidc(parts.oidc, parts);
  const handlers: PeopleHandlers = {
    ...signInHandlers(parts, { door, challenges, oidc }),
    ...accountHandlers(parts, { door, challenges }),
    ...directoryHandlers(parts),
  };
  return {
    chores: signInChores,
    identify: door.identify,
    mount: (app) => mountOperations(app, parts, door, handlers),
  };
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
const JSON_TYPE = /^application\/json *(?:; *charset="?utf-8"? *)?$/i;

function mountOperations(app: FastifyInstance, parts: PeopleParts, door: SessionDoor, handlers: PeopleHandlers): void {
  const signedIn = new WeakMap<FastifyRequest, SignedIn>();
  for (const name of Object.keys(routes) as PeopleOperationName[]) {
    const { method, path, roles } = routes[name];
    // One name, one handler, and what it is called with was checked against its operation's schemas.
    const handler = handlers[name] as unknown as (call: unknown) => Promise<PeopleReply<PeopleOperationName>>;
    app.route({
      method,
      url: `/v1${path}`,
      bodyLimit: PEOPLE_BODY_LIMIT_BYTES,
      /** Who asks, from where, and may they: before a byte of the body is read. */
      onRequest: async (request, reply) => {
        try {
          const found = admit(parts, door, request, roles);
          if (found !== undefined) signedIn.set(request, found);
          if (method === "POST") refuseMediaType(request);
        } catch (refusal) {
          if (refusal instanceof CountersignError && refusal.code === "session-ended") {
            reply.header("set-cookie", closeCookies(parts.publicUrl()));
          }
          throw refusal;
        }
      },
      handler: async (request, reply) => {
        const answer = await handler(callOf(name, request, signedIn.get(request)));
        if (answer.cookies !== undefined) reply.header("set-cookie", answer.cookies);
        reply.headers(PAGE_HEADERS);
        if (answer.location !== undefined) return reply.status(303).header("location", answer.location).send();
        return send(reply.status(answer.status ?? 200), answer.body);
      },
    });
    app.route({
      method: METHODS.filter((one) => one !== method),
      url: `/v1${path}`,
      onRequest: async (_request, reply) => {
        reply.header("allow", method);
        throw new CountersignError("method-not-allowed", { detail: `It takes ${method}.` });
      },
      handler: async () => undefined,
    });
  }
}

const PAGE_HEADERS = { ...SECURITY_HEADERS, "cross-origin-resource-policy": "same-origin" } as const;

function admit(
  { publicUrl }: Pick<PeopleParts, "publicUrl">,
  door: SessionDoor,
  request: BrowserRequest,
  roles: readonly string[],
): SignedIn | undefined {
  if (roles.includes("public")) {
    const strange = request.method === "GET" ? undefined : crossSiteReason(request.headers, publicUrl().origin);
    if (strange !== undefined) throw new CountersignError("cross-site-request", { detail: strange });
    return undefined;
  }
  const found = door.signedIn(request);
  if (found === undefined) throw new CountersignError("unauthenticated", { detail: "Sign in first." });
  if (roles.includes("person") || found.roles.some((role) => roles.includes(role))) return found;
  throw new CountersignError("forbidden", {
    detail: `The roles are ${found.roles.join(", ") || "none"}; it takes ${roles.join(", ")}.`,
  });
}

/** @throws CountersignError what is wrong with the request's shape, with a pointer */
function callOf(name: PeopleOperationName, request: FastifyRequest, signed: SignedIn | undefined): unknown {
  const route = routes[name];
  const params = { ...(request.params as object) }; // find-my-way's parameters: strings by name, without a prototype
  if (checkParams(name, params).length > 0) throw new CountersignError("not-found");
  const at = request.url.indexOf("?");
  const queryText = at < 0 ? "" : request.url.slice(at + 1);
  // What an identity provider adds to its answer is its own affair.
  const query = route.answer === "redirect" ? {} : queryOf(name, queryText);
  const bytes = request.body instanceof Uint8Array ? request.body : new Uint8Array(0);
  const body = route.body === "json" ? bodyOf(name as JsonBodyOperation, bytes) : undefined; // both tables say so
  return { params, query, body, queryText, request, signed };
}

function queryOf(name: PeopleOperationName, text: string): Readonly<Record<string, string>> {
  const query: Record<string, string> = Object.create(null); // names come from outside
  for (const [key, value] of new URLSearchParams(text)) {
    if (key in query) throw new CountersignError("validation-failed", { detail: "A name stands twice in the query." });
    query[key] = value;
  }
  refuseFaults(checkQuery(name, { ...query }), "the query");
  return query;
}

function bodyOf(name: JsonBodyOperation, bytes: Uint8Array): unknown {
  const { value } = parseStrict(bytes, "entry");
  refuseFaults(checkBody(name, value), "the body");
  return value;
}

function refuseMediaType({ headers }: FastifyRequest): void {
  if (headers["content-encoding"] === undefined && JSON_TYPE.test(headers["content-type"] ?? "")) return;
  throw new CountersignError("unsupported-media-type", { detail: "It takes application/json." });
}

function send(reply: FastifyReply, body: unknown): FastifyReply {
  return reply.type("application/json; charset=utf-8").send(JSON.stringify(body));
}
