import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Id } from "@countersign/evidence/ids";
import { asOperator } from "../ledger/testing.ts";
import { openPeopleTest, TENANT } from "../people-testing.ts";
import { DEFAULT_SESSION_LIFE } from "./faces.ts";
import { MAX_SESSIONS } from "./sessions.ts";
import { sessions } from "./tables.ts";

const people = await openPeopleTest();
after(() => people.close());
const { idleMs, lifeMs } = DEFAULT_SESSION_LIFE;
const closed = () => people.events().filter((event) => event.type === "session.closed");
const lastReason = () => closed().at(-1)?.reason.code;
const APPROVALS = "/v1/approvals";

test("sessions: the API takes a session in place of a key, in a role the person holds", async () => {
  const dana = await people.person("dana", ["approver", "auditor"]);
  const session = await dana.call("getSession");
  const reply = await dana.send("GET", APPROVALS);
  assert.equal(reply.status, 200);
  const caller = people.callers.at(-1)!;
  assert.deepEqual(caller.holder, { kind: "person", id: session.person });
  assert.equal(caller.role, "approver");
  assert.deepEqual(reply.body.actor, { type: "person", id: session.person, session: session.session_id });
  assert.equal((await dana.send("GET", "/v1/runs")).status, 200); // as auditor
  assert.equal(people.callers.at(-1)!.role, "auditor");
  const forbidden = await dana.send("POST", "/v1/runs", { body: { capabilities: [] } });
  assert.deepEqual([forbidden.status, forbidden.code], [403, "forbidden"]);
});

test("sessions: without a cookie there is no caller, and a key is looked at first", async () => {
  assert.equal((await people.browser().send("GET", APPROVALS)).code, "unauthenticated");
  const dana = await people.person("dana-2");
  const reply = await dana.send("GET", APPROVALS, { headers: { authorization: "Bearer csk_wrong" } });
  assert.equal(reply.code, "unauthenticated");
  const odd = await dana.send("GET", APPROVALS, { headers: { authorization: "Basic abc" } });
  assert.equal(odd.code, "unauthenticated");
});

test("sessions: a cookie with any part changed opens nothing", async () => {
  const dana = await people.person("dana-3");
  const name = "countersign-7070";
  const { value } = dana.cookies.get(name)!;
  const [tenant, id, secret] = value.split(".") as [string, string, string];
  const otherId = id.slice(0, -1) + (id.endsWith("0") ? "1" : "0");
  const bent = (secret.startsWith("A") ? "B" : "A") + secret.slice(1);
  for (const bad of [`other.${id}.${secret}`, `${tenant}.${otherId}.${secret}`, `${tenant}.${id}.${bent}`]) {
    dana.cookies.set(name, { value: bad, sameSite: "Lax" });
    assert.equal((await dana.send("GET", APPROVALS)).code, "session-ended", bad);
    dana.cookies.set(name, { value, sameSite: "Lax" });
    assert.equal((await dana.send("GET", APPROVALS)).status, 200); // control
  }
  // Twice the same name is somebody else's doing: neither counts.
  const twice = await dana.send("GET", APPROVALS, { headers: { cookie: `${name}=${value}; ${name}=${value}` } });
  assert.equal(twice.code, "unauthenticated");
});

test("sessions: signing in gives a new session and ends the one the browser had", async () => {
  const dana = await people.person("dana-4");
  const before = await dana.call("getSession");
  const old = new Map(dana.cookies);
  const now = await dana.signIn();
  assert.notEqual(now.session_id, before.session_id);
  assert.equal(lastReason(), "REPLACED");
  for (const [name, cookie] of old) assert.notEqual(dana.cookies.get(name)?.value, cookie.value);
  const fixed = people.browser();
  for (const [name, cookie] of old) fixed.cookies.set(name, cookie);
  assert.equal((await fixed.send("GET", APPROVALS)).code, "session-ended");
});

test("sessions: a confirmation replaces the session and is fresh for five minutes", async () => {
  const dana = await people.person("dana-5", ["admin"]);
  const before = await dana.call("getSession");
  people.clock.advance(5 * 60_000);
  assert.equal((await dana.call("getSession")).stepped_up_until, null);
  const invitation = { person: "new", roles: ["approver" as const], approver_roles: [] };
  assert.equal((await dana.ask("invitePerson", invitation)).code, "step-up-required");
  const confirmed = await dana.stepUp();
  assert.notEqual(confirmed.session_id, before.session_id);
  assert.equal((await dana.ask("invitePerson", invitation)).status, 201);
  // Another person's passkey confirms nothing.
  const eve = await people.person("eve");
  const options = await dana.call("startStepUp", {});
  const assertion = eve.authenticator.get(options);
  assert.equal((await dana.ask("finishStepUp", { assertion })).code, "sign-in-refused");
});

test("sessions: signing out ends it everywhere, takes the cookies and is an event", async () => {
  const dana = await people.person("dana-6");
  const copy = people.browser();
  for (const [name, cookie] of dana.cookies) copy.cookies.set(name, cookie);
  assert.equal((await copy.send("GET", APPROVALS)).status, 200); // control
  await dana.call("closeSession", {});
  assert.equal(dana.cookies.size, 0);
  assert.equal(lastReason(), "SIGNED_OUT");
  assert.equal((await copy.send("GET", "/v1/session")).code, "session-ended");
  assert.equal(copy.cookies.size, 0);
});

test("sessions: idle for half an hour they end, in use they go on, after twelve hours they end whatever happens", async () => {
  const dana = await people.person("dana-7");
  people.clock.advance(idleMs);
  assert.equal((await dana.send("GET", APPROVALS)).code, "session-ended");
  await people.sweep();
  assert.equal(lastReason(), "IDLE");
  await dana.signIn();
  const started = people.clock.nowMs();
  while (people.clock.nowMs() - started < lifeMs - idleMs) {
    people.clock.advance(idleMs - 60_000);
    assert.equal((await dana.call("getSession")).method, "passkey");
    await settle();
  }
  people.clock.advance(lifeMs - (people.clock.nowMs() - started));
  assert.equal((await dana.send("GET", APPROVALS)).code, "session-ended");
  await people.sweep();
  assert.equal(lastReason(), "EXPIRED");
  assert.equal(people.ledger.reader(TENANT)!.list(sessions, "key", [], {}).length, 0);
});

test("sessions: one is marked as seen at most once a minute", async () => {
  const dana = await people.person("dana-8");
  const { session_id } = await dana.call("getSession");
  const seen = () => people.ledger.reader(TENANT)!.row(sessions, { session_id })!.seen_ms;
  const first = seen();
  people.clock.advance(60_000);
  await dana.call("getSession");
  await settle();
  assert.equal(seen(), first);
  people.clock.advance(1);
  await dana.call("getSession");
  await settle();
  assert.equal(seen(), first + 60_001);
});

test("sessions: a person sees theirs and ends all others, then all", async () => {
  const dana = await people.person("dana-9");
  const laptop = people.browser();
  laptop.authenticator.keys.push(...dana.authenticator.keys);
  await laptop.signIn();
  const { sessions: open } = await laptop.call("listSessions");
  assert.deepEqual(open.map(({ current }) => current).sort(), [false, true]);
  assert.deepEqual(await laptop.call("closeSessions", { others_only: true }), { closed: 1 });
  assert.equal((await dana.send("GET", APPROVALS)).code, "session-ended");
  assert.equal((await laptop.send("GET", APPROVALS)).status, 200); // control
  assert.deepEqual(await laptop.call("closeSessions", { others_only: false }), { closed: 1 });
  assert.equal(laptop.cookies.size, 0);
});

test("sessions: an admin ends another person's, an approver does not", async () => {
  const admin = await people.person("root", ["admin"]);
  const dana = await people.person("dana-10");
  const { person } = await dana.call("getSession");
  assert.equal((await dana.ask("closeSessionsOf", {}, { person })).code, "forbidden");
  assert.deepEqual(await admin.call("closeSessionsOf", {}, { person }), { closed: 1 });
  assert.equal((await dana.send("GET", APPROVALS)).code, "session-ended");
  assert.equal(lastReason(), "REVOKED_BY_ADMIN");
});

test("sessions: a person has so many at once; one more ends the oldest", async () => {
  const dana = await people.person("dana-11");
  people.clock.advance(1);
  const first = people.browser();
  first.authenticator.keys.push(...dana.authenticator.keys);
  await first.signIn();
  for (let n = 0; n < MAX_SESSIONS - 1; n++) {
    people.clock.advance(1);
    const browser = people.browser();
    browser.authenticator.keys.push(...dana.authenticator.keys);
    await browser.signIn();
  }
  assert.equal((await dana.send("GET", APPROVALS)).code, "session-ended");
  assert.equal((await first.send("GET", APPROVALS)).status, 200); // control: the next oldest goes on
});

test("sessions: they end with the person and with the passkey that opened them", async () => {
  const dana = await people.person("dana-12");
  const { person, passkeys } = await dana.call("getSession");
  const erin = await people.person("erin-12");
  const { person: other } = await erin.call("getSession");
  const by = asOperator(TENANT);
  const revoke = {
    name: "test.revoke",
    needs: () => ({}),
    run: (tx: Parameters<Parameters<typeof people.ledger.submit>[0]["run"]>[0]) => {
      const reason = { code: "LOST" };
      tx.append("approver.key.revoked", { enrolment: { person, kid: passkeys[0]!.kid }, reason });
      tx.append("person.removed", { person: { alias: other as Id<"usr"> }, reason });
      return null;
    },
  };
  assert.equal((await dana.send("GET", APPROVALS)).status, 200); // control
  assert.equal((await erin.send("GET", APPROVALS)).status, 200); // control
  await people.ledger.submit(revoke, undefined, by);
  assert.equal((await dana.send("GET", APPROVALS)).code, "session-ended");
  assert.equal((await erin.send("GET", APPROVALS)).code, "session-ended");
  await assert.rejects(dana.signIn(), /sign-in-refused/);
  await assert.rejects(erin.signIn(), /sign-in-refused/);
});

test("sessions: the log names the session and holds no secret of it", async () => {
  const dana = await people.person("dana-13");
  const text = JSON.stringify(people.events());
  const secrets = [...dana.cookies.values()].map(({ value }) => value.split(".").at(-1)!);
  assert.equal(secrets.length, 2);
  for (const secret of secrets) assert.equal(text.includes(secret), false);
  assert.ok(text.includes((await dana.call("getSession")).session_id)); // control
});

/** A session is marked as seen after its request was answered: the next command of the ledger comes behind it. */
async function settle(): Promise<void> {
  const nothing = { name: "test.nothing", needs: () => ({}), run: () => null };
  await people.ledger.submit(nothing, undefined, asOperator(TENANT));
}
