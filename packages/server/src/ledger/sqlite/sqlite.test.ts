import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { test } from "node:test";
import { formatId } from "@countersign/evidence/ids";
import fc from "fast-check";
import { migrations } from "../../migrations/all.ts";
import { table } from "../table.ts";
import { temporaryDirectory } from "../testing.ts";
import { decodeRow, encodeKey, encodeRow, storedTable } from "./columns.ts";
import { expectedSchema, openForReading, openForWriting, walBytes } from "./database.ts";
import { openSqliteEngine } from "./engine.ts";
import { ParcelWriter, readParcel } from "./parcel.ts";
import { listQuery, newestLogs, queries } from "./queries.ts";

const everything = table("everything", {
  key: { id: "id:run", name: "text" },
  columns: {
    n: "int",
    maybe: "int?",
    yes: "bool",
    doc: "json",
    leaf: "hash",
    digest: "hash?",
    raw: "bytes",
    at: "ts",
  },
  indexes: { by_maybe: ["yes", "maybe"], recent: ["at"] },
});
const ROW = {
  id: formatId("run", new Uint8Array(16).fill(7)),
  name: "näme\u0000\u2028",
  n: -5,
  maybe: null,
  yes: true,
  doc: { b: [1, null], a: "x" },
  leaf: "ab".repeat(32),
  digest: `sha256:${"cd".repeat(32)}`,
  raw: Uint8Array.of(0, 255),
  at: "2026-04-01T14:00:00.001Z",
};

function databasePath(): string {
  return join(temporaryDirectory(), "x.sqlite");
}

test("schema: the ledger's tables are as the golden dump has them", () => {
  const dump = [...expectedSchema([])].map(([, sql]) => `${sql};\n`).join("\n");
  const golden = join(import.meta.dirname, "../../migrations/schema.golden.sql");
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(golden, dump);
  assert.equal(dump, readFileSync(golden, "utf8"));
});

test("schema: a newer database is refused by name, and so is another program's", () => {
  const path = databasePath();
  openForWriting(path, []).close();
  const newer = new DatabaseSync(path);
  newer.exec(`PRAGMA user_version=${migrations.length + 1}`);
  newer.close();
  assert.throws(() => openForWriting(path, []), { code: "schema-newer" });

  const foreign = databasePath();
  const database = new DatabaseSync(foreign);
  database.exec("CREATE TABLE theirs (a)");
  database.close();
  assert.throws(() => openForWriting(foreign, []), { code: "data-unsafe", detail: /not written by Countersign/ });
});

test("schema: settings weaker than durable are refused by name", () => {
  const path = databasePath();
  const small = new DatabaseSync(path);
  small.exec("PRAGMA page_size=4096; PRAGMA journal_mode=WAL; CREATE TABLE t (a); DROP TABLE t;");
  small.close();
  assert.throws(() => openForWriting(path, []), {
    code: "data-unsafe",
    detail: "SQLite's page_size is 4096; it must be 8192.",
  });
});

test("schema: a module's table that has changed shape without a migration is refused", () => {
  const path = databasePath();
  openForWriting(path, [table("t", { key: { a: "text" }, columns: { b: "int" } })]).close();
  openForWriting(path, [table("t", { key: { a: "text" }, columns: { b: "int" } })]).close();
  const changed = table("t", { key: { a: "text" }, columns: { b: "text" } });
  assert.throws(() => openForWriting(path, [changed]), { code: "data-unsafe", detail: /m_t has another shape/ });
});

test("schema: an open refusal reaches the one who opens the engine, with its code", async () => {
  const path = databasePath();
  openForWriting(path, []).close();
  const newer = new DatabaseSync(path);
  newer.exec("PRAGMA user_version=99");
  newer.close();
  await assert.rejects(openSqliteEngine(path, []), { code: "schema-newer" });
});

test("columns: a row comes back as it was put, ids and hashes kept in bytes", () => {
  const stored = storedTable(everything);
  const path = databasePath();
  const database = openForWriting(path, [everything]);
  database.prepare(stored.upsert).run(1, ...encodeRow(stored, ROW));
  const raw = database.prepare(stored.select).get(1, ...encodeKey(stored, ROW));
  assert.ok(raw !== undefined);
  assert.deepEqual({ ...decodeRow(stored, raw), raw: [...(raw.raw as Uint8Array)] }, { ...ROW, raw: [0, 255] });
  assert.equal((raw.id as Uint8Array).length, 16);
  assert.equal((raw.leaf as Uint8Array).length, 32);
  assert.equal(raw.at, Date.UTC(2026, 3, 1, 14, 0, 0, 1));
  // The same key in another tenant is another row.
  assert.equal(database.prepare(stored.select).get(2, ...encodeKey(stored, ROW)), undefined);
  database.prepare(stored.remove).run(1, ...encodeKey(stored, ROW));
  assert.equal(database.prepare(stored.select).get(1, ...encodeKey(stored, ROW)), undefined);
  database.close();
});

for (const [member, value] of [
  ["id", "act_00000000000000000000000000"],
  ["n", 1.5],
  ["n", "1"],
  ["yes", 1],
  ["leaf", "ab"],
  ["leaf", null],
  ["at", "2026-04-01"],
  ["at", "2026-02-30T00:00:00.000Z"],
  ["raw", "text"],
  ["doc", undefined],
] as const) {
  test(`columns: ${member} = ${value} is our mistake`, () => {
    const stored = storedTable(everything);
    assert.doesNotThrow(() => encodeRow(stored, ROW));
    assert.throws(() => encodeRow(stored, { ...ROW, [member]: value }), /assertion failed/);
  });
}

test("queries: every read is a search by an index and sorts nothing", () => {
  const database = openForWriting(databasePath(), [everything]);
  const stored = storedTable(everything);
  const prefixes: Record<string, readonly unknown[]> = { key: [], by_maybe: [true], recent: [] };
  const lists = [...stored.indexes.keys()].flatMap((index) =>
    [false, true].flatMap((descending) => [
      listQuery(stored, index, prefixes[index]!, { descending, limit: 10 }).sql,
      listQuery(stored, index, prefixes[index]!, { descending, limit: 10, after: { ...ROW, maybe: 3 } }).sql,
    ]),
  );
  const planOf = (sql: string) =>
    database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => String(detail))
      .join("; ");
  for (const sql of [...Object.values(queries), ...lists, stored.select]) {
    assert.match(planOf(sql), /^SEARCH \w+ USING ((INTEGER )?PRIMARY KEY|(COVERING )?INDEX)/, sql);
    assert.doesNotMatch(planOf(sql), /SCAN|TEMP B-TREE/, sql);
  }
  assert.doesNotMatch(planOf(newestLogs), /TEMP B-TREE/);
  // The control: a read that would scan is seen as one.
  assert.match(planOf("SELECT idx FROM entries WHERE kind = 3 ORDER BY leaf"), /SCAN.*TEMP B-TREE/);
  database.close();
});

const parameter: fc.Arbitrary<SQLInputValue> = fc.oneof(
  fc.constant(null),
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.string({ unit: "binary" }),
  fc.uint8Array({ maxLength: 300 }),
);

test("parcel: values arrive as they were packed, whatever buffer they were packed into", () => {
  const counts = [0, 1, 3];
  const records = fc.array(
    fc.oneof(
      ...counts.map((count, statement) =>
        fc.tuple(fc.constant(statement), fc.array(parameter, { minLength: count, maxLength: count })),
      ),
    ),
    { maxLength: 40 },
  );
  let spare: ArrayBuffer | undefined;
  fc.assert(
    fc.property(records, (packed) => {
      const parcel = new ParcelWriter(spare);
      for (const [statement, values] of packed) {
        parcel.statement(statement);
        for (const value of values) parcel.value(value);
      }
      const { buffer, usedBytes } = parcel.take();
      const read: [number, SQLInputValue[]][] = [];
      readParcel(buffer, usedBytes, counts, (statement, values) => {
        const copied = values.map((value) => (value instanceof Uint8Array ? new Uint8Array(value) : value));
        read.push([statement, copied]);
      });
      assert.deepEqual(read, packed);
      spare = buffer;
    }),
  );
});

test("parcel: one that was cut off is our mistake, not a shorter batch", () => {
  const parcel = new ParcelWriter();
  parcel.statement(1);
  parcel.text("cut");
  const { buffer, usedBytes } = parcel.take();
  assert.throws(() => readParcel(buffer, usedBytes - 1, [0, 1], () => {}));
  assert.throws(() => readParcel(buffer, usedBytes, [0], () => {}), /names a prepared statement/);
});

test("engine: a batch that cannot be written fails whole, and the engine takes no other", async () => {
  const path = databasePath();
  const engine = await openSqliteEngine(path, []);
  const empty = { tenants: [], entries: [], nodes: [], heads: [], runs: [], submissions: [], puts: [], removals: [] };
  await engine.write({ ...empty, tenants: [{ tenant: 1, id: "a", originHost: "h" }] });
  const twice = [
    { tenant: 2, id: "b", originHost: "h" },
    { tenant: 3, id: "a", originHost: "h" },
  ];
  await assert.rejects(engine.write({ ...empty, tenants: twice }), /UNIQUE constraint failed/);
  await assert.rejects(engine.write({ ...empty, tenants: [{ tenant: 4, id: "d", originHost: "h" }] }));
  await engine.close();
  const reading = openForReading(path);
  assert.deepEqual(
    reading
      .prepare("SELECT id FROM tenants")
      .all()
      .map(({ id }) => id),
    ["a"],
  );
  assert.throws(() => reading.exec("DELETE FROM tenants"), /readonly/);
  reading.close();
});

test("engine: what the WAL holds is copied into the database when nothing happens", async () => {
  const path = databasePath();
  const engine = await openSqliteEngine(path, []);
  const empty = { tenants: [], entries: [], nodes: [], heads: [], runs: [], submissions: [], puts: [], removals: [] };
  const ids = Array.from({ length: 3000 }, (_, i) => ({
    tenant: i + 1,
    id: `t-${i}-${"x".repeat(100)}`,
    originHost: "h",
  }));
  await engine.write({ ...empty, tenants: ids });
  assert.ok(existsSync(`${path}-wal`) && walBytes(path) > 256 * 1024);
  const deadline = performance.now() + 10_000;
  while (walBytes(path) > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(walBytes(path), 0);
  await engine.close();
});
