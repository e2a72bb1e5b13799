import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import { Story } from "../../../tools/story.ts";
import { textDigest } from "./approval.ts";
import { formatBase64Url } from "./base64.ts";
import { approverKeyOf, type ControlState, emptyControl, stepControl } from "./control.ts";
import { verifyEd25519 } from "./ed25519.ts";
import type { ControlEvent, EventOf } from "./event.ts";
import type { Fault } from "./fault.ts";
import { digestOf, utf8 } from "./hash.ts";
import { answerSignatureFault, formatPolicyAnswer, type PolicyAnswer } from "./policy-answer.ts";
import { voteSigningBytes } from "./vote-signature.ts";

const NEXT = digestOf(utf8("next"));

/** Sam, a policy-admin with a key, answers from the command line; what the story's author asked for. */
function told(change: Partial<PolicyAnswer> = {}, sign: (text: string, secret: Uint8Array) => string = signText) {
  const story = new Story().found({ people: ["sam"] });
  const sam = story.person("sam");
  story.append("role.granted", { grant: { person: sam.alias, role: "policy-admin", kind: "role" } });
  story.upload(NEXT);
  const compared = story.compare(NEXT, story.policy.digest);
  const asked = story.append("policy.publish.requested", {
    actor: { type: "operator", id: "os:1000" },
    publish: { digest: NEXT, expected: story.policy.digest, ...compared },
    reason: { code: "PLANNED_CHANGE" },
  });
  const text = formatPolicyAnswer({
    log: story.log,
    tenant: story.tenant,
    request: asked.event_id,
    digest: NEXT,
    expected: story.policy.digest,
    rollback: false,
    impact_digest: compared.impact_digest,
    answer: "approve",
    person: sam.alias,
    kid: sam.kid,
    at: story.at(),
    ...change,
  });
  const event = story.append("policy.publish.answered", {
    actor: { type: "operator", id: "os:1000" },
    answer: {
      request: asked.event_id,
      digest: NEXT,
      answer: "approve",
      person: sam.alias,
      signed: { text, digest: textDigest(text), method: "ed25519", kid: sam.kid, signature: sign(text, sam.secret) },
    },
  });
  const faults: Fault[] = [];
  let control: ControlState = emptyControl();
  for (const one of story.events) {
    const step = stepControl(control, one as ControlEvent); // no other events here
    control = step.state;
    faults.push(...step.faults);
  }
  const key = approverKeyOf(control, sam.kid);
  const signature = answerSignatureFault(event, key, { ed25519: verifyEd25519 });
  return { event, control, faults: faults.map(({ detail }) => detail), signature, key };
}

function signText(text: string, secret: Uint8Array): string {
  return formatBase64Url(ed25519.sign(voteSigningBytes(textDigest(text)), secret));
}

test("policy answer: a person's signature speaks for them where another actor brings it", () => {
  const { faults, signature, control, event } = told();
  assert.deepEqual([faults, signature], [[], undefined]);
  assert.deepEqual(control.publishing?.approvals, [event.answer.person]);
});

const changes: readonly [why: string, change: Partial<PolicyAnswer>][] = [
  ["another policy", { digest: digestOf(utf8("another")) }],
  ["another policy in force", { expected: digestOf(utf8("another")) }],
  ["a rollback", { rollback: true }],
  ["another impact", { impact_digest: null }],
  ["the other answer", { answer: "reject" }],
  ["another tenant", { tenant: "prod-b" }],
  ["another log", { log: "audit.example.com/prod-a/2" }],
  ["another request", { request: "evt_01kn4ng2rme02vvvxf64arxex0" }],
  ["another person", { person: "usr_01kn4ng2rme02vvvxf64arxex9" }],
  ["another key", { kid: "sam-2" }],
];
for (const [why, change] of changes) {
  test(`policy answer: unlawful when what was signed is about ${why}`, () => {
    const { faults, signature } = told(change);
    assert.deepEqual(faults, ["policy.publish.answered: the signed text is another answer"]);
    assert.equal(signature, undefined, "the signature itself is good");
  });
}

test("policy answer: unlawful when it was signed later than it was given, or is no text of ours", () => {
  assert.match(told({ at: "2030-01-01T00:00:00.000Z" }).faults.join(), /signed later/);
  assert.match(told({ at: 7 as never }).faults.join(), /not an answer/);
});

test("policy answer: a signature of something else, by somebody else or under an unknown key does not verify", () => {
  const other = ed25519.utils.randomSecretKey();
  assert.equal(told({}, (text) => signText(text, other)).signature?.code, "vote-signature-invalid");
  assert.equal(told({}, (text, secret) => signText(`${text} `, secret)).signature?.code, "vote-signature-invalid");
  const { event } = told();
  assert.equal(answerSignatureFault(event, undefined, { ed25519: verifyEd25519 })?.code, "vote-signature-invalid");
});

test("policy answer: the page shows one", () => {
  const page = readFileSync(new URL("../../../spec/policy.md", import.meta.url), "utf8");
  const shown = /^\{"answer":.*\}$/m.exec(page)![0];
  const { ctx, v, ...answer } = JSON.parse(shown) as PolicyAnswer & { ctx: string; v: number };
  assert.equal(formatPolicyAnswer(answer), shown);
  assert.deepEqual([ctx, v], ["countersign/v1/policy-answer", 1]);
});

test("policy answer: what needed no signature has none to verify", () => {
  const { event } = told();
  const { signed: _, ...answer } = event.answer;
  const unsigned = { ...event, answer } as EventOf<"policy.publish.answered">;
  assert.equal(answerSignatureFault(unsigned, undefined, { ed25519: verifyEd25519 }), undefined);
});
