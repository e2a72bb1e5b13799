/** Making a directory's entries durable. */
import { closeSync, fsyncSync, openSync } from "node:fs";

/** A created or renamed file survives a power cut only once its directory is synced, too (fsync(2)). */
export function syncDirectory(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
