import assert from "node:assert/strict";
import { test } from "node:test";
import { visible } from "@countersign/evidence/terminal";
import { piecesOf, piecesOfVisible } from "./pieces.ts";

const plain = (text: string) => [{ text, marked: false }];

test("pieces: what draws nothing or reorders is marked where it stands; letters that look like it are not", () => {
  assert.deepEqual(piecesOf("a\u202eb"), [
    { text: "a", marked: false },
    { text: "\\u{202e}", marked: true },
    { text: "b", marked: false },
  ]);
  assert.deepEqual(piecesOf("a\\u{202e}b"), plain("a\\u{202e}b"));
  assert.deepEqual(piecesOf("שלום 中文 \u{1f600}"), plain("שלום 中文 \u{1f600}"));
  for (const hidden of ["\u200b", "\u2066", "\ufeff", "\u0000", "\u00ad", "\ud800"]) {
    assert.equal(piecesOf(`x${hidden}y`)[1]?.marked, true, JSON.stringify(hidden));
  }
});

test("pieces: of escaped text the escapes are marked, and a backslash somebody wrote makes none", () => {
  assert.deepEqual(piecesOfVisible(visible("a\u202eb"))[1], { text: "\\u{202e}", marked: true });
  assert.deepEqual(piecesOfVisible(visible("a\\u{202e}b")), plain("a\\\\u{202e}b"));
  assert.equal(piecesOfVisible(visible("\\\u202e")).at(-1)?.marked, true);
});

test("pieces: nothing is lost", () => {
  for (const text of ["", "plain", "\u202e\u202e", "a\\b\u200b\\"]) {
    const joined = (pieces: ReturnType<typeof piecesOf>) => pieces.map((piece) => piece.text).join("");
    assert.equal(joined(piecesOfVisible(visible(text))), visible(text));
    assert.equal(joined(piecesOf(text)).replaceAll("\\", ""), visible(text).replaceAll("\\", ""));
  }
});
