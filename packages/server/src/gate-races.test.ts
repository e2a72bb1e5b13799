/**
 * Races about one approval: votes, starts, revocation, withdrawal, expiry, another policy, a lost role, a freeze, a closing
 * run, all at once and in a seeded order. Whatever wins, the log is one lawful history (the pure lifecycle folds it without
 * a fault, and so does the table of spec/approval.md below), every answer given is in it, and nothing refused is.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Event } from "@countersign/evidence/event";
import { type Gate, openGate, signDigest, testBundle, testRules, type Voter } from "./gate-testing.ts";

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
const ROUNDS = Number(process.env.RUNS ?? 40);

let gate: Gate;
let dana: Voter;
let kim: Voter;
before(async () => {
  gate = await openGate();
  dana = await gate.voter("dana", ["oncall_sre"]);
  kim = await gate.voter("kim", ["oncall_sre"]);
});
after(() => gate.close());

// ── The reference: the table of spec/approval.md, for one action's events in the order of the log ──────────────────────

type Told = { readonly type: string; readonly approval?: string | undefined; readonly by?: string };
type Modelled = { readonly states: ReadonlyMap<string, string>; readonly wrong: readonly string[] };

const ENDS: Readonly<Record<string, string>> = {
  "approval.rejected": "REJECTED",
  "approval.expired": "EXPIRED",
  "approval.revoked": "REVOKED",
  "approval.cancelled": "CANCELLED",
  "approval.voided": "VOIDED",
};

function model(told: readonly Told[]): Modelled {
  const states = new Map<string, string>();
  const wrong: string[] = [];
  let due: string | undefined;
  for (const { type, approval = "", by } of told) {
    const state = states.get(approval);
    const open = state === "REQUESTED" || state === "GRANTED";
    const must = (holds: boolean) => {
      if (!holds) wrong.push(`${type} on ${state ?? "nothing"}`);
    };
    if (type === "approval.requested") {
      must(state === undefined && (due === undefined || due === approval));
      due = undefined;
      states.set(approval, "REQUESTED");
    } else if (type === "approval.voted") must(state === "REQUESTED");
    else if (type === "approval.granted") {
      must(state === "REQUESTED");
      states.set(approval, "GRANTED");
    } else if (type === "approval.superseded") {
      must(open);
      states.set(approval, "SUPERSEDED");
      due = by;
    } else if (type === "approval.consumed") {
      must(state === "GRANTED");
      states.set(approval, "CONSUMED");
    } else if (type in ENDS) {
      must(open && (type !== "approval.rejected" || state === "REQUESTED"));
      states.set(approval, ENDS[type]!);
    } else if (type === "dispatch.permitted")
      must([...states.values()].filter((one) => one === "CONSUMED").length === 1);
  }
  if (due !== undefined) wrong.push(`${due} never came`);
  return { states, wrong };
}

const toldOf = (events: readonly Event[], actionId: string): Told[] =>
  events.flatMap((event) => {
    if (!("action_id" in event) || event.action_id !== actionId) return [];
    const approval = "approval" in event ? event.approval.approval_id : undefined;
    return [
      { type: event.type, approval, ...(event.type === "approval.superseded" ? { by: event.superseded.by } : {}) },
    ];
  });

// ── The moves ──────────────────────────────────────────────────────────────────────────────────────────────────────────

type Move = {
  readonly name: string;
  run(): Promise<unknown>;
  /** Events that only this move makes; undefined when what it makes depends on the others. */
  made?(events: readonly Event[]): number;
};

function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

async function prepared(voter: Voter, approvalId: string, answer: "approve" | "reject") {
  const params = { approval_id: approvalId };
  const { rendering_digest } = await gate.call("getApproval", voter.caller, { params });
  const reason_code = answer === "approve" ? "CHANGE_REVIEWED" : "RISK_TOO_HIGH";
  const body = { answer, reason_code, kid: voter.kid, rendering_digest };
  const vote = await gate.call("prepareVote", voter.caller, { params, body });
  return () =>
    gate.call("castVote", voter.caller, {
      params: { approval_id: approvalId, vote_id: vote.vote_id },
      body: { signature: signDigest(voter.privateKey, vote.digest), method: "ed25519" },
    });
}

async function movesOf(about: {
  runId: string;
  actionId: string;
  approvalId: string;
  granted: boolean;
  round: number;
}) {
  const { runId, actionId, approvalId, granted, round } = about;
  const ofAction = (event: Event) => "action_id" in event && event.action_id === actionId;
  const count = (events: readonly Event[], is: (event: Event) => boolean) =>
    events.filter((one) => ofAction(one) && is(one)).length;
  const voted = (person: string) => (events: readonly Event[]) =>
    count(events, (event) => event.type === "approval.voted" && event.vote.person === person);
  const reasoned = (code: string) => (events: readonly Event[]) =>
    count(events, (event) => "reason" in event && event.reason.code === code);
  const start = () => gate.call("startAction", gate.executor, { params: { action_id: actionId }, body: {} });
  const moves: Move[] = [
    { name: "start", run: start },
    { name: "start again", run: start },
    {
      name: "revoke",
      run: () =>
        gate.call(
          "revokeApproval",
          { ...gate.auditor, role: "admin" },
          {
            params: { approval_id: approvalId },
            body: { reason_code: "MOVE_REVOKE" },
          },
        ),
      made: reasoned("MOVE_REVOKE"),
    },
    {
      name: "withdraw",
      run: () =>
        gate.call("cancelAction", gate.agent, {
          params: { action_id: actionId },
          body: { reason_code: "MOVE_WITHDRAW" },
        }),
      made: (events) =>
        reasoned("MOVE_WITHDRAW")(events) +
        count(events, (event) => event.type === "dispatch.cancelled" && event.outcome.code === "MOVE_WITHDRAW"),
    },
    {
      name: "expire",
      async run() {
        gate.clock.advance(31 * 60_000);
        await gate.sweeper.sweep();
      },
    },
    {
      name: "another policy",
      async run() {
        await gate.publish(testBundle(testRules, `race ${round} ${gate.events().length}`));
        await gate.sweeper.sweep();
      },
    },
    {
      name: "role lost",
      run: () =>
        gate.append("role.revoked", {
          grant: { person: dana.alias, role: "oncall_sre", kind: "approver_role" },
          reason: { code: "ROTATION" },
        }),
    },
    {
      name: "freeze",
      run: () =>
        gate.append("freeze.placed", {
          freeze: { freeze_id: freezeOf(round), kind: "target", subject: "vpc-1", incident: "INC-1" },
          reason: { code: "INCIDENT" },
        }),
    },
    {
      name: "close",
      run: () => gate.call("closeRun", gate.agent, { params: { run_id: runId }, body: { status: "completed" } }),
    },
  ];
  if (granted) return moves;
  moves.push({ name: "approve", run: await prepared(dana, approvalId, "approve"), made: voted(dana.alias) });
  moves.push({ name: "reject", run: await prepared(kim, approvalId, "reject"), made: voted(kim.alias) });
  return moves;
}

const freezeOf = (round: number) => `frz_01kh00000000000000000${String(round).padStart(5, "0")}`;

async function restore(round: number): Promise<void> {
  const { control } = gate.ledger.reader(gate.tenant)!;
  if (control.freezes.length > 0) {
    await gate.append("freeze.lifted", {
      freeze: { freeze_id: freezeOf(round), people: [kim.alias] },
      reason: { code: "RESOLVED" },
    });
  }
  if (!control.persons[dana.alias]!.approverRoles.includes("oncall_sre")) {
    await gate.append("role.granted", { grant: { person: dana.alias, role: "oncall_sre", kind: "approver_role" } });
  }
}

/** Every kind of end a round came to, over all rounds. */
const reached = new Map<string, number>();

test(`races: ${ROUNDS} rounds, SEED=${SEED}`, async (t) => {
  const next = random(SEED);
  for (let round = 0; round < ROUNDS; round++) {
    const granted = round % 2 === 0;
    const runId = (await gate.call("startRun", gate.agent, { body: { capabilities: ["infra"] } })).run.run_id;
    const { action } = await gate.call("requestAction", gate.agent, {
      params: { run_id: runId },
      body: { tool: "terraform", args: { vpc: "vpc-1", environment: "prod" } },
    });
    const actionId = action.action_id;
    const approvalId = action.approval!.approval_id;
    if (granted) await gate.vote(dana, approvalId);
    const all = await movesOf({ runId, actionId, approvalId, granted, round });
    const picked = all
      .map((move) => ({ move, at: next() }))
      .sort((a, b) => a.at - b.at)
      .slice(0, 2 + Math.floor(next() * 4))
      .map(({ move }) => move);
    const what = `SEED=${SEED} round ${round}: ${picked.map(({ name }) => name).join(", ")}`;
    // Some ask the engine first and some do not: a head start for a few lets each of them win sometimes.
    const answers = await Promise.allSettled(
      picked.map(async (move) => {
        const waitMs = Math.floor(next() * 3) * 8;
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        return move.run();
      }),
    );
    await gate.sweeper.sweep();
    const events = gate.events();
    const { states, wrong } = model(toldOf(events, actionId));
    assert.deepEqual(wrong, [], what);
    for (const [at, move] of picked.entries()) {
      if (move.made === undefined) continue;
      const done = answers[at]!.status === "fulfilled";
      assert.equal(move.made(events), done ? 1 : 0, `${what}: ${move.name} was ${answers[at]!.status}`);
    }
    const starts = picked.flatMap(({ name }, at) => (name.startsWith("start") ? [answers[at]!.status] : []));
    const won = starts.filter((one) => one === "fulfilled").length;
    const used = events.filter((event) => event.type === "dispatch.permitted" && event.action_id === actionId).length;
    assert.deepEqual([won <= 1, used], [true, won], what);
    for (const [id, state] of states) {
      const shown = await gate.call("getApproval", dana.caller, { params: { approval_id: id } });
      assert.equal(shown.state, state, what);
      reached.set(state, (reached.get(state) ?? 0) + 1);
    }
    await restore(round);
  }
  assert.deepEqual(
    gate.faults().filter(({ code }) => code !== "outcome-missing"),
    [],
    `SEED=${SEED}`,
  );
  t.diagnostic([...reached].map(([state, times]) => `${state} ${times}`).join(", "));
});

test("races: control: the reference sees a use after a revocation, a second use, a lost successor and a late vote", () => {
  const requested: Told = { type: "approval.requested", approval: "a" };
  const granted: Told = { type: "approval.granted", approval: "a" };
  const consumed: Told = { type: "approval.consumed", approval: "a" };
  const cases: readonly (readonly [string, readonly Told[]])[] = [
    ["approval.consumed on REVOKED", [requested, granted, { type: "approval.revoked", approval: "a" }, consumed]],
    ["approval.consumed on CONSUMED", [requested, granted, consumed, consumed]],
    ["b never came", [requested, { type: "approval.superseded", approval: "a", by: "b" }]],
    [
      "approval.voted on EXPIRED",
      [requested, { type: "approval.expired", approval: "a" }, { type: "approval.voted", approval: "a" }],
    ],
    ["dispatch.permitted on nothing", [requested, granted, { type: "dispatch.permitted" }]],
  ];
  for (const [wrong, told] of cases) assert.deepEqual(model(told).wrong, [wrong]);
  assert.deepEqual(model([requested, granted, consumed]).wrong, []);
});
