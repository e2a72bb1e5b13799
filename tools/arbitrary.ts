/**
 * fast-check arbitraries from TypeBox schemas, so that every test that wants events or request bodies gets all of their
 * shapes. What is generated is accepted by the generated checks; a test of those holds it to that.
 *
 * @example
 * fc.assert(fc.property(arbitraryOf(kinds["run.started"].schema), (event) => …));
 */
import fc from "fast-check";
import type { Static, TSchema } from "typebox";
import { type Shape, type StringShape, shapeOf } from "./gen/shape.ts";
import { includes, parsePattern, type Ranges, type Term } from "./pattern.ts";

/** Values of the schema: mostly short, with the awkward characters and the limits of numbers among them. */
export function arbitraryOf<S extends TSchema>(schema: S): fc.Arbitrary<Static<S>> {
  // The cast says what the tests of the generated checks show: values of the shape are values of the schema's type.
  return fromShape(shapeOf(schema)) as fc.Arbitrary<Static<S>>;
}

/**
 * How often to run a property: `push` times, or RUNS times that (`npm run test:full`), from SEED when it is given.
 * A failure prints its seed; SEED=… replays it.
 */
export function runs(push: number): { readonly numRuns: number; readonly seed?: number } {
  const { RUNS = "1", SEED } = process.env;
  return { numRuns: push * Number(RUNS), ...(SEED === undefined ? {} : { seed: Number(SEED) }) };
}

/** Lists, records and open-ended strings get at most this many parts above their minimum: enough to have an order. */
const FEW = 4;

function fromShape(shape: Shape): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case "string":
      return fromString(shape);
    case "integer":
    case "number": {
      const { minimum: min, maximum: max } = shape;
      const near = fc.integer({ min, max: Math.min(max, min + 1000) });
      return fc.oneof(near, fc.constantFrom(min, max), fc.integer({ min, max }));
    }
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "unknown":
      return fc.jsonValue();
    case "literal":
      return fc.constantFrom(...shape.values);
    case "nullable":
      return fc.option(fromShape(shape.inner));
    case "either":
      return fc.oneof(...shape.options.map(fromShape));
    case "tagged":
      return fc.oneof(...[...shape.cases.values()].map(fromShape));
    case "tuple":
      return fc.tuple(...shape.items.map(fromShape));
    case "array": {
      const { item, minItems, maxItems, unique } = shape;
      const sizes = { minLength: minItems, maxLength: Math.min(maxItems, minItems + FEW) };
      return unique ? fc.uniqueArray(fromShape(item), sizes) : fc.array(fromShape(item), sizes);
    }
    case "record": {
      const key = fromPattern(shape.key, Number.POSITIVE_INFINITY);
      const maxKeys = Math.min(shape.maxProperties, FEW);
      return fc.dictionary(key, fromShape(shape.value), { maxKeys, noNullPrototype: true });
    }
    case "object": {
      const members = shape.members.map(({ name, shape }) => [name, fromShape(shape)] as const);
      const required = shape.members.filter(({ optional }) => !optional).map(({ name }) => name);
      return inAnyOrder(fc.record(Object.fromEntries(members), { requiredKeys: required, noNullPrototype: true }));
    }
  }
}

/** Members come in any order: nothing may lean on the order of the schema. */
function inAnyOrder(objects: fc.Arbitrary<Record<string, unknown>>): fc.Arbitrary<Record<string, unknown>> {
  return fc.tuple(objects, fc.infiniteStream(fc.nat())).map(([object, ranks]) =>
    Object.fromEntries(
      Object.entries(object)
        .map((entry) => ({ entry, rank: ranks.next().value as number }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ entry }) => entry),
    ),
  );
}

function fromString(shape: StringShape): fc.Arbitrary<string> {
  const { pattern, minLength, maxLength, maxBytes } = shape;
  const texts =
    pattern === undefined
      ? fc.string({ unit: "binary", minLength, maxLength: Math.min(maxLength, minLength + 32) })
      : fromPattern(pattern, maxLength);
  return texts.filter(
    (text) =>
      text.length >= minLength &&
      text.length <= maxLength &&
      (maxBytes === undefined || Buffer.byteLength(text) <= maxBytes),
  );
}

function fromPattern(pattern: string, maxLength: number): fc.Arbitrary<string> {
  const regex = new RegExp(pattern, "u");
  return fromTerm(parsePattern(pattern)).filter((text) => text.length <= maxLength && regex.test(text));
}

function fromTerm(term: Term): fc.Arbitrary<string> {
  switch (term.kind) {
    case "char":
      return charOf(term.ranges);
    case "sequence":
      return fc.tuple(...term.terms.map(fromTerm)).map((parts) => parts.join(""));
    case "choice":
      return fc.oneof(...term.options.map(fromTerm));
    case "repeat": {
      const { min, max } = term;
      const sizes = { minLength: min, maxLength: Math.min(max, min + 3 * FEW), size: "max" as const };
      return fc.array(fromTerm(term.term), sizes).map((parts) => parts.join(""));
    }
  }
}

/** What breaks escaping, sorting and counting: quotes, controls, joiners, bidi marks, several bytes, several units. */
const AWKWARD = [...'"\\/\b\n\u007f\u00e9\u2028\u202e\u200d\ufeff\ufffd\u5b57\u{1f600}\u{10ffff}'];

function charOf(ranges: Ranges): fc.Arbitrary<string> {
  const plain = ranges
    .map(([low, high]) => ({ min: Math.max(low, 0x20), max: Math.min(high, 0x7e) }))
    .filter(({ min, max }) => min <= max)
    .map((range) => fc.integer(range).map((code) => String.fromCodePoint(code)));
  const awkward = AWKWARD.filter((char) => includes(ranges, char.codePointAt(0)!));
  const any = ranges.map(([min, max]) => fc.integer({ min, max }).map((code) => String.fromCodePoint(code)));
  return fc.oneof(
    ...(plain.length > 0 ? [{ weight: 8, arbitrary: fc.oneof(...plain) }] : []),
    ...(awkward.length > 0 ? [{ weight: 2, arbitrary: fc.constantFrom(...awkward) }] : []),
    { weight: 1, arbitrary: fc.oneof(...any) },
  );
}
