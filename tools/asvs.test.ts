/** docs/security/asvs.md says of every ASVS requirement what shows it: none is missing, and what is named is there. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const text = readFileSync(join(root, "docs/security/asvs.md"), "utf8");

/** The requirements of levels 1 and 2 in ASVS 5.0.0, by section: every number, those of level 3 left out. */
const SECTIONS =
  "1.1:1-2 1.2:1-9 1.3:1-11 1.4:1-3 1.5:1-2 2.1:1-3 2.2:1-3 2.3:1-4 2.4:1 3.2:1-2 3.3:1-4 3.4:1-6 3.5:1-5 3.7:1-2 " +
  "4.1:1-3 4.2:1 4.3:1-2 4.4:1-4 5.1:1 5.2:1-3 5.3:1-2 5.4:1-3 6.1:1-3 6.2:1-12 6.3:1-4 6.4:1-4 6.5:1-5 6.6:1-3 6.8:1-4 " +
  "7.1:1-3 7.2:1-4 7.3:1-2 7.4:1-5 7.5:1-2 7.6:1-2 8.1:1-2 8.2:1-3 8.3:1 8.4:1 9.1:1-3 9.2:1-4 10.1:1-2 10.2:1-2 10.3:1-4 " +
  "10.4:1-11 10.5:1-5 10.6:1-2 10.7:1-3 11.1:1-2 11.2:1-3 11.3:1-3 11.4:1-4 11.5:1 11.6:1 12.1:1-3 12.2:1-2 12.3:1-4 " +
  "13.1:1 13.2:1-5 13.3:1-2 13.4:1-5 14.1:1-2 14.2:1-4 14.3:1-3 15.1:1-3 15.2:1-3 15.3:1-7 16.1:1 16.2:1-5 16.3:1-4 " +
  "16.4:1-3 16.5:1-3 17.1:1 17.2:1-4 17.3:1-2";
const wanted = SECTIONS.split(" ").flatMap((section) => {
  const [name, from, to = from] = section.split(/[:-]/);
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, at) => `${name}.${Number(from) + at}`);
});
const STATES = ["met", "partly", "not met", "operator", "n/a"] as const;

type Row = { readonly ids: readonly string[]; readonly state: string; readonly shown: string };
function rowsOf(page: string): Row[] {
  return page.split("\n").flatMap((line) => {
    const [, ids = "", , state = "", ...shown] = line.split("|").map((cell) => cell.trim());
    return /^\d+\.\d+\.\d+/.test(ids) ? [{ ids: ids.split(", "), state, shown: shown.join("|") }] : [];
  });
}

/** What a page says wrongly: a requirement missing, a state there is not, evidence that is not there. */
function problems(page: string): string[] {
  const rows = rowsOf(page);
  const said = rows.flatMap(({ ids }) => ids);
  return [
    ...wanted.filter((id) => !said.includes(id)).map((id) => `${id} has no row`),
    ...said
      .filter((id, at) => !wanted.includes(id) || said.indexOf(id) !== at)
      .map((id) => `${id} is not one, or twice`),
    ...rows.filter(({ state }) => !STATES.some((one) => one === state)).map(({ ids }) => `${ids}: no such state`),
    ...rows.filter(({ shown }) => shown.trim() === "").map(({ ids }) => `${ids}: nothing shows it`),
    ...rows.flatMap(({ ids, shown }) =>
      evidenceOf(shown).flatMap((one) => missing(one).map((why) => `${ids}: ${why}`)),
    ),
    ...STATES.flatMap((state) => {
      const count = rows.filter((row) => row.state === state).flatMap((row) => row.ids).length;
      return page.includes(`| ${state} | `) && new RegExp(`^\\| ${state} \\| .* \\| ${count} \\|$`, "m").test(page)
        ? []
        : [`${state}: ${count}`];
    }),
  ];
}

function evidenceOf(shown: string): { path: string; name: string | undefined }[] {
  return [...shown.matchAll(/\]\(([^)#]+)\)(?: "([^"]+)")?/g)].map(([, path, name]) => ({ path: path!, name }));
}

function missing({ path, name }: { readonly path: string; readonly name: string | undefined }): string[] {
  const file = join(root, "docs/security", path);
  if (!existsSync(file)) return [`there is no ${path}`];
  if (name === undefined) return [];
  const names = [...readFileSync(file, "utf8").matchAll(/\btest\(\s*(["`])(.*?)\1/gs)].map(([, , words]) => words!);
  return names.some((words) => words.includes(name)) ? [] : [`${path} has no test "${name}"`];
}

test("asvs: every requirement of levels 1 and 2 has its row, and what is named is there", () => {
  assert.equal(wanted.length, 253);
  assert.deepEqual(problems(text), []);
});

test("asvs: what is met names a file; what does not apply, or is not met, says why", () => {
  for (const { ids, state, shown } of rowsOf(text)) {
    if (state === "met") assert.ok(shown.length > 20, `${ids}`);
    if (state === "not met" || state === "partly")
      assert.match(shown.replace(/\[[^\]]*\]\([^)]*\)/g, ""), /[a-z]{3,} [a-z]{2,}/, `${ids}`);
  }
});

test("asvs: control: a row, a file or a test that is gone is seen", () => {
  const without = (pattern: RegExp, by = "") => problems(text.replace(pattern, by));
  assert.match(without(/^\| 3\.4\.2 \|.*\n/m).join(), /3\.4\.2 has no row/);
  assert.match(without(/tests\/cors\.test\.ts/, "tests/gone.test.ts").join(), /there is no .*gone\.test\.ts/);
  assert.match(
    without(/"a preflight is refused/, '"a preflight is answered').join(),
    /no test "a preflight is answered/,
  );
  assert.match(without(/\| met \| \[/, "| perhaps | [").join(), /no such state/);
});
