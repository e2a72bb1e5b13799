/**
 * The conditions of one rule in Cedar's JSON policy format, looked at and changed by the lint: what they read, how to
 * show a part of them to a person, and every place where one expression stands in another. Depth is bounded before
 * (rules.ts), so recursion is safe here.
 */
import type { RuleJson } from "./cedar.ts";

/** An expression's one operator and what stands beside it; a leaf's is its value. */
export type Expression = Readonly<Record<string, unknown>>;

/** An expression, and the rule with another one in its place. */
export type Place = {
  readonly node: Expression;
  /** Whether it stands where a condition is expected: a clause, an operand of `&&`, `||` or `!`, a test of `if`. */
  readonly isCondition: boolean;
  replaced(by: Expression): RuleJson;
};

/** Every expression of a rule's conditions, outer ones first. */
export function placesOf(rule: RuleJson): readonly Place[] {
  const places: Place[] = [];
  rule.conditions.forEach(({ body }, i) => {
    visit(body as Expression, true, places, (by) => ({
      ...rule,
      // Any expression may be a clause's body; the binding's type spells all of them out.
      conditions: rule.conditions.map((clause, at) => (at === i ? { ...clause, body: by as typeof body } : clause)),
    }));
  });
  return places;
}

/** Expressions directly inside one, by the member they stand in. */
export function partsOf(node: Expression): readonly Expression[] {
  const parts: Expression[] = [];
  visitParts(node, (part) => parts.push(part));
  return parts;
}

/**
 * The attribute an expression reads, as `context.args.cost_cents`; undefined when it is no chain of attributes. A bare
 * variable is a chain of one.
 */
export function attributePath(node: Expression): string | undefined {
  if (typeof node.Var === "string") return node.Var;
  const access = node["."];
  if (!isAccess(access)) return undefined;
  const left = attributePath(access.left);
  return left === undefined ? undefined : `${left}.${access.attr}`;
}

/** An expression as a person would write it, as far as that is short: `context.args.cost_cents > 500000`. */
export function shown(node: Expression): string {
  const path = attributePath(node);
  if (path !== undefined) return path;
  const [operator, inside] = Object.entries(node)[0] ?? ["", undefined];
  if (operator === "Value") return valueText(inside);
  if (operator === "Set" && Array.isArray(inside))
    return `[${inside.map((one) => shown(one as Expression)).join(", ")}]`;
  if (typeof inside !== "object" || inside === null) return "…";
  const { left, right, arg, attr, pattern } = inside as Readonly<Record<string, unknown>>;
  if (operator === "!" && isExpression(arg)) return `!(${shown(arg)})`;
  if (operator === "has" && isExpression(left)) return `${shown(left)} has ${String(attr)}`;
  if (operator === "like" && isExpression(left)) return `${shown(left)} like ${patternText(pattern)}`;
  if (!isExpression(left) || !isExpression(right)) return "…";
  if (/^[a-z]/i.test(operator) && operator !== "in") return `${shown(left)}.${operator}(${shown(right)})`;
  return `${shown(left)} ${operator} ${shown(right)}`;
}

function visit(node: Expression, isCondition: boolean, places: Place[], replaced: (by: Expression) => RuleJson): void {
  places.push({ node, isCondition, replaced });
  visitParts(node, (part, withPart, partIsCondition) => {
    visit(part, partIsCondition, places, (by) => replaced(withPart(by)));
  });
}

const LOGICAL = new Set(["&&", "||", "!"]);

/** Calls back with each expression directly inside, what the outer one is with another in its place, and its position. */
function visitParts(
  node: Expression,
  see: (part: Expression, withPart: (by: Expression) => Expression, isCondition: boolean) => void,
): void {
  const [operator, inside] = Object.entries(node)[0] ?? ["", undefined];
  if (operator === "Value" || operator === "Var" || typeof inside !== "object" || inside === null) return;
  if (Array.isArray(inside)) {
    inside.forEach((item, i) => {
      if (isExpression(item))
        see(item, (by) => ({ [operator]: inside.map((one, at) => (at === i ? by : one)) }), false);
    });
    return;
  }
  for (const [member, part] of Object.entries(inside)) {
    const isCondition = LOGICAL.has(operator) || (operator === "if-then-else" && member === "if");
    if (isExpression(part)) see(part, (by) => ({ [operator]: { ...inside, [member]: by } }), isCondition);
  }
}

function isExpression(value: unknown): value is Expression {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isAccess(value: unknown): value is { readonly left: Expression; readonly attr: string } {
  return isExpression(value) && isExpression(value.left) && typeof value.attr === "string";
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
  return JSON.stringify(value) ?? "…";
}

function patternText(pattern: unknown): string {
  if (!Array.isArray(pattern)) return "…";
  const text = pattern.map((part) =>
    part === "Wildcard" ? "*" : String((part as { Literal?: unknown }).Literal ?? ""),
  );
  return JSON.stringify(text.join(""));
}
