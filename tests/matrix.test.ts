/**
 * Every operation of the API against every kind of caller: what the pages promise of roles, written out a second time by
 * hand, so that neither the table nor a handler can open a door alone. And one tenant is nothing to another.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { routes } from "@countersign/evidence/generated/wire-shapes";
import type { OperationName } from "@countersign/evidence/wire";
import { ask, holderOf, type Named, openServed, operationNames, pathOf, roleNames } from "./operations.ts";

const served = await openServed();
after(() => served.close());
const { server, mine, other } = served;

const READERS = "auditor admin operator";
/** Who may, by operation. A new operation has no row, and the first test says so. */
const MAY: Record<OperationName, string> = {
  startRun: "agent",
  getRun: `agent executor ${READERS}`,
  closeRun: "agent",
  extendRun: "agent",
  useExtension: "agent",
  requestAction: "agent",
  getAction: `agent executor ${READERS}`,
  startAction: "agent executor",
  startAttempt: "agent executor",
  reportOutcome: "agent executor",
  reportSafety: "agent executor",
  cancelAction: "agent",
  reportBatch: "agent executor",
  listUnnamedReports: READERS,
  putPayload: "agent executor",
  getPayload: "auditor admin",
  listApprovals: `approver ${READERS}`,
  getApproval: `approver ${READERS}`,
  prepareVote: "approver",
  castVote: "approver",
  prepareBreakGlass: "approver",
  signBreakGlass: "approver",
  reviewBreakGlass: "approver auditor",
  revokeApproval: "approver admin",
  placeFreeze: "operator admin",
  listFreezes: READERS,
  liftFreeze: "operator admin",
  reexecute: "auditor admin",
  uploadPolicy: "policy-admin",
  listPolicies: `policy-admin ${READERS}`,
  getPolicy: `policy-admin ${READERS}`,
  getPolicyFiles: `policy-admin ${READERS}`,
  diffPolicies: `policy-admin ${READERS}`,
  startShadow: "policy-admin",
  getShadow: `policy-admin ${READERS}`,
  stopShadow: "policy-admin",
  simulatePolicy: "policy-admin",
  getSimulation: "policy-admin auditor admin",
  acknowledgeSimulation: "policy-admin",
  requestPublication: "policy-admin",
  getPublication: `policy-admin ${READERS}`,
  answerPublication: "policy-admin",
  listRevisions: `policy-admin ${READERS}`,
  listRuns: READERS,
  getTimeline: `agent ${READERS}`,
  listEvents: READERS,
  getEvent: `agent executor approver ${READERS}`,
  getReceipt: `agent executor approver ${READERS}`,
  getCheckpoint: `agent executor approver ${READERS}`,
  getTile: READERS,
  getPermitKeys: "public",
  getHealth: "public",
  getReady: "public",
};

type Row = Readonly<Record<string, "in" | "unauthenticated" | "forbidden" | "credential-expired">>;

/** A refusal of who asks, before what is asked. */
const OF_THE_CALLER = ["unauthenticated", "forbidden", "credential-expired"] as const;
const expired: Record<string, string> = {};
for (const role of roleNames) {
  const about = { tenant: mine.id, role, id: holderOf(role), expires: "2026-04-01T14:01:00.000Z" };
  expired[role] = String((await server.admin("credential.create", about)).key);
}
server.clock.advance(2 * 60_000);

/** What each kind of caller meets; a body that is not one, so that who gets in changes nothing. */
async function observe(name: OperationName): Promise<Row> {
  const row: Record<string, Row[string]> = {};
  const callers: [string, string | undefined][] = [["nobody", undefined]];
  for (const role of roleNames) callers.push([role, mine.keys[role]], [`expired ${role}`, expired[role]]);
  callers.push(["forged", mine.keys.admin.replace(/.{8}$/, "AAAAAAAA")]);
  for (const [who, key] of callers) {
    const answer = await ask(served, name, mine.named, {
      body: { not_a_member: 1 },
      ...(key === undefined ? {} : { key }),
    });
    assert.ok(answer.status < 500, `${name} by ${who}: ${answer.status}`);
    row[who] = OF_THE_CALLER.find((code) => code === answer.code) ?? "in";
  }
  return row;
}

function expectedOf(name: OperationName, may: string): Row {
  const open = may === "public";
  const row: Record<string, Row[string]> = { nobody: open ? "in" : "unauthenticated", forged: "unauthenticated" };
  for (const role of roleNames) {
    row[role] = open || may.split(" ").includes(role) ? "in" : "forbidden";
    row[`expired ${role}`] = "credential-expired";
  }
  assert.ok(name in routes);
  return row;
}

const observed = new Map<OperationName, Row>();

test("matrix: every operation has a row, and no row is of an operation there is not", () => {
  assert.deepEqual(Object.keys(MAY).sort(), [...operationNames].sort());
});

for (const name of operationNames) {
  test(`matrix: ${name}`, async () => {
    const row = await observe(name);
    observed.set(name, row);
    assert.deepEqual(row, expectedOf(name, MAY[name]));
  });
}

test("matrix: a door that stands open, or is shut, would be seen", () => {
  for (const [name, row] of observed) {
    const may = MAY[name].split(" ");
    for (const role of roleNames) {
      const wrong = may.includes(role) ? may.filter((one) => one !== role).join(" ") : `${MAY[name]} ${role}`;
      if (MAY[name] !== "public") assert.notDeepEqual(row, expectedOf(name, wrong || "none"), `${name} ${role}`);
    }
  }
  assert.equal(observed.size, operationNames.length);
});

/** Ids of the same form that name nothing anywhere. */
const nothing: Named = Object.fromEntries(
  Object.entries(mine.named).map(([member, id]) => {
    if (member === "*") return [member, id];
    const unknown = member.endsWith("digest") ? `sha256:${"0".repeat(64)}` : id.replace(/_.*$/, `_${"0".repeat(26)}`);
    return [member, member === "vote_id" ? "vote_BBBBBBBBBBBBBBBBBBBBBB" : unknown];
  }),
);
const withIds = operationNames.filter((name) => /:/.test(routes[name].path));
const callerOf = (name: OperationName) => roleNames.find((role) => MAY[name].split(" ").includes(role))!;
/** An answer without what must differ: the request's id and the ids asked for. */
const words = (text: string, named: Named) =>
  Object.values(named)
    .filter((id) => id.length > 8)
    .reduce((rest, id) => rest.replaceAll(id, "ID"), text)
    .replace(/req-[0-9a-z-]+/g, "REQ");

for (const name of withIds) {
  test(`tenants: ${name} of another tenant's thing is answered like one that is not there, word for word`, async () => {
    for (const role of MAY[name].split(" ") as (typeof roleNames)[number][]) {
      const theirs = await ask(served, name, mine.named, { key: other.keys[role] });
      const none = await ask(served, name, nothing, { key: other.keys[role] });
      assert.equal(theirs.status, 404, `${role}: ${theirs.bytes}`);
      assert.equal(words(theirs.bytes.toString(), mine.named), words(none.bytes.toString(), nothing));
    }
    // Control: in its own tenant it is there, whatever may be done with it.
    const own = await ask(served, name, mine.named, { key: mine.keys[callerOf(name)] });
    if (name !== "castVote" && name !== "signBreakGlass") assert.notEqual(own.status, 404, own.bytes.toString());
  });
}

test("tenants: lists, tiles, cursors and counts hold nothing of another tenant", async () => {
  const ids = Object.entries(mine.named).flatMap(([member, id]) =>
    member === "*" || member === "vote_id" ? [] : [id],
  );
  const seen: string[] = [];
  for (const path of ["/runs", "/approvals", "/events?limit=500", "/freezes", "/tile/entries/000", "/checkpoint"]) {
    const theirs = await server.send("GET", `/v1${path}`, { key: other.keys.auditor });
    assert.ok(theirs.status === 200 || path.startsWith("/tile"), `${path}: ${theirs.status}`);
    for (const id of ids) assert.ok(!contains(theirs.bytes, id), `${path} has ${id}`);
    const own = await server.send("GET", `/v1${path}`, { key: mine.keys.auditor });
    seen.push(...ids.filter((id) => contains(own.bytes, id)));
  }
  // Control: one's own lists do hold them. Permits and payloads stand in events.
  assert.deepEqual(
    ids.filter((id) => !seen.includes(id)),
    [],
  );
  for (const [path, cursor] of [
    ["/runs", mine.named.run_id],
    ["/approvals", mine.named.approval_id],
  ] as const) {
    const theirs = await server.send("GET", `/v1${path}?after=${cursor}`, { key: other.keys.auditor });
    const member = path === "/runs" ? "run_id" : "approval_id";
    const none = await server.send("GET", `/v1${path}?after=${nothing[member]}`, { key: other.keys.auditor });
    assert.equal(theirs.status, none.status);
    assert.equal(words(theirs.bytes.toString(), mine.named), words(none.bytes.toString(), nothing));
  }
});

/** Whether an answer has a text, in the clear or in the base64 of entries. */
function contains(bytes: Buffer, text: string): boolean {
  const all = bytes.toString("latin1");
  if (all.includes(text)) return true;
  return [...all.matchAll(/"entry":"([A-Za-z0-9+/=]+)"/g)].some(([, entry]) =>
    Buffer.from(entry!, "base64").toString("latin1").includes(text),
  );
}

test("tenants: the same idempotency key in two tenants is two requests", async () => {
  const start = { body: { capabilities: ["fs.read"] }, idempotencyKey: "the-same" };
  const one = await server.send("POST", "/v1/runs", { ...start, key: mine.keys.agent });
  const two = await server.send("POST", "/v1/runs", { ...start, key: other.keys.agent });
  const again = await server.send("POST", "/v1/runs", { ...start, key: mine.keys.agent });
  const runOf = ({ body }: typeof one) => (body.run as { run_id: string }).run_id;
  assert.notEqual(runOf(one), runOf(two));
  assert.equal(runOf(again), runOf(one)); // control: within one tenant it is one
  const conflict = { body: { capabilities: ["fs.write"] }, idempotencyKey: "the-same", key: other.keys.agent };
  const refused = await server.send("POST", "/v1/runs", conflict);
  assert.equal(refused.code, "idempotency-conflict");
  assert.ok(!refused.bytes.includes(runOf(one)));
  assert.equal(pathOf("getRun", mine.named), `/v1/runs/${mine.named.run_id}`);
});

/** A request whose body or query names something, and who sends it. */
const naming: readonly (readonly [what: string, role: (typeof roleNames)[number], send: (named: Named) => Sent])[] = [
  ["the run a child hangs on", "agent", (at) => ["/runs", { capabilities: ["fs.read"], parent_run: at.run_id }]],
  ["a payload as context", "agent", (at) => [`/runs/${other.named.run_id}/actions`, { ...read, context: [at.digest] }]],
  [
    "the action it drives again",
    "agent",
    (at) => [`/runs/${other.named.run_id}/actions`, { ...read, redrive_of: at.action_id }],
  ],
  [
    "a payload as an artifact",
    "agent",
    (at) => [`/actions/${startable}/dispatch`, { status: "FAILED", artifacts: [at.digest] }],
  ],
  ["a page after an approval", "auditor", (at) => [`/approvals?after=${at.approval_id}`]],
  ["a page after a run", "auditor", (at) => [`/runs?after=${at.run_id}`]],
  ["events of a run", "auditor", (at) => [`/events?run_id=${at.run_id}`]],
];
type Sent = readonly [path: string, body?: object];
const read = { tool: "read_text_file", args: { path: "/w/a.txt" } };
/** An action of the other tenant that runs, so that an outcome of it is heard. */
let startable = "";

test("tenants: what a body or a query names of another tenant is answered like what is not there", async () => {
  const key = other.keys.agent;
  const asked = await server.send("POST", `/v1/runs/${other.named.run_id}/actions`, { key, body: read });
  startable = (asked.body.action as { action_id: string }).action_id;
  await server.send("POST", `/v1/actions/${startable}/start`, { key, body: {} });
  let found = 0;
  for (const [what, role, send] of naming) {
    const answerTo = (named: Named) => {
      const [path, body] = send(named);
      return server.send(body === undefined ? "GET" : "POST", `/v1${path}`, {
        key: other.keys[role],
        ...(body === undefined ? {} : { body }),
      });
    };
    const sizeBefore = await sizeOf(other.keys.auditor);
    const theirs = await answerTo(mine.named);
    const none = await answerTo(nothing);
    assert.equal(theirs.status, none.status, `${what}: ${theirs.bytes}`);
    assert.equal(words(theirs.bytes.toString(), mine.named), words(none.bytes.toString(), nothing), what);
    assert.equal(await sizeOf(other.keys.auditor), sizeBefore, `${what} is not recorded`);
    // Control: of one's own tenant it is something else.
    const own = await answerTo(other.named);
    if (words(own.bytes.toString(), other.named) !== words(none.bytes.toString(), nothing)) found++;
  }
  assert.equal(found, naming.length);
});

test("tenants: one tenant's work moves no number another can see", async () => {
  const numbers = async () => {
    const events = await server.send("GET", "/v1/events?limit=1", { key: other.keys.auditor });
    const health = await server.send("GET", "/v1/health");
    return [await sizeOf(other.keys.auditor), words(events.bytes.toString(), {}), Object.keys(health.body).sort()];
  };
  const before = await numbers();
  const mineBefore = await sizeOf(mine.keys.auditor);
  await server.send("POST", "/v1/runs", { key: mine.keys.agent, body: { capabilities: ["fs.read"] } });
  assert.deepEqual(await numbers(), before);
  assert.notEqual(await sizeOf(mine.keys.auditor), mineBefore); // control
});

/** The size in the newest checkpoint: the second line of the note. */
async function sizeOf(key: string): Promise<string | undefined> {
  const note = await server.send("GET", "/v1/checkpoint", { key });
  return note.bytes.toString().split("\n")[1];
}
