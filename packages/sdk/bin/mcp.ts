#!/usr/bin/env node
/** `countersign-mcp -- COMMAND`: runs an MCP server behind the gate. Flags win over environment variables. */
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { nodeVersionProblem } from "@countersign/evidence/node-version";
import { visible } from "@countersign/evidence/terminal";
import { Countersign, CountersignError } from "../src/client.ts";
import { openGateway } from "../src/integrations/mcp-gateway.ts";
import { splitLines } from "../src/lines.ts";
import type { Run } from "../src/run.ts";

const HELP = `countersign-mcp: an MCP server behind the gate

  countersign-mcp [options] -- COMMAND [ARGUMENT...]

Passes JSON-RPC lines between its standard input and output and COMMAND's. Each tools/call waits until the gate has
decided and, where the policy says so, people have approved; everything else passes untouched.

  --url URL               the gate                        COUNTERSIGN_URL            http://127.0.0.1:7070
  --capability CAP        what the run declares; repeat   COUNTERSIGN_CAPABILITIES   (comma-separated; required)
  --intent TEXT           why, in the agent's words       COUNTERSIGN_INTENT
  --run-id ID             work inside this open run       COUNTERSIGN_RUN_ID         (a new run, closed at the end)
  --tool-prefix PREFIX    put before each tool's name     COUNTERSIGN_TOOL_PREFIX
  --hold SECONDS          wait for people inside a call   COUNTERSIGN_HOLD           50
  --call-timeout SECONDS  one attempt may take            COUNTERSIGN_CALL_TIMEOUT   300
  --max-attempts N        tries of a failing call         COUNTERSIGN_MAX_ATTEMPTS   1
  --help

Keys come from the environment only: COUNTERSIGN_API_KEY (the agent's), COUNTERSIGN_EXECUTOR_KEY (when the agent may not
execute itself).

Example, in an MCP client's configuration:
  { "command": "npx", "args": ["countersign-mcp", "--capability", "fs.read", "--", "mcp-server-filesystem", "/srv/files"],
    "env": { "COUNTERSIGN_URL": "https://gate.example.com", "COUNTERSIGN_API_KEY": "…" } }
`;

const say = (message: string) => process.stderr.write(`countersign-mcp: ${visible(message)}\n`);

function fail(error: CountersignError): never {
  say(`${error.code}: ${error.message} ${error.remedy}`);
  process.exit(2);
}

function readFlags() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        url: { type: "string" },
        capability: { type: "string", multiple: true },
        intent: { type: "string" },
        "run-id": { type: "string" },
        "tool-prefix": { type: "string" },
        hold: { type: "string" },
        "call-timeout": { type: "string" },
        "max-attempts": { type: "string" },
        help: { type: "boolean" },
      },
    });
  } catch (cause) {
    return fail(new CountersignError("usage", { detail: `${cause instanceof Error ? cause.message : cause}`, cause }));
  }
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0) || value > 86_400)
    fail(new CountersignError("usage", { detail: `--${name} takes a number above 0 and up to 86400, not "${text}".` }));
  return value;
}

const oldNode = nodeVersionProblem(process.versions.node);
if (oldNode !== undefined) {
  say(oldNode);
  process.exit(2);
}
const { values, positionals } = readFlags();
if (values.help === true) {
  process.stdout.write(HELP);
  process.exit(0);
}
const environment = process.env;
const [command, ...commandArguments] = positionals;
if (command === undefined) fail(new CountersignError("usage", { detail: "No COMMAND after --." }));
const capabilities =
  values.capability ?? (environment.COUNTERSIGN_CAPABILITIES ?? "").split(",").filter((name) => name !== "");
const runId = values["run-id"] ?? environment.COUNTERSIGN_RUN_ID;
if (capabilities.length === 0 && runId === undefined) {
  fail(
    new CountersignError("usage", {
      detail: "Declare what the run may do: --capability, or COUNTERSIGN_CAPABILITIES.",
    }),
  );
}
const executorKey = environment.COUNTERSIGN_EXECUTOR_KEY;
let client: Countersign;
try {
  client = new Countersign({
    url: values.url ?? environment.COUNTERSIGN_URL ?? "http://127.0.0.1:7070",
    apiKey: environment.COUNTERSIGN_API_KEY,
    ...(executorKey ? { executorKey } : {}),
  });
} catch (error) {
  fail(error as CountersignError); // The constructor throws nothing else.
}

let run: Run | undefined;
const intent = values.intent ?? environment.COUNTERSIGN_INTENT;
// The server behind the gate must not be able to speak to the gate as the agent.
const { COUNTERSIGN_API_KEY: _agentKey, COUNTERSIGN_EXECUTOR_KEY: _executorKey, ...childEnvironment } = environment;
const server = spawn(command, commandArguments, {
  stdio: ["pipe", "pipe", "inherit"],
  env: { ...childEnvironment, ...(runId === undefined ? {} : { COUNTERSIGN_RUN_ID: runId }) },
});
const write = (stream: NodeJS.WritableStream) => (line: Uint8Array | string) => {
  stream.write(line);
  stream.write("\n");
};

const gateway = openGateway({
  client,
  openRun: async () => {
    run ??=
      runId === undefined
        ? await client.run({ capabilities, framework: "mcp", ...(intent === undefined ? {} : { intent }) })
        : await client.attach(runId);
    return run;
  },
  toClient: write(process.stdout),
  toServer: write(server.stdin),
  holdMs: positive("hold", values.hold ?? environment.COUNTERSIGN_HOLD ?? "50") * 1000,
  callTimeoutMs:
    positive("call-timeout", values["call-timeout"] ?? environment.COUNTERSIGN_CALL_TIMEOUT ?? "300") * 1000,
  maxAttempts: Math.floor(
    positive("max-attempts", values["max-attempts"] ?? environment.COUNTERSIGN_MAX_ATTEMPTS ?? "1"),
  ),
  toolPrefix: values["tool-prefix"] ?? environment.COUNTERSIGN_TOOL_PREFIX ?? "",
  log: say,
});

let ending: Promise<void> | undefined;
/** Ends once: let calls in flight finish, close a run of our own, pass on the server's exit code. */
function end(exitCode: number): Promise<void> {
  ending ??= (async () => {
    server.stdin.end();
    await Promise.race([gateway.idle(), new Promise((resolve) => setTimeout(resolve, 5000).unref())]);
    await client.deliverOutbox().catch(() => undefined);
    if (run !== undefined && runId === undefined) {
      await run
        .close(exitCode === 0 ? "completed" : "failed")
        .catch((error: unknown) => say(`the run could not be closed: ${error}`));
    }
    server.kill();
    process.exit(exitCode);
  })();
  return ending;
}

server.on("error", (error) => {
  say(`cannot start ${command}: ${error.message}`);
  gateway.serverGone(error.message);
  void end(1);
});
server.on("exit", (code, signal) => {
  gateway.serverGone(`the MCP server ended (${signal ?? code})`);
  void end(code ?? 1);
});
server.stdin.on("error", () => undefined); // Its end is reported by `exit`.
process.stdout.on("error", () => void end(0));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void end(0));

void (async () => {
  for await (const line of splitLines(server.stdout)) gateway.fromServer(line);
})();
for await (const line of splitLines(process.stdin)) gateway.fromClient(line);
await gateway.idle();
await end(0);
