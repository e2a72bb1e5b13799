/**
 * Making recorded decisions again with this server's own store, and saying in the log what it came to. A decision that
 * comes out otherwise is an incident: the log, the bundle or the engine is not what it was.
 */
import { CountersignError } from "@countersign/evidence/errors";
import type { EventOf } from "@countersign/evidence/event";
import type { Command, Ledger, Reader, Submission } from "../ledger/command.ts";
import { type InputVault, type NoInput, openInputs, type RecordedEvent, recordedDecisions } from "./recorded.ts";
import { packBatch, type ReplayItem } from "./replay-batch.ts";
import type { ReplayHost } from "./replay-host.ts";
import type { Replays } from "./replays.ts";

/** One decision, or the entries `from` to, but not with, `until`. */
export type ReexecuteScope =
  | { readonly eventId: string }
  | { readonly from: number; readonly until: number; readonly limit?: number };

export type Reexecution = {
  readonly as_of: number;
  readonly decisions: number;
  readonly equal: number;
  readonly different: number;
  readonly not_recomputed: Readonly<Partial<Record<NoInput, number>>>;
  /** At most 100. */
  readonly differences: readonly { readonly event_id: string; readonly index: number; readonly detail: string }[];
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

/** Decisions at once when nobody says how many. */
export const MOST_DECISIONS = 10_000;
const MOST_LISTED = 100;

/** @throws CountersignError not-found, core:engine-unavailable */
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
  const { differences, notRecomputed: not_recomputed, ...counts } = made;
  return { as_of: asOf, ...counts, not_recomputed, differences: differences.slice(0, MOST_LISTED), event_id: answer };
}

type Made = {
  readonly decisions: number;
  readonly equal: number;
  readonly different: number;
  readonly notRecomputed: Readonly<Partial<Record<NoInput, number>>>;
  readonly differences: Reexecution["differences"];
};

async function makeAgain(
  { vault, filesOf }: ReexecuteParts,
  host: ReplayHost,
  reader: Reader,
  decisions: Iterable<RecordedEvent>,
): Promise<Made> {
  const loaded = new Map<string, boolean>();
  const notRecomputed: Partial<Record<NoInput, number>> = {};
  const differences: { event_id: string; index: number; detail: string }[] = [];
  const counts = { decisions: 0, equal: 0, different: 0 };
  const not = (why: NoInput) => {
    notRecomputed[why] = (notRecomputed[why] ?? 0) + 1;
  };
  const differ = ({ event, index }: RecordedEvent, detail: string) => {
    counts.different++;
    differences.push({ event_id: event.event_id, index, detail });
  };
  for await (const batch of openInputs(vault, reader, decisions)) {
    counts.decisions += batch.length;
    const items: (RecordedEvent & ReplayItem)[] = [];
    for (const opened of batch) {
      if (!("projection" in opened)) {
        if (opened.why === "inputs-damaged") differ(opened, "Its stored input is not the one the log commits to.");
        else not(opened.why);
      } else if (await isLoaded(opened.event.policy.policy_digest)) items.push(opened);
      else not("inputs-withheld");
    }
    const others = await host.ask({ op: "again", batch: packBatch(items) });
    counts.equal += items.length - others.length;
    for (const { at, outcome } of others) {
      if (outcome.outcome === "different") differ(items[at]!, outcome.detail);
      else not(outcome.why);
    }
  }
  return { ...counts, notRecomputed, differences };

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

function scopeOf(reader: Reader, scope: ReexecuteScope): Iterable<RecordedEvent> {
  if (!("eventId" in scope)) {
    const { from, until, limit = MOST_DECISIONS } = scope;
    return recordedDecisions(reader, { from, until: Math.min(until, reader.size), limit });
  }
  const index = reader.indexOfEvent(scope.eventId);
  const found = index === undefined ? [] : [...recordedDecisions(reader, { from: index, until: index + 1, limit: 1 })];
  if (found.length === 0) throw new CountersignError("not-found", { detail: `${scope.eventId} is no decision.` });
  return found;
}

/** Says in the log that decisions were made again, and how many came out otherwise. */
const recordCheck: Command<Made & { readonly asOf: number }, string> = {
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
