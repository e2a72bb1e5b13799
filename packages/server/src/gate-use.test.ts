/** The use of a decision: once, in time, under the policy and the people it was given by; with a control for each. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import type { BodyOf } from "@countersign/evidence/wire";
import { type Gate, openGate, testBundle, testRules, type Voter } from "./gate-testing.ts";

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
const ask = async (args: unknown = dev, body: Partial<BodyOf<"requestAction">> = {}, key?: string) =>
  gate.call("requestAction", gate.agent, {
    params: { run_id: runId },
    body: { tool: "terraform", args, ...body },
    ...(key === undefined ? {} : { key }),
  });
const start = (actionId: string, key?: string) =>
  gate.call("startAction", gate.executor, {
    params: { action_id: actionId },
    body: {},
    ...(key === undefined ? {} : { key }),
  });
const report = (actionId: string, body: BodyOf<"reportOutcome">) =>
  gate.call("reportOutcome", gate.executor, { params: { action_id: actionId }, body });
const phase = async (actionId: string) =>
  (await gate.call("getAction", gate.agent, { params: { action_id: actionId } })).phase;
const approved = async () => {
  const { action } = await ask(prod);
  await gate.vote(dana, action.approval!.approval_id);
  return action;
};
const count = (actionId: string, type: string) => gate.typesOf(actionId).filter((one) => one === type).length;

for (const what of ["allowed", "approved"] as const) {
  test(`fifty at once: an ${what} action is started by one of them`, async () => {
    const action = what === "allowed" ? (await ask()).action : await approved();
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => start(action.action_id)));
    const won = results.filter((one) => one.status === "fulfilled");
    assert.equal(won.length, 1);
    const code = what === "allowed" ? "permit-spent" : "approval-consumed";
    for (const one of results) if (one.status === "rejected") assert.ok(refused(code)(one.reason), String(one.reason));
    assert.equal(count(action.action_id, "dispatch.permitted"), 1);
    assert.equal(count(action.action_id, "dispatch.started"), 1);
    assert.deepEqual(gate.faults(), []);
  });
}

test("the same key: the same action and permit, never a second execution, shown as it stands now", async () => {
  const first = await ask(dev, {}, "same-request");
  const again = await ask(dev, {}, "same-request");
  assert.equal(again.action.action_id, first.action.action_id);
  await assert.rejects(ask({ ...dev, vpc: "vpc-9" }, {}, "same-request"), refused("idempotency-conflict"));
  const started = await start(first.action.action_id, "same-start");
  const repeated = await start(first.action.action_id, "same-start");
  assert.equal(repeated.permit.token, started.permit.token);
  assert.equal(repeated.args, started.args);
  assert.equal(count(first.action.action_id, "dispatch.started"), 1);
  await report(first.action.action_id, { status: "SUCCEEDED" });
  const spent = await start(first.action.action_id, "same-start");
  assert.equal(spent.action.phase, "succeeded");
  assert.equal(spent.permit.not_after, started.permit.not_after);
  // Control: another key is another wish, and is refused.
  await assert.rejects(start(first.action.action_id, "another"), refused("permit-spent"));
  const folded = await ask(dev, { start: true }, "both");
  const both = await ask(dev, { start: true }, "both");
  assert.equal(both.started?.permit.permit_id, folded.started?.permit.permit_id);
});

test("a replay is answered even when the request would now be refused", async () => {
  const first = await ask(dev, {}, "before-close");
  await gate.call("closeRun", gate.agent, { params: { run_id: runId }, body: { status: "completed" } });
  const again = await ask(dev, {}, "before-close");
  assert.equal(again.action.action_id, first.action.action_id);
  assert.equal(again.action.phase, "cancelled");
  await assert.rejects(ask(dev, {}, "after-close"), refused("run-not-open"));
});

test("an ALLOW not used within its minute ends; within it, it starts", async () => {
  const late = (await ask()).action;
  const soon = (await ask()).action;
  gate.clock.advance(60_000);
  await start(soon.action_id);
  gate.clock.advance(1);
  await assert.rejects(start(late.action_id), refused("decision-expired"));
  assert.equal(await phase(late.action_id), "cancelled");
  assert.deepEqual(gate.faults(), []);
});

test("a granted approval not used in time expires, at the use and by the sweeper", async () => {
  const [used, swept, live] = [await approved(), await approved(), await approved()];
  gate.clock.advance(30 * 60_000);
  await start(live.action_id);
  gate.clock.advance(1);
  await assert.rejects(start(used.action_id), refused("approval-expired"));
  await gate.sweeper.sweep();
  assert.equal(await phase(swept.action_id), "expired");
  assert.equal(count(swept.action_id, "approval.expired"), 1);
  assert.equal(count(used.action_id, "approval.expired"), 1);
  assert.deepEqual(gate.faults(), []);
});

test("an ALLOW under a policy that was replaced is decided anew: allowed, denied or held for approval", async () => {
  const still = (await ask()).action;
  await gate.publish(testBundle(testRules, `third text ${gate.events().length}`));
  await start(still.action_id);
  assert.equal(count(still.action_id, "policy.decided"), 2);

  const held = (await ask()).action;
  const stricter = testRules.replace('when { resource.env == "prod" }', 'when { resource.env != "staging" }');
  await gate.publish(testBundle(stricter));
  await assert.rejects(start(held.action_id), refused("approval-pending"));
  assert.equal(await phase(held.action_id), "waiting");
  const { approval } = await gate.call("getAction", gate.agent, { params: { action_id: held.action_id } });
  await gate.vote(dana, approval!.approval_id);
  await start(held.action_id);

  await gate.publish(testBundle(testRules, `fourth ${gate.events().length}`));
  const gone = (await ask()).action;
  await gate.publish(testBundle(testRules.replace('resource.id == "vpc-exfil"', 'resource.id like "vpc-*"')));
  await assert.rejects(start(gone.action_id), refused("action-denied"));
  assert.equal(await phase(gone.action_id), "denied");
  await gate.publish(testBundle(testRules, `fifth ${gate.events().length}`));
  assert.deepEqual(gate.faults(), []);
});

test("a freeze stops the next start, voids grants and denies requests; lifted, new ones go on", async () => {
  const [granted, allowed] = [await approved(), (await ask()).action];
  const retrying = (await ask(dev, { max_attempts: 2 })).action;
  const { permit } = await start(retrying.action_id);
  await report(retrying.action_id, { status: "FAILED" });
  const freeze = { freeze_id: "frz_01kh0000000000000000000001", kind: "target", subject: "vpc-1", incident: "INC-1" };
  await gate.append("freeze.placed", { freeze, reason: { code: "INCIDENT" } });
  await assert.rejects(start(granted.action_id), refused("frozen"));
  await assert.rejects(start(allowed.action_id), refused("frozen"));
  assert.equal((await ask()).action.decision?.matched_rule, "core:frozen");
  // Control: another target is not frozen.
  assert.equal((await ask({ vpc: "vpc-2", environment: "dev" })).action.phase, "allowed");
  const again = () => gate.call("startAttempt", gate.executor, { params: { permit_id: permit.permit_id }, body: {} });
  await assert.rejects(again(), refused("frozen"));
  assert.equal(await phase(granted.action_id), "voided");
  assert.equal(await phase(allowed.action_id), "denied");
  await gate.append("freeze.lifted", {
    freeze: { freeze_id: freeze.freeze_id, people: [dana.alias] },
    reason: { code: "RESOLVED" },
  });
  await assert.rejects(again(), refused("permit-invalid")); // what the freeze voided stays void
  const anew = (await ask()).action;
  assert.equal(anew.phase, "allowed");
  await start(anew.action_id);
  assert.deepEqual(gate.faults(), []);
});

test("an approver who lost the role no longer carries the approval; one who kept it does", async () => {
  const kim = await gate.voter("kim", ["oncall_sre"]);
  const { action } = await ask(prod);
  await gate.vote(kim, action.approval!.approval_id);
  const control = await approved();
  const grant = { person: kim.alias, role: "oncall_sre", kind: "approver_role" };
  await gate.append("role.revoked", { grant, reason: { code: "LEFT_ROTA" } });
  await assert.rejects(start(action.action_id), refused("approval-voided"));
  const { approval } = await gate.call("getAction", gate.agent, { params: { action_id: action.action_id } });
  assert.deepEqual([approval?.state, approval?.reason], ["VOIDED", "APPROVER_NO_LONGER_ELIGIBLE"]);
  await start(control.action_id);
  assert.deepEqual(gate.faults(), []);
});

test("a second attempt: in time, within the limit, by the same executor, and not against a rule that now denies", async () => {
  const failing = async (max_attempts = 3) => {
    const { action } = await ask(dev, { max_attempts });
    const { permit } = await start(action.action_id);
    await report(action.action_id, { status: "FAILED" });
    return { action, permit };
  };
  const next = (permitId: string, by = gate.executor) =>
    gate.call("startAttempt", by, { params: { permit_id: permitId }, body: {} });
  const one = await failing();
  const other = {
    ...gate.executor,
    credentialId: gate.agent.credentialId,
    holder: { kind: "executor" as const, id: "worker-2" },
  };
  await assert.rejects(next(one.permit.permit_id, other), refused("permit-invalid"));
  assert.equal((await next(one.permit.permit_id)).permit.attempt, 2);

  const late = await failing();
  gate.clock.advance(Date.parse(late.permit.not_after) - gate.clock.nowMs() + 1);
  await assert.rejects(next(late.permit.permit_id), refused("permit-expired"));
  await gate.sweeper.sweep();
  assert.equal(await phase(late.action.action_id), "failed");
  assert.ok(count(late.action.action_id, "safety.checked") === 1);

  const denied = await failing();
  await gate.publish(testBundle(testRules.replace('resource.id == "vpc-exfil"', 'resource.id like "vpc-*"')));
  await assert.rejects(next(denied.permit.permit_id), refused("action-denied"));
  assert.equal(await phase(denied.action.action_id), "failed");
  await gate.publish(testBundle(testRules, `sixth ${gate.events().length}`));
  assert.deepEqual(gate.faults(), []);
});

test("an attempt nobody reports becomes unconfirmed at its deadline, and a late report is still taken", async () => {
  const { action } = await ask(dev, { attempt_timeout_ms: 60_000 });
  await start(action.action_id);
  gate.clock.advance(59_999);
  await gate.sweeper.sweep();
  assert.equal(await phase(action.action_id), "running");
  gate.clock.advance(1);
  assert.ok((await gate.sweeper.sweep()) >= 1);
  assert.equal(await phase(action.action_id), "unconfirmed");
  const checks = gate.events().filter((event) => event.type === "safety.checked");
  assert.equal(checks.at(-1)?.safety.verdict, "inconclusive");
  assert.equal((await report(action.action_id, { status: "SUCCEEDED", attempt: 1 })).phase, "succeeded");
  await assert.rejects(report(action.action_id, { status: "FAILED", attempt: 1 }), refused("step-not-allowed"));
  assert.deepEqual(gate.faults(), []);
});

test("an attempt whose deadline passed may be followed by the next, before any sweeper says so", async () => {
  const { action } = await ask(dev, { attempt_timeout_ms: 60_000, max_attempts: 2 });
  const { permit } = await start(action.action_id);
  gate.clock.advance(60_000);
  const second = await gate.call("startAttempt", gate.executor, { params: { permit_id: permit.permit_id }, body: {} });
  assert.equal(second.permit.attempt, 2);
  assert.deepEqual(gate.typesOf(action.action_id).slice(4), [
    "dispatch.unconfirmed",
    "dispatch.retried",
    "dispatch.started",
  ]);
  assert.deepEqual(gate.faults(), []);
});

test("two sweepers at once conclude each thing once", async () => {
  const actions = await Promise.all(Array.from({ length: 6 }, async () => (await ask()).action));
  const waiting = await Promise.all(Array.from({ length: 4 }, async () => (await ask(prod)).action));
  gate.clock.advance(31 * 60_000);
  await Promise.all([gate.sweeper.sweep(), gate.sweeper.sweep(), gate.sweeper.sweep()]);
  for (const { action_id } of actions) assert.equal(count(action_id, "dispatch.cancelled"), 1);
  for (const { action_id } of waiting) assert.equal(count(action_id, "approval.expired"), 1);
  assert.equal(await gate.sweeper.sweep(), 0);
  assert.deepEqual(gate.faults(), []);
});

test("budgets: what is reserved counts, so parallel requests cannot pass the limit together", async () => {
  const limited = await gate.call("startRun", gate.agent, {
    body: { capabilities: ["infra"], budgets: { cents: 500_000 } },
  });
  const spend = (cost: number) =>
    gate.call("requestAction", gate.agent, {
      params: { run_id: limited.run.run_id },
      body: { tool: "terraform", args: { ...dev, cost }, cost_cents: 1 },
    });
  const answers = await Promise.all([spend(2000), spend(2000), spend(2000)]);
  const decided = answers.map(({ action }) => action.decision?.matched_rule).sort();
  assert.deepEqual(decided, ["allow-ops", "allow-ops", "core:budget-exceeded"]);
  // The contract's reading of the arguments counts, not what the agent said it costs.
  assert.equal((await spend(1000)).action.phase, "allowed");
  assert.equal((await spend(0.01)).action.decision?.matched_rule, "core:budget-exceeded");
  assert.deepEqual(gate.faults(), []);
});

test("a rule about the run's history sees every reservation, however many ask at once", async () => {
  const rules = testRules.replace("context.history.cents > 100000000", "context.history.actions >= 3");
  await gate.publish(testBundle(rules));
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask()));
  assert.equal(answers.filter(({ action }) => action.phase === "allowed").length, 3);
  // A use does not count against itself: the third is at the limit, not beyond it.
  for (const { action } of answers) if (action.phase === "allowed") await start(action.action_id);
  await gate.publish(testBundle(testRules, `seventh ${gate.events().length}`));
  assert.deepEqual(gate.faults(), []);
});

test("limits: the run's time, wall budget and 64 open actions end it", async () => {
  const expires_at = new Date(gate.clock.nowMs() + 60_000).toISOString();
  const timed = await gate.call("startRun", gate.agent, { body: { capabilities: ["infra"], expires_at } });
  const walled = await gate.call("startRun", gate.agent, {
    body: { capabilities: ["infra"], budgets: { wall_ms: 60_000 } },
  });
  const of = (run: string) =>
    gate.call("requestAction", gate.agent, { params: { run_id: run }, body: { tool: "terraform", args: dev } });
  const kept = (await of(timed.run.run_id)).action;
  gate.clock.advance(60_001);
  assert.equal((await of(timed.run.run_id)).action.decision?.matched_rule, "core:run-expired");
  assert.equal((await of(walled.run.run_id)).action.decision?.matched_rule, "core:budget-exceeded");
  await assert.rejects(start(kept.action_id), refused("decision-expired"));
  await gate.sweeper.sweep();
  const { status } = await gate.call("getRun", gate.agent, { params: { run_id: timed.run.run_id } });
  assert.equal(status, "settled");
  await assert.rejects(of(timed.run.run_id), refused("run-not-open"));
  await Promise.all(Array.from({ length: 64 }, () => ask(prod)));
  await assert.rejects(ask(), refused("too-many-open-actions"));
  assert.deepEqual(gate.faults(), []);
});

test("a restart in the middle of waiting: the approval is granted and used afterwards, once", async () => {
  const own = await openGate({ tenant: "restart-a" });
  let newest = own;
  after(() => newest.close());
  const kim = await own.voter("kim", ["oncall_sre"]);
  const { run } = await own.call("startRun", own.agent, { body: { capabilities: ["infra"] } });
  const { action } = await own.call("requestAction", own.agent, {
    params: { run_id: run.run_id },
    body: { tool: "terraform", args: prod },
  });
  const second = await own.restart();
  newest = second;
  assert.equal(
    (await second.call("getAction", second.agent, { params: { action_id: action.action_id } })).phase,
    "waiting",
  );
  await second.vote(kim, action.approval!.approval_id);
  const third = await second.restart();
  newest = third;
  const request = { params: { action_id: action.action_id }, body: {}, key: "resumed" };
  const started = await third.call("startAction", third.executor, request);
  const fourth = await third.restart();
  newest = fourth;
  assert.equal((await fourth.call("startAction", fourth.executor, request)).permit.token, started.permit.token);
  await assert.rejects(
    fourth.call("startAction", fourth.executor, { params: { action_id: action.action_id }, body: {} }),
    refused("approval-consumed"),
  );
  assert.deepEqual(fourth.faults(), []);
});

test("obligations an executor does not know of keep it from starting", async () => {
  const { action } = await ask();
  const with_ = (obligations_supported: string[]) =>
    gate.call("startAction", gate.executor, {
      params: { action_id: action.action_id },
      body: { obligations_supported },
    });
  await assert.rejects(with_(["max_runtime_ms"]), refused("obligation-unsupported"));
  assert.equal((await with_(["log_args"])).action.phase, "running");
});

test("long poll: answers when people have decided, and in its time when they have not", async () => {
  const { action } = await ask(prod);
  const wait = (wait_ms: string, seen?: string) =>
    gate.call("getAction", gate.agent, {
      params: { action_id: action.action_id },
      query: { wait_ms, ...(seen === undefined ? {} : { seen }) },
    });
  assert.equal((await wait("50")).phase, "waiting");
  const waiting = wait("20000");
  await gate.vote(dana, action.approval!.approval_id);
  assert.equal((await waiting).phase, "granted");
  assert.equal((await wait("20000")).phase, "granted"); // nobody is waited for any more
  const newest = (await wait("0")).events.at(-1)!.index;
  const next = wait("20000", String(newest));
  await start(action.action_id);
  assert.equal((await next).phase, "running");
});

test("many outcomes at once: a result for each line, in order for each action, each carried out once", async () => {
  const [a, b] = [(await ask(dev, { max_attempts: 1 })).action, (await ask()).action];
  await start(a.action_id);
  await start(b.action_id);
  const text = [
    { action_id: a.action_id, status: "FAILED", code: "EXIT_1", idempotency_key: "line-a" },
    { action_id: a.action_id, status: "DEAD_LETTERED" },
    { action_id: b.action_id, status: "SUCCEEDED", result: { n: 1.25 } },
    { action_id: "act_nobody", status: "SUCCEEDED" },
    { action_id: b.action_id, status: "MAYBE" },
    { action_id: b.action_id, status: "SUCCEEDED", decision: "ALLOW" },
    { status: "SUCCEEDED" },
    { run_id: `run_${"0".repeat(26)}`, action_id: b.action_id, status: "SUCCEEDED" },
    { run_id: b.run_id, action_id: b.action_id, status: "FAILED" },
  ]
    .map((line) => JSON.stringify(line))
    .concat("{not json")
    .join("\n");
  const send = async (key: string) =>
    (await gate.call("reportBatch", gate.executor, { text: `${text}\n`, key }))
      .trimEnd()
      .split("\n")
      .map(
        (line) => JSON.parse(line) as { status: number; phase?: string; problem?: { code: string; pointer?: string } },
      );
  const first = await send("batch-1");
  assert.deepEqual(
    first.map(({ status, phase: at, problem }) => at ?? `${status} ${problem?.code}`),
    [
      "failed",
      "dead_lettered",
      "succeeded",
      "400 validation-failed",
      "400 validation-failed",
      "400 unknown-member",
      "400 run-id-missing",
      "404 not-found",
      "409 step-not-allowed", // control: of the right run it is taken, and then it is over
      "400 malformed-json",
    ],
  );
  assert.equal(first[5]?.problem?.pointer, "/decision");
  const { components } = await gate.call("listUnnamedReports", gate.auditor);
  assert.deepEqual(
    components.map(({ component, role, refused }) => [component, role, refused]),
    [["worker-1", "executor", 1]],
  );
  const before = gate.events().length;
  assert.deepEqual(
    (await send("batch-1")).map(({ status }) => status),
    first.map(({ status }) => status),
  );
  assert.equal(gate.events().length, before);
  assert.deepEqual(gate.faults(), []);
});
