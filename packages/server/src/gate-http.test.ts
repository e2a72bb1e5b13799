/** The gate over HTTP, with keys: exact bytes in and out, roles, and what no client may say. */
import assert from "node:assert/strict";
import { generateKeyPairSync, hash } from "node:crypto";
import { after, test } from "node:test";
import { signDigest } from "./gate-testing.ts";
import { openTestApp } from "./testing.ts";

const server = await openTestApp();
after(() => server.close());
const { send, admin } = server;
const tenant = "acme";
await server.tenant(tenant, { publish: true });
await admin("agent.register", { tenant, id: "files-agent", ceiling: ["fs"], may_execute: false });
const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
const enrolled = await admin("approver.enroll", { tenant, id: "dana", roles: ["oncall_sre"], public_key: pem });
const agent = await server.key(tenant, "agent", "files-agent");
const worker = await server.key(tenant, "executor", "worker-1");
const dana = await server.key(tenant, "approver", "dana");
const auditor = await server.key(tenant, "auditor", "erin");

type Json = { readonly [name: string]: Json } & { readonly [at: number]: Json } & string;
const post = async (key: string, url: string, body: unknown, method: "POST" | "PUT" = "POST") => {
  const answer = await send(
    method,
    url,
    typeof body === "string"
      ? { key, bytes: Buffer.from(body), headers: { "content-type": "application/json" } }
      : { key, body },
  );
  return {
    status: answer.status,
    code: answer.code,
    pointer: answer.body?.pointer,
    body: answer.body as unknown as Json,
  };
};
const { body } = await post(agent, "/v1/runs", { capabilities: ["fs.read", "fs.write"] });
const runId = body.run!.run_id!;

test("the arguments an executor gets are the very bytes that were sent, white space and all", async () => {
  const args = '{ "path" : "/srv/notes/a.txt",\n  "content": "1.50 \\u00e9" }';
  const asked = await post(agent, `/v1/runs/${runId}/actions`, `{"tool":"write_file","args":${args},"start":true}`);
  assert.equal(asked.status, 201, JSON.stringify(asked.body));
  assert.equal(asked.body.action!.phase, "allowed");
  const id = asked.body.action!.action_id!;
  const digest = hash("sha256", args);
  const started = await post(worker, `/v1/actions/${id}/start`, { args_sha256: digest });
  assert.equal(Buffer.from(started.body.args!, "base64").toString(), args);
  const changed = await post(worker, `/v1/actions/${id}/start`, {
    args_sha256: hash("sha256", args.replace("1.50", "1.5")),
  });
  assert.deepEqual([changed.status, changed.code], [409, "args-changed"]);
  const done = await post(worker, `/v1/actions/${id}/dispatch`, '{"status":"SUCCEEDED","result":{"n":1.0}}');
  assert.equal(done.body.phase, "succeeded");
  const event = await send("GET", `/v1/events/${started.body.action!.events![3]!.event_id!}`, { key: auditor });
  assert.equal(event.status, 200);
});

test("an approval by HTTP: the approver's key opens it, the signature decides it", async () => {
  const asked = await post(agent, `/v1/runs/${runId}/actions`, {
    tool: "write_file",
    args: { path: "/srv/prod/config.yaml", content: "a: 1" },
  });
  assert.equal(asked.body.action!.phase, "waiting", JSON.stringify(asked.body));
  const approvalId = asked.body.action!.approval!.approval_id!;
  for (const key of [agent, worker]) {
    assert.equal((await send("GET", `/v1/approvals/${approvalId}`, { key })).code, "forbidden");
  }
  const shown = (await send("GET", `/v1/approvals/${approvalId}`, { key: dana })).body as unknown as Json;
  assert.ok(shown.rendering!.includes("/srv/prod/config.yaml"));
  const kid = enrolled.kid as string;
  const prepared = await post(dana, `/v1/approvals/${approvalId}/votes`, {
    answer: "approve",
    reason_code: shown.reasons!.approve![0]!,
    kid,
    rendering_digest: shown.rendering_digest!,
  });
  assert.equal(prepared.status, 201, JSON.stringify(prepared.body));
  const signature = signDigest(privateKey, prepared.body.digest!);
  const url = `/v1/approvals/${approvalId}/votes/${prepared.body.vote_id!}`;
  const cast = await post(dana, url, { signature, method: "ed25519" }, "PUT");
  assert.equal(cast.body.state, "GRANTED");
  const started = await post(worker, `/v1/actions/${asked.body.action!.action_id!}/start`, {});
  assert.equal(started.body.permit!.attempt as unknown, 1);
});

test("nothing a client says of decision, tenant, actor or sequence is taken", async () => {
  const base = { tool: "write_file", args: { path: "/srv/a", content: "" } };
  for (const member of ["decision", "tenant", "actor", "action_id", "integrity", "ts", "policy", "approval"]) {
    const answer = await post(agent, `/v1/runs/${runId}/actions`, { ...base, [member]: "ALLOW" });
    assert.deepEqual([answer.status, answer.code, answer.pointer], [400, "unknown-member", `/${member}`], member);
  }
  const twice = await post(agent, `/v1/runs/${runId}/actions`, '{"tool":"write_file","tool":"read_file","args":{}}');
  assert.equal(twice.code, "json-not-allowed");
  // Control: without it the same request is taken.
  assert.equal((await post(agent, `/v1/runs/${runId}/actions`, base)).status, 201);
});
