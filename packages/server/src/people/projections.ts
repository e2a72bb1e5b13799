/**
 * What the tables of this module must hold, made anew from the entries, for fsck: no session, passkey, link or identity that
 * the log does not know. Challenges that were answered are in no event: nothing says that one was used but its row.
 */
import type { Event, EventOf } from "@countersign/evidence/event";
import { type ExpectedRow, projection, type TableProjection } from "../ledger/projection.ts";
import type { RowOf } from "../ledger/table.ts";
import { credentialKey } from "./passkeys.ts";
import {
  identityDigest,
  passkeys,
  sessionProof,
  sessions,
  setUpLinks,
  subjects,
  waitingDigest,
  waitingEnrolments,
} from "./tables.ts";

type Change = EventOf<"person.changed">["change"];

export const signInProjections: readonly TableProjection[] = [
  projection(sessions, () => {
    const rows = new Map<string, ExpectedRow<typeof sessions>>();
    const proofs = new Map<string, string>();
    return {
      step(event: Event) {
        if (event.type === "session.opened") {
          if (event.session.proof !== undefined) proofs.set(event.session.id, event.session.proof);
          const { id, person, method, expires_at: expires } = event.session;
          const [openedMs, expiresMs] = [Date.parse(event.ts), Date.parse(expires)];
          rows.set(id, {
            session_id: id,
            person,
            method,
            opened_ms: openedMs,
            expires_ms: expiresMs,
            seen_ms: (seen) => openedMs <= seen && seen <= expiresMs,
            ends_ms: (ends) => ends <= expiresMs,
            confirmed_ms: (confirmed) => confirmed === null || confirmed === openedMs,
          });
        }
        if (event.type === "session.closed") rows.delete(event.session.id);
      },
      *rows(stored) {
        // Three columns under one digest: a row that has it is as the log has it, another differs in its secret.
        const known = new Map<string, RowOf<typeof sessions>>();
        for (const row of stored(sessions)) known.set(row.session_id, row);
        for (const row of rows.values()) {
          const there = known.get(row.session_id);
          const proof = proofs.get(row.session_id);
          const isKnown = there === undefined || proof === undefined || sessionProof(there) === proof;
          yield { ...row, secret_hash: () => isKnown };
        }
      },
    };
  }),
  projection(passkeys, () => {
    const enrolled = new Map<string, string>();
    return {
      step(event: Event) {
        if (event.type !== "approver.key.enrolled" || event.enrolment.method !== "webauthn") return;
        enrolled.set(event.enrolment.key.kid, event.enrolment.person);
      },
      *rows(stored) {
        const left = new Map(enrolled);
        for (const { credential, credential_id: credentialId, kid } of stored(passkeys)) {
          const person = left.get(kid);
          // The log knows a passkey by its public key: under what the browser names it is this row's word.
          if (person === undefined || credential !== credentialKey(credentialId)) continue;
          left.delete(kid);
          yield { credential, kid, person };
        }
        for (const [kid, person] of left) yield { credential: `of ${kid}`, kid, person };
      },
    };
  }),
  projection(waitingEnrolments, () => {
    const rows = new Map<string, ExpectedRow<typeof waitingEnrolments> & { readonly kid: string }>();
    return {
      step(event: Event) {
        if (event.type === "approver.key.enrolled") {
          for (const [id, { kid }] of rows) if (kid === event.enrolment.key.kid) rows.delete(id);
        }
        if (event.type !== "person.changed" || event.change.passkey === undefined) return;
        const { person, kind, passkey } = event.change;
        const { id, kid, digest, ends_at: endsAt = "" } = passkey;
        if (kind !== "passkey_offered") {
          rows.delete(id);
          return;
        }
        rows.set(id, {
          kid,
          enrolment_id: id,
          person,
          key: (key: unknown) => waitingDigest({ key }) === digest,
          made_ms: Date.parse(event.ts),
          ends_ms: Date.parse(endsAt),
        });
      },
      *rows() {
        for (const { kid: _, ...row } of rows.values()) yield row;
      },
    };
  }),
  projection(setUpLinks, () => {
    const rows = new Map<string, ExpectedRow<typeof setUpLinks>>();
    return {
      step(event: Event) {
        if (event.type !== "person.changed" || event.change.link === undefined) return;
        const { person, kind, link } = event.change;
        const { digest, roles = [], approver_roles = [], ends_at: endsAt = "" } = link;
        const token = digest.slice("sha256:".length);
        if (kind !== "link_made") rows.delete(token);
        else rows.set(token, { token, person, roles, approver_roles, ends_ms: Date.parse(endsAt) });
      },
      rows: () => rows.values(),
    };
  }),
  projection(subjects, () => {
    const linked = new Map<string, Change>();
    return {
      step(event: Event) {
        if (event.type !== "person.changed" || event.change.identity === undefined) return;
        const { digest, replaces } = event.change.identity;
        if (replaces !== undefined) linked.delete(replaces);
        linked.set(digest, event.change);
      },
      *rows(stored) {
        const left = new Map(linked);
        for (const row of stored(subjects)) {
          const digest = identityDigest(row);
          if (!left.delete(digest)) continue;
          yield row;
        }
        for (const [digest, { person }] of left) yield { subject: `committed to as ${digest}`, person };
      },
    };
  }),
];
