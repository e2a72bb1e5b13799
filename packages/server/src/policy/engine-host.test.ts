import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { readBundle, sealBundle } from "@countersign/evidence/policy";
import type { GateFacts } from "@countersign/evidence/project";
import { systemClock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import { systemTimers } from "../ledger/timers.ts";
import { checkBundle, isPublishable, refusalOf } from "./check.ts";
import { readPolicyDirectory } from "./directory.ts";
import { type EngineHostOptions, openEngineHost } from "./engine-host.ts";

const starter = readPolicyDirectory(join(import.meta.dirname, "..", "..", "policies", "starter"));
const bundle = bundleOf(starter);
const utf8 = (text: string) => new TextEncoder().encode(text);

function bundleOf(files: ReadonlyMap<string, Uint8Array>) {
  const sealed = sealBundle(files);
  assert.ok(sealed.ok);
  const read = readBundle(sealed.files);
  assert.ok(read.ok, JSON.stringify(read));
  return read.bundle;
}

function options(changes: Partial<EngineHostOptions> = {}) {
  const replaced: string[] = [];
  const metrics = { decided: () => {}, engineReplaced: (why: string) => replaced.push(why) };
  return {
    replaced,
    options: { deadlineMs: 5000, clock: systemClock, timers: systemTimers, metrics, log: silentLog, ...changes },
  };
}

const facts: GateFacts = {
  tenant: "t",
  agent: { id: "files-agent" },
  run: { id: "run_1", capabilities: ["fs.read", "fs.write"] },
  capability: "fs.read",
  history: { actions: 0, cents: 0, bytes: 0, in_flight: 0 },
  nowMs: Date.UTC(2026, 3, 1),
};
const read = (path: string) => ({
  digest: bundle.digest,
  tool: "read_text_file",
  args: utf8(JSON.stringify({ path })),
  facts,
});

/** A thread that answers loads well and then does what `body` says with each decision. */
const badThread = (body: string) => () =>
  new Worker(
    `const { parentPort: port } = require("node:worker_threads");
     port.postMessage({ op: "ready", engine: "bad" });
     port.on("message", (m) => {
       if (m.op === "load") port.postMessage({ op: "loaded", id: m.id, ok: true, broken: false, rules: 1, gates: [], findings: [], tests: [] });
       if (m.op === "decide") { ${body} }
     });`,
    { eval: true },
  );

test("policy engine: a real bundle allows, denies and asks, in a thread", async () => {
  const host = openEngineHost(options().options);
  try {
    const allowed = await host.decide(bundle.files, read("/w/notes/todo.txt"));
    assert.equal(allowed.result.decision, "ALLOW", JSON.stringify(allowed));
    assert.ok(allowed.projection && allowed.targets && allowed.evaluatedUs > 0);
    assert.equal((await host.decide(bundle.files, read("/w/secrets/token"))).result.decision, "DENY");
    const other = await host.decide(bundle.files, { ...read("/w/x"), tool: "rm_rf" });
    assert.equal(other.result.matched_rule, "core:unknown-tool");
    const stray = await host.decide(bundle.files, { ...read("/w/x"), args: utf8('{"path":"/w/x","sudo":true}') });
    assert.deepEqual([stray.result.matched_rule, stray.trouble?.pointer], ["core:projection-failed", "/sudo"]);
    assert.equal(host.trouble(), undefined);
  } finally {
    await host.close();
  }
});

test("policy engine: the same request gives the same projection and result, also after the thread was replaced", async () => {
  const first = openEngineHost(options().options);
  const a = await first.decide(bundle.files, read("/w/notes/a.txt"));
  await first.close();
  const second = openEngineHost(options().options);
  const b = await second.decide(bundle.files, read("/w/notes/a.txt"));
  await second.close();
  assert.deepEqual(b.result, a.result);
  assert.deepEqual(Buffer.from(b.projection!), Buffer.from(a.projection!));
});

test("policy engine: what hangs is denied at its deadline; what waits behind it is decided by the next thread", async () => {
  let threads = 0;
  const { options: given, replaced } = options({
    deadlineMs: 40,
    startThread: () => {
      threads++;
      return threads === 1
        ? badThread("for (;;);")()
        : badThread(
            'port.postMessage({ op: "decided", id: m.id, broken: false, decided: { result: { decision: "ALLOW" }, evaluatedUs: 1 } });',
          )();
    },
  });
  const host = openEngineHost(given);
  try {
    const [first, second, third] = await Promise.all([1, 2, 3].map(() => host.decide(bundle.files, read("/w/a"))));
    assert.deepEqual([first!.result.decision, first!.result.matched_rule], ["DENY", "core:engine-timeout"]);
    assert.equal(second!.result.decision, "ALLOW");
    assert.equal(third!.result.decision, "ALLOW");
    assert.deepEqual(replaced, ["timeout"]);
  } finally {
    await host.close();
  }
});

const reply = (cpuUs: number) =>
  `port.postMessage({ op: "decided", id: m.id, broken: false, cpuUs: ${cpuUs}, totalCpuUs: total(), decided: { result: { decision: "ALLOW" }, evaluatedUs: 1 } });`;
/** A thread that says what it has used, and does what `body` says with each decision. */
const measuredThread = (body: string) => () =>
  new Worker(
    `const { parentPort: port } = require("node:worker_threads");
     const total = () => { const { user, system } = process.threadCpuUsage(); return user + system; };
     port.postMessage({ op: "ready", engine: "measured", totalCpuUs: total() });
     port.on("message", (m) => {
       if (m.op === "load") port.postMessage({ op: "loaded", id: m.id, ok: true, broken: false, rules: 1, gates: [], findings: [], tests: [], totalCpuUs: total() });
       if (m.op === "decide") { ${body} }
     });`,
    { eval: true },
  );

test("policy engine: a thread that the machine keeps waiting is not denied, one that uses its time up is", async () => {
  // Idle for five deadlines by the clock: nothing of its own time is used.
  const waiting = options({ deadlineMs: 40, startThread: measuredThread(`setTimeout(() => { ${reply(10)} }, 200);`) });
  const slow = openEngineHost(waiting.options);
  try {
    assert.equal((await slow.decide(bundle.files, read("/w/a"))).result.decision, "ALLOW");
    assert.deepEqual(waiting.replaced, []);
  } finally {
    await slow.close();
  }
  // Control: the same thread, working all that time.
  const working = options({ deadlineMs: 40, startThread: measuredThread("for (;;);") });
  const hanging = openEngineHost(working.options);
  try {
    assert.equal((await hanging.decide(bundle.files, read("/w/a"))).result.matched_rule, "core:engine-timeout");
    assert.deepEqual(working.replaced, ["timeout"]);
  } finally {
    await hanging.close();
  }
});

test("policy engine: an answer that took more of the thread's time than the deadline is a denial all the same", async () => {
  for (const [cpuUs, decision] of [
    [40_000, "ALLOW"],
    [40_001, "DENY"],
  ] as const) {
    const { options: given, replaced } = options({ deadlineMs: 40, startThread: measuredThread(reply(cpuUs)) });
    const host = openEngineHost(given);
    try {
      assert.equal((await host.decide(bundle.files, read("/w/a"))).result.decision, decision);
      assert.deepEqual(replaced, []);
    } finally {
      await host.close();
    }
  }
});

test("policy engine: a thread that never gets to answer is given up by the clock in the end", async () => {
  const { options: given, replaced } = options({ deadlineMs: 20, startThread: measuredThread("") });
  const host = openEngineHost(given);
  try {
    assert.equal((await host.decide(bundle.files, read("/w/a"))).result.matched_rule, "core:engine-timeout");
    assert.deepEqual(replaced, ["timeout"]);
  } finally {
    await host.close();
  }
});

test("policy engine: a thread that dies denies what it died of", async () => {
  let threads = 0;
  const { options: given, replaced } = options({
    startThread: () => (threads++ === 0 ? badThread("process.exit(1);")() : badThread("")()),
  });
  const host = openEngineHost(given);
  try {
    const { result } = await host.decide(bundle.files, read("/w/a"));
    assert.deepEqual([result.decision, result.matched_rule], ["DENY", "core:engine-unavailable"]);
    assert.deepEqual(replaced, ["exit"]);
  } finally {
    await host.close();
  }
});

test("policy engine: after a trap the decision is the thread's denial, and the thread is replaced", async () => {
  const { options: given, replaced } = options({
    startThread: badThread(
      'port.postMessage({ op: "decided", id: m.id, broken: true, decided: { result: { decision: "DENY", matched_rule: "core:engine-unavailable" }, evaluatedUs: 1 } });',
    ),
  });
  const host = openEngineHost(given);
  try {
    for (let n = 0; n < 3; n++) {
      assert.equal((await host.decide(bundle.files, read("/w/a"))).result.decision, "DENY");
    }
    assert.deepEqual(replaced, ["trap", "trap", "trap"]);
    // Three within a minute: nothing waits for the next thread, everything is denied at once, and it says so.
    assert.match(host.trouble() ?? "", /repeatedly/);
    assert.equal((await host.decide(bundle.files, read("/w/a"))).result.matched_rule, "core:engine-unavailable");
  } finally {
    await host.close();
  }
});

test("policy engine: files that are no bundle deny by name, and do not take the thread along", async () => {
  const { options: given, replaced } = options();
  const host = openEngineHost(given);
  try {
    const broken = new Map([...bundle.files, ["policies/main.cedar", utf8("permit(")]]);
    const { result } = await host.decide(broken, { ...read("/w/a"), digest: `sha256:${"0".repeat(64)}` });
    assert.deepEqual([result.decision, result.matched_rule], ["DENY", "core:bundle-invalid"]);
    assert.equal((await host.decide(bundle.files, read("/w/notes/a"))).result.decision, "ALLOW"); // control
    assert.deepEqual(replaced, []);
  } finally {
    await host.close();
  }
});

test("policy check: the starter bundle is publishable; each seeded mistake is found, in its file", async () => {
  const good = await checkBundle(starter, options().options);
  assert.equal(isPublishable(good), true, refusalOf(good).detail);
  assert.ok(good.rules > 0 && good.tests.length > 0);
  const policies = Buffer.from(starter.get("policies/main.cedar")!).toString();
  const tests = Buffer.from(starter.get("tests/filesystem.json")!).toString();
  const reasons: Record<string, { class: string }> = JSON.parse(
    Buffer.from(starter.get("catalog/reasons.json")!).toString(),
  );
  const reason = Object.keys(reasons).find((code) => reasons[code]!.class === "deny");
  const seeds = [
    ["policies/main.cedar", policies.replace("@decision", "@decison"), /policies\/main.cedar:\d+: annotation-/],
    ["policies/main.cedar", `${policies}\nforbid (`, /policies\/main.cedar(:\d+)?: cedar-syntax/],
    ["tests/filesystem.json", tests.replace('"ALLOW"', '"DENY"'), /tests\/filesystem.json: test "/],
    ["policies/odd.txt", "x", /path-not-allowed/],
    ["policies/main.cedar", policies.replace("@id", "\u202e@id"), /hidden-character/],
    [
      "policies/main.cedar",
      `${policies}\n@id("deny-more") @decision("deny") @reason("${reason}")\nforbid (principal, action, resource) when { resource.env == "lab" };\n`,
      /rule-unreached/,
    ],
  ] as const;
  for (const [path, text, pattern] of seeds) {
    const report = await checkBundle(new Map([...starter, [path, utf8(text)]]), options().options);
    assert.equal(isPublishable(report), false, path);
    const { members } = refusalOf(report);
    assert.match((members.findings as string[]).join("\n"), pattern);
  }
});
