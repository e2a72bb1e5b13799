/**
 * What is wrong with a policy bundle. Findings are data: a check returns all of them, each with its file, its line where
 * one is known, a stable code and one sentence. A bundle with any finding but a warning is never published or loaded.
 */
export const policyFindings = {
  // files
  "path-not-allowed": "A file's path is not one a policy bundle may have.",
  "too-many-files": "The bundle has more than 256 files.",
  "file-too-large": "A file is larger than 256 KiB.",
  "bundle-too-large": "The bundle's files are larger than 2 MiB together.",
  "file-required": "A file every bundle needs is absent.",
  "not-text": "A file is not UTF-8 text.",
  "hidden-character": "A file has a character that is not seen or that reorders what is seen.",
  "json-malformed": "A file is not the JSON it should be.",
  shape: "A member is missing, unknown or of the wrong kind.",
  // manifest
  "manifest-missing": "There is no MANIFEST.json.",
  "manifest-not-canonical": "MANIFEST.json is not canonical JSON.",
  "file-unlisted": "A file is not listed in MANIFEST.json.",
  "file-missing": "A file listed in MANIFEST.json is absent.",
  "file-differs": "A file is not the one MANIFEST.json lists.",
  "header-differs": "bundle.json and MANIFEST.json say different things.",
  "gate-too-old": "The bundle needs a newer gate.",
  "engine-differs": "The bundle is for another policy engine, or another version of it.",
  // contracts and catalogues
  "tool-twice": "Two contracts are for one tool, or share one action.",
  "reason-reserved": "A reason code is one of the gate's own.",
  "test-tool-unknown": "A test names a tool no contract is for.",
  // text handed to the engine
  "policy-too-large": "A rule is larger than 10 KiB, or a schema than 256 KiB.",
  "nesting-too-deep": "A rule or the schema nests deeper than the engine survives.",
  "expression-too-long": "A rule or the schema has longer chains than the engine survives.",
  "too-many-rules": "The bundle has more than 1,000 rules.",
  "schema-invalid": "The schema does not parse.",
  "cedar-syntax": "A rule does not parse.",
  "template-not-allowed": "A rule is a template.",
  // rules
  "id-missing": "A rule has no @id.",
  "id-malformed": "A rule's @id is not a rule id, or is one of the gate's own.",
  "id-twice": "Two rules have one @id.",
  "annotation-unknown": "A rule has an annotation the gate does not know.",
  "annotation-missing": "A rule lacks an annotation it needs.",
  "annotation-malformed": "An annotation's value is not of its form.",
  "annotation-misplaced": "A rule has an annotation its decision does not take.",
  "effect-differs": "A rule's effect does not fit its @decision.",
  "reason-unknown": "A rule's @reason is not in the catalogue.",
  "reason-class-differs": "A rule's @reason is of another class than its @decision.",
  "role-unknown": "A rule's @approvers are not in the catalogue.",
  "vote-reasons-missing": "The bundle has gates, but the catalogue has no reasons to approve or to reject with.",
  multiplication: "A rule multiplies, which can overflow.",
  "number-too-large": "A rule has an integer beyond 2^53, which would not survive its own digest.",
  "action-in-condition": "A rule names an action in a condition instead of its scope.",
  "rule-without-tool": "No contract's action is in a rule's scope.",
  "type-error": "A rule does not fit the schema.",
  "contract-schema-differs": "What a contract projects does not fit the schema.",
  "contract-verb-differs": "A contract's action is not in the schema's group of its verb.",
  "too-many-gates": "More than 16 gates can apply to one tool.",
  "too-many-obligations": "More than 32 obligations can apply to one tool.",
  // what only the lint looks at
  "agent-exemption": "A rule lets an action through on nothing but the agent's own word.",
  "rule-unreached": "No test makes a rule match.",
  "rule-unrefuted": "No test shows where a rule does not apply.",
  "mutation-survived": "A rule can be dropped or changed, and no test fails.",
  "mixed-script": "A text or name mixes letters of several scripts, so that it looks like another.",
  "rules-malformed": "rules.yaml is not the rules it should be.",
  "generated-differs": "policies/_generated.cedar is not what rules.yaml compiles to.",
  "signature-invalid": "A signature does not verify on the manifest.",
  // what only the server can know
  "too-few-approvers": "Fewer people than the quorum and one more may approve under a gate.",
  // warnings
  "never-applies": "A rule can never apply.",
  "boundary-untested": "No test tells a limit from the value beside it.",
  "reason-unused": "A reason of the catalogue is no rule's.",
  "signature-unknown": "A signature is by a key this tenant does not know.",
} as const satisfies Record<string, string>;

/** A stable code of {@link policyFindings}. */
export type FindingCode = keyof typeof policyFindings;

/** Findings a bundle may be published with. */
const WARNINGS: ReadonlySet<FindingCode> = new Set([
  "never-applies",
  "boundary-untested",
  "reason-unused",
  "signature-unknown",
]);

export type PolicyFinding = {
  readonly level: "error" | "warning";
  readonly code: FindingCode;
  /** One sentence: what was found, and what was expected. */
  readonly detail: string;
  /** File inside the bundle; empty when the finding is about the whole. */
  readonly path: string;
  /** 1-based. */
  readonly line?: number;
};

export function policyFinding(
  code: FindingCode,
  detail: string,
  at: { readonly path: string; readonly line?: number | undefined } = { path: "" },
): PolicyFinding {
  const level = WARNINGS.has(code) ? "warning" : "error";
  const { path, line } = at;
  return line === undefined ? { level, code, detail, path } : { level, code, detail, path, line };
}

/** `policies/main.cedar:12: effect-differs: …`, the form editors jump to. */
export function formatFinding(finding: Omit<PolicyFinding, "code"> & { readonly code: string }): string {
  const { path, line, code, detail, level } = finding;
  const place = path === "" ? "bundle" : line === undefined ? path : `${path}:${line}`;
  return `${place}: ${level === "warning" ? "warning: " : ""}${code}: ${detail}`;
}

/** The 1-based line of a byte or character offset. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}
