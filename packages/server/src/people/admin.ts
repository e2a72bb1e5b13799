/** Signing in as the command line sees to it: links for people, identities, sessions to be ended. */
import { CountersignError } from "@countersign/evidence/errors";
import type { ActorBlock } from "@countersign/evidence/event";
import { type AdminInput, type AdminOperations, adminFields } from "../base/admin.ts";
import { formatTimestamp } from "../base/clock.ts";
import type { PeopleParts } from "./faces.ts";
import { linkSubject, subjectKey } from "./oidc-sign-in.ts";
import { closeSessions, idOf, sessionsOf } from "./sessions.ts";
import { makeSetUpLink, personRoles } from "./set-up-links.ts";

export function signInOperations(parts: PeopleParts): AdminOperations {
  const { ledger, directory, seals } = parts;

  const inTenant = (input: AdminInput, actor: ActorBlock) => {
    const tenant = adminFields(input).text("tenant");
    const reader = ledger.reader(tenant);
    if (reader === undefined) throw new CountersignError("not-found", { detail: `There is no tenant ${tenant}.` });
    return { reader, by: { tenant, actor } };
  };

  return {
    /** `person` the external id; `roles` (default approver), `approver_roles`. Answers the link, shown this once. */
    async "person.link"(input, actor) {
      const { by } = inTenant(input, actor);
      const { text, optionalList } = adminFields(input);
      const roles = (optionalList("roles") ?? ["approver"]).map((name) => {
        const role = personRoles.find((one) => one === name);
        if (role === undefined) {
          throw new CountersignError("usage", { detail: `People hold ${personRoles.join(", ")}; not ${name}.` });
        }
        return role;
      });
      const approverRoles = optionalList("approver_roles") ?? [];
      const link = await makeSetUpLink(parts, { person: text("person"), roles, approverRoles }, by);
      return { url: link.url, person: link.person, expires_at: formatTimestamp(link.endsMs) };
    },

    /** Links what the identity provider calls somebody to a person of the directory. */
    async "person.identity"(input, actor) {
      const { by } = inTenant(input, actor);
      const { text } = adminFields(input);
      const issuer = text("issuer");
      const person = await directory.aliasOf(text("person"), by);
      const subject = subjectKey(seals, by.tenant, issuer, text("subject"));
      return (await ledger.submit(linkSubject, { subject, issuer, person }, by)).answer;
    },

    /** Ends all sessions of a person. */
    async "person.sign-out"(input, actor) {
      const { reader, by } = inTenant(input, actor);
      const person = await directory.aliasOf(adminFields(input).text("person"), by);
      const ids = sessionsOf(reader, person).map(idOf);
      return (await ledger.submit(closeSessions, { ids, reason: "REVOKED_BY_ADMIN" }, by)).answer;
    },
  };
}
