import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { es256KeyFault, verifyEs256 } from "./es256.ts";

const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
const jwk = pair.publicKey.export({ format: "jwk" });
const coordinate = (text: string | undefined) => Buffer.from(text ?? "", "base64url");
const point = Buffer.concat([Buffer.from([4]), coordinate(jwk.x), coordinate(jwk.y)]);
/** Order of the curve's group. */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

test("es256: agrees with OpenSSL on good signatures and on signatures with any bit changed", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), (message, nat) => {
      const signature = sign("sha256", message, pair.privateKey);
      assert.equal(verifyEs256(point, message, signature), true);
      const bit = nat % (signature.length * 8);
      signature[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(verifyEs256(point, message, signature), verify("sha256", message, pair.publicKey, signature));
    }),
    { numRuns: 100 },
  );
});

test("es256: both halves of the order are taken for s, as authenticators make both", () => {
  const message = Buffer.from("vote");
  const raw = sign("sha256", message, { key: pair.privateKey, dsaEncoding: "ieee-p1363" });
  const s = BigInt(`0x${raw.subarray(32).toString("hex")}`);
  for (const half of [s, N - s]) {
    const r = BigInt(`0x${raw.subarray(0, 32).toString("hex")}`);
    assert.equal(verifyEs256(point, message, der(r, half)), true);
  }
  assert.equal(verifyEs256(point, message, der(1n, 1n)), false); // control
});

test("es256: what is no uncompressed point of the curve is no key, and verifies nothing", () => {
  const message = Buffer.from("vote");
  const signature = sign("sha256", message, pair.privateKey);
  assert.equal(es256KeyFault(point), undefined); // control
  const off = Buffer.from(point);
  off[64]! ^= 1;
  const compressed = Buffer.concat([Buffer.from([2 + (point[64]! & 1)]), point.subarray(1, 33)]);
  const hybrid = Buffer.from(point);
  hybrid[0] = 6 + (point[64]! & 1);
  for (const bad of [off, compressed, hybrid, Buffer.from([0]), Buffer.alloc(0), Buffer.alloc(65), randomBytes(64)]) {
    assert.equal(es256KeyFault(bad)?.code, "key-not-acceptable");
    assert.equal(verifyEs256(bad, message, signature), false);
  }
});

test("es256: a signature is DER and nothing after it", () => {
  const message = Buffer.from("vote");
  const signature = sign("sha256", message, pair.privateKey);
  const key = createPublicKey({ key: jwk, format: "jwk" });
  assert.equal(verify("sha256", message, key, signature), true); // control
  assert.equal(verifyEs256(point, message, Buffer.concat([signature, Buffer.from([0])])), false);
  assert.equal(verifyEs256(point, message, signature.subarray(1)), false);
  assert.equal(verifyEs256(point, message, Buffer.alloc(0)), false);
});

function der(r: bigint, s: bigint): Buffer {
  const integer = (value: bigint) => {
    const hex = value.toString(16);
    const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
    const body = bytes[0]! >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
    return Buffer.concat([Buffer.from([2, body.length]), body]);
  };
  const body = Buffer.concat([integer(r), integer(s)]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}
