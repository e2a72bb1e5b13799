/**
 * What falls due: deadlines, expiries, time-outs. A module puts a row when it promises that something happens at a time,
 * and removes it when that has become moot; the sweeper submits the module's command for each row whose time has come.
 * Nothing rests on the sweeper being on time: every command that uses a thing compares its expiry itself. The events a
 * due command appends have derived ids and the row is gone with the first of them, so two sweepers write them once.
 */
import { CountersignError } from "@countersign/evidence/errors";
import type { Command, Ledger, Reader, Transaction } from "./command.ts";
import { table } from "./table.ts";

/** One row for each thing that falls due; `about` is the input of the chore's command. */
export const due = table("due", {
  key: { chore: "text", subject: "text" },
  columns: { at_ms: "int", about: "json" },
  indexes: { soonest: ["chore", "at_ms"] },
});

/** Something the sweeper does: which inputs are waiting, and the command for each. Both are bounded. */
export type Chore = {
  readonly name: string;
  /** At most `limit` inputs whose time has come by `nowMs`. */
  find(reader: Reader, nowMs: number, limit: number): readonly unknown[];
} & (
  | {
      /** Does nothing when its input is no longer due. */
      readonly command: Command<unknown, unknown>;
    }
  | {
      /** For what must be asked outside before a command can be submitted; does nothing when it is no longer due. */
      readonly work: (tenant: string, input: unknown) => Promise<unknown>;
    }
);

/** The chore that runs `command` on the rows of {@link due} with its name, soonest first. */
export function dueChore<I>(command: Command<I, unknown>): Chore {
  return {
    name: command.name,
    find(reader, nowMs, limit) {
      const rows = reader.list(due, "soonest", [command.name], { limit });
      return rows.filter((row) => row.at_ms <= nowMs).map((row) => row.about);
    },
    // `about` was put as this command's input, by name; the table cannot say so.
    command: command as Command<unknown, unknown>,
  };
}

/**
 * Puts or moves a due row; the last word counts.
 *
 * @param chore name of the command that is due
 * @param about its input
 */
export function putDue(tx: Transaction, chore: string, subject: string, atMs: number, about: unknown): void {
  tx.put(due, { chore, subject, at_ms: atMs, about });
}

export function removeDue(tx: Transaction, chore: string, subject: string): void {
  tx.remove(due, { chore, subject });
}

export type SweeperOptions = {
  readonly ledger: Pick<Ledger, "submit" | "reader" | "tenants">;
  readonly nowMs: () => number;
  /** Calls back once, after `ms`; returns how to cancel it. */
  readonly after: (ms: number, call: () => void) => () => void;
  readonly chores: readonly Chore[];
  /** Told of what a chore could not do. The item is tried again later, less and less often. */
  readonly onTrouble: (chore: string, tenant: string, cause: unknown) => void;
  /** Pause between two rounds, in ms. */
  readonly everyMs: number;
};

export type Sweeper = {
  /** One round over all tenants; resolves with the number of commands carried out. Rounds never overlap. */
  sweep(): Promise<number>;
  /** Stops the timer and waits for the round under way. */
  close(): Promise<void>;
};

/** Commands of one chore and tenant in one round. More wait for the next, so that sweeping never crowds out callers. */
const BATCH = 64;
const MAX_PAUSE_MS = 10 * 60_000;
const REMEMBERED_RESTS = 4096;

/** Starts sweeping. */
export function openSweeper({ ledger, nowMs, after, chores, onTrouble, everyMs }: SweeperOptions): Sweeper {
  /** Items that failed, and when to look at them again: one that cannot be done must not be hammered. */
  const resting = new Map<string, { readonly untilMs: number; readonly pauseMs: number }>();
  let cancel = () => {};
  let closed = false;
  let round: Promise<number> = Promise.resolve(0);

  async function carryOut(chore: Chore, tenant: string, input: unknown): Promise<number> {
    const name = `${chore.name} ${tenant} ${JSON.stringify(input)}`;
    const rest = resting.get(name);
    if (rest !== undefined && rest.untilMs > nowMs()) return 0;
    try {
      if ("work" in chore) await chore.work(tenant, input);
      else await ledger.submit(chore.command, input, { tenant, actor: { type: "system", id: "sweeper" } });
      resting.delete(name);
      return 1;
    } catch (cause) {
      // A ledger that takes nothing now is told of by its own alarms; the item simply stays due.
      if (cause instanceof CountersignError && cause.status === 503) return 0;
      const pauseMs = Math.min((rest?.pauseMs ?? everyMs) * 2, MAX_PAUSE_MS);
      // Rests are only a courtesy: forgetting them costs one more try each.
      if (resting.size >= REMEMBERED_RESTS) resting.clear();
      resting.set(name, { untilMs: nowMs() + pauseMs, pauseMs });
      onTrouble(chore.name, tenant, cause);
      return 0;
    }
  }

  async function sweepOnce(): Promise<number> {
    let done = 0;
    for (const tenant of ledger.tenants()) {
      const reader = ledger.reader(tenant);
      if (reader === undefined) continue;
      for (const chore of chores) {
        if (closed) return done;
        // Items that rest are found again each time; they must not hide the ones behind them.
        const inputs = chore.find(reader, nowMs(), Math.min(BATCH + resting.size, 8 * BATCH));
        // Submitted together, so that they share one commit.
        const counts = await Promise.all(inputs.map((input) => carryOut(chore, tenant, input)));
        for (const count of counts) done += count;
      }
    }
    return done;
  }

  function sweep(): Promise<number> {
    round = round.then(sweepOnce, sweepOnce);
    return round;
  }

  function wait(): void {
    if (closed) return;
    cancel = after(everyMs, () => {
      sweep()
        .catch((cause: unknown) => onTrouble("sweep", "", cause))
        .finally(wait);
    });
  }
  wait();

  return {
    sweep,
    async close() {
      closed = true;
      cancel();
      await round.catch(() => 0);
    },
  };
}
