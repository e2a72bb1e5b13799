import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { parseBase64 } from "./base64.ts";
import { type Hash, hex, parseHex, utf8 } from "./hash.ts";
import {
  consistencyFault,
  consistencyPath,
  EMPTY_ROOT,
  inclusionFault,
  inclusionPath,
  leafHash,
  type NodeReader,
  nodeHash,
  rootOf,
  subtreeRoot,
} from "./merkle.ts";
import { externalVectors, jsonFilesUnder, type SpecVector, specVectors } from "./vectors.node.ts";

// ── The definitions of RFC 6962 §2.1, word for word and as slow as they read ────────────────────────────────────────

const split = (n: number) => 2 ** (Math.ceil(Math.log2(n)) - 1);

function mth(d: readonly Hash[]): Hash {
  if (d.length === 0) return EMPTY_ROOT;
  if (d.length === 1) return d[0]!;
  const k = split(d.length);
  return nodeHash(mth(d.slice(0, k)), mth(d.slice(k)));
}

function pathOf(m: number, d: readonly Hash[]): Hash[] {
  if (d.length === 1) return [];
  const k = split(d.length);
  return m < k ? [...pathOf(m, d.slice(0, k)), mth(d.slice(k))] : [...pathOf(m - k, d.slice(k)), mth(d.slice(0, k))];
}

function subproof(m: number, d: readonly Hash[], whole: boolean): Hash[] {
  if (m === d.length) return whole ? [] : [mth(d)];
  const k = split(d.length);
  return m <= k
    ? [...subproof(m, d.slice(0, k), whole), mth(d.slice(k))]
    : [...subproof(m - k, d.slice(k), false), mth(d.slice(0, k))];
}

const leavesOf = (size: number, name = "") => Array.from({ length: size }, (_, i) => leafHash(utf8(`${name}${i}`)));
const nodesOf =
  (leaves: readonly Hash[]): NodeReader =>
  (level, index) => {
    const width = 2 ** level;
    const nodes = leaves.slice(index * width, (index + 1) * width);
    assert.equal(nodes.length, width, "only complete subtrees are asked for");
    return mth(nodes);
  };
const flip = (hash: Hash) => Uint8Array.from(hash, (byte, i) => (i === 7 ? byte ^ 1 : byte));

// ── Hashes ──────────────────────────────────────────────────────────────────────────────────────────────────────────

test("merkle: leaf, node and root of RFC 6962's reference tree of eight leaves", () => {
  const inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
  const leaves = inputs.map((input) => leafHash(Buffer.from(input, "hex")));
  const roots = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  ];
  roots.forEach((root, size) => {
    assert.equal(hex(rootOf(leaves.slice(0, size))), root, `${size} leaves`);
  });
});

// ── External vectors ────────────────────────────────────────────────────────────────────────────────────────────────

type Case = { readonly desc: string; readonly wantErr: boolean; readonly proof: readonly string[] | null };
type InclusionCase = Case & {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly root: string;
  readonly leafHash: string;
};
type ConsistencyCase = Case & {
  readonly size1: number;
  readonly size2: number;
  readonly root1: string;
  readonly root2: string;
};

const rfc6962 = externalVectors("rfc6962/testdata");
const casesOf = <C>(folder: string) =>
  jsonFilesUnder(join(rfc6962.folder, folder)).map(
    (path) => [path, JSON.parse(readFileSync(path, "utf8")) as C] as const,
  );
// Go's base64 of an absent hash is the empty string.
const bytesOf = (text: string | undefined): Uint8Array => parseBase64(text ?? "") ?? new Uint8Array(0);

test("merkle: every inclusion case of transparency-dev/merkle", { skip: rfc6962.skip }, () => {
  const cases = casesOf<InclusionCase>("inclusion");
  assert.equal(cases.length, 98);
  assert.ok(cases.some(([, { wantErr }]) => !wantErr) && cases.some(([, { wantErr }]) => wantErr));
  for (const [path, { leafIdx, treeSize, root, leafHash, proof, desc, wantErr }] of cases) {
    const found = inclusionFault(bytesOf(leafHash), leafIdx, treeSize, (proof ?? []).map(bytesOf), bytesOf(root));
    assert.equal(found !== undefined, wantErr, `${path}: ${desc}: ${found?.detail}`);
  }
});

test("merkle: every consistency case of transparency-dev/merkle", { skip: rfc6962.skip }, () => {
  const cases = casesOf<ConsistencyCase>("consistency");
  assert.equal(cases.length, 98);
  assert.ok(cases.some(([, { wantErr }]) => !wantErr) && cases.some(([, { wantErr }]) => wantErr));
  const others: string[] = [];
  for (const [path, { size1, size2, root1, root2, proof, desc, wantErr }] of cases) {
    const found = consistencyFault(size1, size2, bytesOf(root1), bytesOf(root2), (proof ?? []).map(bytesOf));
    if ((found !== undefined) !== wantErr) others.push(`${path.split("/").at(-1)}: ${desc}: ${found?.detail}`);
  }
  // One case compares two equal "roots" of twelve bytes; a root that is not a hash is a fault here, whatever it equals.
  assert.deepEqual(others, [
    "sizes-are-equal-one-and-proof-is-empty.json: sizes are equal (one) and proof is empty: A hash is not 32 bytes long.",
  ]);
  const one = rootOf(leavesOf(1));
  assert.equal(consistencyFault(1, 1, one, one, []), undefined);
});

test("merkle: size zero is consistent with every tree, by an empty proof and the empty root only", () => {
  // That API treats size1 = 0 as an error (its two cases carry "roots" that are not hashes, so they fail here as well);
  // the witness specification wants an empty proof, and so do we.
  const [one, two] = [rootOf(leavesOf(1)), rootOf(leavesOf(2))];
  assert.equal(consistencyFault(0, 0, EMPTY_ROOT, EMPTY_ROOT, []), undefined);
  assert.equal(consistencyFault(0, 1, EMPTY_ROOT, one, []), undefined);
  assert.equal(consistencyFault(0, 2, EMPTY_ROOT, two, []), undefined);
  assert.deepEqual(consistencyPath(0, 2, nodesOf(leavesOf(2))), []);
  for (const [why, found] of [
    ["a proof that is not empty", consistencyFault(0, 2, EMPTY_ROOT, two, [one])],
    ["an older root that is not the empty one", consistencyFault(0, 2, one, two, [])],
    ["a newer root of size zero that is not the empty one", consistencyFault(0, 0, EMPTY_ROOT, one, [])],
    ["two equal roots of size zero that are not the empty one", consistencyFault(0, 0, one, one, [])],
  ] as const) {
    assert.equal(found?.code, "consistency-failed", why);
  }
});

// ── Against the definitions ─────────────────────────────────────────────────────────────────────────────────────────

test("merkle: roots, inclusion and consistency equal RFC 6962's definitions for every size up to 40", () => {
  const leaves = leavesOf(40);
  const nodeAt = nodesOf(leaves);
  for (let size = 0; size <= leaves.length; size++) {
    const here = leaves.slice(0, size);
    const root = mth(here);
    assert.deepEqual(rootOf(here), root);
    assert.deepEqual(subtreeRoot(0, size, nodeAt), root);
    for (let index = 0; index < size; index++) {
      const path = inclusionPath(index, size, nodeAt);
      assert.deepEqual(path, pathOf(index, here));
      assert.equal(inclusionFault(here[index]!, index, size, path, root), undefined);
    }
    for (let old = 1; old <= size; old++) {
      const path = consistencyPath(old, size, nodeAt);
      assert.deepEqual(path, subproof(old, here, true), `${old} of ${size}`);
      assert.equal(consistencyFault(old, size, mth(leaves.slice(0, old)), root, path), undefined, `${old} of ${size}`);
    }
  }
});

const sizeAndIndex = fc.integer({ min: 1, max: 300 }).chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1)));

test("merkle: an inclusion proof with anything changed is refused", () => {
  fc.assert(
    fc.property(sizeAndIndex, fc.nat(), ([size, index], pick) => {
      const leaves = leavesOf(size);
      const [leaf, root] = [leaves[index]!, mth(leaves)];
      const path = inclusionPath(index, size, nodesOf(leaves));
      assert.equal(inclusionFault(leaf, index, size, path, root), undefined);
      const place = pick % (path.length + 1);
      const without = path.filter((_, i) => i !== place % path.length);
      const wrong = [
        inclusionFault(flip(leaf), index, size, path, root),
        inclusionFault(leaf, index, size, path, flip(root)),
        inclusionFault(leaf, index, size, path.toSpliced(place, 0, leaf), root),
        inclusionFault(leaf, index, size, [...path, root], root),
        inclusionFault(leaf, size, size, path, root),
        inclusionFault(leaf, -1, size, path, root),
        inclusionFault(leaf, index + 0.5, size, path, root),
        ...(path.length === 0
          ? []
          : [
              inclusionFault(leaf, index, size, without, root),
              inclusionFault(leaf, index, size, path.with(place % path.length, flip(path[place % path.length]!)), root),
              inclusionFault(leaf, index, size, path.with(place % path.length, root.subarray(1)), root),
              inclusionFault(leaf, (index + 1) % size, size, path, root),
            ]),
      ];
      for (const [i, found] of wrong.entries()) assert.equal(found?.code, "inclusion-failed", `mutation ${i}`);
    }),
    { numRuns: 60 },
  );
});

test("merkle: a consistency proof with anything changed is refused", () => {
  fc.assert(
    fc.property(sizeAndIndex, fc.nat(), ([size, index], pick) => {
      const old = index + 1;
      const leaves = leavesOf(size);
      const [oldRoot, root] = [mth(leaves.slice(0, old)), mth(leaves)];
      const path = consistencyPath(old, size, nodesOf(leaves));
      assert.equal(consistencyFault(old, size, oldRoot, root, path), undefined);
      const place = path.length === 0 ? 0 : pick % path.length;
      const forked = mth([...leavesOf(old, "other"), ...leaves.slice(old)]);
      const wrong = [
        consistencyFault(old, size, flip(oldRoot), root, path),
        consistencyFault(old, size, oldRoot, flip(root), path),
        consistencyFault(old, size, oldRoot, forked, path),
        consistencyFault(old, size, oldRoot, root, [...path, root]),
        consistencyFault(old, size, oldRoot, root, path.toSpliced(place, 0, oldRoot)),
        consistencyFault(size + 1, size, oldRoot, root, path),
        consistencyFault(Number.NaN, size, oldRoot, root, path),
        ...(path.length === 0
          ? []
          : [
              consistencyFault(old, size, oldRoot, root, path.toSpliced(place, 1)),
              consistencyFault(old, size, oldRoot, root, path.with(place, flip(path[place]!))),
              consistencyFault(size, old, root, oldRoot, path),
            ]),
      ];
      for (const [i, found] of wrong.entries()) assert.equal(found?.code, "consistency-failed", `mutation ${i}`);
    }),
    { numRuns: 60 },
  );
});

test("merkle: indexes and sizes up to 2^53−1 work, where 32-bit operations would not", () => {
  // A tree whose complete subtrees of one level all have one hash, so that any size can be had without its leaves.
  const level: Hash[] = [leafHash(utf8("same"))];
  for (let i = 1; i < 53; i++) level.push(nodeHash(level[i - 1]!, level[i - 1]!));
  const nodeAt: NodeReader = (height) => level[height]!;
  const largest = Number.MAX_SAFE_INTEGER;
  for (const size of [2 ** 31, 2 ** 32 + 1, 2 ** 40 + 7, 2 ** 52, largest - 1, largest]) {
    const root = subtreeRoot(0, size, nodeAt);
    for (const index of [0, 1, 2 ** 31 - 1, size - 2, size - 1]) {
      const path = inclusionPath(index, size, nodeAt);
      assert.equal(inclusionFault(level[0]!, index, size, path, root), undefined, `${index} in ${size}`);
      // 2^32 further or back is another leaf: the same proof must not fit where the paths' lengths differ.
      const shorter = inclusionFault(level[0]!, index, size, path.slice(1), root);
      assert.equal(shorter?.code, "inclusion-failed");
    }
    for (const old of [1, 2 ** 30 + 3, 2 ** 31 - 1, size - 1]) {
      const path = consistencyPath(old, size, nodeAt);
      const oldRoot = subtreeRoot(0, old, nodeAt);
      assert.equal(consistencyFault(old, size, oldRoot, root, path), undefined, `${old} to ${size}`);
      assert.equal(consistencyFault(old, size, flip(oldRoot), root, path)?.code, "consistency-failed");
    }
  }
  assert.equal(inclusionFault(level[0]!, 0, largest + 1, [], level[0]!)?.code, "inclusion-failed");
});

// ── Our own vectors ─────────────────────────────────────────────────────────────────────────────────────────────────

type TreeVector = SpecVector & { readonly faults: readonly string[] } & (
    | { readonly entries: readonly string[]; readonly leaves: readonly string[]; readonly roots: readonly string[] }
    | {
        readonly leaf: string;
        readonly leaf_index: number;
        readonly tree_size: number;
        readonly path: readonly string[];
        readonly root: string;
      }
    | {
        readonly old_size: number;
        readonly new_size: number;
        readonly old_root: string;
        readonly new_root: string;
        readonly path: readonly string[];
      }
  );

for (const [name, vector] of specVectors<TreeVector>("merkle")) {
  test(`merkle: ${name}: ${vector.desc}`, () => {
    if ("entries" in vector) {
      const leaves = vector.entries.map((entry) => leafHash(utf8(entry)));
      assert.deepEqual(leaves.map(hex), vector.leaves);
      assert.deepEqual(
        vector.roots.map((_, size) => hex(rootOf(leaves.slice(0, size)))),
        vector.roots,
      );
      return;
    }
    const path = vector.path.map(parseHex);
    const found =
      "leaf" in vector
        ? inclusionFault(parseHex(vector.leaf), vector.leaf_index, vector.tree_size, path, parseHex(vector.root))
        : consistencyFault(
            vector.old_size,
            vector.new_size,
            parseHex(vector.old_root),
            parseHex(vector.new_root),
            path,
          );
    assert.deepEqual(found === undefined ? [] : [found.code], vector.faults);
  });
}
