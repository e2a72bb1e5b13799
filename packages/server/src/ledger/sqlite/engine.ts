/**
 * The embedded engine: SQLite in one file. This side packs batches for the writer thread and answers bounded reads on a
 * connection of its own; it never writes.
 */

import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { assert, CountersignError, type ErrorCode, errors } from "@countersign/evidence/errors";
import { hex, parseHex } from "@countersign/evidence/hash";
import type {
  Engine,
  Loaded,
  LoadNeeds,
  LogKey,
  Page,
  Row,
  StoredLog,
  StoredRun,
  StoredSubmission,
  WriteBatch,
} from "../engine.ts";
import type { Table } from "../table.ts";
import { decodeRow, encodeKey, encodeRow, type StoredColumn, type StoredTable, storedTable } from "./columns.ts";
import { openForReading } from "./database.ts";
import { ParcelWriter } from "./parcel.ts";
import * as statement from "./statements.ts";
import type { ReadBack, WriterAnswer, WriterRequest, WriterSettings } from "./writer.ts";

const HASH_BYTES = 32;
/** Rows one list answers at most, whatever is asked. */
const LARGEST_PAGE = 1000;

/**
 * Opens the database, creating it when there is none.
 *
 * @throws CountersignError data-unsafe, schema-newer
 */
export async function openSqliteEngine(path: string, tables: readonly Table[]): Promise<Engine> {
  const writer = new WriterThread({ path, tables });
  await writer.opened;
  return new SqliteEngine(openForReading(path), writer, tables);
}

class SqliteEngine implements Engine {
  readonly #database: DatabaseSync;
  readonly #writer: WriterThread;
  readonly #statements = new Map<string, StatementSync>();
  readonly #tables: TableNumbers;

  constructor(database: DatabaseSync, writer: WriterThread, tables: readonly Table[]) {
    this.#database = database;
    this.#writer = writer;
    this.#tables = new Map(tables.map((table, number) => [table, { number, stored: storedTable(table) }]));
  }

  load(needs: LoadNeeds): Loaded {
    return {
      rows: needs.rows.map(({ tenant, table, key }) => {
        const stored = this.#table(table);
        const row = this.#get(stored.select, tenant, ...encodeKey(stored, key));
        return row && decodeRow(stored, row);
      }),
      runs: needs.runs.map(({ tenant, run }) => this.#run(tenant, run)),
      submissions: needs.submissions.map(({ tenant, scope, key }) => this.#submission(tenant, scope, key)),
    };
  }

  async write(batch: WriteBatch): Promise<readonly Uint8Array[]> {
    const parcel = this.#writer.parcel();
    packBatch(batch, parcel, this.#tables);
    const { places, ranges } = readBackOf(batch);
    const leaves = await this.#writer.write(parcel, ranges);
    return places.map((place) => leaves.subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES));
  }

  async close(): Promise<void> {
    this.#database.close();
    await this.#writer.close();
  }

  logs(): readonly StoredLog[] {
    return this.#all(
      `SELECT t.id, t.origin_host, h.* FROM heads h JOIN tenants t ON t.tenant = h.tenant
       WHERE h.epoch = (SELECT max(epoch) FROM heads e WHERE e.tenant = h.tenant) ORDER BY h.tenant`,
    ).map((row) => ({
      tenant: Number(row.tenant),
      epoch: Number(row.epoch),
      id: String(row.id),
      originHost: String(row.origin_host),
      size: Number(row.size),
      tsMs: Number(row.ts),
      leaf: blobOrNone(row.leaf),
      controls: Number(row.controls),
      controlLeaf: blobOrNone(row.control_leaf),
      runsSize: Number(row.runs_size),
      signedSize: Number(row.signed_size),
      note: String(row.note),
    }));
  }

  entry(log: LogKey, index: number) {
    const row = this.#get(
      "SELECT bytes, leaf FROM entries WHERE tenant = ? AND epoch = ? AND idx = ?",
      log.tenant,
      log.epoch,
      index,
    );
    return row && { bytes: blob(row.bytes), leaf: blob(row.leaf) };
  }

  entries(log: LogKey, from: number, to: number): readonly Uint8Array[] {
    const sql = "SELECT bytes FROM entries WHERE tenant = ? AND epoch = ? AND idx >= ? AND idx < ? ORDER BY idx";
    return this.#all(sql, log.tenant, log.epoch, from, to).map((row) => blob(row.bytes));
  }

  leaves(log: LogKey, from: number, to: number): readonly Uint8Array[] {
    const sql = "SELECT leaf FROM entries WHERE tenant = ? AND epoch = ? AND idx >= ? AND idx < ? ORDER BY idx";
    return this.#all(sql, log.tenant, log.epoch, from, to).map((row) => blob(row.leaf));
  }

  nodes(log: LogKey, level: number, from: number, to: number): readonly Uint8Array[] {
    const sql = "SELECT hash FROM nodes WHERE tenant = ? AND epoch = ? AND level = ? AND n >= ? AND n < ? ORDER BY n";
    return this.#all(sql, log.tenant, log.epoch, level, from, to).map((row) => blob(row.hash));
  }

  hasEvent(tenant: number, eventId: Uint8Array): boolean {
    return this.#get("SELECT 1 FROM entries WHERE tenant = ? AND event_id = ?", tenant, eventId) !== undefined;
  }

  indexOfEvent(log: LogKey, eventId: Uint8Array): number | undefined {
    const row = this.#get("SELECT epoch, idx FROM entries WHERE tenant = ? AND event_id = ?", log.tenant, eventId);
    return row?.epoch === log.epoch ? Number(row.idx) : undefined;
  }

  entriesOfRun(log: LogKey, run: Uint8Array, fromSeq: number, limit: number): readonly number[] {
    return this.#all(
      `SELECT idx FROM entries INDEXED BY entries_run
       WHERE tenant = ? AND run_id = ? AND run_seq >= ? AND epoch = ? ORDER BY run_seq LIMIT ?`,
      log.tenant,
      run,
      fromSeq,
      log.epoch,
      limit,
    ).map((row) => Number(row.idx));
  }

  controlEntries(log: LogKey, fromSeq: number, limit: number): readonly number[] {
    return this.#all(
      `SELECT idx FROM entries INDEXED BY entries_control
       WHERE tenant = ? AND epoch = ? AND control >= ? ORDER BY control LIMIT ?`,
      log.tenant,
      log.epoch,
      fromSeq,
      limit,
    ).map((row) => Number(row.idx));
  }

  entriesOfKinds(log: LogKey, kinds: readonly number[], before: number, limit: number): readonly number[] {
    const found = [...new Set(kinds)].flatMap((kind) =>
      this.#all(
        `SELECT idx FROM entries INDEXED BY entries_kind
         WHERE tenant = ? AND epoch = ? AND kind = ? AND idx < ? ORDER BY idx DESC LIMIT ?`,
        log.tenant,
        log.epoch,
        kind,
        before,
        limit,
      ).map((row) => Number(row.idx)),
    );
    return found.sort((a, b) => b - a).slice(0, limit);
  }

  list(tenant: number, table: Table, index: string, prefix: readonly unknown[], page: Page): readonly Row[] {
    const stored = this.#table(table);
    const columns = stored.indexes.get(index);
    assert(columns !== undefined && prefix.length <= columns.length, `${table.name} has an index ${index} this long`);
    const limit = Math.min(page.limit ?? LARGEST_PAGE, LARGEST_PAGE);
    const fixed = columns.slice(0, prefix.length);
    const rest = columns.slice(prefix.length);
    const parameters: SQLInputValue[] = [tenant, ...fixed.map((column, i) => column.encode(prefix[i], column.name))];
    const where = ["tenant = ?", ...fixed.map((column) => `${column.name} IS ?`)];
    const down = page.descending ?? false;
    if (page.after !== undefined && rest.length > 0) {
      const after = rest.map((column) => column.encode(page.after![column.name], column.name));
      const behind = rest.some((column) => column.nullable)
        ? behindWithNulls(rest, after, down)
        : behindRow(rest, down);
      where.push(behind);
      if (rest.some((column) => column.nullable)) parameters.push(...rest.flatMap((_, i) => after.slice(0, i + 1)));
      else parameters.push(...after);
    }
    const order = rest.map((column) => `${column.name}${down ? " DESC" : ""}`).join(", ");
    const names = [...stored.key, ...stored.columns].map((column) => column.name).join(", ");
    const sql = `SELECT ${names} FROM ${stored.name} WHERE ${where.join(" AND ")}${order && ` ORDER BY ${order}`} LIMIT ?`;
    return this.#all(sql, ...parameters, limit).map((row) => decodeRow(stored, row));
  }

  #run(tenant: number, run: Uint8Array): StoredRun | undefined {
    const row = this.#get("SELECT events, leaf, state FROM runs WHERE tenant = ? AND run_id = ?", tenant, run);
    return row && { events: Number(row.events), leaf: blob(row.leaf), state: String(row.state) };
  }

  #submission(tenant: number, scope: string, key: string): StoredSubmission | undefined {
    const row = this.#get(
      `SELECT body_hash, answer, epoch, first_idx, count FROM submissions
       WHERE tenant = ? AND scope = ? AND key = ?`,
      tenant,
      scope,
      key,
    );
    return (
      row && {
        bodyHash: hex(blob(row.body_hash)),
        answer: String(row.answer),
        epoch: Number(row.epoch),
        firstIndex: Number(row.first_idx),
        count: Number(row.count),
      }
    );
  }

  #table(table: Table): StoredTable {
    return numbered(this.#tables, table).stored;
  }

  #prepared(sql: string): StatementSync {
    let prepared = this.#statements.get(sql);
    if (prepared === undefined) {
      prepared = this.#database.prepare(sql);
      this.#statements.set(sql, prepared);
    }
    return prepared;
  }

  #get(sql: string, ...parameters: SQLInputValue[]): Record<string, SQLOutputValue> | undefined {
    return this.#prepared(sql).get(...parameters);
  }

  #all(sql: string, ...parameters: SQLInputValue[]): Record<string, SQLOutputValue>[] {
    return this.#prepared(sql).all(...parameters);
  }
}

type TableNumbers = ReadonlyMap<Table, { readonly number: number; readonly stored: StoredTable }>;

/**
 * Packs a batch's rows in the order they are written.
 *
 * @param tables every declared table, in the order that numbers its statements
 */
export function packBatch(batch: WriteBatch, parcel: ParcelWriter, tables: TableNumbers = new Map()): void {
  for (const { tenant, id, originHost } of batch.tenants) {
    parcel.statement(statement.TENANT);
    parcel.number(tenant);
    parcel.text(id);
    parcel.text(originHost);
  }
  for (const entry of batch.entries) {
    parcel.statement(statement.ENTRY);
    parcel.number(entry.tenant);
    parcel.number(entry.epoch);
    parcel.number(entry.index);
    parcel.number(entry.kind);
    if (entry.control === undefined) parcel.nothing();
    else parcel.number(entry.control);
    if (entry.run === undefined) parcel.nothing();
    else parcel.number(entry.run.seq);
    parcel.blob(entry.eventId);
    if (entry.run === undefined) parcel.nothing();
    else parcel.blob(entry.run.id);
    parcel.blob(entry.leaf);
    parcel.blob(entry.bytes);
  }
  for (const node of batch.nodes) {
    parcel.statement(statement.NODE);
    for (const value of [node.tenant, node.epoch, node.level, node.n]) parcel.number(value);
    parcel.blob(node.hash);
  }
  for (const head of batch.heads) {
    parcel.statement(statement.HEAD);
    for (const value of [head.tenant, head.epoch, head.size, head.tsMs]) parcel.number(value);
    parcel.blob(head.leaf ?? NO_HASH);
    parcel.number(head.controls);
    parcel.blob(head.controlLeaf ?? NO_HASH);
    parcel.number(head.runsSize);
    parcel.number(head.signedSize);
    parcel.text(head.note);
  }
  for (const run of batch.runs) {
    parcel.statement(statement.RUN);
    parcel.number(run.tenant);
    parcel.blob(run.run);
    parcel.number(run.events);
    parcel.blob(run.leaf);
    parcel.text(run.state);
  }
  for (const submission of batch.submissions) {
    parcel.statement(statement.SUBMISSION);
    parcel.number(submission.tenant);
    parcel.text(submission.scope);
    parcel.text(submission.key);
    parcel.blob(parseHex(submission.bodyHash));
    parcel.text(submission.answer);
    parcel.number(submission.epoch);
    parcel.number(submission.firstIndex);
    parcel.number(submission.count);
  }
  for (const { tenant, table, row } of batch.puts) {
    const { number, stored } = numbered(tables, table);
    parcel.statement(statement.upsertOf(number));
    parcel.number(tenant);
    for (const value of encodeRow(stored, row)) parcel.value(value);
  }
  for (const { tenant, table, key } of batch.removals) {
    const { number, stored } = numbered(tables, table);
    parcel.statement(statement.removeOf(number));
    parcel.number(tenant);
    for (const value of encodeKey(stored, key)) parcel.value(value);
  }
}

function numbered(tables: TableNumbers, table: Table) {
  const found = tables.get(table);
  assert(found !== undefined, `table ${table.name} was declared when the ledger was opened`);
  return found;
}

/** The writer thread as this side sees it: one batch at a time. */
class WriterThread {
  readonly #thread: Worker;
  #waiting: { resolve(leaves: Uint8Array): void; reject(error: Error): void } | undefined;
  #closed: (() => void) | undefined;
  #failure: Error | undefined;
  /** A buffer that came back, to be filled again. */
  #spare: ArrayBuffer | undefined;

  /** Settled by the thread's first message: that it has opened the database, or why not. */
  readonly opened: Promise<void>;
  #opening: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(settings: WriterSettings) {
    const source = import.meta.url.endsWith(".ts") ? "./writer.ts" : "./writer.js";
    this.#thread = new Worker(new URL(source, import.meta.url), { workerData: settings, name: "countersign-writer" });
    this.opened = new Promise((resolve, reject) => {
      this.#opening = { resolve, reject };
    });
    this.#thread.on("message", (answer: WriterAnswer) => this.#take(answer));
    this.#thread.on("error", (error) => this.#fail(error));
    this.#thread.on("exit", () => {
      this.#fail(new Error("the writer thread ended"));
      this.#closed?.();
    });
  }

  parcel(): ParcelWriter {
    const parcel = new ParcelWriter(this.#spare);
    this.#spare = undefined;
    return parcel;
  }

  write(parcel: ParcelWriter, readBack: readonly ReadBack[]): Promise<Uint8Array> {
    assert(this.#waiting === undefined, "one batch is written at a time");
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      const { buffer, usedBytes } = parcel.take();
      const request: WriterRequest = { op: "write", buffer, usedBytes, readBack };
      this.#thread.postMessage(request, [buffer]);
    });
  }

  async close(): Promise<void> {
    if (this.#failure !== undefined) {
      await this.#thread.terminate();
      return;
    }
    await new Promise<void>((resolve) => {
      this.#closed = resolve;
      const request: WriterRequest = { op: "close" };
      this.#thread.postMessage(request);
    });
  }

  #take(answer: WriterAnswer): void {
    if (answer.op === "open") {
      this.#opening?.resolve();
      this.#opening = undefined;
    } else if (answer.op === "written") {
      this.#spare = answer.buffer;
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.resolve(new Uint8Array(answer.leaves));
    } else {
      this.#fail(failureOf(answer));
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#opening?.reject(this.#failure);
    this.#opening = undefined;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(this.#failure);
  }
}

const NO_HASH = new Uint8Array(0);

/** A refusal the thread made keeps its code on this side. */
function failureOf({ code, message }: Extract<WriterAnswer, { op: "failed" }>): Error {
  if (code !== undefined && Object.hasOwn(errors, code)) {
    return new CountersignError(code as ErrorCode, { detail: message }); // a key of the table
  }
  return new Error(message);
}

/** The stretches of entries to read back, and for each entry of the batch its place in what comes back. */
function readBackOf(batch: WriteBatch): { ranges: readonly ReadBack[]; places: readonly number[] } {
  const stretches = new Map<string, { log: LogKey; from: number; to: number; start: number }>();
  for (const entry of batch.entries) {
    const key = `${entry.tenant}/${entry.epoch}`;
    const stretch = stretches.get(key);
    if (stretch === undefined) stretches.set(key, { log: entry, from: entry.index, to: entry.index + 1, start: 0 });
    else stretch.to = entry.index + 1;
  }
  let start = 0;
  for (const stretch of stretches.values()) {
    stretch.start = start;
    start += stretch.to - stretch.from;
  }
  return {
    ranges: [...stretches.values()].map(({ log, from, to }) => [log.tenant, log.epoch, from, to]),
    places: batch.entries.map((entry) => {
      const stretch = stretches.get(`${entry.tenant}/${entry.epoch}`)!; // made above from the same entries
      return stretch.start + entry.index - stretch.from;
    }),
  };
}

/** `(a, b) > (?, ?)`: the form SQLite seeks with. */
function behindRow(columns: readonly StoredColumn[], down: boolean): string {
  const places = columns.map(() => "?").join(", ");
  return `(${columns.map((column) => column.name).join(", ")}) ${down ? "<" : ">"} (${places})`;
}

/** The same written out, because a comparison with NULL is never true; NULL sorts before everything in SQLite. */
function behindWithNulls(columns: readonly StoredColumn[], after: readonly SQLInputValue[], down: boolean): string {
  const terms = columns.map((column, i) => {
    const equal = columns.slice(0, i).map((before) => `${before.name} IS ?`);
    return `(${[...equal, behindValue(column, after[i] ?? null, down)].join(" AND ")})`;
  });
  return `(${terms.join(" OR ")})`;
}

function behindValue({ name }: StoredColumn, value: SQLInputValue, down: boolean): string {
  // The parameter must be used in each form, so that all forms take the same parameters.
  if (down) return value === null ? `(${name} IS NOT NULL AND ? IS NOT NULL)` : `(${name} < ? OR ${name} IS NULL)`;
  return value === null ? `(${name} IS NOT NULL AND ? IS NULL)` : `${name} > ?`;
}

function blob(value: SQLOutputValue | undefined): Uint8Array {
  assert(value instanceof Uint8Array, "the column holds bytes");
  return value;
}

function blobOrNone(value: SQLOutputValue | undefined): Uint8Array | undefined {
  const bytes = blob(value);
  return bytes.length === 0 ? undefined : bytes;
}
