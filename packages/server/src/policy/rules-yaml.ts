/**
 * rules.yaml: the short form of rules, read as YAML 1.2 without what makes YAML dangerous or surprising. No aliases, tags,
 * merges or second documents, no key twice; what is left is JSON with less punctuation. The text is a stranger's, so this
 * runs where a bundle is checked, in a thread that is thrown away.
 */
import type { Deviation } from "@countersign/evidence/json-shape";
import type { Bundle } from "@countersign/evidence/policy";
import { type FindingCode, type PolicyFinding, policyFinding } from "@countersign/evidence/policy-finding";
import { compileSugar, GENERATED_PATH, parseSugar, SUGAR_PATH } from "@countersign/evidence/rule-sugar";
import type { JsonValue } from "@countersign/evidence/strict-json";
import { type Document, isAlias, isNode, LineCounter, parseDocument, visit } from "yaml";

export type Compiled =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly findings: readonly PolicyFinding[] };

/** The Cedar text a rules.yaml compiles to, or every finding with its line. Never throws. */
export function compileRulesYaml(text: string): Compiled {
  const lines = new LineCounter();
  const read = readYaml(text, lines);
  if ("problem" in read) return { ok: false, findings: [malformed(read.problem, read.line)] };
  const parsed = parseSugar(read.value);
  if (parsed.ok) return { ok: true, text: compileSugar(parsed.rules) };
  return { ok: false, findings: parsed.deviations.map((one) => deviationFinding(one, read.document, lines)) };
}

/** Whether a bundle's generated rules are what its rules.yaml compiles to. */
export function generatedFindings(bundle: Pick<Bundle, "files">): readonly PolicyFinding[] {
  const decoder = new TextDecoder();
  const [sugar, generated] = [bundle.files.get(SUGAR_PATH), bundle.files.get(GENERATED_PATH)];
  const differs = (detail: string) => [
    policyFinding("generated-differs" satisfies FindingCode, detail, { path: GENERATED_PATH }),
  ];
  if (sugar === undefined) return generated === undefined ? [] : differs(`there is no ${SUGAR_PATH} it was made from`);
  const compiled = compileRulesYaml(decoder.decode(sugar));
  if (!compiled.ok) return compiled.findings;
  if (generated === undefined) return differs("it is absent; run countersign policy compile");
  return decoder.decode(generated) === compiled.text ? [] : differs("run countersign policy compile");
}

type Read =
  | { readonly value: JsonValue; readonly document: Document }
  | { readonly problem: string; readonly line?: number | undefined };

/** Deeper than any rule, and far less than the parser's own recursion takes. */
const MAX_DEPTH = 16;

function readYaml(text: string, lineCounter: LineCounter): Read {
  // Flow collections and block indentation are counted before the parser, which recurses, sees them.
  if (flowDepth(text) > MAX_DEPTH || blockDepth(text) > MAX_DEPTH) return { problem: "it nests too deep" };
  const document = parseDocument(text, {
    version: "1.2",
    schema: "core",
    strict: true,
    uniqueKeys: true,
    merge: false,
    customTags: [],
    resolveKnownTags: false,
    lineCounter,
    prettyErrors: false,
  });
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined) return { problem: error.message, line: lineCounter.linePos(error.pos[0]).line };
  let problem: Read | undefined;
  visit(document, {
    Node(_, node) {
      const line = node.range ? lineCounter.linePos(node.range[0]).line : undefined;
      if (isAlias(node) || ("anchor" in node && node.anchor)) problem ??= { problem: "it has an alias", line };
      else if (node.tag !== undefined && !PLAIN_TAGS.has(node.tag))
        problem ??= { problem: `it has a tag ${node.tag}`, line };
    },
    Pair(_, { key }) {
      if (!isNode(key) || !("value" in key) || typeof key.value !== "string")
        problem ??= { problem: "a name is no text", line: undefined };
    },
  });
  if (problem !== undefined) return problem;
  // Scalars of the core schema are text, numbers, booleans and null; the shape refuses what JSON has not, such as .nan.
  return { value: document.toJS({ maxAliasCount: 0 }) as JsonValue, document };
}

/** Tags the parser gives of itself. */
const PLAIN_TAGS = new Set(
  ["map", "seq", "str", "int", "float", "bool", "null"].map((name) => `tag:yaml.org,2002:${name}`),
);

/** At least as deep as brackets nest, those in texts and comments counted too. */
function flowDepth(text: string): number {
  let [depth, deepest] = [0, 0];
  for (const char of text) {
    if (char === "[" || char === "{") deepest = Math.max(deepest, ++depth);
    else if (char === "]" || char === "}") depth = Math.max(0, depth - 1);
  }
  return deepest;
}

/** At least as deep as blocks nest: every deeper one is indented further, or is one more `- ` or `? ` on its line. */
function blockDepth(text: string): number {
  let deepest = 0;
  const open: number[] = [];
  for (const line of text.split("\n")) {
    const [, indent = "", dashes = ""] = /^( *)((?:[-?:] +)*)/.exec(line) ?? [];
    if (line.trim() === "") continue;
    while (open.length > 0 && open.at(-1)! >= indent.length) open.pop();
    open.push(indent.length);
    deepest = Math.max(deepest, open.length + dashes.replaceAll(" ", "").length);
  }
  return deepest;
}

function deviationFinding({ pointer, problem }: Deviation, document: Document, lines: LineCounter): PolicyFinding {
  // A missing member has no place; what lacks it has.
  for (const path of [pointer, pointer.slice(0, pointer.lastIndexOf("/"))]) {
    const names = path
      .split("/")
      .slice(1)
      .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
    const node = names.length === 0 ? document.contents : document.getIn(names.map(indexOrName), true);
    if (isNode(node) && node.range) return malformed(`${pointer} ${problem}`, lines.linePos(node.range[0]).line);
  }
  return malformed(`${pointer} ${problem}`);
}

function indexOrName(name: string): string | number {
  return /^\d{1,9}$/.test(name) ? Number(name) : name;
}

function malformed(detail: string, line?: number): PolicyFinding {
  return policyFinding("rules-malformed", detail, { path: SUGAR_PATH, line });
}
