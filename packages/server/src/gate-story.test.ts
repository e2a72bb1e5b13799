/** The whole story of the gate, on the real ledger: what each kind of action leaves in the log, and what it does not. */
import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { after, before, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import { type BodyOf, operations } from "@countersign/evidence/wire";
import { Value } from "typebox/value";
import { approvalProjections } from "./approvals/projections.ts";
import { actionBook, actions } from "./dispatch/actions.ts";
import { dispatchProjections } from "./dispatch/projections.ts";
import { allTables, type Gate, openGate, testBundle, type Voter } from "./gate-testing.ts";
import { fsck } from "./ledger/fsck.ts";
import { payloadProjections } from "./payloads/projections.ts";
import { runProjections } from "./runs/projections.ts";

let gate: Gate;
let dana: Voter;
before(async () => {
  gate = await openGate();
  dana = await gate.voter("dana", ["oncall_sre"]);
});
after(() => gate.close());

const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;
const startRun = async (body: Partial<BodyOf<"startRun">> = {}) =>
  (await gate.call("startRun", gate.agent, { body: { capabilities: ["infra.change", "infra.read"], ...body } })).run;
const dev = { vpc: "vpc-1", environment: "dev" };
const prod = { vpc: "vpc-1", environment: "prod" };
const ask = async (runId: string, args: unknown = dev, body: Partial<BodyOf<"requestAction">> = {}) =>
  (
    await gate.call("requestAction", gate.agent, {
      params: { run_id: runId },
      body: { tool: "terraform", args, ...body },
    })
  ).action;
const start = (actionId: string, body: BodyOf<"startAction"> = {}) =>
  gate.call("startAction", gate.executor, { params: { action_id: actionId }, body });
const report = (actionId: string, body: BodyOf<"reportOutcome">) =>
  gate.call("reportOutcome", gate.executor, { params: { action_id: actionId }, body });
const look = (actionId: string) => gate.call("getAction", gate.agent, { params: { action_id: actionId } });

test("allowed: request, decision, permit, attempt, outcome and safety check, in this order", async () => {
  const run = await startRun({ intent: "tidy up", labels: { team: "sre" } });
  const asked = await ask(run.run_id, dev, { intent: "one subnet" });
  assert.equal(asked.phase, "allowed");
  assert.equal(asked.decision?.matched_rule, "allow-ops");
  const started = await start(asked.action_id);
  assert.equal(Buffer.from(started.args, "base64").toString(), JSON.stringify(dev));
  assert.equal(started.permit.attempt, 1);
  const done = await report(asked.action_id, { status: "SUCCEEDED", result: { applied: 1.5 } });
  assert.equal(done.phase, "succeeded");
  assert.deepEqual(gate.typesOf(asked.action_id), [
    "action.requested",
    "policy.decided",
    "dispatch.permitted",
    "dispatch.started",
    "dispatch.succeeded",
    "safety.checked",
  ]);
  assert.deepEqual(gate.faults(), []);
});

test("answers have the shapes of wire.ts; a wrong one would show", async () => {
  const run = await startRun();
  const asked = await ask(run.run_id, prod);
  const detail = await gate.call("getApproval", dana.caller, { params: { approval_id: asked.approval!.approval_id } });
  const listed = await gate.call("listApprovals", dana.caller);
  const view = await gate.call("getRun", gate.auditor, { params: { run_id: run.run_id } });
  const runs = await gate.call("listRuns", gate.auditor);
  assert.ok(
    Value.Check(operations.getAction.answer, asked),
    JSON.stringify(Value.Errors(operations.getAction.answer, asked)),
  );
  assert.ok(Value.Check(operations.getApproval.answer, detail));
  assert.ok(Value.Check(operations.listApprovals.answer, listed));
  assert.ok(Value.Check(operations.getRun.answer, view));
  assert.ok(Value.Check(operations.listRuns.answer, runs));
  assert.ok(!Value.Check(operations.getAction.answer, { ...asked, phase: "maybe" }));
});

test("start: an ALLOW may be decided and used in one commit, by an agent that may execute", async () => {
  const own = await openGate({ mayExecute: true, tenant: "own-a" });
  try {
    const { run } = await own.call("startRun", own.agent, { body: { capabilities: ["infra"] } });
    const both = await own.call("requestAction", own.agent, {
      params: { run_id: run.run_id },
      body: { tool: "terraform", args: dev, start: true },
    });
    assert.equal(both.action.phase, "running");
    assert.equal(Buffer.from(both.started!.args, "base64").toString(), JSON.stringify(dev));
    assert.ok(Value.Check(operations.requestAction.answer, both));
    // What must wait for people does not start, whatever was asked.
    const waits = await own.call("requestAction", own.agent, {
      params: { run_id: run.run_id },
      body: { tool: "terraform", args: prod, start: true },
    });
    assert.equal(waits.action.phase, "waiting");
    assert.equal(waits.started, undefined);
    assert.deepEqual(own.faults(), []);
  } finally {
    await own.close();
  }
  // Control: the agent of the other gate may not execute, so nothing starts.
  const run = await startRun();
  const asked = await gate.call("requestAction", gate.agent, {
    params: { run_id: run.run_id },
    body: { tool: "terraform", args: dev, start: true },
  });
  assert.equal(asked.action.phase, "allowed");
  await assert.rejects(
    gate.call("startAction", gate.agent, { params: { action_id: asked.action.action_id }, body: {} }),
    refused("forbidden"),
  );
});

test("denied: by a rule, by the scope, by the contract; each a whole decision in the log, none an execution", async () => {
  const run = await startRun({ resources: [{ pattern: "vpc-*", environment: "dev" }], capabilities: ["infra.change"] });
  const cases: [string, string, Partial<BodyOf<"requestAction">>][] = [
    ["deny-exfil", "RISK_EXFILTRATION", { args: { vpc: "vpc-exfil", environment: "dev" } }],
    ["core:resource-out-of-scope", "RESOURCE_OUT_OF_SCOPE", { args: { vpc: "db-1", environment: "dev" } }],
    ["core:resource-out-of-scope", "RESOURCE_OUT_OF_SCOPE", { args: { vpc: "vpc-1", environment: "staging" } }],
    ["core:capability-not-declared", "CAPABILITY_NOT_DECLARED", { tool: "status", args: { vpc: "vpc-1" } }],
    ["core:unknown-tool", "UNKNOWN_TOOL", { tool: "rm", capability: "infra.change", args: {} }],
    ["core:capability-differs", "CAPABILITY_DIFFERS", { capability: "infra.change.other", args: dev }],
    ["core:target-differs", "TARGET_DIFFERS", { target: { system: "aws", resource: "vpc-2" }, args: dev }],
    ["core:projection-failed", "PROJECTION_FAILED", { args: { vpc: "vpc-1", environment: "moon" } }],
    ["core:projection-failed", "PROJECTION_FAILED", { args: { vpc: "vpc-1", environment: "dev", sudo: true } }],
  ];
  for (const [rule, reason, body] of cases) {
    const asked = await ask(run.run_id, body.args, body);
    assert.equal(asked.phase, "denied", rule);
    assert.deepEqual([asked.decision?.matched_rule, asked.decision?.reason], [rule, reason]);
    if (rule.startsWith("core:")) assert.ok(asked.decision?.remedy, rule);
    assert.deepEqual(gate.typesOf(asked.action_id), ["action.requested", "policy.decided"]);
    await assert.rejects(start(asked.action_id), refused("action-denied"));
  }
  // Control: within the scope, the same run is allowed.
  assert.equal((await ask(run.run_id)).phase, "allowed");
  assert.deepEqual(gate.faults(), []);
});

test("above the ceiling: a run cannot declare it, and what is lowered later denies at once", async () => {
  const own = await openGate({ tenant: "ceiling-a", ceiling: ["infra.change"] });
  try {
    const declare = (capabilities: string[]) => own.call("startRun", own.agent, { body: { capabilities } });
    await assert.rejects(declare(["infra.change", "infra.read"]), refused("core:above-ceiling"));
    const { run } = await declare(["infra.change"]);
    const request = { params: { run_id: run.run_id }, body: { tool: "terraform", args: dev } };
    assert.equal((await own.call("requestAction", own.agent, request)).action.phase, "allowed");
    await own.append("agent.changed", { agent: { id: "ops-agent", ceiling: ["infra.read"], may_execute: false } });
    const asked = await own.call("requestAction", own.agent, request);
    assert.equal(asked.action.decision?.matched_rule, "core:above-ceiling");
    assert.deepEqual(own.faults(), []);
  } finally {
    await own.close();
  }
});

test("approved: waits, is granted by a signed vote, starts once", async () => {
  const run = await startRun();
  const asked = await ask(run.run_id, prod);
  assert.equal(asked.phase, "waiting");
  assert.deepEqual(asked.approval?.missing, ["1 of role:oncall_sre"]);
  await assert.rejects(start(asked.action_id), refused("approval-pending"));
  const granted = await gate.vote(dana, asked.approval!.approval_id);
  assert.equal(granted.state, "GRANTED");
  assert.equal((await look(asked.action_id)).phase, "granted");
  await start(asked.action_id);
  await assert.rejects(start(asked.action_id), refused("approval-consumed"));
  assert.equal((await look(asked.action_id)).approval?.state, "CONSUMED");
  const types = gate.typesOf(asked.action_id);
  assert.deepEqual(types.slice(2), [
    "approval.requested",
    "approval.voted",
    "approval.granted",
    "approval.consumed",
    "dispatch.permitted",
    "dispatch.started",
  ]);
  await report(asked.action_id, { status: "SUCCEEDED" });
  assert.deepEqual(gate.faults(), []);
});

test("rejected: one entitled person ends it, and nothing starts", async () => {
  const run = await startRun();
  const asked = await ask(run.run_id, prod);
  const rejected = await gate.vote(dana, asked.approval!.approval_id, "reject");
  assert.equal(rejected.state, "REJECTED");
  await assert.rejects(start(asked.action_id), refused("approval-rejected"));
  assert.equal((await look(asked.action_id)).approval?.reason, "RISK_TOO_HIGH");
  assert.deepEqual(gate.faults(), []);
});

test("an abstention is recorded and decides nothing", async () => {
  const run = await startRun();
  const asked = await ask(run.run_id, prod);
  assert.equal((await gate.vote(dana, asked.approval!.approval_id, "abstain")).state, "REQUESTED");
  await assert.rejects(gate.vote(dana, asked.approval!.approval_id), refused("duplicate-vote"));
});

test("failed and retried: each attempt is on record, none starts before the one before has ended", async () => {
  const run = await startRun();
  const asked = await ask(run.run_id, dev, { max_attempts: 2 });
  const { permit } = await start(asked.action_id);
  const again = () => gate.call("startAttempt", gate.executor, { params: { permit_id: permit.permit_id }, body: {} });
  await assert.rejects(again(), refused("attempt-running"));
  assert.equal((await report(asked.action_id, { status: "FAILED", code: "EXIT_1", message: "no" })).phase, "failed");
  const second = await again();
  assert.equal(second.permit.attempt, 2);
  assert.equal((await report(asked.action_id, { status: "SUCCEEDED", attempt: 2 })).phase, "succeeded");
  await assert.rejects(again(), refused("permit-spent"));
  assert.ok(gate.typesOf(asked.action_id).includes("dispatch.retried"));
  assert.deepEqual(gate.faults(), []);
});

test("dead-lettered: only after a failure, and then nothing more starts", async () => {
  const run = await startRun();
  const asked = await ask(run.run_id, dev, { max_attempts: 2 });
  const { permit } = await start(asked.action_id);
  await assert.rejects(report(asked.action_id, { status: "DEAD_LETTERED" }), refused("step-not-allowed"));
  await report(asked.action_id, { status: "FAILED" });
  await gate.call("startAttempt", gate.executor, { params: { permit_id: permit.permit_id }, body: {} });
  await report(asked.action_id, { status: "TIMED_OUT" });
  assert.equal((await report(asked.action_id, { status: "DEAD_LETTERED" })).phase, "dead_lettered");
  const again = gate.call("startAttempt", gate.executor, { params: { permit_id: permit.permit_id }, body: {} });
  await assert.rejects(again, refused("permit-spent"));
  assert.deepEqual(gate.faults(), []);
});

test("arguments: an executor that holds others is refused, and drift in what ran is found", async () => {
  const run = await startRun();
  const asked = await ask(run.run_id, prod);
  await gate.vote(dana, asked.approval!.approval_id);
  await assert.rejects(start(asked.action_id, { args_sha256: "0".repeat(64) }), refused("args-changed"));
  const { args } = await start(asked.action_id);
  const ran = hash("sha256", Buffer.from(args, "base64"));
  await report(asked.action_id, { status: "SUCCEEDED", executed_args_sha256: ran });
  const check = () => {
    const events = gate.events().filter((event) => event.type === "safety.checked");
    return events.at(-1)!.safety;
  };
  assert.deepEqual([check().verdict, check().drift.equal], ["pass", true]);
  const other = await ask(run.run_id);
  await start(other.action_id);
  await report(other.action_id, { status: "SUCCEEDED", executed_args_sha256: "0".repeat(64) });
  assert.deepEqual([check().verdict, check().drift.equal, check().demands], ["fail", false, "review"]);
  const silent = await ask(run.run_id);
  await start(silent.action_id);
  await report(silent.action_id, { status: "SUCCEEDED" });
  assert.equal(check().verdict, "not_checked");
  assert.deepEqual(gate.faults(), []);
});

test("closing: what has not started ends with the run, what runs may finish, then the run settles", async () => {
  const run = await startRun();
  const [allowed, waiting, running] = [await ask(run.run_id), await ask(run.run_id, prod), await ask(run.run_id)];
  await start(running.action_id);
  const closed = await gate.call("closeRun", gate.agent, {
    params: { run_id: run.run_id },
    body: { status: "completed" },
  });
  assert.equal(closed.status, "closed");
  assert.deepEqual(closed.open_actions, [running.action_id]);
  assert.equal((await look(allowed.action_id)).phase, "cancelled");
  assert.equal((await look(waiting.action_id)).approval?.state, "CANCELLED");
  await assert.rejects(ask(run.run_id), refused("run-not-open"));
  await report(running.action_id, { status: "SUCCEEDED" });
  assert.equal((await gate.call("getRun", gate.agent, { params: { run_id: run.run_id } })).status, "settled");
  // The safety check of the last action still stands before the settlement.
  assert.deepEqual(
    gate
      .events()
      .slice(-3)
      .map((event) => event.type),
    ["dispatch.succeeded", "safety.checked", "run.settled"],
  );
  assert.deepEqual(gate.faults(), []);
});

test("cancel: an agent withdraws what has not started, and cannot withdraw what runs", async () => {
  const run = await startRun();
  const cancel = (actionId: string) =>
    gate.call("cancelAction", gate.agent, { params: { action_id: actionId }, body: {} });
  const waiting = await ask(run.run_id, prod);
  assert.equal((await cancel(waiting.action_id)).phase, "cancelled");
  await assert.rejects(gate.vote(dana, waiting.approval!.approval_id), refused("approval-not-open"));
  assert.equal((await cancel((await ask(run.run_id)).action_id)).phase, "cancelled");
  const running = await ask(run.run_id);
  await start(running.action_id);
  await assert.rejects(cancel(running.action_id), refused("attempt-running"));
  assert.deepEqual(gate.faults(), []);
});

test("no policy: everything is denied, and said to be", async () => {
  const own = await openGate({ tenant: "bare-a", bundle: null });
  try {
    const { run } = await own.call("startRun", own.agent, { body: { capabilities: ["infra"] } });
    const request = { params: { run_id: run.run_id }, body: { tool: "terraform", args: dev } };
    const { action } = await own.call("requestAction", own.agent, request);
    assert.equal(action.decision?.matched_rule, "core:no-active-policy");
    assert.equal(action.decision?.policy_snapshot, "none");
    assert.deepEqual(own.faults(), []);
    await own.publish(testBundle());
    assert.equal((await own.call("requestAction", own.agent, request)).action.phase, "allowed");
  } finally {
    await own.close();
  }
});

test("runs: a child holds no more than its parent, and a run is only its agent's", async () => {
  const parent = await startRun({ capabilities: ["infra.change"], budgets: { actions: 5 } });
  const child = (body: Partial<BodyOf<"startRun">>) => startRun({ parent_run: parent.run_id, ...body });
  await assert.rejects(
    child({ capabilities: ["infra.read"], budgets: { actions: 5 } }),
    refused("scope-exceeds-parent"),
  );
  await assert.rejects(child({ capabilities: ["infra.change"] }), refused("scope-exceeds-parent"));
  const lawful = await child({ capabilities: ["infra.change"], budgets: { actions: 5 } });
  assert.equal(lawful.status, "open");
  const stranger = { ...gate.agent, holder: { kind: "agent" as const, id: "another" } };
  await assert.rejects(gate.call("getRun", stranger, { params: { run_id: parent.run_id } }), refused("not-found"));
  await assert.rejects(
    gate.call("requestAction", stranger, { params: { run_id: parent.run_id }, body: { tool: "terraform", args: dev } }),
    refused("not-found"),
  );
  assert.deepEqual(gate.faults(), []);
});

test("on behalf of: the person appears under one alias, whoever asks", async () => {
  const [a, b] = [await startRun({ on_behalf_of: "user:kim" }), await startRun({ on_behalf_of: "user:kim" })];
  const aliases = gate.events().flatMap((event) => {
    if (event.type !== "run.started" || (event.run_id !== a.run_id && event.run_id !== b.run_id)) return [];
    return [event.initiator.on_behalf_of];
  });
  assert.equal(aliases.length, 2);
  assert.equal(aliases[0], aliases[1]);
  assert.match(aliases[0]!, /^usr_/);
  assert.ok(!JSON.stringify(gate.events()).includes("user:kim"));
});

test("fsck: the rows beside the log are what the entries make of them; one changed behind the log's back is named", async () => {
  const options = {
    tables: allTables,
    projections: [...[...runProjections, ...dispatchProjections], ...[...approvalProjections, ...payloadProjections]],
  };
  const bundle = testBundle();
  const own = await openGate({ tenant: "fsck-a", bundle });
  after(() => own.close());
  const kim = await own.voter("kim", ["oncall_sre"]);
  const { run } = await own.call("startRun", own.agent, { body: { capabilities: ["infra"] } });
  const asked = await own.call("requestAction", own.agent, {
    params: { run_id: run.run_id },
    body: { tool: "terraform", args: prod, max_attempts: 2 },
  });
  const { action_id, approval } = asked.action;
  await own.vote(kim, approval!.approval_id);
  await own.call("startAction", own.executor, { params: { action_id }, body: {} });
  await own.call("reportOutcome", own.executor, { params: { action_id }, body: { status: "SUCCEEDED" } });
  await own.call("closeRun", own.agent, { params: { run_id: run.run_id }, body: { status: "completed" } });
  const clean = await fsck(own.ledger.dataDir, options);
  // These tests put a bundle in force without storing its files; nothing else may differ.
  const others = clean.findings.filter(({ detail }) => !detail.includes(bundle.digest));
  assert.deepEqual(others, []);
  for (const name of ["actions", "permits", "approvals", "approval_uses", "runs", "payload_refs", "disclosures"]) {
    assert.ok(!clean.notDerived.includes(name), name);
  }
  await own.submit(
    {
      name: "test.forge",
      needs: () => ({ rows: actionBook.needs(action_id) }),
      run(tx) {
        const row = tx.row(actions, { action_id })!;
        tx.put(actions, { ...row, record: { ...(row.record as object), phase: "denied" } });
      },
    },
    undefined,
  );
  const forged = await fsck(own.ledger.dataDir, options);
  assert.ok(
    forged.findings.some(({ table }) => table === "actions"),
    JSON.stringify(forged.findings),
  );
});
