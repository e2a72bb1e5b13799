// Made by tools/gen.ts from packages/evidence/src/event.ts. Do not edit: change that file and run `npm run gen`.

import { inKeyOrder, isObject, pointerStep, refuse, refuseStrangers, utf8Length, type Unchecked, type ShapeFault } from "../shape-fault.ts";
import type { Chain, Event, Kind } from "../event.ts";

/**
 * Where an event is not of its kind's shape; empty when it is. `kind-not-understood` is said of a kind or a version
 * this code does not know: such an event is neither good nor bad. Every fault is listed, with its JSON pointer; members
 * that are not known are faults. Never throws.
 */
export function checkEvent(value: unknown): readonly ShapeFault[] | "kind-not-understood" {
  const faults: ShapeFault[] = [];
  if (!isObject(value)) return refuse(value ?? null, "", "", "an object", faults), faults;
  const { type, v } = value;
  if (typeof type !== "string") return refuse(type, "", "/type", "the name of a kind of event", faults), faults;
  const groups = groupsOfKind.get(type);
  if (groups === undefined || (Number.isSafeInteger(v) && (v as number) > 1)) return "kind-not-understood";
  let seen = 0;
  for (const group of groups) seen += group.count(value, "", faults);
  if (Object.keys(value).length !== seen) {
    refuseStrangers(value, new Set(groups.flatMap((group) => group.names)), "", stranger, faults);
  }
  return faults;
}

/**
 * The canonical text (RFC 8785) of an event that {@link checkEvent} has accepted; nothing is checked again here, so of
 * an event it has not seen the text may be anything. Members that are undefined are left out.
 */
export function serializeEvent(event: Event): string {
  return JSON.stringify(orderOfKind.get(event.type)!(event));
}

/** Which chain the events of each kind continue, in the order of the kinds. */
export const chainOfKind: Readonly<Record<Kind, Chain>> = {
  "log.genesis": "control",
  "log.heartbeat": "control",
  "log.key.added": "control",
  "log.key.retired": "control",
  "log.key.revoked": "control",
  "log.epoch.opened": "control",
  "log.clock.jumped": "control",
  "log.closed": "control",
  "tenant.created": "control",
  "tenant.changed": "control",
  "agent.registered": "control",
  "agent.changed": "control",
  "credential.issued": "control",
  "credential.rotated": "control",
  "credential.revoked": "control",
  "person.added": "control",
  "person.removed": "control",
  "role.granted": "control",
  "role.revoked": "control",
  "approver.key.enrolled": "control",
  "approver.key.revoked": "control",
  "session.opened": "tenant",
  "session.closed": "tenant",
  "tenant.sealed": "control",
  "config.overridden": "control",
  "witness.policy.changed": "control",
  "backup.taken": "control",
  "backup.restored": "control",
  "run.started": "run",
  "run.scope.extended": "run",
  "run.suspended": "run",
  "run.closed": "run",
  "run.settled": "run",
  "run.abandoned": "run",
  "action.requested": "action",
  "policy.decided": "action",
  "policy.uploaded": "control",
  "policy.validated": "control",
  "policy.simulated": "control",
  "policy.publish.requested": "control",
  "policy.published": "control",
  "policy.activated": "tenant",
  "policy.rolled_back": "control",
  "policy.shadow.started": "control",
  "policy.shadow.stopped": "control",
  "policy.retired": "control",
  "approval.requested": "action",
  "approval.voted": "action",
  "approval.granted": "action",
  "approval.rejected": "action",
  "approval.expired": "action",
  "approval.revoked": "action",
  "approval.cancelled": "action",
  "approval.voided": "action",
  "approval.superseded": "action",
  "approval.revalidated": "action",
  "approval.consumed": "action",
  "breakglass.used": "action",
  "freeze.placed": "control",
  "freeze.lifted": "control",
  "dispatch.permitted": "action",
  "dispatch.queued": "action",
  "dispatch.started": "action",
  "dispatch.retried": "action",
  "dispatch.timed_out": "action",
  "dispatch.dead_lettered": "action",
  "dispatch.redriven": "action",
  "dispatch.cancelled": "action",
  "dispatch.succeeded": "action",
  "dispatch.failed": "action",
  "dispatch.unconfirmed": "action",
  "safety.checked": "action",
  "artifact.recorded": "action",
  "retention.rules.published": "control",
  "retention.pruned": "control",
  "hold.placed": "control",
  "hold.released": "control",
  "payload.redacted": "tenant",
  "erasure.requested": "control",
  "erasure.parked": "control",
  "subject.erased": "control",
  "pack.requested": "tenant",
  "pack.exported": "tenant",
  "pack.downloaded": "tenant",
  "evidence.accessed": "tenant",
  "integrity.checked": "tenant",
  "review.completed": "tenant",
  "incident.opened": "tenant",
  "incident.closed": "tenant",
  "drill.started": "tenant",
  "drill.completed": "tenant",
  "drill.missed": "tenant",
  "finding.opened": "tenant",
  "finding.closed": "tenant",
  "training.completed": "tenant",
  "anchor.recorded": "tenant",
  "policy.publish.answered": "control",
  "policy.acknowledged": "control",
  "person.changed": "tenant",
  "freeze.lift.asked": "tenant",
};

type Group = {
  readonly names: readonly string[];
  readonly count: (o: Unchecked, at: string, faults: ShapeFault[]) => number;
};

const stranger = "no member of this name";

const wordsType = "a string of 1 to 64 UTF-16 code units, matching ^[a-z][a-z_]*(\\.[a-z_]+)+$";
const pattern = /^[a-z][a-z_]*(\.[a-z_]+)+$/u;
const isType = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 64 && pattern.test(m);
const wordsV = "1";
const isV = (m: unknown): boolean => m === 1;
const wordsEventId = "a string of at most 30 UTF-16 code units, matching ^evt_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern2 = /^evt_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isEventId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern2.test(m);
const wordsTenantId = "a string of at most 63 UTF-16 code units, matching ^[a-z0-9][a-z0-9-]{0,62}$";
const pattern3 = /^[a-z0-9][a-z0-9-]{0,62}$/u;
const isTenantId = (m: unknown): boolean => typeof m === "string" && m.length <= 63 && pattern3.test(m);
const wordsTimestamp = "a string of at most 24 UTF-16 code units, matching ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$";
const pattern4 = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/u;
const isTimestamp = (m: unknown): boolean => typeof m === "string" && m.length <= 24 && pattern4.test(m);
const wordsSource = "one of \"observed\", \"reported\", \"derived\"";
const isSource = (m: unknown): boolean => m === "observed" || m === "reported" || m === "derived";
const wordsObject = "an object";
const membersOfActor = new Set<string>(["type","id","credential","session"]);
const wordsType2 = "one of \"agent\", \"executor\", \"person\", \"operator\", \"system\"";
const literalsType = new Set<unknown>(["agent","executor","person","operator","system"]);
const isType2 = (m: unknown): boolean => literalsType.has(m);
const wordsName = "a string of at most 128 UTF-16 code units, matching ^[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,127}$";
const pattern5 = /^[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,127}$/u;
const isName = (m: unknown): boolean => typeof m === "string" && m.length <= 128 && pattern5.test(m);
const wordsCredentialId = "a string of at most 30 UTF-16 code units, matching ^key_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern6 = /^key_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isCredentialId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern6.test(m);
const wordsSessionId = "a string of at most 30 UTF-16 code units, matching ^ses_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern7 = /^ses_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isSessionId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern7.test(m);
function checkActor(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isType2(m = o.type) ? 1 : refuse(m, at, "/type", wordsType2, faults);
  seen += isName(m = o.id) ? 1 : refuse(m, at, "/id", wordsName, faults);
  if ((m = o.credential) !== undefined) seen += isCredentialId(m) ? 1 : refuse(m, at, "/credential", wordsCredentialId, faults);
  if ((m = o.session) !== undefined) seen += isSessionId(m) ? 1 : refuse(m, at, "/session", wordsSessionId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfActor, at, stranger, faults);
}
const wordsLabels = "an object of at most 16 members";
const pattern8 = /^[a-z][a-z0-9_.-]{0,39}$/u;
const wordsLabels2 = "a string of 1 to 128 UTF-16 code units, matching ^[^\\u0000-\\u001f\\u007f-\\u009f]+$";
const pattern9 = /^[^\u0000-\u001f\u007f-\u009f]+$/u;
const isLabelsItem = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 128 && pattern9.test(m) && m.isWellFormed();
function checkLabels(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(m)) return void refuse(m, at, "", wordsLabels, faults);
  const names = Object.keys(m);
  if (names.length > 16) return void refuse(m, at, "", wordsLabels, faults);
  for (const name of names) {
    if (!pattern8.test(name)) faults.push({ pointer: at + pointerStep(name), expected: "a member name matching ^[a-z][a-z0-9_.-]{0,39}$", wrong: "unknown" });
    else if (!isLabelsItem(m[name])) refuse(m[name] ?? null, at, pointerStep(name), wordsLabels2, faults);
  }
}
const wordsCommit = "an object of at most 32 members";
const pattern10 = /^(\/[A-Za-z0-9_.~-]{1,48}){1,4}$/u;
const wordsCommitment = "a string of at most 43 UTF-16 code units, matching ^[A-Za-z0-9_-]{43}$";
const pattern11 = /^[A-Za-z0-9_-]{43}$/u;
const isCommitment = (m: unknown): boolean => typeof m === "string" && m.length <= 43 && pattern11.test(m);
function checkCommit(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(m)) return void refuse(m, at, "", wordsCommit, faults);
  const names = Object.keys(m);
  if (names.length > 32) return void refuse(m, at, "", wordsCommit, faults);
  for (const name of names) {
    if (!pattern10.test(name)) faults.push({ pointer: at + pointerStep(name), expected: "a member name matching ^(/[A-Za-z0-9_.~-]{1,48}){1,4}$", wrong: "unknown" });
    else if (!isCommitment(m[name])) refuse(m[name] ?? null, at, pointerStep(name), wordsCommitment, faults);
  }
}
const wordsTraceparent = "a string of at most 55 UTF-16 code units, matching ^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$";
const pattern12 = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/u;
const isTraceparent = (m: unknown): boolean => typeof m === "string" && m.length <= 55 && pattern12.test(m);
const membersOfIntegrity = new Set<string>(["v","alg","log","index","prev_hash","run_seq","run_prev","ctl_seq","ctl_head"]);
const wordsAlg = "\"sha256-rfc6962\"";
const isAlg = (m: unknown): boolean => m === "sha256-rfc6962";
const wordsOrigin = "a string of at most 203 UTF-16 code units, matching ^[a-z0-9][a-z0-9.:-]{0,127}/[a-z0-9][a-z0-9-]{0,62}/[0-9]{1,9}$";
const pattern13 = /^[a-z0-9][a-z0-9.:-]{0,127}\/[a-z0-9][a-z0-9-]{0,62}\/[0-9]{1,9}$/u;
const isOrigin = (m: unknown): boolean => typeof m === "string" && m.length <= 203 && pattern13.test(m);
const wordsIndex = "an integer from 0 to 9007199254740991";
const isIndex = (m: unknown): boolean => typeof m === "number" && Number.isSafeInteger(m) && m >= 0 && m <= 9007199254740991 && !Object.is(m, -0);
const wordsHashHex = "a string of at most 64 UTF-16 code units, matching ^[0-9a-f]{64}$";
const pattern14 = /^[0-9a-f]{64}$/u;
const isHashHex = (m: unknown): boolean => typeof m === "string" && m.length <= 64 && pattern14.test(m);
function checkIntegrity(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isV(m = o.v) ? 1 : refuse(m, at, "/v", wordsV, faults);
  seen += isAlg(m = o.alg) ? 1 : refuse(m, at, "/alg", wordsAlg, faults);
  seen += isOrigin(m = o.log) ? 1 : refuse(m, at, "/log", wordsOrigin, faults);
  seen += isIndex(m = o.index) ? 1 : refuse(m, at, "/index", wordsIndex, faults);
  seen += isHashHex(m = o.prev_hash) ? 1 : refuse(m, at, "/prev_hash", wordsHashHex, faults);
  if ((m = o.run_seq) !== undefined) seen += isIndex(m) ? 1 : refuse(m, at, "/run_seq", wordsIndex, faults);
  if ((m = o.run_prev) !== undefined) seen += isHashHex(m) ? 1 : refuse(m, at, "/run_prev", wordsHashHex, faults);
  seen += isIndex(m = o.ctl_seq) ? 1 : refuse(m, at, "/ctl_seq", wordsIndex, faults);
  seen += isHashHex(m = o.ctl_head) ? 1 : refuse(m, at, "/ctl_head", wordsHashHex, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfIntegrity, at, stranger, faults);
}
function countOfEnvelope(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  seen += isType(m = o.type) ? 1 : refuse(m, at, "/type", wordsType, faults);
  seen += isV(m = o.v) ? 1 : refuse(m, at, "/v", wordsV, faults);
  seen += isEventId(m = o.event_id) ? 1 : refuse(m, at, "/event_id", wordsEventId, faults);
  seen += isTenantId(m = o.tenant) ? 1 : refuse(m, at, "/tenant", wordsTenantId, faults);
  seen += isTimestamp(m = o.ts) ? 1 : refuse(m, at, "/ts", wordsTimestamp, faults);
  seen += isSource(m = o.source) ? 1 : refuse(m, at, "/source", wordsSource, faults);
  if ((m = o.actor) === undefined) refuse(m, at, "/actor", wordsObject, faults); else seen++, checkActor(m, at + "/actor", faults);
  if ((m = o.cause) !== undefined) seen += isEventId(m) ? 1 : refuse(m, at, "/cause", wordsEventId, faults);
  if ((m = o.labels) !== undefined) seen++, checkLabels(m, at + "/labels", faults);
  if ((m = o.refs) !== undefined) seen++, checkLabels(m, at + "/refs", faults);
  if ((m = o.commit) !== undefined) seen++, checkCommit(m, at + "/commit", faults);
  if ((m = o.traceparent) !== undefined) seen += isTraceparent(m) ? 1 : refuse(m, at, "/traceparent", wordsTraceparent, faults);
  if ((m = o.integrity) === undefined) refuse(m, at, "/integrity", wordsObject, faults); else seen++, checkIntegrity(m, at + "/integrity", faults);
  return seen;
}
const membersOfGenesis = new Set<string>(["origin","epoch","spec","keys","previous"]);
const wordsSpec = "\"countersign/1\"";
const isSpec = (m: unknown): boolean => m === "countersign/1";
const wordsKeys = "a list of at most 8 items";
const membersOfKeysItem = new Set<string>(["kid","purpose","alg","x","vkey"]);
const wordsKid = "a string of at most 255 UTF-16 code units, matching ^[A-Za-z0-9_.:@/+=-]{1,255}$";
const pattern15 = /^[A-Za-z0-9_.:@/+=-]{1,255}$/u;
const isKid = (m: unknown): boolean => typeof m === "string" && m.length <= 255 && pattern15.test(m);
const wordsPurpose = "one of \"checkpoint\", \"permit\", \"cosignature\", \"seal\", \"approver\", \"policy\"";
const literalsPurpose = new Set<unknown>(["checkpoint","permit","cosignature","seal","approver","policy"]);
const isPurpose = (m: unknown): boolean => literalsPurpose.has(m);
const wordsAlg2 = "one of \"ed25519\", \"es256\", \"aes-256-gcm\"";
const isAlg2 = (m: unknown): boolean => m === "ed25519" || m === "es256" || m === "aes-256-gcm";
const wordsX = "a string of at most 256 UTF-16 code units, matching ^[A-Za-z0-9_-]+$";
const pattern16 = /^[A-Za-z0-9_-]+$/u;
const isX = (m: unknown): boolean => typeof m === "string" && m.length <= 256 && pattern16.test(m);
const wordsVerifierKey = "a string of at most 348 UTF-16 code units, matching ^[!-*,-~]{1,203}\\+[0-9a-f]{8}\\+[A-Za-z0-9+/=]{1,128}$";
const pattern17 = /^[!-*,-~]{1,203}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{1,128}$/u;
const isVerifierKey = (m: unknown): boolean => typeof m === "string" && m.length <= 348 && pattern17.test(m);
function checkKeysItem(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isKid(m = o.kid) ? 1 : refuse(m, at, "/kid", wordsKid, faults);
  seen += isPurpose(m = o.purpose) ? 1 : refuse(m, at, "/purpose", wordsPurpose, faults);
  seen += isAlg2(m = o.alg) ? 1 : refuse(m, at, "/alg", wordsAlg2, faults);
  if ((m = o.x) !== undefined) seen += isX(m) ? 1 : refuse(m, at, "/x", wordsX, faults);
  if ((m = o.vkey) !== undefined) seen += isVerifierKey(m) ? 1 : refuse(m, at, "/vkey", wordsVerifierKey, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfKeysItem, at, stranger, faults);
}
function checkKeys(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 8) return void refuse(m, at, "", wordsKeys, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) checkKeysItem(list[i], at + `/${i}`, faults);
}
const membersOfPrevious = new Set<string>(["origin","size","root"]);
function checkPrevious(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isOrigin(m = o.origin) ? 1 : refuse(m, at, "/origin", wordsOrigin, faults);
  seen += isIndex(m = o.size) ? 1 : refuse(m, at, "/size", wordsIndex, faults);
  seen += isHashHex(m = o.root) ? 1 : refuse(m, at, "/root", wordsHashHex, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfPrevious, at, stranger, faults);
}
function checkGenesis(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isOrigin(m = o.origin) ? 1 : refuse(m, at, "/origin", wordsOrigin, faults);
  seen += isIndex(m = o.epoch) ? 1 : refuse(m, at, "/epoch", wordsIndex, faults);
  seen += isSpec(m = o.spec) ? 1 : refuse(m, at, "/spec", wordsSpec, faults);
  if ((m = o.keys) === undefined) refuse(m, at, "/keys", wordsKeys, faults); else seen++, checkKeys(m, at + "/keys", faults);
  if ((m = o.previous) !== undefined) seen++, checkPrevious(m, at + "/previous", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfGenesis, at, stranger, faults);
}
function countOfLogGenesis(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.genesis) === undefined) refuse(m, at, "/genesis", wordsObject, faults); else seen++, checkGenesis(m, at + "/genesis", faults);
  return seen;
}
const membersOfHeartbeat = new Set<string>(["idle_since"]);
function checkHeartbeat(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isTimestamp(m = o.idle_since) ? 1 : refuse(m, at, "/idle_since", wordsTimestamp, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfHeartbeat, at, stranger, faults);
}
function countOfLogHeartbeat(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.heartbeat) === undefined) refuse(m, at, "/heartbeat", wordsObject, faults); else seen++, checkHeartbeat(m, at + "/heartbeat", faults);
  return seen;
}
function countOfKey(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.key) === undefined) refuse(m, at, "/key", wordsObject, faults); else seen++, checkKeysItem(m, at + "/key", faults);
  return seen;
}
const membersOfReason = new Set<string>(["code","note_committed"]);
const wordsReasonCode = "a string of at most 64 UTF-16 code units, matching ^[A-Z][A-Z0-9_]{0,63}$";
const pattern18 = /^[A-Z][A-Z0-9_]{0,63}$/u;
const isReasonCode = (m: unknown): boolean => typeof m === "string" && m.length <= 64 && pattern18.test(m);
const wordsNoteCommitted = "true or false";
const isNoteCommitted = (m: unknown): boolean => typeof m === "boolean";
function checkReason(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isReasonCode(m = o.code) ? 1 : refuse(m, at, "/code", wordsReasonCode, faults);
  if ((m = o.note_committed) !== undefined) seen += isNoteCommitted(m) ? 1 : refuse(m, at, "/note_committed", wordsNoteCommitted, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfReason, at, stranger, faults);
}
function countOfReason(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.reason) === undefined) refuse(m, at, "/reason", wordsObject, faults); else seen++, checkReason(m, at + "/reason", faults);
  return seen;
}
function countOfCompromisedSince(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.compromised_since) !== undefined) seen += isTimestamp(m) ? 1 : refuse(m, at, "/compromised_since", wordsTimestamp, faults);
  return seen;
}
function countOfLogKeyRevoked(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.last_trusted_size) !== undefined) seen += isIndex(m) ? 1 : refuse(m, at, "/last_trusted_size", wordsIndex, faults);
  return seen;
}
const membersOfEpoch = new Set<string>(["origin","epoch","previous"]);
function checkEpoch(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isOrigin(m = o.origin) ? 1 : refuse(m, at, "/origin", wordsOrigin, faults);
  seen += isIndex(m = o.epoch) ? 1 : refuse(m, at, "/epoch", wordsIndex, faults);
  if ((m = o.previous) === undefined) refuse(m, at, "/previous", wordsObject, faults); else seen++, checkPrevious(m, at + "/previous", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfEpoch, at, stranger, faults);
}
function countOfLogEpochOpened(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.epoch) === undefined) refuse(m, at, "/epoch", wordsObject, faults); else seen++, checkEpoch(m, at + "/epoch", faults);
  return seen;
}
const membersOfClock = new Set<string>(["head","node","direction"]);
const wordsDirection = "one of \"back\", \"ahead\"";
const isDirection = (m: unknown): boolean => m === "back" || m === "ahead";
function checkClock(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isTimestamp(m = o.head) ? 1 : refuse(m, at, "/head", wordsTimestamp, faults);
  seen += isTimestamp(m = o.node) ? 1 : refuse(m, at, "/node", wordsTimestamp, faults);
  seen += isDirection(m = o.direction) ? 1 : refuse(m, at, "/direction", wordsDirection, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfClock, at, stranger, faults);
}
function countOfLogClockJumped(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.clock) === undefined) refuse(m, at, "/clock", wordsObject, faults); else seen++, checkClock(m, at + "/clock", faults);
  return seen;
}
const membersOfClosed = new Set<string>(["size"]);
function checkClosed(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isIndex(m = o.size) ? 1 : refuse(m, at, "/size", wordsIndex, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfClosed, at, stranger, faults);
}
function countOfLogClosed(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.closed) === undefined) refuse(m, at, "/closed", wordsObject, faults); else seen++, checkClosed(m, at + "/closed", faults);
  return seen;
}
const membersOfCreated = new Set<string>(["kind","origin_host","display_name"]);
const wordsKind = "one of \"evaluation\", \"production\"";
const isKind = (m: unknown): boolean => m === "evaluation" || m === "production";
function checkCreated(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isKind(m = o.kind) ? 1 : refuse(m, at, "/kind", wordsKind, faults);
  seen += isLabelsItem(m = o.origin_host) ? 1 : refuse(m, at, "/origin_host", wordsLabels2, faults);
  if ((m = o.display_name) !== undefined) seen += isLabelsItem(m) ? 1 : refuse(m, at, "/display_name", wordsLabels2, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfCreated, at, stranger, faults);
}
function countOfTenantCreated(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.created) === undefined) refuse(m, at, "/created", wordsObject, faults); else seen++, checkCreated(m, at + "/created", faults);
  return seen;
}
const membersOfChanged = new Set<string>(["kind","display_name","observing"]);
function checkChanged(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.kind) !== undefined) seen += isKind(m) ? 1 : refuse(m, at, "/kind", wordsKind, faults);
  if ((m = o.display_name) !== undefined) seen += isLabelsItem(m) ? 1 : refuse(m, at, "/display_name", wordsLabels2, faults);
  if ((m = o.observing) !== undefined) seen += isNoteCommitted(m) ? 1 : refuse(m, at, "/observing", wordsNoteCommitted, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfChanged, at, stranger, faults);
}
function countOfTenantChanged(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.changed) === undefined) refuse(m, at, "/changed", wordsObject, faults); else seen++, checkChanged(m, at + "/changed", faults);
  return seen;
}
const membersOfAgent = new Set<string>(["id","ceiling","owner","accountable","purpose","environments","may_execute"]);
const wordsCeiling = "a list of at most 64 items";
const wordsCapability = "a string of at most 128 UTF-16 code units, matching ^[a-z][a-z0-9_]*(\\.[a-z0-9_]+)*$";
const pattern19 = /^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$/u;
const isCapability = (m: unknown): boolean => typeof m === "string" && m.length <= 128 && pattern19.test(m);
function checkCeiling(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 64) return void refuse(m, at, "", wordsCeiling, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isCapability(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsCapability, faults);
}
const wordsPersonId = "a string of at most 30 UTF-16 code units, matching ^usr_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern20 = /^usr_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isPersonId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern20.test(m);
const wordsPurpose2 = "a string of 1 to 512 UTF-16 code units, matching ^[^\\u0000-\\u001f\\u007f-\\u009f]+$";
const isPurpose2 = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 512 && pattern9.test(m) && m.isWellFormed();
const wordsEnvironments = "a list of at most 16 items";
const wordsEnvironments2 = "a string of 1 to 64 UTF-16 code units, matching ^[^\\u0000-\\u001f\\u007f-\\u009f]+$";
const isEnvironmentsItem = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 64 && pattern9.test(m) && m.isWellFormed();
function checkEnvironments(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 16) return void refuse(m, at, "", wordsEnvironments, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isEnvironmentsItem(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsEnvironments2, faults);
}
function checkAgent(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isName(m = o.id) ? 1 : refuse(m, at, "/id", wordsName, faults);
  if ((m = o.ceiling) === undefined) refuse(m, at, "/ceiling", wordsCeiling, faults); else seen++, checkCeiling(m, at + "/ceiling", faults);
  if ((m = o.owner) !== undefined) seen += isPersonId(m) ? 1 : refuse(m, at, "/owner", wordsPersonId, faults);
  if ((m = o.accountable) !== undefined) seen += isPersonId(m) ? 1 : refuse(m, at, "/accountable", wordsPersonId, faults);
  if ((m = o.purpose) !== undefined) seen += isPurpose2(m) ? 1 : refuse(m, at, "/purpose", wordsPurpose2, faults);
  if ((m = o.environments) !== undefined) seen++, checkEnvironments(m, at + "/environments", faults);
  seen += isNoteCommitted(m = o.may_execute) ? 1 : refuse(m, at, "/may_execute", wordsNoteCommitted, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfAgent, at, stranger, faults);
}
function countOfAgentRegistered(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.agent) === undefined) refuse(m, at, "/agent", wordsObject, faults); else seen++, checkAgent(m, at + "/agent", faults);
  return seen;
}
function countOfBootstrap(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.bootstrap) !== undefined) seen += isNoteCommitted(m) ? 1 : refuse(m, at, "/bootstrap", wordsNoteCommitted, faults);
  return seen;
}
const membersOfAgent2 = new Set<string>(["id","ceiling","owner","accountable","purpose","environments","may_execute","retired"]);
function checkAgent2(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isName(m = o.id) ? 1 : refuse(m, at, "/id", wordsName, faults);
  if ((m = o.ceiling) === undefined) refuse(m, at, "/ceiling", wordsCeiling, faults); else seen++, checkCeiling(m, at + "/ceiling", faults);
  if ((m = o.owner) !== undefined) seen += isPersonId(m) ? 1 : refuse(m, at, "/owner", wordsPersonId, faults);
  if ((m = o.accountable) !== undefined) seen += isPersonId(m) ? 1 : refuse(m, at, "/accountable", wordsPersonId, faults);
  if ((m = o.purpose) !== undefined) seen += isPurpose2(m) ? 1 : refuse(m, at, "/purpose", wordsPurpose2, faults);
  if ((m = o.environments) !== undefined) seen++, checkEnvironments(m, at + "/environments", faults);
  seen += isNoteCommitted(m = o.may_execute) ? 1 : refuse(m, at, "/may_execute", wordsNoteCommitted, faults);
  if ((m = o.retired) !== undefined) seen += isNoteCommitted(m) ? 1 : refuse(m, at, "/retired", wordsNoteCommitted, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfAgent2, at, stranger, faults);
}
function countOfAgentChanged(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.agent) === undefined) refuse(m, at, "/agent", wordsObject, faults); else seen++, checkAgent2(m, at + "/agent", faults);
  return seen;
}
const membersOfCredential = new Set<string>(["id","role","holder","expires_at","scope","secret_digest"]);
const wordsRole = "one of \"agent\", \"executor\", \"approver\", \"auditor\", \"policy-admin\", \"records\", \"operator\", \"admin\"";
const literalsRole = new Set<unknown>(["agent","executor","approver","auditor","policy-admin","records","operator","admin"]);
const isRole = (m: unknown): boolean => literalsRole.has(m);
const membersOfHolder = new Set<string>(["kind","id"]);
const wordsKind2 = "one of \"agent\", \"executor\", \"person\", \"service\"";
const isKind2 = (m: unknown): boolean => m === "agent" || m === "executor" || m === "person" || m === "service";
function checkHolder(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isKind2(m = o.kind) ? 1 : refuse(m, at, "/kind", wordsKind2, faults);
  seen += isName(m = o.id) ? 1 : refuse(m, at, "/id", wordsName, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfHolder, at, stranger, faults);
}
function checkObligations(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 16) return void refuse(m, at, "", wordsEnvironments, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isLabelsItem(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsLabels2, faults);
}
const wordsDigestText = "a string of at most 71 UTF-16 code units, matching ^sha256:[0-9a-f]{64}$";
const pattern21 = /^sha256:[0-9a-f]{64}$/u;
const isDigestText = (m: unknown): boolean => typeof m === "string" && m.length <= 71 && pattern21.test(m);
function checkCredential(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isCredentialId(m = o.id) ? 1 : refuse(m, at, "/id", wordsCredentialId, faults);
  seen += isRole(m = o.role) ? 1 : refuse(m, at, "/role", wordsRole, faults);
  if ((m = o.holder) === undefined) refuse(m, at, "/holder", wordsObject, faults); else seen++, checkHolder(m, at + "/holder", faults);
  if ((m = o.expires_at) !== undefined) seen += isTimestamp(m) ? 1 : refuse(m, at, "/expires_at", wordsTimestamp, faults);
  if ((m = o.scope) !== undefined) seen++, checkObligations(m, at + "/scope", faults);
  if ((m = o.secret_digest) !== undefined) seen += isDigestText(m) ? 1 : refuse(m, at, "/secret_digest", wordsDigestText, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfCredential, at, stranger, faults);
}
function countOfCredentialIssued(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.credential) === undefined) refuse(m, at, "/credential", wordsObject, faults); else seen++, checkCredential(m, at + "/credential", faults);
  return seen;
}
const membersOfCredential2 = new Set<string>(["id","replaces","expires_at","secret_digest"]);
function checkCredential2(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isCredentialId(m = o.id) ? 1 : refuse(m, at, "/id", wordsCredentialId, faults);
  seen += isCredentialId(m = o.replaces) ? 1 : refuse(m, at, "/replaces", wordsCredentialId, faults);
  if ((m = o.expires_at) !== undefined) seen += isTimestamp(m) ? 1 : refuse(m, at, "/expires_at", wordsTimestamp, faults);
  if ((m = o.secret_digest) !== undefined) seen += isDigestText(m) ? 1 : refuse(m, at, "/secret_digest", wordsDigestText, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfCredential2, at, stranger, faults);
}
function countOfCredentialRotated(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.credential) === undefined) refuse(m, at, "/credential", wordsObject, faults); else seen++, checkCredential2(m, at + "/credential", faults);
  return seen;
}
const membersOfCredential3 = new Set<string>(["id"]);
function checkCredential3(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isCredentialId(m = o.id) ? 1 : refuse(m, at, "/id", wordsCredentialId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfCredential3, at, stranger, faults);
}
function countOfCredentialRevoked(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.credential) === undefined) refuse(m, at, "/credential", wordsObject, faults); else seen++, checkCredential3(m, at + "/credential", faults);
  return seen;
}
const membersOfPerson = new Set<string>(["alias"]);
function checkPerson(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isPersonId(m = o.alias) ? 1 : refuse(m, at, "/alias", wordsPersonId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfPerson, at, stranger, faults);
}
function countOfPerson(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.person) === undefined) refuse(m, at, "/person", wordsObject, faults); else seen++, checkPerson(m, at + "/person", faults);
  return seen;
}
const membersOfGrant = new Set<string>(["person","role","kind"]);
const wordsRole2 = "one of \"agent\", \"executor\", \"approver\", \"auditor\", \"policy-admin\", \"records\", \"operator\", \"admin\", or a string of at most 64 UTF-16 code units, matching ^[a-z][a-z0-9_.-]{0,63}$";
const pattern22 = /^[a-z][a-z0-9_.-]{0,63}$/u;
const isApproverRole = (m: unknown): boolean => typeof m === "string" && m.length <= 64 && pattern22.test(m);
const isRole2 = (m: unknown): boolean => isRole(m) || isApproverRole(m);
const wordsKind3 = "one of \"role\", \"approver_role\"";
const isKind3 = (m: unknown): boolean => m === "role" || m === "approver_role";
function checkGrant(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isPersonId(m = o.person) ? 1 : refuse(m, at, "/person", wordsPersonId, faults);
  seen += isRole2(m = o.role) ? 1 : refuse(m, at, "/role", wordsRole2, faults);
  seen += isKind3(m = o.kind) ? 1 : refuse(m, at, "/kind", wordsKind3, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfGrant, at, stranger, faults);
}
function countOfGrant(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.grant) === undefined) refuse(m, at, "/grant", wordsObject, faults); else seen++, checkGrant(m, at + "/grant", faults);
  return seen;
}
const membersOfEnrolment = new Set<string>(["person","key","method","rp_id","approved_by"]);
const wordsMethod = "one of \"ed25519\", \"ssh\", \"webauthn\"";
const isMethod = (m: unknown): boolean => m === "ed25519" || m === "ssh" || m === "webauthn";
const wordsRpId = "a string of 1 to 253 UTF-16 code units, matching ^[^\\u0000-\\u001f\\u007f-\\u009f]+$";
const isRpId = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 253 && pattern9.test(m) && m.isWellFormed();
function checkEnrolment(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isPersonId(m = o.person) ? 1 : refuse(m, at, "/person", wordsPersonId, faults);
  if ((m = o.key) === undefined) refuse(m, at, "/key", wordsObject, faults); else seen++, checkKeysItem(m, at + "/key", faults);
  seen += isMethod(m = o.method) ? 1 : refuse(m, at, "/method", wordsMethod, faults);
  if ((m = o.rp_id) !== undefined) seen += isRpId(m) ? 1 : refuse(m, at, "/rp_id", wordsRpId, faults);
  if ((m = o.approved_by) !== undefined) seen += isPersonId(m) ? 1 : refuse(m, at, "/approved_by", wordsPersonId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfEnrolment, at, stranger, faults);
}
function countOfApproverKeyEnrolled(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.enrolment) === undefined) refuse(m, at, "/enrolment", wordsObject, faults); else seen++, checkEnrolment(m, at + "/enrolment", faults);
  return seen;
}
const membersOfEnrolment2 = new Set<string>(["person","kid"]);
function checkEnrolment2(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isPersonId(m = o.person) ? 1 : refuse(m, at, "/person", wordsPersonId, faults);
  seen += isKid(m = o.kid) ? 1 : refuse(m, at, "/kid", wordsKid, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfEnrolment2, at, stranger, faults);
}
function countOfApproverKeyRevoked(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.enrolment) === undefined) refuse(m, at, "/enrolment", wordsObject, faults); else seen++, checkEnrolment2(m, at + "/enrolment", faults);
  return seen;
}
const membersOfSession = new Set<string>(["id","person","method","expires_at","proof"]);
const wordsMethod2 = "one of \"oidc\", \"passkey\", \"link\"";
const isMethod2 = (m: unknown): boolean => m === "oidc" || m === "passkey" || m === "link";
function checkSession(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isSessionId(m = o.id) ? 1 : refuse(m, at, "/id", wordsSessionId, faults);
  seen += isPersonId(m = o.person) ? 1 : refuse(m, at, "/person", wordsPersonId, faults);
  seen += isMethod2(m = o.method) ? 1 : refuse(m, at, "/method", wordsMethod2, faults);
  seen += isTimestamp(m = o.expires_at) ? 1 : refuse(m, at, "/expires_at", wordsTimestamp, faults);
  if ((m = o.proof) !== undefined) seen += isDigestText(m) ? 1 : refuse(m, at, "/proof", wordsDigestText, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfSession, at, stranger, faults);
}
function countOfSessionOpened(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.session) === undefined) refuse(m, at, "/session", wordsObject, faults); else seen++, checkSession(m, at + "/session", faults);
  return seen;
}
const membersOfSession2 = new Set<string>(["id","person"]);
function checkSession2(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isSessionId(m = o.id) ? 1 : refuse(m, at, "/id", wordsSessionId, faults);
  seen += isPersonId(m = o.person) ? 1 : refuse(m, at, "/person", wordsPersonId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfSession2, at, stranger, faults);
}
function countOfSessionClosed(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.session) === undefined) refuse(m, at, "/session", wordsObject, faults); else seen++, checkSession2(m, at + "/session", faults);
  return seen;
}
const membersOfSealed = new Set<string>(["people","bootstrap_acts"]);
function checkSealed(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isIndex(m = o.people) ? 1 : refuse(m, at, "/people", wordsIndex, faults);
  seen += isIndex(m = o.bootstrap_acts) ? 1 : refuse(m, at, "/bootstrap_acts", wordsIndex, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfSealed, at, stranger, faults);
}
function countOfTenantSealed(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.sealed) === undefined) refuse(m, at, "/sealed", wordsObject, faults); else seen++, checkSealed(m, at + "/sealed", faults);
  return seen;
}
const membersOfOverride = new Set<string>(["setting","value"]);
const wordsValue = "a string of 1 to 256 UTF-16 code units, matching ^[^\\u0000-\\u001f\\u007f-\\u009f]+$";
const isValue = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 256 && pattern9.test(m) && m.isWellFormed();
function checkOverride(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isLabelsItem(m = o.setting) ? 1 : refuse(m, at, "/setting", wordsLabels2, faults);
  seen += isValue(m = o.value) ? 1 : refuse(m, at, "/value", wordsValue, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfOverride, at, stranger, faults);
}
function countOfConfigOverridden(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.override) === undefined) refuse(m, at, "/override", wordsObject, faults); else seen++, checkOverride(m, at + "/override", faults);
  return seen;
}
const membersOfWitnessPolicy = new Set<string>(["text","digest"]);
const wordsText = "a string of 1 to 8192 UTF-16 code units, matching ^[^\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f]+$";
const pattern23 = /^[^\u0000-\u0009\u000b-\u001f\u007f-\u009f]+$/u;
const isText = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 8192 && pattern23.test(m) && m.isWellFormed();
function checkWitnessPolicy(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isText(m = o.text) ? 1 : refuse(m, at, "/text", wordsText, faults);
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfWitnessPolicy, at, stranger, faults);
}
function countOfWitnessPolicyChanged(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.witness_policy) === undefined) refuse(m, at, "/witness_policy", wordsObject, faults); else seen++, checkWitnessPolicy(m, at + "/witness_policy", faults);
  return seen;
}
const membersOfBackup = new Set<string>(["digest","checkpoint","size_bytes"]);
function checkBackup(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  if ((m = o.checkpoint) === undefined) refuse(m, at, "/checkpoint", wordsObject, faults); else seen++, checkPrevious(m, at + "/checkpoint", faults);
  seen += isIndex(m = o.size_bytes) ? 1 : refuse(m, at, "/size_bytes", wordsIndex, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfBackup, at, stranger, faults);
}
function countOfBackupTaken(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.backup) === undefined) refuse(m, at, "/backup", wordsObject, faults); else seen++, checkBackup(m, at + "/backup", faults);
  return seen;
}
const membersOfBackup2 = new Set<string>(["digest","checkpoint"]);
function checkBackup2(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  if ((m = o.checkpoint) === undefined) refuse(m, at, "/checkpoint", wordsObject, faults); else seen++, checkPrevious(m, at + "/checkpoint", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfBackup2, at, stranger, faults);
}
function countOfBackupRestored(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.backup) === undefined) refuse(m, at, "/backup", wordsObject, faults); else seen++, checkBackup2(m, at + "/backup", faults);
  return seen;
}
const wordsRunId = "a string of at most 30 UTF-16 code units, matching ^run_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern24 = /^run_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isRunId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern24.test(m);
const membersOfInitiator = new Set<string>(["agent","version","framework","framework_version","model","on_behalf_of"]);
function checkInitiator(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isName(m = o.agent) ? 1 : refuse(m, at, "/agent", wordsName, faults);
  if ((m = o.version) !== undefined) seen += isEnvironmentsItem(m) ? 1 : refuse(m, at, "/version", wordsEnvironments2, faults);
  if ((m = o.framework) !== undefined) seen += isEnvironmentsItem(m) ? 1 : refuse(m, at, "/framework", wordsEnvironments2, faults);
  if ((m = o.framework_version) !== undefined) seen += isEnvironmentsItem(m) ? 1 : refuse(m, at, "/framework_version", wordsEnvironments2, faults);
  if ((m = o.model) !== undefined) seen += isLabelsItem(m) ? 1 : refuse(m, at, "/model", wordsLabels2, faults);
  if ((m = o.on_behalf_of) !== undefined) seen += isPersonId(m) ? 1 : refuse(m, at, "/on_behalf_of", wordsPersonId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfInitiator, at, stranger, faults);
}
function countOfRunIdInitiator(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  seen += isRunId(m = o.run_id) ? 1 : refuse(m, at, "/run_id", wordsRunId, faults);
  if ((m = o.initiator) === undefined) refuse(m, at, "/initiator", wordsObject, faults); else seen++, checkInitiator(m, at + "/initiator", faults);
  return seen;
}
const membersOfRun = new Set<string>(["scope","ceiling_event","delegated_by","parent_run","expected_end"]);
const membersOfScope = new Set<string>(["capabilities","tools","resources","data_classes","budgets","expires_at"]);
function checkTools(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 64) return void refuse(m, at, "", wordsCeiling, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isName(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsName, faults);
}
const membersOfResourcesItem = new Set<string>(["system","pattern","environment"]);
function checkResourcesItem(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.system) !== undefined) seen += isLabelsItem(m) ? 1 : refuse(m, at, "/system", wordsLabels2, faults);
  seen += isValue(m = o.pattern) ? 1 : refuse(m, at, "/pattern", wordsValue, faults);
  if ((m = o.environment) !== undefined) seen += isEnvironmentsItem(m) ? 1 : refuse(m, at, "/environment", wordsEnvironments2, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfResourcesItem, at, stranger, faults);
}
function checkResources(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 16) return void refuse(m, at, "", wordsEnvironments, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) checkResourcesItem(list[i], at + `/${i}`, faults);
}
const wordsDataClasses = "a list of at most 4 items";
const wordsDataClasses2 = "one of \"public\", \"internal\", \"personal\", \"secret\"";
const isDataClassesItem = (m: unknown): boolean => m === "public" || m === "internal" || m === "personal" || m === "secret";
function checkDataClasses(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 4) return void refuse(m, at, "", wordsDataClasses, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isDataClassesItem(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsDataClasses2, faults);
}
const membersOfBudgets = new Set<string>(["actions","cents","bytes","wall_ms"]);
function checkBudgets(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.actions) !== undefined) seen += isIndex(m) ? 1 : refuse(m, at, "/actions", wordsIndex, faults);
  if ((m = o.cents) !== undefined) seen += isIndex(m) ? 1 : refuse(m, at, "/cents", wordsIndex, faults);
  if ((m = o.bytes) !== undefined) seen += isIndex(m) ? 1 : refuse(m, at, "/bytes", wordsIndex, faults);
  if ((m = o.wall_ms) !== undefined) seen += isIndex(m) ? 1 : refuse(m, at, "/wall_ms", wordsIndex, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfBudgets, at, stranger, faults);
}
function checkScope(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.capabilities) === undefined) refuse(m, at, "/capabilities", wordsCeiling, faults); else seen++, checkCeiling(m, at + "/capabilities", faults);
  if ((m = o.tools) !== undefined) seen++, checkTools(m, at + "/tools", faults);
  if ((m = o.resources) !== undefined) seen++, checkResources(m, at + "/resources", faults);
  if ((m = o.data_classes) !== undefined) seen++, checkDataClasses(m, at + "/data_classes", faults);
  if ((m = o.budgets) !== undefined) seen++, checkBudgets(m, at + "/budgets", faults);
  if ((m = o.expires_at) !== undefined) seen += isTimestamp(m) ? 1 : refuse(m, at, "/expires_at", wordsTimestamp, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfScope, at, stranger, faults);
}
function checkRun(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.scope) === undefined) refuse(m, at, "/scope", wordsObject, faults); else seen++, checkScope(m, at + "/scope", faults);
  seen += isEventId(m = o.ceiling_event) ? 1 : refuse(m, at, "/ceiling_event", wordsEventId, faults);
  if ((m = o.delegated_by) !== undefined) seen += isPersonId(m) ? 1 : refuse(m, at, "/delegated_by", wordsPersonId, faults);
  if ((m = o.parent_run) !== undefined) seen += isRunId(m) ? 1 : refuse(m, at, "/parent_run", wordsRunId, faults);
  if ((m = o.expected_end) !== undefined) seen += isTimestamp(m) ? 1 : refuse(m, at, "/expected_end", wordsTimestamp, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfRun, at, stranger, faults);
}
function countOfRunStarted(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.run) === undefined) refuse(m, at, "/run", wordsObject, faults); else seen++, checkRun(m, at + "/run", faults);
  return seen;
}
const membersOfExtension = new Set<string>(["scope","approval_id","initiator"]);
const wordsApprovalId = "a string of at most 30 UTF-16 code units, matching ^apr_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern25 = /^apr_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isApprovalId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern25.test(m);
function checkExtension(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.scope) === undefined) refuse(m, at, "/scope", wordsObject, faults); else seen++, checkScope(m, at + "/scope", faults);
  if ((m = o.approval_id) !== undefined) seen += isApprovalId(m) ? 1 : refuse(m, at, "/approval_id", wordsApprovalId, faults);
  if ((m = o.initiator) !== undefined) seen++, checkInitiator(m, at + "/initiator", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfExtension, at, stranger, faults);
}
function countOfRunScopeExtended(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.extension) === undefined) refuse(m, at, "/extension", wordsObject, faults); else seen++, checkExtension(m, at + "/extension", faults);
  return seen;
}
const membersOfClosed2 = new Set<string>(["status","open_actions"]);
const wordsStatus = "one of \"completed\", \"failed\", \"cancelled\"";
const isStatus = (m: unknown): boolean => m === "completed" || m === "failed" || m === "cancelled";
const wordsActionId = "a string of at most 30 UTF-16 code units, matching ^act_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern26 = /^act_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isActionId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern26.test(m);
function checkOpenActions(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 64) return void refuse(m, at, "", wordsCeiling, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isActionId(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsActionId, faults);
}
function checkClosed2(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isStatus(m = o.status) ? 1 : refuse(m, at, "/status", wordsStatus, faults);
  if ((m = o.open_actions) === undefined) refuse(m, at, "/open_actions", wordsCeiling, faults); else seen++, checkOpenActions(m, at + "/open_actions", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfClosed2, at, stranger, faults);
}
function countOfRunClosed(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.closed) === undefined) refuse(m, at, "/closed", wordsObject, faults); else seen++, checkClosed2(m, at + "/closed", faults);
  return seen;
}
const membersOfSettled = new Set<string>(["events","last_seq","actions"]);
function checkSettled(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isIndex(m = o.events) ? 1 : refuse(m, at, "/events", wordsIndex, faults);
  seen += isIndex(m = o.last_seq) ? 1 : refuse(m, at, "/last_seq", wordsIndex, faults);
  seen += isIndex(m = o.actions) ? 1 : refuse(m, at, "/actions", wordsIndex, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfSettled, at, stranger, faults);
}
function countOfRunSettled(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.settled) === undefined) refuse(m, at, "/settled", wordsObject, faults); else seen++, checkSettled(m, at + "/settled", faults);
  return seen;
}
const membersOfAbandoned = new Set<string>(["open_actions","idle_since"]);
function checkAbandoned(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.open_actions) === undefined) refuse(m, at, "/open_actions", wordsCeiling, faults); else seen++, checkOpenActions(m, at + "/open_actions", faults);
  seen += isTimestamp(m = o.idle_since) ? 1 : refuse(m, at, "/idle_since", wordsTimestamp, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfAbandoned, at, stranger, faults);
}
function countOfRunAbandoned(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.abandoned) === undefined) refuse(m, at, "/abandoned", wordsObject, faults); else seen++, checkAbandoned(m, at + "/abandoned", faults);
  return seen;
}
const membersOfAction = new Set<string>(["capability","tool","tool_version","target"]);
const membersOfTarget = new Set<string>(["system","resource","environment","version"]);
function checkTarget(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isPurpose2(m = o.system) ? 1 : refuse(m, at, "/system", wordsPurpose2, faults);
  seen += isPurpose2(m = o.resource) ? 1 : refuse(m, at, "/resource", wordsPurpose2, faults);
  if ((m = o.environment) !== undefined) seen += isEnvironmentsItem(m) ? 1 : refuse(m, at, "/environment", wordsEnvironments2, faults);
  if ((m = o.version) !== undefined) seen += isValue(m) ? 1 : refuse(m, at, "/version", wordsValue, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfTarget, at, stranger, faults);
}
function checkAction(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isCapability(m = o.capability) ? 1 : refuse(m, at, "/capability", wordsCapability, faults);
  seen += isName(m = o.tool) ? 1 : refuse(m, at, "/tool", wordsName, faults);
  if ((m = o.tool_version) !== undefined) seen += isEnvironmentsItem(m) ? 1 : refuse(m, at, "/tool_version", wordsEnvironments2, faults);
  if ((m = o.target) === undefined) refuse(m, at, "/target", wordsObject, faults); else seen++, checkTarget(m, at + "/target", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfAction, at, stranger, faults);
}
function countOfActionIdAction(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  seen += isActionId(m = o.action_id) ? 1 : refuse(m, at, "/action_id", wordsActionId, faults);
  if ((m = o.action) === undefined) refuse(m, at, "/action", wordsObject, faults); else seen++, checkAction(m, at + "/action", faults);
  return seen;
}
const membersOfPointers = new Set<string>(["context","args","result","artifacts"]);
function checkContext(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 64) return void refuse(m, at, "", wordsCeiling, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isDigestText(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsDigestText, faults);
}
const wordsResult = "a string of at most 71 UTF-16 code units, matching ^sha256:[0-9a-f]{64}$, or null";
const isResult = (m: unknown): boolean => m === null || isDigestText(m);
function checkPointers(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.context) === undefined) refuse(m, at, "/context", wordsCeiling, faults); else seen++, checkContext(m, at + "/context", faults);
  if ((m = o.args) !== undefined) seen += isDigestText(m) ? 1 : refuse(m, at, "/args", wordsDigestText, faults);
  seen += isResult(m = o.result) ? 1 : refuse(m, at, "/result", wordsResult, faults);
  if ((m = o.artifacts) === undefined) refuse(m, at, "/artifacts", wordsCeiling, faults); else seen++, checkContext(m, at + "/artifacts", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfPointers, at, stranger, faults);
}
function countOfPointers(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.pointers) === undefined) refuse(m, at, "/pointers", wordsObject, faults); else seen++, checkPointers(m, at + "/pointers", faults);
  return seen;
}
const membersOfRequest = new Set<string>(["args_bytes","action_digest","tool_contract","tool_digest","topic","consumed","redrive_of","context_absent","cost_cents","checks","data_classes","max_attempts","attempt_timeout_ms"]);
function checkConsumed(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 64) return void refuse(m, at, "", wordsCeiling, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isCommitment(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsCommitment, faults);
}
const membersOfChecksItem = new Set<string>(["name","by"]);
const wordsBy = "one of \"executor\", \"second_party\"";
const isBy = (m: unknown): boolean => m === "executor" || m === "second_party";
function checkChecksItem(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isName(m = o.name) ? 1 : refuse(m, at, "/name", wordsName, faults);
  seen += isBy(m = o.by) ? 1 : refuse(m, at, "/by", wordsBy, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfChecksItem, at, stranger, faults);
}
function checkChecks(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 8) return void refuse(m, at, "", wordsKeys, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) checkChecksItem(list[i], at + `/${i}`, faults);
}
const wordsMaxAttempts = "an integer from 1 to 1000";
const isMaxAttempts = (m: unknown): boolean => typeof m === "number" && Number.isSafeInteger(m) && m >= 1 && m <= 1000 && !Object.is(m, -0);
function checkRequest(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isIndex(m = o.args_bytes) ? 1 : refuse(m, at, "/args_bytes", wordsIndex, faults);
  seen += isDigestText(m = o.action_digest) ? 1 : refuse(m, at, "/action_digest", wordsDigestText, faults);
  if ((m = o.tool_contract) !== undefined) seen += isDigestText(m) ? 1 : refuse(m, at, "/tool_contract", wordsDigestText, faults);
  if ((m = o.tool_digest) !== undefined) seen += isDigestText(m) ? 1 : refuse(m, at, "/tool_digest", wordsDigestText, faults);
  seen += isName(m = o.topic) ? 1 : refuse(m, at, "/topic", wordsName, faults);
  if ((m = o.consumed) === undefined) refuse(m, at, "/consumed", wordsCeiling, faults); else seen++, checkConsumed(m, at + "/consumed", faults);
  if ((m = o.redrive_of) !== undefined) seen += isActionId(m) ? 1 : refuse(m, at, "/redrive_of", wordsActionId, faults);
  if ((m = o.context_absent) !== undefined) seen++, checkEnvironments(m, at + "/context_absent", faults);
  if ((m = o.cost_cents) !== undefined) seen += isIndex(m) ? 1 : refuse(m, at, "/cost_cents", wordsIndex, faults);
  if ((m = o.checks) !== undefined) seen++, checkChecks(m, at + "/checks", faults);
  if ((m = o.data_classes) !== undefined) seen++, checkDataClasses(m, at + "/data_classes", faults);
  if ((m = o.max_attempts) !== undefined) seen += isMaxAttempts(m) ? 1 : refuse(m, at, "/max_attempts", wordsMaxAttempts, faults);
  if ((m = o.attempt_timeout_ms) !== undefined) seen += isIndex(m) ? 1 : refuse(m, at, "/attempt_timeout_ms", wordsIndex, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfRequest, at, stranger, faults);
}
function countOfActionRequested(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.request) === undefined) refuse(m, at, "/request", wordsObject, faults); else seen++, checkRequest(m, at + "/request", faults);
  return seen;
}
const membersOfPolicyBlock = new Set<string>(["decision","matched_rule","policy_snapshot","policy_digest","reason","decision_event","enforced"]);
const wordsDecisionAnswer = "one of \"ALLOW\", \"DENY\", \"REQUIRE_APPROVAL\"";
const isDecisionAnswer = (m: unknown): boolean => m === "ALLOW" || m === "DENY" || m === "REQUIRE_APPROVAL";
const wordsRuleId = "a string of at most 128 UTF-16 code units, matching ^[a-z][a-z0-9:._-]{0,127}$";
const pattern27 = /^[a-z][a-z0-9:._-]{0,127}$/u;
const isRuleId = (m: unknown): boolean => typeof m === "string" && m.length <= 128 && pattern27.test(m);
const wordsPolicySnapshot = "\"none\", or a string of at most 24 UTF-16 code units, matching ^pol_[0-9]{4}_[0-9]{2}_[0-9]{2}(_[0-9]{1,6})?$";
const isPolicySnapshot2 = (m: unknown): boolean => m === "none";
const pattern28 = /^pol_[0-9]{4}_[0-9]{2}_[0-9]{2}(_[0-9]{1,6})?$/u;
const isPolicyRevision = (m: unknown): boolean => typeof m === "string" && m.length <= 24 && pattern28.test(m);
const isPolicySnapshot = (m: unknown): boolean => isPolicySnapshot2(m) || isPolicyRevision(m);
const wordsEnforced = "false";
const isEnforced = (m: unknown): boolean => m === false;
function checkPolicyBlock(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDecisionAnswer(m = o.decision) ? 1 : refuse(m, at, "/decision", wordsDecisionAnswer, faults);
  seen += isRuleId(m = o.matched_rule) ? 1 : refuse(m, at, "/matched_rule", wordsRuleId, faults);
  seen += isPolicySnapshot(m = o.policy_snapshot) ? 1 : refuse(m, at, "/policy_snapshot", wordsPolicySnapshot, faults);
  seen += isDigestText(m = o.policy_digest) ? 1 : refuse(m, at, "/policy_digest", wordsDigestText, faults);
  seen += isReasonCode(m = o.reason) ? 1 : refuse(m, at, "/reason", wordsReasonCode, faults);
  if ((m = o.decision_event) !== undefined) seen += isEventId(m) ? 1 : refuse(m, at, "/decision_event", wordsEventId, faults);
  if ((m = o.enforced) !== undefined) seen += isEnforced(m) ? 1 : refuse(m, at, "/enforced", wordsEnforced, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfPolicyBlock, at, stranger, faults);
}
function countOfPolicy(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.policy) === undefined) refuse(m, at, "/policy", wordsObject, faults); else seen++, checkPolicyBlock(m, at + "/policy", faults);
  return seen;
}
const membersOfDecided = new Set<string>(["decision_id","enforced","matched_rules","reason_codes","permits","rule_digests","engine","combining","projection_format","request_leaf","action_digest","tool_contract","projection","scope_event","history","requirements","gate_digest","obligations","assurance","valid_until","evaluated_us"]);
const wordsDecisionId = "a string of at most 30 UTF-16 code units, matching ^dec_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern29 = /^dec_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isDecisionId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern29.test(m);
const wordsMatchedRules = "a list of at most 32 items";
function checkMatchedRules(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 32) return void refuse(m, at, "", wordsMatchedRules, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isRuleId(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsRuleId, faults);
}
function checkReasonCodes(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 32) return void refuse(m, at, "", wordsMatchedRules, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isReasonCode(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsReasonCode, faults);
}
function checkRuleDigests(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(m)) return void refuse(m, at, "", wordsCommit, faults);
  const names = Object.keys(m);
  if (names.length > 32) return void refuse(m, at, "", wordsCommit, faults);
  for (const name of names) {
    if (!pattern27.test(name)) faults.push({ pointer: at + pointerStep(name), expected: "a member name matching ^[a-z][a-z0-9:._-]{0,127}$", wrong: "unknown" });
    else if (!isDigestText(m[name])) refuse(m[name] ?? null, at, pointerStep(name), wordsDigestText, faults);
  }
}
const membersOfHistory = new Set<string>(["as_of_index","actions","cents","bytes","in_flight"]);
function checkHistory(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isIndex(m = o.as_of_index) ? 1 : refuse(m, at, "/as_of_index", wordsIndex, faults);
  seen += isIndex(m = o.actions) ? 1 : refuse(m, at, "/actions", wordsIndex, faults);
  seen += isIndex(m = o.cents) ? 1 : refuse(m, at, "/cents", wordsIndex, faults);
  seen += isIndex(m = o.bytes) ? 1 : refuse(m, at, "/bytes", wordsIndex, faults);
  seen += isIndex(m = o.in_flight) ? 1 : refuse(m, at, "/in_flight", wordsIndex, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfHistory, at, stranger, faults);
}
const membersOfRequirement = new Set<string>(["rule","approvers","quorum","ttl","separation","escalation","breakglass"]);
const wordsApprovers = "a string of at most 69 UTF-16 code units, matching ^role:[a-z][a-z0-9_.-]{0,63}$";
const pattern30 = /^role:[a-z][a-z0-9_.-]{0,63}$/u;
const isApprovers = (m: unknown): boolean => typeof m === "string" && m.length <= 69 && pattern30.test(m);
const wordsQuorum = "an integer from 1 to 16";
const isQuorum = (m: unknown): boolean => typeof m === "number" && Number.isSafeInteger(m) && m >= 1 && m <= 16 && !Object.is(m, -0);
const wordsTtl = "a string of at most 32 UTF-16 code units, matching ^P(?=[0-9T])([0-9]{1,4}D)?(T([0-9]{1,4}H)?([0-9]{1,4}M)?([0-9]{1,5}S)?)?$";
const pattern31 = /^P(?=[0-9T])([0-9]{1,4}D)?(T([0-9]{1,4}H)?([0-9]{1,4}M)?([0-9]{1,5}S)?)?$/u;
const isTtl = (m: unknown): boolean => typeof m === "string" && m.length <= 32 && pattern31.test(m);
const wordsSeparation = "one of \"requester\", \"on_behalf_of\", \"agent_owner\", \"author\"";
const isSeparationItem = (m: unknown): boolean => m === "requester" || m === "on_behalf_of" || m === "agent_owner" || m === "author";
function checkSeparation(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 4) return void refuse(m, at, "", wordsDataClasses, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isSeparationItem(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsSeparation, faults);
}
const membersOfEscalation = new Set<string>(["after","approvers"]);
function checkEscalation(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isTtl(m = o.after) ? 1 : refuse(m, at, "/after", wordsTtl, faults);
  seen += isApprovers(m = o.approvers) ? 1 : refuse(m, at, "/approvers", wordsApprovers, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfEscalation, at, stranger, faults);
}
const wordsBreakglass = "a string of at most 32 UTF-16 code units, matching ^PT(?=[0-9])([0-9]{1,4}H)?([0-9]{1,4}M)?([0-9]{1,5}S)?$";
const pattern32 = /^PT(?=[0-9])([0-9]{1,4}H)?([0-9]{1,4}M)?([0-9]{1,5}S)?$/u;
const isBreakglass = (m: unknown): boolean => typeof m === "string" && m.length <= 32 && pattern32.test(m);
function checkRequirement(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isRuleId(m = o.rule) ? 1 : refuse(m, at, "/rule", wordsRuleId, faults);
  seen += isApprovers(m = o.approvers) ? 1 : refuse(m, at, "/approvers", wordsApprovers, faults);
  seen += isQuorum(m = o.quorum) ? 1 : refuse(m, at, "/quorum", wordsQuorum, faults);
  seen += isTtl(m = o.ttl) ? 1 : refuse(m, at, "/ttl", wordsTtl, faults);
  if ((m = o.separation) === undefined) refuse(m, at, "/separation", wordsDataClasses, faults); else seen++, checkSeparation(m, at + "/separation", faults);
  if ((m = o.escalation) !== undefined) seen++, checkEscalation(m, at + "/escalation", faults);
  if ((m = o.breakglass) !== undefined) seen += isBreakglass(m) ? 1 : refuse(m, at, "/breakglass", wordsBreakglass, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfRequirement, at, stranger, faults);
}
function checkRequirements(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 16) return void refuse(m, at, "", wordsEnvironments, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) checkRequirement(list[i], at + `/${i}`, faults);
}
const wordsAssurance = "a list of at most 2 items";
const wordsAssurance2 = "one of \"witnessed\", \"timed\"";
const isAssuranceItem = (m: unknown): boolean => m === "witnessed" || m === "timed";
function checkAssurance(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 2) return void refuse(m, at, "", wordsAssurance, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isAssuranceItem(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsAssurance2, faults);
}
function checkDecided(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDecisionId(m = o.decision_id) ? 1 : refuse(m, at, "/decision_id", wordsDecisionId, faults);
  seen += isNoteCommitted(m = o.enforced) ? 1 : refuse(m, at, "/enforced", wordsNoteCommitted, faults);
  if ((m = o.matched_rules) === undefined) refuse(m, at, "/matched_rules", wordsMatchedRules, faults); else seen++, checkMatchedRules(m, at + "/matched_rules", faults);
  if ((m = o.reason_codes) === undefined) refuse(m, at, "/reason_codes", wordsMatchedRules, faults); else seen++, checkReasonCodes(m, at + "/reason_codes", faults);
  if ((m = o.permits) === undefined) refuse(m, at, "/permits", wordsMatchedRules, faults); else seen++, checkMatchedRules(m, at + "/permits", faults);
  if ((m = o.rule_digests) === undefined) refuse(m, at, "/rule_digests", wordsCommit, faults); else seen++, checkRuleDigests(m, at + "/rule_digests", faults);
  seen += isEnvironmentsItem(m = o.engine) ? 1 : refuse(m, at, "/engine", wordsEnvironments2, faults);
  seen += isEnvironmentsItem(m = o.combining) ? 1 : refuse(m, at, "/combining", wordsEnvironments2, faults);
  seen += isEnvironmentsItem(m = o.projection_format) ? 1 : refuse(m, at, "/projection_format", wordsEnvironments2, faults);
  seen += isHashHex(m = o.request_leaf) ? 1 : refuse(m, at, "/request_leaf", wordsHashHex, faults);
  seen += isDigestText(m = o.action_digest) ? 1 : refuse(m, at, "/action_digest", wordsDigestText, faults);
  if ((m = o.tool_contract) !== undefined) seen += isDigestText(m) ? 1 : refuse(m, at, "/tool_contract", wordsDigestText, faults);
  seen += isResult(m = o.projection) ? 1 : refuse(m, at, "/projection", wordsResult, faults);
  seen += isEventId(m = o.scope_event) ? 1 : refuse(m, at, "/scope_event", wordsEventId, faults);
  if ((m = o.history) === undefined) refuse(m, at, "/history", wordsObject, faults); else seen++, checkHistory(m, at + "/history", faults);
  if ((m = o.requirements) === undefined) refuse(m, at, "/requirements", wordsEnvironments, faults); else seen++, checkRequirements(m, at + "/requirements", faults);
  if ((m = o.gate_digest) !== undefined) seen += isDigestText(m) ? 1 : refuse(m, at, "/gate_digest", wordsDigestText, faults);
  if ((m = o.obligations) === undefined) refuse(m, at, "/obligations", wordsEnvironments, faults); else seen++, checkObligations(m, at + "/obligations", faults);
  if ((m = o.assurance) !== undefined) seen++, checkAssurance(m, at + "/assurance", faults);
  seen += isTimestamp(m = o.valid_until) ? 1 : refuse(m, at, "/valid_until", wordsTimestamp, faults);
  seen += isIndex(m = o.evaluated_us) ? 1 : refuse(m, at, "/evaluated_us", wordsIndex, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfDecided, at, stranger, faults);
}
function countOfPolicyDecided(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.decided) === undefined) refuse(m, at, "/decided", wordsObject, faults); else seen++, checkDecided(m, at + "/decided", faults);
  return seen;
}
const membersOfBundle = new Set<string>(["digest","name","version","files","size_bytes"]);
function checkBundle(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  seen += isLabelsItem(m = o.name) ? 1 : refuse(m, at, "/name", wordsLabels2, faults);
  seen += isEnvironmentsItem(m = o.version) ? 1 : refuse(m, at, "/version", wordsEnvironments2, faults);
  seen += isIndex(m = o.files) ? 1 : refuse(m, at, "/files", wordsIndex, faults);
  seen += isIndex(m = o.size_bytes) ? 1 : refuse(m, at, "/size_bytes", wordsIndex, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfBundle, at, stranger, faults);
}
const membersOfSignaturesItem = new Set<string>(["key_id","alg","role","sig"]);
const wordsAlg3 = "\"ed25519\"";
const isAlg3 = (m: unknown): boolean => m === "ed25519";
const wordsRole3 = "one of \"author\", \"reviewer\", \"release\"";
const isRole3 = (m: unknown): boolean => m === "author" || m === "reviewer" || m === "release";
const wordsSig = "a string of at most 86 UTF-16 code units, matching ^[A-Za-z0-9_-]{86}$";
const pattern33 = /^[A-Za-z0-9_-]{86}$/u;
const isSig = (m: unknown): boolean => typeof m === "string" && m.length <= 86 && pattern33.test(m);
function checkSignaturesItem(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isKid(m = o.key_id) ? 1 : refuse(m, at, "/key_id", wordsKid, faults);
  seen += isAlg3(m = o.alg) ? 1 : refuse(m, at, "/alg", wordsAlg3, faults);
  seen += isRole3(m = o.role) ? 1 : refuse(m, at, "/role", wordsRole3, faults);
  seen += isSig(m = o.sig) ? 1 : refuse(m, at, "/sig", wordsSig, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfSignaturesItem, at, stranger, faults);
}
function checkSignatures(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 8) return void refuse(m, at, "", wordsKeys, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) checkSignaturesItem(list[i], at + `/${i}`, faults);
}
function countOfPolicyUploaded(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.bundle) === undefined) refuse(m, at, "/bundle", wordsObject, faults); else seen++, checkBundle(m, at + "/bundle", faults);
  if ((m = o.signatures) !== undefined) seen++, checkSignatures(m, at + "/signatures", faults);
  return seen;
}
const membersOfBundle2 = new Set<string>(["digest","rules","tests","warnings"]);
function checkBundle2(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  seen += isIndex(m = o.rules) ? 1 : refuse(m, at, "/rules", wordsIndex, faults);
  seen += isIndex(m = o.tests) ? 1 : refuse(m, at, "/tests", wordsIndex, faults);
  seen += isIndex(m = o.warnings) ? 1 : refuse(m, at, "/warnings", wordsIndex, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfBundle2, at, stranger, faults);
}
function countOfPolicyValidated(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.bundle) === undefined) refuse(m, at, "/bundle", wordsObject, faults); else seen++, checkBundle2(m, at + "/bundle", faults);
  return seen;
}
const membersOfSimulation = new Set<string>(["digest","against","decisions","newly_allowed","changed","impact_digest","loosened","report","range","groups","groups_left_out"]);
const wordsRange = "a list of 2 items";
function checkRange(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length < 2 || m.length > 2) return void refuse(m, at, "", wordsRange, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isIndex(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsIndex, faults);
}
const wordsGroups = "a list of at most 256 items";
function checkGroups(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 256) return void refuse(m, at, "", wordsGroups, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isDigestText(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsDigestText, faults);
}
function checkSimulation(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  seen += isDigestText(m = o.against) ? 1 : refuse(m, at, "/against", wordsDigestText, faults);
  seen += isIndex(m = o.decisions) ? 1 : refuse(m, at, "/decisions", wordsIndex, faults);
  seen += isIndex(m = o.newly_allowed) ? 1 : refuse(m, at, "/newly_allowed", wordsIndex, faults);
  seen += isIndex(m = o.changed) ? 1 : refuse(m, at, "/changed", wordsIndex, faults);
  seen += isDigestText(m = o.impact_digest) ? 1 : refuse(m, at, "/impact_digest", wordsDigestText, faults);
  if ((m = o.loosened) !== undefined) seen += isIndex(m) ? 1 : refuse(m, at, "/loosened", wordsIndex, faults);
  if ((m = o.report) !== undefined) seen += isDigestText(m) ? 1 : refuse(m, at, "/report", wordsDigestText, faults);
  if ((m = o.range) !== undefined) seen++, checkRange(m, at + "/range", faults);
  if ((m = o.groups) !== undefined) seen++, checkGroups(m, at + "/groups", faults);
  if ((m = o.groups_left_out) !== undefined) seen += isIndex(m) ? 1 : refuse(m, at, "/groups_left_out", wordsIndex, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfSimulation, at, stranger, faults);
}
function countOfPolicySimulated(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.simulation) === undefined) refuse(m, at, "/simulation", wordsObject, faults); else seen++, checkSimulation(m, at + "/simulation", faults);
  return seen;
}
const membersOfPublish = new Set<string>(["digest","expected","rollback","simulation","impact_digest","acknowledged","incident"]);
const wordsAcknowledged = "a string of at most 71 UTF-16 code units, matching ^(sha256:[0-9a-f]{64}|evt_[0-9a-hjkmnp-tv-z]{26})$";
const pattern34 = /^(sha256:[0-9a-f]{64}|evt_[0-9a-hjkmnp-tv-z]{26})$/u;
const isAcknowledgedItem = (m: unknown): boolean => typeof m === "string" && m.length <= 71 && pattern34.test(m);
function checkAcknowledged(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 256) return void refuse(m, at, "", wordsGroups, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isAcknowledgedItem(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsAcknowledged, faults);
}
function checkPublish(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  if ((m = o.expected) !== undefined) seen += isDigestText(m) ? 1 : refuse(m, at, "/expected", wordsDigestText, faults);
  if ((m = o.rollback) !== undefined) seen += isNoteCommitted(m) ? 1 : refuse(m, at, "/rollback", wordsNoteCommitted, faults);
  if ((m = o.simulation) !== undefined) seen += isEventId(m) ? 1 : refuse(m, at, "/simulation", wordsEventId, faults);
  if ((m = o.impact_digest) !== undefined) seen += isDigestText(m) ? 1 : refuse(m, at, "/impact_digest", wordsDigestText, faults);
  if ((m = o.acknowledged) !== undefined) seen++, checkAcknowledged(m, at + "/acknowledged", faults);
  if ((m = o.incident) !== undefined) seen += isLabelsItem(m) ? 1 : refuse(m, at, "/incident", wordsLabels2, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfPublish, at, stranger, faults);
}
function countOfPolicyPublishRequested(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.publish) === undefined) refuse(m, at, "/publish", wordsObject, faults); else seen++, checkPublish(m, at + "/publish", faults);
  return seen;
}
const membersOfPublish2 = new Set<string>(["revision","digest","previous","author","approved_by","separation","engine","request"]);
const wordsPolicyRevision = "a string of at most 24 UTF-16 code units, matching ^pol_[0-9]{4}_[0-9]{2}_[0-9]{2}(_[0-9]{1,6})?$";
const membersOfPrevious2 = new Set<string>(["revision","digest"]);
function checkPrevious2(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.revision) !== undefined) seen += isPolicyRevision(m) ? 1 : refuse(m, at, "/revision", wordsPolicyRevision, faults);
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfPrevious2, at, stranger, faults);
}
function checkApprovedBy(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 4) return void refuse(m, at, "", wordsDataClasses, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isPersonId(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsPersonId, faults);
}
const wordsSeparation2 = "one of \"two_people\", \"waived\"";
const isSeparation = (m: unknown): boolean => m === "two_people" || m === "waived";
function checkPublish2(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isPolicyRevision(m = o.revision) ? 1 : refuse(m, at, "/revision", wordsPolicyRevision, faults);
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  if ((m = o.previous) !== undefined) seen++, checkPrevious2(m, at + "/previous", faults);
  seen += isName(m = o.author) ? 1 : refuse(m, at, "/author", wordsName, faults);
  if ((m = o.approved_by) === undefined) refuse(m, at, "/approved_by", wordsDataClasses, faults); else seen++, checkApprovedBy(m, at + "/approved_by", faults);
  seen += isSeparation(m = o.separation) ? 1 : refuse(m, at, "/separation", wordsSeparation2, faults);
  seen += isEnvironmentsItem(m = o.engine) ? 1 : refuse(m, at, "/engine", wordsEnvironments2, faults);
  if ((m = o.request) !== undefined) seen += isEventId(m) ? 1 : refuse(m, at, "/request", wordsEventId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfPublish2, at, stranger, faults);
}
function countOfPolicyPublished(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.publish) === undefined) refuse(m, at, "/publish", wordsObject, faults); else seen++, checkPublish2(m, at + "/publish", faults);
  return seen;
}
const membersOfActivation = new Set<string>(["revision","digest","node"]);
function checkActivation(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isPolicyRevision(m = o.revision) ? 1 : refuse(m, at, "/revision", wordsPolicyRevision, faults);
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  seen += isName(m = o.node) ? 1 : refuse(m, at, "/node", wordsName, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfActivation, at, stranger, faults);
}
function countOfPolicyActivated(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.activation) === undefined) refuse(m, at, "/activation", wordsObject, faults); else seen++, checkActivation(m, at + "/activation", faults);
  return seen;
}
const membersOfRollback = new Set<string>(["from","to_digest","revision","approved_by","request","incident","separation"]);
function checkRollback(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.from) === undefined) refuse(m, at, "/from", wordsObject, faults); else seen++, checkPrevious2(m, at + "/from", faults);
  seen += isDigestText(m = o.to_digest) ? 1 : refuse(m, at, "/to_digest", wordsDigestText, faults);
  seen += isPolicyRevision(m = o.revision) ? 1 : refuse(m, at, "/revision", wordsPolicyRevision, faults);
  if ((m = o.approved_by) !== undefined) seen++, checkApprovedBy(m, at + "/approved_by", faults);
  if ((m = o.request) !== undefined) seen += isEventId(m) ? 1 : refuse(m, at, "/request", wordsEventId, faults);
  if ((m = o.incident) !== undefined) seen += isLabelsItem(m) ? 1 : refuse(m, at, "/incident", wordsLabels2, faults);
  if ((m = o.separation) !== undefined) seen += isSeparation(m) ? 1 : refuse(m, at, "/separation", wordsSeparation2, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfRollback, at, stranger, faults);
}
function countOfPolicyRolledBack(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.rollback) === undefined) refuse(m, at, "/rollback", wordsObject, faults); else seen++, checkRollback(m, at + "/rollback", faults);
  return seen;
}
const membersOfShadow = new Set<string>(["digest","sample_percent"]);
function checkShadow(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  seen += isIndex(m = o.sample_percent) ? 1 : refuse(m, at, "/sample_percent", wordsIndex, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfShadow, at, stranger, faults);
}
function countOfPolicyShadowStarted(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.shadow) === undefined) refuse(m, at, "/shadow", wordsObject, faults); else seen++, checkShadow(m, at + "/shadow", faults);
  return seen;
}
const membersOfShadow2 = new Set<string>(["digest","decisions","differing","newly_allowed","dropped"]);
function checkShadow2(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  seen += isIndex(m = o.decisions) ? 1 : refuse(m, at, "/decisions", wordsIndex, faults);
  seen += isIndex(m = o.differing) ? 1 : refuse(m, at, "/differing", wordsIndex, faults);
  if ((m = o.newly_allowed) !== undefined) seen += isIndex(m) ? 1 : refuse(m, at, "/newly_allowed", wordsIndex, faults);
  if ((m = o.dropped) !== undefined) seen += isIndex(m) ? 1 : refuse(m, at, "/dropped", wordsIndex, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfShadow2, at, stranger, faults);
}
function countOfPolicyShadowStopped(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.shadow) === undefined) refuse(m, at, "/shadow", wordsObject, faults); else seen++, checkShadow2(m, at + "/shadow", faults);
  return seen;
}
const membersOfBundle3 = new Set<string>(["digest"]);
function checkBundle3(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfBundle3, at, stranger, faults);
}
function countOfPolicyRetired(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.bundle) === undefined) refuse(m, at, "/bundle", wordsObject, faults); else seen++, checkBundle3(m, at + "/bundle", faults);
  return seen;
}
const membersOfApprovalBlock = new Set<string>(["required","approval_id","approver","approved_at","quorum","votes"]);
function checkVotes(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 16) return void refuse(m, at, "", wordsEnvironments, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isEventId(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsEventId, faults);
}
function checkApprovalBlock(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isNoteCommitted(m = o.required) ? 1 : refuse(m, at, "/required", wordsNoteCommitted, faults);
  if ((m = o.approval_id) !== undefined) seen += isApprovalId(m) ? 1 : refuse(m, at, "/approval_id", wordsApprovalId, faults);
  if ((m = o.approver) !== undefined) seen += isPersonId(m) ? 1 : refuse(m, at, "/approver", wordsPersonId, faults);
  if ((m = o.approved_at) !== undefined) seen += isTimestamp(m) ? 1 : refuse(m, at, "/approved_at", wordsTimestamp, faults);
  if ((m = o.quorum) !== undefined) seen += isQuorum(m) ? 1 : refuse(m, at, "/quorum", wordsQuorum, faults);
  if ((m = o.votes) !== undefined) seen++, checkVotes(m, at + "/votes", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfApprovalBlock, at, stranger, faults);
}
function countOfApproval(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.approval) === undefined) refuse(m, at, "/approval", wordsObject, faults); else seen++, checkApprovalBlock(m, at + "/approval", faults);
  return seen;
}
const membersOfApprovalRequest = new Set<string>(["text","digest","rendering","expires_at","replaces"]);
const wordsText2 = "a string of 1 to 16384 UTF-16 code units, at most 16384 bytes of UTF-8, matching ^[^\\u0000-\\u001f\\u007f-\\u009f]+$";
const isText2 = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 16384 && utf8Length(m) <= 16384 && pattern9.test(m) && m.isWellFormed();
function checkApprovalRequest(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isText2(m = o.text) ? 1 : refuse(m, at, "/text", wordsText2, faults);
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  seen += isDigestText(m = o.rendering) ? 1 : refuse(m, at, "/rendering", wordsDigestText, faults);
  seen += isTimestamp(m = o.expires_at) ? 1 : refuse(m, at, "/expires_at", wordsTimestamp, faults);
  if ((m = o.replaces) !== undefined) seen += isApprovalId(m) ? 1 : refuse(m, at, "/replaces", wordsApprovalId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfApprovalRequest, at, stranger, faults);
}
function countOfApprovalRequested(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.approval_request) === undefined) refuse(m, at, "/approval_request", wordsObject, faults); else seen++, checkApprovalRequest(m, at + "/approval_request", faults);
  return seen;
}
const membersOfVote = new Set<string>(["text","digest","person","answer","reason_code","method","kid","signature","authenticator_data","client_data","rendering"]);
const wordsText3 = "a string of 1 to 4096 UTF-16 code units, at most 4096 bytes of UTF-8, matching ^[^\\u0000-\\u001f\\u007f-\\u009f]+$";
const isText3 = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 4096 && utf8Length(m) <= 4096 && pattern9.test(m) && m.isWellFormed();
const wordsAnswer = "one of \"approve\", \"reject\", \"abstain\"";
const isAnswer = (m: unknown): boolean => m === "approve" || m === "reject" || m === "abstain";
const wordsSignature = "a string of at most 1024 UTF-16 code units, matching ^[A-Za-z0-9_-]+$";
const isSignature = (m: unknown): boolean => typeof m === "string" && m.length <= 1024 && pattern16.test(m);
const wordsAuthenticatorData = "a string of at most 2048 UTF-16 code units, matching ^[A-Za-z0-9_-]+$";
const isAuthenticatorData = (m: unknown): boolean => typeof m === "string" && m.length <= 2048 && pattern16.test(m);
const wordsClientData = "a string of at most 4096 UTF-16 code units, matching ^[A-Za-z0-9_-]+$";
const isClientData = (m: unknown): boolean => typeof m === "string" && m.length <= 4096 && pattern16.test(m);
function checkVote(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isText3(m = o.text) ? 1 : refuse(m, at, "/text", wordsText3, faults);
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  seen += isPersonId(m = o.person) ? 1 : refuse(m, at, "/person", wordsPersonId, faults);
  seen += isAnswer(m = o.answer) ? 1 : refuse(m, at, "/answer", wordsAnswer, faults);
  seen += isReasonCode(m = o.reason_code) ? 1 : refuse(m, at, "/reason_code", wordsReasonCode, faults);
  seen += isMethod(m = o.method) ? 1 : refuse(m, at, "/method", wordsMethod, faults);
  seen += isKid(m = o.kid) ? 1 : refuse(m, at, "/kid", wordsKid, faults);
  seen += isSignature(m = o.signature) ? 1 : refuse(m, at, "/signature", wordsSignature, faults);
  if ((m = o.authenticator_data) !== undefined) seen += isAuthenticatorData(m) ? 1 : refuse(m, at, "/authenticator_data", wordsAuthenticatorData, faults);
  if ((m = o.client_data) !== undefined) seen += isClientData(m) ? 1 : refuse(m, at, "/client_data", wordsClientData, faults);
  seen += isDigestText(m = o.rendering) ? 1 : refuse(m, at, "/rendering", wordsDigestText, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfVote, at, stranger, faults);
}
function countOfApprovalVoted(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.vote) === undefined) refuse(m, at, "/vote", wordsObject, faults); else seen++, checkVote(m, at + "/vote", faults);
  return seen;
}
const membersOfGranted = new Set<string>(["people","separation","usable_until"]);
function checkPeople(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 16) return void refuse(m, at, "", wordsEnvironments, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isPersonId(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsPersonId, faults);
}
const wordsSeparation3 = "one of \"kept\", \"waived\"";
const isSeparation2 = (m: unknown): boolean => m === "kept" || m === "waived";
function checkGranted(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.people) === undefined) refuse(m, at, "/people", wordsEnvironments, faults); else seen++, checkPeople(m, at + "/people", faults);
  seen += isSeparation2(m = o.separation) ? 1 : refuse(m, at, "/separation", wordsSeparation3, faults);
  seen += isTimestamp(m = o.usable_until) ? 1 : refuse(m, at, "/usable_until", wordsTimestamp, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfGranted, at, stranger, faults);
}
function countOfApprovalGranted(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.granted) === undefined) refuse(m, at, "/granted", wordsObject, faults); else seen++, checkGranted(m, at + "/granted", faults);
  return seen;
}
const membersOfRejected = new Set<string>(["person","vote"]);
function checkRejected(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isPersonId(m = o.person) ? 1 : refuse(m, at, "/person", wordsPersonId, faults);
  seen += isEventId(m = o.vote) ? 1 : refuse(m, at, "/vote", wordsEventId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfRejected, at, stranger, faults);
}
function countOfApprovalRejected(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.rejected) === undefined) refuse(m, at, "/rejected", wordsObject, faults); else seen++, checkRejected(m, at + "/rejected", faults);
  return seen;
}
const membersOfExpired = new Set<string>(["expires_at"]);
function checkExpired(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isTimestamp(m = o.expires_at) ? 1 : refuse(m, at, "/expires_at", wordsTimestamp, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfExpired, at, stranger, faults);
}
function countOfApprovalExpired(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.expired) === undefined) refuse(m, at, "/expired", wordsObject, faults); else seen++, checkExpired(m, at + "/expired", faults);
  return seen;
}
const membersOfSuperseded = new Set<string>(["by"]);
function checkSuperseded(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isApprovalId(m = o.by) ? 1 : refuse(m, at, "/by", wordsApprovalId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfSuperseded, at, stranger, faults);
}
function countOfApprovalSuperseded(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.superseded) === undefined) refuse(m, at, "/superseded", wordsObject, faults); else seen++, checkSuperseded(m, at + "/superseded", faults);
  return seen;
}
const membersOfRevalidated = new Set<string>(["policy","gate_digest","engine","projection"]);
function checkRevalidated(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.policy) === undefined) refuse(m, at, "/policy", wordsObject, faults); else seen++, checkPrevious2(m, at + "/policy", faults);
  seen += isDigestText(m = o.gate_digest) ? 1 : refuse(m, at, "/gate_digest", wordsDigestText, faults);
  if ((m = o.engine) !== undefined) seen += isEnvironmentsItem(m) ? 1 : refuse(m, at, "/engine", wordsEnvironments2, faults);
  if ((m = o.projection) !== undefined) seen += isDigestText(m) ? 1 : refuse(m, at, "/projection", wordsDigestText, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfRevalidated, at, stranger, faults);
}
function countOfApprovalRevalidated(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.revalidated) === undefined) refuse(m, at, "/revalidated", wordsObject, faults); else seen++, checkRevalidated(m, at + "/revalidated", faults);
  return seen;
}
const membersOfConsumed = new Set<string>(["permit_id","job_id"]);
const wordsPermitId = "a string of at most 30 UTF-16 code units, matching ^prm_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern35 = /^prm_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isPermitId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern35.test(m);
function checkConsumed2(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isPermitId(m = o.permit_id) ? 1 : refuse(m, at, "/permit_id", wordsPermitId, faults);
  seen += isName(m = o.job_id) ? 1 : refuse(m, at, "/job_id", wordsName, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfConsumed, at, stranger, faults);
}
function countOfApprovalConsumed(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.consumed) === undefined) refuse(m, at, "/consumed", wordsObject, faults); else seen++, checkConsumed2(m, at + "/consumed", faults);
  return seen;
}
const membersOfBreakglass = new Set<string>(["people","incident","expires_at","review_due","signatures"]);
const membersOfSignaturesItem2 = new Set<string>(["text","digest","person","method","kid","signature","authenticator_data","client_data"]);
const wordsText4 = "a string of 1 to 2048 UTF-16 code units, at most 2048 bytes of UTF-8, matching ^[^\\u0000-\\u001f\\u007f-\\u009f]+$";
const isText4 = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 2048 && utf8Length(m) <= 2048 && pattern9.test(m) && m.isWellFormed();
function checkSignaturesItem2(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isText4(m = o.text) ? 1 : refuse(m, at, "/text", wordsText4, faults);
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  seen += isPersonId(m = o.person) ? 1 : refuse(m, at, "/person", wordsPersonId, faults);
  seen += isMethod(m = o.method) ? 1 : refuse(m, at, "/method", wordsMethod, faults);
  seen += isKid(m = o.kid) ? 1 : refuse(m, at, "/kid", wordsKid, faults);
  seen += isSignature(m = o.signature) ? 1 : refuse(m, at, "/signature", wordsSignature, faults);
  if ((m = o.authenticator_data) !== undefined) seen += isAuthenticatorData(m) ? 1 : refuse(m, at, "/authenticator_data", wordsAuthenticatorData, faults);
  if ((m = o.client_data) !== undefined) seen += isClientData(m) ? 1 : refuse(m, at, "/client_data", wordsClientData, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfSignaturesItem2, at, stranger, faults);
}
function checkSignatures2(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 2) return void refuse(m, at, "", wordsAssurance, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) checkSignaturesItem2(list[i], at + `/${i}`, faults);
}
function checkBreakglass(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.people) === undefined) refuse(m, at, "/people", wordsDataClasses, faults); else seen++, checkApprovedBy(m, at + "/people", faults);
  seen += isLabelsItem(m = o.incident) ? 1 : refuse(m, at, "/incident", wordsLabels2, faults);
  seen += isTimestamp(m = o.expires_at) ? 1 : refuse(m, at, "/expires_at", wordsTimestamp, faults);
  seen += isTimestamp(m = o.review_due) ? 1 : refuse(m, at, "/review_due", wordsTimestamp, faults);
  if ((m = o.signatures) !== undefined) seen++, checkSignatures2(m, at + "/signatures", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfBreakglass, at, stranger, faults);
}
function countOfBreakglassUsed(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.breakglass) === undefined) refuse(m, at, "/breakglass", wordsObject, faults); else seen++, checkBreakglass(m, at + "/breakglass", faults);
  return seen;
}
const membersOfFreeze = new Set<string>(["freeze_id","kind","subject","incident"]);
const wordsFreezeId = "a string of at most 30 UTF-16 code units, matching ^frz_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern36 = /^frz_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isFreezeId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern36.test(m);
const wordsKind4 = "one of \"tenant\", \"agent\", \"capability\", \"target\"";
const isKind4 = (m: unknown): boolean => m === "tenant" || m === "agent" || m === "capability" || m === "target";
function checkFreeze(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isFreezeId(m = o.freeze_id) ? 1 : refuse(m, at, "/freeze_id", wordsFreezeId, faults);
  seen += isKind4(m = o.kind) ? 1 : refuse(m, at, "/kind", wordsKind4, faults);
  if ((m = o.subject) !== undefined) seen += isPurpose2(m) ? 1 : refuse(m, at, "/subject", wordsPurpose2, faults);
  seen += isLabelsItem(m = o.incident) ? 1 : refuse(m, at, "/incident", wordsLabels2, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfFreeze, at, stranger, faults);
}
function countOfFreezePlaced(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.freeze) === undefined) refuse(m, at, "/freeze", wordsObject, faults); else seen++, checkFreeze(m, at + "/freeze", faults);
  return seen;
}
const membersOfFreeze2 = new Set<string>(["freeze_id","people","separation"]);
function checkFreeze2(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isFreezeId(m = o.freeze_id) ? 1 : refuse(m, at, "/freeze_id", wordsFreezeId, faults);
  if ((m = o.people) === undefined) refuse(m, at, "/people", wordsDataClasses, faults); else seen++, checkApprovedBy(m, at + "/people", faults);
  if ((m = o.separation) !== undefined) seen += isSeparation(m) ? 1 : refuse(m, at, "/separation", wordsSeparation2, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfFreeze2, at, stranger, faults);
}
function countOfFreezeLifted(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.freeze) === undefined) refuse(m, at, "/freeze", wordsObject, faults); else seen++, checkFreeze2(m, at + "/freeze", faults);
  return seen;
}
const membersOfDispatchBlock = new Set<string>(["topic","job_id","status","attempt","max_attempts"]);
const wordsDispatchStatus = "one of \"PERMITTED\", \"QUEUED\", \"STARTED\", \"RETRIED\", \"TIMED_OUT\", \"DEAD_LETTERED\", \"REDRIVEN\", \"CANCELLED\", \"SUCCEEDED\", \"FAILED\", \"UNCONFIRMED\"";
const literalsDispatchStatus = new Set<unknown>(["PERMITTED","QUEUED","STARTED","RETRIED","TIMED_OUT","DEAD_LETTERED","REDRIVEN","CANCELLED","SUCCEEDED","FAILED","UNCONFIRMED"]);
const isDispatchStatus = (m: unknown): boolean => literalsDispatchStatus.has(m);
const wordsAttempt = "an integer from 0 to 1000";
const isAttempt = (m: unknown): boolean => typeof m === "number" && Number.isSafeInteger(m) && m >= 0 && m <= 1000 && !Object.is(m, -0);
function checkDispatchBlock(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isName(m = o.topic) ? 1 : refuse(m, at, "/topic", wordsName, faults);
  seen += isName(m = o.job_id) ? 1 : refuse(m, at, "/job_id", wordsName, faults);
  seen += isDispatchStatus(m = o.status) ? 1 : refuse(m, at, "/status", wordsDispatchStatus, faults);
  seen += isAttempt(m = o.attempt) ? 1 : refuse(m, at, "/attempt", wordsAttempt, faults);
  seen += isMaxAttempts(m = o.max_attempts) ? 1 : refuse(m, at, "/max_attempts", wordsMaxAttempts, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfDispatchBlock, at, stranger, faults);
}
function countOfDispatch(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.dispatch) === undefined) refuse(m, at, "/dispatch", wordsObject, faults); else seen++, checkDispatchBlock(m, at + "/dispatch", faults);
  return seen;
}
const membersOfPermit = new Set<string>(["permit_id","executor","args_commit","action_digest","not_after","obligations","kid"]);
function checkPermit(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isPermitId(m = o.permit_id) ? 1 : refuse(m, at, "/permit_id", wordsPermitId, faults);
  seen += isName(m = o.executor) ? 1 : refuse(m, at, "/executor", wordsName, faults);
  seen += isCommitment(m = o.args_commit) ? 1 : refuse(m, at, "/args_commit", wordsCommitment, faults);
  seen += isDigestText(m = o.action_digest) ? 1 : refuse(m, at, "/action_digest", wordsDigestText, faults);
  seen += isTimestamp(m = o.not_after) ? 1 : refuse(m, at, "/not_after", wordsTimestamp, faults);
  if ((m = o.obligations) === undefined) refuse(m, at, "/obligations", wordsEnvironments, faults); else seen++, checkObligations(m, at + "/obligations", faults);
  seen += isKid(m = o.kid) ? 1 : refuse(m, at, "/kid", wordsKid, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfPermit, at, stranger, faults);
}
function countOfDispatchPermitted(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.permit) === undefined) refuse(m, at, "/permit", wordsObject, faults); else seen++, checkPermit(m, at + "/permit", faults);
  return seen;
}
const membersOfStarted = new Set<string>(["permit_id","executor","deadline","args_commit"]);
function checkStarted(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isPermitId(m = o.permit_id) ? 1 : refuse(m, at, "/permit_id", wordsPermitId, faults);
  seen += isName(m = o.executor) ? 1 : refuse(m, at, "/executor", wordsName, faults);
  seen += isTimestamp(m = o.deadline) ? 1 : refuse(m, at, "/deadline", wordsTimestamp, faults);
  seen += isCommitment(m = o.args_commit) ? 1 : refuse(m, at, "/args_commit", wordsCommitment, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfStarted, at, stranger, faults);
}
function countOfDispatchStarted(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.started) === undefined) refuse(m, at, "/started", wordsObject, faults); else seen++, checkStarted(m, at + "/started", faults);
  return seen;
}
const membersOfRetried = new Set<string>(["permit_id","after"]);
const wordsAfter = "one of \"failed\", \"timed_out\", \"unconfirmed\"";
const isAfter = (m: unknown): boolean => m === "failed" || m === "timed_out" || m === "unconfirmed";
function checkRetried(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isPermitId(m = o.permit_id) ? 1 : refuse(m, at, "/permit_id", wordsPermitId, faults);
  seen += isAfter(m = o.after) ? 1 : refuse(m, at, "/after", wordsAfter, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfRetried, at, stranger, faults);
}
function countOfDispatchRetried(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.retried) === undefined) refuse(m, at, "/retried", wordsObject, faults); else seen++, checkRetried(m, at + "/retried", faults);
  return seen;
}
const membersOfOutcome = new Set<string>(["code","duration_ms","layer","layer_attempt","obligations_met","produced"]);
const wordsLayer = "one of \"sdk\", \"queue\", \"agent\", \"server\"";
const isLayer = (m: unknown): boolean => m === "sdk" || m === "queue" || m === "agent" || m === "server";
function checkOutcome(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.code) !== undefined) seen += isReasonCode(m) ? 1 : refuse(m, at, "/code", wordsReasonCode, faults);
  if ((m = o.duration_ms) !== undefined) seen += isIndex(m) ? 1 : refuse(m, at, "/duration_ms", wordsIndex, faults);
  if ((m = o.layer) !== undefined) seen += isLayer(m) ? 1 : refuse(m, at, "/layer", wordsLayer, faults);
  if ((m = o.layer_attempt) !== undefined) seen += isIndex(m) ? 1 : refuse(m, at, "/layer_attempt", wordsIndex, faults);
  if ((m = o.obligations_met) !== undefined) seen++, checkObligations(m, at + "/obligations_met", faults);
  if ((m = o.produced) !== undefined) seen++, checkConsumed(m, at + "/produced", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfOutcome, at, stranger, faults);
}
function countOfOutcome(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.outcome) === undefined) refuse(m, at, "/outcome", wordsObject, faults); else seen++, checkOutcome(m, at + "/outcome", faults);
  return seen;
}
const membersOfRedriven = new Set<string>(["as_action"]);
function checkRedriven(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.as_action) !== undefined) seen += isActionId(m) ? 1 : refuse(m, at, "/as_action", wordsActionId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfRedriven, at, stranger, faults);
}
function countOfDispatchRedriven(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.redriven) === undefined) refuse(m, at, "/redriven", wordsObject, faults); else seen++, checkRedriven(m, at + "/redriven", faults);
  return seen;
}
const membersOfUnconfirmed = new Set<string>(["deadline"]);
function checkUnconfirmed(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isTimestamp(m = o.deadline) ? 1 : refuse(m, at, "/deadline", wordsTimestamp, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfUnconfirmed, at, stranger, faults);
}
function countOfDispatchUnconfirmed(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.unconfirmed) === undefined) refuse(m, at, "/unconfirmed", wordsObject, faults); else seen++, checkUnconfirmed(m, at + "/unconfirmed", faults);
  return seen;
}
const membersOfSafety = new Set<string>(["verdict","checks","drift","demands","finding"]);
const wordsVerdict = "one of \"pass\", \"fail\", \"inconclusive\", \"not_checked\"";
const isVerdict = (m: unknown): boolean => m === "pass" || m === "fail" || m === "inconclusive" || m === "not_checked";
const membersOfChecksItem2 = new Set<string>(["name","verdict","code"]);
function checkChecksItem2(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isName(m = o.name) ? 1 : refuse(m, at, "/name", wordsName, faults);
  seen += isVerdict(m = o.verdict) ? 1 : refuse(m, at, "/verdict", wordsVerdict, faults);
  if ((m = o.code) !== undefined) seen += isReasonCode(m) ? 1 : refuse(m, at, "/code", wordsReasonCode, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfChecksItem2, at, stranger, faults);
}
function checkChecks2(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 32) return void refuse(m, at, "", wordsMatchedRules, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) checkChecksItem2(list[i], at + `/${i}`, faults);
}
const membersOfDrift = new Set<string>(["requested","approved","executed","equal"]);
function checkDrift(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.requested) !== undefined) seen += isCommitment(m) ? 1 : refuse(m, at, "/requested", wordsCommitment, faults);
  if ((m = o.approved) !== undefined) seen += isCommitment(m) ? 1 : refuse(m, at, "/approved", wordsCommitment, faults);
  if ((m = o.executed) !== undefined) seen += isCommitment(m) ? 1 : refuse(m, at, "/executed", wordsCommitment, faults);
  seen += isNoteCommitted(m = o.equal) ? 1 : refuse(m, at, "/equal", wordsNoteCommitted, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfDrift, at, stranger, faults);
}
const wordsDemands = "one of \"none\", \"rollback\", \"review\"";
const isDemands = (m: unknown): boolean => m === "none" || m === "rollback" || m === "review";
const wordsFindingId = "a string of at most 30 UTF-16 code units, matching ^fnd_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern37 = /^fnd_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isFindingId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern37.test(m);
function checkSafety(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isVerdict(m = o.verdict) ? 1 : refuse(m, at, "/verdict", wordsVerdict, faults);
  if ((m = o.checks) === undefined) refuse(m, at, "/checks", wordsMatchedRules, faults); else seen++, checkChecks2(m, at + "/checks", faults);
  if ((m = o.drift) === undefined) refuse(m, at, "/drift", wordsObject, faults); else seen++, checkDrift(m, at + "/drift", faults);
  if ((m = o.demands) !== undefined) seen += isDemands(m) ? 1 : refuse(m, at, "/demands", wordsDemands, faults);
  if ((m = o.finding) !== undefined) seen += isFindingId(m) ? 1 : refuse(m, at, "/finding", wordsFindingId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfSafety, at, stranger, faults);
}
function countOfSafetyChecked(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.policy) !== undefined) seen++, checkPolicyBlock(m, at + "/policy", faults);
  if ((m = o.safety) === undefined) refuse(m, at, "/safety", wordsObject, faults); else seen++, checkSafety(m, at + "/safety", faults);
  return seen;
}
const membersOfArtifact = new Set<string>(["artifact_id","payload","media_type","size_bytes"]);
const wordsMediaType = "a string of 1 to 127 UTF-16 code units, matching ^[^\\u0000-\\u001f\\u007f-\\u009f]+$";
const isMediaType = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 127 && pattern9.test(m) && m.isWellFormed();
function checkArtifact(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isCommitment(m = o.artifact_id) ? 1 : refuse(m, at, "/artifact_id", wordsCommitment, faults);
  seen += isDigestText(m = o.payload) ? 1 : refuse(m, at, "/payload", wordsDigestText, faults);
  seen += isMediaType(m = o.media_type) ? 1 : refuse(m, at, "/media_type", wordsMediaType, faults);
  seen += isIndex(m = o.size_bytes) ? 1 : refuse(m, at, "/size_bytes", wordsIndex, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfArtifact, at, stranger, faults);
}
function countOfArtifactRecorded(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.artifact) === undefined) refuse(m, at, "/artifact", wordsObject, faults); else seen++, checkArtifact(m, at + "/artifact", faults);
  return seen;
}
const membersOfRetention = new Set<string>(["digest","version","rules","shortens","approved_by"]);
function checkRetention(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  seen += isIndex(m = o.version) ? 1 : refuse(m, at, "/version", wordsIndex, faults);
  seen += isIndex(m = o.rules) ? 1 : refuse(m, at, "/rules", wordsIndex, faults);
  seen += isNoteCommitted(m = o.shortens) ? 1 : refuse(m, at, "/shortens", wordsNoteCommitted, faults);
  if ((m = o.approved_by) !== undefined) seen += isPersonId(m) ? 1 : refuse(m, at, "/approved_by", wordsPersonId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfRetention, at, stranger, faults);
}
function countOfRetentionRulesPublished(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.retention) === undefined) refuse(m, at, "/retention", wordsObject, faults); else seen++, checkRetention(m, at + "/retention", faults);
  return seen;
}
const membersOfPruned = new Set<string>(["ranges","count","rule","rules_digest","holds"]);
const wordsRanges = "a list of at most 1024 items";
function checkRanges(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 1024) return void refuse(m, at, "", wordsRanges, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) checkRange(list[i], at + `/${i}`, faults);
}
const wordsHoldId = "a string of at most 31 UTF-16 code units, matching ^hold_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern38 = /^hold_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isHoldId = (m: unknown): boolean => typeof m === "string" && m.length <= 31 && pattern38.test(m);
function checkHolds(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 64) return void refuse(m, at, "", wordsCeiling, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isHoldId(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsHoldId, faults);
}
function checkPruned(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.ranges) === undefined) refuse(m, at, "/ranges", wordsRanges, faults); else seen++, checkRanges(m, at + "/ranges", faults);
  seen += isIndex(m = o.count) ? 1 : refuse(m, at, "/count", wordsIndex, faults);
  seen += isRuleId(m = o.rule) ? 1 : refuse(m, at, "/rule", wordsRuleId, faults);
  seen += isDigestText(m = o.rules_digest) ? 1 : refuse(m, at, "/rules_digest", wordsDigestText, faults);
  if ((m = o.holds) === undefined) refuse(m, at, "/holds", wordsCeiling, faults); else seen++, checkHolds(m, at + "/holds", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfPruned, at, stranger, faults);
}
function countOfRetentionPruned(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.pruned) === undefined) refuse(m, at, "/pruned", wordsObject, faults); else seen++, checkPruned(m, at + "/pruned", faults);
  return seen;
}
const membersOfHold = new Set<string>(["hold_id","matter","runs","query","from","until"]);
function checkRuns(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 256) return void refuse(m, at, "", wordsGroups, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isRunId(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsRunId, faults);
}
const wordsQuery = "a string of 1 to 1024 UTF-16 code units, matching ^[^\\u0000-\\u001f\\u007f-\\u009f]+$";
const isQuery = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 1024 && pattern9.test(m) && m.isWellFormed();
function checkHold(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isHoldId(m = o.hold_id) ? 1 : refuse(m, at, "/hold_id", wordsHoldId, faults);
  seen += isLabelsItem(m = o.matter) ? 1 : refuse(m, at, "/matter", wordsLabels2, faults);
  if ((m = o.runs) !== undefined) seen++, checkRuns(m, at + "/runs", faults);
  if ((m = o.query) !== undefined) seen += isQuery(m) ? 1 : refuse(m, at, "/query", wordsQuery, faults);
  if ((m = o.from) !== undefined) seen += isTimestamp(m) ? 1 : refuse(m, at, "/from", wordsTimestamp, faults);
  if ((m = o.until) !== undefined) seen += isTimestamp(m) ? 1 : refuse(m, at, "/until", wordsTimestamp, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfHold, at, stranger, faults);
}
function countOfHoldPlaced(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.hold) === undefined) refuse(m, at, "/hold", wordsObject, faults); else seen++, checkHold(m, at + "/hold", faults);
  return seen;
}
const membersOfHold2 = new Set<string>(["hold_id","approved_by"]);
function checkHold2(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isHoldId(m = o.hold_id) ? 1 : refuse(m, at, "/hold_id", wordsHoldId, faults);
  seen += isPersonId(m = o.approved_by) ? 1 : refuse(m, at, "/approved_by", wordsPersonId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfHold2, at, stranger, faults);
}
function countOfHoldReleased(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.hold) === undefined) refuse(m, at, "/hold", wordsObject, faults); else seen++, checkHold2(m, at + "/hold", faults);
  return seen;
}
const membersOfRedaction = new Set<string>(["original","redacted","detector","count"]);
function checkRedaction(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDigestText(m = o.original) ? 1 : refuse(m, at, "/original", wordsDigestText, faults);
  seen += isDigestText(m = o.redacted) ? 1 : refuse(m, at, "/redacted", wordsDigestText, faults);
  seen += isLabelsItem(m = o.detector) ? 1 : refuse(m, at, "/detector", wordsLabels2, faults);
  seen += isIndex(m = o.count) ? 1 : refuse(m, at, "/count", wordsIndex, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfRedaction, at, stranger, faults);
}
function countOfPayloadRedacted(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.redaction) === undefined) refuse(m, at, "/redaction", wordsObject, faults); else seen++, checkRedaction(m, at + "/redaction", faults);
  return seen;
}
const membersOfErasure = new Set<string>(["subject","basis"]);
function checkErasure(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isCommitment(m = o.subject) ? 1 : refuse(m, at, "/subject", wordsCommitment, faults);
  seen += isValue(m = o.basis) ? 1 : refuse(m, at, "/basis", wordsValue, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfErasure, at, stranger, faults);
}
function countOfErasureRequested(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.erasure) === undefined) refuse(m, at, "/erasure", wordsObject, faults); else seen++, checkErasure(m, at + "/erasure", faults);
  return seen;
}
const membersOfErasure2 = new Set<string>(["subject","holds","rules"]);
function checkRules(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 64) return void refuse(m, at, "", wordsCeiling, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isRuleId(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsRuleId, faults);
}
function checkErasure2(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isCommitment(m = o.subject) ? 1 : refuse(m, at, "/subject", wordsCommitment, faults);
  if ((m = o.holds) === undefined) refuse(m, at, "/holds", wordsCeiling, faults); else seen++, checkHolds(m, at + "/holds", faults);
  if ((m = o.rules) === undefined) refuse(m, at, "/rules", wordsCeiling, faults); else seen++, checkRules(m, at + "/rules", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfErasure2, at, stranger, faults);
}
function countOfErasureParked(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.erasure) === undefined) refuse(m, at, "/erasure", wordsObject, faults); else seen++, checkErasure2(m, at + "/erasure", faults);
  return seen;
}
const membersOfErasure3 = new Set<string>(["subject","keys","payloads","packs"]);
const wordsPackId = "a string of at most 31 UTF-16 code units, matching ^pack_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern39 = /^pack_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isPackId = (m: unknown): boolean => typeof m === "string" && m.length <= 31 && pattern39.test(m);
function checkPacks(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 256) return void refuse(m, at, "", wordsGroups, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isPackId(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsPackId, faults);
}
function checkErasure3(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isCommitment(m = o.subject) ? 1 : refuse(m, at, "/subject", wordsCommitment, faults);
  seen += isIndex(m = o.keys) ? 1 : refuse(m, at, "/keys", wordsIndex, faults);
  seen += isIndex(m = o.payloads) ? 1 : refuse(m, at, "/payloads", wordsIndex, faults);
  if ((m = o.packs) === undefined) refuse(m, at, "/packs", wordsGroups, faults); else seen++, checkPacks(m, at + "/packs", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfErasure3, at, stranger, faults);
}
function countOfSubjectErased(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.erasure) === undefined) refuse(m, at, "/erasure", wordsObject, faults); else seen++, checkErasure3(m, at + "/erasure", faults);
  return seen;
}
const membersOfPack = new Set<string>(["pack_id","scope","purpose","recipient","disclosure"]);
const wordsDisclosure = "one of \"none\", \"committed\", \"full\"";
const isDisclosure = (m: unknown): boolean => m === "none" || m === "committed" || m === "full";
function checkPack(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isPackId(m = o.pack_id) ? 1 : refuse(m, at, "/pack_id", wordsPackId, faults);
  seen += isQuery(m = o.scope) ? 1 : refuse(m, at, "/scope", wordsQuery, faults);
  seen += isValue(m = o.purpose) ? 1 : refuse(m, at, "/purpose", wordsValue, faults);
  if ((m = o.recipient) !== undefined) seen += isValue(m) ? 1 : refuse(m, at, "/recipient", wordsValue, faults);
  seen += isDisclosure(m = o.disclosure) ? 1 : refuse(m, at, "/disclosure", wordsDisclosure, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfPack, at, stranger, faults);
}
function countOfPackRequested(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.pack) === undefined) refuse(m, at, "/pack", wordsObject, faults); else seen++, checkPack(m, at + "/pack", faults);
  return seen;
}
const membersOfPack2 = new Set<string>(["pack_id","scope","as_of","manifest_digest","proves","entries","disclosure"]);
const wordsProves = "one of \"complete\", \"as-of\", \"inclusion-only\"";
const isProves = (m: unknown): boolean => m === "complete" || m === "as-of" || m === "inclusion-only";
function checkPack2(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isPackId(m = o.pack_id) ? 1 : refuse(m, at, "/pack_id", wordsPackId, faults);
  seen += isQuery(m = o.scope) ? 1 : refuse(m, at, "/scope", wordsQuery, faults);
  seen += isIndex(m = o.as_of) ? 1 : refuse(m, at, "/as_of", wordsIndex, faults);
  seen += isDigestText(m = o.manifest_digest) ? 1 : refuse(m, at, "/manifest_digest", wordsDigestText, faults);
  seen += isProves(m = o.proves) ? 1 : refuse(m, at, "/proves", wordsProves, faults);
  seen += isIndex(m = o.entries) ? 1 : refuse(m, at, "/entries", wordsIndex, faults);
  seen += isDisclosure(m = o.disclosure) ? 1 : refuse(m, at, "/disclosure", wordsDisclosure, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfPack2, at, stranger, faults);
}
function countOfPackExported(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.pack) === undefined) refuse(m, at, "/pack", wordsObject, faults); else seen++, checkPack2(m, at + "/pack", faults);
  return seen;
}
const membersOfPack3 = new Set<string>(["pack_id","manifest_digest"]);
function checkPack3(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isPackId(m = o.pack_id) ? 1 : refuse(m, at, "/pack_id", wordsPackId, faults);
  seen += isDigestText(m = o.manifest_digest) ? 1 : refuse(m, at, "/manifest_digest", wordsDigestText, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfPack3, at, stranger, faults);
}
function countOfPackDownloaded(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.pack) === undefined) refuse(m, at, "/pack", wordsObject, faults); else seen++, checkPack3(m, at + "/pack", faults);
  return seen;
}
const membersOfAccess = new Set<string>(["reads","count"]);
const wordsKind5 = "one of \"event\", \"payload\", \"disclosure\", \"timeline\", \"pack\", \"list\"";
const literalsKind = new Set<unknown>(["event","payload","disclosure","timeline","pack","list"]);
const isKind5 = (m: unknown): boolean => literalsKind.has(m);
const wordsId = "a string of at most 96 UTF-16 code units, matching ^[!#-\\[\\]-~]{1,96}$";
const pattern40 = /^[!#-\[\]-~]{1,96}$/u;
const isId = (m: unknown): boolean => typeof m === "string" && m.length <= 96 && pattern40.test(m);
function checkReadsItem(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isKind5(m = o.kind) ? 1 : refuse(m, at, "/kind", wordsKind5, faults);
  seen += isId(m = o.id) ? 1 : refuse(m, at, "/id", wordsId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfHolder, at, stranger, faults);
}
function checkReads(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 256) return void refuse(m, at, "", wordsGroups, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) checkReadsItem(list[i], at + `/${i}`, faults);
}
function checkAccess(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.reads) === undefined) refuse(m, at, "/reads", wordsGroups, faults); else seen++, checkReads(m, at + "/reads", faults);
  seen += isIndex(m = o.count) ? 1 : refuse(m, at, "/count", wordsIndex, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfAccess, at, stranger, faults);
}
function countOfEvidenceAccessed(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.access) === undefined) refuse(m, at, "/access", wordsObject, faults); else seen++, checkAccess(m, at + "/access", faults);
  return seen;
}
const membersOfCheck = new Set<string>(["kind","as_of","findings","counts","digest"]);
const wordsKind6 = "one of \"fsck\", \"scrub\", \"completeness\", \"reexecution\"";
const isKind6 = (m: unknown): boolean => m === "fsck" || m === "scrub" || m === "completeness" || m === "reexecution";
function checkCounts(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(m)) return void refuse(m, at, "", wordsCommit, faults);
  const names = Object.keys(m);
  if (names.length > 32) return void refuse(m, at, "", wordsCommit, faults);
  for (const name of names) {
    if (!pattern22.test(name)) faults.push({ pointer: at + pointerStep(name), expected: "a member name matching ^[a-z][a-z0-9_.-]{0,63}$", wrong: "unknown" });
    else if (!isIndex(m[name])) refuse(m[name] ?? null, at, pointerStep(name), wordsIndex, faults);
  }
}
function checkCheck(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isKind6(m = o.kind) ? 1 : refuse(m, at, "/kind", wordsKind6, faults);
  seen += isIndex(m = o.as_of) ? 1 : refuse(m, at, "/as_of", wordsIndex, faults);
  seen += isIndex(m = o.findings) ? 1 : refuse(m, at, "/findings", wordsIndex, faults);
  if ((m = o.counts) === undefined) refuse(m, at, "/counts", wordsCommit, faults); else seen++, checkCounts(m, at + "/counts", faults);
  if ((m = o.digest) !== undefined) seen += isDigestText(m) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfCheck, at, stranger, faults);
}
function countOfIntegrityChecked(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.check) === undefined) refuse(m, at, "/check", wordsObject, faults); else seen++, checkCheck(m, at + "/check", faults);
  return seen;
}
const membersOfReview = new Set<string>(["review_id","question","query","as_of","verdict","digest"]);
const wordsReviewId = "a string of at most 30 UTF-16 code units, matching ^rev_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern41 = /^rev_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isReviewId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern41.test(m);
const wordsQuestion = "one of \"denied\", \"approvals\", \"incident\", \"scope\", \"retention\"";
const literalsQuestion = new Set<unknown>(["denied","approvals","incident","scope","retention"]);
const isQuestion = (m: unknown): boolean => literalsQuestion.has(m);
const wordsVerdict2 = "one of \"pass\", \"fail\", \"partial\"";
const isVerdict2 = (m: unknown): boolean => m === "pass" || m === "fail" || m === "partial";
function checkReview(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isReviewId(m = o.review_id) ? 1 : refuse(m, at, "/review_id", wordsReviewId, faults);
  seen += isQuestion(m = o.question) ? 1 : refuse(m, at, "/question", wordsQuestion, faults);
  seen += isQuery(m = o.query) ? 1 : refuse(m, at, "/query", wordsQuery, faults);
  seen += isIndex(m = o.as_of) ? 1 : refuse(m, at, "/as_of", wordsIndex, faults);
  seen += isVerdict2(m = o.verdict) ? 1 : refuse(m, at, "/verdict", wordsVerdict2, faults);
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfReview, at, stranger, faults);
}
function countOfReviewCompleted(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.review) === undefined) refuse(m, at, "/review", wordsObject, faults); else seen++, checkReview(m, at + "/review", faults);
  return seen;
}
const membersOfIncident = new Set<string>(["incident_id","from","title_committed"]);
const wordsIncidentId = "a string of at most 30 UTF-16 code units, matching ^inc_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern42 = /^inc_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isIncidentId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern42.test(m);
function checkIncident(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isIncidentId(m = o.incident_id) ? 1 : refuse(m, at, "/incident_id", wordsIncidentId, faults);
  seen += isLabelsItem(m = o.from) ? 1 : refuse(m, at, "/from", wordsLabels2, faults);
  seen += isNoteCommitted(m = o.title_committed) ? 1 : refuse(m, at, "/title_committed", wordsNoteCommitted, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfIncident, at, stranger, faults);
}
function countOfIncidentOpened(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.incident) === undefined) refuse(m, at, "/incident", wordsObject, faults); else seen++, checkIncident(m, at + "/incident", faults);
  return seen;
}
const membersOfIncident2 = new Set<string>(["incident_id","findings"]);
function checkFindings(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 64) return void refuse(m, at, "", wordsCeiling, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isFindingId(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsFindingId, faults);
}
function checkIncident2(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isIncidentId(m = o.incident_id) ? 1 : refuse(m, at, "/incident_id", wordsIncidentId, faults);
  if ((m = o.findings) === undefined) refuse(m, at, "/findings", wordsCeiling, faults); else seen++, checkFindings(m, at + "/findings", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfIncident2, at, stranger, faults);
}
function countOfIncidentClosed(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.incident) === undefined) refuse(m, at, "/incident", wordsObject, faults); else seen++, checkIncident2(m, at + "/incident", faults);
  return seen;
}
const membersOfDrill = new Set<string>(["drill_id","kind"]);
const wordsDrillId = "a string of at most 30 UTF-16 code units, matching ^drl_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern43 = /^drl_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isDrillId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern43.test(m);
const wordsKind7 = "one of \"incident\", \"tamper\", \"restore\", \"approval\", \"export\"";
const literalsKind2 = new Set<unknown>(["incident","tamper","restore","approval","export"]);
const isKind7 = (m: unknown): boolean => literalsKind2.has(m);
function checkDrill(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDrillId(m = o.drill_id) ? 1 : refuse(m, at, "/drill_id", wordsDrillId, faults);
  seen += isKind7(m = o.kind) ? 1 : refuse(m, at, "/kind", wordsKind7, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfDrill, at, stranger, faults);
}
function countOfDrillStarted(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.drill) === undefined) refuse(m, at, "/drill", wordsObject, faults); else seen++, checkDrill(m, at + "/drill", faults);
  return seen;
}
const membersOfDrill2 = new Set<string>(["drill_id","kind","score_percent","duration_ms","expected","found","findings"]);
function checkDrill2(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDrillId(m = o.drill_id) ? 1 : refuse(m, at, "/drill_id", wordsDrillId, faults);
  seen += isKind7(m = o.kind) ? 1 : refuse(m, at, "/kind", wordsKind7, faults);
  seen += isIndex(m = o.score_percent) ? 1 : refuse(m, at, "/score_percent", wordsIndex, faults);
  seen += isIndex(m = o.duration_ms) ? 1 : refuse(m, at, "/duration_ms", wordsIndex, faults);
  seen += isIndex(m = o.expected) ? 1 : refuse(m, at, "/expected", wordsIndex, faults);
  seen += isIndex(m = o.found) ? 1 : refuse(m, at, "/found", wordsIndex, faults);
  if ((m = o.findings) === undefined) refuse(m, at, "/findings", wordsCeiling, faults); else seen++, checkFindings(m, at + "/findings", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfDrill2, at, stranger, faults);
}
function countOfDrillCompleted(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.drill) === undefined) refuse(m, at, "/drill", wordsObject, faults); else seen++, checkDrill2(m, at + "/drill", faults);
  return seen;
}
const membersOfDrill3 = new Set<string>(["kind","due"]);
function checkDrill3(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isKind7(m = o.kind) ? 1 : refuse(m, at, "/kind", wordsKind7, faults);
  seen += isTimestamp(m = o.due) ? 1 : refuse(m, at, "/due", wordsTimestamp, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfDrill3, at, stranger, faults);
}
function countOfDrillMissed(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.drill) === undefined) refuse(m, at, "/drill", wordsObject, faults); else seen++, checkDrill3(m, at + "/drill", faults);
  return seen;
}
const membersOfFinding = new Set<string>(["finding_id","severity","code","owner","due","evidence"]);
const wordsSeverity = "one of \"low\", \"medium\", \"high\", \"critical\"";
const isSeverity = (m: unknown): boolean => m === "low" || m === "medium" || m === "high" || m === "critical";
function checkEvidence(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 64) return void refuse(m, at, "", wordsCeiling, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isEventId(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsEventId, faults);
}
function checkFinding(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isFindingId(m = o.finding_id) ? 1 : refuse(m, at, "/finding_id", wordsFindingId, faults);
  seen += isSeverity(m = o.severity) ? 1 : refuse(m, at, "/severity", wordsSeverity, faults);
  seen += isReasonCode(m = o.code) ? 1 : refuse(m, at, "/code", wordsReasonCode, faults);
  if ((m = o.owner) !== undefined) seen += isPersonId(m) ? 1 : refuse(m, at, "/owner", wordsPersonId, faults);
  if ((m = o.due) !== undefined) seen += isTimestamp(m) ? 1 : refuse(m, at, "/due", wordsTimestamp, faults);
  if ((m = o.evidence) === undefined) refuse(m, at, "/evidence", wordsCeiling, faults); else seen++, checkEvidence(m, at + "/evidence", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfFinding, at, stranger, faults);
}
function countOfFindingOpened(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.finding) === undefined) refuse(m, at, "/finding", wordsObject, faults); else seen++, checkFinding(m, at + "/finding", faults);
  return seen;
}
const membersOfFinding2 = new Set<string>(["finding_id","by","evidence"]);
const wordsBy2 = "one of \"drill\", \"proof\"";
const isBy2 = (m: unknown): boolean => m === "drill" || m === "proof";
function checkFinding2(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isFindingId(m = o.finding_id) ? 1 : refuse(m, at, "/finding_id", wordsFindingId, faults);
  seen += isBy2(m = o.by) ? 1 : refuse(m, at, "/by", wordsBy2, faults);
  if ((m = o.evidence) === undefined) refuse(m, at, "/evidence", wordsCeiling, faults); else seen++, checkEvidence(m, at + "/evidence", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfFinding2, at, stranger, faults);
}
function countOfFindingClosed(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.finding) === undefined) refuse(m, at, "/finding", wordsObject, faults); else seen++, checkFinding2(m, at + "/finding", faults);
  return seen;
}
const membersOfTraining = new Set<string>(["person","version","score_percent"]);
function checkTraining(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isPersonId(m = o.person) ? 1 : refuse(m, at, "/person", wordsPersonId, faults);
  seen += isEnvironmentsItem(m = o.version) ? 1 : refuse(m, at, "/version", wordsEnvironments2, faults);
  seen += isIndex(m = o.score_percent) ? 1 : refuse(m, at, "/score_percent", wordsIndex, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfTraining, at, stranger, faults);
}
function countOfTrainingCompleted(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.training) === undefined) refuse(m, at, "/training", wordsObject, faults); else seen++, checkTraining(m, at + "/training", faults);
  return seen;
}
const membersOfAnchor = new Set<string>(["kind","checkpoint","digest"]);
const wordsKind8 = "one of \"rfc3161\", \"cosignature\", \"anchor-log\", \"object-lock\"";
const isKind8 = (m: unknown): boolean => m === "rfc3161" || m === "cosignature" || m === "anchor-log" || m === "object-lock";
function checkAnchor(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isKind8(m = o.kind) ? 1 : refuse(m, at, "/kind", wordsKind8, faults);
  if ((m = o.checkpoint) === undefined) refuse(m, at, "/checkpoint", wordsObject, faults); else seen++, checkPrevious(m, at + "/checkpoint", faults);
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfAnchor, at, stranger, faults);
}
function countOfAnchorRecorded(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.anchor) === undefined) refuse(m, at, "/anchor", wordsObject, faults); else seen++, checkAnchor(m, at + "/anchor", faults);
  return seen;
}
const membersOfAnswer = new Set<string>(["request","digest","answer","person","signed"]);
const wordsAnswer2 = "one of \"approve\", \"reject\", \"withdraw\"";
const isAnswer2 = (m: unknown): boolean => m === "approve" || m === "reject" || m === "withdraw";
const membersOfSigned = new Set<string>(["text","digest","method","kid","signature","authenticator_data","client_data"]);
function checkSigned(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isText3(m = o.text) ? 1 : refuse(m, at, "/text", wordsText3, faults);
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  seen += isMethod(m = o.method) ? 1 : refuse(m, at, "/method", wordsMethod, faults);
  seen += isKid(m = o.kid) ? 1 : refuse(m, at, "/kid", wordsKid, faults);
  seen += isSignature(m = o.signature) ? 1 : refuse(m, at, "/signature", wordsSignature, faults);
  if ((m = o.authenticator_data) !== undefined) seen += isAuthenticatorData(m) ? 1 : refuse(m, at, "/authenticator_data", wordsAuthenticatorData, faults);
  if ((m = o.client_data) !== undefined) seen += isClientData(m) ? 1 : refuse(m, at, "/client_data", wordsClientData, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfSigned, at, stranger, faults);
}
function checkAnswer(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isEventId(m = o.request) ? 1 : refuse(m, at, "/request", wordsEventId, faults);
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  seen += isAnswer2(m = o.answer) ? 1 : refuse(m, at, "/answer", wordsAnswer2, faults);
  if ((m = o.person) !== undefined) seen += isPersonId(m) ? 1 : refuse(m, at, "/person", wordsPersonId, faults);
  if ((m = o.signed) !== undefined) seen++, checkSigned(m, at + "/signed", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfAnswer, at, stranger, faults);
}
function countOfPolicyPublishAnswered(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.answer) === undefined) refuse(m, at, "/answer", wordsObject, faults); else seen++, checkAnswer(m, at + "/answer", faults);
  if ((m = o.reason) !== undefined) seen++, checkReason(m, at + "/reason", faults);
  return seen;
}
const membersOfAcknowledgement = new Set<string>(["digest","simulation","impact_digest","groups"]);
function checkAcknowledgement(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  seen += isEventId(m = o.simulation) ? 1 : refuse(m, at, "/simulation", wordsEventId, faults);
  seen += isDigestText(m = o.impact_digest) ? 1 : refuse(m, at, "/impact_digest", wordsDigestText, faults);
  if ((m = o.groups) === undefined) refuse(m, at, "/groups", wordsGroups, faults); else seen++, checkGroups(m, at + "/groups", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfAcknowledgement, at, stranger, faults);
}
function countOfPolicyAcknowledged(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.acknowledgement) === undefined) refuse(m, at, "/acknowledgement", wordsObject, faults); else seen++, checkAcknowledgement(m, at + "/acknowledgement", faults);
  return seen;
}
const membersOfChange = new Set<string>(["person","kind","link","passkey","identity"]);
const wordsKind9 = "one of \"link_made\", \"link_used\", \"link_replaced\", \"link_lapsed\", \"passkey_offered\", \"passkey_refused\", \"passkey_lapsed\", \"identity_linked\"";
const literalsKind3 = new Set<unknown>(["link_made","link_used","link_replaced","link_lapsed","passkey_offered","passkey_refused","passkey_lapsed","identity_linked"]);
const isKind9 = (m: unknown): boolean => literalsKind3.has(m);
const membersOfLink = new Set<string>(["digest","roles","approver_roles","ends_at"]);
function checkRoles(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 16) return void refuse(m, at, "", wordsEnvironments, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isRole(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsRole, faults);
}
const wordsApproverRole = "a string of at most 64 UTF-16 code units, matching ^[a-z][a-z0-9_.-]{0,63}$";
function checkApproverRoles(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 64) return void refuse(m, at, "", wordsCeiling, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isApproverRole(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsApproverRole, faults);
}
function checkLink(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  if ((m = o.roles) !== undefined) seen++, checkRoles(m, at + "/roles", faults);
  if ((m = o.approver_roles) !== undefined) seen++, checkApproverRoles(m, at + "/approver_roles", faults);
  if ((m = o.ends_at) !== undefined) seen += isTimestamp(m) ? 1 : refuse(m, at, "/ends_at", wordsTimestamp, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfLink, at, stranger, faults);
}
const membersOfPasskey = new Set<string>(["id","kid","digest","ends_at"]);
function checkPasskey(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isEnvironmentsItem(m = o.id) ? 1 : refuse(m, at, "/id", wordsEnvironments2, faults);
  seen += isKid(m = o.kid) ? 1 : refuse(m, at, "/kid", wordsKid, faults);
  if ((m = o.digest) !== undefined) seen += isDigestText(m) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  if ((m = o.ends_at) !== undefined) seen += isTimestamp(m) ? 1 : refuse(m, at, "/ends_at", wordsTimestamp, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfPasskey, at, stranger, faults);
}
const membersOfIdentity = new Set<string>(["digest","replaces"]);
function checkIdentity(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  if ((m = o.replaces) !== undefined) seen += isDigestText(m) ? 1 : refuse(m, at, "/replaces", wordsDigestText, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfIdentity, at, stranger, faults);
}
function checkChange(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isPersonId(m = o.person) ? 1 : refuse(m, at, "/person", wordsPersonId, faults);
  seen += isKind9(m = o.kind) ? 1 : refuse(m, at, "/kind", wordsKind9, faults);
  if ((m = o.link) !== undefined) seen++, checkLink(m, at + "/link", faults);
  if ((m = o.passkey) !== undefined) seen++, checkPasskey(m, at + "/passkey", faults);
  if ((m = o.identity) !== undefined) seen++, checkIdentity(m, at + "/identity", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfChange, at, stranger, faults);
}
function countOfPersonChanged(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.change) === undefined) refuse(m, at, "/change", wordsObject, faults); else seen++, checkChange(m, at + "/change", faults);
  return seen;
}
const membersOfFreeze3 = new Set<string>(["freeze_id","person"]);
function checkFreeze3(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isFreezeId(m = o.freeze_id) ? 1 : refuse(m, at, "/freeze_id", wordsFreezeId, faults);
  seen += isPersonId(m = o.person) ? 1 : refuse(m, at, "/person", wordsPersonId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfFreeze3, at, stranger, faults);
}
function countOfFreezeLiftAsked(o: Unchecked, at: string, faults: ShapeFault[]): number {
  let seen = 0;
  let m: unknown;
  if ((m = o.freeze) === undefined) refuse(m, at, "/freeze", wordsObject, faults); else seen++, checkFreeze3(m, at + "/freeze", faults);
  return seen;
}

const groupEnvelope: Group = { names: ["type","v","event_id","tenant","ts","source","actor","cause","labels","refs","commit","traceparent","integrity"], count: countOfEnvelope };
const groupLogGenesis: Group = { names: ["genesis"], count: countOfLogGenesis };
const groupLogHeartbeat: Group = { names: ["heartbeat"], count: countOfLogHeartbeat };
const groupKey: Group = { names: ["key"], count: countOfKey };
const groupReason: Group = { names: ["reason"], count: countOfReason };
const groupCompromisedSince: Group = { names: ["compromised_since"], count: countOfCompromisedSince };
const groupLogKeyRevoked: Group = { names: ["last_trusted_size"], count: countOfLogKeyRevoked };
const groupLogEpochOpened: Group = { names: ["epoch"], count: countOfLogEpochOpened };
const groupLogClockJumped: Group = { names: ["clock"], count: countOfLogClockJumped };
const groupLogClosed: Group = { names: ["closed"], count: countOfLogClosed };
const groupTenantCreated: Group = { names: ["created"], count: countOfTenantCreated };
const groupTenantChanged: Group = { names: ["changed"], count: countOfTenantChanged };
const groupAgentRegistered: Group = { names: ["agent"], count: countOfAgentRegistered };
const groupBootstrap: Group = { names: ["bootstrap"], count: countOfBootstrap };
const groupAgentChanged: Group = { names: ["agent"], count: countOfAgentChanged };
const groupCredentialIssued: Group = { names: ["credential"], count: countOfCredentialIssued };
const groupCredentialRotated: Group = { names: ["credential"], count: countOfCredentialRotated };
const groupCredentialRevoked: Group = { names: ["credential"], count: countOfCredentialRevoked };
const groupPerson: Group = { names: ["person"], count: countOfPerson };
const groupGrant: Group = { names: ["grant"], count: countOfGrant };
const groupApproverKeyEnrolled: Group = { names: ["enrolment"], count: countOfApproverKeyEnrolled };
const groupApproverKeyRevoked: Group = { names: ["enrolment"], count: countOfApproverKeyRevoked };
const groupSessionOpened: Group = { names: ["session"], count: countOfSessionOpened };
const groupSessionClosed: Group = { names: ["session"], count: countOfSessionClosed };
const groupTenantSealed: Group = { names: ["sealed"], count: countOfTenantSealed };
const groupConfigOverridden: Group = { names: ["override"], count: countOfConfigOverridden };
const groupWitnessPolicyChanged: Group = { names: ["witness_policy"], count: countOfWitnessPolicyChanged };
const groupBackupTaken: Group = { names: ["backup"], count: countOfBackupTaken };
const groupBackupRestored: Group = { names: ["backup"], count: countOfBackupRestored };
const groupRunIdInitiator: Group = { names: ["run_id","initiator"], count: countOfRunIdInitiator };
const groupRunStarted: Group = { names: ["run"], count: countOfRunStarted };
const groupRunScopeExtended: Group = { names: ["extension"], count: countOfRunScopeExtended };
const groupRunClosed: Group = { names: ["closed"], count: countOfRunClosed };
const groupRunSettled: Group = { names: ["settled"], count: countOfRunSettled };
const groupRunAbandoned: Group = { names: ["abandoned"], count: countOfRunAbandoned };
const groupActionIdAction: Group = { names: ["action_id","action"], count: countOfActionIdAction };
const groupPointers: Group = { names: ["pointers"], count: countOfPointers };
const groupActionRequested: Group = { names: ["request"], count: countOfActionRequested };
const groupPolicy: Group = { names: ["policy"], count: countOfPolicy };
const groupPolicyDecided: Group = { names: ["decided"], count: countOfPolicyDecided };
const groupPolicyUploaded: Group = { names: ["bundle","signatures"], count: countOfPolicyUploaded };
const groupPolicyValidated: Group = { names: ["bundle"], count: countOfPolicyValidated };
const groupPolicySimulated: Group = { names: ["simulation"], count: countOfPolicySimulated };
const groupPolicyPublishRequested: Group = { names: ["publish"], count: countOfPolicyPublishRequested };
const groupPolicyPublished: Group = { names: ["publish"], count: countOfPolicyPublished };
const groupPolicyActivated: Group = { names: ["activation"], count: countOfPolicyActivated };
const groupPolicyRolledBack: Group = { names: ["rollback"], count: countOfPolicyRolledBack };
const groupPolicyShadowStarted: Group = { names: ["shadow"], count: countOfPolicyShadowStarted };
const groupPolicyShadowStopped: Group = { names: ["shadow"], count: countOfPolicyShadowStopped };
const groupPolicyRetired: Group = { names: ["bundle"], count: countOfPolicyRetired };
const groupApproval: Group = { names: ["approval"], count: countOfApproval };
const groupApprovalRequested: Group = { names: ["approval_request"], count: countOfApprovalRequested };
const groupApprovalVoted: Group = { names: ["vote"], count: countOfApprovalVoted };
const groupApprovalGranted: Group = { names: ["granted"], count: countOfApprovalGranted };
const groupApprovalRejected: Group = { names: ["rejected"], count: countOfApprovalRejected };
const groupApprovalExpired: Group = { names: ["expired"], count: countOfApprovalExpired };
const groupApprovalSuperseded: Group = { names: ["superseded"], count: countOfApprovalSuperseded };
const groupApprovalRevalidated: Group = { names: ["revalidated"], count: countOfApprovalRevalidated };
const groupApprovalConsumed: Group = { names: ["consumed"], count: countOfApprovalConsumed };
const groupBreakglassUsed: Group = { names: ["breakglass"], count: countOfBreakglassUsed };
const groupFreezePlaced: Group = { names: ["freeze"], count: countOfFreezePlaced };
const groupFreezeLifted: Group = { names: ["freeze"], count: countOfFreezeLifted };
const groupDispatch: Group = { names: ["dispatch"], count: countOfDispatch };
const groupDispatchPermitted: Group = { names: ["permit"], count: countOfDispatchPermitted };
const groupDispatchStarted: Group = { names: ["started"], count: countOfDispatchStarted };
const groupDispatchRetried: Group = { names: ["retried"], count: countOfDispatchRetried };
const groupOutcome: Group = { names: ["outcome"], count: countOfOutcome };
const groupDispatchRedriven: Group = { names: ["redriven"], count: countOfDispatchRedriven };
const groupDispatchUnconfirmed: Group = { names: ["unconfirmed"], count: countOfDispatchUnconfirmed };
const groupSafetyChecked: Group = { names: ["policy","safety"], count: countOfSafetyChecked };
const groupArtifactRecorded: Group = { names: ["artifact"], count: countOfArtifactRecorded };
const groupRetentionRulesPublished: Group = { names: ["retention"], count: countOfRetentionRulesPublished };
const groupRetentionPruned: Group = { names: ["pruned"], count: countOfRetentionPruned };
const groupHoldPlaced: Group = { names: ["hold"], count: countOfHoldPlaced };
const groupHoldReleased: Group = { names: ["hold"], count: countOfHoldReleased };
const groupPayloadRedacted: Group = { names: ["redaction"], count: countOfPayloadRedacted };
const groupErasureRequested: Group = { names: ["erasure"], count: countOfErasureRequested };
const groupErasureParked: Group = { names: ["erasure"], count: countOfErasureParked };
const groupSubjectErased: Group = { names: ["erasure"], count: countOfSubjectErased };
const groupPackRequested: Group = { names: ["pack"], count: countOfPackRequested };
const groupPackExported: Group = { names: ["pack"], count: countOfPackExported };
const groupPackDownloaded: Group = { names: ["pack"], count: countOfPackDownloaded };
const groupEvidenceAccessed: Group = { names: ["access"], count: countOfEvidenceAccessed };
const groupIntegrityChecked: Group = { names: ["check"], count: countOfIntegrityChecked };
const groupReviewCompleted: Group = { names: ["review"], count: countOfReviewCompleted };
const groupIncidentOpened: Group = { names: ["incident"], count: countOfIncidentOpened };
const groupIncidentClosed: Group = { names: ["incident"], count: countOfIncidentClosed };
const groupDrillStarted: Group = { names: ["drill"], count: countOfDrillStarted };
const groupDrillCompleted: Group = { names: ["drill"], count: countOfDrillCompleted };
const groupDrillMissed: Group = { names: ["drill"], count: countOfDrillMissed };
const groupFindingOpened: Group = { names: ["finding"], count: countOfFindingOpened };
const groupFindingClosed: Group = { names: ["finding"], count: countOfFindingClosed };
const groupTrainingCompleted: Group = { names: ["training"], count: countOfTrainingCompleted };
const groupAnchorRecorded: Group = { names: ["anchor"], count: countOfAnchorRecorded };
const groupPolicyPublishAnswered: Group = { names: ["answer","reason"], count: countOfPolicyPublishAnswered };
const groupPolicyAcknowledged: Group = { names: ["acknowledgement"], count: countOfPolicyAcknowledged };
const groupPersonChanged: Group = { names: ["change"], count: countOfPersonChanged };
const groupFreezeLiftAsked: Group = { names: ["freeze"], count: countOfFreezeLiftAsked };

const groupsOfKind = new Map<string, readonly Group[]>([
  ["log.genesis", [groupEnvelope, groupLogGenesis]],
  ["log.heartbeat", [groupEnvelope, groupLogHeartbeat]],
  ["log.key.added", [groupEnvelope, groupKey]],
  ["log.key.retired", [groupEnvelope, groupKey, groupReason]],
  ["log.key.revoked", [groupEnvelope, groupKey, groupReason, groupCompromisedSince, groupLogKeyRevoked]],
  ["log.epoch.opened", [groupEnvelope, groupLogEpochOpened, groupReason]],
  ["log.clock.jumped", [groupEnvelope, groupLogClockJumped]],
  ["log.closed", [groupEnvelope, groupLogClosed, groupReason]],
  ["tenant.created", [groupEnvelope, groupTenantCreated]],
  ["tenant.changed", [groupEnvelope, groupTenantChanged]],
  ["agent.registered", [groupEnvelope, groupAgentRegistered, groupBootstrap]],
  ["agent.changed", [groupEnvelope, groupAgentChanged, groupBootstrap]],
  ["credential.issued", [groupEnvelope, groupCredentialIssued, groupBootstrap]],
  ["credential.rotated", [groupEnvelope, groupCredentialRotated]],
  ["credential.revoked", [groupEnvelope, groupCredentialRevoked, groupReason, groupCompromisedSince]],
  ["person.added", [groupEnvelope, groupPerson, groupBootstrap]],
  ["person.removed", [groupEnvelope, groupPerson, groupReason]],
  ["role.granted", [groupEnvelope, groupGrant, groupBootstrap]],
  ["role.revoked", [groupEnvelope, groupGrant, groupReason]],
  ["approver.key.enrolled", [groupEnvelope, groupApproverKeyEnrolled, groupBootstrap]],
  ["approver.key.revoked", [groupEnvelope, groupApproverKeyRevoked, groupReason, groupCompromisedSince]],
  ["session.opened", [groupEnvelope, groupSessionOpened]],
  ["session.closed", [groupEnvelope, groupSessionClosed, groupReason]],
  ["tenant.sealed", [groupEnvelope, groupTenantSealed]],
  ["config.overridden", [groupEnvelope, groupConfigOverridden, groupReason]],
  ["witness.policy.changed", [groupEnvelope, groupWitnessPolicyChanged]],
  ["backup.taken", [groupEnvelope, groupBackupTaken]],
  ["backup.restored", [groupEnvelope, groupBackupRestored]],
  ["run.started", [groupEnvelope, groupRunIdInitiator, groupRunStarted]],
  ["run.scope.extended", [groupEnvelope, groupRunIdInitiator, groupRunScopeExtended]],
  ["run.suspended", [groupEnvelope, groupRunIdInitiator, groupReason]],
  ["run.closed", [groupEnvelope, groupRunIdInitiator, groupRunClosed]],
  ["run.settled", [groupEnvelope, groupRunIdInitiator, groupRunSettled]],
  ["run.abandoned", [groupEnvelope, groupRunIdInitiator, groupRunAbandoned, groupReason]],
  ["action.requested", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPointers, groupActionRequested]],
  ["policy.decided", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupPolicyDecided]],
  ["policy.uploaded", [groupEnvelope, groupPolicyUploaded]],
  ["policy.validated", [groupEnvelope, groupPolicyValidated]],
  ["policy.simulated", [groupEnvelope, groupPolicySimulated]],
  ["policy.publish.requested", [groupEnvelope, groupPolicyPublishRequested, groupReason]],
  ["policy.published", [groupEnvelope, groupPolicyPublished, groupBootstrap]],
  ["policy.activated", [groupEnvelope, groupPolicyActivated]],
  ["policy.rolled_back", [groupEnvelope, groupPolicyRolledBack, groupReason]],
  ["policy.shadow.started", [groupEnvelope, groupPolicyShadowStarted]],
  ["policy.shadow.stopped", [groupEnvelope, groupPolicyShadowStopped]],
  ["policy.retired", [groupEnvelope, groupPolicyRetired, groupReason]],
  ["approval.requested", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupApprovalRequested]],
  ["approval.voted", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupApprovalVoted]],
  ["approval.granted", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupApprovalGranted]],
  ["approval.rejected", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupApprovalRejected, groupReason]],
  ["approval.expired", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupApprovalExpired]],
  ["approval.revoked", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupReason]],
  ["approval.cancelled", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupReason]],
  ["approval.voided", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupReason]],
  ["approval.superseded", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupApprovalSuperseded, groupReason]],
  ["approval.revalidated", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupApprovalRevalidated]],
  ["approval.consumed", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupApprovalConsumed]],
  ["breakglass.used", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupBreakglassUsed, groupReason]],
  ["freeze.placed", [groupEnvelope, groupFreezePlaced, groupReason]],
  ["freeze.lifted", [groupEnvelope, groupFreezeLifted, groupReason]],
  ["dispatch.permitted", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupDispatch, groupPointers, groupDispatchPermitted]],
  ["dispatch.queued", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupDispatch, groupPointers]],
  ["dispatch.started", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupDispatch, groupPointers, groupDispatchStarted]],
  ["dispatch.retried", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupDispatch, groupPointers, groupDispatchRetried]],
  ["dispatch.timed_out", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupDispatch, groupPointers, groupOutcome]],
  ["dispatch.dead_lettered", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupDispatch, groupPointers, groupOutcome]],
  ["dispatch.redriven", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupDispatch, groupPointers, groupDispatchRedriven]],
  ["dispatch.cancelled", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupDispatch, groupPointers, groupOutcome]],
  ["dispatch.succeeded", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupDispatch, groupPointers, groupOutcome]],
  ["dispatch.failed", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupDispatch, groupPointers, groupOutcome]],
  ["dispatch.unconfirmed", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupPolicy, groupApproval, groupDispatch, groupPointers, groupDispatchUnconfirmed]],
  ["safety.checked", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupSafetyChecked]],
  ["artifact.recorded", [groupEnvelope, groupRunIdInitiator, groupActionIdAction, groupArtifactRecorded]],
  ["retention.rules.published", [groupEnvelope, groupRetentionRulesPublished]],
  ["retention.pruned", [groupEnvelope, groupRetentionPruned]],
  ["hold.placed", [groupEnvelope, groupHoldPlaced, groupReason]],
  ["hold.released", [groupEnvelope, groupHoldReleased, groupReason]],
  ["payload.redacted", [groupEnvelope, groupPayloadRedacted]],
  ["erasure.requested", [groupEnvelope, groupErasureRequested]],
  ["erasure.parked", [groupEnvelope, groupErasureParked]],
  ["subject.erased", [groupEnvelope, groupSubjectErased]],
  ["pack.requested", [groupEnvelope, groupPackRequested]],
  ["pack.exported", [groupEnvelope, groupPackExported]],
  ["pack.downloaded", [groupEnvelope, groupPackDownloaded]],
  ["evidence.accessed", [groupEnvelope, groupEvidenceAccessed]],
  ["integrity.checked", [groupEnvelope, groupIntegrityChecked]],
  ["review.completed", [groupEnvelope, groupReviewCompleted]],
  ["incident.opened", [groupEnvelope, groupIncidentOpened]],
  ["incident.closed", [groupEnvelope, groupIncidentClosed, groupReason]],
  ["drill.started", [groupEnvelope, groupDrillStarted]],
  ["drill.completed", [groupEnvelope, groupDrillCompleted]],
  ["drill.missed", [groupEnvelope, groupDrillMissed]],
  ["finding.opened", [groupEnvelope, groupFindingOpened]],
  ["finding.closed", [groupEnvelope, groupFindingClosed, groupReason]],
  ["training.completed", [groupEnvelope, groupTrainingCompleted]],
  ["anchor.recorded", [groupEnvelope, groupAnchorRecorded]],
  ["policy.publish.answered", [groupEnvelope, groupPolicyPublishAnswered]],
  ["policy.acknowledged", [groupEnvelope, groupPolicyAcknowledged]],
  ["person.changed", [groupEnvelope, groupPersonChanged]],
  ["freeze.lift.asked", [groupEnvelope, groupFreezeLiftAsked]],
]);

function orderActor(o: Unchecked): Unchecked {
  return {
    credential: o.credential,
    id: o.id,
    session: o.session,
    type: o.type,
  };
}
function orderKeys(o: Unchecked): Unchecked {
  return {
    alg: o.alg,
    kid: o.kid,
    purpose: o.purpose,
    vkey: o.vkey,
    x: o.x,
  };
}
function orderPrevious(o: Unchecked): Unchecked {
  return {
    origin: o.origin,
    root: o.root,
    size: o.size,
  };
}
function orderGenesis(o: Unchecked): Unchecked {
  return {
    epoch: o.epoch,
    keys: (o.keys as unknown[]).map((m) => orderKeys(m as Unchecked)),
    origin: o.origin,
    previous: o.previous === undefined ? undefined : orderPrevious(o.previous as Unchecked),
    spec: o.spec,
  };
}
function orderIntegrity(o: Unchecked): Unchecked {
  return {
    alg: o.alg,
    ctl_head: o.ctl_head,
    ctl_seq: o.ctl_seq,
    index: o.index,
    log: o.log,
    prev_hash: o.prev_hash,
    run_prev: o.run_prev,
    run_seq: o.run_seq,
    v: o.v,
  };
}
function orderLogGenesis(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    genesis: orderGenesis(o.genesis as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderHeartbeat(o: Unchecked): Unchecked {
  return {
    idle_since: o.idle_since,
  };
}
function orderLogHeartbeat(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    heartbeat: orderHeartbeat(o.heartbeat as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderLogKeyAdded(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    key: orderKeys(o.key as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderReason(o: Unchecked): Unchecked {
  return {
    code: o.code,
    note_committed: o.note_committed,
  };
}
function orderLogKeyRetired(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    key: orderKeys(o.key as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderLogKeyRevoked(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    compromised_since: o.compromised_since,
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    key: orderKeys(o.key as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    last_trusted_size: o.last_trusted_size,
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderEpoch(o: Unchecked): Unchecked {
  return {
    epoch: o.epoch,
    origin: o.origin,
    previous: orderPrevious(o.previous as Unchecked),
  };
}
function orderLogEpochOpened(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    epoch: orderEpoch(o.epoch as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderClock(o: Unchecked): Unchecked {
  return {
    direction: o.direction,
    head: o.head,
    node: o.node,
  };
}
function orderLogClockJumped(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    clock: orderClock(o.clock as Unchecked),
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderClosed(o: Unchecked): Unchecked {
  return {
    size: o.size,
  };
}
function orderLogClosed(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    closed: orderClosed(o.closed as Unchecked),
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderCreated(o: Unchecked): Unchecked {
  return {
    display_name: o.display_name,
    kind: o.kind,
    origin_host: o.origin_host,
  };
}
function orderTenantCreated(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    created: orderCreated(o.created as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderChanged(o: Unchecked): Unchecked {
  return {
    display_name: o.display_name,
    kind: o.kind,
    observing: o.observing,
  };
}
function orderTenantChanged(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    changed: orderChanged(o.changed as Unchecked),
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderAgent(o: Unchecked): Unchecked {
  return {
    accountable: o.accountable,
    ceiling: o.ceiling,
    environments: o.environments,
    id: o.id,
    may_execute: o.may_execute,
    owner: o.owner,
    purpose: o.purpose,
  };
}
function orderAgentRegistered(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    agent: orderAgent(o.agent as Unchecked),
    bootstrap: o.bootstrap,
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderAgent2(o: Unchecked): Unchecked {
  return {
    accountable: o.accountable,
    ceiling: o.ceiling,
    environments: o.environments,
    id: o.id,
    may_execute: o.may_execute,
    owner: o.owner,
    purpose: o.purpose,
    retired: o.retired,
  };
}
function orderAgentChanged(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    agent: orderAgent2(o.agent as Unchecked),
    bootstrap: o.bootstrap,
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderHolder(o: Unchecked): Unchecked {
  return {
    id: o.id,
    kind: o.kind,
  };
}
function orderCredential(o: Unchecked): Unchecked {
  return {
    expires_at: o.expires_at,
    holder: orderHolder(o.holder as Unchecked),
    id: o.id,
    role: o.role,
    scope: o.scope,
    secret_digest: o.secret_digest,
  };
}
function orderCredentialIssued(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    bootstrap: o.bootstrap,
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    credential: orderCredential(o.credential as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderCredential2(o: Unchecked): Unchecked {
  return {
    expires_at: o.expires_at,
    id: o.id,
    replaces: o.replaces,
    secret_digest: o.secret_digest,
  };
}
function orderCredentialRotated(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    credential: orderCredential2(o.credential as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderCredential3(o: Unchecked): Unchecked {
  return {
    id: o.id,
  };
}
function orderCredentialRevoked(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    compromised_since: o.compromised_since,
    credential: orderCredential3(o.credential as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderPerson(o: Unchecked): Unchecked {
  return {
    alias: o.alias,
  };
}
function orderPersonAdded(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    bootstrap: o.bootstrap,
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    person: orderPerson(o.person as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderPersonRemoved(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    person: orderPerson(o.person as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderGrant(o: Unchecked): Unchecked {
  return {
    kind: o.kind,
    person: o.person,
    role: o.role,
  };
}
function orderRoleGranted(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    bootstrap: o.bootstrap,
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    grant: orderGrant(o.grant as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderRoleRevoked(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    grant: orderGrant(o.grant as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderEnrolment(o: Unchecked): Unchecked {
  return {
    approved_by: o.approved_by,
    key: orderKeys(o.key as Unchecked),
    method: o.method,
    person: o.person,
    rp_id: o.rp_id,
  };
}
function orderApproverKeyEnrolled(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    bootstrap: o.bootstrap,
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    enrolment: orderEnrolment(o.enrolment as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderEnrolment2(o: Unchecked): Unchecked {
  return {
    kid: o.kid,
    person: o.person,
  };
}
function orderApproverKeyRevoked(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    compromised_since: o.compromised_since,
    enrolment: orderEnrolment2(o.enrolment as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderSession(o: Unchecked): Unchecked {
  return {
    expires_at: o.expires_at,
    id: o.id,
    method: o.method,
    person: o.person,
    proof: o.proof,
  };
}
function orderSessionOpened(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    session: orderSession(o.session as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderSession2(o: Unchecked): Unchecked {
  return {
    id: o.id,
    person: o.person,
  };
}
function orderSessionClosed(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    session: orderSession2(o.session as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderSealed(o: Unchecked): Unchecked {
  return {
    bootstrap_acts: o.bootstrap_acts,
    people: o.people,
  };
}
function orderTenantSealed(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    sealed: orderSealed(o.sealed as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderOverride(o: Unchecked): Unchecked {
  return {
    setting: o.setting,
    value: o.value,
  };
}
function orderConfigOverridden(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    override: orderOverride(o.override as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderWitnessPolicy(o: Unchecked): Unchecked {
  return {
    digest: o.digest,
    text: o.text,
  };
}
function orderWitnessPolicyChanged(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
    witness_policy: orderWitnessPolicy(o.witness_policy as Unchecked),
  };
}
function orderBackup(o: Unchecked): Unchecked {
  return {
    checkpoint: orderPrevious(o.checkpoint as Unchecked),
    digest: o.digest,
    size_bytes: o.size_bytes,
  };
}
function orderBackupTaken(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    backup: orderBackup(o.backup as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderBackup2(o: Unchecked): Unchecked {
  return {
    checkpoint: orderPrevious(o.checkpoint as Unchecked),
    digest: o.digest,
  };
}
function orderBackupRestored(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    backup: orderBackup2(o.backup as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderInitiator(o: Unchecked): Unchecked {
  return {
    agent: o.agent,
    framework: o.framework,
    framework_version: o.framework_version,
    model: o.model,
    on_behalf_of: o.on_behalf_of,
    version: o.version,
  };
}
function orderBudgets(o: Unchecked): Unchecked {
  return {
    actions: o.actions,
    bytes: o.bytes,
    cents: o.cents,
    wall_ms: o.wall_ms,
  };
}
function orderResources(o: Unchecked): Unchecked {
  return {
    environment: o.environment,
    pattern: o.pattern,
    system: o.system,
  };
}
function orderScope(o: Unchecked): Unchecked {
  return {
    budgets: o.budgets === undefined ? undefined : orderBudgets(o.budgets as Unchecked),
    capabilities: o.capabilities,
    data_classes: o.data_classes,
    expires_at: o.expires_at,
    resources: o.resources === undefined ? undefined : (o.resources as unknown[]).map((m) => orderResources(m as Unchecked)),
    tools: o.tools,
  };
}
function orderRun(o: Unchecked): Unchecked {
  return {
    ceiling_event: o.ceiling_event,
    delegated_by: o.delegated_by,
    expected_end: o.expected_end,
    parent_run: o.parent_run,
    scope: orderScope(o.scope as Unchecked),
  };
}
function orderRunStarted(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run: orderRun(o.run as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderExtension(o: Unchecked): Unchecked {
  return {
    approval_id: o.approval_id,
    initiator: o.initiator === undefined ? undefined : orderInitiator(o.initiator as Unchecked),
    scope: orderScope(o.scope as Unchecked),
  };
}
function orderRunScopeExtended(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    extension: orderExtension(o.extension as Unchecked),
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderRunSuspended(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderClosed2(o: Unchecked): Unchecked {
  return {
    open_actions: o.open_actions,
    status: o.status,
  };
}
function orderRunClosed(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    closed: orderClosed2(o.closed as Unchecked),
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderSettled(o: Unchecked): Unchecked {
  return {
    actions: o.actions,
    events: o.events,
    last_seq: o.last_seq,
  };
}
function orderRunSettled(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    settled: orderSettled(o.settled as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderAbandoned(o: Unchecked): Unchecked {
  return {
    idle_since: o.idle_since,
    open_actions: o.open_actions,
  };
}
function orderRunAbandoned(o: Unchecked): Unchecked {
  return {
    abandoned: orderAbandoned(o.abandoned as Unchecked),
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderTarget(o: Unchecked): Unchecked {
  return {
    environment: o.environment,
    resource: o.resource,
    system: o.system,
    version: o.version,
  };
}
function orderAction(o: Unchecked): Unchecked {
  return {
    capability: o.capability,
    target: orderTarget(o.target as Unchecked),
    tool: o.tool,
    tool_version: o.tool_version,
  };
}
function orderPointers(o: Unchecked): Unchecked {
  return {
    args: o.args,
    artifacts: o.artifacts,
    context: o.context,
    result: o.result,
  };
}
function orderChecks(o: Unchecked): Unchecked {
  return {
    by: o.by,
    name: o.name,
  };
}
function orderRequest(o: Unchecked): Unchecked {
  return {
    action_digest: o.action_digest,
    args_bytes: o.args_bytes,
    attempt_timeout_ms: o.attempt_timeout_ms,
    checks: o.checks === undefined ? undefined : (o.checks as unknown[]).map((m) => orderChecks(m as Unchecked)),
    consumed: o.consumed,
    context_absent: o.context_absent,
    cost_cents: o.cost_cents,
    data_classes: o.data_classes,
    max_attempts: o.max_attempts,
    redrive_of: o.redrive_of,
    tool_contract: o.tool_contract,
    tool_digest: o.tool_digest,
    topic: o.topic,
  };
}
function orderActionRequested(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    pointers: orderPointers(o.pointers as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    request: orderRequest(o.request as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderHistory(o: Unchecked): Unchecked {
  return {
    actions: o.actions,
    as_of_index: o.as_of_index,
    bytes: o.bytes,
    cents: o.cents,
    in_flight: o.in_flight,
  };
}
function orderEscalation(o: Unchecked): Unchecked {
  return {
    after: o.after,
    approvers: o.approvers,
  };
}
function orderRequirement(o: Unchecked): Unchecked {
  return {
    approvers: o.approvers,
    breakglass: o.breakglass,
    escalation: o.escalation === undefined ? undefined : orderEscalation(o.escalation as Unchecked),
    quorum: o.quorum,
    rule: o.rule,
    separation: o.separation,
    ttl: o.ttl,
  };
}
function orderDecided(o: Unchecked): Unchecked {
  return {
    action_digest: o.action_digest,
    assurance: o.assurance,
    combining: o.combining,
    decision_id: o.decision_id,
    enforced: o.enforced,
    engine: o.engine,
    evaluated_us: o.evaluated_us,
    gate_digest: o.gate_digest,
    history: orderHistory(o.history as Unchecked),
    matched_rules: o.matched_rules,
    obligations: o.obligations,
    permits: o.permits,
    projection: o.projection,
    projection_format: o.projection_format,
    reason_codes: o.reason_codes,
    request_leaf: o.request_leaf,
    requirements: (o.requirements as unknown[]).map((m) => orderRequirement(m as Unchecked)),
    rule_digests: inKeyOrder(o.rule_digests as Unchecked),
    scope_event: o.scope_event,
    tool_contract: o.tool_contract,
    valid_until: o.valid_until,
  };
}
function orderPolicyBlock(o: Unchecked): Unchecked {
  return {
    decision: o.decision,
    decision_event: o.decision_event,
    enforced: o.enforced,
    matched_rule: o.matched_rule,
    policy_digest: o.policy_digest,
    policy_snapshot: o.policy_snapshot,
    reason: o.reason,
  };
}
function orderPolicyDecided(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    decided: orderDecided(o.decided as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderBundle(o: Unchecked): Unchecked {
  return {
    digest: o.digest,
    files: o.files,
    name: o.name,
    size_bytes: o.size_bytes,
    version: o.version,
  };
}
function orderSignatures(o: Unchecked): Unchecked {
  return {
    alg: o.alg,
    key_id: o.key_id,
    role: o.role,
    sig: o.sig,
  };
}
function orderPolicyUploaded(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    bundle: orderBundle(o.bundle as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    signatures: o.signatures === undefined ? undefined : (o.signatures as unknown[]).map((m) => orderSignatures(m as Unchecked)),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderBundle2(o: Unchecked): Unchecked {
  return {
    digest: o.digest,
    rules: o.rules,
    tests: o.tests,
    warnings: o.warnings,
  };
}
function orderPolicyValidated(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    bundle: orderBundle2(o.bundle as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderSimulation(o: Unchecked): Unchecked {
  return {
    against: o.against,
    changed: o.changed,
    decisions: o.decisions,
    digest: o.digest,
    groups: o.groups,
    groups_left_out: o.groups_left_out,
    impact_digest: o.impact_digest,
    loosened: o.loosened,
    newly_allowed: o.newly_allowed,
    range: o.range,
    report: o.report,
  };
}
function orderPolicySimulated(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    simulation: orderSimulation(o.simulation as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderPublish(o: Unchecked): Unchecked {
  return {
    acknowledged: o.acknowledged,
    digest: o.digest,
    expected: o.expected,
    impact_digest: o.impact_digest,
    incident: o.incident,
    rollback: o.rollback,
    simulation: o.simulation,
  };
}
function orderPolicyPublishRequested(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    publish: orderPublish(o.publish as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderPrevious2(o: Unchecked): Unchecked {
  return {
    digest: o.digest,
    revision: o.revision,
  };
}
function orderPublish2(o: Unchecked): Unchecked {
  return {
    approved_by: o.approved_by,
    author: o.author,
    digest: o.digest,
    engine: o.engine,
    previous: o.previous === undefined ? undefined : orderPrevious2(o.previous as Unchecked),
    request: o.request,
    revision: o.revision,
    separation: o.separation,
  };
}
function orderPolicyPublished(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    bootstrap: o.bootstrap,
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    publish: orderPublish2(o.publish as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderActivation(o: Unchecked): Unchecked {
  return {
    digest: o.digest,
    node: o.node,
    revision: o.revision,
  };
}
function orderPolicyActivated(o: Unchecked): Unchecked {
  return {
    activation: orderActivation(o.activation as Unchecked),
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderRollback(o: Unchecked): Unchecked {
  return {
    approved_by: o.approved_by,
    from: orderPrevious2(o.from as Unchecked),
    incident: o.incident,
    request: o.request,
    revision: o.revision,
    separation: o.separation,
    to_digest: o.to_digest,
  };
}
function orderPolicyRolledBack(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    rollback: orderRollback(o.rollback as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderShadow(o: Unchecked): Unchecked {
  return {
    digest: o.digest,
    sample_percent: o.sample_percent,
  };
}
function orderPolicyShadowStarted(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    shadow: orderShadow(o.shadow as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderShadow2(o: Unchecked): Unchecked {
  return {
    decisions: o.decisions,
    differing: o.differing,
    digest: o.digest,
    dropped: o.dropped,
    newly_allowed: o.newly_allowed,
  };
}
function orderPolicyShadowStopped(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    shadow: orderShadow2(o.shadow as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderBundle3(o: Unchecked): Unchecked {
  return {
    digest: o.digest,
  };
}
function orderPolicyRetired(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    bundle: orderBundle3(o.bundle as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderApprovalBlock(o: Unchecked): Unchecked {
  return {
    approval_id: o.approval_id,
    approved_at: o.approved_at,
    approver: o.approver,
    quorum: o.quorum,
    required: o.required,
    votes: o.votes,
  };
}
function orderApprovalRequest(o: Unchecked): Unchecked {
  return {
    digest: o.digest,
    expires_at: o.expires_at,
    rendering: o.rendering,
    replaces: o.replaces,
    text: o.text,
  };
}
function orderApprovalRequested(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    approval_request: orderApprovalRequest(o.approval_request as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderVote(o: Unchecked): Unchecked {
  return {
    answer: o.answer,
    authenticator_data: o.authenticator_data,
    client_data: o.client_data,
    digest: o.digest,
    kid: o.kid,
    method: o.method,
    person: o.person,
    reason_code: o.reason_code,
    rendering: o.rendering,
    signature: o.signature,
    text: o.text,
  };
}
function orderApprovalVoted(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
    vote: orderVote(o.vote as Unchecked),
  };
}
function orderGranted(o: Unchecked): Unchecked {
  return {
    people: o.people,
    separation: o.separation,
    usable_until: o.usable_until,
  };
}
function orderApprovalGranted(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    granted: orderGranted(o.granted as Unchecked),
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderRejected(o: Unchecked): Unchecked {
  return {
    person: o.person,
    vote: o.vote,
  };
}
function orderApprovalRejected(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    rejected: orderRejected(o.rejected as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderExpired(o: Unchecked): Unchecked {
  return {
    expires_at: o.expires_at,
  };
}
function orderApprovalExpired(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    expired: orderExpired(o.expired as Unchecked),
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderApprovalRevoked(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderApprovalCancelled(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderApprovalVoided(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderSuperseded(o: Unchecked): Unchecked {
  return {
    by: o.by,
  };
}
function orderApprovalSuperseded(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    superseded: orderSuperseded(o.superseded as Unchecked),
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderRevalidated(o: Unchecked): Unchecked {
  return {
    engine: o.engine,
    gate_digest: o.gate_digest,
    policy: orderPrevious2(o.policy as Unchecked),
    projection: o.projection,
  };
}
function orderApprovalRevalidated(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    revalidated: orderRevalidated(o.revalidated as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderConsumed(o: Unchecked): Unchecked {
  return {
    job_id: o.job_id,
    permit_id: o.permit_id,
  };
}
function orderApprovalConsumed(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    consumed: orderConsumed(o.consumed as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderSignatures2(o: Unchecked): Unchecked {
  return {
    authenticator_data: o.authenticator_data,
    client_data: o.client_data,
    digest: o.digest,
    kid: o.kid,
    method: o.method,
    person: o.person,
    signature: o.signature,
    text: o.text,
  };
}
function orderBreakglass(o: Unchecked): Unchecked {
  return {
    expires_at: o.expires_at,
    incident: o.incident,
    people: o.people,
    review_due: o.review_due,
    signatures: o.signatures === undefined ? undefined : (o.signatures as unknown[]).map((m) => orderSignatures2(m as Unchecked)),
  };
}
function orderBreakglassUsed(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    breakglass: orderBreakglass(o.breakglass as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderFreeze(o: Unchecked): Unchecked {
  return {
    freeze_id: o.freeze_id,
    incident: o.incident,
    kind: o.kind,
    subject: o.subject,
  };
}
function orderFreezePlaced(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    freeze: orderFreeze(o.freeze as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderFreeze2(o: Unchecked): Unchecked {
  return {
    freeze_id: o.freeze_id,
    people: o.people,
    separation: o.separation,
  };
}
function orderFreezeLifted(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    freeze: orderFreeze2(o.freeze as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderDispatchBlock(o: Unchecked): Unchecked {
  return {
    attempt: o.attempt,
    job_id: o.job_id,
    max_attempts: o.max_attempts,
    status: o.status,
    topic: o.topic,
  };
}
function orderPermit(o: Unchecked): Unchecked {
  return {
    action_digest: o.action_digest,
    args_commit: o.args_commit,
    executor: o.executor,
    kid: o.kid,
    not_after: o.not_after,
    obligations: o.obligations,
    permit_id: o.permit_id,
  };
}
function orderDispatchPermitted(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    dispatch: orderDispatchBlock(o.dispatch as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    permit: orderPermit(o.permit as Unchecked),
    pointers: orderPointers(o.pointers as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderDispatchQueued(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    dispatch: orderDispatchBlock(o.dispatch as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    pointers: orderPointers(o.pointers as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderStarted(o: Unchecked): Unchecked {
  return {
    args_commit: o.args_commit,
    deadline: o.deadline,
    executor: o.executor,
    permit_id: o.permit_id,
  };
}
function orderDispatchStarted(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    dispatch: orderDispatchBlock(o.dispatch as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    pointers: orderPointers(o.pointers as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    started: orderStarted(o.started as Unchecked),
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderRetried(o: Unchecked): Unchecked {
  return {
    after: o.after,
    permit_id: o.permit_id,
  };
}
function orderDispatchRetried(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    dispatch: orderDispatchBlock(o.dispatch as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    pointers: orderPointers(o.pointers as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    retried: orderRetried(o.retried as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderOutcome(o: Unchecked): Unchecked {
  return {
    code: o.code,
    duration_ms: o.duration_ms,
    layer: o.layer,
    layer_attempt: o.layer_attempt,
    obligations_met: o.obligations_met,
    produced: o.produced,
  };
}
function orderDispatchTimedOut(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    dispatch: orderDispatchBlock(o.dispatch as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    outcome: orderOutcome(o.outcome as Unchecked),
    pointers: orderPointers(o.pointers as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderDispatchDeadLettered(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    dispatch: orderDispatchBlock(o.dispatch as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    outcome: orderOutcome(o.outcome as Unchecked),
    pointers: orderPointers(o.pointers as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderRedriven(o: Unchecked): Unchecked {
  return {
    as_action: o.as_action,
  };
}
function orderDispatchRedriven(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    dispatch: orderDispatchBlock(o.dispatch as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    pointers: orderPointers(o.pointers as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    redriven: orderRedriven(o.redriven as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderDispatchCancelled(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    dispatch: orderDispatchBlock(o.dispatch as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    outcome: orderOutcome(o.outcome as Unchecked),
    pointers: orderPointers(o.pointers as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderDispatchSucceeded(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    dispatch: orderDispatchBlock(o.dispatch as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    outcome: orderOutcome(o.outcome as Unchecked),
    pointers: orderPointers(o.pointers as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderDispatchFailed(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    dispatch: orderDispatchBlock(o.dispatch as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    outcome: orderOutcome(o.outcome as Unchecked),
    pointers: orderPointers(o.pointers as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderUnconfirmed(o: Unchecked): Unchecked {
  return {
    deadline: o.deadline,
  };
}
function orderDispatchUnconfirmed(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    approval: orderApprovalBlock(o.approval as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    dispatch: orderDispatchBlock(o.dispatch as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    pointers: orderPointers(o.pointers as Unchecked),
    policy: orderPolicyBlock(o.policy as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    unconfirmed: orderUnconfirmed(o.unconfirmed as Unchecked),
    v: o.v,
  };
}
function orderChecks2(o: Unchecked): Unchecked {
  return {
    code: o.code,
    name: o.name,
    verdict: o.verdict,
  };
}
function orderDrift(o: Unchecked): Unchecked {
  return {
    approved: o.approved,
    equal: o.equal,
    executed: o.executed,
    requested: o.requested,
  };
}
function orderSafety(o: Unchecked): Unchecked {
  return {
    checks: (o.checks as unknown[]).map((m) => orderChecks2(m as Unchecked)),
    demands: o.demands,
    drift: orderDrift(o.drift as Unchecked),
    finding: o.finding,
    verdict: o.verdict,
  };
}
function orderSafetyChecked(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    policy: o.policy === undefined ? undefined : orderPolicyBlock(o.policy as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    safety: orderSafety(o.safety as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderArtifact(o: Unchecked): Unchecked {
  return {
    artifact_id: o.artifact_id,
    media_type: o.media_type,
    payload: o.payload,
    size_bytes: o.size_bytes,
  };
}
function orderArtifactRecorded(o: Unchecked): Unchecked {
  return {
    action: orderAction(o.action as Unchecked),
    action_id: o.action_id,
    actor: orderActor(o.actor as Unchecked),
    artifact: orderArtifact(o.artifact as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    initiator: orderInitiator(o.initiator as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    run_id: o.run_id,
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderRetention(o: Unchecked): Unchecked {
  return {
    approved_by: o.approved_by,
    digest: o.digest,
    rules: o.rules,
    shortens: o.shortens,
    version: o.version,
  };
}
function orderRetentionRulesPublished(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    retention: orderRetention(o.retention as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderPruned(o: Unchecked): Unchecked {
  return {
    count: o.count,
    holds: o.holds,
    ranges: o.ranges,
    rule: o.rule,
    rules_digest: o.rules_digest,
  };
}
function orderRetentionPruned(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    pruned: orderPruned(o.pruned as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderHold(o: Unchecked): Unchecked {
  return {
    from: o.from,
    hold_id: o.hold_id,
    matter: o.matter,
    query: o.query,
    runs: o.runs,
    until: o.until,
  };
}
function orderHoldPlaced(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    hold: orderHold(o.hold as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderHold2(o: Unchecked): Unchecked {
  return {
    approved_by: o.approved_by,
    hold_id: o.hold_id,
  };
}
function orderHoldReleased(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    hold: orderHold2(o.hold as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderRedaction(o: Unchecked): Unchecked {
  return {
    count: o.count,
    detector: o.detector,
    original: o.original,
    redacted: o.redacted,
  };
}
function orderPayloadRedacted(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    redaction: orderRedaction(o.redaction as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderErasure(o: Unchecked): Unchecked {
  return {
    basis: o.basis,
    subject: o.subject,
  };
}
function orderErasureRequested(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    erasure: orderErasure(o.erasure as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderErasure2(o: Unchecked): Unchecked {
  return {
    holds: o.holds,
    rules: o.rules,
    subject: o.subject,
  };
}
function orderErasureParked(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    erasure: orderErasure2(o.erasure as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderErasure3(o: Unchecked): Unchecked {
  return {
    keys: o.keys,
    packs: o.packs,
    payloads: o.payloads,
    subject: o.subject,
  };
}
function orderSubjectErased(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    erasure: orderErasure3(o.erasure as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderPack(o: Unchecked): Unchecked {
  return {
    disclosure: o.disclosure,
    pack_id: o.pack_id,
    purpose: o.purpose,
    recipient: o.recipient,
    scope: o.scope,
  };
}
function orderPackRequested(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    pack: orderPack(o.pack as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderPack2(o: Unchecked): Unchecked {
  return {
    as_of: o.as_of,
    disclosure: o.disclosure,
    entries: o.entries,
    manifest_digest: o.manifest_digest,
    pack_id: o.pack_id,
    proves: o.proves,
    scope: o.scope,
  };
}
function orderPackExported(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    pack: orderPack2(o.pack as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderPack3(o: Unchecked): Unchecked {
  return {
    manifest_digest: o.manifest_digest,
    pack_id: o.pack_id,
  };
}
function orderPackDownloaded(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    pack: orderPack3(o.pack as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderReads(o: Unchecked): Unchecked {
  return {
    id: o.id,
    kind: o.kind,
  };
}
function orderAccess(o: Unchecked): Unchecked {
  return {
    count: o.count,
    reads: (o.reads as unknown[]).map((m) => orderReads(m as Unchecked)),
  };
}
function orderEvidenceAccessed(o: Unchecked): Unchecked {
  return {
    access: orderAccess(o.access as Unchecked),
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderCheck(o: Unchecked): Unchecked {
  return {
    as_of: o.as_of,
    counts: inKeyOrder(o.counts as Unchecked),
    digest: o.digest,
    findings: o.findings,
    kind: o.kind,
  };
}
function orderIntegrityChecked(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    check: orderCheck(o.check as Unchecked),
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderReview(o: Unchecked): Unchecked {
  return {
    as_of: o.as_of,
    digest: o.digest,
    query: o.query,
    question: o.question,
    review_id: o.review_id,
    verdict: o.verdict,
  };
}
function orderReviewCompleted(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    review: orderReview(o.review as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderIncident(o: Unchecked): Unchecked {
  return {
    from: o.from,
    incident_id: o.incident_id,
    title_committed: o.title_committed,
  };
}
function orderIncidentOpened(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    incident: orderIncident(o.incident as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderIncident2(o: Unchecked): Unchecked {
  return {
    findings: o.findings,
    incident_id: o.incident_id,
  };
}
function orderIncidentClosed(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    incident: orderIncident2(o.incident as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderDrill(o: Unchecked): Unchecked {
  return {
    drill_id: o.drill_id,
    kind: o.kind,
  };
}
function orderDrillStarted(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    drill: orderDrill(o.drill as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderDrill2(o: Unchecked): Unchecked {
  return {
    drill_id: o.drill_id,
    duration_ms: o.duration_ms,
    expected: o.expected,
    findings: o.findings,
    found: o.found,
    kind: o.kind,
    score_percent: o.score_percent,
  };
}
function orderDrillCompleted(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    drill: orderDrill2(o.drill as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderDrill3(o: Unchecked): Unchecked {
  return {
    due: o.due,
    kind: o.kind,
  };
}
function orderDrillMissed(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    drill: orderDrill3(o.drill as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderFinding(o: Unchecked): Unchecked {
  return {
    code: o.code,
    due: o.due,
    evidence: o.evidence,
    finding_id: o.finding_id,
    owner: o.owner,
    severity: o.severity,
  };
}
function orderFindingOpened(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    finding: orderFinding(o.finding as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderFinding2(o: Unchecked): Unchecked {
  return {
    by: o.by,
    evidence: o.evidence,
    finding_id: o.finding_id,
  };
}
function orderFindingClosed(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    finding: orderFinding2(o.finding as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    reason: orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderTraining(o: Unchecked): Unchecked {
  return {
    person: o.person,
    score_percent: o.score_percent,
    version: o.version,
  };
}
function orderTrainingCompleted(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    training: orderTraining(o.training as Unchecked),
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderAnchor(o: Unchecked): Unchecked {
  return {
    checkpoint: orderPrevious(o.checkpoint as Unchecked),
    digest: o.digest,
    kind: o.kind,
  };
}
function orderAnchorRecorded(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    anchor: orderAnchor(o.anchor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderSigned(o: Unchecked): Unchecked {
  return {
    authenticator_data: o.authenticator_data,
    client_data: o.client_data,
    digest: o.digest,
    kid: o.kid,
    method: o.method,
    signature: o.signature,
    text: o.text,
  };
}
function orderAnswer(o: Unchecked): Unchecked {
  return {
    answer: o.answer,
    digest: o.digest,
    person: o.person,
    request: o.request,
    signed: o.signed === undefined ? undefined : orderSigned(o.signed as Unchecked),
  };
}
function orderPolicyPublishAnswered(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    answer: orderAnswer(o.answer as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    reason: o.reason === undefined ? undefined : orderReason(o.reason as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderAcknowledgement(o: Unchecked): Unchecked {
  return {
    digest: o.digest,
    groups: o.groups,
    impact_digest: o.impact_digest,
    simulation: o.simulation,
  };
}
function orderPolicyAcknowledged(o: Unchecked): Unchecked {
  return {
    acknowledgement: orderAcknowledgement(o.acknowledgement as Unchecked),
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderIdentity(o: Unchecked): Unchecked {
  return {
    digest: o.digest,
    replaces: o.replaces,
  };
}
function orderLink(o: Unchecked): Unchecked {
  return {
    approver_roles: o.approver_roles,
    digest: o.digest,
    ends_at: o.ends_at,
    roles: o.roles,
  };
}
function orderPasskey(o: Unchecked): Unchecked {
  return {
    digest: o.digest,
    ends_at: o.ends_at,
    id: o.id,
    kid: o.kid,
  };
}
function orderChange(o: Unchecked): Unchecked {
  return {
    identity: o.identity === undefined ? undefined : orderIdentity(o.identity as Unchecked),
    kind: o.kind,
    link: o.link === undefined ? undefined : orderLink(o.link as Unchecked),
    passkey: o.passkey === undefined ? undefined : orderPasskey(o.passkey as Unchecked),
    person: o.person,
  };
}
function orderPersonChanged(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    change: orderChange(o.change as Unchecked),
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}
function orderFreeze3(o: Unchecked): Unchecked {
  return {
    freeze_id: o.freeze_id,
    person: o.person,
  };
}
function orderFreezeLiftAsked(o: Unchecked): Unchecked {
  return {
    actor: orderActor(o.actor as Unchecked),
    cause: o.cause,
    commit: o.commit === undefined ? undefined : inKeyOrder(o.commit as Unchecked),
    event_id: o.event_id,
    freeze: orderFreeze3(o.freeze as Unchecked),
    integrity: orderIntegrity(o.integrity as Unchecked),
    labels: o.labels === undefined ? undefined : inKeyOrder(o.labels as Unchecked),
    refs: o.refs === undefined ? undefined : inKeyOrder(o.refs as Unchecked),
    source: o.source,
    tenant: o.tenant,
    traceparent: o.traceparent,
    ts: o.ts,
    type: o.type,
    v: o.v,
  };
}

const orderOfKind = new Map<Kind, (o: Unchecked) => Unchecked>([
  ["log.genesis", orderLogGenesis],
  ["log.heartbeat", orderLogHeartbeat],
  ["log.key.added", orderLogKeyAdded],
  ["log.key.retired", orderLogKeyRetired],
  ["log.key.revoked", orderLogKeyRevoked],
  ["log.epoch.opened", orderLogEpochOpened],
  ["log.clock.jumped", orderLogClockJumped],
  ["log.closed", orderLogClosed],
  ["tenant.created", orderTenantCreated],
  ["tenant.changed", orderTenantChanged],
  ["agent.registered", orderAgentRegistered],
  ["agent.changed", orderAgentChanged],
  ["credential.issued", orderCredentialIssued],
  ["credential.rotated", orderCredentialRotated],
  ["credential.revoked", orderCredentialRevoked],
  ["person.added", orderPersonAdded],
  ["person.removed", orderPersonRemoved],
  ["role.granted", orderRoleGranted],
  ["role.revoked", orderRoleRevoked],
  ["approver.key.enrolled", orderApproverKeyEnrolled],
  ["approver.key.revoked", orderApproverKeyRevoked],
  ["session.opened", orderSessionOpened],
  ["session.closed", orderSessionClosed],
  ["tenant.sealed", orderTenantSealed],
  ["config.overridden", orderConfigOverridden],
  ["witness.policy.changed", orderWitnessPolicyChanged],
  ["backup.taken", orderBackupTaken],
  ["backup.restored", orderBackupRestored],
  ["run.started", orderRunStarted],
  ["run.scope.extended", orderRunScopeExtended],
  ["run.suspended", orderRunSuspended],
  ["run.closed", orderRunClosed],
  ["run.settled", orderRunSettled],
  ["run.abandoned", orderRunAbandoned],
  ["action.requested", orderActionRequested],
  ["policy.decided", orderPolicyDecided],
  ["policy.uploaded", orderPolicyUploaded],
  ["policy.validated", orderPolicyValidated],
  ["policy.simulated", orderPolicySimulated],
  ["policy.publish.requested", orderPolicyPublishRequested],
  ["policy.published", orderPolicyPublished],
  ["policy.activated", orderPolicyActivated],
  ["policy.rolled_back", orderPolicyRolledBack],
  ["policy.shadow.started", orderPolicyShadowStarted],
  ["policy.shadow.stopped", orderPolicyShadowStopped],
  ["policy.retired", orderPolicyRetired],
  ["approval.requested", orderApprovalRequested],
  ["approval.voted", orderApprovalVoted],
  ["approval.granted", orderApprovalGranted],
  ["approval.rejected", orderApprovalRejected],
  ["approval.expired", orderApprovalExpired],
  ["approval.revoked", orderApprovalRevoked],
  ["approval.cancelled", orderApprovalCancelled],
  ["approval.voided", orderApprovalVoided],
  ["approval.superseded", orderApprovalSuperseded],
  ["approval.revalidated", orderApprovalRevalidated],
  ["approval.consumed", orderApprovalConsumed],
  ["breakglass.used", orderBreakglassUsed],
  ["freeze.placed", orderFreezePlaced],
  ["freeze.lifted", orderFreezeLifted],
  ["dispatch.permitted", orderDispatchPermitted],
  ["dispatch.queued", orderDispatchQueued],
  ["dispatch.started", orderDispatchStarted],
  ["dispatch.retried", orderDispatchRetried],
  ["dispatch.timed_out", orderDispatchTimedOut],
  ["dispatch.dead_lettered", orderDispatchDeadLettered],
  ["dispatch.redriven", orderDispatchRedriven],
  ["dispatch.cancelled", orderDispatchCancelled],
  ["dispatch.succeeded", orderDispatchSucceeded],
  ["dispatch.failed", orderDispatchFailed],
  ["dispatch.unconfirmed", orderDispatchUnconfirmed],
  ["safety.checked", orderSafetyChecked],
  ["artifact.recorded", orderArtifactRecorded],
  ["retention.rules.published", orderRetentionRulesPublished],
  ["retention.pruned", orderRetentionPruned],
  ["hold.placed", orderHoldPlaced],
  ["hold.released", orderHoldReleased],
  ["payload.redacted", orderPayloadRedacted],
  ["erasure.requested", orderErasureRequested],
  ["erasure.parked", orderErasureParked],
  ["subject.erased", orderSubjectErased],
  ["pack.requested", orderPackRequested],
  ["pack.exported", orderPackExported],
  ["pack.downloaded", orderPackDownloaded],
  ["evidence.accessed", orderEvidenceAccessed],
  ["integrity.checked", orderIntegrityChecked],
  ["review.completed", orderReviewCompleted],
  ["incident.opened", orderIncidentOpened],
  ["incident.closed", orderIncidentClosed],
  ["drill.started", orderDrillStarted],
  ["drill.completed", orderDrillCompleted],
  ["drill.missed", orderDrillMissed],
  ["finding.opened", orderFindingOpened],
  ["finding.closed", orderFindingClosed],
  ["training.completed", orderTrainingCompleted],
  ["anchor.recorded", orderAnchorRecorded],
  ["policy.publish.answered", orderPolicyPublishAnswered],
  ["policy.acknowledged", orderPolicyAcknowledged],
  ["person.changed", orderPersonChanged],
  ["freeze.lift.asked", orderFreezeLiftAsked],
]);
