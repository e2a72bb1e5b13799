/**
 * Rules in the short form of `rules.yaml`, compiled to annotated Cedar. The short form only abbreviates: whatever it
 * cannot say is written in Cedar beside it, and what the engine and every reviewer see is the Cedar text, kept in the
 * bundle as `policies/_generated.cedar`. YAML itself is read elsewhere; here a document is JSON. Spec: spec/policy.md.
 */
import {
  boolean,
  type Deviation,
  either,
  integer,
  isObject,
  list,
  matchShape,
  object,
  oneOf,
  optional,
  pattern,
  record,
  type Shape,
  type TypeOf,
  text,
} from "./json-shape.ts";
import type { JsonValue } from "./strict-json.ts";

export const SUGAR_PATH = "rules.yaml";
export const GENERATED_PATH = "policies/_generated.cedar";
const MAX_RULES = 1000;

const number = integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
type Scalar = string | number | boolean;
const scalar: Shape<Scalar> = either<Scalar>(
  "a text, an integer, true or false",
  { is: (value) => typeof value === "string", shape: text(256, 0) },
  { is: (value) => typeof value === "number", shape: number },
  { is: (value) => typeof value === "boolean", shape: boolean },
);
const words = list(text(256, 0), 64, 1);

/** All that are named must hold. */
const operators = object({
  is: optional(scalar),
  not: optional(scalar),
  in: optional(list(scalar, 64, 1)),
  not_in: optional(list(scalar, 64, 1)),
  over: optional(number),
  at_least: optional(number),
  under: optional(number),
  at_most: optional(number),
  /** `*` stands for any text. */
  like: optional(text(256)),
  not_like: optional(text(256)),
  contains: optional(text(256, 0)),
  contains_any: optional(words),
  contains_all: optional(words),
  contains_none: optional(words),
});
type Operators = TypeOf<typeof operators>;
type Test = Scalar | readonly Scalar[] | Operators;
const test: Shape<Test> = either<Test>(
  "a value, a list of values, or operators with their values",
  { is: isObject, shape: operators },
  { is: Array.isArray, shape: list(scalar, 64, 1) },
  { is: () => true, shape: scalar },
);

/** Short names of what the gate knows, and where Cedar finds it. */
const attributes: Readonly<Record<string, string>> = {
  agent: "principal.agent",
  owner: "principal.owner",
  team: "principal.team",
  system: "resource.system",
  resource: "resource.id",
  environment: "resource.env",
  version: "resource.version",
  touches: "resource.touches",
  tenant: "context.tenant",
  capability: "context.capability",
  on_behalf_of: "context.run.on_behalf_of",
  run_capabilities: "context.run.capabilities",
  cost_cents: "context.cost_cents",
  tags: "context.risk.tags",
  score: "context.risk.score",
  actions: "context.history.actions",
  cents: "context.history.cents",
  bytes: "context.history.bytes",
  in_flight: "context.history.in_flight",
  hour_utc: "context.time.hour_utc",
  day_of_week: "context.time.dow",
};
const ARGUMENT = /^args\.([a-z][a-z0-9_]{0,62})$/;
const ATTRIBUTE = /^(?:[a-z][a-z_]{0,31}|args\.[a-z][a-z0-9_]{0,62})$/;
const conditions = record(ATTRIBUTE, test, 32);
type Conditions = TypeOf<typeof conditions>;

const RuleShape = object({
  id: text(128),
  decision: oneOf("allow", "deny", "require_approval"),
  reason: text(64),
  severity: optional(text(16)),
  /** The role that approves. */
  approvers: optional(text(64)),
  quorum: optional(integer(1, 16)),
  ttl: optional(text(32)),
  separation: optional(list(text(32), 4, 1)),
  /** Another role that may answer too after this long. */
  /** How long two people may let it go ahead in an incident. */
  breakglass: optional(text(32)),
  escalate: optional(object({ after: text(32), approvers: text(64) })),
  obligations: optional(list(text(128), 32, 1)),
  owner: optional(text(128)),
  control: optional(text(256)),
  doc: optional(text(256)),
  /** Actions, or groups of them such as `write`; absent: all. */
  actions: optional(list(pattern(/^[^"\\]{1,128}$/, "an action's name"), 64, 1)),
  when: optional(conditions),
  /** One set of conditions, or several: each lifts the rule by itself. */
  unless: optional(
    either<Conditions | readonly Conditions[]>(
      "conditions, or a list of them",
      { is: Array.isArray, shape: list(conditions, 16, 1) },
      { is: () => true, shape: conditions },
    ),
  ),
});
const DocumentShape = object({ rules: list(RuleShape, MAX_RULES, 1) });

/** One rule in the short form. */
export type SugarRule = TypeOf<typeof RuleShape>;

/** The rules a document says, or every deviation from the short form. What Cedar makes of them is the lint's to say. */
export function parseSugar(
  document: JsonValue,
):
  | { readonly ok: true; readonly rules: readonly SugarRule[] }
  | { readonly ok: false; readonly deviations: readonly Deviation[] } {
  const matched = matchShape(DocumentShape, document);
  if (!matched.ok) return matched;
  const { rules } = matched.value;
  const deviations = rules.flatMap((rule, i) => attributeDeviations(rule, `/rules/${i}`));
  return deviations.length === 0 ? { ok: true, rules } : { ok: false, deviations };
}

/** The Cedar text of rules in the short form. The same rules give the same text. */
export function compileSugar(rules: readonly SugarRule[]): string {
  const head = `// Made from ${SUGAR_PATH} by \`countersign policy compile\`. Change that file, not this one.`;
  return `${[head, ...rules.map(ruleText)].join("\n\n")}\n`;
}

function attributeDeviations({ when, unless }: SugarRule, pointer: string): readonly Deviation[] {
  const clauses = clausesOf(unless).map((clause, i) => [clause, isList(unless) ? `unless/${i}` : "unless"] as const);
  return [...(when === undefined ? [] : [[when, "when"] as const]), ...clauses].flatMap(([given, member]) => {
    const at = `${pointer}/${member}`;
    if (Object.keys(given).length === 0) return [{ pointer: at, problem: "names nothing" }];
    return Object.entries(given).flatMap(([name, wanted]) => {
      if (!ARGUMENT.test(name) && !Object.hasOwn(attributes, name))
        return [{ pointer: `${at}/${name}`, problem: `is none of ${Object.keys(attributes).join(", ")}, args.…` }];
      if (typeof wanted === "object" && Object.keys(wanted).length === 0)
        return [{ pointer: `${at}/${name}`, problem: "says nothing of it" }];
      return [];
    });
  });
}

function isList(unless: SugarRule["unless"]): unless is readonly Conditions[] {
  return Array.isArray(unless);
}

function clausesOf(unless: SugarRule["unless"]): readonly Conditions[] {
  if (unless === undefined) return [];
  return isList(unless) ? unless : [unless as Conditions]; // what is no list is one
}

function ruleText(rule: SugarRule): string {
  const notes: readonly (readonly [name: string, value: string | number | undefined])[] = [
    ["id", rule.id],
    ["decision", rule.decision],
    ["reason", rule.reason],
    ["severity", rule.severity],
    ["approvers", rule.approvers === undefined ? undefined : `role:${rule.approvers}`],
    ["quorum", rule.quorum],
    ["ttl", rule.ttl],
    ["separation", rule.separation?.join(",")],
    ["escalate", rule.escalate && `${rule.escalate.after} role:${rule.escalate.approvers}`],
    ["breakglass", rule.breakglass],
    ["obligations", rule.obligations?.join(";")],
    ["owner", rule.owner],
    ["control", rule.control],
    ["doc", rule.doc],
  ];
  const annotations = notes.flatMap(([name, value]) =>
    value === undefined ? [] : [`@${name}(${quoted(String(value))})`],
  );
  const effect = rule.decision === "allow" ? "permit" : "forbid";
  const actions = rule.actions?.map((action) => `Action::${quoted(action)}`);
  const scope = actions === undefined ? "action" : `action in [${actions.join(", ")}]`;
  const clauses = [
    ...(rule.when === undefined ? [] : [`when { ${conditionsText(rule.when)} }`]),
    ...clausesOf(rule.unless).map((clause) => `unless { ${conditionsText(clause)} }`),
  ];
  return `${[...annotations, `${effect} (principal is Agent, ${scope}, resource is Target)`, ...clauses].join("\n")};`;
}

/** Sorted, so that the order of a document's members changes nothing. */
function conditionsText(given: Conditions): string {
  const names = Object.keys(given).sort();
  return names.map((name) => testText(name, given[name]!)).join(" && "); // own names
}

function testText(name: string, given: Test): string {
  const argument = ARGUMENT.exec(name)?.[1];
  const path = argument === undefined ? attributes[name]! : `context.args.${argument}`; // parseSugar knows the others
  const tests = operatorsOf(given).map((one) => one(path));
  // Not every tool of a rule need have the argument, and a contract may leave it out.
  return argument === undefined ? tests.join(" && ") : [`context.args has ${argument}`, ...tests].join(" && ");
}

type OperatorText = (path: string) => string;

function operatorsOf(given: Test): readonly OperatorText[] {
  if (isListOfValues(given)) return [anyOf(given)];
  if (typeof given !== "object") return [(path) => `${path} == ${value(given)}`];
  const texts: OperatorText[] = [];
  const add = <T>(operand: T | undefined, of: (operand: T) => OperatorText) => {
    if (operand !== undefined) texts.push(of(operand));
  };
  add(given.is, (one) => (path) => `${path} == ${value(one)}`);
  add(given.not, (one) => (path) => `${path} != ${value(one)}`);
  add(given.in, anyOf);
  add(given.not_in, (many) => (path) => `!${anyOf(many)(path)}`);
  add(given.over, (limit) => (path) => `${path} > ${limit}`);
  add(given.at_least, (limit) => (path) => `${path} >= ${limit}`);
  add(given.under, (limit) => (path) => `${path} < ${limit}`);
  add(given.at_most, (limit) => (path) => `${path} <= ${limit}`);
  add(given.like, (one) => (path) => `${path} like ${quoted(one)}`);
  add(given.not_like, (one) => (path) => `!(${path} like ${quoted(one)})`);
  add(given.contains, (one) => (path) => `${path}.contains(${quoted(one)})`);
  add(given.contains_any, (many) => (path) => `${path}.containsAny(${values(many)})`);
  add(given.contains_all, (many) => (path) => `${path}.containsAll(${values(many)})`);
  add(given.contains_none, (many) => (path) => `!${path}.containsAny(${values(many)})`);
  return texts;
}

function isListOfValues(given: Test): given is readonly Scalar[] {
  return Array.isArray(given);
}

const anyOf = (many: readonly Scalar[]) => (path: string) => `${values(many)}.contains(${path})`;
const values = (many: readonly Scalar[]) => `[${many.map(value).join(", ")}]`;
const value = (one: Scalar) => (typeof one === "string" ? quoted(one) : String(one));

/** A Cedar string. The shapes let through nothing that would need another escape. */
function quoted(one: string): string {
  return `"${one.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\t", "\\t").replaceAll("\n", "\\n")}"`;
}
