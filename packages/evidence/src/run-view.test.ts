import assert from "node:assert/strict";
import { test } from "node:test";
import { Story } from "../../../tools/story.ts";
import "./hash.node.ts";
import { canonicalText } from "./canonical.ts";
import type { RunEvent } from "./event.ts";
import { RunViews, viewOfEvent } from "./run-view.ts";

const story = new Story().found();
const run = story.run();
run.play("gate approve use failed retry succeeded safety artifact");
run.close();
const own = story.entries.flatMap((entry, i) => {
  const event = JSON.parse(new TextDecoder().decode(entry)) as RunEvent; // of the story's one run, or filtered out
  return "run_id" in event ? [{ event, leaf: story.leaves[i]! }] : [];
});

test("view: a run's is the canonical JSON of its events with what derives from them", () => {
  const views = new RunViews(story.log, 40);
  for (const { event, leaf } of own) views.add(event, leaf);
  assert.deepEqual(views.runs(), [run.id]);
  const bytes = views.take(run.id);
  const events = own.map(({ event, leaf }) => viewOfEvent(event, leaf));
  assert.equal(
    new TextDecoder().decode(bytes),
    canonicalText({ v: 1, run_id: run.id, log: story.log, as_of: 40, events }),
  );
  assert.equal(views.take(run.id), undefined, "a run is handed out once");
});

test("view: an event's adds hash, algorithm and receipt, and changes nothing", () => {
  const { event, leaf } = own[3]!;
  const { receipt, integrity, ...rest } = viewOfEvent(event, leaf, "proof");
  assert.equal(receipt, "proof");
  const { hash, sig_alg: algorithm, ...placed } = integrity;
  assert.deepEqual([hash, algorithm], [leaf, "ed25519"]);
  assert.deepEqual({ ...rest, integrity: placed }, event);
  assert.ok(!("receipt" in viewOfEvent(event, leaf)));
});
