/** People who leave, and roles that change. What somebody could do by a role ends in the same commit as the role. */
import { holdsApproverRole, personOf } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import type { EventOf } from "@countersign/evidence/event";
import type { Id } from "@countersign/evidence/ids";
import { type Command, need, type Transaction } from "../ledger/command.ts";
import { bootstrapMark } from "./bootstrap.ts";
import { endCredential, liveCredentialsOf } from "./credential-life.ts";
import { credentials } from "./tables.ts";

type Grant = EventOf<"role.granted">["grant"];

export type RoleChange = {
  readonly person: string;
  readonly role: Grant["role"];
  readonly kind: Grant["kind"];
};

/** Gives a person a role, or an approver role of the policy's catalogue. What they hold already changes nothing. */
export const grantPersonRole: Command<RoleChange, { changed: boolean }> = {
  name: "tenants.grant-role",
  needs: () => ({}),
  run(tx, grant) {
    refuseNobody(tx, grant.person);
    if (holds(tx, grant)) return { changed: false };
    tx.append("role.granted", { grant, ...bootstrapMark(tx.control) });
    return { changed: true };
  },
};

/** `credentialIds`: those seen outside, whose rows are asked for. */
type Ending = { readonly reason: string; readonly credentialIds: readonly Id<"key">[] };
const rowsOf = ({ credentialIds }: Ending) => ({
  rows: credentialIds.map((credential_id) => need(credentials, { credential_id })),
});

/** Takes a role away, and the person's credentials of that role with it. */
export const revokePersonRole: Command<RoleChange & Ending, { changed: boolean; credentials: number }> = {
  name: "tenants.revoke-role",
  needs: rowsOf,
  run(tx, { reason, credentialIds, ...grant }) {
    refuseNobody(tx, grant.person);
    if (!holds(tx, grant)) return { changed: false, credentials: 0 };
    const ended = grant.kind === "role" ? endAll(tx, grant.person, reason, credentialIds, grant.role) : 0;
    tx.append("role.revoked", { grant, reason: { code: reason } });
    return { changed: true, credentials: ended };
  },
};

/** Removes a person: roles, credentials and keys end with them; what they did stays in the log under their alias. */
export const removePerson: Command<
  { readonly person: string } & Ending,
  { event: string; credentials: number; keys: number }
> = {
  name: "tenants.remove-person",
  needs: rowsOf,
  run(tx, { person, reason, credentialIds }) {
    refuseNobody(tx, person);
    const ended = endAll(tx, person, reason, credentialIds);
    const keys = Object.values(tx.control.approverKeys).filter(
      (key) => key.person === person && key.revoked === undefined,
    );
    for (const { kid } of keys) {
      tx.append("approver.key.revoked", { enrolment: { person, kid }, reason: { code: reason } });
    }
    const { event } = tx.append("person.removed", { person: { alias: person }, reason: { code: reason } });
    return { event: event.event_id, credentials: ended, keys: keys.length };
  },
};

function endAll(tx: Transaction, person: string, reason: string, seen: readonly Id<"key">[], role?: string): number {
  const live = liveCredentialsOf(tx.control, person, role);
  // Issued since we looked; its row was not asked for.
  if (live.some((id) => !seen.includes(id))) throw new CountersignError("precondition-failed");
  for (const id of live) endCredential(tx, id, reason);
  return live.length;
}

function holds(tx: Transaction, { person, role, kind }: RoleChange): boolean {
  return kind === "approver_role"
    ? holdsApproverRole(tx.control, person, role)
    : personOf(tx.control, person)?.roles.includes(role) === true;
}

function refuseNobody(tx: Transaction, person: string): void {
  if (personOf(tx.control, person) === undefined) {
    throw new CountersignError("not-found", { detail: `${person} is not in the tenant.` });
  }
}
