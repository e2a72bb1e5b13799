/**
 * Decisions: a policy bundle's rules applied to a projection. Deterministic: the same bundle and the same projection
 * give the same result bytes, here, in a browser and years later; no clock, no randomness, no state that shows.
 * Spec: spec/policy.md, "Decision".
 *
 * Combining (`countersign-combine/1`): any error → DENY · a rule that denies → DENY · no rule that allows → DENY · gates →
 * REQUIRE_APPROVAL with the requirements of every one · otherwise ALLOW. A gate is a Cedar `forbid`, so an evaluator that
 * does not know gates denies. Cedar skips a rule it cannot evaluate, a `forbid` too; that is why errors come first.
 *
 * Asked with the rules as they are, Cedar names those that decide, and a forbid hides whether anything permits. So each
 * rule is asked as a permit, which is what names all that match, in one evaluation; what their effects come to is decided
 * here. That Cedar itself decides the same of the rules as they are is a differential test.
 */

import { ENGINE } from "./bundle-shapes.ts";
import { canonicalBytes } from "./canonical.ts";
import { type Cedar, loadCedar, requestOf, rulesName, SlotPool, schemaName } from "./cedar.ts";
import { type CoreRuleId, coreRuleOf, coreRules } from "./core-rules.ts";
import type { ApprovalRequirement, Decision } from "./event.ts";
import { type Digest, digestOf } from "./hash.ts";
import type { Bundle } from "./policy.ts";
import { indexPolicy, type LoadOutcome, type PolicyIndex, type ToolSlice } from "./policy-index.ts";
import { type Projection, parseProjection } from "./projection.ts";
import type { Rule } from "./rules.ts";
import { type Severity, severities } from "./severity.ts";

export type { LoadOutcome } from "./policy-index.ts";

/** What an engine made of a bundle; only the engine that loaded it decides with it. */
export type LoadedPolicy = PolicyIndex;

/**
 * A policy engine. `id` is recorded with every decision. `broken` turns true when the engine can no longer be trusted
 * (a trap in its wasm); every decision is then DENY `core:engine-unavailable`, and the thread should be replaced.
 */
export type PolicyEngine = {
  readonly id: string;
  readonly broken: boolean;
  /** Checks and indexes a bundle; findings when it cannot be used. Never throws. */
  load(bundle: Bundle): LoadOutcome;
  /** Decides on the exact bytes of a projection. Never throws. */
  decide(policy: LoadedPolicy, projection: Uint8Array): DecisionResult;
};

/** A decision with all that explains it. Plain JSON; lists are sorted as said, so its canonical bytes are one. */
export type DecisionResult = {
  readonly decision: Decision;
  /** The primary rule: first of `matched_rules`. */
  readonly matched_rule: string;
  /** Rules of the decision's class, by severity then id, at most 32. After an error: the core rule, then what failed. */
  readonly matched_rules: readonly string[];
  /** Rules that permit, by id, at most 32; empty for a DENY. */
  readonly permits: readonly string[];
  /** The primary rule's reason. */
  readonly reason: string;
  /** Distinct reasons in the order of `matched_rules`. */
  readonly reason_codes: readonly string[];
  /** Of every rule in `matched_rules` that is the bundle's. */
  readonly rule_digests: Readonly<Record<string, Digest>>;
  /** Of every gate that matched, by rule id; all must be met. */
  readonly requirements: readonly ApprovalRequirement[];
  /** {@link gateDigest} of the requirements; null without any. */
  readonly gate_digest: Digest | null;
  readonly obligations: readonly string[];
  readonly severity: Severity | null;
};

/** Tools whose rules are held ready at once, over all policies. */
const SLOTS = 256;
const MAX_LISTED = 32;

const engines = new WeakMap<Cedar, PolicyEngine>();

/**
 * The engine of this thread. One wasm instance holds one pool of slots, so later calls give the same engine.
 *
 * @param wasm where a browser gets the module's bytes; Node needs none
 */
export async function loadEngine(wasm?: Uint8Array | URL): Promise<PolicyEngine> {
  return engineOver(await loadCedar(wasm));
}

/** The engine over a Cedar build already loaded. */
export function engineOver(cedar: Cedar, slots = SLOTS): PolicyEngine {
  let engine = engines.get(cedar);
  if (engine === undefined) {
    engine = new CedarEngine(cedar, slots);
    engines.set(cedar, engine);
  }
  return engine;
}

/** The DENY of a built-in rule. */
export function coreDenial(rule: CoreRuleId, failed: readonly Rule[] = []): DecisionResult {
  const shown = failed.slice(0, MAX_LISTED - 1);
  return {
    decision: "DENY",
    matched_rule: rule,
    matched_rules: [rule, ...shown.map(({ id }) => id)],
    permits: [],
    reason: coreRules[rule].reason,
    reason_codes: [coreRules[rule].reason],
    rule_digests: digestsOf(shown),
    requirements: [],
    gate_digest: null,
    obligations: [],
    severity: null,
  };
}

/** What the agent is told to do about a result: the catalogue's or the built-in rule's words. */
export function remedyOf(bundle: Bundle | undefined, result: DecisionResult): string | undefined {
  const core = coreRuleOf(result.matched_rule);
  if (core !== undefined) return core.remedy;
  const { reason } = result;
  return bundle !== undefined && Object.hasOwn(bundle.reasons, reason)
    ? bundle.reasons[reason]?.remediation
    : undefined;
}

/**
 * What an approval binds of its gate: SHA-256 of the canonical list of requirements with their rules' digests. Equal
 * digests mean the same rules ask the same people for the same thing.
 */
export function gateDigest(
  gates: readonly { readonly requirement: ApprovalRequirement; readonly rule_digest: Digest }[],
): Digest {
  const requirements = gates
    .map(({ requirement, rule_digest }) => ({ ...requirement, rule_digest }))
    .sort((a, b) => (a.rule < b.rule ? -1 : 1));
  return digestOf(canonicalBytes({ ctx: "countersign/v1/gate", requirements }));
}

class CedarEngine implements PolicyEngine {
  readonly id = `${ENGINE.name}/${ENGINE.crate}`;
  #broken = false;
  readonly #cedar: Cedar;
  readonly #pool: SlotPool;

  constructor(cedar: Cedar, slots: number) {
    this.#cedar = cedar;
    this.#pool = new SlotPool(cedar, slots);
  }

  get broken(): boolean {
    return this.#broken;
  }

  load(bundle: Bundle): LoadOutcome {
    if (this.#broken) return { ok: false, unavailable: true, findings: [] };
    try {
      return indexPolicy(this.#cedar, bundle);
    } catch (cause) {
      // Cedar's functions answer, they do not throw, except when the wasm traps; nothing after that can be believed.
      this.#broken = true;
      return { ok: false, unavailable: true, findings: [], cause };
    }
  }

  decide(policy: LoadedPolicy, bytes: Uint8Array): DecisionResult {
    if (this.#broken) return coreDenial("core:engine-unavailable");
    const projection = parseProjection(bytes);
    if (projection === undefined) return coreDenial("core:request-schema-invalid");
    const slice = policy.slices.get(projection.tool);
    if (slice === undefined) return coreDenial("core:unknown-tool");
    if (slice.action !== projection.action) return coreDenial("core:request-schema-invalid");
    try {
      return this.#evaluate(policy, slice, projection);
    } catch {
      this.#broken = true;
      return coreDenial("core:engine-unavailable");
    }
  }

  #evaluate(policy: LoadedPolicy, slice: ToolSlice, projection: Projection): DecisionResult {
    const slot = this.#pool.use(`${policy.digest} ${projection.tool}`, () => slice.content());
    const answer = this.#cedar.statefulIsAuthorized({
      ...requestOf(projection),
      preparsedSchemaName: schemaName(slot),
      preparsedPolicySetId: rulesName(slot),
    });
    // With slots filled by us, the one thing left to refuse is a request that is not of the schema.
    if (answer.type === "failure") return coreDenial("core:request-schema-invalid");
    const { reason, errors } = answer.response.diagnostics;
    return combine(slice.rulesOf(reason), slice.rulesOf(errors.map(({ policyId }) => policyId)));
  }
}

/**
 * What these rules come to: `countersign-combine/1` itself.
 *
 * @param matched all rules that match, whether or not they decide
 * @param failed rules that could not be evaluated
 */
export function combine(matched: readonly Rule[], failed: readonly Rule[]): DecisionResult {
  if (failed.length > 0) return coreDenial("core:policy-eval-error", failed);
  const ofDecision = (decision: Decision) => matched.filter((rule) => rule.decision === decision);
  const denials = ofDecision("DENY");
  if (denials.length > 0) return decided("DENY", denials, []);
  const permits = ofDecision("ALLOW");
  if (permits.length === 0) return coreDenial("core:default-deny");
  const gates = ofDecision("REQUIRE_APPROVAL");
  return gates.length > 0 ? decided("REQUIRE_APPROVAL", gates, permits) : decided("ALLOW", permits, permits);
}

function decided(decision: Decision, matched: readonly Rule[], permits: readonly Rule[]): DecisionResult {
  const ordered = [...matched].sort((a, b) => rank(b) - rank(a) || (a.id < b.id ? -1 : 1));
  const shown = ordered.slice(0, MAX_LISTED);
  const gates = matched.filter((rule) => rule.requirement !== undefined);
  const requirements = decision === "REQUIRE_APPROVAL" ? gates.map((rule) => rule.requirement!) : []; // filtered above
  const primary = shown[0]!; // callers have at least one rule
  const obliging = decision === "DENY" ? [] : [...permits, ...gates];
  return {
    decision,
    matched_rule: primary.id,
    matched_rules: shown.map(({ id }) => id),
    permits: permits.slice(0, MAX_LISTED).map(({ id }) => id),
    reason: primary.reason,
    reason_codes: [...new Set(shown.map(({ reason }) => reason))],
    rule_digests: digestsOf(shown),
    requirements,
    gate_digest:
      requirements.length === 0
        ? null
        : gateDigest(gates.map((rule) => ({ requirement: rule.requirement!, rule_digest: rule.digest }))),
    obligations: [...new Set(obliging.flatMap(({ obligations }) => obligations))].sort(),
    severity: primary.severity ?? null,
  };
}

/** No severity ranks lowest. */
function rank({ severity }: Rule): number {
  return severity === undefined ? -1 : severities.indexOf(severity);
}

function digestsOf(rules: readonly Rule[]): Record<string, Digest> {
  return Object.fromEntries(rules.map(({ id, digest }) => [id, digest]));
}
