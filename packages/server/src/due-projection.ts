/**
 * What must be due, for fsck: every open approval expires, every open run and every action that waits on a time is looked
 * at again. It stands beside app.ts because it is about all modules' chores. A row whose thing has ended is moot and stays
 * until the sweeper comes by; one about nothing that is in the log is a stranger.
 */
import type { DeclaredScope, Event } from "@countersign/evidence/event";
import { LogFold } from "@countersign/evidence/fold";
import type { ActionState, RunState } from "@countersign/evidence/run";
import { EXPIRE } from "./approvals/steps.ts";
import { DROP_DRAFT, voteDrafts } from "./approvals/vote.ts";
import { OVERDUE } from "./dispatch/actions.ts";
import { due } from "./ledger/due.ts";
import { type ExpectedRow, projection, type StoredRows, type TableProjection } from "./ledger/projection.ts";
import { ABANDON, abandonAtMs } from "./runs/close-run.ts";

type DueRow = ExpectedRow<typeof due>;

/** Chores whose rows follow from the log, or from another table. Rows of others do nothing: nobody looks for them. */
const KNOWN: ReadonlySet<string> = new Set([EXPIRE, OVERDUE, ABANDON, DROP_DRAFT]);

export const dueProjections: readonly TableProjection[] = [
  projection(due, () => {
    const log = new LogFold();
    const expectedEnds = new Map<string, string>();
    /** Subjects there ever were, as `chore subject`. */
    const known = new Set<string>();
    return {
      step(event: Event) {
        log.step(event);
        if (event.type === "run.started") {
          const { expected_end: end } = event.run;
          if (end !== undefined) expectedEnds.set(event.run_id, end);
          known.add(`${ABANDON} ${event.run_id}`);
        }
        if (event.type === "action.requested") known.add(`${OVERDUE} ${event.action_id}`);
        if (event.type === "approval.requested") known.add(`${EXPIRE} ${event.approval.approval_id}`);
      },
      rows: (stored) => dueRows(log.runs, expectedEnds, known, stored),
    };
  }),
];

function* dueRows(
  runs: ReadonlyMap<string, RunState>,
  expectedEnds: ReadonlyMap<string, string>,
  known: ReadonlySet<string>,
  stored: StoredRows,
): Generator<DueRow> {
  // Moot ones first: what follows takes the place of those that are not.
  for (const { chore, subject } of stored(due)) {
    if (!KNOWN.has(chore) || known.has(`${chore} ${subject}`)) yield { chore, subject };
  }
  for (const run of runs.values()) {
    const row = run.phase === "open" ? abandonRow(run.run, run.scope, expectedEnds.get(run.run)) : undefined;
    if (row !== undefined) yield row;
    for (const one of run.open) yield* rowsOf(run.run, one);
  }
  for (const { vote_id: voteId } of stored(voteDrafts)) {
    yield { chore: DROP_DRAFT, subject: voteId, about: { voteId } };
  }
}

function abandonRow(runId: string, scope: DeclaredScope, expectedEnd: string | undefined): DueRow | undefined {
  const atMs = abandonAtMs(scope, expectedEnd);
  if (atMs === undefined) return undefined;
  const about = { runId, ...(expectedEnd === undefined ? {} : { expectedEnd }) };
  return { chore: ABANDON, subject: runId, at_ms: atMs, about };
}

function* rowsOf(runId: string, { id, phase, decision, approval, permit, deadline }: ActionState): Generator<DueRow> {
  const at = (time: string, afterMs: number): DueRow => {
    return { chore: OVERDUE, subject: id, at_ms: Date.parse(time) + afterMs, about: { actionId: id, runId } };
  };
  if (phase === "decided" && decision?.answer === "ALLOW") yield at(decision.validUntil, 1);
  if (phase === "running" && deadline !== undefined) yield at(deadline, 0);
  if (phase === "ended" && permit !== undefined) yield at(permit.notAfter, 1);
  if (approval === undefined || (phase !== "waiting" && phase !== "granted") || approval.consumed !== undefined) return;
  const about = { approvalId: approval.id, actionId: id, runId };
  yield { chore: EXPIRE, subject: approval.id, at_ms: Date.parse(approval.expiresAt) + 1, about };
}
