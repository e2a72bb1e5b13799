import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { checkParsePolicySet } from "#cedar";
import { bundleOf, seedFiles, seedTexts } from "../../../tools/seed-bundle.ts";
import { testedChange, testedTests, testedTexts } from "../../../tools/tested-bundle.ts";
import { type BundleTestResult, runBundleTests, testProjection } from "./bundle-tests.ts";
import { type Cedar, loadCedar } from "./cedar.ts";
import { combine, engineOver, type LoadedPolicy } from "./decide.ts";
import { formatFinding, type PolicyFinding } from "./policy-finding.ts";
import { lintPolicy } from "./policy-lint.ts";
import { matchesOf, ruleJsons } from "./rule-matches.ts";
import { mutantsOf } from "./rule-mutants.ts";

let cedar: Cedar;
before(async () => {
  cedar = await loadCedar();
});

const goodTests = testedTests;
const goodRules = testedTexts["policies/main.cedar"]!;
const sre = { team: "sre" };
const change = testedChange;

type Change = {
  readonly rules?: string;
  readonly tests?: readonly object[];
  readonly schema?: string;
  readonly reasons?: object;
};

function load({ rules = goodRules, tests = goodTests, schema, reasons = {} }: Change): LoadedPolicy {
  const files = seedFiles({
    "policies/main.cedar": rules,
    "tests/seed.json": JSON.stringify(tests),
    ...(schema === undefined ? {} : { "schema.cedarschema": schema }),
    "catalog/reasons.json": JSON.stringify({ ...JSON.parse(seedTexts["catalog/reasons.json"]!), ...reasons }),
  });
  const loaded = engineOver(cedar).load(bundleOf(files));
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.policy;
}

function lint(changed: Change): readonly PolicyFinding[] {
  const policy = load(changed);
  const failed = runBundleTests(engineOver(cedar), policy).filter(({ passed }: BundleTestResult) => !passed);
  assert.deepEqual(failed, [], "the lint is about bundles whose tests pass");
  return lintPolicy(cedar, policy);
}

const lines = (findings: readonly PolicyFinding[]) => findings.map(formatFinding);
const without = (name: string) => goodTests.filter((one) => one.name !== name);
const prodRule = goodRules.slice(
  goodRules.indexOf('@id("approval-prod-write")'),
  goodRules.indexOf('@id("approval-large-spend")'),
);
const prodWithout = (unless: string, when = 'resource.env == "prod"') =>
  goodRules.replace(prodRule, prodRule.replace("context.args.dry_run", unless).replace('resource.env == "prod"', when));
const seedSchema = seedTexts["schema.cedarschema"]!;

test("lint: a bundle whose tests say everything is without a finding", () => {
  assert.deepEqual(lines(lint({})), []);
});

const missing: readonly [test: string, findings: readonly RegExp[]][] = [
  ["prod waits", [/rule-unreached: approval-prod-write/]],
  ["much money waits", [/rule-unreached: approval-large-spend/]],
  ["nothing leaves", [/rule-unreached: deny-exfil/]],
  ["nobody else", [/allow-ops-agents: no test fails when `principal\.team == "sre"` is left out/]],
  [
    "only what the run declared",
    [/no test fails when `context\.run\.capabilities\.contains\(context\.capability\)` is left out/],
  ],
  ["a dry run does not", [/no test fails when `unless \{ context\.args\.dry_run \}` is left out/]],
];
for (const [name, expected] of missing) {
  test(`lint: without the test "${name}" something is open`, () => {
    const found = lines(lint({ tests: without(name) }));
    for (const one of expected)
      assert.ok(
        found.some((line) => one.test(line)),
        JSON.stringify(found, null, 1),
      );
  });
}

test("lint: a limit nobody tests at its value is a warning, not an error", () => {
  const findings = lint({
    tests: goodTests.map((one) =>
      one.name === "… not one cent less" ? { ...one, request: change({ cost: 100 }) } : one,
    ),
  });
  assert.deepEqual(lines(findings), [
    "policies/main.cedar:13: warning: boundary-untested: approval-large-spend: no test fails when `context.args.cost_cents > 500000` becomes `context.args.cost_cents >= 500000`",
  ]);
});

test("lint: a rule that matches in every test it could is unrefuted", () => {
  const rules = `${goodRules}@id("deny-always") @decision("deny") @reason("RISK_EXFILTRATION")
forbid (principal, action == Action::"infra.status", resource) when { resource.system == "aws" };\n`;
  const status = {
    name: "no status",
    request: { tool: "status", args: { vpc: "v" }, agent: sre },
    expect: { decision: "DENY", matched_rules: ["deny-always"] },
  };
  const found = lines(lint({ rules, tests: [...goodTests, status] }));
  assert.ok(
    found.some((line) => line.includes("rule-unrefuted: deny-always")),
    found.join("\n"),
  );
  assert.ok(
    found.some((line) =>
      line.includes('deny-always: no test fails when `when { resource.system == "aws" }` is left out'),
    ),
  );
});

test("lint: a rule that only its scope narrows is refuted by a test outside of it", () => {
  const rules = `${goodRules}@id("deny-status") @decision("deny") @reason("RISK_EXFILTRATION")
forbid (principal, action == Action::"infra.status", resource);\n`;
  const status = {
    name: "no status",
    request: { tool: "status", args: { vpc: "v" }, agent: sre },
    expect: { decision: "DENY", matched_rules: ["deny-status"] },
  };
  assert.deepEqual(lines(lint({ rules, tests: [...goodTests, status] })), []);
});

test("lint: a rule whose effect another hides is seen to match, and to be idle", () => {
  // Everything deny-twice denies is denied by deny-exfil already, and the test names the first only.
  const rules = `${goodRules}@id("deny-twice") @decision("deny") @reason("RISK_EXFILTRATION")
forbid (principal, action, resource) when { context.risk.tags.contains("exfil") };\n`;
  const tests = goodTests.map((one) =>
    one.name === "nothing leaves" ? { ...one, expect: { decision: "DENY", reason_codes: ["RISK_EXFILTRATION"] } } : one,
  );
  const found = lines(lint({ rules, tests }));
  assert.ok(
    found.some((line) => line.includes("mutation-survived: deny-twice: no test fails without it")),
    found.join("\n"),
  );
  assert.ok(!found.some((line) => line.includes("rule-unreached")), found.join("\n"));
});

// ── Exemptions ─────────────────────────────────────────────────────────────────────────────────────────────────────

const unenforced = (rules: string) => rules.replace("enforce:dry_run;", "");
const permit = (
  when: string,
  obligations = "",
) => `${prodWithout("context.history.actions < 3")}@id("allow-small") @decision("allow") @reason("TEAM_SCOPE")${obligations}
permit (principal, action == Action::"infra.change.apply", resource) when { ${when} };\n`;

const exemptions: readonly [why: string, change: Change, expected: RegExp | undefined][] = [
  [
    "an unless on the agent's flag",
    { rules: unenforced(goodRules) },
    /approval-prod-write: `unless \{ context\.args\.dry_run \}`.*terraform lacks enforce:dry_run/,
  ],
  ["the same with the obligation", { rules: goodRules }, undefined],
  [
    "one alternative of an unless",
    { rules: unenforced(prodWithout('principal.team == "root" || context.args.dry_run')) },
    /`unless \{ context\.args\.dry_run \}`/,
  ],
  [
    "an unless that needs more than the agent's word",
    { rules: unenforced(prodWithout('context.args.dry_run && principal.team == "root"')) },
    undefined,
  ],
  ["an unless on another fact", { rules: unenforced(prodWithout("context.history.actions < 3")) }, undefined],
  [
    "an unless on the ticket the agent says it works for",
    { rules: unenforced(prodWithout('context.run.on_behalf_of == "usr_x"')) },
    /enforce:on_behalf_of/,
  ],
  [
    "a when that a flag lifts",
    { rules: unenforced(prodWithout("false", 'resource.env == "prod" && !context.args.dry_run')) },
    /`when \{ !\(context\.args\.dry_run\) \}`/,
  ],
  [
    "a when that a flag lifts, compared",
    { rules: unenforced(prodWithout("false", 'resource.env == "prod" && false == context.args.dry_run')) },
    /dry_run/,
  ],
  [
    "a when that a flag brings on",
    { rules: unenforced(prodWithout("false", 'resource.env == "prod" && context.args.dry_run')) },
    undefined,
  ],
  [
    "a permit on the agent's word",
    { rules: permit("context.args.cost_cents < 100") },
    /allow-small: .*its @obligations lack enforce:cost_cents/,
  ],
  [
    "a permit on the agent's word, enforced",
    { rules: permit("context.args.cost_cents < 100", ' @obligations("enforce:cost_cents")') },
    undefined,
  ],
  [
    "a permit on the agent's word and a fact",
    { rules: permit('context.args.cost_cents < 100 && principal.team == "web"') },
    undefined,
  ],
  ["a permit without conditions", { rules: permit("true") }, undefined],
  [
    "a schema that vouches for the argument",
    { rules: unenforced(goodRules), schema: seedSchema.replace("dry_run: Bool", '@source("server") dry_run: Bool') },
    undefined,
  ],
  [
    "a schema that takes a fact for the agent's word",
    {
      rules: unenforced(prodWithout("context.history.actions < 3")),
      schema: seedSchema.replace("type History", '@source("agent") type History'),
    },
    /enforce:actions/,
  ],
];
for (const [why, changed, expected] of exemptions) {
  test(`lint: exemption: ${why}: ${expected === undefined ? "fine" : "agent-exemption"}`, () => {
    const found = lines(lintPolicy(cedar, load(changed)).filter(({ code }) => code === "agent-exemption"));
    if (expected === undefined) assert.deepEqual(found, []);
    else {
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0]!, expected);
    }
  });
}

test("lint: a schema's annotations are @source, with a word the gate knows, and @doc", () => {
  const found = (schema: string) =>
    lines(lintPolicy(cedar, load({ schema })).filter(({ path }) => path === "schema.cedarschema"));
  assert.deepEqual(found(seedSchema.replace("dry_run: Bool", '@doc("x") dry_run: Bool')), []);
  assert.match(
    found(seedSchema.replace("dry_run: Bool", '@souce("server") dry_run: Bool')).join(),
    /annotation-unknown: @souce/,
  );
  assert.match(
    found(seedSchema.replace("dry_run: Bool", '@source("me") dry_run: Bool')).join(),
    /annotation-malformed: @source\("me"\)/,
  );
});

test("lint: a reason no rule gives is a warning", () => {
  const findings = lint({
    reasons: { SPARE: { class: "deny", title: "Spare" }, SPARE_VOTE: { class: "approve", title: "Spare" } },
  });
  assert.deepEqual(lines(findings), ["catalog/reasons.json: warning: reason-unused: SPARE is the reason of no rule"]);
});

test("lint: letters of two scripts in one name are refused when the bundle loads", () => {
  const lookalike = goodRules.replace('"prod"', '"pr\u043ed"');
  const loaded = engineOver(cedar).load(bundleOf(seedFiles({ "policies/main.cedar": lookalike })));
  assert.ok(!loaded.ok && loaded.findings.some(({ code }) => code === "mixed-script"), JSON.stringify(loaded));
});

// ── What the lint stands on ────────────────────────────────────────────────────────────────────────────────────────

test("lint: what all matching rules come to is what the engine decides", () => {
  const policy = load({});
  const engine = engineOver(cedar);
  const slice = policy.slices.get("terraform")!;
  const jsons = ruleJsons(slice.rules);
  fc.assert(
    fc.property(
      fc.record({
        environment: fc.constantFrom("prod", "dev", "staging"),
        cost: fc.constantFrom(0, 5000, 5000.01, 90_000),
        dry_run: fc.boolean(),
        team: fc.constantFrom("sre", "web"),
        tags: fc.constantFrom([], ["exfil"], ["infra"]),
      }),
      ({ team, tags, ...args }) => {
        const request = { tool: "terraform", args: { vpc: "v", ...args }, agent: { team }, risk: { tags } };
        const projected = testProjection(policy, { name: "x", request, expect: { decision: "DENY" } });
        assert.ok("bytes" in projected);
        const [found] = matchesOf(cedar, slice, jsons, [projected.projection]);
        const all = combine(slice.rulesOf([...found!.matched]), slice.rulesOf([...found!.failed]));
        assert.deepEqual(all, engine.decide(policy, projected.bytes));
      },
    ),
    { numRuns: 100 },
  );
});

test("lint: every change of a rule is another rule that the engine takes", () => {
  const policy = load({});
  for (const [id, json] of ruleJsons(policy.rules)) {
    const mutants = mutantsOf(json);
    if (id === "approval-large-spend") assert.equal(mutants.length, 3, "one clause, one comparison, one limit");
    for (const { rule, what } of mutants) {
      assert.equal(checkParsePolicySet({ staticPolicies: { x: rule } }).type, "success", what);
      assert.notDeepEqual(rule, json, what);
    }
  }
});
