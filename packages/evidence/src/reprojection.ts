/**
 * Whether a projection is this action's: what the tool's contract makes of the arguments and of what the log knows. Without
 * it an operator could log some arguments beside the projection of harmless ones, and the policy would answer about
 * those. Spec: spec/policy.md, "Verification".
 */
import { agentOf, type ControlState, freezesOver, mayActIn } from "./control.ts";
import { CountersignError } from "./errors.ts";
import type { ActionBlock, EventOf } from "./event.ts";
import type { FaultCode } from "./fault.ts";
import { equalBytes } from "./hash.ts";
import type { BoundContract, Bundle } from "./policy.ts";
import { projectAction, type TouchedTarget, targetsOf } from "./project.ts";
import { type Projection, parseProjection } from "./projection.ts";
import { type RunState, usageOf } from "./run-state.ts";
import { scopeFault } from "./scope.ts";
import { type JsonValue, parseStrict } from "./strict-json.ts";

type Decided = EventOf<"policy.decided">;

/** What the log says around a decision. */
export type Surroundings = {
  /** Right after the decision; its own `started` and `pruned` say how much of the run is known. */
  readonly run: RunState | undefined;
  readonly control: ControlState;
  /** The action's request, where it is at hand. */
  readonly request: EventOf<"action.requested"> | undefined;
  /** The exact argument bytes, where they are opened and are those the request commits to. */
  readonly args: Uint8Array | undefined;
};

/** What was found, and whether the arguments had a part in it. */
export type Reprojected = {
  readonly fromArguments: boolean;
  readonly found: readonly { readonly code: FaultCode; readonly detail: string }[];
};

/** A decision is made on the time at hand; it is recorded within this of it, in ms either way. */
export const DECIDED_WITHIN_MS = 60_000;

/**
 * Holds the projection a decision was made on against the action, the log and, when they are opened, the arguments. Never
 * throws.
 *
 * @param bundle the one the decision cites
 * @param bytes the exact bytes the event commits to, which the engine took for a projection
 */
export function checkProjection(bundle: Bundle, event: Decided, bytes: Uint8Array, around: Surroundings): Reprojected {
  const projection = parseProjection(bytes);
  // What is no projection the engine has denied; there is nothing it could have let through.
  if (projection === undefined) return { fromArguments: around.args !== undefined, found: [] };
  const check = new Check(event, projection, around);
  const bound = bundle.contracts.get(event.action.tool);
  if (bound === undefined || bound.digest !== event.decided.tool_contract) {
    check.differs(`it was not made by the contract of ${event.action.tool} in the policy it cites`);
  }
  check.action();
  check.knownFacts(mentionsHistory(bundle));
  if (event.policy.decision !== "DENY" && event.decided.enforced) check.reach();
  if (bound !== undefined) check.arguments(bound, bytes);
  return { fromArguments: bound !== undefined && around.args !== undefined, found: check.found };
}

const looks = new WeakMap<Bundle, boolean>();

/** Whether any rule may read `context.history`. An escape in a string could spell the name, so it counts as well. */
export function mentionsHistory(bundle: Bundle): boolean {
  let known = looks.get(bundle);
  if (known === undefined) {
    known = bundle.policies.some(({ text }) => text.includes("history") || text.includes("\\"));
    looks.set(bundle, known);
  }
  return known;
}

class Check {
  readonly found: { readonly code: FaultCode; readonly detail: string }[] = [];
  readonly #event: Decided;
  readonly #projection: Projection;
  readonly #around: Surroundings;

  constructor(event: Decided, projection: Projection, around: Surroundings) {
    this.#event = event;
    this.#projection = projection;
    this.#around = around;
  }

  differs(detail: string): void {
    this.found.push({
      code: "projection-differs",
      detail: `The projection decided on is not this action's: ${detail}.`,
    });
  }

  /** The action block every event repeats is the one the policy was asked about. */
  action(): void {
    const { capability, target } = this.#event.action;
    const [read] = targetsOf(this.#projection);
    if (capability !== this.#projection.context.capability) {
      this.#actionDiffers(`its capability is recorded as ${capability}`, this.#projection.context.capability);
    }
    if (!sameTarget(target, read)) this.#actionDiffers(`its target is recorded as ${nameOf(target)}`, nameOf(read));
  }

  /** What is not the arguments', the log knows by itself. */
  knownFacts(readsHistory: boolean): void {
    const { principal, context } = this.#projection;
    const { run, control } = this.#around;
    const { initiator, decided, ts } = this.#event;
    const owner = agentOf(control, initiator.agent)?.owner ?? "";
    if (principal.owner !== owner) this.differs(`the agent's owner is ${owner || "nobody"}`);
    if (principal.team !== "") this.differs("no agent has a team");
    if (context.run.on_behalf_of !== (initiator.on_behalf_of ?? "")) this.differs("the run is for somebody else");
    if (run?.started === true && !sameSet(context.run.capabilities, run.scope.capabilities)) {
      this.differs("the run declared other capabilities");
    }
    for (const name of ["actions", "cents", "bytes", "in_flight"] as const) {
      if (context.history[name] !== decided.history[name]) this.differs(`history.${name} is ${decided.history[name]}`);
    }
    if (readsHistory) this.#history();
    const { epoch, hour_utc: hour, dow } = context.time;
    const at = new Date(epoch * 1000);
    if (at.getUTCHours() !== hour || ((at.getUTCDay() + 6) % 7) + 1 !== dow) {
      this.differs(`at ${epoch} it was neither hour ${hour} nor day ${dow}`);
    }
    if (!(Math.abs(Date.parse(ts) - epoch * 1000) <= DECIDED_WITHIN_MS + 999)) {
      this.differs(`it is of ${epoch} s since 1970, the decision of ${ts}`);
    }
  }

  /** A rule that looks at what the run has used was shown no less than it had. */
  #history(): void {
    const { run } = this.#around;
    const { decided, action_id: id } = this.#event;
    const one = run?.open.find((open) => open.id === id);
    if (run === undefined || one?.decision === undefined || !run.started || run.pruned > 0) return;
    const after = usageOf(run);
    const before = {
      actions: after.actions - 1,
      cents: after.cents - one.costCents,
      bytes: after.bytes - one.argsBytes,
      in_flight: after.in_flight - 1,
    };
    for (const name of ["actions", "cents", "bytes", "in_flight"] as const) {
      if (decided.history[name] < before[name]) this.differs(`the run's ${name} had come to ${before[name]}`);
    }
  }

  /** An action is recorded with the first thing it touches. Scope, ceiling and freezes are about every one. */
  reach(): void {
    const { run, control } = this.#around;
    const { action, initiator } = this.#event;
    const { agent } = initiator;
    for (const target of targetsOf(this.#projection).slice(1)) {
      const touched: ActionBlock = { ...action, target };
      const outside = run?.started === true ? scopeFault(run.scope, { action: touched }) : undefined;
      if (outside !== undefined) this.found.push({ code: outside.code, detail: `It touches more: ${outside.detail}` });
      if (!mayActIn(control, agent, target.environment)) {
        this.found.push({ code: "execution-above-ceiling", detail: `It touches ${nameOf(target)} as well.` });
      }
      const [freeze] = freezesOver(control, { agent, capability: action.capability, target });
      if (freeze !== undefined) {
        const detail = `It touches ${nameOf(target)} as well, which freeze ${freeze.freeze_id} covers.`;
        this.found.push({ code: "execution-while-frozen", detail });
      }
    }
  }

  /** The contract's own reading of the arguments, made again: the same bytes. */
  arguments({ contract }: BoundContract, bytes: Uint8Array): void {
    const { args, request } = this.#around;
    const { principal, context } = this.#projection;
    if (request !== undefined && contract.cost_cents !== undefined) {
      const said = request.request.cost_cents ?? 0;
      if (said !== context.cost_cents) this.#actionDiffers(`it is recorded to cost ${said}`, `${context.cost_cents}`);
    }
    if (args === undefined) return;
    if (request !== undefined && request.request.args_bytes !== args.length) {
      this.#actionDiffers(`its arguments are recorded as ${request.request.args_bytes} bytes`, `${args.length}`);
    }
    const value = readArguments(args);
    if (value === undefined) {
      this.differs("its arguments are no JSON a gate would read");
      return;
    }
    // What the log knows was compared above. Scanners only add to the contract's own risk, and what they found is the
    // log's word: here it may raise, as there.
    const again = projectAction(contract, value, {
      tenant: context.tenant,
      agent: { id: principal.agent, owner: principal.owner, team: principal.team },
      run: context.run,
      capability: contract.capability,
      history: context.history,
      risk: context.risk,
      nowMs: context.time.epoch * 1000,
    });
    if (!again.ok) {
      this.differs(`the contract refuses the arguments (${again.pointer || "all"} ${again.detail})`);
    } else if (!equalBytes(again.bytes, bytes)) {
      const part = differingPart(this.#projection, again.projection);
      this.differs(`of the arguments the contract makes another ${part}`);
    }
  }

  #actionDiffers(recorded: string, read: string): void {
    const detail = `By the tool's contract this is another action: ${recorded}, where the contract reads ${read}.`;
    this.found.push({ code: "action-differs", detail });
  }
}

function readArguments(bytes: Uint8Array): JsonValue | undefined {
  try {
    return parseStrict(bytes, "payload").value;
  } catch (cause) {
    if (!(cause instanceof CountersignError)) throw cause;
    return undefined;
  }
}

function sameTarget(a: ActionBlock["target"], b: TouchedTarget): boolean {
  return (
    a.system === b.system && a.resource === b.resource && a.environment === b.environment && a.version === b.version
  );
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  const wanted = new Set(b);
  return a.length === wanted.size && a.every((one) => wanted.has(one));
}

function nameOf({ system, resource, environment }: TouchedTarget): string {
  return `${system} ${resource}${environment === undefined ? "" : ` in ${environment}`}`;
}

/** Where two projections first differ, by name: values are what is sealed. */
function differingPart(a: Projection, b: Projection): string {
  const differs = (x: unknown, y: unknown) => JSON.stringify(x) !== JSON.stringify(y);
  const resource = (["id", "env", "version", "touches", "system"] as const).find((name) =>
    differs(a.resource[name], b.resource[name]),
  );
  if (resource !== undefined) return `resource.${resource}`;
  const names = new Set([...Object.keys(a.context.args), ...Object.keys(b.context.args)]);
  const argument = [...names].sort().find((name) => differs(a.context.args[name], b.context.args[name]));
  if (argument !== undefined) return `args.${argument}`;
  if (a.context.cost_cents !== b.context.cost_cents) return "cost_cents";
  return differs(a.context.risk, b.context.risk) ? "risk" : "projection";
}
