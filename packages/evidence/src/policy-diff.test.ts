import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { bundleOf, seedFiles, seedTexts } from "../../../tools/seed-bundle.ts";
import { type LoadedPolicy, loadEngine, type PolicyEngine } from "./decide.ts";
import { diffLines, formatDiff } from "./line-diff.ts";
import { policyDiff } from "./policy-diff.ts";

let engine: PolicyEngine;
let seed: LoadedPolicy;
before(async () => {
  engine = await loadEngine();
  seed = load({});
});

function load(changes: Readonly<Record<string, string>>): LoadedPolicy {
  const loaded = engine.load(bundleOf(seedFiles(changes)));
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.policy;
}

const rules = seedTexts["policies/main.cedar"]!;

test("diff: a policy differs from itself in nothing", () => {
  assert.deepEqual(policyDiff(seed, seed), {
    from: seed.digest,
    to: seed.digest,
    rules: [],
    unchanged_rules: 4,
    files: [],
  });
});

test("diff: comments and white space change no rule", () => {
  const diff = policyDiff(seed, load({ "policies/main.cedar": `// hello\n\n${rules.replaceAll("  ", " ")}` }));
  assert.notEqual(diff.to, diff.from);
  assert.deepEqual([diff.rules, diff.unchanged_rules, diff.files], [[], 4, []]);
});

test("diff: a rule's limit, an added and a removed rule, a contract", () => {
  const changed = load({
    "policies/main.cedar": `${rules.replace("500000", "300000").replace(/@id\("deny-exfil"\)[^;]*;/, "")}
@id("deny-web") @decision("deny") @reason("RISK_EXFILTRATION") forbid (principal, action, resource) when { principal.team == "web" };`,
    "tools/status.json": seedTexts["tools/status.json"]!.replace('"any"', '"all"'),
  });
  const diff = policyDiff(seed, changed);
  assert.deepEqual(
    diff.rules.map(({ id, change }) => [id, change]),
    [
      ["approval-large-spend", "changed"],
      ["deny-exfil", "removed"],
      ["deny-web", "added"],
    ],
  );
  assert.equal(diff.unchanged_rules, 2);
  assert.deepEqual(
    diff.files.map(({ path, change }) => [path, change]),
    [["tools/status.json", "changed"]],
  );
  const [spend, exfil, web] = diff.rules;
  assert.deepEqual(
    spend!.lines.filter(({ sign }) => sign !== " ").map(({ sign, text }) => sign + /> \d+/.exec(text)?.[0]),
    ["-> 500000", "+> 300000"],
  );
  assert.deepEqual([exfil!.to, web!.from], [null, null]);
  assert.ok(exfil!.lines.every(({ sign }) => sign === "-") && web!.lines.every(({ sign }) => sign === "+"));
});

test("diff: an annotation is part of a rule", () => {
  const diff = policyDiff(seed, load({ "policies/main.cedar": rules.replace('@quorum("2")', '@quorum("1")') }));
  assert.deepEqual(
    diff.rules.map(({ id }) => id),
    ["approval-large-spend"],
  );
});

test("diff: against nothing, everything is added", () => {
  const diff = policyDiff(undefined, seed);
  assert.equal(diff.from, null);
  assert.ok(diff.rules.length === 4 && diff.rules.every(({ change }) => change === "added"));
  assert.ok(diff.files.some(({ path }) => path === "tools/terraform.json"));
});

test("line diff: both texts can be read back from it", () => {
  const text = fc
    .array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 12 })
    .map((lines) => lines.map((line) => `${line}\n`).join(""));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = diffLines(before, after);
      const side = (sign: string) =>
        lines
          .filter((line) => line.sign === " " || line.sign === sign)
          .map((line) => `${line.text}\n`)
          .join("");
      assert.deepEqual([side("-"), side("+")], [before, after]);
      if (before === after) assert.ok(lines.every(({ sign }) => sign === " "));
    }),
  );
});

test("line diff: one inserted line is one changed line, and texts too long for a table are still read back", () => {
  assert.deepEqual(formatDiff(diffLines("a\nb\nc\nd\ne\nf\ng\n", "a\nb\nc\nd\nX\ne\nf\ng\n"), 1), [
    "  d",
    "+ X",
    "  e",
  ]);
  assert.deepEqual(formatDiff(diffLines("a\nb\nc\nd\ne\n", "A\nb\nc\nd\nE\n"), 0), ["- a", "+ A", "…", "- e", "+ E"]);
  const long = (mark: string) => Array.from({ length: 3000 }, (_, i) => `${mark}${i}\n`).join("");
  assert.equal(diffLines(long("a"), long("b")).length, 6000);
});
