/**
 * Typed, time-ordered ids: a prefix, `_`, and a UUIDv7 in 26 characters of lower-case Crockford base 32
 * (TypeID 0.3.0; RFC 9562 §5.7). Stores keep the 16 bytes. Spec: spec/evidence-event.md.
 */
import { assert } from "./errors.ts";

/** Every prefix and the noun it stands for. */
export const idPrefixes = {
  evt: "event",
  run: "run",
  act: "action",
  dec: "decision",
  apr: "approval",
  prm: "permit",
  job: "job",
  pay: "payload",
  art: "artifact",
  key: "credential",
  usr: "person, by pseudonymous alias",
  frz: "freeze",
  hold: "legal hold",
  pack: "pack",
  drl: "drill",
  fnd: "finding",
  inc: "incident",
  rev: "review",
  ses: "session",
} as const;

export type IdPrefix = keyof typeof idPrefixes;
export type Id<P extends IdPrefix> = `${P}_${string}`;
export type EventId = Id<"evt">;
export type RunId = Id<"run">;
export type ActionId = Id<"act">;
export type ApprovalId = Id<"apr">;
export type PermitId = Id<"prm">;
export type PersonAlias = Id<"usr">;

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const SUFFIX = "[0-7][0-9a-hjkmnp-tv-z]{25}";

/** The regular expression (source, anchored) of an id with this prefix. */
export function idPattern(prefix: IdPrefix): string {
  return `^${prefix}_${SUFFIX}$`;
}

const VALUES = new Int8Array(128).fill(-1);
for (let i = 0; i < ALPHABET.length; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

/** Text of an id from its 16 bytes. */
export function formatId<P extends IdPrefix>(prefix: P, bytes: Uint8Array): Id<P> {
  assert(bytes.length === 16, "an id has 16 bytes");
  // 128 bits in 26 digits of 5 bits: the first digit carries only 3.
  let out = "";
  let bits = 0;
  let value = 0;
  let at = 0;
  out += ALPHABET[bytes[0]! >> 5];
  value = bytes[0]! & 31;
  bits = 5;
  at = 1;
  for (let digit = 1; digit < 26; digit++) {
    if (bits < 5) {
      value = (value << 8) | bytes[at]!;
      at++;
      bits += 8;
    }
    bits -= 5;
    out += ALPHABET[(value >> bits) & 31];
    value &= (1 << bits) - 1;
  }
  return `${prefix}_${out}` as Id<P>;
}

/** The 16 bytes of an id, or undefined when `text` is not an id with this prefix. */
export function parseId(prefix: IdPrefix, text: string): Uint8Array | undefined {
  const start = prefix.length + 1;
  if (text.length !== start + 26 || !text.startsWith(prefix) || text[prefix.length] !== "_") return undefined;
  const bytes = new Uint8Array(16);
  let value = 0;
  let bits = 0;
  let at = 0;
  for (let digit = 0; digit < 26; digit++) {
    const code = text.charCodeAt(start + digit);
    const five = code < 128 ? VALUES[code]! : -1;
    if (five < 0 || (digit === 0 && five > 7)) return undefined;
    value = (value << (digit === 0 ? 3 : 5)) | five;
    bits += digit === 0 ? 3 : 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (value >> bits) & 255;
      value &= (1 << bits) - 1;
    }
  }
  return bytes;
}

/**
 * A UUIDv7 (RFC 9562 §5.7) from a clock in milliseconds and 10 random bytes. Pure: who calls it brings both.
 *
 * @param random at least 10 bytes; the first 10 are used
 */
export function uuidV7(nowMs: number, random: Uint8Array): Uint8Array {
  assert(random.length >= 10, "a UUIDv7 takes 10 random bytes");
  const bytes = new Uint8Array(16);
  let rest = nowMs;
  for (let i = 5; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes.set(random.subarray(0, 10), 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes;
}

/** A UUIDv8-shaped id derived from 32 hash bytes, for events the system concludes: two nodes derive the same one. */
export function uuidFromHash(hash: Uint8Array): Uint8Array {
  const bytes = hash.slice(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes;
}
