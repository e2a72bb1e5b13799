/**
 * The verifier. It takes a pack (or a tile directory) and the keys somebody trusts, and says everything that is wrong
 * and which assurances the evidence gives, each by itself. It believes nothing in the pack: keys come from outside or are
 * named for what they are. The steps are those of spec/pack.md. No clock, no network, no server; the same in a browser.
 */
import { assurancesOf, countDamage, notesOf } from "./assurances.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { completenessParts } from "./completeness.ts";
import type { PolicyEngine } from "./decide.ts";
import type { Event, EventOf } from "./event.ts";
import { type Fault, fault } from "./fault.ts";
import { hex } from "./hash.ts";
import { formatVerifierKey, type VerifierKey } from "./note.ts";
import type { PackFiles } from "./pack.ts";
import { formatGuide } from "./pack-guide.ts";
import { PackReader } from "./pack-reader.ts";
import type { AssuranceName, FaultSummary, Report, RunSummary } from "./report-schema.ts";
import type { RunState } from "./run.ts";
import { checkAttest } from "./verify-attest.ts";
import { checkSigners, fingerprintOf, readCheckpoint } from "./verify-checkpoint.ts";
import { checkClaims, provesOf, ViewCheck } from "./verify-claims.ts";
import { Decisions, hasProjections } from "./verify-decisions.ts";
import { EntryWalk } from "./verify-entries.ts";
import { Disclosures, Payloads } from "./verify-payloads.ts";
import { logEntries, type ProvedEntry, provedEntries, type Tell } from "./verify-tree.ts";

export type VerifyOptions = {
  /** Keys given from outside the pack. */
  readonly pins?: readonly VerifierKey[];
  /** Assurances that must be met. */
  readonly required?: readonly AssuranceName[];
  /** Brings the policy engine when there is something to decide again; absent: Cedar, loaded when needed. */
  readonly loadEngine?: () => Promise<PolicyEngine>;
};

/**
 * Checks a pack and reports on it.
 *
 * @throws CountersignError cannot-read when there is nothing to check, or it is of a newer version
 */
export async function verify(files: PackFiles, options: VerifyOptions = {}): Promise<Report> {
  const { pins = [], required = [], loadEngine = loadCedarEngine } = options;
  const faults: Fault[] = [];
  const tell: Tell = (found) => void faults.push(found);

  // 1. The manifest. Every other file is held against it when it is first read.
  const pack = new PackReader(files);

  // 2. The checkpoint's form; who signed it is said when the log's own keys are known.
  const checkpoint = readCheckpoint(pack, tell);

  // 3 to 9. The tree accepts entries; the walk reads them. 10 to 12 look at each while its control state is current.
  const disclosures = new Disclosures(pack, tell);
  const payloads = new Payloads(pack);
  const decisions = new Decisions(pack, hasProjections(pack) ? await loadEngine() : undefined, tell);
  const views = new ViewCheck(pack, (runId) => walk.unsureRuns.has(runId), tell);
  const prunes: EventOf<"retention.pruned">[] = [];
  const signerResets: EventOf<"config.overridden">[] = [];
  let unsigned = 0;
  const walk = new EntryWalk(frameOf(pack, checkpoint.signed?.checkpoint, payloads), tell, (event, leaf, isOwn) => {
    if (event.type === "retention.pruned") prunes.push(event);
    if (isSignerReset(event)) signerResets.push(event);
    if (!isOwn) return;
    if (event.type === "breakglass.used" && event.breakglass.signatures === undefined) unsigned++;
    const opened = disclosures.take(event, tell);
    payloads.add(event, opened);
    const run = "run_id" in event ? walk.fold.runs.get(event.run_id) : undefined;
    decisions.add(event, opened, { run, control: walk.fold.control }, tell);
    views.add(event, leaf);
  });
  for (const entry of entriesOf(pack, checkpoint, tell)) walk.take(entry);
  const unlawful = walk.holes.filter((index) => !isPruned(index, prunes));
  for (const index of unlawful)
    tell(fault("entry-missing", "Its bytes are not here, and no prune covers it.", { index }));
  walk.finish(unlawful.length === 0);

  // 2, 10 to 14: what can be said of the whole.
  const { control } = walk.fold;
  const signers = checkSigners(checkpoint, pins, control, tell);
  disclosures.finish(walk.unjudged, tell);
  payloads.finish(control, walk.allJudged, tell);
  decisions.finish(walk.allJudged, tell);
  views.finish();
  checkClaims(
    pack,
    walk,
    { views: views.count, disclosures: disclosures.count, policies: decisions.bundles.size },
    tell,
  );
  const exported = checkAttest(pack, checkpoint, signers.believedAt, tell);
  for (const found of pack.finish(walk.allJudged)) tell(found);

  // The report.
  faults.sort((a, b) => (a.index ?? -1) - (b.index ?? -1) || rank(a) - rank(b));
  const votes = { total: walk.counts.votes, verified: walk.counts.votesVerified };
  const assurances = assurancesOf({
    faults,
    pinsGiven: pins.length > 0,
    signers,
    votes,
    unsigned,
    decisions,
    unjudged: walk.unjudgedCount,
  });
  const vkey = signers.key === undefined ? null : formatVerifierKey(signers.key);
  const key = { vkey, fingerprint: vkey === null ? null : fingerprintOf(vkey), pinned: signers.pinned !== undefined };
  const { tampered, missing } = countDamage(faults);
  const runs = [...walk.fold.runs.values()];
  const counts = {
    entries: walk.counts.entries,
    control_events: walk.counts.controlEvents,
    runs: runs.length,
    actions: runs.reduce((sum, run) => sum + run.counts.actions, 0),
    tampered,
    unlawfully_missing: missing,
    lawfully_pruned: walk.holes.length - unlawful.length,
    lawfully_erased: payloads.counts.erased,
    withheld: payloads.counts.withheld,
    not_understood: walk.counts.notUnderstood,
    bootstrap_acts: control.bootstrap.acts,
    not_enforced: runs.reduce((sum, run) => sum + walk.fold.completeness(run).observed, 0),
  };
  const signed = checkpoint.signed?.checkpoint;
  const subject = {
    kind: pack.kind,
    scope: { ...pack.scope },
    log: signed?.origin ?? pack.manifest?.log ?? null,
    tenant: pack.manifest?.tenant ?? control.tenant?.id ?? null,
    as_of: signed?.treeSize ?? pack.manifest?.as_of ?? null,
    root: signed === undefined ? null : hex(signed.root),
    proves: provesOf(pack, walk),
    disclosure: pack.manifest?.disclosure ?? null,
    manifest_digest: pack.manifestDigest ?? null,
    exported: exported === undefined ? null : exportedOf(exported),
  };
  const faultsByRun = new Map<string | undefined, number>();
  for (const { runId } of faults) faultsByRun.set(runId, (faultsByRun.get(runId) ?? 0) + 1);
  const requiredMet = required.every((name) => assurances[name].state !== "not-met");
  return {
    v: 1,
    verifier: "countersign-verify",
    subject,
    key,
    assurances,
    counts,
    votes,
    decisions: { ...decisions.counts, not_recomputed: { ...decisions.notRecomputed }, answers: decisions.answers },
    time: { first_ts: walk.firstTs ?? null, last_ts: walk.lastTs ?? null, not_before: null, not_after: null },
    runs: runs.map((run) => summaryOf(run, walk, faultsByRun.get(run.run) ?? 0)),
    faults: faults.map(formatFault),
    notes: notesOf(assurances, subject, key, counts, {
      lastIndex: walk.lastIndex,
      runsNotFollowed: walk.partialRuns.size,
      signerResets,
      guideIsOurs: pack.guideIs(
        formatGuide({ scope: pack.scope, log: subject.log ?? "", treeSize: subject.as_of ?? 0 }),
      ),
    }),
    required: [...required],
    exit_code: faults.length === 0 && requiredMet ? 0 : 1,
  };
}

async function loadCedarEngine(): Promise<PolicyEngine> {
  const { loadEngine } = await import("./decide.ts");
  return loadEngine();
}

function frameOf(pack: PackReader, checkpoint: Checkpoint | undefined, payloads: Payloads) {
  const { manifest, scope } = pack;
  return {
    log: manifest?.log ?? checkpoint?.origin,
    tenant: manifest?.tenant,
    scope,
    // Without a manifest nothing says what became of payloads.
    ...(manifest === undefined ? {} : { hasPayload: (digest: string) => payloads.accountsFor(digest) }),
  };
}

function entriesOf(
  pack: PackReader,
  { signed, text }: ReturnType<typeof readCheckpoint>,
  tell: Tell,
): Generator<ProvedEntry> {
  const { scope, manifest } = pack;
  if (scope.kind !== "log") {
    return provedEntries(pack, signed && { checkpoint: signed.checkpoint, note: text }, tell);
  }
  // Without a checkpoint there is no tree to accept anything; what the manifest says still shows what to read.
  const tree = signed?.checkpoint ?? { treeSize: manifest?.as_of ?? 0, root: new Uint8Array(32) };
  return logEntries(pack, tree, scope.from, tell);
}

/** The log's own word that its signer had forgotten what it signed, and was let sign on. spec/checkpoint.md */
function isSignerReset(event: Event): event is EventOf<"config.overridden"> {
  return event.type === "config.overridden" && event.override.setting === "accept-signer-reset";
}

function isPruned(index: number, prunes: readonly EventOf<"retention.pruned">[]): boolean {
  return prunes.some(({ pruned }) => pruned.ranges.some(([from = 0, to = 0]) => from <= index && index < to));
}

/** Of one entry, that it is not what the tree has comes first: the rest may follow from it. */
function rank({ code }: Fault): number {
  return code === "leaf-mismatch" || code === "inclusion-failed" ? 0 : 1;
}

function exportedOf({ event_id, integrity, ts }: EventOf<"pack.exported">) {
  return { event_id, index: integrity.index, ts };
}

function summaryOf(run: RunState, walk: EntryWalk, faults: number): RunSummary {
  const judged = !walk.unsureRuns.has(run.run) && !walk.prunedRuns.has(run.run);
  const { score, parts } = walk.fold.completeness(run);
  return {
    run_id: run.run as RunSummary["run_id"], // an id: the entries it comes from have the shape of their kind
    agent: run.initiator.agent,
    status: run.phase === "open" && run.suspended ? "suspended" : run.phase,
    events: run.events,
    actions: run.counts.actions,
    completeness: judged ? score.toFixed(4) : null,
    parts: judged
      ? Object.fromEntries(completenessParts.map((name) => [name, [parts[name].have, parts[name].of]]))
      : null,
    pruned: run.pruned,
    faults,
  };
}

function formatFault({ code, detail, index, eventId, runId, path }: Fault): FaultSummary {
  return {
    code,
    detail,
    ...(index === undefined ? {} : { index }),
    ...(eventId === undefined ? {} : { event_id: eventId }),
    ...(runId === undefined ? {} : { run_id: runId }),
    ...(path === undefined ? {} : { path }),
  };
}
