/**
 * The HTTP operations without HTTP, for the command line on the same machine: the same table of roles, the same checks of
 * every part, the same handlers. Who calls is the machine's user as an operator, or a person they say they are; what a
 * person's word needs beyond that (a vote) carries that person's signature.
 */

import { CountersignError } from "@countersign/evidence/errors";
import type { RoleName } from "@countersign/evidence/event";
import { routes } from "@countersign/evidence/generated/wire-shapes";
import type { OperationName } from "@countersign/evidence/wire";
import { type AdminOperation, adminFields } from "./admin.ts";
import { bodyKindOf, parseBody, parseParams, parseQuery } from "./request.ts";
import type { Call, Caller, Handler, Handlers } from "./routes.ts";

/** Roles the machine's own user has: to look at everything and to operate, never to act as an agent. */
const LOCAL_ROLES: readonly RoleName[] = ["operator", "admin", "auditor", "policy-admin"];

/**
 * The admin operation `api.call`: `{tenant, operation, params?, query?, body?, as?}`.
 *
 * @param aliasOf the alias of a person of the tenant, or undefined
 */
export function localCall(
  handlers: Handlers,
  aliasOf: (tenant: string, externalId: string) => string | undefined,
): AdminOperation {
  return async (input, by) => {
    const { text, optionalText } = adminFields(input);
    const name = operationOf(text("operation"));
    const caller = callerOf(text("tenant"), optionalText("as"), aliasOf);
    const { roles, path } = routes[name];
    const role = rolesOf(caller).find((one) => roles.includes(one));
    if (role === undefined && !roles.includes("public")) {
      throw new CountersignError("forbidden", { detail: `${name} takes ${roles.join(", ")}.` });
    }
    const params = parseParams(name, input.params ?? {});
    const query = parseQuery(name, new URLSearchParams(stringsOf(input.query)).toString());
    const kind = bodyKindOf(name);
    if (kind.kind === "bytes" || kind.kind === "ndjson") {
      throw new CountersignError("usage", { detail: `${path} takes bytes; use the HTTP API.` });
    }
    const bytes = kind.kind === "none" ? new Uint8Array(0) : new TextEncoder().encode(JSON.stringify(input.body ?? {}));
    const body = parseBody(kind, bytes);
    const holder = caller.as ?? { kind: "service" as const, id: by.id };
    const call = {
      params,
      query,
      body: body.value,
      bytes,
      raw: body.raw,
      caller: { tenant: caller.tenant, role: role ?? "operator", credentialId: by.id, holder } satisfies Caller,
      submission: { tenant: caller.tenant, actor: caller.as === undefined ? by : { type: "person", id: caller.as.id } },
      signal: NEVER,
    };
    const handler = handlers[name] as Handler<OperationName>; // one name, one handler: the table says so
    // The parts were checked against this operation's schemas just now; the types of wire.ts say the same.
    const answer = (await handler(call as unknown as Call<OperationName>)).body;
    // JSON carries no bytes; an answer of bytes travels in base64.
    return (answer as unknown) instanceof Uint8Array
      ? Buffer.from(answer as unknown as Uint8Array).toString("base64")
      : answer;
  };
}

const NEVER = new AbortController().signal;

type LocalCaller = {
  readonly tenant: string;
  readonly as: { readonly kind: "person"; readonly id: string } | undefined;
};

function callerOf(
  tenant: string,
  as: string | undefined,
  aliasOf: (tenant: string, externalId: string) => string | undefined,
): LocalCaller {
  if (as === undefined) return { tenant, as: undefined };
  const alias = aliasOf(tenant, as);
  if (alias === undefined)
    throw new CountersignError("not-found", { detail: `There is no person ${as} in ${tenant}.` });
  return { tenant, as: { kind: "person", id: alias } };
}

function rolesOf({ as }: LocalCaller): readonly RoleName[] {
  return as === undefined ? LOCAL_ROLES : ["approver"];
}

function operationOf(text: string): OperationName {
  if (!Object.hasOwn(routes, text)) throw new CountersignError("usage", { detail: `There is no operation ${text}.` });
  return text as OperationName; // a key of the table
}

function stringsOf(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null)
    throw new CountersignError("usage", { detail: "query is an object." });
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, String(item)]));
}
