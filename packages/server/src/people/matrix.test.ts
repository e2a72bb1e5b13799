/**
 * Every operation of the pages against every kind of caller. The expectations are made from the table, so an operation
 * without a row cannot be; what the table says is checked against who may do what by the roles' own words.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, test } from "node:test";
import { routes } from "@countersign/evidence/generated/people-shapes";
import type { PeopleOperationName } from "@countersign/evidence/people-schema";
import { makeApiKey } from "../base/auth.ts";
import { asOperator } from "../ledger/testing.ts";
import { openPeopleTest, TENANT, type TestBrowser } from "../people-testing.ts";
import { issueCredential } from "../tenants/commands.ts";
import { personRoles } from "./set-up-links.ts";

const people = await openPeopleTest({ moreTenants: ["other"] });
after(() => people.close());
const principals = new Map<string, TestBrowser>([["nobody", people.browser()]]);
for (const role of personRoles) principals.set(role, await people.person(`a-${role}`, [role]));
const names = Object.keys(routes) as PeopleOperationName[]; // the table's keys are its operations

/** What may be done without being signed in: nothing that reads or changes anybody's state but by proof of a secret. */
const PUBLIC = [
  "getSignIn",
  "startPasskeySignIn",
  "finishPasskeySignIn",
  "startOidcSignIn",
  "finishOidcSignIn",
  "startSetUp",
  "finishSetUp",
];
const ADMIN = ["closeSessionsOf", "listEnrolments", "decideEnrolment", "invitePerson"];

test("matrix: the table opens to the public and to admins what it should, and nothing else", () => {
  const having = (role: string) => names.filter((name) => (routes[name].roles as readonly string[]).includes(role));
  assert.deepEqual(having("public"), PUBLIC);
  assert.deepEqual(
    having("admin").filter((name) => name !== "listPeople"),
    ADMIN,
  );
});

/** A refusal of who asks, before what is asked. */
const REFUSED_CALLER = new Set(["unauthenticated", "forbidden", "session-ended", "cross-site-request"]);

for (const [role, browser] of principals) {
  test(`matrix: ${role} gets to the operations of the role and to no other`, async () => {
    for (const name of names) {
      // What would end the session is asked of a copy that has none.
      if (name === "closeSession" || name === "closeSessions") continue;
      const { method, path, roles } = routes[name];
      const url = `/v1${path.replace(":person", "usr_01jd0000000000000000000000").replace(":enrolment_id", "enr_x")}`;
      const reply = await browser.send(method, url, method === "POST" ? { body: { not: "a member" } } : {});
      const allowed = roles.some((one) => one === "public" || one === role || (one === "person" && role !== "nobody"));
      const gotThrough = !REFUSED_CALLER.has(reply.code ?? "");
      assert.equal(gotThrough, allowed, `${name}: ${reply.status} ${reply.code}`);
      assert.ok(reply.status < 500, name);
    }
  });
}

test("matrix: a key opens no page's operation, whatever its role", async () => {
  const secret = randomBytes(32);
  const { secretHash } = makeApiKey(TENANT, `key_${"0".repeat(26)}`, secret);
  const order = { role: "admin" as const, holder: { kind: "service" as const, id: "root" }, secretHash };
  const { answer } = await people.ledger.submit(issueCredential, order, asOperator(TENANT));
  const headers = { authorization: `Bearer ${makeApiKey(TENANT, answer.id, secret).text}` };
  const browser = people.browser();
  assert.equal((await browser.send("GET", "/v1/runs", { headers })).status, 200); // control
  for (const name of names.filter((one) => !PUBLIC.includes(one))) {
    const { method, path } = routes[name];
    const reply = await browser.send(method, `/v1${path}`, { headers, ...(method === "POST" ? { body: {} } : {}) });
    assert.equal(reply.code, "unauthenticated", name);
  }
});

test("matrix: one tenant's person is nobody in another", async () => {
  const mallory = await people.person("mallory", ["admin"], "other");
  const dana = await people.person("dana");
  const { person } = await dana.call("getSession");
  assert.equal((await mallory.ask("closeSessionsOf", {}, { person })).code, "not-found");
  assert.deepEqual(
    (await mallory.call("listPeople")).people.map(({ name }) => name),
    ["mallory"],
  );
  const options = await mallory.call("startPasskeySignIn", { tenant: TENANT });
  const assertion = mallory.authenticator.get(options);
  assert.equal((await mallory.ask("finishPasskeySignIn", { tenant: TENANT, assertion })).code, "sign-in-refused");
  // A session's cookie under the other tenant's name finds nothing there.
  const { value } = mallory.cookies.get("countersign-7070")!;
  mallory.cookies.set("countersign-7070", { value: value.replace("other", TENANT), sameSite: "Lax" });
  assert.equal((await mallory.ask("getSession")).code, "session-ended");
});

test("matrix: hostile bodies are refused by name, never with a 5xx", async () => {
  const browser = people.browser();
  const bodies = [
    "",
    "null",
    "[]",
    '{"tenant":1}',
    '{"tenant":"acme","tenant":"acme"}',
    '{"__proto__":{}}',
    "{",
    "\u0000",
  ];
  for (const name of names.filter((one) => routes[one].method === "POST" && PUBLIC.includes(one))) {
    for (const text of bodies) {
      const headers = { "content-type": "application/json", "sec-fetch-site": "same-origin", "countersign-page": "1" };
      const reply = await browser.raw(`/v1${routes[name].path}`, text, headers);
      assert.ok(reply >= 400 && reply < 500, `${name} ${text}: ${reply}`);
    }
  }
  const form = { "content-type": "application/x-www-form-urlencoded", "countersign-page": "1" };
  assert.equal(await browser.raw("/v1/sign-in/passkey/options", "tenant=acme", form), 403);
  assert.equal(
    await browser.raw("/v1/sign-in/passkey/options", "tenant=acme", { ...form, "sec-fetch-site": "same-origin" }),
    415,
  );
});
