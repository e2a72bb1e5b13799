/** Recorded decisions as they lie in a tenant's log, with what they were made on. */
import { commitmentOf, type Disclosure } from "@countersign/evidence/commitment";
import { assert, CountersignError } from "@countersign/evidence/errors";
import type { EventOf } from "@countersign/evidence/event";
import { digestOf } from "@countersign/evidence/hash";
import { parseId } from "@countersign/evidence/ids";
import { type NotRecomputed, notRecomputable } from "@countersign/evidence/reexecute";
import type { Reader } from "../ledger/command.ts";

/** What of the payload store this needs. */
export type InputVault = {
  /** Plain bytes. @throws CountersignError payload-not-found, payload-damaged, payload-erased */
  open(tenant: string, digest: string): Promise<Uint8Array>;
  openDisclosure(reader: Reader, eventId: string, pointer: string): Disclosure | undefined;
};

export type RecordedEvent = {
  readonly index: number;
  readonly event: EventOf<"policy.decided">;
  /** The exact bytes the event is read from. */
  readonly entry: Uint8Array;
};

/** Why a decision's input is not at hand; `inputs-damaged`: it is not what the log commits to. */
export type NoInput = NotRecomputed | "inputs-damaged";

export type Opened = RecordedEvent & ({ readonly projection: Uint8Array } | { readonly why: NoInput });

const PAGE = 500;
const decoder = new TextDecoder();

/**
 * Decisions in the log, newest first.
 *
 * @param range entries `from` to, but not with, `until`; decisions before `sinceMs` end it
 */
export function* recordedDecisions(
  reader: Reader,
  range: { readonly from?: number; readonly until?: number; readonly sinceMs?: number; readonly limit: number },
): Generator<RecordedEvent> {
  const { from = 0, until = reader.size, sinceMs = 0, limit } = range;
  let before = until;
  for (let left = limit; left > 0; ) {
    const indexes = reader.entriesOfKinds(["policy.decided"], { before, limit: Math.min(PAGE, left) });
    for (const index of indexes) {
      if (index < from) return;
      const recorded = decisionAt(reader, index);
      if (Date.parse(recorded.event.ts) < sinceMs) return;
      yield recorded;
    }
    const oldest = indexes.at(-1);
    if (oldest === undefined) return;
    before = oldest;
    left -= indexes.length;
  }
}

/**
 * Where a decision lies, by its own id; undefined when there is none of it. An id is made at the time its event bears,
 * and times never go back in a log, so the place is searched for and only what bears that time is read.
 */
export function indexOfDecision(reader: Reader, decisionId: string): number | undefined {
  const bytes = parseId("dec", decisionId);
  if (bytes === undefined) return undefined;
  const madeMs = Number(Buffer.from(bytes.buffer, bytes.byteOffset, 6).readUIntBE(0, 6));
  const from = firstAt(reader, madeMs);
  const until = firstAt(reader, madeMs + 1);
  for (const { index, event } of recordedDecisions(reader, { from, until, limit: until - from })) {
    if (event.decided.decision_id === decisionId) return index;
  }
  return undefined;
}

/** The first entry at or after a time; the size when there is none. */
function firstAt(reader: Reader, atMs: number): number {
  let [low, high] = [0, reader.size];
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = reader.entry(middle);
    assert(entry !== undefined, "entries below the size are there");
    const { ts } = JSON.parse(decoder.decode(entry.bytes)) as { ts: string }; // every entry has one
    if (Date.parse(ts) < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The decision at an index that is known to hold one. */
function decisionAt(reader: Reader, index: number): RecordedEvent {
  const entry = reader.entry(index)?.bytes;
  if (entry === undefined) throw new CountersignError("not-found", { detail: `There is no entry ${index}.` });
  // The ledger wrote it as an event of this kind.
  return { index, entry, event: JSON.parse(decoder.decode(entry)) as EventOf<"policy.decided"> };
}

/** Opens what a decision was made on and holds it against the log's commitment. */
export async function openInput(vault: InputVault, reader: Reader, recorded: RecordedEvent): Promise<Opened> {
  const { event } = recorded;
  const why = notRecomputable(event);
  if (why !== undefined) return { ...recorded, why };
  const { projection } = event.decided;
  if (projection === null) return { ...recorded, why: "inputs-withheld" };
  try {
    const bytes = await vault.open(reader.tenant, projection);
    const disclosure = vault.openDisclosure(reader, event.event_id, "/decision/projection");
    if (disclosure === undefined) return { ...recorded, why: "inputs-erased" };
    const isCommitted =
      disclosure[2] === digestOf(bytes) && commitmentOf(disclosure) === event.commit?.["/decision/projection"];
    return isCommitted ? { ...recorded, projection: bytes } : { ...recorded, why: "inputs-damaged" };
  } catch (cause) {
    if (!(cause instanceof CountersignError)) throw cause;
    if (cause.code === "payload-erased") return { ...recorded, why: "inputs-erased" };
    if (cause.code === "payload-not-found") return { ...recorded, why: "inputs-withheld" };
    if (cause.code === "payload-damaged") return { ...recorded, why: "inputs-damaged" };
    throw cause;
  }
}

/** Opens them in batches, in order. */
export async function* openInputs(
  vault: InputVault,
  reader: Reader,
  decisions: Iterable<RecordedEvent>,
  batch = 128,
): AsyncGenerator<readonly Opened[]> {
  let open: RecordedEvent[] = [];
  for (const one of decisions) {
    open.push(one);
    if (open.length < batch) continue;
    yield await Promise.all(open.map((recorded) => openInput(vault, reader, recorded)));
    open = [];
  }
  if (open.length > 0) yield await Promise.all(open.map((recorded) => openInput(vault, reader, recorded)));
}
