/**
 * How a module says what its rows must be, so that fsck can make them again from the entries and compare. A valid chain
 * does not mean that a query answers correctly; this does.
 */
import type { Event } from "@countersign/evidence/event";
import type { KeyOf, RowOf, Table } from "./table.ts";

/** Where an event lies. `leaf` is the hex leaf hash. */
export type EntryPlace = { readonly index: number; readonly leaf: string };

/** Says of a stored value whether the entries allow it, where they do not spell it out. */
export type ValueCheck<V> = (stored: V) => boolean;

/**
 * A row as the entries give it: the whole key, and whichever columns follow from events, as their value or as a check of
 * it. Columns left out hold what no event tells and are not compared.
 */
export type ExpectedRow<T extends Table = Table> = KeyOf<T> & {
  readonly [C in Exclude<keyof RowOf<T>, keyof KeyOf<T>>]?: RowOf<T>[C] | ValueCheck<RowOf<T>[C]>;
};

/** The rows there are, of the tenant at hand and the same moment: for tables that say one thing twice. */
export type StoredRows = <T extends Table>(table: T) => Iterable<RowOf<T>>;

/** Takes one tenant's events in the order of the log, and says what the table must hold after them: no row more or less. */
export type ProjectionFold<T extends Table = Table> = {
  step(event: Event, place: EntryPlace): void;
  rows(stored: StoredRows): Iterable<ExpectedRow<T>>;
};

/** What fsck may look at besides the database. Absent parts are not at hand: what hangs on them is not compared. */
export type FsckSources = {
  /** Opens what was sealed; undefined when its key was destroyed. Throws when the bytes are damaged. */
  readonly openSealed?: (tenant: string, sealed: Uint8Array) => Uint8Array | undefined;
  /** The keyed hash that look-ups are made by. */
  readonly lookupHash?: (tenant: string, purpose: string, text: string) => string;
  /** Bytes of a stored payload; undefined when they are not there. */
  readonly payload?: (tenant: string, digest: string) => Uint8Array | undefined;
};

export type TableProjection<T extends Table = Table> = {
  readonly table: T;
  fold(tenant: string, sources: FsckSources): ProjectionFold<T>;
};

/** Declares a projection, its rows' types checked against the table. */
export function projection<T extends Table>(
  table: T,
  fold: (tenant: string, sources: FsckSources) => ProjectionFold<T>,
): TableProjection<T> {
  return { table, fold };
}
