import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import { utf8 } from "@countersign/evidence/hash";
import { draftBundle } from "@countersign/evidence/policy-init";
import { systemClock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import { temporaryDirectory } from "../ledger/testing.ts";
import { systemTimers } from "../ledger/timers.ts";
import { checkBundle, isPublishable, refusalOf } from "./check.ts";
import { listMcpTools } from "./mcp-tools.ts";

const require = createRequire(import.meta.url);
const filesystem = join(
  dirname(require.resolve("@modelcontextprotocol/server-filesystem/package.json")),
  "dist",
  "index.js",
);
const refused = (pattern: RegExp) => (error: unknown) =>
  error instanceof CountersignError && error.code === "cannot-read" && pattern.test(error.message);
const script = (body: string) => listMcpTools(process.execPath, ["-e", body]);

test("policy init: the real filesystem server's tools become a bundle that may be published", async () => {
  const { server, tools } = await listMcpTools(process.execPath, [filesystem, temporaryDirectory()]);
  assert.ok(tools.some(({ name }) => name === "write_file"));
  const files = new Map([...draftBundle(tools, server)].map(([path, text]) => [path, utf8(text)]));
  const metrics = { decided: () => {}, engineReplaced: () => {} };
  const engine = { deadlineMs: 5000, clock: systemClock, timers: systemTimers, metrics, log: silentLog };
  const report = await checkBundle(files, engine);
  assert.equal(isPublishable(report), true, refusalOf(report).detail);
});

test("policy init: pages are followed, banners ignored, the server's own requests answered", async () => {
  const { server, tools } = await script(`
    console.log("welcome to my server");
    const say = (m) => console.log(JSON.stringify({ jsonrpc: "2.0", ...m }));
    let answered = false;
    require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
      const m = JSON.parse(line);
      if (m.id === "x") { answered = m.error.code === -32601; return; }
      if (m.method === "initialize") { say({ id: "x", method: "roots/list" }); say({ id: m.id, result: { serverInfo: { name: "odd" } } }); }
      if (m.method === "tools/list") say({ id: m.id, result: m.params.cursor === undefined
        ? { tools: [{ name: "a", inputSchema: {} }], nextCursor: "2" }
        : { tools: [{ name: answered ? "b" : "unanswered", inputSchema: { type: "object" } }] } });
    });`);
  assert.equal(server, "odd");
  assert.deepEqual(
    tools.map(({ name }) => name),
    ["a", "b"],
  );
});

test("policy init: what is no MCP server is refused, saying what it did", async () => {
  await assert.rejects(
    script('console.error("no such folder"); process.exit(3)'),
    refused(/ended with 3: no such folder/),
  );
  await assert.rejects(listMcpTools("/nonexistent/command", []), refused(/does not start/));
  await assert.rejects(
    script(
      `process.stdin.once("data", () => console.log('{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"go away"}}'))`,
    ),
    refused(/go away/),
  );
});
