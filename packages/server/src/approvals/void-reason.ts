/** Why an open approval no longer binds, whatever its votes: asked at every vote, at the use, and by the sweeper. */
import { activePolicyOf, type ControlState, freezesOver } from "@countersign/evidence/control";
import { isVoteKeyCompromised } from "@countersign/evidence/vote-signature";
import type { ApprovalRecord } from "./approvals.ts";

export type VoidReason = "POLICY_CHANGED" | "FROZEN" | "KEY_COMPROMISED";

/** The first reason there is; undefined while it binds. */
export function voidReason(control: ControlState, record: ApprovalRecord): VoidReason | undefined {
  if (activePolicyOf(control)?.digest !== record.holds_under) return "POLICY_CHANGED";
  if (hasCompromisedVote(control, record)) return "KEY_COMPROMISED";
  const { capability, target } = record.action;
  return freezesOver(control, { agent: record.agent, capability, target }).length > 0 ? "FROZEN" : undefined;
}

/** Whether a vote on it was made with a key that was in other hands by then, as is known now. */
export function hasCompromisedVote(
  control: ControlState,
  { votes, glass_kids: glass }: Pick<ApprovalRecord, "votes" | "glass_kids">,
): boolean {
  return [...votes, ...glass].some(({ kid, at }) => isVoteKeyCompromised(kid, at, control));
}
