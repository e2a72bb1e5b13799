/**
 * The scanner of strict-json.ts: walks the bytes of a document once and refuses what its profile forbids. It builds
 * nothing. spec/json.md.
 */
import { CountersignError } from "./errors.ts";
import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  decoder,
  decodeString,
  joinPointer,
  MINUS,
  OPEN_ARRAY,
  OPEN_OBJECT,
  pointerTo,
  QUOTE,
  skipSpace,
  ZERO,
} from "./json-walk.ts";

/**
 * `entry`: what may stand in a log entry (integers within ±(2^53−1) only, no −0, no `__proto__`, no integer-like keys,
 * depth ≤ 16). `payload`: any JSON two readers agree on (floats allowed, depth ≤ 64). Both refuse duplicate keys and
 * lone surrogates.
 */
export type JsonProfile = "entry" | "payload";

/** Containers inside containers, the outermost counted. */
export const MAX_DEPTH = { entry: 16, payload: 64 } as const satisfies Record<JsonProfile, number>;

/** 1 for the bytes that stand for themselves inside a string: printable ASCII but quote and backslash. */
const PLAIN = new Uint8Array(256);
for (let byte = 0x20; byte < 0x80; byte++) PLAIN[byte] = byte === QUOTE || byte === BACKSLASH ? 0 : 1;

/** Objects up to this many keys are searched by hash in one array; larger ones by a Set, whose hashing is seeded, so no body is quadratic. */
const LINEAR_KEYS = 32;
const MAX_KEYS_OPEN = (1 + MAX_DEPTH.payload) * LINEAR_KEYS; // a payload inside one object more
const keyHashes = new Int32Array(MAX_KEYS_OPEN);
const keyStarts = new Int32Array(MAX_KEYS_OPEN);

const encoder = new TextEncoder();

/** One document being read; `document()` returns when it is accepted and throws when it is refused. */
export class Scan {
  readonly bytes: Uint8Array;
  readonly end: number;
  readonly payloads: readonly string[];
  entry: boolean;
  maxDepth: number;
  depth = 0;
  keyTop = 0;
  /** Hash of the key that string() read last, over its UTF-8 bytes after unescaping. */
  keyHash = 0;

  constructor(bytes: Uint8Array, profile: JsonProfile, payloads: readonly string[]) {
    this.bytes = bytes;
    this.payloads = payloads;
    this.end = bytes.length;
    this.entry = profile === "entry";
    this.maxDepth = MAX_DEPTH[profile];
  }

  document(): void {
    if (this.bytes[0] === 0xef && this.bytes[1] === 0xbb && this.bytes[2] === 0xbf) {
      this.malformed(0, "It starts with a byte-order mark.");
    }
    const after = skipSpace(this.bytes, this.value(skipSpace(this.bytes, 0)));
    if (after !== this.end) this.malformed(after, "Something follows the document.", true);
  }

  /** Each of these takes the offset where its thing starts and returns the offset after it. */
  value(at: number): number {
    switch (this.bytes[at]) {
      case QUOTE:
        return this.string(at);
      case OPEN_OBJECT:
        return this.object(at);
      case OPEN_ARRAY:
        return this.array(at);
      case 0x74:
        return this.literal(at, "true");
      case 0x66:
        return this.literal(at, "false");
      case 0x6e:
        return this.literal(at, "null");
      default:
        return this.number(at);
    }
  }

  object(start: number): number {
    const { bytes } = this;
    if (++this.depth > this.maxDepth) this.notAllowed(start, `Deeper than its profile allows.`);
    const base = this.keyTop;
    let names: Set<string> | undefined;
    let at = skipSpace(bytes, start + 1);
    if (bytes[at] === CLOSE_OBJECT) {
      this.depth--;
      return at + 1;
    }
    for (;;) {
      if (bytes[at] !== QUOTE) this.malformed(at, "A member's name was expected.");
      const keyStart = at;
      at = this.key(at);
      if (this.entry) this.entryKey(keyStart);
      if (names === undefined) {
        const hash = this.keyHash;
        for (let other = base; other < this.keyTop; other++) {
          if (keyHashes[other] === hash && this.nameAt(keyStarts[other]!) === this.nameAt(keyStart)) {
            this.duplicate(keyStart);
          }
        }
        if (this.keyTop - base === LINEAR_KEYS) {
          names = new Set([this.nameAt(keyStart)]);
          for (let other = base; other < this.keyTop; other++) names.add(this.nameAt(keyStarts[other]!));
        } else {
          keyHashes[this.keyTop] = hash;
          keyStarts[this.keyTop++] = keyStart;
        }
      } else {
        const name = this.nameAt(keyStart);
        if (names.has(name)) this.duplicate(keyStart);
        names.add(name);
      }
      at = skipSpace(bytes, at);
      if (bytes[at] !== COLON) this.malformed(at, "A colon was expected.");
      at = skipSpace(bytes, at + 1);
      const isPayload = this.depth === 1 && this.payloads.length > 0 && this.isPayload(keyStart);
      at = skipSpace(bytes, isPayload ? this.payload(at) : this.value(at));
      if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1);
      else if (bytes[at] === CLOSE_OBJECT) break;
      else this.malformed(at, "A comma or the object's end was expected.");
    }
    this.keyTop = base;
    this.depth--;
    return at + 1;
  }

  isPayload(keyStart: number): boolean {
    return this.payloads.includes(joinPointer("", this.nameAt(keyStart)));
  }

  /** A value held to the payload profile inside a document that may be held to the other. */
  payload(start: number): number {
    const { entry, maxDepth } = this;
    this.entry = false;
    this.maxDepth = this.depth + MAX_DEPTH.payload;
    const end = this.value(start);
    this.entry = entry;
    this.maxDepth = maxDepth;
    return end;
  }

  array(start: number): number {
    const { bytes } = this;
    if (++this.depth > this.maxDepth) this.notAllowed(start, `Deeper than its profile allows.`);
    let at = skipSpace(bytes, start + 1);
    if (bytes[at] !== CLOSE_ARRAY) {
      for (;;) {
        at = skipSpace(bytes, this.value(at));
        if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1);
        else if (bytes[at] === CLOSE_ARRAY) break;
        else this.malformed(at, "A comma or the array's end was expected.");
      }
    }
    this.depth--;
    return at + 1;
  }

  string(start: number): number {
    const { bytes, end } = this;
    let at = start + 1;
    for (;;) {
      while (at < end && PLAIN[bytes[at]!] === 1) at++;
      if (at >= end) this.malformed(start, "A string has no end.");
      const byte = bytes[at]!;
      if (byte === QUOTE) return at + 1;
      if (byte === BACKSLASH) at = this.escape(at);
      else if (byte >= 0x80) at = this.wideCharacter(at);
      else this.malformed(at, "A control character stands unescaped in a string.");
    }
  }

  /** A string, hashed on the way. One with escapes is hashed after unescaping, so that `"a"` and its escaped spelling meet. */
  key(start: number): number {
    const { bytes, end } = this;
    let hash = 0x811c9dc5 | 0;
    let at = start + 1;
    while (at < end && PLAIN[bytes[at]!] === 1) hash = Math.imul(hash ^ bytes[at++]!, 0x01000193);
    if (bytes[at] !== QUOTE || at >= end) {
      at = this.string(start) - 1;
      hash = 0x811c9dc5 | 0;
      for (const byte of encoder.encode(this.nameAt(start))) hash = Math.imul(hash ^ byte, 0x01000193);
    }
    this.keyHash = hash;
    return at + 1;
  }

  /** V8 lists integer-like keys before all others, whatever their order in the text; so an entry has none. */
  entryKey(start: number): void {
    const first = this.bytes[start + 1]!;
    if ((first < ZERO || first > 0x39) && first !== 0x5f && first !== BACKSLASH) return;
    const name = this.nameAt(start);
    if (name === "__proto__") this.notAllowed(start, "An entry has no member of this name.", name);
    if (/^(0|[1-9][0-9]*)$/.test(name)) this.notAllowed(start, "An entry has no integer-like names.", name);
  }

  escape(start: number): number {
    const kind = this.bytes[start + 1];
    if (kind !== 0x75) {
      // " \ / b f n r t
      if (kind === QUOTE || kind === BACKSLASH || kind === 0x2f) return start + 2;
      if (kind === 0x62 || kind === 0x66 || kind === 0x6e || kind === 0x72 || kind === 0x74) return start + 2;
      this.malformed(start, "An escape is not one of JSON's.");
    }
    const unit = this.hex4(start);
    if (unit < 0xd800 || unit > 0xdfff) return start + 6;
    const paired = unit < 0xdc00 && this.bytes[start + 6] === BACKSLASH && this.bytes[start + 7] === 0x75;
    const low = paired ? this.hex4(start + 6) : 0;
    if (low < 0xdc00 || low > 0xdfff) this.notAllowed(start, "A surrogate stands alone.");
    return start + 12;
  }

  hex4(start: number): number {
    let unit = 0;
    for (let at = start + 2; at < start + 6; at++) {
      const byte = this.bytes[at] ?? 0;
      const digit = byte <= 0x39 ? byte - ZERO : (byte | 0x20) - 0x57;
      if (digit < 0 || digit > 15 || (byte > 0x39 && digit < 10)) this.malformed(start, "\\u takes four hex digits.");
      unit = unit * 16 + digit;
    }
    return unit;
  }

  /** One UTF-8 sequence of two to four bytes; overlong forms, surrogates and what lies beyond U+10FFFF are refused (Unicode table 3-7). */
  wideCharacter(at: number): number {
    const { bytes } = this;
    const first = bytes[at]!;
    const second = bytes[at + 1] ?? 0;
    const tail = (index: number) => ((bytes[index] ?? 0) & 0xc0) === 0x80;
    if (first >= 0xc2 && first <= 0xdf && tail(at + 1)) return at + 2;
    if (first >= 0xe0 && first <= 0xef && tail(at + 1) && tail(at + 2)) {
      if (!(first === 0xe0 && second < 0xa0) && !(first === 0xed && second > 0x9f)) return at + 3;
    }
    if (first >= 0xf0 && first <= 0xf4 && tail(at + 1) && tail(at + 2) && tail(at + 3)) {
      if (!(first === 0xf0 && second < 0x90) && !(first === 0xf4 && second > 0x8f)) return at + 4;
    }
    return this.malformed(at, "A string is not valid UTF-8.");
  }

  number(start: number): number {
    const { bytes, entry } = this;
    let at = start;
    if (bytes[at] === MINUS) at++;
    const digits = at;
    if (bytes[at] === ZERO) at++;
    else at = this.digits(at, start);
    const wholeEnd = at;
    if (bytes[at] === 0x2e) at = this.digits(at + 1, start);
    const fractionEnd = at;
    if (bytes[at] === 0x65 || bytes[at] === 0x45) {
      at++;
      if (bytes[at] === 0x2b || bytes[at] === MINUS) at++;
      at = this.digits(at, start);
    }
    if (entry) {
      if (at !== wholeEnd) this.notAllowed(start, "An entry has integers only; write other numbers as strings.");
      if (digits !== start && bytes[digits] === ZERO) this.notAllowed(start, "An entry has no negative zero.");
      // 15 digits always fit; 16 may or may not.
      if (at - digits > 15 && !Number.isSafeInteger(this.numberAt(start, at))) {
        this.notAllowed(start, "An integer lies beyond ±(2^53−1).");
      }
    } else if (at !== fractionEnd || wholeEnd - digits > 300) {
      if (!Number.isFinite(this.numberAt(start, at))) this.notAllowed(start, "A number is too large for a double.");
    }
    return at;
  }

  digits(start: number, number: number): number {
    const { bytes, end } = this;
    let at = start;
    while (at < end && bytes[at]! >= ZERO && bytes[at]! <= 0x39) at++;
    if (at === start) this.malformed(number, "A value was expected, or a number lacks a digit.");
    return at;
  }

  literal(at: number, word: string): number {
    for (let i = 1; i < word.length; i++) {
      if (this.bytes[at + i] !== word.charCodeAt(i)) this.malformed(at, "A value was expected.");
    }
    return at + word.length;
  }

  numberAt(start: number, end: number): number {
    return Number(decoder.decode(this.bytes.subarray(start, end)));
  }

  nameAt(start: number): string {
    return decodeString(this.bytes, start);
  }

  duplicate(keyStart: number): never {
    return this.notAllowed(keyStart, "An object has two members of this name.", this.nameAt(keyStart));
  }

  /** @param outside the fault is about the document as a whole, not about the value at the offset */
  malformed(at: number, detail: string, outside = false): never {
    const pointer = outside ? "" : pointerTo(this.bytes, at);
    throw new CountersignError("malformed-json", { pointer, detail: `${detail} At byte ${at}.` });
  }

  /** @param name the member the offset is the name of, when the fault is about a name */
  notAllowed(at: number, detail: string, name?: string): never {
    const place = pointerTo(this.bytes, at);
    const pointer = name === undefined ? place : joinPointer(place, name);
    throw new CountersignError("json-not-allowed", { pointer, detail: `${detail} At byte ${at}.` });
  }
}
