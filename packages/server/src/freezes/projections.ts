/** What the table of this module must hold, made anew from the entries, for fsck. */
import type { Event } from "@countersign/evidence/event";
import { type ExpectedRow, projection, type TableProjection } from "../ledger/projection.ts";
import { freezeWords } from "./commands.ts";

export const freezeProjections: readonly TableProjection[] = [
  projection(freezeWords, () => {
    const rows = new Map<string, ExpectedRow<typeof freezeWords>>();
    return {
      step(event: Event) {
        if (event.type === "freeze.lift.asked") {
          const { freeze_id, person } = event.freeze;
          rows.set(freeze_id, { freeze_id, person, at_ms: Date.parse(event.ts) });
        }
        if (event.type === "freeze.lifted") rows.delete(event.freeze.freeze_id);
      },
      rows: () => rows.values(),
    };
  }),
];
