import assert from "node:assert/strict";
import { after, test } from "node:test";
import { parseBase64Url } from "@countersign/evidence/base64";
import { approverKeyOf } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import { openPeopleTest, TENANT } from "../people-testing.ts";
import type { Lies } from "./authenticator-testing.ts";
import { refuseAddress } from "./passkeys.ts";
import { parsePublicUrl } from "./public-url.ts";

const people = await openPeopleTest({ moreTenants: ["other"] });
after(() => people.close());
const dana = await people.person("dana");

test("passkeys: what was enrolled is the raw point of an ES256 key, its rp id pinned by the log", () => {
  const enrolled = people.events().find((event) => event.type === "approver.key.enrolled")!;
  const { key, method, rp_id } = enrolled.enrolment;
  assert.equal(method, "webauthn");
  assert.equal(rp_id, "localhost");
  assert.equal(key.alg, "es256");
  const point = parseBase64Url(key.x!)!;
  assert.equal(point.length, 65);
  assert.equal(point[0], 4);
});

test("passkeys: a person signs in with theirs, and the session says by which", async () => {
  const session = await dana.signIn();
  assert.equal(session.method, "passkey");
  assert.equal(session.name, "dana");
  assert.deepEqual(session.roles, ["approver"]);
  assert.notEqual(session.stepped_up_until, null);
  assert.equal(session.passkeys.length, 1);
  const opened = people.events().findLast((event) => event.type === "session.opened")!;
  assert.deepEqual(opened.actor, { type: "person", id: session.person, session: session.session_id });
});

const lies: readonly (readonly [string, Lies])[] = [
  ["with the user not verified", { userVerified: false }],
  ["with the user absent", { userPresent: false, userVerified: false }],
  ["for another relying party", { rpId: "evil.example" }],
  ["from another origin", { origin: "http://localhost:7071" }],
  ["from plain http elsewhere", { origin: "http://evil.example" }],
  ["to another challenge", { challenge: Buffer.alloc(32, 7).toString("base64url") }],
  ["to no challenge", { client: { challenge: undefined } }],
  ["of a registration", { client: { type: "webauthn.create" } }],
  ["made inside another site's page", { client: { crossOrigin: true } }],
  ["with another person's handle", { userHandle: Buffer.alloc(16, 9).toString("base64url") }],
];

for (const [what, lie] of lies) {
  test(`passkeys: an assertion ${what} signs nobody in`, async () => {
    const browser = people.browser();
    const options = await browser.call("startPasskeySignIn", { tenant: TENANT });
    const key = dana.authenticator.keys[0]!;
    const refused = await browser.ask("finishPasskeySignIn", {
      tenant: TENANT,
      assertion: dana.authenticator.get(options, lie, key),
    });
    assert.deepEqual([refused.status, refused.code], [401, "sign-in-refused"]);
    assert.equal(browser.cookies.size, 0);
    // Control: the same without the lie does.
    const assertion = dana.authenticator.get(options, {}, key);
    await browser.call("finishPasskeySignIn", { tenant: TENANT, assertion });
    assert.equal(browser.cookies.size, 2);
  });
}

test("passkeys: an assertion signs in once", async () => {
  const browser = people.browser();
  const options = await browser.call("startPasskeySignIn", { tenant: TENANT });
  const assertion = dana.authenticator.get(options);
  await browser.call("finishPasskeySignIn", { tenant: TENANT, assertion });
  const again = await people.browser().ask("finishPasskeySignIn", { tenant: TENANT, assertion });
  assert.equal(again.code, "sign-in-refused");
});

test("passkeys: a challenge is for one tenant, one purpose and five minutes", async () => {
  const browser = people.browser();
  const other = await browser.call("startPasskeySignIn", { tenant: "other" });
  const forOther = await browser.ask("finishPasskeySignIn", {
    tenant: TENANT,
    assertion: dana.authenticator.get(other),
  });
  assert.equal(forOther.code, "sign-in-refused");
  const stepUp = await dana.call("startStepUp", {});
  const forStepUp = await browser.ask("finishPasskeySignIn", {
    tenant: TENANT,
    assertion: dana.authenticator.get(stepUp),
  });
  assert.equal(forStepUp.code, "sign-in-refused");
  const late = await browser.call("startPasskeySignIn", { tenant: TENANT });
  people.clock.advance(5 * 60_000);
  const tooLate = await browser.ask("finishPasskeySignIn", {
    tenant: TENANT,
    assertion: dana.authenticator.get(late),
  });
  assert.equal(tooLate.code, "sign-in-refused");
});

test("passkeys: a signature with a bit changed, another's key and an unknown credential sign nobody in", async () => {
  const browser = people.browser();
  const erin = await people.person("erin");
  const options = await browser.call("startPasskeySignIn", { tenant: TENANT });
  const good = dana.authenticator.get(options);
  const bent = Buffer.from(good.signature, "base64url");
  bent[12]! ^= 1;
  const bad = [
    { ...good, signature: bent.toString("base64url") },
    { ...good, id: erin.authenticator.keys[0]!.id },
    { ...good, id: "AAAA" },
    { ...good, authenticator_data: "AAAA" },
    { ...good, client_data: Buffer.from("[]").toString("base64url") },
  ];
  for (const assertion of bad) {
    const refused = await browser.ask("finishPasskeySignIn", { tenant: TENANT, assertion });
    assert.deepEqual([refused.status, refused.code], [401, "sign-in-refused"]);
  }
});

test("passkeys: what cannot be enrolled is refused, and the link is still good", async () => {
  const browser = people.browser();
  const { url } = await people.admin("person.link", { person: "frank" });
  const token = String(url).split("#")[1]!;
  const { passkey } = await browser.call("startSetUp", { token });
  const bad: readonly Lies[] = [
    { userVerified: false },
    { rpId: "evil.example" },
    { origin: "http://localhost:7071" },
    { challenge: Buffer.alloc(32, 7).toString("base64url") },
    { algorithm: -8 },
    { client: { type: "webauthn.get" } },
    { client: { crossOrigin: true } },
  ];
  for (const lie of bad) {
    const refused = await browser.ask("finishSetUp", { token, passkey: browser.authenticator.create(passkey, lie) });
    assert.deepEqual([refused.status, refused.code], [400, "passkey-not-acceptable"], JSON.stringify(lie));
  }
  await browser.call("finishSetUp", { token, passkey: browser.authenticator.create(passkey) }); // control
});

test("passkeys: one passkey cannot be two people's", async () => {
  const browser = people.browser();
  const links = [];
  for (const person of ["grace", "heidi"]) links.push(String((await people.admin("person.link", { person })).url));
  const [first, second] = links.map((link) => link.split("#")[1]!) as [string, string];
  const options = await browser.call("startSetUp", { token: first });
  const passkey = browser.authenticator.create(options.passkey);
  await browser.call("finishSetUp", { token: first, passkey });
  // The same credential, its client data made for the second link's challenge: attestation is not signed.
  const { passkey: other } = await browser.call("startSetUp", { token: second });
  const client = JSON.parse(Buffer.from(passkey.client_data, "base64url").toString()) as object;
  const forged = Buffer.from(JSON.stringify({ ...client, challenge: other.challenge })).toString("base64url");
  const refused = await browser.ask("finishSetUp", { token: second, passkey: { ...passkey, client_data: forged } });
  assert.equal(refused.code, "already-exists");
});

test("passkeys: no passkey is made where the log pins another address", async () => {
  const reader = people.ledger.reader(TENANT)!;
  const code = (url: string) => {
    try {
      refuseAddress(parsePublicUrl(url), reader.control);
      return undefined;
    } catch (refusal) {
      return refusal instanceof CountersignError ? refusal.code : "?";
    }
  };
  assert.equal(code("https://localhost"), undefined); // control: the host is the same
  assert.equal(code("https://gate.example.com"), "rp-id-pinned");
  assert.equal(code("https://192.0.2.7"), "passkey-not-acceptable");
  people.move("https://gate.example.com");
  const how = async () => (await people.browser().send("GET", `/v1/sign-in?tenant=${TENANT}`)).body.passkeys;
  assert.equal(await how(), false);
  people.move("http://localhost:7070");
  assert.equal(await how(), true);
});

test("passkeys: another one is enrolled after a fresh confirmation, and signs in", async () => {
  const ivan = await people.person("ivan");
  people.clock.advance(6 * 60_000);
  assert.equal((await ivan.ask("startEnrolment", {})).code, "step-up-required");
  await ivan.stepUp();
  const options = await ivan.call("startEnrolment", {});
  assert.equal(options.exclude.length, 1);
  const { enrolled, kid } = await ivan.call("finishEnrolment", { passkey: ivan.authenticator.create(options) });
  assert.equal(enrolled, true);
  assert.notEqual(approverKeyOf(people.ledger.reader(TENANT)!.control, kid), undefined);
  const session = await ivan.signIn();
  assert.equal(session.passkeys.length, 2);
});
