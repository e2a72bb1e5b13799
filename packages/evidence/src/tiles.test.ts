import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CountersignError } from "./errors.ts";
import { type Hash, utf8 } from "./hash.ts";
import { inclusionPath, leafHash, type NodeReader, rootOf, subtreeRoot } from "./merkle.ts";
import {
  bundlesFor,
  formatEntryBundle,
  formatTile,
  formatTilePath,
  type HashTile,
  nodesOfTiles,
  parseEntryBundle,
  parseTile,
  parseTilePath,
  type Tile,
  tilesFor,
} from "./tiles.ts";

const paths: readonly [tile: Tile, path: string][] = [
  [{ level: 0, index: 0, width: 256 }, "tile/0/000"],
  [{ level: 0, index: 0, width: 1 }, "tile/0/000.p/1"],
  [{ level: 63, index: 999, width: 255 }, "tile/63/999.p/255"],
  [{ level: 0, index: 1000, width: 256 }, "tile/0/x001/000"],
  [{ level: 2, index: 1_234_067, width: 8 }, "tile/2/x001/x234/067.p/8"],
  [{ level: "entries", index: 1_234_067, width: 256 }, "tile/entries/x001/x234/067"],
  [{ level: "entries", index: 7, width: 112 }, "tile/entries/007.p/112"],
  [{ level: 0, index: Number.MAX_SAFE_INTEGER, width: 256 }, "tile/0/x009/x007/x199/x254/x740/991"],
];

test("tiles: paths are written and read as C2SP tlog-tiles writes them", () => {
  for (const [tile, path] of paths) {
    assert.equal(formatTilePath(tile), path);
    assert.deepEqual(parseTilePath(path), tile);
  }
});

test("tiles: any other spelling of a path is refused", () => {
  for (const path of [
    "tile/00/000",
    "tile/64/000",
    "tile/-1/000",
    "tile/0/0",
    "tile/0/x000/000",
    "tile/0/x001/x234/x067",
    "tile/0/001/234",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/01",
    "tile/0/000.p",
    "tile/0/000.p/",
    "tile/0/000/",
    "/tile/0/000",
    "tile/0/000\n",
    "tile/entry/000",
    "tile/0/x009/x007/x199/x254/x740/992",
    "tile/0/x999/x999/x999/x999/x999/x999/999",
    "tile/0/../000",
    "",
  ]) {
    assert.equal(parseTilePath(path), undefined, path);
  }
});

test("tiles: a tree of 70,000 leaves has the tiles the specification counts", () => {
  const counts = new Map<string, number>();
  for (const { level, width } of tilesFor(70_000)) {
    const kind = `${level}:${width}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  assert.deepEqual(
    [...counts],
    [
      ["0:256", 273],
      ["0:112", 1],
      ["1:256", 1],
      ["1:17", 1],
      ["2:1", 1],
    ],
  );
  assert.deepEqual([...tilesFor(256)].map(formatTilePath), ["tile/0/000", "tile/1/000.p/1"]);
  assert.deepEqual([...tilesFor(0)], []);
  assert.deepEqual([...bundlesFor(257)].map(formatTilePath), ["tile/entries/000", "tile/entries/001.p/1"]);
  assert.deepEqual([...bundlesFor(0)], []);
});

test("tiles: since an older size, only what is new or wider is listed", () => {
  assert.deepEqual([...tilesFor(513, 511)].map(formatTilePath), ["tile/0/001", "tile/0/002.p/1", "tile/1/000.p/2"]);
  assert.deepEqual([...tilesFor(300, 300)], []);
  assert.deepEqual([...bundlesFor(258, 257)].map(formatTilePath), ["tile/entries/001.p/2"]);
  fc.assert(
    fc.property(fc.nat(200_000), fc.nat(3000), (old, more) => {
      const known = new Set([...tilesFor(old)].map(formatTilePath));
      const added = [...tilesFor(old + more)].map(formatTilePath).filter((path) => !known.has(path));
      assert.deepEqual([...tilesFor(old + more, old)].map(formatTilePath), added);
    }),
    { numRuns: 20 },
  );
});

const SIZE = 256 * 5 + 3;
const LEAVES = Array.from({ length: SIZE }, (_, i) => leafHash(utf8(`${i}`)));
const nodeAt: NodeReader = (level, index) => rootOf(LEAVES.slice(index * 2 ** level, (index + 1) * 2 ** level));
const stored = (size: number) =>
  new Map(
    [...tilesFor(size)].map((tile) => {
      const first = tile.index * 256;
      const hashes = Array.from({ length: tile.width }, (_, i): Hash => nodeAt(tile.level * 8, first + i));
      return [formatTilePath(tile), formatTile(hashes)] as const;
    }),
  );
const readerOf = (files: ReadonlyMap<string, Uint8Array>) => (tile: HashTile) => {
  const bytes = files.get(formatTilePath(tile));
  assert.ok(bytes, `asked for ${formatTilePath(tile)}, which the tree of this size has not`);
  return bytes;
};

test("tiles: every node, root and proof of a tree is read out of its tiles", () => {
  for (const size of [1, 255, 256, 257, 700, SIZE]) {
    const read = nodesOfTiles(size, readerOf(stored(size)));
    assert.deepEqual(subtreeRoot(0, size, read), rootOf(LEAVES.slice(0, size)), `${size} leaves`);
    for (let level = 0; 2 ** level <= size; level++) {
      for (const index of new Set([0, Math.floor(size / 2 ** level) - 1])) {
        assert.deepEqual(read(level, index), nodeAt(level, index), `node ${index} of level ${level}`);
      }
    }
    assert.deepEqual(inclusionPath(size - 1, size, read), inclusionPath(size - 1, size, nodeAt));
  }
  const read = nodesOfTiles(SIZE, readerOf(stored(SIZE)));
  assert.throws(() => read(0, SIZE), /complete subtree/);
});

test("tiles: control: a changed tile gives another root, a cut one is refused", () => {
  const files = stored(SIZE);
  const changed = Uint8Array.from(files.get("tile/0/005.p/3")!, (byte, i) => (i === 40 ? byte ^ 1 : byte));
  const otherRoot = subtreeRoot(
    0,
    SIZE,
    nodesOfTiles(SIZE, readerOf(new Map([...files, ["tile/0/005.p/3", changed]]))),
  );
  assert.notDeepEqual(otherRoot, rootOf(LEAVES));
  const cut = nodesOfTiles(SIZE, readerOf(new Map([...files, ["tile/0/005.p/3", changed.subarray(0, 95)]])));
  assert.throws(
    () => subtreeRoot(0, SIZE, cut),
    (error) => error instanceof CountersignError && error.code === "cannot-read",
  );
  assert.equal(parseTile(changed, { level: 0, index: 5, width: 3 }).ok, true);
  const short = parseTile(changed, { level: 0, index: 5, width: 4 });
  assert.deepEqual(short.ok ? undefined : [short.fault.code, short.fault.path], ["tile-mismatch", "tile/0/005.p/4"]);
});

test("tiles: entry bundles hold each entry with its length", () => {
  const bundle = { level: "entries", index: 0, width: 3 } as const;
  const entries = [utf8("a"), new Uint8Array(0), new Uint8Array(65_535).fill(7)];
  const bytes = formatEntryBundle(entries);
  assert.deepEqual([...bytes.subarray(0, 7)], [0, 1, 97, 0, 0, 255, 255]);
  const read = parseEntryBundle(bytes, bundle);
  assert.deepEqual(read.ok && read.value.map((entry) => Uint8Array.from(entry)), entries);
  assert.throws(() => formatEntryBundle([new Uint8Array(65_536)]), /65,535/);
  for (const [why, wrong, width] of [
    ["fewer entries than the width", bytes, 4],
    ["more entries than the width", bytes, 2],
    ["an entry cut off", bytes.subarray(0, -1), 3],
    ["a length cut off", bytes.subarray(0, 6), 3],
    ["one byte too many", Uint8Array.from([...bytes, 0]), 3],
    ["nothing", new Uint8Array(0), 3],
  ] as const) {
    const refused = parseEntryBundle(wrong, { ...bundle, width });
    assert.equal(refused.ok ? "accepted" : refused.fault.code, "bundle-malformed", why);
  }
});
