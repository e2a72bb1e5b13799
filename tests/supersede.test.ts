/** A policy replaced while an agent waits: SDK and gateway go on with the new request, people see both and what differs. */
import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Countersign } from "@countersign/sdk";
import { type Gate, openGate } from "./gate.ts";

const STARTER = join(import.meta.dirname, "..", "packages", "server", "policies", "starter");
let gate: Gate;
let folder = "";
before(async () => {
  gate = await openGate();
  folder = await mkdtemp(join(tmpdir(), "countersign-supersede-"));
});
after(async () => {
  await gate.remove();
  await rm(folder, { recursive: true, force: true });
});

const show = (id: string) => gate.cli("approvals", "show", id);

test("supersede: an agent that waits is asked about anew, follows the new request, and executes once", async () => {
  const cs = new Countersign({
    url: gate.url,
    apiKey: gate.keys.agent,
    executorKey: gate.keys.executor,
    outbox: join(folder, "outbox"),
  });
  const run = await cs.run({ capabilities: ["fs.write"] });
  const asked: string[] = [];
  const heard: (() => void)[] = [];
  const told = (count: number) =>
    asked.length >= count ? Promise.resolve() : new Promise<void>((resolve) => heard.push(resolve));
  let ran = 0;
  const acting = run.act(
    { tool: "write_file", args: { path: "/srv/prod/app.conf", content: "a=1" } },
    () => {
      ran++;
      return "written";
    },
    {
      onWaiting: (action) => {
        asked.push(action.approval!.approval_id);
        for (const resolve of heard.splice(0)) resolve();
      },
    },
  );
  await told(1);
  const changed = join(folder, "policy");
  await cp(STARTER, changed, { recursive: true });
  const header = join(changed, "bundle.json");
  await writeFile(header, (await readFile(header, "utf8")).replace("1.0.0", "1.0.1"));
  await gate.cli("policy", "publish", changed);
  await told(2);
  const [old, fresh] = asked as [string, string];
  assert.notEqual(old, fresh);
  assert.match(await show(old), new RegExp(`replaced +by ${fresh}`));
  const shown = await show(fresh);
  assert.match(shown, new RegExp(`replaces +${old}; its votes do not count here`));
  assert.match(shown, /CHANGED since the request it replaces/);
  assert.match(shown, /^\+ Policy/m);
  assert.doesNotMatch(shown, /^[+-] Needs/m); // control: the rules ask the same
  await gate.answer("approve", "CHANGE_REVIEWED");
  const outcome = await acting;
  assert.deepEqual([ran, outcome.action.phase, outcome.result], [1, "succeeded", "written"]);
  const listed = JSON.parse(await gate.cli("approvals", "list", "--state", "SUPERSEDED", "--json")) as {
    approvals: { approval_id: string }[];
  };
  assert.deepEqual(
    listed.approvals.map((one) => one.approval_id),
    [old],
  );

  // Asked for the same once more: shown beside the last one that was used.
  const again = await run.request({ tool: "write_file", args: { path: "/srv/prod/app.conf", content: "a=2" } });
  assert.match(await show(again.action.approval!.approval_id), new RegExp(`CHANGED since the last one used, ${fresh}`));
});
