/**
 * Base64 (RFC 4648 §4, with padding) and base64url (§5, without): the two spellings Countersign writes. Reading is
 * strict: exactly one text for each byte string, so padding must be canonical, the unused bits zero, nothing else inside.
 */

/** Standard alphabet, padded: C2SP notes, checkpoints, proofs. */
export function formatBase64(bytes: Uint8Array): string {
  return format(bytes, STANDARD, true);
}

/** URL-safe alphabet, unpadded: commitments, salts, JOSE. */
export function formatBase64Url(bytes: Uint8Array): string {
  return format(bytes, URL_SAFE, false);
}

/** Bytes of padded standard base64, or undefined when `text` is not its one canonical spelling. */
export function parseBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return parse(text, text.length - padding, STANDARD_VALUES);
}

/** Bytes of unpadded base64url, or undefined when `text` is not its one canonical spelling. */
export function parseBase64Url(text: string): Uint8Array | undefined {
  return parse(text, text.length, URL_SAFE_VALUES);
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const STANDARD = codesOf(`${LETTERS}+/`);
const URL_SAFE = codesOf(`${LETTERS}-_`);
const STANDARD_VALUES = valuesOf(STANDARD);
const URL_SAFE_VALUES = valuesOf(URL_SAFE);
const EQUALS = 0x3d;

function codesOf(alphabet: string): Uint8Array {
  return Uint8Array.from(alphabet, (letter) => letter.charCodeAt(0));
}

/** Value of each ASCII code; 64 for those outside the alphabet. */
function valuesOf(codes: Uint8Array): Uint8Array {
  const values = new Uint8Array(128).fill(64);
  codes.forEach((code, value) => {
    values[code] = value;
  });
  return values;
}

/** Texts are put together from slices of this many bytes: String.fromCharCode takes its letters as arguments. */
const SLICE_BYTES = 3 * 1024;

function format(bytes: Uint8Array, codes: Uint8Array, padded: boolean): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
    text += formatSlice(bytes, start, Math.min(start + SLICE_BYTES, bytes.length), codes, padded);
  }
  return text;
}

function formatSlice(bytes: Uint8Array, start: number, end: number, codes: Uint8Array, padded: boolean): string {
  const size = end - start;
  const out = new Array<number>(padded ? Math.ceil(size / 3) * 4 : Math.ceil((size * 4) / 3));
  let at = start;
  let to = 0;
  for (; at + 2 < end; at += 3) {
    const group = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    out[to++] = codes[group >> 18]!;
    out[to++] = codes[(group >> 12) & 63]!;
    out[to++] = codes[(group >> 6) & 63]!;
    out[to++] = codes[group & 63]!;
  }
  const rest = end - at;
  if (rest > 0) {
    const group = (bytes[at]! << 16) | ((rest === 2 ? bytes[at + 1]! : 0) << 8);
    out[to++] = codes[group >> 18]!;
    out[to++] = codes[(group >> 12) & 63]!;
    if (rest === 2) out[to++] = codes[(group >> 6) & 63]!;
    while (padded && to < out.length) out[to++] = EQUALS;
  }
  return String.fromCharCode.apply(null, out);
}

/** @param letters how many characters of `text` carry bits; the padding after them has been counted off */
function parse(text: string, letters: number, values: Uint8Array): Uint8Array | undefined {
  const rest = letters % 4;
  if (rest === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((letters * 3) / 4));
  let to = 0;
  let group = 0;
  for (let at = 0; at < letters; at++) {
    const code = text.charCodeAt(at);
    const value = code < 128 ? values[code]! : 64;
    if (value === 64) return undefined;
    group = ((group << 6) | value) & 0xffffff;
    if (at % 4 === 3) {
      bytes[to++] = group >> 16;
      bytes[to++] = (group >> 8) & 255;
      bytes[to++] = group & 255;
    }
  }
  if (rest === 2) {
    if (group & 15) return undefined;
    bytes[to++] = (group >> 4) & 255;
  } else if (rest === 3) {
    if (group & 3) return undefined;
    bytes[to++] = (group >> 10) & 255;
    bytes[to++] = (group >> 2) & 255;
  }
  return bytes;
}
