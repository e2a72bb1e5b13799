/**
 * Writes the vectors of the byte formats (spec/vectors/json, canonical, merkle, note, checkpoint, receipt, commitment,
 * sealing), or with `--check` says which on disk are not what would be written. Keys, salts and nonces come from names,
 * so the same files are written every time.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { byteVectors, formats } from "./vectors-bytes/files.ts";

const root = fileURLToPath(new URL("../spec/vectors", import.meta.url));

/** Path below spec/vectors → content, of what is on disk now. */
export function vectorsOnDisk(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const format of formats) {
    mkdirSync(join(root, format), { recursive: true });
    for (const name of readdirSync(join(root, format), { recursive: true, encoding: "utf8" }).sort()) {
      if (name.endsWith(".json")) files.set(`${format}/${name}`, readFileSync(join(root, format, name), "utf8"));
    }
  }
  return files;
}

/** One sentence for each file that is missing, differs, or that nothing writes any more. */
export function differences(wanted: ReadonlyMap<string, string>, present: ReadonlyMap<string, string>): string[] {
  return [
    ...[...wanted]
      .filter(([path, content]) => present.get(path) !== content)
      .map(([path]) => `${path} is not what tools/vectors-bytes.ts makes`),
    ...[...present.keys()].filter((path) => !wanted.has(path)).map((path) => `${path} is made by nothing`),
  ];
}

if (import.meta.main) {
  const wanted = byteVectors();
  const present = vectorsOnDisk();
  if (process.argv.includes("--check")) {
    const found = differences(wanted, present);
    for (const line of found) console.error(line);
    process.exitCode = found.length === 0 ? 0 : 1;
  } else {
    for (const path of present.keys()) if (!wanted.has(path)) rmSync(join(root, path));
    for (const [path, content] of wanted) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    console.log(`${wanted.size} vectors`);
  }
}
