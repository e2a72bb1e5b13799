/**
 * What a candidate policy would change: recorded decisions made again under the policy in force and under the candidate,
 * every difference listed, what becomes allowed first. Spec: spec/policy.md, "Impact".
 */
import { canonicalBytes, canonicalText } from "./canonical.ts";
import { coreDenial, type DecisionResult, type LoadedPolicy, type PolicyEngine } from "./decide.ts";
import { parseDuration } from "./duration.ts";
import { CountersignError } from "./errors.ts";
import type { ApprovalRequirement, Decision } from "./event.ts";
import { type Digest, digestOf, hex, sha256 } from "./hash.ts";
import { type GateFacts, projectAction } from "./project.ts";
import { type Projection, parseProjection } from "./projection.ts";
import { parseStrict } from "./strict-json.ts";
import type { ToolContract } from "./tool-contract.ts";

/** A decision that was recorded, with what it was made on. */
export type RecordedDecision = {
  readonly eventId: string;
  /** The exact bytes. */
  readonly projection: Uint8Array;
  /** Digest of the contract the projection was made by. */
  readonly contract: string | null;
  /** The exact argument bytes, to project them by another contract; without them the projection is taken as it is. */
  readonly args?: Uint8Array;
};

/** From what lets more through to what lets less through; `other_rules` is the same effect by other rules. */
export const impactKinds = ["newly_allowed", "loosened", "tightened", "other_rules"] as const;
export type ImpactKind = (typeof impactKinds)[number];

export type ImpactSide = { readonly decision: Decision; readonly rule: string; readonly reason: string };

/** Changes alike: same tool, same answers before and after. */
export type ImpactGroup = {
  /** Names the group in an acknowledgement: a digest of what its changes have in common. */
  readonly group: Digest;
  readonly kind: ImpactKind;
  readonly tool: string;
  readonly from: ImpactSide;
  readonly to: ImpactSide;
  readonly decisions: number;
  /** Projections, each counted once. */
  readonly distinct: number;
};

/** One projection that would be decided otherwise. */
export type ImpactChange = {
  readonly group: Digest;
  /** The first decision on it. */
  readonly event_id: string;
  readonly decisions: number;
  readonly agent: string;
  readonly resource: { readonly system: string; readonly id: string; readonly env: string };
};

export type Impact = {
  readonly ctx: "countersign/v1/policy-impact";
  readonly v: 1;
  readonly from: Digest;
  readonly to: Digest;
  readonly engine: string;
  readonly decisions: number;
  readonly distinct: number;
  /** Decisions that could not be made again, by why. */
  readonly not_decided: Readonly<Record<string, number>>;
  /** Decisions by the answer before and the answer after. */
  readonly matrix: Readonly<Record<Decision, Readonly<Record<Decision, number>>>>;
  /** How many decisions each rule took part in before and after. */
  readonly rules: Readonly<Record<string, { readonly from: number; readonly to: number }>>;
  /** Newly allowed first, then by kind, then the largest first. */
  readonly groups: readonly ImpactGroup[];
  /** In the order of their groups; at most {@link MAX_CHANGES}. */
  readonly changes: readonly ImpactChange[];
  readonly changes_left_out: number;
};

export const MAX_CHANGES = 10_000;

/** What an impact is cited by. */
export function impactDigest(impact: Impact): Digest {
  return digestOf(canonicalBytes(impact));
}

/** Groups that let more through and are not acknowledged, neither by their own name nor by each of their changes'. */
export function unacknowledged(
  impact: Pick<Impact, "groups" | "changes" | "changes_left_out">,
  acknowledged: readonly string[],
): readonly ImpactGroup[] {
  const names = new Set(acknowledged);
  return impact.groups.filter(({ group, kind, distinct }) => {
    if (!letsMoreThrough(kind) || names.has(group)) return false;
    const changes = impact.changes.filter((change) => change.group === group);
    return changes.length < distinct || !changes.every(({ event_id: id }) => names.has(id));
  });
}

export function letsMoreThrough(kind: ImpactKind): boolean {
  return kind === "newly_allowed" || kind === "loosened";
}

/** Takes recorded decisions one by one. */
export class ImpactFold {
  readonly #engine: PolicyEngine;
  readonly #from: LoadedPolicy;
  readonly #to: LoadedPolicy;
  readonly #seen = new Map<string, Seen>();
  readonly #sameTools = new Map<string, boolean>();
  #decisions = 0;

  constructor(engine: PolicyEngine, from: LoadedPolicy, to: LoadedPolicy) {
    this.#engine = engine;
    this.#from = from;
    this.#to = to;
  }

  /** Decides it again, unless the same projection was decided already. False when its bytes are no projection. */
  add(one: RecordedDecision): boolean {
    const key = `${hex(sha256(one.projection))} ${one.contract}`;
    const seen = this.#seen.get(key);
    if (seen !== undefined) {
      seen.decisions++;
      this.#decisions++;
      return true;
    }
    const projection = parseProjection(one.projection);
    if (projection === undefined) return false;
    const from = this.#decide(this.#from, one, projection);
    const to = this.#isSame(projection.tool) ? from : this.#decide(this.#to, one, projection);
    const { tool, principal, resource } = projection;
    const { system, id, env } = resource;
    const about = { tool, agent: principal.agent, resource: { system, id, env } };
    this.#seen.set(key, { ...about, eventId: one.eventId, from, to, decisions: 1 });
    this.#decisions++;
    return true;
  }

  /** What it comes to. @param notDecided decisions left out, by why */
  finish(notDecided: Readonly<Record<string, number>> = {}): Impact {
    const matrix = emptyMatrix();
    const rules = new Map<string, { from: number; to: number }>();
    const groups = new Map<string, ImpactGroup>();
    const changes: (ImpactChange & { readonly kind: ImpactKind })[] = [];
    for (const { from, to, decisions, eventId, tool, agent, resource } of this.#seen.values()) {
      matrix[from.decision][to.decision] += decisions;
      countRules(rules, "from", from, decisions);
      countRules(rules, "to", to, decisions);
      const kind = impactKindOf(from, to);
      if (kind === undefined) continue;
      const group = groupOf(kind, tool, from, to);
      const before = groups.get(group.group);
      groups.set(group.group, {
        ...group,
        decisions: (before?.decisions ?? 0) + decisions,
        distinct: (before?.distinct ?? 0) + 1,
      });
      changes.push({ kind, group: group.group, event_id: eventId, decisions, agent, resource });
    }
    const sorted = [...groups.values()].sort(
      (a, b) => rank(a.kind) - rank(b.kind) || b.decisions - a.decisions || (a.group < b.group ? -1 : 1),
    );
    const place = new Map(sorted.map(({ group }, i) => [group, i]));
    const listed = changes
      .sort((a, b) => place.get(a.group)! - place.get(b.group)! || (a.event_id < b.event_id ? -1 : 1)) // each has a group
      .map(({ kind: _, ...change }) => change);
    return {
      ctx: "countersign/v1/policy-impact",
      v: 1,
      from: this.#from.digest,
      to: this.#to.digest,
      engine: this.#engine.id,
      decisions: this.#decisions,
      distinct: this.#seen.size,
      not_decided: notDecided,
      matrix,
      rules: Object.fromEntries([...rules].sort(([a], [b]) => (a < b ? -1 : 1))),
      groups: sorted,
      changes: listed.slice(0, MAX_CHANGES),
      changes_left_out: Math.max(0, listed.length - MAX_CHANGES),
    };
  }

  #decide(policy: LoadedPolicy, one: RecordedDecision, projection: Projection): DecisionResult {
    const bound = policy.bundle.contracts.get(projection.tool);
    if (bound === undefined || bound.digest === one.contract || one.args === undefined) {
      return this.#engine.decide(policy, one.projection);
    }
    const again = projectAgain(bound.contract, one.args, projection, this.#contractOf(projection.tool, one.contract));
    return "denied" in again ? again.denied : this.#engine.decide(policy, again.bytes);
  }

  #contractOf(tool: string, digest: string | null): ToolContract | undefined {
    const bound = [this.#from, this.#to].map((policy) => policy.bundle.contracts.get(tool));
    return bound.find((one) => one?.digest === digest)?.contract;
  }

  /** Whether both policies say the same of a tool, so that one answer is both. */
  #isSame(tool: string): boolean {
    let same = this.#sameTools.get(tool);
    if (same === undefined) {
      same = sameFor(tool, this.#from, this.#to);
      this.#sameTools.set(tool, same);
    }
    return same;
  }
}

type Seen = {
  readonly tool: string;
  readonly agent: string;
  readonly resource: ImpactChange["resource"];
  readonly eventId: string;
  readonly from: DecisionResult;
  readonly to: DecisionResult;
  decisions: number;
};

function sameFor(tool: string, from: LoadedPolicy, to: LoadedPolicy): boolean {
  const [a, b] = [from, to].map((policy) => ({
    contract: policy.bundle.contracts.get(tool)?.digest,
    slice: policy.slices.get(tool),
  }));
  if (a?.slice === undefined || b?.slice === undefined || a.contract !== b.contract) return false;
  const digests = (slice: typeof a.slice) => slice?.rules.map(({ digest }) => digest);
  const schema = (slice: typeof a.slice) => JSON.stringify(slice?.content().schema);
  return canonicalText(digests(a.slice)) === canonicalText(digests(b.slice)) && schema(a.slice) === schema(b.slice);
}

/** The arguments by another contract, with what the gate knew then. */
function projectAgain(
  contract: ToolContract,
  args: Uint8Array,
  projection: Projection,
  recorded: ToolContract | undefined,
): { readonly bytes: Uint8Array } | { readonly denied: DecisionResult } {
  try {
    const projected = projectAction(
      contract,
      parseStrict(args, "payload").value,
      factsOf(projection, contract, recorded),
    );
    return projected.ok ? projected : { denied: coreDenial(projected.rule) };
  } catch (cause) {
    if (!(cause instanceof CountersignError)) throw cause;
    return { denied: coreDenial("core:projection-failed") };
  }
}

/** The capability is the new contract's: most requests name none, and then the gate takes the contract's. */
function factsOf(
  { principal, context }: Projection,
  contract: ToolContract,
  recorded: ToolContract | undefined,
): GateFacts {
  const base = recorded?.risk_base ?? { score: 0, tags: [] };
  const { tags, score } = context.risk;
  return {
    tenant: context.tenant,
    agent: { id: principal.agent, owner: principal.owner, team: principal.team },
    run: context.run,
    capability: contract.capability,
    history: context.history,
    // Without what the old contract itself had put there.
    risk: { tags: tags.filter((tag) => !base.tags.includes(tag)), score: score === base.score ? 0 : score },
    nowMs: context.time.epoch * 1000,
  };
}

const STRICTNESS: Readonly<Record<Decision, number>> = { ALLOW: 0, REQUIRE_APPROVAL: 1, DENY: 2 };

/** How the second answer differs from the first in what it lets through; undefined when they are the same. */
/** What of a result its effect is: who may go on, who must be asked, and what must be observed. */
export type Effect = Pick<DecisionResult, "decision" | "requirements" | "obligations" | "matched_rules" | "permits">;

/** How one result differs from another in effect; undefined when it does not. */
export function impactKindOf(from: Effect, to: Effect): ImpactKind | undefined {
  if (from.decision !== to.decision) {
    if (to.decision === "ALLOW") return "newly_allowed";
    return STRICTNESS[to.decision] < STRICTNESS[from.decision] ? "loosened" : "tightened";
  }
  const keepsGates = from.requirements.every((one) => to.requirements.some((other) => asksAsMuch(other, one)));
  const keepsDuties = from.obligations.every((one) => to.obligations.includes(one));
  if (!keepsGates || !keepsDuties) return "loosened";
  const addsGates = !to.requirements.every((one) => from.requirements.some((other) => asksAsMuch(other, one)));
  if (addsGates || to.obligations.length > from.obligations.length) return "tightened";
  const rules = ({ matched_rules, permits }: Effect) => canonicalText([matched_rules, permits]);
  return rules(from) === rules(to) ? undefined : "other_rules";
}

/** Whether meeting a requirement meets the other too, whatever their rules are called. */
function asksAsMuch(one: ApprovalRequirement, other: ApprovalRequirement): boolean {
  return (
    one.approvers === other.approvers &&
    one.quorum >= other.quorum &&
    (parseDuration(one.ttl) ?? 0) <= (parseDuration(other.ttl) ?? 0) &&
    other.separation.every((rule) => one.separation.includes(rule)) &&
    (one.breakglass === undefined || (parseDuration(one.breakglass) ?? 0) <= breakGlassOf(other)) &&
    (one.escalation === undefined || canonicalText(one.escalation) === canonicalText(other.escalation ?? null))
  );
}

function breakGlassOf({ breakglass }: ApprovalRequirement): number {
  return breakglass === undefined ? -1 : (parseDuration(breakglass) ?? 0);
}

function groupOf(kind: ImpactKind, tool: string, from: DecisionResult, to: DecisionResult) {
  const side = ({ decision, matched_rule: rule, reason }: DecisionResult): ImpactSide => ({ decision, rule, reason });
  const common = { kind, tool, from: side(from), to: side(to) };
  return { group: digestOf(canonicalBytes({ ctx: "countersign/v1/policy-impact-group", ...common })), ...common };
}

function rank(kind: ImpactKind): number {
  return impactKinds.indexOf(kind);
}

function emptyMatrix(): Record<Decision, Record<Decision, number>> {
  const row = () => ({ ALLOW: 0, DENY: 0, REQUIRE_APPROVAL: 0 });
  return { ALLOW: row(), DENY: row(), REQUIRE_APPROVAL: row() };
}

function countRules(
  rules: Map<string, { from: number; to: number }>,
  side: "from" | "to",
  { matched_rules, permits }: DecisionResult,
  decisions: number,
): void {
  for (const id of new Set([...matched_rules, ...permits])) {
    const counts = rules.get(id) ?? { from: 0, to: 0 };
    counts[side] += decisions;
    rules.set(id, counts);
  }
}
