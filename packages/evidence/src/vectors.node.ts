/** Where tests find vectors: the project's own in spec/vectors, and external ones beside the repository. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** A folder of external vectors, or why the tests that need it are skipped. */
export type ExternalVectors = { readonly folder: string; readonly skip: string | false };

/** External vectors are not part of the repository: they lie beside it, in ../shared/vectors, when they are there. */
export function externalVectors(name: string): ExternalVectors {
  const folder = join(ROOT, "../shared/vectors", name);
  return { folder, skip: existsSync(folder) ? false : `../shared/vectors/${name} is not there` };
}

/** Paths of the JSON files under a folder, sorted. */
export function jsonFilesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".json"))
    .sort()
    .map((path) => join(folder, path));
}

/** A vector of spec/vectors: one case of one format. What else it has is for the format's test to say. */
export type SpecVector = { readonly desc: string };

/** The project's own vectors of one format, by path below spec/vectors (without `.json`). */
export function specVectors<V extends SpecVector>(format: string): ReadonlyMap<string, V> {
  const folder = join(ROOT, "spec/vectors");
  return new Map(
    jsonFilesUnder(join(folder, format)).map((path) => [
      path.slice(folder.length + 1, -".json".length),
      JSON.parse(readFileSync(path, "utf8")) as V, // written by tools/vectors-bytes.ts, checked in
    ]),
  );
}
