/** What the API says of an approval, and the exact text and rendering people decide on. */
import { parseApprovalRequest, textDigest } from "@countersign/evidence/approval";
import { CountersignError } from "@countersign/evidence/errors";
import { type Bundle, voteReasons } from "@countersign/evidence/policy";
import { eligiblePeople, type OpenRequirement, quorumOf, requirementsAt } from "@countersign/evidence/quorum";
import { renderApproval } from "@countersign/evidence/rendering";
import { highestSeverity, ruleTextsOf } from "@countersign/evidence/rule-text";
import { openActionOf, separationOf } from "@countersign/evidence/run";
import type { AnswerOf, ApprovalStatusView } from "@countersign/evidence/wire";
import type { Reader } from "../ledger/command.ts";
import { type ApprovalRecord, approvals, recordOf, runIdOf } from "./approvals.ts";
import { breakGlassMember } from "./break-glass.ts";
import type { ApprovalParts } from "./faces.ts";

/** The approval as it stands now. */
export function viewApproval(reader: Reader, record: ApprovalRecord, nowMs: number): ApprovalStatusView {
  return {
    approval_id: record.approval_id,
    action_id: record.action_id,
    run_id: record.run_id,
    state: record.state,
    action: record.action,
    agent: record.agent,
    matched_rule: record.policy.matched_rule,
    reason: record.policy.reason,
    requirements: record.requirements.map((one) => ({ ...one, separation: [...one.separation] })),
    requested_at: record.requested_at,
    expires_at: record.expires_at,
    votes: record.votes.map(({ kid: _kid, ...vote }) => vote),
    missing: missingVotes(reader, record, nowMs),
    ...breakGlassMember(reader, record, nowMs),
    ...(record.replaces === null ? {} : { replaces: record.replaces }),
    ...(record.superseded_by === null ? {} : { superseded_by: record.superseded_by }),
  };
}

/**
 * The approval with the exact canonical text, and what it is shown as.
 *
 * @throws CountersignError payload-erased, payload-damaged when the arguments cannot be shown as they were
 */
export async function viewApprovalDetail(
  { openArguments, bundleOf, nowMs }: Pick<ApprovalParts, "openArguments" | "bundleOf" | "nowMs">,
  reader: Reader,
  record: ApprovalRecord,
): Promise<AnswerOf<"getApproval">> {
  const request = parseApprovalRequest(record.request_text);
  const args = await openArguments(reader, record.action_id);
  if (request === undefined || args === undefined) throw new CountersignError("payload-erased");
  const rendering = renderApproval(request, args);
  // Whatever was changed since, nobody is shown something else than what the log says they were shown.
  if (textDigest(rendering) !== record.rendering) throw new CountersignError("payload-damaged");
  const bundle = await bundleOf(reader.tenant, record.policy.policy_digest);
  const reasons = bundle === undefined ? { approve: [], reject: [] } : voteReasons(bundle);
  return {
    ...viewApproval(reader, record, nowMs()),
    request_text: record.request_text,
    request_digest: record.request_digest,
    rendering,
    rendering_digest: record.rendering,
    reasons: { approve: [...reasons.approve], reject: [...reasons.reject] },
    ...ruleMembers(bundle, request.matched_rules),
    ...lastUsedMember(reader, record),
    ...eligibleMember(reader, record, nowMs()),
  };
}

/** The matched rules as their authors wrote them, and the highest severity among them. */
function ruleMembers(
  bundle: Bundle | undefined,
  matched: readonly string[],
): Pick<AnswerOf<"getApproval">, "rules" | "severity"> {
  if (bundle === undefined) return {};
  const rules = ruleTextsOf(bundle, matched);
  const severity = highestSeverity(rules);
  return { rules: rules.map(({ rule, text }) => ({ rule, text })), ...(severity === undefined ? {} : { severity }) };
}

/** Approvals looked through for the last one like this. */
const LOOKED_THROUGH = 256;

function lastUsedMember(reader: Reader, record: ApprovalRecord): Pick<AnswerOf<"getApproval">, "last_used"> {
  const { agent, action } = record;
  const rows = reader.list(approvals, "by_state", ["CONSUMED"], { limit: LOOKED_THROUGH, descending: true });
  const last = rows
    .flatMap((row) => recordOf(row) ?? [])
    .find(
      (one) =>
        one.approval_id !== record.approval_id &&
        one.requested_at <= record.requested_at &&
        one.agent === agent &&
        one.action.tool === action.tool &&
        one.action.target.resource === action.target.resource,
    );
  return last === undefined ? {} : { last_used: last.approval_id };
}

/** Who may vote on it now; absent when it takes no votes. */
function eligibleMember(
  reader: Reader,
  record: ApprovalRecord,
  nowMs: number,
): Pick<AnswerOf<"getApproval">, "eligible"> {
  const run = reader.run(runIdOf(record));
  const one = run && openActionOf(run, record.action_id);
  if (record.state !== "REQUESTED" || run === undefined || one === undefined) return {};
  const people = eligiblePeople(askedNow(record, nowMs), reader.control, separationOf(run, one, reader.control));
  return { eligible: people.slice(0, 256).map(({ person, rules }) => ({ person, rules: [...rules] })) };
}

/** Places of the quorum that are still open, as `1 of role:oncall_sre for approval-prod-write`. */
function missingVotes(reader: Reader, record: ApprovalRecord, nowMs: number): string[] {
  if (record.state !== "REQUESTED") return [];
  const run = reader.run(runIdOf(record));
  const one = run && openActionOf(run, record.action_id);
  if (run === undefined || one?.approval === undefined) return [];
  const separation = separationOf(run, one, reader.control);
  const quorum = quorumOf(askedNow(record, nowMs), one.approval.ballots, reader.control, separation);
  if (quorum.state !== "waiting") return [];
  return quorum.missing.map(({ open, approvers, rule }) => `${open} of ${approvers} for ${rule}`.slice(0, 128));
}

function askedNow(record: ApprovalRecord, nowMs: number): readonly OpenRequirement[] {
  return requirementsAt(record.requirements, record.requested_at, new Date(nowMs).toISOString());
}
