import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ActionBlock, DeclaredScope } from "./event.ts";
import { aboveCeiling, capabilityCovers, globMatches, limitFault, scopeFault, subsetFault } from "./scope.ts";

/** The grammar's definition by another road: a pattern as an anchored regular expression. */
function reference(pattern: string): RegExp {
  const parts = pattern
    .replace(/[^*]/g, (character) => character.replace(/[\\^$.|?+()[\]{}/]/g, "\\$&"))
    .replace(/\*+/g, (stars) => (stars.length > 1 ? "[^]*" : "[^/]*"));
  return new RegExp(`^${parts}$`);
}

const patterns = fc.string({ unit: fc.constantFrom("a", "b", "/", "*", "."), maxLength: 12 });
const texts = fc.string({ unit: fc.constantFrom("a", "b", "/", "."), maxLength: 14 });

test("glob: the same answer as an anchored regular expression", () => {
  fc.assert(
    fc.property(patterns, texts, (pattern, text) => {
      assert.equal(globMatches(pattern, text), reference(pattern).test(text), `${pattern} on ${text}`);
    }),
    { numRuns: 5000 },
  );
});

test("glob: a text built to make backtracking explode is answered", () => {
  const pattern = `${"a*".repeat(128)}**${"*b".repeat(100)}c`;
  const text = "a".repeat(512);
  // 512 × 459 steps; a matcher that backtracks would not come back.
  assert.equal(globMatches(pattern, text), false);
  assert.equal(globMatches(`${pattern}**`, `${text}${"b".repeat(100)}c`), true);
});

test("glob: rows", () => {
  const rows: [pattern: string, text: string, matches: boolean][] = [
    ["prod/*", "prod/vpc-1", true],
    ["prod/*", "prod/eu/vpc-1", false],
    ["prod/**", "prod/eu/vpc-1", true],
    ["prod/**", "prod/", true],
    ["prod/**", "prod", false],
    ["**", "", true],
    ["*", "a/b", false],
    ["a.c", "abc", false],
    ["[ab]", "a", false],
    ["***", "a/b", true],
    ["", "", true],
    ["", "a", false],
    ["vpc-?", "vpc-1", false],
  ];
  for (const [pattern, text, matches] of rows)
    assert.equal(globMatches(pattern, text), matches, `${pattern} on ${text}`);
});

test("capability: covers itself and what is below it at a dot, nothing else", () => {
  const rows: [granted: string, capability: string, covers: boolean][] = [
    ["fs", "fs", true],
    ["fs", "fs.read", true],
    ["fs.read", "fs", false],
    ["fs", "fsx", false],
    ["fs", "fsx.read", false],
    ["fs.read", "fs.read.all", true],
    ["fs.re", "fs.read", false],
  ];
  for (const [granted, capability, covers] of rows) {
    assert.equal(capabilityCovers(granted, capability), covers, `${granted} over ${capability}`);
  }
  assert.equal(aboveCeiling(["fs.read", "infra"], ["fs", "infra.read"])?.rule, "core:above-ceiling");
  assert.equal(aboveCeiling(["fs.read"], ["fs"]), undefined);
  assert.equal(aboveCeiling(["fs.read"], [])?.code, "execution-above-ceiling");
});

const ACTION: ActionBlock = {
  capability: "fs.write",
  tool: "write_file",
  target: { system: "fs", resource: "workspace/a.txt", environment: "dev" },
};
const SCOPE: DeclaredScope = { capabilities: ["fs"] };

test("scope: each limit is its own rule, and a scope that does not name a limit does not set it", () => {
  const rows: [scope: Partial<DeclaredScope>, rule: string | undefined][] = [
    [{}, undefined],
    [{ capabilities: ["fs.read"] }, "core:capability-not-declared"],
    [{ capabilities: [] }, "core:capability-not-declared"],
    [{ tools: ["write_file"] }, undefined],
    [{ tools: ["read_file"] }, "core:tool-not-declared"],
    [{ tools: [] }, "core:tool-not-declared"],
    [{ resources: [{ pattern: "workspace/*" }] }, undefined],
    [{ resources: [{ pattern: "workspace/*", system: "s3" }] }, "core:resource-out-of-scope"],
    [{ resources: [{ pattern: "workspace/*", environment: "prod" }] }, "core:resource-out-of-scope"],
    [{ resources: [{ pattern: "other/*" }, { pattern: "**", environment: "dev" }] }, undefined],
    [{ resources: [] }, "core:resource-out-of-scope"],
    [{ data_classes: ["public"] }, "core:data-class-not-declared"],
    [{ data_classes: ["public", "personal"] }, undefined],
  ];
  for (const [scope, rule] of rows) {
    const found = scopeFault({ ...SCOPE, ...scope }, { action: ACTION, dataClasses: ["personal"] });
    assert.equal(found?.rule, rule, JSON.stringify(scope));
  }
  const nowhere = { ...ACTION, target: { system: "fs", resource: "workspace/a.txt" } };
  const dev = { ...SCOPE, resources: [{ pattern: "**", environment: "dev" }] };
  assert.equal(
    scopeFault(dev, { action: nowhere })?.rule,
    "core:resource-out-of-scope",
    "a target that says no environment",
  );
});

test("limits: a budget may be used up and not passed; wall time and expiry end the run", () => {
  const start = "2026-04-01T14:00:00.000Z";
  const used = { actions: 3, cents: 500, bytes: 10 };
  const rows: [scope: Partial<DeclaredScope>, now: string, rule: string | undefined][] = [
    [{ budgets: { actions: 3, cents: 500, bytes: 10 } }, start, undefined],
    [{ budgets: { actions: 2 } }, start, "core:budget-exceeded"],
    [{ budgets: { cents: 499 } }, start, "core:budget-exceeded"],
    [{ budgets: { bytes: 9 } }, start, "core:budget-exceeded"],
    [{ budgets: { wall_ms: 1000 } }, "2026-04-01T14:00:01.000Z", undefined],
    [{ budgets: { wall_ms: 1000 } }, "2026-04-01T14:00:01.001Z", "core:budget-exceeded"],
    [{ expires_at: "2026-04-01T14:00:01.000Z" }, "2026-04-01T14:00:01.000Z", undefined],
    [{ expires_at: "2026-04-01T14:00:01.000Z" }, "2026-04-01T14:00:01.001Z", "core:run-expired"],
  ];
  for (const [scope, now, rule] of rows) {
    assert.equal(limitFault({ ...SCOPE, ...scope }, used, start, now)?.rule, rule, JSON.stringify([scope, now]));
  }
});

test("subset: rows", () => {
  const parent: DeclaredScope = {
    capabilities: ["fs", "infra.read"],
    tools: ["read_file", "write_file"],
    resources: [{ pattern: "prod/**" }, { system: "fs", pattern: "workspace/*" }],
    data_classes: ["public", "internal"],
    budgets: { actions: 10 },
    expires_at: "2026-04-01T15:00:00.000Z",
  };
  const child: DeclaredScope = { ...parent, capabilities: ["fs.read"] };
  const rows: [change: Partial<DeclaredScope>, rule: string | undefined][] = [
    [{}, undefined],
    [{ capabilities: ["infra"] }, "core:capability-not-declared"],
    [{ tools: ["exec"] }, "core:tool-not-declared"],
    [{ resources: [{ pattern: "prod/eu/*" }] }, undefined],
    [{ resources: [{ pattern: "prod/**/x" }] }, undefined],
    [{ resources: [{ pattern: "**" }] }, "core:resource-out-of-scope"],
    [{ resources: [{ pattern: "prod*/**" }] }, "core:resource-out-of-scope"],
    [{ resources: [{ system: "fs", pattern: "workspace/*" }] }, undefined],
    [{ resources: [{ system: "fs", pattern: "workspace/**" }] }, "core:resource-out-of-scope"],
    [{ resources: [{ pattern: "workspace/a" }] }, "core:resource-out-of-scope"],
    [{ data_classes: ["secret"] }, "core:data-class-not-declared"],
    [{ budgets: { actions: 11 } }, "core:budget-exceeded"],
    [{ budgets: {} }, "core:budget-exceeded"],
    [{ expires_at: "2026-04-01T15:00:00.001Z" }, "core:run-expired"],
  ];
  for (const [change, rule] of rows)
    assert.equal(subsetFault({ ...child, ...change }, parent)?.rule, rule, JSON.stringify(change));
  for (const member of ["tools", "resources", "data_classes", "budgets", "expires_at"] as const) {
    const { [member]: _, ...without } = child;
    assert.notEqual(subsetFault(without, parent), undefined, `a child without ${member}`);
  }
});

test("subset: a pattern that passes for narrower matches nothing the wider does not", () => {
  let narrower = 0;
  fc.assert(
    fc.property(patterns, patterns, fc.array(texts, { minLength: 5, maxLength: 20 }), (inner, outer, samples) => {
      const scope = (pattern: string): DeclaredScope => ({ capabilities: ["fs"], resources: [{ pattern }] });
      fc.pre(inner !== "" && outer !== "");
      if (subsetFault(scope(inner), scope(outer)) !== undefined) return;
      narrower++;
      for (const text of samples) {
        if (globMatches(inner, text)) assert.ok(globMatches(outer, text), `${inner} in ${outer}: ${text}`);
      }
    }),
    { numRuns: 5000 },
  );
  assert.ok(narrower > 50, "some pairs were subsets");
});
