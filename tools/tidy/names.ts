/** Names of files and folders, barrels, and one definition of each exported type. */
import { isCode, isTestSupport, type Repository } from "./repository.ts";

const BANNED = new Set(["manager", "helper", "helpers", "util", "utils", "service", "services", "data", "trace"]);
const KEBAB = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*$/;
/** Where names are ours to choose: not the root's traditional ones, not the kinds of events in spec/vectors. */
const OURS = /^(?:packages|tools|tests|bench|examples|docs|spec\/(?!vectors\/))/;
/** Other languages and tools have customs of their own. */
const CUSTOM = /\.(?:go|py)$|^[A-Z]+(?:\.(?:md|json))?$/;
/** A tool's contract is called what the tool is called. */
const TOOLS = /^packages\/server\/policies\/[^/]+\/tools\//;

/** Files and folders whose names are not kebab-case, or say nothing. */
export function nameViolations(repository: Repository): readonly string[] {
  const found = new Set<string>();
  for (const path of repository.keys()) {
    if (!OURS.test(path) || TOOLS.test(path)) continue;
    for (const part of path.split("/")) {
      if (CUSTOM.test(part)) continue;
      if (!KEBAB.test(part)) found.add(`${path}: ${part} is not kebab-case`);
      const banned = part.split(/[-.]/).find((word) => BANNED.has(word));
      if (banned !== undefined) found.add(`${path}: ${banned} says nothing; name the noun`);
    }
  }
  return [...found];
}

/** Files that only pass on what others define. */
export function barrelViolations(repository: Repository): readonly string[] {
  const found: string[] = [];
  for (const [path, text] of repository) {
    if (!/^packages\/[^/]+\/src\//.test(path) || !isCode(path)) continue;
    if (/(?:^|\/)index\.tsx?$/.test(path))
      found.push(`${path}: a package has no index; import the file that defines it`);
    else if (/^export \* from/m.test(text)) found.push(`${path}: export * hides who defines what`);
    else if (passesOnOnly(text)) found.push(`${path}: it defines nothing; import the files it passes on`);
  }
  return found;
}

function passesOnOnly(text: string): boolean {
  const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "").trim();
  const rest = code.replace(/^(?:import|export)\s[^;]*?\sfrom\s+["'][^"']+["'];?/gm, "").trim();
  return code !== "" && rest === "" && /^export/m.test(code);
}

/**
 * Type names that two files define and export. A module's `faces.ts` says what it needs of its neighbours, in its own
 * words: there two may agree.
 */
export function typeViolations(repository: Repository): readonly string[] {
  const places = new Map<string, string[]>();
  for (const [path, text] of repository) {
    if (!/^packages\/[^/]+\/src\//.test(path) || !isCode(path) || isTestSupport(path)) continue;
    if (path.includes("/generated/") || path.endsWith("/faces.ts")) continue;
    for (const [, name] of text.matchAll(/^export (?:declare )?(?:type|interface|(?:abstract )?class) ([A-Z]\w*)/gm))
      places.set(name!, [...(places.get(name!) ?? []), path]);
  }
  return [...places]
    .filter(([, paths]) => paths.length > 1)
    .map(([name, paths]) => `${name} is defined in ${paths.join(" and ")}`);
}
