import assert from "node:assert/strict";
import { test } from "node:test";
import "@countersign/evidence/ed25519.node";
import "@countersign/evidence/hash.node";
import { CountersignError } from "@countersign/evidence/errors";
import { parseVerifierKey } from "@countersign/evidence/note";
import { specVectors } from "@countersign/evidence/vectors.node";
import { verify } from "@countersign/evidence/verify";
import { vectorDifferences, vectorsOnDisk } from "./vector-folder.ts";
import { folderOf, type PackVector, packVectors } from "./vectors-pack/files.ts";

const vectors = specVectors<PackVector>("pack");

test("vectors: those of packs are what tools/vectors-pack.ts writes", async () => {
  assert.deepEqual(vectorDifferences("tools/vectors-pack.ts", await packVectors(), vectorsOnDisk(["pack"])), []);
});

test("vectors: there are good packs and bad ones", () => {
  const bad = [...vectors.values()].filter(({ faults }) => faults.length > 0);
  assert.ok(bad.length >= 13 && vectors.size - bad.length === 2);
});

for (const [name, vector] of vectors) {
  test(`vectors: ${name}: ${vector.desc}`, async () => {
    const pin = parseVerifierKey(vector.pin);
    assert.ok(pin.ok);
    const found = await verify(folderOf(vector, vectors), { pins: [pin.value] }).then(
      ({ faults }) => [...new Set(faults.map(({ code }) => code))].sort(),
      (cause) => {
        assert.ok(cause instanceof CountersignError);
        return [cause.code];
      },
    );
    assert.deepEqual(found, vector.faults);
  });
}
