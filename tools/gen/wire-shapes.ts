/** Source of packages/evidence/src/generated/wire-shapes.ts and people-shapes.ts: checks of every operation's request, and the route table. */
import { CheckSource, STRANGER } from "./check.ts";
import { type Shape, shapeOf } from "./shape.ts";
import { HEADER, literal, pascal, type ShapeNames, shapeFaultImport } from "./source.ts";

/** What the generator needs of an operation; wire.ts gives more. */
export type OperationDefinition = {
  readonly method: string;
  readonly path: string;
  readonly roles: readonly string[];
  readonly summary: string;
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly answer: unknown;
};
export type Operations = Readonly<Record<string, OperationDefinition>>;

/** How an operation's body travels. */
export function bodyKind({ body }: OperationDefinition): "none" | "bytes" | "ndjson" | "json" {
  if (body === undefined) return "none";
  return body === "bytes" || body === "ndjson" ? body : "json";
}

/** How an operation's answer travels. */
export function answerKind({ answer }: OperationDefinition): "bytes" | "text" | "redirect" | "json" {
  return answer === "bytes" || answer === "text" || answer === "redirect" ? answer : "json";
}

/** The table a file is made of, and what its types are called there. */
export type WireTable = {
  readonly file: string;
  readonly operationName: string;
  /** Who is not named by a role. */
  readonly others: readonly string[];
};

const WIRE: WireTable = { file: "wire.ts", operationName: "OperationName", others: ["public"] };

const NO_MEMBERS: Shape = { kind: "object", members: [] };

/** The file's whole source. */
export function wireShapesSource(operations: Operations, names: ShapeNames, table: WireTable = WIRE): string {
  const { file, operationName } = table;
  const oneOf = (values: Iterable<string>) => [...new Set(values)].sort().map(literal).join(" | ");
  const checks = new CheckSource(names);
  const all = Object.entries(operations);
  const part = (which: "params" | "query") =>
    all.map(([name, operation]) => {
      const schema = operation[which];
      const shape = schema === undefined ? NO_MEMBERS : shapeOf(schema);
      return `  ${name}: ${checks.check(shape, schema === undefined ? "no_members" : `${name}_${which}`)},`;
    });
  const params = part("params");
  const query = part("query");
  const json = all.filter(([, operation]) => bodyKind(operation) === "json");
  const bodies = json.map(([name, { body }]) => `  ${name}: ${checks.check(shapeOf(body), pascal(name))},`);
  const routes = all.map(([name, operation]) => {
    const { method, path, roles } = operation;
    const route = { method, path, roles, body: bodyKind(operation), answer: answerKind(operation) };
    return `  ${name}: ${literal(route)},`;
  });
  const source = `import type { RoleName } from "../event.ts";
import type { ${operationName} } from "../${file}";

/** Operations that take a JSON body. */
export type JsonBodyOperation = ${json.map(([name]) => literal(name)).join(" | ")};

/** Where a JSON body is not of its operation's shape; empty when it is. Nothing is coerced. Never throws. */
export function checkBody(operation: JsonBodyOperation, value: unknown): readonly ShapeFault[] {
  return run(bodyChecks[operation], value);
}

/** Where a parsed query is not of its operation's shape. A name given twice is an array, and so refused. */
export function checkQuery(operation: ${operationName}, value: unknown): readonly ShapeFault[] {
  return run(queryChecks[operation], value);
}

/** Where the path's parameters are not of their operation's shape. */
export function checkParams(operation: ${operationName}, value: unknown): readonly ShapeFault[] {
  return run(paramsChecks[operation], value);
}

/** An operation without its schemas: what a client needs to call it. Paths start at \`/v1\`; \`:name\` are parameters. */
export type Route = {
  readonly method: ${oneOf(all.map(([, { method }]) => method))};
  readonly path: string;
  readonly roles: readonly (RoleName | ${oneOf(table.others)})[];
  readonly body: ${oneOf(all.map(([, operation]) => bodyKind(operation)))};
  readonly answer: ${oneOf(all.map(([, operation]) => answerKind(operation)))};
};

/** Every operation's route. The same table as in ${file}, for places that load no schema library. */
export const routes: Readonly<Record<${operationName}, Route>> = {
${routes.join("\n")}
};

type Check = (value: unknown, at: string, faults: ShapeFault[]) => void;

function run(check: Check, value: unknown): readonly ShapeFault[] {
  const faults: ShapeFault[] = [];
  check(value, "", faults);
  return faults;
}

const stranger = ${literal(STRANGER)};

${checks}

const bodyChecks: Readonly<Record<JsonBodyOperation, Check>> = {
${bodies.join("\n")}
};

const queryChecks: Readonly<Record<${operationName}, Check>> = {
${query.join("\n")}
};

const paramsChecks: Readonly<Record<${operationName}, Check>> = {
${params.join("\n")}
};
`;
  return `${HEADER(`packages/evidence/src/${file}`)}
${shapeFaultImport(source)}
${source}`;
}
