import assert from "node:assert/strict";
import { test } from "node:test";
import { bundleOf, seedFacts, seedFiles, seedTexts } from "../../../tools/seed-bundle.ts";
import { canonicalText } from "./canonical.ts";
import { type GateFacts, projectAction, targetsOf } from "./project.ts";
import { MAX_PROJECTION_BYTES, parseProjection, projectionBytes } from "./projection.ts";
import type { JsonValue } from "./strict-json.ts";
import { parseContract, type ToolContract } from "./tool-contract.ts";

const terraform = bundleOf(seedFiles()).contracts.get("terraform")!.contract;
const args = { vpc: "vpc-1", environment: "prod", cost: 12.5 };

/** The seed's contract with members replaced, or (undefined) taken away. */
function contractWith(changes: Readonly<Record<string, unknown>>): ToolContract {
  const changed = { ...JSON.parse(seedTexts["tools/terraform.json"]!), ...changes };
  const parsed = parseContract(JSON.parse(JSON.stringify(changed)) as JsonValue);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.value;
}

function projected(contract: ToolContract, value: JsonValue, facts: GateFacts = seedFacts) {
  const outcome = projectAction(contract, value, facts);
  assert.ok(outcome.ok, JSON.stringify(outcome));
  return outcome;
}

test("projection: holds what the contract takes of the arguments and what the gate knows, in canonical bytes", () => {
  const { projection, bytes } = projected(terraform, args);
  assert.deepEqual(projection.resource, { system: "aws", id: "vpc-1", env: "prod", version: "", touches: ["vpc-1"] });
  assert.deepEqual(projection.context.args, { cost_cents: 1250, dry_run: false });
  assert.equal(projection.context.cost_cents, 1250);
  assert.deepEqual(projection.context.time, { epoch: 1_775_052_472, hour_utc: 14, dow: 3 }); // a Wednesday
  assert.equal(new TextDecoder().decode(bytes), canonicalText(projection));
  assert.deepEqual(parseProjection(bytes), projection);
});

test("projection: what the contract does not foresee is refused", () => {
  const rows: readonly [why: string, value: JsonValue, pointer: string][] = [
    ["an argument of another name", { ...args, force: true }, "/force"],
    ["an argument of the wrong type", { ...args, cost: "lots" }, "/cost"],
    ["no required argument", { environment: "prod" }, "/vpc"],
    ["null where there must be something", { ...args, vpc: null }, "/vpc"],
    ["a value not listed", { ...args, environment: "production" }, "/environment"],
    ["no object at all", [args], ""],
    ["an inherited name", JSON.parse('{"vpc":"v","environment":"dev","__proto__":{"x":1}}'), "/__proto__"],
  ];
  for (const [why, value, pointer] of rows) {
    const outcome = projectAction(terraform, value, seedFacts);
    assert.ok(!outcome.ok, why);
    assert.deepEqual([outcome.rule, outcome.pointer], ["core:projection-failed", pointer], why);
  }
});

test("projection: unforeseen arguments pass only where the contract says so", () => {
  const open = contractWith({ other_args: "allow" });
  assert.ok(projectAction(open, { ...args, force: true }, seedFacts).ok);
});

test("projection: the capability requested must be the contract's", () => {
  const outcome = projectAction(terraform, args, { ...seedFacts, capability: "infra.read" });
  assert.equal(outcome.ok ? "" : outcome.rule, "core:capability-differs");
});

test("projection: an absent argument takes its default, is left out when optional, and fails otherwise", () => {
  const entry = { to: "args.region", fn: "string", from: "/region" };
  const noRegion = { vpc: "v", environment: "dev" };
  const outcome = projectAction(contractWith({ project: [entry] }), noRegion, seedFacts);
  assert.equal(outcome.ok ? "" : outcome.pointer, "/region");
  assert.deepEqual(
    projected(contractWith({ project: [{ ...entry, optional: true }] }), noRegion).projection.context.args,
    {},
  );
  assert.deepEqual(
    projected(contractWith({ project: [{ ...entry, default: "eu" }] }), noRegion).projection.context.args,
    {
      region: "eu",
    },
  );
  const has = contractWith({ project: [{ to: "args.has_region", fn: "has", from: "/region" }] });
  assert.deepEqual(projected(has, noRegion).projection.context.args, { has_region: false });
});

test("projection: scanners and contract only raise risk", () => {
  const risky = contractWith({ risk_base: { score: 30, tags: ["destructive", "infra"] } });
  const { projection } = projected(risky, args, { ...seedFacts, risk: { score: 10, tags: ["infra", "exfil"] } });
  assert.deepEqual(projection.context.risk, { score: 30, tags: ["destructive", "exfil", "infra"] });
});

test("projection: everything touched counts for the environment, and every target is there for the scope", () => {
  const move = contractWith({
    input_schema: { type: "object", properties: { to: {}, from: {} } },
    project: [],
    cost_cents: undefined,
    resource: {
      system: "fs",
      id: { fn: "path_norm", from: "/to" },
      env: {
        segments: [
          { segment: ".env*", env: "secrets" },
          { segment: "prod", env: "prod" },
        ],
        otherwise: "normal",
      },
      touches: [{ fn: "path_norm", from: "/from" }],
    },
  });
  const envOf = (from: JsonValue, to = "/w/a") => projected(move, { to, from }).projection.resource.env;
  assert.equal(envOf("/w/b"), "normal");
  assert.equal(envOf("/w/PROD/b"), "prod");
  assert.equal(envOf("/w/production/b"), "normal");
  assert.equal(envOf(["/w/b", "/w/prod/.env.local"]), "secrets");
  assert.equal(envOf("/w/b", "/w/x/../prod/b"), "prod");
  assert.deepEqual(targetsOf(projected(move, { to: "/w/prod/a", from: ["/w/c", "/w/b"] }).projection), [
    { system: "fs", resource: "/w/prod/a", environment: "prod" },
    { system: "fs", resource: "/w/b", environment: "prod" },
    { system: "fs", resource: "/w/c", environment: "prod" },
  ]);
  assert.ok(!projectAction(move, { to: "/w/a", from: ["/w/b", 7] }, seedFacts).ok);
  assert.ok(!projectAction(move, { to: "/w/a", from: Array.from({ length: 65 }, (_, i) => `/w/${i}`) }, seedFacts).ok);
});

test("projection: none is larger than the engine should be given", () => {
  const wide = contractWith({
    input_schema: { type: "object", properties: { vpc: {}, environment: {}, list: {} } },
    project: [{ to: "args.list", fn: "set", from: "/list" }],
    cost_cents: undefined,
  });
  const item = (i: number) => `${i}`.padEnd(200, "x");
  const small = { vpc: "v", environment: "dev", list: Array.from({ length: 30 }, (_, i) => item(i)) };
  assert.ok(projected(wide, small).bytes.length < MAX_PROJECTION_BYTES);
  const outcome = projectAction(wide, { ...small, list: Array.from({ length: 60 }, (_, i) => item(i)) }, seedFacts);
  assert.ok(!outcome.ok && /more than 8192/.test(outcome.detail));
});

test("projection: bytes that are not the canonical form of one are none", () => {
  const { projection, bytes } = projected(terraform, args);
  const text = new TextDecoder().decode(bytes);
  const utf8 = (some: string) => new TextEncoder().encode(some);
  assert.ok(parseProjection(utf8(text)), "the control");
  const spoilt: readonly [why: string, text: string][] = [
    ["white space", ` ${text}`],
    ["another order", text.replace(/^\{("action":"[^"]*"),/, "{").replace(/\}$/, ',"action":"infra.change.apply"}')],
    ["a member more", text.replace('"dow":3,', '"dow":3,"east":1,')],
    ["a member less", text.replace('"dow":3,', "")],
    ["a float", text.replace('"cost_cents":1250,"', '"cost_cents":1250.5,"')],
    ["an entity in disguise", text.replace('"dry_run":false', '"__entity":{"id":"a","type":"Agent"}')],
    ["another format", text.replace("/v1/projection", "/v2/projection")],
    ["nothing", ""],
  ];
  for (const [why, other] of spoilt) {
    assert.notEqual(other, text, why);
    assert.equal(parseProjection(utf8(other)), undefined, why);
  }
  assert.equal(parseProjection(projectionBytes({ ...projection, tool: "x".repeat(9000) })), undefined);
});

test("contract: its parts must fit each other", () => {
  const rows: readonly [why: string, changes: Record<string, unknown>, pointer: string][] = [
    [
      "a default of another type",
      { project: [{ to: "args.a", fn: "int", from: "/cost", default: "0" }] },
      "/project/0/default",
    ],
    [
      "an unsorted default",
      { project: [{ to: "args.a", fn: "set", from: "/cost", default: ["b", "a"] }] },
      "/project/0/default",
    ],
    [
      "a pointer at an argument that is not there",
      { project: [{ to: "args.a", fn: "int", from: "/amount" }] },
      "/project/0/from",
    ],
    [
      "one attribute twice",
      {
        project: [
          { to: "args.a", fn: "int", from: "/cost" },
          { to: "args.a", fn: "int", from: "/cost" },
        ],
      },
      "/project/1/to",
    ],
    [
      "default and optional",
      { project: [{ to: "args.a", fn: "int", from: "/cost", default: 0, optional: true }] },
      "/project/0",
    ],
    [
      "an attribute the engine would read as something else",
      { project: [{ to: "args.__entity", fn: "int", from: "/cost" }] },
      "/project/0/to",
    ],
    ["a function that is not on the list", { project: [{ to: "args.a", fn: "eval", from: "/cost" }] }, "/project/0"],
    [
      "a parameter of another function",
      { project: [{ to: "args.a", fn: "int", max: 3, from: "/cost" }] },
      "/project/0/max",
    ],
    [
      "a resource that is a number",
      { resource: { system: "aws", id: { fn: "int", from: "/vpc" }, env: { const: "x" } } },
      "/resource/id/fn",
    ],
    ["a cost that is text", { cost_cents: { fn: "string", from: "/cost" } }, "/cost_cents/fn"],
    ["a digest of another schema", { input_schema_digest: `sha256:${"0".repeat(64)}` }, "/input_schema_digest"],
    ["a verb of its own", { verb: "tweak" }, "/verb"],
    ["a member nobody knows", { allow: true }, "/allow"],
  ];
  const base = JSON.parse(seedTexts["tools/terraform.json"]!) as Record<string, JsonValue>;
  assert.ok(parseContract(base).ok, "the control");
  for (const [why, changes, pointer] of rows) {
    const parsed = parseContract({ ...base, ...changes } as JsonValue);
    assert.ok(!parsed.ok, why);
    assert.ok(
      parsed.deviations.some((one) => one.pointer === pointer),
      `${why}: ${JSON.stringify(parsed.deviations)}`,
    );
  }
});
