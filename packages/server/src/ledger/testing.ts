/** A real ledger for tests: SQLite and a signer child in directories of their own, removed when it is closed. */
import { chmodSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ActorBlock } from "@countersign/evidence/event";
import type { Clock } from "../base/clock.ts";
import type { Submission } from "./command.ts";
import { type LedgerOptions, type OpenLedger, openLedger } from "./ledger.ts";

/** A clock that moves when told to. */
export type TestClock = Clock & {
  /** Time passes: both clocks go on. */
  advance(ms: number): void;
  /** The wall clock is set, as by NTP or by hand. */
  jump(ms: number): void;
};

export type TestLedger = OpenLedger & {
  readonly clock: Clock;
  readonly dataDir: string;
  readonly signerDir: string;
  /** Closes the ledger and opens it again on the same directories. */
  reopen(changes?: Partial<LedgerOptions>): Promise<TestLedger>;
};

/** 2026-04-01T14:00:00.000Z */
export const TEST_START_MS = Date.UTC(2026, 3, 1, 14);

export function testClock(startMs: number = TEST_START_MS): TestClock {
  let nowMs = startMs;
  let monotonicMs = 0;
  return {
    nowMs: () => nowMs,
    monotonicMs: () => monotonicMs,
    advance(ms) {
      nowMs += ms;
      monotonicMs += ms;
    },
    jump(ms) {
      nowMs += ms;
    },
  };
}

/** A directory that is removed when the process ends. */
export function temporaryDirectory(): string {
  if (temporary.length === 0) process.on("exit", removeTemporary);
  const directory = mkdtempSync(join(tmpdir(), "countersign-"));
  temporary.push(directory);
  return directory;
}

/** A private copy of a directory, as somebody with a backup would have it. */
export function copyOfDirectory(path: string): string {
  const copy = join(temporaryDirectory(), "copy");
  cpSync(path, copy, { recursive: true });
  chmodSync(copy, 0o700);
  return copy;
}

const temporary: string[] = [];

function removeTemporary(): void {
  for (const directory of temporary) rmSync(directory, { recursive: true, force: true });
}

/** Opens a ledger on fresh directories, or on those given. Close it: its signer child keeps the process alive. */
export async function openTestLedger(options: Partial<LedgerOptions> = {}): Promise<TestLedger> {
  const directory = options.dataDir === undefined ? temporaryDirectory() : "";
  const all: LedgerOptions = {
    dataDir: join(directory, "data"),
    signerDir: join(directory, "signer"),
    tables: [],
    clock: testClock(),
    ...options,
  };
  const ledger = await openLedger(all);
  return {
    ...ledger,
    clock: all.clock,
    dataDir: all.dataDir,
    signerDir: all.signerDir,
    async reopen(changes = {}) {
      await ledger.close();
      return openTestLedger({ ...all, ...changes });
    },
  };
}

/** An operator on this machine, as commands of the CLI name one. */
export const OPERATOR: ActorBlock = { type: "operator", id: "os:1000" };

export function asOperator(tenant: string): Submission {
  return { tenant, actor: OPERATOR };
}

/** Opens a tenant's log in a test ledger. */
export async function createTestTenant(
  ledger: OpenLedger,
  id = "prod-a",
  kind: "evaluation" | "production" = "evaluation",
): Promise<string> {
  await ledger.createTenant({ id, kind, originHost: "audit.example.com" }, { actor: OPERATOR });
  return id;
}
