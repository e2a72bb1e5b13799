/** What a command prints: plain lines or JSON on standard output, refusals on standard error. Text from the log is shown, never obeyed. */
import { CountersignError, formatProblem } from "@countersign/evidence/errors";
import { alignColumns, visible, visibleJson } from "@countersign/evidence/terminal";

/** Prints one JSON document, for `--json`; what a terminal could obey, or would not show, is escaped. */
export function printJson(value: unknown): void {
  process.stdout.write(`${visibleJson(JSON.stringify(value, null, 2))}\n`);
}

/** A report of ours with its members named as in every other answer: `signedSize` is `signed_size`. */
export function inSnakeCase(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(inSnakeCase);
  const named = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [named(name), inSnakeCase(inner)]));
}

/** Prints lines; every one is made harmless for a terminal. */
export function printLines(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${visible(line)}\n`);
}

/** Prints text that is harmless already, as it is. */
export function printText(text: string): void {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

/** Prints rows under heads, aligned; says so when there are none, in the words of `nothing`. */
export function printTable(
  heads: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  nothing = "none",
): void {
  if (rows.length === 0) {
    process.stdout.write(`${nothing}\n`);
    return;
  }
  const lines = alignColumns([heads, ...rows.map((row) => row.map(String))]);
  for (const line of lines) process.stdout.write(`${line}\n`);
}

/** Says on a terminal what takes longer than a moment; silent otherwise. */
export function progress(words: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${words}\n`);
}

const UNUSABLE: ReadonlySet<string> = new Set(["usage", "cannot-read", "validation-failed"]);

/** Exit code of a refusal: 2 when the words or files given cannot be used, 1 when the answer is no. */
export function exitCodeOf(error: unknown): 1 | 2 {
  return error instanceof CountersignError && UNUSABLE.has(error.code) ? 2 : 1;
}

/**
 * Says a refusal: the code, what happened, what to do next. With `json` as a problem document.
 *
 * @param args the command line: where the refused member came with a flag, the flag is named and not the member
 */
export function printRefusal(error: unknown, json: boolean, args: readonly string[] = []): void {
  const refusal = error instanceof CountersignError ? error : new CountersignError("internal", { cause: error });
  if (json) {
    process.stderr.write(`${JSON.stringify(formatProblem(refusal), null, 2)}\n`);
    return;
  }
  const { pointer = "" } = refusal;
  const flag = flagOf(pointer, args);
  const isShape = flag !== undefined && refusal.code === "validation-failed";
  const detail = refusal.detail
    ?.replaceAll("In the body, ", "")
    .replaceAll(pointer === "" ? "\0" : pointer, flag ?? pointer);
  const words = isShape ? `${flag} cannot be that. ${detail ?? ""}` : refusal.message;
  const lines = [`countersign: ${refusal.code}: ${words.trimEnd()}`];
  if (pointer !== "") lines.push(`  at: ${flag ?? pointer}`);
  for (const finding of listOf(refusal.members.findings)) lines.push(`  ${finding}`);
  lines.push(`  next: ${isShape ? `Give ${flag} another value; --help has an example.` : refusal.remedy}`);
  if (refusal.code === "internal" && refusal.cause instanceof Error) lines.push(`  cause: ${refusal.cause.message}`);
  process.stderr.write(`${lines.map(visible).join("\n")}\n`);
}

/** The flag on this command line that a member of a request came from: `/agent/ceiling/0` from `--ceiling`. */
function flagOf(pointer: string, args: readonly string[]): string | undefined {
  const given = args.flatMap((word) => /^--[a-z-]+/.exec(word)?.[0] ?? []);
  for (const member of pointer.split("/").reverse()) {
    if (!/^[a-z_]+$/.test(member)) continue;
    const named = `--${member.replaceAll("_", "-")}`;
    // `--reason` is sent as reason_code.
    const found = given.find((flag) => flag === named || named.startsWith(`${flag}-`));
    if (found !== undefined) return found;
  }
  return undefined;
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map((item) => (typeof item === "string" ? item : JSON.stringify(item))) : [];
}
