/**
 * Hostile text made harmless for a terminal or a log file: what was recorded is shown, never obeyed. Everything that is
 * not plainly visible (control and format characters, bidirectional overrides, zero-width and blank look-alikes, lone
 * surrogates) is written as `\u{hex}`, and a backslash is doubled, so the result can be read back without doubt.
 */

// \p{C} is control, format, surrogate, private use and unassigned; \p{Z} is every separator, of which only U+0020 stays.
// The rest are letters and marks that draw nothing: Hangul fillers, the braille blank, variation selectors, and the
// combining grapheme joiner.
const INVISIBLE =
  /[\\\p{C}\p{Zl}\p{Zp}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u3164\uffa0\u2800]|[\u115f\u1160]|\u034f|[\u180b-\u180f]|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]/gu;

/** `text` in characters that are all visible; a lone surrogate is shown by its number. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) =>
    character === "\\" ? "\\\\" : `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** The same JSON document in characters that are all visible: what is not is written as JSON escapes it. */
export function visibleJson(json: string): string {
  return json.replace(INVISIBLE, (character) => {
    if (character === "\\" || character === "\n") return character;
    const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
  });
}

/** Columns a terminal takes for `text`, which must be {@link visible} already: 2 for wide letters, 0 for marks. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (MARK.test(character)) continue;
    columns += isWide(character.codePointAt(0)!) ? 2 : 1;
  }
  return columns;
}

const MARK = /\p{M}/u;

/** East Asian Wide and Fullwidth blocks of Unicode's EastAsianWidth.txt, coarsely. */
function isWide(code: number): boolean {
  return (
    code >= 0x1100 &&
    (code <= 0x115f ||
      (code >= 0x2e80 && code <= 0xa4cf) ||
      (code >= 0xac00 && code <= 0xd7a3) ||
      (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0xfe30 && code <= 0xfe6f) ||
      (code >= 0xff01 && code <= 0xff60) ||
      (code >= 0xffe0 && code <= 0xffe6) ||
      (code >= 0x1f300 && code <= 0x1faff) ||
      (code >= 0x20000 && code <= 0x3fffd))
  );
}

/**
 * Rows as lines with aligned columns. The last column of a row is not padded. Cells are made {@link visible} here.
 *
 * @param right columns whose cells are aligned to the right
 */
export function alignColumns(rows: readonly (readonly string[])[], right: ReadonlySet<number> = new Set()): string[] {
  const shown = rows.map((row) => row.map(visible));
  const widths: number[] = [];
  for (const row of shown) {
    for (let i = 0; i < row.length; i++) widths[i] = Math.max(widths[i] ?? 0, columnsOf(row[i]!));
  }
  return shown.map((row) =>
    row
      .map((cell, i) => {
        const pad = " ".repeat(widths[i]! - columnsOf(cell));
        if (right.has(i)) return pad + cell;
        return i === row.length - 1 ? cell : cell + pad;
      })
      .join("  ")
      .trimEnd(),
  );
}
