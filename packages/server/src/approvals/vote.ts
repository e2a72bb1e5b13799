/**
 * Voting: the server writes the vote's text, the person signs its digest, one command records it and what it comes to.
 * Entitlement, separation of duties and time are asked when the text is made and again when the vote is cast.
 */
import { formatVote, parseVote, textDigest } from "@countersign/evidence/approval";
import { formatBase64Url } from "@countersign/evidence/base64";
import { commitmentOf, disclosureOf } from "@countersign/evidence/commitment";
import { type ControlState, personOf } from "@countersign/evidence/control";
import { CountersignError, type ErrorCode } from "@countersign/evidence/errors";
import type { EventOf } from "@countersign/evidence/event";
import type { EventId } from "@countersign/evidence/ids";
import { voteReasons } from "@countersign/evidence/policy";
import { placesOf, quorumOf, voterFault } from "@countersign/evidence/quorum";
import { type ActionState, openActionOf, type RunState, requirementsOf, separationOf } from "@countersign/evidence/run";
import { voteKeyFault } from "@countersign/evidence/vote-signature";
import type { BodyOf } from "@countersign/evidence/wire";
import { type Command, need, type Reader, type Submission, type Transaction } from "../ledger/command.ts";
import { putDue, removeDue } from "../ledger/due.ts";
import { table } from "../ledger/table.ts";
import { type ApprovalRecord, approvalIn, approvalOf, noteApproval, runIdOf } from "./approvals.ts";
import type { ApprovalParts } from "./faces.ts";
import { refuseSignature } from "./signature.ts";
import { type ApprovalSteps, blocksOf } from "./steps.ts";
import { voidReason, voidReasonIn } from "./void-reason.ts";

/** A vote whose text was made and that nobody has signed yet. */
export const voteDrafts = table("vote_drafts", {
  key: { vote_id: "text" },
  columns: { approval_id: "id:apr", person: "id:usr", text: "text", note: "bytes?", made_ms: "int" },
});

/** How long a vote's text may wait for its signature, in ms: what a person decides, they decide now. */
export const DRAFT_LIFE_MS = 15 * 60_000;
const NOTE_POINTER = "/vote/note";
/** The chore that forgets a vote's text. */
export const DROP_DRAFT = "approvals.drop-draft";

type PrepareInput = {
  readonly approvalId: string;
  readonly actionId: string;
  readonly run: ReturnType<typeof runIdOf>;
  readonly person: string;
  readonly body: BodyOf<"prepareVote">;
  readonly note: { readonly commitment: string; readonly sealed: Uint8Array } | undefined;
};

type CastInput = {
  readonly approvalId: string;
  readonly actionId: string;
  readonly run: ReturnType<typeof runIdOf>;
  readonly voteId: string;
  readonly person: string;
  readonly signed: BodyOf<"castVote">;
  /** Digest of the text the signature was verified over. */
  readonly verified: string | undefined;
};

/** Why a vote was not taken, where saying so was an event; kept with the idempotency key. */
export type NotTaken = { readonly code: ErrorCode; readonly detail: string };
type Prepared = { readonly vote_id: string | null; readonly refused: NotTaken | null };
type Cast = { readonly refused: NotTaken | null };

export type Votes = {
  /** Makes the text of a vote. @throws CountersignError why this person may not cast it */
  prepare(order: VoteOrder<"prepareVote">): Promise<{ vote_id: string; text: string; digest: string }>;
  /** Records a signed vote and what it comes to. @throws CountersignError signature-invalid, vote-mismatch … */
  cast(order: VoteOrder<"castVote"> & { readonly voteId: string }): Promise<void>;
};

export type VoteOrder<N extends "prepareVote" | "castVote"> = {
  readonly tenant: string;
  readonly approvalId: string;
  /** The voter's alias. */
  readonly person: string;
  readonly body: BodyOf<N>;
  readonly submission: Submission;
};

export function openVotes(parts: ApprovalParts, steps: ApprovalSteps): Votes {
  const { ledger } = parts;
  const prepareCommand = prepareVote(parts, steps);
  const castCommand = castVote(parts, steps);

  return {
    prepare: (order) => untilCurrent(() => prepare(order)),
    cast: (order) => untilCurrent(() => cast(order)),
  };

  async function prepare({ tenant, approvalId, person, body, submission }: VoteOrder<"prepareVote">) {
    const record = await current(parts, tenant, approvalId);
    await refuseReason(parts, tenant, record, body);
    const subject = record.on_behalf_of ?? undefined;
    const disclosure = body.note === undefined ? undefined : disclosureOf(parts.random16(), NOTE_POINTER, body.note);
    const note = disclosure && {
      commitment: commitmentOf(disclosure),
      sealed: parts.sealDisclosure(tenant, subject, disclosure),
    };
    const input = { approvalId, actionId: record.action_id, run: runIdOf(record), person, body, note };
    const { answer } = await ledger.submit(prepareCommand, input, submission);
    if (answer.refused !== null) throw refusalOf(answer.refused);
    const draft = answer.vote_id && ledger.reader(tenant)?.row(voteDrafts, { vote_id: answer.vote_id });
    // A text that was cast or grew old since is gone; repeating the request does not bring it back.
    if (!draft) throw new CountersignError("vote-mismatch", { detail: "It was cast, or is older than 15 minutes." });
    return { vote_id: draft.vote_id, text: draft.text, digest: textDigest(draft.text) };
  }

  async function cast({
    tenant,
    approvalId,
    person,
    body,
    submission,
    voteId,
  }: VoteOrder<"castVote"> & { readonly voteId: string }) {
    const record = await current(parts, tenant, approvalId);
    const { reader } = approvalFor(parts, tenant, approvalId);
    const verified = verifiedText(reader, { approvalId, voteId, person, signed: body });
    const ids = { approvalId, actionId: record.action_id, run: runIdOf(record), voteId };
    const { answer } = await ledger.submit(castCommand, { ...ids, person, signed: body, verified }, submission);
    if (answer.refused !== null) throw refusalOf(answer.refused);
  }
}

const RENEWALS = 3;

/** Does it again, a few times, when the policy was replaced between the question and the command. */
export async function untilCurrent<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (cause) {
      const changed = cause instanceof CountersignError && cause.code === "core:policy-changed";
      if (!changed || tries >= RENEWALS) throw cause;
    }
  }
}

/** The record, after the gate was asked again where the policy it holds under was replaced. */
export async function current(parts: ApprovalParts, tenant: string, approvalId: string): Promise<ApprovalRecord> {
  const { reader, record } = approvalFor(parts, tenant, approvalId);
  if (record.state !== "REQUESTED" || voidReason(reader.control, record) !== "POLICY_CHANGED") return record;
  await parts.renew(tenant, record.action_id);
  return approvalFor(parts, tenant, approvalId).record;
}

/**
 * Verifies the signature over the draft's text.
 *
 * @returns the digest it was verified over; undefined when there is no such draft (any more)
 * @throws CountersignError vote-mismatch, signature-invalid
 */
function verifiedText(
  reader: Reader,
  cast: Pick<CastInput, "approvalId" | "voteId" | "person" | "signed">,
): string | undefined {
  const draft = reader.row(voteDrafts, { vote_id: cast.voteId });
  if (draft === undefined) return undefined;
  refuseOtherDraft(draft, cast);
  const vote = voteOf(draft.text, cast.signed);
  refuseSignature(reader.control, vote);
  return vote.digest;
}

function prepareVote(parts: ApprovalParts, steps: ApprovalSteps): Command<PrepareInput, Prepared> {
  return {
    name: "approvals.prepare-vote",
    needs: ({ approvalId, actionId, run }) => ({
      runs: [run],
      rows: [...steps.needs(approvalId), ...parts.actions.needs(actionId)],
    }),
    run(tx, { approvalId, person, body, note }) {
      const record = recordIn(tx, approvalId);
      const over = lapse(steps, tx, record);
      if (over !== undefined) return { vote_id: null, refused: over };
      if (body.rendering_digest !== record.rendering) {
        throw new CountersignError("vote-mismatch", {
          pointer: "/rendering_digest",
          detail: "It is not the digest of what this request is shown as.",
        });
      }
      refuseVoter(tx, record, person, body.kid);
      const voteId = `vote_${formatBase64Url(tx.random16())}`;
      const text = formatVote({
        log: tx.log,
        tenant: tx.tenant,
        approval_id: approvalId,
        request_digest: record.request_digest,
        answer: body.answer,
        reason_code: body.reason_code,
        note_commit: note?.commitment ?? null,
        rendering: record.rendering,
        person,
        roles: rolesOf(tx.control, person),
        kid: body.kid,
        at: tx.ts,
      });
      tx.put(voteDrafts, {
        vote_id: voteId,
        approval_id: approvalId,
        person,
        text,
        note: note?.sealed ?? null,
        made_ms: tx.nowMs,
      });
      putDue(tx, DROP_DRAFT, voteId, tx.nowMs + DRAFT_LIFE_MS + 1, { voteId });
      return { vote_id: voteId, refused: null };
    },
  };
}

function castVote(parts: ApprovalParts, steps: ApprovalSteps): Command<CastInput, Cast> {
  return {
    name: "approvals.cast-vote",
    needs: ({ approvalId, actionId, run, voteId }) => ({
      runs: [run],
      rows: [...steps.needs(approvalId), ...parts.actions.needs(actionId), need(voteDrafts, { vote_id: voteId })],
    }),
    run(tx, input) {
      const record = recordIn(tx, input.approvalId);
      const draft = tx.row(voteDrafts, { vote_id: input.voteId });
      if (draft === undefined) throw new CountersignError("not-found", { detail: "There is no such vote to be cast." });
      refuseOtherDraft(draft, input);
      const over = lapse(steps, tx, record);
      if (over !== undefined) return { refused: over };
      if (tx.nowMs - draft.made_ms > DRAFT_LIFE_MS) {
        throw new CountersignError("vote-mismatch", { detail: "Its text was made more than 15 minutes ago." });
      }
      const vote = voteOf(draft.text, input.signed);
      if (vote.digest !== input.verified) throw new CountersignError("signature-invalid");
      refuseVoter(tx, record, input.person, vote.kid);
      const placed = tx.append("approval.voted", { ...blocksOf(record), ...noteCommit(draft.text), vote });
      noteApproval(tx, placed);
      parts.actions.note(tx, placed);
      // The ledger made this id as an event's; the event's type says only that it is text.
      if (draft.note !== null) parts.keepDisclosure(tx, placed.event.event_id as EventId, NOTE_POINTER, draft.note);
      tx.remove(voteDrafts, { vote_id: input.voteId });
      removeDue(tx, DROP_DRAFT, input.voteId);
      conclude(parts, tx, recordIn(tx, input.approvalId), vote.reason_code);
      return { refused: null };
    },
  };
}

/** Appends what the votes come to, when they come to something. */
function conclude({ actions }: ApprovalParts, tx: Transaction, record: ApprovalRecord, reason: string): void {
  const { run, one } = openIn(tx, record);
  const requirements = requirementsOf(one, tx.ts);
  const quorum = quorumOf(requirements, one.approval?.ballots ?? [], tx.control, separationOf(run, one, tx.control));
  if (quorum.state === "waiting") return;
  const blocks = blocksOf(record);
  if (quorum.state === "rejected") {
    const { person, vote } = quorum;
    const placed = tx.append("approval.rejected", { ...blocks, rejected: { person, vote }, reason: { code: reason } });
    noteApproval(tx, placed);
    actions.note(tx, placed);
    return;
  }
  const people = [...quorum.people];
  const votes = record.votes.filter(({ person }) => people.includes(person)).map(({ event_id }) => event_id);
  const [approver] = people;
  const placed = tx.append("approval.granted", {
    ...blocks,
    approval: {
      required: true,
      approval_id: record.approval_id,
      ...(approver === undefined ? {} : { approver }),
      approved_at: tx.ts,
      quorum: placesOf(requirements),
      votes: votes.slice(0, 16),
    },
    granted: { people, separation: quorum.separation, usable_until: record.expires_at },
  });
  noteApproval(tx, placed);
  actions.note(tx, placed);
}

/**
 * Ends an approval that has lost its force and nobody has said so yet.
 *
 * @returns why it takes no vote, when that was recorded
 * @throws CountersignError approval-not-open, approval-superseded when it ended before; core:policy-changed
 */
export function lapse(steps: ApprovalSteps, tx: Transaction, record: ApprovalRecord): NotTaken | undefined {
  if (record.superseded_by !== null) {
    throw new CountersignError("approval-superseded", { detail: `${record.superseded_by} replaced it.` });
  }
  if (record.state !== "REQUESTED") {
    throw new CountersignError("approval-not-open", { detail: `It is ${record.state}.` });
  }
  if (tx.ts > record.expires_at) {
    steps.end(tx, record.approval_id, "expired", "APPROVAL_EXPIRED");
    return { code: "approval-not-open", detail: "It has expired." };
  }
  const reason = voidReasonIn(tx, record);
  if (reason === undefined) return undefined;
  // The policy was replaced since the gate was last asked: it is asked again, and the caller comes back.
  if (reason === "POLICY_CHANGED") throw new CountersignError("core:policy-changed");
  steps.end(tx, record.approval_id, "voided", reason);
  return { code: reason === "FROZEN" ? "frozen" : "approval-voided", detail: `${reason}.` };
}

/** Forgets a text nobody signed in time. */
export const dropDraft: Command<{ readonly voteId: string }, { readonly done: string }> = {
  name: DROP_DRAFT,
  needs: () => ({}),
  run(tx, { voteId }) {
    tx.remove(voteDrafts, { vote_id: voteId });
    removeDue(tx, DROP_DRAFT, voteId);
    return { done: "dropped" };
  },
};

/** @throws CountersignError approver-not-eligible, separation-of-duties, duplicate-vote, signature-invalid */
function refuseVoter(tx: Transaction, record: ApprovalRecord, person: string, kid: string): void {
  const { run, one } = openIn(tx, record);
  const requirements = requirementsOf(one, tx.ts);
  const fault = voterFault(requirements, person, tx.control, separationOf(run, one, tx.control));
  if (fault !== undefined) {
    const code = fault.code === "approver-self-approval" ? "separation-of-duties" : "approver-not-eligible";
    throw new CountersignError(code, { detail: `${fault.detail}.` });
  }
  if (one.approval?.ballots.some((ballot) => ballot.person === person)) throw new CountersignError("duplicate-vote");
  const key = voteKeyFault({ kid, person }, tx.ts, tx.control);
  if (key !== undefined) throw new CountersignError("signature-invalid", { detail: `${key.detail}.` });
}

function refuseOtherDraft(
  draft: { readonly approval_id: string; readonly person: string },
  cast: { readonly approvalId: string; readonly person: string },
): void {
  if (draft.approval_id !== cast.approvalId || draft.person !== cast.person) {
    throw new CountersignError("vote-mismatch", { detail: "The vote was prepared for another request or person." });
  }
}

/** @throws CountersignError validation-failed when the policy's catalogue does not have the reason for this answer */
export async function refuseReason(
  { bundleOf }: ApprovalParts,
  tenant: string,
  record: ApprovalRecord,
  { answer, reason_code: code }: Pick<BodyOf<"prepareVote">, "answer" | "reason_code">,
): Promise<void> {
  const bundle = await bundleOf(tenant, record.policy.policy_digest);
  const { approve, reject } = bundle === undefined ? { approve: [], reject: [] } : voteReasons(bundle);
  const allowed = answer === "approve" ? approve : answer === "reject" ? reject : [...approve, ...reject];
  if (allowed.includes(code)) return;
  throw new CountersignError("validation-failed", {
    pointer: "/reason_code",
    detail: `To ${answer}, the policy's catalogue has ${allowed.join(", ") || "no reasons"}.`,
  });
}

/** The vote block of the event, from the text the server made. */
function voteOf(text: string, signed: BodyOf<"castVote">): EventOf<"approval.voted">["vote"] {
  const said = parseVote(text);
  if (said === undefined) throw new CountersignError("vote-mismatch");
  const { person, answer, reason_code, kid, rendering } = said;
  // `signed` holds the method, the signature, and what a passkey signed beside the digest.
  return { text, digest: textDigest(text), person, answer, reason_code, kid, rendering, ...signed };
}

/** The `commit` member of the event: the note the text commits to, or nothing. */
function noteCommit(text: string): { commit?: Record<string, string> } {
  const commitment = parseVote(text)?.note_commit ?? null;
  return commitment === null ? {} : { commit: { [NOTE_POINTER]: commitment } };
}

function rolesOf(control: ControlState, person: string): string[] {
  return [...(personOf(control, person)?.approverRoles ?? [])].sort();
}

function openIn(tx: Transaction, record: ApprovalRecord): { run: RunState; one: ActionState } {
  const run = tx.run(runIdOf(record));
  const one = run && openActionOf(run, record.action_id);
  if (run === undefined || one === undefined) throw new CountersignError("approval-not-open");
  return { run, one };
}

function recordIn(tx: Transaction, approvalId: string): ApprovalRecord {
  const record = approvalIn(tx, approvalId);
  if (record === undefined) throw new CountersignError("approval-not-found");
  return record;
}

export function approvalFor(
  { ledger }: ApprovalParts,
  tenant: string,
  approvalId: string,
): { reader: Reader; record: ApprovalRecord } {
  const reader = ledger.reader(tenant);
  const record = reader && approvalOf(reader, approvalId);
  if (reader === undefined || record === undefined) throw new CountersignError("approval-not-found");
  return { reader, record };
}

export function refusalOf({ code, detail }: NotTaken): CountersignError {
  return new CountersignError(code, { detail });
}
