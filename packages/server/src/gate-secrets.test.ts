/** Secrets in what people and agents write beside an action are replaced before anything is hashed or stored. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import type { EventOf, Kind } from "@countersign/evidence/event";
import { SECRET_DETECTOR } from "./base/secret-forms.ts";
import { type Gate, openGate, type Voter } from "./gate-testing.ts";
import { openDisclosure } from "./payloads/cite.ts";

// Made up here, and put together so that no scanner of repositories takes this file for a leak.
const secret = `ghp_${"Aa0Bb1Cc2Dd3Ee4Ff5Gg6Hh7Ii8Jj9Kk0Ll1"}`;
const mark = `[redacted:github-token ${SECRET_DETECTOR}]`;
/** Looks like nothing, so it stays: the control of every search below. */
const plain = "canary-7f3a";
const both = `use ${secret}, not ${plain}`;
const kept = `use ${mark}, not ${plain}`;

let gate: Gate;
let dana: Voter;
before(async () => {
  gate = await openGate();
  dana = await gate.voter("dana", ["oncall_sre"]);
});
after(() => gate.close());

const newest = <K extends Kind>(type: K): EventOf<K> => {
  const event = gate.events().findLast((one) => one.type === type);
  assert.ok(event !== undefined, type);
  return event as EventOf<K>; // just looked up by its type
};
const disclosed = (type: Kind, pointer: string) => {
  const reader = gate.ledger.reader(gate.tenant)!;
  return openDisclosure(gate.vault, reader, newest(type).event_id, pointer)?.[2];
};

test("secrets: none reaches the log, a commitment or the store; the rest of each text does", async () => {
  const texts = { labels: { team: both }, refs: { ticket: both } };
  const { run } = await gate.call("startRun", gate.agent, {
    body: { capabilities: ["infra"], intent: both, model: both, ...texts },
  });
  const args = { vpc: "vpc-1", environment: "prod" };
  const { action } = await gate.call("requestAction", gate.agent, {
    params: { run_id: run.run_id },
    body: { tool: "terraform", args, intent: both, ...texts },
  });
  await gate.vote(dana, action.approval!.approval_id!, "approve", { note: both });
  await gate.call("startAction", gate.executor, { params: { action_id: action.action_id }, body: {} });
  const result = { applied: 1.5, said: both };
  await gate.call("reportOutcome", gate.executor, {
    params: { action_id: action.action_id },
    body: { status: "SUCCEEDED", message: both, result },
  });
  const log = JSON.stringify(gate.events());
  assert.ok(!log.includes(secret) && log.includes(plain));
  for (const type of ["run.started", "action.requested"] as const) {
    assert.deepEqual([newest(type).labels, newest(type).refs], [{ team: kept }, { ticket: kept }], type);
  }
  assert.equal(newest("run.started").initiator.model, kept);
  assert.equal(disclosed("run.started", "/run/intent"), kept);
  assert.equal(disclosed("action.requested", "/action/intent"), kept);
  assert.equal(disclosed("approval.voted", "/vote/note"), kept);
  assert.equal(disclosed("dispatch.succeeded", "/outcome/message"), kept);
  const stored = await gate.vault.open(gate.tenant, newest("dispatch.succeeded").pointers.result!);
  assert.equal(Buffer.from(stored).toString(), JSON.stringify({ ...result, said: kept }));
  // The result was looked at as it came: what was in it is said, though it is no longer there.
  const { checks } = newest("safety.checked").safety;
  assert.deepEqual(checks.find(({ name }) => name === "output-secrets")?.code, "SECRET_IN_OUTPUT");
  assert.deepEqual(gate.faults(), []);
});

test("secrets: arguments bind, so they are kept to the byte, sealed; a target that holds one is refused", async () => {
  const { run } = await gate.call("startRun", gate.agent, { body: { capabilities: ["infra"] } });
  const ask = (args: object) =>
    gate.call("requestAction", gate.agent, { params: { run_id: run.run_id }, body: { tool: "terraform", args } });
  const args = { vpc: "vpc-1", environment: "dev", region: secret };
  const { action } = await ask(args);
  const started = await gate.call("startAction", gate.executor, {
    params: { action_id: action.action_id },
    body: {},
  });
  assert.equal(Buffer.from(started.args, "base64").toString(), JSON.stringify(args));
  assert.ok(!JSON.stringify(gate.events()).includes(secret));
  const size = gate.events().length;
  await assert.rejects(ask({ vpc: `vpc-${secret}`, environment: "dev" }), (error) => {
    assert.ok(error instanceof CountersignError && !error.message.includes(secret));
    return error.code === "secret-in-clear" && error.pointer === "/target/resource";
  });
  assert.equal(gate.events().length, size);
});
