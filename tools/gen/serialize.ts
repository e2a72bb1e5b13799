/**
 * Source of the canonical serializer. Each function rebuilds an object with its members in the order of RFC 8785, known
 * from the schema, and one JSON.stringify at the end writes the text: the engine's own escaping and number format, which
 * are the RFC's. Tried and measured against concatenating constant fragments : the
 * fragments leave a rope that has to be flattened before it can be hashed, which costs more than the rebuilding.
 */

import { membersInKeyOrder, type ObjectShape, type Shape, shapeKey } from "./shape.ts";
import { access, Declarations, nameOf, pascal, property, type ShapeNames } from "./source.ts";

/** Makes the ordering functions of one file. */
export class OrderSource {
  readonly #declared = new Declarations();
  readonly #names: ShapeNames;

  constructor(names: ShapeNames) {
    this.#names = names;
  }

  toString(): string {
    return this.#declared.toString();
  }

  /** The name of a function `(object) => object` that puts an object's members, at every depth, in order. */
  order(shape: ObjectShape, met: string): string {
    const key = shapeKey(shape);
    return this.#declared.once(key, `order${nameOf(shape, this.#names, met)}`, (own) => {
      const members = membersInKeyOrder(shape).map(({ name, optional, shape }) => {
        const value = access("o", name);
        const ordered = this.#ordered(shape, name, value);
        const guarded = optional && ordered !== value ? `${value} === undefined ? undefined : ${ordered}` : ordered;
        return `    ${property(name)}: ${guarded},`;
      });
      return `function ${own}(o: Unchecked): Unchecked {\n  return {\n${members.join("\n")}\n  };\n}`;
    });
  }

  /** An expression for the value with all members below it in order; the value itself when there are none. */
  #ordered(shape: Shape, met: string, value: string): string {
    switch (shape.kind) {
      case "object":
        return `${this.order(shape, met)}(${value} as Unchecked)`;
      case "record":
        return this.#scalar(shape.value, met)
          ? `inKeyOrder(${value} as Unchecked)`
          : this.#recordOf(shape.value, met, value);
      case "array":
        return this.#scalar(shape.item, met)
          ? value
          : `(${value} as unknown[]).map(${this.#function(shape.item, `${met}_item`)})`;
      case "tuple":
        if (shape.items.every((item) => this.#scalar(item, met))) return value;
        throw new Error(`${met}: a tuple in an event holds scalars`);
      case "nullable": {
        const inner = this.#ordered(shape.inner, met, value);
        return inner === value ? value : `${value} === null ? null : ${inner}`;
      }
      case "tagged":
        return `${this.#tagged(shape, met)}(${value} as Unchecked)`;
      case "unknown":
        throw new Error(`${met}: an event holds no free-form JSON; that is a payload`);
      default:
        return value;
    }
  }

  #scalar(shape: Shape, met: string): boolean {
    return this.#ordered(shape, met, "m") === "m";
  }

  #function(shape: Shape, met: string): string {
    return shape.kind === "object"
      ? `(m) => ${this.order(shape, met)}(m as Unchecked)`
      : `(m) => ${this.#ordered(shape, met, "m")}`;
  }

  #recordOf(shape: Shape, met: string, value: string): string {
    return `inKeyOrder(Object.fromEntries(Object.entries(${value} as Unchecked).map(([name, m]) => [name, ${this.#ordered(shape, met, "m")}])))`;
  }

  #tagged(shape: Extract<Shape, { kind: "tagged" }>, met: string): string {
    return this.#declared.once(shapeKey(shape), `order${pascal(met)}`, (own) => {
      const cases = [...shape.cases].map(
        ([value, object]) =>
          `    case ${JSON.stringify(value)}:\n      return ${this.order(object, `${met}_${value}`)}(o);`,
      );
      return `function ${own}(o: Unchecked): Unchecked {\n  switch (${access("o", shape.tag)}) {\n${cases.join("\n")}\n    default:\n      throw new Error("assertion failed: the value was not checked");\n  }\n}`;
    });
  }
}
