import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeVersionProblem } from "./node-version.mjs";

test("node: an older Node gets one sentence, the wanted one and newer ones get none", () => {
  for (const version of ["24.11.0", "24.11", "24.21.0", "26.0.0"])
    assert.equal(nodeVersionProblem(version, ">=24.11"), undefined, version);
  for (const version of ["20.20.2", "24.10.9", "23.99.0", "8.0.0"]) {
    const sentence = nodeVersionProblem(version, ">=24.11");
    assert.match(sentence ?? "", /needs Node 24\.11 or newer, and this is .*npm ci/, version);
    assert.ok(!sentence?.includes("\n"));
  }
});
