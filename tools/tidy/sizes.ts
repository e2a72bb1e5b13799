/** Length of files: most under 300 lines, none over 600 without a reason that stands here. */
import { isCode, isTestSupport, type Repository } from "./repository.ts";

export const MOST_LINES = 300;
export const ALL_LINES = 600;
/** Of all code files, this many may be longer than {@link MOST_LINES}. */
export const LONGER_SHARE = 0.15;

/** Longer than {@link ALL_LINES}, and why splitting would be worse. An entry that is no longer needed must go. */
export type LongFiles = Readonly<Record<string, string>>;

/** Files that are too long, entries of the table that are not needed, and too many long files altogether. */
export function sizeViolations(repository: Repository, longFiles: LongFiles): readonly string[] {
  const code = [...repository].filter(([path]) => isCode(path) && !path.includes("/generated/"));
  const lengths = new Map(code.map(([path, text]) => [path, text.split("\n").length - 1]));
  const found: string[] = [];
  for (const [path, lines] of lengths)
    if (lines > ALL_LINES && !(path in longFiles) && !isTestSupport(path))
      found.push(`${path} has ${lines} lines; split it by noun, or say in tools/tidy.test.ts why not`);
  for (const path of Object.keys(longFiles))
    if ((lengths.get(path) ?? 0) <= ALL_LINES) found.push(`${path} needs no exception for its length any more`);
  const longer = [...lengths].filter(([path, lines]) => lines > MOST_LINES && !isTestSupport(path));
  if (longer.length > code.length * LONGER_SHARE)
    found.push(`${longer.length} of ${code.length} files have more than ${MOST_LINES} lines`);
  return found;
}
