import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { commit, disclosureFault, payloadFault } from "@countersign/evidence/commitment";
import { CountersignError } from "@countersign/evidence/errors";
import { digestOf, utf8 } from "@countersign/evidence/hash";
import { seal } from "@countersign/evidence/sealing";
import { systemClock } from "../base/clock.ts";
import { openMetrics } from "../base/metrics.ts";
import { openPayloadFiles } from "./files.ts";
import { openSealKeys } from "./seal-keys.ts";
import { openVault } from "./store.ts";

const scratch = mkdtempSync(join(tmpdir(), "countersign-store-"));
after(async () => {
  await files.close();
  rmSync(scratch, { recursive: true });
});
const files = openPayloadFiles(join(scratch, "payloads"));
const keys = openSealKeys(join(scratch, "seal"));
const vault = openVault({ files, keys, clock: systemClock, metrics: openMetrics() });
const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;
const about = { mediaType: "application/json", classification: "internal", subject: "run_1" } as const;

test("payload store: what is not public is sealed, and opens to the bytes that were put", async () => {
  const plain = utf8('{"card":"4111 1111 1111 1111"}');
  const stored = await vault.put("t", plain, about);
  const kept = await vault.stored("t", stored.digest);
  assert.equal(digestOf(kept), stored.digest);
  assert.equal(Buffer.from(kept).includes("4111"), false);
  assert.deepEqual(Buffer.from(await vault.open("t", stored.digest)), Buffer.from(plain));
  assert.equal(stored.plainSha256, digestOf(plain));
  assert.equal(diskHolds("4111"), false);
  // Control: a public payload is there for anybody to read.
  const open = await vault.put("t", plain, { ...about, classification: "public" });
  assert.equal(open.digest, open.plainSha256);
  assert.equal(diskHolds("4111"), true);
});

test("payload store: the commitment opens with its disclosure, and with nothing else", async () => {
  const plain = utf8("arguments");
  const stored = await vault.put("t", plain, about);
  const disclosure = stored.discloseAt("/action/args");
  assert.equal(stored.commitAt("/action/args"), commit(stored.salt, "/action/args", digestOf(plain)));
  assert.equal(disclosureFault(disclosure, stored.commitAt("/action/args")), undefined);
  assert.equal(payloadFault(disclosure, plain), undefined);
  assert.equal(
    disclosureFault(stored.discloseAt("/other"), stored.commitAt("/action/args"))?.code,
    "commitment-mismatch",
  );
  assert.equal(payloadFault(disclosure, utf8("argumentz"))?.code, "payload-mismatch");
});

test("payload store: the same bytes twice cannot be told from different ones by their pointers or commitments", async () => {
  const plain = utf8("yes");
  const [a, b] = [await vault.put("t", plain, about), await vault.put("t", plain, about)];
  assert.notEqual(a.digest, b.digest);
  assert.notEqual(a.commitAt("/x"), b.commitAt("/x"));
  assert.equal(a.artifactId, b.artifactId); // within the tenant, with the key, they can
});

test("payload store: another tenant has no payload of that digest", async () => {
  const { digest } = await vault.put("t", utf8("mine"), about);
  await assert.rejects(vault.open("u", digest), refused("payload-not-found"));
  await assert.rejects(vault.stored("u", digest), refused("payload-not-found"));
  await assert.rejects(vault.open("t", "sha256:nonsense"), refused("payload-not-found"));
  await vault.open("t", digest); // control
});

test("payload store: after its subject's key is destroyed a payload is erased, others of the tenant are not", async () => {
  const erased = await vault.put("t", utf8("about dana"), { ...about, subject: "usr_dana" });
  const other = await vault.put("t", utf8("about erin"), { ...about, subject: "usr_erin" });
  keys.destroy("t", "usr_dana");
  await assert.rejects(vault.open("t", erased.digest), refused("payload-erased"));
  assert.equal(digestOf(await vault.stored("t", erased.digest)), erased.digest);
  await vault.open("t", other.digest); // control
});

test("payload store: public bytes that pretend to be a seal are refused", async () => {
  const fake = await seal(new Uint8Array(32), { keyId: "sk_x", nonce: new Uint8Array(12) }, utf8("x"));
  await assert.rejects(vault.put("t", fake, { ...about, classification: "public" }), refused("validation-failed"));
  const { digest } = await vault.put("t", fake, about); // sealed, it is bytes like any other
  assert.deepEqual(Buffer.from(await vault.open("t", digest)), Buffer.from(fake));
});

test("payload store: a disclosure row opens only in its tenant, and not when a bit is changed", () => {
  const disclosure = ["AAECAwQFBgcICQoLDA0ODw", "/run/intent", "tidy the workspace"] as const;
  const sealed = vault.sealDisclosure("t", "run_1", disclosure);
  assert.equal(Buffer.from(sealed).includes("tidy"), false);
  assert.equal(Buffer.from(vault.openSealed("t", sealed)!).toString(), JSON.stringify(disclosure));
  assert.equal(vault.openSealed("u", sealed), undefined);
  const changed = sealed.slice();
  changed[changed.length - 1]! ^= 1;
  assert.throws(() => vault.openSealed("t", changed), refused("payload-damaged"));
});

function diskHolds(text: string): boolean {
  const root = join(scratch, "payloads");
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .some((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(text));
}
