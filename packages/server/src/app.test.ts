import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import { digestOf, utf8 } from "@countersign/evidence/hash";
import { openTestApp, starterFiles, starterText } from "./testing.ts";

const server = await openTestApp();
after(() => server.close());
const { send, admin } = server;
await server.tenant("acme", { publish: true });
await server.tenant("other");
for (const tenant of ["acme", "other"]) {
  await admin("agent.register", { tenant, id: "files-agent", ceiling: ["fs.read", "fs.write"], may_execute: true });
}
const agent = await server.key("acme", "agent", "files-agent");
const auditor = await server.key("acme", "auditor", "erin");
const otherAgent = await server.key("other", "agent", "files-agent");
const otherAuditor = await server.key("other", "auditor", "erin");
const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;
const bytesOf = (text: string) => Buffer.from(text);

const eventsOf = (tenant: string) => {
  const reader = server.app.ledger.reader(tenant)!;
  return Array.from({ length: reader.size }, (_, index) =>
    JSON.parse(Buffer.from(reader.entry(index)!.bytes).toString()),
  );
};

test("payload: what was put comes back, sealed as stored and opened on request, each read recorded before it leaves", async () => {
  const put = await send("PUT", "/v1/payloads", { key: agent, bytes: bytesOf("the context of an action") });
  assert.equal(put.status, 201);
  const { digest, size_bytes: size } = put.body;
  assert.equal(size, 24);
  const before = eventsOf("acme").length;
  const stored = await send("GET", `/v1/payloads/${digest}`, { key: auditor });
  assert.equal(digestOf(stored.bytes), digest);
  assert.equal(stored.bytes.includes("context"), false);
  const opened = await send("GET", `/v1/payloads/${digest}?open=true`, { key: auditor });
  assert.equal(opened.bytes.toString(), "the context of an action");
  assert.equal(opened.headers["content-disposition"], "attachment");
  const reads = eventsOf("acme").slice(before);
  assert.deepEqual(
    reads.map((event) => [event.type, event.access.reads[0].id, event.actor.type]),
    [
      ["evidence.accessed", digest, "person"],
      ["evidence.accessed", digest, "person"],
    ],
  );
});

test("payload: a public one is stored plain under the digest sha256sum gives", async () => {
  const put = await send("PUT", "/v1/payloads?classification=public", { key: agent, bytes: bytesOf("open") });
  assert.equal(put.body.digest, digestOf(utf8("open")));
});

test("payload: another tenant's digest, an unknown one and one on disk that nobody recorded are all the same 404", async () => {
  const { digest } = (await send("PUT", "/v1/payloads", { key: agent, bytes: bytesOf("acme's own") })).body;
  const unknown = `sha256:${"0".repeat(64)}`;
  const loose = "left by a crash";
  const looseDigest = digestOf(utf8(loose));
  const folder = join(server.directory, "data", "payloads", "acme");
  const shard = join(folder, looseDigest.slice(7, 9));
  if (existsSync(shard)) writeFileSync(join(shard, looseDigest.slice(9)), loose);
  for (const [key, one] of [
    [otherAuditor, digest],
    [auditor, unknown],
    [auditor, looseDigest],
  ] as const) {
    const answer = await send("GET", `/v1/payloads/${one}`, { key });
    assert.deepEqual([answer.status, answer.code], [404, "payload-not-found"]);
  }
  assert.equal((await send("GET", `/v1/payloads/${digest}`, { key: auditor })).status, 200); // control
});

test("payload: a bit changed on disk is found when it is read, and the read is not recorded as done", async () => {
  const { digest } = (await send("PUT", "/v1/payloads", { key: agent, bytes: bytesOf("to be damaged") })).body;
  const hex = String(digest).slice(7);
  const path = join(server.directory, "data", "payloads", "acme", hex.slice(0, 2), hex.slice(2));
  await server.restart(); // what is still on its way lies in its place then
  const bytes = readFileSync(path);
  const before = eventsOf("acme").length;
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(path, bytes);
  const answer = await send("GET", `/v1/payloads/${digest}?open=true`, { key: auditor });
  assert.deepEqual([answer.status, answer.code], [500, "payload-damaged"]);
  assert.equal(eventsOf("acme").length, before);
});

test("idempotency: the same key and bytes answer the same; other bytes are a conflict; another credential is another scope", async () => {
  const start = { key: agent, body: { capabilities: ["fs.read"] }, idempotencyKey: "start-1" };
  const first = await send("POST", "/v1/runs", start);
  const again = await send("POST", "/v1/runs", start);
  assert.equal(first.status, 201);
  const runId = (answer: typeof first) => (answer.body.run as { run_id: string }).run_id;
  assert.equal(runId(again), runId(first));
  const conflict = await send("POST", "/v1/runs", { ...start, body: { capabilities: ["fs.write"] } });
  assert.deepEqual([conflict.status, conflict.code], [409, "idempotency-conflict"]);
  const second = await server.key("acme", "agent", "files-agent");
  assert.notEqual(runId(await send("POST", "/v1/runs", { ...start, key: second })), runId(first));
});

test("tenants: an id of one tenant is nothing in another, in path, query and body", async () => {
  const { run } = (await send("POST", "/v1/runs", { key: agent, body: { capabilities: ["fs.read"] } })).body;
  const { run_id: runId } = run as { run_id: string };
  const none = await send("GET", `/v1/runs/run_01jd0000000000000000000000`, { key: otherAgent });
  for (const [method, url, body] of [
    ["GET", `/v1/runs/${runId}`, undefined],
    ["POST", `/v1/runs/${runId}/close`, { status: "completed" }],
    ["POST", `/v1/runs/${runId}/actions`, { tool: "read_text_file", args: { path: "/x" } }],
  ] as const) {
    const answer = await send(method, url, { key: otherAgent, body });
    assert.deepEqual([answer.status, answer.code], [404, "not-found"], url);
    assert.deepEqual(
      { ...answer.body, request_id: "" },
      { ...none.body, request_id: "" },
      "the words do not differ either",
    );
  }
  assert.equal((await send("GET", `/v1/runs/${runId}`, { key: agent })).status, 200); // control
});

test("policy: what is published is what decides, and a restart serves the version the log says", async () => {
  const { active } = await admin("policy.show", { tenant: "acme" });
  const { revision, digest } = active as { revision: string; digest: string };
  assert.equal(revision, "pol_2026_04_01");
  const { run } = (await send("POST", "/v1/runs", { key: agent, body: { capabilities: ["fs.read"] } })).body;
  const { run_id: runId } = run as { run_id: string };
  const ask = async () => {
    const body = { tool: "read_text_file", args: { path: "/w/diary/a.txt" } };
    const answer = await send("POST", `/v1/runs/${runId}/actions`, { key: agent, body });
    return (answer.body.action as { decision: { decision: string; policy_digest: string; policy_snapshot: string } })
      .decision;
  };
  assert.deepEqual(pick(await ask()), { decision: "ALLOW", policy_digest: digest, policy_snapshot: revision });

  const denyDiary = `@id("deny-diary") @decision("deny") @reason("${denyReason()}")
forbid (principal, action in Action::"read", resource) when { resource.id like "*/diary/*" };`;
  const diaryTest = {
    name: "the diary stays closed",
    request: { tool: "read_text_file", args: { path: "/w/diary/a.txt" } },
    expect: { decision: "DENY", matched_rules: ["deny-diary"] },
  };
  const files = starterFiles({
    "policies/main.cedar": `${starterText("policies/main.cedar")}\n${denyDiary}\n`,
    "tests/diary.json": JSON.stringify([diaryTest]),
  });
  const published = await admin("policy.publish", { tenant: "acme", files });
  assert.equal(published.revision, "pol_2026_04_01_2");
  assert.equal((await ask()).decision, "DENY");

  await server.restart();
  const after = await ask();
  assert.deepEqual(pick(after), {
    decision: "DENY",
    policy_digest: published.digest,
    policy_snapshot: "pol_2026_04_01_2",
  });
  // Publishing the same again changes nothing, and publishing the first again is a new revision.
  assert.equal((await admin("policy.publish", { tenant: "acme", files })).changed, false);
  assert.deepEqual(pickPublished(await admin("policy.publish", { tenant: "acme", files: starterFiles() })), {
    revision: "pol_2026_04_01_3",
    digest,
  });
});

test("policy: files swapped on disk behind the log's back are not served; every action is denied by name", async () => {
  await server.tenant("swap");
  // A bundle of this tenant alone: one that another tenant has too would rightly be served from there.
  await admin("policy.publish", { tenant: "swap", files: starterFiles({ "CHANGES.md": "swap" }) });
  await admin("agent.register", { tenant: "swap", id: "a", ceiling: ["fs.read"], may_execute: false });
  const key = await server.key("swap", "agent", "a");
  const { active } = await admin("policy.show", { tenant: "swap" });
  const hex = String((active as { digest: string }).digest).slice(7);
  const manifest = join(server.directory, "data", "payloads", "swap", hex.slice(0, 2), hex.slice(2));
  await server.restart();
  renameSync(manifest, `${manifest}.kept`);
  writeFileSync(manifest, "{}");
  await server.restart();
  const { run } = (await send("POST", "/v1/runs", { key, body: { capabilities: ["fs.read"] } })).body;
  const url = `/v1/runs/${(run as { run_id: string }).run_id}/actions`;
  const ask = async () => {
    const { body } = await send("POST", url, {
      key,
      body: { tool: "read_text_file", args: { path: "/w/notes/a.txt" } },
    });
    return (body.action as { decision: { decision: string; matched_rule: string } }).decision;
  };
  const denied = await ask();
  assert.deepEqual([denied.decision, denied.matched_rule], ["DENY", "core:bundle-invalid"]);
  rmSync(manifest);
  renameSync(`${manifest}.kept`, manifest);
  await server.restart();
  assert.equal((await ask()).decision, "ALLOW"); // control: with the file back it is served again
});

test("policy: two who publish at once do not overtake each other", async () => {
  await server.tenant("race");
  const results = await Promise.allSettled(
    ["a", "b", "c"].map((note) =>
      admin("policy.publish", { tenant: "race", files: starterFiles({ "CHANGES.md": note }) }),
    ),
  );
  const won = results.filter(({ status }) => status === "fulfilled");
  const lost = results.filter((result) => result.status === "rejected");
  assert.equal(won.length, 1);
  assert.ok(lost.every(({ reason }) => refused("policy-revision-taken")(reason)));
});

test("policy: a bundle that does not validate is refused with every finding, and nothing of it is recorded", async () => {
  const before = eventsOf("acme").length;
  const bad = starterFiles({ "policies/main.cedar": "permit (principal, action, resource);" });
  await assert.rejects(admin("policy.publish", { tenant: "acme", files: bad }), refused("policy-invalid"));
  assert.equal(eventsOf("acme").length, before);
});

test("local call: the machine's user looks and operates, never acts as an agent or executor; a person only votes", async () => {
  const { run } = (await send("POST", "/v1/runs", { key: agent, body: { capabilities: ["fs.read"] } })).body;
  const { run_id: runId } = run as { run_id: string };
  const call = (operation: string, more: object = {}) => admin("api.call", { tenant: "acme", operation, ...more });
  assert.equal((await call("getRun", { params: { run_id: runId } })).run_id, runId); // control
  for (const [operation, more, code] of [
    ["startRun", { body: { capabilities: ["fs.read"] } }, "forbidden"],
    ["closeRun", { params: { run_id: runId }, body: { status: "completed" } }, "forbidden"],
    ["putPayload", {}, "forbidden"],
    ["prepareVote", {}, "forbidden"],
    ["getRun", { params: { run_id: runId }, as: "erin" }, "forbidden"],
    ["getRun", { params: { run_id: runId }, as: "nobody-known" }, "not-found"],
    ["getRun", { params: { run_id: "run_x" } }, "not-found"],
    ["listRuns", { query: { limit: "07" } }, "validation-failed"],
    ["dropTables", {}, "usage"],
  ] as const) {
    await assert.rejects(call(operation, more), refused(code), operation);
  }
  await assert.rejects(admin("api.call", { tenant: "none", operation: "listRuns" }), refused("not-found"));
});

test("server: nothing of what was sent, sealed or issued lies readable in the data directory", async () => {
  const secret = "a very private argument 4711";
  const { run } = (
    await send("POST", "/v1/runs", {
      key: agent,
      body: { capabilities: ["fs.write"], intent: secret, on_behalf_of: "user:zoe" },
    })
  ).body;
  const body = { tool: "write_file", args: { path: "/w/notes/a.txt", content: secret } };
  const asked = await send("POST", `/v1/runs/${(run as { run_id: string }).run_id}/actions`, { key: agent, body });
  assert.equal(asked.status, 201);
  const key = agent.split("_")[3]!;
  // Payloads move to their places meanwhile: a folder whose files went away while it was read is read again.
  const holds = (text: string, triesLeft = 50): boolean => {
    try {
      return readdirSync(join(server.directory, "data"), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .some((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(text));
    } catch (cause) {
      const gone = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
      if (!gone || triesLeft === 0) throw cause;
      return holds(text, triesLeft - 1);
    }
  };
  for (const text of [secret, "user:zoe", key]) assert.equal(holds(text), false, text);
  assert.equal(holds("run.started"), true); // control: this is where it would be
});

test("server: ready, permit keys and the well-known document say what they should to whom", async () => {
  assert.deepEqual((await send("GET", "/v1/ready")).body, { status: "ok", checks: { ledger: "ok", policy: "ok" } });
  const { keys } = (await send("GET", "/v1/permit-keys")).body as { keys: { kty: string; d?: string }[] };
  assert.equal(keys.length, 1);
  assert.equal(keys[0]!.kty, "OKP");
  assert.equal(keys[0]!.d, undefined);
  const anybody = await send("GET", "/.well-known/countersign");
  assert.equal(anybody.bytes.includes("acme"), false);
  const known = await send("GET", "/.well-known/countersign", { key: agent });
  assert.equal(known.body.log, "audit.example.com/acme/1");
  assert.equal((await send("GET", "/metrics")).code, "unauthenticated");
  assert.equal((await send("GET", "/metrics", { key: agent })).code, "forbidden");
  const operator = await server.key("acme", "operator", "op");
  const metrics = (await send("GET", "/metrics", { key: operator })).bytes.toString();
  assert.match(metrics, /countersign_http_request_seconds_count\{operation="startRun"/);
  assert.equal(metrics.includes("acme"), false);
});

function pick({
  decision,
  policy_digest,
  policy_snapshot,
}: {
  decision: string;
  policy_digest: string;
  policy_snapshot: string;
}) {
  return { decision, policy_digest, policy_snapshot };
}

function pickPublished({ revision, digest }: Record<string, unknown>) {
  return { revision, digest };
}

/** A reason of the starter's catalogue that denies. */
function denyReason(): string {
  const reasons = JSON.parse(starterText("catalog/reasons.json"));
  return Object.keys(reasons).find((code) => reasons[code].class === "deny")!;
}
