/**
 * `npm run dev`: a server on http://localhost:7070 with a seeded story to look at, kept in `.dev/` until you delete it.
 * The first start runs the demo's story into it; later starts only serve. Ctrl-C stops.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { program } from "../examples/demo/cli.ts";

const ROOT = join(import.meta.dirname, "..");
const folder = join(ROOT, ".dev");
const PORT = process.env.PORT ?? "7070";

if (!existsSync(join(folder, "demo.json"))) {
  console.log("Seeding .dev with the demo's story…");
  // demo.json is written last: a folder without it is a story that was cut short, and is told anew.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  await run(program("examples/demo/main.ts", ["--out", folder]));
}

const { run_id: runId } = JSON.parse(await readFile(join(folder, "demo.json"), "utf8")) as { run_id: string };
const cli = "npx countersign";
const db = "--data .dev/data --signer-dir .dev/signer --tenant demo";
console.log(`Try, in another terminal:
  ${cli} timeline ${runId} ${db}
  ${cli} approvals list ${db}
  ${cli} credential create ${db} --role agent --id files-agent
`);
const { command, args } = program("packages/server/bin/countersign.ts", [
  "serve",
  "--data",
  join(folder, "data"),
  "--signer-dir",
  join(folder, "signer"),
  "--port",
  PORT,
]);
const server = spawn(command, args, { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => server.kill("SIGTERM"));
server.on("exit", (code) => process.exit(code ?? 1));

async function run(what: { command: string; args: string[] }): Promise<void> {
  const child = spawn(what.command, what.args, { stdio: ["ignore", "pipe", "pipe"] });
  process.once("exit", () => child.kill("SIGTERM"));
  const output: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => output.push(part));
  child.stderr.on("data", (part: Buffer) => output.push(part));
  const code = await new Promise<number>((resolve) => child.on("close", (ended) => resolve(ended ?? 1)));
  if (code === 0) return;
  console.error(Buffer.concat(output).toString());
  process.exit(1);
}
