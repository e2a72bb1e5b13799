import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Edit, otherId, Story, type StoryOptions } from "../../../tools/story.ts";
import { completenessOf } from "./completeness.ts";
import { type ControlState, stepControl } from "./control.ts";
import type { ControlEvent, Event, RunEvent } from "./event.ts";
import type { Fault } from "./fault.ts";
import { foldLog, LogFold } from "./fold.ts";
import { checkEvent } from "./generated/event-shapes.ts";
import { MAX_OPEN_ACTIONS } from "./limits.ts";
import {
  mustSettle,
  nextSteps,
  overdueFaults,
  phaseOf,
  type RunState,
  stepPruned,
  stepRun,
  UNCONFIRMED_GRACE_MS,
  usageOf,
} from "./run.ts";
import { MAX_SETTLED_RECORDS } from "./run-state.ts";

// ── Lawful lives ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Attempts of a job that may be tried three times, up to its end. */
const attempts = fc
  .tuple(fc.array(fc.constantFrom("failed", "timed_out"), { maxLength: 2 }), fc.constantFrom("succeeded", "cancelled"))
  .map(([before, last]) => [...before.flatMap((end) => [end, "retry"]), last]);
const exhausted = fc
  .tuple(fc.constantFrom("failed", "timed_out"), fc.constantFrom("failed", "timed_out"), fc.boolean())
  .map(([first, second, dead]) => [first, "retry", second, "retry", "failed", ...(dead ? ["dead"] : [])]);
const given = fc.constantFrom(["failed", "dead"], ["failed", "drop"]);
const ran = fc
  .tuple(fc.boolean(), fc.oneof(attempts, exhausted, given), fc.boolean())
  .map(([queued, tries, artifact]) => [
    ...(queued ? ["queue"] : []),
    ...tries,
    "safety",
    ...(artifact ? ["artifact"] : []),
  ]);

/** One action without waiting for a clock, word by word: several of them may be mixed. */
const timeless: fc.Arbitrary<readonly string[]> = fc.oneof(
  fc.constant(["deny"]),
  fc.constantFrom(["gate", "reject"], ["gate", "cancel"], ["gate", "approve", "void"], ["gate", "vote:sam", "revoke"]),
  fc.constant(["allow", "drop"]),
  ran.map((words) => ["allow", ...words]),
  ran.map((words) => ["gate", "approve", ...words]),
);
const timed: fc.Arbitrary<readonly string[]> = fc.oneof(
  timeless,
  fc.constantFrom(["gate", "expire"], ["gate", "approve", "expire"]),
  fc.constantFrom(
    ["allow", "unconfirmed", "retry", "succeeded", "safety"],
    ["allow", "unconfirmed", "late:succeeded", "safety"],
    ["allow", "unconfirmed", "drop", "safety"],
  ),
);

/** Tells actions one after the other, closes and settles. */
function tell(actions: readonly (readonly string[])[], options: StoryOptions = {}): Story {
  const story = new Story(options).found({ people: ["sam"] });
  const run = story.run();
  for (const words of actions) run.play(words.join(" "));
  run.close();
  return story;
}

/** Tells actions mixed: `turns` says which action speaks next. */
function tellMixed(actions: readonly (readonly string[])[], turns: readonly number[]): Story {
  const story = new Story().found({ people: ["sam"] });
  const run = story.run();
  const left = actions.map((words) => ({ words: [...words], action: run.action() }));
  for (let turn = 0; left.some(({ words }) => words.length > 0); turn++) {
    const waiting = left.filter(({ words }) => words.length > 0);
    const { words, action } = waiting[(turns[turn] ?? 0) % waiting.length]!;
    action.play(words.shift()!);
  }
  run.close();
  return story;
}

const why = (faults: readonly Fault[]) => faults.map(({ code, detail }) => `${code}: ${detail}`).join("\n");

/** Each run event with the state and control before it. */
function* steps(
  events: readonly Event[],
): Generator<{ event: RunEvent; before: RunState | undefined; control: ControlState }> {
  let control = new LogFold().control;
  const states = new Map<string, RunState>();
  for (const event of events) {
    if (!("run_id" in event)) {
      control = stepControl(control, event as ControlEvent).state; // a founded story has no tenant-wide events
      continue;
    }
    const run = event as RunEvent; // only events of runs have a run_id
    yield { event: run, before: states.get(run.run_id), control };
    states.set(run.run_id, stepRun(states.get(run.run_id), run, control).state);
  }
}

test("run: lawful lives have no faults, are well-shaped and complete when settled", () => {
  fc.assert(
    fc.property(fc.array(timed, { minLength: 1, maxLength: 6 }), (actions) => {
      const story = tell(actions);
      const { faults, runs } = foldLog(story.events, { hasPayload: (digest) => story.payloads.has(digest) });
      assert.equal(faults.length, 0, why(faults));
      for (const event of story.events) assert.deepEqual(checkEvent(event), []);
      for (const state of runs.values()) {
        assert.equal(state.phase, "settled");
        const { parts, score } = completenessOf(state);
        const unknown = parts.outcome.of - parts.outcome.have;
        assert.equal(unknown, state.counts.ends.unconfirmed ?? 0);
        if (unknown === 0) assert.equal(score, 1, JSON.stringify(parts));
      }
    }),
    { numRuns: 100 },
  );
});

test("run: actions may be mixed in any order", () => {
  const mixed = fc.tuple(fc.array(timeless, { minLength: 2, maxLength: 6 }), fc.array(fc.nat(99), { maxLength: 60 }));
  fc.assert(
    fc.property(mixed, ([actions, turns]) => {
      const { faults, runs } = foldLog(tellMixed(actions, turns).events);
      assert.equal(faults.length, 0, why(faults));
      for (const state of runs.values()) assert.equal(completenessOf(state).score, 1);
    }),
    { numRuns: 100 },
  );
});

// ── Dropped, doubled, swapped ──────────────────────────────────────────────────────────────────────────────────────

/** Without these a run is as complete; a second one of them is as lawful. */
const OPTIONAL = new Set<RunEvent["type"]>(["dispatch.queued", "artifact.recorded", "dispatch.dead_lettered"]);
const REPEATABLE = new Set<RunEvent["type"]>(["dispatch.queued", "artifact.recorded", "safety.checked"]);

const ofRun = (events: readonly Event[]) => events.filter((event) => "run_id" in event) as RunEvent[];

/** An edit of the nth event of a run. */
function nthOfRun(nth: number, change: (event: RunEvent) => ReturnType<Edit>): Edit {
  let seen = 0;
  return (event) => ("run_id" in event && seen++ === nth ? change(event as RunEvent) : event);
}

const oneOfThem = fc.tuple(fc.array(timed, { minLength: 1, maxLength: 3 }), fc.nat(999));
/**
 * Lives in which every event is needed: without a grant that is not used, or an `unconfirmed` that is reported later,
 * another lawful life is left.
 */
const needed = fc.tuple(
  fc.array(
    timed.filter((words) => {
      const given = words.some((word) => word === "approve" || word.startsWith("vote:"));
      const unused = words.some((word) => ["void", "revoke", "expire"].includes(word));
      return !(given && unused) && !words.includes("drop") && !words.includes("late:succeeded");
    }),
    { minLength: 1, maxLength: 3 },
  ),
  fc.nat(999),
);

test("run: without any one required event there is a fault or the run is less complete, though its writer mends the counts", () => {
  fc.assert(
    fc.property(needed, ([actions, pick]) => {
      const { events } = tell(actions);
      const whole = ofRun(events);
      const nth = pick % whole.length;
      const { type } = whole[nth]!;
      fc.pre(!OPTIONAL.has(type));
      const { faults, runs } = foldLog(tell(actions, { edit: nthOfRun(nth, () => undefined) }).events);
      const [before] = foldLog(events).runs.values();
      const [after] = runs.values();
      const less = after === undefined || completenessOf(after).score < completenessOf(before!).score;
      assert.ok(faults.length > 0 || less, `${type} was dropped unnoticed`);
    }),
    { numRuns: 150 },
  );
});

test("run: a second event of any kind that may come once is a fault", () => {
  fc.assert(
    fc.property(oneOfThem, ([actions, pick]) => {
      const whole = ofRun(tell(actions).events);
      const nth = pick % whole.length;
      const { type } = whole[nth]!;
      fc.pre(!REPEATABLE.has(type));
      const edit = nthOfRun(nth, (event) => [event, { ...event, event_id: otherId(event.event_id) }]);
      assert.ok(foldLog(tell(actions, { edit }).events).faults.length > 0, `${type} was doubled unnoticed`);
    }),
    { numRuns: 150 },
  );
});

/** Kinds whose place among their neighbours is free: reports and routes that change no state of the action. */
const FREE = new Set<RunEvent["type"]>([...REPEATABLE, "dispatch.dead_lettered"]);

test("run: two neighbouring events of an action in the wrong order are a fault", () => {
  fc.assert(
    fc.property(oneOfThem, ([actions, pick]) => {
      const whole = ofRun(tell(actions).events);
      const nth = pick % (whole.length - 1);
      const [first, second] = [whole[nth]!, whole[nth + 1]!];
      const together = "action_id" in first && "action_id" in second ? first.action_id === second.action_id : true;
      fc.pre(together && first.type !== second.type && !FREE.has(first.type) && !FREE.has(second.type));
      const { faults } = foldLog(tell(actions, { edit: swapping(nth) }).events);
      assert.ok(faults.length > 0, `${first.type} and ${second.type} were swapped unnoticed`);
    }),
    { numRuns: 150 },
  );
});

function swapping(nth: number): Edit {
  let seen = 0;
  let held: Event | undefined;
  return (event) => {
    if (!("run_id" in event)) return event;
    const at = seen++;
    if (at === nth) {
      held = event;
      return undefined;
    }
    return at === nth + 1 && held !== undefined ? [event, held] : event;
  };
}

// ── The state ──────────────────────────────────────────────────────────────────────────────────────────────────────

function freezeDeep<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freezeDeep(inner);
  }
  return value;
}

test("run: a step changes no state in place, and a state read back from JSON steps alike", () => {
  fc.assert(
    fc.property(fc.array(timed, { minLength: 1, maxLength: 4 }), (actions) => {
      for (const { event, before, control } of steps(tell(actions).events)) {
        const kept = before === undefined ? undefined : (JSON.parse(JSON.stringify(before)) as RunState);
        const stepped = stepRun(freezeDeep(before), freezeDeep(event), freezeDeep(control));
        assert.deepEqual(before, kept);
        assert.deepEqual(stepRun(kept, event, control), stepped);
        assert.deepEqual(JSON.parse(JSON.stringify(stepped.state)), stepped.state);
      }
    }),
    { numRuns: 30 },
  );
});

test("run: nextSteps names what comes in lawful lives, and what it does not name is a fault", () => {
  fc.assert(
    fc.property(fc.array(timed, { minLength: 1, maxLength: 3 }), (actions) => {
      const all = [...steps(tell(actions).events)];
      for (const [at, { event, before, control }] of all.entries()) {
        if (before === undefined || !("action_id" in event) || event.type === "action.requested") continue;
        const named = nextSteps(before, event.action_id);
        assert.ok(named.includes(event.type), `${event.type} after ${phaseOf(before, event.action_id)}`);
        for (const { event: later } of all.slice(at)) {
          if (!("action_id" in later) || later.action_id !== event.action_id || named.includes(later.type)) continue;
          const { faults } = stepRun(before, later, control);
          const lifecycle = faults.filter(({ code }) => code !== "run-chain-broken");
          assert.ok(lifecycle.length > 0, `${later.type} after ${phaseOf(before, event.action_id)}`);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test("run: mustSettle asks for exactly the run.settled that is lawful, and only then", () => {
  fc.assert(
    fc.property(fc.array(timed, { minLength: 1, maxLength: 4 }), (actions) => {
      for (const { event, before } of steps(tell(actions).events)) {
        const wanted = before === undefined ? undefined : mustSettle(before);
        assert.deepEqual(wanted, event.type === "run.settled" ? event.settled : undefined);
      }
    }),
    { numRuns: 50 },
  );
});

test(`run: at most ${MAX_OPEN_ACTIONS} actions are open, and a settled one leaves a memory of ${MAX_SETTLED_RECORDS}`, () => {
  const story = new Story().found({ people: ["sam"] });
  const run = story.run({ scope: { budgets: {} } });
  for (let i = 0; i < MAX_SETTLED_RECORDS + 10; i++) run.play("deny");
  for (let i = 0; i < MAX_OPEN_ACTIONS; i++) run.play("allow");
  const { runs, faults } = foldLog(story.events);
  assert.equal(faults.length, 0, why(faults));
  const state = runs.get(run.id)!;
  assert.equal(state.open.length, MAX_OPEN_ACTIONS);
  assert.equal(state.settled.length, MAX_SETTLED_RECORDS);
  assert.equal(state.counts.ends.denied, MAX_SETTLED_RECORDS + 10);
  run.play("allow");
  assert.deepEqual(
    foldLog(story.events).faults.map(({ code }) => code),
    ["event-out-of-order"],
  );
});

test("run: what may still be reported is remembered longer than what is done", () => {
  const story = new Story().found({ people: ["sam"] });
  const run = story.run({ scope: { budgets: {} } });
  const lost = run.play("allow unconfirmed", { maxAttempts: 1 });
  for (let i = 0; i < MAX_SETTLED_RECORDS + 5; i++) run.play(i % 2 === 0 ? "deny" : "allow succeeded safety");
  lost.play("late:succeeded safety");
  const done = run.actions[1]!;
  run.close();
  const { faults, runs } = foldLog(story.events);
  assert.equal(faults.length, 0, why(faults));
  assert.equal(completenessOf(runs.get(run.id)!).score, 1);
  // The control: of one that was done, and forgotten, nothing more is taken.
  const open = foldLog(story.events.slice(0, -2)).runs.get(run.id)!;
  assert.equal(phaseOf(open, done.id), undefined);
  assert.deepEqual(nextSteps(open, done.id), []);
});

test("run: what is open is reserved, what may have acted is spent once, what failed is free again", () => {
  const amounts = (script: string, maxAttempts = 3) => {
    const story = new Story().found({ people: ["sam"] });
    const run = story.run();
    run.play(script, { costCents: 250, maxAttempts, args: "0123456789" });
    return usageOf(foldLog(story.events).runs.get(run.id)!);
  };
  const none = { actions: 0, cents: 0, bytes: 0, in_flight: 0 };
  const held = { actions: 1, cents: 250, bytes: 10, in_flight: 1 };
  const spent = { ...held, in_flight: 0 };
  const rows: [script: string, usage: typeof none, maxAttempts?: number][] = [
    ["deny", none],
    ["allow", held],
    ["gate", held],
    ["gate reject", none],
    ["allow use", held],
    ["allow succeeded", spent],
    ["allow timed_out retry succeeded", spent],
    ["allow failed retry failed retry failed", none],
    ["allow failed retry failed retry failed dead", none],
    ["allow unconfirmed", spent, 1],
    ["allow cancelled", none],
    ["allow drop", none],
  ];
  for (const [script, usage, maxAttempts] of rows) assert.deepEqual(amounts(script, maxAttempts), usage, script);
});

test("run: phases are those of the API", () => {
  const rows: [script: string, phase: string][] = [
    ["allow", "allowed"],
    ["deny", "denied"],
    ["gate", "waiting"],
    ["gate approve", "granted"],
    ["gate reject", "rejected"],
    ["gate expire", "expired"],
    ["gate revoke", "cancelled"],
    ["gate void", "voided"],
    ["allow use", "running"],
    ["allow failed", "failed"],
    ["allow timed_out", "timed_out"],
    ["allow unconfirmed", "unconfirmed"],
    ["allow succeeded", "succeeded"],
    ["allow failed dead", "dead_lettered"],
    ["allow drop", "cancelled"],
  ];
  for (const [script, phase] of rows) {
    const story = new Story().found({ people: ["sam"] });
    const run = story.run();
    const { id } = run.play(script);
    assert.equal(phaseOf(foldLog(story.events).runs.get(run.id)!, id), phase, script);
  }
});

test("run: an attempt is overdue only when its deadline and the log's grace have passed", () => {
  const story = new Story().found({ people: ["sam"] });
  const run = story.run();
  run.play("allow use");
  const state = foldLog(story.events).runs.get(run.id)!;
  const deadlineMs = Date.parse(state.open[0]!.deadline!);
  const at = (ms: number) => new Date(deadlineMs + ms).toISOString();
  assert.deepEqual(overdueFaults(state, at(UNCONFIRMED_GRACE_MS)), []);
  assert.deepEqual(
    overdueFaults(state, at(UNCONFIRMED_GRACE_MS + 1)).map(({ code }) => code),
    ["outcome-missing"],
  );
});

test("run: names that every object has are no agents, people or actions", () => {
  for (const agent of ["constructor", "toString", "hasOwnProperty"]) {
    const story = new Story().found({ people: ["sam"] });
    story.run({ initiator: { agent } });
    assert.deepEqual(
      foldLog(story.events).faults.map(({ code }) => code),
      ["execution-above-ceiling"],
    );
  }
});

// ── Pruned ─────────────────────────────────────────────────────────────────────────────────────────────────────────

test("run: a run with lawfully pruned entries has no faults, and a gap among them is still one", () => {
  fc.assert(
    fc.property(
      fc.array(timed, { minLength: 1, maxLength: 3 }),
      fc.array(fc.boolean(), { maxLength: 40 }),
      (actions, cut) => {
        const events = ofRun(tell(actions).events);
        let state: RunState | undefined;
        const faults: Fault[] = [];
        for (const [at, { event, control }] of [...steps(tell(actions).events)].entries()) {
          // The class pruned first is that of the actions; what a run says of itself is kept.
          const pruned = cut[at] === true && "action_id" in event;
          const { event_id, run_id, type, ts, integrity } = event;
          const step = pruned
            ? stepPruned(state, {
                ...{ event_id, run_id, type, ts },
                ...{ index: integrity.index, run_seq: integrity.run_seq!, action_id: event.action_id },
              })
            : stepRun(state, event, control);
          state = step.state;
          faults.push(...step.faults);
        }
        assert.equal(faults.length, 0, why(faults));
        assert.equal(state?.events, events.length);
      },
    ),
    { numRuns: 100 },
  );
  const [first, , third] = [...steps(tell([["allow", "succeeded"]]).events)];
  const state = stepRun(undefined, first!.event, first!.control).state;
  const { event_id, run_id, type, ts, integrity } = third!.event;
  const gap = stepPruned(state, { event_id, run_id, type, ts, index: integrity.index, run_seq: integrity.run_seq! });
  assert.deepEqual(
    gap.faults.map(({ code }) => code),
    ["run-chain-broken"],
  );
});
