/**
 * Whether what people approved under one policy would be asked of the same people, for the same thing, under another.
 * The gate digest covers the rules and requirements that matched; this is about all else a decision is made of. Server
 * and verifier ask the same function. Spec: spec/approval.md, "Another policy".
 */
import { digestOf, utf8 } from "./hash.ts";
import type { Bundle } from "./policy.ts";

/**
 * Why an approval under `from` does not hold under `to`, in one sentence; undefined when it may.
 *
 * @param tool the action's tool
 */
export function driftReason(from: Bundle, to: Bundle, tool: string): string | undefined {
  for (const { manifest } of [from, to]) {
    if (manifest.approval_drift !== "gate") return `${manifest.name} ${manifest.version} is strict about its approvals`;
  }
  if (from.contracts.get(tool)?.digest !== to.contracts.get(tool)?.digest) return `the contract of ${tool} differs`;
  if (digestOf(utf8(from.schema)) !== digestOf(utf8(to.schema))) return "the schema differs";
  const same = ["combining", "projection", "scanners"] as const;
  const other = same.find((name) => from.manifest[name] !== to.manifest[name]);
  if (other !== undefined) return `${other} differs`;
  const engines = [from, to].map(({ manifest: { engine } }) => `${engine.name}/${engine.crate}`);
  return engines[0] === engines[1] ? undefined : "the engine differs";
}
