/**
 * The log's chain, read from the bytes as they lie there: a second look at the hashes the tree has accepted, which costs
 * a fraction of parsing. Step 4 of spec/pack.md.
 */
import { type Hash, utf8 } from "./hash.ts";

/**
 * Whether the entry says that the entry before it has this leaf hash.
 *
 * The texts looked for cannot stand inside a JSON string, where their quotes would be escaped; no member of any kind but
 * the last block is an object named `integrity`, and the first `prev_hash` after its start is its own. An entry of another
 * shape is reported as such, whatever is found here.
 */
export function continues(entry: Uint8Array, leafBefore: Hash): boolean {
  const block = findHinted(entry, INTEGRITY, 0, blockHints, entry.length & 0xffff);
  if (block < 0) return false;
  const value = findHinted(entry, PREV_HASH, block + BEFORE_PREV_HASH, valueHints, 0);
  return value >= 0 && hasHex(entry, value, leafBefore);
}

/** A text to look for, with how far to move on for each byte that stands under its last one (Boyer–Moore–Horspool). */
type Needle = { readonly text: Uint8Array; readonly skip: Uint8Array };

function needle(words: string): Needle {
  const text = utf8(words);
  const skip = new Uint8Array(256).fill(text.length);
  for (let i = 0; i < text.length - 1; i++) skip[text[i]!] = text.length - 1 - i;
  return { text, skip };
}

const INTEGRITY = needle('"integrity":{');
const PREV_HASH = needle(',"prev_hash":"');
/** `alg`, `ctl_head`, `ctl_seq`, `index` and `log` stand in between, and take at least this many bytes. */
const BEFORE_PREV_HASH = `"alg":"sha256-rfc6962","ctl_head":"${"0".repeat(64)}","ctl_seq":0,"index":0,"log":"`.length;
const HEX = utf8("0123456789abcdef");

/**
 * Where the texts were found last, as distances from where the search starts: entries of one length are mostly of one kind
 * and shape, and within the block little ever changes its length. A wrong hint costs one comparison.
 */
const blockHints = new Uint16Array(0x10000);
const valueHints = new Uint16Array(1);

/** Offset after the first place of a text at or after `from`, or -1. The first place is the only one that counts. */
function findHinted(bytes: Uint8Array, needle: Needle, from: number, hints: Uint16Array, slot: number): number {
  const hinted = from + hints[slot]!;
  if (isAt(bytes, needle.text, hinted)) return hinted + needle.text.length;
  const found = find(bytes, needle, from);
  if (found >= 0) hints[slot] = found - needle.text.length - from;
  return found;
}

function isAt(bytes: Uint8Array, text: Uint8Array, start: number): boolean {
  let i = text.length - 1;
  while (i >= 0 && bytes[start + i] === text[i]) i--;
  return i < 0;
}

function find(bytes: Uint8Array, { text, skip }: Needle, from: number): number {
  const last = text.length - 1;
  for (let at = from + last; at < bytes.length; at += skip[bytes[at]!]!) {
    if (isAt(bytes, text, at - last)) return at + 1;
  }
  return -1;
}

function hasHex(entry: Uint8Array, start: number, hash: Hash): boolean {
  for (let i = 0; i < hash.length; i++) {
    const byte = hash[i]!;
    if (entry[start + 2 * i] !== HEX[byte >> 4] || entry[start + 2 * i + 1] !== HEX[byte & 15]) return false;
  }
  return entry[start + 2 * hash.length] === 0x22;
}
