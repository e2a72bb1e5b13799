/** What a module calls its schemas: names for generated functions and for `$defs`. */

import { shapeKey, shapeOf } from "./shape.ts";
import { pascal, type ShapeNames } from "./source.ts";

/**
 * Shape → name, from a module's exports that are schemas and from exported tables of schemas (`Ids.event` is `EventId`).
 * Where two exports have the same shape, the first in alphabetical order gives the name.
 */
export function schemaNames(exports: Readonly<Record<string, unknown>>): ShapeNames {
  const names = new Map<string, string>();
  for (const [name, schema] of namedSchemas(exports)) {
    const key = shapeKey(shapeOf(schema));
    if (!names.has(key)) names.set(key, name);
  }
  return names;
}

/** A module's exported schemas with their names in PascalCase. */
export function namedSchemas(exports: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] {
  return Object.entries(exports)
    .filter(([name]) => /^[A-Z]/.test(name))
    .flatMap(([name, value]): (readonly [string, unknown])[] => {
      if (isSchema(value)) return [[name, value]];
      if (typeof value !== "object" || value === null || !name.endsWith("s")) return [];
      return Object.entries(value)
        .filter(([, part]) => isSchema(part))
        .map(([part, schema]) => [pascal(`${part}_${name.slice(0, -1)}`), schema]);
    });
}

function isSchema(value: unknown): boolean {
  // Every TypeBox schema carries `~kind`, and nothing else does.
  return typeof value === "object" && value !== null && "~kind" in value;
}
