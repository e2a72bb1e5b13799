/** Writing a decision down: policy.decided with everything it was reached on, and the approval it asks for. */

import { COMBINING } from "@countersign/evidence/bundle-shapes";
import { parseDuration } from "@countersign/evidence/duration";
import type { EventOf } from "@countersign/evidence/event";
import { PROJECTION_FORMAT } from "@countersign/evidence/projection";
import type { Transaction } from "../ledger/command.ts";
import { type ActionRecord, actionBook, executeWithinMs, GATE, putActionDue } from "./actions.ts";
import type { DispatchParts, Replacing, Vault } from "./faces.ts";
import { type Judgement, NO_POLICY_DIGEST } from "./gate.ts";
import { commitMember, type KeptPayload, keepCommitted, keepPayload } from "./kept.ts";

/** How long an ALLOW may wait for its use, in ms. */
export const ALLOW_VALID_MS = 60_000;

/** A judgement with what it was reached on in the store. */
export type KeptJudgement = Judgement & { readonly kept: KeptPayload | undefined };

/** Puts what was decided on into the store before the decision that cites it is written. */
export async function keepProjection(
  vault: Vault,
  tenant: string,
  subject: string | undefined,
  judged: Judgement,
): Promise<KeptJudgement> {
  const { projection } = judged;
  if (projection === undefined) return { ...judged, kept: undefined };
  return { ...judged, kept: await keepPayload(vault, tenant, subject, "/decision/projection", projection) };
}

/** The request a decision is about. `args` is what people are shown, should they be asked. */
export type DecidedRequest = {
  readonly actionDigest: string;
  readonly argsCommit: string;
  readonly toolContract: string | null;
  /** The exact bytes, and the salt of their commitment in base64url. */
  readonly args: { readonly bytes: Uint8Array; readonly salt: string };
  /** An approval that was just superseded: the decision's request takes its place. */
  readonly replacing?: Replacing;
};

/**
 * Appends the decision, and approval.requested behind a REQUIRE_APPROVAL.
 *
 * @param record the action as it is known before
 */
export function appendDecision(
  { vault, approvals }: Pick<DispatchParts, "vault" | "approvals">,
  tx: Transaction,
  record: ActionRecord,
  judged: KeptJudgement,
  request: DecidedRequest,
): void {
  const { result } = judged;
  // At the head it may have become a built-in denial, which is not decided on the projection.
  const kept = judged.projection === undefined || judged.kept === undefined ? [] : [judged.kept];
  const placed = tx.append("policy.decided", {
    run_id: record.run_id,
    action_id: record.action_id,
    actor: GATE,
    cause: record.last_event,
    policy: {
      decision: result.decision,
      matched_rule: result.matched_rule,
      policy_snapshot: judged.policy?.revision ?? "none",
      policy_digest: judged.policy?.digest ?? NO_POLICY_DIGEST,
      reason: result.reason,
      ...(judged.enforced ? {} : { enforced: judged.enforced }),
    },
    ...commitMember(kept),
    decided: decidedBlock(tx, record, judged, kept[0], request),
  });
  keepCommitted(vault, tx, placed.event.event_id, kept);
  actionBook.note(tx, placed);
  if (mayStart(judged)) putActionDue(tx, record, placed.event.decided.valid_until, 1);
  if (result.decision !== "REQUIRE_APPROVAL") return;
  approvals.open(tx, {
    decision: placed.event,
    requestLeaf: record.request_leaf,
    argsCommit: request.argsCommit,
    args: request.args,
    executeWithinMs: executeWithinMs(record),
    maxAttempts: record.max_attempts,
    ...(request.replacing === undefined ? {} : { replacing: request.replacing }),
  });
}

function decidedBlock(
  tx: Transaction,
  record: ActionRecord,
  judged: KeptJudgement,
  kept: KeptPayload | undefined,
  { actionDigest, toolContract }: DecidedRequest,
): EventOf<"policy.decided">["decided"] {
  const { result } = judged;
  return {
    decision_id: tx.newId("dec"),
    enforced: judged.enforced,
    matched_rules: [...result.matched_rules],
    reason_codes: [...result.reason_codes],
    permits: [...result.permits],
    rule_digests: result.rule_digests,
    engine: judged.engine,
    combining: COMBINING,
    projection_format: PROJECTION_FORMAT,
    request_leaf: record.request_leaf,
    action_digest: actionDigest,
    ...(toolContract === null ? {} : { tool_contract: toolContract }),
    projection: kept?.payload.digest ?? null,
    scope_event: judged.scopeEvent,
    history: judged.history,
    requirements: result.requirements.map((one) => ({ ...one, separation: [...one.separation] })),
    ...(result.gate_digest === null ? {} : { gate_digest: result.gate_digest }),
    obligations: [...result.obligations],
    valid_until: new Date(tx.nowMs + validMs(judged)).toISOString(),
    evaluated_us: judged.evaluatedUs,
  };
}

/** Whether nothing holds the action back: it is allowed, or only observed. */
export function mayStart({ result, enforced }: Pick<Judgement, "result" | "enforced">): boolean {
  return result.decision === "ALLOW" || !enforced;
}

/** What may start waits a minute for its use, a REQUIRE_APPROVAL as long as people have; a DENY is not used. */
function validMs(judged: Judgement): number {
  const { result } = judged;
  if (mayStart(judged)) return ALLOW_VALID_MS;
  return result.decision === "DENY" ? 0 : approvalLifeMs(result.requirements);
}

/** The shortest time to live of all requirements, in ms. */
export function approvalLifeMs(requirements: readonly { readonly ttl: string }[]): number {
  return Math.min(...requirements.map(({ ttl }) => parseDuration(ttl) ?? 0));
}
