/**
 * One timeline of a run: intent, decision, approval, dispatch with each retry, time-out and dead letter, outcome and
 * safety, in the order of the log, with what is absent shown as gaps. It judges nothing (`foldRun` does that): it says
 * in one line what each event says. The same function runs in the server, the CLI and on a pack offline.
 */
import { assertNever } from "./errors.ts";
import type { ActionEvent, RunEvent } from "./event.ts";
import { alignColumns, visible } from "./terminal.ts";

export type Lane =
  | "run"
  | "request"
  | "policy"
  | "approval"
  | "dispatch"
  | "attempt"
  | "outcome"
  | "safety"
  | "artifact";

/** One event, in one line. */
export type TimelineStep = {
  readonly seq: number;
  readonly index: number;
  readonly event_id: string;
  readonly type: RunEvent["type"];
  readonly ts: string;
  /** Since the first event shown; milliseconds of the log's own clock. */
  readonly elapsed_ms: number;
  readonly lane: Lane;
  /** What it came to, in one word: a decision, an approval state, a dispatch status or a verdict. */
  readonly status: string;
  readonly summary: string;
  readonly actor: { readonly type: string; readonly id: string };
  readonly source: string;
  /** The action's number within the run, from 1, and its id. */
  readonly action?: number;
  readonly action_id?: string;
  readonly attempt?: number;
  readonly cause?: string;
};

export type GapKind =
  | "entries-missing"
  | "undecided"
  | "unanswered"
  | "not-started"
  | "no-outcome"
  | "unconfirmed"
  | "no-safety-check"
  | "not-settled";

/** Something a whole record would have and this one has not (or not yet). It stands after the step of `after_seq`. */
export type TimelineGap = {
  readonly kind: GapKind;
  readonly after_seq: number;
  readonly sentence: string;
  readonly action?: number;
  readonly action_id?: string;
  readonly attempt?: number;
};

export type TimelineAttempt = {
  readonly attempt: number;
  readonly started_at: string;
  /** SUCCEEDED, FAILED, TIMED_OUT, CANCELLED or UNCONFIRMED; null while nothing is known. */
  readonly status: string | null;
  readonly ended_at: string | null;
};

/** What became of one action, summed up from its own events. */
export type TimelineAction = {
  readonly action: number;
  readonly action_id: string;
  readonly capability: string;
  readonly tool: string;
  readonly target: string;
  readonly decision: string | null;
  readonly matched_rule: string | null;
  readonly reason: string | null;
  readonly policy_snapshot: string | null;
  readonly approval: {
    readonly state: string;
    readonly approver: string | null;
    readonly approved_at: string | null;
  } | null;
  readonly attempts: readonly TimelineAttempt[];
  readonly outcome: string | null;
  readonly safety: string | null;
};

export type Timeline = {
  readonly v: 1;
  readonly run_id: string;
  readonly tenant: string;
  readonly log: string;
  /** Number of log entries this is a picture of. */
  readonly as_of: number;
  readonly agent: string;
  readonly on_behalf_of: string | null;
  readonly parent_run: string | null;
  readonly status: "open" | "suspended" | "closed" | "settled" | "abandoned";
  readonly started_at: string;
  readonly last_at: string;
  readonly events: number;
  readonly actions: readonly TimelineAction[];
  readonly steps: readonly TimelineStep[];
  readonly gaps: readonly TimelineGap[];
};

/**
 * The timeline of one run's events, or undefined when there are none.
 *
 * @param events of one run, by rising run_seq; numbers left out become gaps
 * @param asOf number of log entries looked at
 */
export function timelineOf(events: readonly RunEvent[], asOf: number): Timeline | undefined {
  const first = events[0];
  const last = events.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const startMs = Date.parse(first.ts);
  const numbers = new Map<string, number>();
  const actions = new Map<string, Gathered>();
  const steps: TimelineStep[] = [];
  const gaps: TimelineGap[] = [];
  let status: Timeline["status"] = "open";
  let expectedSeq = 0;

  for (const event of events) {
    const seq = event.integrity.run_seq ?? expectedSeq;
    if (seq > expectedSeq) gaps.push(missing(expectedSeq, seq - 1));
    expectedSeq = seq + 1;
    status = statusAfter(status, event);
    let number: number | undefined;
    if ("action_id" in event) {
      number = numbers.get(event.action_id) ?? numbers.size + 1;
      numbers.set(event.action_id, number);
      const gathered = actions.get(event.action_id) ?? gather(event, number);
      actions.set(event.action_id, gathered);
      note(gathered, event, seq);
    }
    steps.push({
      seq,
      index: event.integrity.index,
      event_id: event.event_id,
      type: event.type,
      ts: event.ts,
      elapsed_ms: Date.parse(event.ts) - startMs,
      ...lineOf(event),
      actor: { type: event.actor.type, id: event.actor.id },
      source: event.source,
      ...(number === undefined || !("action_id" in event) ? {} : { action: number, action_id: event.action_id }),
      ...("dispatch" in event && event.dispatch.attempt > 0 ? { attempt: event.dispatch.attempt } : {}),
      ...(event.cause === undefined ? {} : { cause: event.cause }),
    });
  }
  for (const gathered of actions.values()) gaps.push(...gapsOf(gathered));
  const lastSeq = expectedSeq - 1;
  if (status !== "settled" && status !== "abandoned") {
    gaps.push({ kind: "not-settled", after_seq: lastSeq, sentence: `the run is ${status}: more may follow` });
  }
  gaps.sort((a, b) => a.after_seq - b.after_seq);
  return {
    v: 1,
    run_id: first.run_id,
    tenant: first.tenant,
    log: first.integrity.log,
    as_of: asOf,
    agent: first.initiator.agent,
    on_behalf_of: first.initiator.on_behalf_of ?? null,
    parent_run: first.type === "run.started" ? (first.run.parent_run ?? null) : null,
    status,
    started_at: first.ts,
    last_at: last.ts,
    events: events.length,
    actions: [...actions.values()].map((gathered) => gathered.action),
    steps,
    gaps,
  };
}

type Draft<T> = { -readonly [K in keyof T]: T[K] };
type Gathered = {
  readonly action: Draft<Omit<TimelineAction, "attempts">> & { attempts: Draft<TimelineAttempt>[] };
  lastSeq: number;
};

function gather(event: ActionEvent, number: number): Gathered {
  const { action } = event;
  return {
    lastSeq: 0,
    action: {
      action: number,
      action_id: event.action_id,
      capability: action.capability,
      tool: action.tool,
      target: `${action.target.system}/${action.target.resource}`,
      decision: null,
      matched_rule: null,
      reason: null,
      policy_snapshot: null,
      approval: null,
      attempts: [],
      outcome: null,
      safety: null,
    },
  };
}

const endings: ReadonlySet<string> = new Set(["SUCCEEDED", "FAILED", "TIMED_OUT", "CANCELLED", "UNCONFIRMED"]);

function note(gathered: Gathered, event: ActionEvent, seq: number): void {
  const { action } = gathered;
  gathered.lastSeq = seq;
  if (event.type === "policy.decided") {
    action.decision = event.policy.decision;
    action.matched_rule = event.policy.matched_rule;
    action.reason = event.policy.reason;
    action.policy_snapshot = event.policy.policy_snapshot;
    if (event.policy.decision === "DENY") action.outcome = "DENIED";
  }
  const approval = approvalStateOf(event);
  if (approval !== undefined && "approval" in event) {
    action.approval = {
      state: approval,
      approver: event.approval.approver ?? action.approval?.approver ?? null,
      approved_at: event.approval.approved_at ?? action.approval?.approved_at ?? null,
    };
    if (deadApprovals.has(approval)) action.outcome = approval;
  }
  if (event.type === "safety.checked") action.safety = event.safety.verdict;
  if (!("dispatch" in event)) return;
  const { status, attempt } = event.dispatch;
  if (event.type === "dispatch.started") {
    action.attempts.push({ attempt, started_at: event.ts, status: null, ended_at: null });
    action.outcome = null;
  } else if (endings.has(status)) {
    const ended = action.attempts.findLast((each) => each.attempt === attempt);
    if (ended !== undefined) {
      ended.status = status;
      ended.ended_at = event.ts;
    }
    action.outcome = status;
  } else if (status === "DEAD_LETTERED") {
    action.outcome = status;
  }
}

const deadApprovals: ReadonlySet<string> = new Set(["REJECTED", "EXPIRED", "REVOKED", "CANCELLED", "VOIDED"]);

function approvalStateOf(event: ActionEvent): string | undefined {
  switch (event.type) {
    case "approval.requested":
    case "approval.voted":
      return "REQUESTED";
    case "approval.granted":
    case "approval.revalidated":
      return "GRANTED";
    case "approval.rejected":
    case "approval.expired":
    case "approval.revoked":
    case "approval.cancelled":
    case "approval.voided":
    case "approval.superseded":
    case "approval.consumed":
      return event.type.slice("approval.".length).toUpperCase();
    default:
      return undefined;
  }
}

function statusAfter(status: Timeline["status"], event: RunEvent): Timeline["status"] {
  switch (event.type) {
    case "run.suspended":
      return "suspended";
    case "run.closed":
      return "closed";
    case "run.settled":
      return "settled";
    case "run.abandoned":
      return "abandoned";
    default:
      return status;
  }
}

function missing(from: number, to: number): TimelineGap {
  const what = from === to ? `event ${from}` : `events ${from} to ${to}`;
  return { kind: "entries-missing", after_seq: from - 1, sentence: `${what} of this run are not here` };
}

function gapsOf({ action, lastSeq }: Gathered): TimelineGap[] {
  const gaps: TimelineGap[] = [];
  const at = { after_seq: lastSeq, action: action.action, action_id: action.action_id };
  const gap = (kind: GapKind, sentence: string, attempt?: number) =>
    gaps.push({ kind, sentence, ...at, ...(attempt === undefined ? {} : { attempt }) });
  const name = `action ${action.action}`;
  for (const { attempt, status } of action.attempts) {
    if (status === null) gap("no-outcome", `attempt ${attempt} of ${name} started and has no outcome`, attempt);
    if (status === "UNCONFIRMED") {
      gap("unconfirmed", `nobody reported what became of attempt ${attempt} of ${name}`, attempt);
    }
  }
  if (action.attempts.length > 0) {
    if (action.outcome !== null && action.safety === null)
      gap("no-safety-check", `${name} ended without a safety check`);
    return gaps;
  }
  if (action.outcome !== null) return gaps;
  if (action.decision === null) gap("undecided", `${name} has no decision`);
  else if (action.approval?.state === "REQUESTED") gap("unanswered", `the approval of ${name} is not decided`);
  else gap("not-started", `${name} may run and has not started`);
  return gaps;
}

type Line = Pick<TimelineStep, "lane" | "status" | "summary">;
const line = (lane: Lane, status: string, summary: string): Line => ({ lane, status, summary });

/** What was not enforced says so on every line that rests on it. */
function lineOf(event: RunEvent): Line {
  const own = ownLineOf(event);
  const observed = "policy" in event && event.policy?.enforced === false;
  return observed ? { ...own, summary: own.summary === "" ? "NOT ENFORCED" : `${own.summary}, NOT ENFORCED` } : own;
}

function ownLineOf(event: RunEvent): Line {
  switch (event.type) {
    case "run.started": {
      const { agent, on_behalf_of: person } = event.initiator;
      const whom = person === undefined ? agent : `${agent} for ${person}`;
      return line("run", "STARTED", `${whom}; may use ${event.run.scope.capabilities.join(", ") || "nothing"}`);
    }
    case "run.scope.extended":
      return line("run", "EXTENDED", `scope is now ${event.extension.scope.capabilities.join(", ")}`);
    case "run.suspended":
      return line("run", "SUSPENDED", event.reason.code);
    case "run.closed":
      return line(
        "run",
        "CLOSED",
        `${event.closed.status}, ${count(event.closed.open_actions.length, "action")} still open`,
      );
    case "run.settled":
      return line(
        "run",
        "SETTLED",
        `${count(event.settled.events, "event")}, ${count(event.settled.actions, "action")}, nothing follows`,
      );
    case "run.abandoned":
      return line("run", "ABANDONED", `${event.reason.code}, idle since ${event.abandoned.idle_since}`);
    case "action.requested": {
      const { capability, tool, target } = event.action;
      const where = target.environment === undefined ? "" : ` (${target.environment})`;
      const what = `${capability} with ${tool} on ${target.system}/${target.resource}${where}`;
      return line("request", "REQUESTED", `${what}, ${event.request.args_bytes} bytes of arguments`);
    }
    case "policy.decided": {
      const { decision, matched_rule: rule, reason, policy_snapshot: snapshot } = event.policy;
      return line("policy", decision, `${rule} (${reason}) under ${snapshot}`);
    }
    case "approval.requested":
      return line(
        "approval",
        "REQUESTED",
        `${event.approval.quorum ?? 1} needed for ${event.policy.matched_rule}, until ${event.approval_request.expires_at}`,
      );
    case "approval.voted": {
      const { person, answer, reason_code: code, method, kid } = event.vote;
      return line("approval", answer.toUpperCase(), `${person}: ${code}, signed with ${method} key ${kid}`);
    }
    case "approval.granted": {
      const waived = event.granted.separation === "waived" ? ", SEPARATION WAIVED" : "";
      return line(
        "approval",
        "GRANTED",
        `by ${event.granted.people.join(", ")}, usable until ${event.granted.usable_until}${waived}`,
      );
    }
    case "approval.rejected":
      return line("approval", "REJECTED", `by ${event.rejected.person}: ${event.reason.code}`);
    case "approval.expired":
      return line("approval", "EXPIRED", `at ${event.expired.expires_at}`);
    case "approval.revoked":
    case "approval.cancelled":
    case "approval.voided":
      return line("approval", event.type.slice("approval.".length).toUpperCase(), event.reason.code);
    case "approval.superseded":
      return line("approval", "SUPERSEDED", `by ${event.superseded.by}: ${event.reason.code}`);
    case "approval.revalidated":
      return line(
        "approval",
        "REVALIDATED",
        `under ${event.revalidated.policy.revision ?? event.revalidated.policy.digest}`,
      );
    case "approval.consumed":
      return line("approval", "CONSUMED", `by ${event.consumed.permit_id} for ${event.consumed.job_id}`);
    case "breakglass.used":
      return line(
        "approval",
        "BREAKGLASS",
        `by ${event.breakglass.people.join(", ")} for ${event.breakglass.incident}: ${event.reason.code}`,
      );
    case "dispatch.permitted": {
      const { permit_id: permit, executor, not_after: until } = event.permit;
      return line(
        "dispatch",
        "PERMITTED",
        `${permit} to ${executor} until ${until}, ${attemptsOf(event.dispatch.max_attempts)}`,
      );
    }
    case "dispatch.queued":
      return line("dispatch", "QUEUED", `${event.dispatch.job_id} on ${event.dispatch.topic}`);
    case "dispatch.started": {
      const { attempt, max_attempts: max } = event.dispatch;
      return line(
        "attempt",
        "STARTED",
        `attempt ${attempt} of ${max} by ${event.started.executor}, due ${event.started.deadline}`,
      );
    }
    case "dispatch.retried":
      return line(
        "attempt",
        "RETRIED",
        `attempt ${event.dispatch.attempt} because the one before ${phrases[event.retried.after]}`,
      );
    case "dispatch.redriven":
      return line(
        "dispatch",
        "REDRIVEN",
        event.redriven.as_action === undefined ? "" : `as ${event.redriven.as_action}`,
      );
    case "dispatch.timed_out":
    case "dispatch.dead_lettered":
    case "dispatch.cancelled":
    case "dispatch.succeeded":
    case "dispatch.failed": {
      const { code, duration_ms: duration, layer } = event.outcome;
      const parts = [
        event.dispatch.attempt > 0 ? `attempt ${event.dispatch.attempt}` : "before any attempt",
        ...(code === undefined ? [] : [code]),
        ...(duration === undefined ? [] : [`${duration} ms`]),
        ...(layer === undefined ? [] : [`told by ${layer}`]),
      ];
      return line("outcome", event.dispatch.status, parts.join(", "));
    }
    case "dispatch.unconfirmed":
      return line(
        "outcome",
        "UNCONFIRMED",
        `attempt ${event.dispatch.attempt}, no report by ${event.unconfirmed.deadline}`,
      );
    case "safety.checked": {
      const { verdict, checks, drift, demands, finding } = event.safety;
      const failed = checks
        .filter((check) => check.verdict !== "pass")
        .map((check) => `${check.name} ${check.verdict}`);
      const demand = demands === "rollback" || demands === "review" ? [`demands a ${demands}`] : [];
      const opened = finding === undefined ? [] : [`finding ${finding}`];
      const parts = [drift.equal ? "ran what was decided" : "RAN OTHER ARGUMENTS", ...failed, ...demand, ...opened];
      return line("safety", verdict.toUpperCase(), parts.join(", "));
    }
    case "artifact.recorded":
      return line(
        "artifact",
        "RECORDED",
        `${event.artifact.media_type}, ${event.artifact.size_bytes} bytes, ${event.artifact.payload}`,
      );
    default:
      return assertNever(event);
  }
}

const phrases = { failed: "failed", timed_out: "timed out", unconfirmed: "was unconfirmed" } as const;
const attemptsOf = (most: number) => (most === 1 ? "one attempt" : `at most ${most} attempts`);
const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/**
 * The timeline as plain lines: a head, one line for each step with its gaps below it, one line for each action. Aligned
 * for a terminal of any width (long summaries come last), without colour; hostile text is shown, never obeyed.
 */
export function formatTimeline(timeline: Timeline): string {
  const whom = timeline.on_behalf_of === null ? timeline.agent : `${timeline.agent} for ${timeline.on_behalf_of}`;
  const head = [
    `run ${timeline.run_id}  ${timeline.status}`,
    `agent ${whom}  ${count(timeline.events, "event")}, ${count(timeline.actions.length, "action")}`,
    `from ${timeline.started_at} to ${timeline.last_at}`,
    `log ${timeline.log} as of ${timeline.as_of}`,
  ].map(visible);
  const rows = timeline.steps.map((step) => [
    String(step.seq),
    String(step.index),
    step.ts.slice(11, 23),
    formatElapsed(step.elapsed_ms),
    step.action === undefined ? "" : `#${step.action}`,
    step.lane,
    step.status,
    step.summary,
  ]);
  const lines = alignColumns(
    [["SEQ", "INDEX", "UTC", "ELAPSED", "ACTION", "LANE", "STATUS", "WHAT"], ...rows],
    new Set([0, 1, 3]),
  );
  const body: string[] = [lines[0]!];
  const gapLines = (seq: number) => {
    for (const gap of timeline.gaps) if (gap.after_seq === seq) body.push(`  !! gap: ${visible(gap.sentence)}`);
  };
  gapLines(-1);
  timeline.steps.forEach((step, i) => {
    body.push(lines[i + 1]!);
    gapLines(step.seq);
  });
  const actions = alignColumns([
    ["ACTION", "CAPABILITY", "TARGET", "DECISION", "RULE", "APPROVAL", "ATTEMPTS", "OUTCOME", "SAFETY"],
    ...timeline.actions.map((action) => [
      `#${action.action}`,
      action.capability,
      action.target,
      action.decision ?? "-",
      action.matched_rule ?? "-",
      action.approval?.state ?? "-",
      String(action.attempts.length),
      action.outcome ?? "open",
      action.safety ?? "-",
    ]),
  ]);
  return `${[...head, "", ...body, ...(timeline.actions.length === 0 ? [] : ["", ...actions])].join("\n")}\n`;
}

function formatElapsed(ms: number): string {
  const sign = ms < 0 ? "-" : "+";
  const abs = Math.abs(ms);
  const seconds = (abs % 60_000) / 1000;
  if (abs < 60_000) return `${sign}${seconds.toFixed(3)}s`;
  const minutes = Math.floor(abs / 60_000);
  if (minutes < 60) return `${sign}${minutes}m${seconds.toFixed(3).padStart(6, "0")}s`;
  return `${sign}${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, "0")}m${seconds.toFixed(0).padStart(2, "0")}s`;
}
