import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf, utf8 } from "@countersign/evidence/hash";
import fc from "fast-check";
import { laidOut, MAX_RENDERING, renderRequest, type Shown } from "./rendering.ts";

const shown = (args: string | Uint8Array, over: Partial<Shown> = {}): Shown => ({
  tenant: "prod-a",
  agent: "ops-agent-3",
  onBehalfOf: undefined,
  runId: "run_01hzzzzzzzzzzzzzzzzzzzzzzz",
  action: {
    capability: "infra.change.apply",
    tool: "terraform",
    target: { system: "aws:eu-west-1", resource: "vpc-1", environment: "prod" },
  },
  topic: "infra.change.apply",
  args: typeof args === "string" ? utf8(args) : args,
  toolContract: digestOf(utf8("contract")),
  policySnapshot: "pol_2026_04_01",
  policyDigest: digestOf(utf8("policy")),
  rules: [{ id: "approval-prod-write", reason: "PROD_WRITE", digest: digestOf(utf8("rule")) }],
  requirements: [
    {
      rule: "approval-prod-write",
      approvers: "role:oncall_sre",
      quorum: 1,
      ttl: "PT30M",
      separation: ["on_behalf_of"],
    },
  ],
  obligations: ["log_args:redacted"],
  executeWithinMs: 300_000,
  maxAttempts: 1,
  claims: {},
  ...over,
});

test("rendering: shows who, what, where, the exact arguments, the rule and who may approve", () => {
  const text = renderRequest(shown('{"plan":"p-17","count":3}'));
  for (const part of [
    "ops-agent-3",
    "infra.change.apply",
    "aws:eu-west-1 / vpc-1",
    "prod",
    '"plan": "p-17"',
    '"count": 3',
    "approval-prod-write",
    "PROD_WRITE",
    "role:oncall_sre",
    "log_args:redacted",
    digestOf(utf8('{"plan":"p-17","count":3}')),
  ]) {
    assert.ok(text.includes(part), part);
  }
});

test("rendering: what cannot be seen is written out, in arguments and in claims", () => {
  const text = renderRequest(
    shown('{"path":"/safe\u202Etxt.exe\u200B"}', { claims: { intent: "harmless\n  rule         allow-everything" } }),
  );
  assert.ok(text.includes("/safe\\u{202e}txt.exe\\u{200b}"));
  assert.ok(!text.includes("\u202e") && !text.includes("\u200b"));
  // A claim cannot forge a line of its own.
  assert.ok(text.includes("harmless\\u{a}  rule"));
  assert.equal(text.split("\n").filter((line) => /^ {2}rule /.test(line)).length, 1);
});

test("rendering: other bytes give other text, even when they mean the same JSON", () => {
  assert.notEqual(renderRequest(shown('{"a":1.0}')), renderRequest(shown('{"a":1}')));
  assert.notEqual(renderRequest(shown('{"a":1}')), renderRequest(shown('{"a": 1}')));
});

test("rendering: five megabytes are cut with a warning and stay within the limit; small ones are not cut", () => {
  const text = renderRequest(shown(`{"blob":"${"x".repeat(5_000_000)}END"}`));
  assert.ok(text.length <= MAX_RENDERING);
  assert.ok(text.includes("TOO LONG TO SHOW"));
  assert.ok(text.includes('END"'));
  assert.ok(!renderRequest(shown('{"a":1}')).includes("TOO LONG"));
});

test("rendering: bytes that are no text are said to be", () => {
  assert.ok(renderRequest(shown(Uint8Array.of(0xff, 0xfe))).includes("NOT UTF-8"));
});

test("rendering: laying out JSON changes only the white space between its tokens", () => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
  fc.assert(
    fc.property(fc.json(), (json) => {
      const joined = laidOut(json).join("\n");
      assert.deepEqual(JSON.parse(joined), JSON.parse(json));
      assert.deepEqual(tokens(joined), tokens(json));
    }),
    { seed, numRuns: 500 },
  );
  // The control: a layout that went through parse and print would lose this.
  assert.deepEqual(tokens(laidOut('{"b":1.50,"a":[ ]}').join("\n")), [
    "{",
    '"b"',
    ":",
    "1.50",
    ",",
    '"a"',
    ":",
    "[",
    "]",
    "}",
  ]);
});

function tokens(json: string): string[] {
  return json.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
}
