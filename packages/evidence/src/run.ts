/**
 * The life of a run: one pure function that turns its events into its state, says what may happen next and names what is
 * wrong. The ledger asks it before it places an event; the verifier asks it about evidence it did not write, so both
 * give the same answer. Spec: spec/run.md.
 *
 * State is plain JSON, bounded (at most 64 open actions; settled ones collapse to counters and a short memory) and never
 * changed in place. A faulty event still moves the state to where it says things are, so that one wrong step is one
 * fault and not a hundred.
 */
import type { ControlState } from "./control.ts";
import { assertNever } from "./errors.ts";
import type { ActionEvent, EventOf, RunEvent } from "./event.ts";
import { type Fault, fault } from "./fault.ts";
import { own } from "./own.ts";
import {
  type ActionState,
  blankRun,
  isFailure,
  OPENS_MORE,
  openActionOf,
  type RunState,
  type SettledAction,
  settledActionOf,
  unstartedRun,
} from "./run-state.ts";
import { Step } from "./run-step.ts";

export type { ActionEnd, ActionState, AttemptEnd, OpenPhase, RunCounts, RunState, SettledAction } from "./run-state.ts";
export { actionOf, openActionOf, requirementsOf, separationOf, settledActionOf, usageOf } from "./run-state.ts";

/** How long after an attempt's deadline the log may take to say that it is unconfirmed. */
export const UNCONFIRMED_GRACE_MS = 300_000;

/** A pruned entry: what its tombstone keeps. */
export type Tombstone = {
  readonly index: number;
  readonly event_id: string;
  readonly run_id: string;
  readonly action_id?: string;
  readonly type: string;
  readonly run_seq: number;
  readonly ts: string;
};

/** A state and what was wrong with the step to it. */
export type RunStep = { readonly state: RunState; readonly faults: Fault[] };

/**
 * The run's state after one event, and every fault of that event.
 *
 * @param before undefined for the run's first event
 * @param control the control state at the event's place in the log
 * @param ancestors the runs above it that are at hand, nearest first; run-family.ts finds them
 */
export function stepRun(
  before: RunState | undefined,
  event: RunEvent,
  control: ControlState,
  ancestors: readonly RunState[] = [],
): RunStep {
  const step = new Step(before ?? unstartedRun(event), event, control, ancestors);
  if (before === undefined && event.type !== "run.started") {
    step.fault("run-without-start", `the run's first event is ${event.type}`);
  }
  step.apply(before === undefined);
  return { state: step.next, faults: step.faults };
}

/**
 * A whole run at once.
 *
 * @param control the control state for each event, or one state for all of them
 */
export function foldRun(
  events: Iterable<RunEvent>,
  control: ControlState | ((event: RunEvent) => ControlState),
): { readonly state: RunState | undefined; readonly faults: Fault[] } {
  const faults: Fault[] = [];
  let state: RunState | undefined;
  for (const event of events) {
    const step = stepRun(state, event, typeof control === "function" ? control(event) : control);
    state = step.state;
    faults.push(...step.faults);
  }
  return { state, faults };
}

/** Steps over a pruned entry: it is counted, nothing is concluded from it, and its action is not judged further. */
export function stepPruned(before: RunState | undefined, tombstone: Tombstone): RunStep {
  const state = before ?? { ...blankRun(tombstone.run_id, tombstone.ts), started: false };
  const faults: Fault[] = [];
  if (before !== undefined && tombstone.run_seq !== before.nextSeq) {
    const at = { index: tombstone.index, eventId: tombstone.event_id, runId: tombstone.run_id };
    faults.push(fault("run-chain-broken", `run_seq is ${tombstone.run_seq}, expected ${before.nextSeq}`, at));
  }
  const { action_id: id } = tombstone;
  return {
    faults,
    state: {
      ...state,
      nextSeq: tombstone.run_seq + 1,
      events: state.events + 1,
      pruned: state.pruned + 1,
      phase: own(PHASE_OF_PRUNED, tombstone.type) ?? state.phase,
      closed: state.closed || own(PHASE_OF_PRUNED, tombstone.type) !== undefined,
      open: id === undefined ? state.open : state.open.map((one) => (one.id === id ? { ...one, pruned: true } : one)),
    },
  };
}

/** The members of the run.settled event that must be appended now, or undefined when the run does not settle yet. */
export function mustSettle(state: RunState): EventOf<"run.settled">["settled"] | undefined {
  if ((state.phase !== "closed" && state.phase !== "abandoned") || state.open.length > 0) return undefined;
  return { events: state.events + 1, last_seq: state.nextSeq, actions: state.counts.actions };
}

/**
 * What is missing at the end of the evidence: attempts whose deadline passed without an outcome or an `unconfirmed`.
 *
 * @param asOf ts of the newest entry of the log that is at hand
 */
export function overdueFaults(state: RunState, asOf: string): Fault[] {
  const nowMs = Date.parse(asOf);
  return state.open
    .filter(({ phase, deadline, pruned }) => phase === "running" && deadline !== undefined && pruned !== true)
    .filter(({ deadline }) => Date.parse(deadline!) + UNCONFIRMED_GRACE_MS < nowMs)
    .map(({ id, attempts, deadline }) =>
      fault("outcome-missing", `attempt ${attempts} of ${id} was due at ${deadline} and nothing was recorded`, {
        runId: state.run,
      }),
    );
}

/** Where an action stands, in the words of the API. */
export type ActionPhase =
  | "requested"
  | "allowed"
  | "waiting"
  | "granted"
  | "running"
  | "failed"
  | "timed_out"
  | "unconfirmed"
  | "succeeded"
  | "cancelled"
  | "denied"
  | "rejected"
  | "expired"
  | "voided"
  | "dead_lettered";

/** Where an action stands, or undefined for one this run does not remember. */
export function phaseOf(state: RunState, actionId: string): ActionPhase | undefined {
  const open = openActionOf(state, actionId);
  if (open === undefined) {
    const end = settledActionOf(state, actionId)?.end;
    return end === "revoked" ? "cancelled" : end;
  }
  switch (open.phase) {
    case "decided":
      return open.decision?.answer === "REQUIRE_APPROVAL" ? "waiting" : "allowed";
    case "permitted":
      return "running";
    case "ended":
      return open.end ?? "unconfirmed";
    default:
      return open.phase;
  }
}

/**
 * Kinds that may lawfully come next for an action, as far as the lifecycle says: time, freezes, scope and people are
 * checked when one comes. Empty for an action the run does not remember.
 */
export function nextSteps(state: RunState, actionId: string): ActionEvent["type"][] {
  if (state.phase === "settled") return [];
  const open = openActionOf(state, actionId);
  const settled = settledActionOf(state, actionId);
  const steps = open !== undefined ? openSteps(open) : settled !== undefined ? settledSteps(settled) : [];
  return state.phase === "open" ? steps : steps.filter((kind) => !OPENS_MORE.has(kind));
}

const PHASE_OF_PRUNED: Readonly<Record<string, RunState["phase"]>> = {
  "run.closed": "closed",
  "run.abandoned": "abandoned",
  "run.settled": "settled",
};

function openSteps(one: ActionState): ActionEvent["type"][] {
  const gated = one.decision?.answer === "REQUIRE_APPROVAL" && one.decision.enforced;
  switch (one.phase) {
    case "requested":
      return ["policy.decided", "dispatch.cancelled"];
    case "decided":
      return gated
        ? ["approval.requested", "dispatch.cancelled"]
        : ["policy.decided", "dispatch.queued", "dispatch.permitted", "dispatch.cancelled"];
    case "waiting":
      return [
        ...(["approval.voted", "approval.granted", "approval.rejected", "approval.revalidated"] as const),
        ...(["approval.superseded", "breakglass.used"] as const),
        ...APPROVAL_ENDS,
      ];
    case "granted":
      return one.approval?.consumed !== undefined
        ? ["dispatch.permitted", "dispatch.cancelled"]
        : [
            ...(["approval.consumed", "approval.revalidated", "approval.superseded", "dispatch.queued"] as const),
            ...APPROVAL_ENDS,
          ];
    case "permitted":
      return ["dispatch.started", "dispatch.queued", "dispatch.cancelled"];
    case "running":
      return [
        ...(["dispatch.succeeded", "dispatch.failed", "dispatch.timed_out", "dispatch.cancelled"] as const),
        ...(["dispatch.unconfirmed", "artifact.recorded"] as const),
      ];
    case "ended":
      return [
        ...(one.retried === true ? (["dispatch.started"] as const) : (["dispatch.retried"] as const)),
        ...(["dispatch.dead_lettered"] as const),
        ...(["dispatch.queued", "dispatch.cancelled", "safety.checked", "artifact.recorded"] as const),
        ...(one.unconfirmed.length > 0 ? LATE_REPORTS : []),
      ];
    default:
      return assertNever(one.phase);
  }
}

const APPROVAL_ENDS = ["approval.expired", "approval.revoked", "approval.cancelled", "approval.voided"] as const;
const LATE_REPORTS = ["dispatch.succeeded", "dispatch.failed", "dispatch.timed_out"] as const;

function settledSteps(one: SettledAction): ActionEvent["type"][] {
  if (one.attempts === 0) return [];
  return [
    ...(["safety.checked", "artifact.recorded"] as const),
    ...(one.unconfirmed.length > 0 ? LATE_REPORTS : []),
    ...(isFailure(one.end) ? (["dispatch.dead_lettered"] as const) : []),
    ...(one.end === "dead_lettered" ? (["dispatch.redriven"] as const) : []),
  ];
}
