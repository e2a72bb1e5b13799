/**
 * What must hold before a bundle is published, and what `policy lint` and `policy test` show: it reads, its rules load,
 * its own tests pass, and they say what each rule is for. Rules are strangers until then, so they are loaded in a thread of their own that is thrown away.
 */
import type { BundleTestResult } from "@countersign/evidence/bundle-tests";
import { CountersignError } from "@countersign/evidence/errors";
import { type Bundle, readBundle, sealBundle } from "@countersign/evidence/policy";
import { formatFinding, type PolicyFinding } from "@countersign/evidence/policy-finding";
import { type BundleFiles, type EngineHostOptions, openEngineHost } from "./engine-host.ts";

export type BundleReport = {
  /** Undefined when the files are no bundle. */
  readonly bundle: Bundle | undefined;
  readonly findings: readonly PolicyFinding[];
  readonly rules: number;
  readonly tests: readonly BundleTestResult[];
  /** The engine was lost over it. */
  readonly broken: boolean;
};

/** Checks an author's files. Adds the manifest when there is none. Never throws for what the files say. */
export async function checkBundle(files: BundleFiles, options: EngineHostOptions): Promise<BundleReport> {
  const sealed = sealBundle(files);
  const read = sealed.ok ? readBundle(sealed.files) : sealed;
  if (!read.ok) return { bundle: undefined, findings: read.findings, rules: 0, tests: [], broken: false };
  const { bundle } = read;
  const host = openEngineHost(options);
  try {
    const { ok, findings, rules, tests, broken } = await host.load(bundle.digest, bundle.files, true);
    return { bundle, findings, rules, tests, broken: broken || (!ok && findings.length === 0) };
  } finally {
    await host.close();
  }
}

/** Whether a bundle may be published. */
export function isPublishable(report: BundleReport): report is BundleReport & { readonly bundle: Bundle } {
  const hasErrors = report.findings.some(({ level }) => level === "error");
  return report.bundle !== undefined && !hasErrors && !report.broken && report.tests.every(({ passed }) => passed);
}

/** The refusal of a bundle that may not be published, with every finding and failed test. */
export function refusalOf(report: BundleReport): CountersignError {
  const findings = report.findings.filter(({ level }) => level === "error").map(formatFinding);
  const failed = report.tests.filter(({ passed }) => !passed);
  const tests = failed.map(({ path, name, problems }) => `${path}: test "${name}": ${problems.join("; ")}`);
  const lost = report.broken ? ["bundle: the policy engine did not survive loading it"] : [];
  const lines = [...findings, ...tests, ...lost];
  return new CountersignError("policy-invalid", {
    detail: `${lines.length} finding${lines.length === 1 ? "" : "s"}; the first: ${lines[0]}.`,
    members: { findings: lines.slice(0, 100) },
  });
}
