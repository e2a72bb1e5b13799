/**
 * Walks over JSON bytes that json-scan.ts has accepted (or has accepted so far): where each raw value lies, and which JSON
 * pointer an offset belongs to. Nothing here checks anything.
 */

/** Half-open range of byte offsets: `bytes.subarray(start, end)` is the raw text of one value, without white space. */
export type ByteRange = { readonly start: number; readonly end: number };

/** Appends one token to a JSON pointer (RFC 6901 §3). */
export function joinPointer(pointer: string, token: string | number): string {
  return `${pointer}/${typeof token === "number" ? token : token.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const MINUS = 0x2d;
export const ZERO = 0x30;
export const COLON = 0x3a;
export const OPEN_ARRAY = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_ARRAY = 0x5d;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;

/** Fails on bytes that are not UTF-8, and keeps U+FEFF as a character. */
export const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function skipSpace(bytes: Uint8Array, start: number): number {
  let at = start;
  // Reading past the end of a typed array is what makes it slow, so the length is asked first.
  while (at < bytes.length) {
    const byte = bytes[at]!;
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) break;
    at++;
  }
  return at;
}

export function lastNonSpace(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && skipSpace(bytes, end - 1) > end - 1) end--;
  return end;
}

/** Offset after the string that starts at `start`, or the end of the bytes when it has none. */
function skipString(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return Math.min(at + 1, bytes.length);
}

export function decodeString(bytes: Uint8Array, start: number): string {
  const end = skipString(bytes, start);
  return JSON.parse(decoder.decode(bytes.subarray(start, end))) as string; // a JSON string, checked by the scanner
}

/** Offset after the value that starts at `start`, in bytes the scanner accepted. */
function skipValue(bytes: Uint8Array, start: number): number {
  let depth = 0;
  let at = start;
  do {
    const byte = bytes[at]!;
    if (byte === QUOTE) at = skipString(bytes, at);
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      depth++;
      at++;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      depth--;
      at++;
    } else if (depth > 0) at++;
    else while (at < bytes.length && !isEndOfScalar(bytes[at]!)) at++;
  } while (depth > 0);
  return at;
}

function isEndOfScalar(byte: number): boolean {
  return byte <= 0x20 || byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY;
}

export function childRanges(bytes: Uint8Array, container: number, pointer: string): ReadonlyMap<string, ByteRange> {
  const ranges = new Map<string, ByteRange>();
  const isObject = bytes[container] === OPEN_OBJECT;
  if (!isObject && bytes[container] !== OPEN_ARRAY) return ranges;
  let at = skipSpace(bytes, container + 1);
  for (let index = 0; bytes[at] !== CLOSE_OBJECT && bytes[at] !== CLOSE_ARRAY; index++) {
    let token: string | number = index;
    if (isObject) {
      token = decodeString(bytes, at);
      at = skipSpace(bytes, skipSpace(bytes, skipString(bytes, at)) + 1);
    }
    const end = skipValue(bytes, at);
    ranges.set(joinPointer(pointer, token), { start: at, end });
    at = skipSpace(bytes, end);
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1);
  }
  return ranges;
}

/**
 * The JSON pointer of the value that holds the offset `target`, found by walking from the start; only refusals pay for
 * it. Everything before `target` has been accepted, so the walk needs no checks of its own.
 */
export function pointerTo(bytes: Uint8Array, target: number): string {
  /** One token for each open container: the member's name or the element's index; undefined before the first name. */
  const path: (string | number | undefined)[] = [];
  let nameExpected = false;
  let at = skipSpace(bytes, 0);
  while (at < target) {
    const byte = bytes[at]!;
    if (byte === QUOTE) {
      const end = skipString(bytes, at);
      if (end > target) break;
      if (nameExpected) path[path.length - 1] = decodeString(bytes, at);
      nameExpected = false;
      at = end;
      continue;
    }
    const last = path.at(-1);
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) path.push(byte === OPEN_OBJECT ? undefined : 0);
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) path.pop();
    else if (byte === COMMA) path[path.length - 1] = typeof last === "number" ? last + 1 : undefined;
    if (byte === OPEN_OBJECT || (byte === COMMA && typeof last !== "number")) nameExpected = true;
    at++;
  }
  let pointer = "";
  for (const token of path) if (token !== undefined) pointer = joinPointer(pointer, token);
  return pointer;
}
