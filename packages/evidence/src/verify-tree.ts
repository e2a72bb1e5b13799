/**
 * Step 3 of spec/pack.md: the entries a pack holds, each with the leaf the signed tree has for it. Acceptance is here
 * and only here; what later steps say of chains and views is said of bytes the tree has already accepted or refused.
 */
import type { Checkpoint } from "./checkpoint.ts";
import { type Fault, fault } from "./fault.ts";
import { equalBytes, type Hash, hex } from "./hash.ts";
import { inclusionFault, leafHash, type NodeReader, rootOf, subtreeRoot } from "./merkle.ts";
import { CONTENT, entryPath, parseEntryPath, proofPath } from "./pack.ts";
import type { PackReader } from "./pack-reader.ts";
import { parseReceipt } from "./receipt.ts";
import { formatTilePath, parseEntryBundle, parseTile, TILE_WIDTH, tilesFor } from "./tiles.ts";

/** An entry in its place. Without bytes it is a hole: only the tree's leaf is known. */
export type ProvedEntry = {
  readonly index: number;
  readonly bytes: Uint8Array | undefined;
  /** What the tree has; where the pack does not show that, the hash of the bytes. */
  readonly leaf: Hash;
  /** Whether `leaf` is what the tree has: later entries are held against it only then. */
  readonly proved: boolean;
};

export type Tell = (fault: Fault) => void;

/**
 * Entries of a log pack or tile directory, by rising index, hashed and held against the tiles; the root is compared when
 * the last one was taken. Holes are yielded from `from` on.
 */
export function* logEntries(
  pack: PackReader,
  { treeSize, root }: Pick<Checkpoint, "treeSize" | "root">,
  from: number,
  tell: Tell,
): Generator<ProvedEntry> {
  const byTile = new Leaves();
  const byEntry = new Leaves();
  const differing: ProvedEntry[] = [];
  for (let n = 0; n * TILE_WIDTH < treeSize; n++) {
    const first = n * TILE_WIDTH;
    const width = Math.min(TILE_WIDTH, treeSize - first);
    const committed = readTile(pack, n, width, tell);
    const entries = first < from ? loneEntries(pack, first, width) : readBundle(pack, n, width, tell);
    const tileLeaves: Hash[] = [];
    const entryLeaves: Hash[] = [];
    let same = true;
    for (let i = 0; i < width; i++) {
      const bytes = entries[i];
      const own = bytes === undefined ? undefined : leafHash(bytes);
      const leaf = committed?.[i] ?? own ?? UNKNOWN;
      const agrees = own === undefined || equalBytes(own, leaf);
      const entry = { index: first + i, bytes, leaf, proved: committed !== undefined && agrees };
      tileLeaves.push(leaf);
      entryLeaves.push(own ?? leaf);
      if (!agrees) {
        same = false;
        differing.push(entry);
      }
      if (bytes !== undefined || first >= from) yield entry;
    }
    byTile.add(tileLeaves);
    byEntry.add(same ? tileLeaves : entryLeaves, same ? byTile : undefined);
  }
  const byTileRoot = byTile.root(treeSize);
  const byEntryRoot = differing.length === 0 ? byTileRoot : byEntry.root(treeSize);
  // Where bytes and tile disagree, the one that leads to the signed root is right.
  if (equalBytes(byEntryRoot, root) && differing.length > 0) {
    for (const path of new Set(differing.map(({ index }) => leafTilePath(index, treeSize)))) {
      tell(
        fault("tile-mismatch", "It has other hashes than the entries it covers, which lead to the root.", {
          path: CONTENT + path,
        }),
      );
    }
    checkUpperTiles(pack, treeSize, byEntry, tell);
    return;
  }
  for (const { index, bytes, leaf } of differing) {
    const at = { index, ...eventIdIn(bytes) };
    tell(fault("leaf-mismatch", `The bytes hash to ${hex(leafHash(bytes!))}; the tree has ${hex(leaf)}.`, at));
  }
  if (!equalBytes(byTileRoot, root)) {
    tell(fault("root-mismatch", `The leaves lead to ${hex(byTileRoot)}; the checkpoint says ${hex(root)}.`));
  }
  checkUpperTiles(pack, treeSize, byTile, tell);
}

/** Entries of a run or query pack, by rising index, each led to the root by its own proof. */
export function* provedEntries(
  pack: PackReader,
  signed: { readonly checkpoint: Checkpoint; readonly note: string } | undefined,
  tell: Tell,
): Generator<ProvedEntry> {
  const indexes: number[] = [];
  for (const path of pack.under("entries/")) {
    const index = parseEntryPath(path);
    if (index === undefined) tell(fault("pack-malformed", "Its name is not an index.", { path: CONTENT + path }));
    else indexes.push(index);
  }
  for (const index of indexes.sort((a, b) => a - b)) {
    const bytes = pack.read(entryPath(index));
    if (bytes === undefined) continue;
    const leaf = leafHash(bytes);
    const why = signed === undefined ? undefined : proofFault(pack, index, leaf, signed);
    if (why !== undefined) tell({ ...why, index, ...eventIdIn(bytes) });
    yield { index, bytes, leaf, proved: why === undefined };
  }
}

/** The event id that the bytes of a damaged entry still show: to name it, not to believe it. */
export function eventIdIn(bytes: Uint8Array | undefined): { readonly eventId?: string } {
  const text = bytes === undefined ? "" : new TextDecoder().decode(bytes);
  const id = /"event_id":"(evt_[0-9a-z]{26})"/.exec(text)?.[1];
  return id === undefined ? {} : { eventId: id };
}

/** Stands for the leaf of an entry that neither tile nor bytes give: the root then differs, and the tile was reported. */
const UNKNOWN: Hash = new Uint8Array(32);

function proofFault(
  pack: PackReader,
  index: number,
  leaf: Hash,
  signed: { readonly checkpoint: Checkpoint; readonly note: string },
): Fault | undefined {
  const path = CONTENT + proofPath(index);
  const bytes = pack.read(proofPath(index));
  if (bytes === undefined) return fault("receipt-malformed", "The entry has no proof.", { path });
  const parsed = parseReceipt(bytes);
  if (!parsed.ok) return { ...parsed.fault, path };
  const { leafIndex, path: hashes, checkpoint, extra } = parsed.value;
  if (leafIndex !== index) return fault("receipt-malformed", `The proof is of entry ${leafIndex}.`, { path });
  if (extra !== undefined) return fault("receipt-malformed", "It carries bytes that nothing authenticates.", { path });
  if (checkpoint !== signed.note)
    return fault("receipt-malformed", "It cites another checkpoint than the pack's.", { path });
  const { treeSize, root } = signed.checkpoint;
  return inclusionFault(leaf, index, treeSize, hashes, root);
}

function readTile(pack: PackReader, index: number, width: number, tell: Tell): readonly Hash[] | undefined {
  const tile = { level: 0, index, width };
  const path = formatTilePath(tile);
  const bytes = pack.read(path);
  if (bytes === undefined) {
    tell(fault("tile-mismatch", "The tile is not there.", { path: CONTENT + path }));
    return undefined;
  }
  const parsed = parseTile(bytes, tile);
  if (parsed.ok) return parsed.value;
  tell({ ...parsed.fault, path: CONTENT + path });
  return undefined;
}

/** A bundle's entries; where there is no bundle, those that stand alone. */
function readBundle(pack: PackReader, index: number, width: number, tell: Tell): readonly (Uint8Array | undefined)[] {
  const bundle = { level: "entries", index, width } as const;
  const path = formatTilePath(bundle);
  const bytes = pack.read(path);
  if (bytes === undefined) return loneEntries(pack, index * TILE_WIDTH, width);
  const parsed = parseEntryBundle(bytes, bundle);
  if (parsed.ok) return parsed.value;
  tell({ ...parsed.fault, path: CONTENT + path });
  return loneEntries(pack, index * TILE_WIDTH, width);
}

function loneEntries(pack: PackReader, first: number, width: number): (Uint8Array | undefined)[] {
  return Array.from({ length: width }, (_, i) => pack.read(entryPath(first + i)));
}

function checkUpperTiles(pack: PackReader, treeSize: number, leaves: Leaves, tell: Tell): void {
  for (const tile of tilesFor(treeSize)) {
    if (tile.level === 0) continue;
    const path = formatTilePath(tile);
    const bytes = pack.read(path);
    if (bytes === undefined) {
      tell(fault("tile-mismatch", "The tile is not there.", { path: CONTENT + path }));
      continue;
    }
    const parsed = parseTile(bytes, tile);
    const wrong = parsed.ok
      ? parsed.value.findIndex(
          (hash, i) => !equalBytes(hash, leaves.nodeAt(8 * tile.level, tile.index * TILE_WIDTH + i)),
        )
      : 0;
    if (wrong >= 0) {
      tell(fault("tile-mismatch", `Its hash ${wrong} is not that of the tile below.`, { path: CONTENT + path }));
    }
  }
}

function leafTilePath(index: number, treeSize: number): string {
  const n = Math.floor(index / TILE_WIDTH);
  return formatTilePath({ level: 0, index: n, width: Math.min(TILE_WIDTH, treeSize - n * TILE_WIDTH) });
}

/** Leaf hashes folded to one hash for each full tile; the leaves of the last, partial one are kept. */
class Leaves {
  readonly #roots: Hash[] = [];
  #tail: readonly Hash[] = [];

  /** @param same leaves that were added elsewhere already, whose newest root can be taken over */
  add(leaves: readonly Hash[], same?: Leaves): void {
    if (leaves.length < TILE_WIDTH) this.#tail = leaves;
    else this.#roots.push(same === undefined ? rootOf(leaves) : same.#roots.at(-1)!);
  }

  root(treeSize: number): Hash {
    return subtreeRoot(0, treeSize, this.nodeAt);
  }

  readonly nodeAt: NodeReader = (level, index) => {
    const leavesEach = 2 ** level;
    if (leavesEach >= TILE_WIDTH) {
      const each = leavesEach / TILE_WIDTH;
      return rootOf(this.#roots.slice(index * each, (index + 1) * each));
    }
    const start = (index * leavesEach) % TILE_WIDTH;
    return rootOf(this.#tail.slice(start, start + leavesEach));
  };
}
