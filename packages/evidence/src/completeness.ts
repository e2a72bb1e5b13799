/**
 * How complete a run's evidence is: a score from 0 to 1 and the eight parts it is the mean of. Arithmetic over the run's
 * state, not an opinion. Spec: spec/run.md, "Completeness", with vectors in spec/vectors/run.
 */
import type { EventOf } from "./event.ts";
import { type Fault, fault } from "./fault.ts";
import type { ActionState, RunState } from "./run-state.ts";

/** What is there, of what there should be; nothing of nothing is complete. */
export type Part = { readonly have: number; readonly of: number };

/** The parts, in the order they are shown. */
export const completenessParts = [
  "fields",
  "decision",
  "approval",
  "attempts",
  "outcome",
  "safety",
  "pointers",
  "closed",
] as const;

export type CompletenessPart = (typeof completenessParts)[number];

export type Completeness = {
  /** Mean of the parts, rounded down to four decimals: 1 only when every part is whole. */
  readonly score: number;
  readonly parts: Readonly<Record<CompletenessPart, Part>>;
  /** Actions that were only observed, not enforced; any caps the score at {@link OBSERVED_CAP}. */
  readonly observed: number;
};

/** The score of a run is at most this when an action in it was recorded without being enforced. */
export const OBSERVED_CAP = 0.5;

/**
 * The run's completeness now; an open run is not complete.
 *
 * @param pointers how many of the payloads its events cite are at hand, or erased, withheld or pruned lawfully
 */
export function completenessOf(state: RunState, pointers: Part = { have: 0, of: 0 }): Completeness {
  const { counts, open } = state;
  const sum = (amount: (one: ActionState) => number) => open.reduce((total, one) => total + amount(one), 0);
  const gatedAndRun = (one: ActionState) =>
    one.decision?.answer === "REQUIRE_APPROVAL" && one.decision.enforced && one.attempts > 0;
  const events = state.events + (state.started ? 0 : 1);
  const parts: Record<CompletenessPart, Part> = {
    fields: { have: events - counts.eventsLacking, of: events },
    decision: {
      have: counts.decided + sum((one) => (one.request !== undefined && one.decision !== undefined ? 1 : 0)),
      of: counts.actions,
    },
    approval: {
      have:
        counts.approvalsBound +
        sum((one) => (gatedAndRun(one) && one.approval?.consumed !== undefined && one.unbound !== true ? 1 : 0)),
      of: counts.approvalsUsed + sum((one) => (gatedAndRun(one) ? 1 : 0)),
    },
    attempts: {
      have:
        counts.attemptsAccounted +
        sum((one) => Math.max(0, one.attempts - one.unaccounted - (one.phase === "running" ? 1 : 0))),
      of: counts.attempts + sum((one) => one.attempts),
    },
    outcome: { have: counts.known, of: counts.actions },
    safety: { have: counts.checked, of: counts.ran },
    pointers,
    closed: { have: (state.closed ? 1 : 0) + (state.phase === "settled" ? 1 : 0), of: 2 },
  };
  const observed = counts.observed + sum((one) => (one.decision?.enforced === false ? 1 : 0));
  return { score: scoreOf(parts, observed), parts, observed };
}

/** Integer arithmetic in ten-thousandths, so that every implementation rounds alike. */
function scoreOf(parts: Readonly<Record<CompletenessPart, Part>>, observed: number): number {
  let total = 0;
  for (const name of completenessParts) {
    const { have, of } = parts[name];
    total += of === 0 ? 10_000 : Math.floor((10_000 * Math.max(0, Math.min(have, of))) / of);
  }
  const score = Math.floor(total / completenessParts.length) / 10_000;
  return observed > 0 ? Math.min(score, OBSERVED_CAP) : score;
}

/** Labels and references that the policy's catalogue requires for this action and the request lacks. */
export function labelFaults(event: EventOf<"action.requested">, required: readonly string[]): Fault[] {
  const at = { index: event.integrity.index, eventId: event.event_id, runId: event.run_id };
  return required
    .filter((name) => !has(event.labels, name) && !has(event.refs, name))
    .map((name) => fault("field-missing", `label ${name} is required for ${event.action.capability}`, at));
}

function has(record: Readonly<Record<string, string>> | undefined, name: string): boolean {
  return record !== undefined && Object.hasOwn(record, name);
}
