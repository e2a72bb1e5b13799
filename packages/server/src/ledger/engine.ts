/**
 * What a store must do for the ledger: load what a batch looks at, write what it decided in one durable step, and
 * answer bounded reads. The batcher, the proofs and the commands know nothing else of it.
 *
 * `load` and the reads see committed rows only; a batch's own rows are an overlay that lives above the engine.
 */
import type { Table } from "./table.ts";

/** A log as the store keys it: small integers stand for the tenant and its epoch. */
export type LogId = { readonly tenant: number; readonly epoch: number };

/** A tenant's newest log and where it stands on disk. Everything but the note is derivable from the entries. */
export type StoredLog = LogId & {
  readonly id: string;
  readonly originHost: string;
  /** Entries committed. */
  readonly size: number;
  /** Time of the newest entry, ms since 1970. */
  readonly tsMs: number;
  /** Leaf hash of the newest entry; undefined when empty. */
  readonly leaf: Uint8Array | undefined;
  /** Control events committed, and the newest one's leaf hash. */
  readonly controls: number;
  readonly controlLeaf: Uint8Array | undefined;
  /** The stored run states are those after this many entries. */
  readonly runsSize: number;
  /** Entries under the newest checkpoint that was written back, and its note. */
  readonly signedSize: number;
  readonly note: string;
};

export type StoredRun = { readonly state: string; readonly leaf: Uint8Array; readonly events: number };

/** What an idempotency key came to. The events of one command are consecutive. */
export type StoredSubmission = {
  readonly bodyHash: string;
  readonly answer: string;
  readonly epoch: number;
  readonly firstIndex: number;
  readonly count: number;
};

export type Row = Readonly<Record<string, unknown>>;

/** A row or a key as one engine keeps it; only that engine looks inside. */
export type EncodedRow = { readonly values: readonly unknown[] };

/** Keys a slice of commands looks at. */
export type LoadNeeds = {
  readonly rows: readonly { readonly tenant: number; readonly table: Table; readonly key: EncodedRow }[];
  /** Run ids as 16 bytes. */
  readonly runs: readonly { readonly tenant: number; readonly run: Uint8Array }[];
  readonly submissions: readonly { readonly tenant: number; readonly scope: string; readonly key: string }[];
};

/** What was found, in the order asked; undefined for what is not there. */
export type LoadedRows = {
  readonly rows: readonly (Row | undefined)[];
  readonly runs: readonly (StoredRun | undefined)[];
  readonly submissions: readonly (StoredSubmission | undefined)[];
};

export type NewEntry = LogId & {
  readonly index: number;
  readonly kind: number;
  /** Position in the control chain, for control events. */
  readonly control: number | undefined;
  readonly eventId: Uint8Array;
  readonly run: { readonly id: Uint8Array; readonly seq: number } | undefined;
  readonly leaf: Uint8Array;
  readonly bytes: Uint8Array;
};

/** The hash of a full tile: the subtree root over 256^level leaves. */
export type NewNode = LogId & { readonly level: number; readonly n: number; readonly hash: Uint8Array };

/** Everything one batch changes. All of it becomes durable together, or none of it. */
export type WriteBatch = {
  readonly tenants: readonly { readonly tenant: number; readonly id: string; readonly originHost: string }[];
  readonly entries: readonly NewEntry[];
  readonly nodes: readonly NewNode[];
  readonly heads: readonly Omit<StoredLog, "id" | "originHost">[];
  readonly runs: readonly (StoredRun & { readonly tenant: number; readonly run: Uint8Array })[];
  readonly submissions: readonly (StoredSubmission & {
    readonly tenant: number;
    readonly scope: string;
    readonly key: string;
  })[];
  readonly puts: readonly { readonly tenant: number; readonly table: Table; readonly row: EncodedRow }[];
  readonly removals: readonly { readonly tenant: number; readonly table: Table; readonly key: EncodedRow }[];
};

export type Page = { readonly limit?: number; readonly after?: Row; readonly descending?: boolean };

/** Bounded reads by primary key or index; none of them scans. Ranges are half open. */
export type EngineReads = {
  logs(): readonly StoredLog[];
  entry(log: LogId, index: number): { readonly bytes: Uint8Array; readonly leaf: Uint8Array } | undefined;
  entries(log: LogId, from: number, to: number): readonly Uint8Array[];
  leaves(log: LogId, from: number, to: number): readonly Uint8Array[];
  nodes(log: LogId, level: number, from: number, to: number): readonly Uint8Array[];
  /** In any epoch. */
  hasEvent(tenant: number, eventId: Uint8Array): boolean;
  indexOfEvent(log: LogId, eventId: Uint8Array): number | undefined;
  entriesOfRun(log: LogId, run: Uint8Array, fromSeq: number, limit: number): readonly number[];
  controlEntries(log: LogId, fromSeq: number, limit: number): readonly number[];
  entriesOfKinds(log: LogId, kinds: readonly number[], before: number, limit: number): readonly number[];
  list(tenant: number, table: Table, index: string, prefix: readonly unknown[], page: Page): readonly Row[];
};

/**
 * Rows in and out of the engine's own form. A command's rows are encoded when it puts them, so that one that cannot be
 * kept fails that command alone, and no command can change another's row through a shared object.
 */
export type RowCodec = {
  encodeRow(table: Table, row: Row): EncodedRow;
  encodeKey(table: Table, key: Row): EncodedRow;
  decodeRow(table: Table, encoded: EncodedRow): Row;
};

export type Engine = EngineReads &
  RowCodec & {
    load(needs: LoadNeeds): LoadedRows;
    /**
     * Resolves when the batch is durable, with the leaf hashes of its entries made anew from the bytes as stored, in the
     * order given. After a rejection the outcome is unknown: close the engine, open another, and look.
     */
    write(batch: WriteBatch): Promise<readonly Uint8Array[]>;
    close(): Promise<void>;
  };
