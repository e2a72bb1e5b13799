/**
 * What a person is shown before they vote: one plain text, the same for every screen, whose digest the vote signs.
 * Nothing in it can be invisible, reorder itself or run. Spec: spec/approval.md, "Rendering".
 */
import type { ApprovalRequest } from "./approval.ts";
import type { ApprovalRequirement } from "./event.ts";
import { hex, sha256 } from "./hash.ts";
import { visible } from "./terminal.ts";

/** Of longer arguments the beginning and the end are shown, and how many bytes are not. */
export const SHOWN_HEAD_BYTES = 32_768;
export const SHOWN_TAIL_BYTES = 4_096;
/** Distinct characters outside ASCII that are listed by number. */
const LISTED_CHARACTERS = 24;

/** Arguments with the salt that opens their commitment, base64url. */
export type ShownArguments = { readonly bytes: Uint8Array; readonly salt: string };

/**
 * The text of an approval request. It can be made again from the request and the arguments, so it is not stored apart.
 * The arguments' salt is part of it: its digest stands in the log and must not let anybody guess them after erasure.
 *
 * @param args undefined when they are not at hand, which the text says
 */
export function renderApproval(request: ApprovalRequest, args: ShownArguments | undefined): string {
  const shown = args === undefined ? undefined : showBytes(args.bytes);
  const warnings = warningsOf(request, shown);
  return [
    "COUNTERSIGN APPROVAL REQUEST (rendering 1)",
    "",
    ...fields(request).map(([name, value]) => `${name.padEnd(14)}${visible(value)}`),
    "",
    ...(warnings.length === 0 ? [] : ["LOOK TWICE", ...warnings.map((warning) => `- ${warning}`), ""]),
    ...(args === undefined ? ["ARGUMENTS (not at hand)"] : argumentsHead(args)),
    ...(shown === undefined ? [] : shown.lines.map((line) => `| ${line}`)),
    "",
  ].join("\n");
}

function argumentsHead({ bytes, salt }: ShownArguments): string[] {
  return [`ARGUMENTS (${bytes.length} bytes)`, `SHA-256 ${hex(sha256(bytes))}`, `Salt    ${visible(salt)}`];
}

function fields(request: ApprovalRequest): [string, string][] {
  const { action, initiator } = request;
  const { target } = action;
  const software = [initiator.framework, initiator.framework_version].filter((part) => part !== undefined).join(" ");
  return [
    ["Approval", request.approval_id],
    ["Tenant", `${request.tenant} in log ${request.log}`],
    ["Agent", [request.requested_by, initiator.version].filter((part) => part !== undefined).join(" ")],
    ...(software === "" ? [] : ([["Framework", software]] as [string, string][])),
    ...(initiator.model === undefined ? [] : ([["Model", initiator.model]] as [string, string][])),
    ["On behalf of", request.on_behalf_of ?? "nobody"],
    ["Capability", action.capability],
    ["Tool", [action.tool, action.tool_version].filter((part) => part !== undefined).join(" ")],
    ["System", target.system],
    ["Resource", target.resource],
    ["Environment", target.environment ?? "not said"],
    ["Version", target.version ?? "not said"],
    ["Policy", `${request.policy_snapshot} ${request.policy_digest}`],
    ...request.matched_rules.map((rule): [string, string] => [
      "Rule",
      `${rule} ${Object.hasOwn(request.rule_digests, rule) ? request.rule_digests[rule] : ""}`,
    ]),
    ...request.requirements.map((requirement): [string, string] => ["Needs", needs(requirement)]),
    ...request.obligations.map((obligation): [string, string] => ["Obligation", obligation]),
    ["Requested", request.requested_at],
    ["Expires", request.expires_at],
    ["Execution", `within ${request.execute_within_ms} ms of its start, at most ${request.max_attempts} attempts`],
    ["Run", request.run_id],
    ["Action", request.action_id],
    ["Decision", request.decision_id],
    ["Commitment", request.args_commit],
  ];
}

function needs({ quorum, approvers, rule, ttl, separation, escalation, breakglass }: ApprovalRequirement): string {
  const apart = separation.length === 0 ? "" : `, not ${separation.join(", ")}`;
  const later = escalation === undefined ? "" : `; after ${escalation.after} also ${escalation.approvers}`;
  const glass = breakglass === undefined ? "" : `; in an incident two people may, for ${breakglass}`;
  return `${quorum} of ${approvers} for ${rule}, within ${ttl}${apart}${later}${glass}`;
}

type Shown = {
  readonly lines: readonly string[];
  readonly text: string;
  readonly hiddenBytes: number;
  readonly utf8: boolean;
};

function showBytes(bytes: Uint8Array): Shown {
  const whole = bytes.length <= SHOWN_HEAD_BYTES + SHOWN_TAIL_BYTES;
  if (whole) {
    const { text, utf8 } = decode(bytes);
    return { lines: linesOf(text), text, hiddenBytes: 0, utf8 };
  }
  const head = decode(bytes.subarray(0, cutBack(bytes, SHOWN_HEAD_BYTES)));
  const tail = decode(bytes.subarray(cutForward(bytes, bytes.length - SHOWN_TAIL_BYTES)));
  const hiddenBytes = cutForward(bytes, bytes.length - SHOWN_TAIL_BYTES) - cutBack(bytes, SHOWN_HEAD_BYTES);
  return {
    lines: [...linesOf(head.text), `[${hiddenBytes} bytes are not shown]`, ...linesOf(tail.text)],
    text: head.text + tail.text,
    hiddenBytes,
    utf8: head.utf8 && tail.utf8,
  };
}

/** UTF-8 as text, anything else as hex. */
function decode(bytes: Uint8Array): { text: string; utf8: boolean } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), utf8: true };
  } catch {
    return { text: hex(bytes).replace(/(.{64})/g, "$1\n"), utf8: false };
  }
}

const isContinuation = (byte: number | undefined) => byte !== undefined && (byte & 0xc0) === 0x80;

/** The nearest place at or before `at` where no UTF-8 character is cut in two. */
function cutBack(bytes: Uint8Array, at: number): number {
  let cut = at;
  while (at - cut < 3 && isContinuation(bytes[cut])) cut--;
  return cut;
}

function cutForward(bytes: Uint8Array, at: number): number {
  let cut = at;
  while (cut - at < 3 && isContinuation(bytes[cut])) cut++;
  return cut;
}

/** Line feeds break lines; every other character that draws nothing is written as `\u{hex}`. */
function linesOf(text: string): string[] {
  return text.split("\n").map(visible);
}

function warningsOf(request: ApprovalRequest, shown: Shown | undefined): string[] {
  const { target, capability, tool } = request.action;
  const said = `${capability}${tool}${target.system}${target.resource}${target.environment ?? ""}${shown?.text ?? ""}`;
  const warnings: string[] = [];
  if (shown === undefined) warnings.push("The arguments are not at hand: you would approve them unseen.");
  if (shown?.utf8 === false) warnings.push("The arguments are not UTF-8 text; they are shown as hex.");
  if (shown !== undefined && shown.hiddenBytes > 0) {
    warnings.push(`${shown.hiddenBytes} bytes of the arguments are not shown.`);
  }
  const plain = said.replaceAll("\n", "").replaceAll("\\", "");
  if (visible(plain) !== plain)
    warnings.push("Some characters draw nothing or reorder text; they are written as \\u{hex}.");
  const foreign = new Map<string, number>();
  for (const character of plain) {
    if (character > "~" && visible(character) === character) foreign.set(character, (foreign.get(character) ?? 0) + 1);
  }
  if (foreign.size > 0) {
    const listed = [...foreign]
      .slice(0, LISTED_CHARACTERS)
      .map(([character, count]) => `${nameOf(character)} x${count}`);
    const more = foreign.size > LISTED_CHARACTERS ? ` and ${foreign.size - LISTED_CHARACTERS} more` : "";
    warnings.push(`Some characters are not ASCII and may look like others: ${listed.join(", ")}${more}.`);
  }
  return warnings;
}

function nameOf(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")} ${character}`;
}
