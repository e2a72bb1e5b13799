import assert from "node:assert/strict";
import { createPrivateKey, sign as nodeSign } from "node:crypto";
import { test } from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import { bundleOf, seedFiles } from "../../../tools/seed-bundle.ts";
import { Story } from "../../../tools/story.ts";
import type { BundleSignature } from "./bundle-shapes.ts";
import { type ControlState, emptyControl, stepControl } from "./control.ts";
import type { ControlEvent } from "./event.ts";
import { digestOf, utf8 } from "./hash.ts";
import { MANIFEST_PATH, readBundle, SIGNATURES_PATH } from "./policy.ts";
import {
  bundleSigningBytes,
  checkSignatures,
  signatureKeysOf,
  signBundle,
  uploadSignatureFaults,
} from "./policy-signatures.ts";

const secret = new Uint8Array(32).fill(7);
const sign = (message: Uint8Array) => ed25519.sign(message, secret);
const keyOf = (keyId: string) => (keyId === "rev-1" ? ed25519.getPublicKey(secret) : undefined);
const seed = bundleOf(seedFiles());
const reviewed = signBundle(seed.digest, { keyId: "rev-1", role: "reviewer" }, sign);

function signed(signatures: unknown, more: Readonly<Record<string, string>> = {}) {
  return readBundle(new Map([...seed.files, ...seedFiles(more), [SIGNATURES_PATH, utf8(JSON.stringify(signatures))]]));
}

test("signatures: over the context and the manifest's hash, as anybody can make them", () => {
  const message = Buffer.concat([
    Buffer.from("countersign/v1/policy-bundle\n"),
    Buffer.from(seed.digest.slice(7), "hex"),
  ]);
  assert.deepEqual(Buffer.from(bundleSigningBytes(seed.digest)), message);
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), secret]);
  const bySomebodyElse = nodeSign(null, message, createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }));
  assert.equal(reviewed.sig, bySomebodyElse.toString("base64url"));
});

test("signatures: a bundle keeps its digest, signed or not, and a signature is found good", () => {
  const read = signed([reviewed]);
  assert.ok(read.ok, JSON.stringify(read));
  assert.equal(read.bundle.digest, seed.digest);
  assert.deepEqual(checkSignatures(read.bundle, keyOf), { signatures: [reviewed], findings: [] });
});

const bad: readonly [why: string, signature: BundleSignature, code: string][] = [
  [
    "of another bundle",
    signBundle(digestOf(utf8("other")), { keyId: "rev-1", role: "reviewer" }, sign),
    "signature-invalid",
  ],
  [
    "by another key",
    signBundle(seed.digest, { keyId: "rev-1", role: "author" }, (m) => ed25519.sign(m, new Uint8Array(32).fill(8))),
    "signature-invalid",
  ],
  ["by a key nobody knows", { ...reviewed, key_id: "rev-2" }, "signature-unknown"],
];
for (const [why, signature, code] of bad) {
  test(`signatures: ${code} for one ${why}`, () => {
    const checked = checkSignatures({ digest: seed.digest, signatures: [reviewed, signature] }, keyOf);
    assert.deepEqual(checked.signatures, [reviewed], "the good one stands");
    assert.deepEqual(
      checked.findings.map((one) => one.code),
      [code],
    );
    assert.equal(checked.findings[0]!.level, code === "signature-unknown" ? "warning" : "error");
  });
}

test("signatures: what is no list of signatures is refused with the bundle", () => {
  for (const wrong of [
    {},
    [{}],
    [{ ...reviewed, alg: "rsa" }],
    [{ ...reviewed, sig: "AAAA" }],
    [{ ...reviewed, role: "owner" }],
    Array(9).fill(reviewed),
    [{ ...reviewed, more: 1 }],
  ]) {
    const read = signed(wrong);
    assert.ok(
      !read.ok && read.findings.every(({ path, code }) => path === SIGNATURES_PATH && code === "shape"),
      JSON.stringify(read),
    );
  }
});

test("signatures: a manifest that lists them, or itself, is refused", () => {
  const manifest = JSON.parse(new TextDecoder().decode(seed.files.get(MANIFEST_PATH))) as { files: object[] };
  const listing = {
    ...manifest,
    files: [{ path: SIGNATURES_PATH, size: 2, sha256: digestOf(utf8("[]")).slice(7) }, ...manifest.files],
  };
  const read = readBundle(
    new Map([...seed.files, [SIGNATURES_PATH, utf8("[]")], [MANIFEST_PATH, utf8(JSON.stringify(listing))]]),
  );
  assert.ok(
    !read.ok && read.findings.some(({ detail }) => detail === `/files lists ${SIGNATURES_PATH}`),
    JSON.stringify(read),
  );
});

function controlOf(story: Story): ControlState {
  return story.events.reduce((state, event) => stepControl(state, event as ControlEvent).state, emptyControl());
}

test("signatures: recorded with an upload they verify under the keys of that moment", () => {
  const story = new Story().found({ people: ["sam"] });
  const sam = story.person("sam");
  const by = (keyId: string, key: Uint8Array) =>
    signBundle(seed.digest, { keyId, role: "reviewer" }, (m) => ed25519.sign(m, key));
  const upload = (signature: BundleSignature) =>
    story.append("policy.uploaded", {
      bundle: { digest: seed.digest, name: "seed", version: "1.0.0", files: 8, size_bytes: 1 },
      signatures: [signature],
    });
  const good = upload(by(sam.kid, sam.secret));
  assert.deepEqual(uploadSignatureFaults(good, controlOf(story)), []);
  const forged = upload(by(sam.kid, secret));
  assert.deepEqual(
    uploadSignatureFaults(forged, controlOf(story)).map(({ code }) => code),
    ["policy-signature-invalid"],
  );
  const unknown = upload(by("nobody", secret));
  assert.match(uploadSignatureFaults(unknown, controlOf(story))[0]!.detail, /signature-unknown/);
  story.append("approver.key.revoked", { enrolment: { person: sam.alias, kid: sam.kid }, reason: { code: "LOST" } });
  assert.equal(uploadSignatureFaults(good, controlOf(story)).length, 1, "a revoked key signs no more");
});

test("signatures: a key the log announced for policies signs, and for nothing else", () => {
  const story = new Story().found({ people: ["sam"] });
  const x = Buffer.from(ed25519.getPublicKey(secret)).toString("base64url");
  story.append("log.key.added", { key: { kid: "release-1", purpose: "policy", alg: "ed25519", x } });
  const keys = signatureKeysOf(controlOf(story));
  assert.deepEqual(keys("release-1"), ed25519.getPublicKey(secret));
  assert.equal(keys("log-1"), undefined, "the checkpoint key is not for policies");
  assert.equal(keys("constructor"), undefined);
});
