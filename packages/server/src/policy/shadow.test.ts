/** A candidate beside the policy in force: it changes no answer, says what it would have decided, and ends. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { Worker } from "node:worker_threads";
import { CountersignError } from "@countersign/evidence/errors";
import type { Bundle } from "@countersign/evidence/policy";
import type { Call } from "../base/routes.ts";
import { type Gate, openGate, testBundle, testRules } from "../gate-testing.ts";
import { asOperator } from "../ledger/testing.ts";
import { systemTimers } from "../ledger/timers.ts";
import { openDisclosure } from "../payloads/cite.ts";
import { openReplay } from "./replay-host.ts";
import { openShadows, policyShadows, type ShadowParts, type Shadows, shadowDifferences } from "./shadow.ts";

let gate: Gate;
let runId = "";
const opened: Shadows[] = [];
const candidates = new Map<string, Bundle>();
/** Lets out what may not leave, and asks two people where one was enough. */
const looser = testBundle(
  testRules.replace('resource.id == "vpc-exfil"', 'resource.id == "vpc-none"').replace('@quorum("1")', '@quorum("2")'),
  "looser",
);
const same = testBundle(testRules, "same");

before(async () => {
  gate = await openGate({ tables: [policyShadows, shadowDifferences] });
  for (const bundle of [looser, same]) {
    candidates.set(bundle.digest, bundle);
    const { name, version } = bundle.manifest;
    const about = { digest: bundle.digest, name, version, files: bundle.files.size, size_bytes: 1 };
    await gate.append("policy.uploaded", { bundle: about });
  }
});
after(async () => {
  for (const shadows of opened) await shadows.close();
  await gate.close();
});
beforeEach(async () => {
  runId = (await gate.call("startRun", gate.agent, { body: { capabilities: ["infra.change"] } })).run.run_id;
});

const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;

/** A follower that works when it is told to. */
function follower(changes: Partial<ShadowParts> = {}): Shadows {
  const shadows = openShadows({
    ledger: gate.ledger,
    vault: { open: gate.vault.open, openDisclosure: openDisclosure.bind(undefined, gate.vault) },
    filesOf: async (_tenant, digest) => candidates.get(digest)?.files,
    openHost: () => openReplay({ timers: systemTimers, deadlineMs: 20_000 }),
    after: () => () => {},
    onTrouble: (tenant, cause) => assert.fail(`${tenant}: ${cause}`),
    ...changes,
  });
  opened.push(shadows);
  return shadows;
}

const startWith = ({ handlers }: Shadows, digest: string, percent = 100) =>
  handlers.startShadow({
    body: { digest, sample_percent: percent },
    submission: asOperator(gate.tenant),
  } as unknown as Call<"startShadow">); // what the handler reads
const look = async ({ handlers }: Shadows) =>
  (await handlers.getShadow({ caller: gate.auditor } as Call<"getShadow">)).body;
const stop = async ({ handlers }: Shadows) =>
  (await handlers.stopShadow({ submission: asOperator(gate.tenant) } as unknown as Call<"stopShadow">)).body;

async function ask(vpc: string, environment: string): Promise<string> {
  const body = { tool: "terraform", args: { vpc, environment } };
  const { action } = await gate.call("requestAction", gate.agent, { params: { run_id: runId }, body });
  return action.decision!.decision;
}

test("shadow: it changes no answer, and what it would newly allow comes first", async () => {
  const shadows = follower();
  await startWith(shadows, looser.digest);
  const answers = [await ask("vpc-1", "dev"), await ask("vpc-2", "prod"), await ask("vpc-exfil", "dev")];
  assert.deepEqual(answers, ["ALLOW", "REQUIRE_APPROVAL", "DENY"]);
  assert.equal((await look(shadows)).decisions, 0, "no decision waited for it");
  await shadows.follow();
  const { decisions, differing, newly_allowed, dropped, differences } = await look(shadows);
  assert.deepEqual([decisions, differing, newly_allowed, dropped], [3, 2, 1, 0]);
  assert.deepEqual(
    differences.map(({ kind, was, would }) => [kind, was.decision, would.decision, would.rule]),
    [
      ["newly_allowed", "DENY", "ALLOW", "allow-ops"],
      ["tightened", "REQUIRE_APPROVAL", "REQUIRE_APPROVAL", "approval-prod-write"],
    ],
  );
  await shadows.follow();
  assert.equal((await look(shadows)).decisions, 3, "each decision once");
  const ended = await stop(shadows);
  const placed = gate.events().at(-1)!;
  assert.ok(placed.type === "policy.shadow.stopped" && placed.event_id === ended.stopped_event);
  assert.deepEqual(placed.shadow, { digest: looser.digest, decisions: 3, differing: 2, newly_allowed: 1, dropped: 0 });
  await ask("vpc-exfil", "dev");
  await shadows.follow();
  assert.equal((await look(shadows)).decisions, 3, "it is over");
  assert.deepEqual(gate.faults(), []);
});

test("shadow: control: a candidate that decides the same differs nowhere", async () => {
  const shadows = follower();
  await startWith(shadows, same.digest);
  await ask("vpc-1", "dev");
  await ask("vpc-exfil", "dev");
  const { decisions, differing, differences } = await stop(shadows);
  assert.deepEqual([decisions, differing, differences], [2, 0, []]);
});

test("shadow: a share of the decisions, the same ones for everybody", async () => {
  const shadows = follower();
  await startWith(shadows, looser.digest, 50);
  for (let n = 0; n < 40; n++) await ask("vpc-exfil", "dev");
  const { decisions, newly_allowed, dropped } = await stop(shadows);
  assert.ok(decisions > 8 && decisions < 32, `${decisions} of 40`);
  assert.deepEqual([newly_allowed, dropped], [decisions, 0]);
});

test("shadow: what waits is bounded: the oldest is dropped and counted", async () => {
  const shadows = follower({ mostWaiting: 5 });
  await startWith(shadows, looser.digest);
  for (let n = 0; n < 12; n++) await ask("vpc-exfil", "dev");
  const { decisions, newly_allowed, dropped } = await stop(shadows);
  assert.deepEqual([decisions, newly_allowed, dropped], [5, 5, 7]);
});

test("shadow: an engine that is lost loses no decision of the gate, and the shadow goes on with another", async () => {
  const dying = () => new Worker("process.exit(1)", { eval: true });
  let hosts = 0;
  const troubles: unknown[] = [];
  const shadows = follower({
    openHost: () =>
      openReplay({ timers: systemTimers, deadlineMs: 20_000, ...(hosts++ === 0 ? { startThread: dying } : {}) }),
    onTrouble: (_tenant, cause) => void troubles.push(cause),
  });
  await startWith(shadows, looser.digest);
  assert.equal(await ask("vpc-exfil", "dev"), "DENY");
  await shadows.follow();
  assert.ok(refused("core:engine-unavailable")(troubles[0]), String(troubles[0]));
  assert.equal((await look(shadows)).decisions, 0);
  assert.equal(await ask("vpc-exfil", "dev"), "DENY");
  const { decisions, dropped } = await stop(shadows);
  assert.deepEqual([decisions, dropped, troubles.length], [2, 0, 1]);
});

test("shadow: only a stored bundle, only one at a time, and not the one in force", async () => {
  const shadows = follower();
  await assert.rejects(startWith(shadows, testBundle(testRules, "unknown").digest), refused("not-found"));
  await assert.rejects(stop(shadows), refused("not-found"));
  await startWith(shadows, looser.digest);
  await assert.rejects(startWith(shadows, same.digest), refused("already-exists"));
  await stop(shadows);
});

test("shadow: another policy in force ends it, and no decision of that is compared", async () => {
  const shadows = follower();
  await startWith(shadows, looser.digest);
  await ask("vpc-exfil", "dev");
  await gate.publish(same);
  await ask("vpc-exfil", "dev");
  await shadows.follow();
  const { decisions, newly_allowed, stopped_event: stopped } = await look(shadows);
  assert.deepEqual([decisions, newly_allowed], [1, 1]);
  const placed = gate.events().find(({ event_id: id }) => id === stopped);
  const published = gate.events().findLast(({ type }) => type === "policy.published");
  assert.deepEqual([placed?.source, placed?.cause], ["derived", published?.event_id]);
  await assert.rejects(startWith(shadows, same.digest), refused("step-not-allowed"));
  assert.deepEqual(gate.faults(), []);
});
