import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createTestTenant, openTestLedger, temporaryDirectory } from "../ledger/testing.ts";
import { diagnose } from "./doctor.ts";

function directories() {
  const scratch = temporaryDirectory();
  const all = { dataDir: join(scratch, "data"), signerDir: join(scratch, "signer"), sealDir: join(scratch, "seal") };
  for (const path of [all.dataDir, all.sealDir, join(all.signerDir, "keys")])
    mkdirSync(path, { recursive: true, mode: 0o700 });
  writeFileSync(join(all.sealDir, "wrap.key"), "x", { mode: 0o600 });
  chmodSync(all.signerDir, 0o700);
  return all;
}
const bad = (all: ReturnType<typeof directories>) =>
  diagnose(all).flatMap(({ check, state }) => (state === "bad" ? [check] : []));

test("doctor: a sound machine has nothing bad, also before anything was made", () => {
  assert.deepEqual(bad(directories()), []);
  const scratch = temporaryDirectory();
  assert.deepEqual(
    bad({ dataDir: join(scratch, "a"), signerDir: join(scratch, "b"), sealDir: join(scratch, "c") }),
    [],
  );
});

test("doctor: a data directory that is not there is said, with what to do, and no places nobody settled", () => {
  const scratch = temporaryDirectory();
  const nowhere = { dataDir: join(scratch, "a"), signerDir: join(scratch, "b"), sealDir: join(scratch, "c") };
  const found = diagnose(nowhere).find(({ check }) => check === "data directory");
  assert.equal(found?.state, "warning");
  assert.match(found.detail, /nothing at .*check --data/);
  assert.ok(!diagnose(nowhere).some(({ detail }) => detail.includes(nowhere.signerDir)));
  const there = diagnose(directories()).find(({ check }) => check === "data directory");
  assert.equal(there?.state, "ok"); // control
});

test("doctor: each seeded trouble is found, and only it", () => {
  const readable = directories();
  chmodSync(readable.dataDir, 0o755);
  assert.deepEqual(bad(readable), ["data directory"]);

  const key = directories();
  chmodSync(join(key.sealDir, "wrap.key"), 0o640);
  assert.deepEqual(bad(key), ["seal key directory"]);

  const link = directories();
  symlinkSync("/etc/hostname", join(link.signerDir, "keys", "log"));
  assert.deepEqual(bad(link), ["signer directory"]);

  const inside = directories();
  assert.deepEqual(bad({ ...inside, signerDir: join(inside.dataDir, "signer") }), ["signer apart"]);
});

test("doctor: a signer that has forgotten is bad, and one that was let sign on stays a warning", async () => {
  const ledger = await openTestLedger();
  await createTestTenant(ledger);
  await createTestTenant(ledger, "eval");
  await ledger.close();
  const { dataDir, signerDir } = ledger;
  const memory = () => {
    const all = diagnose({ dataDir, signerDir, sealDir: join(dataDir, "..", "seal") });
    return all.filter(({ check }) => check === "signer memory").map(({ state, detail }) => `${state} ${detail}`);
  };
  assert.match(memory().join("\n"), /^ok /);
  rmSync(join(signerDir, "signed"));
  assert.equal(memory().length, 2);
  assert.match(memory().join("\n"), /^bad .*prod-a\/1: it remembers 0 entries of 2/m);
  const opened = await ledger.reopen({ acceptSignerReset: true });
  await opened.close();
  assert.match(memory().join("\n"), /^warning .*was let sign on, 2 times/);
});
