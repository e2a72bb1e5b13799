/**
 * Puts payload bytes at their place in the tree, many at once: written beside the tree, each fsynced, renamed, and every
 * directory that changed fsynced once. When it returns, all of it is durable. Blocks its thread; runs at a start, at a
 * stop and in the mover's thread.
 */
import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { CountersignError } from "@countersign/evidence/errors";
import { type Digest, digestOf } from "@countersign/evidence/hash";

/** Bytes of one tenant with the digest they have. */
export type PlacedBytes = { readonly tenant: string; readonly digest: Digest; readonly bytes: Uint8Array };

export const INCOMING = ".incoming";

/** Whether text is a digest: what names a file must be checked before it becomes a path. */
export function isDigest(text: string): text is Digest {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

/** The file of a payload. @throws CountersignError payload-not-found for what cannot name one */
export function pathOf(root: string, tenant: string, digest: string): string {
  if (!isDigest(digest) || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(tenant)) throw new CountersignError("payload-not-found");
  return join(root, tenant, digest.slice(7, 9), digest.slice(9));
}

/** Places bytes under `root`. @throws whatever the file system says */
export function placeAll(root: string, all: readonly PlacedBytes[]): void {
  const renames: { readonly temporary: string; readonly path: string }[] = [];
  const changed = new Set<string>();
  for (const { tenant, digest, bytes } of all) {
    const path = pathOf(root, tenant, digest);
    const directory = dirname(path);
    if (makeDirectory(root, directory)) changed.add(dirname(directory));
    changed.add(directory);
    // A file of this name may be torn by a crash between its rename and the fsyncs, or damaged since: believe its bytes only.
    if (holds(path, digest)) syncFile(path);
    else renames.push({ temporary: writeTemporary(root, bytes), path });
  }
  for (const { temporary, path } of renames) fs.renameSync(temporary, path);
  for (const directory of changed) syncDirectory(directory);
}

/** Creates a shard's directory; its tenant's is made durable at once. True when the shard's own name still has to be. */
function makeDirectory(root: string, directory: string): boolean {
  if (fs.existsSync(directory)) return false;
  const tenant = dirname(directory);
  if (!fs.existsSync(tenant)) {
    fs.mkdirSync(tenant, { mode: 0o700 });
    syncDirectory(root);
  }
  fs.mkdirSync(directory, { mode: 0o700 });
  return true;
}

function writeTemporary(root: string, bytes: Uint8Array): string {
  const temporary = join(root, INCOMING, randomUUID());
  const file = fs.openSync(temporary, "wx", 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += fs.writeSync(file, bytes, at);
    fs.fdatasyncSync(file);
  } finally {
    fs.closeSync(file);
  }
  return temporary;
}

function holds(path: string, digest: Digest): boolean {
  let file: number;
  try {
    file = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
  } catch {
    return false;
  }
  try {
    return digestOf(fs.readFileSync(file)) === digest;
  } finally {
    fs.closeSync(file);
  }
}

function syncFile(path: string): void {
  const file = fs.openSync(path, "r");
  try {
    fs.fdatasyncSync(file);
  } finally {
    fs.closeSync(file);
  }
}

/** Makes the names in a directory durable. */
export function syncDirectory(path: string): void {
  const directory = fs.openSync(path, "r");
  try {
    fs.fsyncSync(directory);
  } finally {
    fs.closeSync(directory);
  }
}
