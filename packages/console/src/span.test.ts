import assert from "node:assert/strict";
import { test } from "node:test";
import { announcementAt, formatDistance, formatLength, formatSpan, formatUtc } from "./span.ts";

test("span: two largest units, never negative", () => {
  const table: readonly (readonly [number, string])[] = [
    [-5, "0 s"],
    [999, "0 s"],
    [45_000, "45 s"],
    [61_000, "1 min 01 s"],
    [3_600_000, "1 h 00 min"],
    [90_061_000, "1 d 01 h"],
  ];
  for (const [ms, words] of table) assert.equal(formatSpan(ms), words);
  assert.equal(formatLength(1_800_000), "30 min");
  assert.equal(formatLength(90_000), "1 min 30 s");
  assert.equal(formatDistance(-61_000), "1 min ago");
  assert.equal(formatDistance(61_000), "in 1 min");
  assert.equal(formatUtc("2026-04-01T14:07:53.120Z"), "2026-04-01 14:07:53");
});

test("span: a countdown is said aloud at five minutes, at one, and at its end", () => {
  assert.equal(announcementAt(299_000), "5 minutes left.");
  assert.equal(announcementAt(59_000), "1 minute left.");
  assert.equal(announcementAt(0), "The request has expired.");
  assert.equal(announcementAt(200_000), undefined);
});
