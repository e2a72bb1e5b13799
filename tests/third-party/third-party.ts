/**
 * Verification by code that is not ours. Each function takes a pack's folder and a pin from outside it and throws with a
 * sentence when the other side says no. `tests/demo.test.ts` runs them on the demo's pack, and on damaged copies.
 */
import { execFile } from "node:child_process";
import { createPublicKey, verify as verifySignature } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as jose from "jose";

const run = promisify(execFile);
/** Where Debian's golang-*-dev packages put their sources. */
const DEBIAN_GOPATH = "/usr/share/gocode";
/** SubjectPublicKeyInfo head of an Ed25519 key (RFC 8410). */
const SPKI_ED25519 = Buffer.from("302a300506032b6570032100", "hex");

/** Whether Debian's Go and its x/mod sources are here; `.ci/run` installs them. */
export async function goIsHere(): Promise<boolean> {
  return run("go", ["list", "golang.org/x/mod/sumdb/tlog"], { env: goEnvironment() }).then(
    () => true,
    () => false,
  );
}

/** The Go project's `sumdb/note` and `sumdb/tlog` on a full pack, and on a run pack's receipts when given. */
export async function verifyWithGo(
  content: string,
  vkeyFile: string,
  receipts: readonly string[] = [],
): Promise<string> {
  const program = join(import.meta.dirname, "verify_pack.go");
  const { stdout } = await run("go", ["run", program, content, vkeyFile, ...receipts], { env: goEnvironment() }).catch(
    (error: { stdout?: string; stderr?: string }) => {
      throw new Error(`Go: ${error.stdout ?? ""}${error.stderr ?? ""}`.trim());
    },
  );
  return stdout.trim();
}

/** `@sigstore/verify`'s checkpoint and Merkle functions on every receipt of a run pack. Answers how many it checked. */
export async function verifyWithSigstore(content: string, vkey: string): Promise<number> {
  // Deep imports of a pinned version: the package exports only its bundle verifier.
  const require = createRequire(import.meta.url);
  const folder = join(require.resolve("@sigstore/verify"), "..", "tlog");
  const { verifyCheckpoint } = require(join(folder, "checkpoint.js")) as {
    verifyCheckpoint: (entry: unknown, logs: unknown[]) => unknown;
  };
  const { verifyMerkleInclusion } = require(join(folder, "merkle.js")) as {
    verifyMerkleInclusion: (entry: unknown, checkpoint: unknown) => void;
  };
  const [name, hint, key] = splitVkey(vkey);
  const log = {
    logID: Buffer.from(hint, "hex"),
    baseURL: `https://${name}`,
    publicKey: keyObject(Buffer.from(key, "base64").subarray(1)),
  };
  const proofs = (await readdir(join(content, "proofs"))).filter((file) => file.endsWith(".tlog-proof"));
  for (const file of proofs) {
    const text = await readFile(join(content, "proofs", file), "utf8");
    const [head, ...rest] = text.split("\n\n");
    const [, index, ...hashes] = (head ?? "").split("\n");
    const logIndex = (index ?? "").replace("index ", "");
    const entry = {
      canonicalizedBody: await readFile(join(content, "entries", `${logIndex}.json`)),
      inclusionProof: {
        logIndex,
        hashes: hashes.map((hash) => Buffer.from(hash, "base64")),
        checkpoint: { envelope: rest.join("\n\n") },
      },
    };
    verifyMerkleInclusion(entry, verifyCheckpoint(entry, [log]));
  }
  return proofs.length;
}

/** A permit token with `jose`, under the key the log announced. */
export async function verifyPermitWithJose(token: string, rawKey: Uint8Array): Promise<jose.JWTPayload> {
  const { payload } = await jose.compactVerify(
    token,
    await jose.importJWK({ kty: "OKP", crv: "Ed25519", x: Buffer.from(rawKey).toString("base64url"), alg: "EdDSA" }),
  );
  return JSON.parse(new TextDecoder().decode(payload)) as jose.JWTPayload;
}

/** A permit token with the `openssl` command. */
export async function verifyPermitWithOpenssl(token: string, rawKey: Uint8Array): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "countersign-openssl-"));
  try {
    const [header, payload, signature] = token.split(".");
    await writeFile(join(folder, "input"), `${header}.${payload}`);
    await writeFile(join(folder, "signature"), Buffer.from(signature ?? "", "base64url"));
    await writeFile(join(folder, "key.pem"), keyObject(rawKey).export({ type: "spki", format: "pem" }));
    const { stdout } = await run("openssl", [
      "pkeyutl",
      "-verify",
      "-pubin",
      "-inkey",
      join(folder, "key.pem"),
      "-rawin",
      "-in",
      join(folder, "input"),
      "-sigfile",
      join(folder, "signature"),
    ]);
    if (!stdout.includes("Signature Verified Successfully")) throw new Error(`openssl: ${stdout}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The checkpoint's signature with nothing but node:crypto: what VERIFY.md tells a reader to do by hand. */
export function checkpointSignatureHolds(note: string, vkey: string): boolean {
  const [, , key] = splitVkey(vkey);
  const text = note.slice(0, note.indexOf("\n\n") + 1);
  const line = note.split("\n").find((candidate) => candidate.startsWith("— "));
  const signature = Buffer.from(line?.split(" ")[2] ?? "", "base64").subarray(4);
  return verifySignature(null, Buffer.from(text), keyObject(Buffer.from(key, "base64").subarray(1)), signature);
}

function splitVkey(vkey: string): [name: string, hint: string, key: string] {
  const match = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey.trim());
  if (match === null) throw new Error(`not a verifier key: ${vkey}`);
  return [match[1] ?? "", match[2] ?? "", match[3] ?? ""];
}

function keyObject(raw: Uint8Array) {
  return createPublicKey({ key: Buffer.concat([SPKI_ED25519, raw]), format: "der", type: "spki" });
}

function goEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    GO111MODULE: "off",
    GOPATH: DEBIAN_GOPATH,
    GOFLAGS: "",
    GOCACHE: join(tmpdir(), "countersign-go-cache"),
  };
}
