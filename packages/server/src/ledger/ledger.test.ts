import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { CountersignError, type ErrorCode } from "@countersign/evidence/errors";
import type { RunId } from "@countersign/evidence/ids";
import { leafHash } from "@countersign/evidence/merkle";
import { parseVerifierKey } from "@countersign/evidence/note";
import { parseReceipt, receiptFault } from "@countersign/evidence/receipt";
import { type Command, need } from "./command.ts";
import { DATABASE_FILE, type LedgerOptions } from "./ledger.ts";
import { asOperator, createTestTenant, OPERATOR, openTestLedger, type TestLedger, testClock } from "./testing.ts";
import { closeRun, refuseLate, registerAgent, requestAction, startRun, tallies } from "./testing-commands.ts";

const BY = asOperator("prod-a");

/** A ledger with one tenant and an agent, closed when the test ends. */
async function openStory(t: TestContext, options: Partial<LedgerOptions> = {}): Promise<TestLedger> {
  const ledger = await openTestLedger({ tables: [tallies], ...options });
  t.after(() => ledger.close());
  await createTestTenant(ledger);
  await ledger.submit(registerAgent, null, BY);
  return ledger;
}

function refusedWith(code: ErrorCode) {
  return (error: unknown) => error instanceof CountersignError && error.code === code;
}

function eventAt(ledger: TestLedger, index: number) {
  const entry = ledger.reader("prod-a")?.entry(index);
  assert.ok(entry !== undefined, `there is an entry ${index}`);
  return JSON.parse(Buffer.from(entry.bytes).toString());
}

test("ledger: a tenant's log begins with genesis and tenant.created, under a signed checkpoint", async (t) => {
  const ledger = await openTestLedger();
  t.after(() => ledger.close());
  const { answer, indexes, checkpoint } = await ledger.createTenant(
    { id: "prod-a", kind: "production", originHost: "audit.example.com", displayName: "Production A" },
    { actor: OPERATOR },
  );
  assert.deepEqual(indexes, [0, 1]);
  assert.equal(answer.log, "audit.example.com/prod-a/1");
  const reader = ledger.reader("prod-a");
  assert.ok(reader !== undefined);
  assert.equal(reader.size, 2);
  assert.equal(reader.checkpoint, checkpoint);
  const genesis = eventAt(ledger, 0);
  assert.equal(genesis.type, "log.genesis");
  assert.deepEqual(
    genesis.genesis.keys.map(({ purpose }: { purpose: string }) => purpose),
    ["checkpoint", "permit"],
  );
  assert.equal(genesis.genesis.keys[0].vkey, answer.vkey);
  assert.equal(eventAt(ledger, 1).created.display_name, "Production A");
  assert.equal(reader.control.tenant?.kind, "production");
  assert.deepEqual(ledger.tenants(), ["prod-a"]);
});

test("ledger: a tenant is created once, and a name that is no tenant id is refused", async (t) => {
  const ledger = await openTestLedger();
  t.after(() => ledger.close());
  const create = (id: string) => ledger.createTenant({ id, kind: "evaluation", originHost: "h" }, { actor: OPERATOR });
  const both = await Promise.allSettled([create("a"), create("a"), create("b")]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  await assert.rejects(create("a"), refusedWith("tenant-exists"));
  await assert.rejects(create("No Such"), refusedWith("validation-failed"));
  await assert.rejects(ledger.submit(startRun, {}, asOperator("nobody")), refusedWith("not-found"));
  assert.deepEqual(ledger.tenants(), ["a", "b"]);
});

test("append: every receipt verifies with the announced key alone, and for no other entry", async (t) => {
  const ledger = await openStory(t);
  const { answer: runId } = await ledger.submit(startRun, {}, BY);
  await Promise.all(Array.from({ length: 40 }, () => ledger.submit(requestAction, { runId }, BY)));
  const reader = ledger.reader("prod-a");
  assert.ok(reader !== undefined);
  const key = parseVerifierKey(eventAt(ledger, 0).genesis.keys[0].vkey);
  assert.ok(key.ok);
  assert.equal(reader.size, 2 + 1 + 1 + 40);
  for (let index = 0; index < reader.size; index++) {
    const receipt = parseReceipt(reader.receipt(index) ?? "");
    const entry = reader.entry(index);
    assert.ok(receipt.ok && entry !== undefined);
    assert.equal(receiptFault(receipt.value, entry.bytes, [key.value]), undefined);
    assert.deepEqual(new Uint8Array(leafHash(entry.bytes)), new Uint8Array(entry.leaf));
    const other = reader.entry((index + 1) % reader.size);
    assert.equal(receiptFault(receipt.value, other!.bytes, [key.value])?.code, "inclusion-failed");
  }
  assert.equal(reader.receipt(reader.size), undefined);
});

test("append: chains link every entry to the one before it in the log, its run and the control chain", async (t) => {
  const ledger = await openStory(t);
  const runs = await Promise.all([1, 2, 3].map(() => ledger.submit(startRun, {}, BY)));
  await Promise.all([0, 1, 2, 0, 1, 2].map((i) => ledger.submit(requestAction, { runId: runs[i]!.answer }, BY)));
  const nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const reader = ledger.reader("prod-a")!;
  let previous = nothing;
  let control = { seq: 0, head: nothing };
  const run = new Map<string, { seq: number; head: string }>();
  for (let index = 0; index < reader.size; index++) {
    const event = eventAt(ledger, index);
    const leaf = Buffer.from(reader.entry(index)!.leaf).toString("hex");
    const { integrity } = event;
    assert.equal(integrity.index, index);
    assert.equal(integrity.prev_hash, previous);
    assert.deepEqual([integrity.ctl_seq, integrity.ctl_head], [control.seq, control.head]);
    if (event.run_id !== undefined) {
      const before = run.get(event.run_id) ?? { seq: 0, head: nothing };
      assert.deepEqual([integrity.run_seq, integrity.run_prev], [before.seq, before.head]);
      run.set(event.run_id, { seq: before.seq + 1, head: leaf });
      assert.equal(event.initiator.agent, "ops-agent-3");
    } else control = { seq: control.seq + 1, head: leaf };
    previous = leaf;
  }
  assert.deepEqual(reader.controlEntries(), [0, 1, 2]);
  assert.deepEqual(reader.entriesOfRun(runs[1]!.answer), [4, 7, 10]);
  assert.deepEqual(reader.entriesOfRun(runs[1]!.answer, { fromSeq: 1, limit: 1 }), [7]);
  assert.deepEqual(reader.entriesOfKinds(["run.started", "agent.registered"], { limit: 2 }), [5, 4]);
  assert.deepEqual(reader.entriesOfKinds(["run.started"], { before: 5 }), [4, 3]);
  const { event_id: eventId } = eventAt(ledger, 7);
  assert.equal(reader.indexOfEvent(eventId), 7);
});

test("append: a command that refuses leaves nothing, and its neighbours are unharmed", async (t) => {
  const ledger = await openStory(t);
  const results = await Promise.allSettled([
    ledger.submit(startRun, { tally: "t" }, BY),
    ledger.submit(refuseLate, { tally: "t" }, BY),
    ledger.submit(startRun, { tally: "t" }, BY),
    ledger.submit(refuseLate, { tally: "t" }, BY),
    ledger.submit(startRun, { tally: "t" }, BY),
  ]);
  assert.deepEqual(
    results.map((result) => (result.status === "fulfilled" ? result.value.indexes : result.reason.code)),
    [[3], "frozen", [4], "frozen", [5]],
  );
  const reader = ledger.reader("prod-a")!;
  assert.equal(reader.size, 6);
  assert.equal(reader.row(tallies, { name: "t" })?.count, 3);
  assert.equal(eventAt(ledger, 5).integrity.prev_hash, Buffer.from(reader.entry(4)!.leaf).toString("hex"));
});

test("append: a step the lifecycle does not allow is refused with its faults", async (t) => {
  const ledger = await openStory(t);
  const { answer: runId } = await ledger.submit(startRun, {}, BY);
  await ledger.submit(closeRun, { runId }, BY);
  await assert.rejects(ledger.submit(requestAction, { runId }, BY), (error) => {
    assert.ok(error instanceof CountersignError && error.code === "step-not-allowed");
    const [fault] = error.members.faults as { code: string }[];
    return fault?.code === "event-after-settle";
  });
  const unregistered: Command<null, null> = {
    name: "test.register-twice",
    needs: () => ({}),
    run(tx) {
      registerAgent.run(tx, null);
      return null;
    },
  };
  await assert.rejects(ledger.submit(unregistered, null, BY), refusedWith("step-not-allowed"));
});

test("append: a run with nothing open is settled by the command that closes it", async (t) => {
  const ledger = await openStory(t);
  const { answer: runId } = await ledger.submit(startRun, {}, BY);
  const { indexes } = await ledger.submit(closeRun, { runId }, BY);
  assert.equal(indexes.length, 2);
  const settled = eventAt(ledger, indexes[1]!);
  assert.equal(settled.type, "run.settled");
  assert.deepEqual(settled.settled, { events: 3, last_seq: 2, actions: 0 });
  assert.deepEqual(
    [settled.source, settled.actor.type, settled.cause],
    ["derived", "system", eventAt(ledger, indexes[0]!).event_id],
  );
  assert.equal(ledger.reader("prod-a")!.run(runId)?.phase, "settled");
});

test("append: what a command did not ask for cannot be read, and what it put can", async (t) => {
  const ledger = await openStory(t);
  const peek = (asked: boolean): Command<null, number | undefined> => ({
    name: "test.peek",
    needs: () => ({ rows: asked ? [need(tallies, { name: "t" })] : [] }),
    run: (tx) => tx.row(tallies, { name: "t" })?.count,
  });
  await assert.rejects(ledger.submit(peek(false), null, BY), /assertion failed: the command asked/);
  assert.equal((await ledger.submit(peek(true), null, BY)).answer, undefined);
  const ownPut: Command<null, number | undefined> = {
    name: "test.own-put",
    needs: () => ({ rows: [] }),
    run(tx) {
      const runId = tx.newId("run");
      tx.put(tallies, { name: "own", count: 7, last_event: tx.newId("evt"), last_run: runId, at: tx.ts });
      return tx.row(tallies, { name: "own" })?.count;
    },
  };
  assert.equal((await ledger.submit(ownPut, null, BY)).answer, 7);
});

test("append: a row that cannot be kept fails its command alone; a row read is nobody else's to change", async (t) => {
  const ledger = await openStory(t);
  const putTally = (count: number): Command<null, null> => ({
    name: "test.put",
    needs: () => ({ rows: [need(tallies, { name: "t" })] }),
    run(tx) {
      tx.put(tallies, { name: "t", count, last_event: tx.newId("evt"), last_run: null, at: tx.ts });
      const mine = tx.row(tallies, { name: "t" });
      assert.ok(mine !== undefined);
      mine.count = 999;
      return null;
    },
  });
  const spoil: Command<null, null> = {
    name: "test.spoil",
    needs: () => ({ rows: [need(tallies, { name: "t" })] }),
    run(tx) {
      const theirs = tx.row(tallies, { name: "t" });
      if (theirs !== undefined) theirs.count = -1;
      throw new CountersignError("frozen");
    },
  };
  const results = await Promise.allSettled([
    ledger.submit(putTally(1), null, BY),
    ledger.submit(putTally(1.5), null, BY),
    ledger.submit(spoil, null, BY),
    ledger.submit(startRun, {}, BY),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ["fulfilled", "rejected", "rejected", "fulfilled"],
  );
  assert.equal(ledger.reader("prod-a")!.row(tallies, { name: "t" })?.count, 1);
});

test("append: a command that asks for nonsense is refused alone, and its neighbours see their own rows", async (t) => {
  const alarms: string[] = [];
  const ledger = await openStory(t, { alarm: (what) => alarms.push(what) });
  await ledger.submit(startRun, { tally: "one" }, BY);
  const peek = (...names: unknown[]): Command<null, (number | undefined)[]> => ({
    name: "test.peek",
    // Keys as they must not be: a number, a missing member.
    needs: () => ({ rows: names.map((name) => need(tallies, { name: name as string })) }),
    run: (tx) => names.map((name) => tx.row(tallies, { name: name as string })?.count),
  });
  const throwing: Command<null, null> = {
    name: "test.throw",
    needs: () => {
      throw new CountersignError("precondition-failed");
    },
    run: () => null,
  };
  const results = await Promise.allSettled([
    ledger.submit(peek("one", "two"), null, BY),
    ledger.submit(peek("two", 7), null, BY),
    ledger.submit(peek("one"), null, BY),
    ledger.submit(throwing, null, BY),
    ledger.submit(peek("two", "one"), null, BY),
  ]);
  assert.deepEqual(
    results.map((result) =>
      result.status === "fulfilled" ? result.value.answer : (result.reason.code ?? "assertion"),
    ),
    [[1, undefined], "assertion", [1], "precondition-failed", [undefined, 1]],
  );
  assert.deepEqual(alarms, []);
});

test("tenants: one batch over several, none of whose rows or keys meet", async (t) => {
  const ledger = await openStory(t);
  await createTestTenant(ledger, "prod-b");
  const other = asOperator("prod-b");
  await ledger.submit(registerAgent, null, other);
  const key = { scope: "s", key: "k", bodyHash: "a".repeat(64) };
  const [one, two] = await Promise.all([
    ledger.submit(startRun, { tally: "t" }, { ...BY, idempotency: key }),
    ledger.submit(startRun, { tally: "t" }, { ...other, idempotency: key }),
  ]);
  assert.deepEqual([one.replayed, two.replayed], [false, false]);
  assert.deepEqual([one.indexes, two.indexes], [[3], [3]]);
  assert.match(two.checkpoint, /^audit.example.com\/prod-b\/1\n4\n/);
  await assert.rejects(ledger.submit(requestAction, { runId: one.answer }, other), refusedWith("validation-failed"));
  assert.equal(ledger.reader("prod-b")!.run(one.answer), undefined);
  assert.equal(ledger.reader("prod-b")!.row(tallies, { name: "t" })?.last_run, two.answer);
  assert.deepEqual(ledger.reader("prod-b")!.entriesOfRun(one.answer), []);
  const { event_id: theirs } = eventAt(ledger, 3);
  assert.equal(ledger.reader("prod-b")!.indexOfEvent(theirs), undefined);
  assert.equal(ledger.reader("prod-a")!.indexOfEvent(theirs), 3); // the control
});

test("append: shapes are checked before anything is placed", async (t) => {
  const ledger = await openStory(t);
  const sessionOf = (method: string): Command<null, null> => ({
    name: "test.session",
    needs: () => ({}),
    run(tx) {
      const session = { id: tx.newId("ses"), person: tx.newId("usr"), method: method as "link", expires_at: tx.ts };
      tx.append("session.opened", { session });
      return null;
    },
  });
  await ledger.submit(sessionOf("link"), null, BY);
  await assert.rejects(ledger.submit(sessionOf("telepathy"), null, BY), (error) => {
    return refusedWith("validation-failed")(error) && (error as CountersignError).pointer === "/session/method";
  });
  assert.equal(ledger.reader("prod-a")!.size, 4);
});

test("idempotency: the same key and bytes give the recorded answer; other bytes are a conflict", async (t) => {
  const ledger = await openStory(t);
  const by = (bodyHash: string, scope = "os:1000") => ({
    ...BY,
    idempotency: { scope, key: "k-1", bodyHash: bodyHash.repeat(64) },
  });
  // In one batch: the second sees the first, which is not even written yet.
  const [first, second, conflict] = await Promise.allSettled([
    ledger.submit(startRun, { tally: "t" }, by("a")),
    ledger.submit(startRun, { tally: "t" }, by("a")),
    ledger.submit(startRun, { tally: "t" }, by("b")),
  ]);
  assert.ok(first.status === "fulfilled" && second.status === "fulfilled" && conflict.status === "rejected");
  assert.equal(first.value.replayed, false);
  assert.deepEqual(second.value, { ...first.value, replayed: true });
  assert.equal(conflict.reason.code, "idempotency-conflict");
  const again = await ledger.submit(startRun, { tally: "t" }, by("a"));
  assert.deepEqual([again.answer, again.indexes, again.replayed], [first.value.answer, first.value.indexes, true]);
  await assert.rejects(ledger.submit(startRun, {}, by("b")), refusedWith("idempotency-conflict"));
  // Another credential's key of the same name is another key.
  assert.equal((await ledger.submit(startRun, { tally: "t" }, by("b", "key_x"))).replayed, false);
  assert.equal(ledger.reader("prod-a")!.row(tallies, { name: "t" })?.count, 2);

  const reopened = await ledger.reopen();
  t.after(() => reopened.close());
  const after = await reopened.submit(startRun, { tally: "t" }, by("a"));
  assert.deepEqual([after.answer, after.indexes, after.replayed], [first.value.answer, first.value.indexes, true]);
});

test("idempotency: a refused command uses no key", async (t) => {
  const ledger = await openStory(t);
  const by = { ...BY, idempotency: { scope: "s", key: "k", bodyHash: "c".repeat(64) } };
  await assert.rejects(ledger.submit(refuseLate, { tally: "t" }, by), refusedWith("frozen"));
  assert.equal((await ledger.submit(startRun, { tally: "t" }, by)).replayed, false);
});

test("time: never goes back; a jump of the node's clock is recorded once", async (t) => {
  const clock = testClock();
  const ledger = await openStory(t, { clock });
  const times = () => {
    const reader = ledger.reader("prod-a")!;
    return Array.from({ length: reader.size }, (_, i) => eventAt(ledger, i).ts as string);
  };
  clock.advance(3_600_000); // an hour passes: no jump
  await ledger.submit(startRun, {}, BY);
  clock.jump(-1_999);
  await ledger.submit(startRun, {}, BY);
  assert.deepEqual(ledger.reader("prod-a")!.entriesOfKinds(["log.clock.jumped"]), []);
  clock.jump(-10_000);
  await ledger.submit(startRun, {}, BY);
  await ledger.submit(startRun, {}, BY);
  clock.jump(40_000);
  await ledger.submit(startRun, {}, BY);
  const jumps = ledger
    .reader("prod-a")!
    .entriesOfKinds(["log.clock.jumped"])
    .map((index) => eventAt(ledger, index));
  assert.deepEqual(
    jumps.map(({ clock }) => clock.direction),
    ["ahead", "back"],
  );
  const all = times();
  assert.deepEqual(all, [...all].sort());

  // A clock that went back while the ledger was down is seen against the head.
  const reopened = await ledger.reopen({ clock: testClock() });
  t.after(() => reopened.close());
  await reopened.submit(startRun, {}, BY);
  assert.equal(reopened.reader("prod-a")!.entriesOfKinds(["log.clock.jumped"]).length, 3);
});

test("heartbeat: a log that is idle says so within ten minutes, and not more often", async (t) => {
  const clock = testClock();
  let due: (() => void) | undefined;
  const timers = {
    after(delayMs: number, call: () => void) {
      if (delayMs >= 60_000) due = call;
      const timer = delayMs >= 60_000 ? undefined : setTimeout(call, delayMs);
      return () => clearTimeout(timer);
    },
  };
  const ledger = await openStory(t, { clock, timers });
  const beats = () => ledger.reader("prod-a")!.entriesOfKinds(["log.heartbeat"]).length;
  for (let minute = 0; minute < 30; minute++) {
    clock.advance(60_000);
    due?.();
    await ledger.submit({ name: "test.nothing", needs: () => ({}), run: () => null }, null, BY);
  }
  assert.equal(beats(), 3);
});

test("overload: beyond the queue's bounds a submission is refused at once, and what was taken in is done", async (t) => {
  const ledger = await openStory(t, { limits: { queueCommands: 8, queueBytes: 1024 * 1024 } });
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, () => ledger.submit(startRun, { tally: "t" }, BY)),
  );
  const refusals = results.filter(({ status }) => status === "rejected");
  assert.equal(refusals.length, 12);
  for (const result of refusals) {
    assert.ok(result.status === "rejected" && refusedWith("core:overloaded")(result.reason));
    assert.equal(result.reason.members.retry_after_s, 1);
  }
  assert.equal(ledger.reader("prod-a")!.row(tallies, { name: "t" })?.count, 8);
  await assert.rejects(
    ledger.submit(startRun, {}, { ...BY, sizeBytes: 2 * 1024 * 1024 }),
    refusedWith("core:overloaded"),
  );
});

test("reader: rows in index order, page by page, both ways, nulls included", async (t) => {
  const clock = testClock();
  const ledger = await openStory(t, { clock });
  const putTally: Command<{ name: string; run: boolean }, null> = {
    name: "test.put",
    needs: () => ({}),
    run(tx, { name, run }) {
      const last_run = run ? tx.newId("run") : null;
      tx.put(tallies, { name, count: 1, last_event: tx.newId("evt"), last_run, at: tx.ts });
      return null;
    },
  };
  for (const [i, name] of ["c", "a", "d", "b"].entries()) {
    clock.advance(1000);
    await ledger.submit(putTally, { name, run: i % 2 === 0 }, BY);
  }
  const reader = ledger.reader("prod-a")!;
  const names = (rows: readonly { name: string }[]) => rows.map(({ name }) => name).join("");
  assert.equal(names(reader.list(tallies, "recent", [])), "cadb");
  assert.equal(names(reader.list(tallies, "recent", [], { descending: true })), "bdac");
  assert.equal(names(reader.list(tallies, "key", [])), "abcd");
  const first = reader.list(tallies, "recent", [], { limit: 2 });
  assert.equal(names(reader.list(tallies, "recent", [], { after: first[1]! })), "db");
  const down = reader.list(tallies, "recent", [], { limit: 1, descending: true });
  assert.equal(names(reader.list(tallies, "recent", [], { after: down[0]!, descending: true, limit: 2 })), "da");
  assert.equal(names(reader.list(tallies, "recent", [first[0]!.at])), "c");
  assert.equal(reader.row(tallies, { name: "a" })?.last_run, null);
  const runId: RunId = reader.row(tallies, { name: "c" })!.last_run as RunId;
  assert.match(runId, /^run_/);
});

test("grown: resolves when the log has grown past a size, or in time", async (t) => {
  const ledger = await openStory(t);
  let grew = false;
  const waiting = ledger.grown("prod-a", 3, 60_000).then(() => {
    grew = true;
  });
  assert.equal(grew, false);
  await ledger.submit(startRun, {}, BY);
  await waiting;
  await ledger.grown("prod-a", 100, 5);
});

test("fence: entries can be neither changed nor deleted nor replaced through SQL", async (t) => {
  const ledger = await openStory(t);
  const database = new DatabaseSync(join(ledger.dataDir, DATABASE_FILE));
  t.after(() => database.close());
  database.exec("PRAGMA recursive_triggers=ON");
  assert.throws(() => database.exec("UPDATE entries SET kind = 0"), /entries are immutable/);
  assert.throws(() => database.exec("DELETE FROM entries"), /entries are immutable/);
  assert.throws(
    () => database.exec("INSERT OR REPLACE INTO entries SELECT * FROM entries WHERE idx = 1"),
    /entries are immutable/,
  );
  // The control: the statements are good, and only the fence stops them.
  database.exec("BEGIN");
  database.exec("DROP TRIGGER entries_never_updated");
  database.exec("UPDATE entries SET kind = 0");
  database.exec("ROLLBACK");
});

test("tiles: tiles and bundles are the signed log's, and nothing beyond it", async (t) => {
  const ledger = await openStory(t);
  const { answer: runId } = await ledger.submit(startRun, {}, BY);
  for (let i = 0; i < 5; i++) {
    const runs = await Promise.all(Array.from({ length: 55 }, () => ledger.submit(startRun, {}, BY)));
    assert.equal(runs.length, 55);
  }
  await ledger.submit(requestAction, { runId }, BY);
  const reader = ledger.reader("prod-a")!;
  assert.equal(reader.size, 3 + 1 + 275 + 1);
  const full = reader.tile(0, 0, 256);
  assert.equal(full?.length, 256 * 32);
  assert.deepEqual(full!.slice(32 * 255), new Uint8Array(reader.entry(255)!.leaf));
  assert.equal(reader.tile(0, 1, 24)?.length, 24 * 32);
  assert.equal(reader.tile(0, 1, 25), undefined);
  assert.equal(reader.tile(1, 0, 1)?.length, 32);
  assert.equal(reader.tile(1, 0, 2), undefined);
  const bundle = reader.entriesBundle(1, 24);
  const first = reader.entry(256)!.bytes;
  assert.deepEqual(
    bundle?.slice(0, 2 + first.length),
    new Uint8Array([first.length >> 8, first.length & 255, ...first]),
  );
  assert.equal(reader.entriesBundle(1, 25), undefined);
  // The same tiles after everything in memory is gone.
  const reopened = await ledger.reopen();
  t.after(() => reopened.close());
  assert.deepEqual(reopened.reader("prod-a")!.tile(0, 0, 256), full);
  assert.equal(reopened.reader("prod-a")!.checkpoint, reader.checkpoint);
});
