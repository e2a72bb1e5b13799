/**
 * A batch on its way to the writer thread: one buffer of (statement number, values…) records, transferred and not
 * copied. Structured clones of thousands of small arrays and ids would cost more than the inserts themselves.
 *
 * Record: u16 statement, then as many values as that statement has parameters. Value: a tag byte, then nothing (null),
 * 8 bytes (number, IEEE 754 little-endian), or u32 length and bytes (UTF-8 text, blob).
 */
import type { SQLInputValue } from "node:sqlite";
import { assert } from "@countersign/evidence/errors";

const NULL = 0;
const NUMBER = 1;
const TEXT = 2;
const BLOB = 3;

const SMALLEST_BYTES = 64 * 1024;

/** Fills one buffer; `take` hands it over with the number of bytes used. */
export class ParcelWriter {
  #buffer: Buffer;
  #used = 0;

  /** @param buffer one that came back from the writer thread, to be filled again */
  constructor(buffer?: ArrayBuffer) {
    this.#buffer = buffer === undefined ? Buffer.from(new ArrayBuffer(SMALLEST_BYTES)) : Buffer.from(buffer);
  }

  get sizeBytes(): number {
    return this.#used;
  }

  statement(number: number): void {
    this.#reserve(2);
    this.#used = this.#buffer.writeUInt16LE(number, this.#used);
  }

  value(value: SQLInputValue): void {
    if (typeof value === "number") this.number(value);
    else if (typeof value === "string") this.text(value);
    else if (value === null) this.nothing();
    else {
      assert(value instanceof Uint8Array, "a parameter is null, a number, text or bytes");
      this.blob(value);
    }
  }

  nothing(): void {
    this.#reserve(1);
    this.#buffer[this.#used++] = NULL;
  }

  number(value: number): void {
    this.#reserve(9);
    this.#buffer[this.#used] = NUMBER;
    this.#used = this.#buffer.writeDoubleLE(value, this.#used + 1);
  }

  text(value: string): void {
    this.#reserve(5 + value.length * 3);
    const length = this.#buffer.write(value, this.#used + 5, "utf8");
    this.#buffer[this.#used] = TEXT;
    this.#buffer.writeUInt32LE(length, this.#used + 1);
    this.#used += 5 + length;
  }

  blob(value: Uint8Array): void {
    this.#reserve(5 + value.length);
    this.#buffer[this.#used] = BLOB;
    this.#buffer.writeUInt32LE(value.length, this.#used + 1);
    this.#buffer.set(value, this.#used + 5);
    this.#used += 5 + value.length;
  }

  take(): { readonly buffer: ArrayBuffer; readonly usedBytes: number } {
    // The constructor and #reserve only ever wrap plain ArrayBuffers, whole.
    return { buffer: this.#buffer.buffer as ArrayBuffer, usedBytes: this.#used };
  }

  #reserve(bytes: number): void {
    const needed = this.#used + bytes;
    if (needed <= this.#buffer.length) return;
    let size = this.#buffer.length;
    while (size < needed) size *= 2;
    const larger = Buffer.from(new ArrayBuffer(size));
    larger.set(this.#buffer.subarray(0, this.#used));
    this.#buffer = larger;
  }
}

/**
 * Calls `run` for each record. Blobs are views of the buffer: bind them before the buffer goes back.
 *
 * @param parameterCounts number of values of each statement
 */
export function readParcel(
  buffer: ArrayBuffer,
  usedBytes: number,
  parameterCounts: readonly number[],
  run: (statement: number, values: SQLInputValue[]) => void,
): void {
  const bytes = Buffer.from(buffer, 0, usedBytes);
  let at = 0;
  while (at < usedBytes) {
    const statement = bytes.readUInt16LE(at);
    at += 2;
    const count = parameterCounts[statement];
    assert(count !== undefined, "the parcel names a prepared statement");
    const values: SQLInputValue[] = new Array(count);
    for (let i = 0; i < count; i++) {
      const tag = bytes[at]!;
      if (tag === NUMBER) {
        values[i] = bytes.readDoubleLE(at + 1);
        at += 9;
      } else if (tag === NULL) {
        values[i] = null;
        at += 1;
      } else {
        const length = bytes.readUInt32LE(at + 1);
        const start = at + 5;
        at = start + length;
        values[i] = tag === TEXT ? bytes.toString("utf8", start, at) : bytes.subarray(start, at);
      }
    }
    run(statement, values);
  }
  assert(at === usedBytes, "the parcel ends with its last record");
}
