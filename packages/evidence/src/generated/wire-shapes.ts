// Made by tools/gen.ts from packages/evidence/src/wire.ts. Do not edit: change that file and run `npm run gen`.

import { isObject, pointerStep, refuse, refuseStrangers, type ShapeFault } from "../shape-fault.ts";
import type { RoleName } from "../event.ts";
import type { OperationName } from "../wire.ts";

/** Operations that take a JSON body. */
export type JsonBodyOperation = "startRun" | "closeRun" | "extendRun" | "useExtension" | "requestAction" | "startAction" | "startAttempt" | "reportOutcome" | "reportSafety" | "cancelAction" | "prepareVote" | "castVote" | "placeFreeze" | "liftFreeze" | "prepareBreakGlass" | "signBreakGlass" | "reviewBreakGlass" | "revokeApproval" | "reexecute" | "uploadPolicy" | "startShadow" | "stopShadow" | "simulatePolicy" | "acknowledgeSimulation" | "requestPublication" | "answerPublication";

/** Where a JSON body is not of its operation's shape; empty when it is. Nothing is coerced. Never throws. */
export function checkBody(operation: JsonBodyOperation, value: unknown): readonly ShapeFault[] {
  return run(bodyChecks[operation], value);
}

/** Where a parsed query is not of its operation's shape. A name given twice is an array, and so refused. */
export function checkQuery(operation: OperationName, value: unknown): readonly ShapeFault[] {
  return run(queryChecks[operation], value);
}

/** Where the path's parameters are not of their operation's shape. */
export function checkParams(operation: OperationName, value: unknown): readonly ShapeFault[] {
  return run(paramsChecks[operation], value);
}

/** An operation without its schemas: what a client needs to call it. Paths start at `/v1`; `:name` are parameters. */
export type Route = {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly roles: readonly (RoleName | "public")[];
  readonly body: "bytes" | "json" | "ndjson" | "none";
  readonly answer: "bytes" | "json" | "text";
};

/** Every operation's route. The same table as in wire.ts, for places that load no schema library. */
export const routes: Readonly<Record<OperationName, Route>> = {
  startRun: {"method":"POST","path":"/runs","roles":["agent"],"body":"json","answer":"json"},
  getRun: {"method":"GET","path":"/runs/:run_id","roles":["agent","executor","auditor","admin","operator"],"body":"none","answer":"json"},
  closeRun: {"method":"POST","path":"/runs/:run_id/close","roles":["agent"],"body":"json","answer":"json"},
  extendRun: {"method":"POST","path":"/runs/:run_id/scope","roles":["agent"],"body":"json","answer":"json"},
  useExtension: {"method":"POST","path":"/actions/:action_id/extend","roles":["agent"],"body":"json","answer":"json"},
  requestAction: {"method":"POST","path":"/runs/:run_id/actions","roles":["agent"],"body":"json","answer":"json"},
  getAction: {"method":"GET","path":"/actions/:action_id","roles":["agent","executor","auditor","admin","operator"],"body":"none","answer":"json"},
  startAction: {"method":"POST","path":"/actions/:action_id/start","roles":["executor","agent"],"body":"json","answer":"json"},
  startAttempt: {"method":"POST","path":"/permits/:permit_id/attempts","roles":["executor","agent"],"body":"json","answer":"json"},
  reportOutcome: {"method":"POST","path":"/actions/:action_id/dispatch","roles":["executor","agent"],"body":"json","answer":"json"},
  reportSafety: {"method":"POST","path":"/actions/:action_id/safety","roles":["executor","agent"],"body":"json","answer":"json"},
  cancelAction: {"method":"POST","path":"/actions/:action_id/cancel","roles":["agent"],"body":"json","answer":"json"},
  reportBatch: {"method":"POST","path":"/events/batch","roles":["executor","agent"],"body":"ndjson","answer":"text"},
  listUnnamedReports: {"method":"GET","path":"/reports/unnamed","roles":["auditor","admin","operator"],"body":"none","answer":"json"},
  putPayload: {"method":"PUT","path":"/payloads","roles":["agent","executor"],"body":"bytes","answer":"json"},
  getPayload: {"method":"GET","path":"/payloads/:digest","roles":["auditor","admin"],"body":"none","answer":"bytes"},
  listApprovals: {"method":"GET","path":"/approvals","roles":["approver","auditor","admin","operator"],"body":"none","answer":"json"},
  getApproval: {"method":"GET","path":"/approvals/:approval_id","roles":["approver","auditor","admin","operator"],"body":"none","answer":"json"},
  prepareVote: {"method":"POST","path":"/approvals/:approval_id/votes","roles":["approver"],"body":"json","answer":"json"},
  castVote: {"method":"PUT","path":"/approvals/:approval_id/votes/:vote_id","roles":["approver"],"body":"json","answer":"json"},
  placeFreeze: {"method":"POST","path":"/freezes","roles":["operator","admin"],"body":"json","answer":"json"},
  listFreezes: {"method":"GET","path":"/freezes","roles":["auditor","admin","operator"],"body":"none","answer":"json"},
  liftFreeze: {"method":"POST","path":"/freezes/:freeze_id/lift","roles":["operator","admin"],"body":"json","answer":"json"},
  prepareBreakGlass: {"method":"POST","path":"/approvals/:approval_id/break-glass","roles":["approver"],"body":"json","answer":"json"},
  signBreakGlass: {"method":"PUT","path":"/approvals/:approval_id/break-glass/:vote_id","roles":["approver"],"body":"json","answer":"json"},
  reviewBreakGlass: {"method":"POST","path":"/approvals/:approval_id/break-glass/review","roles":["approver","auditor"],"body":"json","answer":"json"},
  revokeApproval: {"method":"POST","path":"/approvals/:approval_id/revoke","roles":["approver","admin"],"body":"json","answer":"json"},
  reexecute: {"method":"POST","path":"/reexecutions","roles":["auditor","admin"],"body":"json","answer":"json"},
  uploadPolicy: {"method":"POST","path":"/policy/bundles","roles":["policy-admin"],"body":"json","answer":"json"},
  listPolicies: {"method":"GET","path":"/policy/bundles","roles":["policy-admin","auditor","admin","operator"],"body":"none","answer":"json"},
  getPolicy: {"method":"GET","path":"/policy/bundles/:policy_digest","roles":["policy-admin","auditor","admin","operator"],"body":"none","answer":"json"},
  getPolicyFiles: {"method":"GET","path":"/policy/bundles/:policy_digest/files","roles":["policy-admin","auditor","admin","operator"],"body":"none","answer":"json"},
  diffPolicies: {"method":"GET","path":"/policy/diff","roles":["policy-admin","auditor","admin","operator"],"body":"none","answer":"json"},
  startShadow: {"method":"POST","path":"/policy/shadow","roles":["policy-admin"],"body":"json","answer":"json"},
  getShadow: {"method":"GET","path":"/policy/shadow","roles":["policy-admin","auditor","admin","operator"],"body":"none","answer":"json"},
  stopShadow: {"method":"POST","path":"/policy/shadow/stop","roles":["policy-admin"],"body":"json","answer":"json"},
  simulatePolicy: {"method":"POST","path":"/policy/simulations","roles":["policy-admin"],"body":"json","answer":"json"},
  getSimulation: {"method":"GET","path":"/policy/simulations/:simulation_id","roles":["policy-admin","auditor","admin"],"body":"none","answer":"json"},
  acknowledgeSimulation: {"method":"POST","path":"/policy/simulations/:simulation_id/acknowledgements","roles":["policy-admin"],"body":"json","answer":"json"},
  requestPublication: {"method":"POST","path":"/policy/publications","roles":["policy-admin"],"body":"json","answer":"json"},
  getPublication: {"method":"GET","path":"/policy/publications/:request_id","roles":["policy-admin","auditor","admin","operator"],"body":"none","answer":"json"},
  answerPublication: {"method":"POST","path":"/policy/publications/:request_id/answers","roles":["policy-admin"],"body":"json","answer":"json"},
  listRevisions: {"method":"GET","path":"/policy/revisions","roles":["policy-admin","auditor","admin","operator"],"body":"none","answer":"json"},
  listRuns: {"method":"GET","path":"/runs","roles":["auditor","admin","operator"],"body":"none","answer":"json"},
  getTimeline: {"method":"GET","path":"/runs/:run_id/timeline","roles":["agent","auditor","admin","operator"],"body":"none","answer":"json"},
  listEvents: {"method":"GET","path":"/events","roles":["auditor","admin","operator"],"body":"none","answer":"json"},
  getEvent: {"method":"GET","path":"/events/:event_id","roles":["agent","executor","approver","auditor","admin","operator"],"body":"none","answer":"json"},
  getReceipt: {"method":"GET","path":"/events/:event_id/receipt","roles":["agent","executor","approver","auditor","admin","operator"],"body":"none","answer":"text"},
  getCheckpoint: {"method":"GET","path":"/checkpoint","roles":["agent","executor","approver","auditor","admin","operator"],"body":"none","answer":"text"},
  getTile: {"method":"GET","path":"/tile/*","roles":["auditor","admin","operator"],"body":"none","answer":"bytes"},
  getPermitKeys: {"method":"GET","path":"/permit-keys","roles":["public"],"body":"none","answer":"json"},
  getHealth: {"method":"GET","path":"/health","roles":["public"],"body":"none","answer":"json"},
  getReady: {"method":"GET","path":"/ready","roles":["public"],"body":"none","answer":"json"},
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
const membersOfGetRunParams = new Set<string>(["run_id"]);
const wordsRunId = "a string of at most 30 UTF-16 code units, matching ^run_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern = /^run_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isRunId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern.test(m);
function checkGetRunParams(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isRunId(m = o.run_id) ? 1 : refuse(m, at, "/run_id", wordsRunId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfGetRunParams, at, stranger, faults);
}
const membersOfUseExtensionParams = new Set<string>(["action_id"]);
const wordsActionId = "a string of at most 30 UTF-16 code units, matching ^act_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern2 = /^act_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isActionId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern2.test(m);
function checkUseExtensionParams(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isActionId(m = o.action_id) ? 1 : refuse(m, at, "/action_id", wordsActionId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfUseExtensionParams, at, stranger, faults);
}
const membersOfStartAttemptParams = new Set<string>(["permit_id"]);
const wordsPermitId = "a string of at most 30 UTF-16 code units, matching ^prm_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern3 = /^prm_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isPermitId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern3.test(m);
function checkStartAttemptParams(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isPermitId(m = o.permit_id) ? 1 : refuse(m, at, "/permit_id", wordsPermitId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfStartAttemptParams, at, stranger, faults);
}
const membersOfGetPayloadParams = new Set<string>(["digest"]);
const wordsDigestText = "a string of at most 71 UTF-16 code units, matching ^sha256:[0-9a-f]{64}$";
const pattern4 = /^sha256:[0-9a-f]{64}$/u;
const isDigestText = (m: unknown): boolean => typeof m === "string" && m.length <= 71 && pattern4.test(m);
function checkGetPayloadParams(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfGetPayloadParams, at, stranger, faults);
}
const membersOfGetApprovalParams = new Set<string>(["approval_id"]);
const wordsApprovalId = "a string of at most 30 UTF-16 code units, matching ^apr_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern5 = /^apr_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isApprovalId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern5.test(m);
function checkGetApprovalParams(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isApprovalId(m = o.approval_id) ? 1 : refuse(m, at, "/approval_id", wordsApprovalId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfGetApprovalParams, at, stranger, faults);
}
const membersOfCastVoteParams = new Set<string>(["approval_id","vote_id"]);
const wordsVoteId = "a string of 1 to 64 UTF-16 code units";
const isVoteId = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 64 && m.isWellFormed();
function checkCastVoteParams(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isApprovalId(m = o.approval_id) ? 1 : refuse(m, at, "/approval_id", wordsApprovalId, faults);
  seen += isVoteId(m = o.vote_id) ? 1 : refuse(m, at, "/vote_id", wordsVoteId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfCastVoteParams, at, stranger, faults);
}
const membersOfLiftFreezeParams = new Set<string>(["freeze_id"]);
const wordsFreezeId = "a string of at most 30 UTF-16 code units, matching ^frz_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern6 = /^frz_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isFreezeId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern6.test(m);
function checkLiftFreezeParams(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isFreezeId(m = o.freeze_id) ? 1 : refuse(m, at, "/freeze_id", wordsFreezeId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfLiftFreezeParams, at, stranger, faults);
}
const membersOfGetPolicyParams = new Set<string>(["policy_digest"]);
function checkGetPolicyParams(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDigestText(m = o.policy_digest) ? 1 : refuse(m, at, "/policy_digest", wordsDigestText, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfGetPolicyParams, at, stranger, faults);
}
const membersOfGetSimulationParams = new Set<string>(["simulation_id"]);
const wordsEventId = "a string of at most 30 UTF-16 code units, matching ^evt_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern7 = /^evt_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isEventId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern7.test(m);
function checkGetSimulationParams(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isEventId(m = o.simulation_id) ? 1 : refuse(m, at, "/simulation_id", wordsEventId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfGetSimulationParams, at, stranger, faults);
}
const membersOfGetPublicationParams = new Set<string>(["request_id"]);
function checkGetPublicationParams(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isEventId(m = o.request_id) ? 1 : refuse(m, at, "/request_id", wordsEventId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfGetPublicationParams, at, stranger, faults);
}
const membersOfGetEventParams = new Set<string>(["event_id"]);
function checkGetEventParams(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isEventId(m = o.event_id) ? 1 : refuse(m, at, "/event_id", wordsEventId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfGetEventParams, at, stranger, faults);
}
const membersOfGetTileParams = new Set<string>(["*"]);
const wordsRest = "a string of 1 to 200 UTF-16 code units";
const isRest = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 200 && m.isWellFormed();
function checkGetTileParams(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isRest(m = o["*"]) ? 1 : refuse(m, at, "/*", wordsRest, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfGetTileParams, at, stranger, faults);
}
const membersOfGetActionQuery = new Set<string>(["wait_ms","seen"]);
const wordsWaitMs = "a string of at most 15 UTF-16 code units, matching ^(0|[1-9][0-9]{0,14})$";
const pattern8 = /^(0|[1-9][0-9]{0,14})$/u;
const isWaitMs = (m: unknown): boolean => typeof m === "string" && m.length <= 15 && pattern8.test(m);
function checkGetActionQuery(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.wait_ms) !== undefined) seen += isWaitMs(m) ? 1 : refuse(m, at, "/wait_ms", wordsWaitMs, faults);
  if ((m = o.seen) !== undefined) seen += isWaitMs(m) ? 1 : refuse(m, at, "/seen", wordsWaitMs, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfGetActionQuery, at, stranger, faults);
}
const membersOfPutPayloadQuery = new Set<string>(["classification"]);
const wordsClassification = "one of \"public\", \"internal\", \"personal\", \"secret\"";
const isClassification = (m: unknown): boolean => m === "public" || m === "internal" || m === "personal" || m === "secret";
function checkPutPayloadQuery(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.classification) !== undefined) seen += isClassification(m) ? 1 : refuse(m, at, "/classification", wordsClassification, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfPutPayloadQuery, at, stranger, faults);
}
const membersOfGetPayloadQuery = new Set<string>(["open"]);
const wordsOpen = "\"true\"";
const isOpen = (m: unknown): boolean => m === "true";
function checkGetPayloadQuery(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.open) !== undefined) seen += isOpen(m) ? 1 : refuse(m, at, "/open", wordsOpen, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfGetPayloadQuery, at, stranger, faults);
}
const membersOfListApprovalsQuery = new Set<string>(["state","limit","after"]);
const wordsState = "one of \"REQUESTED\", \"GRANTED\", \"CONSUMED\", \"REJECTED\", \"EXPIRED\", \"REVOKED\", \"CANCELLED\", \"SUPERSEDED\", \"VOIDED\"";
const literalsState = new Set<unknown>(["REQUESTED","GRANTED","CONSUMED","REJECTED","EXPIRED","REVOKED","CANCELLED","SUPERSEDED","VOIDED"]);
const isState = (m: unknown): boolean => literalsState.has(m);
function checkListApprovalsQuery(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.state) !== undefined) seen += isState(m) ? 1 : refuse(m, at, "/state", wordsState, faults);
  if ((m = o.limit) !== undefined) seen += isWaitMs(m) ? 1 : refuse(m, at, "/limit", wordsWaitMs, faults);
  if ((m = o.after) !== undefined) seen += isApprovalId(m) ? 1 : refuse(m, at, "/after", wordsApprovalId, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfListApprovalsQuery, at, stranger, faults);
}
const membersOfListPoliciesQuery = new Set<string>(["limit","before"]);
function checkListPoliciesQuery(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.limit) !== undefined) seen += isWaitMs(m) ? 1 : refuse(m, at, "/limit", wordsWaitMs, faults);
  if ((m = o.before) !== undefined) seen += isWaitMs(m) ? 1 : refuse(m, at, "/before", wordsWaitMs, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfListPoliciesQuery, at, stranger, faults);
}
const membersOfDiffPoliciesQuery = new Set<string>(["to","from"]);
function checkDiffPoliciesQuery(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDigestText(m = o.to) ? 1 : refuse(m, at, "/to", wordsDigestText, faults);
  if ((m = o.from) !== undefined) seen += isDigestText(m) ? 1 : refuse(m, at, "/from", wordsDigestText, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfDiffPoliciesQuery, at, stranger, faults);
}
const membersOfListRunsQuery = new Set<string>(["limit","after","agent","status"]);
const wordsName = "a string of at most 128 UTF-16 code units, matching ^[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,127}$";
const pattern9 = /^[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,127}$/u;
const isName = (m: unknown): boolean => typeof m === "string" && m.length <= 128 && pattern9.test(m);
const wordsStatus = "a string of 1 to 16 UTF-16 code units";
const isStatus = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 16 && m.isWellFormed();
function checkListRunsQuery(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.limit) !== undefined) seen += isWaitMs(m) ? 1 : refuse(m, at, "/limit", wordsWaitMs, faults);
  if ((m = o.after) !== undefined) seen += isRunId(m) ? 1 : refuse(m, at, "/after", wordsRunId, faults);
  if ((m = o.agent) !== undefined) seen += isName(m) ? 1 : refuse(m, at, "/agent", wordsName, faults);
  if ((m = o.status) !== undefined) seen += isStatus(m) ? 1 : refuse(m, at, "/status", wordsStatus, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfListRunsQuery, at, stranger, faults);
}
const membersOfGetTimelineQuery = new Set<string>(["from_seq","limit"]);
function checkGetTimelineQuery(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.from_seq) !== undefined) seen += isWaitMs(m) ? 1 : refuse(m, at, "/from_seq", wordsWaitMs, faults);
  if ((m = o.limit) !== undefined) seen += isWaitMs(m) ? 1 : refuse(m, at, "/limit", wordsWaitMs, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfGetTimelineQuery, at, stranger, faults);
}
const membersOfListEventsQuery = new Set<string>(["type","run_id","before","limit"]);
function checkListEventsQuery(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.type) !== undefined) seen += isVoteId(m) ? 1 : refuse(m, at, "/type", wordsVoteId, faults);
  if ((m = o.run_id) !== undefined) seen += isRunId(m) ? 1 : refuse(m, at, "/run_id", wordsRunId, faults);
  if ((m = o.before) !== undefined) seen += isWaitMs(m) ? 1 : refuse(m, at, "/before", wordsWaitMs, faults);
  if ((m = o.limit) !== undefined) seen += isWaitMs(m) ? 1 : refuse(m, at, "/limit", wordsWaitMs, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfListEventsQuery, at, stranger, faults);
}
const membersOfStartRun = new Set<string>(["intent","capabilities","tools","resources","data_classes","budgets","expires_at","version","framework","framework_version","model","on_behalf_of","parent_run","expected_end","labels","refs"]);
const wordsIntent = "a string of 1 to 2000 UTF-16 code units";
const isIntent = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 2000 && m.isWellFormed();
const wordsCapabilities = "a list of at most 64 items";
const wordsCapability = "a string of at most 128 UTF-16 code units, matching ^[a-z][a-z0-9_]*(\\.[a-z0-9_]+)*$";
const pattern10 = /^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$/u;
const isCapability = (m: unknown): boolean => typeof m === "string" && m.length <= 128 && pattern10.test(m);
function checkCapabilities(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 64) return void refuse(m, at, "", wordsCapabilities, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isCapability(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsCapability, faults);
}
function checkTools(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 64) return void refuse(m, at, "", wordsCapabilities, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isName(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsName, faults);
}
const wordsResources = "a list of at most 16 items";
const membersOfResourcesItem = new Set<string>(["system","pattern","environment"]);
const wordsSystem = "a string of 1 to 128 UTF-16 code units, matching ^[^\\u0000-\\u001f\\u007f-\\u009f]+$";
const pattern11 = /^[^\u0000-\u001f\u007f-\u009f]+$/u;
const isSystem = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 128 && pattern11.test(m) && m.isWellFormed();
const wordsPattern = "a string of 1 to 256 UTF-16 code units, matching ^[^\\u0000-\\u001f\\u007f-\\u009f]+$";
const isPattern = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 256 && pattern11.test(m) && m.isWellFormed();
const wordsEnvironment = "a string of 1 to 64 UTF-16 code units, matching ^[^\\u0000-\\u001f\\u007f-\\u009f]+$";
const isEnvironment = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 64 && pattern11.test(m) && m.isWellFormed();
function checkResourcesItem(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.system) !== undefined) seen += isSystem(m) ? 1 : refuse(m, at, "/system", wordsSystem, faults);
  seen += isPattern(m = o.pattern) ? 1 : refuse(m, at, "/pattern", wordsPattern, faults);
  if ((m = o.environment) !== undefined) seen += isEnvironment(m) ? 1 : refuse(m, at, "/environment", wordsEnvironment, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfResourcesItem, at, stranger, faults);
}
function checkResources(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 16) return void refuse(m, at, "", wordsResources, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) checkResourcesItem(list[i], at + `/${i}`, faults);
}
const wordsDataClasses = "a list of at most 4 items";
function checkDataClasses(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 4) return void refuse(m, at, "", wordsDataClasses, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isClassification(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsClassification, faults);
}
const membersOfBudgets = new Set<string>(["actions","cents","bytes","wall_ms"]);
const wordsActions = "an integer from 0 to 9007199254740991";
const isActions = (m: unknown): boolean => typeof m === "number" && Number.isSafeInteger(m) && m >= 0 && m <= 9007199254740991 && !Object.is(m, -0);
function checkBudgets(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.actions) !== undefined) seen += isActions(m) ? 1 : refuse(m, at, "/actions", wordsActions, faults);
  if ((m = o.cents) !== undefined) seen += isActions(m) ? 1 : refuse(m, at, "/cents", wordsActions, faults);
  if ((m = o.bytes) !== undefined) seen += isActions(m) ? 1 : refuse(m, at, "/bytes", wordsActions, faults);
  if ((m = o.wall_ms) !== undefined) seen += isActions(m) ? 1 : refuse(m, at, "/wall_ms", wordsActions, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfBudgets, at, stranger, faults);
}
const wordsTimestamp = "a string of at most 24 UTF-16 code units, matching ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$";
const pattern12 = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/u;
const isTimestamp = (m: unknown): boolean => typeof m === "string" && m.length <= 24 && pattern12.test(m);
const wordsOnBehalfOf = "a string of 1 to 128 UTF-16 code units";
const isOnBehalfOf = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 128 && m.isWellFormed();
const wordsLabels = "an object of at most 16 members";
const pattern13 = /^[a-z][a-z0-9_.-]{0,39}$/u;
function checkLabels(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(m)) return void refuse(m, at, "", wordsLabels, faults);
  const names = Object.keys(m);
  if (names.length > 16) return void refuse(m, at, "", wordsLabels, faults);
  for (const name of names) {
    if (!pattern13.test(name)) faults.push({ pointer: at + pointerStep(name), expected: "a member name matching ^[a-z][a-z0-9_.-]{0,39}$", wrong: "unknown" });
    else if (!isSystem(m[name])) refuse(m[name] ?? null, at, pointerStep(name), wordsSystem, faults);
  }
}
function checkStartRun(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.intent) !== undefined) seen += isIntent(m) ? 1 : refuse(m, at, "/intent", wordsIntent, faults);
  if ((m = o.capabilities) === undefined) refuse(m, at, "/capabilities", wordsCapabilities, faults); else seen++, checkCapabilities(m, at + "/capabilities", faults);
  if ((m = o.tools) !== undefined) seen++, checkTools(m, at + "/tools", faults);
  if ((m = o.resources) !== undefined) seen++, checkResources(m, at + "/resources", faults);
  if ((m = o.data_classes) !== undefined) seen++, checkDataClasses(m, at + "/data_classes", faults);
  if ((m = o.budgets) !== undefined) seen++, checkBudgets(m, at + "/budgets", faults);
  if ((m = o.expires_at) !== undefined) seen += isTimestamp(m) ? 1 : refuse(m, at, "/expires_at", wordsTimestamp, faults);
  if ((m = o.version) !== undefined) seen += isEnvironment(m) ? 1 : refuse(m, at, "/version", wordsEnvironment, faults);
  if ((m = o.framework) !== undefined) seen += isEnvironment(m) ? 1 : refuse(m, at, "/framework", wordsEnvironment, faults);
  if ((m = o.framework_version) !== undefined) seen += isEnvironment(m) ? 1 : refuse(m, at, "/framework_version", wordsEnvironment, faults);
  if ((m = o.model) !== undefined) seen += isSystem(m) ? 1 : refuse(m, at, "/model", wordsSystem, faults);
  if ((m = o.on_behalf_of) !== undefined) seen += isOnBehalfOf(m) ? 1 : refuse(m, at, "/on_behalf_of", wordsOnBehalfOf, faults);
  if ((m = o.parent_run) !== undefined) seen += isRunId(m) ? 1 : refuse(m, at, "/parent_run", wordsRunId, faults);
  if ((m = o.expected_end) !== undefined) seen += isTimestamp(m) ? 1 : refuse(m, at, "/expected_end", wordsTimestamp, faults);
  if ((m = o.labels) !== undefined) seen++, checkLabels(m, at + "/labels", faults);
  if ((m = o.refs) !== undefined) seen++, checkLabels(m, at + "/refs", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfStartRun, at, stranger, faults);
}
const membersOfCloseRun = new Set<string>(["status"]);
const wordsStatus2 = "one of \"completed\", \"failed\", \"cancelled\"";
const isStatus2 = (m: unknown): boolean => m === "completed" || m === "failed" || m === "cancelled";
function checkCloseRun(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isStatus2(m = o.status) ? 1 : refuse(m, at, "/status", wordsStatus2, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfCloseRun, at, stranger, faults);
}
const membersOfScope = new Set<string>(["capabilities","tools","resources","data_classes","budgets","expires_at"]);
function checkScope(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.capabilities) === undefined) refuse(m, at, "/capabilities", wordsCapabilities, faults); else seen++, checkCapabilities(m, at + "/capabilities", faults);
  if ((m = o.tools) !== undefined) seen++, checkTools(m, at + "/tools", faults);
  if ((m = o.resources) !== undefined) seen++, checkResources(m, at + "/resources", faults);
  if ((m = o.data_classes) !== undefined) seen++, checkDataClasses(m, at + "/data_classes", faults);
  if ((m = o.budgets) !== undefined) seen++, checkBudgets(m, at + "/budgets", faults);
  if ((m = o.expires_at) !== undefined) seen += isTimestamp(m) ? 1 : refuse(m, at, "/expires_at", wordsTimestamp, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfScope, at, stranger, faults);
}
const membersOfRequestAction = new Set<string>(["tool_digest","tool","tool_version","capability","target","topic","args","intent","context","context_absent","consumed","redrive_of","cost_cents","max_attempts","attempt_timeout_ms","labels","refs","start"]);
const membersOfTarget = new Set<string>(["system","resource","environment","version"]);
const wordsSystem2 = "a string of 1 to 512 UTF-16 code units, matching ^[^\\u0000-\\u001f\\u007f-\\u009f]+$";
const isSystem2 = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 512 && pattern11.test(m) && m.isWellFormed();
function checkTarget(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isSystem2(m = o.system) ? 1 : refuse(m, at, "/system", wordsSystem2, faults);
  seen += isSystem2(m = o.resource) ? 1 : refuse(m, at, "/resource", wordsSystem2, faults);
  if ((m = o.environment) !== undefined) seen += isEnvironment(m) ? 1 : refuse(m, at, "/environment", wordsEnvironment, faults);
  if ((m = o.version) !== undefined) seen += isPattern(m) ? 1 : refuse(m, at, "/version", wordsPattern, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfTarget, at, stranger, faults);
}
const wordsArgs = "any JSON value";
const isArgs = (m: unknown): boolean => m !== undefined;
function checkContext(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 64) return void refuse(m, at, "", wordsCapabilities, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isDigestText(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsDigestText, faults);
}
function checkContextAbsent(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 16) return void refuse(m, at, "", wordsResources, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isEnvironment(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsEnvironment, faults);
}
const wordsCommitment = "a string of at most 43 UTF-16 code units, matching ^[A-Za-z0-9_-]{43}$";
const pattern14 = /^[A-Za-z0-9_-]{43}$/u;
const isCommitment = (m: unknown): boolean => typeof m === "string" && m.length <= 43 && pattern14.test(m);
function checkConsumed(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 64) return void refuse(m, at, "", wordsCapabilities, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isCommitment(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsCommitment, faults);
}
const wordsMaxAttempts = "an integer from 1 to 100";
const isMaxAttempts = (m: unknown): boolean => typeof m === "number" && Number.isSafeInteger(m) && m >= 1 && m <= 100 && !Object.is(m, -0);
const wordsAttemptTimeoutMs = "an integer from 1000 to 86400000";
const isAttemptTimeoutMs = (m: unknown): boolean => typeof m === "number" && Number.isSafeInteger(m) && m >= 1000 && m <= 86400000 && !Object.is(m, -0);
const wordsStart = "true or false";
const isStart = (m: unknown): boolean => typeof m === "boolean";
function checkRequestAction(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.tool_digest) !== undefined) seen += isDigestText(m) ? 1 : refuse(m, at, "/tool_digest", wordsDigestText, faults);
  seen += isName(m = o.tool) ? 1 : refuse(m, at, "/tool", wordsName, faults);
  if ((m = o.tool_version) !== undefined) seen += isEnvironment(m) ? 1 : refuse(m, at, "/tool_version", wordsEnvironment, faults);
  if ((m = o.capability) !== undefined) seen += isCapability(m) ? 1 : refuse(m, at, "/capability", wordsCapability, faults);
  if ((m = o.target) !== undefined) seen++, checkTarget(m, at + "/target", faults);
  if ((m = o.topic) !== undefined) seen += isName(m) ? 1 : refuse(m, at, "/topic", wordsName, faults);
  seen += isArgs(m = o.args) ? 1 : refuse(m, at, "/args", wordsArgs, faults);
  if ((m = o.intent) !== undefined) seen += isIntent(m) ? 1 : refuse(m, at, "/intent", wordsIntent, faults);
  if ((m = o.context) !== undefined) seen++, checkContext(m, at + "/context", faults);
  if ((m = o.context_absent) !== undefined) seen++, checkContextAbsent(m, at + "/context_absent", faults);
  if ((m = o.consumed) !== undefined) seen++, checkConsumed(m, at + "/consumed", faults);
  if ((m = o.redrive_of) !== undefined) seen += isActionId(m) ? 1 : refuse(m, at, "/redrive_of", wordsActionId, faults);
  if ((m = o.cost_cents) !== undefined) seen += isActions(m) ? 1 : refuse(m, at, "/cost_cents", wordsActions, faults);
  if ((m = o.max_attempts) !== undefined) seen += isMaxAttempts(m) ? 1 : refuse(m, at, "/max_attempts", wordsMaxAttempts, faults);
  if ((m = o.attempt_timeout_ms) !== undefined) seen += isAttemptTimeoutMs(m) ? 1 : refuse(m, at, "/attempt_timeout_ms", wordsAttemptTimeoutMs, faults);
  if ((m = o.labels) !== undefined) seen++, checkLabels(m, at + "/labels", faults);
  if ((m = o.refs) !== undefined) seen++, checkLabels(m, at + "/refs", faults);
  if ((m = o.start) !== undefined) seen += isStart(m) ? 1 : refuse(m, at, "/start", wordsStart, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfRequestAction, at, stranger, faults);
}
const membersOfStartAction = new Set<string>(["args_sha256","obligations_supported"]);
const wordsHashHex = "a string of at most 64 UTF-16 code units, matching ^[0-9a-f]{64}$";
const pattern15 = /^[0-9a-f]{64}$/u;
const isHashHex = (m: unknown): boolean => typeof m === "string" && m.length <= 64 && pattern15.test(m);
function checkObligationsSupported(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 64) return void refuse(m, at, "", wordsCapabilities, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isVoteId(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsVoteId, faults);
}
function checkStartAction(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.args_sha256) !== undefined) seen += isHashHex(m) ? 1 : refuse(m, at, "/args_sha256", wordsHashHex, faults);
  if ((m = o.obligations_supported) !== undefined) seen++, checkObligationsSupported(m, at + "/obligations_supported", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfStartAction, at, stranger, faults);
}
const membersOfReportOutcome = new Set<string>(["status","attempt","job_id","code","message","result","artifacts","duration_ms","layer","layer_attempt","obligations_met","executed_args_sha256"]);
const wordsStatus3 = "one of \"QUEUED\", \"SUCCEEDED\", \"FAILED\", \"TIMED_OUT\", \"CANCELLED\", \"DEAD_LETTERED\"";
const literalsStatus = new Set<unknown>(["QUEUED","SUCCEEDED","FAILED","TIMED_OUT","CANCELLED","DEAD_LETTERED"]);
const isStatus3 = (m: unknown): boolean => literalsStatus.has(m);
const wordsAttempt = "an integer from 1 to 1000";
const isAttempt = (m: unknown): boolean => typeof m === "number" && Number.isSafeInteger(m) && m >= 1 && m <= 1000 && !Object.is(m, -0);
const wordsReasonCode = "a string of at most 64 UTF-16 code units, matching ^[A-Z][A-Z0-9_]{0,63}$";
const pattern16 = /^[A-Z][A-Z0-9_]{0,63}$/u;
const isReasonCode = (m: unknown): boolean => typeof m === "string" && m.length <= 64 && pattern16.test(m);
const wordsMessage = "a string of 1 to 4000 UTF-16 code units";
const isMessage = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 4000 && m.isWellFormed();
const wordsLayer = "one of \"sdk\", \"queue\", \"agent\"";
const isLayer = (m: unknown): boolean => m === "sdk" || m === "queue" || m === "agent";
function checkObligations(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 16) return void refuse(m, at, "", wordsResources, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isSystem(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsSystem, faults);
}
function checkReportOutcome(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isStatus3(m = o.status) ? 1 : refuse(m, at, "/status", wordsStatus3, faults);
  if ((m = o.attempt) !== undefined) seen += isAttempt(m) ? 1 : refuse(m, at, "/attempt", wordsAttempt, faults);
  if ((m = o.job_id) !== undefined) seen += isName(m) ? 1 : refuse(m, at, "/job_id", wordsName, faults);
  if ((m = o.code) !== undefined) seen += isReasonCode(m) ? 1 : refuse(m, at, "/code", wordsReasonCode, faults);
  if ((m = o.message) !== undefined) seen += isMessage(m) ? 1 : refuse(m, at, "/message", wordsMessage, faults);
  if ((m = o.result) !== undefined) seen += isArgs(m) ? 1 : refuse(m, at, "/result", wordsArgs, faults);
  if ((m = o.artifacts) !== undefined) seen++, checkContext(m, at + "/artifacts", faults);
  if ((m = o.duration_ms) !== undefined) seen += isActions(m) ? 1 : refuse(m, at, "/duration_ms", wordsActions, faults);
  if ((m = o.layer) !== undefined) seen += isLayer(m) ? 1 : refuse(m, at, "/layer", wordsLayer, faults);
  if ((m = o.layer_attempt) !== undefined) seen += isActions(m) ? 1 : refuse(m, at, "/layer_attempt", wordsActions, faults);
  if ((m = o.obligations_met) !== undefined) seen++, checkObligations(m, at + "/obligations_met", faults);
  if ((m = o.executed_args_sha256) !== undefined) seen += isHashHex(m) ? 1 : refuse(m, at, "/executed_args_sha256", wordsHashHex, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfReportOutcome, at, stranger, faults);
}
const membersOfReportSafety = new Set<string>(["checks","executed_args_sha256","demands"]);
const wordsChecks = "a list of at most 32 items";
const membersOfChecksItem = new Set<string>(["name","verdict","code"]);
const wordsVerdict = "one of \"pass\", \"fail\", \"inconclusive\", \"not_checked\"";
const isVerdict = (m: unknown): boolean => m === "pass" || m === "fail" || m === "inconclusive" || m === "not_checked";
function checkChecksItem(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isName(m = o.name) ? 1 : refuse(m, at, "/name", wordsName, faults);
  seen += isVerdict(m = o.verdict) ? 1 : refuse(m, at, "/verdict", wordsVerdict, faults);
  if ((m = o.code) !== undefined) seen += isReasonCode(m) ? 1 : refuse(m, at, "/code", wordsReasonCode, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfChecksItem, at, stranger, faults);
}
function checkChecks(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length > 32) return void refuse(m, at, "", wordsChecks, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) checkChecksItem(list[i], at + `/${i}`, faults);
}
const wordsDemands = "one of \"review\", \"rollback\"";
const isDemands = (m: unknown): boolean => m === "review" || m === "rollback";
function checkReportSafety(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.checks) === undefined) refuse(m, at, "/checks", wordsChecks, faults); else seen++, checkChecks(m, at + "/checks", faults);
  if ((m = o.executed_args_sha256) !== undefined) seen += isHashHex(m) ? 1 : refuse(m, at, "/executed_args_sha256", wordsHashHex, faults);
  if ((m = o.demands) !== undefined) seen += isDemands(m) ? 1 : refuse(m, at, "/demands", wordsDemands, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfReportSafety, at, stranger, faults);
}
const membersOfCancelAction = new Set<string>(["reason_code"]);
function checkCancelAction(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.reason_code) !== undefined) seen += isReasonCode(m) ? 1 : refuse(m, at, "/reason_code", wordsReasonCode, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfCancelAction, at, stranger, faults);
}
const membersOfPrepareVote = new Set<string>(["answer","reason_code","note","kid","rendering_digest"]);
const wordsAnswer = "one of \"approve\", \"reject\", \"abstain\"";
const isAnswer = (m: unknown): boolean => m === "approve" || m === "reject" || m === "abstain";
const wordsKid = "a string of 1 to 255 UTF-16 code units";
const isKid = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 255 && m.isWellFormed();
function checkPrepareVote(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isAnswer(m = o.answer) ? 1 : refuse(m, at, "/answer", wordsAnswer, faults);
  seen += isReasonCode(m = o.reason_code) ? 1 : refuse(m, at, "/reason_code", wordsReasonCode, faults);
  if ((m = o.note) !== undefined) seen += isIntent(m) ? 1 : refuse(m, at, "/note", wordsIntent, faults);
  seen += isKid(m = o.kid) ? 1 : refuse(m, at, "/kid", wordsKid, faults);
  seen += isDigestText(m = o.rendering_digest) ? 1 : refuse(m, at, "/rendering_digest", wordsDigestText, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfPrepareVote, at, stranger, faults);
}
const membersOfCastVote = new Set<string>(["signature","method","authenticator_data","client_data"]);
const wordsSignature = "a string of 1 to 1024 UTF-16 code units";
const isSignature = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 1024 && m.isWellFormed();
const wordsMethod = "one of \"ed25519\", \"ssh\", \"webauthn\"";
const isMethod = (m: unknown): boolean => m === "ed25519" || m === "ssh" || m === "webauthn";
const wordsAuthenticatorData = "a string of at most 2048 UTF-16 code units, matching ^[A-Za-z0-9_-]+$";
const pattern17 = /^[A-Za-z0-9_-]+$/u;
const isAuthenticatorData = (m: unknown): boolean => typeof m === "string" && m.length <= 2048 && pattern17.test(m);
const wordsClientData = "a string of at most 4096 UTF-16 code units, matching ^[A-Za-z0-9_-]+$";
const isClientData = (m: unknown): boolean => typeof m === "string" && m.length <= 4096 && pattern17.test(m);
function checkCastVote(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isSignature(m = o.signature) ? 1 : refuse(m, at, "/signature", wordsSignature, faults);
  seen += isMethod(m = o.method) ? 1 : refuse(m, at, "/method", wordsMethod, faults);
  if ((m = o.authenticator_data) !== undefined) seen += isAuthenticatorData(m) ? 1 : refuse(m, at, "/authenticator_data", wordsAuthenticatorData, faults);
  if ((m = o.client_data) !== undefined) seen += isClientData(m) ? 1 : refuse(m, at, "/client_data", wordsClientData, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfCastVote, at, stranger, faults);
}
const membersOfPlaceFreeze = new Set<string>(["kind","subject","incident","reason_code"]);
const wordsKind = "one of \"tenant\", \"agent\", \"capability\", \"target\"";
const isKind = (m: unknown): boolean => m === "tenant" || m === "agent" || m === "capability" || m === "target";
function checkPlaceFreeze(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isKind(m = o.kind) ? 1 : refuse(m, at, "/kind", wordsKind, faults);
  if ((m = o.subject) !== undefined) seen += isSystem2(m) ? 1 : refuse(m, at, "/subject", wordsSystem2, faults);
  seen += isSystem(m = o.incident) ? 1 : refuse(m, at, "/incident", wordsSystem, faults);
  seen += isReasonCode(m = o.reason_code) ? 1 : refuse(m, at, "/reason_code", wordsReasonCode, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfPlaceFreeze, at, stranger, faults);
}
function checkLiftFreeze(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isReasonCode(m = o.reason_code) ? 1 : refuse(m, at, "/reason_code", wordsReasonCode, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfCancelAction, at, stranger, faults);
}
const membersOfPrepareBreakGlass = new Set<string>(["incident","reason_code","kid","rendering_digest"]);
function checkPrepareBreakGlass(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isSystem(m = o.incident) ? 1 : refuse(m, at, "/incident", wordsSystem, faults);
  seen += isReasonCode(m = o.reason_code) ? 1 : refuse(m, at, "/reason_code", wordsReasonCode, faults);
  seen += isKid(m = o.kid) ? 1 : refuse(m, at, "/kid", wordsKid, faults);
  seen += isDigestText(m = o.rendering_digest) ? 1 : refuse(m, at, "/rendering_digest", wordsDigestText, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfPrepareBreakGlass, at, stranger, faults);
}
const membersOfReviewBreakGlass = new Set<string>(["verdict"]);
const wordsVerdict2 = "one of \"pass\", \"fail\", \"partial\"";
const isVerdict2 = (m: unknown): boolean => m === "pass" || m === "fail" || m === "partial";
function checkReviewBreakGlass(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isVerdict2(m = o.verdict) ? 1 : refuse(m, at, "/verdict", wordsVerdict2, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfReviewBreakGlass, at, stranger, faults);
}
const membersOfReexecute = new Set<string>(["decision_id","event_id","from","until","limit"]);
const wordsDecisionId = "a string of at most 30 UTF-16 code units, matching ^dec_[0-7][0-9a-hjkmnp-tv-z]{25}$";
const pattern18 = /^dec_[0-7][0-9a-hjkmnp-tv-z]{25}$/u;
const isDecisionId = (m: unknown): boolean => typeof m === "string" && m.length <= 30 && pattern18.test(m);
const wordsLimit = "an integer from 1 to 10000";
const isLimit = (m: unknown): boolean => typeof m === "number" && Number.isSafeInteger(m) && m >= 1 && m <= 10000 && !Object.is(m, -0);
function checkReexecute(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.decision_id) !== undefined) seen += isDecisionId(m) ? 1 : refuse(m, at, "/decision_id", wordsDecisionId, faults);
  if ((m = o.event_id) !== undefined) seen += isEventId(m) ? 1 : refuse(m, at, "/event_id", wordsEventId, faults);
  if ((m = o.from) !== undefined) seen += isActions(m) ? 1 : refuse(m, at, "/from", wordsActions, faults);
  if ((m = o.until) !== undefined) seen += isActions(m) ? 1 : refuse(m, at, "/until", wordsActions, faults);
  if ((m = o.limit) !== undefined) seen += isLimit(m) ? 1 : refuse(m, at, "/limit", wordsLimit, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfReexecute, at, stranger, faults);
}
const membersOfUploadPolicy = new Set<string>(["files"]);
const wordsFiles = "an object of at most 4096 members";
const pattern19 = /^[A-Za-z./][ -~]{0,255}$/u;
const wordsFiles2 = "a string of at most 3000000 UTF-16 code units, matching ^[A-Za-z0-9+/]*={0,2}$";
const pattern20 = /^[A-Za-z0-9+/]*={0,2}$/u;
const isFilesItem = (m: unknown): boolean => typeof m === "string" && m.length <= 3000000 && pattern20.test(m);
function checkFiles(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(m)) return void refuse(m, at, "", wordsFiles, faults);
  const names = Object.keys(m);
  if (names.length > 4096) return void refuse(m, at, "", wordsFiles, faults);
  for (const name of names) {
    if (!pattern19.test(name)) faults.push({ pointer: at + pointerStep(name), expected: "a member name matching ^[A-Za-z./][ -~]{0,255}$", wrong: "unknown" });
    else if (!isFilesItem(m[name])) refuse(m[name] ?? null, at, pointerStep(name), wordsFiles2, faults);
  }
}
function checkUploadPolicy(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.files) === undefined) refuse(m, at, "/files", wordsFiles, faults); else seen++, checkFiles(m, at + "/files", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfUploadPolicy, at, stranger, faults);
}
const membersOfStartShadow = new Set<string>(["digest","sample_percent"]);
function checkStartShadow(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  if ((m = o.sample_percent) !== undefined) seen += isMaxAttempts(m) ? 1 : refuse(m, at, "/sample_percent", wordsMaxAttempts, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfStartShadow, at, stranger, faults);
}
const membersOfSimulatePolicy = new Set<string>(["digest","since_days","from","until","run_id","limit"]);
const wordsSinceDays = "an integer from 1 to 36500";
const isSinceDays = (m: unknown): boolean => typeof m === "number" && Number.isSafeInteger(m) && m >= 1 && m <= 36500 && !Object.is(m, -0);
function checkSimulatePolicy(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  if ((m = o.since_days) !== undefined) seen += isSinceDays(m) ? 1 : refuse(m, at, "/since_days", wordsSinceDays, faults);
  if ((m = o.from) !== undefined) seen += isActions(m) ? 1 : refuse(m, at, "/from", wordsActions, faults);
  if ((m = o.until) !== undefined) seen += isActions(m) ? 1 : refuse(m, at, "/until", wordsActions, faults);
  if ((m = o.run_id) !== undefined) seen += isRunId(m) ? 1 : refuse(m, at, "/run_id", wordsRunId, faults);
  if ((m = o.limit) !== undefined) seen += isLimit(m) ? 1 : refuse(m, at, "/limit", wordsLimit, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfSimulatePolicy, at, stranger, faults);
}
const membersOfAcknowledgeSimulation = new Set<string>(["acknowledged"]);
const wordsAcknowledged = "a list of 1 to 1024 items";
const wordsAcknowledged2 = "a string of 1 to 71 UTF-16 code units";
const isAcknowledgedItem = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 71 && m.isWellFormed();
function checkAcknowledged(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!Array.isArray(m) || m.length < 1 || m.length > 1024) return void refuse(m, at, "", wordsAcknowledged, faults);
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) if (!isAcknowledgedItem(list[i])) refuse(list[i] ?? null, at, `/${i}`, wordsAcknowledged2, faults);
}
function checkAcknowledgeSimulation(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  if ((m = o.acknowledged) === undefined) refuse(m, at, "/acknowledged", wordsAcknowledged, faults); else seen++, checkAcknowledged(m, at + "/acknowledged", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfAcknowledgeSimulation, at, stranger, faults);
}
const membersOfRequestPublication = new Set<string>(["digest","rollback","reason_code","incident","expected"]);
const wordsExpected = "a string of at most 71 UTF-16 code units, matching ^sha256:[0-9a-f]{64}$, or null";
const isExpected = (m: unknown): boolean => m === null || isDigestText(m);
function checkRequestPublication(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isDigestText(m = o.digest) ? 1 : refuse(m, at, "/digest", wordsDigestText, faults);
  if ((m = o.rollback) !== undefined) seen += isStart(m) ? 1 : refuse(m, at, "/rollback", wordsStart, faults);
  if ((m = o.reason_code) !== undefined) seen += isReasonCode(m) ? 1 : refuse(m, at, "/reason_code", wordsReasonCode, faults);
  if ((m = o.incident) !== undefined) seen += isSystem(m) ? 1 : refuse(m, at, "/incident", wordsSystem, faults);
  if ((m = o.expected) !== undefined) seen += isExpected(m) ? 1 : refuse(m, at, "/expected", wordsExpected, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfRequestPublication, at, stranger, faults);
}
const membersOfAnswerPublication = new Set<string>(["answer","reason_code","signed"]);
const wordsAnswer2 = "one of \"approve\", \"reject\", \"withdraw\"";
const isAnswer2 = (m: unknown): boolean => m === "approve" || m === "reject" || m === "withdraw";
const membersOfSigned = new Set<string>(["text","method","kid","signature","authenticator_data","client_data"]);
const wordsText = "a string of 1 to 4096 UTF-16 code units";
const isText = (m: unknown): boolean => typeof m === "string" && m.length >= 1 && m.length <= 4096 && m.isWellFormed();
function checkSigned(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isText(m = o.text) ? 1 : refuse(m, at, "/text", wordsText, faults);
  seen += isMethod(m = o.method) ? 1 : refuse(m, at, "/method", wordsMethod, faults);
  seen += isKid(m = o.kid) ? 1 : refuse(m, at, "/kid", wordsKid, faults);
  seen += isSignature(m = o.signature) ? 1 : refuse(m, at, "/signature", wordsSignature, faults);
  if ((m = o.authenticator_data) !== undefined) seen += isAuthenticatorData(m) ? 1 : refuse(m, at, "/authenticator_data", wordsAuthenticatorData, faults);
  if ((m = o.client_data) !== undefined) seen += isClientData(m) ? 1 : refuse(m, at, "/client_data", wordsClientData, faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfSigned, at, stranger, faults);
}
function checkAnswerPublication(o: unknown, at: string, faults: ShapeFault[]): void {
  if (!isObject(o)) return void refuse(o, at, "", wordsObject, faults);
  let seen = 0;
  let m: unknown;
  seen += isAnswer2(m = o.answer) ? 1 : refuse(m, at, "/answer", wordsAnswer2, faults);
  if ((m = o.reason_code) !== undefined) seen += isReasonCode(m) ? 1 : refuse(m, at, "/reason_code", wordsReasonCode, faults);
  if ((m = o.signed) !== undefined) seen++, checkSigned(m, at + "/signed", faults);
  if (Object.keys(o).length !== seen) refuseStrangers(o, membersOfAnswerPublication, at, stranger, faults);
}

const bodyChecks: Readonly<Record<JsonBodyOperation, Check>> = {
  startRun: checkStartRun,
  closeRun: checkCloseRun,
  extendRun: checkScope,
  useExtension: checkNoMembers,
  requestAction: checkRequestAction,
  startAction: checkStartAction,
  startAttempt: checkStartAction,
  reportOutcome: checkReportOutcome,
  reportSafety: checkReportSafety,
  cancelAction: checkCancelAction,
  prepareVote: checkPrepareVote,
  castVote: checkCastVote,
  placeFreeze: checkPlaceFreeze,
  liftFreeze: checkLiftFreeze,
  prepareBreakGlass: checkPrepareBreakGlass,
  signBreakGlass: checkCastVote,
  reviewBreakGlass: checkReviewBreakGlass,
  revokeApproval: checkCancelAction,
  reexecute: checkReexecute,
  uploadPolicy: checkUploadPolicy,
  startShadow: checkStartShadow,
  stopShadow: checkNoMembers,
  simulatePolicy: checkSimulatePolicy,
  acknowledgeSimulation: checkAcknowledgeSimulation,
  requestPublication: checkRequestPublication,
  answerPublication: checkAnswerPublication,
};

const queryChecks: Readonly<Record<OperationName, Check>> = {
  startRun: checkNoMembers,
  getRun: checkNoMembers,
  closeRun: checkNoMembers,
  extendRun: checkNoMembers,
  useExtension: checkNoMembers,
  requestAction: checkNoMembers,
  getAction: checkGetActionQuery,
  startAction: checkNoMembers,
  startAttempt: checkNoMembers,
  reportOutcome: checkNoMembers,
  reportSafety: checkNoMembers,
  cancelAction: checkNoMembers,
  reportBatch: checkNoMembers,
  listUnnamedReports: checkNoMembers,
  putPayload: checkPutPayloadQuery,
  getPayload: checkGetPayloadQuery,
  listApprovals: checkListApprovalsQuery,
  getApproval: checkNoMembers,
  prepareVote: checkNoMembers,
  castVote: checkNoMembers,
  placeFreeze: checkNoMembers,
  listFreezes: checkNoMembers,
  liftFreeze: checkNoMembers,
  prepareBreakGlass: checkNoMembers,
  signBreakGlass: checkNoMembers,
  reviewBreakGlass: checkNoMembers,
  revokeApproval: checkNoMembers,
  reexecute: checkNoMembers,
  uploadPolicy: checkNoMembers,
  listPolicies: checkListPoliciesQuery,
  getPolicy: checkNoMembers,
  getPolicyFiles: checkNoMembers,
  diffPolicies: checkDiffPoliciesQuery,
  startShadow: checkNoMembers,
  getShadow: checkNoMembers,
  stopShadow: checkNoMembers,
  simulatePolicy: checkNoMembers,
  getSimulation: checkNoMembers,
  acknowledgeSimulation: checkNoMembers,
  requestPublication: checkNoMembers,
  getPublication: checkNoMembers,
  answerPublication: checkNoMembers,
  listRevisions: checkListPoliciesQuery,
  listRuns: checkListRunsQuery,
  getTimeline: checkGetTimelineQuery,
  listEvents: checkListEventsQuery,
  getEvent: checkNoMembers,
  getReceipt: checkNoMembers,
  getCheckpoint: checkNoMembers,
  getTile: checkNoMembers,
  getPermitKeys: checkNoMembers,
  getHealth: checkNoMembers,
  getReady: checkNoMembers,
};

const paramsChecks: Readonly<Record<OperationName, Check>> = {
  startRun: checkNoMembers,
  getRun: checkGetRunParams,
  closeRun: checkGetRunParams,
  extendRun: checkGetRunParams,
  useExtension: checkUseExtensionParams,
  requestAction: checkGetRunParams,
  getAction: checkUseExtensionParams,
  startAction: checkUseExtensionParams,
  startAttempt: checkStartAttemptParams,
  reportOutcome: checkUseExtensionParams,
  reportSafety: checkUseExtensionParams,
  cancelAction: checkUseExtensionParams,
  reportBatch: checkNoMembers,
  listUnnamedReports: checkNoMembers,
  putPayload: checkNoMembers,
  getPayload: checkGetPayloadParams,
  listApprovals: checkNoMembers,
  getApproval: checkGetApprovalParams,
  prepareVote: checkGetApprovalParams,
  castVote: checkCastVoteParams,
  placeFreeze: checkNoMembers,
  listFreezes: checkNoMembers,
  liftFreeze: checkLiftFreezeParams,
  prepareBreakGlass: checkGetApprovalParams,
  signBreakGlass: checkCastVoteParams,
  reviewBreakGlass: checkGetApprovalParams,
  revokeApproval: checkGetApprovalParams,
  reexecute: checkNoMembers,
  uploadPolicy: checkNoMembers,
  listPolicies: checkNoMembers,
  getPolicy: checkGetPolicyParams,
  getPolicyFiles: checkGetPolicyParams,
  diffPolicies: checkNoMembers,
  startShadow: checkNoMembers,
  getShadow: checkNoMembers,
  stopShadow: checkNoMembers,
  simulatePolicy: checkNoMembers,
  getSimulation: checkGetSimulationParams,
  acknowledgeSimulation: checkGetSimulationParams,
  requestPublication: checkNoMembers,
  getPublication: checkGetPublicationParams,
  answerPublication: checkGetPublicationParams,
  listRevisions: checkNoMembers,
  listRuns: checkNoMembers,
  getTimeline: checkGetRunParams,
  listEvents: checkNoMembers,
  getEvent: checkGetEventParams,
  getReceipt: checkGetEventParams,
  getCheckpoint: checkNoMembers,
  getTile: checkGetTileParams,
  getPermitKeys: checkNoMembers,
  getHealth: checkNoMembers,
  getReady: checkNoMembers,
};
