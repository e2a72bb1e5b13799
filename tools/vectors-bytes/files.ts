/** Every vector of the byte formats, by path below spec/vectors. */
import { assert } from "@countersign/evidence/errors";
import { canonicalVectors, jsonVectors } from "./json.ts";
import { checkpointVectors, noteVectors, receiptVectors } from "./notes.ts";
import { commitmentVectors, sealingVectors } from "./secrets.ts";
import { merkleVectors } from "./tree.ts";

const sources = {
  json: jsonVectors,
  canonical: canonicalVectors,
  merkle: merkleVectors,
  note: noteVectors,
  checkpoint: checkpointVectors,
  receipt: receiptVectors,
  commitment: commitmentVectors,
  sealing: sealingVectors,
} as const;

/** Folders of spec/vectors that hold nothing but these vectors. */
export const formats = Object.keys(sources);

export function byteVectors(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [format, vectors] of Object.entries(sources)) {
    for (const [name, vector] of Object.entries(vectors())) {
      assert(/^[a-z0-9-]+\/[a-z0-9-]+$/.test(name), `${name} is a case and a mutation`);
      files.set(`${format}/${name}.json`, `${JSON.stringify(vector, null, 2)}\n`);
    }
  }
  return files;
}
