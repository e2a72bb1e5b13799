import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import { closeCookies, flowCookie, makeSecrets, openCookies, parseCookies } from "./cookies.ts";
import { localUrl, parsePublicUrl } from "./public-url.ts";

const secure = parsePublicUrl("https://gate.example.com");
const local = localUrl(7070);
const session = { tenant: "acme", id: "ses_01jd0000000000000000000000", lifeMs: 3_600_000 };
const secrets = makeSecrets(randomBytes);

test("cookies: over TLS they are bound to the host, everywhere HttpOnly, one Lax, one Strict", () => {
  const [first, second] = openCookies(secure, session, secrets);
  assert.match(
    first!,
    /^__Host-countersign=acme\.01jd[0-9a-z]+\.[\w-]{43}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure$/,
  );
  assert.match(
    second!,
    /^__Host-countersign-write=[\w-]{43}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Strict; Secure$/,
  );
  const [plain] = openCookies(local, session, secrets);
  assert.match(plain!, /^countersign-7070=.*; HttpOnly; SameSite=Lax$/);
  for (const text of closeCookies(secure)) assert.match(text, /Max-Age=0; HttpOnly/);
  assert.match(flowCookie(secure, "x", 600_000), /^__Host-countersign-oidc=x; .*SameSite=Lax; Secure$/);
});

test("cookies: what was set is read back as hashes", () => {
  const header = openCookies(secure, session, secrets)
    .map((text) => text.split(";")[0])
    .join("; ");
  const read = parseCookies(secure, `theme=dark; ${header}`);
  assert.deepEqual(read, {
    session: { tenant: "acme", id: session.id, secretHash: secrets.secretHash },
    writeHash: secrets.writeHash,
  });
  assert.deepEqual(parseCookies(local, header), {}); // another server's names
});

test("cookies: nothing odd is a session", () => {
  for (const value of ["", "acme", "acme.x.y", "ACME.01jd0000000000000000000000.x", '"acme"', "a=b=c"]) {
    assert.deepEqual(parseCookies(secure, `__Host-countersign=${value}`), {}, value);
  }
  assert.deepEqual(parseCookies(secure, undefined), {});
  assert.deepEqual(parseCookies(secure, "; ;=;__Host-countersign"), {});
});

test("public url: an origin, https unless it is localhost; passkeys everywhere but at an IP address", () => {
  assert.deepEqual(local, {
    origin: "http://localhost:7070",
    rpId: "localhost",
    port: "7070",
    secure: false,
    passkeys: true,
  });
  assert.equal(parsePublicUrl("https://gate.example.com:8443").rpId, "gate.example.com");
  assert.equal(parsePublicUrl("https://192.0.2.7").passkeys, false);
  assert.equal(parsePublicUrl("https://[2001:db8::1]").passkeys, false);
  for (const bad of [
    "gate.example.com",
    "http://gate.example.com",
    "http://127.0.0.1:7070",
    "ftp://x",
    "https://x/path",
    "https://x?q",
    "https://u@x",
    "javascript:alert(1)",
  ]) {
    assert.throws(
      () => parsePublicUrl(bad),
      (error) => error instanceof CountersignError && error.code === "usage",
      bad,
    );
  }
});
