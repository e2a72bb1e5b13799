/** Scope at the gate: environments of a registration, budgets under many at once, expiry. Each with what is let through. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import type { RunId } from "@countersign/evidence/ids";
import type { BodyOf } from "@countersign/evidence/wire";
import { bundleOf, seedFiles, seedTexts } from "../../../tools/seed-bundle.ts";
import { allTables, type Gate, openGate, policyTests, testBundle, testRules } from "./gate-testing.ts";
import { fsck } from "./ledger/fsck.ts";
import { DATABASE_FILE } from "./ledger/ledger.ts";
import { copyOfDirectory } from "./ledger/testing.ts";
import { runProjections } from "./runs/projections.ts";

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

test("children: three at once of 2,000 in two children of a run with 5,000: one is refused, and without the parent none", async () => {
  const three = async (children: readonly string[]) =>
    Promise.all([0, 1, 2].map((nth) => askIn(children[nth % children.length]!, usd(2000))));
  const budgets = { cents: 500_000 };
  const parent = await runOf({ budgets });
  const children = await Promise.all([0, 1].map(() => runOf({ parent_run: parent, budgets })));
  const rules = (await three(children)).map((one) => one.decision?.matched_rule);
  assert.equal(rules.filter((rule) => rule === "allow-ops").length, 2);
  assert.equal(rules.filter((rule) => rule === "core:budget-exceeded").length, 1);
  // control: the same budgets, and nobody above
  const free = await three([await runOf({ budgets }), await runOf({ budgets })]);
  assert.deepEqual(
    free.map((one) => one.phase),
    ["allowed", "allowed", "allowed"],
  );
  assert.deepEqual(gate.faults(), []);
});

test("children: what a grandchild spends and reserves is charged to the first run, and let go when it fails", async () => {
  const budgets = { cents: 500_000 };
  const first = await runOf({ budgets });
  const second = await runOf({ parent_run: first, budgets });
  const third = await runOf({ parent_run: second, budgets });
  const held = await askIn(third, usd(3000));
  assert.equal((await askIn(first, usd(3000))).decision?.matched_rule, "core:budget-exceeded");
  await start(held.action_id);
  const report = (status: "FAILED" | "SUCCEEDED", actionId: string) =>
    gate.call("reportOutcome", gate.executor, { params: { action_id: actionId }, body: { status } });
  await report("FAILED", held.action_id);
  const again = await askIn(first, usd(3000)); // nothing was spent
  assert.equal(again.phase, "allowed");
  await start(again.action_id);
  await report("SUCCEEDED", again.action_id);
  assert.equal((await askIn(second, usd(3000))).decision?.matched_rule, "core:budget-exceeded");
  assert.equal((await askIn(third, usd(2000))).phase, "allowed");
  assert.deepEqual(gate.faults(), []);
});

test("children: the wall time and the expiry of the run above end its children too", async () => {
  const parent = await runOf({ budgets: { wall_ms: 60_000 } });
  gate.clock.advance(59_000);
  const child = await runOf({ parent_run: parent, budgets: { wall_ms: 60_000 } });
  const action = await askIn(child, usd(1));
  await start((await askIn(child, usd(1))).action_id); // control: in time
  gate.clock.advance(1_001);
  assert.equal((await askIn(child, usd(1))).decision?.matched_rule, "core:budget-exceeded");
  await assert.rejects(start(action.action_id), refused("action-denied"));
  assert.deepEqual(gate.faults(), []);
});

test("children: after a restart the runs above are charged as before, and fsck finds their states to be what the entries give", async () => {
  const budgets = { cents: 500_000 };
  const parent = await runOf({ budgets });
  const child = await runOf({ parent_run: parent, budgets });
  assert.equal((await askIn(child, usd(3000))).phase, "allowed");
  const state = () => gate.ledger.reader(gate.tenant)!.run(parent as RunId)!;
  const { charged } = state();
  assert.deepEqual(charged, { actions: 1, cents: 300_000, bytes: JSON.stringify(usd(3000)).length, in_flight: 1 });
  await gate.settlePayloads();
  gate = await gate.restart();
  assert.deepEqual(state().charged, charged);
  assert.equal((await askIn(parent, usd(3000))).decision?.matched_rule, "core:budget-exceeded");
  const path = copyOfDirectory(gate.ledger.dataDir);
  const rowsOf = async () => {
    const { findings } = await fsck(path, { tables: allTables, projections: runProjections });
    return findings.filter(({ code }) => code === "row-differs").map(({ table, runId }) => [table, runId]);
  };
  const database = new DatabaseSync(join(path, DATABASE_FILE));
  const changed = database.prepare("UPDATE runs SET state = replace(state, '\"cents\":300000', '\"cents\":1')").run();
  const before = await rowsOf();
  assert.equal(Number(changed.changes) > 0, true);
  database.close();
  assert.ok(before.some(([table, runId]) => table === "runs" && runId === parent)); // control: a doctored charge
  assert.deepEqual(
    (
      await fsck(copyOfDirectory(gate.ledger.dataDir), { tables: allTables, projections: runProjections })
    ).findings.filter(({ table }) => table === "runs"),
    [],
  );
});

test("children: at most eight runs stand above one", async () => {
  let runId = await runOf();
  for (let depth = 1; depth <= 8; depth++) runId = await runOf({ parent_run: runId });
  assert.equal((await askIn(runId, usd(1))).phase, "allowed"); // control: the eighth still works
  await assert.rejects(runOf({ parent_run: runId }), refused("delegation-too-deep"));
});

test("budgets: bytes of arguments and wall time are limits of their own", async () => {
  const args = JSON.stringify(usd(1)).length;
  const bytes = await runOf({ budgets: { bytes: 2 * args } });
  const rules = [await askIn(bytes, usd(1)), await askIn(bytes, usd(1)), await askIn(bytes, usd(1))];
  assert.deepEqual(
    rules.map((one) => one.decision?.matched_rule),
    ["allow-ops", "allow-ops", "core:budget-exceeded"],
  );
  const wall = await runOf({ budgets: { wall_ms: 1000 } });
  gate.clock.advance(1000);
  assert.equal((await askIn(wall, usd(1))).phase, "allowed");
  gate.clock.advance(1);
  assert.equal((await askIn(wall, usd(1))).decision?.matched_rule, "core:budget-exceeded");
});

test("data classes: what the tool's contract says it touches must be among the run's", async () => {
  const read = async (data_classes: NonNullable<BodyOf<"startRun">["data_classes"]>) =>
    (await askIn(await runOf({ data_classes }), usd(1))).decision?.matched_rule;
  assert.equal(await read(["public"]), "core:data-class-not-declared"); // a contract that says nothing touches internal data
  assert.equal(await read(["internal"]), "allow-ops");
  const contract = { ...JSON.parse(seedTexts["tools/terraform.json"]!), data_classes: ["personal", "internal"] };
  await gate.publish(
    bundleOf(
      seedFiles({
        "policies/main.cedar": testRules,
        "tests/seed.json": policyTests,
        "tools/terraform.json": JSON.stringify(contract),
      }),
    ),
  );
  assert.equal(await read(["internal"]), "core:data-class-not-declared");
  assert.equal(await read(["internal", "personal"]), "allow-ops");
  const touched = gate
    .events()
    .flatMap((event) => (event.type === "action.requested" ? [event.request.data_classes] : []));
  assert.deepEqual(touched.at(-1), ["personal", "internal"]);
  await gate.publish(testBundle());
  assert.deepEqual(gate.faults(), []);
});

test("resources: pattern, system and environment of the declared scope hold at the gate", async () => {
  const runId = await runOf({ resources: [{ pattern: "vpc-*", environment: "dev" }] });
  assert.equal((await askIn(runId, usd(1))).phase, "allowed");
  const rows = [
    { vpc: "db-1", environment: "dev" },
    { vpc: "vpc-1", environment: "staging" },
  ];
  for (const args of rows) {
    assert.equal((await askIn(runId, args)).decision?.matched_rule, "core:resource-out-of-scope", JSON.stringify(args));
  }
});
