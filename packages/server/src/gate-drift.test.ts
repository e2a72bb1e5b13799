/** `approval_drift: gate`: an approval that another policy would ask for alike stands, and everybody can check that it does. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import type { Bundle } from "@countersign/evidence/policy";
import { driftReason } from "@countersign/evidence/policy-drift";
import { bundleOf, seedFiles } from "../../../tools/seed-bundle.ts";
import { type Gate, openGate, packReport, testRules, type Voter } from "./gate-testing.ts";

let gate: Gate;
let dana: Voter;
let runId: string;
let versions = 0;
before(async () => {
  gate = await openGate();
  dana = await gate.voter("dana", ["oncall_sre"]);
});
beforeEach(async () => {
  runId = (await gate.call("startRun", gate.agent, { body: { capabilities: ["infra"] } })).run.run_id;
});
after(() => gate.close());

const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;
/** Another version each time; rules and setting as said. */
function bundle(drift: "strict" | "gate", rules = testRules, files: Record<string, string> = {}): Bundle {
  const header = { name: "drift", version: `1.0.${++versions}`, approval_drift: drift };
  const tests = JSON.stringify([
    {
      name: "a change in prod waits",
      request: { tool: "terraform", args: { vpc: "vpc-1", environment: "prod" } },
      expect: { decision: "REQUIRE_APPROVAL" },
    },
  ]);
  return bundleOf(
    seedFiles({
      "bundle.json": JSON.stringify(header),
      "policies/main.cedar": rules,
      "tests/seed.json": tests,
      ...files,
    }),
  );
}
const ask = async () => {
  const body = { tool: "terraform", args: { vpc: "vpc-1", environment: "prod" } };
  const { action } = await gate.call("requestAction", gate.agent, { params: { run_id: runId }, body });
  return { actionId: action.action_id, approvalId: action.approval!.approval_id };
};
const granted = async () => {
  const asked = await ask();
  await gate.vote(dana, asked.approvalId);
  return asked;
};
const start = (actionId: string) =>
  gate.call("startAction", gate.executor, { params: { action_id: actionId }, body: {} });
const succeed = (actionId: string) =>
  gate.call("reportOutcome", gate.executor, {
    params: { action_id: actionId },
    body: { status: "SUCCEEDED", attempt: 1 },
  });
const revalidations = (actionId: string) =>
  gate
    .events()
    .flatMap((event) => (event.type === "approval.revalidated" && event.action_id === actionId ? [event] : []));
const report = () => packReport(gate, ["pinned"]);

test("gate: an equal gate under another policy stands, at the start, at a vote and by the sweeper, with both digests", async () => {
  const [first, second] = [bundle("gate"), bundle("gate")];
  await gate.publish(first);
  const [used, waiting, swept] = [await granted(), await ask(), await granted()];
  await gate.publish(second);
  assert.ok((await start(used.actionId)).permit.token);
  await succeed(used.actionId);
  assert.equal((await gate.vote(dana, waiting.approvalId)).state, "GRANTED");
  await gate.sweeper.sweep();
  for (const { actionId } of [used, waiting, swept]) {
    const [event, ...more] = revalidations(actionId);
    assert.equal(more.length, 0);
    assert.deepEqual([event?.policy.policy_digest, event?.revalidated.policy.digest], [first.digest, second.digest]);
    if (actionId === used.actionId) continue;
    await start(actionId);
    await succeed(actionId);
  }
  assert.deepEqual(gate.faults(), []);
});

test("gate: strict on either side, other rules, another contract: people are asked anew", async () => {
  const two = testRules.replace('@quorum("1") @ttl("PT30M")', '@quorum("2") @ttl("PT30M")');
  const cases: readonly (readonly [string, Bundle, Bundle])[] = [
    ["strict before", bundle("strict"), bundle("gate")],
    ["strict after", bundle("gate"), bundle("strict")],
    ["more people", bundle("gate"), bundle("gate", two)],
  ];
  for (const [what, before, now] of cases) {
    await gate.publish(before);
    const { actionId } = await granted();
    await gate.publish(now);
    await assert.rejects(start(actionId), refused("approval-superseded"), what);
    assert.deepEqual(revalidations(actionId), [], what);
  }
  const same = bundle("gate");
  const contract = [...same.files].find(([path]) => path === "tools/terraform.json")!;
  const text = new TextDecoder().decode(contract[1]);
  const spaced = bundle("gate", testRules, { "tools/terraform.json": `${text}\n` });
  assert.match(driftReason(same, spaced, "terraform") ?? "", /contract/);
  assert.equal(driftReason(same, spaced, "status"), undefined);
  assert.match(
    driftReason(same, bundle("gate", testRules, { "schema.cedarschema": `${same.schema}\n` }), "status") ?? "",
    /schema/,
  );
});

test("gate: the verifier asks the other policy again, and finds what stands although it must not", async () => {
  await gate.publish(bundle("gate"));
  const honest = await granted();
  const lied = await granted();
  await gate.publish(bundle("gate"));
  await start(honest.actionId);
  await succeed(honest.actionId);
  const good = await report();
  assert.deepEqual(good.faults, []);
  assert.equal(good.decisions.different, 0);
  assert.equal(good.assurances["re-executed"].state, "met", good.assurances["re-executed"].why);
  // Control: a server that takes a strict policy for a lenient one.
  const strict = bundle("strict");
  await gate.publish({ ...strict, manifest: { ...strict.manifest, approval_drift: "gate" } });
  await start(lied.actionId);
  await succeed(lied.actionId);
  assert.equal(revalidations(lied.actionId).length, 1);
  const bad = await report();
  assert.deepEqual(
    bad.faults.map(({ code, index }) => [code, index]),
    [["approval-binding-differs", revalidations(lied.actionId)[0]!.integrity.index]],
  );
});
