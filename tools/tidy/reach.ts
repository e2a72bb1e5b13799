/** Dead files: code under packages/ and tools/ that nothing which runs leads to. */
import { importsOf, isCode, isTest, type Repository, resolveImport } from "./repository.ts";

/** What is started by itself: bins, tests, scripts, benches, examples; and what the SDK names in its exports. */
function isRoot(path: string, repository: Repository): boolean {
  if (isTest(path) || /^(?:packages\/[^/]+\/bin|bench|examples|tests)\//.test(path)) return true;
  // The page names its script, and Vite its configuration.
  if (path === "packages/console/src/main.tsx" || path === "packages/console/vite.config.ts") return true;
  if (path === "packages/sdk/src/client.ts" || path.startsWith("packages/sdk/src/integrations/")) return true;
  return /^tools\/[^/]+$/.test(path) && isNamed(path, repository);
}

/** Whether an npm script, a document or a CI file names a script. */
function isNamed(path: string, repository: Repository): boolean {
  return [...repository].some(([other, text]) => other !== path && !isCode(other) && text.includes(path));
}

/** Code files that no root leads to. */
export function deadFiles(repository: Repository): readonly string[] {
  const code = [...repository.keys()].filter(isCode);
  const seen = new Set<string>();
  const open = code.filter((path) => isRoot(path, repository));
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const text = repository.get(path) ?? "";
    for (const specifier of [...importsOf(text).map((imported) => imported.specifier), ...filesNamed(text)]) {
      const to = resolveImport(path, specifier);
      if (to !== undefined && repository.has(to)) open.push(to);
    }
  }
  return code.filter((path) => !seen.has(path));
}

/** Files a module starts by name: threads and children. */
function filesNamed(text: string): readonly string[] {
  return [...text.matchAll(/["'](\.{1,2}\/[\w./-]+\.(?:ts|mjs))["']/g)].map(([, path]) => path ?? "");
}

/** Imports that lead to a file that is not there. */
export function brokenImports(repository: Repository): readonly string[] {
  const found: string[] = [];
  for (const [path, text] of repository) {
    // The generators and these rules write imports that are not theirs.
    if (!isCode(path) || /^tools\/(?:gen|tidy)/.test(path)) continue;
    for (const { specifier } of importsOf(text)) {
      const to = resolveImport(path, specifier);
      if (to !== undefined && isCode(to) && !repository.has(to))
        found.push(`${path} imports ${specifier}, which is not there`);
    }
  }
  return found;
}
