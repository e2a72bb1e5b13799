/** What the table of this module must hold, made anew from the entries, for fsck. */
import type { Event } from "@countersign/evidence/event";
import { type ExpectedRow, projection, type TableProjection } from "../ledger/projection.ts";
import { runs } from "./runs.ts";

export const runProjections: readonly TableProjection[] = [
  projection(runs, () => {
    const rows: ExpectedRow<typeof runs>[] = [];
    return {
      step(event: Event) {
        if (event.type === "run.started") rows.push({ run_id: event.run_id, agent: event.initiator.agent });
      },
      rows: () => rows,
    };
  }),
];
