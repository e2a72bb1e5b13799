/** What only the executor of an attempt may say about it, and what an agent cannot unsay. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import type { BodyOf } from "@countersign/evidence/wire";
import type { Caller } from "./base/routes.ts";
import { type Gate, openGate } from "./gate-testing.ts";

let gate: Gate;
let stranger: Caller;
before(async () => {
  gate = await openGate();
  stranger = { ...gate.executor, credentialId: "key_stranger", holder: { kind: "executor", id: "worker-2" } };
});
after(() => gate.close());

const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;
const startRun = async (body: Partial<BodyOf<"startRun">> = {}) =>
  (await gate.call("startRun", gate.agent, { body: { capabilities: ["infra"], ...body } })).run.run_id;
const ask = async (runId: string) =>
  (
    await gate.call("requestAction", gate.agent, {
      params: { run_id: runId },
      body: { tool: "terraform", args: { vpc: "vpc-1", environment: "dev" }, max_attempts: 2 },
    })
  ).action;
const start = (id: string) => gate.call("startAction", gate.executor, { params: { action_id: id }, body: {} });
const report = (by: Caller, id: string, status: BodyOf<"reportOutcome">["status"]) =>
  gate.call("reportOutcome", by, { params: { action_id: id }, body: { status } });

test("a running attempt is cancelled by who runs it, not by the agent or another executor", async () => {
  const { action_id: id } = await ask(await startRun());
  await start(id);
  for (const by of [gate.agent, stranger]) await assert.rejects(report(by, id, "CANCELLED"), refused("forbidden"));
  // Control: what it did can still be told.
  assert.equal((await report(gate.executor, id, "SUCCEEDED")).phase, "succeeded");

  const { action_id: other } = await ask(await startRun());
  await start(other);
  assert.equal((await report(gate.executor, other, "CANCELLED")).phase, "cancelled");
  assert.deepEqual(gate.faults(), []);
});

test("an agent does not win its budget back by calling what runs cancelled", async () => {
  const runId = await startRun({ budgets: { actions: 1 } });
  const { action_id: id } = await ask(runId);
  await start(id);
  await assert.rejects(report(gate.agent, id, "CANCELLED"), refused("forbidden"));
  assert.equal((await ask(runId)).decision?.matched_rule, "core:budget-exceeded");
});

test("an agent still withdraws what has not started, and what is left after a failure", async () => {
  const { action_id: waiting } = await ask(await startRun());
  assert.equal((await report(gate.agent, waiting, "CANCELLED")).phase, "cancelled");
  const { action_id: failed } = await ask(await startRun());
  await start(failed);
  await report(gate.executor, failed, "FAILED");
  assert.notEqual((await report(gate.agent, failed, "CANCELLED")).phase, "running");
  assert.deepEqual(gate.faults(), []);
});

test("a report and a start at once: the outcome is still the executor's to tell", async () => {
  const { action_id: id } = await ask(await startRun());
  const [started, told] = await Promise.allSettled([start(id), report(stranger, id, "SUCCEEDED")]);
  assert.equal(started.status, "fulfilled");
  assert.equal(told.status, "rejected");
  assert.equal((await gate.call("getAction", gate.agent, { params: { action_id: id } })).phase, "running");
});
