import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import { openPeopleTest, TENANT } from "../people-testing.ts";
import { signInProjections } from "./projections.ts";
import { oidcOf, publicUrlOf, type SignInConfig } from "./settings.ts";
import { sessions } from "./tables.ts";

const people = await openPeopleTest();
after(() => people.close());

test("settings: without a public URL it is this machine's port, once there is one", () => {
  let port = 0;
  const url = publicUrlOf({}, () => port);
  port = 8080;
  assert.equal(url().origin, "http://localhost:8080");
  assert.equal(publicUrlOf({ publicUrl: "https://gate.example.com" }, () => port)().origin, "https://gate.example.com");
});

test("settings: an identity provider is named whole or not at all", () => {
  assert.equal(oidcOf({}), undefined);
  const whole = { oidcIssuer: "https://id.example.com", oidcClientId: "countersign" };
  assert.deepEqual(oidcOf(whole), { issuer: "https://id.example.com", clientId: "countersign" });
  assert.deepEqual(oidcOf({ ...whole, oidcRoles: "groups: sre=approver, audit = auditor" })?.roles, {
    claim: "groups",
    map: { sre: "approver", audit: "auditor" },
  });
  const bad: readonly SignInConfig[] = [
    { oidcClientId: "countersign" },
    { oidcIssuer: "https://id.example.com" },
    { ...whole, oidcIssuer: "http://id.example.com" },
    { ...whole, oidcIssuer: "id.example.com" },
    { ...whole, oidcRoles: "sre=approver" },
    { ...whole, oidcRoles: "groups: sre" },
    { ...whole, oidcRoles: "groups: sre=root" },
    { ...whole, oidcRoles: "groups: sre=executor" },
    { ...whole, oidcRoles: "groups: sre=approver, sre=admin" },
  ];
  for (const config of bad) {
    assert.throws(
      () => oidcOf(config),
      (error) => error instanceof CountersignError && error.code === "usage",
    );
  }
});

test("projections: the sessions in the table are those the log knows", async () => {
  const [first] = await Promise.all([people.person("dana"), people.person("erin")]);
  await first.signIn();
  const fold = signInProjections[0]!.fold(TENANT, {});
  people.events().forEach((event, index) => {
    fold.step(event, { index, leaf: "" });
  });
  const rows = people.ledger.reader(TENANT)!.list(sessions, "key", [], {});
  const told = rows.map(({ session_id, person, method, opened_ms, expires_ms }) => ({
    session_id,
    person,
    method,
    opened_ms,
    expires_ms,
  }));
  const byId = (a: { session_id: string }, b: { session_id: string }) => (a.session_id < b.session_id ? -1 : 1);
  assert.equal(rows.length, 2);
  const expected = [...fold.rows(() => [])].map((row) => {
    const { session_id, person, method, opened_ms, expires_ms } = row as (typeof told)[number]; // what follows as it is
    return { session_id, person, method, opened_ms, expires_ms };
  });
  assert.deepEqual(expected.sort(byId), told.sort(byId));
});
