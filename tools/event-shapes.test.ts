import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { canonicalText } from "@countersign/evidence/canonical";
import { type Event, kindNames, kinds, MAX_ENTRY_BYTES } from "@countersign/evidence/event";
import { chainOfKind, checkEvent, serializeEvent } from "@countersign/evidence/generated/event-shapes";
import canonicalize from "canonicalize";
import fc from "fast-check";
import type { TSchema } from "typebox";
import { Value } from "typebox/value";
import { arbitraryOf, runs } from "./arbitrary.ts";
import { shapeOf } from "./gen/shape.ts";
import { largestOf } from "./largest.ts";
import { type Mutation, mutationsOf } from "./mutation.ts";

const schemas: readonly (readonly [string, TSchema])[] = kindNames.map((kind) => [kind, kinds[kind].schema]);

test("event: every generated value of every kind is accepted, and its text is what two JCS writers give", () => {
  let unordered = 0;
  for (const [, schema] of schemas) {
    fc.assert(
      fc.property(arbitraryOf(schema), (value) => {
        assert.deepEqual(checkEvent(value), []);
        const text = serializeEvent(value as Event);
        if (JSON.stringify(value) !== text) unordered++;
        assert.equal(text, canonicalize(value));
        assert.equal(text, canonicalText(value));
        assert.deepEqual(checkEvent(JSON.parse(text)), []);
      }),
      runs(20),
    );
  }
  assert.ok(unordered > schemas.length * 19, "control: the values do not come in canonical order by themselves");
});

test("event: one thing wrong anywhere gives one fault with its pointer", () => {
  const seen = new Set<string>();
  for (const [, schema] of schemas) {
    const shape = shapeOf(schema);
    fc.assert(
      fc.property(arbitraryOf(schema), fc.nat(), (value, pick) => {
        const mutations = mutationsOf(shape, value);
        // Four places far apart of each value: all of them together would be most of a minute.
        for (let i = 0; i < 4; i++) {
          const mutation = mutations[(pick + i * 37) % mutations.length]!;
          assertRefused(mutation);
          seen.add(mutation.name);
        }
      }),
      runs(15),
    );
  }
  assert.deepEqual([...seen].sort(), ["missing-member", "too-long", "unknown-member", "wrong-type"]);
});

test("event: the schema library refuses the same mutations", () => {
  for (const [, schema] of schemas) {
    const shape = shapeOf(schema);
    const [value] = fc.sample(arbitraryOf(schema), { numRuns: 1, seed: 1 });
    assert.equal(Value.Check(schema, value), true);
    for (const mutation of mutationsOf(shape, value)) {
      assertRefused(mutation);
      assert.equal(Value.Check(schema, mutation.make()), false, `${mutation.name} ${mutation.pointer}`);
    }
  }
});

function assertRefused({ name, pointer, wrong, make }: Mutation): void {
  const found = checkEvent(make());
  assert.ok(found !== "kind-not-understood", `${name} at ${pointer}`);
  assert.deepEqual(
    found.map((fault) => [fault.pointer, fault.wrong]),
    [[pointer, wrong]],
    `${name} at ${pointer}`,
  );
}

test("event: with every member at its largest, every kind fits one entry", () => {
  for (const [kind, schema] of schemas) {
    const largest = largestOf(schema);
    assert.deepEqual(checkEvent(largest), [], `${kind}: the largest value is lawful`);
    const bytes = Buffer.byteLength(serializeEvent(largest as Event));
    assert.ok(bytes <= MAX_ENTRY_BYTES, `${kind} can take ${bytes} bytes`);
  }
});

test("event: control: the largest value with one more of anything is refused", () => {
  for (const [kind, schema] of schemas) {
    const largest = largestOf(schema);
    const grown = mutationsOf(shapeOf(schema), largest).filter(({ name }) => name === "too-long");
    assert.ok(grown.length > 5, kind);
    for (let i = 0; i < 12; i++) assertRefused(grown[Math.floor((i * grown.length) / 12)]!);
  }
});

test("event: kinds and versions that are not known are neither good nor bad", () => {
  const [value] = fc.sample(arbitraryOf(kinds["run.suspended"].schema), { numRuns: 1, seed: 7 });
  assert.deepEqual(checkEvent(value), []);
  assert.equal(checkEvent({ ...value, type: "run.paused" }), "kind-not-understood");
  assert.equal(checkEvent({ ...value, type: "__proto__" }), "kind-not-understood");
  assert.equal(checkEvent({ ...value, v: 2 }), "kind-not-understood");
  assert.equal(checkEvent({ ...value, v: 2, new_member: 1 }), "kind-not-understood");
  for (const v of [0, -1, 1.5, "1", null]) assert.deepEqual(pointers(checkEvent({ ...value, v })), ["/v"], `${v}`);
});

test("event: what is no event at all is refused without an exception", () => {
  for (const value of [undefined, null, 1, "x", true, [], [{}], () => 0])
    assert.deepEqual(pointers(checkEvent(value)), [""], String(value));
  assert.deepEqual(pointers(checkEvent({})), ["/type"]);
  assert.deepEqual(pointers(checkEvent({ type: 1 })), ["/type"]);
  assert.ok(checkEvent({ type: "log.heartbeat" }).length >= 8, "all missing members are listed");
});

test("event: texts with lone surrogates or control characters are refused, others are kept as they are", () => {
  const [value] = fc.sample(arbitraryOf(kinds["config.overridden"].schema), { numRuns: 1, seed: 3 });
  const withText = (text: string) => ({ ...value, override: { setting: text, value: "x" } });
  for (const text of ["\ud800", "a\udc00b", "\u0000", "a\nb", "\u009f", ""])
    assert.deepEqual(pointers(checkEvent(withText(text))), ["/override/setting"], JSON.stringify(text));
  for (const text of ["\u{1f600}", 'quote " and \\', "\u202e bidi is shown elsewhere"]) {
    assert.deepEqual(checkEvent(withText(text)), []);
    assert.equal(serializeEvent(withText(text) as Event), canonicalize(withText(text)));
  }
});

test("event: string lengths count UTF-16 code units, canonical texts also bytes", () => {
  const [value] = fc.sample(arbitraryOf(kinds["config.overridden"].schema), { numRuns: 1, seed: 3 });
  const setting = (text: string) => checkEvent({ ...value, override: { setting: text, value: "x" } });
  assert.deepEqual(setting("\u{1f600}".repeat(64)), []);
  assert.deepEqual(pointers(setting(`${"\u{1f600}".repeat(64)}a`)), ["/override/setting"]);
  const [asked] = fc.sample(arbitraryOf(kinds["approval.requested"].schema), { numRuns: 1, seed: 3 });
  const request = (text: string) => checkEvent({ ...asked, approval_request: { ...asked!.approval_request, text } });
  assert.deepEqual(request("\u5b57".repeat(5461)), []);
  assert.deepEqual(pointers(request("\u5b57".repeat(5462))), ["/approval_request/text"]);
  assert.deepEqual(request("\u{1f600}".repeat(4096)), []);
  assert.deepEqual(pointers(request(`${"\u{1f600}".repeat(4096)}a`)), ["/approval_request/text"]);
});

test("event: members set to undefined count as absent", () => {
  const [value] = fc.sample(arbitraryOf(kinds["run.suspended"].schema), { numRuns: 1, seed: 7 });
  const bare = { ...value, cause: undefined, labels: undefined, refs: undefined, commit: undefined };
  assert.deepEqual(checkEvent(bare), []);
  assert.equal(serializeEvent(bare as unknown as Event), canonicalize(JSON.parse(JSON.stringify(bare))));
  assert.deepEqual(pointers(checkEvent({ ...value, run_id: undefined })), ["/run_id"]);
});

test("event: every kind and its chain are in the generated table, and on the spec page, and no others", () => {
  assert.deepEqual(Object.keys(chainOfKind), kindNames);
  for (const kind of kindNames) assert.equal(chainOfKind[kind], kinds[kind].chain);
  const page = readFileSync(new URL("../spec/evidence-event.md", import.meta.url), "utf8");
  const table = page.slice(page.indexOf("\n## Kinds"));
  const listed = [...table.matchAll(/`([a-z]+(?:\.[a-z_]+)+)`/g)].map(([, kind]) => kind);
  assert.deepEqual([...new Set(listed)].sort(), [...kindNames].sort());
});

function pointers(found: ReturnType<typeof checkEvent>): readonly string[] {
  return found === "kind-not-understood" ? [found] : found.map((fault) => fault.pointer);
}
