/**
 * The growing edge of a Merkle tree: all a log needs to append and to know its root, and from it the proofs of a whole
 * batch at once. Spec: spec/ledger.md.
 */
import { formatBase64 } from "./base64.ts";
import { assert } from "./errors.ts";
import type { Hash } from "./hash.ts";
import { EMPTY_ROOT, isSize, type NodeReader, nodeHash, powerBelow } from "./merkle.ts";

/**
 * The roots of the complete subtrees a tree of `treeSize` leaves is made of, the largest first: one for each bit of
 * treeSize that is set. Mutable; `copy()` costs one array of at most 53 references.
 */
export class Frontier {
  #treeSize: number;
  readonly #roots: Hash[];

  /** An empty tree's frontier; `roots` are those of a tree of `treeSize` leaves, largest subtree first. */
  constructor(treeSize = 0, roots: readonly Hash[] = []) {
    assert(
      isSize(treeSize) && roots.length === bitCount(treeSize),
      "a frontier has one root for each set bit of its size",
    );
    this.#treeSize = treeSize;
    this.#roots = [...roots];
  }

  get treeSize(): number {
    return this.#treeSize;
  }

  /** Largest subtree first. */
  get roots(): readonly Hash[] {
    return this.#roots;
  }

  /** Appends one leaf hash; one node hash on average. */
  append(leaf: Hash): void {
    assert(this.#treeSize < Number.MAX_SAFE_INTEGER, "a tree has at most 2^53−1 leaves");
    let node = leaf;
    for (let size = this.#treeSize; size % 2 === 1; size = (size - 1) / 2) node = nodeHash(this.#roots.pop()!, node);
    this.#roots.push(node);
    this.#treeSize++;
  }

  /** RFC 6962 root at this size. */
  root(): Hash {
    let node = this.#roots.at(-1);
    if (node === undefined) return EMPTY_ROOT;
    for (let i = this.#roots.length - 2; i >= 0; i--) node = nodeHash(this.#roots[i]!, node);
    return node;
  }

  copy(): Frontier {
    return new Frontier(this.#treeSize, this.#roots);
  }
}

/** Frontier of a tree whose nodes can be read. */
export function frontierAt(treeSize: number, nodeAt: NodeReader): Frontier {
  const roots: Hash[] = [];
  for (let start = 0; start < treeSize; ) {
    const { power, level } = powerBelow(treeSize - start + 1);
    roots.push(nodeAt(level, start / power));
    start += power;
  }
  return new Frontier(treeSize, roots);
}

/** Eight bytes of size, big-endian, then the subtree roots, largest first. What a store keeps in a log's head. */
export function formatFrontier(frontier: Frontier): Uint8Array {
  const bytes = new Uint8Array(8 + 32 * frontier.roots.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(frontier.treeSize));
  frontier.roots.forEach((root, i) => {
    bytes.set(root, 8 + 32 * i);
  });
  return bytes;
}

/** Reads {@link formatFrontier}'s bytes; undefined when they are not exactly that. The roots are copies. */
export function parseFrontier(bytes: Uint8Array): Frontier | undefined {
  if (bytes.length < 8) return undefined;
  const treeSize = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0));
  if (!isSize(treeSize) || bytes.length !== 8 + 32 * bitCount(treeSize)) return undefined;
  const roots: Hash[] = [];
  for (let at = 8; at < bytes.length; at += 32) roots.push(bytes.slice(at, at + 32));
  return new Frontier(treeSize, roots);
}

/**
 * A batch of leaves appended to a tree, with every node it adds hashed once: the new root and frontier, the nodes to
 * store, and the inclusion path of each leaf of the batch in the new tree. Immutable; keeps about 64 bytes for each leaf.
 */
export class LeafBatch {
  /** First leaf index of the batch, and the tree's size after it. */
  readonly oldSize: number;
  readonly treeSize: number;
  readonly root: Hash;
  readonly #levels: readonly Level[];
  /** Base64 of the path from the node upwards, one line each, by level and place: leaves share the upper lines. */
  readonly #texts: (string | undefined)[][];

  readonly #before: Frontier;

  /** @param before frontier of the tree the batch is appended to; not changed */
  constructor(before: Frontier, leaves: readonly Hash[]) {
    this.oldSize = before.treeSize;
    this.treeSize = before.treeSize + leaves.length;
    assert(isSize(this.treeSize), "a tree has at most 2^53−1 leaves");
    this.#levels = leaves.length === 0 ? [] : levelsOf(before, leaves);
    this.#texts = this.#levels.map(() => []);
    this.root = leaves.length === 0 ? before.root() : this.#levels.at(-1)!.nodes[0]!;
    this.#before = before.copy();
  }

  /** Frontier of the new tree; nothing is hashed again. */
  frontier(): Frontier {
    if (this.#levels.length === 0) return this.#before.copy();
    const roots: Hash[] = [];
    for (let size = this.treeSize, level = 0; size > 0; size = Math.floor(size / 2), level++) {
      if (size % 2 === 0) continue;
      const { first, nodes } = this.#levels[level]!;
      roots.unshift(nodes[size - 1 - first]!);
    }
    return new Frontier(this.treeSize, roots);
  }

  /** Sibling hashes from the leaf up, in the new tree: {@link inclusionPath} of a leaf of this batch. */
  path(leafIndex: number): Hash[] {
    const path: Hash[] = [];
    let at = this.#placeOf(leafIndex);
    for (const { nodes, shift } of this.#levels) {
      at += shift;
      const sibling = nodes[at ^ 1];
      if (sibling !== undefined) path.push(sibling);
      at >>= 1;
    }
    return path;
  }

  /** The path as a C2SP tlog-proof writes it: one line of base64 for each hash, each ended by a newline. */
  pathText(leafIndex: number): string {
    return this.#textFrom(0, this.#placeOf(leafIndex));
  }

  /** The complete subtrees of 2^level leaves that this batch finished, by increasing index from `first`. */
  completed(level: number): { readonly first: number; readonly nodes: readonly Hash[] } {
    const width = 2 ** level;
    const first = Math.floor(this.oldSize / width);
    const end = Math.floor(this.treeSize / width);
    const here = this.#levels[level];
    if (here === undefined || end <= first) return { first, nodes: [] };
    return { first, nodes: here.nodes.slice(first - here.first, end - here.first) };
  }

  #placeOf(leafIndex: number): number {
    assert(leafIndex >= this.oldSize && leafIndex < this.treeSize, "the leaf is one of this batch");
    return leafIndex - this.oldSize;
  }

  #textFrom(level: number, below: number): string {
    const here = this.#levels[level];
    if (here === undefined) return "";
    const at = below + here.shift;
    const texts = this.#texts[level]!;
    const known = texts[at];
    if (known !== undefined) return known;
    const sibling = here.nodes[at ^ 1];
    const text = (sibling === undefined ? "" : `${formatBase64(sibling)}\n`) + this.#textFrom(level + 1, at >> 1);
    texts[at] = text;
    return text;
  }
}

/**
 * One level of the tree from the batch's left edge to the right edge of the tree. `first` is the index of nodes[0] and
 * is even; `shift` is 1 when nodes[0] is a left neighbour taken from the frontier. The last node may stand for an
 * incomplete subtree, as RFC 6962 hashes it.
 */
type Level = { readonly first: number; readonly shift: 0 | 1; readonly nodes: readonly Hash[] };

function levelsOf(before: Frontier, leaves: readonly Hash[]): Level[] {
  const levels: Level[] = [];
  const left = [...before.roots]; // popped from the smallest: the frontier has a root at each level where `start` is odd
  let start = before.treeSize;
  let nodes = leaves;
  for (;;) {
    const shift = start % 2 === 1 ? 1 : 0;
    if (shift === 1) nodes = [left.pop()!, ...nodes];
    levels.push({ first: start - shift, shift, nodes });
    if (start - shift === 0 && nodes.length === 1) return levels;
    const above = new Array<Hash>((nodes.length + 1) >> 1);
    for (let i = 0; i + 1 < nodes.length; i += 2) above[i >> 1] = nodeHash(nodes[i]!, nodes[i + 1]!);
    if (nodes.length % 2 === 1) above[nodes.length >> 1] = nodes.at(-1)!;
    nodes = above;
    start = (start - shift) / 2;
  }
}

function bitCount(size: number): number {
  let bits = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2;
  return bits;
}
