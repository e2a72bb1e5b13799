import assert from "node:assert/strict";
import { createPrivateKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ED25519_TORSION_SUBGROUP, ed25519 } from "@noble/curves/ed25519.js";
import { bytesToNumberLE, numberToBytesLE } from "@noble/curves/utils.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { verifyWithNode } from "./ed25519.node.ts";
import { installEd25519, publicKeyFault, verifyEd25519, verifyWithNoble } from "./ed25519.ts";
import { utf8 } from "./hash.ts";
import { externalVectors } from "./vectors.node.ts";

const { Point } = ed25519;
const L = Point.Fn.ORDER;
const P = Point.Fp.ORDER;
const implementations = { node: verifyWithNode, noble: verifyWithNoble } as const;
const unhex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));
const join2 = (a: Uint8Array, b: Uint8Array) => Uint8Array.from([...a, ...b]);

/** Runs a check with each implementation installed. */
function withEach(check: (name: string) => void): void {
  try {
    for (const [name, verify] of Object.entries(implementations)) {
      installEd25519(verify);
      check(name);
    }
  } finally {
    installEd25519(verifyWithNode);
  }
}

const wycheproof = externalVectors("wycheproof");

test("ed25519: all Wycheproof cases, by both implementations", { skip: wycheproof.skip }, () => {
  type Group = {
    readonly publicKey: { readonly pk: string };
    readonly tests: readonly {
      readonly tcId: number;
      readonly comment: string;
      readonly msg: string;
      readonly sig: string;
      readonly result: string;
    }[];
  };
  const { testGroups, numberOfTests } = JSON.parse(
    readFileSync(join(wycheproof.folder, "ed25519_test.json"), "utf8"),
  ) as { readonly testGroups: readonly Group[]; readonly numberOfTests: number };
  withEach((name) => {
    const seen = { valid: 0, invalid: 0 };
    for (const { publicKey, tests } of testGroups) {
      for (const { tcId, comment, msg, sig, result } of tests) {
        const verifies = verifyEd25519(unhex(publicKey.pk), unhex(msg), unhex(sig));
        assert.equal(verifies, result === "valid", `${name}, case ${tcId}: ${comment}`);
        seen[verifies ? "valid" : "invalid"]++;
      }
    }
    assert.equal(seen.valid + seen.invalid, numberOfTests);
    assert.ok(seen.valid > 50 && seen.invalid > 50);
  });
});

/** The eight points of small order. */
const torsion = ED25519_TORSION_SUBGROUP.map((point) => Point.fromBytes(unhex(point), true));
const a = 0x1234567890abcdefn;
const r = 0xfedcba0987654321n;
const challenge = (rBytes: Uint8Array, key: Uint8Array, message: Uint8Array) =>
  bytesToNumberLE(sha512(join2(join2(rBytes, key), message))) % L;

/** A signature made with the secret scalar `a` and small-order parts added to key and R: what C2SP/CCTV's 914 edge cases are made of. */
function withTorsion(keyPart: number, rPart: number, message: Uint8Array, keyScalar = a) {
  const base = keyScalar === 0n ? Point.ZERO : Point.BASE.multiply(keyScalar);
  const key = base.add(torsion[keyPart]!).toBytes();
  const rBytes = Point.BASE.multiply(r).add(torsion[rPart]!).toBytes();
  const s = (r + challenge(rBytes, key, message) * keyScalar) % L;
  return { key, signature: join2(rBytes, numberToBytesLE(s, 32)) };
}

test("ed25519: both implementations agree on keys and signatures with small-order parts, and accept neither", () => {
  const acceptedBy = { cofactored: 0, cofactorless: 0, ours: 0 };
  for (const keyScalar of [a, 0n]) {
    for (let keyPart = 0; keyPart < 8; keyPart++) {
      for (let rPart = 0; rPart < 8; rPart++) {
        for (const text of ["a", "b", "c"]) {
          const message = utf8(text);
          const { key, signature } = withTorsion(keyPart, rPart, message, keyScalar);
          const clean = keyScalar !== 0n && torsion[keyPart]!.is0() && torsion[rPart]!.is0();
          withEach((name) => {
            assert.equal(
              verifyEd25519(key, message, signature),
              clean,
              `${name}: key part ${keyPart}, R part ${rPart}`,
            );
          });
          acceptedBy.ours += clean ? 1 : 0;
          acceptedBy.cofactored += ed25519.verify(signature, message, key) ? 1 : 0;
          acceptedBy.cofactorless += verifyWithNode(key, message, signature) ? 1 : 0;
        }
      }
    }
  }
  // Control: by themselves the two would differ on these, so the rule above is what makes them agree.
  assert.equal(acceptedBy.ours, 3);
  assert.equal(acceptedBy.cofactored, 2 * 64 * 3);
  assert.ok(acceptedBy.cofactorless > acceptedBy.ours && acceptedBy.cofactorless < acceptedBy.cofactored);
});

test("ed25519: other spellings of a good signature are refused by both", () => {
  const message = utf8("checkpoint");
  const { key, signature } = withTorsion(0, 0, message);
  const s = bytesToNumberLE(signature.subarray(32));
  const spellings: readonly [why: string, signature: Uint8Array][] = [
    ["s + L", join2(signature.subarray(0, 32), numberToBytesLE(s + L, 32))],
    ["63 bytes", signature.subarray(0, 63)],
    ["65 bytes", join2(signature, Uint8Array.of(0))],
    ["nothing", new Uint8Array(0)],
    ["R with its sign bit set", Uint8Array.from(signature, (byte, i) => (i === 31 ? byte ^ 0x80 : byte))],
  ];
  withEach((name) => {
    assert.equal(verifyEd25519(key, message, signature), true, `${name}: control`);
    for (const [why, spelling] of spellings)
      assert.equal(verifyEd25519(key, message, spelling), false, `${name}: ${why}`);
    assert.equal(verifyEd25519(key, utf8("checkpoinT"), signature), false, name);
    assert.equal(verifyEd25519(key.subarray(1), message, signature), false, name);
  });
});

test("ed25519: R that is the identity is refused by both, in either spelling", () => {
  // The identity is y = 1; its second spelling is p + 1. With R the identity, s = k·a: the equation holds.
  const message = utf8("m");
  const key = Point.BASE.multiply(a).toBytes();
  const signed = (rBytes: Uint8Array) => join2(rBytes, numberToBytesLE((challenge(rBytes, key, message) * a) % L, 32));
  const canonical = signed(numberToBytesLE(1n, 32));
  const second = signed(numberToBytesLE(P + 1n, 32));
  withEach((name) => {
    assert.equal(verifyEd25519(key, message, canonical), false, name);
    assert.equal(verifyEd25519(key, message, second), false, name);
  });
  assert.equal(verifyWithNoble(key, message, canonical), true, "control: without the check noble takes it");
  assert.equal(ed25519.verify(second, message, key), true, "control: ZIP 215 takes the second spelling");
});

test("ed25519: keys that are not canonical, torsion-free points are not enrolled", () => {
  const good = Point.BASE.multiply(a);
  assert.equal(publicKeyFault(good.toBytes()), undefined);
  const refused: readonly (readonly [why: string, key: Uint8Array, detail: RegExp])[] = [
    ["31 bytes", good.toBytes().subarray(1), /32 bytes/],
    ["the identity", Point.ZERO.toBytes(), /small order/],
    ["the identity written as p + 1", numberToBytesLE(P + 1n, 32), /canonical/],
    ["y = p, a second spelling of 0", numberToBytesLE(P, 32), /canonical/],
    [
      "x = 0 with its sign bit set",
      Uint8Array.from(Point.ZERO.toBytes(), (b, i) => (i === 31 ? b | 0x80 : b)),
      /canonical/,
    ],
    ["y that no point has", numberToBytesLE(2n, 32), /canonical/],
    ["all bits set", new Uint8Array(32).fill(255), /canonical/],
    ...torsion.slice(1).map((point, i) => [`small order, ${i + 1}`, point.toBytes(), /small order/] as const),
    ...torsion
      .slice(1)
      .map((point, i) => [`torsion ${i + 1} added`, good.add(point).toBytes(), /prime-order/] as const),
  ];
  for (const [why, key, detail] of refused) {
    const found = publicKeyFault(key);
    assert.equal(found?.code, "key-not-acceptable", why);
    assert.match(found.detail, detail, why);
  }
});

test("ed25519: verifies what Node signs", () => {
  const seed = new Uint8Array(32).fill(5);
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const message = utf8("a message");
  const signature = new Uint8Array(sign(null, message, key));
  withEach((name) => {
    assert.equal(verifyEd25519(ed25519.getPublicKey(seed), message, signature), true, name);
    const flipped = Uint8Array.from(signature, (byte, i) => (i === 40 ? byte ^ 1 : byte));
    assert.equal(verifyEd25519(ed25519.getPublicKey(seed), message, flipped), false, name);
  });
});
