/** The life of a policy as people type it: on the machine of the data directory, and over --url with a key each. */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { temporaryDirectory } from "../ledger/testing.ts";

const scratch = temporaryDirectory();
const at = (...parts: string[]) => join(scratch, ...parts);
const BIN = join(import.meta.dirname, "..", "..", "bin", "countersign.ts");
const STARTER = join(import.meta.dirname, "..", "..", "policies", "starter");
const NODE = ["--conditions=countersign-source", "--disable-warning=ExperimentalWarning", BIN];
const env: NodeJS.ProcessEnv = {
  ...process.env,
  XDG_STATE_HOME: at("state"),
  HOME: scratch,
  COUNTERSIGN_POLICY_DEADLINE_MS: "5000",
};
const data = ["--data", at("data"), "--tenant", "acme"];

type Ran = { readonly code: number; readonly out: string; readonly err: string };
const run = (...args: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    execFile(process.execPath, [...NODE, ...args], { env }, (error, out, err) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, out, err });
    });
  });
const must = async (...args: string[]) => {
  const ran = await run(...args);
  assert.equal(ran.code, 0, `${args.join(" ")}\n${ran.out}${ran.err}`);
  return ran.out;
};
const json = async (...args: string[]) => JSON.parse(await must(...args, "--json"));

let child: ChildProcess;
let url: string[];
const keys: Record<string, string> = {};
const first = at("first");
const second = at("second");

before(async () => {
  for (const folder of [first, second]) cpSync(STARTER, folder, { recursive: true });
  writeFileSync(join(second, "CHANGES.md"), "The second one.\n");
  child = spawn(process.execPath, [...NODE, "serve", "--data", at("data"), "--port", "0"], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const port = await new Promise<string>((resolve, reject) => {
    child.once("exit", () => reject(new Error("the server ended")));
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const found = /http:\/\/[^:\s]+:(\d+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  url = ["--url", `http://127.0.0.1:${port}`];
  await must("tenant", "create", "--data", at("data"), "--id", "acme", "--kind", "production");
  for (const name of ["dana", "sam"]) {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    writeFileSync(at(`${name}.pem`), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    writeFileSync(at(`${name}.pub`), publicKey.export({ type: "spki", format: "pem" }));
    await must("approver", "enroll", ...data, "--id", name, "--roles", "oncall_sre", "--public-key", at(`${name}.pub`));
    keys[name] = (await json("credential", "create", ...data, "--role", "policy-admin", "--id", name)).key;
  }
});
after(async () => {
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await exited;
});
/** Over HTTP, as somebody. */
const as = (name: string) => [...url, "--api-key", keys[name]!];

test("policy: published alone while the tenant is set up; once sealed, asked for by one and approved by another", async () => {
  assert.match(await must("policy", "publish", first, ...data), /is in force: sha256:/);
  await must("tenant", "seal", ...data);
  const simulated = await json("policy", "simulate", second, ...as("dana"));
  assert.deepEqual([simulated.to_acknowledge, simulated.impact.decisions], [[], 0]);
  const asked = await json("policy", "publish", second, ...as("dana"), "--reason", "PLANNED_CHANGE");
  assert.deepEqual([asked.revision, asked.changed], [null, false]);

  const own = await run("policy", "approve", asked.request_id, ...as("dana"));
  assert.deepEqual([own.code, /separation-of-duties/.test(own.err)], [1, true], own.err);
  const other = await run("policy", "approve", asked.request_id, ...as("sam"), "--expect", first);
  assert.match(other.err, /vote-mismatch/);
  // On the machine itself it takes sam's own key; without one nobody speaks.
  const nobody = await run("policy", "approve", asked.request_id, ...data);
  assert.match(nobody.err, /second-person-required/);
  const approved = await must(
    "policy",
    "approve",
    asked.request_id,
    ...data,
    "--key",
    at("sam.pem"),
    "--expect",
    second,
  );
  assert.match(approved, /is in force: sha256:/);

  assert.match(await must("policy", "history", ...as("sam")), /pol_\S+ +published .* in force/);
  const diff = await run("policy", "diff", first, ...as("sam"));
  assert.equal(diff.code, 1);
  assert.match(diff.out, /changed CHANGES\.md[\s\S]*0 rules differ/);
  assert.equal((await run("policy", "diff", second, ...as("sam"))).code, 0); // control: the same
});

test("policy: a rollback by revision, asked for at the machine and approved by two", async () => {
  const { revisions } = await json("policy", "history", ...as("sam"));
  const old = revisions.at(-1);
  const asked = await json(
    "policy",
    "rollback",
    old.revision,
    "--reason",
    "REGRESSION",
    "--incident",
    "INC-7",
    ...data,
  );
  assert.equal(asked.revision, null);
  assert.match(await must("policy", "approve", asked.request_id, ...as("dana")), /waits for another/);
  const done = await json("policy", "approve", asked.request_id, ...as("sam"));
  assert.deepEqual([done.digest, done.revision === old.revision], [old.digest, false]);
  assert.match((await run("policy", "rollback", "pol_2001_01_01", "--reason", "X", ...data)).err, /not-found/);
});

test("policy: a shadow is begun, looked at and stopped; another publish would end it as well", async () => {
  const begun = await must("policy", "shadow", second, ...as("dana"), "--sample", "50");
  assert.match(begun, /^in shadow: sha256:.*\nbeside sha256:.*, 50% of its decisions\n0 decided, 0 differ/);
  assert.match((await run("policy", "shadow", second, ...data)).err, /already-exists/);
  assert.match(await must("policy", "shadow", "--report", ...data), /^in shadow/);
  assert.match(await must("policy", "shadow", "--stop", ...as("sam")), /^was in shadow/);
  for (const words of [[], [second, "--stop"], [second, "--sample", "0"]]) {
    assert.equal((await run("policy", "shadow", ...words, ...data)).code, 2);
  }
});
