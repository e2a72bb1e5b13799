import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import { rememberDirectories, settleDirectories } from "./instance.ts";
import { temporaryDirectory } from "./ledger/testing.ts";
import { openSealKeys } from "./payloads/seal-keys.ts";

const nobody = { signerDir: undefined, sealDir: undefined };

test("directories: signer and seal keys lie outside the data directory, in the user's state folder, each data directory its own", () => {
  const scratch = temporaryDirectory();
  const env = { XDG_STATE_HOME: join(scratch, "state") };
  const a = settleDirectories({ data: join(scratch, "a"), ...nobody }, env);
  const b = settleDirectories({ data: join(scratch, "b"), ...nobody }, env);
  for (const path of [a.signerDir, a.sealDir]) assert.ok(path.startsWith(env.XDG_STATE_HOME), path);
  assert.equal(new Set([a.signerDir, a.sealDir, b.signerDir, b.sealDir]).size, 4);
  assert.equal(statSync(a.dataDir).mode & 0o077, 0);
});

test("directories: what was named once is remembered, also when the data directory is moved", () => {
  const scratch = temporaryDirectory();
  const env = { XDG_STATE_HOME: join(scratch, "state") };
  const data = join(scratch, "data");
  const named = settleDirectories({ data, signerDir: join(scratch, "signer"), sealDir: undefined }, env);
  assert.equal(named.sealDir, join(scratch, "signer-seal"));
  assert.deepEqual(settleDirectories({ data, ...nobody }, env), named);
  renameSync(data, join(scratch, "moved"));
  const moved = settleDirectories({ data: join(scratch, "moved"), ...nobody }, env);
  assert.deepEqual([moved.signerDir, moved.sealDir], [named.signerDir, named.sealDir]);
  // Control: another data directory has others.
  assert.notEqual(settleDirectories({ data, ...nobody }, env).signerDir, named.signerDir);
});

test("directories: others are remembered when they have shown to be right, not when they are only named", () => {
  const scratch = temporaryDirectory();
  const env = { XDG_STATE_HOME: join(scratch, "state") };
  const data = join(scratch, "data");
  const first = settleDirectories({ data, ...nobody }, env);
  const other = settleDirectories({ data, signerDir: join(scratch, "moved"), sealDir: undefined }, env);
  assert.equal(other.signerDir, join(scratch, "moved"));
  assert.deepEqual(settleDirectories({ data, ...nobody }, env), first);
  rememberDirectories(other);
  assert.deepEqual(settleDirectories({ data, ...nobody }, env), other);
});

test("directories: looking makes nothing", () => {
  const scratch = temporaryDirectory();
  settleDirectories({ data: join(scratch, "none"), ...nobody }, { XDG_STATE_HOME: scratch }, "look");
  assert.equal(existsSync(join(scratch, "none")), false);
});

test("directories: a damaged memory is refused, not replaced", () => {
  const scratch = temporaryDirectory();
  const data = join(scratch, "data");
  mkdirSync(data);
  for (const text of ["{", "{}", '{"id":"x","signer_dir":"relative","seal_dir":"/x"}']) {
    writeFileSync(join(data, "instance.json"), text);
    assert.throws(
      () => settleDirectories({ data, ...nobody }, { XDG_STATE_HOME: scratch }),
      (error) => error instanceof CountersignError && error.code === "cannot-read",
    );
  }
});

test("directories: another seal directory than the one the keys are in is refused and not remembered; a copy of it is taken", () => {
  const scratch = temporaryDirectory();
  const env = { XDG_STATE_HOME: join(scratch, "state") };
  const data = join(scratch, "data");
  const first = settleDirectories({ data, ...nobody }, env);
  const at = (name: string) => settleDirectories({ data, signerDir: undefined, sealDir: join(scratch, name) }, env);
  assert.equal(at("elsewhere").sealDir, join(scratch, "elsewhere")); // control: before there are keys it may be anywhere
  openSealKeys(first.sealDir).close();
  openSealKeys(join(scratch, "another")).close();
  for (const wrong of ["elsewhere", "another"]) {
    assert.throws(
      () => at(wrong),
      (error) =>
        error instanceof CountersignError && error.code === "data-unsafe" && error.message.includes(first.sealDir),
    );
    assert.deepEqual(settleDirectories({ data, ...nobody }, env), first);
  }
  cpSync(first.sealDir, join(scratch, "copied"), { recursive: true });
  const copied = at("copied");
  rememberDirectories(copied);
  assert.equal(settleDirectories({ data, ...nobody }, env).sealDir, join(scratch, "copied"));
});
