/**
 * Break-glass: two people, each with a signature of their own, let a waiting action go ahead in an incident, where every
 * rule that asks allows it. Nothing happens until both have signed the same; then one event says so, people are alarmed,
 * and others must look at it within a day.
 */
import { textDigest } from "@countersign/evidence/approval";
import { formatBase64Url } from "@countersign/evidence/base64";
import {
  type BreakGlassText,
  breakGlassMs,
  formatBreakGlass,
  parseBreakGlass,
  REVIEW_WITHIN_MS,
} from "@countersign/evidence/break-glass";
import { CountersignError } from "@countersign/evidence/errors";
import type { EventOf } from "@countersign/evidence/event";
import { placesOf } from "@countersign/evidence/quorum";
import { voteKeyFault } from "@countersign/evidence/vote-signature";
import type { BodyOf } from "@countersign/evidence/wire";
import { type Command, need, type Reader, type Submission, type Transaction } from "../ledger/command.ts";
import { type Chore, dueChore, putDue, removeDue } from "../ledger/due.ts";
import { table } from "../ledger/table.ts";
import { type ApprovalRecord, approvalIn, approvals, noteApproval, runIdOf } from "./approvals.ts";
import type { ApprovalParts } from "./faces.ts";
import { refuseSignature } from "./signature.ts";
import { type ApprovalSteps, blocksOf, type DueApproval, EXPIRE, GATE } from "./steps.ts";
import {
  approvalFor,
  current,
  DRAFT_LIFE_MS,
  lapse,
  type NotTaken,
  refusalOf,
  refuseReason,
  untilCurrent,
} from "./vote.ts";

/** A text somebody has not signed yet. */
export const breakGlassDrafts = table("break_glass_drafts", {
  key: { draft_id: "text" },
  columns: { approval_id: "id:apr", person: "id:usr", text: "text", made_ms: "int" },
});

/** What the first person signed, while it waits for the second: as long as a text may wait for its signature. */
export const breakGlassSigned = table("break_glass_signed", {
  key: { approval_id: "id:apr" },
  columns: { signed: "json", made_ms: "int" },
});

/** Uses that others must look at. `open`, `reviewed`, or `overdue` with the finding that says so. */
export const breakGlassReviews = table("break_glass_reviews", {
  key: { approval_id: "id:apr" },
  columns: { state: "text", event_id: "id:evt", due_ms: "int", finding_id: "text?" },
  indexes: { by_state: ["state", "due_ms"] },
});

type Signature = NonNullable<EventOf<"breakglass.used">["breakglass"]["signatures"]>[number];
const DROP_DRAFT = "approvals.drop-break-glass";
const REVIEW_DUE = "approvals.break-glass-review";

type Order<N extends "prepareBreakGlass" | "signBreakGlass" | "reviewBreakGlass"> = {
  readonly tenant: string;
  readonly approvalId: string;
  /** Alias of who asks. */
  readonly person: string;
  readonly body: BodyOf<N>;
  readonly submission: Submission;
};

type Ids = { readonly approvalId: string; readonly actionId: string; readonly run: ReturnType<typeof runIdOf> };
type PrepareInput = Ids & { readonly person: string; readonly body: BodyOf<"prepareBreakGlass"> };
type SignInput = Ids & {
  readonly draftId: string;
  readonly person: string;
  readonly signed: BodyOf<"signBreakGlass">;
  readonly verified: string | undefined;
};

export type BreakGlass = {
  /** Makes the text one person signs. @throws CountersignError break-glass-not-allowed, break-glass-review-overdue … */
  prepare(order: Order<"prepareBreakGlass">): Promise<{ vote_id: string; text: string; digest: string }>;
  /** Takes a signature; with the second person's the action may go ahead. @throws CountersignError signature-invalid … */
  sign(order: Order<"signBreakGlass"> & { readonly draftId: string }): Promise<void>;
  /** Another person's word on a use. @throws CountersignError separation-of-duties, not-found */
  review(order: Order<"reviewBreakGlass">): Promise<void>;
  readonly chores: readonly Chore[];
};

export function openBreakGlass(parts: ApprovalParts, steps: ApprovalSteps): BreakGlass {
  const { ledger } = parts;
  const prepareCommand = prepareText(parts, steps);
  const signCommand = signText(parts, steps);

  async function prepare({ tenant, approvalId, person, body, submission }: Order<"prepareBreakGlass">) {
    const record = await current(parts, tenant, approvalId);
    const { reader } = approvalFor(parts, tenant, approvalId);
    if (breakGlassMs(record.requirements) === undefined) throw new CountersignError("break-glass-not-allowed");
    refuseWhileOverdue(reader, parts.nowMs());
    await refuseReason(parts, tenant, record, { answer: "approve", reason_code: body.reason_code });
    const input = { approvalId, actionId: record.action_id, run: runIdOf(record), person, body };
    const { answer } = await ledger.submit(prepareCommand, input, submission);
    if (answer.refused !== null) throw refusalOf(answer.refused);
    const draft = answer.draft_id && ledger.reader(tenant)?.row(breakGlassDrafts, { draft_id: answer.draft_id });
    if (!draft) throw new CountersignError("vote-mismatch", { detail: "It was signed, or is older than 15 minutes." });
    return { vote_id: draft.draft_id, text: draft.text, digest: textDigest(draft.text) };
  }

  async function sign({ tenant, approvalId, person, body, submission, draftId }: Parameters<BreakGlass["sign"]>[0]) {
    const record = await current(parts, tenant, approvalId);
    const { reader } = approvalFor(parts, tenant, approvalId);
    if (breakGlassMs(record.requirements) === undefined) throw new CountersignError("break-glass-not-allowed");
    const draft = reader.row(breakGlassDrafts, { draft_id: draftId });
    if (draft !== undefined) refuseOther(draft, { approvalId, person });
    const signature = draft === undefined ? undefined : signatureOf(draft.text, body);
    if (signature !== undefined) refuseSignature(reader.control, signature);
    const ids = { approvalId, actionId: record.action_id, run: runIdOf(record), draftId };
    const input = { ...ids, person, signed: body, verified: signature?.digest };
    const { answer } = await ledger.submit(signCommand, input, submission);
    if (answer.refused !== null) throw refusalOf(answer.refused);
  }

  return {
    prepare: (order) => untilCurrent(() => prepare(order)),
    sign: (order) => untilCurrent(() => sign(order)),
    async review({ tenant, approvalId, person, body, submission }) {
      const { record } = approvalFor(parts, tenant, approvalId);
      const input = { approvalId, person, verdict: body.verdict, digest: record.request_digest };
      await ledger.submit(reviewUse, input, submission);
    },
    chores: [dueChore(dropDraft), dueChore(reviewOverdue)],
  };
}

function prepareText(
  parts: ApprovalParts,
  steps: ApprovalSteps,
): Command<PrepareInput, { draft_id: string | null; refused: NotTaken | null }> {
  return {
    name: "approvals.prepare-break-glass",
    needs: ({ approvalId, actionId, run }) => ({
      runs: [run],
      rows: [...steps.needs(approvalId), ...parts.actions.needs(actionId)],
    }),
    run(tx, { approvalId, person, body }) {
      const record = recordIn(tx, approvalId);
      const over = lapse(steps, tx, record);
      if (over !== undefined) return { draft_id: null, refused: over };
      if (body.rendering_digest !== record.rendering) {
        throw new CountersignError("vote-mismatch", { pointer: "/rendering_digest" });
      }
      const lastsMs = breakGlassMs(record.requirements);
      if (lastsMs === undefined) throw new CountersignError("break-glass-not-allowed");
      refuseKey(tx, body.kid, person);
      const text = formatBreakGlass({
        log: tx.log,
        tenant: tx.tenant,
        approval_id: approvalId,
        request_digest: record.request_digest,
        rendering: record.rendering,
        incident: body.incident,
        reason_code: body.reason_code,
        lasts_ms: lastsMs,
        person,
        kid: body.kid,
        at: tx.ts,
      });
      const draftId = `glass_${formatBase64Url(tx.random16())}`;
      tx.put(breakGlassDrafts, { draft_id: draftId, approval_id: approvalId, person, text, made_ms: tx.nowMs });
      putDue(tx, DROP_DRAFT, draftId, tx.nowMs + DRAFT_LIFE_MS + 1, { draftId });
      return { draft_id: draftId, refused: null };
    },
  };
}

function signText(parts: ApprovalParts, steps: ApprovalSteps): Command<SignInput, { refused: NotTaken | null }> {
  return {
    name: "approvals.sign-break-glass",
    needs: ({ approvalId, actionId, run, draftId }) => ({
      runs: [run],
      rows: [
        ...steps.needs(approvalId),
        ...parts.actions.needs(actionId),
        need(breakGlassDrafts, { draft_id: draftId }),
        need(breakGlassSigned, { approval_id: approvalId }),
      ],
    }),
    run(tx, { approvalId, draftId, person, signed, verified }) {
      const record = recordIn(tx, approvalId);
      const draft = tx.row(breakGlassDrafts, { draft_id: draftId });
      if (draft === undefined)
        throw new CountersignError("not-found", { detail: "There is no such text to be signed." });
      refuseOther(draft, { approvalId, person });
      const over = lapse(steps, tx, record);
      if (over !== undefined) return { refused: over };
      if (tx.nowMs - draft.made_ms > DRAFT_LIFE_MS) {
        throw new CountersignError("vote-mismatch", { detail: "Its text was made more than 15 minutes ago." });
      }
      const own = signatureOf(draft.text, signed);
      if (own.digest !== verified) throw new CountersignError("signature-invalid");
      refuseKey(tx, own.kid, person);
      tx.remove(breakGlassDrafts, { draft_id: draftId });
      removeDue(tx, DROP_DRAFT, draftId);
      const first = firstIn(tx, approvalId);
      if (first === undefined || first.person === person || !sayTheSame(first.text, own.text)) {
        if (first?.person === person) throw new CountersignError("duplicate-vote");
        if (first !== undefined) {
          throw new CountersignError("vote-mismatch", {
            detail: "The first person signed another incident or reason.",
          });
        }
        tx.put(breakGlassSigned, { approval_id: approvalId, signed: own, made_ms: tx.nowMs });
        return { refused: null };
      }
      refuseKey(tx, first.kid, first.person);
      tx.remove(breakGlassSigned, { approval_id: approvalId });
      appendUse(parts, steps, tx, record, [first, own]);
      return { refused: null };
    },
  };
}

function appendUse(
  parts: ApprovalParts,
  steps: ApprovalSteps,
  tx: Transaction,
  record: ApprovalRecord,
  signatures: readonly [Signature, Signature],
): void {
  const [first] = signatures;
  const said = textOf(first.text);
  const expiresAt = new Date(tx.nowMs + said.lasts_ms).toISOString();
  const dueMs = tx.nowMs + REVIEW_WITHIN_MS;
  const placed = tx.append("breakglass.used", {
    ...blocksOf(record),
    approval: {
      required: true,
      approval_id: record.approval_id,
      approver: first.person,
      approved_at: tx.ts,
      quorum: placesOf(record.requirements),
    },
    breakglass: {
      people: signatures.map(({ person }) => person),
      incident: said.incident,
      expires_at: expiresAt,
      review_due: new Date(dueMs).toISOString(),
      signatures: [...signatures],
    },
    reason: { code: said.reason_code },
  });
  noteApproval(tx, placed);
  parts.actions.note(tx, placed);
  const { approval_id: approvalId, action_id: actionId, run_id: runId } = record;
  const about: DueApproval = { approvalId, actionId, runId };
  putDue(tx, EXPIRE, approvalId, Date.parse(expiresAt) + 1, about);
  tx.put(breakGlassReviews, {
    approval_id: approvalId,
    state: "open",
    event_id: placed.event.event_id,
    due_ms: dueMs,
    finding_id: null,
  });
  putDue(tx, REVIEW_DUE, approvalId, dueMs + 1, { approvalId });
  steps.alarm(tx, approvalId);
}

type ReviewInput = {
  readonly approvalId: string;
  readonly person: string;
  readonly verdict: BodyOf<"reviewBreakGlass">["verdict"];
  readonly digest: string;
};

const reviewUse: Command<ReviewInput, null> = {
  name: "approvals.review-break-glass",
  needs: ({ approvalId }) => ({
    rows: [need(breakGlassReviews, { approval_id: approvalId }), ...needsOfRecord(approvalId)],
  }),
  run(tx, { approvalId, person, verdict, digest }) {
    const row = tx.row(breakGlassReviews, { approval_id: approvalId });
    const record = approvalIn(tx, approvalId);
    if (row === undefined || record === undefined || row.state === "reviewed") {
      throw new CountersignError("step-not-allowed", { detail: "No use of break-glass waits for a review there." });
    }
    if (record.breakglass?.people.includes(person) === true) {
      throw new CountersignError("separation-of-duties", { detail: "Who broke the glass does not review it." });
    }
    const { event } = tx.append("review.completed", {
      cause: row.event_id,
      review: {
        review_id: tx.newId("rev"),
        question: "approvals",
        query: `approval:${approvalId}`,
        as_of: tx.size,
        verdict,
        digest,
      },
    });
    if (row.finding_id !== null) {
      tx.append("finding.closed", {
        finding: { finding_id: row.finding_id, by: "proof", evidence: [event.event_id] },
        reason: { code: "REVIEWED" },
      });
    }
    tx.put(breakGlassReviews, { ...row, state: "reviewed" });
    removeDue(tx, REVIEW_DUE, approvalId);
    return null;
  },
};

/** Nobody has looked at it in time: that is a finding, and no glass is broken before somebody has. */
const reviewOverdue: Command<{ readonly approvalId: string }, { readonly done: string }> = {
  name: REVIEW_DUE,
  needs: ({ approvalId }) => ({ rows: [need(breakGlassReviews, { approval_id: approvalId })] }),
  run(tx, { approvalId }) {
    const row = tx.row(breakGlassReviews, { approval_id: approvalId });
    if (row?.state === "open" && tx.nowMs <= row.due_ms) {
      putDue(tx, REVIEW_DUE, approvalId, row.due_ms + 1, { approvalId });
      return { done: "not yet" };
    }
    removeDue(tx, REVIEW_DUE, approvalId);
    if (row?.state !== "open") return { done: "nothing" };
    const findingId = tx.newId("fnd");
    tx.append("finding.opened", {
      event_id: tx.derivedId(row.event_id, "finding.opened"),
      actor: GATE,
      source: "derived",
      finding: {
        finding_id: findingId,
        severity: "high",
        code: "BREAKGLASS_NOT_REVIEWED",
        due: new Date(row.due_ms).toISOString(),
        evidence: [row.event_id],
      },
    });
    tx.put(breakGlassReviews, { ...row, state: "overdue", finding_id: findingId });
    return { done: "overdue" };
  },
};

const dropDraft: Command<{ readonly draftId: string }, { readonly done: string }> = {
  name: DROP_DRAFT,
  needs: () => ({}),
  run(tx, { draftId }) {
    tx.remove(breakGlassDrafts, { draft_id: draftId });
    removeDue(tx, DROP_DRAFT, draftId);
    return { done: "dropped" };
  },
};

/** The API's word on it; absent where no rule allows it and none was used. */
export function breakGlassMember(reader: Reader, record: ApprovalRecord, nowMs: number) {
  const lastsMs = breakGlassMs(record.requirements);
  if (lastsMs === undefined) return {};
  const waiting = reader.row(breakGlassSigned, { approval_id: record.approval_id });
  const first =
    waiting !== undefined && nowMs - waiting.made_ms <= DRAFT_LIFE_MS ? (waiting.signed as Signature) : undefined; // put by signText alone
  const review = reader.row(breakGlassReviews, { approval_id: record.approval_id });
  return {
    break_glass: {
      lasts_ms: lastsMs,
      ...(first === undefined || record.state !== "REQUESTED"
        ? {}
        : { signed_by: first.person, incident: textOf(first.text).incident }),
      ...(record.breakglass === null ? {} : { used: { ...record.breakglass, people: [...record.breakglass.people] } }),
      ...(review === undefined ? {} : { review: review.state as "open" | "reviewed" | "overdue" }), // put by us alone
    },
  };
}

/** @throws CountersignError break-glass-review-overdue */
function refuseWhileOverdue(reader: Reader, nowMs: number): void {
  const [overdue] = reader.list(breakGlassReviews, "by_state", ["overdue"], { limit: 1 });
  const [oldest] = reader.list(breakGlassReviews, "by_state", ["open"], { limit: 1 });
  const due = overdue ?? (oldest !== undefined && oldest.due_ms < nowMs ? oldest : undefined);
  if (due !== undefined) throw new CountersignError("break-glass-review-overdue", { detail: `${due.approval_id}.` });
}

function firstIn(tx: Transaction, approvalId: string): Signature | undefined {
  const row = tx.row(breakGlassSigned, { approval_id: approvalId });
  return row === undefined || tx.nowMs - row.made_ms > DRAFT_LIFE_MS ? undefined : (row.signed as Signature); // as above
}

function sayTheSame(a: string, b: string): boolean {
  const [first, second] = [textOf(a), textOf(b)];
  return (
    first.incident === second.incident && first.reason_code === second.reason_code && first.lasts_ms === second.lasts_ms
  );
}

function textOf(text: string): BreakGlassText {
  const said = parseBreakGlass(text);
  if (said === undefined) throw new CountersignError("vote-mismatch");
  return said;
}

function signatureOf(text: string, signed: BodyOf<"signBreakGlass">): Signature {
  const { person, kid } = textOf(text);
  return { text, digest: textDigest(text), person, kid, ...signed };
}

function refuseOther(
  draft: { readonly approval_id: string; readonly person: string },
  asked: { readonly approvalId: string; readonly person: string },
): void {
  if (draft.approval_id !== asked.approvalId || draft.person !== asked.person) {
    throw new CountersignError("vote-mismatch", { detail: "The text was made for another request or person." });
  }
}

function refuseKey(tx: Transaction, kid: string, person: string): void {
  const fault = voteKeyFault({ kid, person }, tx.ts, tx.control);
  if (fault !== undefined) throw new CountersignError("signature-invalid", { detail: `${fault.detail}.` });
}

function needsOfRecord(approvalId: string) {
  return [need(approvals, { approval_id: approvalId })];
}

function recordIn(tx: Transaction, approvalId: string): ApprovalRecord {
  const record = approvalIn(tx, approvalId);
  if (record === undefined) throw new CountersignError("approval-not-found");
  return record;
}
