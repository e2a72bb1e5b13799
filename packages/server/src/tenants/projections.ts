/** What the tables of this module must hold, made anew from the entries, for fsck. */
import { CountersignError } from "@countersign/evidence/errors";
import type { Event } from "@countersign/evidence/event";
import { type ExpectedRow, projection, type TableProjection } from "../ledger/projection.ts";
import { credentials, people, peopleByExternalId } from "./tables.ts";

type Credential = ExpectedRow<typeof credentials>;

export const tenantProjections: readonly TableProjection[] = [
  projection(credentials, () => {
    const rows = new Map<string, Credential>();
    return {
      step(event: Event) {
        if (event.type === "credential.issued") {
          const { id, role, holder, expires_at: expires, secret_digest: secret } = event.credential;
          rows.set(id, {
            credential_id: id,
            ...secretHash(secret),
            role,
            holder_kind: holder.kind,
            holder_id: holder.id,
            expires_ms: expires === undefined ? null : Date.parse(expires),
            revoked_ms: null,
          });
        }
        if (event.type === "credential.rotated") {
          const { id, replaces, expires_at: expires, secret_digest: secret } = event.credential;
          const before = rows.get(replaces);
          const expires_ms = expires === undefined ? null : Date.parse(expires);
          if (before === undefined) return;
          // The old one's hash is not the new one's, should this event not say which that is.
          const { secret_hash: _, ...kept } = before;
          rows.set(id, { ...kept, ...secretHash(secret), credential_id: id, expires_ms, revoked_ms: null });
        }
        if (event.type === "credential.revoked") {
          const { id } = event.credential;
          const before = rows.get(id);
          if (before !== undefined) rows.set(id, { ...before, revoked_ms: Date.parse(event.ts) });
        }
      },
      rows: () => rows.values(),
    };
  }),
  projection(people, (tenant, { openSealed, lookupHash }) => {
    const rows = new Map<string, ExpectedRow<typeof people>>();
    /** The external id behind a row, or undefined when it cannot be had. */
    const idOf = (sealed: Uint8Array): string | undefined => {
      try {
        const plain = openSealed?.(tenant, sealed);
        return plain && new TextDecoder().decode(plain);
      } catch (cause) {
        if (!(cause instanceof CountersignError)) throw cause;
        return "damaged"; // hashes to nobody's look-up
      }
    };
    return {
      step(event: Event) {
        if (event.type !== "person.added") return;
        rows.set(event.person.alias, { alias: event.person.alias, added_ms: Date.parse(event.ts) });
      },
      *rows(stored) {
        const lookups = new Map<string, string>();
        for (const { alias, external_id: sealed } of stored(people)) {
          const id = idOf(sealed);
          if (id !== undefined && lookupHash !== undefined) lookups.set(alias, lookupHash(tenant, "person", id));
        }
        for (const row of rows.values()) {
          const lookup = lookups.get(row.alias);
          yield lookup === undefined ? row : { ...row, lookup };
        }
      },
    };
  }),
  // The way back: each person by what they were looked up as.
  projection(peopleByExternalId, () => ({
    step() {},
    *rows(stored) {
      for (const { lookup, alias } of stored(people)) yield { lookup, alias };
    },
  })),
];

/** The member is optional: a foreign log may not say which secret it is. */
function secretHash(digest: string | undefined): Partial<Credential> {
  return digest === undefined ? {} : { secret_hash: digest.slice("sha256:".length) };
}
