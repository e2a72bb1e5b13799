/**
 * An exclusive lock that dies with its holder: a small SQLite database in an open exclusive transaction. The operating
 * system lets go of it when the process ends, however it ends, so no stale lock ever needs removing.
 */
import { DatabaseSync } from "node:sqlite";
import { CountersignError } from "@countersign/evidence/errors";

export type Lock = { release(): void };

/**
 * @param waitMs how long to wait for another holder to go: one that was just killed needs a moment
 * @throws CountersignError data-locked
 */
export function holdLock(path: string, waitMs = 0): Lock {
  const database = new DatabaseSync(path, { timeout: waitMs });
  try {
    database.exec("PRAGMA locking_mode=EXCLUSIVE");
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    throw new CountersignError("data-locked", { detail: path, cause: error });
  }
  return { release: () => database.close() };
}
