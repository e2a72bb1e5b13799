/** Writes the vectors of packs (spec/vectors/pack), or with `--check` says which on disk are not what would be written. */
import { runVectorScript } from "./vector-folder.ts";
import { packVectors } from "./vectors-pack/files.ts";

if (import.meta.main) runVectorScript("tools/vectors-pack.ts", ["pack"], await packVectors());
