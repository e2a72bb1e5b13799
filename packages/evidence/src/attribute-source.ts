/**
 * Whose word an attribute is, by the schema's `@source` annotations and, where it has none, by what the gate knows: the
 * arguments and whom a run is for are the agent's own word, the rest is not. Spec: spec/policy.md, "Lint".
 */
import { own } from "./own.ts";
import { type PolicyFinding, policyFinding } from "./policy-finding.ts";
import type { PolicyIndex, ToolSlice } from "./policy-index.ts";

/** `server`: the gate, or a tool that does what the argument says and nothing else. */
export const attributeSources = ["agent", "server", "scanner", "ledger", "idp"] as const;
export type AttributeSource = (typeof attributeSources)[number];

/** What stands in a schema's JSON where a type does. */
type TypeJson = {
  readonly type?: string;
  readonly attributes?: Readonly<Record<string, AttributeJson>>;
  readonly annotations?: Readonly<Record<string, string | null>>;
};
type AttributeJson = TypeJson;

/** Whose word the attribute of this path is for one tool; undefined when the tool has no such attribute. */
export function sourceOf(slice: ToolSlice, path: string): AttributeSource | undefined {
  const schema = schemaOf(slice);
  const [variable = "", ...names] = path.split(".");
  let type = rootType(schema, slice.action, variable);
  if (type === undefined) return undefined;
  let source = annotated(type) ?? annotated(named(schema, type));
  for (const name of names) {
    const attribute: AttributeJson | undefined = member(attributesOf(schema, type), name);
    if (attribute === undefined) return undefined;
    type = attribute;
    source = annotated(attribute) ?? annotated(named(schema, attribute)) ?? source;
  }
  return source ?? knownSource(path);
}

/** Annotations of the schema the gate does not know, or that name no source. */
export function annotationFindings(policy: PolicyIndex): readonly PolicyFinding[] {
  const found = new Map<string, PolicyFinding>();
  const look = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [name, child] of Object.entries(node)) {
      if (name === "annotations") for (const finding of notesFindings(child)) found.set(finding.detail, finding);
      else look(child);
    }
  };
  for (const slice of policy.slices.values()) look(schemaOf(slice));
  return [...found.values()];
}

const KNOWN: readonly string[] = ["source", "doc"];

function notesFindings(notes: unknown): readonly PolicyFinding[] {
  if (typeof notes !== "object" || notes === null) return [];
  return Object.entries(notes).flatMap(([name, value]) => {
    const at = { path: "schema.cedarschema" };
    if (!KNOWN.includes(name))
      return [policyFinding("annotation-unknown", `@${name}: a schema's are @source and @doc`, at)];
    if (name === "source" && !attributeSources.some((one) => one === value))
      return [
        policyFinding("annotation-malformed", `@source("${value}") is none of ${attributeSources.join(", ")}`, at),
      ];
    return [];
  });
}

/** The gate's own knowledge. An argument follows from what the agent sent; whether the tool heeds it is another matter. */
function knownSource(path: string): AttributeSource {
  const ofAgent = ["context.args", "context.cost_cents", "context.run.on_behalf_of"];
  if (ofAgent.some((one) => path === one || path.startsWith(`${one}.`))) return "agent";
  if (path.startsWith("context.history")) return "ledger";
  if (path.startsWith("context.risk")) return "scanner";
  return path === "principal.team" ? "idp" : "server";
}

type SchemaJson = {
  readonly commonTypes?: Readonly<Record<string, TypeJson>>;
  readonly entityTypes?: Readonly<Record<string, { readonly shape?: TypeJson } & TypeJson>>;
  readonly actions?: Readonly<Record<string, { readonly appliesTo?: { readonly context?: TypeJson } }>>;
};

function schemaOf(slice: ToolSlice): SchemaJson {
  // A part of what the engine gave out for a schema without namespaces; its types are as above.
  return (slice.content().schema as unknown as { readonly "": SchemaJson })[""];
}

function rootType(schema: SchemaJson, action: string, variable: string): TypeJson | undefined {
  switch (variable) {
    case "context":
      return member(schema.actions, action)?.appliesTo?.context;
    case "principal":
      return member(schema.entityTypes, "Agent")?.shape;
    case "resource":
      return member(schema.entityTypes, "Target")?.shape;
    default:
      return {}; // `action` has no attributes
  }
}

function attributesOf(schema: SchemaJson, type: TypeJson): Readonly<Record<string, AttributeJson>> | undefined {
  const record = type.attributes === undefined ? named(schema, type) : type;
  const { attributes } = record ?? {};
  return attributes;
}

/** The declaration a type names, when it names one of the schema's own. */
function named(schema: SchemaJson, type: TypeJson): TypeJson | undefined {
  return type.type === undefined ? undefined : member(schema.commonTypes, type.type);
}

function annotated(type: TypeJson | undefined): AttributeSource | undefined {
  const said = type?.annotations?.source;
  return attributeSources.find((one) => one === said);
}

function member<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record === undefined ? undefined : own(record, name);
}
