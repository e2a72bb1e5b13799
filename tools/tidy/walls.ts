/** Who may import whom: design page 2. A violation says which file imports what it may not. */
import {
  type Import,
  importsOf,
  isCode,
  isTestSupport,
  libraryOf,
  type Repository,
  resolveImport,
} from "./repository.ts";

type Rule = (from: string, to: string | undefined, imported: Import) => string | undefined;

/** Every import that stands on the wrong side of a wall. */
export function wallViolations(repository: Repository): readonly string[] {
  const found: string[] = [];
  for (const [from, text] of repository) {
    if (!isCode(from) || !from.startsWith("packages/")) continue;
    for (const imported of importsOf(text)) {
      const to = resolveImport(from, imported.specifier);
      for (const rule of rules) {
        const why = rule(from, to, imported);
        if (why !== undefined) found.push(`${from} imports ${imported.specifier}: ${why}`);
      }
    }
  }
  return found;
}

const packageOf = (path: string): string => path.split("/")[1] ?? "";
const inSource = (path: string, name: string): boolean => path.startsWith(`packages/${name}/src/`);

/** `base`, `ledger`, the name of a module, `app` for what stands directly under src, `bin` for the command line. */
function serverLayer(path: string): string | undefined {
  const parts = path.split("/");
  if (/^packages\/server\/(?:bin|src\/cli)\//.test(path)) return "bin";
  if (!inSource(path, "server")) return undefined;
  return parts.length === 4 ? "app" : parts[3];
}

/** Layers below the modules, from the ground up. Generated files and migrations are ground that imports nothing above. */
const GROUND = ["generated", "base", "migrations", "ledger"];

const rules: readonly Rule[] = [
  function packages(from, to) {
    if (to === undefined || isTestSupport(from) || !to.startsWith("packages/")) return undefined;
    const [own, other] = [packageOf(from), packageOf(to)];
    if (own === other) return undefined;
    if (own === "evidence") return "evidence stands on no other package";
    if (other === "evidence") return undefined;
    if (own === "sdk") return "the SDK stands on evidence alone";
    // The operator's command line hands `mcp` and the demo over to the SDK; the server itself never knows it.
    if (own === "server" && other === "sdk")
      return serverLayer(from) === "bin" ? undefined : "server and SDK meet only in evidence";
    if (own === "console" && other === "sdk") return undefined;
    return `${own} does not stand on ${other}`;
  },
  function outside(from, to) {
    if (to === undefined || isTestSupport(from) || to.startsWith("packages/")) return undefined;
    return "what is published imports nothing from outside packages/";
  },
  function pure(from, to, { specifier }) {
    if (!inSource(from, "evidence") || from.endsWith(".node.ts") || isTestSupport(from)) return undefined;
    if (specifier.startsWith("node:")) return "evidence is pure; what needs Node is called *.node.ts";
    if (to?.endsWith(".node.ts")) return "pure code does not load Node's; who starts it does";
    return undefined;
  },
  function schemaLibrary(from, to, { specifier, typeOnly }) {
    if (!inSource(from, "evidence") || typeOnly || isTestSupport(from)) return undefined;
    const isSchema = (path: string) => /\/(?:event|wire|[a-z-]+-schema)\.ts$/.test(path);
    if (isSchema(from)) return undefined;
    if (libraryOf(specifier) === "typebox")
      return "schemas live in event.ts, wire.ts and *-schema.ts; the rest is generated";
    if (to !== undefined && isSchema(to))
      return "the browser never loads the schema library: import types only, or generated/";
    return undefined;
  },
  function layers(from, to) {
    const [own, other] = [serverLayer(from), to === undefined ? undefined : serverLayer(to)];
    if (own === undefined || other === undefined || own === other || isTestSupport(from)) return undefined;
    if (own === "bin") return undefined;
    if (other === "bin") return "nothing imports a bin";
    if (own === "app") return undefined;
    if (other === "app") return "only a bin imports the composition root and what stands beside it";
    const [height, otherHeight] = [GROUND.indexOf(own), GROUND.indexOf(other)];
    if (otherHeight < 0) return height < 0 ? "modules never import each other" : `${own} knows no module`;
    if (height < 0 || otherHeight < height) return undefined;
    return `${own} lies below ${other}`;
  },
];
