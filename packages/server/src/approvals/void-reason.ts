/** Why an open approval no longer binds, whatever its votes: asked at every vote, at the use, and by the sweeper. */
import { activePolicyOf, type ControlState, freezeSince, freezesOver } from "@countersign/evidence/control";
import type { Id } from "@countersign/evidence/ids";
import { openActionOf } from "@countersign/evidence/run";
import { isVoteKeyCompromised } from "@countersign/evidence/vote-signature";
import type { Transaction } from "../ledger/command.ts";
import type { ApprovalRecord } from "./approvals.ts";

export type VoidReason = "POLICY_CHANGED" | "FROZEN" | "KEY_COMPROMISED";

/** The first reason there is; undefined while it binds. */
export function voidReason(control: ControlState, record: ApprovalRecord): VoidReason | undefined {
  if (activePolicyOf(control)?.digest !== record.holds_under) return "POLICY_CHANGED";
  if (hasCompromisedVote(control, record)) return "KEY_COMPROMISED";
  const { capability, target } = record.action;
  return freezesOver(control, { agent: record.agent, capability, target }).length > 0 ? "FROZEN" : undefined;
}

/** As {@link voidReason}, and FROZEN too where a freeze lifted since covered it; the command must need its run. */
export function voidReasonIn(tx: Transaction, record: ApprovalRecord): VoidReason | undefined {
  const { agent, action } = record;
  const reason = voidReason(tx.control, record);
  if (reason !== undefined) return reason;
  const run = tx.run(record.run_id as Id<"run">); // the record's column is an id of this form
  const asked = run && openActionOf(run, record.action_id)?.approval;
  const isFrozen = asked !== undefined && freezeSince(tx.control, asked.index, { agent, ...action }) !== undefined;
  return isFrozen ? "FROZEN" : undefined;
}

/** Whether a vote on it was made with a key that was in other hands by then, as is known now. */
export function hasCompromisedVote(
  control: ControlState,
  { votes, glass_kids: glass }: Pick<ApprovalRecord, "votes" | "glass_kids">,
): boolean {
  return [...votes, ...glass].some(({ kid, at }) => isVoteKeyCompromised(kid, at, control));
}
