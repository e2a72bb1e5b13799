/**
 * API keys: `csk_<tenant>_<id>_<secret>_<checksum>`. The secret has 256 bits and is kept as its SHA-256 only, so a stolen
 * database opens nothing; the checksum lets scanners and typing errors be told apart from guesses without a look-up. The
 * tenant inside is where to look, not a claim: a key of another tenant's name finds no row there.
 */
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { idPattern } from "@countersign/evidence/ids";

export type ApiKey = { readonly tenant: string; readonly id: string; readonly secretHash: string };

const SHAPE = new RegExp(
  `^csk_([a-z0-9][a-z0-9-]{0,62})_(${idPattern("key").slice(5, -1)})_([0-9a-f]{64})_([0-9a-f]{8})$`,
);

/** Makes the secret of a key: its text is shown once, its hash (hex SHA-256) is kept. */
export function makeApiKey(
  tenant: string,
  id: string,
  secret: Uint8Array = randomBytes(32),
): { readonly text: string; readonly secretHash: string } {
  const secretHex = Buffer.from(secret).toString("hex");
  const body = `csk_${tenant}_${id.slice("key_".length)}_${secretHex}`;
  return { text: `${body}_${checksum(body)}`, secretHash: hash("sha256", secretHex) };
}

/** Reads a key; undefined when it is not one of ours or was mistyped. */
export function parseApiKey(text: string): ApiKey | undefined {
  const match = SHAPE.exec(text);
  if (match === null) return undefined;
  const [, tenant, suffix, secret, sum] = match;
  if (checksum(text.slice(0, text.lastIndexOf("_"))) !== sum) return undefined;
  return { tenant: tenant!, id: `key_${suffix}`, secretHash: hash("sha256", secret!) };
}

/** The credential in an Authorization header (RFC 6750 §2.1), or undefined when there is none of that form. */
export function parseBearer(header: string | undefined): string | undefined {
  if (header === undefined || header.length > 512) return undefined;
  return /^Bearer +([^\s]+)$/i.exec(header)?.[1];
}

/** Whether two hex hashes are equal, in time that does not depend on where they differ. */
export function equalHashes(a: string, b: string): boolean {
  const left = Buffer.from(a, "hex");
  const right = Buffer.from(b, "hex");
  return left.length === right.length && left.length > 0 && timingSafeEqual(left, right);
}

function checksum(body: string): string {
  return hash("sha256", body).slice(0, 8);
}
