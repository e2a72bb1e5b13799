import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bundleOf, seedFacts, seedFiles } from "../../../tools/seed-bundle.ts";
import { isCanonical } from "./canonical.ts";
import { utf8 } from "./hash.ts";
import { projectAction } from "./project.ts";
import { MAX_PROJECTION_BYTES, parseProjection, projectionBytes } from "./projection.ts";

const { contract } = bundleOf(seedFiles()).contracts.get("terraform")!;
const projected = projectAction(contract, { vpc: "vpc-1", environment: "dev", cost: 12.5 }, seedFacts);
assert.ok(projected.ok);
const { bytes } = projected;
const text = new TextDecoder().decode(bytes);

test("projection: its canonical bytes are read, and written again the same", () => {
  const projection = parseProjection(bytes)!;
  assert.deepEqual(projection, projected.projection);
  assert.deepEqual(projectionBytes(projection), bytes);
});

const odd: readonly [why: string, bytes: Uint8Array | string][] = [
  ["a member twice", text.replace('"version":""', '"version":"","version":""')],
  ["a member twice, the first another", text.replace('"env":"dev"', '"env":"prod","env":"dev"')],
  ["a member by an escape", text.replace('"env"', '"\\u0065nv"')],
  ["a text by an escape", text.replace('"dev"', '"d\\u0065v"')],
  ["an amount as 1.25e3", text.replace('"cost_cents":1250', '"cost_cents":1.25e3')],
  ["an amount as 1250.0", text.replace('"cost_cents":1250', '"cost_cents":1250.0')],
  ["minus nothing", text.replace('"score":0', '"score":-0')],
  ["a prototype", text.replace('"args":{', '"args":{"__proto__":{},')],
  ["members in another order", text.replace('"env":"dev","id":"vpc-1"', '"id":"vpc-1","env":"dev"')],
  ["a space", `${text} `],
  ["a mark of byte order", `\ufeff${text}`],
  ["half a character", Uint8Array.from([...bytes.subarray(0, -1), 0xe2, 0x7d])],
  ["half a pair", text.replace('"dev"', '"\\ud800"')],
  ["nesting without end", text.replace('"dry_run":false', `"dry_run":${"[".repeat(6000)}${"]".repeat(1000)}`)],
  ["a byte too many", text.replace('"dev"', `"${"x".repeat(MAX_PROJECTION_BYTES)}"`)],
  ["null", "null"],
  ["nothing", ""],
];
for (const [why, spoiled] of odd) {
  test(`projection: none with ${why}`, () => {
    assert.notEqual(spoiled, text, "the change was made");
    assert.equal(parseProjection(typeof spoiled === "string" ? utf8(spoiled) : spoiled), undefined);
  });
}

test("projection: what is read is canonical by the strict reader too, whatever a few bytes are", () => {
  let read = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 3 }), (changes) => {
      const changed = Uint8Array.from(bytes);
      for (const [at, byte] of changes) changed[at] = byte;
      if (parseProjection(changed) === undefined) return;
      read++;
      assert.ok(isCanonical(changed, "entry"));
    }),
    { numRuns: 2000 },
  );
  assert.ok(read > 100, "some changes are to texts, and read");
});
