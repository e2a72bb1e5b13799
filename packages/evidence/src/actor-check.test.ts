import assert from "node:assert/strict";
import { test } from "node:test";
import { Story } from "../../../tools/story.ts";
import { ActorCheck, ON_ITS_WAY_MS } from "./actor-check.ts";
import { emptyControl, stepControl } from "./control.ts";
import type { ActorBlock, ControlEvent, Event } from "./event.ts";
import { chainOfKind } from "./generated/event-shapes.ts";

type Members = Partial<Record<"isWholeLog" | "isGapless", boolean>>;

/** What is found in a log. */
function foundIn(events: readonly Event[], { isWholeLog = true, isGapless = true }: Members = {}): string[] {
  const actors = new ActorCheck(isWholeLog);
  let control = emptyControl();
  return events.flatMap((event) => {
    const found = actors.faultOf(event, control, isGapless);
    if (chainOfKind[event.type] === "control") control = stepControl(control, event as ControlEvent).state; // its chain says so
    return found === undefined ? [] : [found.detail];
  });
}

/** A founded tenant with a service, and what came by the actor. */
function told(actorOf: (story: Story) => ActorBlock, before: (story: Story, actor: ActorBlock) => void = () => {}) {
  const story = new Story().found({ people: ["sam"] });
  const actor = actorOf(story);
  before(story, actor);
  const change = { shadow: { digest: story.policy.digest, sample_percent: 100 } };
  story.append("policy.shadow.started", { actor, ...change });
  return story.events;
}

const issued = (kind: "service" | "executor" | "agent", expiresInMs?: number) => (story: Story) => {
  const credential = story.id("key");
  const until = expiresInMs === undefined ? {} : { expires_at: story.at(expiresInMs) };
  story.append("credential.issued", {
    credential: { id: credential, role: "operator", holder: { kind, id: "ci" }, ...until },
  });
  return { type: "operator", id: "ci", credential } as const;
};
const signedIn = (story: Story): ActorBlock => {
  const { alias } = story.person("sam");
  const session = story.id("ses");
  const actor = { type: "person", id: alias, session } as const;
  const until = story.at(3_600_000);
  story.append("session.opened", {
    actor,
    session: { id: session, person: alias, method: "passkey", expires_at: until },
  });
  return actor;
};
const revoke = (story: Story, { credential }: ActorBlock) =>
  story.append("credential.revoked", { credential: { id: credential! }, reason: { code: "LOST" } });
const signOut = (story: Story, { id, session }: ActorBlock) =>
  story.append("session.closed", { session: { id: session!, person: id }, reason: { code: "SIGNED_OUT" } });
const andWait =
  (act: (story: Story, actor: ActorBlock) => unknown, ms: number) => (story: Story, actor: ActorBlock) => {
    act(story, actor);
    story.wait(ms);
  };

test("actors: what came by a credential issued to its holder, or by a session of the person's own, is in order", () => {
  assert.deepEqual(foundIn(told(issued("service"))), []);
  assert.deepEqual(foundIn(told(signedIn)), []);
  assert.deepEqual(foundIn(told(issued("service"), andWait(revoke, ON_ITS_WAY_MS - 1000))), []); // it was on its way
});

test("actors: a credential or session that nobody was given is named, and one of another, and one that had ended", () => {
  const stranger = (story: Story): ActorBlock => ({ type: "operator", id: "ci", credential: story.id("key") });
  const unopened = (story: Story): ActorBlock => ({
    type: "person",
    id: story.person("sam").alias,
    session: story.id("ses"),
  });
  const another = (story: Story): ActorBlock => ({ ...signedIn(story), id: story.person("dana").alias });
  const cases: readonly (readonly [readonly Event[], RegExp])[] = [
    [told(stranger), /never issued/],
    [told(issued("executor")), /is of executor ci, not of operator ci/],
    [told((story) => ({ ...issued("service")(story), id: "other" })), /not of operator other/],
    [told(issued("service"), andWait(revoke, ON_ITS_WAY_MS)), /ended at/],
    [
      told(
        issued("service", 1000),
        andWait(() => {}, ON_ITS_WAY_MS + 1000),
      ),
      /ended at/,
    ],
    [told(unopened), /never opened/],
    [told(another), /'s, not/],
    [told(signedIn, andWait(signOut, ON_ITS_WAY_MS)), /ended at/],
    [
      told(
        signedIn,
        andWait(() => {}, 3_600_000 + ON_ITS_WAY_MS),
      ),
      /ended at/,
    ],
  ];
  for (const [events, expected] of cases) {
    const found = foundIn(events);
    assert.equal(found.length, 1, String(expected));
    assert.match(found[0]!, expected);
    assert.deepEqual(foundIn(events, { isGapless: false }), []);
  }
  assert.deepEqual(foundIn(told(unopened), { isWholeLog: false }), []);
  assert.equal(foundIn(told(stranger), { isWholeLog: false }).length, 1);
});
