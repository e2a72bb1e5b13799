/**
 * The gate's built-in rules: what decides when no rule of a policy bundle does. Every decision names a rule, so these
 * have ids of their own (`core:*`, which no bundle may use) and a reason in the same form as a bundle's. All of them
 * deny. Spec: spec/policy.md, "Built-in rules".
 *
 * `remedy` is for the agent: what it may do next, never what a rule looks at or where its threshold lies.
 */
export const coreRules = {
  // What the bundle's rules came to
  "core:default-deny": {
    reason: "DEFAULT_DENY",
    remedy: "No rule permits this action. Do something else, or ask for a policy that permits it.",
  },
  // What the action is
  "core:unknown-tool": {
    reason: "UNKNOWN_TOOL",
    remedy: "The policy has no contract for this tool. Use a tool it knows, or ask for a contract.",
  },
  "core:tool-contract-changed": {
    reason: "TOOL_CONTRACT_CHANGED",
    remedy: "The tool is not the one its contract was written for. Have the contract reviewed again.",
  },
  "core:capability-differs": {
    reason: "CAPABILITY_DIFFERS",
    remedy: "Request the capability that the tool's contract names.",
  },
  "core:target-differs": {
    reason: "TARGET_DIFFERS",
    remedy: "Request the target that the tool's contract reads from the arguments, or leave it out.",
  },
  "core:projection-failed": {
    reason: "PROJECTION_FAILED",
    remedy: "An argument is missing, unknown or not of the kind the tool's contract takes. Correct the arguments.",
  },
  "core:request-schema-invalid": {
    reason: "REQUEST_SCHEMA_INVALID",
    remedy: "The request does not fit the policy's schema. Tell the policy's owner.",
  },
  "core:label-invalid": {
    reason: "LABEL_INVALID",
    remedy: "A label or reference this capability requires is missing or not as declared. Add it to the request.",
  },
  // What the run and the agent may do
  "core:above-ceiling": {
    reason: "ABOVE_CEILING",
    remedy: "The agent may never use this capability. Leave it to an agent that may.",
  },
  "core:capability-not-declared": {
    reason: "CAPABILITY_NOT_DECLARED",
    remedy: "The run did not declare this capability. Start a run that does.",
  },
  "core:tool-not-declared": {
    reason: "TOOL_NOT_DECLARED",
    remedy: "The run did not declare this tool. Start a run that does.",
  },
  "core:resource-out-of-scope": {
    reason: "RESOURCE_OUT_OF_SCOPE",
    remedy: "The run did not declare this resource. Stay within what it declared, or start a run that declares it.",
  },
  "core:data-class-not-declared": {
    reason: "DATA_CLASS_NOT_DECLARED",
    remedy: "The run did not declare data of this class. Start a run that does.",
  },
  "core:budget-exceeded": {
    reason: "BUDGET_EXCEEDED",
    remedy: "The run's budget is used up or reserved. Wait for open actions to end, or start a run with a larger one.",
  },
  "core:run-expired": { reason: "RUN_EXPIRED", remedy: "The run's time is over. Start a new run." },
  "core:frozen": {
    reason: "FROZEN",
    remedy: "People have stopped this by a freeze. Do not try again until it is lifted.",
  },
  // What keeps the gate from deciding
  "core:no-active-policy": {
    reason: "NO_ACTIVE_POLICY",
    remedy: "The tenant has no published policy. Tell its operator.",
  },
  "core:bundle-invalid": {
    reason: "BUNDLE_INVALID",
    remedy: "The published policy cannot be loaded. Tell the tenant's operator.",
  },
  "core:policy-eval-error": {
    reason: "POLICY_EVAL_ERROR",
    remedy: "A rule could not be evaluated. Tell the policy's owner.",
  },
  "core:engine-unavailable": {
    reason: "ENGINE_UNAVAILABLE",
    remedy: "The policy engine is away. Try again shortly.",
  },
  "core:engine-timeout": {
    reason: "ENGINE_TIMEOUT",
    remedy: "The policy engine did not answer in time. Try again shortly.",
  },
  "core:policy-stale": {
    reason: "POLICY_STALE",
    remedy: "This node does not hold the newest policy yet. Try again shortly.",
  },
  "core:clock-untrusted": {
    reason: "CLOCK_UNTRUSTED",
    remedy: "The gate's clock cannot be trusted. Try again when it is set.",
  },
} as const satisfies Record<`core:${string}`, { readonly reason: string; readonly remedy: string }>;

/** A stable id of {@link coreRules}. */
export type CoreRuleId = keyof typeof coreRules;

/** Reasons of the built-in rules; a bundle's catalogue has none of them. */
export const coreReasons: ReadonlySet<string> = new Set(Object.values(coreRules).map(({ reason }) => reason));

/** The built-in rule of this id, or undefined when it is a bundle's. */
export function coreRuleOf(rule: string): { readonly reason: string; readonly remedy: string } | undefined {
  return Object.hasOwn(coreRules, rule) ? coreRules[rule as CoreRuleId] : undefined; // own key, so it is one of the ids
}
