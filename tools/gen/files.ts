/** Every generated file of the repository, by path, with its content. */
import { readFileSync } from "node:fs";
import { errors } from "@countersign/evidence/errors";
import * as event from "@countersign/evidence/event";
import { faults } from "@countersign/evidence/fault";
import * as people from "@countersign/evidence/people-schema";
import { ReportSchema } from "@countersign/evidence/report-schema";
import * as wire from "@countersign/evidence/wire";
import { settings } from "../../packages/server/src/base/config.ts";
import { configDoc } from "./config-doc.ts";
import { docComments } from "./doc-comments.ts";
import { errorsDoc, faultsDoc } from "./errors-doc.ts";
import { eventShapesSource } from "./event-shapes.ts";
import { openapi } from "./openapi.ts";
import { formatJson, reportSchemaFile, schemaFiles } from "./schema-json.ts";
import { schemaNames } from "./schema-names.ts";
import { type WireTable, wireShapesSource } from "./wire-shapes.ts";

/** Folders in which every file is generated. */
export const generatedFolders = [
  "packages/evidence/src/generated",
  "packages/server/src/generated",
  "spec/schema",
] as const;

const PEOPLE: WireTable = {
  file: "people-schema.ts",
  operationName: "PeopleOperationName",
  others: ["person", "public"],
};

/** Path from the repository's root → content. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const kinds = Object.values(event.kinds);
  const eventComments = docComments(read("../../packages/evidence/src/event.ts"));
  const wireComments = docComments(read("../../packages/evidence/src/wire.ts"));
  const peopleComments = docComments(read("../../packages/evidence/src/people-schema.ts"));
  const names = schemaNames(event);
  const limits: Readonly<Record<string, number | undefined>> = wire.bodyLimits;
  const description = openapi({
    operations: wire.operations,
    pageOperations: people.peopleOperations,
    errors,
    version: (JSON.parse(read("../../packages/server/package.json")) as { version: string }).version,
    modules: [wire, people, event],
    comments: new Map([...eventComments, ...wireComments, ...peopleComments]),
    bodyLimitBytes: (operation) =>
      Object.hasOwn(people.peopleOperations, operation)
        ? people.PEOPLE_BODY_LIMIT_BYTES
        : (limits[operation] ?? wire.DEFAULT_BODY_LIMIT_BYTES),
  });
  return new Map([
    ["packages/evidence/src/generated/event-shapes.ts", eventShapesSource(kinds, names)],
    ["packages/evidence/src/generated/wire-shapes.ts", wireShapesSource(wire.operations, names)],
    ["packages/evidence/src/generated/people-shapes.ts", wireShapesSource(people.peopleOperations, names, PEOPLE)],
    ...schemaFiles(kinds, event, eventComments),
    reportSchemaFile(ReportSchema),
    ["spec/openapi.json", formatJson(description)],
    ["packages/server/src/generated/openapi.ts", openapiSource(description)],
    ["docs/operating/configuration.md", configDoc(settings)],
    ["docs/reference/errors.md", errorsDoc(errors)],
    ["docs/reference/faults.md", faultsDoc(faults)],
  ]);
}

/** The same description for the server to serve: a published package does not hold spec/. */
function openapiSource(description: unknown): string {
  return `// Made by tools/gen.ts from packages/evidence/src/wire.ts. Do not edit: change that file and run \`npm run gen\`.

/** spec/openapi.json, without white space. */
export const openApiText: string = ${JSON.stringify(JSON.stringify(description))};
`;
}

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), "utf8");
}
