/**
 * The verifier's report as JSON. spec/schema/verify-report.json is made from this; types are inferred here and nowhere
 * else. Under the same `v` members are only added. Spec: spec/pack.md "Report".
 */
import { type Static, type TSchema, Type } from "typebox";
import { Ids, oneOf, strictObject } from "./event.ts";

const object = strictObject;
const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const text = Type.String();

const Assurance = object({ state: oneOf("met", "not-met", "not-applicable"), why: text });

export const FaultReport = object({
  code: text,
  detail: text,
  index: Type.Optional(count),
  event_id: Type.Optional(text),
  run_id: Type.Optional(text),
  path: Type.Optional(text),
});

export const RunReport = object({
  run_id: Ids.run,
  agent: text,
  status: oneOf("open", "suspended", "closed", "abandoned", "settled"),
  events: count,
  actions: count,
  /** 0 to 1, a decimal; null where the run is not here from its start, or holds an event this verifier does not know. */
  completeness: nullable(text),
  parts: nullable(Type.Record(text, Type.Tuple([count, count]))),
  pruned: count,
  faults: count,
});

/** What became of one recorded decision when it was made again: one member of `outcome`, with its reason beside it. */
export const AgainReport = object({
  index: count,
  event_id: Ids.event,
  decision_id: Ids.decision,
  outcome: oneOf("equal", "different", "not-recomputed"),
  /** What differs; of `different` only. */
  detail: Type.Optional(Type.String({ maxLength: 1000 })),
  /** Of `equal` only, in a verifier's report: whether its input was made anew from the opened arguments. */
  from_arguments: Type.Optional(Type.Boolean()),
  /** Of `not-recomputed` only. */
  why: Type.Optional(oneOf("inputs-withheld", "inputs-erased", "engine-differs", "other-engine", "gate-denied")),
});

export const ReportSchema = object({
  v: Type.Literal(1),
  verifier: text,
  subject: object({
    kind: oneOf("pack", "tiles"),
    scope: nullable(
      Type.Union([
        object({ kind: Type.Literal("log"), from: count }),
        object({ kind: Type.Literal("run"), run_id: Ids.run }),
        object({ kind: Type.Literal("query"), query: text }),
      ]),
    ),
    log: nullable(text),
    tenant: nullable(text),
    as_of: nullable(count),
    root: nullable(text),
    proves: nullable(oneOf("complete", "as-of", "inclusion-only")),
    disclosure: nullable(oneOf("none", "committed", "full")),
    manifest_digest: nullable(text),
    /** The pack.exported event in attest/, when it is there and holds. */
    exported: nullable(object({ event_id: Ids.event, index: count, ts: text })),
  }),
  key: object({ vkey: nullable(text), fingerprint: nullable(text), pinned: Type.Boolean() }),
  assurances: object({
    consistent: Assurance,
    pinned: Assurance,
    timed: Assurance,
    witnessed: Assurance,
    approvers: Assurance,
    "re-executed": Assurance,
  }),
  counts: object({
    entries: count,
    control_events: count,
    runs: count,
    actions: count,
    tampered: count,
    unlawfully_missing: count,
    lawfully_pruned: count,
    lawfully_erased: count,
    withheld: count,
    not_understood: count,
    bootstrap_acts: count,
    /** Actions that were only observed: recorded, and held back by nothing. */
    not_enforced: Type.Optional(count),
  }),
  votes: object({ total: count, verified: count }),
  decisions: object({
    total: count,
    equal: count,
    /** Of `equal`: those whose input was made anew from the opened arguments. Others stand on the recorded input. */
    from_arguments: count,
    different: count,
    not_recomputed: Type.Record(text, count),
    /** Every decision here, in the order of the log. */
    answers: Type.Optional(Type.Array(AgainReport)),
  }),
  /** `ts` of the first and last entry here, which the log claims; what anchors prove of them. */
  time: object({
    first_ts: nullable(text),
    last_ts: nullable(text),
    not_before: nullable(text),
    not_after: nullable(text),
  }),
  runs: Type.Array(RunReport),
  faults: Type.Array(FaultReport),
  /** What must be said of this evidence whatever its assurances are. */
  notes: Type.Array(text),
  required: Type.Array(text),
  exit_code: Type.Union([Type.Literal(0), Type.Literal(1)]),
});

export type Report = Static<typeof ReportSchema>;
export type AssuranceName = keyof Report["assurances"];
export type AssuranceReport = Static<typeof Assurance>;
export type RunSummary = Static<typeof RunReport>;
export type DecisionAgain = Static<typeof AgainReport>;
export type FaultSummary = Static<typeof FaultReport>;
