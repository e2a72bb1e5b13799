/** Approvals taken back, and approvals whose votes turn out to be somebody else's: neither is ever used. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import { type Gate, openGate, type Voter } from "./gate-testing.ts";
import { revokeApproverKey } from "./tenants/approver-keys.ts";

let gate: Gate;
let dana: Voter;
let kim: Voter;
let fin: Voter;
let runId: string;
before(async () => {
  gate = await openGate({ kind: "production" });
  dana = await gate.voter("dana", ["oncall_sre"]);
  kim = await gate.voter("kim", ["oncall_sre"]);
  fin = await gate.voter("fin", ["finance"]);
});
beforeEach(async () => {
  runId = (await gate.call("startRun", gate.agent, { body: { capabilities: ["infra"] } })).run.run_id;
});
after(() => gate.close());

const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;
const ask = async () => {
  const body = { tool: "terraform", args: { vpc: "vpc-1", environment: "prod" }, max_attempts: 3 };
  const { action } = await gate.call("requestAction", gate.agent, { params: { run_id: runId }, body });
  assert.ok(action.approval, JSON.stringify(action.decision));
  return { actionId: action.action_id, approvalId: action.approval.approval_id };
};
const granted = async (by: Voter = dana) => {
  const asked = await ask();
  assert.equal((await gate.vote(by, asked.approvalId)).state, "GRANTED");
  return asked;
};
const revoke = (by: Voter["caller"], approvalId: string, reason?: string) =>
  gate.call("revokeApproval", by, {
    params: { approval_id: approvalId },
    body: reason === undefined ? {} : { reason_code: reason },
  });
const start = (actionId: string) =>
  gate.call("startAction", gate.executor, { params: { action_id: actionId }, body: {} });
const state = async (approvalId: string) =>
  (await gate.call("getApproval", dana.caller, { params: { approval_id: approvalId } })).state;
/** What the log says against itself, apart from uses these tests never report the outcome of. */
const faults = () => gate.faults().flatMap(({ code }) => (code === "outcome-missing" ? [] : [code]));
const admin = () => ({ ...gate.auditor, role: "admin" as const });

test("revoke: a granted approval is taken back by who gave it, by name and reason, and never used", async () => {
  const { actionId, approvalId } = await granted();
  assert.equal((await revoke(dana.caller, approvalId, "CHANGE_WITHDRAWN")).state, "REVOKED");
  const last = gate.events().findLast((event) => event.type === "approval.revoked");
  assert.deepEqual([last?.actor.id, last?.reason.code], [dana.alias, "CHANGE_WITHDRAWN"]);
  await assert.rejects(start(actionId), refused("step-not-allowed"));
  assert.ok(!gate.typesOf(actionId).includes("dispatch.permitted"));
  await assert.rejects(revoke(dana.caller, approvalId), refused("approval-not-open"));
  // Control: the same without the revocation is used.
  assert.ok((await start((await granted()).actionId)).permit.token);
  assert.deepEqual(faults(), []);
});

test("revoke: a waiting request by somebody entitled or an admin; not by somebody who has no part in it", async () => {
  const { approvalId } = await ask();
  await assert.rejects(revoke(fin.caller, approvalId), refused("approver-not-eligible"));
  await assert.rejects(
    revoke({ ...dana.caller, holder: { kind: "service", id: "bot" } }, approvalId),
    refused("approver-not-eligible"),
  );
  assert.equal(await state(approvalId), "REQUESTED");
  assert.equal((await revoke(kim.caller, approvalId)).state, "REVOKED");
  await assert.rejects(gate.vote(dana, approvalId), refused("approval-not-open"));
  const second = await ask();
  assert.equal((await revoke(admin(), second.approvalId)).state, "REVOKED");
});

test("revoke: what was used cannot be taken back, what expired is recorded as expired", async () => {
  const used = await granted();
  await start(used.actionId);
  await assert.rejects(revoke(dana.caller, used.approvalId), refused("approval-consumed"));
  const late = await ask();
  gate.clock.advance(31 * 60_000);
  await assert.rejects(revoke(dana.caller, late.approvalId), refused("approval-expired"));
  assert.equal(await state(late.approvalId), "EXPIRED");
  await assert.rejects(revoke(dana.caller, "apr_01kh0000000000000000000001"), refused("approval-not-found"));
});

test("a key compromised before the vote voids at the use and by the sweeper; one compromised after, or only retired, does not", async () => {
  const eve = await gate.voter("eve", ["oncall_sre"], dana.alias);
  const lee = await gate.voter("lee", ["oncall_sre"], dana.alias);
  const since = new Date(gate.clock.nowMs()).toISOString();
  gate.clock.advance(1000);
  const atUse = await granted(eve);
  const bySweep = await granted(eve);
  const ofLee = await granted(lee);
  gate.clock.advance(1000);
  const later = new Date(gate.clock.nowMs()).toISOString();
  // Control: a key known to be compromised only after the vote, which therefore stands.
  await gate.submit(revokeApproverKey, { kid: lee.kid, person: lee.alias, reason: "LOST", compromisedSince: later });
  assert.ok((await start(ofLee.actionId)).permit.token);
  const retired = await granted(kim);
  await gate.submit(revokeApproverKey, { kid: kim.kid, person: kim.alias, reason: "REPLACED" });
  assert.ok((await start(retired.actionId)).permit.token);
  assert.deepEqual(faults(), []);

  await gate.submit(revokeApproverKey, { kid: eve.kid, person: eve.alias, reason: "STOLEN", compromisedSince: since });
  await assert.rejects(start(atUse.actionId), refused("approval-voided"));
  assert.equal(await state(bySweep.approvalId), "GRANTED");
  await gate.sweeper.sweep();
  assert.equal(await state(bySweep.approvalId), "VOIDED");
  const voided = gate.events().filter((event) => event.type === "approval.voided");
  assert.deepEqual(
    voided.map(({ reason }) => reason.code),
    ["KEY_COMPROMISED", "KEY_COMPROMISED"],
  );
  // Seen in hindsight, the log itself says which votes are in doubt.
  assert.deepEqual([...new Set(faults())], ["vote-key-compromised"]);
  await assert.rejects(gate.vote(eve, (await ask()).approvalId), refused("signature-invalid"));
});

test("a later attempt is refused once a voter's or the permit's key is known to have been in other hands", async () => {
  const mia = await gate.voter("mia", ["oncall_sre"], dana.alias);
  const since = new Date(gate.clock.nowMs()).toISOString();
  gate.clock.advance(1000);
  const running = async (by: Voter) => {
    const { actionId } = await granted(by);
    const { permit } = await start(actionId);
    await fail(actionId, 1);
    return { actionId, permitId: permit.permit_id };
  };
  const fail = (actionId: string, attempt: number) =>
    gate.call("reportOutcome", gate.executor, {
      params: { action_id: actionId },
      body: { status: "FAILED", attempt, code: "EXIT_1" },
    });
  const again = (permitId: string) =>
    gate.call("startAttempt", gate.executor, { params: { permit_id: permitId }, body: {} });
  const outcomeOf = (actionId: string) =>
    gate
      .events()
      .flatMap((event) => (event.type === "dispatch.cancelled" && event.action_id === actionId ? [event.outcome] : []))
      .map(({ code }) => code);
  const ofMia = await running(mia);
  const ofDana = await running(dana);
  await gate.submit(revokeApproverKey, { kid: mia.kid, person: mia.alias, reason: "STOLEN", compromisedSince: since });
  await assert.rejects(again(ofMia.permitId), refused("permit-invalid"));
  assert.deepEqual(outcomeOf(ofMia.actionId), ["KEY_COMPROMISED"]);
  // Control: the same with a key that is its owner's alone goes on.
  assert.equal((await again(ofDana.permitId)).permit.attempt, 2);
  await fail(ofDana.actionId, 2);
  const { control } = gate.ledger.reader(gate.tenant)!;
  const permitKey = Object.values(control.keys).find(({ purpose }) => purpose === "permit");
  await gate.append("log.key.revoked", {
    key: { kid: permitKey!.kid, purpose: "permit", alg: "ed25519" },
    reason: { code: "STOLEN" },
    compromised_since: since,
  });
  await assert.rejects(again(ofDana.permitId), refused("permit-invalid"));
  assert.deepEqual(outcomeOf(ofDana.actionId), ["PERMIT_KEY_COMPROMISED"]);
  // The server never used what it knew to be compromised; only hindsight has something to say.
  assert.ok(!faults().includes("authority-compromised"), faults().join());
});
