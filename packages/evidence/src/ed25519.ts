/**
 * Ed25519 (RFC 8032) verification for every place the code runs. The platform-neutral implementation is @noble/curves;
 * on Node `ed25519.node.ts` installs node:crypto. Spec: spec/checkpoint.md.
 *
 * Implementations disagree on keys and signatures with small-order parts: whether the cofactor is multiplied in, and
 * which encodings count. So that two verifiers of one pack never differ, both paths here accept only canonical,
 * torsion-free public keys and no R that is the identity (OpenSSL 3.5 refuses it, noble takes it; no honest signer makes
 * it), and the noble path, which multiplies the cofactor in, also asks for a torsion-free R.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { type Fault, fault } from "./fault.ts";
import { hex } from "./hash.ts";

/** Whether `signature` (64 bytes) is by `publicKey` (32 bytes) over `message`. False for arguments of any other shape; never throws. */
export type Ed25519Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** Verifies with the implementation installed; false for keys with a {@link publicKeyFault}. */
export const verifyEd25519: Ed25519Verify = (publicKey, message, signature) =>
  signature.length === 64 &&
  !startsWithIdentity(signature) &&
  isAcceptable(publicKey) &&
  implementation(publicKey, message, signature);

/** Replaces the implementation for this process; it is asked only what passed the checks above, and must agree (a test holds that). */
export function installEd25519(verify: Ed25519Verify): void {
  implementation = verify;
}

/**
 * Why 32 raw bytes are not a public key Countersign enrols, or undefined when they are: they must encode a point
 * canonically (RFC 8032 §5.1.3), of the prime-order subgroup, not the identity.
 */
export function publicKeyFault(raw: Uint8Array): Fault | undefined {
  if (raw.length !== 32) return fault("key-not-acceptable", `An Ed25519 public key has 32 bytes, not ${raw.length}.`);
  const point = decodePoint(raw);
  if (point === undefined) return fault("key-not-acceptable", "The bytes are not the canonical encoding of a point.");
  if (point.isSmallOrder()) return fault("key-not-acceptable", "The point has small order.");
  if (!point.isTorsionFree()) return fault("key-not-acceptable", "The point is not in the prime-order subgroup.");
  return undefined;
}

/** Ed25519 by @noble/curves, for an acceptable key. */
export const verifyWithNoble: Ed25519Verify = (publicKey, message, signature) => {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const r = decodePoint(signature.subarray(0, 32));
  if (r === undefined || !r.isTorsionFree()) return false;
  return ed25519.verify(signature, message, publicKey, { zip215: false });
};

let implementation: Ed25519Verify = verifyWithNoble;

function decodePoint(raw: Uint8Array): InstanceType<typeof ed25519.Point> | undefined {
  try {
    return ed25519.Point.fromBytes(raw, false);
  } catch {
    return undefined;
  }
}

/** Whether R is the identity in its canonical encoding, y = 1; other encodings of it are refused by both implementations. */
function startsWithIdentity(signature: Uint8Array): boolean {
  return signature[0] === 1 && signature.subarray(1, 32).every((byte) => byte === 0);
}

/** What {@link publicKeyFault} said of the keys seen last: a torsion check costs more than a signature, and keys repeat. */
const acceptable = new Map<string, boolean>();
const REMEMBERED_KEYS = 1024;

function isAcceptable(raw: Uint8Array): boolean {
  if (raw.length !== 32) return false;
  const name = hex(raw);
  let known = acceptable.get(name);
  if (known === undefined) {
    known = publicKeyFault(raw) === undefined;
    if (acceptable.size >= REMEMBERED_KEYS) acceptable.clear();
    acceptable.set(name, known);
  }
  return known;
}
