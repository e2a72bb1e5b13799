import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Value } from "typebox/value";
import { PackStory } from "../../../tools/pack-story.ts";
import "./hash.node.ts";
import { formatReport, formatReportJson } from "./report.ts";
import { type Report, ReportSchema } from "./report-schema.ts";
import { verify } from "./verify.ts";

const story = await PackStory.open();
const run = story.run();
story.change(run, "gate approve use succeeded safety", { vpc: "prod/vpc-1", environment: "prod" });
run.close();
const folder = await story.pack({ kind: "run", run_id: run.id });
const sound = await verify(folder, { pins: [story.key] });
const damaged = folder.copy();
damaged.get("content/entries/7.json")![40]! ^= 1;
const faulty = await verify(damaged);

test("report: is of its schema, sound or faulty, and the schema in spec/ is this one", () => {
  for (const report of [sound, faulty])
    assert.ok(Value.Check(ReportSchema, report), JSON.stringify([...Value.Errors(ReportSchema, report)]));
  // Control: a member of another type is not.
  assert.ok(!Value.Check(ReportSchema, { ...sound, counts: { ...sound.counts, tampered: "0" } }));
  const published = JSON.parse(
    readFileSync(new URL("../../../spec/schema/verify-report.json", import.meta.url), "utf8"),
  ) as { properties: object };
  assert.deepEqual(Object.keys(published.properties).sort(), Object.keys(sound).sort());
});

test("report: JSON reads back as the report", () => {
  assert.deepEqual(JSON.parse(formatReportJson(faulty)), faulty);
  assert.ok(formatReportJson(sound).endsWith("}\n"));
});

test("report: a line for each assurance, with its own reason", () => {
  const text = formatReport(sound);
  assert.match(text, /^NO FAULT\. Established: consistent, pinned, approvers, re-executed\.$/m);
  assert.match(text, /^consistent +MET +/m);
  assert.match(text, /^timed +NOT MET +no time-stamp/m);
  assert.match(text, /^approvers +MET +1 of 1 votes/m);
  assert.match(text, /^re-executed +MET +1 of 1 decisions/m);
  assert.match(text, /fingerprint sha256:[0-9a-f]{64}, pinned$/m);
  assert.match(text, /Tamper-detecting, not tamper-evident against the operator/);
});

test("report: every fault with its place, its meaning and what was found", () => {
  const text = formatReport(faulty);
  assert.match(text, /^FAULTY: \d+ faults, about \d+ entries\.$/m);
  const named = new RegExp(
    `^! inclusion-failed {2}entry 7 {2}${story.events[7]!.event_id}\n +The inclusion proof does not lead`,
    "m",
  );
  assert.match(text, named);
  assert.match(text, /^! pack-file-mismatch {2}content\/entries\/7\.json$/m);
  assert.match(text, /NOT PINNED/);
});

test("report: hostile text from a pack is shown, never obeyed", () => {
  const hostile: Report = {
    ...faulty,
    faults: [{ code: "pack-file-unlisted", detail: "\u001b[2J\rNO FAULT.", path: "a\u202eb" }],
  };
  const text = formatReport(hostile);
  assert.ok(text.includes("\\u{1b}[2J\\u{d}NO FAULT."));
  assert.ok(text.includes("a\\u{202e}b"));
  for (const character of text) assert.ok(character === "\n" || !/[\p{Cc}\p{Cf}]/u.test(character));
});

test("report: many faults are counted and the first of them shown", () => {
  const faults = Array.from({ length: 60 }, (_, index) => ({ code: "leaf-mismatch", detail: "x", index }));
  const text = formatReport({ ...faulty, faults });
  assert.match(text, /^FAULTY: 60 faults, about 60 entries\.$/m);
  assert.match(text, /^and 10 more faults/m);
});
