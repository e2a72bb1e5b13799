/**
 * A candidate beside the policy in force. It decides on what was decided, after that is in the log, with an engine of its
 * own: no decision waits for it and none is changed by it. What it would have decided otherwise is kept; what it does not
 * get to is counted. It ends when somebody stops it, and when another policy comes into force.
 */
import { CountersignError } from "@countersign/evidence/errors";
import { own } from "@countersign/evidence/own";
import { impactKindOf, impactKinds } from "@countersign/evidence/policy-impact";
import type { ShadowDifference, ShadowStatusView } from "@countersign/evidence/wire";
import type { Handlers } from "../base/routes.ts";
import { type Command, type Ledger, need, type Reader, type Submission, type Transaction } from "../ledger/command.ts";
import { table } from "../ledger/table.ts";
import type { Timers } from "../ledger/timers.ts";
import { type InputVault, openInputs, type RecordedEvent, recordedDecisions } from "./recorded.ts";
import type { ReplayHost } from "./replay-host.ts";
import { readerOf } from "./upload.ts";

/** The newest shadow of a tenant, and how far it got: entries below `until` were looked at. */
export const policyShadows = table("policy_shadows", {
  key: { name: "text" },
  columns: {
    started: "id:evt",
    digest: "hash",
    policy: "hash",
    percent: "int",
    until: "int",
    decisions: "int",
    differing: "int",
    newly_allowed: "int",
    dropped: "int",
    stopped: "id:evt?",
  },
});

/** Decisions that would have been others, the first {@link MOST_KEPT} of a shadow; `rank` is the place of the kind. */
export const shadowDifferences = table("shadow_differences", {
  key: { started: "id:evt", entry: "int" },
  columns: { rank: "int", difference: "json" },
  indexes: { by_rank: ["started", "rank", "entry"] },
});

const NEWEST = "newest";
const MOST_WAITING = 1000;
/** A reader's longest list. */
const MOST_COUNTED = 10_000;
const MOST_KEPT = 1000;
const MOST_SHOWN = 500;
const EVERY_MS = 500;

export type ShadowParts = {
  readonly ledger: Pick<Ledger, "submit" | "reader" | "tenants">;
  readonly vault: InputVault;
  readonly filesOf: (tenant: string, digest: string) => Promise<ReadonlyMap<string, Uint8Array> | undefined>;
  /** Starts the engine beside the gate; asked for when there is something to shadow. */
  readonly openHost: () => ReplayHost;
  readonly after: Timers["after"];
  readonly onTrouble: (tenant: string, cause: unknown) => void;
  /** Decisions that may wait; older ones are dropped, and counted. */
  readonly mostWaiting?: number;
};

export type Shadows = {
  readonly handlers: Pick<Handlers, "startShadow" | "getShadow" | "stopShadow">;
  /** Decides what is waiting now, in every tenant; it does so by itself all the time. */
  follow(): Promise<void>;
  close(): Promise<void>;
};

export function openShadows(parts: ShadowParts): Shadows {
  const { ledger, after, onTrouble } = parts;
  let host: ReplayHost | undefined;
  let cancel = () => {};
  let closed = false;
  let working: Promise<void> = Promise.resolve();

  const follow = (): Promise<void> => {
    working = working.then(async () => {
      let busy = false;
      for (const tenant of closed ? [] : ledger.tenants()) {
        const reader = ledger.reader(tenant);
        if (reader?.control.shadow == null) continue;
        busy = true;
        if (host?.isLost() === true) await drop();
        host ??= parts.openHost();
        await followTenant(parts, host, reader).catch((cause: unknown) => onTrouble(tenant, cause));
      }
      // An engine never frees what it was given: with the last shadow it goes.
      if (!busy) await drop();
    });
    return working;
  };

  async function drop(): Promise<void> {
    const old = host;
    host = undefined;
    await old?.close();
  }

  function wait(): void {
    if (closed) return;
    cancel = after(EVERY_MS, () => void follow().finally(wait));
  }
  wait();

  return {
    follow,

    handlers: {
      async startShadow({ body, submission }) {
        const { digest, sample_percent: percent = 100 } = body;
        readerOf(ledger, submission.tenant);
        await ledger.submit(startCommand, { digest, percent }, submission);
        return { status: 201, body: reportOf(readerOf(ledger, submission.tenant)) };
      },

      async getShadow({ caller }) {
        return { body: reportOf(readerOf(ledger, caller.tenant)) };
      },

      async stopShadow({ submission }) {
        await follow();
        await ledger.submit(stopCommand, null, submission);
        return { body: reportOf(readerOf(ledger, submission.tenant)) };
      },
    },

    async close() {
      closed = true;
      cancel();
      await working;
      await drop();
    },
  };
}

async function followTenant(parts: ShadowParts, host: ReplayHost, reader: Reader): Promise<void> {
  const shadow = shadowOf(reader);
  if (shadow === undefined || shadow.stopped !== null) return;
  const by: Submission = { tenant: reader.tenant, actor: SHADOW };
  const { decisions, until, dropped } = waiting(reader, shadow, parts.mostWaiting ?? MOST_WAITING);
  const step = { ...(await decideAll(parts, host, reader, shadow.digest, decisions)), until, from: shadow.until };
  const { started } = shadow;
  if (until > shadow.until) {
    await parts.ledger.submit(keepCommand, { ...step, started, dropped: dropped + step.dropped }, by);
  }
  if (reader.control.policy?.digest !== shadow.policy) await parts.ledger.submit(stopCommand, null, by);
}

type Shadow = NonNullable<ReturnType<typeof shadowOf>>;

function shadowOf(reader: Pick<Reader, "row">) {
  return reader.row(policyShadows, { name: NEWEST });
}

/** Decisions by the policy the shadow stands beside that it has not seen, its share of them, the newest when too many. */
function waiting(reader: Reader, shadow: Shadow, most: number) {
  const { until: from, percent, policy } = shadow;
  const until = reader.size;
  const indexes = reader.entriesOfKinds(["policy.decided"], { before: until, limit: MOST_COUNTED });
  const share = indexes.filter((index) => index >= from && isInShare(index, percent)).length;
  const decisions: RecordedEvent[] = [];
  let seen = 0;
  for (const recorded of recordedDecisions(reader, { from, until, limit: MOST_COUNTED })) {
    if (seen === most) break;
    if (!isInShare(recorded.index, percent)) continue;
    seen++;
    if (recorded.event.policy.policy_digest === policy) decisions.push(recorded);
  }
  return { decisions, until, dropped: share - seen };
}

/** The same entries on every node: a multiplicative hash of the place. */
function isInShare(index: number, percent: number): boolean {
  return Math.floor(((Math.imul(index + 1, 0x9e3779b1) >>> 0) / 2 ** 32) * 100) < percent;
}

type Step = {
  readonly decisions: number;
  readonly dropped: number;
  readonly differences: readonly { readonly entry: number; readonly difference: ShadowDifference }[];
};

async function decideAll(
  { vault, filesOf }: ShadowParts,
  host: ReplayHost,
  reader: Reader,
  digest: string,
  decisions: readonly RecordedEvent[],
): Promise<Step> {
  let dropped = 0;
  const inputs: (RecordedEvent & { readonly projection: Uint8Array })[] = [];
  for await (const batch of openInputs(vault, reader, decisions)) {
    for (const opened of batch) {
      if ("projection" in opened) inputs.push(opened);
      // What a built-in rule denied is denied under any policy.
      else if (opened.why !== "gate-denied") dropped++;
    }
  }
  if (inputs.length === 0) return { decisions: 0, dropped, differences: [] };
  const files = await filesOf(reader.tenant, digest);
  const loaded = files !== undefined && (await host.load(digest, files)).ok;
  if (!loaded) return { decisions: 0, dropped: dropped + inputs.length, differences: [] };
  const results = await host.ask({ op: "decide", digest, projections: inputs.map(({ projection }) => projection) });
  const differences = inputs.flatMap(({ index, event }, i) => {
    const would = results[i]!; // one for each
    const { policy, decided, initiator, action } = event;
    const was = { ...decided, decision: policy.decision };
    const kind = impactKindOf(was, would);
    if (kind === undefined) return [];
    const difference: ShadowDifference = {
      kind,
      index,
      event_id: event.event_id,
      agent: initiator.agent,
      tool: action.tool,
      was: { decision: policy.decision, rule: policy.matched_rule, reason: policy.reason },
      would: { decision: would.decision, rule: would.matched_rule, reason: would.reason },
    };
    return [{ entry: index, difference }];
  });
  return { decisions: inputs.length, dropped, differences };
}

/** Begins a shadow. */
const startCommand: Command<{ readonly digest: string; readonly percent: number }, null> = {
  name: "policy.start-shadow",
  needs: () => ({ rows: [need(policyShadows, { name: NEWEST })] }),
  run(tx, { digest, percent }) {
    const { control } = tx;
    if (own(control.uploads, digest) === undefined) {
      throw new CountersignError("not-found", { pointer: "/digest", detail: `No bundle ${digest} was uploaded.` });
    }
    if (control.policy === null) throw new CountersignError("core:no-active-policy");
    if (control.policy.digest === digest) {
      throw new CountersignError("step-not-allowed", { pointer: "/digest", detail: "It is the policy in force." });
    }
    if (control.shadow !== null) {
      throw new CountersignError("already-exists", { detail: `${control.shadow} is in shadow; stop it first.` });
    }
    const placed = tx.append("policy.shadow.started", { shadow: { digest, sample_percent: percent } });
    tx.put(policyShadows, {
      name: NEWEST,
      started: placed.event.event_id,
      digest,
      policy: control.policy.digest,
      percent,
      until: placed.index,
      decisions: 0,
      differing: 0,
      newly_allowed: 0,
      dropped: 0,
      stopped: null,
    });
    return null;
  },
};

/** Keeps what a shadow would have decided; nothing when it was stopped meanwhile or another step came first. */
const keepCommand: Command<Step & { started: string; from: number; until: number }, null> = {
  name: "policy.keep-shadow",
  needs: () => ({ rows: [need(policyShadows, { name: NEWEST })] }),
  run(tx, { started, from, until, decisions, dropped, differences }) {
    const row = tx.row(policyShadows, { name: NEWEST });
    if (row === undefined || row.started !== started || row.stopped !== null || row.until !== from) return null;
    const kept = differences.slice(0, Math.max(0, MOST_KEPT - row.differing));
    for (const { entry, difference } of kept) {
      tx.put(shadowDifferences, { started, entry, rank: impactKinds.indexOf(difference.kind), difference });
    }
    const allowed = differences.filter(({ difference }) => difference.kind === "newly_allowed").length;
    tx.put(policyShadows, {
      ...row,
      until,
      decisions: row.decisions + decisions,
      differing: row.differing + differences.length,
      newly_allowed: row.newly_allowed + allowed,
      dropped: row.dropped + dropped,
    });
    return null;
  },
};

/** Ends the shadow there is, with what it came to. @throws CountersignError not-found */
const stopCommand: Command<null, null> = {
  name: "policy.stop-shadow",
  needs: () => ({ rows: [need(policyShadows, { name: NEWEST })] }),
  run(tx) {
    const { shadow } = tx.control;
    const row = tx.row(policyShadows, { name: NEWEST });
    if (shadow === null || row === undefined) {
      if (isFollower(tx)) return null; // somebody was faster
      throw new CountersignError("not-found", { detail: "No policy is in shadow; there is nothing to stop." });
    }
    const { decisions, differing, newly_allowed, dropped } = row;
    const placed = tx.append("policy.shadow.stopped", {
      ...(isFollower(tx) ? endOf(tx) : {}),
      shadow: { digest: shadow, decisions, differing, newly_allowed, dropped },
    });
    tx.put(policyShadows, { ...row, stopped: placed.event.event_id });
    return null;
  },
};

const SHADOW = { type: "system", id: "shadow" } as const;

function isFollower({ actor }: Transaction): boolean {
  return actor.type === SHADOW.type && actor.id === SHADOW.id;
}

/** The publish that ended it. */
function endOf({ control }: Transaction): { source: "derived"; cause?: string } {
  return { source: "derived", ...(control.policy === null ? {} : { cause: control.policy.event }) };
}

function reportOf(reader: Reader): ShadowStatusView {
  const row = shadowOf(reader);
  if (row === undefined)
    throw new CountersignError("not-found", {
      detail: "No policy was ever in shadow; countersign policy shadow DIR begins.",
    });
  const { started, digest, policy, percent, decisions, differing, newly_allowed, dropped, stopped } = row;
  const rows = reader.list(shadowDifferences, "by_rank", [started], { limit: MOST_SHOWN });
  return {
    started_event: started,
    ...(stopped === null ? {} : { stopped_event: stopped }),
    digest,
    policy_digest: policy,
    sample_percent: percent,
    decisions,
    differing,
    newly_allowed,
    dropped,
    // Only keepCommand puts them.
    differences: rows.map(({ difference }) => difference as ShadowDifference),
  };
}
