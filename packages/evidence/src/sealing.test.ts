import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatBase64, parseBase64 } from "./base64.ts";
import { digestOf, utf8 } from "./hash.ts";
import { openNow, sealNow } from "./sealing.node.ts";
import { formatSeal, open, parseSeal, seal } from "./sealing.ts";
import { type SpecVector, specVectors } from "./vectors.node.ts";

type SealVector = SpecVector & {
  readonly key: string;
  readonly key_id?: string;
  readonly nonce?: string;
  readonly sealed: string;
  readonly plain: string | null;
  readonly faults: readonly string[];
};

for (const [name, vector] of specVectors<SealVector>("sealing")) {
  test(`sealing: ${name}: ${vector.desc}`, async () => {
    const [key, sealed] = [parseBase64(vector.key)!, parseBase64(vector.sealed)!];
    for (const opened of [openNow(key, sealed), await open(key, sealed)]) {
      assert.deepEqual(opened.ok ? [] : [opened.fault.code], vector.faults);
      assert.equal(opened.ok ? formatBase64(opened.value) : null, vector.plain);
    }
    if (vector.key_id !== undefined && vector.nonce !== undefined) {
      const header = { keyId: vector.key_id, nonce: parseBase64(vector.nonce)! };
      const plain = parseBase64(vector.plain!)!;
      assert.equal(digestOf(sealNow(key, header, plain)), digestOf(sealed));
      assert.equal(digestOf(await seal(key, header, plain)), digestOf(sealed));
    }
  });
}

const key = new Uint8Array(32).fill(7);
const header = { keyId: "prod-a/usr_1/1", nonce: new Uint8Array(12).fill(3) };

test("sealing: what one implementation seals the other opens, byte for byte the same", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (plain) => {
      const sealed = sealNow(key, header, plain);
      assert.deepEqual(sealed, await seal(key, header, plain));
      const [now, later] = [openNow(key, sealed), await open(key, sealed)];
      assert.deepEqual(now.ok && now.value, plain);
      assert.deepEqual(later.ok && later.value, plain);
    }),
    { numRuns: 30 },
  );
});

test("sealing: any bit changed anywhere is noticed", () => {
  const sealed = sealNow(key, header, utf8("the plain bytes"));
  assert.equal(openNow(key, sealed).ok, true, "control");
  for (let at = 0; at < sealed.length; at++) {
    for (const bit of [1, 128]) {
      const changed = Uint8Array.from(sealed, (byte, i) => (i === at ? byte ^ bit : byte));
      assert.equal(openNow(key, changed).ok, false, `byte ${at}`);
    }
  }
});

test("sealing: a seal is taken apart and put together again", () => {
  const sealed = sealNow(key, header, utf8("x"));
  const parsed = parseSeal(sealed);
  assert.ok(parsed.ok);
  assert.equal(
    new TextDecoder().decode(parsed.value.additional),
    "countersign/seal/1\nalg AES-256-GCM\nkey prod-a/usr_1/1\nnonce AwMDAwMDAwMDAwMD\n\n",
  );
  assert.deepEqual(parsed.value.header, header);
  assert.deepEqual(formatSeal(parsed.value.header, parsed.value.ciphertext), sealed);
  const longest = { ...header, keyId: "k".repeat(255) };
  assert.equal(openNow(key, sealNow(key, longest, utf8("x"))).ok, true);
});

test("sealing: our own mistakes are asserted", () => {
  for (const wrong of [
    { ...header, keyId: "" },
    { ...header, keyId: "a b" },
    { ...header, keyId: "a\nb" },
    { ...header, keyId: "k".repeat(256) },
    { ...header, nonce: new Uint8Array(11) },
  ]) {
    assert.throws(() => sealNow(key, wrong, utf8("x")), /assertion failed/);
  }
  assert.throws(() => sealNow(key.subarray(1), header, utf8("x")), /assertion failed/);
});
