/**
 * Bundles that mean harm: each is refused by a code, nothing of it is kept, and the gate goes on answering meanwhile.
 * Bundles travel as JSON of files, so there is no archive to play tricks with; what looks like one is refused as well.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { openTestApp, starterFiles, starterText, type TestAnswer, type TestApp } from "../testing.ts";

let server: TestApp;
let key: string;
let agent: string;
let runId: string;

before(async () => {
  server = await openTestApp();
  await server.tenant("acme", { publish: true });
  await server.admin("agent.register", { tenant: "acme", id: "a", ceiling: ["fs"], may_execute: true });
  key = await server.key("acme", "policy-admin", "dana");
  agent = await server.key("acme", "agent", "a");
  const { run } = (await server.send("POST", "/v1/runs", { key: agent, body: { capabilities: ["fs"] } })).body;
  runId = (run as { run_id: string }).run_id;
});
after(() => server.close());

const main = starterText("policies/main.cedar");
const b64 = (text: string | Buffer) => Buffer.from(text).toString("base64");
const rule = (condition: string) =>
  `@id("hostile") @decision("deny") @reason("RISK_SECRET_FILE") @owner("x")\nforbid (principal, action, resource is Target) when { ${condition} };`;
const deep = (open: string, close: string, depth: number, middle = "1") =>
  open.repeat(depth) + middle + close.repeat(depth);
const withRule = (condition: string) => starterFiles({ "policies/main.cedar": `${main}\n${rule(condition)}\n` });
const plus = (path: string, text: string | Buffer) => ({ ...starterFiles(), [path]: b64(text) });

/** What is sent, the code of the refusal, and the finding by name where there is one. */
const ROWS: Record<string, { files: Record<string, string>; code: string; finding?: RegExp }> = {
  "a path that climbs": {
    files: plus("../../../etc/cron.d/x", "x"),
    code: "policy-invalid",
    finding: /path-not-allowed/,
  },
  "a path that climbs in the middle": {
    files: plus("policies/../../x.cedar", "x"),
    code: "policy-invalid",
    finding: /path-not-allowed/,
  },
  "an absolute path": { files: plus("/etc/passwd", "x"), code: "policy-invalid", finding: /path-not-allowed/ },
  "a path with a backslash": {
    files: plus("policies\\x.cedar", "x"),
    code: "policy-invalid",
    finding: /path-not-allowed/,
  },
  "a path with a bidi character": { files: plus("policies/a\u202e.cedar", "x"), code: "unknown-member" },
  "a path with a null": { files: plus("policies/a\0.cedar", "x"), code: "unknown-member" },
  "a file nobody knows the meaning of": {
    files: plus("policies/x.wasm", "x"),
    code: "policy-invalid",
    finding: /path-not-allowed/,
  },
  "thousands of files": {
    files: {
      ...starterFiles(),
      ...Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`tests/t${i}.json`, b64("[]")])),
    },
    code: "policy-invalid",
    finding: /too-many-files/,
  },
  "more files than a body lists": {
    files: Object.fromEntries(Array.from({ length: 6000 }, (_, i) => [`tests/t${i}.json`, ""])),
    code: "validation-failed",
  },
  "a huge file": {
    files: plus("README.md", "x".repeat(300 * 1024)),
    code: "policy-invalid",
    finding: /file-too-large/,
  },
  "a body larger than any bundle": { files: plus("README.md", "x".repeat(4 * 1024 * 1024)), code: "body-too-large" },
  "a file that is no base64": { files: { ...starterFiles(), "README.md": "not base64!" }, code: "validation-failed" },
  "a gzip for a file": {
    files: plus("README.md", gzipSync("x".repeat(1 << 20))),
    code: "policy-invalid",
    finding: /not-text/,
  },
  "JSON that nests without end": {
    files: plus("tests/deep.json", deep("[", "]", 100_000, "")),
    code: "policy-invalid",
    finding: /json-malformed/,
  },
  "a key twice": {
    files: plus("catalog/labels.json", '{"labels":{},"labels":{}}'),
    code: "policy-invalid",
    finding: /json-malformed/,
  },
  "YAML that nests without end": {
    files: plus("rules.yaml", deep("[", "]", 20_000, "")),
    code: "policy-invalid",
    finding: /rules-malformed/,
  },
  "YAML that refers to itself": {
    files: plus("rules.yaml", "a: &a [*a,*a]\nrules: []\n"),
    code: "policy-invalid",
    finding: /rules-malformed/,
  },
  "rules made by nothing": {
    files: plus("policies/_generated.cedar", ""),
    code: "policy-invalid",
    finding: /generated-differs/,
  },
  "brackets that kill the engine": {
    files: withRule(`${deep("(", ")", 200)} == 1`),
    code: "policy-invalid",
    finding: /nesting-too-deep/,
  },
  "records that kill the engine": {
    files: withRule(`${deep("{a:", "}", 200)} == 1`),
    code: "policy-invalid",
    finding: /nesting-too-deep|expression-too-long/,
  },
  "a sum that kills the engine": {
    files: withRule(`${Array(2000).fill("1").join("+")} == 1`),
    code: "policy-invalid",
    finding: /expression-too-long|policy-too-large/,
  },
  "ifs that kill the engine": {
    files: withRule(`${"if true then ".repeat(1500)}true${" else false".repeat(1500)}`),
    code: "policy-invalid",
    finding: /expression-too-long|policy-too-large/,
  },
  "a multiplication that overflows": {
    files: withRule("context.cost_cents * 2 > 1"),
    code: "policy-invalid",
    finding: /multiplication/,
  },
  "an id that looks like another": {
    files: starterFiles({ "policies/main.cedar": main.replace('@id("allow-read")', '@id("аllow-read")') }),
    code: "policy-invalid",
    finding: /id-malformed|mixed-script/,
  },
  "an id with a bidi character": {
    files: starterFiles({ "policies/main.cedar": main.replace('@id("allow-read")', '@id("allow\u202e-read")') }),
    code: "policy-invalid",
    finding: /hidden-character/,
  },
  "text that hides": { files: plus("CHANGES.md", "fine\u200b"), code: "policy-invalid", finding: /hidden-character/ },
  "another manifest": { files: plus("MANIFEST.json", "{}"), code: "policy-invalid", finding: /shape/ },
  "a member that is every object's": { files: { ...starterFiles(), constructor: b64("x") }, code: "policy-invalid" },
};

const events = () => server.app.ledger.reader("acme")!.size;

async function gateAnswers(): Promise<void> {
  const { body } = await server.send("POST", `/v1/runs/${runId}/actions`, {
    key: agent,
    body: { tool: "list_directory", args: { path: "/w/notes" } },
  });
  const { action_id, decision } = body.action as { action_id: string; decision: { decision: string } };
  assert.equal(decision.decision, "ALLOW");
  await server.send("POST", `/v1/actions/${action_id}/cancel`, { key: agent, body: {} });
}

const upload = (files: Record<string, string>): Promise<TestAnswer> =>
  server.send("POST", "/v1/policy/bundles", { key, body: { files } });

for (const [name, { files, code, finding }] of Object.entries(ROWS)) {
  test(`hostile bundle: ${name} is refused, and the gate answers meanwhile`, async () => {
    const refusing = upload(files);
    await gateAnswers();
    const refused = await refusing;
    assert.equal(refused.code, code, refused.bytes.toString().slice(0, 500));
    if (finding !== undefined) assert.match(JSON.stringify(refused.body.findings), finding);
    await gateAnswers();
    const { bundles } = (await server.send("GET", "/v1/policy/bundles", { key })).body as { bundles: unknown[] };
    assert.equal(bundles.length, 1); // nothing of it is listed
  });
}

test("hostile bundle: archives are no bundles", async () => {
  const tar = Buffer.concat([Buffer.from("../../etc/passwd".padEnd(512, "\0")), Buffer.alloc(1024)]);
  for (const [type, bytes] of [
    ["application/x-tar", tar],
    ["application/gzip", gzipSync(tar)],
    ["application/zip", Buffer.from("PK\u0003\u0004")],
  ] as const) {
    const typed = await server.send("POST", "/v1/policy/bundles", { key, bytes, headers: { "content-type": type } });
    assert.equal(typed.code, "unsupported-media-type");
    const disguised = await server.send("POST", "/v1/policy/bundles", {
      key,
      bytes,
      headers: { "content-type": "application/json" },
    });
    assert.equal(disguised.code, "malformed-json");
  }
});

test("hostile bundle: more uploads at once than are checked are refused by name, and the gate answers", async () => {
  const before = events();
  const many = Array.from({ length: 12 }, (_, i) => upload(starterFiles({ "CHANGES.md": `number ${i}` })));
  await gateAnswers();
  const codes = (await Promise.all(many)).map(({ code }) => code ?? "kept");
  assert.ok(codes.includes("core:overloaded") && codes.includes("kept"), codes.join());
  assert.deepEqual([...new Set(codes)].sort(), ["core:overloaded", "kept"]);
  assert.ok(events() > before);
});

test("hostile bundle: control: the bundle they were made of is kept", async () => {
  const kept = await upload(starterFiles({ "CHANGES.md": "good" }));
  assert.equal(kept.status, 201, kept.bytes.toString());
});
