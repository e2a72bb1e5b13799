/**
 * A log as static files: https://c2sp.org/tlog-tiles. Tiles hold 256 consecutive hashes of every eighth level of the
 * tree, entry bundles the entries themselves. Spec: spec/ledger.md.
 */
import { assert, CountersignError } from "./errors.ts";
import { fault, type Parsed } from "./fault.ts";
import type { Hash } from "./hash.ts";
import { isSize, type NodeReader, rootOf } from "./merkle.ts";

export const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;
const HASH_BYTES = 32;

/** The `index`-th tile of `level`, or an entry bundle; `width` below 256 is a partial one. */
export type Tile = { readonly level: number | "entries"; readonly index: number; readonly width: number };
export type HashTile = Tile & { readonly level: number };

/** `tile/<L>/<N>[.p/<W>]`, e.g. `tile/0/x001/x234/067.p/8`, or `tile/entries/…`. */
export function formatTilePath({ level, index, width }: Tile): string {
  assert(isSize(index) && width >= 1 && width <= TILE_WIDTH, "a tile has an index and a width of 1 to 256");
  let path = String(index % 1000).padStart(3, "0");
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    path = `x${String(rest % 1000).padStart(3, "0")}/${path}`;
  }
  return `tile/${level}/${path}${width === TILE_WIDTH ? "" : `.p/${width}`}`;
}

/** Reads {@link formatTilePath}'s text; undefined for any other spelling, e.g. leading zeros or width 256. */
export function parseTilePath(path: string): Tile | undefined {
  const match = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/.exec(path);
  if (match === null) return undefined;
  const level: Tile["level"] = match[1] === "entries" ? "entries" : Number(match[1]);
  const index = Number(match[2]!.replace(/[x/]/g, ""));
  const width = match[3] === undefined ? TILE_WIDTH : Number(match[3]);
  if (level !== "entries" && level > 63) return undefined;
  if (!isSize(index) || width < 1 || width > TILE_WIDTH) return undefined;
  const tile: Tile = { level, index, width };
  return formatTilePath(tile) === path ? tile : undefined;
}

/**
 * The hash tiles of a tree, level by level, each with the width it has at `treeSize`. With `since`, only those that the
 * tree of that size did not have, or had narrower: what a log writes when it grows.
 */
export function* tilesFor(treeSize: number, since = 0): Generator<HashTile> {
  let size = treeSize;
  let old = since;
  for (let level = 0; size > 0; level++) {
    yield* tilesOfLevel(level, size, old);
    size = Math.floor(size / TILE_WIDTH);
    old = Math.floor(old / TILE_WIDTH);
  }
}

/** The entry bundles of a tree; `since` as in {@link tilesFor}. */
export function bundlesFor(treeSize: number, since = 0): Generator<Tile> {
  return tilesOfLevel("entries", treeSize, since);
}

function* tilesOfLevel<L extends Tile["level"]>(level: L, size: number, old: number): Generator<Tile & { level: L }> {
  for (let index = Math.floor(old / TILE_WIDTH); index * TILE_WIDTH < size; index++) {
    if (size > old) yield { level, index, width: Math.min(TILE_WIDTH, size - index * TILE_WIDTH) };
  }
}

/** Bytes of a hash tile: its hashes, one after the other. */
export function formatTile(hashes: readonly Hash[]): Uint8Array {
  assert(hashes.length >= 1 && hashes.length <= TILE_WIDTH, "a tile has 1 to 256 hashes");
  const bytes = new Uint8Array(hashes.length * HASH_BYTES);
  hashes.forEach((hash, i) => {
    bytes.set(hash, i * HASH_BYTES);
  });
  return bytes;
}

/** Hashes of a tile, as views of its bytes; a fault when there are not exactly `width` of them. */
export function parseTile(bytes: Uint8Array, tile: Tile): Parsed<readonly Hash[]> {
  if (bytes.length !== tile.width * HASH_BYTES) {
    const detail = `The tile has ${bytes.length} bytes, its width ${tile.width} asks for ${tile.width * HASH_BYTES}.`;
    return { ok: false, fault: fault("tile-mismatch", detail, { path: formatTilePath(tile) }) };
  }
  const hashes: Hash[] = [];
  for (let at = 0; at < bytes.length; at += HASH_BYTES) hashes.push(bytes.subarray(at, at + HASH_BYTES));
  return { ok: true, value: hashes };
}

/**
 * Reads any node of the tree of `treeSize` leaves out of its tiles; levels between those the tiles hold are hashed from
 * the tile below.
 *
 * @param readTile bytes of a tile; throws when it has none. Called once for each node asked for, so it should cache.
 * @throws CountersignError `cannot-read` when a tile has not the length its width asks for
 */
export function nodesOfTiles(treeSize: number, readTile: (tile: HashTile) => Uint8Array): NodeReader {
  return (level, index) => {
    const tileLevel = Math.floor(level / TILE_HEIGHT);
    const count = 2 ** (level % TILE_HEIGHT);
    const first = index * count;
    assert((index + 1) * 2 ** level <= treeSize, "a node read from tiles is a complete subtree of the tree");
    const tileIndex = Math.floor(first / TILE_WIDTH);
    const hashesOfLevel = Math.floor(treeSize / TILE_WIDTH ** tileLevel);
    const width = Math.min(TILE_WIDTH, hashesOfLevel - tileIndex * TILE_WIDTH);
    const tile = { level: tileLevel, index: tileIndex, width };
    const hashes = parseTile(readTile(tile), tile);
    if (!hashes.ok)
      throw new CountersignError("cannot-read", { detail: `${formatTilePath(tile)}: ${hashes.fault.detail}` });
    const from = first % TILE_WIDTH;
    return rootOf(hashes.value.slice(from, from + count));
  };
}

/** Bytes of an entry bundle: each entry with its length before it, a big-endian uint16. */
export function formatEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  assert(entries.length >= 1 && entries.length <= TILE_WIDTH, "a bundle has 1 to 256 entries");
  const bytes = new Uint8Array(entries.reduce((sum, entry) => sum + 2 + entry.length, 0));
  let at = 0;
  for (const entry of entries) {
    assert(entry.length <= 0xffff, "an entry has at most 65,535 bytes");
    bytes[at++] = entry.length >> 8;
    bytes[at++] = entry.length & 255;
    bytes.set(entry, at);
    at += entry.length;
  }
  return bytes;
}

/** Entries of a bundle, as views of its bytes; a fault when it does not hold exactly `width` whole ones. */
export function parseEntryBundle(bytes: Uint8Array, bundle: Tile): Parsed<readonly Uint8Array[]> {
  const malformed = (detail: string) =>
    ({ ok: false, fault: fault("bundle-malformed", detail, { path: formatTilePath(bundle) }) }) as const;
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at + 2;
    if (start > bytes.length) return malformed("A length is cut off.");
    at = start + ((bytes[start - 2]! << 8) | bytes[start - 1]!);
    if (at > bytes.length) return malformed(`Entry ${entries.length} of the bundle is cut off.`);
    if (entries.length === bundle.width) return malformed(`There are more than ${bundle.width} entries.`);
    entries.push(bytes.subarray(start, at));
  }
  if (entries.length !== bundle.width) return malformed(`There are ${entries.length} entries, not ${bundle.width}.`);
  return { ok: true, value: entries };
}
