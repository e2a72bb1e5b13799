/**
 * The largest value a schema takes, in bytes of canonical JSON: every optional member present, every list and record
 * full, every string as long as it may be and made of the characters that cost most.
 */
import { assert } from "@countersign/evidence/errors";
import { membersInKeyOrder, type Shape, type StringShape, shapeOf } from "./gen/shape.ts";
import { includes, parsePattern, type Ranges, type Term } from "./pattern.ts";

/** A value of the schema that no other exceeds in bytes of canonical JSON. */
export function largestOf(schema: unknown): unknown {
  return largest(shapeOf(schema), 0);
}

/** UTF-8 bytes of a value's JSON. */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** @param variant tells apart items that must differ: keys of a record, items of a set */
function largest(shape: Shape, variant: number): unknown {
  switch (shape.kind) {
    case "string":
      return largestString(shape, variant);
    case "integer":
    case "number":
      return longest([shape.minimum, shape.maximum]);
    case "boolean":
      return false;
    case "null":
      return null;
    case "unknown":
      throw new Error("free-form JSON has no largest value");
    case "literal":
      return longest(shape.values);
    case "nullable":
      return largest(shape.inner, variant);
    case "either":
      return longest(shape.options.map((option) => largest(option, variant)));
    case "tagged":
      return longest([...shape.cases.values()].map((option) => largest(option, variant)));
    case "tuple":
      return shape.items.map((item) => largest(item, variant));
    case "array":
      return Array.from({ length: shape.maxItems }, (_, i) => largest(shape.item, i));
    case "record": {
      const key: StringShape = { ...ANY_STRING, pattern: shape.key };
      const entries = Array.from({ length: shape.maxProperties }, (_, i) => [
        largestString(key, i),
        largest(shape.value, i),
      ]);
      return Object.fromEntries(entries);
    }
    case "object":
      return Object.fromEntries(membersInKeyOrder(shape).map(({ name, shape }) => [name, largest(shape, variant)]));
  }
}

const ANY_STRING: StringShape = {
  kind: "string",
  minLength: 0,
  maxLength: Number.POSITIVE_INFINITY,
  pattern: undefined,
  maxBytes: undefined,
};

function longest<T>(values: readonly T[]): T {
  return values.reduce((best, value) => (jsonBytes(value) > jsonBytes(best) ? value : best));
}

/** One of each price: an escaped control (6 bytes), three bytes of UTF-8, an escaped quote (2), plain ASCII (1). */
const PREFERRED = ["\u0001", "\uffee", '"', "\\", "z"].map((char) => char.codePointAt(0)!);

/** The same few shapes of strings fill thousands of places. */
const largestStrings = new Map<string, string>();

function largestString(shape: StringShape, variant: number): string {
  const key = `${variant} ${shape.maxLength} ${shape.maxBytes} ${shape.pattern}`;
  const known = largestStrings.get(key);
  if (known !== undefined) return known;
  const found = longest(PREFERRED.map((preferred) => stringOf(shape, preferred, variant)));
  largestStrings.set(key, found);
  return found;
}

function stringOf(shape: StringShape, preferred: number, variant: number): string {
  const term: Term = shape.pattern === undefined ? ANY_TERM : parsePattern(shape.pattern);
  const classes = longestPath(term, shape.maxLength);
  const chars = classes.map((ranges) => cheapestLoss(ranges, preferred));
  distinguish(chars, classes, variant);
  if (shape.maxBytes !== undefined)
    while (Buffer.byteLength(chars.join("")) > shape.maxBytes) chars.splice(-Math.ceil(chars.length / 100));
  const text = chars.join("");
  const fits = shape.pattern === undefined || new RegExp(shape.pattern, "u").test(text);
  assert(fits && text.length <= shape.maxLength, `${shape.pattern} and maxLength ${shape.maxLength} do not agree`);
  return text;
}

const ANY_TERM: Term = {
  kind: "repeat",
  term: { kind: "char", ranges: [[0, 0xd7ff]] },
  min: 0,
  max: Number.POSITIVE_INFINITY,
};

function cheapestLoss(ranges: Ranges, preferred: number): string {
  const code = [preferred, ...PREFERRED].find((each) => includes(ranges, each)) ?? ranges.at(-1)![1];
  return String.fromCodePoint(code);
}

/** The character classes of a longest match; what is unbounded takes what the others leave of `maxLength`. */
function longestPath(term: Term, maxLength: number): Ranges[] {
  let open = 0;
  const unbounded = (max: number) => max === Number.POSITIVE_INFINITY;
  const walk = (part: Term, free: number): Ranges[] => {
    switch (part.kind) {
      case "char":
        return [part.ranges];
      case "sequence":
        return part.terms.flatMap((each) => walk(each, free));
      case "choice":
        return part.options.map((each) => walk(each, free)).reduce((a, b) => (b.length > a.length ? b : a));
      case "repeat": {
        const once = walk(part.term, 0);
        if (unbounded(part.max)) open++;
        // Only the first unbounded part is stretched; one of the others would not make the match longer.
        const max = unbounded(part.max)
          ? open === 1
            ? part.min + Math.floor(free / once.length)
            : part.min
          : part.max;
        return Array.from({ length: max }, () => once).flat();
      }
    }
  };
  const fixed = walk(term, 0).length;
  open = 0;
  return walk(term, maxLength === Number.POSITIVE_INFINITY ? 0 : Math.max(0, maxLength - fixed));
}

/** Writes `variant` into the last characters that have a choice, keeping their price. */
function distinguish(chars: string[], classes: readonly Ranges[], variant: number): void {
  let rest = variant;
  for (let at = chars.length - 1; at >= 0 && rest > 0; at--) {
    const choices = samePrice(chars[at]!, classes[at]!);
    if (choices.length < 2) continue;
    chars[at] = choices[rest % choices.length]!;
    rest = Math.floor(rest / choices.length);
  }
  assert(rest === 0, `too few strings of this length: ${chars.join("").slice(0, 80)} ${variant}`);
}

function samePrice(char: string, ranges: Ranges): readonly string[] {
  const code = char.codePointAt(0)!;
  const near = Array.from({ length: 33 }, (_, i) => code + i - 16).filter((each) => each > 0);
  const choices = [...near, ...PREFERRED].filter((each) => each !== code && includes(ranges, each));
  const texts = choices.map((each) => String.fromCodePoint(each)).filter((text) => jsonBytes(text) === jsonBytes(char));
  return [char, ...new Set(texts)];
}
