/**
 * The HTTP operations, once: path, who may call it, what it takes, what it answers. The server does not compile until
 * each has a handler, the SDK's client is typed from it, spec/openapi.json and the request validators are made from it
 * (tools/gen.ts). Tenant and identity never appear in a request: they come from the credential.
 */
import { type Static, type TSchema, Type } from "typebox";
import * as E from "./event.ts";
import { AgainReport } from "./report-schema.ts";

const object = E.strictObject;
const optional = Type.Optional;
/** What becomes part of an event is one line; other texts may have several. */
const line = E.text;
const text = (max: number, min = 1) => Type.String({ minLength: min, maxLength: max });
const list = <T extends TSchema>(item: T, maxItems: number) => Type.Array(item, { maxItems });
const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** A decimal number in a query string; parsed by the handler, checked here. */
const numeral = Type.String({ pattern: "^(0|[1-9][0-9]{0,14})$", maxLength: 15 });
/** Any JSON of the payload profile; kept and hashed as the exact bytes received. */
const anyJson = Type.Unknown();

// ── Views ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Where an entry lies and how that is proved. `receipt` is a C2SP tlog-proof. */
export const ReceiptView = object({ event_id: E.Ids.event, index: count, hash: E.HashHex, receipt: text(16_384) });

export const ActionPhase = E.oneOf(
  "requested",
  "denied",
  "allowed",
  "waiting",
  "granted",
  "rejected",
  "expired",
  "voided",
  "cancelled",
  "running",
  "failed",
  "timed_out",
  "unconfirmed",
  "succeeded",
  "dead_lettered",
);

export const RunView = object({
  run_id: E.Ids.run,
  status: E.oneOf("open", "suspended", "closed", "settled", "abandoned"),
  agent: E.Name,
  scope: E.Scope,
  events: count,
  open_actions: list(E.Ids.action, 64),
  actions: count,
  started_at: E.Timestamp,
});

const DecisionView = object({
  decision_id: E.Ids.decision,
  decision: E.DecisionAnswer,
  matched_rule: E.RuleId,
  reason: E.ReasonCode,
  /** False while the tenant observes: the decision is recorded, and nothing holds the action back. Else absent. */
  enforced: optional(Type.Literal(false)),
  remedy: optional(text(512)),
  policy_snapshot: text(24),
  policy_digest: E.DigestText,
  obligations: E.Obligations,
  valid_until: E.Timestamp,
});

const PermitView = object({
  permit_id: E.Ids.permit,
  token: text(8192),
  attempt: count,
  max_attempts: count,
  deadline: E.Timestamp,
  not_after: E.Timestamp,
  obligations: E.Obligations,
  job_id: E.Name,
});

export const ActionView = object({
  action_id: E.Ids.action,
  run_id: E.Ids.run,
  phase: ActionPhase,
  action: E.Action,
  topic: E.Name,
  decision: optional(DecisionView),
  approval: optional(
    object({
      approval_id: E.Ids.approval,
      state: E.oneOf(
        "REQUESTED",
        "GRANTED",
        "CONSUMED",
        "REJECTED",
        "EXPIRED",
        "REVOKED",
        "CANCELLED",
        "SUPERSEDED",
        "VOIDED",
      ),
      expires_at: E.Timestamp,
      missing: optional(list(text(128), 16)),
      reason: optional(E.ReasonCode),
    }),
  ),
  attempts: count,
  max_attempts: count,
  /** The action's permit, once it was started: what a further attempt is asked with. */
  permit_id: optional(E.Ids.permit),
  /** After the effect: the worst found, what failed, which checks of the contract nobody made yet, what is demanded,
   * and the newest findings that were opened on it. */
  safety: optional(
    object({
      verdict: E.oneOf("pass", "fail", "inconclusive", "not_checked"),
      failed: list(E.Name, 32),
      missing: list(E.Name, 8),
      demands: E.oneOf("none", "review", "rollback"),
      findings: optional(list(E.Ids.finding, 8)),
    }),
  ),
  /** Of the decision, once an outcome was reported: what the executor says it met, and the rest. */
  obligations: optional(object({ met: E.Obligations, unmet: E.Obligations })),
  events: list(ReceiptView, 16),
});

/** What the executor gets when it starts: the permit, the exact argument bytes and the salt that opens their commitment. */
export const StartView = object({
  action: ActionView,
  permit: PermitView,
  /** base64 of the exact argument bytes. */
  args: text(90_000_000, 0),
  args_disclosure: Type.Tuple([text(32), text(255), text(128)]),
});

export const ApprovalView = object({
  approval_id: E.Ids.approval,
  action_id: E.Ids.action,
  run_id: E.Ids.run,
  state: E.oneOf(
    "REQUESTED",
    "GRANTED",
    "CONSUMED",
    "REJECTED",
    "EXPIRED",
    "REVOKED",
    "CANCELLED",
    "SUPERSEDED",
    "VOIDED",
  ),
  action: E.Action,
  agent: E.Name,
  matched_rule: E.RuleId,
  reason: E.ReasonCode,
  requirements: list(E.Requirement, 16),
  requested_at: E.Timestamp,
  expires_at: E.Timestamp,
  votes: list(
    object({
      person: E.Ids.person,
      answer: text(16),
      reason_code: E.ReasonCode,
      at: E.Timestamp,
      event_id: E.Ids.event,
    }),
    32,
  ),
  missing: list(text(128), 16),
  /** What break-glass is or was here; absent where a rule does not allow it. */
  break_glass: optional(
    object({
      /** How long it would last, ms. */
      lasts_ms: count,
      /** Who has signed, while a second person must, and for which incident. */
      signed_by: optional(E.Ids.person),
      incident: optional(text(128)),
      used: optional(
        object({
          people: list(E.Ids.person, 4),
          incident: text(128),
          expires_at: E.Timestamp,
          review_due: E.Timestamp,
        }),
      ),
      review: optional(E.oneOf("open", "reviewed", "overdue")),
    }),
  ),
  /** The request this one took the place of, and the one that took its place; votes never carry. */
  replaces: optional(E.Ids.approval),
  superseded_by: optional(E.Ids.approval),
});

export const ApprovalDetail = object({
  ...ApprovalView.properties,
  /** The exact canonical text that is approved, its digest, and the plain-text rendering people are shown. */
  request_text: text(16_384),
  request_digest: E.DigestText,
  rendering: text(1_000_000),
  rendering_digest: E.DigestText,
  /** Reason codes the policy's catalogue allows for each answer. */
  reasons: object({ approve: list(E.ReasonCode, 64), reject: list(E.ReasonCode, 64) }),
  /** The highest severity of the rules that matched; absent when none says one. */
  severity: optional(E.oneOf("low", "medium", "high", "critical")),
  /** The matched rules as their authors wrote them. */
  rules: optional(list(object({ rule: E.RuleId, text: text(16_384) }), 32)),
  /** The newest approval used for the same agent, tool and resource: what to compare this one with. */
  last_used: optional(E.Ids.approval),
  /** People who may vote on it now, and under which rules. */
  eligible: optional(list(object({ person: E.Ids.person, rules: list(E.RuleId, 16) }), 256)),
});

export const FreezeView = object({
  freeze_id: E.Ids.freeze,
  kind: E.oneOf("tenant", "agent", "capability", "target"),
  subject: optional(line(512)),
  incident: line(128),
  placed_at: E.Timestamp,
  event_id: E.Ids.event,
});

/** A person's alias, or another actor's id. */
const ActorId = E.Name;

const ShadowSide = object({ decision: E.DecisionAnswer, rule: E.RuleId, reason: E.ReasonCode });
/** A decision that a policy in shadow would have made otherwise. */
const ShadowDifferenceView = object({
  kind: E.oneOf("newly_allowed", "loosened", "tightened", "other_rules"),
  index: count,
  event_id: E.Ids.event,
  agent: E.Name,
  tool: E.Name,
  was: ShadowSide,
  would: ShadowSide,
});
/** The newest shadow: what it came to so far, or in all when it was stopped. */
const ShadowView = object({
  started_event: E.Ids.event,
  stopped_event: optional(E.Ids.event),
  digest: E.DigestText,
  /** Of the policy it stands beside. */
  policy_digest: E.DigestText,
  sample_percent: count,
  decisions: count,
  differing: count,
  newly_allowed: count,
  /** What it did not get to. */
  dropped: count,
  /** What it would newly allow first. */
  differences: list(ShadowDifferenceView, 500),
});

/** A stored policy bundle. */
export const PolicyBundleView = object({
  digest: E.DigestText,
  name: text(128),
  version: text(64),
  files: count,
  size_bytes: count,
  /** A person's alias, or another actor's id. */
  uploaded_by: ActorId,
  uploaded_at: E.Timestamp,
  event_id: E.Ids.event,
  /** Those that verified when it was uploaded. */
  signatures: list(object({ key_id: text(255), role: E.oneOf("author", "reviewer", "release") }), 8),
  /** Under which it was in force, the oldest first; the newest 100. */
  revisions: list(E.PolicyRevision, 100),
  in_force: Type.Boolean(),
  retired: Type.Boolean(),
  /** The newest comparison with the policy in force, and which groups of changes nobody acknowledged. */
  simulation: optional(
    object({ event_id: E.Ids.event, against: E.DigestText, to_acknowledge: list(E.DigestText, 256) }),
  ),
});

export const PolicyRevisionView = object({
  revision: E.PolicyRevision,
  digest: E.DigestText,
  how: E.oneOf("published", "rolled_back"),
  previous: optional(E.PolicyRevision),
  /** Who asked for it. */
  author: ActorId,
  approved_by: list(E.Ids.person, 4),
  separation: E.oneOf("two_people", "waived"),
  request_id: optional(E.Ids.event),
  incident: optional(text(128)),
  reason_code: optional(E.ReasonCode),
  at: E.Timestamp,
  event_id: E.Ids.event,
  in_force: Type.Boolean(),
});

/** A request to publish a bundle, or to go back to one. */
export const PublicationView = object({
  request_id: E.Ids.event,
  /** `replaced`: a newer request took its place. */
  state: E.oneOf("waiting", "published", "rolled_back", "rejected", "withdrawn", "replaced"),
  digest: E.DigestText,
  /** The digest that was in force. */
  expected: Type.Union([E.DigestText, Type.Null()]),
  rollback: Type.Boolean(),
  reason_code: E.ReasonCode,
  incident: optional(text(128)),
  requested_by: ActorId,
  requested_at: E.Timestamp,
  simulation: optional(E.Ids.event),
  impact_digest: Type.Union([E.DigestText, Type.Null()]),
  acknowledged: list(text(71), 256),
  approvals: list(E.Ids.person, 16),
  /** People whose word is missing. */
  missing: count,
  /** Whoever may approve it now, and their keys. */
  eligible: list(object({ person: E.Ids.person, kids: list(text(255), 16) }), 256),
  revision: optional(E.PolicyRevision),
  /** The log's origin and the server's time: what a signed answer states. */
  log: E.Origin,
  now: E.Timestamp,
});

const PolicyFindingView = object({
  level: E.oneOf("error", "warning"),
  code: text(64),
  detail: text(4096),
  path: text(255, 0),
  line: optional(count),
});

export const EventView = object({
  event: Type.Unknown(),
  /** base64 of the exact entry bytes. */
  entry: text(90_000),
});

// ── Bodies ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const StartRun = object({
  intent: optional(text(2000)),
  ...E.Scope.properties,
  version: optional(line(64)),
  framework: optional(line(64)),
  framework_version: optional(line(64)),
  model: optional(line(128)),
  /** External id of the person the run is for, e.g. `user:dana`; recorded under that person's alias. */
  on_behalf_of: optional(text(128)),
  parent_run: optional(E.Ids.run),
  expected_end: optional(E.Timestamp),
  labels: optional(E.Labels),
  refs: optional(E.Labels),
});

const RequestAction = object({
  /** Digest of the MCP tool's definition as its server gives it now; spec/policy.md. */
  tool_digest: optional(E.DigestText),
  tool: E.Name,
  tool_version: optional(line(64)),
  /** What the tool's contract in the policy bundle says wins: when these are sent and differ, the action is denied. */
  capability: optional(E.Capability),
  target: optional(E.Target),
  topic: optional(E.Name),
  args: anyJson,
  intent: optional(text(2000)),
  context: optional(list(E.DigestText, 64)),
  context_absent: optional(list(line(64), 16)),
  consumed: optional(list(E.Commitment, 64)),
  redrive_of: optional(E.Ids.action),
  cost_cents: optional(count),
  max_attempts: optional(Type.Integer({ minimum: 1, maximum: 100 })),
  /** How long one attempt may take before it counts as unconfirmed, in ms. */
  attempt_timeout_ms: optional(Type.Integer({ minimum: 1000, maximum: 86_400_000 })),
  labels: optional(E.Labels),
  refs: optional(E.Labels),
  /** Ask for decision and use in one commit; effective when the answer is ALLOW and the credential may execute. */
  start: optional(Type.Boolean()),
});

const StartAction = object({
  /** The executor's own record of what it is about to run; refused when it differs from what was decided. */
  args_sha256: optional(E.HashHex),
  obligations_supported: optional(list(text(64), 64)),
});

export const ReportOutcome = object({
  status: E.oneOf("QUEUED", "SUCCEEDED", "FAILED", "TIMED_OUT", "CANCELLED", "DEAD_LETTERED"),
  attempt: optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  job_id: optional(E.Name),
  code: optional(E.ReasonCode),
  message: optional(text(4000)),
  result: optional(anyJson),
  artifacts: optional(list(E.DigestText, 64)),
  duration_ms: optional(count),
  layer: optional(E.oneOf("sdk", "queue", "agent")),
  layer_attempt: optional(count),
  obligations_met: optional(E.Obligations),
  /** Hex SHA-256 of the argument bytes that ran: drift is checked against what was decided. */
  executed_args_sha256: optional(E.HashHex),
});

const ReportSafety = object({
  checks: list(
    object({
      name: E.Name,
      verdict: E.oneOf("pass", "fail", "inconclusive", "not_checked"),
      code: optional(E.ReasonCode),
    }),
    32,
  ),
  executed_args_sha256: optional(E.HashHex),
  /** What a failed check asks for; a rollback is an action of its own, which goes through the gate. Default: review. */
  demands: optional(E.oneOf("review", "rollback")),
});

const CastVote = object({
  answer: E.oneOf("approve", "reject", "abstain"),
  reason_code: E.ReasonCode,
  note: optional(text(2000)),
  kid: text(255),
  rendering_digest: E.DigestText,
});

/** Files by their path in the bundle, base64. What is wrong with paths, number and sizes the findings say. */
const PolicyFileTexts = Type.Record(
  Type.String({ pattern: "^[A-Za-z./][ -~]{0,255}$", maxLength: 256 }),
  Type.String({ maxLength: 3_000_000, pattern: "^[A-Za-z0-9+/]*={0,2}$" }),
  { maxProperties: 4096 },
);

const SignedBody = object({
  signature: text(1024),
  method: E.oneOf("ed25519", "ssh", "webauthn"),
  /** What a passkey signed beside the digest, base64url; of method webauthn only. */
  authenticator_data: optional(E.Base64Url(2048)),
  client_data: optional(E.Base64Url(4096)),
});

// ── Table ──────────────────────────────────────────────────────────────────────────────────────────────────────────

type Operation = {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  /** Roles that may call it; `public` needs no credential. */
  readonly roles: readonly (E.RoleName | "public")[];
  readonly summary: string;
  readonly params?: TSchema;
  readonly query?: TSchema;
  /** JSON body, or `bytes` (raw) or `ndjson`. */
  readonly body?: TSchema | "bytes" | "ndjson";
  readonly answer: TSchema | "bytes" | "text";
};

const define = <const T extends Record<string, Operation>>(table: T): T => table;
const runParams = object({ run_id: E.Ids.run });
const actionParams = object({ action_id: E.Ids.action });
const approvalParams = object({ approval_id: E.Ids.approval });
const eventParams = object({ event_id: E.Ids.event });
const readers = ["auditor", "admin", "operator"] as const;

/** Every operation. Paths start at `/v1`; `:name` are parameters. */
export const operations = define({
  startRun: {
    method: "POST",
    path: "/runs",
    roles: ["agent"],
    summary: "Start a run with its declared scope.",
    body: StartRun,
    answer: object({ run: RunView, receipt: ReceiptView }),
  },
  getRun: {
    method: "GET",
    path: "/runs/:run_id",
    roles: ["agent", "executor", ...readers],
    summary: "A run's state.",
    params: runParams,
    answer: RunView,
  },
  closeRun: {
    method: "POST",
    path: "/runs/:run_id/close",
    roles: ["agent"],
    summary: "Close a run: no new actions.",
    params: runParams,
    body: object({ status: E.oneOf("completed", "failed", "cancelled") }),
    answer: RunView,
  },
  extendRun: {
    method: "POST",
    path: "/runs/:run_id/scope",
    roles: ["agent"],
    summary: "Ask for another scope: a narrower one holds at once, a wider one waits for people.",
    params: runParams,
    body: E.Scope,
    answer: object({ run: RunView, action: optional(ActionView) }),
  },
  useExtension: {
    method: "POST",
    path: "/actions/:action_id/extend",
    roles: ["agent"],
    summary: "Use the approval of a wider scope: the run has it from then on.",
    params: actionParams,
    body: object({}),
    answer: object({ run: RunView, action: ActionView }),
  },
  requestAction: {
    method: "POST",
    path: "/runs/:run_id/actions",
    roles: ["agent"],
    summary: "Ask whether an action may happen.",
    params: runParams,
    body: RequestAction,
    answer: object({ action: ActionView, started: optional(StartView) }),
  },
  getAction: {
    method: "GET",
    path: "/actions/:action_id",
    roles: ["agent", "executor", ...readers],
    summary: "An action's state; with wait, answers when it changes.",
    params: actionParams,
    query: object({ wait_ms: optional(numeral), seen: optional(numeral) }),
    answer: ActionView,
  },
  startAction: {
    method: "POST",
    path: "/actions/:action_id/start",
    roles: ["executor", "agent"],
    summary: "Use the decision: get the permit and the argument bytes.",
    params: actionParams,
    body: StartAction,
    answer: StartView,
  },
  startAttempt: {
    method: "POST",
    path: "/permits/:permit_id/attempts",
    roles: ["executor", "agent"],
    summary: "Start the next attempt of a permit.",
    params: object({ permit_id: E.Ids.permit }),
    body: StartAction,
    answer: StartView,
  },
  reportOutcome: {
    method: "POST",
    path: "/actions/:action_id/dispatch",
    roles: ["executor", "agent"],
    summary: "Report what became of a dispatch.",
    params: actionParams,
    body: ReportOutcome,
    answer: ActionView,
  },
  reportSafety: {
    method: "POST",
    path: "/actions/:action_id/safety",
    roles: ["executor", "agent"],
    summary: "Report safety checks after the effect.",
    params: actionParams,
    body: ReportSafety,
    answer: ActionView,
  },
  cancelAction: {
    method: "POST",
    path: "/actions/:action_id/cancel",
    roles: ["agent"],
    summary: "Withdraw an action that has not started.",
    params: actionParams,
    body: object({ reason_code: optional(E.ReasonCode) }),
    answer: ActionView,
  },
  reportBatch: {
    method: "POST",
    path: "/events/batch",
    roles: ["executor", "agent"],
    summary: "Report many outcomes: NDJSON, at most 1,000 lines and 8 MiB, a result per line.",
    body: "ndjson",
    answer: "text",
  },
  listUnnamedReports: {
    method: "GET",
    path: "/reports/unnamed",
    roles: [...readers],
    summary: "Components whose reports named no run and action and were refused, since the server started.",
    answer: object({
      components: list(object({ component: E.Name, role: E.Role, refused: count, last_at: E.Timestamp }), 200),
    }),
  },
  putPayload: {
    method: "PUT",
    path: "/payloads",
    roles: ["agent", "executor"],
    summary: "Store bytes; cite them by the digest returned.",
    query: object({ classification: optional(E.oneOf("public", "internal", "personal", "secret")) }),
    body: "bytes",
    answer: object({ digest: E.DigestText, artifact_id: E.Commitment, size_bytes: count }),
  },
  getPayload: {
    method: "GET",
    path: "/payloads/:digest",
    roles: ["auditor", "admin"],
    summary: "Stored bytes, as stored; the read is recorded first.",
    params: object({ digest: E.DigestText }),
    query: object({ open: optional(E.oneOf("true")) }),
    answer: "bytes",
  },
  listApprovals: {
    method: "GET",
    path: "/approvals",
    roles: ["approver", ...readers],
    summary: "Approval requests, newest first.",
    query: object({
      state: optional(
        E.oneOf(
          "REQUESTED",
          "GRANTED",
          "CONSUMED",
          "REJECTED",
          "EXPIRED",
          "REVOKED",
          "CANCELLED",
          "SUPERSEDED",
          "VOIDED",
        ),
      ),
      limit: optional(numeral),
      after: optional(E.Ids.approval),
    }),
    answer: object({ approvals: list(ApprovalView, 500), next: optional(E.Ids.approval) }),
  },
  getApproval: {
    method: "GET",
    path: "/approvals/:approval_id",
    roles: ["approver", ...readers],
    summary: "The exact bytes to be approved.",
    params: approvalParams,
    answer: ApprovalDetail,
  },
  prepareVote: {
    method: "POST",
    path: "/approvals/:approval_id/votes",
    roles: ["approver"],
    summary: "The vote's text, to be signed.",
    params: approvalParams,
    body: CastVote,
    answer: object({ vote_id: text(64), text: text(16_384), digest: E.DigestText }),
  },
  castVote: {
    method: "PUT",
    path: "/approvals/:approval_id/votes/:vote_id",
    roles: ["approver"],
    summary: "Cast a vote with its signature.",
    params: object({ approval_id: E.Ids.approval, vote_id: text(64) }),
    body: SignedBody,
    answer: ApprovalView,
  },
  placeFreeze: {
    method: "POST",
    path: "/freezes",
    roles: ["operator", "admin"],
    summary: "Freeze an agent, a capability, a target or the tenant: nothing more starts.",
    body: object({
      kind: E.oneOf("tenant", "agent", "capability", "target"),
      /** An agent's id, a capability, or a pattern of targets; absent for the whole tenant. */
      subject: optional(line(512)),
      incident: line(128),
      reason_code: E.ReasonCode,
    }),
    answer: object({ freeze_id: E.Ids.freeze, placed: Type.Boolean() }),
  },
  listFreezes: {
    method: "GET",
    path: "/freezes",
    roles: [...readers],
    summary: "Freezes in force; the newest 500 when there are more.",
    answer: object({ freezes: list(FreezeView, 500) }),
  },
  liftFreeze: {
    method: "POST",
    path: "/freezes/:freeze_id/lift",
    roles: ["operator", "admin"],
    summary: "Say that a freeze may go; in production it goes when a second person says so too.",
    params: object({ freeze_id: E.Ids.freeze }),
    body: object({ reason_code: E.ReasonCode }),
    answer: object({ freeze_id: E.Ids.freeze, lifted: Type.Boolean(), people: list(E.Ids.person, 4) }),
  },
  prepareBreakGlass: {
    method: "POST",
    path: "/approvals/:approval_id/break-glass",
    roles: ["approver"],
    summary: "The text one of two people signs to let it go ahead in an incident.",
    params: approvalParams,
    body: object({
      incident: line(128),
      reason_code: E.ReasonCode,
      kid: text(255),
      rendering_digest: E.DigestText,
    }),
    answer: object({ vote_id: text(64), text: text(16_384), digest: E.DigestText }),
  },
  signBreakGlass: {
    method: "PUT",
    path: "/approvals/:approval_id/break-glass/:vote_id",
    roles: ["approver"],
    summary: "Sign it; with the second person's signature it may go ahead.",
    params: object({ approval_id: E.Ids.approval, vote_id: text(64) }),
    body: SignedBody,
    answer: ApprovalView,
  },
  reviewBreakGlass: {
    method: "POST",
    path: "/approvals/:approval_id/break-glass/review",
    roles: ["approver", "auditor"],
    summary: "Say that a use of break-glass was looked at, and what it came to.",
    params: approvalParams,
    body: object({ verdict: E.oneOf("pass", "fail", "partial") }),
    answer: ApprovalView,
  },
  revokeApproval: {
    method: "POST",
    path: "/approvals/:approval_id/revoke",
    roles: ["approver", "admin"],
    summary: "Take back a request or an approval that has not been used.",
    params: approvalParams,
    body: object({ reason_code: optional(E.ReasonCode) }),
    answer: ApprovalView,
  },
  reexecute: {
    method: "POST",
    path: "/reexecutions",
    roles: ["auditor", "admin"],
    summary: "Make recorded decisions again, newest first, and record in the log what it came to.",
    body: object({
      /** One decision, by its own id or its event's; else those among entries `from` to, but not with, `until`. */
      decision_id: optional(E.Ids.decision),
      event_id: optional(E.Ids.event),
      from: optional(count),
      until: optional(count),
      limit: optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    }),
    answer: object({
      as_of: count,
      decisions: count,
      equal: count,
      different: count,
      not_recomputed: Type.Record(Type.String({ pattern: "^[a-z][a-z-]{0,31}$", maxLength: 32 }), count, {
        maxProperties: 8,
      }),
      answers: list(AgainReport, 10_000),
      /** `until` of the next stretch, when older decisions of the range were left out. */
      next: optional(count),
      event_id: E.Ids.event,
    }),
  },
  uploadPolicy: {
    method: "POST",
    path: "/policy/bundles",
    roles: ["policy-admin"],
    summary: "Store a policy bundle that passes its tests and the lint; nothing is in force by it.",
    body: object({ files: PolicyFileTexts }),
    answer: object({
      digest: E.DigestText,
      name: text(128),
      version: text(64),
      uploaded: Type.Boolean(),
      rules: count,
      tests: count,
      findings: list(PolicyFindingView, 10_000),
    }),
  },
  listPolicies: {
    method: "GET",
    path: "/policy/bundles",
    roles: ["policy-admin", ...readers],
    summary: "Stored policy bundles, newest first.",
    query: object({ limit: optional(numeral), before: optional(numeral) }),
    answer: object({ bundles: list(PolicyBundleView, 500), next: optional(count) }),
  },
  getPolicy: {
    method: "GET",
    path: "/policy/bundles/:policy_digest",
    roles: ["policy-admin", ...readers],
    summary: "A stored policy bundle.",
    params: object({ policy_digest: E.DigestText }),
    answer: PolicyBundleView,
  },
  getPolicyFiles: {
    method: "GET",
    path: "/policy/bundles/:policy_digest/files",
    roles: ["policy-admin", ...readers],
    summary: "A stored policy bundle's files by path, base64, the manifest among them; the read is recorded first.",
    params: object({ policy_digest: E.DigestText }),
    answer: object({ files: PolicyFileTexts }),
  },
  diffPolicies: {
    method: "GET",
    path: "/policy/diff",
    roles: ["policy-admin", ...readers],
    summary: "What differs between two stored bundles: rules by digest, other files by text.",
    query: object({ to: E.DigestText, from: optional(E.DigestText) }),
    answer: Type.Unknown(),
  },
  startShadow: {
    method: "POST",
    path: "/policy/shadow",
    roles: ["policy-admin"],
    summary: "Let a stored bundle decide beside the policy in force; it changes no answer.",
    body: object({ digest: E.DigestText, sample_percent: optional(Type.Integer({ minimum: 1, maximum: 100 })) }),
    answer: ShadowView,
  },
  getShadow: {
    method: "GET",
    path: "/policy/shadow",
    roles: ["policy-admin", ...readers],
    summary: "What the newest shadow would have decided otherwise, what it would newly allow first.",
    answer: ShadowView,
  },
  stopShadow: {
    method: "POST",
    path: "/policy/shadow/stop",
    roles: ["policy-admin"],
    summary: "End the shadow; the log says what it came to.",
    body: object({}),
    answer: ShadowView,
  },
  simulatePolicy: {
    method: "POST",
    path: "/policy/simulations",
    roles: ["policy-admin"],
    summary: "Make recorded decisions again under a stored bundle; each change, what becomes allowed first.",
    body: object({
      digest: E.DigestText,
      /** Decisions of the last so many days. */
      since_days: optional(Type.Integer({ minimum: 1, maximum: 36_500 })),
      /** Decisions among entries `from` to, but not with, `until`. */
      from: optional(count),
      until: optional(count),
      run_id: optional(E.Ids.run),
      /** The newest so many; the most when absent. */
      limit: optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    }),
    answer: object({
      simulation_id: E.Ids.event,
      impact_digest: E.DigestText,
      to_acknowledge: list(E.DigestText, 10_000),
      impact: Type.Unknown(),
    }),
  },
  getSimulation: {
    method: "GET",
    path: "/policy/simulations/:simulation_id",
    roles: ["policy-admin", "auditor", "admin"],
    summary: "A simulation's whole report; the read is recorded first.",
    params: object({ simulation_id: E.Ids.event }),
    answer: object({
      simulation_id: E.Ids.event,
      impact_digest: E.DigestText,
      to_acknowledge: list(E.DigestText, 10_000),
      impact: Type.Unknown(),
    }),
  },
  acknowledgeSimulation: {
    method: "POST",
    path: "/policy/simulations/:simulation_id/acknowledgements",
    roles: ["policy-admin"],
    summary: "Say that one has seen what a candidate would newly let through.",
    params: object({ simulation_id: E.Ids.event }),
    body: object({
      /** Groups of changes, or every change of a group. */
      acknowledged: Type.Array(text(71), { minItems: 1, maxItems: 1024 }),
    }),
    answer: object({ event_id: Type.Union([E.Ids.event, Type.Null()]), to_acknowledge: list(E.DigestText, 256) }),
  },
  requestPublication: {
    method: "POST",
    path: "/policy/publications",
    roles: ["policy-admin"],
    summary: "Ask for a stored bundle, or for an old one again; in force at once where one person may.",
    body: object({
      digest: E.DigestText,
      rollback: optional(Type.Boolean()),
      reason_code: optional(E.ReasonCode),
      incident: optional(line(128)),
      /** The digest the caller saw in force; null for none. */
      expected: optional(Type.Union([E.DigestText, Type.Null()])),
    }),
    answer: object({
      /** Null when the bundle was in force already. */
      request_id: Type.Union([E.Ids.event, Type.Null()]),
      digest: E.DigestText,
      /** Null while others' word is missing. */
      revision: Type.Union([E.PolicyRevision, Type.Null()]),
      previous: Type.Union([E.PolicyRevision, Type.Null()]),
    }),
  },
  getPublication: {
    method: "GET",
    path: "/policy/publications/:request_id",
    roles: ["policy-admin", ...readers],
    summary: "A request to publish, and what became of it.",
    params: object({ request_id: E.Ids.event }),
    answer: PublicationView,
  },
  answerPublication: {
    method: "POST",
    path: "/policy/publications/:request_id/answers",
    roles: ["policy-admin"],
    summary: "Approve, reject or withdraw a request to publish.",
    params: object({ request_id: E.Ids.event }),
    body: object({
      answer: E.oneOf("approve", "reject", "withdraw"),
      reason_code: optional(E.ReasonCode),
      /** The answer's text and a person's signature of its digest, where the credential is not the person's own. */
      signed: optional(
        object({
          text: text(4096),
          method: E.oneOf("ed25519", "ssh", "webauthn"),
          kid: text(255),
          signature: text(1024),
          authenticator_data: optional(E.Base64Url(2048)),
          client_data: optional(E.Base64Url(4096)),
        }),
      ),
    }),
    answer: object({
      request_id: E.Ids.event,
      digest: E.DigestText,
      revision: Type.Union([E.PolicyRevision, Type.Null()]),
      previous: Type.Union([E.PolicyRevision, Type.Null()]),
    }),
  },
  listRevisions: {
    method: "GET",
    path: "/policy/revisions",
    roles: ["policy-admin", ...readers],
    summary: "Which policies were in force, newest first, and the request that waits.",
    query: object({ limit: optional(numeral), before: optional(numeral) }),
    answer: object({
      revisions: list(PolicyRevisionView, 500),
      next: optional(count),
      waiting: Type.Union([PublicationView, Type.Null()]),
    }),
  },
  listRuns: {
    method: "GET",
    path: "/runs",
    roles: [...readers],
    summary: "Runs, newest first.",
    query: object({
      limit: optional(numeral),
      after: optional(E.Ids.run),
      agent: optional(E.Name),
      status: optional(text(16)),
    }),
    answer: object({ runs: list(RunView, 500), next: optional(E.Ids.run) }),
  },
  getTimeline: {
    method: "GET",
    path: "/runs/:run_id/timeline",
    roles: ["agent", ...readers],
    summary: "A run's events in order, with completeness and faults.",
    params: runParams,
    query: object({ from_seq: optional(numeral), limit: optional(numeral) }),
    answer: Type.Unknown(),
  },
  listEvents: {
    method: "GET",
    path: "/events",
    roles: [...readers],
    summary: "Events, newest first.",
    query: object({
      type: optional(text(64)),
      run_id: optional(E.Ids.run),
      before: optional(numeral),
      limit: optional(numeral),
    }),
    answer: object({ events: list(EventView, 500), next: optional(count) }),
  },
  getEvent: {
    method: "GET",
    path: "/events/:event_id",
    roles: ["agent", "executor", "approver", ...readers],
    summary: "One event: its exact bytes and derived members.",
    params: eventParams,
    answer: EventView,
  },
  getReceipt: {
    method: "GET",
    path: "/events/:event_id/receipt",
    roles: ["agent", "executor", "approver", ...readers],
    summary: "An event's C2SP tlog-proof.",
    params: eventParams,
    answer: "text",
  },
  getCheckpoint: {
    method: "GET",
    path: "/checkpoint",
    roles: ["agent", "executor", "approver", ...readers],
    summary: "The newest signed checkpoint.",
    answer: "text",
  },
  getTile: {
    method: "GET",
    path: "/tile/*",
    roles: [...readers],
    summary: "C2SP tlog-tiles: hash tiles and entry bundles.",
    params: object({ "*": text(200) }),
    answer: "bytes",
  },
  getPermitKeys: {
    method: "GET",
    path: "/permit-keys",
    roles: ["public"],
    summary: "The permit keys as a JWKS.",
    answer: Type.Unknown(),
  },
  getHealth: {
    method: "GET",
    path: "/health",
    roles: ["public"],
    summary: "Whether the process is alive.",
    answer: object({ status: E.oneOf("ok", "failing"), checks: Type.Unknown() }),
  },
  getReady: {
    method: "GET",
    path: "/ready",
    roles: ["public"],
    summary: "Whether it takes work: ledger, signer, policy engine.",
    answer: object({ status: E.oneOf("ok", "failing"), checks: Type.Unknown() }),
  },
});

export type OperationName = keyof typeof operations;
export type OperationOf<N extends OperationName> = (typeof operations)[N];

// The words come first: to the type checker a string has everything a TSchema must have.
type StaticOf<S> = S extends "bytes" | "ndjson"
  ? Uint8Array
  : S extends "text"
    ? string
    : S extends TSchema
      ? Static<S>
      : undefined;
export type BodyOf<N extends OperationName> = OperationOf<N> extends { body: infer B } ? StaticOf<B> : undefined;
export type ParamsOf<N extends OperationName> = OperationOf<N> extends { params: infer P } ? StaticOf<P> : undefined;
export type QueryOf<N extends OperationName> = OperationOf<N> extends { query: infer Q } ? StaticOf<Q> : undefined;
export type AnswerOf<N extends OperationName> = StaticOf<OperationOf<N>["answer"]>;

export type ShadowStatusView = Static<typeof ShadowView>;
export type ShadowDifference = Static<typeof ShadowDifferenceView>;
export type RunStatusView = Static<typeof RunView>;
export type ActionStatusView = Static<typeof ActionView>;
export type ApprovalStatusView = Static<typeof ApprovalView>;
export type StartedView = Static<typeof StartView>;
export type FreezeStatusView = Static<typeof FreezeView>;
export type BundleStatusView = Static<typeof PolicyBundleView>;
export type RevisionStatusView = Static<typeof PolicyRevisionView>;
export type PublicationStatusView = Static<typeof PublicationView>;
export type EventReceipt = Static<typeof ReceiptView>;
export type OutcomeReport = Static<typeof ReportOutcome>;

/** Bytes a JSON body may have at most: one event's worth (16 KiB) where it becomes one event, arguments excepted. */
export const bodyLimits: Partial<Record<OperationName, number>> = {
  requestAction: 64 * 1024 * 1024,
  reportOutcome: 64 * 1024 * 1024,
  putPayload: 64 * 1024 * 1024,
  reportBatch: 8 * 1024 * 1024,
  // 2 MiB of files in base64, and their paths.
  uploadPolicy: 4 * 1024 * 1024,
};
/** The limit of every operation {@link bodyLimits} does not name. */
export const DEFAULT_BODY_LIMIT_BYTES = 16 * 1024;
