/**
 * Step 11 of spec/pack.md: policy bundles are the ones they are cited as, and every decision whose input is opened is
 * made again, its input from the arguments where those are opened too. A decision that cannot be made again is counted
 * with its reason, never taken for equal.
 */

import { canonicalText } from "./canonical.ts";
import type { Disclosure } from "./commitment.ts";
import type { PolicyEngine } from "./decide.ts";
import { CountersignError } from "./errors.ts";
import type { Event, EventOf } from "./event.ts";
import { type FaultCode, fault } from "./fault.ts";
import { digestOf } from "./hash.ts";
import { isPackPath, payloadPath, projectionPath } from "./pack.ts";
import type { PackReader } from "./pack-reader.ts";
import { MANIFEST_PATH, readBundle } from "./policy.ts";
import { driftReason } from "./policy-drift.ts";
import { parseProjection } from "./projection.ts";
import { type CitedPolicy, type NotRecomputed, notRecomputable, type Reexecuted, reexecute } from "./reexecute.ts";
import type { DecisionAgain } from "./report-schema.ts";
import { checkProjection, type Surroundings } from "./reprojection.ts";
import { isObject } from "./shape-fault.ts";
import { parseStrict } from "./strict-json.ts";
import type { Tell } from "./verify-tree.ts";

type Decided = EventOf<"policy.decided">;
type Revalidated = EventOf<"approval.revalidated">;
type Held = CitedPolicy | { readonly why: NotRecomputed };
/** An action's request, and the digest of the arguments it commits to, when that is opened. */
type Requested = { readonly event: EventOf<"action.requested">; readonly args: string | undefined };

/** The digest of a decision's opened input, and whether that was shown to be of the arguments. */
type DecidedOn = { readonly projection: string; readonly fromArguments: boolean };

type Found = { readonly code: FaultCode; readonly detail: string };
/** A decision made again, with all that is wrong with it, or why it was not made. */
type Again =
  | { readonly outcome: "made"; readonly fromArguments: boolean; readonly found: readonly Found[] }
  | Extract<Reexecuted, { outcome: "not-recomputed" }>;

export class Decisions {
  readonly counts = { total: 0, equal: 0, from_arguments: 0, different: 0 };
  readonly notRecomputed: Partial<Record<NotRecomputed, number>> = {};
  /** What became of each, in the order of the log. */
  readonly answers: DecisionAgain[] = [];
  /** Bundles in the pack. */
  readonly bundles = new Map<string, ReadonlyMap<string, Uint8Array>>();
  readonly #pack: PackReader;
  readonly #engine: PolicyEngine | undefined;
  readonly #loaded = new Map<string, Held>();
  readonly #cited = new Set<string>();
  /** By run, then action; a run's are forgotten when it settles. */
  readonly #requests = new Map<string, Map<string, Requested>>();

  /** By run, then action: what the newest decision that asks people was made on. */
  readonly #decidedOn = new Map<string, Map<string, DecidedOn>>();

  /** @param engine undefined when there is nothing to make again, or no engine to do it with */
  constructor(pack: PackReader, engine: PolicyEngine | undefined, tell: Tell) {
    this.#pack = pack;
    this.#engine = engine;
    for (const [digest, files] of bundlesIn(pack, tell)) this.bundles.set(digest, files);
  }

  /**
   * Makes a decision again, and remembers requests for those to come.
   *
   * @param opened the event's sound disclosures
   * @param around the log right after the event
   */
  add(event: Event, opened: readonly Disclosure[], around: Pick<Surroundings, "run" | "control">, tell: Tell): void {
    if (event.type === "action.requested") this.#remember(event, opened);
    else if (event.type === "run.settled") {
      this.#requests.delete(event.run_id);
      this.#decidedOn.delete(event.run_id);
    } else if (event.type === "policy.decided") this.#decided(event, opened, around, tell);
    else if (event.type === "approval.revalidated") this.#revalidated(event, opened, tell);
  }

  #remember(event: EventOf<"action.requested">, opened: readonly Disclosure[]): void {
    const ofRun = this.#requests.get(event.run_id) ?? new Map<string, Requested>();
    this.#requests.set(event.run_id, ofRun);
    const plain = opened.find(([, pointer]) => pointer === "/action/args")?.[2];
    ofRun.set(event.action_id, { event, args: typeof plain === "string" ? plain : undefined });
  }

  /** What an approval that later holds under another policy is compared with. */
  #rememberDecided(event: Decided, opened: readonly Disclosure[], again: Again): void {
    const projection = plainProjection(opened);
    if (projection === undefined || event.policy.decision !== "REQUIRE_APPROVAL") return;
    const ofRun = this.#decidedOn.get(event.run_id) ?? new Map<string, DecidedOn>();
    this.#decidedOn.set(event.run_id, ofRun);
    const fromArguments = again.outcome === "made" && again.fromArguments && again.found.length === 0;
    ofRun.set(event.action_id, { projection, fromArguments });
  }

  #decided(
    event: Decided,
    opened: readonly Disclosure[],
    around: Pick<Surroundings, "run" | "control">,
    tell: Tell,
  ): void {
    this.counts.total++;
    this.#cited.add(event.policy.policy_digest);
    const again = this.#again(event, opened, around);
    this.#rememberDecided(event, opened, again);
    this.answers.push({ ...namesOf(event), ...answerOf(again) });
    if (again.outcome === "not-recomputed") {
      this.notRecomputed[again.why] = (this.notRecomputed[again.why] ?? 0) + 1;
      return;
    }
    if (again.found.length > 0) this.counts.different++;
    else {
      this.counts.equal++;
      if (again.fromArguments) this.counts.from_arguments++;
    }
    const at = { index: event.integrity.index, eventId: event.event_id, runId: event.run_id };
    for (const { code, detail } of again.found) tell(fault(code, detail, at));
  }

  /** An approval that is said to hold under another policy: that policy asks the same, of what was decided on. */
  #revalidated(event: Revalidated, opened: readonly Disclosure[], tell: Tell): void {
    const { policy, revalidated } = event;
    this.counts.total++;
    this.#cited.add(revalidated.policy.digest);
    const before = this.#decidedOn.get(event.run_id)?.get(event.action_id);
    const again = this.#holds(event, opened, before);
    if (again.outcome === "not-recomputed") {
      this.notRecomputed[again.why] = (this.notRecomputed[again.why] ?? 0) + 1;
      return;
    }
    if (again.found.length > 0) this.counts.different++;
    else {
      this.counts.equal++;
      if (again.fromArguments) this.counts.from_arguments++;
    }
    const at = { index: event.integrity.index, eventId: event.event_id, runId: event.run_id };
    const from = `From ${policy.policy_digest} to ${revalidated.policy.digest}: `;
    for (const { code, detail } of again.found) tell(fault(code, from + detail, at));
  }

  #holds(
    { policy, revalidated, action }: Revalidated,
    opened: readonly Disclosure[],
    before: DecidedOn | undefined,
  ): Again {
    const not = (why: NotRecomputed): Again => ({ outcome: "not-recomputed", why });
    const plain = plainProjection(opened);
    const bytes = plain === undefined ? undefined : this.#pack.read(projectionPath(plain));
    const state = this.#pack.manifest?.payloads[revalidated.projection ?? ""]?.state;
    if (bytes === undefined || digestOf(bytes) !== plain)
      return not(state === "erased" ? "inputs-erased" : "inputs-withheld");
    const [old, now] = [this.#policyOf(policy.policy_digest), this.#policyOf(revalidated.policy.digest)];
    for (const held of [old, now]) if ("why" in held) return not(held.why);
    if (!("policy" in old) || !("policy" in now)) {
      return {
        outcome: "made",
        fromArguments: false,
        found: [{ code: "decision-differs", detail: "nobody decides by it." }],
      };
    }
    if (this.#engine === undefined || this.#engine.id !== revalidated.engine) return not("engine-differs");
    const answer = this.#engine.decide(now.policy, bytes);
    if (this.#engine.broken) return not("engine-differs");
    const found: Found[] = [];
    const drift = driftReason(old.policy.bundle, now.policy.bundle, action.tool);
    if (drift !== undefined) found.push({ code: "approval-binding-differs", detail: `${drift}.` });
    if (answer.decision !== "REQUIRE_APPROVAL" || answer.gate_digest !== revalidated.gate_digest) {
      const detail = `recomputed, it is ${answer.decision} by ${answer.matched_rule}, not the gate people approved.`;
      found.push({ code: "decision-differs", detail });
    }
    const first = before === undefined ? undefined : this.#pack.read(projectionPath(before.projection));
    const isSame = first !== undefined && sameButFacts(first, bytes);
    if (first !== undefined && !isSame) {
      found.push({ code: "decision-differs", detail: "it was asked about something else than the decision was." });
    }
    return { outcome: "made", fromArguments: isSame && before?.fromArguments === true, found };
  }

  /** A bundle that no decision here cites decided nothing: somebody laid it beside the evidence. */
  finish(allJudged: boolean, tell: Tell): void {
    for (const digest of allJudged ? this.bundles.keys() : []) {
      if (this.#cited.has(digest)) continue;
      const path = `content/policies/${digest.slice(7)}/`;
      tell(fault("pack-malformed", "No decision here is by this policy bundle.", { path }));
    }
  }

  #again(event: Decided, opened: readonly Disclosure[], around: Pick<Surroundings, "run" | "control">): Again {
    const not = (why: NotRecomputed): Again => ({ outcome: "not-recomputed", why });
    const why = notRecomputable(event);
    if (why !== undefined) return not(why);
    const { policy, decided } = event;
    const plain = plainProjection(opened);
    const state = decided.projection === null ? undefined : this.#pack.manifest?.payloads[decided.projection]?.state;
    const bytes = plain === undefined ? undefined : this.#pack.read(projectionPath(plain));
    // Other bytes than those committed to are reported by their name already.
    if (bytes === undefined || digestOf(bytes) !== plain)
      return not(state === "erased" ? "inputs-erased" : "inputs-withheld");
    const held = this.#policyOf(policy.policy_digest);
    if ("why" in held) return not(held.why);
    const again = reexecute(this.#engine, held, event, bytes);
    if (again.outcome === "not-recomputed") return again;
    const found: Found[] =
      again.outcome === "different" ? [{ code: "decision-differs" as const, detail: again.detail }] : [];
    if ("invalid" in held) return { outcome: "made", fromArguments: false, found };
    const input = checkProjection(held.policy.bundle, event, bytes, { ...around, ...this.#argumentsOf(event) });
    return { outcome: "made", fromArguments: input.fromArguments, found: [...found, ...input.found] };
  }

  /** The action's request and argument bytes. Other bytes than those committed to are reported by their name already. */
  #argumentsOf({ run_id: runId, action_id: actionId }: Decided): Pick<Surroundings, "request" | "args"> {
    const requested = this.#requests.get(runId)?.get(actionId);
    const plain = requested?.args;
    const bytes = plain === undefined ? undefined : this.#pack.read(payloadPath(plain));
    const args = bytes !== undefined && digestOf(bytes) === plain ? bytes : undefined;
    return { request: requested?.event, args };
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

/** Digest of the opened input of a policy's answer, as the event commits to it. */
function plainProjection(opened: readonly Disclosure[]): string | undefined {
  const plain = opened.find(([, pointer]) => pointer === "/decision/projection")?.[2];
  return typeof plain === "string" ? plain : undefined;
}

/** Whether two projections are of the same action: only what has happened since, and the time, may differ. */
function sameButFacts(a: Uint8Array, b: Uint8Array): boolean {
  const [first, second] = [a, b].map((bytes) => {
    const projection = parseProjection(bytes);
    if (projection === undefined) return undefined;
    const { history: _history, time: _time, ...context } = projection.context;
    return canonicalText({ ...projection, context });
  });
  return first !== undefined && first === second;
}

/** Ids as they are: the entry has the shape of its kind. */
function namesOf({ integrity, event_id, decided }: Decided) {
  return { index: integrity.index, event_id, decision_id: decided.decision_id };
}

/** The answer of a report, like that of a server that makes its own decisions again. */
function answerOf(again: Again): Pick<DecisionAgain, "outcome" | "why" | "detail" | "from_arguments"> {
  if (again.outcome === "not-recomputed") return again;
  if (again.found.length === 0) return { outcome: "equal", from_arguments: again.fromArguments };
  return {
    outcome: "different",
    detail: again.found
      .map(({ detail }) => detail)
      .join(" ")
      .slice(0, MAX_DETAIL),
  };
}

const MAX_DETAIL = 1000;

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
