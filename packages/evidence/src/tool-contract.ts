/**
 * Tool contracts: what policy sees of a tool's arguments, and what the tool touches. A contract is written by people and
 * reviewed with the policy; nothing an agent or a tool server says of itself can loosen it. Spec: spec/policy.md.
 */
import { canonicalBytes } from "./canonical.ts";
import { assertNever } from "./errors.ts";
import { type Digest, digestOf } from "./hash.ts";
import {
  anyObject,
  anyValue,
  boolean,
  type Deviation,
  either,
  hasMember,
  integer,
  isObject,
  list,
  matchShape,
  object,
  oneOf,
  optional,
  pattern,
  record,
  type TypeOf,
  text,
} from "./json-shape.ts";
import { type ArgumentSource, functionTypes, type ProjectedType, sourceShape } from "./project-functions.ts";
import type { JsonValue } from "./strict-json.ts";

const ToolName = pattern(/^[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,127}$/, "a tool's name of up to 128 characters");
const CapabilityName = pattern(/^(?=.{1,128}$)[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$/, "a dotted lower-case capability");
const DigestText = pattern(/^sha256:[0-9a-f]{64}$/, "sha256: and 64 hex digits");
const PointerName = /^(\/[^/]{1,64}){1,8}$/;

const source = sourceShape({}, object);
const constant = object({ const: text(512) });
const constantOr = either<TypeOf<typeof constant> | ArgumentSource>(
  "a constant or a projection",
  { is: hasMember("const"), shape: constant },
  { is: hasMember("fn"), shape: source },
);

/** `*` may stand first or last in a segment's pattern; letters match in either case. */
const SegmentPattern = pattern(
  /^(?=.*[^*])\*?[^*/]{1,128}\*?$/,
  "a path segment with at most one * at its start or end",
);
const bySegment = object({
  segments: list(object({ segment: SegmentPattern, env: text(64) }), 64, 1),
  otherwise: text(64),
});

const ContractShape = object({
  tool: ToolName,
  /** The Cedar action; one per tool. */
  action: text(128),
  verb: oneOf("read", "write", "delete", "execute"),
  capability: CapabilityName,
  /** The tool's JSON Schema as its server gave it. Its top-level properties are the arguments the contract knows. */
  input_schema: anyObject,
  input_schema_digest: optional(DigestText),
  /** Whether arguments the schema does not name are refused (the default) or pass unseen by policy. */
  other_args: optional(oneOf("refuse", "allow")),
  mcp: optional(object({ server: text(128), tool_digest: DigestText })),
  args_kinds: optional(record(PointerName, oneOf("sql", "shell", "url", "path", "text"), 64)),
  project: list(
    sourceShape(
      {
        to: pattern(/^args\.[a-z][a-z0-9_]{0,62}$/, "args. and a lower-case name"),
        /** Leave the attribute out when the argument is absent. */
        optional: optional(boolean),
        /** Take this instead when the argument is absent. */
        default: optional(anyValue),
      },
      object,
    ),
    64,
  ),
  resource: object({
    system: text(128),
    id: constantOr,
    env: either<TypeOf<typeof constant> | ArgumentSource | TypeOf<typeof bySegment>>(
      "a constant, a projection or a list of segments",
      { is: hasMember("const"), shape: constant },
      { is: hasMember("fn"), shape: source },
      { is: hasMember("segments"), shape: bySegment },
    ),
    version: optional(source),
    /** What else the action touches: strings or arrays of strings, each projected alone. */
    touches: optional(list(source, 8)),
  }),
  cost_cents: optional(source),
  /** Checks after the effect, each by who makes it: the permit's executor, or somebody else. */
  checks: optional(
    list(
      object({ name: pattern(/^[a-z][a-z0-9_.-]{0,63}$/, "a lower-case name"), by: oneOf("executor", "second_party") }),
      8,
      1,
    ),
  ),
  /** Classes of data the tool reads or writes; absent means `internal`. */
  data_classes: optional(list(oneOf("public", "internal", "personal", "secret"), 4, 1)),
  idempotent: optional(boolean),
  reversible: optional(boolean),
  risk_base: optional(
    object({ score: integer(0, 100), tags: list(pattern(/^[a-z][a-z0-9_.-]{0,63}$/, "a lower-case tag"), 16) }),
  ),
});

/** A tool contract, `tools/*.json` of a policy bundle. */
export type ToolContract = TypeOf<typeof ContractShape>;
export type ToolVerb = ToolContract["verb"];
/** One attribute policy will see as `context.args.<name>`. */
export type ProjectEntry = ToolContract["project"][number];

/** The contract a document says, or every deviation. */
export function parseContract(
  document: JsonValue,
):
  | { readonly ok: true; readonly value: ToolContract }
  | { readonly ok: false; readonly deviations: readonly Deviation[] } {
  const matched = matchShape(ContractShape, document);
  if (!matched.ok) return matched;
  const deviations = contractDeviations(matched.value);
  return deviations.length === 0 ? matched : { ok: false, deviations };
}

/** The arguments' top-level names the contract knows; undefined when it lets others pass. */
export function knownArguments(contract: ToolContract): ReadonlySet<string> | undefined {
  if (contract.other_args === "allow") return undefined;
  const { properties } = contract.input_schema;
  return new Set(properties !== undefined && isObject(properties) ? Object.keys(properties) : []);
}

/** An MCP tool as `tools/list` describes it. All of it is the server's word. */
export type McpTool = {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema: { readonly [member: string]: JsonValue };
  readonly annotations?: { readonly [member: string]: JsonValue };
};

/**
 * What a contract pins of an MCP tool: SHA-256 of the canonical JSON of its name, description, input schema and
 * annotations. A server that changes any of them after review offers another tool (`core:tool-contract-changed`).
 */
export function mcpToolDigest(tool: McpTool): Digest {
  return digestOf(
    canonicalBytes({
      ctx: "countersign/v1/mcp-tool",
      name: tool.name,
      description: tool.description ?? null,
      input_schema: tool.inputSchema,
      annotations: tool.annotations ?? null,
    }),
  );
}

/** Whether a constant is of the type a function gives. */
export function fitsType(value: JsonValue, type: ProjectedType): boolean {
  switch (type) {
    case "String":
      return typeof value === "string" && value.length <= 1024;
    case "Long":
      return typeof value === "number" && Number.isSafeInteger(value) && !Object.is(value, -0);
    case "Boolean":
      return typeof value === "boolean";
    case "Set<String>":
      return (
        Array.isArray(value) &&
        value.length <= 64 &&
        value.every((one, i) => typeof one === "string" && one.length <= 256 && (i === 0 || value[i - 1] < one))
      );
    default:
      return assertNever(type);
  }
}

/** What a shape cannot say: the parts of a contract fit each other. */
function contractDeviations(contract: ToolContract): readonly Deviation[] {
  const deviations: Deviation[] = [];
  const note = (pointer: string, problem: string) => deviations.push({ pointer, problem });
  const known = knownArguments(contract);
  const readsKnown = (from: string, pointer: string) => {
    const name = from.split("/")[1]!.replaceAll("~1", "/").replaceAll("~0", "~");
    if (known !== undefined && !known.has(name)) note(pointer, "points at an argument that input_schema does not have");
  };
  const mustBe = (type: ProjectedType, one: ArgumentSource, pointer: string) => {
    if (functionTypes[one.fn] !== type) note(`${pointer}/fn`, `must be a function that gives ${type}`);
    readsKnown(one.from, `${pointer}/from`);
  };

  const { input_schema_digest: digest } = contract;
  if (digest !== undefined && digest !== digestOf(canonicalBytes(contract.input_schema))) {
    note("/input_schema_digest", "is not the SHA-256 of the canonical input_schema");
  }
  const names = new Set<string>();
  contract.project.forEach((entry, i) => {
    const pointer = `/project/${i}`;
    if (names.has(entry.to)) note(`${pointer}/to`, "is projected twice");
    names.add(entry.to);
    readsKnown(entry.from, `${pointer}/from`);
    if (entry.default !== undefined && !fitsType(entry.default, functionTypes[entry.fn])) {
      note(`${pointer}/default`, `must be a ${functionTypes[entry.fn]}, a set sorted and without repeats`);
    }
    if (entry.default !== undefined && entry.optional !== undefined) note(pointer, "has both a default and optional");
    if (entry.fn === "has" && (entry.default !== undefined || entry.optional === true)) {
      note(pointer, "needs neither default nor optional: has always gives a value");
    }
  });
  const { id, env, version, touches } = contract.resource;
  if ("fn" in id) mustBe("String", id, "/resource/id");
  if ("fn" in env) mustBe("String", env, "/resource/env");
  if (version !== undefined) mustBe("String", version, "/resource/version");
  touches?.forEach((one, i) => {
    mustBe("String", one, `/resource/touches/${i}`);
  });
  if (contract.cost_cents !== undefined) mustBe("Long", contract.cost_cents, "/cost_cents");
  return deviations;
}
