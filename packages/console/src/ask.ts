/**
 * Asking the server: the operations of wire.ts and of people-schema.ts, typed by them, with the session's cookies in place
 * of a key. Only types and the generated route tables are loaded; the schema library stays out of the browser.
 */
import type { Problem } from "@countersign/evidence/errors";
import { routes as peopleRoutes } from "@countersign/evidence/generated/people-shapes";
import { routes } from "@countersign/evidence/generated/wire-shapes";
import type {
  PeopleAnswerOf,
  PeopleBodyOf,
  PeopleOperationName,
  PeopleParamsOf,
  PeopleQueryOf,
} from "@countersign/evidence/people-schema";
import type { AnswerOf, BodyOf, OperationName, ParamsOf, QueryOf } from "@countersign/evidence/wire";

/** The server said no, or did not answer; `code` is then `unreachable`. */
export class AskRefused extends Error {
  readonly code: string;
  readonly status: number;
  readonly detail: string | undefined;
  readonly remedy: string;

  constructor(problem: Pick<Problem, "title" | "remedy"> & { code: string; status: number; detail?: string }) {
    super(problem.title);
    this.name = "AskRefused";
    this.code = problem.code;
    this.status = problem.status;
    this.detail = problem.detail;
    this.remedy = problem.remedy;
  }
}

type Parts<P, Q, B> = { readonly params?: P; readonly query?: Q; readonly body?: B };

/** Told when the server says that nobody is signed in (any more). */
export const signedOut = new EventTarget();

/** Calls an operation of the API. @throws AskRefused */
export function ask<N extends OperationName>(
  name: N,
  parts: Parts<ParamsOf<N>, QueryOf<N>, BodyOf<N>> = {},
): Promise<AnswerOf<N>> {
  const { method, path } = routes[name];
  return send(method, path, parts) as Promise<AnswerOf<N>>; // the operation's own answer
}

/** Calls an operation of the pages for people. @throws AskRefused */
export function askPeople<N extends PeopleOperationName>(
  name: N,
  parts: Parts<PeopleParamsOf<N>, PeopleQueryOf<N>, PeopleBodyOf<N>> = {},
): Promise<PeopleAnswerOf<N>> {
  const { method, path } = peopleRoutes[name];
  return send(method, path, parts) as Promise<PeopleAnswerOf<N>>; // the operation's own answer
}

/** How far the server's clock is ahead of this machine's, ms, as its last answer said; whole seconds are all it says. */
let aheadMs = 0;

/** The server's time: what expiries are compared with. */
export function serverNowMs(): number {
  return Date.now() + aheadMs;
}

async function send(method: string, path: string, parts: Parts<unknown, unknown, unknown>): Promise<unknown> {
  const headers: Record<string, string> = { accept: "application/json", "countersign-page": "1" };
  if (method !== "GET") headers["idempotency-key"] = crypto.randomUUID();
  if (parts.body !== undefined) headers["content-type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(addressOf(path, parts), {
      method,
      headers,
      credentials: "same-origin",
      redirect: "error",
      cache: "no-store",
      ...(parts.body === undefined ? {} : { body: JSON.stringify(parts.body) }),
    });
  } catch {
    throw new AskRefused({
      code: "unreachable",
      status: 0,
      title: "The server did not answer.",
      remedy: "Check your connection; nothing was changed unless the page says so.",
    });
  }
  const date = Date.parse(response.headers.get("date") ?? "");
  // The header is cut to the second: half of one is the best guess.
  if (!Number.isNaN(date) && Math.abs(date + 500 - serverNowMs()) > 1500) aheadMs = date + 500 - Date.now();
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) return body;
  const refusal = refusalOf(response.status, body);
  if (refusal.code === "session-ended" || refusal.code === "unauthenticated") signedOut.dispatchEvent(new Event("end"));
  throw refusal;
}

function refusalOf(status: number, body: unknown): AskRefused {
  const said = typeof body === "object" && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
  const text = (name: string, otherwise: string) => (typeof said[name] === "string" ? said[name] : otherwise);
  return new AskRefused({
    code: text("code", "unknown"),
    status,
    title: text("title", `The server answered ${status}.`),
    remedy: text("remedy", "Try again; if it stays so, tell the operator."),
    ...(typeof said.detail === "string" ? { detail: said.detail } : {}),
  });
}

function addressOf(path: string, { params, query }: Parts<unknown, unknown, unknown>): string {
  const values = (params ?? {}) as Readonly<Record<string, string>>; // parameters are texts by name
  const filled = path.replace(/:([a-z_]+)/g, (_, name: string) => encodeURIComponent(values[name] ?? ""));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries((query ?? {}) as Readonly<Record<string, string | undefined>>)) {
    if (value !== undefined) search.set(name, value);
  }
  return `/v1${filled}${search.size === 0 ? "" : `?${search}`}`;
}
