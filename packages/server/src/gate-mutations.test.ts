/**
 * Anything bound changed between request, approval and start is refused, by its own name: the bytes in the store, the
 * executor's copy, the server's own rows, the text and signature of a vote. What the ledger itself compares, all 5,000
 * changes of each member, is in gate-bindings.test.ts; this is a sample through the whole gate. Seeded: replay with SEED=,
 * MUTATIONS= for more than 100 of each.
 */
import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  type ApprovalRequest,
  formatApprovalRequest,
  parseApprovalRequest,
  textDigest,
} from "@countersign/evidence/approval";
import { CountersignError } from "@countersign/evidence/errors";
import { formatId } from "@countersign/evidence/ids";
import fc from "fast-check";
import { type ApprovalRecord, approvalOf, approvals } from "./approvals/approvals.ts";
import { voteDrafts } from "./approvals/vote.ts";
import { type ActionRecord, actionBook, actionOf, actions } from "./dispatch/actions.ts";
import { type Gate, openGate, signDigest, type Voter } from "./gate-testing.ts";
import { need } from "./ledger/command.ts";

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const count = Math.min(500, Number(process.env.MUTATIONS ?? 100));
const args = { vpc: "vpc-1", environment: "prod", cost: 12.5 };
let gate: Gate;
let dana: Voter;
let runId: string;
before(async () => {
  console.log(`SEED=${seed} MUTATIONS=${count}`);
  gate = await openGate();
  dana = await gate.voter("dana", ["oncall_sre"]);
  runId = (await gate.call("startRun", gate.agent, { body: { capabilities: ["infra"] } })).run.run_id;
});
after(() => gate.close());

const ask = async () => {
  const request = { params: { run_id: runId }, body: { tool: "terraform", args, max_attempts: 2 } };
  const { action } = await gate.call("requestAction", gate.agent, request);
  return { actionId: action.action_id, approvalId: action.approval!.approval_id };
};
const approved = async () => {
  const { actionId, approvalId } = await ask();
  await gate.vote(dana, approvalId);
  return actionId;
};
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return "accepted";
  } catch (cause) {
    if (cause instanceof CountersignError) return cause.code;
    throw cause;
  }
};
const start = (actionId: string, args_sha256?: string) =>
  gate.call("startAction", gate.executor, {
    params: { action_id: actionId },
    body: args_sha256 === undefined ? {} : { args_sha256 },
  });
const finish = async (actionId: string) => {
  await start(actionId);
  await gate.call("reportOutcome", gate.executor, { params: { action_id: actionId }, body: { status: "SUCCEEDED" } });
};
const recordOf = (actionId: string) => actionOf(gate.ledger.reader(gate.tenant)!, actionId)!;
const putRecord = (record: ActionRecord, actionId: string) =>
  gate.submit(
    {
      name: "test.forge",
      needs: () => ({ rows: actionBook.needs(actionId) }),
      run: (tx) => tx.put(actions, { action_id: actionId, run_id: runId, record }),
    },
    undefined,
  );

test(`${count} single bytes changed in the stored arguments: payload-damaged, and the unchanged ones start`, async () => {
  const actionId = await approved();
  const { args: digest } = recordOf(actionId);
  await gate.settlePayloads();
  const path = findFile(gate.ledger.dataDir, digest!.slice("sha256:".length));
  const bytes = readFileSync(path);
  const flips = fc.sample(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 })), {
    seed,
    numRuns: count,
  });
  for (const [at, by] of flips) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= by;
    writeFileSync(path, changed);
    assert.equal(await codeOf(start(actionId)), "payload-damaged", `byte ${at} xor ${by}`);
  }
  writeFileSync(path, bytes);
  await finish(actionId);
});

test(`${count} other arguments in the executor's hands: args-changed, and its own start`, async () => {
  const actionId = await approved();
  const text = JSON.stringify(args);
  const other = fc.oneof(
    fc.json(),
    fc.nat(text.length - 1).map((at) => text.slice(0, at) + text.slice(at + 1)),
    fc.nat(text.length).map((at) => `${text.slice(0, at)} ${text.slice(at)}`),
    fc.constantFrom(
      text.replace("prod", "dev"),
      text.replace("12.5", "12.50"),
      text.replace("vpc-1", "vpc-\u0031\u200b"),
    ),
  );
  for (const changed of fc.sample(other, { seed, numRuns: count })) {
    if (changed === text) continue;
    assert.equal(await codeOf(start(actionId, hash("sha256", changed))), "args-changed", changed);
  }
  assert.equal(await codeOf(start(actionId, hash("sha256", text))), "accepted");
});

test(`${count} changes of the server's own record: each bound member is refused, by the name of what it breaks`, async () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9]{2,12}$/);
  const id = (prefix: "evt" | "apr") =>
    fc.uint8Array({ minLength: 16, maxLength: 16 }).map((raw) => formatId(prefix, raw));
  const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}`);
  type Change = { readonly what: string; readonly codes: readonly string[]; apply(record: ActionRecord): ActionRecord };
  const of = <V>(
    what: string,
    codes: readonly string[],
    value: fc.Arbitrary<V>,
    apply: (r: ActionRecord, v: V) => ActionRecord,
  ) => value.map((v): Change => ({ what: `${what} ${JSON.stringify(v)}`, codes, apply: (record) => apply(record, v) }));
  const policy = (record: ActionRecord, over: object) => ({ ...record, policy: { ...record.policy!, ...over } });
  const approval = (record: ActionRecord, over: object) => ({ ...record, approval: { ...record.approval!, ...over } });
  const target = (record: ActionRecord, over: object) => ({
    ...record,
    action: { ...record.action, target: { ...record.action.target, ...over } },
  });
  const change = fc.oneof(
    of("args", ["payload-not-found"], digest, (r, v) => ({ ...r, args: v })),
    of("args_commit", ["payload-damaged"], fc.stringMatching(/^[A-Za-z0-9_-]{43}$/), (r, v) => ({
      ...r,
      args_commit: v,
    })),
    of("request_event", ["payload-erased"], id("evt"), (r, v) => ({ ...r, request_event: v })),
    of("capability", ["approval-voided"], word, (r, v) => ({ ...r, action: { ...r.action, capability: v } })),
    of("tool", ["approval-voided"], word, (r, v) => ({ ...r, action: { ...r.action, tool: v } })),
    of("system", ["approval-voided"], word, (r, v) => target(r, { system: v })),
    of("resource", ["approval-voided"], word, (r, v) => target(r, { resource: v })),
    of("environment", ["approval-voided"], word, (r, v) => target(r, { environment: v })),
    of("topic", ["step-not-allowed"], word, (r, v) => ({ ...r, topic: v })),
    of("max_attempts", ["step-not-allowed"], fc.integer({ min: 3, max: 1000 }), (r, v) => ({ ...r, max_attempts: v })),
    of("timeout", ["step-not-allowed"], fc.integer({ min: 300_001, max: 10 ** 9 }), (r, v) => ({
      ...r,
      attempt_timeout_ms: v,
    })),
    of("decision", ["step-not-allowed"], fc.constantFrom("ALLOW", "DENY"), (r, v) => policy(r, { decision: v })),
    of("matched_rule", ["step-not-allowed"], word, (r, v) => policy(r, { matched_rule: v })),
    of("snapshot", ["step-not-allowed"], fc.constantFrom("pol_2026_03_31", "none"), (r, v) =>
      policy(r, { policy_snapshot: v }),
    ),
    of("digest", ["step-not-allowed"], digest, (r, v) => policy(r, { policy_digest: v })),
    of("decision_event", ["step-not-allowed"], id("evt"), (r, v) => policy(r, { decision_event: v })),
    of("approval_id", ["approval-not-found"], id("apr"), (r, v) => approval(r, { approval_id: v })),
    of("approver", ["step-not-allowed"], fc.constant("usr_01kh0000000000000000000009"), (r, v) =>
      approval(r, { approver: v }),
    ),
    of("approved_at", ["step-not-allowed"], fc.constant("2026-03-31T00:00:00.000Z"), (r, v) =>
      approval(r, { approved_at: v }),
    ),
    of("required", ["step-not-allowed"], fc.constant(false), (r, v) => approval(r, { required: v })),
  );
  let actionId = await approved();
  for (const { what, codes, apply } of fc.sample(change, { seed, numRuns: count })) {
    const record = recordOf(actionId);
    await putRecord(apply(record), actionId);
    const code = await codeOf(start(actionId));
    assert.ok(codes.includes(code), `${what}: ${code}`);
    const types = gate.typesOf(actionId);
    assert.ok(!types.includes("dispatch.permitted") && !types.includes("dispatch.started"), what);
    if (types.includes("approval.voided")) actionId = await approved();
    else await putRecord(record, actionId);
  }
  await finish(actionId);
  assert.deepEqual(gate.faults(), []);
});

test(`${count} changes of a vote between its text and its signature: refused, and the vote as prepared is taken`, async () => {
  const { approvalId } = await ask();
  const { rendering_digest } = await gate.call("getApproval", dana.caller, { params: { approval_id: approvalId } });
  const body = { answer: "approve" as const, reason_code: "CHANGE_REVIEWED", kid: dana.kid, rendering_digest };
  const prepared = await gate.call("prepareVote", dana.caller, { params: { approval_id: approvalId }, body });
  const signature = signDigest(dana.privateKey, prepared.digest);
  const cast = (signed: string) =>
    gate.call("castVote", dana.caller, {
      params: { approval_id: approvalId, vote_id: prepared.vote_id },
      body: { signature: signed, method: "ed25519" },
    });
  const draft = gate.ledger.reader(gate.tenant)!.row(voteDrafts, { vote_id: prepared.vote_id })!;
  const putDraft = (text: string) =>
    gate.submit(
      {
        name: "test.forge-draft",
        needs: () => ({ rows: [need(voteDrafts, { vote_id: prepared.vote_id })] }),
        run: (tx) => tx.put(voteDrafts, { ...draft, text }),
      },
      undefined,
    );
  const raw = Buffer.from(signature, "base64url");
  const flips = fc.sample(fc.tuple(fc.nat(raw.length - 1), fc.integer({ min: 1, max: 255 })), {
    seed,
    numRuns: count / 2,
  });
  for (const [at, by] of flips) {
    const changed = Buffer.from(raw);
    changed[at]! ^= by;
    assert.equal(await codeOf(cast(changed.toString("base64url"))), "signature-invalid", `byte ${at} xor ${by}`);
  }
  const members = JSON.parse(draft.text) as Record<string, unknown>;
  const names = Object.keys(members).filter((name) => name !== "ctx" && name !== "v");
  const texts = fc.sample(fc.tuple(fc.constantFrom(...names), fc.stringMatching(/^[a-z]{3,12}$/)), {
    seed,
    numRuns: count / 2,
  });
  for (const [name, value] of texts) {
    const text = JSON.stringify({ ...members, [name]: name === "roles" ? [value] : value });
    await putDraft(text);
    const code = await codeOf(cast(signature));
    assert.ok(["signature-invalid", "vote-mismatch"].includes(code), `${name}: ${code}`);
  }
  await putDraft(draft.text);
  assert.equal(await codeOf(cast(signature)), "accepted");
  assert.deepEqual(gate.faults(), []);
});

test(`${count} changes of the approval's own row: no vote on another request, nonce, time or policy is taken`, async () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9]{2,12}$/);
  const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}`);
  const later = fc
    .integer({ min: 1, max: 10 ** 9 })
    .map((ms) => new Date(gate.clock.nowMs() + 3_600_000 + ms).toISOString());
  type Change = { readonly what: string; readonly codes: readonly string[]; apply(r: ApprovalRecord): ApprovalRecord };
  const of = <V>(
    what: string,
    codes: readonly string[],
    value: fc.Arbitrary<V>,
    apply: (record: ApprovalRecord, value: V) => ApprovalRecord,
  ) => value.map((v): Change => ({ what: `${what} ${JSON.stringify(v)}`, codes, apply: (record) => apply(record, v) }));
  /** Another text, its digest with it: people would sign for what the log does not hold. */
  const text = (record: ApprovalRecord, over: Partial<ApprovalRequest>): ApprovalRecord => {
    const { ctx: _, v: __, ...request } = parseApprovalRequest(record.request_text)!;
    const request_text = formatApprovalRequest({ ...request, ...over });
    return { ...record, request_text, request_digest: textDigest(request_text) };
  };
  const shown = "payload-damaged"; // nobody is shown another request than the log's
  const change = fc.oneof(
    // It is not shown, but the vote names the digest of a text the log does not hold.
    of("nonce", ["step-not-allowed"], fc.stringMatching(/^[A-Za-z0-9_-]{22}$/), (r, nonce) => text(r, { nonce })),
    of("tenant", [shown], word, (r, tenant) => text(r, { tenant })),
    of("expires_at in the text", [shown], later, (r, expires_at) => text(r, { expires_at })),
    of("obligations", [shown], word, (r, one) => text(r, { obligations: [one] })),
    of("policy_digest in the text", [shown], digest, (r, policy_digest) => text(r, { policy_digest })),
    of("args_commit", [shown], fc.stringMatching(/^[A-Za-z0-9_-]{43}$/), (r, args_commit) => text(r, { args_commit })),
    of("tool", [shown], word, (r, tool) => text(r, { action: { ...r.action, tool } })),
    of("target", [shown], word, (r, resource) =>
      text(r, { action: { ...r.action, target: { ...r.action.target, resource } } }),
    ),
    of("request_digest", ["step-not-allowed"], digest, (r, request_digest) => ({ ...r, request_digest })),
    of("rendering", [shown], digest, (r, rendering) => ({ ...r, rendering })),
    // A policy nobody published has no catalogue, so no reason may be given.
    of("policy digest", ["validation-failed"], digest, (r, policy_digest) => ({
      ...r,
      policy: { ...r.policy, policy_digest },
    })),
    of("matched_rule", ["step-not-allowed"], word, (r, matched_rule) => ({
      ...r,
      policy: { ...r.policy, matched_rule },
    })),
  );
  const vote = async (approvalId: string) => {
    const seen = await gate.call("getApproval", dana.caller, { params: { approval_id: approvalId } });
    const body = { answer: "approve" as const, reason_code: "CHANGE_REVIEWED", kid: dana.kid };
    const prepared = await gate.call("prepareVote", dana.caller, {
      params: { approval_id: approvalId },
      body: { ...body, rendering_digest: seen.rendering_digest },
    });
    await gate.call("castVote", dana.caller, {
      params: { approval_id: approvalId, vote_id: prepared.vote_id },
      body: { signature: signDigest(dana.privateKey, prepared.digest), method: "ed25519" },
    });
  };
  const put = (record: ApprovalRecord, actionId: string) =>
    gate.submit(
      {
        name: "test.forge-approval",
        needs: () => ({ rows: [...actionBook.needs(actionId), need(approvals, { approval_id: record.approval_id })] }),
        run: (tx) => {
          const { approval_id, state, policy } = record;
          tx.put(approvals, { approval_id, state, policy_digest: policy.policy_digest, record });
        },
      },
      undefined,
    );
  let { actionId, approvalId } = await ask();
  for (const { what, codes, apply } of fc.sample(change, { seed, numRuns: count })) {
    const record = approvalOf(gate.ledger.reader(gate.tenant)!, approvalId!)!;
    await put(apply(record), actionId);
    const code = await codeOf(vote(approvalId!));
    assert.ok(codes.includes(code), `${what}: ${code}`);
    const types = gate.typesOf(actionId);
    assert.ok(!types.includes("approval.voted") && !types.includes("approval.granted"), what);
    if (types.includes("approval.voided")) ({ actionId, approvalId } = await ask());
    else await put(record, actionId);
  }
  assert.equal(await codeOf(vote(approvalId!)), "accepted");
  await finish(actionId);
  assert.deepEqual(gate.faults(), []);
});

/** The store shards by the digest's first byte. */
function findFile(directory: string, name: string): string {
  const found = readdirSync(join(directory, ".."), { recursive: true, encoding: "utf8" }).find((path) =>
    path.endsWith(name.slice(2)),
  );
  assert.ok(found !== undefined, `${name} lies in the store`);
  return join(directory, "..", found);
}
