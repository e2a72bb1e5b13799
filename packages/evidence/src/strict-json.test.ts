import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { parseBase64 } from "./base64.ts";
import { CountersignError } from "./errors.ts";
import { utf8 } from "./hash.ts";
import { type JsonProfile, joinPointer, MAX_DEPTH, parseStrict } from "./strict-json.ts";
import { externalVectors, type SpecVector, specVectors } from "./vectors.node.ts";

/** "accepted", or the code and pointer of the refusal; anything else thrown fails the test. */
function outcome(bytes: Uint8Array, profile: JsonProfile): { readonly code: string; readonly pointer?: string } {
  try {
    parseStrict(bytes, profile);
    return { code: "accepted" };
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    assert.notEqual(error.pointer, undefined, "every refusal has a pointer");
    return { code: error.code, pointer: error.pointer! };
  }
}

type Outcomes = {
  readonly y_refused: Readonly<Record<string, string>>;
  readonly n_not_allowed: readonly string[];
  readonly i_accepted: readonly string[];
  readonly i_refused: Readonly<Record<string, string>>;
};

const suite = externalVectors("json-parsing");
const expected = JSON.parse(readFileSync(new URL("strict-json.expected.json", import.meta.url), "utf8")) as Readonly<
  Record<JsonProfile, Outcomes>
>;

for (const profile of ["payload", "entry"] as const) {
  test(`json: the parsing test suite, ${profile} profile, as listed`, { skip: suite.skip }, () => {
    const { y_refused, n_not_allowed, i_accepted, i_refused } = expected[profile];
    const files = readdirSync(suite.folder);
    assert.equal(files.length, 318);
    for (const file of files) {
      const { code } = outcome(readFileSync(join(suite.folder, file)), profile);
      const byName = file.startsWith("n_")
        ? n_not_allowed.includes(file)
          ? "json-not-allowed"
          : "malformed-json"
        : file.startsWith("y_")
          ? (y_refused[file] ?? "accepted")
          : i_accepted.includes(file)
            ? "accepted"
            : (i_refused[file] ?? "no i_ file is left undecided");
      assert.equal(code, byName, file);
    }
    for (const file of [...Object.keys(y_refused), ...n_not_allowed, ...i_accepted, ...Object.keys(i_refused)]) {
      assert.ok(files.includes(file), `${file} is listed but not in the suite`);
    }
  });
}

test("json: control: JSON.parse takes what the suite's y_ files with duplicate keys hold, and loses a member", () => {
  const bytes = '{"a":"b","a":"c"}';
  assert.deepEqual(JSON.parse(bytes), { a: "c" });
  assert.equal(outcome(utf8(bytes), "payload").code, "json-not-allowed");
});

test("json: the payload profile refuses no y_ file but duplicate keys and lone surrogates", () => {
  for (const file of Object.keys(expected.payload.y_refused)) assert.match(file, /duplicated_key|surrogate/);
});

const both: readonly JsonProfile[] = ["entry", "payload"];
const refused: readonly [why: string, text: string, profiles: readonly JsonProfile[], code: string, pointer: string][] =
  [
    ["a byte-order mark", "\ufeff{}", both, "malformed-json", ""],
    ["a second document", '{"a":1} {}', both, "malformed-json", ""],
    ["nothing", "", both, "malformed-json", ""],
    ["a member without value", '{"a":{"b":}}', both, "malformed-json", "/a/b"],
    ["a number with a leading zero", '{"a":[1,012]}', both, "malformed-json", "/a/1"],
    ["a string cut off", '{"a":["x"', both, "malformed-json", "/a/0"],
    ["a control character in a string", '{"a":"\u0001"}', both, "malformed-json", "/a"],
    ["an escape JSON has not", '{"a":"\\x41"}', both, "malformed-json", "/a"],
    ["a trailing comma", '{"a":[1,]}', both, "malformed-json", "/a/1"],
    ["a duplicate key", '{"a":{"k":1,"l":2,"k":3}}', both, "json-not-allowed", "/a/k"],
    ["a duplicate key, one of them escaped", '{"k":1,"\\u006b":3}', both, "json-not-allowed", "/k"],
    ["a duplicate key, escaped alike", '{"\\u00e9":1,"é":3}', both, "json-not-allowed", "/é"],
    ["a duplicate empty key", '{"":1,"":3}', both, "json-not-allowed", "/"],
    ["a lone surrogate", '{"a":["","\\ud800x"]}', both, "json-not-allowed", "/a/1"],
    ["a lone surrogate in a name", '{"a":{"\\udc00":1}}', both, "json-not-allowed", "/a"],
    ["surrogates the wrong way round", '["\\udd1e\\ud834"]', both, "json-not-allowed", "/0"],
    ["a number beyond doubles", '{"a":1e400}', ["payload"], "json-not-allowed", "/a"],
    ["a number beyond doubles without exponent", `[${"9".repeat(400)}]`, ["payload"], "json-not-allowed", "/0"],
    ["a fraction", '{"a":{"b/c":1.5}}', ["entry"], "json-not-allowed", "/a/b~1c"],
    ["an integer written as a fraction", '{"a":1.0}', ["entry"], "json-not-allowed", "/a"],
    ["an integer with an exponent", '{"a":1e3}', ["entry"], "json-not-allowed", "/a"],
    ["an integer past 2^53−1", '{"a":9007199254740992}', ["entry"], "json-not-allowed", "/a"],
    ["an integer below −(2^53−1)", '{"a":-9007199254740992}', ["entry"], "json-not-allowed", "/a"],
    ["an integer that doubles round", '{"a":9007199254740993}', ["entry"], "json-not-allowed", "/a"],
    ["a very long integer", `{"a":${"9".repeat(400)}}`, ["entry"], "json-not-allowed", "/a"],
    ["negative zero", '{"a":[-0]}', ["entry"], "json-not-allowed", "/a/0"],
    ["an integer-like key", '{"a":{"17":1}}', ["entry"], "json-not-allowed", "/a/17"],
    ["the key zero", '{"0":1}', ["entry"], "json-not-allowed", "/0"],
    ["an escaped integer-like key", '{"\\u0031":1}', ["entry"], "json-not-allowed", "/1"],
    ["__proto__", '{"a":{"__proto__":{}}}', ["entry"], "json-not-allowed", "/a/__proto__"],
    ["an escaped __proto__", '{"\\u005f_proto__":{}}', ["entry"], "json-not-allowed", "/__proto__"],
  ];

for (const [why, text, profiles, code, pointer] of refused) {
  test(`json: refused: ${why}`, () => {
    for (const profile of profiles) assert.deepEqual(outcome(utf8(text), profile), { code, pointer }, profile);
  });
}

test("json: bytes that are not UTF-8 are refused where JSON.parse would read a replacement character", () => {
  for (const bad of [
    [0xff],
    [0xc0, 0xaf],
    [0xed, 0xa0, 0x80],
    [0xe0, 0x80, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xe2, 0x82],
  ]) {
    const bytes = Uint8Array.from([...utf8('{"a":"'), ...bad, ...utf8('"}')]);
    assert.equal(JSON.parse(new TextDecoder().decode(bytes)).a.includes("\ufffd"), true, "control");
    for (const profile of both) assert.deepEqual(outcome(bytes, profile), { code: "malformed-json", pointer: "/a" });
  }
});

const accepted: readonly [why: string, text: string, profiles: readonly JsonProfile[]][] = [
  ["the largest and the smallest integer", "[9007199254740991,-9007199254740991,0]", both],
  ["names that only resemble integers", '{"01":1,"-1":2,"1a":3,"1.0":4}', both],
  ["one name in two objects", '{"a":{"k":1},"b":{"k":1},"k":1}', both],
  ["a surrogate pair, escaped and not", '["\\ud834\\udd1e","𝄞"]', both],
  ["white space of all four kinds", ' \t\r\n{ "a" : [ 1 , 2 ] } \n', both],
  ["floats, −0, large integers", "[1.5,-0,1e-400,123456789012345678901234567890,1.0E+2]", ["payload"]],
  ["integer-like names", '{"1":1,"0":0}', ["payload"]],
  ["noncharacters and NUL", '["\\uffff\\u0000\\ufdd0"]', both],
];

for (const [why, text, profiles] of accepted) {
  test(`json: accepted: ${why}`, () => {
    for (const profile of profiles) assert.deepEqual(parseStrict(utf8(text), profile).value, JSON.parse(text), profile);
  });
}

test("json: __proto__ in a payload is a member like any other", () => {
  const value = parseStrict(utf8('{"__proto__":{"polluted":true},"a":1}'), "payload").value as Record<string, unknown>;
  assert.deepEqual(Object.keys(value), ["__proto__", "a"]);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
  assert.equal(value.polluted, undefined);
});

test("json: depth is taken up to the profile's limit and not beyond", () => {
  for (const profile of both) {
    const nested = (levels: number) => utf8('{"a":['.repeat(levels / 2) + "]}".repeat(levels / 2));
    assert.equal(outcome(nested(MAX_DEPTH[profile]), profile).code, "accepted");
    const pointer = "/a/0".repeat(MAX_DEPTH[profile] / 2);
    assert.deepEqual(outcome(nested(MAX_DEPTH[profile] + 2), profile), { code: "json-not-allowed", pointer });
  }
});

test("json: a payload inside a body of the entry profile is held to its own profile, and nothing beside it is", () => {
  const check = (text: string) => {
    try {
      return parseStrict(utf8(text), "entry", { payloads: ["/args", "/a~1b"] }).value;
    } catch (error) {
      if (!(error instanceof CountersignError)) throw error;
      return [error.code, error.pointer];
    }
  };
  const good = '{"n":1,"args":{"0":1.5,"deep":[-0,1e2]},"a/b":1.5,"m":2}';
  assert.deepEqual(check(good), JSON.parse(good));
  assert.deepEqual(check('{"\\u0061rgs":[1.5]}'), { args: [1.5] });
  const levels = (count: number) => "[".repeat(count) + "]".repeat(count);
  assert.deepEqual(check(`{"args":${levels(64)}}`), JSON.parse(`{"args":${levels(64)}}`));
  const notAllowed = "json-not-allowed";
  assert.deepEqual(check(`{"args":${levels(65)}}`), [notAllowed, `/args${"/0".repeat(64)}`]);
  assert.deepEqual(check(`{"n":${levels(16)}}`), [notAllowed, `/n${"/0".repeat(15)}`]);
  assert.deepEqual(check('{"args":[1.5],"n":1.5}'), [notAllowed, "/n"]);
  assert.deepEqual(check('{"n":{"args":1.5}}'), [notAllowed, "/n/args"], "only members of the outermost object");
  assert.deepEqual(check('{"args":{"a":1,"a":2}}'), [notAllowed, "/args/a"]);
  assert.deepEqual(check('{"args":[1.5],"17":1}'), [notAllowed, "/17"]);
});

test("json: duplicate keys are found in objects of any size", () => {
  for (const size of [1, 2, 31, 32, 33, 34, 100, 5000]) {
    const members = Array.from({ length: size }, (_, i) => `"k${i}":${i}`);
    assert.equal(outcome(utf8(`{${members.join(",")}}`), "entry").code, "accepted", `${size}`);
    for (const again of [0, Math.floor(size / 2), size - 1]) {
      const bytes = utf8(`{"deep":[{${[...members, `"k${again}":0`].join(",")}}]}`);
      assert.deepEqual(outcome(bytes, "entry"), { code: "json-not-allowed", pointer: `/deep/0/k${again}` });
    }
  }
});

test("json: keys whose scan hashes collide are still told apart", () => {
  // FNV-1a is not seeded, so the scanner's first test can be made to collide; found by search.
  const hashOf = (text: string) =>
    [...utf8(text)].reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5 | 0);
  const seen = new Map<number, string>();
  let pair: [string, string] | undefined;
  for (let i = 0; pair === undefined; i++) {
    const text = `k${i.toString(36)}`;
    const other = seen.get(hashOf(text));
    if (other !== undefined) pair = [other, text];
    seen.set(hashOf(text), text);
  }
  assert.equal(outcome(utf8(`{"${pair[0]}":1,"${pair[1]}":2}`), "entry").code, "accepted");
});

test("json: raw ranges are the exact bytes received", () => {
  const text = ' { "a" : 1.0e1 ,"args":{ "b":[ "x]}", {"c" : "\\"" }],"é":"ü" } ,"t":true,"e":[],"~/":0,"s":"q"} ';
  const parsed = parseStrict(utf8(text), "payload");
  const raw = (pointer: string) => new TextDecoder().decode(parsed.slice(pointer));
  assert.deepEqual([...parsed.ranges.keys()], ["/a", "/args", "/t", "/e", "/~0~1", "/s"]);
  assert.equal(raw(""), text.trim());
  assert.equal(raw("/a"), "1.0e1");
  assert.equal(raw("/args"), '{ "b":[ "x]}", {"c" : "\\"" }],"é":"ü" }');
  assert.equal(raw("/args/b/0"), '"x]}"');
  assert.equal(raw("/args/b/1/c"), '"\\""');
  assert.equal(raw("/args/é"), '"ü"');
  assert.equal(raw("/t"), "true");
  assert.equal(raw("/e"), "[]");
  assert.equal(raw("/~0~1"), "0");
  for (const none of ["/none", "/a/b", "/e/0", "args", "/args/b/2", "/args/b/01"])
    assert.equal(parsed.rangeOf(none), undefined);
});

test("json: what is accepted equals JSON.parse, and every raw range parses to its value", () => {
  const pointersOf = (value: unknown, pointer: string): [string, unknown][] =>
    typeof value !== "object" || value === null
      ? [[pointer, value]]
      : [
          [pointer, value],
          ...Object.entries(value).flatMap(([name, child]) => pointersOf(child, joinPointer(pointer, name))),
        ];
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), fc.constantFrom(0, 1, "\t"), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      if (outcome(utf8(text), "payload").code !== "accepted") {
        assert.equal(text.isWellFormed() && !/\\ud[89a-f]/.test(text), false, "only lone surrogates are refused");
        return;
      }
      const parsed = parseStrict(utf8(text), "payload");
      assert.deepEqual(parsed.value, JSON.parse(text));
      for (const [pointer, child] of pointersOf(JSON.parse(text), "")) {
        assert.deepEqual(JSON.parse(new TextDecoder().decode(parsed.slice(pointer))), child, pointer);
      }
    }),
  );
});

test("json: whatever the bytes, the answer is a value JSON.parse agrees with, or a refusal with a pointer", () => {
  const seeds = [
    '{"a":[1,-2.5e3,{"b":"\\u00e9\\ud834\\udd1e"}],"c":null}',
    '{"id":"x","n":17,"t":[true,false,"é€𝄞"]}',
    "[[[[{}]]]]",
  ];
  const mutation = fc.record({
    at: fc.nat(),
    byte: fc.integer({ min: 0, max: 255 }),
    kind: fc.constantFrom("set", "drop", "add"),
  });
  let acceptedCount = 0;
  fc.assert(
    fc.property(fc.constantFrom(...seeds), fc.array(mutation, { minLength: 1, maxLength: 4 }), (seed, mutations) => {
      const bytes = [...utf8(seed)];
      for (const { at, byte, kind } of mutations) {
        const place = at % (bytes.length + 1);
        bytes.splice(place, kind === "add" ? 0 : 1, ...(kind === "drop" ? [] : [byte]));
      }
      const input = Uint8Array.from(bytes);
      for (const profile of both) {
        const { code } = outcome(input, profile);
        if (code !== "accepted") continue;
        acceptedCount++;
        const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(input);
        assert.deepEqual(parseStrict(input, profile).value, JSON.parse(text));
      }
      // Nothing is refused as malformed that JSON.parse takes from valid UTF-8.
      if (outcome(input, "payload").code === "malformed-json") {
        assert.throws(() => JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(input)));
      }
    }),
    { numRuns: 3000 },
  );
  assert.ok(acceptedCount > 100, "the mutations leave some documents whole");
});

type JsonVector = SpecVector & {
  readonly profile: JsonProfile;
  readonly text?: string;
  readonly base64?: string;
  readonly error: string | null;
  readonly pointer: string | null;
};

for (const [name, { desc, profile, text, base64, error, pointer }] of specVectors<JsonVector>("json")) {
  test(`json: ${name}: ${desc}`, () => {
    const bytes = text === undefined ? parseBase64(base64!)! : utf8(text);
    assert.deepEqual(outcome(bytes, profile), error === null ? { code: "accepted" } : { code: error, pointer });
  });
}
