import assert from "node:assert/strict";
import { test } from "node:test";
import { editing, omitting, Story, type StoryOptions } from "../../../tools/story.ts";
import {
  type Completeness,
  type CompletenessPart,
  completenessOf,
  completenessParts,
  labelFaults,
  OBSERVED_CAP,
} from "./completeness.ts";
import type { Kind } from "./event.ts";
import { foldLog, LogFold } from "./fold.ts";

function completenessAfter(script: string, options: StoryOptions = {}, policy = true): Completeness {
  const story = new Story(options).found({ people: ["sam"], policy });
  const run = story.run();
  run.play(script);
  run.close();
  const fold = new LogFold({ hasPayload: () => true });
  for (const event of story.events) fold.step(event);
  return fold.completeness(fold.runs.get(run.id)!);
}

/** Every required kind of a run with an approval and a retry, and the part its removal must change. */
const REQUIRED: [script: string, kind: Kind, part: CompletenessPart, nth?: number][] = [
  ["allow succeeded safety", "run.started", "fields"],
  ["allow succeeded safety", "action.requested", "decision"],
  ["allow succeeded safety", "policy.decided", "decision"],
  ["gate approve succeeded safety", "approval.requested", "approval"],
  ["gate approve succeeded safety", "approval.voted", "approval"],
  ["gate approve succeeded safety", "approval.granted", "approval"],
  ["gate approve succeeded safety", "approval.consumed", "approval"],
  ["allow succeeded safety", "dispatch.permitted", "attempts"],
  ["allow succeeded safety", "dispatch.started", "attempts"],
  ["allow succeeded safety", "dispatch.succeeded", "attempts"],
  ["allow succeeded safety", "dispatch.succeeded", "outcome"],
  ["allow failed retry succeeded safety", "dispatch.failed", "attempts"],
  ["allow failed retry succeeded safety", "dispatch.retried", "attempts"],
  ["allow failed retry succeeded safety", "dispatch.started", "attempts", 1],
  ["gate reject", "approval.rejected", "outcome"],
  ["gate expire", "approval.expired", "outcome"],
  ["gate cancel", "approval.cancelled", "outcome"],
  ["allow drop", "dispatch.cancelled", "outcome"],
  ["allow succeeded safety", "safety.checked", "safety"],
  ["allow succeeded safety", "run.closed", "closed"],
  ["allow succeeded safety", "run.settled", "closed"],
];

for (const [script, kind, part, nth] of REQUIRED) {
  test(`completeness: without ${kind} of "${script}" the part ${part} falls`, () => {
    const whole = completenessAfter(script);
    const without = completenessAfter(script, { edit: omitting(kind, nth) });
    const { have, of } = whole.parts[part];
    assert.equal(have, of);
    assert.ok(without.parts[part].have < without.parts[part].of, JSON.stringify(without.parts));
    assert.equal(whole.score, 1);
    assert.ok(without.score < 1);
  });
}

test("completeness: a payload that is not accounted for lowers `pointers`, and nothing else", () => {
  const story = new Story().found({ people: ["sam"] });
  const run = story.run();
  run.play("allow succeeded safety");
  run.close();
  const [missing] = story.payloads.keys();
  const fold = new LogFold({ hasPayload: (digest) => digest !== missing });
  for (const event of story.events) fold.step(event);
  const { parts } = fold.completeness(fold.runs.get(run.id)!);
  const short = completenessParts.filter((name) => parts[name].have < parts[name].of);
  assert.deepEqual(short, ["pointers"]);
});

test("completeness: an unconfirmed outcome is accounted for and not known, until it is reported", () => {
  const unknown = completenessAfter("allow unconfirmed retry unconfirmed retry unconfirmed safety");
  assert.deepEqual(unknown.parts.attempts, { have: 3, of: 3 });
  assert.deepEqual(unknown.parts.outcome, { have: 0, of: 1 });
  const known = completenessAfter("allow unconfirmed retry unconfirmed retry unconfirmed late:succeeded safety");
  assert.equal(known.score, 1);
});

test("completeness: a run with an action that was only observed is at most half complete", () => {
  const { score, observed, parts } = completenessAfter("observe succeeded safety", {}, false);
  assert.equal(observed, 1);
  assert.equal(score, OBSERVED_CAP);
  assert.ok(completenessParts.every((name) => parts[name].have === parts[name].of));
});

test("completeness: an event that lacks a required member counts once, however much it lacks", () => {
  const edit = editing("action.requested", ({ commit: _, ...event }) => {
    const { args: __, ...pointers } = event.pointers;
    return { ...event, pointers };
  });
  const { parts } = completenessAfter("allow succeeded safety", { edit });
  assert.deepEqual(parts.fields, { have: parts.fields.of - 1, of: parts.fields.of });
});

test("completeness: the score rounds down, so nearly complete is not complete", () => {
  const story = new Story().found({ people: ["sam"] });
  const run = story.run({ scope: { budgets: {} } });
  for (let i = 0; i < 300; i++) run.play("deny");
  run.play("allow succeeded");
  for (let i = 0; i < 3; i++) run.play("allow succeeded safety");
  run.close();
  const { runs } = foldLog(story.events);
  const { parts, score } = completenessOf(runs.get(run.id)!);
  assert.deepEqual(parts.safety, { have: 3, of: 4 });
  assert.equal(score, 0.9687);
});

test("labels: what the policy's catalogue requires and the request lacks is named", () => {
  const story = new Story({
    edit: editing("action.requested", (event) => ({
      ...event,
      labels: { ticket: "CHG-1042" },
      refs: { incident: "INC-7" },
    })),
  }).found({ people: ["sam"] });
  const run = story.run();
  run.play("deny");
  const missing = (...required: string[]) =>
    foldLog(story.events, { requiredLabels: () => required }).faults.map(({ code, detail }) => `${code} ${detail}`);
  assert.deepEqual(missing("ticket", "incident"), []);
  assert.deepEqual(missing("ticket", "constructor"), [
    "field-missing label constructor is required for infra.change.apply",
  ]);
  const request = story.events.find((event) => event.type === "action.requested");
  assert.ok(request?.type === "action.requested" && labelFaults(request, []).length === 0);
});
