import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { after, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import { asOperator } from "../ledger/testing.ts";
import { openPeopleTest, TENANT, type TestBrowser } from "../people-testing.ts";
import { rolesOfClaims } from "./oidc-sign-in.ts";
import { ISSUER, openTestProvider } from "./oidc-testing.ts";

const provider = openTestProvider({ "sub-dana": ["sre", "everyone"] });
const rogue = openTestProvider({}, "http://localhost:9081");
const people = await openPeopleTest({ oidc: provider.settings, moreTenants: ["other"] });
after(() => people.close());
const link = (person: string, subject: string) => people.admin("person.identity", { person, issuer: ISSUER, subject });
await link("dana", "sub-dana");
await link("mallory", "sub-mallory");

const start = async (browser: TestBrowser, returnTo?: string, tenant = TENANT) =>
  (await browser.call("startOidcSignIn", { tenant, ...(returnTo === undefined ? {} : { return_to: returnTo }) }))
    .location;

/** The provider sends the browser back: a navigation from another site. */
const come = async (browser: TestBrowser, back: URL) => {
  const headers = { "sec-fetch-site": "cross-site", "countersign-page": undefined };
  const reply = await browser.send("GET", back.pathname + back.search, { headers, crossSite: true });
  return { ...reply, location: String(reply.headers.location) };
};
const refused = { location: "/sign-in?refused=sign-in-refused" };

async function expectRefused(browser: TestBrowser, back: URL): Promise<void> {
  const sessions = () => people.events().filter((event) => event.type === "session.opened").length;
  const before = sessions();
  const reply = await come(browser, back);
  assert.deepEqual([reply.status, reply.location], [303, refused.location]);
  assert.deepEqual(
    [...browser.cookies.keys()].filter((name) => !name.endsWith("-oidc")),
    [],
  );
  assert.equal(sessions(), before);
}

test("oidc: a person is found by issuer and subject, and comes back to where they were", async () => {
  const browser = people.browser();
  const location = await start(browser, "/approvals/apr_01jd0000000000000000000000");
  const asked = new URL(location).searchParams;
  assert.equal(asked.get("code_challenge_method"), "S256");
  assert.ok(asked.get("state")!.length >= 32 && asked.get("nonce")!.length >= 32);
  const reply = await come(browser, await provider.authorize(location, "sub-dana"));
  assert.deepEqual([reply.status, reply.location], [303, "/approvals/apr_01jd0000000000000000000000"]);
  const session = await browser.call("getSession");
  assert.deepEqual([session.method, session.name, session.stepped_up_until], ["oidc", "dana", null]);
  assert.equal(
    [...browser.cookies.keys()].some((name) => name.endsWith("-oidc")),
    false,
  );
});

test("oidc: claims give no roles unless a mapping is configured", async () => {
  const browser = people.browser();
  await come(browser, await provider.authorize(await start(browser), "sub-dana"));
  assert.deepEqual((await browser.call("getSession")).roles, []);
  assert.equal((await browser.send("GET", "/v1/approvals")).code, "forbidden");
});

test("oidc: somebody the tenant does not know is refused, and so is a known one in another tenant", async () => {
  const browser = people.browser();
  await expectRefused(browser, await provider.authorize(await start(browser), "sub-stranger"));
  await expectRefused(browser, await provider.authorize(await start(browser, "/", "other"), "sub-dana"));
});

test("oidc: a subject of another issuer is another person", async () => {
  await people.admin("person.identity", { person: "erin", issuer: "http://localhost:9081", subject: "sub-erin" });
  const browser = people.browser();
  await expectRefused(browser, await provider.authorize(await start(browser), "sub-erin"));
});

test("oidc: an answer is taken by the browser that asked only (login CSRF, state mix-up)", async () => {
  const [victim, attacker] = [people.browser(), people.browser()];
  const attackers = await provider.authorize(await start(attacker), "sub-mallory");
  await expectRefused(people.browser(), attackers);
  await start(victim);
  await expectRefused(victim, attackers);
  const reply = await come(attacker, attackers);
  assert.equal(reply.location, "/"); // control
});

test("oidc: another browser's code does not pass with one's own state (code injection)", async () => {
  const [victim, attacker] = [people.browser(), people.browser()];
  const stolen = await provider.authorize(await start(victim), "sub-dana");
  const own = await provider.authorize(await start(attacker), "sub-mallory");
  own.searchParams.set("code", stolen.searchParams.get("code")!);
  await expectRefused(attacker, own);
});

test("oidc: an answer that names another issuer, none, or the wrong state is refused (mix-up)", async () => {
  for (const change of [
    (url: URL) => url.searchParams.set("iss", "http://localhost:9081"),
    (url: URL) => url.searchParams.delete("iss"),
    (url: URL) => url.searchParams.set("state", "x".repeat(43)),
    (url: URL) => url.searchParams.delete("state"),
    (url: URL) => url.searchParams.append("code", "another"),
    (url: URL) => url.searchParams.set("error", "access_denied"),
  ]) {
    const browser = people.browser();
    const back = await provider.authorize(await start(browser), "sub-dana");
    change(back);
    await expectRefused(browser, back);
  }
});

test("oidc: an ID token of an earlier sign-in is refused (nonce replay)", async () => {
  let kept = "";
  provider.between = async (path, response) => {
    if (path !== "/token") return response;
    const text = await response.text();
    if (kept === "") kept = text;
    return new Response(kept, { status: 200, headers: { "content-type": "application/json" } });
  };
  const browser = people.browser();
  const first = await come(browser, await provider.authorize(await start(browser), "sub-dana"));
  assert.equal(first.location, "/"); // control: the token was good once
  const again = people.browser();
  await expectRefused(again, await provider.authorize(await start(again), "sub-dana"));
  provider.between = undefined;
});

test("oidc: an ID token of another issuer, of another key, for another client or without a signature is refused", async () => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const decode = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, unknown>;
  const changed = (change: (head: string, body: string, signature: string) => string) => {
    provider.between = async (path, response) => {
      if (path !== "/token") return response;
      const tokens = (await response.json()) as { id_token: string };
      const [head, body, signature] = tokens.id_token.split(".") as [string, string, string];
      return Response.json({ ...tokens, id_token: change(head, body, signature) });
    };
  };
  // Control: put together again unchanged, it signs in.
  changed((...parts) => parts.join("."));
  const browser = people.browser();
  assert.equal((await come(browser, await provider.authorize(await start(browser), "sub-dana"))).location, "/");
  const signedWith = (secret: string, header: object, body: string) => {
    const input = `${encode(header)}.${body}`;
    return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
  };
  const bent = (member: string, value: unknown) => (head: string, body: string, signature: string) =>
    `${head}.${encode({ ...decode(body), [member]: value })}.${signature}`;
  for (const change of [
    bent("iss", "http://localhost:9081"),
    bent("aud", "another client"),
    bent("sub", "sub-mallory"),
    bent("exp", 1),
    bent("nonce", "another"),
    (_head: string, body: string) => `${encode({ alg: "none" })}.${body}.`,
    // Signed, but with the client's secret or with what everybody has: the key is never chosen by the token.
    (_head: string, body: string) => signedWith(provider.settings.clientSecret, { alg: "HS256" }, body),
    (head: string, body: string) => signedWith("", { ...decode(head), alg: "HS256" }, body),
    (_head: string, body: string) => {
      const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
      const header = encode({ alg: "RS256", jwk: publicKey.export({ format: "jwk" }) });
      return `${header}.${body}.${sign("sha256", Buffer.from(`${header}.${body}`), privateKey).toString("base64url")}`;
    },
    (head: string, body: string, signature: string) => {
      const header = encode({ ...decode(head), jku: "http://localhost:9081/jwks" });
      return `${header}.${body}.${signature}`;
    },
    (head: string, body: string, signature: string) => `${head}.${body}.${signature.slice(0, -4)}AAAA`,
  ]) {
    changed(change);
    const own = people.browser();
    await expectRefused(own, await provider.authorize(await start(own), "sub-dana"));
  }
  provider.between = undefined;
});

test("oidc: the description of another issuer is not taken", async () => {
  const liar = openTestProvider();
  const settings = { ...liar.settings, fetch: rogue.settings.fetch };
  const elsewhere = await openPeopleTest({ oidc: settings });
  const reply = await elsewhere.browser().ask("startOidcSignIn", { tenant: TENANT });
  assert.deepEqual([reply.code, reply.detail], ["sign-in-refused", "The identity provider cannot be reached."]);
  await elsewhere.close();
});

test("oidc: a provider that is away is asked again next time", async () => {
  const flaky = openTestProvider();
  flaky.between = () => new Response("", { status: 503 });
  const elsewhere = await openPeopleTest({ oidc: flaky.settings });
  const browser = elsewhere.browser();
  assert.equal((await browser.ask("startOidcSignIn", { tenant: TENANT })).code, "sign-in-refused");
  flaky.between = undefined;
  assert.equal((await browser.ask("startOidcSignIn", { tenant: TENANT })).status, 200);
  await elsewhere.close();
});

test("oidc: one answer opens one session, though the provider would take its code twice", async () => {
  let kept = "";
  provider.between = async (path, response) => {
    if (path !== "/token") return response;
    const text = await response.text();
    kept = response.status === 200 ? text : kept;
    return new Response(kept, { status: 200, headers: { "content-type": "application/json" } });
  };
  const browser = people.browser();
  const back = await provider.authorize(await start(browser), "sub-dana");
  const copy = people.browser();
  for (const [name, cookie] of browser.cookies) copy.cookies.set(name, cookie);
  assert.equal((await come(browser, back)).location, "/");
  await expectRefused(copy, back);
  provider.between = undefined;
});

test("oidc: the browser's cookie counts unaltered, in its own tenant, for ten minutes", async () => {
  const name = "countersign-7070-oidc";
  for (const change of [
    (value: string) => value.replace(TENANT, "other"),
    (value: string) => value.slice(0, -2) + (value.endsWith("AA") ? "EE" : "AA"),
    () => "acme.AAAA",
    () => "nobody.AAAA",
  ]) {
    const browser = people.browser();
    const back = await provider.authorize(await start(browser), "sub-dana");
    const { value, sameSite } = browser.cookies.get(name)!;
    browser.cookies.set(name, { value: change(value), sameSite });
    await expectRefused(browser, back);
  }
  const late = people.browser();
  const back = await provider.authorize(await start(late), "sub-dana");
  people.clock.advance(10 * 60_000);
  await expectRefused(late, back);
  assert.equal(people.parts.ledger.reader("nobody"), undefined);
});

test("oidc: one is sent back to a page of ours and nowhere else", async () => {
  for (const wanted of [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "/v1/session",
    "/inbox?x",
  ]) {
    const browser = people.browser();
    const reply = await come(browser, await provider.authorize(await start(browser, wanted), "sub-dana"));
    assert.equal(reply.location, "/", wanted);
  }
  const browser = people.browser();
  const reply = await come(browser, await provider.authorize(await start(browser, "/inbox"), "sub-dana"));
  assert.equal(reply.location, "/inbox"); // control
});

test("oidc: a mapping of claims gives and takes roles, as events", async () => {
  const groups: Record<string, string[]> = { "sub-frank": ["sre"] };
  const mapped = openTestProvider(groups);
  const roles = { claim: "groups", map: { sre: "approver", audit: "auditor" } } as const;
  const elsewhere = await openPeopleTest({ oidc: { ...mapped.settings, roles } });
  await elsewhere.admin("person.identity", { person: "frank", issuer: ISSUER, subject: "sub-frank" });
  const browser = elsewhere.browser();
  const signIn = async () => {
    const { location } = await browser.call("startOidcSignIn", { tenant: TENANT });
    await come(browser, await mapped.authorize(location, "sub-frank"));
    return (await browser.call("getSession")).roles;
  };
  assert.deepEqual(await signIn(), ["approver"]);
  groups["sub-frank"] = ["audit"];
  assert.deepEqual(await signIn(), ["auditor"]);
  const changes = elsewhere.events().filter((event) => event.type === "role.granted" || event.type === "role.revoked");
  assert.deepEqual(
    changes.map((event) => [event.type, event.grant.role]),
    [
      ["role.granted", "approver"],
      ["role.granted", "auditor"],
      ["role.revoked", "approver"],
    ],
  );
  await elsewhere.close();
});

test("oidc: a claim that is no list of texts maps to nothing", () => {
  const settings = { issuer: ISSUER, clientId: "c", roles: { claim: "groups", map: { sre: "approver" } as const } };
  for (const groups of [undefined, null, 7, {}, [["sre"]], [7]]) {
    assert.deepEqual(rolesOfClaims(settings, { groups }), { granted: [], revoked: ["approver"] });
  }
  assert.deepEqual(rolesOfClaims(settings, { groups: ["sre"] }), { granted: ["approver"], revoked: [] }); // control
  assert.deepEqual(rolesOfClaims({ issuer: ISSUER, clientId: "c" }, { groups: ["sre"] }), { granted: [], revoked: [] });
});

test("oidc: without a provider there is nothing to start, and no answer is taken", async () => {
  const elsewhere = await openPeopleTest();
  const browser = elsewhere.browser();
  assert.equal((await browser.ask("startOidcSignIn", { tenant: TENANT })).code, "not-found");
  const reply = await browser.send("GET", "/v1/sign-in/oidc/callback?code=x&state=y");
  assert.equal(reply.headers.location, "/sign-in?refused=not-found");
  await elsewhere.close();
});

test("oidc: who is linked must be a person of the tenant", async () => {
  await assert.rejects(
    people.admin("person.identity", { person: "usr_01jd0000000000000000000000", issuer: ISSUER, subject: "x" }),
    (error) => error instanceof CountersignError && error.code === "not-found",
  );
  const alias = await people.directory.aliasOf("dana", asOperator(TENANT));
  assert.deepEqual(await link("dana", "sub-dana"), { person: alias, changed: false });
});
