/**
 * The part of JSON Schema that event.ts and wire.ts use, as a closed union. Generators switch over a `Shape`, never over
 * a schema: a keyword nobody here understands stops the generator, so no limit can be written down and not be enforced.
 */
import { assert } from "@countersign/evidence/errors";

export type Member = { readonly name: string; readonly optional: boolean; readonly shape: Shape };

export type StringShape = {
  readonly kind: "string";
  /** UTF-16 code units. */
  readonly minLength: number;
  readonly maxLength: number;
  readonly pattern: string | undefined;
  /** UTF-8 bytes; a keyword of ours for long canonical texts, an annotation to everybody else. */
  readonly maxBytes: number | undefined;
};
export type NumberShape = {
  readonly kind: "integer" | "number";
  readonly minimum: number;
  readonly maximum: number;
};
export type ObjectShape = { readonly kind: "object"; readonly members: readonly Member[] };
export type RecordShape = {
  readonly kind: "record";
  readonly key: string;
  readonly value: Shape;
  readonly maxProperties: number;
};
export type ArrayShape = {
  readonly kind: "array";
  readonly item: Shape;
  readonly minItems: number;
  readonly maxItems: number;
  readonly unique: boolean;
};

export type Shape =
  | StringShape
  | NumberShape
  | ObjectShape
  | RecordShape
  | ArrayShape
  | { readonly kind: "boolean" }
  | { readonly kind: "null" }
  | { readonly kind: "unknown" }
  | { readonly kind: "tuple"; readonly items: readonly Shape[] }
  /** One of these exact values. */
  | { readonly kind: "literal"; readonly values: readonly (string | number | boolean)[] }
  /** `null` or something else. */
  | { readonly kind: "nullable"; readonly inner: Shape }
  /** One of several scalars, none of which says more than "not this" when it does not fit. */
  | { readonly kind: "either"; readonly options: readonly Shape[] }
  /** Objects told apart by the literal value of the member `tag`. */
  | { readonly kind: "tagged"; readonly tag: string; readonly cases: ReadonlyMap<string, ObjectShape> };

/** What a schema says besides its shape: kept in JSON Schema, without effect on checks. */
const ANNOTATIONS = new Set(["title", "description", "examples", "$id"]);
/** Members that every JavaScript object seems to have, or that change what an object is. */
const UNSAFE_NAMES = new Set([...Object.getOwnPropertyNames(Object.prototype), "__proto__"]);

type Json = { readonly [keyword: string]: unknown };

/**
 * The shape of a schema.
 *
 * @throws Error when the schema uses a keyword, or a union, that is outside the closed set
 */
export function shapeOf(schema: unknown): Shape {
  // TypeBox schemas are JSON Schema plus members that are not enumerable; JSON leaves exactly JSON Schema.
  return read(JSON.parse(JSON.stringify(schema)) as Json, "#");
}

/** A text that two shapes share exactly when they accept the same values: object members in name order. */
export function shapeKey(shape: Shape): string {
  return JSON.stringify(shape, (_, part: unknown) => {
    if (part instanceof Map) return [...part].sort(([a], [b]) => (a < b ? -1 : 1));
    if (isShape(part, "object")) return { ...part, members: membersInKeyOrder(part) };
    return part;
  });
}

function isShape<K extends Shape["kind"]>(part: unknown, kind: K): part is Extract<Shape, { kind: K }> {
  return typeof part === "object" && part !== null && (part as { kind?: unknown }).kind === kind;
}

/** Members in UTF-16 code unit order of their names: the order of RFC 8785. */
export function membersInKeyOrder(shape: ObjectShape): readonly Member[] {
  return [...shape.members].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function read(schema: Json, at: string): Shape {
  const open = new Map(Object.entries(schema).filter(([keyword]) => !ANNOTATIONS.has(keyword)));
  const take = (keyword: string): unknown => {
    const value = open.get(keyword);
    open.delete(keyword);
    return value;
  };
  const shape = readOpen(take, at);
  assert(open.size === 0, `${at}: the generator does not know the keyword ${[...open.keys()].join(", ")}`);
  return shape;
}

type Take = (keyword: string) => unknown;

function readOpen(take: Take, at: string): Shape {
  const anyOf = take("anyOf") as readonly Json[] | undefined;
  if (anyOf !== undefined) return union(anyOf.map((option, i) => read(option, `${at}/anyOf/${i}`)).flatMap(flat), at);
  const constant = take("const");
  const type = take("type");
  if (constant !== undefined) return { kind: "literal", values: [constant as string | number | boolean] };
  switch (type) {
    case undefined:
      return { kind: "unknown" };
    case "null":
    case "boolean":
      return { kind: type };
    case "integer":
    case "number":
      return {
        kind: type,
        minimum: (take("minimum") as number | undefined) ?? -Number.MAX_SAFE_INTEGER,
        maximum: (take("maximum") as number | undefined) ?? Number.MAX_SAFE_INTEGER,
      };
    case "string":
      return readString(take, at);
    case "array":
      return readArray(take, at);
    case "object":
      return readObject(take, at);
    default:
      throw new Error(`${at}: the generator does not know the type ${JSON.stringify(type)}`);
  }
}

function readString(take: Take, at: string): StringShape {
  const maxLength = take("maxLength") as number | undefined;
  assert(maxLength !== undefined, `${at}: a string needs maxLength; everything has a limit`);
  const pattern = take("pattern") as string | undefined;
  // Throws on a pattern that is not a pattern in Unicode mode, which is how JSON Schema reads it.
  if (pattern !== undefined) new RegExp(pattern, "u");
  return {
    kind: "string",
    minLength: (take("minLength") as number | undefined) ?? 0,
    maxLength,
    pattern,
    maxBytes: take("maxBytes") as number | undefined,
  };
}

function readArray(take: Take, at: string): Shape {
  const items = take("items") as Json | readonly Json[];
  const minItems = (take("minItems") as number | undefined) ?? 0;
  if (Array.isArray(items)) {
    assert(take("additionalItems") === false, `${at}: a tuple takes no further items`);
    assert(minItems === items.length, `${at}: a tuple has all its items`);
    return { kind: "tuple", items: items.map((item: Json, i) => read(item, `${at}/items/${i}`)) };
  }
  const item = read(items as Json, `${at}/items`);
  const maxItems = take("maxItems") as number | undefined;
  const unique = take("uniqueItems") === true;
  assert(maxItems !== undefined, `${at}: an array needs maxItems; everything has a limit`);
  assert(!unique || item.kind === "string" || item.kind === "literal", `${at}: uniqueItems is for strings`);
  return { kind: "array", item, minItems, maxItems, unique };
}

function readObject(take: Take, at: string): Shape {
  const patterns = take("patternProperties") as Json | undefined;
  if (patterns !== undefined) {
    const entries = Object.entries(patterns);
    assert(entries.length === 1, `${at}: a record has one key pattern`);
    const [key, value] = entries[0]!;
    const maxProperties = take("maxProperties") as number | undefined;
    assert(maxProperties !== undefined, `${at}: a record needs maxProperties; everything has a limit`);
    // Integer-like keys would be moved to the front by the engine, __proto__ would not be a member: no canonical order.
    for (const bad of ["0", "1", "42", "4294967294", "__proto__"])
      assert(!new RegExp(key, "u").test(bad), `${at}: a record's keys may not include ${bad}`);
    return { kind: "record", key, value: read(value as Json, `${at}/patternProperties`), maxProperties };
  }
  assert(take("additionalProperties") === false, `${at}: an object needs additionalProperties: false`);
  const required = new Set((take("required") as readonly string[] | undefined) ?? []);
  const members = Object.entries(take("properties") as Record<string, Json>).map(([name, schema]) => {
    assert(!UNSAFE_NAMES.has(name) && !/^[0-9]/.test(name), `${at}: a member may not be called ${name}`);
    return { name, optional: !required.has(name), shape: read(schema, `${at}/properties/${name}`) };
  });
  return { kind: "object", members };
}

/** A union inside a union is the union of both. */
function flat(shape: Shape): readonly Shape[] {
  if (shape.kind === "either") return shape.options;
  if (shape.kind === "nullable") return [shape.inner, { kind: "null" }];
  return [shape];
}

function union(options: readonly Shape[], at: string): Shape {
  const others = options.filter((option) => option.kind !== "null");
  if (others.length < options.length) return { kind: "nullable", inner: union(others, at) };
  if (options.length === 1) return options[0]!;
  const literals = options.filter((option) => option.kind === "literal");
  const rest = options.filter((option) => option.kind !== "literal");
  const literal: Shape[] =
    literals.length === 0 ? [] : [{ kind: "literal", values: literals.flatMap((option) => option.values) }];
  if (rest.length === 0) return literal[0]!;
  const objects = rest.filter((option) => option.kind === "object");
  if (objects.length === options.length) return tagged(objects, at);
  const scalars = new Set<Shape["kind"]>(["string", "integer", "number", "boolean"]);
  assert(
    rest.every((option) => scalars.has(option.kind)),
    `${at}: a union is of literals, of scalars, of tagged objects, or of one of these and null`,
  );
  return { kind: "either", options: [...literal, ...rest] };
}

function tagged(objects: readonly ObjectShape[], at: string): Shape {
  const first = objects[0]!.members.find(
    ({ name, optional, shape }) =>
      !optional && shape.kind === "literal" && objects.every((o) => literalOf(o, name) !== undefined),
  );
  assert(first !== undefined, `${at}: objects in a union need a required literal member that tells them apart`);
  const cases = new Map(objects.map((object) => [literalOf(object, first.name)!, object]));
  assert(cases.size === objects.length, `${at}: two objects of the union have the same ${first.name}`);
  return { kind: "tagged", tag: first.name, cases };
}

function literalOf(object: ObjectShape, name: string): string | undefined {
  const shape = object.members.find((member) => member.name === name && !member.optional)?.shape;
  const value = shape?.kind === "literal" && shape.values.length === 1 ? shape.values[0] : undefined;
  return typeof value === "string" ? value : undefined;
}
