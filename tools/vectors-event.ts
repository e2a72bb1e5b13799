/**
 * Writes the vectors of single events (spec/vectors/event), or with `--check` says which on disk are not what would be
 * written.
 */
import { runVectorScript } from "./vector-folder.ts";
import { eventVectors } from "./vectors-event/files.ts";

if (import.meta.main) runVectorScript("tools/vectors-event.ts", ["event"], eventVectors());
