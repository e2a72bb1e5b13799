/**
 * What a candidate would change: recorded decisions made again under the policy in force and under the candidate, beside
 * the gate. The report is kept sealed, because it names resources; the log says its digest, its counts, and which groups of
 * changes let more through, so that each can be acknowledged.
 */
import { canonicalBytes } from "@countersign/evidence/canonical";
import { type ControlState, isPolicyAdmin, wantsAgreement } from "@countersign/evidence/control";
import { assert, CountersignError } from "@countersign/evidence/errors";
import type { EventOf } from "@countersign/evidence/event";
import type { EventId, RunId } from "@countersign/evidence/ids";
import { own } from "@countersign/evidence/own";
import type { Bundle } from "@countersign/evidence/policy";
import {
  type Impact,
  impactDigest,
  letsMoreThrough,
  type RecordedDecision,
  unacknowledged,
} from "@countersign/evidence/policy-impact";
import type { Command, Ledger, Reader, Submission } from "../ledger/command.ts";
import type { PolicyGate } from "./gate.ts";
import { type InputVault, type Opened, openInputs, type RecordedEvent, recordedDecisions } from "./recorded.ts";
import type { ReplayHost } from "./replay-host.ts";
import type { Replays } from "./replays.ts";
import { type PolicyPayloads, readerOf, type Stored } from "./upload.ts";

/** Which decisions: the newest `limit` of the whole log, of entries `from` to, but not with, `until`, or of one run. */
export type SimulationScope = {
  readonly from?: number;
  readonly until?: number;
  readonly sinceMs?: number;
  readonly runId?: RunId;
  readonly limit?: number;
};

export type Simulated = {
  /** The policy.simulated event. */
  readonly eventId: string;
  readonly impact: Impact;
  readonly impactDigest: string;
};

export type SimulateParts<P> = {
  readonly ledger: Pick<Ledger, "submit" | "reader">;
  readonly vault: InputVault;
  readonly payloads: PolicyPayloads<P>;
  readonly gate: Pick<PolicyGate, "bundleOf">;
  readonly replays: Pick<Replays, "use">;
  /** The exact argument bytes of an action; undefined when they are not at hand. */
  readonly argumentsOf: (reader: Reader, actionId: string) => Promise<Uint8Array | undefined>;
};

/** Decisions at once, and when nobody says how many. */
const MOST_DECISIONS = 10_000;
/** Groups an event names. */
const MOST_GROUPS = 256;

/** @throws CountersignError not-found, core:no-active-policy, policy-invalid, policy-revision-taken, core:overloaded */
export async function simulate<P extends Stored>(
  parts: SimulateParts<P>,
  candidate: string,
  scope: SimulationScope,
  by: Submission,
): Promise<Simulated> {
  const { ledger, gate, payloads, replays } = parts;
  const reader = readerOf(ledger, by.tenant);
  const { control } = reader;
  if (own(control.uploads, candidate) === undefined) {
    throw new CountersignError("not-found", { detail: `No bundle ${candidate} was uploaded.` });
  }
  const active = control.policy?.digest;
  if (active === undefined) throw new CountersignError("core:no-active-policy");
  const [from, to] = await Promise.all([active, candidate].map((digest) => gate.bundleOf(by.tenant, digest)));
  if (from === undefined || to === undefined) {
    throw new CountersignError("policy-invalid", { detail: "A stored bundle cannot be read any more." });
  }
  const { impact, range } = await replays.use((host) => compare(parts, host, reader, { from, to }, scope));
  const report = await payloads.putSealed(by.tenant, canonicalBytes(impact), "application/json");
  const digest = impactDigest(impact);
  const input = { impact, digest, report, range };
  const { answer } = await ledger.submit(recordCommand(payloads), input, by);
  return { eventId: answer, impact, impactDigest: digest };
}

async function compare(
  { vault, argumentsOf }: Pick<SimulateParts<unknown>, "vault" | "argumentsOf">,
  host: ReplayHost,
  reader: Reader,
  { from, to }: { readonly from: Bundle; readonly to: Bundle },
  scope: SimulationScope,
): Promise<{ readonly impact: Impact; readonly range: readonly [number, number] | undefined }> {
  for (const bundle of [from, to]) {
    const { ok } = await host.load(bundle.digest, bundle.files);
    if (!ok) throw new CountersignError("policy-invalid", { detail: `${bundle.digest} cannot be loaded.` });
  }
  await host.ask({ op: "compare", from: from.digest, to: to.digest });
  const notDecided: Record<string, number> = {};
  let range: readonly [number, number] | undefined;
  const not = (why: string, count = 1) => {
    notDecided[why] = (notDecided[why] ?? 0) + count;
  };
  for await (const batch of openInputs(vault, reader, decisionsOf(reader, scope))) {
    const decisions: RecordedDecision[] = [];
    for (const opened of batch) {
      const { index } = opened;
      range = [Math.min(range?.[0] ?? index, index), Math.max(range?.[1] ?? index, index)];
      if ("projection" in opened) decisions.push(await recordedOf(opened));
      else not(opened.why);
    }
    const { refused } = await host.ask({ op: "add", decisions });
    if (refused > 0) not("not-a-projection", refused);
  }
  return { impact: await host.ask({ op: "finish", notDecided }), range };

  /** Where the candidate's contract is another, the arguments are projected by it again. */
  async function recordedOf({
    event,
    projection,
  }: Extract<Opened, { readonly projection: Uint8Array }>): Promise<RecordedDecision> {
    const { event_id: eventId, action, action_id: actionId, decided } = event;
    const contract = decided.tool_contract ?? null;
    const isSame = [from, to].every((bundle) => bundle.contracts.get(action.tool)?.digest === contract);
    const args = isSame ? undefined : await argumentsOf(reader, actionId);
    return { eventId, projection, contract, ...(args === undefined ? {} : { args }) };
  }
}

function decisionsOf(reader: Reader, scope: SimulationScope): Iterable<RecordedEvent> {
  const { from = 0, until = reader.size, sinceMs = 0, runId, limit = MOST_DECISIONS } = scope;
  if (runId === undefined) {
    return recordedDecisions(reader, { from, until: Math.min(until, reader.size), sinceMs, limit });
  }
  if (reader.run(runId) === undefined) throw new CountersignError("not-found", { detail: `There is no run ${runId}.` });
  const indexes = reader.entriesOfRun(runId);
  const [first = 0, last = 0] = [indexes[0], indexes.at(-1)];
  return ofRun(recordedDecisions(reader, { from: first, until: last + 1, limit: last + 1 - first }), runId, limit);
}

function* ofRun(decisions: Iterable<RecordedEvent>, runId: string, limit: number): Generator<RecordedEvent> {
  let left = limit;
  for (const one of decisions) {
    if (one.event.run_id !== runId) continue;
    if (left-- === 0) return;
    yield one;
  }
}

type Made<P> = {
  readonly impact: Impact;
  readonly digest: string;
  readonly report: P;
  readonly range: readonly [number, number] | undefined;
};

function recordCommand<P extends Stored>(payloads: PolicyPayloads<P>): Command<Made<P>, string> {
  return {
    name: "policy.record-simulation",
    needs: () => ({}),
    run(tx, { impact, digest, report, range }) {
      const { policy } = tx.control;
      if (policy?.digest !== impact.from) {
        throw new CountersignError("policy-revision-taken", {
          detail: `${policy?.revision ?? "None"} is in force now.`,
        });
      }
      const groups = unacknowledged(impact, []).map(({ group }) => group);
      const sum = (kind: Impact["groups"][number]["kind"]) =>
        impact.groups.reduce((all, group) => all + (group.kind === kind ? group.decisions : 0), 0);
      const { event } = tx.append("policy.simulated", {
        simulation: {
          digest: impact.to,
          against: impact.from,
          decisions: impact.decisions,
          newly_allowed: sum("newly_allowed"),
          changed: impact.groups.reduce((all, group) => all + group.decisions, 0),
          impact_digest: digest,
          loosened: sum("loosened"),
          report: report.digest,
          ...(range === undefined ? {} : { range: [...range] }),
          groups: groups.slice(0, MOST_GROUPS),
          ...(groups.length > MOST_GROUPS ? { groups_left_out: groups.length - MOST_GROUPS } : {}),
        },
      });
      payloads.cite(tx, report, event.event_id as EventId); // made by the ledger
      return event.event_id;
    },
  };
}

export type AcknowledgeOrder = {
  readonly digest: string;
  readonly simulation: string;
  /** Groups of changes. */
  readonly groups: readonly string[];
};

/** What is left after an acknowledgement. */
export type Acknowledged = { readonly event_id: string | null; readonly open: readonly string[] };

/** Records that whoever asks has seen what a candidate would let through. Said again, it changes nothing. */
export const acknowledgeImpact: Command<AcknowledgeOrder, Acknowledged> = {
  name: "policy.acknowledge",
  needs: () => ({}),
  run(tx, { digest, simulation: cited, groups }) {
    const { control, actor } = tx;
    const simulation = own(control.simulations, digest);
    if (simulation?.event !== cited) {
      throw new CountersignError("precondition-failed", {
        detail: `${cited} is not the newest simulation of ${digest} against the policy in force.`,
      });
    }
    refuseAcknowledger(control, actor);
    const known = new Set([...simulation.open, ...simulation.acknowledged]);
    const stranger = groups.find((group) => !known.has(group));
    if (stranger !== undefined) {
      throw new CountersignError("validation-failed", {
        pointer: "/groups",
        detail: `${stranger} is no group of this simulation that lets more through.`,
      });
    }
    const fresh = [...new Set(groups)].filter((group) => simulation.open.includes(group));
    if (fresh.length === 0) return { event_id: null, open: [...simulation.open] };
    const { event } = tx.append("policy.acknowledged", {
      cause: cited,
      acknowledgement: { digest, simulation: cited, impact_digest: simulation.impactDigest, groups: fresh },
    });
    return { event_id: event.event_id, open: simulation.open.filter((group) => !fresh.includes(group)) };
  },
};

function refuseAcknowledger(control: ControlState, actor: { readonly type: string; readonly id: string }): void {
  if (!wantsAgreement(control)) return;
  if (actor.type === "person" && isPolicyAdmin(control, actor.id)) return;
  throw new CountersignError("second-person-required", {
    detail: "In a production tenant a policy-admin acknowledges with a key of their own.",
  });
}

/**
 * The groups that names in an acknowledgement come to: groups by their own names, or by naming all of their changes.
 *
 * @throws CountersignError validation-failed for a change that is not there, or a group of which others are not named
 */
export function groupsOf(impact: Impact, names: readonly string[]): readonly string[] {
  const changes = new Set(names.filter((name) => name.startsWith("evt_")));
  const groups = names.filter((name) => !changes.has(name));
  const named = impact.changes.filter(({ event_id: id }) => changes.has(id));
  if (named.length < changes.size) refuseName("A change is named that the simulation does not list.");
  for (const group of new Set(named.map((one) => one.group))) {
    const whole = impact.groups.find((one) => one.group === group);
    assert(whole !== undefined, "a change is of a group");
    if (!letsMoreThrough(whole.kind)) refuseName(`The group of a change lets nothing more through.`);
    const count = named.filter((one) => one.group === group).length;
    if (count < whole.distinct) refuseName(`${count} of the ${whole.distinct} changes of ${group} are named.`);
    groups.push(group);
  }
  return groups;
}

function refuseName(detail: string): never {
  throw new CountersignError("validation-failed", { pointer: "/acknowledged", detail });
}

/** What an event of this kind says of its simulation. */
export type SimulationBlock = EventOf<"policy.simulated">["simulation"];
