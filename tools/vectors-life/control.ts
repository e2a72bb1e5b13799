/** The control chain: each rule of spec/control.md, and a story that breaks it. */

import { formatBase64Url } from "@countersign/evidence/base64";
import { digestOf, utf8 } from "@countersign/evidence/hash";
import { editing, omitting, otherId, type Story } from "../story.ts";
import { policyCase } from "./policy.ts";
import type { Case, Mutation } from "./vector.ts";

const UNLAWFUL = ["control-event-unlawful"] as const;

/** A story that founds a tenant and then does one more thing. */
const then = (desc: string, act: (story: Story) => void, faults: Mutation["faults"] = UNLAWFUL): Mutation => ({
  desc,
  faults,
  tell: (story) => act(story.found({ people: ["sam"] })),
});

const times = (count: number) => Array<"control-event-unlawful">(count).fill("control-event-unlawful");

const REASON = { code: "ROTATION" } as const;
const ROTATED = { kid: "log-2", purpose: "checkpoint", alg: "ed25519" } as const;

export const controlCases: readonly Case[] = [
  {
    name: "founded",
    desc: "A production tenant from genesis to sealed: people, a key, an agent, a policy.",
    tell: (story) => void story.found({ people: ["sam"] }),
    mutations: {
      "without-genesis": {
        desc: "The log does not begin with log.genesis.",
        faults: [...Array<"control-event-unlawful">(10).fill("control-event-unlawful")],
        edit: () => omitting("log.genesis"),
      },
      "other-origin": {
        desc: "The genesis names another origin than the log it stands in.",
        faults: UNLAWFUL,
        edit: () =>
          editing("log.genesis", (event) => ({
            ...event,
            genesis: { ...event.genesis, origin: "audit.example.com/prod-b/1" },
          })),
      },
      "without-checkpoint-key": {
        desc: "The genesis announces no checkpoint key.",
        faults: UNLAWFUL,
        edit: () =>
          editing("log.genesis", (event) => ({
            ...event,
            genesis: { ...event.genesis, keys: event.genesis.keys.slice(1) },
          })),
      },
      "without-tenant": {
        desc: "People and policies without a tenant.",
        faults: [...Array<"control-event-unlawful">(9).fill("control-event-unlawful")],
        edit: () => omitting("tenant.created"),
      },
      "miscounted-people": {
        desc: "tenant.sealed counts another number of people.",
        faults: UNLAWFUL,
        edit: () => editing("tenant.sealed", (event) => ({ ...event, sealed: { ...event.sealed, people: 9 } })),
      },
      "miscounted-bootstrap": {
        desc: "tenant.sealed hides a bootstrap act.",
        faults: UNLAWFUL,
        edit: () =>
          editing("tenant.sealed", (event) => ({
            ...event,
            sealed: { ...event.sealed, bootstrap_acts: event.sealed.bootstrap_acts - 1 },
          })),
      },
      "bootstrap-after-seal": then("A bootstrap act after the tenant was sealed.", (story) => {
        story.append("person.added", { person: { alias: story.person("sue").alias }, bootstrap: true });
      }),
      "tenant-twice": then("The tenant is created a second time.", (story) => {
        story.append("tenant.created", { created: { kind: "evaluation", origin_host: "audit.example.com" } });
      }),
      "back-to-evaluation": then("A production tenant becomes an evaluation tenant.", (story) => {
        story.append("tenant.changed", { changed: { kind: "evaluation" } });
      }),
      "observing-after-publish": {
        desc: "Observing begins although a policy was published, in a production tenant that is sealed.",
        faults: [...UNLAWFUL, ...UNLAWFUL],
        tell: (story) => {
          story.found({ people: ["sam"] });
          story.append("tenant.changed", { changed: { observing: true } });
        },
      },
      "observing-sealed": {
        desc: "A sealed production tenant without a policy begins to observe again.",
        faults: UNLAWFUL,
        tell: (story) => {
          story.found({ people: ["sam"], policy: false });
          story.append("tenant.changed", { changed: { observing: false } });
          story.append("tenant.changed", { changed: { observing: true } });
        },
      },
      "agreed-by-nobody-before-sealing": {
        desc: "A production tenant that is not sealed publishes as two people's act, unmarked, and nobody asked or answered.",
        faults: UNLAWFUL,
        edit: () => editing("policy.published", ({ bootstrap: _, ...event }) => event, 0),
      },
      "too-many-bootstrap-acts": {
        desc: "Six enrolments and publishes of a production tenant before it is sealed.",
        faults: UNLAWFUL,
        tell: (story) => {
          story.found({ people: ["sam", "sue", "fay", "cory", "kim"] });
        },
      },
    },
  },
  {
    name: "people",
    desc: "People come and go, and hold roles while they are there.",
    tell: (story) => {
      story.found({ people: ["sam"] });
      const { alias } = story.person("sue");
      story.append("person.added", { person: { alias } });
      story.append("role.granted", { grant: { person: alias, role: "oncall_sre", kind: "approver_role" } });
      story.append("role.revoked", {
        grant: { person: alias, role: "oncall_sre", kind: "approver_role" },
        reason: REASON,
      });
      story.append("person.removed", { person: { alias }, reason: { code: "LEFT" } });
    },
    mutations: {
      "added-twice": then("A person is added twice.", (story) => {
        story.append("person.added", { person: { alias: story.person("sam").alias } });
      }),
      "unknown-removed": then("A person who was never added is removed.", (story) => {
        story.append("person.removed", { person: { alias: story.person("sue").alias }, reason: { code: "LEFT" } });
      }),
      "role-of-a-stranger": then("A role is granted to somebody who is not in the tenant.", (story) => {
        const grant = { person: story.person("sue").alias, role: "finance", kind: "approver_role" } as const;
        story.append("role.granted", { grant });
      }),
      "role-twice": then("A role is granted to somebody who holds it.", (story) => {
        const grant = { person: story.person("sam").alias, role: "oncall_sre", kind: "approver_role" } as const;
        story.append("role.granted", { grant });
      }),
      "role-not-held": then("A role is taken from somebody who does not hold it.", (story) => {
        const grant = { person: story.person("sam").alias, role: "finance", kind: "approver_role" } as const;
        story.append("role.revoked", { grant, reason: REASON });
      }),
    },
  },
  {
    name: "approver-keys",
    desc: "A key is enrolled, approved by another person, and revoked.",
    tell: (story) => {
      story.found({ people: ["sam"] });
      story.enrol("owner");
      story.append("approver.key.revoked", {
        enrolment: { person: story.person("owner").alias, kid: "owner-1" },
        reason: REASON,
      });
    },
    mutations: {
      "approved-by-nobody": {
        desc: "A key is enrolled without another person's approval.",
        faults: ["control-event-unlawful", "control-event-unlawful"],
        edit: () =>
          editing(
            "approver.key.enrolled",
            (event) => {
              const { approved_by: _, ...enrolment } = event.enrolment;
              return { ...event, enrolment };
            },
            1,
          ),
        tell: (story) => {
          story.found({ people: ["sam"] });
          story.enrol("owner");
          story.enrol("owner");
        },
      },
      "approved-by-self": {
        desc: "A person approves the enrolment of their own key.",
        faults: UNLAWFUL,
        edit: () =>
          editing(
            "approver.key.enrolled",
            (event) => ({ ...event, enrolment: { ...event.enrolment, approved_by: event.enrolment.person } }),
            1,
          ),
      },
      "of-a-stranger": then("A key of somebody who is not in the tenant.", (story) => story.enrol("sue")),
      "small-order": {
        desc: "A key of small order, under which anything verifies.",
        faults: UNLAWFUL,
        edit: () =>
          editing(
            "approver.key.enrolled",
            (event) => {
              const x = formatBase64Url(Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? 1 : 0)));
              return { ...event, enrolment: { ...event.enrolment, key: { ...event.enrolment.key, x } } };
            },
            1,
          ),
      },
      "for-another-purpose": {
        desc: "A key announced for another purpose is enrolled.",
        faults: UNLAWFUL,
        edit: () =>
          editing(
            "approver.key.enrolled",
            (event) => ({
              ...event,
              enrolment: { ...event.enrolment, key: { ...event.enrolment.key, purpose: "permit" } },
            }),
            1,
          ),
      },
      "passkey-without-relying-party": {
        desc: "A passkey is enrolled without pinning its relying party.",
        faults: UNLAWFUL,
        edit: () =>
          editing(
            "approver.key.enrolled",
            (event) => ({ ...event, enrolment: { ...event.enrolment, method: "webauthn" } }),
            1,
          ),
      },
      "revoked-twice": then("A key is revoked twice.", (story) => {
        const enrolment = { person: story.person("sam").alias, kid: "sam-1" };
        story.append("approver.key.revoked", { enrolment, reason: REASON });
        story.append("approver.key.revoked", { enrolment, reason: REASON });
      }),
    },
  },
  {
    name: "agents",
    desc: "An agent's ceiling is changed.",
    tell: (story) => {
      story.found({ people: ["sam"] });
      story.register({ ceiling: ["fs"] });
    },
    mutations: {
      "changed-unregistered": {
        desc: "The ceiling of an agent nobody registered is changed.",
        faults: UNLAWFUL,
        edit: () => omitting("agent.registered"),
      },
      "registered-twice": {
        desc: "An agent is registered twice.",
        faults: UNLAWFUL,
        tell: (story) => {
          story.found({ people: ["sam"] });
          story.ceilingEvent = "";
          story.register();
        },
      },
      "owner-unknown": {
        desc: "The agent's owner is not a person of the tenant.",
        faults: UNLAWFUL,
        edit: () =>
          editing("agent.changed", (event) => ({
            ...event,
            agent: { ...event.agent, owner: otherId(event.agent.owner!) },
          })),
      },
    },
  },
  {
    name: "credentials",
    desc: "A credential is issued, rotated, and the old one revoked.",
    tell: (story) => {
      story.found({ people: ["sam"] });
      const [first, second] = [story.id("key"), story.id("key")];
      const holder = { kind: "agent", id: "ops-agent-3" } as const;
      story.append("credential.issued", { credential: { id: first, role: "agent", holder } });
      story.append("credential.rotated", { credential: { id: second, replaces: first } });
      story.append("credential.revoked", { credential: { id: first }, reason: REASON });
    },
    mutations: {
      "issued-twice": {
        desc: "A credential's id is used twice.",
        faults: UNLAWFUL,
        edit: () => editing("credential.issued", (event) => [event, { ...event }]),
      },
      "rotated-unknown": {
        desc: "A credential that is not live is rotated.",
        faults: ["control-event-unlawful", "control-event-unlawful"],
        edit: () => omitting("credential.issued"),
      },
      "revoked-twice": {
        desc: "A credential is revoked twice.",
        faults: UNLAWFUL,
        edit: () => editing("credential.revoked", (event) => [event, { ...event }]),
      },
    },
  },
  policyCase,
  {
    name: "freezes",
    desc: "A freeze is placed by one and lifted by two.",
    tell: (story) => {
      story.found({ people: ["sam"] });
      const id = place(story);
      lift(story, id, "owner", "dana");
    },
    mutations: {
      "lifted-alone": then("One person lifts a freeze.", (story) => lift(story, place(story), "owner")),
      "lifted-by-one-twice": then("One person lifts a freeze and is named twice.", (story) =>
        lift(story, place(story), "owner", "owner"),
      ),
      "lifted-by-a-stranger": then("One of the two is not in the tenant.", (story) =>
        lift(story, place(story), "owner", "sue"),
      ),
      "not-in-force": then("A freeze that is not in force is lifted.", (story) =>
        lift(story, story.id("frz"), "owner", "dana"),
      ),
      "without-subject": then("A freeze of an agent names no agent.", (story) => {
        story.append("freeze.placed", {
          freeze: { freeze_id: story.id("frz"), kind: "agent", incident: "INC-7" },
          reason: { code: "INCIDENT" },
        });
      }),
    },
  },
  {
    name: "log-keys",
    desc: "The checkpoint key is rotated and the old one retired.",
    tell: (story) => {
      story.found({ people: ["sam"] });
      story.append("log.key.added", { key: ROTATED });
      story.append("log.key.retired", { key: { kid: "log-1", purpose: "checkpoint", alg: "ed25519" }, reason: REASON });
    },
    mutations: {
      "added-twice": {
        desc: "A key is announced twice.",
        faults: UNLAWFUL,
        edit: () => editing("log.key.added", (event) => [event, { ...event }]),
      },
      "retired-unknown": then("A key that was never announced is retired.", (story) => {
        story.append("log.key.retired", { key: ROTATED, reason: REASON });
      }),
      "closed-log": then(
        "A policy is asked for, approved and published after the log was closed.",
        (story) => {
          story.append("log.closed", { closed: { size: story.events.length + 1 }, reason: { code: "TENANT_CLOSED" } });
          story.publish({ revision: "pol_2026_04_02" });
        },
        times(12),
      ),
    },
  },
  {
    name: "records",
    desc: "Retention rules, a hold placed and released by another person, an erasure requested and done.",
    tell: records,
    mutations: {
      "version-goes-back": {
        desc: "Retention rules of an older version are published.",
        faults: UNLAWFUL,
        edit: () =>
          editing(
            "retention.rules.published",
            (event) => ({ ...event, retention: { ...event.retention, version: 1 } }),
            1,
          ),
      },
      "shortened-alone": {
        desc: "A rule is shortened without a second person.",
        faults: UNLAWFUL,
        edit: () =>
          editing(
            "retention.rules.published",
            (event) => {
              const { approved_by: _, ...retention } = event.retention;
              return { ...event, retention };
            },
            1,
          ),
      },
      "hold-released-alone": {
        desc: "The person who releases a hold approves it themselves.",
        faults: UNLAWFUL,
        edit: () =>
          editing("hold.released", (event) => ({ ...event, actor: { type: "person", id: event.hold.approved_by } })),
      },
      "hold-released-twice": {
        desc: "A hold is released twice.",
        faults: UNLAWFUL,
        edit: () => editing("hold.released", (event) => [event, { ...event }]),
      },
      "pruned-under-other-rules": {
        desc: "A prune applies rules that are not in force.",
        faults: UNLAWFUL,
        edit: () =>
          editing("retention.pruned", (event) => ({
            ...event,
            pruned: { ...event.pruned, rules_digest: digestOf(utf8("old rules")) },
          })),
      },
      "erased-unrequested": {
        desc: "A subject is erased although nobody requested it.",
        faults: UNLAWFUL,
        edit: () => omitting("erasure.requested"),
      },
    },
  },
];

function place(story: Story): string {
  const id = story.id("frz");
  story.append("freeze.placed", {
    freeze: { freeze_id: id, kind: "agent", subject: "ops-agent-3", incident: "INC-7" },
    reason: { code: "INCIDENT" },
  });
  return id;
}

function lift(story: Story, id: string, ...people: ("owner" | "dana" | "sue")[]): void {
  story.append("freeze.lifted", {
    freeze: { freeze_id: id, people: people.map((who) => story.person(who).alias) },
    reason: { code: "RESOLVED" },
  });
}

function records(story: Story): void {
  story.found({ people: ["sam"] });
  const rules = (version: number, shortens: boolean) => ({
    digest: digestOf(utf8(`retention ${version}`)),
    version,
    rules: 3,
    shortens,
    ...(shortens ? { approved_by: story.person("owner").alias } : {}),
  });
  story.append("retention.rules.published", { retention: rules(1, false) });
  story.append("retention.rules.published", { retention: rules(2, true) });
  const hold = story.id("hold");
  story.append("hold.placed", { hold: { hold_id: hold, matter: "matter-12" }, reason: { code: "LITIGATION" } });
  story.append("retention.pruned", {
    pruned: {
      ranges: [[0, 0]],
      count: 0,
      rule: "default",
      rules_digest: rules(2, true).digest,
      holds: [hold],
    },
  });
  const approved_by = story.person("owner").alias;
  story.append("hold.released", { hold: { hold_id: hold, approved_by }, reason: { code: "MATTER_CLOSED" } });
  const subject = formatBase64Url(new Uint8Array(32));
  story.append("erasure.requested", { erasure: { subject, basis: "request of the person" } });
  story.append("subject.erased", { erasure: { subject, keys: 1, payloads: 2, packs: [] } });
}
