/**
 * Writes the vectors of a log's meaning (spec/vectors/run, control, approval, permit), or with `--check` says which on
 * disk are not what would be written. Everything in them comes from names, so the same files are written every time.
 */
import { runVectorScript, vectorDifferences, vectorsOnDisk } from "./vector-folder.ts";
import { lifeFormats, lifeVectors } from "./vectors-life/files.ts";

const SCRIPT = "tools/vectors-life.ts";

/** One sentence for each file that is missing, differs, or that nothing writes any more. */
export function lifeDifferences(): readonly string[] {
  return vectorDifferences(SCRIPT, lifeVectors(), vectorsOnDisk(lifeFormats));
}

if (import.meta.main) runVectorScript(SCRIPT, lifeFormats, lifeVectors());
