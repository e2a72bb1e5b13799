import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { alignColumns, columnsOf, visible, visibleJson } from "./terminal.ts";

const hostile: readonly [why: string, text: string, shown: string][] = [
  ["an escape sequence", "\u001b[2Jgone", "\\u{1b}[2Jgone"],
  ["C1 control sequence introducer", "\u009b31mred", "\\u{9b}31mred"],
  ["a new line forging a second row", "ok\n99 ALLOW", "ok\\u{a}99 ALLOW"],
  ["carriage return", "DENY\rALLOW", "DENY\\u{d}ALLOW"],
  ["right-to-left override", "\u202egnp.exe", "\\u{202e}gnp.exe"],
  ["isolates", "\u2066x\u2069", "\\u{2066}x\\u{2069}"],
  ["zero width space and joiner", "pro\u200bd\u200d", "pro\\u{200b}d\\u{200d}"],
  ["byte-order mark", "\ufeffa", "\\u{feff}a"],
  ["line separator", "a\u2028b", "a\\u{2028}b"],
  ["a lone surrogate", "\ud800", "\\u{d800}"],
  ["language tags", "\u{e0041}", "\\u{e0041}"],
  ["a blank that is a letter", "\u3164", "\\u{3164}"],
  ["no-break space", "a\u00a0b", "a\\u{a0}b"],
  ["a backslash, so that nothing can imitate an escape", "\\u{202e}", "\\\\u{202e}"],
];

for (const [why, text, shown] of hostile) {
  test(`terminal: ${why} is shown, not obeyed`, () => assert.equal(visible(text), shown));
}

test("terminal: ordinary text of any language stays as it is", () => {
  for (const text of ["prod/vpc-1", "Zürich · 東京 · Привет · שלום", "a b", "emoji 🙂"])
    assert.equal(visible(text), text);
});

test("terminal: what is shown can be read back and holds no invisible character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const shown = visible(text);
      assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Cs}]/u);
      const back = shown.replace(/\\(?:\\|u\{([0-9a-f]+)\})/g, (_, code: string | undefined) =>
        code === undefined ? "\\" : String.fromCodePoint(Number.parseInt(code, 16)),
      );
      assert.equal(back, text);
    }),
  );
});

test("terminal: columns line up whatever is in them", () => {
  const lines = alignColumns(
    [
      ["1", "東京", "x"],
      ["10", "a\nb", "y"],
    ],
    new Set([0]),
  );
  assert.deepEqual(lines, [" 1  東京     x", "10  a\\u{a}b  y"]);
  assert.equal(columnsOf("東京"), 4);
  assert.equal(columnsOf("e\u0301"), 1);
});

test("terminal: JSON is the same document with nothing a terminal obeys or hides", () => {
  const hostile = '\u001b[2Ja\u009b31m\u202eb\u200b\u2066c\ud800d\u{e0101}\u{1d159}\u0000\u2028 \\u0041"\n';
  const value = { [hostile]: [hostile, { deep: hostile }], plain: "é 你好 𝟙 <b>" };
  for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
    const shown = visibleJson(text);
    assert.deepEqual(JSON.parse(shown), value);
    assert.doesNotMatch(shown.replaceAll("\n", ""), /[\p{C}\p{Zl}\p{Zp}]/u);
    assert.ok(shown.includes("é 你好 𝟙 <b>"));
  }
  assert.match(JSON.stringify(value), /[\u009b\u202e]/); // control: as JSON alone it would be obeyed
});
