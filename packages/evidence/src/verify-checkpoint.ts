/**
 * Step 2 of spec/pack.md: the checkpoint and who signed it. A key may be given from outside (a pin), announced by the
 * log, or merely lie in the pack; only the first makes the pack more than its own word.
 */
import { parseBase64Url } from "./base64.ts";
import { parseCheckpoint, type SignedCheckpoint, verifyCheckpoint } from "./checkpoint.ts";
import { type ControlState, checkpointKeysOf, keyLiveAt, type LogKey } from "./control.ts";
import { publicKeyFault } from "./ed25519.ts";
import { type Fault, fault } from "./fault.ts";
import { digestOf, hex, utf8 } from "./hash.ts";
import { formatVerifierKey, parseVerifierKey, type VerifierKey, verifierKey } from "./note.ts";
import { CHECKPOINT_PATH, CONTENT, LOG_KEY_PATH, type Manifest } from "./pack.ts";
import type { PackReader } from "./pack-reader.ts";
import type { Tell } from "./verify-tree.ts";

/** What a pack says of its checkpoint, before anybody is believed. */
export type PackCheckpoint = {
  /** Undefined after a fault. */
  readonly signed: SignedCheckpoint | undefined;
  /** The note verbatim. */
  readonly text: string;
  /** The key lying in the pack; undefined in a tile directory, and after a fault. */
  readonly vkey: VerifierKey | undefined;
};

/** `sha256:` of a verifier key's text: what people compare by eye. `printf %s VKEY | sha256sum` gives it too. */
export function fingerprintOf(vkey: string): string {
  return digestOf(utf8(vkey));
}

/** Reads the checkpoint and holds it against the manifest. */
export function readCheckpoint(pack: PackReader, tell: Tell): PackCheckpoint {
  const bytes = pack.read(CHECKPOINT_PATH);
  const at = { path: CONTENT + CHECKPOINT_PATH };
  const vkey = readLogKey(pack, tell);
  if (bytes === undefined) {
    tell(fault("checkpoint-malformed", "There is none.", at));
    return { signed: undefined, text: "", vkey };
  }
  const parsed = parseCheckpoint(bytes);
  if (!parsed.ok) {
    tell({ ...parsed.fault, ...at });
    return { signed: undefined, text: "", vkey };
  }
  if (pack.manifest !== undefined) for (const found of manifestFaults(parsed.value, pack.manifest)) tell(found);
  return { signed: parsed.value, text: new TextDecoder().decode(bytes), vkey };
}

export type Signers = {
  /** The pin that signed, when one did. */
  readonly pinned: VerifierKey | undefined;
  /** The key to name and to compare: the one that signed, or the one lying in the pack. */
  readonly key: VerifierKey | undefined;
  /** Every key that may speak for this log when it has `treeSize` entries. */
  believedAt(treeSize: number): readonly VerifierKey[];
};

/** Who signed, as far as pins and the log's own announcements say; with every fault. */
export function checkSigners(
  { signed, vkey }: PackCheckpoint,
  pins: readonly VerifierKey[],
  control: ControlState,
  tell: Tell,
): Signers {
  if (signed === undefined) return { pinned: undefined, key: vkey, believedAt: () => pins };
  const { origin, treeSize } = signed.checkpoint;
  const announced = checkpointKeysOf(control).flatMap((announcement) => {
    const key = announcedKey(announcement, origin);
    return key === undefined ? [] : [{ announcement, key }];
  });
  const pinnedBy = signersOf(signed, pins)[0];
  const known = signersOf(
    signed,
    announced.map(({ key }) => key),
  );
  const live = announced.filter(({ announcement, key }) => known.includes(key) && keyLiveAt(announcement, treeSize));
  const lying = vkey === undefined ? undefined : signersOf(signed, [vkey])[0];

  const named = [...pins, ...announced.map(({ key }) => key), ...(vkey === undefined ? [] : [vkey])];
  for (const found of verifyCheckpoint(signed, { keys: named }).faults) {
    // That nobody known signed is said below, in words about where the key should come from.
    if (found.code !== "checkpoint-unsigned") tell(found);
  }
  if (live.length === 0 && known.length > 0) {
    const ended = announced.find(({ key }) => key === known[0]);
    tell(
      fault(
        "key-revoked",
        `It is signed by a key that is trusted no more at size ${treeSize}${endedAt(ended?.announcement)}.`,
      ),
    );
  } else if (known.length === 0 && (lying ?? pinnedBy) !== undefined) {
    tell(fault("key-unannounced", "It is signed by a key that no entry here announced for checkpoints."));
  } else if (known.length === 0) {
    tell(fault("checkpoint-unsigned", `No key of ${origin} that is known here signed it.`));
  }
  // Anybody can add a signature of their own to a checkpoint: that it signed does not make a key the log's.
  if (vkey !== undefined && known.length > 0 && !known.some((key) => isSameKey(key, vkey))) {
    tell(
      fault(
        "key-unannounced",
        `The key lying in the pack ${lying === undefined ? "did not sign" : "is none of the log's that signed"} the checkpoint.`,
        {
          path: CONTENT + LOG_KEY_PATH,
        },
      ),
    );
  }
  if (pins.length > 0 && pinnedBy === undefined) {
    const names = pins.map(formatVerifierKey).join(", ");
    tell(fault("pin-mismatch", `Given was ${names}; the checkpoint is of ${origin} and not signed by it.`));
  }
  const believedAt = (size: number) => [
    ...pins,
    ...announced.flatMap(({ announcement, key }) => (keyLiveAt(announcement, size) ? [key] : [])),
    // Where the log's own announcement is not here, that was told; the pack's word is all there is.
    ...(known.length === 0 && vkey !== undefined ? [vkey] : []),
  ];
  return { pinned: pinnedBy, key: pinnedBy ?? known[0] ?? lying ?? vkey, believedAt };
}

function isSameKey(a: VerifierKey, b: VerifierKey): boolean {
  return formatVerifierKey(a) === formatVerifierKey(b);
}

/** A key announced by its text, or by its raw bytes under the log's own name. */
function announcedKey({ vkey, x }: LogKey, origin: string): VerifierKey | undefined {
  if (vkey !== undefined) {
    const parsed = parseVerifierKey(vkey);
    return parsed.ok ? parsed.value : undefined;
  }
  const raw = x === undefined ? undefined : parseBase64Url(x);
  return raw === undefined || publicKeyFault(raw) !== undefined ? undefined : verifierKey(origin, "ed25519", raw);
}

function signersOf(signed: SignedCheckpoint, keys: readonly VerifierKey[]): readonly VerifierKey[] {
  return verifyCheckpoint(signed, { keys }).signers;
}

function readLogKey(pack: PackReader, tell: Tell): VerifierKey | undefined {
  const at = { path: CONTENT + LOG_KEY_PATH };
  const bytes = pack.read(LOG_KEY_PATH);
  if (bytes === undefined) {
    if (pack.kind === "pack") tell(fault("pack-malformed", "The pack does not say which key it is signed by.", at));
    return undefined;
  }
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const parsed = text.endsWith("\n") ? parseVerifierKey(text.slice(0, -1)) : undefined;
  if (parsed?.ok === true) return parsed.value;
  tell(fault("verifier-key-malformed", parsed?.fault.detail ?? "It is not one line.", at));
  return undefined;
}

function manifestFaults({ checkpoint }: SignedCheckpoint, manifest: Manifest): Fault[] {
  const at = { path: CONTENT + CHECKPOINT_PATH };
  const { origin, treeSize, root } = checkpoint;
  return [
    ...(origin === manifest.log
      ? []
      : [fault("checkpoint-origin", `It is of ${origin}; the manifest says ${manifest.log}.`, at)]),
    ...(treeSize === manifest.as_of
      ? []
      : [fault("pack-malformed", `It covers ${treeSize} entries; the manifest says ${manifest.as_of}.`, at)]),
    ...(hex(root) === manifest.root
      ? []
      : [fault("root-mismatch", `It has the root ${hex(root)}; the manifest says ${manifest.root}.`, at)]),
  ];
}

function endedAt(key: LogKey | undefined): string {
  if (key?.revoked !== undefined) return `: revoked by entry ${key.revoked.index}`;
  return key?.retiredIndex === undefined ? "" : `: retired by entry ${key.retiredIndex}`;
}
