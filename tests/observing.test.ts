/**
 * A tenant that observes, from the agent's side to the auditor's: the SDK and the MCP gateway say that nothing is
 * enforced, and so do the timeline, the pack's verifier and the list of tenants.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ActionDenied, Countersign } from "@countersign/sdk";
import { openGateway } from "@countersign/sdk/integrations/mcp-gateway";
import { must } from "../examples/demo/cli.ts";
import { filesystemTools, type Gate, openGate, toolsAnswer } from "./gate.ts";

let gate: Gate;
let outbox = "";
before(async () => {
  gate = await openGate({ publish: false });
  outbox = await mkdtemp(join(tmpdir(), "countersign-outbox-"));
});
after(async () => {
  await gate.remove();
  await rm(outbox, { recursive: true, force: true });
});

const client = () =>
  new Countersign({
    url: gate.url,
    apiKey: gate.keys.agent,
    executorKey: gate.keys.executor,
    outbox,
    patienceMs: 5000,
  });
const call = { tool: "read_text_file", args: { path: "/w/a.txt" } };

test("observing: without it the SDK is denied, with it the call runs and the SDK says that nothing is enforced", async () => {
  const run = await client().run({ capabilities: ["fs.read"] });
  await assert.rejects(
    run.act(call, () => assert.fail("it ran")),
    ActionDenied,
  );
  assert.match(await gate.cli("tenant", "observe"), /^OBSERVING: NOTHING IS ENFORCED/);
  assert.match(await must("tenant", "list", "--data", join(gate.folder, "data")), /none, OBSERVING/);
  const told: string[] = [];
  const options = { onNotEnforced: ({ action_id: id }: { action_id: string }) => void told.push(id) };
  const { action, result } = await run.act(call, () => "read", options);
  assert.deepEqual([result, told, action.decision?.enforced], ["read", [action.action_id], false]);
  await run.close();
  const timeline = await gate.cli("timeline", run.id);
  assert.equal(timeline.match(/NOT ENFORCED/g)?.length, 5, timeline);
  await gate.cli("export", "--run", run.id, "--out", join(gate.folder, "pack"));
  const report = await must("verify", join(gate.folder, "pack"));
  assert.match(report, /^NO FAULT/);
  assert.match(report, /NOT ENFORCED: 1 actions were only recorded/);
});

test("observing: the MCP gateway passes a call on and tells its operator, until the first publish", async () => {
  const cs = client();
  const tools = await filesystemTools();
  const lines: string[] = [];
  const logged: string[] = [];
  const text = (line: Uint8Array | string) => (typeof line === "string" ? line : new TextDecoder().decode(line));
  const gateway = openGateway({
    client: cs,
    openRun: () => cs.run({ capabilities: ["fs.read", "fs.write"] }),
    toClient: (line) => void lines.push(text(line)),
    toServer: (line) => {
      const message = JSON.parse(text(line)) as { id: number; method: string }; // the test's own call, or the gateway's
      const reply = { jsonrpc: "2.0", id: message.id, result: { content: [{ type: "text", text: "done" }] } };
      const answer = toolsAnswer(message, tools) ?? JSON.stringify(reply);
      setImmediate(() => gateway.fromServer(new TextEncoder().encode(answer)));
    },
    holdMs: 1000,
    maxAttempts: 1,
    callTimeoutMs: 5000,
    toolPrefix: "",
    log: (message) => void logged.push(message),
  });
  const send = async (id: number, path: string) => {
    const params = { name: "read_text_file", arguments: { path } };
    gateway.fromClient(new TextEncoder().encode(JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params })));
    await gateway.idle();
    return lines.at(-1) ?? "";
  };
  assert.match(await send(1, "/w/a.txt"), /done/);
  assert.match(logged.join("\n"), /^NOT ENFORCED: read_text_file is recorded as act_/);
  // Control: under the first policy the same call is enforced, and nothing says otherwise.
  await gate.cli("policy", "publish", join(import.meta.dirname, "..", "packages", "server", "policies", "starter"));
  assert.match(await send(2, "/w/b.txt"), /done/);
  assert.equal(logged.length, 1);
  await assert.rejects(gate.cli("tenant", "observe"), /Observing is for the time before the first policy/);
});
