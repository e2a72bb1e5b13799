/**
 * Writes the vectors of a log's meaning (spec/vectors/run, control, approval, permit), or with `--check` says which on
 * disk are not what would be written. Everything in them comes from names, so the same files are written every time.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { lifeFormats, lifeVectors } from "./vectors-life/files.ts";

const root = fileURLToPath(new URL("../spec/vectors", import.meta.url));

/** One sentence for each file that is missing, differs, or that nothing writes any more. */
export function lifeDifferences(): string[] {
  const wanted = lifeVectors();
  const present = onDisk();
  return [
    ...[...wanted]
      .filter(([path, content]) => present.get(path) !== content)
      .map(([path]) => `${path} is not what tools/vectors-life.ts makes`),
    ...[...present.keys()].filter((path) => !wanted.has(path)).map((path) => `${path} is made by nothing`),
  ];
}

function onDisk(): Map<string, string> {
  const files = new Map<string, string>();
  for (const format of lifeFormats) {
    if (!existsSync(join(root, format))) continue;
    for (const name of readdirSync(join(root, format), { recursive: true, encoding: "utf8" }).sort()) {
      if (name.endsWith(".json")) files.set(`${format}/${name}`, readFileSync(join(root, format, name), "utf8"));
    }
  }
  return files;
}

if (import.meta.main) {
  if (process.argv.includes("--check")) {
    const found = lifeDifferences();
    for (const line of found) console.error(line);
    process.exitCode = found.length === 0 ? 0 : 1;
  } else {
    const wanted = lifeVectors();
    for (const path of onDisk().keys()) if (!wanted.has(path)) rmSync(join(root, path));
    for (const [path, content] of wanted) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    console.log(`${wanted.size} vectors`);
  }
}
