/**
 * The strict JSON reader that stands before every document Countersign takes from outside. Spec: spec/json.md.
 *
 * JSON.parse alone is not enough: it keeps the last of two duplicate keys, turns a lone surrogate and a byte that is not
 * UTF-8 into other text, and rounds integers it cannot hold. Each of these lets two readers of the same bytes see two
 * documents. So a scanner walks the bytes first and refuses, with the JSON pointer, whatever the profile forbids; only
 * bytes it accepted reach JSON.parse, which builds the value natively (and makes `__proto__` a plain own member).
 */
import { assert } from "./errors.ts";
import { type JsonProfile, Scan } from "./json-scan.ts";
import { type ByteRange, childRanges, decoder, lastNonSpace, skipSpace } from "./json-walk.ts";

export { type JsonProfile, MAX_DEPTH } from "./json-scan.ts";
export { type ByteRange, joinPointer } from "./json-walk.ts";

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [member: string]: JsonValue };

/**
 * Reads one JSON document.
 *
 * @param bytes the document, UTF-8 without byte-order mark; must not be changed while the result is in use
 * @param options.payloads JSON pointers of members of the outermost object (`/args`) whose values are held to the
 *   payload profile, each counting its depth from itself, while all beside them is held to `profile`
 * @throws CountersignError `malformed-json` when the bytes are not RFC 8259 JSON in UTF-8, `json-not-allowed` when they
 *   so far are but the profile forbids something; the first offence decides, `pointer` names its place
 */
export function parseStrict(
  bytes: Uint8Array,
  profile: JsonProfile,
  options: { readonly payloads?: readonly string[] } = {},
): StrictJson {
  assert(bytes.length < 2 ** 31, "a JSON document has fewer than 2^31 bytes");
  new Scan(bytes, profile, options.payloads ?? []).document();
  return new StrictJson(bytes, JSON.parse(decoder.decode(bytes)));
}

/** A document that was accepted: its value, and where each raw value lies in the bytes it was read from. */
export class StrictJson {
  readonly bytes: Uint8Array;
  readonly value: JsonValue;
  /** Ranges of the children of a container, by the container's pointer; filled when first asked for. */
  #children: Map<string, ReadonlyMap<string, ByteRange>> | undefined;

  constructor(bytes: Uint8Array, value: JsonValue) {
    this.bytes = bytes;
    this.value = value;
  }

  /** Ranges of the raw values of the outermost object's members (or array's elements), by JSON pointer: `/args`. */
  get ranges(): ReadonlyMap<string, ByteRange> {
    return this.#rangesUnder("", { start: skipSpace(this.bytes, 0), end: this.bytes.length });
  }

  /** Range of the raw value at a JSON pointer (RFC 6901), or undefined when there is none. Linear in the containers on its way, once each. */
  rangeOf(pointer: string): ByteRange | undefined {
    if (pointer === "") return { start: skipSpace(this.bytes, 0), end: lastNonSpace(this.bytes) };
    const parent = pointer.slice(0, pointer.lastIndexOf("/"));
    const range = pointer.startsWith("/") ? this.rangeOf(parent) : undefined;
    return range && this.#rangesUnder(parent, range).get(pointer);
  }

  /** The exact bytes received for the value at a JSON pointer: what is hashed and kept. A view, not a copy. */
  slice(pointer: string): Uint8Array | undefined {
    const range = this.rangeOf(pointer);
    return range && this.bytes.subarray(range.start, range.end);
  }

  #rangesUnder(pointer: string, range: ByteRange): ReadonlyMap<string, ByteRange> {
    this.#children ??= new Map();
    const known = this.#children.get(pointer);
    if (known !== undefined) return known;
    const ranges = childRanges(this.bytes, range.start, pointer);
    this.#children.set(pointer, ranges);
    return ranges;
  }
}
