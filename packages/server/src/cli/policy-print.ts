/** What the commands of a policy's life print. */
import { formatDiff } from "@countersign/evidence/line-diff";
import type { PolicyDiff } from "@countersign/evidence/policy-diff";
import { type Impact, letsMoreThrough } from "@countersign/evidence/policy-impact";
import type { AnswerOf, PublicationStatusView } from "@countersign/evidence/wire";
import { printLines, printTable } from "./terminal.ts";

/** Changes shown; `--json` lists every one. */
const SHOWN = 50;

export function requestLines(view: PublicationStatusView): string[] {
  return [
    `${view.rollback ? "rollback to" : "publish    "} ${view.digest}`,
    `instead of  ${view.expected ?? "nothing"}`,
    `asked by    ${view.requested_by} at ${view.requested_at} ${view.reason_code}${view.incident === undefined ? "" : ` ${view.incident}`}`,
    ...(view.impact_digest === null
      ? []
      : [`impact      ${view.impact_digest}, ${view.acknowledged.length} groups acknowledged; see ${view.simulation}`]),
    `approved by ${view.approvals.join(", ") || "nobody yet"}`,
    ...(view.missing > 0 ? [`missing     ${view.missing}`] : []),
  ];
}

export function outcomeLines(made: {
  readonly revision: string | null;
  readonly digest: string;
  readonly changed: boolean;
  readonly request_id: string | null;
}): string[] {
  const { revision, digest, changed, request_id: request } = made;
  if (revision !== null) return [`policy ${revision} ${changed ? "is in force" : "was in force already"}: ${digest}`];
  return [
    `${digest} waits for another person's approval: ${request}`,
    `They say: countersign policy approve ${request} --key FILE --expect ${digest}`,
  ];
}

export function printImpact({
  simulation_id: id,
  impact_digest: digest,
  to_acknowledge: open,
  impact: raw,
}: AnswerOf<"simulatePolicy">): void {
  const impact = raw as Impact; // what the server says an impact is; printed, and nothing is decided by it
  const not = Object.entries(impact.not_decided).map(([why, count]) => `${count} not decided: ${why}`);
  printLines([`${[`${impact.decisions} decisions, ${impact.distinct} distinct`, ...not].join("; ")}`]);
  if (impact.groups.length === 0) printLines(["nothing would be decided otherwise"]);
  else {
    printTable(
      ["KIND", "TOOL", "FROM", "TO", "DECISIONS", "GROUP"],
      impact.groups.map(({ kind, tool, from, to, decisions, group }) => [
        kind,
        tool,
        `${from.decision} ${from.rule}`,
        `${to.decision} ${to.rule}`,
        decisions,
        group,
      ]),
    );
    const kindOf = new Map(impact.groups.map(({ group, kind }) => [group, kind]));
    printTable(
      ["CHANGE", "DECISION", "AGENT", "RESOURCE", "DECISIONS"],
      impact.changes
        .slice(0, SHOWN)
        .map(({ group, event_id, agent, resource, decisions }) => [
          kindOf.get(group) ?? "",
          event_id,
          agent,
          `${resource.system} ${resource.id}`,
          decisions,
        ]),
    );
    const more = impact.changes.length + impact.changes_left_out - SHOWN;
    if (more > 0) printLines([`and ${more} more changes (--json lists them)`]);
  }
  const waiting = impact.groups.filter(({ kind, group }) => letsMoreThrough(kind) && open.includes(group));
  printLines([
    `simulation ${id}, impact ${digest}`,
    ...(waiting.length === 0
      ? ["nothing has to be acknowledged"]
      : [
          `When you have seen them: countersign policy acknowledge ${id} ${waiting.map(({ group }) => group).join(" ")}`,
        ]),
  ]);
}

export function printDiff(diff: PolicyDiff): void {
  printLines([`from ${diff.from ?? "nothing"}`, `to   ${diff.to}`]);
  for (const { change, lines, ...one } of [...diff.rules, ...diff.files]) {
    const name = "id" in one ? `rule ${one.id}` : one.path;
    printLines([`${change} ${name}`, ...formatDiff(lines).map((line) => `  ${line}`)]);
  }
  printLines([`${diff.rules.length} rules differ, ${diff.unchanged_rules} do not; ${diff.files.length} other files`]);
}
