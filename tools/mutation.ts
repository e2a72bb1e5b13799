/** One thing wrong with a value of a shape, and where its check must say so: the controls of the generated checks. */
import { assert } from "@countersign/evidence/errors";
import { pointerStep } from "@countersign/evidence/shape-fault";
import type { Shape } from "./gen/shape.ts";

/** A change to a value, named, with the one fault it must give. */
export type Mutation = {
  readonly name: "missing-member" | "unknown-member" | "wrong-type" | "too-long";
  readonly pointer: string;
  readonly wrong: "missing" | "unknown" | "value";
  /** The changed copy; made when asked for, since a large value has thousands of places. */
  readonly make: () => unknown;
};

/** A place in a value, with the shape it has there. */
type Place = { readonly path: readonly (string | number)[]; readonly shape: Shape; readonly required: boolean };

/** A member no schema has; its name needs both escapes of RFC 6901. */
const STRANGER = "no/such~member";

/** Every mutation of a value of the shape, in the order of its places. `type` and `v` at the top name the shape itself. */
export function mutationsOf(shape: Shape, value: unknown): readonly Mutation[] {
  return placesIn(shape, value, [], true).flatMap((place) => mutationsAt(place, value));
}

function mutationsAt({ path, shape, required }: Place, value: unknown): readonly Mutation[] {
  const pointer = path.map((step) => pointerStep(String(step))).join("");
  const changes: Mutation[] = [];
  const at = (name: Mutation["name"], change: (old: unknown) => unknown, wrong: Mutation["wrong"] = "value") =>
    changes.push({ name, pointer, wrong, make: () => changed(value, path, change) });
  if (shape.kind === "object")
    changes.push({
      name: "unknown-member",
      pointer: pointer + pointerStep(STRANGER),
      wrong: "unknown",
      make: () => changed(value, path, (old) => ({ ...(old as object), [STRANGER]: 1 })),
    });
  if (path.length === 0 || (path.length === 1 && (path[0] === "type" || path[0] === "v"))) return changes;
  if (required && typeof path.at(-1) === "string") at("missing-member", () => undefined, "missing");
  if (shape.kind !== "unknown") at("wrong-type", () => otherType(shape));
  const tooLong = overLimit(shape);
  if (tooLong !== undefined) at("too-long", tooLong);
  return changes;
}

/** A value of another JSON type than anything of this shape. */
function otherType(shape: Shape): unknown {
  switch (shape.kind) {
    case "nullable":
      return otherType(shape.inner);
    case "object":
    case "record":
    case "tagged":
      return [];
    default:
      return {};
  }
}

function overLimit(shape: Shape): ((old: unknown) => unknown) | undefined {
  switch (shape.kind) {
    case "nullable":
      return overLimit(shape.inner);
    case "string":
      return (old) => `${old}${"0".repeat(shape.maxLength + 1)}`;
    case "array":
      return (old) => [...(old as unknown[]), ...Array.from({ length: shape.maxItems + 1 }, () => null)];
    case "record":
      return () => Object.fromEntries(Array.from({ length: shape.maxProperties + 1 }, (_, i) => [`k${i}`, null]));
    default:
      return undefined;
  }
}

function placesIn(shape: Shape, value: unknown, path: Place["path"], required: boolean): readonly Place[] {
  const here: Place = { path, shape, required };
  switch (shape.kind) {
    case "object": {
      const members = shape.members.filter(({ name }) => (value as Record<string, unknown>)[name] !== undefined);
      const below = members.map(({ name, shape, optional }) =>
        placesIn(shape, (value as Record<string, unknown>)[name], [...path, name], !optional),
      );
      return [here, ...below.flat()];
    }
    case "record": {
      const below = Object.entries(value as object).map(([name, item]) =>
        placesIn(shape.value, item, [...path, name], false),
      );
      return [here, ...below.flat()];
    }
    case "array":
      return [here, ...(value as unknown[]).flatMap((item, i) => placesIn(shape.item, item, [...path, i], true))];
    case "tuple":
      return [here, ...shape.items.flatMap((item, i) => placesIn(item, (value as unknown[])[i], [...path, i], true))];
    case "nullable":
      return value === null ? [here] : [here, ...placesIn(shape.inner, value, path, required).slice(1)];
    case "tagged": {
      const chosen = shape.cases.get((value as Record<string, string>)[shape.tag]!);
      assert(chosen !== undefined, "the value is of the shape");
      const tagAt = [...path, shape.tag].join();
      return placesIn(chosen, value, path, required).filter((place) => place.path.join() !== tagAt);
    }
    default:
      return [here];
  }
}

/** A copy with one place replaced; a member replaced by undefined is left out. */
function changed(value: unknown, path: Place["path"], change: (old: unknown) => unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return change(value);
  if (Array.isArray(value)) return value.map((item, i) => (i === step ? changed(item, rest, change) : item));
  const members = Object.entries(value as object)
    .map(([name, item]) => [name, name === step ? changed(item, rest, change) : item] as const)
    .filter(([, item]) => item !== undefined);
  return Object.fromEntries(members);
}
