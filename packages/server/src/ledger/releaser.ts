/**
 * From durable to answered: has the newest roots signed, keeps checkpoints and permit tokens, and only then tells those
 * who wait. One request to the signer is in flight at a time; what becomes durable meanwhile is in the next.
 */
import { parseCheckpoint } from "@countersign/evidence/checkpoint";
import { assert, CountersignError, type ErrorCode } from "@countersign/evidence/errors";
import { equalBytes } from "@countersign/evidence/hash";
import { consistencyPath, inclusionPath } from "@countersign/evidence/merkle";
import type { Batch } from "./batch.ts";
import type { Engine } from "./engine.ts";
import type { LogState } from "./log-state.ts";
import type { SignAnswer, Signer, SignRequest } from "./signer/protocol.ts";
import type { Timers } from "./timers.ts";

export type ReleaserParts = {
  readonly signer: Signer;
  readonly timers: Timers;
  readonly alarm: (what: string, detail: string) => void;
  readonly engine: () => Engine;
  readonly log: (tenant: string) => LogState | undefined;
  /** The log has a newer checkpoint, to be written back. */
  readonly onSigned: (log: LogState) => void;
  /** The signer is away: nothing is to be taken in until `away` is undefined again. */
  readonly onAway: (refusal: CountersignError) => void;
  /** Nothing is waiting for the signer any more. */
  readonly onRest: () => void;
};

type TokenRequest = {
  readonly tenant: string;
  readonly index: number;
  readonly resolve: (token: string) => void;
  readonly reject: (error: Error) => void;
};

const RETRY_MS = 250;
const RETRY_AFTER_S = 1;
const KEPT_TOKENS = 10_000;

export class Releaser {
  readonly #parts: ReleaserParts;
  /** Durable, in order, and not told yet. */
  #waiting: Batch[] = [];
  #held = 0;
  readonly #unsigned = new Set<LogState>();
  #signing: Promise<void> | undefined;
  #away: CountersignError | undefined;
  #stopRetry = () => {};
  readonly #tokens = new Map<string, string>();
  #tokenRequests: TokenRequest[] = [];
  readonly #growth = new Map<string, Set<() => void>>();

  constructor(parts: ReleaserParts) {
    this.#parts = parts;
  }

  /** Why nothing is signed now; undefined when the signer answers. */
  get away(): CountersignError | undefined {
    return this.#away;
  }

  get atRest(): boolean {
    return this.#signing === undefined && this.#waiting.length === 0;
  }

  /** Those who wait for the signer. */
  get held(): number {
    return this.#held;
  }

  /** Takes a batch that is durable; what it wrote has become the logs' committed heads. */
  take(batch: Batch): void {
    for (const log of batch.heads.keys()) this.addUnsigned(log);
    this.#waiting.push(batch);
    this.#held += batch.waiters.length;
    void this.sign();
  }

  /** Has a log signed with the next request, when its newest entries are not. */
  addUnsigned(log: LogState): void {
    if (log.committed.size > log.signed.size) this.#unsigned.add(log);
  }

  /** Signs until nothing is left, or the signer is away. */
  sign(): Promise<void> {
    this.#signing ??= this.#signAll().finally(() => {
      this.#signing = undefined;
      this.#parts.onRest();
    });
    return this.#signing;
  }

  /** After a failed write: what was durable before is still told, everything else forgotten. */
  async drop(error: Error): Promise<void> {
    await this.#signing;
    this.#stopRetry();
    this.#unsigned.clear();
    for (const batch of this.#waiting.splice(0)) this.#reject(batch, error);
  }

  close(): void {
    this.#stopRetry();
    for (const waiting of this.#growth.values()) for (const done of [...waiting]) done();
  }

  /** The token of a permit that is under a signed checkpoint. */
  permitToken(tenant: string, index: number): Promise<string> {
    const known = this.#tokens.get(`${tenant}/${index}`);
    if (known !== undefined) return Promise.resolve(known);
    const log = this.#parts.log(tenant);
    if (log === undefined || index >= log.signed.size) return Promise.reject(new CountersignError("not-found"));
    return new Promise((resolve, reject) => {
      this.#tokenRequests.push({ tenant, index, resolve, reject });
      void this.sign();
    });
  }

  grown(tenant: string, size: number, timeoutMs: number): Promise<void> {
    if ((this.#parts.log(tenant)?.signed.size ?? 0) > size) return Promise.resolve();
    return new Promise((resolve) => {
      const waiting = this.#growth.get(tenant) ?? new Set();
      this.#growth.set(tenant, waiting);
      const done = () => {
        stop();
        waiting.delete(done);
        resolve();
      };
      const stop = this.#parts.timers.after(timeoutMs, done);
      waiting.add(done);
    });
  }

  async #signAll(): Promise<void> {
    while (this.#waiting.length > 0 || this.#unsigned.size > 0 || this.#tokenRequests.length > 0) {
      const batches = this.#waiting.splice(0);
      const tokens = this.#tokenRequests.splice(0);
      const logs = new Set(this.#unsigned);
      this.#unsigned.clear();
      for (const { tenant } of tokens) {
        const log = this.#parts.log(tenant);
        if (log !== undefined) logs.add(log);
      }
      try {
        const asked = [...logs].filter((log) => log.refused === undefined);
        await this.#signLogs(asked, tokens);
      } catch (error) {
        for (const log of logs) this.#unsigned.add(log);
        const away = this.#goAway(error);
        for (const batch of batches) this.#reject(batch, away);
        for (const token of tokens) token.reject(away);
        return;
      }
      // In order: what a batch answers may rest on the batches before it.
      while (batches.length > 0 && isSigned(batches[0]!)) this.#release(batches.shift()!);
      this.#waiting.unshift(...batches);
    }
  }

  async #signLogs(logs: readonly LogState[], tokens: readonly TokenRequest[]): Promise<void> {
    if (logs.length > 0) {
      const asked = logs.map((log) => ({ log, request: this.#requestFor(log, tokens) }));
      const answers = await this.#parts.signer.sign(asked.map(({ request }) => request));
      this.#away = undefined;
      asked.forEach(({ log, request }, i) => {
        const answer = answers[i];
        assert(answer !== undefined && answer.origin === log.origin, "the signer answers in order");
        const refusal = this.#takeSignature(log, request, answer);
        if (refusal === undefined) return;
        log.refused = refusal;
        this.#parts.alarm("a log is not signed any more", `${log.origin}: ${refusal}`);
      });
    }
    for (const { tenant, index, resolve, reject } of tokens) {
      const token = this.#tokens.get(`${tenant}/${index}`);
      if (token === undefined) reject(new CountersignError("not-found"));
      else resolve(token);
    }
  }

  #requestFor(log: LogState, tokens: readonly TokenRequest[]): SignRequest {
    const { size } = log.committed;
    const { nodeAt } = log.tree;
    const asked = tokens.flatMap(({ tenant, index }) => {
      const entry = tenant === log.id ? this.#parts.engine().entry(log, index) : undefined;
      return entry === undefined ? [] : [{ index, entry: entry.bytes }];
    });
    const permits = [...log.permits.filter(({ index }) => index < size), ...asked];
    return {
      origin: log.origin,
      size,
      root: log.tree.root(size),
      from: log.signed.size,
      proof: consistencyPath(log.signed.size, size, nodeAt),
      permits: permits.map(({ index, entry }) => ({ index, entry, path: inclusionPath(index, size, nodeAt) })),
    };
  }

  /** Takes a checkpoint the signer gave; says why when this log must not be signed any more. */
  #takeSignature(log: LogState, request: SignRequest, answer: SignAnswer): string | undefined {
    if ("refused" in answer) return answer.refused;
    if (answer.size > log.committed.size) {
      return `the signer has signed ${answer.size} entries, the database holds ${log.committed.size}`;
    }
    if (answer.size < request.size) {
      // An answer was lost and this is it. The next request goes on from there, when it is of this tree.
      const parsed = parseCheckpoint(answer.note);
      if (!parsed.ok || !equalBytes(parsed.value.checkpoint.root, log.tree.root(answer.size))) {
        return `the signer has signed another tree of ${answer.size} entries`;
      }
      this.#unsigned.add(log);
    } else {
      request.permits.forEach(({ index }, i) => {
        const token = answer.permits[i];
        if (token !== undefined) this.#keepToken(`${log.id}/${index}`, token);
      });
      log.permits = log.permits.filter(({ index }) => index >= request.size);
    }
    if (answer.note === log.signed.note) return undefined;
    log.signed = { size: answer.size, note: answer.note };
    this.#parts.onSigned(log);
    for (const done of [...(this.#growth.get(log.id) ?? [])]) done();
    return undefined;
  }

  /** What is committed is signed when the signer is back; until then nothing more is taken in. */
  #goAway(cause: unknown): CountersignError {
    const away = later("core:signer-unavailable", cause);
    if (this.#away === undefined) {
      this.#parts.alarm("the signer is away", cause instanceof Error ? cause.message : String(cause));
    }
    this.#away = away;
    this.#parts.onAway(away);
    this.#stopRetry = this.#parts.timers.after(RETRY_MS, () => void this.sign());
    return away;
  }

  #release(batch: Batch): void {
    this.#held -= batch.waiters.length;
    for (const waiter of batch.waiters) {
      if (waiter.log?.refused === undefined) waiter.release();
      else waiter.reject(refusalOf(waiter.log));
    }
  }

  #reject(batch: Batch, error: Error): void {
    this.#held -= batch.waiters.length;
    for (const waiter of batch.waiters) waiter.reject(error);
  }

  #keepToken(key: string, token: string): void {
    if (this.#tokens.size >= KEPT_TOKENS) {
      const oldest = this.#tokens.keys().next().value;
      if (oldest !== undefined) this.#tokens.delete(oldest);
    }
    this.#tokens.set(key, token);
  }
}

/** A refusal that says when to ask again. */
export function later(code: ErrorCode, cause?: unknown): CountersignError {
  return new CountersignError(code, {
    members: { retry_after_s: RETRY_AFTER_S },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Why nothing of this log is told any more. */
export function refusalOf(log: LogState): CountersignError {
  const code = log.remembered === undefined ? "signer-refused" : "signer-forgot";
  return new CountersignError(code, { detail: `${log.origin}: ${log.refused}.` });
}

/** Whether every log the batch looked at is under a checkpoint that covers what it saw, or will never be. */
function isSigned(batch: Batch): boolean {
  for (const [log, size] of batch.seen) if (log.signed.size < size && log.refused === undefined) return false;
  return true;
}
