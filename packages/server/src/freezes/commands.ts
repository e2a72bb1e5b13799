/**
 * The stop button: who places a freeze, and what it takes to lift one. A freeze is a control event, so it holds for
 * every command placed behind it; what was started before it may still report, nothing else starts.
 */
import { agentOf, needsTwoPeople, personOf } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import type { EventOf } from "@countersign/evidence/event";
import type { Id } from "@countersign/evidence/ids";
import { type Command, need, type Transaction } from "../ledger/command.ts";
import { table } from "../ledger/table.ts";

/**
 * A person's word that a freeze may go, waiting for a second one's; `freeze.lift.asked` says so. It is forgotten after
 * {@link WORD_HOLDS_MS}. What both said together is in `freeze.lifted`.
 */
export const freezeWords = table("freeze_words", {
  key: { freeze_id: "id:frz" },
  columns: { person: "text", at_ms: "int" },
});

/** How long one person's word waits for another's. */
export const WORD_HOLDS_MS = 60 * 60_000;

type FreezeBlock = EventOf<"freeze.placed">["freeze"];

export type FreezeOrder = Omit<FreezeBlock, "freeze_id"> & { readonly reasonCode: string };

/** Places a freeze; the same one for the same incident again changes nothing. */
export const placeFreeze: Command<FreezeOrder, { freeze_id: string; placed: boolean }> = {
  name: "freezes.place",
  needs: () => ({}),
  run(tx, { kind, subject, incident, reasonCode }) {
    refuseSubject(tx, kind, subject);
    const known = tx.control.freezes.find(
      (one) => one.kind === kind && one.subject === subject && one.incident === incident,
    );
    if (known !== undefined) return { freeze_id: known.freeze_id, placed: false };
    const freezeId = tx.newId("frz");
    const about = subject === undefined ? {} : { subject };
    tx.append("freeze.placed", {
      freeze: { freeze_id: freezeId, kind, ...about, incident },
      reason: { code: reasonCode },
    });
    return { freeze_id: freezeId, placed: true };
  },
};

export type LiftOrder = {
  readonly freezeId: Id<"frz">;
  /** Aliases of the people who say so: the caller's own over HTTP, those named on the machine itself. */
  readonly people: readonly string[];
  readonly reasonCode: string;
};

/** Who has said so far that the freeze may go, and whether it went. */
export type LiftAnswer = { readonly freeze_id: string; readonly lifted: boolean; readonly people: string[] };

/** Lifts a freeze when enough people say so: two in a production tenant; where one is enough, that is recorded. */
export const liftFreeze: Command<LiftOrder, LiftAnswer> = {
  name: "freezes.lift",
  needs: ({ freezeId }) => ({ rows: [need(freezeWords, { freeze_id: freezeId })] }),
  run(tx, { freezeId, people: named, reasonCode }) {
    if (!tx.control.freezes.some((one) => one.freeze_id === freezeId)) {
      throw new CountersignError("not-found", { detail: `Freeze ${freezeId} is not in force.` });
    }
    for (const alias of named) refusePerson(tx, alias);
    const word = tx.row(freezeWords, { freeze_id: freezeId });
    const earlier = word !== undefined && tx.nowMs - word.at_ms <= WORD_HOLDS_MS ? word.person : undefined;
    const before = earlier !== undefined && mayLift(tx, earlier) ? [earlier] : [];
    const people = [...new Set([...before, ...named])];
    const [first] = people;
    if (first === undefined) throw new CountersignError("second-person-required", { detail: "Nobody was named." });
    if (needsTwoPeople(tx.control) && people.length < 2) {
      tx.append("freeze.lift.asked", { freeze: { freeze_id: freezeId, person: first } });
      tx.put(freezeWords, { freeze_id: freezeId, person: first, at_ms: tx.nowMs });
      return { freeze_id: freezeId, lifted: false, people };
    }
    tx.append("freeze.lifted", {
      freeze: { freeze_id: freezeId, people, separation: people.length < 2 ? "waived" : "two_people" },
      reason: { code: reasonCode },
    });
    if (word !== undefined) tx.remove(freezeWords, { freeze_id: freezeId });
    return { freeze_id: freezeId, lifted: true, people };
  },
};

const LIFTING_ROLES = ["operator", "admin"] as const;

function mayLift(tx: Transaction, alias: string): boolean {
  const held: readonly string[] = personOf(tx.control, alias)?.roles ?? [];
  return LIFTING_ROLES.some((role) => held.includes(role));
}

function refusePerson(tx: Transaction, alias: string): void {
  if (personOf(tx.control, alias) === undefined) {
    throw new CountersignError("not-found", { detail: `There is no person ${alias}.` });
  }
  if (!mayLift(tx, alias)) {
    throw new CountersignError("forbidden", { detail: `${alias} is neither an operator nor an admin of this tenant.` });
  }
}

/** A freeze that names nothing there is would only look like one. */
function refuseSubject(tx: Transaction, kind: FreezeBlock["kind"], subject: string | undefined): void {
  const pointer = "/subject";
  if ((kind === "tenant") !== (subject === undefined)) {
    const detail = kind === "tenant" ? "A tenant's freeze names no subject." : `Say which ${kind}.`;
    throw new CountersignError("validation-failed", { pointer, detail });
  }
  if (kind === "agent" && subject !== undefined && agentOf(tx.control, subject) === undefined) {
    throw new CountersignError("agent-not-registered", { pointer, detail: `${subject}.` });
  }
  if (kind === "capability" && subject !== undefined && !CAPABILITY.test(subject)) {
    throw new CountersignError("validation-failed", { pointer, detail: `${subject} is no capability's name.` });
  }
}

/** As event.ts writes a capability: linear, the parts between dots do not overlap. */
const CAPABILITY = /^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$/;
