/** Bytes and words that events only commit to: kept sealed outside, before the command that cites them is submitted. */
import { commitmentOf, type Disclosure, disclosureOf } from "@countersign/evidence/commitment";
import type { EventId } from "@countersign/evidence/ids";
import type { Transaction } from "../ledger/command.ts";
import type { DispatchParts, Kept, Vault } from "./faces.ts";

/** A commitment, the place it stands for, and what opens it, sealed. */
export type Committed = { readonly pointer: string; readonly commitment: string; readonly sealed: Uint8Array };
/** A payload that lies in the store, with the commitment over its plain bytes. */
export type KeptPayload = Committed & { readonly payload: Kept };

/** Stores bytes, sealed for `subject` or the tenant; durable when it resolves. */
export async function keepPayload(
  vault: Vault,
  tenant: string,
  subject: string | undefined,
  pointer: string,
  bytes: Uint8Array,
): Promise<KeptPayload> {
  const about = { mediaType: "application/json", classification: "internal" as const };
  const payload = await vault.put(tenant, bytes, subject === undefined ? about : { ...about, subject });
  const sealed = vault.sealDisclosure(tenant, subject, payload.discloseAt(pointer));
  return { payload, pointer, commitment: payload.commitAt(pointer), sealed };
}

/** Commits to a short text under a fresh salt. */
export function commitText(
  { vault, random16 }: Pick<DispatchParts, "vault" | "random16">,
  tenant: string,
  subject: string | undefined,
  pointer: string,
  text: string,
): Committed {
  const disclosure: Disclosure = disclosureOf(random16(), pointer, text);
  return { pointer, commitment: commitmentOf(disclosure), sealed: vault.sealDisclosure(tenant, subject, disclosure) };
}

/** The `commit` member of an event, absent when there is nothing in it. */
export function commitMember(committed: readonly Committed[]): { commit?: Record<string, string> } {
  if (committed.length === 0) return {};
  return { commit: Object.fromEntries(committed.map(({ pointer, commitment }) => [pointer, commitment])) };
}

/** Keeps what opens an event's commitments, and that it cites the payloads among them. */
export function keepCommitted(vault: Vault, tx: Transaction, eventId: string, committed: readonly Committed[]): void {
  const id = eventId as EventId; // the ledger made it as an event's id; the event's type says only that it is text
  for (const one of committed) {
    vault.keepDisclosure(tx, id, one.pointer, one.sealed);
    if ("payload" in one) vault.citePayload(tx, (one as KeptPayload).payload, id); // the only kind with a payload
  }
}
