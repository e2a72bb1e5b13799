/**
 * What is checked after the effect: always whether the arguments that ran are those that were decided on, as far as the
 * executor says; and what it reports of its own checks. Spec: spec/run.md, "Safety".
 */
import type { EventOf } from "@countersign/evidence/event";
import type { RunId } from "@countersign/evidence/ids";
import { settledActionOf } from "@countersign/evidence/run";
import type { Transaction } from "../ledger/command.ts";
import { type ActionRecord, actionBook, actionIn, GATE } from "./actions.ts";
import type { Vault } from "./faces.ts";
import { type Committed, commitMember, keepCommitted } from "./kept.ts";

type Check = EventOf<"safety.checked">["safety"]["checks"][number];
type Verdict = Check["verdict"];

/** What the executor said it ran: the same arguments, or others under a commitment of their own. */
export type Ran = { readonly equal: true } | { readonly equal: false; readonly executed: Committed };

/** The worst of several verdicts: a failure beats doubt, doubt beats silence. */
export function worstOf(verdicts: readonly Verdict[]): Verdict {
  const order: readonly Verdict[] = ["fail", "inconclusive", "pass"];
  return order.find((one) => verdicts.includes(one)) ?? "not_checked";
}

/**
 * Appends the check of an action that has just ended for good, unless it has one or nothing ran.
 *
 * @param ran undefined when the executor did not say
 * @param output what was found in its result, where it gave one
 */
export function appendFinalSafety(
  vault: Vault,
  tx: Transaction,
  actionId: string,
  ran: Ran | undefined,
  output?: Check,
): void {
  const record = actionIn(tx, actionId);
  const run = record && tx.run(record.run_id as RunId); // the column is an id of this form
  const settled = run && settledActionOf(run, actionId);
  if (record === undefined || settled === undefined || settled.attempts === 0) return;
  if (settled.safety && ran === undefined && output === undefined) return;
  const unknown: Check[] =
    settled.end === "unconfirmed" ? [{ name: "outcome", verdict: "inconclusive", code: "UNCONFIRMED" }] : [];
  const asked = record.checks.filter(({ name }) => !record.checked.includes(name));
  const missing: Check[] = asked.map(({ name }) => ({ name, verdict: "not_checked" }));
  const checks = [driftCheck(ran), ...(output === undefined ? [] : [output]), ...unknown, ...missing];
  appendSafety(vault, tx, record, checks, ran, { actor: GATE });
}

/** Appends one safety.checked and, where it failed, the finding it names. */
export function appendSafety(
  vault: Vault,
  tx: Transaction,
  record: ActionRecord,
  checks: readonly Check[],
  ran: Ran | undefined,
  by: { readonly actor?: typeof GATE; readonly source?: "reported" },
  demand: "review" | "rollback" = "review",
): void {
  const verdict = worstOf(checks.map((check) => check.verdict));
  const executed = ran?.equal === false ? [ran.executed] : [];
  const finding = verdict === "fail" ? tx.newId("fnd") : undefined;
  const placed = tx.append("safety.checked", {
    run_id: record.run_id,
    action_id: record.action_id,
    cause: record.last_event,
    ...by,
    ...(record.policy === null ? {} : { policy: record.policy }),
    ...commitMember(executed),
    safety: {
      verdict,
      checks: [...checks],
      drift: {
        requested: record.args_commit,
        ...(record.approval?.required === true ? { approved: record.args_commit } : {}),
        ...(ran === undefined ? {} : { executed: ran.equal ? record.args_commit : ran.executed.commitment }),
        equal: ran?.equal !== false,
      },
      demands: verdict === "fail" ? demand : "none",
      ...(finding === undefined ? {} : { finding }),
    },
  });
  keepCommitted(vault, tx, placed.event.event_id, executed);
  actionBook.note(tx, placed);
  if (finding === undefined) return;
  const checkId = placed.event.event_id;
  tx.append("finding.opened", {
    event_id: tx.derivedId(checkId, "finding.opened"),
    actor: GATE,
    source: "derived",
    finding: {
      finding_id: finding,
      // What the gate saw itself, or somebody wants undone, weighs more than a report alone.
      severity: by.source === "reported" && demand !== "rollback" ? "medium" : "high",
      code: "SAFETY_CHECK_FAILED",
      evidence: [checkId],
    },
  });
}

/** Whether the arguments that ran are those decided on. */
export function driftCheck(ran: Ran | undefined): Check {
  const name = "argument-drift";
  if (ran === undefined) return { name, verdict: "not_checked" };
  return ran.equal ? { name, verdict: "pass" } : { name, verdict: "fail", code: "ARGS_DRIFT" };
}
