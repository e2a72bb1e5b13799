/**
 * The ledger's process killed at random moments under load, again and again on the same directories: whatever it had
 * acknowledged is there, byte for byte. Run as `crash.test.ts child …` this file is the process that gets killed.
 *
 * CRASH_ROUNDS sets the number of kills (25); SEED replays their moments, as far as the machine does.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseCheckpoint } from "@countersign/evidence/checkpoint";
import { CountersignError } from "@countersign/evidence/errors";
import { hex } from "@countersign/evidence/hash";
import type { RunId } from "@countersign/evidence/ids";
import { leafHash } from "@countersign/evidence/merkle";
import { systemClock } from "../base/clock.ts";
import type { Engine } from "./engine.ts";
import { fsck } from "./fsck.ts";
import { type LedgerOptions, openLedger } from "./ledger.ts";
import { openSqliteEngine } from "./sqlite/engine.ts";
import { asOperator, OPERATOR, temporaryDirectory } from "./testing.ts";
import { closeRun, registerAgent, requestAction, startRun, tallies } from "./testing-commands.ts";
import { Tree } from "./tree.ts";

/** How the child runs: as the ledger is, or with the seeded defect that the test must catch. */
type Mode = "sound" | "acknowledges-early";
/** What the child had acknowledged: a line for each answer, written before anything else happens. */
type Acknowledged = {
  readonly key: string;
  readonly indexes: number[];
  readonly leaves: string[];
  readonly note: string;
};

const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 25);
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const TENANT = "prod-a";
const CALLERS = 24;

if (process.argv[2] === "child") await runChild(process.argv[3]!, process.argv[4] as Mode, process.argv[5]!);
else defineTests();

function defineTests(): void {
  test(`kill -9 under load, ${ROUNDS} times: nothing acknowledged is lost or changed (SEED=${SEED})`, async () => {
    const directory = temporaryDirectory();
    const random = generator(SEED);
    const acknowledged = new Map<string, Acknowledged>();
    for (let round = 0; round < ROUNDS; round++) {
      // The first moments of a process are its most delicate: some die before they have opened anything.
      const afterReady = random() < 0.8;
      const delayMs = afterReady ? random() * 600 : random() * 900;
      for (const one of await runAndKill(directory, "sound", `r${round}`, afterReady ? 1 : 0, delayMs)) {
        acknowledged.set(one.key, one);
      }
      await checkAll(directory, acknowledged);
    }
    assert.ok(acknowledged.size > ROUNDS * 10, `${acknowledged.size} commands were acknowledged`);
  });

  test("the control: a ledger that acknowledges before it commits is caught", async () => {
    const directory = temporaryDirectory();
    const acknowledged = new Map<string, Acknowledged>();
    for (const one of await runAndKill(directory, "sound", "before", 10, 50)) acknowledged.set(one.key, one);
    await checkAll(directory, acknowledged);
    for (const one of await runAndKill(directory, "acknowledges-early", "early", 20, 0)) {
      acknowledged.set(one.key, one);
    }
    await assert.rejects(checkAll(directory, acknowledged), (error) => {
      return error instanceof CountersignError && error.code === "signer-refused";
    });
  });
}

function optionsFor(directory: string): LedgerOptions {
  return {
    dataDir: join(directory, "data"),
    signerDir: join(directory, "signer"),
    tables: [tallies],
    clock: systemClock,
  };
}

/** Opens what the killed process left, and holds it against everything that was ever acknowledged. */
async function checkAll(directory: string, acknowledged: ReadonlyMap<string, Acknowledged>): Promise<void> {
  const options = optionsFor(directory);
  const ledger = await openLedger(options);
  try {
    const reader = ledger.reader(TENANT);
    if (reader === undefined) return assert.equal(acknowledged.size, 0);
    const leaves = Array.from({ length: reader.size }, (_, index) => leafHash(reader.entry(index)!.bytes));
    const tree = new Tree(0, () => assert.fail("nothing is stored"));
    for (const leaf of leaves) tree.append(leaf);
    for (const { key, indexes, leaves: said, note } of acknowledged.values()) {
      assert.deepEqual(
        indexes.map((index) => leaves[index] && hex(leaves[index])),
        said,
        `entries of ${key}`,
      );
      const parsed = parseCheckpoint(note);
      assert.ok(parsed.ok);
      const { treeSize, root } = parsed.value.checkpoint;
      assert.equal(hex(tree.root(treeSize)), hex(root), `checkpoint of ${treeSize}`);
    }
    // The keys of some commands, asked again: done once, with the same events.
    for (const { key, indexes } of [...acknowledged.values()].slice(-20)) {
      const again = await ledger.submit(startRun, { tally: "t" }, withKey(key));
      assert.deepEqual([again.replayed, again.indexes], [true, indexes], `key ${key}`);
    }
  } finally {
    await ledger.close();
  }
  const { findings } = await fsck(options.dataDir, { tables: [tallies], projections: [] });
  assert.deepEqual(findings, []);
}

/**
 * Starts the child, kills it after a while, and gives what it had acknowledged.
 *
 * @param lines how many it must have said before the while begins: the first says that it is ready
 */
async function runAndKill(
  directory: string,
  mode: Mode,
  name: string,
  lines: number,
  delayMs: number,
): Promise<Acknowledged[]> {
  // Into a file: what was written to it is there, however the process ends, and it never blocks as a pipe would.
  const path = join(directory, `said-${name}`);
  const file = openSync(path, "w");
  const child = spawn(
    process.execPath,
    [...process.execArgv.filter(isCondition), import.meta.filename, "child", directory, mode, name],
    { stdio: ["ignore", file, "pipe"], env: {} },
  );
  closeSync(file);
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    complaint += chunk.toString("utf8");
  });
  let over = false;
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  void exited.then(() => {
    over = true;
  });
  // Whole lines only: the last one may be cut.
  const said = () => readFileSync(path, "utf8").split("\n").slice(0, -1);
  while (!over && said().length < lines) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  child.kill("SIGKILL");
  await exited;
  assert.equal(child.signalCode, "SIGKILL", `the child died of the kill and of nothing else: ${complaint}`);
  return said()
    .filter((line) => line !== "ready")
    .map((line) => JSON.parse(line));
}

function isCondition(argument: string): boolean {
  return argument.startsWith("--conditions") || argument.startsWith("-C");
}

function withKey(key: string) {
  return { ...asOperator(TENANT), idempotency: { scope: "os:0", key, bodyHash: "a".repeat(64) } };
}

// ── The process that gets killed ───────────────────────────────────────────────────────────────────────────────────

async function runChild(directory: string, mode: Mode, name: string): Promise<void> {
  const options = optionsFor(directory);
  const ledger = await openLedger(mode === "sound" ? options : { ...options, openEngine: openEarlyEngine });
  if (ledger.reader(TENANT) === undefined) {
    await ledger.createTenant({ id: TENANT, kind: "evaluation", originHost: "h" }, { actor: OPERATOR });
  }
  if (ledger.reader(TENANT)?.control.agents["ops-agent-3"] === undefined) {
    await ledger.submit(registerAgent, null, asOperator(TENANT));
  }
  writeSync(1, "ready\n");
  const tell = (key: string, indexes: readonly number[], note: string) => {
    const reader = ledger.reader(TENANT);
    const leaves = indexes.map((index) => hex(reader?.entry(index)?.leaf ?? new Uint8Array(32)));
    writeSync(1, `${JSON.stringify({ key, indexes, leaves, note })}\n`);
  };
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      for (let n = 0; ; n++) {
        const key = `${name}-${caller}-${n}`;
        const started = await ledger.submit(startRun, { tally: "t" }, withKey(key));
        tell(key, started.indexes, started.checkpoint);
        const runId: RunId = started.answer;
        for (let action = 0; action < n % 4; action++) {
          const asked = await ledger.submit(requestAction, { runId }, withKey(`${key}-${action}`));
          tell(`${key}-${action}`, asked.indexes, asked.checkpoint);
        }
        if (n % 2 === 0) {
          const closed = await ledger.submit(closeRun, { runId }, withKey(`${key}-close`));
          tell(`${key}-close`, closed.indexes, closed.checkpoint);
        }
      }
    }),
  );
}

/** The seeded defect: says that a batch is durable and writes it a little later. */
async function openEarlyEngine(path: string, tables: LedgerOptions["tables"]): Promise<Engine> {
  const engine = await openSqliteEngine(path, tables);
  const write = engine.write.bind(engine);
  let queue = Promise.resolve();
  engine.write = async (batch) => {
    queue = queue.then(async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await write(batch);
    });
    return batch.entries.map(({ leaf }) => leaf);
  };
  return engine;
}

/** mulberry32: a small generator whose seed replays the test. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
