/**
 * Step 11 of spec/pack.md: policy bundles are the ones they are cited as, and every decision whose input is opened is
 * made again. A decision that cannot be made again is counted with its reason, never taken for equal.
 */

import { COMBINING } from "./bundle-shapes.ts";
import { canonicalText } from "./canonical.ts";
import type { Disclosure } from "./commitment.ts";
import { coreRuleOf } from "./core-rules.ts";
import type { DecisionResult, LoadedPolicy, PolicyEngine } from "./decide.ts";
import { CountersignError } from "./errors.ts";
import type { EventOf } from "./event.ts";
import { fault } from "./fault.ts";
import { digestOf } from "./hash.ts";
import { isPackPath, projectionPath } from "./pack.ts";
import type { PackReader } from "./pack-reader.ts";
import { MANIFEST_PATH, readBundle } from "./policy.ts";
import { PROJECTION_FORMAT, parseProjection } from "./projection.ts";
import { isObject } from "./shape-fault.ts";
import { parseStrict } from "./strict-json.ts";
import type { Tell } from "./verify-tree.ts";

/**
 * Why a decision was not made again. `gate-denied`: a built-in rule denied before the policy was asked, so there is
 * nothing to make again and nothing was let through.
 */
export type NotRecomputed = "inputs-withheld" | "inputs-erased" | "engine-differs" | "other-engine" | "gate-denied";

/** Built-in rules that the engine itself comes to; the others deny without it, or because it was away. */
const OF_ENGINE: ReadonlySet<string> = new Set([
  "core:default-deny",
  "core:unknown-tool",
  "core:policy-eval-error",
  "core:request-schema-invalid",
]);

type Decided = EventOf<"policy.decided">;
/** `invalid`: the bundle is the one cited, and nobody could have decided by it. */
type Held = { readonly policy: LoadedPolicy } | { readonly why: NotRecomputed } | { readonly invalid: string };

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
    const again = this.#recompute(event, opened);
    if (typeof again === "string") {
      this.notRecomputed[again] = (this.notRecomputed[again] ?? 0) + 1;
      return;
    }
    const wrong = "wrong" in again ? again.wrong : difference(event, again);
    if (wrong === undefined) {
      this.counts.equal++;
      return;
    }
    this.counts.different++;
    const at = { index: event.integrity.index, eventId: event.event_id, runId: event.run_id };
    tell(fault("decision-differs", wrong, at));
  }

  /** A bundle that no decision here cites decided nothing: somebody laid it beside the evidence. */
  finish(allJudged: boolean, tell: Tell): void {
    for (const digest of allJudged ? this.bundles.keys() : []) {
      if (this.#cited.has(digest)) continue;
      const path = `content/policies/${digest.slice(7)}/`;
      tell(fault("pack-malformed", "No decision here is by this policy bundle.", { path }));
    }
  }

  /** The result, what makes one impossible although all is here, or why it was not tried. */
  #recompute(
    event: Decided,
    opened: readonly Disclosure[],
  ): DecisionResult | { readonly wrong: string } | NotRecomputed {
    const { policy, decided } = event;
    if (
      policy.decision === "DENY" &&
      coreRuleOf(policy.matched_rule) !== undefined &&
      // A tool without a contract has no projection: there never was anything to ask the policy with.
      (!OF_ENGINE.has(policy.matched_rule) ||
        (policy.matched_rule === "core:unknown-tool" && decided.projection === null))
    ) {
      return "gate-denied";
    }
    const [name] = decided.engine.split("/");
    if (name !== "cedar") return "other-engine";
    const plain = opened.find(([, pointer]) => pointer === "/decision/projection")?.[2];
    const state = decided.projection === null ? undefined : this.#pack.manifest?.payloads[decided.projection]?.state;
    const bytes = typeof plain === "string" ? this.#pack.read(projectionPath(plain)) : undefined;
    // Other bytes than those committed to are reported by their name already.
    if (bytes === undefined || digestOf(bytes) !== plain)
      return state === "erased" ? "inputs-erased" : "inputs-withheld";
    const held = this.#policyOf(policy.policy_digest);
    if ("why" in held) return held.why;
    if (this.#engine === undefined || this.#engine.id !== decided.engine) return "engine-differs";
    if (decided.combining !== COMBINING || decided.projection_format !== PROJECTION_FORMAT) return "engine-differs";
    if ("invalid" in held) return { wrong: `Nobody can decide by the policy it cites: ${held.invalid}.` };
    if (!isAbout(event, bytes)) return { wrong: "Its projection is of another decision." };
    return this.#engine.decide(held.policy, bytes);
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

/** Whether a projection speaks of this decision: the log commits to it, but a log may commit to another's. */
function isAbout(event: Decided, bytes: Uint8Array): boolean {
  const projection = parseProjection(bytes);
  if (projection === undefined) return true; // the engine says what it makes of such bytes
  const { principal, tool, context } = projection;
  return (
    principal.agent === event.initiator.agent &&
    tool === event.action.tool &&
    context.tenant === event.tenant &&
    context.run.id === event.run_id &&
    context.capability === event.action.capability
  );
}

/** How a result is not what the log has, or undefined when it is. */
function difference({ policy, decided }: Decided, again: DecisionResult): string | undefined {
  const recorded: Readonly<Record<string, unknown>> = {
    decision: policy.decision,
    matched_rule: policy.matched_rule,
    reason: policy.reason,
    matched_rules: decided.matched_rules,
    reason_codes: decided.reason_codes,
    permits: decided.permits,
    rule_digests: decided.rule_digests,
    requirements: decided.requirements,
    gate_digest: decided.gate_digest ?? null,
    obligations: decided.obligations,
  };
  // Members are looked up by the names above, all of which a result has.
  const result = again as unknown as Readonly<Record<string, unknown>>;
  const names = Object.keys(recorded).filter((name) => canonicalText(recorded[name]) !== canonicalText(result[name]));
  if (names.length === 0) return undefined;
  const was = `${policy.decision} by ${policy.matched_rule}`;
  return `Recomputed, it is ${again.decision} by ${again.matched_rule}; the log has ${was} (differing: ${names.join(", ")}).`;
}
