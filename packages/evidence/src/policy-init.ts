/**
 * A first policy bundle for an MCP server nobody has written one for: what looks like reading is allowed, everything else
 * waits for a person. It is a draft to be read and published by people; what the server says of its own tools is used
 * for it only where the draft says so. Spec: spec/policy.md, "Drafts".
 */
import type { BundleHeader } from "./bundle-shapes.ts";
import { MAX_FILE_BYTES } from "./bundle-shapes.ts";
import { utf8 } from "./hash.ts";
import { isObject } from "./json-shape.ts";
import { type FunctionName, functionTypes, type ProjectedType } from "./project-functions.ts";
import { type JsonValue, parseStrict } from "./strict-json.ts";
import { type McpTool, mcpToolDigest, parseContract, type ToolVerb } from "./tool-contract.ts";

/** More would not fit a bundle's files. Tools left out have no contract and are denied. */
const MAX_TOOLS = 200;

/**
 * Files of a draft bundle by path, without a manifest: it loads, validates and passes its own tests.
 *
 * @param server name of the server, as it calls itself or as its users call it
 */
export function draftBundle(tools: readonly McpTool[], server: string): ReadonlyMap<string, string> {
  const name = slug(server);
  const drafts: ToolDraft[] = [];
  const leftOut: { readonly tool: string; readonly why: string }[] = [];
  for (const tool of tools) {
    const draft =
      drafts.length < MAX_TOOLS ? draftTool(tool, name, drafts) : "there are more tools than a bundle has files";
    if (typeof draft === "string") leftOut.push({ tool: printable(tool.name), why: draft });
    else drafts.push(draft);
  }
  const header: BundleHeader = { name: `${name.replaceAll("_", "-")}-draft`, version: "0.1.0" };
  const files = new Map<string, string>([
    ["bundle.json", jsonText(header)],
    ["CHANGES.md", changesText(drafts, leftOut, printable(server))],
    ["schema.cedarschema", schemaText(drafts)],
    ["policies/main.cedar", rulesText(drafts)],
    ["catalog/reasons.json", jsonText(reasons)],
    ["catalog/roles.json", jsonText({ reviewer: { title: "Whoever answers for what agents do with these tools" } })],
  ]);
  const used = new Set<string>();
  const tests: unknown[] = [];
  for (const draft of drafts) {
    files.set(`tools/${unused(slug(draft.tool).slice(0, 60), used)}.json`, draft.contractText);
    tests.push(...testsOf(draft));
  }
  if (tests.length > 0) files.set("tests/draft.json", jsonText(tests.slice(0, 512)));
  return files;
}

type Property = {
  readonly attribute: string;
  readonly pointer: string;
  readonly fn: FunctionName;
  readonly parameters: { readonly max?: number; readonly values?: readonly string[] };
  readonly required: boolean;
  readonly sample: JsonValue;
  /** Top-level name of the argument. */
  readonly name: string;
};

type ToolDraft = {
  readonly tool: string;
  readonly verb: ToolVerb;
  readonly because: string;
  readonly properties: readonly Property[];
  readonly strict: boolean;
  readonly contractText: string;
};

/** The draft of one tool, or why there is none. */
function draftTool(tool: McpTool, server: string, before: readonly ToolDraft[]): ToolDraft | string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,127}$/.test(tool.name)) return "its name is not one events can hold";
  if (before.some((one) => one.tool === tool.name)) return "it has the name of another tool";
  try {
    parseStrict(utf8(JSON.stringify(tool)), "payload"); // lone surrogates, or nesting nobody means
  } catch {
    return "its description is not JSON that everybody reads alike";
  }
  const { verb, because } = guessVerb(tool);
  const all = propertiesOf(tool);
  const properties = all.slice(0, 64);
  const { additionalProperties } = tool.inputSchema;
  const open = additionalProperties === true || (additionalProperties !== undefined && isObject(additionalProperties));
  const strict = verb === "read" || !open;
  const id = identityOf(properties);
  const tags = riskTags(tool, verb);
  const contract = {
    tool: tool.name,
    action: actionOf(tool.name),
    verb,
    capability: `${server}.${verb}`,
    input_schema: tool.inputSchema,
    ...(strict ? {} : { other_args: "allow" }),
    mcp: { server, tool_digest: mcpToolDigest(tool) },
    project: properties.map(({ attribute, pointer, fn, parameters, required }) => ({
      to: `args.${attribute}`,
      fn,
      from: pointer,
      ...parameters,
      ...(required || fn === "has" ? {} : { optional: true }),
    })),
    resource: {
      system: `mcp:${server}`,
      id: id === undefined ? { const: tool.name } : { fn: "string", from: id.pointer, max: 512 },
      env: { const: "default" },
    },
    ...(tags.length === 0 ? {} : { risk_base: { score: 30, tags } }),
  };
  const contractText = jsonText(contract);
  if (utf8(contractText).length > MAX_FILE_BYTES) return "its input schema is too large";
  if (!parseContract(contract as JsonValue).ok) return "no contract can be made of its input schema"; // made of JSON above
  return { tool: tool.name, verb, because, properties, strict, contractText };
}

// ── Guesses ────────────────────────────────────────────────────────────────────────────────────────────────────────

const READS = new Set([
  "get",
  "list",
  "read",
  "search",
  "find",
  "describe",
  "show",
  "count",
  "lookup",
  "view",
  "info",
  "stat",
  "status",
  "tree",
  "diff",
  "log",
  "blame",
]);
const DELETES = new Set([
  "delete",
  "remove",
  "drop",
  "destroy",
  "purge",
  "erase",
  "unlink",
  "rm",
  "truncate",
  "wipe",
  "clear",
  "revoke",
  "uninstall",
  "move",
  "rename",
]);
const EXECUTES = new Set([
  "run",
  "exec",
  "execute",
  "eval",
  "evaluate",
  "shell",
  "bash",
  "command",
  "invoke",
  "spawn",
  "script",
  "call",
]);
const WRITES = new Set([
  "write",
  "create",
  "update",
  "edit",
  "set",
  "put",
  "post",
  "patch",
  "add",
  "insert",
  "append",
  "upload",
  "send",
  "publish",
  "deploy",
  "merge",
  "push",
  "commit",
  "apply",
  "start",
  "stop",
  "restart",
  "enable",
  "disable",
  "grant",
  "approve",
  "pay",
  "transfer",
  "save",
  "replace",
  "modify",
  "change",
  "reset",
  "restore",
]);

/** The verb by the tool's name; its own hints count only against it, or for it where its name says nothing else. */
function guessVerb(tool: McpTool): { readonly verb: ToolVerb; readonly because: string } {
  const words = wordsOf(tool.name);
  const word = (set: ReadonlySet<string>) => words.find((one) => set.has(one));
  const { readOnlyHint, destructiveHint } = tool.annotations ?? {};
  const deletes = word(DELETES);
  if (deletes !== undefined) return { verb: "delete", because: `its name says "${deletes}"` };
  const executes = word(EXECUTES);
  if (executes !== undefined) return { verb: "execute", because: `its name says "${executes}"` };
  const writes = word(WRITES);
  if (writes !== undefined) return { verb: "write", because: `its name says "${writes}"` };
  if (destructiveHint === true || readOnlyHint === false)
    return { verb: "write", because: "the server says that it is not read-only" };
  const reads = words[0] !== undefined && READS.has(words[0]) ? words[0] : undefined;
  if (reads !== undefined) return { verb: "read", because: `its name starts with "${reads}"` };
  if (readOnlyHint === true)
    return { verb: "read", because: "THE SERVER ITSELF SAYS that it only reads (readOnlyHint): nobody has checked" };
  return { verb: "write", because: "nothing tells what it does" };
}

function riskTags(tool: McpTool, verb: ToolVerb): readonly string[] {
  const { destructiveHint, openWorldHint } = tool.annotations ?? {};
  const destructive = verb === "delete" || (verb !== "read" && destructiveHint === true);
  return [...(destructive ? ["destructive"] : []), ...(openWorldHint === true ? ["open_world"] : [])];
}

/** Words of a name in snake, kebab or camel case, lower case. */
function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
}

/** Arguments that hold contents: only how much there is of them is projected. */
const CONTENTS = new Set([
  "content",
  "contents",
  "text",
  "body",
  "data",
  "code",
  "script",
  "query",
  "sql",
  "message",
  "description",
  "prompt",
  "input",
  "patch",
  "diff",
  "html",
  "markdown",
  "comment",
]);
/** Arguments that name what is touched, the likeliest first. */
const IDENTITIES = [
  "path",
  "file_path",
  "filepath",
  "file",
  "filename",
  "uri",
  "url",
  "id",
  "repo",
  "repository",
  "name",
  "key",
  "bucket",
  "table",
  "database",
  "channel",
  "project",
  "destination",
  "target",
  "to",
  "owner",
];

function identityOf(properties: readonly Property[]): Property | undefined {
  const named = (name: string) =>
    properties.find((one) => one.attribute === name && one.required && one.fn === "string");
  return IDENTITIES.map(named).find((one) => one !== undefined);
}

function propertiesOf(tool: McpTool): readonly Property[] {
  const { properties, required } = tool.inputSchema;
  if (properties === undefined || !isObject(properties)) return [];
  const needed = new Set(Array.isArray(required) ? required : []);
  const used = new Set<string>();
  const result: Property[] = [];
  // Required ones first, should there be more than a contract takes.
  const names = Object.keys(properties).sort((a, b) => Number(needed.has(b)) - Number(needed.has(a)));
  for (const name of names) {
    const token = name.replaceAll("~", "~0").replaceAll("/", "~1");
    if (token === "" || token.length > 64) continue;
    const guess = guessFunction(name, properties[name]!);
    const isNeeded = needed.has(name);
    if (guess.fn === "has" && isNeeded) continue; // always true
    const base = `${guess.fn === "has" ? "has_" : ""}${slug(name).slice(0, 40)}${guess.suffix ?? ""}`;
    result.push({ attribute: unused(base, used), pointer: `/${token}`, required: isNeeded, name, ...guess });
  }
  return result;
}

type Guess = Pick<Property, "fn" | "parameters" | "sample"> & { readonly suffix?: string };

function guessFunction(name: string, schema: JsonValue): Guess {
  const has: Guess = { fn: "has", parameters: {}, sample: 1 };
  if (!isObject(schema)) return has;
  const types = (Array.isArray(schema.type) ? schema.type : [schema.type]).filter((type) => type !== "null");
  if (types.length !== 1) return has;
  switch (types[0]) {
    case "boolean":
      return { fn: "bool", parameters: {}, sample: true };
    case "integer":
      return { fn: "int", parameters: {}, sample: 1 };
    case "array":
      return { fn: "count", parameters: {}, sample: [], suffix: "_count" };
    case "object":
      return { fn: "count", parameters: {}, sample: {}, suffix: "_count" };
    case "string":
      return guessText(name, schema);
    default:
      // Among them numbers that may be fractions: whether they are amounts, shares or degrees is for people to say.
      return has;
  }
}

function guessText(name: string, schema: { readonly [member: string]: JsonValue }): Guess {
  const values = Array.isArray(schema.enum)
    ? schema.enum.filter((one) => typeof one === "string" && one !== "" && one.length <= 128)
    : [];
  if (values.length > 0 && values.length <= 64 && values.length === (schema.enum as readonly JsonValue[]).length) {
    return { fn: "enum", parameters: { values: values as readonly string[] }, sample: values[0] as string }; // filtered to strings
  }
  const max = typeof schema.maxLength === "number" && schema.maxLength >= 1 ? Math.floor(schema.maxLength) : undefined;
  if (wordsOf(name).some((word) => CONTENTS.has(word)) || (max !== undefined && max > 1024)) {
    return { fn: "bytes", parameters: {}, sample: "text", suffix: "_bytes" };
  }
  return { fn: "string", parameters: { max: max ?? 512 }, sample: "x" };
}

// ── Texts ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const reasons = {
  READING: { class: "allow", title: "A tool that only reads" },
  CHANGE_WITH_APPROVAL: { class: "allow", title: "A change, once it is approved" },
  CHANGE: {
    class: "require_approval",
    title: "A tool that changes something, or may",
    remediation: "Wait for the approval.",
  },
  CHANGE_REVIEWED: { class: "approve", title: "The change was reviewed" },
  PLANNED_CHANGE: { class: "approve", title: "It is part of a planned change" },
  OUT_OF_SCOPE: { class: "reject", title: "It is not part of the task" },
  INSUFFICIENT_EVIDENCE: { class: "reject", title: "There is too little to judge it by" },
  RISK_TOO_HIGH: { class: "reject", title: "The risk is too high" },
  SUSPECTED_INJECTION: { class: "reject", title: "Somebody else seems to have put it in the agent's mouth" },
};

const VERBS = ["read", "write", "delete", "execute"] as const;
const CHANGES = VERBS.filter((verb) => verb !== "read");

/** The Cedar action of a tool: its name, unless that is the name of a verb's group. */
function actionOf(tool: string): string {
  return VERBS.some((verb) => verb === tool) || tool.startsWith("tool:") ? `tool:${tool}` : tool;
}

/** Cedar's words, which only quotes make into names. */
const RESERVED = new Set(["true", "false", "if", "then", "else", "in", "is", "like", "has"]);
const cedarTypes: Record<ProjectedType, string> = {
  String: "String",
  Long: "Long",
  Boolean: "Bool",
  "Set<String>": "Set<String>",
};

function schemaText(drafts: readonly ToolDraft[]): string {
  const actions = drafts.map(({ tool, verb, properties }) => {
    const args = properties.map(({ attribute, fn, required }) => {
      const name = RESERVED.has(attribute) ? JSON.stringify(attribute) : attribute;
      return `${name}${required || fn === "has" ? "" : "?"}: ${cedarTypes[functionTypes[fn]]}`;
    });
    return `action ${JSON.stringify(actionOf(tool))} in ["${verb}"] appliesTo { principal: [Agent], resource: [Target], context: {
  tenant: String, capability: String, run: Run, cost_cents: Long, risk: Risk, history: History, time: Time,
  args: { ${args.join(", ")} },
} };`;
  });
  return `// The part that is the same in every bundle: what the gate tells about agent, target, run and time.
entity Agent = { agent: String, owner: String, team: String };
entity Target = { system: String, id: String, env: String, version: String, touches: Set<String> };
type Run = { id: String, capabilities: Set<String>, on_behalf_of: String };
type Risk = { tags: Set<String>, score: Long };
type History = { actions: Long, cents: Long, bytes: Long, in_flight: Long };
type Time = { epoch: Long, hour_utc: Long, dow: Long };

${VERBS.map((verb) => `action "${verb}";`).join("\n")}

${actions.join("\n")}
`;
}

function rulesText(drafts: readonly ToolDraft[]): string {
  const changing = CHANGES.filter((verb) => drafts.some((draft) => draft.verb === verb)).map(
    (verb) => `Action::"${verb}"`,
  );
  const reading = drafts.filter(({ verb }) => verb === "read");
  const parts = [
    "// A draft. What looks like reading is allowed, everything else waits for a person, and a tool without a contract is\n// denied. Why each tool counts as what it does stands in CHANGES.md; move it in tools/ and in the schema if that is wrong.",
  ];
  if (reading.length > 0) {
    parts.push(`// ${reading.length} of ${drafts.length} tools, by their names or by the server's own word: look them through.
@id("allow-read")
@decision("allow")
@reason("READING")
permit (principal is Agent, action in Action::"read", resource is Target);`);
  }
  if (changing.length > 0) {
    const scope = `action in [${changing.join(", ")}]`;
    parts.push(`// Together with the gate below: allowed, once approved.
@id("allow-change")
@decision("allow")
@reason("CHANGE_WITH_APPROVAL")
permit (principal is Agent, ${scope}, resource is Target);`);
    parts.push(`@id("approval-change")
@decision("require_approval")
@reason("CHANGE")
@severity("medium")
@approvers("role:reviewer")
@quorum("1")
@ttl("PT30M")
forbid (principal, ${scope}, resource is Target);`);
  }
  return `${parts.join("\n\n")}\n`;
}

function changesText(
  drafts: readonly ToolDraft[],
  leftOut: readonly { readonly tool: string; readonly why: string }[],
  server: string,
): string {
  const lines = drafts.map(({ tool, verb, because }) => `| ${tool} | ${verb} | ${because} |`);
  const out = leftOut.map(({ tool, why }) => `- \`${tool}\`: ${why}`);
  return `# 0.1.0 (draft)

Drafted from what the MCP server ${server} says of its tools. Read every line before publishing: names and hints are the
server's own, and a contract that takes too little of the arguments lets a rule see too little.

| tool | counts as | because |
|---|---|---|
${lines.join("\n")}

What to do next: give paths \`path_norm\` with the server's root, amounts \`cents\`, and targets an environment; name who
approves in catalog/roles.json; write a test for what must never happen.
${out.length === 0 ? "" : `\nLeft out, and so denied:\n\n${out.join("\n")}\n`}`;
}

function testsOf(draft: ToolDraft): readonly unknown[] {
  const args = Object.fromEntries(
    draft.properties.filter(({ required }) => required).map(({ name, sample }) => [name, sample]),
  );
  const expect =
    draft.verb === "read"
      ? { decision: "ALLOW", matched_rules: ["allow-read"] }
      : { decision: "REQUIRE_APPROVAL", matched_rules: ["approval-change"] };
  const unforeseen = {
    name: `${draft.tool}: an argument nobody foresaw is refused`,
    request: { tool: draft.tool, args: { ...args, "not in the contract": 1 } },
    expect: { decision: "DENY", matched_rules: ["core:projection-failed"] },
  };
  const usual = { name: `${draft.tool} counts as ${draft.verb}`, request: { tool: draft.tool, args }, expect };
  return draft.strict ? [usual, unforeseen] : [usual];
}

/** Pretty JSON in which every character shows: what does not is escaped, as no file of a bundle may hide anything. */
function jsonText(value: unknown): string {
  const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const unit = (char: string) => (char.length === 1 ? escaped(char) : escaped(char[0]!) + escaped(char[1]!));
  return `${JSON.stringify(value, null, 2).replaceAll(/[\p{Cf}\p{Zl}\p{Zp}\p{Co}]|[^\P{Cc}\n]/gu, unit)}\n`;
}

/** A name in the characters of capabilities and attributes: lower case, digits and `_`, a letter first. */
function slug(name: string): string {
  const words = wordsOf(name).join("_").slice(0, 60);
  if (words === "") return "mcp";
  return /^[a-z]/.test(words) ? words : `x_${words}`;
}

function unused(name: string, used: Set<string>): string {
  let free = name;
  for (let n = 2; used.has(free); n++) free = `${name}_${n}`;
  used.add(free);
  return free;
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]|[`|<>\\]/g, "?").slice(0, 128);
}
