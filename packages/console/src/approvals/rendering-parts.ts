/** The parts of a rendering (spec/approval.md), for a page that sets them apart; every character of it is kept. */

export type RenderingParts = {
  /** Name and value, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly warnings: readonly string[];
  /** `ARGUMENTS (117 bytes)`, then digest and salt. */
  readonly argumentsHead: readonly string[];
  readonly argumentLines: readonly string[];
};

const TITLE = "COUNTERSIGN APPROVAL REQUEST (rendering 1)";
const WARNINGS: string = "LOOK TWICE";
const NAME_WIDTH = 14;
/** Salt and digest stand there whenever the arguments do. */
const HEAD = /^ARGUMENTS \((?:not at hand\)|\d+ bytes\)\nSHA-256 [0-9a-f]{64}\nSalt {4}[\w-]+)$/;

/** The parts, or undefined when the text is not laid out as a rendering is. */
export function partsOfRendering(text: string): RenderingParts | undefined {
  const lines = text.split("\n");
  if (lines.shift() !== TITLE || lines.shift() !== "" || lines.pop() !== "") return undefined;
  const fields: [string, string][] = [];
  while (lines.length > 0 && lines[0] !== "") {
    const line = lines.shift()!; // the loop looked
    fields.push([line.slice(0, NAME_WIDTH).trimEnd(), line.slice(NAME_WIDTH)]);
  }
  lines.shift();
  const warnings: string[] = [];
  if (lines[0] === WARNINGS) {
    lines.shift();
    while (lines.length > 0 && lines.at(0) !== "") {
      const line = lines.shift()!; // the loop looked
      if (!line.startsWith("- ")) return undefined;
      warnings.push(line.slice(2));
    }
    lines.shift();
  }
  const head: string[] = [];
  while (lines.length > 0 && !lines[0]!.startsWith("| ")) head.push(lines.shift()!);
  if (!HEAD.test(head.join("\n")) || !lines.every((line) => line.startsWith("| "))) return undefined;
  return { fields, warnings, argumentsHead: head, argumentLines: lines.map((line) => line.slice(2)) };
}
