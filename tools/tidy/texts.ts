/** What no file may say: where somebody's machine keeps things, and hosts of package registries. */
import type { Repository } from "./repository.ts";

const MACHINE: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a home folder", /(?<![\w.])\/(?:home|Users)\/[A-Za-z][\w-]*\//],
  ["root's home folder", /(?<![\w./])\/root\//],
  ["a drive", /\b[A-Z]:\\\\?Users/],
  [
    "a registry's host",
    /\bregistry\.(?:npmjs\.org|yarnpkg\.com)|\bnpm\.pkg\.github\.com|:\/\/[\w.-]*(?:artifactory|verdaccio|nexus)[\w.-]*/,
  ],
];

/**
 * Lines that name a machine's path or a registry.
 *
 * @param root where this repository lies on this machine: a path nobody else has
 */
export function textViolations(repository: Repository, root: string): readonly string[] {
  const found: string[] = [];
  for (const [path, text] of repository) {
    if (path.startsWith("tools/tidy")) continue; // These rules and their controls must say it.
    for (const [number, line] of text.split("\n").entries()) {
      for (const [what, pattern] of MACHINE) if (pattern.test(line)) found.push(`${path}:${number + 1} names ${what}`);
      if (line.includes(root)) found.push(`${path}:${number + 1} names this repository's place`);
    }
  }
  return found;
}
