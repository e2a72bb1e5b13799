/**
 * The gate's order, before and around the policy: frozen? → ceiling → tool contract → capability → resource → budget →
 * policy. The policy is evaluated outside a batch on facts read at one index; the command that records the decision asks
 * {@link settle} whether those facts still hold. Everything the gate refuses is a DENY with a `core:*` rule.
 */

import { labelProblems } from "@countersign/evidence/bundle-shapes";
import {
  activePolicyOf,
  agentOf,
  type ControlState,
  ceilingOf,
  freezesOver,
  isObserving,
  mayActIn,
} from "@countersign/evidence/control";
import { type CoreRuleId, coreRuleOf } from "@countersign/evidence/core-rules";
import { coreDenial, type DecisionResult } from "@countersign/evidence/decide";
import { CountersignError } from "@countersign/evidence/errors";
import type { ActionBlock, DeclaredScope, EventOf } from "@countersign/evidence/event";
import { digestOf } from "@countersign/evidence/hash";
import type { Bundle } from "@countersign/evidence/policy";
import type { TouchedTarget } from "@countersign/evidence/project";
import { parseProjection } from "@countersign/evidence/projection";
import { DECIDED_WITHIN_MS, mentionsHistory } from "@countersign/evidence/reprojection";
import { type RunState, usageOf } from "@countersign/evidence/run";

import {
  type Amounts,
  aboveCeiling,
  type DataClass,
  limitFault,
  scopeFault,
  subsetFault,
  UNNAMED_CAPABILITY,
} from "@countersign/evidence/scope";

import type { ToolContract } from "@countersign/evidence/tool-contract";
import type { PolicyGate } from "./faces.ts";

/** What is asked of the gate: by a request, and again at the use. */
export type Asked = {
  readonly tool: string;
  readonly toolVersion: string | undefined;
  /** Sent by the agent; when they differ from the contract's the action is denied. */
  readonly capability: string | undefined;
  readonly target: ActionBlock["target"] | undefined;
  readonly args: Uint8Array;
  readonly costCents: number | undefined;
  /** The contract the request was read by; undefined while it is being requested. */
  readonly toolContract: string | null | undefined;
  /** What the MCP server says the tool is now, where a gateway asked. */
  readonly toolDigest?: string;
  /** The scope a run asks for; only then are its own limits not asked. */
  readonly extension?: DeclaredScope;
  /** Checked when the action is requested; they do not change after. */
  readonly labelled:
    | { readonly labels: Readonly<Record<string, string>>; readonly refs: Readonly<Record<string, string>> }
    | undefined;
};

/** Where the gate looks: one consistent view of a tenant and a run. */
export type View = {
  readonly tenant: string;
  readonly control: ControlState;
  readonly run: RunState;
  /** The runs above it, nearest first: their scope and budgets hold for it too. */
  readonly ancestors: readonly RunState[];
  /** Number of entries the view covers. */
  readonly size: number;
  readonly nowMs: number;
};

/** What the action is, by its contract, and whether that already denies it. */
export type Reading = {
  readonly action: ActionBlock;
  readonly targets: readonly TouchedTarget[];
  /** False when neither a contract nor the agent names the capability: then it is above nothing. */
  readonly isNamed: boolean;
  readonly toolContract: string | undefined;
  readonly costCents: number;
  /** Checks after the effect that the contract asks for. */
  readonly checks: ToolContract["checks"];
  /** Of the contract; undefined without one. */
  readonly dataClasses: readonly DataClass[] | undefined;
  readonly denial: CoreRuleId | undefined;
};

/** An answer, what it was reached on, and by what. */
export type Judgement = {
  /** undefined when the tenant has none. */
  readonly policy: { readonly revision: string; readonly digest: string } | undefined;
  readonly engine: string;
  readonly reading: Reading;
  readonly result: DecisionResult;
  /** False while the tenant observes: a DENY for want of a policy, recorded and not enforced. */
  readonly enforced: boolean;
  /** The exact bytes decided on; undefined when the policy was not asked or its answer cannot be had again. */
  readonly projection: Uint8Array | undefined;
  readonly evaluatedUs: number;
  readonly history: History;
  readonly scopeEvent: string;
  readonly agentEvent: string | undefined;
  /** When it was made, which the projection says too. */
  readonly nowMs: number;
  /** Whether a rule of the policy may look at the history. */
  readonly usesHistory: boolean;
};

export type History = EventOf<"policy.decided">["decided"]["history"];

/** Stands where a policy's digest would, before there is one. */
export const NO_POLICY_DIGEST = digestOf(new Uint8Array(0));

/** Results that say nothing about the action, only about the engine: deciding again may give another. */
const OF_THE_MOMENT: ReadonlySet<string> = new Set<CoreRuleId>([
  "core:engine-unavailable",
  "core:engine-timeout",
  "core:policy-stale",
  "core:bundle-invalid",
]);

/**
 * Judges an action on a view. Never throws for what was asked.
 *
 * @param reserved what the action has already reserved in the run, so that it does not count against itself
 */
export async function judge(
  gate: PolicyGate,
  view: View,
  asked: Asked,
  reserved: Amounts | undefined,
): Promise<Judgement> {
  const active = activePolicyOf(view.control);
  const history = historyOf(view.run, view.size, reserved);
  const bundle = active === undefined ? undefined : await gate.bundleOf(view.tenant, active.digest);
  const bound = bundle?.contracts.get(asked.tool);
  const about = {
    policy: active === undefined ? undefined : { revision: active.revision, digest: active.digest },
    engine: active?.engine ?? "none",
    history,
    scopeEvent: view.run.scopeEvent,
    agentEvent: agentOf(view.control, view.run.initiator.agent)?.event,
    nowMs: view.nowMs,
    usesHistory: bundle !== undefined && mentionsHistory(bundle),
    enforced: true,
  };
  if (active === undefined || bound === undefined || bundle === undefined) {
    const none = active === undefined ? "core:no-active-policy" : "core:bundle-invalid";
    const denial = bundle === undefined ? none : "core:unknown-tool";
    // Where a tenant observes, the missing policy is no reason to stop; a freeze, a ceiling or a budget still is. What a run
    // may do is widened by people and never by nobody.
    const observes = denial === "core:no-active-policy" && isObserving(view.control) && asked.extension === undefined;
    const reading = observes ? { ...unread(asked, denial), denial: undefined } : unread(asked, denial);
    const rule = firstDenial(view, reading, asked, reserved);
    const result = coreDenial(rule ?? denial);
    const enforced = !observes || rule !== undefined;
    return { ...about, enforced, reading, result, projection: undefined, evaluatedUs: 0 };
  }
  const evaluated = await gate.decide(view.tenant, active.digest, {
    contract: bound.contract,
    args: asked.args,
    facts: factsOf(view, asked.capability ?? bound.contract.capability, history),
  });
  const reading = readAction(asked, bundle, evaluated);
  const { evaluatedUs } = evaluated;
  const denial = firstDenial(view, reading, asked, reserved);
  if (denial !== undefined)
    return { ...about, reading, result: coreDenial(denial), projection: undefined, evaluatedUs };
  const { result } = evaluated;
  const projection = OF_THE_MOMENT.has(result.matched_rule) ? undefined : evaluated.projection;
  return { ...about, reading, result, projection, evaluatedUs };
}

/**
 * The judgement as it stands at the head: a built-in rule that now denies, or the answer itself.
 *
 * @throws CountersignError core:policy-changed when it was reached on something that has changed since
 */
export function settle(judged: Judgement, view: View, asked: Asked, reserved: Amounts | undefined): Judgement {
  const active = activePolicyOf(view.control);
  const samePolicy = active?.digest === judged.policy?.digest && active?.revision === judged.policy?.revision;
  const agent = agentOf(view.control, view.run.initiator.agent)?.event;
  if (!samePolicy || view.run.scopeEvent !== judged.scopeEvent || agent !== judged.agentEvent) throw changed();
  // A clock that stepped meanwhile: what was decided on would not be of the time it is recorded at.
  if (Math.abs(view.nowMs - judged.nowMs) > DECIDED_WITHIN_MS) throw changed();
  const denial = firstDenial(view, judged.reading, asked, reserved);
  const { matched_rule: rule } = judged.result;
  if (denial === rule) return judged;
  if (denial !== undefined) return { ...judged, enforced: true, result: coreDenial(denial), projection: undefined };
  if (!judged.enforced && isObserving(view.control)) return judged;
  // It was denied before the policy was asked, and now would not be.
  if (isBefore(rule)) throw changed();
  const now = historyOf(view.run, view.size, reserved);
  // What the run has used only matters to a rule that looks at it, and then only when it became more: a decision on a
  // fuller history than there is now was true when the history was that full, and no limit is passed by it.
  const grew = (["actions", "cents", "bytes", "in_flight"] as const).some((one) => now[one] > judged.history[one]);
  if (judged.usesHistory && grew) throw changed();
  return judged;
}

/**
 * A use is not refused for good because the engine was away: it fails closed, and may be asked for again.
 *
 * @throws CountersignError core:engine-unavailable
 */
export function refuseWithoutAnswer(result: DecisionResult): void {
  if (!OF_THE_MOMENT.has(result.matched_rule)) return;
  throw new CountersignError("core:engine-unavailable", { detail: `${result.matched_rule}.` });
}

/** The first built-in rule that denies before the policy is asked, in the gate's order. */
function firstDenial(
  view: View,
  reading: Reading,
  asked: Asked,
  reserved: Amounts | undefined,
): CoreRuleId | undefined {
  const { control, run, ancestors } = view;
  const { agent } = run.initiator;
  const { action, targets } = reading;
  const { capability } = action;
  const family = [run, ...ancestors];
  if (targets.some((target) => freezesOver(control, { agent, capability, target }).length > 0)) return "core:frozen";
  if (family.some((one) => isExpired(one, view.nowMs))) return "core:run-expired";
  if (asked.extension !== undefined) return reading.denial ?? extensionDenial(view, asked.extension);
  const above = reading.isNamed ? aboveCeiling([capability], ceilingOf(control, agent)) : undefined;
  if (above !== undefined) return above.rule;
  if (reading.denial !== undefined) return reading.denial;
  // Only a contract says which environment a target is in, so this part of the ceiling is asked behind it.
  if (reading.isNamed && targets.some((target) => !mayActIn(control, agent, target.environment)))
    return "core:above-ceiling";
  for (const { scope } of reading.isNamed ? family : []) {
    for (const target of targets) {
      const outside = scopeFault(scope, { action: { ...action, target }, dataClasses: reading.dataClasses ?? [] });
      if (outside !== undefined) return outside.rule;
    }
  }
  const own = { actions: 1, cents: reading.costCents, bytes: asked.args.length };
  const now = new Date(view.nowMs).toISOString();
  for (const one of family) {
    const used = reserved === undefined ? add(usageOf(one), own) : usageOf(one);
    const beyond = limitFault(one.scope, used, one.startedAt, now);
    if (beyond !== undefined) return beyond.rule;
  }
  return undefined;
}

/** A wider scope is never above the agent's ceiling, and never wider than the run above holds. */
function extensionDenial({ control, run, ancestors: [parent] }: View, scope: DeclaredScope): CoreRuleId | undefined {
  const above = aboveCeiling(scope.capabilities, ceilingOf(control, run.initiator.agent));
  return (above ?? (parent === undefined ? undefined : subsetFault(scope, parent.scope)))?.rule;
}

function isExpired({ scope }: RunState, nowMs: number): boolean {
  return scope.expires_at !== undefined && nowMs > Date.parse(scope.expires_at);
}

/** Whether the rule belongs to {@link firstDenial}: the policy's own answers have other rules, core ones included. */
function isBefore(rule: string): boolean {
  return coreRuleOf(rule) !== undefined && !FROM_THE_ENGINE.has(rule) && !OF_THE_MOMENT.has(rule);
}

const FROM_THE_ENGINE: ReadonlySet<string> = new Set<CoreRuleId>([
  "core:default-deny",
  "core:policy-eval-error",
  "core:request-schema-invalid",
]);

/** What the action is when no contract says: what the agent sent, or nothing that could be taken for a name. */
function unread(asked: Asked, denial: CoreRuleId): Reading {
  const target = asked.target ?? { system: "unknown", resource: "unknown" };
  const action = blockOf(asked, asked.capability ?? UNNAMED_CAPABILITY, target);
  const isNamed = action.capability !== UNNAMED_CAPABILITY;
  const costCents = asked.costCents ?? 0;
  return {
    action,
    targets: [target],
    isNamed,
    toolContract: undefined,
    costCents,
    checks: undefined,
    dataClasses: undefined,
    denial,
  };
}

function readAction(asked: Asked, bundle: Bundle, evaluated: Awaited<ReturnType<PolicyGate["decide"]>>): Reading {
  const { contract, digest: toolContract } = bundle.contracts.get(asked.tool)!; // the caller found it
  const { capability, checks, data_classes: dataClasses = ["internal"] } = contract;
  const { targets, trouble, projection } = evaluated;
  const parsed = projection === undefined ? undefined : parseProjection(projection);
  if (targets === undefined || parsed === undefined) {
    const target = asked.target ?? { system: contract.resource.system, resource: "unknown" };
    const action = blockOf(asked, asked.capability ?? capability, target);
    // Without a projection the engine's answer is a built-in denial, about the arguments or about itself.
    const rule = trouble?.rule ?? (evaluated.result.matched_rule as CoreRuleId);
    const costCents = asked.costCents ?? 0;
    return { action, targets: [target], isNamed: true, toolContract, costCents, checks, dataClasses, denial: rule };
  }
  const [target = { system: "unknown", resource: "unknown" }] = targets;
  const differs = asked.target !== undefined && !sameTarget(asked.target, target);
  const { labelled } = asked;
  const unlabelled = labelled !== undefined && labelProblems(bundle.labels, capability, labelled).length > 0;
  const isPinned = asked.toolDigest !== undefined && contract.mcp !== undefined;
  const rewritten =
    (asked.toolContract !== undefined && asked.toolContract !== toolContract) ||
    (isPinned && asked.toolDigest !== contract.mcp?.tool_digest);
  const denial = rewritten
    ? "core:tool-contract-changed"
    : differs
      ? "core:target-differs"
      : unlabelled
        ? "core:label-invalid"
        : undefined;
  const costCents = contract.cost_cents === undefined ? (asked.costCents ?? 0) : parsed.context.cost_cents;
  const action = blockOf(asked, capability, target);
  return { action, targets, isNamed: true, toolContract, costCents, checks, dataClasses, denial };
}

function blockOf(asked: Asked, capability: string, target: ActionBlock["target"]): ActionBlock {
  const { tool, toolVersion } = asked;
  return { capability, tool, ...(toolVersion === undefined ? {} : { tool_version: toolVersion }), target };
}

/** What the agent said it would touch may be less precise than the contract's reading, never another thing. */
function sameTarget(said: ActionBlock["target"], read: TouchedTarget): boolean {
  return (
    said.system === read.system &&
    said.resource === read.resource &&
    (said.environment === undefined || said.environment === read.environment) &&
    (said.version === undefined || said.version === read.version)
  );
}

function factsOf(view: View, capability: string, history: History) {
  const { run, control, tenant, nowMs } = view;
  const { agent, on_behalf_of: person } = run.initiator;
  const { actions, cents, bytes, in_flight } = history;
  return {
    tenant,
    agent: { id: agent, owner: agentOf(control, agent)?.owner },
    run: { id: run.run, capabilities: run.scope.capabilities, on_behalf_of: person },
    capability,
    history: { actions, cents, bytes, in_flight },
    nowMs,
  };
}

/** What the run had used and reserved, without the action itself. */
function historyOf(run: RunState, size: number, reserved: Amounts | undefined): History {
  const { actions, cents, bytes, in_flight } = usageOf(run);
  const own = reserved ?? { actions: 0, cents: 0, bytes: 0 };
  return {
    as_of_index: Math.max(0, size - 1),
    actions: actions - own.actions,
    cents: cents - own.cents,
    bytes: bytes - own.bytes,
    in_flight: reserved === undefined ? in_flight : in_flight - 1,
  };
}

function add(a: Amounts, b: Amounts): Amounts {
  return { actions: a.actions + b.actions, cents: a.cents + b.cents, bytes: a.bytes + b.bytes };
}

function changed(): CountersignError {
  return new CountersignError("core:policy-changed");
}
