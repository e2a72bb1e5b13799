import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { CountersignError } from "@countersign/evidence/errors";
import { fastify } from "fastify";
import { NONCE_PLACE, openSite } from "./site.ts";

const directory = mkdtempSync(join(tmpdir(), "countersign-site-"));
after(() => rmSync(directory, { recursive: true, force: true }));
mkdirSync(join(directory, "assets"));
const HTML = `<!doctype html><script type="module" nonce="${NONCE_PLACE}" src="/assets/main-12345678.js"></script>`;
writeFileSync(join(directory, "index.html"), HTML);
writeFileSync(join(directory, "assets", "main-12345678.js"), "export const x = 1;\n".repeat(100));
writeFileSync(join(directory, "assets", "secret.key"), "not a page's");

function serve(origin = "https://gate.example.com") {
  const app = fastify();
  openSite({ directory, pages: ["/", "/approvals/:id"], origin: () => origin }).mount(app);
  return app;
}

test("site: each response has a nonce of its own, in the policy and in the page, and nothing inline", async () => {
  const app = serve();
  const nonces = new Set<string>();
  for (const url of ["/", "/approvals/apr_1"]) {
    const { headers, body, statusCode } = await app.inject({ url });
    assert.equal(statusCode, 200);
    const policy = String(headers["content-security-policy"]);
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)![1]!;
    assert.equal(body.includes(NONCE_PLACE), false);
    assert.ok(body.includes(`nonce="${nonce}"`));
    assert.equal(/unsafe-|https?:|\*/.test(policy), false, policy);
    for (const part of ["default-src 'none'", "frame-ancestors 'none'", "trusted-types 'none'", "base-uri 'none'"]) {
      assert.ok(policy.includes(part), part);
    }
    nonces.add(nonce);
  }
  assert.equal(nonces.size, 2);
});

test("site: pages are never kept, hashed files for a year, compressed as the browser can", async () => {
  const app = serve();
  const page = await app.inject({ url: "/" });
  assert.equal(page.headers["cache-control"], "no-store");
  const url = "/assets/main-12345678.js";
  const plain = await app.inject({ url });
  assert.match(String(plain.headers["cache-control"]), /immutable/);
  assert.equal(plain.headers["content-encoding"], undefined);
  const gzip = await app.inject({ url, headers: { "accept-encoding": "gzip, br;q=0" } });
  assert.equal(gunzipSync(gzip.rawPayload).toString(), plain.body);
  const br = await app.inject({ url, headers: { "accept-encoding": "gzip, deflate, br" } });
  assert.equal(brotliDecompressSync(br.rawPayload).toString(), plain.body);
});

test("site: what is no page's file and what is outside the folder is not served", async () => {
  const app = serve();
  for (const url of [
    "/assets/secret.key",
    "/index.html",
    "/assets/../index.html",
    "/assets/%2e%2e/%2e%2e/etc/passwd",
    "/assets/",
  ]) {
    assert.equal((await app.inject({ url })).statusCode, 404, url);
  }
});

test("site: who comes to 127.0.0.1 is sent to localhost, where passkeys work, and nobody else anywhere", async () => {
  const app = serve("http://localhost:7070");
  const at = (host: string) => app.inject({ url: "/approvals/apr_1?x=1", headers: { host } });
  const moved = await at("127.0.0.1:7070");
  assert.deepEqual([moved.statusCode, moved.headers.location], [308, "http://localhost:7070/approvals/apr_1?x=1"]);
  assert.equal((await at("[::1]:7070")).statusCode, 308);
  assert.equal((await at("localhost:7070")).statusCode, 200);
  assert.equal((await at("evil.example")).statusCode, 200);
  const behind = await serve().inject({ url: "/", headers: { host: "127.0.0.1:7070" } });
  assert.equal(behind.statusCode, 200); // control: a proxy in front names its own host
});

test("site: a folder without pages, or with pages that have no place for a nonce, is refused", () => {
  const empty = mkdtempSync(join(tmpdir(), "countersign-site-"));
  const open = () => openSite({ directory: empty, pages: ["/"], origin: () => "https://x" });
  const refused = (error: unknown) => error instanceof CountersignError && error.code === "cannot-read";
  assert.throws(open, refused);
  writeFileSync(join(empty, "index.html"), "<!doctype html>");
  assert.throws(open, refused);
  writeFileSync(join(empty, "index.html"), HTML);
  open(); // control
  rmSync(empty, { recursive: true });
});
