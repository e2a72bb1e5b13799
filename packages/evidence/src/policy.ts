/**
 * Policy bundles: a set of files, named by the SHA-256 of the manifest that lists them. Reading one needs no policy
 * engine; what the rules mean is decide.ts. Spec: spec/policy.md.
 *
 * An author writes a directory with `bundle.json` (name, version). Publishing adds `MANIFEST.json`, made from it and from
 * every other file; both are kept, and must agree.
 */

import {
  type BundleHeader,
  type BundleManifest,
  type BundleSignature,
  type BundleTest,
  COMBINING,
  ENGINE,
  GATE_VERSION,
  HeaderShape,
  type LabelCatalogue,
  LabelsShape,
  MAX_BUNDLE_FILES,
  MAX_FILE_BYTES,
  ManifestShape,
  type ReasonCatalogue,
  type ReasonClass,
  ReasonsShape,
  type RoleCatalogue,
  RolesShape,
  SignaturesShape,
  TestsShape,
} from "./bundle-shapes.ts";
import { canonicalBytes, isCanonical } from "./canonical.ts";
import { coreReasons } from "./core-rules.ts";
import { CountersignError } from "./errors.ts";
import { type Digest, digestOf, hex, sha256 } from "./hash.ts";
import { matchShape, type Shape } from "./json-shape.ts";
import { type FindingCode, lineAt, type PolicyFinding, policyFinding } from "./policy-finding.ts";
import { PROJECTION_FORMAT } from "./projection.ts";
import { SUGAR_PATH } from "./rule-sugar.ts";
import { parseStrict, type StrictJson } from "./strict-json.ts";
import { parseContract, type ToolContract } from "./tool-contract.ts";

export const MANIFEST_PATH = "MANIFEST.json";
export const HEADER_PATH = "bundle.json";
/** Signatures of the manifest, which cannot list them. */
export const SIGNATURES_PATH = "MANIFEST.sigs.json";
export const MAX_BUNDLE_BYTES = 2 * 1024 * 1024;
/** A contract with the digest of its file, which actions and approvals cite. */
export type BoundContract = { readonly contract: ToolContract; readonly digest: Digest; readonly path: string };

/** A policy bundle whose files are all there, listed, unaltered and of their shapes. What its rules say is not checked yet. */
export type Bundle = {
  readonly digest: Digest;
  readonly manifest: BundleManifest;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly schema: string;
  readonly policies: readonly { readonly path: string; readonly text: string }[];
  /** By tool name. */
  readonly contracts: ReadonlyMap<string, BoundContract>;
  readonly reasons: ReasonCatalogue;
  readonly roles: RoleCatalogue;
  readonly labels: LabelCatalogue;
  readonly tests: readonly { readonly path: string; readonly test: BundleTest }[];
  /** As they came with the files; whether they verify is policy-signatures.ts. */
  readonly signatures: readonly BundleSignature[];
};

export type BundleOutcome =
  | { readonly ok: true; readonly bundle: Bundle }
  | { readonly ok: false; readonly findings: readonly PolicyFinding[] };

/** What a policy is cited by: SHA-256 of MANIFEST.json as it is, checkable with sha256sum. */
export function policyDigest(manifestBytes: Uint8Array): Digest {
  return digestOf(manifestBytes);
}

/**
 * MANIFEST.json for these files (canonical JSON, no newline). The same files and header give the same bytes.
 *
 * @param files every file but the manifest, by path
 */
export function buildManifest(files: ReadonlyMap<string, Uint8Array>, header: BundleHeader): Uint8Array {
  const manifest: BundleManifest = {
    ctx: "countersign/v1/policy-bundle",
    format: 1,
    name: header.name,
    version: header.version,
    engine: ENGINE,
    combining: COMBINING,
    projection: PROJECTION_FORMAT,
    scanners: "none",
    approval_drift: header.approval_drift ?? "strict",
    min_gate: header.min_gate ?? GATE_VERSION,
    parent: header.parent ?? null,
    files: [...files]
      .filter(([path]) => path !== MANIFEST_PATH && path !== SIGNATURES_PATH)
      .map(([path, bytes]) => ({ path, size: bytes.length, sha256: hex(sha256(bytes)) }))
      .sort((a, b) => (a.path < b.path ? -1 : 1)), // ASCII paths, so this is the order of their bytes
  };
  return canonicalBytes(manifest);
}

/**
 * A bundle as its author wrote it, with its manifest. Files that hold a MANIFEST.json already are returned as they are:
 * a released bundle keeps its digest, and one that was changed since fails in {@link readBundle}.
 */
export function sealBundle(
  files: ReadonlyMap<string, Uint8Array>,
):
  | { readonly ok: true; readonly files: ReadonlyMap<string, Uint8Array> }
  | { readonly ok: false; readonly findings: readonly PolicyFinding[] } {
  if (files.has(MANIFEST_PATH)) return { ok: true, files };
  const check = new BundleCheck(files);
  const header = check.document(HEADER_PATH, HeaderShape);
  if (header === undefined) {
    if (!files.has(HEADER_PATH))
      check.find("file-required", `${HEADER_PATH} with name and version is absent`, HEADER_PATH);
    return { ok: false, findings: check.findings };
  }
  return { ok: true, files: new Map([...files, [MANIFEST_PATH, buildManifest(files, header)]]) };
}

/** Reads a bundle from its files by path, MANIFEST.json included; all findings when it is not one. Never throws. */
export function readBundle(files: ReadonlyMap<string, Uint8Array>): BundleOutcome {
  const check = new BundleCheck(files);
  check.limits();
  if (check.findings.length > 0) return { ok: false, findings: check.findings };
  const manifest = check.manifest();
  const schema = check.text("schema.cedarschema") ?? "";
  const policies: { path: string; text: string }[] = [];
  const contracts = new Map<string, BoundContract>();
  const tests: { path: string; test: BundleTest }[] = [];
  for (const [path, bytes] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const kind = fileKind(path);
    if (kind === "policy") policies.push({ path, text: check.text(path) ?? "" });
    if (kind === "test")
      check.document(path, TestsShape)?.forEach((test) => {
        tests.push({ path, test });
      });
    if (kind === "text") check.text(path);
    const contract = kind === "contract" ? check.contract(path) : undefined;
    if (contract !== undefined) check.addContract(contracts, { contract, digest: digestOf(bytes), path });
  }
  const reasons = check.document("catalog/reasons.json", ReasonsShape) ?? {};
  for (const code of Object.keys(reasons)) {
    if (coreReasons.has(code))
      check.find("reason-reserved", `${code} is a reason of the gate's own`, "catalog/reasons.json");
  }
  const roles = check.document("catalog/roles.json", RolesShape) ?? {};
  const signatures = files.has(SIGNATURES_PATH) ? (check.document(SIGNATURES_PATH, SignaturesShape) ?? []) : [];
  const labels = files.has("catalog/labels.json") ? check.document("catalog/labels.json", LabelsShape) : { labels: {} };
  for (const { path, test } of tests) {
    if (!contracts.has(test.request.tool))
      check.find("test-tool-unknown", `${test.name}: no contract is for ${test.request.tool}`, path);
  }
  if (manifest === undefined || labels === undefined || check.findings.length > 0)
    return { ok: false, findings: check.findings };
  // The manifest was read from this entry.
  const digest = policyDigest(files.get(MANIFEST_PATH)!);
  const catalogues = { reasons, roles, labels };
  return {
    ok: true,
    bundle: { digest, manifest, files, schema, policies, contracts, ...catalogues, tests, signatures },
  };
}

/** Reason codes an approver may vote with, by answer, sorted; an abstention takes any of them. */
export function voteReasons(bundle: Bundle): {
  readonly approve: readonly string[];
  readonly reject: readonly string[];
} {
  const ofClass = (wanted: ReasonClass) =>
    Object.keys(bundle.reasons)
      .filter((code) => bundle.reasons[code]!.class === wanted)
      .sort();
  return { approve: ofClass("approve"), reject: ofClass("reject") };
}

type FileKind = "manifest" | "signatures" | "header" | "schema" | "policy" | "contract" | "catalogue" | "test" | "text";

/** A closed list: a file with a meaning this gate does not know must not be ignored. */
function fileKind(path: string): FileKind | undefined {
  if (path === MANIFEST_PATH) return "manifest";
  if (path === SIGNATURES_PATH) return "signatures";
  if (path === HEADER_PATH) return "header";
  if (path === "schema.cedarschema") return "schema";
  if (path === "CHANGES.md" || path === "README.md" || path === SUGAR_PATH) return "text";
  if (/^catalog\/(reasons|roles|labels)\.json$/.test(path)) return "catalogue";
  const nested = /^(policies|tools|tests)\/[a-z0-9_][a-z0-9._-]{0,127}\.(cedar|json)$/.exec(path);
  if (nested === null) return undefined;
  if (nested[1] === "policies") return nested[2] === "cedar" ? "policy" : undefined;
  if (nested[2] !== "json") return undefined;
  return nested[1] === "tools" ? "contract" : "test";
}

/** Every way to hide or reorder text: controls, format and bidi characters, line separators, private use. */
const HIDDEN = /[\p{Cf}\p{Zl}\p{Zp}\p{Co}]|[^\P{Cc}\t\n\r]/u;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Gathers findings while the files are read. */
class BundleCheck {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly findings: PolicyFinding[] = [];
  readonly #tools = new Map<string, string>();
  readonly #actions = new Map<string, string>();

  constructor(files: ReadonlyMap<string, Uint8Array>) {
    this.files = files;
  }

  find(code: FindingCode, detail: string, path = "", line?: number): void {
    this.findings.push(policyFinding(code, detail, { path, line }));
  }

  limits(): void {
    // Neither manifest nor signatures are among the files a manifest lists.
    if (this.files.size > MAX_BUNDLE_FILES + 2) this.find("too-many-files", `there are ${this.files.size} files`);
    let total = 0;
    for (const [path, bytes] of this.files) {
      total += bytes.length;
      if (fileKind(path) === undefined)
        this.find("path-not-allowed", `${JSON.stringify(path)} has no place in a bundle`, path);
      if (bytes.length > MAX_FILE_BYTES) this.find("file-too-large", `it has ${bytes.length} bytes`, path);
    }
    if (total > MAX_BUNDLE_BYTES) this.find("bundle-too-large", `the files have ${total} bytes`);
    for (const path of ["schema.cedarschema", "catalog/reasons.json", "catalog/roles.json"]) {
      if (!this.files.has(path)) this.find("file-required", `${path} is absent`, path);
    }
    for (const kind of ["policy", "contract"] as const) {
      if (![...this.files.keys()].some((path) => fileKind(path) === kind))
        this.find("file-required", `there is no ${kind}`);
    }
  }

  manifest(): BundleManifest | undefined {
    const bytes = this.files.get(MANIFEST_PATH);
    if (bytes === undefined) {
      this.find("manifest-missing", "a bundle is named by its manifest; publishing makes it from bundle.json");
      return undefined;
    }
    const manifest = this.document(MANIFEST_PATH, ManifestShape);
    if (manifest === undefined) return undefined;
    if (!isCanonical(bytes, "entry"))
      this.find("manifest-not-canonical", "its bytes are not the canonical form", MANIFEST_PATH);
    if (manifest.files.some((file, i) => i > 0 && manifest.files[i - 1]!.path >= file.path)) {
      this.find("shape", "/files is not sorted by path, each once", MANIFEST_PATH);
    }
    const listed = new Set<string>([MANIFEST_PATH, SIGNATURES_PATH]);
    for (const { path, size, sha256: expected } of manifest.files) {
      if (path === MANIFEST_PATH || path === SIGNATURES_PATH) this.find("shape", `/files lists ${path}`, MANIFEST_PATH);
      listed.add(path);
      const file = this.files.get(path);
      if (file === undefined) this.find("file-missing", "it is listed in the manifest", path);
      else if (file.length !== size || hex(sha256(file)) !== expected)
        this.find("file-differs", `the manifest lists ${expected}`, path);
    }
    for (const path of this.files.keys())
      if (!listed.has(path)) this.find("file-unlisted", "it is not listed in the manifest", path);
    this.#versions(manifest);
    return manifest;
  }

  #versions(manifest: BundleManifest): void {
    const { name, lang, crate } = manifest.engine;
    if (name !== ENGINE.name || lang !== ENGINE.lang || crate !== ENGINE.crate) {
      this.find(
        "engine-differs",
        `it is for ${name} ${lang}/${crate}, this gate has ${ENGINE.name} ${ENGINE.lang}/${ENGINE.crate}`,
        MANIFEST_PATH,
      );
    }
    if (compareVersions(manifest.min_gate, GATE_VERSION) > 0) {
      this.find("gate-too-old", `it needs gate ${manifest.min_gate}, this is ${GATE_VERSION}`, MANIFEST_PATH);
    }
    if (!this.files.has(HEADER_PATH)) return;
    const header = this.document(HEADER_PATH, HeaderShape);
    if (header === undefined) return;
    const { min_gate = GATE_VERSION, parent = null, approval_drift: drift = "strict" } = header;
    const same =
      header.name === manifest.name &&
      header.version === manifest.version &&
      min_gate === manifest.min_gate &&
      parent === manifest.parent &&
      drift === manifest.approval_drift;
    if (!same) this.find("header-differs", "the manifest was not made from this bundle.json", HEADER_PATH);
  }

  /** A file's text, or undefined after a finding, or when it is absent (which limits() reports where it matters). */
  text(path: string): string | undefined {
    const bytes = this.files.get(path);
    if (bytes === undefined) return undefined;
    let decoded: string;
    try {
      decoded = decoder.decode(bytes);
    } catch {
      this.find("not-text", "it is not well-formed UTF-8", path);
      return undefined;
    }
    const hidden = HIDDEN.exec(decoded);
    if (hidden === null) return decoded;
    const code = hidden[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
    this.find("hidden-character", `it has U+${code}`, path, lineAt(decoded, hidden.index));
    return undefined;
  }

  document<T>(path: string, shape: Shape<T>): T | undefined {
    const json = this.#json(path);
    if (json === undefined) return undefined;
    const matched = matchShape(shape, json.document.value);
    if (matched.ok) return matched.value;
    this.#deviations(path, json, matched.deviations);
    return undefined;
  }

  contract(path: string): ToolContract | undefined {
    const json = this.#json(path);
    if (json === undefined) return undefined;
    const parsed = parseContract(json.document.value);
    if (parsed.ok) return parsed.value;
    this.#deviations(path, json, parsed.deviations);
    return undefined;
  }

  addContract(contracts: Map<string, BoundContract>, bound: BoundContract): void {
    const { tool, action } = bound.contract;
    const byTool = this.#tools.get(tool);
    const byAction = this.#actions.get(action);
    if (byTool !== undefined) this.find("tool-twice", `${tool} has a contract in ${byTool}`, bound.path);
    else if (byAction !== undefined) this.find("tool-twice", `action ${action} is that of ${byAction}`, bound.path);
    this.#tools.set(tool, bound.path);
    this.#actions.set(action, bound.path);
    contracts.set(tool, bound);
  }

  #json(path: string): { readonly text: string; readonly document: StrictJson } | undefined {
    const decoded = this.text(path);
    if (decoded === undefined) return undefined;
    try {
      return { text: decoded, document: parseStrict(this.files.get(path)!, "payload") };
    } catch (error) {
      if (!(error instanceof CountersignError)) throw error;
      this.find("json-malformed", `${error.pointer ?? ""} ${error.detail ?? error.message}`.trim(), path);
      return undefined;
    }
  }

  #deviations(
    path: string,
    { text: decoded, document }: { readonly text: string; readonly document: StrictJson },
    deviations: readonly { readonly pointer: string; readonly problem: string }[],
  ): void {
    for (const { pointer, problem } of deviations) {
      // A missing member has no place of its own: the object that lacks it does.
      const range = document.rangeOf(pointer) ?? document.rangeOf(pointer.slice(0, pointer.lastIndexOf("/")));
      const line = range && lineAt(decoded, decoder.decode(document.bytes.subarray(0, range.start)).length);
      this.find("shape", `${pointer === "" ? "the document" : pointer} ${problem}`, path, line);
    }
  }
}

/** Negative, zero or positive, as versions a.b.c compare. */
function compareVersions(a: string, b: string): number {
  const left = a.split(".").map(Number);
  const right = b.split(".").map(Number);
  for (let i = 0; i < 3; i++) if (left[i] !== right[i]) return left[i]! - right[i]!;
  return 0;
}
