/** The handlers of somebody signed in, about themselves: their session, their confirmations, their passkeys. */
import { formatBase64Url } from "@countersign/evidence/base64";
import { CountersignError } from "@countersign/evidence/errors";
import type { PersonAlias } from "@countersign/evidence/ids";
import { formatTimestamp } from "../base/clock.ts";
import type { Reader, Submission } from "../ledger/command.ts";
import type { PeopleHandlers } from "./calls.ts";
import type { Challenges } from "./challenges.ts";
import { closeCookies } from "./cookies.ts";
import { enrolOwn } from "./enrolments.ts";
import type { PeopleParts } from "./faces.ts";
import { prepareOpening } from "./opening.ts";
import {
  challengeIn,
  creationOptions,
  credentialKey,
  fingerprintOf,
  MAX_PASSKEYS,
  passkeysOf,
  refuseAddress,
  requestOptions,
  verifyAssertion,
  verifyNewKey,
} from "./passkeys.ts";
import { refuseStale, type SessionDoor, type SignedIn } from "./session-caller.ts";
import { closeSessions, idOf, sessionsOf, signInWithPasskey } from "./sessions.ts";
import { methodOf, viewOpened, viewSession } from "./view.ts";

type Names =
  | "getSession"
  | "closeSession"
  | "startStepUp"
  | "finishStepUp"
  | "listSessions"
  | "closeSessions"
  | "startEnrolment"
  | "finishEnrolment";

export function accountHandlers(
  parts: PeopleParts,
  { door, challenges }: { door: SessionDoor; challenges: Challenges },
): Pick<PeopleHandlers, Names> {
  const { ledger, clock, publicUrl, directory } = parts;
  const enrol = enrolOwn(parts.loneActMark);

  return {
    async getSession({ signed }) {
      return { body: viewSession(parts, readerOf(parts, signed), signed.session) };
    },

    async closeSession({ signed }) {
      const ids = [idOf(signed.session)];
      const { answer } = await ledger.submit(closeSessions, { ids, reason: "SIGNED_OUT" }, bySelf(signed));
      return { body: answer, cookies: closeCookies(publicUrl()) };
    },

    async startStepUp({ signed }) {
      const keys = passkeysOf(readerOf(parts, signed), signed.session.person);
      if (keys.length === 0)
        throw new CountersignError("step-up-required", { detail: "You have no passkey here yet." });
      return { body: requestOptions(publicUrl(), keys, challenges.make(signed.tenant, stepUpOf(signed))) };
    },

    async finishStepUp({ signed, body, request }) {
      const reader = readerOf(parts, signed);
      const { assertion } = body;
      const challenge = challenges.check(signed.tenant, stepUpOf(signed), challengeIn(assertion.client_data) ?? "");
      if (challenge === undefined) throw new CountersignError("sign-in-refused", { detail: "Too late; try again." });
      const { row, counter } = await verifyAssertion(publicUrl(), reader, assertion, challenge.challenge);
      const { person } = signed.session;
      if (row.person !== person) throw new CountersignError("sign-in-refused", { detail: "It is another person's." });
      const opening = await prepareOpening(parts, door, request, { reader, person, method: "passkey" });
      const credential = credentialKey(assertion.id);
      const input = { order: opening.order, challenge, credential, kid: row.kid, counter };
      const { answer } = await ledger.submit(signInWithPasskey, input, bySelf(signed));
      const view = viewOpened(parts, readerOf(parts, signed), answer.session_id);
      return { body: view, cookies: opening.cookies(answer.session_id) };
    },

    async listSessions({ signed }) {
      const nowMs = clock.nowMs();
      const open = sessionsOf(readerOf(parts, signed), signed.session.person).filter((row) => row.ends_ms > nowMs);
      const sessions = open.map((row) => ({
        session_id: row.session_id,
        method: methodOf(row),
        opened_at: formatTimestamp(row.opened_ms),
        seen_at: formatTimestamp(row.seen_ms),
        expires_at: formatTimestamp(row.expires_ms),
        current: row.session_id === signed.session.session_id,
      }));
      return { body: { sessions } };
    },

    async closeSessions({ signed, body }) {
      const { session_id: own, person } = signed.session;
      const open = sessionsOf(readerOf(parts, signed), person);
      const ids = open.filter((row) => !body.others_only || row.session_id !== own).map(idOf);
      const { answer } = await ledger.submit(closeSessions, { ids, reason: "REVOKED_BY_PERSON" }, bySelf(signed));
      return { body: answer, ...(body.others_only ? {} : { cookies: closeCookies(publicUrl()) }) };
    },

    async startEnrolment({ signed }) {
      refuseStale(signed.session, clock.nowMs());
      const reader = readerOf(parts, signed);
      refuseAddress(publicUrl(), reader.control);
      const { person: alias } = signed.session;
      const keys = passkeysOf(reader, alias);
      refuseMany(keys.length);
      const name = directory.externalIdOf(signed.tenant, alias) ?? alias;
      const challenge = challenges.make(signed.tenant, enrolmentOf(signed));
      return { body: creationOptions(publicUrl(), { alias, name, keys }, challenge) };
    },

    async finishEnrolment({ signed, body }) {
      refuseStale(signed.session, clock.nowMs());
      const reader = readerOf(parts, signed);
      refuseAddress(publicUrl(), reader.control);
      refuseMany(passkeysOf(reader, signed.session.person).length);
      const challenge = challenges.check(
        signed.tenant,
        enrolmentOf(signed),
        challengeIn(body.passkey.client_data) ?? "",
      );
      if (challenge === undefined) {
        throw new CountersignError("passkey-not-acceptable", { detail: "Too late; try again." });
      }
      const key = await verifyNewKey(publicUrl(), body.passkey, challenge.challenge);
      const person = signed.session.person as PersonAlias; // the column holds aliases only
      const waitingId = `enr_${formatBase64Url(parts.random(16))}`;
      const { answer } = await ledger.submit(enrol, { person, key, challenge, waitingId }, bySelf(signed));
      return { status: 201, body: { ...answer, kid: key.kid, fingerprint: fingerprintOf(key.kid) } };
    },
  };
}

/** The tenant of somebody signed in. */
export function readerOf({ ledger }: Pick<PeopleParts, "ledger">, { tenant }: SignedIn): Reader {
  const reader = ledger.reader(tenant);
  if (reader === undefined) throw new CountersignError("session-ended");
  return reader;
}

/** What somebody signed in does is theirs, by the session they do it in. */
export function bySelf({ tenant, session }: SignedIn): Submission {
  return { tenant, actor: { type: "person", id: session.person, session: session.session_id } };
}

const stepUpOf = ({ session }: SignedIn) => `step-up ${session.session_id}`;
const enrolmentOf = ({ session }: SignedIn) => `enrol ${session.session_id}`;

function refuseMany(count: number): void {
  if (count < MAX_PASSKEYS) return;
  throw new CountersignError("passkey-not-acceptable", { detail: `A person has at most ${MAX_PASSKEYS} passkeys.` });
}
