/** `countersign mcp` and `countersign demo`: programs of their own, started under the operator's name. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CountersignError } from "@countersign/evidence/errors";
import type { Command } from "commander";

const isSource = import.meta.url.endsWith(".ts");

export function addDelegateCommands(program: Command): void {
  delegate(program, "mcp", "Run an MCP server behind the gate. The same as countersign-mcp.", () => {
    const sdk = dirname(fileURLToPath(import.meta.resolve("@countersign/sdk/package.json")));
    return join(sdk, isSource ? "bin/mcp.ts" : "dist/bin/mcp.js");
  });
  delegate(program, "demo", "The whole story on real parts, in under a minute: demo --out DIR.", () => {
    const path = join(import.meta.dirname, "..", "..", "..", "..", "examples", "demo", "main.ts");
    if (existsSync(path)) return path;
    throw new CountersignError("cannot-read", {
      detail: "The demo is part of the repository, not of the package: clone it and run npm run demo.",
    });
  });
}

/** A command whose words are another program's to understand, --help too. */
function delegate(program: Command, name: string, summary: string, find: () => string): void {
  program
    .command(name)
    .description(summary)
    .allowUnknownOption()
    .helpOption(false)
    .argument("[words...]")
    // Commander takes the -- that separates a command's words; the program needs it, so the words are read as they came.
    .action(async () => {
      process.exitCode = await run(find(), process.argv.slice(process.argv.indexOf(name) + 1));
    });
}

/** Runs a program in our place: its streams are ours, its exit code too, and signals reach it. */
function run(path: string, words: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, path, ...words], { stdio: "inherit" });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}
