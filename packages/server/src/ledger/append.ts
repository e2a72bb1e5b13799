/**
 * A command's transaction, and in it the one place where an event is placed: its id, time, integrity block and shape,
 * the step of its run or of the control chain, its bytes and its leaf. Nothing else in the server makes an entry.
 */

import { stepControl } from "@countersign/evidence/control";
import { assert, CountersignError } from "@countersign/evidence/errors";
import type {
  ActionBlock,
  ActorBlock,
  ControlEvent,
  Event,
  EventOf,
  Kind,
  RunEvent,
} from "@countersign/evidence/event";
import type { Fault } from "@countersign/evidence/fault";
import { chainOfKind, checkEvent, serializeEvent } from "@countersign/evidence/generated/event-shapes";
import { sha256, utf8 } from "@countersign/evidence/hash";
import { formatId, type Id, type IdPrefix, parseId, type RunId, uuidFromHash, uuidV7 } from "@countersign/evidence/ids";
import { MAX_ENTRY_BYTES } from "@countersign/evidence/limits";
import { mustSettle, openActionOf, type RunState, settledActionOf } from "@countersign/evidence/run";
import { stepFamily } from "@countersign/evidence/run-family";
import { Changes, type RowChange, type RunView, rowKey } from "./batch.ts";
import type { NewEvent, Placed, Transaction } from "./command.ts";
import type { NewEntry, Row, RowCodec } from "./engine.ts";
import type { EntryArena } from "./entry-bytes.ts";
import { type Head, type LogState, NOTHING_BEFORE } from "./log-state.ts";
import type { KeyOf, RowOf, Table } from "./table.ts";

/** Random bytes, drawn from a pool: one call of the system's generator serves hundreds of ids. */
export type Randomness = (length: number) => Uint8Array;

/** Where a transaction gets what it cannot make itself. */
export type Sources = { readonly random: Randomness; readonly arena: EntryArena };

/** What lies below a command: the batch so far, then committed rows. */
export type Below = {
  readonly codec: RowCodec;
  row(key: string, table: Table): Row | undefined;
  run(runId: string): RunView | undefined;
  hasEvent(eventId: string): boolean;
};

/** Numbers of the kinds as the store keeps them: their position in the list that is only ever appended to. */
export const kindNumbers: ReadonlyMap<Kind, number> = new Map(
  // The record has exactly the kinds as keys, in order.
  (Object.keys(chainOfKind) as Kind[]).map((kind, number) => [kind, number]),
);

/** Who appends what the ledger concludes by itself. */
export const SYSTEM: ActorBlock = { type: "system", id: "countersign" };

export class PendingTransaction implements Transaction {
  readonly tenant: string;
  readonly actor: ActorBlock;
  readonly log: string;
  readonly ts: string;
  readonly nowMs: number;
  readonly changes = new Changes();
  readonly entries: NewEntry[] = [];
  readonly eventIds: string[] = [];
  /** Entries the signer is to make tokens for. */
  readonly permits: { readonly index: number; readonly entry: Uint8Array }[] = [];
  head: Head;
  readonly #log: LogState;
  readonly #below: Below;
  readonly #sources: Sources;
  readonly #traceparent: string | undefined;
  readonly #freshRuns = new Set<string>();
  /** The newest event of each run this command wrote to. */
  readonly #lastOfRun = new Map<RunId, string>();

  constructor(
    log: LogState,
    time: { readonly ts: string; readonly tsMs: number },
    by: { readonly actor: ActorBlock; readonly traceparent?: string },
    below: Below,
    sources: Sources,
  ) {
    this.#log = log;
    this.#below = below;
    this.#sources = sources;
    this.tenant = log.id;
    this.actor = by.actor;
    this.#traceparent = by.traceparent;
    this.log = log.origin;
    this.ts = time.ts;
    this.nowMs = time.tsMs;
    this.head = log.head;
  }

  get size(): number {
    return this.head.size;
  }

  get control() {
    return this.head.control;
  }

  run(runId: string): RunState | undefined {
    return this.#runView(runId)?.state;
  }

  runHead(runId: string): string | undefined {
    const run = this.#runView(runId);
    return run && hexOf(run.leaf);
  }

  row<T extends Table>(table: T, key: KeyOf<T>): RowOf<T> | undefined {
    const name = rowKey(table, key);
    const own = this.changes.rows.get(name);
    const row = own === undefined ? this.#below.row(name, table) : rowOf(own, this.#below.codec);
    // Rows of a table are only ever made by put(table, row), whose parameter has this type, or by its decoder.
    return row as RowOf<T> | undefined;
  }

  put<T extends Table>(table: T, row: RowOf<T>): void {
    this.changes.rows.set(rowKey(table, row), { table, row: this.#below.codec.encodeRow(table, row) });
  }

  remove<T extends Table>(table: T, key: KeyOf<T>): void {
    this.changes.rows.set(rowKey(table, key), { table, removed: this.#below.codec.encodeKey(table, key) });
  }

  newId<P extends IdPrefix>(prefix: P): Id<P> {
    const id = formatId(prefix, uuidV7(this.nowMs, this.#sources.random(10)));
    if (prefix === "run") this.#freshRuns.add(id);
    return id;
  }

  random16(): Uint8Array {
    return this.#sources.random(16);
  }

  derivedId(cause: string, kind: Kind): Id<"evt"> {
    return formatId("evt", uuidFromHash(sha256(utf8(`countersign/v1/derived-event\n${cause}\n${kind}`))));
  }

  append<K extends Kind>(type: K, draft: NewEvent<K>): Placed<K> {
    const chain = chainOfKind[type];
    const { head } = this;
    const { run_id: runId, action_id: actionId } = draft as Partial<Record<"run_id" | "action_id", string>>; // of run kinds
    const ofRun = chain === "run" || chain === "action";
    const run = ofRun && runId !== undefined ? this.#runView(runId) : undefined;
    if (draft.event_id !== undefined) this.#refuseKnownEvent(draft.event_id);

    const members = {
      ...draft,
      type,
      v: 1,
      event_id: draft.event_id ?? this.newId("evt"),
      tenant: this.tenant,
      ts: this.ts,
      source: draft.source ?? "observed",
      actor: draft.actor ?? this.actor,
      ...(this.#traceparent === undefined ? {} : { traceparent: this.#traceparent }),
      ...(ofRun ? { initiator: draft.initiator ?? run?.state.initiator } : {}),
      ...(chain === "action" ? { action: draft.action ?? knownAction(run?.state, actionId) } : {}),
      integrity: {
        v: 1,
        alg: "sha256-rfc6962",
        log: this.log,
        index: head.size,
        prev_hash: head.leafHex,
        ...(ofRun ? { run_seq: run?.events ?? 0, run_prev: run === undefined ? NOTHING_BEFORE : hexOf(run.leaf) } : {}),
        ctl_seq: head.controls,
        ctl_head: head.controlLeafHex,
      },
    };
    refuseShape(members);
    // checkEvent has just found it to be an event of its kind.
    const event = members as unknown as EventOf<K>;
    const family = ofRun
      ? refuseFaults(stepFamily(run?.state, event as RunEvent, head.control, (id) => this.run(id)))
      : undefined;
    const control =
      chain === "control" ? refuseFaults(stepControl(head.control, event as ControlEvent)).state : head.control;
    const { leaf, leafHex } = this.#place(event as Event, family === undefined ? undefined : run);
    this.head = {
      size: head.size + 1,
      tsMs: this.nowMs,
      leaf,
      leafHex,
      controls: chain === "control" ? head.controls + 1 : head.controls,
      controlLeaf: chain === "control" ? leaf : head.controlLeaf,
      controlLeafHex: chain === "control" ? leafHex : head.controlLeafHex,
      control,
    };
    if (family !== undefined) {
      this.#keepRun(event as RunEvent, family.state, leaf, run);
      for (const one of family.above) this.#keepCharge(one);
    }
    return { event, index: head.size, leaf: leafHex };
  }

  /** Makes the entry: the bytes are the leaf, and nothing ever makes them again. */
  #place(event: Event, run: RunView | undefined): { leaf: Uint8Array; leafHex: string } {
    const { bytes, leaf } = this.#sources.arena.place(serializeEvent(event));
    if (bytes.length > MAX_ENTRY_BYTES) {
      throw new CountersignError("entry-too-large", { detail: `It would have ${bytes.length} bytes.` });
    }
    const ofRun = "run_id" in event ? event.run_id : undefined;
    this.entries.push({
      tenant: this.#log.tenant,
      epoch: this.#log.epoch,
      index: event.integrity.index,
      kind: kindNumbers.get(event.type)!, // every kind has its number
      control: chainOfKind[event.type] === "control" ? event.integrity.ctl_seq : undefined,
      eventId: idBytes("evt", event.event_id),
      run: ofRun === undefined ? undefined : { id: run?.id ?? idBytes("run", ofRun), seq: event.integrity.run_seq! },
      leaf,
      bytes,
    });
    this.eventIds.push(event.event_id);
    if (event.type === "dispatch.permitted") this.permits.push({ index: event.integrity.index, entry: bytes });
    return { leaf, leafHex: hexOf(leaf) };
  }

  #keepRun(event: RunEvent, state: RunState, leaf: Uint8Array, before: RunView | undefined): void {
    // The event passed checkEvent, whose pattern for run_id is that of an id.
    const runId = event.run_id as RunId;
    this.changes.runs.set(runId, {
      id: before?.id ?? idBytes("run", runId),
      state,
      leaf,
      events: (before?.events ?? 0) + 1,
    });
    this.#lastOfRun.set(runId, event.event_id);
  }

  /** A run above the one that stepped: nothing of its own happened, only what it is charged with changed. */
  #keepCharge(state: RunState): void {
    const view = this.#runView(state.run);
    assert(view !== undefined, "an ancestor was read to be charged");
    this.changes.runs.set(state.run, { ...view, state });
  }

  /**
   * Ends the command: a run that has nothing open any more after its close is settled by what is its last entry. Not
   * sooner, because the same command may have more to say of the action that ended, such as its safety check.
   */
  finish(): void {
    for (const [runId, cause] of this.#lastOfRun) {
      const run = this.changes.runs.get(runId);
      const settled = run && mustSettle(run.state);
      if (settled === undefined) continue;
      this.append("run.settled", {
        event_id: this.derivedId(cause, "run.settled"),
        run_id: runId,
        actor: SYSTEM,
        source: "derived",
        cause,
        settled,
      });
    }
  }

  #runView(runId: string): RunView | undefined {
    const own = this.changes.runs.get(runId);
    if (own !== undefined || this.#freshRuns.has(runId)) return own;
    return this.#below.run(runId);
  }

  #refuseKnownEvent(eventId: string): void {
    if (this.eventIds.includes(eventId) || this.#below.hasEvent(eventId)) {
      throw new CountersignError("already-exists", { detail: `There is an event ${eventId}.` });
    }
  }
}

/** Lower-case hex; three times as fast as the platform-neutral one, and wanted three times for each event. */
function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

/** @throws CountersignError validation-failed, with the first pointer and every place as `faults` */
function refuseShape(event: unknown): void {
  const faults = checkEvent(event);
  assert(faults !== "kind-not-understood", "the ledger writes kinds it knows");
  const first = faults[0];
  if (first === undefined) return;
  const missing =
    first.wrong === "missing" ? "is missing" : first.wrong === "unknown" ? "is not known here" : "is wrong";
  throw new CountersignError(first.wrong === "unknown" ? "unknown-member" : "validation-failed", {
    pointer: first.pointer,
    detail: `${first.pointer} ${missing}; expected ${first.expected}.`,
    members: { faults: faults.map(({ pointer, expected, wrong }) => ({ pointer, expected, wrong })) },
  });
}

/** @throws CountersignError step-not-allowed, with the faults as a member */
function refuseFaults<S extends { readonly faults: readonly Fault[] }>(step: S): S {
  if (step.faults.length === 0) return step;
  throw new CountersignError("step-not-allowed", {
    detail: step.faults.map(({ code, detail }) => `${code}: ${detail}`).join(" "),
    members: { faults: step.faults },
  });
}

function knownAction(state: RunState | undefined, actionId: string | undefined): ActionBlock | undefined {
  if (state === undefined || actionId === undefined) return undefined;
  return (openActionOf(state, actionId) ?? settledActionOf(state, actionId))?.action;
}

function idBytes(prefix: IdPrefix, text: string): Uint8Array {
  const bytes = parseId(prefix, text);
  assert(bytes !== undefined, "an id in a checked event has its shape");
  return bytes;
}

/** A changed row as a command sees it: made anew each time, so that nobody can change it for others. */
export function rowOf(change: RowChange, codec: RowCodec): Row | undefined {
  return "row" in change ? codec.decodeRow(change.table, change.row) : undefined;
}
