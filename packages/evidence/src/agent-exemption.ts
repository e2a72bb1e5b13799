/**
 * Exemptions an agent could give itself: a permit, or a way out of a forbid, that rests on nothing but the agent's own
 * word. Such a word must bind whoever executes, by an obligation `enforce:<attribute>`. Spec: spec/policy.md, "Lint".
 */
import { sourceOf } from "./attribute-source.ts";
import type { RuleJson } from "./cedar.ts";
import { type PolicyFinding, policyFinding } from "./policy-finding.ts";
import type { PolicyIndex, ToolSlice } from "./policy-index.ts";
import { attributePath, type Expression, partsOf, shown } from "./rule-expression.ts";
import { ruleJsons } from "./rule-matches.ts";
import type { Rule } from "./rules.ts";

/** A finding for each rule and exemption, once, however many tools it is for. */
export function exemptionFindings(policy: PolicyIndex): readonly PolicyFinding[] {
  const jsons = ruleJsons(policy.rules);
  const found = new Map<string, PolicyFinding>();
  for (const [tool, slice] of policy.slices) {
    for (const rule of slice.rules) {
      for (const { text, names } of exemptionsOf(rule, jsons.get(rule.id)!, slice)) {
        // one for each rule
        const unmet = names.filter((name) => !isEnforced(rule, name, slice));
        if (unmet.length === 0) continue;
        const wanted = unmet.map((name) => `enforce:${name}`).join(", ");
        const where = rule.decision === "ALLOW" ? "its @obligations lack" : `a rule that allows ${tool} lacks`;
        const detail = `${rule.id}: \`${text}\` is the agent's own word, and ${where} ${wanted}`;
        const key = `${rule.id} ${text}`;
        if (!found.has(key))
          found.set(key, policyFinding("agent-exemption", detail, { path: rule.path, line: rule.line }));
      }
    }
  }
  return [...found.values()];
}

type Exemption = {
  readonly text: string;
  /** Attributes it rests on, as obligations name them. */
  readonly names: readonly string[];
};

/** For one tool: the parts of a rule that let an action through, and rest on the agent alone. */
function exemptionsOf(rule: Rule, json: RuleJson, slice: ToolSlice): readonly Exemption[] {
  const isScoped = json.principal.op === "==" || json.resource.op === "==";
  if (rule.decision === "ALLOW") {
    // All its conditions hold together, so one that is not the agent's word is enough.
    const bodies = json.conditions.map(({ body }) => body as Expression);
    const names = isScoped ? undefined : agentsOwn(bodies, slice);
    return names === undefined ? [] : [{ text: json.conditions.map(clauseText).join(" "), names }];
  }
  return json.conditions.flatMap((clause) => {
    const parts =
      clause.kind === "unless" ? alternativesOf(clause.body as Expression) : waysOut(clause.body as Expression);
    return parts.flatMap((part) => {
      const names = agentsOwn([part], slice);
      return names === undefined ? [] : [{ text: `${clause.kind} { ${shown(part)} }`, names }];
    });
  });
}

const clauseText = ({ kind, body }: RuleJson["conditions"][number]) => `${kind} { ${shown(body as Expression)} }`;

/** Each alternative of an `unless` lifts the forbid by itself. */
function alternativesOf(body: Expression): readonly Expression[] {
  return "||" in body ? partsOf(body).flatMap(alternativesOf) : [body];
}

/** What inside a `when` lifts the forbid like an `unless` would, by a flag: `… && !context.args.dry_run`. */
function waysOut(body: Expression): readonly Expression[] {
  if ("&&" in body) return partsOf(body).flatMap(waysOut);
  return isLiftedByFlag(body) ? [body] : [];
}

/** Whether it is false when a flag is set. */
function isLiftedByFlag(node: Expression): boolean {
  const parts = partsOf(node);
  if ("!" in node) return parts.some((part) => attributePath(part) !== undefined);
  const isCompared = (operator: string, value: boolean) =>
    operator in node &&
    parts.some((part) => part.Value === value) &&
    parts.some((part) => attributePath(part) !== undefined);
  return isCompared("==", false) || isCompared("!=", true);
}

/** Names of the attributes these read, when they read some and all are the agent's own word. */
function agentsOwn(expressions: readonly Expression[], slice: ToolSlice): readonly string[] | undefined {
  const paths = new Set(expressions.flatMap(pathsOf));
  const sources = [...paths].map((path) => sourceOf(slice, path)).filter((source) => source !== undefined);
  if (sources.length === 0 || sources.some((source) => source !== "agent")) return undefined;
  return [...paths].map((path) => path.slice(path.lastIndexOf(".") + 1)).sort();
}

/** Every attribute an expression reads or asks for, by its longest path. */
function pathsOf(node: Expression): readonly string[] {
  const path = attributePath(node);
  if (path !== undefined) return [path];
  const { has } = node as { readonly has?: { readonly left: Expression; readonly attr: string } };
  const within = partsOf(node).flatMap(pathsOf);
  const left = has === undefined ? undefined : attributePath(has.left);
  if (left === undefined) return within;
  // What `has` looks at is the attribute, not the record it may be in.
  return [...within.filter((one) => one !== left), `${left}.${has!.attr}`];
}

/** Whether an executor is told to hold the agent to its word: by the permit itself, or by every permit a forbid stands before. */
function isEnforced(rule: Rule, name: string, slice: ToolSlice): boolean {
  const permits = rule.decision === "ALLOW" ? [rule] : slice.rules.filter(({ decision }) => decision === "ALLOW");
  return permits.every(({ obligations }) => obligations.includes(`enforce:${name}`));
}
