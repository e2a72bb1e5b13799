// Made by tools/gen.ts from packages/evidence/src/people-schema.ts. Do not edit: change that file and run `npm run gen`.

import { isObject, refuse, refuseStrangers, type ShapeFault } from "../shape-fault.ts";
import type { RoleName } from "../event.ts";
import type { PeopleOperationName } from "../people-schema.ts";

/** Operations that take a JSON body. */
export type JsonBodyOperation = "startPasskeySignIn" | "finishPasskeySignIn" | "startOidcSignIn" | "startSetUp" | "finishSetUp" | "closeSession" | "startStepUp" | "finishStepUp" | "closeSessions" | "closeSessionsOf" | "startEnrolment" | "finishEnrolment" | "decideEnrolment" | "invitePerson";

/** Where a JSON body is not of its operation's shape; empty when it is. Nothing is coerced. Never throws. */
export function checkBody(operation: JsonBodyOperation, value: unknown): readonly ShapeFault[] {
  return run(bodyChecks[operation], value);
}

/** Where a parsed query is not of its operation's shape. A name given twice is an array, and so refused. */
export function checkQuery(operation: PeopleOperationName, value: unknown): readonly ShapeFault[] {
  return run(queryChecks[operation], value);
}

/** Where the path's parameters are not of their operation's shape. */
export function checkParams(operation: PeopleOperationName, value: unknown): readonly ShapeFault[] {
  return run(paramsChecks[operation], value);
}

/** An operation without its schemas: what a client needs to call it. Paths start at `/v1`; `:name` are parameters. */
export type Route = {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly roles: readonly (RoleName | "person" | "public")[];
  readonly body: "json" | "none";
  readonly answer: "json" | "redirect";
};

/** Every operation's route. The same table as in people-schema.ts, for places that load no schema library. */
export const routes: Readonly<Record<PeopleOperationName, Route>> = {
  getSignIn: {"method":"GET","path":"/sign-in","roles":["public"],"body":"none","answer":"json"},
  startPasskeySignIn: {"method":"POST","path":"/sign-in/passkey/options","roles":["public"],"body":"json","answer":"json"},
  finishPasskeySignIn: {"method":"POST","path":"/sign-in/passkey","roles":["public"],"body":"json","answer":"json"},
  startOidcSignIn: {"method":"POST","path":"/sign-in/oidc","roles":["public"],"body":"json","answer":"json"},
  finishOidcSignIn: {"method":"GET","path":"/sign-in/oidc/callback","roles":["public"],"body":"none","answer":"redirect"},
  startSetUp: {"method":"POST","path":"/set-up/options","roles":["public"],"body":"json","answer":"json"},
  finishSetUp: {"method":"POST","path":"/set-up","roles":["public"],"body":"json","answer":"json"},
  getSession: {"method":"GET","path":"/session","roles":["person"],"body":"none","answer":"json"},
  closeSession: {"method":"POST","path":"/session/close","roles":["person"],"body":"json","answer":"json"},
  startStepUp: {"method":"POST","path":"/session/step-up/options","roles":["person"],"body":"json","answer":"json"},
  finishStepUp: {"method":"POST","path":"/session/step-up","roles":["person"],"body":"json","answer":"json"},
  listSessions: {"method":"GET","path":"/sessions","roles":["person"],"body":"none","answer":"json"},
  closeSessions: {"method":"POST","path":"/sessions/close","roles":["person"],"body":"json","answer":"json"},
  closeSessionsOf: {"method":"POST","path":"/people/:person/sessions/close","roles":["admin"],"body":"json","answer":"json"},
  startEnrolment: {"method":"POST","path":"/passkeys/options","roles":["person"],"body":"json","answer":"json"},
  finishEnrolment: {"method":"POST","path":"/passkeys","roles":["person"],"body":"json","answer":"json"},
  listEnrolments: {"method":"GET","path":"/enrolments","roles":["admin"],"body":"none","answer":"json"},
  decideEnrolment: {"method":"POST","path":"/enrolments/:enrolment_id","roles":["admin"],"body":"json","answer":"json"},
  invitePerson: {"method":"POST","path":"/people/links","roles":["admin"],"body":"json","answer":"json"},
  listPeople: {"method":"GET","path":"/people","roles":["admin","approver","auditor"],"body":"none","answer":"json"},
};

type Check = (value: unknown, at: string, faults: ShapeFault[]) => void;

function run(check: Check, value: unknown): readonly ShapeFault[] {
  const faults: ShapeFault[] = [];
  check(value, "", faults);
  return faults;
}

const stranger = "no member of this name";

const wordsObject = "an object";
const membersOfNoMembers = new Set<string>([]);
function checkNoMembers(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  const seen = 0;
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfNoMembers, at, stranger, faults);
}
const membersOfCloseSessionsOfParams = new Set<string>(["person"]);
const wordsPersonId = "a string of at most 30 UTF-16 code units, matching ^usr_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern = /^usr_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isPersonId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern.test(m);
function checkCloseSessionsOfParams(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isPersonId(m = o.person) ? 1 : refuse(m, at, "/person", wordsPersonId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfCloseSessionsOfParams, at, stranger, faults);
}
const membersOfDecideEnrolmentParams = new Set<string>(["enrolment_id"]);
const wordsEnrolmentId = "a string of 1 to 64 UTF-16 code units";
const isEnrolmentId = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 64 && m.isWellFormed();
function checkDecideEnrolmentParams(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isEnrolmentId(m = o.enrolment_id) ? 1 : refuse(m, at, "/enrolment_id", wordsEnrolmentId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfDecideEnrolmentParams, at, stranger, faults);
}
const membersOfGetSignInQuery = new Set<string>(["tenant"]);
const wordsTenantId = "a string of at most 63 UTF-16 code units, matching ^[a-z0-9][a-z0-9-]{0,62}$";
const pattern2 = /^[a-z0-9][a-z0-9-]{0,62}$/u;
const isTenantId = (m: unknown): boolean => typeof m === "string" && m.length <= 63 && pattern2.test(m);
function checkGetSignInQuery(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.tenant) !== undefined) seen += isTenantId(m) ? 1 : refuse(m, at, "/tenant", wordsTenantId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfGetSignInQuery, at, stranger, faults);
}
function checkStartPasskeySignIn(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isTenantId(m = o.tenant) ? 1 : refuse(m, at, "/tenant", wordsTenantId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfGetSignInQuery, at, stranger, faults);
}
const membersOfFinishPasskeySignIn = new Set<string>(["tenant","assertion"]);
const membersOfAssertion = new Set<string>(["id","client_data","authenticator_data","signature","user_handle"]);
const wordsId = "a string of at most 1364 UTF-16 code units, matching ^[A-Za-z0-9_-]+$";
const pattern3 = /^[A-Za-z0-9_-]+$/u;
const isId = (m: unknown): boolean => typeof m === "string" && m.length <= 1364 && pattern3.test(m);
const wordsClientData = "a string of at most 4096 UTF-16 code units, matching ^[A-Za-z0-9_-]+$";
const isClientData = (m: unknown): boolean => typeof m === "string" && m.length <= 4096 && pattern3.test(m);
const wordsAuthenticatorData = "a string of at most 2048 UTF-16 code units, matching ^[A-Za-z0-9_-]+$";
const isAuthenticatorData = (m: unknown): boolean => typeof m === "string" && m.length <= 2048 && pattern3.test(m);
const wordsSignature = "a string of at most 1024 UTF-16 code units, matching ^[A-Za-z0-9_-]+$";
const isSignature = (m: unknown): boolean => typeof m === "string" && m.length <= 1024 && pattern3.test(m);
const wordsUserHandle = "a string of at most 86 UTF-16 code units, matching ^[A-Za-z0-9_-]+$";
const isUserHandle = (m: unknown): boolean => typeof m === "string" && m.length <= 86 && pattern3.test(m);
function checkAssertion(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isId(m = o.id) ? 1 : refuse(m, at, "/id", wordsId, faults);
  seen += isClientData(m = o.client_data) ? 1 : refuse(m, at, "/client_data", wordsClientData, faults);
  seen += isAuthenticatorData(m = o.authenticator_data) ? 1 : refuse(m, at, "/authenticator_data", wordsAuthenticatorData, faults);
  seen += isSignature(m = o.signature) ? 1 : refuse(m, at, "/signature", wordsSignature, faults);
  if ((m = o.user_handle) !== undefined) seen += isUserHandle(m) ? 1 : refuse(m, at, "/user_handle", wordsUserHandle, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfAssertion, at, stranger, faults);
}
function checkFinishPasskeySignIn(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isTenantId(m = o.tenant) ? 1 : refuse(m, at, "/tenant", wordsTenantId, faults);
  if ((m = o.assertion) === undefined) refuse(m, at, "/assertion", wordsObject, faults); else seen++, checkAssertion(m, at + "/assertion", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfFinishPasskeySignIn, at, stranger, faults);
}
const membersOfStartOidcSignIn = new Set<string>(["tenant","return_to"]);
const wordsReturnTo = "a string of 1 to 512 UTF-16 code units";
const isReturnTo = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 512 && m.isWellFormed();
function checkStartOidcSignIn(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isTenantId(m = o.tenant) ? 1 : refuse(m, at, "/tenant", wordsTenantId, faults);
  if ((m = o.return_to) !== undefined) seen += isReturnTo(m) ? 1 : refuse(m, at, "/return_to", wordsReturnTo, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfStartOidcSignIn, at, stranger, faults);
}
const membersOfStartSetUp = new Set<string>(["token"]);
const wordsToken = "a string of 1 to 128 UTF-16 code units";
const isToken = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 128 && m.isWellFormed();
function checkStartSetUp(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isToken(m = o.token) ? 1 : refuse(m, at, "/token", wordsToken, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfStartSetUp, at, stranger, faults);
}
const membersOfFinishSetUp = new Set<string>(["token","passkey"]);
const membersOfPasskey = new Set<string>(["id","client_data","attestation_object","transports"]);
const wordsAttestationObject = "a string of at most 16384 UTF-16 code units, matching ^[A-Za-z0-9_-]+$";
const isAttestationObject = (m: unknown): boolean => typeof m === "string" && m.length <= 16384 && pattern3.test(m);
const wordsTransports = "a list of at most 8 items";
const wordsTransports2 = "one of \"ble\", \"cable\", \"hybrid\", \"internal\", \"nfc\", \"smart-card\", \"usb\"";
const literalsTransportsItem = new Set<unknown>(["ble","cable","hybrid","internal","nfc","smart-card","usb"]);
const isTransportsItem = (m: unknown): boolean => literalsTransportsItem.has(m);
function checkTransports(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 8) return void refuse(m, at, "", wordsTransports, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isTransportsItem(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsTransports2, faults);
}
function checkPasskey(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isId(m = o.id) ? 1 : refuse(m, at, "/id", wordsId, faults);
  seen += isClientData(m = o.client_data) ? 1 : refuse(m, at, "/client_data", wordsClientData, faults);
  seen += isAttestationObject(m = o.attestation_object) ? 1 : refuse(m, at, "/attestation_object", wordsAttestationObject, faults);
  if ((m = o.transports) !== undefined) seen++, checkTransports(m, at + "/transports", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfPasskey, at, stranger, faults);
}
function checkFinishSetUp(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isToken(m = o.token) ? 1 : refuse(m, at, "/token", wordsToken, faults);
  if ((m = o.passkey) === undefined) refuse(m, at, "/passkey", wordsObject, faults); else seen++, checkPasskey(m, at + "/passkey", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfFinishSetUp, at, stranger, faults);
}
const membersOfFinishStepUp = new Set<string>(["assertion"]);
function checkFinishStepUp(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.assertion) === undefined) refuse(m, at, "/assertion", wordsObject, faults); else seen++, checkAssertion(m, at + "/assertion", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfFinishStepUp, at, stranger, faults);
}
const membersOfCloseSessions = new Set<string>(["others_only"]);
const wordsOthersOnly = "true or false";
const isOthersOnly = (m: unknown): boolean => typeof m === "boolean";
function checkCloseSessions(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isOthersOnly(m = o.others_only) ? 1 : refuse(m, at, "/others_only", wordsOthersOnly, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfCloseSessions, at, stranger, faults);
}
const membersOfFinishEnrolment = new Set<string>(["passkey"]);
function checkFinishEnrolment(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.passkey) === undefined) refuse(m, at, "/passkey", wordsObject, faults); else seen++, checkPasskey(m, at + "/passkey", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfFinishEnrolment, at, stranger, faults);
}
const membersOfDecideEnrolment = new Set<string>(["answer","kid"]);
const wordsAnswer = "one of \"approve\", \"reject\"";
const isAnswer = (m: unknown): boolean => m === "approve" || m === "reject";
const wordsKid = "a string of 1 to 255 UTF-16 code units";
const isKid = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 255 && m.isWellFormed();
function checkDecideEnrolment(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isAnswer(m = o.answer) ? 1 : refuse(m, at, "/answer", wordsAnswer, faults);
  seen += isKid(m = o.kid) ? 1 : refuse(m, at, "/kid", wordsKid, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfDecideEnrolment, at, stranger, faults);
}
const membersOfInvitePerson = new Set<string>(["person","roles","approver_roles"]);
const wordsRole = "one of \"agent\", \"executor\", \"approver\", \"auditor\", \"policy-admin\", \"records\", \"operator\", \"admin\"";
const literalsRole = new Set<unknown>(["agent","executor","approver","auditor","policy-admin","records","operator","admin"]);
const isRole = (m: unknown): boolean => literalsRole.has(m);
function checkRoles(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 8) return void refuse(m, at, "", wordsTransports, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isRole(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsRole, faults);
}
const wordsApproverRoles = "a list of at most 64 items";
const wordsApproverRole = "a string of at most 64 UTF-16 code units, matching ^[a-z][a-z0-9_.-]{0,63}$";
const pattern4 = /^[a-z][a-z0-9_.-]{0,63}$/u;
const isApproverRole = (m: unknown): boolean => typeof m === "string" && m.length <= 64 && pattern4.test(m);
function checkApproverRoles(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 64) return void refuse(m, at, "", wordsApproverRoles, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isApproverRole(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsApproverRole, faults);
}
function checkInvitePerson(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isToken(m = o.person) ? 1 : refuse(m, at, "/person", wordsToken, faults);
  if ((m = o.roles) === undefined) refuse(m, at, "/roles", wordsTransports, faults); else seen++, checkRoles(m, at + "/roles", faults);
  if ((m = o.approver_roles) === undefined) refuse(m, at, "/approver_roles", wordsApproverRoles, faults); else seen++, checkApproverRoles(m, at + "/approver_roles", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfInvitePerson, at, stranger, faults);
}

const bodyChecks: Readonly<Record<JsonBodyOperation, Check>> = {
  startPasskeySignIn: checkStartPasskeySignIn,
  finishPasskeySignIn: checkFinishPasskeySignIn,
  startOidcSignIn: checkStartOidcSignIn,
  startSetUp: checkStartSetUp,
  finishSetUp: checkFinishSetUp,
  closeSession: checkNoMembers,
  startStepUp: checkNoMembers,
  finishStepUp: checkFinishStepUp,
  closeSessions: checkCloseSessions,
  closeSessionsOf: checkNoMembers,
  startEnrolment: checkNoMembers,
  finishEnrolment: checkFinishEnrolment,
  decideEnrolment: checkDecideEnrolment,
  invitePerson: checkInvitePerson,
};

const queryChecks: Readonly<Record<PeopleOperationName, Check>> = {
  getSignIn: checkGetSignInQuery,
  startPasskeySignIn: checkNoMembers,
  finishPasskeySignIn: checkNoMembers,
  startOidcSignIn: checkNoMembers,
  finishOidcSignIn: checkNoMembers,
  startSetUp: checkNoMembers,
  finishSetUp: checkNoMembers,
  getSession: checkNoMembers,
  closeSession: checkNoMembers,
  startStepUp: checkNoMembers,
  finishStepUp: checkNoMembers,
  listSessions: checkNoMembers,
  closeSessions: checkNoMembers,
  closeSessionsOf: checkNoMembers,
  startEnrolment: checkNoMembers,
  finishEnrolment: checkNoMembers,
  listEnrolments: checkNoMembers,
  decideEnrolment: checkNoMembers,
  invitePerson: checkNoMembers,
  listPeople: checkNoMembers,
};

const paramsChecks: Readonly<Record<PeopleOperationName, Check>> = {
  getSignIn: checkNoMembers,
  startPasskeySignIn: checkNoMembers,
  finishPasskeySignIn: checkNoMembers,
  startOidcSignIn: checkNoMembers,
  finishOidcSignIn: checkNoMembers,
  startSetUp: checkNoMembers,
  finishSetUp: checkNoMembers,
  getSession: checkNoMembers,
  closeSession: checkNoMembers,
  startStepUp: checkNoMembers,
  finishStepUp: checkNoMembers,
  listSessions: checkNoMembers,
  closeSessions: checkNoMembers,
  closeSessionsOf: checkCloseSessionsOfParams,
  startEnrolment: checkNoMembers,
  finishEnrolment: checkNoMembers,
  listEnrolments: checkNoMembers,
  decideEnrolment: checkDecideEnrolmentParams,
  invitePerson: checkNoMembers,
  listPeople: checkNoMembers,
};
