/** What all commands share: their settings as flags, `--json`, an example in `--help`, exit codes. */
import { readFileSync } from "node:fs";
import { CountersignError } from "@countersign/evidence/errors";
import { parseStrict } from "@countersign/evidence/strict-json";
import { type Command, Option } from "commander";
import type { AdminInput } from "../base/admin.ts";
import { type Config, readConfig, type SettingName, type Source, settings } from "../base/config.ts";
import { type Reach, withReach } from "./reach.ts";
import { printJson } from "./terminal.ts";

/** Options of one invocation, by commander's names. */
export type Options = Readonly<Record<string, unknown>>;

export type Leaf = {
  readonly name: string;
  readonly summary: string;
  /** One line, without `countersign`. */
  readonly example: string;
  /** Settings that are flags of this command. */
  readonly settings: readonly SettingName[];
  readonly options?: readonly Option[];
};

/** The environment and settings a command runs with. */
export type Context = {
  readonly config: Config;
  readonly sources: Readonly<Record<SettingName, Source>>;
  readonly env: NodeJS.ProcessEnv;
  readonly options: Options;
  readonly json: boolean;
};

/** Settings of commands that reach a server on this machine. */
export const LOCAL: readonly SettingName[] = ["data", "signerDir", "sealDir", "tenant", "logLevel"];
/** The same, or over HTTP. */
export const ANYWHERE: readonly SettingName[] = [...LOCAL, "url", "apiKey"];

/** Adds a command; `run` gets the context and its positional arguments. A number it comes to is the exit code, else 0. */
export function leaf(parent: Command, about: Leaf, run: (context: Context, ...words: string[]) => unknown): Command {
  const command = parent.command(about.name).description(about.summary);
  // What is the command's own comes first in its help.
  for (const option of about.options ?? []) command.addOption(option);
  for (const name of about.settings) command.addOption(settingOption(name));
  command.addOption(new Option("--config <file>", "A JSON file with settings."));
  command.addOption(new Option("--json", "Answer as JSON, refusals too."));
  command.addHelpText("after", `\nExample:\n  countersign ${about.example}`);
  command.action(async (...given: unknown[]) => {
    // An optional word that was not said is handed over as undefined.
    const words = given
      .slice(0, -2)
      .flat()
      .flatMap((word) => (word === undefined ? [] : [String(word)]));
    const options = command.opts<Options>();
    const code = await run(contextOf(about, options), ...words);
    process.exitCode = typeof code === "number" ? code : 0;
  });
  return command;
}

/** An option that must be given. */
export function required(flags: string, help: string): Option {
  return new Option(flags, `${help} Required.`).makeOptionMandatory();
}

export function option(flags: string, help: string): Option {
  return new Option(flags, help);
}

/** A list that must be given, as {@link listOption} takes it. */
export function requiredList(flags: string, help: string): Option {
  return listOption(flags, `${help} Required.`).makeOptionMandatory();
}

/** A list given as `a,b,c`, or by repeating the option. */
export function listOption(flags: string, help: string): Option {
  return new Option(flags, help).argParser((value: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    ...value.split(",").filter((item) => item !== ""),
  ]);
}

/**
 * Runs an admin operation and prints its answer. `A` is what the operation's module documents; it is printed member by
 * member and decides nothing.
 */
export async function runAdmin<A>(
  context: Context,
  operation: string,
  input: (reach: Reach) => Promise<AdminInput> | AdminInput,
  print: (answer: A) => void,
): Promise<void> {
  const perform = async (reach: Reach): Promise<void> => {
    const answer = await reach.admin(operation, await input(reach));
    if (context.json) printJson(answer);
    else print(answer as A); // see above
  };
  await withReach(context.config, context.env, perform, operation === "tenant.create" ? "begin" : "go-on");
}

function settingOption(name: SettingName): Option {
  const { flag, kind, help, env, default: standard } = settings[name];
  const shown = standard === undefined ? "" : ` Default: ${standard}.`;
  const holder = kind === "path" ? "dir" : kind === "int" ? "n" : "text";
  return new Option(`${flag} <${holder}>`, `${help}${shown} (${env})`);
}

function contextOf(about: Leaf, options: Options): Context {
  const flags: Partial<Record<SettingName, string>> = {};
  for (const name of about.settings) {
    const value = options[name];
    if (typeof value === "string") flags[name] = value;
  }
  // Where --data is said, or a command knows nothing else, an agent's COUNTERSIGN_URL in the environment means another.
  const isHere = !about.settings.includes("url") || (flags.data !== undefined && flags.url === undefined);
  const env = isHere ? { ...process.env, COUNTERSIGN_URL: undefined } : process.env;
  const path = typeof options.config === "string" ? options.config : env.COUNTERSIGN_CONFIG;
  const { config, sources } = readConfig({ flags, env, ...(path === undefined ? {} : { file: readJsonFile(path) }) });
  return { config, sources, env, options, json: options.json === true };
}

/** A file's JSON object. @throws CountersignError cannot-read, bad-json … */
export function readJsonFile(path: string): Readonly<Record<string, unknown>> {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new CountersignError("cannot-read", { cause, detail: `The file ${path} cannot be read.` });
  }
  const { value } = parseStrict(bytes, "entry");
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new CountersignError("cannot-read", { detail: `The file ${path} holds no JSON object.` });
  }
  return value as Readonly<Record<string, unknown>>; // an object that is no array
}
