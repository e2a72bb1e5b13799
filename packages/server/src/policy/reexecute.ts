/**
 * Making recorded decisions again with this server's own store, and saying in the log what it came to. A decision that
 * comes out otherwise is an incident: the log, the bundle or the engine is not what it was.
 */
import { CountersignError } from "@countersign/evidence/errors";
import type { EventOf } from "@countersign/evidence/event";
import type { DecisionAgain } from "@countersign/evidence/report-schema";
import type { Handlers } from "../base/routes.ts";
import type { Command, Ledger, Reader, Submission } from "../ledger/command.ts";
import {
  type InputVault,
  indexOfDecision,
  type NoInput,
  openInputs,
  type RecordedEvent,
  recordedDecisions,
} from "./recorded.ts";
import { packBatch, type ReplayItem } from "./replay-batch.ts";
import type { ReplayHost } from "./replay-host.ts";
import type { Replays } from "./replays.ts";

/** One decision by its id or its event's, or the newest `limit` among entries `from` to, but not with, `until`. */
export type ReexecuteScope =
  | { readonly decisionId: string }
  | { readonly eventId: string }
  | { readonly from?: number; readonly until?: number; readonly limit?: number };

export type Reexecution = {
  /** Entries there were when it was done. */
  readonly as_of: number;
  readonly decisions: number;
  readonly equal: number;
  readonly different: number;
  readonly not_recomputed: Readonly<Partial<Record<NoInput, number>>>;
  /** Of each decision, newest first. */
  readonly answers: readonly DecisionAgain[];
  /** Where to go on, as `until`, when there are older decisions in the range than were made again. */
  readonly next?: number;
  /** Of integrity.checked. */
  readonly event_id: string;
};

export type ReexecuteParts = {
  readonly ledger: Pick<Ledger, "submit" | "reader">;
  readonly vault: InputVault;
  /** Files of a bundle this tenant published. */
  readonly filesOf: (tenant: string, digest: string) => Promise<ReadonlyMap<string, Uint8Array> | undefined>;
  readonly replays: Pick<Replays, "use">;
};

/** Decisions at once, and when nobody says how many. */
export const MOST_DECISIONS = 10_000;

/** The HTTP operation. */
export function reexecuteHandlers(parts: ReexecuteParts): Pick<Handlers, "reexecute"> {
  return {
    async reexecute({ body, submission }) {
      const { decision_id: decisionId, event_id: eventId, from, until, limit } = body;
      const [first, second] = Object.keys(body).filter((name) => name !== "limit" && name !== "until");
      if (first !== undefined && second !== undefined) {
        throw new CountersignError("validation-failed", {
          pointer: `/${second}`,
          detail: "Name one decision, or a range.",
        });
      }
      const range = {
        ...(from === undefined ? {} : { from }),
        ...(until === undefined ? {} : { until }),
        ...(limit === undefined ? {} : { limit }),
      };
      const scope = decisionId !== undefined ? { decisionId } : eventId !== undefined ? { eventId } : range;
      const { answers, not_recomputed, ...rest } = await reexecuteDecisions(parts, scope, submission);
      return { body: { ...rest, not_recomputed: { ...not_recomputed }, answers: [...answers] } };
    },
  };
}

/** @throws CountersignError not-found, core:engine-unavailable, core:overloaded */
export async function reexecuteDecisions(
  parts: ReexecuteParts,
  scope: ReexecuteScope,
  by: Submission,
): Promise<Reexecution> {
  const reader = parts.ledger.reader(by.tenant);
  if (reader === undefined) throw new CountersignError("not-found", { detail: `There is no tenant ${by.tenant}.` });
  const decisions = scopeOf(reader, scope);
  const made = await parts.replays.use((host) => makeAgain(parts, host, reader, decisions));
  const asOf = reader.size;
  const { answer } = await parts.ledger.submit(recordCheck, { ...made, asOf }, by);
  const { notRecomputed: not_recomputed, ...rest } = made;
  const next = "eventId" in scope || "decisionId" in scope ? undefined : nextOf(reader, scope, made.answers);
  return { as_of: asOf, ...rest, not_recomputed, ...(next === undefined ? {} : { next }), event_id: answer };
}

type Made = {
  readonly decisions: number;
  readonly equal: number;
  readonly different: number;
  readonly notRecomputed: Readonly<Partial<Record<NoInput, number>>>;
  readonly answers: readonly DecisionAgain[];
};

async function makeAgain(
  { vault, filesOf }: ReexecuteParts,
  host: ReplayHost,
  reader: Reader,
  decisions: Iterable<RecordedEvent>,
): Promise<Made> {
  const loaded = new Map<string, boolean>();
  const answers: DecisionAgain[] = [];
  for await (const batch of openInputs(vault, reader, decisions)) {
    const items: (ReplayItem & { readonly place: number })[] = [];
    for (const opened of batch) {
      const place = answers.length;
      const own = namesOf(opened);
      answers.push({ ...own, outcome: "equal" });
      if (!("projection" in opened)) answers[place] = { ...own, ...withoutInput(opened.why) };
      else if (await isLoaded(opened.event.policy.policy_digest)) items.push({ ...opened, place });
      else answers[place] = { ...own, outcome: "not-recomputed", why: "inputs-withheld" };
    }
    // The thread names what came out otherwise, or not at all.
    for (const { at, outcome } of await host.ask({ op: "again", batch: packBatch(items) })) {
      const { place } = items[at]!; // a place in the batch it was sent
      answers[place] = { ...answers[place]!, ...outcome };
    }
  }
  return { ...countAnswers(answers), answers };

  /** Whether the thread has been given the bundle; what it makes of it is its own to say. */
  async function isLoaded(digest: string): Promise<boolean> {
    let known = loaded.get(digest);
    if (known === undefined) {
      const files = await filesOf(reader.tenant, digest);
      known = files !== undefined;
      if (files !== undefined) await host.load(digest, files);
      loaded.set(digest, known);
    }
    return known;
  }
}

function namesOf({ index, event }: RecordedEvent) {
  return { index, event_id: event.event_id, decision_id: event.decided.decision_id };
}

function withoutInput(why: NoInput) {
  if (why !== "inputs-damaged") return { outcome: "not-recomputed" as const, why };
  return { outcome: "different" as const, detail: "Its stored input is not the one the log commits to." };
}

function countAnswers(answers: readonly DecisionAgain[]): Omit<Made, "answers"> {
  const counts = { decisions: answers.length, equal: 0, different: 0 };
  const notRecomputed: Partial<Record<NoInput, number>> = {};
  for (const answer of answers) {
    if (answer.outcome !== "not-recomputed") counts[answer.outcome]++;
    else if (answer.why !== undefined) notRecomputed[answer.why] = (notRecomputed[answer.why] ?? 0) + 1;
  }
  return { ...counts, notRecomputed };
}

function scopeOf(reader: Reader, scope: ReexecuteScope): Iterable<RecordedEvent> {
  if (!("eventId" in scope || "decisionId" in scope)) {
    const { from = 0, until = reader.size, limit = MOST_DECISIONS } = scope;
    return recordedDecisions(reader, { from, until: Math.min(until, reader.size), limit });
  }
  const [name, index] =
    "eventId" in scope
      ? [scope.eventId, reader.indexOfEvent(scope.eventId)]
      : [scope.decisionId, indexOfDecision(reader, scope.decisionId)];
  const found = index === undefined ? [] : [...recordedDecisions(reader, { from: index, until: index + 1, limit: 1 })];
  if (found.length === 0) throw new CountersignError("not-found", { detail: `${name} is no decision.` });
  return found;
}

/** Where the next stretch ends, when the limit left decisions of the range out. */
function nextOf(
  reader: Reader,
  { from = 0 }: { readonly from?: number },
  answers: readonly DecisionAgain[],
): number | undefined {
  const oldest = answers.at(-1)?.index;
  if (oldest === undefined) return undefined;
  const [more] = reader.entriesOfKinds(["policy.decided"], { before: oldest, limit: 1 });
  return more !== undefined && more >= from ? oldest : undefined;
}

/** Says in the log that decisions were made again, and how many came out otherwise. */
const recordCheck: Command<Omit<Made, "answers"> & { readonly asOf: number }, string> = {
  name: "policy.record-reexecution",
  needs: () => ({}),
  run(tx, { asOf, decisions, equal, different, notRecomputed }) {
    const counts: EventOf<"integrity.checked">["check"]["counts"] = { decisions, equal, different };
    for (const [why, count] of Object.entries(notRecomputed)) counts[why] = count;
    const { event } = tx.append("integrity.checked", {
      check: { kind: "reexecution", as_of: asOf, findings: different, counts },
    });
    return event.event_id;
  },
};
