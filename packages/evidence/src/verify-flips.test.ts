/**
 * No bit of a pack may change unnoticed, and no file may come, go or be renamed. By default a sample: every file of three
 * packs, some bytes of each. FLIPS=all takes every byte, FLIPS=n about n of them; SEED=n replays a sample.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type PackFolder, PackStory } from "../../../tools/pack-story.ts";
import "./ed25519.node.ts";
import "./hash.node.ts";
import { utf8 } from "./hash.ts";
import type { PackScope } from "./pack.ts";
import { verify } from "./verify.ts";

const { FLIPS = "300", SEED = String(Date.now() % 2 ** 31) } = process.env;

const story = await PackStory.open();
const run = story.run();
story.change(run, "allow failed retry succeeded safety");
story.change(run, "gate approve use succeeded safety", { vpc: "prod/vpc-1", environment: "prod" });
run.close();
const asOf = story.source();
const found = story.events.flatMap(({ type }, index) => (type === "approval.voted" ? [index] : []));
const packs: readonly (readonly [name: string, folder: PackFolder])[] = [
  ["log", await story.pack({ kind: "log", from: 0 }, { source: asOf, attest: true })],
  ["run", await story.pack({ kind: "run", run_id: run.id }, { source: asOf, attest: true })],
  [
    "query",
    await story.pack({ kind: "query", query: "type:approval.voted" } satisfies PackScope, {
      source: asOf,
      found,
      attest: true,
    }),
  ],
];
const pins = [story.key];

/** Mulberry32: small, good enough to spread a sample, the same everywhere. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bits to flip of one file: at least one in each, more in the larger ones. */
function* bitsOf(folder: PackFolder, random: () => number): Generator<{ path: string; at: number; bit: number }> {
  const total = [...folder.values()].reduce((sum, bytes) => sum + bytes.length, 0);
  for (const [path, bytes] of folder) {
    const wanted =
      FLIPS === "all" ? bytes.length : Math.max(1, Math.round((Number(FLIPS) / packs.length) * (bytes.length / total)));
    for (let i = 0; i < wanted; i++) {
      const at = FLIPS === "all" ? i : Math.floor(random() * bytes.length);
      yield { path, at, bit: 1 << Math.floor(random() * 8) };
    }
  }
}

for (const [name, folder] of packs) {
  test(`verify: a ${name} pack as exported is faultless`, async () => {
    const report = await verify(folder, { pins });
    assert.deepEqual(report.faults, []);
    assert.notEqual(report.subject.exported, null);
  });

  test(`verify: every flipped bit of a ${name} pack is noticed (SEED=${SEED})`, async () => {
    const random = randomOf(Number(SEED));
    let flips = 0;
    for (const { path, at, bit } of bitsOf(folder, random)) {
      const bytes = folder.get(path)!;
      const changed = bytes.slice();
      changed[at]! ^= bit;
      folder.set(path, changed);
      const report = await verify(folder, { pins }).catch((cause: { code?: string }) => cause);
      folder.set(path, bytes);
      flips++;
      // A flip can turn a version into a newer one; then nothing is judged, which is no pass either.
      const noticed = "exit_code" in report ? report.exit_code === 1 : report.code === "cannot-read";
      assert.ok(noticed, `byte ${at} of ${path} with bit ${bit} passed`);
    }
    assert.ok(flips >= folder.size);
  });

  test(`verify: a ${name} pack with a file less, more or renamed is noticed`, async () => {
    for (const [i, [path, bytes]] of [...folder].entries()) {
      const less = folder.copy();
      less.delete(path);
      const report = await verify(less, { pins });
      assert.ok(report.faults.length > 0, `${path} is gone`);
      // A renamed file is one less and one more: a few of them show that the two do not make up for each other.
      if (i % 8 !== 0) continue;
      const renamed = folder.copy();
      renamed.delete(path);
      renamed.set(`${path}x`, bytes);
      assert.ok((await verify(renamed, { pins })).faults.length > 0, `${path} has another name`);
    }
    for (const path of ["content/extra", "extra", "attest/extra", "content/entries/9.json", "verify.html"]) {
      const more = folder.copy();
      if (more.has(path)) continue;
      more.set(path, utf8("extra"));
      const { faults } = await verify(more, { pins });
      assert.ok(
        faults.some((found) => found.code === "pack-file-unlisted" && found.path === path),
        path,
      );
    }
  });
}
