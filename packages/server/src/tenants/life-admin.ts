/** Rotation, removal and revocation as the command line does them. */
import { randomBytes } from "node:crypto";
import { CountersignError } from "@countersign/evidence/errors";
import type { ActorBlock, RoleName } from "@countersign/evidence/event";
import type { Id } from "@countersign/evidence/ids";
import { type AdminInput, type AdminOperations, adminFields } from "../base/admin.ts";
import { makeApiKey } from "../base/auth.ts";
import { parseTimestamp } from "../base/clock.ts";
import type { Ledger } from "../ledger/command.ts";
import { revokeApproverKey } from "./approver-keys.ts";
import { liveCredentialsOf, revokeCredential, rotateCredential } from "./credential-life.ts";
import type { People } from "./people.ts";
import { grantPersonRole, removePerson, revokePersonRole } from "./person-life.ts";

/** Roles people hold; agents and executors are no people. */
const personRoles = ["approver", "auditor", "policy-admin", "records", "operator", "admin"] as const;
/** Hashes nothing: the key's id is known only once the credential is issued, and is no part of what is hashed. */
const NO_ID = `key_${"0".repeat(26)}`;

export function lifeOperations(parts: {
  readonly ledger: Pick<Ledger, "submit" | "reader">;
  readonly people: Pick<People, "knownAlias">;
}): AdminOperations {
  const { ledger, people } = parts;

  /** The tenant named in an input, checked to exist, and who acts in it. */
  const inTenant = (input: AdminInput, actor: ActorBlock) => {
    const tenant = adminFields(input).text("tenant");
    const reader = ledger.reader(tenant);
    if (reader === undefined) throw new CountersignError("not-found", { detail: `There is no tenant ${tenant}.` });
    return { control: reader.control, by: { tenant, actor } };
  };
  const personIn = (input: AdminInput, member: string): string => {
    const { text } = adminFields(input);
    const alias = people.knownAlias(text("tenant"), text(member));
    if (alias === undefined) {
      throw new CountersignError("not-found", { detail: `There is no person ${text(member)}.` });
    }
    return alias;
  };

  return {
    /** `id`, and `expires` of the new one. Answers the new key, shown this once. */
    async "credential.rotate"(input, actor) {
      const { by } = inTenant(input, actor);
      const replaces = adminFields(input).text("id") as Id<"key">; // the command refuses what names no credential
      const expires = timeIn(input, "expires");
      const secret = randomBytes(32);
      const { secretHash } = makeApiKey(by.tenant, NO_ID, secret);
      const order = {
        replaces,
        secretHash,
        ...(expires === undefined ? {} : { expiresMs: Date.parse(expires) }),
      };
      const { id } = (await ledger.submit(rotateCredential, order, by)).answer;
      return { id, key: makeApiKey(by.tenant, id, secret).text, replaces, expires: expires ?? null };
    },

    /** `id`, `reason`, `compromised_since`. */
    async "credential.revoke"(input, actor) {
      const { by } = inTenant(input, actor);
      const id = adminFields(input).text("id") as Id<"key">; // as above
      return { id, ...(await ledger.submit(revokeCredential, { id, ...endingOf(input) }, by)).answer };
    },

    /** `id` the person, `kid` one of their keys, `reason`, `compromised_since`. */
    async "approver.revoke"(input, actor) {
      const { by } = inTenant(input, actor);
      const order = { person: personIn(input, "id"), kid: adminFields(input).text("kid"), ...endingOf(input) };
      return { person: order.person, kid: order.kid, ...(await ledger.submit(revokeApproverKey, order, by)).answer };
    },

    /** `id`, `reason`. */
    async "person.remove"(input, actor) {
      const { by, control } = inTenant(input, actor);
      const person = personIn(input, "id");
      const { reason } = endingOf(input);
      const order = { person, reason, credentialIds: liveCredentialsOf(control, person) };
      return { person, ...(await ledger.submit(removePerson, order, by)).answer };
    },

    /** `id` and `role` or `approver_role`. */
    async "role.grant"(input, actor) {
      const { by } = inTenant(input, actor);
      const change = { person: personIn(input, "id"), ...roleIn(input) };
      return { ...change, ...(await ledger.submit(grantPersonRole, change, by)).answer };
    },

    /** The same, and `reason`. */
    async "role.revoke"(input, actor) {
      const { by, control } = inTenant(input, actor);
      const change = { person: personIn(input, "id"), ...roleIn(input) };
      const credentialIds = liveCredentialsOf(control, change.person, change.role);
      const { reason } = endingOf(input);
      return {
        ...change,
        ...(await ledger.submit(revokePersonRole, { ...change, reason, credentialIds }, by)).answer,
      };
    },
  };
}

function roleIn(
  input: AdminInput,
): { readonly kind: "role"; readonly role: RoleName } | { readonly kind: "approver_role"; readonly role: string } {
  const { optionalText } = adminFields(input);
  const [role, approverRole] = [optionalText("role"), optionalText("approver_role")];
  if ((role === undefined) === (approverRole === undefined)) {
    throw new CountersignError("usage", { detail: "Say one of role and approver_role." });
  }
  if (approverRole !== undefined) return { kind: "approver_role", role: approverRole };
  const known = personRoles.find((one) => one === role);
  if (known === undefined) {
    throw new CountersignError("usage", { detail: `People hold ${personRoles.join(", ")}; not ${role}.` });
  }
  return { kind: "role", role: known };
}

function endingOf(input: AdminInput): { readonly reason: string; readonly compromisedSince?: string } {
  const reason = adminFields(input).optionalText("reason") ?? "REVOKED";
  const since = timeIn(input, "compromised_since");
  return { reason, ...(since === undefined ? {} : { compromisedSince: since }) };
}

function timeIn(input: AdminInput, member: string): string | undefined {
  const text = adminFields(input).optionalText(member);
  if (text === undefined || parseTimestamp(text) !== undefined) return text;
  throw new CountersignError("usage", { detail: `${member} must be a time like 2027-01-01T00:00:00.000Z.` });
}
