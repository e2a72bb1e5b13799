/** Scope through the SDK and a real server: children, narrower and wider scopes, and what the command line says of them. */
import assert from "node:assert/strict";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ActionDenied, ApprovalRejected, Countersign } from "@countersign/sdk";
import { must } from "../examples/demo/cli.ts";
import { type Gate, openGate } from "./gate.ts";

const STARTER = join(import.meta.dirname, "..", "packages", "server", "policies", "starter");
let gate: Gate;
let cs: Countersign;
before(async () => {
  gate = await openGate();
  cs = new Countersign({ url: gate.url, apiKey: gate.keys.agent, executorKey: gate.keys.executor, outbox: false });
});
after(() => gate.remove());

const read = { tool: "read_text_file", args: { path: "/srv/a.txt" } };
const deniedBy = (rule: string) => (error: unknown) =>
  error instanceof ActionDenied && error.action.decision?.matched_rule === rule;

/** The starter policy with the contract and the rule of docs/operating/scope.md. */
async function publishWithExtension(): Promise<void> {
  const folder = join(gate.folder, "policy");
  await cp(STARTER, folder, { recursive: true });
  const page = await readFile(join(import.meta.dirname, "..", "docs", "operating", "scope.md"), "utf8");
  const [contract, action, rule] = ["json", "cedar", "cedar"].map(blocksOf(page));
  await writeFile(join(folder, "tools", "countersign.run.extend.json"), contract!);
  const grow = async (path: string, more: string) =>
    writeFile(join(folder, path), (await readFile(join(folder, path), "utf8")) + more);
  await grow("schema.cedarschema", action!);
  await grow("policies/main.cedar", rule!.replace("SCOPE_WIDER", "PROD_WRITE"));
  const args = { run_id: "run_1", scope: { capabilities: ["fs.read"] }, scope_digest: "sha256:0" };
  const expect = { decision: "REQUIRE_APPROVAL", matched_rules: ["approval-wider-scope"] };
  const tests = [{ name: "a wider scope waits", request: { tool: "countersign.run.extend", args }, expect }];
  await writeFile(join(folder, "tests", "extend.json"), JSON.stringify(tests));
  await gate.cli("policy", "publish", folder);
}

/** What stands in a page's fenced blocks of a language, one after the other. */
function blocksOf(page: string): (language: string) => string {
  const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].map(([, language, text]) => ({
    language,
    text: text!,
  }));
  return (language) => {
    const at = blocks.findIndex((block) => block.language === language);
    return blocks.splice(at, 1)[0]!.text;
  };
}

test("scope: a child holds a subset, and what it does counts against the run above", async () => {
  await using run = await cs.run({ capabilities: ["fs.read"], budgets: { actions: 2 }, onBehalfOf: "user:dana" });
  await assert.rejects(run.child({ capabilities: ["fs.write"], budgets: { actions: 1 } }), {
    code: "scope-exceeds-parent",
  });
  await using child = await run.child({ capabilities: ["fs.read"], budgets: { actions: 2 } });
  await child.act(read, () => "done");
  await run.act(read, () => "done");
  await assert.rejects(
    child.act(read, () => assert.fail("it ran")),
    deniedBy("core:budget-exceeded"),
  );
  await using free = await cs.run({ capabilities: ["fs.read"], budgets: { actions: 2 } }); // control: nobody above
  await free.act(read, () => "done");
});

test("scope: without a contract for it no run is widened; narrower holds at once", async () => {
  await using run = await cs.run({ capabilities: ["fs.read", "fs.write"] });
  assert.deepEqual((await run.extend({ capabilities: ["fs.read"] })).scope, { capabilities: ["fs.read"] });
  await assert.rejects(run.extend({ capabilities: ["fs.read", "fs.write"] }), deniedBy("core:unknown-tool"));
});

test("scope: a wider one waits for a person, then holds; a no leaves it; the command line asks the same", async () => {
  await publishWithExtension();
  await using run = await cs.run({ capabilities: ["fs.read"] });
  const wider = { capabilities: ["fs.read", "fs.write"] };
  const [extended] = await Promise.all([run.extend(wider), gate.answer("approve", "CHANGE_REVIEWED")]);
  assert.deepEqual(extended.scope, wider);
  const widest = { capabilities: ["fs.read", "fs.write", "fs.delete"] };
  await Promise.all([assert.rejects(run.extend(widest), ApprovalRejected), gate.answer("reject", "RISK_TOO_HIGH")]);
  await assert.rejects(run.extend({ capabilities: ["fs.read", "net"] }), deniedBy("core:above-ceiling"));

  const path = join(gate.folder, "scope.json");
  await writeFile(path, JSON.stringify(widest));
  const reach = ["--url", gate.url, "--api-key", gate.keys.agent];
  const asked = JSON.parse(await must("extend", run.id, "--scope", path, "--json", ...reach));
  const { action } = asked as { action: { action_id: string } }; // the command's documented answer
  await gate.answer("approve", "CHANGE_REVIEWED");
  assert.match(await must("extend", run.id, "--action", action.action_id, ...reach), /has the scope .*fs\.delete/);
});
