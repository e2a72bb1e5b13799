/** Runs as lists find them. Everything else about a run is its state, which the ledger keeps. */
import { CountersignError } from "@countersign/evidence/errors";
import type { Id } from "@countersign/evidence/ids";
import type { RunState } from "@countersign/evidence/run";
import type { RunStatusView } from "@countersign/evidence/wire";
import type { Reader } from "../ledger/command.ts";
import { type RowOf, table } from "../ledger/table.ts";

/** One row a run; ids are in the order of time. */
export const runs = table("runs", {
  key: { run_id: "id:run" },
  columns: { agent: "text" },
  indexes: { by_agent: ["agent"] },
});

/** Rows looked at for one page at most, when a filter leaves out many. */
const LARGEST_LOOK = 5_000;
const LOOK = 500;

/** The run as it stands now. */
export function viewRun(state: RunState): RunStatusView {
  return {
    run_id: state.run,
    status: state.phase === "open" && state.suspended ? "suspended" : state.phase,
    agent: state.initiator.agent,
    scope: state.scope,
    events: state.events,
    open_actions: state.open.map(({ id }) => id),
    actions: state.counts.actions,
    started_at: state.startedAt,
  };
}

/**
 * Runs, newest first.
 *
 * @param after run_id of the last one of the page before
 * @throws CountersignError not-found when there is no run `after`
 */
export function listRuns(
  reader: Reader,
  { agent, status, after, limit }: { agent?: string; status?: string; after?: string; limit: number },
): { readonly runs: readonly RunStatusView[]; readonly next: string | undefined } {
  const [index, prefix] = agent === undefined ? (["key", []] as const) : (["by_agent", [agent]] as const);
  let from: RowOf<typeof runs> | undefined;
  if (after !== undefined) {
    from = reader.row(runs, { run_id: after });
    if (from === undefined) throw new CountersignError("not-found", { detail: `There is no run ${after}.` });
    // The place of `after` in the index of another agent is that of its id there.
    if (agent !== undefined) from = { ...from, agent };
  }
  const found: RunStatusView[] = [];
  for (let looked = 0; looked < LARGEST_LOOK; looked += LOOK) {
    const place = from === undefined ? {} : { after: from };
    const rows = reader.list(runs, index, prefix, { limit: LOOK, descending: true, ...place });
    for (const row of rows) {
      from = row;
      const state = reader.run(row.run_id as Id<"run">); // the column is an id of this form
      const view = state && viewRun(state);
      if (view === undefined || (status !== undefined && view.status !== status)) continue;
      found.push(view);
      if (found.length === limit) return { runs: found, next: row.run_id };
    }
    if (rows.length < LOOK) return { runs: found, next: undefined };
  }
  return { runs: found, next: from?.run_id };
}
