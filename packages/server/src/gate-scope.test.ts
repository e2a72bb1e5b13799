/** Scope at the gate: environments of a registration, budgets under many at once, expiry. Each with what is let through. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import type { BodyOf } from "@countersign/evidence/wire";
import { type Gate, openGate } from "./gate-testing.ts";

let gate: Gate;
before(async () => {
  gate = await openGate({ mayExecute: true });
});
after(() => gate.close());

const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;
const runOf = async (body: Partial<BodyOf<"startRun">> = {}) =>
  (await gate.call("startRun", gate.agent, { body: { capabilities: ["infra"], ...body } })).run.run_id;
const askIn = async (runId: string, args: object) =>
  (await gate.call("requestAction", gate.agent, { params: { run_id: runId }, body: { tool: "terraform", args } }))
    .action;
const register = (environments: string[] | undefined) =>
  gate.append("agent.changed", {
    agent: {
      id: "ops-agent",
      ceiling: ["infra"],
      may_execute: true,
      ...(environments === undefined ? {} : { environments }),
    },
  });
const start = (actionId: string) =>
  gate.call("startAction", gate.executor, { params: { action_id: actionId }, body: {} });
const usd = (cost: number) => ({ vpc: "vpc-1", environment: "dev", cost });

test("environments: outside the registration's is a recorded denial, inside goes on, none listed is anywhere", async () => {
  const runId = await runOf();
  await register(["staging"]);
  const outside = await askIn(runId, { vpc: "vpc-1", environment: "dev" });
  assert.deepEqual([outside.phase, outside.decision?.matched_rule], ["denied", "core:above-ceiling"]);
  assert.deepEqual(gate.typesOf(outside.action_id), ["action.requested", "policy.decided"]);
  const inside = await askIn(runId, { vpc: "vpc-1", environment: "staging" });
  await start(inside.action_id);
  await register(undefined);
  await start((await askIn(runId, { vpc: "vpc-1", environment: "dev" })).action_id);
  assert.deepEqual(gate.faults(), []);
});

test("environments: taken away between decision and start, nothing starts", async () => {
  const runId = await runOf();
  const [first, second] = [await askIn(runId, usd(1)), await askIn(runId, usd(1))];
  await start(first.action_id);
  await register(["staging"]);
  await assert.rejects(start(second.action_id), refused("action-denied"));
  await register(undefined);
  assert.deepEqual(gate.faults(), []);
});

for (const [count, each, cap, allowed] of [
  [3, 2000, 5000, 2],
  [50, 2000, 50_000, 25],
] as const) {
  test(`budget: ${count} × ${each} at once under ${cap}: ${allowed} allowed, and without a cap all`, async () => {
    const answers = async (runId: string) => Promise.all(Array.from({ length: count }, () => askIn(runId, usd(each))));
    const capped = await answers(await runOf({ budgets: { cents: cap * 100 } }));
    const rules = capped.map((one) => one.decision?.matched_rule);
    assert.equal(rules.filter((rule) => rule === "allow-ops").length, allowed);
    assert.equal(rules.filter((rule) => rule === "core:budget-exceeded").length, count - allowed);
    const free = await answers(await runOf()); // control: it was the cap
    assert.ok(free.every((one) => one.phase === "allowed"));
    assert.deepEqual(gate.faults(), []);
  });
}

test("expiry: a run's scope ends at its time for requests and for starts, not before", async () => {
  const expires_at = new Date(gate.clock.nowMs() + 30_000).toISOString();
  const runId = await runOf({ expires_at });
  const [first, second] = [await askIn(runId, usd(1)), await askIn(runId, usd(1))];
  gate.clock.advance(30_000);
  await start(first.action_id); // control: at the last moment
  gate.clock.advance(1);
  await assert.rejects(start(second.action_id), refused("action-denied"));
  assert.equal((await askIn(runId, usd(1))).decision?.matched_rule, "core:run-expired");
  assert.deepEqual(gate.faults(), []);
});

test("children: a child holds no more than its parent, and its own limits are its own gate's", async () => {
  const parent = await runOf({ budgets: { cents: 5000, actions: 10 } });
  const child = (body: Partial<BodyOf<"startRun">>) => runOf({ parent_run: parent, ...body });
  await assert.rejects(child({}), refused("scope-exceeds-parent")); // no limit where the parent has one
  await assert.rejects(child({ budgets: { cents: 5001, actions: 1 } }), refused("scope-exceeds-parent"));
  const lawful = await child({ budgets: { cents: 2000, actions: 1 } });
  assert.equal((await askIn(lawful, usd(20))).phase, "allowed");
  assert.equal((await askIn(lawful, usd(0.01))).decision?.matched_rule, "core:budget-exceeded");
  assert.deepEqual(gate.faults(), []);
});
