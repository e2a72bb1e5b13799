/** Every generated file of the repository, by path, with its content. */
import * as event from "@countersign/evidence/event";
import { eventShapesSource } from "./event-shapes.ts";
import { schemaNames } from "./schema-names.ts";

/** Path from the repository's root → content. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const names = schemaNames(event);
  return new Map([
    ["packages/evidence/src/generated/event-shapes.ts", eventShapesSource(Object.values(event.kinds), names)],
  ]);
}

/** Folders in which every file is generated. */
export const generatedFolders = ["packages/evidence/src/generated", "spec/schema"] as const;
