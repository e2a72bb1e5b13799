/**
 * Step 11 of spec/pack.md: policy bundles are the ones they are cited as, and every decision whose input is opened is
 * made again. A decision that cannot be made again is counted with its reason, never taken for equal.
 */

import type { Disclosure } from "./commitment.ts";
import type { PolicyEngine } from "./decide.ts";
import { CountersignError } from "./errors.ts";
import type { EventOf } from "./event.ts";
import { fault } from "./fault.ts";
import { digestOf } from "./hash.ts";
import { isPackPath, projectionPath } from "./pack.ts";
import type { PackReader } from "./pack-reader.ts";
import { MANIFEST_PATH, readBundle } from "./policy.ts";
import { type CitedPolicy, type NotRecomputed, notRecomputable, type Reexecuted, reexecute } from "./reexecute.ts";
import { isObject } from "./shape-fault.ts";
import { parseStrict } from "./strict-json.ts";
import type { Tell } from "./verify-tree.ts";

type Decided = EventOf<"policy.decided">;
type Held = CitedPolicy | { readonly why: NotRecomputed };

export class Decisions {
  readonly counts = { total: 0, equal: 0, different: 0 };
  readonly notRecomputed: Partial<Record<NotRecomputed, number>> = {};
  /** Bundles in the pack. */
  readonly bundles = new Map<string, ReadonlyMap<string, Uint8Array>>();
  readonly #pack: PackReader;
  readonly #engine: PolicyEngine | undefined;
  readonly #loaded = new Map<string, Held>();
  readonly #cited = new Set<string>();

  /** @param engine undefined when there is nothing to make again, or no engine to do it with */
  constructor(pack: PackReader, engine: PolicyEngine | undefined, tell: Tell) {
    this.#pack = pack;
    this.#engine = engine;
    for (const [digest, files] of bundlesIn(pack, tell)) this.bundles.set(digest, files);
  }

  /** Makes a decision again. `opened` are its event's sound disclosures. */
  add(event: Decided, opened: readonly Disclosure[], tell: Tell): void {
    this.counts.total++;
    this.#cited.add(event.policy.policy_digest);
    const again = this.#again(event, opened);
    if (again.outcome === "equal") this.counts.equal++;
    else if (again.outcome === "not-recomputed") {
      this.notRecomputed[again.why] = (this.notRecomputed[again.why] ?? 0) + 1;
    } else {
      this.counts.different++;
      const at = { index: event.integrity.index, eventId: event.event_id, runId: event.run_id };
      tell(fault("decision-differs", again.detail, at));
    }
  }

  /** A bundle that no decision here cites decided nothing: somebody laid it beside the evidence. */
  finish(allJudged: boolean, tell: Tell): void {
    for (const digest of allJudged ? this.bundles.keys() : []) {
      if (this.#cited.has(digest)) continue;
      const path = `content/policies/${digest.slice(7)}/`;
      tell(fault("pack-malformed", "No decision here is by this policy bundle.", { path }));
    }
  }

  #again(event: Decided, opened: readonly Disclosure[]): Reexecuted {
    const not = (why: NotRecomputed): Reexecuted => ({ outcome: "not-recomputed", why });
    const why = notRecomputable(event);
    if (why !== undefined) return not(why);
    const { policy, decided } = event;
    const plain = opened.find(([, pointer]) => pointer === "/decision/projection")?.[2];
    const state = decided.projection === null ? undefined : this.#pack.manifest?.payloads[decided.projection]?.state;
    const bytes = typeof plain === "string" ? this.#pack.read(projectionPath(plain)) : undefined;
    // Other bytes than those committed to are reported by their name already.
    if (bytes === undefined || digestOf(bytes) !== plain)
      return not(state === "erased" ? "inputs-erased" : "inputs-withheld");
    const held = this.#policyOf(policy.policy_digest);
    return "why" in held ? not(held.why) : reexecute(this.#engine, held, event, bytes);
  }

  #policyOf(digest: string): Held {
    let held = this.#loaded.get(digest);
    if (held === undefined) {
      held = this.#load(digest);
      this.#loaded.set(digest, held);
    }
    return held;
  }

  #load(digest: string): Held {
    const files = this.bundles.get(digest);
    // Damaged files are reported by their name; a decision by them is not judged.
    if (files === undefined || wrongFiles(digest, files).length > 0) return { why: "inputs-withheld" };
    return this.#engine === undefined ? { why: "engine-differs" } : loadWith(this.#engine, digest, files);
  }
}

/** What an engine made of bundles: their digest is all they are, so one load serves every pack. */
const loadedBy = new WeakMap<PolicyEngine, Map<string, Held>>();
const REMEMBERED_BUNDLES = 16;

function loadWith(engine: PolicyEngine, digest: string, files: ReadonlyMap<string, Uint8Array>): Held {
  const known = loadedBy.get(engine) ?? new Map<string, Held>();
  loadedBy.set(engine, known);
  let held = known.get(digest);
  if (held === undefined) {
    held = loadBundle(engine, files);
    if (known.size >= REMEMBERED_BUNDLES) known.clear();
    known.set(digest, held);
  }
  return held;
}

function loadBundle(engine: PolicyEngine, files: ReadonlyMap<string, Uint8Array>): Held {
  const read = readBundle(files);
  const loaded = read.ok ? engine.load(read.bundle) : undefined;
  if (loaded?.ok === true) return { policy: loaded.policy };
  if (loaded?.unavailable === true) return { why: "engine-differs" };
  const findings = (read.ok ? loaded?.findings : read.findings) ?? [];
  if (findings.every(({ code }) => code === "engine-differs" || code === "gate-too-old"))
    return { why: "engine-differs" };
  return { invalid: findings.map(({ code, path }) => `${code} in ${path || "the bundle"}`).join(", ") };
}

/** Whether the pack has anything to make again: then an engine is worth loading. */
export function hasProjections(pack: PackReader): boolean {
  return pack.under("projections/").length > 0;
}

/** The bundles of a pack by digest, each file held against the bundle's manifest. */
function bundlesIn(pack: PackReader, tell: Tell): ReadonlyMap<string, ReadonlyMap<string, Uint8Array>> {
  const bundles = new Map<string, Map<string, Uint8Array>>();
  for (const path of pack.under("policies/")) {
    const [, hex, file] = /^policies\/([0-9a-f]{64})\/(.+)$/.exec(path) ?? [];
    const bytes = pack.read(path);
    if (hex === undefined || file === undefined || !isPackPath(path)) {
      tell(fault("pack-malformed", "Its name is not that of a policy bundle's file.", { path: `content/${path}` }));
    } else if (bytes !== undefined) {
      const files = bundles.get(`sha256:${hex}`) ?? new Map<string, Uint8Array>();
      files.set(file, bytes);
      bundles.set(`sha256:${hex}`, files);
    }
  }
  for (const [digest, files] of bundles) {
    for (const { file, detail } of wrongFiles(digest, files)) {
      tell(fault("payload-mismatch", detail, { path: `content/policies/${digest.slice(7)}/${file}` }));
    }
  }
  return bundles;
}

function wrongFiles(digest: string, files: ReadonlyMap<string, Uint8Array>): { file: string; detail: string }[] {
  const manifest = files.get(MANIFEST_PATH);
  if (manifest === undefined)
    return [{ file: MANIFEST_PATH, detail: "A policy bundle is named by its manifest, and has none here." }];
  if (digestOf(manifest) !== digest) return [{ file: MANIFEST_PATH, detail: `Its digest is ${digestOf(manifest)}.` }];
  const listed = listedIn(manifest);
  const wrong: { file: string; detail: string }[] = [];
  for (const [file, bytes] of files) {
    const expected = listed.get(file);
    if (file === MANIFEST_PATH || expected === digestOf(bytes)) continue;
    wrong.push({
      file,
      detail:
        expected === undefined
          ? "The bundle does not list it."
          : `Its digest is ${digestOf(bytes)}; the bundle lists ${expected}.`,
    });
  }
  for (const file of listed.keys())
    if (!files.has(file)) wrong.push({ file, detail: "The bundle lists it, and it is not here." });
  return wrong;
}

/** Files a bundle's manifest lists, with their digests; read leniently, because its bytes are the digest's already. */
function listedIn(manifest: Uint8Array): ReadonlyMap<string, string> {
  let value: unknown;
  try {
    value = parseStrict(manifest, "entry").value;
  } catch (cause) {
    if (!(cause instanceof CountersignError)) throw cause;
    return new Map();
  }
  const files: unknown = isObject(value) ? value.files : undefined;
  const listed = new Map<string, string>();
  for (const file of Array.isArray(files) ? files : []) {
    if (isObject(file) && typeof file.path === "string") listed.set(file.path, `sha256:${String(file.sha256)}`);
  }
  return listed;
}
