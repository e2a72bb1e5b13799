import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type PackFolder, PackStory } from "../../../tools/pack-story.ts";
import "./hash.node.ts";
import { formatVerifierKey } from "./note.ts";
import type { Report } from "./report-schema.ts";

const BIN = fileURLToPath(new URL("../bin/verify.ts", import.meta.url));
const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "countersign-verify-"));
  folders.push(folder);
  return folder;
}

function write(folder: PackFolder): string {
  const root = join(temporary(), "pack");
  for (const [path, bytes] of folder) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), bytes);
  }
  return root;
}

function run(...args: string[]) {
  return spawnSync(process.execPath, [BIN, ...args], { encoding: "utf8" });
}

const story = await PackStory.open();
const agentRun = story.run();
story.change(agentRun, "allow succeeded safety");
agentRun.close();
const folder = await story.pack({ kind: "run", run_id: agentRun.id }, { attest: true });
const vkey = formatVerifierKey(story.key);

test("countersign-verify: exit 0 with every required assurance met, and the report names them", () => {
  const done = run(write(folder), "--key", vkey, "--require", "pinned,re-executed");
  assert.equal(done.status, 0, done.stdout + done.stderr);
  assert.match(done.stdout, /^NO FAULT\. Established: consistent, pinned, re-executed\.$/m);
  assert.match(done.stdout, /^pinned +MET /m);
});

test("countersign-verify: a key file holds a key on each line; one of them signed", () => {
  const keys = join(temporary(), "log.vkey");
  writeFileSync(keys, `# the log's keys\n${formatVerifierKey(story.keyOf(new Uint8Array(32).fill(7)))}\n${vkey}\n`);
  assert.equal(run(write(folder), "--key", keys, "--require", "pinned").status, 0);
});

test("countersign-verify: exit 1 on a fault, named with event, index and sentence; JSON says the same", () => {
  const changed = folder.copy();
  const index = story.events.findIndex(({ type }) => type === "dispatch.succeeded");
  changed.get(`content/entries/${index}.json`)![50]! ^= 1;
  const root = write(changed);
  const done = run(root, "--key", vkey);
  assert.equal(done.status, 1);
  assert.match(done.stdout, new RegExp(`! inclusion-failed {2}entry ${index} {2}${story.events[index]!.event_id}`));
  const json = run(root, "--key", vkey, "--json");
  assert.equal(json.status, 1);
  const report = JSON.parse(json.stdout) as Report;
  assert.equal(report.exit_code, 1);
  assert.ok(report.faults.some(({ code, index: at }) => code === "inclusion-failed" && at === index));
});

test("countersign-verify: exit 1 when what is required is not met, and when the given key did not sign", () => {
  const root = write(folder);
  assert.equal(run(root).status, 0);
  assert.equal(run(root, "--require", "witnessed").status, 1);
  assert.equal(run(root, "--key", formatVerifierKey(story.keyOf(new Uint8Array(32).fill(7)))).status, 1);
});

test("countersign-verify: a pack beside the verifier's own folder, with a name that begins it, is read whole", () => {
  // A person's ./pack beside ./packages/evidence: Node 24 then refuses to list the first.
  const beside = join(dirname(BIN), "../../../pac");
  assert.ok(BIN.startsWith(beside));
  mkdirSync(beside);
  folders.push(beside);
  cpSync(write(folder), beside, { recursive: true });
  const done = run(beside);
  assert.equal(done.status, 0, done.stdout + done.stderr);
  // Control: what nobody listed is still found there.
  writeFileSync(join(beside, "content", "extra"), "");
  const found = run(beside);
  assert.equal(found.status, 1);
  assert.match(found.stdout, /! pack-file-unlisted {2}content\/extra/);
  writeFileSync(join(beside, "extra"), "");
  assert.match(run(beside).stdout, /! pack-file-unlisted {2}extra/);
});

const unreadable: readonly [why: string, args: () => string[], said: RegExp][] = [
  ["there is nothing", () => [join(temporary(), "nothing")], /There is nothing at/],
  ["the folder is empty", () => [temporary()], /empty/],
  ["it is a file", () => [BIN], /cannot be read as a folder/],
  ["pinned is required without a key", () => [write(folder), "--require", "pinned"], /--require pinned needs --key/],
  ["the assurance is unknown", () => [write(folder), "--require", "blessed"], /no assurance blessed/],
  ["the key is none", () => [write(folder), "--key", "nokey"], /neither a verifier key nor a file/],
  ["there is no path", () => [], /one path/],
  ["an option is unknown", () => [write(folder), "--trust"], /trust/],
  [
    "it is of a newer version",
    () => [write(folder.copy().forgeManifest((manifest) => ({ ...manifest, format: "countersign-pack/2" })))],
    /newer countersign-verify/,
  ],
  [
    "it holds a link",
    () => {
      const root = write(folder);
      symlinkSync("/etc/hostname", join(root, "content", "extra"));
      return [root];
    },
    /is a link/,
  ],
  [
    "a file is larger than any text can be",
    () => {
      const root = write(folder);
      truncateSync(join(root, "content", "disclosures.jsonl"), 3_000_000_000); // holes take no room
      return [root];
    },
    /has 3000000000 bytes/,
  ],
  [
    "it is a data directory",
    () => {
      const root = temporary();
      writeFileSync(join(root, "copy.db"), "SQLite format 3");
      return [root];
    },
    /fsck's business/,
  ],
  [
    "it is a data directory that is being served",
    () => {
      const root = temporary();
      writeFileSync(join(root, "ledger.sqlite"), "SQLite format 3");
      symlinkSync("/nowhere", join(root, "admin.sock"));
      return [root];
    },
    /is a data directory.*countersign fsck.*countersign export/,
  ],
  ["somebody says what the folder holds", () => [write(folder), "--top", "content"], /Unknown option '--top'/],
];

for (const [why, args, said] of unreadable) {
  test(`countersign-verify: exit 2 when ${why}, with a sentence, in JSON too`, () => {
    const words = args();
    const done = run(...words);
    assert.equal(done.status, 2, done.stdout);
    assert.equal(done.stdout, "");
    assert.match(done.stderr, said);
    const json = run(...words, "--json");
    assert.equal(json.status, 2);
    assert.match((JSON.parse(json.stdout) as { error: { detail: string } }).error.detail, said);
  });
}

test("countersign-verify: reads nothing but the pack and its own packages, writes nothing, starts nothing", () => {
  // The verifier's own process, asked to do what a hostile pack might make it do.
  const root = write(folder);
  const probe = join(temporary(), "probe.mjs");
  writeFileSync(
    probe,
    `import { syncBuiltinESMExports } from "node:module";
     import cp from "node:child_process";
     const spawn = cp.spawn;
     cp.spawn = (node, args, options) => {
       const at = args.findIndex((arg) => arg.endsWith("verify.ts"));
       const script = \`
         import fs from "node:fs"; import cp from "node:child_process";
         const tries = { pack: () => fs.readFileSync(process.argv[1] + "/VERIFY.md"), secret: () => fs.readFileSync("/etc/passwd"),
           write: () => fs.writeFileSync(process.argv[1] + "/VERIFY.md", "x"), start: () => cp.spawnSync("true") };
         for (const [name, attempt] of Object.entries(tries)) { try { attempt(); console.log(name, "done"); } catch (e) { console.log(name, e.code); } }\`;
       return spawn(node, [...args.slice(0, at), "--input-type=module", "-e", script, args[at + 1]], options);
     };
     syncBuiltinESMExports();
     const { verifyCommand } = await import(${JSON.stringify(new URL("./verify-command.node.ts", import.meta.url).href)});
     await verifyCommand([${JSON.stringify(root)}]);`,
  );
  const done = spawnSync(process.execPath, [probe], { encoding: "utf8" });
  assert.deepEqual(
    done.stdout.trim().split("\n"),
    ["pack done", "secret ERR_ACCESS_DENIED", "write ERR_ACCESS_DENIED", "start ERR_ACCESS_DENIED"],
    done.stderr,
  );
});

/** Imports that exist at run time: type imports are erased. */
const IMPORTS = /^(?:import|export)\s(?!type\s)[^;"]*?\sfrom "([^"]+)";|^import "([^"]+)";|\bimport\("([^"]+)"\)/gm;

const noStrace = spawnSync("strace", ["-V"]).status === 0 ? false : "no strace";
test("countersign-verify: makes no socket", { skip: noStrace }, () => {
  const traced = (...command: string[]) => {
    const log = join(temporary(), "trace");
    spawnSync("strace", ["-f", "-qq", "-e", "trace=socket,connect,bind", "-o", log, process.execPath, ...command]);
    return readFileSync(log, "utf8");
  };
  assert.doesNotMatch(traced(BIN, write(folder), "--key", vkey), /socket\(/);
  // Control: a process that does open one is seen.
  assert.match(traced("-e", "require('net').connect(9, '127.0.0.1').on('error', () => {})"), /socket\(AF_INET/);
});

test("countersign-verify: imports neither the server nor anything that opens a socket", () => {
  const seen = new Set<string>();
  const outside = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    const source = readFileSync(file, "utf8");
    for (const [, from, alone, late] of source.matchAll(IMPORTS)) {
      const specifier = from ?? alone ?? late!; // one of the three matched
      if (specifier.startsWith(".")) visit(join(dirname(file), specifier));
      else outside.add(specifier);
    }
  };
  visit(BIN);
  assert.ok(seen.size > 40, `${seen.size} files were followed`);
  const allowed = /^(node:(child_process|crypto|fs|path|url|util)|@noble\/(hashes|curves)\/.*|#cedar)$/;
  assert.deepEqual(
    [...outside].filter((specifier) => !allowed.test(specifier)),
    [],
  );
  assert.ok(outside.has("node:fs"), "the walk sees imports from outside");
  assert.ok([...seen].every((file) => !file.includes("/server/")));
});

test("countersign-verify: says its version, and help says how", () => {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  const said = run("--version");
  assert.deepEqual([said.status, said.stdout], [0, `${version}\n`]);
  assert.match(run("--help").stdout, /--version/);
});
