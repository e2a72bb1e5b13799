/** The caller's trace stands on the events of its request, and on no other. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { traceOf } from "./base/http.ts";
import { openTestApp } from "./testing.ts";

const server = await openTestApp();
after(() => server.close());
const tenant = "acme";
await server.tenant(tenant, { publish: true });
await server.admin("agent.register", { tenant, id: "files-agent", ceiling: ["fs"], may_execute: true });
const agent = await server.key(tenant, "agent", "files-agent");
const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

const tracesOf = () => {
  const reader = server.app.ledger.reader(tenant)!;
  return Array.from({ length: reader.size }, (_, index) => {
    const event: unknown = JSON.parse(Buffer.from(reader.entry(index)!.bytes).toString());
    return (event as { traceparent?: string }).traceparent; // an event's member, by its schema
  });
};
const begin = (headers: Record<string, string>) =>
  server.send("POST", "/v1/runs", { key: agent, body: { capabilities: ["fs.read"] }, headers });

test("trace: recorded on what the request appended; a header that is none is passed over", async () => {
  const before = tracesOf().length;
  assert.deepEqual(
    tracesOf().filter((trace) => trace !== undefined),
    [],
  );
  assert.equal((await begin({ traceparent: TRACE })).status, 201);
  assert.equal((await begin({ traceparent: "00-zz" })).status, 201);
  assert.equal((await begin({})).status, 201);
  assert.deepEqual(tracesOf().slice(before), [TRACE, undefined, undefined]);
});

test("trace: what W3C Trace Context calls invalid is none", () => {
  assert.equal(traceOf(TRACE), TRACE);
  for (const header of [
    undefined,
    [TRACE, TRACE],
    "",
    `${TRACE}-more`,
    TRACE.toUpperCase(),
    TRACE.replace("00-", "ff-"),
    TRACE.replace("0af7651916cd43dd8448eb211c80319c", "0".repeat(32)),
    TRACE.replace("b7ad6b7169203331", "0".repeat(16)),
  ]) {
    assert.equal(traceOf(header), undefined, String(header));
  }
});
