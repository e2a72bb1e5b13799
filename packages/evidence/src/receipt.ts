/**
 * A receipt: proof, to be checked offline, that an entry is in a log. https://c2sp.org/tlog-proof, version 1: the
 * entry's index, its inclusion path and a signed checkpoint. Spec: spec/receipt.md.
 */
import { formatBase64, parseBase64 } from "./base64.ts";
import {
  type CheckpointKeys,
  type CheckpointVerdict,
  parseCheckpoint,
  type SignedCheckpoint,
  verifyCheckpoint,
} from "./checkpoint.ts";
import { assert } from "./errors.ts";
import { type Fault, fault, type Parsed } from "./fault.ts";
import type { Hash } from "./hash.ts";
import { inclusionFault, isSize, leafHash } from "./merkle.ts";
import { MAX_NOTE_BYTES, readText, type VerifierKey } from "./note.ts";

export type Receipt = {
  readonly leafIndex: number;
  /** Sibling hashes from the leaf up. */
  readonly path: readonly Hash[];
  /** The signed checkpoint, verbatim. */
  readonly checkpoint: string;
  /** Opaque bytes that nothing authenticates; we never write them. */
  readonly extra?: Uint8Array;
};

const HEADER = "c2sp.org/tlog-proof@v1";
/** A path in a tree of at most 2^53−1 leaves is no longer than this. */
const MAX_PATH = 53;
const MAX_EXTRA_BYTES = 65_536;
const MAX_RECEIPT_BYTES = MAX_NOTE_BYTES + 2 * MAX_EXTRA_BYTES;

/** Text of a receipt. */
export function formatReceipt({ leafIndex, path, checkpoint, extra }: Receipt): string {
  const pathText = path.map((hash) => `${formatBase64(hash)}\n`).join("");
  const extraLine = extra === undefined ? "" : `extra ${formatBase64(extra)}\n`;
  return formatReceiptLines(leafIndex, pathText, checkpoint, extraLine);
}

/**
 * Text of a receipt from a path already written out, one line for each hash (Batch.pathText): what a server that
 * releases many at once does.
 */
export function formatReceiptLines(leafIndex: number, pathText: string, checkpoint: string, extraLine = ""): string {
  assert(isSize(leafIndex), "a leaf index is an integer from 0 to 2^53−1");
  return `${HEADER}\n${extraLine}index ${leafIndex}\n${pathText}\n${checkpoint}`;
}

/** Reads a receipt; checks form only, and not the form of the checkpoint inside. */
export function parseReceipt(input: string | Uint8Array): Parsed<Receipt> {
  const malformed = (detail: string) => ({ ok: false, fault: fault("receipt-malformed", detail) }) as const;
  const read = readText(input, "receipt-malformed", MAX_RECEIPT_BYTES);
  if (!read.ok) return read;
  const split = read.value.indexOf("\n\n");
  if (split === -1) return malformed("No empty line stands before the checkpoint.");
  const lines = read.value.slice(0, split).split("\n");
  if (lines.shift() !== HEADER) return malformed(`Its first line is not ${HEADER}.`);

  let extra: Uint8Array | undefined;
  if (lines[0]?.startsWith("extra ")) {
    extra = parseBase64(lines.shift()!.slice("extra ".length));
    if (extra === undefined) return malformed("Its extra data is not base64.");
    if (extra.length > MAX_EXTRA_BYTES) return malformed(`Its extra data is longer than ${MAX_EXTRA_BYTES} bytes.`);
  }
  const index = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() ?? "")?.[1];
  if (index === undefined || !isSize(Number(index))) {
    return malformed("It has no index line, or one with leading zeros or beyond 2^53−1.");
  }
  if (lines.length > MAX_PATH) return malformed(`Its path has more than ${MAX_PATH} hashes.`);
  const path: Hash[] = [];
  for (const line of lines) {
    const hash = parseBase64(line);
    if (hash === undefined || hash.length !== 32) return malformed("A line of its path is not base64 of 32 bytes.");
    path.push(hash);
  }
  const receipt = { leafIndex: Number(index), path, checkpoint: read.value.slice(split + 2) };
  return { ok: true, value: extra === undefined ? receipt : { ...receipt, extra } };
}

export type ReceiptVerdict = {
  /** Empty when the leaf is proved to be in the tree of a checkpoint that a log key given signed. */
  readonly faults: readonly Fault[];
  /** The checkpoint inside, when it is well-formed. */
  readonly signed?: SignedCheckpoint;
  readonly signers: CheckpointVerdict["signers"];
  readonly cosignatures: CheckpointVerdict["cosignatures"];
};

/** Steps 3 to 6 of spec/receipt.md, for a leaf known by its hash alone (a pruned entry has no more): every fault found. */
export function checkReceipt(receipt: Receipt, leaf: Hash, trust: CheckpointKeys): ReceiptVerdict {
  const parsed = parseCheckpoint(receipt.checkpoint);
  if (!parsed.ok) return { faults: [parsed.fault], signers: [], cosignatures: [] };
  const { treeSize, root } = parsed.value.checkpoint;
  const verdict = verifyCheckpoint(parsed.value, trust);
  const notIncluded = inclusionFault(leaf, receipt.leafIndex, treeSize, receipt.path, root);
  const faults = notIncluded === undefined ? verdict.faults : [...verdict.faults, notIncluded];
  return { ...verdict, faults, signed: parsed.value };
}

/** Why a receipt does not prove that these entry bytes are in a log of one of these keys, or undefined when it does. */
export function receiptFault(receipt: Receipt, entry: Uint8Array, keys: readonly VerifierKey[]): Fault | undefined {
  return checkReceipt(receipt, leafHash(entry), { keys }).faults[0];
}
