/**
 * JSON laid out for reading: white space outside strings is replaced, and nothing else changes, so every number, escape
 * and duplicate stands as it was sent. It works on text that `visible` escaped, and gives such text back.
 */

/** The lines, or undefined when the text is not JSON with something in it, or nests so deep that indentation misleads. */
export function layOut(escaped: string): string[] | undefined {
  const lines: string[] = [];
  const closers: string[] = [];
  let line = "";
  let inString = false;
  const end = () => {
    if (line.trim() !== "") lines.push(line);
    line = "  ".repeat(closers.length);
  };
  const units = unitsOf(escaped);
  for (let i = 0; i < units.length; i++) {
    const { meant, shown } = units[i]!; // the loop stays inside
    if (inString) {
      line += shown;
      if (meant === "\\") line += units[++i]?.shown ?? "";
      else if (meant === '"') inString = false;
      continue;
    }
    if (/^[ \t\n\r]$/.test(meant)) continue;
    if (meant === '"') {
      inString = true;
      line += shown;
    } else if (meant === "{" || meant === "[") {
      line += shown;
      closers.push(meant === "{" ? "}" : "]");
      if (closers.length > 16) return undefined;
      end();
    } else if (meant === "}" || meant === "]") {
      if (closers.pop() !== meant) return undefined;
      end();
      line += shown;
    } else if (meant === ",") {
      line += shown;
      end();
    } else line += meant === ":" ? `${shown} ` : shown;
  }
  if (inString || closers.length > 0) return undefined;
  end();
  return lines.length > 1 ? lines : undefined;
}

/** Characters as they were meant, each with what stands for it: `\\` for a backslash, `\u{202e}` for what draws nothing. */
function unitsOf(escaped: string): { readonly meant: string; readonly shown: string }[] {
  return [...escaped.matchAll(/\\\\|\\u\{([0-9a-f]+)\}|[\s\S]/gu)].map(([shown, code]) => ({
    shown,
    meant: code !== undefined ? String.fromCodePoint(Number.parseInt(code, 16)) : shown === "\\\\" ? "\\" : shown,
  }));
}
