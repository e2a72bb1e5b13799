/**
 * From a request's cookies to the person who signed in. Everything is asked anew at every request: that the session is
 * open, that the person is still in the tenant, that the passkey still counts, which roles they hold now.
 */
import type { IncomingHttpHeaders } from "node:http";
import { approverKeyOf, personOf } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import type { RoleName } from "@countersign/evidence/event";
import { equalHashes } from "../base/auth.ts";
import type { Caller } from "../base/routes.ts";
import { parseCookies } from "./cookies.ts";
import type { PeopleParts } from "./faces.ts";
import { crossSiteReason, strangeReadReason } from "./same-origin.ts";
import { idOf, type SessionRow, touchSession } from "./sessions.ts";
import { sessions } from "./tables.ts";

/** What of a request says who it is from. */
export type BrowserRequest = { readonly method: string; readonly headers: IncomingHttpHeaders };

/** Somebody signed in. */
export type SignedIn = { readonly tenant: string; readonly session: SessionRow; readonly roles: readonly RoleName[] };

/** How long a passkey's confirmation is fresh, ms. */
export const STEP_UP_MS = 5 * 60_000;
/** A session is marked as seen at most this often, so that reading costs no write. */
const TOUCH_EVERY_MS = 60_000;
/** Compared with when there is no such session, so that the time taken does not say which part was wrong. */
const NOBODY = "0".repeat(64);
const OTHER = "1".repeat(64);

export type SessionDoor = {
  /**
   * Who is signed in; undefined when the request has no session cookie.
   *
   * @throws CountersignError session-ended, cross-site-request
   */
  signedIn(request: BrowserRequest): SignedIn | undefined;
  /** The open session whose cookie the request carries, wherever it comes from; to be ended, not to be trusted. */
  holder(request: BrowserRequest): { readonly tenant: string; readonly session: SessionRow } | undefined;
  /**
   * The same as a caller of the API: in the first of these roles that the person holds.
   *
   * @throws CountersignError session-ended, cross-site-request, forbidden
   */
  identify(request: BrowserRequest, roles: readonly string[]): Caller | undefined;
};

export function openSessionDoor(
  parts: Pick<PeopleParts, "ledger" | "clock" | "publicUrl" | "session" | "log">,
): SessionDoor {
  const { ledger, clock, publicUrl } = parts;

  const holder: SessionDoor["holder"] = ({ headers }) => {
    const { session } = parseCookies(publicUrl(), headers.cookie);
    const row = session && ledger.reader(session.tenant)?.row(sessions, { session_id: session.id });
    const isHolder = equalHashes(row?.secret_hash ?? NOBODY, session?.secretHash ?? OTHER);
    if (session === undefined || row === undefined || !isHolder || row.ends_ms <= clock.nowMs()) return undefined;
    return { tenant: session.tenant, session: row };
  };

  const signedIn: SessionDoor["signedIn"] = (request) => {
    const { method, headers } = request;
    const url = publicUrl();
    const cookies = parseCookies(url, headers.cookie);
    if (cookies.session === undefined) return undefined;
    const held = holder(request);
    const reader = held && ledger.reader(held.tenant);
    if (held === undefined || reader === undefined) throw new CountersignError("session-ended");
    const { tenant, session } = held;
    const person = personOf(reader.control, session.person);
    const key = session.kid === null ? undefined : approverKeyOf(reader.control, session.kid);
    const keyIsGone = session.kid !== null && (key === undefined || key.revoked !== undefined);
    if (person === undefined || keyIsGone) throw new CountersignError("session-ended");
    const isRead = method === "GET" || method === "HEAD";
    const strange = isRead ? strangeReadReason(headers) : crossSiteReason(headers, url.origin);
    if (strange !== undefined) throw new CountersignError("cross-site-request", { detail: strange });
    if (!isRead && !equalHashes(session.write_hash, cookies.writeHash ?? NOBODY)) {
      throw new CountersignError("cross-site-request", { detail: "The session's second cookie is missing." });
    }
    const unseenMs = clock.nowMs() - session.seen_ms;
    if (unseenMs > Math.min(TOUCH_EVERY_MS, parts.session.idleMs / 4)) touch(tenant, session);
    // Roles of people come from role.granted of kind `role`, whose schema has these names.
    return { tenant, session, roles: person.roles as readonly RoleName[] };
  };

  /** Nobody waits for it: what the request is about goes on, and the next one tries again. */
  function touch(tenant: string, row: SessionRow): void {
    const by = { tenant, actor: { type: "person" as const, id: row.person, session: row.session_id } };
    ledger.submit(touchSession, { id: idOf(row), idleMs: parts.session.idleMs }, by).catch((cause: unknown) => {
      parts.log.warn({ err: cause }, "a session could not be kept alive");
    });
  }

  return {
    signedIn,
    holder,
    identify(request, roles) {
      const found = signedIn(request);
      if (found === undefined) return undefined;
      const role = found.roles.find((one) => roles.includes(one));
      if (role === undefined) {
        const held = found.roles.join(", ") || "none";
        throw new CountersignError("forbidden", { detail: `The roles are ${held}; it takes ${roles.join(", ")}.` });
      }
      const { session_id: id, person } = found.session;
      return { tenant: found.tenant, role, credentialId: id, holder: { kind: "person", id: person } };
    },
  };
}

/** Until when the session's confirmation is fresh, ms; undefined when it is not. */
export function freshUntil({ confirmed_ms: confirmedMs }: SessionRow, nowMs: number): number | undefined {
  if (confirmedMs === null || confirmedMs + STEP_UP_MS <= nowMs) return undefined;
  return confirmedMs + STEP_UP_MS;
}

/** @throws CountersignError step-up-required */
export function refuseStale(session: SessionRow, nowMs: number): void {
  if (freshUntil(session, nowMs) === undefined) throw new CountersignError("step-up-required");
}
