import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import { parsePublicKey, thumbprintOf } from "./public-key.ts";

const refused = (pattern: RegExp) => (error: unknown) =>
  error instanceof CountersignError && error.code === "key-not-acceptable" && pattern.test(error.message);

// The key of RFC 8037 appendix A.2, whose thumbprint stands in A.3.
const X = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const raw = Buffer.from(X, "base64url");
const ssh = (key: Buffer, type = "ssh-ed25519") => {
  const field = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  return `${type} ${Buffer.concat([field(Buffer.from(type)), field(key)]).toString("base64")} dana@laptop`;
};

test("public key: the thumbprint is RFC 7638's", () => {
  assert.equal(thumbprintOf(X), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
});

test("public key: PEM, an OpenSSH line and raw base64url give the same key; only the way it signs differs", () => {
  const { publicKey } = generateKeyPairSync("ed25519");
  const { x } = publicKey.export({ format: "jwk" });
  const pem = parsePublicKey(publicKey.export({ type: "spki", format: "pem" }).toString());
  const line = parsePublicKey(ssh(Buffer.from(x!, "base64url")));
  assert.deepEqual(pem, { kid: thumbprintOf(x!), x, method: "ed25519" });
  assert.deepEqual(line, { ...pem, method: "ssh" });
  assert.deepEqual(parsePublicKey(`  ${x}\n`), pem);
});

test("public key: what is no acceptable Ed25519 public key is refused, saying what it is", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const ed = generateKeyPairSync("ed25519");
  const table = [
    [rsa.publicKey.export({ type: "spki", format: "pem" }).toString(), /a key for rsa/],
    [ed.privateKey.export({ type: "pkcs8", format: "pem" }).toString(), /private key/],
    ["-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", /cannot be read/],
    [ssh(raw, "ssh-rsa"), /ssh-rsa/],
    [ssh(raw.subarray(1)), /neither/],
    ["ssh-ed25519", /neither/],
    ["", /./],
    ["hello", /./],
    [`${X}=`, /./],
    // The identity, a point of order 8, and a y that is not reduced.
    [Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]).toString("base64url"), /small order/],
    ["xxeQ4xzeQkWa5jgfZHKwP4PMWEbdLk1IKo2PWdGMIf0", /canonical|order/],
    [Buffer.alloc(32, 0xff).toString("base64url"), /canonical/],
  ] as const;
  for (const [text, pattern] of table) assert.throws(() => parsePublicKey(text), refused(pattern), text);
  parsePublicKey(X); // control
});
