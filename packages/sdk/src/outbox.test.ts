import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import { GateUnavailable } from "./errors.ts";
import { type KeptReport, openOutbox } from "./outbox.ts";

const report = (n: number): KeptReport => ({
  actionId: `act_${n}`,
  idempotencyKey: `key-${n}`,
  report: { status: "SUCCEEDED", attempt: 1 },
  at: new Date(1_780_000_000_000 + n).toISOString(),
});

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "countersign-outbox-"));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("outbox: reports kept by one process are delivered in order by the next", () =>
  inFolder(async (folder) => {
    const first = await openOutbox(folder);
    for (const n of [1, 2, 3]) await first.keep(report(n));
    const sent: string[] = [];
    const next = await openOutbox(folder);
    assert.deepEqual(await next.deliver(async ({ actionId }) => void sent.push(actionId)), {
      delivered: 3,
      refused: 0,
      waiting: 0,
    });
    assert.deepEqual(sent, ["act_1", "act_2", "act_3"]);
    assert.equal(await next.waiting(), 0);
  }));

test("outbox: stops at the first report that cannot be delivered now and keeps it and the rest", () =>
  inFolder(async (folder) => {
    const outbox = await openOutbox(folder);
    for (const n of [1, 2, 3]) await outbox.keep(report(n));
    const sent: string[] = [];
    const result = await outbox.deliver(async ({ actionId }) => {
      if (actionId === "act_2") throw new GateUnavailable(new Error("refused connection"));
      sent.push(actionId);
    });
    assert.deepEqual(result, { delivered: 1, refused: 0, waiting: 2 });
    assert.deepEqual(sent, ["act_1"]);
  }));

test("outbox: what the gate refuses for good is set aside with its reason, and the rest goes on", () =>
  inFolder(async (folder) => {
    const outbox = await openOutbox(folder);
    for (const n of [1, 2]) await outbox.keep(report(n));
    const result = await outbox.deliver(async ({ actionId }) => {
      if (actionId === "act_1") throw new CountersignError("step-not-allowed");
    });
    assert.deepEqual(result, { delivered: 1, refused: 1, waiting: 0 });
    const aside = await readdir(join(folder, "refused"));
    assert.equal(aside.length, 2);
    const reason = aside.find((name) => name.endsWith(".reason")) ?? "";
    assert.match(await readFile(join(folder, "refused", reason), "utf8"), /^step-not-allowed: /);
  }));

test("outbox: a half-written file of a crashed process is never delivered", () =>
  inFolder(async (folder) => {
    const outbox = await openOutbox(folder);
    await outbox.keep(report(1));
    await writeFile(join(folder, ".000-half.json.tmp"), '{"actionId":"act_');
    const sent: string[] = [];
    await outbox.deliver(async ({ actionId }) => void sent.push(actionId));
    assert.deepEqual(sent, ["act_1"]);
  }));

test("outbox: two deliveries at once send each report once", () =>
  inFolder(async (folder) => {
    const outbox = await openOutbox(folder);
    for (let n = 0; n < 10; n++) await outbox.keep(report(n));
    const sent: string[] = [];
    const send = async ({ actionId }: KeptReport) => void sent.push(actionId);
    await Promise.all([outbox.deliver(send), outbox.deliver(send)]);
    assert.equal(sent.length, 10);
    assert.equal(new Set(sent).size, 10);
  }));
