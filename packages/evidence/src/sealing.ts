/**
 * Seals: the form in which personal and secret payloads and disclosures are stored. AES-256-GCM under a key per tenant
 * and subject; destroying that key erases what was sealed while its digest, and every proof, stays. Spec:
 * spec/commitment.md.
 *
 * A seal is four header lines, an empty line, then ciphertext and tag; the header is the additional data:
 *
 *     countersign/seal/1
 *     alg AES-256-GCM
 *     key <key id>
 *     nonce <base64url of 12 bytes>
 */
import { formatBase64Url, parseBase64Url } from "./base64.ts";
import { assert } from "./errors.ts";
import { fault, type Parsed } from "./fault.ts";
import { utf8 } from "./hash.ts";

export type SealHeader = {
  /** Names the key in the key store; opaque here. 1 to 255 visible ASCII characters. */
  readonly keyId: string;
  /** 12 bytes, never used twice with one key. */
  readonly nonce: Uint8Array;
};

/** Sealed bytes taken apart, as views of them. */
export type Seal = {
  readonly header: SealHeader;
  /** The header's bytes, its empty line included: what the tag authenticates beside the ciphertext. */
  readonly additional: Uint8Array;
  /** Ciphertext, then the 16-byte tag. */
  readonly ciphertext: Uint8Array;
};

export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
export const KEY_BYTES = 32;
const MAGIC = "countersign/seal/1\nalg AES-256-GCM\n";
const KEY_ID = "[!-~]{1,255}";
const HEADER = new RegExp(`^${MAGIC}key (${KEY_ID})\nnonce ([A-Za-z0-9_-]{16})\n\n`);
const MAX_HEADER_BYTES = 512;
const LF = 10;

/** The header's bytes. */
export function formatSealHeader({ keyId, nonce }: SealHeader): Uint8Array {
  assert(new RegExp(`^${KEY_ID}$`).test(keyId), "a seal's key id is 1 to 255 visible ASCII characters");
  assert(nonce.length === NONCE_BYTES, "a nonce has 12 bytes");
  return utf8(`${MAGIC}key ${keyId}\nnonce ${formatBase64Url(nonce)}\n\n`);
}

/** Sealed bytes from a header and what AES-GCM made: ciphertext, then tag. */
export function formatSeal(header: SealHeader, ciphertext: Uint8Array): Uint8Array {
  const head = formatSealHeader(header);
  const bytes = new Uint8Array(head.length + ciphertext.length);
  bytes.set(head);
  bytes.set(ciphertext, head.length);
  return bytes;
}

/** Takes sealed bytes apart; checks form only. */
export function parseSeal(bytes: Uint8Array): Parsed<Seal> {
  const malformed = (detail: string) => ({ ok: false, fault: fault("seal-malformed", detail) }) as const;
  // Latin-1: one character for each byte, so lengths agree whatever the bytes are. No more of them than the header has:
  // every payload that is read passes here.
  const start = String.fromCharCode(...bytes.subarray(0, headerBytes(bytes)));
  const match = HEADER.exec(start);
  const nonce = match === null ? undefined : parseBase64Url(match[2]!);
  if (match === null || nonce === undefined) return malformed("It does not start with a seal's header.");
  const ciphertext = bytes.subarray(match[0].length);
  if (ciphertext.length < TAG_BYTES) return malformed("It is too short to hold a tag.");
  const header = { keyId: match[1]!, nonce };
  return { ok: true, value: { header, additional: bytes.subarray(0, match[0].length), ciphertext } };
}

/** Where the first empty line ends, as far as a header may reach; 0 for bytes that do not start like one. */
function headerBytes(bytes: Uint8Array): number {
  if (bytes[0] !== MAGIC.charCodeAt(0)) return 0;
  const end = Math.min(bytes.length, MAX_HEADER_BYTES);
  for (let at = MAGIC.length; at < end; at++) if (bytes[at] === LF && bytes[at - 1] === LF) return at + 1;
  return 0;
}

/** Seals bytes with WebCrypto. `key` is 32 bytes. On a server: sealing.node.ts, which gives the same bytes at once. */
export async function seal(key: Uint8Array, header: SealHeader, plain: Uint8Array): Promise<Uint8Array> {
  const sealed = await crypto.subtle.encrypt(
    parameters(header.nonce, formatSealHeader(header)),
    await importKey(key),
    owned(plain),
  );
  return formatSeal(header, new Uint8Array(sealed));
}

/** Opens sealed bytes with WebCrypto. A fault when they are no seal, or this key does not open them. */
export async function open(key: Uint8Array, sealed: Uint8Array): Promise<Parsed<Uint8Array>> {
  const parsed = parseSeal(sealed);
  if (!parsed.ok) return parsed;
  const { header, additional, ciphertext } = parsed.value;
  const imported = await importKey(key);
  try {
    const plain = await crypto.subtle.decrypt(parameters(header.nonce, additional), imported, owned(ciphertext));
    return { ok: true, value: new Uint8Array(plain) };
  } catch {
    return notOpened(header);
  }
}

/** What is said when a tag does not verify. */
export function notOpened(header: SealHeader): Parsed<never> {
  return { ok: false, fault: fault("seal-not-opened", `The seal names the key ${header.keyId}.`) };
}

function parameters(nonce: Uint8Array, additional: Uint8Array) {
  return { name: "AES-GCM", iv: owned(nonce), additionalData: owned(additional), tagLength: TAG_BYTES * 8 };
}

function importKey(key: Uint8Array) {
  assert(key.length === KEY_BYTES, "a seal key has 32 bytes");
  return crypto.subtle.importKey("raw", owned(key), "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** A copy in an ArrayBuffer of its own: WebCrypto's types take no shared memory. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
