/**
 * JSON Schema 2020-12 of the events: one file for each family, one of the blocks they share, and an index. Made of the
 * very schemas that the checks are made of; titles and descriptions stay.
 */
import { assert } from "@countersign/evidence/errors";
import type { KindDefinition } from "./event-shapes.ts";
import { namedSchemas } from "./schema-names.ts";
import { shapeKey, shapeOf } from "./shape.ts";

type Json = { readonly [keyword: string]: unknown };

const DIALECT = "https://json-schema.org/draft/2020-12/schema";
const LENGTHS =
  "maxLength and minLength count UTF-16 code units here, which is stricter than JSON Schema's code points outside the " +
  "Basic Multilingual Plane; maxBytes counts bytes of UTF-8. Integers stay within ±(2^53−1).";

/** Families in spec order: title, and the first words of the kinds in each. */
const families = {
  log: ["The log itself", ["log"]],
  tenancy: [
    "Tenants, agents, credentials, people and keys",
    ["tenant", "agent", "credential", "person", "role", "approver", "session", "config", "witness", "backup"],
  ],
  run: ["Runs", ["run"]],
  intake: ["Actions as requested", ["action"]],
  policy: ["Decisions and the policies behind them", ["policy"]],
  approval: ["Approvals", ["approval", "breakglass"]],
  stop: ["Emergency stops", ["freeze"]],
  dispatch: ["Dispatch: permits, attempts, outcomes", ["dispatch"]],
  after: ["After the effect", ["safety", "artifact"]],
  evidence: [
    "Life of evidence: retention, holds, erasure, export, access",
    ["retention", "hold", "payload", "erasure", "subject", "pack", "evidence"],
  ],
  assurance: [
    "Checks, reviews, drills and anchors",
    ["integrity", "review", "incident", "drill", "finding", "training", "anchor"],
  ],
} as const satisfies Record<string, readonly [title: string, firstWords: readonly string[]]>;

export type Family = keyof typeof families;

/** The family of a kind. */
export function familyOf(type: string): Family {
  const first = type.slice(0, type.indexOf("."));
  const found = Object.entries(families).find(([, [, words]]) => (words as readonly string[]).includes(first));
  assert(found !== undefined, `${type}: no family in tools/gen/schema-json.ts takes this kind`);
  return found[0] as Family;
}

/** Path → content of every file under spec/schema. */
export function schemaFiles(
  kinds: readonly KindDefinition[],
  exports: Readonly<Record<string, unknown>>,
  comments: ReadonlyMap<string, string>,
): readonly (readonly [path: string, content: string])[] {
  const blocks = new Map(namedSchemas(exports).map(([name, schema]) => [shapeKey(shapeOf(schema)), name]));
  const blockDefs = namedSchemas(exports)
    .filter(([name, schema]) => blocks.get(shapeKey(shapeOf(schema))) === name)
    .map(([name, schema]) => {
      const description = comments.get(name);
      const refer = (part: Json) => withRefs(part, blocks, "#/$defs/");
      const inner = eachSubschema(plain(schema), refer);
      return [name, { ...(description === undefined ? {} : { description }), ...inner }] as const;
    });
  const byFamily = Map.groupBy(kinds, ({ type }) => familyOf(type));
  const familyFiles = [...byFamily].map(([family, members]) => {
    const defs = members.map(({ type, schema }) => {
      const refer = (part: Json) => withRefs(part, blocks, "blocks.json#/$defs/");
      return [type, { title: type, ...eachSubschema(plain(schema), refer) }] as const;
    });
    return file(`${family}.json`, {
      title: `Countersign events: ${families[family][0]}`,
      description: LENGTHS,
      oneOf: members.map(({ type }) => ({ $ref: `#/$defs/${type}` })),
      $defs: Object.fromEntries(defs),
    });
  });
  return [
    file("index.json", {
      title: "Countersign event",
      description: `Any event of the log, by family. ${LENGTHS} Page: spec/evidence-event.md.`,
      oneOf: [...byFamily.keys()].map((family) => ({ $ref: `${family}.json` })),
      "x-kinds": Object.fromEntries(
        kinds.map(({ type, chain }) => [type, { schema: `${familyOf(type)}.json#/$defs/${type}`, chain }]),
      ),
    }),
    file("blocks.json", {
      title: "Blocks that several kinds of event share",
      description: LENGTHS,
      $defs: Object.fromEntries(blockDefs),
    }),
    ...familyFiles,
  ];
}

/** The schema of the verifier's JSON report, beside the events'. */
export function reportSchemaFile(schema: unknown): readonly [path: string, content: string] {
  return file("verify-report.json", {
    title: "Report of countersign-verify",
    description: "What --json prints. Under the same v members are only added. Page: spec/pack.md.",
    ...plain(schema),
  });
}

/** Relative ids: the files refer to each other wherever they are served from. */
function file(name: string, schema: Json): readonly [string, string] {
  return [`spec/schema/${name}`, formatJson({ $schema: DIALECT, $id: name, ...schema })];
}

/** JSON as people read it, with a line end. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** TypeBox's schema as JSON Schema 2020-12: its tuples are the 2019 kind, and a literal's type says nothing new. */
export function plain(schema: unknown): Json {
  const convert = (part: Json): Json => {
    const inner = eachSubschema(part, convert);
    if (Array.isArray(inner.items)) {
      const { items, additionalItems: _, ...rest } = inner;
      return { ...rest, prefixItems: items, items: false, maxItems: (items as unknown[]).length };
    }
    const options = inner.anyOf as readonly Json[] | undefined;
    if (options?.every((option) => option.const !== undefined)) {
      const { anyOf: _, ...rest } = inner;
      return { ...rest, enum: options.map((option) => option.const) };
    }
    if (inner.const === undefined) return inner;
    const { type: _, ...rest } = inner;
    return rest;
  };
  return convert(JSON.parse(JSON.stringify(schema)) as Json);
}

/** A reference where a subschema is one of the named blocks, itself otherwise. */
export function withRefs(part: Json, blocks: ReadonlyMap<string, string>, prefix: string): Json {
  const name = blocks.get(keyOfPlain(part));
  if (name !== undefined) return { $ref: `${prefix}${name}` };
  return eachSubschema(part, (inner) => withRefs(inner, blocks, prefix));
}

/** The shape's key of a schema that {@link plain} has already been over. */
function keyOfPlain(part: Json): string {
  const restore = (schema: Json): Json => {
    const inner = eachSubschema(schema, restore);
    if (inner.enum !== undefined) {
      const { enum: values, ...rest } = inner;
      return { ...rest, anyOf: (values as readonly unknown[]).map((value) => ({ const: value })) };
    }
    if (inner.prefixItems === undefined) return inner;
    const { prefixItems, items: _, maxItems: __, ...rest } = inner;
    return { ...rest, items: prefixItems, additionalItems: false };
  };
  return shapeKey(shapeOf(restore(part)));
}

function eachSubschema(schema: Json, change: (part: Json) => Json): Json {
  const lists = ["anyOf", "prefixItems"];
  const maps = ["properties", "patternProperties"];
  const entries = Object.entries(schema).map(([keyword, value]) => {
    if (lists.includes(keyword) || (keyword === "items" && Array.isArray(value)))
      return [keyword, (value as readonly Json[]).map(change)];
    if (maps.includes(keyword))
      return [
        keyword,
        Object.fromEntries(Object.entries(value as Json).map(([name, part]) => [name, change(part as Json)])),
      ];
    if (keyword === "items" && typeof value === "object") return [keyword, change(value as Json)];
    return [keyword, value];
  });
  return Object.fromEntries(entries) as Json;
}
