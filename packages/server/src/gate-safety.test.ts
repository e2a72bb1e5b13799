/** Checks after the effect, on the real ledger: what each finds, its control, and a rollback that is itself gated. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import type { BodyOf } from "@countersign/evidence/wire";
import { type Gate, openGate, type Voter } from "./gate-testing.ts";

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

test("safety: nothing failed, nothing is demanded; doubt is neither pass nor failure", async () => {
  const actionId = await ended(undefined);
  const probe = { name: "post-condition", verdict: "inconclusive", code: "CHECK_CRASHED" } as const;
  await assert.rejects(report(actionId, { checks: [probe], demands: "rollback" }), refused("validation-failed"));
  await report(actionId, { checks: [{ name: "second-party", verdict: "pass" }, probe] });
  assert.deepEqual([safetyOf(actionId).at(-1)?.verdict, safetyOf(actionId).at(-1)?.demands], ["inconclusive", "none"]);
  assert.deepEqual(gate.faults(), []);
});
