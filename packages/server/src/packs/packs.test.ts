/** Packs and reads of evidence on the real ledger, the real gate and the real payload store. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { CountersignError } from "@countersign/evidence/errors";
import type { Event, EventOf, Kind } from "@countersign/evidence/event";
import { digestOf } from "@countersign/evidence/hash";
import { leafHash } from "@countersign/evidence/merkle";
import { parseVerifierKey } from "@countersign/evidence/note";
import { openPackFolder } from "@countersign/evidence/pack-folder.node";
import { parseReceipt, receiptFault } from "@countersign/evidence/receipt";
import { verify } from "@countersign/evidence/verify";
import { operations } from "@countersign/evidence/wire";
import { Value } from "typebox/value";
import type { Call, Caller, Reply } from "../base/routes.ts";
import { type Gate, openGate, type Voter } from "../gate-testing.ts";
import { createTestTenant, OPERATOR, temporaryDirectory } from "../ledger/testing.ts";
import { openDisclosure } from "../payloads/cite.ts";
import { payloads } from "../payloads/tables.ts";
import type { Exported } from "./export.ts";
import { openPacks, type PackModule } from "./routes.ts";
import type { TimelineAnswer } from "./timelines.ts";

let gate: Gate;
let packs: PackModule;
let approver: Voter;
let fire: (() => void) | undefined;
const runs: string[] = [];
const troubles: unknown[] = [];

const dev = { vpc: "vpc-1", environment: "dev" };
const prod = { vpc: "vpc-1", environment: "prod" };

before(async () => {
  gate = await openGate();
  const { ledger, vault, policy } = gate;
  packs = openPacks({
    ledger,
    vault: {
      ...vault,
      openDisclosure: openDisclosure.bind(undefined, vault),
      knows: (reader, digest) => reader.row(payloads, { digest }) !== undefined,
    },
    policyFiles: async (tenant, digest) => (await policy.bundleOf(tenant, digest))?.files,
    timers: {
      after(_ms, call) {
        fire = call;
        return () => {
          fire = undefined;
        };
      },
    },
    onTrouble: (cause) => troubles.push(cause),
  });
  approver = await gate.voter("dana", ["oncall_sre"]);
  runs.push(await playRun(), await playRun());
});
after(async () => {
  await packs.access.close();
  await gate.close();
  assert.deepEqual(troubles, []);
});

/** A run with an allowed, an approved, a denied action and a retry, closed and settled. */
async function playRun(): Promise<string> {
  const { run } = await gate.call("startRun", gate.agent, {
    body: { capabilities: ["infra.change"], intent: "rotate certificates", labels: { team: "sre" } },
  });
  const ask = async (args: object) =>
    (
      await gate.call("requestAction", gate.agent, {
        params: { run_id: run.run_id },
        body: { tool: "terraform", args, max_attempts: 2 },
      })
    ).action;
  const report = (id: string, body: object) =>
    gate.call("reportOutcome", gate.executor, {
      params: { action_id: id as `act_${string}` },
      body: body as { status: "FAILED" },
    });
  const start = (id: string) =>
    gate.call("startAction", gate.executor, { params: { action_id: id as `act_${string}` }, body: {} });

  const allowed = await ask(dev);
  const { permit } = await start(allowed.action_id);
  await report(allowed.action_id, { status: "FAILED", code: "EXIT_1", message: "no route" });
  await gate.call("startAttempt", gate.executor, { params: { permit_id: permit.permit_id }, body: {} });
  await report(allowed.action_id, { status: "SUCCEEDED", result: { applied: 1 } });

  const waiting = await ask(prod);
  await gate.vote(approver, waiting.approval!.approval_id);
  await report(waiting.action_id, { status: "QUEUED" });
  await start(waiting.action_id);
  await report(waiting.action_id, { status: "SUCCEEDED", result: { applied: 2 } });

  assert.equal((await ask({ vpc: "vpc-exfil", environment: "dev" })).phase, "denied");
  await gate.call("closeRun", gate.agent, { params: { run_id: run.run_id }, body: { status: "completed" } });
  return run.run_id;
}

type Names = keyof PackModule["handlers"];

async function call<N extends Names>(name: N, caller: Caller, parts: { params?: object; query?: object } = {}) {
  const { kind, id } = caller.holder;
  const request = {
    params: parts.params ?? {},
    query: parts.query ?? {},
    caller,
    submission: {
      tenant: caller.tenant,
      actor: { type: kind === "service" ? "operator" : kind, id },
    },
  };
  // What http.ts hands over after its checks, as far as these handlers look at it.
  const reply = await packs.handlers[name](request as unknown as Call<never>);
  return (reply as Reply<N>).body;
}

const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;
const reader = () => gate.ledger.reader(gate.tenant)!;
const eventsOf = <K extends Kind>(type: K) =>
  gate.events().filter((event): event is EventOf<K> & Event => event.type === type);
const exporting = async (input: object) => (await packs.admin["pack.export"]!(input as never, OPERATOR)) as Exported;
const fresh = () => join(temporaryDirectory(), "pack");
const pinOf = (vkey: string) => {
  const parsed = parseVerifierKey(vkey);
  assert.ok(parsed.ok);
  return parsed.value;
};

test("export: a run pack verifies with the log's key: complete, votes signed, decisions made again", async () => {
  const out = fresh();
  const made = await exporting({ run: runs[0], out });
  assert.equal(made.proves, "complete");
  const report = await verify(openPackFolder(out), {
    pins: [pinOf(made.vkey)],
    required: ["pinned", "approvers", "re-executed"],
  });
  assert.deepEqual(report.faults, []);
  assert.equal(report.exit_code, 0);
  const { answers = [], ...counted } = report.decisions;
  assert.deepEqual(counted, { total: 3, equal: 3, from_arguments: 3, different: 0, not_recomputed: {} });
  assert.equal(answers.length, 3);
  assert.deepEqual(report.votes, { total: 1, verified: 1 });
  assert.equal(report.runs[0]?.completeness, "1.0000");
  assert.equal(report.subject.exported?.event_id, made.event_id);
});

test("export: a pack of the whole log verifies, with every run in it", async () => {
  const out = fresh();
  const made = await exporting({ all: true, out });
  const report = await verify(openPackFolder(out), { pins: [pinOf(made.vkey)] });
  assert.deepEqual(report.faults, []);
  assert.equal(report.subject.proves, "complete");
  assert.deepEqual(report.runs.map(({ run_id }) => run_id).sort(), [...runs].sort());
});

test("export: the log records the request and the read before, the manifest's digest after", async () => {
  const before = gate.events().length;
  const out = fresh();
  const made = await exporting({ run: runs[1], out, purpose: "audit 7", recipient: "auditor@example.com" });
  const [requested, accessed, exported] = gate.events().slice(before);
  assert.equal(requested?.type, "pack.requested");
  assert.deepEqual((requested as EventOf<"pack.requested">).pack, {
    pack_id: made.pack_id,
    scope: `{"kind":"run","run_id":"${runs[1]}"}`,
    purpose: "audit 7",
    recipient: "auditor@example.com",
    disclosure: "full",
  });
  assert.deepEqual((accessed as EventOf<"evidence.accessed">).access, {
    reads: [{ kind: "pack", id: made.pack_id }],
    count: 1,
  });
  const manifest = readFileSync(join(out, "content/manifest.json"));
  assert.equal((exported as EventOf<"pack.exported">).pack.manifest_digest, digestOf(manifest));
  assert.deepEqual(exported?.actor, OPERATOR);
});

test("export: the same size, scope and disclosure give the same bytes, whatever came after", async () => {
  const [first, second] = [fresh(), fresh()];
  const { as_of } = await exporting({ run: runs[0], out: first });
  await playRun();
  await exporting({ run: runs[0], as_of, out: second });
  const files = filesUnder(join(first, "content"));
  assert.ok(files.length > 60);
  assert.deepEqual(filesUnder(join(second, "content")), files);
  for (const file of files) {
    assert.ok(readFileSync(join(first, "content", file)).equals(readFileSync(join(second, "content", file))), file);
  }
  // Control: without as-of the log has moved on, and with it the checkpoint.
  const third = fresh();
  assert.notEqual((await exporting({ run: runs[0], out: third })).as_of, as_of);
});

test("export: a size nobody signed is covered by the oldest checkpoint at hand; one beyond the log is refused", async () => {
  const { as_of } = await exporting({ all: true, out: fresh() });
  const again = await exporting({ all: true, as_of: as_of - 1, out: fresh() });
  assert.equal(again.as_of, as_of);
  await assert.rejects(exporting({ all: true, as_of: 1_000_000, out: fresh() }), refused("usage"));
  await assert.rejects(exporting({ all: true, as_of: 0, out: fresh() }), refused("usage"));
});

test("export: a run pack holds no other run's entry and no word of another run", async () => {
  const out = fresh();
  await exporting({ run: runs[0], out });
  const foreign = gate
    .events()
    .filter((event) => "run_id" in event && event.run_id === runs[1])
    .flatMap((event) => [event.event_id, ...("action_id" in event ? [event.action_id] : []), runs[1]!]);
  const texts = filesUnder(out).map((file) => readFileSync(join(out, file), "latin1"));
  for (const id of new Set(foreign)) assert.ok(!texts.some((text) => text.includes(id)), id);
  // Control: its own ids are found by the same search.
  assert.ok(texts.some((text) => text.includes(runs[0]!)));
});

test("export: levels of disclosure open nothing more than they say", async () => {
  const none = fresh();
  await exporting({ run: runs[0], out: none, disclosure: "none" });
  assert.ok(!existsSync(join(none, "content/payloads")) && !existsSync(join(none, "content/policies")));
  const committed = fresh();
  await exporting({ run: runs[0], out: committed, disclosure: "committed" });
  const opened = ["disclosures.jsonl", "projections"].filter((name) => existsSync(join(committed, "content", name)));
  assert.deepEqual(opened, []);
  const sealed = readdirSync(join(committed, "content/payloads"));
  assert.ok(sealed.length > 0);
  for (const name of sealed)
    assert.match(readFileSync(join(committed, "content/payloads", name), "latin1"), /^countersign\/seal\/1\n/);
  for (const out of [none, committed]) assert.deepEqual((await verify(openPackFolder(out))).faults, []);
  // Control: the arguments stand in a full pack in the clear.
  const full = fresh();
  await exporting({ run: runs[0], out: full });
  const texts = readdirSync(join(full, "content/payloads")).map((name) =>
    readFileSync(join(full, "content/payloads", name), "utf8"),
  );
  assert.ok(texts.includes(JSON.stringify(prod)));
});

test("export: writes all or nothing, and over nothing", async () => {
  const occupied = fresh();
  mkdirSync(occupied);
  writeFileSync(join(occupied, "notes.txt"), "mine");
  const events = gate.events().length;
  await assert.rejects(exporting({ all: true, out: occupied }), refused("folder-not-empty"));
  await assert.rejects(exporting({ all: true, out: join(fresh(), "deep", "er") }), refused("cannot-read"));
  assert.equal(gate.events().length, events, "what is refused is not recorded as read");
  const empty = fresh();
  mkdirSync(empty);
  await exporting({ all: true, out: empty });
  assert.ok(existsSync(join(empty, "VERIFY.md")));
  assert.deepEqual(readdirSync(join(empty, "..")), ["pack"], "nothing half-made is left beside it");
});

test("export: refuses a request it does not understand, by name", async () => {
  const out = fresh();
  for (const [input, code] of [
    [{ out }, "usage"],
    [{ out, all: true, run: runs[0] }, "usage"],
    [{ out, run: "run_1" }, "usage"],
    [{ out: "pack", all: true }, "usage"],
    [{ out, all: true, disclosure: "everything" }, "usage"],
    [{ out, all: true, tenant: "nobody" }, "not-found"],
    [{ out, run: runs[0]!.replace(/.$/, (last) => (last === "0" ? "1" : "0")) }, "not-found"],
  ] as const) {
    await assert.rejects(exporting(input), refused(code), JSON.stringify(input));
  }
});

// ── Reads ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const minimalPath = fileURLToPath(new URL("../../../../../shared/vectors/minimal-record.json", import.meta.url));
const noMinimal = existsSync(minimalPath) ? false : "../shared/vectors/minimal-record.json is not there";

/** Every path of a JSON value with the type of what stands there. */
function pathsOf(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [`${path} ${value === null ? "null" : typeof value}`];
  return Object.entries(value).flatMap(([name, inner]) => pathsOf(inner, `${path}/${name}`));
}

test("views: every path of the published minimal record is in GET /v1/events/{id} and in a pack", {
  skip: noMinimal,
}, async () => {
  const wanted = pathsOf(JSON.parse(readFileSync(minimalPath, "utf8")));
  assert.ok(wanted.length >= 15);
  const queued = eventsOf("dispatch.queued").find(
    (event) => event.run_id === runs[0] && event.policy.decision === "REQUIRE_APPROVAL",
  );
  const { event } = await call("getEvent", gate.auditor, { params: { event_id: queued!.event_id } });
  const out = fresh();
  await exporting({ run: runs[0], out });
  const view = JSON.parse(readFileSync(join(out, `content/runs/${runs[0]}.json`), "utf8")) as { events: Event[] };
  const inPack = view.events.find(({ event_id }) => event_id === queued!.event_id);
  for (const [where, shown] of [
    ["API", event],
    ["pack", inPack],
  ] as const) {
    const there = new Set(pathsOf(shown));
    assert.deepEqual(
      wanted.filter((path) => !there.has(path)),
      [],
      where,
    );
  }
  // Control: an event before the approval lacks its members, so the comparison can fail.
  const requested = pathsOf(eventsOf("action.requested")[0]);
  assert.ok(wanted.some((path) => !requested.includes(path)));
});

test("events: the exact bytes, what derives from them, and a receipt that proves them", async () => {
  const [decided] = eventsOf("policy.decided");
  const view = await call("getEvent", gate.auditor, { params: { event_id: decided!.event_id } });
  assert.ok(Value.Check(operations.getEvent.answer, view));
  const bytes = Buffer.from(view.entry, "base64");
  const { integrity, receipt } = view.event as { integrity: { hash: string; sig_alg: string }; receipt: string };
  assert.equal(integrity.hash, Buffer.from(leafHash(bytes)).toString("hex"));
  assert.equal(integrity.sig_alg, "ed25519");
  const parsed = parseReceipt(receipt);
  assert.ok(parsed.ok);
  const genesis = gate.events()[0] as EventOf<"log.genesis">;
  const key = pinOf(genesis.genesis.keys.find(({ purpose }) => purpose === "checkpoint")!.vkey!);
  assert.equal(receiptFault(parsed.value, bytes, [key]), undefined);
  assert.equal(await call("getReceipt", gate.auditor, { params: { event_id: decided!.event_id } }), receipt);
  // Control: the receipt of these bytes is of no others.
  bytes[5]! ^= 1;
  assert.equal(receiptFault(parsed.value, bytes, [key])?.code, "inclusion-failed");
});

test("events: agents see their own runs, executors what they reported, approvers what needs them; the rest is not there", async () => {
  const [decided] = eventsOf("policy.decided");
  const [voted] = eventsOf("approval.voted");
  const [succeeded] = eventsOf("dispatch.succeeded");
  const [genesis] = gate.events();
  const stranger: Caller = { ...gate.agent, holder: { kind: "agent", id: "other-agent" } };
  const cases: readonly [Caller, Event | undefined, boolean][] = [
    [gate.agent, decided, true],
    [stranger, decided, false],
    [gate.agent, genesis, false],
    [gate.executor, succeeded, true],
    [gate.executor, voted, false],
    [approver.caller, voted, true],
    [approver.caller, decided, false],
    [approver.caller, genesis, false],
    [gate.auditor, genesis, true],
  ];
  for (const [caller, event, visible] of cases) {
    const read = call("getReceipt", caller, { params: { event_id: event!.event_id } });
    if (visible) await read;
    else await assert.rejects(read, refused("not-found"), `${caller.role} ${event!.type}`);
  }
  await assert.rejects(call("getTimeline", stranger, { params: { run_id: runs[0] } }), refused("not-found"));
  await call("getTimeline", gate.agent, { params: { run_id: runs[0] } });
});

test("events: lists page backwards without a gap, by kind, by run, or all", async () => {
  const walk = async (query: object) => {
    const ids: string[] = [];
    for (let before: number | undefined; ; ) {
      const page = await call("listEvents", gate.auditor, {
        query: { ...query, limit: "7", ...(before === undefined ? {} : { before: String(before) }) },
      });
      assert.ok(Value.Check(operations.listEvents.answer, page));
      ids.push(...page.events.map(({ event }) => (event as Event).event_id));
      if (page.next === undefined) return ids;
      before = page.next;
    }
  };
  const expected = (wanted: (event: Event) => boolean) =>
    gate
      .events()
      .filter(wanted)
      .map(({ event_id }) => event_id)
      .reverse();
  const everything = gate.events().length;
  assert.deepEqual(
    await walk({}),
    expected(() => true),
  );
  assert.deepEqual(
    await walk({ type: "policy.decided" }),
    expected(({ type }) => type === "policy.decided"),
  );
  assert.deepEqual(
    await walk({ run_id: runs[0] }),
    expected((event) => "run_id" in event && event.run_id === runs[0]),
  );
  assert.deepEqual(
    await walk({ run_id: runs[0], type: "dispatch.started" }),
    expected((event) => event.type === "dispatch.started" && event.run_id === runs[0]),
  );
  assert.equal(gate.events().length, everything, "lists are recorded later, not between pages");
  await assert.rejects(call("listEvents", gate.auditor, { query: { type: "no.such" } }), refused("validation-failed"));
});

test("timeline: intent to safety in one answer, complete and without faults; pages cut only the steps", async () => {
  const whole = (await call("getTimeline", gate.auditor, { params: { run_id: runs[0] } })) as TimelineAnswer;
  assert.equal(whole.timeline.status, "settled");
  assert.deepEqual(whole.timeline.gaps, []);
  assert.deepEqual(whole.faults, []);
  assert.equal(whole.completeness.score, 1);
  assert.deepEqual(
    whole.timeline.actions.map(({ outcome }) => outcome),
    ["SUCCEEDED", "SUCCEEDED", "DENIED"],
  );
  assert.equal(whole.next_seq, undefined);
  const first = (await call("getTimeline", gate.auditor, {
    params: { run_id: runs[0] },
    query: { limit: "5" },
  })) as TimelineAnswer;
  assert.equal(first.next_seq, 5);
  const rest = (await call("getTimeline", gate.auditor, {
    params: { run_id: runs[0] },
    query: { from_seq: "5" },
  })) as TimelineAnswer;
  assert.deepEqual([...first.timeline.steps, ...rest.timeline.steps], whole.timeline.steps);
  assert.deepEqual(first.timeline.actions, whole.timeline.actions);
  const shown = (await packs.admin["timeline.show"]!({ run: runs[0]! }, OPERATOR)) as TimelineAnswer;
  assert.deepEqual(shown, whole);
});

test("tiles and checkpoint are the log's, and nothing beyond what is signed", async () => {
  const checkpoint = await call("getCheckpoint", gate.auditor);
  assert.equal(checkpoint, reader().checkpoint);
  const size = reader().size;
  const width = Math.min(size, 256);
  const path = (level: string, count: number) => `${level}/000${count === 256 ? "" : `.p/${count}`}`;
  const hashes = await call("getTile", gate.auditor, { params: { "*": path("0", width) } });
  const bundle = await call("getTile", gate.auditor, { params: { "*": path("entries", width) } });
  const length = (bundle[0]! << 8) | bundle[1]!;
  assert.deepEqual(Buffer.from(leafHash(bundle.subarray(2, 2 + length))), Buffer.from(hashes.subarray(0, 32)));
  for (const wrong of ["0/001", "0/0", "64/000", "entries/000.p/0", "../../etc/passwd", `9/${"x".repeat(100)}`]) {
    await assert.rejects(call("getTile", gate.auditor, { params: { "*": wrong } }), refused("not-found"), wrong);
  }
});

test("access: reads of others' evidence are recorded within a minute, in one event for each reader; own receipts are not", async () => {
  await packs.access.flush();
  const before = eventsOf("evidence.accessed").length;
  fire = undefined;
  const [decided] = eventsOf("policy.decided");
  const params = { params: { event_id: decided!.event_id } };
  await call("getEvent", gate.agent, params);
  assert.equal(fire, undefined, "an agent's own receipt is no access");
  for (let i = 0; i < 3; i++) await call("getEvent", gate.auditor, params);
  await call("getTimeline", gate.auditor, { params: { run_id: runs[0] } });
  await call("listEvents", gate.auditor, { query: { type: "policy.decided" } });
  assert.equal(eventsOf("evidence.accessed").length, before, "nothing yet");
  const dueRecord = fire as (() => void) | undefined; // set by the timer that note() started
  assert.ok(dueRecord !== undefined, "and a timer that will see to it");
  dueRecord();
  await packs.access.flush();
  const recorded = eventsOf("evidence.accessed").slice(before);
  assert.equal(recorded.length, 1);
  assert.equal(recorded[0]!.actor.id, "auditor");
  assert.deepEqual(recorded[0]!.access, {
    reads: [
      { kind: "event", id: decided!.event_id },
      { kind: "timeline", id: runs[0] },
      { kind: "list", id: "events,type:policy.decided" },
    ],
    count: 5,
  });
});

test("access: many different reads are recorded at once, and the log takes no other tenant's", async () => {
  await packs.access.flush();
  const before = eventsOf("evidence.accessed").length;
  await createTestTenant(gate.ledger, "prod-b");
  for (let i = 0; i < 300; i++) packs.access.note(gate.tenant, OPERATOR, { kind: "list", id: `events,before:${i}` });
  packs.access.note("prod-b", OPERATOR, { kind: "list", id: "events" });
  await packs.access.flush();
  const recorded = eventsOf("evidence.accessed").slice(before);
  assert.deepEqual(
    recorded.map(({ access }) => access.count),
    [256, 44],
  );
  assert.ok(recorded.every(({ access }) => !access.reads.some(({ id }) => id === "events")));
});

test("operations: with several tenants the log to export must be named", async () => {
  await assert.rejects(exporting({ all: true, out: fresh() }), refused("usage"));
  const made = await exporting({ all: true, tenant: "prod-b", out: fresh() });
  assert.equal(made.entries, gate.ledger.reader("prod-b")!.size - 3);
  await exporting({ run: runs[0], out: fresh() });
});

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
