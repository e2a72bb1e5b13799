/**
 * One tenant's log as the batcher keeps it in memory: the head as of the batch being built, the tree, the newest signed
 * checkpoint. All of it is derived from committed rows and dropped whole when a commit fails.
 */
import { type ControlState, emptyControl, stepControl } from "@countersign/evidence/control";
import { assert, CountersignError } from "@countersign/evidence/errors";
import type { ControlEvent, Event, RunEvent } from "@countersign/evidence/event";
import { chainOfKind } from "@countersign/evidence/generated/event-shapes";
import { hex } from "@countersign/evidence/hash";
import { parseId } from "@countersign/evidence/ids";
import { EMPTY_ROOT, leafHash } from "@countersign/evidence/merkle";
import type { RunState } from "@countersign/evidence/run";
import { stepFamily } from "@countersign/evidence/run-family";
import type { RunView } from "./batch.ts";
import type { Engine, LogId, StoredLog, StoredRun } from "./engine.ts";
import { Tree } from "./tree.ts";

/** What every chain cites where nothing comes before: hex of SHA-256(""). */
export const NOTHING_BEFORE = hex(EMPTY_ROOT);
const CONTROL_PAGE = 1000;
const REPLAY_PAGE = 256;

/** Where a log stands after its newest entry. Replaced whole, so that a command that fails leaves the old one. */
export type Head = {
  readonly size: number;
  readonly tsMs: number;
  /** Leaf hash of the newest entry, bytes and hex. */
  readonly leaf: Uint8Array;
  readonly leafHex: string;
  /** Number of control events, and the newest one's leaf hash. */
  readonly controls: number;
  readonly controlLeaf: Uint8Array;
  readonly controlLeafHex: string;
  readonly control: ControlState;
};

/** The newest checkpoint the signer gave. */
export type Signed = { readonly size: number; readonly note: string };

export class LogState implements LogId {
  readonly tenant: number;
  readonly epoch: number;
  readonly id: string;
  readonly originHost: string;
  /** C2SP origin: `<host>/<tenant>/<epoch>`. */
  readonly origin: string;
  readonly tree: Tree;
  /** As of the batch being built. */
  head: Head;
  /** As of the newest batch known to be durable. */
  committed: Head;
  signed: Signed;
  /**
   * Committed states of runs that are newer than the stored ones, which are those after `runsSize` entries. They are
   * written from time to time and not with every event; a start makes them again from the entries behind.
   */
  runs = new Map<string, RunView>();
  runsSize: number;
  /** `dispatch.permitted` entries that no signature covers yet: the signer makes their tokens when it sees them. */
  permits: { readonly index: number; readonly entry: Uint8Array }[] = [];
  /** Set when the signer remembers less of this log than it signed: how many entries it still knew when the log was opened. */
  remembered: number | undefined;
  /** Why the signer will not sign this log any more; nothing is released from then on. */
  refused: string | undefined;
  /** Node clock minus monotonic clock when the last batch touched this log; a change of it is a jump. */
  driftMs: number | undefined;

  constructor(stored: StoredLog, engine: Engine) {
    this.tenant = stored.tenant;
    this.epoch = stored.epoch;
    this.id = stored.id;
    this.originHost = stored.originHost;
    this.origin = originOf(stored.originHost, stored.id, stored.epoch);
    this.signed = { size: stored.signedSize, note: stored.note };
    this.tree = new Tree(stored.size, (level, from, to) => {
      const hashes = level === 0 ? engine.leaves(this, from, to) : engine.nodes(this, level, from, to);
      if (hashes.length === to - from) return hashes;
      // Rows were deleted behind our back: without them there is no tree to serve or to sign.
      const what = level === 0 ? "entries" : `hashes of level ${level}`;
      const detail = `${this.origin}: of its ${what} ${from} to ${to - 1} only ${hashes.length} are there.`;
      throw new CountersignError("signer-refused", { detail });
    });
    this.runsSize = stored.runsSize;
    const control = this.#replay(stored, engine);
    const leaf = stored.leaf ?? EMPTY_ROOT;
    const controlLeaf = stored.controlLeaf ?? EMPTY_ROOT;
    this.head = {
      size: stored.size,
      tsMs: stored.tsMs,
      leaf,
      leafHex: hex(leaf),
      controls: stored.controls,
      controlLeaf,
      controlLeafHex: hex(controlLeaf),
      control,
    };
    this.committed = this.head;
  }

  /** Steps over the entries behind the stored run states; gives the control state after them. */
  #replay(stored: StoredLog, engine: Engine): ControlState {
    if (stored.runsSize === stored.size) return foldControl(this, stored.controls, engine);
    let control: ControlState | undefined;
    for (let from = stored.runsSize; from < stored.size; from += REPLAY_PAGE) {
      for (const bytes of engine.entries(this, from, Math.min(from + REPLAY_PAGE, stored.size))) {
        const event = eventOf(bytes);
        control ??= foldControl(this, event.integrity.ctl_seq, engine);
        const chain = chainOfKind[event.type];
        if (chain === "control") control = stepControl(control, event as ControlEvent).state; // its chain says so
        if (chain === "control" || chain === "tenant") continue;
        const ofRun = event as RunEvent; // the other two chains are a run's
        const viewOf = (runId: string) => this.runs.get(runId) ?? storedView(this, runId, engine);
        const before = viewOf(ofRun.run_id);
        const { state, above } = stepFamily(before?.state, ofRun, control, (runId) => viewOf(runId)?.state);
        this.runs.set(ofRun.run_id, {
          id: idOfRun(ofRun.run_id),
          state,
          leaf: leafHash(bytes),
          events: (before?.events ?? 0) + 1,
        });
        for (const one of above) this.runs.set(one.run, { ...viewOf(one.run)!, state: one }); // read just now
      }
    }
    assert(control !== undefined, "the entries behind the stored runs are there");
    return control;
  }
}

/** A log that does not exist yet: what `createTenant` starts from. */
export function newLog(tenant: number, id: string, originHost: string, epoch: number): StoredLog {
  return {
    tenant,
    epoch,
    id,
    originHost,
    size: 0,
    tsMs: 0,
    leaf: undefined,
    controls: 0,
    controlLeaf: undefined,
    runsSize: 0,
    signedSize: 0,
    note: "",
  };
}

export function originOf(originHost: string, tenantId: string, epoch: number): string {
  return `${originHost}/${tenantId}/${epoch}`;
}

/** A stored run as commands see it. */
export function runView(runId: string, stored: StoredRun | undefined): RunView | undefined {
  if (stored === undefined) return undefined;
  // The column holds what a step of the run gave.
  return { id: idOfRun(runId), state: JSON.parse(stored.state) as RunState, leaf: stored.leaf, events: stored.events };
}

function storedView(log: LogId, runId: string, engine: Engine): RunView | undefined {
  const need = { tenant: log.tenant, run: idOfRun(runId) };
  return runView(runId, engine.load({ rows: [], runs: [need], submissions: [] }).runs[0]);
}

function idOfRun(runId: string): Uint8Array {
  const id = parseId("run", runId);
  assert(id !== undefined, "a run has a run's id");
  return id;
}

/** An entry's event, for entries this ledger wrote; fsck is who doubts them. */
function eventOf(bytes: Uint8Array): Event {
  return JSON.parse(decoder.decode(bytes));
}
const decoder = new TextDecoder("utf-8", { fatal: true });

function foldControl(log: LogId, controls: number, engine: Engine): ControlState {
  let control = emptyControl();
  for (let seq = 0; seq < controls; seq += CONTROL_PAGE) {
    for (const index of engine.controlEntries(log, seq, Math.min(CONTROL_PAGE, controls - seq))) {
      const entry = engine.entry(log, index);
      assert(entry !== undefined, "an index names an entry that is there");
      // Placed by append as a control event, which is what the index says of it.
      control = stepControl(control, eventOf(entry.bytes) as ControlEvent).state;
    }
  }
  return control;
}
