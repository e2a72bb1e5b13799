/**
 * One thread for decisions made again, kept between uses: starting it and warming its engine costs as much as thousands of
 * decisions. Uses are exclusive and come one after the other. An engine never frees what it was given, so the thread is
 * replaced when it has seen enough bundles, when it was lost, and when nobody needs it.
 */
import { CountersignError } from "@countersign/evidence/errors";
import { openReplay, type ReplayHost, type ReplayOptions } from "./replay-host.ts";

export type Replays = {
  /** Runs `work` alone on the thread. @throws CountersignError core:engine-unavailable, core:overloaded, and what `work` throws */
  use<T>(work: (host: ReplayHost) => Promise<T>): Promise<T>;
  /** How many uses wait or run. */
  waiting(): number;
  close(): Promise<void>;
};

/** Uses that run or wait at once. */
const MOST_WAITING = 8;
const MOST_LOADS = 64;
const IDLE_MS = 5 * 60_000;

export function openReplays(options: ReplayOptions): Replays {
  let host: (ReplayHost & { loads: number }) | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let cancelIdle = () => {};

  async function drop(): Promise<void> {
    const old = host;
    host = undefined;
    await old?.close();
  }

  async function run<T>(work: (host: ReplayHost) => Promise<T>): Promise<T> {
    cancelIdle();
    if (host !== undefined && host.loads >= MOST_LOADS) await drop();
    host ??= counted(openReplay(options));
    const own = host;
    try {
      return await work(own);
    } finally {
      if (own.isLost()) await drop();
      cancelIdle = options.timers.after(IDLE_MS, () => {
        if (waiting === 0) void drop();
      });
    }
  }

  return {
    use(work) {
      if (waiting >= MOST_WAITING) {
        const detail = "Too many simulations and re-executions wait already.";
        return Promise.reject(new CountersignError("core:overloaded", { detail }));
      }
      waiting++;
      const done = last.then(() => run(work));
      last = done.then(
        () => waiting--,
        () => waiting--,
      );
      return done;
    },

    waiting: () => waiting,

    async close() {
      cancelIdle();
      await drop();
    },
  };
}

function counted(host: ReplayHost): ReplayHost & { loads: number } {
  /** What was made of the bundles it holds. */
  const loaded = new Map<string, Promise<{ readonly ok: boolean }>>();
  const own: ReplayHost & { loads: number } = {
    ...host,
    loads: 0,
    load(digest, files) {
      let load = loaded.get(digest);
      if (load === undefined) {
        own.loads++;
        load = host.load(digest, files);
        loaded.set(digest, load);
      }
      return load;
    },
  };
  return own;
}
