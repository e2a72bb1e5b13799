/** The handlers of somebody signed in, about others: links, passkeys that wait, sessions to be ended. */
import { personOf } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import { formatTimestamp } from "../base/clock.ts";
import { bySelf, readerOf } from "./account.ts";
import type { PeopleHandlers } from "./calls.ts";
import { decideEnrolment, keyOfWaiting } from "./enrolments.ts";
import type { PeopleParts } from "./faces.ts";
import { refuseStale } from "./session-caller.ts";
import { closeSessions, idOf, sessionsOf } from "./sessions.ts";
import { makeSetUpLink, personRoles } from "./set-up-links.ts";
import { waitingEnrolments } from "./tables.ts";
import { viewPeople, viewWaiting } from "./view.ts";

type Names = "closeSessionsOf" | "listEnrolments" | "decideEnrolment" | "invitePerson" | "listPeople";

export function directoryHandlers(parts: PeopleParts): Pick<PeopleHandlers, Names> {
  const { ledger, clock } = parts;
  const decide = decideEnrolment(parts.loneActMark);

  return {
    async closeSessionsOf({ signed, params }) {
      const reader = readerOf(parts, signed);
      if (personOf(reader.control, params.person) === undefined) throw new CountersignError("not-found");
      const ids = sessionsOf(reader, params.person).map(idOf);
      return { body: (await ledger.submit(closeSessions, { ids, reason: "REVOKED_BY_ADMIN" }, bySelf(signed))).answer };
    },

    async listEnrolments({ signed }) {
      const reader = readerOf(parts, signed);
      const rows = reader.list(waitingEnrolments, "by_end", [], { limit: 500 });
      const waiting = rows.filter((row) => row.ends_ms > clock.nowMs());
      return { body: { enrolments: waiting.map((row) => viewWaiting(parts, reader, row)) } };
    },

    async decideEnrolment({ signed, params, body }) {
      refuseStale(signed.session, clock.nowMs());
      const { enrolment_id: id } = params;
      const row = readerOf(parts, signed).row(waitingEnrolments, { enrolment_id: id });
      const key = row && keyOfWaiting(row);
      if (key === undefined || key.kid !== body.kid) throw new CountersignError("not-found");
      const input = { id, key, decider: signed.session.person, approve: body.answer === "approve" };
      return { body: (await ledger.submit(decide, input, bySelf(signed))).answer };
    },

    async invitePerson({ signed, body }) {
      refuseStale(signed.session, clock.nowMs());
      const foreign = body.roles.find((role) => !personRoles.some((one) => one === role));
      if (foreign !== undefined) {
        throw new CountersignError("validation-failed", { pointer: "/roles", detail: `${foreign} is for keys.` });
      }
      const order = { person: body.person, roles: body.roles, approverRoles: body.approver_roles };
      const { url, person, endsMs } = await makeSetUpLink(parts, order, bySelf(signed));
      return { status: 201, body: { url, person, expires_at: formatTimestamp(endsMs) } };
    },

    async listPeople({ signed }) {
      return { body: { people: viewPeople(parts, readerOf(parts, signed)) } };
    },
  };
}
