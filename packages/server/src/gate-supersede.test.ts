/** A replaced policy or changed facts: a new request takes the place of the old one, and no vote carries. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { parseApprovalRequest } from "@countersign/evidence/approval";
import { CountersignError } from "@countersign/evidence/errors";
import type { EventOf } from "@countersign/evidence/event";
import type { BodyOf } from "@countersign/evidence/wire";
import { type Gate, openGate, testBundle, testRules, type Voter } from "./gate-testing.ts";

let gate: Gate;
let dana: Voter;
let kim: Voter;
let runId: string;
let texts = 0;
before(async () => {
  gate = await openGate();
  dana = await gate.voter("dana", ["oncall_sre"]);
  kim = await gate.voter("kim", ["oncall_sre"]);
});
beforeEach(async () => {
  runId = (await gate.call("startRun", gate.agent, { body: { capabilities: ["infra"] } })).run.run_id;
});
after(() => gate.close());

const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;
const ask = async (body: Partial<BodyOf<"requestAction">> = {}) => {
  const args = { vpc: "vpc-1", environment: "prod" };
  const { action } = await gate.call("requestAction", gate.agent, {
    params: { run_id: runId },
    body: { tool: "terraform", args, ...body },
  });
  assert.ok(action.approval, JSON.stringify(action.decision));
  return { actionId: action.action_id, approvalId: action.approval.approval_id };
};
const granted = async () => {
  const asked = await ask();
  await gate.vote(dana, asked.approvalId);
  return asked;
};
const start = (actionId: string) =>
  gate.call("startAction", gate.executor, { params: { action_id: actionId }, body: {} });
const action = (actionId: string) => gate.call("getAction", gate.agent, { params: { action_id: actionId } });
const approval = (approvalId: string) => gate.call("getApproval", dana.caller, { params: { approval_id: approvalId } });
const republish = (rules = testRules) => gate.publish(testBundle(rules, `text ${texts++} ${gate.events().length}`));
const count = (actionId: string, type: string) => gate.typesOf(actionId).filter((one) => one === type).length;
/** What the log says against itself, apart from uses these tests never report the outcome of. */
const faults = () => gate.faults().flatMap(({ code }) => (code === "outcome-missing" ? [] : [code]));
const requestOf = (approvalId: string) =>
  gate
    .events()
    .flatMap((event) => (event.type === "approval.requested" ? [event as EventOf<"approval.requested">] : []))
    .find((event) => event.approval.approval_id === approvalId)!;
/** The approval that replaced it, and that each names the other. */
const replacementOf = async (approvalId: string) => {
  const old = await approval(approvalId);
  assert.equal(old.state, "SUPERSEDED");
  const fresh = await approval(old.superseded_by!);
  assert.deepEqual([fresh.state, fresh.replaces, fresh.votes], ["REQUESTED", approvalId, []]);
  assert.equal(requestOf(fresh.approval_id).approval_request.replaces, approvalId);
  const nonces = [approvalId, fresh.approval_id].map(
    (id) => parseApprovalRequest(requestOf(id).approval_request.text)?.nonce,
  );
  assert.notEqual(nonces[0], nonces[1]);
  return fresh.approval_id;
};

test("a replaced policy: the start, a vote and the sweeper each open a new request; the old votes count for nothing", async () => {
  const [used, waiting, swept] = [await granted(), await ask(), await granted()];
  const control = await granted();
  await start(control.actionId);
  await republish();
  await assert.rejects(start(used.actionId), refused("approval-superseded"));
  await assert.rejects(gate.vote(dana, waiting.approvalId), refused("approval-superseded"));
  await gate.sweeper.sweep();
  for (const { actionId, approvalId } of [used, waiting, swept]) {
    const fresh = await replacementOf(approvalId);
    const now = await action(actionId);
    assert.deepEqual([now.phase, now.approval?.approval_id, now.approval?.state], ["waiting", fresh, "REQUESTED"]);
    assert.equal(count(actionId, "approval.superseded"), 1);
    await assert.rejects(start(actionId), refused("approval-pending"));
    await assert.rejects(gate.vote(kim, approvalId), refused("approval-superseded"));
    // The person who approved before is asked again, and may say yes again.
    assert.equal((await gate.vote(dana, fresh)).state, "GRANTED");
    assert.ok((await start(actionId)).permit.token);
  }
  assert.equal((await action(control.actionId)).phase, "running");
  const reasons = gate.events().flatMap((event) => (event.type === "approval.superseded" ? [event.reason.code] : []));
  assert.deepEqual([...new Set(reasons)], ["POLICY_CHANGED"]);
  assert.deepEqual(faults(), []);
});

test("changed facts: the same policy now asks more people, so they are asked anew; with the same facts the use goes on", async () => {
  const more = `${testRules}
@id("approval-second") @decision("require_approval") @reason("PROD_WRITE")
@approvers("role:oncall_sre") @quorum("1") @ttl("PT30M")
forbid (principal, action in Action::"write", resource) when { context.history.actions >= 2 };`;
  await republish(more);
  const [first, second] = [await granted(), await granted()];
  await start(first.actionId); // control: it counts only itself and the other
  const third = await ask();
  await assert.rejects(start(second.actionId), refused("approval-superseded"));
  const fresh = await replacementOf(second.approvalId);
  assert.deepEqual((await approval(fresh)).requirements.map(({ rule }) => rule).sort(), [
    "approval-prod-write",
    "approval-second",
  ]);
  assert.equal((await gate.vote(dana, fresh)).state, "REQUESTED");
  assert.equal((await gate.vote(kim, fresh)).state, "GRANTED");
  await start(second.actionId);
  assert.equal((await action(third.actionId)).phase, "waiting");
  const reasons = gate.events().flatMap((event) => (event.type === "approval.superseded" ? [event.reason.code] : []));
  assert.equal(reasons.at(-1), "DECISION_CHANGED");
  await republish();
  assert.deepEqual(faults(), []);
});

test("what is now denied, or needs nobody, is void; so is what a closed run still has open", async () => {
  const [denied, freed] = [await granted(), await ask()];
  await republish(testRules.replace('resource.id == "vpc-exfil"', 'resource.id == "vpc-1"'));
  await assert.rejects(start(denied.actionId), refused("approval-voided"));
  assert.equal((await approval(denied.approvalId)).state, "VOIDED");
  await republish(testRules.replaceAll('resource.env == "prod"', 'resource.env == "moon"'));
  await assert.rejects(gate.vote(dana, freed.approvalId), refused("approval-not-open"));
  assert.equal((await approval(freed.approvalId)).state, "VOIDED");
  await republish();
  const late = await granted();
  const live = await granted();
  await republish();
  // Control: while its run is open, the other is asked about anew.
  await assert.rejects(start(live.actionId), refused("approval-superseded"));
  await gate.call("closeRun", gate.agent, { params: { run_id: runId }, body: { status: "completed" } });
  assert.notEqual((await approval(late.approvalId)).state, "SUPERSEDED");
  assert.deepEqual(faults(), []);
});

test("a key known to be stolen: a replaced policy asks everybody again, the stolen vote carries no more than the others", async () => {
  const asked = await granted();
  await republish();
  await gate.sweeper.sweep();
  await gate.sweeper.sweep();
  assert.equal(count(asked.actionId, "approval.superseded"), 1);
  const fresh = await replacementOf(asked.approvalId);
  await gate.vote(kim, fresh);
  await start(asked.actionId);
  assert.deepEqual(faults(), []);
});

test("a poll without `seen` hears of the new request at once", async () => {
  const asked = await ask();
  const polled = gate.call("getAction", gate.agent, {
    params: { action_id: asked.actionId },
    query: { wait_ms: "60000" },
  });
  await republish();
  await gate.sweeper.sweep();
  const { phase, approval: now } = await polled;
  assert.equal(phase, "waiting");
  assert.notEqual(now?.approval_id, asked.approvalId);
});
