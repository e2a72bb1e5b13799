import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import canonicalize from "canonicalize";
import fc from "fast-check";
import { canonicalBytes, canonicalText, isCanonical } from "./canonical.ts";
import { utf8 } from "./hash.ts";
import { type JsonProfile, parseStrict } from "./strict-json.ts";
import { externalVectors, type SpecVector, specVectors } from "./vectors.node.ts";

const jcs = externalVectors("jcs/testdata");

test("canonical: the RFC 8785 test data, as text and as bytes", { skip: jcs.skip }, () => {
  const files = readdirSync(join(jcs.folder, "input"));
  assert.equal(files.length, 6);
  for (const file of files) {
    const value: unknown = JSON.parse(readFileSync(join(jcs.folder, "input", file), "utf8"));
    const output = readFileSync(join(jcs.folder, "output", file));
    const hexText = readFileSync(join(jcs.folder, "outhex", file.replace(".json", ".txt")), "utf8").replaceAll(
      /\s/g,
      "",
    );
    assert.equal(Buffer.from(canonicalBytes(value)).toString("hex"), hexText, file);
    assert.equal(canonicalText(value), output.toString("utf8"), file);
    assert.equal(isCanonical(output, "payload"), true, file);
    assert.equal(isCanonical(readFileSync(join(jcs.folder, "input", file)), "payload"), false, `${file}: control`);
  }
});

test("canonical: numbers as ECMAScript writes them (RFC 8785 appendix B)", () => {
  const table: readonly [ieee754: string, text: string][] = [
    ["0000000000000000", "0"],
    ["8000000000000000", "0"],
    ["0000000000000001", "5e-324"],
    ["7fefffffffffffff", "1.7976931348623157e+308"],
    ["4340000000000000", "9007199254740992"],
    ["c340000000000000", "-9007199254740992"],
    ["4430000000000000", "295147905179352830000"],
    ["44b52d02c7e14af5", "9.999999999999997e+22"],
    ["44b52d02c7e14af6", "1e+23"],
    ["444b1ae4d6e2ef4e", "999999999999999700000"],
    ["444b1ae4d6e2ef50", "1e+21"],
    ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
    ["3eb0c6f7a0b5ed8d", "0.000001"],
    ["41b3de4355555553", "333333333.3333332"],
    ["becbf647612f3696", "-0.0000033333333333333333"],
  ];
  for (const [ieee754, text] of table) {
    assert.equal(canonicalText(Buffer.from(ieee754, "hex").readDoubleBE()), text, ieee754);
  }
});

test("canonical: equals the reference implementation on any value", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "grapheme" }), (value) => {
      const text = canonicalText(value);
      assert.equal(text, canonicalize(value));
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
    }),
  );
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      assert.equal(canonicalText([value]), canonicalize([value]));
    }),
  );
});

test("canonical: members are sorted by UTF-16 code units, not by code points or locale", () => {
  // U+1F600 is the surrogate pair D83D DE00, which sorts before U+FB33 although its code point is larger.
  const value = { "\ufb33": 1, "😀": 2, ö: 3, a: 4, B: 5, "": 6 };
  assert.equal(canonicalText(value), '{"":6,"B":5,"a":4,"ö":3,"😀":2,"\ufb33":1}');
  assert.notDeepEqual(
    Object.keys(value).sort((a, b) => a.localeCompare(b)),
    Object.keys(value).sort(),
    "control",
  );
});

const mistakes: readonly [why: string, value: unknown][] = [
  ["undefined", { a: undefined }],
  ["a hole in a list", new Array(1)],
  ["NaN", [Number.NaN]],
  ["infinity", Number.POSITIVE_INFINITY],
  ["a lone surrogate", { a: "\ud800" }],
  ["a lone surrogate in a name", { "\udc00": 1 }],
  ["a bigint", 1n],
  ["a Date", new Date(0)],
  ["a Map", new Map()],
  ["bytes", new Uint8Array(2)],
  ["a function", () => 1],
];
for (const [why, value] of mistakes) {
  test(`canonical: ${why} is our mistake`, () => assert.throws(() => canonicalText(value), /assertion failed/));
}

test("canonical: control: without the assertion a lone surrogate would pass as its escape", () => {
  assert.equal(JSON.stringify("\ud800"), '"\\ud800"');
});

test("canonical: bytes are canonical only in the one spelling", () => {
  const good = '{"a":[1,"é",null],"b":{}}';
  assert.equal(isCanonical(utf8(good)), true);
  const bad = [
    '{"b":{},"a":[1,"é",null]}',
    '{"a":[1,"\\u00e9",null],"b":{}}',
    '{"a":[1, "é",null],"b":{}}',
    `${good}\n`,
    '{"a":[1,"é",null],"b":{},"b":{}}',
    '{"a":[01,"é",null],"b":{}}',
    "",
  ];
  for (const text of bad) assert.equal(isCanonical(utf8(text)), false, text);
  assert.equal(isCanonical(utf8("[1.5]")), false, "no floats in entries");
  assert.equal(isCanonical(utf8("[1.5]"), "payload"), true);
  assert.equal(isCanonical(utf8("[1.50]"), "payload"), false);
  assert.equal(isCanonical(utf8("[-0]"), "payload"), false);
});

test("canonical: what canonicalBytes makes is canonical, and parses back to the value", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary", maxDepth: 10 }), (value) => {
      const bytes = canonicalBytes(value);
      assert.equal(isCanonical(bytes, "payload"), true);
      assert.equal(
        canonicalText(parseStrict(bytes, "payload").value),
        new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes),
      );
    }),
  );
});

type CanonicalVector = SpecVector & {
  readonly profile: JsonProfile;
  readonly text: string;
  readonly canonical: string | null;
  readonly faults: readonly string[];
};

for (const [name, { desc, profile, text, canonical, faults }] of specVectors<CanonicalVector>("canonical")) {
  test(`canonical: ${name}: ${desc}`, () => {
    assert.equal(isCanonical(utf8(text), profile), faults.length === 0);
    if (canonical === null) assert.throws(() => parseStrict(utf8(text), profile));
    else assert.equal(canonicalText(parseStrict(utf8(text), profile).value), canonical);
  });
}
