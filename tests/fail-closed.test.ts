/**
 * What agents and gateways do when the gate, the way to it or what comes back is broken: nothing executes, or, where the
 * effect had happened already, it happened once and its outcome is kept. Each fault is put between a real client and a
 * real server, and the same action without the fault executes: so it was the fault that stopped it.
 */
import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { McpTool } from "@countersign/evidence/tool-contract";
import { Countersign, CountersignError } from "@countersign/sdk";
import { openGateway } from "@countersign/sdk/integrations/mcp-gateway";
import { filesystemTools, type Gate, openGate, toolsAnswer } from "./gate.ts";

let gate: Gate;
let outbox = "";
let tools: readonly McpTool[];
before(async () => {
  tools = await filesystemTools();
  // Only the engine's own deadline is generous: the machine that runs the tests may be busy.
  process.env.COUNTERSIGN_POLICY_DEADLINE_MS = "10000";
  gate = await openGate();
  outbox = await mkdtemp(join(tmpdir(), "countersign-closed-"));
});
after(async () => {
  await gate.remove();
  await rm(outbox, { recursive: true, force: true });
});

/** Where in an action's life a fault strikes. */
const places = {
  request: (method: string, path: string) => method === "POST" && /\/runs\/run_[^/]+\/actions$/.test(path),
  start: (method: string, path: string) => method === "POST" && path.endsWith("/start"),
  keys: (_method: string, path: string) => path.endsWith("/permit-keys"),
  report: (method: string, path: string) => method === "POST" && path.endsWith("/dispatch"),
} as const;

/** Answers in the server's place; `pass` asks the server. */
type Fault = (pass: () => Promise<Response>, signal: AbortSignal | undefined) => Promise<Response>;

const down: Fault = () => Promise.reject(new TypeError("fetch failed"));
const lost: Fault = async (pass) => {
  await (await pass()).arrayBuffer();
  throw new TypeError("other side closed");
};
const answer =
  (status: number, body: string): Fault =>
  async () =>
    new Response(body, { status, headers: { "content-type": "application/json" } });
const silent: Fault = (_pass, signal) =>
  new Promise((_resolve, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
/** Lets the answer through with its text changed. */
const changed =
  (change: (text: string) => string): Fault =>
  async (pass) => {
    const real = await pass();
    return new Response(change(await real.text()), { status: real.status, headers: real.headers });
  };
// A test's own view of an answer it changes; a member that is not there fails the test.
type Started = {
  permit: { token: string; attempt: number; permit_id: string };
  args: string;
  args_disclosure: [string, string, string];
};
const started = (change: (answer: Started) => void): Fault =>
  changed((text) => {
    const body = JSON.parse(text) as Started;
    change(body);
    return JSON.stringify(body);
  });
const cut = changed((text) => text.slice(0, text.length >> 1));
const problem = (status: number, code: string) => answer(status, JSON.stringify({ code, status }));
const otherArgs = Buffer.from('{"path":"/srv/secrets/token.txt"}');
/** The first token seen, which is another action's later on. */
let firstToken = "";

type Row = readonly [name: string, at: keyof typeof places, fault: Fault];
const nothingRuns: readonly Row[] = [
  ["the gate is down before the decision", "request", down],
  ["the decision is made and its answer lost", "request", lost],
  ["the gate says 503 to the request", "request", problem(503, "core:ledger-unavailable")],
  ["the gate says its policy engine is away", "request", problem(503, "core:engine-unavailable")],
  ["the gate says its signer is away", "request", problem(503, "core:signer-unavailable")],
  ["the gate says its payload store takes nothing", "request", problem(503, "core:payloads-unavailable")],
  ["the gate sheds load", "request", problem(429, "core:overloaded")],
  ["the gate breaks", "request", answer(500, "")],
  ["the gate never answers", "request", silent],
  ["the decision arrives in half", "request", cut],
  ["the decision is a web page", "request", answer(200, "<html>Welcome</html>")],
  ["the decision is an empty object", "request", answer(200, "{}")],
  ["the decision is null", "request", answer(200, "null")],
  ["the gate is down before the start", "start", down],
  ["the start is made and its answer lost", "start", lost],
  ["the gate says 503 to the start", "start", problem(503, "core:ledger-unavailable")],
  ["the gate never answers the start", "start", silent],
  ["the permit arrives in half", "start", cut],
  ["the start's answer is an empty object", "start", answer(200, "{}")],
  [
    "the permit's signature is tampered with",
    "start",
    started((one) => {
      const at = one.permit.token.lastIndexOf(".") + 10;
      const { token } = one.permit;
      one.permit.token = `${token.slice(0, at)}${token[at] === "A" ? "B" : "A"}${token.slice(at + 1)}`;
    }),
  ],
  [
    "the permit is unsigned",
    "start",
    started((one) => {
      const [, claims] = one.permit.token.split(".");
      one.permit.token = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${claims}.`;
    }),
  ],
  [
    "the permit is another action's",
    "start",
    started((one) => {
      one.permit.token = firstToken;
    }),
  ],
  [
    "the permit is said to be of another attempt",
    "start",
    started((one) => {
      one.permit.attempt = 2;
    }),
  ],
  [
    "the arguments are swapped",
    "start",
    started((one) => {
      one.args = otherArgs.toString("base64");
    }),
  ],
  [
    "the arguments are swapped and disclosed as such",
    "start",
    started((one) => {
      one.args = otherArgs.toString("base64");
      const digest = `sha256:${hash("sha256", otherArgs)}`;
      one.args_disclosure = [one.args_disclosure[0], one.args_disclosure[1], digest];
    }),
  ],
  [
    "the arguments are no base64",
    "start",
    started((one) => {
      one.args = "%%%";
    }),
  ],
  ["the permit keys cannot be had", "keys", down],
  ["the gate announces no key", "keys", answer(200, '{"keys":[]}')],
  [
    "the gate announces another key of the same name",
    "keys",
    changed((text) => text.replaceAll(/"x":"[^"]{43}"/g, `"x":"${Buffer.alloc(32, 7).toString("base64url")}"`)),
  ],
];

/** A client of the real server with a fault in its way. */
function client(row?: Row, options: Partial<ConstructorParameters<typeof Countersign>[0]> = {}): Countersign {
  return new Countersign({
    url: gate.url,
    apiKey: gate.keys.agent,
    executorKey: gate.keys.executor,
    outbox,
    patienceMs: 0,
    ...(row?.[2] === silent ? { timeoutMs: 2000 } : {}),
    ...options,
    fetch: (input, init) => {
      const pass = async () => {
        const real = await fetch(input, init);
        if (firstToken === "" && real.ok && String(input).endsWith("/start")) {
          firstToken = ((await real.clone().json()) as Started).permit.token;
        }
        return real;
      };
      const { pathname } = new URL(String(input));
      const strikes = row !== undefined && places[row[1]](init?.method ?? "GET", pathname);
      return strikes ? row[2](pass, init?.signal ?? undefined) : pass();
    },
  });
}

let files = 0;
const action = () => ({ tool: "read_text_file", args: { path: `/srv/notes/closed-${files++}.txt` } });
const open = (cs: Countersign) => cs.run({ capabilities: ["fs.read"] });

/** How often the effect happened, and what the caller was told. */
async function attempt(cs: Countersign): Promise<{ ran: number; error: unknown; reported: boolean | undefined }> {
  let ran = 0;
  const run = await open(cs);
  try {
    const { reported } = await run.act(action(), () => {
      ran++;
      return "read";
    });
    return { ran, error: undefined, reported };
  } catch (error) {
    return { ran, error, reported: undefined };
  }
}

/** The same through the MCP gateway: how many calls reached the server behind it, and whether the client was told no. */
async function callThrough(cs: Countersign): Promise<{ calls: number; refused: boolean }> {
  let calls = 0;
  const lines: string[] = [];
  const gateway = openGateway({
    client: cs,
    openRun: () => open(cs),
    toClient: (line) => void lines.push(typeof line === "string" ? line : new TextDecoder().decode(line)),
    toServer: (line) => {
      const message = JSON.parse(typeof line === "string" ? line : new TextDecoder().decode(line)) as { id: number };
      const listed = toolsAnswer(message, tools);
      if (listed !== undefined) return void setImmediate(() => gateway.fromServer(new TextEncoder().encode(listed)));
      calls++;
      const result = { content: [{ type: "text", text: "read" }] };
      const reply = JSON.stringify({ jsonrpc: "2.0", id: message.id, result });
      setImmediate(() => gateway.fromServer(new TextEncoder().encode(reply)));
    },
    holdMs: 5000,
    maxAttempts: 1,
    callTimeoutMs: 5000,
    toolPrefix: "",
    log: () => undefined,
  });
  const { tool, args } = action();
  const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: tool, arguments: args } };
  gateway.fromClient(new TextEncoder().encode(JSON.stringify(call)));
  for (let tries = 0; lines.length === 0 && tries < 3000; tries++) await new Promise((go) => setTimeout(go, 10));
  await gateway.idle();
  // What the gateway answers to its client: a JSON-RPC result or error.
  const told = JSON.parse(lines[0] ?? "null") as { error?: unknown; result?: { isError?: boolean } } | null;
  assert.ok(told !== null, "the client was answered");
  return { calls, refused: told.error !== undefined || told.result?.isError === true };
}

test("control: without a fault the action executes once, by the SDK and through the gateway", async () => {
  assert.deepEqual(await attempt(client()), { ran: 1, error: undefined, reported: true });
  assert.deepEqual(await callThrough(client()), { calls: 1, refused: false });
  assert.notEqual(firstToken, "");
});

for (const row of nothingRuns) {
  test(`closed: ${row[0]}: nothing executes`, async () => {
    const { ran, error } = await attempt(client(row));
    assert.equal(ran, 0);
    assert.ok(error instanceof Error, "the caller is told");
    assert.deepEqual(await callThrough(client(row)), { calls: 0, refused: true });
    assert.equal((await attempt(client())).ran, 1); // control: a moment later, without the fault
  });
}

const wrongKey = (key: string) => `${key.slice(0, -4)}AAAA`;
for (const [name, options] of [
  ["the agent's credential is not known", () => ({ apiKey: wrongKey(gate.keys.agent) })],
  ["the executor's credential is not known", () => ({ executorKey: wrongKey(gate.keys.executor) })],
  ["the executor's key is an auditor's", () => ({ executorKey: gate.keys.auditor })],
  ["nobody listens at the address", () => ({ url: "http://127.0.0.1:9" })],
] as const) {
  test(`closed: ${name}: nothing executes`, async () => {
    let ran = 0;
    const run = await open(client());
    const cs = client(undefined, options());
    await assert.rejects(async () => (await cs.attach(run.id)).act(action(), () => void ran++), CountersignError);
    assert.equal(ran, 0);
    await run.act(action(), () => void ran++); // control
    assert.equal(ran, 1);
  });
}

test("closed: an answer changed from denied to allowed gets no permit", async () => {
  const forged: Row = [
    "",
    "request",
    changed((text) => text.replace('"phase":"denied"', '"phase":"allowed"').replace('"DENY"', '"ALLOW"')),
  ];
  let ran = 0;
  const run = await open(client(forged));
  const secret = { tool: "read_text_file", args: { path: "/srv/secrets/token.txt" } };
  await assert.rejects(
    run.act(secret, () => void ran++),
    CountersignError,
  );
  assert.equal(ran, 0);
  await run.act(action(), () => void ran++); // control
  assert.equal(ran, 1);
});

/** Processes whose command line says they are this test's signer. */
function signers(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return line.includes(join(gate.folder, "signer")) && /signer\.[tj]s/.test(line);
      } catch {
        return false; // it ended meanwhile
      }
    })
    .map(Number);
}

const noProc = process.platform === "linux" ? false : "processes are found in /proc";
test("closed: the signer stands still: no decision is released; it goes on, and so does the work", {
  skip: noProc,
}, async () => {
  const found = signers();
  assert.equal(found.length, 1);
  const run = await open(client());
  let ran = 0;
  const [pid] = found as [number];
  process.kill(pid, "SIGSTOP");
  try {
    const cs = client(undefined, { timeoutMs: 2000 });
    await assert.rejects(async () => (await cs.attach(run.id)).act(action(), () => void ran++), CountersignError);
    assert.equal(ran, 0);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  const patient = client(undefined, { patienceMs: 20_000 });
  await (await patient.attach(run.id)).act(action(), () => void ran++);
  assert.equal(ran, 1);
});

for (const [name, fault] of [
  ["the gate is down after the effect", down],
  ["the report arrives and its answer is lost", lost],
  ["the gate says 503 to the report", problem(503, "core:ledger-unavailable")],
  ["the gate says its ledger has failed", problem(503, "core:ledger-failed")],
] as const) {
  test(`kept: ${name}: it executed once, and the outcome arrives later, once`, async () => {
    const cs = client([name, "report", fault]);
    const run = await open(cs);
    let ran = 0;
    const done = await run.act(action(), () => {
      ran++;
      return "read";
    });
    assert.deepEqual([ran, done.reported], [1, false]);
    const later = client();
    assert.ok((await later.deliverOutbox()).delivered >= 1);
    const params = { action_id: done.action.action_id };
    assert.equal((await later.call("getAction", { params })).phase, "succeeded");
    assert.equal((await later.deliverOutbox()).delivered, 0);
  });
}

test("closed: the outbox cannot be written: nothing executes", async () => {
  const file = join(outbox, "not-a-folder");
  await writeFile(file, "");
  const { ran, error } = await attempt(client(undefined, { outbox: file }));
  assert.equal(ran, 0);
  assert.ok(error instanceof CountersignError && error.code === "outbox-unsafe", String(error));
  assert.deepEqual(await callThrough(client(undefined, { outbox: file })), { calls: 0, refused: true });
  assert.equal((await attempt(client())).ran, 1); // control
});
