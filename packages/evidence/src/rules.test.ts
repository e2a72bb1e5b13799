import assert from "node:assert/strict";
import { before, test } from "node:test";
import { bundleOf, formatFindings, seedFiles, seedTexts } from "../../../tools/seed-bundle.ts";
import { type Cedar, loadCedar } from "./cedar.ts";
import { loadEngine, type PolicyEngine } from "./decide.ts";
import type { FindingCode, PolicyFinding } from "./policy-finding.ts";
import { parseRules } from "./rules.ts";

let engine: PolicyEngine;
let cedar: Cedar;
before(async () => {
  engine = await loadEngine();
  cedar = await loadCedar();
});

const schema = seedTexts["schema.cedarschema"]!;

/** What loading finds in the seed with a rule more, or with other files replaced. */
function findings(change: Readonly<Record<string, string>>): readonly PolicyFinding[] {
  const loaded = engine.load(bundleOf(seedFiles(change)));
  assert.ok(!engine.broken);
  return loaded.ok ? loaded.policy.warnings : loaded.findings;
}

const more = (rule: string) => ({ "policies/more.cedar": rule });
const allow = (condition: string) =>
  `@id("x") @decision("allow") @reason("TEAM_SCOPE")\npermit (principal, action, resource) when { ${condition} };`;
const deny = (annotations: string) => `@id("x") @decision("deny") ${annotations} forbid (principal, action, resource);`;
const gate = (annotations: string) =>
  `@id("x") @decision("require_approval") @reason("PROD_WRITE") ${annotations} forbid (principal, action, resource);`;

test("rules: are read one by one, with their annotations, sorted by id", () => {
  const { rules, findings: found } = parseRules(cedar, bundleOf(seedFiles()));
  assert.deepEqual(found, []);
  assert.deepEqual(
    rules.map(({ id, decision, line, actions }) => [id, decision, line, actions]),
    [
      ["allow-ops-agents", "ALLOW", 2, ["read", "write"]],
      ["approval-large-spend", "REQUIRE_APPROVAL", 13, ["write"]],
      ["approval-prod-write", "REQUIRE_APPROVAL", 7, ["write"]],
      ["deny-exfil", "DENY", 17, undefined],
    ],
  );
  const gates = rules.map((rule) => rule.requirement).filter((one) => one !== undefined);
  assert.deepEqual(gates, [
    {
      rule: "approval-large-spend",
      approvers: "role:finance",
      quorum: 2,
      ttl: "PT4H",
      separation: ["requester", "on_behalf_of", "agent_owner"],
    },
    {
      rule: "approval-prod-write",
      approvers: "role:oncall_sre",
      quorum: 1,
      ttl: "PT30M",
      separation: ["requester", "on_behalf_of", "agent_owner"],
    },
  ]);
  assert.deepEqual(rules[0]!.obligations, ["log_args:redacted", "max_runtime_ms:600000"]);
});

test("rules: a rule's digest is blind to white space and comments, not to annotations or conditions", () => {
  const digestOfRule = (text: string) =>
    parseRules(cedar, bundleOf(seedFiles(more(text)))).rules.find(({ id }) => id === "x")!.digest;
  const rule = allow("context.args has cost_cents");
  const digest = digestOfRule(rule);
  assert.equal(digestOfRule(rule.replaceAll(" ", "\n\n ").replace("when", "// why\nwhen")), digest);
  assert.notEqual(digestOfRule(rule.replace("TEAM_SCOPE", 'TEAM_SCOPE") @owner("me')), digest);
  assert.notEqual(digestOfRule(rule.replace("cost_cents", "dry_run")), digest);
});

test("rules: an annotation adds to the separation of duties and never takes away", () => {
  const separationOf = (annotations: string) => {
    const text = gate(`@approvers("role:finance") @quorum("1") @ttl("PT1H") ${annotations}`);
    return parseRules(cedar, bundleOf(seedFiles(more(text)))).rules.find(({ id }) => id === "x")!.requirement!
      .separation;
  };
  const always = ["requester", "on_behalf_of", "agent_owner"];
  assert.deepEqual(separationOf(""), always);
  assert.deepEqual(separationOf('@separation("requester")'), always);
  assert.deepEqual(separationOf('@separation("author")'), [...always, "author"]);
  assert.deepEqual(separationOf('@severity("critical")'), [...always, "author"]);
});

/** Each is the seed, which loads without a finding, with one thing wrong. */
const rows: readonly [
  why: string,
  change: Readonly<Record<string, string>>,
  code: FindingCode,
  detail: RegExp,
  line?: number,
][] = [
  [
    "a rule that does not parse",
    more(`// a comment\n\n${allow("context.args.cost_cents > ")}`),
    "cedar-syntax",
    /unexpected token/,
    4,
  ],
  [
    "an umlaut before a mistake",
    more(`// äöü\n${allow("context.args.cost_cents >> 1")}`),
    "cedar-syntax",
    /unexpected token/,
    3,
  ],
  ["a template", more("permit (principal == ?principal, action, resource);"), "template-not-allowed", /stands/, 1],
  ["a misspelt attribute", more(allow('resource.envv == "x"')), "type-error", /did you mean `env`/, 1],
  [
    "a misspelt argument",
    more(
      `@id("x") @decision("deny") @reason("RISK_EXFILTRATION") forbid (principal, action == Action::"infra.change.apply", resource) when { context.args.amout_cents > 1 };`,
    ),
    "type-error",
    /amout_cents/,
    1,
  ],
  ["text compared with a number", more(allow('context.cost_cents == "1"')), "type-error", /types/, 1],
  ["a method there is not", more(allow('resource.id.matches("^(a+)+$")')), "cedar-syntax", /matches/, 2],
  ["no id", more(allow("true").replace('@id("x")', "")), "id-missing", /@id/],
  [
    "an id of the gate's own",
    more(deny('@reason("RISK_EXFILTRATION")').replace('"x"', '"core:default-deny"')),
    "id-malformed",
    /core/,
  ],
  ["an id in capitals", more(allow("true").replace('"x"', '"X"')), "id-malformed", /X/],
  [
    "one id twice",
    more(deny('@reason("RISK_EXFILTRATION")').replace('"x"', '"deny-exfil"')),
    "id-twice",
    /policies\/main\.cedar:17/,
  ],
  [
    "an annotation nobody knows",
    more(allow("true").replace("@decision", "@decison")),
    "annotation-unknown",
    /did you mean @decision/,
  ],
  [
    "break-glass of what is allowed",
    more(allow("true").replace("@reason", '@breakglass("PT30M") @reason')),
    "annotation-misplaced",
    /breakglass/,
  ],
  ["no decision", more(allow("true").replace('@decision("allow")', "")), "annotation-missing", /decision/],
  ["a decision there is not", more(allow("true").replace('"allow"', '"log"')), "annotation-malformed", /log/],
  [
    "approval asked for by a permit",
    more(gate('@approvers("role:finance") @quorum("1") @ttl("PT1H")').replace("forbid", "permit")),
    "effect-differs",
    /permit/,
  ],
  ["a permit that denies", more(allow("true").replace('"allow"', '"deny"')), "effect-differs", /permit/],
  ["no reason", more(deny("")), "annotation-missing", /reason/],
  ["a reason out of the catalogue", more(deny('@reason("BECAUSE")')), "reason-unknown", /BECAUSE/],
  ["a reason for something else", more(deny('@reason("TEAM_SCOPE")')), "reason-class-differs", /allow/],
  [
    "a severity there is not",
    more(deny('@reason("RISK_EXFILTRATION") @severity("bad")')),
    "annotation-malformed",
    /bad/,
  ],
  ["a gate that asks nobody", more(gate('@quorum("1") @ttl("PT1H")')), "annotation-missing", /approvers/],
  ["a gate without a quorum", more(gate('@approvers("role:finance") @ttl("PT1H")')), "annotation-missing", /quorum/],
  ["a gate without an end", more(gate('@approvers("role:finance") @quorum("1")')), "annotation-missing", /ttl/],
  [
    "a gate that asks one person",
    more(gate('@approvers("usr_1") @quorum("1") @ttl("PT1H")')),
    "annotation-malformed",
    /role:name/,
  ],
  [
    "a role out of the catalogue",
    more(gate('@approvers("role:board") @quorum("1") @ttl("PT1H")')),
    "role-unknown",
    /board/,
  ],
  [
    "a quorum of nobody",
    more(gate('@approvers("role:finance") @quorum("0") @ttl("PT1H")')),
    "annotation-malformed",
    /quorum/,
  ],
  [
    "a wait in months",
    more(gate('@approvers("role:finance") @quorum("1") @ttl("P1M")')),
    "annotation-malformed",
    /ttl/,
  ],
  [
    "a wait of a year",
    more(gate('@approvers("role:finance") @quorum("1") @ttl("P365D")')),
    "annotation-malformed",
    /30 days/,
  ],
  [
    "a separation there is not",
    more(gate('@approvers("role:finance") @quorum("1") @ttl("PT1H") @separation("requester,nobody")')),
    "annotation-malformed",
    /nobody/,
  ],
  [
    "an escalation when the wait is over",
    more(gate('@approvers("role:finance") @quorum("1") @ttl("PT1H") @escalate("PT1H role:oncall_sre")')),
    "annotation-malformed",
    /escalate/,
  ],
  [
    "an escalation at once",
    more(gate('@approvers("role:finance") @quorum("1") @ttl("PT1H") @escalate("PT0S role:oncall_sre")')),
    "annotation-malformed",
    /escalate/,
  ],
  [
    "an escalation to the role asked already",
    more(gate('@approvers("role:finance") @quorum("1") @ttl("PT1H") @escalate("PT10M role:finance")')),
    "annotation-malformed",
    /another role/,
  ],
  [
    "an escalation to one person",
    more(gate('@approvers("role:finance") @quorum("1") @ttl("PT1H") @escalate("PT10M usr_1")')),
    "annotation-malformed",
    /escalate/,
  ],
  [
    "an escalation out of the catalogue",
    more(gate('@approvers("role:finance") @quorum("1") @ttl("PT1H") @escalate("PT10M role:board")')),
    "role-unknown",
    /board/,
  ],
  [
    "break-glass without an end",
    more(gate('@approvers("role:finance") @quorum("1") @ttl("PT1H") @breakglass("true")')),
    "annotation-malformed",
    /breakglass/,
  ],
  [
    "break-glass for longer than an hour",
    more(gate('@approvers("role:finance") @quorum("1") @ttl("PT1H") @breakglass("PT61M")')),
    "annotation-malformed",
    /PT1H/,
  ],
  [
    "an escalation of a denial",
    more(deny('@reason("RISK_EXFILTRATION") @escalate("PT10M role:finance")')),
    "annotation-misplaced",
    /escalate/,
  ],
  [
    "approvers of a denial",
    more(deny('@reason("RISK_EXFILTRATION") @approvers("role:finance")')),
    "annotation-misplaced",
    /approvers/,
  ],
  [
    "obligations of a denial",
    more(deny('@reason("RISK_EXFILTRATION") @obligations("log:all")')),
    "annotation-misplaced",
    /obligations/,
  ],
  [
    "an obligation in prose",
    more(allow("true").replace("@reason", '@obligations("please be careful") @reason')),
    "annotation-malformed",
    /obligations/,
  ],
  ["a multiplication", more(allow("context.cost_cents * 2 > 5")), "multiplication", /add or subtract/],
  [
    "a number that loses its last digits",
    more(allow("context.cost_cents == 9007199254740993")),
    "number-too-large",
    /2\^53/,
  ],
  ["an action in a condition", more(allow('action == Action::"infra.status"')), "action-in-condition", /scope/],
  [
    "a rule for no tool",
    more(allow("true").replace("action,", 'action in Action::"delete",')),
    "rule-without-tool",
    /no contract/,
  ],
  [
    "a rule for an action there is not",
    more(allow("true").replace("action,", 'action == Action::"infra.destroy",')),
    "rule-without-tool",
    /no contract/,
  ],
  [
    "no reason to reject with",
    { "catalog/reasons.json": seedTexts["catalog/reasons.json"]!.replace('"reject"', '"approve"') },
    "vote-reasons-missing",
    /reject/,
  ],
  ["a schema that does not parse", { "schema.cedarschema": `${schema}entity {` }, "schema-invalid", /pars/],
  [
    "a schema with a namespace",
    { "schema.cedarschema": `namespace Acme { ${schema} }` },
    "schema-invalid",
    /namespace/,
  ],
  [
    "a schema that names what is not",
    { "schema.cedarschema": schema.replace("risk: Risk", "risk: Danger") },
    "schema-invalid",
    /Danger/,
  ],
  [
    "a schema without the contract's action",
    { "schema.cedarschema": schema.replaceAll("infra.status", "infra.state") },
    "contract-schema-differs",
    /infra\.status/,
  ],
  [
    "an action outside its verb's group",
    { "schema.cedarschema": schema.replace('"infra.status" in [read]', '"infra.status" in [write]') },
    "contract-verb-differs",
    /read/,
  ],
  [
    "an argument the schema does not have",
    {
      "schema.cedarschema": schema.replace(
        "{ cost_cents: Long, dry_run: Bool }",
        "{ cost_cents: Long, dry_run: Bool, more: Long }",
      ),
    },
    "contract-schema-differs",
    /expected the record to have|not valid/,
  ],
  [
    "an argument of another type",
    {
      "tools/terraform.json": seedTexts["tools/terraform.json"]!.replace(
        '"fn":"cents","from":"/cost","default":0',
        '"fn":"string","from":"/vpc"',
      ),
    },
    "contract-schema-differs",
    /expected the record to have|not valid/,
  ],
  [
    "an optional argument the schema counts on",
    { "tools/terraform.json": seedTexts["tools/terraform.json"]!.replace('"default":0', '"optional":true') },
    "contract-schema-differs",
    /expected the record to have|not valid/,
  ],
  [
    "a target without its environment",
    { "schema.cedarschema": schema.replace(" env: String,", "") },
    "type-error",
    /env/,
  ],
  ["a rule that can never apply", more(allow("false")), "never-applies", /impossible/],
];

test("rules: the seed is without a finding", () => {
  assert.deepEqual(findings({}), []);
});

for (const [why, change, code, detail, line] of rows) {
  test(`rules: refused for ${why}: ${code}`, () => {
    const found = findings(change);
    const finding = found.find((one) => one.code === code);
    assert.ok(finding, formatFindings(found));
    assert.match(finding.detail, detail);
    if (line !== undefined) assert.equal(finding.line, line);
  });
}

test("rules: seventeen gates over one tool are one too many, and so are thirty-three obligations", () => {
  const gates = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      gate('@approvers("role:finance") @quorum("1") @ttl("PT1H")').replace('"x"', `"x${i}"`),
    ).join("\n");
  // Two gates of the seed apply to terraform, none to status.
  assert.deepEqual(findings(more(gates(14))), []);
  assert.deepEqual(
    findings(more(gates(15))).map(({ code }) => code),
    ["too-many-gates"],
  );
  const obliged = (count: number) =>
    allow("true").replace(
      "@reason",
      `@obligations("${Array.from({ length: count }, (_, i) => `o${i}`).join(";")}") @reason`,
    );
  assert.deepEqual(findings(more(obliged(30))), []);
  assert.deepEqual(
    findings(more(obliged(31))).map(({ code }) => code),
    ["too-many-obligations", "too-many-obligations"], // of both tools
  );
});

test("rules: Cedar alone takes two rules of one @id, and calls them by other names", () => {
  const twice = `${allow("true")}\n${allow("false")}`;
  const parts = cedar.policySetTextToParts(twice);
  assert.equal(parts.type, "success", "the control: without our check it would pass");
  const parsed = parseRules(cedar, bundleOf(seedFiles(more(twice))));
  assert.ok(parsed.findings.some(({ code }) => code === "id-twice"));
  // Diagnostics of a set given as text name policy0, policy1…; ours name the @id.
  const asText = cedar.isAuthorized({
    principal: { type: "Agent", id: "a" },
    action: { type: "Action", id: "t" },
    resource: { type: "Target", id: "r" },
    context: {},
    entities: [],
    policies: { staticPolicies: allow("true") },
  });
  assert.deepEqual(asText.type === "success" && asText.response.diagnostics.reason, ["policy0"]);
});

test("rules: Cedar's own JSON gives two different numbers one digest, which is why such numbers are refused", () => {
  const json = (n: string) =>
    JSON.stringify(cedar.policyToJson(`permit (principal, action, resource) when { context.n == ${n} };`));
  assert.equal(json("9007199254740993"), json("9007199254740992"), "the control");
  assert.notEqual(json("9007199254740991"), json("9007199254740990"));
});

test("rules: no more than a thousand", () => {
  const file = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => allow("true").replace('"x"', `"x${from + i}"`)).join("\n");
  const found = findings({ "policies/a.cedar": file(0, 600), "policies/b.cedar": file(600, 600) });
  assert.ok(
    found.some(({ code }) => code === "too-many-rules"),
    formatFindings(found),
  );
});
