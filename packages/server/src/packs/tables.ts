/** Checkpoints that packs were exported under. The ledger itself keeps only the newest. */
import { table } from "../ledger/table.ts";

/** One row for each size a pack was exported at, so that the same export gives the same bytes later. */
export const packCheckpoints = table("pack_checkpoints", {
  key: { log: "text", size: "int" },
  columns: { note: "text" },
});
