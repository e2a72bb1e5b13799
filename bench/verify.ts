/**
 * `verify`: what checking evidence costs against hashing its bytes. All sides in one process, alternated, one core:
 *
 * - `hash`: SHA-256 over the entry bundles, each in one call: the fastest any verifier could be;
 * - `tree`: leaf of every entry, every tile, the root, and the log's chain;
 * - `full`: the whole report, with strict parsing, canonical form, shape, control state, runs and their lifecycle;
 * - `pack`: the same on a pack, with every file's digest and every view besides.
 *
 * Run: node --conditions=countersign-source bench/verify.ts [--entries 40000] [--rounds 7]
 */
import { parseArgs } from "node:util";
import "@countersign/evidence/ed25519.node";
import "@countersign/evidence/hash.node";
import { parseCheckpoint } from "@countersign/evidence/checkpoint";
import type { Fault } from "@countersign/evidence/fault";
import { sha256 } from "@countersign/evidence/hash";
import type { PackFiles } from "@countersign/evidence/pack";
import { PackReader } from "@countersign/evidence/pack-reader";
import { verify } from "@countersign/evidence/verify";
import { continues } from "@countersign/evidence/verify-chain";
import { logEntries } from "@countersign/evidence/verify-tree";
import { PackFolder, PackStory } from "../tools/pack-story.ts";
import { median, spread, writeResult } from "./result.ts";

const { values } = parseArgs({
  options: { entries: { type: "string", default: "40000" }, rounds: { type: "string", default: "7" } },
});
const rounds = Number(values.rounds);
const story = new PackStory().found();
while (story.entries.length < Number(values.entries)) {
  const run = story.run();
  for (let i = 0; i < 4; i++) run.play("allow failed retry succeeded safety");
  run.close();
}
const pack = await story.pack({ kind: "log", from: 0 }, { disclosure: "none" });
const tiles = new PackFolder();
for (const [path, bytes] of pack) {
  const inside = path.slice("content/".length);
  if (inside.startsWith("tile/") || inside === "checkpoint") tiles.set(inside, bytes);
}
const bundles = [...tiles].filter(([path]) => path.startsWith("tile/entries/")).map(([, bytes]) => bytes);
const sizeBytes = story.entries.reduce((sum, entry) => sum + entry.length, 0);

const sides: Readonly<Record<string, () => void | Promise<void>>> = {
  hash: () => bundles.forEach((bytes) => void sha256(bytes)),
  tree: () => checkTree(tiles),
  full: () => checkAll(tiles),
  pack: () => checkAll(pack),
};
const msOf: Record<string, number[]> = { hash: [], tree: [], full: [], pack: [] };
for (let round = -1; round < rounds; round++) {
  for (const [name, side] of Object.entries(sides)) {
    const started = performance.now();
    await side();
    // The first round warms up.
    if (round >= 0) msOf[name]!.push(performance.now() - started);
  }
}

const perSecond = (name: string) => msOf[name]!.map((ms) => (story.entries.length * 1000) / ms);
const ratioOf = (name: string) => spread(msOf[name]!.map((ms, i) => msOf.hash![i]! / ms));
const result = {
  entries: story.entries.length,
  bytesPerEntry: Math.round(sizeBytes / story.entries.length),
  hashMegabytesPerSecond: spread(msOf.hash!.map((ms) => sizeBytes / 1000 / ms)),
  tree: { entriesPerSecond: spread(perSecond("tree")), ratio: ratioOf("tree"), mustReach: 0.25, aim: 0.45 },
  full: { entriesPerSecond: spread(perSecond("full")), ratio: ratioOf("full") },
  pack: { entriesPerSecond: spread(perSecond("pack")), ratio: ratioOf("pack") },
};
for (const name of ["tree", "full", "pack"] as const) {
  console.log(
    `${name}: ${result[name].ratio.median.toFixed(3)} of the hash rate, ${Math.round(median(perSecond(name)))} entries/s`,
  );
}
writeResult("verify", result);

function checkTree(files: PackFiles): void {
  const reader = new PackReader(files);
  const parsed = parseCheckpoint(reader.read("checkpoint")!);
  if (!parsed.ok) throw new Error(parsed.fault.detail);
  const faults: Fault[] = [];
  let before: Uint8Array | undefined;
  for (const { bytes, leaf } of logEntries(reader, parsed.value.checkpoint, 0, (fault) => faults.push(fault))) {
    if (before !== undefined && !continues(bytes!, before)) throw new Error("the chain is broken");
    before = leaf;
  }
  if (faults.length > 0) throw new Error(faults[0]!.detail);
}

async function checkAll(files: PackFiles): Promise<void> {
  const { faults } = await verify(files, { pins: [story.key] });
  if (faults.length > 0) throw new Error(faults[0]!.detail);
}
