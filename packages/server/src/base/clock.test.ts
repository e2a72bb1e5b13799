import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTimestamp, parseTimestamp, systemClock } from "./clock.ts";

test("clock: a timestamp reads back as the moment it was made from", () => {
  for (const atMs of [0, 1, 1_775_052_473_120, 253_402_300_799_999])
    assert.equal(parseTimestamp(formatTimestamp(atMs)), atMs);
});

test("clock: what is not RFC 3339 UTC with three decimals, or no real day, is refused", () => {
  for (const text of [
    "2026-02-31T00:00:00.000Z",
    "2026-04-01T14:07:53Z",
    "2026-04-01T14:07:53.12Z",
    "2026-04-01T14:07:53.120+00:00",
    "2026-04-01T24:00:00.000Z",
    "2026-04-01 14:07:53.120Z",
    "",
  ]) {
    assert.equal(parseTimestamp(text), undefined, text);
  }
  assert.equal(parseTimestamp("2026-04-01T14:07:53.120Z"), Date.UTC(2026, 3, 1, 14, 7, 53, 120));
});

test("clock: the monotonic clock never goes back", () => {
  let last = systemClock.monotonicMs();
  for (let i = 0; i < 1000; i++) {
    const now = systemClock.monotonicMs();
    assert.ok(now >= last);
    last = now;
  }
});
