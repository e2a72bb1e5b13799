/** Approvals that end by themselves: nobody answered or used them in time, or the policy they hold under is gone. */
import { activePolicyOf } from "@countersign/evidence/control";
import { CountersignError, type ErrorCode } from "@countersign/evidence/errors";
import { formatId, type RunId } from "@countersign/evidence/ids";
import type { Command, Reader } from "../ledger/command.ts";
import { type Chore, dueChore, putDue, removeDue } from "../ledger/due.ts";
import { type ApprovalRecord, approvalIn, approvals, OPEN_STATES, recordOf } from "./approvals.ts";
import type { ActionBook, ApprovalParts } from "./faces.ts";
import { type ApprovalSteps, type DueApproval, EXPIRE } from "./steps.ts";
import { voidReason, voidReasonIn } from "./void-reason.ts";
import { dropDraft } from "./vote.ts";

type Done = { readonly done: string };

/** Ends an approval whose time is over; nothing when that has become moot. */
export function expireCommand(steps: ApprovalSteps, actions: ActionBook): Command<DueApproval, Done> {
  return {
    name: EXPIRE,
    needs: needsOf(steps, actions),
    run(tx, about) {
      const record = approvalIn(tx, about.approvalId);
      if (record === undefined || !isOpen(record.state)) {
        removeDue(tx, EXPIRE, about.approvalId);
        return { done: "nothing" };
      }
      if (tx.ts <= record.expires_at) {
        putDue(tx, EXPIRE, about.approvalId, Date.parse(record.expires_at) + 1, about);
        return { done: "not yet" };
      }
      steps.end(tx, about.approvalId, "expired", "APPROVAL_EXPIRED");
      return { done: "expired" };
    },
  };
}

/** Voids an open approval that holds under a policy no longer in force, that a freeze covers, or with a compromised vote. */
export function voidStaleCommand(steps: ApprovalSteps, actions: ActionBook): Command<DueApproval, Done> {
  return {
    name: "approvals.void-stale",
    needs: needsOf(steps, actions),
    run(tx, { approvalId }) {
      const record = approvalIn(tx, approvalId);
      const reason = record === undefined || !isOpen(record.state) ? undefined : voidReasonIn(tx, record);
      if (reason === undefined) return { done: "nothing" };
      steps.end(tx, approvalId, "voided", reason);
      return { done: "voided" };
    },
  };
}

export function approvalChores(parts: ApprovalParts, steps: ApprovalSteps): readonly Chore[] {
  const { ledger, actions } = parts;
  const voidStale = voidStaleCommand(steps, actions);
  return [
    dueChore(expireCommand(steps, actions)),
    dueChore(dropDraft),
    {
      name: "approvals.renew",
      find: findOfOtherPolicy,
      async work(tenant, input) {
        const about = input as DueApproval; // what find() gives
        await parts.renew(tenant, about.actionId).catch(async (cause: unknown) => {
          // What cannot be read cannot be asked about again: it ends.
          if (!(cause instanceof CountersignError) || !UNREADABLE.has(cause.code)) throw cause;
          await ledger.submit(voidStale, about, { tenant, actor: { type: "system", id: "sweeper" } });
        });
      },
    },
    // What find() gives is this command's input.
    { name: voidStale.name, find: findStopped, command: voidStale as Command<unknown, unknown> },
  ];
}

const UNREADABLE: ReadonlySet<ErrorCode> = new Set(["payload-erased", "payload-damaged", "payload-not-found"]);

/** Open approvals at most looked at one by one in a round: freezes and stolen keys are rare, and each start asks again. */
const LOOKED_AT_ONE_BY_ONE = 1024;

/** Open approvals under another policy than the one in force, found without looking at those under it. */
export function findOfOtherPolicy(reader: Reader, _nowMs: number, limit: number): readonly DueApproval[] {
  const active = activePolicyOf(reader.control)?.digest;
  const stale: DueApproval[] = [];
  for (const state of OPEN_STATES) {
    // The index orders by policy: everything before the one in force, then everything behind its last row.
    for (const after of [undefined, active === undefined ? undefined : behind(state, active)]) {
      const rows = reader.list(approvals, "by_policy", [state], { limit, ...(after === undefined ? {} : { after }) });
      for (const row of rows) {
        if (row.policy_digest === active) break;
        const record = recordOf(row);
        if (record === undefined || stale.some((one) => one.approvalId === record.approval_id)) continue;
        stale.push(dueOf(record));
      }
    }
  }
  return stale.slice(0, limit);
}

/** While a freeze is placed or a key is known to be compromised: open approvals under the policy in force it touches. */
export function findStopped(reader: Reader, _nowMs: number, limit: number): readonly DueApproval[] {
  const compromised = Object.values(reader.control.approverKeys).some(
    (key) => key.revoked?.compromisedSince !== undefined,
  );
  if (reader.control.freezes.length === 0 && !compromised) return [];
  const stopped: DueApproval[] = [];
  for (const state of OPEN_STATES) {
    for (const row of reader.list(approvals, "by_state", [state], { limit: LOOKED_AT_ONE_BY_ONE })) {
      const record = recordOf(row);
      const reason = record === undefined ? undefined : voidReason(reader.control, record);
      if (record !== undefined && reason !== undefined && reason !== "POLICY_CHANGED") stopped.push(dueOf(record));
    }
  }
  return stopped.slice(0, limit);
}

function dueOf({ approval_id, action_id, run_id }: ApprovalRecord): DueApproval {
  return { approvalId: approval_id, actionId: action_id, runId: run_id };
}

const LAST_ID = formatId("apr", new Uint8Array(16).fill(0xff));

/** A place in the index behind every row of this state and policy. */
function behind(state: string, digest: string) {
  return { approval_id: LAST_ID, state, policy_digest: digest, record: null };
}

function needsOf(steps: ApprovalSteps, actions: ActionBook): Command<DueApproval, Done>["needs"] {
  return ({ approvalId, actionId, runId }) => ({
    runs: [runId as RunId], // from a record, whose run_id is one
    rows: [...steps.needs(approvalId), ...actions.needs(actionId)],
  });
}

function isOpen(state: string): boolean {
  return OPEN_STATES.some((open) => open === state);
}
