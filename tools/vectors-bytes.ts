/**
 * Writes the vectors of the byte formats (spec/vectors/json, canonical, merkle, note, checkpoint, receipt, commitment,
 * sealing), or with `--check` says which on disk are not what would be written. Keys, salts and nonces come from names,
 * so the same files are written every time.
 */
import { runVectorScript } from "./vector-folder.ts";
import { byteVectors, formats } from "./vectors-bytes/files.ts";

if (import.meta.main) runVectorScript("tools/vectors-bytes.ts", formats, byteVectors());
