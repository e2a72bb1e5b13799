import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type LockFile, readLock, type Sbom, sbomOf } from "./sbom.ts";

const lock = readLock();
const sbom = sbomOf(lock);

/** What of a lock file its bill of materials leaves out, adds, or says otherwise. */
function differences({ packages }: LockFile, bill: Sbom): string[] {
  const wanted = new Map<string, string | undefined>();
  for (const [path, one] of Object.entries(packages)) {
    if (path === "" || one.link === true) continue;
    const name = one.name ?? path.slice(path.lastIndexOf("node_modules/") + 13);
    const hex = one.integrity?.startsWith("sha512-") && Buffer.from(one.integrity.slice(7), "base64").toString("hex");
    wanted.set(`${name}@${one.version}`, hex || undefined);
  }
  const said = new Map(bill.components.map((one) => [`${one.name}@${one.version}`, one.hashes?.[0]?.content]));
  return [
    ...[...wanted].filter(([name, hex]) => !said.has(name) || said.get(name) !== hex).map(([name]) => name),
    ...[...said.keys()].filter((name) => !wanted.has(name)),
  ];
}

test("sbom: every package of the lock file with its digest, and nothing else", () => {
  assert.deepEqual(differences(lock, sbom), []);
  assert.ok(sbom.components.length > 100);
  const withoutDigest = sbom.components.filter(({ hashes }) => hashes === undefined).map(({ name }) => name);
  assert.deepEqual(
    withoutDigest.filter((name) => !name.startsWith("@countersign/")),
    [],
    "only our own packages have no digest",
  );
});

test("sbom: control: another version, digest or package in the lock file is seen", () => {
  const path = "node_modules/fastify";
  const fastify = lock.packages[path]!;
  const changed = (one: object): LockFile => ({ packages: { ...lock.packages, [path]: { ...fastify, ...one } } });
  assert.deepEqual(differences(changed({ version: "0.0.1" }), sbom), ["fastify@0.0.1", `fastify@${fastify.version}`]);
  assert.deepEqual(differences(changed({ integrity: `sha512-${"A".repeat(86)}==` }), sbom), [
    `fastify@${fastify.version}`,
  ]);
  const more = { packages: { ...lock.packages, "node_modules/sneaky": { version: "1.0.0" } } };
  assert.deepEqual(differences(more, sbom), ["sneaky@1.0.0"]);
});

test("sbom: references resolve, and what serves in production is told from what only development needs", () => {
  const known = new Set([...sbom.components, sbom.metadata.component].map((one) => one["bom-ref"]));
  assert.equal(known.size, sbom.components.length + 1);
  for (const { ref, dependsOn } of sbom.dependencies) {
    assert.ok(known.has(ref), ref);
    for (const one of dependsOn) assert.ok(known.has(one), `${ref} needs ${one}`);
  }
  const scopeOf = (name: string) => sbom.components.find((one) => one.name === name)?.scope;
  assert.deepEqual([scopeOf("fastify"), scopeOf("typescript")], ["required", "excluded"]);
  const server = sbom.dependencies.find(({ ref }) => ref.startsWith("pkg:npm/%40countersign/server@"));
  assert.ok(server?.dependsOn.some((one) => one.startsWith("pkg:npm/fastify@")));
});

test("sbom: the same lock file gives the same bytes", () => {
  assert.equal(JSON.stringify(sbomOf(readLock())), JSON.stringify(sbom));
  assert.match(sbom.serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("sbom: npm's own bill of the same lock file names the same packages", { skip: npm() }, () => {
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const args = ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only", "--offline"];
  const said = JSON.parse(execFileSync("npm", args, { cwd, encoding: "utf8", stdio: "pipe" })) as Sbom;
  const ours = new Map(sbom.components.map(({ purl, hashes }) => [purl, hashes?.[0]?.content]));
  const missing = said.components.filter(
    ({ purl, hashes }) => !ours.has(purl) || ours.get(purl) !== hashes?.[0]?.content,
  );
  assert.deepEqual(
    missing.map(({ purl }) => purl),
    [],
  );
  assert.ok(said.components.length > 100);
});

function npm(): string | false {
  try {
    execFileSync("npm", ["sbom", "--help"], { stdio: "ignore" });
    return false;
  } catch {
    return "npm is not installed, or too old to write a bill of materials";
  }
}
