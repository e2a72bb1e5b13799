/**
 * How a command reaches a server: over HTTP when `--url` is given; else the one that serves the data directory, through
 * its socket; else one opened here for the moment.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CountersignError, type ErrorCode, errors } from "@countersign/evidence/errors";
import { routes } from "@countersign/evidence/generated/wire-shapes";
import type { AnswerOf, BodyOf, OperationName, ParamsOf, QueryOf } from "@countersign/evidence/wire";
import type { AdminInput } from "../base/admin.ts";
import { systemClock } from "../base/clock.ts";
import type { Config } from "../base/config.ts";
import { openLog } from "../base/log.ts";
import { type Directories, rememberDirectories, settleDirectories } from "../instance.ts";
import { withLedger } from "../ledger/admin-socket.ts";

export type CallParts<N extends OperationName> = {
  readonly params?: ParamsOf<N>;
  readonly query?: QueryOf<N>;
  readonly body?: BodyOf<N>;
};

/** A server within reach. */
export type Reach = {
  /** An operation of the command line's own. @throws CountersignError usage over HTTP, which has none of them */
  admin(operation: string, input?: AdminInput): Promise<unknown>;
  /** An operation of the HTTP API. `as` names a person of the tenant; over HTTP the key says who calls. */
  call<N extends OperationName>(name: N, parts?: CallParts<N>, as?: string): Promise<AnswerOf<N>>;
  /** The tenant given, or the only one there is. @throws CountersignError usage */
  tenant(): Promise<string>;
  readonly config: Config;
};

/**
 * Runs `use` on the server the settings name.
 *
 * @param purpose `begin` may make a data directory where there is none; a mistyped --data should not
 */
export async function withReach<T>(
  config: Config,
  env: NodeJS.ProcessEnv,
  use: (reach: Reach) => Promise<T>,
  purpose: "begin" | "go-on" = "go-on",
): Promise<T> {
  if (config.url !== undefined) return use(overHttp(config, parseUrl(config.url)));
  const given = { data: config.data, signerDir: config.signerDir, sealDir: config.sealDir };
  if (purpose === "go-on") assertBegun(settleDirectories(given, env, "look"));
  const directories = settleDirectories(given, env);
  const openHere = async () => {
    // Only a command that finds no server pays for loading one.
    const { openApp } = await import("../app.ts");
    const log = openLog(config.logLevel as Parameters<typeof openLog>[0]); // one of the choices of the table
    const app = await openApp({ ...directories, config, clock: systemClock, log, warm: false });
    rememberDirectories(directories);
    return { operations: app.admin, close: app.close };
  };
  return withLedger(directories.dataDir, openHere, async (admin) => {
    let tenant: Promise<string> | undefined;
    const reach: Reach = {
      config,
      admin: (operation, input = {}) => admin(operation, input),
      async call(name, parts = {}, as) {
        const input = { tenant: await reach.tenant(), operation: name, ...parts, ...(as === undefined ? {} : { as }) };
        const answer = await admin("api.call", input);
        return answer as AnswerOf<typeof name>; // the operation's handler made it
      },
      tenant: () => (tenant ??= tenantOf(config, reach)),
    };
    return use(reach);
  });
}

function assertBegun({ dataDir }: Directories): void {
  if (existsSync(join(dataDir, "instance.json")) || existsSync(join(dataDir, "ledger.sqlite"))) return;
  throw new CountersignError("cannot-read", {
    detail: `There is no data directory at ${dataDir}; countersign serve or countersign tenant create makes one.`,
  });
}

function parseUrl(text: string): string {
  if (/^https?:/.test(text) && URL.canParse(text)) return text;
  throw new CountersignError("usage", { detail: `--url takes http://HOST:PORT or https://…, not ${text}.` });
}

async function tenantOf({ tenant }: Config, reach: Reach): Promise<string> {
  if (tenant !== undefined) return tenant;
  const all = (await reach.admin("tenant.list")) as readonly { readonly id: string }[]; // its documented answer
  const [only, another] = all;
  if (only !== undefined && another === undefined) return only.id;
  const names = all.slice(0, 10).map(({ id }) => id);
  const detail =
    only === undefined
      ? "There is no tenant yet; countersign tenant create makes one."
      : `Say which tenant: --tenant ${names.join(" or ")}.`;
  throw new CountersignError("usage", { detail });
}

function overHttp(config: Config, url: string): Reach {
  return {
    config,
    admin() {
      throw new CountersignError("usage", {
        detail: "This command works on the machine of the data directory, not over --url.",
      });
    },
    tenant() {
      throw new CountersignError("usage", { detail: "Over --url the key says which tenant; leave --tenant out." });
    },
    async call(name, parts = {}) {
      const { method, path, body: takes, answer } = routes[name];
      const filled = path.replace(/:([a-z_]+)/g, (_, member: string) =>
        encodeURIComponent(String((parts.params as Record<string, unknown> | undefined)?.[member])),
      );
      const query = new URLSearchParams((parts.query ?? {}) as Record<string, string>).toString();
      const response = await send(new URL(`/v1${filled}${query && `?${query}`}`, url), {
        method,
        headers: {
          authorization: `Bearer ${config.apiKey ?? ""}`,
          ...(takes === "json" ? { "content-type": "application/json" } : {}),
          ...(method === "GET" ? {} : { "idempotency-key": crypto.randomUUID() }),
        },
        ...(takes === "json" ? { body: JSON.stringify(parts.body ?? {}) } : {}),
      });
      if (!response.ok) throw await refusalOf(response);
      // The server answers what wire.ts says; a command prints it and decides nothing by it.
      return (answer === "text" ? await response.text() : await response.json()) as AnswerOf<typeof name>;
    },
  };
}

async function send(url: URL, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...request, redirect: "error" });
  } catch (cause) {
    throw new CountersignError("gate-unavailable", { cause, detail: `${url.origin} does not answer.` });
  }
}

async function refusalOf(response: Response): Promise<CountersignError> {
  const problem = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const code: ErrorCode = Object.hasOwn(errors, String(problem.code)) ? (problem.code as ErrorCode) : "internal";
  const { detail, pointer, findings } = problem;
  return new CountersignError(code, {
    ...(typeof detail === "string"
      ? { detail }
      : code === "internal"
        ? { detail: `It answered ${response.status}.` }
        : {}),
    ...(typeof pointer === "string" ? { pointer } : {}),
    ...(Array.isArray(findings) ? { members: { findings } } : {}),
  });
}
