/**
 * The one table of settings: each has a flag, an environment variable, a key in the configuration file and a default, in
 * that order of precedence. Nothing else reads the environment. `countersign config print` shows what is in force and
 * where it came from, with secrets hidden; docs/operating/configuration.md is generated from this table.
 */
import { CountersignError } from "@countersign/evidence/errors";
import { logLevels } from "./log.ts";

type Kind = "text" | "int" | "path" | "choice";
type Setting = {
  readonly flag: string;
  readonly env: string;
  readonly kind: Kind;
  readonly default: string | number | undefined;
  readonly help: string;
  readonly choices?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly secret?: true;
};

const mebibyte = 1024 * 1024;
const setting = <const S extends Setting>(value: S): S => value;

/** Every setting. */
export const settings = {
  data: setting({
    flag: "--data",
    env: "COUNTERSIGN_DATA",
    kind: "path",
    default: "data",
    help: "The data directory.",
  }),
  signerDir: setting({
    flag: "--signer-dir",
    env: "COUNTERSIGN_SIGNER_DIR",
    kind: "path",
    default: undefined,
    help: "The signer's own directory, outside the data directory. Default: in the user's state folder.",
  }),
  sealDir: setting({
    flag: "--seal-dir",
    env: "COUNTERSIGN_SEAL_DIR",
    kind: "path",
    default: undefined,
    help: "The directory of the keys payloads are sealed under, outside the data directory and in no backup of it. Default: beside the signer's.",
  }),
  host: setting({
    flag: "--host",
    env: "COUNTERSIGN_HOST",
    kind: "text",
    default: "127.0.0.1",
    help: "The address to listen on.",
  }),
  port: setting({
    flag: "--port",
    env: "COUNTERSIGN_PORT",
    kind: "int",
    default: 7070,
    min: 0,
    max: 65_535,
    help: "The port to listen on; 0 takes a free one.",
  }),
  publicUrl: setting({
    flag: "--public-url",
    env: "COUNTERSIGN_PUBLIC_URL",
    kind: "text",
    default: undefined,
    help: "The https:// address people and agents use, where a TLS proxy stands before the server. Needed to listen anywhere but on this machine.",
  }),
  oidcIssuer: setting({
    flag: "--oidc-issuer",
    env: "COUNTERSIGN_OIDC_ISSUER",
    kind: "text",
    default: undefined,
    help: "The identity provider people sign in with: its issuer's address.",
  }),
  oidcClientId: setting({
    flag: "--oidc-client-id",
    env: "COUNTERSIGN_OIDC_CLIENT_ID",
    kind: "text",
    default: undefined,
    help: "What the identity provider knows this server by.",
  }),
  oidcClientSecret: setting({
    flag: "--oidc-client-secret",
    env: "COUNTERSIGN_OIDC_CLIENT_SECRET",
    kind: "text",
    default: undefined,
    secret: true,
    help: "The secret that goes with the client id, where the provider gave one.",
  }),
  oidcRoles: setting({
    flag: "--oidc-roles",
    env: "COUNTERSIGN_OIDC_ROLES",
    kind: "text",
    default: undefined,
    help: "Roles from a claim, as in: groups: sre=approver, audit=auditor. Without it roles come from the directory only.",
  }),
  acceptSignerReset: setting({
    flag: "--accept-signer-reset",
    env: "COUNTERSIGN_ACCEPT_SIGNER_RESET",
    kind: "choice",
    choices: ["no", "yes"],
    default: "no",
    help: "Whether a signer that has lost its memory may sign on from this database: yes, for one start. The log says so.",
  }),
  firstRunLink: setting({
    flag: "--first-run-link",
    env: "COUNTERSIGN_FIRST_RUN_LINK",
    kind: "choice",
    choices: ["terminal", "always", "never"],
    default: "terminal",
    help: "Whether the first admin's set-up link is shown on stderr while nobody can sign in: to a terminal only, always, or never.",
  }),
  hostName: setting({
    flag: "--host-name",
    env: "COUNTERSIGN_HOST_NAME",
    kind: "text",
    default: "localhost",
    help: "The host in the origin of new tenants' logs. Fixed when a tenant is created.",
  }),
  logLevel: setting({
    flag: "--log-level",
    env: "COUNTERSIGN_LOG_LEVEL",
    kind: "choice",
    choices: logLevels,
    default: "warn",
    help: "What the process logs to stderr.",
  }),
  maxConnections: setting({
    flag: "--max-connections",
    env: "COUNTERSIGN_MAX_CONNECTIONS",
    kind: "int",
    default: 1024,
    min: 1,
    max: 65_535,
    help: "Connections open at once; more are closed at once.",
  }),
  maxBodyBytes: setting({
    flag: "--max-body-bytes",
    env: "COUNTERSIGN_MAX_BODY_BYTES",
    kind: "int",
    default: 256 * mebibyte,
    min: 1024,
    max: 64 * 1024 * mebibyte,
    help: "Bytes of request bodies held in memory at once; a request beyond gets 503.",
  }),
  policyDeadlineMs: setting({
    flag: "--policy-deadline-ms",
    env: "COUNTERSIGN_POLICY_DEADLINE_MS",
    kind: "int",
    default: 50,
    min: 1,
    max: 10_000,
    help: "How many ms of the engine's own time one policy evaluation may take before the answer is DENY core:engine-timeout.",
  }),
  notifyWebhookUrl: setting({
    flag: "--notify-webhook-url",
    env: "COUNTERSIGN_NOTIFY_WEBHOOK_URL",
    kind: "text",
    default: undefined,
    help: "Where approvers' messages go as Standard Webhooks: an https:// address that is public.",
  }),
  notifyWebhookSecret: setting({
    flag: "--notify-webhook-secret",
    env: "COUNTERSIGN_NOTIFY_WEBHOOK_SECRET",
    kind: "text",
    default: undefined,
    secret: true,
    help: "What the webhooks are signed with: whsec_ and base64, as the receiver has it.",
  }),
  notifyLoopback: setting({
    flag: "--notify-loopback",
    env: "COUNTERSIGN_NOTIFY_LOOPBACK",
    kind: "choice",
    choices: ["yes", "no"],
    default: "no",
    help: "Whether the webhook may be on this machine, and then over http: for trying it out.",
  }),
  notifySmtpUrl: setting({
    flag: "--notify-smtp-url",
    env: "COUNTERSIGN_NOTIFY_SMTP_URL",
    kind: "text",
    default: undefined,
    secret: true,
    help: "The mail server approvers' messages go through: smtps://user:password@host:465 or smtp://….",
  }),
  notifyFrom: setting({
    flag: "--notify-from",
    env: "COUNTERSIGN_NOTIFY_FROM",
    kind: "text",
    default: undefined,
    help: "The sender of approvers' e-mails.",
  }),
  notifyTo: setting({
    flag: "--notify-to",
    env: "COUNTERSIGN_NOTIFY_TO",
    kind: "text",
    default: undefined,
    help: "Where approvers' e-mails go: an address, or several with commas between.",
  }),
  tenant: setting({
    flag: "--tenant",
    env: "COUNTERSIGN_TENANT",
    kind: "text",
    default: undefined,
    help: "The tenant a command is about. Default: the only one there is.",
  }),
  url: setting({
    flag: "--url",
    env: "COUNTERSIGN_URL",
    kind: "text",
    default: undefined,
    help: "The server to ask over HTTP, instead of the data directory on this machine.",
  }),
  apiKey: setting({
    flag: "--api-key",
    env: "COUNTERSIGN_API_KEY",
    kind: "text",
    default: undefined,
    secret: true,
    help: "The credential commands with --url use.",
  }),
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;
type ValueOf<S extends Setting> = S["kind"] extends "int" ? number : string;
/** The value of every setting; undefined only where there is no default. */
export type Config = {
  readonly [N in SettingName]: (typeof settings)[N]["default"] extends undefined
    ? ValueOf<(typeof settings)[N]> | undefined
    : ValueOf<(typeof settings)[N]>;
};
export type Source = "flag" | "environment" | "file" | "default";

const names = Object.keys(settings) as SettingName[]; // keys() forgets the names the table has

/**
 * Settles every setting.
 *
 * @param given values of flags by setting name, as text; environment variables; members of the configuration file
 * @throws CountersignError usage, naming the setting and where the bad value came from
 */
export function readConfig(given: {
  readonly flags?: Readonly<Partial<Record<SettingName, string | undefined>>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly file?: Readonly<Record<string, unknown>>;
}): { readonly config: Config; readonly sources: Readonly<Record<SettingName, Source>> } {
  for (const name of Object.keys(given.file ?? {})) {
    if (!Object.hasOwn(settings, name)) refuse(`The configuration file has an unknown member "${name}".`);
  }
  const config: Record<string, string | number | undefined> = {};
  const sources: Partial<Record<SettingName, Source>> = {};
  for (const name of names) {
    const spec: Setting = settings[name];
    const flag = given.flags?.[name];
    const env = given.env?.[spec.env];
    const file = given.file?.[name];
    if (flag !== undefined) {
      config[name] = parse(spec, flag, spec.flag);
      sources[name] = "flag";
    } else if (env !== undefined && env !== "") {
      config[name] = parse(spec, env, spec.env);
      sources[name] = "environment";
    } else if (file !== undefined) {
      config[name] = parse(spec, file, `${name} in the configuration file`);
      sources[name] = "file";
    } else {
      config[name] = spec.default;
      sources[name] = "default";
    }
  }
  // The casts restate what the loop did: every name of the table was visited, with a value of its kind.
  return { config: config as Config, sources: sources as Record<SettingName, Source> };
}

/** What is in force, one row a setting, secrets replaced by `(hidden)`. */
export function describeConfig(
  config: Config,
  sources: Readonly<Record<SettingName, Source>>,
): readonly { name: SettingName; value: string | number | null; source: Source; flag: string; env: string }[] {
  return names.map((name) => {
    const spec: Setting = settings[name];
    const value = config[name] ?? null;
    return {
      name,
      value: spec.secret && value !== null ? "(hidden)" : value,
      source: sources[name],
      flag: spec.flag,
      env: spec.env,
    };
  });
}

function parse(spec: Setting, value: unknown, where: string): string | number {
  if (spec.kind === "int") {
    const number =
      typeof value === "number"
        ? value
        : typeof value === "string" && /^\d{1,15}$/.test(value)
          ? Number(value)
          : Number.NaN;
    if (!Number.isSafeInteger(number)) refuse(`${where} must be a whole number.`);
    if (number < (spec.min ?? 0) || number > (spec.max ?? Number.MAX_SAFE_INTEGER)) {
      refuse(`${where} must be from ${spec.min} to ${spec.max}.`);
    }
    return number;
  }
  if (typeof value !== "string" || value === "") refuse(`${where} must be text.`);
  if (spec.choices !== undefined && !spec.choices.includes(value)) {
    refuse(`${where} must be one of ${spec.choices.join(", ")}.`);
  }
  return value;
}

function refuse(detail: string): never {
  throw new CountersignError("usage", { detail });
}
