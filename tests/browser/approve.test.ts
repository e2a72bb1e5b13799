/**
 * The whole way of a person in a real browser: a set-up link, a passkey, a vote, and an auditor who checks it from a pack
 * alone. Beside it everything a passkey must not be good for.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { approverKeyOf } from "@countersign/evidence/control";
import { verifyEd25519 } from "@countersign/evidence/ed25519";
import { verifyEs256 } from "@countersign/evidence/es256";
import type { EventOf } from "@countersign/evidence/event";
import { parseHex } from "@countersign/evidence/hash";
import { voteSignatureFault } from "@countersign/evidence/vote-signature";
import { packReport, testBundle, testRules } from "../../packages/server/src/gate-testing.ts";
import { type ConsoleTest, openConsole, skip, type Visitor } from "./harness.ts";

let console: ConsoleTest;
let dana: Visitor;

before(async () => {
  if (skip !== false) return;
  console = await openConsole();
});
after(() => console?.close());

const votes = () => console.events().filter((event) => event.type === "approval.voted");

/** Opens an approval's page, as a link in a message does. */
async function open(visitor: Visitor, approvalId: string): Promise<void> {
  await visitor.goto(`/approvals/${approvalId}`);
  await visitor.page.getByRole("heading", { name: "Arguments" }).waitFor();
}

/** Fills the form and goes as far as the second step. */
async function fill(visitor: Visitor, answer: "Approve" | "Reject", reason: string): Promise<void> {
  await visitor.page.getByLabel(answer).check();
  await visitor.page.getByLabel("Reason").selectOption(reason);
  if (answer === "Reject") return;
  await visitor.page.getByRole("button", { name: "Review once more" }).click();
  await visitor.page.getByLabel("I have read the arguments").check();
}

/** A prepared vote of the person signed in: the digest to sign, in the spelling of a challenge. */
async function prepare(visitor: Visitor, approvalId: string) {
  const { body: session } = await visitor.fetch("GET", "/v1/session");
  const [key] = session.passkeys as { kid: string; credential_id: string; rp_id: string }[];
  const { body: detail } = await visitor.fetch("GET", `/v1/approvals/${approvalId}`);
  const { body: vote } = await visitor.fetch("POST", `/v1/approvals/${approvalId}/votes`, {
    answer: "approve",
    reason_code: "CHANGE_REVIEWED",
    kid: key!.kid,
    rendering_digest: detail.rendering_digest,
  });
  const challenge = Buffer.from(parseHex(String(vote.digest).slice(7))).toString("base64url");
  const cast = (signed: object) =>
    visitor.fetch("PUT", `/v1/approvals/${approvalId}/votes/${vote.vote_id}`, { method: "webauthn", ...signed });
  return { challenge, rpId: key!.rp_id, credentialId: key!.credential_id, cast };
}

test("approve: a set-up link enrols a passkey, and its token leaves the address bar", { skip }, async () => {
  const { url } = await console.admin("person.link", {
    person: "dana",
    roles: ["admin", "approver"],
    approver_roles: ["oncall_sre"],
  });
  assert.match(String(url), /^http:\/\/localhost:\d+\/setup#/);
  dana = await console.person();
  await dana.page.goto(String(url));
  await dana.page.getByRole("button", { name: "Make my passkey" }).waitFor();
  assert.equal(new URL(dana.page.url()).hash, "");
  await dana.page.getByRole("button", { name: "Make my passkey" }).click();
  await dana.page.getByRole("heading", { name: "Inbox" }).waitFor();
  const enrolled = console.events().find((event) => event.type === "approver.key.enrolled")!;
  assert.deepEqual([enrolled.enrolment.method, enrolled.enrolment.rp_id], ["webauthn", "localhost"]);
  const second = await console.person();
  await second.page.goto(String(url));
  await second.page.getByText("The link was used, has expired or never was.").waitFor();
  await second.close();
});

test("approve: the person signs out and in again with the passkey", { skip }, async () => {
  await dana.page.getByRole("button", { name: "Sign out" }).click();
  await dana.page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await dana.page.getByRole("heading", { name: "Inbox" }).waitFor();
  const cookies = await dana.context.cookies();
  assert.equal(cookies.length, 2);
  assert.ok(cookies.every(({ httpOnly }) => httpOnly));
  assert.deepEqual(cookies.map(({ sameSite }) => sameSite).sort(), ["Lax", "Strict"]);
});

test("approve: a request appears by itself, is read, takes two steps, and is in the log when the page says so", {
  skip,
}, async () => {
  const { approvalId, actionId } = await console.ask();
  await dana.page.getByRole("link", { name: "terraform" }).click();
  await dana.page.getByRole("heading", { name: "terraform on vpc-1" }).waitFor();
  await dana.page.getByText("high severity").waitFor();
  await dana.page.getByText('forbid (principal is Agent, action in Action::"write", resource is Target)').waitFor();

  // Not without an answer, not without a reason, not without having read it.
  await dana.page.getByRole("button", { name: "Sign with passkey" }).click();
  await dana.page.getByText("Choose an answer.").waitFor();
  await dana.page.getByLabel("Approve").check();
  await dana.page.getByRole("button", { name: "Review once more" }).click();
  await dana.page.getByText("The policy wants a reason from its catalogue.").waitFor();
  await dana.page.getByLabel("Reason").selectOption("CHANGE_REVIEWED");
  await dana.page.getByRole("button", { name: "Review once more" }).click();
  const sign = dana.page.getByRole("dialog").getByRole("button", { name: "Sign with passkey" });
  await sign.click({ force: true });
  assert.equal(await sign.getAttribute("aria-disabled"), "true");
  assert.equal(votes().length, 0);

  await dana.page.getByLabel("I have read the arguments").check();
  await sign.click();
  await dana.page.getByText("Your vote is in the log.").waitFor();
  const vote = votes().at(-1) as EventOf<"approval.voted">;
  assert.equal(vote.action_id, actionId);
  assert.equal(vote.vote.method, "webauthn");
  assert.equal(vote.actor.session?.startsWith("ses_"), true);
  const { action } = await console.gate.call("startAction", console.gate.executor, {
    params: { action_id: actionId as `act_${string}` },
    body: {},
  });
  assert.equal(action.approval?.state, "CONSUMED");
  assert.equal(action.approval?.approval_id, approvalId);
});

test("approve: the vote verifies from the log alone, and any bit of it counts", { skip }, async () => {
  const vote = votes().at(-1) as EventOf<"approval.voted">;
  const { control } = console.gate.ledger.reader(console.gate.tenant)!;
  const key = approverKeyOf(control, vote.vote.kid);
  const verifiers = { ed25519: verifyEd25519, es256: verifyEs256 };
  assert.equal(voteSignatureFault(vote, key, verifiers), undefined);
  assert.deepEqual(console.gate.faults(), []);
  const bent = (name: "signature" | "authenticator_data" | "client_data") => {
    const bytes = Buffer.from(vote.vote[name]!, "base64url");
    bytes[bytes.length - 2]! ^= 1;
    return { ...vote, vote: { ...vote.vote, [name]: bytes.toString("base64url") } };
  };
  for (const name of ["signature", "authenticator_data", "client_data"] as const) {
    assert.equal(voteSignatureFault(bent(name), key, verifiers)?.code, "vote-signature-invalid", name);
  }
});

test("approve: an auditor's verifier finds the vote good in a pack, offline", { skip }, async () => {
  const report = await packReport(console.gate, ["pinned", "approvers"]);
  assert.deepEqual(report.faults, []);
  assert.equal(report.exit_code, 0);
  assert.deepEqual(report.votes, { total: 1, verified: 1 });
});

test("approve: with a user that is not verified the page signs nothing, and the server takes no such vote", {
  skip,
}, async () => {
  const { approvalId } = await console.ask();
  await open(dana, approvalId);
  await fill(dana, "Approve", "CHANGE_REVIEWED");
  await dana.verifies(false);
  const before = votes().length;
  await dana.page.getByRole("dialog").getByRole("button", { name: "Sign with passkey" }).click();
  await dana.page.getByText("Nothing was signed.").first().waitFor();
  // What the page would never ask for: an assertion without verification.
  const { challenge, rpId, credentialId, cast } = await prepare(dana, approvalId);
  const unverified = await dana.sign({ challenge, rpId, credentialId, userVerification: "discouraged" });
  const refused = await cast(unverified);
  assert.deepEqual([refused.status, refused.body.code], [403, "signature-invalid"]);
  assert.match(String(refused.body.detail), /did not verify the user/);
  await dana.verifies(true);
  assert.equal(votes().length, before);
  const verified = await dana.sign({ challenge, rpId, credentialId });
  assert.equal((await cast(verified)).status, 200); // control
});

test("approve: an assertion over anything but the vote's digest is refused", { skip }, async () => {
  const { approvalId } = await console.ask();
  const { challenge, rpId, credentialId, cast } = await prepare(dana, approvalId);
  const bent = Buffer.from(challenge, "base64url");
  bent[0]! ^= 1;
  const options = await dana.fetch("POST", "/v1/session/step-up/options", {});
  for (const other of [
    bent.toString("base64url"),
    Buffer.alloc(32).toString("base64url"),
    String(options.body.challenge),
  ]) {
    const refused = await cast(await dana.sign({ challenge: other, rpId, credentialId }));
    assert.deepEqual([refused.status, refused.body.code], [403, "signature-invalid"]);
    assert.match(String(refused.body.detail), /challenge/);
  }
  assert.equal((await cast(await dana.sign({ challenge, rpId, credentialId }))).status, 200); // control
});

test("approve: an assertion is good for one vote only: neither again, nor for another request, nor to sign in with", {
  skip,
}, async () => {
  const first = await prepare(dana, (await console.ask()).approvalId);
  const signed = await dana.sign(first);
  assert.equal((await first.cast(signed)).status, 200);
  const again = await first.cast(signed);
  assert.equal(again.status >= 400, true);
  const second = await prepare(dana, (await console.ask()).approvalId);
  const replayed = await second.cast(signed);
  assert.deepEqual([replayed.status, replayed.body.code], [403, "signature-invalid"]);
  const { signature, authenticator_data, client_data } = signed;
  const assertion = { id: first.credentialId, signature, authenticator_data, client_data };
  const signIn = await dana.fetch("POST", "/v1/sign-in/passkey", { tenant: console.gate.tenant, assertion });
  assert.deepEqual([signIn.status, signIn.body.code], [401, "sign-in-refused"]);
});

test("approve: the same key under another relying party is refused", { skip }, async () => {
  const { approvalId } = await console.ask();
  const { challenge, credentialId, cast } = await prepare(dana, approvalId);
  const held = (await dana.credentials()).find(
    (one) => Buffer.from(one.credentialId, "base64").toString("base64url") === credentialId,
  )!;
  const elsewhere = await console.person();
  const { authenticatorId } = elsewhere;
  const credential = { ...held, rpId: "sub.localhost" };
  await elsewhere.cdp.send("WebAuthn.addCredential", { authenticatorId, credential });
  await elsewhere.page.goto(console.origin.replace("localhost", "sub.localhost"));
  const signed = await elsewhere.sign({ challenge, rpId: "sub.localhost", credentialId });
  const refused = await cast(signed);
  assert.deepEqual([refused.status, refused.body.code], [403, "signature-invalid"]);
  assert.match(String(refused.body.detail), /another relying party/);
  await elsewhere.close();
  assert.equal((await cast(await dana.sign({ challenge, rpId: "localhost", credentialId }))).status, 200); // control
});

test("approve: a rejection takes one step, and the agent is told", { skip }, async () => {
  const { approvalId, actionId } = await console.ask();
  await open(dana, approvalId);
  await fill(dana, "Reject", "RISK_TOO_HIGH");
  await dana.page.getByLabel("Note").fill("Not during the freeze.");
  await dana.page.getByRole("button", { name: "Reject with passkey" }).click();
  await dana.page.getByText("Your vote is in the log.").waitFor();
  const action = await console.gate.call("getAction", console.gate.agent, {
    params: { action_id: actionId as `act_${string}` },
    query: {},
  });
  assert.equal(action.phase, "rejected");
  assert.equal(JSON.stringify(console.events()).includes("during the freeze"), false);
});

test("approve: who looks at a request that another settles is told, and can sign nothing", { skip }, async () => {
  const erin = await console.signedIn("erin");
  const { approvalId } = await console.ask();
  await Promise.all([open(dana, approvalId), open(erin, approvalId)]);
  await fill(dana, "Approve", "CHANGE_REVIEWED");
  await fill(erin, "Approve", "CHANGE_REVIEWED");
  await dana.page.getByRole("dialog").getByRole("button", { name: "Sign with passkey" }).click();
  await dana.page.getByText("Your vote is in the log.").waitFor();
  await erin.page.getByText("This was settled while you looked.").waitFor();
  await erin.page.getByText("dana approved it.").waitFor();
  assert.equal(await erin.page.getByRole("button", { name: "Sign with passkey" }).count(), 0);
  assert.equal(await erin.page.getByRole("dialog").count(), 0);
  await erin.close();
});

test("approve: a request that a replaced policy asks anew is shown with its successor, and what differs", {
  skip,
}, async () => {
  const { approvalId } = await console.ask();
  await open(dana, approvalId);
  const stricter = testRules.replace('@quorum("1") @ttl("PT30M")', '@quorum("2") @ttl("PT30M")');
  await console.gate.publish(testBundle(stricter, "two people"));
  await console.gate.sweeper.sweep();
  await dana.page.getByText("A new request replaced this one.").waitFor();
  await dana.page.getByRole("link", { name: "open the new request" }).click();
  await dana.page.getByRole("heading", { name: /^Difference/ }).waitFor();
  const lines = dana.page.getByLabel("Lines taken away (−) and added (+)");
  await lines.getByText("- Needs         1 of role:oncall_sre").waitFor();
  await lines.getByText("+ Needs         2 of role:oncall_sre").waitFor();
  await dana.page.getByText("Votes on that one do not count here.").waitFor();
  await console.gate.publish(testBundle(testRules, "one person again"));
  // Control: asked again under the same rules as the last one used, nothing differs but the policy's name.
  const again = await console.ask();
  await open(dana, again.approvalId);
  await dana.page.getByRole("heading", { name: /^Difference/ }).waitFor();
  assert.equal(await dana.page.getByText("- Needs").count(), 0);
});

test("approve: a vote that comes too late says so, and is not shown as given", { skip }, async () => {
  const erin = await console.signedIn("frank");
  const { approvalId } = await console.ask();
  await open(erin, approvalId);
  await fill(erin, "Approve", "CHANGE_REVIEWED");
  // The page asks every few seconds; here it is not asked before the vote is.
  await erin.page.route(`**/v1/approvals/${approvalId}`, (route) => route.abort());
  // The request's half hour passes, the session's does not: it is used meanwhile.
  console.clock.advance(16 * 60_000);
  await erin.fetch("GET", "/v1/session");
  console.clock.advance(15 * 60_000);
  await erin.page.getByRole("dialog").getByRole("button", { name: "Sign with passkey" }).click();
  await erin.page.getByText("The approval takes no votes").waitFor();
  assert.equal(await erin.page.getByText("Your vote is in the log.").count(), 0);
  await erin.close();
});

test("approve: nothing in all of this broke the policy of the pages", { skip }, () => {
  assert.deepEqual(dana.troubles, []);
});
