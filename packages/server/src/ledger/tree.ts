/**
 * The Merkle tree of one log, kept as the complete nodes of its tiles: 256 hashes of every eighth level and the levels
 * between. Full tiles that are committed may be dropped and are read back from the engine; the right edge stays.
 * Each node is hashed once when its subtree completes. spec/ledger.md · RFC 6962 §2 · C2SP tlog-tiles.
 */
import { assert } from "@countersign/evidence/errors";
import type { Hash } from "@countersign/evidence/hash";
import { type NodeReader, nodeHash, subtreeRoot } from "@countersign/evidence/merkle";
import { TILE_WIDTH } from "@countersign/evidence/tiles";

const TILE_HEIGHT = 8;
const HASH_BYTES = 32;
/** Nodes of a full tile: 256 + 128 + … + 1. */
const TILE_NODES = 2 * TILE_WIDTH - 1;
/** Where each height's nodes start within a tile. */
const HEIGHT_AT = Array.from({ length: TILE_HEIGHT + 1 }, (_, height) => 2 * TILE_WIDTH - ((2 * TILE_WIDTH) >> height));
/** Full tiles kept in memory beside the right edge; 16 KiB each. */
const KEPT_TILES = 32;

/** Hashes of committed tiles: level 0 are leaf hashes, level L the roots of 256^L leaves. */
export type TileSource = (level: number, from: number, to: number) => readonly Hash[];

/** A full tile's hash, to be stored. */
export type TileHash = { readonly level: number; readonly n: number; readonly hash: Hash };

type TileNodes = { readonly level: number; readonly n: number; readonly nodes: Uint8Array; width: number };

export class Tree {
  #size: number;
  /** Entries known to be committed: only tiles wholly below may be dropped. */
  #committed: number;
  readonly #source: TileSource;
  /** The tile at the right edge of each level. */
  readonly #edge: TileNodes[] = [];
  /** Full tiles, least recently used first; `level/n`. */
  readonly #full = new Map<string, TileNodes>();
  #unstored: TileHash[] = [];

  /** @param size entries committed; the tiles at the right edge are read at once */
  constructor(size: number, source: TileSource) {
    this.#size = size;
    this.#committed = size;
    this.#source = source;
    let width = size;
    for (let level = 0; width > 0; level++) {
      const n = Math.floor(width / TILE_WIDTH);
      this.#edge.push(fill(level, n, width % TILE_WIDTH === 0 ? [] : source(level, n * TILE_WIDTH, width)));
      width = n;
    }
  }

  get size(): number {
    return this.#size;
  }

  /** Appends a leaf hash. */
  append(leaf: Hash): void {
    this.#push(0, leaf);
    this.#size++;
  }

  /** Hashes of the tiles that filled since the last call: what the batch stores beside its entries. */
  takeFilled(): readonly TileHash[] {
    const filled = this.#unstored;
    this.#unstored = [];
    return filled;
  }

  /** Says that the first `size` entries are committed, so that their full tiles may be dropped. */
  committed(size: number): void {
    this.#committed = size;
    this.#trim();
  }

  /** Complete subtree of 2^height leaves that starts at leaf index·2^height; it must lie inside the tree. */
  readonly nodeAt: NodeReader = (height, index) => {
    const level = Math.floor(height / TILE_HEIGHT);
    const within = height % TILE_HEIGHT;
    const perTile = TILE_WIDTH >> within;
    const tile = this.#tile(level, Math.floor(index / perTile));
    const place = index % perTile;
    assert((place + 1) << within <= tile.width, "a node read from the tree is complete");
    return view(tile, within, place);
  };

  /** RFC 6962 root of the first `size` entries. */
  root(size: number): Hash {
    return subtreeRoot(0, size, this.nodeAt);
  }

  /** The first `width` hashes of a hash tile (tlog-tiles); they must lie inside the tree. */
  tile(level: number, n: number, width: number): Uint8Array {
    const tile = this.#tile(level, n);
    assert(width >= 1 && width <= tile.width, "a tile read from the tree is inside it");
    return tile.nodes.slice(0, width * HASH_BYTES);
  }

  #push(level: number, hash: Hash): void {
    let tile = this.#edge[level];
    if (tile === undefined) {
      tile = { level, n: 0, nodes: new Uint8Array(TILE_NODES * HASH_BYTES), width: 0 };
      this.#edge.push(tile);
    }
    assert(hash.length === HASH_BYTES, "a hash has 32 bytes");
    let place = tile.width++;
    tile.nodes.set(hash, place * HASH_BYTES);
    let height = 0;
    for (; place % 2 === 1; place >>= 1, height++) {
      const parent = nodeHash(view(tile, height, place - 1), view(tile, height, place));
      tile.nodes.set(parent, (HEIGHT_AT[height + 1]! + (place >> 1)) * HASH_BYTES);
    }
    if (tile.width < TILE_WIDTH) return;
    this.#full.set(`${level}/${tile.n}`, tile);
    this.#edge[level] = { level, n: tile.n + 1, nodes: new Uint8Array(TILE_NODES * HASH_BYTES), width: 0 };
    const root = view(tile, TILE_HEIGHT, 0);
    this.#unstored.push({ level: level + 1, n: tile.n, hash: root });
    this.#push(level + 1, root);
  }

  #tile(level: number, n: number): TileNodes {
    const edge = this.#edge[level];
    assert(edge !== undefined, "the tree has this level");
    if (edge.n === n) return edge;
    const key = `${level}/${n}`;
    let tile = this.#full.get(key);
    if (tile === undefined) {
      tile = fill(level, n, this.#source(level, n * TILE_WIDTH, (n + 1) * TILE_WIDTH));
      this.#trim();
    } else {
      this.#full.delete(key);
    }
    this.#full.set(key, tile);
    return tile;
  }

  #trim(): void {
    if (this.#full.size <= KEPT_TILES) return;
    for (const [key, tile] of this.#full) {
      if (this.#full.size <= KEPT_TILES) return;
      if ((tile.n + 1) * TILE_WIDTH ** (tile.level + 1) <= this.#committed) this.#full.delete(key);
    }
  }
}

function fill(level: number, n: number, hashes: readonly Hash[]): TileNodes {
  const tile: TileNodes = { level, n, nodes: new Uint8Array(TILE_NODES * HASH_BYTES), width: hashes.length };
  hashes.forEach((hash, place) => {
    tile.nodes.set(hash, place * HASH_BYTES);
  });
  for (let height = 0, width = hashes.length; width > 1; height++, width >>= 1) {
    for (let place = 0; place + 1 < width; place += 2) {
      const parent = nodeHash(view(tile, height, place), view(tile, height, place + 1));
      tile.nodes.set(parent, (HEIGHT_AT[height + 1]! + (place >> 1)) * HASH_BYTES);
    }
  }
  return tile;
}

function view(tile: TileNodes, height: number, place: number): Hash {
  const at = (HEIGHT_AT[height]! + place) * HASH_BYTES;
  return tile.nodes.subarray(at, at + HASH_BYTES);
}
