import assert from "node:assert/strict";
import { test } from "node:test";
import { localPath, parsePlace, pathOf } from "./place.ts";

const at = (path: string) => parsePlace(new URL(path, "http://localhost:7070"));
const ID = "apr_01jd0000000000000000000000";

test("place: every page's address leads back to it", () => {
  for (const path of [
    "/inbox",
    "/inbox?state=ALL",
    "/inbox?state=REJECTED",
    `/approvals/${ID}`,
    "/people",
    "/account",
  ]) {
    assert.equal(pathOf(at(path)), path);
  }
  assert.equal(pathOf(at("/sign-in?tenant=acme&return_to=%2Fpeople")), "/sign-in?tenant=acme&return_to=%2Fpeople");
});

test("place: what is no page is none, and an odd filter is the usual one", () => {
  assert.equal(at("/approvals/apr_x").page, "missing");
  assert.equal(at("/nothing").page, "missing");
  assert.deepEqual(at("/inbox?state=<script>"), { page: "inbox", state: "REQUESTED" });
});

test("place: a token is read from the fragment and never written into an address", () => {
  assert.deepEqual(at("/setup#acme.secret"), { page: "set-up", token: "acme.secret" });
  assert.deepEqual(at("/setup"), { page: "set-up", token: undefined });
  assert.equal(pathOf({ page: "set-up", token: "acme.secret" }), "/setup");
});

test("place: one goes on to a page of ours and nowhere else", () => {
  assert.equal(localPath(`/approvals/${ID}`), `/approvals/${ID}`);
  for (const text of [
    null,
    "",
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "/sign-in",
    "/setup",
    "/x",
    "inbox",
  ]) {
    assert.equal(localPath(text), "/", String(text));
  }
});
