/** A person whom the identity provider named: found by issuer and subject, given a session. */
import { formatBase64Url } from "@countersign/evidence/base64";
import { personOf } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import type { RoleName } from "@countersign/evidence/event";
import type { Id, PersonAlias } from "@countersign/evidence/ids";
import { type Command, need, type Reader } from "../ledger/command.ts";
import { type GoodChallenge, needsOfChallenge, spend } from "./challenges.ts";
import type { TenantSeals } from "./faces.ts";
import type { OidcSettings } from "./oidc.ts";
import { appendSession, needsOfSession, type SessionOrder } from "./sessions.ts";
import { identityDigest, subjects } from "./tables.ts";

/** The keyed hash under which an issuer's subject is looked up: the pair, never the subject alone. */
export function subjectKey(seals: TenantSeals, tenant: string, issuer: string, subject: string): string {
  return seals.lookupHash(tenant, "oidc-subject", JSON.stringify([issuer, subject]));
}

/** @throws CountersignError sign-in-refused when nobody linked this subject to a person of the tenant */
export function personOfSubject(reader: Reader | undefined, key: string): string {
  const row = reader?.row(subjects, { subject: key });
  if (row === undefined) {
    throw new CountersignError("sign-in-refused", { detail: "The identity provider knows you, this tenant does not." });
  }
  return row.person;
}

/** Links a subject to a person, or moves the link of a subject that was another's. */
export const linkSubject: Command<
  { subject: string; issuer: string; person: PersonAlias },
  { person: PersonAlias; changed: boolean }
> = {
  name: "people.link-subject",
  needs: ({ subject }) => ({ rows: [need(subjects, { subject })] }),
  run(tx, { subject, issuer, person }) {
    if (personOf(tx.control, person) === undefined) throw new CountersignError("not-found");
    const before = tx.row(subjects, { subject });
    if (before?.person === person) return { person, changed: false };
    const row = { subject, person, issuer, salt: formatBase64Url(tx.random16()) };
    tx.append("person.changed", {
      change: {
        person,
        kind: "identity_linked",
        identity: {
          digest: identityDigest(row),
          ...(before === undefined ? {} : { replaces: identityDigest(before) }),
        },
      },
    });
    tx.put(subjects, row);
    return { person, changed: true };
  },
};

export type OidcSignIn = {
  readonly order: SessionOrder;
  readonly state: GoodChallenge;
  readonly subject: string;
  readonly roles: ClaimedRoles;
};

/** Roles the provider's claims give and take, by the mapping that is configured; both empty when there is none. */
export type ClaimedRoles = { readonly granted: readonly RoleName[]; readonly revoked: readonly RoleName[] };

/** Opens a session for a person the identity provider named. */
export const signInWithOidc: Command<OidcSignIn, { session_id: Id<"ses"> }> = {
  name: "people.sign-in-with-oidc",
  needs: ({ order, state, subject }) => ({
    rows: [...needsOfSession(order), needsOfChallenge(state), need(subjects, { subject })],
  }),
  run(tx, { order, state, subject, roles }) {
    spend(tx, state);
    if (tx.row(subjects, { subject })?.person !== order.person) throw new CountersignError("sign-in-refused");
    const held = personOf(tx.control, order.person)?.roles ?? [];
    const { person } = order;
    for (const role of roles.granted) {
      if (!held.includes(role)) tx.append("role.granted", { grant: { person, role, kind: "role" } });
    }
    for (const role of roles.revoked) {
      if (!held.includes(role)) continue;
      tx.append("role.revoked", { grant: { person, role, kind: "role" }, reason: { code: "IDENTITY_PROVIDER" } });
    }
    return { session_id: appendSession(tx, order, undefined) };
  },
};

/** What the claims come to under the mapping. A claim that is no list of texts gives nothing, and takes what it gave. */
export function rolesOfClaims(settings: OidcSettings, claims: Readonly<Record<string, unknown>>): ClaimedRoles {
  if (settings.roles === undefined) return { granted: [], revoked: [] };
  const { claim, map } = settings.roles;
  const said = claims[claim];
  const groups = new Set(Array.isArray(said) ? said.filter((one) => typeof one === "string") : [said]);
  const mapped = new Set(Object.values(map));
  const granted = new Set(Object.entries(map).flatMap(([group, role]) => (groups.has(group) ? [role] : [])));
  return { granted: [...granted], revoked: [...mapped].filter((role) => !granted.has(role)) };
}
