/** The HTTP handlers that read evidence: events, receipts, timelines, checkpoint and tiles. Reading is recorded. */
import { CountersignError } from "@countersign/evidence/errors";
import { parseTilePath, TILE_WIDTH } from "@countersign/evidence/tiles";
import type { AdminOperations } from "../base/admin.ts";
import type { Call, Caller, Handlers } from "../base/routes.ts";
import type { Table } from "../ledger/table.ts";
import { type AccessLog, openAccessLog, type Read } from "./access.ts";
import { packOperations } from "./admin.ts";
import { listEntries, viewEntry, visibleEntry } from "./events.ts";
import type { LogReader, PackParts } from "./faces.ts";
import { packCheckpoints } from "./tables.ts";
import { timelineAnswer } from "./timelines.ts";

export const packTables: readonly Table[] = [packCheckpoints];

type Names = "getTimeline" | "listEvents" | "getEvent" | "getReceipt" | "getCheckpoint" | "getTile";

export type PackModule = {
  readonly handlers: Pick<Handlers, Names>;
  readonly admin: AdminOperations;
  readonly access: AccessLog;
};

const PAGE = 50;
const LARGEST_PAGE = 500;
const TIMELINE_PAGE = 1000;
const LARGEST_TIMELINE_PAGE = 10_000;
/** A full tile never changes; a partial one is superseded. */
const IMMUTABLE = "private, max-age=31536000, immutable";

/** Wires the module. */
export function openPacks(parts: PackParts): PackModule {
  const { ledger, vault } = parts;
  const access = openAccessLog(parts);

  /** An agent or executor that fetches its own receipts reads nothing of others; everybody else's reads are evidence. */
  function note({ caller, submission }: Pick<Call<Names>, "caller" | "submission">, read: Read): void {
    if (caller.role !== "agent" && caller.role !== "executor") access.note(caller.tenant, submission.actor, read);
  }

  function readerOf({ tenant }: Caller): LogReader {
    const reader = ledger.reader(tenant);
    if (reader === undefined) throw new CountersignError("not-found");
    return reader;
  }

  const handlers: Pick<Handlers, Names> = {
    async getEvent(call) {
      const reader = readerOf(call.caller);
      const entry = visibleEntry(reader, call.caller, call.params.event_id);
      note(call, { kind: "event", id: entry.event.event_id });
      return { body: viewEntry(entry, reader.receipt(entry.index)) };
    },

    async getReceipt(call) {
      const reader = readerOf(call.caller);
      const entry = visibleEntry(reader, call.caller, call.params.event_id);
      const receipt = reader.receipt(entry.index);
      if (receipt === undefined) throw new CountersignError("not-found");
      note(call, { kind: "event", id: entry.event.event_id });
      return { body: receipt };
    },

    async listEvents(call) {
      const { type, run_id: runId, before, limit } = call.query;
      const query = {
        ...(type === undefined ? {} : { type }),
        ...(runId === undefined ? {} : { runId }),
        ...(before === undefined ? {} : { before: Number(before) }),
        limit: pageSize(limit, PAGE, LARGEST_PAGE),
      };
      const { entries, next } = listEntries(readerOf(call.caller), query);
      note(call, { kind: "list", id: listId(query) });
      const events = entries.map((entry) => viewEntry(entry));
      return { body: next === undefined ? { events } : { events, next } };
    },

    async getTimeline(call) {
      const { caller, params, query } = call;
      const reader = readerOf(caller);
      const state = reader.run(params.run_id as `run_${string}`); // checked against its pattern
      if (state === undefined || (caller.role === "agent" && state.initiator.agent !== caller.holder.id)) {
        throw new CountersignError("not-found");
      }
      const page = {
        fromSeq: Number(query.from_seq ?? 0),
        limit: pageSize(query.limit, TIMELINE_PAGE, LARGEST_TIMELINE_PAGE),
      };
      const body = await timelineAnswer(reader, vault, params.run_id, page);
      note(call, { kind: "timeline", id: params.run_id });
      return { body };
    },

    async getCheckpoint({ caller }) {
      return { body: readerOf(caller).checkpoint, headers: { "cache-control": "no-store" } };
    },

    async getTile(call) {
      const reader = readerOf(call.caller);
      const path = `tile/${call.params["*"]}`;
      const tile = parseTilePath(path);
      if (tile === undefined) throw new CountersignError("not-found");
      const { level, index, width } = tile;
      const bytes = level === "entries" ? reader.entriesBundle(index, width) : reader.tile(level, index, width);
      if (bytes === undefined) throw new CountersignError("not-found");
      // Hashes tell nothing; a bundle is a list of entries.
      if (level === "entries") note(call, { kind: "list", id: path });
      return { body: bytes, headers: { "cache-control": width === TILE_WIDTH ? IMMUTABLE : "no-store" } };
    },
  };
  return { handlers, admin: packOperations({ ...parts, access }), access };
}

function pageSize(asked: string | undefined, usual: number, largest: number): number {
  return Math.max(1, Math.min(asked === undefined ? usual : Number(asked), largest));
}

/** Says in one word what was listed: `events,type:policy.decided,before:40`. */
function listId({ type, runId, before }: { type?: string; runId?: string; before?: number }): string {
  const terms = [type && `type:${type}`, runId && `run:${runId}`, before !== undefined && `before:${before}`];
  return ["events", ...terms.filter(Boolean)].join(",").slice(0, 96);
}
