/**
 * The shape of a pack: its paths and its manifest. Reading is `pack-reader.ts`, building `pack-build.ts`, judging
 * `verify.ts`. Spec: spec/pack.md.
 */
import { canonicalBytes, canonicalText } from "./canonical.ts";
import { CountersignError } from "./errors.ts";
import { type Fault, fault } from "./fault.ts";
import { type Digest, equalBytes } from "./hash.ts";
import { idPattern, type RunId } from "./ids.ts";
import {
  either,
  integer,
  isObject,
  matchShape,
  object,
  oneOf,
  pattern,
  record,
  type Shape,
  type TypeOf,
  text,
} from "./json-shape.ts";
import { own } from "./own.ts";
import { type JsonValue, parseStrict } from "./strict-json.ts";
import { TILE_WIDTH } from "./tiles.ts";

/** A folder of files, by path with `/`. The reader brings it: a directory, a dropped folder, a map in a test. */
export type PackFiles = {
  /** Every file's path, in any order. */
  list(): readonly string[];
  read(path: string): Uint8Array | undefined;
};

/** One file of a pack being built. */
export type PackFile = { readonly path: string; readonly bytes: Uint8Array };

export const PACK_FORMAT = "countersign-pack/1";
export const PACK_SPEC = "countersign/1";

const digest = pattern(/^sha256:[0-9a-f]{64}$/, "sha256: and 64 lower-case hex digits") as Shape<Digest>; // what the pattern says
const count = integer(0, Number.MAX_SAFE_INTEGER);
const kindIs = (kind: string) => (value: JsonValue) => isObject(value) && own(value, "kind") === kind;
const stateIs = (state: string) => (value: JsonValue) => isObject(value) && own(value, "state") === state;
/** Runs above a run that a pack follows, at most: a cycle or a hostile depth ends there. */
export const MAX_ANCESTORS = 64;
/** No pack has more files or payloads: 16 million entries of a log pack are 131,000 files. */
const MAX_FILES = 4_000_000;

const scope = either<PackScope>(
  "a log, a run or a query",
  { is: kindIs("log"), shape: object({ kind: oneOf("log"), from: count }) },
  {
    is: kindIs("run"),
    shape: object({
      kind: oneOf("run"),
      run_id: pattern(new RegExp(idPattern("run")), "a run id"),
    }) as Shape<PackScope>,
  }, // what the pattern says
  { is: kindIs("query"), shape: object({ kind: oneOf("query"), query: text(1024) }) },
);
export type PackScope =
  | { readonly kind: "log"; readonly from: number }
  | { readonly kind: "run"; readonly run_id: RunId }
  | { readonly kind: "query"; readonly query: string };

/** What became of a payload that an own entry points to. `as` is the digest of its plain bytes. */
export type PayloadState =
  | { readonly state: "stored" | "withheld" | "erased" | "missing" }
  | { readonly state: "opened"; readonly as: Digest };
const payloadState = either<PayloadState>(
  "what became of the payload",
  { is: stateIs("opened"), shape: object({ state: oneOf("opened"), as: digest }) },
  { is: isObject, shape: object({ state: oneOf("stored", "withheld", "erased", "missing") }) },
);

const manifestShape = object({
  format: oneOf(PACK_FORMAT),
  spec: oneOf(PACK_SPEC),
  log: pattern(/^[a-z0-9][a-z0-9.:-]{0,127}\/[a-z0-9][a-z0-9-]{0,62}\/[0-9]{1,9}$/, "a log's origin"),
  tenant: pattern(/^[a-z0-9][a-z0-9-]{0,62}$/, "a tenant's id"),
  as_of: count,
  /** Hex. */
  root: pattern(/^[0-9a-f]{64}$/, "64 lower-case hex digits"),
  scope,
  proves: oneOf("complete", "as-of", "inclusion-only"),
  disclosure: oneOf("none", "committed", "full"),
  counts: object({
    entries: count,
    own: count,
    control: count,
    ancestors: count,
    runs: count,
    disclosures: count,
    payloads: count,
    policies: count,
    projections: count,
  }),
  /** Path under content/ → digest; every file but the manifest. */
  files: record(/^[A-Za-z0-9_-][A-Za-z0-9._/-]{0,511}$/, digest, MAX_FILES),
  /** Pointer → what became of it. */
  payloads: record(/^sha256:[0-9a-f]{64}$/, payloadState, MAX_FILES),
  verify_md: digest,
});
export type Manifest = TypeOf<typeof manifestShape>;
export type PackCounts = Manifest["counts"];
export type Proves = Manifest["proves"];
export type DisclosureLevel = Manifest["disclosure"];

/** Paths, relative to `content/`. */
export const MANIFEST_PATH = "manifest.json";
export const CHECKPOINT_PATH = "checkpoint";
export const LOG_KEY_PATH = "log.vkey";
export const DISCLOSURES_PATH = "disclosures.jsonl";
export const entryPath = (index: number) => `entries/${index}.json`;
export const proofPath = (index: number) => `proofs/${index}.tlog-proof`;
export const runPath = (runId: string) => `runs/${runId}.json`;
export const payloadPath = (digest: string) => `payloads/${hexOf(digest)}`;
export const projectionPath = (digest: string) => `projections/${hexOf(digest)}`;
export const policyPath = (digest: string, file: string) => `policies/${hexOf(digest)}/${file}`;

/** Paths, relative to the pack. */
export const CONTENT = "content/";
export const GUIDE_PATH = "VERIFY.md";
export const ATTEST_ENTRY_PATH = "attest/exported.json";
export const ATTEST_PROOF_PATH = "attest/exported.tlog-proof";
export const ATTEST_EXTENDS_PATH = "attest/extends";

/** leafIndex of `entries/<index>.json`; undefined for any other path. */
export function parseEntryPath(path: string): number | undefined {
  const digits = /^entries\/(0|[1-9][0-9]{0,15})\.json$/.exec(path)?.[1];
  return digits === undefined || !Number.isSafeInteger(Number(digits)) ? undefined : Number(digits);
}

/** Whether a path may stand in a pack: parts of plain characters, none starting with a dot. */
export function isPackPath(path: string): boolean {
  const parts = path.split("/");
  return parts.length <= 16 && parts.every((part) => /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(part));
}

/** A scope as the pack.requested and pack.exported events say it. */
export function formatScope(scope: PackScope): string {
  return canonicalText(scope);
}

/** The manifest's bytes. */
export function formatManifest(manifest: Manifest): Uint8Array {
  return canonicalBytes(manifest);
}

/**
 * The manifest these bytes say, or the faults why they say none.
 *
 * @throws CountersignError cannot-read when it is of a format or spec newer than this reader
 */
export function parseManifest(bytes: Uint8Array): Manifest | readonly Fault[] {
  const malformed = (detail: string) => fault("pack-malformed", detail, { path: `${CONTENT}${MANIFEST_PATH}` });
  let value: JsonValue;
  try {
    value = parseStrict(bytes, "entry").value;
  } catch (cause) {
    if (!(cause instanceof CountersignError)) throw cause;
    return [malformed(`The manifest cannot be read: ${cause.message}`)];
  }
  if (isObject(value)) {
    refuseNewer(own(value, "format"), PACK_FORMAT);
    refuseNewer(own(value, "spec"), PACK_SPEC);
  }
  const matched = matchShape(manifestShape, value);
  if (!matched.ok) {
    return matched.deviations.map(({ pointer, problem }) =>
      malformed(`The manifest's ${pointer || "document"} ${problem}.`),
    );
  }
  const manifest = matched.value;
  const faults: Fault[] = [];
  for (const path of Object.keys(manifest.files)) {
    if (!isPackPath(path) || path === MANIFEST_PATH) faults.push(malformed(`${path} is no path of a pack's file.`));
  }
  if (manifest.scope.kind === "log" && manifest.scope.from % TILE_WIDTH !== 0) {
    faults.push(malformed(`A log pack starts at a multiple of ${TILE_WIDTH}, not at ${manifest.scope.from}.`));
  }
  if (!equalBytes(canonicalBytes(value), bytes)) faults.push(malformed("The manifest is not canonical JSON."));
  return faults.length > 0 ? faults : manifest;
}

/** Digest text of a `sha256:` digest without its prefix: how files are named. */
export function hexOf(digest: string): string {
  return digest.slice("sha256:".length);
}

/** An unknown major version of a known format is newer, not damaged: nobody may judge it by the rules of this one. */
function refuseNewer(said: unknown, known: string): void {
  const [name, version] = known.split("/") as [string, string];
  const match = typeof said === "string" ? /^([a-z-]+)\/([1-9][0-9]{0,5})$/.exec(said) : null;
  if (match === null || match[1] !== name || Number(match[2]) <= Number(version)) return;
  throw new CountersignError("cannot-read", {
    detail: `This is ${said}; this verifier knows ${known}. Use a newer countersign-verify.`,
  });
}
