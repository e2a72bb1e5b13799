/** Reads of single entries: exact bytes, and beside them what can be derived. */
import { CountersignError } from "@countersign/evidence/errors";
import type { Event, Kind } from "@countersign/evidence/event";
import { kindNames } from "@countersign/evidence/event";
import { hex } from "@countersign/evidence/hash";
import type { Id } from "@countersign/evidence/ids";
import { type EventView, viewOfEvent } from "@countersign/evidence/run-view";
import type { Caller } from "../base/routes.ts";
import type { LogReader } from "./faces.ts";

/** An entry as the reader gives it, with the event it says. */
export type Entry = {
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly leaf: string;
  readonly event: Event;
};

/** The entry at an index; undefined beyond the signed size, and where it was pruned. */
export function entryAt(reader: LogReader, index: number): Entry | undefined {
  const entry = reader.entry(index);
  if (entry === undefined) return undefined;
  // The ledger wrote these bytes from a checked event.
  const event = JSON.parse(new TextDecoder().decode(entry.bytes)) as Event;
  return { index, bytes: entry.bytes, leaf: hex(entry.leaf), event };
}

/** The entry of an event the caller may see. @throws CountersignError not-found */
export function visibleEntry(reader: LogReader, caller: Caller, eventId: string): Entry {
  const index = reader.indexOfEvent(eventId);
  const entry = index === undefined ? undefined : entryAt(reader, index);
  if (entry === undefined || !maySee(caller, entry.event)) throw new CountersignError("not-found");
  return entry;
}

/**
 * An agent sees its own runs, an executor what it reported, an approver what an approval is about; the roles that read for
 * others see all. What may not be seen is not there.
 */
function maySee({ role, holder }: Caller, event: Event): boolean {
  switch (role) {
    case "agent":
      return "run_id" in event && event.initiator.agent === holder.id;
    case "executor":
      return event.actor.id === holder.id;
    case "approver":
      return (
        ("approval" in event && event.approval.required) ||
        (event.type === "policy.decided" && event.policy.decision === "REQUIRE_APPROVAL")
      );
    default:
      return true;
  }
}

/** What `GET /v1/events/{id}` answers. */
export function viewEntry({ event, leaf, bytes }: Entry, receipt?: string): { event: EventView; entry: string } {
  return { event: viewOfEvent(event, leaf, receipt), entry: Buffer.from(bytes).toString("base64") };
}

/** Which events a list asks for. `before` is an index; the newest come first. */
export type EventQuery = {
  readonly type?: string;
  readonly runId?: string;
  readonly before?: number;
  readonly limit: number;
};

/** A page of entries, and the `before` of the next one when there may be more. */
export function listEntries(
  reader: LogReader,
  query: EventQuery,
): { readonly entries: readonly Entry[]; readonly next: number | undefined } {
  const indexes = query.runId === undefined ? ofLog(reader, query) : ofRun(reader, query.runId, query);
  const entries: Entry[] = [];
  for (const index of indexes) {
    const entry = entryAt(reader, index);
    if (entry === undefined || (query.type !== undefined && entry.event.type !== query.type)) continue;
    entries.push(entry);
    if (entries.length === query.limit) break;
  }
  const last = entries.at(-1)?.index;
  return { entries, next: entries.length === query.limit && last !== undefined && last > 0 ? last : undefined };
}

function* ofLog(reader: LogReader, { type, before, limit }: EventQuery): Generator<number> {
  const end = Math.min(before ?? reader.size, reader.size);
  if (type === undefined) {
    for (let index = end - 1; index >= 0; index--) yield index;
    return;
  }
  yield* reader.entriesOfKinds([kindNamed(type)], { before: end, limit });
}

/** A run's entries, newest first. Its sequence is dense, so pages can be cut from its end. */
function* ofRun(reader: LogReader, runId: string, { before, limit }: EventQuery): Generator<number> {
  const id = runId as Id<"run">; // checked against its pattern
  const page = Math.max(limit, 100);
  for (let end = reader.run(id)?.nextSeq ?? 0; end > 0; end -= page) {
    const fromSeq = Math.max(0, end - page);
    const indexes = reader.entriesOfRun(id, { fromSeq, limit: end - fromSeq });
    for (const index of indexes.toReversed()) if (before === undefined || index < before) yield index;
  }
}

/** @throws CountersignError validation-failed */
function kindNamed(type: string): Kind {
  const kind = kindNames.find((name) => name === type);
  if (kind === undefined) {
    throw new CountersignError("validation-failed", { pointer: "/type", detail: `There is no kind of event ${type}.` });
  }
  return kind;
}
