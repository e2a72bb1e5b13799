/**
 * Publishable: `npm pack` of each package, installed into an empty folder, gives working commands and an SDK import.
 * Nothing of the repository is in reach there: no source, no workspace links.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "..");
const PACKAGES = ["evidence", "sdk", "console", "server"] as const;
let folder = "";
/** The project's own Node first, so that installed commands start with it. */
const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ""}` };

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "countersign-packages-"));
  for (const name of PACKAGES)
    await run("npm", ["pack", "--pack-destination", folder], { cwd: join(ROOT, "packages", name), env });
  const archives = (await readdir(folder)).filter((file) => file.endsWith(".tgz")).map((file) => join(folder, file));
  assert.equal(archives.length, PACKAGES.length);
  await writeFile(join(folder, "package.json"), '{"name":"empty","private":true,"type":"module"}');
  await run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", ...archives], { cwd: folder, env });
});

after(() => rm(folder, { recursive: true, force: true }));

const installed = (command: string, ...args: string[]) =>
  run(join(folder, "node_modules", ".bin", command), args, { cwd: folder, env }).then(
    ({ stdout }) => ({ code: 0, stdout, stderr: "" }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );

for (const command of ["countersign", "countersign-verify", "countersign-mcp"]) {
  test(`packages: an installed ${command} shows its help`, async () => {
    const { code, stdout } = await installed(command, "--help");
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(command));
  });
}

test("packages: an installed countersign serves, and its verifier checks what it exports", async () => {
  const data = ["--data", join(folder, "data"), "--signer-dir", join(folder, "signer")];
  const made = await installed("countersign", "tenant", "create", ...data, "--id", "acme", "--kind", "evaluation");
  assert.equal(made.code, 0, made.stderr);
  const exported = await installed(
    "countersign",
    "export",
    "--all",
    ...data,
    "--tenant",
    "acme",
    "--out",
    join(folder, "pack"),
  );
  assert.equal(exported.code, 0, exported.stderr);
  const vkey = await installed("countersign", "keys", "show", ...data, "--tenant", "acme");
  await writeFile(join(folder, "log.vkey"), vkey.stdout);
  const verified = await installed(
    "countersign-verify",
    join(folder, "pack"),
    "--key",
    join(folder, "log.vkey"),
    "--require",
    "pinned",
  );
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  // Control: the same pack under another log's key is not pinned.
  await writeFile(
    join(folder, "other.vkey"),
    "localhost/other/1+11bb13f2+AVLjb8EeWB1t4wKIpPXq8fkNLFKgPM0iQlOpNBbXrqCP\n",
  );
  const unpinned = await installed(
    "countersign-verify",
    join(folder, "pack"),
    "--key",
    join(folder, "other.vkey"),
    "--require",
    "pinned",
  );
  assert.notEqual(unpinned.code, 0);
});

test("packages: the server brings its pages, built", async () => {
  const page = await readFile(join(folder, "node_modules/@countersign/console/dist/index.html"), "utf8");
  assert.match(page, /nonce="countersign-nonce"/);
});

test("packages: the SDK imports without its optional peers", async () => {
  await writeFile(
    join(folder, "use.mjs"),
    'import { Countersign } from "@countersign/sdk";\nconsole.log(typeof new Countersign({ url: "http://127.0.0.1:1", apiKey: "k" }).run);\n',
  );
  const { stdout } = await run(process.execPath, [join(folder, "use.mjs")], { cwd: folder, env });
  assert.equal(stdout.trim(), "function");
});
