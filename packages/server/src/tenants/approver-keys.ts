/** Approvers' keys that are no longer theirs alone, or no longer used. */
import { approverKeyOf } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import type { Command } from "../ledger/command.ts";

export type KeyRevocation = {
  readonly kid: string;
  readonly person: string;
  readonly reason: string;
  /** RFC 3339 UTC with milliseconds: from when on the key was in other hands. Votes made since are in doubt. */
  readonly compromisedSince?: string;
};

/**
 * Revokes an approver's key. Open approvals with a vote made since it was compromised are voided, at the latest when
 * somebody tries to use them. Revoking it again changes nothing.
 */
export const revokeApproverKey: Command<KeyRevocation, { event: string | null }> = {
  name: "tenants.revoke-approver-key",
  needs: () => ({}),
  run(tx, { kid, person, reason, compromisedSince }) {
    const key = approverKeyOf(tx.control, kid);
    if (key === undefined || key.person !== person) {
      throw new CountersignError("not-found", { detail: `${person} has no key ${kid}.` });
    }
    if (key.revoked !== undefined) return { event: null };
    if (compromisedSince !== undefined && compromisedSince > tx.ts) {
      throw new CountersignError("usage", { detail: "compromised_since lies in the future." });
    }
    const { event } = tx.append("approver.key.revoked", {
      enrolment: { person, kid },
      reason: { code: reason },
      ...(compromisedSince === undefined ? {} : { compromised_since: compromisedSince }),
    });
    return { event: event.event_id };
  },
};
