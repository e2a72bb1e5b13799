/**
 * Where idempotency keys are found. Keys are random, so each would dirty a page of its own in any index that is kept in
 * their order: most of what a batch writes. Rows are therefore only appended; their keys are put into the index many at
 * a time, in its order, so that a page is written once for many of them. Keys not yet in the index are in memory, and a
 * start reads them from the rows behind `submission_index.indexed_row`.
 */
import { hash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { WriteBatch } from "../engine.ts";
import type { ParcelWriter } from "./parcel.ts";
import { INDEXED_ROW, SUBMISSION_KEY } from "./statements.ts";

/** Keys in memory before they are put into the index, and keys put into it with one batch. */
const MANY_KEYS = 32_768;
const CHUNK_KEYS = 1_024;

/** Where a key stands in the index: 52 bits of SHA-256, so that nobody can choose keys that meet. */
export function submissionHash(tenant: number, scope: string, key: string): number {
  return hashOf(nameOf(tenant, scope, key));
}

type Indexing = {
  /** By hash. */
  readonly keys: readonly { readonly name: string; readonly hash: number; readonly row: number }[];
  readonly lastRow: number;
  /** Keys that batches have carried. */
  carried: number;
};

export class SubmissionIndex {
  readonly #many: number;
  readonly #chunk: number;
  /** Keys of rows that are not in the index, with their rows. */
  readonly #recent = new Map<string, number>();
  #nextRow: number;
  #indexing: Indexing | undefined;

  constructor(database: DatabaseSync, many = MANY_KEYS, chunk = CHUNK_KEYS) {
    this.#many = many;
    this.#chunk = chunk;
    const indexed = Number(database.prepare("SELECT indexed_row FROM submission_index").get()?.indexed_row ?? 0);
    this.#nextRow = indexed + 1;
    const behind = database.prepare("SELECT row, tenant, scope, key FROM submissions WHERE row > ? ORDER BY row");
    for (const { row, tenant, scope, key } of behind.iterate(indexed)) {
      this.#recent.set(nameOf(Number(tenant), String(scope), String(key)), Number(row));
      this.#nextRow = Number(row) + 1;
    }
  }

  /** The row of a key that is not in the index yet. */
  recent(tenant: number, scope: string, key: string): number | undefined {
    return this.#recent.get(nameOf(tenant, scope, key));
  }

  /** Numbers the next row; its key can be found at once. */
  add({ tenant, scope, key }: WriteBatch["submissions"][number]): number {
    const row = this.#nextRow++;
    this.#recent.set(nameOf(tenant, scope, key), row);
    return row;
  }

  /** Adds what this batch is to put into the index, when it is time. */
  pack(parcel: ParcelWriter): void {
    if (this.#indexing === undefined && this.#recent.size >= this.#many) this.#indexing = this.#begin();
    const indexing = this.#indexing;
    if (indexing === undefined) return;
    const end = Math.min(indexing.carried + this.#chunk, indexing.keys.length);
    for (; indexing.carried < end; indexing.carried++) {
      const { hash, row } = indexing.keys[indexing.carried]!; // below the end
      parcel.statement(SUBMISSION_KEY);
      parcel.number(hash);
      parcel.number(row);
    }
    if (end < indexing.keys.length) return;
    parcel.statement(INDEXED_ROW);
    parcel.number(indexing.lastRow);
  }

  /** After the batch is durable: keys that are all in the index now need not be in memory. */
  committed(): void {
    const indexing = this.#indexing;
    if (indexing === undefined || indexing.carried < indexing.keys.length) return;
    for (const { name } of indexing.keys) this.#recent.delete(name);
    this.#indexing = undefined;
  }

  #begin(): Indexing {
    const keys = [...this.#recent].map(([name, row]) => ({ name, hash: hashOf(name), row }));
    keys.sort((a, b) => a.hash - b.hash || a.row - b.row);
    return { keys, lastRow: this.#nextRow - 1, carried: 0 };
  }
}

/** A scope holds no newline: it is a credential's id or `os:<uid>`. */
function nameOf(tenant: number, scope: string, key: string): string {
  return `${tenant}\n${scope}\n${key}`;
}

function hashOf(name: string): number {
  return Number.parseInt(hash("sha256", name).slice(0, 13), 16);
}
