/**
 * Vectors of the lint: one bundle without a finding, and changes to it that give one finding and no other. Reading and
 * loading find nothing about any of them, and all their tests pass.
 */
import { formatBase64Url } from "@countersign/evidence/base64";
import { runBundleTests } from "@countersign/evidence/bundle-tests";
import type { Cedar } from "@countersign/evidence/cedar";
import type { PolicyEngine } from "@countersign/evidence/decide";
import { assert } from "@countersign/evidence/errors";
import { sha256, utf8 } from "@countersign/evidence/hash";
import { readBundle } from "@countersign/evidence/policy";
import type { PolicyFinding } from "@countersign/evidence/policy-finding";
import { lintPolicy } from "@countersign/evidence/policy-lint";
import { checkSignatures, signBundle } from "@countersign/evidence/policy-signatures";
import { generatedFindings } from "@countersign/server/policy/rules-yaml";
import { ed25519 } from "@noble/curves/ed25519.js";
import { testedChange, testedTests, testedTexts } from "../tested-bundle.ts";
import type { BundleVector, Content } from "./bundles.ts";

/** Keys of the lint's vectors, by name. */
export type LintVector = BundleVector & { readonly keys?: Readonly<Record<string, string>> };

const secret = sha256(utf8("policy vector key"));
const publicKey = ed25519.getPublicKey(secret);
const KEY = "reviewer-1";

/** What the lint finds about sealed files. */
export function lintFindings(
  cedar: Cedar,
  engine: PolicyEngine,
  files: ReadonlyMap<string, Uint8Array>,
): readonly PolicyFinding[] {
  const read = readBundle(files);
  assert(read.ok, `the lint is about bundles that read: ${JSON.stringify(read)}`);
  const loaded = engine.load(read.bundle);
  assert(loaded.ok && loaded.policy.warnings.length === 0, `… that load: ${JSON.stringify(loaded)}`);
  const failed = runBundleTests(engine, loaded.policy).filter(({ passed }) => !passed);
  assert(failed.length === 0, `… and whose tests pass: ${JSON.stringify(failed)}`);
  const signatures = checkSignatures(read.bundle, (keyId) => (keyId === KEY ? publicKey : undefined));
  return [...generatedFindings(read.bundle), ...lintPolicy(cedar, loaded.policy), ...signatures.findings];
}

/** @param digest of the good bundle */
export function lintVectors(digest: string, texts: Readonly<Record<string, string>>): Record<string, LintVector> {
  const good = signBundle(digest, { keyId: KEY, role: "reviewer" }, (message) => ed25519.sign(message, secret));
  const signed = (signature: object): Record<string, Content> => ({
    "MANIFEST.sigs.json": JSON.stringify([signature]),
  });
  const vectors: Record<string, LintVector> = {
    valid: {
      desc: "A bundle whose tests decide everything about its rules.",
      files: texts,
      digest,
      keys: { [KEY]: formatBase64Url(publicKey) },
      findings: [],
    },
    signed: {
      desc: "The same with a reviewer's signature.",
      change: signed(good),
      after_sealing: true,
      findings: [],
    },
    "signature-invalid": {
      desc: "A signature of another bundle.",
      change: signed({ ...good, sig: "A".repeat(86) }),
      after_sealing: true,
      findings: ["signature-invalid"],
    },
    "signature-unknown": {
      desc: "A signature by a key nobody knows: a warning.",
      change: signed({ ...good, key_id: "reviewer-2" }),
      after_sealing: true,
      findings: ["signature-unknown"],
    },
  };
  for (const [name, [code, desc, change]] of Object.entries(rows)) {
    vectors[name] = { desc: `${desc[0]!.toUpperCase()}${desc.slice(1)}.`, change, findings: [code] };
  }
  return vectors;
}

const main = testedTexts["policies/main.cedar"]!;
const reasons = testedTexts["catalog/reasons.json"]!;
const deny = (id: string, scope: string, condition: string) =>
  `@id("${id}") @decision("deny") @reason("RISK_EXFILTRATION") forbid (${scope}) ${condition};\n`;
const tests = (...all: readonly object[]) => JSON.stringify(all);
const status = {
  name: "no status",
  request: { tool: "status", args: { vpc: "vpc-1" }, agent: { team: "sre" } },
  expect: { decision: "DENY", matched_rules: ["deny-status"] },
};

const rows: Readonly<Record<string, readonly [code: string, desc: string, change: Record<string, Content>]>> = {
  "agent-exemption": [
    "agent-exemption",
    "a dry run lets a change through, and nothing holds the executor to it",
    { "policies/main.cedar": main.replace("enforce:dry_run;", "") },
  ],
  "rule-unreached": [
    "rule-unreached",
    "a rule no test is about",
    { "policies/more.cedar": deny("deny-web", "principal, action, resource", 'when { principal.team == "nobody" }') },
  ],
  "rule-unrefuted": [
    "rule-unrefuted",
    "a rule for one resource, and no test of another",
    {
      "policies/more.cedar": deny(
        "deny-status",
        'principal, action == Action::"infra.status", resource == Target::"vpc-1"',
        "",
      ),
      "tests/seed.json": tests(...testedTests, status),
    },
  ],
  "mutation-survived": [
    "mutation-survived",
    "a rule that says what another says already",
    {
      "policies/more.cedar": deny(
        "deny-twice",
        "principal, action, resource",
        'when { context.risk.tags.contains("exfil") }',
      ),
      "tests/seed.json": tests(
        ...testedTests.map((one) => ({
          ...one,
          expect:
            one.name === "nothing leaves" ? { decision: "DENY", reason_codes: ["RISK_EXFILTRATION"] } : one.expect,
        })),
      ),
    },
  ],
  "boundary-untested": [
    "boundary-untested",
    "a limit nobody tests at its value: a warning",
    {
      "tests/seed.json": tests(
        ...testedTests.map((one) =>
          one.name === "… not one cent less" ? { ...one, request: testedChange({ cost: 100 }) } : one,
        ),
      ),
    },
  ],
  "reason-unused": [
    "reason-unused",
    "a reason no rule gives: a warning",
    { "catalog/reasons.json": reasons.replace("{", '{"SPARE":{"class":"deny","title":"Spare"},') },
  ],
  "generated-differs": [
    "generated-differs",
    "generated rules without what they were made from",
    { "policies/_generated.cedar": "// Made from rules.yaml.\n" },
  ],
  "rules-malformed": ["rules-malformed", "rules in the short form that are none", { "rules.yaml": "rules: 7\n" }],
};
