/**
 * A thread in which recorded decisions are made again: its own engine, so that no simulation and no shadow ever stands in
 * the way of a decision, and its own clock, because what it decides on came from outside once.
 */
import { Worker } from "node:worker_threads";
import { CountersignError } from "@countersign/evidence/errors";
import type { Bundle } from "@countersign/evidence/policy";
import type { Timers } from "../ledger/timers.ts";
import type { ReplayAnswers, ReplayRequest } from "./replay-thread.ts";

export type ReplayHost = {
  /**
   * Asks the thread. Requests are carried out one after the other.
   *
   * @throws CountersignError core:engine-unavailable when the thread was lost over it, or before
   */
  ask<O extends ReplayRequest["op"]>(request: Extract<ReplayRequest, { op: O }>): Promise<ReplayAnswers[O]>;
  /** Gives it a bundle, to be named by its digest from then on; false when nobody can decide by it. */
  load(digest: string, files: Bundle["files"]): Promise<{ readonly ok: boolean }>;
  /** Whether it answers nothing any more. */
  isLost(): boolean;
  close(): Promise<void>;
};

export type ReplayOptions = {
  readonly timers: Timers;
  /** How long one evaluation may take; a request has as much for each of its decisions. */
  readonly deadlineMs: number;
  /** Starts a thread; tests put in one that hangs or dies. */
  readonly startThread?: () => Worker;
};

const LOAD_DEADLINE_MS = 10_000;
const START_DEADLINE_MS = 15_000;
/** For what takes no evaluations. */
const REST_DEADLINE_MS = 60_000;

type Pending = { resolve(answer: unknown): void; reject(cause: Error): void };
type Message = { readonly ready: string } | { readonly answer: unknown; readonly broken: boolean };

export function openReplay({ timers, deadlineMs, startThread = startReplayThread }: ReplayOptions): ReplayHost {
  const thread = startThread();
  let lost: string | undefined;
  let pending: Pending | undefined;
  let cancelTimer = () => {};
  let last: Promise<unknown> = new Promise<void>((resolve, reject) => {
    pending = { resolve: () => resolve(), reject };
    watch(START_DEADLINE_MS);
  });
  last.catch(() => undefined); // whoever asks is told

  thread.on("message", (message: Message) => {
    cancelTimer();
    // What an engine says that trapped meanwhile cannot be believed.
    if ("answer" in message && message.broken) return lose("its wasm trapped");
    const asked = pending;
    pending = undefined;
    asked?.resolve("answer" in message ? message.answer : undefined);
  });
  thread.on("error", (cause) => lose(cause.message));
  thread.on("exit", () => lose("it ended"));

  function watch(limitMs: number): void {
    cancelTimer = timers.after(limitMs, () => lose(`it took more than ${limitMs} ms`));
  }

  function lose(why: string): void {
    if (lost !== undefined) return;
    lost = why;
    cancelTimer();
    void thread.terminate();
    pending?.reject(unavailable(why));
    pending = undefined;
  }

  function ask<O extends ReplayRequest["op"]>(request: Extract<ReplayRequest, { op: O }>): Promise<ReplayAnswers[O]> {
    const asked = last.then(
      () =>
        new Promise<unknown>((resolve, reject) => {
          if (lost !== undefined) return reject(unavailable(lost));
          pending = { resolve, reject };
          watch(limitOf(request, deadlineMs));
          thread.postMessage(request);
        }),
    );
    last = asked.catch(() => undefined);
    // The thread answers each request with what its op is answered with.
    return asked as Promise<ReplayAnswers[O]>;
  }

  return {
    ask,
    load: (digest, files) => ask({ op: "load", digest, files }),

    isLost: () => lost !== undefined,

    async close() {
      lose("closed");
      await thread.terminate();
    },
  };
}

function limitOf(request: ReplayRequest, deadlineMs: number): number {
  switch (request.op) {
    case "load":
      return LOAD_DEADLINE_MS;
    case "add":
      return REST_DEADLINE_MS + 2 * deadlineMs * request.decisions.length;
    case "again":
      return REST_DEADLINE_MS + deadlineMs * request.batch.lengths.length;
    case "decide":
      return REST_DEADLINE_MS + deadlineMs * request.projections.length;
    default:
      return REST_DEADLINE_MS;
  }
}

function unavailable(why: string): CountersignError {
  return new CountersignError("core:engine-unavailable", { detail: `The engine that decides again was lost: ${why}.` });
}

function startReplayThread(): Worker {
  const source = import.meta.url.endsWith(".ts") ? "./replay-thread.ts" : "./replay-thread.js";
  return new Worker(new URL(source, import.meta.url), { name: "countersign-replay" });
}
