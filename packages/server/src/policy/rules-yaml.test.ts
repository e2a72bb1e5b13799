import assert from "node:assert/strict";
import { test } from "node:test";
import { GENERATED_PATH, SUGAR_PATH } from "@countersign/evidence/rule-sugar";
import { compileRulesYaml, generatedFindings } from "./rules-yaml.ts";

const good = `# Prod waits.
rules:
  - id: allow-ops
    decision: allow
    reason: TEAM_SCOPE
    actions: [read, write]
    when: { team: sre }
  - id: approval-prod
    decision: require_approval
    reason: PROD_WRITE
    approvers: oncall_sre
    quorum: 1
    ttl: PT30M
    when:
      environment: prod
      args.cost_cents: { over: 500000 }
    unless:
      - args.dry_run: true
      - tags: { contains: drill }
`;
const utf8 = (text: string) => new TextEncoder().encode(text);
const compiled = (text: string) => {
  const outcome = compileRulesYaml(text);
  assert.ok(outcome.ok, JSON.stringify(outcome));
  return outcome.text;
};

test("rules.yaml: compiles to annotated Cedar", () => {
  const text = compiled(good);
  assert.match(text, /^\/\/ Made from rules\.yaml/);
  assert.match(
    text,
    /when \{ context\.args has cost_cents && context\.args\.cost_cents > 500000 && resource\.env == "prod" \}/,
  );
  assert.match(text, /unless \{ context\.risk\.tags\.contains\("drill"\) \};/);
});

test("rules.yaml: JSON is YAML, and says the same", () => {
  const json = JSON.stringify({
    rules: [
      { id: "allow-ops", decision: "allow", reason: "TEAM_SCOPE", actions: ["read", "write"], when: { team: "sre" } },
    ],
  });
  assert.equal(compiled(json), compiled(good.slice(0, good.indexOf("  - id: approval"))));
});

test("rules.yaml: words stay words", () => {
  const text = compiled(good.replace("team: sre", "team: no").replace("environment: prod", "environment: on"));
  assert.match(text, /principal\.team == "no"/, "YAML 1.1 would have read false");
  assert.match(text, /resource\.env == "on"/);
});

const refused: readonly [why: string, text: string, detail: RegExp, line?: number][] = [
  ["an alias", `${good}    severity: &a high\n    owner: *a\n`, /alias/, 20],
  ["an exploding alias", `a: &a [x,x]\nb: &b [*a,*a]\nrules: *b\n`, /alias/, 1],
  ["a tag", good.replace("id: allow-ops", "id: !!binary aGVsbG8="), /tag/i, 3],
  ["a made-up tag", good.replace("id: allow-ops", "id: !js/function x"), /tag/i, 3],
  ["a merge", `x: &x {a: 1}\nrules:\n  - <<: *x\n`, /alias/, 1],
  ["a key twice", good.replace("    reason: TEAM_SCOPE", "    reason: TEAM_SCOPE\n    reason: OTHER"), /unique/i, 6],
  ["a second document", `${good}---\nrules: []\n`, /document/i, 20],
  ["a name that is no text", "rules: []\n1: x\n", /no text/],
  ["a member nobody knows", good.replace("quorum", "quorom"), /\/rules\/1\/quorom is not a member/, 12],
  ["a fraction", good.replace("500000", "5e-1"), /over must be an integer/, 16],
  ["not a number", good.replace("500000", ".nan"), /over must be an integer/, 16],
  ["nothing", "", /must be an object/],
  ["a tab for indentation", "rules:\n\t- id: x\n", /tab/i, 2],
  ["broken YAML", "rules: [\n", /./],
  ["a thousand brackets", "[".repeat(1000), /too deep/],
  ["a thousand blocks", Array.from({ length: 1000 }, (_, i) => `${" ".repeat(i)}a:\n`).join(""), /too deep/],
  ["a thousand lists on one line", `${"- ".repeat(1000)}x`, /too deep/],
  ["a thousand keys on one line", `${"? ".repeat(1000)}x`, /too deep/],
];
for (const [why, text, detail, line] of refused) {
  test(`rules.yaml: refused for ${why}`, () => {
    const outcome = compileRulesYaml(text);
    assert.ok(!outcome.ok, "it was taken");
    const [finding] = outcome.findings;
    assert.deepEqual([finding!.code, finding!.path], ["rules-malformed", SUGAR_PATH]);
    assert.match(finding!.detail, detail);
    if (line !== undefined) assert.equal(finding!.line, line);
  });
}

test("rules.yaml: the generated file must be what it compiles to", () => {
  const files = (sugar: string | undefined, generated: string | undefined) => ({
    files: new Map([
      ...(sugar === undefined ? [] : [[SUGAR_PATH, utf8(sugar)] as const]),
      ...(generated === undefined ? [] : [[GENERATED_PATH, utf8(generated)] as const]),
    ]),
  });
  const codes = (bundle: ReturnType<typeof files>) => generatedFindings(bundle).map(({ code }) => code);
  assert.deepEqual(codes(files(undefined, undefined)), []);
  assert.deepEqual(codes(files(good, compiled(good))), []);
  assert.deepEqual(codes(files(good, `${compiled(good)} `)), ["generated-differs"]);
  assert.deepEqual(codes(files(good, compiled(good).replace("500000", "900000"))), ["generated-differs"]);
  assert.deepEqual(codes(files(good, undefined)), ["generated-differs"]);
  assert.deepEqual(codes(files(undefined, compiled(good))), ["generated-differs"]);
  assert.deepEqual(codes(files("rules: 7", compiled(good))), ["rules-malformed"]);
});
