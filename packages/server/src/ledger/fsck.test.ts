import assert from "node:assert/strict";
import { cpSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { EventId, RunId } from "@countersign/evidence/ids";
import { type FsckReport, fsck } from "./fsck.ts";
import { DATABASE_FILE } from "./ledger.ts";
import { projection } from "./projection.ts";
import { asOperator, createTestTenant, openTestLedger, temporaryDirectory } from "./testing.ts";
import { closeRun, registerAgent, requestAction, startRun, tallies } from "./testing-commands.ts";

const BY = asOperator("prod-a");

/** The one tally of the story counts every run that was started. */
const talliesFromRuns = projection(tallies, () => {
  let row: { name: string; count: number; last_event: EventId; last_run: RunId; at: string } | undefined;
  return {
    step(event) {
      if (event.type !== "run.started") return;
      const { event_id: last_event, run_id: last_run, ts: at } = event;
      // Placed by the ledger, so its ids are ids.
      row = {
        name: "runs",
        count: (row?.count ?? 0) + 1,
        last_event: last_event as EventId,
        last_run: last_run as RunId,
        at,
      };
    },
    rows: () => (row === undefined ? [] : [row]),
  };
});
const OPTIONS = { tables: [tallies], projections: [talliesFromRuns] };

/** A copy of a closed data directory with 285 entries of ten runs, one settled. */
async function story(): Promise<string> {
  told ??= tell();
  const dataDir = join(temporaryDirectory(), "data");
  cpSync(await told, dataDir, { recursive: true });
  return dataDir;
}

let told: Promise<string> | undefined;

async function tell(): Promise<string> {
  const ledger = await openTestLedger({ tables: [tallies] });
  await createTestTenant(ledger);
  await ledger.submit(registerAgent, null, BY);
  const runs: RunId[] = [];
  for (let i = 0; i < 10; i++) {
    const by = { ...BY, idempotency: { scope: "os:0", key: `k${i}`, bodyHash: "a".repeat(64) } };
    runs.push((await ledger.submit(startRun, { tally: "runs" }, by)).answer);
  }
  await Promise.all(Array.from({ length: 270 }, (_, i) => ledger.submit(requestAction, { runId: runs[i % 9]! }, BY)));
  await ledger.submit(closeRun, { runId: runs[9]! }, BY);
  await ledger.close();
  return ledger.dataDir;
}

/** Changes the database behind the ledger's back, past the fence and with the fence put back. */
function tamper(dataDir: string, change: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(join(dataDir, DATABASE_FILE));
  const triggers = database.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all();
  for (const { name } of triggers) database.exec(`DROP TRIGGER ${name}`);
  change(database);
  for (const { sql } of triggers) database.exec(String(sql));
  database.close();
}

function codesOf({ findings }: FsckReport): string[] {
  return [...new Set(findings.map(({ code, table }) => (table === undefined ? code : `${code} ${table}`)))].sort();
}

/** Sets a hex nibble of the middle of an entry's commitment, so that it stays canonical and well-shaped. */
function changeEntry(database: DatabaseSync, index: number): void {
  const row = database.prepare("SELECT bytes FROM entries WHERE idx = ?").get(index);
  const text = Buffer.from(row?.bytes as Uint8Array).toString();
  const changed = text.replace('"cost_cents":12', '"cost_cents":13');
  assert.notEqual(changed, text);
  database.prepare("UPDATE entries SET bytes = ? WHERE idx = ?").run(Buffer.from(changed), index);
}

test("fsck: finds nothing in what the ledger wrote, and says what it looked at", async () => {
  const dataDir = await story();
  const report = await fsck(dataDir, OPTIONS);
  assert.deepEqual(report.findings, []);
  assert.deepEqual(report.counts, { entries: 285, runs: 10, nodes: 1, submissions: 10, rows: 1 });
  assert.deepEqual(report.notDerived, []);
  const [log] = report.logs;
  assert.deepEqual([log?.log, log?.entries, log?.signedSize], ["audit.example.com/prod-a/1", 285, 285]);
  assert.deepEqual((await fsck(dataDir, { ...OPTIONS, projections: [] })).notDerived, ["tallies"]);
});

test("fsck: a live database is checked as of one moment", async (t) => {
  const ledger = await openTestLedger({ tables: [tallies] });
  t.after(() => ledger.close());
  await createTestTenant(ledger);
  await ledger.submit(registerAgent, null, BY);
  let stop = false;
  const load = (async () => {
    while (!stop) {
      await Promise.all(Array.from({ length: 20 }, () => ledger.submit(startRun, { tally: "runs" }, BY)));
    }
  })();
  for (let i = 0; i < 3; i++) {
    const report = await fsck(ledger.dataDir, OPTIONS);
    assert.deepEqual(report.findings, []);
  }
  stop = true;
  await load;
  assert.ok((await fsck(ledger.dataDir, OPTIONS)).counts.entries > 20);
});

/** What was done to the database, and what must be found, each as a code and the table it lies in. */
const TAMPERED: readonly (readonly [
  what: string,
  change: (database: DatabaseSync) => void,
  found: readonly string[],
])[] = [
  ["nothing: the control", () => {}, []],
  [
    "an entry's bytes",
    (database) => changeEntry(database, 100),
    ["chain-broken", "leaf-mismatch", "root-mismatch", "run-chain-broken", "tile-mismatch nodes", "row-differs runs"],
  ],
  [
    "the newest entry's kind",
    (database) => {
      const changed = "CAST(replace(CAST(bytes AS TEXT), 'run.settled', 'run.ended') AS BLOB)";
      database.exec(`UPDATE entries SET bytes = ${changed} WHERE idx = 284`);
    },
    ["kind-not-understood", "leaf-mismatch", "root-mismatch", "row-differs heads", "row-differs runs"],
  ],
  [
    "the last entry is gone",
    (database) => database.exec("DELETE FROM entries WHERE idx = 284"),
    ["entry-missing", "row-differs heads"],
  ],
  [
    "the end is cut off, and the head says so",
    (database) => {
      database.exec("DELETE FROM entries WHERE idx >= 280");
      const row = database.prepare("SELECT leaf, control FROM entries WHERE idx = 279").get();
      database.prepare("UPDATE heads SET size = 280, runs_size = 0, leaf = ?").run(row?.leaf as Uint8Array);
    },
    ["entry-missing", "row-differs runs"],
  ],
  [
    "an entry's kind in its column",
    (database) => database.exec("UPDATE entries SET kind = kind + 1 WHERE idx = 50"),
    ["row-differs entries"],
  ],
  [
    "an entry's run in its column",
    (database) => database.exec("UPDATE entries SET run_id = zeroblob(16) WHERE idx = 50"),
    ["row-differs entries"],
  ],
  ["a tile's hash", (database) => database.exec("UPDATE nodes SET hash = zeroblob(32)"), ["tile-mismatch nodes"]],
  ["a tile's hash is gone", (database) => database.exec("DELETE FROM nodes"), ["row-differs nodes"]],
  [
    "a tile's hash too many",
    (database) => database.exec("INSERT INTO nodes VALUES (1, 1, 1, 7, zeroblob(32))"),
    ["row-differs nodes"],
  ],
  [
    "a run's state",
    (database) => database.exec("UPDATE runs SET state = replace(state, '\"open\"', '\"closed\"')"),
    ["row-differs runs"],
  ],
  ["a run is gone", (database) => database.exec("DELETE FROM runs WHERE rowid = 3"), ["row-differs runs"]],
  [
    "a run that never was",
    (database) => database.exec("INSERT INTO runs SELECT tenant, zeroblob(16), events, leaf, state FROM runs LIMIT 1"),
    ["row-differs runs"],
  ],
  ["a projection's value", (database) => database.exec("UPDATE m_tallies SET count = 9"), ["row-differs tallies"]],
  ["a projection's row is gone", (database) => database.exec("DELETE FROM m_tallies"), ["row-differs tallies"]],
  [
    "a projection's row too many",
    (database) =>
      database.exec("INSERT INTO m_tallies SELECT tenant, 'x', count, last_event, last_run, at FROM m_tallies"),
    ["row-differs tallies"],
  ],
  [
    "the checkpoint's root",
    (database) => {
      const note = String(database.prepare("SELECT note FROM heads").get()?.note);
      const lines = note.split("\n");
      lines[2] = Buffer.alloc(32).toString("base64");
      database.prepare("UPDATE heads SET note = ?").run(lines.join("\n"));
    },
    ["checkpoint-unsigned", "note-signature-invalid", "root-mismatch"],
  ],
  ["the head's time", (database) => database.exec("UPDATE heads SET ts = ts + 1"), ["row-differs heads"]],
  [
    "an answer that cites what is not there",
    (database) => database.exec("UPDATE submissions SET count = 1000 WHERE key = 'k1'"),
    ["row-differs submissions"],
  ],
  [
    "an idempotency key that is not found any more",
    (database) => database.exec("UPDATE submission_index SET indexed_row = 5"),
    ["row-differs submission_keys"],
  ],
  [
    "an idempotency key that is there twice",
    (database) =>
      database.exec(
        "INSERT INTO submissions SELECT row + 100, tenant, scope, key, body_hash, answer, epoch, first_idx, count FROM submissions WHERE row = 3",
      ),
    ["row-differs submission_keys"],
  ],
  [
    "an index that lost a row",
    (database) => {
      // The index's root is pointed at a table that never saw the later rows.
      database.exec("CREATE TABLE old AS SELECT * FROM entries WHERE idx < 200");
      database.exec("CREATE UNIQUE INDEX old_kind ON old (tenant, epoch, kind, idx)");
      database.enableDefensive(false);
      database.exec("PRAGMA writable_schema=ON");
      database.exec(
        "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'old_kind') WHERE name = 'entries_kind'",
      );
      database.exec("DELETE FROM sqlite_schema WHERE name = 'old_kind'");
      database.exec("PRAGMA writable_schema=RESET");
      database.exec("DROP TABLE old");
    },
    ["database-damaged"],
  ],
];

for (const [what, change, found] of TAMPERED) {
  test(`fsck: ${what}`, async () => {
    const dataDir = await story();
    tamper(dataDir, change);
    const report = await fsck(dataDir, OPTIONS);
    assert.deepEqual(codesOf(report), [...found].sort(), JSON.stringify(report.findings.slice(0, 5), null, 1));
  });
}

test("fsck: a fence that was taken down", async () => {
  const dataDir = await story();
  const database = new DatabaseSync(join(dataDir, DATABASE_FILE));
  database.exec("DROP TRIGGER entries_never_deleted");
  database.close();
  const { findings } = await fsck(dataDir, OPTIONS);
  assert.deepEqual(
    findings.map(({ code, detail }) => [code, detail]),
    [["database-damaged", "entries_never_deleted is missing from the schema."]],
  );
});

test("fsck: a file that is cut short, and one that is no database", async () => {
  for (const damage of [
    (path: string) => truncateSync(path, Math.floor(statSync(path).size / 2)),
    (path: string) => writeFileSync(path, "not a database, whatever its name says".repeat(500)),
  ]) {
    const dataDir = await story();
    damage(join(dataDir, DATABASE_FILE));
    const { findings } = await fsck(dataDir, OPTIONS);
    assert.ok(
      findings.some(({ code }) => code === "database-damaged"),
      JSON.stringify(findings.slice(0, 3)),
    );
  }
});

test("fsck: a cited payload that is not there", async () => {
  const dataDir = await story();
  const all = await fsck(dataDir, { ...OPTIONS, hasPayload: () => true });
  assert.deepEqual(all.findings, []);
  const none = await fsck(dataDir, { ...OPTIONS, hasPayload: () => false, mostFindings: 5 });
  assert.deepEqual(codesOf(none), ["payload-missing"]);
  assert.equal(none.findings.length, 5);
  assert.equal(none.findingCount, 540);
});
