/** What an operator with every key can write beside a decision, and how the arguments and the log give it away. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type PackFolder, PackStory } from "../../../tools/pack-story.ts";
import { bundleOf, seedFiles, seedTexts } from "../../../tools/seed-bundle.ts";
import "./ed25519.node.ts";
import "./hash.node.ts";
import { actionDigest } from "./action-digest.ts";
import { commitmentOf, payloadDisclosure } from "./commitment.ts";
import type { Event, EventOf } from "./event.ts";
import type { FaultCode } from "./fault.ts";
import { foldLog } from "./fold.ts";
import { utf8 } from "./hash.ts";
import type { PackScope } from "./pack.ts";
import type { Bundle } from "./policy.ts";
import { type Projection, projectionBytes } from "./projection.ts";
import type { Report } from "./report-schema.ts";
import { checkProjection, DECIDED_WITHIN_MS, type Surroundings } from "./reprojection.ts";
import { verify } from "./verify.ts";

const DEV = { vpc: "prod/vpc-1", environment: "dev", cost: 12.5 };
const PROD = { ...DEV, environment: "prod" };

type Lie = (event: Event, story: PackStory) => Event;

/** A run of one allowed change of DEV, told by an operator who lies. */
async function told(lie: Lie = (event) => event): Promise<{
  readonly story: PackStory;
  readonly scope: PackScope;
  readonly pack: PackFolder;
}> {
  const story = await PackStory.open({ edit: lie });
  const run = story.run();
  story.change(run, "allow succeeded safety", DEV);
  run.close();
  const scope: PackScope = { kind: "run", run_id: run.id };
  return { story, scope, pack: await story.pack(scope) };
}

const codesOf = (report: Report) => [...new Set(report.faults.map(({ code }) => code))];

/** The request made over other arguments, with everything that binds them done properly. */
function withArguments(event: EventOf<"action.requested">, story: PackStory, args: object): Event {
  const bytes = utf8(JSON.stringify(args));
  const disclosure = payloadDisclosure(story.bytes16(), "/action/args", bytes);
  story.disclosures.push({ event: event.event_id, disclosure });
  const commitment = commitmentOf(disclosure);
  return redigested({
    ...event,
    commit: { ...event.commit, "/action/args": commitment },
    pointers: { ...event.pointers, args: story.store(bytes) },
    request: { ...event.request, args_bytes: bytes.length },
  });
}

function redigested(event: EventOf<"action.requested">): EventOf<"action.requested"> {
  const { tenant, run_id, action_id, action, request, commit } = event;
  const args = commit?.["/action/args"] ?? "";
  const { topic, tool_contract = null } = request;
  const digest = actionDigest({ tenant, run_id, action_id, action, topic, tool_contract, args });
  return { ...event, request: { ...request, action_digest: digest } };
}

const LIES: readonly (readonly [what: string, expected: readonly FaultCode[], lie: Lie])[] = [
  ["nothing: the control", [], (event) => event],
  [
    "arguments for prod beside the projection of a change in dev",
    ["projection-differs"],
    (event, story) => (event.type === "action.requested" ? withArguments(event, story, PROD) : event),
  ],
  [
    "an argument the contract does not know",
    ["projection-differs"],
    (event, story) =>
      event.type === "action.requested" ? withArguments(event, story, { ...DEV, also: "exfil" }) : event,
  ],
  [
    "another cost",
    ["action-differs"],
    (event) => (event.type === "action.requested" ? { ...event, request: { ...event.request, cost_cents: 1 } } : event),
  ],
  [
    "fewer bytes than the arguments have",
    ["action-differs"],
    (event) => (event.type === "action.requested" ? { ...event, request: { ...event.request, args_bytes: 2 } } : event),
  ],
  [
    "another target, in every event",
    ["action-differs"],
    (event) => {
      if (!("action" in event)) return event;
      const action = { ...event.action, target: { ...event.action.target, resource: "prod/vpc-2" } };
      if (event.type === "action.requested") return redigested({ ...event, action });
      return { ...event, action } as Event; // the block alone is another
    },
  ],
];

for (const [what, expected, lie] of LIES) {
  test(`projection: an operator with every key logs ${what}`, async () => {
    let digest: string | undefined;
    const { story, pack } = await told((event, story) => {
      const one = lie(event, story);
      if (one.type === "action.requested") digest = one.request.action_digest;
      // What repeats the action's digest repeats the forged one.
      if (one.type === "dispatch.permitted") {
        return { ...one, permit: { ...one.permit, action_digest: digest ?? one.permit.action_digest } };
      }
      return one;
    });
    const report = await verify(pack, { pins: [story.key] });
    assert.deepEqual(codesOf(report), expected);
    assert.equal(report.assurances["re-executed"].state, expected.length === 0 ? "met" : "not-met");
    assert.equal(report.decisions.different, expected.length === 0 ? 0 : 1);
  });
}

test("projection: arguments that are not opened are said to be, and nothing is claimed of them", async () => {
  const { story, scope } = await told();
  const source = story.source();
  const withheld = await story.pack(scope, {
    source: {
      ...source,
      disclosures: async (event) => (event.type === "action.requested" ? [] : source.disclosures(event)),
    },
  });
  const report = await verify(withheld, { pins: [story.key], required: ["re-executed"] });
  assert.deepEqual(report.faults, []);
  const { answers = [], ...counted } = report.decisions;
  assert.deepEqual(counted, { total: 1, equal: 1, from_arguments: 0, different: 0, not_recomputed: {} });
  assert.deepEqual([answers.length, answers[0]?.outcome, answers[0]?.from_arguments], [1, "equal", false]);
  const { state, why } = report.assurances["re-executed"];
  assert.equal(state, "not-met");
  assert.match(why, /0 of 1 decisions .* from their arguments .*the arguments are not opened/);
  assert.equal(report.exit_code, 1);
});

// ── What the log knows by itself, arguments or none ─────────────────────────────────────────────────────────────────

const sound = (await told()).story;
const decision = sound.events.find((event) => event.type === "policy.decided");
assert.ok(decision?.type === "policy.decided");
const index = sound.events.indexOf(decision);
const plain = new TextDecoder().decode(sound.plains.get(decision.decided.projection ?? ""));
const projection = JSON.parse(plain) as Projection; // the story projected it

function codesFor(
  change: (one: Projection) => Projection,
  { bundle = sound.bundle!, event = decision as EventOf<"policy.decided">, around = {} as Partial<Surroundings> } = {},
) {
  const { runs, control } = foldLog(sound.events.slice(0, index + 1));
  const bytes = projectionBytes(change(projection));
  const surroundings = { run: runs.get(event.run_id), control, request: undefined, args: undefined, ...around };
  return checkProjection(bundle, event, bytes, surroundings).found.map(({ code }) => code);
}

const inContext = (changes: Partial<Projection["context"]>) => (one: Projection) => ({
  ...one,
  context: { ...one.context, ...changes },
});
const { context } = projection;

const KNOWN: readonly (readonly [what: string, change: (one: Projection) => Projection])[] = [
  ["the agent's owner", (one) => ({ ...one, principal: { ...one.principal, owner: "" } })],
  ["a team nobody recorded", (one) => ({ ...one, principal: { ...one.principal, team: "sre" } })],
  ["whom the run is for", inContext({ run: { ...context.run, on_behalf_of: "" } })],
  ["what the run declared", inContext({ run: { ...context.run, capabilities: ["infra.change"] } })],
  ["another history than the decision's", inContext({ history: { ...context.history, cents: 7 } })],
  ["an hour that was not", inContext({ time: { ...context.time, hour_utc: (context.time.hour_utc + 6) % 24 } })],
  ["a day that was not", inContext({ time: { ...context.time, dow: (context.time.dow % 7) + 1 } })],
  [
    "another day's time",
    inContext({ time: { ...context.time, epoch: context.time.epoch - 86_400, dow: ((context.time.dow + 5) % 7) + 1 } }),
  ],
];

test("projection: what the log knows is compared even when the arguments are not opened", () => {
  assert.deepEqual(
    codesFor((one) => one),
    [],
  );
  for (const [what, change] of KNOWN) assert.deepEqual(codesFor(change), ["projection-differs"], what);
  const late = new Date((context.time.epoch + 1) * 1000 + DECIDED_WITHIN_MS).toISOString();
  for (const [ts, expected] of [
    [new Date((context.time.epoch + 1) * 1000 + DECIDED_WITHIN_MS - 1).toISOString(), []],
    [late, ["projection-differs"]],
  ] as const) {
    assert.deepEqual(
      codesFor((one) => one, { event: { ...decision, ts } }),
      expected,
    );
  }
});

test("projection: it is made by the contract the decision names, which is the one in the policy it cites", () => {
  const { tool_contract: _, ...decided } = decision.decided;
  for (const other of [decided, { ...decided, tool_contract: `sha256:${"0".repeat(64)}` }]) {
    assert.deepEqual(
      codesFor((one) => one, { event: { ...decision, decided: other } }),
      ["projection-differs"],
    );
  }
});

/** The seed with a contract that reads further targets, or a rule that looks at the history. */
function bundleWith(files: Readonly<Record<string, string>>): Bundle {
  return bundleOf(seedFiles(files));
}

test("projection: a rule that reads the history was shown no less than the run had used", async () => {
  const rules = seedTexts["policies/main.cedar"]!;
  const bundle = bundleWith({
    "policies/main.cedar": `${rules}\n@id("deny-much") @decision("deny") @reason("AMOUNT_OVER_LIMIT")\nforbid (principal, action, resource) when { context.history.actions > 9 };\n`,
  });
  const contract = bundle.contracts.get("terraform")!.digest;
  const event = { ...decision, decided: { ...decision.decided, tool_contract: contract } };
  const { runs } = foldLog(sound.events.slice(0, index + 1));
  const run = runs.get(decision.run_id)!;
  const busy = { ...run, spent: { actions: 12, cents: 900, bytes: 0 } };
  assert.deepEqual(
    codesFor((one) => one, { bundle, event }),
    [],
  );
  assert.deepEqual(
    codesFor((one) => one, { bundle, event, around: { run: busy } }),
    ["projection-differs", "projection-differs"],
  );
  // Control: what no rule looks at may be older.
  assert.deepEqual(
    codesFor((one) => one, { around: { run: busy } }),
    [],
  );
});

test("projection: everything an action touches is within scope and ceiling and not frozen, not only the first", () => {
  const touching =
    (...touches: string[]) =>
    (one: Projection) => ({
      ...one,
      resource: { ...one.resource, touches: [...touches, one.resource.id].sort() },
    });
  assert.deepEqual(codesFor(touching("prod/vpc-9")), []);
  assert.deepEqual(codesFor(touching("secrets/all")), ["execution-outside-scope"]);
  const { control, runs } = foldLog(sound.events.slice(0, index + 1));
  const agent = control.agents[decision.initiator.agent]!;
  const narrow = { ...control, agents: { ...control.agents, [agent.id]: { ...agent, environments: ["staging"] } } };
  assert.deepEqual(codesFor(touching("prod/vpc-9"), { around: { control: narrow, run: runs.get(decision.run_id) } }), [
    "execution-above-ceiling",
  ]);
  const freeze = {
    freeze_id: "frz_1",
    kind: "target" as const,
    subject: "aws/prod/vpc-9",
    incident: "INC-7",
    event: "evt_1",
    at: decision.ts,
  };
  const frozen = { ...control, freezes: [freeze] };
  assert.deepEqual(codesFor(touching("prod/vpc-9"), { around: { control: frozen } }), ["execution-while-frozen"]);
  // What was denied touched nothing.
  const denied = { ...decision, policy: { ...decision.policy, decision: "DENY" as const } };
  assert.deepEqual(codesFor(touching("secrets/all"), { event: denied }), []);
});
