/**
 * Whether a bundle's tests say what its rules are for: every rule matches in one and does not in another, and no rule can
 * be dropped, turned round or moved without a test failing. Spec: spec/policy.md, "Lint".
 */
import type { BundleTest } from "./bundle-shapes.ts";
import { testProblems, testProjection } from "./bundle-tests.ts";
import type { Cedar, RuleJson } from "./cedar.ts";
import { combine, type LoadedPolicy } from "./decide.ts";
import { type PolicyFinding, policyFinding } from "./policy-finding.ts";
import type { ToolSlice } from "./policy-index.ts";
import type { Projection } from "./projection.ts";
import { type Matches, matchesOf, ruleJsons } from "./rule-matches.ts";
import { type Mutant, mutantsOf } from "./rule-mutants.ts";
import type { Rule } from "./rules.ts";

/** Findings about a policy whose tests all pass. Throws only when the engine traps. */
export function coverageFindings(cedar: Cedar, policy: LoadedPolicy): readonly PolicyFinding[] {
  const jsons = ruleJsons(policy.rules);
  const marks = new Map(policy.rules.map((rule) => [rule.id, newMarks(jsons.get(rule.id)!)])); // one for each rule
  const byTool = Map.groupBy(policy.bundle.tests, ({ test }) => test.request.tool);
  for (const [tool, slice] of policy.slices) {
    const asked = (byTool.get(tool) ?? []).flatMap(({ test }) => {
      const projected = testProjection(policy, test);
      return "denied" in projected ? [] : [{ test, projection: projected.projection }];
    });
    markTool(cedar, slice, jsons, asked, marks);
  }
  return policy.rules.flatMap((rule) => findingsOf(rule, marks.get(rule.id)!, policy)); // one for each rule
}

/** What the tests have shown of one rule. */
type Marks = {
  readonly json: RuleJson;
  readonly mutants: readonly Mutant[];
  /** Mutants no test has noticed yet, by their place in `mutants`. */
  readonly alive: Set<number>;
  /** Whether no test fails without the rule. */
  isIdle: boolean;
  /** Tests in which it matched. */
  matches: number;
  /** Whether it was evaluated for a tool in its scope and did not match. */
  isRefuted: boolean;
};

function newMarks(json: RuleJson): Marks {
  const mutants = mutantsOf(json);
  return { json, mutants, alive: new Set(mutants.keys()), isIdle: true, matches: 0, isRefuted: false };
}

type Asked = { readonly test: BundleTest; readonly projection: Projection };

function markTool(
  cedar: Cedar,
  slice: ToolSlice,
  jsons: ReadonlyMap<string, RuleJson>,
  asked: readonly Asked[],
  marks: ReadonlyMap<string, Marks>,
): void {
  if (asked.length === 0) return;
  const projections = asked.map(({ projection }) => projection);
  const own = new Map(slice.rules.map(({ id }) => [id, jsons.get(id)!])); // one for each rule
  const before = matchesOf(cedar, slice, own, projections);
  const changed = new Map(
    slice.rules.flatMap(({ id }) => {
      const { mutants, alive } = marks.get(id)!;
      return [...alive].map((n) => [mutantId(id, n), mutants[n]!.rule] as const);
    }),
  );
  const after = matchesOf(cedar, slice, changed, projections);
  asked.forEach(({ test }, i) => {
    const fails = (matches: Matches) => testProblems(test.expect, resultOf(slice, matches)).length > 0;
    if (fails(before[i]!)) return;
    for (const { id } of slice.rules) markRule(id, marks.get(id)!, before[i]!, after[i]!, fails);
  });
}

function markRule(
  id: string,
  marks: Marks,
  before: Matches,
  after: Matches,
  fails: (matches: Matches) => boolean,
): void {
  const matched = before.matched.has(id);
  if (matched) marks.matches++;
  else marks.isRefuted = true;
  if (matched && marks.isIdle && fails(withRule(before, id, "neither"))) marks.isIdle = false;
  for (const n of marks.alive) {
    const mutant = mutantId(id, n);
    const state = after.failed.has(mutant) ? "failed" : after.matched.has(mutant) ? "matched" : "neither";
    const isSame = state === (matched ? "matched" : before.failed.has(id) ? "failed" : "neither");
    if (!isSame && fails(withRule(before, id, state))) marks.alive.delete(n);
  }
}

const mutantId = (id: string, n: number) => `${id} ${n}`;

function withRule(matches: Matches, id: string, state: "matched" | "failed" | "neither"): Matches {
  const matched = new Set(matches.matched);
  const failed = new Set(matches.failed);
  matched.delete(id);
  failed.delete(id);
  if (state === "matched") matched.add(id);
  if (state === "failed") failed.add(id);
  return { matched, failed };
}

function resultOf(slice: ToolSlice, { matched, failed }: Matches) {
  return combine(slice.rulesOf([...matched]), slice.rulesOf([...failed]));
}

function findingsOf(rule: Rule, marks: Marks, policy: LoadedPolicy): readonly PolicyFinding[] {
  const find = (code: Parameters<typeof policyFinding>[0], detail: string) =>
    policyFinding(code, `${rule.id}: ${detail}`, { path: rule.path, line: rule.line });
  if (marks.matches === 0) return [find("rule-unreached", "no test makes it match")];
  const findings: PolicyFinding[] = [];
  // A rule that only its scope narrows is refuted by a test outside of that scope.
  const isRefuted = isConditional(marks.json)
    ? marks.isRefuted
    : appliesToAll(rule, policy) || marks.matches < policy.bundle.tests.length;
  if (!isRefuted) findings.push(find("rule-unrefuted", "no test shows where it does not apply"));
  if (marks.isIdle) findings.push(find("mutation-survived", "no test fails without it"));
  for (const n of marks.alive) {
    const { kind, what } = marks.mutants[n]!;
    const code = kind === "boundary" ? "boundary-untested" : "mutation-survived";
    findings.push(find(code, `no test fails when ${what}`));
  }
  return findings;
}

/** Whether anything but the action decides if the rule applies. There is one type of principal and one of resource. */
function isConditional({ principal, resource, conditions }: RuleJson): boolean {
  const isOpen = (scope: RuleJson["principal"]) => scope.op === "All" || (scope.op === "is" && !("in" in scope));
  return conditions.length > 0 || !isOpen(principal) || !isOpen(resource);
}

function appliesToAll(rule: Rule, policy: LoadedPolicy): boolean {
  return [...policy.slices.values()].every((slice) => slice.rules.includes(rule));
}
