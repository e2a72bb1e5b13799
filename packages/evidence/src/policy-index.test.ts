import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bundleOf, schemaAction, schemaPrelude, seedFacts, seedFiles, seedTexts } from "../../../tools/seed-bundle.ts";
import { canonicalText } from "./canonical.ts";
import { type Cedar, loadCedar, requestOf } from "./cedar.ts";
import { coreDenial, type DecisionResult, engineOver, gateDigest, type LoadedPolicy, loadEngine } from "./decide.ts";
import { projectAction } from "./project.ts";
import { parseProjection } from "./projection.ts";
import { severities } from "./severity.ts";

const verbs = ["read", "write", "delete"] as const;
const tools = ["t0", "t1", "t2", "t3", "t4"] as const;
const verbOf = (tool: string) => verbs[Number(tool.slice(1)) % verbs.length]!;

const schema = `${schemaPrelude}action any; action read in [any]; action write in [any]; action delete in [any]; action execute in [any];\n${tools
  .map((tool) => schemaAction(tool, verbOf(tool), "{ n: Long, s: String }"))
  .join("")}`;
const contract = (tool: string) =>
  JSON.stringify({
    tool,
    action: tool,
    verb: verbOf(tool),
    capability: "x",
    input_schema: { type: "object", properties: { n: {}, s: {} } },
    project: [
      { to: "args.n", fn: "int", from: "/n" },
      { to: "args.s", fn: "string", from: "/s" },
    ],
    resource: { system: "x", id: { const: "r" }, env: { fn: "string", from: "/s" } },
  });

const scope = fc.constantFrom(
  "action",
  'action == Action::"t0"',
  'action == Action::"t3"',
  'action in Action::"read"',
  'action in Action::"any"',
  'action in [Action::"write", Action::"t0"]',
  'action in [Action::"t1", Action::"t4", Action::"delete"]',
);
const condition = fc.constantFrom(
  "true",
  "context.args.n > 5",
  "context.args.n <= 5",
  'context.args.s == "a"',
  'context.args.s like "*b*"',
  'resource.env != "a"',
  'principal.team == "sre"',
  'context.risk.tags.contains("hot")',
  "context.args.n + 1 > context.history.actions",
);
const rule = fc.record({
  decision: fc.constantFrom("allow", "allow", "allow", "require_approval", "require_approval", "deny"),
  scope,
  condition,
  unless: fc.option(condition),
  severity: fc.option(fc.constantFrom(...severities)),
});
type RuleSpec = {
  readonly decision: string;
  readonly scope: string;
  readonly condition: string;
  readonly unless: string | null;
  readonly severity: string | null;
};

function rulesText(specs: readonly RuleSpec[]): string {
  const reasons = { allow: "TEAM_SCOPE", deny: "RISK_EXFILTRATION", require_approval: "PROD_WRITE" };
  return specs
    .map((spec, i) => {
      const gate = spec.decision === "require_approval" ? '@approvers("role:finance") @quorum("1") @ttl("PT1H")' : "";
      const severity = spec.severity === null ? "" : `@severity("${spec.severity}")`;
      const effect = spec.decision === "allow" ? "permit" : "forbid";
      const unless = spec.unless === null || spec.unless === "true" ? "" : ` unless { ${spec.unless} }`;
      return `@id("r${i}") @decision("${spec.decision}") @reason("${reasons[spec.decision as keyof typeof reasons]}") ${severity} ${gate} ${effect} (principal, ${spec.scope}, resource) when { ${spec.condition} }${unless};`; // the three keys above
    })
    .join("\n");
}

function bundleWith(specs: readonly RuleSpec[]) {
  return bundleOf(
    seedFiles({
      ...Object.fromEntries(
        Object.keys(seedTexts)
          .filter((path) => /^(tools|tests)\//.test(path))
          .map((path) => [path, undefined]),
      ),
      "schema.cedarschema": schema,
      "policies/main.cedar": rulesText(specs),
      ...Object.fromEntries(tools.map((tool) => [`tools/${tool}.json`, contract(tool)])),
    }),
  );
}

/** Combining, written again from the spec over the whole set of rules and the whole schema. */
function wholeSet(cedar: Cedar, policy: LoadedPolicy, bytes: Uint8Array): DecisionResult {
  const projection = parseProjection(bytes)!;
  const ask = (rules: LoadedPolicy["rules"]) => {
    const answer = cedar.isAuthorized({
      ...requestOf(projection),
      schema: policy.bundle.schema,
      policies: { staticPolicies: Object.fromEntries(rules.map(({ id, text }) => [id, text])) },
    });
    assert.ok(answer.type === "success", JSON.stringify(answer));
    return answer.response;
  };
  const all = ask(policy.rules);
  const base =
    all.decision === "allow" ? all : ask(policy.rules.filter(({ decision }) => decision !== "REQUIRE_APPROVAL"));
  const named = (ids: readonly string[]) => policy.rules.filter(({ id }) => ids.includes(id));
  if (all.diagnostics.errors.length + base.diagnostics.errors.length > 0) return coreDenial("core:policy-eval-error");
  const forbids = named(all.diagnostics.reason).filter(({ decision }) => decision !== "ALLOW");
  const denials = forbids.filter(({ decision }) => decision === "DENY");
  const permits = base.decision === "allow" ? named(base.diagnostics.reason) : [];
  const decision =
    denials.length > 0 || permits.length === 0 ? "DENY" : forbids.length > 0 ? "REQUIRE_APPROVAL" : "ALLOW";
  if (decision === "DENY" && denials.length === 0) return coreDenial("core:default-deny");
  const weight = (severity: string | undefined) => (severities as readonly (string | undefined)[]).indexOf(severity);
  const matched = (decision === "ALLOW" ? permits : decision === "DENY" ? denials : forbids).toSorted(
    (a, b) => weight(b.severity) - weight(a.severity) || (a.id < b.id ? -1 : 1),
  );
  const gates = decision === "REQUIRE_APPROVAL" ? forbids.toSorted((a, b) => (a.id < b.id ? -1 : 1)) : [];
  return {
    decision,
    matched_rule: matched[0]!.id,
    matched_rules: matched.map(({ id }) => id),
    permits: decision === "DENY" ? [] : permits.map(({ id }) => id).sort(),
    reason: matched[0]!.reason,
    reason_codes: [...new Set(matched.map(({ reason }) => reason))],
    rule_digests: Object.fromEntries(matched.map(({ id, digest }) => [id, digest])),
    requirements: gates.map((gate) => gate.requirement!),
    gate_digest:
      gates.length === 0
        ? null
        : gateDigest(gates.map((gate) => ({ requirement: gate.requirement!, rule_digest: gate.digest }))),
    obligations: [],
    severity: matched[0]!.severity ?? null,
  };
}

const requests = tools.flatMap((tool) =>
  [
    { n: 1, s: "a" },
    { n: 7, s: "abc" },
  ].map((args, i) => ({ tool, args, hot: i === 1 })),
);

test("slices: decide as the whole set of rules would", async () => {
  const engine = await loadEngine();
  const cedar = await loadCedar();
  const decisions = new Map<string, number>();
  // Chance alone may bring none of the three decisions.
  const always: RuleSpec = { decision: "allow", scope: "action", condition: "true", unless: null, severity: null };
  const generous = [always, { ...always, condition: "context.args.n > 5" }];
  const gated = [...generous, { ...always, decision: "require_approval" }];
  fc.assert(
    fc.property(fc.array(rule, { minLength: 3, maxLength: 10 }), (specs) => {
      const loaded = engine.load(bundleWith(specs));
      // A scope no tool is in, or more gates than an event holds, is refused; that is not what is looked at here.
      if (!loaded.ok) return;
      for (const { tool, args, hot } of requests) {
        const { contract: bound } = loaded.policy.bundle.contracts.get(tool)!;
        const risk = { tags: hot ? ["hot"] : [], score: 0 };
        const projected = projectAction(bound, args, { ...seedFacts, capability: "x", risk });
        assert.ok(projected.ok);
        const sliced = engine.decide(loaded.policy, projected.bytes);
        assert.equal(canonicalText(sliced), canonicalText(wholeSet(cedar, loaded.policy, projected.bytes)));
        decisions.set(sliced.decision, (decisions.get(sliced.decision) ?? 0) + 1);
      }
    }),
    { numRuns: 12, examples: [[gated], [generous]] },
  );
  for (const decision of ["ALLOW", "DENY", "REQUIRE_APPROVAL"])
    assert.ok((decisions.get(decision) ?? 0) > 0, `no ${decision} came up`);
});

test("slices: one that leaves out a rule would be noticed", async () => {
  const engine = await loadEngine();
  const cedar = await loadCedar();
  const plain = { scope: "action", condition: "true", unless: null, severity: null };
  const loaded = engine.load(
    bundleWith([
      { ...plain, decision: "allow" },
      { ...plain, decision: "deny", scope: 'action in Action::"any"' },
    ]),
  );
  assert.ok(loaded.ok);
  const { policy } = loaded;
  const slice = policy.slices.get("t0")!;
  const content = slice.content();
  delete content.rules.r1; // its own copy
  const torn = {
    ...policy,
    digest: policy.digest.replace("sha256:", "sha256:torn") as LoadedPolicy["digest"],
    slices: new Map([["t0", { ...slice, content: () => content }]]),
  };
  const projected = projectAction(
    policy.bundle.contracts.get("t0")!.contract,
    { n: 1, s: "a" },
    { ...seedFacts, capability: "x" },
  );
  assert.ok(projected.ok);
  const whole = wholeSet(cedar, policy, projected.bytes);
  assert.equal(whole.decision, "DENY");
  assert.equal(canonicalText(engine.decide(policy, projected.bytes)), canonicalText(whole));
  assert.notEqual(canonicalText(engine.decide(torn, projected.bytes)), canonicalText(whole));
});

/** Records which ids the engine is asked to hold. */
function watched(cedar: Cedar): { readonly cedar: Cedar; readonly ids: Set<string> } {
  const ids = new Set<string>();
  return {
    ids,
    cedar: {
      ...cedar,
      preparsePolicySet: (id, policies) => {
        ids.add(id);
        return cedar.preparsePolicySet(id, policies);
      },
      preparseSchema: (id, text) => {
        ids.add(id);
        return cedar.preparseSchema(id, text);
      },
    },
  };
}

test("slots: 205 publishes use no more ids than the pool has, and forget nothing of what they hold", async () => {
  const { cedar, ids } = watched(await loadCedar());
  const engine = engineOver(cedar, 4);
  const policies: LoadedPolicy[] = [];
  for (let i = 0; i < 205; i++) {
    const loaded = engine.load(bundleOf(seedFiles({ "CHANGES.md": `publish ${i}` })));
    assert.ok(loaded.ok);
    policies.push(loaded.policy);
    for (const tool of ["terraform", "status"]) decideOn(loaded.policy, tool);
  }
  assert.equal(new Set(policies.map(({ digest }) => digest)).size, 205);
  // A schema and a set of rules for each of four slots.
  assert.equal(ids.size, 8);
  // Old policies are filled in again when they are asked for.
  const first = decideOn(policies[0]!, "terraform");
  assert.deepEqual([first.decision, ids.size], ["ALLOW", 8]);

  function decideOn(policy: LoadedPolicy, tool: string): DecisionResult {
    const { contract: bound } = policy.bundle.contracts.get(tool)!;
    const args = tool === "status" ? { vpc: "v" } : { vpc: "v", environment: "dev" };
    const projected = projectAction(bound, args, { ...seedFacts, capability: bound.capability });
    assert.ok(projected.ok);
    return engine.decide(policy, projected.bytes);
  }
});

test("slots: the engine's memory stays where it is when ids are reused, and grows when they are not", async () => {
  const cedar = await loadCedar();
  const policies = Object.fromEntries(
    Array.from({ length: 100 }, (_, i) => [
      `r${i}`,
      `permit (principal, action, resource) when { context.args.n > ${i} && resource.env like "${"x".repeat(40)}*" };`,
    ]),
  );
  const fill = (ids: readonly string[]) => {
    for (const id of ids) assert.equal(cedar.preparsePolicySet(id, { staticPolicies: policies }).type, "success");
  };
  // The wasm's memory never shrinks, so what it takes on top of its first filling is what stays held.
  const grownBy = (ids: readonly string[]) => {
    fill(ids.slice(0, 10));
    const before = process.memoryUsage().rss;
    fill(ids);
    return process.memoryUsage().rss - before;
  };
  const reused = grownBy(Array.from({ length: 210 }, (_, i) => `reused-${i % 4}`));
  const fresh = grownBy(Array.from({ length: 210 }, (_, i) => `fresh-${i}`));
  assert.ok(fresh > 32 * 1024 * 1024, `the control: fresh ids took only ${fresh} bytes`);
  assert.ok(reused < fresh / 3, `reused ids took ${reused} bytes, fresh ones ${fresh}`);
});
