/**
 * What the browser tests stand on: a server with the real gate, ledger and pages, listening on a port of its own, and
 * Debian's chromium with a virtual authenticator (WebAuthn over CDP). Without chromium the tests are skipped by name.
 */
import { randomBytes } from "node:crypto";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Event } from "@countersign/evidence/event";
import { routes } from "@countersign/evidence/generated/wire-shapes";
import type { OperationName } from "@countersign/evidence/wire";
import { type Browser, type BrowserContext, type CDPSession, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { openHttp } from "../../packages/server/src/base/http.ts";
import { silentLog } from "../../packages/server/src/base/log.ts";
import { openMetrics } from "../../packages/server/src/base/metrics.ts";
import type { Handlers } from "../../packages/server/src/base/routes.ts";
import { type Gate, type GateOptions, openGate } from "../../packages/server/src/gate-testing.ts";
import { openSweeper } from "../../packages/server/src/ledger/due.ts";
import { OPERATOR, type TestClock } from "../../packages/server/src/ledger/testing.ts";
import { openDoor } from "../../packages/server/src/people/door.ts";
import { signInTables } from "../../packages/server/src/people/tables.ts";
import { loneActMark } from "../../packages/server/src/tenants/bootstrap.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** The browser of this machine, or undefined. */
export const browserPath: string | undefined = NAMES.flatMap((name) =>
  (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name)),
).find((path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
});

/** For `test(name, { skip })`. */
export const skip = browserPath === undefined ? "chromium is not installed (apt-get install chromium)" : false;

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const WAIT_MS = 15_000;

/** Builds the console into a folder of its own, removed when the process ends. */
export async function buildConsole(): Promise<string> {
  const outDir = mkdtempSync(join(tmpdir(), "countersign-console-"));
  process.on("exit", () => rmSync(outDir, { recursive: true, force: true }));
  const root = join(import.meta.dirname, "..", "..", "packages", "console");
  await build({
    configFile: join(root, "vite.config.ts"),
    logLevel: "error",
    build: { outDir, emptyOutDir: true },
  });
  return outDir;
}

export type ConsoleTest = {
  readonly gate: Gate;
  readonly origin: string;
  readonly admin: (name: string, input?: Readonly<Record<string, unknown>>) => Promise<Record<string, unknown>>;
  readonly browser: Browser;
  readonly clock: TestClock;
  /** Somebody with a browser of their own. */
  person(options?: { colorScheme?: "light" | "dark"; width?: number }): Promise<Visitor>;
  /** Somebody who has used a set-up link and stands in the inbox. */
  signedIn(name: string, roles?: readonly string[], approverRoles?: readonly string[]): Promise<Visitor>;
  /** An action that waits for approval: its ids. */
  ask(args?: object): Promise<{ approvalId: string; actionId: string; runId: string }>;
  events(): Event[];
  sweep(): Promise<number>;
  close(): Promise<void>;
};

export async function openConsole(options: GateOptions = {}): Promise<ConsoleTest> {
  const gate = await openGate({ clock: realClock(), tables: signInTables, ...options });
  const { ledger, clock, tenant } = gate;
  const directory = await buildConsole();
  let port = 0;
  const door = openDoor({
    ledger,
    clock,
    log: silentLog,
    directory: gate.people,
    seals: gate.seals,
    loneActMark,
    random: randomBytes,
    config: {},
    port: () => port,
    console: directory,
  });
  const absent = async () => ({ status: 404, body: {} });
  const names = Object.keys(routes) as OperationName[]; // the table's keys are its operations
  const http = openHttp({
    // The gate's own handlers; what stands beside the gate is not there.
    handlers: { ...Object.fromEntries(names.map((name) => [name, absent])), ...gate.handlers } as unknown as Handlers,
    documents: [],
    authenticate() {
      throw new Error("the browser tests use no keys");
    },
    identifyBrowser: door.identifyBrowser,
    mount: door.mount,
    newestCheckpoint: (id) => ledger.reader(id)?.checkpoint,
    log: silentLog,
    metrics: openMetrics(),
    clock,
    limits: { maxConnections: 100, maxBodyBytes: 16 * 1024 * 1024 },
  });
  port = await http.listen("127.0.0.1", 0);
  const origin = door.origin();
  const sweeper = openSweeper({
    ledger,
    nowMs: clock.nowMs,
    after: () => () => {}, // tests sweep when they want to
    chores: door.chores,
    onTrouble: (chore, _tenant, cause) => {
      throw new Error(`${chore} could not be carried out`, { cause });
    },
    everyMs: 1000,
  });
  const browser = await chromium.launch({ executablePath: browserPath!, args: FLAGS }); // tests are skipped without one
  const admin: ConsoleTest["admin"] = async (name, input = {}) =>
    (await door.admin[name]!({ tenant, ...input }, OPERATOR)) as Record<string, unknown>; // names that are there

  const test: ConsoleTest = {
    gate,
    origin,
    admin,
    browser,
    clock,
    async person({ colorScheme = "light", width = 1280 } = {}) {
      const context = await browser.newContext({
        colorScheme,
        viewport: { width, height: 900 },
        reducedMotion: "reduce",
      });
      context.setDefaultTimeout(WAIT_MS);
      return Visitor.open(context, origin);
    },
    async signedIn(name, roles = ["approver"], approverRoles = ["oncall_sre"]) {
      const { url } = await admin("person.link", { person: name, roles, approver_roles: approverRoles });
      const visitor = await test.person();
      await visitor.page.goto(String(url));
      await visitor.page.getByRole("button", { name: "Make my passkey" }).click();
      await visitor.page.getByRole("heading", { name: "Inbox" }).waitFor();
      return visitor;
    },
    async ask(args = { vpc: "vpc-1", environment: "prod", cost: 12.5 }) {
      const { run } = await gate.call("startRun", gate.agent, { body: { capabilities: ["infra.change"] } });
      const { action } = await gate.call("requestAction", gate.agent, {
        params: { run_id: run.run_id },
        body: { tool: "terraform", args },
      });
      const approvalId = action.approval?.approval_id;
      if (approvalId === undefined) throw new Error(`the action is ${action.phase}`);
      return { approvalId, actionId: action.action_id, runId: run.run_id };
    },
    events: () => gate.events(),
    sweep: () => sweeper.sweep(),
    async close() {
      await browser.close();
      await sweeper.close();
      await http.close();
      await gate.close();
    },
  };
  return test;
}

type Credential = {
  readonly credentialId: string;
  readonly isResidentCredential: boolean;
  readonly rpId?: string;
  readonly privateKey: string;
  readonly userHandle?: string;
  readonly signCount: number;
};

/** A browser context with an authenticator, and everything that went wrong in it. */
export class Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly cdp: CDPSession;
  readonly authenticatorId: string;
  /** Violations of the policy, errors of the page, and requests to other places; tests want none. */
  readonly troubles: string[] = [];
  readonly #origin: string;

  private constructor(context: BrowserContext, page: Page, cdp: CDPSession, authenticatorId: string, origin: string) {
    this.context = context;
    this.page = page;
    this.cdp = cdp;
    this.authenticatorId = authenticatorId;
    this.#origin = origin;
    page.on("pageerror", (error) => this.troubles.push(`error: ${error.message}`));
    page.on("dialog", (dialog) => {
      this.troubles.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("console", (message) => {
      // A refusal is answered with its status, and the browser says so; that is no trouble.
      const text = message.text();
      if (message.type() === "error" && !/^Failed to load resource/.test(text)) this.troubles.push(`console: ${text}`);
    });
    context.on("request", (request) => {
      if (!request.url().startsWith(origin)) this.troubles.push(`request: ${request.url()}`);
    });
  }

  static async open(context: BrowserContext, origin: string): Promise<Visitor> {
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    await cdp.send("WebAuthn.enable");
    const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return new Visitor(context, page, cdp, authenticatorId, origin);
  }

  goto(path: string): Promise<unknown> {
    return this.page.goto(this.#origin + path);
  }

  async verifies(isUserVerified: boolean): Promise<void> {
    await this.cdp.send("WebAuthn.setUserVerified", { authenticatorId: this.authenticatorId, isUserVerified });
  }

  async credentials(): Promise<readonly Credential[]> {
    const { credentials } = await this.cdp.send("WebAuthn.getCredentials", { authenticatorId: this.authenticatorId });
    return credentials;
  }

  /** Fetches from the page as its own script would. */
  fetch(method: string, path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
    const script = `(async () => {
      const response = await fetch(${JSON.stringify(path)}, {
        method: ${JSON.stringify(method)},
        headers: { "content-type": "application/json", "countersign-page": "1", "idempotency-key": crypto.randomUUID() },
        ${body === undefined ? "" : `body: ${JSON.stringify(JSON.stringify(body))},`}
      });
      return { status: response.status, body: await response.json() };
    })()`;
    return this.page.evaluate(script);
  }

  /** Has the authenticator sign a challenge for the page, with what the page's own code would never ask for. */
  sign(options: { challenge: string; rpId: string; credentialId: string; userVerification?: string }): Promise<{
    signature: string;
    authenticator_data: string;
    client_data: string;
  }> {
    const { challenge, rpId, credentialId, userVerification = "required" } = options;
    const script = `(async () => {
      const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
      const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
      const { response } = await navigator.credentials.get({ publicKey: {
        challenge: bytes(${JSON.stringify(challenge)}),
        rpId: ${JSON.stringify(rpId)},
        userVerification: ${JSON.stringify(userVerification)},
        allowCredentials: [{ type: "public-key", id: bytes(${JSON.stringify(credentialId)}) }],
      } });
      return {
        signature: text(response.signature),
        authenticator_data: text(response.authenticatorData),
        client_data: text(response.clientDataJSON),
      };
    })()`;
    return this.page.evaluate(script);
  }

  close(): Promise<void> {
    return this.context.close();
  }
}

/** The machine's clock, which tests may set forward: browsers have no other. */
function realClock(): TestClock {
  let aheadMs = 0;
  return {
    nowMs: () => Date.now() + aheadMs,
    monotonicMs: () => performance.now() + aheadMs,
    advance(ms) {
      aheadMs += ms;
    },
    jump(ms) {
      aheadMs += ms;
    },
  };
}
