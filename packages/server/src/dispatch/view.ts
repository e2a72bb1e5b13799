/** What the API says of an action: its record, what is still missing, and receipts of its newest events. */

import { formatBase64 } from "@countersign/evidence/base64";
import { coreRuleOf } from "@countersign/evidence/core-rules";
import { assert } from "@countersign/evidence/errors";
import type { PolicySummary } from "@countersign/evidence/event";
import { hex } from "@countersign/evidence/hash";
import type { RunId } from "@countersign/evidence/ids";
import { quorumOf } from "@countersign/evidence/quorum";
import { openActionOf, requirementsOf, separationOf } from "@countersign/evidence/run";
import type { ActionStatusView, EventReceipt, StartedView } from "@countersign/evidence/wire";
import type { Reader } from "../ledger/command.ts";
import type { ActionRecord } from "./actions.ts";
import type { DispatchParts, PolicyGate } from "./faces.ts";
import { openArguments } from "./start-action.ts";

/** The action as it stands now. */
export async function viewAction(
  { policy, nowMs }: Pick<DispatchParts, "policy" | "nowMs">,
  reader: Reader,
  record: ActionRecord,
): Promise<ActionStatusView> {
  return {
    action_id: record.action_id,
    run_id: record.run_id,
    phase: record.phase,
    action: record.action,
    topic: record.topic,
    ...(await decisionMember(reader, policy, record)),
    ...approvalMember(reader, record, nowMs()),
    attempts: record.attempts,
    max_attempts: record.max_attempts,
    ...(record.permit === null ? {} : { permit_id: record.permit.permit_id }),
    ...(record.safety === null ? {} : { safety: record.safety }),
    ...(record.obligations === null ? {} : { obligations: record.obligations }),
    events: record.events.flatMap((index) => receiptOf(reader, index) ?? []),
  };
}

/** An event's place and its proof; undefined beyond the signed size. */
export function receiptOf(reader: Reader, index: number): EventReceipt | undefined {
  const entry = reader.entry(index);
  const receipt = reader.receipt(index);
  if (entry === undefined || receipt === undefined) return undefined;
  return { event_id: eventIdOf(entry.bytes), index, hash: hex(entry.leaf), receipt };
}

/** The permit and the arguments, for the executor who started it. */
export async function viewStarted(parts: DispatchParts, reader: Reader, record: ActionRecord): Promise<StartedView> {
  const { permit, job_id: jobId, deadline } = record;
  assert(permit !== null && jobId !== null && deadline !== null, "what was started has a permit, a job and a deadline");
  const [token, { bytes, disclosure }] = await Promise.all([
    parts.ledger.permitToken(reader.tenant, permit.index),
    openArguments(parts, reader, record),
  ]);
  const [salt, pointer, value] = disclosure;
  return {
    action: await viewAction(parts, reader, record),
    permit: {
      permit_id: permit.permit_id,
      token,
      attempt: record.attempts,
      max_attempts: record.max_attempts,
      deadline,
      not_after: permit.not_after,
      obligations: [...permit.obligations],
      job_id: jobId,
    },
    args: formatBase64(bytes),
    // The disclosure of arguments holds a digest's text.
    args_disclosure: [salt, pointer, String(value)],
  };
}

async function decisionMember(
  reader: Reader,
  policy: PolicyGate,
  { policy: said, decision }: ActionRecord,
): Promise<Pick<ActionStatusView, "decision">> {
  if (said === null || decision === null) return {};
  const { matched_rule: rule, reason } = said;
  const remedy = coreRuleOf(rule)?.remedy ?? (await remediationOf(reader, policy, said));
  return {
    decision: {
      decision_id: decision.decision_id,
      decision: said.decision,
      matched_rule: rule,
      reason,
      ...(said.enforced === undefined ? {} : { enforced: said.enforced }),
      ...(remedy === undefined ? {} : { remedy }),
      policy_snapshot: said.policy_snapshot,
      policy_digest: said.policy_digest,
      obligations: [...decision.obligations],
      valid_until: decision.valid_until,
    },
  };
}

/** The words of the policy's own catalogue for its reason. */
async function remediationOf(reader: Reader, policy: PolicyGate, said: PolicySummary): Promise<string | undefined> {
  if (said.decision === "ALLOW") return undefined;
  const reasons = (await policy.bundleOf(reader.tenant, said.policy_digest))?.reasons;
  return reasons !== undefined && Object.hasOwn(reasons, said.reason) ? reasons[said.reason]?.remediation : undefined;
}

function approvalMember(reader: Reader, record: ActionRecord, nowMs: number): Pick<ActionStatusView, "approval"> {
  const { approval, approval_end: end, approval_expires: expiresAt } = record;
  if (approval?.approval_id === undefined || expiresAt === null) return {};
  const state = end?.state ?? (approval.approved_at === undefined ? "REQUESTED" : "GRANTED");
  const missing = state === "REQUESTED" ? missingVotes(reader, record, nowMs) : undefined;
  return {
    approval: {
      approval_id: approval.approval_id,
      state,
      expires_at: expiresAt,
      ...(missing === undefined ? {} : { missing }),
      ...(end?.reason == null ? {} : { reason: end.reason }),
    },
  };
}

/** Places of the quorum that are still open, as `1 of role:oncall_sre`. */
function missingVotes(reader: Reader, record: ActionRecord, nowMs: number): string[] | undefined {
  const run = reader.run(record.run_id as RunId); // the column is an id of this form
  const one = run && openActionOf(run, record.action_id);
  if (run === undefined || one?.approval === undefined) return undefined;
  const requirements = requirementsOf(one, new Date(nowMs).toISOString());
  const quorum = quorumOf(requirements, one.approval.ballots, reader.control, separationOf(run, one, reader.control));
  return quorum.state === "waiting" ? quorum.missing.map(({ open, approvers }) => `${open} of ${approvers}`) : [];
}

const decoder = new TextDecoder();

/** Entries are our own canonical JSON: one `event_id` at the top level, and in no string before it unescaped. */
function eventIdOf(entry: Uint8Array): string {
  // The ledger wrote these bytes from a checked event.
  return (JSON.parse(decoder.decode(entry)) as { readonly event_id: string }).event_id;
}
