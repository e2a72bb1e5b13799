/**
 * Source of shape checks: one function for each distinct object, list and record, one predicate for each distinct
 * scalar, shared wherever the same shape occurs. A valid value costs the predicates alone; words and pointers are only
 * put together for what is wrong.
 */
import { parsePattern, type Term } from "../pattern.ts";
import { type Member, type ObjectShape, type Shape, shapeKey } from "./shape.ts";
import { access, Declarations, literal, nameOf, pascal, type ShapeNames } from "./source.ts";

type Container = Extract<Shape, { kind: "object" | "record" | "array" | "tuple" | "tagged" | "nullable" }>;

/** Makes the checks of one file. */
export class CheckSource {
  readonly #declared = new Declarations();
  readonly #names: ShapeNames;

  constructor(names: ShapeNames) {
    this.#names = names;
  }

  /** All declarations so far, in an order in which each constant stands before its use. */
  toString(): string {
    return this.#declared.toString();
  }

  /** The name of a function `(value, at, faults) => void` that checks this shape. */
  check(shape: Shape, met: string): string {
    return isContainer(shape) ? this.#container(shape, met) : this.#scalarCheck(shape, met);
  }

  /**
   * The name of a function `(object, at, faults) => number` that checks some members of an object and counts those
   * present. Objects that have these members in common share it.
   */
  members(members: readonly Member[], name: string): string {
    const key = `members ${members.map((member) => `${member.name} ${member.optional} ${shapeKey(member.shape)}`)}`;
    return this.#declared.once(key, `countOf${pascal(name)}`, (own) => {
      return `function ${own}(o: Unchecked, at: string, faults: ShapeFault[]): number {
${this.#count(members)}
  return seen;
}`;
    });
  }

  /** The name of a set of member names. */
  known(names: readonly string[], met: string): string {
    return this.#declared.once(
      `known ${literal(names)}`,
      `membersOf${pascal(met)}`,
      (own) => `const ${own} = new Set<string>(${literal(names)});`,
    );
  }

  /** Words for what a shape takes, as the name of a constant. */
  expected(shape: Shape, met: string): string {
    const words = describe(shape);
    const name = shape.kind === "object" ? "Object" : nameOf(shape, this.#names, met);
    return this.#declared.once(`words ${words}`, `words${name}`, (own) => `const ${own} = ${literal(words)};`);
  }

  /** Statements that check members of `o` and leave the number of those present in `seen`. */
  #count(members: readonly Member[]): string {
    if (members.length === 0) return "  const seen = 0;";
    return ["  let seen = 0;", "  let m: unknown;", ...members.map((member) => `  ${this.#member(member)}`)].join("\n");
  }

  #member({ name, optional, shape }: Member): string {
    const step = literal(pointerStep(name));
    const words = this.expected(shape, name);
    const read = `(m = ${access("o", name)})`;
    if (isContainer(shape)) {
      const call = `seen++, ${this.#container(shape, name)}(m, at + ${step}, faults)`;
      return optional
        ? `if (${read} !== undefined) ${call};`
        : `if (${read} === undefined) refuse(m, at, ${step}, ${words}, faults); else ${call};`;
    }
    const test = (value: string) =>
      `seen += ${this.#predicate(shape, name)}(${value}) ? 1 : refuse(m, at, ${step}, ${words}, faults);`;
    return optional ? `if (${read} !== undefined) ${test("m")}` : test(read.slice(1, -1));
  }

  #scalarCheck(shape: Shape, met: string): string {
    const test = this.#predicate(shape, met);
    const words = this.expected(shape, met);
    return this.#declared.once(
      `check ${shapeKey(shape)}`,
      `check${nameOf(shape, this.#names, met)}`,
      (own) => `function ${own}(m: unknown, at: string, faults: ShapeFault[]): void {
  if (!${test}(m)) refuse(m, at, "", ${words}, faults);
}`,
    );
  }

  #predicate(shape: Shape, met: string): string {
    const name = `is${nameOf(shape, this.#names, met)}`;
    // Arrow functions: V8 inlines them the same, and the file stays shorter.
    return this.#declared.once(`is ${shapeKey(shape)}`, name, (own) => {
      return `const ${own} = (m: unknown): boolean => ${this.#test(shape, met)};`;
    });
  }

  #test(shape: Shape, met: string): string {
    switch (shape.kind) {
      case "unknown":
        return "m !== undefined";
      case "null":
        return "m === null";
      case "boolean":
        return `typeof m === "boolean"`;
      case "integer":
      case "number": {
        const whole = shape.kind === "integer" ? "Number.isSafeInteger(m)" : "Number.isFinite(m)";
        // −0 has no spelling of its own in canonical JSON, so it would not come back.
        return `typeof m === "number" && ${whole} && m >= ${shape.minimum} && m <= ${shape.maximum} && !Object.is(m, -0)`;
      }
      case "literal": {
        if (shape.values.length <= 4) return shape.values.map((value) => `m === ${literal(value)}`).join(" || ");
        const set = this.#declared.once(
          `literals ${literal(shape.values)}`,
          `literals${nameOf(shape, this.#names, met)}`,
          (own) => `const ${own} = new Set<unknown>(${literal(shape.values)});`,
        );
        return `${set}.has(m)`;
      }
      case "string": {
        const tests = [`typeof m === "string"`];
        if (shape.minLength > 0) tests.push(`m.length >= ${shape.minLength}`);
        tests.push(`m.length <= ${shape.maxLength}`);
        if (shape.maxBytes !== undefined) tests.push(`utf8Length(m) <= ${shape.maxBytes}`);
        if (shape.pattern !== undefined) tests.push(`${this.#pattern(shape.pattern)}.test(m)`);
        if (shape.pattern === undefined || !isAscii(parsePattern(shape.pattern))) tests.push("m.isWellFormed()");
        return tests.join(" && ");
      }
      case "either":
        return shape.options.map((option) => `${this.#predicate(option, met)}(m)`).join(" || ");
      case "nullable":
        return `m === null || ${this.#predicate(shape.inner, met)}(m)`;
      default:
        throw new Error(`${shape.kind} is no scalar`);
    }
  }

  #pattern(source: string): string {
    const regex = new RegExp(source, "u");
    return this.#declared.once(`pattern ${source}`, "pattern", (own) => `const ${own} = ${regex};`);
  }

  #container(shape: Container, met: string): string {
    return this.#declared.once(`check ${shapeKey(shape)}`, `check${nameOf(shape, this.#names, met)}`, (own) => {
      const value = shape.kind === "object" ? "o" : "m";
      return `function ${own}(${value}: unknown, at: string, faults: ShapeFault[]): void {\n${this.#body(shape, met)}\n}`;
    });
  }

  #body(shape: Container, met: string): string {
    const value = shape.kind === "object" ? "o" : "m";
    const refusal = `refuse(${value}, at, "", ${this.expected(shape, met)}, faults)`;
    switch (shape.kind) {
      case "nullable":
        return `  if (m !== null) ${this.check(shape.inner, met)}(m, at, faults);`;
      case "object":
        return `  if (!isObject(o)) return void ${refusal};\n${this.#objectBody(shape, met)}`;
      case "record": {
        const { key, value, maxProperties } = shape;
        return `  if (!isObject(m)) return void ${refusal};
  const names = Object.keys(m);
  if (names.length > ${maxProperties}) return void ${refusal};
  for (const name of names) {
    if (!${this.#pattern(key)}.test(name)) faults.push({ pointer: at + pointerStep(name), expected: ${literal(`a member name matching ${key}`)}, wrong: "unknown" });
    else ${this.#item(value, met, "m[name]", "pointerStep(name)")}
  }`;
      }
      case "array": {
        const { item, minItems, maxItems, unique } = shape;
        const bounds = minItems > 0 ? `m.length < ${minItems} || m.length > ${maxItems}` : `m.length > ${maxItems}`;
        const twice = unique ? `\n  if (new Set(list).size !== list.length) ${refusal};` : "";
        return `  if (!Array.isArray(m) || ${bounds}) return void ${refusal};
  const list: readonly unknown[] = m;
  for (let i = 0; i < list.length; i++) ${this.#item(item, met, "list[i]", ITEM_STEP)}${twice}`;
      }
      case "tuple": {
        const items = shape.items.map((item, i) => `  ${this.#item(item, met, `list[${i}]`, `"/${i}"`)}`);
        return `  if (!Array.isArray(m) || m.length !== ${shape.items.length}) return void ${refusal};
  const list: readonly unknown[] = m;
${items.join("\n")}`;
      }
      case "tagged": {
        const cases = [...shape.cases].map(
          ([value, object]) =>
            `    case ${literal(value)}:\n      return ${this.#container(object, `${met}_${value}`)}(m, at, faults);`,
        );
        const words = literal(`one of ${[...shape.cases.keys()].map(literal).join(", ")}`);
        return `  if (!isObject(m)) return void ${refusal};
  switch (${access("m", shape.tag)}) {
${cases.join("\n")}
    default:
      refuse(${access("m", shape.tag)}, at, ${literal(pointerStep(shape.tag))}, ${words}, faults);
  }`;
      }
    }
  }

  #objectBody(shape: ObjectShape, met: string): string {
    const known = this.known(
      shape.members.map(({ name }) => name),
      nameOf(shape, this.#names, met),
    );
    return `${this.#count(shape.members)}
  if (Object.keys(o).length !== seen) refuseStrangers(o, ${known}, at, stranger, faults);`;
  }

  #item(shape: Shape, met: string, value: string, step: string): string {
    if (isContainer(shape)) return `${this.#container(shape, `${met}_item`)}(${value}, at + ${step}, faults);`;
    const words = this.expected(shape, met);
    return `if (!${this.#predicate(shape, `${met}_item`)}(${value})) refuse(${value} ?? null, at, ${step}, ${words}, faults);`;
  }
}

/** The pointer step of a list's item, as an expression of the generated code. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is source, for the generated file to evaluate
const ITEM_STEP = "`/${i}`";

/** What is said of a member that should not be there. */
export const STRANGER = "no member of this name";

function isContainer(shape: Shape): shape is Container {
  if (shape.kind === "nullable") return isContainer(shape.inner);
  return ["object", "record", "array", "tuple", "tagged"].includes(shape.kind);
}

function isAscii(term: Term): boolean {
  if (term.kind === "char") return term.ranges.every(([, high]) => high < 0x80);
  if (term.kind === "repeat") return isAscii(term.term);
  return (term.kind === "sequence" ? term.terms : term.options).every(isAscii);
}

function pointerStep(name: string): string {
  return `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** A shape in words. */
export function describe(shape: Shape): string {
  switch (shape.kind) {
    case "unknown":
      return "any JSON value";
    case "null":
      return "null";
    case "boolean":
      return "true or false";
    case "integer":
    case "number":
      return `${shape.kind === "integer" ? "an integer" : "a number"} from ${shape.minimum} to ${shape.maximum}`;
    case "literal":
      return `${shape.values.length > 1 ? "one of " : ""}${shape.values.map(literal).join(", ")}`;
    case "string": {
      const { minLength, maxLength, pattern, maxBytes } = shape;
      const least = minLength > 0 ? `${minLength} to ` : "at most ";
      const bytes = maxBytes === undefined ? "" : `, at most ${maxBytes} bytes of UTF-8`;
      const form = pattern === undefined ? "" : `, matching ${pattern}`;
      return `a string of ${least}${maxLength} UTF-16 code units${bytes}${form}`;
    }
    case "either":
      return shape.options.map(describe).join(", or ");
    case "nullable":
      return `${describe(shape.inner)}, or null`;
    case "array": {
      const { minItems, maxItems, unique } = shape;
      const size =
        minItems === maxItems ? `${maxItems}` : minItems > 0 ? `${minItems} to ${maxItems}` : `at most ${maxItems}`;
      return `a list of ${size}${unique ? " different" : ""} items`;
    }
    case "tuple":
      return `a list of ${shape.items.length} items`;
    case "record":
      return `an object of at most ${shape.maxProperties} members`;
    case "object":
    case "tagged":
      return "an object";
  }
}
