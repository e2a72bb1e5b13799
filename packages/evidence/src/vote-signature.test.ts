import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPublicKey, verify } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { formatBase64Url } from "./base64.ts";
import type { ApproverKey } from "./control.ts";
import { verifyEd25519 } from "./ed25519.ts";
import type { EventOf } from "./event.ts";
import { equalBytes } from "./hash.ts";
import { type SpecVector, specVectors } from "./vectors.node.ts";
import { SSH_NAMESPACE, signedVote, type Verifiers, voteSignatureFault, voteSigningBytes } from "./vote-signature.ts";

const verifiers: Verifiers = {
  ed25519: verifyEd25519,
  es256: (publicKey, message, signature) => {
    const [x, y] = [publicKey.subarray(1, 33), publicKey.subarray(33)].map(formatBase64Url) as [string, string];
    const key = createPublicKey({ key: { kty: "EC", crv: "P-256", x, y }, format: "jwk" });
    return verify("sha256", message, { key, dsaEncoding: "der" }, signature);
  },
};

type SignatureVector = SpecVector & {
  readonly event: EventOf<"approval.voted">;
  readonly key: ApproverKey | null;
  readonly faults: readonly string[];
};
const vectors = specVectors<SignatureVector>("approval/signature");

for (const [path, { desc, event, key, faults }] of vectors) {
  test(`${path}: ${desc}`, () => {
    const found = voteSignatureFault(event, key ?? undefined, verifiers);
    assert.deepEqual(found === undefined ? [] : [found.code], faults, found?.detail);
  });
}

test("vote: every bit of a signature counts", () => {
  for (const name of ["ed25519", "ssh"]) {
    const { event, key } = vectors.get(`approval/signature/${name}`)!;
    const signed = signedVote(event.vote, key!);
    assert.ok(typeof signed !== "string");
    for (let bit = 0; bit < signed.signature.length * 8; bit += 7) {
      const bent: Uint8Array = signed.signature.slice();
      bent[bit >> 3]! ^= 1 << (bit & 7);
      const vote: typeof event.vote = { ...event.vote, signature: formatBase64Url(bent) };
      assert.equal(
        voteSignatureFault({ ...event, vote }, key!, verifiers)?.code,
        "vote-signature-invalid",
        `bit ${bit}`,
      );
    }
  }
});

test("vote: without a verifier for the key's algorithm there is no good signature", () => {
  const { event, key } = vectors.get("approval/signature/webauthn")!;
  assert.equal(voteSignatureFault(event, key!, verifiers), undefined);
  assert.equal(voteSignatureFault(event, key!, { ed25519: verifyEd25519 })?.code, "vote-signature-invalid");
});

test("vote: what ssh-keygen -Y sign makes verifies as method ssh", { skip: sshKeygen() }, () => {
  const folder = mkdtempSync(join(tmpdir(), "countersign-ssh-"));
  try {
    const keyFile = join(folder, "key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "sam", "-f", keyFile]);
    const { event, key } = vectors.get("approval/signature/ssh")!;
    const message = join(folder, "vote");
    writeFileSync(message, voteSigningBytes(event.vote.digest));
    execFileSync("ssh-keygen", ["-q", "-Y", "sign", "-f", keyFile, "-n", SSH_NAMESPACE, message], { stdio: "ignore" });
    const armoured = readFileSync(`${message}.sig`, "utf8").replace(/-----[^-]+-----/g, "");
    const blob = new Uint8Array(Buffer.from(armoured, "base64"));
    // SSHSIG, version, then strings: key, namespace, reserved, hash, signature; the last 32 and 64 bytes are raw.
    const rawKey = new Uint8Array(Buffer.from(readFileSync(`${keyFile}.pub`, "utf8").split(" ")[1]!, "base64")).slice(
      -32,
    );
    const signature = blob.slice(-64);
    const enrolled: ApproverKey = { ...key!, x: formatBase64Url(rawKey) };
    const vote = { ...event.vote, signature: formatBase64Url(signature) };
    assert.equal(voteSignatureFault({ ...event, vote }, enrolled, verifiers), undefined);
    // The control: the same signature under the vector's own key.
    assert.equal(voteSignatureFault({ ...event, vote }, key!, verifiers)?.code, "vote-signature-invalid");
    assert.ok(!equalBytes(rawKey, new Uint8Array(32)));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function sshKeygen(): string | false {
  try {
    execFileSync("ssh-keygen", ["-?"], { stdio: "ignore" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "ssh-keygen is not installed";
  }
  return false;
}
