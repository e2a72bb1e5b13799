import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
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
import { MAX_PAYLOAD_BYTES, openPayloadFiles, type PayloadFiles, type PayloadFilesOptions } from "./files.ts";

import { formatRecord, readRecords } from "./segment.ts";

const scratch = mkdtempSync(join(tmpdir(), "countersign-files-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
let count = 0;
const open: PayloadFiles[] = [];
after(() => Promise.all(open.map((files) => files.close())));
const openAt = (root: string, options?: PayloadFilesOptions) => {
  const files = openPayloadFiles(root, options);
  open.push(files);
  return files;
};
const fresh = () => {
  const root = join(scratch, String(count++), "payloads");
  return { root, files: openAt(root) };
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
    await files.settle();
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
  await files.settle();
  const path = pathOf(root, "a", digest);
  const damaged = Buffer.from(readFileSync(path));
  damaged[3]! ^= 1;
  unlinkSync(path);
  writeFileSync(path, damaged);
  await assert.rejects(files.get("a", digest), refused("payload-damaged"));
  assert.equal(files.isSound("a", digest), false);
  await files.put("a", bytes);
  await files.settle();
  assert.equal(files.isSound("a", digest), true);
  assert.deepEqual(Buffer.from((await files.get("a", digest))!), Buffer.from(bytes));
});

test("payload files: a torn file of the right name, as a crash leaves it, is replaced by the next put", async () => {
  const { root, files } = fresh();
  const bytes = utf8("whole");
  const digest = await files.put("a", bytes);
  await files.close();
  writeFileSync(pathOf(root, "a", digest), "");
  const again = openAt(root);
  await again.put("a", bytes);
  await again.settle();
  assert.deepEqual(Buffer.from((await again.get("a", digest))!), Buffer.from(bytes));
});

test("payload files: a link is not followed", async () => {
  const { root, files } = fresh();
  const bytes = utf8("kept elsewhere");
  const digest = await files.put("a", bytes);
  await files.settle();
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

test("payload files: every length is read whole from its place", async () => {
  const { root, files } = fresh();
  for (const length of [0, 1, 3999, 4000, 4001, 8000, 64 * 1024, 200_000]) {
    const bytes = new Uint8Array(length).map((_, i) => (i * 7 + length) % 251);
    const digest = await files.put("a", bytes);
    await files.settle();
    assert.ok(existsSync(pathOf(root, "a", digest)));
    assert.deepEqual(await openAt(root).get("a", digest), bytes, `${length} bytes`);
  }
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
  await files.settle();
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
  // A file where a directory should be: the cheapest way to make every write fail.
  renameSync(join(root, ".intake"), join(root, ".kept"));
  writeFileSync(join(root, ".intake"), "in the way");
  writeFileSync(join(root, "b"), "in the way");
  await assert.rejects(files.put("a", utf8("x")), refused("core:payloads-unavailable"));
  await assert.rejects(files.put("b", new Uint8Array(100_000)), refused("core:payloads-unavailable"));
  assert.deepEqual(readdirSync(join(root, ".incoming")), []);
  unlinkSync(join(root, ".intake"));
  renameSync(join(root, ".kept"), join(root, ".intake"));
  await files.put("a", utf8("x")); // control: the store itself works
});

test("payload files: what was acknowledged and not moved is there after a crash; what was not is no harm", async () => {
  const { root, files } = fresh();
  const payloads = Array.from({ length: 20 }, (_, n) => utf8(`payload ${n}`));
  const digests = await Promise.all(payloads.map((bytes) => files.put("a", bytes)));
  const [segment] = readdirSync(join(root, ".intake"));
  // As a crash leaves it: the tree without the payloads, the segment with a torn record behind the last good one.
  const crashed = join(scratch, String(count++), "payloads");
  mkdirSync(join(crashed, ".intake"), { recursive: true });
  const kept = readFileSync(join(root, ".intake", segment!));
  const torn = formatRecord({ tenant: "a", digest: digestOf(utf8("torn")), bytes: utf8("torn") }).subarray(0, -1);
  writeFileSync(join(crashed, ".intake", segment!), Buffer.concat([kept, torn]));
  const looking = openPayloadFiles(crashed, { purpose: "look" });
  assert.equal(looking.isSound("a", digests[0]!), true);
  assert.equal(looking.isSound("a", digestOf(utf8("torn"))), false);
  const again = openAt(crashed);
  for (const [n, digest] of digests.entries()) {
    assert.deepEqual(Buffer.from((await again.get("a", digest))!), Buffer.from(payloads[n]!));
    assert.equal(existsSync(pathOf(crashed, "a", digest)), true);
  }
  assert.equal(await again.get("a", digestOf(utf8("torn"))), undefined);
  assert.deepEqual(readdirSync(join(crashed, ".intake")), []);
});

test("payload files: a record changed in the intake is not believed, nor what follows it", async () => {
  const records = ["one", "two", "three"].map((text) => ({
    tenant: "a",
    digest: digestOf(utf8(text)),
    bytes: utf8(text),
  }));
  const segment = Buffer.concat(records.map(formatRecord));
  assert.equal(readRecords(segment).length, 3); // control
  const second = formatRecord(records[0]!).length;
  for (let at = second; at < second * 2; at++) {
    const changed = Buffer.from(segment);
    changed[at]! ^= 1;
    const read = readRecords(changed);
    assert.equal(read.length, 1, `byte ${at - second}`);
  }
});

test("payload files: more than a segment's worth goes through, in parallel, and all of it comes to its place", async () => {
  const { root, files } = fresh();
  const payloads = Array.from({ length: 300 }, (_, n) => new Uint8Array(40_000).fill(n, 0, 4).fill(n >> 4, 4));
  const digests = await Promise.all(payloads.map((bytes) => files.put(n(bytes), bytes)));
  await files.settle();
  for (const [at, digest] of digests.entries()) assert.ok(existsSync(pathOf(root, n(payloads[at]!), digest)));
  assert.deepEqual(readdirSync(join(root, ".intake")), []);
  assert.deepEqual(readdirSync(join(root, ".incoming")), []);
});

test("payload files: what cannot be moved stays readable and durable, is told of, and moves when it can", async () => {
  const told: string[] = [];
  const root = join(scratch, String(count++), "payloads");
  const calls: (() => void)[] = [];
  const files = openAt(root, {
    onTrouble: (cause) => told.push(cause),
    timers: {
      after(_ms, call) {
        calls.push(call);
        return () => {};
      },
    },
  });
  writeFileSync(join(root, "a"), "in the way");
  const digest = await files.put("a", utf8("x"));
  await files.settle();
  assert.match(told.join(), /ENOTDIR|EEXIST/);
  assert.ok(await files.get("a", digest));
  unlinkSync(join(root, "a"));
  calls.at(-1)!(); // the retry's time has come
  await files.settle();
  assert.equal(existsSync(pathOf(root, "a", digest)), true);
});

/** Tenants in turn, by the payload. */
function n(bytes: Uint8Array): string {
  return `tenant-${bytes[4]! % 3}`;
}
