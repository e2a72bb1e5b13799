/**
 * Builds what a package publishes: plain JavaScript and types in `dist/`, by tsc alone. `npm pack` and `npm publish` call it.
 * A package's types come from the `dist/` of those it stands on, so those are built first when they are stale or absent.
 *
 *   node tools/build.ts [evidence|sdk|server]
 */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
/** In the order they stand on each other. */
const PACKAGES = ["evidence", "sdk", "server"] as const;

const wanted = process.argv[2];
const last = wanted === undefined ? PACKAGES.length - 1 : (PACKAGES as readonly string[]).indexOf(wanted);
if (last === -1) {
  console.error(`usage: node tools/build.ts [${PACKAGES.join("|")}]`);
  process.exit(2);
}

for (const name of PACKAGES.slice(0, last + 1)) {
  const folder = join(ROOT, "packages", name);
  // The package asked for is always built anew; those it stands on only when a source is newer than their build.
  if (name !== PACKAGES[last] && isFresh(folder)) continue;
  rmSync(join(folder, "dist"), { recursive: true, force: true });
  execFileSync(join(ROOT, "node_modules", ".bin", "tsc"), ["-p", join(folder, "tsconfig.build.json")], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const bin = join(folder, "dist", "bin");
  // npm sets the mode on install; this is for running from dist in the repository.
  if (existsSync(bin)) for (const file of readdirSync(bin)) if (file.endsWith(".js")) chmodSync(join(bin, file), 0o755);
  writeFileSync(join(folder, "dist", ".built"), "");
}

/** Whether a package's build is newer than each of its sources. */
function isFresh(folder: string): boolean {
  const built = join(folder, "dist", ".built");
  if (!existsSync(built)) return false;
  const since = statSync(built).mtimeMs;
  return ["src", "bin"].every((part) =>
    readdirSync(join(folder, part), { recursive: true, withFileTypes: true }).every(
      (file) => !file.isFile() || statSync(join(file.parentPath, file.name)).mtimeMs < since,
    ),
  );
}
