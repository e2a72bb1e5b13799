/**
 * `attest/extends`: that a later checkpoint extends a pack's own. It is the body a log sends to a C2SP tlog-witness
 * (add-checkpoint): `old <size>`, the consistency proof in base64 lines, an empty line, the later checkpoint.
 */
import { formatBase64, parseBase64 } from "./base64.ts";
import type { Hash } from "./hash.ts";
import { MAX_NOTE_BYTES, readText } from "./note.ts";

/** No consistency proof is longer (https://c2sp.org/tlog-witness). */
const MAX_PATH = 63;

export function formatExtends(oldSize: number, path: readonly Hash[], checkpoint: string): string {
  return `old ${oldSize}\n${path.map((hash) => `${formatBase64(hash)}\n`).join("")}\n${checkpoint}`;
}

/** The consistency path, or one sentence why these bytes are none from `oldSize` to this very checkpoint. */
export function parseExtends(bytes: Uint8Array, oldSize: number, checkpoint: string): readonly Hash[] | string {
  const read = readText(bytes, "consistency-failed", MAX_NOTE_BYTES);
  if (!read.ok) return read.fault.detail;
  const split = read.value.indexOf("\n\n");
  if (split < 0) return "No empty line stands before the checkpoint.";
  const [first, ...lines] = read.value.slice(0, split).split("\n");
  if (first !== `old ${oldSize}`) return `It does not start at the pack's ${oldSize} entries.`;
  if (read.value.slice(split + 2) !== checkpoint) return "It ends with another checkpoint than the proof's.";
  if (lines.length > MAX_PATH) return `Its path has more than ${MAX_PATH} hashes.`;
  const path: Hash[] = [];
  for (const line of lines) {
    const hash = parseBase64(line);
    if (hash?.length !== 32) return "A line of its path is not base64 of 32 bytes.";
    path.push(hash);
  }
  return path;
}
