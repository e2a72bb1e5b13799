/**
 * Steps 4 to 9 of spec/pack.md: what the entries say, one by one, by rising index. Bytes, place, chains, control state,
 * runs, votes. Nothing here makes an entry acceptable; that is the tree's word.
 */
import { canonicalText } from "./canonical.ts";
import { approverKeyOf } from "./control.ts";
import { verifyEd25519 } from "./ed25519.ts";
import { CountersignError } from "./errors.ts";
import type { ControlEvent, Event, EventOf, RunEvent } from "./event.ts";
import { type Fault, fault } from "./fault.ts";
import { LogFold } from "./fold.ts";
import { chainOfKind, checkEvent, serializeEvent } from "./generated/event-shapes.ts";
import { equalBytes, hex, utf8 } from "./hash.ts";
import { EMPTY_ROOT } from "./merkle.ts";
import { own } from "./own.ts";
import type { PackScope } from "./pack.ts";
import { isObject } from "./shape-fault.ts";
import { parseStrict } from "./strict-json.ts";
import { continues } from "./verify-chain.ts";
import { eventIdIn, type ProvedEntry, type Tell } from "./verify-tree.ts";
import { voteSignatureFault } from "./vote-signature.ts";

/** What is expected of the entries: undefined members are not known, and so not compared. */
export type EntryFrame = {
  readonly log: string | undefined;
  readonly tenant: string | undefined;
  readonly scope: PackScope;
  /** Whether a payload that an event cites is accounted for. */
  readonly hasPayload?: (digest: string) => boolean;
};

/** Told of every event that is understood, after it was judged, while its control state is current. */
export type EntryListener = (event: Event, leaf: string, own: boolean) => void;

const NOTHING = hex(EMPTY_ROOT);
const SIGNATURES = { ed25519: verifyEd25519 };

/** Walks entries. Take them all, then finish; everything it found was told. */
export class EntryWalk {
  readonly fold: LogFold;
  /** Indexes without bytes, in order. */
  readonly holes: number[] = [];
  readonly counts = {
    entries: 0,
    /** Control events, own or not. */
    controlEvents: 0,
    own: 0,
    control: 0,
    ancestors: 0,
    notUnderstood: 0,
    votes: 0,
    votesVerified: 0,
    damaged: 0,
  };
  /** Runs that were not followed from their start: ancestors, what a query found, runs older than the range. */
  readonly partialRuns = new Set<string>();
  /** Runs with an event this verifier does not know: their later faults may be its own ignorance. */
  readonly unknownIn = new Set<string>();
  /** Starts of other runs than a run pack's own, by run: its ancestors, if they are. */
  readonly otherStarts = new Map<string, EventOf<"run.started">>();
  firstTs: string | undefined;
  lastTs: string | undefined;
  readonly #frame: EntryFrame;
  readonly #tell: Tell;
  readonly #listen: EntryListener;
  #before: ProvedEntry | undefined;
  #log: string | undefined;
  #tenant: string | undefined;
  #control = { seq: 0, head: NOTHING };
  /** Leaves of entries since the last control event that may have been control events of an unknown kind. */
  readonly #maybeControl: string[] = [];
  readonly #heads = new Map<string, { readonly seq: number; readonly leaf: string }>();
  /** Runs whose sequence has a gap behind a hole, and what was found in them since: void if the holes are lawful. */
  readonly #gapped = new Map<string, Fault[]>();

  constructor(frame: EntryFrame, tell: Tell, listen: EntryListener) {
    this.#frame = frame;
    this.#tell = tell;
    this.#listen = listen;
    this.#log = frame.log;
    this.#tenant = frame.tenant;
    this.fold = new LogFold(frame.hasPayload === undefined ? {} : { hasPayload: frame.hasPayload });
  }

  take(entry: ProvedEntry): void {
    const { index, bytes, leaf } = entry;
    const before = this.#before;
    this.#before = entry;
    if (bytes === undefined) {
      this.holes.push(index);
      return;
    }
    this.counts.entries++;
    const event = this.#read(entry, bytes);
    if (before !== undefined ? before.index === index - 1 : index === 0) {
      if (!continues(bytes, before?.leaf ?? EMPTY_ROOT)) {
        this.#tell(
          fault("chain-broken", `prev_hash is not the leaf of entry ${index - 1}.`, { index, ...eventIdIn(bytes) }),
        );
      }
    }
    if (event !== undefined) this.#judge(event, hex(leaf));
  }

  /**
   * What can be said only of the whole.
   *
   * @param lawfulHoles whether a prune covers every hole: then what a run lacks behind one is no fault of the run
   */
  finish(lawfulHoles: boolean): void {
    for (const found of this.fold.finish()) this.#tellOfLife(found);
    const held = lawfulHoles ? [] : [...this.#gapped.values()].flat();
    for (const found of held) this.#tell(found);
  }

  /** Runs of which a lawful prune took events. */
  get prunedRuns(): ReadonlySet<string> {
    return new Set(this.#gapped.keys());
  }

  /** Step 4, the bytes: the event they say, or undefined after a fault. */
  #read({ index, leaf }: ProvedEntry, bytes: Uint8Array): Event | undefined {
    const at = () => ({ index, ...eventIdIn(bytes) });
    let value: unknown;
    try {
      value = parseStrict(bytes, "entry").value;
    } catch (cause) {
      if (!(cause instanceof CountersignError)) throw cause;
      this.counts.damaged++;
      this.#tell(fault("entry-malformed", `${cause.detail ?? cause.message} ${cause.pointer ?? ""}`.trim(), at()));
      return undefined;
    }
    const shape = checkEvent(value);
    if (shape === "kind-not-understood") {
      if (!equalBytes(utf8(canonicalText(value)), bytes))
        this.#tell(fault("entry-not-canonical", "Its kind is not known either.", at()));
      this.#passOver(value, index, hex(leaf));
      return undefined;
    }
    if (shape.length > 0) {
      this.counts.damaged++;
      const { pointer, expected, wrong } = shape[0]!;
      const more = shape.length > 1 ? ` (and ${shape.length - 1} more)` : "";
      this.#tell(
        fault(
          "entry-shape",
          `${pointer || "The entry"} is ${wrong === "value" ? "not" : wrong}: ${expected}${more}.`,
          at(),
        ),
      );
      return undefined;
    }
    // The shape is an event's: checkEvent found nothing wrong.
    const event = value as Event;
    if (!equalBytes(utf8(serializeEvent(event)), bytes)) {
      this.#tell(fault("entry-not-canonical", "Members stand in another order or spelling.", at()));
    }
    return event;
  }

  #judge(event: Event, leaf: string): void {
    this.#place(event);
    const chain = chainOfKind[event.type];
    this.#controlLink(event);
    const isOwn = this.#belongs(event, chain);
    if (chain === "control") {
      this.counts.controlEvents++;
      this.#control = { seq: this.#control.seq + 1, head: leaf };
      this.#maybeControl.length = 0;
      for (const found of this.fold.step(event)) this.#tell(found);
    } else if (isRunEvent(event)) this.#ofRun(event, leaf);
    if (event.type === "approval.voted" && isOwn) {
      this.counts.votes++;
      const key = approverKeyOf(this.fold.control, event.vote.kid);
      const found = voteSignatureFault(event, key, SIGNATURES);
      if (found === undefined) this.counts.votesVerified++;
      else this.#tell(found);
    }
    this.#listen(event, leaf, isOwn);
  }

  /** Where it says it lies, and when. */
  #place(event: Event): void {
    const { index } = this.#before!;
    const at = { index, eventId: event.event_id };
    const { integrity, tenant, ts } = event;
    this.#log ??= integrity.log;
    this.#tenant ??= tenant;
    if (integrity.index !== index) this.#tell(fault("index-mismatch", `It says index ${integrity.index}.`, at));
    if (integrity.log !== this.#log)
      this.#tell(fault("index-mismatch", `It says log ${integrity.log}, not ${this.#log}.`, at));
    if (tenant !== this.#tenant)
      this.#tell(fault("index-mismatch", `It says tenant ${tenant}, not ${this.#tenant}.`, at));
    if (this.lastTs !== undefined && ts < this.lastTs)
      this.#tell(fault("time-went-back", `${ts} after ${this.lastTs}.`, at));
    this.firstTs ??= ts;
    if (this.lastTs === undefined || ts > this.lastTs) this.lastTs = ts;
  }

  /** Step 6, the links: what it says of the control chain before it. One gap is one fault. */
  #controlLink(event: { readonly integrity: Event["integrity"]; readonly event_id: string }): void {
    const { ctl_seq: seq, ctl_head: head, index } = event.integrity;
    if (seq === this.#control.seq && head === this.#control.head) return;
    // An entry of an unknown kind may have been a control event; then its leaf is the new head.
    const unknown = this.#maybeControl.indexOf(head);
    if (unknown >= 0 && seq > this.#control.seq && seq <= this.#control.seq + unknown + 1) {
      this.#maybeControl.splice(0, unknown + 1);
    } else {
      const here = `${this.#control.seq} control events are here before it`;
      const detail =
        seq === this.#control.seq
          ? "ctl_head is another event than the newest one here."
          : `ctl_seq is ${seq}, ${here}.`;
      this.#tell(fault("control-chain-broken", detail, { index, eventId: event.event_id }));
    }
    this.#control = { seq, head };
  }

  /** Counts the entry, says whether it is an own one, and reports it when it belongs nowhere in the scope. */
  #belongs(event: Event, chain: string): boolean {
    const { scope } = this.#frame;
    const run = isRunEvent(event) ? event.run_id : undefined;
    const { index } = event.integrity;
    if (
      scope.kind === "log" ? index >= scope.from : scope.kind === "run" ? run === scope.run_id : chain !== "control"
    ) {
      this.counts.own++;
      return true;
    }
    if (chain === "control") {
      this.counts.control++;
      return false;
    }
    this.counts.ancestors++;
    if (scope.kind === "run" && event.type === "run.started") {
      this.otherStarts.set(event.run_id, event);
      return false;
    }
    const what = run === undefined ? event.type : `${event.type} of ${run}`;
    this.#tell(fault("pack-foreign-entry", `${what} is outside the pack's scope.`, { index, eventId: event.event_id }));
    return false;
  }

  /** Step 7: the run's chain, then its lifecycle, when the run can be followed from its start. */
  #ofRun(event: RunEvent, leaf: string): void {
    const { run_seq: seq = 0, run_prev: prev, index, log } = event.integrity;
    const head = this.#heads.get(event.run_id);
    const at = { index, eventId: event.event_id, runId: event.run_id };
    const { scope } = this.#frame;
    if (head === undefined) {
      const elsewhere = scope.kind === "query" || (scope.kind === "run" && event.run_id !== scope.run_id);
      const older = scope.kind === "log" && seq > 0 && (scope.from > 0 || !log.endsWith("/1"));
      if (elsewhere || older) this.partialRuns.add(event.run_id);
      if (seq === 0 && prev !== NOTHING)
        this.#tell(fault("run-chain-broken", "run_prev of the run's first event is not empty.", at));
    } else if (head.seq === seq - 1 && prev !== head.leaf) {
      this.#tell(fault("run-chain-broken", `run_prev is not the leaf of the run's event ${head.seq}.`, at));
    }
    this.#heads.set(event.run_id, { seq, leaf });
    if (this.partialRuns.has(event.run_id)) return;
    if (this.holes.length > 0 && seq > (head?.seq ?? -1) + 1 && !this.#gapped.has(event.run_id)) {
      this.#gapped.set(event.run_id, []);
    }
    for (const found of this.fold.step(event)) this.#tellOfLife(found);
  }

  /** An event of an unknown kind: its bytes are proved; what it does to a run or to the rules is not known. */
  #passOver(value: unknown, index: number, leaf: string): void {
    this.counts.notUnderstood++;
    const { type, v, event_id: eventId, run_id: runId, integrity } = isObject(value) ? value : {};
    const at = {
      index,
      ...(typeof eventId === "string" ? { eventId } : {}),
      ...(typeof runId === "string" ? { runId } : {}),
    };
    this.#tell(fault("kind-not-understood", `${String(type)} of version ${String(v)}.`, at));
    if (typeof runId === "string") {
      this.unknownIn.add(runId);
      const seq = isObject(integrity) ? integrity.run_seq : undefined;
      if (typeof seq === "number") this.#heads.set(runId, { seq, leaf });
    }
    this.#maybeControl.push(leaf);
  }

  /** A fault of the lifecycle: kept back where the run is not wholly known, because it may only be its consequence. */
  #tellOfLife(found: Fault): void {
    const { runId, code } = found;
    // Step 10 says it once for each payload, with what the manifest says of it.
    if (code === "pointer-without-payload") return;
    if (runId !== undefined && this.unknownIn.has(runId)) return;
    const held = runId === undefined ? undefined : this.#gapped.get(runId);
    if (held !== undefined) held.push(found);
    else this.#tell(found);
  }
}

export function isRunEvent(event: Event): event is RunEvent {
  const chain = own(chainOfKind, event.type);
  return chain === "run" || chain === "action";
}

export function isControlEvent(event: Event): event is ControlEvent {
  return own(chainOfKind, event.type) === "control";
}
