/**
 * A pack on disk, all of it or nothing: files are written into a folder beside the one asked for, fsynced, and the folder
 * is renamed into place. After a crash there is either no pack, or a `.partial-` folder that nobody takes for one.
 */
import { randomUUID } from "node:crypto";
import * as fs from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { CountersignError } from "@countersign/evidence/errors";
import type { PackFile } from "@countersign/evidence/pack";

export type PackFolderWriter = {
  /** Writes one file; durable when it resolves. */
  write(file: PackFile): Promise<void>;
  /** Puts the folder where it was asked for. */
  commit(): Promise<void>;
  /** Removes what was written; does nothing after commit. */
  discard(): Promise<void>;
};

/**
 * Starts a pack at `path`.
 *
 * @throws CountersignError folder-not-empty when there is something other than an empty folder, cannot-read when its parent
 *   is no folder
 */
export async function startPackFolder(path: string): Promise<PackFolderWriter> {
  await refuseOccupied(path);
  const partial = join(dirname(path), `.${basename(path)}.partial-${randomUUID()}`);
  try {
    await fs.mkdir(partial, { mode: 0o755 });
  } catch (cause) {
    throw new CountersignError("cannot-read", { detail: `${dirname(path)} is no folder to write into.`, cause });
  }
  const made = new Set<string>([partial]);
  let committed = false;
  return {
    async write({ path: file, bytes }) {
      const full = join(partial, file);
      for (let folder = dirname(full); !made.has(folder); folder = dirname(folder)) {
        await fs.mkdir(folder, { recursive: true, mode: 0o755 });
        made.add(folder);
      }
      const handle = await fs.open(full, "wx", 0o644);
      try {
        await handle.writeFile(bytes);
        await handle.datasync();
      } finally {
        await handle.close();
      }
    },
    async commit() {
      for (const folder of made) await syncFolder(folder);
      await refuseOccupied(path);
      // An empty folder in the way is replaced; anything else makes this fail.
      await fs.rename(partial, path);
      committed = true;
      await syncFolder(dirname(path));
    },
    async discard() {
      if (!committed) await fs.rm(partial, { recursive: true, force: true });
    },
  };
}

async function refuseOccupied(path: string): Promise<void> {
  try {
    const names = await fs.readdir(path);
    if (names.length === 0) return;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return;
    throw new CountersignError("folder-not-empty", { detail: `${path}.`, cause });
  }
  throw new CountersignError("folder-not-empty", { detail: `${path}; a pack is written whole.` });
}

async function syncFolder(path: string): Promise<void> {
  const handle = await fs.open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
