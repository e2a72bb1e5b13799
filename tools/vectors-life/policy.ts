/** The life of a policy: each rule of spec/control.md, "Policy", and a story that breaks it. */
import type { EventOf } from "@countersign/evidence/event";
import { digestOf, utf8 } from "@countersign/evidence/hash";
import { editing, omitting, type Story } from "../story.ts";
import type { Case, Mutation } from "./vector.ts";

const UNLAWFUL = ["control-event-unlawful"] as const;
const REASON = { code: "ROTATION" } as const;
const times = (count: number) => Array<"control-event-unlawful">(count).fill("control-event-unlawful");

/** A story that founds a tenant and then does one more thing. */
const then = (desc: string, act: (story: Story) => void): Mutation => ({
  desc,
  faults: UNLAWFUL,
  tell: (story) => act(story.found({ people: ["sam"] })),
});

const expiringNow = (event: EventOf<"credential.issued">): EventOf<"credential.issued"> => ({
  ...event,
  credential: { ...event.credential, expires_at: event.ts },
});

/** Puts a policy back that was published before. */
function rollBack(story: Story, digest: string): void {
  const request = story.agreeOn(digest, story.policy.digest, { rollback: true });
  story.append("policy.rolled_back", {
    rollback: {
      from: { ...story.policy },
      to_digest: digest,
      revision: "pol_2026_04_02_2",
      approved_by: [story.person("owner").alias],
      request,
    },
    reason: { code: "REGRESSION" },
  });
}

export const policyCase: Case = {
  name: "policy",
  desc: "A policy is published, another after it, and the first put back; each asked for by one and approved by another.",
  tell: (story) => {
    story.found({ people: ["sam"] });
    const first = { ...story.policy };
    story.publish({ revision: "pol_2026_04_02" });
    rollBack(story, first.digest);
  },
  mutations: {
    "asked-by-nobody": {
      desc: "A policy is approved and published that nobody asked for.",
      faults: times(2),
      edit: () => omitting("policy.publish.requested", 0),
    },
    "approved-by-nobody": {
      desc: "A policy is published in the name of a person who never answered.",
      faults: times(2),
      edit: () => omitting("policy.publish.answered", 0),
    },
    "approved-by-the-requester": then("Whoever asked for the policy approves it.", (story) => {
      const { digest } = story.policy;
      const dana = story.person("dana").alias;
      const request = story.agreeOn(digestOf(utf8("next")), digest);
      story.append("policy.publish.answered", {
        actor: story.policyAdmin("dana"),
        answer: { request, digest: digestOf(utf8("next")), answer: "approve", person: dana },
      });
    }),
    "approved-by-who-brought-it": then("Whoever brought the bundle approves it; another asked for it.", (story) => {
      const { digest } = story.policy;
      const next = digestOf(utf8("next"));
      story.upload(next);
      const compared = story.compare(next, digest);
      const [dana, owner] = [story.policyAdmin("dana"), story.policyAdmin("owner")];
      const { event_id: request } = story.append("policy.publish.requested", {
        actor: owner,
        publish: { digest: next, expected: digest, ...compared },
        reason: REASON,
      });
      story.append("policy.publish.answered", {
        actor: dana,
        answer: { request, digest: next, answer: "approve", person: dana.id },
      });
    }),
    "approved-on-hearsay": {
      desc: "The event says that a person approved, with no credential, session or signature of theirs.",
      faults: UNLAWFUL,
      edit: () =>
        editing("policy.publish.answered", (event) => ({ ...event, actor: { type: "person", id: event.actor.id } }), 0),
    },
    "approved-by-another-credential": {
      desc: "The credential that the approvals came with is another person's.",
      faults: times(2),
      edit: () => {
        let other: string | undefined;
        return (event) => {
          if (event.type === "policy.publish.requested") other ??= event.actor.credential;
          if (event.type !== "policy.publish.answered" || other === undefined) return event;
          return { ...event, actor: { ...event.actor, credential: other } };
        };
      },
    },
    "asked-on-hearsay": {
      desc: "The event says that a person asked, with no credential or session of theirs.",
      faults: UNLAWFUL,
      edit: () =>
        editing(
          "policy.publish.requested",
          (event) => ({ ...event, actor: { type: "person", id: event.actor.id } }),
          0,
        ),
    },
    "asked-in-a-persons-name": {
      desc: "A service that bears a person's name asks, and would count as that person.",
      faults: UNLAWFUL,
      edit: () =>
        editing(
          "policy.publish.requested",
          (event) => ({ ...event, actor: { type: "operator", id: event.actor.id } }),
          0,
        ),
    },
    "asked-with-an-expired-credential": {
      desc: "Whoever asked for and acknowledged the policies did so with a credential that had expired.",
      faults: times(3),
      edit: () => editing("credential.issued", (event) => expiringNow(event), 0),
    },
    "approved-without-a-key": {
      desc: "The person who approves has no approver key.",
      faults: times(4),
      edit: () => omitting("approver.key.enrolled", 2),
    },
    "never-stored": {
      desc: "A policy is simulated and published whose bundle nobody brought.",
      faults: times(2),
      edit: () => omitting("policy.uploaded", 0),
    },
    "not-simulated": {
      desc: "A policy is published that was not compared with the active one.",
      faults: times(2),
      edit: () => omitting("policy.simulated", 0),
    },
    "not-acknowledged": {
      desc: "A policy is published although nobody acknowledged what it newly allows.",
      faults: UNLAWFUL,
      edit: () => omitting("policy.acknowledged", 0),
    },
    "acknowledged-by-a-service": {
      desc: "A service acknowledges what a policy newly allows.",
      faults: UNLAWFUL,
      edit: () => editing("policy.acknowledged", (event) => ({ ...event, actor: { type: "operator", id: "ci" } }), 0),
    },
    "acknowledged-what-is-not": {
      desc: "The acknowledgement names a group that the simulation does not.",
      faults: times(2),
      edit: () =>
        editing(
          "policy.acknowledged",
          (event) => ({
            ...event,
            acknowledgement: { ...event.acknowledgement, groups: [digestOf(utf8("another group"))] },
          }),
          0,
        ),
    },
    "simulated-against-another": {
      desc: "The policy was compared with one that is not the active one.",
      faults: UNLAWFUL,
      edit: () =>
        editing(
          "policy.simulated",
          (event) => ({ ...event, simulation: { ...event.simulation, against: digestOf(utf8("another")) } }),
          0,
        ),
    },
    "more-than-can-be-seen": {
      desc: "The policy lets more groups through than its simulation names.",
      faults: UNLAWFUL,
      edit: () =>
        editing(
          "policy.simulated",
          (event) => ({ ...event, simulation: { ...event.simulation, groups_left_out: 1 } }),
          0,
        ),
    },
    "approved-without-the-role": {
      desc: "The person who approves is no policy-admin.",
      faults: times(4),
      edit: () => omitting("role.granted", 3),
    },
    "approved-by-somebody-else": {
      desc: "Another actor approves in a person's name, without that person's signature.",
      faults: UNLAWFUL,
      edit: () =>
        editing("policy.publish.answered", (event) => ({ ...event, actor: { type: "operator", id: "os:1000" } }), 0),
    },
    "approved-another": {
      desc: "The approval is of another policy than the one asked for.",
      faults: times(3),
      edit: () =>
        editing(
          "policy.publish.answered",
          (event) => ({
            ...event,
            answer: { ...event.answer, digest: digestOf(utf8("another")) },
          }),
          0,
        ),
    },
    "rejected-and-published": {
      desc: "A policy is published although the other person rejected it.",
      faults: UNLAWFUL,
      edit: () =>
        editing("policy.publish.answered", (event) => ({ ...event, answer: { ...event.answer, answer: "reject" } }), 0),
    },
    "withdrawn-by-another": then("Somebody else withdraws a request.", (story) => {
      const { digest } = story.policy;
      const request = story.agreeOn(digestOf(utf8("next")), digest);
      story.append("policy.publish.answered", {
        actor: story.policyAdmin("owner"),
        answer: { request, digest: digestOf(utf8("next")), answer: "withdraw" },
      });
    }),
    "rolled-back-alone": then("A policy is put back without another person's approval.", (story) => {
      const first = { ...story.policy };
      story.publish({ revision: "pol_2026_04_02" });
      story.append("policy.rolled_back", {
        rollback: { from: { ...story.policy }, to_digest: first.digest, revision: "pol_2026_04_02_2" },
        reason: { code: "REGRESSION" },
      });
    }),
    "retired-published": then("A retired policy is published again.", (story) => {
      story.append("policy.retired", { bundle: { digest: digestOf(utf8("policy pol_2026_04_02")) }, reason: REASON });
      story.publish({ revision: "pol_2026_04_02" });
    }),
    "revision-reused": then("A revision is used a second time.", (story) => story.publish({})),
    "wrong-previous": {
      desc: "The publish replaces a policy that is not the active one.",
      faults: UNLAWFUL,
      edit: () =>
        editing(
          "policy.published",
          (event) => ({
            ...event,
            publish: { ...event.publish, previous: { digest: digestOf(utf8("none")), revision: "pol_2026_03_01" } },
          }),
          1,
        ),
    },
    "approved-by-author": {
      desc: "Only the author approved the policy.",
      faults: times(2),
      edit: () =>
        editing(
          "policy.published",
          (event) => ({ ...event, publish: { ...event.publish, approved_by: [event.publish.author] } }),
          1,
        ),
    },
    "separation-waived": {
      desc: "A production tenant publishes without a second person.",
      faults: UNLAWFUL,
      edit: () =>
        editing(
          "policy.published",
          (event) => ({ ...event, publish: { ...event.publish, approved_by: [], separation: "waived" } }),
          1,
        ),
    },
    "back-to-unpublished": {
      desc: "The rollback names a policy that was never published.",
      faults: UNLAWFUL,
      edit: () =>
        editing("policy.rolled_back", (event) => ({
          ...event,
          rollback: { ...event.rollback, to_digest: digestOf(utf8("never")) },
        })),
    },
    "active-retired": then("The active policy is retired.", (story) => {
      story.append("policy.retired", { bundle: { digest: story.policy.digest }, reason: REASON });
    }),
  },
};
