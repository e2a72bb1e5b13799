/**
 * What must be kept, for fsck: the payloads that events and policies name, the files of each policy, and the checkpoints that
 * packs stand under. It stands beside app.ts because one module's rows follow from another's.
 */
import { parseCheckpoint, verifyCheckpoint } from "@countersign/evidence/checkpoint";
import type { Event } from "@countersign/evidence/event";
import { parseVerifierKey, type VerifierKey } from "@countersign/evidence/note";
import { MANIFEST_PATH, SIGNATURES_PATH } from "@countersign/evidence/policy";
import { type ExpectedRow, projection, type TableProjection } from "./ledger/projection.ts";
import { packCheckpoints } from "./packs/tables.ts";
import { introduced } from "./payloads/projections.ts";
import { payloads } from "./payloads/tables.ts";
import { policyFiles } from "./policy/tables.ts";

export const keptProjections: readonly TableProjection[] = [
  projection(payloads, () => {
    const cited = new Set<string>();
    return {
      step(event: Event) {
        for (const digest of introduced(event)) cited.add(digest);
      },
      *rows(stored) {
        const files = new Set<string>();
        for (const { file } of stored(policyFiles)) files.add(file);
        const left = new Set([...cited, ...files]);
        for (const { digest, uploaded_by: uploadedBy } of stored(payloads)) {
          // What somebody uploaded and nobody cited yet is lawful.
          if (left.delete(digest) || uploadedBy !== null) yield { digest };
        }
        for (const digest of left) yield { digest };
      },
    };
  }),
  projection(policyFiles, (tenant, { payload }) => {
    /** Bundles by whether they were put in force: one that was only uploaded may have been let go of. */
    const bundles = new Map<string, boolean>();
    return {
      step(event: Event) {
        if (event.type === "policy.uploaded")
          bundles.set(event.bundle.digest, bundles.get(event.bundle.digest) ?? false);
        if (event.type === "policy.published") bundles.set(event.publish.digest, true);
      },
      *rows(stored) {
        const there = new Map<string, ExpectedRow<typeof policyFiles>[]>();
        for (const row of stored(policyFiles)) there.set(row.bundle, [...(there.get(row.bundle) ?? []), row]);
        for (const [bundle, inForce] of bundles) {
          const known = there.get(bundle) ?? [];
          if (known.length === 0 && !inForce) continue;
          const listed = payload === undefined ? undefined : listedIn(payload(tenant, bundle));
          // A manifest that is not at hand is named as a payload that is missing; its files are then anybody's word.
          if (listed === undefined) yield* known;
          else {
            yield { bundle, path: MANIFEST_PATH, file: bundle };
            yield* known.filter(({ path }) => path === SIGNATURES_PATH);
            for (const { path, sha256 } of listed) yield { bundle, path, file: `sha256:${sha256}` };
          }
        }
      },
    };
  }),
  projection(packCheckpoints, () => {
    const exported: { log: string; size: number }[] = [];
    const keys: VerifierKey[] = [];
    const take = (vkey: string | undefined) => {
      const parsed = vkey === undefined ? undefined : parseVerifierKey(vkey);
      if (parsed?.ok === true) keys.push(parsed.value);
    };
    return {
      step(event: Event) {
        if (event.type === "log.genesis") for (const { vkey } of event.genesis.keys) take(vkey);
        if (event.type === "log.key.added") take(event.key.vkey);
        if (event.type === "pack.exported") exported.push({ log: event.integrity.log, size: event.pack.as_of });
      },
      *rows(stored) {
        const isNote = (log: string, size: number) => (note: string) => {
          const parsed = parseCheckpoint(note);
          if (!parsed.ok || parsed.value.checkpoint.treeSize !== size) return false;
          return verifyCheckpoint(parsed.value, { keys, origin: log }).faults.length === 0;
        };
        // More of them than exports is lawful: a pack may have been asked for and not made. What counts is who signed.
        for (const { log, size } of stored(packCheckpoints)) yield { log, size, note: isNote(log, size) };
        for (const { log, size } of exported) yield { log, size, note: isNote(log, size) };
      },
    };
  }),
];

function listedIn(manifest: Uint8Array | undefined): readonly { path: string; sha256: string }[] | undefined {
  if (manifest === undefined) return undefined;
  try {
    // Stored under its digest, which the log has: read for its list, whose shape was checked when it was published.
    const { files = [] } = JSON.parse(new TextDecoder().decode(manifest)) as {
      files?: readonly { path: string; sha256: string }[];
    };
    return files;
  } catch {
    return undefined;
  }
}
