/** Observing: before a tenant's first policy, and never after, actions are recorded and nothing holds them back. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import type { Event } from "@countersign/evidence/event";
import { LogFold } from "@countersign/evidence/fold";
import type { RunId } from "@countersign/evidence/ids";
import { placeFreeze } from "./freezes/commands.ts";
import { type Gate, openGate, testBundle } from "./gate-testing.ts";
import type { Command } from "./ledger/command.ts";
import { createTestTenant } from "./ledger/testing.ts";
import { observeTenant, sealTenant } from "./tenants/commands.ts";

let gate: Gate;
before(async () => {
  gate = await openGate({ tenant: "observed-a", bundle: null });
});
after(() => gate.close());

const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;
const dev = { vpc: "vpc-1", environment: "dev" };
const startRun = async (budgets?: { actions: number }) => {
  const body = { capabilities: ["infra.change"], ...(budgets === undefined ? {} : { budgets }) };
  return (await gate.call("startRun", gate.agent, { body })).run.run_id;
};
const ask = async (runId: string, start = false) =>
  gate.call("requestAction", gate.agent, {
    params: { run_id: runId },
    body: { tool: "terraform", args: dev, ...(start ? { start } : {}) },
  });
const start = (actionId: string) =>
  gate.call("startAction", gate.executor, { params: { action_id: actionId }, body: {} });

test("observing: control: where nobody said so, everything is denied", async () => {
  const { action } = await ask(await startRun());
  assert.deepEqual([action.phase, action.decision?.enforced], ["denied", undefined]);
});

test("observing: an action is denied by no policy, says that this is not enforced, and runs", async () => {
  assert.deepEqual(await gate.submit(observeTenant, { observing: true }), { observing: true, changed: true });
  assert.equal((await gate.submit(observeTenant, { observing: true })).changed, false);
  const runId = await startRun();
  const { action } = await ask(runId);
  const { decision, phase } = action;
  assert.deepEqual(
    [phase, decision?.decision, decision?.matched_rule, decision?.enforced],
    ["allowed", "DENY", "core:no-active-policy", false],
  );
  const started = await start(action.action_id);
  assert.equal(Buffer.from(started.args, "base64").toString(), JSON.stringify(dev));
  const outcome = { params: { action_id: action.action_id }, body: { status: "SUCCEEDED" as const } };
  assert.equal((await gate.call("reportOutcome", gate.executor, outcome)).phase, "succeeded");
  await gate.call("closeRun", gate.agent, { params: { run_id: runId }, body: { status: "completed" } });
  const events = gate.events().filter((event) => "action_id" in event && event.action_id === action.action_id);
  assert.equal(events.length, 6);
  // Every event behind the request says it, read alone.
  for (const event of events.slice(1)) {
    if ("policy" in event) assert.equal(event.policy?.enforced, false, event.type);
  }
  assert.deepEqual(gate.faults(), []);
  const { score, observed } = completeness(gate.events(), runId);
  assert.deepEqual([observed, score <= 0.5], [1, true]);
});

test("observing: what stops everything still stops it: a freeze, a budget, the agent's ceiling", async () => {
  const poor = await startRun({ actions: 1 });
  assert.equal((await ask(poor)).action.phase, "allowed");
  assert.equal((await ask(poor)).action.decision?.matched_rule, "core:budget-exceeded");
  const above = await gate.call("requestAction", gate.agent, {
    params: { run_id: await startRun() },
    body: { tool: "terraform", args: dev, capability: "payments.send" },
  });
  assert.deepEqual([above.action.phase, above.action.decision?.matched_rule], ["denied", "core:above-ceiling"]);
  const runId = await startRun();
  const waiting = (await ask(runId)).action;
  await gate.submit(placeFreeze, { kind: "tenant", incident: "INC-1", reasonCode: "INCIDENT" });
  assert.equal((await ask(runId)).action.decision?.matched_rule, "core:frozen");
  await assert.rejects(start(waiting.action_id), refused("frozen"));
  const [freeze] = gate.ledger.reader(gate.tenant)!.control.freezes;
  await gate.append("freeze.lifted", {
    freeze: { freeze_id: freeze!.freeze_id, people: [(await gate.voter("lena", [])).alias], separation: "waived" },
    reason: { code: "RESOLVED" },
  });
  assert.deepEqual(gate.faults(), []);
});

test("observing: a minute after, what was not used is over, as for an ALLOW", async () => {
  const { action } = await ask(await startRun());
  gate.clock.advance(61_000);
  await gate.sweeper.sweep();
  await assert.rejects(start(action.action_id), refused("step-not-allowed"));
});

test("observing: the first publish ends it for good, for what was decided before too", async () => {
  const runId = await startRun();
  const decided = (await ask(runId)).action;
  const running = (await ask(runId, false)).action;
  await start(running.action_id);
  await gate.publish(testBundle());
  // Decided anew, and enforced: nobody had named a capability, which no ceiling has.
  await assert.rejects(start(decided.action_id), refused("action-denied"));
  const types = gate.typesOf(decided.action_id);
  assert.equal(types.filter((type) => type === "policy.decided").length, 2);
  assert.ok(!types.includes("dispatch.permitted"));
  const { action } = await ask(runId);
  assert.deepEqual([action.decision?.matched_rule, action.decision?.enforced], ["allow-ops", undefined]);
  // What ran may report; there is no further attempt on an observed decision.
  const failed = { params: { action_id: running.action_id }, body: { status: "FAILED" as const } };
  await gate.call("reportOutcome", gate.executor, failed);
  await assert.rejects(gate.submit(observeTenant, { observing: true }), refused("step-not-allowed"));
  await assert.rejects(gate.append("tenant.changed", { changed: { observing: true } }), /observing ended/);
  assert.deepEqual(gate.faults(), []);
});

test("observing: control: a decision that is not enforced after the first publish is refused by the ledger itself", async () => {
  const runId = await startRun();
  const { action } = await ask(runId);
  const decided = gate.events().findLast((event) => event.type === "policy.decided")!;
  const { integrity: _, event_id: __, ts: ___, ...rest } = decided;
  const unenforced = {
    ...rest,
    policy: { ...rest.policy, enforced: false },
    decided: { ...rest.decided, enforced: false },
  };
  assert.equal(decided.action_id, action.action_id);
  const wrong: Command<null, null> = {
    name: "test.observe-late",
    needs: () => ({ runs: [decided.run_id as RunId] }), // it has this form
    run(tx) {
      tx.append("policy.decided", unenforced as typeof rest); // what the schema lets through
      return null;
    },
  };
  await assert.rejects(gate.submit(wrong, null), /observing ended with the first publish/);
});

test("observing: a sealed production tenant does not begin it", async () => {
  const tenant = await createTestTenant(gate.ledger, "observed-b", "production");
  const by = { tenant, actor: { type: "operator" as const, id: "test" } };
  await gate.ledger.submit(sealTenant, undefined, by);
  await assert.rejects(gate.ledger.submit(observeTenant, { observing: true }, by), refused("step-not-allowed"));
});

/** As a verifier counts it, from the events alone. */
function completeness(events: readonly Event[], runId: string) {
  const fold = new LogFold();
  for (const event of events) fold.step(event);
  return fold.completeness(fold.runs.get(runId)!);
}
