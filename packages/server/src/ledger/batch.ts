/**
 * One batch while it is built and until it is released: what its commands appended and changed, as an overlay above the
 * engine's committed rows. Nothing here is visible outside the ledger before it is durable and signed.
 */
import type { RunState } from "@countersign/evidence/run";
import type { EncodedRow, NewEntry, Row, StoredSubmission, WriteBatch } from "./engine.ts";
import type { Head, LogState } from "./log-state.ts";
import type { Table } from "./table.ts";

/** A run as commands see it: its state after its newest event, that event's leaf hash, and how many events it has. */
export type RunView = {
  readonly id: Uint8Array;
  readonly state: RunState;
  readonly leaf: Uint8Array;
  readonly events: number;
};

/** A row put, or a key removed, by a command: already as the engine keeps it. */
export type RowChange =
  | { readonly table: Table; readonly row: EncodedRow }
  | { readonly table: Table; readonly removed: EncodedRow };

/** What one command did, before it is merged into its batch; a command that throws leaves only this behind. */
export class Changes {
  readonly rows = new Map<string, RowChange>();
  readonly runs = new Map<string, RunView>();
}

export type Submitted = StoredSubmission & { readonly scope: string; readonly key: string };

/** A log's time in one batch: max(head's ts, node clock), fixed when the batch first touches it. */
export type LogTime = { readonly tsMs: number; readonly ts: string };

/** What a batch did to one log. */
export class LogChanges extends Changes {
  readonly submissions = new Map<string, Submitted>();
  readonly eventIds = new Set<string>();
  /** The tenant itself is new. */
  created = false;
}

/** Whoever waits for a batch: told when it is durable and signed, or why not. */
export type Waiter = {
  readonly log: LogState | undefined;
  release(): void;
  reject(error: Error): void;
};

export class Batch {
  /** The node's clocks when the batch was opened. */
  readonly nowMs: number;
  readonly monotonicMs: number;
  readonly times = new Map<LogState, LogTime>();
  readonly logs = new Map<LogState, LogChanges>();
  readonly entries: NewEntry[] = [];
  readonly waiters: Waiter[] = [];
  /** Where each log it wrote stood when it closed. */
  readonly heads = new Map<LogState, Head>();
  /** Entries of each log that its commands looked at or made: nothing is told before these are signed. */
  readonly seen = new Map<LogState, number>();
  /** Logs whose run states it writes, all of them. */
  readonly runsOf = new Set<LogState>();
  /** Bytes of its entries. */
  sizeBytes = 0;

  constructor(nowMs: number, monotonicMs: number) {
    this.nowMs = nowMs;
    this.monotonicMs = monotonicMs;
  }

  /** Whether any command of it changed anything. */
  get writes(): boolean {
    return this.logs.size > 0;
  }

  /** Adds someone to be told, once everything that is in the log by now is signed. */
  addWaiter(waiter: Waiter): void {
    this.waiters.push(waiter);
    if (waiter.log !== undefined) this.seen.set(waiter.log, waiter.log.head.size);
  }

  changesOf(log: LogState): LogChanges {
    let changes = this.logs.get(log);
    if (changes === undefined) {
      changes = new LogChanges();
      this.logs.set(log, changes);
    }
    return changes;
  }

  /**
   * Everything to be written. Called once, when the batch closes: heads and tile hashes are taken as they then are.
   *
   * @param signed logs with a new checkpoint to write back, whether or not the batch touches them
   * @param runsOf logs whose run states are to be written, whether or not the batch touches them
   */
  close(signed: Iterable<LogState>, runsOf: Iterable<LogState>): WriteBatch {
    const touched = [...this.logs];
    for (const [log] of touched) this.heads.set(log, log.head);
    for (const log of runsOf) this.runsOf.add(log);
    const heads = new Set<LogState>([...this.logs.keys(), ...signed, ...this.runsOf]);
    return {
      tenants: touched.flatMap(([log, { created }]) =>
        created ? [{ tenant: log.tenant, id: log.id, originHost: log.originHost }] : [],
      ),
      entries: this.entries,
      nodes: touched.flatMap(([log]) =>
        log.tree.takeFilled().map((filled) => ({ tenant: log.tenant, epoch: log.epoch, ...filled })),
      ),
      heads: [...heads].map((log) => ({
        tenant: log.tenant,
        epoch: log.epoch,
        size: log.head.size,
        tsMs: log.head.tsMs,
        leaf: log.head.leaf,
        controls: log.head.controls,
        controlLeaf: log.head.controlLeaf,
        runsSize: this.runsOf.has(log) ? log.head.size : log.runsSize,
        signedSize: log.signed.size,
        note: log.signed.note,
      })),
      runs: [...this.runsOf].flatMap((log) =>
        [...new Map([...log.runs, ...(this.logs.get(log)?.runs ?? [])]).values()].map(
          ({ id, events, leaf, state }) => ({
            tenant: log.tenant,
            run: id,
            events,
            leaf,
            state: JSON.stringify(state),
          }),
        ),
      ),
      submissions: touched.flatMap(([log, { submissions }]) =>
        [...submissions.values()].map((submission) => ({ tenant: log.tenant, ...submission })),
      ),
      puts: touched.flatMap(([log, { rows }]) =>
        [...rows.values()].flatMap((change) =>
          "row" in change ? [{ tenant: log.tenant, table: change.table, row: change.row }] : [],
        ),
      ),
      removals: touched.flatMap(([log, { rows }]) =>
        [...rows.values()].flatMap((change) =>
          "removed" in change ? [{ tenant: log.tenant, table: change.table, key: change.removed }] : [],
        ),
      ),
    };
  }
}

/** Names a row within its tenant: the table, then each column of the key as JSON, so that no two keys meet. */
export function rowKey(table: Table, key: Row): string {
  let text = table.name;
  for (const column in table.key) text += `\n${JSON.stringify(key[column])}`;
  return text;
}

/** Names an idempotency key within its tenant. A scope holds no newline: it is a credential's id or `os:<uid>`. */
export function submissionKey(scope: string, key: string): string {
  return `${scope}\n${key}`;
}
