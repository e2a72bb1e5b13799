/** The handlers of people who have no session yet: passkey, identity provider, set-up link. */

import { formatBase64Url } from "@countersign/evidence/base64";
import type { ControlState } from "@countersign/evidence/control";
import { personOf } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import type { RoleName } from "@countersign/evidence/event";
import { formatTimestamp } from "../base/clock.ts";
import type { Reader } from "../ledger/command.ts";
import type { PeopleHandlers } from "./calls.ts";
import type { Challenges } from "./challenges.ts";
import { flowCookie } from "./cookies.ts";
import type { PeopleParts } from "./faces.ts";
import { FLOW_LIFE_MS, type Oidc, type OidcSettings } from "./oidc.ts";
import { personOfSubject, rolesOfClaims, signInWithOidc, subjectKey } from "./oidc-sign-in.ts";
import { flowOf, prepareOpening } from "./opening.ts";
import {
  challengeIn,
  creationOptions,
  credentialKey,
  fingerprintOf,
  passkeysOf,
  pinnedRpId,
  refuseAddress,
  requestOptions,
  verifyAssertion,
  verifyNewKey,
} from "./passkeys.ts";
import type { SessionDoor } from "./session-caller.ts";
import { signInWithPasskey } from "./sessions.ts";
import { linkOf, parseToken, useLink } from "./set-up-links.ts";
import { viewOpened } from "./view.ts";

type Names =
  | "getSignIn"
  | "startPasskeySignIn"
  | "finishPasskeySignIn"
  | "startOidcSignIn"
  | "finishOidcSignIn"
  | "startSetUp"
  | "finishSetUp";

/** Pages one may be sent back to. Anything else is the start page: no address of another site, no script. */
const RETURN_TO = /^\/(?:inbox|people|account|approvals\/apr_[0-9a-z]{26})?$/;
const WAITING_ID_BYTES = 16;

export function signInHandlers(
  parts: PeopleParts,
  { door, challenges, oidc }: { door: SessionDoor; challenges: Challenges; oidc: Oidc | undefined },
): Pick<PeopleHandlers, Names> {
  const { ledger, clock, publicUrl, directory } = parts;
  const redeem = useLink(parts.loneActMark);

  /** The tenant somebody wants to sign in to. That there is none is told like any other refusal. */
  const tenantOf = (tenant: string): Reader => {
    const reader = ledger.reader(tenant);
    if (reader === undefined) throw new CountersignError("sign-in-refused");
    return reader;
  };

  return {
    async getSignIn({ query }) {
      const tenants = ledger.tenants();
      const tenant = query.tenant ?? (tenants.length === 1 ? tenants[0] : undefined) ?? null;
      const url = publicUrl();
      const control = tenant === null ? undefined : ledger.reader(tenant)?.control;
      const pinned = control && pinnedRpId(control);
      const passkeys = url.passkeys && (pinned === undefined || pinned === url.rpId);
      return { body: { tenant, passkeys, oidc: oidc !== undefined, public_url: url.origin } };
    },

    async startPasskeySignIn({ body }) {
      const { tenant } = tenantOf(body.tenant);
      return { body: requestOptions(publicUrl(), [], challenges.make(tenant, "sign-in")) };
    },

    async finishPasskeySignIn({ body, request }) {
      const reader = tenantOf(body.tenant);
      const { tenant } = reader;
      const { assertion } = body;
      const challenge = challenges.check(tenant, "sign-in", challengeIn(assertion.client_data) ?? "");
      if (challenge === undefined) throw new CountersignError("sign-in-refused", { detail: "Too late; try again." });
      const { row, counter } = await verifyAssertion(publicUrl(), reader, assertion, challenge.challenge);
      const who = { reader, person: row.person, method: "passkey" as const };
      const { order, by, cookies } = await prepareOpening(parts, door, request, who);
      const credential = credentialKey(assertion.id);
      const input = { order, challenge, credential, kid: row.kid, counter };
      const { answer } = await ledger.submit(signInWithPasskey, input, by);
      return { body: viewOpened(parts, tenantOf(tenant), answer.session_id), cookies: cookies(answer.session_id) };
    },

    async startOidcSignIn({ body }) {
      if (oidc === undefined)
        throw new CountersignError("not-found", { detail: "No identity provider is configured." });
      const { tenant } = tenantOf(body.tenant);
      const { return_to: wanted = "/" } = body;
      const { location, flow } = await oidc.start(tenant, RETURN_TO.test(wanted) ? wanted : "/");
      return { body: { location }, cookies: [flowCookie(publicUrl(), flow, FLOW_LIFE_MS)] };
    },

    async finishOidcSignIn({ queryText, request }) {
      const forget = flowCookie(publicUrl(), "", 0);
      try {
        if (oidc === undefined || parts.oidc === undefined) throw new CountersignError("not-found");
        const identity = await oidc.finish(flowOf(parts, request), queryText);
        const opened = await openForIdentity(identity, parts.oidc, request);
        return { body: undefined, location: identity.returnTo, cookies: [forget, ...opened] };
      } catch (refusal) {
        // The browser is on its way here from another site: it gets a page that says so, not a problem document.
        if (!(refusal instanceof CountersignError) || refusal.status >= 500) throw refusal;
        return { body: undefined, location: `/sign-in?refused=${refusal.code}`, cookies: [forget] };
      }
    },

    async startSetUp({ body }) {
      const { reader, link, tokenHash } = linkFor(body.token);
      refuseAddress(publicUrl(), reader.control);
      const name = directory.externalIdOf(reader.tenant, link.person);
      const person = { alias: link.person, name: name ?? link.person, keys: passkeysOf(reader, link.person) };
      return {
        body: {
          tenant: reader.tenant,
          name: name ?? null,
          roles: [...(link.roles as readonly RoleName[])], // put by makeLink, from values of this type
          approver_roles: [...(link.approver_roles as readonly string[])],
          expires_at: formatTimestamp(link.ends_ms),
          needs_approval: takesTwo(reader.control),
          passkey: creationOptions(publicUrl(), person, challenges.make(reader.tenant, `set-up ${tokenHash}`)),
        },
      };
    },

    async finishSetUp({ body, request }) {
      const { reader, link, tokenHash } = linkFor(body.token);
      const { tenant } = reader;
      refuseAddress(publicUrl(), reader.control);
      const purpose = `set-up ${tokenHash}`;
      const challenge = challenges.check(tenant, purpose, challengeIn(body.passkey.client_data) ?? "");
      if (challenge === undefined) {
        throw new CountersignError("passkey-not-acceptable", { detail: "Too late; try again." });
      }
      const key = await verifyNewKey(publicUrl(), body.passkey, challenge.challenge);
      const who = { reader, person: link.person, method: "link" as const };
      const { order, by, cookies } = await prepareOpening(parts, door, request, who);
      const waitingId = `enr_${formatBase64Url(parts.random(WAITING_ID_BYTES))}`;
      const { answer } = await ledger.submit(redeem, { tokenHash, key, challenge, order, waitingId }, by);
      const about = { enrolled: answer.enrolled, kid: key.kid, fingerprint: fingerprintOf(key.kid) };
      if (answer.session_id === null) return { status: 201, body: about };
      const session = viewOpened(parts, tenantOf(tenant), answer.session_id);
      return { status: 201, body: { ...about, session }, cookies: cookies(answer.session_id) };
    },
  };

  async function openForIdentity(
    identity: Awaited<ReturnType<Oidc["finish"]>>,
    settings: OidcSettings,
    request: Parameters<typeof flowOf>[1],
  ): Promise<readonly string[]> {
    const reader = tenantOf(identity.tenant);
    const subject = subjectKey(parts.seals, reader.tenant, identity.issuer, identity.subject);
    const person = personOfSubject(reader, subject);
    if (personOf(reader.control, person) === undefined) throw new CountersignError("sign-in-refused");
    const { order, by, cookies } = await prepareOpening(parts, door, request, { reader, person, method: "oidc" });
    const roles = rolesOfClaims(settings, identity.claims);
    const { answer } = await ledger.submit(signInWithOidc, { order, state: identity.state, subject, roles }, by);
    return cookies(answer.session_id);
  }

  function linkFor(token: string) {
    const parsed = parseToken(token);
    const reader = parsed && ledger.reader(parsed.tenant);
    if (parsed === undefined || reader === undefined) throw new CountersignError("link-not-valid");
    return { reader, tokenHash: parsed.tokenHash, link: linkOf(reader, parsed.tokenHash, clock.nowMs()) };
  }

  function takesTwo(control: ControlState): boolean {
    try {
      parts.loneActMark(control, "Enrolling a passkey");
      return false;
    } catch {
      return true;
    }
  }
}
