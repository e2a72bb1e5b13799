/**
 * Every kind of event, once. The TypeScript types, the JSON Schemas in spec/schema, the validators and the canonical
 * serializer are all made from this file (tools/gen.ts); nothing else defines an event's shape.
 * Spec: spec/evidence-event.md. Limits are in UTF-16 code units for strings; an entry is at most 65,535 bytes.
 */
import { type Static, type TLiteral, type TProperties, type TSchema, type TUnion, Type } from "typebox";
import { idPattern } from "./ids.ts";

export { MAX_ENTRY_BYTES, MAX_OPEN_ACTIONS } from "./limits.ts";

// ── Building blocks ────────────────────────────────────────────────────────────────────────────────────────────────

/** An object that takes no other members. */
export const strictObject = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });
const object = strictObject;
const optional = Type.Optional;
/** Free text on one line: no control characters, which also keeps every unit at 3 bytes or fewer in an entry. */
export const text = (max: number) =>
  Type.String({ minLength: 1, maxLength: max, pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]+$" });
/** Canonical JSON as a string: like {@link text}, and limited in UTF-8 bytes (`maxBytes` is our own keyword). */
const canonicalText = (maxBytes: number) =>
  Type.String({
    minLength: 1,
    maxLength: maxBytes,
    maxBytes,
    pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]+$",
  });
// The cast restates what map() forgets: one literal schema for each value, in order.
export const oneOf = <const T extends readonly string[]>(...values: T) =>
  Type.Union(values.map((value) => Type.Literal(value))) as unknown as TUnion<{
    -readonly [I in keyof T]: TLiteral<T[I]>;
  }>;
const list = <T extends TSchema>(item: T, maxItems: number) => Type.Array(item, { maxItems });
/** Text of several lines. */
const lines = (max: number) =>
  Type.String({ minLength: 1, maxLength: max, pattern: "^[^\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f]+$" });
const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const pattern = (source: string, maxLength: number) => Type.String({ pattern: source, maxLength });

export const Ids = {
  event: pattern(idPattern("evt"), 30),
  run: pattern(idPattern("run"), 30),
  action: pattern(idPattern("act"), 30),
  decision: pattern(idPattern("dec"), 30),
  approval: pattern(idPattern("apr"), 30),
  permit: pattern(idPattern("prm"), 30),
  person: pattern(idPattern("usr"), 30),
  credential: pattern(idPattern("key"), 30),
  freeze: pattern(idPattern("frz"), 30),
  hold: pattern(idPattern("hold"), 31),
  pack: pattern(idPattern("pack"), 31),
  drill: pattern(idPattern("drl"), 30),
  finding: pattern(idPattern("fnd"), 30),
  incident: pattern(idPattern("inc"), 30),
  review: pattern(idPattern("rev"), 30),
  session: pattern(idPattern("ses"), 30),
} as const;

/** RFC 3339 UTC with exactly three decimals. */
export const Timestamp = pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$", 24);
export const DigestText = pattern("^sha256:[0-9a-f]{64}$", 71);
export const HashHex = pattern("^[0-9a-f]{64}$", 64);
/** base64url of 32 bytes, no padding. */
export const Commitment = pattern("^[A-Za-z0-9_-]{43}$", 43);
export const TenantId = pattern("^[a-z0-9][a-z0-9-]{0,62}$", 63);
/** Names people and machines give: agents, executors, tools, topics, jobs. No spaces, no control or format characters. */
export const Name = pattern("^[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,127}$", 128);
export const Capability = pattern("^[a-z][a-z0-9_]*(\\.[a-z0-9_]+)*$", 128);
export const RuleId = pattern("^[a-z][a-z0-9:._-]{0,127}$", 128);
export const ReasonCode = pattern("^[A-Z][A-Z0-9_]{0,63}$", 64);
export const PolicyRevision = pattern("^pol_[0-9]{4}_[0-9]{2}_[0-9]{2}(_[0-9]{1,6})?$", 24);
/** `<host>/<tenant>/<epoch>`: the C2SP origin of a log. */
export const Origin = pattern("^[a-z0-9][a-z0-9.:-]{0,127}/[a-z0-9][a-z0-9-]{0,62}/[0-9]{1,9}$", 203);
/** A C2SP verifier key: name, key id, base64 of type and public key. */
export const VerifierKey = pattern("^[!-*,-~]{1,203}\\+[0-9a-f]{8}\\+[A-Za-z0-9+/=]{1,128}$", 348);
/** What a commitment stands for: the JSON pointer it would have in the event. */
const JsonPointer = pattern("^(/[A-Za-z0-9_.~-]{1,48}){1,4}$", 196);
/** base64url without padding, at most `max` characters. */
export const Base64Url = (max: number) => pattern("^[A-Za-z0-9_-]+$", max);
/** The id of a key pair of a person or of the server: what `kid` is in a JWS. */
const KeyName = pattern("^[A-Za-z0-9_.:@/+=-]{1,255}$", 255);
const ResourceName = text(512);
/** An id, a digest, or the path and query that was asked for. */
const RequestTarget = pattern("^[!#-\\[\\]-~]{1,96}$", 96);

export const DecisionAnswer = oneOf("ALLOW", "DENY", "REQUIRE_APPROVAL");
export const DispatchStatus = oneOf(
  "PERMITTED",
  "QUEUED",
  "STARTED",
  "RETRIED",
  "TIMED_OUT",
  "DEAD_LETTERED",
  "REDRIVEN",
  "CANCELLED",
  "SUCCEEDED",
  "FAILED",
  "UNCONFIRMED",
);

/** Who reports this event. */
export const Actor = object({
  type: oneOf("agent", "executor", "person", "operator", "system"),
  id: Name,
  credential: optional(Ids.credential),
  /** The session of a person who signed in, in place of a credential. */
  session: optional(Ids.session),
});

/** The agent, and the person behind it, whose run this is. On every run event. */
export const Initiator = object({
  agent: Name,
  version: optional(text(64)),
  framework: optional(text(64)),
  framework_version: optional(text(64)),
  model: optional(text(128)),
  on_behalf_of: optional(Ids.person),
});

export const Target = object({
  system: ResourceName,
  resource: ResourceName,
  environment: optional(text(64)),
  version: optional(text(256)),
});

/** What is to be done, without its arguments: those are a commitment and a payload. */
export const Action = object({
  capability: Capability,
  tool: Name,
  tool_version: optional(text(64)),
  target: Target,
});

/** Summary of the decision, carried forward on every later event of the action. */
export const PolicyBlock = object({
  decision: DecisionAnswer,
  matched_rule: RuleId,
  policy_snapshot: Type.Union([PolicyRevision, Type.Literal("none")]),
  policy_digest: DigestText,
  reason: ReasonCode,
  decision_event: optional(Ids.event),
  /** Present, and false, when the decision was only observed: nothing held the action back. spec/policy.md "Observing". */
  enforced: optional(Type.Literal(false)),
});

/** Summary of the approval, carried forward on every event after it. */
export const ApprovalBlock = object({
  required: Type.Boolean(),
  approval_id: optional(Ids.approval),
  approver: optional(Ids.person),
  approved_at: optional(Timestamp),
  quorum: optional(Type.Integer({ minimum: 1, maximum: 16 })),
  votes: optional(list(Ids.event, 16)),
});

export const DispatchBlock = object({
  topic: Name,
  job_id: Name,
  status: DispatchStatus,
  attempt: Type.Integer({ minimum: 0, maximum: 1000 }),
  max_attempts: Type.Integer({ minimum: 1, maximum: 1000 }),
});

/** Immutable pointers: digests of stored bytes. */
export const Pointers = object({
  context: list(DigestText, 64),
  args: optional(DigestText),
  result: Type.Union([DigestText, Type.Null()]),
  artifacts: list(DigestText, 64),
});

export const Integrity = object({
  v: Type.Literal(1),
  alg: Type.Literal("sha256-rfc6962"),
  log: Origin,
  index: count,
  prev_hash: HashHex,
  run_seq: optional(count),
  run_prev: optional(HashHex),
  ctl_seq: count,
  ctl_head: HashHex,
});

/** Labels and refs: names the policy bundle's catalogue declares. */
export const Labels = Type.Record(pattern("^[a-z][a-z0-9_.-]{0,39}$", 40), text(128), { maxProperties: 16 });
const Commitments = Type.Record(JsonPointer, Commitment, { maxProperties: 32 });
/** What an executor must do or observe, as the policy's annotation words it. */
export const Obligations = list(text(128), 16);

const DataClass = oneOf("public", "internal", "personal", "secret");
/** Budgets of a run; absent means not limited by the run. */
export const Budgets = object({
  actions: optional(count),
  cents: optional(count),
  bytes: optional(count),
  wall_ms: optional(count),
});

/** What a run declared: the limits nothing in it may pass. */
export const Scope = object({
  capabilities: list(Capability, 64),
  tools: optional(list(Name, 64)),
  resources: optional(
    list(object({ system: optional(text(128)), pattern: text(256), environment: optional(text(64)) }), 16),
  ),
  data_classes: optional(list(DataClass, 4)),
  budgets: optional(Budgets),
  expires_at: optional(Timestamp),
});

export const Requirement = object({
  rule: RuleId,
  approvers: pattern("^role:[a-z][a-z0-9_.-]{0,63}$", 69),
  quorum: Type.Integer({ minimum: 1, maximum: 16 }),
  ttl: pattern("^P(?=[0-9T])([0-9]{1,4}D)?(T([0-9]{1,4}H)?([0-9]{1,4}M)?([0-9]{1,5}S)?)?$", 32),
  separation: list(oneOf("requester", "on_behalf_of", "agent_owner", "author"), 4),
  /** Another role that may answer too once the request has waited this long; the quorum stays what it is. */
  escalation: optional(
    object({
      after: pattern("^P(?=[0-9T])([0-9]{1,4}D)?(T([0-9]{1,4}H)?([0-9]{1,4}M)?([0-9]{1,5}S)?)?$", 32),
      approvers: pattern("^role:[a-z][a-z0-9_.-]{0,63}$", 69),
    }),
  ),
  /** How long two people together may let the action go ahead in an incident; absent: they may not. At most PT1H. */
  breakglass: optional(pattern("^PT(?=[0-9])([0-9]{1,4}H)?([0-9]{1,4}M)?([0-9]{1,5}S)?$", 32)),
});

/** One person's signature under a break-glass text, made as a vote's is. */
const BreakGlassSignature = object({
  text: canonicalText(2048),
  digest: DigestText,
  person: Ids.person,
  method: oneOf("ed25519", "ssh", "webauthn"),
  kid: KeyName,
  signature: Base64Url(1024),
  authenticator_data: optional(Base64Url(2048)),
  client_data: optional(Base64Url(4096)),
});

/** Roles a credential or a person may hold; approver roles of a policy bundle are separate names. */
export const Role = oneOf("agent", "executor", "approver", "auditor", "policy-admin", "records", "operator", "admin");
/** A role of the policy bundle's catalogue that people vote in, e.g. `oncall_sre`. */
export const ApproverRole = pattern("^[a-z][a-z0-9_.-]{0,63}$", 64);

/** A public key and what it is for. `x` is the raw key in base64url. */
const PublicKey = object({
  kid: KeyName,
  purpose: oneOf("checkpoint", "permit", "cosignature", "seal", "approver", "policy"),
  alg: oneOf("ed25519", "es256", "aes-256-gcm"),
  x: optional(Base64Url(256)),
  vkey: optional(VerifierKey),
});

/** Over `countersign/v1/policy-bundle\n` and the SHA-256 of MANIFEST.json; spec/policy.md, "Signatures". */
const BundleSignature = object({
  key_id: KeyName,
  alg: Type.Literal("ed25519"),
  role: oneOf("author", "reviewer", "release"),
  sig: pattern("^[A-Za-z0-9_-]{86}$", 86),
});

const Verdict = oneOf("pass", "fail", "inconclusive", "not_checked");
const Holder = object({ kind: oneOf("agent", "executor", "person", "service"), id: Name });
const Reason = object({ code: ReasonCode, note_committed: optional(Type.Boolean()) });
const CheckpointRef = object({ origin: Origin, size: count, root: HashHex });
const PolicyRef = object({ revision: optional(PolicyRevision), digest: DigestText });
const IndexRange = Type.Array(count, { minItems: 2, maxItems: 2 });
const Counts = Type.Record(pattern("^[a-z][a-z0-9_.-]{0,63}$", 64), count, { maxProperties: 32 });

// ── Envelope ───────────────────────────────────────────────────────────────────────────────────────────────────────

const envelope = {
  v: Type.Literal(1),
  event_id: Ids.event,
  tenant: TenantId,
  ts: Timestamp,
  source: oneOf("observed", "reported", "derived"),
  actor: Actor,
  cause: optional(Ids.event),
  labels: optional(Labels),
  refs: optional(Labels),
  commit: optional(Commitments),
  traceparent: optional(pattern("^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$", 55)),
  integrity: Integrity,
};
const runMembers = { run_id: Ids.run, initiator: Initiator };
const actionMembers = { ...runMembers, action_id: Ids.action, action: Action };

/**
 * Which chain an event continues besides the log itself: its run, the control chain, or neither.
 * `action` events are run events that also name an action.
 */
export type Chain = "run" | "action" | "control" | "tenant";

const kind = <const T extends string, C extends Chain, P extends TProperties>(type: T, chain: C, members: P) => ({
  type,
  chain,
  schema: object({ type: Type.Literal(type), ...envelope, ...members }),
});
const control = <const T extends string, P extends TProperties>(type: T, members: P) => kind(type, "control", members);
const tenantWide = <const T extends string, P extends TProperties>(type: T, members: P) =>
  kind(type, "tenant", members);
const ofRun = <const T extends string, P extends TProperties>(type: T, members: P) =>
  kind(type, "run", { ...runMembers, ...members });
const ofAction = <const T extends string, P extends TProperties>(type: T, members: P) =>
  kind(type, "action", { ...actionMembers, ...members });

/** After a decision every event of the action carries why it was allowed. */
const decided = { policy: PolicyBlock };
const dispatched = { policy: PolicyBlock, approval: ApprovalBlock, dispatch: DispatchBlock, pointers: Pointers };

/** How an attempt ended, as reported or concluded. Free text is committed under /outcome/message. */
const Outcome = object({
  code: optional(ReasonCode),
  duration_ms: optional(count),
  layer: optional(oneOf("sdk", "queue", "agent", "server")),
  layer_attempt: optional(count),
  obligations_met: optional(Obligations),
  produced: optional(list(Commitment, 64)),
});

// ── Kinds ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const all = [
  // log
  control("log.genesis", {
    genesis: object({
      origin: Origin,
      epoch: count,
      spec: Type.Literal("countersign/1"),
      keys: list(PublicKey, 8),
      previous: optional(CheckpointRef),
    }),
  }),
  control("log.heartbeat", { heartbeat: object({ idle_since: Timestamp }) }),
  control("log.key.added", { key: PublicKey }),
  control("log.key.retired", { key: PublicKey, reason: Reason }),
  control("log.key.revoked", {
    key: PublicKey,
    reason: Reason,
    compromised_since: optional(Timestamp),
    last_trusted_size: optional(count),
  }),
  control("log.epoch.opened", {
    epoch: object({ origin: Origin, epoch: count, previous: CheckpointRef }),
    reason: Reason,
  }),
  control("log.clock.jumped", {
    clock: object({ head: Timestamp, node: Timestamp, direction: oneOf("back", "ahead") }),
  }),
  control("log.closed", { closed: object({ size: count }), reason: Reason }),
  // tenancy
  control("tenant.created", {
    created: object({
      kind: oneOf("evaluation", "production"),
      origin_host: text(128),
      display_name: optional(text(128)),
    }),
  }),
  control("tenant.changed", {
    changed: object({
      kind: optional(oneOf("evaluation", "production")),
      display_name: optional(text(128)),
      /** Begins or ends observing; lawful before the first publish only. */
      observing: optional(Type.Boolean()),
    }),
  }),
  control("agent.registered", {
    agent: object({
      id: Name,
      ceiling: list(Capability, 64),
      owner: optional(Ids.person),
      accountable: optional(Ids.person),
      purpose: optional(text(512)),
      environments: optional(list(text(64), 16)),
      may_execute: Type.Boolean(),
    }),
    bootstrap: optional(Type.Boolean()),
  }),
  control("agent.changed", {
    agent: object({
      id: Name,
      ceiling: list(Capability, 64),
      owner: optional(Ids.person),
      accountable: optional(Ids.person),
      purpose: optional(text(512)),
      environments: optional(list(text(64), 16)),
      may_execute: Type.Boolean(),
      retired: optional(Type.Boolean()),
    }),
    bootstrap: optional(Type.Boolean()),
  }),
  control("credential.issued", {
    credential: object({
      id: Ids.credential,
      role: Role,
      holder: Holder,
      expires_at: optional(Timestamp),
      scope: optional(list(text(128), 16)),
      /** Of the 64 hexadecimal digits of the secret, as the key shows them: which secret it is, without being it. */
      secret_digest: optional(DigestText),
    }),
    bootstrap: optional(Type.Boolean()),
  }),
  control("credential.rotated", {
    credential: object({
      id: Ids.credential,
      replaces: Ids.credential,
      expires_at: optional(Timestamp),
      secret_digest: optional(DigestText),
    }),
  }),
  control("credential.revoked", {
    credential: object({ id: Ids.credential }),
    reason: Reason,
    compromised_since: optional(Timestamp),
  }),
  control("person.added", { person: object({ alias: Ids.person }), bootstrap: optional(Type.Boolean()) }),
  control("person.removed", { person: object({ alias: Ids.person }), reason: Reason }),
  control("role.granted", {
    grant: object({ person: Ids.person, role: Type.Union([Role, ApproverRole]), kind: oneOf("role", "approver_role") }),
    bootstrap: optional(Type.Boolean()),
  }),
  control("role.revoked", {
    grant: object({ person: Ids.person, role: Type.Union([Role, ApproverRole]), kind: oneOf("role", "approver_role") }),
    reason: Reason,
  }),
  control("approver.key.enrolled", {
    enrolment: object({
      person: Ids.person,
      key: PublicKey,
      method: oneOf("ed25519", "ssh", "webauthn"),
      rp_id: optional(text(253)),
      approved_by: optional(Ids.person),
    }),
    bootstrap: optional(Type.Boolean()),
  }),
  control("approver.key.revoked", {
    enrolment: object({ person: Ids.person, kid: KeyName }),
    reason: Reason,
    compromised_since: optional(Timestamp),
  }),
  tenantWide("session.opened", {
    session: object({
      id: Ids.session,
      person: Ids.person,
      method: oneOf("oidc", "passkey", "link"),
      expires_at: Timestamp,
      /** Digest of what the session is known by: both cookies' hashes and the passkey. */
      proof: optional(DigestText),
    }),
  }),
  tenantWide("session.closed", { session: object({ id: Ids.session, person: Ids.person }), reason: Reason }),
  control("tenant.sealed", { sealed: object({ people: count, bootstrap_acts: count }) }),
  control("config.overridden", { override: object({ setting: text(128), value: text(256) }), reason: Reason }),
  control("witness.policy.changed", { witness_policy: object({ text: lines(8192), digest: DigestText }) }),
  control("backup.taken", { backup: object({ digest: DigestText, checkpoint: CheckpointRef, size_bytes: count }) }),
  control("backup.restored", { backup: object({ digest: DigestText, checkpoint: CheckpointRef }) }),
  // run
  ofRun("run.started", {
    run: object({
      scope: Scope,
      ceiling_event: Ids.event,
      delegated_by: optional(Ids.person),
      parent_run: optional(Ids.run),
      expected_end: optional(Timestamp),
    }),
  }),
  ofRun("run.scope.extended", {
    extension: object({ scope: Scope, approval_id: optional(Ids.approval), initiator: optional(Initiator) }),
  }),
  ofRun("run.suspended", { reason: Reason }),
  ofRun("run.closed", {
    closed: object({ status: oneOf("completed", "failed", "cancelled"), open_actions: list(Ids.action, 64) }),
  }),
  ofRun("run.settled", { settled: object({ events: count, last_seq: count, actions: count }) }),
  ofRun("run.abandoned", {
    abandoned: object({ open_actions: list(Ids.action, 64), idle_since: Timestamp }),
    reason: Reason,
  }),
  // intake
  ofAction("action.requested", {
    pointers: Pointers,
    request: object({
      args_bytes: count,
      action_digest: DigestText,
      tool_contract: optional(DigestText),
      /** Of the MCP tool's definition as its server gave it just before. */
      tool_digest: optional(DigestText),
      topic: Name,
      consumed: list(Commitment, 64),
      redrive_of: optional(Ids.action),
      context_absent: optional(list(text(64), 16)),
      cost_cents: optional(count),
      /** Checks after the effect that its contract asks for. */
      checks: optional(list(object({ name: Name, by: oneOf("executor", "second_party") }), 8)),
      /** Of the data the tool touches, by its contract. */
      data_classes: optional(list(DataClass, 4)),
      /** How often one use of the decision may try, and how long one attempt may take. */
      max_attempts: optional(Type.Integer({ minimum: 1, maximum: 1000 })),
      attempt_timeout_ms: optional(count),
    }),
  }),
  // policy
  ofAction("policy.decided", {
    ...decided,
    decided: object({
      decision_id: Ids.decision,
      enforced: Type.Boolean(),
      matched_rules: list(RuleId, 32),
      reason_codes: list(ReasonCode, 32),
      permits: list(RuleId, 32),
      rule_digests: Type.Record(RuleId, DigestText, { maxProperties: 32 }),
      engine: text(64),
      combining: text(64),
      projection_format: text(64),
      request_leaf: HashHex,
      action_digest: DigestText,
      tool_contract: optional(DigestText),
      projection: Type.Union([DigestText, Type.Null()]),
      scope_event: Ids.event,
      history: object({ as_of_index: count, actions: count, cents: count, bytes: count, in_flight: count }),
      requirements: list(Requirement, 16),
      gate_digest: optional(DigestText),
      obligations: Obligations,
      assurance: optional(list(oneOf("witnessed", "timed"), 2)),
      valid_until: Timestamp,
      evaluated_us: count,
    }),
  }),
  control("policy.uploaded", {
    bundle: object({ digest: DigestText, name: text(128), version: text(64), files: count, size_bytes: count }),
    /** Of MANIFEST.sigs.json, those that verified when it was uploaded. */
    signatures: optional(list(BundleSignature, 8)),
  }),
  control("policy.validated", { bundle: object({ digest: DigestText, rules: count, tests: count, warnings: count }) }),
  control("policy.simulated", {
    simulation: object({
      digest: DigestText,
      against: DigestText,
      decisions: count,
      newly_allowed: count,
      changed: count,
      impact_digest: DigestText,
      /** What lets more through without allowing it. */
      loosened: optional(count),
      /** Where the whole impact lies, sealed. */
      report: optional(DigestText),
      /** The first and the last entry looked at. */
      range: optional(IndexRange),
      /** Names of the groups of changes that let more through: what is to be acknowledged. */
      groups: optional(list(DigestText, 256)),
      /** Groups of that kind beyond those named: with any, the candidate cannot be acknowledged. */
      groups_left_out: optional(count),
    }),
  }),
  control("policy.publish.requested", {
    publish: object({
      digest: DigestText,
      expected: optional(DigestText),
      /** The digest was in force before and is to be again. */
      rollback: optional(Type.Boolean()),
      simulation: optional(Ids.event),
      impact_digest: optional(DigestText),
      /** Groups of changes (`sha256:…`) and single ones (`evt_…`) that the requester has seen. */
      acknowledged: optional(list(pattern("^(sha256:[0-9a-f]{64}|evt_[0-9a-hjkmnp-tv-z]{26})$", 71), 256)),
      incident: optional(text(128)),
    }),
    reason: Reason,
  }),
  control("policy.published", {
    publish: object({
      revision: PolicyRevision,
      digest: DigestText,
      previous: optional(PolicyRef),
      author: Name,
      approved_by: list(Ids.person, 4),
      separation: oneOf("two_people", "waived"),
      engine: text(64),
      request: optional(Ids.event),
    }),
    bootstrap: optional(Type.Boolean()),
  }),
  tenantWide("policy.activated", { activation: object({ revision: PolicyRevision, digest: DigestText, node: Name }) }),
  control("policy.rolled_back", {
    rollback: object({
      from: PolicyRef,
      to_digest: DigestText,
      revision: PolicyRevision,
      approved_by: optional(list(Ids.person, 4)),
      request: optional(Ids.event),
      incident: optional(text(128)),
      separation: optional(oneOf("two_people", "waived")),
    }),
    reason: Reason,
  }),
  control("policy.shadow.started", { shadow: object({ digest: DigestText, sample_percent: count }) }),
  control("policy.shadow.stopped", {
    shadow: object({
      digest: DigestText,
      decisions: count,
      differing: count,
      /** Of those differing: what the shadow would have allowed and the policy in force did not. */
      newly_allowed: optional(count),
      /** Decisions it did not get to. */
      dropped: optional(count),
    }),
  }),
  control("policy.retired", { bundle: object({ digest: DigestText }), reason: Reason }),
  // approval
  ofAction("approval.requested", {
    ...decided,
    approval: ApprovalBlock,
    approval_request: object({
      text: canonicalText(16_384),
      digest: DigestText,
      rendering: DigestText,
      expires_at: Timestamp,
      replaces: optional(Ids.approval),
    }),
  }),
  ofAction("approval.voted", {
    ...decided,
    approval: ApprovalBlock,
    vote: object({
      text: canonicalText(4096),
      digest: DigestText,
      person: Ids.person,
      answer: oneOf("approve", "reject", "abstain"),
      reason_code: ReasonCode,
      method: oneOf("ed25519", "ssh", "webauthn"),
      kid: KeyName,
      signature: Base64Url(1024),
      authenticator_data: optional(Base64Url(2048)),
      client_data: optional(Base64Url(4096)),
      rendering: DigestText,
    }),
  }),
  ofAction("approval.granted", {
    ...decided,
    approval: ApprovalBlock,
    granted: object({ people: list(Ids.person, 16), separation: oneOf("kept", "waived"), usable_until: Timestamp }),
  }),
  ofAction("approval.rejected", {
    ...decided,
    approval: ApprovalBlock,
    rejected: object({ person: Ids.person, vote: Ids.event }),
    reason: Reason,
  }),
  ofAction("approval.expired", { ...decided, approval: ApprovalBlock, expired: object({ expires_at: Timestamp }) }),
  ofAction("approval.revoked", { ...decided, approval: ApprovalBlock, reason: Reason }),
  ofAction("approval.cancelled", { ...decided, approval: ApprovalBlock, reason: Reason }),
  ofAction("approval.voided", { ...decided, approval: ApprovalBlock, reason: Reason }),
  ofAction("approval.superseded", {
    ...decided,
    approval: ApprovalBlock,
    superseded: object({ by: Ids.approval }),
    reason: Reason,
  }),
  ofAction("approval.revalidated", {
    ...decided,
    approval: ApprovalBlock,
    revalidated: object({
      policy: PolicyRef,
      gate_digest: DigestText,
      engine: optional(text(64)),
      /** What the new policy was asked with: the commitment over it stands under /decision/projection. */
      projection: optional(DigestText),
    }),
  }),
  ofAction("approval.consumed", {
    ...decided,
    approval: ApprovalBlock,
    consumed: object({ permit_id: Ids.permit, job_id: Name }),
  }),
  ofAction("breakglass.used", {
    ...decided,
    approval: ApprovalBlock,
    breakglass: object({
      people: list(Ids.person, 4),
      incident: text(128),
      expires_at: Timestamp,
      review_due: Timestamp,
      /** One of each person: what they signed, as a vote is signed. */
      signatures: optional(list(BreakGlassSignature, 2)),
    }),
    reason: Reason,
  }),
  // stop
  control("freeze.placed", {
    freeze: object({
      freeze_id: Ids.freeze,
      kind: oneOf("tenant", "agent", "capability", "target"),
      subject: optional(ResourceName),
      incident: text(128),
    }),
    reason: Reason,
  }),
  control("freeze.lifted", {
    freeze: object({
      freeze_id: Ids.freeze,
      people: list(Ids.person, 4),
      separation: optional(oneOf("two_people", "waived")),
    }),
    reason: Reason,
  }),
  // dispatch
  ofAction("dispatch.permitted", {
    ...dispatched,
    permit: object({
      permit_id: Ids.permit,
      executor: Name,
      args_commit: Commitment,
      action_digest: DigestText,
      not_after: Timestamp,
      obligations: Obligations,
      kid: KeyName,
    }),
  }),
  ofAction("dispatch.queued", { ...dispatched }),
  ofAction("dispatch.started", {
    ...dispatched,
    started: object({ permit_id: Ids.permit, executor: Name, deadline: Timestamp, args_commit: Commitment }),
  }),
  ofAction("dispatch.retried", {
    ...dispatched,
    retried: object({ permit_id: Ids.permit, after: oneOf("failed", "timed_out", "unconfirmed") }),
  }),
  ofAction("dispatch.timed_out", { ...dispatched, outcome: Outcome }),
  ofAction("dispatch.dead_lettered", { ...dispatched, outcome: Outcome }),
  ofAction("dispatch.redriven", { ...dispatched, redriven: object({ as_action: optional(Ids.action) }) }),
  ofAction("dispatch.cancelled", { ...dispatched, outcome: Outcome }),
  ofAction("dispatch.succeeded", { ...dispatched, outcome: Outcome }),
  ofAction("dispatch.failed", { ...dispatched, outcome: Outcome }),
  ofAction("dispatch.unconfirmed", { ...dispatched, unconfirmed: object({ deadline: Timestamp }) }),
  // after
  ofAction("safety.checked", {
    policy: optional(PolicyBlock),
    safety: object({
      verdict: Verdict,
      checks: list(object({ name: Name, verdict: Verdict, code: optional(ReasonCode) }), 32),
      drift: object({
        requested: optional(Commitment),
        approved: optional(Commitment),
        executed: optional(Commitment),
        equal: Type.Boolean(),
      }),
      demands: optional(oneOf("none", "rollback", "review")),
      finding: optional(Ids.finding),
    }),
  }),
  ofAction("artifact.recorded", {
    artifact: object({ artifact_id: Commitment, payload: DigestText, media_type: text(127), size_bytes: count }),
  }),
  // life of evidence
  control("retention.rules.published", {
    retention: object({
      digest: DigestText,
      version: count,
      rules: count,
      shortens: Type.Boolean(),
      approved_by: optional(Ids.person),
    }),
  }),
  control("retention.pruned", {
    pruned: object({
      ranges: list(IndexRange, 1024),
      count,
      rule: RuleId,
      rules_digest: DigestText,
      holds: list(Ids.hold, 64),
    }),
  }),
  control("hold.placed", {
    hold: object({
      hold_id: Ids.hold,
      matter: text(128),
      runs: optional(list(Ids.run, 256)),
      query: optional(text(1024)),
      from: optional(Timestamp),
      until: optional(Timestamp),
    }),
    reason: Reason,
  }),
  control("hold.released", { hold: object({ hold_id: Ids.hold, approved_by: Ids.person }), reason: Reason }),
  tenantWide("payload.redacted", {
    redaction: object({ original: DigestText, redacted: DigestText, detector: text(128), count }),
  }),
  control("erasure.requested", { erasure: object({ subject: Commitment, basis: text(256) }) }),
  control("erasure.parked", {
    erasure: object({ subject: Commitment, holds: list(Ids.hold, 64), rules: list(RuleId, 64) }),
  }),
  control("subject.erased", {
    erasure: object({ subject: Commitment, keys: count, payloads: count, packs: list(Ids.pack, 256) }),
  }),
  tenantWide("pack.requested", {
    pack: object({
      pack_id: Ids.pack,
      scope: text(1024),
      purpose: text(256),
      recipient: optional(text(256)),
      disclosure: oneOf("none", "committed", "full"),
    }),
  }),
  tenantWide("pack.exported", {
    pack: object({
      pack_id: Ids.pack,
      scope: text(1024),
      as_of: count,
      manifest_digest: DigestText,
      proves: oneOf("complete", "as-of", "inclusion-only"),
      entries: count,
      disclosure: oneOf("none", "committed", "full"),
    }),
  }),
  tenantWide("pack.downloaded", { pack: object({ pack_id: Ids.pack, manifest_digest: DigestText }) }),
  tenantWide("evidence.accessed", {
    access: object({
      reads: list(
        object({ kind: oneOf("event", "payload", "disclosure", "timeline", "pack", "list"), id: RequestTarget }),
        256,
      ),
      count,
    }),
  }),
  // assurance
  tenantWide("integrity.checked", {
    check: object({
      kind: oneOf("fsck", "scrub", "completeness", "reexecution"),
      as_of: count,
      findings: count,
      counts: Counts,
      digest: optional(DigestText),
    }),
  }),
  tenantWide("review.completed", {
    review: object({
      review_id: Ids.review,
      question: oneOf("denied", "approvals", "incident", "scope", "retention"),
      query: text(1024),
      as_of: count,
      verdict: oneOf("pass", "fail", "partial"),
      digest: DigestText,
    }),
  }),
  tenantWide("incident.opened", {
    incident: object({ incident_id: Ids.incident, from: text(128), title_committed: Type.Boolean() }),
  }),
  tenantWide("incident.closed", {
    incident: object({ incident_id: Ids.incident, findings: list(Ids.finding, 64) }),
    reason: Reason,
  }),
  tenantWide("drill.started", {
    drill: object({ drill_id: Ids.drill, kind: oneOf("incident", "tamper", "restore", "approval", "export") }),
  }),
  tenantWide("drill.completed", {
    drill: object({
      drill_id: Ids.drill,
      kind: oneOf("incident", "tamper", "restore", "approval", "export"),
      score_percent: count,
      duration_ms: count,
      expected: count,
      found: count,
      findings: list(Ids.finding, 64),
    }),
  }),
  tenantWide("drill.missed", {
    drill: object({ kind: oneOf("incident", "tamper", "restore", "approval", "export"), due: Timestamp }),
  }),
  tenantWide("finding.opened", {
    finding: object({
      finding_id: Ids.finding,
      severity: oneOf("low", "medium", "high", "critical"),
      code: ReasonCode,
      owner: optional(Ids.person),
      due: optional(Timestamp),
      evidence: list(Ids.event, 64),
    }),
  }),
  tenantWide("finding.closed", {
    finding: object({ finding_id: Ids.finding, by: oneOf("drill", "proof"), evidence: list(Ids.event, 64) }),
    reason: Reason,
  }),
  tenantWide("training.completed", {
    training: object({ person: Ids.person, version: text(64), score_percent: count }),
  }),
  tenantWide("anchor.recorded", {
    anchor: object({
      kind: oneOf("rfc3161", "cosignature", "anchor-log", "object-lock"),
      checkpoint: CheckpointRef,
      digest: DigestText,
    }),
  }),
  // what came later: a kind's place in this list is the number stores keep
  control("policy.publish.answered", {
    answer: object({
      request: Ids.event,
      digest: DigestText,
      answer: oneOf("approve", "reject", "withdraw"),
      person: optional(Ids.person),
      /** The answer's text and the person's signature of its digest, where the actor's credential is not the person's own. */
      signed: optional(
        object({
          text: canonicalText(4096),
          digest: DigestText,
          method: oneOf("ed25519", "ssh", "webauthn"),
          kid: KeyName,
          signature: Base64Url(1024),
          authenticator_data: optional(Base64Url(2048)),
          client_data: optional(Base64Url(4096)),
        }),
      ),
    }),
    reason: optional(Reason),
  }),
  control("policy.acknowledged", {
    acknowledgement: object({
      digest: DigestText,
      simulation: Ids.event,
      impact_digest: DigestText,
      /** Groups of changes that the actor has seen, as policy.simulated names them. */
      groups: list(DigestText, 256),
    }),
  }),
  /** How a person may come in, and no key of theirs yet: set-up links, passkeys that wait, what a provider calls them. */
  tenantWide("person.changed", {
    change: object({
      person: Ids.person,
      kind: oneOf(
        "link_made",
        "link_used",
        "link_replaced",
        "link_lapsed",
        "passkey_offered",
        "passkey_refused",
        "passkey_lapsed",
        "identity_linked",
      ),
      /** `digest` is that of the link's secret, which nobody can guess. */
      link: optional(
        object({
          digest: DigestText,
          roles: optional(list(Role, 16)),
          approver_roles: optional(list(ApproverRole, 64)),
          ends_at: optional(Timestamp),
        }),
      ),
      /** `digest` is of the public key and what came with it, as JCS. */
      passkey: optional(
        object({ id: text(64), kid: KeyName, digest: optional(DigestText), ends_at: optional(Timestamp) }),
      ),
      /** Salted digests of the link between a provider's subject and the person; the salt is not in the log. */
      identity: optional(object({ digest: DigestText, replaces: optional(DigestText) })),
    }),
  }),
  /** One person's word that a freeze may go, which waits for another's. */
  tenantWide("freeze.lift.asked", { freeze: object({ freeze_id: Ids.freeze, person: Ids.person }) }),
] as const;

type Definition = (typeof all)[number];

/** Every event type's name. */
export type Kind = Definition["type"];
type SchemaOf<K extends Kind> = Extract<Definition, { type: K }>["schema"];
/** The event of one kind, as its entry says it. */
export type EventOf<K extends Kind> = Static<SchemaOf<K>>;
/** Any event. */
export type Event = { [K in Kind]: EventOf<K> }[Kind];

type KindsOf<C extends Chain> = Extract<Definition, { chain: C }>["type"];
/** Events that continue a run: they carry run_id, run_seq and run_prev. */
export type RunEvent = { [K in KindsOf<"run" | "action">]: EventOf<K> }[KindsOf<"run" | "action">];
/** Events about one action of a run. */
export type ActionEvent = { [K in KindsOf<"action">]: EventOf<K> }[KindsOf<"action">];
/** Events that continue the control chain: they change the rules. */
export type ControlEvent = { [K in KindsOf<"control">]: EventOf<K> }[KindsOf<"control">];

/** What the ledger adds to a draft; nobody else can set these. */
type SetByLedger = "v" | "tenant" | "ts" | "integrity";
/** An event before the ledger has placed it. */
export type DraftOf<K extends Kind> = Omit<EventOf<K>, SetByLedger>;
export type Draft = { [K in Kind]: DraftOf<K> }[Kind];

/** Every kind with its chain and schema, in the order of spec/evidence-event.md. */
export const kinds = Object.fromEntries(all.map((definition) => [definition.type, definition])) as unknown as {
  // The cast restates what the entries are: fromEntries forgets which key goes with which value.
  readonly [K in Kind]: { readonly type: K; readonly chain: Chain; readonly schema: SchemaOf<K> };
};

/** The kinds' names in spec order; their position is the small integer stores keep. Only ever appended to. */
export const kindNames: readonly Kind[] = all.map((definition) => definition.type);

export type Decision = Static<typeof DecisionAnswer>;
export type ActorBlock = Static<typeof Actor>;
export type InitiatorBlock = Static<typeof Initiator>;
export type ActionBlock = Static<typeof Action>;
export type PolicySummary = Static<typeof PolicyBlock>;
export type ApprovalSummary = Static<typeof ApprovalBlock>;
export type DispatchSummary = Static<typeof DispatchBlock>;
export type PointerBlock = Static<typeof Pointers>;
export type IntegrityBlock = Static<typeof Integrity>;
export type DeclaredScope = Static<typeof Scope>;
export type ApprovalRequirement = Static<typeof Requirement>;
export type RoleName = Static<typeof Role>;
