/** Passkeys enter the log: at once while one person may do it alone, else after another person's word. */
import { approverKeyOf, personOf } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import type { PersonAlias } from "@countersign/evidence/ids";
import { formatTimestamp } from "../base/clock.ts";
import { type Command, type Need, need, type Transaction } from "../ledger/command.ts";
import type { RowOf } from "../ledger/table.ts";
import { type GoodChallenge, needsOfChallenge, spend } from "./challenges.ts";
import type { PeopleParts } from "./faces.ts";
import { credentialKey, type NewKey } from "./passkeys.ts";
import { passkeys, waitingDigest, waitingEnrolments } from "./tables.ts";

/** How long a passkey waits for another person's word, ms. */
export const WAITING_LIFE_MS = 7 * 24 * 60 * 60_000;

export type WaitingRow = RowOf<typeof waitingEnrolments>;

/** The key of a waiting enrolment. */
export function keyOfWaiting(row: Pick<WaitingRow, "key">): NewKey {
  return row.key as NewKey; // put by appendPasskey alone
}

/** What appendPasskey looks at. */
export function needsOfPasskey(key: NewKey): Need[] {
  return [need(passkeys, { credential: credentialKey(key.credential_id) })];
}

type LoneActMark = PeopleParts["loneActMark"];

/**
 * Enrols a passkey, or puts it by until another person has said yes.
 *
 * @param approvedBy who said yes; another person than its owner
 * @returns whether it counts now
 * @throws CountersignError already-exists, not-found when the person is not in the tenant
 */
export function appendPasskey(
  tx: Transaction,
  loneActMark: LoneActMark,
  enrolment: {
    readonly person: string;
    readonly key: NewKey;
    readonly approvedBy?: string;
    readonly waitingId: string;
  },
): boolean {
  const { person, key, approvedBy, waitingId } = enrolment;
  const credential = credentialKey(key.credential_id);
  if (approverKeyOf(tx.control, key.kid) !== undefined || tx.row(passkeys, { credential }) !== undefined) {
    throw new CountersignError("already-exists", { detail: "This passkey is enrolled, or was." });
  }
  if (personOf(tx.control, person) === undefined) throw new CountersignError("not-found");
  const mark = approvedBy === undefined ? aloneMark(tx, loneActMark) : {};
  if (mark === undefined) {
    const endsMs = tx.nowMs + WAITING_LIFE_MS;
    const passkey = { id: waitingId, kid: key.kid, digest: waitingDigest({ key }), ends_at: formatTimestamp(endsMs) };
    tx.append("person.changed", { change: { person, kind: "passkey_offered", passkey } });
    tx.put(waitingEnrolments, { enrolment_id: waitingId, person, key, made_ms: tx.nowMs, ends_ms: endsMs });
    return false;
  }
  tx.append("approver.key.enrolled", {
    enrolment: {
      person,
      key: { kid: key.kid, purpose: "approver", alg: "es256", x: key.x },
      method: "webauthn",
      rp_id: key.rp_id,
      ...(approvedBy === undefined ? {} : { approved_by: approvedBy }),
    },
    ...mark,
  });
  const { credential_id, kid, transports, counter, backed_up } = key;
  tx.put(passkeys, { credential, credential_id, kid, person, transports, counter, backed_up });
  return true;
}

/** The mark of an act done alone, or undefined when this one takes two. */
function aloneMark(tx: Transaction, loneActMark: LoneActMark): { bootstrap?: true } | undefined {
  try {
    return loneActMark(tx.control, "Enrolling a passkey");
  } catch (refusal) {
    if (refusal instanceof CountersignError && refusal.code === "second-person-required") return undefined;
    throw refusal;
  }
}

/** A person who is signed in enrols another passkey of their own. */
export function enrolOwn(
  loneActMark: LoneActMark,
): Command<{ person: PersonAlias; key: NewKey; challenge: GoodChallenge; waitingId: string }, { enrolled: boolean }> {
  return {
    name: "people.enrol-passkey",
    needs: ({ key, challenge }) => ({ rows: [...needsOfPasskey(key), needsOfChallenge(challenge)] }),
    run(tx, { challenge, ...enrolment }) {
      spend(tx, challenge);
      return { enrolled: appendPasskey(tx, loneActMark, enrolment) };
    },
  };
}

/** Ends a passkey that waited, and says so; one that is gone is passed over. The command asked for its row. */
export function endWaiting(tx: Transaction, id: string, kind: "passkey_refused" | "passkey_lapsed"): void {
  const row = tx.row(waitingEnrolments, { enrolment_id: id });
  if (row === undefined) return;
  const passkey = { id, kid: keyOfWaiting(row).kid };
  tx.append("person.changed", { change: { person: row.person, kind, passkey } });
  tx.remove(waitingEnrolments, { enrolment_id: id });
}

export type EnrolmentDecision = {
  readonly id: string;
  /** The key the decider looked at. */
  readonly key: NewKey;
  readonly decider: string;
  readonly approve: boolean;
};

/** Another person's word on a waiting passkey. */
export function decideEnrolment(loneActMark: LoneActMark): Command<EnrolmentDecision, { enrolled: boolean }> {
  return {
    name: "people.decide-enrolment",
    needs: ({ id, key }) => ({
      rows: [need(waitingEnrolments, { enrolment_id: id }), ...needsOfPasskey(key)],
    }),
    run(tx, { id, key, decider, approve }) {
      const row = tx.row(waitingEnrolments, { enrolment_id: id });
      if (row === undefined || row.ends_ms <= tx.nowMs || keyOfWaiting(row).kid !== key.kid) {
        throw new CountersignError("not-found", { detail: "No passkey waits under this id." });
      }
      if (row.person === decider) {
        throw new CountersignError("second-person-required", { detail: "Nobody says yes to their own passkey." });
      }
      if (!approve) {
        endWaiting(tx, id, "passkey_refused");
        return { enrolled: false };
      }
      tx.remove(waitingEnrolments, { enrolment_id: id }); // what is appended next says that it was approved
      return {
        enrolled: appendPasskey(tx, loneActMark, { person: row.person, key, approvedBy: decider, waitingId: id }),
      };
    },
  };
}
