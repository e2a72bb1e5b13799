/**
 * Vectors of policy bundles: one good bundle, and for every finding a change to it that gives that finding and no other.
 * A change is made to the author's files, which are sealed afterwards, unless it is `after_sealing`.
 */
import { seedTexts } from "../seed-bundle.ts";

/** A file's new content: text, bytes, text said often, or null for no file. */
export type Content = string | null | { readonly base64: string } | { readonly repeat: string; readonly times: number };

export type BundleVector = {
  readonly desc: string;
  /** All files of the good bundle. */
  readonly files?: Readonly<Record<string, string>>;
  /** The good bundle's files that are replaced, added or (null) absent. */
  readonly change?: Readonly<Record<string, Content>>;
  readonly after_sealing?: true;
  /** Of the good bundle: its digest, and each rule's. */
  readonly digest?: string;
  readonly rule_digests?: Readonly<Record<string, string>>;
  /** Codes found, sorted. */
  readonly findings: readonly string[];
};

const schema = seedTexts["schema.cedarschema"]!;
const reasons = seedTexts["catalog/reasons.json"]!;
const terraform = seedTexts["tools/terraform.json"]!;
const status = seedTexts["tools/status.json"]!;
const main = seedTexts["policies/main.cedar"]!;

const more = (rule: string): Record<string, Content> => ({ "policies/more.cedar": rule });
const allow = (condition: string, id = "x") =>
  `@id("${id}") @decision("allow") @reason("TEAM_SCOPE") permit (principal, action, resource) when { ${condition} };\n`;
const deny = (annotations: string) =>
  `@id("x") @decision("deny") ${annotations} forbid (principal, action, resource);\n`;
const gate = (annotations: string, id = "x") =>
  `@id("${id}") @decision("require_approval") @reason("PROD_WRITE") ${annotations} forbid (principal, action, resource);\n`;
const asked = '@approvers("role:finance") @quorum("1") @ttl("PT1H")';
const sequence = (count: number, item: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => item(i)).join("");

type Row = readonly [code: string, desc: string, change: Readonly<Record<string, Content>>, after?: "after_sealing"];

/** By name. The first column is the one finding the change gives. */
const rows: Readonly<Record<string, Row>> = {
  "path-not-allowed": ["path-not-allowed", "a file of no meaning", { "policies/notes.txt": "x" }],
  "path-upper-case": ["path-not-allowed", "a policy file in capitals", { "policies/More.cedar": allow("true") }],
  "too-many-files": [
    "too-many-files",
    "more than 256 files",
    Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`tests/t${i}.json`, "[]"])),
  ],
  "file-too-large": [
    "file-too-large",
    "a file of 256 KiB and a byte",
    { "CHANGES.md": { repeat: "x", times: 262_145 } },
  ],
  "bundle-too-large": [
    "bundle-too-large",
    "nine files of 255 KiB",
    Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [`policies/p${i}.cedar`, { repeat: "//xxxxx\n", times: 32_640 }]),
    ),
  ],
  "file-required": ["file-required", "no schema", { "schema.cedarschema": null }],
  "not-text": ["not-text", "a byte that is not UTF-8", { "CHANGES.md": { base64: "Yf8=" } }],
  "hidden-character": [
    "hidden-character",
    "a comment that reads in another order",
    { "policies/main.cedar": `// \u202etnemmoc\n${main}` },
  ],
  "json-malformed": [
    "json-malformed",
    "one key twice",
    { "catalog/roles.json": '{"oncall_sre":{"title":"a"},"finance":{"title":"b"},"finance":{"title":"c"}}' },
  ],
  shape: [
    "shape",
    "a contract with a member nobody knows",
    { "tools/status.json": status.replace("{", '{"allow":true,') },
  ],
  "shape-pointer": [
    "shape",
    "a contract that reads an argument there is not",
    { "tools/status.json": status.replace('"from":"/vpc"', '"from":"/vpx"') },
  ],
  "manifest-missing": ["manifest-missing", "no manifest", { "MANIFEST.json": null }, "after_sealing"],
  "file-unlisted": ["file-unlisted", "a file the manifest does not list", more(allow("true")), "after_sealing"],
  "file-missing": ["file-missing", "a listed file that is not there", { "tests/seed.json": null }, "after_sealing"],
  "file-differs": [
    "file-differs",
    "a rule changed after sealing",
    { "policies/main.cedar": main.replace("500000", "900000") },
    "after_sealing",
  ],
  "header-differs": ["header-differs", "a header with another version than its manifest", {}, "after_sealing"],
  "manifest-not-canonical": ["manifest-not-canonical", "a manifest that ends in a newline", {}, "after_sealing"],
  "engine-differs": ["engine-differs", "a manifest for another version of the engine", {}, "after_sealing"],
  "gate-too-old": [
    "gate-too-old",
    "a bundle for a gate to come",
    { "bundle.json": '{"name":"seed","version":"1.0.0","min_gate":"99.0.0"}' },
  ],
  "tool-twice": [
    "tool-twice",
    "two contracts with one action",
    { "tools/other.json": status.replace('"status"', '"state"') },
  ],
  "reason-reserved": [
    "reason-reserved",
    "a reason of the gate's own",
    { "catalog/reasons.json": reasons.replace("{", '{"FROZEN":{"class":"deny","title":"x"},') },
  ],
  "test-tool-unknown": [
    "test-tool-unknown",
    "a test of no tool",
    { "tests/seed.json": seedTexts["tests/seed.json"]!.replace('"terraform"', '"pulumi"') },
  ],
  "policy-too-large": [
    "policy-too-large",
    "a rule of more than 10 KiB",
    more(allow(`resource.id == "${"x".repeat(10_240)}"`)),
  ],
  "nesting-too-deep": [
    "nesting-too-deep",
    "33 parentheses in each other",
    more(allow(`${"(".repeat(33)}true${")".repeat(33)}`)),
  ],
  "expression-too-long": [
    "expression-too-long",
    "a chain of 40 members",
    more(allow(`context${".a".repeat(40)} == 1`)),
  ],
  "expression-too-long-sum": ["expression-too-long", "a sum of 40 numbers", more(allow(`${"1 + ".repeat(39)}1 > 0`))],
  "too-many-rules": [
    "too-many-rules",
    "a thousand rules and one",
    { "policies/more.cedar": { repeat: allow("true"), times: 997 } },
  ],
  "schema-invalid": [
    "schema-invalid",
    "a schema that names what is not",
    { "schema.cedarschema": schema.replace("risk: Risk", "risk: Danger") },
  ],
  "schema-expands": [
    "expression-too-long",
    "a schema that doubles with every name",
    {
      "schema.cedarschema": `${schema}${sequence(40, (i) => `type T${i} = { a?: T${i + 1}, b?: T${i + 1} };\n`)}type T40 = { a?: Long };\nentity Big = { t?: T0 };\n`,
    },
  ],
  "cedar-syntax": ["cedar-syntax", "a comparison with nothing", more(allow("context.cost_cents > "))],
  "template-not-allowed": [
    "template-not-allowed",
    "a template",
    more("permit (principal == ?principal, action, resource);"),
  ],
  "id-missing": ["id-missing", "a rule without @id", more(allow("true").replace('@id("x")', ""))],
  "id-malformed": ["id-malformed", "a rule with an id of the gate's own", more(allow("true", "core:default-deny"))],
  "id-twice": ["id-twice", "two rules of one @id", more(allow("true", "deny-exfil"))],
  "annotation-unknown": [
    "annotation-unknown",
    "an annotation nobody knows",
    more(allow("true").replace("@reason", '@allow_on_timeout("true") @reason')),
  ],
  "annotation-missing": [
    "annotation-missing",
    "a gate without an end",
    more(gate('@approvers("role:finance") @quorum("1")')),
  ],
  "annotation-malformed": [
    "annotation-malformed",
    "a quorum of nobody",
    more(gate(asked.replace('@quorum("1")', '@quorum("0")'))),
  ],
  "annotation-misplaced": [
    "annotation-misplaced",
    "approvers of a denial",
    more(deny('@reason("RISK_EXFILTRATION") @approvers("role:finance")')),
  ],
  "effect-differs": ["effect-differs", "approval asked for by a permit", more(gate(asked).replace("forbid", "permit"))],
  "reason-unknown": ["reason-unknown", "a reason out of the catalogue", more(deny('@reason("BECAUSE")'))],
  "reason-class-differs": [
    "reason-class-differs",
    "a reason to allow on a denial",
    more(deny('@reason("TEAM_SCOPE")')),
  ],
  "role-unknown": ["role-unknown", "approvers out of the catalogue", more(gate(asked.replace("finance", "board")))],
  "vote-reasons-missing": [
    "vote-reasons-missing",
    "no reason to reject with",
    { "catalog/reasons.json": reasons.replace('"reject"', '"approve"') },
  ],
  multiplication: ["multiplication", "a product", more(allow("context.cost_cents * 2 > 5"))],
  "number-too-large": [
    "number-too-large",
    "an integer that JSON readers round",
    more(allow("context.cost_cents == 9007199254740993")),
  ],
  "action-in-condition": [
    "action-in-condition",
    "an action named in a condition",
    more(allow('action == Action::"infra.status"')),
  ],
  "rule-without-tool": [
    "rule-without-tool",
    "a rule for a group no contract's action is in",
    more(allow("true").replace("action,", 'action in Action::"delete",')),
  ],
  "type-error": ["type-error", "a misspelt attribute", more(allow('resource.envv == "prod"'))],
  "contract-schema-differs": [
    "contract-schema-differs",
    "an optional argument the schema counts on",
    { "tools/terraform.json": terraform.replace('"default":0', '"optional":true') },
  ],
  "contract-verb-differs": [
    "contract-verb-differs",
    "a tool that reads in the group of those that execute",
    { "schema.cedarschema": schema.replace('"infra.status" in [read]', '"infra.status" in [execute]') },
  ],
  "too-many-gates": [
    "too-many-gates",
    "seventeen gates over one tool",
    more(sequence(15, (i) => gate(asked, `x${i}`))),
  ],
  "too-many-obligations": [
    "too-many-obligations",
    "thirty-three obligations over one tool",
    more(
      allow("true").replace(
        "@reason",
        `@obligations("${Array.from({ length: 31 }, (_, i) => `o${i}`).join(";")}") @reason`,
      ),
    ),
  ],
  "mixed-script": [
    "mixed-script",
    "a text in which one letter is of another script",
    more(allow('resource.env == "pr\u043ed"')),
  ],
  "never-applies": ["never-applies", "a rule that can never apply: a warning", more(allow("false"))],
};

/** What the changes to a manifest are, by the name of their row: text of the manifest before and after. */
export const manifestEdits: Readonly<Record<string, (manifest: string) => string>> = {
  "header-differs": (manifest) => manifest.replace('"version":"1.0.0"', '"version":"1.0.1"'),
  "manifest-not-canonical": (manifest) => `${manifest}\n`,
  "engine-differs": (manifest) => manifest.replace('"crate":"4.13.0"', '"crate":"4.12.0"'),
};

export const bundleRows = rows;
