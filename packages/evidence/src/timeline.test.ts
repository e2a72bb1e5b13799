import assert from "node:assert/strict";
import { test } from "node:test";
import { omitting, Story, type StoryRun } from "../../../tools/story.ts";
import "./hash.node.ts";
import { canonicalText } from "./canonical.ts";
import type { RunEvent } from "./event.ts";
import { formatTimeline, type GapKind, type Timeline, timelineOf } from "./timeline.ts";

function eventsOf(run: StoryRun): RunEvent[] {
  return run.story.events.filter((event): event is RunEvent => "run_id" in event && event.run_id === run.id);
}

function play(...scripts: string[]): StoryRun {
  const run = new Story().found().run();
  for (const script of scripts) run.play(script);
  return run;
}

function timeline(run: StoryRun): Timeline {
  const made = timelineOf(eventsOf(run), run.story.events.length);
  assert.ok(made !== undefined);
  return made;
}

test("timeline: one line for each event, intent to safety, in the order of the log", () => {
  const run = play("gate approve queue use failed retry succeeded safety artifact");
  run.close();
  const { steps, gaps, actions, status } = timeline(run);
  assert.deepEqual(
    steps.map(({ lane, status: word, attempt }) => [lane, word, ...(attempt === undefined ? [] : [attempt])].join(" ")),
    [
      "run STARTED",
      "request REQUESTED",
      "policy REQUIRE_APPROVAL",
      "approval REQUESTED",
      "approval APPROVE",
      "approval GRANTED",
      "dispatch QUEUED 1",
      "approval CONSUMED",
      "dispatch PERMITTED",
      "attempt STARTED 1",
      "outcome FAILED 1",
      "attempt RETRIED 2",
      "attempt STARTED 2",
      "outcome SUCCEEDED 2",
      "safety NOT_CHECKED",
      "artifact RECORDED",
      "run CLOSED",
      "run SETTLED",
    ],
  );
  assert.deepEqual(
    steps.map(({ seq }) => seq),
    steps.map((_, i) => i),
  );
  assert.equal(status, "settled");
  assert.deepEqual(gaps, []);
  const [action] = actions;
  assert.equal(action?.decision, "REQUIRE_APPROVAL");
  assert.equal(action?.approval?.state, "CONSUMED");
  assert.match(action?.approval?.approver ?? "", /^usr_/);
  assert.deepEqual(
    action?.attempts.map(({ status: end }) => end),
    ["FAILED", "SUCCEEDED"],
  );
  assert.equal(action?.outcome, "SUCCEEDED");
  assert.equal(action?.safety, "not_checked");
});

const endings: readonly [script: string, outcome: string | null, approval: string | null, attempts: number][] = [
  ["allow succeeded safety", "SUCCEEDED", null, 1],
  ["deny", "DENIED", null, 0],
  ["gate reject", "REJECTED", "REJECTED", 0],
  ["gate expire", "EXPIRED", "EXPIRED", 0],
  ["gate void", "VOIDED", "VOIDED", 0],
  ["allow failed retry timed_out retry failed dead safety", "DEAD_LETTERED", null, 3],
  ["allow unconfirmed safety", "UNCONFIRMED", null, 1],
];
for (const [script, outcome, approval, attempts] of endings) {
  test(`timeline: "${script}" is summed up as ${outcome}`, () => {
    const [action] = timeline(play(script)).actions;
    assert.deepEqual(
      [action?.outcome, action?.approval?.state ?? null, action?.attempts.length],
      [outcome, approval, attempts],
    );
  });
}

const gapCases: readonly [script: string, gap: GapKind][] = [
  ["allow", "not-started"],
  ["gate", "unanswered"],
  ["gate approve", "not-started"],
  ["allow use", "no-outcome"],
  ["allow unconfirmed", "unconfirmed"],
  ["allow succeeded", "no-safety-check"],
];
for (const [script, gap] of gapCases) {
  test(`timeline: after "${script}" the gap is ${gap}`, () => {
    const run = play(script);
    const kinds = timeline(run).gaps.map(({ kind }) => kind);
    assert.ok(kinds.includes(gap), kinds.join(", "));
    assert.ok(kinds.includes("not-settled"));
    const whole = play("allow succeeded safety");
    whole.close();
    assert.deepEqual(timeline(whole).gaps, [], "control: a whole run has none");
  });
}

test("timeline: a decision left out shows as undecided, entries left out as missing", () => {
  const undecided = new Story({ edit: omitting("policy.decided", 0) }).found().run();
  undecided.action().request();
  assert.ok(timeline(undecided).gaps.some(({ kind }) => kind === "undecided"));

  const run = play("allow failed retry succeeded safety");
  const events = eventsOf(run);
  const cut = timelineOf(
    events.filter((_, i) => i !== 3 && i !== 4),
    9,
  )!;
  const gap = cut.gaps.find(({ kind }) => kind === "entries-missing");
  assert.deepEqual([gap?.after_seq, gap?.sentence], [2, "events 3 to 4 of this run are not here"]);
});

test("timeline: a check that names a finding says which; one that names none says nothing of it", () => {
  const events = eventsOf(play("allow succeeded safety"));
  const finding = "fnd_01kh0000000000000000000001";
  const naming = events.map((event) =>
    event.type === "safety.checked" ? { ...event, safety: { ...event.safety, finding } } : event,
  );
  const said = (told: RunEvent[]) => timelineOf(told, 9)?.steps.find(({ lane }) => lane === "safety");
  assert.ok(JSON.stringify(said(naming)).includes(`finding ${finding}`));
  assert.ok(!JSON.stringify(said(events)).includes("finding"));
});

test("timeline: is plain JSON, and of no events there is none", () => {
  const made = timeline(play("gate approve use succeeded safety"));
  assert.deepEqual(JSON.parse(JSON.stringify(made)), made);
  assert.ok(canonicalText(made).length > 0);
  assert.equal(timelineOf([], 0), undefined);
});

test("timeline: text has a line for each step, its gaps below it, and a line for each action", () => {
  const run = play("allow use", "gate");
  const made = timeline(run);
  const text = formatTimeline(made);
  const lines = text.split("\n");
  for (const step of made.steps)
    assert.ok(
      lines.some((line) => line.includes(step.summary)),
      step.summary,
    );
  const started = lines.findIndex((line) => line.includes("attempt 1 of"));
  assert.ok(started > 0);
  assert.match(lines[started + 1]!, /^ {2}!! gap: attempt 1 of action 1 started and has no outcome$/);
  assert.match(text, /^#1 +infra\.change\.apply +aws:eu-west-1\/prod\/vpc-1 +ALLOW/m);
  assert.match(text, /^#2 .*REQUESTED/m);
  const columns = lines
    .filter((line) => /^ *\d+ +\d+ +\d\d:\d\d:\d\d\.\d{3} /.test(line))
    .map((line) => line.search(/\d\d:\d\d:\d\d\.\d{3}/));
  assert.equal(columns.length, made.steps.length);
  assert.equal(new Set(columns).size, 1, "the columns line up");
  assert.ok(text.endsWith("\n"));
});

test("timeline: hostile text is shown, never obeyed", () => {
  const run = new Story().found().run();
  run.play("allow succeeded safety", {
    action: { target: { system: "x\u001b[2J", resource: "prod/\u202egnp\n99 100 DENY", environment: "\u200bprod" } },
  });
  const text = formatTimeline(timeline(run));
  assert.ok(text.includes("x\\u{1b}[2J/prod/\\u{202e}gnp\\u{a}99 100 DENY (\\u{200b}prod)"));
  for (const character of text) assert.ok(character === "\n" || !/[\p{Cc}\p{Cf}]/u.test(character));
});

test("timeline: says when separation was waived", () => {
  const waived = new Story({ kind: "evaluation" }).found().run();
  const action = waived.action();
  action.play("gate vote:sam");
  action.grant("waived");
  assert.match(formatTimeline(timeline(waived)), /SEPARATION WAIVED/);
});
