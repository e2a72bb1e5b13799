/** The HTTP handlers of actions. Every answer is built from the state there is now, the first time and on a repeat. */
import { CountersignError } from "@countersign/evidence/errors";
import type { Id, RunId } from "@countersign/evidence/ids";
import type { ActionStatusView } from "@countersign/evidence/wire";
import type { Call, Caller, Handlers } from "../base/routes.ts";
import { redactMembers } from "../base/secret-forms.ts";
import { type Chore, dueChore } from "../ledger/due.ts";
import type { Table } from "../ledger/table.ts";
import { type ActionRecord, actionOf, actions, permits } from "./actions.ts";
import { reportBatch } from "./batch.ts";
import { cancelCommand, seenAction } from "./cancel.ts";
import { overdueCommand } from "./deadlines.ts";
import { openExtensions } from "./extend-run.ts";
import type { DispatchParts } from "./faces.ts";
import { openRenewals, type Renew } from "./renew.ts";
import { openReports } from "./report.ts";
import { openRequests } from "./request-action.ts";
import { actionOfPermit, openStarts, readerOf } from "./start-action.ts";
import { openUnnamedReports } from "./unnamed-reports.ts";
import { viewAction, viewStarted } from "./view.ts";

export const dispatchTables: readonly Table[] = [actions, permits];

/** Longest a long poll may take, in ms. */
const MAX_WAIT_MS = 60_000;
/** A waiting poll looks again at most this often, however fast the log grows. */
const LOOK_EVERY_MS = 25;
/** Phases in which somebody else is to act: what a poll without `seen` waits for the end of. */
const WAITS: ReadonlySet<string> = new Set(["requested", "waiting", "running"]);

/** Free texts of a request and how long each may be. */
const KEPT_TEXTS = { intent: 2000, labels: 128, refs: 128, tool_version: 64, context_absent: 64 };

type Names =
  | "requestAction"
  | "getAction"
  | "startAction"
  | "startAttempt"
  | "reportOutcome"
  | "reportSafety"
  | "cancelAction"
  | "extendRun"
  | "useExtension"
  | "reportBatch"
  | "listUnnamedReports";

export type Dispatch = {
  readonly handlers: Pick<Handlers, Names>;
  readonly chores: readonly Chore[];
  /** For approvals whose policy was replaced. */
  readonly renew: Renew;
};

/** Wires the module. */
export function openDispatch(parts: DispatchParts): Dispatch {
  const { ledger } = parts;
  const request = openRequests(parts);
  const starts = openStarts(parts);
  const reports = openReports(parts);
  const cancel = cancelCommand(parts.approvals);

  const unnamed = openUnnamedReports(parts);
  const extensions = openExtensions(parts, request);

  const viewOfRun = ({ tenant }: Caller, runId: RunId) => {
    const state = readerOf(parts, tenant).run(runId);
    if (state === undefined) throw new CountersignError("not-found");
    return parts.runTime.view(state);
  };
  const viewOfAction = (caller: Caller, actionId: string): Promise<ActionStatusView> => {
    const reader = readerOf(parts, caller.tenant);
    return viewAction(parts, reader, visible(parts, caller, actionId));
  };
  const started = async (caller: Caller, actionId: string) => {
    const reader = readerOf(parts, caller.tenant);
    return viewStarted(parts, reader, visible(parts, caller, actionId));
  };

  const handlers: Pick<Handlers, Names> = {
    async requestAction({ caller, params, body, raw, submission }) {
      const args = raw("/args");
      if (args === undefined) throw new CountersignError("validation-failed", { pointer: "/args" });
      const runId = params.run_id as Id<"run">; // checked against its pattern
      const kept = redactMembers(body, KEPT_TEXTS);
      const answer = await request({ caller, runId, body: kept, args, submission });
      if (!answer.started) return { status: 201, body: { action: await viewOfAction(caller, answer.action_id) } };
      const view = await started(caller, answer.action_id);
      return { status: 201, body: { action: view.action, started: view } };
    },

    getAction: (call) => waitForAction(parts, call),

    async startAction({ caller, params, body, submission }) {
      await starts.first({ caller, actionId: params.action_id, body, submission });
      return { body: await started(caller, params.action_id) };
    },

    async startAttempt({ caller, params, body, submission }) {
      const actionId = actionOfPermit(readerOf(parts, caller.tenant), params.permit_id);
      await starts.next({ caller, actionId, body, submission });
      return { body: await started(caller, actionId) };
    },

    async reportOutcome({ caller, params, body, raw, submission }) {
      await reports.outcome({ caller, actionId: params.action_id, body, submission, result: raw("/result") });
      return { body: await viewOfAction(caller, params.action_id) };
    },

    async reportSafety({ caller, params, body, submission }) {
      await reports.safety({ caller, actionId: params.action_id, body, submission });
      return { body: await viewOfAction(caller, params.action_id) };
    },

    async extendRun({ caller, params, body, submission }) {
      const runId = params.run_id as Id<"run">; // checked against its pattern
      const actionId = await extensions.ask({ caller, runId, scope: body, submission });
      const action = actionId === undefined ? {} : { action: await viewOfAction(caller, actionId) };
      return { status: actionId === undefined ? 200 : 201, body: { run: viewOfRun(caller, runId), ...action } };
    },

    async useExtension({ caller, params, submission }) {
      const { action_id: actionId } = params;
      const runId = await extensions.use({ caller, actionId, submission });
      return { body: { run: viewOfRun(caller, runId), action: await viewOfAction(caller, actionId) } };
    },

    async cancelAction({ caller, params, body, submission }) {
      const record = visible(parts, caller, params.action_id);
      const reason = body.reason_code ?? "WITHDRAWN";
      await ledger.submit(cancel, { seen: seenAction(record), reason }, submission);
      return { body: await viewOfAction(caller, params.action_id) };
    },

    async listUnnamedReports({ caller }) {
      return { body: { components: unnamed.list(caller.tenant) } };
    },

    async reportBatch({ caller, bytes, submission }) {
      const body = await reportBatch({
        caller,
        bytes,
        submission,
        unnamed: () => unnamed.count(caller),
        async report({ actionId, runId, report, result }, own) {
          if (runId !== undefined && visible(parts, caller, actionId).run_id !== runId) {
            throw new CountersignError("not-found", { pointer: "/run_id", detail: "The action is of another run." });
          }
          await reports.outcome({ caller, actionId, body: report, submission: own, result });
          return visible(parts, caller, actionId).phase;
        },
      });
      return { headers: { "content-type": "application/x-ndjson" }, body };
    },
  };
  return { handlers, chores: [dueChore(overdueCommand(parts.vault))], renew: openRenewals(parts) };
}

/** The action, for who may see it: an agent its own, everybody else the route lets in all. */
function visible(parts: DispatchParts, { tenant, holder }: Caller, actionId: string): ActionRecord {
  const record = actionOf(readerOf(parts, tenant), actionId);
  if (record === undefined || (holder.kind === "agent" && record.agent !== holder.id)) {
    throw new CountersignError("not-found");
  }
  return record;
}

/**
 * Answers at once, or with `wait_ms` when something happens: beyond the event `seen` (a leafIndex), or without it when
 * the action no longer waits for people or for its outcome.
 */
async function waitForAction(parts: DispatchParts, { caller, params, query, signal }: Call<"getAction">) {
  const { ledger, monotonicMs, pause } = parts;
  const untilMs = monotonicMs() + Math.min(Number(query.wait_ms ?? 0), MAX_WAIT_MS);
  const seen = query.seen === undefined ? undefined : Number(query.seen);
  const { phase: first, approval: asked } = visible(parts, caller, params.action_id);
  const gone = aborted(signal);
  for (;;) {
    const reader = readerOf(parts, caller.tenant);
    const record = visible(parts, caller, params.action_id);
    const newest = record.events.at(-1) ?? 0;
    // Another approval than the one people were told of is news, though the action waits as before.
    const moved = record.phase !== first || record.approval?.approval_id !== asked?.approval_id;
    const news = seen === undefined ? moved || !WAITS.has(record.phase) : newest > seen;
    const leftMs = untilMs - monotonicMs();
    if (news || leftMs <= 0 || signal.aborted) return { body: await viewAction(parts, reader, record) };
    await Promise.race([ledger.grown(caller.tenant, reader.size, leftMs), gone]);
    await pause(Math.min(LOOK_EVERY_MS, leftMs), signal);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
