/**
 * What the pages for people say is so: their links lead somewhere, the paths they name are there, the commands in them have
 * those names and flags, the example event is one.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { test } from "node:test";
import { checkEvent } from "@countersign/evidence/generated/event-shapes";

const ROOT = join(import.meta.dirname, "..");
const pages = execFileSync("git", ["ls-files", "-z", "--", "*.md"], { cwd: ROOT, encoding: "utf8" })
  .split("\0")
  .filter((path) => path !== "" && existsSync(join(ROOT, path)));
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
/** Pages whose lines somebody types. */
const TYPED = pages.filter((path) => path === "README.md" || path.startsWith("docs/guide/"));
/** Pages that say where things are; what they name must be there. */
const PLACED = [
  ...TYPED,
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "GLOSSARY.md",
  "SECURITY.md",
  "docs/operating/trust.md",
];

// ── Links ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Links of a page that lead nowhere in the repository. */
function brokenLinks(page: string, text: string): readonly string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, "").replaceAll(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^()\s]+)\)/g)].flatMap(([, link]) => {
    if (link === undefined || /^[a-z]+:/.test(link)) return [];
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? page : posix.join(posix.dirname(page), path);
    if (!existsSync(join(ROOT, target))) return [`${page}: ${link} leads nowhere`];
    if (anchor === undefined || anchorsOf(target === page ? text : read(target)).has(anchor)) return [];
    return [`${page}: ${link} has no such anchor`];
  });
}

function anchorsOf(text: string): ReadonlySet<string> {
  const slug = (heading: string) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(/\s/g, "-");
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => slug(heading ?? ""));
  return new Set([...headings, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id ?? "")]);
}

test("docs: every relative link of every page resolves, anchors too", () => {
  assert.ok(pages.length > 20, `${pages.length} pages`);
  assert.deepEqual(
    pages.flatMap((page) => brokenLinks(page, read(page))),
    [],
  );
  // Controls.
  assert.equal(
    brokenLinks("docs/guide/mcp.md", "[a](../gone.md) [b](sdk.md#gone) [c](sdk.md) [d](#here)\n# Here").length,
    2,
  );
});

/** Paths a page names in backticks that are not there. */
function missingPaths(page: string, text: string): readonly string[] {
  return [...text.matchAll(/`((?:packages|spec|docs|tools|tests|examples|bench)\/[\w./*{},-]*)`/g)].flatMap(
    ([, path]) => {
      const fixed = path?.replace(/[^/]*[*{].*$/, "") ?? "";
      const isMethod = /^tools\/(?:call|list)$/.test(fixed); // of MCP
      return isMethod || existsSync(join(ROOT, fixed)) ? [] : [`${page}: ${path} is not there`];
    },
  );
}

test("docs: every path of the repository that a page names is there", () => {
  assert.deepEqual(
    PLACED.flatMap((page) => missingPaths(page, read(page))),
    [],
  );
  assert.equal(missingPaths("x.md", "`packages/server/src/gone.ts` `packages/*/bin` `tools/gen.ts`").length, 1); // control
});

// ── Commands ───────────────────────────────────────────────────────────────────────────────────────────────────────

const PROGRAMS = {
  countersign: "packages/server/bin/countersign.ts",
  "countersign-mcp": "packages/sdk/bin/mcp.ts",
  "countersign-verify": "packages/evidence/bin/verify.ts",
} as const;
type Program = keyof typeof PROGRAMS;
/** Words that are another word's: `policy init`, not `policy` with an argument `init`. */
const NOUNS = new Set(["tenant", "agent", "credential", "approver", "person", "policy", "approvals", "keys", "config"]);

const helps = new Map<string, string | undefined>();
/** What a command's --help says; undefined when there is no such command. */
function helpOf(program: Program, words: readonly string[]): string | undefined {
  const name = [program, ...words].join(" ");
  if (!helps.has(name)) {
    const source = [
      "--conditions=countersign-source",
      "--disable-warning=ExperimentalWarning",
      join(ROOT, PROGRAMS[program]),
    ];
    const { status, stdout } = spawnSync(process.execPath, [...source, ...words, "--help"], { encoding: "utf8" });
    const isItsOwn =
      status === 0 && (words.length === 0 || !/^Usage: countersign.* \[options\] \[command\]/.test(stdout));
    helps.set(name, isItsOwn ? stdout : undefined);
  }
  return helps.get(name);
}

/** Command lines of a page: whole lines of its blocks, and what stands in backticks. */
function commandsOf(text: string): readonly string[] {
  const joined = text.replaceAll(/\\\n\s*/g, " ");
  const blocks = joined.split("\n").filter((line) => /^ {4}/.test(line));
  const inline = [...joined.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? "");
  return [...blocks, ...inline].flatMap((line) => {
    const found = /(?:^|[|;&(\s])(?:npx )?((?:countersign|countersign-mcp|countersign-verify)(?: .*)?)$/.exec(
      line.replace(/ {2,}#.*$/, "").trim(),
    );
    return found?.[1] === undefined ? [] : [found[1]];
  });
}

/** What is wrong with a command line: a command or a flag that does not exist. */
function commandFaults(line: string): readonly string[] {
  const [program = "", ...all] = line.split(/\s+/);
  if (!(program in PROGRAMS)) return [`${line}: no such program`];
  const own = all.slice(0, all.indexOf("--") === -1 ? all.length : all.indexOf("--"));
  const [noun, verb] = own;
  const isNamed = noun !== undefined && /^[a-z]/.test(noun) && program === "countersign";
  const words = !isNamed ? [] : NOUNS.has(noun) && verb !== undefined ? [noun, verb] : [noun];
  const help = helpOf(program as Program, words); // it is a key
  if (help === undefined) return [`${line}: no such command`];
  const flags = own.filter((word) => word.startsWith("--"));
  return flags.filter((flag) => !new RegExp(`${flag}(?![\\w-])`).test(help)).map((flag) => `${line}: no flag ${flag}`);
}

test("docs: every command line people are told to type has that name and those flags", () => {
  const lines = TYPED.flatMap((page) => commandsOf(read(page)));
  assert.ok(lines.length > 15, `${lines.length} command lines`);
  assert.deepEqual(
    lines.flatMap((line) => commandFaults(line)),
    [],
  );
  // Controls.
  for (const wrong of [
    "countersign tenat list",
    "countersign tenant make",
    "countersign runs --gone",
    "countersign-mcp --gone -- x",
  ])
    assert.equal(commandFaults(wrong).length, 1, wrong);
  assert.deepEqual(commandFaults("countersign policy init --from-mcp -- npx server --gone"), []);
});

test("docs: every npm script a page names exists", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> }; // our own
  const named = PLACED.flatMap((page) => [...read(page).matchAll(/npm run ([a-z:]+)/g)].map(([, name]) => name ?? ""));
  assert.ok(named.includes("demo"));
  assert.deepEqual(
    named.filter((name) => !(name in scripts)),
    [],
  );
});

// ── Examples ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** An example's value with what … stands for put back: any digest or hash of that length. */
function whole(_key: string, value: unknown): unknown {
  if (typeof value !== "string") return value;
  return value.replace(/([0-9a-f]+)…$/, (_, begun: string) => begun.padEnd(64, "0"));
}

test("docs: the README's event is an event, but for the digests it abbreviates", () => {
  const [, block = ""] = /```json\n([\s\S]*?)```/.exec(read("README.md")) ?? [];
  assert.deepEqual(checkEvent(JSON.parse(block, whole)), []);
  assert.notDeepEqual(checkEvent(JSON.parse(block.replace('"attempt":1', '"attempt":"1"'), whole)), []); // control
});
