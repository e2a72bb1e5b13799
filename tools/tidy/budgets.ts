/** What each package may stand on, in exact versions, and that it uses what it declares. */
import { importsOf, isCode, isTestSupport, libraryOf, type Repository } from "./repository.ts";

type Manifest = {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  /** Names that a package gives to libraries by condition: `#cedar`. */
  readonly imports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
};

/** Package → libraries it may depend on. */
export type Budgets = Readonly<Record<string, readonly string[]>>;

/** Packages that stand on what is not in their budget, do not pin it, or declare what they do not use. */
export function budgetViolations(repository: Repository, budgets: Budgets): readonly string[] {
  return [...repository].flatMap(([path, text]) => {
    if (!/^packages\/[^/]+\/package\.json$/.test(path)) return [];
    return manifestViolations(path, JSON.parse(text) as Manifest, repository, budgets);
  });
}

function manifestViolations(path: string, manifest: Manifest, repository: Repository, budgets: Budgets): string[] {
  const name = path.split("/")[1]!;
  const found: string[] = [];
  // What a package is built from counts like what it loads: the console publishes its bundle.
  const dependencies = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  const peers = Object.keys(manifest.peerDependencies ?? {});
  const budget = budgets[name];
  if (budget === undefined) return [`${path}: no budget in tools/tidy.test.ts`];
  for (const [library, version] of dependencies) {
    if (!budget.includes(library)) found.push(`${path}: ${library} is not in the package's budget`);
    if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
      found.push(`${path}: ${library}@${version} is not one exact version`);
  }
  for (const library of budget)
    if (!dependencies.some(([declared]) => declared === library))
      found.push(`${path}: the budget's ${library} is not used`);
  for (const peer of peers)
    if (manifest.peerDependenciesMeta?.[peer]?.optional !== true)
      found.push(`${path}: the peer ${peer} is not optional`);
  const used = librariesUsed(name, manifest, repository);
  for (const library of used)
    if (!dependencies.some(([declared]) => declared === library) && !peers.includes(library))
      found.push(`${path}: ${library} is imported and not declared`);
  for (const [library] of dependencies)
    if (!used.has(library) && !/^@(?:countersign|types)\//.test(library))
      found.push(`${path}: ${library} is declared and not imported`);
  return found;
}

function librariesUsed(name: string, { imports = {} }: Manifest, repository: Repository): ReadonlySet<string> {
  const targets = Object.values(imports).flatMap((target) =>
    typeof target === "string" ? [target] : Object.values(target),
  );
  const used = new Set(targets.map(libraryOf).filter((library) => library !== undefined));
  for (const [path, text] of repository) {
    if (!path.startsWith(`packages/${name}/`) || !isCode(path) || isTestSupport(path)) continue;
    for (const { specifier } of importsOf(text)) {
      const library = libraryOf(specifier);
      if (library !== undefined) used.add(library);
    }
  }
  return used;
}

/** Locked packages that run a script when they are installed, beyond those allowed. */
export function installScripts(repository: Repository, allowed: readonly string[]): readonly string[] {
  const lock = JSON.parse(repository.get("package-lock.json") ?? '{"packages":{}}') as {
    packages: Record<string, { hasInstallScript?: boolean }>;
  };
  return Object.entries(lock.packages)
    .filter(
      ([path, { hasInstallScript }]) => hasInstallScript && !allowed.includes(path.replace(/^.*node_modules\//, "")),
    )
    .map(([path]) => `${path} runs a script on install`);
}
