/**
 * Step 14 of spec/pack.md: what the log itself says of this pack. Present or absent, it changes nothing of what the
 * content proves; present and wrong, it is a fault.
 */
import { parseCheckpoint } from "./checkpoint.ts";
import { CountersignError } from "./errors.ts";
import type { EventOf } from "./event.ts";
import { type FaultCode, fault } from "./fault.ts";
import { checkEvent, serializeEvent } from "./generated/event-shapes.ts";
import { equalBytes, utf8 } from "./hash.ts";
import { consistencyFault, leafHash } from "./merkle.ts";
import type { VerifierKey } from "./note.ts";
import { ATTEST_ENTRY_PATH, ATTEST_EXTENDS_PATH, ATTEST_PROOF_PATH, formatScope } from "./pack.ts";
import { parseExtends } from "./pack-extends.ts";
import type { PackReader } from "./pack-reader.ts";
import { checkReceipt, parseReceipt } from "./receipt.ts";
import { parseStrict } from "./strict-json.ts";
import type { PackCheckpoint } from "./verify-checkpoint.ts";
import type { Tell } from "./verify-tree.ts";

/** The pack.exported event that vouches for the manifest, or undefined: nothing is attested, or a fault was told. */
export function checkAttest(
  pack: PackReader,
  { signed }: PackCheckpoint,
  believedAt: (treeSize: number) => readonly VerifierKey[],
  tell: Tell,
): EventOf<"pack.exported"> | undefined {
  const entry = pack.beside(ATTEST_ENTRY_PATH);
  const proof = pack.beside(ATTEST_PROOF_PATH);
  const extendsBytes = pack.beside(ATTEST_EXTENDS_PATH);
  if (entry === undefined && proof === undefined && extendsBytes === undefined) return undefined;
  const refuse = (code: FaultCode, detail: string, path: string) => tell(fault(code, detail, { path }));
  let sound = true;
  const whole: Tell = (found) => {
    sound = false;
    tell(found);
  };
  if (entry === undefined || proof === undefined || extendsBytes === undefined) {
    refuse("pack-malformed", "An attestation is three files: exported.json, exported.tlog-proof, extends.", "attest/");
    return undefined;
  }
  const event = readExported(entry);
  if (event === undefined) {
    refuse("entry-shape", "It is not the canonical entry of a pack.exported event.", ATTEST_ENTRY_PATH);
    return undefined;
  }
  const receipt = parseReceipt(proof);
  if (!receipt.ok || receipt.value.extra !== undefined) {
    refuse(
      "receipt-malformed",
      receipt.ok ? "It carries bytes that nothing authenticates." : receipt.fault.detail,
      ATTEST_PROOF_PATH,
    );
    return undefined;
  }
  const at = { path: ATTEST_ENTRY_PATH, index: event.integrity.index, eventId: event.event_id };
  if (receipt.value.leafIndex !== event.integrity.index) {
    whole(fault("index-mismatch", `The proof is of entry ${receipt.value.leafIndex}.`, at));
  }
  const later = parseCheckpoint(receipt.value.checkpoint);
  const verdict = checkReceipt(receipt.value, leafHash(entry), {
    keys: later.ok ? believedAt(later.value.checkpoint.treeSize) : [],
    ...(signed === undefined ? {} : { origin: signed.checkpoint.origin }),
  });
  for (const found of verdict.faults) whole({ ...found, path: ATTEST_PROOF_PATH });
  if (signed !== undefined && verdict.signed !== undefined) {
    const { treeSize, root } = signed.checkpoint;
    const extended = parseExtends(extendsBytes, treeSize, receipt.value.checkpoint);
    if (typeof extended === "string") {
      whole(fault("consistency-failed", extended, { path: ATTEST_EXTENDS_PATH }));
    } else {
      const newer = verdict.signed.checkpoint;
      const found = consistencyFault(treeSize, newer.treeSize, root, newer.root, extended);
      if (found !== undefined) whole({ ...found, path: ATTEST_EXTENDS_PATH });
    }
  }
  for (const detail of differences(event, pack)) whole(fault("pack-file-mismatch", detail, at));
  return sound ? event : undefined;
}

function readExported(bytes: Uint8Array): EventOf<"pack.exported"> | undefined {
  let value: unknown;
  try {
    value = parseStrict(bytes, "entry").value;
  } catch (cause) {
    if (!(cause instanceof CountersignError)) throw cause;
    return undefined;
  }
  const shape = checkEvent(value);
  if (shape === "kind-not-understood" || shape.length > 0) return undefined;
  // The shape is that of the kind it names, and that is the one wanted.
  const event = value as EventOf<"pack.exported">;
  return event.type === "pack.exported" && equalBytes(utf8(serializeEvent(event)), bytes) ? event : undefined;
}

/** Where the log's word about the pack differs from the pack. */
function differences(
  { pack: said, tenant, integrity }: EventOf<"pack.exported">,
  { manifest, manifestDigest }: PackReader,
): string[] {
  if (manifest === undefined) return [];
  const expected: Readonly<Record<string, unknown>> = {
    manifest_digest: manifestDigest,
    scope: formatScope(manifest.scope),
    as_of: manifest.as_of,
    proves: manifest.proves,
    entries: manifest.counts.entries,
    disclosure: manifest.disclosure,
  };
  // Members are looked up by the names above, all of which the event's block has.
  const members = said as unknown as Readonly<Record<string, unknown>>;
  const wrong = Object.keys(expected).filter((name) => members[name] !== expected[name]);
  if (tenant !== manifest.tenant) wrong.push("tenant");
  if (integrity.log !== manifest.log) wrong.push("log");
  return wrong.map((name) => `The log recorded another ${name} when a pack was exported.`);
}
