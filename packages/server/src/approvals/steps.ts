/**
 * The steps of an approval that others take: opened by a decision, used by a start, ended by time, policy or the agent.
 * Each is one event, in the command of whoever takes it.
 */
import { formatApprovalRequest, parseApprovalRequest, textDigest } from "@countersign/evidence/approval";
import { formatBase64Url } from "@countersign/evidence/base64";
import { parseDuration } from "@countersign/evidence/duration";
import { assert, CountersignError } from "@countersign/evidence/errors";
import type { ActorBlock, EventOf, Kind } from "@countersign/evidence/event";
import type { ApprovalId } from "@countersign/evidence/ids";
import { placesOf } from "@countersign/evidence/quorum";
import { renderApproval } from "@countersign/evidence/rendering";
import type { Need, Placed, Transaction } from "../ledger/command.ts";
import { putDue, removeDue } from "../ledger/due.ts";
import { type ApprovalRecord, approvalIn, approvalUses, needsOfApproval, noteApproval } from "./approvals.ts";
import type { ActionBook } from "./faces.ts";
import { type VoidReason, voidReasonIn } from "./void-reason.ts";

/** Who opens, uses and concludes. */
export const GATE: ActorBlock = { type: "system", id: "gate" };
/** The chore that ends an approval nobody answered or used in time: see expiry.ts. */
export const EXPIRE = "approvals.expire";

/** The input of {@link EXPIRE}. */
export type DueApproval = { readonly approvalId: string; readonly actionId: string; readonly runId: string };

export type ApprovalOrder = {
  readonly decision: EventOf<"policy.decided">;
  /** Leaf hash, hex, of action.requested. */
  readonly requestLeaf: string;
  readonly argsCommit: string;
  /** The exact argument bytes and the salt of their commitment, base64url: what people are shown. */
  readonly args: { readonly bytes: Uint8Array; readonly salt: string };
  readonly executeWithinMs: number;
  readonly maxAttempts: number;
  /** The request it takes the place of, and the id that supersede() gave for this one. */
  readonly replacing?: Replacing;
};

export type Replacing = { readonly old: string; readonly by: ApprovalId };

/** What shows that another policy asks the same: its answer's gate, and what it was asked with. */
export type Revalidation = {
  readonly revalidated: EventOf<"approval.revalidated">["revalidated"];
  readonly commit?: Record<string, string>;
};

/** What whoever tells people hears of a new request; other people may answer it after `escalatesAfterMs`. */
export type Announcement = {
  readonly approvalId: string;
  readonly expiresAt: string;
  readonly escalatesAfterMs: readonly number[];
};

export type ApprovalSteps = {
  needs(approvalId: string): readonly Need[];
  /** Tells people at once that the glass was broken. */
  alarm(tx: Transaction, approvalId: string): void;
  open(tx: Transaction, order: ApprovalOrder): ApprovalId;
  /** Ends an approval in favour of a new request, which the same command decides anew and opens. No vote carries. */
  supersede(tx: Transaction, approvalId: string, reason: string): Replacing;
  /**
   * Says that an open approval holds under the policy now in force as well. The caller has proved it.
   *
   * @returns the event's id
   */
  revalidate(tx: Transaction, approvalId: string, proof: Revalidation): string;
  /** Uses a granted approval. Whether it may be used, the caller has asked. @throws CountersignError approval-consumed */
  consume(tx: Transaction, approvalId: string, permit: { permitId: string; jobId: string }): void;
  /** Why an open approval no longer binds; undefined while it does. */
  voidReason(tx: Transaction, approvalId: string): VoidReason | undefined;
  /** Ends one that was not used. `expired` needs no reason; `cancelled` and `revoked` are the submitter's word. */
  end(tx: Transaction, approvalId: string, how: "expired" | "voided" | "cancelled" | "revoked", reason: string): void;
};

/**
 * @param announce told of every new request, in the command that opens it
 * @param alarm told of every use of break-glass, in the command that records it
 */
export function approvalSteps(
  actions: ActionBook,
  announce: (tx: Transaction, about: Announcement) => void = () => {},
  alarm: (tx: Transaction, approvalId: string) => void = () => {},
): ApprovalSteps {
  const noted = <K extends Kind>(tx: Transaction, placed: Placed<K>) => {
    noteApproval(tx, placed);
    actions.note(tx, placed);
  };

  return {
    needs: needsOfApproval,
    alarm,

    open(tx, order) {
      const { decision } = order;
      const approvalId = order.replacing?.by ?? tx.newId("apr");
      const text = requestText(tx, approvalId, order);
      const request = parseApprovalRequest(text);
      assert(request !== undefined, "what we write is a request");
      const { valid_until: expiresAt } = decision.decided;
      const placed = tx.append("approval.requested", {
        run_id: decision.run_id,
        action_id: decision.action_id,
        actor: GATE,
        cause: decision.event_id,
        policy: { ...decision.policy, decision_event: decision.event_id },
        approval: { required: true, approval_id: approvalId, quorum: placesOf(decision.decided.requirements) },
        approval_request: {
          text,
          digest: textDigest(text),
          rendering: textDigest(renderApproval(request, order.args)),
          expires_at: expiresAt,
          ...(order.replacing === undefined ? {} : { replaces: order.replacing.old }),
        },
      });
      noted(tx, placed);
      const about: DueApproval = { approvalId, actionId: decision.action_id, runId: decision.run_id };
      putDue(tx, EXPIRE, approvalId, Date.parse(expiresAt) + 1, about);
      const escalatesAfterMs = decision.decided.requirements.flatMap(
        ({ escalation }) => (escalation && parseDuration(escalation.after)) ?? [],
      );
      announce(tx, { approvalId, expiresAt, escalatesAfterMs });
      return approvalId;
    },

    supersede(tx, approvalId, reason) {
      const by = tx.newId("apr");
      noted(
        tx,
        tx.append("approval.superseded", {
          ...blocksOf(recordIn(tx, approvalId)),
          event_id: derivedId(tx, approvalId, "superseded"),
          actor: GATE,
          source: "derived",
          superseded: { by },
          reason: { code: reason },
        }),
      );
      removeDue(tx, EXPIRE, approvalId);
      return { old: approvalId, by };
    },

    revalidate(tx, approvalId, proof) {
      const placed = tx.append("approval.revalidated", {
        ...blocksOf(recordIn(tx, approvalId)),
        actor: GATE,
        ...proof,
      });
      noted(tx, placed);
      return placed.event.event_id;
    },

    consume(tx, approvalId, { permitId, jobId }) {
      const record = recordIn(tx, approvalId);
      if (tx.row(approvalUses, { approval_id: approvalId }) !== undefined)
        throw new CountersignError("approval-consumed");
      tx.put(approvalUses, { approval_id: approvalId, permit_id: permitId });
      noted(
        tx,
        tx.append("approval.consumed", {
          ...blocksOf(record),
          actor: GATE,
          consumed: { permit_id: permitId, job_id: jobId },
        }),
      );
      removeDue(tx, EXPIRE, approvalId);
    },

    voidReason: (tx, approvalId) => voidReasonIn(tx, recordIn(tx, approvalId)),

    end(tx, approvalId, how, reason) {
      const record = recordIn(tx, approvalId);
      const blocks = blocksOf(record);
      const derived = {
        event_id: derivedId(tx, approvalId, how),
        actor: GATE,
        source: "derived" as const,
      };
      if (how === "expired") {
        const expired = { expires_at: record.expires_at };
        noted(tx, tx.append("approval.expired", { ...blocks, ...derived, expired }));
      } else if (how === "voided") {
        noted(tx, tx.append("approval.voided", { ...blocks, ...derived, reason: { code: reason } }));
      } else {
        noted(tx, tx.append(`approval.${how}`, { ...blocks, reason: { code: reason } }));
      }
      removeDue(tx, EXPIRE, approvalId);
    },
  };
}

/** What every later event of the approval carries. */
export function blocksOf(record: ApprovalRecord) {
  const { run_id, action_id, policy, approval, last_event: cause } = record;
  return { run_id, action_id, policy, approval, cause };
}

/** Two nodes that conclude it derive the same id from the event it follows. */
function derivedId(
  tx: Transaction,
  approvalId: string,
  how: "expired" | "voided" | "cancelled" | "revoked" | "superseded",
) {
  return tx.derivedId(recordIn(tx, approvalId).last_event, `approval.${how}`);
}

function recordIn(tx: Transaction, approvalId: string): ApprovalRecord {
  const record = approvalIn(tx, approvalId);
  if (record === undefined) throw new CountersignError("approval-not-found");
  return record;
}

function requestText(tx: Transaction, approvalId: string, order: ApprovalOrder): string {
  const { decision, requestLeaf, argsCommit, executeWithinMs, maxAttempts } = order;
  const { decided, policy, initiator } = decision;
  assert(decided.gate_digest !== undefined, "a decision that asks for approval has a gate");
  return formatApprovalRequest({
    log: tx.log,
    tenant: tx.tenant,
    approval_id: approvalId,
    run_id: decision.run_id,
    action_id: decision.action_id,
    decision_id: decided.decision_id,
    request_leaf: requestLeaf,
    action: decision.action,
    action_digest: decided.action_digest,
    args_commit: argsCommit,
    tool_contract: decided.tool_contract ?? null,
    matched_rules: decided.matched_rules,
    rule_digests: decided.rule_digests,
    requirements: decided.requirements,
    gate_digest: decided.gate_digest,
    policy_digest: policy.policy_digest,
    policy_snapshot: policy.policy_snapshot,
    requested_by: initiator.agent,
    on_behalf_of: initiator.on_behalf_of ?? null,
    initiator,
    nonce: formatBase64Url(tx.random16()),
    requested_at: decision.ts,
    expires_at: decided.valid_until,
    execute_within_ms: executeWithinMs,
    max_attempts: maxAttempts,
    obligations: decided.obligations,
  });
}
