import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { importJWK, jwtVerify } from "jose";
import { formatBase64Url, parseBase64Url } from "./base64.ts";
import { verifyEd25519 } from "./ed25519.ts";
import { PERMIT_TYPE, type PermitExpectation, parsePermit, permitFault } from "./permit.ts";
import { type SpecVector, specVectors } from "./vectors.node.ts";

type PermitVector = SpecVector & {
  readonly token: string;
  readonly key: { readonly kid: string; readonly x: string };
  readonly expected: PermitExpectation;
  readonly faults: readonly string[];
};
const vectors = specVectors<PermitVector>("permit");
const { token, key, expected } = vectors.get("permit/valid")!;
const publicKey = parseBase64Url(key.x)!;

for (const [path, vector] of vectors) {
  test(`${path}: ${vector.desc}`, () => {
    const found = permitFault(vector.token, { kid: vector.key.kid, publicKey }, vector.expected, verifyEd25519);
    assert.deepEqual(found === undefined ? [] : [found.code], vector.faults, found?.detail);
  });
}

test("permit: each thing the tool knows is compared", () => {
  const other: Required<Omit<PermitExpectation, "now" | "attempt">> = {
    ...{ iss: "h/t/2", tenant: "t", run_id: "r", capability: "c", tool: "t", args_commit: "a", action_digest: "d" },
    ...{ leaf_hash: "l", policy_digest: "p", job_id: "j", actionId: "a", permitId: "p", executor: "e" },
    target: { system: "s", resource: "r" },
  };
  for (const [name, value] of Object.entries(other)) {
    const found = permitFault(token, { kid: key.kid, publicKey }, { [name]: value }, verifyEd25519);
    assert.equal(found?.code, "permit-args-differ", name);
  }
  assert.equal(permitFault(token, { kid: key.kid, publicKey }, {}, verifyEd25519), undefined);
});

test("permit: no changed character of a token passes", () => {
  for (let at = 0; at < token.length; at++) {
    const bent = `${token.slice(0, at)}${token[at] === "A" ? "B" : "A"}${token.slice(at + 1)}`;
    assert.notEqual(
      permitFault(bent, { kid: key.kid, publicKey }, expected, verifyEd25519),
      undefined,
      `character ${at}`,
    );
  }
});

test("permit: jose verifies a token as a JWT, and refuses it when it is late or another's", async () => {
  const jwk = await importJWK({ kty: "OKP", crv: "Ed25519", x: key.x }, "EdDSA");
  const { claims } = parsePermit(token)!;
  const options = {
    ...{ algorithms: ["EdDSA"], typ: PERMIT_TYPE, issuer: claims.iss, audience: claims.aud, subject: claims.sub },
    currentDate: new Date(claims.not_before),
  };
  const { payload, protectedHeader } = await jwtVerify(token, jwk, options);
  assert.equal(payload.jti, claims.jti);
  assert.equal(protectedHeader.kid, key.kid);
  const late = { ...options, currentDate: new Date(Date.parse(claims.not_after) + 1000) };
  await assert.rejects(jwtVerify(token, jwk, late), { code: "ERR_JWT_EXPIRED" });
  await assert.rejects(jwtVerify(token, jwk, { ...options, audience: "worker-us-1" }), {
    code: "ERR_JWT_CLAIM_VALIDATION_FAILED",
  });
  const swapped = vectors.get("permit/payload-swapped")!.token;
  await assert.rejects(jwtVerify(swapped, jwk, options), { code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" });
});

test("permit: openssl verifies a token's signature", { skip: openssl() }, () => {
  const folder = mkdtempSync(join(tmpdir(), "countersign-permit-"));
  const file = (name: string, content: Uint8Array | string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  try {
    // RFC 8410 SubjectPublicKeyInfo of Ed25519: a fixed prefix and the raw key.
    const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), publicKey]);
    const pem = file("key.pem", `-----BEGIN PUBLIC KEY-----\n${der.toString("base64")}\n-----END PUBLIC KEY-----\n`);
    const check = (said: string) => {
      const { signingInput, signature } = parsePermit(said)!;
      const args = ["pkeyutl", "-verify", "-pubin", "-inkey", pem, "-rawin"];
      const paths = ["-in", file("input", signingInput), "-sigfile", file("signature", signature)];
      execFileSync("openssl", [...args, ...paths], { stdio: "pipe" });
    };
    check(token);
    assert.throws(() => check(vectors.get("permit/other-key")!.token));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("permit: a token that is not ours parses to nothing", () => {
  for (const said of ["", ".", "..", "a.b.c", `${token}.`, token.slice(0, -1), ` ${token}`, "A".repeat(9000)]) {
    assert.equal(parsePermit(said), undefined, said.slice(0, 20));
  }
  const { signature } = parsePermit(token)!;
  assert.equal(signature.length, 64);
  assert.equal(formatBase64Url(signature), token.split(".")[2]);
});

function openssl(): string | false {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return false;
  } catch {
    return "openssl is not installed";
  }
}
