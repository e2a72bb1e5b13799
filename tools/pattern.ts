/**
 * The regular expressions the schemas use, as a tree that strings can be made from: classes, groups, alternatives and
 * quantifiers. A lookahead is passed over, so what is made must be tried against the expression.
 */
import { assert } from "@countersign/evidence/errors";

/** Inclusive code point ranges, ascending, without surrogates. */
export type Ranges = readonly (readonly [low: number, high: number])[];

export type Term =
  | { readonly kind: "char"; readonly ranges: Ranges }
  | { readonly kind: "sequence"; readonly terms: readonly Term[] }
  | { readonly kind: "choice"; readonly options: readonly Term[] }
  | { readonly kind: "repeat"; readonly term: Term; readonly min: number; readonly max: number };

/**
 * The tree of an anchored pattern (`^…$`).
 *
 * @throws Error on syntax outside the subset
 */
export function parsePattern(source: string): Term {
  assert(source.startsWith("^") && source.endsWith("$"), `the pattern ${source} is not anchored at both ends`);
  const [term, end] = choice(source, 1);
  assert(end === source.length - 1, `the pattern ${source} uses syntax at ${end} that is not supported`);
  return term;
}

type Parsed<T> = readonly [value: T, next: number];

function choice(source: string, from: number): Parsed<Term> {
  const [first, next] = sequence(source, from);
  const options = [first];
  let at = next;
  while (source[at] === "|") {
    const [option, end] = sequence(source, at + 1);
    options.push(option);
    at = end;
  }
  return [options.length === 1 ? first : { kind: "choice", options }, at];
}

function sequence(source: string, from: number): Parsed<Term> {
  const terms: Term[] = [];
  let at = from;
  while (at < source.length && !")|$".includes(source[at]!)) {
    if (source.startsWith("(?=", at)) {
      at = choice(source, at + 3)[1] + 1;
      continue;
    }
    const [term, next] = atom(source, at);
    const [min, max, after] = quantifier(source, next);
    terms.push(min === 1 && max === 1 ? term : { kind: "repeat", term, min, max });
    at = after;
  }
  return [terms.length === 1 ? terms[0]! : { kind: "sequence", terms }, at];
}

function atom(source: string, at: number): Parsed<Term> {
  if (source[at] === "(") {
    const [term, end] = choice(source, source.startsWith("(?:", at) ? at + 3 : at + 1);
    assert(source[end] === ")", `the pattern ${source} has an open group`);
    return [term, end + 1];
  }
  if (source[at] === "[") {
    const [ranges, next] = characterClass(source, at + 1);
    return [{ kind: "char", ranges }, next];
  }
  assert(!"*+?{}.".includes(source[at]!), `the pattern ${source} uses ${source[at]} where it is not supported`);
  const [code, next] = character(source, at);
  return [{ kind: "char", ranges: [[code, code]] }, next];
}

function quantifier(source: string, at: number): readonly [min: number, max: number, next: number] {
  const found = /^(?:([*+?])|\{([0-9]+)(?:(,)([0-9]*))?\})/.exec(source.slice(at));
  if (found === null) return [1, 1, at];
  const [whole, sign, low, comma, high] = found;
  const next = at + whole.length;
  if (sign !== undefined) return [sign === "+" ? 1 : 0, sign === "?" ? 1 : Number.POSITIVE_INFINITY, next];
  const min = Number(low);
  if (comma === undefined) return [min, min, next];
  return [min, high === "" ? Number.POSITIVE_INFINITY : Number(high), next];
}

function characterClass(source: string, from: number): Parsed<Ranges> {
  const negated = source[from] === "^";
  const ranges: [number, number][] = [];
  let at = negated ? from + 1 : from;
  while (source[at] !== "]") {
    const [low, afterLow] = character(source, at);
    const isRange = source[afterLow] === "-" && source[afterLow + 1] !== "]";
    const [high, afterHigh] = isRange ? character(source, afterLow + 1) : [low, afterLow];
    ranges.push([low, high]);
    at = afterHigh;
  }
  const sorted = ranges.sort((a, b) => a[0] - b[0]);
  return [negated ? complement(sorted) : sorted, at + 1];
}

function character(source: string, at: number): Parsed<number> {
  if (source[at] !== "\\") return [source.codePointAt(at)!, at + (source.codePointAt(at)! > 0xffff ? 2 : 1)];
  if (source[at + 1] === "u") return [Number.parseInt(source.slice(at + 2, at + 6), 16), at + 6];
  assert(!/[a-zA-Z0-9]/.test(source[at + 1]!), `the pattern ${source} uses an escape that is not supported`);
  return [source.codePointAt(at + 1)!, at + 2];
}

const SURROGATES = [0xd800, 0xdfff] as const;

function complement(ranges: Ranges): Ranges {
  const out: [number, number][] = [];
  let low = 0;
  for (const [start, end] of [...ranges, SURROGATES].sort((a, b) => a[0] - b[0])) {
    if (start > low) out.push([low, start - 1]);
    low = Math.max(low, end + 1);
  }
  if (low <= 0x10ffff) out.push([low, 0x10ffff]);
  return out;
}

/** Whether a code point is in the class. */
export function includes(ranges: Ranges, code: number): boolean {
  return ranges.some(([low, high]) => low <= code && code <= high);
}
