/** Checks after the effect, on the real ledger: what each finds, its control, and a rollback that is itself gated. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import type { BodyOf } from "@countersign/evidence/wire";
import { bundleOf, seedFiles, seedTexts } from "../../../tools/seed-bundle.ts";
import { type Gate, openGate, policyTests, testBundle, testRules, type Voter } from "./gate-testing.ts";

let gate: Gate;
let dana: Voter;
let runId = "";
before(async () => {
  gate = await openGate({ mayExecute: true });
  dana = await gate.voter("dana", ["oncall_sre"]);
});
beforeEach(async () => {
  runId = (await gate.call("startRun", gate.agent, { body: { capabilities: ["infra"] } })).run.run_id;
});
after(() => gate.close());

const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;
const ask = async (environment: string, body: Partial<BodyOf<"requestAction">> = {}) =>
  (
    await gate.call("requestAction", gate.agent, {
      params: { run_id: runId },
      body: { tool: "terraform", args: { vpc: "vpc-1", environment }, ...body },
    })
  ).action;
const start = (actionId: string) =>
  gate.call("startAction", gate.executor, { params: { action_id: actionId }, body: {} });
const ended = async (result: unknown) => {
  const action = await ask("dev");
  await start(action.action_id);
  const text = JSON.stringify({ status: "SUCCEEDED", ...(result === undefined ? {} : { result }) });
  await gate.call("reportOutcome", gate.executor, { params: { action_id: action.action_id }, text });
  return action.action_id;
};
const safetyOf = (actionId: string) =>
  gate
    .events()
    .flatMap((event) => (event.type === "safety.checked" && event.action_id === actionId ? [event.safety] : []));
/** Findings that cite a safety check of this action. */
const findingsOf = (actionId: string) => {
  const events = gate.events();
  const checks = new Set(
    events.flatMap((event) =>
      event.type === "safety.checked" && event.action_id === actionId ? [event.event_id] : [],
    ),
  );
  return events.flatMap((event) =>
    event.type === "finding.opened" && event.finding.evidence.some((id) => checks.has(id)) ? [event.finding] : [],
  );
};
const report = (actionId: string, body: BodyOf<"reportSafety">) =>
  gate.call("reportSafety", gate.executor, { params: { action_id: actionId }, body });

test("safety: a secret in the result is found and asks for a review; a clean result passes, none is not checked", async () => {
  const leaked = safetyOf(await ended({ out: `key AKIA${"B".repeat(16)}` }))[0];
  assert.deepEqual(
    [leaked?.verdict, leaked?.demands, leaked?.checks.find(({ name }) => name === "output-secrets")?.code],
    ["fail", "review", "SECRET_IN_OUTPUT"],
  );
  const clean = safetyOf(await ended({ out: "done" }))[0];
  assert.deepEqual([clean?.verdict, clean?.demands], ["pass", "none"]);
  const silent = safetyOf(await ended(undefined))[0];
  assert.equal(silent?.verdict, "not_checked");
  assert.deepEqual(gate.faults(), []);
});

test("safety: a failed probe demands a rollback; the rollback waits at the gate like any action, and runs once granted", async () => {
  const actionId = await ended(undefined);
  await report(actionId, {
    checks: [{ name: "post-condition", verdict: "fail", code: "NOT_REACHABLE" }],
    demands: "rollback",
  });
  assert.equal(safetyOf(actionId).at(-1)?.demands, "rollback");
  const rollback = await ask("prod", { refs: { rollback_of: actionId } });
  assert.equal(rollback.phase, "waiting"); // the demand opens no way around the policy
  await assert.rejects(start(rollback.action_id), refused("approval-pending"));
  await gate.vote(dana, rollback.approval!.approval_id);
  await start(rollback.action_id);
  const params = { action_id: rollback.action_id };
  await gate.call("reportOutcome", gate.executor, { params, body: { status: "SUCCEEDED" } });
  await report(rollback.action_id, { checks: [{ name: "post-condition", verdict: "pass" }] });
  assert.deepEqual(
    safetyOf(rollback.action_id).map(({ verdict, demands }) => [verdict, demands]),
    [
      ["not_checked", "none"],
      ["pass", "none"],
    ],
  );
  const cited = gate
    .events()
    .find((event) => event.type === "action.requested" && event.refs?.rollback_of === actionId);
  assert.ok(cited !== undefined && "action_id" in cited && cited.action_id === rollback.action_id);
  assert.deepEqual(gate.faults(), []);
});

test("safety: each failed check opens a finding that cites it; what passed, was not looked at or is in doubt opens none", async () => {
  const before = gate.events().length;
  const actionId = await ended({ out: `key AKIA${"B".repeat(16)}` });
  const [check] = gate
    .events()
    .flatMap((event) => (event.type === "safety.checked" ? [event] : []))
    .slice(-1);
  const [first] = findingsOf(actionId);
  assert.deepEqual(first, {
    finding_id: check?.safety.finding,
    ...{ severity: "high", code: "SAFETY_CHECK_FAILED", evidence: [check?.event_id] },
  });
  const checks = [{ name: "post-condition", verdict: "fail" }] as const;
  await report(actionId, { checks: [...checks] });
  await report(actionId, { checks: [...checks], demands: "rollback" });
  assert.deepEqual(
    findingsOf(actionId).map(({ severity }) => severity),
    ["high", "medium", "high"],
  );
  const { safety } = await gate.call("getAction", gate.agent, { params: { action_id: actionId } });
  assert.deepEqual(
    safety?.findings,
    findingsOf(actionId).map(({ finding_id: id }) => id),
  );
  // Control: the same ways to an end, and no failure in them.
  const others = [await ended({ out: "done" }), await ended(undefined)];
  await report(others[1]!, { checks: [{ name: "post-condition", verdict: "inconclusive", code: "CHECK_CRASHED" }] });
  for (const other of others) {
    assert.deepEqual(findingsOf(other), []);
    const view = await gate.call("getAction", gate.agent, { params: { action_id: other } });
    assert.equal(view.safety?.findings, undefined);
  }
  const opened = gate
    .events()
    .slice(before)
    .filter(({ type }) => type === "finding.opened");
  assert.equal(opened.length, 3);
  assert.ok(opened.every(({ source, actor }) => source === "derived" && actor.type === "system"));
  assert.deepEqual(gate.faults(), []);
});

test("safety: nothing failed, nothing is demanded; doubt is neither pass nor failure", async () => {
  const actionId = await ended(undefined);
  const probe = { name: "post-condition", verdict: "inconclusive", code: "CHECK_CRASHED" } as const;
  await assert.rejects(report(actionId, { checks: [probe], demands: "rollback" }), refused("validation-failed"));
  await report(actionId, { checks: [{ name: "second-party", verdict: "pass" }, probe] });
  assert.deepEqual([safetyOf(actionId).at(-1)?.verdict, safetyOf(actionId).at(-1)?.demands], ["inconclusive", "none"]);
  assert.deepEqual(gate.faults(), []);
});

test("safety: checks of the contract are missing until whoever they belong to has made them; a failure stays one", async () => {
  const checks = [
    { name: "reachable", by: "executor" },
    { name: "second-look", by: "second_party" },
  ];
  const contract = { ...JSON.parse(seedTexts["tools/terraform.json"]!), checks };
  const files = { "policies/main.cedar": testRules, "tests/seed.json": policyTests };
  await gate.publish(bundleOf(seedFiles({ ...files, "tools/terraform.json": JSON.stringify(contract) })));
  const viewOf = async (actionId: string) =>
    (await gate.call("getAction", gate.agent, { params: { action_id: actionId } })).safety;
  const actionId = await ended(undefined);
  assert.deepEqual(await viewOf(actionId), {
    ...{ verdict: "not_checked", failed: [], demands: "none" },
    missing: ["reachable", "second-look"],
  });
  assert.deepEqual(
    safetyOf(actionId)[0]?.checks.map(({ name, verdict }) => [name, verdict]),
    ["argument-drift", "reachable", "second-look"].map((name) => [name, "not_checked"]),
  );
  const other = { ...gate.executor, holder: { kind: "executor", id: "worker-2" } } as const;
  const reportBy = (by: typeof gate.executor, name: string, verdict: "pass" | "fail", demands?: "rollback") =>
    gate.call("reportSafety", by, {
      params: { action_id: actionId },
      body: { checks: [{ name, verdict }], ...(demands === undefined ? {} : { demands }) },
    });
  await assert.rejects(reportBy(gate.executor, "second-look", "pass"), refused("forbidden"));
  await assert.rejects(reportBy(gate.agent, "second-look", "pass"), refused("forbidden"));
  await assert.rejects(reportBy(other, "reachable", "pass"), refused("forbidden"));
  await assert.rejects(reportBy(other, "anything", "pass"), refused("forbidden"));
  await reportBy(gate.executor, "reachable", "pass");
  assert.deepEqual((await viewOf(actionId))?.missing, ["second-look"]);
  await reportBy(other, "second-look", "fail", "rollback");
  await reportBy(gate.executor, "reachable", "pass");
  const findings = findingsOf(actionId).map(({ finding_id: id }) => id);
  assert.equal(findings.length, 1);
  assert.deepEqual(await viewOf(actionId), {
    ...{ verdict: "fail", failed: ["second-look"], missing: [], demands: "rollback", findings },
  });
  await gate.publish(testBundle());
  const free = await ended(undefined); // control: no contract asks for any
  assert.deepEqual((await viewOf(free))?.missing, []);
  assert.deepEqual(gate.faults(), []);
});

test("obligations: what the executor does not say it met is shown as unmet; what it says beside them is nothing", async () => {
  const outcome = async (met: string[] | undefined) => {
    const action = await ask("dev");
    const started = await start(action.action_id);
    assert.deepEqual(started.permit.obligations, ["log_args:redacted"]);
    assert.equal(started.action.obligations, undefined); // nothing was reported yet
    const body = { status: "SUCCEEDED" as const, ...(met === undefined ? {} : { obligations_met: met }) };
    const params = { action_id: action.action_id };
    return (await gate.call("reportOutcome", gate.executor, { params, body })).obligations;
  };
  assert.deepEqual(await outcome(undefined), { met: [], unmet: ["log_args:redacted"] });
  assert.deepEqual(await outcome(["another"]), { met: [], unmet: ["log_args:redacted"] });
  assert.deepEqual(await outcome(["log_args:redacted"]), { met: ["log_args:redacted"], unmet: [] });
  assert.deepEqual(gate.faults(), []);
});
