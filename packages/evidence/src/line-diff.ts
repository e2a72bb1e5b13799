/** What changed between two texts, line by line, for people. */

/** One line: kept, only in the old text, or only in the new one. */
export type DiffLine = { readonly sign: " " | "-" | "+"; readonly text: string };

/** Cells of the table below; beyond that the changed part is shown as removed and added. */
const MAX_CELLS = 4_000_000;

/** The lines of both texts in order, as few of them changed as possible. Bounded: at most 4,000,000 steps. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const a = linesOf(before);
  const b = linesOf(after);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return [
    ...signed(" ", a.slice(0, start)),
    ...changed(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...signed(" ", a.slice(a.length - end)),
  ];
}

/** The changed lines with up to `context` lines around them; a gap between is one line `…`. */
export function formatDiff(lines: readonly DiffLine[], context = 2): readonly string[] {
  const shown = lines.map((_, i) =>
    lines.slice(Math.max(0, i - context), i + context + 1).some(({ sign }) => sign !== " "),
  );
  return lines.flatMap(({ sign, text }, i) => {
    if (shown[i]) return [`${sign} ${text}`];
    return i > 0 && shown[i - 1] && shown.includes(true, i) ? ["…"] : [];
  });
}

function linesOf(text: string): readonly string[] {
  if (text === "") return [];
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
}

function signed(sign: DiffLine["sign"], lines: readonly string[]): readonly DiffLine[] {
  return lines.map((text) => ({ sign, text }));
}

/** The longest common subsequence, by the usual table. */
function changed(a: readonly string[], b: readonly string[]): readonly DiffLine[] {
  if ((a.length + 1) * (b.length + 1) > MAX_CELLS) return [...signed("-", a), ...signed("+", b)];
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const at = i * width + j;
      const [down, right] = [common[at + width]!, common[at + 1]!];
      common[at] = a[i] === b[j] ? common[at + width + 1]! + 1 : Math.max(down, right);
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      lines.push({ sign: " ", text: a[i]! });
      i++;
      j++;
    } else if (common[(i + 1) * width + j]! >= common[i * width + j + 1]!) lines.push({ sign: "-", text: a[i++]! });
    else lines.push({ sign: "+", text: b[j++]! });
  }
  return [...lines, ...signed("-", a.slice(i)), ...signed("+", b.slice(j))];
}
