import assert from "node:assert/strict";
import { test } from "node:test";
import { type ApprovalRequest, formatApprovalRequest, formatVote, textDigest } from "@countersign/evidence/approval";
import { hex, utf8 } from "@countersign/evidence/hash";
import { renderApproval } from "@countersign/evidence/rendering";
import type { AnswerOf } from "@countersign/evidence/wire";
import { bytesToSign, type ChosenVote, checkDetail, wantsTwoSteps } from "./check.ts";
import { partsOfRendering } from "./rendering-parts.ts";

const D = `sha256:${"1".repeat(64)}`;
const request: Omit<ApprovalRequest, "ctx" | "v"> = {
  log: "audit.example.com/acme/1",
  tenant: "acme",
  approval_id: "apr_01jd0000000000000000000000",
  run_id: "run_01jd0000000000000000000000",
  action_id: "act_01jd0000000000000000000000",
  decision_id: "dec_01jd0000000000000000000000",
  request_leaf: "2".repeat(64),
  action: {
    capability: "fs.write",
    tool: "write_file",
    target: { system: "fs", resource: "prod/a\u202e.txt", environment: "prod" },
  },
  action_digest: D,
  args_commit: "A".repeat(43),
  tool_contract: null,
  matched_rules: ["approval-prod-write"],
  rule_digests: { "approval-prod-write": D },
  requirements: [
    { rule: "approval-prod-write", approvers: "role:oncall_sre", quorum: 1, ttl: "PT30M", separation: [] },
  ],
  gate_digest: D,
  policy_digest: D,
  policy_snapshot: "pol_2026_04_01",
  requested_by: "ops-agent",
  on_behalf_of: null,
  initiator: { agent: "ops-agent" },
  nonce: "B".repeat(22),
  requested_at: "2026-04-01T14:00:00.000Z",
  expires_at: "2026-04-01T14:30:00.000Z",
  execute_within_ms: 60_000,
  max_attempts: 1,
  obligations: [],
};

function detailOf(changes: Partial<AnswerOf<"getApproval">> = {}): AnswerOf<"getApproval"> {
  const request_text = formatApprovalRequest(request);
  const parsed = { ...request, ctx: "countersign/v1/approval-request", v: 1 } as const;
  const rendering = renderApproval(parsed, { bytes: utf8('{"path":"a\u200bb",\n"x":1}'), salt: "C".repeat(22) });
  return {
    approval_id: request.approval_id,
    action_id: request.action_id,
    run_id: request.run_id,
    state: "REQUESTED",
    action: { ...request.action, target: { ...request.action.target } },
    agent: request.requested_by,
    matched_rule: "approval-prod-write",
    reason: "PROD_WRITE",
    requirements: [],
    requested_at: request.requested_at,
    expires_at: request.expires_at,
    votes: [],
    missing: [],
    request_text,
    request_digest: textDigest(request_text),
    rendering,
    rendering_digest: textDigest(rendering),
    reasons: { approve: ["CHANGE_REVIEWED"], reject: ["RISK_TOO_HIGH"] },
    ...changes,
  };
}

test("check: an approval whose texts and digests agree, with every part of what is shown", () => {
  const checked = checkDetail(detailOf(), "acme");
  assert.ok(checked.ok);
  assert.deepEqual(checked.parts.argumentLines, ['{"path":"a\\u{200b}b",', '"x":1}']);
  assert.equal(checked.parts.warnings.length, 1);
  assert.equal(checked.parts.fields.find(([name]) => name === "Resource")?.[1], "prod/a\\u{202e}.txt");
  assert.match(checked.parts.argumentsHead[0]!, /^ARGUMENTS \(\d+ bytes\)$/);
});

test("check: anything that does not agree with anything else is said, and nothing is shown as good", () => {
  const good = detailOf();
  const other = formatApprovalRequest({ ...request, action: { ...request.action, tool: "read_file" } });
  const shown = good.rendering.replace("write_file", "read_file");
  const bad: readonly (readonly [string, Partial<AnswerOf<"getApproval">>])[] = [
    ["another text", { request_text: other }],
    ["another text with its digest", { request_text: other, request_digest: textDigest(other) }],
    ["another rendering", { rendering: shown }],
    ["another rendering with its digest", { rendering: shown, rendering_digest: textDigest(shown) }],
    ["a text that is none", { request_text: "{}", request_digest: textDigest("{}") }],
    ["another agent", { agent: "other" }],
    ["another expiry", { expires_at: "2026-04-01T15:30:00.000Z" }],
    ["another action", { action: { ...good.action, tool: "read_file" } }],
  ];
  for (const [what, change] of bad) assert.equal(checkDetail(detailOf(change), "acme").ok, false, what);
  assert.equal(checkDetail(good, "other").ok, false);
  assert.equal(checkDetail(good, "acme").ok, true); // control
});

test("check: a rendering that is laid out otherwise has no parts", () => {
  const { rendering } = detailOf();
  assert.notEqual(partsOfRendering(rendering), undefined);
  for (const bad of [
    "",
    rendering.slice(1),
    rendering.replace("ARGUMENTS", "ARGS"),
    rendering.replace("\n| ", "\n  "),
  ]) {
    assert.equal(partsOfRendering(bad), undefined);
  }
});

const detail = detailOf();
const body = {
  answer: "approve" as const,
  reason_code: "CHANGE_REVIEWED",
  kid: "K",
  rendering_digest: detail.rendering_digest,
};
const chosen: ChosenVote = { detail, tenant: "acme", person: "usr_01jd0000000000000000000000", body };

function prepared(changes: Partial<Parameters<typeof formatVote>[0]> = {}): AnswerOf<"prepareVote"> {
  const text = formatVote({
    log: request.log,
    tenant: "acme",
    approval_id: detail.approval_id,
    request_digest: detail.request_digest,
    answer: "approve",
    reason_code: "CHANGE_REVIEWED",
    note_commit: null,
    rendering: detail.rendering_digest,
    person: chosen.person,
    roles: ["oncall_sre"],
    kid: "K",
    at: "2026-04-01T14:10:00.000Z",
    ...changes,
  });
  return { vote_id: "vote_x", text, digest: textDigest(text) };
}

test("check: what is signed is the digest of the vote that was chosen, computed here", () => {
  const good = prepared();
  const bytes = bytesToSign(good, chosen);
  assert.ok(typeof bytes !== "string");
  assert.equal(`sha256:${hex(bytes)}`, good.digest);
});

test("check: nothing is signed when the server's text says something else than was chosen", () => {
  for (const change of [
    { answer: "reject" as const },
    { reason_code: "BREAK_GLASS" },
    { kid: "L" },
    { person: "usr_01jd0000000000000000000001" },
    { tenant: "other" },
    { approval_id: "apr_01jd0000000000000000000001" },
    { request_digest: D },
    { rendering: D },
    { note_commit: "A".repeat(43) },
  ]) {
    assert.equal(typeof bytesToSign(prepared(change), chosen), "string", JSON.stringify(change));
  }
  assert.equal(typeof bytesToSign({ ...prepared(), digest: D }, chosen), "string");
  assert.equal(typeof bytesToSign({ ...prepared(), text: "{}" }, chosen), "string");
  const noted = { ...chosen, body: { ...body, note: "see CHG-1" } };
  assert.equal(typeof bytesToSign(prepared(), noted), "string");
  assert.notEqual(typeof bytesToSign(prepared({ note_commit: "A".repeat(43) }), noted), "string"); // control
});

test("check: two steps for what is high, critical, or graded by nobody", () => {
  const grades = [undefined, "low", "medium", "high", "critical"] as const;
  assert.deepEqual(grades.map(wantsTwoSteps), [true, false, false, true, true]);
});
