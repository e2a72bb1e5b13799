/**
 * Packs for tests and vectors: a {@link Story} whose payloads are sealed and whose decisions the real engine made from a
 * real policy bundle, its signed checkpoints, and packs of it as the server would export them.
 */
import { canonicalBytes } from "@countersign/evidence/canonical";
import { formatCheckpoint } from "@countersign/evidence/checkpoint";
import { commitmentOf, payloadDisclosure } from "@countersign/evidence/commitment";
import { type LoadedPolicy, loadEngine, type PolicyEngine } from "@countersign/evidence/decide";
import type { DeclaredScope, Event, EventOf } from "@countersign/evidence/event";
import { chainOfKind } from "@countersign/evidence/generated/event-shapes";
import { type Digest, digestOf, parseHex, sha256, utf8 } from "@countersign/evidence/hash";
import { rootOf } from "@countersign/evidence/merkle";
import { formatNote, formatVerifierKey, type VerifierKey, verifierKey } from "@countersign/evidence/note";
import { formatScope, MANIFEST_PATH, type Manifest, type PackFiles, type PackScope } from "@countersign/evidence/pack";
import { attestFiles, buildPack, type PackRequest, type PackSource } from "@countersign/evidence/pack-build";
import type { Bundle } from "@countersign/evidence/policy";
import { projectAction, targetsOf } from "@countersign/evidence/project";
import { formatSealHeader } from "@countersign/evidence/sealing";
import { parseStrict } from "@countersign/evidence/strict-json";
import { ed25519 } from "@noble/curves/ed25519.js";
import { bundleOf, seedFacts, seedFiles, seedTexts } from "./seed-bundle.ts";
import { type Edit, Story, type StoryAction, type StoryRun } from "./story.ts";

/** A pack in memory. Tests change it and hand it to the verifier. */
export class PackFolder extends Map<string, Uint8Array> implements PackFiles {
  list(): readonly string[] {
    return [...this.keys()];
  }

  read(path: string): Uint8Array | undefined {
    return this.get(path);
  }

  /** A copy whose bytes can be changed without touching the original. */
  copy(): PackFolder {
    return new PackFolder([...this].map(([path, bytes]) => [path, bytes.slice()]));
  }

  text(path: string): string {
    return new TextDecoder().decode(this.get(path));
  }

  /** Writes (or removes) a content file and lists it in the manifest, as a forger would who has no log to attest it. */
  forge(path: string, content: Uint8Array | string | undefined): this {
    const bytes = typeof content === "string" ? utf8(content) : content;
    if (bytes === undefined) this.delete(`content/${path}`);
    else this.set(`content/${path}`, bytes);
    return this.forgeManifest((manifest) => {
      const { [path]: _, ...files } = manifest.files;
      return { ...manifest, files: bytes === undefined ? files : { ...files, [path]: digestOf(bytes) } };
    });
  }

  /** Changes the manifest; the log's own word about the old one goes with it. */
  forgeManifest(change: (manifest: Manifest) => object): this {
    // A pack made here has a manifest of this form.
    const manifest = JSON.parse(this.text(`content/${MANIFEST_PATH}`)) as Manifest;
    this.set(`content/${MANIFEST_PATH}`, canonicalBytes(change(manifest)));
    for (const path of this.list()) if (path.startsWith("attest/")) this.delete(path);
    return this;
  }
}

export type PackOptions = {
  readonly disclosure?: PackRequest["disclosure"];
  /** Places pack.exported in the log and adds its proof. */
  readonly attest?: boolean;
  readonly found?: readonly number[];
  readonly source?: PackSource;
};

/** A story that keeps what a server keeps beside its log. */
export class PackStory extends Story {
  /** Plain bytes of sealed payloads, by the digest of the sealed ones. */
  readonly plains = new Map<string, Uint8Array>();
  /** Pointers whose subjects' keys were destroyed. */
  readonly erased = new Set<string>();
  bundle: Bundle | undefined;

  /** A founded story with the seed bundle published, and every decision made by the engine. */
  static async open({
    edit = (event) => event,
    files = {},
  }: {
    edit?: (event: Event, story: PackStory) => ReturnType<Edit>;
    /** Instead of the seed bundle's. */
    files?: Readonly<Record<string, string>>;
  } = {}): Promise<PackStory> {
    const gate = await Gate.open(files);
    const story: PackStory = new PackStory({ edit: (event) => edit(gate.asServer(story, event), story) });
    story.bundle = gate.bundle;
    story.found();
    return story;
  }

  /** Seals what is stored: other bytes under another digest, as the payload store does. */
  override store(plain: Uint8Array): Digest {
    const head = formatSealHeader({ keyId: "story", nonce: sha256(plain).slice(0, 12) });
    const sealed = Uint8Array.from([...head, ...plain.map((byte) => byte ^ 0x5a), ...new Uint8Array(16)]);
    const digest = digestOf(sealed);
    this.payloads.set(digest, sealed);
    this.plains.set(digest, plain);
    return digest;
  }

  /** An action on the seed bundle's tool; the arguments decide what the engine says. */
  change(run: StoryRun, script: string, args: object = { vpc: "prod/vpc-1", environment: "dev" }): StoryAction {
    const bound = this.bundle!.contracts.get("terraform")!; // only on an opened story
    const { contract, digest: toolContract } = bound;
    const text = JSON.stringify(args);
    const projected = projectAction(contract, parseStrict(utf8(text), "payload").value, seedFacts);
    if (!projected.ok) throw new Error(`${projected.pointer} ${projected.detail}`);
    const [target] = targetsOf(projected.projection);
    const action = { capability: contract.capability, tool: contract.tool, target };
    const costCents = projected.projection.context.cost_cents;
    return run.action({ action, args: text, costCents, toolContract }).play(script);
  }

  /** What a run declared last. */
  scopeOf(runId: string): DeclaredScope {
    const newest = this.events.findLast(
      (event) => "run_id" in event && event.run_id === runId && /^run\.(started|scope\.extended)$/.test(event.type),
    );
    if (newest?.type === "run.started") return newest.run.scope;
    return newest?.type === "run.scope.extended" ? newest.extension.scope : { capabilities: [] };
  }

  get key(): VerifierKey {
    return this.keyOf(this.checkpointSecret);
  }

  keyOf(secret: Uint8Array): VerifierKey {
    return verifierKey(this.log, "ed25519", ed25519.getPublicKey(secret));
  }

  /** A signed checkpoint of the first `treeSize` entries, or of other leaves. */
  checkpointAt(
    treeSize: number,
    { secret = this.checkpointSecret, leaves = this.leaves as readonly string[] } = {},
  ): string {
    const root = rootOf(leaves.slice(0, treeSize).map(parseHex));
    const text = formatCheckpoint({ origin: this.log, treeSize, root });
    const { name, keyId } = this.keyOf(secret);
    return formatNote({ text, signatures: [{ name, keyId, signature: ed25519.sign(utf8(text), secret) }] });
  }

  /** What the server would read of the first `asOf` entries. */
  source(asOf: number = this.entries.length): PackSource {
    const hashes = this.leaves.map(parseHex);
    const indexes = (wanted: (event: Event) => boolean) =>
      this.events.slice(0, asOf).flatMap((event, index) => (wanted(event) ? [index] : []));
    return {
      log: this.log,
      tenant: this.tenant,
      checkpoint: this.checkpointAt(asOf),
      vkey: formatVerifierKey(this.key),
      nodeAt: (level, index) => rootOf(hashes.slice(index * 2 ** level, (index + 1) * 2 ** level)),
      entry: (index) => this.entries[index],
      controlEntries: () => indexes(({ type }) => chainOfKind[type] === "control"),
      entriesOfRun: (runId) => indexes((event) => "run_id" in event && event.run_id === runId),
      disclosures: async ({ event_id: id, commit = {} }) =>
        this.disclosures
          .filter(({ event, disclosure }) => event === id && commit[disclosure[1]] === commitmentOf(disclosure))
          .map(({ disclosure }) => disclosure),
      stored: async (digest) => this.payloads.get(digest),
      open: async (digest) => (this.erased.has(digest) ? "erased" : (this.plains.get(digest) ?? "public")),
      policy: async (digest) => (digest === this.bundle?.digest ? this.bundle.files : undefined),
    };
  }

  /** A pack as the server exports it. */
  async pack(scope: PackScope = { kind: "log", from: 0 }, options: PackOptions = {}): Promise<PackFolder> {
    const { disclosure = "full", attest = false, found, source = this.source() } = options;
    const folder = new PackFolder();
    const request = { scope, disclosure, ...(found === undefined ? {} : { found }) };
    for await (const { path, bytes } of buildPack(source, request)) folder.set(path, bytes);
    if (attest) for (const { path, bytes } of this.#attest(folder)) folder.set(path, bytes);
    return folder;
  }

  #attest(folder: PackFolder) {
    const bytes = folder.get(`content/${MANIFEST_PATH}`)!;
    const manifest = JSON.parse(new TextDecoder().decode(bytes)) as Manifest; // the builder made it
    const { integrity } = this.append("pack.exported", {
      pack: {
        pack_id: this.id("pack"),
        scope: formatScope(manifest.scope),
        as_of: manifest.as_of,
        manifest_digest: digestOf(bytes),
        proves: manifest.proves,
        entries: manifest.counts.entries,
        disclosure: manifest.disclosure,
      },
    });
    const { nodeAt, checkpoint } = this.source();
    const entry = this.entries[integrity.index]!;
    return attestFiles({ entry, leafIndex: integrity.index, checkpoint, nodeAt, asOf: manifest.as_of });
  }
}

const RULES = "policies/main.cedar";

/** Writes into a story's events what a server's policy gate would have decided. */
class Gate {
  readonly bundle: Bundle;
  readonly #engine: PolicyEngine;
  readonly #policy: LoadedPolicy;
  readonly #args = new Map<string, Uint8Array>();

  static async open(files: Readonly<Record<string, string>>): Promise<Gate> {
    const engine = await loadEngine();
    // No agent of a log has a team.
    const { [RULES]: rules = "" } = { ...seedTexts, ...files };
    const bundle = bundleOf(seedFiles({ ...files, [RULES]: rules.replace('principal.team == "sre" && ', "") }));
    const loaded = engine.load(bundle);
    if (!loaded.ok) throw new Error("the seed bundle does not load");
    return new Gate(bundle, engine, loaded.policy);
  }

  constructor(bundle: Bundle, engine: PolicyEngine, policy: LoadedPolicy) {
    this.bundle = bundle;
    this.#engine = engine;
    this.#policy = policy;
  }

  asServer(story: PackStory, event: Event): Event {
    switch (event.type) {
      case "action.requested":
        this.#args.set(event.action_id, story.plains.get(event.pointers.args ?? "") ?? utf8("{}"));
        return event;
      case "policy.published":
        story.policy = { revision: event.publish.revision, digest: this.bundle.digest };
        return { ...event, publish: { ...event.publish, digest: this.bundle.digest } };
      case "policy.decided":
        return this.#decided(story, event);
      default:
        return event;
    }
  }

  #decided(story: PackStory, event: EventOf<"policy.decided">): Event {
    const args = parseStrict(this.#args.get(event.action_id)!, "payload").value;
    const { actions, cents, bytes, in_flight } = event.decided.history;
    const exfil = JSON.stringify(args).includes("exfil");
    const projected = projectAction(this.bundle.contracts.get(event.action.tool)!.contract, args, {
      tenant: event.tenant,
      agent: { id: event.initiator.agent, owner: story.person("owner").alias },
      run: {
        id: event.run_id,
        capabilities: story.scopeOf(event.run_id).capabilities,
        on_behalf_of: event.initiator.on_behalf_of,
      },
      capability: event.action.capability,
      history: { actions, cents, bytes, in_flight },
      risk: { tags: exfil ? ["exfil"] : [], score: 0 },
      nowMs: Date.parse(event.ts),
    });
    if (!projected.ok) throw new Error(`${projected.pointer} ${projected.detail}`);
    const result = this.#engine.decide(this.#policy, projected.bytes);
    const disclosure = payloadDisclosure(story.bytes16(), "/decision/projection", projected.bytes);
    story.disclosures.push({ event: event.event_id, disclosure });
    const { gate_digest: _, ...decided } = event.decided;
    return {
      ...event,
      commit: { "/decision/projection": commitmentOf(disclosure) },
      policy: { ...event.policy, decision: result.decision, matched_rule: result.matched_rule, reason: result.reason },
      decided: {
        ...decided,
        projection: story.store(projected.bytes),
        projection_format: "countersign-project/1",
        matched_rules: [...result.matched_rules],
        reason_codes: [...result.reason_codes],
        permits: [...result.permits],
        rule_digests: { ...result.rule_digests },
        requirements: result.requirements.map((one) => ({ ...one, separation: [...one.separation] })),
        obligations: [...result.obligations],
        ...(result.gate_digest === null ? {} : { gate_digest: result.gate_digest }),
      },
    };
  }
}
