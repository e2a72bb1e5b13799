import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runBundleTests } from "@countersign/evidence/bundle-tests";
import { loadCedar } from "@countersign/evidence/cedar";
import { type LoadedPolicy, loadEngine, type PolicyEngine } from "@countersign/evidence/decide";
import { utf8 } from "@countersign/evidence/hash";
import { readBundle, sealBundle } from "@countersign/evidence/policy";
import { formatFinding } from "@countersign/evidence/policy-finding";
import { draftBundle } from "@countersign/evidence/policy-init";
import { lintPolicy } from "@countersign/evidence/policy-lint";
import { projectAction, targetsOf } from "@countersign/evidence/project";
import type { JsonValue } from "@countersign/evidence/strict-json";
import { type McpTool, mcpToolDigest } from "@countersign/evidence/tool-contract";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const starter = fileURLToPath(new URL("../../policies/starter", import.meta.url));

let engine: PolicyEngine;
let policy: LoadedPolicy;
/** What the real server says of its tools. */
let tools: readonly McpTool[];
const folder = mkdtempSync(join(tmpdir(), "countersign-starter-"));

before(async () => {
  engine = await loadEngine();
  policy = load(filesBelow(starter));
  const server = fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-filesystem/dist/index.js"));
  const client = new Client({ name: "starter-test", version: "0" });
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [server, folder], stderr: "ignore" }),
  );
  tools = (await client.listTools()).tools as readonly McpTool[]; // the SDK has checked the same shape
  await client.close();
});
after(() => rmSync(folder, { recursive: true }));

function filesBelow(root: string): Map<string, Uint8Array> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(root, path), readFileSync(path)];
    }),
  );
}

function load(files: ReadonlyMap<string, Uint8Array>): LoadedPolicy {
  const sealed = sealBundle(files);
  const read = sealed.ok ? readBundle(sealed.files) : sealed;
  assert.ok(read.ok, read.ok ? "" : read.findings.map(formatFinding).join("\n"));
  const loaded = engine.load(read.bundle);
  assert.ok(loaded.ok, loaded.ok ? "" : loaded.findings.map(formatFinding).join("\n"));
  return loaded.policy;
}

function decide(tool: string, args: JsonValue) {
  const { contract } = policy.bundle.contracts.get(tool)!;
  const projected = projectAction(contract, args, {
    tenant: "demo",
    agent: { id: "agent" },
    run: { id: "run", capabilities: ["fs"] },
    capability: contract.capability,
    history: { actions: 0, cents: 0, bytes: 0, in_flight: 0 },
    nowMs: 0,
  });
  assert.ok(projected.ok, JSON.stringify(projected));
  return { ...engine.decide(policy, projected.bytes), targets: targetsOf(projected.projection) };
}

test("starter: loads without a warning and passes its own tests", () => {
  assert.deepEqual(policy.warnings, []);
  const results = runBundleTests(engine, policy);
  assert.ok(results.length >= 18);
  for (const { name, problems } of results) assert.deepEqual(problems, [], name);
});

test("starter: every rule decides at least one of its tests, and leaving one out breaks one", () => {
  const results = runBundleTests(engine, policy);
  const named = new Set(results.flatMap(({ result }) => [...result.matched_rules, ...result.permits]));
  const main = new TextDecoder().decode(policy.bundle.files.get("policies/main.cedar"));
  for (const rule of policy.rules) {
    assert.ok(named.has(rule.id), `${rule.id} decides no test`);
    const files = new Map([...filesBelow(starter), ["policies/main.cedar", utf8(main.replace(rule.text, ""))]]);
    const broken = runBundleTests(engine, load(files)).filter(({ passed }) => !passed);
    assert.ok(broken.length > 0, `no test notices that ${rule.id} is gone`);
  }
});

test("starter: the lint finds nothing about it, nor errors about a draft", async () => {
  const cedar = await loadCedar();
  assert.deepEqual(lintPolicy(cedar, policy).map(formatFinding), []);
  const draft = load(new Map([...draftBundle(tools, "filesystem")].map(([path, text]) => [path, utf8(text)])));
  assert.deepEqual(lintPolicy(cedar, draft).map(formatFinding), []);
  const reading = tools.filter(({ name }) => name.startsWith("read"));
  const openWriting = tools
    .filter(({ name }) => name === "write_file")
    .map((tool) => ({ ...tool, inputSchema: { ...tool.inputSchema, additionalProperties: true } }));
  for (const some of [reading, openWriting, [...reading, ...openWriting]]) {
    const small = load(new Map([...draftBundle(some, "x")].map(([path, text]) => [path, utf8(text)])));
    const errors = lintPolicy(cedar, small).filter(({ level }) => level === "error");
    assert.deepEqual(errors.map(formatFinding), []);
  }
});

test("starter: has a contract for every tool of the real server, pinned to what it says", () => {
  assert.deepEqual([...policy.bundle.contracts.keys()].sort(), tools.map(({ name }) => name).sort());
  for (const tool of tools) {
    const { contract } = policy.bundle.contracts.get(tool.name)!;
    assert.deepEqual(contract.input_schema, tool.inputSchema, tool.name);
    assert.equal(contract.mcp?.tool_digest, mcpToolDigest(tool), tool.name);
  }
});

test("starter: a file in prod waits for the on-call engineer, a secret is refused, the rest goes through", () => {
  const path = (name: string) => ({ path: join(folder, name) });
  const rows: readonly [tool: string, args: JsonValue, decision: string, rule: string][] = [
    ["read_text_file", path("notes.md"), "ALLOW", "allow-read"],
    ["write_file", { ...path("public/a.html"), content: "x" }, "ALLOW", "allow-write"],
    ["write_file", { ...path("prod/a.conf"), content: "x" }, "REQUIRE_APPROVAL", "approval-prod-write"],
    ["write_file", { ...path(".git/hooks/pre-commit"), content: "x" }, "DENY", "deny-secrets"],
    ["list_allowed_directories", {}, "ALLOW", "allow-read"],
  ];
  for (const [tool, args, decision, rule] of rows) {
    const result = decide(tool, args);
    assert.deepEqual(
      [result.decision, result.matched_rule],
      [decision, rule],
      `${tool} ${JSON.stringify(args).slice(0, 80)}`,
    );
  }
  assert.deepEqual(decide("write_file", { ...path("prod/a.conf"), content: "x" }).targets, [
    { system: "filesystem", resource: join(folder, "prod/a.conf"), environment: "prod" },
  ]);
});

test("starter: a draft for the same server reads, waits before it writes, and passes its own tests", () => {
  const draft = load(new Map([...draftBundle(tools, "filesystem")].map(([path, text]) => [path, utf8(text)])));
  for (const { name, problems } of runBundleTests(engine, draft)) assert.deepEqual(problems, [], name);
  const verbs = Object.fromEntries([...draft.bundle.contracts].map(([tool, { contract }]) => [tool, contract.verb]));
  assert.deepEqual(
    Object.keys(verbs)
      .filter((tool) => verbs[tool] !== "read")
      .sort(),
    ["create_directory", "edit_file", "move_file", "write_file"],
  );
});
