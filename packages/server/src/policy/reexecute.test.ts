/** Recorded decisions come out again, all of them: 200 here, 10,000 in the full tier (`npm run test:full`). */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Caller } from "../base/routes.ts";
import { type Gate, openGate, testBundle, testRules } from "../gate-testing.ts";
import type { Reader } from "../ledger/command.ts";
import { asOperator } from "../ledger/testing.ts";
import { systemTimers } from "../ledger/timers.ts";
import { openDisclosure } from "../payloads/cite.ts";
import { type ReexecuteParts, type Reexecution, reexecuteDecisions } from "./reexecute.ts";
import { openReplays } from "./replays.ts";

const DECISIONS = Number(process.env.DECISIONS ?? 200);
const ACTIONS_PER_RUN = 50;

let gate: Gate;
let parts: ReexecuteParts;
const replays = openReplays({ timers: systemTimers, deadlineMs: 20_000 });
before(async () => {
  gate = await openGate({ ceiling: ["infra"] });
  parts = {
    ledger: gate.ledger,
    vault: { open: gate.vault.open, openDisclosure: openDisclosure.bind(undefined, gate.vault) },
    filesOf: gate.policy.filesOf,
    replays,
  };
  await decide(DECISIONS);
});
after(async () => {
  await replays.close();
  await gate.close();
});

/** Requests of every kind, under two policies. */
async function decide(count: number): Promise<void> {
  const agent: Caller = gate.agent;
  for (let made = 0; made < count; ) {
    const body = { capabilities: ["infra.change", "infra.read"] };
    const { run } = await gate.call("startRun", agent, { body });
    if (made >= count / 2 && gate.ledger.reader(gate.tenant)!.control.policy?.revision === "pol_2026_04_01") {
      await gate.publish(testBundle(testRules.replace("500000", "100000"), "stricter"));
    }
    const some = Math.min(ACTIONS_PER_RUN, count - made);
    const requests = Array.from({ length: some }, (_, i) => requestOf(made + i));
    await Promise.all(
      requests.map((request) => gate.call("requestAction", agent, { params: { run_id: run.run_id }, body: request })),
    );
    made += some;
  }
}

function requestOf(n: number) {
  const environment = ["dev", "prod", "staging"][n % 3]!;
  if (n % 10 === 7) return { tool: "status", args: { vpc: `vpc-${n}` } };
  if (n % 10 === 8) return { tool: "terraform", args: { vpc: "vpc-exfil", environment } };
  if (n % 10 === 9) return { tool: "terraform", args: { vpc: `vpc-${n}`, environment, force: true } };
  return { tool: "terraform", args: { vpc: `vpc-${n}`, environment, cost: (n % 5) * 1500, dry_run: n % 2 === 0 } };
}

const whole = { from: 0, until: Number.MAX_SAFE_INTEGER, limit: DECISIONS };
const again = (changed: Partial<ReexecuteParts> = {}) =>
  reexecuteDecisions({ ...parts, ...changed }, whole, asOperator(gate.tenant));

let clean: Reexecution;

test(`reexecute: ${DECISIONS} recorded decisions come out equal, and the log says so`, async () => {
  clean = await again();
  const denied = clean.not_recomputed["gate-denied"] ?? 0;
  assert.equal(clean.decisions, DECISIONS);
  assert.deepEqual(clean.not_recomputed, { "gate-denied": denied });
  assert.ok(denied > 0 && denied <= DECISIONS / 10 + 1, "arguments nobody foresaw were denied before the policy");
  assert.equal(clean.equal, DECISIONS - denied);
  assert.equal(clean.different, 0);
  const answers = clean.answers.filter(({ outcome }) => outcome === "equal");
  assert.deepEqual([clean.answers.length, answers.length], [DECISIONS, clean.equal]);
  assert.equal(new Set(clean.answers.map(({ decision_id }) => decision_id)).size, DECISIONS);
  const recorded = gate.events().at(-1);
  assert.ok(recorded?.type === "integrity.checked" && recorded.event_id === clean.event_id);
  assert.deepEqual(recorded.check, {
    kind: "reexecution",
    as_of: clean.as_of,
    findings: 0,
    counts: { decisions: DECISIONS, equal: clean.equal, different: 0, "gate-denied": denied },
  });
});

test("reexecute: one decision, by its event", async () => {
  const decided = gate.events().find((event) => event.type === "policy.decided")!;
  const one = await reexecuteDecisions(parts, { eventId: decided.event_id }, asOperator(gate.tenant));
  assert.deepEqual([one.decisions, one.equal], [1, 1]);
  for (const { event_id, decided } of gate
    .events()
    .filter((event) => event.type === "policy.decided")
    .slice(0, 60)) {
    const { decision_id: decisionId } = decided;
    const { answers } = await reexecuteDecisions(parts, { decisionId }, asOperator(gate.tenant));
    assert.deepEqual([answers.length, answers[0]!.event_id], [1, event_id]);
  }
  const other = gate.events().find((event) => event.type === "run.started")!;
  for (const eventId of [other.event_id, "evt_01kh0000000000000000000002"]) {
    await assert.rejects(
      reexecuteDecisions(parts, { eventId }, asOperator(gate.tenant)),
      (error: { code?: string }) => error.code === "not-found",
    );
  }
  const unknown = decided.decided.decision_id.replace(/.{6}$/, "000000");
  await assert.rejects(
    reexecuteDecisions(parts, { decisionId: unknown }, asOperator(gate.tenant)),
    (error: { code?: string }) => error.code === "not-found",
  );
});

test("reexecute: a range is the decisions in it", async () => {
  const indexes = gate.events().flatMap((event, index) => (event.type === "policy.decided" ? [index] : []));
  const [from, until] = [indexes[3]!, indexes[9]!];
  const some = await reexecuteDecisions(parts, { from, until }, asOperator(gate.tenant));
  assert.deepEqual([some.decisions, some.next], [6, undefined]);
  const newest = await reexecuteDecisions(parts, { from, until, limit: 2 }, asOperator(gate.tenant));
  const rest = await reexecuteDecisions(parts, { from, until: newest.next! }, asOperator(gate.tenant));
  assert.deepEqual([...newest.answers, ...rest.answers], some.answers);
});

test("reexecute: control: a log that says otherwise is noticed, decision by decision", async () => {
  const reader = gate.ledger.reader(gate.tenant)!;
  const lying = withEntry(reader, (text) =>
    text.replaceAll('"matched_rule":"allow-ops"', '"matched_rule":"deny-exfil"'),
  );
  const { equal, different, answers } = await again({ ledger: { ...gate.ledger, reader: () => lying } });
  assert.ok(different > 10 && equal > 10 && equal + different === clean.equal);
  assert.equal(answers.filter(({ outcome }) => outcome === "different").length, different);
  assert.match(detailOf(answers), /^Recomputed, it is ALLOW by allow-ops; the log has ALLOW by deny-exfil/);
});

test("reexecute: control: an input that is not the one committed to is noticed", async () => {
  const spoiled = async (tenant: string, digest: string) => {
    const bytes = await gate.vault.open(tenant, digest);
    return Buffer.from(Buffer.from(bytes).toString().replace("vpc-", "vpx-"));
  };
  const { equal, different, answers } = await again({ vault: { ...parts.vault, open: spoiled } });
  assert.deepEqual([equal, different], [0, clean.equal]);
  assert.match(detailOf(answers), /not the one the log commits to/);
});

test("reexecute: control: another bundle under a policy's name is noticed, a missing one is said to be missing", async () => {
  const other = testBundle(testRules.replace("500000", "1"), "other");
  // A thread of its own: the other one has the right bundles already.
  const fresh = openReplays({ timers: systemTimers, deadlineMs: 20_000 });
  const swapped = await again({ filesOf: async () => other.files, replays: fresh });
  await fresh.close();
  assert.deepEqual([swapped.equal, swapped.different], [0, clean.equal]);
  assert.match(detailOf(swapped.answers), /its files are another bundle's/);
  const gone = await again({ filesOf: async () => undefined });
  assert.deepEqual([gone.equal, gone.different, gone.not_recomputed["inputs-withheld"]], [0, 0, clean.equal]);
});

test("reexecute: control: a decision of another engine version is named, and is no difference", async () => {
  const reader = gate.ledger.reader(gate.tenant)!;
  const [version] = /cedar\/[0-9.]+/.exec(Buffer.from(reader.entry(clean.answers[0]!.index)!.bytes).toString())!;
  for (const [recorded, why] of [
    ["cedar/0.0.1", "engine-differs"],
    ["dogwood/1.0.0", "other-engine"],
  ] as const) {
    const older = withEntry(reader, (text) => text.replace(`"engine":"${version}"`, `"engine":"${recorded}"`));
    const made = await again({ ledger: { ...gate.ledger, reader: () => older } });
    assert.deepEqual([made.equal, made.different, made.not_recomputed[why]], [0, 0, clean.equal]);
  }
});

test("reexecute: an engine that is lost refuses, and the gate goes on", async () => {
  const { Worker } = await import("node:worker_threads");
  const dying = () =>
    new Worker(
      'require("node:worker_threads").parentPort.postMessage({ready:"x"}); setTimeout(() => process.exit(1), 50)',
      { eval: true },
    );
  await assert.rejects(
    again({ replays: openReplays({ timers: systemTimers, deadlineMs: 1, startThread: dying }) }),
    (error: { code?: string }) => error.code === "core:engine-unavailable",
  );
  const hanging = () =>
    new Worker(
      'require("node:worker_threads").parentPort.on("message", () => { for (;;); }).postMessage({ready:"x"})',
      { eval: true },
    );
  const impatient = { after: (ms: number, call: () => void) => systemTimers.after(Math.min(ms, 300), call) };
  await assert.rejects(
    again({ replays: openReplays({ timers: impatient, deadlineMs: 1, startThread: hanging }) }),
    (error: { code?: string }) => error.code === "core:engine-unavailable",
  );
  const { run } = await gate.call("startRun", gate.agent, { body: { capabilities: ["infra.change"] } });
  const { action } = await gate.call("requestAction", gate.agent, {
    params: { run_id: run.run_id },
    body: requestOf(0),
  });
  assert.equal(action.phase, "allowed");
});

/** What is said of the newest decision that came out otherwise. */
function detailOf(answers: Reexecution["answers"]): string {
  return answers.find(({ outcome }) => outcome === "different")?.detail ?? "";
}

/** The same reader, whose entries say something else. */
function withEntry(reader: Reader, change: (text: string) => string): Reader {
  return new Proxy(reader, {
    get(target, name) {
      if (name === "entry") {
        return (index: number) => {
          const entry = target.entry(index);
          return entry && { ...entry, bytes: Buffer.from(change(Buffer.from(entry.bytes).toString())) };
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
