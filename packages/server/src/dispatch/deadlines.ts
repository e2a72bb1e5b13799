/**
 * What happens to an action when its time is over: an ALLOW nobody used ends, a started attempt nobody reported is
 * declared unconfirmed (never a success), and the attempts left when a permit's window closes are given up.
 */
import type { RunId } from "@countersign/evidence/ids";
import { openActionOf } from "@countersign/evidence/run";
import type { Command, Transaction } from "../ledger/command.ts";
import {
  type ActionRecord,
  actionBook,
  actionIn,
  type DueAction,
  dispatchBlocks,
  GATE,
  OVERDUE,
  putActionDue,
  removeActionDue,
} from "./actions.ts";
import { appendCancelled } from "./cancel.ts";
import type { Vault } from "./faces.ts";
import { appendFinalSafety } from "./safety.ts";

/** Does what an action is due for now; nothing when that has become moot. */
export function overdueCommand(vault: Vault): Command<DueAction, { done: string }> {
  return {
    name: OVERDUE,
    needs: ({ actionId, runId }) => ({ runs: [runId as RunId], rows: actionBook.needs(actionId) }), // put as one
    run(tx, { actionId, runId }) {
      const record = actionIn(tx, actionId);
      const run = tx.run(runId as RunId); // as above
      const one = run && openActionOf(run, actionId);
      if (record === undefined || one === undefined) {
        removeActionDue(tx, actionId);
        return { done: "nothing" };
      }
      const { phase, decision, permit, deadline } = one;
      if (phase === "decided" && decision !== undefined && (decision.answer === "ALLOW" || !decision.enforced)) {
        if (tx.ts <= decision.validUntil) return later(tx, record, decision.validUntil, 1);
        appendCancelled(tx, record, "DECISION_EXPIRED");
        return { done: "decision expired" };
      }
      if (phase === "running" && deadline !== undefined) {
        if (tx.ts < deadline) return later(tx, record, deadline, 0);
        appendUnconfirmed(vault, tx, record);
        return { done: "unconfirmed" };
      }
      if (phase === "ended" && permit !== undefined) {
        if (tx.ts <= permit.notAfter) return later(tx, record, permit.notAfter, 1);
        appendCancelled(tx, record, "PERMIT_EXPIRED");
        appendFinalSafety(vault, tx, actionId, undefined);
        return { done: "attempts given up" };
      }
      removeActionDue(tx, actionId);
      return { done: "nothing" };
    },
  };
}

/** Appends dispatch.unconfirmed for the running attempt, whose deadline has passed. */
export function appendUnconfirmed(vault: Vault, tx: Transaction, record: ActionRecord): void {
  const placed = tx.append("dispatch.unconfirmed", {
    ...dispatchBlocks(record, { status: "UNCONFIRMED", attempt: record.attempts }),
    event_id: tx.derivedId(record.last_event, "dispatch.unconfirmed"),
    actor: GATE,
    source: "derived",
    unconfirmed: { deadline: record.deadline ?? tx.ts },
  });
  actionBook.note(tx, placed);
  appendFinalSafety(vault, tx, record.action_id, undefined);
  keepDue(tx, record.action_id);
}

/** After an attempt has ended: when its permit's window closes is next, or nothing. */
export function keepDue(tx: Transaction, actionId: string): void {
  const record = actionIn(tx, actionId);
  const run = record && tx.run(record.run_id as RunId); // the column is an id of this form
  const one = run && openActionOf(run, actionId);
  if (record === undefined || one?.permit === undefined) removeActionDue(tx, actionId);
  else if (one.phase === "ended") putActionDue(tx, record, one.permit.notAfter, 1);
}

function later(tx: Transaction, record: ActionRecord, at: string, afterMs: number): { done: string } {
  putActionDue(tx, record, at, afterMs);
  return { done: "not yet" };
}
