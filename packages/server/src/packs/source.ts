/** A tenant's log and stores as the pack builder reads them, frozen at one signed checkpoint. */
import { parseCheckpoint, verifyCheckpoint } from "@countersign/evidence/checkpoint";
import { checkpointKeysOf } from "@countersign/evidence/control";
import { assert, CountersignError } from "@countersign/evidence/errors";
import type { Hash } from "@countersign/evidence/hash";
import type { RunId } from "@countersign/evidence/ids";
import type { NodeReader } from "@countersign/evidence/merkle";
import { formatVerifierKey, parseVerifierKey } from "@countersign/evidence/note";
import type { PackSource } from "@countersign/evidence/pack-build";
import { parseSeal } from "@countersign/evidence/sealing";
import { formatTilePath, type HashTile, nodesOfTiles } from "@countersign/evidence/tiles";
import type { LogReader, PackParts } from "./faces.ts";

/** Indexes read at a time. */
const PAGE = 1000;
/** Hash tiles kept while a pack is built: a proof needs one of each level, and neighbours the same ones. */
const KEPT_TILES = 64;

/**
 * What a pack is built from.
 *
 * @param checkpoint a signed note of the reader's log, of at most the reader's size
 */
export function packSource(
  reader: LogReader,
  checkpoint: string,
  { vault, policyFiles }: Pick<PackParts, "vault" | "policyFiles">,
): PackSource {
  const { tenant, log } = reader;
  const { treeSize, vkey } = signedBy(reader, checkpoint);
  const stored = async (digest: string) => bytesOrNothing(() => vault.stored(tenant, digest));
  return {
    log,
    tenant,
    checkpoint,
    vkey,
    nodeAt: nodesOf(reader, treeSize),
    entry: (index) => reader.entry(index)?.bytes,
    controlEntries: () => below(treeSize, (fromSeq) => reader.controlEntries({ fromSeq, limit: PAGE })),
    // The builder's ids come from the request, which was checked, and from entries.
    entriesOfRun: (runId) =>
      below(treeSize, (fromSeq) => reader.entriesOfRun(runId as RunId, { fromSeq, limit: PAGE })),
    async disclosures({ event_id: eventId, commit = {} }) {
      const opened = Object.keys(commit).map((pointer) => vault.openDisclosure(reader, eventId, pointer));
      return opened.filter((disclosure) => disclosure !== undefined);
    },
    stored,
    async open(digest) {
      const bytes = await stored(digest);
      if (bytes === undefined || !parseSeal(bytes).ok) return "public";
      try {
        return await vault.open(tenant, digest);
      } catch (cause) {
        if (cause instanceof CountersignError && cause.code === "payload-erased") return "erased";
        throw cause;
      }
    },
    policy: (digest) => policyFiles(tenant, digest),
  };
}

/** Size of a checkpoint of this log, and the announced key that signed it. */
function signedBy(reader: LogReader, checkpoint: string): { readonly treeSize: number; readonly vkey: string } {
  const parsed = parseCheckpoint(checkpoint);
  assert(parsed.ok, "the ledger's checkpoints are well-formed");
  const keys = checkpointKeysOf(reader.control).flatMap(({ vkey }) => {
    const key = vkey === undefined ? undefined : parseVerifierKey(vkey);
    return key?.ok === true ? [key.value] : [];
  });
  const [signer] = verifyCheckpoint(parsed.value, { keys, origin: reader.log }).signers;
  assert(signer !== undefined, "the ledger's checkpoints are signed by a key the log announced");
  return { treeSize: parsed.value.checkpoint.treeSize, vkey: formatVerifierKey(signer) };
}

/** Nodes of the tree at this size; complete subtrees never change, so a larger tree's tiles serve. */
function nodesOf(reader: LogReader, treeSize: number): NodeReader {
  const kept = new Map<string, Uint8Array>();
  const readTile = (tile: HashTile): Uint8Array => {
    const key = formatTilePath(tile);
    let bytes = kept.get(key);
    if (bytes === undefined) {
      bytes = reader.tile(tile.level, tile.index, tile.width);
      assert(bytes !== undefined, "a tile of a signed tree can be read");
      const [oldest] = kept.keys();
      if (kept.size >= KEPT_TILES) kept.delete(oldest!); // not empty
    } else kept.delete(key);
    kept.set(key, bytes);
    return bytes;
  };
  const nodeAt = nodesOfTiles(treeSize, readTile);
  return (level, index): Hash => nodeAt(level, index);
}

/** Indexes below a size, page by page; each page starts where the one before ended. */
function* below(treeSize: number, page: (fromSeq: number) => readonly number[]): Generator<number> {
  for (let seq = 0; ; ) {
    const indexes = page(seq);
    for (const index of indexes) {
      if (index >= treeSize) return;
      yield index;
    }
    if (indexes.length < PAGE) return;
    seq += indexes.length;
  }
}

/** What is gone or damaged is not there; the pack says so of its pointer. */
async function bytesOrNothing(read: () => Promise<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    return await read();
  } catch (cause) {
    const lost =
      cause instanceof CountersignError && (cause.code === "payload-not-found" || cause.code === "payload-damaged");
    if (lost) return undefined;
    throw cause;
  }
}
