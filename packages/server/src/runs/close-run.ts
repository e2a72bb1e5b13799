/**
 * The end of a run: closed by its agent, or abandoned when its time is over. Either way nothing new begins in it:
 * actions that have not started end with it, those that run may finish. The ledger settles it when none is open.
 */
import { assert, CountersignError } from "@countersign/evidence/errors";
import type { ActorBlock, DeclaredScope } from "@countersign/evidence/event";
import type { RunId } from "@countersign/evidence/ids";
import type { RunState } from "@countersign/evidence/run";
import type { BodyOf } from "@countersign/evidence/wire";
import { type Command, need, type Reader, type Transaction } from "../ledger/command.ts";
import { due, putDue, removeDue } from "../ledger/due.ts";
import type { OpenAction, Withdrawals } from "./faces.ts";

/** The chore that abandons a run. */
export const ABANDON = "runs.abandon";
/** How long after its expected end a run may still be closed by its agent, in ms. */
export const ABANDON_GRACE_MS = 15 * 60_000;
const GATE: ActorBlock = { type: "system", id: "gate" };

/** The input of {@link ABANDON}. */
export type DueRun = { readonly runId: RunId; readonly expectedEnd?: string };

/** Keeps when a run is to be abandoned. */
export function putAbandon(tx: Transaction, runId: RunId, scope: DeclaredScope, expectedEnd: string | undefined): void {
  const atMs = abandonAtMs(scope, expectedEnd);
  const about: DueRun = { runId, ...(expectedEnd === undefined ? {} : { expectedEnd }) };
  if (atMs === undefined) removeDue(tx, ABANDON, runId);
  else putDue(tx, ABANDON, runId, atMs, about);
}

/** What a change of a run's scope moves here. */
export const runTime = {
  needs: (runId: RunId) => [need(due, { chore: ABANDON, subject: runId })],
  moveEnd(tx: Transaction, runId: RunId, scope: DeclaredScope): void {
    const row = tx.row(due, { chore: ABANDON, subject: runId });
    putAbandon(tx, runId, scope, (row?.about as DueRun | undefined)?.expectedEnd); // put as one
  },
};

/** When the run counts as abandoned, ms since 1970; undefined when it never does by itself. */
export function abandonAtMs(scope: DeclaredScope, expectedEnd: string | undefined): number | undefined {
  const times = [
    ...(expectedEnd === undefined ? [] : [Date.parse(expectedEnd) + ABANDON_GRACE_MS]),
    ...(scope.expires_at === undefined ? [] : [Date.parse(scope.expires_at) + 1]),
  ];
  return times.length === 0 ? undefined : Math.min(...times);
}

export type CloseInput = {
  readonly runId: RunId;
  readonly status: BodyOf<"closeRun">["status"];
  /** The open actions as they were seen. */
  readonly open: readonly OpenAction[];
};

/** What has to be asked for to end a run's open actions. */
export function openActionsOf(state: RunState): OpenAction[] {
  // The state's run is the id it is kept under.
  return state.open.map(({ id, approval }) => ({
    actionId: id,
    runId: state.run as RunId,
    approvalId: approval?.id,
  }));
}

/** Closes a run. @throws CountersignError run-not-open; core:policy-changed when its actions changed meanwhile */
export function closeCommand(actions: Withdrawals): Command<CloseInput, { run_id: string }> {
  return {
    name: "runs.close",
    needs: ({ runId, open }) => ({ runs: [runId], rows: open.flatMap((one) => [...actions.needs(one)]) }),
    run(tx, { runId, status, open }) {
      const state = openRun(tx, runId);
      refuseUnseen(state, open);
      tx.append("run.closed", { run_id: runId, closed: { status, open_actions: state.open.map(({ id }) => id) } });
      endActions(actions, tx, state, open, "RUN_CLOSED");
      removeDue(tx, ABANDON, runId);
      return { run_id: runId };
    },
  };
}

export type AbandonInput = DueRun & { readonly open: readonly OpenAction[]; readonly atMs: number };

/** Abandons a run whose time is over; nothing when that has become moot. */
export function abandonCommand(actions: Withdrawals): Command<AbandonInput, { done: string }> {
  return {
    name: ABANDON,
    needs: ({ runId, open }) => ({ runs: [runId], rows: open.flatMap((one) => [...actions.needs(one)]) }),
    run(tx, { runId, open, atMs, expectedEnd }) {
      const state = tx.run(runId);
      if (state === undefined || state.phase !== "open") {
        removeDue(tx, ABANDON, runId);
        return { done: "nothing" };
      }
      if (tx.nowMs < atMs) {
        putDue(tx, ABANDON, runId, atMs, {
          runId,
          ...(expectedEnd === undefined ? {} : { expectedEnd }),
        } satisfies DueRun);
        return { done: "not yet" };
      }
      refuseUnseen(state, open);
      const { expires_at: expiresAt } = state.scope;
      const expired = expiresAt !== undefined && tx.ts > expiresAt;
      tx.append("run.abandoned", {
        run_id: runId,
        event_id: tx.derivedId(runId, "run.abandoned"),
        actor: GATE,
        source: "derived",
        abandoned: { open_actions: state.open.map(({ id }) => id), idle_since: state.lastAt },
        reason: { code: expired ? "RUN_EXPIRED" : "EXPECTED_END_PASSED" },
      });
      endActions(actions, tx, state, open, "RUN_ABANDONED");
      removeDue(tx, ABANDON, runId);
      return { done: "abandoned" };
    },
  };
}

/** The input of {@link abandonCommand} for a row of the due table, with the run as it is now. */
export function abandonInput(reader: Reader, due: DueRun, atMs: number): AbandonInput {
  const { runId } = due;
  const state = reader.run(runId);
  return { ...due, atMs, open: state === undefined ? [] : openActionsOf(state) };
}

/** Ends what has not started. What is running, or has run and is to be reported, finishes by itself. */
function endActions(
  actions: Withdrawals,
  tx: Transaction,
  before: RunState,
  open: readonly OpenAction[],
  reason: string,
): void {
  for (const { id, phase, attempts } of before.open) {
    if (attempts > 0 || phase === "running" || phase === "permitted") continue;
    const seen = open.find(({ actionId }) => actionId === id);
    assert(seen !== undefined, "every open action was seen");
    actions.withdraw(tx, seen, reason, true);
  }
}

/** @throws CountersignError core:policy-changed when an action was opened, or its approval, that was not seen */
function refuseUnseen(state: RunState, seen: readonly OpenAction[]): void {
  const unseen = state.open.some(
    ({ id, approval }) => !seen.some(({ actionId, approvalId }) => actionId === id && approvalId === approval?.id),
  );
  if (unseen) throw new CountersignError("core:policy-changed", { detail: "The run's actions changed meanwhile." });
}

function openRun(tx: Transaction, runId: RunId): RunState {
  const state = tx.run(runId);
  if (state === undefined) throw new CountersignError("not-found");
  if (state.phase !== "open") throw new CountersignError("run-not-open", { detail: `It is ${state.phase}.` });
  return state;
}
