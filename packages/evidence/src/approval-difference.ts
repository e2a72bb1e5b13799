/** What one approval request asks that another did not: for people who approved, or were asked for, the other one. */
import { type DiffLine, diffLines } from "./line-diff.ts";

/** Fields that differ between any two requests and say nothing about what is asked. */
const OF_ONE_REQUEST = new Set(["Approval", "Requested", "Expires", "Run", "Action", "Decision", "Commitment"]);
const NAME_WIDTH = 14;
const ARGUMENTS = /^ARGUMENTS \(/;

/**
 * The lines of two renderings (rendering.ts), one against the other, without what only tells one request from the next:
 * ids, times, commitment, salt. Lines are safe to show, because those of a rendering are.
 */
export function renderingDifference(before: string, after: string): readonly DiffLine[] {
  return diffLines(comparable(before), comparable(after));
}

/** Whether any line differs. */
export function isDifferent(lines: readonly DiffLine[]): boolean {
  return lines.some(({ sign }) => sign !== " ");
}

function comparable(rendering: string): string {
  const lines = rendering.split("\n");
  const at = lines.findIndex((line) => ARGUMENTS.test(line));
  const head = at < 0 ? lines : lines.slice(0, at);
  const rest = at < 0 ? [] : lines.slice(at);
  // The salt stands in the two lines below the heading; what the agent sent begins with a bar.
  return [
    ...head.filter((line) => !OF_ONE_REQUEST.has(line.slice(0, NAME_WIDTH).trimEnd())),
    ...rest.filter((line) => !/^Salt {4}/.test(line)),
  ].join("\n");
}
