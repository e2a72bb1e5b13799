import assert from "node:assert/strict";
import { test } from "node:test";
import { Story } from "../../../tools/story.ts";
import {
  activePolicyOf,
  agentOf,
  approverKeyOf,
  type ControlState,
  ceilingOf,
  checkpointKeysOf,
  credentialOf,
  emptyControl,
  enrolledPeople,
  freezesOver,
  keyLiveAt,
  permitKeyOf,
  personOf,
  personsWithRole,
  stepControl,
} from "./control.ts";
import type { ControlEvent } from "./event.ts";

/** The control state of a story, which must be lawful. */
function controlOf(story: Story): ControlState {
  let control = emptyControl();
  for (const event of story.events) {
    const step = stepControl(control, event as ControlEvent); // these stories have no other events
    assert.deepEqual(step.faults, []);
    control = step.state;
  }
  return control;
}

const lookups: Record<string, (control: ControlState, name: string) => unknown> = {
  agentOf,
  personOf,
  approverKeyOf,
  permitKeyOf,
  credentialOf,
};

test("control: names that every object has are unknown to every lookup", () => {
  const control = controlOf(new Story().found());
  for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    for (const [lookup, find] of Object.entries(lookups))
      assert.equal(find(control, name), undefined, `${lookup} ${name}`);
    assert.deepEqual(ceilingOf(control, name), []);
  }
});

test("control: a key called __proto__ is a key like any other", () => {
  const story = new Story().found();
  story.append("log.key.added", { key: { kid: "__proto__", purpose: "permit", alg: "ed25519" } });
  const control = controlOf(story);
  assert.equal(permitKeyOf(control, "__proto__")?.kid, "__proto__");
  assert.equal(permitKeyOf(JSON.parse(JSON.stringify(control)) as ControlState, "__proto__")?.kid, "__proto__");
  assert.equal(Object.getPrototypeOf(control.keys), Object.prototype);
});

test("control: people, roles and keys are those who are there now", () => {
  const story = new Story().found({ people: ["sam", "fay", "cory"] });
  const [sam, fay, cory] = ["sam", "fay", "cory"].map((name) => story.person(name).alias) as [string, string, string];
  const owner = story.person("owner").alias;
  assert.deepEqual(personsWithRole(controlOf(story), "oncall_sre"), [owner, sam, cory]);
  assert.deepEqual(personsWithRole(controlOf(story), "finance"), [fay, cory]);
  assert.deepEqual([...enrolledPeople(controlOf(story))], [sam, fay, cory]);
  story.append("person.removed", { person: { alias: story.person("cory").alias }, reason: { code: "LEFT" } });
  assert.deepEqual(personsWithRole(controlOf(story), "finance"), [fay]);
  assert.deepEqual([...enrolledPeople(controlOf(story))], [sam, fay]);
  assert.equal(personOf(controlOf(story), cory), undefined);
  assert.equal(approverKeyOf(controlOf(story), "cory-1")?.person, cory);
});

test("control: an agent's ceiling is its newest registration's, and a retired agent has none", () => {
  const story = new Story().found();
  assert.equal(agentOf(controlOf(story), "ops-agent-3")?.event, story.ceilingEvent);
  assert.deepEqual(ceilingOf(controlOf(story), "ops-agent-3"), ["fs", "infra"]);
  story.register({ ceiling: ["fs.read"] });
  assert.equal(agentOf(controlOf(story), "ops-agent-3")?.event, story.ceilingEvent);
  assert.deepEqual(ceilingOf(controlOf(story), "ops-agent-3"), ["fs.read"]);
  story.append("agent.changed", {
    agent: { id: "ops-agent-3", ceiling: ["fs.read"], may_execute: false, retired: true },
  });
  assert.deepEqual(ceilingOf(controlOf(story), "ops-agent-3"), []);
});

test("control: the active policy is the newest published or put back", () => {
  const story = new Story().found({ policy: false });
  assert.equal(activePolicyOf(controlOf(story)), undefined);
  story.publish({ revision: "pol_2026_04_01" });
  const first = activePolicyOf(controlOf(story))!;
  story.publish({ revision: "pol_2026_04_02" });
  assert.equal(activePolicyOf(controlOf(story))?.revision, "pol_2026_04_02");
  const request = story.agreeOn(first.digest, story.policy.digest, { rollback: true });
  story.append("policy.rolled_back", {
    rollback: {
      from: { ...story.policy },
      to_digest: first.digest,
      revision: "pol_2026_04_03",
      approved_by: [story.person("owner").alias],
      request,
    },
    reason: { code: "REGRESSION" },
  });
  const { revision, digest } = activePolicyOf(controlOf(story))!;
  assert.deepEqual({ revision, digest }, { revision: "pol_2026_04_03", digest: first.digest });
});

test("freeze: covers its own kind and what is below it", () => {
  const over = {
    agent: "ops-agent-3",
    capability: "infra.change.apply",
    target: { system: "aws:eu-west-1", resource: "prod/vpc-1" },
  };
  const rows: [kind: "tenant" | "agent" | "capability" | "target", subject: string | undefined, covers: boolean][] = [
    ["tenant", undefined, true],
    ["agent", "ops-agent-3", true],
    ["agent", "ops-agent", false],
    ["capability", "infra", true],
    ["capability", "infra.change.apply", true],
    ["capability", "infra.change.apply.now", false],
    ["capability", "in", false],
    ["target", "prod/vpc-1", true],
    ["target", "prod/*", true],
    ["target", "aws:eu-west-1", true],
    ["target", "aws:*", true],
    ["target", "aws:eu-west-1/prod/*", true],
    ["target", "staging/*", false],
  ];
  for (const [kind, subject, covers] of rows) {
    const story = new Story().found({ people: ["sam"] });
    story.append("freeze.placed", {
      freeze: { freeze_id: story.id("frz"), kind, ...(subject === undefined ? {} : { subject }), incident: "INC-7" },
      reason: { code: "INCIDENT" },
    });
    assert.equal(freezesOver(controlOf(story), over).length, covers ? 1 : 0, `${kind} ${subject}`);
  }
});

test("key: live from its announcement, to the checkpoint that covers its retirement, and to where it was last trusted", () => {
  const base = { kid: "log-1", purpose: "checkpoint", alg: "ed25519", addedIndex: 10 } as const;
  const revoked = { index: 20, at: "2026-04-01T14:00:00.000Z" };
  const rows: [key: Parameters<typeof keyLiveAt>[0], treeSize: number, live: boolean][] = [
    [base, 10, false],
    [base, 11, true],
    [{ ...base, retiredIndex: 20 }, 21, true],
    [{ ...base, retiredIndex: 20 }, 22, false],
    [{ ...base, revoked }, 20, true],
    [{ ...base, revoked }, 21, false],
    [{ ...base, revoked: { ...revoked, lastTrustedSize: 15 } }, 15, true],
    [{ ...base, revoked: { ...revoked, lastTrustedSize: 15 } }, 16, false],
  ];
  for (const [key, treeSize, live] of rows)
    assert.equal(keyLiveAt(key, treeSize), live, JSON.stringify([key, treeSize]));
  const story = new Story().found();
  assert.deepEqual(
    checkpointKeysOf(controlOf(story)).map(({ kid }) => kid),
    ["log-1"],
  );
});

test("tenant: production needs two enrolled people", () => {
  const switching = (...people: ("sam" | "sue")[]) => {
    const story = new Story({ kind: "evaluation" }).found({ people });
    story.append("tenant.changed", { changed: { kind: "production" } });
    let control = emptyControl();
    let faults = 0;
    for (const event of story.events) {
      const step = stepControl(control, event as ControlEvent); // no other events here
      control = step.state;
      faults += step.faults.length;
    }
    return faults;
  };
  assert.equal(switching("sam"), 1);
  assert.equal(switching("sam", "sue"), 0);
});
