/** Seals by node:crypto, at once: the same bytes as sealing.ts makes with WebCrypto. */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";
import { assert } from "./errors.ts";
import type { Parsed } from "./fault.ts";
import { formatSealHeader, KEY_BYTES, notOpened, parseSeal, type Seal, type SealHeader, TAG_BYTES } from "./sealing.ts";

const ALGORITHM = "aes-256-gcm";

/** Seals bytes. `key` is 32 bytes; `header.nonce` is never used twice with one key. */
export function sealNow(key: Uint8Array, header: SealHeader, plain: Uint8Array): Uint8Array {
  assert(key.length === KEY_BYTES, "a seal key has 32 bytes");
  const head = formatSealHeader(header);
  const cipher = createCipheriv(ALGORITHM, keyObjectOf(key), header.nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(head);
  const sealed = new Uint8Array(head.length + plain.length + TAG_BYTES);
  sealed.set(head);
  sealed.set(cipher.update(plain), head.length);
  cipher.final(); // GCM is a stream mode: nothing is held back
  sealed.set(cipher.getAuthTag(), head.length + plain.length);
  return sealed;
}

/** Opens sealed bytes. A fault when they are no seal, or this key does not open them. */
export function openNow(key: Uint8Array, sealed: Uint8Array): Parsed<Uint8Array> {
  const parsed = parseSeal(sealed);
  return parsed.ok ? openParsed(key, parsed.value) : parsed;
}

/** The same for a seal that was taken apart already. */
export function openParsed(key: Uint8Array, { header, additional, ciphertext }: Seal): Parsed<Uint8Array> {
  assert(key.length === KEY_BYTES, "a seal key has 32 bytes");
  const decipher = createDecipheriv(ALGORITHM, keyObjectOf(key), header.nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(additional);
  decipher.setAuthTag(ciphertext.subarray(-TAG_BYTES));
  try {
    const plain = new Uint8Array(decipher.update(ciphertext.subarray(0, -TAG_BYTES)));
    decipher.final(); // throws unless the tag verifies; until then `plain` is not to be believed
    return { ok: true, value: plain };
  } catch {
    return notOpened(header);
  }
}

/** OpenSSL's form of each key, as long as the key itself is held: making it costs four times as much as using it. */
const keyObjects = new WeakMap<Uint8Array, KeyObject>();

function keyObjectOf(key: Uint8Array): KeyObject {
  let made = keyObjects.get(key);
  if (made === undefined) {
    made = createSecretKey(key);
    keyObjects.set(key, made);
  }
  return made;
}
