import assert from "node:assert/strict";
import { test } from "node:test";
import { highestSeverity, ruleTextsOf } from "./rule-text.ts";

const TEXT = `// A comment with @id("not-a-rule");
@id("one") @severity("high") @reason("A") // why; and more
permit (principal, action, resource)
when { context.note == "; @id(\\"nested\\")" && [1, 2].contains(1) };

@id("two")
forbid (principal, action, resource);
@severity("critical") @id("three") forbid (principal, action, resource) when { context has x };`;
const bundle = { policies: [{ path: "policies/a.cedar", text: TEXT }] };

test("rule text: each rule from its first annotation to its semicolon, strings and comments notwithstanding", () => {
  const [three, one, two] = ruleTextsOf(bundle, ["three", "one", "two"]);
  assert.equal(three?.text.startsWith('@severity("critical") @id("three")'), true);
  assert.equal(one?.text.startsWith('@id("one")'), true);
  assert.equal(one?.text.endsWith("contains(1) };"), true);
  assert.equal(two?.text, '@id("two")\nforbid (principal, action, resource);');
  assert.deepEqual(
    [three, one, two].map((rule) => rule?.severity),
    ["critical", "high", undefined],
  );
});

test("rule text: what the bundle does not have is left out, and text inside strings or comments is no rule", () => {
  assert.deepEqual(ruleTextsOf(bundle, ["nested", "not-a-rule", "four"]), []);
  assert.equal(ruleTextsOf(bundle, ["one", "four"]).length, 1); // control
});

test("rule text: the highest severity counts, and none is none", () => {
  assert.equal(highestSeverity(ruleTextsOf(bundle, ["one", "two", "three"])), "critical");
  assert.equal(highestSeverity(ruleTextsOf(bundle, ["one", "two"])), "high");
  assert.equal(highestSeverity(ruleTextsOf(bundle, ["two"])), undefined);
});
