/** An approver's private key on their own machine: PKCS#8 PEM, or an OpenSSH key that is not encrypted. It never leaves. */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { lstatSync, readFileSync } from "node:fs";
import { formatBase64Url, parseBase64 } from "@countersign/evidence/base64";
import { CountersignError } from "@countersign/evidence/errors";
import { voteSigningBytes, voteSshSigningBytes } from "@countersign/evidence/vote-signature";
import { thumbprintOf } from "../tenants/public-key.ts";

export type SigningKey = {
  readonly kid: string;
  /** How its signatures are made: as the matching public key was enrolled. */
  readonly method: "ed25519" | "ssh";
  /** Signs a vote's digest; base64url. */
  sign(digest: string): string;
};

const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * Reads a private key.
 *
 * @throws CountersignError cannot-read, data-unsafe when others can read the file, key-not-acceptable
 */
export function readSigningKey(path: string): SigningKey {
  const text = readPrivate(path);
  const isSsh = text.includes("BEGIN OPENSSH PRIVATE KEY");
  const key = isSsh ? parseOpenSsh(text) : parsePem(text);
  if (key.asymmetricKeyType !== "ed25519") refuse(`${path} is a key for ${key.asymmetricKeyType}, not Ed25519.`);
  const { x } = createPublicKey(key).export({ format: "jwk" });
  const method = isSsh ? "ssh" : "ed25519";
  return {
    kid: thumbprintOf(x!), // an Ed25519 key as a JWK has one
    method,
    sign: (digest) => formatBase64Url(sign(null, isSsh ? voteSshSigningBytes(digest) : voteSigningBytes(digest), key)),
  };
}

function readPrivate(path: string): string {
  try {
    const { mode } = lstatSync(path);
    if ((mode & 0o077) !== 0) {
      throw new CountersignError("data-unsafe", { detail: `${path} can be read by others; its mode must be 0600.` });
    }
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (cause instanceof CountersignError) throw cause;
    throw new CountersignError("cannot-read", { cause, detail: `The key file ${path} cannot be read.` });
  }
}

function parsePem(text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (cause) {
    throw new CountersignError("key-not-acceptable", { cause, detail: "It is no private key in PKCS#8 PEM." });
  }
}

/** OpenSSH's PROTOCOL.key: a magic, cipher and kdf, one public key, then the private part with two equal check numbers. */
function parseOpenSsh(text: string): KeyObject {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END/.exec(text)?.[1]?.replace(/\s+/g, "");
  const bytes = parseBase64(body ?? "");
  if (bytes === undefined) return refuse("The OpenSSH key cannot be read.");
  const whole = new Fields(bytes);
  if (whole.take(15) !== "openssh-key-v1\0") refuse("The OpenSSH key cannot be read.");
  const cipher = whole.field().toString("latin1");
  if (cipher !== "none") {
    refuse(
      "The OpenSSH key is encrypted. Use a copy without passphrase (ssh-keygen -p), or sign with ssh-keygen -Y sign.",
    );
  }
  whole.field(); // kdf
  whole.field(); // its options
  if (whole.number() !== 1) refuse("The OpenSSH file holds more than one key.");
  whole.field(); // the public key
  const inner = new Fields(whole.field());
  const [check, again] = [inner.number(), inner.number()];
  if (check !== again) refuse("The OpenSSH key is damaged.");
  if (inner.field().toString("latin1") !== "ssh-ed25519") refuse("The OpenSSH key is not for Ed25519.");
  inner.field(); // the public key again
  const pair = inner.field();
  if (pair.length !== 64) refuse("The OpenSSH key is damaged.");
  return createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, pair.subarray(0, 32)]), format: "der", type: "pkcs8" });
}

/** Length-prefixed fields (RFC 4251 §5). */
class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes);
  }

  take(length: number): string {
    return this.#slice(length).toString("latin1");
  }

  number(): number {
    return this.#slice(4).readUInt32BE();
  }

  field(): Buffer {
    return this.#slice(this.number());
  }

  #slice(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) refuse("The OpenSSH key is cut off.");
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }
}

function refuse(detail: string): never {
  throw new CountersignError("key-not-acceptable", { detail });
}
