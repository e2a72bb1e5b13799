import assert from "node:assert/strict";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import { type Digest, digestOf, utf8 } from "@countersign/evidence/hash";
import { MAX_PAYLOAD_BYTES, openPayloadFiles } from "./files.ts";

const scratch = mkdtempSync(join(tmpdir(), "countersign-files-"));
after(() => rmSync(scratch, { recursive: true }));
let count = 0;
const fresh = () => {
  const root = join(scratch, String(count++), "payloads");
  return { root, files: openPayloadFiles(root) };
};
const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;
const pathOf = (root: string, tenant: string, digest: Digest) =>
  join(root, tenant, digest.slice(7, 9), digest.slice(9));

test("payload files: bytes come back as they were put, named by their digest, readable by nobody else", async () => {
  const { root, files } = fresh();
  for (const bytes of [new Uint8Array(0), utf8("hello"), new Uint8Array(300_000).fill(3)]) {
    const digest = await files.put("a", bytes);
    assert.equal(digest, digestOf(bytes));
    assert.deepEqual(Buffer.from((await files.get("a", digest))!), Buffer.from(bytes));
    const path = pathOf(root, "a", digest);
    assert.equal(digestOf(readFileSync(path)), digest);
    assert.equal(statSync(path).mode & 0o077, 0);
  }
  assert.deepEqual(readdirSync(join(root, ".incoming")), []);
});

test("payload files: a tenant does not see another's bytes", async () => {
  const { files } = fresh();
  const digest = await files.put("a", utf8("secret"));
  assert.equal(await files.get("b", digest), undefined);
  assert.ok(await files.get("a", digest)); // control
});

test("payload files: one changed bit is noticed on read, and put again it is mended", async () => {
  const { root, files } = fresh();
  const bytes = utf8("the arguments that were decided on");
  const digest = await files.put("a", bytes);
  const path = pathOf(root, "a", digest);
  const damaged = Buffer.from(readFileSync(path));
  damaged[3]! ^= 1;
  unlinkSync(path);
  writeFileSync(path, damaged);
  await assert.rejects(files.get("a", digest), refused("payload-damaged"));
  await files.put("a", bytes);
  assert.deepEqual(Buffer.from((await files.get("a", digest))!), Buffer.from(bytes));
});

test("payload files: a torn file of the right name, as a crash leaves it, is replaced by the next put", async () => {
  const { root, files } = fresh();
  const bytes = utf8("whole");
  const digest = await files.put("a", bytes);
  writeFileSync(pathOf(root, "a", digest), "");
  const again = openPayloadFiles(root);
  await again.put("a", bytes);
  assert.deepEqual(Buffer.from((await again.get("a", digest))!), Buffer.from(bytes));
});

test("payload files: a link is not followed", async () => {
  const { root, files } = fresh();
  const bytes = utf8("kept elsewhere");
  const digest = await files.put("a", bytes);
  const path = pathOf(root, "a", digest);
  const elsewhere = join(scratch, "elsewhere");
  writeFileSync(elsewhere, bytes);
  unlinkSync(path);
  symlinkSync(elsewhere, path);
  await assert.rejects(files.get("a", digest), refused("core:payloads-unavailable"));
});

test("payload files: a digest or tenant that is none never becomes a path", async () => {
  const { files } = fresh();
  const odd = [
    ["a", "sha256:../../../../etc/passwd"],
    ["..", digestOf(utf8("x"))],
    ["a/b", digestOf(utf8("x"))],
    ["a", `sha256:${"A".repeat(64)}`],
  ] as const;
  for (const [tenant, digest] of odd) {
    // The cast is the attack: what a caller without types could hand in.
    await assert.rejects(files.get(tenant, digest as Digest), refused("payload-not-found"));
  }
});

test("payload files: more than the limit is refused, the limit itself is taken", async () => {
  const { files } = fresh();
  await assert.rejects(files.put("a", new Uint8Array(MAX_PAYLOAD_BYTES + 1)), refused("payload-too-large"));
  await files.put("a", new Uint8Array(MAX_PAYLOAD_BYTES));
});

test("payload files: the same bytes put many times at once are one file", async () => {
  const { root, files } = fresh();
  const bytes = utf8("same");
  const digests = new Set(await Promise.all(Array.from({ length: 50 }, () => files.put("a", bytes))));
  assert.equal(digests.size, 1);
  const all: string[] = [];
  for await (const digest of files.list("a")) all.push(digest);
  assert.deepEqual(all, [...digests]);
  const [digest] = [...digests];
  assert.equal(statSync(pathOf(root, "a", digest!)).nlink, 1);
});

test("payload files: what was removed is gone, and removing it again says so", async () => {
  const { files } = fresh();
  const digest = await files.put("a", utf8("x"));
  assert.equal(await files.remove("a", digest), true);
  assert.equal(await files.get("a", digest), undefined);
  assert.equal(await files.remove("a", digest), false);
});

test("payload files: a write the file system refuses is a 503 of its own, and nothing half is left", async () => {
  const { root, files } = fresh();
  // A file where the tenant's directory should be: the cheapest way to make every write fail.
  writeFileSync(join(root, "a"), "in the way");
  await assert.rejects(files.put("a", utf8("x")), refused("core:payloads-unavailable"));
  assert.deepEqual(readdirSync(join(root, ".incoming")), []);
  await files.put("b", utf8("x")); // control: the store itself works
});
