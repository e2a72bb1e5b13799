/**
 * The HTTP operations of the pages for people: signing in, setting up, sessions, passkeys. They stand apart from wire.ts
 * because they are about the credential itself: most are called by somebody who has none yet, answers set cookies, and
 * nothing but a page of this server may call them (each write is refused unless it comes from the server's own origin).
 * Everything else a page does, it does through wire.ts, with its session in place of a key.
 */
import { type Static, type TSchema, Type } from "typebox";
import * as E from "./event.ts";

const object = E.strictObject;
const optional = Type.Optional;
const text = (max: number, min = 1) => Type.String({ minLength: min, maxLength: max });
const list = <T extends TSchema>(item: T, maxItems: number) => Type.Array(item, { maxItems });
const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

// ── Passkeys, as WebAuthn 3 has them, with members in this API's spelling ──────────────────────────────────────────

/** A credential id: at most 1,023 bytes. */
const CredentialId = E.Base64Url(1364);
/** 32 bytes; they say by themselves until when they are good, and are good once. */
const Challenge = E.Commitment;
const Transports = list(E.oneOf("ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"), 8);

/** What `navigator.credentials.create` is called with. ES256, a discoverable credential and user verification are fixed. */
export const PasskeyCreation = object({
  challenge: Challenge,
  rp_id: text(253),
  rp_name: text(128),
  user_id: E.Base64Url(86),
  user_name: text(128),
  exclude: list(object({ id: CredentialId, transports: Transports }), 64),
  timeout_ms: count,
});

/** What `navigator.credentials.get` is called with. An empty `allow` lets the person choose. */
export const PasskeyRequest = object({
  challenge: Challenge,
  rp_id: text(253),
  allow: list(object({ id: CredentialId, transports: Transports }), 64),
  timeout_ms: count,
});

const NewPasskey = object({
  id: CredentialId,
  client_data: E.Base64Url(4096),
  attestation_object: E.Base64Url(16_384),
  transports: optional(Transports),
});

const Assertion = object({
  id: CredentialId,
  client_data: E.Base64Url(4096),
  authenticator_data: E.Base64Url(2048),
  signature: E.Base64Url(1024),
  user_handle: optional(E.Base64Url(86)),
});

// ── Views ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const Roles = list(E.Role, 8);
const ApproverRoles = list(E.ApproverRole, 64);

/** Who is signed in, and until when. */
export const SessionView = object({
  session_id: E.Ids.session,
  tenant: E.TenantId,
  tenant_kind: E.oneOf("evaluation", "production"),
  person: E.Ids.person,
  /** The name the directory knows the person by; null when it was erased. */
  name: Type.Union([text(128), Type.Null()]),
  roles: Roles,
  approver_roles: ApproverRoles,
  method: E.oneOf("oidc", "passkey", "link"),
  opened_at: E.Timestamp,
  expires_at: E.Timestamp,
  /** After this long without a request the session ends, ms. */
  idle_ms: count,
  /** Until when acts that want a fresh confirmation are taken; null when there was none. */
  stepped_up_until: Type.Union([E.Timestamp, Type.Null()]),
  passkeys: list(
    object({
      kid: text(255),
      credential_id: CredentialId,
      rp_id: text(253),
      transports: Transports,
      enrolled_at: E.Timestamp,
    }),
    64,
  ),
});

/** A passkey that waits for another person's word. `fingerprint` is what both read out to each other. */
export const EnrolmentView = object({
  enrolment_id: text(64),
  person: E.Ids.person,
  name: Type.Union([text(128), Type.Null()]),
  kid: text(255),
  fingerprint: text(32),
  made_at: E.Timestamp,
  expires_at: E.Timestamp,
});

const PersonView = object({
  person: E.Ids.person,
  name: Type.Union([text(128), Type.Null()]),
  roles: Roles,
  approver_roles: ApproverRoles,
  passkeys: count,
});

const Enrolled = object({
  /** False when the key waits for another person's word. */
  enrolled: Type.Boolean(),
  kid: text(255),
  fingerprint: text(32),
  session: optional(SessionView),
});

// ── Table ──────────────────────────────────────────────────────────────────────────────────────────────────────────

type PeopleOperation = {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Roles of the person signed in; `person` is anybody signed in, `public` anybody. */
  readonly roles: readonly (E.RoleName | "person" | "public")[];
  readonly summary: string;
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** `redirect` answers 303 and nothing else. */
  readonly answer: TSchema | "redirect";
};

const define = <const T extends Record<string, PeopleOperation>>(table: T): T => table;
const tenant = object({ tenant: E.TenantId });
const nothing = object({});
const enrolmentParams = object({ enrolment_id: text(64) });

/** Every operation of the pages for people. Paths start at `/v1`; `:name` are parameters. */
export const peopleOperations = define({
  getSignIn: {
    method: "GET",
    path: "/sign-in",
    roles: ["public"],
    summary: "How one signs in here.",
    query: object({ tenant: optional(E.TenantId) }),
    answer: object({
      /** The tenant asked for, or the only one; null when there are several and none was named. */
      tenant: Type.Union([E.TenantId, Type.Null()]),
      /** False when no passkey can work here: the address is not the one they were enrolled under. */
      passkeys: Type.Boolean(),
      oidc: Type.Boolean(),
      public_url: text(300),
    }),
  },
  startPasskeySignIn: {
    method: "POST",
    path: "/sign-in/passkey/options",
    roles: ["public"],
    summary: "A challenge to sign in with.",
    body: tenant,
    answer: PasskeyRequest,
  },
  finishPasskeySignIn: {
    method: "POST",
    path: "/sign-in/passkey",
    roles: ["public"],
    summary: "Sign in with a passkey's assertion; opens a session.",
    body: object({ tenant: E.TenantId, assertion: Assertion }),
    answer: SessionView,
  },
  startOidcSignIn: {
    method: "POST",
    path: "/sign-in/oidc",
    roles: ["public"],
    summary: "Where to go to sign in with the identity provider.",
    body: object({ tenant: E.TenantId, return_to: optional(text(512)) }),
    answer: object({ location: text(8192) }),
  },
  finishOidcSignIn: {
    method: "GET",
    path: "/sign-in/oidc/callback",
    roles: ["public"],
    summary: "The identity provider's answer (its query is the provider's own); opens a session.",
    answer: "redirect",
  },
  startSetUp: {
    method: "POST",
    path: "/set-up/options",
    roles: ["public"],
    summary: "What a set-up link is for, and how to make the passkey it enrols.",
    body: object({ token: text(128) }),
    answer: object({
      tenant: E.TenantId,
      name: Type.Union([text(128), Type.Null()]),
      roles: Roles,
      approver_roles: ApproverRoles,
      expires_at: E.Timestamp,
      /** Whether another person has to say yes before the passkey counts. */
      needs_approval: Type.Boolean(),
      passkey: PasskeyCreation,
    }),
  },
  finishSetUp: {
    method: "POST",
    path: "/set-up",
    roles: ["public"],
    summary: "Use a set-up link: enrol the passkey, open a session.",
    body: object({ token: text(128), passkey: NewPasskey }),
    answer: Enrolled,
  },
  getSession: {
    method: "GET",
    path: "/session",
    roles: ["person"],
    summary: "Who is signed in.",
    answer: SessionView,
  },
  closeSession: {
    method: "POST",
    path: "/session/close",
    roles: ["person"],
    summary: "Sign out.",
    body: nothing,
    answer: object({ closed: count }),
  },
  startStepUp: {
    method: "POST",
    path: "/session/step-up/options",
    roles: ["person"],
    summary: "A challenge to confirm with.",
    body: nothing,
    answer: PasskeyRequest,
  },
  finishStepUp: {
    method: "POST",
    path: "/session/step-up",
    roles: ["person"],
    summary: "Confirm with a passkey; the session is replaced by a new one.",
    body: object({ assertion: Assertion }),
    answer: SessionView,
  },
  listSessions: {
    method: "GET",
    path: "/sessions",
    roles: ["person"],
    summary: "One's own open sessions.",
    answer: object({
      sessions: list(
        object({
          session_id: E.Ids.session,
          method: E.oneOf("oidc", "passkey", "link"),
          opened_at: E.Timestamp,
          seen_at: E.Timestamp,
          expires_at: E.Timestamp,
          current: Type.Boolean(),
        }),
        500,
      ),
    }),
  },
  closeSessions: {
    method: "POST",
    path: "/sessions/close",
    roles: ["person"],
    summary: "End all of one's sessions, or all others.",
    body: object({ others_only: Type.Boolean() }),
    answer: object({ closed: count }),
  },
  closeSessionsOf: {
    method: "POST",
    path: "/people/:person/sessions/close",
    roles: ["admin"],
    summary: "End all sessions of a person.",
    params: object({ person: E.Ids.person }),
    body: nothing,
    answer: object({ closed: count }),
  },
  startEnrolment: {
    method: "POST",
    path: "/passkeys/options",
    roles: ["person"],
    summary: "How to make another passkey. Wants a fresh confirmation.",
    body: nothing,
    answer: PasskeyCreation,
  },
  finishEnrolment: {
    method: "POST",
    path: "/passkeys",
    roles: ["person"],
    summary: "Enrol another passkey.",
    body: object({ passkey: NewPasskey }),
    answer: Enrolled,
  },
  listEnrolments: {
    method: "GET",
    path: "/enrolments",
    roles: ["admin"],
    summary: "Passkeys that wait for another person's word.",
    answer: object({ enrolments: list(EnrolmentView, 500) }),
  },
  decideEnrolment: {
    method: "POST",
    path: "/enrolments/:enrolment_id",
    roles: ["admin"],
    summary: "Say yes or no to another person's passkey. Wants a fresh confirmation.",
    params: enrolmentParams,
    body: object({ answer: E.oneOf("approve", "reject"), kid: text(255) }),
    answer: object({ enrolled: Type.Boolean() }),
  },
  invitePerson: {
    method: "POST",
    path: "/people/links",
    roles: ["admin"],
    summary: "A one-time set-up link for a person. Wants a fresh confirmation.",
    body: object({ person: text(128), roles: Roles, approver_roles: ApproverRoles }),
    answer: object({ url: text(512), expires_at: E.Timestamp, person: E.Ids.person }),
  },
  listPeople: {
    method: "GET",
    path: "/people",
    roles: ["admin", "approver", "auditor"],
    summary: "The tenant's people, with the names this caller may see.",
    answer: object({ people: list(PersonView, 5000) }),
  },
});

export type PeopleOperationName = keyof typeof peopleOperations;
type OperationOf<N extends PeopleOperationName> = (typeof peopleOperations)[N];
type StaticOf<S> = S extends TSchema ? Static<S> : undefined;
export type PeopleBodyOf<N extends PeopleOperationName> =
  OperationOf<N> extends { body: infer B } ? StaticOf<B> : undefined;
export type PeopleParamsOf<N extends PeopleOperationName> =
  OperationOf<N> extends { params: infer P } ? StaticOf<P> : undefined;
export type PeopleQueryOf<N extends PeopleOperationName> =
  OperationOf<N> extends { query: infer Q } ? StaticOf<Q> : undefined;
export type PeopleAnswerOf<N extends PeopleOperationName> = StaticOf<OperationOf<N>["answer"]>;

export type SessionStatus = Static<typeof SessionView>;
export type PasskeyCreationOptions = Static<typeof PasskeyCreation>;
export type PasskeyRequestOptions = Static<typeof PasskeyRequest>;
export type PasskeyAssertion = Static<typeof Assertion>;
export type PasskeyMade = Static<typeof NewPasskey>;
export type WaitingEnrolment = Static<typeof EnrolmentView>;

/** Bytes a body may have at most. */
export const PEOPLE_BODY_LIMIT_BYTES = 64 * 1024;
