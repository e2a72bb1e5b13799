/**
 * Reading is evidence too. What opens something (a payload, a commitment, a pack) is recorded before the bytes leave, by
 * the command that hands it out; reads of events, timelines and lists are gathered here and recorded within a minute, so
 * that looking does not fill the log. A crash loses at most that minute of them.
 */
import { CountersignError } from "@countersign/evidence/errors";
import type { ActorBlock, EventOf } from "@countersign/evidence/event";
import type { Command, Ledger } from "../ledger/command.ts";
import type { Timers } from "../ledger/timers.ts";

type Access = EventOf<"evidence.accessed">["access"];
export type Read = Access["reads"][number];

/** Every read is recorded at the latest after this time. */
const RECORD_WITHIN_MS = 60_000;
/** A batch is recorded at once when it names this many things. */
const LARGEST_BATCH = 256;
/** Batches that may wait while the ledger takes nothing. */
const WAITING_BATCHES = 1024;

export const recordAccess: Command<Access, null> = {
  name: "packs.record-access",
  needs: () => ({}),
  run(tx, access) {
    tx.append("evidence.accessed", { access });
    return null;
  },
};

type Batch = { readonly tenant: string; readonly actor: ActorBlock; readonly reads: Map<string, Read>; count: number };

export type AccessLog = {
  /**
   * Says that somebody reads something now.
   * @throws CountersignError core:ledger-unavailable when so many reads wait unrecorded that no more may be given out
   */
  note(tenant: string, actor: ActorBlock, read: Read): void;
  /** Records what waits. */
  flush(): Promise<void>;
  /** Records what waits, and stops. */
  close(): Promise<void>;
};

export function openAccessLog(parts: {
  readonly ledger: Pick<Ledger, "submit">;
  readonly timers: Timers;
  readonly onTrouble: (cause: unknown) => void;
}): AccessLog {
  const { ledger, timers, onTrouble } = parts;
  let waiting = new Map<string, Batch>();
  let cancel: (() => void) | undefined;
  let recording: Promise<void> = Promise.resolve();

  async function record(batches: ReadonlyMap<string, Batch>): Promise<void> {
    for (const [key, batch] of batches) {
      const { tenant, actor, reads, count } = batch;
      try {
        await ledger.submit(recordAccess, { reads: [...reads.values()], count }, { tenant, actor });
      } catch (cause) {
        onTrouble(cause);
        // A ledger that takes nothing now will take it later; what it refuses for good would only grow here.
        if (!(cause instanceof CountersignError) || cause.status !== 503) continue;
        merge(waiting, key, batch);
        schedule();
      }
    }
  }

  function flush(): Promise<void> {
    cancel?.();
    cancel = undefined;
    const batches = waiting;
    waiting = new Map();
    recording = recording.then(() => record(batches));
    return recording;
  }

  function schedule(): void {
    cancel ??= timers.after(RECORD_WITHIN_MS, () => void flush());
  }

  return {
    note(tenant, actor, read) {
      if (waiting.size >= WAITING_BATCHES) throw new CountersignError("core:ledger-unavailable");
      const key = `${tenant} ${actor.type} ${actor.id} ${actor.credential ?? ""}`;
      merge(waiting, key, { tenant, actor, reads: new Map([[`${read.kind} ${read.id}`, read]]), count: 1 });
      if (waiting.get(key)!.reads.size >= LARGEST_BATCH) void flush();
      else schedule();
    },
    flush,
    async close() {
      await flush();
      cancel?.();
    },
  };
}

/** Adds a batch to another of the same key, up to what one event can name; all of it is counted. */
function merge(batches: Map<string, Batch>, key: string, { tenant, actor, reads, count }: Batch): void {
  const there = batches.get(key) ?? { tenant, actor, reads: new Map<string, Read>(), count: 0 };
  batches.set(key, there);
  there.count += count;
  for (const [name, read] of reads) if (there.reads.size < LARGEST_BATCH) there.reads.set(name, read);
}
