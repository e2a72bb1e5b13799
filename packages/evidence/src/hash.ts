/**
 * SHA-256 for every place the code runs. The platform-neutral implementation is @noble/hashes; on Node
 * `hash.node.ts` installs node:crypto, which is about ten times faster on the small inputs a Merkle tree is made of.
 */
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

/** 32 bytes. */
export type Hash = Uint8Array;

let implementation: (bytes: Uint8Array) => Hash = nobleSha256;

/** SHA-256 of `bytes`; 32 bytes. FIPS 180-4. */
export function sha256(bytes: Uint8Array): Hash {
  return implementation(bytes);
}

/** Replaces the implementation for this process; the result must be bit-identical (a test holds that). */
export function installSha256(faster: (bytes: Uint8Array) => Hash): void {
  implementation = faster;
}

const encoder = new TextEncoder();

/** UTF-8 bytes of a string. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Lower-case hex. */
export function hex(bytes: Uint8Array): string {
  return bytesToHex(bytes);
}

/** Bytes of lower- or upper-case hex; throws on anything else. */
export function parseHex(text: string): Uint8Array {
  return hexToBytes(text);
}

/** `sha256:<hex>` of raw bytes: the form payloads, policy bundles and files are cited in, checkable with sha256sum. */
export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${hex(sha256(bytes))}`;
}

/** `sha256:` and 64 lower-case hex digits. */
export type Digest = `sha256:${string}`;

/** Whether two byte strings are equal; not constant time, for public values. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
