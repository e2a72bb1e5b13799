/**
 * A log's meaning, entry by entry: the control state, every run, and what is wrong with either. The verifier and fsck
 * walk entries through it in index order; bytes, tree and chain links are checked elsewhere. Spec: spec/run.md, "Folding
 * a log".
 */
import { payloadsCited } from "./cited.ts";
import { completenessOf, labelFaults, type Part } from "./completeness.ts";
import { type ControlState, emptyControl, permitKeyOf, stepControl } from "./control.ts";
import type { ControlEvent, Event, EventOf, RunEvent } from "./event.ts";
import { type Fault, fault } from "./fault.ts";
import { chainOfKind } from "./generated/event-shapes.ts";
import { overdueFaults, type RunState, stepPruned, type Tombstone } from "./run.ts";
import { stepFamily } from "./run-family.ts";
import { voteKeyFault } from "./vote-signature.ts";

/** What only the caller can know. */
export type FoldChecks = {
  /** Whether a cited payload is accounted for: at hand, erased, withheld or pruned. Absent: pointers are not checked. */
  readonly hasPayload?: (digest: string) => boolean;
  /** Labels the policy in force requires of an action. Absent: none are. */
  readonly requiredLabels?: (event: EventOf<"action.requested">, control: ControlState) => readonly string[];
};

type VoteSeen = {
  readonly kid: string;
  readonly person: string;
  readonly ts: string;
  readonly at: Omit<Fault, "code" | "detail">;
};
type PermitSeen = { readonly kid: string; readonly ts: string; readonly at: Omit<Fault, "code" | "detail"> };

/** Walks a log. Runs that settled keep their counters and lose their memory of single actions. */
export class LogFold {
  readonly runs = new Map<string, RunState>();
  /** Per run, the payloads its events cite and how many are accounted for. */
  readonly pointers = new Map<string, Part>();
  readonly #checks: FoldChecks;
  readonly #eventIds = new Map<string, Set<string>>();
  readonly #votes: VoteSeen[] = [];
  readonly #permits: PermitSeen[] = [];
  #control = emptyControl();
  #lastAt = "";

  constructor(checks: FoldChecks = {}) {
    this.#checks = checks;
  }

  /** The control state after the newest entry. */
  get control(): ControlState {
    return this.#control;
  }

  /** Every fault of the next entry. Entries come in index order. */
  step(event: Event): Fault[] {
    this.#lastAt = event.ts;
    if (isControl(event)) {
      const { state, faults } = stepControl(this.#control, event);
      this.#control = state;
      return faults;
    }
    return isOfRun(event) ? this.#stepRun(event) : [];
  }

  /** Passes over a lawfully pruned entry of a run. */
  skip(tombstone: Tombstone): Fault[] {
    const { state, faults } = stepPruned(this.runs.get(tombstone.run_id), tombstone);
    this.#lastAt = tombstone.ts;
    this.runs.set(tombstone.run_id, state);
    return faults;
  }

  /** What can only be said at the end: overdue attempts, and what was done with keys declared compromised later. */
  finish(): Fault[] {
    const faults = [...this.runs.values()].flatMap((state) => overdueFaults(state, this.#lastAt));
    for (const { kid, person, ts, at } of this.#votes) {
      const found = voteKeyFault({ kid, person }, ts, this.#control);
      if (found?.code === "vote-key-compromised") faults.push(fault(found.code, found.detail, at));
    }
    for (const { kid, ts, at } of this.#permits) {
      const since = permitKeyOf(this.#control, kid)?.revoked?.compromisedSince;
      if (since === undefined || since > ts) continue;
      faults.push(fault("key-revoked", `permit key ${kid} was compromised since ${since}, the permit is of ${ts}`, at));
    }
    return faults;
  }

  /** A run's completeness with the pointers seen on the way. */
  completeness(state: RunState) {
    return completenessOf(state, this.pointers.get(state.run));
  }

  #stepRun(event: RunEvent): Fault[] {
    const before = this.runs.get(event.run_id);
    const { state, faults, above } = stepFamily(before, event, this.#control, (runId) => this.runs.get(runId));
    for (const one of above) this.runs.set(one.run, one);
    const at = { index: event.integrity.index, eventId: event.event_id, runId: event.run_id };
    this.runs.set(event.run_id, state.phase === "settled" ? { ...state, settled: [] } : state);
    this.#remember(event, faults, at);
    if (event.type === "action.requested" && this.#checks.requiredLabels !== undefined) {
      faults.push(...labelFaults(event, this.#checks.requiredLabels(event, this.#control)));
    }
    this.#checkPointers(event, faults, at);
    return faults;
  }

  #remember(event: RunEvent, faults: Fault[], at: VoteSeen["at"]): void {
    const ids = this.#eventIds.get(event.run_id) ?? new Set<string>();
    if (ids.has(event.event_id)) faults.push(fault("event-out-of-order", `${event.event_id} was recorded before`, at));
    ids.add(event.event_id);
    this.#eventIds.set(event.run_id, event.type === "run.settled" ? new Set() : ids);
    const { ts } = event;
    // What was known to be compromised at the time has been said by the step itself.
    if (event.type === "approval.voted" && !faults.some(({ code }) => code === "vote-key-compromised")) {
      this.#votes.push({ kid: event.vote.kid, person: event.vote.person, ts, at });
    }
    if (event.type === "breakglass.used" && !faults.some(({ code }) => code === "vote-key-compromised")) {
      for (const { kid, person } of event.breakglass.signatures ?? []) this.#votes.push({ kid, person, ts, at });
    }
    if (event.type === "dispatch.permitted" && !faults.some(({ code }) => code === "key-revoked")) {
      this.#permits.push({ kid: event.permit.kid, ts, at });
    }
  }

  #checkPointers(event: RunEvent, faults: Fault[], at: VoteSeen["at"]): void {
    const { hasPayload } = this.#checks;
    if (hasPayload === undefined) return;
    const cited = payloadsCited(event);
    if (cited.length === 0) return;
    const missing = cited.filter((digest) => !hasPayload(digest));
    const { have, of } = this.pointers.get(event.run_id) ?? { have: 0, of: 0 };
    this.pointers.set(event.run_id, { have: have + cited.length - missing.length, of: of + cited.length });
    for (const digest of missing) {
      faults.push(fault("pointer-without-payload", `${event.type} cites ${digest}, which nobody recorded`, at));
    }
  }
}

/** A whole log at once. */
export function foldLog(
  events: Iterable<Event>,
  checks: FoldChecks = {},
): { readonly control: ControlState; readonly runs: ReadonlyMap<string, RunState>; readonly faults: Fault[] } {
  const fold = new LogFold(checks);
  const faults: Fault[] = [];
  for (const event of events) faults.push(...fold.step(event));
  faults.push(...fold.finish());
  return { control: fold.control, runs: fold.runs, faults };
}

function isControl(event: Event): event is ControlEvent {
  return chainOfKind[event.type] === "control";
}

function isOfRun(event: Event): event is RunEvent {
  const chain = chainOfKind[event.type];
  return chain === "run" || chain === "action";
}
