import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatBase64, formatBase64Url, parseBase64, parseBase64Url } from "./base64.ts";
import { utf8 } from "./hash.ts";

test("base64: RFC 4648 section 10", () => {
  for (const [plain, text] of [
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg=="],
    ["fooba", "Zm9vYmE="],
    ["foobar", "Zm9vYmFy"],
  ] as const) {
    assert.equal(formatBase64(utf8(plain)), text);
    assert.deepEqual(parseBase64(text), utf8(plain));
    assert.equal(formatBase64Url(utf8(plain)), text.replaceAll("=", ""));
    assert.deepEqual(parseBase64Url(text.replaceAll("=", "")), utf8(plain));
  }
});

test("base64: both alphabets equal Buffer's on any bytes, and read back", () => {
  const check = (bytes: Uint8Array) => {
    assert.equal(formatBase64(bytes), Buffer.from(bytes).toString("base64"));
    assert.equal(formatBase64Url(bytes), Buffer.from(bytes).toString("base64url"));
    assert.deepEqual(parseBase64(formatBase64(bytes)), bytes);
    assert.deepEqual(parseBase64Url(formatBase64Url(bytes)), bytes);
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), check));
  // Around the slices long texts are put together from.
  for (const size of [3071, 3072, 3073, 6144, 10_000])
    check(Uint8Array.from({ length: size }, (_, i) => (i * 7) & 255));
});

const wrong: readonly [why: string, standard: string, urlSafe: string][] = [
  ["unused bits set, two bytes", "Zm9=", "Zm9"],
  ["unused bits set, one byte", "Zh==", "Zh"],
  ["a cut group", "Z", "Z"],
  ["white space", "Zm9v Zg==", "Zm9v Zg"],
  ["a newline at the end", "Zm9v\n", "Zm9v\n"],
  ["the other alphabet", "-_8=", "+/8"],
  ["a letter beyond ASCII", "Zm9\u0161", "Zm9\u0161"],
  ["padding inside", "Zg==Zg==", "Zg==Zg"],
  ["padding amiss", "Zm8", "Zm8="],
  ["padding alone", "====", "="],
  ["too much padding", "Z===", "Zg=="],
];
for (const [why, standard, urlSafe] of wrong) {
  test(`base64: refused: ${why}`, () => {
    assert.equal(parseBase64(standard), undefined);
    assert.equal(parseBase64Url(urlSafe), undefined);
  });
}

test("base64: control: Buffer takes several spellings of one byte string", () => {
  assert.deepEqual(Buffer.from("Zh==", "base64"), Buffer.from("Zg==", "base64"));
  assert.deepEqual(Buffer.from("Zm9v Zg==", "base64"), Buffer.from("Zm9vZg==", "base64"));
});

test("base64: any text is refused or is the canonical spelling of its bytes", () => {
  const text = fc.string({ unit: fc.constantFrom(..."AQgwZ9+/-_= \n"), maxLength: 9 });
  fc.assert(
    fc.property(text, (input) => {
      const standard = parseBase64(input);
      if (standard !== undefined) assert.equal(formatBase64(standard), input);
      const urlSafe = parseBase64Url(input);
      if (urlSafe !== undefined) assert.equal(formatBase64Url(urlSafe), input);
    }),
    { numRuns: 2000 },
  );
});
