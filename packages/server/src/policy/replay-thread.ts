/**
 * Decisions made again, away from the gate: simulations, re-execution and shadows share no engine with what is decided now.
 * One request at a time; whoever started the thread watches the clock and throws it away.
 */
import "@countersign/evidence/hash.node";
import { parentPort } from "node:worker_threads";
import { loadCedar } from "@countersign/evidence/cedar";
import { type DecisionResult, engineOver, type LoadedPolicy } from "@countersign/evidence/decide";
import { assert, assertNever } from "@countersign/evidence/errors";
import type { EventOf } from "@countersign/evidence/event";
import { type Bundle, readBundle } from "@countersign/evidence/policy";
import { type PolicyDiff, policyDiff } from "@countersign/evidence/policy-diff";
import { type Impact, ImpactFold, type RecordedDecision } from "@countersign/evidence/policy-impact";
import { type Reexecuted, reexecute } from "@countersign/evidence/reexecute";
import { type ReplayBatch, unpackBatch } from "./replay-batch.ts";

export type ReplayRequest =
  /** Loads a bundle, to be named by its digest from then on. */
  | { readonly op: "load"; readonly digest: string; readonly files: Bundle["files"] }
  | { readonly op: "diff"; readonly from: string | undefined; readonly to: string }
  /** Begins a comparison; those that follow are added to it. */
  | { readonly op: "compare"; readonly from: string; readonly to: string }
  | { readonly op: "add"; readonly decisions: readonly RecordedDecision[] }
  | { readonly op: "finish"; readonly notDecided: Readonly<Record<string, number>> }
  | { readonly op: "again"; readonly batch: ReplayBatch }
  | { readonly op: "decide"; readonly digest: string; readonly projections: readonly Uint8Array[] };

/** What each request is answered with; `broken` when the engine's wasm trapped over it. */
export type ReplayAnswers = {
  readonly load: { readonly ok: boolean };
  readonly diff: PolicyDiff;
  readonly compare: null;
  /** How many were no projections. */
  readonly add: { readonly refused: number };
  readonly finish: Impact;
  /** What came out otherwise, or not at all, by its place in the batch; the others came out equal. */
  readonly again: readonly { readonly at: number; readonly outcome: Exclude<Reexecuted, { outcome: "equal" }> }[];
  readonly decide: readonly DecisionResult[];
};

assert(parentPort !== null, "decisions are made again in a worker thread");
const port = parentPort;
const cedar = await loadCedar();
const engine = engineOver(cedar);
const policies = new Map<string, LoadedPolicy>();
/** Why a bundle that was loaded cannot be decided by. */
const invalid = new Map<string, string>();
const decoder = new TextDecoder();
let comparison: ImpactFold | undefined;

port.on("message", (request: ReplayRequest) => {
  const answer = carryOut(request);
  port.postMessage({ answer, broken: engine.broken });
});
port.postMessage({ ready: engine.id });

function carryOut(request: ReplayRequest): ReplayAnswers[ReplayRequest["op"]] {
  switch (request.op) {
    case "load":
      return load(request.digest, request.files);
    case "diff":
      return policyDiff(request.from === undefined ? undefined : policyOf(request.from), policyOf(request.to));
    case "compare":
      comparison = new ImpactFold(engine, policyOf(request.from), policyOf(request.to));
      return null;
    case "add": {
      assert(comparison !== undefined, "decisions are added to a comparison");
      const fold = comparison;
      return { refused: request.decisions.filter((one) => !fold.add(one)).length };
    }
    case "finish":
      assert(comparison !== undefined, "a comparison is finished that was begun");
      return comparison.finish(request.notDecided);
    case "again":
      return unpackBatch(request.batch).flatMap(({ entry, projection }, at) => {
        const event = JSON.parse(decoder.decode(entry)) as EventOf<"policy.decided">; // the ledger's own entry
        const digest = event.policy.policy_digest;
        const why = invalid.get(digest);
        const cited = why === undefined ? { policy: policyOf(digest) } : { invalid: why };
        const outcome = reexecute(engine, cited, event, projection);
        return outcome.outcome === "equal" ? [] : [{ at, outcome }];
      });
    case "decide": {
      const policy = policyOf(request.digest);
      return request.projections.map((projection) => engine.decide(policy, projection));
    }
    default:
      return assertNever(request);
  }
}

function load(digest: string, files: Bundle["files"]): ReplayAnswers["load"] {
  const read = readBundle(files);
  const loaded = read.ok && read.bundle.digest === digest ? engine.load(read.bundle) : undefined;
  if (loaded?.ok === true) {
    policies.set(digest, loaded.policy);
    return { ok: true };
  }
  const findings = loaded?.findings ?? (read.ok ? [] : read.findings);
  invalid.set(digest, findings.map(({ code }) => code).join(", ") || "its files are another bundle's");
  return { ok: false };
}

function policyOf(digest: string): LoadedPolicy {
  const policy = policies.get(digest);
  assert(policy !== undefined, `bundle ${digest} was loaded before it is asked`);
  return policy;
}
