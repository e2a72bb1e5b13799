/**
 * A bundle ready to be decided with: rules parsed, validated once against the whole schema, and cut into one slice per
 * tool. The engine copies schema and rules at every call, so its cost grows with what it is given; a slice is the one
 * tool's action, its groups, and the rules whose scope can take that action. slice ≡ whole set is a differential test.
 */
import { type Cedar, requestOf, type SlotContent } from "./cedar.ts";
import { scanSchema } from "./cedar-scan.ts";
import { assert } from "./errors.ts";
import type { Bundle } from "./policy.ts";
import { type PolicyFinding, policyFinding } from "./policy-finding.ts";
import { functionTypes, type Projected, type ProjectedType } from "./project-functions.ts";
import type { Projection } from "./projection.ts";
import { parseRules, type Rule } from "./rules.ts";
import type { ToolContract } from "./tool-contract.ts";

/** What one tool's decisions are made with. */
export type ToolSlice = {
  readonly action: string;
  /** Rules that can apply, by id. */
  readonly rules: readonly Rule[];
  /** The rules of these ids, sorted by id. */
  rulesOf(ids: readonly string[]): readonly Rule[];
  /** Schema and rules of this tool alone; every rule is asked as a permit. */
  content(): SlotContent;
};

export type PolicyIndex = {
  readonly digest: Bundle["digest"];
  readonly bundle: Bundle;
  readonly rules: readonly Rule[];
  /** By tool name. */
  readonly slices: ReadonlyMap<string, ToolSlice>;
  readonly warnings: readonly PolicyFinding[];
};

export type LoadOutcome =
  | { readonly ok: true; readonly policy: PolicyIndex }
  | {
      readonly ok: false;
      readonly findings: readonly PolicyFinding[];
      /** The engine is away, which need not be the bundle's fault. */
      readonly unavailable?: true;
      readonly cause?: unknown;
    };

const SCHEMA_PATH = "schema.cedarschema";
const MAX_GATES = 16;
const MAX_OBLIGATIONS = 32;
/** Attributes of the schema with every named type put in its place; some schemas double with each name. */
const MAX_EXPANDED = 10_000;
const MAX_EXPANDED_DEPTH = 256;

/** Checks a bundle's rules and indexes them. Throws only when the engine traps. */
export function indexPolicy(cedar: Cedar, bundle: Bundle): LoadOutcome {
  const scanned = scanSchema(bundle.schema).map(({ code, detail, line }) =>
    policyFinding(code, detail, { path: SCHEMA_PATH, line }),
  );
  if (scanned.length > 0) return { ok: false, findings: scanned };
  const schema = parseSchema(cedar, bundle.schema);
  if ("code" in schema) return { ok: false, findings: [schema] };
  const { rules, findings } = parseRules(cedar, bundle);
  if (findings.length > 0) return { ok: false, findings };

  const slices = new Map<string, ToolSlice>();
  const used = new Set<string>();
  const found: PolicyFinding[] = [];
  for (const [tool, { contract, path }] of bundle.contracts) {
    const find = (code: Parameters<typeof policyFinding>[0], detail: string) =>
      found.push(policyFinding(code, detail, { path }));
    if (!Object.hasOwn(schema.actions, contract.action)) {
      find("contract-schema-differs", `the schema has no action ${contract.action}`);
      continue;
    }
    const groups = groupsOf(schema, contract.action);
    if (!groups.has(contract.verb))
      find("contract-verb-differs", `action ${contract.action} is not in ${contract.verb}`);
    const applicable = rules.filter(
      (rule) => rule.actions === undefined || rule.actions.some((one) => groups.has(one)),
    );
    for (const rule of applicable) used.add(rule.id);
    const slice = sliceOf(schema, contract.action, groups, applicable);
    slices.set(tool, slice);
    const gates = applicable.filter((rule) => rule.requirement !== undefined).length;
    if (gates > MAX_GATES) find("too-many-gates", `${gates} can apply to ${tool}`);
    const obligations = new Set(applicable.flatMap((rule) => rule.obligations)).size;
    if (obligations > MAX_OBLIGATIONS) find("too-many-obligations", `${obligations} can apply to ${tool}`);
  }
  for (const { id, path, line } of rules) {
    if (!used.has(id))
      found.push(policyFinding("rule-without-tool", `${id}: no contract's action is in its scope`, { path, line }));
  }
  const validated = validateRules(cedar, bundle, rules);
  found.push(...validated.filter(({ level }) => level === "error"));
  if (found.length === 0) found.push(...contractFindings(cedar, bundle, slices));
  if (found.length > 0) return { ok: false, findings: found };
  const warnings = validated.filter(({ level }) => level === "warning");
  return { ok: true, policy: { digest: bundle.digest, bundle, rules, slices, warnings } };
}

/** Parts of a schema without namespaces, its types resolved. */
type Schema = {
  readonly commonTypes: Record<string, object>;
  readonly entityTypes: Record<string, object>;
  readonly actions: Record<string, SchemaAction>;
};
type SchemaAction = { readonly memberOf?: readonly { readonly id: string }[]; readonly appliesTo?: object };

function parseSchema(cedar: Cedar, text: string): Schema | PolicyFinding {
  const answer = cedar.schemaToJsonWithResolvedTypes(text);
  const invalid = (detail: string) => policyFinding("schema-invalid", detail, { path: SCHEMA_PATH });
  if (answer.type === "failure") return invalid(answer.errors[0]?.message ?? "it does not parse");
  const names = Object.keys(answer.json);
  const whole = answer.json[""];
  if (whole === undefined || names.length !== 1)
    return invalid("Agent, Target and the actions stand outside any namespace");
  const { commonTypes = {}, entityTypes, actions } = whole;
  const schema: Schema = { commonTypes, entityTypes, actions };
  const size = expandedSize(schema);
  if (size > MAX_EXPANDED)
    return policyFinding("expression-too-long", `with its types expanded it has over ${MAX_EXPANDED} attributes`, {
      path: SCHEMA_PATH,
    });
  return schema;
}

/** How large the schema gets when every named type stands where it is used; stops counting beyond the limit. */
function expandedSize(schema: Schema): number {
  const sizes = new Map<string, number>();
  const sizeOf = (node: unknown, within: readonly string[], depth = 0): number => {
    if (typeof node !== "object" || node === null) return 0;
    if (depth > MAX_EXPANDED_DEPTH) return MAX_EXPANDED + 1;
    const named = "type" in node && typeof node.type === "string" ? node.type : "";
    if (Object.hasOwn(schema.commonTypes, named)) {
      if (within.includes(named)) return MAX_EXPANDED + 1; // a cycle; the engine says so too, but not always
      let known = sizes.get(named);
      if (known === undefined) {
        known = sizeOf(schema.commonTypes[named], [...within, named], depth + 1);
        sizes.set(named, known);
      }
      return known;
    }
    let size = 1;
    for (const child of Object.values(node)) {
      size += sizeOf(child, within, depth + 1);
      if (size > MAX_EXPANDED) return size;
    }
    return size;
  };
  return Math.max(
    sizeOf(schema.entityTypes, []),
    ...Object.values(schema.actions).map((action) => sizeOf(action, [])),
    0,
  );
}

/** The action and every group it is in, directly or not. */
function groupsOf(schema: Schema, action: string): ReadonlySet<string> {
  const groups = new Set<string>();
  const open = [action];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (groups.has(next)) continue;
    groups.add(next);
    const { memberOf = [] } = Object.hasOwn(schema.actions, next) ? schema.actions[next]! : {};
    for (const { id } of memberOf) open.push(id);
  }
  return groups;
}

function sliceOf(schema: Schema, action: string, groups: ReadonlySet<string>, rules: readonly Rule[]): ToolSlice {
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  return {
    action,
    rules,
    rulesOf(ids) {
      const found = ids.map((id) => byId.get(id));
      assert(!found.includes(undefined), "the engine answers with ids of the slice it was given");
      return (found as Rule[]).sort((a, b) => (a.id < b.id ? -1 : 1)); // none is undefined, as asserted
    },
    content() {
      const actions = Object.fromEntries([...groups].map((id) => [id, schema.actions[id]!]));
      return {
        // Parts of what the engine itself gave out, in the form it takes back.
        schema: { "": { ...schema, actions } } as unknown as SlotContent["schema"],
        rules: Object.fromEntries(rules.map(({ id, json }) => [id, { ...json, effect: "permit" }])),
      };
    },
  };
}

/** Strict validation of all rules against the whole schema, once. */
function validateRules(cedar: Cedar, bundle: Bundle, rules: readonly Rule[]): readonly PolicyFinding[] {
  const answer = cedar.validate({
    schema: bundle.schema,
    validationSettings: { mode: "strict" },
    policies: { staticPolicies: Object.fromEntries(rules.map(({ id, text }) => [id, text])) },
  });
  if (answer.type === "failure")
    return [
      policyFinding("schema-invalid", answer.errors[0]?.message ?? "it does not validate", { path: SCHEMA_PATH }),
    ];
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  const findings = new Map<string, PolicyFinding>();
  const add = (
    code: "type-error" | "never-applies" | "mixed-script",
    { policyId, error }: (typeof answer.validationErrors)[number],
  ) => {
    const rule = byId.get(policyId);
    const message = error.help == null ? error.message : `${error.message}; ${error.help}`;
    // The engine finds the same once for every action a rule can take.
    const same = `${code} ${policyId} ${error.sourceLocations?.[0]?.start ?? ""} ${error.message.replaceAll(/Action::"[^"]*"/g, "")}`;
    if (!findings.has(same))
      findings.set(same, policyFinding(code, message, { path: rule?.path ?? "", line: rule?.line }));
  };
  for (const error of answer.validationErrors) add("type-error", error);
  // The engine warns of a rule that can never apply, and of names and texts that look like others.
  for (const warning of answer.validationWarnings)
    add(
      /mixed scripts|BIDI|General Security Profile/.test(warning.error.message) ? "mixed-script" : "never-applies",
      warning,
    );
  return [...findings.values()];
}

/** A contract fits the schema when the engine takes requests of the kinds it projects: all attributes, and only those always there. */
function contractFindings(
  cedar: Cedar,
  bundle: Bundle,
  slices: ReadonlyMap<string, ToolSlice>,
): readonly PolicyFinding[] {
  const findings: PolicyFinding[] = [];
  for (const [tool, { contract, path }] of bundle.contracts) {
    const slice = slices.get(tool);
    if (slice === undefined) continue;
    const { schema } = slice.content();
    for (const full of [true, false]) {
      const problem = requestProblem(cedar, schema, contract, full);
      if (problem === undefined) continue;
      findings.push(policyFinding("contract-schema-differs", problem, { path }));
      break;
    }
  }
  return findings;
}

function requestProblem(
  cedar: Cedar,
  schema: SlotContent["schema"],
  contract: ToolContract,
  full: boolean,
): string | undefined {
  const answer = cedar.isAuthorized({
    ...requestOf(sampleProjection(contract, full)),
    schema,
    policies: { staticPolicies: {} },
  });
  return answer.type === "failure" ? (answer.errors[0]?.message ?? "the engine refuses its requests") : undefined;
}

/** A projection of this contract with every attribute, or with only those that are always there. */
function sampleProjection(contract: ToolContract, full: boolean): Projection {
  const samples: Record<ProjectedType, Projected> = { String: "x", Long: 1, Boolean: true, "Set<String>": ["x"] };
  const always = contract.project.filter((entry) => full || entry.optional !== true);
  return {
    ctx: "countersign/v1/projection",
    principal: { agent: "agent", owner: "", team: "" },
    tool: contract.tool,
    action: contract.action,
    resource: { system: contract.resource.system, id: "x", env: "", version: "", touches: ["x"] },
    context: {
      tenant: "tenant",
      capability: contract.capability,
      run: { id: "run", capabilities: ["x"], on_behalf_of: "" },
      args: Object.fromEntries(always.map(({ to, fn }) => [to.slice("args.".length), samples[functionTypes[fn]]])),
      cost_cents: 0,
      risk: { tags: ["x"], score: 0 },
      history: { actions: 0, cents: 0, bytes: 0, in_flight: 0 },
      time: { epoch: 0, hour_utc: 0, dow: 4 },
    },
  };
}
