/** The real command line, as a person or a script would use it. */
import { execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ROOT = join(import.meta.dirname, "..", "..");
const NODE_ARGUMENTS = ["--conditions=countersign-source", "--disable-warning=ExperimentalWarning"];

/** `node ARGUMENTS` that runs a program of this repository from source. */
export function program(path: string, args: readonly string[]): { command: string; args: string[] } {
  return { command: process.execPath, args: [...NODE_ARGUMENTS, join(ROOT, path), ...args] };
}

export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs `countersign ARGS` to its end. */
export function countersign(...args: readonly string[]): Promise<Ran> {
  const { command, args: all } = program("packages/server/bin/countersign.ts", args);
  return new Promise((resolve) => {
    execFile(command, all, { encoding: "utf8", maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
  });
}

/** The same, for commands that must succeed; answers their standard output. */
export async function must(...args: readonly string[]): Promise<string> {
  const ran = await countersign(...args);
  if (ran.code !== 0)
    throw new Error(`countersign ${args.join(" ")} ended with ${ran.code}:\n${ran.stderr}${ran.stdout}`);
  return ran.stdout;
}

export type Served = { readonly url: string; stop(): Promise<void> };

/** Starts `countersign serve` and waits for its one line. */
export async function serve(dataDir: string, signerDir: string): Promise<Served> {
  const { command, args } = program("packages/server/bin/countersign.ts", [
    "serve",
    "--data",
    dataDir,
    "--signer-dir",
    signerDir,
    "--port",
    "0",
    // A machine that starts a demo or tests is often busy with it: a late thread is no reason to deny there.
    "--policy-deadline-ms",
    "5000",
  ]);
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number>((resolve) => child.on("exit", (code) => resolve(code ?? 1)));
  // No server is left behind, whichever way this process ends.
  process.on("exit", () => child.kill("SIGTERM"));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const match = /^listening on (http:\/\/\S+)$/.exec(line);
      if (match?.[1] !== undefined) resolve(match[1]);
    });
    void ended.then((code) => reject(new Error(`countersign serve ended with ${code} before it listened`)));
  });
  return {
    url,
    async stop() {
      child.kill("SIGTERM");
      const code = await ended;
      if (code !== 0) throw new Error(`countersign serve ended with ${code}`);
    },
  };
}
