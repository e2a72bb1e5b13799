/** The version of this package, as its package.json says it. */
import { readFileSync } from "node:fs";

// From src/ in the repository, from dist/src/ when installed.
const folders = ["../package.json", "../../package.json"];

export const VERSION: string = readVersion();

function readVersion(): string {
  for (const folder of folders) {
    try {
      const read: unknown = JSON.parse(readFileSync(new URL(folder, import.meta.url), "utf8"));
      const { name, version } = read as { name?: unknown; version?: unknown };
      if (name === "@countersign/server" && typeof version === "string") return version;
    } catch {
      // Not there: the other one is.
    }
  }
  throw new Error("assertion failed: the package's own package.json is beside it");
}
