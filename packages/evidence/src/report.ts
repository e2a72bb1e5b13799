/**
 * The verifier's report for people: the same facts as the JSON, one line for each assurance, every fault with the entry
 * it is about. Plain text without colour; nothing recorded can steer the terminal it is shown on.
 */
import { assuranceNames } from "./assurances.ts";
import { faults as faultTable } from "./fault.ts";
import { own } from "./own.ts";
import type { AssuranceReport, DecisionAgain, FaultSummary, Report, RunSummary } from "./report-schema.ts";
import { alignColumns, visible, visibleJson } from "./terminal.ts";

/** Faults and runs shown; the rest are counted, and all of them are in the JSON report. */
const SHOWN_FAULTS = 50;
const SHOWN_RUNS = 20;
/** Decisions shown that were not made again, or came out otherwise. */
const SHOWN_DECISIONS = 20;

/** The report as lines of text, a newline at its end. */
export function formatReport(report: Report): string {
  const sections = [
    verdict(report),
    subject(report),
    assurances(report),
    counts(report),
    decisions(report.decisions.answers ?? []),
    runs(report.runs),
    faults(report.faults),
    report.notes.map((note) => `* ${visible(note)}`),
  ];
  const shown = sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
  return `${shown.join("\n\n")}\n`;
}

/** The report as JSON text: members in the order of its schema, two spaces of indentation. */
export function formatReportJson(report: Report): string {
  return `${visibleJson(JSON.stringify(report, undefined, 2))}\n`;
}

const STATES = { met: "MET", "not-met": "NOT MET", "not-applicable": "does not apply" } as const satisfies Record<
  AssuranceReport["state"],
  string
>;

function verdict({ exit_code: exitCode, faults: found, required, assurances: all }: Report): string[] {
  if (found.length > 0) {
    const entries = new Set(found.flatMap(({ index }) => (index === undefined ? [] : [index]))).size;
    const where = entries === 0 ? "" : `, about ${plural(entries, "entry", "entries")}`;
    return [`FAULTY: ${plural(found.length, "fault")}${where}.`];
  }
  const unmet = assuranceNames.filter((name) => required.includes(name) && all[name].state === "not-met");
  if (exitCode !== 0) return [`CONSISTENT, but what was required is not met: ${unmet.join(", ")}.`];
  const established = assuranceNames.filter((name) => all[name].state === "met");
  return [`NO FAULT. Established: ${established.join(", ")}.`];
}

function subject({ subject: about, key, time }: Report): string[] {
  const scope =
    about.scope === null
      ? "-"
      : about.scope.kind === "log"
        ? `the log from entry ${about.scope.from}`
        : about.scope.kind === "run"
          ? `run ${about.scope.run_id}`
          : `a query: ${about.scope.query || "not said"}`;
  const exported = about.exported;
  return table([
    [about.kind === "pack" ? "Pack of" : "Tiles of", scope],
    ["Log", about.log ?? "not said"],
    ["As of", about.as_of === null ? "not said" : `${about.as_of} entries, root ${about.root ?? "unknown"}`],
    ["Proves", about.proves ?? "nothing"],
    ...(about.disclosure === null ? [] : [["Disclosure", about.disclosure]]),
    ["Key", key.vkey === null ? "none" : `${key.vkey}`],
    ["", key.fingerprint === null ? "" : `fingerprint ${key.fingerprint}, ${key.pinned ? "pinned" : "NOT PINNED"}`],
    ["Claimed time", time.first_ts === null ? "none" : `${time.first_ts} to ${time.last_ts}`],
    [
      "Exported",
      exported === null
        ? "not attested by the log"
        : `recorded by the log as ${exported.event_id}, entry ${exported.index}`,
    ],
  ]);
}

function assurances(report: Report): string[] {
  return table(
    assuranceNames.map((name) => [name, STATES[report.assurances[name].state], report.assurances[name].why]),
  );
}

function counts({ counts: all, votes, decisions }: Report): string[] {
  const notRecomputed = Object.entries(decisions.not_recomputed).map(([reason, count]) => `${count} ${reason}`);
  return table([
    ["Entries", `${all.entries}, of them ${all.control_events} control events`],
    ["Runs", `${all.runs} with ${plural(all.actions, "action")}`],
    ["Votes", `${votes.total}, of them ${votes.verified} with a good signature`],
    [
      "Decisions",
      [
        `${decisions.total}`,
        `${decisions.equal} equal (${decisions.from_arguments} from the arguments)`,
        `${decisions.different} DIFFERENT`,
        ...notRecomputed,
      ].join(", "),
    ],
    ["Tampered", `${all.tampered}`],
    ["Unlawfully missing", `${all.unlawfully_missing}`],
    ["Lawfully pruned", `${all.lawfully_pruned} entries`],
    ...(all.not_enforced ? [["NOT ENFORCED", plural(all.not_enforced, "action")]] : []),
    ["Lawfully erased", `${all.lawfully_erased} payloads`],
    ["Withheld", `${all.withheld} payloads`],
    ...(all.not_understood === 0 ? [] : [["Not understood", `${all.not_understood} entries`]]),
  ]);
}

/** Those that came out equal are counted above; of each other one it is said why. */
function decisions(all: readonly DecisionAgain[]): string[] {
  const others = all.filter(({ outcome }) => outcome !== "equal");
  if (others.length === 0) return [];
  const order = others.sort((a, b) => Number(b.outcome === "different") - Number(a.outcome === "different"));
  const rows = order
    .slice(0, SHOWN_DECISIONS)
    .map(({ index, decision_id: id, outcome, why }) => [
      id,
      `entry ${index}`,
      outcome === "different" ? "DIFFERENT" : `not recomputed: ${why ?? "not said"}`,
    ]);
  const rest = others.length > SHOWN_DECISIONS ? [`and ${others.length - SHOWN_DECISIONS} more decisions`] : [];
  return [...alignColumns([["DECISION", "ENTRY", "MADE AGAIN"], ...rows]), ...rest];
}

function runs(all: readonly RunSummary[]): string[] {
  if (all.length === 0) return [];
  // The least complete first: that is what somebody has to look at.
  const order = [...all].sort((a, b) => b.faults - a.faults || Number(a.completeness) - Number(b.completeness));
  const rows = order
    .slice(0, SHOWN_RUNS)
    .map((run) => [
      run.run_id,
      run.agent,
      run.status,
      `${run.events}`,
      `${run.actions}`,
      run.completeness ?? "not judged",
      run.faults === 0 ? "" : plural(run.faults, "fault"),
    ]);
  const head = ["RUN", "AGENT", "STATUS", "EVENTS", "ACTIONS", "COMPLETE", ""];
  const rest = all.length > SHOWN_RUNS ? [`and ${all.length - SHOWN_RUNS} more runs`] : [];
  return [...alignColumns([head, ...rows], new Set([3, 4])), ...rest];
}

function faults(all: readonly FaultSummary[]): string[] {
  const lines = all.slice(0, SHOWN_FAULTS).flatMap(({ code, detail, index, event_id: eventId, path }) => {
    const places = [index === undefined ? "" : `entry ${index}`, eventId ?? "", path ?? ""].filter(
      (place) => place !== "",
    );
    const sentence = own<string>(faultTable, code) ?? "";
    return [`! ${code}  ${visible(places.join("  ")) || "the whole"}`, `    ${sentence}`, `    ${visible(detail)}`];
  });
  return all.length > SHOWN_FAULTS
    ? [...lines, `and ${all.length - SHOWN_FAULTS} more faults (--json lists all)`]
    : lines;
}

function table(rows: readonly (readonly string[])[]): string[] {
  return alignColumns(rows.filter((row) => row.some((cell) => cell !== "")));
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
