import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { errors } from "@countersign/evidence/errors";
import { kindNames, kinds } from "@countersign/evidence/event";
import { faults } from "@countersign/evidence/fault";
import { peopleOperations } from "@countersign/evidence/people-schema";
import { operations } from "@countersign/evidence/wire";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import type { TSchema } from "typebox";
import { arbitraryOf } from "./arbitrary.ts";
import { shapeOf } from "./gen/shape.ts";
import { mutationsOf } from "./mutation.ts";

type Json = { readonly [keyword: string]: unknown };

const schemaFolder = new URL("../spec/schema/", import.meta.url);
const readJson = (url: URL): Json => JSON.parse(readFileSync(url, "utf8")) as Json;

/** An independent validator over the published files. `maxBytes` and `x-…` are annotations to it. */
function publishedSchemas(): Ajv2020 {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
  ajv.addKeyword("maxBytes").addKeyword("x-kinds");
  for (const name of readdirSync(schemaFolder)) ajv.addSchema(readJson(new URL(name, schemaFolder)));
  return ajv;
}

test("schema: an independent validator takes what our checks take and refuses one thing wrong, for every kind", () => {
  const validate = publishedSchemas().getSchema("index.json");
  assert.ok(validate !== undefined);
  for (const kind of kindNames) {
    const schema: TSchema = kinds[kind].schema;
    const [value] = fc.sample(arbitraryOf(schema), { numRuns: 1, seed: 5 });
    assert.equal(validate(value), true, kind);
    const mutations = mutationsOf(shapeOf(schema), value);
    for (let i = 0; i < 8; i++) {
      const { name, pointer, make } = mutations[Math.floor((i * mutations.length) / 8)]!;
      assert.equal(validate(make()), false, `${kind}: ${name} at ${pointer}`);
    }
  }
});

test("schema: every kind stands in exactly one family file and in the index", () => {
  const index = readJson(new URL("index.json", schemaFolder));
  const listed = index["x-kinds"] as Record<string, { schema: string; chain: string }>;
  assert.deepEqual(Object.keys(listed), kindNames);
  for (const [kind, { schema, chain }] of Object.entries(listed)) {
    const [file, pointer] = schema.split("#");
    const defs = readJson(new URL(file!, schemaFolder)).$defs as Record<string, { title: string }>;
    assert.equal(defs[pointer!.slice("/$defs/".length)]?.title, kind);
    assert.equal(chain, kinds[kind as keyof typeof kinds].chain);
  }
});

test("schema: blocks carry the comments of their source", () => {
  const defs = readJson(new URL("blocks.json", schemaFolder)).$defs as Record<string, { description?: string }>;
  assert.equal(defs.Actor?.description, "Who reports this event.");
});

test("openapi: every operation with its path, and every reference leads somewhere", () => {
  const document = readJson(new URL("../spec/openapi.json", import.meta.url));
  const paths = document.paths as Record<string, Record<string, { operationId: string; security?: unknown }>>;
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => `${operationId} ${method} ${path}`),
  );
  const expected = Object.entries({ ...operations, ...peopleOperations }).map(
    ([name, { method, path }]) =>
      `${name} ${method.toLowerCase()} ${path.replace(/:(\w+)/g, "{$1}").replace("*", "{path}")}`,
  );
  assert.deepEqual(described.sort(), expected.sort());
  assert.ok(refsOf(document).length > 100);
  for (const ref of refsOf(document)) assert.notEqual(resolve(document, ref), undefined, ref);
  assert.equal(resolve(document, "#/components/schemas/NoSuchThing"), undefined, "control");
});

test("openapi: the component schemas compile in an independent validator", () => {
  const document = readJson(new URL("../spec/openapi.json", import.meta.url));
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema({ $id: "openapi.json", ...document });
  const schemas = (document.components as { schemas: Json }).schemas;
  for (const name of Object.keys(schemas))
    assert.equal(typeof ajv.compile({ $ref: `openapi.json#/components/schemas/${name}` }), "function", name);
});

test("reference pages: every code has its row and its anchor, and there are no other rows", () => {
  for (const [page, table] of [["errors", errors] as const, ["faults", faults] as const]) {
    const text = readFileSync(new URL(`../docs/reference/${page}.md`, import.meta.url), "utf8");
    const rows = [...text.matchAll(/^\| <a id="([^"]+)"><\/a>`([^`]+)` \|/gm)];
    assert.deepEqual(
      rows.map(([, , code]) => code),
      Object.keys(table),
    );
    assert.deepEqual(
      rows.map(([, anchor]) => anchor),
      Object.keys(table).map((code) => code.replace(":", "-")),
    );
  }
});

function refsOf(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  const own = "$ref" in value && typeof value.$ref === "string" ? [value.$ref] : [];
  return [...own, ...Object.values(value).flatMap(refsOf)];
}

function resolve(document: Json, ref: string): unknown {
  const steps = ref.replace(/^#\//, "").split("/");
  return steps.reduce<unknown>((part, step) => (part as Json | undefined)?.[step], document);
}
