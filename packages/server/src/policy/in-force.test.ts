/**
 * What is in force is what the log says: whatever was cached, by whichever process, and wherever one was killed. SEED= replays
 * the moments of the kills.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { Bundle } from "@countersign/evidence/policy";
import type { GateFacts } from "@countersign/evidence/project";
import { systemClock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import { openGate, testBundle, testRules } from "../gate-testing.ts";
import { systemTimers } from "../ledger/timers.ts";
import { openTestApp, starterFiles, starterText } from "../testing.ts";
import { openEngineHost } from "./engine-host.ts";
import { openPolicyGate } from "./gate.ts";

const denyAll = `${testRules}\n@id("deny-dev") @decision("deny") @reason("RISK_EXFILTRATION")
forbid (principal, action, resource) when { resource.env == "dev" };`;

test("in force: a cached bundle that is another's under the digest of the log's is not decided by", async () => {
  const gate = await openGate({ mayExecute: true });
  try {
    const { run } = await gate.call("startRun", gate.agent, { body: { capabilities: ["infra"] } });
    const ask = async () => {
      const body = { tool: "terraform", args: { vpc: "vpc-1", environment: "dev" } };
      const { action } = await gate.call("requestAction", gate.agent, { params: { run_id: run.run_id }, body });
      return [action.decision?.decision, action.decision?.matched_rule];
    };
    assert.equal((await ask())[0], "ALLOW");
    const strict = testBundle(denyAll);
    const loose = testBundle(testRules, "loose");
    // What is held under the strict one's digest is the loose one.
    await gate.publish({ ...loose, digest: strict.digest });
    assert.deepEqual(await ask(), ["DENY", "core:bundle-invalid"]);
    // Control: the loose one under its own digest allows, so it was not the rules that denied.
    await gate.publish(testBundle(testRules, "loose again"));
    assert.equal((await ask())[0], "ALLOW");
  } finally {
    await gate.close();
  }
});

test("in force: a second process with yesterday's bundle in memory decides by what the log says now", async () => {
  const gate = await openGate();
  const metrics = { decided: () => {}, engineReplaced: () => {} };
  const engine = { deadlineMs: 20_000, clock: systemClock, timers: systemTimers, metrics, log: silentLog };
  const host = openEngineHost(engine);
  try {
    const { tenant, ledger, vault } = gate;
    const store = async ({ files }: Bundle) => {
      for (const bytes of files.values()) {
        await vault.put(tenant, bytes, { mediaType: "text/plain", classification: "public" });
      }
    };
    const second = openPolicyGate({ ledger, host, openPayload: vault.open, log: silentLog });
    const [loose, strict] = [testBundle(testRules, "today's"), testBundle(denyAll)];
    await store(loose);
    await gate.publish(loose);
    await second.refresh(tenant);
    const decide = async () => {
      await second.refresh(tenant);
      const active = second.active(tenant)!;
      const { contract } = active.contract("terraform")!;
      const args = new TextEncoder().encode('{"vpc":"vpc-1","environment":"dev"}');
      const { result } = await second.decide(tenant, active.digest, { contract, args, facts });
      return { digest: active.digest, decision: result.decision };
    };
    assert.deepEqual(await decide(), { digest: loose.digest, decision: "ALLOW" });
    await store(strict);
    await gate.publish(strict); // by the first process; nobody tells the second
    assert.equal(second.active(tenant)!.digest, strict.digest);
    assert.deepEqual(await decide(), { digest: strict.digest, decision: "DENY" });
    // And where the new one cannot be had, the old one is no substitute.
    const lost = testBundle(testRules, "never stored");
    await gate.publish(lost);
    const active = second.active(tenant)!;
    assert.deepEqual([active.digest, active.bundle], [lost.digest, undefined]);
  } finally {
    await host.close();
    await gate.close();
  }
});

const facts: GateFacts = {
  tenant: "acme",
  agent: { id: "ops-agent", owner: "", team: "" },
  run: { id: "run_1", capabilities: ["infra"], on_behalf_of: "" },
  capability: "infra.change",
  history: { actions: 0, cents: 0, bytes: 0, in_flight: 0 },
  risk: { tags: [], score: 0 },
  nowMs: Date.UTC(2026, 3, 1, 12),
};

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = Number(process.env.KILLS ?? 3);
const BIN = join(import.meta.dirname, "..", "..", "bin", "countersign.ts");

test(`in force: killed between a publish and its answer, it is what the log says, and is not published twice (SEED=${seed})`, async () => {
  // Made by the test's own server, then served by one that is killed.
  const made = await openTestApp({ clock: systemClock, warm: false });
  await made.tenant("acme");
  await made.admin("agent.register", { tenant: "acme", id: "a", ceiling: ["fs"], may_execute: true });
  const keys = { admin: await made.key("acme", "policy-admin", "dana"), agent: await made.key("acme", "agent", "a") };
  const denyDiary = `@id("deny-diary") @decision("deny") @reason("RISK_SECRET_FILE")
forbid (principal, action, resource is Target) when { resource.id like "*/diary/*" };`;
  const diaryTest = {
    name: "the diary stays closed",
    request: { tool: "read_text_file", args: { path: "/w/diary/a.txt" } },
    expect: { decision: "DENY", matched_rules: ["deny-diary"] },
  };
  const upload = async (files: Record<string, string>) => {
    const { body } = await made.send("POST", "/v1/policy/bundles", { key: keys.admin, body: { files } });
    return String(body.digest);
  };
  const loose = await upload(starterFiles());
  const strict = await upload(
    starterFiles({
      "policies/main.cedar": `${starterText("policies/main.cedar")}\n${denyDiary}\n`,
      "tests/diary.json": JSON.stringify([diaryTest]),
    }),
  );
  await made.send("POST", "/v1/policy/publications", { key: keys.admin, body: { digest: loose } });
  await made.close();

  const says: Record<string, string> = { [loose]: "ALLOW", [strict]: "DENY" };
  let wanted = strict;
  for (let round = 0; round < ROUNDS; round++) {
    const before = await serve(made.directory);
    const order = { key: keys.admin, body: { digest: wanted }, idempotencyKey: `round-${round}` };
    const answered = before.send("POST", "/v1/policy/publications", order).catch(() => undefined);
    const delayMs = createHash("sha256").update(`${seed} ${round}`).digest().readUInt16BE(0) % 60;
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await before.kill();
    await answered;

    const after = await serve(made.directory);
    try {
      const inForce = await after.inForce(keys.admin);
      const decided = await after.decide(keys.agent);
      assert.deepEqual(decided, { digest: inForce, decision: says[inForce] });
      assert.notDeepEqual(decided, { digest: inForce === loose ? strict : loose, decision: says[inForce] }); // control
      // Asked again under the same key it is carried out once, whether or not it had been before.
      assert.ok((await after.send("POST", "/v1/policy/publications", order)).status < 300);
      assert.equal(await after.inForce(keys.admin), wanted);
      const { revisions } = (await after.send("GET", "/v1/policy/revisions", { key: keys.admin })).body as Revisions;
      assert.equal(revisions.length, round + 2);
      assert.equal(new Set(revisions.map(({ revision }) => revision)).size, revisions.length);
      assert.deepEqual(await after.decide(keys.agent), { digest: wanted, decision: says[wanted] });
    } finally {
      await after.kill();
    }
    wanted = wanted === strict ? loose : strict;
  }
});

type Revisions = { readonly revisions: readonly { readonly revision: string; readonly digest: string }[] };
type Answer = { readonly status: number; readonly body: Record<string, unknown> };
type Sent = { readonly key: string; readonly body?: unknown; readonly idempotencyKey?: string };

/** A server in a process of its own. */
async function serve(directory: string) {
  const at = (name: string) => join(directory, name);
  const child: ChildProcess = spawn(
    process.execPath,
    ["--conditions=countersign-source", "--disable-warning=ExperimentalWarning", BIN, "serve", "--port", "0"],
    {
      env: {
        ...process.env,
        COUNTERSIGN_DATA: at("data"),
        COUNTERSIGN_SIGNER_DIR: at("signer"),
        COUNTERSIGN_SEAL_DIR: at("seal"),
        COUNTERSIGN_POLICY_DEADLINE_MS: "10000",
        XDG_STATE_HOME: at("state"),
        HOME: directory,
      },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const port = await new Promise<string>((resolve, reject) => {
    exited.then(() => reject(new Error("the server ended before it listened")));
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const found = /http:\/\/[^:\s]+:(\d+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
  });

  async function send(method: "GET" | "POST", path: string, { key, body, idempotencyKey }: Sent): Promise<Answer> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(method === "GET" ? {} : { "idempotency-key": idempotencyKey ?? crypto.randomUUID() }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  return {
    send,
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
    /** What the log says, by its newest revision. */
    async inForce(key: string): Promise<string> {
      const { revisions } = (await send("GET", "/v1/policy/revisions", { key })).body as Revisions;
      return revisions[0]!.digest;
    },
    async decide(key: string) {
      const { run } = (await send("POST", "/v1/runs", { key, body: { capabilities: ["fs"] } })).body;
      const { run_id: runId } = run as { run_id: string };
      const ask = { tool: "read_text_file", args: { path: "/w/diary/a.txt" } };
      const { action } = (await send("POST", `/v1/runs/${runId}/actions`, { key, body: ask })).body;
      const { decision } = action as { decision: { decision: string; policy_digest: string } };
      return { digest: decision.policy_digest, decision: decision.decision };
    },
  };
}
