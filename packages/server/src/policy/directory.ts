/** A policy bundle as an author keeps it: a directory of plain files. Links and odd files are refused, not followed. */
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { MAX_BUNDLE_FILES, MAX_FILE_BYTES } from "@countersign/evidence/bundle-shapes";
import { CountersignError } from "@countersign/evidence/errors";

/**
 * Every file under a directory, by its path with `/`. Files that start with a dot are an editor's or a repository's and
 * are left out.
 *
 * @throws CountersignError cannot-read, policy-invalid for links, devices and more than a bundle may hold
 */
export function readPolicyDirectory(directory: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const walk = (path: string, prefix: string) => {
    for (const name of namesIn(path)) {
      if (name.startsWith(".")) continue;
      const full = join(path, name);
      const relative = prefix + name;
      const stat = lstatSync(full);
      if (stat.isDirectory()) {
        if (prefix.split("/").length > 3) refuse(`${relative} lies too deep.`);
        walk(full, `${relative}/`);
      } else if (!stat.isFile()) refuse(`${relative} is no plain file.`);
      else if (stat.size > MAX_FILE_BYTES) refuse(`${relative} has ${stat.size} bytes, more than ${MAX_FILE_BYTES}.`);
      else if (files.size > MAX_BUNDLE_FILES) refuse(`There are more than ${MAX_BUNDLE_FILES} files.`);
      else files.set(relative, readFileSync(full));
    }
  };
  walk(directory, "");
  if (files.size === 0) throw new CountersignError("cannot-read", { detail: `${directory} holds no files.` });
  return files;
}

/**
 * Writes a drafted bundle into a directory that is not there or is empty.
 *
 * @throws CountersignError already-exists
 */
export function writePolicyDirectory(directory: string, files: ReadonlyMap<string, Uint8Array>): void {
  mkdirSync(directory, { recursive: true });
  if (readdirSync(directory).length > 0) {
    throw new CountersignError("already-exists", { detail: `${directory} is not empty.` });
  }
  for (const [path, bytes] of files) {
    const full = join(directory, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, bytes, { flag: "wx" });
  }
}

function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path).sort();
  } catch (cause) {
    throw new CountersignError("cannot-read", { cause, detail: `${path} is no directory that can be read.` });
  }
}

function refuse(detail: string): never {
  throw new CountersignError("policy-invalid", { detail });
}
