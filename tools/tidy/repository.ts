/** The repository as the tidy rules see it: texts by path. A control hands them one with something wrong in it. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** Path from the root, with forward slashes → text. Binary files are not in it. */
export type Repository = ReadonlyMap<string, string>;

const TEXT =
  /\.(?:ts|tsx|mjs|js|json|md|txt|go|py|sh|cedar|cedarschema|yaml|yml|css|html|editorconfig)$|(?:^|\/)[^.]+$/;
const NOT_OURS = /(?:^|\/)(?:node_modules|dist|\.git)\//;

/** What git tracks or would track; without git, what lies there. */
export function readRepository(root: string): Repository {
  const paths = existsSync(join(root, ".git")) ? gitPaths(root) : allPaths(root);
  const ours = paths.filter((path) => TEXT.test(path) && !NOT_OURS.test(path) && existsSync(join(root, path)));
  return new Map(ours.sort().map((path) => [path, readFileSync(join(root, path), "utf8")]));
}

function gitPaths(root: string): readonly string[] {
  const list = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  return list.split("\0").filter((path) => path !== "");
}

function allPaths(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true, encoding: "utf8" })
    .filter((entry) => entry.isFile())
    .map((entry) => posix.relative(root, posix.join(entry.parentPath, entry.name)));
}

/** A copy with one file added or replaced: how a control seeds a violation. */
export function withFile(repository: Repository, path: string, text: string): Repository {
  return new Map(repository).set(path, text);
}

/** What is imported: the specifier, and whether only types are. */
export type Import = { readonly specifier: string; readonly typeOnly: boolean };

const IMPORT =
  /^\s*(?:import|export)\s+(type\s+)?(?:[^;'"]*?\s+from\s+)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)|new URL\(\s*["'](\.[^"']+)["']\s*,\s*import\.meta\.url/gm;

/** Every import of a module: static, dynamic, re-exported, and files named by `new URL("./x", import.meta.url)`. */
export function importsOf(text: string): readonly Import[] {
  const withoutComments = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  return [...withoutComments.matchAll(IMPORT)].map(([, type, static_, dynamic, url]) => ({
    specifier: static_ ?? dynamic ?? url ?? "",
    typeOnly: type !== undefined,
  }));
}

/** The path an import leads to inside the repository; undefined when it leads to a library. */
export function resolveImport(from: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return posix.join(posix.dirname(from), specifier);
  const own = /^@countersign\/([a-z-]+)(?:\/(.+))?$/.exec(specifier);
  if (own === null) return undefined;
  const [, name, subpath] = own;
  if (subpath === undefined) return name === "sdk" ? "packages/sdk/src/client.ts" : `packages/${name}`;
  return `packages/${name}/src/${subpath}.ts`;
}

/** `@scope/name` or `name` of a library import; undefined for relative ones, own ones and names of the `imports` map. */
export function libraryOf(specifier: string): string | undefined {
  if (/^(?:[.#]|node:|@countersign\/)/.test(specifier)) return undefined;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

export const isTest = (path: string): boolean => /\.test\.tsx?$/.test(path);
/** Code that is there for tests: it is published with nothing and may use what tests may. */
export const isTestSupport = (path: string): boolean =>
  isTest(path) || /(?:^|[-/])testing(?:-[a-z-]+)?\.ts$/.test(path) || path.endsWith("/vectors.node.ts");
export const isCode = (path: string): boolean => /\.(?:ts|tsx|mjs)$/.test(path);
