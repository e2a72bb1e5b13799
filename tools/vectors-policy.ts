/**
 * Writes the vectors of policy bundles, projections and decisions (spec/vectors/policy), or with `--check` says which on
 * disk are not what would be written.
 */
import { runVectorScript } from "./vector-folder.ts";
import { policyVectors } from "./vectors-policy/files.ts";

if (import.meta.main) runVectorScript("tools/vectors-policy.ts", ["policy"], await policyVectors());
