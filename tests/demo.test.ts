/**
 * The demo as a stranger runs it, and what it leaves behind checked from outside: by our verifier in its own process, by
 * Go's reference code, by @sigstore/verify, by jose and openssl. Each check has a control on damaged evidence.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { parseEntryBundle, parseTilePath } from "@countersign/evidence/tiles";
import {
  checkpointSignatureHolds,
  goIsHere,
  verifyPermitWithJose,
  verifyPermitWithOpenssl,
  verifyWithGo,
  verifyWithSigstore,
} from "./third-party/third-party.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "..");
const FLAGS = ["--conditions=countersign-source"];
let folder = "";
let output = "";

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "countersign-demo-test-"));
  const { stdout } = await run(
    process.execPath,
    [...FLAGS, join(ROOT, "examples", "demo", "main.ts"), "--out", join(folder, "out")],
    { maxBuffer: 64 << 20 },
  );
  output = stdout;
});

after(() => rm(folder, { recursive: true, force: true }));

const out = (...parts: string[]) => join(folder, "out", ...parts);
const content = (...parts: string[]) => out("pack", "content", ...parts);

/** `countersign-verify` in its own process. */
async function verify(...args: string[]): Promise<{ code: number; stdout: string }> {
  return run(process.execPath, [...FLAGS, join(ROOT, "packages", "evidence", "bin", "verify.ts"), ...args], {
    maxBuffer: 64 << 20,
  }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      stdout: error.stdout + error.stderr,
    }),
  );
}

/** A copy of the pack with one change. */
async function damaged(name: string, change: (content: string) => Promise<void>): Promise<string> {
  const copy = join(folder, name);
  await cp(out("pack"), copy, { recursive: true });
  await change(join(copy, "content"));
  return copy;
}

type AnyEvent = {
  type: string;
  run_id?: string;
  event_id: string;
  dispatch?: { attempt: number };
  policy?: { decision: string; matched_rule: string };
};

async function events(): Promise<AnyEvent[]> {
  const all: AnyEvent[] = [];
  for (const file of await readdir(content("tile", "entries"), { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const path = join(file.parentPath, file.name);
    const tile = parseTilePath(path.slice(content().length + 1));
    assert.ok(tile !== undefined, `${path} is named like a bundle`);
    const bundle = parseEntryBundle(await readFile(path), tile);
    assert.ok("value" in bundle, `${path} is an entry bundle`);
    for (const entry of bundle.value) all.push(JSON.parse(new TextDecoder().decode(entry)) as AnyEvent);
  }
  return all;
}

test("demo: every part of the story is in the evidence", async () => {
  const all = await events();
  const types = new Map<string, number>();
  for (const { type } of all) types.set(type, (types.get(type) ?? 0) + 1);
  for (const type of [
    "log.genesis",
    "run.started",
    "approval.granted",
    "approval.rejected",
    "approval.consumed",
    "dispatch.retried",
    "dispatch.dead_lettered",
    "safety.checked",
    "run.closed",
    "run.settled",
  ]) {
    assert.ok((types.get(type) ?? 0) > 0, `${type} is there`);
  }
  const denials = all.filter(({ type, policy }) => type === "policy.decided" && policy?.decision === "DENY");
  const rules = denials.map(({ policy }) => policy?.matched_rule);
  assert.ok(rules.includes("core:capability-not-declared"), `${rules}`);
  assert.ok(rules.includes("core:above-ceiling"), `${rules}`);
  assert.ok(
    rules.some((rule) => !rule?.startsWith("core:")),
    `a rule of the bundle denied: ${rules}`,
  );
});

test("demo: real files show what ran and what did not", async () => {
  const text = (path: string) => readFile(out("workspace", path), "utf8");
  assert.equal(await text("notes/summary.txt"), "2 of 3 done\n", "the allowed write ran");
  assert.equal(await text("prod/app.conf"), "workers = 4\n", "the approved write ran");
  assert.equal(await text("prod/billing.conf"), "free = false\n", "the rejected write did not");
  assert.equal((await readdir(out("workspace", "notes"))).includes("done.txt"), false, "the one out of scope did not");
  assert.equal(
    (await readdir(out("workspace", "prod"))).includes("limits.conf"),
    false,
    "the one with changed arguments did not",
  );
  assert.match(output, /refused: args-changed/);
});

test("demo: the pack verifies pinned, with approvers' signatures and decisions re-executed", async () => {
  const { code, stdout } = await verify(
    out("pack"),
    "--key",
    out("log.vkey"),
    "--require",
    "pinned,approvers,re-executed",
  );
  assert.equal(code, 0, stdout);
  const runPack = await verify(out("pack-run"), "--key", out("log.vkey"), "--require", "pinned,approvers,re-executed");
  assert.equal(runPack.code, 0, runPack.stdout);
});

test("demo: one flipped byte is caught and the event named", async () => {
  const { code, stdout } = await verify(out("pack-flipped"), "--key", out("log.vkey"), "--json");
  assert.equal(code, 1);
  const report = JSON.parse(stdout) as { faults: { code: string; index?: number }[] };
  assert.ok(
    report.faults.some((fault) => fault.index !== undefined && fault.code === "leaf-mismatch"),
    stdout.slice(0, 2000),
  );
});

test("demo: without a pin the verifier says so, and --require pinned cannot be met", async () => {
  const { code, stdout } = await verify(out("pack"));
  assert.equal(code, 0);
  assert.match(stdout, /NOT PINNED/);
  assert.equal((await verify(out("pack"), "--require", "pinned")).code, 2);
});

test("third party: Go's sumdb note and tlog verify the pack", async (t) => {
  if (!(await goIsHere()))
    return t.skip("Debian's golang-go and golang-golang-x-mod-dev are not installed; .ci/run installs them");
  const receipts = (await readdir(out("pack-run", "content", "proofs"))).map((name) =>
    out("pack-run", "content", "proofs", name),
  );
  assert.match(await verifyWithGo(content(), out("log.vkey"), receipts), /^OK entries=\d+ /);
  const bad = await damaged("go-control", async (folder) => {
    const path = join(folder, "tile", "entries");
    const file = (await readdir(path, { recursive: true, withFileTypes: true })).find((entry) => entry.isFile());
    assert.ok(file);
    const name = join(file.parentPath, file.name);
    const bytes = await readFile(name);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await writeFile(name, bytes);
  });
  await assert.rejects(verifyWithGo(join(bad, "content"), out("log.vkey")), /FAILED/);
});

test("third party: @sigstore/verify accepts every receipt of the run's pack", async () => {
  const vkey = await readFile(out("log.vkey"), "utf8");
  const checked = await verifyWithSigstore(out("pack-run", "content"), vkey);
  assert.ok(checked >= 10, `${checked} receipts`);
  const copy = join(folder, "sigstore-control");
  await cp(out("pack-run"), copy, { recursive: true });
  const entries = await readdir(join(copy, "content", "entries"));
  const victim = join(copy, "content", "entries", entries[0] ?? "");
  const bytes = await readFile(victim);
  bytes[10] = (bytes[10] ?? 0) ^ 1;
  await writeFile(victim, bytes);
  await assert.rejects(verifyWithSigstore(join(copy, "content"), vkey));
});

test("third party: a permit verifies with jose and with openssl, and not when changed", async () => {
  const { token, key } = await aPermit();
  const claims = await verifyPermitWithJose(token, key);
  assert.equal(claims.tenant, "demo");
  await verifyPermitWithOpenssl(token, key);
  const [header, payload, signature] = token.split(".");
  const forged = `${header}.${Buffer.from(
    Buffer.from(payload ?? "", "base64url")
      .toString()
      .replace("demo", "dem0"),
  ).toString("base64url")}.${signature}`;
  await assert.rejects(verifyPermitWithJose(forged, key));
  await assert.rejects(verifyPermitWithOpenssl(forged, key));
});

test("third party: the checkpoint's signature holds with nothing but Ed25519", async () => {
  const note = await readFile(content("checkpoint"), "utf8");
  const vkey = await readFile(out("log.vkey"), "utf8");
  assert.equal(checkpointSignatureHolds(note, vkey), true);
  assert.equal(
    checkpointSignatureHolds(
      note.replace(/^(.*)\n(\d+)\n/, (_, origin: string, size: string) => `${origin}\n${Number(size) + 1}\n`),
      vkey,
    ),
    false,
  );
});

test("demo: every file the manifest lists has the digest sha256sum gives", async () => {
  const manifest = JSON.parse(await readFile(content("manifest.json"), "utf8")) as { files: Record<string, string> };
  const files = Object.entries(manifest.files);
  assert.ok(files.length > 5);
  for (const [path, digest] of files) {
    assert.equal(
      `sha256:${createHash("sha256")
        .update(await readFile(content(path)))
        .digest("hex")}`,
      digest,
      path,
    );
  }
});

/** A permit token of the demo, kept by it for this test, and the permit key the log announced in genesis. */
async function aPermit(): Promise<{ token: string; key: Uint8Array }> {
  const { permit_token: token } = JSON.parse(await readFile(out("demo.json"), "utf8")) as { permit_token: string };
  const genesis = (await events()).find(({ type }) => type === "log.genesis") as unknown as {
    genesis: { keys: { purpose: string; x?: string }[] };
  };
  const x = genesis.genesis.keys.find(({ purpose }) => purpose === "permit")?.x;
  assert.ok(x !== undefined, "genesis announces the permit key");
  return { token, key: Buffer.from(x, "base64url") };
}
