/**
 * A small policy bundle about infrastructure changes, for tests and vectors: two tools, a rule that allows, two gates and a
 * rule that denies. Tests replace or add files to see what a single change does.
 */
import { utf8 } from "@countersign/evidence/hash";
import { type Bundle, readBundle, sealBundle } from "@countersign/evidence/policy";
import { formatFinding, type PolicyFinding } from "@countersign/evidence/policy-finding";
import type { GateFacts } from "@countersign/evidence/project";

const context = (args: string) => `{
  tenant: String, capability: String, run: Run, cost_cents: Long, risk: Risk, history: History, time: Time,
  args: ${args},
}`;

/** The part of a schema every bundle has. */
export const schemaPrelude = `entity Agent = { agent: String, owner: String, team: String };
entity Target = { system: String, id: String, env: String, version: String, touches: Set<String> };
type Run = { id: String, capabilities: Set<String>, on_behalf_of: String };
type Risk = { tags: Set<String>, score: Long };
type History = { actions: Long, cents: Long, bytes: Long, in_flight: Long };
type Time = { epoch: Long, hour_utc: Long, dow: Long };
`;

/** One action of a schema, in the group of its verb, with its arguments' record type. */
export const schemaAction = (action: string, verb: string, args: string) =>
  `action ${JSON.stringify(action)} in [${verb}] appliesTo { principal: [Agent], resource: [Target], context: ${context(args)} };\n`;

const rules = `// Whoever is in the team may use what the run declared.
@id("allow-ops-agents") @decision("allow") @reason("TEAM_SCOPE")
@obligations("log_args:redacted;max_runtime_ms:600000")
permit (principal is Agent, action in [Action::"read", Action::"write"], resource is Target)
when { principal.team == "sre" && context.run.capabilities.contains(context.capability) };

@id("approval-prod-write") @decision("require_approval") @reason("PROD_WRITE") @severity("high")
@approvers("role:oncall_sre") @quorum("1") @ttl("PT30M") @separation("requester,on_behalf_of,agent_owner")
@control("SOC2:CC8.1;ISO42001:A.9.3") @owner("platform-sec") @doc("https://example.com/runbooks/prod-write")
forbid (principal, action in Action::"write", resource is Target)
when { resource.env == "prod" } unless { context.args.dry_run };

@id("approval-large-spend") @decision("require_approval") @reason("AMOUNT_OVER_LIMIT")
@approvers("role:finance") @quorum("2") @ttl("PT4H")
forbid (principal, action in Action::"write", resource) when { context.args.cost_cents > 500000 };

@id("deny-exfil") @decision("deny") @reason("RISK_EXFILTRATION")
forbid (principal, action, resource) when { context.risk.tags.contains("exfil") };
`;

const changeContract = {
  tool: "terraform",
  action: "infra.change.apply",
  verb: "write",
  capability: "infra.change",
  input_schema: {
    type: "object",
    properties: {
      vpc: { type: "string" },
      region: { type: "string" },
      environment: { type: "string" },
      cost: { type: "number" },
      dry_run: { type: "boolean" },
    },
    required: ["vpc", "environment"],
  },
  project: [
    { to: "args.cost_cents", fn: "cents", from: "/cost", default: 0 },
    { to: "args.dry_run", fn: "bool", from: "/dry_run", default: false },
  ],
  resource: {
    system: "aws",
    id: { fn: "string", from: "/vpc" },
    env: { fn: "enum", from: "/environment", values: ["prod", "staging", "dev"] },
  },
  cost_cents: { fn: "cents", from: "/cost" },
};

const statusContract = {
  tool: "status",
  action: "infra.status",
  verb: "read",
  capability: "infra.read",
  input_schema: { type: "object", properties: { vpc: { type: "string" } } },
  project: [],
  resource: { system: "aws", id: { fn: "string", from: "/vpc" }, env: { const: "any" } },
};

const reasons = {
  TEAM_SCOPE: { class: "allow", title: "Within the team's scope" },
  PROD_WRITE: { class: "require_approval", title: "A change in prod", remediation: "Wait for the approval." },
  AMOUNT_OVER_LIMIT: { class: "require_approval", title: "It costs more than usual" },
  RISK_EXFILTRATION: { class: "deny", title: "Data would leave", remediation: "Do not send data out." },
  CHANGE_REVIEWED: { class: "approve", title: "The change was reviewed" },
  RISK_TOO_HIGH: { class: "reject", title: "The risk is too high" },
};

const tests = [
  {
    name: "a change in prod waits",
    request: {
      tool: "terraform",
      args: { vpc: "vpc-1", environment: "prod", cost: 12.5 },
      agent: { team: "sre" },
    },
    expect: { decision: "REQUIRE_APPROVAL", matched_rules: ["approval-prod-write"] },
  },
  {
    name: "nobody else changes anything",
    request: { tool: "terraform", args: { vpc: "vpc-1", environment: "dev" }, agent: { team: "web" } },
    expect: { decision: "DENY", matched_rules: ["core:default-deny"] },
  },
];

/** The seed bundle's files as an author writes them. */
export const seedTexts: Readonly<Record<string, string>> = {
  "bundle.json": JSON.stringify({ name: "seed", version: "1.0.0" }),
  "schema.cedarschema":
    schemaPrelude +
    "action read; action write; action delete; action execute;\n" +
    schemaAction("infra.change.apply", "write", "{ cost_cents: Long, dry_run: Bool }") +
    schemaAction("infra.status", "read", "{}"),
  "policies/main.cedar": rules,
  "tools/terraform.json": JSON.stringify(changeContract),
  "tools/status.json": JSON.stringify(statusContract),
  "catalog/reasons.json": JSON.stringify(reasons),
  "catalog/roles.json": JSON.stringify({ oncall_sre: { title: "On call" }, finance: { title: "Finance" } }),
  "tests/seed.json": JSON.stringify(tests),
};

/** The seed's files with some replaced, added, or (undefined) taken away. */
export function seedFiles(
  changes: Readonly<Record<string, string | Uint8Array | undefined>> = {},
): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const [path, content] of Object.entries({ ...seedTexts, ...changes })) {
    if (content !== undefined) files.set(path, typeof content === "string" ? utf8(content) : content);
  }
  return files;
}

/** The bundle of these files, sealed and read; throws its findings when it is none. */
export function bundleOf(files: ReadonlyMap<string, Uint8Array>): Bundle {
  const sealed = sealBundle(files);
  const read = sealed.ok ? readBundle(sealed.files) : sealed;
  if (read.ok) return read.bundle;
  throw new Error(formatFindings(read.findings));
}

/** Findings of these files as read, before any engine; empty when they are a bundle. */
export function findingsOf(files: ReadonlyMap<string, Uint8Array>): readonly PolicyFinding[] {
  const sealed = sealBundle(files);
  const read = sealed.ok ? readBundle(sealed.files) : sealed;
  return read.ok ? [] : read.findings;
}

export const formatFindings = (findings: readonly PolicyFinding[]) => findings.map(formatFinding).join("\n");

/** Facts of an ordinary request: an agent of the sre team in a run that declared its capability. */
export const seedFacts: GateFacts = {
  tenant: "prod-a",
  agent: { id: "ops-agent-3", owner: "usr_01kh0000000000000000000001", team: "sre" },
  run: { id: "run_01kh0000000000000000000002", capabilities: ["infra.change", "infra.read"] },
  capability: "infra.change",
  history: { actions: 3, cents: 1200, bytes: 0, in_flight: 1 },
  nowMs: Date.parse("2026-04-01T14:07:52.001Z"),
};
