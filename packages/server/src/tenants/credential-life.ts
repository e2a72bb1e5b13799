/** How credentials go on and end: rotated with two live for a while, revoked, with the time since when others had them. */
import { type ControlState, credentialOf, personOf } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import type { Id } from "@countersign/evidence/ids";
import { formatTimestamp } from "../base/clock.ts";
import { type Command, need, type Transaction } from "../ledger/command.ts";
import { credentials } from "./tables.ts";

type CredentialId = Id<"key">;

export type Rotation = {
  /** The one that is replaced; it stays good until it is revoked or expires. */
  readonly replaces: CredentialId;
  readonly secretHash: string;
  readonly expiresMs?: number;
};

/**
 * Issues the successor of a credential: the same holder and role, a new secret. At most two of a line are live, so a
 * rotation is finished by revoking the old one before the next begins.
 */
export const rotateCredential: Command<Rotation, { id: CredentialId; event: string }> = {
  name: "tenants.rotate-credential",
  needs: ({ replaces }) => ({ rows: [need(credentials, { credential_id: replaces })] }),
  run(tx, { replaces, secretHash, expiresMs }) {
    const row = tx.row(credentials, { credential_id: replaces });
    if (row === undefined) throw new CountersignError("not-found", { detail: `There is no credential ${replaces}.` });
    const old = credentialOf(tx.control, replaces);
    if (old === undefined || (row.expires_ms !== null && row.expires_ms <= tx.nowMs)) {
      throw new CountersignError("credential-expired", { detail: "Create another; what has ended is not rotated." });
    }
    const { holder, role } = old;
    if (holder.kind === "person" && personOf(tx.control, holder.id)?.roles.includes(role) !== true) {
      throw new CountersignError("forbidden", { detail: `The person no longer holds the role ${role}.` });
    }
    const other = liveRelative(tx.control, replaces);
    if (other !== undefined) {
      throw new CountersignError("already-exists", {
        detail: `Two are live: ${replaces} and ${other}. Revoke one first.`,
      });
    }
    const id = tx.newId("key");
    const { event } = tx.append("credential.rotated", {
      credential: {
        id,
        replaces,
        ...(expiresMs === undefined ? {} : { expires_at: formatTimestamp(expiresMs) }),
        secret_digest: `sha256:${secretHash}`,
      },
    });
    tx.put(credentials, {
      ...row,
      credential_id: id,
      secret_hash: secretHash,
      expires_ms: expiresMs ?? null,
      revoked_ms: null,
    });
    return { id, event: event.event_id };
  },
};

/** The other live one of a line of rotations: its predecessor or its successor. */
function liveRelative(control: ControlState, id: string): string | undefined {
  const before = control.credentials[id]?.replaces;
  if (before !== undefined && credentialOf(control, before) !== undefined) return before;
  const after = Object.entries(control.credentials).find(([, one]) => one.replaces === id && one.revoked === undefined);
  return after?.[0];
}

export type CredentialRevocation = {
  readonly id: CredentialId;
  readonly reason: string;
  /** RFC 3339 UTC with milliseconds: from when on others had it. */
  readonly compromisedSince?: string;
};

/** Revokes a credential. Revoking it again changes nothing. */
export const revokeCredential: Command<CredentialRevocation, { event: string | null }> = {
  name: "tenants.revoke-credential",
  needs: ({ id }) => ({ rows: [need(credentials, { credential_id: id })] }),
  run(tx, { id, reason, compromisedSince }) {
    if (tx.row(credentials, { credential_id: id }) === undefined) {
      throw new CountersignError("not-found", { detail: `There is no credential ${id}.` });
    }
    if (compromisedSince !== undefined && compromisedSince > tx.ts) {
      throw new CountersignError("usage", { detail: "compromised_since lies in the future." });
    }
    return { event: endCredential(tx, id, reason, compromisedSince) };
  },
};

/** Ends one credential, whose row the command asked for; null when it had ended. */
export function endCredential(
  tx: Transaction,
  id: CredentialId,
  reason: string,
  compromisedSince?: string,
): string | null {
  const row = tx.row(credentials, { credential_id: id });
  if (row === undefined || credentialOf(tx.control, id) === undefined) return null;
  const { event } = tx.append("credential.revoked", {
    credential: { id },
    reason: { code: reason },
    ...(compromisedSince === undefined ? {} : { compromised_since: compromisedSince }),
  });
  tx.put(credentials, { ...row, revoked_ms: tx.nowMs });
  return event.event_id;
}

/** Ids of the live credentials a person holds, in one role or in all. */
export function liveCredentialsOf(control: ControlState, person: string, role?: string): readonly CredentialId[] {
  return Object.entries(control.credentials)
    .filter(
      ([, { holder, revoked, role: held }]) =>
        holder.kind === "person" &&
        holder.id === person &&
        revoked === undefined &&
        (role === undefined || held === role),
    )
    .map(([id]) => id as CredentialId); // keys of the control state are the ids its events named
}
