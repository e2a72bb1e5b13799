/** What fails under the ledger, and what its callers and its data then are. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import type { EventOf } from "@countersign/evidence/event";
import { leafHash } from "@countersign/evidence/merkle";
import type { Command, Submission } from "./command.ts";
import type { Engine } from "./engine.ts";
import { fsck } from "./fsck.ts";
import { DATABASE_FILE, type LedgerOptions, openLedger } from "./ledger.ts";
import type { Signer } from "./signer/protocol.ts";
import { type SignerProcess, startSigner } from "./signer/signer-client.ts";
import { openSqliteEngine } from "./sqlite/engine.ts";
import {
  asOperator,
  copyOfDirectory,
  createTestTenant,
  OPERATOR,
  openTestLedger,
  type TestLedger,
  temporaryDirectory,
  testClock,
} from "./testing.ts";
import { registerAgent, startRun, tallies } from "./testing-commands.ts";

const BY = asOperator("prod-a");
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

function withKey(key: string): Submission {
  return { ...BY, idempotency: { scope: "os:0", key, bodyHash: "a".repeat(64) } };
}

/** Appends `count` events at once: one batch of exactly that size. */
const startRuns: Command<{ readonly count: number }, null> = {
  name: "test.start-runs",
  needs: () => ({}),
  run(tx, { count }) {
    for (let i = 0; i < count; i++) startRun.run(tx, {});
    return null;
  },
};

/** Fails a write before it is done, or after; the ledger cannot know which. */
type WriteFault = "lost" | "kept" | undefined;

function flakyEngine(faultOf: () => WriteFault): NonNullable<LedgerOptions["openEngine"]> {
  return async (path, tables) => {
    const engine: Engine = await openSqliteEngine(path, tables);
    const write = engine.write.bind(engine);
    engine.write = async (batch) => {
      const fault = batch.entries.length === 0 ? undefined : faultOf();
      if (fault === "lost") throw new Error("injected: lost");
      const leaves = await write(batch);
      if (fault === "kept") throw new Error("injected: kept");
      return leaves;
    };
    return engine;
  };
}

async function openStory(t: TestContext, options: Partial<LedgerOptions> = {}): Promise<TestLedger> {
  const ledger = await openTestLedger({ tables: [tallies], ...options });
  t.after(() => ledger.close());
  await createTestTenant(ledger);
  await ledger.submit(registerAgent, null, BY);
  return ledger;
}

async function assertSound(ledger: TestLedger): Promise<void> {
  const { findings } = await fsck(ledger.dataDir, { tables: [tallies], projections: [] });
  assert.deepEqual(findings, []);
}

function unavailable(code: string) {
  return (error: unknown) => error instanceof CountersignError && error.code === code;
}

/** Repeats a submission by its key for as long as the ledger says that it is not there. */
async function untilDone<A>(submit: () => Promise<A>): Promise<A> {
  for (;;) {
    try {
      return await submit();
    } catch (error) {
      if (!(error instanceof CountersignError) || error.status !== 503) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

for (const fault of ["lost", "kept"] as const) {
  // The tree has 3 entries before: these end at and around the edge of a tile, as sizes of the tree and of the batch.
  for (const count of [252, 253, 254, 255, 256, 257]) {
    test(`a write of ${count} entries that fails and is ${fault}: nobody is told, the key tells later`, async (t) => {
      let next: WriteFault;
      const openEngine = flakyEngine(() => {
        const fault = next;
        next = undefined;
        return fault;
      });
      const ledger = await openStory(t, { openEngine });
      next = fault;
      const first = ledger.submit(startRuns, { count }, withKey("k"));
      await assert.rejects(first, unavailable("core:ledger-unavailable"));
      const again = await untilDone(() => ledger.submit(startRuns, { count }, withKey("k")));
      assert.equal(again.replayed, fault === "kept");
      assert.deepEqual(
        again.indexes,
        Array.from({ length: count }, (_, i) => 3 + i),
      );
      await ledger.submit(startRuns, { count: 1 }, BY);
      assert.equal(ledger.reader("prod-a")?.size, 3 + count + 1);
      await assertSound(ledger);
      const reopened = await ledger.reopen({ openEngine: openSqliteEngine });
      t.after(() => reopened.close());
      assert.equal(reopened.reader("prod-a")?.size, 3 + count + 1);
    });
  }
}

test(`many callers who repeat by key under failing writes: each command is done once (SEED=${SEED})`, async (t) => {
  const random = generator(SEED);
  const hits = { lost: 0, kept: 0 };
  let quiet = true;
  const openEngine = flakyEngine(() => {
    const roll = quiet ? 1 : random();
    const fault = roll < 0.15 ? "lost" : roll < 0.3 ? "kept" : undefined;
    if (fault !== undefined) hits[fault]++;
    return fault;
  });
  const ledger = await openStory(t, { openEngine });
  quiet = false;
  const COMMANDS = 20;
  const done = await Promise.all(
    Array.from({ length: 16 }, async (_, caller) => {
      const indexes: number[] = [];
      for (let n = 0; n < COMMANDS; n++) {
        const key = `${caller}-${n}`;
        const appended = await untilDone(() => ledger.submit(startRun, { tally: "t" }, withKey(key)));
        indexes.push(...appended.indexes);
      }
      return indexes;
    }),
  );
  quiet = true;
  assert.ok(hits.lost > 0 && hits.kept > 0, "both faults were met");
  const indexes = done.flat().sort((a, b) => a - b);
  assert.deepEqual(
    indexes,
    Array.from({ length: 16 * COMMANDS }, (_, i) => 3 + i),
  );
  assert.equal(ledger.reader("prod-a")?.row(tallies, { name: "t" })?.count, 16 * COMMANDS);
  await assertSound(ledger);
});

test("an engine that reads back other bytes than were written: nothing is signed", async (t) => {
  let lie = false;
  const ledger = await openStory(t, {
    async openEngine(path, tables) {
      const engine = await openSqliteEngine(path, tables);
      const write = engine.write.bind(engine);
      engine.write = async (batch) => (await write(batch)).map((leaf) => (lie ? leafHash(leaf) : leaf));
      return engine;
    },
  });
  const before = ledger.reader("prod-a")?.checkpoint;
  lie = true;
  await assert.rejects(ledger.submit(startRun, {}, BY), unavailable("core:ledger-unavailable"));
  assert.equal(ledger.reader("prod-a")?.checkpoint, before);
  lie = false; // the control
  await untilDone(() => ledger.submit(startRun, {}, BY));
});

test("a database that cannot be opened again: refused by name until it can, then everything goes on", async (t) => {
  let broken = false;
  const alarms: string[] = [];
  const ledger = await openStory(t, {
    alarm: (what) => alarms.push(what),
    async openEngine(path, tables) {
      if (broken) throw new Error("injected: disk gone");
      return flakyEngine(() => (broken ? "lost" : undefined))(path, tables);
    },
  });
  broken = true;
  await assert.rejects(ledger.submit(startRun, {}, BY), unavailable("core:ledger-unavailable"));
  await new Promise((resolve) => setTimeout(resolve, 600));
  await assert.rejects(ledger.submit(startRun, {}, BY), unavailable("core:ledger-unavailable"));
  assert.ok(alarms.includes("a write failed") && alarms.includes("the database cannot be opened again"));
  broken = false;
  await untilDone(() => ledger.submit(startRun, {}, BY));
  await assertSound(ledger);
});

test("a read that fails while a batch is built: nobody is told anything, and the ledger is opened again", async (t) => {
  let broken = false;
  const ledger = await openStory(t, {
    async openEngine(path, tables) {
      const engine = await openSqliteEngine(path, tables);
      const load = engine.load.bind(engine);
      engine.load = (needs) => {
        if (broken) throw new Error("injected: disk I/O error");
        return load(needs);
      };
      return engine;
    },
  });
  // One command is being written when another's read fails: neither may be told that it was done.
  const first = ledger.submit(startRuns, { count: 200 }, withKey("first"));
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  broken = true;
  const second = ledger.submit(startRun, {}, withKey("second"));
  const outcomes = await Promise.allSettled([first, second]);
  assert.ok(outcomes[1].status === "rejected" && unavailable("core:ledger-unavailable")(outcomes[1].reason));
  broken = false;
  const again = await untilDone(() => ledger.submit(startRuns, { count: 200 }, withKey("first")));
  assert.equal(again.indexes.length, 200);
  assert.equal((await untilDone(() => ledger.submit(startRun, {}, withKey("second")))).replayed, false);
  assert.equal(ledger.reader("prod-a")?.size, 3 + 200 + 1);
  await assertSound(ledger);
});

test("a write that never ends: whoever waits is told in time, and the ledger is opened again when it can be", async (t) => {
  let hang = false;
  let letGo = () => {};
  const timers = {
    after(delayMs: number, call: () => void) {
      // A hundred times as fast for what is slow.
      const timer = setTimeout(call, delayMs >= 1000 ? delayMs / 100 : delayMs);
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
  const ledger = await openStory(t, {
    timers,
    async openEngine(path, tables) {
      const engine = await openSqliteEngine(path, tables);
      const write = engine.write.bind(engine);
      const close = engine.close.bind(engine);
      engine.write = (batch) => (hang ? new Promise(() => {}) : write(batch));
      engine.close = async () => {
        if (hang) await new Promise<void>((resolve) => (letGo = resolve)); // its thread is stuck in the disk
        await close();
      };
      return engine;
    },
  });
  hang = true;
  await assert.rejects(ledger.submit(startRun, {}, withKey("k")), unavailable("core:ledger-unavailable"));
  await assert.rejects(ledger.submit(startRun, {}, BY), unavailable("core:ledger-unavailable"));
  hang = false;
  letGo();
  const again = await untilDone(() => ledger.submit(startRun, {}, withKey("k")));
  assert.equal(again.replayed, false);
  await assertSound(ledger);
});

// ── The signer ─────────────────────────────────────────────────────────────────────────────────────────────────────

test("signer killed again and again under load: every command is done once, no log is refused", async (t) => {
  let signer: SignerProcess | undefined;
  const alarms: string[] = [];
  const ledger = await openStory(t, {
    alarm: (what, detail) => alarms.push(`${what}: ${detail}`),
    async openSigner(directory) {
      signer = await startSigner(directory);
      return signer;
    },
  });
  let kills = 0;
  const until = performance.now() + 4000;
  const killer = (async () => {
    while (performance.now() < until) {
      // Long enough for the next one to come up and sign something.
      await new Promise((resolve) => setTimeout(resolve, 700));
      if (signer?.pid === undefined) continue;
      process.kill(signer.pid, "SIGKILL");
      kills++;
    }
  })();
  let commands = 0;
  await Promise.all(
    Array.from({ length: 16 }, async (_, caller) => {
      for (let n = 0; performance.now() < until; n++) {
        await untilDone(() => ledger.submit(startRun, { tally: "t" }, withKey(`${caller}-${n}`)));
        commands++;
      }
    }),
  );
  await killer;
  assert.ok(kills >= 3, `killed ${kills} times`);
  assert.equal(ledger.reader("prod-a")?.row(tallies, { name: "t" })?.count, commands);
  assert.deepEqual(
    alarms.filter((alarm) => alarm.startsWith("a log is not signed")),
    [],
  );
  await assertSound(ledger);
});

test("signer stopped: refused by name within seconds, nothing released, and the tail is signed when it is back", async (t) => {
  let signer: SignerProcess | undefined;
  const ledger = await openStory(t, {
    async openSigner(directory) {
      signer = await startSigner(directory);
      return signer;
    },
  });
  const size = ledger.reader("prod-a")?.size;
  assert.ok(signer?.pid !== undefined);
  process.kill(signer.pid, "SIGSTOP");
  const started = performance.now();
  await assert.rejects(ledger.submit(startRun, {}, withKey("k")), unavailable("core:signer-unavailable"));
  assert.ok(performance.now() - started < 4000);
  // From now on nothing is even taken in.
  const asked = performance.now();
  await assert.rejects(ledger.submit(startRun, {}, BY), unavailable("core:signer-unavailable"));
  assert.ok(performance.now() - asked < 100);
  assert.equal(ledger.reader("prod-a")?.size, size);
  process.kill(signer.pid, "SIGCONT");
  const again = await untilDone(() => ledger.submit(startRun, {}, withKey("k")));
  assert.equal(again.replayed, true);
  assert.equal(ledger.reader("prod-a")?.size, size! + 1);
});

test("signer's answers lost: the ledger goes on from what was signed", async (t) => {
  let lose = false;
  const ledger = await openStory(t, {
    openSigner: async (directory) => wrap(await startSigner(directory), () => lose),
  });
  lose = true;
  await assert.rejects(ledger.submit(startRun, {}, withKey("k")), unavailable("core:signer-unavailable"));
  lose = false;
  const again = await untilDone(() => ledger.submit(startRun, {}, withKey("k")));
  assert.equal(again.replayed, true);
  await ledger.submit(startRun, {}, BY);
  await assertSound(ledger);
});

/** A signer that signs and whose answer never arrives. */
function wrap(signer: Signer, lose: () => boolean): Signer {
  return {
    open: (origins) => signer.open(origins),
    close: () => signer.close(),
    async sign(requests) {
      const answers = await signer.sign(requests);
      if (lose()) throw new CountersignError("core:signer-unavailable");
      return answers;
    },
  };
}

test("start: what was committed and not signed is signed", async (t) => {
  let away = false;
  const ledger = await openStory(t, {
    openSigner: async (directory) => {
      const signer = await startSigner(directory);
      return {
        open: (origins) => signer.open(origins),
        close: () => signer.close(),
        async sign(requests) {
          if (away) throw new CountersignError("core:signer-unavailable");
          return signer.sign(requests);
        },
      };
    },
  });
  away = true;
  await assert.rejects(ledger.submit(startRun, {}, withKey("k")), unavailable("core:signer-unavailable"));
  const { size } = ledger.reader("prod-a")!;
  const reopened = await ledger.reopen({ openSigner: startSigner });
  t.after(() => reopened.close());
  assert.equal(reopened.reader("prod-a")!.size, size + 1);
  assert.equal((await reopened.submit(startRun, {}, withKey("k"))).replayed, true);
});

// ── Directories ────────────────────────────────────────────────────────────────────────────────────────────────────

test("an older copy of the database is refused by the signer's memory, and by nothing else", async (t) => {
  const ledger = await openStory(t);
  await ledger.close();
  const older = copyOfDirectory(ledger.dataDir);
  const newer = await ledger.reopen();
  await newer.submit(startRuns, { count: 5 }, BY);
  await newer.close();

  const options = { tables: [tallies], clock: testClock(), dataDir: older };
  await assert.rejects(openLedger({ ...options, signerDir: ledger.signerDir }), (error) => {
    return unavailable("signer-refused")(error) && /older copy/.test((error as Error).message);
  });
  // A signer whose memory was deleted does not take it for the newest either, unless somebody says so, aloud.
  const forgetful = forgetfulSigner(ledger.signerDir);
  const reset = { ...options, signerDir: forgetful };
  await assert.rejects(openLedger(reset), (error) => {
    return (
      unavailable("signer-forgot")(error) && /remembers 0 entries, .* covers 3 of 3/.test((error as Error).message)
    );
  });
  // It was continued by others: another history of the same length is refused, too.
  const forked = await openTestLedger({ ...reset, acceptSignerReset: true });
  assert.deepEqual(resetsIn(forked), ["remembered 0, covered 3, entries 3"]);
  await forked.submit(startRuns, { count: 9 }, BY);
  await forked.close();
  await assert.rejects(openLedger({ ...options, signerDir: ledger.signerDir }), (error) => {
    return unavailable("signer-refused")(error) && /are not those the signer signed/.test((error as Error).message);
  });
  const sound = await ledger.reopen();
  t.after(() => sound.close());
});

test("a signer that has forgotten: the newest database, one whose checkpoint was taken out, one never signed", async (t) => {
  const ledger = await openStory(t);
  await ledger.submit(startRuns, { count: 5 }, BY);
  await ledger.close();
  const { size } = ledger.reader("prod-a")!;
  const options = { tables: [tallies], clock: testClock() };
  const stripped = copyOfDirectory(ledger.dataDir);
  const database = new DatabaseSync(join(stripped, DATABASE_FILE));
  database.exec("UPDATE heads SET signed_size = 0, note = ''");
  database.close();
  for (const dataDir of [ledger.dataDir, stripped]) {
    await assert.rejects(
      openLedger({ ...options, dataDir, signerDir: forgetfulSigner(ledger.signerDir) }),
      unavailable("signer-forgot"),
    );
  }
  // Accepted once: it is said in the log before anything is signed, and not said again.
  const accepted = { ...options, dataDir: stripped, signerDir: forgetfulSigner(ledger.signerDir) };
  const alarms: string[] = [];
  const alarm = (what: string) => void alarms.push(what);
  const opened = await openTestLedger({ ...accepted, acceptSignerReset: true, alarm });
  assert.deepEqual(resetsIn(opened), [`remembered 0, covered 0, entries ${size}`]);
  assert.deepEqual(alarms, ["a signer that had forgotten was let sign on"]);
  assert.equal(opened.reader("prod-a")!.size, size + 1);
  const again = await opened.reopen({ acceptSignerReset: true });
  t.after(() => again.close());
  assert.equal(resetsIn(again).length, 1);
  await again.submit(startRuns, { count: 1 }, BY);
  await assertSound(again);
});

test("a signer whose memory was put back is behind the database's checkpoint", async (t) => {
  const ledger = await openStory(t);
  await ledger.close();
  const older = copyOfDirectory(ledger.signerDir);
  chmodSync(join(older, "keys"), 0o700);
  const newer = await ledger.reopen();
  await newer.submit(startRuns, { count: 5 }, BY);
  await newer.close();
  const options = { tables: [tallies], clock: testClock(), dataDir: ledger.dataDir };
  await assert.rejects(openLedger({ ...options, signerDir: older }), (error) => {
    return (
      unavailable("signer-forgot")(error) && /remembers 3 entries, .* covers 8 of 8/.test((error as Error).message)
    );
  });
  const sound = await ledger.reopen(); // the control
  t.after(() => sound.close());
});

/** A copy of a signer's directory with its keys and without what it remembers. */
function forgetfulSigner(directory: string): string {
  const copy = copyOfDirectory(directory);
  chmodSync(join(copy, "keys"), 0o700);
  rmSync(join(copy, "signed"));
  return copy;
}

/** What the log says of signers that were let sign on. */
function resetsIn(ledger: TestLedger): string[] {
  const reader = ledger.reader("prod-a")!;
  return reader.entriesOfKinds(["config.overridden"]).map((index) => {
    const event = JSON.parse(Buffer.from(reader.entry(index)!.bytes).toString()) as EventOf<"config.overridden">;
    return event.override.value;
  });
}

test("another signer's directory is refused: its key is not the one the log announces", async (t) => {
  const ledger = await openStory(t);
  await ledger.close();
  const other = join(temporaryDirectory(), "signer");
  const options = { tables: [tallies], clock: testClock(), dataDir: ledger.dataDir };
  await assert.rejects(openLedger({ ...options, signerDir: other }), (error) => {
    return unavailable("signer-refused")(error) && /not one the log announces/.test((error as Error).message);
  });
});

test("a database edited while nothing ran is refused at the start when the edit is in sight of the checkpoint", async (t) => {
  const ledger = await openStory(t);
  await ledger.submit(startRuns, { count: 10 }, BY);
  await ledger.close();
  const database = new DatabaseSync(join(ledger.dataDir, DATABASE_FILE));
  database.exec("DROP TRIGGER entries_never_updated");
  const row = database.prepare("SELECT leaf FROM entries WHERE idx = 7").get();
  const leaf = row?.leaf as Uint8Array;
  database.prepare("UPDATE entries SET leaf = ? WHERE idx = 7").run(new Uint8Array(32));
  const open = () => openLedger({ ...ledger, tables: [tallies], clock: testClock() });
  await assert.rejects(open(), unavailable("signer-refused"));
  database.prepare("UPDATE entries SET leaf = ? WHERE idx = 7").run(leaf);
  database.close();
  const restored = await open(); // the control
  await restored.close();
});

test("a database with entries taken out is refused at the start, and says which log", async (t) => {
  const ledger = await openStory(t);
  await ledger.submit(startRuns, { count: 10 }, BY);
  await ledger.close();
  for (const which of ["idx = 7", "idx = (SELECT max(idx) FROM entries)"]) {
    const dataDir = copyOfDirectory(ledger.dataDir);
    const database = new DatabaseSync(join(dataDir, DATABASE_FILE));
    database.exec("DROP TRIGGER entries_never_deleted");
    database.exec(`DELETE FROM entries WHERE ${which}`);
    database.close();
    const opened = openLedger({ tables: [tallies], clock: testClock(), dataDir, signerDir: ledger.signerDir });
    await assert.rejects(opened, (error) => {
      return unavailable("signer-refused")(error) && /prod-a.*only \d+ are there/.test((error as Error).message);
    });
  }
  const sound = await ledger.reopen(); // the control
  t.after(() => sound.close());
});

test("a data directory is served by one process, and the signer's lies outside it", async (t) => {
  const ledger = await openStory(t);
  const options = { tables: [tallies], clock: testClock(), dataDir: ledger.dataDir };
  await assert.rejects(
    openLedger({ ...options, signerDir: join(temporaryDirectory(), "s") }),
    unavailable("data-locked"),
  );
  await ledger.close();
  const inside = join(ledger.dataDir, "signer");
  await assert.rejects(openLedger({ ...options, signerDir: inside }), unavailable("data-unsafe"));
  await assert.rejects(openLedger({ ...options, signerDir: ledger.dataDir }), unavailable("data-unsafe"));
  const open = join(temporaryDirectory(), "open");
  mkdirSync(open, { mode: 0o755 });
  await assert.rejects(
    openLedger({ ...options, dataDir: open, signerDir: ledger.signerDir }),
    unavailable("data-unsafe"),
  );
});

test("the signer of one ledger is never another's at the same time", async (t) => {
  const ledger = await openStory(t);
  const other = { tables: [tallies], clock: testClock(), dataDir: join(temporaryDirectory(), "data") };
  await assert.rejects(openLedger({ ...other, signerDir: ledger.signerDir }), unavailable("data-locked"));
  await ledger.submit(startRun, {}, BY); // the control: the first one signs on
  await ledger.close();
  const second = await openLedger({ ...other, signerDir: ledger.signerDir });
  await second.createTenant({ id: "t", kind: "evaluation", originHost: "h" }, { actor: OPERATOR });
  await second.close();
});

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
