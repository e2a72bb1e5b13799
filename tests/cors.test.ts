/** No other site's page is let in: no preflight is answered, no answer names an origin, whoever asks and whatever comes. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { routes } from "@countersign/evidence/generated/wire-shapes";
import { readConfig } from "../packages/server/src/base/config.ts";
import { openTestApp } from "../packages/server/src/testing.ts";
import { goodBodies, openServed, operationNames, pathOf, roleNames } from "./operations.ts";

const served = await openServed();
after(() => served.close());
const { server, mine } = served;

const ORIGINS = [
  "https://evil.example",
  "null",
  "http://localhost:7071",
  "http://127.0.0.1:7070",
  "http://localhost:7070",
];
/** What of an answer's headers would let another origin's page read it or send more. */
const openings = (headers: Readonly<Record<string, unknown>>) =>
  Object.keys(headers).filter((name) => name.startsWith("access-control-") || name === "timing-allow-origin");

/** Everything that is served: operations, pages' operations, documents. */
const paths = [
  ...operationNames.map((name) => [routes[name].method, pathOf(name, mine.named)] as const),
  ...["/metrics", "/v1/openapi.json", "/docs", "/.well-known/countersign", "/nowhere"].map(
    (path) => ["GET", path] as const,
  ),
  ...["/v1/session", "/v1/session/close", "/v1/sign-in/passkey/options", "/v1/sign-in/passkey"].map(
    (path) => ["POST", path] as const,
  ),
];

test("cors: a preflight is refused for every operation and document, and names no origin, method or header", async () => {
  for (const [method, path] of paths) {
    for (const origin of ORIGINS) {
      const headers = {
        origin,
        "access-control-request-method": method,
        "access-control-request-headers": "authorization, content-type, idempotency-key",
      };
      const answer = await server.send("OPTIONS", path, { headers });
      assert.ok(answer.status === 405 || answer.status === 404, `${method} ${path}: ${answer.status}`);
      assert.deepEqual(openings(answer.headers), [], path);
    }
  }
});

test("cors: no answer of any operation to any role opens itself to the origin that asked", async () => {
  for (const name of operationNames) {
    const { method, body: takes } = routes[name];
    for (const role of [...roleNames, undefined]) {
      const key = role === undefined ? {} : { key: mine.keys[role] };
      const body = takes === "json" ? { body: goodBodies[name] ?? {} } : {};
      const headers = { origin: ORIGINS[0]!, "sec-fetch-mode": "cors", "sec-fetch-site": "cross-site" };
      const answer = await server.send(method, pathOf(name, mine.named), { ...key, ...body, headers });
      assert.deepEqual(openings(answer.headers), [], `${name} by ${role}`);
      assert.equal(answer.headers["x-content-type-options"], "nosniff", name);
      assert.equal(answer.headers["cache-control"], "no-store", name);
      assert.match(
        String(answer.headers["content-security-policy"]),
        /^default-src 'none';.*frame-ancestors 'none'/,
        name,
      );
    }
  }
});

test("cors: control: a header that opens would be seen", () => {
  assert.deepEqual(openings({ "access-control-allow-origin": "*", vary: "origin" }), ["access-control-allow-origin"]);
});

test("cors: over TLS every answer says never to come without it, elsewhere none does", async () => {
  const { config } = readConfig({});
  const secure = await openTestApp({ config: { ...config, publicUrl: "https://gate.example.com" } });
  try {
    for (const path of ["/v1/health", "/v1/runs", "/nowhere", "/docs", "/metrics"]) {
      const answer = await secure.send("GET", path);
      assert.equal(answer.headers["strict-transport-security"], "max-age=31536000; includeSubDomains", path);
      const plain = await server.send("GET", path);
      assert.equal(plain.headers["strict-transport-security"], undefined, path);
    }
  } finally {
    await secure.close();
  }
});
