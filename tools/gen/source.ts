/** Pieces of generated TypeScript that are made once and called from many places. */
import { type Shape, shapeKey } from "./shape.ts";

export const HEADER = (from: string) =>
  `// Made by tools/gen.ts from ${from}. Do not edit: change that file and run \`npm run gen\`.\n`;

/** JSON of a value is also its TypeScript literal. */
export const literal = (value: unknown): string => JSON.stringify(value);

/** `o.name`, or `o["name"]` when the name is not an identifier. */
export function access(object: string, name: string): string {
  return /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name) ? `${object}.${name}` : `${object}[${literal(name)}]`;
}

/** A member name as it stands in an object literal. */
export function property(name: string): string {
  return /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name) ? name : literal(name);
}

/** Names for shapes: what the schema file calls them, else the member they were first met under. */
export type ShapeNames = ReadonlyMap<string, string>;

/** Declarations of one generated file, in the order they were needed, each under a name of its own. */
export class Declarations {
  readonly #names = new Map<string, string>();
  readonly #taken = new Set<string>();
  readonly #texts: string[] = [];

  /**
   * The name of the declaration with this key; declared on first demand.
   *
   * @param declare makes the source from the name; what it needs in turn is declared before it
   */
  once(key: string, wantedName: string, declare: (name: string) => string): string {
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    let name = wantedName;
    for (let n = 2; this.#taken.has(name); n++) name = `${wantedName}${n}`;
    this.#taken.add(name);
    this.#names.set(key, name);
    this.#texts.push(declare(name));
    return name;
  }

  toString(): string {
    return this.#texts.join("\n");
  }
}

/** `prev_hash` → `PrevHash`; `dispatch.permitted` → `DispatchPermitted`. */
export function pascal(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  return words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join("");
}

/** What to call a shape: its name in the schema file, else one made from where it was first met. */
export function nameOf(shape: Shape, names: ShapeNames, met: string): string {
  return names.get(shapeKey(shape)) ?? (pascal(met) || "Rest");
}

const FROM_SHAPE_FAULT = [
  "inKeyOrder",
  "isObject",
  "pointerStep",
  "refuse",
  "refuseStrangers",
  "utf8Length",
  "type Unchecked",
  "type ShapeFault",
];

/** The import of what a body uses of shape-fault.ts. */
export function shapeFaultImport(body: string): string {
  const used = FROM_SHAPE_FAULT.filter((name) => new RegExp(`\\b${name.replace("type ", "")}\\b`).test(body));
  return `import { ${used.join(", ")} } from "../shape-fault.ts";`;
}
