/**
 * `append`: what durable, proved and signed costs against the bare store. Both sides in one process, alternated:
 *
 * - 256 callers, one command each at a time, answered when it is under a signed checkpoint, against the very same rows
 *   put into plain SQLite (same schema, WAL, synchronous=FULL) 256 entries to a transaction;
 * - one caller, p50 of a command against p50 of an fsync after a write of as many bytes to a growing file.
 *
 * Run: node --conditions=countersign-source bench/append.ts [--seconds 2] [--rounds 5]
 */
import { hash } from "node:crypto";
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { parseArgs } from "node:util";
import type { RunId } from "@countersign/evidence/ids";
import { systemClock } from "@countersign/server/base/clock";
import type { WriteBatch } from "@countersign/server/ledger/engine";
import { DATABASE_FILE, type OpenLedger, openLedger } from "@countersign/server/ledger/ledger";
import { openForWriting, walBytes } from "@countersign/server/ledger/sqlite/database";
import { openSqliteEngine } from "@countersign/server/ledger/sqlite/engine";
import { packBatch } from "@countersign/server/ledger/sqlite/pack";
import { ParcelWriter, readParcel } from "@countersign/server/ledger/sqlite/parcel";
import { ENTRY, INDEXED_ROW, SUBMISSION_KEY, statementsOf } from "@countersign/server/ledger/sqlite/statements";
import { SubmissionIndex } from "@countersign/server/ledger/sqlite/submissions";
import { OPERATOR } from "@countersign/server/ledger/testing";
import { registerAgent, requestAction, startRun } from "@countersign/server/ledger/testing-commands";
import { median, spread, writeResult } from "./result.ts";

const CALLERS = 256;
/** Events of a run before the caller starts another: the usual run is short. */
const RUN_EVENTS = 5;
const TENANT = "bench";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "5" },
    profile: { type: "boolean", default: false },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const directory = mkdtempSync(join(tmpdir(), "countersign-bench-"));
process.on("exit", () => rmSync(directory, { recursive: true, force: true }));

/** Statements of one plain transaction. */
type PlainBatch = { readonly statement: number; readonly values: SQLInputValue[] }[];

const recorded: WriteBatch[] = [];
let recording = false;
const ledger = await openLedger({
  dataDir: join(directory, "data"),
  signerDir: join(directory, "signer"),
  tables: [],
  clock: systemClock,
  async openEngine(path, tables) {
    const engine = await openSqliteEngine(path, tables);
    const write = engine.write.bind(engine);
    engine.write = (batch) => {
      if (recording) recorded.push(batch);
      return write(batch);
    };
    return engine;
  },
});
await ledger.createTenant({ id: TENANT, kind: "evaluation", originHost: "bench.example.com" }, { actor: OPERATOR });
await ledger.submit(registerAgent, null, { tenant: TENANT, actor: OPERATOR });

const plainPath = join(directory, "plain.sqlite");
const plain = openForWriting(plainPath, []);
// A plain program keeps every index up to date with every row. (That the ledger does not write each run's state with
// each event is left to the plain side as well: it gets the rows the ledger wrote.)
plain.exec("CREATE UNIQUE INDEX submissions_key ON submissions (tenant, scope, key)");
const plainRows = new SubmissionIndex(plain);

await callers(ledger, 1, 500); // warm
const ledgerRates: number[] = [];
const plainRates: number[] = [];
for (let round = 0; round < rounds; round++) {
  recorded.length = 0;
  recording = true;
  const appended = await callers(ledger, seconds, CALLERS);
  recording = false;
  ledgerRates.push(appended.perSecond);
  const batches = regroup(recorded);
  plainRates.push(insertPlain(plain, batches));
  const sizes = recorded.map((batch) => batch.entries.length).filter((size) => size > 0);
  console.log(
    `round ${round + 1}: ledger ${format(ledgerRates.at(-1)!)}/s in batches of ${median(sizes)}, plain ${format(plainRates.at(-1)!)}/s`,
  );
}
const ratios = ledgerRates.map((rate, i) => rate / plainRates[i]!);
const one = await oneCaller(ledger, 300 * rounds);
const disk = await diskRatio(ledger);
plain.close();

const result = {
  many: {
    callers: CALLERS,
    ledgerPerSecond: spread(ledgerRates),
    plainPerSecond: spread(plainRates),
    ratio: spread(ratios),
    mustReach: 0.45,
    aim: 0.65,
  },
  one: { ...one, mustReach: 7, aim: 4.5 },
  disk: { bytesPerCanonicalByte: disk, mustReach: 2, aim: 1.5 },
};
console.log(`256 callers ÷ plain: ${median(ratios).toFixed(2)} (must reach 0.45, aim 0.65)`);
console.log(`one caller ÷ fsync: ${one.ratio.toFixed(2)} (must stay below 7, aim 4.5)`);
console.log(`disk ÷ canonical bytes: ${disk.toFixed(2)} (must stay below 2, aim 1.5)`);
writeResult("append", result);

/** Callers who each submit the next command when the one before is answered. */
async function callers(on: OpenLedger, forSeconds: number, count: number) {
  const until = performance.now() + forSeconds * 1000;
  let events = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: count }, async (_, caller) => {
      let runId: RunId | undefined;
      for (let n = 0; performance.now() < until; n++) {
        const by = submission(`${caller}-${started}-${n}`);
        if (runId === undefined || n % RUN_EVENTS === 0) runId = (await on.submit(startRun, {}, by)).answer;
        else await on.submit(requestAction, { runId }, by);
        events++;
      }
    }),
  );
  return { perSecond: (events * 1000) / (performance.now() - started) };
}

function submission(key: string) {
  const bodyHash = hash("sha256", key);
  return { tenant: TENANT, actor: OPERATOR, idempotency: { scope: "key_01kn4p3e80ef59chnz0000bench", key, bodyHash } };
}

/** The rows the ledger wrote, as plain transactions of as many entries as there are callers. */
function regroup(batches: readonly WriteBatch[]): PlainBatch[] {
  const parameterCounts = statementsOf([]).map(({ parameters }) => parameters);
  const groups: PlainBatch[] = [[]];
  let entries = 0;
  for (const batch of batches) {
    const parcel = new ParcelWriter();
    packBatch(batch, parcel, plainRows);
    const { buffer, usedBytes } = parcel.take();
    readParcel(buffer, usedBytes, parameterCounts, (statement, row) => {
      if (statement === SUBMISSION_KEY || statement === INDEXED_ROW) return;
      if (statement === ENTRY && entries > 0 && entries % CALLERS === 0) groups.push([]);
      if (statement === ENTRY) entries++;
      groups.at(-1)!.push({ statement, values: row });
    });
  }
  return groups;
}

/** Entries per second. */
function insertPlain(database: DatabaseSync, batches: readonly PlainBatch[]): number {
  const statements = statementsOf([]).map(({ text }) => database.prepare(text));
  const started = performance.now();
  let entries = 0;
  for (const batch of batches) {
    database.exec("BEGIN IMMEDIATE");
    for (const { statement, values: row } of batch) {
      statements[statement]!.run(...row);
      if (statement === ENTRY) entries++;
    }
    database.exec("COMMIT");
    if (walBytes(plainPath) > 64 * 1024 * 1024) database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  return (entries * 1000) / (performance.now() - started);
}

/** One command at a time, each beside one fsync, so that both meet the same disk. */
async function oneCaller(on: OpenLedger, count: number) {
  const file = openSync(join(directory, "growing"), "a");
  const bytes = Buffer.alloc(1200, 1);
  const commandMs: number[] = [];
  const fsyncMs: number[] = [];
  let runId: RunId | undefined;
  for (let n = 0; n < count; n++) {
    const by = submission(`one-${n}`);
    const before = performance.now();
    if (runId === undefined || n % RUN_EVENTS === 0) runId = (await on.submit(startRun, {}, by)).answer;
    else await on.submit(requestAction, { runId }, by);
    const between = performance.now();
    writeSync(file, bytes);
    fsyncSync(file);
    commandMs.push(between - before);
    fsyncMs.push(performance.now() - between);
  }
  closeSync(file);
  return {
    commandP50Ms: median(commandMs),
    fsyncP50Ms: median(fsyncMs),
    ratio: median(commandMs) / median(fsyncMs),
  };
}

/** Bytes of the database against bytes of the entries in it. */
async function diskRatio(on: OpenLedger): Promise<number> {
  const reader = on.reader(TENANT);
  let canonical = 0;
  const size = reader?.size ?? 0;
  for (let index = 0; index < size; index++) canonical += reader?.entry(index)?.bytes.length ?? 0;
  await on.close();
  return statSync(join(directory, "data", DATABASE_FILE)).size / canonical;
}

function format(rate: number): string {
  return Math.round(rate).toLocaleString("en");
}
