/**
 * `reexecute`: what it costs to make recorded decisions again, against the bare evaluations in it. Both sides in one
 * process, alternated, over the same decisions, in CPU time of all threads:
 *
 * - whole: entries read, inputs opened and held against their commitments, decided again, every member compared, the
 *   check recorded in the log;
 * - bare: the same projections decided, their bytes and their policy ready.
 *
 * Run: node --conditions=countersign-source bench/reexecute.ts [--decisions 2000] [--rounds 3]
 */
import { parseArgs } from "node:util";
import { type LoadedPolicy, loadEngine } from "@countersign/evidence/decide";
import type { EventOf } from "@countersign/evidence/event";
import { openGate } from "@countersign/server/gate-testing";
import { asOperator } from "@countersign/server/ledger/testing";
import { systemTimers } from "@countersign/server/ledger/timers";
import { openDisclosure } from "@countersign/server/payloads/cite";
import { openInputs, recordedDecisions } from "@countersign/server/policy/recorded";
import { type ReexecuteParts, reexecuteDecisions } from "@countersign/server/policy/reexecute";
import { openReplays } from "@countersign/server/policy/replays";
import { median, spread, writeResult } from "./result.ts";

const { values } = parseArgs({
  options: { decisions: { type: "string", default: "2000" }, rounds: { type: "string", default: "3" } },
});
const count = Number(values.decisions);
const rounds = Number(values.rounds);
const ACTIONS_PER_RUN = 50;
const CHUNK = 500;

const gate = await openGate();
const replays = openReplays({ timers: systemTimers, deadlineMs: 20_000 });
const parts: ReexecuteParts = {
  ledger: gate.ledger,
  vault: { open: gate.vault.open, openDisclosure: openDisclosure.bind(undefined, gate.vault) },
  filesOf: gate.policy.filesOf,
  replays,
};
const engine = await loadEngine();
await decide();
const chunks = await chunksOf();
// Until the engine's code is compiled for good, in this thread and in the other one, its compiler takes most of the time.
for (const chunk of [...chunks, ...chunks]) {
  await whole(chunk);
  bare(chunk);
}

const wholeRates: number[] = [];
const bareRates: number[] = [];
for (let round = 0; round < rounds; round++) {
  // Turn by turn in small parts, so that both meet the same machine.
  for (const chunk of chunks) {
    wholeRates.push(await whole(chunk));
    bareRates.push(bare(chunk));
  }
}
const ratios = wholeRates.map((rate, i) => rate / bareRates[i]!); // as many of each
console.log(`${format(median(wholeRates))} decisions/s/core, bare ${format(median(bareRates))} evaluations/s/core`);
console.log(`reexecute ÷ bare evaluations: ${median(ratios).toFixed(2)} (must reach 0.7, aim 0.9)`);
writeResult("reexecute", {
  decisions: count,
  wholePerSecondPerCore: spread(wholeRates),
  barePerSecondPerCore: spread(bareRates),
  ratio: spread(ratios),
  mustReach: 0.7,
  aim: 0.9,
});
await replays.close();
await gate.close();

/** Decisions of every kind: ALLOW, DENY and REQUIRE_APPROVAL. */
async function decide(): Promise<void> {
  for (let made = 0; made < count; made += ACTIONS_PER_RUN) {
    const { run } = await gate.call("startRun", gate.agent, { body: { capabilities: ["infra.change", "infra.read"] } });
    const some = Array.from({ length: Math.min(ACTIONS_PER_RUN, count - made) }, (_, i) => made + i);
    await Promise.all(
      some.map((n) => {
        const environment = ["dev", "prod", "staging"][n % 3]!;
        const args = { vpc: n % 10 === 8 ? "vpc-exfil" : `vpc-${n}`, environment, cost: (n % 5) * 1500 };
        return gate.call("requestAction", gate.agent, {
          params: { run_id: run.run_id },
          body: { tool: "terraform", args },
        });
      }),
    );
  }
}

/** Decisions of a stretch of the log, and what deciding them again takes, ready. */
type Chunk = {
  readonly from: number;
  readonly until: number;
  readonly inputs: readonly { readonly policy: LoadedPolicy; readonly projection: Uint8Array }[];
};

/** Decisions per second of CPU time. */
async function whole({ from, until, inputs }: Chunk): Promise<number> {
  const before = process.cpuUsage();
  const { equal } = await reexecuteDecisions(parts, { from, until }, asOperator(gate.tenant));
  if (equal !== inputs.length) throw new Error(`${equal} of ${inputs.length} came out equal`);
  return inputs.length / cpuSeconds(before);
}

/** Evaluations per second of CPU time. */
function bare({ inputs }: Chunk): number {
  const before = process.cpuUsage();
  for (const { policy, projection } of inputs) engine.decide(policy, projection);
  return inputs.length / cpuSeconds(before);
}

async function chunksOf(): Promise<readonly Chunk[]> {
  const policies = new Map<string, LoadedPolicy>();
  const reader = gate.ledger.reader(gate.tenant)!; // openGate made the tenant
  const chunks: Chunk[] = [];
  for await (const batch of openInputs(parts.vault, reader, recordedDecisions(reader, { limit: count }), CHUNK)) {
    const inputs: { policy: LoadedPolicy; projection: Uint8Array }[] = [];
    for (const one of batch) {
      if (!("projection" in one)) throw new Error(`${one.event.event_id}: ${one.why}`);
      inputs.push({ policy: await policyOf(one.event), projection: one.projection });
    }
    const [newest, oldest] = [batch[0]!, batch.at(-1)!]; // a batch has at least one
    chunks.push({ from: oldest.index, until: newest.index + 1, inputs });
  }
  return chunks;

  async function policyOf({ policy: { policy_digest: digest } }: EventOf<"policy.decided">): Promise<LoadedPolicy> {
    const known = policies.get(digest);
    if (known !== undefined) return known;
    const bundle = await gate.policy.bundleOf(gate.tenant, digest);
    const loaded = bundle && engine.load(bundle);
    if (loaded?.ok !== true) throw new Error(`${digest} does not load`);
    policies.set(digest, loaded.policy);
    return loaded.policy;
  }
}

function cpuSeconds(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000_000;
}

function format(rate: number): string {
  return Math.round(rate).toLocaleString("en");
}
