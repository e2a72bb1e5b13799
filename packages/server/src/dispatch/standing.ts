/**
 * What a fresh answer of the gate means for an approval that waits or was granted: it holds, a new request takes its
 * place, or it is void. Asked before each use, and when the policy it holds under is replaced.
 */

import type { ActionState, RunState } from "@countersign/evidence/run";
import type { Transaction } from "../ledger/command.ts";
import { type ActionRecord, actionIn } from "./actions.ts";
import { appendDecision, type DecidedRequest, type KeptJudgement } from "./decision.ts";
import type { DispatchParts } from "./faces.ts";
import { type Judgement, refuseWithoutAnswer } from "./gate.ts";
import type { Refused } from "./use.ts";

export type Standing =
  | { readonly stands: "holds" }
  | { readonly stands: "superseded" | "void"; readonly reason: "POLICY_CHANGED" | "DECISION_CHANGED" | "FROZEN" };

/** Pure: how the open approval of an action stands under a judgement made at the head. */
export function standingOf(run: RunState, one: ActionState, { policy, result }: Judgement): Standing {
  const { approval, decision } = one;
  if (result.matched_rule === "core:frozen") return { stands: "void", reason: "FROZEN" };
  const isSamePolicy = policy?.digest === approval?.policyDigest;
  const isGate = result.decision === "REQUIRE_APPROVAL";
  const isSameGate =
    isGate && result.gate_digest === decision?.gateDigest && sameTexts(result.obligations, decision.obligations);
  if (isSamePolicy && isSameGate) return { stands: "holds" };
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
  },
): Refused | undefined {
  const { run, one, judged, args } = on;
  const { approvals } = parts;
  refuseWithoutAnswer(judged.result);
  const standing = standingOf(run, one, judged);
  if (standing.stands === "holds" || one.approval === undefined) return undefined;
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

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, at) => text === b[at]);
}
