/**
 * Taking an approval back before it is used. Stopping takes less than allowing: whoever voted on it or may vote on it now
 * can, and so can an admin. What was used cannot be taken back: its permit can only run out or be frozen.
 */
import { CountersignError, type ErrorCode } from "@countersign/evidence/errors";
import { voterFault } from "@countersign/evidence/quorum";
import { openActionOf, requirementsOf, separationOf } from "@countersign/evidence/run";
import type { Command, Reader, Submission, Transaction } from "../ledger/command.ts";
import { type ApprovalRecord, approvalIn, approvalOf, OPEN_STATES, runIdOf } from "./approvals.ts";
import type { ActionBook, ApprovalParts } from "./faces.ts";
import type { ApprovalSteps } from "./steps.ts";

/** The reason recorded when nobody gives one. */
export const REVOKED = "APPROVAL_REVOKED";

type Input = {
  readonly approvalId: string;
  readonly actionId: string;
  readonly run: ReturnType<typeof runIdOf>;
  /** The person who takes it back as an approver; undefined for an admin. */
  readonly approver: string | undefined;
  readonly reason: string;
};
/** Kept with the idempotency key: an approval that had expired is recorded as expired, and that is not undone. */
type Answer = { readonly refused: ErrorCode | null };

export type Revocation = {
  readonly tenant: string;
  readonly approvalId: string;
  readonly approver: string | undefined;
  readonly reason: string;
  readonly submission: Submission;
};

/**
 * Revokes one that waits or was granted.
 *
 * @returns who does it, by a revocation
 * @throws CountersignError approval-not-found, approval-not-open, approval-expired, approval-consumed, approver-not-eligible
 */
export function openRevocation(
  { ledger, actions }: Pick<ApprovalParts, "ledger" | "actions">,
  steps: ApprovalSteps,
): (revocation: Revocation) => Promise<void> {
  const command = revokeCommand(steps, actions);
  return async ({ tenant, approvalId, approver, reason, submission }) => {
    const reader: Reader | undefined = ledger.reader(tenant);
    const record = reader && approvalOf(reader, approvalId);
    if (record === undefined) throw new CountersignError("approval-not-found");
    const input = { approvalId, actionId: record.action_id, run: runIdOf(record), approver, reason };
    const { answer } = await ledger.submit(command, input, submission);
    if (answer.refused !== null) throw new CountersignError(answer.refused);
  };
}

function revokeCommand(steps: ApprovalSteps, actions: ActionBook): Command<Input, Answer> {
  return {
    name: "approvals.revoke",
    needs: ({ approvalId, actionId, run }) => ({
      runs: [run],
      rows: [...steps.needs(approvalId), ...actions.needs(actionId)],
    }),
    run(tx, { approvalId, approver, reason }) {
      const record = approvalIn(tx, approvalId);
      if (record === undefined) throw new CountersignError("approval-not-found");
      if (record.state === "CONSUMED") throw new CountersignError("approval-consumed");
      if (!OPEN_STATES.some((open) => open === record.state)) {
        throw new CountersignError("approval-not-open", { detail: `It is ${record.state}.` });
      }
      if (approver !== undefined) refuseStranger(tx, record, approver);
      if (tx.ts > record.expires_at) {
        steps.end(tx, approvalId, "expired", "APPROVAL_EXPIRED");
        return { refused: "approval-expired" };
      }
      steps.end(tx, approvalId, "revoked", reason);
      return { refused: null };
    },
  };
}

/** @throws CountersignError approver-not-eligible when the person has no part in it */
function refuseStranger(tx: Transaction, record: ApprovalRecord, person: string): void {
  if (record.votes.some((vote) => vote.person === person)) return;
  const run = tx.run(runIdOf(record));
  const one = run && openActionOf(run, record.action_id);
  if (run === undefined || one === undefined) throw new CountersignError("approval-not-open");
  const fault = voterFault(requirementsOf(one, tx.ts), person, tx.control, separationOf(run, one, tx.control));
  if (fault !== undefined) throw new CountersignError("approver-not-eligible", { detail: `${fault.detail}.` });
}
