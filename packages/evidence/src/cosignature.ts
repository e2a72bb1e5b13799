/**
 * A witness's timestamped signature of a checkpoint: https://c2sp.org/tlog-cosignature, Ed25519 (signature type 0x04).
 * It says: at that time, this was the largest tree I had seen of this log, and it extends all I saw before.
 * Spec: spec/checkpoint.md.
 */
import { type Ed25519Verify, verifyEd25519 } from "./ed25519.ts";
import { assert } from "./errors.ts";
import { fault, type Parsed } from "./fault.ts";
import { utf8 } from "./hash.ts";
import type { NoteSignature, NoteVerifier, VerifierKey } from "./note.ts";

/** A cosignature taken apart; `timestamp` in whole seconds since 1970. */
export type Cosignature = { readonly timestamp: number; readonly signature: Uint8Array };

/** What a witness signs: header line, time line, the checkpoint's text. */
export function formatCosignatureMessage(timestamp: number, checkpointText: string): Uint8Array {
  assert(Number.isSafeInteger(timestamp) && timestamp >= 0, "a cosignature's time is whole seconds since 1970");
  return utf8(`cosignature/v1\ntime ${timestamp}\n${checkpointText}`);
}

/** The bytes after the key id: eight of time, big-endian, then the Ed25519 signature. */
export function formatCosignature(key: VerifierKey, { timestamp, signature }: Cosignature): NoteSignature {
  assert(
    key.type === "cosignature" && signature.length === 64,
    "a cosignature is by a key of type 0x04, 64 bytes long",
  );
  const bytes = new Uint8Array(8 + 64);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(timestamp));
  bytes.set(signature, 8);
  return { name: key.name, keyId: key.keyId, signature: bytes };
}

/** Takes a cosignature apart; times beyond 2^53−1 (the format allows 2^63−1) are refused. */
export function parseCosignature(bytes: Uint8Array): Parsed<Cosignature> {
  const refused = (detail: string) => ({ ok: false, fault: fault("cosignature-malformed", detail) }) as const;
  if (bytes.length !== 72) return refused(`It has ${bytes.length} bytes, not 72.`);
  const timestamp = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0));
  if (!Number.isSafeInteger(timestamp)) return refused("Its time lies beyond 2^53−1 seconds.");
  return { ok: true, value: { timestamp, signature: bytes.subarray(8) } };
}

/** Verifier of Ed25519 cosignatures (type 0x04). */
export function cosignatureVerifier(key: VerifierKey, verify: Ed25519Verify = verifyEd25519): NoteVerifier {
  assert(key.type === "cosignature", "a cosignature is by a key of type 0x04");
  const { name, keyId, publicKey } = key;
  return {
    name,
    keyId,
    verify(text, bytes) {
      const parsed = parseCosignature(bytes);
      if (!parsed.ok) return false;
      const { timestamp, signature } = parsed.value;
      return verify(publicKey, formatCosignatureMessage(timestamp, text), signature);
    },
  };
}
