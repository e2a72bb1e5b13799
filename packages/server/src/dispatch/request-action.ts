/**
 * requestAction: the arguments become a payload while the policy is asked; then one command writes the request and the
 * decision together, and with `start` also the use. What the gate refuses is recorded like what it allows.
 */
import { actionDigest } from "@countersign/evidence/action-digest";
import { formatBase64Url } from "@countersign/evidence/base64";
import { activePolicyOf, agentOf } from "@countersign/evidence/control";
import { assert, CountersignError } from "@countersign/evidence/errors";
import type { DeclaredScope } from "@countersign/evidence/event";
import type { ActionId, RunId } from "@countersign/evidence/ids";
import { MAX_OPEN_ACTIONS } from "@countersign/evidence/limits";
import { mentionsHistory } from "@countersign/evidence/reprojection";
import { type RunState, settledActionOf } from "@countersign/evidence/run";
import { EXTENSION_TOOL } from "@countersign/evidence/run-extension";
import { ancestorsOf } from "@countersign/evidence/run-family";
import type { BodyOf } from "@countersign/evidence/wire";
import type { Caller } from "../base/routes.ts";
import { refuseSecrets } from "../base/secret-forms.ts";
import type { Command, Submission, Transaction } from "../ledger/command.ts";
import { type ActionRecord, ATTEMPT_TIMEOUT_MS, actionBook, actionIn, dispatchBlocks } from "./actions.ts";
import { appendDecision, type KeptJudgement, keepProjection, mayStart } from "./decision.ts";
import type { DispatchParts } from "./faces.ts";
import { type Asked, type Judgement, judge, settle, type View } from "./gate.ts";
import { type Committed, commitMember, commitText, type KeptPayload, keepCommitted, keepPayload } from "./kept.ts";
import { openTurns } from "./turns.ts";
import { appendUse } from "./use.ts";

type Body = BodyOf<"requestAction">;

export type RequestInput = {
  readonly runId: RunId;
  readonly body: Body;
  readonly asked: Asked;
  readonly args: KeptPayload;
  /** The intent, and labels that are kept out of the clear. */
  readonly texts: readonly Committed[];
  readonly judged: KeptJudgement;
  /** Who executes, when an ALLOW is to be used at once. */
  readonly executor: string | undefined;
};

/** Ids of what was made; every answer shows the state there is then. */
export type RequestAnswer = { readonly action_id: ActionId; readonly started: boolean };

/** Times something is decided again when what it rests on has changed meanwhile. */
export const DECIDE_TRIES = 3;

export type RequestAction = (order: {
  readonly caller: Caller;
  readonly runId: RunId;
  readonly body: Body;
  /** The exact bytes of the arguments. */
  readonly args: Uint8Array;
  /** The scope a run asks for: see extend-run.ts. */
  readonly extension?: DeclaredScope;
  readonly submission: Submission;
}) => Promise<RequestAnswer>;

/** @throws CountersignError not-found, run-not-open, too-many-open-actions, payload-not-found, core:policy-changed … */
export function openRequests(parts: DispatchParts): RequestAction {
  const { ledger, vault, policy } = parts;
  const command = requestCommand(parts);
  const turns = openTurns();

  return async ({ caller, runId, body, args, extension, submission }) => {
    const { tenant, holder } = caller;
    const seen = viewOf(parts, tenant, runId);
    const { run, control } = seen;
    // Whoever may not see a run cannot tell it from one that does not exist.
    if (run.initiator.agent !== holder.id) throw new CountersignError("not-found");
    const subject = run.initiator.on_behalf_of;
    if (body.tool === EXTENSION_TOOL && extension === undefined) {
      const detail = "Ask for another scope with POST /runs/{run_id}/scope.";
      throw new CountersignError("validation-failed", { pointer: "/tool", detail });
    }
    const asked = { ...askedOf(body, args), ...(extension === undefined ? {} : { extension }) };
    const active = activePolicyOf(control);
    const bundle = active === undefined ? undefined : await policy.bundleOf(tenant, active.digest);
    const sensitive = Object.entries(bundle?.labels.labels ?? {}).flatMap(([name, one]) =>
      one.sensitive ? [name] : [],
    );
    const texts = [
      ...(body.intent === undefined ? [] : [commitText(parts, tenant, subject, "/action/intent", body.intent)]),
      ...commitLabels(parts, tenant, subject, body, sensitive),
    ];
    // The bytes become durable while the policy is asked.
    const keeping = keepPayload(vault, tenant, subject, "/action/args", args);
    keeping.catch(() => undefined); // awaited below; a refusal before that must not leave it unhandled

    // Where a rule looks at what the run has used, two decisions at once would only make each other decide again.
    const alone = bundle !== undefined && mentionsHistory(bundle);
    let fresh = alone ? undefined : seen;
    const decideAndWrite = async (): Promise<RequestAnswer> => {
      const view = fresh ?? viewOf(parts, tenant, runId);
      fresh = undefined; // another try looks again
      const judged = await judge(policy, view, asked, undefined);
      const [kept, projected] = await Promise.all([keeping, keepProjection(vault, tenant, subject, judged)]);
      const executor = body.start === true ? holder.id : undefined;
      const input: RequestInput = {
        runId,
        body: withoutLabels(body, sensitive),
        asked,
        args: kept,
        texts,
        judged: projected,
        executor,
      };
      return (await ledger.submit(command, input, submission)).answer;
    };
    return whileChanging(() => (alone ? turns.take(`${tenant} ${runId}`, decideAndWrite) : decideAndWrite()));
  };
}

/** Does it again when what a decision rested on had changed, at most {@link DECIDE_TRIES} times in all. */
export async function whileChanging<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (cause) {
      const changed = cause instanceof CountersignError && cause.code === "core:policy-changed";
      if (!changed || tries >= DECIDE_TRIES) throw cause;
    }
  }
}

/** The newest committed view. @throws CountersignError not-found */
export function viewOf({ ledger, nowMs }: DispatchParts, tenant: string, runId: RunId): View {
  const reader = ledger.reader(tenant);
  const run = reader?.run(runId);
  if (reader === undefined || run === undefined) throw new CountersignError("not-found");
  const ancestors = ancestorsOf(runId, run.parent, (id) => reader.run(id as RunId)); // kept under the id of a run
  return { tenant, control: reader.control, run, ancestors, size: reader.size, nowMs: Math.max(nowMs(), reader.tsMs) };
}

/** The view a command has. */
export function viewIn(tx: Transaction, run: RunState): View {
  const ancestors = ancestorsOf(run.run, run.parent, (id) => tx.run(id as RunId)); // as above
  return { tenant: tx.tenant, control: tx.control, run, ancestors, size: tx.size, nowMs: tx.nowMs };
}

function requestCommand(parts: DispatchParts): Command<RequestInput, RequestAnswer> {
  return {
    name: "dispatch.request-action",
    needs: ({ runId, body }) => ({
      runs: [runId],
      rows: [
        ...[...new Set(body.context ?? [])].map((digest) => parts.vault.needPayload(digest)),
        ...(body.redrive_of === undefined ? [] : actionBook.needs(body.redrive_of)),
      ],
    }),
    run(tx, input) {
      const { runId, asked, executor } = input;
      const run = openRun(tx, runId);
      refuseRedrive(tx, run, input.body);
      const settled = settle(input.judged, viewIn(tx, run), asked, undefined);
      const judged: KeptJudgement = { ...settled, kept: input.judged.kept };
      const actionId = tx.newId("act");
      const { record, digest } = appendRequest(parts, tx, actionId, input, judged);
      appendRedriven(tx, run, input.body.redrive_of, actionId);
      appendDecision(parts, tx, record, judged, {
        actionDigest: digest,
        argsCommit: record.args_commit,
        toolContract: judged.reading.toolContract ?? null,
        args: { bytes: asked.args, salt: formatBase64Url(input.args.payload.salt) },
      });
      const mayExecute = executor !== undefined && agentOf(tx.control, executor)?.may_execute === true;
      const started = mayExecute && mayStart(judged);
      if (started) appendUse(parts, tx, recordIn(tx, actionId), executor);
      return { action_id: actionId, started };
    },
  };
}

/** @throws CountersignError run-not-open, too-many-open-actions */
function openRun(tx: Transaction, runId: RunId): RunState {
  const run = tx.run(runId);
  if (run === undefined) throw new CountersignError("not-found");
  if (run.phase !== "open" || run.suspended) {
    throw new CountersignError("run-not-open", { detail: `It is ${run.suspended ? "suspended" : run.phase}.` });
  }
  if (run.open.length >= MAX_OPEN_ACTIONS) throw new CountersignError("too-many-open-actions");
  return run;
}

function appendRequest(
  { vault }: DispatchParts,
  tx: Transaction,
  actionId: ActionId,
  { runId, body, args, texts, asked }: RequestInput,
  { reading }: Judgement,
): { record: ActionRecord; digest: string } {
  const { action, toolContract, costCents, checks, dataClasses } = reading;
  refuseSecrets(action.target, "/target");
  const topic = body.topic ?? action.capability;
  const digest = actionDigest({
    tenant: tx.tenant,
    run_id: runId,
    action_id: actionId,
    action,
    topic,
    tool_contract: toolContract ?? null,
    args: args.commitment,
  });
  const context = [...new Set(body.context ?? [])];
  const placed = tx.append("action.requested", {
    run_id: runId,
    action_id: actionId,
    action,
    ...(body.labels === undefined ? {} : { labels: body.labels }),
    ...(body.refs === undefined ? {} : { refs: body.refs }),
    ...commitMember([args, ...texts]),
    pointers: { context, args: args.payload.digest, result: null, artifacts: [] },
    request: {
      args_bytes: asked.args.length,
      action_digest: digest,
      ...(toolContract === undefined ? {} : { tool_contract: toolContract }),
      ...(body.tool_digest === undefined ? {} : { tool_digest: body.tool_digest }),
      topic,
      consumed: [...(body.consumed ?? [])],
      ...(body.redrive_of === undefined ? {} : { redrive_of: body.redrive_of }),
      ...(body.context_absent === undefined ? {} : { context_absent: [...body.context_absent] }),
      cost_cents: costCents,
      ...(checks === undefined ? {} : { checks: checks.map((one) => ({ ...one })) }),
      ...(dataClasses === undefined ? {} : { data_classes: [...dataClasses] }),
      max_attempts: body.max_attempts ?? 1,
      attempt_timeout_ms: body.attempt_timeout_ms ?? ATTEMPT_TIMEOUT_MS,
    },
  });
  const { event_id: eventId } = placed.event;
  keepCommitted(vault, tx, eventId, [args, ...texts]);
  for (const one of context) vault.citePayload(tx, one, eventId as `evt_${string}`); // the ledger made it as an event's
  actionBook.note(tx, placed);
  return { record: recordIn(tx, actionId), digest };
}

/** @throws CountersignError not-found, step-not-allowed: only what this agent saw dead-lettered is driven again */
function refuseRedrive(tx: Transaction, run: RunState, { redrive_of: old }: Body): void {
  if (old === undefined) return;
  const pointer = "/redrive_of";
  const record = actionIn(tx, old);
  if (record === undefined || record.agent !== run.initiator.agent)
    throw new CountersignError("not-found", { pointer });
  if (record.phase !== "dead_lettered") {
    throw new CountersignError("step-not-allowed", { pointer, detail: `${old} is ${record.phase}.` });
  }
}

/** In the same run the old action's timeline says what became of it; another run may have settled. */
function appendRedriven(tx: Transaction, run: RunState, old: string | undefined, asAction: ActionId): void {
  const record = old === undefined ? undefined : actionIn(tx, old);
  if (record === undefined || record.run_id !== run.run || settledActionOf(run, record.action_id) === undefined) return;
  const placed = tx.append("dispatch.redriven", {
    ...dispatchBlocks(record, { status: "REDRIVEN", attempt: record.attempts }),
    redriven: { as_action: asAction },
  });
  actionBook.note(tx, placed);
}

function recordIn(tx: Transaction, actionId: string): ActionRecord {
  const record = actionIn(tx, actionId);
  assert(record !== undefined, "the action was noted in this transaction");
  return record;
}

function askedOf(body: Body, args: Uint8Array): Asked {
  const { tool, tool_version: toolVersion, capability, target, cost_cents: costCents, labels = {}, refs = {} } = body;
  return {
    tool,
    toolVersion,
    capability,
    target,
    args,
    costCents,
    toolContract: undefined,
    ...(body.tool_digest === undefined ? {} : { toolDigest: body.tool_digest }),
    labelled: { labels, refs },
  };
}

/** Labels the catalogue marks sensitive, as commitments under /labels/… or /refs/…. */
function commitLabels(
  parts: DispatchParts,
  tenant: string,
  subject: string | undefined,
  body: Body,
  sensitive: readonly string[],
): Committed[] {
  return (["labels", "refs"] as const).flatMap(
    (where) =>
      sensitive
        .filter((name) => Object.hasOwn(body[where] ?? {}, name))
        .map((name) => commitText(parts, tenant, subject, `/${where}/${name}`, body[where]![name]!)), // just looked up
  );
}

function withoutLabels(body: Body, sensitive: readonly string[]): Body {
  if (sensitive.length === 0) return body;
  const clear = (labels: Readonly<Record<string, string>> | undefined) =>
    labels && Object.fromEntries(Object.entries(labels).filter(([name]) => !sensitive.includes(name)));
  const { labels: _labels, refs: _refs, ...rest } = body;
  const labels = clear(body.labels);
  const refs = clear(body.refs);
  return { ...rest, ...(labels === undefined ? {} : { labels }), ...(refs === undefined ? {} : { refs }) };
}
