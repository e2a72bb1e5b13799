/**
 * Shapes of the small JSON documents people write (policy bundle files, projections), checked without a schema library
 * so that a browser under a strict content policy can do it too. A shape says the type and finds every deviation, each
 * with its JSON pointer; members it does not name are refused.
 */
import { type JsonValue, joinPointer } from "./strict-json.ts";

/** One deviation: where, and what is wrong there, in one sentence without the pointer. */
export type Deviation = { readonly pointer: string; readonly problem: string };

type Note = (pointer: string, problem: string) => void;

/** A checker that narrows to T. `optional` marks an object member that may be absent. */
export type Shape<T> = {
  readonly check: (value: JsonValue, pointer: string, note: Note) => void;
  readonly optional?: boolean;
  /** Never set: carries the type. */
  readonly type?: T;
};

export type TypeOf<S> = S extends Shape<infer T> ? T : never;

/** The value as T, or every deviation from the shape. */
export function matchShape<T>(
  shape: Shape<T>,
  value: JsonValue,
): { readonly ok: true; readonly value: T } | { readonly ok: false; readonly deviations: readonly Deviation[] } {
  const deviations: Deviation[] = [];
  shape.check(value, "", (pointer, problem) => {
    if (deviations.length < 64) deviations.push({ pointer, problem });
  });
  // The shape has just found nothing to object to, which is what the cast says.
  return deviations.length === 0 ? { ok: true, value: value as T } : { ok: false, deviations };
}

/** The members of an object by name. */
export type Members = Readonly<Record<string, Shape<unknown>>>;
type OptionalNames<M extends Members> = {
  [K in keyof M]: M[K] extends { readonly optional: true } ? K : never;
}[keyof M];
export type ObjectOf<M extends Members> = {
  readonly [K in Exclude<keyof M, OptionalNames<M>>]: TypeOf<M[K]>;
} & { readonly [K in OptionalNames<M>]?: TypeOf<M[K]> };

/** An object with exactly these members. */
export function object<const M extends Members>(members: M): Shape<ObjectOf<M>> {
  return {
    check(value, pointer, note) {
      if (!isObject(value)) return note(pointer, "must be an object");
      for (const [name, member] of Object.entries(value)) {
        if (Object.hasOwn(members, name)) members[name]!.check(member, joinPointer(pointer, name), note);
        else note(joinPointer(pointer, name), "is not a member of this document");
      }
      for (const [name, shape] of Object.entries(members)) {
        if (!Object.hasOwn(value, name) && shape.optional !== true) note(joinPointer(pointer, name), "is missing");
      }
    },
  };
}

/** An object of any names that fit `names`, at most `max`. */
export function record<T>(names: RegExp, shape: Shape<T>, max: number): Shape<Readonly<Record<string, T>>> {
  return {
    check(value, pointer, note) {
      if (!isObject(value)) return note(pointer, "must be an object");
      const entries = Object.entries(value);
      if (entries.length > max) return note(pointer, `has more than ${max} members`);
      for (const [name, member] of entries) {
        const at = joinPointer(pointer, name);
        if (names.test(name)) shape.check(member, at, note);
        else note(at, "is not an acceptable name");
      }
    },
  };
}

export function list<T>(item: Shape<T>, max: number, min = 0): Shape<readonly T[]> {
  return {
    check(value, pointer, note) {
      if (!Array.isArray(value)) return note(pointer, "must be an array");
      if (value.length > max || value.length < min) return note(pointer, `must have ${min} to ${max} items`);
      for (let i = 0; i < value.length; i++) item.check(value[i], joinPointer(pointer, i), note);
    },
  };
}

/** Text of `min` to `max` UTF-16 code units that shows as it is: no control, format or bidi characters but tab and line feed. */
export function text(max: number, min = 1): Shape<string> {
  return {
    check(value, pointer, note) {
      if (typeof value !== "string") return note(pointer, "must be a string");
      if (value.length < min || value.length > max) return note(pointer, `must have ${min} to ${max} characters`);
      if (/[\p{Cf}\p{Zl}\p{Zp}]|[^\P{Cc}\t\n]/u.test(value)) note(pointer, "has a character that is not seen");
    },
  };
}

/** Text of at most `max` UTF-16 code units, whatever the characters. */
export function anyText(max: number): Shape<string> {
  return {
    check(value, pointer, note) {
      if (typeof value !== "string" || value.length > max)
        note(pointer, `must be a string of at most ${max} characters`);
    },
  };
}

/** Text that fits an anchored, linear-time pattern; `what` completes "must be …". */
export function pattern(source: RegExp, what: string): Shape<string> {
  return {
    check(value, pointer, note) {
      if (typeof value !== "string" || !source.test(value)) note(pointer, `must be ${what}`);
    },
  };
}

export function oneOf<const V extends string>(...values: readonly V[]): Shape<V> {
  return {
    check(value, pointer, note) {
      if (!values.some((one) => one === value)) note(pointer, `must be one of ${values.join(", ")}`);
    },
  };
}

export function integer(min: number, max: number): Shape<number> {
  return {
    check(value, pointer, note) {
      if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min || value > max) {
        note(pointer, `must be an integer from ${min} to ${max}`);
      }
    },
  };
}

export const boolean: Shape<boolean> = {
  check(value, pointer, note) {
    if (typeof value !== "boolean") note(pointer, "must be true or false");
  },
};

/** Any JSON object, looked at elsewhere. */
export const anyObject: Shape<{ readonly [member: string]: JsonValue }> = {
  check(value, pointer, note) {
    if (!isObject(value)) note(pointer, "must be an object");
  },
};

/** Any JSON value, looked at elsewhere. */
export const anyValue: Shape<JsonValue> = { check() {} };

/** The first shape whose `is` accepts the value decides; otherwise `what` completes "must be …". */
export function either<T>(
  what: string,
  ...cases: readonly { readonly is: (value: JsonValue) => boolean; readonly shape: Shape<T> }[]
): Shape<T> {
  return {
    check(value, pointer, note) {
      const found = cases.find((one) => one.is(value));
      if (found === undefined) return note(pointer, `must be ${what}`);
      found.shape.check(value, pointer, note);
    },
  };
}

/** May be absent from the object it is a member of; never null. */
export function optional<T>(shape: Shape<T>): Shape<T> & { readonly optional: true } {
  return { ...shape, optional: true };
}

export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return {
    check(value, pointer, note) {
      if (value !== null) shape.check(value, pointer, note);
    },
  };
}

export function isObject(value: JsonValue): value is { readonly [member: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether the value is an object that has this member. */
export function hasMember(name: string): (value: JsonValue) => boolean {
  return (value) => isObject(value) && Object.hasOwn(value, name);
}
