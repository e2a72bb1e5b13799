/** The folders of spec/vectors and the scripts that write them: what is there, what should be, and the difference. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../spec/vectors", import.meta.url));

/** Path below spec/vectors → content, of the JSON files on disk in some of its folders. */
export function vectorsOnDisk(folders: readonly string[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const folder of folders) {
    if (!existsSync(join(root, folder))) continue;
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).sort())
      if (name.endsWith(".json")) files.set(`${folder}/${name}`, readFileSync(join(root, folder, name), "utf8"));
  }
  return files;
}

/** One sentence for each file that is missing, differs, or that nothing writes any more. */
export function vectorDifferences(
  script: string,
  wanted: ReadonlyMap<string, string>,
  present: ReadonlyMap<string, string>,
): readonly string[] {
  return [
    ...[...wanted]
      .filter(([path, content]) => present.get(path) !== content)
      .map(([path]) => `${path} is not what ${script} makes`),
    ...[...present.keys()].filter((path) => !wanted.has(path)).map((path) => `${path} is made by nothing`),
  ];
}

/** What a vector script does when it is run: writes its folders, or with `--check` only compares them and exits 1. */
export function runVectorScript(script: string, folders: readonly string[], wanted: ReadonlyMap<string, string>): void {
  const present = vectorsOnDisk(folders);
  if (process.argv.includes("--check")) {
    const found = vectorDifferences(script, wanted, present);
    for (const line of found) console.error(line);
    process.exitCode = found.length === 0 ? 0 : 1;
    return;
  }
  for (const path of present.keys()) if (!wanted.has(path)) rmSync(join(root, path));
  for (const [path, content] of wanted) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  console.log(`${wanted.size} vectors`);
}
