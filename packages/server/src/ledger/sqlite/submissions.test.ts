import assert from "node:assert/strict";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { temporaryDirectory } from "../testing.ts";
import { openForWriting } from "./database.ts";
import { ParcelWriter, readParcel } from "./parcel.ts";
import { SUBMISSION, statementsOf } from "./statements.ts";
import { SubmissionIndex, submissionHash } from "./submissions.ts";

const MANY = 50;
const CHUNK = 20;

/** Writes submissions as the engine and its writer do; `crash` drops what the last batch carried. */
function batch(database: DatabaseSync, index: SubmissionIndex, keys: readonly string[]): void {
  const parcel = new ParcelWriter();
  for (const key of keys) {
    const submission = { tenant: 1, scope: "s", key, bodyHash: "", answer: "null", epoch: 1, firstIndex: 0, count: 0 };
    parcel.statement(SUBMISSION);
    parcel.number(index.add(submission));
    for (const value of [1, "s", key, new Uint8Array(32), "null", 1, 0, 0]) parcel.value(value);
  }
  index.pack(parcel);
  const statements = statementsOf([]);
  const { buffer, usedBytes } = parcel.take();
  database.exec("BEGIN");
  readParcel(
    buffer,
    usedBytes,
    statements.map(({ parameters }) => parameters),
    (number, values) => {
      database.prepare(statements[number]!.text).run(...values);
    },
  );
  database.exec("COMMIT");
  index.committed();
}

/** The row a key is found at: in memory, or through the index. */
function find(database: DatabaseSync, index: SubmissionIndex, key: string): number | undefined {
  const recent = index.recent(1, "s", key);
  if (recent !== undefined) return recent;
  const rows = database.prepare("SELECT row FROM submission_keys WHERE hash = ?").all(submissionHash(1, "s", key));
  return rows
    .map(({ row }) => Number(row))
    .find((row) => {
      return database.prepare("SELECT key FROM submissions WHERE row = ?").get(row)?.key === key;
    });
}

test("submissions: a key is found at every moment, while it is in memory and after it went into the index", () => {
  const database = openForWriting(join(temporaryDirectory(), "x.sqlite"), []);
  const index = new SubmissionIndex(database, MANY, CHUNK);
  const all: string[] = [];
  for (let n = 0; n < 40; n++) {
    const keys = Array.from({ length: 7 }, (_, i) => `key-${n}-${i}`);
    batch(database, index, keys);
    all.push(...keys);
    all.forEach((key, i) => {
      assert.equal(find(database, index, key), i + 1, `${key} after batch ${n}`);
    });
    assert.equal(find(database, index, "never"), undefined);
  }
  const { indexed_row: indexed } = database.prepare("SELECT indexed_row FROM submission_index").get() ?? {};
  assert.ok(Number(indexed) >= 3 * MANY, `${indexed} rows are in the index`);
  assert.ok(index.recent(1, "s", all[0]!) === undefined, "and not in memory any more");
  database.close();
});

test("submissions: opened again after any batch, every key is found, and goes into the index once", () => {
  const database = openForWriting(join(temporaryDirectory(), "x.sqlite"), []);
  const all: string[] = [];
  for (let n = 0; n < 30; n++) {
    // A new process each time: what the one before had begun to index and not finished is begun anew.
    const index = new SubmissionIndex(database, MANY, CHUNK);
    for (let more = 0; more < 2; more++) {
      const keys = Array.from({ length: 9 }, (_, i) => `key-${n}-${more}-${i}`);
      batch(database, index, keys);
      all.push(...keys);
    }
    all.forEach((key, i) => {
      assert.equal(find(database, index, key), i + 1);
    });
  }
  const counted = database.prepare("SELECT count(*) AS n, count(DISTINCT row) AS rows FROM submission_keys").get();
  assert.equal(counted?.n, counted?.rows);
  database.close();
});

test("submissions: two keys of one hash are told apart", () => {
  const database = openForWriting(join(temporaryDirectory(), "x.sqlite"), []);
  const index = new SubmissionIndex(database, 1, 10);
  batch(database, index, ["a"]);
  // A row of another key under the hash of this one, before it in the index.
  database.prepare("INSERT INTO submission_keys VALUES (?, 0)").run(submissionHash(1, "s", "a"));
  database.exec("INSERT INTO submissions VALUES (0, 1, 's', 'other', zeroblob(32), 'null', 1, 0, 0)");
  assert.equal(find(database, index, "a"), 1);
  database.close();
});
