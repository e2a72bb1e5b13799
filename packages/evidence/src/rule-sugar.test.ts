import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { bundleOf, seedFacts, seedFiles } from "../../../tools/seed-bundle.ts";
import { type Cedar, loadCedar } from "./cedar.ts";
import { engineOver, type LoadedPolicy } from "./decide.ts";
import { projectAction } from "./project.ts";
import type { Projection } from "./projection.ts";
import { compileSugar, parseSugar, type SugarRule } from "./rule-sugar.ts";
import type { JsonValue } from "./strict-json.ts";

let cedar: Cedar;
before(async () => {
  cedar = await loadCedar();
});

/** The seed's rules in the short form. */
const seedRules = {
  rules: [
    {
      id: "allow-ops-agents",
      decision: "allow",
      reason: "TEAM_SCOPE",
      obligations: ["log_args:redacted", "max_runtime_ms:600000"],
      actions: ["read", "write"],
      when: { team: "sre" },
    },
    {
      id: "approval-prod-write",
      decision: "require_approval",
      reason: "PROD_WRITE",
      severity: "high",
      approvers: "oncall_sre",
      quorum: 1,
      ttl: "PT30M",
      separation: ["requester", "author"],
      control: "SOC2:CC8.1",
      owner: 'the "platform" team',
      actions: ["write"],
      when: { environment: "prod" },
      unless: [{ "args.dry_run": true }, { tags: { contains_all: ["drill", "approved"] }, score: { under: 10 } }],
    },
    {
      id: "deny-much",
      decision: "deny",
      reason: "RISK_EXFILTRATION",
      when: { "args.cost_cents": { over: 500_000, at_most: 900_000 }, resource: { like: "vpc-*" } },
    },
  ],
};

function parsed(document: unknown): readonly SugarRule[] {
  const outcome = parseSugar(document as JsonValue); // tests write JSON
  assert.ok(outcome.ok, JSON.stringify(outcome));
  return outcome.rules;
}

test("sugar: compiles to annotated Cedar, one spelling", () => {
  assert.equal(
    compileSugar(parsed(seedRules)),
    `// Made from rules.yaml by \`countersign policy compile\`. Change that file, not this one.

@id("allow-ops-agents")
@decision("allow")
@reason("TEAM_SCOPE")
@obligations("log_args:redacted;max_runtime_ms:600000")
permit (principal is Agent, action in [Action::"read", Action::"write"], resource is Target)
when { principal.team == "sre" };

@id("approval-prod-write")
@decision("require_approval")
@reason("PROD_WRITE")
@severity("high")
@approvers("role:oncall_sre")
@quorum("1")
@ttl("PT30M")
@separation("requester,author")
@owner("the \\"platform\\" team")
@control("SOC2:CC8.1")
forbid (principal is Agent, action in [Action::"write"], resource is Target)
when { resource.env == "prod" }
unless { context.args has dry_run && context.args.dry_run == true }
unless { context.risk.score < 10 && context.risk.tags.containsAll(["drill", "approved"]) };

@id("deny-much")
@decision("deny")
@reason("RISK_EXFILTRATION")
forbid (principal is Agent, action, resource is Target)
when { context.args has cost_cents && context.args.cost_cents > 500000 && context.args.cost_cents <= 900000 && resource.id like "vpc-*" };
`,
  );
});

test("sugar: the order of a document's members changes nothing", () => {
  const backwards = {
    rules: seedRules.rules.map((rule) => Object.fromEntries(Object.entries(rule).reverse())),
  };
  assert.equal(compileSugar(parsed(backwards)), compileSugar(parsed(seedRules)));
});

const [plainRule] = seedRules.rules;
const refused: readonly [why: string, rule: object, pointer: string][] = [
  ["a member it does not have", { ...plainRule, wen: {} }, "/rules/0/wen"],
  ["an attribute nobody knows", { ...plainRule, when: { teem: "sre" } }, "/rules/0/when/teem"],
  ["a name from every object's past", { ...plainRule, when: { constructor: "x" } }, "/rules/0/when/constructor"],
  ["conditions that say nothing", { ...plainRule, when: {} }, "/rules/0/when"],
  ["a way out that says nothing", { ...plainRule, unless: [{}] }, "/rules/0/unless/0"],
  ["an attribute nothing is asked of", { ...plainRule, when: { score: {} } }, "/rules/0/when/score"],
  ["an operator it does not have", { ...plainRule, when: { score: { more: 1 } } }, "/rules/0/when/score/more"],
  ["a fraction", { ...plainRule, when: { score: { over: 1.5 } } }, "/rules/0/when/score/over"],
  ["null", { ...plainRule, when: { team: null } }, "/rules/0/when/team"],
  ["text that reorders text", { ...plainRule, owner: "a\u202eb" }, "/rules/0/owner"],
  ["an action that is more than a name", { ...plainRule, actions: ['x"] , Action::"y'] }, "/rules/0/actions/0"],
  ["an unknown decision", { ...plainRule, decision: "alow" }, "/rules/0/decision"],
];
for (const [why, rule, pointer] of refused) {
  test(`sugar: refused for ${why}`, () => {
    const outcome = parseSugar({ rules: [rule] } as JsonValue);
    assert.ok(!outcome.ok);
    assert.ok(
      outcome.deviations.some((one) => one.pointer === pointer),
      JSON.stringify(outcome),
    );
  });
}

test("sugar: hostile values stay values", () => {
  const hostile = ['"); permit (principal, action, resource); //', "\\", '\\"', "*", "\n", "$x {y}", "🙂", ""];
  const rules = parsed({
    rules: hostile.map((text, i) => ({
      ...plainRule,
      id: `allow-${i}`,
      when: { team: text, version: { like: `${text}*` } },
    })),
  });
  const parts = cedar.policySetTextToParts(compileSugar(rules));
  assert.ok(parts.type === "success", JSON.stringify(parts));
  assert.equal(parts.policies.length, hostile.length);
  parts.policies.forEach((policy, i) => {
    const json = cedar.policyToJson(policy);
    assert.ok(json.type === "success");
    assert.match(
      JSON.stringify(json.json.conditions),
      new RegExp(
        `"Value":${JSON.stringify(JSON.stringify(hostile[i]))
          .slice(1, -1)
          .replaceAll(/[.*+?^$()|[\]{}]/g, "\\$&")}`,
      ),
    );
  });
});

// ── Against a matcher of its own ───────────────────────────────────────────────────────────────────────────────────

/** What the short form means, said once more without Cedar. */
function matches(rule: SugarRule, projection: Projection): boolean {
  const groups = { "infra.change.apply": ["write"], "infra.status": ["read"] }[projection.action] ?? [];
  if (rule.actions !== undefined && !rule.actions.some((one) => one === projection.action || groups.includes(one)))
    return false;
  const holds = (all: NonNullable<SugarRule["when"]>) =>
    Object.entries(all).every(([name, wanted]) => fits(lookUp(name, projection), wanted as never));
  const { unless = [] } = rule;
  const clauses = (Array.isArray(unless) ? unless : [unless]) as readonly NonNullable<SugarRule["when"]>[];
  return (rule.when === undefined || holds(rule.when)) && !clauses.some(holds);
}

function lookUp(name: string, { principal, resource, context }: Projection): unknown {
  const known: Readonly<Record<string, unknown>> = {
    team: principal.team,
    environment: resource.env,
    resource: resource.id,
    tags: context.risk.tags,
    score: context.risk.score,
    actions: context.history.actions,
    touches: resource.touches,
  };
  return name.startsWith("args.") ? context.args[name.slice(5)] : known[name];
}

function fits(
  found: unknown,
  wanted: string | number | boolean | readonly unknown[] | Readonly<Record<string, unknown>>,
): boolean {
  if (found === undefined) return false;
  if (Array.isArray(wanted)) return wanted.includes(found);
  if (typeof wanted !== "object") return found === wanted;
  const list = found as readonly string[];
  const glob = (pattern: string) =>
    new RegExp(`^${pattern.replaceAll(/[.\\-]/g, "\\$&").replaceAll("*", ".*")}$`).test(String(found));
  const operators: Readonly<Record<string, (operand: never) => boolean>> = {
    is: (one: unknown) => found === one,
    not: (one: unknown) => found !== one,
    in: (many: unknown[]) => many.includes(found),
    not_in: (many: unknown[]) => !many.includes(found),
    over: (limit: number) => Number(found) > limit,
    at_least: (limit: number) => Number(found) >= limit,
    under: (limit: number) => Number(found) < limit,
    at_most: (limit: number) => Number(found) <= limit,
    like: glob,
    not_like: (pattern: string) => !glob(pattern),
    contains: (one: string) => list.includes(one),
    contains_any: (many: string[]) => many.some((one) => list.includes(one)),
    contains_all: (many: string[]) => many.every((one) => list.includes(one)),
    contains_none: (many: string[]) => !many.some((one) => list.includes(one)),
  };
  return Object.entries(wanted).every(([operator, operand]) => operators[operator]!(operand as never));
}

/** Decision and rules of rules that match, by countersign-combine/1. */
function expected(rules: readonly SugarRule[], projection: Projection): readonly [string, readonly string[]] {
  const found = rules.filter((rule) => matches(rule, projection));
  const ids = (decision: string) =>
    found
      .filter((rule) => rule.decision === decision)
      .map(({ id }) => id)
      .sort();
  const [permits, gates, denials] = [ids("allow"), ids("require_approval"), ids("deny")];
  if (denials.length > 0) return ["DENY", denials];
  if (permits.length === 0) return ["DENY", ["core:default-deny"]];
  return gates.length > 0 ? ["REQUIRE_APPROVAL", gates] : ["ALLOW", permits];
}

const limit = fc.constantFrom(99, 100, 101);
const name = fc.constantFrom("sre", "web", "ops");
const comparison = fc.oneof(
  fc.record({ over: limit }),
  fc.record({ at_least: limit, under: limit }),
  fc.record({ at_most: limit }),
  fc.record({ not: limit }),
  limit,
  fc.array(limit, { minLength: 1, maxLength: 3 }),
);
const naming = fc.oneof(
  name,
  fc.array(name, { minLength: 1, maxLength: 2 }),
  fc.record({ not_in: fc.array(name, { minLength: 1, maxLength: 2 }) }),
  fc.record({ like: fc.constantFrom("s*", "*", "*e*", "sre") }),
  fc.record({ not_like: fc.constantFrom("w*", "*b") }),
);
const tags = fc.array(fc.constantFrom("exfil", "pii", "infra"), { minLength: 1, maxLength: 3 });
const setTest = fc.oneof(
  fc.record({ contains: fc.constantFrom("exfil", "pii") }),
  fc.record({ contains_any: tags }),
  fc.record({ contains_all: tags }),
  fc.record({ contains_none: tags }),
);
const everyCondition = {
  team: naming,
  tags: setTest,
  score: comparison,
  actions: comparison,
  "args.cost_cents": comparison,
  "args.dry_run": fc.boolean(),
  environment: fc.constantFrom("prod", "dev"),
  "args.nowhere": fc.constant("x"),
};
/** One or two a rule: with more, hardly anything matches and nothing is compared. */
const someConditions = fc
  .shuffledSubarray(Object.keys(everyCondition) as (keyof typeof everyCondition)[], { minLength: 1, maxLength: 2 })
  .chain((names) => fc.record(Object.fromEntries(names.map((one) => [one, everyCondition[one]]))));
const someRule = fc.record(
  {
    decision: fc.constantFrom("allow", "allow", "deny", "require_approval"),
    actions: fc.constantFrom(["write"], ["read"], ["infra.change.apply"], ["read", "write"]),
    when: someConditions,
    unless: fc.oneof(someConditions, fc.array(someConditions, { minLength: 1, maxLength: 2 })),
  },
  { requiredKeys: ["decision"] },
);
const ofDecision: Readonly<Record<string, object>> = {
  allow: { reason: "TEAM_SCOPE" },
  deny: { reason: "RISK_EXFILTRATION" },
  require_approval: { reason: "PROD_WRITE", approvers: "oncall_sre", quorum: 1, ttl: "PT1H" },
};
const someRequest = fc.record({
  tool: fc.constantFrom("terraform", "terraform", "status"),
  team: name,
  risk: fc.record({
    tags: fc.uniqueArray(fc.constantFrom("exfil", "pii", "infra")),
    score: fc.constantFrom(0, 99, 100),
  }),
  actions: fc.constantFrom(99, 100, 101),
  environment: fc.constantFrom("prod", "dev"),
  cost: fc.constantFrom(0.99, 1, 1.01),
  dry_run: fc.boolean(),
});

/** Compares both on random rules and requests. @param spoil what a broken compiler would write instead */
function compare(spoil: (text: string) => string = (text) => text) {
  const seen = { requests: 0, decisions: new Set<string>() };
  const property = fc.property(
    fc.array(someRule, { minLength: 1, maxLength: 8 }),
    fc.array(someRequest, { minLength: 20, maxLength: 20 }),
    (some, requests) => {
      const rules = parsed({
        rules: [
          { id: "allow-all", decision: "allow", reason: "TEAM_SCOPE" },
          ...some.map((rule, i) => ({ id: `rule-${i}`, ...ofDecision[rule.decision], ...rule })),
        ],
      });
      const policy = load(spoil(compileSugar(rules)));
      for (const request of requests) {
        const projected = project(policy, request);
        const result = engineOver(cedar).decide(policy, projected.bytes);
        seen.requests++;
        seen.decisions.add(result.decision);
        assert.deepEqual([result.decision, [...result.matched_rules].sort()], expected(rules, projected.projection));
      }
    },
  );
  return { seen, outcome: fc.check(property, { numRuns: 50, endOnFailure: true }) };
}

test("sugar: 1,000 requests: Cedar decides the compiled rules as a matcher without Cedar does", () => {
  const { seen, outcome } = compare();
  assert.equal(outcome.failed, false, fc.defaultReportMessage(outcome));
  assert.ok(seen.requests >= 1000, `${seen.requests} requests`);
  assert.deepEqual([...seen.decisions].sort(), ["ALLOW", "DENY", "REQUIRE_APPROVAL"]);
});

test("sugar: control: a compiler that writes > for >= is noticed", () => {
  assert.equal(compare((text) => text.replaceAll(">=", ">")).outcome.failed, true);
});

function load(rules: string): LoadedPolicy {
  const loaded = engineOver(cedar).load(
    bundleOf(seedFiles({ "policies/main.cedar": rules, "tests/seed.json": undefined })),
  );
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.policy;
}

function project(policy: LoadedPolicy, request: typeof someRequest extends fc.Arbitrary<infer R> ? R : never) {
  const { contract } = policy.bundle.contracts.get(request.tool)!;
  const { environment, cost, dry_run } = request;
  const args = request.tool === "status" ? { vpc: "sre" } : { vpc: "sre", environment, cost, dry_run };
  const projected = projectAction(contract, args, {
    ...seedFacts,
    agent: { ...seedFacts.agent, team: request.team },
    capability: contract.capability,
    history: { ...seedFacts.history, actions: request.actions },
    risk: request.risk,
  });
  assert.ok(projected.ok, JSON.stringify(projected));
  return projected;
}
