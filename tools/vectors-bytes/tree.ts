/** Vectors of the Merkle tree: spec/ledger.md and the proofs of spec/receipt.md. */
import { type Hash, hex } from "@countersign/evidence/hash";
import { consistencyPath, EMPTY_ROOT, inclusionPath } from "@countersign/evidence/merkle";
import { entries, flipped, leaves, nodeAt, root } from "./log.ts";

/** Hashes in hex. `entries` are the exact bytes as text; leaves[i] is the leaf hash of entries[i], roots[n] the root at size n. */
export type LogVector = {
  readonly desc: string;
  readonly entries: readonly string[];
  readonly leaves: readonly string[];
  readonly roots: readonly string[];
};
export type InclusionVector = {
  readonly desc: string;
  readonly leaf: string;
  readonly leaf_index: number;
  readonly tree_size: number;
  readonly path: readonly string[];
  readonly root: string;
  readonly faults: readonly string[];
};
export type ConsistencyVector = {
  readonly desc: string;
  readonly old_size: number;
  readonly new_size: number;
  readonly old_root: string;
  readonly new_root: string;
  readonly path: readonly string[];
  readonly faults: readonly string[];
};

export function merkleVectors(): Record<string, LogVector | InclusionVector | ConsistencyVector> {
  return { ...logVectors(), ...inclusionVectors(), ...consistencyVectors() };
}

function logVectors(): Record<string, LogVector> {
  const decoder = new TextDecoder();
  return {
    "log/valid": {
      desc: "seven entries, their leaf hashes, and the root at every size from 0 to 7",
      entries: entries.map((entry) => decoder.decode(entry)),
      leaves: leaves.map(hex),
      roots: [...leaves.keys(), leaves.length].map((size) => hex(root(size))),
    },
  };
}

function inclusionVectors(): Record<string, InclusionVector> {
  type Proof = { leaf: Hash; index: number; size: number; path: readonly Hash[]; root: Hash };
  const good: Proof = { leaf: leaves[4]!, index: 4, size: 7, path: inclusionPath(4, 7, nodeAt), root: root(7) };
  const of = (
    desc: string,
    changes: Partial<Proof> = {},
    faults: readonly string[] = ["inclusion-failed"],
  ): InclusionVector => {
    const { leaf, index, size, path, root } = { ...good, ...changes };
    return { desc, leaf: hex(leaf), leaf_index: index, tree_size: size, path: path.map(hex), root: hex(root), faults };
  };
  const last: Proof = { leaf: leaves[6]!, index: 6, size: 7, path: inclusionPath(6, 7, nodeAt), root: root(7) };
  return {
    "inclusion/valid": of("leaf 4 of 7", {}, []),
    "inclusion/valid-last": of("the last leaf, which goes up alone for a level", last, []),
    "inclusion/valid-single": of(
      "the only leaf: an empty path",
      { leaf: leaves[0]!, index: 0, size: 1, path: [], root: root(1) },
      [],
    ),
    "inclusion/other-leaf": of("another entry's leaf hash", { leaf: leaves[5]! }),
    "inclusion/other-index": of("another index", { index: 5 }),
    "inclusion/other-size": of("another tree size", { size: 6 }),
    "inclusion/index-at-size": of("an index that is not in the tree", { index: 7 }),
    "inclusion/other-root": of("the root of another size", { root: root(6) }),
    "inclusion/path-cut": of("the path's last hash left out", { path: good.path.slice(0, -1) }),
    "inclusion/path-longer": of("one hash more", { path: [...good.path, root(7)] }),
    "inclusion/path-reversed": of("the path from the root down", { path: good.path.toReversed() }),
    "inclusion/bit-flipped": of("one bit of the path", { path: good.path.with(1, flipped(good.path[1]!)) }),
    "inclusion/short-hash": of("a hash of 31 bytes", { path: good.path.with(1, good.path[1]!.subarray(1)) }),
  };
}

function consistencyVectors(): Record<string, ConsistencyVector> {
  type Proof = { old: number; size: number; oldRoot: Hash; newRoot: Hash; path: readonly Hash[] };
  const good: Proof = { old: 3, size: 7, oldRoot: root(3), newRoot: root(7), path: consistencyPath(3, 7, nodeAt) };
  const of = (
    desc: string,
    changes: Partial<Proof> = {},
    faults: readonly string[] = ["consistency-failed"],
  ): ConsistencyVector => {
    const { old, size, oldRoot, newRoot, path } = { ...good, ...changes };
    return {
      desc,
      old_size: old,
      new_size: size,
      old_root: hex(oldRoot),
      new_root: hex(newRoot),
      path: path.map(hex),
      faults,
    };
  };
  const power: Proof = { old: 4, size: 7, oldRoot: root(4), newRoot: root(7), path: consistencyPath(4, 7, nodeAt) };
  const same: Proof = { old: 7, size: 7, oldRoot: root(7), newRoot: root(7), path: [] };
  const zero: Proof = { old: 0, size: 7, oldRoot: EMPTY_ROOT, newRoot: root(7), path: [] };
  return {
    "consistency/valid": of("3 leaves to 7", {}, []),
    "consistency/valid-power-of-two": of("4 leaves to 7: the older root is not repeated", power, []),
    "consistency/valid-same-size": of("equal sizes: an empty path", same, []),
    "consistency/valid-from-zero": of("from no leaves: an empty path (C2SP tlog-witness)", zero, []),
    "consistency/zero-with-path": of("from no leaves with a path", { ...zero, path: [root(7)] }),
    "consistency/zero-with-root": of("no leaves but another root than SHA-256 of nothing", {
      ...zero,
      oldRoot: root(1),
    }),
    "consistency/same-size-other-root": of("two roots for one size", { ...same, newRoot: flipped(root(7)) }),
    "consistency/same-size-with-path": of("equal sizes with a path", { ...same, path: [root(7)] }),
    "consistency/rolled-back": of("the newer tree is smaller", { old: 7, size: 3, oldRoot: root(7), newRoot: root(3) }),
    "consistency/other-old-root": of("another older root", { oldRoot: root(2) }),
    "consistency/other-new-root": of("another newer root", { newRoot: root(6) }),
    "consistency/path-cut": of("the path's last hash left out", { path: good.path.slice(0, -1) }),
    "consistency/path-empty": of("no path", { path: [] }),
    "consistency/path-longer": of("one hash more", { path: [...good.path, root(7)] }),
    "consistency/bit-flipped": of("one bit of the path", { path: good.path.with(0, flipped(good.path[0]!)) }),
  };
}
