import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalBytes } from "./canonical.ts";
import { utf8 } from "./hash.ts";
import { leafHash } from "./merkle.ts";
import { parseVerifierKey, type VerifierKey } from "./note.ts";
import { checkReceipt, formatReceipt, parseReceipt, receiptFault } from "./receipt.ts";
import { type SpecVector, specVectors } from "./vectors.node.ts";

type ReceiptVector = SpecVector & {
  readonly receipt: string;
  readonly entry: string;
  readonly keys: readonly string[];
  readonly faults: readonly string[];
};

const keysOf = (vkeys: readonly string[]): VerifierKey[] =>
  vkeys.map((vkey) => {
    const key = parseVerifierKey(vkey);
    assert.ok(key.ok);
    return key.value;
  });

for (const [name, { desc, receipt, entry, keys, faults }] of specVectors<ReceiptVector>("receipt")) {
  test(`receipt: ${name}: ${desc}`, () => {
    for (const input of [receipt, utf8(receipt)]) {
      const parsed = parseReceipt(input);
      if (!parsed.ok) {
        assert.deepEqual([parsed.fault.code], faults);
        continue;
      }
      const verdict = checkReceipt(parsed.value, leafHash(utf8(entry)), { keys: keysOf(keys) });
      assert.deepEqual(
        verdict.faults.map(({ code }) => code),
        faults,
      );
      assert.equal(receiptFault(parsed.value, utf8(entry), keysOf(keys))?.code, faults[0]);
      assert.equal(formatReceipt(parsed.value), receipt);
    }
  });
}

test("receipt: any one character changed is refused", () => {
  const { receipt, entry, keys } = specVectors<ReceiptVector>("receipt").get("receipt/entry/valid")!;
  const trusted = keysOf(keys);
  for (let at = 0; at < receipt.length; at++) {
    // The last bit of a letter, so that base64 stays base64 where it can.
    const changed = receipt.slice(0, at) + String.fromCharCode(receipt.charCodeAt(at) ^ 1) + receipt.slice(at + 1);
    const parsed = parseReceipt(changed);
    const found = parsed.ok ? receiptFault(parsed.value, utf8(entry), trusted) : parsed.fault;
    assert.notEqual(found, undefined, `character ${at}: ${JSON.stringify(receipt[at])}`);
  }
});

test("receipt: a checkpoint that another origin was asked for is a fault, with everything else in order", () => {
  const { receipt, entry, keys } = specVectors<ReceiptVector>("receipt").get("receipt/entry/valid-cosigned")!;
  const parsed = parseReceipt(receipt);
  assert.ok(parsed.ok);
  const leaf = leafHash(utf8(entry));
  const verdict = checkReceipt(parsed.value, leaf, { keys: keysOf(keys), origin: "audit.example.com/prod-a/1" });
  assert.deepEqual([verdict.faults.length, verdict.signers.length, verdict.cosignatures.length], [0, 1, 1]);
  assert.equal(verdict.signed?.checkpoint.treeSize, 7);
  const other = checkReceipt(parsed.value, leaf, { keys: keysOf(keys), origin: "audit.example.com/prod-a/2" });
  assert.deepEqual(
    other.faults.map(({ code }) => code),
    ["checkpoint-origin"],
  );
});

test("receipt: one that Go's x/mod/sumdb accepts is accepted here", () => {
  // Made by the prototype of this format and checked with Go's reference packages; so neither side is only our own code.
  const entry = canonicalBytes({
    type: "dispatch.queued",
    event_id: "evt_0195f2",
    run_id: "run_8bce4",
    tenant: "prod-a",
    actor: { id: "ops-agent-3", type: "agent" },
    policy: {
      decision: "REQUIRE_APPROVAL",
      matched_rule: "approval-prod-write",
      policy_snapshot: "pol_2026_04_01",
      policy_digest: "sha256:d4f84f78e92ecb5290e0f3b58aa9f7cd0083022b619a797bf0ce229c4d119287",
    },
    approval: {
      required: true,
      approver: "oncall_sre",
      approved_at: "2026-04-01T14:07:52Z",
      assertion: "evt_0195f1",
      request_digest: "sha256:12674e61110f109fee79770e9c48382b1f091b5ecaf071397af7b338976b54f4",
    },
    dispatch: { topic: "infra.change.apply", job_id: "job_77f", status: "QUEUED" },
    commit: {
      "/approval/reason": "eBN4B5X42xxAMY-AokU-c1FOefN8t5KRtJEhDv9mK2Q",
      "/dispatch/args": "9boxiGNNGI47vBppq5-CpOWRwpMgqLxv7j7rczae85Q",
    },
    integrity: {
      v: 1,
      alg: "sha256-rfc6962",
      log: "audit.example.com/prod-a/1",
      index: 2,
      prev_hash: "e00348379be2b32f833bf98b7af2655a3bc3da31c1a935b9a0732a0b061f159f",
      run_seq: 1,
      run_prev: "e00348379be2b32f833bf98b7af2655a3bc3da31c1a935b9a0732a0b061f159f",
    },
    ts: "2026-04-01T14:07:53Z",
  });
  assert.equal(entry.length, 1045);
  const receipt = parseReceipt(
    "c2sp.org/tlog-proof@v1\nindex 2\njpBQyIvm5CuTVkC5oksnCdgAKrc/QB8WUNbJ4r3q5Hc=\n\n" +
      "audit.example.com/prod-a/1\n3\niVasVbzc+29o9BKDPS3oDh//X5nGyKo0o8KmdSBIkw0=\n\n" +
      "— audit.example.com/prod-a/1 ATsjtMletQIEyRiMLjmYdzZBe5oXVM8iGoyxiG5RqjAcf9fKWOFiGzlnwNpyRiF2jzn1YogxxTPhJfhhx0jD8yD6Cww=\n" +
      "— witness.example/w1 10q6OAAAAABpzSa6xyy8m48ASDuVVnVXm8C95ysQ3KTYTgxKe84WAV0sFlSCwhFVQtUTfmGjWRUf0KxrBPh0B6og3Y6sjx4jgkZIAg==\n",
  );
  assert.ok(receipt.ok);
  const keys = keysOf(["audit.example.com/prod-a/1+013b23b4+AYG2fNY3WToxA0ZCvCEWNHTykMHIHV9yyKbCFcG8yEPn"]);
  assert.equal(receiptFault(receipt.value, entry, keys), undefined);
  const changed = Uint8Array.from(entry, (byte, i) => (i === 500 ? byte ^ 1 : byte));
  assert.equal(receiptFault(receipt.value, changed, keys)?.code, "inclusion-failed");
});
