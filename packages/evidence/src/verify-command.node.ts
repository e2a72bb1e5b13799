/**
 * `countersign-verify`: the verifier as a command. It runs itself again under Node's permission model, so that whatever a
 * pack manages to do to it, it can read that pack and its own code and nothing else, write nothing and start nothing.
 * It opens no socket, and needs no server.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import "./ed25519.node.ts";
import "./hash.node.ts";
import { assuranceNames } from "./assurances.ts";
import { CountersignError } from "./errors.ts";
import { parseVerifierKey, type VerifierKey } from "./note.ts";
import { namesIn, openPackFolder } from "./pack-folder.node.ts";
import { formatReport, formatReportJson } from "./report.ts";
import type { AssuranceName } from "./report-schema.ts";
import { visible, visibleJson } from "./terminal.ts";
import { verify } from "./verify.ts";

const HELP = `Check a pack, or a tlog-tiles directory, offline.

Usage: countersign-verify PATH [--key VKEY|FILE]... [--require NAME,...] [--json]

  --key      the log's verifier key, or a file with one on each line, from somewhere else than the pack
  --require  assurances that must be met: ${assuranceNames.join(", ")}
  --json     the report as JSON (spec/schema/verify-report.json)
  --version  the version

Exit code: 0 consistent and everything required is met, 1 not, 2 it cannot be read.

Example: countersign-verify ./pack --key log.vkey --require pinned,approvers
`;

/** The first release line whose permission model is not experimental. */
const MIN_NODE = 24;

type Words = {
  readonly path: string;
  readonly keys: readonly string[];
  readonly required: readonly AssuranceName[];
  readonly json: boolean;
  /** What lies in the folder, told by the process that started this one; see `confine`. */
  readonly top: readonly string[] | undefined;
};

/**
 * Runs the command; resolves with its exit code.
 *
 * @param args what stands behind the command's name
 */
export async function verifyCommand(args: readonly string[]): Promise<0 | 1 | 2> {
  const json = args.includes("--json");
  try {
    if (Number.parseInt(process.versions.node, 10) < MIN_NODE) {
      throw new CountersignError("cannot-read", {
        detail: `It takes Node ${MIN_NODE} or newer; this is ${process.versions.node}.`,
      });
    }
    const words = parseWords(args);
    if (words === "version") {
      process.stdout.write(`${version()}\n`);
      return 0;
    }
    if (words === "help") {
      process.stdout.write(HELP);
      return 0;
    }
    // A process has a permission object only when it runs under the model.
    return process.permission === undefined ? await confine(words) : await check(words);
  } catch (cause) {
    if (!(cause instanceof CountersignError)) throw cause;
    const detail = cause.detail ?? cause.message;
    const failed = { v: 1, verifier: "countersign-verify", exit_code: 2, error: { code: cause.code, detail } };
    if (json) process.stdout.write(`${visibleJson(JSON.stringify(failed, undefined, 2))}\n`);
    else process.stderr.write(`countersign-verify: ${visible(detail)}\n`);
    return 2;
  }
}

async function check(words: Words): Promise<0 | 1> {
  const report = await verify(openPackFolder(words.path, words.top), {
    pins: words.keys.map(parseKey),
    required: words.required,
  });
  await print(words.json ? formatReportJson(report) : formatReport(report));
  return report.exit_code;
}

/** The same command in a child that may read two things. Keys are read here, so that their files need not be among them. */
async function confine({ path, keys, required, json }: Words): Promise<0 | 1 | 2> {
  const root = realPath(path);
  if (existsSync(join(root, "ledger.sqlite"))) {
    throw new CountersignError("cannot-read", {
      detail: `${path} is a data directory. \`countersign fsck --data ${path}\` checks one, \`countersign export\` makes a pack of it.`,
    });
  }
  const pins = keys.flatMap(keysIn);
  const own = ownFolders();
  // Node 24 loses the permission to list a folder whose path begins another's (…/pack and …/packages), though not to read
  // what is in it: such a folder is listed here.
  const isLost = own.some((folder) => folder.startsWith(root) && !folder.startsWith(root + sep));
  const top = isLost ? namesIn(root) : [];
  const script = fileURLToPath(new URL(`../bin/verify${extname(import.meta.url)}`, import.meta.url));
  const reads = [root, ...own].flatMap((folder) => [
    `--allow-fs-read=${folder}`,
    `--allow-fs-read=${join(folder, "*")}`,
  ]);
  const again = [
    ...["--permission", ...reads, script, root],
    ...pins.flatMap((key) => ["--key", key]),
    ...(required.length === 0 ? [] : ["--require", required.join(",")]),
    ...(json ? ["--json"] : []),
    ...top.map((name) => `--top=${name}`),
  ];
  // Options in the environment could load other code into the child, or take the confinement away.
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = spawn(process.execPath, ["--disable-warning=SecurityWarning", ...again], { stdio: "inherit", env });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code === 0 || code === 1 ? code : 2));
  });
}

function parseWords(args: readonly string[]): Words | "help" | "version" {
  const options = {
    key: { type: "string", multiple: true },
    require: { type: "string", multiple: true },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
    version: { type: "boolean" },
    top: { type: "string", multiple: true },
  } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    throw usage(cause instanceof Error ? cause.message : String(cause));
  }
  const { values, positionals } = parsed;
  if (values.help === true) return "help";
  if (values.version === true) return "version";
  // Not for people: what is named there decides what is checked.
  if (values.top !== undefined && process.permission === undefined) throw usage("Unknown option '--top'");
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0) throw usage("it takes one path, of a pack or a tile directory");
  const keys = values.key ?? [];
  const required = (values.require ?? []).flatMap((names) => names.split(",")).map(assuranceNamed);
  if (required.includes("pinned") && keys.length === 0) {
    throw new CountersignError("cannot-read", {
      detail: "--require pinned needs --key: a key from somewhere else than the pack.",
    });
  }
  return { path, keys, required, json: values.json === true, top: values.top };
}

function assuranceNamed(name: string): AssuranceName {
  const found = assuranceNames.find((known) => known === name);
  if (found === undefined) throw usage(`there is no assurance ${name}; there are ${assuranceNames.join(", ")}`);
  return found;
}

/** Verifier keys of a `--key`: itself, or the lines of the file it names. */
function keysIn(given: string): string[] {
  if (parseVerifierKey(given).ok) return [given];
  let text: string;
  try {
    text = readFileSync(given, "utf8");
  } catch (cause) {
    throw new CountersignError("cannot-read", {
      detail: `${given} is neither a verifier key nor a file with one.`,
      cause,
    });
  }
  const keys = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  if (keys.length === 0) throw new CountersignError("cannot-read", { detail: `${given} has no verifier key in it.` });
  for (const key of keys) parseKey(key);
  return keys;
}

function parseKey(text: string): VerifierKey {
  const parsed = parseVerifierKey(text);
  if (parsed.ok) return parsed.value;
  throw new CountersignError("cannot-read", { detail: `${text} is no verifier key: ${parsed.fault.detail}` });
}

/** Folders the verifier's code lies in: this package, and those it is built on. */
function ownFolders(): string[] {
  const here = packageFolder(dirname(fileURLToPath(import.meta.url)));
  const { dependencies } = JSON.parse(readFileSync(join(here, "package.json"), "utf8")) as {
    dependencies: Record<string, string>; // our own package.json
  };
  return [here, ...Object.keys(dependencies).map((name) => installed(name, here))].map((folder) =>
    realpathSync(folder),
  );
}

function version(): string {
  const own = packageFolder(dirname(fileURLToPath(import.meta.url)));
  const { version } = JSON.parse(readFileSync(join(own, "package.json"), "utf8")) as { version: string }; // as above
  return version;
}

function packageFolder(from: string): string {
  return existsSync(join(from, "package.json")) ? from : packageFolder(dirname(from));
}

/** Where Node would find a dependency: the nearest node_modules on the way up. */
function installed(name: string, from: string): string {
  const folder = join(from, "node_modules", name);
  if (existsSync(folder)) return folder;
  if (dirname(from) === from) throw new CountersignError("cannot-read", { detail: `${name} is not installed.` });
  return installed(name, dirname(from));
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    throw new CountersignError("cannot-read", { detail: `There is nothing at ${path}.`, cause });
  }
}

function usage(why: string): CountersignError {
  return new CountersignError("usage", { detail: `${why}. See countersign-verify --help.` });
}

/** Resolves when everything is written: exiting earlier cuts a report on a pipe. */
function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
