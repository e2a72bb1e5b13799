/**
 * A pack in a directory. Every name is looked at without following it: a link, a device or a socket in a pack is refused,
 * because what it leads to is not part of what was handed over and may change under the reader.
 */
import * as fs from "node:fs";
import { join } from "node:path";
import { CountersignError } from "./errors.ts";
import type { PackFiles } from "./pack.ts";

const MAX_FILES = 4_000_000;
const MAX_DEPTH = 32;
/** No text is longer in this engine, and no file of a pack comes near. */
const MAX_FILE_BYTES = 500_000_000;

/**
 * Lists a directory's files now; reads each when asked.
 *
 * @param top names in the directory itself, for a process that may read what is in it but may not list it
 * @throws CountersignError cannot-read when it is no directory, or holds anything but files and directories
 */
export function openPackFolder(path: string, top?: readonly string[]): PackFiles {
  const paths: string[] = [];
  const entries = top?.map((name) => Object.assign(fs.lstatSync(join(path, name)), { name }));
  list(path, "", 0, paths, entries ?? entriesOf(path));
  return {
    list: () => paths,
    read: (file) => read(join(path, file)),
  };
}

/** Names in a directory itself, links and all. @throws CountersignError cannot-read */
export function namesIn(path: string): readonly string[] {
  return entriesOf(path).map(({ name }) => name);
}

type Entry = Pick<fs.Dirent, "isDirectory" | "isFile" | "isSymbolicLink"> & { readonly name: string };

function list(root: string, below: string, depth: number, paths: string[], entries: readonly Entry[]): void {
  if (depth > MAX_DEPTH) throw cannotRead(`${join(root, below)} lies deeper than a pack goes`);
  for (const entry of entries) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) list(root, path, depth + 1, paths, entriesOf(join(root, path)));
    else if (entry.isFile()) paths.push(path);
    else
      throw cannotRead(
        `${join(root, path)} is ${entry.isSymbolicLink() ? "a link" : "not a file"}; a pack has files only`,
      );
    if (paths.length > MAX_FILES) throw cannotRead(`${root} has more than ${MAX_FILES} files`);
  }
}

function entriesOf(folder: string): readonly Entry[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch (cause) {
    throw cannotRead(`${folder} cannot be read as a folder`, cause);
  }
}

function read(path: string): Uint8Array | undefined {
  let file: number;
  try {
    file = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw cannotRead(`${path} cannot be read`, cause);
  }
  try {
    const stat = fs.fstatSync(file);
    if (!stat.isFile()) throw cannotRead(`${path} is not a file`);
    if (stat.size > MAX_FILE_BYTES)
      throw cannotRead(`${path} has ${stat.size} bytes; a pack's file has at most ${MAX_FILE_BYTES}`);
    return fs.readFileSync(file);
  } finally {
    fs.closeSync(file);
  }
}

function cannotRead(detail: string, cause?: unknown): CountersignError {
  return new CountersignError("cannot-read", { detail: `${detail}.`, cause });
}
