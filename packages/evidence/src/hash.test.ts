import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { digestOf, equalBytes, hex, sha256, utf8 } from "./hash.ts";

test("hash: SHA-256 of the FIPS 180-4 examples", () => {
  assert.equal(hex(sha256(utf8(""))), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  assert.equal(digestOf(utf8("abc")), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("hash: Node's implementation, once installed, gives the same bytes as the platform-neutral one", async () => {
  const before = sha256(utf8("before"));
  await import("./hash.node.ts");
  assert.ok(equalBytes(sha256(utf8("before")), before));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.ok(equalBytes(sha256(bytes), nobleSha256(bytes)));
      assert.equal(hex(sha256(bytes)), hash("sha256", bytes, "hex"));
    }),
  );
  assert.equal(equalBytes(sha256(utf8("a")), sha256(utf8("b"))), false, "control");
});
