/**
 * A run among its ancestors: what a child spends and reserves is charged to every run above it. The ledger keeps it so
 * with the states it stores; a verifier that holds the whole log comes to the same. Spec: spec/run.md, "Children".
 */
import type { ControlState } from "./control.ts";
import type { RunEvent } from "./event.ts";
import { MAX_RUN_ANCESTORS } from "./limits.ts";
import { type RunStep, stepRun } from "./run.ts";
import { type RunState, usageOf } from "./run-state.ts";

/** The state of a run by its id; undefined for one that is not at hand. */
export type RunLookup = (runId: string) => RunState | undefined;

/** A run's step, and the runs above it whose charge it changed. */
export type FamilyStep = RunStep & { readonly above: readonly RunState[] };

/**
 * One step of a run, judged against its ancestors too as far as they are at hand.
 *
 * @param before undefined for the run's first event
 */
export function stepFamily(
  before: RunState | undefined,
  event: RunEvent,
  control: ControlState,
  lookup: RunLookup,
): FamilyStep {
  const first = before === undefined && event.type === "run.started";
  const ancestors = ancestorsOf(event.run_id, first ? event.run.parent_run : before?.parent, lookup);
  const step = stepRun(before, event, control, ancestors);
  return { ...step, above: charged(ancestors, before, step.state) };
}

/**
 * The runs above one, nearest first, at most {@link MAX_RUN_ANCESTORS}; it ends at the first that is not at hand. A
 * circle, which only forged evidence holds, ends it too.
 */
export function ancestorsOf(runId: string, parentId: string | undefined, lookup: RunLookup): readonly RunState[] {
  if (parentId === undefined) return NONE;
  const found: RunState[] = [];
  const seen = new Set([runId]);
  let next: string | undefined = parentId;
  while (next !== undefined && found.length < MAX_RUN_ANCESTORS) {
    const state: RunState | undefined = seen.has(next) ? undefined : lookup(next);
    if (state === undefined) break;
    seen.add(next);
    found.push(state);
    next = state.parent;
  }
  return found;
}

const NONE: readonly RunState[] = [];

/** Ancestors after a step below them; none when it changed nothing of what the run has spent or reserved. */
function charged(ancestors: readonly RunState[], before: RunState | undefined, after: RunState): readonly RunState[] {
  if (ancestors.length === 0) return NONE;
  const was = before === undefined ? NOTHING : usageOf(before);
  const is = usageOf(after);
  const unsure = isUnsure(after);
  const same = was.actions === is.actions && was.cents === is.cents && was.bytes === is.bytes;
  if (same && was.in_flight === is.in_flight && !(unsure && ancestors.some((one) => one.charged?.unsure !== true))) {
    return NONE;
  }
  return ancestors.map((one) => {
    const { actions, cents, bytes, in_flight, unsure: already } = one.charged ?? NOTHING;
    return {
      ...one,
      charged: {
        actions: actions + is.actions - was.actions,
        cents: cents + is.cents - was.cents,
        bytes: bytes + is.bytes - was.bytes,
        in_flight: in_flight + is.in_flight - was.in_flight,
        ...(unsure || already === true ? { unsure: true } : {}),
      },
    };
  });
}

const NOTHING: NonNullable<RunState["charged"]> = { actions: 0, cents: 0, bytes: 0, in_flight: 0 };

/** Part of the run is not here: what it has reserved may have been let go of since. */
function isUnsure({ pruned, gap, charged }: RunState): boolean {
  return pruned > 0 || gap === true || charged?.unsure === true;
}
