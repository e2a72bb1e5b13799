/**
 * `freeze`: how long a freeze takes to hold. A whole server in this process; eight callers ask for actions and start them
 * over sockets without pause, and an operator places a freeze among them, by turns with the same freeze on an idle server.
 *
 * - effectMs: from asking for the freeze to its answer, which is given when it is durable and signed. The freeze holds from
 *   its place in the log on, so nothing that starts later lies behind it.
 * - startsMeanwhile: starts that got their place between the asking and the freeze's own place.
 * - startsBehind: starts that lie behind the freeze in the log: none may, or the bench fails.
 * - startsAfterLift: the control: the same callers start again when it is lifted.
 *
 * Run: node --conditions=countersign-source bench/freeze.ts [--rounds 20] [--callers 8]
 */
import "@countersign/evidence/hash.node";
import { parseArgs } from "node:util";
import { readPolicyDirectory } from "@countersign/server/policy/directory";
import { spread, writeResult } from "./result.ts";
import { openServed, STARTER } from "./served.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "20" }, callers: { type: "string", default: "8" } },
});
const rounds = Number(values.rounds);
const callers = Number(values.callers);
const TENANT = "bench";
/** A run holds at most 64 open actions, and what a caller starts stays open. */
const ACTIONS_OF_A_RUN = 60;

const { app, admin, keyOf, post, close } = await openServed(callers + 2);

await admin("tenant.create", { id: TENANT, kind: "evaluation" });
const files = Object.fromEntries(
  [...readPolicyDirectory(STARTER)].map(([path, bytes]) => [path, Buffer.from(bytes).toString("base64")]),
);
await admin("policy.publish", { tenant: TENANT, files });
await admin("agent.register", { tenant: TENANT, id: "files-agent", ceiling: ["fs"], may_execute: true });
const agent = await keyOf(TENANT, "agent", "files-agent");
const operator = await keyOf(TENANT, "operator", "dana");
const reader = () => app.ledger.reader(TENANT)!; // created above

const idleMs: number[] = [];
const effectMs: number[] = [];
const startsMeanwhile: number[] = [];
const startsAfterLift: number[] = [];
let startsBehind = 0;
for (let round = 0; round < rounds; round++) {
  const idle = await placeFreeze(round);
  idleMs.push(idle.tookMs);
  await lift(idle.id);

  let on = true;
  const work = Array.from({ length: callers }, (_, caller) => startWhile(caller, () => on));
  const first = starts();
  await until(() => starts() >= first + callers); // they are at it
  const before = starts();
  const { id, tookMs, index } = await placeFreeze(round);
  effectMs.push(tookMs);
  startsMeanwhile.push(starts(0, index) - before);
  await new Promise((go) => setTimeout(go, 50)); // they go on asking, and are denied
  startsBehind += starts(index);
  await lift(id);
  const lifted = reader().size;
  await until(() => starts(lifted) > 0);
  on = false;
  await Promise.all(work);
  startsAfterLift.push(starts(lifted));
}
await close();
console.log(
  `freeze in force after ${spread(effectMs).median} ms under load, ${spread(idleMs).median} ms idle (medians)`,
);
console.log(`${startsBehind} starts behind a freeze (none may)`);
writeResult("freeze", {
  callers,
  effectMs: spread(effectMs),
  idleMs: spread(idleMs),
  startsMeanwhile: spread(startsMeanwhile),
  startsBehind,
  startsAfterLift: spread(startsAfterLift),
});
if (startsBehind > 0) process.exitCode = 1;

/** Asks and starts without pause. What is denied while frozen is asked again. */
async function startWhile(caller: number, going: () => boolean): Promise<void> {
  for (let n = 0; going(); n++) {
    const { run } = await post<{ run: { run_id: string } }>(agent, "/v1/runs", { capabilities: ["fs.read"] });
    for (let asked = 0; asked < ACTIONS_OF_A_RUN && going(); asked++) {
      const args = { path: `/work/public/${caller}-${n}-${asked}.txt` };
      await post(agent, `/v1/runs/${run.run_id}/actions`, { tool: "read_text_file", args, start: true });
    }
  }
}

async function placeFreeze(round: number): Promise<{ id: string; tookMs: number; index: number }> {
  const body = { kind: "agent", subject: "files-agent", incident: `INC-${round}`, reason_code: "INCIDENT" };
  const before = performance.now();
  const { freeze_id: id } = await post<{ freeze_id: string }>(operator, "/v1/freezes", body);
  const tookMs = performance.now() - before;
  const [index] = reader().entriesOfKinds(["freeze.placed"], { limit: 1 });
  return { id, tookMs, index: index! }; // it was just placed
}

async function lift(id: string): Promise<void> {
  await post(operator, `/v1/freezes/${id}/lift`, { reason_code: "RESOLVED" });
}

/** dispatch.started of the log between two leaf indexes. */
function starts(from = 0, to = Number.POSITIVE_INFINITY): number {
  let count = 0;
  let before: number | undefined;
  for (;;) {
    const page = reader().entriesOfKinds(["dispatch.started"], {
      limit: 1000,
      ...(before === undefined ? {} : { before }),
    });
    count += page.filter((index) => index > from && index < to).length;
    before = page.at(-1);
    if (before === undefined || before <= from) return count;
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((go) => setTimeout(go, 5));
}
