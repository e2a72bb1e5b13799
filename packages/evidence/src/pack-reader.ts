/**
 * A pack as the verifier reads it: every file looked up through the manifest, checked against its digest the first time
 * it is read, and every file that was not asked for accounted for at the end. Step 1 of spec/pack.md.
 */
import { CountersignError } from "./errors.ts";
import { type Fault, fault } from "./fault.ts";
import { digestOf, utf8 } from "./hash.ts";
import { own } from "./own.ts";
import {
  ATTEST_ENTRY_PATH,
  ATTEST_EXTENDS_PATH,
  ATTEST_PROOF_PATH,
  CHECKPOINT_PATH,
  CONTENT,
  GUIDE_PATH,
  MANIFEST_PATH,
  type Manifest,
  type PackFiles,
  type PackScope,
  parseManifest,
} from "./pack.ts";

const ATTEST_PATHS: ReadonlySet<string> = new Set([ATTEST_ENTRY_PATH, ATTEST_PROOF_PATH, ATTEST_EXTENDS_PATH]);

export class PackReader {
  /** `tiles`: a bare tlog-tiles log, which has no manifest and may stand among other files. */
  readonly kind: "pack" | "tiles";
  /** Undefined for tiles, and for a pack whose manifest cannot be read. */
  readonly manifest: Manifest | undefined;
  /** Of the manifest as it lies there; undefined when there is none. */
  readonly manifestDigest: string | undefined;
  readonly #files: PackFiles;
  readonly #paths: ReadonlySet<string>;
  /** Prefix of content paths: `content/`, or nothing when the folder given is content/ or tiles. */
  readonly #root: string;
  readonly #checked = new Set<string>();
  readonly #faults: Fault[] = [];

  /**
   * @throws CountersignError cannot-read when there is neither a pack nor a tile directory, or one of a newer version
   */
  constructor(files: PackFiles) {
    this.#files = files;
    this.#paths = new Set(files.list());
    const nested = files.list().some((path) => path.startsWith(CONTENT));
    this.#root = nested ? CONTENT : "";
    const bytes = files.read(this.#root + MANIFEST_PATH);
    this.kind = nested || bytes !== undefined ? "pack" : "tiles";
    if (this.kind === "tiles" && !this.has(CHECKPOINT_PATH))
      throw new CountersignError("cannot-read", { detail: notAPack(this.#paths) });
    this.manifestDigest = bytes === undefined ? undefined : digestOf(bytes);
    if (bytes === undefined) {
      this.manifest = undefined;
      if (this.kind === "pack")
        this.#faults.push(fault("pack-malformed", "The pack has no manifest.", { path: CONTENT + MANIFEST_PATH }));
      return;
    }
    const parsed = parseManifest(bytes);
    if (isManifest(parsed)) {
      this.manifest = parsed;
      return;
    }
    this.manifest = undefined;
    this.#faults.push(...parsed);
  }

  /** The manifest's; without one, what the files look like. */
  get scope(): PackScope {
    if (this.manifest !== undefined) return this.manifest.scope;
    return this.under("tile/").length > 0 ? { kind: "log", from: 0 } : { kind: "query", query: "" };
  }

  /** Whether a content file is there. */
  has(path: string): boolean {
    return this.#paths.has(this.#root + path);
  }

  /** Content paths that start with `prefix`, sorted. */
  under(prefix: string): string[] {
    const whole = this.#root + prefix;
    return [...this.#paths]
      .filter((path) => path.startsWith(whole))
      .map((path) => path.slice(this.#root.length))
      .sort();
  }

  /** Bytes of a content file, held against the manifest; undefined when it is not there. */
  read(path: string): Uint8Array | undefined {
    const bytes = this.#paths.has(this.#root + path) ? this.#files.read(this.#root + path) : undefined;
    if (bytes !== undefined) this.#check(path, bytes);
    return bytes;
  }

  /** Bytes of a file beside content/: the guide and the attestation. */
  beside(path: string): Uint8Array | undefined {
    return this.#root === CONTENT && this.#paths.has(path) ? this.#files.read(path) : undefined;
  }

  /** Whether the guide is this text; true where there is none. */
  guideIs(text: string): boolean {
    const guide = this.beside(GUIDE_PATH);
    return guide === undefined || digestOf(guide) === digestOf(utf8(text));
  }

  /**
   * Faults of the files: call last, it checks every file that nobody read.
   *
   * @param allReadable whether every entry could be read: then a file that no step asked for belongs to nothing
   */
  finish(allReadable: boolean): readonly Fault[] {
    if (this.manifest === undefined) return this.#faults;
    for (const path of Object.keys(this.manifest.files)) {
      if (this.#checked.has(path)) continue;
      const at = { path: CONTENT + path };
      if (this.read(path) === undefined)
        this.#faults.push(fault("pack-file-missing", `The manifest lists ${path}.`, at));
      else if (allReadable)
        this.#faults.push(fault("pack-malformed", "No part of a pack of this scope is a file of this name.", at));
    }
    for (const path of this.#paths) this.#checkListed(path);
    const guide = this.beside(GUIDE_PATH);
    if (guide !== undefined && digestOf(guide) !== this.manifest.verify_md) {
      const found = `Its digest is ${digestOf(guide)}; the manifest says ${this.manifest.verify_md}.`;
      this.#faults.push(fault("pack-file-mismatch", found, { path: GUIDE_PATH }));
    }
    if (guide === undefined && this.#root === CONTENT) {
      this.#faults.push(fault("pack-file-missing", "A pack has a guide beside its content.", { path: GUIDE_PATH }));
    }
    return this.#faults;
  }

  #check(path: string, bytes: Uint8Array): void {
    if (this.manifest === undefined || this.#checked.has(path)) return;
    this.#checked.add(path);
    const listed = own(this.manifest.files, path);
    // A file nobody listed is reported once, by finish().
    if (listed === undefined) return;
    const digest = digestOf(bytes);
    if (digest === listed) return;
    const found = `Its digest is ${digest}; the manifest says ${listed}.`;
    this.#faults.push(fault("pack-file-mismatch", found, { path: CONTENT + path }));
  }

  #checkListed(path: string): void {
    if (this.#root !== "" && !path.startsWith(CONTENT)) {
      if (path === GUIDE_PATH || ATTEST_PATHS.has(path)) return;
    } else {
      const inside = path.slice(this.#root.length);
      if (inside === MANIFEST_PATH || own(this.manifest!.files, inside) !== undefined) return;
    }
    this.#faults.push(
      fault("pack-file-unlisted", "Neither the manifest nor the pack's form knows this file.", { path }),
    );
  }
}

function isManifest(parsed: Manifest | readonly Fault[]): parsed is Manifest {
  return !Array.isArray(parsed);
}

/** What to say of a folder that is no pack. */
function notAPack(paths: ReadonlySet<string>): string {
  if (paths.size === 0) return "The folder is empty.";
  if ([...paths].some((path) => /(^|\/)[^/]+\.(db|sqlite)(-wal|-shm)?$/.test(path))) {
    return "This looks like a data directory. Checking one is fsck's business: countersign fsck --data DIR.";
  }
  return "There is neither content/manifest.json nor a checkpoint with tiles.";
}
