/**
 * What is known of a run at one point: the state that run.ts steps. Plain JSON, bounded, never changed in place.
 * Spec: spec/run.md, "State".
 */
import { activePolicyOf, agentOf, type ControlState } from "./control.ts";
import type { ActionBlock, ApprovalRequirement, Decision, DeclaredScope, InitiatorBlock, RunEvent } from "./event.ts";
import { type Ballot, type OpenRequirement, requirementsAt, type Separation } from "./quorum.ts";
import { isExtension } from "./run-extension.ts";
import type { Amounts, DataClass } from "./scope.ts";

/**
 * Settled actions a run remembers, so that late reports, safety checks and dead letters still find theirs. Those that
 * nothing more is expected of are forgotten first.
 */
export const MAX_SETTLED_RECORDS = 16;
/** How an attempt ended. */
export type AttemptEnd = "succeeded" | "failed" | "timed_out" | "cancelled" | "unconfirmed";
/** How an action ended for good. */
export type ActionEnd = AttemptEnd | "denied" | "rejected" | "expired" | "revoked" | "voided" | "dead_lettered";

/** What was asked, as action.requested says it. */
export type RequestState = {
  readonly event: string;
  /** Leaf hash of the request, known from the run_prev of the run's next event. */
  readonly leaf?: string;
  readonly actionDigest: string;
  readonly argsCommit: string;
  readonly toolContract: string | null;
  readonly topic: string;
  readonly requester: string;
  /** Absent when the request says none: then they are not judged. */
  readonly dataClasses?: readonly DataClass[];
  readonly at: string;
};

/** What was decided. The lists are dropped once an approval request has bound them. */
export type DecisionState = {
  readonly id: string;
  readonly event: string;
  readonly answer: Decision;
  readonly enforced: boolean;
  readonly matchedRule: string;
  readonly reason: string;
  readonly policyDigest: string;
  readonly policySnapshot: string;
  readonly validUntil: string;
  readonly gateDigest: string | null;
  readonly obligations: readonly string[];
  readonly requirements: readonly ApprovalRequirement[];
  readonly bound?: {
    readonly matchedRules: readonly string[];
    readonly ruleDigests: Readonly<Record<string, string>>;
  };
  /** Everything the run had spent and reserved when this was decided, this action included. */
  readonly usage: Amounts;
  /** The same of each run above it that has budgets. */
  readonly above?: readonly (Amounts & { readonly run: string })[];
};

/** A ballot with the key it was signed with and when. */
export type SignedBallot = Ballot & { readonly kid: string; readonly at: string };

export type BoundApproval = {
  readonly id: string;
  readonly requestDigest: string;
  readonly rendering: string;
  /** The leafIndex of approval.requested. */
  readonly index: number;
  /** ts of approval.requested: escalations count from it. */
  readonly requestedAt: string;
  readonly expiresAt: string;
  readonly executeWithinMs?: number;
  readonly maxAttempts?: number;
  /** The policy the approval holds under: the decision's, or the newest it was revalidated under. */
  readonly policyDigest: string;
  readonly ballots: readonly SignedBallot[];
  readonly granted?: {
    readonly at: string;
    readonly people: readonly string[];
    readonly usableUntil: string;
    readonly separation: "kept" | "waived" | "breakglass";
    /** The votes the grant names, sorted; none by break-glass. */
    readonly votes?: readonly string[];
    /** Keys break-glass was signed with. */
    readonly signers?: readonly { readonly kid: string; readonly at: string }[];
  };
  readonly consumed?: { readonly permitId: string; readonly jobId: string };
};

export type PermitState = {
  readonly id: string;
  readonly executor: string;
  /** The permit key it was signed with, and the leafIndex of dispatch.permitted. */
  readonly kid: string;
  readonly index: number;
  readonly argsCommit: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly maxAttempts: number;
  readonly jobId: string;
};

export type OpenPhase = "requested" | "decided" | "waiting" | "granted" | "permitted" | "running" | "ended";

/** An action that may still be decided, approved, dispatched or reported. Absent parts have not happened. */
export type ActionState = {
  readonly id: string;
  readonly phase: OpenPhase;
  readonly action: ActionBlock;
  readonly costCents: number;
  readonly argsBytes: number;
  readonly request?: RequestState;
  readonly decision?: DecisionState;
  readonly approval?: BoundApproval;
  /** Set by approval.superseded: the approval that must come next, and the one it replaces. */
  readonly replacing?: { readonly by: string; readonly old: string };
  readonly permit?: PermitState;
  /** Attempts started so far. */
  readonly attempts: number;
  readonly deadline?: string;
  /** How the newest attempt ended. */
  readonly end?: AttemptEnd;
  /** dispatch.retried announced the next attempt. */
  readonly retried?: boolean;
  /** Attempts declared unconfirmed that nobody has reported since. */
  readonly unconfirmed: readonly number[];
  /** Attempts not wholly accounted for: without permit, start, retry or end. */
  readonly unaccounted: number;
  /** A fault was found in how the approval was given or used. */
  readonly unbound?: boolean;
  /** Something ran that had no authority, and that was said. */
  readonly flagged?: boolean;
  readonly safety: boolean;
  /** Some attempt ended other than failed or cancelled, so what it costs is spent. */
  readonly mayHaveActed?: boolean;
  /** One of its events was pruned: nothing is concluded about it any more. */
  readonly pruned?: boolean;
};

/** What is remembered of an action that can have no further dispatch. */
export type SettledAction = {
  readonly id: string;
  readonly end: ActionEnd;
  readonly action: ActionBlock;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly unconfirmed: readonly number[];
  readonly approval?: string;
  readonly permit?: string;
  readonly safety: boolean;
};

/** Counters of the whole run; completeness.ts is arithmetic over them. Open actions are not in those marked *. */
export type RunCounts = {
  /** Actions that were seen at all, and those of them with both request and decision *. */
  readonly actions: number;
  readonly decided: number;
  /** Dispatched actions that required an approval, and those bound to one without fault *. */
  readonly approvalsUsed: number;
  readonly approvalsBound: number;
  /** Attempts started or reported, and those accounted for *. */
  readonly attempts: number;
  readonly attemptsAccounted: number;
  /** Actions that ended, and those of them whose outcome is known *. */
  readonly ended: number;
  readonly known: number;
  /** Ended actions that ran, and those with a safety check *. */
  readonly ran: number;
  readonly checked: number;
  readonly eventsLacking: number;
  readonly observed: number;
  /** Actions by end *. */
  readonly ends: Readonly<Partial<Record<ActionEnd, number>>>;
};

export type RunState = {
  readonly run: string;
  readonly phase: "open" | "closed" | "abandoned" | "settled";
  /** run.closed or run.abandoned was seen. */
  readonly closed: boolean;
  readonly suspended: boolean;
  /** False when the run's first event was not run.started: what it would have said is not checked. */
  readonly started: boolean;
  readonly initiator: InitiatorBlock;
  readonly delegatedBy?: string;
  /** People the run was for before it passed to another. */
  readonly passedOnBy?: readonly string[];
  readonly parent?: string;
  readonly scope: DeclaredScope;
  /** The run.started or run.scope.extended event the scope comes from. */
  readonly scopeEvent: string;
  readonly startedAt: string;
  readonly lastAt: string;
  /** Events seen, run.settled included; pruned ones are counted too. */
  readonly events: number;
  readonly pruned: number;
  /** run_seq of the next event. */
  readonly nextSeq: number;
  readonly open: readonly ActionState[];
  readonly settled: readonly SettledAction[];
  /** What settled actions used up. */
  readonly spent: Amounts;
  /** What the runs below it have spent and reserved; `unsure` when some of their events are not here. */
  readonly charged?: Amounts & { readonly in_flight: number; readonly unsure?: boolean };
  /** Some of its events are missing. */
  readonly gap?: boolean;
  readonly counts: RunCounts;
};

/** The open action, or what is remembered of the settled one. */
export function actionOf(state: RunState, actionId: string): ActionState | SettledAction | undefined {
  return openActionOf(state, actionId) ?? settledActionOf(state, actionId);
}

export function openActionOf(state: RunState, actionId: string): ActionState | undefined {
  return state.open.find(({ id }) => id === actionId);
}

/** One of the run's {@link MAX_SETTLED_RECORDS} newest settled actions. */
export function settledActionOf(state: RunState, actionId: string): SettledAction | undefined {
  return state.settled.find(({ id }) => id === actionId);
}

/**
 * Everything the run and those below it have spent and reserved: what budgets and a decision's history facts are
 * compared with.
 */
export function usageOf(state: RunState): Amounts & { readonly in_flight: number } {
  let { actions, cents, bytes } = state.spent;
  let inFlight = 0;
  if (state.charged !== undefined) {
    actions += state.charged.actions;
    cents += state.charged.cents;
    bytes += state.charged.bytes;
    inFlight = state.charged.in_flight;
  }
  for (const one of state.open) {
    if (!isReserved(one) || isExtension(one.action, state.run)) continue;
    inFlight++;
    actions++;
    cents += one.costCents;
    bytes += one.argsBytes;
  }
  return { actions, cents, bytes, in_flight: inFlight };
}

/** Who an open approval asks at a time: the decision's requirements, with the roles escalations have added by then. */
export function requirementsOf({ decision, approval }: ActionState, at: string): readonly OpenRequirement[] {
  const { requirements = [] } = decision ?? {};
  return approval === undefined ? requirements : requirementsAt(requirements, approval.requestedAt, at);
}

/** Who an approval's separation of duties is about, at this point of the log. */
export function separationOf(state: RunState, action: ActionState, control: ControlState): Separation {
  const agentOwner = agentOf(control, state.initiator.agent)?.owner;
  const author = activePolicyOf(control)?.author;
  const behind = [state.initiator.on_behalf_of, state.delegatedBy, ...(state.passedOnBy ?? [])];
  return {
    requester: action.request?.requester ?? state.initiator.agent,
    onBehalfOf: behind.filter((person) => person !== undefined),
    ...(agentOwner === undefined ? {} : { agentOwner }),
    ...(author === undefined ? {} : { author }),
  };
}

/** After run.closed these would begin something instead of finishing it. */
export const OPENS_MORE: ReadonlySet<RunEvent["type"]> = new Set<RunEvent["type"]>([
  "run.started",
  "run.scope.extended",
  "run.suspended",
  "run.closed",
  "run.abandoned",
  "action.requested",
  "approval.requested",
  "approval.granted",
  "approval.revalidated",
  "approval.superseded",
  "approval.consumed",
  "breakglass.used",
  "dispatch.permitted",
]);

/** Whether an end may be followed by another attempt or a dead letter. */
export function isFailure(end: ActionEnd | undefined): boolean {
  return end === "failed" || end === "timed_out" || end === "unconfirmed";
}

/** Whether the action counts against budgets: decided to go ahead, or to be asked about, and not ended. */
function isReserved(one: ActionState): boolean {
  return one.decision !== undefined && (one.decision.answer !== "DENY" || !one.decision.enforced);
}

/** A run of which nothing is known yet. */
export function blankRun(run: string, ts: string): RunState {
  return {
    run,
    phase: "open",
    closed: false,
    suspended: false,
    started: true,
    initiator: { agent: "" },
    scope: { capabilities: [] },
    scopeEvent: "",
    startedAt: ts,
    lastAt: ts,
    events: 0,
    pruned: 0,
    nextSeq: 0,
    open: [],
    settled: [],
    spent: { actions: 0, cents: 0, bytes: 0 },
    counts: {
      actions: 0,
      decided: 0,
      approvalsUsed: 0,
      approvalsBound: 0,
      attempts: 0,
      attemptsAccounted: 0,
      ended: 0,
      known: 0,
      ran: 0,
      checked: 0,
      eventsLacking: 0,
      observed: 0,
      ends: {},
    },
  };
}

/** A run whose first event is not run.started. */
export function unstartedRun(event: RunEvent): RunState {
  return { ...blankRun(event.run_id, event.ts), initiator: event.initiator, started: false };
}
