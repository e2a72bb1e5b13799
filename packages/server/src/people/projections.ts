/** What the tables of this module must hold, made anew from the entries, for fsck: no session that the log does not know. */
import type { Event } from "@countersign/evidence/event";
import { type ExpectedRow, projection, type TableProjection } from "../ledger/projection.ts";
import { sessions } from "./tables.ts";

export const signInProjections: readonly TableProjection[] = [
  projection(sessions, () => {
    const rows = new Map<string, ExpectedRow<typeof sessions>>();
    return {
      step(event: Event) {
        if (event.type === "session.opened") {
          const { id, person, method, expires_at: expires } = event.session;
          const openedMs = Date.parse(event.ts);
          rows.set(id, { session_id: id, person, method, opened_ms: openedMs, expires_ms: Date.parse(expires) });
        }
        if (event.type === "session.closed") rows.delete(event.session.id);
      },
      rows: () => rows.values(),
    };
  }),
];
