/** Every read, as text. Each is a search by an index and sorts nothing: a test asks SQLite for its plan. */
import type { SQLInputValue } from "node:sqlite";
import { assert } from "@countersign/evidence/errors";
import type { Page } from "../engine.ts";
import type { StoredColumn, StoredTable } from "./columns.ts";

const OF_LOG = "tenant = ? AND epoch = ?";

/** Reads whose parameters begin with the log's tenant and epoch, or with the tenant alone. */
export const queries = {
  entry: `SELECT bytes, leaf FROM entries WHERE ${OF_LOG} AND idx = ?`,
  entries: `SELECT bytes FROM entries WHERE ${OF_LOG} AND idx >= ? AND idx < ? ORDER BY idx`,
  leaves: `SELECT leaf FROM entries WHERE ${OF_LOG} AND idx >= ? AND idx < ? ORDER BY idx`,
  nodes: `SELECT hash FROM nodes WHERE ${OF_LOG} AND level = ? AND n >= ? AND n < ? ORDER BY n`,
  event: "SELECT epoch, idx FROM entries WHERE tenant = ? AND event_id = ?",
  entriesOfRun: `SELECT idx FROM entries INDEXED BY entries_run
    WHERE tenant = ? AND run_id = ? AND run_seq >= ? AND epoch = ? ORDER BY run_seq LIMIT ?`,
  controlEntries: `SELECT idx FROM entries INDEXED BY entries_control
    WHERE ${OF_LOG} AND control >= ? ORDER BY control LIMIT ?`,
  entriesOfKind: `SELECT idx FROM entries INDEXED BY entries_kind
    WHERE ${OF_LOG} AND kind = ? AND idx < ? ORDER BY idx DESC LIMIT ?`,
  run: "SELECT events, leaf, state FROM runs WHERE tenant = ? AND run_id = ?",
  submissionRows: "SELECT row FROM submission_keys WHERE hash = ?",
  submission: "SELECT tenant, scope, key, body_hash, answer, epoch, first_idx, count FROM submissions WHERE row = ?",
} as const;

/** Each tenant's newest log. Read once, when the ledger is opened; tenants are few. */
export const newestLogs = `SELECT t.id, t.origin_host, h.* FROM heads h JOIN tenants t ON t.tenant = h.tenant
  WHERE h.epoch = (SELECT max(epoch) FROM heads e WHERE e.tenant = h.tenant) ORDER BY h.tenant`;

export type ListQuery = { readonly sql: string; readonly parameters: SQLInputValue[] };

/** Rows of a module's table in the order of an index; its first parameter, the tenant, is put before these. */
export function listQuery(
  table: StoredTable,
  index: string,
  prefix: readonly unknown[],
  { after, descending: down = false, limit }: Page & { readonly limit: number },
): ListQuery {
  const columns = table.indexes.get(index);
  assert(columns !== undefined && prefix.length <= columns.length, `${table.name} has an index ${index} this long`);
  const fixed = columns.slice(0, prefix.length);
  const rest = columns.slice(prefix.length);
  const parameters = fixed.map((column, i) => column.encode(prefix[i], column.name));
  const where = ["tenant = ?", ...fixed.map(({ name, nullable }) => `${name} ${nullable ? "IS" : "="} ?`)];
  if (after !== undefined && rest.length > 0) {
    const values = rest.map((column) => column.encode(after[column.name], column.name));
    if (rest.some(({ nullable }) => nullable)) {
      where.push(behindWithNulls(rest, values, down));
      parameters.push(...rest.flatMap((_, i) => values.slice(0, i + 1)));
    } else {
      where.push(behindRow(rest, down));
      parameters.push(...values);
    }
  }
  const order = rest.map(({ name }) => `${name}${down ? " DESC" : ""}`).join(", ");
  const names = [...table.key, ...table.columns].map(({ name }) => name).join(", ");
  const ordered = order === "" ? "" : ` ORDER BY ${order}`;
  return {
    sql: `SELECT ${names} FROM ${table.name} WHERE ${where.join(" AND ")}${ordered} LIMIT ?`,
    parameters: [...parameters, limit],
  };
}

/** `(a, b) > (?, ?)`: the form SQLite seeks with. */
function behindRow(columns: readonly StoredColumn[], down: boolean): string {
  const places = columns.map(() => "?").join(", ");
  return `(${columns.map(({ name }) => name).join(", ")}) ${down ? "<" : ">"} (${places})`;
}

/** The same written out, because a comparison with NULL is never true; NULL sorts before everything in SQLite. */
function behindWithNulls(columns: readonly StoredColumn[], after: readonly SQLInputValue[], down: boolean): string {
  const terms = columns.map((column, i) => {
    const equal = columns.slice(0, i).map(({ name }) => `${name} IS ?`);
    return `(${[...equal, behindValue(column, after[i] ?? null, down)].join(" AND ")})`;
  });
  return `(${terms.join(" OR ")})`;
}

function behindValue({ name }: StoredColumn, value: SQLInputValue, down: boolean): string {
  // Each form uses its parameter, so that all of them take the same ones.
  if (down) return value === null ? `(${name} IS NOT NULL AND ? IS NOT NULL)` : `(${name} < ? OR ${name} IS NULL)`;
  return value === null ? `(${name} IS NOT NULL AND ? IS NULL)` : `${name} > ?`;
}
