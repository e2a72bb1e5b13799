/**
 * What an approver is shown: plain text made by the server from the bytes it keeps, never from what an agent says about
 * them. Everything invisible is written out, so that what is read is what will run. spec/approval.md, "Rendering".
 */
import type { ActionBlock, ApprovalRequirement } from "@countersign/evidence/event";
import { digestOf } from "@countersign/evidence/hash";
import { visible } from "@countersign/evidence/terminal";

/** Everything that is shown. `claims` are words of the agent and are marked so. */
export type Shown = {
  readonly tenant: string;
  readonly agent: string;
  readonly onBehalfOf: string | undefined;
  readonly runId: string;
  readonly action: ActionBlock;
  readonly topic: string;
  readonly args: Uint8Array;
  readonly toolContract: string | undefined;
  readonly policySnapshot: string;
  readonly policyDigest: string;
  readonly rules: readonly { readonly id: string; readonly reason: string; readonly digest: string }[];
  readonly requirements: readonly ApprovalRequirement[];
  readonly obligations: readonly string[];
  readonly executeWithinMs: number;
  readonly maxAttempts: number;
  readonly claims: { readonly runIntent?: string | undefined; readonly intent?: string | undefined };
};

/** Longest rendering, in UTF-16 code units: what wire.ts lets an approval's detail carry. */
export const MAX_RENDERING = 1_000_000;
/** Characters of arguments shown from each end when the whole does not fit. */
const END_SHOWN = 100_000;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text, at most {@link MAX_RENDERING} long. The same input gives the same text. */
export function renderRequest(shown: Shown): string {
  const { action, args, claims } = shown;
  const target = `${action.target.system} / ${action.target.resource}`;
  const lines: string[] = [
    "Request for approval",
    "",
    row("tenant", shown.tenant),
    row("agent", shown.agent),
    row("for", shown.onBehalfOf ?? "nobody but the agent"),
    row("run", shown.runId),
    row("capability", action.capability),
    row("tool", action.tool_version === undefined ? action.tool : `${action.tool} ${action.tool_version}`),
    row("target", target),
    row("environment", action.target.environment ?? "not stated"),
    ...(action.target.version === undefined ? [] : [row("version", action.target.version)]),
    row("topic", shown.topic),
    row("attempts", `at most ${shown.maxAttempts}, within ${shown.executeWithinMs} ms of the start`),
    "",
    `Arguments (${args.length} bytes, ${digestOf(args)})`,
    ...argumentLines(args),
    "",
    `Policy ${shown.policySnapshot} (${shown.policyDigest})`,
    ...shown.rules.map(({ id, reason, digest }) => row("rule", `${id}  ${reason}  ${digest}`)),
    ...shown.requirements.map((one) =>
      row(
        "needs",
        `${one.quorum} × ${one.approvers} within ${one.ttl}, not: ${one.separation.join(", ") || "nobody excluded"} (${one.rule})`,
      ),
    ),
    ...shown.obligations.map((one) => row("must", one)),
    row("contract", shown.toolContract ?? "none"),
    "",
    "What the agent says (its claim, not checked)",
    row("run's intent", claims.runIntent ?? "says nothing"),
    row("intent", claims.intent ?? "says nothing"),
    "",
  ];
  return lines.join("\n");
}

function row(name: string, value: string): string {
  return `  ${name.padEnd(12)} ${visible(value)}`;
}

/** The arguments as JSON, one member a line where that changes nothing, or a warning and both ends when too long. */
function argumentLines(args: Uint8Array): string[] {
  const text = textOf(args);
  if (text === undefined) return ["  THESE BYTES ARE NOT UTF-8 TEXT; they cannot be shown."];
  const lines = laidOut(text).map((line) => `  ${visible(line)}`);
  const length = lines.reduce((sum, line) => sum + line.length + 1, 0);
  if (length <= MAX_RENDERING - 100_000) return lines;
  const whole = lines.join("\n");
  const hidden = whole.length - 2 * END_SHOWN;
  return [
    `  TOO LONG TO SHOW: ${hidden} characters in the middle are left out. Approve only if you know them otherwise.`,
    whole.slice(0, END_SHOWN),
    `  [… ${hidden} characters are not shown …]`,
    whole.slice(whole.length - END_SHOWN),
  ];
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * JSON text broken into lines at its own structure. Only white space between tokens is touched: strings, numbers and
 * the order of members stay as they were sent, which parsing and printing again would not promise.
 */
export function laidOut(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  let depth = 0;
  const indent = () => "  ".repeat(Math.min(depth, 32));
  const end = () => {
    if (line.trim() !== "") lines.push(line);
    line = indent();
  };
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (character === '"') {
      const close = endOfString(text, i);
      line += text.slice(i, close);
      i = close - 1;
    } else if (character === "{" || character === "[") {
      const closer = character === "{" ? "}" : "]";
      const next = nextToken(text, i + 1);
      line += character;
      if (text[next] === closer) {
        line += closer;
        i = next;
      } else {
        depth++;
        end();
      }
    } else if (character === "}" || character === "]") {
      depth--;
      end();
      line += character;
    } else if (character === ",") {
      line += character;
      end();
    } else if (character === ":") {
      line += ": ";
    } else if (!isSpace(character)) {
      line += character;
    }
  }
  end();
  return lines;
}

function endOfString(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i + 1;
  }
  return text.length;
}

function nextToken(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text[at]!)) at++;
  return at;
}

function isSpace(character: string): boolean {
  return character === " " || character === "\t" || character === "\n" || character === "\r";
}
