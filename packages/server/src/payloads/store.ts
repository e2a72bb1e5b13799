/**
 * The payload store: what is sealed under whose key, and where the bytes lie. A pointer is the digest of the *stored*
 * bytes; the commitment an event carries is over the digest of the *plain* bytes. Everything but `public` is sealed, and
 * what nobody classified is `internal`, so it is sealed too.
 */
import { randomFillSync } from "node:crypto";
import {
  commitmentOf,
  type Disclosure,
  disclosureOf,
  formatDisclosure,
  SALT_BYTES,
} from "@countersign/evidence/commitment";
import { CountersignError } from "@countersign/evidence/errors";
import { type Digest, digestOf, utf8 } from "@countersign/evidence/hash";
import { NONCE_BYTES, parseSeal, type Seal } from "@countersign/evidence/sealing";
import { openParsed, sealNow } from "@countersign/evidence/sealing.node";
import type { Clock } from "../base/clock.ts";
import type { Metrics } from "../base/metrics.ts";
import { isDigest, type PayloadFiles } from "./files.ts";
import type { SealKeys } from "./seal-keys.ts";

export type Classification = "public" | "internal" | "personal" | "secret";

export type AboutPayload = {
  readonly mediaType: string;
  readonly classification: Classification;
  /** Whose key seals it: a run, a person's alias. The tenant itself when there is nobody else. */
  readonly subject?: string;
};

export type StoredPayload = AboutPayload & {
  /** Of the stored bytes: what events point to. */
  readonly digest: Digest;
  /** Of the plain bytes. */
  readonly sizeBytes: number;
  /** `sha256:<hex>` of the plain bytes. For `public` the same as `digest`; else it never enters an entry in the clear. */
  readonly plainSha256: Digest;
  readonly artifactId: string;
  readonly salt: Uint8Array;
  /** The commitment over the plain digest, standing for this place in an event. */
  commitAt(pointer: string): string;
  /** What opens {@link commitAt} of the same pointer. */
  discloseAt(pointer: string): Disclosure;
};

export type PayloadVault = {
  /**
   * Keeps bytes; durable when it resolves.
   * @throws CountersignError payload-too-large, core:payloads-unavailable
   */
  put(tenant: string, plain: Uint8Array, about: AboutPayload): Promise<StoredPayload>;
  /**
   * The plain bytes.
   * @throws CountersignError payload-not-found, payload-damaged, payload-erased
   */
  open(tenant: string, digest: string): Promise<Uint8Array>;
  /** The bytes as stored. @throws CountersignError payload-not-found, payload-damaged */
  stored(tenant: string, digest: string): Promise<Uint8Array>;
  /** Keyed id of plain bytes, b64url: the same in every run of the tenant. */
  artifactId(tenant: string, plain: Uint8Array): string;
  /** Bytes for the `disclosures` table: a disclosure sealed under a subject's key. */
  sealDisclosure(tenant: string, subject: string | undefined, disclosure: Disclosure): Uint8Array;
  /** Seals any small bytes the same way, such as a person's external id. */
  sealBytes(tenant: string, subject: string | undefined, plain: Uint8Array): Uint8Array;
  /** Opens what the two above sealed; undefined when its key was destroyed. */
  openSealed(tenant: string, sealed: Uint8Array): Uint8Array | undefined;
};

/** The subject of what belongs to nobody in particular; no run or person has this name. */
const TENANT_WIDE = "#shared";
const POOL_BYTES = 4096;

export function openVault(parts: {
  readonly files: PayloadFiles;
  readonly keys: SealKeys;
  readonly clock: Clock;
  readonly metrics: Metrics;
}): PayloadVault {
  const { files, keys, clock, metrics } = parts;
  const random = randomPool();

  const sealBytes: PayloadVault["sealBytes"] = (tenant, subject, plain) => {
    const { id, key } = keys.keyOf(tenant, subject ?? TENANT_WIDE);
    return sealNow(key, { keyId: id, nonce: random(NONCE_BYTES) }, plain);
  };

  const openSealed = sealOpener(keys);
  const openSeal = (tenant: string, seal: Seal) => openUnder(keys, tenant, seal);

  const stored: PayloadVault["stored"] = async (tenant, digest) => {
    const bytes = isDigest(digest) ? await files.get(tenant, digest) : undefined;
    if (bytes === undefined) throw new CountersignError("payload-not-found");
    return bytes;
  };

  return {
    async put(tenant, plain, about) {
      const startedMs = clock.monotonicMs();
      const isPublic = about.classification === "public";
      // What is stored says by itself whether it is sealed, so nothing that is not may look as if.
      if (isPublic && isSeal(plain)) {
        throw new CountersignError("validation-failed", { detail: "Public bytes may not begin like a seal." });
      }
      const bytes = isPublic ? plain : sealBytes(tenant, about.subject, plain);
      const digest = await files.put(tenant, bytes);
      metrics.payloadStored(bytes.length, clock.monotonicMs() - startedMs);
      const plainSha256 = isPublic ? digest : digestOf(plain);
      const salt = random(SALT_BYTES);
      const discloseAt = (pointer: string) => disclosureOf(salt, pointer, plainSha256);
      return {
        ...about,
        digest,
        sizeBytes: plain.length,
        plainSha256,
        artifactId: keys.artifactId(tenant, plain),
        salt,
        discloseAt,
        commitAt: (pointer) => commitmentOf(discloseAt(pointer)),
      };
    },

    async open(tenant, digest) {
      const bytes = await stored(tenant, digest);
      const parsed = parseSeal(bytes);
      if (!parsed.ok) return bytes;
      const plain = openSeal(tenant, parsed.value);
      if (plain === undefined) throw new CountersignError("payload-erased");
      return plain;
    },

    stored,
    artifactId: (tenant, plain) => keys.artifactId(tenant, plain),
    sealDisclosure: (tenant, subject, disclosure) => sealBytes(tenant, subject, utf8(formatDisclosure(disclosure))),
    sealBytes,
    openSealed,
  };
}

/**
 * Opens sealed bytes by the key they name; undefined when it was destroyed.
 *
 * @throws CountersignError payload-damaged, from what it returns
 */
export function sealOpener(keys: Pick<SealKeys, "keyNamed">): PayloadVault["openSealed"] {
  return (tenant, sealed) => {
    const parsed = parseSeal(sealed);
    if (!parsed.ok) throw new CountersignError("payload-damaged", { detail: parsed.fault.detail });
    return openUnder(keys, tenant, parsed.value);
  };
}

function openUnder(keys: Pick<SealKeys, "keyNamed">, tenant: string, seal: Seal): Uint8Array | undefined {
  const key = keys.keyNamed(tenant, seal.header.keyId);
  if (key === undefined) return undefined;
  const plain = openParsed(key, seal);
  if (!plain.ok) throw new CountersignError("payload-damaged", { detail: plain.fault.detail });
  return plain.value;
}

function isSeal(bytes: Uint8Array): boolean {
  return parseSeal(bytes).ok;
}

/** Random bytes from a pool: one call of the system's generator costs as much for 4 KiB as for 12 bytes. */
function randomPool(): (length: number) => Uint8Array {
  const pool = new Uint8Array(POOL_BYTES);
  let at = POOL_BYTES;
  return (length) => {
    if (at + length > POOL_BYTES) {
      randomFillSync(pool);
      at = 0;
    }
    const bytes = pool.slice(at, at + length);
    pool.fill(0, at, at + length);
    at += length;
    return bytes;
  };
}
