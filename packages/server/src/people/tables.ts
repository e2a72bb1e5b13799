/** Rows of the people module. Secrets are kept as their SHA-256 only; names of people are not here at all. */
import { canonicalBytes } from "@countersign/evidence/canonical";
import { type Digest, digestOf } from "@countersign/evidence/hash";
import { type RowOf, type Table, table } from "../ledger/table.ts";

/** An open session. Closing it removes the row; what remains is in the log. */
export const sessions = table("sessions", {
  key: { session_id: "id:ses" },
  columns: {
    person: "id:usr",
    method: "text",
    /** The passkey it was opened with, if it was: the session ends with it. */
    kid: "text?",
    secret_hash: "hash",
    /** Of the second cookie, without which nothing is written. */
    write_hash: "hash",
    opened_ms: "int",
    seen_ms: "int",
    expires_ms: "int",
    /** When the person was last verified by their authenticator. */
    confirmed_ms: "int?",
    /** The earlier of its expiry and its idle end. */
    ends_ms: "int",
  },
  indexes: { by_person: ["person"], by_end: ["ends_ms"] },
});

/** A passkey that counts. Its public key stands in the log; here is what finds it, by the SHA-256 of its credential id. */
export const passkeys = table("passkeys", {
  key: { credential: "hash" },
  columns: {
    credential_id: "text",
    kid: "text",
    person: "id:usr",
    transports: "json",
    /** As the authenticator last counted: recorded, never trusted. */
    counter: "int",
    backed_up: "bool",
  },
  indexes: { by_person: ["person"] },
});

/** A passkey that waits for another person's word. */
export const waitingEnrolments = table("waiting_enrolments", {
  key: { enrolment_id: "text" },
  columns: { person: "id:usr", key: "json", made_ms: "int", ends_ms: "int" },
  indexes: { by_end: ["ends_ms"], by_person: ["person"] },
});

/** A set-up link that was not used yet, by the SHA-256 of its token. */
export const setUpLinks = table("set_up_links", {
  key: { token: "hash" },
  columns: { person: "id:usr", roles: "json", approver_roles: "json", ends_ms: "int" },
  indexes: { by_end: ["ends_ms"], by_person: ["person"] },
});

/** A challenge or state that was used, until it would have expired anyway. */
export const spentChallenges = table("spent_challenges", {
  key: { challenge: "hash" },
  columns: { ends_ms: "int" },
  indexes: { by_end: ["ends_ms"] },
});

/**
 * From the keyed hash of an identity provider's issuer and subject to a person. The log commits to each row with its salt,
 * which is nowhere else: a row that is erased leaves nothing that a guess could be held against.
 */
export const subjects = table("person_subjects", {
  key: { subject: "hash" },
  columns: { person: "id:usr", issuer: "text", salt: "text" },
  indexes: { by_person: ["person"] },
});

/** What the log says of a link to an identity provider's subject. */
export function identityDigest({ subject, person, issuer, salt }: RowOf<typeof subjects>): Digest {
  return digestOf(canonicalBytes(["countersign/v1/identity", salt, subject, issuer, person]));
}

/** What the log says a session is known by: random values, so nobody can guess them from it. */
export function sessionProof(row: Pick<RowOf<typeof sessions>, "secret_hash" | "write_hash" | "kid">): Digest {
  const { secret_hash: secret, write_hash: write, kid } = row;
  return digestOf(canonicalBytes(["countersign/v1/session", secret, write, kid]));
}

/** What the log says of a passkey that waits. */
export function waitingDigest({ key }: Pick<RowOf<typeof waitingEnrolments>, "key">): Digest {
  return digestOf(canonicalBytes(key));
}

export const signInTables: readonly Table[] = [
  sessions,
  passkeys,
  waitingEnrolments,
  setUpLinks,
  spentChallenges,
  subjects,
];
