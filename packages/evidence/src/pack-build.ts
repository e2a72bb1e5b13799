/**
 * Builds a pack from a log, file by file, in an order that depends on nothing but what was asked: the same log, scope,
 * as-of and disclosure give the same bytes. Pure: the log, the payload store and the disclosures are brought as
 * functions; where the files go is the caller's business. Spec: spec/pack.md.
 */
import { canonicalText } from "./canonical.ts";
import { parseCheckpoint } from "./checkpoint.ts";
import { payloadsCited, plainPointersOf, projectionCited } from "./cited.ts";
import type { Disclosure } from "./commitment.ts";
import { assert } from "./errors.ts";
import type { Event, EventOf, RunEvent } from "./event.ts";
import { type Digest, digestOf, hex, utf8 } from "./hash.ts";
import { consistencyPath, inclusionPath, leafHash, type NodeReader } from "./merkle.ts";
import {
  ATTEST_ENTRY_PATH,
  ATTEST_EXTENDS_PATH,
  ATTEST_PROOF_PATH,
  CHECKPOINT_PATH,
  CONTENT,
  DISCLOSURES_PATH,
  type DisclosureLevel,
  entryPath,
  formatManifest,
  GUIDE_PATH,
  isPackPath,
  LOG_KEY_PATH,
  MANIFEST_PATH,
  MAX_ANCESTORS,
  type Manifest,
  PACK_FORMAT,
  PACK_SPEC,
  type PackFile,
  type PackScope,
  type PayloadState,
  type Proves,
  payloadPath,
  policyPath,
  projectionPath,
  proofPath,
  runPath,
} from "./pack.ts";
import { formatExtends } from "./pack-extends.ts";
import { formatGuide } from "./pack-guide.ts";
import { formatReceipt } from "./receipt.ts";
import { RunViews } from "./run-view.ts";
import { bundlesFor, formatEntryBundle, formatTile, formatTilePath, TILE_WIDTH, tilesFor } from "./tiles.ts";

/** One tenant's log and stores, read as they were at `asOf`. Indexes are leafIndexes below it. */
export type PackSource = {
  readonly log: string;
  readonly tenant: string;
  /** A signed checkpoint note of exactly `asOf` entries (at least 1). */
  readonly checkpoint: string;
  /** The log's verifier key. */
  readonly vkey: string;
  readonly nodeAt: NodeReader;
  /** Exact bytes; undefined when pruned. */
  entry(index: number): Uint8Array | undefined;
  /** Control events, rising. */
  controlEntries(): Iterable<number>;
  /** A run's events by run_seq. */
  entriesOfRun(runId: string): Iterable<number>;
  /** What opens the event's commitments; asked only at level `full`. */
  disclosures(event: Event): Promise<readonly Disclosure[]>;
  /** Stored bytes; undefined when there are none. */
  stored(digest: string): Promise<Uint8Array | undefined>;
  /** Plain bytes of a sealed payload, `erased` when its key is gone, `public` when it is not sealed. */
  open(digest: string): Promise<Uint8Array | "erased" | "public">;
  /** Files of a policy bundle by path in it; undefined when the store has it no more. */
  policy(digest: string): Promise<ReadonlyMap<string, Uint8Array> | undefined>;
};

export type PackRequest = {
  readonly scope: PackScope;
  readonly disclosure: DisclosureLevel;
  /** leafIndexes a query found, rising; only with scope `query`. */
  readonly found?: readonly number[];
};

/** A payload own entries point to, and what the commitments to its plain bytes open to. */
type Cited = { readonly committed: Set<string>; readonly projection: boolean };

/**
 * Yields every file of `content/` and VERIFY.md, the manifest last of `content/`. Nothing of `attest/`: the manifest must
 * be in the log first.
 */
export async function* buildPack(source: PackSource, request: PackRequest): AsyncGenerator<PackFile> {
  const build = new PackBuild(source, request);
  for await (const file of build.content()) {
    assert(isPackPath(file.path), `${file.path} is a path a pack may have`);
    build.list(file);
    yield { path: CONTENT + file.path, bytes: file.bytes };
  }
  const guide = utf8(formatGuide({ scope: request.scope, log: source.log, treeSize: build.asOf }));
  yield { path: CONTENT + MANIFEST_PATH, bytes: formatManifest(build.manifest(digestOf(guide))) };
  yield { path: GUIDE_PATH, bytes: guide };
}

/** The pack.exported event of a pack, under a newer checkpoint of the same log. */
export type Attestation = {
  /** Exact entry bytes. */
  readonly entry: Uint8Array;
  readonly leafIndex: number;
  /** A signed checkpoint note that covers it. */
  readonly checkpoint: string;
  readonly nodeAt: NodeReader;
  /** The pack's own tree size. */
  readonly asOf: number;
};

/** The files of `attest/`. */
export function attestFiles({ entry, leafIndex, checkpoint, nodeAt, asOf }: Attestation): readonly PackFile[] {
  const parsed = parseCheckpoint(checkpoint);
  assert(parsed.ok, "the log's checkpoint is a checkpoint");
  const { treeSize } = parsed.value.checkpoint;
  const proof = formatReceipt({ leafIndex, path: inclusionPath(leafIndex, treeSize, nodeAt), checkpoint });
  return [
    { path: ATTEST_ENTRY_PATH, bytes: entry },
    { path: ATTEST_PROOF_PATH, bytes: utf8(proof) },
    {
      path: ATTEST_EXTENDS_PATH,
      bytes: utf8(formatExtends(asOf, consistencyPath(asOf, treeSize, nodeAt), checkpoint)),
    },
  ];
}

class PackBuild {
  readonly asOf: number;
  readonly #root: string;
  readonly #source: PackSource;
  readonly #request: PackRequest;
  readonly #files: Record<string, Digest> = {};
  readonly #payloads: Record<string, PayloadState> = {};
  readonly #views: RunViews;
  readonly #policies = new Set<string>();
  readonly #cited = new Map<string, Cited>();
  readonly #disclosures: string[] = [];
  readonly #counts = { entries: 0, own: 0, control: 0, ancestors: 0, runs: 0, policies: 0 };
  #settled = false;

  constructor(source: PackSource, request: PackRequest) {
    const parsed = parseCheckpoint(source.checkpoint);
    assert(parsed.ok && parsed.value.checkpoint.origin === source.log, "the log's checkpoint is a checkpoint of it");
    this.#source = source;
    this.#request = request;
    this.asOf = parsed.value.checkpoint.treeSize;
    this.#root = hex(parsed.value.checkpoint.root);
    this.#views = new RunViews(source.log, this.asOf);
  }

  list(file: PackFile): void {
    this.#files[file.path] = digestOf(file.bytes);
  }

  manifest(verifyMd: Digest): Manifest {
    const { log, tenant } = this.#source;
    const { scope, disclosure } = this.#request;
    const under = (folder: string) => Object.keys(this.#files).filter((path) => path.startsWith(folder)).length;
    return {
      format: PACK_FORMAT,
      spec: PACK_SPEC,
      log,
      tenant,
      as_of: this.asOf,
      root: this.#root,
      scope,
      proves: this.#proves(),
      disclosure,
      counts: {
        ...this.#counts,
        disclosures: this.#disclosures.length,
        payloads: under("payloads/"),
        projections: under("projections/"),
      },
      files: this.#files,
      payloads: this.#payloads,
      verify_md: verifyMd,
    };
  }

  async *content(): AsyncGenerator<PackFile> {
    yield { path: CHECKPOINT_PATH, bytes: utf8(this.#source.checkpoint) };
    yield { path: LOG_KEY_PATH, bytes: utf8(`${this.#source.vkey}\n`) };
    const { scope } = this.#request;
    if (scope.kind === "log") yield* this.#wholeLog(scope.from);
    else yield* this.#someEntries(scope);
    for (const runId of this.#views.runs()) yield this.#view(runId);
    if (this.#disclosures.length > 0) yield { path: DISCLOSURES_PATH, bytes: utf8(this.#disclosures.join("")) };
    for (const [digest, cited] of [...this.#cited].sort(byName)) yield* this.#payload(digest, cited);
    if (this.#request.disclosure !== "none") {
      for (const digest of [...this.#policies].sort()) yield* this.#policy(digest);
    }
  }

  #proves(): Proves {
    const { scope } = this.#request;
    if (scope.kind === "log") return "complete";
    if (scope.kind === "query") return "inclusion-only";
    return this.#settled ? "complete" : "as-of";
  }

  async *#wholeLog(from: number): AsyncGenerator<PackFile> {
    const { nodeAt } = this.#source;
    for (const tile of tilesFor(this.asOf)) {
      const hashes = Array.from({ length: tile.width }, (_, i) => nodeAt(8 * tile.level, tile.index * TILE_WIDTH + i));
      yield { path: formatTilePath(tile), bytes: formatTile(hashes) };
    }
    for (const index of this.#source.controlEntries()) {
      if (index >= from) break;
      yield* this.#lone(index);
    }
    for (const bundle of bundlesFor(this.asOf)) {
      const first = bundle.index * TILE_WIDTH;
      if (first < from) continue;
      const entries = Array.from({ length: bundle.width }, (_, i) => this.#source.entry(first + i));
      const whole = entries.filter((bytes) => bytes !== undefined);
      if (whole.length === bundle.width) yield { path: formatTilePath(bundle), bytes: formatEntryBundle(whole) };
      for (const [i, bytes] of entries.entries()) {
        if (bytes === undefined) continue;
        if (whole.length < bundle.width) yield { path: entryPath(first + i), bytes };
        yield* this.#own(bytes);
      }
    }
  }

  /** A control event that stands alone, before the range a log pack covers. */
  *#lone(index: number): Generator<PackFile> {
    const bytes = this.#source.entry(index);
    if (bytes === undefined) return;
    this.#counts.entries++;
    this.#counts.control++;
    yield { path: entryPath(index), bytes };
  }

  async *#someEntries(scope: Exclude<PackScope, { kind: "log" }>): AsyncGenerator<PackFile> {
    const own = new Set(scope.kind === "run" ? this.#source.entriesOfRun(scope.run_id) : this.#request.found);
    const ancestors = scope.kind === "run" ? this.#ancestors(scope.run_id) : new Set<number>();
    const control = new Set(this.#source.controlEntries());
    const all = [...new Set([...own, ...ancestors, ...control])].sort((a, b) => a - b);
    const views = scope.kind === "run";
    for (const index of all) {
      const bytes = this.#source.entry(index);
      if (bytes === undefined) continue;
      yield { path: entryPath(index), bytes };
      const path = inclusionPath(index, this.asOf, this.#source.nodeAt);
      const proof = formatReceipt({ leafIndex: index, path, checkpoint: this.#source.checkpoint });
      yield { path: proofPath(index), bytes: utf8(proof) };
      if (own.has(index)) {
        yield* this.#own(bytes, views);
        continue;
      }
      this.#counts.entries++;
      if (ancestors.has(index)) this.#counts.ancestors++;
      else this.#counts.control++;
    }
  }

  /** Indexes of the run.started of the runs above a run. */
  #ancestors(runId: string): Set<number> {
    const found = new Set<number>();
    let below = runId;
    for (let depth = 0; depth < MAX_ANCESTORS; depth++) {
      const start = this.#startOf(below);
      const parent = start?.event.run.parent_run;
      const above = parent === undefined ? undefined : this.#startOf(parent);
      if (parent === undefined || above === undefined || found.has(above.index)) break;
      found.add(above.index);
      below = parent;
    }
    return found;
  }

  #startOf(runId: string): { readonly index: number; readonly event: EventOf<"run.started"> } | undefined {
    for (const index of this.#source.entriesOfRun(runId)) {
      const bytes = this.#source.entry(index);
      const event = bytes === undefined ? undefined : eventOf(bytes);
      return event?.type === "run.started" ? { index, event } : undefined;
    }
    return undefined;
  }

  /** What comes with one own entry: its run's view when the run is over, its payloads, what opens it. */
  async *#own(bytes: Uint8Array, views = true): AsyncGenerator<PackFile> {
    const event = eventOf(bytes);
    this.#counts.entries++;
    this.#counts.own++;
    const { scope, disclosure } = this.#request;
    if (views && isRunEvent(event)) {
      this.#views.add(event, hex(leafHash(bytes)));
      if (event.type === "run.settled") {
        this.#settled = true;
        if (scope.kind === "log") yield this.#view(event.run_id);
      }
    }
    if (event.type === "policy.decided" && event.policy.policy_snapshot !== "none") {
      this.#policies.add(event.policy.policy_digest);
    }
    if (event.type === "approval.revalidated") this.#policies.add(event.revalidated.policy.digest);
    const opened = disclosure === "full" && event.commit !== undefined ? await this.#disclose(event) : [];
    for (const digest of payloadsCited(event)) {
      const projection = projectionCited(event) === digest;
      const cited = this.#cited.get(digest) ?? { committed: new Set(), projection };
      this.#cited.set(digest, cited);
      const places = plainPointersOf(event, digest);
      for (const [, pointer, value] of opened) {
        if (typeof value === "string" && places.includes(pointer)) cited.committed.add(value);
      }
    }
  }

  async #disclose(event: Event): Promise<readonly Disclosure[]> {
    const disclosures = [...(await this.#source.disclosures(event))].sort((a, b) => (a[1] < b[1] ? -1 : 1));
    for (const disclosure of disclosures) {
      this.#disclosures.push(`${canonicalText({ disclosure, event_id: event.event_id })}\n`);
    }
    return disclosures;
  }

  async *#payload(digest: string, cited: Cited): AsyncGenerator<PackFile> {
    if (this.#request.disclosure === "none") {
      this.#payloads[digest] = { state: "withheld" };
      return;
    }
    const plain = cited.committed.size > 0 ? await this.#source.open(digest) : "public";
    if (plain === "erased") {
      this.#payloads[digest] = { state: "erased" };
      return;
    }
    const as = plain === "public" ? undefined : digestOf(plain);
    if (plain !== "public" && as !== undefined && cited.committed.has(as)) {
      this.#payloads[digest] = { state: "opened", as };
      yield* this.#once(cited.projection ? projectionPath(as) : payloadPath(as), plain);
      return;
    }
    const stored = await this.#source.stored(digest);
    this.#payloads[digest] = { state: stored === undefined ? "missing" : "stored" };
    if (stored !== undefined) yield* this.#once(payloadPath(digest), stored);
  }

  /** Two pointers may open to the same bytes. */
  *#once(path: string, bytes: Uint8Array): Generator<PackFile> {
    if (this.#files[path] === undefined) yield { path, bytes };
  }

  #view(runId: string): PackFile {
    const bytes = this.#views.take(runId);
    assert(bytes !== undefined, "a view is made of a run that was collected");
    this.#counts.runs++;
    return { path: runPath(runId), bytes };
  }

  async *#policy(digest: string): AsyncGenerator<PackFile> {
    const files = await this.#source.policy(digest);
    if (files === undefined) return;
    this.#counts.policies++;
    for (const path of [...files.keys()].sort()) yield { path: policyPath(digest, path), bytes: files.get(path)! };
  }
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Our own entry, checked when it was placed: the cast restates what the ledger holds. */
function eventOf(bytes: Uint8Array): Event {
  return JSON.parse(new TextDecoder().decode(bytes)) as Event;
}

function isRunEvent(event: Event): event is RunEvent {
  return "run_id" in event;
}
