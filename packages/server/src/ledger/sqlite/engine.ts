/**
 * The embedded engine: SQLite in one file. This side packs batches for the writer thread and answers bounded reads on a
 * connection of its own; it never writes.
 */
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { assert } from "@countersign/evidence/errors";
import { hex } from "@countersign/evidence/hash";
import type {
  EncodedRow,
  Engine,
  LoadedRows,
  LoadNeeds,
  LogId,
  Page,
  Row,
  StoredLog,
  StoredRun,
  StoredSubmission,
  WriteBatch,
} from "../engine.ts";
import type { Table } from "../table.ts";
import { decodeRow, decodeValues, encodeKey, encodeRow, type StoredTable, storedTable } from "./columns.ts";
import { openForReading } from "./database.ts";
import { numbered, packBatch, readBackOf, type TableNumbers } from "./pack.ts";
import { listQuery, newestLogs, queries } from "./queries.ts";
import { SubmissionIndex, submissionHash } from "./submissions.ts";
import { WriterThread } from "./writer-thread.ts";

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
  readonly #submissions: SubmissionIndex;

  constructor(database: DatabaseSync, writer: WriterThread, tables: readonly Table[]) {
    this.#database = database;
    this.#writer = writer;
    this.#submissions = new SubmissionIndex(database);
    this.#tables = new Map(tables.map((table, number) => [table, { number, stored: storedTable(table) }]));
  }

  load(needs: LoadNeeds): LoadedRows {
    return {
      rows: needs.rows.map(({ tenant, table, key }) => {
        const stored = this.#table(table);
        const row = this.#get(stored.select, tenant, ...(key.values as SQLInputValue[])); // encoded by this engine
        return row && decodeRow(stored, row);
      }),
      runs: needs.runs.map(({ tenant, run }) => this.#run(tenant, run)),
      submissions: needs.submissions.map(({ tenant, scope, key }) => this.#submission(tenant, scope, key)),
    };
  }

  encodeRow(table: Table, row: Row): EncodedRow {
    return { values: encodeRow(this.#table(table), row) };
  }

  encodeKey(table: Table, key: Row): EncodedRow {
    return { values: encodeKey(this.#table(table), key) };
  }

  decodeRow(table: Table, { values }: EncodedRow): Row {
    return decodeValues(this.#table(table), values as readonly SQLOutputValue[]); // made by encodeRow above
  }

  async write(batch: WriteBatch): Promise<readonly Uint8Array[]> {
    const parcel = this.#writer.parcel();
    packBatch(batch, parcel, this.#submissions, this.#tables);
    const { places, ranges } = readBackOf(batch);
    const leaves = await this.#writer.write(parcel, ranges);
    this.#submissions.committed();
    return places.map((place) => leaves.subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES));
  }

  async close(): Promise<void> {
    this.#database.close();
    await this.#writer.close();
  }

  logs(): readonly StoredLog[] {
    return this.#all(newestLogs).map((row) => ({
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

  entry({ tenant, epoch }: LogId, index: number) {
    const row = this.#get(queries.entry, tenant, epoch, index);
    return row && { bytes: blob(row.bytes), leaf: blob(row.leaf) };
  }

  entries({ tenant, epoch }: LogId, from: number, to: number): readonly Uint8Array[] {
    return this.#all(queries.entries, tenant, epoch, from, to).map((row) => blob(row.bytes));
  }

  leaves({ tenant, epoch }: LogId, from: number, to: number): readonly Uint8Array[] {
    return this.#all(queries.leaves, tenant, epoch, from, to).map((row) => blob(row.leaf));
  }

  nodes({ tenant, epoch }: LogId, level: number, from: number, to: number): readonly Uint8Array[] {
    return this.#all(queries.nodes, tenant, epoch, level, from, to).map((row) => blob(row.hash));
  }

  hasEvent(tenant: number, eventId: Uint8Array): boolean {
    return this.#get(queries.event, tenant, eventId) !== undefined;
  }

  indexOfEvent({ tenant, epoch }: LogId, eventId: Uint8Array): number | undefined {
    const row = this.#get(queries.event, tenant, eventId);
    return row?.epoch === epoch ? Number(row.idx) : undefined;
  }

  entriesOfRun({ tenant, epoch }: LogId, run: Uint8Array, fromSeq: number, limit: number): readonly number[] {
    return indexesOf(this.#all(queries.entriesOfRun, tenant, run, fromSeq, epoch, limit));
  }

  controlEntries({ tenant, epoch }: LogId, fromSeq: number, limit: number): readonly number[] {
    return indexesOf(this.#all(queries.controlEntries, tenant, epoch, fromSeq, limit));
  }

  entriesOfKinds(log: LogId, kinds: readonly number[], before: number, limit: number): readonly number[] {
    const { tenant, epoch } = log;
    const found = [...new Set(kinds)].flatMap((kind) =>
      indexesOf(this.#all(queries.entriesOfKind, tenant, epoch, kind, before, limit)),
    );
    return found.sort((a, b) => b - a).slice(0, limit);
  }

  list(tenant: number, table: Table, index: string, prefix: readonly unknown[], page: Page): readonly Row[] {
    const stored = this.#table(table);
    const limit = Math.min(page.limit ?? LARGEST_PAGE, LARGEST_PAGE);
    const { sql, parameters } = listQuery(stored, index, prefix, { ...page, limit });
    return this.#all(sql, tenant, ...parameters).map((row) => decodeRow(stored, row));
  }

  #run(tenant: number, run: Uint8Array): StoredRun | undefined {
    const row = this.#get(queries.run, tenant, run);
    return row && { events: Number(row.events), leaf: blob(row.leaf), state: String(row.state) };
  }

  #submission(tenant: number, scope: string, key: string): StoredSubmission | undefined {
    const recent = this.#submissions.recent(tenant, scope, key);
    const rows = recent === undefined ? this.#indexedRows(submissionHash(tenant, scope, key)) : [recent];
    for (const row of rows) {
      const found = this.#get(queries.submission, row);
      // Two keys may have one hash. A row that is not there belongs to the batch being written.
      if (found === undefined || found.tenant !== tenant || found.scope !== scope || found.key !== key) continue;
      return {
        bodyHash: hex(blob(found.body_hash)),
        answer: String(found.answer),
        epoch: Number(found.epoch),
        firstIndex: Number(found.first_idx),
        count: Number(found.count),
      };
    }
    return undefined;
  }

  #indexedRows(hash: number): readonly number[] {
    return this.#all(queries.submissionRows, hash).map(({ row }) => Number(row));
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

function indexesOf(rows: readonly Record<string, SQLOutputValue>[]): readonly number[] {
  return rows.map((row) => Number(row.idx));
}

function blob(value: SQLOutputValue | undefined): Uint8Array {
  assert(value instanceof Uint8Array, "the column holds bytes");
  return value;
}

function blobOrNone(value: SQLOutputValue | undefined): Uint8Array | undefined {
  const bytes = blob(value);
  return bytes.length === 0 ? undefined : bytes;
}
