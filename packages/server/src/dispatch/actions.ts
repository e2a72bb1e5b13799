/**
 * The record of an action: what the server answers about it, kept beside the log and made from its events alone, so that
 * fsck can make it again. What may happen next is never decided on it but on the run's state.
 */
import { assert, CountersignError } from "@countersign/evidence/errors";
import type {
  ActionBlock,
  ActionEvent,
  ActorBlock,
  ApprovalSummary,
  DispatchSummary,
  Event,
  EventOf,
  Kind,
  PointerBlock,
  PolicySummary,
} from "@countersign/evidence/event";
import { type ActionPhase, phaseOf, type RunState } from "@countersign/evidence/run";
import type { ActionStatusView } from "@countersign/evidence/wire";
import { need, type Placed, type Reader, type Transaction } from "../ledger/command.ts";
import { putDue, removeDue } from "../ledger/due.ts";
import { table } from "../ledger/table.ts";
import type { ActionBook } from "./faces.ts";

/** One row an action. `record` is an {@link ActionRecord}. */
export const actions = table("actions", {
  key: { action_id: "id:act" },
  columns: { run_id: "id:run", record: "json" },
});

/** Which action a permit is for. */
export const permits = table("permits", {
  key: { permit_id: "id:prm" },
  columns: { action_id: "id:act", run_id: "id:run" },
});

/** Indexes kept of an action's newest events: what an answer shows receipts of. */
const NEWEST_EVENTS = 16;

/** Findings an action's answer shows, the newest; the log has all. */
const MAX_FINDINGS_SHOWN = 8;

export type ActionRecord = {
  readonly action_id: string;
  readonly run_id: string;
  readonly agent: string;
  readonly on_behalf_of: string | null;
  readonly phase: ActionPhase;
  readonly action: ActionBlock;
  readonly topic: string;
  readonly request_event: string;
  readonly request_leaf: string;
  readonly args: string | null;
  readonly args_commit: string;
  readonly context: readonly string[];
  readonly cost_cents: number;
  readonly args_bytes: number;
  readonly max_attempts: number;
  readonly attempt_timeout_ms: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly refs: Readonly<Record<string, string>>;
  /** The policy block later events carry; it names the decision's event. */
  readonly policy: PolicySummary | null;
  readonly decision: {
    readonly decision_id: string;
    readonly obligations: readonly string[];
    readonly valid_until: string;
  } | null;
  /** The approval block later events carry. */
  readonly approval: ApprovalSummary | null;
  readonly approval_end: { readonly state: ApprovalEnd; readonly reason: string | null } | null;
  readonly approval_expires: string | null;
  readonly job_id: string | null;
  readonly permit: {
    readonly permit_id: string;
    /** leafIndex of dispatch.permitted. */
    readonly index: number;
    readonly executor: string;
    readonly not_after: string;
    readonly obligations: readonly string[];
  } | null;
  /** Checks after the effect that the contract asks for, and names of those that were made. */
  readonly checks: readonly { readonly name: string; readonly by: "executor" | "second_party" }[];
  readonly checked: readonly string[];
  /** The worst that was found after the effect, what failed, and the most that was demanded for it. */
  readonly safety: NonNullable<ActionStatusView["safety"]> | null;
  /** What the executor said of its obligations with its newest outcome. */
  readonly obligations: NonNullable<ActionStatusView["obligations"]> | null;
  readonly attempts: number;
  readonly deadline: string | null;
  readonly last_event: string;
  /** leafIndexes of the newest events, ascending. */
  readonly events: readonly number[];
};

type ApprovalEnd = "CONSUMED" | "REJECTED" | "EXPIRED" | "REVOKED" | "CANCELLED" | "SUPERSEDED" | "VOIDED";

/** Who decides, permits and concludes. */
export const GATE: ActorBlock = { type: "system", id: "gate" };
/** The chore that does what an action is due for: see deadlines.ts. */
export const OVERDUE = "dispatch.overdue";

/** How long one attempt may take when nobody says, in ms. */
export const ATTEMPT_TIMEOUT_MS = 300_000;
/** How long after the use the first attempt may be started, in ms; each further one adds the time of an attempt. */
export const EXECUTE_WITHIN_MS = 300_000;

/** The time a permit leaves for starting attempts. */
export function executeWithinMs(record: Pick<ActionRecord, "max_attempts" | "attempt_timeout_ms">): number {
  return EXECUTE_WITHIN_MS + (record.max_attempts - 1) * record.attempt_timeout_ms;
}

/** The input of {@link OVERDUE}. */
export type DueAction = { readonly actionId: string; readonly runId: string };

/** At this time, and `afterMs` more, something becomes due for the action: one thing at a time. */
export function putActionDue(tx: Transaction, record: ActionRecord, at: string, afterMs = 0): void {
  const about: DueAction = { actionId: record.action_id, runId: record.run_id };
  putDue(tx, OVERDUE, record.action_id, Date.parse(at) + afterMs, about);
}

/** Nothing more is due for the action. */
export function removeActionDue(tx: Transaction, actionId: string): void {
  removeDue(tx, OVERDUE, actionId);
}

/** The record as the transaction has it, or undefined. */
export function actionIn(tx: Transaction, actionId: string): ActionRecord | undefined {
  return recordOf(tx.row(actions, { action_id: actionId }));
}

/** The record as committed, or undefined. */
export function actionOf(reader: Reader, actionId: string): ActionRecord | undefined {
  return recordOf(reader.row(actions, { action_id: actionId }));
}

function recordOf(row: { readonly record: unknown } | undefined): ActionRecord | undefined {
  return row?.record as ActionRecord | undefined; // only note() below puts rows, and what it puts is one
}

/** Keeps the records; every event of an action passes through here, whichever module appended it. */
export const actionBook: ActionBook = {
  needs: (actionId) => [need(actions, { action_id: actionId })],
  note<K extends Kind>(tx: Transaction, placed: Placed<K>) {
    const event = placed.event as Event; // K is one of its kinds
    assert("action_id" in event, "only events of an action are noted");
    const before = event.type === "action.requested" ? undefined : actionIn(tx, event.action_id);
    const run = tx.run(event.run_id as `run_${string}`); // a checked run_id has this form
    assert(run !== undefined, "the event was just placed in this run");
    const record = stepRecord(before, event, placed, run);
    tx.put(actions, { action_id: record.action_id, run_id: record.run_id, record });
    if (event.type === "dispatch.permitted") {
      const { action_id, run_id } = record;
      tx.put(permits, { permit_id: event.permit.permit_id, action_id, run_id });
    }
  },
};

/**
 * The record after one event. Pure: the same events give the same record.
 *
 * @param run the run's state after the event
 */
export function stepRecord(
  before: ActionRecord | undefined,
  event: ActionEvent,
  { index, leaf }: { readonly index: number; readonly leaf: string },
  run: RunState,
): ActionRecord {
  if (event.type === "action.requested") return requested(event, index, leaf);
  assert(before !== undefined, "an action begins with its request");
  const record: ActionRecord = {
    ...before,
    // A run remembers its newest settled actions; what it has forgotten stays as it ended.
    phase: phaseOf(run, event.action_id) ?? before.phase,
    last_event: event.event_id,
    events: [...before.events, index].slice(-NEWEST_EVENTS),
  };
  switch (event.type) {
    case "policy.decided": {
      const { decision_id, obligations, valid_until } = event.decided;
      const policy = { ...event.policy, decision_event: event.event_id };
      return { ...record, policy, decision: { decision_id, obligations, valid_until } };
    }
    case "approval.requested": {
      const { expires_at } = event.approval_request;
      return { ...record, approval: event.approval, approval_end: null, approval_expires: expires_at };
    }
    case "breakglass.used":
      return { ...record, approval: event.approval, approval_expires: event.breakglass.expires_at };
    case "approval.granted":
      return { ...record, approval: event.approval };
    case "approval.consumed":
      return { ...record, job_id: event.consumed.job_id, approval_end: { state: "CONSUMED", reason: null } };
    case "approval.rejected":
    case "approval.revoked":
    case "approval.cancelled":
    case "approval.superseded":
    case "approval.voided": {
      const state = event.type.slice("approval.".length).toUpperCase() as ApprovalEnd; // its names are these types'
      return { ...record, approval_end: { state, reason: event.reason.code } };
    }
    case "approval.expired":
      return { ...record, approval_end: { state: "EXPIRED", reason: null } };
    case "dispatch.permitted": {
      const { permit_id, executor, not_after, obligations } = event.permit;
      const permit = { permit_id, index, executor, not_after, obligations };
      return { ...record, job_id: event.dispatch.job_id, permit };
    }
    case "dispatch.queued":
      return { ...record, job_id: event.dispatch.job_id };
    case "dispatch.started":
      return { ...record, attempts: event.dispatch.attempt, deadline: event.started.deadline };
    case "dispatch.succeeded":
    case "dispatch.failed":
    case "dispatch.timed_out":
      return { ...record, obligations: obligationsAfter(before, event.outcome.obligations_met ?? []) };
    case "safety.checked":
      return { ...record, ...safetyAfter(before, event.safety) };
    default:
      return record;
  }
}

/** What the permit obliges to, and which of it the executor says it met; null where it obliges to nothing. */
function obligationsAfter({ permit }: ActionRecord, met: readonly string[]): ActionRecord["obligations"] {
  const obligations = permit?.obligations ?? [];
  if (obligations.length === 0) return null;
  return {
    met: obligations.filter((one) => met.includes(one)),
    unmet: obligations.filter((one) => !met.includes(one)),
  };
}

/** A failure stays one, whatever passes later. */
function safetyAfter(
  { safety, checked, checks: configured }: ActionRecord,
  { verdict, checks, demands = "none", finding }: EventOf<"safety.checked">["safety"],
): Pick<ActionRecord, "safety" | "checked"> {
  const made = checks.filter((one) => one.verdict !== "not_checked").map(({ name }) => name);
  const failed = checks.filter((one) => one.verdict === "fail").map(({ name }) => name);
  const names = [...new Set([...checked, ...made])];
  const findings = [...(safety?.findings ?? []), ...(finding === undefined ? [] : [finding])];
  const missing = configured.filter(({ name }) => !names.includes(name)).map(({ name }) => name);
  return {
    checked: names.slice(0, 64),
    safety: {
      verdict: first(["fail", "inconclusive", "pass", "not_checked"], [safety?.verdict ?? "not_checked", verdict]),
      failed: [...new Set([...(safety?.failed ?? []), ...failed])].slice(0, 32),
      missing,
      demands: first(["rollback", "review", "none"], [safety?.demands ?? "none", demands]),
      ...(findings.length === 0 ? {} : { findings: findings.slice(-MAX_FINDINGS_SHOWN) }),
    },
  };
}

/** The first of `order` that is among `found`, which holds nothing else. */
function first<const T>(order: readonly T[], found: readonly T[]): T {
  return order.find((one) => found.includes(one)) ?? order.at(-1)!; // callers give a word at least
}

function requested(
  event: Extract<ActionEvent, { type: "action.requested" }>,
  index: number,
  leaf: string,
): ActionRecord {
  const { request, pointers, initiator } = event;
  return {
    action_id: event.action_id,
    run_id: event.run_id,
    agent: initiator.agent,
    on_behalf_of: initiator.on_behalf_of ?? null,
    phase: "requested",
    action: event.action,
    topic: request.topic,
    request_event: event.event_id,
    request_leaf: leaf,
    args: pointers.args ?? null,
    args_commit: event.commit?.["/action/args"] ?? "",
    context: pointers.context,
    cost_cents: request.cost_cents ?? 0,
    args_bytes: request.args_bytes,
    max_attempts: request.max_attempts ?? 1,
    attempt_timeout_ms: request.attempt_timeout_ms ?? ATTEMPT_TIMEOUT_MS,
    labels: event.labels ?? {},
    refs: event.refs ?? {},
    policy: null,
    decision: null,
    approval: null,
    approval_end: null,
    approval_expires: null,
    job_id: null,
    permit: null,
    checks: request.checks ?? [],
    checked: [],
    safety: null,
    obligations: null,
    attempts: 0,
    deadline: null,
    last_event: event.event_id,
    events: [index],
  };
}

/** What every dispatch event carries, from what is known of the action. */
export function dispatchBlocks(
  record: ActionRecord,
  dispatch: Omit<DispatchSummary, "topic" | "job_id" | "max_attempts"> & { readonly job_id?: string },
  pointers: Partial<Pick<PointerBlock, "result" | "artifacts">> = {},
): {
  run_id: string;
  action_id: string;
  cause: string;
  policy: PolicySummary;
  approval: ApprovalSummary;
  dispatch: DispatchSummary;
  pointers: PointerBlock;
} {
  const { policy, job_id: known } = record;
  const jobId = dispatch.job_id ?? known;
  assert(policy !== null, "an action is dispatched after its decision");
  assert(jobId !== null, "a dispatch has a job");
  return {
    run_id: record.run_id,
    action_id: record.action_id,
    cause: record.last_event,
    policy,
    approval: record.approval ?? { required: false },
    dispatch: { ...dispatch, topic: record.topic, job_id: jobId, max_attempts: record.max_attempts },
    pointers: {
      // The context stands in action.requested; here the arguments are what matters.
      context: [...record.context],
      ...(record.args === null ? {} : { args: record.args }),
      result: pointers.result ?? null,
      artifacts: pointers.artifacts ?? [],
    },
  };
}

/** What to say of an action that has ended. */
export function overRefusal(record: ActionRecord): CountersignError {
  switch (record.phase) {
    case "denied":
      return new CountersignError("action-denied", { detail: `${record.policy?.reason}.` });
    case "rejected":
      return new CountersignError("approval-rejected");
    case "expired":
      return new CountersignError("approval-expired");
    case "voided":
      return new CountersignError("approval-voided", { detail: `${record.approval_end?.reason}.` });
    case "cancelled":
      return new CountersignError("step-not-allowed", { detail: "The action was cancelled." });
    default:
      return new CountersignError(record.approval?.approval_id === undefined ? "permit-spent" : "approval-consumed");
  }
}
