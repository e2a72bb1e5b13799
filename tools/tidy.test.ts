/** The rules of the house that a machine can hold. Each has a control: a seeded violation that it must see. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Budgets, budgetViolations, installScripts } from "./tidy/budgets.ts";
import { barrelViolations, nameViolations, typeViolations } from "./tidy/names.ts";
import { brokenImports, deadFiles } from "./tidy/reach.ts";
import { type Repository, readRepository, withFile } from "./tidy/repository.ts";
import { ALL_LINES, type LongFiles, sizeViolations } from "./tidy/sizes.ts";
import { textViolations } from "./tidy/texts.ts";
import { wallViolations } from "./tidy/walls.ts";

/** What a package may stand on. Adding a row is a decision: say in the commit what it saves and what it costs. */
const budgets: Budgets = {
  evidence: ["@cedar-policy/cedar-wasm", "@noble/curves", "@noble/hashes", "typebox"],
  sdk: ["@countersign/evidence"],
  console: [
    "@simplewebauthn/browser",
    "@types/react",
    "@types/react-dom",
    "@vitejs/plugin-react",
    "react",
    "react-dom",
    "vite",
  ],
  server: [
    "@countersign/console",
    "@countersign/evidence",
    "@countersign/sdk",
    "@simplewebauthn/server",
    "commander",
    "fastify",
    "nodemailer",
    "openid-client",
    "pino",
    "prom-client",
    "standardwebhooks",
    "yaml",
  ],
};

/** Node's own binary comes by an install script; nothing else may. */
const mayRunOnInstall = ["node"];

const longFiles: LongFiles = {
  "packages/evidence/src/event.ts": "the table of kinds is read as one page",
  "packages/evidence/src/wire.ts": "the table of operations is read as one page",
  "packages/evidence/src/run-step.ts": "one state machine, whose arms share their variables",
  "packages/evidence/src/control.ts": "one state machine, whose arms share their variables",
  "packages/server/src/ledger/batcher.ts": "one owner of the batch's state from arrival to answer",
  "tools/story.ts": "one small language of lawful logs; its words share the action they build on",
  "tools/vectors-life/run.ts": "a table of lives and of ways to spoil them",
};

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const repository = readRepository(root);

/** Checks the rule on the repository, then on copies with one seeded violation each. */
function rule(
  name: string,
  violations: (repository: Repository) => readonly string[],
  controls: readonly (readonly [path: string, text: string, expected: RegExp])[],
): void {
  test(`tidy: ${name}`, () => assert.deepEqual(violations(repository), []));
  test(`tidy: control: ${name}`, () => {
    assert.ok(controls.length > 0);
    for (const [path, text, expected] of controls) {
      const before = new Set(violations(repository));
      const seeded = violations(withFile(repository, path, text)).filter((violation) => !before.has(violation));
      assert.ok(
        seeded.some((violation) => expected.test(violation)),
        `${path}: expected ${expected}, found ${JSON.stringify(seeded)}`,
      );
    }
  });
}

test("tidy: the repository is read", () => {
  for (const path of ["package.json", "packages/evidence/src/event.ts", "tools/tidy.test.ts", "spec/evidence-event.md"])
    assert.ok(repository.has(path), path);
  assert.ok(![...repository.keys()].some((path) => path.includes("node_modules")));
});

rule("who may import whom", wallViolations, [
  ["packages/evidence/src/x.ts", 'import { run } from "@countersign/sdk/run";', /evidence stands on no other/],
  [
    "packages/evidence/src/x.ts",
    'import { x } from "@countersign/server/ledger/ledger";',
    /evidence stands on no other/,
  ],
  ["packages/evidence/src/x.ts", 'import { hash } from "node:crypto";', /evidence is pure/],
  ["packages/evidence/src/x.ts", 'const fs = await import("node:fs");', /evidence is pure/],
  ["packages/evidence/src/x.ts", 'import "./hash.node.ts";', /pure code does not load/],
  ["packages/evidence/src/x.ts", 'import { kinds } from "./event.ts";', /never loads the schema library/],
  ["packages/evidence/src/x.ts", 'import { Type } from "typebox";', /schemas live in/],
  ["packages/evidence/src/x.ts", 'import { story } from "../../../tools/story.ts";', /nothing from outside/],
  ["packages/sdk/src/x.ts", 'import { app } from "@countersign/server/app";', /the SDK stands on evidence alone/],
  ["packages/server/src/runs/x.ts", 'import { Countersign } from "@countersign/sdk";', /meet only in evidence/],
  ["packages/server/src/runs/x.ts", 'import { vote } from "../approvals/vote.ts";', /modules never import each other/],
  ["packages/server/src/runs/x.ts", 'export { vote } from "../approvals/vote.ts";', /modules never import each other/],
  ["packages/server/src/ledger/x.ts", 'import { vote } from "../approvals/vote.ts";', /ledger knows no module/],
  ["packages/server/src/base/x.ts", 'import type { Ledger } from "../ledger/command.ts";', /base lies below ledger/],
  ["packages/server/src/runs/x.ts", 'import { app } from "../app.ts";', /composition root/],
]);

rule("names are kebab-case nouns that say something", nameViolations, [
  ["packages/server/src/runs/run-manager.ts", "", /manager says nothing/],
  ["packages/evidence/src/utils.ts", "", /utils says nothing/],
  ["packages/server/src/data/rows.ts", "", /data says nothing/],
  ["packages/server/src/runs/startRun.ts", "", /startRun.ts is not kebab-case/],
  ["tools/some_script.ts", "", /some_script.ts is not kebab-case/],
]);

rule("no barrels", barrelViolations, [
  ["packages/sdk/src/index.ts", "export const x = 1;", /a package has no index/],
  ["packages/evidence/src/all.ts", 'export * from "./merkle.ts";', /hides who defines what/],
  ["packages/evidence/src/all.ts", 'export { leafHash } from "./merkle.ts";\n', /it defines nothing/],
]);

rule("one definition of each exported type name", typeViolations, [
  ["packages/server/src/runs/x.ts", "export type Fault = { code: string };", /^Fault is defined in .*fault\.ts and /],
  ["packages/sdk/src/x.ts", "export class CountersignError extends Error {}", /^CountersignError is defined in/],
]);

rule("files are short, or it is said why not", (files) => sizeViolations(files, longFiles), [
  ["packages/evidence/src/x.ts", "\n".repeat(ALL_LINES + 1), /has 601 lines/],
  ["packages/evidence/src/control.ts", "\n".repeat(10), /needs no exception/],
]);

test("tidy: control: too many files over the length of most", () => {
  const long = Array.from({ length: 100 }, (_, i) => [`packages/sdk/src/x${i}.ts`, "\n".repeat(301)] as const);
  assert.match(sizeViolations(new Map([...repository, ...long]), longFiles).join(), /files have more than 300 lines/);
});

rule("no dead files", deadFiles, [
  ["packages/evidence/src/x.ts", "export const x = 1;", /^packages\/evidence\/src\/x\.ts$/],
  ["tools/x.ts", "export const x = 1;", /^tools\/x\.ts$/],
]);

rule("no import leads nowhere", brokenImports, [
  ["packages/evidence/src/x.ts", 'import { y } from "./not-there.ts";', /not-there/],
  ["packages/server/src/runs/x.ts", 'import { y } from "@countersign/evidence/not-there";', /not-there/],
]);

rule("no machine's paths and no registry hosts", (files) => textViolations(files, root), [
  ["docs/x.md", `see ${"/"}home/dana/countersign`, /names a home folder/],
  ["tests/x.ts", `const at = "${root}/packages";`, /names this repository's place/],
  [".npmrc", `registry=https://${"registry."}npmjs.org/`, /names a registry's host/],
]);

const manifest = (changes: object) => {
  const text = repository.get("packages/sdk/package.json") ?? "{}";
  return JSON.stringify({ ...(JSON.parse(text) as object), ...changes });
};
rule("packages stand on what they may, exactly pinned, and use it", (files) => budgetViolations(files, budgets), [
  [
    "packages/sdk/package.json",
    manifest({ dependencies: { "@countersign/evidence": "0.1.0", lodash: "4.17.21" } }),
    /lodash is not in the package's budget/,
  ],
  [
    "packages/sdk/package.json",
    manifest({ dependencies: { "@countersign/evidence": "^0.1.0" } }),
    /not one exact version/,
  ],
  [
    "packages/sdk/package.json",
    manifest({ peerDependencies: { ai: ">=7 <8", bullmq: "5" } }),
    /the peer bullmq is not optional/,
  ],
  ["packages/sdk/src/x.ts", 'import lodash from "lodash";', /lodash is imported and not declared/],
  ["packages/extra/package.json", '{"name":"extra"}', /no budget/],
]);

rule("nothing runs on install but Node's own binary", (files) => installScripts(files, mayRunOnInstall), [
  ["package-lock.json", '{"packages":{"node_modules/sneaky":{"hasInstallScript":true}}}', /sneaky runs a script/],
]);
