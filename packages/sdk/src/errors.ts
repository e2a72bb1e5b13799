/** What an agent's code can catch. All are CountersignErrors with a stable code; none of them ever means "go ahead". */
import { CountersignError, type ErrorCode, errors } from "@countersign/evidence/errors";
import type { ActionStatusView } from "@countersign/evidence/wire";

/** The gate said no: policy, scope, ceiling, budget or freeze. `reason` and `remedy` are all the agent is told. */
export class ActionDenied extends CountersignError {
  readonly action: ActionStatusView;
  constructor(action: ActionStatusView) {
    super("action-denied", {
      detail: `${action.decision?.matched_rule ?? "core"}: ${action.decision?.reason ?? "DENIED"}.`,
    });
    this.name = "ActionDenied";
    this.action = action;
  }
  get reason(): string {
    return this.action.decision?.reason ?? "DENIED";
  }
  override get remedy(): string {
    return this.action.decision?.remedy ?? super.remedy;
  }
}

/** A person rejected the request. */
export class ApprovalRejected extends CountersignError {
  readonly action: ActionStatusView;
  constructor(action: ActionStatusView) {
    super("approval-rejected", { detail: `Reason: ${action.approval?.reason ?? "none given"}.` });
    this.name = "ApprovalRejected";
    this.action = action;
  }
}

/** Nobody answered in time, or the answer lapsed, was withdrawn or voided. Never an allow. */
export class ApprovalExpired extends CountersignError {
  readonly action: ActionStatusView;
  constructor(action: ActionStatusView, code: "approval-expired" | "approval-voided" = "approval-expired") {
    super(code, { detail: `Approval ${action.approval?.approval_id ?? ""} is ${action.phase}.` });
    this.name = "ApprovalExpired";
    this.action = action;
  }
}

/** Still waiting when the caller's own patience ended. Nothing ran; `cs.resume(actionId)` goes on from here. */
export class ApprovalPending extends CountersignError {
  readonly action: ActionStatusView;
  constructor(action: ActionStatusView) {
    super("approval-pending", {
      detail: `Approval ${action.approval?.approval_id ?? ""} of ${action.action_id} waits.`,
    });
    this.name = "ApprovalPending";
    this.action = action;
  }
}

/** The gate cannot be reached or cannot write. Fails closed: the action did not start. */
export class GateUnavailable extends CountersignError {
  constructor(cause: unknown, detail?: string) {
    super("gate-unavailable", { cause, ...(detail === undefined ? {} : { detail }) });
    this.name = "GateUnavailable";
  }
}

/** The permit or the argument bytes that came back do not fit what was asked for: nothing was executed. */
export class PermitRefused extends CountersignError {
  constructor(detail: string) {
    super("permit-invalid", { detail });
    this.name = "PermitRefused";
  }
}

/** All attempts of an action failed; the last cause is `cause`, and the action is dead-lettered in the timeline. */
export class AttemptsExhausted extends CountersignError {
  readonly action: ActionStatusView;
  constructor(action: ActionStatusView, cause: unknown) {
    super("permit-spent", { cause, detail: `${action.attempts} of ${action.max_attempts} attempts failed.` });
    this.name = "AttemptsExhausted";
    this.action = action;
  }
}

/** Turns a problem document into the refusal it stands for. */
export function errorOfProblem(status: number, body: unknown): CountersignError {
  const problem = typeof body === "object" && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
  const code = typeof problem.code === "string" && problem.code in errors ? (problem.code as ErrorCode) : "internal";
  return new CountersignError(code, {
    detail: typeof problem.detail === "string" ? problem.detail : `HTTP ${status}.`,
    ...(typeof problem.pointer === "string" ? { pointer: problem.pointer } : {}),
    members: problem,
  });
}
