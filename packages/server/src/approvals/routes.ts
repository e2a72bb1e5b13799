/** The HTTP handlers of approvals. Only a person votes, and only as themselves: the voter is the credential's holder. */
import "@countersign/evidence/ed25519.node";
import { CountersignError } from "@countersign/evidence/errors";
import type { Caller, Handlers } from "../base/routes.ts";
import { redactMembers } from "../base/secret-forms.ts";
import type { Reader } from "../ledger/command.ts";
import type { Chore } from "../ledger/due.ts";
import type { Table } from "../ledger/table.ts";
import { type ApprovalRecord, approvalOf, approvals, approvalUses, recordOf } from "./approvals.ts";
import { breakGlassDrafts, breakGlassReviews, breakGlassSigned, openBreakGlass } from "./break-glass.ts";
import { approvalChores } from "./expiry.ts";
import type { ApprovalParts } from "./faces.ts";
import { openRevocation, REVOKED } from "./revoke.ts";
import type { ApprovalSteps } from "./steps.ts";
import { viewApproval, viewApprovalDetail } from "./view.ts";
import { openVotes, type Votes, voteDrafts } from "./vote.ts";

export const approvalTables: readonly Table[] = [
  approvals,
  approvalUses,
  voteDrafts,
  ...[breakGlassDrafts, breakGlassSigned, breakGlassReviews],
];

/** Approvals on a page when nobody says how many, and at most. */
const PAGE = 50;
const LARGEST_PAGE = 500;

type Names = "listApprovals" | "getApproval" | "prepareVote" | "castVote" | "revokeApproval" | GlassNames;
type GlassNames = "prepareBreakGlass" | "signBreakGlass" | "reviewBreakGlass";

export type ApprovalModule = {
  readonly handlers: Pick<Handlers, Names>;
  readonly chores: readonly Chore[];
  readonly votes: Votes;
};

/** Wires the module. `steps` are what it gave to others: see steps.ts. */
export function openApprovals(parts: ApprovalParts, steps: ApprovalSteps): ApprovalModule {
  const { ledger } = parts;
  const votes = openVotes(parts, steps);
  const revoke = openRevocation(parts, steps);
  const glass = openBreakGlass(parts, steps);

  const handlers: Pick<Handlers, Names> = {
    async listApprovals({ caller, query }) {
      const reader = readerOf(ledger, caller.tenant);
      const limit = Math.max(1, Math.min(Number(query.limit ?? PAGE), LARGEST_PAGE));
      const { records, next } = listRecords(reader, { state: query.state, after: query.after, limit });
      const page = records.map((record) => viewApproval(reader, record, parts.nowMs()));
      return { body: { approvals: page, ...(next === undefined ? {} : { next }) } };
    },

    async getApproval({ caller, params }) {
      const reader = readerOf(ledger, caller.tenant);
      return { body: await viewApprovalDetail(parts, reader, recordFor(reader, params.approval_id)) };
    },

    async prepareVote({ caller, params, body, submission }) {
      const { tenant } = caller;
      const person = personOf(caller);
      const kept = redactMembers(body, { note: 2000 });
      const prepared = await votes.prepare({ tenant, approvalId: params.approval_id, person, body: kept, submission });
      return { status: 201, body: prepared };
    },

    async castVote({ caller, params, body, submission }) {
      const { tenant } = caller;
      const { approval_id: approvalId, vote_id: voteId } = params;
      await votes.cast({ tenant, approvalId, voteId, person: personOf(caller), body, submission });
      const reader = readerOf(ledger, tenant);
      return { body: viewApproval(reader, recordFor(reader, approvalId), parts.nowMs()) };
    },

    async prepareBreakGlass({ caller, params, body, submission }) {
      const order = { tenant: caller.tenant, approvalId: params.approval_id, person: personOf(caller) };
      return { status: 201, body: await glass.prepare({ ...order, body, submission }) };
    },

    async signBreakGlass({ caller, params, body, submission }) {
      const { tenant } = caller;
      const { approval_id: approvalId, vote_id: draftId } = params;
      await glass.sign({ tenant, approvalId, draftId, person: personOf(caller), body, submission });
      const reader = readerOf(ledger, tenant);
      return { body: viewApproval(reader, recordFor(reader, approvalId), parts.nowMs()) };
    },

    async reviewBreakGlass({ caller, params, body, submission }) {
      const { tenant } = caller;
      const { approval_id: approvalId } = params;
      await glass.review({ tenant, approvalId, person: personOf(caller), body, submission });
      const reader = readerOf(ledger, tenant);
      return { body: viewApproval(reader, recordFor(reader, approvalId), parts.nowMs()) };
    },

    async revokeApproval({ caller, params, body, submission }) {
      const { tenant } = caller;
      const { approval_id: approvalId } = params;
      const approver = caller.role === "admin" ? undefined : personOf(caller);
      await revoke({ tenant, approvalId, approver, reason: body.reason_code ?? REVOKED, submission });
      const reader = readerOf(ledger, tenant);
      return { body: viewApproval(reader, recordFor(reader, approvalId), parts.nowMs()) };
    },
  };
  return { handlers, chores: [...approvalChores(parts, steps), ...glass.chores], votes };
}

/** Newest first. `after` is the last one of the page before. */
export function listRecords(
  reader: Reader,
  { state, after, limit }: { state: string | undefined; after: string | undefined; limit: number },
): { readonly records: readonly ApprovalRecord[]; readonly next: string | undefined } {
  const from = after === undefined ? undefined : reader.row(approvals, { approval_id: after });
  if (after !== undefined && from === undefined) throw new CountersignError("approval-not-found");
  const [index, prefix] = state === undefined ? (["key", []] as const) : (["by_state", [state]] as const);
  // The place of `after` in the index of another state is that of its id there.
  const place = from === undefined ? {} : { after: state === undefined ? from : { ...from, state } };
  const rows = reader.list(approvals, index, prefix, { limit: limit + 1, descending: true, ...place });
  const records = rows.slice(0, limit).flatMap((row) => recordOf(row) ?? []);
  return { records, next: rows.length > limit ? records.at(-1)?.approval_id : undefined };
}

function personOf({ holder }: Caller): string {
  if (holder.kind !== "person") {
    throw new CountersignError("approver-not-eligible", {
      detail: "That is for people; the credential is no person's.",
    });
  }
  return holder.id;
}

function recordFor(reader: Reader, approvalId: string): ApprovalRecord {
  const record = approvalOf(reader, approvalId);
  if (record === undefined) throw new CountersignError("approval-not-found");
  return record;
}

function readerOf(ledger: ApprovalParts["ledger"], tenant: string): Reader {
  const reader = ledger.reader(tenant);
  if (reader === undefined) throw new CountersignError("not-found");
  return reader;
}
