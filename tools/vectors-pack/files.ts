/**
 * Vectors of packs: two small ones as they should be, and what one thing wrong with each is called. A damaged pack is
 * given as the changes to the good one, so that what is wrong can be seen.
 */
import { canonicalText } from "@countersign/evidence/canonical";
import { sha256, utf8 } from "@countersign/evidence/hash";
import { formatVerifierKey } from "@countersign/evidence/note";
import type { Manifest, PackScope } from "@countersign/evidence/pack";
import { PackFolder, PackStory } from "../pack-story.ts";

/** Files of a pack: text as it is, other bytes as `base64:…`. Null takes a file away. */
export type VectorFiles = Readonly<Record<string, string | null>>;

export type PackVector = {
  readonly desc: string;
  /** The key given from outside. */
  readonly pin: string;
  /** The vector whose files these change; absent: `files` is the whole pack. */
  readonly base?: string;
  readonly files: VectorFiles;
  /** Codes of the faults a verifier must find, sorted, each once. `cannot-read`: it must refuse to judge. */
  readonly faults: readonly string[];
};

type Damage = readonly [name: string, desc: string, faults: readonly string[], change: (folder: PackFolder) => void];

/** Path below spec/vectors → content. */
export async function packVectors(): Promise<ReadonlyMap<string, string>> {
  const story = smallStory();
  const run = story.run();
  run.close();
  const other = story.run();
  other.close();
  const log = await story.pack({ kind: "log", from: 0 }, { disclosure: "none", source: story.source() });
  const scope: PackScope = { kind: "run", run_id: run.id };
  const pack = await story.pack(scope, { disclosure: "none", attest: true });
  const foreign = story.events.findIndex(({ event_id }) => event_id === other.started.event_id);
  const foreignPack = await story.pack(
    { kind: "run", run_id: other.id },
    { disclosure: "none", source: story.source(sizeOf(log)) },
  );
  const pin = formatVerifierKey(story.key);
  const thief = story.keyOf(sha256(utf8("another key")));
  const started = story.events.findIndex(({ event_id }) => event_id === run.started.event_id);

  const ofRun: readonly Damage[] = [
    [
      "entry-changed",
      "A word of an entry is changed.",
      ["inclusion-failed", "pack-file-mismatch"],
      (folder) => {
        edit(folder, `content/entries/${started}.json`, '"source":"observed"', '"source":"reported"');
      },
    ],
    [
      "entry-missing",
      "The run's second entry is left out, and the manifest with it.",
      ["event-out-of-order", "pack-scope-incomplete", "run-chain-broken", "settle-count-differs", "view-mismatch"],
      (folder) => {
        folder.forge(`entries/${started + 1}.json`, undefined).forge(`proofs/${started + 1}.tlog-proof`, undefined);
      },
    ],
    [
      "control-event-missing",
      "A control event is left out, and the manifest with it.",
      ["control-chain-broken", "control-event-unlawful", "pack-scope-incomplete"],
      (folder) => {
        folder.forge("entries/4.json", undefined).forge("proofs/4.tlog-proof", undefined);
      },
    ],
    [
      "entry-foreign",
      "An entry of another run is put in, with its proof and the manifest.",
      ["pack-foreign-entry", "pack-scope-incomplete"],
      (folder) => {
        folder
          .forge(`entries/${foreign}.json`, foreignPack.get(`content/entries/${foreign}.json`))
          .forge(`proofs/${foreign}.tlog-proof`, foreignPack.get(`content/proofs/${foreign}.tlog-proof`));
      },
    ],
    [
      "view-changed",
      "The view says another agent, and the manifest with it.",
      ["view-mismatch"],
      (folder) => {
        const path = `runs/${run.id}.json`;
        folder.forge(path, folder.text(`content/${path}`).replace("ops-agent-3", "ops-agent-4"));
      },
    ],
    [
      "manifest-claims-more",
      "The manifest counts an entry more.",
      ["pack-scope-incomplete"],
      (folder) => {
        folder.forgeManifest((manifest) => ({
          ...manifest,
          counts: { ...manifest.counts, entries: manifest.counts.entries + 1 },
        }));
      },
    ],
    [
      "manifest-other-than-attested",
      "The manifest is changed and the log's record of it kept.",
      ["pack-file-mismatch"],
      (folder) => {
        const attest = [...folder].filter(([path]) => path.startsWith("attest/"));
        folder.forgeManifest((manifest) => ({ ...manifest, disclosure: "committed" }));
        for (const [path, bytes] of attest) folder.set(path, bytes);
      },
    ],
    [
      "file-unlisted",
      "A file is there that the manifest does not list.",
      ["pack-file-unlisted"],
      (folder) => {
        folder.set("content/notes.txt", utf8("hello"));
      },
    ],
    [
      "attest-cut",
      "One of the three files of the attestation is gone.",
      ["pack-malformed"],
      (folder) => {
        folder.delete("attest/extends");
      },
    ],
    [
      "newer-format",
      "The pack is of a format this version does not know.",
      ["cannot-read"],
      (folder) => {
        folder.forgeManifest((manifest) => ({ ...manifest, format: "countersign-pack/2" }) as object as Manifest);
      },
    ],
  ];
  const tile = [...log.keys()].find((path) => path.startsWith("content/tile/0/"))!;
  const ofLog: readonly Damage[] = [
    [
      "tile-changed",
      "A hash tile is changed, and the manifest with it.",
      ["tile-mismatch"],
      (folder) => {
        const bytes = folder.get(tile)!.slice();
        bytes[0]! ^= 1;
        folder.forge(tile.slice("content/".length), bytes);
      },
    ],
    [
      "bundle-missing",
      "The entry bundle is left out, and the manifest with it.",
      ["entry-missing", "key-unannounced", "pack-scope-incomplete", "view-mismatch"],
      (folder) => {
        folder.forge(tile.replace("content/tile/0/", "tile/entries/"), undefined);
      },
    ],
    [
      "signed-by-another",
      "The checkpoint is signed by another key, which lies in the pack.",
      ["key-unannounced", "pin-mismatch"],
      (folder) => {
        folder
          .forge("checkpoint", story.checkpointAt(sizeOf(log), { secret: sha256(utf8("another key")) }))
          .forge("log.vkey", `${formatVerifierKey(thief)}\n`);
      },
    ],
  ];
  return new Map([...cases("run", pack, pin, ofRun), ...cases("log", log, pin, ofLog)]);
}

/** The smallest lawful log: genesis, tenant, the agent's owner, the agent, and a seal. */
function smallStory(): PackStory {
  return new PackStory().found({ policy: false });
}

function sizeOf(folder: PackFolder): number {
  return (JSON.parse(folder.text("content/manifest.json")) as Manifest).as_of;
}

function* cases(name: string, good: PackFolder, pin: string, damages: readonly Damage[]): Generator<[string, string]> {
  const valid: PackVector = { desc: `A ${name} pack as it should be.`, pin, files: textsOf(good), faults: [] };
  yield [`pack/${name}/valid.json`, format(valid)];
  for (const [mutation, desc, faults, change] of damages) {
    const folder = good.copy();
    change(folder);
    const files = differences(good, folder);
    const vector: PackVector = { desc, pin, base: `pack/${name}/valid`, files, faults: [...faults].sort() };
    yield [`pack/${name}/${mutation}.json`, format(vector)];
  }
}

function edit(folder: PackFolder, path: string, from: string, to: string): void {
  folder.set(path, utf8(folder.text(path).replace(from, to)));
}

function textsOf(folder: PackFolder): Record<string, string> {
  return Object.fromEntries(
    [...folder].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, bytes]) => [path, encode(bytes)]),
  );
}

function differences(good: PackFolder, changed: PackFolder): VectorFiles {
  const [before, after] = [textsOf(good), textsOf(changed)];
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return Object.fromEntries(
    paths.filter((path) => before[path] !== after[path]).map((path) => [path, after[path] ?? null]),
  );
}

function encode(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  const isText = Buffer.from(text).equals(bytes) && !text.startsWith("base64:");
  return isText ? text : `base64:${Buffer.from(bytes).toString("base64")}`;
}

/** The pack a vector stands for. */
export function folderOf(vector: PackVector, all: ReadonlyMap<string, PackVector>): PackFolder {
  const folder = vector.base === undefined ? new PackFolder() : folderOf(all.get(vector.base)!, all);
  for (const [path, text] of Object.entries(vector.files)) {
    if (text === null) folder.delete(path);
    else
      folder.set(path, text.startsWith("base64:") ? new Uint8Array(Buffer.from(text.slice(7), "base64")) : utf8(text));
  }
  return folder;
}

function format(vector: PackVector): string {
  return `${JSON.stringify(JSON.parse(canonicalText(vector)), null, 1)}\n`;
}
