/**
 * `npm run sbom`: the software bill of materials, CycloneDX 1.6, made from package-lock.json alone: no network, no clock,
 * so the same lock file gives the same bytes. Every package of the lock is a component with the digest npm checks it
 * against at install; what only development needs says so.
 */
import { hash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

type Locked = {
  readonly name?: string;
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly optional?: boolean;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
};
export type LockFile = { readonly packages: Readonly<Record<string, Locked>> };

export type Component = {
  readonly type: "application" | "library";
  readonly "bom-ref": string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly scope: "required" | "optional" | "excluded";
  readonly licenses?: readonly object[];
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
};
export type Sbom = {
  readonly bomFormat: "CycloneDX";
  readonly specVersion: "1.6";
  readonly serialNumber: string;
  readonly version: 1;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
};

const FILE = "dist/sbom.cdx.json";
const ALGORITHMS: Readonly<Record<string, string>> = { sha512: "SHA-512", sha384: "SHA-384", sha256: "SHA-256" };

/** The bill of materials of a lock file of version 3. */
export function sbomOf(lock: LockFile): Sbom {
  const { packages } = lock;
  const paths = Object.keys(packages).filter((path) => packages[path]?.link !== true);
  const components = new Map<string, Component>();
  const needs = new Map<string, Set<string>>();
  for (const path of paths) {
    const component = componentOf(path, packages[path]!); // its own key
    const ref = component["bom-ref"];
    // The same version may lie in several places; needed once is needed.
    const known = components.get(ref);
    if (known === undefined || known.scope !== "required") components.set(ref, component);
    const below = needs.get(ref) ?? new Set<string>();
    for (const at of neededBy(packages, path)) below.add(componentOf(at, packages[at]!)["bom-ref"]); // found there
    needs.set(ref, below);
  }
  const root = componentOf("", packages[""] ?? {});
  const sorted = [...components.values()].filter((one) => one["bom-ref"] !== root["bom-ref"]).sort(byRef);
  const dependencies = [...needs].map(([ref, below]) => ({ ref, dependsOn: [...below].sort() }));
  dependencies.sort((a, b) => (a.ref < b.ref ? -1 : 1));
  const said = { metadata: { component: root }, components: sorted, dependencies };
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(said))}`,
    version: 1,
    ...said,
  };
}

function componentOf(path: string, locked: Locked): Component {
  const name = locked.name ?? path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
  const version = locked.version ?? "0.0.0";
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  const isOurs = !path.includes("node_modules/");
  const { integrity, license } = locked;
  return {
    type: isOurs ? "application" : "library",
    "bom-ref": purl,
    name,
    version,
    purl,
    scope: locked.dev === true || locked.devOptional === true ? "excluded" : locked.optional ? "optional" : "required",
    ...(license === undefined ? {} : { licenses: [licenseOf(license)] }),
    ...(integrity === undefined ? {} : { hashes: integrity.split(" ").map(hashOf) }),
  };
}

/** An SPDX id, or an expression of several. */
function licenseOf(license: string): object {
  return /^[A-Za-z0-9.+-]+$/.test(license) ? { license: { id: license } } : { expression: license };
}

/** npm writes digests as `sha512-<base64>` (W3C SRI). */
function hashOf(integrity: string): { alg: string; content: string } {
  const [alg = "", base64 = ""] = integrity.split(/-(.*)/);
  return { alg: ALGORITHMS[alg] ?? alg, content: Buffer.from(base64, "base64").toString("hex") };
}

/** Where Node finds what a package asks for: beside it, or in a node_modules above. What is not installed is not listed. */
function neededBy(packages: LockFile["packages"], path: string): string[] {
  const { dependencies, optionalDependencies, peerDependencies, devDependencies } = packages[path] ?? {};
  const own = path.includes("node_modules/") ? {} : devDependencies;
  const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies, ...own });
  const workspaces =
    path === "" ? Object.keys(packages).filter((one) => one !== "" && !one.includes("node_modules/")) : [];
  return [...workspaces, ...names.flatMap((name) => placeOf(packages, path, name) ?? [])];
}

function placeOf(packages: LockFile["packages"], from: string, name: string): string | undefined {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf("/")))) {
    const place = `${base === "" ? "" : `${base}/`}node_modules/${name}`;
    const found = packages[place];
    if (found !== undefined) return found.link === true ? found.resolved : place;
    if (base === "") return undefined;
  }
}

/** A UUIDv8 of the content (RFC 9562 §5.8), so that it needs no clock and no dice. */
function uuidOf(content: string): string {
  const bytes = hash("sha256", content, "buffer").subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function byRef(a: Component, b: Component): number {
  return a["bom-ref"] < b["bom-ref"] ? -1 : 1;
}

/** The lock file of this repository. */
export function readLock(): LockFile {
  // npm wrote it; the tests of this file compare what is made of it with what npm itself says.
  return JSON.parse(readFileSync(fileURLToPath(new URL("../package-lock.json", import.meta.url)), "utf8")) as LockFile;
}

if (import.meta.main) {
  const path = fileURLToPath(new URL(`../${FILE}`, import.meta.url));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(sbomOf(readLock()), null, 1)}\n`);
  console.log(`wrote ${FILE}`);
}
