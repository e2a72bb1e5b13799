/**
 * The annotated Cedar rules of a bundle, one by one: split, keyed by `@id`, and what their annotations promise checked
 * against what they are. The order matters: text is scanned before the engine sees it (cedar-scan.ts), and an
 * expression's depth is measured before the engine validates or evaluates it. Spec: spec/policy.md, "Rules".
 */
import { canonicalBytes } from "./canonical.ts";
import type { Cedar, RuleJson } from "./cedar.ts";
import { expressionDepth, scanRules } from "./cedar-scan.ts";
import { parseDuration } from "./duration.ts";
import type { ApprovalRequirement, Decision } from "./event.ts";
import { type Digest, digestOf } from "./hash.ts";
import type { Bundle } from "./policy.ts";
import { type FindingCode, lineAt, type PolicyFinding, policyFinding } from "./policy-finding.ts";
import { type Severity, severities } from "./severity.ts";

export const MAX_RULES = 1000;
/** Levels of an expression the engine is given; it survives about 400. */
const MAX_EXPRESSION_DEPTH = 64;

/** One rule of a bundle. */
export type Rule = {
  readonly id: string;
  readonly path: string;
  /** 1-based line of its first token. */
  readonly line: number;
  readonly text: string;
  readonly json: RuleJson;
  readonly decision: Decision;
  readonly reason: string;
  readonly severity: Severity | undefined;
  readonly obligations: readonly string[];
  /** What a gate asks for; only of `require_approval` rules. */
  readonly requirement: ApprovalRequirement | undefined;
  /** SHA-256 of JCS({ctx: "countersign/v1/policy-rule", est}): blind to comments and white space, annotations included. */
  readonly digest: Digest;
  /** Actions and groups the rule's scope names; undefined when it takes any action. */
  readonly actions: readonly string[] | undefined;
};

/** The rules of a bundle, sorted by id, and every finding about them. */
export function parseRules(
  cedar: Cedar,
  bundle: Bundle,
): { readonly rules: readonly Rule[]; readonly findings: readonly PolicyFinding[] } {
  const findings: PolicyFinding[] = [];
  const rules = new Map<string, Rule>();
  let count = 0;
  for (const { path, text } of bundle.policies) {
    const scanned = scanRules(text);
    for (const { code, detail, line } of scanned) findings.push(policyFinding(code, detail, { path, line }));
    if (scanned.length > 0) continue;
    const parts = cedar.policySetTextToParts(text);
    if (parts.type === "failure") {
      for (const { message, help, sourceLocations } of parts.errors) {
        const place = sourceLocations?.[0];
        const expected = place?.label ?? help;
        const line = place === undefined ? undefined : lineAtByte(text, place.start);
        findings.push(
          policyFinding("cedar-syntax", expected == null ? message : `${message}: ${expected}`, { path, line }),
        );
      }
      continue;
    }
    for (const template of parts.policy_templates) {
      findings.push(
        policyFinding("template-not-allowed", "a rule applies as it stands", { path, line: lineOf(text, template) }),
      );
    }
    count += parts.policies.length;
    if (count > MAX_RULES) {
      findings.push(policyFinding("too-many-rules", `there are more than ${MAX_RULES}`, { path }));
      break;
    }
    for (const part of parts.policies) {
      const reading = new RuleReading(bundle, path, lineOf(text, part));
      const rule = reading.rule(cedar, part);
      findings.push(...reading.findings);
      if (rule === undefined) continue;
      const other = rules.get(rule.id);
      if (other !== undefined) {
        findings.push(
          policyFinding("id-twice", `${rule.id} is also at ${other.path}:${other.line}`, { path, line: rule.line }),
        );
      } else rules.set(rule.id, rule);
    }
  }
  const reasons = Object.values(bundle.reasons);
  const gated = [...rules.values()].some((rule) => rule.requirement !== undefined);
  for (const wanted of ["approve", "reject"] as const) {
    if (gated && !reasons.some((reason) => reason.class === wanted)) {
      findings.push(
        policyFinding("vote-reasons-missing", `no reason is of class ${wanted}`, { path: "catalog/reasons.json" }),
      );
    }
  }
  return { rules: [...rules.values()].sort((a, b) => (a.id < b.id ? -1 : 1)), findings };
}

const KNOWN = [
  "id",
  "decision",
  "reason",
  "severity",
  "approvers",
  "quorum",
  "ttl",
  "separation",
  "escalate",
  "breakglass",
  "obligations",
  "owner",
  "control",
  "doc",
];
const decisions = { allow: "ALLOW", deny: "DENY", require_approval: "REQUIRE_APPROVAL" } as const;
/** Annotations only these decisions take; a gate needs its first three. */
const OF_GATES = ["approvers", "quorum", "ttl", "separation", "escalate", "breakglass"];

const RULE_ID = /^[a-z][a-z0-9:._-]{0,127}$/;
const OBLIGATION = /^(?=.{1,128}$)[a-z][a-z0-9_]*(:[A-Za-z0-9._-]+)?$/;
const always = ["requester", "on_behalf_of", "agent_owner"] as const;
const MAX_TTL_MS = 30 * 86_400_000;
/** Break-glass lasts at most an hour. */
const MAX_BREAK_GLASS_MS = 3_600_000;

/** Reads one rule and gathers what is wrong with it. */
class RuleReading {
  readonly bundle: Bundle;
  readonly at: { readonly path: string; readonly line: number | undefined };
  readonly findings: PolicyFinding[] = [];

  constructor(bundle: Bundle, path: string, line: number | undefined) {
    this.bundle = bundle;
    this.at = { path, line };
  }

  rule(cedar: Cedar, text: string): Rule | undefined {
    const parsed = cedar.policyToJson(text);
    if (parsed.type === "failure") {
      this.#find("cedar-syntax", parsed.errors[0]?.message ?? "it does not parse");
      return undefined;
    }
    const est = parsed.json;
    const notes = est.annotations ?? {};
    for (const name of Object.keys(notes)) {
      if (!KNOWN.includes(name)) this.#find("annotation-unknown", `@${name}: ${closest(name)}`);
    }
    const id = notes.id ?? "";
    if (id === "") this.#find("id-missing", "every rule is cited by its @id");
    else if (!RULE_ID.test(id) || id.startsWith("core:")) this.#find("id-malformed", `@id("${id}")`);
    this.#checkExpression(est);

    const word = this.#required(notes, "decision");
    const decision =
      word !== undefined && Object.hasOwn(decisions, word) ? decisions[word as keyof typeof decisions] : undefined; // own key
    if (word !== undefined && decision === undefined)
      this.#find("annotation-malformed", `@decision("${word}") is none of allow, deny, require_approval`);
    if (decision !== undefined && (decision === "ALLOW") !== (est.effect === "permit")) {
      this.#find(
        "effect-differs",
        `@decision("${word}") on a ${est.effect}; allow is a permit, the others are forbids`,
      );
    }
    const reason = this.#reason(notes, word);
    const severity = this.#severity(notes);
    const obligations = this.#obligations(notes, decision);
    const requirement = this.#requirement(notes, decision, id, severity);
    if (this.findings.length > 0 || decision === undefined || reason === undefined) return undefined;
    const actions = actionsOf(est);
    const digest = digestOf(canonicalBytes({ ctx: "countersign/v1/policy-rule", est: plain(est) }));
    return {
      id,
      path: this.at.path,
      line: this.at.line ?? 1,
      text,
      json: est,
      decision,
      reason,
      severity,
      obligations,
      requirement,
      digest,
      actions,
    };
  }

  #checkExpression(est: RuleJson): void {
    const depth = expressionDepth(est.conditions);
    if (depth > MAX_EXPRESSION_DEPTH)
      this.#find("nesting-too-deep", `its conditions have ${depth} levels, at most ${MAX_EXPRESSION_DEPTH}`);
    const open: unknown[] = [est.conditions];
    const found = new Set<FindingCode>();
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (typeof node === "number" && !Number.isSafeInteger(node)) found.add("number-too-large");
      if (typeof node === "bigint") found.add("number-too-large");
      if (typeof node !== "object" || node === null) continue;
      for (const [name, child] of Object.entries(node)) {
        if (name === "*" && isOperation(child)) found.add("multiplication");
        if (name === "__entity" && isActionUid(child)) found.add("action-in-condition");
        if (child !== null) open.push(child);
      }
    }
    if (found.has("multiplication")) this.#find("multiplication", "compare, add or subtract instead");
    if (found.has("number-too-large")) this.#find("number-too-large", "integers lie within 2^53 − 1 of zero");
    if (found.has("action-in-condition"))
      this.#find("action-in-condition", "rules are chosen by the action in their scope");
  }

  #reason(notes: Annotations, word: string | undefined): string | undefined {
    const reason = this.#required(notes, "reason");
    if (reason === undefined) return undefined;
    const entry = Object.hasOwn(this.bundle.reasons, reason) ? this.bundle.reasons[reason] : undefined;
    if (entry === undefined) this.#find("reason-unknown", `@reason("${reason}") is not in catalog/reasons.json`);
    else if (entry.class !== word) this.#find("reason-class-differs", `${reason} is of class ${entry.class}`);
    return reason;
  }

  #severity(notes: Annotations): Severity | undefined {
    const { severity } = notes;
    if (severity === undefined) return undefined;
    const known = severities.find((one) => one === severity);
    if (known === undefined)
      this.#find("annotation-malformed", `@severity("${severity}") is none of ${severities.join(", ")}`);
    return known;
  }

  #obligations(notes: Annotations, decision: Decision | undefined): readonly string[] {
    if (notes.obligations === undefined) return [];
    if (decision === "DENY") this.#find("annotation-misplaced", "@obligations on a rule that denies");
    const items = (notes.obligations ?? "").split(";");
    for (const item of items)
      if (!OBLIGATION.test(item))
        this.#find("annotation-malformed", `@obligations has "${item}", not name or name:value`);
    return [...new Set(items)].sort();
  }

  #requirement(
    notes: Annotations,
    decision: Decision | undefined,
    rule: string,
    severity: Severity | undefined,
  ): ApprovalRequirement | undefined {
    if (decision !== "REQUIRE_APPROVAL") {
      for (const name of OF_GATES) {
        if (Object.hasOwn(notes, name) && decision !== undefined)
          this.#find("annotation-misplaced", `@${name} is for require_approval`);
      }
      return undefined;
    }
    const approvers = this.#required(notes, "approvers");
    const role = /^role:([a-z][a-z0-9_.-]{0,63})$/.exec(approvers ?? "")?.[1];
    if (approvers !== undefined && role === undefined)
      this.#find("annotation-malformed", `@approvers("${approvers}") is not one role:name`);
    if (role !== undefined && !Object.hasOwn(this.bundle.roles, role))
      this.#find("role-unknown", `${role} is not in catalog/roles.json`);
    const quorumText = this.#required(notes, "quorum");
    const quorum = /^([1-9]|1[0-6])$/.test(quorumText ?? "") ? Number(quorumText) : undefined;
    if (quorumText !== undefined && quorum === undefined)
      this.#find("annotation-malformed", `@quorum("${quorumText}") is not 1 to 16`);
    const ttl = this.#required(notes, "ttl");
    const ttlMs = parseDuration(ttl ?? "");
    if (ttl !== undefined && (ttlMs === undefined || ttlMs === 0 || ttlMs > MAX_TTL_MS)) {
      this.#find("annotation-malformed", `@ttl("${ttl}") is not a duration like PT30M, of at most 30 days`);
    }
    const separation = this.#separation(notes, severity);
    const escalation = this.#escalation(notes, approvers, ttlMs ?? 0);
    if (approvers === undefined || quorum === undefined || ttl === undefined) return undefined;
    return {
      rule,
      approvers,
      quorum,
      ttl,
      separation,
      ...(escalation === undefined ? {} : { escalation }),
      ...this.#breakGlass(notes),
    };
  }

  /** How long two people may let it go ahead in an incident; without it they may not. */
  #breakGlass({ breakglass }: Annotations): Pick<ApprovalRequirement, "breakglass"> {
    if (breakglass === undefined) return {};
    const lastsMs = /^PT/.test(breakglass ?? "") ? parseDuration(breakglass ?? "") : undefined;
    if (breakglass === null || lastsMs === undefined || lastsMs === 0 || lastsMs > MAX_BREAK_GLASS_MS) {
      this.#find(
        "annotation-malformed",
        `@breakglass("${breakglass ?? ""}") is not a duration like PT30M, at most PT1H`,
      );
      return {};
    }
    return { breakglass };
  }

  /** `PT10M role:manager`: who may answer too, once the request has waited that long and is still open. */
  #escalation(notes: Annotations, approvers: string | undefined, ttlMs: number): ApprovalRequirement["escalation"] {
    if (!Object.hasOwn(notes, "escalate")) return undefined;
    const words = /^(\S{1,32}) (role:([a-z][a-z0-9_.-]{0,63}))$/.exec(notes.escalate ?? "");
    const [, after = "", to = "", role = ""] = words ?? [];
    const afterMs = parseDuration(after);
    if (words === null || afterMs === undefined || afterMs === 0 || afterMs >= ttlMs || to === approvers) {
      const wanted = "a duration shorter than @ttl and another role, like PT10M role:manager";
      this.#find("annotation-malformed", `@escalate("${notes.escalate ?? ""}") is not ${wanted}`);
      return undefined;
    }
    if (!Object.hasOwn(this.bundle.roles, role)) this.#find("role-unknown", `${role} is not in catalog/roles.json`);
    return { after, approvers: to };
  }

  /** An annotation adds to who may not vote and never takes away; a critical rule's author may not either. */
  #separation(notes: Annotations, severity: Severity | undefined): ApprovalRequirement["separation"] {
    const listed = notes.separation == null ? [] : notes.separation.split(",");
    const known = [...always, "author"] as const;
    for (const one of listed) {
      if (!known.some((name) => name === one))
        this.#find("annotation-malformed", `@separation has "${one}", none of ${known.join(", ")}`);
    }
    return listed.includes("author") || severity === "critical" ? [...known] : [...always];
  }

  #required(notes: Annotations, name: string): string | undefined {
    const value = notes[name];
    if (value === undefined || value === null || value === "") this.#find("annotation-missing", `@${name} is needed`);
    return value === "" ? undefined : (value ?? undefined);
  }

  #find(code: FindingCode, detail: string): void {
    this.findings.push(policyFinding(code, detail, this.at));
  }
}

/** An annotation without a value is null. */
type Annotations = Readonly<Record<string, string | null | undefined>>;

/** Undefined when the scope takes any action; groups and actions are told apart by the schema later. */
function actionsOf(est: RuleJson): readonly string[] | undefined {
  const { action } = est;
  if (action.op === "All") return undefined;
  const entities = "entities" in action ? action.entities : "entity" in action ? [action.entity] : [];
  return entities.map((uid) => ("__entity" in uid ? uid.__entity.id : uid.id)).sort();
}

function isOperation(node: unknown): boolean {
  return typeof node === "object" && node !== null && "left" in node && "right" in node;
}

function isActionUid(node: unknown): boolean {
  return typeof node === "object" && node !== null && "type" in node && /(^|::)Action$/.test(String(node.type));
}

/** The engine's answer as plain JSON: what has no value is left out, as in its own JSON. */
function plain(est: RuleJson): unknown {
  return JSON.parse(JSON.stringify(est));
}

function closest(name: string): string {
  const near = KNOWN.find(
    (known) => known.length > 2 && (known.startsWith(name.slice(0, 3)) || name.startsWith(known.slice(0, 3))),
  );
  return near === undefined ? `known are ${KNOWN.join(", ")}` : `did you mean @${near}?`;
}

function lineOf(text: string, part: string): number | undefined {
  const at = text.indexOf(part);
  return at === -1 ? undefined : lineAt(text, at);
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The engine counts UTF-8 bytes. */
function lineAtByte(text: string, offset: number): number {
  return lineAt(text, decoder.decode(encoder.encode(text).subarray(0, offset)).length);
}
