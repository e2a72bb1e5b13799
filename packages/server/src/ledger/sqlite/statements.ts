/** Every statement the writer runs, by number: the engine packs values for them, the writer thread prepares them. */
import type { Table } from "../table.ts";
import { type StoredTable, storedTable } from "./columns.ts";

export type Statement = { readonly text: string; readonly parameters: number };

/** Numbers of the ledger's own statements; a module's upsert and remove follow, two for each table in its order. */
export const TENANT = 0;
export const ENTRY = 1;
export const NODE = 2;
export const HEAD = 3;
export const RUN = 4;
export const SUBMISSION = 5;
export const SUBMISSION_KEY = 6;
export const INDEXED_ROW = 7;
const FIRST_TABLE = 8;

export const upsertOf = (tableNumber: number) => FIRST_TABLE + 2 * tableNumber;
export const removeOf = (tableNumber: number) => FIRST_TABLE + 2 * tableNumber + 1;

/** The statements in the order of their numbers. */
export function statementsOf(tables: readonly Table[]): readonly Statement[] {
  return [
    insert("INSERT", "tenants", "tenant, id, origin_host"),
    insert("INSERT", "entries", "tenant, epoch, idx, kind, control, run_seq, event_id, run_id, leaf, bytes"),
    insert("INSERT", "nodes", "tenant, epoch, level, n, hash"),
    insert(
      "INSERT OR REPLACE",
      "heads",
      "tenant, epoch, size, ts, leaf, controls, control_leaf, runs_size, signed_size, note",
    ),
    insert(
      "INSERT",
      "runs",
      "tenant, run_id, events, leaf, state",
      "ON CONFLICT (tenant, run_id) DO UPDATE SET events = excluded.events, leaf = excluded.leaf, state = excluded.state",
    ),
    insert("INSERT", "submissions", "row, tenant, scope, key, body_hash, answer, epoch, first_idx, count"),
    // Again after a crash between two of the batches that put keys into the index.
    insert("INSERT OR IGNORE", "submission_keys", "hash, row"),
    { text: "UPDATE submission_index SET indexed_row = ?", parameters: 1 },
    ...tables.map(storedTable).flatMap(ofTable),
  ];
}

function insert(verb: string, table: string, columns: string, otherwise = ""): Statement {
  const parameters = columns.split(",").length;
  const places = new Array(parameters).fill("?").join(", ");
  return { text: `${verb} INTO ${table} (${columns}) VALUES (${places}) ${otherwise}`, parameters };
}

function ofTable(table: StoredTable): Statement[] {
  return [
    { text: table.upsert, parameters: 1 + table.key.length + table.columns.length },
    { text: table.remove, parameters: 1 + table.key.length },
  ];
}
