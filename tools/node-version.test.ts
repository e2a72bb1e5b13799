import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { LEAST_NODE, nodeVersionProblem } from "@countersign/evidence/node-version";
import { oldNodeProblem } from "./node-version.mjs";

const problems = { nodeVersionProblem, oldNodeProblem };

test("node: an older Node gets one sentence, the wanted one and newer ones get none", () => {
  for (const [name, problem] of Object.entries(problems)) {
    for (const version of ["24.11.0", "24.21.0", "26.0.0", process.versions.node])
      assert.equal(problem(version), undefined, `${name} ${version}`);
    for (const version of ["20.20.2", "23.99.0", "8.0.0"])
      assert.match(problem(version) ?? "", /^This is Node .* needs 24[^\n]*$/, `${name} ${version}`);
  }
  assert.notEqual(nodeVersionProblem("24.10.9"), undefined, "published commands look at the exact version");
});

test("node: every package asks npm for the same version", () => {
  for (const path of ["", "packages/evidence/", "packages/sdk/", "packages/server/"]) {
    const text = readFileSync(new URL(`../${path}package.json`, import.meta.url), "utf8");
    assert.equal((JSON.parse(text) as { engines: { node: string } }).engines.node, `>=${LEAST_NODE}`, path);
  }
});
