import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { arbitraryOf } from "../../../tools/arbitrary.ts";
import { lifeDifferences } from "../../../tools/vectors-life.ts";
import { canonicalBytes } from "./canonical.ts";
import type { Completeness } from "./completeness.ts";
import { stepControl } from "./control.ts";
import { type Event, kinds as eventKinds, type Kind, type RunEvent } from "./event.ts";
import type { FaultCode } from "./fault.ts";
import { foldLog, LogFold } from "./fold.ts";
import { chainOfKind, checkEvent } from "./generated/event-shapes.ts";
import { foldRun } from "./run.ts";
import { type SpecVector, specVectors } from "./vectors.node.ts";

type LifeVector = SpecVector & {
  readonly same?: number;
  readonly events: readonly Event[];
  readonly payloads: readonly string[];
  readonly faults: readonly { readonly code: FaultCode; readonly index?: number }[];
  readonly completeness: Readonly<Record<string, Completeness>>;
};

/** Vectors with the events they share with the lawful story put back in front. */
function lives(format: "run" | "control"): Map<string, LifeVector> {
  const vectors = specVectors<LifeVector>(format);
  const whole = new Map<string, LifeVector>();
  for (const [path, vector] of vectors) {
    const valid = vectors.get(`${path.slice(0, path.lastIndexOf("/"))}/valid`);
    const events = [...(valid?.events.slice(0, vector.same ?? 0) ?? []), ...vector.events];
    whole.set(path, { ...vector, events });
  }
  return whole;
}

const runs = lives("run");
const controls = lives("control");

for (const [path, { desc, events, payloads, faults, completeness }] of [...runs, ...controls]) {
  test(`${path}: ${desc}`, () => {
    const has = new Set(payloads);
    const fold = new LogFold({ hasPayload: (digest) => has.has(digest) });
    const found = events.flatMap((event) => fold.step(event));
    found.push(...fold.finish());
    assert.deepEqual(
      found.map(({ code, index }) => ({ code, ...(index === undefined ? {} : { index }) })),
      faults,
      found.map(({ detail }) => detail).join("\n"),
    );
    const parts = Object.fromEntries([...fold.runs.values()].map((state) => [state.run, fold.completeness(state)]));
    assert.deepEqual(parts, completeness);
    if (!path.endsWith("/valid")) return;
    // The control of every mutation beside it: the lawful story is well-shaped, and nothing is found in it.
    for (const event of events) assert.deepEqual(checkEvent(event), [], event.type);
    assert.deepEqual(faults, []);
  });
}

/** What design page "evidence" says must be named, in its order. */
const NAMED: readonly FaultCode[] = [
  "dispatch-without-decision",
  "dispatch-after-deny",
  "dispatch-without-approval",
  "approval-binding-differs",
  "approval-without-policy",
  "approver-not-entitled",
  "approver-self-approval",
  "approver-counted-twice",
  "quorum-not-met",
  "vote-key-compromised",
  "approval-used-twice",
  "approval-used-late",
  "permit-used-twice",
  "permit-used-late",
  "permit-args-differ",
  "execution-outside-scope",
  "execution-above-ceiling",
  "execution-while-frozen",
  "authority-voided",
  "result-before-start",
  "outcome-missing",
  "retries-beyond-limit",
  "dead-letter-without-failure",
  "event-after-close",
  "event-after-settle",
  "event-out-of-order",
  "run-chain-broken",
  "initiator-changed",
  "run-without-start",
  "settle-count-differs",
  "field-missing",
  "pointer-without-payload",
  "action-digest-differs",
  "policy-not-published",
  "key-unannounced",
  "key-revoked",
  "control-event-unlawful",
];

test("every named fault of the lifecycle has a vector that shows it", () => {
  const shown = new Set([...runs, ...controls].flatMap(([, { faults }]) => faults.map(({ code }) => code)));
  assert.deepEqual(
    NAMED.filter((code) => !shown.has(code)),
    [],
  );
});

test("no two vectors are the same story", () => {
  const stories = [...runs, ...controls].map(
    ([path, { events, payloads }]) => [JSON.stringify([events.map((e) => [e.type, e]), payloads]), path] as const,
  );
  const seen = new Map<string, string>();
  for (const [story, path] of stories) {
    assert.equal(seen.get(story), undefined, `${path} tells the story of ${seen.get(story)}`);
    seen.set(story, path);
  }
});

test("the vectors on disk are those the tables make", {
  skip: !existsSync(toolsFolder()) && "tools/ is not there",
}, () => {
  assert.deepEqual(lifeDifferences(), []);
});

function toolsFolder(): string {
  return fileURLToPath(new URL("../../../tools/vectors-life", import.meta.url));
}

test("a run folded alone, with the control state at each event, gives what the whole log gives", () => {
  const { events } = runs.get("run/approved/valid")!;
  const { runs: whole } = foldLog(events);
  let control = new LogFold().control;
  const at = new Map<string, typeof control>();
  const mine: RunEvent[] = [];
  for (const event of events) {
    if ("run_id" in event) {
      at.set(event.event_id, control);
      mine.push(event as RunEvent); // only events of runs have a run_id
    } else control = stepControl(control, event as Parameters<typeof stepControl>[1]).state;
  }
  const { state, faults } = foldRun(mine, (event) => at.get(event.event_id)!);
  assert.deepEqual(faults, []);
  assert.deepEqual({ ...state, settled: [] }, whole.get(state!.run));
});

test("an event recorded twice under one id is named, even where repeating is lawful", () => {
  const { events } = runs.get("run/allowed/valid")!;
  const at = events.findIndex(({ type }) => type === "safety.checked");
  const doubled = [...events.slice(0, at + 1), events[at]!, ...events.slice(at + 1)];
  const codes = foldLog(doubled).faults.map(({ detail }) => detail);
  assert.ok(codes.some((detail) => detail.includes("was recorded before")));
});

test("whatever well-shaped events a log holds, folding it finds faults and never fails", () => {
  const kinds = (Object.keys(chainOfKind) as Kind[]).filter((kind) => chainOfKind[kind] !== "tenant");
  const [run, action] = ["run_01kn4ng2vefe994fdht0mwhpmb", "act_01kn4ng2vrfent42a3vkpfybm6"];
  const events = fc.array(fc.oneof(...kinds.map((kind) => arbitraryOf(eventKinds[kind].schema))), {
    minLength: 1,
    maxLength: 8,
  });
  let found = 0;
  fc.assert(
    fc.property(events, (arbitrary) => {
      const fold = new LogFold({ hasPayload: () => true });
      for (const one of arbitrary) {
        const ids = {
          ...("run_id" in one ? { run_id: run } : {}),
          ...("action_id" in one ? { action_id: action } : {}),
        };
        // As it would be read: only ids were replaced, by ids.
        const event = JSON.parse(JSON.stringify({ ...one, ...ids })) as Event;
        assert.deepEqual(checkEvent(event), []);
        found += fold.step(event).length;
      }
      found += fold.finish().length;
      for (const state of fold.runs.values()) {
        const { score } = fold.completeness(state);
        assert.ok(score >= 0 && score <= 1);
        assert.deepEqual(JSON.parse(JSON.stringify(state)), state);
      }
    }),
    { numRuns: 200 },
  );
  assert.ok(found > 200);
});

test("vectors hold exact entries: their text is canonical", () => {
  const text = readFileSync(new URL("../../../spec/vectors/run/allowed/valid.json", import.meta.url), "utf8");
  for (const event of runs.get("run/allowed/valid")!.events) {
    assert.ok(text.includes(new TextDecoder().decode(canonicalBytes(event))), event.type);
  }
});
