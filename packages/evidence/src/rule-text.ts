/**
 * The rules behind a decision as their authors wrote them, for people who are to judge them: split without the policy
 * engine, so that a page and a server show the same. What a rule means is decide.ts; this reads annotations only.
 */
import { ruleTexts } from "./cedar-scan.ts";
import type { Bundle } from "./policy.ts";
import { type Severity, severities } from "./severity.ts";

/** One rule: its id, what stands in the file from the first annotation to the semicolon, and its severity if it says. */
export type RuleText = { readonly rule: string; readonly text: string; readonly severity?: Severity };

/** The rules of a published bundle with these ids, in this order; what it does not have is left out. */
export function ruleTextsOf(bundle: Pick<Bundle, "policies">, ids: readonly string[]): RuleText[] {
  const found = new Map<string, RuleText>();
  for (const { text } of bundle.policies) {
    for (const { text: rule, annotations } of ruleTexts(text)) {
      const id = annotations.get("id");
      if (id === undefined || !ids.includes(id) || found.has(id)) continue;
      const severity = severities.find((one) => one === annotations.get("severity"));
      found.set(id, { rule: id, text: rule, ...(severity === undefined ? {} : { severity }) });
    }
  }
  return ids.flatMap((id) => found.get(id) ?? []);
}

/** The highest severity of these rules, or undefined when none says one. */
export function highestSeverity(rules: readonly RuleText[]): Severity | undefined {
  return severities.findLast((one) => rules.some(({ severity }) => severity === one));
}
