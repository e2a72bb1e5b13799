import assert from "node:assert/strict";
import { after, test } from "node:test";
import { MAX_BOOTSTRAP_ACTS } from "@countersign/evidence/control";
import type { Event } from "@countersign/evidence/event";
import { asOperator, OPERATOR } from "../ledger/testing.ts";
import { openPeopleTest, TENANT, type TestBrowser } from "../people-testing.ts";
import { sealTenant } from "../tenants/commands.ts";
import { firstRunLink } from "./first-run.ts";
import { LINK_LIFE_MS } from "./set-up-links.ts";
import { setUpLinks, spentChallenges } from "./tables.ts";

const evaluation = await openPeopleTest();
const production = await openPeopleTest({ kind: "production" });
after(() => Promise.all([evaluation.close(), production.close()]));
/** Who sets the production tenant up. */
const founder = production.browser();
const enrolments = (events: readonly Event[]) => events.filter((event) => event.type === "approver.key.enrolled");

test("set-up: the first link is for whoever started the server, until somebody has a passkey", async () => {
  const link = (await firstRunLink(evaluation.parts, OPERATOR, ["oncall_sre"]))!;
  assert.match(link.url, /^http:\/\/localhost:7070\/setup#acme\.[\w-]{43}$/);
  const browser = evaluation.browser();
  const answer = await browser.setUp(link.url);
  assert.equal(answer.enrolled, true);
  assert.equal(answer.session?.method, "link");
  assert.deepEqual(answer.session?.roles, ["admin", "approver"]);
  assert.deepEqual(answer.session?.approver_roles, ["oncall_sre"]);
  assert.equal(await firstRunLink(evaluation.parts, OPERATOR), undefined);
  await browser.signIn();
});

test("set-up: a link works once, for an hour, until there is a newer one, and only as it was made", async () => {
  const link = async () => String((await evaluation.admin("person.link", { person: "dana" })).url).split("#")[1]!;
  const browser = evaluation.browser();
  const refused = async (token: string) => (await browser.ask("startSetUp", { token })).code;
  const first = await link();
  const second = await link();
  assert.equal(await refused(first), "link-not-valid");
  const bent = second.slice(0, -2) + (second.endsWith("AA") ? "EE" : "AA");
  for (const bad of [bent, second.replace("acme", "other"), "acme.", "x", `${second}x`]) {
    assert.equal(await refused(bad), "link-not-valid", bad);
  }
  assert.equal(await refused(second), undefined); // control
  await browser.setUp(`#${second}`);
  assert.equal(await refused(second), "link-not-valid");
  const third = await link();
  evaluation.clock.advance(LINK_LIFE_MS);
  assert.equal(await refused(third), "link-not-valid");
});

test("set-up: of two who use a link at the same moment one is enrolled", async () => {
  const { url } = await evaluation.admin("person.link", { person: "erin" });
  const before = enrolments(evaluation.events()).length;
  const both = await Promise.allSettled([
    evaluation.browser().setUp(String(url)),
    evaluation.browser().setUp(String(url)),
  ]);
  assert.deepEqual(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  assert.equal(enrolments(evaluation.events()).length, before + 1);
});

test("set-up: the token stands in no event, and what expired is swept away", async () => {
  const { url } = await evaluation.admin("person.link", { person: "frank" });
  const secret = String(url).split(".")[1]!;
  assert.equal(JSON.stringify(evaluation.events()).includes(secret), false);
  const rows = () => {
    const reader = evaluation.ledger.reader(TENANT)!;
    return [setUpLinks, spentChallenges].map((table) => reader.list(table, "by_end", [], {}).length);
  };
  assert.ok(rows().every((count) => count > 0)); // control
  evaluation.clock.advance(LINK_LIFE_MS);
  await evaluation.sweep();
  assert.deepEqual(rows(), [0, 0]);
});

test("set-up: people hold people's roles only", async () => {
  await assert.rejects(evaluation.admin("person.link", { person: "x", roles: ["executor"] }), /usage|People hold/);
  const admin = await evaluation.person("root", ["admin"]);
  const invitation = { person: "x", roles: ["agent" as const], approver_roles: [] };
  assert.equal((await admin.ask("invitePerson", invitation)).code, "validation-failed");
});

test("set-up: an admin's invitation makes another person, whose link a stranger cannot read from the log", async () => {
  const admin = await evaluation.person("root-2", ["admin"]);
  const invitation = { person: "grace", roles: ["approver" as const], approver_roles: ["finance"] };
  const { url, person } = await admin.call("invitePerson", invitation);
  const grace = evaluation.browser();
  const { session } = await grace.setUp(url);
  assert.equal(session?.person, person);
  assert.deepEqual(session?.approver_roles, ["finance"]);
  assert.equal((await grace.ask("invitePerson", invitation)).code, "forbidden");
  const granted = evaluation.events().filter((event) => event.type === "role.granted" && event.grant.person === person);
  const { session_id: id } = await admin.call("getSession");
  assert.ok(granted.every(({ actor }) => actor.session === id));
});

test("set-up: a production tenant marks and counts what one person enrols alone; then it takes two", async () => {
  const link = await firstRunLink(production.parts, OPERATOR);
  await founder.setUp(link!.url);
  for (let n = 1; n < MAX_BOOTSTRAP_ACTS; n++) {
    const { enrolled } = await setUp(production.browser(), `person-${n}`);
    assert.equal(enrolled, true);
  }
  assert.ok(enrolments(production.events()).every((event) => "bootstrap" in event && event.bootstrap === true));
  const waiting = await setUp(production.browser(), "late");
  assert.equal(waiting.enrolled, false);
  assert.equal(waiting.session, undefined);
  assert.equal(enrolments(production.events()).length, MAX_BOOTSTRAP_ACTS);
});

test("set-up: in a sealed tenant a passkey counts once another person has said yes to that very key", async () => {
  await production.ledger.submit(sealTenant, undefined, asOperator(TENANT));
  const admin = founder;
  await admin.signIn();
  const heidi = production.browser();
  const { url } = await production.admin("person.link", { person: "heidi", roles: ["admin"] });
  const token = String(url).split("#")[1]!;
  assert.equal((await heidi.call("startSetUp", { token })).needs_approval, true);
  const waiting = await heidi.setUp(String(url));
  assert.equal(waiting.enrolled, false);
  assert.equal(heidi.cookies.size, 0);
  await assert.rejects(heidi.signIn(), /sign-in-refused/);

  const listed = (await admin.call("listEnrolments")).enrolments.find(({ name }) => name === "heidi")!;
  assert.equal(listed.fingerprint, waiting.fingerprint);
  const params = { enrolment_id: listed.enrolment_id };
  production.clock.advance(6 * 60_000);
  const stale = await admin.ask("decideEnrolment", { answer: "approve", kid: listed.kid }, params);
  assert.equal(stale.code, "step-up-required");
  await admin.stepUp();
  const other = await admin.ask("decideEnrolment", { answer: "approve", kid: "another" }, params);
  assert.equal(other.code, "not-found");
  assert.deepEqual(await admin.call("decideEnrolment", { answer: "approve", kid: listed.kid }, params), {
    enrolled: true,
  });
  const { enrolment } = enrolments(production.events()).at(-1)! as Extract<Event, { type: "approver.key.enrolled" }>;
  assert.equal(enrolment.approved_by, (await admin.call("getSession")).person);
  await heidi.signIn(); // control: now they can

  // Nobody says yes to their own: heidi is an admin now, and adds a passkey.
  const options = await heidi.call("startEnrolment", {});
  const own = await heidi.call("finishEnrolment", { passkey: heidi.authenticator.create(options) });
  assert.equal(own.enrolled, false);
  const mine = (await heidi.call("listEnrolments")).enrolments.find(({ kid }) => kid === own.kid)!;
  const self = await heidi.ask(
    "decideEnrolment",
    { answer: "approve", kid: mine.kid },
    { enrolment_id: mine.enrolment_id },
  );
  assert.equal(self.code, "second-person-required");
  const rejected = { enrolment_id: mine.enrolment_id };
  await admin.call("decideEnrolment", { answer: "reject", kid: mine.kid }, rejected);
  assert.equal((await admin.ask("decideEnrolment", { answer: "approve", kid: mine.kid }, rejected)).code, "not-found");
});

async function setUp(browser: TestBrowser, person: string) {
  return browser.setUp(String((await production.admin("person.link", { person })).url));
}
