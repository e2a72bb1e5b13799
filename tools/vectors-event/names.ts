/** Ids, digests and places for the sample events: each is made from a name, so the same files are written every time. */
import { formatBase64Url } from "@countersign/evidence/base64";
import { type Digest, digestOf, hex, sha256, utf8 } from "@countersign/evidence/hash";
import { formatId, type Id, type IdPrefix, uuidV7 } from "@countersign/evidence/ids";
import { ed25519 } from "@noble/curves/ed25519.js";

export const TENANT = "prod-a";
export const LOG = "audit.example.com/prod-a/1";
/** When the samples play. */
const DAY = "2026-04-01";

/** A time of the day: `14:07:53.120`. */
export const at = (time: string): string => `${DAY}T${time}Z`;

export function id<P extends IdPrefix>(prefix: P, name: string): Id<P> {
  return formatId(prefix, uuidV7(Date.parse(at("14:00:00.000")), sha256(utf8(`sample ${prefix} ${name}`))));
}

export const digest = (name: string): Digest => digestOf(utf8(`sample ${name}`));
export const hash = (name: string): string => hex(sha256(utf8(`sample ${name}`)));
/** Stands for a commitment: 32 bytes, base64url. Vectors of commitments themselves are in spec/vectors/commitment. */
export const commitment = (name: string): string => formatBase64Url(sha256(utf8(`sample commitment ${name}`)));
/** A lawful Ed25519 public key, base64url. */
export const publicKey = (name: string): string =>
  formatBase64Url(ed25519.getPublicKey(sha256(utf8(`sample key ${name}`))));
export const signature = (name: string, bytes: Uint8Array): string =>
  formatBase64Url(ed25519.sign(bytes, sha256(utf8(`sample key ${name}`))));

export const dana = id("usr", "dana");
export const sam = id("usr", "sam");
export const fay = id("usr", "fay");
export const kim = id("usr", "kim");
