import assert from "node:assert/strict";
import { test } from "node:test";
import { visible } from "@countersign/evidence/terminal";
import fc from "fast-check";
import { layOut } from "./lay-out.ts";

test("lay out: one member a line, nothing but white space outside strings changed", () => {
  assert.deepEqual(layOut('{"a":1.50e+2,"b":["x y",{}],"a":true}'), [
    "{",
    '  "a": 1.50e+2,',
    '  "b": [',
    '    "x y",',
    "    {",
    "    }",
    "  ],",
    '  "a": true',
    "}",
  ]);
});

test("lay out: what somebody hid in a string stays in it, and cannot begin or end one", () => {
  const lines = layOut(visible('{"a":"x\\",\\"b\\":\u202e1","c":"\\\\"}'));
  assert.deepEqual(lines, ["{", String.raw`  "a": "x\\",\\"b\\":\u{202e}1",`, String.raw`  "c": "\\\\"`, "}"]);
});

test("lay out: every character of any JSON is kept, in order", () => {
  const squeeze = (text: string) => text.replace(/\s/g, "");
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      const lines = layOut(visible(text));
      if (lines !== undefined) assert.equal(squeeze(lines.join("")), squeeze(visible(text)));
    }),
    { numRuns: 300 },
  );
});

test("lay out: what is not JSON, or hides its depth, is left as it is", () => {
  for (const text of ["", "plain", '"x"', "[", '{"a":"', "{]", `${"[".repeat(17)}${"]".repeat(17)}`]) {
    assert.equal(layOut(text), undefined, text);
  }
  assert.notEqual(layOut("[1]"), undefined); // control
});
