/** The real binary, as a person and a script use it: while a server runs, and without one. */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { cpSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { temporaryDirectory } from "../ledger/testing.ts";

const scratch = temporaryDirectory();
const at = (...parts: string[]) => join(scratch, ...parts);
const BIN = join(import.meta.dirname, "..", "..", "bin", "countersign.ts");
const STARTER = join(import.meta.dirname, "..", "..", "policies", "starter");
const NODE = ["--conditions=countersign-source", "--disable-warning=ExperimentalWarning", BIN];
const env: NodeJS.ProcessEnv = { ...process.env, XDG_STATE_HOME: at("state"), HOME: scratch };
const data = ["--data", at("data")];
const acme = [...data, "--tenant", "acme"];

type Ran = { code: number; out: string; err: string };
function run(...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...NODE, ...args], { env }, (error, out, err) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, out, err });
    });
  });
}
async function must(...args: string[]): Promise<string> {
  const { code, out, err } = await run(...args);
  assert.equal(code, 0, `${args.join(" ")}\n${out}${err}`);
  return out;
}
const json = async (...args: string[]) => {
  const answer = JSON.parse(await must(...args, "--json"));
  assert.deepEqual(otherNames(answer), [], args.join(" "));
  return answer;
};
/** Members that are not named as everything else is: snake_case, or a key that is itself a value such as a pointer. */
function otherNames(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(/[a-z][A-Z]/.test(name) ? [name] : []),
    ...otherNames(inner),
  ]);
}

type Served = { child: ChildProcess; port: number; exited: Promise<number | null> };
async function serve(...more: string[]): Promise<Served> {
  const child = spawn(process.execPath, [...NODE, "serve", ...data, "--port", "0", ...more], {
    // Other suites run beside this one: a thread the machine kept waiting is no denial to test here.
    env: { ...env, COUNTERSIGN_POLICY_DEADLINE_MS: "5000" },
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const lines: string[] = [];
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on("line", (line) => {
      lines.push(line);
      const match = /^listening on http:\/\/127\.0\.0\.1:(\d+)$/.exec(line);
      if (match !== null) resolve(Number(match[1]));
    });
    let said = "";
    child.stderr!.on("data", (chunk) => {
      said += chunk;
    });
    void exited.then((code) => reject(new Error(`serve ended with ${code}: ${said}`)));
  });
  assert.equal(lines.length, 1);
  return { child, port, exited };
}

let server: Served;
before(async () => {
  server = await serve();
});
after(() => server.child.kill());

/** Members of the answers these tests look at. */
type Answer = {
  readonly run: { readonly run_id: string };
  readonly action: { readonly phase: string; readonly approval: { readonly approval_id: string } };
};
const api = async (method: string, path: string, key: string, body?: object) => {
  const response = await fetch(`http://127.0.0.1:${server.port}/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(method === "GET" ? {} : { "idempotency-key": crypto.randomUUID(), "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await response.json()) as Answer;
};

test("cli: a tenant, an agent, a key, an approver and a policy are set up while the server runs, and it acts on them", async () => {
  await must("tenant", "create", ...data, "--id", "acme", "--kind", "evaluation");
  await must("agent", "register", ...acme, "--id", "files-agent", "--ceiling", "fs.read,fs.write", "--may-execute");
  const agent = await json("credential", "create", ...acme, "--role", "agent", "--id", "files-agent");
  assert.match(agent.key, /^csk_acme_/);
  assert.match(agent.id, /^key_/);
  assert.match(await must("policy", "publish", STARTER, ...acme), /policy pol_\d{4}_\d\d_\d\d is in force: sha256:/);
  const { run: started } = await api("POST", "/runs", agent.key, { capabilities: ["fs.read", "fs.write"] });
  const asked = await api("POST", `/runs/${started.run_id}/actions`, agent.key, {
    tool: "read_text_file",
    args: { path: "/w/notes/a.txt" },
  });
  assert.equal(asked.action.phase, "allowed");
  assert.match(await must("runs", ...acme), /files-agent/);
  assert.match(await must("timeline", started.run_id, ...data), /allow-read/);
});

test("cli: an approver approves and another request is rejected, signed on their machine, with PEM and with OpenSSH keys", async () => {
  const pem = newKeyFiles("dana");
  const ssh = newSshKeyFiles("erin");
  await must("approver", "enroll", ...acme, "--id", "dana", "--roles", "oncall_sre", "--public-key", pem.public);
  await must("approver", "enroll", ...acme, "--id", "erin", "--roles", "oncall_sre", "--public-key", ssh.public);
  const { key } = await json("credential", "create", ...acme, "--role", "agent", "--id", "files-agent");
  const { run: started } = await api("POST", "/runs", key, { capabilities: ["fs.write"] });
  const ask = async (path: string) => {
    const body = { tool: "write_file", args: { path, content: "x" } };
    const { action } = await api("POST", `/runs/${started.run_id}/actions`, key, body);
    return action.approval.approval_id;
  };
  const first = await ask("/w/prod/a.conf");
  assert.match(await must("approvals", "show", first, ...acme), /a\.conf[\s\S]*state +REQUESTED/);
  const approved = await must(
    "approve",
    first,
    ...acme,
    "--as",
    "dana",
    "--key",
    pem.private,
    "--reason",
    "CHANGE_REVIEWED",
    "--note",
    "looked at it",
  );
  assert.match(approved, /a\.conf[\s\S]*approved apr_\w+: GRANTED/);
  // Over HTTP, with the person's own credential instead of --as.
  const second = await ask("/w/prod/b.conf");
  const { key: erin } = await json("credential", "create", ...acme, "--role", "approver", "--id", "erin");
  const url = ["--url", `http://127.0.0.1:${server.port}`, "--api-key", erin];
  assert.match(
    await must("reject", second, ...url, "--key", ssh.private, "--reason", "RISK_TOO_HIGH"),
    /rejected apr_\w+: REJECTED/,
  );

  // Controls: a reason the policy does not have, another's key, a key others can read, nobody said.
  const third = await ask("/w/prod/c.conf");
  const vote = (...words: string[]) => run("approve", third, ...acme, "--reason", "CHANGE_REVIEWED", ...words);
  assert.equal(
    (await run("approve", third, ...acme, "--as", "dana", "--key", pem.private, "--reason", "BECAUSE")).code,
    2,
  );
  assert.match(
    (await vote("--as", "dana", "--key", ssh.private)).err,
    /countersign: (signature-invalid|approver-not-eligible)/,
  );
  const loose = newKeyFiles("loose", 0o644);
  assert.match((await vote("--as", "dana", "--key", loose.private)).err, /data-unsafe.*0600/);
  assert.match((await vote("--key", pem.private)).err, /--as/);
  assert.match((await vote("--as", "nobody", "--key", pem.private)).err, /no person nobody/);
});

test("cli: a production tenant publishes alone while it is set up, and not once it is sealed", async () => {
  const prod = [...data, "--tenant", "prod"];
  await must("tenant", "create", ...data, "--id", "prod", "--kind", "production");
  await must("policy", "publish", STARTER, ...prod);
  await must("tenant", "seal", ...prod);
  const out = at("policy-2");
  copyPolicy(out, "second");
  const refused = await run("policy", "publish", out, ...prod);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /too-few-approvers/);
  const { revisions } = await json("policy", "show", ...prod);
  assert.equal(Object.keys(revisions).length, 1);
});

test("cli: what cannot be used is exit 2, a refusal is exit 1; both say the code, what happened and what to do next", async () => {
  const table = [
    [["nonsense"], 2, "usage"],
    [["tenant", "create", ...data, "--id", "x"], 2, "usage"],
    [["tenant", "create", ...data, "--id", "acme", "--kind", "evaluation"], 1, "tenant-exists"],
    [["tenant", "create", ...data, "--id", "Not Good", "--kind", "evaluation"], 2, "validation-failed"],
    [["agent", "register", ...data, "--id", "a", "--ceiling", "x"], 2, "usage"], // two tenants: which?
    [["agent", "register", ...data, "--tenant", "none", "--id", "a", "--ceiling", "x"], 1, "not-found"],
    [["approver", "enroll", ...acme, "--id", "x", "--roles", "r", "--public-key", at("none")], 2, "cannot-read"],
    [["policy", "publish", at("none"), ...acme], 2, "cannot-read"],
    [["policy", "lint", at("none")], 2, "cannot-read"],
    [["timeline", "run_01jd0000000000000000000000", ...data], 1, "not-found"],
    [["runs", "--url", "http://127.0.0.1:1", "--api-key", "x"], 1, "gate-unavailable"],
    [["runs", "--url", "localhost:7070", "--api-key", "x"], 2, "usage"],
    [["runs", "--data", at("mistyped")], 2, "cannot-read"],
    [["serve", "--data", at("second"), "--port", String(server.port)], 1, "cannot-listen"],
    [["serve", ...data, "--port", "http"], 2, "usage"],
    [["serve", ...data, "--port", "0"], 1, "data-locked"],
    [["serve", ...data, "--port", "0", "--host", "0.0.0.0"], 2, "usage"],
    [["serve", ...data, "--port", "0", "--host", "0.0.0.0", "--public-url", "http://gate.example.com"], 2, "usage"],
  ] as const;
  for (const [args, code, name] of table) {
    const ran = await run(...args);
    assert.equal(ran.code, code, `${args.join(" ")}: ${ran.err}`);
    assert.match(ran.err, new RegExp(`^countersign: ${name}: .+\\n(  .*\\n)*  next: .+\\n$`), args.join(" "));
    assert.equal(ran.out, "");
  }
  assert.equal(existsSync(at("mistyped")), false);
  const problem = JSON.parse(
    (await run("tenant", "create", ...data, "--id", "acme", "--kind", "evaluation", "--json")).err,
  );
  assert.deepEqual([problem.code, problem.status], ["tenant-exists", 409]);
});

test("cli: an agent's COUNTERSIGN_URL in the environment does not send a command with --data elsewhere", async () => {
  const before = process.env.COUNTERSIGN_URL;
  env.COUNTERSIGN_URL = "http://127.0.0.1:1";
  try {
    await must("tenant", "list", ...data);
    await must("runs", ...acme);
    // Control: where nobody says --data, it is asked.
    assert.match((await run("runs")).err, /gate-unavailable/);
  } finally {
    if (before === undefined) delete env.COUNTERSIGN_URL;
    else env.COUNTERSIGN_URL = before;
  }
});

test("cli: whatever is printed as JSON names its members in snake_case", async () => {
  const lists = [
    ["agent", "list"],
    ["keys", "show"],
    ["approvals", "list"],
  ];
  for (const words of lists) await json(...words, ...acme);
  for (const words of [["tenant", "list"], ["doctor"], ["fsck"]]) await json(...words, ...data);
  assert.deepEqual(otherNames({ a: [{ addedIndex: 1 }], "/b/c": 1 }), ["addedIndex"]); // control
});

test("cli: a value that does not fit is told by its flag, not by the member it is sent as", async () => {
  const cases: [string[], RegExp][] = [
    [["tenant", "create", ...data, "--id", "Bad Id", "--kind", "evaluation"], /--id cannot be that\. A tenant id has/],
    [
      ["agent", "register", ...acme, "--id", "a", "--ceiling", "Fs Read"],
      /--ceiling cannot be that\. --ceiling is wrong; expected/,
    ],
    [
      ["freeze", "agent", "a", ...acme, "--reason", "no code", "--incident", "i"],
      /--reason cannot be that\. --reason must be/,
    ],
  ];
  for (const [words, expected] of cases) {
    const { code, err } = await run(...words);
    assert.equal(code, 2, err);
    assert.match(err, expected);
    assert.match(err, /next: Give --[a-z]+ another value/);
    assert.doesNotMatch(err, /pointer|In the body/);
  }
});

test("cli: every command explains itself with an example", async () => {
  const help = await must("--help");
  assert.match(help, /Example:\n {2}countersign serve/);
  for (const words of [["serve"], ["tenant", "create"], ["approve"], ["policy", "init"], ["export"], ["fsck"]]) {
    assert.match(await must(...words, "--help"), new RegExp(`Example:\\n {2}countersign ${words.join(" ")}`));
  }
  for (const group of ["tenant", "policy", "breakglass", "freeze", "config"]) {
    const words = await must(group, "--help");
    assert.match(words, new RegExp(`Example:\\n {2}countersign ${group} [a-z]+ --help`));
    const wide = words.split("\n").filter((line) => line.length > 80);
    assert.deepEqual(wide, [], `${group} --help is wider than a terminal`);
  }
  assert.match(await must("verify", "--help"), /countersign-verify/);
  assert.match(await must("--version"), /^\d+\.\d+\.\d+\n$/);
});

test("cli: a reader that has seen enough is no failure", async () => {
  const child = spawn(
    "/bin/sh",
    ["-c", `"$0" "$@" | head -c 1 >/dev/null; echo done`, process.execPath, ...NODE, "config", "print", ...data],
    { env },
  );
  let err = "";
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const code = await new Promise((resolve) => child.once("exit", resolve));
  assert.deepEqual([code, err], [0, ""]);
});

test("cli: settings show where they come from, and no secret", async () => {
  const shown = await must("config", "print", ...data, "--api-key", "csk_hidden", "--port", "1234");
  assert.match(shown, /port +1234 +flag/);
  assert.equal(shown.includes("csk_hidden"), false);
  assert.match(shown, /apiKey +\(hidden\) +flag/);
});

test("http: bytes that are no request, headers without end and a second body get a problem document and a closed socket", async () => {
  const say = (bytes: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(server.port, "127.0.0.1", () => socket.write(bytes));
      let answer = "";
      socket.setTimeout(5000, () => reject(new Error(`no end of: ${answer}`)));
      socket.on("data", (chunk) => {
        answer += chunk;
      });
      socket.on("close", () => resolve(answer));
      socket.on("error", reject);
    });
  for (const [bytes, status, code] of [
    ["\x16\x03\x01 not http at all\r\n\r\n", 400, "malformed-http"],
    [`GET / HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(20_000)}\r\n\r\n`, 431, "headers-too-large"],
    ["GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", 400, "malformed-http"],
  ] as const) {
    const answer = await say(bytes);
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), bytes.slice(0, 40));
    assert.match(answer, /content-type: application\/problem\+json/);
    assert.match(answer, new RegExp(`"code":"${code}"`));
  }
});

test("cli: SIGTERM ends the server with 0; afterwards the same commands work without it, and the evidence verifies", async () => {
  assert.equal(statSync(at("data", "admin.sock")).mode & 0o777, 0o600);
  server.child.kill("SIGTERM");
  assert.equal(await server.exited, 0);
  assert.match(await must("tenant", "list", ...data), /acme +evaluation/);
  assert.match(await must("fsck", ...data), /clean/);
  assert.match(await must("doctor", ...data), /clock +ok/);
  const again = await must("reexecute", ...acme);
  assert.match(again, /^[1-9][0-9]* decisions: ([1-9][0-9]*) equal, 0 DIFFERENT/);
  const { answers } = JSON.parse(await must("reexecute", ...acme, "--range", "..9999", "--limit", "1", "--json"));
  assert.match(await must("reexecute", ...acme, answers[0].decision_id), /^1 decisions: /);
  for (const words of [["dec_nothing"], ["--range", "1-2"], [answers[0].event_id, "--range", "..9"]]) {
    assert.equal((await run("reexecute", ...acme, ...words)).code, 2);
  }
  const key = (await must("keys", "show", ...acme)).trim();
  assert.match(key, /^localhost\/acme\/1\+[0-9a-f]{8}\+/);
  await must("export", "--all", ...acme, "--out", at("pack"));
  const verified = await must("verify", at("pack"), "--key", key, "--require", "pinned,approvers,re-executed");
  assert.match(verified, /^NO FAULT/);
  // Control: one byte more in one file, and it is exit 1.
  writeFileSync(at("pack", "content", "checkpoint"), `${readFileSync(at("pack", "content", "checkpoint"))}x`);
  assert.equal((await run("verify", at("pack"), "--key", key)).code, 1);
  // The directory remembers its companions; a server comes back on it and tells of itself once more.
  assert.ok(existsSync(at("data", "instance.json")));
  server = await serve();
});

function newKeyFiles(name: string, mode = 0o600) {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const files = { public: at(`${name}.pub.pem`), private: at(`${name}.pem`) };
  writeFileSync(files.public, publicKey.export({ type: "spki", format: "pem" }));
  writeFileSync(files.private, privateKey.export({ type: "pkcs8", format: "pem" }), { mode });
  return files;
}

/** The files ssh-keygen -t ed25519 makes (PROTOCOL.key), without a passphrase. */
function newSshKeyFiles(name: string) {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url");
  const seed = Buffer.from(privateKey.export({ format: "jwk" }).d!, "base64url");
  const field = (bytes: Buffer | string) => {
    const content = Buffer.from(bytes);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.length);
    return Buffer.concat([length, content]);
  };
  const wire = Buffer.concat([field("ssh-ed25519"), field(raw)]);
  const check = Buffer.from("01020304", "hex");
  const inner = Buffer.concat([
    check,
    check,
    field("ssh-ed25519"),
    field(raw),
    field(Buffer.concat([seed, raw])),
    field("erin@laptop"),
  ]);
  const padded = Buffer.concat([inner, Buffer.from([1, 2, 3, 4, 5, 6, 7]).subarray(0, (8 - (inner.length % 8)) % 8)]);
  const one = Buffer.from([0, 0, 0, 1]);
  const all = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    field("none"),
    field("none"),
    field(""),
    one,
    field(wire),
    field(padded),
  ]);
  const files = { public: at(`${name}.pub`), private: at(name) };
  writeFileSync(files.public, `ssh-ed25519 ${wire.toString("base64")} erin@laptop\n`);
  const lines = all
    .toString("base64")
    .match(/.{1,70}/g)!
    .join("\n");
  writeFileSync(files.private, `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`, {
    mode: 0o600,
  });
  return files;
}

function copyPolicy(to: string, note: string): void {
  cpSync(STARTER, to, { recursive: true });
  writeFileSync(join(to, "CHANGES.md"), note);
}
