import assert from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import { openSealKeys } from "./seal-keys.ts";

const scratch = mkdtempSync(join(tmpdir(), "countersign-keys-"));
after(() => rmSync(scratch, { recursive: true }));
let count = 0;
const fresh = () => join(scratch, `seal-${count++}`);
const unsafe = (pattern: RegExp) => (error: unknown) =>
  error instanceof CountersignError && error.code === "data-unsafe" && pattern.test(error.message);

test("seal keys: one key per tenant and subject, the same after a restart", () => {
  const directory = fresh();
  const keys = openSealKeys(directory);
  const a = keys.keyOf("t1", "run_1");
  assert.equal(a.key.length, 32);
  assert.deepEqual(keys.keyOf("t1", "run_1"), a);
  for (const [tenant, subject] of [
    ["t1", "run_2"],
    ["t2", "run_1"],
  ] as const) {
    assert.notDeepEqual(keys.keyOf(tenant, subject).key, a.key);
  }
  const name = Buffer.from(a.key).toString("hex");
  keys.close();
  const again = openSealKeys(directory);
  assert.equal(Buffer.from(again.keyOf("t1", "run_1").key).toString("hex"), name);
  assert.equal(Buffer.from(again.keyNamed("t1", a.id)!).toString("hex"), name);
  assert.equal(again.keyNamed("t2", a.id), undefined);
  again.close();
});

test("seal keys: a destroyed key is in no file of the store, and a copy of the row made before opens nothing after", () => {
  const directory = fresh();
  const keys = openSealKeys(directory);
  const id = keys.keyOf("t", "usr_x").id;
  const wrapped = wrappedOf(directory, "usr_x");
  assert.ok(filesHold(directory, wrapped)); // control: before, it is there
  assert.equal(keys.destroy("t", "usr_x"), true);
  assert.equal(filesHold(directory, wrapped), false);
  assert.equal(keys.keyNamed("t", id), undefined);
  assert.equal(keys.destroy("t", "usr_x"), false);
  assert.notEqual(keys.keyOf("t", "usr_x").id, id);
  keys.close();
});

test("seal keys: rows cannot be swapped between subjects", () => {
  const directory = fresh();
  const keys = openSealKeys(directory);
  keys.keyOf("t", "a");
  const b = keys.keyOf("t", "b");
  keys.close();
  const db = new DatabaseSync(join(directory, "seal-keys.sqlite"));
  db.exec("UPDATE keys SET wrapped = (SELECT wrapped FROM keys WHERE subject = 'a') WHERE subject = 'b'");
  db.close();
  const again = openSealKeys(directory);
  assert.ok(again.keyOf("t", "a")); // control
  assert.throws(() => again.keyNamed("t", b.id), unsafe(/does not open/));
  again.close();
});

test("seal keys: what others can read, a link, or a store without its wrapping key is refused by name", () => {
  const directory = fresh();
  openSealKeys(directory).close();
  const wrap = join(directory, "wrap.key");
  const store = join(directory, "seal-keys.sqlite");
  for (const path of [wrap, store]) {
    assert.equal(statSync(path).mode & 0o777, 0o600);
    chmodSync(path, 0o640);
    assert.throws(() => openSealKeys(directory), unsafe(/0600/));
    chmodSync(path, 0o600);
  }
  chmodSync(directory, 0o755);
  assert.throws(() => openSealKeys(directory), unsafe(/0700/));
  chmodSync(directory, 0o700);
  const elsewhere = join(scratch, "wrap-elsewhere");
  copyFileSync(wrap, elsewhere);
  rmSync(wrap);
  assert.throws(() => openSealKeys(directory), unsafe(/missing/));
  symlinkSync(elsewhere, wrap);
  assert.throws(() => openSealKeys(directory), unsafe(/link/));
  rmSync(wrap);
  copyFileSync(elsewhere, wrap);
  chmodSync(wrap, 0o600);
  openSealKeys(directory).close(); // control: put right, it opens
});

test("seal keys: the same bytes have the same artifact id in one tenant and another in the next", () => {
  const keys = openSealKeys(fresh());
  const bytes = new Uint8Array([1, 2, 3]);
  assert.equal(keys.artifactId("a", bytes), keys.artifactId("a", bytes.slice()));
  assert.match(keys.artifactId("a", bytes), /^[A-Za-z0-9_-]{43}$/);
  assert.notEqual(keys.artifactId("a", bytes), keys.artifactId("b", bytes));
  assert.notEqual(keys.artifactId("a", bytes), keys.artifactId("a", new Uint8Array([1, 2, 4])));
  assert.notEqual(keys.lookupHash("a", "person", "user:dana"), keys.lookupHash("a", "other", "user:dana"));
  keys.close();
});

function wrappedOf(directory: string, subject: string): Buffer {
  const db = new DatabaseSync(join(directory, "seal-keys.sqlite"), { readOnly: true });
  const row = db.prepare("SELECT wrapped FROM keys WHERE subject = ?").get(subject);
  db.close();
  return Buffer.from(row!.wrapped as Uint8Array); // the column is a BLOB
}

function filesHold(directory: string, bytes: Buffer): boolean {
  return readdirSync(directory).some((name) => readFileSync(join(directory, name)).includes(bytes));
}
