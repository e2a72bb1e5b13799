/**
 * What differs between two policy bundles: rules by digest, so that comments and white space are no change of a rule, and
 * every other file by its bytes. Spec: spec/policy.md, "Diff".
 */
import type { LoadedPolicy } from "./decide.ts";
import type { Digest } from "./hash.ts";
import { type DiffLine, diffLines } from "./line-diff.ts";
import { HEADER_PATH, MANIFEST_PATH } from "./policy.ts";
import type { Rule } from "./rules.ts";

export type RuleChange = {
  readonly id: string;
  readonly change: "added" | "removed" | "changed";
  readonly from: Digest | null;
  readonly to: Digest | null;
  readonly lines: readonly DiffLine[];
};

/** A file that is no rule: a contract, the schema, a catalogue, tests, texts. */
export type FileChange = {
  readonly path: string;
  readonly change: "added" | "removed" | "changed";
  readonly lines: readonly DiffLine[];
};

export type PolicyDiff = {
  readonly from: Digest | null;
  readonly to: Digest;
  /** By id. */
  readonly rules: readonly RuleChange[];
  readonly unchanged_rules: number;
  /** By path; files of rules are left out, their rules are above. */
  readonly files: readonly FileChange[];
};

/** The differences of two loaded policies; against nothing, everything is added. */
export function policyDiff(before: LoadedPolicy | undefined, after: LoadedPolicy): PolicyDiff {
  const old = new Map((before?.rules ?? []).map((rule) => [rule.id, rule]));
  const now = new Map(after.rules.map((rule) => [rule.id, rule]));
  const ids = [...new Set([...old.keys(), ...now.keys()])].sort();
  const rules = ids.flatMap((id) => ruleChange(id, old.get(id), now.get(id)));
  const [a, b] = [filesOf(before), filesOf(after)];
  const paths = [...new Set([...a.keys(), ...b.keys()])].sort();
  return {
    from: before?.digest ?? null,
    to: after.digest,
    rules,
    unchanged_rules: ids.length - rules.length,
    files: paths.flatMap((path) => {
      const [was, is] = [a.get(path), b.get(path)];
      return was === is ? [] : [{ path, change: changeOf(was, is), lines: diffLines(was ?? "", is ?? "") }];
    }),
  };
}

function ruleChange(id: string, was: Rule | undefined, is: Rule | undefined): readonly RuleChange[] {
  if (was?.digest === is?.digest) return [];
  const lines = diffLines(was?.text ?? "", is?.text ?? "");
  return [{ id, change: changeOf(was, is), from: was?.digest ?? null, to: is?.digest ?? null, lines }];
}

function changeOf(was: unknown, is: unknown): "added" | "removed" | "changed" {
  if (was === undefined) return "added";
  return is === undefined ? "removed" : "changed";
}

const decoder = new TextDecoder();

/** Texts of a bundle's files but those whose content the diff shows otherwise. */
function filesOf(policy: LoadedPolicy | undefined): ReadonlyMap<string, string> {
  const files = [...(policy?.bundle.files ?? [])].filter(
    ([path]) => path !== MANIFEST_PATH && path !== HEADER_PATH && !path.startsWith("policies/"),
  );
  return new Map(files.map(([path, bytes]) => [path, decoder.decode(bytes)]));
}
