/**
 * Making a recorded decision again: same bundle, same projection, same engine build, and the same answer in every member.
 * The verifier does it with a pack, the server with its own store. Spec: spec/policy.md, "Verification".
 */
import { COMBINING } from "./bundle-shapes.ts";
import { canonicalText } from "./canonical.ts";
import { coreRuleOf } from "./core-rules.ts";
import type { DecisionResult, LoadedPolicy, PolicyEngine } from "./decide.ts";
import type { EventOf } from "./event.ts";
import { PROJECTION_FORMAT, type Projection } from "./projection.ts";

/**
 * Why a decision was not made again. `gate-denied`: a built-in rule denied before the policy was asked, so there is
 * nothing to make again and nothing was let through.
 */
export type NotRecomputed = "inputs-withheld" | "inputs-erased" | "engine-differs" | "other-engine" | "gate-denied";

/** `different` says in one sentence what differs, or what makes such a decision impossible. */
export type Reexecuted =
  | { readonly outcome: "equal" }
  | { readonly outcome: "different"; readonly detail: string }
  | { readonly outcome: "not-recomputed"; readonly why: NotRecomputed };

type Decided = EventOf<"policy.decided">;

/** A bundle that is the one cited: loaded, or with why nobody could have decided by it. */
export type CitedPolicy = { readonly policy: LoadedPolicy } | { readonly invalid: string };

/** Why this decision is not one that can be made again, whatever is at hand; undefined when it is. */
export function notRecomputable({ policy, decided }: Decided): NotRecomputed | undefined {
  const { matched_rule: rule } = policy;
  // A tool without a contract has no projection: there never was anything to ask the policy with.
  const ofEngine = OF_ENGINE.has(rule) && !(rule === "core:unknown-tool" && decided.projection === null);
  if (policy.decision === "DENY" && coreRuleOf(rule) !== undefined && !ofEngine) return "gate-denied";
  return decided.engine.split("/")[0] === "cedar" ? undefined : "other-engine";
}

/**
 * Makes a decision again. Never throws.
 *
 * @param engine undefined when there is none at hand
 * @param projection the exact bytes the event commits to
 */
export function reexecute(
  engine: PolicyEngine | undefined,
  cited: CitedPolicy,
  event: Decided,
  projection: Uint8Array,
): Reexecuted {
  const { engine: recorded, combining, projection_format: format } = event.decided;
  if (engine === undefined || engine.id !== recorded || combining !== COMBINING || format !== PROJECTION_FORMAT) {
    return { outcome: "not-recomputed", why: "engine-differs" };
  }
  if ("invalid" in cited) return different(`Nobody can decide by the policy it cites: ${cited.invalid}.`);
  const again = engine.decide(cited.policy, projection);
  // An engine that is lost says nothing about the decision.
  if (engine.broken) return { outcome: "not-recomputed", why: "engine-differs" };
  if (!isAbout(event, projection)) return different("Its projection is of another decision.");
  const detail = difference(event, again);
  return detail === undefined ? { outcome: "equal" } : different(detail);
}

/** Built-in rules that the engine itself comes to; the others deny without it, or because it was away. */
const OF_ENGINE: ReadonlySet<string> = new Set([
  "core:default-deny",
  "core:unknown-tool",
  "core:policy-eval-error",
  "core:request-schema-invalid",
]);

function different(detail: string): Reexecuted {
  return { outcome: "different", detail: detail.slice(0, MAX_DETAIL) };
}

/** A bundle can be wrong in many places. */
const MAX_DETAIL = 1000;
const decoder = new TextDecoder();

/** Whether a projection speaks of this decision: the log commits to it, but a log may commit to another's. */
function isAbout(event: Decided, bytes: Uint8Array): boolean {
  const projection = readProjection(bytes);
  if (projection === undefined) return true; // the engine has said what it makes of such bytes
  const { principal, tool, context } = projection;
  return (
    principal.agent === event.initiator.agent &&
    tool === event.action.tool &&
    context.tenant === event.tenant &&
    context.run.id === event.run_id &&
    context.capability === event.action.capability
  );
}

/** Members of a projection that the engine has just parsed strictly, or undefined for bytes that are none. */
function readProjection(bytes: Uint8Array): Projection | undefined {
  try {
    const value = JSON.parse(decoder.decode(bytes)) as Partial<Projection> | null; // looked at member by member
    const isOne =
      value?.ctx === "countersign/v1/projection" && value.context?.run !== undefined && value.principal !== undefined;
    return isOne ? (value as Projection) : undefined;
  } catch {
    return undefined;
  }
}

/** How a result is not what the log has, or undefined when it is. */
function difference({ policy, decided }: Decided, again: DecisionResult): string | undefined {
  const recorded: Readonly<Record<string, unknown>> = {
    decision: policy.decision,
    matched_rule: policy.matched_rule,
    reason: policy.reason,
    matched_rules: decided.matched_rules,
    reason_codes: decided.reason_codes,
    permits: decided.permits,
    rule_digests: decided.rule_digests,
    requirements: decided.requirements,
    gate_digest: decided.gate_digest ?? null,
    obligations: decided.obligations,
  };
  // Members are looked up by the names above, all of which a result has.
  const result = again as unknown as Readonly<Record<string, unknown>>;
  const differs = (a: unknown, b: unknown) => a !== b && canonicalText(a) !== canonicalText(b);
  const names = Object.keys(recorded).filter((name) => differs(recorded[name], result[name]));
  if (names.length === 0) return undefined;
  const was = `${policy.decision} by ${policy.matched_rule}`;
  return `Recomputed, it is ${again.decision} by ${again.matched_rule}; the log has ${was} (differing: ${names.join(", ")}).`;
}
