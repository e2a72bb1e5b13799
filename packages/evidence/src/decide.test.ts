import assert from "node:assert/strict";
import { before, test } from "node:test";
import { Value } from "typebox/value";
import { bundleOf, schemaPrelude, seedFacts, seedFiles, seedTexts } from "../../../tools/seed-bundle.ts";
import { runBundleTests } from "./bundle-tests.ts";
import { canonicalText } from "./canonical.ts";
import { type Cedar, loadCedar } from "./cedar.ts";
import { type CoreRuleId, coreReasons, coreRuleOf, coreRules } from "./core-rules.ts";
import {
  coreDenial,
  type DecisionResult,
  engineOver,
  gateDigest,
  type LoadedPolicy,
  loadEngine,
  type PolicyEngine,
  remedyOf,
} from "./decide.ts";
import { kinds, ReasonCode, RuleId } from "./event.ts";
import { utf8 } from "./hash.ts";
import type { GateFacts } from "./project.ts";
import { projectAction } from "./project.ts";
import { type Projection, parseProjection, projectionBytes } from "./projection.ts";
import type { JsonValue } from "./strict-json.ts";

let engine: PolicyEngine;
let cedar: Cedar;
let seed: LoadedPolicy;
before(async () => {
  engine = await loadEngine();
  cedar = await loadCedar();
  seed = load(seedFiles());
});

function load(files: ReadonlyMap<string, Uint8Array>): LoadedPolicy {
  const loaded = engine.load(bundleOf(files));
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.policy;
}

type Request = { readonly tool?: string; readonly args?: JsonValue; readonly facts?: Partial<GateFacts> };
const dev = { vpc: "vpc-1", environment: "dev" };

function projectionOf({ tool = "terraform", args = dev, facts = {} }: Request, policy = seed): Uint8Array {
  const { contract } = policy.bundle.contracts.get(tool)!;
  const projected = projectAction(contract, args, { ...seedFacts, capability: contract.capability, ...facts });
  assert.ok(projected.ok, JSON.stringify(projected));
  return projected.bytes;
}

const decide = (request: Request, policy = seed): DecisionResult =>
  engine.decide(policy, projectionOf(request, policy));

/** The seed's projection with members replaced, as bytes of a canonical projection. */
function altered(change: (projection: Projection) => unknown, request: Request = {}): Uint8Array {
  const projection = parseProjection(projectionOf(request))!;
  return utf8(canonicalText(change(projection)));
}
const withArgs = (args: Readonly<Record<string, unknown>>) =>
  altered((projection) => ({
    ...projection,
    context: { ...projection.context, args: { cost_cents: 0, dry_run: false, ...args } },
  }));

// ── Combining ──────────────────────────────────────────────────────────────────────────────────────────────────────

const prod = { vpc: "vpc-1", environment: "prod" };
const exfil = { risk: { tags: ["exfil"], score: 50 } };
const rows: readonly [
  why: string,
  request: Request,
  decision: string,
  matched: readonly string[],
  permits: readonly string[],
][] = [
  ["a permit alone allows", {}, "ALLOW", ["allow-ops-agents"], ["allow-ops-agents"]],
  [
    "a gate beside a permit asks for approval",
    { args: prod },
    "REQUIRE_APPROVAL",
    ["approval-prod-write"],
    ["allow-ops-agents"],
  ],
  [
    "an exemption of the gate allows",
    { args: { ...prod, dry_run: true } },
    "ALLOW",
    ["allow-ops-agents"],
    ["allow-ops-agents"],
  ],
  [
    "two gates both ask, by severity",
    { args: { ...prod, cost: 6000 } },
    "REQUIRE_APPROVAL",
    ["approval-prod-write", "approval-large-spend"],
    ["allow-ops-agents"],
  ],
  [
    "the other gate alone",
    { args: { ...dev, cost: 6000 } },
    "REQUIRE_APPROVAL",
    ["approval-large-spend"],
    ["allow-ops-agents"],
  ],
  [
    "the limit itself is within it",
    { args: { ...dev, cost: 5000 } },
    "ALLOW",
    ["allow-ops-agents"],
    ["allow-ops-agents"],
  ],
  ["a denial beats a permit", { facts: exfil }, "DENY", ["deny-exfil"], []],
  ["a denial beats a gate", { args: prod, facts: exfil }, "DENY", ["deny-exfil"], []],
  ["nothing permits", { facts: { agent: { id: "a", team: "web" } } }, "DENY", ["core:default-deny"], []],
  [
    "a gate without a permit denies",
    { args: prod, facts: { agent: { id: "a", team: "web" } } },
    "DENY",
    ["core:default-deny"],
    [],
  ],
  ["an undeclared capability", { facts: { run: { id: "r", capabilities: [] } } }, "DENY", ["core:default-deny"], []],
  [
    "another tool has its own rules",
    { tool: "status", args: { vpc: "v" } },
    "ALLOW",
    ["allow-ops-agents"],
    ["allow-ops-agents"],
  ],
];

for (const [why, request, decision, matched, permits] of rows) {
  test(`decide: ${why}`, () => {
    const result = decide(request);
    assert.deepEqual([result.decision, result.matched_rules, result.permits], [decision, matched, permits]);
    assert.equal(result.matched_rule, matched[0]);
  });
}

test("decide: a result carries all that explains it", () => {
  const result = decide({ args: { ...prod, cost: 6000 } });
  assert.deepEqual(result.reason_codes, ["PROD_WRITE", "AMOUNT_OVER_LIMIT"]);
  assert.equal(result.reason, "PROD_WRITE");
  assert.equal(result.severity, "high");
  assert.deepEqual(result.obligations, ["log_args:redacted", "max_runtime_ms:600000"]);
  assert.deepEqual(
    result.requirements.map(({ rule, quorum }) => [rule, quorum]),
    [
      ["approval-large-spend", 2],
      ["approval-prod-write", 1],
    ],
  );
  const digests = Object.fromEntries(seed.rules.map(({ id, digest }) => [id, digest]));
  assert.deepEqual(result.rule_digests, {
    "approval-large-spend": digests["approval-large-spend"],
    "approval-prod-write": digests["approval-prod-write"],
  });
  const gates = result.requirements.map((requirement) => ({ requirement, rule_digest: digests[requirement.rule]! }));
  assert.equal(result.gate_digest, gateDigest(gates));
  assert.equal(result.gate_digest, gateDigest([...gates].reverse()));
  assert.notEqual(result.gate_digest, decide({ args: prod }).gate_digest);
});

test("decide: results fit the event that records them", () => {
  const { properties } = kinds["policy.decided"].schema.properties.decided;
  const members = ["matched_rules", "reason_codes", "permits", "rule_digests", "requirements", "obligations"] as const;
  const fits = (result: DecisionResult) => members.every((name) => Value.Check(properties[name], result[name]));
  for (const [why, request] of rows) assert.ok(fits(decide(request)), why);
  assert.ok(fits(coreDenial("core:policy-eval-error", seed.rules)));
  assert.ok(!fits({ ...decide({}), reason_codes: ["lower"] }), "the control");
});

test("decide: denials carry no requirements, obligations or gate", () => {
  for (const request of [{ facts: exfil }, { facts: { agent: { id: "a" } } }]) {
    const { requirements, obligations, gate_digest } = decide(request);
    assert.deepEqual([requirements, obligations, gate_digest], [[], [], null]);
  }
});

test("decide: a gate's digest changes with its rule, its people, its quorum and its time", () => {
  const digestOf = (text: string) =>
    decide({ args: prod }, load(seedFiles({ "policies/main.cedar": text }))).gate_digest;
  const main = seedTexts["policies/main.cedar"]!;
  const before = digestOf(main);
  assert.equal(digestOf(`// another comment\n${main}`), before);
  const changes = [
    ['"PT30M"', '"PT31M"'],
    ['@quorum("1")', '@quorum("2")'],
    ["role:oncall_sre", "role:finance"],
    ['resource.env == "prod"', 'resource.env != "dev"'],
  ] as const;
  for (const [from, to] of changes) assert.notEqual(digestOf(main.replace(from, to)), before, to);
});

test("decide: the same bundle and projection give the same bytes, whatever came between", () => {
  const requests: readonly Request[] = rows.map(([, request]) => request);
  const first = requests.map((request) => canonicalText(decide(request)));
  const again = load(seedFiles());
  const shuffled = [...requests.keys()].reverse();
  for (const i of shuffled) assert.equal(canonicalText(decide(requests[i]!, again)), first[i]);
});

test("decide: the order of rules in their files does not show", () => {
  const parts = cedar.policySetTextToParts(seedTexts["policies/main.cedar"]!);
  assert.ok(parts.type === "success");
  const turned = load(seedFiles({ "policies/main.cedar": [...parts.policies].reverse().join("\n") }));
  assert.notEqual(turned.digest, seed.digest, "the control: it is another bundle");
  for (const [why, request] of rows)
    assert.equal(canonicalText(decide(request, turned)), canonicalText(decide(request)), why);
});

test("decide: no result has more than 32 rules, the primary first", () => {
  const many = Array.from(
    { length: 40 },
    (_, i) =>
      `@id("deny-${i + 10}") @decision("deny") @reason("RISK_EXFILTRATION") @severity("${i === 39 ? "critical" : "low"}") forbid (principal, action, resource);`,
  );
  const result = decide({}, load(seedFiles({ "policies/more.cedar": many.join("\n") })));
  assert.equal(result.matched_rules.length, 32);
  assert.deepEqual(result.matched_rules.slice(0, 3), ["deny-49", "deny-10", "deny-11"]);
  assert.equal(Object.keys(result.rule_digests).length, 32);
});

// ── Built-in rules ─────────────────────────────────────────────────────────────────────────────────────────────────

test("core rules: every one denies, with an id and a reason events can hold and a remedy for the agent", () => {
  for (const id of Object.keys(coreRules) as CoreRuleId[]) {
    const result = coreDenial(id);
    assert.equal(result.decision, "DENY");
    assert.ok(Value.Check(RuleId, id), id);
    assert.ok(Value.Check(ReasonCode, result.reason), result.reason);
    assert.equal(remedyOf(undefined, result), coreRules[id].remedy);
  }
  assert.equal(coreReasons.size, Object.keys(coreRules).length);
  assert.equal(coreRuleOf("constructor"), undefined);
});

test("decide: the remedy is the catalogue's, never a rule's text", () => {
  assert.equal(remedyOf(seed.bundle, decide({ facts: exfil })), "Do not send data out.");
  assert.equal(remedyOf(seed.bundle, decide({ args: { ...dev, cost: 6000 } })), undefined);
});

test("decide: a tool no contract is for", () => {
  assert.equal(
    engine.decide(
      seed,
      altered((projection) => ({ ...projection, tool: "pulumi" })),
    ).matched_rule,
    "core:unknown-tool",
  );
});

// ── Cedar's traps: each row of facts, with what Cedar alone would have said ────────────────────────────────────────

/** The seed with a rule in its slices that no bundle could bring in: the checks before it are switched off. */
function smuggled(id: string, text: string): LoadedPolicy {
  const parsed = cedar.policyToJson(text);
  assert.ok(parsed.type === "success", JSON.stringify(parsed));
  const { json } = parsed;
  const slices = new Map(
    [...seed.slices].map(([tool, slice]) => {
      const rule = { ...seed.rules.find((one) => one.id === "deny-exfil")!, id, text, json };
      return [
        tool,
        {
          ...slice,
          rulesOf: (ids: readonly string[]) => ids.flatMap((one) => (one === id ? [rule] : slice.rulesOf([one]))),
          content: () => {
            const { schema, rules } = slice.content();
            return { schema, rules: { ...rules, [id]: { ...json, effect: "permit" as const } } };
          },
        },
      ];
    }),
  );
  return { ...seed, digest: `sha256:${id}`, slices };
}

/** What Cedar answers by itself, errors set aside: what an integration that reads only the decision would do. */
function cedarAlone(policies: string, projection: Projection, schema?: string): string {
  const { principal, action, resource, context } = projection;
  const answer = cedar.isAuthorized({
    principal: { type: "Agent", id: principal.agent },
    action: { type: "Action", id: action },
    resource: { type: "Target", id: resource.id },
    context: context as unknown as Record<string, never>, // read-only lists; Cedar only reads them
    entities: [
      { uid: { type: "Agent", id: principal.agent }, attrs: { ...principal }, parents: [] },
      { uid: { type: "Target", id: resource.id }, attrs: { ...resource, touches: [...resource.touches] }, parents: [] },
    ],
    policies: { staticPolicies: policies },
    ...(schema === undefined ? {} : { schema, validateRequest: true }),
  });
  return answer.type === "failure" ? "refused" : answer.response.decision;
}

const failingForbids: readonly [why: string, condition: string][] = [
  ["a forbid that overflows", "context.time.epoch * 9007199254740991 > 0"],
  ["a forbid that reads what is not there", "context.args.nothing > 0"],
  ["a forbid that compares text with numbers", "context.capability < 5"],
];
for (const [why, condition] of failingForbids) {
  test(`trap: ${why} is skipped by Cedar, and denies here`, () => {
    const text = `forbid (principal, action, resource) when { ${condition} };`;
    const bytes = projectionOf({});
    const projection = parseProjection(bytes)!;
    const permit = "permit (principal, action, resource);";
    assert.equal(cedarAlone(permit + text, projection), "allow", "the control: Cedar alone allows");
    assert.equal(
      cedarAlone(`${permit}forbid (principal, action, resource) when { context.time.epoch > 0 };`, projection),
      "deny",
    );
    const result = engine.decide(smuggled(`broken-${condition.length}`, text), bytes);
    assert.deepEqual(
      [result.decision, result.matched_rules, result.reason],
      ["DENY", ["core:policy-eval-error", `broken-${condition.length}`], "POLICY_EVAL_ERROR"],
    );
    assert.deepEqual(Object.keys(result.rule_digests), [`broken-${condition.length}`]);
  });
}

test("trap: an error shows even when a gate would have asked, and when a rule denies", () => {
  const text = "forbid (principal, action, resource) when { context.args.nothing > 0 };";
  for (const request of [{ args: prod }, { facts: exfil }, { facts: { agent: { id: "a" } } }]) {
    assert.equal(engine.decide(smuggled("broken", text), projectionOf(request)).matched_rule, "core:policy-eval-error");
  }
});

test("trap: an entity reference hidden in the arguments is none here", () => {
  const reference = { __entity: { type: "Agent", id: "root" } };
  const permit = 'permit (principal, action, resource) when { context.args.who == Agent::"root" };';
  const projection = parseProjection(projectionOf({}))!;
  const forged = {
    ...projection,
    context: { ...projection.context, args: { who: reference } },
  } as unknown as Projection; // that is the forgery
  assert.equal(cedarAlone(permit, forged), "allow", "the control: without a schema Cedar takes it for an entity");
  assert.equal(cedarAlone(permit, forged, seedTexts["schema.cedarschema"]), "refused");
  assert.equal(engine.decide(seed, utf8(canonicalText(forged))).matched_rule, "core:request-schema-invalid");
  // Nor can it come through a contract: what is projected is text, numbers and truth.
  const { contract } = seed.bundle.contracts.get("terraform")!;
  assert.ok(!projectAction(contract, { ...dev, dry_run: reference }, seedFacts).ok);
});

test("trap: what the schema does not declare is refused with every request, never read as absent", () => {
  assert.equal(engine.decide(seed, withArgs({})).decision, "ALLOW", "the control");
  const projections: readonly [why: string, bytes: Uint8Array][] = [
    ["text for a number", withArgs({ cost_cents: "900000" })],
    ["an argument too many", withArgs({ more: 1 })],
    ["an argument too few", altered((one) => ({ ...one, context: { ...one.context, args: { dry_run: false } } }))],
    ["null", withArgs({ dry_run: null })],
    ["a float", utf8(new TextDecoder().decode(withArgs({})).replace('"cost_cents":0,"dry', '"cost_cents":0.5,"dry'))],
    ["a number for truth", withArgs({ dry_run: 0 })],
    ["a record", withArgs({ cost_cents: { a: 1 } })],
    ["another action", altered((one) => ({ ...one, action: "infra.status" }))],
    ["an action there is not", altered((one) => ({ ...one, action: "infra.destroy" }))],
    ["no bytes", new Uint8Array()],
    ["a team of numbers", altered((one) => ({ ...one, principal: { ...one.principal, team: 7 } }))],
  ];
  for (const [why, bytes] of projections) {
    assert.deepEqual(engine.decide(seed, bytes), coreDenial("core:request-schema-invalid"), why);
  }
  assert.ok(!engine.broken);
});

test("trap: without request validation Cedar would compare text with a limit and say nothing", () => {
  const projection = parseProjection(projectionOf({}))!;
  const forged = { ...projection, context: { ...projection.context, args: { cost_cents: "900000", dry_run: false } } };
  const rules = `permit (principal, action, resource); forbid (principal, action, resource) when { context.args.cost_cents > 500000 };`;
  assert.equal(cedarAlone(rules, forged), "allow", "the control");
  assert.equal(engine.decide(seed, projectionBytes(forged)).decision, "DENY");
});

test("trap: names every object inherits are not attributes", () => {
  const { contract } = seed.bundle.contracts.get("terraform")!;
  for (const name of ["constructor", "__proto__", "toString"]) {
    const args = JSON.parse(`{"vpc":"v","environment":"dev",${JSON.stringify(name)}:{"name":"Object"}}`) as JsonValue; // as a parser gives it
    assert.ok(!projectAction(contract, args, seedFacts).ok, name);
    const named = `@id("x") @decision("allow") @reason("TEAM_SCOPE") permit (principal, action, resource) when { context.args has ${name} };`;
    const loaded = engine.load(bundleOf(seedFiles({ "policies/more.cedar": named })));
    // Either the schema has no such attribute and the rule can never apply, or it is refused outright.
    assert.ok(!loaded.ok || loaded.policy.warnings.length > 0, name);
  }
});

test("trap: an evaluator that does not know gates denies what needs approval", () => {
  const projection = parseProjection(projectionOf({ args: prod }))!;
  assert.equal(engine.decide(seed, projectionBytes(projection)).decision, "REQUIRE_APPROVAL", "the control");
  assert.equal(cedarAlone(seedTexts["policies/main.cedar"]!, projection, seedTexts["schema.cedarschema"]), "deny");
  const allowed = parseProjection(projectionOf({}))!;
  assert.equal(
    cedarAlone(seedTexts["policies/main.cedar"]!, allowed, seedTexts["schema.cedarschema"]),
    "allow",
    "the control",
  );
});

test("trap: an engine that throws is broken for good, and denies", () => {
  const throwing = new Proxy(cedar, {
    get: (target, name) =>
      name === "statefulIsAuthorized"
        ? () => {
            throw new Error("memory access out of bounds");
          }
        : Reflect.get(target, name),
  });
  const bytes = projectionOf({});
  const other = engineOver(throwing);
  const loaded = other.load(seed.bundle);
  assert.ok(loaded.ok && !other.broken, "the control");
  assert.deepEqual(other.decide(loaded.policy, bytes), coreDenial("core:engine-unavailable"));
  assert.ok(other.broken);
  assert.deepEqual(other.decide(loaded.policy, bytes), coreDenial("core:engine-unavailable"));
  const refused = other.load(seed.bundle);
  assert.ok(!refused.ok && refused.unavailable);
});

test("bundle tests: run as the gate would, and say what differs", () => {
  assert.deepEqual(
    runBundleTests(engine, seed).map(({ passed }) => passed),
    [true, true],
  );
  const wrong = seedTexts["tests/seed.json"]!.replace("REQUIRE_APPROVAL", "ALLOW");
  const [first, second] = runBundleTests(engine, load(seedFiles({ "tests/seed.json": wrong })));
  assert.ok(first && !first.passed && second?.passed);
  assert.deepEqual(first.problems, ['decision is "REQUIRE_APPROVAL", expected "ALLOW"']);
});

test("schema: what every bundle's schema starts with is what a projection holds", () => {
  assert.ok(seedTexts["schema.cedarschema"]!.startsWith(schemaPrelude));
  assert.deepEqual(Object.keys(parseProjection(projectionOf({}))!.principal).sort(), ["agent", "owner", "team"]);
});
