import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { parseBase64, parseBase64Url } from "./base64.ts";
import {
  commit,
  commitmentOf,
  type Disclosure,
  disclosureFault,
  disclosureOf,
  formatDisclosure,
  parseDisclosure,
  payloadDisclosure,
  payloadFault,
} from "./commitment.ts";
import { digestOf, utf8 } from "./hash.ts";
import type { JsonValue } from "./strict-json.ts";
import { type SpecVector, specVectors } from "./vectors.node.ts";

type CommitmentVector = SpecVector & {
  readonly disclosure: string;
  readonly commitment: string;
  readonly payload?: string;
  readonly faults: readonly string[];
};

for (const [name, { desc, disclosure, commitment, payload, faults }] of specVectors<CommitmentVector>("commitment")) {
  test(`commitment: ${name}: ${desc}`, () => {
    const parsed = parseDisclosure(utf8(disclosure));
    if (!parsed.ok) {
      assert.deepEqual([parsed.fault.code], faults);
      return;
    }
    const found = [
      disclosureFault(parsed.value, commitment),
      payload === undefined ? undefined : payloadFault(parsed.value, parseBase64(payload)!),
    ];
    assert.deepEqual(
      found.flatMap((fault) => fault?.code ?? []),
      faults,
    );
    assert.equal(formatDisclosure(parsed.value), disclosure);
  });
}

const salt = Uint8Array.from({ length: 16 }, (_, i) => i);

test("commitment: is SHA-256 of the context line and the canonical disclosure, as spelled out", () => {
  const preimage = 'countersign/v1/disclosure\n["AAECAwQFBgcICQoLDA0ODw","/action/intent",{"a":1,"b":"é"}]';
  const expected = createHash("sha256").update(preimage, "utf8").digest("base64url");
  assert.equal(commit(salt, "/action/intent", { b: "é", a: 1 }), expected);
  assert.equal(parseBase64Url(expected)?.length, 32);
});

test("commitment: of a payload binds its exact bytes and shows none of them", () => {
  const plain = utf8('{"amount": 1.50}');
  const disclosure = payloadDisclosure(salt, "/action/args", plain);
  assert.equal(disclosure[2], digestOf(plain));
  assert.equal(payloadFault(disclosure, plain), undefined);
  assert.equal(payloadFault(disclosure, utf8('{"amount":1.5}'))?.code, "payload-mismatch", "same value, other bytes");
  const otherSalt = payloadDisclosure(salt.toReversed(), "/action/args", plain);
  assert.notEqual(commitmentOf(otherSalt), commitmentOf(disclosure), "without the salt nothing can be guessed");
});

test("commitment: opens for its own disclosure and for no other", () => {
  const value = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.string({ unit: "grapheme" })),
  );
  const disclosure = fc.tuple(
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.constantFrom("/a", "/b", "/a~1b"),
    value,
  );
  const made = disclosure.map(([salt, pointer, value]) =>
    disclosureOf(salt, pointer, (Object.is(value, -0) ? 0 : value) as JsonValue),
  ); // the arbitrary makes JSON only
  fc.assert(
    fc.property(made, made, (one, other) => {
      assert.equal(disclosureFault(one, commitmentOf(one)), undefined);
      const same = formatDisclosure(one) === formatDisclosure(other);
      assert.equal(disclosureFault(other, commitmentOf(one))?.code, same ? undefined : "commitment-mismatch");
      const parsed = parseDisclosure(utf8(formatDisclosure(one)));
      assert.deepEqual(parsed.ok && parsed.value, one);
    }),
  );
});

test("commitment: what is no disclosure is a fault, not an exception", () => {
  const wrong: unknown[] = [
    null,
    [],
    ["AAECAwQFBgcICQoLDA0ODw", "/a"],
    ["AAECAwQFBgcICQoLDA0ODw", "", 1],
    ["AAECAwQFBgcICQoLDA0ODw", "/~2", 1],
    [1, "/a", 1],
    { 0: 1 },
  ];
  for (const value of wrong) {
    // Evidence is typed only after it was checked; the cast stands for a reader that skipped the check.
    assert.equal(disclosureFault(value as Disclosure, "x")?.code, "disclosure-malformed", JSON.stringify(value));
    assert.equal(parseDisclosure(utf8(JSON.stringify(value))).ok, false);
  }
  assert.throws(() => commit(new Uint8Array(15), "/a", 1), /assertion failed/);
  assert.throws(() => commit(salt, "a", 1), /assertion failed/);
});
