/**
 * 200 hostile requests for every operation: odd parameters, queries, headers and bodies, by callers who may. Whatever
 * comes is refused by name or answered; nothing is ever a failure of ours. SEED= replays a run, COUNT= makes it longer.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { errors } from "@countersign/evidence/errors";
import { routes } from "@countersign/evidence/generated/wire-shapes";
import type { OperationName } from "@countersign/evidence/wire";
import type { TestAnswer } from "../packages/server/src/testing.ts";
import { goodBodies, openServed, operationNames, pathOf, roleNames } from "./operations.ts";

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const count = Number(process.env.COUNT ?? 200);
const served = await openServed();
after(() => served.close());
const { server, mine } = served;

/** mulberry32: the same seed, the same requests. */
function random(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const WORDS = [
  "",
  " ",
  "null",
  "-1",
  "0x10",
  "1e400",
  "9".repeat(40),
  "..",
  "../../etc/passwd",
  "%00",
  "%2e%2e%2f",
  "%c0%af",
  "%ff",
  "'; DROP TABLE entries; --",
  "$(id) #{7*7} {{7*7}}",
  "<script>alert(1)</script>",
  "__proto__",
  "constructor",
  "toString",
  "\u0000",
  "\u202eevil",
  "\ud800",
  "é".normalize("NFD"),
  "𝟙",
  "a".repeat(300),
  "run_01jd0000000000000000000000",
  `sha256:${"f".repeat(64)}`,
  "true",
  "[]",
  "{}",
];
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -0.5,
  1e308,
  2 ** 53,
  -(2 ** 63),
  [],
  {},
  [[[[[[[[]]]]]]]],
  { __proto__: null },
  { toString: 1 },
  ["a", "a"],
  ...WORDS,
];
const RAW = [
  "",
  "{",
  "[",
  "}",
  '"',
  "nul",
  "{}{}",
  '{"a":1,"a":2}',
  '{"__proto__":{"x":1}}',
  '{"a":1e999}',
  '{"a":"\\ud800"}',
  '{"a":01}',
  "{'a':1}",
  '{"a":1,}',
  "\ufeff{}",
  "[".repeat(2000) + "]".repeat(2000),
  `${'{"a":'.repeat(500)}1${"}".repeat(500)}`,
  "\u0000".repeat(64),
  `"${"x".repeat(20_000)}"`,
];

class Hostility {
  readonly #next: () => number;

  constructor(from: number) {
    this.#next = random(from);
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#next() * from.length)]!;
  }

  chance(of: number): boolean {
    return this.#next() < of;
  }

  bytes(most: number): Buffer {
    return Buffer.from(Array.from({ length: Math.floor(this.#next() * most) }, () => Math.floor(this.#next() * 256)));
  }

  body(name: OperationName): Buffer {
    const good = goodBodies[name] ?? {};
    if (this.chance(0.15)) return this.bytes(400);
    if (this.chance(0.2)) return Buffer.from(this.pick(RAW));
    const changed: Record<string, unknown> = { ...(good as Record<string, unknown>) };
    for (let left = 1 + Math.floor(this.#next() * 3); left > 0; left--) {
      const member = this.chance(0.8) ? this.pick([...Object.keys(changed), "labels", "refs"]) : this.pick(WORDS);
      if (this.chance(0.15)) delete changed[member];
      else
        Object.defineProperty(changed, member, {
          value: this.pick(VALUES),
          enumerable: true,
          configurable: true,
          writable: true,
        });
    }
    const text = JSON.stringify(changed);
    if (this.chance(0.1)) return Buffer.from(text.slice(0, Math.floor(this.#next() * text.length)));
    if (this.chance(0.1)) return Buffer.concat([Buffer.from(text), this.bytes(8)]);
    return Buffer.from(text);
  }

  url(name: OperationName): string {
    let url = pathOf(name, mine.named);
    const { path } = routes[name];
    if (/[:*]/.test(path) && this.chance(0.6)) {
      const hostile: Record<string, string> = {};
      for (const member of Object.keys(mine.named)) hostile[member] = this.part();
      url = pathOf(
        name,
        this.chance(0.5) ? hostile : { ...mine.named, [this.pick(Object.keys(hostile))]: this.part() },
      );
    }
    if (!this.chance(0.5)) return url;
    const names = [
      "limit",
      "after",
      "before",
      "state",
      "wait_ms",
      "seen",
      "type",
      "run_id",
      "open",
      "agent",
      "from_seq",
    ];
    const pairs = Array.from(
      { length: 1 + Math.floor(this.#next() * 3) },
      () => `${this.chance(0.8) ? this.pick(names) : this.part()}=${this.part()}`,
    );
    return `${url}?${pairs.join("&")}`;
  }

  /** One part of a URL: percent-encoded so that it arrives, or already broken as it stands. */
  part(): string {
    const word = this.pick(WORDS);
    return word.startsWith("%") ? word : encodeURIComponent(word.toWellFormed());
  }
}

/** What is wrong with an answer, or undefined. */
function wrongWith({
  status,
  headers,
  bytes,
  body,
  code,
}: Pick<TestAnswer, "status" | "headers" | "bytes" | "body" | "code">) {
  if (status >= 500) return `${status} ${code}`;
  if (status < 400) return undefined;
  if (headers["content-type"] !== "application/problem+json") return `a refusal as ${headers["content-type"]}`;
  if (code === undefined || !Object.hasOwn(errors, code)) return `the code ${code} is none of ours`;
  if (body.status !== status) return `it says ${body.status} and is ${status}`;
  return /node:internal|\bat [\w.]+ \(|\/src\/|SQLITE/.test(bytes.toString()) ? "it shows what is inside" : undefined;
}

test("hostile: what would be wrong is seen", () => {
  const good = {
    status: 404,
    headers: { "content-type": "application/problem+json" },
    bytes: Buffer.from("{}"),
    body: { status: 404 },
    code: "not-found",
  };
  assert.equal(wrongWith(good), undefined);
  for (const bad of [
    { ...good, status: 500 },
    { ...good, headers: { "content-type": "text/html" } },
    { ...good, code: "made-up" },
    { ...good, body: { status: 400 } },
    { ...good, bytes: Buffer.from("Error at open (node:internal/fs)") },
  ]) {
    assert.notEqual(wrongWith(bad), undefined);
  }
});

for (const [at, name] of operationNames.entries()) {
  test(`hostile: ${name}, ${count} requests, SEED=${seed}`, async () => {
    const hostility = new Hostility(seed + at);
    const { method, roles } = routes[name];
    const role = roleNames.find((one) => (roles as readonly string[]).includes(one));
    let refused = 0;
    for (let nth = 0; nth < count; nth++) {
      const url = hostility.url(name);
      const payload = method === "GET" ? undefined : hostility.body(name);
      const type = hostility.chance(0.9)
        ? routes[name].body === "ndjson"
          ? "application/x-ndjson"
          : routes[name].body === "bytes"
            ? "application/octet-stream"
            : "application/json"
        : hostility.pick(["text/plain", "application/json; charset=utf-16", "multipart/form-data", "", "a/b;;;"]);
      const idempotencyKey = hostility.chance(0.9)
        ? `h-${at}-${nth}`
        : hostility.pick(["", " ", "x".repeat(200), "a b"]);
      const key =
        hostility.chance(0.95) && role !== undefined ? mine.keys[role] : hostility.pick(["", "x", "cs_a_b_c", " "]);
      const answer = await server.send(method, url, {
        key,
        idempotencyKey,
        ...(payload === undefined ? {} : { bytes: payload, headers: { "content-type": type } }),
      });
      const wrong = wrongWith(answer);
      const shown = `${method} ${url} ${payload?.toString("base64").slice(0, 400) ?? ""}`;
      assert.equal(wrong, undefined, `request ${nth}: ${shown}`);
      if (answer.status >= 400) refused++;
    }
    // Hostile it was: most of it is refused.
    if (roles.every((one) => (one as string) !== "public")) assert.ok(refused > count / 4, `${refused} refused`);
  });
}

test("hostile: afterwards the server is ready and takes a lawful request", async () => {
  assert.equal((await server.send("GET", "/v1/ready")).status, 200);
  const started = await server.send("POST", "/v1/runs", { key: mine.keys.agent, body: { capabilities: ["fs.read"] } });
  assert.equal(started.status, 201);
});
