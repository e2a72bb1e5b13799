/** spec/openapi.json: the HTTP operations as OpenAPI 3.1, whose schemas are JSON Schema 2020-12. */
import { anchorOf } from "./errors-doc.ts";
import { plain, withRefs } from "./schema-json.ts";
import { namedSchemas } from "./schema-names.ts";
import { shapeKey, shapeOf } from "./shape.ts";
import { answerKind, bodyKind, type OperationDefinition, type Operations } from "./wire-shapes.ts";

type Json = { readonly [keyword: string]: unknown };
type Errors = Readonly<Record<string, readonly [status: number, title: string, remedy: string]>>;

/** What the document is made of. */
export type OpenapiParts = {
  readonly operations: Operations;
  /** Operations that only pages of the server itself may call. */
  readonly pageOperations: Operations;
  readonly errors: Errors;
  readonly version: string;
  /** Exports of the modules whose schemas become components; earlier modules give the name. */
  readonly modules: readonly Readonly<Record<string, unknown>>[];
  readonly comments: ReadonlyMap<string, string>;
  readonly bodyLimitBytes: (operation: string) => number;
};

/** The OpenAPI document. */
export function openapi(parts: OpenapiParts): Json {
  const { operations, errors, version } = parts;
  const components = new Components(parts);
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, operation] of Object.entries({ ...operations, ...parts.pageOperations })) {
    const path = operation.path.replace(/:([A-Za-z_]+)/g, "{$1}").replace("*", "{path}");
    paths[path] ??= {};
    paths[path][operation.method.toLowerCase()] = describeOperation(name, operation, components, parts);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Countersign",
      version,
      summary: "Gates what AI agents do and keeps evidence that an outsider can check offline.",
      description:
        "Tenant and identity come from the credential and never from a request. Members that are not described here are " +
        "refused; nothing is coerced. Lengths of strings count UTF-16 code units.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/v1" }],
    security: [{ key: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "An API key: countersign credential create." },
        session: {
          type: "apiKey",
          in: "cookie",
          name: "__Host-countersign",
          description:
            "A session of a person; writes take its second cookie and this server's own page (docs/operating/sign-in.md).",
        },
      },
      parameters: { IdempotencyKey: IDEMPOTENCY_KEY, Page: PAGE },
      responses: {
        Problem: {
          description: "Refused; the code says why (docs/reference/errors.md).",
          content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      },
      schemas: { ...components.schemas(), Problem: problemSchema(errors) },
    },
  };
}

const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header",
  required: true,
  description: "Fresh for each write, repeated when it is retried: the same key and bytes are carried out once.",
  schema: { type: "string", minLength: 1, maxLength: 128, pattern: "^[!-~]+$" },
};

const PAGE = {
  name: "Countersign-Page",
  in: "header",
  required: true,
  description: "Sent by the server's own pages: no form and no script of another site can.",
  schema: { const: "1" },
};

/** Schemas that have a name, referred to wherever they occur. */
class Components {
  readonly #names: ReadonlyMap<string, string>;
  readonly #schemas: readonly (readonly [string, unknown])[];
  readonly #comments: ReadonlyMap<string, string>;

  constructor({ modules, comments }: OpenapiParts) {
    const all = modules.flatMap(namedSchemas);
    const names = new Map<string, string>();
    for (const [name, schema] of all) {
      const key = shapeKey(shapeOf(schema));
      if (!names.has(key)) names.set(key, name);
    }
    this.#names = names;
    this.#comments = comments;
    this.#schemas = all.filter(([name, schema]) => names.get(shapeKey(shapeOf(schema))) === name);
  }

  refer(schema: unknown): Json {
    return withRefs(plain(schema), this.#names, "#/components/schemas/");
  }

  schemas(): Json {
    const others = (name: string) => new Map([...this.#names].filter(([, other]) => other !== name));
    const described = this.#schemas.map(([name, schema]) => {
      const description = this.#comments.get(name);
      const inner = withRefs(plain(schema), others(name), "#/components/schemas/");
      return [name, description === undefined ? inner : { description, ...inner }];
    });
    return Object.fromEntries(described) as Json;
  }
}

function describeOperation(
  name: string,
  operation: OperationDefinition,
  components: Components,
  { bodyLimitBytes, pageOperations }: OpenapiParts,
): Json {
  const { method, roles, summary } = operation;
  const isPublic = roles.includes("public");
  const ofPage = Object.hasOwn(pageOperations, name);
  const anybody = roles.includes("person") ? "Anybody signed in." : `Roles: ${roles.join(", ")}.`;
  const who = isPublic ? "Needs no credential." : anybody;
  const body = requestBody(operation, components);
  const limit = body === undefined ? "" : ` The body has at most ${bodyLimitBytes(name).toLocaleString("en")} bytes.`;
  const parameters = [
    ...parametersOf(operation.params, "path", components),
    ...parametersOf(operation.query, "query", components),
    ...(method === "GET" ? [] : [{ $ref: `#/components/parameters/${ofPage ? "Page" : "IdempotencyKey"}` }]),
  ];
  return {
    operationId: name,
    summary,
    description: `${who}${limit}`,
    "x-roles": roles,
    ...(isPublic ? { security: [] } : ofPage ? { security: [{ session: [] }] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: body } }),
    responses: {
      ...(answerKind(operation) === "redirect"
        ? { "303": { description: "Where to go on." } }
        : { "200": { description: "Done.", content: answer(operation, components) } }),
      default: { $ref: "#/components/responses/Problem" },
    },
  };
}

function parametersOf(schema: unknown, place: "path" | "query", components: Components): readonly Json[] {
  if (schema === undefined) return [];
  const { properties, required } = plain(schema) as { properties: Json; required?: readonly string[] };
  return Object.entries(properties).map(([name, part]) => ({
    name: name === "*" ? "path" : name,
    in: place,
    required: required?.includes(name) ?? false,
    schema: components.refer(part),
  }));
}

function requestBody(operation: OperationDefinition, components: Components): Json | undefined {
  switch (bodyKind(operation)) {
    case "none":
      return undefined;
    case "bytes":
      return { "*/*": { schema: {} } };
    case "ndjson":
      return { "application/x-ndjson": { schema: { type: "string" } } };
    case "json":
      return { "application/json": { schema: components.refer(operation.body) } };
  }
}

function answer(operation: OperationDefinition, components: Components): Json {
  switch (answerKind(operation)) {
    case "bytes":
      return { "application/octet-stream": { schema: {} } };
    case "text":
      return { "text/plain": { schema: { type: "string" } } };
    case "redirect":
      return {};
    case "json":
      return { "application/json": { schema: components.refer(operation.answer) } };
  }
}

function problemSchema(errors: Errors): Json {
  const codes = Object.keys(errors);
  return {
    description: "A problem document (RFC 9457).",
    type: "object",
    required: ["type", "title", "status", "code", "remedy"],
    properties: {
      type: {
        type: "string",
        description: "Where the code is explained.",
        examples: codes.slice(0, 1).map((code) => `/docs/errors#${anchorOf(code)}`),
      },
      title: { type: "string", description: "What happened." },
      status: { type: "integer", enum: [...new Set(Object.values(errors).map(([status]) => status))].sort() },
      code: { enum: codes },
      detail: { type: "string", description: "What was found." },
      pointer: { type: "string", description: "JSON pointer of the member that was refused." },
      remedy: { type: "string", description: "What to do next." },
    },
  };
}
