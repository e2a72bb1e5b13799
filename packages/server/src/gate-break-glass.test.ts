/** Break-glass: two signatures, one incident, where the rules allow it; alarmed at once, reviewed in a day or found. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { parseBreakGlass } from "@countersign/evidence/break-glass";
import { approverKeyOf } from "@countersign/evidence/control";
import { verifyEd25519 } from "@countersign/evidence/ed25519";
import { CountersignError } from "@countersign/evidence/errors";
import type { EventOf } from "@countersign/evidence/event";
import { signatureFault } from "@countersign/evidence/vote-signature";
import type { BodyOf } from "@countersign/evidence/wire";
import { type Gate, openGate, signDigest, testBundle, testRules, type Voter } from "./gate-testing.ts";
import { revokeApproverKey } from "./tenants/approver-keys.ts";

const rules = testRules.replace('@quorum("1") @ttl("PT30M")', '@quorum("1") @ttl("PT30M") @breakglass("PT20M")');
let gate: Gate;
let dana: Voter;
let fin: Voter;
let fay: Voter;
let runId: string;
const alarms: string[] = [];
before(async () => {
  gate = await openGate({ kind: "production", bundle: testBundle(rules), alarm: (_tx, id) => void alarms.push(id) });
  dana = await gate.voter("dana", ["oncall_sre"]);
  fin = await gate.voter("fin", ["finance"]);
  fay = await gate.voter("fay", ["finance"], dana.alias);
});
beforeEach(async () => {
  runId = (await gate.call("startRun", gate.agent, { body: { capabilities: ["infra"] } })).run.run_id;
});
after(() => gate.close());

const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;
const ask = async (args: object = { vpc: "vpc-1", environment: "prod" }) => {
  const { action } = await gate.call("requestAction", gate.agent, {
    params: { run_id: runId },
    body: { tool: "terraform", args },
  });
  return { actionId: action.action_id, approvalId: action.approval!.approval_id };
};
const show = (approvalId: string) => gate.call("getApproval", dana.caller, { params: { approval_id: approvalId } });
const prepare = async (voter: Voter, approvalId: string, change: Partial<BodyOf<"prepareBreakGlass">> = {}) => {
  const { rendering_digest } = await show(approvalId);
  const body = { incident: "INC-7", reason_code: "CHANGE_REVIEWED", kid: voter.kid, rendering_digest, ...change };
  return gate.call("prepareBreakGlass", voter.caller, { params: { approval_id: approvalId }, body });
};
const sign = async (voter: Voter, approvalId: string, change: Partial<BodyOf<"prepareBreakGlass">> = {}) => {
  const { vote_id, digest } = await prepare(voter, approvalId, change);
  const body = { signature: signDigest(voter.privateKey, digest), method: "ed25519" as const };
  return gate.call("signBreakGlass", voter.caller, { params: { approval_id: approvalId, vote_id }, body });
};
const review = (voter: Voter, approvalId: string) =>
  gate.call("reviewBreakGlass", voter.caller, { params: { approval_id: approvalId }, body: { verdict: "pass" } });
const start = (actionId: string) =>
  gate.call("startAction", gate.executor, { params: { action_id: actionId }, body: {} });
const succeed = (actionId: string) =>
  gate.call("reportOutcome", gate.executor, {
    params: { action_id: actionId },
    body: { status: "SUCCEEDED", attempt: 1 },
  });
const used = (actionId: string) =>
  gate.events().find((event) => event.type === "breakglass.used" && event.action_id === actionId) as
    | EventOf<"breakglass.used">
    | undefined;

test("two people, whatever their roles, sign the same; then it may go ahead once, and both signatures verify", async () => {
  const { actionId, approvalId } = await ask();
  assert.match((await show(approvalId)).rendering, /in an incident two people may, for PT20M/);
  const first = await sign(fin, approvalId);
  assert.deepEqual(
    [first.state, first.break_glass?.signed_by, first.break_glass?.incident],
    ["REQUESTED", fin.alias, "INC-7"],
  );
  await assert.rejects(start(actionId), refused("approval-pending"));
  assert.equal(used(actionId), undefined);
  const second = await sign(fay, approvalId);
  assert.equal(second.state, "GRANTED");
  assert.deepEqual(second.break_glass?.used?.people, [fin.alias, fay.alias]);
  assert.equal(second.break_glass?.review, "open");
  assert.deepEqual(alarms.at(-1), approvalId);
  const event = used(actionId)!;
  assert.equal(Date.parse(event.breakglass.expires_at) - Date.parse(event.ts), 20 * 60_000);
  const { control } = gate.ledger.reader(gate.tenant)!;
  for (const signed of event.breakglass.signatures!) {
    const key = approverKeyOf(control, signed.kid);
    assert.equal(signatureFault(event, signed, key, { ed25519: verifyEd25519 }), undefined);
    const other = { ...signed, signature: signed.signature.replace(/^./, (one) => (one === "A" ? "B" : "A")) };
    assert.equal(signatureFault(event, other, key, { ed25519: verifyEd25519 })?.code, "vote-signature-invalid");
    assert.equal(parseBreakGlass(signed.text)?.incident, "INC-7");
  }
  await start(actionId);
  await succeed(actionId);
  await assert.rejects(start(actionId), refused("approval-consumed"));
  assert.equal((await review(dana, approvalId)).break_glass?.review, "reviewed");
  assert.ok(
    gate.events().some((one) => one.type === "review.completed" && one.review.query === `approval:${approvalId}`),
  );
  assert.deepEqual(gate.faults(), []);
});

test("not one person, not two about different incidents, not another's key, not too late, not where a rule forbids it", async () => {
  const { actionId, approvalId } = await ask();
  await sign(fin, approvalId);
  await assert.rejects(sign(fin, approvalId), refused("duplicate-vote"));
  await assert.rejects(sign(fay, approvalId, { incident: "INC-8" }), refused("vote-mismatch"));
  await assert.rejects(prepare(fay, approvalId, { kid: fin.kid }), refused("signature-invalid"));
  await assert.rejects(prepare(fay, approvalId, { reason_code: "BECAUSE" }), refused("validation-failed"));
  const rendering_digest = `sha256:${"0".repeat(64)}`;
  await assert.rejects(prepare(fay, approvalId, { rendering_digest }), refused("vote-mismatch"));
  const { vote_id, digest } = await prepare(fay, approvalId);
  const params = { approval_id: approvalId, vote_id };
  const by = (voter: Voter) => ({ signature: signDigest(voter.privateKey, digest), method: "ed25519" as const });
  await assert.rejects(
    gate.call("signBreakGlass", fay.caller, { params, body: by(fin) }),
    refused("signature-invalid"),
  );
  await assert.rejects(gate.call("signBreakGlass", fin.caller, { params, body: by(fin) }), refused("vote-mismatch"));
  // The first signature waits a quarter of an hour.
  gate.clock.advance(15 * 60_000 + 1);
  assert.equal((await sign(fay, approvalId)).state, "REQUESTED");
  assert.equal(used(actionId), undefined);
  assert.equal((await sign(fin, approvalId)).state, "GRANTED"); // control: now there are two
  await review(dana, approvalId);
  const both = await ask({ vpc: "vpc-1", environment: "prod", cost: 9000 });
  assert.equal((await show(both.approvalId)).break_glass, undefined);
  await assert.rejects(prepare(fin, both.approvalId), refused("break-glass-not-allowed"));
  assert.deepEqual(gate.faults(), []);
});

test("it ends by itself, under a freeze, and when a signer's key turns out to be stolen", async () => {
  const broken = async () => {
    const asked = await ask();
    await sign(fin, asked.approvalId);
    await sign(fay, asked.approvalId);
    await review(dana, asked.approvalId);
    return asked;
  };
  const late = await broken();
  gate.clock.advance(20 * 60_000 + 1);
  await assert.rejects(start(late.actionId), refused("approval-expired"));
  const frozen = await broken();
  const freeze = { freeze_id: "frz_01kh0000000000000000000001", kind: "target", subject: "vpc-1", incident: "INC-9" };
  await gate.append("freeze.placed", { freeze, reason: { code: "INCIDENT" } });
  await assert.rejects(start(frozen.actionId), refused("frozen"));
  await gate.append("freeze.lifted", {
    freeze: { freeze_id: freeze.freeze_id, people: [dana.alias, fin.alias] },
    reason: { code: "RESOLVED" },
  });
  const control = await broken();
  await start(control.actionId);
  await succeed(control.actionId);
  assert.deepEqual(gate.faults(), []);
  const mia = await gate.voter("mia", ["finance"], dana.alias);
  const since = new Date(gate.clock.nowMs()).toISOString();
  gate.clock.advance(1000);
  const stolen = await ask();
  await sign(mia, stolen.approvalId);
  await sign(fay, stolen.approvalId);
  await review(dana, stolen.approvalId);
  await gate.submit(revokeApproverKey, { kid: mia.kid, person: mia.alias, reason: "STOLEN", compromisedSince: since });
  await assert.rejects(start(stolen.actionId), refused("approval-voided"));
  assert.deepEqual(
    gate.faults().map(({ code }) => code),
    ["vote-key-compromised"],
  );
});

test("nobody reviews their own; one not reviewed in a day is a finding, and blocks the next until somebody does", async () => {
  const { approvalId, actionId } = await ask();
  await sign(fin, approvalId);
  await sign(fay, approvalId);
  await assert.rejects(review(fin, approvalId), refused("separation-of-duties"));
  gate.clock.advance(86_400_000 - 1);
  await gate.sweeper.sweep();
  const findings = () => gate.events().filter((event) => event.type === "finding.opened");
  assert.equal(findings().length, 0);
  runId = (await gate.call("startRun", gate.agent, { body: { capabilities: ["infra"] } })).run.run_id;
  await prepare(fin, (await ask()).approvalId); // control: until then another is not blocked
  gate.clock.advance(2);
  await gate.sweeper.sweep();
  await gate.sweeper.sweep();
  const [finding, ...more] = findings();
  assert.equal(more.length, 0);
  assert.equal(finding?.finding.code, "BREAKGLASS_NOT_REVIEWED");
  assert.deepEqual(finding?.finding.evidence, [used(actionId)!.event_id]);
  const next = await ask();
  await assert.rejects(prepare(fin, next.approvalId), refused("break-glass-review-overdue"));
  await review(dana, approvalId);
  assert.ok(gate.events().some((event) => event.type === "finding.closed"));
  await prepare(fin, next.approvalId);
  await assert.rejects(review(dana, approvalId), refused("step-not-allowed"));
});
