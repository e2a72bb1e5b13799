import assert from "node:assert/strict";
import { before, test } from "node:test";
import { bundleOf, seedFacts, seedFiles, seedTexts } from "../../../tools/seed-bundle.ts";
import { canonicalText } from "./canonical.ts";
import { type LoadedPolicy, loadEngine, type PolicyEngine } from "./decide.ts";
import { utf8 } from "./hash.ts";
import { type Impact, ImpactFold, impactDigest, type RecordedDecision, unacknowledged } from "./policy-impact.ts";
import { type GateFacts, projectAction } from "./project.ts";
import type { JsonValue } from "./strict-json.ts";

let engine: PolicyEngine;
let seed: LoadedPolicy;
before(async () => {
  engine = await loadEngine();
  seed = load({});
});

const rules = seedTexts["policies/main.cedar"]!;
const terraform = seedTexts["tools/terraform.json"]!;

function load(changes: Readonly<Record<string, string | undefined>>): LoadedPolicy {
  const loaded = engine.load(bundleOf(seedFiles(changes)));
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.policy;
}

const withRules = (from: string | RegExp, to: string) => {
  const changed = rules.replace(from, to);
  assert.notEqual(changed, rules);
  return load({ "policies/main.cedar": changed });
};

let made = 0;
function recorded(args: object, facts: Partial<GateFacts> = {}, tool = "terraform", epoch = made): RecordedDecision {
  const { contract, digest } = seed.bundle.contracts.get(tool)!;
  const all = { ...seedFacts, capability: contract.capability, nowMs: epoch * 1000, ...facts };
  const projected = projectAction(contract, args as JsonValue, all);
  assert.ok(projected.ok, JSON.stringify(projected));
  made++;
  const eventId = `evt_${String(made).padStart(4, "0")}`;
  return { eventId, projection: projected.bytes, contract: digest, args: utf8(JSON.stringify(args)) };
}

/** A quarter each: dev, prod, dear, and exfiltration. */
const history = (count: number) =>
  Array.from({ length: count }, (_, i) => {
    const [environment, cost] = [i % 4 === 1 ? "prod" : "dev", i % 4 === 2 ? 4000 : 10];
    const risk = { tags: i % 4 === 3 ? ["exfil"] : [], score: 0 };
    return recorded({ vpc: `vpc-${i}`, environment, cost }, { risk });
  });

function impactOf(to: LoadedPolicy, decisions: readonly RecordedDecision[], from = seed): Impact {
  const fold = new ImpactFold(engine, from, to);
  for (const one of decisions) assert.ok(fold.add(one));
  return fold.finish();
}

const kinds = ({ groups }: Impact) => groups.map(({ kind, decisions }) => `${kind} ${decisions}`);

test("impact: a policy changes nothing against itself", () => {
  const impact = impactOf(seed, history(40));
  assert.deepEqual([impact.groups, impact.changes, impact.changes_left_out], [[], [], 0]);
  assert.deepEqual(impact.matrix, {
    ALLOW: { ALLOW: 20, DENY: 0, REQUIRE_APPROVAL: 0 },
    DENY: { ALLOW: 0, DENY: 10, REQUIRE_APPROVAL: 0 },
    REQUIRE_APPROVAL: { ALLOW: 0, DENY: 0, REQUIRE_APPROVAL: 10 },
  });
  assert.deepEqual(impact.rules["allow-ops-agents"], { from: 30, to: 30 });
});

test("impact: a lower limit gates more and loosens nothing", () => {
  const impact = impactOf(withRules("500000", "300000"), history(40));
  assert.deepEqual(kinds(impact), ["tightened 10"]);
  const [group] = impact.groups;
  assert.deepEqual(
    [group!.from.rule, group!.to.rule, group!.distinct, impact.matrix.ALLOW.REQUIRE_APPROVAL],
    ["allow-ops-agents", "approval-large-spend", 10, 10],
  );
  assert.deepEqual(unacknowledged(impact, []), []);
});

test("impact: what becomes allowed comes first, then what becomes looser, and each is to be acknowledged", () => {
  const looser = rules
    .replace(/@id\("approval-prod-write"\)[\s\S]*?dry_run };/, "")
    .replace(
      '@decision("deny") @reason("RISK_EXFILTRATION")',
      '@decision("require_approval") @reason("PROD_WRITE") @approvers("role:finance") @quorum("1") @ttl("PT1H")',
    )
    .replace("500000", "300000");
  const impact = impactOf(load({ "policies/main.cedar": looser }), history(40));
  assert.deepEqual(kinds(impact), ["newly_allowed 10", "loosened 10", "tightened 10"]);
  const open = unacknowledged(impact, []);
  assert.equal(open.length, 2);
  assert.equal(impact.changes[0]!.group, open[0]!.group);
  assert.deepEqual(unacknowledged(impact, [open[0]!.group]), [open[1]]);
  const one = impact.changes.filter(({ group }) => group === open[1]!.group).map(({ event_id }) => event_id);
  assert.deepEqual(unacknowledged(impact, [open[0]!.group, ...one]), [], "each by itself is as good as the group");
  assert.deepEqual(unacknowledged(impact, [open[0]!.group, ...one.slice(1)]), [open[1]], "all but one are not");
});

const gates: readonly [why: string, from: string | RegExp, to: string, expected: readonly string[]][] = [
  ["a larger quorum", '@quorum("1") @ttl("PT30M")', '@quorum("2") @ttl("PT30M")', ["tightened 10"]],
  ["another role", '@approvers("role:oncall_sre")', '@approvers("role:finance")', ["loosened 10"]],
  ["a longer wait", '@ttl("PT30M")', '@ttl("PT31M")', ["loosened 10"]],
  ["a shorter wait", '@ttl("PT30M")', '@ttl("PT29M")', ["tightened 10"]],
  ["an obligation less", ";max_runtime_ms:600000", "", ["loosened 20", "loosened 10"]],
  ["an obligation more", ";max_runtime_ms:600000", ";max_runtime_ms:600000;pin:dns", ["tightened 20", "tightened 10"]],
  ["another name for the same", "approval-prod-write", "approval-prod", ["other_rules 10"]],
  ["a comment", "// Whoever", "// Anybody who", []],
];
for (const [why, from, to, expected] of gates) {
  test(`impact: ${why}: ${expected.join(", ") || "nothing"}`, () => {
    assert.deepEqual(kinds(impactOf(withRules(from, to), history(40))), expected);
  });
}

/** The engine, and how often it was asked. */
function countingEngine(): PolicyEngine & { decided: number } {
  const counting = {
    id: engine.id,
    broken: false,
    decided: 0,
    load: engine.load.bind(engine),
    decide(policy: LoadedPolicy, bytes: Uint8Array) {
      counting.decided++;
      return engine.decide(policy, bytes);
    },
  };
  return counting;
}

test("impact: the same projection is decided once and counted as often as it came", () => {
  const counting = countingEngine();
  const fold = new ImpactFold(counting, seed, withRules("500000", "300000"));
  const dear = { vpc: "vpc-1", environment: "dev", cost: 4000 };
  for (let i = 0; i < 10; i++) fold.add(recorded(dear, {}, "terraform", 1));
  const impact = fold.finish({ "inputs-erased": 2 });
  assert.deepEqual([impact.decisions, impact.distinct, counting.decided], [10, 1, 2]);
  assert.deepEqual([impact.groups[0]!.decisions, impact.groups[0]!.distinct], [10, 1]);
  assert.deepEqual(impact.not_decided, { "inputs-erased": 2 });
});

test("impact: a tool both policies say the same of is decided once", () => {
  const counting = countingEngine();
  const fold = new ImpactFold(counting, seed, withRules("500000", "300000"));
  fold.add(recorded({ vpc: "vpc-1" }, {}, "status"));
  assert.equal(counting.decided, 1);
});

test("impact: a changed contract reads the arguments again; without them the projection stands", () => {
  const changed = JSON.parse(terraform) as { resource: { env: object } };
  changed.resource.env = { fn: "enum", from: "/environment", values: ["prod", "dev"] };
  const stricter = load({ "tools/terraform.json": JSON.stringify(changed), "tests/seed.json": undefined });
  const staging = recorded({ vpc: "vpc-1", environment: "staging" });
  const impact = impactOf(stricter, [staging]);
  assert.deepEqual(
    impact.groups.map(({ kind, to }) => [kind, to.rule]),
    [["tightened", "core:projection-failed"]],
  );
  const { args: _, ...withoutArgs } = staging;
  assert.deepEqual(kinds(impactOf(stricter, [withoutArgs])), []);
});

test("impact: a contract's own risk does not outlive it", () => {
  const risky = load({
    "tools/terraform.json": JSON.stringify({ ...JSON.parse(terraform), risk_base: { score: 50, tags: ["exfil"] } }),
  });
  const onRisky = (args: object): RecordedDecision => {
    const { contract, digest } = risky.bundle.contracts.get("terraform")!;
    const projected = projectAction(contract, args as JsonValue, { ...seedFacts, nowMs: 0 });
    assert.ok(projected.ok);
    return { eventId: "evt_1", projection: projected.bytes, contract: digest, args: utf8(JSON.stringify(args)) };
  };
  const impact = impactOf(seed, [onRisky({ vpc: "v", environment: "dev" })], risky);
  assert.deepEqual(kinds(impact), ["newly_allowed 1"]);
});

test("impact: bytes that are no projection are not taken", () => {
  assert.equal(
    new ImpactFold(engine, seed, seed).add({ eventId: "evt_1", projection: utf8("{}"), contract: null }),
    false,
  );
});

test("impact: the digest is of the whole, whatever the order decisions came in", () => {
  const decisions = history(20);
  const to = withRules("500000", "300000");
  const one = impactOf(to, decisions);
  const other = impactOf(to, [...decisions].reverse());
  assert.equal(canonicalText(one), canonicalText(other));
  assert.equal(impactDigest(one), impactDigest(other));
  assert.notEqual(impactDigest(one), impactDigest({ ...one, decisions: one.decisions + 1 }));
});
