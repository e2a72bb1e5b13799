/** What is kept beside an event that cites a payload or carries a commitment, and how it is read back. */
import { type Disclosure, parseDisclosure } from "@countersign/evidence/commitment";
import { CountersignError } from "@countersign/evidence/errors";
import type { EventId } from "@countersign/evidence/ids";
import { type Need, need, type Reader, type Transaction } from "../ledger/command.ts";
import type { PayloadVault, StoredPayload } from "./store.ts";
import { disclosures, payloadRefs, payloads } from "./tables.ts";

/** A payload put by this server for this command, or the digest of one that was uploaded before. */
export type Cited = StoredPayload | string;

/** What a command that cites an uploaded payload asks for; one it put itself needs nothing. */
export function needPayload(digest: string): Need {
  return need(payloads, { digest });
}

/**
 * Records that an event of this command cites a payload.
 *
 * @throws CountersignError payload-not-found when a digest given names nothing this tenant has; its {@link needPayload}
 *   must be among the command's needs
 */
export function citePayload(tx: Transaction, payload: Cited, eventId: EventId): void {
  if (typeof payload === "string") {
    if (tx.row(payloads, { digest: payload }) === undefined) {
      throw new CountersignError("payload-not-found", { detail: `${payload}.` });
    }
    tx.put(payloadRefs, { digest: payload, event_id: eventId });
    return;
  }
  recordPayload(tx, payload, null);
  tx.put(payloadRefs, { digest: payload.digest, event_id: eventId });
}

/** Records what is known of a payload. `uploadedBy` is the credential it came with. */
export function recordPayload(tx: Transaction, payload: StoredPayload, uploadedBy: string | null): void {
  tx.put(payloads, {
    digest: payload.digest,
    size_bytes: payload.sizeBytes,
    media_type: payload.mediaType,
    classification: payload.classification,
    artifact_id: payload.artifactId,
    uploaded_by: uploadedBy,
    put_ms: tx.nowMs,
  });
}

/** Whether the tenant has, or had, a payload of this digest: one that was uploaded or that an event cites. */
export function knowsPayload(reader: Reader, digest: string): boolean {
  return (
    reader.row(payloads, { digest }) !== undefined || reader.list(payloadRefs, "key", [digest], { limit: 1 }).length > 0
  );
}

/** Keeps what opens a commitment of an event of this command; `sealed` is from PayloadVault.sealDisclosure. */
export function keepDisclosure(tx: Transaction, eventId: EventId, pointer: string, sealed: Uint8Array): void {
  tx.put(disclosures, { event_id: eventId, pointer, sealed });
}

/**
 * What opens a commitment of a committed event; undefined when nothing was kept, or its subject's key was destroyed.
 *
 * @throws CountersignError payload-damaged
 */
export function openDisclosure(
  vault: Pick<PayloadVault, "openSealed">,
  reader: Reader,
  eventId: string,
  pointer: string,
): Disclosure | undefined {
  const row = reader.row(disclosures, { event_id: eventId, pointer });
  const bytes = row === undefined ? undefined : vault.openSealed(reader.tenant, row.sealed);
  if (bytes === undefined) return undefined;
  const parsed = parseDisclosure(bytes);
  if (!parsed.ok) throw new CountersignError("payload-damaged", { detail: parsed.fault.detail });
  return parsed.value;
}
