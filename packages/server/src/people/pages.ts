/** Where the console's pages are, and where its build lies. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Each address shows the same document, which knows what stands there. */
export const consolePages: readonly string[] = [
  "/",
  "/inbox",
  "/approvals/:id",
  "/people",
  "/account",
  "/sign-in",
  "/setup",
];

/** The folder of the built console, or undefined where it is not installed or not built: the API works without it. */
export function consoleDirectory(): string | undefined {
  try {
    const manifest = fileURLToPath(import.meta.resolve("@countersign/console/package.json"));
    const directory = join(dirname(manifest), "dist");
    return existsSync(join(directory, "index.html")) ? directory : undefined;
  } catch {
    return undefined;
  }
}
