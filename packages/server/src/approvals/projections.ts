/** What the tables of this module must hold, made anew from the entries, for fsck. */
import type { Event } from "@countersign/evidence/event";
import { type ExpectedRow, projection, type TableProjection } from "../ledger/projection.ts";
import { type ApprovalRecord, approvals, approvalUses, isOfApproval, stepApproval } from "./approvals.ts";

export const approvalProjections: readonly TableProjection[] = [
  projection(approvals, () => {
    const records = new Map<string, ApprovalRecord>();
    return {
      step(event: Event) {
        if (!("approval" in event) || !isOfApproval(event.type)) return;
        const id = event.approval.approval_id;
        const before = id === undefined ? undefined : records.get(id);
        // Entries that say more than one request, or none, are the lifecycle's to name; there is no row to expect.
        if (id === undefined || (before === undefined) !== (event.type === "approval.requested")) return;
        records.set(id, stepApproval(before, event));
      },
      *rows(): Iterable<ExpectedRow<typeof approvals>> {
        for (const record of records.values()) {
          const { approval_id, state, holds_under } = record;
          yield { approval_id, state, policy_digest: holds_under, record };
        }
      },
    };
  }),
  projection(approvalUses, () => {
    const rows: ExpectedRow<typeof approvalUses>[] = [];
    return {
      step(event: Event) {
        if (event.type !== "approval.consumed" || event.approval.approval_id === undefined) return;
        rows.push({ approval_id: event.approval.approval_id, permit_id: event.consumed.permit_id });
      },
      rows: () => rows,
    };
  }),
];
