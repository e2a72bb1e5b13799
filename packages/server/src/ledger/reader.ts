/** Reads of one tenant: committed rows, and entries under the newest signed checkpoint. */
import { assert } from "@countersign/evidence/errors";
import type { Kind } from "@countersign/evidence/event";
import { parseId, type RunId } from "@countersign/evidence/ids";
import { inclusionPath } from "@countersign/evidence/merkle";
import { formatReceipt } from "@countersign/evidence/receipt";
import type { RunState } from "@countersign/evidence/run";
import { formatEntryBundle, TILE_WIDTH } from "@countersign/evidence/tiles";
import { kindNumbers } from "./append.ts";
import type { Reader } from "./command.ts";
import type { Engine, Row } from "./engine.ts";
import { type LogState, runView } from "./log-state.ts";
import type { KeyOf, RowOf, Table } from "./table.ts";

/** Entries one call names at most, whatever is asked. */
const LARGEST_PAGE = 10_000;

/** The log as static files, https://c2sp.org/tlog-tiles: parts of the tree under the newest signed checkpoint. */
export type TileReader = {
  /** The first `width` hashes of a tile; undefined beyond the signed size. */
  tile(level: number, n: number, width: number): Uint8Array | undefined;
  /** The first `width` entries of a bundle; undefined beyond the signed size. */
  entriesBundle(n: number, width: number): Uint8Array | undefined;
};

export class LogReader implements Reader, TileReader {
  readonly tenant: string;
  readonly log: string;
  readonly #state: LogState;
  readonly #engine: Engine;

  constructor(state: LogState, engine: Engine) {
    this.#state = state;
    this.#engine = engine;
    this.tenant = state.id;
    this.log = state.origin;
  }

  get control() {
    return this.#state.committed.control;
  }

  get size(): number {
    return this.#state.signed.size;
  }

  get checkpoint(): string {
    return this.#state.signed.note;
  }

  get tsMs(): number {
    return this.#state.committed.tsMs;
  }

  run(runId: RunId): RunState | undefined {
    const newer = this.#state.runs.get(runId);
    if (newer !== undefined) return newer.state;
    const run = parseId("run", runId);
    if (run === undefined) return undefined;
    const { runs } = this.#engine.load({ rows: [], runs: [{ tenant: this.#state.tenant, run }], submissions: [] });
    return runView(runId, runs[0])?.state;
  }

  row<T extends Table>(table: T, key: KeyOf<T>): RowOf<T> | undefined {
    const { rows } = this.#engine.load({
      rows: [{ tenant: this.#state.tenant, table, key: this.#engine.encodeKey(table, key) }],
      runs: [],
      submissions: [],
    });
    return rows[0] as RowOf<T> | undefined; // the table's decoder made it
  }

  list<T extends Table>(
    table: T,
    index: string,
    prefix: readonly unknown[],
    page: { limit?: number; after?: RowOf<T>; descending?: boolean } = {},
  ): readonly RowOf<T>[] {
    const { after, ...rest } = page;
    // A row of a table is a record; the table's decoder made those that come back.
    const from = after === undefined ? {} : { after: after as Row };
    return this.#engine.list(this.#state.tenant, table, index, prefix, { ...rest, ...from }) as readonly RowOf<T>[];
  }

  entry(index: number) {
    return this.#isSigned(index) ? this.#engine.entry(this.#state, index) : undefined;
  }

  indexOfEvent(eventId: string): number | undefined {
    const bytes = parseId("evt", eventId);
    const index = bytes && this.#engine.indexOfEvent(this.#state, bytes);
    return index !== undefined && this.#isSigned(index) ? index : undefined;
  }

  entriesOfRun(runId: RunId, page: { fromSeq?: number; limit?: number } = {}): readonly number[] {
    const run = parseId("run", runId);
    if (run === undefined) return [];
    const { fromSeq = 0, limit } = page;
    return this.#signed(this.#engine.entriesOfRun(this.#state, run, fromSeq, bounded(limit)));
  }

  controlEntries(page: { fromSeq?: number; limit?: number } = {}): readonly number[] {
    const { fromSeq = 0, limit } = page;
    return this.#signed(this.#engine.controlEntries(this.#state, fromSeq, bounded(limit)));
  }

  entriesOfKinds(kinds: readonly Kind[], page: { before?: number; limit?: number } = {}): readonly number[] {
    const numbers = kinds.map((kind) => kindNumbers.get(kind)!); // every kind has its number
    const before = Math.min(page.before ?? this.size, this.size);
    return this.#engine.entriesOfKinds(this.#state, numbers, before, bounded(page.limit));
  }

  receipt(index: number): string | undefined {
    if (!this.#isSigned(index)) return undefined;
    const path = inclusionPath(index, this.size, this.#state.tree.nodeAt);
    return formatReceipt({ leafIndex: index, path, checkpoint: this.checkpoint });
  }

  tile(level: number, n: number, width: number): Uint8Array | undefined {
    const hashes = Math.floor(this.size / TILE_WIDTH ** level);
    if (!isTile(n, width) || !Number.isInteger(level) || level < 0 || n * TILE_WIDTH + width > hashes) return undefined;
    return this.#state.tree.tile(level, n, width);
  }

  entriesBundle(n: number, width: number): Uint8Array | undefined {
    const from = n * TILE_WIDTH;
    if (!isTile(n, width) || from + width > this.size) return undefined;
    const entries = this.#engine.entries(this.#state, from, from + width);
    assert(entries.length === width, "every entry under the checkpoint is there");
    return formatEntryBundle(entries);
  }

  #isSigned(index: number): boolean {
    return Number.isSafeInteger(index) && index >= 0 && index < this.size;
  }

  #signed(indexes: readonly number[]): readonly number[] {
    return indexes.filter((index) => index < this.size);
  }
}

function isTile(n: number, width: number): boolean {
  return Number.isSafeInteger(n) && n >= 0 && Number.isInteger(width) && width >= 1 && width <= TILE_WIDTH;
}

function bounded(limit: number | undefined): number {
  return Math.min(limit ?? LARGEST_PAGE, LARGEST_PAGE);
}
