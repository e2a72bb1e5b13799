/**
 * Set-up links: one use, one person, an end. The token stands behind the `#` of the address, so no server, proxy or
 * referrer ever sees it; the page sends it in a body. What the link lets its holder do is to enrol a passkey as that
 * person: who the person is and what they may do was settled, as events, when the link was made.
 */
import { hash } from "node:crypto";
import { formatBase64Url } from "@countersign/evidence/base64";
import { holdsApproverRole, needsTwoPeople, personOf } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import type { RoleName } from "@countersign/evidence/event";
import type { Id, PersonAlias } from "@countersign/evidence/ids";
import { formatTimestamp } from "../base/clock.ts";
import { type Command, need, type Reader, type Submission, type Transaction } from "../ledger/command.ts";
import type { RowOf } from "../ledger/table.ts";
import { type GoodChallenge, needsOfChallenge, spend } from "./challenges.ts";
import { appendPasskey, needsOfPasskey } from "./enrolments.ts";
import type { PeopleParts } from "./faces.ts";
import type { NewKey } from "./passkeys.ts";
import { appendSession, needsOfSession, type SessionOrder } from "./sessions.ts";
import { setUpLinks } from "./tables.ts";

/** How long a link is good, ms. */
export const LINK_LIFE_MS = 60 * 60_000;

const TOKEN_BYTES = 32;
const TOKEN = /^([a-z0-9][a-z0-9-]{0,62})\.([A-Za-z0-9_-]{43})$/;
/** Roles people hold; `agent` and `executor` are for keys. */
export const personRoles = ["approver", "auditor", "policy-admin", "records", "operator", "admin"] as const;

export type LinkRow = RowOf<typeof setUpLinks>;

type LinkOrder = {
  readonly person: PersonAlias;
  readonly tokenHash: string;
  readonly roles: readonly RoleName[];
  readonly approverRoles: readonly string[];
  /** Links of this person that end with this one. */
  readonly replaces: readonly string[];
};

/** Makes a link; the person holds its roles from now on. */
const makeLink: Command<LinkOrder, { ends_ms: number }> = {
  name: "people.make-link",
  needs: ({ replaces }) => ({ rows: replaces.map((token) => need(setUpLinks, { token })) }),
  run(tx, { person, tokenHash, roles, approverRoles, replaces }) {
    const mark = needsTwoPeople(tx.control) && tx.control.tenant?.sealed !== true ? { bootstrap: true } : {};
    const known = personOf(tx.control, person);
    for (const role of roles) {
      if (known?.roles.includes(role) === true) continue;
      tx.append("role.granted", { grant: { person, role, kind: "role" }, ...mark });
    }
    for (const role of approverRoles) {
      if (holdsApproverRole(tx.control, person, role)) continue;
      tx.append("role.granted", { grant: { person, role, kind: "approver_role" }, ...mark });
    }
    for (const token of replaces) endLink(tx, token, "link_replaced");
    const endsMs = tx.nowMs + LINK_LIFE_MS;
    const link = {
      digest: `sha256:${tokenHash}`,
      roles: [...roles],
      approver_roles: [...approverRoles],
      ends_at: formatTimestamp(endsMs),
    };
    tx.append("person.changed", { change: { person, kind: "link_made", link } });
    tx.put(setUpLinks, { token: tokenHash, person, roles, approver_roles: approverRoles, ends_ms: endsMs });
    return { ends_ms: endsMs };
  },
};

/** Ends a link, and says so; one that is gone is passed over. The command asked for its row. */
export function endLink(tx: Transaction, token: string, kind: "link_used" | "link_replaced" | "link_lapsed"): void {
  const row = tx.row(setUpLinks, { token });
  if (row === undefined) return;
  tx.append("person.changed", { change: { person: row.person, kind, link: { digest: `sha256:${token}` } } });
  tx.remove(setUpLinks, { token });
}

export type SetUpLink = { readonly url: string; readonly person: PersonAlias; readonly endsMs: number };

/** Makes a link for a person, who is added when nobody knew them. A link the person had is good no more. */
export async function makeSetUpLink(
  { ledger, directory, publicUrl, random }: Pick<PeopleParts, "ledger" | "directory" | "publicUrl" | "random">,
  order: { readonly person: string; readonly roles: readonly RoleName[]; readonly approverRoles: readonly string[] },
  by: Submission,
): Promise<SetUpLink> {
  const person = await directory.aliasOf(order.person, by);
  const secret = formatBase64Url(random(TOKEN_BYTES));
  const reader = ledger.reader(by.tenant);
  const replaces = (reader?.list(setUpLinks, "by_person", [person], { limit: 64 }) ?? []).map((row) => row.token);
  const { roles, approverRoles } = order;
  const input = { person, tokenHash: hash("sha256", secret), roles, approverRoles, replaces };
  const { answer } = await ledger.submit(makeLink, input, { tenant: by.tenant, actor: by.actor });
  return { url: `${publicUrl().origin}/setup#${by.tenant}.${secret}`, person, endsMs: answer.ends_ms };
}

/** The tenant and the hash a token names; undefined when it is none. */
export function parseToken(text: string): { readonly tenant: string; readonly tokenHash: string } | undefined {
  const match = TOKEN.exec(text);
  return match === null ? undefined : { tenant: match[1]!, tokenHash: hash("sha256", match[2]!) };
}

/** A link that is good now. @throws CountersignError link-not-valid */
export function linkOf(reader: Reader | undefined, tokenHash: string, nowMs: number): LinkRow {
  const row = reader?.row(setUpLinks, { token: tokenHash });
  if (reader === undefined || row === undefined || row.ends_ms <= nowMs) throw new CountersignError("link-not-valid");
  if (personOf(reader.control, row.person) === undefined) throw new CountersignError("link-not-valid");
  return row;
}

export type LinkUse = {
  readonly tokenHash: string;
  readonly key: NewKey;
  readonly challenge: GoodChallenge;
  readonly order: SessionOrder;
  readonly waitingId: string;
};

/** Uses a link: the passkey is enrolled and a session opened, or the passkey waits for another person's word. */
export function useLink(
  loneActMark: PeopleParts["loneActMark"],
): Command<LinkUse, { enrolled: boolean; session_id: Id<"ses"> | null }> {
  return {
    name: "people.use-link",
    needs: ({ tokenHash, key, challenge, order }) => ({
      rows: [
        need(setUpLinks, { token: tokenHash }),
        ...needsOfPasskey(key),
        needsOfChallenge(challenge),
        ...needsOfSession(order),
      ],
    }),
    run(tx, { tokenHash, key, challenge, order, waitingId }) {
      const link = tx.row(setUpLinks, { token: tokenHash });
      if (link === undefined || link.ends_ms <= tx.nowMs || link.person !== order.person) {
        throw new CountersignError("link-not-valid");
      }
      spend(tx, challenge);
      endLink(tx, tokenHash, "link_used");
      const enrolled = appendPasskey(tx, loneActMark, { person: order.person, key, waitingId });
      return { enrolled, session_id: enrolled ? appendSession(tx, order, key.kid) : null };
    },
  };
}
