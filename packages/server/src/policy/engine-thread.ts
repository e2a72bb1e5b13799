/**
 * The policy engine's thread. It holds the loaded policies and decides on one request after the other; whoever started it
 * watches the clock. It is thrown away as a whole when it takes too long or its wasm traps: nothing in it is worth keeping.
 */
import "@countersign/evidence/hash.node";
import { parentPort } from "node:worker_threads";
import { type BundleTestResult, runBundleTests } from "@countersign/evidence/bundle-tests";
import { loadCedar } from "@countersign/evidence/cedar";
import type { CoreRuleId } from "@countersign/evidence/core-rules";
import { coreDenial, type DecisionResult, engineOver, type LoadedPolicy } from "@countersign/evidence/decide";
import { assert, assertNever, CountersignError } from "@countersign/evidence/errors";
import type { ApprovalRequirement } from "@countersign/evidence/event";
import { readBundle } from "@countersign/evidence/policy";
import type { PolicyFinding } from "@countersign/evidence/policy-finding";
import { lintPolicy } from "@countersign/evidence/policy-lint";
import { type GateFacts, projectAction, type TouchedTarget, targetsOf } from "@countersign/evidence/project";
import { GENERATED_PATH, SUGAR_PATH } from "@countersign/evidence/rule-sugar";
import { parseStrict } from "@countersign/evidence/strict-json";

export type DecideOrder = {
  readonly digest: string;
  readonly tool: string;
  /** The exact argument bytes: JSON of the payload profile. */
  readonly args: Uint8Array;
  readonly facts: GateFacts;
};

/** What a decision came to, with what it was decided on. */
export type Decided = {
  /** Absent when the arguments could not be projected; the result is then a built-in denial. */
  readonly projection: Uint8Array | undefined;
  /** Everything the action touches, the target the event records first; absent with the projection. */
  readonly targets: readonly TouchedTarget[] | undefined;
  /** For the operator's log, never for the agent: which argument did not fit. */
  readonly trouble: { readonly rule: CoreRuleId; readonly pointer: string; readonly detail: string } | undefined;
  readonly result: DecisionResult;
  readonly evaluatedUs: number;
};

export type ThreadRequest =
  | {
      readonly op: "load";
      readonly id: number;
      readonly digest: string;
      readonly files: ReadonlyMap<string, Uint8Array>;
      /** What is asked of a bundle before it is published: run its own tests, and when they pass the lint. */
      readonly check: boolean;
    }
  | { readonly op: "decide"; readonly id: number; readonly order: DecideOrder }
  | { readonly op: "drop"; readonly digest: string };

/** `totalCpuUs` is all the thread has used up to the answer: what it uses after is the next request's. */
export type ThreadAnswer = { readonly totalCpuUs: number } & ThreadReply;

type ThreadReply =
  | { readonly op: "ready"; readonly engine: string }
  | {
      readonly op: "loaded";
      readonly id: number;
      readonly ok: boolean;
      /** The engine's wasm trapped on it; the thread is to be thrown away. */
      readonly broken: boolean;
      readonly rules: number;
      /** What each rule that asks for approval asks of people; of a check only. */
      readonly gates: readonly ApprovalRequirement[];
      readonly findings: readonly PolicyFinding[];
      readonly tests: readonly BundleTestResult[];
    }
  | {
      readonly op: "decided";
      readonly id: number;
      readonly decided: Decided;
      readonly broken: boolean;
      /** What the decision took of the thread's time, other work of the machine not counted. */
      readonly cpuUs: number;
    };

assert(parentPort !== null, "the policy engine runs in a worker thread");
const port = parentPort;
const cedar = await loadCedar();
const engine = engineOver(cedar);
/** By digest; undefined for what was offered and is no usable bundle. */
const policies = new Map<string, LoadedPolicy | undefined>();
const answer = (reply: ThreadReply) => port.postMessage({ ...reply, totalCpuUs: cpuUsNow() } satisfies ThreadAnswer);

function cpuUsNow(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

port.on("message", (request: ThreadRequest) => {
  switch (request.op) {
    case "load":
      return void load(request);
    case "decide": {
      const fromUs = cpuUsNow();
      const decided = decide(request.order);
      return answer({ op: "decided", id: request.id, decided, broken: engine.broken, cpuUs: cpuUsNow() - fromUs });
    }
    case "drop":
      return policies.delete(request.digest);
    default:
      return assertNever(request);
  }
});
answer({ op: "ready", engine: engine.id });

async function load({ id, digest, files, check }: Extract<ThreadRequest, { op: "load" }>): Promise<void> {
  const read = readBundle(files);
  const loaded = read.ok && read.bundle.digest === digest ? engine.load(read.bundle) : undefined;
  if (loaded?.ok !== true) {
    policies.set(digest, undefined);
    const findings = [...(read.ok ? [] : read.findings), ...(loaded?.findings ?? [])];
    answer({ op: "loaded", id, ok: false, broken: engine.broken, rules: 0, gates: [], findings, tests: [] });
    return;
  }
  const { policy } = loaded;
  policies.set(digest, policy);
  const tests = check ? runBundleTests(engine, policy) : [];
  const lint = check && tests.every(({ passed }) => passed) ? lintOf(policy) : [];
  const findings = [...policy.warnings, ...(check ? await generatedOf(policy) : []), ...lint];
  const gates = check ? policy.rules.flatMap(({ requirement }) => requirement ?? []) : [];
  answer({ op: "loaded", id, ok: true, broken: engine.broken, rules: policy.rules.length, gates, findings, tests });
}

function lintOf(policy: LoadedPolicy): readonly PolicyFinding[] {
  try {
    return lintPolicy(cedar, policy);
  } catch (cause) {
    // Only a trap throws, and after one nothing this thread says can be believed: it ends, and its host says so.
    throw new Error("the engine trapped in the lint", { cause });
  }
}

/** Only a bundle with the short form pays for a YAML parser. */
async function generatedOf({ bundle }: LoadedPolicy): Promise<readonly PolicyFinding[]> {
  if (!bundle.files.has(SUGAR_PATH) && !bundle.files.has(GENERATED_PATH)) return [];
  const { generatedFindings } = await import("./rules-yaml.ts");
  return generatedFindings(bundle);
}

function decide({ digest, tool, args, facts }: DecideOrder): Decided {
  const startedMs = performance.now();
  const took = () => Math.max(0, Math.round((performance.now() - startedMs) * 1000));
  const denied = (rule: CoreRuleId, pointer = "", detail = ""): Decided => ({
    projection: undefined,
    targets: undefined,
    trouble: { rule, pointer, detail },
    result: coreDenial(rule),
    evaluatedUs: took(),
  });
  const policy = policies.get(digest);
  if (policy === undefined) return denied(policies.has(digest) ? "core:bundle-invalid" : "core:policy-stale");
  const bound = policy.bundle.contracts.get(tool);
  if (bound === undefined) return denied("core:unknown-tool");
  try {
    const projected = projectAction(bound.contract, parseStrict(args, "payload").value, facts);
    if (!projected.ok) return denied(projected.rule, projected.pointer, projected.detail);
    const { projection, bytes } = projected;
    const result = engine.decide(policy, bytes);
    return { projection: bytes, targets: targetsOf(projection), trouble: undefined, result, evaluatedUs: took() };
  } catch (cause) {
    if (!(cause instanceof CountersignError)) throw cause;
    return denied("core:projection-failed", cause.pointer, cause.message);
  }
}
