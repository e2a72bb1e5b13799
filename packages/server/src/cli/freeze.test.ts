/** `countersign freeze`, `freezes`, `unfreeze`, as a person types them. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../ledger/testing.ts";

const scratch = temporaryDirectory();
const BIN = join(import.meta.dirname, "..", "..", "bin", "countersign.ts");
const NODE = ["--conditions=countersign-source", "--disable-warning=ExperimentalWarning", BIN];
const env: NodeJS.ProcessEnv = { ...process.env, XDG_STATE_HOME: join(scratch, "state"), HOME: scratch };
const data = ["--data", join(scratch, "data")];

type Ran = { readonly code: number; readonly out: string; readonly err: string };
const run = (...args: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    execFile(process.execPath, [...NODE, ...args, ...data], { env }, (error, out, err) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, out, err });
    });
  });
const must = async (...args: string[]) => {
  const ran = await run(...args);
  assert.equal(ran.code, 0, `${args.join(" ")}\n${ran.out}${ran.err}`);
  return ran.out;
};

test("freeze: placed, listed, and lifted by two in production; one alone leaves it in force and ends with 1", async () => {
  await must("tenant", "create", "--id", "acme", "--kind", "production");
  for (const person of ["dana", "erin"]) await must("credential", "create", "--role", "operator", "--id", person);
  await must("agent", "register", "--id", "files-agent", "--ceiling", "fs.read");
  const about = ["--incident", "INC-7", "--reason", "INCIDENT"];
  const said = await must("freeze", "agent", "files-agent", ...about);
  const id = /^(frz_[0-9a-z]{26}) is in force$/m.exec(said)?.[1];
  assert.ok(id !== undefined, said);
  assert.match(await must("freezes"), new RegExp(`${id} +agent +files-agent +INC-7`));
  const alone = await run("unfreeze", id, "--with", "dana");
  assert.equal(alone.code, 1);
  assert.match(alone.out, /stays in force/);
  assert.match(await must("freezes"), /files-agent/);
  assert.match(await must("unfreeze", id, "--with", "dana,erin"), /is lifted by usr_\S+, usr_/);
  assert.equal(await must("freezes"), "no freeze is in force\n");
});

test("nothing there yet: a list says of what, a decision that is none is told before the server is asked", async () => {
  assert.match(await must("runs"), /^no such runs; an agent starts one/);
  assert.equal(await must("approvals", "list"), "no such requests\n");
  assert.match((await run("policy", "shadow", "--report")).err, /countersign policy shadow DIR begins/);
  const { code, err } = await run("reexecute", "dec_zzz");
  assert.equal(code, 2);
  assert.match(err, /usage.*dec_zzz is no id of a decision/);
});

test("freeze: words that name nothing are refused with their code", async () => {
  const about = ["--incident", "INC-8", "--reason", "INCIDENT"];
  const cases: readonly (readonly [string[], RegExp])[] = [
    [["freeze", "agent", "nobody", ...about], /agent-not-registered/],
    [["freeze", "agent", ...about], /usage/],
    [["freeze", "tenant", "--incident", "INC-8"], /usage/],
    [["unfreeze", "frz_x", "--with", "dana"], /usage/],
    [["unfreeze", "frz_01kh0000000000000000000009"], /usage.*--with dana/],
    [["unfreeze", "frz_01kh0000000000000000000009", "--with", "mallory"], /not-found/],
  ];
  for (const [words, code] of cases) {
    const { code: exit, err } = await run(...words);
    assert.notEqual(exit, 0, words.join(" "));
    assert.match(err, code, words.join(" "));
  }
});
