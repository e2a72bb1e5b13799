/** The tests a policy bundle brings with it, run as the gate would: project the arguments, then decide. */

import type { BundleTest } from "./bundle-shapes.ts";
import { canonicalText } from "./canonical.ts";
import { coreDenial, type DecisionResult, type LoadedPolicy, type PolicyEngine } from "./decide.ts";
import { type GateFacts, projectAction } from "./project.ts";
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
    const result = resultOf(engine, policy, test);
    const problems = problemsOf(test.expect, result);
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

function resultOf(engine: PolicyEngine, policy: LoadedPolicy, test: BundleTest): DecisionResult {
  const bound = policy.bundle.contracts.get(test.request.tool);
  if (bound === undefined) return coreDenial("core:unknown-tool");
  const projected = projectAction(bound.contract, test.request.args, factsOf(test, bound.contract));
  return projected.ok ? engine.decide(policy, projected.bytes) : coreDenial(projected.rule);
}

function problemsOf(expect: BundleTest["expect"], result: DecisionResult): readonly string[] {
  const problems: string[] = [];
  for (const [name, expected] of Object.entries(expect)) {
    // The names an expectation may have are members of a result, as the bundle's shape says.
    const actual = result[name as keyof BundleTest["expect"]];
    const [wanted, got] = [canonicalText(expected), canonicalText(actual)];
    if (wanted !== got) problems.push(`${name} is ${got}, expected ${wanted}`);
  }
  return problems;
}
