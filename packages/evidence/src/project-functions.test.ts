import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ArgumentSource, applyFunction, functionNames, functionTypes, valueAt } from "./project-functions.ts";
import type { JsonValue } from "./strict-json.ts";
import { fitsType } from "./tool-contract.ts";

const REFUSED = Symbol("refused");
type Row = readonly [
  parameters: Record<string, unknown>,
  value: JsonValue | undefined,
  expected: JsonValue | typeof REFUSED,
];

const rows: { readonly [F in ArgumentSource["fn"]]: readonly Row[] } = {
  string: [
    [{}, "a", "a"],
    [{}, "", ""],
    [{ max: 3 }, "abc", "abc"],
    [{ max: 3 }, "abcd", REFUSED], // never cut: what is cut off is what policy would not see
    [{}, 7, REFUSED],
    [{}, null, REFUSED],
    [{}, undefined, REFUSED],
  ],
  int: [
    [{}, 7, 7],
    [{}, -0, 0],
    [{}, 7.5, REFUSED],
    [{}, "7", REFUSED], // never coerced
    [{}, 2 ** 53, REFUSED],
    [{}, true, REFUSED],
  ],
  bool: [
    [{}, true, true],
    [{}, "true", REFUSED],
    [{}, 1, REFUSED],
  ],
  cents: [
    [{}, 12.34, 1234],
    [{}, 19.99, 1999], // 19.99 * 100 is 1998.9999999999998
    [{}, 1.1, 110],
    [{}, 5000, 500000],
    [{}, "12.3", 1230],
    [{}, "0.05", 5],
    [{}, 12.345, REFUSED],
    [{}, -1, REFUSED],
    [{}, 1e21, REFUSED],
    [{}, "1e3", REFUSED],
    [{}, "012", REFUSED],
    [{}, " 1", REFUSED],
    [{}, "", REFUSED],
  ],
  enum: [
    [{ values: ["prod", "dev"] }, "dev", "dev"],
    [{ values: ["prod", "dev"] }, "Dev", REFUSED],
    [{ values: ["prod", "dev"] }, ["dev"], REFUSED],
  ],
  count: [
    [{}, [1, 2], 2],
    [{}, {}, 0],
    [{}, { a: 1 }, 1],
    [{}, "ab", REFUSED],
  ],
  max: [
    [{}, [3, 9, 4], 9],
    [{}, [-3, -9], -3],
    [{ each: "/p", of: "cents" }, [{ p: "1.50" }, { p: 2 }], 200],
    [{}, [], REFUSED],
    [{}, [1, "2"], REFUSED],
    [{ each: "/p" }, [{ p: 1 }, {}], REFUSED],
  ],
  sum: [
    [{}, [3, 9, 4], 16],
    [{}, [], 0],
    [{ of: "cents" }, [0.1, 0.2], 30],
    [{}, [2 ** 53 - 1, 1], REFUSED],
    [{}, 3, REFUSED],
  ],
  set: [
    [{}, ["b", "a", "b"], ["a", "b"]],
    [{ each: "/n" }, [{ n: "x" }], ["x"]],
    [{ max: 1 }, ["a", "b"], REFUSED],
    [{}, ["a", 1], REFUSED],
    [{}, ["x".repeat(257)], REFUSED],
    [{}, "a", REFUSED],
  ],
  domains: [
    [{}, "Ann@Example.COM", ["example.com"]],
    [{}, ["a@b.com", "https://b.com/x", "c.org"], ["b.com", "c.org"]],
    [{}, ["a@b@c.com"], REFUSED],
    [{}, ["a@b.com, c@d.com"], REFUSED], // two recipients in one string
    [{}, ["Ann <ann@example.com>"], REFUSED],
    [{}, ["a@exämple.com"], REFUSED],
    [{}, ["a@-b.com"], REFUSED],
    [{}, [""], REFUSED],
  ],
  host: [
    [{}, "https://Example.com:8443/a?b#c", "example.com"],
    [{}, "http://[::1]/x", "[::1]"],
    [{}, "http://127.0.0.1/", "127.0.0.1"],
    [{}, "https://good.com@evil.com/", REFUSED],
    [{}, "https://evil.com\\@good.com/", REFUSED],
    [{}, "http://0x7f.1/", REFUSED], // 127.0.0.1 to a browser
    [{}, "http://2130706433/", REFUSED],
    [{}, "http://127.0.0.1.", REFUSED],
    [{}, "https://ex ample.com/", REFUSED],
    [{}, "https://exa\tmple.com/", REFUSED],
    [{}, "//example.com/x", REFUSED],
    [{}, "https:example.com", REFUSED],
    [{}, "https://аррle.com/", REFUSED],
  ],
  path_norm: [
    [{}, "/a//b/./c/", "/a/b/c"],
    [{}, "/a/b/../c", "/a/c"],
    [{}, "/", "/"],
    [{}, "/a b/ü", "/a b/ü"],
    [{}, "/../etc/passwd", REFUSED],
    [{}, "a/b", REFUSED],
    [{}, "~/x", REFUSED],
    [{}, "", REFUSED],
    [{}, "/a\\b", REFUSED],
    [{}, "/a\u0000b", REFUSED],
    [{}, "/a\u202eb", REFUSED],
    [{}, "/a/%2e%2e/b", REFUSED],
    [{}, "/a/..%2Fb", REFUSED],
    [{}, "/a/．．/b", REFUSED], // full-width dots
    [{}, "/prod ", REFUSED],
    [{}, `/${"a".repeat(1024)}`, REFUSED],
    [{ root: "/srv/files" }, "x/y", "/srv/files/x/y"],
    [{ root: "/srv/files" }, "/srv/files/x", "/srv/files/x"],
    [{ root: "/srv/files" }, "../x", REFUSED],
    [{ root: "/srv/files" }, "/srv/filesystem", REFUSED],
    [{ root: "/srv/files" }, "/srv/files/../other", REFUSED],
    [{ root: "/srv/files" }, "~", REFUSED],
  ],
  bytes: [
    [{}, "ü", 2],
    [{}, [1, 2], 5],
    [{}, "", 0],
    [{}, null, REFUSED],
  ],
  sha256: [
    [{}, "abc", "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [{}, { b: 1, a: 2 }, "sha256:d3626ac30a87e6f7a6428233b3c68299976865fa5508e4267c5415c76af7a772"],
  ],
  has: [
    [{}, false, true],
    [{}, null, false],
    [{}, undefined, false],
  ],
  epoch: [
    [{}, 1_775_052_472, 1_775_052_472],
    [{}, "2026-04-01T14:07:52Z", 1_775_052_472],
    [{}, "2026-04-01T16:07:52.999+02:00", 1_775_052_472],
    [{}, "2026-02-30T00:00:00Z", REFUSED],
    [{}, "2026-04-01T14:07:60Z", REFUSED],
    [{}, "2026-04-01 14:07:52Z", REFUSED],
    [{}, "2026-04-01", REFUSED],
    [{}, "2026-04-01T14:07:52+24:00", REFUSED],
  ],
};

for (const fn of functionNames) {
  test(`project: ${fn}`, () => {
    for (const [parameters, value, expected] of rows[fn]) {
      const source = { from: "/x", fn, ...parameters } as ArgumentSource; // rows give the function's own parameters
      const applied = applyFunction(source, value);
      const actual = applied.ok ? applied.value : REFUSED;
      assert.deepEqual(actual, expected, `${fn}(${JSON.stringify(parameters)}) of ${JSON.stringify(value)}`);
    }
  });
}

test("project: every function is total and gives its own type or nothing", () => {
  fc.assert(
    fc.property(fc.constantFrom(...functionNames), fc.jsonValue(), (fn, value) => {
      const source = { from: "/x", fn, ...(fn === "enum" ? { values: ["a"] } : {}) } as ArgumentSource; // the one needed parameter
      const applied = applyFunction(source, value as JsonValue);
      if (applied.ok)
        assert.ok(fitsType(applied.value, functionTypes[fn]), `${fn} gave ${JSON.stringify(applied.value)}`);
    }),
    { numRuns: 2000 },
  );
});

test("project: no path leads out of its root, however it is spelled", () => {
  const part = fc.constantFrom("..", ".", "", "a", "b", "%2e%2e", "~");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), fc.boolean(), (parts, absolute) => {
      const path = `${absolute ? "/srv/x/" : ""}${parts.join("/")}`;
      const applied = applyFunction({ from: "/p", fn: "path_norm", root: "/srv/x" }, path);
      if (!applied.ok) return;
      assert.match(String(applied.value), /^\/srv\/x(\/|$)/);
      assert.doesNotMatch(String(applied.value), /(^|\/)\.{1,2}(\/|$)|\/\//);
    }),
    { numRuns: 2000 },
  );
});

test("project: a pointer finds own members only", () => {
  const value: JsonValue = { a: [{ "b/c": 1 }], "": 2 };
  assert.equal(valueAt(value, "/a/0/b~1c"), 1);
  assert.equal(valueAt(value, "/a/00"), undefined);
  assert.equal(valueAt(value, "/a/length"), undefined);
  assert.equal(valueAt(value, "/constructor"), undefined);
  assert.equal(valueAt(value, "/a/1"), undefined);
});
