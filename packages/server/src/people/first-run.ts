/** The first minute of a server: a link for whoever started it, as long as nobody can sign in to its only tenant. */
import { enrolledPeople } from "@countersign/evidence/control";
import type { Submission } from "../ledger/command.ts";
import type { PeopleParts } from "./faces.ts";
import { makeSetUpLink, type SetUpLink } from "./set-up-links.ts";
import { passkeys } from "./tables.ts";

/** What the first admin is called until somebody gives them a name. */
export const FIRST_ADMIN = "admin";

/**
 * A set-up link for the first admin, or undefined when there is not exactly one tenant, or somebody has a passkey in it
 * already. The link is a credential: print it where only the person who started the server looks.
 *
 * @param approverRoles roles the first admin is to vote in, for a tenant where one person tries everything
 */
export async function firstRunLink(
  parts: PeopleParts,
  by: Submission["actor"],
  approverRoles: readonly string[] = [],
): Promise<SetUpLink | undefined> {
  const [tenant, ...more] = parts.ledger.tenants();
  const reader = tenant === undefined ? undefined : parts.ledger.reader(tenant);
  if (tenant === undefined || reader === undefined || more.length > 0) return undefined;
  const hasPasskeys = reader.list(passkeys, "key", [], { limit: 1 }).length > 0;
  if (hasPasskeys || enrolledPeople(reader.control).size > 0) return undefined;
  const order = { person: FIRST_ADMIN, roles: ["admin", "approver"] as const, approverRoles };
  return makeSetUpLink(parts, order, { tenant, actor: by });
}
