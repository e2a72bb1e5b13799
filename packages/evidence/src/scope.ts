/**
 * What a run may touch: declared scope, the agent's ceiling, budgets. Spec: spec/run.md, "Scope".
 * Everything here is linear in what is matched: a pattern from outside never becomes a regular expression.
 */
import type { ActionBlock, DeclaredScope } from "./event.ts";
import { type Fault, fault } from "./fault.ts";

/** The built-in rule of the gate that a step outside the scope breaks. */
export type ScopeRule =
  | "core:above-ceiling"
  | "core:capability-not-declared"
  | "core:tool-not-declared"
  | "core:resource-out-of-scope"
  | "core:data-class-not-declared"
  | "core:budget-exceeded"
  | "core:run-expired";

/** A fault about scope, with the gate's own rule for it. */
export type ScopeFault = Fault & { readonly rule: ScopeRule };

export type DataClass = NonNullable<DeclaredScope["data_classes"]>[number];

/** Amounts a run has used, or one action would use. Cents and bytes are integers. */
export type Amounts = { readonly actions: number; readonly cents: number; readonly bytes: number };

/**
 * Whether a granted capability covers another: the same, or one below it at a dot.
 *
 * @example capabilityCovers("fs", "fs.read") === true; capabilityCovers("fs", "fsx.read") === false
 */
export function capabilityCovers(granted: string, capability: string): boolean {
  if (granted === capability) return true;
  return capability.length > granted.length && capability[granted.length] === "." && capability.startsWith(granted);
}

/**
 * Whether `text` as a whole fits `pattern`: `*` is any run of characters without `/`, `**` any run at all, every other
 * character is itself. At most |pattern| × |text| steps.
 */
export function globMatches(pattern: string, text: string): boolean {
  return tokensMatch(tokensOf(pattern), codesOf(text));
}

/** Why the action is not within the declared scope, or undefined when it is. Budgets and expiry: {@link limitFault}. */
export function scopeFault(
  scope: DeclaredScope,
  { action, dataClasses = [] }: { readonly action: ActionBlock; readonly dataClasses?: readonly DataClass[] },
): ScopeFault | undefined {
  const { capability, tool, target } = action;
  if (!scope.capabilities.some((granted) => capabilityCovers(granted, capability))) {
    return outside("core:capability-not-declared", `${capability} is not among the run's capabilities`);
  }
  if (scope.tools !== undefined && !scope.tools.includes(tool)) {
    return outside("core:tool-not-declared", `${tool} is not among the run's tools`);
  }
  if (scope.resources !== undefined && !scope.resources.some((resource) => resourceCovers(resource, target))) {
    return outside(
      "core:resource-out-of-scope",
      `${target.resource} on ${target.system} is not among the run's resources`,
    );
  }
  const { data_classes: declared } = scope;
  const undeclared = declared === undefined ? undefined : dataClasses.find((one) => !declared.includes(one));
  if (undeclared !== undefined) {
    return outside("core:data-class-not-declared", `${undeclared} is not among the run's data classes`);
  }
  return undefined;
}

/** Stands for the capability of an action that neither a contract nor the agent names. */
export const UNNAMED_CAPABILITY = "unknown";

/**
 * Why the run may not go on to use these amounts at this time, or undefined when it may.
 *
 * @param used everything spent and reserved in the run, the action in question included
 */
export function limitFault(
  scope: DeclaredScope,
  used: Amounts,
  startedAt: string,
  now: string,
): ScopeFault | undefined {
  if (scope.expires_at !== undefined && now > scope.expires_at) {
    return outside("core:run-expired", `the run's scope expired at ${scope.expires_at}`);
  }
  const { budgets } = scope;
  if (budgets === undefined) return undefined;
  for (const amount of ["actions", "cents", "bytes"] as const) {
    const budget = budgets[amount];
    if (budget !== undefined && used[amount] > budget) {
      return outside("core:budget-exceeded", `${used[amount]} ${amount} would be used, the run's budget is ${budget}`);
    }
  }
  if (budgets.wall_ms !== undefined && Date.parse(now) - Date.parse(startedAt) > budgets.wall_ms) {
    return outside("core:budget-exceeded", `the run's wall time of ${budgets.wall_ms} ms is over`);
  }
  return undefined;
}

/** Why `child` is not a subset of `parent`, or undefined when it is. A limit the parent has, the child must have too. */
export function subsetFault(child: DeclaredScope, parent: DeclaredScope): ScopeFault | undefined {
  const above = child.capabilities.find(
    (one) => !parent.capabilities.some((granted) => capabilityCovers(granted, one)),
  );
  if (above !== undefined) return outside("core:capability-not-declared", `the parent does not hold ${above}`);
  const tool = missingFrom(child.tools, parent.tools);
  if (tool !== undefined) return outside("core:tool-not-declared", `the parent does not hold tool ${tool}`);
  const dataClass = missingFrom(child.data_classes, parent.data_classes);
  if (dataClass !== undefined) {
    return outside("core:data-class-not-declared", `the parent does not hold data class ${dataClass}`);
  }
  if (parent.resources !== undefined) {
    const { resources: outer } = parent;
    const wider = child.resources?.find((inner) => !outer.some((resource) => resourceWithin(inner, resource)));
    if (child.resources === undefined || wider !== undefined) {
      return outside("core:resource-out-of-scope", `the parent does not hold resource ${wider?.pattern ?? "(any)"}`);
    }
  }
  for (const amount of ["actions", "cents", "bytes", "wall_ms"] as const) {
    const limit = parent.budgets?.[amount];
    if (limit !== undefined && (child.budgets?.[amount] ?? Number.POSITIVE_INFINITY) > limit) {
      return outside("core:budget-exceeded", `the parent's budget of ${amount} is ${limit}`);
    }
  }
  if (parent.expires_at !== undefined && (child.expires_at === undefined || child.expires_at > parent.expires_at)) {
    return outside("core:run-expired", `the parent's scope expires at ${parent.expires_at}`);
  }
  return undefined;
}

/** The first of `capabilities` that no capability of the ceiling covers, as a fault; undefined when all are covered. */
export function aboveCeiling(capabilities: readonly string[], ceiling: readonly string[]): ScopeFault | undefined {
  const above = capabilities.find((one) => !ceiling.some((granted) => capabilityCovers(granted, one)));
  if (above === undefined) return undefined;
  return {
    ...fault("execution-above-ceiling", `${above} is above the agent's approved ceiling`),
    rule: "core:above-ceiling",
  };
}

type Resource = NonNullable<DeclaredScope["resources"]>[number];

function resourceCovers(resource: Resource, target: ActionBlock["target"]): boolean {
  if (resource.system !== undefined && resource.system !== target.system) return false;
  if (resource.environment !== undefined && resource.environment !== target.environment) return false;
  return globMatches(resource.pattern, target.resource);
}

/** Sound, not complete: a wildcard of the inner pattern is a character only an equally wide outer wildcard takes. */
function resourceWithin(inner: Resource, outer: Resource): boolean {
  if (outer.system !== undefined && inner.system !== outer.system) return false;
  if (outer.environment !== undefined && inner.environment !== outer.environment) return false;
  return tokensMatch(tokensOf(outer.pattern), tokensOf(inner.pattern));
}

/** The first of `inner` that `outer` lacks; undefined `outer` holds everything, undefined `inner` wants everything. */
function missingFrom(inner: readonly string[] | undefined, outer: readonly string[] | undefined): string | undefined {
  if (outer === undefined) return undefined;
  if (inner === undefined) return "(any)";
  return inner.find((one) => !outer.includes(one));
}

function outside(rule: ScopeRule, detail: string): ScopeFault {
  return { ...fault("execution-outside-scope", detail), rule };
}

const SLASH = 0x2f;
const STAR = -1;
const GLOBSTAR = -2;

function codesOf(text: string): number[] {
  const codes: number[] = [];
  for (let i = 0; i < text.length; i++) codes.push(text.charCodeAt(i));
  return codes;
}

function tokensOf(pattern: string): number[] {
  const tokens: number[] = [];
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] !== "*") tokens.push(pattern.charCodeAt(i));
    else if (tokens.at(-1) === STAR || tokens.at(-1) === GLOBSTAR) tokens[tokens.length - 1] = GLOBSTAR;
    else tokens.push(STAR);
  }
  return tokens;
}

/**
 * The set of pattern positions reachable after each character: no backtracking, so no input is slow. `text` may hold
 * wildcard tokens itself when it is the inner of two patterns.
 */
function tokensMatch(pattern: readonly number[], text: readonly number[]): boolean {
  const end = pattern.length;
  let now = new Uint8Array(end + 1);
  let next = new Uint8Array(end + 1);
  now[0] = 1;
  for (let i = 0; i <= text.length; i++) {
    // A wildcard may stand for nothing: its position reaches the one behind it.
    for (let at = 0; at < end; at++) if (now[at] === 1 && pattern[at]! < 0) now[at + 1] = 1;
    if (i === text.length) break;
    const code = text[i]!;
    next.fill(0);
    let alive = false;
    for (let at = 0; at < end; at++) {
      if (now[at] !== 1) continue;
      const token = pattern[at]!;
      if (token === GLOBSTAR || (token === STAR && code !== SLASH && code !== GLOBSTAR)) next[at] = 1;
      else if (token >= 0 && token === code) next[at + 1] = 1;
      else continue;
      alive = true;
    }
    if (!alive) return false;
    [now, next] = [next, now];
  }
  return now[end] === 1;
}
