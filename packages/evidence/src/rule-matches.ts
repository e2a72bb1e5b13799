/**
 * Which of any rules match a projection, those of a bundle or changed ones. As in decide.ts each is asked as a permit, so
 * that none hides another.
 */
import { type Cedar, type RuleJson, requestOf } from "./cedar.ts";
import type { ToolSlice } from "./policy-index.ts";
import type { Projection } from "./projection.ts";

/** Ids of the rules that match, and of those that could not be evaluated. */
export type Matches = { readonly matched: ReadonlySet<string>; readonly failed: ReadonlySet<string> };

const NONE: Matches = { matched: new Set(), failed: new Set() };
/** What the engine holds of ours at once; set again for each set of rules, because it never frees what it was given. */
const HELD = "rule-matches";
/** Rules the engine is given at once. */
const CHUNK = 500;

/** The rules as JSON, by id. */
export function ruleJsons(rules: ToolSlice["rules"]): ReadonlyMap<string, RuleJson> {
  return new Map(rules.map(({ id, json }) => [id, json]));
}

/** What of these rules matches each projection, in order. A request the slice's schema does not take matches nothing. */
export function matchesOf(
  cedar: Cedar,
  slice: ToolSlice,
  rules: ReadonlyMap<string, RuleJson>,
  projections: readonly Projection[],
): readonly Matches[] {
  const found = projections.map(() => ({ matched: new Set<string>(), failed: new Set<string>() }));
  const all = [...rules];
  must(cedar.preparseSchema(HELD, slice.content().schema));
  for (let at = 0; at < all.length; at += CHUNK) {
    const permits = all
      .slice(at, at + CHUNK)
      .map(([id, rule]) => [id, { ...rule, effect: "permit" as const }] as const);
    must(cedar.preparsePolicySet(HELD, { staticPolicies: Object.fromEntries(permits) }));
    projections.forEach((projection, i) => {
      const { matched, failed } = ask(cedar, projection);
      for (const id of matched) found[i]!.matched.add(id);
      for (const id of failed) found[i]!.failed.add(id);
    });
  }
  return found;
}

function ask(cedar: Cedar, projection: Projection): Matches {
  const answer = cedar.statefulIsAuthorized({
    ...requestOf(projection),
    preparsedSchemaName: HELD,
    preparsedPolicySetId: HELD,
  });
  if (answer.type === "failure") return NONE;
  const { reason, errors } = answer.response.diagnostics;
  return { matched: new Set(reason), failed: new Set(errors.map(({ policyId }) => policyId)) };
}

function must(answer: { readonly type: string }): void {
  if (answer.type === "failure") throw new Error("the engine refused a rule it had accepted");
}
