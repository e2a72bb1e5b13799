/** Rows of the policy module. */
import { table } from "../ledger/table.ts";

/** Files of every bundle that was published: what must be kept as long as any decision cites the bundle. */
export const policyFiles = table("policy_files", {
  key: { bundle: "hash", path: "text" },
  columns: { file: "hash" },
  indexes: { by_file: ["file"] },
});
