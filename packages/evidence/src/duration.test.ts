import assert from "node:assert/strict";
import { test } from "node:test";
import { Value } from "typebox/value";
import { parseDuration } from "./duration.ts";
import { Requirement } from "./event.ts";

const second = 1000;
const rows: readonly [text: string, ms: number | undefined][] = [
  ["PT30M", 1800 * second],
  ["PT4H", 14_400 * second],
  ["P1DT12H", 129_600 * second],
  ["P30D", 2_592_000 * second],
  ["PT90S", 90 * second],
  ["PT0S", 0],
  ["P", undefined],
  ["PT", undefined],
  ["P1DT", undefined],
  ["P1M", undefined], // a month has no length
  ["P1Y", undefined],
  ["PT1.5H", undefined],
  ["-PT1H", undefined],
  ["PT1M1H", undefined],
  ["pt1h", undefined],
  ["PT30M ", undefined],
  ["30", undefined],
];

test("duration: days, hours, minutes and seconds, nothing whose length depends", () => {
  for (const [text, ms] of rows) assert.equal(parseDuration(text), ms, text);
});

test("duration: what is one fits the events that carry it", () => {
  const requirement = (ttl: string) => ({ rule: "a", approvers: "role:a", quorum: 1, ttl, separation: [] });
  for (const [text, ms] of rows) if (ms !== undefined) assert.ok(Value.Check(Requirement, requirement(text)), text);
  assert.ok(!Value.Check(Requirement, requirement("1h")), "the control");
});
