import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import type { Command } from "./command.ts";
import { due, dueChore, openSweeper, putDue, removeDue, type Sweeper } from "./due.ts";
import { asOperator, createTestTenant, openTestLedger, type TestLedger, testClock } from "./testing.ts";

const clock = testClock();
let ledger: TestLedger;
let tenant: string;
before(async () => {
  ledger = await openTestLedger({ tables: [due], clock });
  tenant = await createTestTenant(ledger);
});
after(() => ledger.close());

type About = { readonly n: number; readonly refuse?: boolean };

/** A chore that writes down what it did, and refuses what says so. */
function choreOf(name: string): { command: Command<About, number>; done: number[] } {
  const done: number[] = [];
  const command: Command<About, number> = {
    name,
    needs: () => ({}),
    run(tx, { n, refuse }) {
      if (refuse === true) throw new CountersignError("step-not-allowed");
      removeDue(tx, name, `s${n}`);
      done.push(n);
      return n;
    },
  };
  return { command, done };
}

const promise = (name: string, items: readonly { n: number; atMs: number; refuse?: boolean }[]) =>
  ledger.submit(
    {
      name: "test.promise",
      needs: () => ({}),
      run(tx) {
        for (const { n, atMs, ...rest } of items) putDue(tx, name, `s${n}`, atMs, { n, ...rest });
      },
    },
    undefined,
    asOperator(tenant),
  );

function sweeperOf(command: Command<About, number>, trouble: string[] = []): Sweeper {
  return openSweeper({
    ledger,
    nowMs: clock.nowMs,
    after: () => () => {},
    chores: [dueChore(command)],
    onTrouble: (chore, _tenant, cause) =>
      trouble.push(`${chore} ${String(cause instanceof CountersignError && cause.code)}`),
    everyMs: 1000,
  });
}

test("due: what falls due is done, soonest first, and nothing before its time", async () => {
  const { command, done } = choreOf("test.plain");
  const sweeper = sweeperOf(command);
  const now = clock.nowMs();
  await promise("test.plain", [
    { n: 1, atMs: now + 2000 },
    { n: 2, atMs: now + 1000 },
    { n: 3, atMs: now + 9000 },
  ]);
  assert.equal(await sweeper.sweep(), 0);
  clock.advance(2000);
  assert.equal(await sweeper.sweep(), 2);
  assert.deepEqual(done, [2, 1]);
  assert.equal(await sweeper.sweep(), 0);
  await sweeper.close();
});

test("due: a row moved or removed is due at its new time, or never", async () => {
  const { command, done } = choreOf("test.moved");
  const sweeper = sweeperOf(command);
  const now = clock.nowMs();
  await promise("test.moved", [
    { n: 1, atMs: now },
    { n: 2, atMs: now },
  ]);
  await promise("test.moved", [{ n: 1, atMs: now + 5000 }]);
  await ledger.submit(
    { name: "test.moot", needs: () => ({}), run: (tx) => removeDue(tx, "test.moved", "s2") },
    undefined,
    asOperator(tenant),
  );
  assert.equal(await sweeper.sweep(), 0);
  clock.advance(5000);
  await sweeper.sweep();
  assert.deepEqual(done, [1]);
  await sweeper.close();
});

test("due: what cannot be done is told, rests longer each time, and hides nothing behind it", async () => {
  const { command, done } = choreOf("test.stuck");
  const trouble: string[] = [];
  const sweeper = sweeperOf(command, trouble);
  const now = clock.nowMs();
  // More stuck rows than one round takes, all of them sooner than the one that can be done.
  const stuck = Array.from({ length: 100 }, (_, n) => ({ n, atMs: now - 1000 + n, refuse: true }));
  await promise("test.stuck", [...stuck, { n: 500, atMs: now }]);
  let rounds = 0;
  while (done.length === 0 && rounds < 5) {
    await sweeper.sweep();
    rounds++;
  }
  assert.deepEqual(done, [500]);
  assert.equal(trouble.length, 100);
  assert.equal(trouble[0], "test.stuck step-not-allowed");
  await sweeper.sweep();
  assert.equal(trouble.length, 100); // all at rest
  clock.advance(2000);
  await sweeper.sweep();
  await sweeper.sweep();
  assert.equal(trouble.length, 200);
  clock.advance(2000);
  await sweeper.sweep();
  assert.equal(trouble.length, 200); // the second rest is longer
  await sweeper.close();
});

test("due: work of one round is bounded, the rest waits for the next", async () => {
  const { command, done } = choreOf("test.many");
  const sweeper = sweeperOf(command);
  await promise(
    "test.many",
    Array.from({ length: 150 }, (_, n) => ({ n, atMs: clock.nowMs() })),
  );
  const counts = [await sweeper.sweep(), await sweeper.sweep(), await sweeper.sweep(), await sweeper.sweep()];
  assert.deepEqual(counts, [64, 64, 22, 0]);
  assert.equal(new Set(done).size, 150);
  await sweeper.close();
});

test("due: the timer goes on after a round, and stops when closed", async () => {
  const { command } = choreOf("test.timer");
  const waiting: (() => void)[] = [];
  let cancelled = 0;
  const sweeper = openSweeper({
    ledger,
    nowMs: clock.nowMs,
    after: (_ms, call) => {
      waiting.push(call);
      return () => cancelled++;
    },
    chores: [dueChore(command)],
    onTrouble: () => {},
    everyMs: 1000,
  });
  waiting[0]!();
  await sweeper.sweep();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(waiting.length, 2);
  await sweeper.close();
  assert.equal(cancelled, 1);
  waiting[1]!();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(waiting.length, 2);
});
