import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import { routes as pageRoutes } from "@countersign/evidence/generated/people-shapes";
import { routes } from "@countersign/evidence/generated/wire-shapes";
import type { OperationName } from "@countersign/evidence/wire";
import { openApiText } from "../generated/openapi.ts";
import { systemClock } from "./clock.ts";
import { openHttp } from "./http.ts";
import { silentLog } from "./log.ts";
import { openMetrics } from "./metrics.ts";
import { pages } from "./pages.ts";
import type { Call, Caller, Handlers } from "./routes.ts";

const RUN = "run_01jd0000000000000000000000";
const callers: Readonly<Record<string, Caller>> = Object.fromEntries(
  (["agent", "executor", "approver", "auditor", "operator", "admin"] as const).map((role) => [
    role,
    {
      tenant: "t",
      role,
      credentialId: `key_${role}`,
      holder: { kind: role === "agent" ? "agent" : "person", id: `the-${role}` },
    },
  ]),
);

/** A server whose handlers answer `{}` and keep what they were called with. */
function serve(answer: (name: OperationName, call: Call<OperationName>) => Promise<unknown> = async () => ({})) {
  const calls: { name: OperationName; call: Call<OperationName> }[] = [];
  const handlers = Object.fromEntries(
    (Object.keys(routes) as OperationName[]).map((name) => [
      name,
      async (call: Call<OperationName>) => {
        calls.push({ name, call });
        return { body: await answer(name, call) };
      },
    ]),
    // Handlers that answer anything to everything: what a test of the layer above them wants.
  ) as unknown as Handlers;
  const http = openHttp({
    handlers,
    documents: pages(openApiText),
    authenticate(key) {
      const caller = callers[key];
      if (caller === undefined) throw new CountersignError("unauthenticated");
      return caller;
    },
    newestCheckpoint: () => "origin\n1\nroot\n",
    log: silentLog,
    metrics: openMetrics(),
    clock: systemClock,
    limits: { maxConnections: 10, maxBodyBytes: 100 * 1024 * 1024 },
  });
  const send = async (
    method: string,
    url: string,
    options: { as?: string | null; body?: string | Buffer; headers?: Record<string, string> } = {},
  ) => {
    const { as = "agent", body, headers = {} } = options;
    const response = await http.inject({
      // Any method a client can think of; inject's type lists those Fastify knows.
      method: method as "GET",
      url,
      headers: {
        ...(as === null ? {} : { authorization: `Bearer ${as}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(method === "GET" ? {} : { "idempotency-key": "k-1" }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: body }),
    });
    const problem =
      response.headers["content-type"] === "application/problem+json" && response.body !== ""
        ? response.json()
        : undefined;
    return {
      response,
      problem,
      code: problem?.code as string | undefined,
      pointer: problem?.pointer as string | undefined,
    };
  };
  return { http, calls, send };
}

const START = '{"capabilities":["fs.read"]}';

test("http: a good request reaches its handler with its parts, its bytes and its submission", async () => {
  const { send, calls } = serve();
  const { response } = await send("POST", "/v1/runs", { body: START });
  assert.equal(response.statusCode, 200);
  assert.equal(calls.length, 1);
  const { name, call } = calls[0]!;
  assert.equal(name, "startRun");
  assert.deepEqual(call.body, { capabilities: ["fs.read"] });
  assert.equal(Buffer.from(call.bytes).toString(), START);
  assert.deepEqual(call.submission.actor, { type: "agent", id: "the-agent", credential: "key_agent" });
  assert.equal(call.submission.idempotency?.scope, "key_agent");
  assert.equal(call.submission.idempotency?.key, "k-1");
  assert.match(call.submission.idempotency?.bodyHash ?? "", /^[0-9a-f]{64}$/);
});

test("http: the hash of a request changes with its body, its path and its query, and with nothing else", async () => {
  const { send, calls } = serve();
  const hashes: string[] = [];
  for (const [url, body, headers] of [
    ["/v1/runs", START, {}],
    ["/v1/runs", START, { "x-other": "header" }],
    ["/v1/runs", `${START} `, {}],
    [`/v1/runs/${RUN}/actions`, '{"tool":"x","args":{}}', {}],
    [`/v1/runs/${RUN.replace(/0$/, "1")}/actions`, '{"tool":"x","args":{}}', {}],
  ] as const) {
    const { response } = await send("POST", url, { body, headers });
    assert.equal(response.statusCode, 200);
    hashes.push(calls.at(-1)!.call.submission.idempotency!.bodyHash);
  }
  assert.equal(hashes[0], hashes[1]);
  assert.equal(new Set(hashes).size, 4);
});

test("http: nothing in a body is dropped, coerced or guessed; each refusal names its place", async () => {
  const { send, calls } = serve();
  const table = [
    // unknown members are refused, not removed; what the server decides cannot be sent
    ['{"capabilities":["fs.read"],"tenant":"other"}', "unknown-member", "/tenant"],
    ['{"capabilities":["fs.read"],"actor":{"id":"root"}}', "unknown-member", "/actor"],
    ['{"capabilities":["fs.read"],"budgets":{"actions":1,"decision":"ALLOW"}}', "unknown-member", "/budgets/decision"],
    // "7" is not 7, 1 is not true, one is not a list of one
    ['{"capabilities":["fs.read"],"budgets":{"actions":"7"}}', "validation-failed", "/budgets/actions"],
    ['{"capabilities":["fs.read"],"budgets":{"actions":7.5}}', "json-not-allowed", "/budgets/actions"],
    ['{"capabilities":["fs.read"],"budgets":{"actions":-0}}', "json-not-allowed", "/budgets/actions"],
    ['{"capabilities":"fs.read"}', "validation-failed", "/capabilities"],
    ['{"capabilities":null}', "validation-failed", "/capabilities"],
    ["{}", "validation-failed", "/capabilities"],
    // duplicates, names that change order, names that change objects
    ['{"capabilities":["fs.read"],"capabilities":["fs.write"]}', "json-not-allowed", "/capabilities"],
    ['{"capabilities":["fs.read"],"labels":{"a":"1","\\u0061":"2"}}', "json-not-allowed", "/labels/a"],
    ['{"capabilities":["fs.read"],"labels":{"1":"x"}}', "json-not-allowed", "/labels/1"],
    ['{"capabilities":["fs.read"],"__proto__":{"x":1}}', "json-not-allowed", "/__proto__"],
    ['{"capabilities":["fs.read"],"intent":"\\ud800"}', "json-not-allowed", "/intent"],
    ['{"capabilities":["fs.read"],"budgets":{"actions":9007199254740993}}', "json-not-allowed", "/budgets/actions"],
    // not JSON at all
    ["", "malformed-json", ""],
    ["{", "malformed-json", ""],
    ['{"capabilities":["fs.read"]} x', "malformed-json", ""],
    ["\uFEFF{}", "malformed-json", ""],
    ['{"capabilities":["fs.read"],}', "malformed-json", ""],
    ["[]", "validation-failed", ""],
    ["null", "validation-failed", ""],
  ] as const;
  for (const [body, code, pointer] of table) {
    const refused = await send("POST", "/v1/runs", { body });
    assert.equal(refused.response.statusCode, 400, body);
    assert.equal(refused.code, code, `${body} → ${JSON.stringify(refused.problem)}`);
    assert.equal(refused.pointer, pointer, body);
    assert.ok(refused.problem.remedy && refused.problem.detail && refused.problem.request_id, body);
  }
  assert.equal(calls.length, 0);
  // Control: the same body without its one mistake.
  assert.equal((await send("POST", "/v1/runs", { body: START })).response.statusCode, 200);
});

test("http: raw members may be any JSON two readers agree on, and are handed on byte for byte", async () => {
  const { send, calls } = serve();
  const args = '{ "b": 1.50,\t"a": [1e2, "\\u0041"], "1": -0, "nested": {"__proto__": 1} }';
  const url = `/v1/runs/${RUN}/actions`;
  await send("POST", url, { body: `{"tool":"x","args":${args},"intent":"y"}` });
  const { call } = calls[0]!;
  assert.equal(Buffer.from(call.raw("/args")!).toString(), args);
  assert.equal(call.raw("/intent"), undefined);
  assert.equal(call.raw("/tool"), undefined);
  for (const [body, code, pointer] of [
    ['{"tool":"x","args":{"a":1,"a":2}}', "json-not-allowed", "/args/a"],
    ['{"tool":"x","args":"\\udc00"}', "json-not-allowed", "/args"],
    ['{"tool":"x","args":{},"cost_cents":1.5}', "validation-failed", "/cost_cents"],
    ['{"tool":"x","args":{},"cost_cents":-0}', "validation-failed", "/cost_cents"],
    ['{"tool":"x"}', "validation-failed", "/args"],
    ['{"tool":"x","args":{},"decision":"ALLOW"}', "unknown-member", "/decision"],
  ] as const) {
    const refused = await send("POST", url, { body });
    assert.deepEqual([refused.code, refused.pointer], [code, pointer], body);
  }
});

test("http: queries and path parameters are checked as strictly", async () => {
  const { send, calls } = serve();
  for (const [url, status, code, pointer] of [
    ["/v1/runs?limit=07", 400, "validation-failed", "/limit"],
    ["/v1/runs?limit=7&limit=8", 400, "validation-failed", "/limit"],
    ["/v1/runs?limt=7", 400, "unknown-member", "/limt"],
    ["/v1/runs?agent=%zz", 400, "malformed-http", undefined],
    ["/v1/runs?agent=%ff", 400, "malformed-http", undefined],
    ["/v1/runs?__proto__=1", 400, "unknown-member", "/__proto__"],
    ["/v1/checkpoint?x=1", 400, "unknown-member", "/x"],
    ["/v1/runs/run_nonsense", 404, "not-found", undefined],
    ["/v1/runs/%zz", 400, "malformed-http", undefined],
    [`/v1/runs/${"a".repeat(5000)}`, 404, "not-found", undefined],
    ["/v1/payloads/sha256:..%2f..%2fetc", 404, "not-found", undefined],
    ["/v1/nothing", 404, "not-found", undefined],
    ["/", 404, "not-found", undefined],
    ["/v1/runs/", 404, "not-found", undefined],
  ] as const) {
    const refused = await send("GET", url, { as: "auditor" });
    assert.deepEqual([refused.response.statusCode, refused.code, refused.pointer], [status, code, pointer], url);
  }
  assert.equal(calls.length, 0);
  assert.equal((await send("GET", "/v1/runs?limit=7&agent=a%2Bb", { as: "auditor" })).response.statusCode, 200);
  assert.deepEqual({ ...(calls[0]!.call.query as unknown as object) }, { limit: "7", agent: "a+b" });
});

test("http: who is not known, not allowed or not writing properly is refused before the body is read", async () => {
  const { send, calls } = serve();
  const broken = "{ not even json";
  const table = [
    [{ as: null, body: broken }, 401, "unauthenticated"],
    [{ as: "nobody", body: broken }, 401, "unauthenticated"],
    [{ as: "auditor", body: broken }, 403, "forbidden"],
    [{ body: broken, headers: { "idempotency-key": "" } }, 400, "idempotency-key-missing"],
    [{ body: broken, headers: { "idempotency-key": "a b" } }, 400, "idempotency-key-missing"],
    [{ body: broken, headers: { "idempotency-key": "x".repeat(129) } }, 400, "idempotency-key-missing"],
    [{ body: broken, headers: { "content-type": "text/plain" } }, 415, "unsupported-media-type"],
    [{ body: broken, headers: { "content-type": "application/json; charset=latin1" } }, 415, "unsupported-media-type"],
    [{ body: broken, headers: { "content-encoding": "gzip" } }, 415, "unsupported-media-type"],
    [{ body: "x".repeat(16 * 1024 + 1) }, 413, "body-too-large"],
  ] as const;
  for (const [options, status, code] of table) {
    const refused = await send("POST", "/v1/runs", options);
    assert.deepEqual([refused.response.statusCode, refused.code], [status, code], JSON.stringify(options).slice(0, 80));
  }
  assert.equal(
    (await send("POST", "/v1/runs", { as: null, body: START })).response.headers["www-authenticate"],
    'Bearer realm="countersign"',
  );
  assert.equal(calls.length, 0);
  const utf8 = await send("POST", "/v1/runs", {
    body: START,
    headers: { "content-type": 'application/json; charset="UTF-8"' },
  });
  assert.equal(utf8.response.statusCode, 200);
});

test("http: a GET takes no body and needs no key; what it takes of methods stands in Allow", async () => {
  const { send } = serve();
  assert.equal((await send("GET", "/v1/runs", { as: "auditor", body: "{}" })).code, "validation-failed");
  for (const method of ["HEAD", "OPTIONS", "DELETE", "PATCH", "PUT"]) {
    const { response } = await send(method, "/v1/runs");
    assert.equal(response.statusCode, 405, method);
    assert.equal(response.headers.allow, "POST, GET");
    assert.equal(response.headers["access-control-allow-origin"], undefined);
  }
  assert.equal((await send("POST", "/v1/health")).code, "method-not-allowed");
  assert.equal((await send("GET", "/v1/health", { as: null })).response.statusCode, 200);
  assert.equal((await send("GET", "/v1/health", { as: "nobody" })).code, "unauthenticated");
});

test("http: every operation refuses every role that is not in its row, and takes those that are", async () => {
  const { send } = serve(async (name) => (routes[name].answer === "json" ? {} : "x"));
  let refusedCount = 0;
  for (const [name, route] of Object.entries(routes)) {
    const url = `/v1${route.path
      .replace(
        /:(\w+)_id/g,
        (_, noun: string) =>
          ({
            run: RUN,
            action: "act_01jd0000000000000000000000",
            permit: "prm_01jd0000000000000000000000",
            approval: "apr_01jd0000000000000000000000",
            event: "evt_01jd0000000000000000000000",
            vote: "v",
          })[noun] ?? "x",
      )
      .replace(":digest", `sha256:${"0".repeat(64)}`)
      .replace("*", "0/000")}`;
    for (const role of Object.keys(callers) as Caller["role"][]) {
      const { response } = await send(route.method, url, { as: role });
      const allowed = route.roles.includes("public") || route.roles.includes(role);
      assert.equal(response.statusCode === 403, !allowed, `${name} as ${role}: ${response.statusCode}`);
      if (!allowed) refusedCount++;
    }
  }
  assert.ok(refusedCount > 50);
});

test("http: a writer learns the newest checkpoint, also when it is refused; a reader or stranger does not", async () => {
  const { send } = serve();
  const note = Buffer.from("origin\n1\nroot\n").toString("base64");
  assert.equal((await send("POST", "/v1/runs", { body: START })).response.headers["countersign-checkpoint"], note);
  assert.equal((await send("POST", "/v1/runs", { body: "{" })).response.headers["countersign-checkpoint"], note);
  assert.equal(
    (await send("POST", "/v1/runs", { as: "nobody", body: "{" })).response.headers["countersign-checkpoint"],
    undefined,
  );
  assert.equal(
    (await send("GET", "/v1/runs", { as: "auditor" })).response.headers["countersign-checkpoint"],
    undefined,
  );
});

test("http: what nobody foresaw says nothing about the inside; what is busy says when to come back", async () => {
  const { send } = serve(async (name) => {
    if (name === "startRun") throw new Error("password is hunter2");
    throw new CountersignError("core:overloaded");
  });
  const internal = await send("POST", "/v1/runs", { body: START });
  assert.deepEqual([internal.response.statusCode, internal.code], [500, "internal"]);
  assert.equal(internal.response.body.includes("hunter2"), false);
  const busy = await send("POST", `/v1/runs/${RUN}/close`, { body: '{"status":"completed"}' });
  assert.deepEqual([busy.response.statusCode, busy.response.headers["retry-after"]], [503, "1"]);
});

test("http: bodies together may hold only so much memory, and it is given back", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { send } = serve(async () => {
    await held;
    return {};
  });
  const announce = (bytes: number) => ({
    body: '{"tool":"x","args":{}}',
    headers: { "content-length": String(bytes) },
  });
  const url = `/v1/runs/${RUN}/actions`;
  const big = Buffer.alloc(60 * 1024 * 1024, 0x20);
  big.write('{"tool":"x","args":{}}');
  const first = send("POST", url, { body: big });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await send("POST", url, announce(60 * 1024 * 1024))).code, "core:overloaded");
  release();
  assert.equal((await first).response.statusCode, 200);
  assert.equal((await send("POST", url, { body: big })).response.statusCode, 200);
});

test("http: two keys in one request are nobody's", async () => {
  const { http } = serve();
  const port = await http.listen("127.0.0.1", 0);
  const ask = (...keys: string[]) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      let answer = "";
      socket.on("data", (bytes) => {
        answer += bytes.toString();
      });
      socket.on("error", reject);
      socket.on("close", () => resolve(answer));
      const lines = keys.map((key) => `authorization: Bearer ${key}\r\n`).join("");
      socket.write(`GET /v1/runs HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${lines}\r\n`);
    });
  try {
    assert.match(await ask("auditor", "agent"), /^HTTP\/1\.1 400 .*malformed-http/s);
    assert.match(await ask("auditor"), /^HTTP\/1\.1 200 /); // control
  } finally {
    await http.close();
  }
});

test("http: stopping aborts what waits, answers it, and takes nothing new", async () => {
  const { http, send } = serve(async (_name, call) => {
    if (!call.signal.aborted) await new Promise((resolve) => call.signal.addEventListener("abort", resolve));
    return { status: "ok" };
  });
  const waiting = send("GET", `/v1/runs/${RUN}`);
  await new Promise((resolve) => setImmediate(resolve));
  await http.close();
  assert.equal((await waiting).response.statusCode, 200);
  const late = await send("GET", `/v1/runs/${RUN}`).catch((error: unknown) => error);
  assert.ok(late instanceof Error || (late as { code?: string }).code === "core:stopping");
});

test("http: the API describes itself and its refusals without anything that runs or loads", async () => {
  const { send } = serve();
  for (const path of ["/docs", "/docs/errors", "/v1/openapi.json"]) {
    const { response } = await send("GET", path, { as: null });
    assert.equal(response.statusCode, 200, path);
    assert.match(String(response.headers["content-security-policy"]), /default-src 'none'/);
    assert.equal(/<script|src=|@import|url\(/.test(response.body.replaceAll('\\"', "")), false, path);
  }
  const described = Object.keys((await send("GET", "/v1/openapi.json", { as: null })).response.json().paths);
  const paths = [...Object.values(routes), ...Object.values(pageRoutes)].map((route) => route.path);
  assert.equal(described.length, new Set(paths).size);
  assert.match((await send("GET", "/docs/errors", { as: null })).response.body, /id="core-overloaded"/);
});
