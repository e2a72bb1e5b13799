/**
 * `npm run demo -- --out DIR`: the whole story on real parts, in under a minute. An agent tidies a folder through the real
 * MCP filesystem server behind our gateway; a policy allows, denies and asks people; one person approves and rejects with a
 * signing key; the evidence is exported and verified; one flipped byte is caught. It is told in the sections it prints.
 */
import { generateKeyPairSync } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Countersign } from "@countersign/sdk";
import { type CallResult, runAgent } from "./agent.ts";
import { countersign, must, program, serve } from "./cli.ts";

const values = parseWords();
const out = resolve(values.out ?? (await mkdtemp(join(tmpdir(), "countersign-demo-"))));
const TENANT = "demo";
const AGENT = "files-agent";

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
await mkdir(out, { recursive: true });
if ((await readdir(out)).length > 0) {
  console.error(`usage: ${out} is not empty. Give --out a new folder, or empty this one.`);
  process.exit(2);
}
const say = (line = "") => console.log(line);
const at = (...parts: string[]) => join(out, ...parts);

say(`Countersign demo in ${out}`);
say();
say("1. A server, a tenant, an agent with a ceiling, an approver with a key, a policy");
await prepareWorkspace();
const { approverKey, approverPublicKey } = await makeApproverKey();
const server = await serve(at("data"), at("signer"));
try {
  const db = ["--data", at("data"), "--tenant", TENANT];
  await must("tenant", "create", "--data", at("data"), "--id", TENANT, "--kind", "evaluation");
  await must("agent", "register", ...db, "--id", AGENT, "--ceiling", "fs.read,fs.write,fs.delete");
  await must("approver", "enroll", ...db, "--id", "dana", "--roles", "oncall_sre", "--public-key", approverPublicKey);
  const key = async (role: string, id: string): Promise<string> => {
    const made: unknown = JSON.parse(await must("credential", "create", ...db, "--role", role, "--id", id, "--json"));
    return (made as { key: string }).key; // The command's documented answer.
  };
  const keys = {
    agent: await key("agent", AGENT),
    executor: await key("executor", "mcp-gateway"),
    approver: await key("approver", "dana"),
    auditor: await key("auditor", "erin"),
  };
  const published = await must(
    "policy",
    "publish",
    join(import.meta.dirname, "..", "..", "packages", "server", "policies", "starter"),
    ...db,
  );
  say(`   ${published.trim().split("\n").at(-1)}`);

  say();
  say("2. The agent works: AI SDK → MCP client → countersign-mcp → the real filesystem server");
  const gate = new Countersign({
    url: server.url,
    apiKey: keys.agent,
    executorKey: keys.executor,
    outbox: at("outbox"),
  });
  const approver = new Countersign({ url: server.url, apiKey: keys.approver, outbox: false });
  const run = await gate.run({
    intent: "tidy the workspace",
    capabilities: ["fs.read", "fs.write"],
    onBehalfOf: "user:sam",
    framework: "ai-sdk",
  });
  const answerAs = (verb: "approve" | "reject", reason: string) => async () => {
    const waiting = await firstWaiting(approver);
    await must(verb, waiting, ...db, "--as", "dana", "--key", approverKey, "--reason", reason);
  };

  const workspace = at("workspace");
  const story = [
    { title: "an allowed read", tool: "read_text_file", args: { path: join(workspace, "notes", "todo.txt") } },
    {
      title: "an allowed write",
      tool: "write_file",
      args: { path: join(workspace, "notes", "summary.txt"), content: "2 of 3 done\n" },
    },
    { title: "a denied action", tool: "read_text_file", args: { path: join(workspace, "secrets", "token.txt") } },
    {
      title: "waits, dana approves",
      tool: "write_file",
      args: { path: join(workspace, "prod", "app.conf"), content: "workers = 4\n" },
      meanwhile: answerAs("approve", "CHANGE_REVIEWED"),
    },
    {
      title: "waits, dana rejects",
      tool: "write_file",
      args: { path: join(workspace, "prod", "billing.conf"), content: "free = true\n" },
      meanwhile: answerAs("reject", "RISK_TOO_HIGH"),
    },
    {
      title: "fails, is retried, works",
      tool: "read_text_file",
      args: { path: join(workspace, "notes", "late.txt") },
      meanwhile: async () => {
        // The file arrives after the first attempt has failed.
        await firstFailure(gate, run.id, keys.auditor, server.url);
        await writeFile(join(workspace, "notes", "late.txt"), "better late than never\n");
      },
    },
    {
      title: "fails until its retries are used up",
      tool: "read_text_file",
      args: { path: join(workspace, "notes", "never.txt") },
    },
    {
      title: "outside the run's scope",
      tool: "move_file",
      args: { source: join(workspace, "notes", "todo.txt"), destination: join(workspace, "notes", "done.txt") },
    },
    { title: "above the agent's ceiling", tool: "list_directory", args: { path: workspace } },
  ];
  const gateway = program("packages/sdk/bin/mcp.ts", [
    "--max-attempts",
    "3",
    "--hold",
    "30",
    "--",
    process.execPath,
    filesystemServer(),
    workspace,
  ]);
  const results = await runAgent({
    ...gateway,
    env: {
      PATH: process.env.PATH ?? "",
      HOME: out,
      XDG_STATE_HOME: at("state"),
      COUNTERSIGN_URL: server.url,
      COUNTERSIGN_API_KEY: keys.agent,
      COUNTERSIGN_EXECUTOR_KEY: keys.executor,
      COUNTERSIGN_RUN_ID: run.id,
    },
    script: story,
  });
  for (const [n, step] of story.entries())
    say(`   ${step.title.padEnd(36)} ${step.tool.padEnd(18)} ${brief(results[n])}`);

  let permitToken = "";
  await run.act(
    { tool: "write_file", args: { path: join(workspace, "notes", "sdk.txt"), content: "by the SDK alone\n" } },
    async (permit, args) => {
      permitToken = permit.token;
      const { path, content } = args as { path: string; content: string }; // The very bytes that were decided.
      await writeFile(path, content);
    },
  );
  say(`   ${"an allowed write, by the SDK alone".padEnd(36)} ${"write_file".padEnd(18)} ok`);
  const changed = await changeAfterApproval(gate, run, answerAs("approve", "CHANGE_REVIEWED"));
  say(`   ${"arguments changed after approval".padEnd(36)} ${"write_file".padEnd(18)} ${changed}`);
  await run.close();

  say();
  say("3. What really happened on disk");
  for (const line of await describeWorkspace()) say(`   ${line}`);

  say();
  say("4. The timeline");
  say((await must("timeline", run.id, ...db)).trimEnd());

  say();
  say("5. The evidence leaves the house");
  await must("export", "--all", ...db, "--out", at("pack"));
  await must("export", "--run", run.id, ...db, "--out", at("pack-run"));
  // The pin must not come out of the pack: an auditor gets it from the log's owner by another way.
  await writeFile(at("log.vkey"), await must("keys", "show", ...db));
  const good = await countersign(
    "verify",
    at("pack"),
    "--key",
    at("log.vkey"),
    "--require",
    "pinned,approvers,re-executed",
  );
  say(good.stdout.trimEnd());
  if (good.code !== 0) throw new Error(`the pack does not verify: ${good.stderr}`);

  say();
  say("6. One byte is flipped in a copy");
  const flipped = await flipOneByte();
  say(`   ${flipped}`);
  const bad = await countersign("verify", at("pack-flipped"), "--key", at("log.vkey"));
  say(bad.stdout.trimEnd());
  if (bad.code !== 1) throw new Error(`the verifier did not catch the flipped byte (exit ${bad.code})`);
  await writeFile(
    at("demo.json"),
    `${JSON.stringify({ run_id: run.id, permit_token: permitToken, results: story.map((step, n) => ({ title: step.title, ...results[n] })), changed }, null, 2)}\n`,
  );

  say();
  say(`Look around: ${at("pack")} (evidence), ${at("log.vkey")} (its pin), ${at("workspace")} (what ran).`);
  say(`Verify it yourself: npx countersign-verify ${at("pack")} --key ${at("log.vkey")}`);
} finally {
  await server.stop();
}

async function prepareWorkspace(): Promise<void> {
  const files: Readonly<Record<string, string>> = {
    "notes/todo.txt": "[x] write\n[x] test\n[ ] ship\n",
    "prod/app.conf": "workers = 2\n",
    "prod/billing.conf": "free = false\n",
    "secrets/token.txt": "not for agents\n",
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(at("workspace", path)), { recursive: true });
    await writeFile(at("workspace", path), text);
  }
}

/** Dana's key pair: the private half stays with her, the server only ever gets the public half. */
async function makeApproverKey(): Promise<{ approverKey: string; approverPublicKey: string }> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  await mkdir(at("dana"), { mode: 0o700 });
  await writeFile(at("dana", "key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  await writeFile(at("dana", "key.pub.pem"), publicKey.export({ type: "spki", format: "pem" }));
  return { approverKey: at("dana", "key.pem"), approverPublicKey: at("dana", "key.pub.pem") };
}

function filesystemServer(): string {
  const require = createRequire(import.meta.url);
  return join(dirname(require.resolve("@modelcontextprotocol/server-filesystem/package.json")), "dist", "index.js");
}

/** Polls the inbox the way an approver's tool does. */
async function firstWaiting(approver: Countersign): Promise<string> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const { approvals } = await approver.call("listApprovals", { query: { state: "REQUESTED" } });
    if (approvals[0] !== undefined) return approvals[0].approval_id;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("no approval request arrived");
}

async function firstFailure(_gate: Countersign, runId: string, auditorKey: string, url: string): Promise<void> {
  const auditor = new Countersign({ url, apiKey: auditorKey, outbox: false });
  for (let attempt = 0; attempt < 200; attempt++) {
    const { events } = await auditor.call("listEvents", {
      query: { run_id: runId, type: "dispatch.failed", limit: "1" },
    });
    if (events.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("the first attempt did not fail");
}

/** An executor that would run other arguments than the approved ones is refused the permit. */
async function changeAfterApproval(
  gate: Countersign,
  run: Awaited<ReturnType<Countersign["run"]>>,
  approve: () => Promise<void>,
): Promise<string> {
  const path = at("workspace", "prod", "limits.conf");
  const { action } = await run.request({ tool: "write_file", args: { path, content: "limit = 10\n" } });
  await approve();
  const other = new TextEncoder().encode(JSON.stringify({ path, content: "limit = 1000000\n" }));
  const digest = Buffer.from(await crypto.subtle.digest("SHA-256", other)).toString("hex");
  const refusal = await gate
    .callAsExecutor("startAction", { params: { action_id: action.action_id }, body: { args_sha256: digest } })
    .then(
      () => "was started (it must not be)",
      (error: { code?: string }) => `refused: ${error.code}`,
    );
  await gate.call("cancelAction", { params: { action_id: action.action_id }, body: {} });
  return refusal;
}

function parseWords(): { readonly out?: string } {
  const usage = "npm run demo -- [--out DIR]   DIR: a new or empty folder. Default: one in the temporary folder.";
  try {
    const { values } = parseArgs({ options: { out: { type: "string" }, help: { type: "boolean" } } });
    if (values.help !== true) return values;
  } catch (error) {
    console.error(`demo: ${error instanceof Error ? error.message : error}\n${usage}`);
    process.exit(2);
  }
  console.log(usage);
  process.exit(0);
}

async function describeWorkspace(): Promise<string[]> {
  const lines: string[] = [];
  for (const folder of ["notes", "prod", "secrets"]) {
    for (const name of (await readdir(at("workspace", folder))).sort()) {
      const text = await readFile(at("workspace", folder, name), "utf8");
      lines.push(`${`${folder}/${name}`.padEnd(24)} ${JSON.stringify(text)}`);
    }
  }
  return lines;
}

async function flipOneByte(): Promise<string> {
  await cp(at("pack"), at("pack-flipped"), { recursive: true });
  const folder = at("pack-flipped", "content", "tile", "entries");
  const name = (await readdir(folder, { recursive: true, withFileTypes: true })).find((entry) => entry.isFile());
  if (name === undefined) throw new Error("the pack has no entries");
  const path = join(name.parentPath, name.name);
  const bytes = await readFile(path);
  // Inside the decision of a denial: a change that would matter.
  const offset = bytes.indexOf('"decision":"DENY"') + 13;
  bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  await writeFile(path, bytes);
  return `byte ${offset} of ${path.slice(out.length + 1)}: "DENY" became "${bytes.subarray(offset - 1, offset + 3)}"`;
}

function brief(result: CallResult | undefined): string {
  if (result === undefined) return "no result";
  const text = result.text.replaceAll(out, "").replace(/\s+/g, " ").slice(0, 72);
  return `${result.failed ? "refused/failed" : "ok"}: ${text}`;
}
