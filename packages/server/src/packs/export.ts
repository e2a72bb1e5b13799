/**
 * Export: a pack of a run or of the whole log, with its own record in the log. Asked for (`pack.requested`,
 * `evidence.accessed`) before anything is read, and recorded with the manifest's digest (`pack.exported`) before the
 * folder appears; the proof of that record goes into the pack.
 */
import { parseCheckpoint } from "@countersign/evidence/checkpoint";
import { assert, CountersignError } from "@countersign/evidence/errors";
import type { ActorBlock } from "@countersign/evidence/event";
import { digestOf } from "@countersign/evidence/hash";
import type { Id } from "@countersign/evidence/ids";
import {
  CONTENT,
  type DisclosureLevel,
  formatScope,
  MANIFEST_PATH,
  type Manifest,
  type PackScope,
  parseManifest,
} from "@countersign/evidence/pack";
import { attestFiles, buildPack } from "@countersign/evidence/pack-build";
import type { Command, Submission } from "../ledger/command.ts";
import type { LogReader, PackParts } from "./faces.ts";
import { startPackFolder } from "./folder.ts";
import { packSource } from "./source.ts";
import { packCheckpoints } from "./tables.ts";

export type ExportRequest = {
  readonly scope: Exclude<PackScope, { kind: "query" }>;
  /** Entries to cover; absent: everything signed now. */
  readonly asOf?: number;
  readonly disclosure: DisclosureLevel;
  readonly purpose: string;
  readonly recipient?: string;
  /** Absolute path of the folder to make. */
  readonly out: string;
};

/** What an export came to. `as_of` is the size of the checkpoint it stands under, at least what was asked for. */
export type Exported = {
  readonly pack_id: string;
  readonly out: string;
  readonly as_of: number;
  readonly proves: Manifest["proves"];
  readonly entries: number;
  readonly manifest_digest: string;
  readonly event_id: string;
  readonly vkey: string;
};

type Ask = {
  readonly scope: string;
  readonly checkpoint: string;
  readonly size: number;
} & Pick<ExportRequest, "disclosure" | "purpose" | "recipient">;

/** Records who wants what, that the pack is being read, and under which checkpoint it stands. */
const requestPack: Command<Ask, Id<"pack">> = {
  name: "packs.request",
  needs: () => ({}),
  run(tx, { scope, checkpoint, size, disclosure, purpose, recipient }) {
    const packId = tx.newId("pack");
    const asked = tx.append("pack.requested", {
      pack: { pack_id: packId, scope, purpose, disclosure, ...(recipient === undefined ? {} : { recipient }) },
    });
    tx.append("evidence.accessed", {
      cause: asked.event.event_id,
      access: { reads: [{ kind: "pack", id: packId }], count: 1 },
    });
    tx.put(packCheckpoints, { log: tx.log, size, note: checkpoint });
    return packId;
  },
};

type Done = { readonly packId: Id<"pack">; readonly digest: string; readonly manifest: Manifest };

const recordPack: Command<Done, string> = {
  name: "packs.record-export",
  needs: () => ({}),
  run(tx, { packId, digest, manifest }) {
    const { scope, as_of, proves, counts, disclosure } = manifest;
    const { event } = tx.append("pack.exported", {
      pack: {
        pack_id: packId,
        scope: formatScope(scope),
        as_of,
        manifest_digest: digest,
        proves,
        entries: counts.entries,
        disclosure,
      },
    });
    return event.event_id;
  },
};

/**
 * Exports a pack into a folder.
 *
 * @throws CountersignError not-found, folder-not-empty, cannot-read, and as ledger.submit
 */
export async function exportPack(parts: PackParts, request: ExportRequest, by: Submission): Promise<Exported> {
  const { ledger } = parts;
  const reader = readerOf(parts, by.tenant);
  const { scope, asOf, disclosure, purpose, recipient, out } = request;
  if (scope.kind === "run" && reader.run(scope.run_id) === undefined) {
    throw new CountersignError("not-found", { detail: `There is no run ${scope.run_id}.` });
  }
  const checkpoint = checkpointFor(reader, asOf);
  const size = sizeOf(checkpoint);
  const [first = 0] = scope.kind === "run" ? reader.entriesOfRun(scope.run_id, { limit: 1 }) : [];
  if (first >= size) {
    throw new CountersignError("not-found", { detail: `The run starts at entry ${first}, behind entry ${size - 1}.` });
  }
  const folder = await startPackFolder(out);
  try {
    const ask = { scope: formatScope(scope), checkpoint, size, disclosure, purpose };
    const asked = await ledger.submit(requestPack, recipient === undefined ? ask : { ...ask, recipient }, by);
    const source = packSource(reader, checkpoint, parts);
    let manifestBytes: Uint8Array | undefined;
    for await (const file of buildPack(source, { scope, disclosure })) {
      if (file.path === CONTENT + MANIFEST_PATH) manifestBytes = file.bytes;
      await folder.write(file);
    }
    assert(manifestBytes !== undefined, "a pack has a manifest");
    const manifest = parseManifest(manifestBytes);
    assert("as_of" in manifest, "the manifest just written is well-formed");
    const digest = digestOf(manifestBytes);
    const done = await ledger.submit(recordPack, { packId: asked.answer, digest, manifest }, derived(by));
    const [leafIndex] = done.indexes;
    for (const file of attestation(reader, leafIndex!, done.checkpoint, manifest.as_of, parts))
      await folder.write(file);
    await folder.commit();
    return {
      pack_id: asked.answer,
      out,
      as_of: manifest.as_of,
      proves: manifest.proves,
      entries: manifest.counts.entries,
      manifest_digest: digest,
      event_id: done.answer,
      vkey: source.vkey,
    };
  } finally {
    await folder.discard();
  }
}

/** The idempotency key belongs to the request; what follows from it is submitted without. */
function derived({ tenant, actor }: Submission): { readonly tenant: string; readonly actor: ActorBlock } {
  return { tenant, actor };
}

function attestation(reader: LogReader, leafIndex: number, checkpoint: string, asOf: number, parts: PackParts) {
  const entry = reader.entry(leafIndex);
  assert(entry !== undefined, "what was submitted is under the checkpoint");
  const { nodeAt } = packSource(reader, checkpoint, parts);
  return attestFiles({ entry: entry.bytes, leafIndex, checkpoint, nodeAt, asOf });
}

/**
 * The checkpoint an export stands under. Without a size it is the newest. With one it is the oldest at hand that covers
 * it: sizes between two signatures were never signed, and the ledger keeps only its newest note, so an earlier export's is
 * used where there is one. Once made, an export of the same size finds the same checkpoint for ever.
 */
function checkpointFor(reader: LogReader, asOf: number | undefined): string {
  if (asOf === undefined || asOf === reader.size) return reader.checkpoint;
  if (asOf < 1 || asOf > reader.size) {
    throw new CountersignError("usage", {
      detail: `The log has ${reader.size} entries under a signed checkpoint; ${asOf} cannot be covered.`,
    });
  }
  const after = { log: reader.log, size: asOf - 1, note: "" };
  const [kept] = reader.list(packCheckpoints, "key", [reader.log], { after, limit: 1 });
  return kept?.note ?? reader.checkpoint;
}

function sizeOf(checkpoint: string): number {
  const parsed = parseCheckpoint(checkpoint);
  assert(parsed.ok, "the ledger's checkpoints are well-formed");
  return parsed.value.checkpoint.treeSize;
}

function readerOf({ ledger }: PackParts, tenant: string): LogReader {
  const reader = ledger.reader(tenant);
  if (reader === undefined) throw new CountersignError("not-found", { detail: `There is no tenant ${tenant}.` });
  return reader;
}
