/** Two bundles compared on the machine of whoever asks: no server's word is taken for what a directory says. */
import { type LoadedPolicy, loadEngine, type PolicyEngine } from "@countersign/evidence/decide";
import { CountersignError } from "@countersign/evidence/errors";
import { type BundleOutcome, MANIFEST_PATH, policyDigest, readBundle, sealBundle } from "@countersign/evidence/policy";
import { type PolicyDiff, policyDiff } from "@countersign/evidence/policy-diff";
import { formatFinding, type PolicyFinding } from "@countersign/evidence/policy-finding";

type Files = ReadonlyMap<string, Uint8Array>;

/** What differs; against nothing, everything is added. @throws CountersignError policy-invalid for what does not load */
export async function compareBundles(before: Files | undefined, after: Files): Promise<PolicyDiff> {
  const engine = await loadEngine();
  return policyDiff(before === undefined ? undefined : load(engine, before), load(engine, after));
}

/** The digest a directory's files have once stored. @throws CountersignError policy-invalid */
export function digestOfFiles(files: Files): string {
  const sealed = sealBundle(files);
  if (!sealed.ok) throw refusal(sealed.findings);
  return policyDigest(sealed.files.get(MANIFEST_PATH)!); // sealing adds it
}

function load(engine: PolicyEngine, files: Files): LoadedPolicy {
  const sealed = sealBundle(files);
  const read: BundleOutcome = sealed.ok ? readBundle(sealed.files) : sealed;
  if (!read.ok) throw refusal(read.findings);
  const loaded = engine.load(read.bundle);
  if (!loaded.ok) throw refusal(loaded.findings);
  return loaded.policy;
}

function refusal(findings: readonly PolicyFinding[]): CountersignError {
  const lines = findings.map(formatFinding);
  return new CountersignError("policy-invalid", { detail: `${lines[0]}.`, members: { findings: lines.slice(0, 100) } });
}
