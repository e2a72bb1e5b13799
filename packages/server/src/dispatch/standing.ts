/**
 * What a fresh answer of the gate means for an approval that waits or was granted: it holds, a new request takes its
 * place, or it is void. Asked before each use, and when the policy it holds under is replaced.
 */

import { assert } from "@countersign/evidence/errors";
import { driftReason } from "@countersign/evidence/policy-drift";
import type { ActionState, RunState } from "@countersign/evidence/run";
import type { Transaction } from "../ledger/command.ts";
import { type ActionRecord, actionIn } from "./actions.ts";
import { appendDecision, type DecidedRequest, type KeptJudgement } from "./decision.ts";
import type { DispatchParts, PolicyGate } from "./faces.ts";
import { type Judgement, refuseWithoutAnswer } from "./gate.ts";
import { commitMember, keepCommitted } from "./kept.ts";
import type { Refused } from "./use.ts";

export type Standing =
  | { readonly stands: "holds" }
  /** Another policy is in force, and asks the same people for the same thing. */
  | { readonly stands: "revalidated"; readonly policy: { readonly revision: string; readonly digest: string } }
  | { readonly stands: "superseded" | "void"; readonly reason: "POLICY_CHANGED" | "DECISION_CHANGED" | "FROZEN" };

/** Pure: how the open approval of an action stands under a judgement made at the head. */
export function standingOf(
  run: RunState,
  one: ActionState,
  { policy, result }: Judgement,
  drift: Drift | undefined,
): Standing {
  const { approval, decision } = one;
  if (result.matched_rule === "core:frozen") return { stands: "void", reason: "FROZEN" };
  const isSamePolicy = policy?.digest === approval?.policyDigest;
  const isGate = result.decision === "REQUIRE_APPROVAL";
  const isSameGate =
    isGate && result.gate_digest === decision?.gateDigest && sameTexts(result.obligations, decision.obligations);
  if (isSamePolicy && isSameGate) return { stands: "holds" };
  const isProved = drift?.from === approval?.policyDigest && drift?.to === policy?.digest;
  if (isSameGate && policy !== undefined && isProved && run.phase === "open") return { stands: "revalidated", policy };
  const reason = isSamePolicy ? "DECISION_CHANGED" : "POLICY_CHANGED";
  // What needs people no longer, or is denied, is asked for anew; a run that ends opens no requests.
  const mayAsk = isGate && run.phase === "open" && !run.suspended;
  return { stands: mayAsk ? "superseded" : "void", reason };
}

/**
 * Carries out how the approval stands.
 *
 * @returns why it cannot be used now; undefined while it holds
 * @throws CountersignError core:engine-unavailable when the gate gave no answer: nothing ends for that
 */
export function carryStanding(
  parts: Pick<DispatchParts, "vault" | "approvals">,
  tx: Transaction,
  record: ActionRecord,
  on: {
    readonly run: RunState;
    readonly one: ActionState;
    readonly judged: KeptJudgement;
    readonly args: DecidedRequest["args"];
    readonly drift: Drift | undefined;
  },
): Refused | undefined {
  const { run, one, judged, args, drift } = on;
  const { approvals } = parts;
  refuseWithoutAnswer(judged.result);
  const standing = standingOf(run, one, judged, drift);
  if (standing.stands === "holds" || one.approval === undefined) return undefined;
  if (standing.stands === "revalidated") {
    revalidate(parts, tx, one.approval.id, standing.policy, judged);
    return undefined;
  }
  const { reason } = standing;
  if (standing.stands === "void") {
    approvals.end(tx, one.approval.id, "voided", reason);
    return { code: reason === "FROZEN" ? "frozen" : "approval-voided", detail: `${reason}.` };
  }
  const replacing = approvals.supersede(tx, one.approval.id, reason);
  appendDecision(parts, tx, actionIn(tx, record.action_id) ?? record, judged, {
    actionDigest: one.request?.actionDigest ?? "",
    argsCommit: record.args_commit,
    toolContract: one.request?.toolContract ?? null,
    args,
    replacing,
  });
  return { code: "approval-superseded", detail: `${reason}: ${replacing.by} waits instead.` };
}

function revalidate(
  { approvals, vault }: Pick<DispatchParts, "vault" | "approvals">,
  tx: Transaction,
  approvalId: string,
  policy: { readonly revision: string; readonly digest: string },
  { result, engine, projection, kept }: KeptJudgement,
): void {
  assert(kept !== undefined && projection !== undefined, "a policy that asks people was asked with a projection");
  assert(result.gate_digest !== null, "a gate has a digest");
  const eventId = approvals.revalidate(tx, approvalId, {
    ...commitMember([kept]),
    revalidated: { policy, gate_digest: result.gate_digest, engine, projection: kept.payload.digest },
  });
  keepCommitted(vault, tx, eventId, [kept]);
}

/** Two policies under which the approvals of a tool hold alike, as far as their bundles say. */
export type Drift = { readonly from: string; readonly to: string };

/** Whether the policy in force lets the approval of an action stand that was asked for under another one. */
export async function driftOf(
  policy: Pick<PolicyGate, "bundleOf">,
  tenant: string,
  one: ActionState | undefined,
  judged: KeptJudgement,
): Promise<Drift | undefined> {
  const from = one?.approval?.policyDigest;
  const to = judged.policy?.digest;
  // Without what the policy was asked with, nobody could check it.
  if (judged.kept === undefined) return undefined;
  if (one === undefined || from === undefined || to === undefined || from === to) return undefined;
  const [old, now] = await Promise.all([policy.bundleOf(tenant, from), policy.bundleOf(tenant, to)]);
  if (old === undefined || now === undefined) return undefined;
  return driftReason(old, now, one.action.tool) === undefined ? { from, to } : undefined;
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, at) => text === b[at]);
}
