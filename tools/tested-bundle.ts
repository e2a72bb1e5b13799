/** The seed bundle as it may be published: its dry run is enforced, and its tests decide everything about its rules. */
import { seedTexts } from "./seed-bundle.ts";

/** A request of the change tool by an agent of the team. */
export const testedChange = (args: object, more: object = {}) => ({
  tool: "terraform",
  args: { vpc: "vpc-1", environment: "dev", ...args },
  agent: { team: "sre" },
  ...more,
});
/** Tests that decide everything about the seed's rules. */
export const testedTests = [
  {
    name: "dev goes through",
    request: testedChange({}),
    expect: { decision: "ALLOW", matched_rules: ["allow-ops-agents"] },
  },
  {
    name: "prod waits",
    request: testedChange({ environment: "prod" }),
    expect: { decision: "REQUIRE_APPROVAL", matched_rules: ["approval-prod-write"] },
  },
  {
    name: "a dry run does not",
    request: testedChange({ environment: "prod", dry_run: true }),
    expect: { decision: "ALLOW" },
  },
  {
    name: "much money waits",
    request: testedChange({ cost: 5000.01 }),
    expect: { decision: "REQUIRE_APPROVAL", matched_rules: ["approval-large-spend"] },
  },
  { name: "… not one cent less", request: testedChange({ cost: 5000 }), expect: { decision: "ALLOW" } },
  {
    name: "nobody else",
    request: testedChange({}, { agent: { team: "web" } }),
    expect: { decision: "DENY", matched_rules: ["core:default-deny"] },
  },
  {
    name: "only what the run declared",
    request: testedChange({}, { run: { capabilities: ["infra.read"] } }),
    expect: { decision: "DENY", matched_rules: ["core:default-deny"] },
  },
  {
    name: "nothing leaves",
    request: testedChange({}, { risk: { tags: ["exfil"] } }),
    expect: { decision: "DENY", matched_rules: ["deny-exfil"] },
  },
];

export const testedTexts: Readonly<Record<string, string>> = {
  ...seedTexts,
  "bundle.json": JSON.stringify({ name: "tested", version: "1.0.0" }),
  "policies/main.cedar": seedTexts["policies/main.cedar"]!.replace(
    "log_args:redacted;max_runtime_ms:600000",
    "enforce:dry_run;log_args:redacted",
  ),
  "tests/seed.json": JSON.stringify(testedTests),
};
