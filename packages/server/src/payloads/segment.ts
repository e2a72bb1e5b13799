/**
 * A segment of the intake: records one after the other. What follows a record that is cut off or does not hash as it says
 * was never acknowledged: a reader stops there.
 *
 *     head   "CSI1" · length of the bytes, 4 bytes · length of the tenant, 1 byte · SHA-256 of the bytes · tenant
 *     check  the first 8 bytes of the SHA-256 of the head
 *     bytes
 */
import { type Digest, equalBytes, hex, parseHex, sha256, utf8 } from "@countersign/evidence/hash";
import type { PlacedBytes } from "./placing.ts";

const MAGIC = utf8("CSI1");
const FIXED_BYTES = 41;
const CHECK_BYTES = 8;

/** One record. */
export function formatRecord({ tenant, digest, bytes }: PlacedBytes): Uint8Array {
  const name = utf8(tenant);
  const headBytes = FIXED_BYTES + name.length;
  const record = new Uint8Array(headBytes + CHECK_BYTES + bytes.length);
  record.set(MAGIC);
  new DataView(record.buffer).setUint32(4, bytes.length, true);
  record[8] = name.length;
  record.set(parseHex(digest.slice("sha256:".length)), 9);
  record.set(name, FIXED_BYTES);
  record.set(checkOf(record.subarray(0, headBytes)), headBytes);
  record.set(bytes, headBytes + CHECK_BYTES);
  return record;
}

/** The whole records at the start of a segment; bytes are views. */
export function readRecords(segment: Uint8Array): readonly PlacedBytes[] {
  const records: PlacedBytes[] = [];
  let rest = segment;
  for (let record = readRecord(rest); record !== undefined; record = readRecord(rest)) {
    records.push(record.payload);
    rest = rest.subarray(record.sizeBytes);
  }
  return records;
}

function readRecord(segment: Uint8Array): { readonly payload: PlacedBytes; readonly sizeBytes: number } | undefined {
  if (segment.length < FIXED_BYTES || !equalBytes(segment.subarray(0, MAGIC.length), MAGIC)) return undefined;
  const headBytes = FIXED_BYTES + segment[8]!; // within the fixed part, which is there
  const from = headBytes + CHECK_BYTES;
  const head = segment.subarray(0, headBytes);
  if (!equalBytes(segment.subarray(headBytes, from), checkOf(head))) return undefined;
  const length = new DataView(segment.buffer, segment.byteOffset).getUint32(4, true);
  const bytes = segment.subarray(from, from + length);
  const hash = head.subarray(9, FIXED_BYTES);
  if (bytes.length !== length || !equalBytes(sha256(bytes), hash)) return undefined;
  const digest: Digest = `sha256:${hex(hash)}`;
  const tenant = new TextDecoder().decode(head.subarray(FIXED_BYTES));
  return { payload: { tenant, digest, bytes }, sizeBytes: from + length };
}

function checkOf(head: Uint8Array): Uint8Array {
  return sha256(head).subarray(0, CHECK_BYTES);
}
