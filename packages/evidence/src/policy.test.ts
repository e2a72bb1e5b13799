import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bundleOf, findingsOf, formatFindings, seedFiles, seedTexts } from "../../../tools/seed-bundle.ts";
import { GATE_VERSION, labelProblems } from "./bundle-shapes.ts";
import { canonicalText } from "./canonical.ts";
import { digestOf, utf8 } from "./hash.ts";
import { buildManifest, MANIFEST_PATH, policyDigest, readBundle, sealBundle, voteReasons } from "./policy.ts";
import type { FindingCode } from "./policy-finding.ts";

type Change = Readonly<Record<string, string | Uint8Array | undefined>>;

test("bundle: is named by its manifest, which lists every file by SHA-256", () => {
  const bundle = bundleOf(seedFiles());
  const manifest = bundle.files.get(MANIFEST_PATH)!;
  assert.equal(bundle.digest, policyDigest(manifest));
  assert.deepEqual(
    bundle.manifest.files.map((file) => file.path),
    Object.keys(seedTexts).sort(),
  );
  for (const { path, size, sha256 } of bundle.manifest.files) {
    assert.deepEqual(
      [size, `sha256:${sha256}`],
      [bundle.files.get(path)!.length, digestOf(bundle.files.get(path)!)],
      path,
    );
  }
  assert.deepEqual([...bundle.contracts.keys()].sort(), ["status", "terraform"]);
  assert.equal(bundle.contracts.get("terraform")!.digest, digestOf(utf8(seedTexts["tools/terraform.json"]!)));
  assert.equal(bundle.tests.length, 2);
  assert.deepEqual(voteReasons(bundle), { approve: ["CHANGE_REVIEWED"], reject: ["RISK_TOO_HIGH"] });
});

test("bundle: the order of files does not show, a single byte does", () => {
  const forward = bundleOf(seedFiles());
  const backward = bundleOf(new Map([...seedFiles()].reverse()));
  assert.equal(backward.digest, forward.digest);
  assert.notEqual(bundleOf(seedFiles({ "CHANGES.md": "x" })).digest, forward.digest);
});

test("bundle: one that holds a manifest keeps it", () => {
  const sealed = sealBundle(seedFiles());
  assert.ok(sealed.ok);
  const again = sealBundle(sealed.files);
  assert.ok(again.ok);
  assert.equal(again.files, sealed.files);
});

/** Changes to the author's files, sealed afterwards, each with the finding it must give and where. */
const authored: readonly [why: string, change: Change, code: FindingCode, path: string, line?: number][] = [
  ["a file of no meaning", { "policies/notes.txt": "x" }, "path-not-allowed", "policies/notes.txt"],
  ["a path that climbs", { "policies/../x.cedar": "x" }, "path-not-allowed", "policies/../x.cedar"],
  ["an absolute path", { "/policies/x.cedar": "x" }, "path-not-allowed", "/policies/x.cedar"],
  ["a path in capitals", { "policies/A.cedar": "x" }, "path-not-allowed", "policies/A.cedar"],
  ["a hidden file", { "policies/.x.cedar": "x" }, "path-not-allowed", "policies/.x.cedar"],
  ["a large file", { "CHANGES.md": "x".repeat(256 * 1024 + 1) }, "file-too-large", "CHANGES.md"],
  ["no schema", { "schema.cedarschema": undefined }, "file-required", "schema.cedarschema"],
  ["no policies", { "policies/main.cedar": undefined }, "file-required", ""],
  ["no header", { "bundle.json": undefined }, "file-required", "bundle.json"],
  [
    "a header with more in it",
    { "bundle.json": '{\n "name":"a",\n "version":"1.0.0",\n "mode":"log-only"}' },
    "shape",
    "bundle.json",
    4,
  ],
  ["a header without a version", { "bundle.json": '{"name":"a"}' }, "shape", "bundle.json", 1],
  ["bytes that are not UTF-8", { "CHANGES.md": new Uint8Array([0x61, 0xff]) }, "not-text", "CHANGES.md"],
  [
    "text that reads in another order",
    { "policies/main.cedar": `// a\n// \u202ex\n${seedTexts["policies/main.cedar"]}` },
    "hidden-character",
    "policies/main.cedar",
    2,
  ],
  [
    "a zero-width space in a catalogue",
    { "catalog/roles.json": '{"a\u200b":{"title":"x"}}' },
    "hidden-character",
    "catalog/roles.json",
    1,
  ],
  [
    "one key twice",
    { "catalog/roles.json": '{"a":{"title":"x"},"a":{"title":"y"}}' },
    "json-malformed",
    "catalog/roles.json",
  ],
  ["a trailing comma", { "tests/seed.json": "[{},]" }, "json-malformed", "tests/seed.json"],
  ["a reason of no class", { "catalog/reasons.json": '{"X":{"title":"x"}}' }, "shape", "catalog/reasons.json", 1],
  [
    "a reason of the gate's own",
    { "catalog/reasons.json": seedTexts["catalog/reasons.json"]!.replace("TEAM_SCOPE", "DEFAULT_DENY") },
    "reason-reserved",
    "catalog/reasons.json",
  ],
  [
    "two contracts for one tool",
    { "tools/other.json": seedTexts["tools/status.json"]! },
    "tool-twice",
    "tools/status.json",
  ],
  [
    "two contracts with one action",
    { "tools/other.json": seedTexts["tools/status.json"]!.replace('"status"', '"state"') },
    "tool-twice",
    "tools/status.json",
  ],
  [
    "a test of no tool",
    { "tests/seed.json": seedTexts["tests/seed.json"]!.replace('"terraform"', '"pulumi"') },
    "test-tool-unknown",
    "tests/seed.json",
  ],
  [
    "a contract that does not hold together",
    { "tools/status.json": seedTexts["tools/status.json"]!.replace('"from":"/vpc"', '"from":"/vpx"') },
    "shape",
    "tools/status.json",
    1,
  ],
  [
    "a newer gate",
    { "bundle.json": '{"name":"a","version":"1.0.0","min_gate":"99.0.0"}' },
    "gate-too-old",
    MANIFEST_PATH,
  ],
];

for (const [why, change, code, path, line] of authored) {
  test(`bundle: refused for ${why}: ${code}`, () => {
    assert.deepEqual(findingsOf(seedFiles()), [], "the control");
    const findings = findingsOf(seedFiles(change));
    const found = findings.find((finding) => finding.code === code && finding.path === path);
    assert.ok(found, formatFindings(findings));
    assert.equal(found.line, line);
  });
}

test("bundle: more files than it may have", () => {
  const many = Object.fromEntries(Array.from({ length: 260 }, (_, i) => [`tests/t${i}.json`, "[]"]));
  assert.ok(findingsOf(seedFiles(many)).some(({ code }) => code === "too-many-files"));
  const heavy = Object.fromEntries(
    Array.from({ length: 9 }, (_, i) => [`policies/p${i}.cedar`, `//${"x".repeat(255 * 1024)}`]),
  );
  assert.ok(findingsOf(seedFiles(heavy)).some(({ code }) => code === "bundle-too-large"));
});

/** Changes after sealing: what somebody who holds the files could do. */
const sealedRows: readonly [why: string, change: (files: Map<string, Uint8Array>) => void, code: FindingCode][] = [
  ["no manifest", (files) => files.delete(MANIFEST_PATH), "manifest-missing"],
  ["a file nobody listed", (files) => files.set("policies/more.cedar", utf8("x")), "file-unlisted"],
  ["a listed file gone", (files) => files.delete("tests/seed.json"), "file-missing"],
  [
    "a file changed",
    (files) => files.set("policies/main.cedar", utf8(`${seedTexts["policies/main.cedar"]}\n`)),
    "file-differs",
  ],
  [
    "a byte flipped",
    (files) =>
      files.set(
        "bundle.json",
        files.get("bundle.json")!.map((byte, i) => (i === 9 ? byte ^ 1 : byte)),
      ),
    "file-differs",
  ],
  [
    "a manifest written another way",
    (files) => files.set(MANIFEST_PATH, utf8(`${manifestText(files)}\n`)),
    "manifest-not-canonical",
  ],
  [
    "a manifest for another engine",
    (files) => edit(files, (manifest) => ({ ...manifest, engine: { name: "rego", lang: "1", crate: "1" } })),
    "engine-differs",
  ],
  [
    "a manifest that combines otherwise",
    (files) => edit(files, (manifest) => ({ ...manifest, combining: "first-match/1" })),
    "shape",
  ],
  ["a manifest that says more", (files) => edit(files, (manifest) => ({ ...manifest, mode: "log-only" })), "shape"],
  [
    "a manifest with another version than the header",
    (files) => edit(files, (manifest) => ({ ...manifest, version: "9.9.9" })),
    "header-differs",
  ],
  [
    "a file listed twice",
    (files) => edit(files, (manifest) => ({ ...manifest, files: [manifest.files[0], ...manifest.files] })),
    "shape",
  ],
];

type ManifestJson = Record<string, unknown> & { files: unknown[] };
const manifestText = (files: ReadonlyMap<string, Uint8Array>) => new TextDecoder().decode(files.get(MANIFEST_PATH));
function edit(files: Map<string, Uint8Array>, change: (manifest: ManifestJson) => unknown): void {
  files.set(MANIFEST_PATH, utf8(canonicalText(change(JSON.parse(manifestText(files)) as ManifestJson)))); // it was just made
}

for (const [why, change, code] of sealedRows) {
  test(`bundle: refused for ${why}: ${code}`, () => {
    const sealed = sealBundle(seedFiles());
    assert.ok(sealed.ok);
    assert.ok(readBundle(sealed.files).ok, "the control");
    const files = new Map(sealed.files);
    change(files);
    const read = readBundle(files);
    assert.ok(!read.ok);
    assert.ok(
      read.findings.some((finding) => finding.code === code),
      formatFindings(read.findings),
    );
  });
}

test("bundle: all findings are given, not only the first", () => {
  const codes = new Set(
    findingsOf(seedFiles({ "catalog/roles.json": "{}x", "tests/seed.json": "[7]", "CHANGES.md": "\u200b" })).map(
      ({ code }) => code,
    ),
  );
  assert.deepEqual([...codes].sort(), ["hidden-character", "json-malformed", "shape"]);
});

test("bundle: a manifest takes parent and gate from its header", () => {
  const parent = digestOf(utf8("before"));
  const manifest = JSON.parse(
    new TextDecoder().decode(buildManifest(seedFiles(), { name: "a", version: "1.2.3", parent, min_gate: "0.0.9" })),
  );
  assert.deepEqual(
    [manifest.name, manifest.version, manifest.parent, manifest.min_gate],
    ["a", "1.2.3", parent, "0.0.9"],
  );
});

test("bundle: the gate's version is its package's", () => {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  }; // our own file
  assert.equal(GATE_VERSION, version);
});

test("labels: declared ones must fit, required ones be there, others pass", () => {
  const { labels } = bundleOf(
    seedFiles({
      "catalog/labels.json": JSON.stringify({
        labels: { ticket: { in: "refs", max: 8 }, zone: { in: "labels", values: ["eu", "us"] } },
        required: { "infra.change": ["ticket"] },
      }),
    }),
  );
  const problems = (given: Parameters<typeof labelProblems>[2]) => labelProblems(labels, "infra.change", given);
  assert.deepEqual(problems({ refs: { ticket: "CHG-1" }, labels: { zone: "eu", anything: "x" } }), []);
  assert.deepEqual(problems({}), ["ticket is required"]);
  assert.deepEqual(problems({ labels: { ticket: "CHG-1" } }), ["ticket belongs in refs"]);
  assert.deepEqual(problems({ refs: { ticket: "CHG-100000" } }), ["ticket is longer than 8"]);
  assert.deepEqual(problems({ refs: { ticket: "x" }, labels: { zone: "ap" } }), ["zone is not one of its values"]);
  assert.deepEqual(labelProblems(labels, "infra.read", {}), []);
});
