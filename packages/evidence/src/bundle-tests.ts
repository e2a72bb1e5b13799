/** The tests a policy bundle brings with it, run as the gate would: project the arguments, then decide. */

import type { BundleTest } from "./bundle-shapes.ts";
import { canonicalText } from "./canonical.ts";
import { coreDenial, type DecisionResult, type LoadedPolicy, type PolicyEngine } from "./decide.ts";
import { type GateFacts, projectAction } from "./project.ts";
import type { Projection } from "./projection.ts";
import type { ToolContract } from "./tool-contract.ts";

export type BundleTestResult = {
  readonly name: string;
  readonly path: string;
  readonly passed: boolean;
  /** One sentence for each expectation that was not met. */
  readonly problems: readonly string[];
  readonly result: DecisionResult;
};

/** Runs every test of the policy's bundle, in order. */
export function runBundleTests(engine: PolicyEngine, policy: LoadedPolicy): readonly BundleTestResult[] {
  return policy.bundle.tests.map(({ path, test }) => {
    const projected = testProjection(policy, test);
    const result = "denied" in projected ? projected.denied : engine.decide(policy, projected.bytes);
    const problems = testProblems(test.expect, result);
    return { name: test.name, path, passed: problems.length === 0, problems, result };
  });
}

/** Facts a test leaves out: an agent and a run that may do what the contract says, a plain Wednesday, nothing used. */
function factsOf(test: BundleTest, contract: ToolContract): GateFacts {
  const {
    agent = {},
    run = {},
    history = {},
    risk,
    at = "2026-04-01T12:00:00Z",
    capability = contract.capability,
  } = test.request;
  return {
    tenant: "test",
    agent: { id: "test-agent", ...agent },
    run: { id: "run", capabilities: [contract.capability], ...run },
    capability,
    history: { actions: 0, cents: 0, bytes: 0, in_flight: 0, ...history },
    ...(risk === undefined ? {} : { risk: { tags: risk.tags ?? [], score: risk.score ?? 0 } }),
    nowMs: Date.parse(at),
  };
}

/** What a test is decided on, or the built-in denial that keeps it from the rules. */
export function testProjection(
  policy: LoadedPolicy,
  test: BundleTest,
): { readonly bytes: Uint8Array; readonly projection: Projection } | { readonly denied: DecisionResult } {
  const bound = policy.bundle.contracts.get(test.request.tool);
  if (bound === undefined) return { denied: coreDenial("core:unknown-tool") };
  const projected = projectAction(bound.contract, test.request.args, factsOf(test, bound.contract));
  return projected.ok ? projected : { denied: coreDenial(projected.rule) };
}

/** One sentence for each expectation of a test that a result does not meet. */
export function testProblems(expect: BundleTest["expect"], result: DecisionResult): readonly string[] {
  const problems: string[] = [];
  for (const [name, expected] of Object.entries(expect)) {
    // The names an expectation may have are members of a result, as the bundle's shape says.
    const actual = result[name as keyof BundleTest["expect"]];
    const [wanted, got] = [canonicalText(expected), canonicalText(actual)];
    if (wanted !== got) problems.push(`${name} is ${got}, expected ${wanted}`);
  }
  return problems;
}
