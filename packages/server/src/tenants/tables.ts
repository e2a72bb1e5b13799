/** Rows of the tenancy module. Names of people are never in the clear: they are looked up by a keyed hash. */
import { table } from "../ledger/table.ts";

/** An API key, by its hash. What it may do stands in the log (credential.issued); this row proves who holds it. */
export const credentials = table("credentials", {
  key: { credential_id: "id:key" },
  columns: {
    secret_hash: "hash",
    role: "text",
    holder_kind: "text",
    holder_id: "text",
    expires_ms: "int?",
    revoked_ms: "int?",
  },
});

/** A person's alias and their external id, sealed under the person's own key. */
export const people = table("people", {
  key: { alias: "id:usr" },
  columns: { lookup: "hash", external_id: "bytes", added_ms: "int" },
});

/** From the keyed hash of an external id to the one alias of that person in this tenant. */
export const peopleByExternalId = table("people_by_external_id", {
  key: { lookup: "hash" },
  columns: { alias: "id:usr" },
});
