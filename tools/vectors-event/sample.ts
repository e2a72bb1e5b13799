/** A sample event of one kind: what is its own, and the envelope around it. */
import type { ActionBlock, ActorBlock, EventOf, InitiatorBlock, Kind } from "@countersign/evidence/event";
import { chainOfKind } from "@countersign/evidence/generated/event-shapes";
import { at, commitment, dana, hash, id, LOG, TENANT } from "./names.ts";

type Envelope =
  | "type"
  | "v"
  | "event_id"
  | "tenant"
  | "ts"
  | "integrity"
  | "run_id"
  | "initiator"
  | "action_id"
  | "action";
type Usual = "source" | "actor" | "cause" | "labels" | "refs" | "commit" | "traceparent";

/** Members of a kind besides the envelope; what is usual may be left out. */
export type Sample<K extends Kind> = Omit<EventOf<K>, Envelope | Usual> &
  Partial<Pick<EventOf<K>, Usual>> & {
    /** What happened, in a sentence. */
    readonly desc: string;
  };

/** Samples of some kinds: none may be missing, none may be left over. */
export type SamplesOf<K extends Kind> = { readonly [Each in K]: Sample<Each> };

export const initiator: InitiatorBlock = {
  agent: "ops-agent-3",
  version: "2.1.0",
  framework: "ai-sdk",
  framework_version: "7.0.173",
  model: "example-model-2",
  on_behalf_of: dana,
};

export const action: ActionBlock = {
  capability: "infra.change.apply",
  tool: "terraform",
  tool_version: "1.9.2",
  target: { system: "aws:eu-west-1", resource: "vpc-1", environment: "prod", version: "etag:7b1f" },
};

export const agent: ActorBlock = { type: "agent", id: "ops-agent-3", credential: id("key", "ops-agent-3") };
export const executor: ActorBlock = { type: "executor", id: "worker-eu-2", credential: id("key", "worker-eu-2") };
export const operator: ActorBlock = { type: "operator", id: "os:1000" };
const system: ActorBlock = { type: "system", id: "countersign" };

export const runId = id("run", "rotate certificates");
export const actionId = id("act", "apply the change");
export const argsCommitment = commitment("args of apply the change");

/** The whole event. `place` is its position among the kinds, which gives it a place in the log. */
export function sampleEvent<K extends Kind>(kind: K, place: number, sample: Sample<K>): EventOf<K> {
  const { desc: _, ...own } = sample;
  const chain = chainOfKind[kind];
  const inRun = chain === "run" || chain === "action";
  const minute = String(7 + Math.floor(place / 60)).padStart(2, "0");
  const event = {
    type: kind,
    v: 1,
    event_id: id("evt", kind),
    tenant: TENANT,
    ts: at(`14:${minute}:${String(place % 60).padStart(2, "0")}.120`),
    source: "observed",
    actor: system,
    ...(inRun ? { run_id: runId, initiator } : {}),
    ...(chain === "action" ? { action_id: actionId, action } : {}),
    ...own,
    integrity: {
      v: 1,
      alg: "sha256-rfc6962",
      log: LOG,
      index: 40 + place,
      prev_hash: hash(`entry before ${kind}`),
      ...(inRun ? { run_seq: place, run_prev: hash(`event of the run before ${kind}`) } : {}),
      ctl_seq: 12,
      ctl_head: hash("newest control event"),
    },
  };
  // Envelope and own members together are the kind's members; a test checks each against its schema.
  return event as unknown as EventOf<K>;
}
