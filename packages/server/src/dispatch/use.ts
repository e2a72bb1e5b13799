/**
 * The use of a decision: the one place where a permit is made. What must hold is asked on the state at the head, in the
 * command that appends; the policy's answer on fresh facts is brought in from outside.
 */
import { type ControlState, keyLiveAt } from "@countersign/evidence/control";
import { CountersignError, type ErrorCode } from "@countersign/evidence/errors";
import type { ActorBlock } from "@countersign/evidence/event";
import type { Id } from "@countersign/evidence/ids";
import { peopleFault } from "@countersign/evidence/quorum";
import {
  type ActionState,
  openActionOf,
  phaseOf,
  type RunState,
  requirementsOf,
  separationOf,
} from "@countersign/evidence/run";
import type { Transaction } from "../ledger/command.ts";
import {
  type ActionRecord,
  actionBook,
  actionIn,
  dispatchBlocks,
  executeWithinMs,
  GATE,
  overRefusal,
  putActionDue,
} from "./actions.ts";
import { appendCancelled } from "./cancel.ts";
import { appendDecision, type DecidedRequest, type KeptJudgement, mayStart } from "./decision.ts";
import type { DispatchParts } from "./faces.ts";
import { refuseWithoutAnswer } from "./gate.ts";
import { carryStanding, type Drift } from "./standing.ts";

/** Why a decision was not used. What was appended to say so stands in the log; nothing was started. */
export type Refused = { readonly code: ErrorCode; readonly detail?: string };

/** What a use is asked for with. */
export type Use = {
  readonly executor: string;
  readonly judged: KeptJudgement;
  readonly request: DecidedRequest["args"];
  /** Who starts it, where that is not the caller. */
  readonly actor?: ActorBlock;
  readonly drift: Drift | undefined;
};

/**
 * Uses the action's decision or says why not; a decision or approval that has lost its force ends here, by an event.
 *
 * @throws CountersignError when nothing is to be recorded: it was used before, is still waiting, or has ended
 */
export function useDecision(
  parts: DispatchParts,
  tx: Transaction,
  record: ActionRecord,
  use: Use,
): Refused | undefined {
  const run = tx.run(record.run_id as Id<"run">); // the record's column is an id of this form
  const one = run && openActionOf(run, record.action_id);
  if (run === undefined || one === undefined) throw overRefusal(record);
  refuseUnusable(one, phaseOf(run, record.action_id));
  const granted = one.approval?.granted;
  // The row names another approval than the run has: nothing is read on its word.
  if (granted !== undefined && record.approval?.approval_id !== one.approval?.id) {
    throw new CountersignError("approval-not-found");
  }
  const refused =
    granted === undefined ? useAllowed(parts, tx, record, one, use) : useGranted(parts, tx, record, { run, one }, use);
  if (refused !== undefined) return refused;
  // The decision may have been made anew.
  appendUse(parts, tx, actionIn(tx, record.action_id) ?? record, use.executor, use.actor);
  return undefined;
}

/** Appends the use: [approval.consumed], dispatch.permitted, dispatch.started{attempt 1}. The caller has checked it. */
export function appendUse(
  { approvals }: DispatchParts,
  tx: Transaction,
  record: ActionRecord,
  executor: string,
  actor?: ActorBlock,
): void {
  const permitId = tx.newId("prm");
  const jobId = record.job_id ?? tx.newId("job");
  const run = tx.run(record.run_id as Id<"run">); // as above
  const one = run && openActionOf(run, record.action_id);
  if (one?.request === undefined || one.decision === undefined) throw overRefusal(record);
  if (record.approval?.approval_id !== undefined)
    approvals.consume(tx, record.approval.approval_id, { permitId, jobId });
  const now = actionIn(tx, record.action_id) ?? record;
  const permitted = tx.append("dispatch.permitted", {
    ...dispatchBlocks(now, { job_id: jobId, status: "PERMITTED", attempt: 0 }),
    actor: GATE,
    permit: {
      permit_id: permitId,
      executor,
      args_commit: one.request.argsCommit,
      action_digest: one.request.actionDigest,
      not_after: new Date(tx.nowMs + executeWithinMs(record)).toISOString(),
      obligations: [...one.decision.obligations],
      kid: permitKeyId(tx.control, tx.size),
    },
  });
  actionBook.note(tx, permitted);
  appendStarted(tx, record.action_id, 1, actor);
}

/** Appends dispatch.started for the next attempt of a permit. */
export function appendStarted(tx: Transaction, actionId: string, attempt: number, actor?: ActorBlock): void {
  const record = actionIn(tx, actionId);
  if (record?.permit == null) throw new CountersignError("not-found");
  const deadline = new Date(tx.nowMs + record.attempt_timeout_ms).toISOString();
  const started = tx.append("dispatch.started", {
    ...dispatchBlocks(record, { status: "STARTED", attempt }),
    ...(actor === undefined ? {} : { actor }),
    started: {
      permit_id: record.permit.permit_id,
      executor: record.permit.executor,
      deadline,
      args_commit: record.args_commit,
    },
  });
  actionBook.note(tx, started);
  putActionDue(tx, record, deadline);
}

/** An ALLOW: good for a minute and one use, under the policy in force and on the facts there are now. */
function useAllowed(
  parts: DispatchParts,
  tx: Transaction,
  record: ActionRecord,
  one: ActionState,
  { judged, request }: Use,
): Refused | undefined {
  const { decision } = one;
  if (decision === undefined || tx.ts > decision.validUntil) {
    appendCancelled(tx, record, "DECISION_EXPIRED");
    return { code: "decision-expired" };
  }
  const { result, policy } = judged;
  const same = policy?.digest === decision.policyDigest && policy.revision === decision.policySnapshot;
  if (same && result.decision === "ALLOW") return undefined;
  // Observed then and now: there is still no policy, and nothing else denies.
  if (!decision.enforced && !judged.enforced) return undefined;
  refuseWithoutAnswer(result);
  // Decided anew: the old ALLOW is gone whatever comes of it.
  appendDecision(parts, tx, record, judged, {
    actionDigest: one.request?.actionDigest ?? "",
    argsCommit: record.args_commit,
    toolContract: one.request?.toolContract ?? null,
    args: request,
  });
  if (mayStart(judged)) return undefined;
  if (result.decision === "REQUIRE_APPROVAL") return { code: "approval-pending", detail: "It was decided anew." };
  return result.matched_rule === "core:frozen" ? { code: "frozen" } : { code: "action-denied", detail: result.reason };
}

/** A granted approval: the same policy, the same gate on fresh facts, and people who would be entitled now. */
function useGranted(
  parts: DispatchParts,
  tx: Transaction,
  record: ActionRecord,
  { run, one }: { readonly run: RunState; readonly one: ActionState },
  { judged, request, drift }: Use,
): Refused | undefined {
  const { approvals } = parts;
  const { approval, decision } = one;
  if (approval?.granted === undefined || decision === undefined) return { code: "approval-pending" };
  const { granted } = approval;
  const voided = (reason: string): Refused => {
    approvals.end(tx, approval.id, "voided", reason);
    return { code: "approval-voided", detail: `${reason}.` };
  };
  if (tx.ts > granted.usableUntil) {
    approvals.end(tx, approval.id, "expired", "APPROVAL_EXPIRED");
    return { code: "approval-expired" };
  }
  const lost = carryStanding(parts, tx, record, { run, one, judged, args: request, drift });
  if (lost !== undefined) return lost;
  // A vote made with a key that was in other hands by then counts for nothing, whoever it names.
  const reason = approvals.voidReason(tx, approval.id);
  if (reason === "KEY_COMPROMISED") return voided("KEY_COMPROMISED");
  // It was lifted since, or the gate had said so: what it voided stays void.
  if (reason === "FROZEN") return voided("FROZEN");
  if (granted.separation === "breakglass") return undefined;
  const separation = separationOf(run, one, tx.control);
  const fault = peopleFault(requirementsOf(one, tx.ts), granted.people, tx.control, separation, granted.separation);
  return fault === undefined ? undefined : voided("APPROVER_NO_LONGER_ELIGIBLE");
}

/** @throws CountersignError why the action cannot be used now, where that needs no event */
function refuseUnusable(one: ActionState, phase: ReturnType<typeof phaseOf>): void {
  const { approval, permit } = one;
  if (permit !== undefined) {
    if (approval !== undefined) throw new CountersignError("approval-consumed");
    throw new CountersignError("permit-spent", {
      detail: "The decision has been used; further attempts go by the permit.",
    });
  }
  if (phase === "waiting") throw new CountersignError("approval-pending");
  if (phase !== "allowed" && phase !== "granted") {
    throw new CountersignError("step-not-allowed", { detail: `The action is ${phase ?? "unknown"}.` });
  }
}

/** The permit key in force for the entry after `size`. @throws CountersignError core:signer-unavailable without one */
function permitKeyId(control: ControlState, size: number): string {
  const live = Object.values(control.keys).findLast((key) => key.purpose === "permit" && keyLiveAt(key, size + 1));
  if (live === undefined) throw new CountersignError("core:signer-unavailable", { detail: "There is no permit key." });
  return live.kid;
}
