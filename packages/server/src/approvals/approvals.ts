/**
 * The record of an approval: what the server answers about it, made from its events alone. What may happen to it is
 * decided on the run's state, not on this.
 */
import { parseApprovalRequest } from "@countersign/evidence/approval";
import { assert } from "@countersign/evidence/errors";
import type {
  ActionBlock,
  ActionEvent,
  ApprovalRequirement,
  ApprovalSummary,
  Event,
  EventOf,
  Kind,
  PolicySummary,
} from "@countersign/evidence/event";
import type { RunId } from "@countersign/evidence/ids";
import type { ApprovalStatusView } from "@countersign/evidence/wire";
import { type Need, need, type Placed, type Reader, type Transaction } from "../ledger/command.ts";
import { table } from "../ledger/table.ts";

/** One row an approval. `record` is an {@link ApprovalRecord}; the other columns are what is looked for. */
export const approvals = table("approvals", {
  key: { approval_id: "id:apr" },
  columns: { state: "text", policy_digest: "hash", record: "json" },
  indexes: { by_state: ["state"], by_policy: ["state", "policy_digest"] },
});

/** A permit an approval was used for: it works once, and a second row of the same key cannot be. */
export const approvalUses = table("approval_uses", {
  key: { approval_id: "id:apr" },
  columns: { permit_id: "id:prm" },
});

export type ApprovalState = ApprovalStatusView["state"];

export type RecordedVote = {
  readonly person: string;
  readonly answer: EventOf<"approval.voted">["vote"]["answer"];
  readonly reason_code: string;
  readonly at: string;
  readonly event_id: string;
  /** The key it was signed with. */
  readonly kid: string;
};

export type ApprovalRecord = {
  readonly approval_id: string;
  readonly run_id: string;
  readonly action_id: string;
  readonly state: ApprovalState;
  readonly agent: string;
  readonly on_behalf_of: string | null;
  readonly action: ActionBlock;
  readonly requirements: readonly ApprovalRequirement[];
  readonly requested_at: string;
  readonly expires_at: string;
  readonly request_text: string;
  readonly request_digest: string;
  /** `sha256:` of the text people are shown. */
  readonly rendering: string;
  /** The blocks later events carry. */
  readonly policy: PolicySummary;
  readonly approval: ApprovalSummary;
  readonly votes: readonly RecordedVote[];
  /** How two people let it go ahead in an incident; null when they did not. */
  readonly breakglass: {
    readonly people: readonly string[];
    readonly incident: string;
    readonly expires_at: string;
    readonly review_due: string;
  } | null;
  /** The policy it holds under: the decision's, or the newest that was found to ask the same. */
  readonly holds_under: string;
  /** Keys break-glass was signed with. */
  readonly glass_kids: readonly { readonly kid: string; readonly at: string }[];
  /** The request it replaced, and the one that replaced it. */
  readonly replaces: string | null;
  readonly superseded_by: string | null;
  readonly last_event: string;
};

/** States in which it may still be voted on or used. */
export const OPEN_STATES = ["REQUESTED", "GRANTED"] as const satisfies readonly ApprovalState[];

export function needsOfApproval(approvalId: string): Need[] {
  return [need(approvals, { approval_id: approvalId }), need(approvalUses, { approval_id: approvalId })];
}

/** The record as the transaction has it, or undefined. */
export function approvalIn(tx: Transaction, approvalId: string): ApprovalRecord | undefined {
  return recordOf(tx.row(approvals, { approval_id: approvalId }));
}

/** The record as committed, or undefined. */
export function approvalOf(reader: Reader, approvalId: string): ApprovalRecord | undefined {
  return recordOf(reader.row(approvals, { approval_id: approvalId }));
}

export function recordOf(row: { readonly record: unknown } | undefined): ApprovalRecord | undefined {
  return row?.record as ApprovalRecord | undefined; // only note() below puts rows, and what it puts is one
}

export function runIdOf(record: Pick<ApprovalRecord, "run_id">): RunId {
  return record.run_id as RunId; // from an event's run_id, whose pattern it has
}

/** Keeps the record after an approval.* event of this transaction. */
export function noteApproval<K extends Kind>(tx: Transaction, placed: Placed<K>): void {
  const event = placed.event as Event; // K is one of its kinds
  assert("approval" in event && isOfApproval(event.type), "only events of an approval are noted");
  const id = event.approval.approval_id;
  assert(id !== undefined, "an approval's events name it");
  const before = event.type === "approval.requested" ? undefined : approvalIn(tx, id);
  const record = stepApproval(before, event);
  tx.put(approvals, {
    approval_id: id,
    state: record.state,
    policy_digest: record.holds_under,
    record,
  });
}

export function isOfApproval(type: Event["type"]): boolean {
  return type.startsWith("approval.") || type === "breakglass.used";
}

/** The record after one event. Pure: the same events give the same record. */
export function stepApproval(before: ApprovalRecord | undefined, event: ActionEvent): ApprovalRecord {
  if (event.type === "approval.requested") return requested(event);
  assert(before !== undefined, "an approval begins with its request");
  const record = { ...before, last_event: event.event_id };
  switch (event.type) {
    case "approval.voted": {
      const { person, answer, reason_code, kid } = event.vote;
      const vote = { person, answer, reason_code, at: event.ts, event_id: event.event_id, kid };
      return { ...record, votes: [...record.votes, vote] };
    }
    case "approval.granted":
      return { ...record, state: "GRANTED", approval: event.approval };
    case "approval.consumed":
    case "approval.rejected":
    case "approval.expired":
    case "approval.revoked":
    case "approval.cancelled":
    case "approval.voided":
      // The state is the event's own name.
      return { ...record, state: event.type.slice("approval.".length).toUpperCase() as ApprovalState };
    case "breakglass.used": {
      const { people, incident, expires_at, review_due, signatures = [] } = event.breakglass;
      return {
        ...record,
        state: "GRANTED",
        approval: event.approval,
        expires_at,
        breakglass: { people, incident, expires_at, review_due },
        glass_kids: signatures.map(({ kid }) => ({ kid, at: event.ts })),
      };
    }
    case "approval.revalidated":
      return { ...record, holds_under: event.revalidated.policy.digest };
    case "approval.superseded":
      return { ...record, state: "SUPERSEDED", superseded_by: event.superseded.by };
    default:
      return record;
  }
}

function requested(event: EventOf<"approval.requested">): ApprovalRecord {
  const { approval_request: said, approval, policy } = event;
  const request = parseApprovalRequest(said.text);
  assert(request !== undefined, "the ledger refuses a request whose text is not one");
  return {
    approval_id: request.approval_id,
    run_id: event.run_id,
    action_id: event.action_id,
    state: "REQUESTED",
    agent: request.requested_by,
    on_behalf_of: request.on_behalf_of,
    action: event.action,
    requirements: request.requirements,
    requested_at: request.requested_at,
    expires_at: said.expires_at,
    request_text: said.text,
    request_digest: said.digest,
    rendering: said.rendering,
    policy,
    approval,
    votes: [],
    breakglass: null,
    glass_kids: [],
    holds_under: policy.policy_digest,
    replaces: said.replaces ?? null,
    superseded_by: null,
    last_event: event.event_id,
  };
}
