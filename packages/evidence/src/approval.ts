/**
 * The two texts people sign away: the approval request, which binds one action under one policy, and the vote, which
 * binds one answer to one request. Both are kept as their exact canonical text. Spec: spec/approval.md.
 */
import { canonicalText } from "./canonical.ts";
import { parseDuration } from "./duration.ts";
import type { ActionBlock, ApprovalRequirement, EventOf, InitiatorBlock } from "./event.ts";
import { type Digest, digestOf, utf8 } from "./hash.ts";

export const APPROVAL_REQUEST_CONTEXT = "countersign/v1/approval-request";
export const APPROVAL_VOTE_CONTEXT = "countersign/v1/approval-vote";

/** What people are asked to approve. Digests and leaf hashes as in the events they come from; times RFC 3339 UTC. */
export type ApprovalRequest = {
  readonly ctx: typeof APPROVAL_REQUEST_CONTEXT;
  readonly v: 1;
  readonly log: string;
  readonly tenant: string;
  readonly approval_id: string;
  readonly run_id: string;
  readonly action_id: string;
  readonly decision_id: string;
  /** Leaf hash, hex, of the action.requested event. */
  readonly request_leaf: string;
  readonly action: ActionBlock;
  readonly action_digest: string;
  readonly args_commit: string;
  readonly tool_contract: string | null;
  readonly matched_rules: readonly string[];
  readonly rule_digests: Readonly<Record<string, string>>;
  readonly requirements: readonly ApprovalRequirement[];
  readonly gate_digest: string;
  readonly policy_digest: string;
  readonly policy_snapshot: string;
  /** The agent. */
  readonly requested_by: string;
  readonly on_behalf_of: string | null;
  readonly initiator: InitiatorBlock;
  /** At least 16 random bytes, base64url. */
  readonly nonce: string;
  readonly requested_at: string;
  readonly expires_at: string;
  /** How long after the use the permit may be used, milliseconds. */
  readonly execute_within_ms: number;
  readonly max_attempts: number;
  readonly obligations: readonly string[];
};

/** What one person signs. */
export type ApprovalVote = {
  readonly ctx: typeof APPROVAL_VOTE_CONTEXT;
  readonly v: 1;
  readonly log: string;
  readonly tenant: string;
  readonly approval_id: string;
  /** `sha256:` of the approval request's text. */
  readonly request_digest: string;
  readonly answer: EventOf<"approval.voted">["vote"]["answer"];
  readonly reason_code: string;
  /** Commitment over a free-text note, or null. */
  readonly note_commit: string | null;
  /** `sha256:` of the plain text the person was shown. */
  readonly rendering: string;
  readonly person: string;
  /** Approver roles the person held when voting, sorted. */
  readonly roles: readonly string[];
  readonly kid: string;
  readonly at: string;
};

/** The canonical text of an approval request: what `approval_request.text` holds and its digest is of. */
export function formatApprovalRequest(input: Omit<ApprovalRequest, "ctx" | "v">): string {
  return canonicalText({ ...input, ctx: APPROVAL_REQUEST_CONTEXT, v: 1 });
}

/** The request a text says, or undefined unless the text is the canonical form of exactly these members. */
export function parseApprovalRequest(text: string): ApprovalRequest | undefined {
  return parseText(text, requestShape);
}

/** The canonical text of a vote: what `vote.text` holds and {@link voteDigest} is of. */
export function formatVote(input: Omit<ApprovalVote, "ctx" | "v">): string {
  return canonicalText({ ...input, ctx: APPROVAL_VOTE_CONTEXT, v: 1 });
}

/** The vote a text says, or undefined unless the text is the canonical form of exactly these members. */
export function parseVote(text: string): ApprovalVote | undefined {
  return parseText(text, voteShape);
}

/** Digest of a request's or a vote's text. A vote's digest is what the person signs. */
export function textDigest(text: string): Digest {
  return digestOf(utf8(text));
}

/**
 * The first member of `said` that is not what the log recorded, or undefined when all of `expected` agree.
 * Members are compared in their canonical form, so nothing that would be shown differently passes for equal.
 */
export function differingMember(said: object, expected: Readonly<Record<string, unknown>>): string | undefined {
  // Both texts are plain JSON objects; the cast only says that members may be looked up by name.
  const members = said as unknown as Readonly<Record<string, unknown>>;
  return Object.keys(expected).find((name) => {
    const a = members[name];
    const b = expected[name];
    if (a === b) return false;
    if (typeof b !== "object" || b === null || typeof a !== "object" || a === null) return true;
    return canonicalText(a) !== canonicalText(b);
  });
}

export type Check = (value: unknown) => boolean;
export type TextShape<T> = { readonly [K in keyof T]-?: Check };

export const isText: Check = (value) => typeof value === "string" && value !== "";
const isTextOrNull: Check = (value) => value === null || isText(value);
export const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
export const is =
  (...allowed: readonly unknown[]): Check =>
  (value) =>
    allowed.includes(value);

const TARGET = { required: ["system", "resource"], optional: ["environment", "version"] };
const INITIATOR = {
  required: ["agent"],
  optional: ["version", "framework", "framework_version", "model", "on_behalf_of"],
};

/** An object of texts with exactly these members. */
const texts =
  ({ required, optional }: { required: readonly string[]; optional: readonly string[] }): Check =>
  (value) =>
    isObject(value) &&
    required.every((name) => isText(value[name])) &&
    Object.keys(value).every((name) => required.includes(name) || (optional.includes(name) && isText(value[name])));

const isTarget = texts(TARGET);
const isAction: Check = (value) => {
  if (!isObject(value)) return false;
  const { target, ...rest } = value;
  return isTarget(target) && texts({ required: ["capability", "tool"], optional: ["tool_version"] })(rest);
};
const isEscalation: Check = (value) =>
  isObject(value) &&
  texts({ required: ["after", "approvers"], optional: [] })(value) &&
  parseDuration(String(value.after)) !== undefined;
const isRequirement: Check = (value) => {
  if (!isObject(value)) return false;
  const { quorum, separation, escalation, breakglass, ...rest } = value;
  if (!isCount(quorum) || quorum === 0 || !listOf(isText)(separation)) return false;
  if (escalation !== undefined && !isEscalation(escalation)) return false;
  if (breakglass !== undefined && parseDuration(String(breakglass)) === undefined) return false;
  return (
    texts({ required: ["rule", "approvers", "ttl"], optional: [] })(rest) &&
    parseDuration(String(rest.ttl)) !== undefined
  );
};

const requestShape: TextShape<ApprovalRequest> = {
  ctx: is(APPROVAL_REQUEST_CONTEXT),
  v: is(1),
  log: isText,
  tenant: isText,
  approval_id: isText,
  run_id: isText,
  action_id: isText,
  decision_id: isText,
  request_leaf: isText,
  action: isAction,
  action_digest: isText,
  args_commit: isText,
  tool_contract: isTextOrNull,
  matched_rules: listOf(isText),
  rule_digests: (value) => isObject(value) && Object.values(value).every(isText),
  requirements: listOf(isRequirement),
  gate_digest: isText,
  policy_digest: isText,
  policy_snapshot: isText,
  requested_by: isText,
  on_behalf_of: isTextOrNull,
  initiator: texts(INITIATOR),
  nonce: (value) => typeof value === "string" && /^[A-Za-z0-9_-]{22,128}$/.test(value),
  requested_at: isText,
  expires_at: isText,
  execute_within_ms: isCount,
  max_attempts: (value) => isCount(value) && value !== 0,
  obligations: listOf(isText),
};

const voteShape: TextShape<ApprovalVote> = {
  ctx: is(APPROVAL_VOTE_CONTEXT),
  v: is(1),
  log: isText,
  tenant: isText,
  approval_id: isText,
  request_digest: isText,
  answer: is("approve", "reject", "abstain"),
  reason_code: isText,
  note_commit: isTextOrNull,
  rendering: isText,
  person: isText,
  roles: listOf(isText),
  kid: isText,
  at: isText,
};

/** Never throws: the text comes from the other side. One canonical text per value, so duplicates cannot hide. */
export function parseText<T>(text: string, shape: TextShape<T>): T | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value) || canonicalText(value) !== text) return undefined;
    const names = Object.keys(shape) as (keyof T & string)[]; // a Shape has exactly the members of T
    if (Object.keys(value).length !== names.length) return undefined;
    if (!names.every((name) => Object.hasOwn(value, name) && shape[name](value[name]))) return undefined;
    return value as T; // every member of T was just checked by its own shape
  } catch {
    return undefined;
  }
}
