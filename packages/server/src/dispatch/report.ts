/** What executors and queues report: how an attempt went, and what they checked afterwards. */
import { agentOf } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import type { EventOf } from "@countersign/evidence/event";
import { openActionOf } from "@countersign/evidence/run";
import type { BodyOf, OutcomeReport } from "@countersign/evidence/wire";
import type { Caller } from "../base/routes.ts";
import { redactBytes, redactMembers } from "../base/secret-forms.ts";
import type { Command, Reader, Submission, Transaction } from "../ledger/command.ts";
import { type ActionRecord, actionBook, actionIn, actionOf, dispatchBlocks } from "./actions.ts";
import { appendCancelled, needsOf, recordSeen, type SeenAction, seenAction } from "./cancel.ts";
import { keepDue } from "./deadlines.ts";
import type { DispatchParts, Vault } from "./faces.ts";
import { type Committed, commitMember, commitText, type KeptPayload, keepCommitted, keepPayload } from "./kept.ts";
import { outputCheck } from "./output-scan.ts";
import { appendFinalSafety, appendSafety, driftCheck, type Ran } from "./safety.ts";
import { readerOf } from "./start-action.ts";

type OutcomeInput = {
  readonly seen: SeenAction;
  readonly holder: Caller["holder"];
  readonly report: OutcomeReport;
  readonly result: KeptPayload | undefined;
  readonly message: Committed | undefined;
  readonly ran: Ran | undefined;
  readonly output: ReturnType<typeof outputCheck> | undefined;
};

type SafetyInput = {
  readonly seen: SeenAction;
  readonly holder: Caller["holder"];
  readonly checks: BodyOf<"reportSafety">["checks"];
  readonly demands: BodyOf<"reportSafety">["demands"];
  readonly ran: Ran | undefined;
};

type Answer = { readonly action_id: string };

type ReportOrder<B> = {
  readonly caller: Caller;
  readonly actionId: string;
  readonly body: B;
  readonly submission: Submission;
};

export type Reports = {
  /** @param result the exact bytes of the result, when there is one */
  outcome(order: ReportOrder<OutcomeReport> & { readonly result: Uint8Array | undefined }): Promise<void>;
  safety(order: ReportOrder<BodyOf<"reportSafety">>): Promise<void>;
};

/** @throws CountersignError not-found, forbidden, payload-not-found, step-not-allowed with its faults … */
export function openReports(parts: DispatchParts): Reports {
  const { ledger, vault } = parts;
  const outcome = outcomeCommand(parts);
  const safety = safetyCommand(parts);
  return {
    async outcome({ caller, actionId, body, submission, result }) {
      const { tenant } = caller;
      const reader = readerOf(parts, tenant);
      const record = reportable(reader, caller, actionId, body.status);
      const subject = record.on_behalf_of ?? undefined;
      const kept = result && redactBytes(result);
      const { message } = redactMembers(body, { message: 4000 });
      const input: OutcomeInput = {
        seen: seenAction(record),
        holder: caller.holder,
        report: body,
        result: kept === undefined ? undefined : await keepPayload(vault, tenant, subject, "/outcome/result", kept),
        message: message === undefined ? undefined : commitText(parts, tenant, subject, "/outcome/message", message),
        ran: ranOf(parts, reader, record, body.executed_args_sha256),
        output: result === undefined ? undefined : outputCheck(result),
      };
      await ledger.submit(outcome, input, submission);
    },
    async safety({ caller, actionId, body, submission }) {
      const reader = readerOf(parts, caller.tenant);
      const record = reportable(reader, caller, actionId, "SAFETY");
      const ran = ranOf(parts, reader, record, body.executed_args_sha256);
      const { holder } = caller;
      const { checks, demands } = body;
      refuseOwnWord(record, holder, checks);
      if (demands !== undefined && !checks.some(({ verdict }) => verdict === "fail")) {
        throw new CountersignError("validation-failed", { pointer: "/demands", detail: "No check has failed." });
      }
      await ledger.submit(safety, { seen: seenAction(record), holder, checks, demands, ran }, submission);
    },
  };
}

/** The action, when this caller may report it as it stands. @throws CountersignError not-found, forbidden */
function reportable(
  reader: Reader,
  { holder }: Caller,
  actionId: string,
  what: OutcomeReport["status"] | "SAFETY",
): ActionRecord {
  const record = actionOf(reader, actionId);
  if (record === undefined || (holder.kind === "agent" && record.agent !== holder.id)) {
    throw new CountersignError("not-found");
  }
  refuseStranger(record, holder, what);
  const executes = holder.kind !== "agent" || agentOf(reader.control, holder.id)?.may_execute === true;
  if (what === "DEAD_LETTERED" && !executes) {
    throw new CountersignError("forbidden", { detail: "The agent's registration does not let it execute." });
  }
  return record;
}

/**
 * An agent may say what it queued or withdrew; how an attempt went, only who runs it: were it another's word that a
 * running attempt was cancelled, what it did could neither be recorded nor counted. Asked again in the command, where
 * the attempt may have started meanwhile. @throws CountersignError forbidden
 */
function refuseStranger(
  record: ActionRecord,
  holder: Caller["holder"],
  what: OutcomeReport["status"] | "SAFETY",
): void {
  const executor = record.permit?.executor;
  const ofAttempt =
    what === "SUCCEEDED" ||
    what === "FAILED" ||
    what === "TIMED_OUT" ||
    (what === "CANCELLED" && record.phase === "running");
  if (!ofAttempt || executor === undefined || executor === holder.id) return;
  throw new CountersignError("forbidden", { detail: `The permit is for executor ${executor}.` });
}

/** What the executor says it ran, beside what was decided on; undefined when it does not say. */
function ranOf(
  parts: DispatchParts,
  reader: Reader,
  record: ActionRecord,
  executed: string | undefined,
): Ran | undefined {
  if (executed === undefined) return undefined;
  const disclosure = parts.vault.openDisclosure(reader, record.request_event, "/action/args");
  // Once it was erased there is nothing to compare with.
  if (disclosure === undefined) return undefined;
  const said = `sha256:${executed}`;
  if (disclosure[2] === said) return { equal: true };
  const subject = record.on_behalf_of ?? undefined;
  return { equal: false, executed: commitText(parts, reader.tenant, subject, "/safety/executed", said) };
}

/**
 * The executor says what it checked itself; what the contract leaves to a second party, only somebody else, and nobody
 * else anything but that. @throws CountersignError forbidden
 */
function refuseOwnWord(
  { agent, checks: configured, permit }: ActionRecord,
  { id }: Caller["holder"],
  checks: BodyOf<"reportSafety">["checks"],
): void {
  const isExecutor = permit === null || permit.executor === id;
  const isParty = isExecutor || agent === id;
  for (const { name } of checks) {
    const isSecond = configured.some((one) => one.name === name && one.by === "second_party");
    if (isSecond && isParty) {
      throw new CountersignError("forbidden", { detail: `${name} is for somebody else than agent and executor.` });
    }
    if (!isSecond && !isExecutor) {
      throw new CountersignError("forbidden", { detail: `The permit is for executor ${permit?.executor}.` });
    }
  }
}

function outcomeCommand(parts: DispatchParts): Command<OutcomeInput, Answer> {
  const { vault, approvals } = parts;
  return {
    name: "dispatch.report-outcome",
    needs: ({ seen, report }) => ({
      runs: [seen.runId],
      rows: [
        ...needsOf(approvals, seen),
        ...[...new Set(report.artifacts ?? [])].map((digest) => vault.needPayload(digest)),
      ],
    }),
    run(tx, input) {
      const record = recordSeen(tx, input.seen);
      const { report, ran } = input;
      refuseStranger(record, input.holder, report.status);
      if (record.permit !== null && report.job_id !== undefined && report.job_id !== record.job_id) {
        throw new CountersignError("validation-failed", { pointer: "/job_id", detail: `The job is ${record.job_id}.` });
      }
      appendOutcome(vault, tx, record, input);
      appendFinalSafety(vault, tx, record.action_id, ran, input.output);
      if (report.status !== "QUEUED") keepDue(tx, record.action_id);
      return { action_id: record.action_id };
    },
  };
}

const KIND_OF = {
  SUCCEEDED: "dispatch.succeeded",
  FAILED: "dispatch.failed",
  TIMED_OUT: "dispatch.timed_out",
  CANCELLED: "dispatch.cancelled",
  DEAD_LETTERED: "dispatch.dead_lettered",
} as const;

function appendOutcome(vault: Vault, tx: Transaction, record: ActionRecord, input: OutcomeInput): void {
  const { report, result, message, seen } = input;
  const { status, job_id: said } = report;
  const run = tx.run(seen.runId);
  const one = run && openActionOf(run, seen.actionId);
  const attempt = report.attempt ?? record.attempts;
  const jobId = record.job_id ?? said ?? tx.newId("job");
  const committed = [...(result === undefined ? [] : [result]), ...(message === undefined ? [] : [message])];
  const artifacts = [...new Set(report.artifacts ?? [])];
  if (record.policy === null) throw new CountersignError("step-not-allowed", { detail: "Nothing was decided." });
  const blocks = dispatchBlocks(
    record,
    { job_id: jobId, status, attempt },
    { result: result?.payload.digest ?? null, artifacts },
  );
  if (status === "QUEUED") {
    actionBook.note(tx, tx.append("dispatch.queued", { ...blocks, source: "reported" }));
    return;
  }
  if (status === "CANCELLED" && one !== undefined && one.attempts === 0) {
    appendCancelled(tx, { ...record, job_id: jobId }, report.code ?? "CANCELLED", false);
    return;
  }
  const placed = tx.append(KIND_OF[status], {
    ...blocks,
    ...commitMember(committed),
    source: "reported",
    outcome: outcomeBlock(report, result),
  });
  keepCommitted(vault, tx, placed.event.event_id, committed);
  for (const digest of artifacts) vault.citePayload(tx, digest, placed.event.event_id as `evt_${string}`); // made by the ledger
  actionBook.note(tx, placed);
}

function outcomeBlock(report: OutcomeReport, result: KeptPayload | undefined): EventOf<"dispatch.failed">["outcome"] {
  const { code, duration_ms, layer, layer_attempt, obligations_met } = report;
  return {
    ...(code === undefined ? {} : { code }),
    ...(duration_ms === undefined ? {} : { duration_ms }),
    ...(layer === undefined ? {} : { layer }),
    ...(layer_attempt === undefined ? {} : { layer_attempt }),
    ...(obligations_met === undefined ? {} : { obligations_met: [...obligations_met] }),
    ...(result === undefined ? {} : { produced: [result.payload.artifactId] }),
  };
}

function safetyCommand(parts: DispatchParts): Command<SafetyInput, Answer> {
  return {
    name: "dispatch.report-safety",
    needs: ({ seen }) => ({ runs: [seen.runId], rows: needsOf(parts.approvals, seen) }),
    run(tx, { seen, holder, checks, demands, ran }) {
      const record = recordSeen(tx, seen);
      refuseOwnWord(record, holder, checks);
      const all = ran === undefined ? checks : [...checks, driftCheck(ran)];
      const now = actionIn(tx, seen.actionId) ?? record;
      appendSafety(parts.vault, tx, now, all.slice(0, 32), ran, { source: "reported" }, demands);
      return { action_id: seen.actionId };
    },
  };
}
