/** Samples of the kinds that continue only the log. */
import type { ControlEvent, Kind, RunEvent } from "@countersign/evidence/event";
import { at, dana, digest, fay, hash, id, LOG, sam } from "./names.ts";
import { executor, operator, type SamplesOf } from "./sample.ts";

const auditor = { type: "person" as const, id: fay, credential: id("key", "fay") };
const drill = { drill_id: id("drl", "april"), kind: "tamper" as const };
const finding = id("fnd", "missing safety check");

export const tenantSamples: SamplesOf<Exclude<Kind, RunEvent["type"] | ControlEvent["type"]>> = {
  "session.opened": {
    desc: "A person signs in with a passkey.",
    session: {
      id: id("ses", "dana"),
      person: dana,
      method: "passkey",
      expires_at: at("22:00:00.000"),
      proof: digest("dana's cookies"),
    },
  },
  "session.closed": {
    desc: "The session ends.",
    session: { id: id("ses", "dana"), person: dana },
    reason: { code: "SIGNED_OUT" },
  },
  "person.changed": {
    desc: "An operator makes a set-up link for a person.",
    actor: operator,
    change: {
      person: dana,
      kind: "link_made",
      link: {
        digest: digest("a link's secret"),
        roles: ["approver"],
        approver_roles: ["oncall_sre"],
        ends_at: at("15:00:00.000"),
      },
    },
  },
  "freeze.lift.asked": {
    desc: "The first of two people says that a freeze may go.",
    freeze: { freeze_id: id("frz", "incident 7"), person: sam },
  },
  "policy.activated": {
    desc: "A node starts deciding under a revision.",
    activation: { revision: "pol_2026_04_01", digest: digest("policy bundle"), node: "gate-eu-1" },
  },
  "payload.redacted": {
    desc: "A secret was replaced before the bytes were hashed.",
    redaction: {
      original: digest("sealed arguments"),
      redacted: digest("sealed arguments without the token"),
      detector: "secret-scanner/3",
      count: 1,
    },
  },
  "pack.requested": {
    desc: "An auditor asks for a pack of one run.",
    actor: auditor,
    pack: {
      pack_id: id("pack", "march"),
      scope: `run:${id("run", "rotate certificates")}`,
      purpose: "Quarterly review",
      recipient: "Example Audit LLP",
      disclosure: "committed",
    },
  },
  "pack.exported": {
    desc: "The pack is made; this entry holds its manifest's digest.",
    pack: {
      pack_id: id("pack", "march"),
      scope: `run:${id("run", "rotate certificates")}`,
      as_of: 96,
      manifest_digest: digest("manifest"),
      proves: "complete",
      entries: 48,
      disclosure: "committed",
    },
  },
  "pack.downloaded": {
    desc: "The pack is handed over.",
    actor: auditor,
    pack: { pack_id: id("pack", "march"), manifest_digest: digest("manifest") },
  },
  "evidence.accessed": {
    desc: "Reads of evidence, recorded before the bytes left.",
    actor: auditor,
    access: {
      reads: [
        { kind: "payload", id: digest("sealed arguments") },
        { kind: "timeline", id: id("run", "rotate certificates") },
        { kind: "list", id: "/v1/events?type=policy.decided&limit=50" },
      ],
      count: 3,
    },
  },
  "integrity.checked": {
    desc: "A scrub of the whole log found nothing.",
    check: {
      kind: "scrub",
      as_of: 96,
      findings: 0,
      counts: { entries: 96, tiles: 1, payloads: 31 },
      digest: digest("scrub report"),
    },
  },
  "review.completed": {
    desc: "A review of denied actions, sealed.",
    actor: auditor,
    review: {
      review_id: id("rev", "denied in march"),
      question: "denied",
      query: "environment:prod ts:>2026-03-01",
      as_of: 96,
      verdict: "pass",
      digest: digest("review"),
    },
  },
  "incident.opened": {
    desc: "An incident is opened from a run.",
    actor: auditor,
    incident: {
      incident_id: id("inc", "2211"),
      from: `run:${id("run", "rotate certificates")}`,
      title_committed: true,
    },
  },
  "incident.closed": {
    desc: "The incident is closed with its findings.",
    actor: auditor,
    incident: { incident_id: id("inc", "2211"), findings: [finding] },
    reason: { code: "MENDED" },
  },
  "drill.started": { desc: "A drill attacks a copy of the log.", actor: operator, drill },
  "drill.completed": {
    desc: "What the drill planted and what was caught.",
    actor: operator,
    drill: { ...drill, score_percent: 96, duration_ms: 81_200, expected: 25, found: 24, findings: [finding] },
  },
  "drill.missed": {
    desc: "A drill that was due did not run.",
    source: "derived",
    drill: { kind: "restore", due: at("06:00:00.000") },
  },
  "finding.opened": {
    desc: "A finding with an owner and a date.",
    finding: {
      finding_id: finding,
      severity: "medium",
      code: "SAFETY_CHECK_MISSING",
      owner: sam,
      due: "2026-04-15T00:00:00.000Z",
      evidence: [id("evt", "dispatch.succeeded")],
    },
  },
  "finding.closed": {
    desc: "A drill that passes closes the finding.",
    finding: { finding_id: finding, by: "drill", evidence: [id("evt", "drill.completed")] },
    reason: { code: "RE_DRILL_PASSED" },
  },
  "training.completed": {
    desc: "A person learned to read a timeline.",
    training: { person: fay, version: "2026.1", score_percent: 90 },
  },
  "anchor.recorded": {
    desc: "A witness cosigned a checkpoint.",
    actor: executor,
    anchor: {
      kind: "cosignature",
      checkpoint: { origin: LOG, size: 96, root: hash("root of 96") },
      digest: digest("cosignature"),
    },
  },
};
