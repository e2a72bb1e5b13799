/**
 * Payload bytes on the file system: `<root>/<tenant>/<first two hex digits>/<the other 62>`, named by the SHA-256 of what
 * the file holds. A file is written beside the tree, fsynced, renamed into place and its directory fsynced, so a name that
 * survives a crash has its bytes. Whoever can write here can destroy payloads, never change one unnoticed: every read is
 * hashed again.
 */
import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { CountersignError } from "@countersign/evidence/errors";
import { type Digest, digestOf } from "@countersign/evidence/hash";

/** Bytes one payload may have. */
export const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;

/** From here on bytes are written in the thread pool: below, one write into the page cache is cheaper than the hop. */
const SMALL_BYTES = 64 * 1024;
/** Directories kept open for fsync; the oldest is closed first. */
const OPEN_DIRECTORIES = 1024;

export type PayloadFiles = {
  /**
   * Keeps bytes; durable when it resolves. Putting what is there already is not an error.
   * @throws CountersignError payload-too-large, core:payloads-unavailable
   */
  put(tenant: string, bytes: Uint8Array): Promise<Digest>;
  /**
   * The bytes, checked against their digest; undefined when there is no such file.
   * @throws CountersignError payload-damaged
   */
  get(tenant: string, digest: Digest): Promise<Uint8Array | undefined>;
  /** Whether the file is there with the bytes its digest says; for fsck, which waits for nothing. */
  isSound(tenant: string, digest: string): boolean;
  /** Removes a file; false when there was none. Durable when it resolves. */
  remove(tenant: string, digest: Digest): Promise<boolean>;
  /** Digests of every file of a tenant, for fsck and sweeps. */
  list(tenant: string): AsyncIterable<Digest>;
  close(): void;
};

/**
 * Opens the tree under `root`, creating it, and clears what an interrupted write left behind.
 *
 * @param purpose `look` changes nothing, so that a tree another process serves can be read; it must not be put into
 */
export function openPayloadFiles(root: string, purpose: "use" | "look" = "use"): PayloadFiles {
  const incoming = join(root, ".incoming");
  const directories = new DirectorySync(root);
  if (purpose === "use") {
    fs.mkdirSync(root, { recursive: true, mode: 0o700 });
    fs.rmSync(incoming, { recursive: true, force: true });
    fs.mkdirSync(incoming, { mode: 0o700 });
    directories.syncNow(dirname(root));
  }
  /** Puts under way, so that the same bytes are written once and both callers wait for the same fsync. */
  const underWay = new Map<string, Promise<void>>();

  return {
    async put(tenant, bytes) {
      if (bytes.length > MAX_PAYLOAD_BYTES) throw new CountersignError("payload-too-large");
      const digest = digestOf(bytes);
      const path = pathOf(root, tenant, digest);
      let writing = underWay.get(path);
      if (writing === undefined) {
        writing = write(path, bytes, digest).finally(() => underWay.delete(path));
        underWay.set(path, writing);
      }
      await writing;
      return digest;
    },

    async get(tenant, digest) {
      const bytes = await readIfThere(pathOf(root, tenant, digest));
      if (bytes !== undefined && digestOf(bytes) !== digest) {
        throw new CountersignError("payload-damaged", { detail: `${digest} of tenant ${tenant}.` });
      }
      return bytes;
    },

    isSound(tenant, digest) {
      try {
        return isDigest(digest) && digestOf(fs.readFileSync(pathOf(root, tenant, digest))) === digest;
      } catch {
        return false;
      }
    },

    async remove(tenant, digest) {
      const path = pathOf(root, tenant, digest);
      try {
        fs.unlinkSync(path);
      } catch (cause) {
        if (isCode(cause, "ENOENT")) return false;
        throw unavailable(cause);
      }
      await directories.sync(dirname(path));
      return true;
    },

    async *list(tenant) {
      for (const shard of await namesIn(join(root, tenant))) {
        for (const rest of await namesIn(join(root, tenant, shard))) {
          const digest = `sha256:${shard}${rest}`;
          if (isDigest(digest)) yield digest;
        }
      }
    },

    close: () => directories.close(),
  };

  async function write(path: string, bytes: Uint8Array, digest: Digest): Promise<void> {
    try {
      const directory = dirname(path);
      directories.make(directory);
      // A file of this name may be torn by a crash between its rename and our fsyncs, or damaged since: believe its bytes only.
      const there = await readIfThere(path);
      if (there !== undefined && digestOf(there) === digest) await syncFile(path);
      else await replace(path, bytes);
      await directories.sync(directory);
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  async function replace(path: string, bytes: Uint8Array): Promise<void> {
    const temporary = join(incoming, randomUUID());
    const file = fs.openSync(temporary, "wx", 0o600);
    try {
      if (bytes.length <= SMALL_BYTES) writeAll(file, bytes);
      else await writeAllInPool(file, bytes);
      await done((then) => fs.fdatasync(file, then));
    } catch (cause) {
      fs.closeSync(file);
      fs.rmSync(temporary, { force: true });
      throw cause;
    }
    fs.closeSync(file);
    fs.renameSync(temporary, path);
  }
}

/** Whether text is a digest: what names a file must be checked before it becomes a path. */
export function isDigest(text: string): text is Digest {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

function pathOf(root: string, tenant: string, digest: Digest): string {
  if (!isDigest(digest) || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(tenant)) throw new CountersignError("payload-not-found");
  return join(root, tenant, digest.slice(7, 9), digest.slice(9));
}

/** fsync of directories: those kept open, and one fsync for everybody who was waiting when it started. */
class DirectorySync {
  readonly #open = new Map<string, number>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #next = new Map<string, Promise<void>>();
  readonly #made = new Set<string>();
  /** Parents fsynced by this process: what they held when it started is durable since. */
  readonly #synced = new Set<string>();

  constructor(root: string) {
    this.#made.add(root);
  }

  /** Creates a directory and its parents below the root; their names are durable when it returns. */
  make(path: string): void {
    if (this.#made.has(path)) return;
    const parent = dirname(path);
    this.make(parent);
    const isNew = !fs.existsSync(path);
    if (isNew) fs.mkdirSync(path, { mode: 0o700 });
    // One that was there is synced too, once: the process that made it may have died before it did.
    if (isNew || !this.#synced.has(parent)) this.syncNow(parent);
    this.#synced.add(parent);
    this.#made.add(path);
  }

  syncNow(path: string): void {
    const directory = fs.openSync(path, "r");
    try {
      fs.fsyncSync(directory);
    } finally {
      fs.closeSync(directory);
    }
  }

  /** Resolves when every name put into the directory before the call is durable. */
  sync(path: string): Promise<void> {
    const running = this.#running.get(path);
    if (running === undefined) return this.#start(path);
    // One fsync is under way and may have started before our rename: the one after it is ours and that of all who wait.
    let next = this.#next.get(path);
    if (next === undefined) {
      const start = () => {
        this.#next.delete(path);
        return this.#start(path);
      };
      next = running.then(start, start);
      this.#next.set(path, next);
    }
    return next;
  }

  close(): void {
    for (const directory of this.#open.values()) fs.closeSync(directory);
    this.#open.clear();
  }

  #start(path: string): Promise<void> {
    const running = done((then) => fs.fsync(this.#descriptor(path), then)).finally(() => this.#running.delete(path));
    this.#running.set(path, running);
    return running;
  }

  #descriptor(path: string): number {
    const open = this.#open.get(path);
    if (open !== undefined) return open;
    for (const [oldest, descriptor] of this.#open) {
      if (this.#open.size < OPEN_DIRECTORIES) break;
      if (this.#running.has(oldest)) continue;
      fs.closeSync(descriptor);
      this.#open.delete(oldest);
    }
    const descriptor = fs.openSync(path, "r");
    this.#open.set(path, descriptor);
    return descriptor;
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += fs.writeSync(file, bytes, at);
}

async function writeAllInPool(file: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const start = at;
    at += await new Promise<number>((resolve, reject) =>
      fs.write(file, bytes, start, (error, written) => (error === null ? resolve(written) : reject(error))),
    );
  }
}

async function syncFile(path: string): Promise<void> {
  const file = fs.openSync(path, "r");
  try {
    await done((then) => fs.fdatasync(file, then));
  } finally {
    fs.closeSync(file);
  }
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  let file: number;
  try {
    file = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return undefined;
    throw unavailable(cause);
  }
  try {
    return await new Promise<Uint8Array>((resolve, reject) =>
      fs.readFile(file, (error, bytes) => (error === null ? resolve(bytes) : reject(unavailable(error)))),
    );
  } finally {
    fs.closeSync(file);
  }
}

async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return (await fs.promises.readdir(path)).sort();
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return [];
    throw unavailable(cause);
  }
}

function done(call: (then: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => call((error) => (error === null ? resolve() : reject(error))));
}

function isCode(cause: unknown, code: string): boolean {
  return cause instanceof Error && "code" in cause && cause.code === code;
}

function unavailable(cause: unknown): CountersignError {
  if (cause instanceof CountersignError) return cause;
  const why = cause instanceof Error && "code" in cause ? String(cause.code) : "an error";
  return new CountersignError("core:payloads-unavailable", { cause, detail: `The file system answers ${why}.` });
}
