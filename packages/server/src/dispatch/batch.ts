/**
 * reportBatch: many outcomes in one request, NDJSON in and out, a result for each line. A line is an outcome report with
 * its `action_id`, its `run_id` where it has one, and, when it may be sent again on its own, its `idempotency_key`. Lines of one action are taken in
 * their order; a line that is refused harms no other.
 */
import { hash } from "node:crypto";
import { CountersignError, formatProblem } from "@countersign/evidence/errors";
import { checkBody } from "@countersign/evidence/generated/wire-shapes";
import { parseId } from "@countersign/evidence/ids";
import { parseStrict } from "@countersign/evidence/strict-json";
import type { OutcomeReport } from "@countersign/evidence/wire";
import type { Caller } from "../base/routes.ts";
import type { Submission } from "../ledger/command.ts";

/** Lines one batch may have. */
export const MAX_LINES = 1000;
const NEWLINE = 0x0a;

/** One line, read and checked. */
export type BatchLine = {
  readonly actionId: string;
  /** The run the reporter says the action is of. */
  readonly runId: string | undefined;
  readonly report: OutcomeReport;
  readonly result: Uint8Array | undefined;
  readonly idempotencyKey: string | undefined;
};

export type BatchOrder = {
  readonly caller: Caller;
  readonly bytes: Uint8Array;
  readonly submission: Submission;
  /** Reports one outcome; resolves with the action's phase. */
  readonly report: (line: BatchLine, submission: Submission) => Promise<string>;
  /** Told of each line that names no action. */
  readonly unnamed: () => void;
};

/**
 * Carries out a batch.
 *
 * @returns NDJSON: `{"line":1,"status":200,"action_id":…,"phase":…}` or `{"line":2,"status":409,"problem":{…}}`
 * @throws CountersignError validation-failed when it has more than {@link MAX_LINES} lines
 */
export async function reportBatch({ bytes, submission, report, unnamed }: BatchOrder): Promise<string> {
  const lines = splitLines(bytes);
  if (lines.length > MAX_LINES) {
    throw new CountersignError("validation-failed", { detail: `The batch has more than ${MAX_LINES} lines.` });
  }
  const inOrder = new Map<string, Promise<unknown>>();
  const results = lines.map((line, at) => {
    const read = readLine(line);
    if (read instanceof CountersignError && read.code === "run-id-missing") unnamed();
    if (read instanceof CountersignError) return Promise.resolve(problemLine(at, read));
    const { actionId } = read;
    const work = async () => {
      try {
        const phase = await report(read, lineSubmission(submission, line, at, read));
        return JSON.stringify({ line: at + 1, status: 200, action_id: actionId, phase });
      } catch (cause) {
        if (cause instanceof CountersignError) return problemLine(at, cause);
        throw cause;
      }
    };
    const mine = (inOrder.get(actionId) ?? Promise.resolve()).then(work);
    inOrder.set(actionId, mine);
    return mine;
  });
  const texts = await Promise.all(results);
  return texts.map((text) => `${text}\n`).join("");
}

/** Each line is a submission of its own, so that one repeated alone or in another batch is carried out once. */
function lineSubmission(whole: Submission, line: Uint8Array, at: number, { idempotencyKey }: BatchLine): Submission {
  const { idempotency, ...rest } = whole;
  if (idempotency === undefined) return rest;
  const key = idempotencyKey ?? `${idempotency.key}#${at}`;
  return { ...rest, sizeBytes: line.length, idempotency: { ...idempotency, key, bodyHash: hash("sha256", line) } };
}

/** @returns the refusal, instead of throwing it, when the line is not one */
export function readLine(line: Uint8Array): BatchLine | CountersignError {
  try {
    const document = parseStrict(line, "payload");
    const { value } = document;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return new CountersignError("validation-failed", { pointer: "", detail: "A line is a JSON object." });
    }
    // An object that is no array: what Array.isArray says of readonly arrays is lost on the compiler.
    const {
      action_id: actionId,
      run_id: runId,
      idempotency_key: key,
      ...report
    } = value as Readonly<Record<string, unknown>>;
    if (actionId === undefined) return new CountersignError("run-id-missing", { pointer: "/action_id" });
    if (runId !== undefined && (typeof runId !== "string" || parseId("run", runId) === undefined)) {
      return new CountersignError("validation-failed", { pointer: "/run_id", detail: "It must be a run's id." });
    }
    if (typeof actionId !== "string" || parseId("act", actionId) === undefined) {
      return new CountersignError("validation-failed", { pointer: "/action_id", detail: "It must be an action's id." });
    }
    if (key !== undefined && (typeof key !== "string" || !/^[\x21-\x7e]{1,128}$/.test(key))) {
      const detail = "It must be 1 to 128 visible characters.";
      return new CountersignError("validation-failed", { pointer: "/idempotency_key", detail });
    }
    const [fault] = checkBody("reportOutcome", report);
    if (fault !== undefined) {
      const code = fault.wrong === "unknown" ? "unknown-member" : "validation-failed";
      return new CountersignError(code, { pointer: fault.pointer, detail: `It must be ${fault.expected}.` });
    }
    return {
      actionId,
      runId,
      report: report as OutcomeReport, // checkBody has just found it to be one
      result: document.slice("/result"),
      idempotencyKey: key,
    };
  } catch (cause) {
    if (cause instanceof CountersignError) return cause;
    throw cause;
  }
}

function problemLine(at: number, refusal: CountersignError): string {
  return JSON.stringify({ line: at + 1, status: refusal.status, problem: formatProblem(refusal) });
}

/** Lines without their ends; empty ones are not lines, so a last newline adds none. */
function splitLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let from = 0;
  for (let at = 0; at <= bytes.length; at++) {
    if (at < bytes.length && bytes[at] !== NEWLINE) continue;
    if (at > from) lines.push(bytes.subarray(from, at));
    from = at + 1;
  }
  return lines;
}
