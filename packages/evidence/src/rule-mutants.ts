/**
 * Small changes to one rule, each of which a bundle's tests should notice: what no test notices, nobody has decided.
 * Spec: spec/policy.md, "Lint".
 */
import type { RuleJson } from "./cedar.ts";
import { type Expression, type Place, partsOf, placesOf, shown } from "./rule-expression.ts";

export type Mutant = {
  /** `boundary` changes one value of an amount only; the others change what the rule is for. */
  readonly kind: "flip" | "clause" | "boundary";
  /** What was done, to follow "No test fails when". */
  readonly what: string;
  readonly rule: RuleJson;
};

/** The rule with each comparison turned round, each clause and each part of one left out, each limit moved by one. */
export function mutantsOf(rule: RuleJson): readonly Mutant[] {
  const clauses = rule.conditions.map(({ kind, body }, i): Mutant => {
    const conditions = rule.conditions.filter((_, at) => at !== i);
    return {
      kind: "clause",
      what: `\`${kind} { ${shown(body as Expression)} }\` is left out`,
      rule: { ...rule, conditions },
    };
  });
  const places = placesOf(rule);
  return [...clauses, ...places.flatMap(flips), ...places.flatMap(omissions), ...places.flatMap(boundaries)];
}

const OPPOSITE: Readonly<Record<string, string>> = {
  "==": "!=",
  "!=": "==",
  "<": ">=",
  ">=": "<",
  ">": "<=",
  "<=": ">",
};
const NEIGHBOUR: Readonly<Record<string, string>> = { "<": "<=", "<=": "<", ">": ">=", ">=": ">" };
/** Comparisons with no opposite of their own. `has` is none: without it what follows is an error, not another answer. */
const NEGATED = new Set(["in", "contains", "containsAll", "containsAny", "isEmpty", "like", "is"]);

function flips({ node, isCondition, replaced }: Place): readonly Mutant[] {
  const operator = Object.keys(node)[0] ?? "";
  const opposite = OPPOSITE[operator];
  const flip = (by: Expression): Mutant => {
    return { kind: "flip", what: `\`${shown(node)}\` becomes \`${shown(by)}\``, rule: replaced(by) };
  };
  if (opposite !== undefined) return [flip({ [opposite]: node[operator] })];
  if (NEGATED.has(operator)) return [flip({ "!": { arg: node } })];
  // An attribute that is a condition by itself is compared with true.
  if (isCondition && operator === ".") return [flip({ "!": { arg: node } })];
  return [];
}

/** `a && b` as `b`, and as `a`. A `has` alone is not left out: it only guards what follows. */
function omissions({ node, replaced }: Place): readonly Mutant[] {
  if (!("&&" in node) && !("||" in node)) return [];
  const parts = partsOf(node);
  return parts.flatMap((part) => {
    const rest = parts.find((one) => one !== part);
    // The parts of a longer row are left out one by one, where they stand.
    if (rest === undefined || "has" in part || "&&" in part || "||" in part) return [];
    return [{ kind: "clause", what: `\`${shown(part)}\` is left out`, rule: replaced(rest) } as const];
  });
}

function boundaries({ node, replaced }: Place): readonly Mutant[] {
  const operator = Object.keys(node)[0] ?? "";
  const neighbour = NEIGHBOUR[operator];
  if (neighbour === undefined) return [];
  const by = { [neighbour]: node[operator] };
  return [{ kind: "boundary", what: `\`${shown(node)}\` becomes \`${shown(by)}\``, rule: replaced(by) }];
}
