/**
 * The ledger: one append-only log for each tenant, in one data directory that one process serves. It appends what
 * commands decide, in batches: durable, then signed, then answered. docs/adr/0002-commands.md, spec/ledger.md
 */
import "@countersign/evidence/hash.node";
import "@countersign/evidence/ed25519.node";
import { randomFillSync } from "node:crypto";
import { mkdirSync, realpathSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import { CountersignError } from "@countersign/evidence/errors";
import type { Clock } from "../base/clock.ts";
import type { Randomness } from "./append.ts";
import { SYSTEM } from "./append.ts";
import { Batcher, type Limits } from "./batcher.ts";
import type { Appended, Ledger, Submission } from "./command.ts";
import type { Engine } from "./engine.ts";
import { holdLock, type Lock } from "./lock.ts";
import { originOf } from "./log-state.ts";
import { LogReader } from "./reader.ts";
import { openPrivateDirectory } from "./signer/key-file.ts";
import { isOrigin, type Signer } from "./signer/protocol.ts";
import { startSigner } from "./signer/signer-client.ts";
import { openSqliteEngine } from "./sqlite/engine.ts";
import type { Table } from "./table.ts";
import { createTenant, FIRST_EPOCH, heartbeat, type NewTenantAnswer, type NewTenantRequest } from "./tenant-log.ts";
import { systemTimers, type Timers } from "./timers.ts";

export type LedgerOptions = {
  /** Made, with mode 0700, when there is none. */
  readonly dataDir: string;
  /** The signer's own directory, outside the data directory. */
  readonly signerDir: string;
  /** Every module's tables. */
  readonly tables: readonly Table[];
  readonly clock: Clock;
  readonly timers?: Timers;
  readonly random?: Randomness;
  readonly limits?: Limits;
  /** Whether a signer that remembers less than the database's checkpoint covers may sign on. It becomes an event. */
  readonly acceptSignerReset?: boolean;
  /** Told of what an operator must hear at once. */
  readonly alarm?: (what: string, detail: string) => void;
  /** Other parts than the embedded ones: tests put faults in between. */
  readonly openEngine?: (path: string, tables: readonly Table[]) => Promise<Engine>;
  readonly openSigner?: (directory: string) => Promise<Signer>;
};

/** The ledger with what only the composition root and the tenants module use. */
export type OpenLedger = Omit<Ledger, "reader"> & {
  reader(tenant: string): LogReader | undefined;
  /**
   * Opens a tenant's log: log.genesis with the keys of the signer, tenant.created.
   *
   * @throws CountersignError tenant-exists, validation-failed, and as submit
   */
  createTenant(request: NewTenantRequest, by: Omit<Submission, "tenant">): Promise<Appended<NewTenantAnswer>>;
  /** Commands waiting or being carried out. */
  waiting(): number;
  /** Why no tenant's commands are taken in now; undefined when they are. For readiness. */
  trouble(): string | undefined;
};

/** The database's name in the data directory. */
export const DATABASE_FILE = "ledger.sqlite";
const LOCK_FILE = "lock";
const LOCK_WAIT_MS = 3_000;
const DEFAULT_LIMITS: Limits = { queueCommands: 16_384, queueBytes: 64 * 1024 * 1024 };
/** A log says at least this often that it is alive; the check runs well within. */
const HEARTBEAT_MS = 10 * 60_000;
const HEARTBEAT_CHECK_MS = 60_000;
const RANDOM_POOL_BYTES = 16 * 1024;

/**
 * Opens the ledger, and signs what an earlier process committed but did not sign.
 *
 * @throws CountersignError data-locked, data-unsafe, schema-newer, signer-refused, signer-forgot, core:signer-unavailable
 */
export async function openLedger(options: LedgerOptions): Promise<OpenLedger> {
  const { dataDir, signerDir, tables, clock, timers = systemTimers } = options;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  openPrivateDirectory(dataDir);
  refuseInside(signerDir, dataDir);
  const lock = holdLock(join(dataDir, LOCK_FILE), LOCK_WAIT_MS);
  let signer: Signer | undefined;
  try {
    const { openEngine = openSqliteEngine, openSigner = startSigner } = options;
    signer = await openSigner(signerDir);
    const batcher = await Batcher.open({
      openEngine: () => openEngine(join(dataDir, DATABASE_FILE), tables),
      signer,
      clock,
      timers,
      random: options.random ?? pooledRandom(),
      limits: options.limits ?? DEFAULT_LIMITS,
      alarm: options.alarm ?? (() => {}),
      acceptSignerReset: options.acceptSignerReset ?? false,
    });
    return serve(batcher, signer, lock, clock, timers);
  } catch (error) {
    await signer?.close();
    lock.release();
    throw error;
  }
}

function serve(batcher: Batcher, signer: Signer, lock: Lock, clock: Clock, timers: Timers): OpenLedger {
  let stopHeart = () => {};
  const beat = () => {
    const nowMs = clock.nowMs();
    for (const log of batcher.logs()) {
      const idleSinceMs = log.committed.tsMs;
      if (nowMs - idleSinceMs < HEARTBEAT_MS - HEARTBEAT_CHECK_MS) continue;
      // A heartbeat that cannot be written is no news: whoever reads the log sees that it is missing.
      batcher.submit(heartbeat, { idleSinceMs }, { tenant: log.id, actor: SYSTEM }).catch(() => {});
    }
    stopHeart = timers.after(HEARTBEAT_CHECK_MS, beat);
  };
  stopHeart = timers.after(HEARTBEAT_CHECK_MS, beat);
  let closing: Promise<void> | undefined;
  const close = async () => {
    stopHeart();
    try {
      await batcher.close();
    } finally {
      await signer.close();
      lock.release();
    }
  };

  return {
    submit: (command, input, by) => batcher.submit(command, input, by),
    reader(tenant) {
      const log = batcher.log(tenant);
      return log && new LogReader(log, batcher.engine);
    },
    tenants: () => batcher.logs().map((log) => log.id),
    permitToken: (tenant, index) => batcher.permitToken(tenant, index),
    grown: (tenant, size, timeoutMs) => batcher.grown(tenant, size, timeoutMs),
    waiting: () => batcher.waiting,
    trouble: () => batcher.trouble,
    async createTenant(request, by) {
      const { id, originHost } = request;
      refuseOrigin(id, originHost);
      const [keys] = await signer.open([originOf(originHost, id, FIRST_EPOCH)]);
      if (keys === undefined) throw new CountersignError("core:signer-unavailable");
      return batcher.submit(createTenant(keys), request, { ...by, tenant: id }, { id, originHost });
    },
    close: () => (closing ??= close()),
  };
}

/** @throws CountersignError validation-failed; the rest of the request is checked as part of its events */
function refuseOrigin(id: string, originHost: string): void {
  const refused = (pointer: string, detail: string) => new CountersignError("validation-failed", { pointer, detail });
  if (!isOrigin(originOf("host", id, FIRST_EPOCH))) {
    throw refused("/id", "A tenant id has 1 to 63 lower-case letters, digits and hyphens.");
  }
  if (!isOrigin(originOf(originHost, id, FIRST_EPOCH))) {
    throw refused("/originHost", "An origin's host has lower-case letters, digits, dots, hyphens and a port.");
  }
}

/** @throws CountersignError data-unsafe */
function refuseInside(signerDir: string, dataDir: string): void {
  openPrivateDirectory(signerDir);
  const inside = relative(realpathSync(dataDir), realpathSync(signerDir));
  if (inside === "" || (!inside.startsWith("..") && !isAbsolute(inside))) {
    throw new CountersignError("data-unsafe", {
      detail: `${signerDir}: the signer's directory must lie outside the data directory, so that no backup holds both.`,
    });
  }
}

/** The system's generator, asked for many bytes at a time: one call costs more than a thousand ids. */
function pooledRandom(): Randomness {
  let pool = new Uint8Array(0);
  let used = 0;
  return (length) => {
    if (used + length > pool.length) {
      pool = randomFillSync(new Uint8Array(Math.max(RANDOM_POOL_BYTES, length)));
      used = 0;
    }
    used += length;
    return pool.subarray(used - length, used);
  };
}
