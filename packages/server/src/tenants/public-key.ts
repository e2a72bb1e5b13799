/** Public keys of approvers as people have them: SPKI PEM, an OpenSSH line, or 32 raw bytes in base64url. */
import { createHash, createPublicKey } from "node:crypto";
import { formatBase64Url, parseBase64, parseBase64Url } from "@countersign/evidence/base64";
import { publicKeyFault } from "@countersign/evidence/ed25519";
import { CountersignError } from "@countersign/evidence/errors";

export type ApproverPublicKey = {
  /** RFC 7638 thumbprint of the key as a JWK (RFC 8037). */
  readonly kid: string;
  /** The raw key, base64url. */
  readonly x: string;
  /** How its signatures are made: an OpenSSH key signs as `ssh-keygen -Y sign` does. */
  readonly method: "ed25519" | "ssh";
};

/**
 * Reads an Ed25519 public key.
 *
 * @throws CountersignError key-not-acceptable, saying what is wrong with it
 */
export function parsePublicKey(text: string): ApproverPublicKey {
  const trimmed = text.trim();
  if (/PRIVATE KEY/.test(trimmed)) refuse("This is a private key. It stays with its owner; send the public half.");
  const isSsh = trimmed.startsWith("ssh-");
  const raw = isSsh
    ? parseSsh(trimmed)
    : trimmed.startsWith("-----BEGIN")
      ? parsePem(trimmed)
      : parseBase64Url(trimmed);
  if (raw === undefined) return refuse("It is neither SPKI PEM, an ssh-ed25519 line nor 32 bytes in base64url.");
  const fault = publicKeyFault(raw);
  if (fault !== undefined) refuse(fault.detail);
  const x = formatBase64Url(raw);
  return { kid: thumbprintOf(x), x, method: isSsh ? "ssh" : "ed25519" };
}

/** RFC 7638 thumbprint of an Ed25519 key given as base64url of its raw bytes. */
export function thumbprintOf(x: string): string {
  return createHash("sha256").update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest("base64url");
}

function parsePem(text: string): Uint8Array | undefined {
  let x: string | undefined;
  try {
    const key = createPublicKey(text);
    if (key.asymmetricKeyType !== "ed25519") refuse(`It is a key for ${key.asymmetricKeyType}.`);
    x = key.export({ format: "jwk" }).x;
  } catch (cause) {
    if (cause instanceof CountersignError) throw cause;
    return refuse("The PEM text cannot be read.");
  }
  return x === undefined ? undefined : parseBase64Url(x);
}

/** RFC 8709: string "ssh-ed25519", string of 32 bytes, each after its length in four bytes. */
function parseSsh(line: string): Uint8Array | undefined {
  const [type, body] = line.split(/\s+/);
  if (type !== "ssh-ed25519") refuse(`Keys of type ${type} are not taken, only ssh-ed25519.`);
  const bytes = parseBase64(body ?? "");
  const head = Buffer.from("\0\0\0\x0bssh-ed25519\0\0\0\x20", "latin1");
  if (bytes === undefined || bytes.length !== head.length + 32) return undefined;
  return head.equals(bytes.subarray(0, head.length)) ? bytes.subarray(head.length) : undefined;
}

function refuse(detail: string): never {
  throw new CountersignError("key-not-acceptable", { detail });
}
