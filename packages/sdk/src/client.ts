/**
 * The door to the gate for agents and workers.
 *
 * ```ts
 * import { Countersign } from "@countersign/sdk";
 * const cs = new Countersign({ url: "http://127.0.0.1:7070", apiKey: process.env.COUNTERSIGN_API_KEY });
 * await using run = await cs.run({ intent: "rotate prod certs", capabilities: ["infra.read", "infra.change.apply"] });
 * const outcome = await run.act(
 *   { capability: "infra.change.apply", tool: "terraform", target: "prod/vpc-1", args: { plan: "p-17" } },
 *   async (permit, args) => apply(args),
 * );
 * ```
 */
import { CountersignError } from "@countersign/evidence/errors";
import type { ActionId, RunId } from "@countersign/evidence/ids";
import type { ActionStatusView, AnswerOf, BodyOf, OperationName, OutcomeReport } from "@countersign/evidence/wire";
import { GateUnavailable } from "./errors.ts";
import type { Outbox } from "./outbox.ts";
import { type Act, type Execute, type Executed, performAction, Run } from "./run.ts";
import { type CallOptions, callOperation, type TransportOptions } from "./transport.ts";

export { CountersignError } from "@countersign/evidence/errors";
export {
  ActionDenied,
  ApprovalExpired,
  ApprovalPending,
  ApprovalRejected,
  AttemptsExhausted,
  GateUnavailable,
  PermitRefused,
} from "./errors.ts";
export type { Act, ActRequest, Execute, Executed, Permit } from "./run.ts";
export { Run } from "./run.ts";

export type CountersignOptions = {
  readonly url: string;
  /** The agent's key. */
  readonly apiKey: string | undefined;
  /** The executor's key, when the agent's registration does not let it execute. */
  readonly executorKey?: string;
  /** Folder for outcomes that could not be delivered; `false` keeps none. Default: under the user's state folder. */
  readonly outbox?: string | false;
  /** How long one request may take, in ms (default 10,000). */
  readonly timeoutMs?: number;
  /** How long to retry a gate that is away before GateUnavailable, in ms (default 5,000). */
  readonly patienceMs?: number;
  readonly fetch?: typeof fetch;
};

export type RunOptions = Omit<BodyOf<"startRun">, "capabilities"> & {
  readonly capabilities: readonly string[];
  /** The registered agent this is expected to be; the gate knows it from the key, a mismatch is refused here. */
  readonly agent?: string;
  readonly onBehalfOf?: string;
  /** Repeats of the same start carry the same key, so a restarted process gets the same run. */
  readonly idempotencyKey?: string;
};

/** A client of one gate with one identity. Safe to share; holds no state but its outbox. */
export class Countersign {
  readonly #agent: TransportOptions;
  readonly #executor: TransportOptions;
  readonly #outboxFolder: string | false | undefined;
  #outbox: Promise<Outbox | undefined> | undefined;

  constructor(options: CountersignOptions) {
    if (!options.apiKey) {
      throw new CountersignError("unauthenticated", {
        detail: "apiKey is empty; set COUNTERSIGN_API_KEY to an agent's key.",
      });
    }
    const common = {
      url: options.url,
      timeoutMs: options.timeoutMs ?? 10_000,
      patienceMs: options.patienceMs ?? 5_000,
      fetch: options.fetch ?? fetch,
    };
    this.#agent = { ...common, apiKey: options.apiKey };
    this.#executor = { ...common, apiKey: options.executorKey ?? options.apiKey };
    this.#outboxFolder = options.outbox;
  }

  /** True when the agent's own key is used to execute, so that decision and start may share one commit. */
  get executesItself(): boolean {
    return this.#executor.apiKey === this.#agent.apiKey;
  }

  /** Calls any operation as the agent. */
  call<N extends OperationName>(name: N, call?: CallOptions<N>): Promise<AnswerOf<N>> {
    return callOperation(this.#agent, name, call);
  }

  /** Calls any operation as the executor. */
  callAsExecutor<N extends OperationName>(name: N, call?: CallOptions<N>): Promise<AnswerOf<N>> {
    return callOperation(this.#executor, name, call);
  }

  /** Starts a run with its declared scope. @throws CountersignError core:above-ceiling, run-not-open … */
  async run(options: RunOptions): Promise<Run> {
    const { agent, onBehalfOf, idempotencyKey, capabilities, ...rest } = options;
    const { run } = await this.call("startRun", {
      body: {
        ...rest,
        capabilities: [...capabilities],
        ...(onBehalfOf === undefined ? {} : { on_behalf_of: onBehalfOf }),
      },
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
    if (agent !== undefined && agent !== run.agent) {
      await this.call("closeRun", { params: { run_id: run.run_id }, body: { status: "cancelled" } });
      throw new CountersignError("forbidden", { detail: `The key belongs to agent ${run.agent}, not ${agent}.` });
    }
    return new Run(this, run.run_id as RunId);
  }

  /** An open run that another process (or an earlier life of this one) started. */
  async attach(runId: string): Promise<Run> {
    const run = await this.call("getRun", { params: { run_id: runId } });
    if (run.status !== "open") throw new CountersignError("run-not-open", { detail: `${runId} is ${run.status}.` });
    return new Run(this, run.run_id as RunId);
  }

  /**
   * Goes on with an action from wherever it stands, e.g. after a restart while it waited for approval. What has already
   * run is not run again: an action that ended answers its outcome without calling `execute`.
   */
  async resume<T>(actionId: string, execute: Execute<T>, options: Act = {}): Promise<Executed<T>> {
    const action = await this.call("getAction", { params: { action_id: actionId } });
    return performAction(this, action, undefined, execute, options);
  }

  /** Reports an outcome; when the gate is away it is kept in the outbox and undefined is returned. */
  async report(actionId: ActionId, report: OutcomeReport): Promise<ActionStatusView | undefined> {
    const kept = { actionId, idempotencyKey: crypto.randomUUID(), report, at: new Date().toISOString() };
    const outbox = await this.#openOutbox();
    // Older reports go first, so that the timeline keeps its order.
    if (outbox !== undefined && (await outbox.waiting()) > 0) {
      await outbox.keep(kept);
      await this.deliverOutbox();
      return undefined;
    }
    try {
      return await this.callAsExecutor("reportOutcome", {
        params: { action_id: actionId },
        body: report,
        idempotencyKey: kept.idempotencyKey,
      });
    } catch (cause) {
      if (!(cause instanceof GateUnavailable) || outbox === undefined) throw cause;
      await outbox.keep(kept);
      return undefined;
    }
  }

  /** Makes sure that an outcome can be kept, before there is one. @throws CountersignError outbox-unsafe */
  async prepareOutbox(): Promise<void> {
    await (await this.#openOutbox())?.probe();
  }

  /** Tries to deliver what the outbox holds. Called before each report; call it at start-up and on a timer of yours. */
  async deliverOutbox(): Promise<{ delivered: number; refused: number; waiting: number }> {
    const outbox = await this.#openOutbox();
    if (outbox === undefined) return { delivered: 0, refused: 0, waiting: 0 };
    return outbox.deliver(async ({ actionId, idempotencyKey, report }) => {
      await this.callAsExecutor("reportOutcome", {
        params: { action_id: actionId },
        body: report,
        idempotencyKey,
        patienceMs: 0,
      });
    });
  }

  #openOutbox(): Promise<Outbox | undefined> {
    // Loaded lazily: the browser has no file system and reports no outcomes.
    this.#outbox ??=
      this.#outboxFolder === false
        ? Promise.resolve(undefined)
        : import("./state-folder.ts").then(async ({ outboxFolder }) => {
            const { openOutbox } = await import("./outbox.ts");
            return openOutbox(this.#outboxFolder || outboxFolder(this.#agent.url));
          });
    return this.#outbox;
  }
}
