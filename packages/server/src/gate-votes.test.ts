/** Who may vote, on what, and how often: each refusal by its own name, and a lawful vote beside it. */
import assert from "node:assert/strict";
import { generateKeyPairSync, hash, sign } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { formatVote, parseVote, textDigest } from "@countersign/evidence/approval";
import { approverKeyOf } from "@countersign/evidence/control";
import { verifyEd25519 } from "@countersign/evidence/ed25519";
import { CountersignError } from "@countersign/evidence/errors";
import { verifyEs256 } from "@countersign/evidence/es256";
import type { EventOf } from "@countersign/evidence/event";
import { voteSignatureFault } from "@countersign/evidence/vote-signature";
import type { BodyOf } from "@countersign/evidence/wire";
import { type Gate, openGate, signDigest, type Voter } from "./gate-testing.ts";

let gate: Gate;
let dana: Voter;
let kim: Voter;
let fin: Voter;
let fay: Voter;
let runId: string;
before(async () => {
  gate = await openGate({ kind: "production" });
  dana = await gate.voter("dana", ["oncall_sre"]);
  kim = await gate.voter("kim", ["oncall_sre", "finance"]);
  fin = await gate.voter("fin", ["finance"]);
  fay = await gate.voter("fay", ["finance"]);
});
beforeEach(async () => {
  runId = (await gate.call("startRun", gate.agent, { body: { capabilities: ["infra"] } })).run.run_id;
});
after(() => gate.close());

const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;
const prod = { vpc: "vpc-1", environment: "prod" };
const ask = async (args: unknown = prod, run = runId) => {
  const request = { params: { run_id: run }, body: { tool: "terraform", args } };
  const { action } = await gate.call("requestAction", gate.agent, request);
  assert.ok(action.approval, JSON.stringify(action.decision));
  return { ...action, approvalId: action.approval.approval_id };
};
const detail = (approvalId: string) => gate.call("getApproval", dana.caller, { params: { approval_id: approvalId } });
const prepare = async (voter: Voter, approvalId: string, change: Partial<BodyOf<"prepareVote">> = {}) => {
  const { rendering_digest } = await detail(approvalId);
  const body = {
    answer: "approve" as const,
    reason_code: "CHANGE_REVIEWED",
    kid: voter.kid,
    rendering_digest,
    ...change,
  };
  return gate.call("prepareVote", voter.caller, { params: { approval_id: approvalId }, body });
};
const cast = (
  voter: Voter,
  approvalId: string,
  voteId: string,
  signature: string,
  method: "ed25519" | "ssh" = "ed25519",
) =>
  gate.call("castVote", voter.caller, {
    params: { approval_id: approvalId, vote_id: voteId },
    body: { signature, method },
  });

test("an approver sees the exact text and rendering, and the digests are of them", async () => {
  const { approvalId, action_id } = await ask();
  const shown = await detail(approvalId);
  assert.equal(textDigest(shown.request_text), shown.request_digest);
  assert.equal(textDigest(shown.rendering), shown.rendering_digest);
  for (const part of ["vpc-1", '"environment":"prod"', action_id, "approval-prod-write", "oncall_sre"]) {
    assert.ok(shown.rendering.includes(part), part);
  }
  assert.equal(shown.severity, "high");
  assert.match(shown.rules?.[0]?.text ?? "", /^@id\("approval-prod-write"\)[\s\S]*;$/);
  assert.deepEqual(shown.eligible?.map(({ person }) => person).sort(), [dana.alias, kim.alias].sort());
  assert.deepEqual(shown.reasons, { approve: ["CHANGE_REVIEWED"], reject: ["RISK_TOO_HIGH"] });
  const request = gate.events().find((event) => event.type === "approval.requested" && event.action_id === action_id);
  const { approval_request: said } = request as EventOf<"approval.requested">;
  assert.deepEqual([said.text, said.rendering], [shown.request_text, shown.rendering_digest]);
});

test("the vote in the log verifies under the enrolled key, and under no other", async () => {
  const { approvalId, action_id } = await ask();
  await gate.vote(dana, approvalId, "approve", { note: "looked at it with kim" });
  const voted = gate.events().find((event) => event.type === "approval.voted" && event.action_id === action_id);
  const event = voted as EventOf<"approval.voted">;
  const { control } = gate.ledger.reader(gate.tenant)!;
  const verifiers = { ed25519: verifyEd25519 };
  assert.equal(voteSignatureFault(event, approverKeyOf(control, dana.kid), verifiers), undefined);
  const other = { ...approverKeyOf(control, dana.kid)!, x: approverKeyOf(control, kim.kid)!.x };
  assert.equal(voteSignatureFault(event, other, verifiers)?.code, "vote-signature-invalid");
  assert.ok(event.commit?.["/vote/note"]);
  assert.ok(!JSON.stringify(event).includes("looked at it"));
});

test("wrong role, wrong kind of caller, nobody: not eligible", async () => {
  const { approvalId } = await ask();
  await assert.rejects(prepare(fin, approvalId), refused("approver-not-eligible"));
  const asAgent = { ...dana, caller: { ...dana.caller, holder: gate.agent.holder } };
  await assert.rejects(prepare(asAgent, approvalId), refused("approver-not-eligible"));
  await assert.rejects(prepare(dana, "apr_01kh0000000000000000000001"), refused("approval-not-found"));
  assert.equal((await gate.vote(dana, approvalId)).state, "GRANTED");
});

test("separation: not the person it runs for, not the agent's owner; somebody else may", async () => {
  const body = { capabilities: ["infra"], on_behalf_of: "dana" };
  const forDana = (await gate.call("startRun", gate.agent, { body })).run.run_id;
  const { approvalId } = await ask(prod, forDana);
  await assert.rejects(prepare(dana, approvalId), refused("separation-of-duties"));
  assert.equal((await gate.vote(kim, approvalId)).state, "GRANTED");
  const agent = { id: "ops-agent", ceiling: ["infra"], may_execute: false };
  await gate.append("agent.changed", { agent: { ...agent, owner: kim.alias }, bootstrap: true });
  const owned = await ask();
  await assert.rejects(prepare(kim, owned.approvalId), refused("separation-of-duties"));
  assert.equal((await gate.vote(dana, owned.approvalId)).state, "GRANTED");
  await gate.append("agent.changed", { agent, bootstrap: true });
});

test("in an evaluation tenant one person may do it all, and the grant says that separation was waived", async () => {
  const own = await openGate({ tenant: "eval-a" });
  try {
    const sam = await own.voter("sam", ["oncall_sre"]);
    const of = async (on_behalf_of?: string) => {
      const body = { capabilities: ["infra"], ...(on_behalf_of === undefined ? {} : { on_behalf_of }) };
      const { run } = await own.call("startRun", own.agent, { body });
      const request = { params: { run_id: run.run_id }, body: { tool: "terraform", args: prod } };
      const { action } = await own.call("requestAction", own.agent, request);
      await own.vote(sam, action.approval!.approval_id);
      return own.events().findLast((event) => event.type === "approval.granted")!.granted.separation;
    };
    assert.equal(await of("sam"), "waived");
    assert.equal(await of(), "kept");
    assert.deepEqual(own.faults(), []);
  } finally {
    await own.close();
  }
});

test("twice: one person, one place, however many roles they hold", async () => {
  // Two gates: one on-call engineer and two of finance, all different people.
  const { approvalId } = await ask({ ...prod, cost: 9000 });
  const missing = async () => (await detail(approvalId)).missing.length;
  assert.equal(await missing(), 2);
  await gate.vote(kim, approvalId);
  await assert.rejects(prepare(kim, approvalId), refused("duplicate-vote"));
  assert.equal((await gate.vote(fin, approvalId)).state, "REQUESTED");
  // Kim filled finance's place while fin's was open; with fay she moves to on-call, and three places are filled.
  assert.equal((await gate.vote(fay, approvalId)).state, "GRANTED");
  const granted = gate.events().findLast((event) => event.type === "approval.granted");
  assert.deepEqual([...granted!.granted.people].sort(), [kim.alias, fin.alias, fay.alias].sort());
  assert.deepEqual(gate.faults(), []);
});

test("two votes prepared by one person: only one can be cast", async () => {
  const { approvalId } = await ask({ ...prod, cost: 9000 });
  const [first, second] = [await prepare(kim, approvalId), await prepare(kim, approvalId)];
  const both = await Promise.allSettled(
    [first, second].map(({ vote_id, digest }) => cast(kim, approvalId, vote_id, signDigest(kim.privateKey, digest))),
  );
  assert.deepEqual(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  const lost = both.find(({ status }) => status === "rejected") as PromiseRejectedResult;
  assert.ok(refused("duplicate-vote")(lost.reason));
});

test("a signature: over this text, by this person's key, of this kind", async () => {
  const { approvalId } = await ask();
  const prepared = await prepare(dana, approvalId);
  const signature = signDigest(dana.privateKey, prepared.digest);
  const said = parseVote(prepared.text)!;
  const { ctx: _, v: __, ...members } = said;
  const otherText = textDigest(formatVote({ ...members, answer: "reject" }));
  const wrong: [string, string, "ed25519" | "ssh"][] = [
    ["another person's key", signDigest(kim.privateKey, prepared.digest), "ed25519"],
    ["another text", signDigest(dana.privateKey, otherText), "ed25519"],
    ["one bit", `${signature[0] === "A" ? "B" : "A"}${signature.slice(1)}`, "ed25519"],
    ["no signature", "AAAA", "ed25519"],
    ["another method", signature, "ssh"],
  ];
  for (const [what, bytes, method] of wrong) {
    await assert.rejects(cast(dana, approvalId, prepared.vote_id, bytes, method), refused("signature-invalid"), what);
  }
  await assert.rejects(cast(kim, approvalId, prepared.vote_id, signature), refused("vote-mismatch"));
  const other = await ask();
  await assert.rejects(cast(dana, other.approvalId, prepared.vote_id, signature), refused("vote-mismatch"));
  assert.equal((await cast(dana, approvalId, prepared.vote_id, signature)).state, "GRANTED");
  await assert.rejects(cast(dana, approvalId, prepared.vote_id, signature), refused("not-found"));
});

test("a vote's text: only what was shown, reasons of the catalogue, a key of one's own, and not for long", async () => {
  const { approvalId } = await ask();
  const zero = `sha256:${"0".repeat(64)}`;
  await assert.rejects(prepare(dana, approvalId, { rendering_digest: zero }), refused("vote-mismatch"));
  await assert.rejects(prepare(dana, approvalId, { reason_code: "BECAUSE" }), refused("validation-failed"));
  await assert.rejects(prepare(dana, approvalId, { answer: "reject" }), refused("validation-failed"));
  await assert.rejects(prepare(dana, approvalId, { kid: kim.kid }), refused("signature-invalid"));
  const prepared = await prepare(dana, approvalId);
  gate.clock.advance(15 * 60_000 + 1);
  const signature = signDigest(dana.privateKey, prepared.digest);
  await assert.rejects(cast(dana, approvalId, prepared.vote_id, signature), refused("vote-mismatch"));
  assert.equal((await gate.vote(dana, approvalId)).state, "GRANTED");
});

test("a key or a role taken away between text and signature counts", async () => {
  const temp = await gate.voter("temp", ["oncall_sre"], dana.alias);
  const { approvalId } = await ask();
  const prepared = await prepare(temp, approvalId);
  const enrolment = { person: temp.alias, kid: temp.kid };
  await gate.append("approver.key.revoked", { enrolment, reason: { code: "LOST" } });
  gate.clock.advance(1);
  const signature = signDigest(temp.privateKey, prepared.digest);
  await assert.rejects(cast(temp, approvalId, prepared.vote_id, signature), refused("signature-invalid"));
  const own = await prepare(dana, approvalId);
  const grant = { person: dana.alias, role: "oncall_sre", kind: "approver_role" };
  await gate.append("role.revoked", { grant, reason: { code: "LEFT_ROTA" } });
  const signed = signDigest(dana.privateKey, own.digest);
  await assert.rejects(cast(dana, approvalId, own.vote_id, signed), refused("approver-not-eligible"));
  await gate.append("role.granted", { grant, bootstrap: true });
  assert.equal((await cast(dana, approvalId, own.vote_id, signed)).state, "GRANTED");
});

test("over: an approval takes no votes once it is decided or expired", async () => {
  const decided = await ask();
  await gate.vote(dana, decided.approvalId, "reject");
  await assert.rejects(prepare(kim, decided.approvalId), refused("approval-not-open"));
  const late = await ask();
  const prepared = await prepare(dana, late.approvalId);
  gate.clock.advance(30 * 60_000 + 1);
  await assert.rejects(
    cast(dana, late.approvalId, prepared.vote_id, signDigest(dana.privateKey, prepared.digest)),
    refused("approval-not-open"),
  );
  assert.equal((await detail(late.approvalId)).state, "EXPIRED");
  assert.deepEqual(gate.faults(), []);
});

test("repeating a request changes nothing: the same vote, once", async () => {
  const { approvalId, action_id } = await ask();
  const { rendering_digest } = await detail(approvalId);
  const body = { answer: "approve" as const, reason_code: "CHANGE_REVIEWED", kid: dana.kid, rendering_digest };
  const send = () =>
    gate.call("prepareVote", dana.caller, { params: { approval_id: approvalId }, body, key: "vote-1" });
  const [first, second] = [await send(), await send()];
  assert.deepEqual(second, first);
  const put = () =>
    gate.call("castVote", dana.caller, {
      params: { approval_id: approvalId, vote_id: first.vote_id },
      body: { signature: signDigest(dana.privateKey, first.digest), method: "ed25519" },
      key: "cast-1",
    });
  assert.equal((await put()).state, "GRANTED");
  assert.equal((await put()).state, "GRANTED");
  assert.equal(gate.typesOf(action_id).filter((type) => type === "approval.voted").length, 1);
});

test("lists: newest first, by state, page by page", async () => {
  const all = await gate.call("listApprovals", dana.caller, { query: { limit: "500" } });
  const ids = all.approvals.map(({ approval_id }) => approval_id);
  assert.deepEqual(ids, [...ids].sort().reverse());
  const paged: string[] = [];
  for (let after: string | undefined; ; ) {
    const query = { limit: "3", ...(after === undefined ? {} : { after }) };
    const page = await gate.call("listApprovals", dana.caller, { query });
    paged.push(...page.approvals.map(({ approval_id }) => approval_id));
    after = page.next;
    if (after === undefined) break;
  }
  assert.deepEqual(paged, ids);
  const granted = await gate.call("listApprovals", dana.caller, { query: { state: "GRANTED" } });
  assert.ok(granted.approvals.length > 0);
  assert.ok(granted.approvals.every(({ state }) => state === "GRANTED"));
  assert.ok(all.approvals.some(({ state }) => state !== "GRANTED"));
});

test("a passkey signs the vote's digest: taken with the user verified at the pinned site, and only then", async () => {
  const kim2 = await gate.voter("pat", ["oncall_sre"], dana.alias);
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x, y } = publicKey.export({ format: "jwk" });
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x!, "base64url"), Buffer.from(y!, "base64url")]);
  const kid = "passkey-1";
  await gate.append("approver.key.enrolled", {
    enrolment: {
      person: kim2.alias,
      key: { kid, purpose: "approver", alg: "es256", x: point.toString("base64url") },
      method: "webauthn",
      rp_id: "gate.example.com",
      approved_by: dana.alias,
    },
  });
  const { approvalId, action_id } = await ask();
  const prepared = await prepare(kim2, approvalId, { kid });
  const assertion = (over: { origin?: string; flags?: number; digest?: string }) => {
    const { origin = "https://gate.example.com", flags = 0x05, digest = prepared.digest } = over;
    const challenge = Buffer.from(digest.slice("sha256:".length), "hex").toString("base64url");
    const client = Buffer.from(JSON.stringify({ type: "webauthn.get", challenge, origin, crossOrigin: false }));
    const site = hash("sha256", "gate.example.com", "buffer");
    const data = Buffer.concat([site, Buffer.of(flags, 0, 0, 0, 7)]);
    const signature = sign("sha256", Buffer.concat([data, hash("sha256", client, "buffer")]), privateKey);
    return {
      method: "webauthn" as const,
      signature: signature.toString("base64url"),
      authenticator_data: data.toString("base64url"),
      client_data: client.toString("base64url"),
    };
  };
  const put = (body: ReturnType<typeof assertion>) =>
    gate.call("castVote", kim2.caller, { params: { approval_id: approvalId, vote_id: prepared.vote_id }, body });
  const other = `sha256:${"1".repeat(64)}`;
  for (const wrong of [{ origin: "https://evil.example.net" }, { flags: 0x01 }, { digest: other }]) {
    await assert.rejects(put(assertion(wrong)), refused("signature-invalid"), JSON.stringify(wrong));
  }
  const broken = assertion({});
  await assert.rejects(
    put({ ...broken, signature: `${broken.signature.slice(0, -4)}AAAA` }),
    refused("signature-invalid"),
  );
  const { client_data: _client, authenticator_data: _data, ...bare } = assertion({});
  await assert.rejects(put(bare as ReturnType<typeof assertion>), refused("signature-invalid"));
  assert.equal((await put(assertion({}))).state, "GRANTED");
  const voted = gate.events().find((event) => event.type === "approval.voted" && event.action_id === action_id);
  const { control } = gate.ledger.reader(gate.tenant)!;
  const verifiers = { ed25519: verifyEd25519, es256: verifyEs256 };
  const event = voted as EventOf<"approval.voted">;
  assert.equal(voteSignatureFault(event, approverKeyOf(control, kid), verifiers), undefined);
  assert.deepEqual(gate.faults(), []);
});

test("votes: a key's signature with a passkey's members beside it is refused; without them it counts", async () => {
  const { approvalId } = await ask();
  const prepared = await prepare(dana, approvalId);
  const params = { approval_id: approvalId, vote_id: prepared.vote_id };
  const signed = { signature: signDigest(dana.privateKey, prepared.digest), method: "ed25519" as const };
  for (const beside of [{ client_data: "e30" }, { authenticator_data: "AAAA" }]) {
    const cast = gate.call("castVote", dana.caller, { params, body: { ...signed, ...beside } });
    await assert.rejects(cast, refused("signature-invalid"), JSON.stringify(beside));
  }
  const { state } = await gate.call("castVote", dana.caller, { params, body: signed }); // control
  assert.equal(state, "GRANTED");
});
