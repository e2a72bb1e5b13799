/**
 * Checkpoints: a signed note that says a log's tree has this size and this root. https://c2sp.org/tlog-checkpoint.
 * Spec: spec/checkpoint.md.
 */
import { formatBase64, parseBase64 } from "./base64.ts";
import { cosignatureVerifier, parseCosignature } from "./cosignature.ts";
import { type Ed25519Verify, verifyEd25519 } from "./ed25519.ts";
import { assert } from "./errors.ts";
import { type Fault, fault, type Parsed } from "./fault.ts";
import { equalBytes, type Hash } from "./hash.ts";
import { EMPTY_ROOT, isSize } from "./merkle.ts";
import { type Note, noteVerifier, parseNote, type VerifierKey, verifyNote } from "./note.ts";

export type Checkpoint = {
  /** The log's name, `<host>/<tenant>/<epoch>` for ours. */
  readonly origin: string;
  readonly treeSize: number;
  readonly root: Hash;
  /** Lines after the third, read but never written. */
  readonly extensions: readonly string[];
};

/** A checkpoint with the note it was read from. */
export type SignedCheckpoint = { readonly checkpoint: Checkpoint; readonly note: Note };

/** The text to sign: origin, size, base64 of the root, a newline after each. */
export function formatCheckpoint({ origin, treeSize, root }: Omit<Checkpoint, "extensions">): string {
  assert(/^[^\n]+$/.test(origin), "an origin is one line, not empty");
  assert(isSize(treeSize) && root.length === 32, "a checkpoint has a size and a root of 32 bytes");
  return `${origin}\n${treeSize}\n${formatBase64(root)}\n`;
}

/** Reads a checkpoint's text; checks form only. */
export function parseCheckpointText(text: string): Parsed<Checkpoint> {
  const malformed = (detail: string) => ({ ok: false, fault: fault("checkpoint-malformed", detail) }) as const;
  const lines = text.split("\n");
  if (lines.pop() !== "" || lines.length < 3) return malformed("It has not three lines, each ended by a newline.");
  if (lines.includes("")) return malformed("It has an empty line.");
  const [origin, size, rootText, ...extensions] = lines;
  if (!/^(0|[1-9][0-9]{0,15})$/.test(size!) || !isSize(Number(size))) {
    return malformed("Its second line is not a tree size without leading zeros, at most 2^53−1.");
  }
  const root = parseBase64(rootText!);
  if (root === undefined || root.length !== 32) return malformed("Its third line is not base64 of 32 bytes.");
  return { ok: true, value: { origin: origin!, treeSize: Number(size), root, extensions } };
}

/** Reads a signed checkpoint; checks form only. */
export function parseCheckpoint(input: string | Uint8Array): Parsed<SignedCheckpoint> {
  const note = parseNote(input);
  if (!note.ok) return note;
  const checkpoint = parseCheckpointText(note.value.text);
  return checkpoint.ok ? { ok: true, value: { checkpoint: checkpoint.value, note: note.value } } : checkpoint;
}

/** Who is believed about a checkpoint. */
export type CheckpointKeys = {
  /**
   * Keys of type 0x01 speak for the log whose origin is their name, and for no other; keys of type 0x04 are witnesses.
   */
  readonly keys: readonly VerifierKey[];
  /** The only origin accepted; absent: whatever origin a key is named for. */
  readonly origin?: string;
  readonly verify?: Ed25519Verify;
};

export type CheckpointVerdict = {
  /** Empty when the log's signature verified, no known signature failed, and the origin is the one asked for. */
  readonly faults: readonly Fault[];
  /** Log keys whose signature verified. */
  readonly signers: readonly VerifierKey[];
  /** Witnesses whose cosignature verified; `timestamp` in seconds since 1970, as the witness claims it. */
  readonly cosignatures: readonly { readonly key: VerifierKey; readonly timestamp: number }[];
};

/** Steps 3 to 5 of spec/checkpoint.md: who signed a checkpoint, and every fault found. */
export function verifyCheckpoint({ checkpoint, note }: SignedCheckpoint, trust: CheckpointKeys): CheckpointVerdict {
  const { verify = verifyEd25519 } = trust;
  const faults: Fault[] = [];
  if (trust.origin !== undefined && checkpoint.origin !== trust.origin) {
    faults.push(fault("checkpoint-origin", `It is ${checkpoint.origin}, not ${trust.origin}.`));
  }
  if (checkpoint.treeSize === 0 && !equalBytes(checkpoint.root, EMPTY_ROOT)) {
    faults.push(fault("root-mismatch", "The checkpoint of an empty tree has another root than SHA-256 of nothing."));
  }
  const logKeys = trust.keys.filter((key) => key.type === "ed25519" && key.name === checkpoint.origin);
  const witnessKeys = trust.keys.filter((key) => key.type === "cosignature");
  const { signed, faults: noteFaults } = verifyNote(note, [
    ...logKeys.map((key) => noteVerifier(key, verify)),
    ...witnessKeys.map((key) => cosignatureVerifier(key, verify)),
  ]);
  // That nobody known signed is said below, in the checkpoint's own words.
  faults.push(...noteFaults.filter(({ code }) => code !== "note-unsigned"));

  const signedBy = (key: VerifierKey) => signed.find((line) => line.name === key.name && line.keyId === key.keyId);
  const signers = logKeys.filter((key) => signedBy(key) !== undefined);
  const cosignatures = witnessKeys.flatMap((key) => {
    const line = signedBy(key);
    const cosignature = line && parseCosignature(line.signature);
    return cosignature?.ok ? [{ key, timestamp: cosignature.value.timestamp }] : [];
  });
  if (signers.length === 0) {
    const given = logKeys.length === 0 ? "no key of that name was given" : "no signature by a key given verifies";
    faults.push(fault("checkpoint-unsigned", `The log is ${checkpoint.origin}; ${given}.`));
  }
  return { faults, signers, cosignatures };
}
