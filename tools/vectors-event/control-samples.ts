/** Samples of the kinds that continue the control chain: they change the rules. */
import type { ControlEvent } from "@countersign/evidence/event";
import { at, commitment, dana, digest, fay, hash, id, kim, LOG, publicKey, sam } from "./names.ts";
import { operator, type SamplesOf } from "./sample.ts";

const admin = { type: "person" as const, id: dana, credential: id("key", "dana") };
const logKey = { kid: "log-1", purpose: "checkpoint" as const, alg: "ed25519" as const, x: publicKey("log-1") };
const permitKey = { kid: "permit-1", purpose: "permit" as const, alg: "ed25519" as const, x: publicKey("permit-1") };
const checkpoint = { origin: LOG, size: 41, root: hash("root of 41") };
const agent = {
  id: "ops-agent-3",
  ceiling: ["infra.read", "infra.change"],
  owner: dana,
  accountable: sam,
  purpose: "Keeps certificates of the production network fresh",
  environments: ["staging", "prod"],
  may_execute: false,
};
const bundle = digest("policy bundle");

export const controlSamples: SamplesOf<ControlEvent["type"]> = {
  "log.genesis": {
    desc: "A log begins and pins its first keys.",
    genesis: { origin: LOG, epoch: 1, spec: "countersign/1", keys: [logKey, permitKey] },
  },
  "log.heartbeat": { desc: "An idle log shows that it lives.", heartbeat: { idle_since: at("13:57:00.000") } },
  "log.key.added": {
    desc: "A second checkpoint key, as a verifier key.",
    key: {
      kid: "log-2",
      purpose: "checkpoint",
      alg: "ed25519",
      vkey: `${LOG}+013b23b4+AYG2fNY3WToxA0ZCvCEWNHTykMHIHV9yyKbCFcG8yEPn`,
    },
  },
  "log.key.retired": { desc: "The first key is retired.", key: logKey, reason: { code: "ROTATED" } },
  "log.key.revoked": {
    desc: "A permit key is revoked, and is not trusted from a time before that.",
    key: permitKey,
    reason: { code: "KEY_EXPOSED", note_committed: true },
    commit: { "/reason/note": commitment("found in a backup") },
    compromised_since: at("09:00:00.000"),
    last_trusted_size: 20,
  },
  "log.epoch.opened": {
    desc: "After a restore the log continues in a new epoch, from its last trusted checkpoint.",
    epoch: { origin: "audit.example.com/prod-a/2", epoch: 2, previous: checkpoint },
    reason: { code: "RESTORED_FROM_BACKUP" },
  },
  "log.clock.jumped": {
    desc: "The node's clock stepped back.",
    clock: { head: at("14:07:59.900"), node: at("14:07:41.000"), direction: "back" },
  },
  "log.closed": {
    desc: "The tenant leaves; the log takes nothing more.",
    closed: { size: 96 },
    reason: { code: "TENANT_CLOSED" },
  },
  "tenant.created": {
    desc: "A production tenant is created.",
    actor: operator,
    created: { kind: "production", origin_host: "audit.example.com", display_name: "Platform, production" },
  },
  "tenant.changed": {
    desc: "An evaluation tenant becomes a production tenant; there is no way back.",
    actor: admin,
    changed: { kind: "production", display_name: "Platform", observing: false },
  },
  "agent.registered": { desc: "An agent gets its ceiling.", actor: admin, agent, bootstrap: true },
  "agent.changed": {
    desc: "An agent's ceiling is lowered and the agent retired.",
    actor: admin,
    agent: { ...agent, ceiling: ["infra.read"], retired: true },
  },
  "credential.issued": {
    desc: "A worker gets a key, for one queue, for a year.",
    actor: admin,
    credential: {
      id: id("key", "worker-eu-2"),
      role: "executor",
      holder: { kind: "executor", id: "worker-eu-2" },
      expires_at: "2027-04-01T00:00:00.000Z",
      scope: ["topic:infra.change.apply"],
      secret_digest: digest("the worker's secret"),
    },
  },
  "credential.rotated": {
    desc: "A key is replaced; both work until the old one expires.",
    actor: admin,
    credential: {
      id: id("key", "worker-eu-2, second"),
      replaces: id("key", "worker-eu-2"),
      expires_at: "2027-04-01T00:00:00.000Z",
      secret_digest: digest("the worker's second secret"),
    },
  },
  "credential.revoked": {
    desc: "A stolen key is revoked.",
    actor: admin,
    credential: { id: id("key", "worker-eu-2") },
    reason: { code: "KEY_EXPOSED" },
    compromised_since: at("08:30:00.000"),
  },
  "person.added": {
    desc: "A person appears under an alias; the name is sealed elsewhere.",
    actor: admin,
    person: { alias: sam },
    bootstrap: true,
  },
  "person.removed": {
    desc: "A person leaves.",
    actor: admin,
    person: { alias: kim },
    reason: { code: "LEFT_THE_COMPANY" },
  },
  "role.granted": {
    desc: "A person may vote as engineer on call.",
    actor: admin,
    grant: { person: sam, role: "oncall_sre", kind: "approver_role" },
  },
  "role.revoked": {
    desc: "A person is no longer an auditor.",
    actor: admin,
    grant: { person: fay, role: "auditor", kind: "role" },
    reason: { code: "CHANGED_TEAM" },
  },
  "approver.key.enrolled": {
    desc: "An approver's key, enrolled by another person.",
    actor: admin,
    enrolment: {
      person: sam,
      key: { kid: "sam-1", purpose: "approver", alg: "ed25519", x: publicKey("sam") },
      method: "ed25519",
      approved_by: dana,
    },
  },
  "approver.key.revoked": {
    desc: "An approver's lost key: votes since then are flagged.",
    actor: admin,
    enrolment: { person: sam, kid: "sam-1" },
    reason: { code: "DEVICE_LOST" },
    compromised_since: at("12:00:00.000"),
  },
  "tenant.sealed": { desc: "Bootstrap is over.", sealed: { people: 3, bootstrap_acts: 4 } },
  "config.overridden": {
    desc: "The operator lets the server start with a weaker setting.",
    actor: operator,
    override: { setting: "allow-synchronous-normal", value: "true" },
    reason: { code: "LOAD_TEST" },
  },
  "witness.policy.changed": {
    desc: "Two of three witnesses are asked for from now on.",
    actor: admin,
    witness_policy: {
      text: [
        "log audit.example.com/prod-a/1+013b23b4+AYG2fNY3WToxA0ZCvCEWNHTykMHIHV9yyKbCFcG8yEPn",
        "witness w1 witness-one.example/w1+8d3c2a1f+BAQb0Wb6mZ0D5Vd3o7cG0mO0mJm3S0f6Z0o2v1y8b9Q",
        "quorum w1",
        "",
      ].join("\n"),
      digest: digest("witness policy"),
    },
  },
  "backup.taken": {
    desc: "A backup, with the checkpoint it reaches.",
    actor: operator,
    backup: { digest: digest("backup"), checkpoint, size_bytes: 48_234_496 },
  },
  "backup.restored": {
    desc: "A backup is restored.",
    actor: operator,
    backup: { digest: digest("backup"), checkpoint },
  },
  "policy.uploaded": {
    desc: "A policy bundle is uploaded.",
    actor: admin,
    bundle: { digest: bundle, name: "platform-gate", version: "2026.4", files: 14, size_bytes: 58_112 },
    signatures: [{ key_id: "sam-1", alg: "ed25519", role: "reviewer", sig: "A".repeat(86) }],
  },
  "policy.validated": {
    desc: "The bundle's own tests pass.",
    actor: admin,
    bundle: { digest: bundle, rules: 23, tests: 61, warnings: 0 },
  },
  "policy.simulated": {
    desc: "Last month's decisions under the new bundle.",
    actor: admin,
    simulation: {
      digest: bundle,
      against: digest("policy bundle, before"),
      decisions: 4_812,
      newly_allowed: 3,
      changed: 17,
      impact_digest: digest("impact report"),
      loosened: 4,
      report: digest("sealed impact report"),
      range: [1_204, 98_113],
      groups: [digest("group of changes")],
      groups_left_out: 0,
    },
  },
  "policy.acknowledged": {
    desc: "A person has seen what the new bundle would let through.",
    actor: admin,
    acknowledgement: {
      digest: bundle,
      simulation: id("evt", "simulation"),
      impact_digest: digest("impact report"),
      groups: [digest("group of changes")],
    },
  },
  "policy.publish.requested": {
    desc: "Its author asks for publication.",
    actor: admin,
    publish: {
      digest: bundle,
      expected: digest("policy bundle, before"),
      simulation: id("evt", "simulation"),
      impact_digest: digest("impact report"),
      acknowledged: [digest("group of changes"), id("evt", "decision")],
      incident: "INC-7",
    },
    reason: { code: "QUARTERLY_REVIEW" },
  },
  "policy.publish.answered": {
    desc: "Another person approves the publication from the command line, and signs that.",
    actor: operator,
    answer: {
      request: id("evt", "publish request"),
      digest: bundle,
      answer: "approve",
      person: sam,
      signed: {
        text: '{"answer":"approve"}',
        digest: digest("answer text"),
        method: "ed25519",
        kid: "sam-1",
        signature: "A".repeat(86),
      },
    },
  },
  "policy.published": {
    desc: "A bundle is published, approved by another person.",
    actor: admin,
    publish: {
      revision: "pol_2026_04_01",
      digest: bundle,
      previous: { revision: "pol_2026_01_07", digest: digest("policy bundle, before") },
      author: "dana",
      approved_by: [sam],
      separation: "two_people",
      engine: "cedar/4.13.0",
      request: id("evt", "publish request"),
    },
  },
  "policy.rolled_back": {
    desc: "The bundle before is active again, under a new revision.",
    actor: admin,
    rollback: {
      from: { revision: "pol_2026_04_01", digest: bundle },
      to_digest: digest("policy bundle, before"),
      revision: "pol_2026_04_01_2",
      approved_by: [sam],
      request: id("evt", "rollback request"),
      incident: "INC-7",
      separation: "two_people",
    },
    reason: { code: "TOO_MANY_DENIALS" },
  },
  "policy.shadow.started": {
    desc: "A bundle runs in the shadow of the active one.",
    actor: admin,
    shadow: { digest: digest("policy bundle, next"), sample_percent: 25 },
  },
  "policy.shadow.stopped": {
    desc: "What the shadow would have decided otherwise.",
    actor: admin,
    shadow: { digest: digest("policy bundle, next"), decisions: 1_204, differing: 9, newly_allowed: 1, dropped: 12 },
  },
  "policy.retired": {
    desc: "A bundle is never to be published again.",
    actor: admin,
    bundle: { digest: digest("policy bundle, before") },
    reason: { code: "REPLACED" },
  },
  "freeze.placed": {
    desc: "One person stops an agent.",
    actor: admin,
    freeze: { freeze_id: id("frz", "ops-agent-3"), kind: "agent", subject: "ops-agent-3", incident: "INC-2211" },
    reason: { code: "UNEXPECTED_CHANGES" },
  },
  "freeze.lifted": {
    desc: "Two people lift the freeze.",
    actor: admin,
    freeze: { freeze_id: id("frz", "ops-agent-3"), people: [dana, sam] },
    reason: { code: "INCIDENT_CLOSED" },
  },
  "retention.rules.published": {
    desc: "A second version of the retention rules, which shortens one of them.",
    actor: admin,
    retention: { digest: digest("retention rules"), version: 2, rules: 5, shortens: true, approved_by: sam },
  },
  "retention.pruned": {
    desc: "Entries that were due are removed; their leaf hashes stay.",
    pruned: {
      ranges: [
        [3, 9],
        [12, 12],
      ],
      count: 8,
      rule: "default",
      rules_digest: digest("retention rules"),
      holds: [id("hold", "matter 7")],
    },
  },
  "hold.placed": {
    desc: "A legal hold on one run, for half a year.",
    actor: admin,
    hold: {
      hold_id: id("hold", "matter 7"),
      matter: "matter 2026-7",
      runs: [id("run", "rotate certificates")],
      query: "environment:prod ts:>2026-03-01",
      from: "2026-03-01T00:00:00.000Z",
      until: "2026-10-01T00:00:00.000Z",
    },
    reason: { code: "LITIGATION" },
  },
  "hold.released": {
    desc: "The hold is released, with a second person.",
    actor: admin,
    hold: { hold_id: id("hold", "matter 7"), approved_by: sam },
    reason: { code: "MATTER_CLOSED" },
  },
  "erasure.requested": {
    desc: "Somebody's data is to be erased; who it is stays a commitment.",
    actor: admin,
    erasure: { subject: commitment("subject 19"), basis: "Request of the data subject" },
  },
  "erasure.parked": {
    desc: "A hold stands against the erasure; it waits, visibly.",
    source: "derived",
    erasure: { subject: commitment("subject 19"), holds: [id("hold", "matter 7")], rules: ["sec-17a-4"] },
  },
  "subject.erased": {
    desc: "The subject's keys are destroyed.",
    actor: admin,
    erasure: { subject: commitment("subject 19"), keys: 1, payloads: 12, packs: [id("pack", "march")] },
  },
};
