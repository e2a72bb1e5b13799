/**
 * What one action goes through on the agent's side: ask → wait for people if the policy says so → start (permit) →
 * check the permit → execute, at most once per attempt → report. Every failure before `execute` throws; nothing here
 * runs on a guess.
 */
import { CountersignError } from "@countersign/evidence/errors";
import type { DeclaredScope } from "@countersign/evidence/event";
import type { ActionId, RunId } from "@countersign/evidence/ids";
import type { ActionStatusView, BodyOf, OutcomeReport, RunStatusView, StartedView } from "@countersign/evidence/wire";
import type { Countersign, RunOptions } from "./client.ts";
import { ActionDenied, ApprovalExpired, ApprovalPending, ApprovalRejected, AttemptsExhausted } from "./errors.ts";
import { checkPermit, type Permit, sha256Hex } from "./permit-check.ts";

export type { Permit } from "./permit-check.ts";

type Target = NonNullable<BodyOf<"requestAction">["target"]>;

/**
 * What the agent wants to do. Capability and target come from the tool's contract in the policy bundle; when given they
 * must agree with it. `target` may be written `system/resource`.
 */
export type ActRequest = Omit<BodyOf<"requestAction">, "target" | "start" | "args"> & {
  readonly target?: string | Target;
  /** Arguments: any JSON value, or the exact JSON bytes where they came from elsewhere. */
  readonly args: unknown;
  /** The exact JSON text of the arguments; wins over `args`. */
  readonly argsText?: string;
  /** The same key for the same intention: asking twice gives the same action, which executes once. */
  readonly idempotencyKey?: string;
};

/** How to go through with it. */
export type Act = {
  /** How long to wait for people, in ms; then ApprovalPending, and `cs.resume` goes on later. Default: no limit. */
  readonly approvalPatienceMs?: number;
  /** Called when the action starts to wait for people, and again when a new request replaces the one they were asked. */
  readonly onWaiting?: (action: ActionStatusView) => void;
  /**
   * Called when the gate only observes: the tenant has no policy yet, the call is recorded and NOTHING holds it back.
   * Default: a process warning, once.
   */
  readonly onNotEnforced?: (action: ActionStatusView) => void;
  /** Pause before attempt n (n ≥ 2), in ms. Default: 200 ms doubled per attempt, at most 5 s. */
  readonly retryDelayMs?: (attempt: number) => number;
  /** Which obligations of the permit `execute` met, in the permit's words; the rest is shown as unmet. */
  readonly obligationsMet?: (permit: Permit) => readonly string[];
  /** Whether an error is worth another attempt. Default: yes while attempts are left. */
  readonly retryable?: (error: unknown) => boolean;
  readonly signal?: AbortSignal;
};

/** How to ask for another scope. Repeats of one wish carry one key. */
export type Extend = Pick<Act, "approvalPatienceMs" | "onWaiting" | "signal"> & { readonly idempotencyKey?: string };

/**
 * Does the thing. Gets the checked permit and the arguments as the gate kept them: use these, not your own copy.
 * What it returns is recorded as the result (as JSON) unless it is undefined.
 */
export type Execute<T> = (permit: Permit, args: unknown) => Promise<T> | T;

/** What came of it. `result` is undefined when an earlier life of this process had already run the action. */
export type Executed<T> = {
  readonly action: ActionStatusView;
  readonly result: T | undefined;
  /** False when the outcome waits in the outbox because the gate was away after the effect. */
  readonly reported: boolean;
};

/** Thrown by `execute` when the tool failed but said something worth keeping: `result` is recorded with the failure. */
export class FailedWithResult extends Error {
  readonly result: unknown;
  constructor(message: string, result: unknown) {
    super(message);
    this.name = "FailedWithResult";
    this.result = result;
  }
}

/** A run: one agent task with a declared scope. Closes itself at the end of an `await using` block. */
export class Run {
  readonly id: RunId;
  readonly #client: Countersign;
  #closed = false;

  constructor(client: Countersign, id: RunId) {
    this.#client = client;
    this.id = id;
  }

  /** Asks for a decision without executing anything. */
  async request(
    request: ActRequest,
    start = false,
  ): Promise<{ action: ActionStatusView; started: StartedView | undefined; argsText: string }> {
    const { target, args, argsText: given, idempotencyKey, ...rest } = request;
    const argsText = given ?? JSON.stringify(args);
    if (argsText === undefined)
      throw new CountersignError("validation-failed", { pointer: "/args", detail: "args is not JSON." });
    const head = JSON.stringify({
      ...rest,
      ...(target === undefined ? {} : { target: targetOf(target) }),
      ...(start ? { start } : {}),
    });
    // The arguments go as the exact text they have: what is hashed, shown to people and executed is these bytes.
    const bytes = `${head.slice(0, -1)},"args":${argsText}}`;
    const answer = await this.#client.call("requestAction", {
      params: { run_id: this.id },
      bytes,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
    return { action: answer.action, started: answer.started, argsText };
  }

  /**
   * Goes through the whole path.
   *
   * @throws ActionDenied · ApprovalRejected · ApprovalExpired · ApprovalPending · AttemptsExhausted · PermitRefused
   * @throws GateUnavailable the gate is away; nothing ran
   * @throws whatever `execute` threw, when it ended the action
   */
  async act<T>(request: ActRequest, execute: Execute<T>, options: Act = {}): Promise<Executed<T>> {
    const { action, started } = await this.request(request, this.#client.executesItself);
    return performAction(this.#client, action, started, execute, options);
  }

  /**
   * Asks for another scope, which replaces the one the run has. A narrower one holds at once; a wider one waits until
   * people have approved exactly it.
   *
   * @throws ActionDenied above the agent's ceiling or the run above, or refused by policy
   * @throws ApprovalRejected · ApprovalExpired · ApprovalPending (call it again with the same scope and key to go on)
   */
  async extend(scope: DeclaredScope, options: Extend = {}): Promise<RunStatusView> {
    const { idempotencyKey } = options;
    const { run, action } = await this.#client.call("extendRun", {
      params: { run_id: this.id },
      body: scope,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
    if (action === undefined) return run;
    const patientUntilMs = performance.now() + (options.approvalPatienceMs ?? Number.POSITIVE_INFINITY);
    const params = { action_id: action.action_id };
    for (let asked = action; ; ) {
      await untilAnswered(this.#client, asked, options, patientUntilMs);
      try {
        return (await this.#client.call("useExtension", { params, body: {} })).run;
      } catch (cause) {
        if (!asksAgain(cause)) throw cause;
        asked = await this.#client.call("getAction", { params });
      }
    }
  }

  /**
   * Starts a child run: at most this run's scope, its spending charged to this run.
   *
   * @throws CountersignError scope-exceeds-parent, run-not-open, delegation-too-deep …
   */
  child(options: Omit<RunOptions, "parent_run">): Promise<Run> {
    return this.#client.run({ ...options, parent_run: this.id });
  }

  /** Closes the run: no new actions. Settles by itself once the open ones have ended. */
  async close(status: "completed" | "failed" | "cancelled" = "completed"): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#client.call("closeRun", { params: { run_id: this.id }, body: { status } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Continues an action from the state it is in; `Run.act` and `Countersign.resume` both end here. */
export async function performAction<T>(
  client: Countersign,
  asked: ActionStatusView,
  alreadyStarted: StartedView | undefined,
  execute: Execute<T>,
  options: Act,
): Promise<Executed<T>> {
  let action = asked;
  let started = alreadyStarted;
  const patientUntilMs = performance.now() + (options.approvalPatienceMs ?? Number.POSITIVE_INFINITY);
  while (started === undefined) {
    action = await untilAnswered(client, action, options, patientUntilMs);
    if (isOver(action)) return { action, result: undefined, reported: true };
    try {
      started = await startNext(client, action);
    } catch (cause) {
      if (!asksAgain(cause)) throw cause;
      // Policy or facts changed: people are asked again, by a new request about the same action.
      action = await client.call("getAction", { params: { action_id: action.action_id } });
    }
  }
  if (action.decision?.enforced === false) (options.onNotEnforced ?? warnNotEnforced)(action);
  for (;;) {
    const { permit, args, argsBytes } = await checkPermit(client, action, started);
    // What cannot be kept must not happen: an outcome nobody could record would look like none.
    await client.prepareOutbox();
    const ranFromMs = performance.now();
    const common = {
      attempt: permit.attempt,
      layer: "sdk" as const,
      layer_attempt: permit.attempt,
      executed_args_sha256: sha256Hex(argsBytes),
      ...(options.obligationsMet === undefined ? {} : { obligations_met: [...options.obligationsMet(permit)] }),
    };
    let result: T;
    try {
      result = await execute(permit, args);
    } catch (error) {
      const left = permit.attempt < permit.maxAttempts && (options.retryable?.(error) ?? true);
      const after = await reportFailure(client, action, common, error, elapsed(ranFromMs));
      if (left && after !== undefined) {
        await pause(
          options.retryDelayMs?.(permit.attempt + 1) ?? Math.min(200 * 2 ** (permit.attempt - 1), 5000),
          options.signal,
        );
        started = await client.callAsExecutor("startAttempt", { params: { permit_id: permit.permitId }, body: {} });
        continue;
      }
      if (permit.maxAttempts > 1 && !left) {
        const dead = await client.report(action.action_id as ActionId, {
          status: "DEAD_LETTERED",
          attempt: permit.attempt,
          layer: "sdk",
          code: "RETRIES_EXHAUSTED",
        });
        throw new AttemptsExhausted(dead ?? after ?? action, error);
      }
      throw error;
    }
    const reported = await client.report(action.action_id as ActionId, {
      ...common,
      status: "SUCCEEDED",
      duration_ms: elapsed(ranFromMs),
      ...(result === undefined ? {} : { result: toJson(result) }),
    });
    return { action: reported ?? action, result, reported: reported !== undefined };
  }
}

let hasWarned = false;

function warnNotEnforced({ action_id: id }: ActionStatusView): void {
  if (hasWarned) return;
  hasWarned = true;
  process.emitWarning(`Action ${id} and those after it are recorded, NOT ENFORCED: the tenant observes.`, {
    type: "CountersignWarning",
    code: "COUNTERSIGN_NOT_ENFORCED",
    detail: "It has no policy yet, so nothing holds an action back. Publish one: countersign policy publish DIR.",
  });
}

/** The failure is recorded before anything else happens; undefined when it waits in the outbox. */
function reportFailure(
  client: Countersign,
  action: ActionStatusView,
  common: Partial<OutcomeReport>,
  error: unknown,
  durationMs: number,
): Promise<ActionStatusView | undefined> {
  const timedOut = error instanceof Error && error.name === "TimeoutError";
  const result = error instanceof FailedWithResult ? { result: toJson(error.result) } : {};
  return client.report(action.action_id as ActionId, {
    ...common,
    ...result,
    status: timedOut ? "TIMED_OUT" : "FAILED",
    duration_ms: durationMs,
    code: timedOut ? "TIMED_OUT" : "EXECUTION_FAILED",
    message: (error instanceof Error ? error.message : String(error)).slice(0, 4000) || "no message",
  });
}

/** Waits until the action can start, has ended, or people's patience or the caller's has. */
async function untilAnswered(
  client: Countersign,
  asked: ActionStatusView,
  options: Act,
  deadlineMs: number,
): Promise<ActionStatusView> {
  let action = asked;
  let told: string | undefined;
  for (;;) {
    switch (action.phase) {
      case "denied":
        throw new ActionDenied(action);
      case "rejected":
        throw new ApprovalRejected(action);
      case "expired":
        throw new ApprovalExpired(action);
      case "voided":
      case "cancelled":
        throw new ApprovalExpired(action, "approval-voided");
      case "waiting":
      case "requested": {
        const asked = action.approval?.approval_id ?? "";
        if (told !== asked) options.onWaiting?.(action);
        told = asked;
        const leftMs = deadlineMs - performance.now();
        if (leftMs <= 0) throw new ApprovalPending(action);
        const waitMs = Math.min(30_000, Math.ceil(leftMs));
        action = await client.call("getAction", {
          params: { action_id: action.action_id },
          query: { wait_ms: String(waitMs) },
          waitMs,
          ...(options.signal === undefined ? {} : { signal: options.signal }),
        });
        break;
      }
      default:
        return action;
    }
  }
}

/** Whether a start was refused because the decision was made anew and waits for people again. */
function asksAgain(cause: unknown): boolean {
  return (
    cause instanceof CountersignError && (cause.code === "approval-superseded" || cause.code === "approval-pending")
  );
}

function isOver(action: ActionStatusView): boolean {
  return action.phase === "succeeded" || action.phase === "dead_lettered";
}

/** The first attempt uses the decision; a later one, after a failure or a crash, continues the permit. */
async function startNext(client: Countersign, action: ActionStatusView): Promise<StartedView> {
  if (action.permit_id !== undefined) {
    return client.callAsExecutor("startAttempt", { params: { permit_id: action.permit_id }, body: {} });
  }
  return client.callAsExecutor("startAction", { params: { action_id: action.action_id }, body: {} });
}

function targetOf(target: string | Target): Target {
  if (typeof target !== "string") return target;
  const slash = target.indexOf("/");
  return slash < 1
    ? { system: "local", resource: target }
    : { system: target.slice(0, slash), resource: target.slice(slash + 1) };
}

function toJson(value: unknown): unknown {
  return value === undefined ? null : value;
}

function elapsed(fromMs: number): number {
  return Math.max(0, Math.round(performance.now() - fromMs));
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise((resolve) => setTimeout(resolve, ms));
}
