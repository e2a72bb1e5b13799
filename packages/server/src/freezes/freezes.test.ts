/** The stop button on the real ledger: at once for whoever comes behind it, two people to lift it, and what it ends. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import type { BodyOf } from "@countersign/evidence/wire";
import type { Caller } from "../base/routes.ts";
import { type Gate, openGate, type Voter } from "../gate-testing.ts";
import { WORD_HOLDS_MS } from "./commands.ts";

let gate: Gate;
let dana: Voter;
let runId: string;
before(async () => {
  gate = await openGate({ mayExecute: true });
  dana = await gate.voter("dana", ["oncall_sre"]);
  await grant(gate, dana, "operator");
});
beforeEach(async () => {
  runId = (await gate.call("startRun", gate.agent, { body: { capabilities: ["infra"] } })).run.run_id;
});
after(() => gate.close());

const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;
const dev = { vpc: "vpc-1", environment: "dev" };
const prod = { vpc: "vpc-1", environment: "prod" };
const grant = (on: Gate, { alias }: Pick<Voter, "alias">, role: string) =>
  on.append("role.granted", {
    grant: { person: alias, role, kind: "role" },
    ...(on.ledger.reader(on.tenant)!.control.tenant?.kind === "production" ? { bootstrap: true } : {}),
  });
const operator = (voter: Voter): Caller => ({ ...voter.caller, role: "operator" });
const ask = async (args: unknown = dev, body: Partial<BodyOf<"requestAction">> = {}) =>
  (
    await gate.call("requestAction", gate.agent, {
      params: { run_id: runId },
      body: { tool: "terraform", args, ...body },
    })
  ).action;
const start = (actionId: string) =>
  gate.call("startAction", gate.executor, { params: { action_id: actionId }, body: {} });
const place = (body: BodyOf<"placeFreeze">, on = gate, by = dana) => on.call("placeFreeze", operator(by), { body });
const lift = (freezeId: string, on = gate, by: Caller = operator(dana)) =>
  on.call("liftFreeze", by, { params: { freeze_id: freezeId }, body: { reason_code: "RESOLVED" } });
const agentFreeze: BodyOf<"placeFreeze"> = {
  kind: "agent",
  subject: "ops-agent",
  incident: "INC-1",
  reason_code: "INCIDENT",
};
const phase = async (actionId: string) =>
  (await gate.call("getAction", gate.agent, { params: { action_id: actionId } })).phase;

for (const [kind, subject] of [
  ["agent", "ops-agent"],
  ["capability", "infra"],
  ["target", "vpc-1"],
  ["tenant", undefined],
] as const) {
  test(`freeze: ${kind}: what was allowed does not start, what is asked is denied; lifted, both go on`, async () => {
    const [first, second] = [await ask(), await ask()];
    await start(first.action_id); // control: without a freeze it starts
    const about = subject === undefined ? {} : { subject };
    const { freeze_id } = await place({ kind, ...about, incident: "INC-1", reason_code: "INCIDENT" });
    await assert.rejects(start(second.action_id), refused("frozen"));
    assert.equal((await ask()).decision?.matched_rule, "core:frozen");
    const { freezes } = await gate.call("listFreezes", gate.auditor, {});
    assert.deepEqual(
      freezes.map((one) => [one.freeze_id, one.kind, one.subject]),
      [[freeze_id, kind, subject]],
    );
    assert.equal((await lift(freeze_id)).lifted, true);
    assert.deepEqual((await gate.call("listFreezes", gate.auditor, {})).freezes, []);
    await start((await ask()).action_id);
    assert.deepEqual(gate.faults(), []);
  });
}

test("freeze: of something else stops nothing here", async () => {
  const ids = [];
  for (const subject of ["vpc-2", "vpc-1/deeper"]) {
    ids.push((await place({ kind: "target", subject, incident: "INC-2", reason_code: "INCIDENT" })).freeze_id);
  }
  ids.push(
    (await place({ kind: "capability", subject: "infrared", incident: "INC-2", reason_code: "INCIDENT" })).freeze_id,
  );
  await start((await ask()).action_id);
  for (const id of ids) await lift(id);
});

test("freeze: a permit refuses its next attempt; pending and granted requests end FROZEN, a lift revives neither", async () => {
  const running = await ask(dev, { max_attempts: 2 });
  const { permit } = await start(running.action_id);
  await gate.call("reportOutcome", gate.executor, {
    params: { action_id: running.action_id },
    body: { status: "FAILED" },
  });
  const [pending, granted] = [await ask(prod), await ask(prod)];
  await gate.vote(dana, granted.approval!.approval_id);
  const { freeze_id } = await place(agentFreeze);
  const again = () => gate.call("startAttempt", gate.executor, { params: { permit_id: permit.permit_id }, body: {} });
  await assert.rejects(again(), refused("frozen"));
  await assert.rejects(gate.vote(dana, pending.approval!.approval_id), refused("frozen"));
  await gate.sweeper.sweep();
  assert.deepEqual([await phase(pending.action_id), await phase(granted.action_id)], ["voided", "voided"]);
  const reasons = gate.events().flatMap((event) => (event.type === "approval.voided" ? [event.reason.code] : []));
  assert.deepEqual(reasons, ["FROZEN", "FROZEN"]);
  await lift(freeze_id);
  await assert.rejects(again(), (error) => refused("permit-invalid")(error) && /FROZEN/.test(String(error)));
  assert.equal(await phase(running.action_id), "failed");
  await assert.rejects(again(), (error) => error instanceof CountersignError); // nor later
  await assert.rejects(start(granted.action_id), (error) => error instanceof CountersignError);
  assert.deepEqual(gate.faults(), []);
});

test("freeze: lifted before anybody looked, what is older than it is void; what is newer, or another's, goes on", async () => {
  const failedOnce = async () => {
    const action = await ask(dev, { max_attempts: 2 });
    const { permit } = await start(action.action_id);
    const body = { status: "FAILED" } as const;
    await gate.call("reportOutcome", gate.executor, { params: { action_id: action.action_id }, body });
    const params = { permit_id: permit.permit_id };
    return () => gate.call("startAttempt", gate.executor, { params, body: {} });
  };
  const approved = async () => {
    const action = await ask(prod);
    await gate.vote(dana, action.approval!.approval_id);
    return action;
  };
  const isFrozen = (error: unknown) => /FROZEN/.test(String(error));
  const [old, elsewhere] = [await failedOnce(), await failedOnce()];
  const [pending, granted] = [await ask(prod), await approved()];
  const covering = await place({ kind: "capability", subject: "infra", incident: "INC-4", reason_code: "INCIDENT" });
  await lift(covering.freeze_id);
  await assert.rejects(old(), isFrozen);
  await assert.rejects(gate.vote(dana, pending.approval!.approval_id), isFrozen);
  await assert.rejects(start(granted.action_id), isFrozen);
  assert.deepEqual([await phase(pending.action_id), await phase(granted.action_id)], ["voided", "voided"]);
  await assert.rejects(elsewhere(), isFrozen);
  // Control: the same after the lift, and under a freeze of something else.
  const [later, approvedLater] = [await failedOnce(), await approved()];
  const other = await place({ kind: "target", subject: "vpc-9", incident: "INC-5", reason_code: "INCIDENT" });
  await lift(other.freeze_id);
  await later();
  await start(approvedLater.action_id);
  assert.deepEqual(gate.faults(), []);
});

test("freeze: what runs may still say how it went", async () => {
  const action = await ask();
  await start(action.action_id);
  const { freeze_id } = await place(agentFreeze);
  const body = { status: "SUCCEEDED" } as const;
  await gate.call("reportOutcome", gate.executor, { params: { action_id: action.action_id }, body });
  assert.equal(await phase(action.action_id), "succeeded");
  await lift(freeze_id);
  assert.deepEqual(gate.faults(), []);
});

test("freeze: repeated, it is one; what names nothing is refused", async () => {
  const first = await place(agentFreeze);
  assert.deepEqual(await place(agentFreeze), { freeze_id: first.freeze_id, placed: false });
  await lift(first.freeze_id);
  await assert.rejects(lift(first.freeze_id), refused("not-found"));
  const rest = { incident: "INC-3", reason_code: "INCIDENT" };
  await assert.rejects(place({ kind: "agent", subject: "nobody", ...rest }), refused("agent-not-registered"));
  await assert.rejects(place({ kind: "agent", ...rest }), refused("validation-failed"));
  await assert.rejects(place({ kind: "tenant", subject: "prod-a", ...rest }), refused("validation-failed"));
  await assert.rejects(place({ kind: "capability", subject: "Not A Name", ...rest }), refused("validation-failed"));
});

test("freeze: fifty starts race with it: what is behind it in the log did not start, and nothing is out of order", async () => {
  const actions = [];
  for (let i = 0; i < 50; i++) actions.push(await ask());
  const starts = actions.map((one) =>
    start(one.action_id).then(
      () => true,
      () => false,
    ),
  );
  const placed = place(agentFreeze);
  const started = await Promise.all(starts);
  const { freeze_id } = await placed;
  const events = gate.events();
  const at = events.findIndex((event) => event.type === "freeze.placed" && event.freeze.freeze_id === freeze_id);
  const after = events.slice(at).filter((event) => event.type === "dispatch.started");
  assert.deepEqual(after, []);
  const ran = new Set(actions.map((one) => one.action_id));
  const before = events.filter((event) => event.type === "dispatch.started" && ran.has(event.action_id));
  assert.equal(before.length, started.filter((one) => one).length);
  await lift(freeze_id);
  assert.deepEqual(gate.faults(), []); // the fold would name an execution while frozen
});

test("freeze: one person lifts it in an evaluation tenant, and the event says so", async () => {
  const { freeze_id } = await place(agentFreeze);
  const service: Caller = { ...gate.auditor, role: "operator" };
  await assert.rejects(lift(freeze_id, gate, service), refused("second-person-required"));
  const erin = await gate.voter("erin", ["oncall_sre"]);
  await assert.rejects(lift(freeze_id, gate, operator(erin)), refused("forbidden")); // no operator by the log
  await lift(freeze_id);
  const event = gate.events().at(-1);
  assert.ok(event?.type === "freeze.lifted");
  assert.deepEqual(event.freeze, { freeze_id, people: [dana.alias], separation: "waived" });
});

test("freeze: in production it takes two people, each with a word of their own, within the hour", async () => {
  const production = await openGate({ kind: "production", tenant: "prod-b" });
  try {
    const people: Voter[] = [];
    for (const name of ["dana", "erin"]) {
      const one = await production.voter(name, ["oncall_sre"]);
      await grant(production, one, "operator");
      people.push(one);
    }
    const [first, second] = people as [Voter, Voter];
    const { freeze_id } = await place(agentFreeze, production, first);
    const inForce = () => production.ledger.reader("prod-b")!.control.freezes.length;
    const say = (who: Voter) => lift(freeze_id, production, operator(who));
    assert.deepEqual(await say(first), { freeze_id, lifted: false, people: [first.alias] });
    assert.equal((await say(first)).lifted, false); // twice the same person is one person
    assert.equal(inForce(), 1);
    production.clock.advance(WORD_HOLDS_MS + 1);
    assert.equal((await say(second)).lifted, false); // the first word is forgotten
    assert.equal((await say(first)).lifted, true);
    assert.equal(inForce(), 0);
    const event = production.events().at(-1);
    assert.ok(event?.type === "freeze.lifted");
    assert.deepEqual([event.freeze.people.length, event.freeze.separation], [2, "two_people"]);
    assert.deepEqual(production.faults(), []);
    // Control: the lifecycle itself refuses one person here, whatever a command would say.
    const again = await place({ ...agentFreeze, incident: "INC-9" }, production, first);
    const alone = { freeze: { freeze_id: again.freeze_id, people: [first.alias] }, reason: { code: "RESOLVED" } };
    await assert.rejects(production.append("freeze.lifted", alone), refused("step-not-allowed"));
  } finally {
    await production.close();
  }
});
