import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatBase64 } from "./base64.ts";
import { Frontier, formatFrontier, frontierAt, LeafBatch, parseFrontier } from "./frontier.ts";
import { type Hash, hex, utf8 } from "./hash.ts";
import { EMPTY_ROOT, inclusionFault, inclusionPath, leafHash, type NodeReader, nodeHash, rootOf } from "./merkle.ts";

const leavesOf = (size: number) => Array.from({ length: size }, (_, i) => leafHash(utf8(`${i}`)));
const LEAVES = leavesOf(700);
const nodeAt: NodeReader = (level, index) => rootOf(LEAVES.slice(index * 2 ** level, (index + 1) * 2 ** level));
const frontierOf = (leaves: readonly Hash[]) => {
  const frontier = new Frontier();
  for (const leaf of leaves) frontier.append(leaf);
  return frontier;
};
const texts = (hashes: readonly Hash[]) => hashes.map(hex);

test("frontier: gives the root at every size while it grows", () => {
  const frontier = new Frontier();
  assert.deepEqual(frontier.root(), EMPTY_ROOT);
  for (let size = 1; size <= 300; size++) {
    frontier.append(LEAVES[size - 1]!);
    assert.equal(frontier.treeSize, size);
    assert.deepEqual(frontier.root(), rootOf(LEAVES.slice(0, size)), `${size} leaves`);
  }
});

test("frontier: is stored and read back, from its bytes or from the tree's nodes", () => {
  for (const size of [0, 1, 2, 3, 255, 256, 257, 700]) {
    const frontier = frontierOf(LEAVES.slice(0, size));
    const bytes = formatFrontier(frontier);
    const read = parseFrontier(Uint8Array.from([9, ...bytes]).subarray(1)); // at an offset, as inside a row
    assert.deepEqual(texts(read!.roots), texts(frontier.roots));
    assert.equal(read!.treeSize, size);
    assert.deepEqual(read!.root(), frontier.root());
    assert.deepEqual(formatFrontier(frontierAt(size, nodeAt)), bytes);
    read!.append(LEAVES[0]!);
    assert.deepEqual(read!.root(), rootOf([...LEAVES.slice(0, size), LEAVES[0]!]));
    assert.equal(frontier.treeSize, size, "a read frontier is another one");
  }
});

test("frontier: bytes that are not one are refused", () => {
  const bytes = formatFrontier(frontierOf(LEAVES.slice(0, 5)));
  assert.ok(parseFrontier(bytes), "control");
  const tooLarge = Uint8Array.from(bytes);
  tooLarge.set([0, 32, 0, 0, 0, 0, 0, 0]); // 2^53
  for (const wrong of [
    bytes.subarray(1),
    bytes.subarray(0, -1),
    bytes.subarray(0, 7),
    Uint8Array.from([...bytes, ...LEAVES[0]!]),
    tooLarge,
  ]) {
    assert.equal(parseFrontier(wrong), undefined);
  }
  assert.throws(() => new Frontier(5, [LEAVES[0]!]), /one root for each set bit/);
});

test("frontier: a copy is independent of what it was copied from", () => {
  const frontier = frontierOf(LEAVES.slice(0, 6));
  const copy = frontier.copy();
  copy.append(LEAVES[6]!);
  assert.deepEqual([frontier.treeSize, copy.treeSize], [6, 7]);
  assert.deepEqual(frontier.root(), rootOf(LEAVES.slice(0, 6)));
});

test("frontier: goes up to 2^53−1 leaves and no further", () => {
  const level: Hash[] = [LEAVES[0]!];
  for (let i = 1; i < 53; i++) level.push(nodeHash(level[i - 1]!, level[i - 1]!));
  const almost = frontierAt(Number.MAX_SAFE_INTEGER - 1, (height) => level[height]!);
  assert.equal(parseFrontier(formatFrontier(almost))!.treeSize, Number.MAX_SAFE_INTEGER - 1);
  almost.append(LEAVES[0]!);
  assert.deepEqual(almost.root(), frontierAt(Number.MAX_SAFE_INTEGER, (height) => level[height]!).root());
  assert.throws(() => almost.append(LEAVES[0]!), /at most 2\^53−1/);
});

test("batch: root, frontier, paths and completed nodes are those of the grown tree", () => {
  const check = (oldSize: number, added: number) => {
    const treeSize = oldSize + added;
    const before = frontierOf(LEAVES.slice(0, oldSize));
    const batch = new LeafBatch(before, LEAVES.slice(oldSize, treeSize));
    const root = rootOf(LEAVES.slice(0, treeSize));
    assert.deepEqual(batch.root, root);
    assert.equal(batch.treeSize, treeSize);
    assert.deepEqual(formatFrontier(batch.frontier()), formatFrontier(frontierOf(LEAVES.slice(0, treeSize))));
    for (let index = oldSize; index < treeSize; index++) {
      const path = batch.path(index);
      assert.deepEqual(texts(path), texts(inclusionPath(index, treeSize, nodeAt)), `${index} in ${treeSize}`);
      assert.equal(inclusionFault(LEAVES[index]!, index, treeSize, path, root), undefined);
      assert.equal(batch.pathText(index), path.map((hash) => `${formatBase64(hash)}\n`).join(""));
    }
    for (let level = 0; level < 11; level++) {
      const { first, nodes } = batch.completed(level);
      assert.equal(first, Math.floor(oldSize / 2 ** level));
      assert.equal(first + nodes.length, Math.max(first, Math.floor(treeSize / 2 ** level)));
      nodes.forEach((node, i) => {
        assert.deepEqual(node, nodeAt(level, first + i));
      });
    }
    assert.equal(before.treeSize, oldSize, "the frontier before is left as it was");
  };
  for (let oldSize = 0; oldSize <= 17; oldSize++) for (let added = 0; added <= 17; added++) check(oldSize, added);
  for (const [oldSize, added] of [
    [0, 256],
    [1, 256],
    [255, 1],
    [255, 2],
    [256, 256],
    [257, 255],
    [511, 189],
  ] as const) {
    check(oldSize, added);
  }
  fc.assert(fc.property(fc.nat(340), fc.nat(340), check), { numRuns: 20 });
});

test("batch: control: a path against the size before the batch does not verify", () => {
  const batch = new LeafBatch(frontierOf(LEAVES.slice(0, 5)), LEAVES.slice(5, 9));
  const old = inclusionPath(4, 5, nodeAt);
  assert.equal(inclusionFault(LEAVES[4]!, 4, batch.treeSize, old, batch.root)?.code, "inclusion-failed");
  assert.throws(() => batch.path(4), /one of this batch/);
  assert.throws(() => batch.path(9), /one of this batch/);
});
