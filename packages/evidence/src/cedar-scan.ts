/**
 * What stands between Cedar text from outside and the engine. The engine is WebAssembly without stack checks: text that
 * nests or chains too deep ends in "memory access out of bounds", after which every later call of that instance fails.
 * So depth and chains are bounded by a scan that needs no stack of its own. The limits were found by running it; the
 * tests run text at every limit through the engine, and text beyond it to show that the scan is what saves it.
 * Spec: spec/policy.md, "Limits".
 */
import { utf8 } from "./hash.ts";
import { type FindingCode, lineAt } from "./policy-finding.ts";

export const MAX_RULE_BYTES = 10 * 1024;
export const MAX_NESTING = 32;

/** Per rule: `if`s, arithmetic signs, accesses in one chain (`a.b["c"].d()`), logical operators, conditions. */
const MAX_IFS = 32;
const MAX_ARITHMETIC = 32;
const MAX_CHAIN = 32;
const MAX_LOGICAL = 256;
const MAX_CONDITIONS = 32;
/** Declarations of a schema: 3,000 action groups in a chain take the engine a minute, 500 half a second. */
const MAX_DECLARATIONS = 512;

export type ScanFinding = { readonly code: FindingCode; readonly detail: string; readonly line: number };

type Token = { readonly kind: "word" | "sign" | "text"; readonly value: string; readonly at: number };

/** Why the engine may not be given these rules; empty when it may. Linear in the text. */
export function scanRules(text: string): readonly ScanFinding[] {
  const findings: ScanFinding[] = [];
  let rule = newRule(0);
  for (const token of tokensOf(text)) {
    rule.see(token);
    if (token.value !== ";" || rule.depth > 0) continue;
    rule.end(text, token.at + 1, findings);
    rule = newRule(token.at + 1);
  }
  rule.end(text, text.length, findings);
  return findings;
}

/** One rule as it stands in a file, and its annotations by name; strings are unquoted. */
export type RuleSource = { readonly text: string; readonly annotations: ReadonlyMap<string, string> };

/** The rules of a file, in order. Linear in the text; for text that {@link scanRules} has no finding about. */
export function ruleTexts(text: string): readonly RuleSource[] {
  const rules: RuleSource[] = [];
  let first: Token | undefined;
  let annotations = new Map<string, string>();
  let depth = 0;
  let seen: Token[] = [];
  for (const token of tokensOf(text)) {
    first ??= token;
    // @name("value"): five tokens. An annotation stands before the rule's own parentheses, never inside them.
    seen = [...seen.slice(-4), token];
    const [at, name, open, value, close] = seen;
    if (at?.value === "@" && open?.value === "(" && value?.kind === "text" && close?.value === ")" && depth === 1) {
      annotations.set(name!.value, unquote(value.value)); // five tokens were seen, so the second is there
    }
    if (token.kind === "sign" && "([{".includes(token.value)) depth++;
    else if (token.kind === "sign" && ")]}".includes(token.value)) depth = Math.max(0, depth - 1);
    if (token.value !== ";" || depth > 0) continue;
    rules.push({ text: text.slice(first.at, token.at + 1), annotations });
    first = undefined;
    annotations = new Map();
    seen = [];
  }
  return rules;
}

/** A Cedar string literal's value, as far as annotations use it: the escapes of JSON, else the text as it stands. */
function unquote(literal: string): string {
  try {
    return String(JSON.parse(literal));
  } catch {
    return literal.slice(1, -1);
  }
}

/** Why the engine may not be given this schema; empty when it may. */
export function scanSchema(text: string): readonly ScanFinding[] {
  const findings: ScanFinding[] = [];
  let depth = 0;
  let deepest = 0;
  let declarations = 0;
  let at = 0;
  for (const token of tokensOf(text)) {
    if (token.kind === "sign" && "({[<".includes(token.value)) {
      if (++depth > deepest) [deepest, at] = [depth, token.at];
    } else if (token.kind === "sign" && ")}]>".includes(token.value)) depth = Math.max(0, depth - 1);
    else if (token.value === ";") declarations++;
  }
  if (deepest > MAX_NESTING) {
    findings.push({
      code: "nesting-too-deep",
      detail: `it nests ${deepest} deep, at most ${MAX_NESTING}`,
      line: lineAt(text, at),
    });
  }
  if (declarations > MAX_DECLARATIONS) {
    findings.push({
      code: "expression-too-long",
      detail: `it has ${declarations} declarations, at most ${MAX_DECLARATIONS}`,
      line: 1,
    });
  }
  return findings;
}

/**
 * How many levels an expression of the engine's JSON form has. `&&` and `||` of a row count once: the engine evaluates
 * those in a loop. Iterative, as the expression is still from outside.
 */
export function expressionDepth(expression: unknown): number {
  let deepest = 0;
  const open: [node: unknown, depth: number, within: string][] = [[expression, 0, ""]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [node, depth, within] = next;
    if (typeof node !== "object" || node === null) continue;
    if (depth > deepest) deepest = depth;
    for (const [name, child] of Object.entries(node)) {
      const row = name === "&&" || name === "||";
      // Operands sit below an object of their operator: {"&&": {left, right}}. The level is the operator's.
      const operands = name === "left" || name === "right" || name === "arg";
      open.push([
        child,
        operands ? depth : row && within === name ? depth : depth + 1,
        row ? name : operands ? within : "",
      ]);
    }
  }
  return deepest;
}

/** What one rule comes to while its tokens pass. */
class RuleScan {
  readonly start: number;
  depth = 0;
  deepest = 0;
  ifs = 0;
  arithmetic = 0;
  logical = 0;
  conditions = 0;
  longestChain = 0;
  seen = 0;
  /** Accesses so far in the chain at each open level. */
  readonly chains: number[] = [0];

  constructor(start: number) {
    this.start = start;
  }

  see({ kind, value }: Token): void {
    this.seen++;
    if (kind === "text") return;
    if (kind === "word") {
      if (value === "if") this.ifs++;
      if (value === "when" || value === "unless") this.conditions++;
      if (BREAKS.has(value)) this.chains[this.depth] = 0;
      return;
    }
    switch (value) {
      case "(":
      case "[":
      case "{":
        this.#access();
        this.depth++;
        if (this.depth > this.deepest) this.deepest = this.depth;
        this.chains[this.depth] = 0;
        break;
      case ")":
      case "]":
      case "}":
        if (this.depth > 0) this.depth--;
        break;
      case ".":
        this.#access();
        break;
      default:
        if (value === "+" || value === "-" || value === "*") this.arithmetic++;
        if (value === "&" || value === "|") this.logical++;
        if (OPERATORS.includes(value)) this.chains[this.depth] = 0;
    }
  }

  end(text: string, end: number, findings: ScanFinding[]): void {
    if (this.seen === 0) return;
    const line = lineAt(text, this.start + text.slice(this.start).search(/\S|$/));
    const find = (code: FindingCode, detail: string) => findings.push({ code, detail, line });
    const sizeBytes = utf8(text.slice(this.start, end)).length;
    if (sizeBytes > MAX_RULE_BYTES) find("policy-too-large", `it has ${sizeBytes} bytes, at most ${MAX_RULE_BYTES}`);
    if (this.deepest > MAX_NESTING) find("nesting-too-deep", `it nests ${this.deepest} deep, at most ${MAX_NESTING}`);
    const limits = [
      ["ifs", this.ifs, MAX_IFS],
      ["arithmetic signs", this.arithmetic, MAX_ARITHMETIC],
      ["accesses in one chain", this.longestChain, MAX_CHAIN],
      ["logical operators", this.logical / 2, MAX_LOGICAL],
      ["conditions", this.conditions, MAX_CONDITIONS],
    ] as const;
    for (const [what, found, max] of limits) {
      if (found > max) find("expression-too-long", `it has ${found} ${what}, at most ${max}`);
    }
  }

  #access(): void {
    const chain = (this.chains[this.depth] ?? 0) + 1;
    this.chains[this.depth] = chain;
    if (chain > this.longestChain) this.longestChain = chain;
  }
}

const newRule = (start: number) => new RuleScan(start);

/** Words that end a chain of accesses; other words are parts of one. */
const BREAKS = new Set(["when", "unless", "if", "then", "else", "in", "has", "like", "is", "permit", "forbid"]);

/** Signs that end a chain. Any other sign, a strange white space among them, does not, so it cannot hide one. */
const OPERATORS = "&|=<>+-*!,:;";

/** Words, strings as one token, and single signs; comments and white space skipped, as the engine does. An unended string runs to the end. */
function* tokensOf(text: string): Generator<Token> {
  const lexer = /\/\/[^\n\r]*|\s+|"(?:[^"\\]|\\[\s\S])*(?:"|\\?$)|[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[\s\S]/g;
  for (const match of text.matchAll(lexer)) {
    const value = match[0];
    if (/^\s/.test(value) || value.startsWith("//")) continue;
    const kind = value.startsWith('"') ? "text" : /^[A-Za-z0-9_]/.test(value) ? "word" : "sign";
    yield { kind, value, at: match.index };
  }
}
