/** VERIFY.md is for people without our code: its commands are run as they stand, by tools that are not ours. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { type PackFolder, PackStory } from "../../../tools/pack-story.ts";
import "./hash.node.ts";
import type { PackScope } from "./pack.ts";

const story = await PackStory.open();
const run = story.run();
story.change(run, "allow succeeded safety");
run.close();

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function write(folder: PackFolder): string {
  const root = mkdtempSync(join(tmpdir(), "countersign-guide-"));
  folders.push(root);
  for (const [path, bytes] of folder) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), bytes);
  }
  return root;
}

/** The shell blocks of a guide, by the heading above them. */
function blocksOf(guide: string): Map<string, string[]> {
  const blocks = new Map<string, string[]>();
  for (const section of guide.split(/^## /m).slice(1)) {
    const [heading = ""] = section.split("\n", 1);
    blocks.set(
      heading,
      [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block!),
    );
  }
  return blocks;
}

function sh(root: string, block: string) {
  return spawnSync("sh", ["-e", "-c", block], { cwd: root, encoding: "utf8" });
}

const has = (command: string) => spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;
const missing = ["sha256sum", "openssl"].filter((command) => !has(command));
const noGo = !has("go") || !existsSync("/usr/share/gocode/src/golang.org/x/mod/sumdb/note");

const scopes: readonly (readonly [name: string, scope: PackScope])[] = [
  ["log", { kind: "log", from: 0 }],
  ["run", { kind: "run", run_id: run.id }],
];

for (const [name, scope] of scopes) {
  const folder = await story.pack(scope, { attest: true });
  const blocks = blocksOf(folder.text("VERIFY.md"));
  const [files = "", attested = ""] = blocks.get("1. Files") ?? [];
  const [signature = ""] = blocks.get("2. Signature") ?? [];
  const entries = blocks.get("3. Entries") ?? [];

  test(`guide: sha256sum accepts the files of a ${name} pack, and no changed one`, {
    skip: missing.length > 0 && `no ${missing}`,
  }, () => {
    const root = write(folder);
    assert.equal(sh(root, files).status, 0, sh(root, files).stderr);
    assert.equal(sh(root, attested).status, 0);
    const changed = folder.copy();
    changed.get("content/checkpoint")![0]! ^= 1;
    assert.notEqual(sh(write(changed), files).status, 0);
    const rewritten = folder.copy();
    rewritten.set("content/manifest.json", Buffer.from(`${folder.text("content/manifest.json")} `));
    assert.notEqual(sh(write(rewritten), attested).status, 0);
  });

  test(`guide: openssl accepts the signature of a ${name} pack, and no other`, {
    skip: missing.length > 0 && `no ${missing}`,
  }, () => {
    const done = sh(write(folder), signature);
    assert.equal(done.status, 0, done.stderr);
    assert.match(done.stdout, /Signature Verified Successfully/);
    const changed = folder.copy();
    changed.set("content/checkpoint", Buffer.from(folder.text("content/checkpoint").replace(/\n(\d+)\n/, "\n9$1\n")));
    assert.notEqual(sh(write(changed), signature).status, 0);
  });

  test(`guide: Go's x/mod accepts the entries of a ${name} pack, and no changed one`, {
    skip: noGo && "no go with golang.org/x/mod",
  }, () => {
    const root = write(folder);
    for (const block of entries) {
      const done = sh(root, block);
      assert.equal(done.status, 0, done.stderr);
      assert.match(done.stdout, /^OK: \d+ entries|^[0-9a-f]{64} {2}-/);
    }
    const changed = folder.copy();
    const path = [...changed.keys()].find((one) => /^content\/(tile\/entries|entries)\//.test(one))!;
    changed.get(path)![60]! ^= 1;
    assert.notEqual(sh(write(changed), entries.at(-1)!).status, 0);
  });
}
