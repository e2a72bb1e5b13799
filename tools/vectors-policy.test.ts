import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { canonicalText } from "@countersign/evidence/canonical";
import { loadCedar } from "@countersign/evidence/cedar";
import { type LoadedPolicy, loadEngine, type PolicyEngine } from "@countersign/evidence/decide";
import { hex, sha256, utf8 } from "@countersign/evidence/hash";
import { readBundle } from "@countersign/evidence/policy";
import { formatFinding, policyFindings } from "@countersign/evidence/policy-finding";
import { projectAction } from "@countersign/evidence/project";
import { functionNames } from "@countersign/evidence/project-functions";
import { type JsonValue, parseStrict } from "@countersign/evidence/strict-json";
import { parseContract } from "@countersign/evidence/tool-contract";
import { specVectors } from "@countersign/evidence/vectors.node";
import { vectorDifferences, vectorsOnDisk } from "./vector-folder.ts";
import type { BundleVector } from "./vectors-policy/bundles.ts";
import {
  type DecideVector,
  filesOf,
  findingsOf,
  GOOD,
  GOOD_LINT,
  type ProjectVector,
  policyVectors,
} from "./vectors-policy/files.ts";
import { type LintVector, lintFindings } from "./vectors-policy/lints.ts";

const SCRIPT = "tools/vectors-policy.ts";
const bundles = specVectors<BundleVector>("policy/bundle");
const good = bundles.get(GOOD)!;
const lints = specVectors<LintVector>("policy/lint");

let engine: PolicyEngine;
let policy: LoadedPolicy;
before(async () => {
  engine = await loadEngine();
  const read = readBundle(new Map(Object.entries(good.files!).map(([path, text]) => [path, utf8(text)])));
  assert.ok(read.ok);
  const loaded = engine.load(read.bundle);
  assert.ok(loaded.ok);
  policy = loaded.policy;
});

test("vectors: those of policies on disk are the ones their script writes", async () => {
  const wanted = await policyVectors();
  assert.deepEqual(vectorDifferences(SCRIPT, wanted, vectorsOnDisk(["policy"])), []);
  assert.equal(vectorDifferences(SCRIPT, wanted, new Map([...wanted].slice(1))).length, 1, "the control");
});

test("vectors: the good bundle has the digest that sha256sum gives its manifest, and its rules theirs", () => {
  assert.equal(good.digest, `sha256:${createHash("sha256").update(good.files!["MANIFEST.json"]!).digest("hex")}`);
  assert.equal(policy.digest, good.digest);
  assert.deepEqual(Object.fromEntries(policy.rules.map(({ id, digest }) => [id, digest])), good.rule_digests);
  for (const { path, sha256: listed } of policy.bundle.manifest.files)
    assert.equal(hex(sha256(utf8(good.files![path]!))), listed);
});

test("spec: what policy.md shows is a vector", () => {
  const page = readFileSync(new URL("../spec/policy.md", import.meta.url), "utf8");
  const shown = [...page.matchAll(/```json\n(.*?)```/gs)].map(([, block]) => block!.trim());
  const [args, projection, result, manifest, contract] = shown;
  const { args: raw } = specVectors<ProjectVector>("policy/project").get("policy/project/valid-prod")!;
  const decided = specVectors<DecideVector>("policy/decide").get("policy/decide/valid-prod")!;
  assert.deepEqual(
    [args, projection, result, manifest],
    [raw, decided.projection, decided.result, good.files!["MANIFEST.json"]],
  );
  assert.ok(page.includes(good.digest!));
  assert.ok(parseContract(JSON.parse(contract!) as JsonValue).ok);
  assert.ok(good.files!["schema.cedarschema"]!.startsWith(/```cedarschema\n(.*?)```/s.exec(page)![1]!));
  // Every finding and every function is on the page.
  for (const code of [...Object.keys(policyFindings), ...functionNames]) assert.ok(page.includes(`\`${code}\``), code);
  assert.ok(!page.includes("`no-such-finding`"), "the control");
});

test("vectors: every mutation of the good bundle gives its finding and no other", () => {
  for (const [path, vector] of bundles) {
    const found = findingsOf(engine, filesOf(good.files!, vector));
    assert.deepEqual(
      [...new Set(found.map(({ code }) => code))],
      vector.findings,
      `${path}\n${found.map(formatFinding).join("\n")}`,
    );
  }
});

test("vectors: every change of the tested bundle gives its finding of the lint and no other", async () => {
  const cedar = await loadCedar();
  const tested = lints.get(GOOD_LINT)!;
  for (const [path, vector] of lints) {
    const found = lintFindings(cedar, engine, filesOf(tested.files!, vector));
    assert.deepEqual(
      [...new Set(found.map(({ code }) => code))],
      vector.findings,
      `${path}\n${found.map(formatFinding).join("\n")}`,
    );
  }
});

test("vectors: every finding has one, but for what only a tenant's log tells", () => {
  const covered = new Set([...bundles.values(), ...lints.values()].flatMap(({ findings }) => findings));
  assert.deepEqual([...covered, "too-few-approvers"].sort(), Object.keys(policyFindings).sort());
});

test("vectors: arguments project to the text given, or are denied where it says", () => {
  const vectors = specVectors<ProjectVector>("policy/project");
  assert.ok(vectors.size >= 20);
  for (const [path, { tool, args, facts, projection, denied }] of vectors) {
    const outcome = projectAction(
      policy.bundle.contracts.get(tool)!.contract,
      parseStrict(utf8(args), "payload").value,
      facts,
    );
    if (outcome.ok) assert.equal(canonicalText(outcome.projection), projection, path);
    else assert.deepEqual({ rule: outcome.rule, pointer: outcome.pointer }, denied, path);
    assert.equal(outcome.ok, denied === undefined, path);
  }
});

test("vectors: projections are decided with the result given, byte for byte", () => {
  const vectors = specVectors<DecideVector>("policy/decide");
  const decisions = new Set<string>();
  for (const [path, { bundle, projection, result }] of vectors) {
    assert.equal(bundle, policy.digest, path);
    const decided = engine.decide(policy, utf8(projection));
    assert.equal(canonicalText(decided), result, path);
    decisions.add(decided.decision);
    // Control: any other byte of what was decided on is another input, and no result is an accident of it.
    assert.equal(engine.decide(policy, utf8(`${projection} `)).matched_rule, "core:request-schema-invalid", path);
  }
  assert.deepEqual([...decisions].sort(), ["ALLOW", "DENY", "REQUIRE_APPROVAL"]);
});

test("vectors: the build a browser gets decides them with the same bytes", () => {
  // With the condition `browser`, #cedar is the web build, which is given its module's bytes.
  const script = (bytes: string) => `
    import { readFileSync } from "node:fs";
    import { loadEngine } from "@countersign/evidence/decide";
    import { readBundle } from "@countersign/evidence/policy";
    import { canonicalText } from "@countersign/evidence/canonical";
import { loadCedar } from "@countersign/evidence/cedar";
    import { specVectors } from "@countersign/evidence/vectors.node";
    const wasm = readFileSync(new URL(import.meta.resolve("@cedar-policy/cedar-wasm/web")).pathname.replace(".js", "_bg.wasm"));
    const engine = await loadEngine(${bytes});
    const files = specVectors("policy/bundle").get("policy/bundle/valid").files;
    const utf8 = (text) => new TextEncoder().encode(text);
    const { policy } = engine.load(readBundle(new Map(Object.entries(files).map(([path, text]) => [path, utf8(text)]))).bundle);
    let decided = 0;
    for (const [path, { projection, result }] of specVectors("policy/decide")) {
      if (canonicalText(engine.decide(policy, utf8(projection))) !== result) throw new Error(path);
      decided++;
    }
    console.log(decided, engine.id);
  `;
  const run = (bytes: string) => {
    const flags = ["--conditions=countersign-source", "--conditions=browser", "--input-type=module"];
    return spawnSync(process.execPath, [...flags, "-e", script(bytes)], { cwd: import.meta.dirname, encoding: "utf8" });
  };
  const { stdout, stderr } = run("wasm");
  assert.equal(stdout.trim(), `${specVectors("policy/decide").size} cedar/4.13.0`, stderr);
  // The control: it is the web build, which without its bytes asks the network for them, where Node has no file.
  assert.notEqual(run("undefined").status, 0);
});
