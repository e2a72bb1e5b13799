/**
 * From an action's arguments to the projection a policy decides on, by the tool's contract. Whatever the contract does
 * not foresee fails, and a failure denies: an argument policy cannot see must not reach the tool. Spec: spec/policy.md.
 */
import type { CoreRuleId } from "./core-rules.ts";
import { assert } from "./errors.ts";
import { isObject } from "./json-shape.ts";
import { type Applied, type ArgumentSource, applyFunction, type Projected, valueAt } from "./project-functions.ts";
import {
  MAX_PROJECTION_BYTES,
  type Projection,
  projectionBytes,
  projectionDeviation,
  sortedSet,
} from "./projection.ts";
import { type JsonValue, joinPointer } from "./strict-json.ts";
import { knownArguments, type ToolContract } from "./tool-contract.ts";

/** What the gate knows besides the arguments, from credential and ledger; nothing of it is the agent's word. */
export type GateFacts = {
  readonly tenant: string;
  readonly agent: { readonly id: string; readonly owner?: string | undefined; readonly team?: string | undefined };
  readonly run: {
    readonly id: string;
    readonly capabilities: readonly string[];
    /** The alias of the person the run is for. */
    readonly on_behalf_of?: string | undefined;
  };
  /** The capability requested; must be the contract's. */
  readonly capability: string;
  readonly history: Projection["context"]["history"];
  /** Tags and score of scanners, added to the contract's own; they never lower it. */
  readonly risk?: { readonly tags: readonly string[]; readonly score: number } | undefined;
  /** The decision's time in ms since 1970. */
  readonly nowMs: number;
};

/** The projection with its exact bytes, or the built-in rule that denies, and what it met where in the arguments. */
export type ProjectOutcome =
  | { readonly ok: true; readonly projection: Projection; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly rule: CoreRuleId; readonly pointer: string; readonly detail: string };

/** What an action touches, in the words of a run's declared scope. */
export type TouchedTarget = {
  readonly system: string;
  readonly resource: string;
  readonly environment?: string;
  readonly version?: string;
};

/**
 * Projects an action. Pure and total: the same three arguments give the same bytes on every platform.
 *
 * @param args the parsed arguments, a JSON object of the payload profile
 */
export function projectAction(contract: ToolContract, args: JsonValue, facts: GateFacts): ProjectOutcome {
  if (facts.capability !== contract.capability) {
    return failed(
      `requested for ${facts.capability}, the contract says ${contract.capability}`,
      "",
      "core:capability-differs",
    );
  }
  if (!isObject(args)) return failed("the arguments are not an object", "");
  const known = knownArguments(contract);
  const stray = known && Object.keys(args).find((name) => !known.has(name));
  if (stray !== undefined) return failed("is not an argument of this tool's contract", joinPointer("", stray));

  const read = new Reading(args);
  const projected = new Map<string, Projected>();
  for (const entry of contract.project) {
    const there = presentAt(args, entry.from);
    const name = entry.to.slice("args.".length);
    if (there || entry.fn === "has") projected.set(name, read.value(entry));
    else if (entry.default !== undefined)
      projected.set(name, entry.default as Projected); // its type was checked with the contract
    else if (entry.optional !== true) read.fail(entry.from, "is missing");
  }
  const { resource } = contract;
  const id = "const" in resource.id ? resource.id.const : read.text(resource.id);
  if (id === "") read.fail("fn" in resource.id ? resource.id.from : "", "names no resource");
  const touches = sortedSet([id, ...(resource.touches ?? []).flatMap((one) => read.texts(one))]);
  const env = environmentOf(resource.env, touches, read);
  const version =
    resource.version === undefined || !presentAt(args, resource.version.from) ? "" : read.text(resource.version);
  const costs = contract.cost_cents;
  const cost = costs === undefined || !presentAt(args, costs.from) ? 0 : read.value(costs);
  if (typeof cost !== "number" || cost < 0) read.fail(costs?.from ?? "", "is a negative amount");
  if (read.failure !== undefined) return read.failure;

  const base = contract.risk_base ?? { score: 0, tags: [] };
  const seen = facts.risk ?? { score: 0, tags: [] };
  const projection: Projection = {
    ctx: "countersign/v1/projection",
    principal: { agent: facts.agent.id, owner: facts.agent.owner ?? "", team: facts.agent.team ?? "" },
    tool: contract.tool,
    action: contract.action,
    resource: { system: resource.system, id, env, version, touches },
    context: {
      tenant: facts.tenant,
      capability: contract.capability,
      run: {
        id: facts.run.id,
        capabilities: sortedSet(facts.run.capabilities),
        on_behalf_of: facts.run.on_behalf_of ?? "",
      },
      args: Object.fromEntries(projected),
      cost_cents: cost as number, // checked above
      risk: { tags: sortedSet([...base.tags, ...seen.tags]), score: Math.max(base.score, seen.score) },
      history: facts.history,
      time: timeOf(facts.nowMs),
    },
  };
  const deviation = projectionDeviation(projection);
  if (deviation !== undefined) return failed(`${deviation.pointer} of the projection ${deviation.problem}`, "");
  const bytes = projectionBytes(projection);
  if (bytes.length > MAX_PROJECTION_BYTES) {
    return failed(`the projection has ${bytes.length} bytes, more than ${MAX_PROJECTION_BYTES}`, "");
  }
  return { ok: true, projection, bytes };
}

/**
 * Every target of a projected action. The run's scope must cover all of them, and the first is what the event records:
 * the contract's reading of the arguments, not what the agent said it would touch.
 */
export function targetsOf(projection: Projection): readonly [TouchedTarget, ...TouchedTarget[]] {
  const { system, id, env, version, touches } = projection.resource;
  const shared = { system, ...(env === "" ? {} : { environment: env }) };
  const others = touches.filter((one) => one !== id).map((resource) => ({ ...shared, resource }));
  return [{ ...shared, resource: id, ...(version === "" ? {} : { version }) }, ...others];
}

function failed(
  detail: string,
  pointer: string,
  rule: CoreRuleId = "core:projection-failed",
): ProjectOutcome & { ok: false } {
  return { ok: false, rule, pointer, detail };
}

/** Reads sources and keeps the first failure, so that the projection above reads top-down. */
class Reading {
  readonly args: JsonValue;
  failure: (ProjectOutcome & { ok: false }) | undefined;

  constructor(args: JsonValue) {
    this.args = args;
  }

  fail(pointer: string, problem: string): void {
    this.failure ??= failed(problem, pointer);
  }

  value(source: ArgumentSource): Projected {
    return this.#take(source.from, applyFunction(source, valueAt(this.args, source.from)));
  }

  /** A source that gives String; the contract was checked for it. */
  text(source: ArgumentSource): string {
    const value = this.value(source);
    return typeof value === "string" ? value : "";
  }

  /** The same for one string or for each item of an array. */
  texts(source: ArgumentSource): readonly string[] {
    const value = valueAt(this.args, source.from);
    if (value === undefined || value === null) return [];
    const items: readonly JsonValue[] = Array.isArray(value) ? value : [value];
    if (items.length > 64) this.fail(source.from, "has more than 64 items");
    return items.slice(0, 64).flatMap((item, i) => {
      const text = this.#take(
        Array.isArray(value) ? joinPointer(source.from, i) : source.from,
        applyFunction(source, item),
      );
      if (typeof text === "string" && text !== "") return [text];
      this.fail(source.from, "names no resource");
      return [];
    });
  }

  #take(pointer: string, applied: Applied): Projected {
    if (applied.ok) return applied.value;
    this.fail(pointer, applied.problem);
    return "";
  }
}

function presentAt(args: JsonValue, pointer: string): boolean {
  const value = valueAt(args, pointer);
  return value !== undefined && value !== null;
}

/** By segments: the first rule that any segment of anything touched fits, so that the strictest can stand first. */
function environmentOf(env: ToolContract["resource"]["env"], touches: readonly string[], read: Reading): string {
  if ("const" in env) return env.const;
  if ("fn" in env) return read.text(env);
  const segments = touches.flatMap((one) => one.toLowerCase().split("/"));
  const rule = env.segments.find(({ segment }) => segments.some((one) => segmentFits(segment.toLowerCase(), one)));
  return rule?.env ?? env.otherwise;
}

function segmentFits(pattern: string, segment: string): boolean {
  const open = pattern.startsWith("*");
  const close = pattern.length > 1 && pattern.endsWith("*");
  const core = pattern.slice(open ? 1 : 0, close ? -1 : undefined);
  if (open && close) return segment.includes(core);
  if (open) return segment.endsWith(core);
  return close ? segment.startsWith(core) : segment === core;
}

function timeOf(nowMs: number): Projection["context"]["time"] {
  assert(Number.isSafeInteger(nowMs) && nowMs >= 0, "a decision's time is a whole number of milliseconds since 1970");
  const epoch = Math.floor(nowMs / 1000);
  const days = Math.floor(epoch / 86_400);
  // 1970-01-01 was a Thursday.
  return { epoch, hour_utc: Math.floor((epoch % 86_400) / 3600), dow: ((days + 3) % 7) + 1 };
}
