/**
 * The log's chain, read from the bytes as they lie there: a second look at the hashes the tree has accepted, which costs
 * a fraction of parsing. Step 4 of spec/pack.md.
 */
import { type Hash, utf8 } from "./hash.ts";

/**
 * Whether the entry says that the entry before it has this leaf hash.
 *
 * The texts looked for cannot stand inside a JSON string, where their quotes would be escaped. In canonical form
 * `integrity` starts with its `alg` and `ctl_head`, and no other member of any kind is an object of that name; the next
 * `prev_hash` after it is its own. An entry in another form is reported as such, whatever is found here.
 */
export function continues(entry: Uint8Array, leafBefore: Hash): boolean {
  const block = find(entry, INTEGRITY, 0);
  const value = block < 0 ? -1 : find(entry, PREV_HASH, block);
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

const INTEGRITY = needle('"integrity":{"alg":"sha256-rfc6962","ctl_head":"');
const PREV_HASH = needle(',"prev_hash":"');
const HEX = utf8("0123456789abcdef");

/** Offset after the first place of a text at or after `from`, or -1. */
function find(bytes: Uint8Array, { text, skip }: Needle, from: number): number {
  const last = text.length - 1;
  for (let at = from + last; at < bytes.length; at += skip[bytes[at]!]!) {
    let i = last;
    while (i >= 0 && bytes[at - last + i] === text[i]) i--;
    if (i < 0) return at + 1;
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
