import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openPeopleTest, TENANT } from "../people-testing.ts";

const people = await openPeopleTest();
after(() => people.close());
const dana = await people.person("dana");
const VOTES = "/v1/approvals/apr_01jd0000000000000000000000/votes";
const body = {
  answer: "approve",
  reason_code: "CHANGE_REVIEWED",
  kid: "k",
  rendering_digest: `sha256:${"0".repeat(64)}`,
};

/** What a foreign page's request looks like in a browser of today, and in one that sends less. */
const foreign: readonly (readonly [string, Readonly<Record<string, string | undefined>>])[] = [
  ["a fetch of another site", { "sec-fetch-site": "cross-site", origin: "https://evil.example" }],
  ["a form of another site", { "sec-fetch-site": "cross-site", origin: "null", "countersign-page": undefined }],
  ["a page of a sibling host", { "sec-fetch-site": "same-site", origin: "http://localhost:7071" }],
  ["a page at another port, without Sec-Fetch", { "sec-fetch-site": undefined, origin: "http://localhost:7071" }],
  ["a request that says nothing of its page", { "sec-fetch-site": undefined, origin: undefined }],
  ["a link", { "sec-fetch-site": "none", origin: undefined }],
  ["a request without our header", { "countersign-page": undefined }],
  ["a request with another value of it", { "countersign-page": "0" }],
];

for (const [what, headers] of foreign) {
  test(`same origin: ${what} writes nothing through the API`, async () => {
    const calls = people.callers.length;
    const refused = await dana.send("POST", VOTES, { body, headers });
    assert.deepEqual([refused.status, refused.code], [403, "cross-site-request"]);
    assert.equal(people.callers.length, calls);
    assert.equal((await dana.send("POST", VOTES, { body })).status, 200); // control
  });

  test(`same origin: ${what} neither signs out nor in`, async () => {
    const out = await dana.send("POST", "/v1/session/close", { body: {}, headers });
    assert.equal(out.code, "cross-site-request");
    const into = await people
      .browser()
      .send("POST", "/v1/sign-in/passkey/options", { body: { tenant: TENANT }, headers });
    assert.equal(into.code, "cross-site-request");
  });
}

test("same origin: the Strict cookie alone keeps another site out, should the rest fail", async () => {
  const refused = await dana.send("POST", VOTES, { body, crossSite: true });
  assert.deepEqual([refused.code, refused.detail], ["cross-site-request", "The session's second cookie is missing."]);
  const { value, sameSite } = dana.cookies.get("countersign-7070-write")!;
  dana.cookies.set("countersign-7070-write", {
    value: `${value.slice(0, -1)}${value.endsWith("A") ? "E" : "A"}`,
    sameSite,
  });
  assert.equal((await dana.send("POST", VOTES, { body })).code, "cross-site-request");
  dana.cookies.set("countersign-7070-write", { value, sameSite });
  assert.equal((await dana.send("POST", VOTES, { body })).status, 200); // control
});

test("same origin: another site's page reads nothing, a link from there shows one's own page", async () => {
  const read = (site: string) => dana.send("GET", "/v1/approvals", { headers: { "sec-fetch-site": site } });
  assert.equal((await read("cross-site")).code, "cross-site-request");
  assert.equal((await read("same-site")).code, "cross-site-request");
  assert.equal((await read("none")).status, 200);
  assert.equal((await read("same-origin")).status, 200);
});

test("same origin: a key needs no page, and no answer allows another origin", async () => {
  const { "access-control-allow-origin": allowed, "cross-origin-resource-policy": policy } = (
    await dana.send("GET", "/v1/session", { headers: { origin: "https://evil.example" } })
  ).headers;
  assert.equal(allowed, undefined);
  assert.equal(policy, "same-origin");
  const other = await dana.send("DELETE", "/v1/session");
  assert.deepEqual([other.status, other.headers.allow], [405, "GET"]);
});
