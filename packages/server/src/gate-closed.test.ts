/** The gate fails closed: whatever is missing, changing or broken, nothing starts, and a moment later things go on. */
import assert from "node:assert/strict";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import type { BodyOf } from "@countersign/evidence/wire";
import { bundleOf, seedFiles } from "../../../tools/seed-bundle.ts";
import { type Gate, openGate, testBundle, testRules, type Voter } from "./gate-testing.ts";
import { undecided } from "./policy/engine-host.ts";

let gate: Gate;
let dana: Voter;
let runId: string;
before(async () => {
  gate = await openGate({ mayExecute: true });
  dana = await gate.voter("dana", ["oncall_sre"]);
});
beforeEach(async () => {
  runId = (await gate.call("startRun", gate.agent, { body: { capabilities: ["infra"] } })).run.run_id;
});
after(() => gate.close());

const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;
const dev = { vpc: "vpc-1", environment: "dev" };
const prod = { vpc: "vpc-1", environment: "prod" };
const ask = async (args: unknown = dev, body: Partial<BodyOf<"requestAction">> = {}) =>
  (
    await gate.call("requestAction", gate.agent, {
      params: { run_id: runId },
      body: { tool: "terraform", args, ...body },
    })
  ).action;
const start = (actionId: string, key?: string) =>
  gate.call("startAction", gate.executor, {
    params: { action_id: actionId },
    body: {},
    ...(key === undefined ? {} : { key }),
  });
const report = (actionId: string, body: BodyOf<"reportOutcome">, by = gate.executor) =>
  gate.call("reportOutcome", by, { params: { action_id: actionId }, body });
const phase = async (actionId: string) =>
  (await gate.call("getAction", gate.agent, { params: { action_id: actionId } })).phase;
let note = 0;
/** Puts something between the evaluation and the commit, as often as wanted. */
const whileDeciding = async <T>(times: number, between: () => Promise<unknown>, work: () => Promise<T>): Promise<T> => {
  const { policy } = gate;
  const decide = policy.decide;
  let left = times;
  // The module asks the gate it was given each time; here it answers, and then something else comes first.
  Object.assign(policy, {
    async decide(...order: Parameters<typeof decide>) {
      const decided = await decide(...order);
      if (left-- > 0) await between();
      return decided;
    },
  });
  try {
    return await work();
  } finally {
    Object.assign(policy, { decide });
  }
};
const republish = () => gate.publish(testBundle(testRules, `note ${note++}`));

test("a policy published while deciding: decided again under the new one, and never under the old", async () => {
  const action = await whileDeciding(2, republish, () => ask());
  assert.equal(action.phase, "allowed");
  assert.equal(action.decision?.policy_snapshot, gate.ledger.reader(gate.tenant)!.control.policy?.revision);
  const before = gate.events().filter((event) => event.type === "action.requested").length;
  await assert.rejects(
    whileDeciding(99, republish, () => ask()),
    refused("core:policy-changed"),
  );
  const after = gate.events().filter((event) => event.type === "action.requested").length;
  assert.equal(after, before); // what could not be decided is not recorded either
  assert.deepEqual(gate.faults(), []);
});

test("a freeze, a lowered ceiling or a closed run that comes while deciding counts", async () => {
  const freeze = {
    freeze_id: "frz_01kh0000000000000000000002",
    kind: "agent",
    subject: "ops-agent",
    incident: "INC-2",
  };
  const frozen = await whileDeciding(
    1,
    () => gate.append("freeze.placed", { freeze, reason: { code: "INCIDENT" } }),
    () => ask(),
  );
  assert.equal(frozen.decision?.matched_rule, "core:frozen");
  await gate.append("freeze.lifted", {
    freeze: { freeze_id: freeze.freeze_id, people: [dana.alias] },
    reason: { code: "OVER" },
  });
  const change = (ceiling: string[]) =>
    gate.append("agent.changed", { agent: { id: "ops-agent", ceiling, may_execute: true } });
  const above = await whileDeciding(
    1,
    () => change(["other"]),
    () => ask(),
  );
  assert.equal(above.decision?.matched_rule, "core:above-ceiling");
  await change(["infra"]);
  const close = () => gate.call("closeRun", gate.agent, { params: { run_id: runId }, body: { status: "failed" } });
  await assert.rejects(
    whileDeciding(1, close, () => ask()),
    refused("run-not-open"),
  );
  assert.deepEqual(gate.faults(), []);
});

test("no answer from the engine: a request is denied and says so; a use waits, and loses nothing", async () => {
  const granted = await ask(prod);
  await gate.vote(dana, granted.approval!.approval_id);
  const allowed = await ask();
  const decide = gate.policy.decide;
  Object.assign(gate.policy, { decide: async () => undecided("core:engine-timeout") });
  try {
    const denied = await ask();
    assert.deepEqual([denied.phase, denied.decision?.matched_rule], ["denied", "core:engine-timeout"]);
    await assert.rejects(start(granted.action_id), refused("core:engine-unavailable"));
    await assert.rejects(start(allowed.action_id), refused("core:engine-unavailable"));
  } finally {
    Object.assign(gate.policy, { decide });
  }
  await start(granted.action_id);
  await start(allowed.action_id);
  assert.deepEqual(gate.faults(), []);
});

test("a store that keeps nothing: nothing is decided; an unreadable one: nothing starts", async () => {
  // Larger than what the intake's open file takes, so each is a file of its own in the folder that goes away.
  const large = async (n: number) => {
    const args = JSON.stringify(dev).replace("}", `${" ".repeat(100_000 + n)}}`);
    const request = { params: { run_id: runId }, text: `{"tool":"terraform","args":${args}}` };
    return (await gate.call("requestAction", gate.agent, request)).action;
  };
  const { action_id: id } = await large(0);
  const store = join(dirname(gate.ledger.dataDir), "payloads");
  const before = gate.events().length;
  renameSync(store, `${store}-away`);
  writeFileSync(store, "");
  try {
    await assert.rejects(large(1), refused("core:payloads-unavailable"));
    await assert.rejects(start(id), (error) => error instanceof CountersignError);
  } finally {
    rmSync(store);
    renameSync(`${store}-away`, store);
  }
  assert.equal(gate.events().length, before);
  // Control: with the store back the same action starts.
  await start(id);
});

test("a refusal that was recorded is the answer to its repetition; another try sees the new state", async () => {
  const action = await ask();
  gate.clock.advance(60_001);
  await assert.rejects(start(action.action_id, "late"), refused("decision-expired"));
  const events = gate.events().length;
  await assert.rejects(start(action.action_id, "late"), refused("decision-expired"));
  assert.equal(gate.events().length, events);
  await assert.rejects(start(action.action_id, "later"), refused("step-not-allowed"));
});

test("only who runs an attempt says how it went; an agent says no more than what it queued", async () => {
  const action = await ask(dev, { max_attempts: 2 });
  await report(action.action_id, { status: "QUEUED", job_id: "job-77" }, gate.agent);
  const { permit } = await start(action.action_id);
  assert.equal(permit.job_id, "job-77");
  const other = { ...gate.executor, holder: { kind: "executor" as const, id: "worker-2" } };
  for (const by of [other, gate.agent]) {
    await assert.rejects(report(action.action_id, { status: "SUCCEEDED" }, by), refused("forbidden"));
  }
  const stranger = { ...gate.agent, holder: { kind: "agent" as const, id: "another" } };
  await assert.rejects(report(action.action_id, { status: "SUCCEEDED" }, stranger), refused("not-found"));
  await assert.rejects(
    report(action.action_id, { status: "SUCCEEDED", job_id: "job-78" }),
    refused("validation-failed"),
  );
  assert.equal((await report(action.action_id, { status: "SUCCEEDED", job_id: "job-77" })).phase, "succeeded");
  assert.deepEqual(gate.faults(), []);
});

test("outcomes before a start, twice, or of an attempt that never was are refused", async () => {
  const action = await ask();
  for (const status of ["SUCCEEDED", "FAILED", "TIMED_OUT", "DEAD_LETTERED"] as const) {
    await assert.rejects(report(action.action_id, { status }), refused("step-not-allowed"), status);
  }
  await start(action.action_id);
  await assert.rejects(report(action.action_id, { status: "SUCCEEDED", attempt: 2 }), refused("step-not-allowed"));
  await report(action.action_id, { status: "SUCCEEDED" });
  await assert.rejects(report(action.action_id, { status: "SUCCEEDED" }), refused("step-not-allowed"));
  const denied = await ask({ vpc: "vpc-exfil", environment: "dev" });
  await assert.rejects(report(denied.action_id, { status: "QUEUED" }), refused("step-not-allowed"));
  assert.deepEqual(gate.faults(), []);
});

test("safety: what an executor checked is recorded as its report, the worst verdict first", async () => {
  const action = await ask();
  const check = (verdict: "pass" | "fail") =>
    gate.call("reportSafety", gate.executor, {
      params: { action_id: action.action_id },
      body: {
        checks: [
          { name: "post-condition", verdict },
          { name: "scan", verdict: "inconclusive" },
        ],
      },
    });
  await assert.rejects(check("pass"), refused("step-not-allowed"));
  await start(action.action_id);
  await report(action.action_id, { status: "SUCCEEDED" });
  await check("pass");
  await check("fail");
  const verdicts = gate
    .events()
    .flatMap((event) =>
      event.type === "safety.checked" && event.action_id === action.action_id
        ? [[event.source, event.safety.verdict]]
        : [],
    );
  assert.deepEqual(verdicts, [
    ["observed", "not_checked"],
    ["reported", "inconclusive"],
    ["reported", "fail"],
  ]);
  assert.deepEqual(gate.faults(), []);
});

test("a redrive is a new action that cites the dead-lettered one, and only such a one", async () => {
  const dead = await ask();
  await start(dead.action_id);
  await report(dead.action_id, { status: "FAILED" });
  await assert.rejects(ask(dev, { redrive_of: dead.action_id }), refused("step-not-allowed"));
  await report(dead.action_id, { status: "DEAD_LETTERED" });
  const again = await ask(dev, { redrive_of: dead.action_id });
  assert.equal(again.phase, "allowed");
  assert.equal(gate.typesOf(dead.action_id).at(-1), "dispatch.redriven");
  await assert.rejects(ask(dev, { redrive_of: "act_01kh0000000000000000000009" }), refused("not-found"));
  assert.deepEqual(gate.faults(), []);
});

test("pending requests are answered when a freeze covers them: at a vote, and by the sweeper", async () => {
  const [voted, swept, other] = [await ask(prod), await ask(prod), await ask({ vpc: "vpc-2", environment: "prod" })];
  const freeze = { freeze_id: "frz_01kh0000000000000000000003", kind: "target", subject: "vpc-1", incident: "INC-3" };
  await gate.append("freeze.placed", { freeze, reason: { code: "INCIDENT" } });
  await assert.rejects(gate.vote(dana, voted.approval!.approval_id), refused("frozen"));
  await gate.sweeper.sweep();
  assert.deepEqual([await phase(voted.action_id), await phase(swept.action_id)], ["voided", "voided"]);
  assert.equal(await phase(other.action_id), "waiting");
  await gate.append("freeze.lifted", {
    freeze: { freeze_id: freeze.freeze_id, people: [dana.alias] },
    reason: { code: "OVER" },
  });
  await gate.vote(dana, other.approval!.approval_id);
  await start(other.action_id);
  assert.deepEqual(gate.faults(), []);
});

test("a run past its expected end is abandoned after a grace; one closed in time is not", async () => {
  const expected_end = new Date(gate.clock.nowMs() + 60_000).toISOString();
  const begin = async () =>
    (await gate.call("startRun", gate.agent, { body: { capabilities: ["infra"], expected_end } })).run.run_id;
  const [lost, closed] = [await begin(), await begin()];
  runId = lost;
  const [running, waiting] = [await ask(), await ask(prod)];
  await start(running.action_id);
  await gate.call("closeRun", gate.agent, { params: { run_id: closed }, body: { status: "completed" } });
  const status = async (id: string) => (await gate.call("getRun", gate.agent, { params: { run_id: id } })).status;
  gate.clock.advance(60_000 + 15 * 60_000 - 1);
  await gate.sweeper.sweep();
  assert.equal(await status(lost), "open");
  gate.clock.advance(1);
  await Promise.all([gate.sweeper.sweep(), gate.sweeper.sweep()]);
  // What was running had been declared unconfirmed by then, what waited ended with the run.
  assert.deepEqual([await phase(running.action_id), await phase(waiting.action_id)], ["unconfirmed", "cancelled"]);
  assert.deepEqual([await status(lost), await status(closed)], ["settled", "settled"]);
  const abandoned = gate.events().filter((event) => event.type === "run.abandoned" && event.run_id === lost);
  assert.equal(abandoned.length, 1);
  assert.deepEqual(gate.faults(), []);
});

test("labels the catalogue requires or restricts are asked for; sensitive ones are committed to, not shown", async () => {
  const labels = JSON.stringify({
    labels: {
      ticket: { in: "refs", max: 12 },
      customer: { in: "labels", sensitive: true },
    },
    required: { "infra.change": ["ticket"] },
  });
  const policyTests = JSON.stringify([
    {
      name: "a change in prod waits",
      request: { tool: "terraform", args: { vpc: "vpc-1", environment: "prod" } },
      expect: { decision: "REQUIRE_APPROVAL" },
    },
  ]);
  await gate.publish(
    bundleOf(
      seedFiles({ "policies/main.cedar": testRules, "tests/seed.json": policyTests, "catalog/labels.json": labels }),
    ),
  );
  assert.equal((await ask()).decision?.matched_rule, "core:label-invalid");
  assert.equal(
    (await ask(dev, { refs: { ticket: "CHG-1042-too-long" } })).decision?.matched_rule,
    "core:label-invalid",
  );
  const action = await ask(dev, { refs: { ticket: "CHG-1042" }, labels: { customer: "ACME Corp", colour: "blue" } });
  assert.equal(action.phase, "allowed");
  const event = gate.events().find((one) => one.type === "action.requested" && one.action_id === action.action_id)!;
  assert.deepEqual([event.refs, event.labels], [{ ticket: "CHG-1042" }, { colour: "blue" }]);
  assert.ok("/labels/customer" in (event.commit ?? {}));
  assert.ok(!JSON.stringify(gate.events()).includes("ACME"));
  await start(action.action_id);
  await republish();
  assert.deepEqual(gate.faults(), []);
});
