/**
 * Projection tables, declared by the modules that own them and created, loaded and written by the ledger's engine.
 * The tenant is the first part of every key and every index; it is not declared, so no module can forget it.
 * A module never writes SQL: a row is a plain object, an engine knows how its columns are kept.
 */
import type { IdPrefix } from "@countersign/evidence/ids";

type Base = `id:${IdPrefix}` | "text" | "int" | "bool" | "json" | "hash" | "bytes" | "ts";
/**
 * How a column is kept: ids as 16 bytes, timestamps and booleans as integers, hashes as 32 bytes (64 hex digits in
 * JavaScript; the `sha256:` form may be put as well and comes back as it was). `?` allows null.
 */
export type Column = Base | `${Base}?`;

type BaseValue<B> = B extends "int"
  ? number
  : B extends "bool"
    ? boolean
    : B extends "json"
      ? unknown
      : B extends "bytes"
        ? Uint8Array
        : string;
type ValueOf<C> = C extends `${infer B}?` ? BaseValue<B> | null : BaseValue<C>;

export type Columns = Readonly<Record<string, Column>>;
export type ValuesOf<C extends Columns> = { -readonly [N in keyof C]: ValueOf<C[N]> };

/** One projection table. Index columns are listed in order; an index is always prefixed by the tenant. */
export type Table<K extends Columns = Columns, C extends Columns = Columns> = {
  readonly name: string;
  readonly key: K;
  readonly columns: C;
  readonly indexes: Readonly<Record<string, readonly string[]>>;
};

export type KeyOf<T extends Table> = ValuesOf<T["key"]>;
export type RowOf<T extends Table> = ValuesOf<T["key"]> & ValuesOf<T["columns"]>;

/** Declares a table; names are snake_case and the same in every engine. */
export function table<const K extends Columns, const C extends Columns>(
  name: string,
  shape: { key: K; columns: C; indexes?: Readonly<Record<string, readonly string[]>> },
): Table<K, C> {
  return { name, key: shape.key, columns: shape.columns, indexes: shape.indexes ?? {} };
}
