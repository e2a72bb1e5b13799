/** A run that asks for another scope: narrower at once, wider by people and bound to exactly what they saw. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import type { DeclaredScope, EventOf } from "@countersign/evidence/event";
import type { RunId } from "@countersign/evidence/ids";
import { EXTENSION_TOOL } from "@countersign/evidence/run-extension";
import { bundleOf, schemaAction, seedFiles, seedTexts } from "../../../tools/seed-bundle.ts";
import { type Gate, openGate, testRules, type Voter } from "./gate-testing.ts";
import type { Command } from "./ledger/command.ts";

/** docs/operating/scope.md shows this contract and this rule. */
const contract = {
  tool: EXTENSION_TOOL,
  action: EXTENSION_TOOL,
  verb: "write",
  capability: EXTENSION_TOOL,
  input_schema: {
    type: "object",
    properties: { run_id: { type: "string" }, scope: { type: "object" }, scope_digest: { type: "string" } },
    required: ["run_id", "scope", "scope_digest"],
  },
  project: [{ to: "args.capabilities", fn: "set", from: "/scope/capabilities" }],
  resource: {
    system: "countersign",
    id: { fn: "string", from: "/run_id" },
    env: { const: "run" },
    version: { fn: "string", from: "/scope_digest" },
  },
};
const rule = `
@id("approval-wider-scope") @decision("require_approval") @reason("PROD_WRITE")
@approvers("role:oncall_sre") @quorum("1") @ttl("PT30M") @separation("requester,on_behalf_of,agent_owner")
forbid (principal is Agent, action == Action::"${EXTENSION_TOOL}", resource is Target);
`;
const bundleWith = (rules: string) =>
  bundleOf(
    seedFiles({
      "schema.cedarschema": `${seedTexts["schema.cedarschema"]}${schemaAction(EXTENSION_TOOL, "write", "{ capabilities: Set<String> }")}`,
      "policies/main.cedar": rules,
      "tools/extend.json": JSON.stringify(contract),
      "tests/seed.json": JSON.stringify([
        {
          name: "a change in prod waits",
          request: { tool: "terraform", args: { vpc: "vpc-1", environment: "prod" } },
          expect: { decision: "REQUIRE_APPROVAL", matched_rules: ["approval-prod-write"] },
        },
      ]),
    }),
  );
/** The test policy's rules without those about arguments that the extension does not have. */
const rules = testRules.replaceAll(`action in Action::"write"`, `action == Action::"infra.change.apply"`);

let gate: Gate;
let dana: Voter;
before(async () => {
  gate = await openGate({ mayExecute: true, bundle: bundleWith(rules + rule), ceiling: ["infra"] });
  dana = await gate.voter("dana", ["oncall_sre"]);
});
after(() => gate.close());

const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;
const runOf = async (scope: DeclaredScope, parent?: string) =>
  (
    await gate.call("startRun", gate.agent, {
      body: { ...scope, ...(parent === undefined ? {} : { parent_run: parent }) },
    })
  ).run.run_id;
const extend = (runId: string, scope: DeclaredScope) =>
  gate.call("extendRun", gate.agent, { params: { run_id: runId }, body: scope });
const use = (actionId: string) => gate.call("useExtension", gate.agent, { params: { action_id: actionId }, body: {} });
const ask = async (runId: string, args: object) =>
  (await gate.call("requestAction", gate.agent, { params: { run_id: runId }, body: { tool: "terraform", args } }))
    .action;
const narrow = { capabilities: ["infra"], budgets: { actions: 1, cents: 10_000 } };
const wide = { capabilities: ["infra"], budgets: { actions: 5, cents: 90_000 } };
const usd = (cost: number) => ({ vpc: "vpc-1", environment: "dev", cost });
const extensionsOf = (runId: string) =>
  gate.events().filter((event) => event.type === "run.scope.extended" && event.run_id === runId);

test("extend: narrower holds at once and is an event; the same again is none", async () => {
  const runId = await runOf(wide);
  assert.equal((await ask(runId, usd(500))).phase, "allowed");
  const { run, action } = await extend(runId, narrow);
  assert.deepEqual([run.scope, action], [narrow, undefined]);
  await extend(runId, narrow);
  assert.equal(extensionsOf(runId).length, 1);
  assert.equal((await ask(runId, usd(1))).decision?.matched_rule, "core:budget-exceeded");
  assert.deepEqual(gate.faults(), []);
});

test("extend: wider waits for people, is used once by its agent, and widens exactly to what they saw", async () => {
  const runId = await runOf(narrow);
  assert.equal((await ask(runId, usd(200))).decision?.matched_rule, "core:budget-exceeded"); // control: it is needed
  const { run, action } = await extend(runId, wide);
  assert.equal(action?.phase, "waiting");
  assert.deepEqual(run.scope, narrow);
  await assert.rejects(use(action!.action_id), refused("approval-pending"));
  await gate.vote(dana, action!.approval!.approval_id);
  const after = await use(action!.action_id);
  assert.deepEqual([after.run.scope, after.action.phase], [wide, "succeeded"]);
  await assert.rejects(use(action!.action_id), refused("approval-consumed"));
  const [event] = extensionsOf(runId);
  assert.ok(event?.type === "run.scope.extended");
  assert.equal(event.extension.approval_id, action!.approval!.approval_id);
  assert.deepEqual(gate.typesOf(action!.action_id), [
    ...["action.requested", "policy.decided", "approval.requested", "approval.voted", "approval.granted"],
    ...["approval.consumed", "dispatch.permitted", "dispatch.started", "dispatch.succeeded", "safety.checked"],
  ]);
  // The wish itself costs the run nothing: five actions are left.
  const rows = await Promise.all([1, 2, 3, 4, 5, 6].map(() => ask(runId, usd(1))));
  assert.equal(rows.filter(({ phase }) => phase === "allowed").length, 5);
  assert.deepEqual(gate.faults(), []);
});

test("extend: refused by people, above the ceiling, or wider than the run above, the scope stays", async () => {
  const parent = await runOf(narrow);
  const child = await runOf({ capabilities: ["infra"], budgets: { actions: 1, cents: 1 } }, parent);
  assert.equal((await extend(child, wide)).action?.decision?.matched_rule, "core:budget-exceeded");
  const above = await extend(parent, { ...narrow, capabilities: ["infra", "fs"] });
  assert.equal(above.action?.decision?.matched_rule, "core:above-ceiling");
  const rejected = (await extend(parent, wide)).action!;
  await gate.vote(dana, rejected.approval!.approval_id, "reject");
  await assert.rejects(use(rejected.action_id), refused("approval-rejected"));
  const state = await gate.call("getRun", gate.agent, { params: { run_id: parent } });
  assert.deepEqual(state.scope, narrow);
  assert.deepEqual([extensionsOf(parent), extensionsOf(child)], [[], []]);
  assert.deepEqual(gate.faults(), []);
});

test("extend: a ceiling lowered, or a freeze placed, between the vote and the use stops it", async () => {
  const register = (ceiling: string[]) =>
    gate.append("agent.changed", { agent: { id: "ops-agent", ceiling, may_execute: true } });
  const runId = await runOf({ capabilities: ["infra.read"] });
  const wish = (await extend(runId, { capabilities: ["infra"] })).action!;
  await gate.vote(dana, wish.approval!.approval_id);
  await register(["infra.read"]);
  await assert.rejects(use(wish.action_id), refused("approval-voided"));
  await register(["infra"]);
  const second = (await extend(runId, { capabilities: ["infra"] })).action!;
  await gate.vote(dana, second.approval!.approval_id);
  const body = { kind: "agent", subject: "ops-agent", incident: "INC-1", reason_code: "SUSPECT" } as const;
  const { freeze_id } = await gate.call("placeFreeze", gate.auditor, { body });
  await assert.rejects(use(second.action_id), refused("frozen"));
  assert.deepEqual(extensionsOf(runId), []);
  await gate.append("freeze.lifted", {
    freeze: { freeze_id, people: [dana.alias] },
    reason: { code: "OVER" },
  });
  assert.deepEqual(gate.faults(), []);
});

test("extend: nobody asks for it as a plain action, and no executor starts it", async () => {
  const runId = await runOf(narrow);
  const body = { tool: EXTENSION_TOOL, args: {} };
  const plain = gate.call("requestAction", gate.agent, { params: { run_id: runId }, body });
  await assert.rejects(plain, refused("validation-failed"));
  const wish = (await extend(runId, wide)).action!;
  await gate.vote(dana, wish.approval!.approval_id);
  const params = { action_id: wish.action_id };
  await assert.rejects(gate.call("startAction", gate.executor, { params, body: {} }), refused("step-not-allowed"));
  await use(wish.action_id); // control: the gate itself does
  assert.deepEqual(gate.faults(), []);
});

const appendExtension: Command<{ runId: string; extension: EventOf<"run.scope.extended">["extension"] }, void> = {
  name: "test.extend",
  needs: ({ runId }) => ({ runs: [runId as RunId] }),
  run(tx, { runId, extension }) {
    tx.append("run.scope.extended", { run_id: runId, extension });
  },
};

test("extend: the ledger refuses a wider scope under another scope's approval, or none", async () => {
  const runId = await runOf(narrow);
  const scope = { ...wide, capabilities: ["infra.read"] };
  for (const approval_id of [undefined, (await extend(runId, wide)).action!.approval!.approval_id]) {
    const extension = { scope, ...(approval_id === undefined ? {} : { approval_id }) };
    await assert.rejects(gate.submit(appendExtension, { runId, extension }), refused("step-not-allowed"));
  }
});

test("extend: a run with a later expiry lives until then", async () => {
  const at = (ms: number) => new Date(gate.clock.nowMs() + ms).toISOString();
  const first = { capabilities: ["infra"], expires_at: at(60_000) };
  const [extended, left] = [await runOf(first), await runOf(first)];
  const wish = (await extend(extended, { ...first, expires_at: at(600_000) })).action!;
  await gate.vote(dana, wish.approval!.approval_id);
  await use(wish.action_id);
  gate.clock.advance(60_001);
  await gate.sweeper.sweep();
  const statusOf = async (runId: string) =>
    (await gate.call("getRun", gate.agent, { params: { run_id: runId } })).status;
  assert.deepEqual([await statusOf(extended), await statusOf(left)], ["open", "settled"]); // control: the other is over
  gate.clock.advance(540_000);
  await gate.sweeper.sweep();
  assert.equal(await statusOf(extended), "settled");
  assert.deepEqual(gate.faults(), []);
});

test("extend: where the policy asks nobody, nothing is widened", async () => {
  const runId = await runOf(narrow);
  await gate.publish(bundleWith(rules));
  const wish = (await extend(runId, wide)).action!;
  assert.equal(wish.phase, "allowed");
  await assert.rejects(use(wish.action_id), refused("extension-needs-approval"));
  await gate.publish(bundleWith(rules + rule));
  assert.deepEqual(extensionsOf(runId), []);
  assert.deepEqual(gate.faults(), []);
});
