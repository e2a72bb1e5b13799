/**
 * A segment of the intake: records one after the other, each with the digest of its bytes. What follows a record that is
 * cut off or does not hash to its digest was never acknowledged: a reader stops there.
 *
 *     "CSI1" · length of the bytes, 4 bytes · length of the tenant, 1 byte · SHA-256, 32 bytes · tenant · bytes
 */
import { type Digest, equalBytes, hex, parseHex, sha256, utf8 } from "@countersign/evidence/hash";
import type { PlacedBytes } from "./placing.ts";

const MAGIC = utf8("CSI1");
const HEAD_BYTES = 41;

/** One record. */
export function formatRecord({ tenant, digest, bytes }: PlacedBytes): Uint8Array {
  const name = utf8(tenant);
  const record = new Uint8Array(HEAD_BYTES + name.length + bytes.length);
  record.set(MAGIC);
  new DataView(record.buffer).setUint32(4, bytes.length, true);
  record[8] = name.length;
  record.set(parseHex(digest.slice("sha256:".length)), 9);
  record.set(name, HEAD_BYTES);
  record.set(bytes, HEAD_BYTES + name.length);
  return record;
}

/** The whole records at the start of a segment; bytes are views. */
export function readRecords(segment: Uint8Array): readonly PlacedBytes[] {
  const records: PlacedBytes[] = [];
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
  for (let at = 0; at + HEAD_BYTES <= segment.length; ) {
    if (!equalBytes(segment.subarray(at, at + MAGIC.length), MAGIC)) break;
    const nameEnd = at + HEAD_BYTES + segment[at + 8]!; // within the head, which is there
    const end = nameEnd + view.getUint32(at + 4, true);
    if (end > segment.length) break;
    const hash = segment.subarray(at + 9, at + HEAD_BYTES);
    const bytes = segment.subarray(nameEnd, end);
    if (!equalBytes(sha256(bytes), hash)) break;
    const tenant = new TextDecoder().decode(segment.subarray(at + HEAD_BYTES, nameEnd));
    const digest: Digest = `sha256:${hex(hash)}`;
    records.push({ tenant, digest, bytes });
    at = end;
  }
  return records;
}
