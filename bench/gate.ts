/**
 * `gate`: what a decision over HTTP costs against what it cannot do without: one durable append and the evaluation. A
 * whole server in this process, asked over a socket with a key, one request at a time; every request is interleaved with
 * one append of the same ledger and one bare evaluation of the same projection, so that all meet the same machine.
 *
 * - ALLOW ÷ (append p50 + one evaluation p50)
 * - REQUIRE_APPROVAL ÷ (append p50 + two evaluations p50)
 *
 * With 10, 100 and 1,000 rules, spread over four tools.
 *
 * Run: node --conditions=countersign-source bench/gate.ts [--requests 300] [--rules 10,100,1000]
 */
import "@countersign/evidence/hash.node";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadEngine } from "@countersign/evidence/decide";
import { utf8 } from "@countersign/evidence/hash";
import type { RunId } from "@countersign/evidence/ids";
import { readBundle, sealBundle } from "@countersign/evidence/policy";
import { projectAction } from "@countersign/evidence/project";
import { parseStrict } from "@countersign/evidence/strict-json";
import { OPERATOR } from "@countersign/server/ledger/testing";
import { registerAgent, requestAction, startRun } from "@countersign/server/ledger/testing-commands";
import { readPolicyDirectory } from "@countersign/server/policy/directory";
import { median, spread, writeResult } from "./result.ts";
import { openServed, STARTER } from "./served.ts";

const { values } = parseArgs({
  options: { requests: { type: "string", default: "300" }, rules: { type: "string", default: "10,100,1000" } },
});
const requests = Number(values.requests);
const WARM = 40;
/** A run holds at most 64 open actions and every request opens one. */
const ACTIONS_OF_A_RUN = 20;
const TOOLS = ["read_text_file", "write_file", "list_directory", "get_file_info"];

const { app, admin, keyOf, post, close } = await openServed(16);
const engine = await loadEngine();

const rows: Record<string, object> = {};
for (const count of values.rules.split(",").map(Number)) rows[count] = await measure(count);
await close();
for (const [count, row] of Object.entries(rows)) {
  const { allow, approval } = row as { allow: { ratio: number }; approval: { ratio: number } }; // measure() made it
  console.log(
    `${count} rules: ALLOW ÷ base ${allow.ratio.toFixed(2)}, REQUIRE_APPROVAL ÷ base ${approval.ratio.toFixed(2)}`,
  );
}
console.log("must stay below 2.5, aim 1.5");
writeResult("gate", { requests, rules: rows, mustReach: 2.5, aim: 1.5 });

async function measure(count: number) {
  const tenant = `rules-${count}`;
  const files = bundleFiles(count);
  await admin("tenant.create", { id: tenant, kind: "evaluation" });
  const base64 = Object.fromEntries([...files].map(([path, bytes]) => [path, Buffer.from(bytes).toString("base64")]));
  await admin("policy.publish", { tenant, files: base64 });
  await admin("agent.register", { tenant, id: "files-agent", ceiling: ["fs"], may_execute: true });
  const key = await keyOf(tenant, "agent", "files-agent");
  const appendTenant = `append-${count}`;
  const by = { tenant: appendTenant, actor: OPERATOR };
  await admin("tenant.create", { id: appendTenant, kind: "evaluation" });
  await app.ledger.submit(registerAgent, null, by);
  const evaluate = evaluation(files);

  const allowMs: number[] = [];
  const approvalMs: number[] = [];
  const appendMs: number[] = [];
  const evaluateMs: number[] = [];
  let runId = "";
  let ownRun: RunId | undefined;
  for (let n = -WARM; n < requests; n++) {
    if ((n + WARM) % ACTIONS_OF_A_RUN === 0) {
      const { run } = await post<{ run: { run_id: string } }>(key, "/v1/runs", {
        capabilities: ["fs.read", "fs.write"],
      });
      runId = run.run_id;
      ownRun = (await app.ledger.submit(startRun, {}, by)).answer;
    }
    const ask = (environment: string, decision: string) => async () => {
      const args = { path: `/work/${environment}/file-${n + WARM}.txt`, content: "x" };
      const body = { tool: "write_file", args };
      type Answer = { action: { decision: { decision: string } } };
      const { action } = await post<Answer>(key, `/v1/runs/${runId}/actions`, body);
      if (action.decision.decision !== decision) throw new Error(`it was decided ${action.decision.decision}`);
    };
    const times = [
      await timed(ask("public", "ALLOW")),
      await timed(ask("prod", "REQUIRE_APPROVAL")),
      await timed(() => app.ledger.submit(requestAction, { runId: ownRun! }, by)), // started above
      await timed(async () => evaluate()),
    ];
    if (n < 0) continue;
    for (const [i, list] of [allowMs, approvalMs, appendMs, evaluateMs].entries()) list.push(times[i]!);
  }
  const base = median(appendMs) + median(evaluateMs);
  return {
    appendMs: spread(appendMs),
    evaluateMs: spread(evaluateMs),
    allow: { ms: spread(allowMs), ratio: median(allowMs) / base },
    approval: { ms: spread(approvalMs), ratio: median(approvalMs) / (base + median(evaluateMs)) },
  };
}

/** The starter policy with as many rules as asked for, each with a test of its own. */
function bundleFiles(count: number): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>(readPolicyDirectory(STARTER));
  const own = readFileSync(join(STARTER, "policies", "main.cedar"), "utf8").split('@id("').length - 1;
  const rules: string[] = [];
  const tests: object[] = [];
  for (let i = own; i < count; i++) {
    const tool = TOOLS[i % TOOLS.length]!;
    const path = `/work/bench/${i}`;
    rules.push(
      `@id("bench-${i}") @decision("deny") @reason("RISK_SECRET_FILE") @owner("platform")\n` +
        `forbid (principal is Agent, action == Action::"${tool}", resource is Target) when { resource.id == "${path}" };\n`,
    );
    tests.push({
      name: `bench ${i}`,
      request: { tool, args: { path, ...(tool === "write_file" ? { content: "x" } : {}) } },
      expect: { decision: "DENY", matched_rules: [`bench-${i}`] },
    });
  }
  // Where the rules do not apply: one request for each tool refutes all of its rules.
  for (const tool of TOOLS) {
    const request = { tool, args: { path: "/work/bench/none", ...(tool === "write_file" ? { content: "x" } : {}) } };
    tests.push({ name: `bench ${tool}`, request, expect: { decision: "ALLOW" } });
  }
  if (rules.length > 0) {
    files.set("policies/bench.cedar", utf8(rules.join("\n")));
    // A file of tests holds at most 512.
    for (let from = 0; from < tests.length; from += 500) {
      files.set(`tests/bench-${from}.json`, utf8(JSON.stringify(tests.slice(from, from + 500))));
    }
  }
  return files;
}

/** One evaluation by the same engine on a projection made once. */
function evaluation(files: ReadonlyMap<string, Uint8Array>): () => void {
  const sealed = sealBundle(files);
  const read = sealed.ok ? readBundle(sealed.files) : sealed;
  if (!read.ok) throw new Error(read.findings[0]?.detail ?? "the bundle cannot be read");
  const loaded = engine.load(read.bundle);
  if (!loaded.ok) throw new Error(loaded.findings[0]?.detail ?? "the bundle does not load");
  const { contract } = read.bundle.contracts.get("write_file")!; // the starter has it
  const args = utf8('{"path":"/work/public/file.txt","content":"x"}');
  const projected = projectAction(contract, parseStrict(args, "payload").value, {
    tenant: "bench",
    agent: { id: "files-agent" },
    run: { id: "run_01kh0000000000000000000002", capabilities: ["fs.write"], on_behalf_of: undefined },
    capability: "fs.write",
    history: { actions: 3, cents: 0, bytes: 0, in_flight: 1 },
    nowMs: Date.parse("2026-04-01T14:07:52.001Z"),
  });
  if (!projected.ok) throw new Error(projected.detail);
  const { bytes } = projected;
  return () => {
    if (engine.decide(loaded.policy, bytes).decision !== "ALLOW") throw new Error("the evaluation does not allow");
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}
