import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import canonicalize from "canonicalize";
import fc from "fast-check";
import { type TSchema, Type } from "typebox";
import { arbitraryOf, runs } from "./arbitrary.ts";
import { eventShapesSource } from "./gen/event-shapes.ts";
import { shapeOf } from "./gen/shape.ts";
import { largestOf } from "./largest.ts";
import { mutationsOf } from "./mutation.ts";

const folder = mkdtempSync(join(tmpdir(), "countersign-gen-"));
after(() => rmSync(folder, { recursive: true }));

const object = (properties: Record<string, TSchema>) => Type.Object(properties, { additionalProperties: false });
const short = Type.String({ minLength: 1, maxLength: 8 });

/** Everything the subset has and no event uses today. */
const sample = object({
  type: Type.Literal("sample.all"),
  v: Type.Literal(1),
  tagged: Type.Union([object({ is: Type.Literal("a"), x: short }), object({ y: short, is: Type.Literal("b") })]),
  nothing_or_object: Type.Union([object({ z: short, b: short }), Type.Null()]),
  set: Type.Array(Type.String({ maxLength: 4, pattern: "^[a-z]{4}$" }), { uniqueItems: true, maxItems: 5 }),
  pair: Type.Tuple([short, Type.Boolean()]),
  ratio: Type.Number({ minimum: -1, maximum: 1 }),
  nested: Type.Array(Type.Array(object({ d: short, c: short }), { maxItems: 3 }), { minItems: 1, maxItems: 3 }),
  by_name: Type.Record(Type.String({ pattern: "^[a-z]{1,4}$", maxLength: 4 }), object({ f: short, e: short }), {
    maxProperties: 4,
  }),
  number_or_word: Type.Union([Type.Integer({ minimum: 0, maximum: 9 }), Type.Literal("many")]),
});

type Generated = {
  checkEvent(value: unknown): readonly { pointer: string; wrong: string }[];
  serializeEvent(e: unknown): string;
};

async function generated(schema: TSchema): Promise<Generated> {
  const source = eventShapesSource([{ type: "sample.all", chain: "run", schema }], new Map());
  mkdirSync(join(folder, "generated"), { recursive: true });
  copyFileSync(new URL("../packages/evidence/src/shape-fault.ts", import.meta.url), join(folder, "shape-fault.ts"));
  writeFileSync(join(folder, "generated/sample.ts"), source);
  return (await import(pathToFileURL(join(folder, "generated/sample.ts")).href)) as Generated;
}

test("gen: the rest of the subset: tags, tuples, sets, null or object, lists of lists, records of objects", async () => {
  const { checkEvent, serializeEvent } = await generated(sample);
  const shape = shapeOf(sample);
  fc.assert(
    fc.property(arbitraryOf(sample), (value) => {
      assert.deepEqual(checkEvent(value), []);
      assert.equal(serializeEvent(value), canonicalize(value));
      for (const { name, pointer, wrong, make } of mutationsOf(shape, value))
        assert.deepEqual(
          checkEvent(make()).map((fault) => [fault.pointer, fault.wrong]),
          [[pointer, wrong]],
          `${name} at ${pointer}`,
        );
    }),
    runs(60),
  );
  const largest = largestOf(sample);
  assert.deepEqual(checkEvent(largest), []);
  const value = largest as Record<string, unknown>;
  assert.equal(checkEvent({ ...value, set: ["abcd", "abcd"] })[0]?.pointer, "/set");
  assert.equal(checkEvent({ ...value, tagged: { is: "c" } })[0]?.pointer, "/tagged/is");
  assert.equal(checkEvent({ ...value, ratio: -0 })[0]?.pointer, "/ratio");
  assert.equal(checkEvent({ ...value, number_or_word: "few" })[0]?.pointer, "/number_or_word");
  assert.equal(checkEvent({ ...value, nested: [] })[0]?.pointer, "/nested");
});

test("gen: what it does not understand stops it, with the place", () => {
  const member = (schema: unknown) => ({ ...object({}), properties: { m: schema }, required: ["m"] });
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [Type.String({ maxLength: 4, format: "email" }), /#\/properties\/m: .* keyword format/],
    [Type.String(), /needs maxLength/],
    [Type.Array(short), /needs maxItems/],
    [Type.Object({}), /additionalProperties: false/],
    [Type.Record(Type.String({ pattern: "^[0-9a-z]+$" }), short, { maxProperties: 2 }), /may not include 0/],
    [Type.Record(Type.String({ pattern: "^[a-z_]+$" }), short, { maxProperties: 2 }), /may not include __proto__/],
    [Type.Record(Type.String({ pattern: "^[a-z]+$" }), short), /needs maxProperties/],
    [Type.Union([short, object({ a: short })]), /a union is of/],
    [Type.Union([object({ a: short }), object({ b: short })]), /literal member that tells them apart/],
    [object({ constructor: short }), /may not be called constructor/],
    [object({ "1": short }), /may not be called 1/],
    [{ type: "string", maxLength: 3, pattern: "^[a-" }, /Invalid regular expression/],
    [{ type: "date" }, /does not know the type/],
  ];
  for (const [schema, message] of cases) assert.throws(() => shapeOf(member(schema)), message);
  assert.doesNotThrow(() => shapeOf(member(short)), "control");
});

test("gen: an event with free-form JSON is refused: that would be a payload", () => {
  const schema = object({ type: Type.Literal("sample.all"), v: Type.Literal(1), any: Type.Unknown() });
  const definition = { type: "sample.all", chain: "run", schema };
  assert.throws(() => eventShapesSource([definition], new Map()), /free-form JSON/);
});

test("gen: the source neither evaluates text nor loads the schema library, and equal shapes share one function", () => {
  const block = object({ one: short, two: short });
  const schema = (type: string) => object({ type: Type.Literal(type), v: Type.Literal(1), a: block, b: block });
  const definitions = ["sample.one", "sample.two"].map((type) => ({ type, chain: "run", schema: schema(type) }));
  const source = eventShapesSource(definitions, new Map());
  assert.doesNotMatch(source, /\beval\b|new Function|from "typebox/);
  assert.equal(source.match(/\/two"/g)?.length, 1, "the check of `two` is written once");
});

test("gen --check: says which file differs, exits 1; control: exits 0 on what it wrote", () => {
  const run = (...args: string[]) =>
    spawnSync(
      process.execPath,
      [
        "--conditions=countersign-source",
        fileURLToPath(new URL("gen.ts", import.meta.url)),
        ...args,
        "--root",
        join(folder, "repo"),
      ],
      { encoding: "utf8" },
    );
  assert.equal(run().status, 0);
  assert.deepEqual([run("--check").status, run("--check").stderr], [0, ""]);
  appendFileSync(join(folder, "repo/spec/schema/run.json"), " ");
  writeFileSync(join(folder, "repo/spec/schema/old.json"), "{}");
  const { status, stderr } = run("--check");
  assert.equal(status, 1);
  assert.match(stderr, /^spec\/schema\/run\.json is not what/m);
  assert.match(stderr, /^spec\/schema\/old\.json is generated by nothing/m);
  assert.match(stderr, /npm run gen/);
  assert.equal(run().status, 0);
  assert.equal(run("--check").status, 0);
});
