/**
 * The pages for people, for tests: a real ledger, the real directory and HTTP layer, and a browser that keeps cookies as
 * RFC 6265bis says. The API behind them answers anything and remembers who asked.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Event } from "@countersign/evidence/event";
import { routes } from "@countersign/evidence/generated/people-shapes";
import { routes as apiRoutes } from "@countersign/evidence/generated/wire-shapes";
import type { PeopleAnswerOf, PeopleBodyOf, PeopleOperationName } from "@countersign/evidence/people-schema";
import type { OperationName } from "@countersign/evidence/wire";
import type { AdminInput } from "./base/admin.ts";
import { openHttp } from "./base/http.ts";
import { silentLog } from "./base/log.ts";
import { openMetrics } from "./base/metrics.ts";
import type { Call, Caller, Handlers } from "./base/routes.ts";
import { openSweeper } from "./ledger/due.ts";
import {
  createTestTenant,
  OPERATOR,
  openTestLedger,
  type TestClock,
  type TestLedger,
  temporaryDirectory,
  testClock,
} from "./ledger/testing.ts";
import { keepDisclosure } from "./payloads/cite.ts";
import { openPayloadFiles } from "./payloads/files.ts";
import { openSealKeys } from "./payloads/seal-keys.ts";
import { openVault } from "./payloads/store.ts";
import { disclosures } from "./payloads/tables.ts";
import { signInOperations } from "./people/admin.ts";
import { SoftAuthenticator } from "./people/authenticator-testing.ts";
import { DEFAULT_SESSION_LIFE, type PeopleParts } from "./people/faces.ts";
import { type PublicUrl, parsePublicUrl } from "./people/public-url.ts";
import { openPeoplePages } from "./people/routes.ts";
import { signInTables } from "./people/tables.ts";
import { openAuthenticator } from "./tenants/authenticate.ts";
import { loneActMark } from "./tenants/bootstrap.ts";
import { openPeople, type People } from "./tenants/people.ts";
import { credentials, peopleByExternalId, people as peopleTable } from "./tenants/tables.ts";

export const TENANT = "acme";

export type PeopleTest = {
  readonly clock: TestClock;
  readonly ledger: TestLedger;
  readonly directory: People;
  readonly parts: PeopleParts;
  /** Who asked the API, newest last. */
  readonly callers: Caller[];
  /** What the log holds. */
  events(tenant?: string): Event[];
  admin(name: string, input?: AdminInput): Promise<Record<string, unknown>>;
  browser(): TestBrowser;
  /** A browser of somebody who used a set-up link. */
  person(name: string, roles?: readonly string[], tenant?: string): Promise<TestBrowser>;
  sweep(): Promise<number>;
  /** The server answers at another address from now on. */
  move(url: string): void;
  close(): Promise<void>;
};

export type PeopleTestOptions = {
  readonly kind?: "evaluation" | "production";
  readonly publicUrl?: string;
  readonly oidc?: PeopleParts["oidc"];
  readonly moreTenants?: readonly string[];
};

export async function openPeopleTest(options: PeopleTestOptions = {}): Promise<PeopleTest> {
  const clock = testClock();
  const scratch = temporaryDirectory();
  const tables = [credentials, peopleTable, peopleByExternalId, disclosures, ...signInTables];
  const ledger = await openTestLedger({ tables, clock });
  for (const id of [TENANT, ...(options.moreTenants ?? [])]) await createTestTenant(ledger, id, options.kind);
  const keys = openSealKeys(join(scratch, "seal"));
  const metrics = openMetrics();
  const vault = openVault({ files: openPayloadFiles(join(scratch, "payloads")), keys, clock, metrics });
  const seals = { ...vault, lookupHash: keys.lookupHash };
  const directory = openPeople({ ledger, clock, keepDisclosure, seals });
  let url: PublicUrl = parsePublicUrl(options.publicUrl ?? "http://localhost:7070");
  const parts: PeopleParts = {
    ledger,
    clock,
    log: silentLog,
    directory,
    seals,
    loneActMark,
    publicUrl: () => url,
    random: randomBytes,
    session: DEFAULT_SESSION_LIFE,
    ...(options.oidc === undefined ? {} : { oidc: options.oidc }),
  };
  const pages = openPeoplePages(parts);
  const operations = signInOperations(parts);
  const callers: Caller[] = [];
  const answerAnything = async (call: Call<OperationName>) => {
    callers.push(call.caller);
    return { body: { actor: call.caller === undefined ? null : call.submission.actor } };
  };
  const names = Object.keys(apiRoutes) as OperationName[]; // the table's keys are its operations
  const http = openHttp({
    // Handlers that answer anything to everything: what a test of the layer above them wants.
    handlers: Object.fromEntries(names.map((name) => [name, answerAnything])) as unknown as Handlers,
    documents: [],
    authenticate: openAuthenticator(ledger, clock),
    identifyBrowser: pages.identify,
    mount: pages.mount,
    newestCheckpoint: () => undefined,
    log: silentLog,
    metrics,
    clock,
    limits: { maxConnections: 10, maxBodyBytes: 1024 * 1024 },
  });
  const sweeper = openSweeper({
    ledger,
    nowMs: clock.nowMs,
    after: () => () => {}, // tests sweep when they want to
    chores: pages.chores,
    onTrouble: (chore, _tenant, cause) => {
      throw new Error(`${chore} could not be carried out`, { cause });
    },
    everyMs: 1000,
  });
  const test: PeopleTest = {
    clock,
    ledger,
    directory,
    parts,
    callers,
    events(tenant = TENANT) {
      const reader = ledger.reader(tenant)!;
      const entries = Array.from({ length: reader.size }, (_, index) => Buffer.from(reader.entry(index)!.bytes));
      return entries.map((bytes) => JSON.parse(bytes.toString()) as Event);
    },
    // Tests name operations that are there, and every one of them answers an object.
    admin: async (name, input = {}) =>
      (await operations[name]!({ tenant: TENANT, ...input }, OPERATOR)) as Record<string, unknown>,
    browser: () => new TestBrowser(http, () => url),
    async person(name, roles = ["approver"], tenant = TENANT) {
      const { url: link } = await test.admin("person.link", { person: name, roles, tenant });
      const browser = test.browser();
      await browser.setUp(String(link));
      return browser;
    },
    sweep: () => sweeper.sweep(),
    move(text) {
      url = parsePublicUrl(text);
    },
    async close() {
      await sweeper.close();
      await http.close();
      await ledger.close();
      keys.close();
    },
  };
  return test;
}

export type TestReply = {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly code: string | undefined;
  readonly detail: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly setCookies: readonly string[];
};

type Inject = { readonly inject: ReturnType<typeof openHttp>["inject"] };

/** A browser as far as cookies and Sec-Fetch-* go, with an authenticator in it. */
export class TestBrowser {
  readonly cookies = new Map<string, { readonly value: string; readonly sameSite: string }>();
  readonly authenticator: SoftAuthenticator;
  readonly #http: Inject;
  readonly #url: () => PublicUrl;
  #count = 0;

  constructor(http: Inject, url: () => PublicUrl) {
    this.#http = http;
    this.#url = url;
    this.authenticator = new SoftAuthenticator(url().origin);
  }

  /** A request of one of our pages, or whatever `headers` make of it; an undefined header is left out. */
  async send(
    method: "GET" | "POST" | "PUT" | "DELETE",
    path: string,
    options: { body?: unknown; headers?: Readonly<Record<string, string | undefined>>; crossSite?: boolean } = {},
  ): Promise<TestReply> {
    const sent = [...this.cookies].filter(([, { sameSite }]) => options.crossSite !== true || sameSite === "Lax");
    const cookie = sent.map(([name, { value }]) => `${name}=${value}`).join("; ");
    const all: Record<string, string | undefined> = {
      "sec-fetch-site": "same-origin",
      "countersign-page": "1",
      ...(cookie === "" ? {} : { cookie }),
      ...(method === "GET" ? {} : { origin: this.#url().origin, "idempotency-key": `browser-${this.#count++}` }),
      ...(options.body === undefined ? {} : { "content-type": "application/json" }),
      ...options.headers,
    };
    const headers = Object.fromEntries(
      Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined),
    );
    const response = await this.#http.inject({
      method,
      url: path,
      headers,
      ...(options.body === undefined ? {} : { payload: JSON.stringify(options.body) }),
    });
    const given = response.headers["set-cookie"];
    const setCookies = given === undefined ? [] : Array.isArray(given) ? given : [given];
    for (const text of setCookies) this.#keep(text);
    const isJson = String(response.headers["content-type"]).includes("json") && response.body !== "";
    const body = isJson ? (response.json() as Record<string, unknown>) : {};
    return {
      status: response.statusCode,
      body,
      code: response.statusCode >= 400 ? String(body.code) : undefined,
      detail: String(body.detail ?? ""),
      headers: response.headers,
      setCookies,
    };
  }

  /** Bytes as they are, with these headers alone; the answer's status. */
  async raw(path: string, payload: string, headers: Readonly<Record<string, string>>): Promise<number> {
    return (await this.#http.inject({ method: "POST", url: path, headers, payload })).statusCode;
  }

  /** One of the pages' own operations. @throws Error when it was refused; `send` looks at refusals */
  async call<N extends PeopleOperationName>(
    name: N,
    body?: PeopleBodyOf<N>,
    params: Readonly<Record<string, string>> = {},
  ): Promise<PeopleAnswerOf<N>> {
    const reply = await this.ask(name, body, params);
    if (reply.status >= 400) throw new Error(`${name}: ${reply.code} ${reply.detail}`);
    return reply.body as PeopleAnswerOf<N>; // the operation's own answer
  }

  ask<N extends PeopleOperationName>(
    name: N,
    body?: PeopleBodyOf<N>,
    params: Readonly<Record<string, string>> = {},
  ): Promise<TestReply> {
    const { method, path } = routes[name];
    const filled = path.replace(/:([a-z_]+)/g, (_, key: string) => params[key] ?? "");
    return this.send(method, `/v1${filled}`, body === undefined ? {} : { body });
  }

  async setUp(link: string): Promise<PeopleAnswerOf<"finishSetUp">> {
    const token = link.slice(link.indexOf("#") + 1);
    const { passkey } = await this.call("startSetUp", { token });
    return this.call("finishSetUp", { token, passkey: this.authenticator.create(passkey) });
  }

  async signIn(tenant = TENANT): Promise<PeopleAnswerOf<"finishPasskeySignIn">> {
    const options = await this.call("startPasskeySignIn", { tenant });
    return this.call("finishPasskeySignIn", { tenant, assertion: this.authenticator.get(options) });
  }

  async stepUp(): Promise<PeopleAnswerOf<"finishStepUp">> {
    const options = await this.call("startStepUp", {});
    return this.call("finishStepUp", { assertion: this.authenticator.get(options) });
  }

  #keep(text: string): void {
    const [pair = "", ...attributes] = text.split("; ");
    const at = pair.indexOf("=");
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
    const sameSite = attributes.find((one) => one.startsWith("SameSite="))?.slice("SameSite=".length) ?? "None";
    if (attributes.includes("Max-Age=0")) this.cookies.delete(name);
    else this.cookies.set(name, { value, sameSite });
  }
}
