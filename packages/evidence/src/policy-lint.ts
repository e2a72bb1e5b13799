/**
 * What a bundle must be beyond loading before it is published: no exemption an agent could give itself, and tests that
 * say what each rule is for. It takes many evaluations and is done once per bundle. Spec: spec/policy.md, "Lint".
 */
import { exemptionFindings } from "./agent-exemption.ts";
import { annotationFindings } from "./attribute-source.ts";
import type { Cedar } from "./cedar.ts";
import type { LoadedPolicy } from "./decide.ts";
import { type PolicyFinding, policyFinding } from "./policy-finding.ts";
import { coverageFindings } from "./rule-coverage.ts";

/**
 * Findings about a policy that loaded and whose tests pass. Throws only when the engine traps.
 *
 * @param cedar the build the policy was loaded with
 */
export function lintPolicy(cedar: Cedar, policy: LoadedPolicy): readonly PolicyFinding[] {
  return [
    ...annotationFindings(policy),
    ...exemptionFindings(policy),
    ...coverageFindings(cedar, policy),
    ...reasonFindings(policy),
  ];
}

/** Reasons nobody gives. Those people vote with are given by people. */
function reasonFindings({ bundle, rules }: LoadedPolicy): readonly PolicyFinding[] {
  const used = new Set(rules.map(({ reason }) => reason));
  const ofRules = new Set(["allow", "deny", "require_approval"]);
  return Object.entries(bundle.reasons).flatMap(([code, { class: of }]) =>
    ofRules.has(of) && !used.has(code)
      ? [policyFinding("reason-unused", `${code} is the reason of no rule`, { path: "catalog/reasons.json" })]
      : [],
  );
}
