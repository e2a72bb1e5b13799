import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ControlState, emptyControl, type PersonState } from "./control.ts";
import type { ApprovalRequirement } from "./event.ts";
import {
  type Ballot,
  eligiblePeople,
  peopleFault,
  quorumOf,
  requirementsAt,
  type Separation,
  voterFault,
} from "./quorum.ts";

function tenantOf(kind: "evaluation" | "production", roles: Readonly<Record<string, readonly string[]>>): ControlState {
  const persons: Record<string, PersonState> = {};
  for (const [name, approverRoles] of Object.entries(roles)) persons[name] = { live: true, roles: [], approverRoles };
  return { ...emptyControl(), persons, tenant: { id: "t", kind, originHost: "h", sealed: true } };
}

const needs = (
  approvers: string,
  quorum: number,
  separation: ApprovalRequirement["separation"] = [],
): ApprovalRequirement => ({
  rule: `rule-${approvers}`,
  approvers: `role:${approvers}`,
  quorum,
  ttl: "PT1H",
  separation,
});
const approve = (...people: string[]): Ballot[] =>
  people.map((person, at) => ({ event: `evt_${at}`, person, answer: "approve" }));
const NOBODY: Separation = { requester: "agent", onBehalfOf: [] };

test("quorum: a person with both roles fills one place", () => {
  const control = tenantOf("production", {
    carol: ["sre", "finance"],
    fin1: ["finance"],
    fin2: ["finance"],
    dave: ["sre"],
  });
  const both = [needs("sre", 1), needs("finance", 2)];
  const state = (...people: string[]) => quorumOf(both, approve(...people), control, NOBODY).state;
  assert.equal(state("carol", "fin1"), "waiting");
  assert.equal(state("carol", "fin1", "fin2"), "granted");
  assert.equal(state("fin1", "carol", "dave"), "granted");
  assert.equal(state("carol", "carol", "carol"), "waiting");
  const missing = quorumOf(both, approve("carol", "fin1"), control, NOBODY);
  assert.deepEqual(missing.state === "waiting" && missing.missing, [
    { rule: "rule-finance", approvers: "role:finance", open: 1 },
  ]);
});

test("quorum: one rejection by somebody entitled ends it, one by a stranger does not", () => {
  const control = tenantOf("production", { sam: ["sre"], fay: ["finance"] });
  const ballots: Ballot[] = [...approve("sam"), { event: "evt_r", person: "fay", answer: "reject" }];
  assert.equal(quorumOf([needs("sre", 1)], ballots, control, NOBODY).state, "granted");
  assert.deepEqual(quorumOf([needs("sre", 1), needs("finance", 1)], ballots, control, NOBODY), {
    state: "rejected",
    person: "fay",
    vote: "evt_r",
  });
  const abstained: Ballot[] = [{ event: "evt_a", person: "sam", answer: "abstain" }];
  assert.equal(quorumOf([needs("sre", 1)], abstained, control, NOBODY).state, "waiting");
});

test("separation: each part excludes its person in production, and is waived aloud in evaluation", () => {
  const rows: [part: ApprovalRequirement["separation"][number], separation: Separation][] = [
    ["requester", { requester: "sam", onBehalfOf: [] }],
    ["on_behalf_of", { requester: "agent", onBehalfOf: ["sam"] }],
    ["agent_owner", { requester: "agent", onBehalfOf: [], agentOwner: "sam" }],
    ["author", { requester: "agent", onBehalfOf: [], author: "sam" }],
  ];
  for (const [part, separation] of rows) {
    const requirements = [needs("sre", 1, [part])];
    for (const kind of ["production", "evaluation"] as const) {
      const control = tenantOf(kind, { sam: ["sre"], sue: ["sre"] });
      const fault = voterFault(requirements, "sam", control, separation)?.code;
      const quorum = quorumOf(requirements, approve("sam"), control, separation);
      const eligible = eligiblePeople(requirements, control, separation);
      if (kind === "production") {
        assert.equal(fault, "approver-self-approval", part);
        assert.equal(quorum.state, "waiting", part);
        assert.deepEqual(
          eligible.map(({ person }) => person),
          ["sue"],
          part,
        );
        assert.equal(peopleFault(requirements, ["sam"], control, separation, "kept")?.code, "approver-self-approval");
        assert.equal(peopleFault(requirements, ["sam"], control, separation, "waived")?.code, "approver-self-approval");
      } else {
        assert.equal(fault, undefined, part);
        assert.equal(quorum.state === "granted" && quorum.separation, "waived", part);
        assert.deepEqual(
          eligible.map(({ separation: how }) => how),
          ["waived", "kept"],
          part,
        );
        assert.equal(peopleFault(requirements, ["sam"], control, separation, "waived"), undefined);
      }
      // The control: the same person without that part of the separation.
      assert.equal(voterFault([needs("sre", 1)], "sam", control, separation), undefined);
    }
  }
});

test("quorum: granted exactly when some assignment of people to places exists", () => {
  const names = ["a", "b", "c", "d", "e"];
  const roles = ["x", "y", "z"];
  const world = fc.record({
    holds: fc.array(fc.subarray(roles), { minLength: names.length, maxLength: names.length }),
    wants: fc.array(fc.record({ role: fc.constantFrom(...roles), quorum: fc.integer({ min: 1, max: 3 }) }), {
      minLength: 1,
      maxLength: 3,
    }),
    voters: fc.subarray(names),
    owner: fc.constantFrom(...names),
    separated: fc.boolean(),
  });
  let granted = 0;
  fc.assert(
    fc.property(world, ({ holds, wants, voters, owner, separated }) => {
      const control = tenantOf("production", Object.fromEntries(names.map((name, at) => [name, holds[at]!])));
      const requirements = wants.map(({ role, quorum }) => needs(role, quorum, separated ? ["agent_owner"] : []));
      const separation: Separation = { requester: "agent", onBehalfOf: [], agentOwner: owner };
      const places = requirements.flatMap(({ approvers, quorum }) => Array<string>(quorum).fill(approvers.slice(5)));
      const people = voters.filter((name) => !(separated && name === owner));
      const expected = fillable(places, people, (name, role) => holds[names.indexOf(name)]!.includes(role));
      const quorum = quorumOf(requirements, approve(...voters), control, separation);
      assert.equal(quorum.state, expected ? "granted" : "waiting");
      if (quorum.state !== "granted") return;
      granted++;
      assert.equal(quorum.people.length, places.length);
      assert.equal(peopleFault(requirements, quorum.people, control, separation, "kept"), undefined);
      // The control: the same people with one left out, or one named twice.
      assert.equal(
        peopleFault(requirements, quorum.people.slice(1), control, separation, "kept")?.code,
        "quorum-not-met",
      );
      const doubled = [...quorum.people.slice(1), quorum.people[1] ?? quorum.people[0]!];
      if (doubled.length > 1)
        assert.equal(peopleFault(requirements, doubled, control, separation, "kept")?.code, "approver-counted-twice");
    }),
    { numRuns: 2000 },
  );
  assert.ok(granted > 50, "some were granted");
});

/** Every assignment tried, one place after the other. */
function fillable(
  places: readonly string[],
  people: readonly string[],
  holds: (name: string, role: string) => boolean,
): boolean {
  const [role, ...rest] = places;
  if (role === undefined) return true;
  return people.some(
    (name) =>
      holds(name, role) &&
      fillable(
        rest,
        people.filter((other) => other !== name),
        holds,
      ),
  );
}

test("escalation: after its delay another role may answer too; never before, and never fewer people", () => {
  const control = tenantOf("production", { sam: ["sre"], mia: ["manager"], max: ["manager"] });
  const asked: ApprovalRequirement = { ...needs("sre", 2), escalation: { after: "PT10M", approvers: "role:manager" } };
  const at = (minutes: number) =>
    requirementsAt([asked], "2026-04-01T14:00:00.000Z", new Date(Date.UTC(2026, 3, 1, 14, minutes)).toISOString());
  const state = (minutes: number, ...people: string[]) =>
    quorumOf(at(minutes), approve(...people), control, NOBODY).state;
  assert.equal(voterFault(at(9), "mia", control, NOBODY)?.code, "approver-not-entitled");
  assert.equal(voterFault(at(10), "mia", control, NOBODY), undefined);
  assert.equal(voterFault(at(-1), "mia", control, NOBODY)?.code, "approver-not-entitled");
  assert.deepEqual(
    eligiblePeople(at(10), control, NOBODY).map(({ person }) => person),
    ["sam", "mia", "max"],
  );
  assert.equal(state(10, "mia"), "waiting"); // still two
  assert.equal(state(10, "mia", "max"), "granted");
  assert.equal(state(10, "sam", "mia"), "granted");
  assert.equal(state(9, "sam", "mia"), "waiting");
  const missing = quorumOf(at(10), approve("mia"), control, NOBODY);
  assert.deepEqual(missing.state === "waiting" && missing.missing, [
    { rule: "rule-sre", approvers: "role:sre or role:manager", open: 1 },
  ]);
  assert.equal(peopleFault(at(10), ["mia", "max"], control, NOBODY, "kept"), undefined);
  assert.equal(peopleFault(at(9), ["mia", "max"], control, NOBODY, "kept")?.code, "quorum-not-met");
});
