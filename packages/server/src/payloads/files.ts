/**
 * Payload bytes on the file system: `<root>/<tenant>/<first two hex digits>/<the other 62>`, named by the SHA-256 of what
 * the file holds. A file is written beside the tree, fsynced, renamed into place and its directory fsynced, so a name that
 * survives a crash has its bytes. Small payloads are taken in by a journal first (intake.ts). Whoever can write here can
 * destroy payloads, never change one unnoticed: every read is hashed again.
 */
import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { CountersignError } from "@countersign/evidence/errors";
import { type Digest, digestOf } from "@countersign/evidence/hash";
import { systemTimers, type Timers } from "../ledger/timers.ts";
import { type Intake, openIntake, segmentsOf } from "./intake.ts";
import { INCOMING, isDigest, pathOf, syncDirectory } from "./placing.ts";
import { readRecords } from "./segment.ts";

export { isDigest } from "./placing.ts";

/** Bytes one payload may have. */
export const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;
/** Up to here a payload goes through the intake: above, writing it twice costs more than an fsync. */
const INTAKE_BYTES = 64 * 1024;

export type PayloadFiles = {
  /**
   * Keeps bytes; durable when it resolves. Putting what is there already is not an error.
   * @throws CountersignError payload-too-large, core:payloads-unavailable
   */
  put(tenant: string, bytes: Uint8Array): Promise<Digest>;
  /**
   * The bytes, checked against their digest; undefined when there is no such payload.
   * @throws CountersignError payload-damaged, core:payloads-unavailable
   */
  get(tenant: string, digest: Digest): Promise<Uint8Array | undefined>;
  /** Whether the payload is there with the bytes its digest says; for fsck, which waits for nothing. */
  isSound(tenant: string, digest: string): boolean;
  /** Such bytes; undefined when they are not there or not those. */
  sound(tenant: string, digest: string): Uint8Array | undefined;
  /** Removes a payload; false when there was none. Durable when it resolves. */
  remove(tenant: string, digest: Digest): Promise<boolean>;
  /** Digests of every payload of a tenant, for sweeps. */
  list(tenant: string): AsyncIterable<Digest>;
  /** Resolves when everything taken in so far lies in the tree. */
  settle(): Promise<void>;
  close(): Promise<void>;
};

export type PayloadFilesOptions = {
  /** `look` changes nothing, so that a tree another process serves can be read; it must not be put into. */
  readonly purpose?: "use" | "look";
  readonly timers?: Timers;
  readonly onTrouble?: (cause: string) => void;
};

/** Opens the tree under `root`, creating it, and finishes what an interrupted process began. */
export function openPayloadFiles(root: string, options: PayloadFilesOptions = {}): PayloadFiles {
  const { purpose = "use", timers = systemTimers, onTrouble = () => {} } = options;
  let intake: Intake | undefined;
  if (purpose === "use") {
    fs.mkdirSync(root, { recursive: true, mode: 0o700 });
    fs.rmSync(join(root, INCOMING), { recursive: true, force: true });
    fs.mkdirSync(join(root, INCOMING), { mode: 0o700 });
    syncDirectory(dirname(root));
    intake = openIntake({ root, timers, onTrouble });
  }
  /** Large puts under way, so that the same bytes are written once and both callers wait for the same fsync. */
  const underWay = new Map<string, Promise<void>>();

  function sound(tenant: string, digest: string): Uint8Array | undefined {
    const placed = intake?.get(tenant, digest) ?? soundFile(root, tenant, digest);
    // Another process may just be moving it: it lies in a segment, or by now in its place.
    return placed ?? inSegment(root, tenant, digest) ?? soundFile(root, tenant, digest);
  }

  const files: PayloadFiles = {
    async put(tenant, bytes) {
      if (bytes.length > MAX_PAYLOAD_BYTES) throw new CountersignError("payload-too-large");
      const digest = digestOf(bytes);
      const path = pathOf(root, tenant, digest);
      if (bytes.length <= INTAKE_BYTES && intake !== undefined) {
        await intake.put({ tenant, digest, bytes });
        return digest;
      }
      let writing = underWay.get(path);
      if (writing === undefined) {
        writing = writeLarge(root, path, bytes, digest).finally(() => underWay.delete(path));
        underWay.set(path, writing);
      }
      await writing;
      return digest;
    },

    async get(tenant, digest) {
      const path = pathOf(root, tenant, digest);
      const fresh = intake?.get(tenant, digest);
      if (fresh !== undefined) return fresh;
      const bytes = await readIfThere(path);
      if (bytes !== undefined && digestOf(bytes) !== digest) {
        throw new CountersignError("payload-damaged", { detail: `${digest} of tenant ${tenant}.` });
      }
      return bytes;
    },

    isSound: (tenant, digest) => sound(tenant, digest) !== undefined,
    sound,

    async remove(tenant, digest) {
      const path = pathOf(root, tenant, digest);
      // What is on its way to its place would come back.
      if (intake?.get(tenant, digest) !== undefined) await intake.settle();
      try {
        await fs.promises.unlink(path);
        await syncInPool(dirname(path));
        return true;
      } catch (cause) {
        if (isCode(cause, "ENOENT")) return false;
        throw unavailable(cause);
      }
    },

    async *list(tenant) {
      const seen = new Set<Digest>(intake?.digests(tenant));
      yield* seen;
      for (const shard of await namesIn(join(root, tenant))) {
        for (const rest of await namesIn(join(root, tenant, shard))) {
          const digest = `sha256:${shard}${rest}`;
          if (isDigest(digest) && !seen.has(digest)) yield digest;
        }
      }
    },

    settle: async () => intake?.settle(),
    close: async () => intake?.close(),
  };
  return files;
}

/** A large payload, written at its place at once. Everything that can block happens in the thread pool. */
async function writeLarge(root: string, path: string, bytes: Uint8Array, digest: Digest): Promise<void> {
  const directory = dirname(path);
  const tenant = dirname(directory);
  const temporary = join(root, INCOMING, randomUUID());
  try {
    await fs.promises.mkdir(directory, { recursive: true, mode: 0o700 });
    // Synced even when they were there: the process that made them may have died before it did.
    for (const parent of [root, tenant]) await syncInPool(parent);
    const there = await readIfThere(path);
    if (there === undefined || digestOf(there) !== digest) {
      const file = await fs.promises.open(temporary, "wx", 0o600);
      try {
        await file.writeFile(bytes);
        await file.datasync();
      } finally {
        await file.close();
      }
      await fs.promises.rename(temporary, path);
    } else await syncInPool(path);
    await syncInPool(directory);
  } catch (cause) {
    await fs.promises.rm(temporary, { force: true }).catch(() => {});
    throw unavailable(cause);
  }
}

async function syncInPool(path: string): Promise<void> {
  const file = await fs.promises.open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Most payloads are smaller: they are read by two calls in the thread pool, where a file handle takes four. Below half of
 * Buffer's pool, so that it costs no allocation either.
 */
const SMALL_BYTES = 4000;
const openInPool = promisify(fs.open);

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    const file = await openInPool(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
    try {
      const first = Buffer.allocUnsafe(SMALL_BYTES);
      const length = await readInPool(file, first);
      if (length < SMALL_BYTES) return new Uint8Array(first.subarray(0, length)); // a regular file is read short at its end only
      const whole = new Uint8Array(fs.fstatSync(file).size);
      let at = 0;
      while (at < whole.length) {
        const read = await readInPool(file, whole.subarray(at), at);
        if (read === 0) return whole.slice(0, at); // cut meanwhile: its digest says so
        at += read;
      }
      return whole;
    } finally {
      fs.closeSync(file);
    }
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return undefined;
    throw unavailable(cause);
  }
}

function readInPool(file: number, into: Uint8Array, position = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(file, into, 0, into.length, position, (error, length) =>
      error === null ? resolve(length) : reject(error),
    );
  });
}

function soundFile(root: string, tenant: string, digest: string): Uint8Array | undefined {
  try {
    const bytes = fs.readFileSync(pathOf(root, tenant, digest));
    return digestOf(bytes) === digest ? bytes : undefined;
  } catch {
    return undefined;
  }
}

function inSegment(root: string, tenant: string, digest: string): Uint8Array | undefined {
  for (const path of segmentsOf(root)) {
    try {
      const records = readRecords(fs.readFileSync(path));
      const found = records.find((record) => record.tenant === tenant && record.digest === digest);
      if (found !== undefined) return found.bytes;
    } catch {
      // Moved meanwhile: its payloads lie in their places.
    }
  }
  return undefined;
}

async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return (await fs.promises.readdir(path)).sort();
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return [];
    throw unavailable(cause);
  }
}

function isCode(cause: unknown, code: string): boolean {
  return cause instanceof Error && "code" in cause && cause.code === code;
}

function unavailable(cause: unknown): CountersignError {
  if (cause instanceof CountersignError) return cause;
  const why = cause instanceof Error && "code" in cause ? String(cause.code) : "an error";
  return new CountersignError("core:payloads-unavailable", { cause, detail: `The file system answers ${why}.` });
}
