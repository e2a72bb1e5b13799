/** `countersign doctor`: is this machine fit to keep evidence? Looks at clock, disk, modes and directories; changes nothing. */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import type { Command } from "commander";
import { systemClock } from "../base/clock.ts";
import { settleDirectories } from "../instance.ts";
import { kindNumbers } from "../ledger/append.ts";
import { DATABASE_FILE } from "../ledger/ledger.ts";
import { originOf } from "../ledger/log-state.ts";
import { openForReading } from "../ledger/sqlite/database.ts";
import { leaf } from "./command.ts";
import { inSnakeCase, printJson, printTable } from "./terminal.ts";

export type Diagnosis = { readonly check: string; readonly state: "ok" | "warning" | "bad"; readonly detail: string };

const SYNCS = 20;
/** Slower than this, and every append waits long; faster than any disk can, and the disk is not told to keep anything. */
const SLOW_SYNC_MS = 20;
const UNLIKELY_SYNC_MS = 0.01;
const LOW_SPACE_BYTES = 1024 ** 3;
/** No release of this software is older. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);

export function addDoctorCommand(program: Command): void {
  leaf(
    program,
    {
      name: "doctor",
      summary: "Check clock, disk, file modes and directories of this machine. Exit 1 when something is bad.",
      example: "doctor --data ./data",
      settings: ["data", "signerDir", "sealDir"],
    },
    ({ config, env, json }) => {
      const directories = settleDirectories(
        { data: config.data, signerDir: config.signerDir, sealDir: config.sealDir },
        env,
        "look",
      );
      const found = diagnose(directories);
      if (json) printJson(inSnakeCase({ directories, checks: found }));
      else
        printTable(
          ["CHECK", "STATE", "DETAIL"],
          found.map(({ check, state, detail }) => [check, state, detail]),
        );
      return found.some(({ state }) => state === "bad") ? 1 : 0;
    },
  );
}

/** Everything that was looked at, good or not. */
export function diagnose(directories: { dataDir: string; signerDir: string; sealDir: string }): readonly Diagnosis[] {
  const { dataDir, signerDir, sealDir } = directories;
  if (!existsSync(dataDir)) {
    // Where its companions will lie is settled when it is made.
    const detail = `there is nothing at ${dataDir}: check --data, or make it with countersign tenant create or serve`;
    const missing: Diagnosis = { check: "data directory", state: "warning", detail };
    return [runtime(), clock(), sync(dataDir), space(dataDir), missing];
  }
  return [
    runtime(),
    clock(),
    ...[sync(dataDir), space(dataDir)],
    // The directory's own mode keeps others from everything in it; keys are private by themselves too.
    modes("data directory", dataDir, []),
    modes("signer directory", signerDir, filesIn(join(signerDir, "keys"))),
    modes("seal key directory", sealDir, filesIn(sealDir)),
    outside("signer apart", signerDir, dataDir),
    outside("seal keys apart", sealDir, dataDir),
    ...signerMemory(dataDir, signerDir),
  ];
}

/**
 * Whether the signer remembers as much of each log as the database's checkpoint covers, and whether a signer that did not
 * was ever let sign on. Nothing while there is no database, or it is not to be read.
 */
function signerMemory(dataDir: string, signerDir: string): Diagnosis[] {
  const check = "signer memory";
  const path = join(dataDir, DATABASE_FILE);
  if (!existsSync(path)) return [];
  const memory = join(signerDir, "signed");
  const remembered = new Map<string, number>();
  for (const line of existsSync(memory) ? readFileSync(memory, "latin1").split("\n") : []) {
    const [origin = "", size = ""] = line.split(" ");
    remembered.set(origin, Number(size));
  }
  try {
    const database = openForReading(path);
    try {
      const logs = database.prepare(
        "SELECT id, origin_host, epoch, signed_size FROM heads JOIN tenants USING (tenant)",
      );
      const found = logs.all().flatMap(({ id, origin_host: host, epoch, signed_size: signed }): Diagnosis[] => {
        const origin = originOf(String(host), String(id), Number(epoch));
        const knows = remembered.get(origin) ?? 0;
        if (knows >= Number(signed)) return [];
        const detail = `${origin}: it remembers ${knows} entries of ${signed}; an older copy of the database would not be noticed`;
        return [{ check, state: "bad", detail }];
      });
      const resets = database
        .prepare("SELECT count(*) AS n FROM entries WHERE kind = ? AND instr(bytes, ?) > 0")
        .get(kindNumbers.get("config.overridden") ?? -1, Buffer.from('"setting":"accept-signer-reset"'));
      const times = Number(resets?.n ?? 0);
      if (times > 0) {
        const detail = `a signer that had lost it was let sign on, ${times === 1 ? "once" : `${times} times`}: see config.overridden in the log`;
        found.push({ check, state: "warning", detail });
      }
      return found.length > 0 ? found : [{ check, state: "ok", detail: memory }];
    } finally {
      database.close();
    }
  } catch (cause) {
    return [{ check, state: "bad", detail: `${path} cannot be read: ${reasonOf(cause)}` }];
  }
}

function runtime(): Diagnosis {
  const [major = 0] = process.versions.node.split(".").map(Number);
  const detail = `Node ${process.versions.node}`;
  return {
    check: "runtime",
    state: major >= 24 ? "ok" : "bad",
    detail: major >= 24 ? detail : `${detail}; 24 or newer is needed`,
  };
}

function clock(): Diagnosis {
  const nowMs = systemClock.nowMs();
  const detail = new Date(nowMs).toISOString();
  if (nowMs < EARLIEST_MS) return { check: "clock", state: "bad", detail: `${detail} is in the past: set the clock` };
  return { check: "clock", state: "ok", detail: `${detail}; keep it set by NTP: expiries compare with it` };
}

function sync(dataDir: string): Diagnosis {
  const folder = existing(dataDir);
  const path = join(folder, `.doctor-${process.pid}`);
  try {
    const file = openSync(path, "wx", 0o600);
    const times: number[] = [];
    try {
      for (let n = 0; n < SYNCS; n++) {
        writeSync(file, Buffer.alloc(1024, n));
        const startedMs = systemClock.monotonicMs();
        fdatasyncSync(file);
        times.push(systemClock.monotonicMs() - startedMs);
      }
    } finally {
      closeSync(file);
      rmSync(path);
    }
    const medianMs = times.sort((a, b) => a - b)[SYNCS / 2]!; // SYNCS of them were made
    const detail = `fsync takes ${medianMs.toFixed(2)} ms in ${folder}`;
    if (medianMs < UNLIKELY_SYNC_MS)
      return { check: "fsync", state: "warning", detail: `${detail}: does this disk keep anything?` };
    if (medianMs > SLOW_SYNC_MS)
      return { check: "fsync", state: "warning", detail: `${detail}: every append waits that long` };
    return { check: "fsync", state: "ok", detail };
  } catch (cause) {
    return { check: "fsync", state: "bad", detail: `${folder} cannot be written: ${reasonOf(cause)}` };
  }
}

function space(dataDir: string): Diagnosis {
  const { bavail, bsize } = statfsSync(existing(dataDir));
  const free = bavail * bsize;
  const detail = `${(free / 1024 ** 3).toFixed(1)} GiB free`;
  return { check: "disk", state: free < LOW_SPACE_BYTES ? "warning" : "ok", detail };
}

/** Nobody else may use the directory, nor any of these files. */
function modes(check: string, directory: string, files: readonly string[]): Diagnosis {
  if (!existsSync(directory)) return { check, state: "ok", detail: `${directory} is not there yet` };
  try {
    for (const path of [directory, ...files]) {
      const stat = lstatSync(path);
      if (stat.isSymbolicLink()) return { check, state: "bad", detail: `${path} is a link` };
      const isPrivate = (stat.mode & 0o077) === 0;
      if (!isPrivate) return { check, state: "bad", detail: `${path} can be used by others: chmod go= ${path}` };
    }
    return { check, state: "ok", detail: directory };
  } catch (cause) {
    return { check, state: "bad", detail: `${directory}: ${reasonOf(cause)}` };
  }
}

function filesIn(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : [];
}

function outside(check: string, directory: string, dataDir: string): Diagnosis {
  const isInside = !relative(dataDir, directory).startsWith("..");
  const where = isInside ? "inside the data directory, so one backup holds both" : "outside the data directory";
  return { check, state: isInside ? "bad" : "ok", detail: where };
}

/** The directory itself, or the nearest one above it that exists. */
function existing(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existing(dirname(path));
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
