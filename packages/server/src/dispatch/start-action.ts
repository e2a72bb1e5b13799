/**
 * startAction and startAttempt: the executor gets the permit and the exact argument bytes, just before the effect. The
 * policy is asked again on fresh facts outside; one command checks everything at the head and appends. However many ask
 * at once, one starts.
 */
import { commitmentOf, type Disclosure } from "@countersign/evidence/commitment";
import { agentOf, freezeSince, isPermitKeyGood } from "@countersign/evidence/control";
import { assert, CountersignError, type ErrorCode } from "@countersign/evidence/errors";
import { digestOf } from "@countersign/evidence/hash";
import type { RunId } from "@countersign/evidence/ids";
import { type ActionState, openActionOf, type RunState } from "@countersign/evidence/run";
import { EXTENSION_TOOL, extensionOf } from "@countersign/evidence/run-extension";
import type { Amounts } from "@countersign/evidence/scope";
import { isVoteKeyCompromised } from "@countersign/evidence/vote-signature";
import type { BodyOf } from "@countersign/evidence/wire";
import type { Caller } from "../base/routes.ts";
import type { Command, Reader, Submission, Transaction } from "../ledger/command.ts";
import {
  type ActionRecord,
  actionBook,
  actionIn,
  actionOf,
  dispatchBlocks,
  GATE,
  overRefusal,
  permits,
} from "./actions.ts";
import { appendCancelled, needsOf, recordSeen, type SeenAction, seenAction } from "./cancel.ts";
import { appendUnconfirmed } from "./deadlines.ts";
import { type KeptJudgement, keepProjection } from "./decision.ts";
import type { DispatchParts } from "./faces.ts";
import { type Asked, judge, refuseWithoutAnswer, settle } from "./gate.ts";
import { viewIn, viewOf, whileChanging } from "./request-action.ts";
import { type Drift, driftOf } from "./standing.ts";
import { appendStarted, type Refused, useDecision } from "./use.ts";

type Body = BodyOf<"startAction">;

export type UseInput = {
  readonly seen: SeenAction;
  readonly executor: string;
  readonly asked: Asked;
  readonly salt: string;
  readonly reserved: Amounts | undefined;
  readonly judged: KeptJudgement;
  readonly drift: Drift | undefined;
};

/** The refusal is kept with the idempotency key: what was recorded once is not done again. */
export type UseAnswer = { readonly refused: Refused | null };

export type Start = (order: {
  readonly caller: Caller;
  readonly actionId: string;
  readonly body: Body;
  readonly submission: Submission;
}) => Promise<void>;

/** Opened arguments: the exact bytes, and what opens their commitment. */
export type OpenArguments = { readonly bytes: Uint8Array; readonly disclosure: Disclosure };

/**
 * Uses the decision, or starts the permit's next attempt.
 *
 * @throws CountersignError why nothing was started
 */
export function openStarts(parts: DispatchParts): { first: Start; next: Start } {
  return { first: startWith(parts, startCommand(parts)), next: startWith(parts, attemptCommand(parts)) };
}

function startWith(parts: DispatchParts, command: Command<UseInput, UseAnswer>): Start {
  const { ledger, policy, vault } = parts;
  return async ({ caller, actionId, body, submission }) => {
    const { tenant } = caller;
    const reader = readerOf(parts, tenant);
    const record = actionOf(reader, actionId);
    if (record === undefined) throw new CountersignError("not-found");
    refuseStranger(caller, record, reader);
    if (record.action.tool === EXTENSION_TOOL) {
      throw new CountersignError("step-not-allowed", { detail: "Only the gate extends a run: useExtension." });
    }
    refuseUnsupported(record, body);
    const { bytes, disclosure } = await openArguments(parts, reader, record);
    if (body.args_sha256 !== undefined && disclosure[2] !== `sha256:${body.args_sha256}`) {
      throw new CountersignError("args-changed", { pointer: "/args_sha256" });
    }
    const { answer } = await whileChanging(async () => {
      const seen = seenAction(actionOf(readerOf(parts, tenant), actionId) ?? record);
      const view = viewOf(parts, tenant, seen.runId);
      const { asked, reserved } = askedAgain(record, view.run, bytes);
      const judged = await judge(policy, view, asked, reserved);
      const kept = await keepProjection(vault, tenant, record.on_behalf_of ?? undefined, judged);
      const { id: executor } = caller.holder;
      const drift = await driftOf(policy, tenant, openActionOf(view.run, actionId), kept);
      const input = { seen, executor, asked, salt: disclosure[0], reserved, judged: kept, drift };
      return ledger.submit(command, input, submission);
    });
    if (answer.refused !== null) throw refusal(answer.refused, readerOf(parts, tenant), actionId);
  };
}

/** The arguments of an action, checked against what it was decided on. @throws CountersignError payload-… */
export async function openArguments(
  { vault }: Pick<DispatchParts, "vault">,
  reader: Reader,
  record: ActionRecord,
): Promise<OpenArguments> {
  const disclosure = vault.openDisclosure(reader, record.request_event, "/action/args");
  if (disclosure === undefined || record.args === null) throw new CountersignError("payload-erased");
  const bytes = await vault.open(reader.tenant, record.args);
  if (disclosure[2] !== digestOf(bytes) || commitmentOf(disclosure) !== record.args_commit) {
    throw new CountersignError("payload-damaged");
  }
  return { bytes, disclosure };
}

export function readerOf({ ledger }: Pick<DispatchParts, "ledger">, tenant: string): Reader {
  const reader = ledger.reader(tenant);
  if (reader === undefined) throw new CountersignError("not-found");
  return reader;
}

/** Executors start what they are asked to; an agent only its own actions, where its registration lets it execute. */
function refuseStranger({ holder }: Caller, record: ActionRecord, reader: Reader): void {
  if (holder.kind !== "agent") return;
  if (record.agent !== holder.id) throw new CountersignError("not-found");
  if (agentOf(reader.control, holder.id)?.may_execute !== true) {
    throw new CountersignError("forbidden", { detail: "The agent's registration does not let it execute." });
  }
}

/** An obligation's name stands before its colon: `max_runtime_ms:600000`. */
function refuseUnsupported(record: ActionRecord, { obligations_supported: supported }: Body): void {
  if (supported === undefined) return;
  const lacking = record.decision?.obligations.find((one) => !supported.includes(one.split(":")[0]!));
  if (lacking !== undefined) throw new CountersignError("obligation-unsupported", { detail: `${lacking}.` });
}

/** The same question as at the request, with what the action has reserved since. */
export function askedAgain(
  record: ActionRecord,
  run: RunState,
  args: Uint8Array,
): { readonly asked: Asked; readonly reserved: Amounts | undefined } {
  const one = openActionOf(run, record.action_id);
  const { capability, tool, tool_version: toolVersion, target } = record.action;
  const asked: Asked = {
    tool,
    toolVersion,
    capability,
    target,
    args,
    costCents: record.cost_cents,
    toolContract: one?.request?.toolContract ?? undefined,
    ...(tool === EXTENSION_TOOL ? { extension: extensionOf(args) } : {}),
    labelled: undefined,
  };
  // A wish for another scope reserves nothing of what it is about.
  if (tool === EXTENSION_TOOL) return { asked, reserved: undefined };
  const reserved = { actions: 1, cents: record.cost_cents, bytes: record.args_bytes };
  return { asked, reserved: one === undefined ? undefined : reserved };
}

function startCommand(parts: DispatchParts): Command<UseInput, UseAnswer> {
  return {
    name: "dispatch.start-action",
    needs: ({ seen }) => ({ runs: [seen.runId], rows: needsOf(parts.approvals, seen) }),
    run(tx, input) {
      const record = recordSeen(tx, input.seen);
      const judged = judgedNow(tx, input);
      const request = { bytes: input.asked.args, salt: input.salt };
      const { executor, drift } = input;
      return { refused: useDecision(parts, tx, record, { executor, judged, request, drift }) ?? null };
    },
  };
}

/** The judgement at the head; what was brought in is not asked about an action that has ended. */
export function judgedNow(tx: Transaction, { seen, judged, asked, reserved }: UseInput): KeptJudgement {
  const run = tx.run(seen.runId);
  if (run === undefined || openActionOf(run, seen.actionId) === undefined) return judged;
  return { ...settle(judged, viewIn(tx, run), asked, reserved), kept: judged.kept };
}

function attemptCommand(parts: DispatchParts): Command<UseInput, UseAnswer> {
  return {
    name: "dispatch.start-attempt",
    needs: ({ seen }) => ({ runs: [seen.runId], rows: needsOf(parts.approvals, seen) }),
    run(tx, input) {
      const record = recordSeen(tx, input.seen);
      return { refused: startAttempt(parts.vault, tx, record, judgedNow(tx, input), input.executor) ?? null };
    },
  };
}

/** @throws CountersignError when nothing is to be recorded */
function startAttempt(
  vault: DispatchParts["vault"],
  tx: Transaction,
  seen: ActionRecord,
  { result, enforced }: KeptJudgement,
  executor: string,
): Refused | undefined {
  const { permit, action_id: id } = seen;
  const runId = seen.run_id as RunId; // the column is an id of this form
  let one = openIn(tx, runId, id);
  if (one === undefined) throw overRefusal(seen);
  if (permit === null || one.permit === undefined)
    throw new CountersignError("permit-invalid", { detail: "No permit." });
  if (permit.executor !== executor) {
    throw new CountersignError("permit-invalid", { detail: `It is for executor ${permit.executor}.` });
  }
  if (one.phase === "running") {
    if (one.deadline === undefined || tx.ts < one.deadline) throw new CountersignError("attempt-running");
    // Its time is over and nobody has said so yet.
    appendUnconfirmed(vault, tx, seen);
    one = openIn(tx, runId, id);
  }
  if (one?.permit === undefined || one.attempts >= one.permit.maxAttempts) return { code: "permit-spent" };
  if (tx.ts > permit.not_after) return { code: "permit-expired" };
  const broken = brokenAuthority(tx, seen.agent, one);
  if (broken !== undefined) {
    appendCancelled(tx, actionIn(tx, id) ?? seen, broken);
    return { code: "permit-invalid", detail: `${broken}.` };
  }
  if (result.matched_rule === "core:frozen") return { code: "frozen" };
  refuseWithoutAnswer(result);
  const record = actionIn(tx, id) ?? seen;
  // What was only observed ends with observing, whatever the policy that came then says of it.
  if (one.decision?.enforced === false && enforced) {
    appendCancelled(tx, record, "OBSERVING_ENDED");
    return { code: "action-denied", detail: "Observing ended; ask again." };
  }
  if (result.decision === "DENY" && enforced) {
    appendCancelled(tx, record, result.reason);
    return { code: "action-denied", detail: `${result.reason}.` };
  }
  const after = one.end;
  assert(after === "failed" || after === "timed_out" || after === "unconfirmed", "only these leave attempts");
  const attempt = one.attempts + 1;
  const retried = tx.append("dispatch.retried", {
    ...dispatchBlocks(record, { status: "RETRIED", attempt }),
    actor: GATE,
    retried: { permit_id: permit.permit_id, after },
  });
  actionBook.note(tx, retried);
  appendStarted(tx, id, attempt);
  return undefined;
}

/** Why the permit is not to be relied on any more, although its window is open. */
function brokenAuthority(
  { control }: Transaction,
  agent: string,
  { permit, approval, action }: ActionState,
): "PERMIT_KEY_COMPROMISED" | "KEY_COMPROMISED" | "FROZEN" | undefined {
  assert(permit !== undefined, "attempts go by a permit");
  const { kid, index, notBefore: at } = permit;
  if (!isPermitKeyGood(control, { kid, index, at })) return "PERMIT_KEY_COMPROMISED";
  const bad = approval?.ballots.some((ballot) => isVoteKeyCompromised(ballot.kid, ballot.at, control)) === true;
  if (bad) return "KEY_COMPROMISED";
  return freezeSince(control, index, { agent, ...action }) === undefined ? undefined : "FROZEN";
}

function openIn(tx: Transaction, runId: RunId, actionId: string): ActionState | undefined {
  const run = tx.run(runId);
  return run && openActionOf(run, actionId);
}

export function refusal({ code, detail }: Refused, reader: Reader, actionId: string): CountersignError {
  const record = actionOf(reader, actionId);
  const members = record === undefined ? {} : { action_id: actionId, phase: record.phase };
  return new CountersignError(code satisfies ErrorCode, { ...(detail === undefined ? {} : { detail }), members });
}

/** The action a permit is for. @throws CountersignError not-found */
export function actionOfPermit(reader: Reader, permitId: string): string {
  const row = reader.row(permits, { permit_id: permitId });
  if (row === undefined) throw new CountersignError("not-found");
  return row.action_id;
}
