/** What the pages are told of a session and of people. */
import { approverKeyOf, personOf } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import type { RoleName } from "@countersign/evidence/event";
import type { PeopleAnswerOf, SessionStatus, WaitingEnrolment } from "@countersign/evidence/people-schema";
import { formatTimestamp } from "../base/clock.ts";
import type { Reader } from "../ledger/command.ts";
import { keyOfWaiting, type WaitingRow } from "./enrolments.ts";
import type { PeopleParts } from "./faces.ts";
import { fingerprintOf, passkeysOf, transportsOf } from "./passkeys.ts";
import { freshUntil } from "./session-caller.ts";
import type { SessionMethod, SessionRow } from "./sessions.ts";
import { sessions } from "./tables.ts";

type Shown = Pick<PeopleParts, "directory" | "clock" | "session">;

export function viewSession(parts: Shown, reader: Reader, row: SessionRow): SessionStatus {
  const { tenant, control } = reader;
  const person = personOf(control, row.person);
  const fresh = freshUntil(row, parts.clock.nowMs());
  return {
    session_id: row.session_id,
    tenant,
    tenant_kind: control.tenant?.kind ?? "production",
    person: row.person,
    name: parts.directory.externalIdOf(tenant, row.person) ?? null,
    roles: rolesIn(person?.roles ?? []),
    approver_roles: [...(person?.approverRoles ?? [])],
    method: methodOf(row),
    opened_at: formatTimestamp(row.opened_ms),
    expires_at: formatTimestamp(row.expires_ms),
    idle_ms: parts.session.idleMs,
    stepped_up_until: fresh === undefined ? null : formatTimestamp(fresh),
    passkeys: passkeysOf(reader, row.person).map((key) => {
      const enrolled = approverKeyOf(control, key.kid);
      return {
        kid: key.kid,
        credential_id: key.credential_id,
        rp_id: enrolled?.rpId ?? "",
        transports: transportsOf(key),
        enrolled_at: enrolled?.enrolledAt ?? formatTimestamp(row.opened_ms),
      };
    }),
  };
}

/** A session that was opened just now. */
export function viewOpened(parts: Shown, reader: Reader, sessionId: string): SessionStatus {
  const row = reader.row(sessions, { session_id: sessionId });
  if (row === undefined) throw new CountersignError("session-ended");
  return viewSession(parts, reader, row);
}

export function viewWaiting(parts: Shown, reader: Reader, row: WaitingRow): WaitingEnrolment {
  const { kid } = keyOfWaiting(row);
  return {
    enrolment_id: row.enrolment_id,
    person: row.person,
    name: parts.directory.externalIdOf(reader.tenant, row.person) ?? null,
    kid,
    fingerprint: fingerprintOf(kid),
    made_at: formatTimestamp(row.made_ms),
    expires_at: formatTimestamp(row.ends_ms),
  };
}

/** Everybody who is in the tenant now, in the order they were added. */
export function viewPeople(parts: Shown, reader: Reader): PeopleAnswerOf<"listPeople">["people"] {
  const { tenant, control } = reader;
  return Object.entries(control.persons).flatMap(([alias, { live, roles, approverRoles }]) => {
    if (!live) return [];
    return {
      person: alias,
      name: parts.directory.externalIdOf(tenant, alias) ?? null,
      roles: rolesIn(roles),
      approver_roles: [...approverRoles],
      passkeys: passkeysOf(reader, alias).length,
    };
  });
}

export function methodOf(row: Pick<SessionRow, "method">): SessionMethod {
  return row.method as SessionMethod; // put by appendSession, from a value of this type
}

function rolesIn(roles: readonly string[]): RoleName[] {
  return [...(roles as readonly RoleName[])]; // granted with kind `role`, whose schema has these names
}
