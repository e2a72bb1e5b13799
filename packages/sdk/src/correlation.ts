/**
 * Run and action ids on their way to whatever does the work: in an MCP call's `_meta`, a job's data, HTTP headers, a child
 * process' environment. What reports back without them is refused `run-id-missing`.
 *
 * @example
 * await queue.send("apply", { plan, ...jobDataOf(permit) });           // in `execute` of run.act
 * const { runId, actionId } = idsIn(job.data);                         // in the worker
 */
import { CountersignError } from "@countersign/evidence/errors";
import { parseId } from "@countersign/evidence/ids";

/** A checked permit is one. */
export type WorkIds = { readonly runId: string; readonly actionId: string };

/** Members for an MCP request's `params._meta`. */
export function metaOf({ runId, actionId }: WorkIds): Record<string, string> {
  return { "countersign/run_id": runId, "countersign/action_id": actionId };
}

/** HTTP headers, lower case. */
export function headersOf({ runId, actionId }: WorkIds): Record<string, string> {
  return { "countersign-run-id": runId, "countersign-action-id": actionId };
}

/** Environment variables. */
export function environmentOf({ runId, actionId }: WorkIds): Record<string, string> {
  return { COUNTERSIGN_RUN_ID: runId, COUNTERSIGN_ACTION_ID: actionId };
}

/** A member for a job's data. */
export function jobDataOf({ runId, actionId }: WorkIds): { countersign: { run_id: string; action_id: string } } {
  return { countersign: { run_id: runId, action_id: actionId } };
}

/**
 * The ids in any of the four carriers, or in a `Headers` object.
 *
 * @throws CountersignError run-id-missing
 */
export function idsIn(carrier: unknown): WorkIds {
  const at = carrier instanceof Headers ? Object.fromEntries(carrier) : isObject(carrier) ? carrier : {};
  const job = isObject(at.countersign) ? at.countersign : {};
  const runId = job.run_id ?? at["countersign/run_id"] ?? at["countersign-run-id"] ?? at.COUNTERSIGN_RUN_ID;
  const actionId =
    job.action_id ?? at["countersign/action_id"] ?? at["countersign-action-id"] ?? at.COUNTERSIGN_ACTION_ID;
  if (typeof runId !== "string" || parseId("run", runId) === undefined) throw missing("run");
  if (typeof actionId !== "string" || parseId("act", actionId) === undefined) throw missing("action");
  return { runId, actionId };
}

function missing(which: string): CountersignError {
  return new CountersignError("run-id-missing", { detail: `There is no ${which} id in what was handed on.` });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
