/** Sessions as commands: opened, kept alive, confirmed and ended. Each opening and each end is an event. */
import { approverKeyOf, personOf } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import type { EventOf } from "@countersign/evidence/event";
import type { Id } from "@countersign/evidence/ids";
import { formatTimestamp } from "../base/clock.ts";
import { type Command, type Need, need, type Reader, type Transaction } from "../ledger/command.ts";
import type { Chore } from "../ledger/due.ts";
import type { RowOf } from "../ledger/table.ts";
import { type GoodChallenge, needsOfChallenge, spend } from "./challenges.ts";
import type { SessionLife } from "./faces.ts";
import { passkeys, sessionProof, sessions } from "./tables.ts";

export type SessionRow = RowOf<typeof sessions>;
export type SessionMethod = EventOf<"session.opened">["session"]["method"];

/** Sessions one person has at once; opening one more ends the oldest. */
export const MAX_SESSIONS = 16;

/** A session to be opened. Secrets were made outside; only their hashes come in. */
export type SessionOrder = {
  readonly person: string;
  readonly method: SessionMethod;
  readonly secretHash: string;
  readonly writeHash: string;
  readonly life: SessionLife;
  /** Sessions that end with this opening: the one it replaces, and the oldest when there are too many. */
  readonly ending: readonly Id<"ses">[];
};

/** Sessions a new one ends: see {@link SessionOrder.ending}. */
export function endingFor(reader: Reader, person: string, replaces: Id<"ses"> | undefined): Id<"ses">[] {
  const open = sessionsOf(reader, person).filter((row) => row.session_id !== replaces);
  const surplus = open.sort((a, b) => a.opened_ms - b.opened_ms).slice(0, Math.max(0, open.length - MAX_SESSIONS + 1));
  return [...(replaces === undefined ? [] : [replaces]), ...surplus.map(idOf)];
}

/** A person's open sessions. */
export function sessionsOf(reader: Reader, person: string): SessionRow[] {
  return [...reader.list(sessions, "by_person", [person], { limit: 500 })];
}

export function idOf(row: Pick<SessionRow, "session_id">): Id<"ses"> {
  return row.session_id as Id<"ses">; // the column holds ids of this prefix only
}

/** What appendSession looks at. */
export function needsOfSession({ ending }: Pick<SessionOrder, "ending">): Need[] {
  return ending.map((session_id) => need(sessions, { session_id }));
}

/**
 * Opens a session, inside a command of whoever verified the person.
 *
 * @param kid the passkey that verified the person just now, if one did
 * @throws CountersignError sign-in-refused when the person is not in the tenant (any more)
 */
export function appendSession(tx: Transaction, order: SessionOrder, kid: string | undefined): Id<"ses"> {
  const { person, method, life } = order;
  if (personOf(tx.control, person) === undefined) throw new CountersignError("sign-in-refused");
  for (const id of order.ending) endSession(tx, id, "REPLACED");
  const id = tx.newId("ses");
  const expiresMs = tx.nowMs + life.lifeMs;
  const known = { kid: kid ?? null, secret_hash: order.secretHash, write_hash: order.writeHash };
  tx.append("session.opened", {
    actor: { type: "person", id: person, session: id },
    session: { id, person, method, expires_at: formatTimestamp(expiresMs), proof: sessionProof(known) },
  });
  tx.put(sessions, {
    session_id: id,
    person,
    method,
    ...known,
    opened_ms: tx.nowMs,
    seen_ms: tx.nowMs,
    expires_ms: expiresMs,
    confirmed_ms: kid === undefined ? null : tx.nowMs,
    ends_ms: Math.min(expiresMs, tx.nowMs + life.idleMs),
  });
  return id;
}

/** Ends a session; false when it is not open. `reason` is a reason code. */
export function endSession(tx: Transaction, id: Id<"ses">, reason: string): boolean {
  const row = tx.row(sessions, { session_id: id });
  if (row === undefined) return false;
  tx.append("session.closed", {
    // Two nodes that conclude it write it once: the id is derived, and the row goes with it.
    event_id: tx.derivedId(id, "session.closed"),
    session: { id, person: row.person },
    reason: { code: reason },
  });
  tx.remove(sessions, { session_id: id });
  return true;
}

/** A person who proved to hold a passkey: `challenge` was checked, the assertion verified. */
export type PasskeySignIn = {
  readonly order: SessionOrder;
  readonly challenge: GoodChallenge;
  /** SHA-256 of the credential id. */
  readonly credential: string;
  readonly kid: string;
  readonly counter: number;
};

/** Opens a session with a passkey; a step-up is the same, in place of the session it confirms. */
export const signInWithPasskey: Command<PasskeySignIn, { session_id: Id<"ses"> }> = {
  name: "people.sign-in-with-passkey",
  needs: ({ order, challenge, credential }) => ({
    rows: [...needsOfSession(order), needsOfChallenge(challenge), need(passkeys, { credential })],
  }),
  run(tx, { order, challenge, credential, kid, counter }) {
    spend(tx, challenge);
    const row = tx.row(passkeys, { credential });
    const key = approverKeyOf(tx.control, kid);
    if (row?.person !== order.person || row.kid !== kid || key?.person !== order.person || key.revoked !== undefined) {
      throw new CountersignError("sign-in-refused");
    }
    tx.put(passkeys, { ...row, counter });
    return { session_id: appendSession(tx, order, kid) };
  },
};

/** Keeps a session alive. Does nothing when it has ended. */
export const touchSession: Command<{ id: Id<"ses">; idleMs: number }, { ends_ms: number | null }> = {
  name: "people.touch-session",
  needs: ({ id }) => ({ rows: [need(sessions, { session_id: id })] }),
  run(tx, { id, idleMs }) {
    const row = tx.row(sessions, { session_id: id });
    if (row === undefined || row.ends_ms <= tx.nowMs) return { ends_ms: null };
    const endsMs = Math.min(row.expires_ms, tx.nowMs + idleMs);
    tx.put(sessions, { ...row, seen_ms: tx.nowMs, ends_ms: endsMs });
    return { ends_ms: endsMs };
  },
};

/** Ends sessions; those that are not open are passed over. */
export const closeSessions: Command<{ ids: readonly Id<"ses">[]; reason: string }, { closed: number }> = {
  name: "people.close-sessions",
  needs: ({ ids }) => ({ rows: ids.map((session_id) => need(sessions, { session_id })) }),
  run: (tx, { ids, reason }) => ({ closed: ids.filter((id) => endSession(tx, id, reason)).length }),
};

/** Ends sessions whose time has come. */
const endLapsed: Command<{ id: Id<"ses"> }, { ended: boolean }> = {
  name: "people.end-lapsed-session",
  needs: ({ id }) => ({ rows: [need(sessions, { session_id: id })] }),
  run(tx, { id }) {
    const row = tx.row(sessions, { session_id: id });
    if (row === undefined || row.ends_ms > tx.nowMs) return { ended: false };
    return { ended: endSession(tx, id, row.expires_ms <= tx.nowMs ? "EXPIRED" : "IDLE") };
  },
};

export const lapsedSessions: Chore = {
  name: endLapsed.name,
  find(reader, nowMs, limit) {
    const rows = reader.list(sessions, "by_end", [], { limit });
    return rows.filter((row) => row.ends_ms <= nowMs).map((row) => ({ id: idOf(row) }));
  },
  command: endLapsed as Command<unknown, unknown>, // its input is what find gives, by name
};
