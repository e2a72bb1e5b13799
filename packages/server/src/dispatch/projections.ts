/** What the tables of this module must hold, made anew from the entries, for fsck. */
import type { Event } from "@countersign/evidence/event";
import { LogFold } from "@countersign/evidence/fold";
import { type ExpectedRow, projection, type TableProjection } from "../ledger/projection.ts";
import { type ActionRecord, actions, permits, stepRecord } from "./actions.ts";

export const dispatchProjections: readonly TableProjection[] = [
  projection(actions, () => {
    const records = new Map<string, ActionRecord>();
    // An action's phase is the run's state after its event, so the runs are folded along.
    const log = new LogFold();
    return {
      step(event: Event, place) {
        log.step(event);
        if (!("action_id" in event)) return;
        const run = log.runs.get(event.run_id);
        const before = records.get(event.action_id);
        // Entries that say more than one request, or none, are the lifecycle's to name; there is no row to expect.
        if (run === undefined || (before === undefined) !== (event.type === "action.requested")) return;
        records.set(event.action_id, stepRecord(before, event, place, run));
      },
      *rows(): Iterable<ExpectedRow<typeof actions>> {
        for (const record of records.values()) {
          const { action_id, run_id } = record;
          yield { action_id, run_id, record };
        }
      },
    };
  }),
  projection(permits, () => {
    const rows: ExpectedRow<typeof permits>[] = [];
    return {
      step(event: Event) {
        if (event.type !== "dispatch.permitted") return;
        const { action_id, run_id } = event;
        rows.push({ permit_id: event.permit.permit_id, action_id, run_id });
      },
      rows: () => rows,
    };
  }),
];
