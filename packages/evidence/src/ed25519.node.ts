/** Importing this module makes Node's own Ed25519 the implementation behind ed25519.ts. */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { type Ed25519Verify, installEd25519 } from "./ed25519.ts";
import { hex } from "./hash.ts";

/** Ed25519 by node:crypto (OpenSSL: cofactorless, R compared as bytes), for an acceptable key. */
export const verifyWithNode: Ed25519Verify = (publicKey, message, signature) => {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const key = keyOf(publicKey);
  return key !== undefined && verify(null, message, key, signature);
};

installEd25519(verifyWithNode);

/** SubjectPublicKeyInfo of an Ed25519 key (RFC 8410 §4) up to the key's 32 bytes. */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/** Parsed keys seen last: parsing costs as much as verifying. */
const keys = new Map<string, KeyObject>();
const REMEMBERED_KEYS = 1024;

function keyOf(raw: Uint8Array): KeyObject | undefined {
  const name = hex(raw);
  let key = keys.get(name);
  if (key === undefined) {
    try {
      key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: "der", type: "spki" });
    } catch {
      return undefined;
    }
    if (keys.size >= REMEMBERED_KEYS) keys.clear();
    keys.set(name, key);
  }
  return key;
}
