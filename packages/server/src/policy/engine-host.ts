/**
 * Runs the policy engine in a thread of its own and watches what it takes: an evaluation that uses more of the thread's
 * time than the deadline is DENY `core:engine-timeout`, one whose thread dies is DENY `core:engine-unavailable`. A thread
 * that does not answer is replaced when it has used the deadline up, or when it gets no time at all. The gate never sees an
 * exception for what an agent sent; a queue that is full is the one refusal.
 */
import { Worker } from "node:worker_threads";
import type { CoreRuleId } from "@countersign/evidence/core-rules";
import { coreDenial } from "@countersign/evidence/decide";
import { CountersignError } from "@countersign/evidence/errors";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Metrics } from "../base/metrics.ts";
import type { Timers } from "../ledger/timers.ts";
import type { Decided, DecideOrder, ThreadAnswer, ThreadRequest } from "./engine-thread.ts";

export type BundleFiles = ReadonlyMap<string, Uint8Array>;
/** What loading a bundle came to; `tests` only where they were asked for. */
export type Loaded = Omit<Extract<ThreadAnswer, { op: "loaded" }>, "op" | "id" | "totalCpuUs">;

export type EngineHost = {
  /**
   * Decides with the bundle of `order.digest`, whose files are loaded first when the thread does not hold it.
   * @throws CountersignError core:overloaded
   */
  decide(files: BundleFiles, order: DecideOrder): Promise<Decided>;
  /**
   * Loads a bundle; with `check` also runs its tests and, when they pass, the lint. `ok` is false when it cannot be used,
   * or the thread was lost over it.
   */
  load(digest: string, files: BundleFiles, check?: boolean): Promise<Loaded>;
  /** Why it cannot be relied on now, or undefined. */
  trouble(): string | undefined;
  close(): Promise<void>;
};

export type EngineHostOptions = {
  /** Of the thread's own time, so that a busy machine denies nothing; {@link STARVED_TIMES} as much by the clock. */
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly metrics: Pick<Metrics, "decided" | "engineReplaced">;
  readonly log: Log;
  /** Starts a thread; tests put in one that hangs or dies. */
  readonly startThread?: () => Worker;
};

/** Requests in the thread at once: the next is there when one is done, so the thread never waits for us. */
const IN_FLIGHT = 2;
const MAX_QUEUED = 2048;
const LOAD_DEADLINE_MS = 10_000;
/** Tests and lint evaluate every rule many times. */
const CHECK_DEADLINE_MS = 120_000;
const START_DEADLINE_MS = 15_000;
/** Policies the thread holds; the one used longest ago is dropped. */
const MAX_POLICIES = 256;
/** So many replacements within the window mean that something is wrong: then nothing waits for the next thread. */
const TROUBLE_COUNT = 3;
const TROUBLE_WINDOW_MS = 60_000;
const RESTART_PAUSE_MS = 1000;
/** How many deadlines by the clock a thread may take that the machine keeps from running. */
const STARVED_TIMES = 20;

type Lost = "timeout" | "exit";
type Job =
  | {
      readonly op: "decide";
      readonly files: BundleFiles;
      readonly order: DecideOrder;
      done(decided: Decided): void;
    }
  | {
      readonly op: "load";
      readonly files: BundleFiles;
      readonly digest: string;
      readonly check: boolean;
      /** Undefined when the thread was lost over it. */
      done(loaded: Loaded | undefined): void;
    };

/** The thread starts with the first request; what is asked meanwhile waits until it is ready. */
export function openEngineHost(options: EngineHostOptions): EngineHost {
  const { deadlineMs, clock, timers, metrics, log, startThread = startEngineThread } = options;
  const queue: Job[] = [];
  /** In the order the thread works on them; the deadline runs for the first. */
  const sent: Job[] = [];
  /** Digests the thread holds, or will when it has done what it was sent; the one used longest ago first. */
  const held = new Set<string>();
  let replacements: number[] = [];
  let thread: Worker | undefined;
  let isReady = false;
  /** What the thread had used at its newest answer; undefined when it does not say. */
  let usedUs: number | undefined;
  let cancelTimer = () => {};
  let closed = false;
  let nextId = 1;
  let isStarted = false;

  return {
    async decide(files, order) {
      if (queue.length >= MAX_QUEUED) {
        throw new CountersignError("core:overloaded", { detail: "The policy engine has too much to decide." });
      }
      const decided = await new Promise<Decided>((done) => enqueue({ op: "decide", files, order, done }));
      metrics.decided(decided.result.decision, decided.evaluatedUs);
      return decided;
    },

    load: (digest, files, check = false) =>
      new Promise((resolve) => {
        const done = (loaded: Loaded | undefined) => resolve(loaded ?? LOST_LOAD);
        enqueue({ op: "load", files, digest, check, done });
      }),

    trouble() {
      if (closed) return "closed";
      if (isTroubled()) return "its thread was replaced repeatedly";
      return isReady || !isStarted ? undefined : "starting";
    },

    async close() {
      closed = true;
      cancelTimer();
      for (const job of [...sent.splice(0), ...queue.splice(0)]) giveUp(job, "exit");
      await thread?.terminate();
    },
  };

  function enqueue(job: Job): void {
    if (closed || (!isReady && isTroubled())) {
      giveUp(job, "exit");
      return;
    }
    queue.push(job);
    if (!isStarted) start();
    pump();
  }

  function pump(): void {
    while (isReady && sent.length < IN_FLIGHT) {
      const job = queue[0];
      if (job === undefined) return;
      if (job.op === "decide" && !held.has(job.order.digest)) {
        send({ op: "load", files: job.files, digest: job.order.digest, check: false, done: () => {} });
        continue;
      }
      queue.shift();
      send(job);
    }
  }

  function send(job: Job): void {
    hold(job.op === "load" ? job.digest : job.order.digest);
    sent.push(job);
    if (sent.length === 1) watch();
    const id = nextId++;
    const { op } = job;
    post(
      op === "load" ? { op, id, digest: job.digest, files: job.files, check: job.check } : { op, id, order: job.order },
    );
  }

  function post(request: ThreadRequest): void {
    thread?.postMessage(request);
  }

  function hold(digest: string): void {
    held.delete(digest);
    held.add(digest);
    if (held.size <= MAX_POLICIES) return;
    const [oldest] = held;
    held.delete(oldest!); // it has more than MAX_POLICIES
    post({ op: "drop", digest: oldest! });
  }

  /** The first of what was sent is being worked on from now. An answer that already lies in the mailbox is read first. */
  function watch(): void {
    cancelTimer();
    const [first] = sent;
    const own = thread;
    if (first === undefined || own === undefined) return;
    const fromMs = clock.monotonicMs();
    const later = (ms: number) => {
      cancelTimer = timers.after(ms, () => void setImmediate(() => void look()));
    };
    const limitMs = first.op === "decide" ? deadlineMs : first.check ? CHECK_DEADLINE_MS : LOAD_DEADLINE_MS;
    later(limitMs);

    async function look(): Promise<void> {
      const isOver = () => own !== thread || first !== sent[0];
      if (own === undefined || isOver()) return;
      const leftMs = first?.op === "decide" ? await timeLeftMs(own, limitMs) : 0;
      if (isOver()) return;
      const starved = clock.monotonicMs() - fromMs >= STARVED_TIMES * limitMs;
      if (leftMs > 0 && !starved) later(leftMs);
      else replace(own, "timeout");
    }
  }

  /** What of its time the thread has left for what it works on: none when it cannot be said. */
  async function timeLeftMs(own: Worker, limitMs: number): Promise<number> {
    const before = usedUs;
    // Asked of the system, not of the thread: one that hangs has used its time, and this says so.
    const now = await own.cpuUsage().catch(() => undefined);
    return before === undefined || now === undefined ? 0 : Math.ceil(limitMs - (now.user + now.system - before) / 1000);
  }

  function start(): void {
    const own = startThread();
    thread = own;
    usedUs = undefined;
    isStarted = true;
    cancelTimer = timers.after(START_DEADLINE_MS, () => replace(own, "timeout"));
    own.on("message", (answer: ThreadAnswer) => {
      if (own === thread) receive(own, answer);
    });
    own.on("error", (cause) => {
      log.error({ err: cause }, "the policy engine's thread failed");
      replace(own, "exit");
    });
    own.on("exit", () => replace(own, "exit"));
  }

  function receive(own: Worker, answer: ThreadAnswer): void {
    usedUs = answer.totalCpuUs;
    if (answer.op === "ready") {
      isReady = true;
      cancelTimer();
      pump();
      return;
    }
    const job = sent.shift();
    watch();
    if (answer.op === "loaded" && job?.op === "load") job.done(answer);
    if (answer.op === "decided" && job?.op === "decide") {
      job.done(answer.cpuUs > deadlineMs * 1000 ? undecided("core:engine-timeout") : answer.decided);
    }
    // Its wasm cannot be believed any more. What waits behind was not the cause and gets a new thread.
    if (answer.broken) replace(own, "trap");
    else pump();
  }

  function replace(lostThread: Worker, why: Lost | "trap"): void {
    if (lostThread !== thread || closed) return;
    cancelTimer();
    thread = undefined;
    isReady = false;
    held.clear();
    metrics.engineReplaced(why);
    log.warn({ why }, "the policy engine's thread is replaced");
    replacements = [...replacements.slice(1 - TROUBLE_COUNT), clock.monotonicMs()];
    void lostThread.terminate();
    const over = why === "trap" ? undefined : sent.shift();
    queue.unshift(...sent.splice(0));
    if (over !== undefined) {
      // A bundle the thread was lost over takes the decisions that need it along: they would only lose the next one.
      const digest = over.op === "load" ? over.digest : undefined;
      const behind = queue.filter((job) => job.op === "decide" && job.order.digest === digest);
      for (const job of behind) queue.splice(queue.indexOf(job), 1);
      for (const job of [over, ...behind]) giveUp(job, why === "timeout" ? "timeout" : "exit");
    }
    if (isTroubled()) {
      for (const job of queue.splice(0)) giveUp(job, "exit");
      cancelTimer = timers.after(RESTART_PAUSE_MS, start);
    } else start();
  }

  function isTroubled(): boolean {
    const [oldest] = replacements;
    return replacements.length === TROUBLE_COUNT && oldest! > clock.monotonicMs() - TROUBLE_WINDOW_MS; // not empty
  }
}

const LOST_LOAD: Loaded = { ok: false, broken: true, rules: 0, gates: [], findings: [], tests: [] };

function giveUp(job: Job, why: Lost): void {
  if (job.op === "load") job.done(undefined);
  else job.done(undecided(why === "timeout" ? "core:engine-timeout" : "core:engine-unavailable"));
}

/** The denial of a built-in rule, where nothing was evaluated. */
export function undecided(rule: CoreRuleId): Decided {
  const trouble = { rule, pointer: "", detail: "" };
  return { projection: undefined, targets: undefined, trouble, result: coreDenial(rule), evaluatedUs: 0 };
}

function startEngineThread(): Worker {
  const source = import.meta.url.endsWith(".ts") ? "./engine-thread.ts" : "./engine-thread.js";
  return new Worker(new URL(source, import.meta.url), { name: "countersign-policy" });
}
