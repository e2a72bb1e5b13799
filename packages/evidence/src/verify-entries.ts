/**
 * Steps 4 to 9 of spec/pack.md: what the entries say, one by one, by rising index. Bytes, place, chains, control state,
 * runs, votes. Nothing here makes an entry acceptable; that is the tree's word.
 */
import { ActorCheck } from "./actor-check.ts";
import { canonicalText } from "./canonical.ts";
import { approverKeyOf, type ControlState } from "./control.ts";
import { verifyEd25519 } from "./ed25519.ts";
import { CountersignError } from "./errors.ts";
import { verifyEs256 } from "./es256.ts";
import type { Event, EventOf, RunEvent } from "./event.ts";
import { type Fault, fault } from "./fault.ts";
import { LogFold } from "./fold.ts";
import { chainOfKind, checkEvent, serializeEvent } from "./generated/event-shapes.ts";
import { equalBytes, hex, utf8 } from "./hash.ts";
import { EMPTY_ROOT } from "./merkle.ts";
import { own } from "./own.ts";
import type { PackScope } from "./pack.ts";
import { answerSignatureFault } from "./policy-answer.ts";
import { uploadSignatureFaults } from "./policy-signatures.ts";
import { isObject } from "./shape-fault.ts";
import { parseStrict } from "./strict-json.ts";
import { continues } from "./verify-chain.ts";
import { ControlChain, RunChains } from "./verify-links.ts";
import { eventIdIn, type ProvedEntry, type Tell } from "./verify-tree.ts";
import { signatureFault, voteSignatureFault } from "./vote-signature.ts";

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

const SIGNATURES = { ed25519: verifyEd25519, es256: verifyEs256 };

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
    unproved: 0,
  };
  /** Runs that were not followed from their start: ancestors, what a query found, runs older than the range. */
  readonly partialRuns = new Set<string>();
  /**
   * Runs with an event that could not be judged: unreadable, not what the tree has, or of an unknown kind. What is found in
   * them later may only follow from that, so it is not said.
   */
  readonly unsureRuns = new Set<string>();
  /** Ids that events which could not be judged show. */
  readonly unjudged = new Set<string>();
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
  readonly #actors: ActorCheck;
  readonly #controlChain = new ControlChain();
  readonly #runChains = new RunChains();
  /** Runs whose sequence has a gap behind a hole, and what was found in them since: void if the holes are lawful. */
  readonly #gapped = new Map<string, Fault[]>();

  constructor(frame: EntryFrame, tell: Tell, listen: EntryListener) {
    this.#frame = frame;
    this.#tell = tell;
    this.#listen = listen;
    this.#log = frame.log;
    this.#tenant = frame.tenant;
    const { scope, log } = frame;
    // A later epoch's people signed in before it.
    this.#actors = new ActorCheck(scope.kind === "log" && scope.from === 0 && log?.endsWith("/1") !== false);
    this.fold = new LogFold(frame.hasPayload === undefined ? {} : { hasPayload: frame.hasPayload });
  }

  take(entry: ProvedEntry): void {
    const { index, bytes, leaf, proved } = entry;
    const before = this.#before;
    this.#before = entry;
    if (bytes === undefined) {
      this.holes.push(index);
      return;
    }
    this.counts.entries++;
    const event = this.#read(entry, bytes);
    const comparable = before === undefined ? index === 0 : before.index === index - 1 && before.proved;
    if (comparable && !continues(bytes, before?.leaf ?? EMPTY_ROOT)) {
      const at = { index, ...eventIdIn(bytes) };
      this.#tell(fault("chain-broken", `prev_hash is not the leaf of entry ${index - 1}.`, at));
    }
    if (event === undefined) return;
    // What the tree does not have is not believed. Of control events it is: without one nothing after it could be judged.
    if (!proved && chainOfKind[event.type] !== "control") this.#leaveOut(event);
    else this.#judge(event, hex(leaf), proved);
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

  /** Entries that were not judged: unreadable, not what the tree has, or of an unknown kind. */
  get unjudgedCount(): number {
    return this.counts.damaged + this.counts.unproved + this.counts.notUnderstood;
  }

  /** Whether every entry here was judged: then what is counted can be compared. */
  get allJudged(): boolean {
    return this.unjudgedCount === 0;
  }

  /** leafIndex of the newest entry here; undefined when there is none. */
  get lastIndex(): number | undefined {
    return this.#before?.index;
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
      this.#damaged(bytes);
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
      this.#damaged(bytes);
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

  /** An entry that cannot be read; the ids it still shows keep its consequences from being told as faults of others. */
  #damaged(bytes: Uint8Array): void {
    this.counts.damaged++;
    this.#controlChain.unread();
    const { eventId } = eventIdIn(bytes);
    if (eventId !== undefined) this.unjudged.add(eventId);
    const runId = /"run_id":"(run_[0-9a-z]{26})"/.exec(new TextDecoder().decode(bytes))?.[1];
    if (runId !== undefined) this.unsureRuns.add(runId);
  }

  /** An event that reads well and is not what the tree has. */
  #leaveOut(event: Event): void {
    this.counts.unproved++;
    this.unjudged.add(event.event_id);
    if (!isRunEvent(event)) return;
    this.unsureRuns.add(event.run_id);
    this.#runChains.placed(event.run_id, event.integrity.run_seq ?? 0, undefined);
  }

  /** @param proved whether later entries may be held against the leaf */
  #judge(event: Event, leaf: string, proved: boolean): void {
    this.#place(event);
    const chain = chainOfKind[event.type];
    const unlinked = this.#controlChain.problem(event.integrity);
    if (unlinked !== undefined) this.#tell(fault("control-chain-broken", unlinked, placeOf(event)));
    const isOwn = this.#belongs(event, chain);
    const isGapless = this.holes.length === 0 && this.allJudged;
    const stranger = this.#actors.faultOf(event, this.fold.control, isGapless);
    if (stranger !== undefined) this.#tell(stranger);
    if (chain === "control") {
      this.counts.controlEvents++;
      this.#controlChain.placed(proved ? leaf : undefined);
      for (const found of this.fold.step(event)) this.#tell(found);
    } else if (isRunEvent(event)) this.#ofRun(event, proved ? leaf : undefined);
    if (event.type === "approval.voted" && isOwn) {
      this.counts.votes++;
      const key = approverKeyOf(this.fold.control, event.vote.kid);
      const found = voteSignatureFault(event, key, SIGNATURES);
      if (found === undefined) this.counts.votesVerified++;
      else this.#tell(found);
    }
    if (event.type === "breakglass.used" && isOwn) {
      for (const signed of event.breakglass.signatures ?? []) {
        this.counts.votes++;
        const found = signatureFault(event, signed, approverKeyOf(this.fold.control, signed.kid), SIGNATURES);
        if (found === undefined) this.counts.votesVerified++;
        else this.#tell(found);
      }
    }
    for (const found of policyFaults(event, this.fold.control)) this.#tell(found);
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
  #ofRun(event: RunEvent, leaf: string | undefined): void {
    const { run_id: runId, integrity } = event;
    const seq = integrity.run_seq ?? 0;
    const before = this.#runChains.seqOf(runId);
    const unlinked = this.#runChains.problem(runId, integrity);
    if (unlinked !== undefined) this.#tell(fault("run-chain-broken", unlinked, { ...placeOf(event), runId }));
    this.#runChains.placed(runId, seq, leaf);
    if (before === undefined && this.#isPartial(event, seq)) this.partialRuns.add(runId);
    if (this.partialRuns.has(runId)) return;
    if (this.holes.length > 0 && seq > (before ?? -1) + 1 && !this.#gapped.has(runId)) this.#gapped.set(runId, []);
    for (const found of this.fold.step(event)) this.#tellOfLife(found);
  }

  /** Whether a run that starts here with this event cannot be followed from its start, lawfully. */
  #isPartial({ run_id: runId, integrity }: RunEvent, seq: number): boolean {
    const { scope } = this.#frame;
    if (scope.kind !== "log") return scope.kind === "query" || runId !== scope.run_id;
    // It began before the range, or in an earlier epoch's log.
    return seq > 0 && (scope.from > 0 || !integrity.log.endsWith("/1"));
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
      this.unsureRuns.add(runId);
      const seq = isObject(integrity) ? integrity.run_seq : undefined;
      if (typeof seq === "number") this.#runChains.placed(runId, seq, leaf);
    }
    this.#controlChain.passedOver(leaf);
  }

  /** A fault of the lifecycle: kept back where the run is not wholly known, because it may only be its consequence. */
  #tellOfLife(found: Fault): void {
    const { runId, code } = found;
    // Step 10 says it once for each payload, with what the manifest says of it.
    if (code === "pointer-without-payload") return;
    if (runId !== undefined && this.unsureRuns.has(runId)) return;
    const held = runId === undefined ? undefined : this.#gapped.get(runId);
    if (held !== undefined) held.push(found);
    else this.#tell(found);
  }
}

/** What people and keys signed about policies, under the keys known at that point. */
function policyFaults(event: Event, control: ControlState): readonly Fault[] {
  if (event.type === "policy.uploaded") return uploadSignatureFaults(event, control);
  if (event.type !== "policy.publish.answered" || event.answer.signed === undefined) return [];
  const found = answerSignatureFault(event, approverKeyOf(control, event.answer.signed.kid), SIGNATURES);
  return found === undefined ? [] : [found];
}

function placeOf({ integrity, event_id: eventId }: Event): { readonly index: number; readonly eventId: string } {
  return { index: integrity.index, eventId };
}

export function isRunEvent(event: Event): event is RunEvent {
  const chain = own(chainOfKind, event.type);
  return chain === "run" || chain === "action";
}
