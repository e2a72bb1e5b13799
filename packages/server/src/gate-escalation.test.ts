/** Escalation: after a delay another role may answer too, on the log's own times; never before, and never fewer people. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import { type Gate, openGate, testBundle, testRules, type Voter } from "./gate-testing.ts";
import { announce, dueNotices, notifications } from "./notifications/outbox.ts";

let gate: Gate;
let dana: Voter;
let fin: Voter;
let fay: Voter;
let runId: string;
const rules = testRules.replace(
  '@quorum("1") @ttl("PT30M")',
  '@quorum("2") @ttl("PT30M") @escalate("PT10M role:finance")',
);
before(async () => {
  gate = await openGate({
    kind: "production",
    tables: [notifications],
    announce: (tx, about) => announce(tx, ["webhook"], about),
  });
  dana = await gate.voter("dana", ["oncall_sre"]);
  fin = await gate.voter("fin", ["finance"]);
  fay = await gate.voter("fay", ["finance"], dana.alias);
  await gate.publish(testBundle(rules));
  runId = (await gate.call("startRun", gate.agent, { body: { capabilities: ["infra"] } })).run.run_id;
});
after(() => gate.close());

const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;
const ask = async () => {
  const body = { tool: "terraform", args: { vpc: "vpc-1", environment: "prod" } };
  const { action } = await gate.call("requestAction", gate.agent, { params: { run_id: runId }, body });
  return { actionId: action.action_id, approvalId: action.approval!.approval_id };
};
const show = (approvalId: string) => gate.call("getApproval", dana.caller, { params: { approval_id: approvalId } });

test("before the delay only the asked role; after it the added one too, still two people, and the use goes on", async () => {
  const { actionId, approvalId } = await ask();
  assert.match((await show(approvalId)).rendering, /2 of role:oncall_sre .*; after PT10M also role:finance/);
  gate.clock.advance(10 * 60_000 - 1);
  await assert.rejects(gate.vote(fin, approvalId), refused("approver-not-eligible"));
  assert.deepEqual(
    (await show(approvalId)).eligible?.map(({ person }) => person),
    [dana.alias],
  );
  gate.clock.advance(1);
  const shown = await show(approvalId);
  assert.deepEqual(shown.missing, ["2 of role:oncall_sre or role:finance for approval-prod-write"]);
  assert.deepEqual(shown.eligible?.map(({ person }) => person).sort(), [dana.alias, fin.alias, fay.alias].sort());
  assert.equal((await gate.vote(fin, approvalId)).state, "REQUESTED"); // the quorum is what it was
  assert.equal((await gate.vote(fay, approvalId)).state, "GRANTED");
  const { permit } = await gate.call("startAction", gate.executor, { params: { action_id: actionId }, body: {} });
  assert.ok(permit.token);
  await gate.call("reportOutcome", gate.executor, {
    params: { action_id: actionId },
    body: { status: "SUCCEEDED", attempt: 1 },
  });
  assert.deepEqual(gate.faults(), []);
});

test("the message about it falls due when the role is added, and not before", async () => {
  const { approvalId } = await ask();
  const due = () =>
    dueNotices(gate.ledger.reader(gate.tenant)!, gate.clock.nowMs(), 100)
      .filter((row) => row.approval_id === approvalId)
      .map(({ kind }) => kind);
  assert.deepEqual(due(), ["approval.requested"]);
  gate.clock.advance(10 * 60_000 - 1);
  assert.deepEqual(due(), ["approval.requested"]);
  gate.clock.advance(1);
  assert.deepEqual(due(), ["approval.requested", "approval.escalated"]);
});
