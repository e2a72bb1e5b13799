/** A whole server for tests, asked without a port: real ledger, signer child, payload store and policy engine. */
import { join } from "node:path";
import type { ActorBlock, RoleName } from "@countersign/evidence/event";
import { type App, type AppOptions, openApp } from "./app.ts";
import type { Clock } from "./base/clock.ts";
import { readConfig } from "./base/config.ts";
import { silentLog } from "./base/log.ts";
import { OPERATOR, type TestClock, temporaryDirectory, testClock } from "./ledger/testing.ts";
import { readPolicyDirectory } from "./policy/directory.ts";

const STARTER = join(import.meta.dirname, "..", "policies", "starter");

/** The starter policy as `policy.publish` takes it, with some files changed, or left out where null. */
export function starterFiles(changes: Readonly<Record<string, string | null>> = {}): Record<string, string> {
  const files = new Map<string, Uint8Array>(readPolicyDirectory(STARTER));
  for (const [path, text] of Object.entries(changes)) {
    if (text === null) files.delete(path);
    else files.set(path, Buffer.from(text));
  }
  return Object.fromEntries([...files].map(([path, bytes]) => [path, Buffer.from(bytes).toString("base64")]));
}

/** A file of the starter policy, as text. */
export function starterText(path: string): string {
  return Buffer.from(readPolicyDirectory(STARTER).get(path)!).toString(); // tests name files that are there
}

export type TestAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly bytes: Buffer;
  /** The parsed body, when it is JSON. */
  readonly body: Record<string, unknown>;
  /** The problem's code, when it is one. */
  readonly code: string | undefined;
};

export type TestApp = {
  app: App;
  readonly clock: TestClock;
  readonly directory: string;
  /** An admin operation as the command line calls it. */
  admin(name: string, input?: Readonly<Record<string, unknown>>, by?: ActorBlock): Promise<Record<string, unknown>>;
  /** A request with a key. */
  send(
    method: "GET" | "POST" | "PUT" | "OPTIONS",
    url: string,
    options?: {
      key?: string;
      body?: unknown;
      bytes?: Buffer;
      idempotencyKey?: string;
      headers?: Record<string, string>;
    },
  ): Promise<TestAnswer>;
  /** A tenant, when it is new, with the starter policy when asked. */
  tenant(id: string, options?: { kind?: "evaluation" | "production"; publish?: boolean }): Promise<void>;
  key(tenant: string, role: RoleName, id: string): Promise<string>;
  /** Closes the server and opens it again on the same directories. */
  restart(): Promise<void>;
  close(): Promise<void>;
};

/** Opens one on fresh directories. Close it: its children keep the process alive. */
export async function openTestApp(changes: Partial<AppOptions> = {}): Promise<TestApp> {
  const directory = temporaryDirectory();
  const clock = testClock();
  const { config } = readConfig({});
  const options: AppOptions = {
    dataDir: join(directory, "data"),
    signerDir: join(directory, "signer"),
    sealDir: join(directory, "seal"),
    // The engine's deadline is generous: the machine that runs the tests may be busy.
    config: { ...config, hostName: "audit.example.com", policyDeadlineMs: 20_000 },
    clock: clock as Clock,
    log: silentLog,
    warm: true,
    ...changes,
  };
  let count = 0;
  const test: TestApp = {
    app: await openApp(options),
    clock,
    directory,

    async admin(name, input = {}, by = OPERATOR) {
      const answer = await test.app.admin[name]!(input, by); // tests name operations that are there
      return answer as Record<string, unknown>; // every operation answers an object or a list
    },

    async send(method, url, { key, body, bytes, idempotencyKey, headers = {} } = {}) {
      count++;
      const response = await test.app.http.inject({
        method,
        url,
        headers: {
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...(method === "GET" ? {} : { "idempotency-key": idempotencyKey ?? `test-${count}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined && bytes === undefined ? {} : { payload: bytes ?? JSON.stringify(body) }),
      });
      const isJson = /\/(problem\+)?json/.test(String(response.headers["content-type"])) && response.body !== "";
      const parsed = isJson ? (response.json() as Record<string, unknown>) : {};
      const code = response.statusCode >= 400 ? String(parsed.code) : undefined;
      return { status: response.statusCode, headers: response.headers, bytes: response.rawPayload, body: parsed, code };
    },

    async tenant(id, { kind = "evaluation", publish = false } = {}) {
      await test.admin("tenant.create", { id, kind });
      if (!publish) return;
      await test.admin("policy.publish", { tenant: id, files: starterFiles() });
    },

    async key(tenant, role, id) {
      const { key } = await test.admin("credential.create", { tenant, role, id });
      return String(key);
    },

    async restart() {
      await test.app.close();
      test.app = await openApp(options);
    },

    close: () => test.app.close(),
  };
  return test;
}
