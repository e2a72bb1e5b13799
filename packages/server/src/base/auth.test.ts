import assert from "node:assert/strict";
import { test } from "node:test";
import { equalHashes, makeApiKey, parseApiKey, parseBearer } from "./auth.ts";

const id = "key_01jd0000000000000000000000";
const secret = new Uint8Array(32).fill(7);

test("auth: a key reads back as its tenant, id and the hash that is kept", () => {
  const made = makeApiKey("prod-a", id, secret);
  assert.deepEqual(parseApiKey(made.text), { tenant: "prod-a", id, secretHash: made.secretHash });
  assert.equal(made.secretHash.includes("0707"), false);
});

test("auth: no two keys are alike, and each has 256 bits of secret", () => {
  const a = makeApiKey("t", id).text;
  const b = makeApiKey("t", id).text;
  assert.notEqual(a, b);
  assert.equal(a.split("_")[3]?.length, 64);
});

test("auth: a key with any character changed is not read", () => {
  const { text } = makeApiKey("prod-a", id, secret);
  let caught = 0;
  for (let at = 0; at < text.length; at++) {
    const changed = text.slice(0, at) + (text[at] === "0" ? "1" : "0") + text.slice(at + 1);
    assert.equal(parseApiKey(changed), undefined, changed);
    caught++;
  }
  assert.equal(caught, text.length);
  // Control: unchanged it is read.
  assert.ok(parseApiKey(text));
});

test("auth: only a bearer credential is read from the header", () => {
  assert.equal(parseBearer("Bearer abc"), "abc");
  assert.equal(parseBearer("bearer  abc"), "abc");
  for (const header of [undefined, "", "abc", "Basic abc", "Bearer", "Bearer a b", `Bearer ${"x".repeat(600)}`]) {
    assert.equal(parseBearer(header), undefined, header);
  }
});

test("auth: hashes compare equal only when they are", () => {
  const a = "ab".repeat(32);
  assert.equal(equalHashes(a, a), true);
  assert.equal(equalHashes(a, `${a.slice(0, -1)}0`), false);
  assert.equal(equalHashes(a, a.slice(2)), false);
  assert.equal(equalHashes("", ""), false);
});
