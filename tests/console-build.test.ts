/** What the console's build comes to: small enough, whole, and nothing in it that the pages' policy would stop. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { NONCE_PLACE } from "../packages/server/src/base/site.ts";
import { buildConsole } from "./browser/harness.ts";

/** Design page 8: what a first visit loads, compressed. */
const FIRST_LOAD_BYTES = 200_000;
let files: ReadonlyMap<string, Buffer>;

before(async () => {
  const directory = await buildConsole();
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  files = new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(directory.length), readFileSync(path)];
    }),
  );
});

const page = () => files.get("/index.html")!.toString();
/** Everything a first visit loads: the page and all it names. */
const loaded = () => [...files].filter(([path]) => path === "/index.html" || page().includes(path));
const gzipBytes = (contents: readonly Buffer[]) =>
  contents.reduce((sum, content) => sum + gzipSync(content, { level: 9 }).length, 0);

test("console build: the first load is at most 200 kB compressed", () => {
  const bytes = gzipBytes(loaded().map(([, content]) => content));
  assert.ok(loaded().length >= 4, "page, script, style and sign");
  assert.ok(bytes > 20_000 && bytes <= FIRST_LOAD_BYTES, `${bytes} bytes`);
  const bloat = Buffer.from(Array.from({ length: 60_000 }, () => Math.random().toString(36)).join(""));
  assert.ok(gzipBytes([...loaded().map(([, content]) => content), bloat]) > FIRST_LOAD_BYTES); // control
});

test("console build: every tag that loads something has a place for the nonce, and nothing stands inline", () => {
  const tags = page().match(/<(?:script|link rel="stylesheet")[^>]*>/g)!;
  assert.ok(tags.length >= 2);
  for (const tag of tags) assert.ok(tag.includes(`nonce="${NONCE_PLACE}"`), tag);
  assert.equal(/<script[^>]*>[^<]/.test(page()), false);
  assert.equal(/<style|\son\w+=|\sstyle=/.test(page()), false);
});

test("console build: no schema library, no compiled code, no address of another site to load from", () => {
  const scripts = [...files].filter(([path]) => path.endsWith(".js")).map(([, content]) => content.toString());
  assert.ok(scripts.length > 0);
  for (const script of scripts) {
    assert.equal(/typebox/i.test(script), false);
    assert.equal(/new Function\b|\beval\(/.test(script), false);
    assert.equal(/import\(["']https?:|src:["']https?:/.test(script), false);
  }
  const styles = [...files].filter(([path]) => path.endsWith(".css")).map(([, content]) => content.toString());
  assert.ok(styles.length > 0);
  for (const style of styles) assert.equal(/url\(|@import/.test(style), false);
});

test("console build: the licences of what is bundled come along", () => {
  const text = files.get("/licenses.txt")!.toString();
  for (const name of ["react", "react-dom", "@noble/hashes", "@simplewebauthn/browser"])
    assert.ok(text.includes(name), name);
});
