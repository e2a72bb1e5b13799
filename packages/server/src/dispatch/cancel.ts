/** Withdrawing an action that has not started, and giving up the attempts that are left of one that failed. */
import { assert, CountersignError } from "@countersign/evidence/errors";
import type { RunId } from "@countersign/evidence/ids";
import { openActionOf, phaseOf } from "@countersign/evidence/run";
import type { Command, Need, Transaction } from "../ledger/command.ts";
import {
  type ActionRecord,
  actionBook,
  actionIn,
  dispatchBlocks,
  GATE,
  overRefusal,
  removeActionDue,
} from "./actions.ts";
import type { Approvals } from "./faces.ts";

/** An action as it was seen outside: which rows a command about it looks at. */
export type SeenAction = {
  readonly actionId: string;
  readonly runId: RunId;
  readonly approvalId: string | undefined;
};

/** What a record says to ask for. */
export function seenAction(record: ActionRecord): SeenAction {
  // The record's run_id is a column of this form.
  return { actionId: record.action_id, runId: record.run_id as RunId, approvalId: record.approval?.approval_id };
}

/** Rows of an action and of its approval. */
export function needsOf(approvals: Approvals, { actionId, approvalId }: SeenAction): Need[] {
  return [...actionBook.needs(actionId), ...(approvalId === undefined ? [] : approvals.needs(approvalId))];
}

/** The record, as long as it is still the action that was seen. @throws CountersignError not-found, core:policy-changed */
export function recordSeen(tx: Transaction, seen: SeenAction): ActionRecord {
  const record = actionIn(tx, seen.actionId);
  if (record === undefined) throw new CountersignError("not-found");
  // It has been given another approval meanwhile, whose rows were not asked for.
  if (record.approval?.approval_id !== seen.approvalId) throw new CountersignError("core:policy-changed");
  return record;
}

/**
 * Appends dispatch.cancelled. `derived` says that the gate concluded it and nobody asked; its id is then derived from
 * the event it follows, so that it cannot be concluded twice.
 */
export function appendCancelled(tx: Transaction, record: ActionRecord, code: string, derived = true): void {
  const placed = tx.append("dispatch.cancelled", {
    ...dispatchBlocks(record, {
      job_id: record.job_id ?? tx.newId("job"),
      status: "CANCELLED",
      attempt: record.attempts,
    }),
    ...(derived
      ? { event_id: tx.derivedId(record.last_event, "dispatch.cancelled"), actor: GATE, source: "derived" as const }
      : {}),
    outcome: { code, layer: "server" },
  });
  actionBook.note(tx, placed);
  removeActionDue(tx, record.action_id);
}

/** Ends an action of which nothing is running. @throws CountersignError attempt-running, or why it has ended */
export function withdraw(
  approvals: Approvals,
  tx: Transaction,
  seen: SeenAction,
  reason: string,
  derived: boolean,
): void {
  const record = recordSeen(tx, seen);
  const run = tx.run(seen.runId);
  assert(run !== undefined, "an action's run exists");
  const one = openActionOf(run, seen.actionId);
  if (one === undefined) throw overRefusal(record);
  const phase = phaseOf(run, seen.actionId);
  if (phase === "waiting" || (phase === "granted" && one.approval?.consumed === undefined)) {
    assert(seen.approvalId !== undefined, "an action that waits for people has an approval");
    approvals.end(tx, seen.approvalId, "cancelled", reason);
    return;
  }
  if (one.phase === "running" || one.phase === "permitted") throw new CountersignError("attempt-running");
  appendCancelled(tx, record, reason, derived);
}

/** Withdraws an action on the agent's word. */
export function cancelCommand(
  approvals: Approvals,
): Command<{ readonly seen: SeenAction; readonly reason: string }, { action_id: string }> {
  return {
    name: "dispatch.cancel",
    needs: ({ seen }) => ({ runs: [seen.runId], rows: needsOf(approvals, seen) }),
    run(tx, { seen, reason }) {
      withdraw(approvals, tx, seen, reason, false);
      return { action_id: seen.actionId };
    },
  };
}
