/**
 * The Merkle tree of RFC 6962 §2 (RFC 9162 §2): leaf, node, root, inclusion and consistency. Spec: spec/ledger.md,
 * spec/receipt.md. Sizes and indexes go up to 2^53−1, so they are divided, never shifted.
 */
import { type Fault, fault } from "./fault.ts";
import { equalBytes, type Hash, hex, sha256 } from "./hash.ts";
import { MAX_ENTRY_BYTES } from "./limits.ts";

/** Root of the tree with no leaves: SHA-256 of nothing. Also what the chains cite where nothing comes before. */
export const EMPTY_ROOT: Hash = sha256(new Uint8Array(0));

/**
 * Hash of the complete subtree of 2^level leaves that starts at leaf `index`·2^level; level 0 is leaf hashes. Whoever
 * gives one answers only for subtrees that lie wholly inside its tree.
 */
export type NodeReader = (level: number, index: number) => Hash;

/** SHA-256(0x00 ‖ entry): the leaf hash of an entry's stored bytes. */
export function leafHash(entry: Uint8Array): Hash {
  const fits = entry.length < leafPreimage.length;
  const preimage = fits ? leafPreimage.subarray(0, entry.length + 1) : new Uint8Array(entry.length + 1);
  preimage.set(entry, 1);
  return sha256(preimage);
}
/** One buffer for every leaf of a lawful size: to make one for each costs as much as a third of hashing it. */
const leafPreimage = new Uint8Array(MAX_ENTRY_BYTES + 1);

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Hash, right: Hash): Hash {
  nodePreimage.set(left, 1);
  nodePreimage.set(right, 33);
  return sha256(nodePreimage);
}
/** One buffer for every node: sha256 reads it before it returns, and nothing here awaits. */
const nodePreimage = new Uint8Array(65);
nodePreimage[0] = 1;

/** Root over leaf hashes, in order. */
export function rootOf(leaves: readonly Hash[]): Hash {
  let level = leaves;
  if (level.length === 0) return EMPTY_ROOT;
  while (level.length > 1) level = levelAbove(level);
  return level[0]!;
}

/** Parents of neighbouring nodes; a last node without a neighbour goes up as it is, which is RFC 6962's split. */
function levelAbove(level: readonly Hash[]): Hash[] {
  const above: Hash[] = [];
  for (let i = 0; i + 1 < level.length; i += 2) above.push(nodeHash(level[i]!, level[i + 1]!));
  if (level.length % 2 === 1) above.push(level.at(-1)!);
  return above;
}

/**
 * Root over the leaves [start, end), where start is a multiple of the smallest power of two ≥ end − start: every subtree
 * a proof names, and with start 0 the root at size `end`.
 */
export function subtreeRoot(start: number, end: number, nodeAt: NodeReader): Hash {
  const size = end - start;
  if (size === 0) return EMPTY_ROOT;
  const { power, level } = powerBelow(size + 1);
  if (power === size) return nodeAt(level, start / size);
  return nodeHash(nodeAt(level, start / power), subtreeRoot(start + power, end, nodeAt));
}

/**
 * Sibling hashes from the leaf up to the root's child: RFC 6962 §2.1.1.
 *
 * @param nodeAt the nodes of the tree of `treeSize` leaves (of a larger one, too: complete subtrees never change)
 */
export function inclusionPath(leafIndex: number, treeSize: number, nodeAt: NodeReader): Hash[] {
  const path: Hash[] = [];
  let start = 0;
  let end = treeSize;
  while (end - start > 1) {
    const split = start + powerBelow(end - start).power;
    if (leafIndex < split) {
      path.push(subtreeRoot(split, end, nodeAt));
      end = split;
    } else {
      path.push(subtreeRoot(start, split, nodeAt));
      start = split;
    }
  }
  return path.reverse();
}

/** Proof that the tree of `newSize` extends the one of `oldSize`: RFC 6962 §2.1.2. Empty for size 0 and for equal sizes. */
export function consistencyPath(oldSize: number, newSize: number, nodeAt: NodeReader): Hash[] {
  const path: Hash[] = [];
  if (oldSize === 0 || oldSize === newSize) return path;
  let start = 0;
  let end = newSize;
  // Until the subtree [start, end) is the one that ends the old tree.
  while (end !== oldSize) {
    const split = start + powerBelow(end - start).power;
    if (oldSize <= split) {
      path.push(subtreeRoot(split, end, nodeAt));
      end = split;
    } else {
      path.push(subtreeRoot(start, split, nodeAt));
      start = split;
    }
  }
  // The old root itself is not repeated.
  if (start !== 0) path.push(subtreeRoot(start, end, nodeAt));
  return path.reverse();
}

/**
 * Why the leaf at `leafIndex` is not proved to be in the tree with this root, or undefined when it is.
 * spec/receipt.md step 6 · RFC 6962 §2.1.1, RFC 9162 §2.1.3.2. Never throws: every argument comes from the other side.
 *
 * @param path sibling hashes, 32 bytes each, from the leaf up; its length is fixed by leafIndex and treeSize
 */
export function inclusionFault(
  leaf: Hash,
  leafIndex: number,
  treeSize: number,
  path: readonly Hash[],
  root: Hash,
): Fault | undefined {
  const failed = (detail: string) =>
    fault("inclusion-failed", detail, Number.isSafeInteger(leafIndex) ? { index: leafIndex } : {});
  if (!isSize(treeSize) || !isSize(leafIndex) || leafIndex >= treeSize) {
    return failed(`There is no leaf ${leafIndex} in a tree of ${treeSize}.`);
  }
  if (![leaf, root, ...path].every(isHash)) return failed("A hash is not 32 bytes long.");
  let node = leaf;
  let index = leafIndex;
  let last = treeSize - 1;
  for (const sibling of path) {
    if (last === 0) return failed(`The path has ${path.length} hashes, more than lead from the leaf to the root.`);
    if (index % 2 === 1 || index === last) {
      node = nodeHash(sibling, node);
      // A last node without a right neighbour went up as it is: skip the levels where it did.
      while (index % 2 === 0 && index !== 0) {
        index /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      node = nodeHash(node, sibling);
    }
    index = Math.floor(index / 2);
    last = Math.floor(last / 2);
  }
  if (last !== 0) return failed(`The path has ${path.length} hashes, fewer than lead from the leaf to the root.`);
  if (!equalBytes(node, root)) return failed(`The path leads to ${hex(node)}, not to the root ${hex(root)}.`);
  return undefined;
}

/**
 * Why the tree of `newSize` is not proved to extend the one of `oldSize`, or undefined when it is.
 * RFC 6962 §2.1.2, RFC 9162 §2.1.4.2; size 0 takes an empty path and the empty root (C2SP tlog-witness). Never throws.
 */
export function consistencyFault(
  oldSize: number,
  newSize: number,
  oldRoot: Hash,
  newRoot: Hash,
  path: readonly Hash[],
): Fault | undefined {
  const failed = (detail: string) => fault("consistency-failed", detail);
  if (!isSize(oldSize) || !isSize(newSize)) return failed("A tree size is not an integer from 0 to 2^53−1.");
  if (oldSize > newSize) return failed(`The older tree has ${oldSize} leaves, the newer ${newSize}.`);
  if (![oldRoot, newRoot, ...path].every(isHash)) return failed("A hash is not 32 bytes long.");
  for (const [size, root] of [
    [oldSize, oldRoot],
    [newSize, newRoot],
  ] as const) {
    if (size === 0 && !equalBytes(root, EMPTY_ROOT))
      return failed("A tree of no leaves has another root than SHA-256 of nothing.");
  }
  if (oldSize === 0 || oldSize === newSize) {
    if (path.length > 0) return failed("The path must be empty for size 0 and for equal sizes.");
    if (oldSize === newSize && !equalBytes(oldRoot, newRoot)) {
      return failed(`Two roots for the size ${oldSize}: ${hex(oldRoot)} and ${hex(newRoot)}.`);
    }
    return undefined;
  }
  // Climb from the last old leaf to the subtree that ends the old tree; when that is the whole old tree, its root is
  // the proof's first hash and is not repeated.
  let index = oldSize - 1;
  let last = newSize - 1;
  while (index % 2 === 1) {
    index = Math.floor(index / 2);
    last = Math.floor(last / 2);
  }
  const rest = index === 0 ? [oldRoot, ...path] : path;
  const first = rest[0];
  if (first === undefined) return failed("The path is empty.");
  let oldNode = first;
  let newNode = first;
  for (const sibling of rest.slice(1)) {
    if (last === 0) return failed(`The path has ${path.length} hashes, more than lead to the root.`);
    if (index % 2 === 1 || index === last) {
      oldNode = nodeHash(sibling, oldNode);
      newNode = nodeHash(sibling, newNode);
      while (index % 2 === 0 && index !== 0) {
        index /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      newNode = nodeHash(newNode, sibling);
    }
    index = Math.floor(index / 2);
    last = Math.floor(last / 2);
  }
  if (last !== 0) return failed(`The path has ${path.length} hashes, fewer than lead to the root.`);
  if (!equalBytes(oldNode, oldRoot)) return failed(`The path leads to ${hex(oldNode)}, not to the older root.`);
  if (!equalBytes(newNode, newRoot)) return failed(`The path leads to ${hex(newNode)}, not to the newer root.`);
  return undefined;
}

/** The largest power of two smaller than `size` (≥ 2), and its exponent. */
export function powerBelow(size: number): { readonly power: number; readonly level: number } {
  let power = 1;
  let level = 0;
  while (power * 2 < size) {
    power *= 2;
    level++;
  }
  return { power, level };
}

/** Whether this can be a tree size or a leaf index. */
export function isSize(size: number): boolean {
  return Number.isSafeInteger(size) && size >= 0 && !Object.is(size, -0);
}

function isHash(hash: Hash): boolean {
  return hash.length === 32;
}
