/**
 * ES256 (ECDSA over P-256 with SHA-256, RFC 7518 §3.4) as passkeys sign: one implementation for every place the code
 * runs, so that two verifiers of one pack never differ. Spec: spec/approval.md, "Signature".
 */
import { p256 } from "@noble/curves/nist.js";
import { type Fault, fault } from "./fault.ts";

/** Length of a P-256 point as SEC 1 writes it uncompressed: 04, x, y. */
export const P256_POINT_BYTES = 65;

/**
 * Whether `signature` is by `publicKey` over the SHA-256 of `message`. False for arguments of any other shape.
 * Either half of the curve's order is taken for s, as authenticators make both (WebAuthn 3 §6.5.5).
 *
 * @param publicKey 65 bytes, the uncompressed point
 * @param signature ASN.1 DER of r and s
 */
export function verifyEs256(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (es256KeyFault(publicKey) !== undefined) return false;
  try {
    return p256.verify(signature, message, publicKey, { format: "der", lowS: false, prehash: true });
  } catch {
    return false; // not DER, or a number out of range
  }
}

/** Why these bytes are not a P-256 public key Countersign enrols, or undefined when they are. The curve has cofactor 1. */
export function es256KeyFault(raw: Uint8Array): Fault | undefined {
  if (raw.length !== P256_POINT_BYTES || raw[0] !== 4) {
    return fault("key-not-acceptable", `A P-256 public key has ${P256_POINT_BYTES} bytes and begins with 04.`);
  }
  try {
    p256.Point.fromBytes(raw).assertValidity();
    return undefined;
  } catch {
    return fault("key-not-acceptable", "The bytes are no point of the curve P-256.");
  }
}
