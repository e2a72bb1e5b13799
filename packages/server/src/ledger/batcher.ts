/**
 * Runs commands in batches: in order over an overlay, one durable write, then the signature, then the answers.
 *
 * There is no timer: a batch is written whenever no write is in flight, and the next one is built meanwhile over the
 * overlay of the one being written. Signing one batch overlaps the write of the next. Nothing a batch decided, refusals
 * included, leaves before the batch and all before it are durable and signed; after a write whose outcome is unknown
 * everything in memory is dropped and read again from disk. Whoever waited retries by idempotency key.
 */
import { assert, CountersignError } from "@countersign/evidence/errors";
import { equalBytes } from "@countersign/evidence/hash";
import { parseId } from "@countersign/evidence/ids";
import type { Clock } from "../base/clock.ts";
import { type Below, PendingTransaction, type Randomness, rowOf, type Sources, SYSTEM } from "./append.ts";
import { Batch, type LogTime, type RunView, rowKey, submissionKey, type Waiter } from "./batch.ts";
import type { Appended, Command, Submission } from "./command.ts";
import type { Engine, LoadNeeds, Row, RowCodec, StoredRun, StoredSubmission } from "./engine.ts";
import { EntryArena } from "./entry-bytes.ts";
import { LogState, newLog, runView } from "./log-state.ts";
import { openLogs } from "./opening.ts";
import { later, Releaser, refusalOf } from "./releaser.ts";
import { RunCache } from "./run-cache.ts";
import type { Signer } from "./signer/protocol.ts";
import { recordSignerReset } from "./tenant-log.ts";
import type { Timers } from "./timers.ts";

export type BatcherOptions = {
  readonly openEngine: () => Promise<Engine>;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: Randomness;
  readonly timers: Timers;
  readonly limits: Limits;
  /** Told of what an operator must hear: a failed write, a signer that is away or refuses. */
  readonly alarm: (what: string, detail: string) => void;
  /** Whether a signer that has forgotten what it signed may sign on when the ledger opens. */
  readonly acceptSignerReset: boolean;
};

/** Bounds of what waits; beyond them a submission is refused with core:overloaded. */
export type Limits = { readonly queueCommands: number; readonly queueBytes: number };

/** A tenant to be made by the command that comes with it. */
export type NewTenant = { readonly id: string; readonly originHost: string };

type Task = {
  readonly tenant: string;
  readonly create: NewTenant | undefined;
  readonly command: Command<unknown, unknown>;
  readonly input: unknown;
  readonly by: Submission;
  readonly sizeBytes: number;
  readonly resolve: (appended: Appended<unknown>) => void;
  readonly reject: (error: Error) => void;
};

/** What a slice of commands asked for, loaded at once. */
type LoadedFor = {
  readonly rows: ReadonlyMap<string, Row | undefined>;
  readonly runs: ReadonlyMap<string, StoredRun | undefined>;
  readonly submission: StoredSubmission | undefined;
};
type Plan = {
  readonly task: Task;
  readonly refusal: Error | undefined;
  readonly rows: readonly (LoadNeeds["rows"][number] & { readonly name: string })[];
  readonly runs: readonly { readonly runId: string; readonly load: LoadNeeds["runs"][number] | undefined }[];
  readonly submissions: LoadNeeds["submissions"];
};
const NO_NEEDS = { refusal: undefined, rows: [], runs: [], submissions: [] } as const;
type Prepared = { readonly task: Task; readonly loaded: LoadedFor | Error };

/** Commands run between two looks at the event loop: fewer cost more batches, more keep the writer's answers waiting. */
const LEAST_SLICE = 64;
const LARGEST_SLICE = 512;
const LARGEST_BATCH_ENTRIES = 4096;
const LARGEST_BATCH_BYTES = 16 * 1024 * 1024;
/** A command's input counts as this much when its submitter does not say. */
const ASSUMED_INPUT_BYTES = 1024;
/** New checkpoints and run states are written back after this long without a batch that would carry them. */
const REST_MS = 50;
/** Run states in memory, over all logs, and entries of one log behind the stored ones: beyond, they are written. */
const MANY_RUN_STATES = 1024;
const MANY_ENTRIES = 2048;
const LONGEST_WRITE_MS = 30_000;
const RETRY_MS = 250;
const CLOCK_BACK_MS = 2_000;
const CLOCK_AHEAD_MS = 30_000;

export class Batcher {
  readonly #options: BatcherOptions;
  #engine: Engine;
  #logs: Map<string, LogState>;
  readonly #sources: Sources;
  readonly #runCache = new RunCache();
  #phase: "serving" | "recovering" | "closed" = "serving";

  #queue: Task[] = [];
  #queueBytes = 0;
  #scheduled = false;
  #open: Batch;
  #committing: Batch | undefined;

  readonly #releaser: Releaser;
  readonly #unwrittenNotes = new Set<LogState>();
  /** Logs with run states newer than the stored ones. */
  readonly #unwrittenRuns = new Set<LogState>();
  #restTimer: (() => void) | undefined;
  #idle: (() => void)[] = [];

  /** @throws CountersignError data-unsafe, schema-newer, signer-refused, signer-forgot, core:signer-unavailable */
  static async open(options: BatcherOptions): Promise<Batcher> {
    const engine = await options.openEngine();
    try {
      // What the checkpoint in the database covers; opening replaces it by the signer's.
      const covered = new Map(engine.logs().map(({ id, signedSize }) => [id, signedSize]));
      const logs = await openLogs(engine, options.signer, options.acceptSignerReset);
      const refused = logs.find((log) => log.refused !== undefined);
      if (refused !== undefined) throw refusalOf(refused);
      const batcher = new Batcher(options, engine, logs);
      batcher.#takeUp(logs);
      // Before anything is signed: no signature over such a log exists that does not cover what says so.
      for (const log of logs) {
        if (log.remembered === undefined) continue;
        const about = { remembered: log.remembered, covered: covered.get(log.id) ?? 0 };
        options.alarm("a signer that had forgotten was let sign on", `${log.origin}: ${JSON.stringify(about)}`);
        await batcher.submit(recordSignerReset, about, { tenant: log.id, actor: SYSTEM });
        log.remembered = undefined;
      }
      await batcher.#releaser.sign();
      if (batcher.#releaser.away !== undefined) throw batcher.#releaser.away;
      return batcher;
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  private constructor(options: BatcherOptions, engine: Engine, logs: readonly LogState[]) {
    this.#options = options;
    this.#engine = engine;
    this.#logs = new Map(logs.map((log) => [log.id, log]));
    this.#open = this.#newBatch();
    const { signer, timers, alarm, random } = options;
    this.#sources = { random, arena: new EntryArena() };
    this.#releaser = new Releaser({
      signer,
      timers,
      alarm,
      engine: () => this.#engine,
      log: (tenant) => this.log(tenant),
      onSigned: (log) => {
        this.#unwrittenNotes.add(log);
        this.#writeAtRest();
      },
      onAway: (refusal) => this.#rejectQueue(refusal),
      onRest: () => this.#settleIdle(),
    });
  }

  get engine(): Engine {
    return this.#engine;
  }

  /** Logs under a signed checkpoint. */
  log(tenant: string): LogState | undefined {
    const log = this.#logs.get(tenant);
    return log !== undefined && log.signed.size > 0 ? log : undefined;
  }

  logs(): readonly LogState[] {
    return [...this.#logs.values()].filter((log) => log.signed.size > 0);
  }

  /** Commands waiting or being carried out; for metrics. */
  get waiting(): number {
    return this.#queue.length + this.#open.waiters.length + (this.#committing?.waiters.length ?? 0);
  }

  /** Why no tenant's commands are taken in now; undefined when they are. */
  get trouble(): string | undefined {
    if (this.#phase !== "serving") return "the database is being opened again";
    return this.#releaser.away === undefined ? undefined : "the signer is away";
  }

  submit<I, A>(command: Command<I, A>, input: I, by: Submission, create?: NewTenant): Promise<Appended<A>> {
    return new Promise((resolve, reject) => {
      const refusal = this.#refusal(by.tenant, create);
      if (refusal !== undefined) return reject(refusal);
      const sizeBytes = by.sizeBytes ?? ASSUMED_INPUT_BYTES;
      const { queueCommands, queueBytes } = this.#options.limits;
      if (this.#queue.length >= queueCommands || this.#queueBytes + sizeBytes > queueBytes) {
        return reject(later("core:overloaded"));
      }
      this.#queueBytes += sizeBytes;
      // The queue holds commands of every kind; each is only ever run with the input it was submitted with.
      const task = { tenant: by.tenant, create, command, input, by, sizeBytes, resolve, reject } as unknown as Task;
      this.#queue.push(task);
      this.#schedule();
    });
  }

  permitToken(tenant: string, index: number): Promise<string> {
    return this.#releaser.permitToken(tenant, index);
  }

  grown(tenant: string, size: number, timeoutMs: number): Promise<void> {
    return this.#releaser.grown(tenant, size, timeoutMs);
  }

  /** Lets everything submitted so far finish, writes the newest checkpoints back and closes the engine. */
  async close(): Promise<void> {
    if (this.#phase === "closed") return;
    await this.#whenIdle();
    const serving = this.#phase === "serving";
    this.#phase = "closed";
    this.#restTimer?.();
    this.#releaser.close();
    if (!serving) return; // the engine is closed, or will be by the one who is opening it
    try {
      if (this.#unwrittenNotes.size > 0 || this.#unwrittenRuns.size > 0) {
        await this.#engine.write(this.#open.close(this.#unwrittenNotes, this.#unwrittenRuns));
      }
    } finally {
      await this.#engine.close();
    }
  }

  // ── Taking in ────────────────────────────────────────────────────────────────────────────────────────────────────

  #refusal(tenant: string, create: NewTenant | undefined): CountersignError | undefined {
    if (this.#phase !== "serving") return later("core:ledger-unavailable");
    if (this.#releaser.away !== undefined) return this.#releaser.away;
    const log = this.#logs.get(tenant);
    if (log?.refused !== undefined) return refusalOf(log);
    if (log === undefined && create === undefined) return new CountersignError("not-found");
    return undefined;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // After the callbacks that are due: those who submit together go into one batch.
    setImmediate(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#phase !== "serving") return;
    const full = this.#open.entries.length >= LARGEST_BATCH_ENTRIES || this.#open.sizeBytes >= LARGEST_BATCH_BYTES;
    if (!full && this.#queue.length > 0) {
      const tasks = this.#queue.splice(0, this.#sliceCommands());
      for (const task of tasks) this.#queueBytes -= task.sizeBytes;
      try {
        for (const prepared of this.#prepare(tasks)) this.#open.addWaiter(this.#execute(prepared));
      } catch (error) {
        // The database cannot be read, or a command broke the ledger itself: nothing built on it is written.
        for (const task of tasks) task.reject(later("core:ledger-unavailable", error));
        void this.#recover(asError(error));
        return;
      }
    }
    this.#flush();
    if (this.#queue.length > 0 && !(full && this.#committing !== undefined)) this.#schedule();
    this.#settleIdle();
  }

  /** Half of those who wait: one half is built while the other is written. More would leave one of the two idle. */
  #sliceCommands(): number {
    return Math.min(Math.max(Math.ceil((this.waiting + this.#releaser.held) / 2), LEAST_SLICE), LARGEST_SLICE);
  }

  // ── Building ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #newBatch(): Batch {
    const { clock } = this.#options;
    return new Batch(clock.nowMs(), clock.monotonicMs());
  }

  /** Loads what the commands look at, in one go. */
  #prepare(tasks: readonly Task[]): Prepared[] {
    if (!this.#open.writes && this.#open.waiters.length === 0) this.#open = this.#newBatch(); // time starts with the first
    const plans = tasks.map((task) => this.#plan(task));
    const found = this.#engine.load({
      rows: plans.flatMap(({ rows }) => rows),
      runs: plans.flatMap(({ runs }) => runs.flatMap(({ load }) => (load === undefined ? [] : [load]))),
      submissions: plans.flatMap(({ submissions }) => submissions),
    });
    let row = 0;
    let run = 0;
    let submission = 0;
    return plans.map(({ task, refusal, rows, runs: wanted, submissions }) => {
      const runs = new Map(
        wanted.map(({ runId, load }) => [runId, load === undefined ? undefined : found.runs[run++]]),
      );
      const log = this.#logs.get(task.tenant);
      if (log !== undefined) this.#loadAncestors(log, runs);
      return {
        task,
        loaded: refusal ?? {
          rows: new Map(rows.map(({ name }) => [name, found.rows[row++]])),
          runs,
          submission: submissions.length === 0 ? undefined : found.submissions[submission++],
        },
      };
    });
  }

  /** What a run does is charged to the runs above it: whoever asks for a run gets those with it. */
  #loadAncestors(log: LogState, runs: Map<string, StoredRun | undefined>): void {
    for (const [runId, stored] of [...runs]) {
      let parent = this.#runIn(log, runId, stored)?.state.parent;
      while (parent !== undefined && !runs.has(parent)) {
        const run = this.#knowsRun(log, parent) ? undefined : parseId("run", parent);
        const need = run === undefined ? [] : [{ tenant: log.tenant, run }];
        const above =
          need.length === 0 ? undefined : this.#engine.load({ rows: [], runs: need, submissions: [] }).runs[0];
        runs.set(parent, above);
        parent = this.#runIn(log, parent, above)?.state.parent;
      }
    }
  }

  /** The newest state of a run, the batch being built included. */
  #runIn(log: LogState, runId: string, stored: StoredRun | undefined): RunView | undefined {
    const overlaid = this.#open.logs.get(log)?.runs.get(runId) ?? this.#committing?.logs.get(log)?.runs.get(runId);
    return overlaid ?? log.runs.get(runId) ?? this.#runCache.get(log.id, runId) ?? runView(runId, stored);
  }

  /** What one command asks for. A command that asks for nonsense is refused alone. */
  #plan(task: Task): Plan {
    const log = this.#logs.get(task.tenant);
    if (log === undefined) return { task, ...NO_NEEDS };
    const { tenant } = log;
    try {
      const needs = task.command.needs(task.input);
      const rows = (needs.rows ?? []).map(({ table, key }) => ({
        tenant,
        table,
        key: this.#engine.encodeKey(table, key),
        name: rowKey(table, key),
      }));
      const runs = (needs.runs ?? []).map((runId) => {
        const run = this.#knowsRun(log, runId) ? undefined : parseId("run", runId);
        return { runId, load: run && { tenant, run } };
      });
      const { idempotency } = task.by;
      return { task, refusal: undefined, rows, runs, submissions: idempotency ? [{ tenant, ...idempotency }] : [] };
    } catch (error) {
      return { task, ...NO_NEEDS, refusal: asError(error) };
    }
  }

  /** Runs one command over the batch so far; what it comes to is told when the batch is released. */
  #execute({ task, loaded }: Prepared): Waiter {
    const { command, input, by, create } = task;
    const log = this.#logs.get(task.tenant) ?? (create && this.#unmadeLog(create));
    if (log === undefined) return refused(task, log, new CountersignError("not-found"));
    if (log.refused !== undefined) return refused(task, log, refusalOf(log));
    if (loaded instanceof Error) return refused(task, log, loaded);
    const { idempotency } = by;
    if (idempotency !== undefined) {
      const before = this.#submitted(log, submissionKey(idempotency.scope, idempotency.key)) ?? loaded.submission;
      if (before !== undefined) return replayed(task, log, before);
    }
    if (create !== undefined && this.#logs.has(create.id)) {
      return refused(task, log, new CountersignError("tenant-exists"));
    }
    const tx = new PendingTransaction(log, this.#timeOf(log), by, this.#below(log, loaded), this.#sources);
    let answer: unknown;
    try {
      answer = command.run(tx, input);
      tx.finish();
    } catch (error) {
      return refused(task, log, asError(error));
    }
    const firstIndex = log.head.size;
    const count = tx.entries.length;
    if (create !== undefined) {
      this.#logs.set(create.id, log);
      this.#open.changesOf(log).created = true;
    }
    this.#merge(log, tx);
    if (idempotency !== undefined) {
      const { scope, key, bodyHash } = idempotency;
      const text = JSON.stringify(answer ?? null);
      const submitted = { scope, key, bodyHash, answer: text, epoch: log.epoch, firstIndex, count };
      this.#open.changesOf(log).submissions.set(submissionKey(scope, key), submitted);
    }
    const done = indexes(firstIndex, count);
    return {
      log,
      reject: task.reject,
      release: () => task.resolve({ answer, indexes: done, checkpoint: log.signed.note, replayed: false }),
    };
  }

  #merge(log: LogState, tx: PendingTransaction): void {
    if (tx.entries.length === 0 && tx.changes.rows.size === 0) return;
    const changes = this.#open.changesOf(log);
    for (const [key, change] of tx.changes.rows) changes.rows.set(key, change);
    for (const [runId, run] of tx.changes.runs) changes.runs.set(runId, run);
    for (const eventId of tx.eventIds) changes.eventIds.add(eventId);
    for (const entry of tx.entries) {
      this.#open.entries.push(entry);
      this.#open.sizeBytes += entry.bytes.length;
      log.tree.append(entry.leaf);
    }
    log.permits.push(...tx.permits);
    log.head = tx.head;
  }

  #submitted(log: LogState, key: string): StoredSubmission | undefined {
    return this.#open.logs.get(log)?.submissions.get(key) ?? this.#committing?.logs.get(log)?.submissions.get(key);
  }

  #below(log: LogState, loaded: LoadedFor): Below {
    const open = this.#open.logs.get(log);
    const committing = this.#committing?.logs.get(log);
    const engine = this.#engine;
    return {
      codec: engine,
      row(key, table) {
        assert(loaded.rows.has(key), `the command asked for the row of ${table.name} it reads`);
        const change = open?.rows.get(key) ?? committing?.rows.get(key);
        return change === undefined ? loaded.rows.get(key) : rowOf(change, engine);
      },
      run: (runId) => {
        assert(loaded.runs.has(runId), "the command asked for the run it reads");
        return this.#runIn(log, runId, loaded.runs.get(runId));
      },
      hasEvent: (eventId) => {
        if (open?.eventIds.has(eventId) || committing?.eventIds.has(eventId)) return true;
        const bytes = parseId("evt", eventId);
        return bytes !== undefined && engine.hasEvent(log.tenant, bytes);
      },
    };
  }

  #knowsRun(log: LogState, runId: string): boolean {
    return (
      log.runs.has(runId) ||
      this.#open.logs.get(log)?.runs.has(runId) === true ||
      this.#committing?.logs.get(log)?.runs.has(runId) === true ||
      this.#runCache.get(log.id, runId) !== undefined
    );
  }

  /** The log of a tenant about to be made; it counts only when the command that makes it has run. */
  #unmadeLog({ id, originHost }: NewTenant): LogState {
    const tenant = 1 + Math.max(0, ...[...this.#logs.values()].map((log) => log.tenant));
    return new LogState(newLog(tenant, id, originHost, 1), this.#engine);
  }

  /** The log's time in this batch; when the node's clock has jumped since the last one, that is recorded first. */
  #timeOf(log: LogState): LogTime {
    const batch = this.#open;
    const known = batch.times.get(log);
    if (known !== undefined) return known;
    const tsMs = Math.max(log.head.tsMs, batch.nowMs);
    const time = { tsMs, ts: new Date(tsMs).toISOString() };
    batch.times.set(log, time);
    const driftMs = batch.nowMs - batch.monotonicMs;
    // After a start there is no drift to compare with, only the head's time.
    const steppedMs = log.driftMs === undefined ? Math.min(0, batch.nowMs - log.head.tsMs) : driftMs - log.driftMs;
    log.driftMs = driftMs;
    const direction = steppedMs < -CLOCK_BACK_MS ? "back" : steppedMs > CLOCK_AHEAD_MS ? "ahead" : undefined;
    const writable = log.head.size > 0 && log.head.control.log?.closed === false;
    if (direction === undefined || !writable) return time;
    const tx = new PendingTransaction(log, time, { actor: SYSTEM }, nothingBelow(this.#engine), this.#sources);
    tx.append("log.clock.jumped", {
      clock: {
        head: new Date(log.head.tsMs).toISOString(),
        node: new Date(batch.nowMs).toISOString(),
        direction,
      },
    });
    this.#merge(log, tx);
    return time;
  }

  // ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #flush(): void {
    if (this.#committing !== undefined || this.#phase !== "serving") return;
    const batch = this.#open;
    if (batch.writes) void this.#commit(batch);
    else if (batch.waiters.length > 0) {
      this.#open = this.#newBatch();
      this.#releaser.take(batch);
    }
  }

  async #commit(batch: Batch, atRest = false): Promise<void> {
    this.#committing = batch;
    const write = batch.close(this.#unwrittenNotes, atRest ? this.#unwrittenRuns : this.#dueRuns(batch));
    this.#unwrittenNotes.clear();
    this.#open = this.#newBatch();
    try {
      const leaves = await this.#inTime(this.#engine.write(write));
      // What is stored is what will be signed; anything else must not be.
      if (this.#committing !== batch) return; // given up meanwhile
      const stored = leaves.every((leaf, i) => equalBytes(leaf, write.entries[i]!.leaf));
      if (!stored) throw new Error("the entries read back after the commit are not those that were written");
    } catch (error) {
      if (this.#committing === batch) await this.#recover(asError(error));
      return;
    }
    this.#committing = undefined;
    for (const [log, head] of batch.heads) {
      log.committed = head;
      log.tree.committed(head.size);
      for (const [runId, run] of batch.changesOf(log).runs) log.runs.set(runId, run);
      if (log.runs.size > 0) this.#unwrittenRuns.add(log);
    }
    for (const log of batch.runsOf) {
      this.#runCache.keep(log.id, log.runs);
      log.runs = new Map();
      log.runsSize = batch.heads.get(log)?.size ?? log.committed.size;
      this.#unwrittenRuns.delete(log);
    }
    // The next write, then this signature, then the batch after: so that all three go on at once.
    this.#flush();
    this.#releaser.take(batch);
    this.#pump();
  }

  /** A disk that hangs is a disk that failed: whoever waits is told. The outcome is unknown, as after any other error. */
  #inTime<T>(writing: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = this.#options.timers.after(LONGEST_WRITE_MS, () => {
        reject(new Error(`the write has not ended in ${LONGEST_WRITE_MS / 1000} s`));
      });
      writing.then(resolve, reject).finally(stop);
    });
  }

  /**
   * Run states are written when there are many, or when a start would have many entries to step over again: most runs
   * are short and change often, so writing each state with each event would be most of what is written.
   */
  #dueRuns(batch: Batch): Iterable<LogState> {
    let states = 0;
    for (const log of this.#unwrittenRuns) states += log.runs.size;
    for (const { runs } of batch.logs.values()) states += runs.size;
    if (states >= MANY_RUN_STATES) return new Set([...this.#unwrittenRuns, ...batch.logs.keys()]);
    return [...batch.logs.keys()].filter((log) => log.head.size - log.runsSize >= MANY_ENTRIES);
  }

  /** Writes new checkpoints and run states back when no batch has come along to carry them. */
  #writeAtRest(): void {
    if (this.#restTimer !== undefined) return;
    this.#restTimer = this.#options.timers.after(REST_MS, () => {
      this.#restTimer = undefined;
      if (this.#unwrittenNotes.size === 0 && this.#unwrittenRuns.size === 0) return;
      if (this.#phase !== "serving") return;
      if (this.#committing !== undefined || this.#queue.length > 0) this.#writeAtRest();
      else void this.#commit(this.#open, true);
    });
  }

  // ── After a failed write ─────────────────────────────────────────────────────────────────────────────────────────

  /**
   * The outcome of the write is unknown: it may be durable, or not, or only look so until the power fails. Everything
   * in memory is dropped and the engine opened anew, which rewrites what the WAL holds; the write is never tried again.
   */
  async #recover(cause: Error): Promise<void> {
    this.#phase = "recovering";
    this.#options.alarm("a write failed", cause.message);
    const unavailable = later("core:ledger-unavailable", cause);
    const given = [...(this.#committing?.waiters ?? []), ...this.#open.waiters];
    this.#committing = undefined;
    this.#open = this.#newBatch();
    for (const waiter of given) waiter.reject(unavailable);
    this.#rejectQueue(unavailable);
    await this.#releaser.drop(unavailable);
    await this.#engine.close().catch(() => undefined); // its connection is not trusted any more
    this.#runCache.clear();
    this.#unwrittenNotes.clear();
    this.#unwrittenRuns.clear();
    await this.#reopen();
  }

  async #reopen(): Promise<void> {
    const { openEngine, signer, alarm, timers } = this.#options;
    try {
      const engine = await openEngine();
      try {
        const logs = await openLogs(engine, signer, false);
        if (this.#phase === "closed") return await engine.close();
        this.#engine = engine;
        this.#logs = new Map(logs.map((log) => [log.id, log]));
        this.#phase = "serving";
        for (const log of logs)
          if (log.refused !== undefined) alarm("a log is not signed any more", `${log.origin}: ${log.refused}`);
        this.#takeUp(logs);
      } catch (error) {
        await engine.close();
        throw error;
      }
      await this.#releaser.sign();
    } catch (error) {
      alarm("the database cannot be opened again", asError(error).message);
      if (this.#phase === "recovering") timers.after(RETRY_MS, () => void this.#reopen());
    }
    this.#settleIdle();
  }

  /** What an earlier process, or this one before a failure, left to be signed and written. */
  #takeUp(logs: readonly LogState[]): void {
    for (const log of logs) {
      if (log.refused !== undefined) continue;
      this.#releaser.addUnsigned(log);
      if (log.runs.size > 0) this.#unwrittenRuns.add(log);
    }
    if (this.#unwrittenRuns.size > 0) this.#writeAtRest();
  }

  #rejectQueue(error: Error): void {
    const queue = this.#queue;
    this.#queue = [];
    this.#queueBytes = 0;
    for (const task of queue) task.reject(error);
  }

  // ── Coming to rest ───────────────────────────────────────────────────────────────────────────────────────────────

  #whenIdle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.push(resolve);
      this.#settleIdle();
    });
  }

  #settleIdle(): void {
    if (this.#idle.length === 0) return;
    const building = this.#queue.length > 0 || this.#scheduled || this.#open.waiters.length > 0;
    const busy = building || this.#committing !== undefined || !this.#releaser.atRest;
    // A database that cannot be opened is waited for by nobody: those who submitted have been told.
    if (busy && this.#phase === "serving") return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** For what the ledger appends by itself, which looks at nothing. */
function nothingBelow(codec: RowCodec): Below {
  return { codec, row: () => undefined, run: () => undefined, hasEvent: () => false };
}

/** Also a refusal tells what the ledger holds, so it waits for the batches it looked at. */
function refused(task: Task, log: LogState | undefined, error: Error): Waiter {
  return { log, reject: task.reject, release: () => task.reject(error) };
}

function replayed(task: Task, log: LogState, before: StoredSubmission): Waiter {
  if (before.bodyHash !== task.by.idempotency?.bodyHash) {
    return refused(task, log, new CountersignError("idempotency-conflict"));
  }
  const answer: unknown = JSON.parse(before.answer);
  const done = before.epoch === log.epoch ? indexes(before.firstIndex, before.count) : [];
  return {
    log,
    reject: task.reject,
    release: () => task.resolve({ answer, indexes: done, checkpoint: log.signed.note, replayed: true }),
  };
}

function indexes(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
