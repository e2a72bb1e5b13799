/**
 * Derives everything in the database anew from the raw entries and compares: bytes, leaves, tree, chains, lifecycle,
 * checkpoints, stored run states, idempotency keys, every projection and index. Read-only, one snapshot; whether
 * somebody serves the directory meanwhile makes no difference. docs/reference/faults.md
 */
import "@countersign/evidence/hash.node";
import "@countersign/evidence/ed25519.node";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { canonicalText } from "@countersign/evidence/canonical";
import { payloadsCited } from "@countersign/evidence/cited";
import { CountersignError } from "@countersign/evidence/errors";
import { fault } from "@countersign/evidence/fault";
import { equalBytes } from "@countersign/evidence/hash";
import { rowKey } from "./batch.ts";
import { type Finding, LogCheck, type LogReport, type TellFinding } from "./fsck-log.ts";
import { DATABASE_FILE } from "./ledger.ts";
import { originOf } from "./log-state.ts";
import type { FsckSources, ProjectionFold, StoredRows, TableProjection } from "./projection.ts";
import { decodeRow, storedTable } from "./sqlite/columns.ts";
import { checkSchemaVersion, expectedSchema, openForReading, schemaOf } from "./sqlite/database.ts";
import { submissionHash } from "./sqlite/submissions.ts";
import type { RowOf, Table } from "./table.ts";

export type FsckOptions = {
  /** Every module's tables, as the ledger is opened with. */
  readonly tables: readonly Table[];
  readonly projections: readonly TableProjection[];
  /** Whether a payload that an event cites is at hand or lawfully gone. Absent: payloads are not looked at. */
  readonly hasPayload?: (tenant: string, digest: string) => boolean;
  /** Keys and payloads, for what only they can tell. */
  readonly sources?: FsckSources;
  /** Findings kept in the report; beyond, they are counted. */
  readonly mostFindings?: number;
};

export type FsckReport = {
  /** In the order they were found; at most `mostFindings`. */
  readonly findings: readonly Finding[];
  /** All of them, kept or not. */
  readonly findingCount: number;
  readonly logs: readonly LogReport[];
  readonly counts: Readonly<Record<"entries" | "runs" | "nodes" | "submissions" | "rows", number>>;
  /** Tables whose rows nothing can derive: what they hold was not compared. */
  readonly notDerived: readonly string[];
};

type Row = Record<string, SQLOutputValue>;

const MOST_FINDINGS = 1000;

/** @throws CountersignError cannot-read, schema-newer, data-unsafe: then nothing was checked */
export async function fsck(dataDir: string, options: FsckOptions): Promise<FsckReport> {
  const path = join(dataDir, DATABASE_FILE);
  if (!existsSync(path)) throw new CountersignError("cannot-read", { detail: `There is no ${path}.` });
  let database: DatabaseSync | undefined;
  try {
    database = openForReading(path);
    checkSchemaVersion(database);
    database.exec("BEGIN"); // one snapshot for everything below
    return new Fsck(database, options).report();
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    // SQLite could not go on reading: that is a finding, not a crash.
    const detail = error instanceof Error ? error.message : String(error);
    const found = fault("database-damaged", `SQLite cannot read it: ${detail}.`);
    return { findings: [found], findingCount: 1, logs: [], counts: noCounts(), notDerived: [] };
  } finally {
    database?.close();
  }
}

class Fsck {
  readonly #database: DatabaseSync;
  readonly #options: FsckOptions;
  readonly #findings: Finding[] = [];
  #findingCount = 0;
  readonly #counts = noCounts();

  constructor(database: DatabaseSync, options: FsckOptions) {
    this.#database = database;
    this.#options = options;
  }

  report(): FsckReport {
    this.#checkFile();
    const logs: LogReport[] = [];
    for (const tenant of this.#all("SELECT tenant, id, origin_host FROM tenants ORDER BY tenant")) {
      logs.push(...this.#checkTenant(Number(tenant.tenant), String(tenant.id), String(tenant.origin_host)));
    }
    const derived = new Set(this.#options.projections.map(({ table }) => table.name));
    return {
      findings: this.#findings,
      findingCount: this.#findingCount,
      logs,
      counts: this.#counts,
      notDerived: this.#options.tables.map(({ name }) => name).filter((name) => !derived.has(name)),
    };
  }

  #tell: TellFinding = (finding) => {
    this.#findingCount++;
    if (this.#findings.length < (this.#options.mostFindings ?? MOST_FINDINGS)) this.#findings.push(finding);
  };

  /** The file itself, every index against its table, and the schema with the fence around the entries. */
  #checkFile(): void {
    // Among much else it finds each row in each index: an index answers like a scan of its table, or it says so here.
    for (const row of this.#all("PRAGMA integrity_check(100)")) {
      if (row.integrity_check !== "ok") this.#tell(fault("database-damaged", `${row.integrity_check}.`));
    }
    const expected = expectedSchema(this.#options.tables);
    const found = schemaOf(this.#database);
    for (const [name, sql] of expected) {
      const there = found.get(name);
      if (there === undefined) this.#tell(fault("database-damaged", `${name} is missing from the schema.`));
      else if (there !== sql) this.#tell(fault("database-damaged", `${name} is not as this version makes it.`));
    }
    for (const name of found.keys()) {
      if (!expected.has(name)) this.#tell(fault("database-damaged", `${name} does not belong in the schema.`));
    }
    this.#checkKeys();
    const strangers = this.#all(
      `SELECT (SELECT count(*) FROM entries WHERE tenant NOT IN (SELECT tenant FROM tenants)) AS entries,
              (SELECT count(*) FROM heads WHERE tenant NOT IN (SELECT tenant FROM tenants)) AS heads`,
    )[0];
    if (strangers?.entries !== 0 || strangers.heads !== 0) {
      this.#tell(fault("row-differs", "There are entries or heads of a tenant that does not exist."));
    }
  }

  /** Idempotency keys are found where they are looked for, each once. */
  #checkKeys(): void {
    const differs = (detail: string) => this.#tell({ ...fault("row-differs", detail), table: "submission_keys" });
    const state = this.#all("SELECT indexed_row FROM submission_index")[0];
    if (state === undefined) differs("Nothing says how far keys are indexed.");
    const indexed = Number(state?.indexed_row ?? 0);
    const keysOf = this.#database.prepare("SELECT count(*) AS n FROM submission_keys WHERE hash = ? AND row = ?");
    let rows = 0;
    for (const { row, tenant, scope, key } of this.#database
      .prepare("SELECT row, tenant, scope, key FROM submissions WHERE row <= ?")
      .iterate(indexed)) {
      rows++;
      const hash = submissionHash(Number(tenant), String(scope), String(key));
      if (keysOf.get(hash, Number(row))?.n !== 1) differs(`Key ${key} of ${scope} is not found.`);
    }
    // Rows are numbered without a gap, and never removed.
    const numbered = this.#all("SELECT count(*) AS n, coalesce(max(row), 0) AS last FROM submissions")[0];
    const last = Math.max(Number(numbered?.last), indexed);
    if (Number(numbered?.n) !== last) differs(`There are ${numbered?.n} rows of keys, and the last is number ${last}.`);
    const keys = Number(this.#all("SELECT count(*) AS n FROM submission_keys WHERE row <= ?", indexed)[0]?.n);
    if (keys > rows) differs(`There are ${keys} keys for ${rows} rows.`);
    const twice = this.#all(
      "SELECT scope, key FROM submissions GROUP BY tenant, scope, key HAVING count(*) > 1 LIMIT 10",
    );
    for (const { scope, key } of twice) differs(`Key ${key} of ${scope} is there more than once.`);
  }

  #checkTenant(tenant: number, id: string, originHost: string): LogReport[] {
    const tell: TellFinding = (finding) => this.#tell({ ...finding, tenant: id });
    const folds = this.#options.projections.map((projection) => ({
      projection,
      fold: projection.fold(id, this.#options.sources ?? {}),
    }));
    const heads = this.#all("SELECT * FROM heads WHERE tenant = ? ORDER BY epoch", tenant);
    if (heads.length === 0) tell(fault("row-differs", "The tenant has no log."));
    const { hasPayload } = this.#options;
    const reports = heads.map((head, i) => {
      const check = new LogCheck({
        database: this.#database,
        head,
        id,
        origin: originOf(originHost, id, Number(head.epoch)),
        newest: i === heads.length - 1,
        tell,
        onEvent(event, place) {
          for (const { fold } of folds) fold.step(event, place);
          if (hasPayload === undefined) return;
          for (const digest of payloadsCited(event)) {
            if (hasPayload(id, digest)) continue;
            tell(
              fault("payload-missing", `${event.type} cites ${digest}.`, {
                index: place.index,
                eventId: event.event_id,
              }),
            );
          }
        },
      });
      const { report, nodes, runs } = check.run();
      this.#counts.entries += report.entries;
      this.#counts.nodes += nodes;
      this.#counts.runs += runs;
      return report;
    });
    this.#checkSubmissions(tenant, heads, tell);
    for (const { projection, fold } of folds) this.#compareRows(tenant, projection.table, fold, tell);
    return reports;
  }

  /** A recorded answer cites events that are there. */
  #checkSubmissions(tenant: number, heads: readonly Row[], tell: TellFinding): void {
    const sizes = new Map(heads.map((head) => [head.epoch, Number(head.size)]));
    const entry = this.#database.prepare("SELECT bytes FROM entries WHERE tenant = ? AND epoch = ? AND idx = ?");
    for (const row of this.#database.prepare("SELECT * FROM submissions WHERE tenant = ?").iterate(tenant)) {
      this.#counts.submissions++;
      const end = Number(row.first_idx) + Number(row.count);
      const size = sizes.get(row.epoch ?? null);
      const about = { table: "submissions" };
      if (size === undefined || end > size) {
        tell({ ...fault("row-differs", `Key ${row.key} of ${row.scope} cites entries up to ${end}.`), ...about });
      }
      if (!isJson(String(row.answer)) || !(row.body_hash instanceof Uint8Array) || row.body_hash.length !== 32) {
        tell({ ...fault("row-differs", `Key ${row.key} of ${row.scope} holds no answer or no hash.`), ...about });
        continue;
      }
      const stranger = this.#strangerIn(tenant, row, entry);
      if (stranger !== undefined) {
        const detail = `Key ${row.key} of ${row.scope} answers ${stranger}, which no entry before its end names.`;
        tell({ ...fault("row-differs", detail), ...about });
      }
    }
  }

  /** An id in a recorded answer that its entries do not name, though they made one of that kind. */
  #strangerIn(tenant: number, row: Row, entry: StatementSync): string | undefined {
    const [first, count] = [Number(row.first_idx), Number(row.count)];
    const made = new Set<string>();
    for (let index = first; index < first + count; index++) {
      const bytes = entry.get(tenant, row.epoch ?? 0, index)?.bytes;
      if (bytes instanceof Uint8Array) for (const id of idsIn(Buffer.from(bytes).toString("utf8"))) made.add(id);
    }
    const kinds = new Set([...made].map((id) => id.slice(0, id.indexOf("_"))));
    return idsIn(String(row.answer)).find((id) => kinds.has(id.slice(0, id.indexOf("_"))) && !made.has(id));
  }

  /** Both ways: every row the entries give is there, and none besides. */
  #compareRows(tenant: number, table: Table, fold: ProjectionFold, tell: TellFinding): void {
    const expected = new Map<string, Readonly<Record<string, unknown>>>();
    const stored: StoredRows = (other) => this.#rowsOf(tenant, other);
    for (const row of fold.rows(stored)) expected.set(rowKey(table, row), row);
    const different = (detail: string) => tell({ ...fault("row-differs", detail), table: table.name });
    for (const row of this.#rowsOf(tenant, table)) {
      this.#counts.rows++;
      const key = rowKey(table, row);
      const wanted = expected.get(key);
      expected.delete(key);
      if (wanted === undefined) different(`Row ${nameOf(key)} follows from no entry.`);
      else {
        for (const [column, value] of Object.entries(wanted)) {
          // A projection may give a check of the value instead; no column holds a function.
          const isSame = typeof value === "function" ? value(row[column]) : sameValue(row[column], value);
          if (isSame !== true) different(`Row ${nameOf(key)}: ${column} differs from what the entries give.`);
        }
      }
    }
    for (const key of expected.keys()) different(`Row ${nameOf(key)} is missing.`);
  }

  *#rowsOf<T extends Table>(tenant: number, table: T): Iterable<RowOf<T>> {
    const stored = storedTable(table);
    const rows = this.#database.prepare(`SELECT * FROM ${stored.name} WHERE tenant = ?`).iterate(tenant);
    for (const raw of rows) yield decodeRow(stored, raw) as RowOf<T>; // the table's own columns
  }

  #all(sql: string, ...parameters: (string | number)[]): Row[] {
    return this.#database.prepare(sql).all(...parameters);
  }
}

function noCounts() {
  return { entries: 0, runs: 0, nodes: 0, submissions: 0, rows: 0 };
}

/** Bytes by their bytes, everything else by what it says: members of a JSON column may stand in any order. */
function sameValue(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return equalBytes(a, b);
  return canonicalText(a ?? null) === canonicalText(b ?? null);
}

/** Ids as the ledger makes them: those of an answer are of things its events made. */
function idsIn(text: string): readonly string[] {
  return text.match(/\b[a-z]{3,4}_[0-7][0-9a-hjkmnp-tv-z]{25}\b/g) ?? [];
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A row's key without the table's name, on one line. */
function nameOf(key: string): string {
  return key.split("\n").slice(1).join(" ");
}
