import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256, utf8 } from "@countersign/evidence/hash";
import {
  consistencyFault,
  consistencyPath,
  inclusionFault,
  inclusionPath,
  leafHash,
  rootOf,
} from "@countersign/evidence/merkle";
import { Tree } from "./tree.ts";

const LEAVES = Array.from({ length: 70_000 }, (_, i) => leafHash(utf8(`entry ${i}`)));
const NOTHING = () => assert.fail("nothing is stored");

/** What an engine would hold after the first `size` leaves. */
function storeOf(size: number) {
  const levels: Uint8Array[][] = [LEAVES.slice(0, size)];
  for (let level = 0; levels[level]!.length >= 256; level++) {
    const above: Uint8Array[] = [];
    for (let at = 0; at + 256 <= levels[level]!.length; at += 256)
      above.push(rootOf(levels[level]!.slice(at, at + 256)));
    levels.push(above);
  }
  return { levels, source: (level: number, from: number, to: number) => levels[level]!.slice(from, to) };
}

const SIZES = [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 1000, 65_535, 65_536, 65_537, 70_000];

test("tree: roots, filled tiles and tiles are RFC 6962's at every size around a tile's edge", () => {
  const tree = new Tree(0, NOTHING);
  const filled = new Map<string, Uint8Array>();
  for (const size of SIZES) {
    while (tree.size < size) tree.append(LEAVES[tree.size]!);
    for (const { level, n, hash } of tree.takeFilled()) filled.set(`${level}/${n}`, hash);
    assert.deepEqual(tree.root(size), rootOf(LEAVES.slice(0, size)), `root of ${size}`);
    const { levels } = storeOf(size);
    for (const [level, hashes] of levels.entries()) {
      if (level === 0) continue;
      hashes.forEach((hash, n) => {
        assert.deepEqual(filled.get(`${level}/${n}`), hash);
      });
    }
    assert.equal(
      filled.size,
      levels.slice(1).reduce((sum, { length }) => sum + length, 0),
    );
  }
  assert.deepEqual(tree.tile(0, 3, 5), new Uint8Array(Buffer.concat(LEAVES.slice(768, 773))));
});

test("tree: opened at any size over what is stored, it goes on as if it had never been closed", () => {
  for (const size of SIZES) {
    const tree = new Tree(size, storeOf(size).source);
    assert.deepEqual(tree.root(size), rootOf(LEAVES.slice(0, size)), `root of ${size}`);
    const more = Math.min(size + 300, LEAVES.length);
    while (tree.size < more) tree.append(LEAVES[tree.size]!);
    assert.deepEqual(tree.root(more), rootOf(LEAVES.slice(0, more)), `root of ${more}, opened at ${size}`);
    assert.deepEqual(tree.root(size), rootOf(LEAVES.slice(0, size)), `root of ${size}, seen from ${more}`);
  }
});

test("tree: proofs verify also from tiles that were dropped and read back", () => {
  const size = 70_000;
  const { source } = storeOf(size);
  let reads = 0;
  const tree = new Tree(size, (level, from, to) => {
    reads++;
    return source(level, from, to);
  });
  const root = tree.root(size);
  const opened = reads;
  for (let index = 0; index < size; index += 997) {
    const path = inclusionPath(index, size, tree.nodeAt);
    assert.equal(inclusionFault(LEAVES[index]!, index, size, path, root), undefined);
    assert.notEqual(inclusionFault(sha256(utf8("other")), index, size, path, root), undefined);
  }
  assert.ok(reads > opened + 60);
  for (const old of SIZES.filter((old) => old > 0)) {
    const path = consistencyPath(old, size, tree.nodeAt);
    assert.equal(consistencyFault(old, size, rootOf(LEAVES.slice(0, old)), root, path), undefined, `from ${old}`);
  }
});

test("tree: full tiles are dropped only when they are committed", () => {
  const tree = new Tree(0, NOTHING);
  while (tree.size < 40_000) tree.append(LEAVES[tree.size]!);
  // Nothing is committed, so nothing may need to be read.
  for (let index = 0; index < 40_000; index += 256) inclusionPath(index, 40_000, tree.nodeAt);
  tree.committed(40_000);
  assert.throws(() => inclusionPath(0, 40_000, tree.nodeAt), /nothing is stored/);
  assert.deepEqual(tree.root(40_000), rootOf(LEAVES.slice(0, 40_000)));
});
