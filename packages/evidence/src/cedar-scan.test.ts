import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { bundleOf, seedFiles } from "../../../tools/seed-bundle.ts";
import { expressionDepth, scanRules, scanSchema } from "./cedar-scan.ts";
import { loadEngine } from "./decide.ts";
import type { FindingCode } from "./policy-finding.ts";

const rule = (condition: string) =>
  `@id("x") @decision("allow") @reason("TEAM_SCOPE") permit (principal, action, resource) when { ${condition} };`;
const times = (n: number, part: string) => part.repeat(n);

/**
 * What the engine does with a text, in a thread of its own: after a trap nothing in it works any more. The text goes the
 * whole way: split, converted, validated, preparsed, evaluated.
 */
async function fate(
  text: string,
  schema = "entity Agent; entity Target; action t appliesTo { principal: [Agent], resource: [Target], context: { a: Long } };",
): Promise<"survives" | "traps"> {
  const worker = new Worker(
    `const { parentPort, workerData: { text, schema } } = require("node:worker_threads");
     import("@cedar-policy/cedar-wasm/nodejs").then((cedar) => {
       const request = { principal: { type: "Agent", id: "a" }, action: { type: "Action", id: "t" }, resource: { type: "Target", id: "r" },
         context: { a: 1 }, entities: [], preparsedSchemaName: "s", preparsedPolicySetId: "p", validateRequest: true };
       try {
         cedar.policySetTextToParts(text);
         cedar.policyToJson(text);
         cedar.schemaToJsonWithResolvedTypes(schema);
         cedar.validate({ schema, policies: { staticPolicies: { x: text } } });
         cedar.preparseSchema("s", schema);
         cedar.preparsePolicySet("p", { staticPolicies: { x: text } });
         cedar.statefulIsAuthorized(request);
         parentPort.postMessage("survives");
       } catch (error) {
         // A trap is final: the next call of the same instance fails as well.
         try { cedar.statefulIsAuthorized(request); parentPort.postMessage("survives " + error); } catch { parentPort.postMessage("traps"); }
       }
     });`,
    { eval: true, workerData: { text, schema } },
  );
  const message = await new Promise<string>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  await worker.terminate();
  assert.ok(message === "survives" || message === "traps", message);
  return message;
}

/** Text that kills the engine, and what the scan says of it. Each was found by running it. */
const deadly: readonly [why: string, text: string, code: FindingCode][] = [
  ["parentheses", rule(`${times(200, "(")}true${times(200, ")")}`), "nesting-too-deep"],
  ["records", rule(`${times(200, "{a:")}1${times(200, "}")} == 1`), "nesting-too-deep"],
  ["sets", rule(`${times(400, "[")}${times(400, "]")}.isEmpty()`), "nesting-too-deep"],
  ["a chain of members", rule(`context${times(1000, ".a")} == 1`), "expression-too-long"],
  ["a chain of brackets", rule(`context${times(1900, '["a"]')} == 1`), "expression-too-long"],
  ["a chain of calls", rule(`context.a${times(900, ".isEmpty()")}`), "expression-too-long"],
  ["a long sum", rule(`${times(2000, "1+")}1 > 0`), "expression-too-long"],
  [
    "a chain behind comments that end at a carriage return",
    rule(`context${times(1000, "//\r.a\r")} == 1`),
    "expression-too-long",
  ],
];

for (const [why, text, code] of deadly) {
  test(`cedar: ${why} that would kill the engine never reach it`, async () => {
    assert.equal(await fate(text), "traps", "the control: unscanned, it traps");
    assert.deepEqual([...new Set(scanRules(text).map((finding) => finding.code))], [code]);
    const engine = await loadEngine();
    const loaded = engine.load(bundleOf(seedFiles({ "policies/more.cedar": text })));
    assert.ok(!loaded.ok && loaded.findings.some((finding) => finding.code === code));
    assert.ok(!engine.broken);
  });
}

test("cedar: a schema that would kill the engine never reaches it", async () => {
  const nested = (n: number) =>
    `entity Agent; entity Target; action t appliesTo { principal: [Agent], resource: [Target], context: ${times(n, "{ a: ")}Long${times(n, " }")} };`;
  assert.equal(await fate(rule("true"), nested(3000)), "traps", "the control");
  assert.deepEqual(
    scanSchema(nested(3000)).map(({ code }) => code),
    ["nesting-too-deep"],
  );
  assert.deepEqual(scanSchema(nested(30)), []);
  // Groups in a chain take the engine time that grows with the cube: 500 half a second, 3,000 a minute.
  const chain = (n: number) => Array.from({ length: n }, (_, i) => `action a${i} in [a${i + 1}];`).join("");
  assert.deepEqual(
    scanSchema(chain(3000)).map(({ code }) => code),
    ["expression-too-long"],
  );
  assert.deepEqual(scanSchema(chain(500)), []);
});

test("cedar: a schema that doubles with every name is refused before it is expanded", async () => {
  const engine = await loadEngine();
  const doubling = (n: number) =>
    `${Array.from({ length: n }, (_, i) => `type T${i} = { a?: T${i + 1}, b?: T${i + 1} };`).join("")} type T${n} = { a?: Long };`;
  const load = (n: number) =>
    engine.load(bundleOf(seedFiles({ "schema.cedarschema": `${seedSchema}${doubling(n)} entity Big = { t?: T0 };` })));
  const small = load(5);
  assert.ok(small.ok, "the control");
  const large = load(40); // 2^40 attributes
  assert.ok(!large.ok);
  assert.deepEqual(
    large.findings.map(({ code }) => code),
    ["expression-too-long"],
  );
});

const seedSchema = new TextDecoder().decode(seedFiles().get("schema.cedarschema"));

/** Conditions at the limits, which the engine must survive to the end. */
const atTheLimit: readonly string[] = [
  `${times(29, "(")}true${times(29, ")")}`,
  `${times(15, "{a:")}1${times(15, "}")}${times(15, ".a")} == 1`,
  `${times(30, "if true then true else ")}true`,
  `${times(30, "1 + ")}1 > 0`,
  `${times(255, "true && ")}true`,
  `${times(255, "false || ")}true`,
  `${times(28, "(if true then (1 + ")}1${times(28, ") else 1)")} > 0`
    .replaceAll("(1 +", "1 +")
    .replaceAll(") else", " else"),
  `${times(14, "[")}1${times(14, "]")}.contains([1])`,
];

test("cedar: what the scan lets through does not kill the engine", async () => {
  const engine = await loadEngine();
  for (const condition of atTheLimit) {
    assert.deepEqual(scanRules(rule(condition)), [], condition);
    // Some do not fit the schema or are too deep as expressions; what matters is that the engine lives.
    engine.load(bundleOf(seedFiles({ "policies/more.cedar": rule(condition) })));
    assert.ok(!engine.broken, condition);
  }
});

test("cedar: no expression within the limits kills the engine", async () => {
  const engine = await loadEngine();
  // Nests every construct in every other, up to the depth an expression may have.
  const wrap = fc.constantFrom(
    (inner: string) => `(${inner})`,
    (inner: string) => `[${inner}].contains(${inner.length > 60 ? "1" : inner})`,
    (inner: string) => `{ a: ${inner} }.a`,
    (inner: string) => `(if ${inner} == 1 then 1 else 2)`,
    (inner: string) => `(1 + ${inner})`,
    (inner: string) => `(true && ${inner} == 1)`,
    (inner: string) => `(!(${inner} == 1))`,
    (inner: string) => `[[${inner}]].containsAny([[1]])`,
    (inner: string) => `{ a: { b: { c: ${inner} } } }.a.b["c"]`,
  );
  let evaluated = 0;
  fc.assert(
    fc.property(fc.array(wrap, { minLength: 5, maxLength: 31 }), (wraps) => {
      const condition = `${wraps.reduce((inner, one) => one(inner), "1")} == 1`;
      const files = seedFiles({ "policies/more.cedar": rule(condition) });
      const loaded = engine.load(bundleOf(files));
      assert.ok(!engine.broken, condition);
      if (scanRules(rule(condition)).length > 0) return;
      // Past the type checker too: text it refuses must not be deadly either.
      assert.ok(!loaded.ok || loaded.policy.rules.length > 0);
      evaluated++;
    }),
    { numRuns: 60 },
  );
  assert.ok(evaluated > 10, `only ${evaluated} conditions were within the limits`);
});

test("cedar: strings, comments and annotations are not counted", () => {
  assert.deepEqual(scanRules(`${rule(`resource.id == "${times(500, "(")}"`)} // ${times(500, "(")}`), []);
  assert.deepEqual(scanRules(rule("true").replace("TEAM_SCOPE", times(99, "if "))), []);
  assert.deepEqual(scanRules(rule('resource.id like "a\\"((("')), []);
});

test("cedar: the scan counts each rule for itself and says where", () => {
  const text = `${rule("true")}\n\n// why\n${rule(`${times(40, "(")}true${times(40, ")")}`)}\n${rule("true")}`;
  assert.deepEqual(
    scanRules(text).map(({ code, line }) => [code, line]),
    [["nesting-too-deep", 3]],
  );
  const large = rule(`resource.id == "${times(10 * 1024, "x")}"`);
  assert.deepEqual(
    scanRules(large).map(({ code }) => code),
    ["policy-too-large"],
  );
  assert.deepEqual(scanRules(rule(`resource.id == "${times(9 * 1024, "x")}"`)), []);
});

test("cedar: an expression's depth counts a row of && once", () => {
  const leaf = { Value: true };
  const and = (left: unknown, right: unknown) => ({ "&&": { left, right } });
  const or = (left: unknown, right: unknown) => ({ "||": { left, right } });
  const row = Array.from({ length: 200 }).reduce<unknown>((left) => and(left, leaf), leaf);
  assert.ok(expressionDepth(row) < 4, String(expressionDepth(row)));
  const mixed = Array.from({ length: 200 }).reduce<unknown>((left, _, i) => (i % 2 ? and : or)(left, leaf), leaf);
  assert.ok(expressionDepth(mixed) >= 200);
  const dots = Array.from({ length: 50 }).reduce<unknown>((left) => ({ ".": { left, attr: "a" } }), { Var: "context" });
  assert.ok(expressionDepth(dots) >= 50);
});
