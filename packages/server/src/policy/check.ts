/**
 * What must hold before a bundle is published, and what `policy lint` and `policy test` show: it reads, its rules load,
 * its own tests pass, and they say what each rule is for. Rules are strangers until then, so they are loaded in a thread of their own that is thrown away.
 */
import type { BundleTestResult } from "@countersign/evidence/bundle-tests";
import { type ControlState, enrolledPeople, personsWithRole, wantsAgreement } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import type { ApprovalRequirement } from "@countersign/evidence/event";
import { type Bundle, readBundle, sealBundle } from "@countersign/evidence/policy";
import { formatFinding, type PolicyFinding, policyFinding } from "@countersign/evidence/policy-finding";
import { type BundleFiles, type EngineHostOptions, openEngineHost } from "./engine-host.ts";

export type BundleReport = {
  /** Undefined when the files are no bundle. */
  readonly bundle: Bundle | undefined;
  readonly findings: readonly PolicyFinding[];
  readonly rules: number;
  /** What each rule that asks for approval asks of people. */
  readonly gates: readonly ApprovalRequirement[];
  readonly tests: readonly BundleTestResult[];
  /** The engine was lost over it. */
  readonly broken: boolean;
};

/** Checks an author's files. Adds the manifest when there is none. Never throws for what the files say. */
export async function checkBundle(files: BundleFiles, options: EngineHostOptions): Promise<BundleReport> {
  const sealed = sealBundle(files);
  const read = sealed.ok ? readBundle(sealed.files) : sealed;
  if (!read.ok) return { bundle: undefined, findings: read.findings, rules: 0, gates: [], tests: [], broken: false };
  const { bundle } = read;
  const host = openEngineHost(options);
  try {
    const { ok, findings, rules, gates, tests, broken } = await host.load(bundle.digest, bundle.files, true);
    return { bundle, findings, rules, gates, tests, broken: broken || (!ok && findings.length === 0) };
  } finally {
    await host.close();
  }
}

/** Checks at once and waiting: each takes a thread and up to seconds of a core. */
const MOST_CHECKS = 4;

/**
 * Checks bundles one after the other, so that uploads never take more than one core from the gate.
 *
 * @returns as {@link checkBundle}; throws CountersignError core:overloaded when too many wait
 */
export function openChecker(options: EngineHostOptions): (files: BundleFiles) => Promise<BundleReport> {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return (files) => {
    if (waiting >= MOST_CHECKS) {
      return Promise.reject(
        new CountersignError("core:overloaded", { detail: "Too many policy bundles wait already." }),
      );
    }
    waiting++;
    const done = last.then(() => checkBundle(files, options));
    last = done.then(
      () => waiting--,
      () => waiting--,
    );
    return done;
  };
}

/**
 * Gates that fewer people could open than the quorum and one more: people who hold the role and have a live key. An error
 * where two people count, since work would wait for ever; elsewhere a warning.
 */
export function approverFindings(
  gates: readonly ApprovalRequirement[],
  control: ControlState,
): readonly PolicyFinding[] {
  const enrolled = enrolledPeople(control);
  const level = wantsAgreement(control) ? "error" : "warning";
  return gates.flatMap(({ rule, approvers, quorum }) => {
    const role = approvers.replace(/^role:/, "");
    const people = personsWithRole(control, role).filter((alias) => enrolled.has(alias)).length;
    if (people > quorum) return [];
    const detail = `${rule} takes ${quorum} of ${role}; ${people} such people have a live key, and one more than the quorum is wanted`;
    return [{ ...policyFinding("too-few-approvers", detail), level }];
  });
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
