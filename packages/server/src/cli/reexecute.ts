/** `countersign reexecute`. */
import { CountersignError } from "@countersign/evidence/errors";
import type { AnswerOf, BodyOf } from "@countersign/evidence/wire";
import type { Command } from "commander";
import { ANYWHERE, leaf, option } from "./command.ts";
import { withReach } from "./reach.ts";
import { textsOf } from "./run.ts";
import { printJson, printLines, printTable } from "./terminal.ts";

/** Decisions shown that did not come out equal; `--json` lists every one. */
const SHOWN = 50;

export function addReexecuteCommand(program: Command): void {
  leaf(
    program,
    {
      name: "reexecute",
      summary: "Make recorded decisions again, compare every member, and record in the log what it came to.",
      example: "reexecute --range 0..5000 --data ./data --tenant acme",
      settings: ANYWHERE,
      options: [
        option("--range <from..until>", "Entries, the last not with them; either side may be left out."),
        option("--limit <n>", "The newest n decisions of the range. Default: 10000, which is also the most."),
      ],
    },
    async ({ config, env, options, json }, ...words) => {
      const body = bodyOf(words[0], textsOf(options, ["range", "limit"]));
      const made = await withReach(config, env, (reach) => reach.call("reexecute", { body }));
      if (json) printJson(made);
      else printAnswers(made);
      return made.different === 0 ? 0 : 1;
    },
  ).argument("[decision]", "One decision, by its id (dec_…) or its event's (evt_…).");
}

function bodyOf(
  decision: string | undefined,
  { range, limit }: { readonly range?: string; readonly limit?: string },
): BodyOf<"reexecute"> {
  const most = limit === undefined ? {} : { limit: numberOf(limit, "--limit takes a number") };
  if (decision === undefined) return { ...rangeOf(range ?? ".."), ...most };
  if (range !== undefined) throw new CountersignError("usage", { detail: "Name one decision, or a --range." });
  if (!/^(dec|evt)_[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(decision)) {
    throw new CountersignError("usage", {
      detail: `${decision} is no id of a decision (dec_…) or of its event (evt_…).`,
    });
  }
  return decision.startsWith("evt_") ? { event_id: decision } : { decision_id: decision };
}

function rangeOf(text: string): BodyOf<"reexecute"> {
  const [from, until, more] = text.split("..");
  const help = "--range takes FROM..UNTIL, like 0..5000";
  if (from === undefined || until === undefined || more !== undefined) {
    throw new CountersignError("usage", { detail: `${help}.` });
  }
  return {
    ...(from === "" ? {} : { from: numberOf(from, help) }),
    ...(until === "" ? {} : { until: numberOf(until, help) }),
  };
}

function numberOf(text: string, help: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new CountersignError("usage", { detail: `${help}, not ${text}.` });
  return Number(text);
}

function printAnswers(made: AnswerOf<"reexecute">): void {
  const { decisions, equal, different, not_recomputed: not, answers, next, event_id: event } = made;
  const reasons = Object.entries(not).map(([why, count]) => `${count} not recomputed: ${why}`);
  printLines([`${decisions} decisions: ${[`${equal} equal`, `${different} DIFFERENT`, ...reasons].join(", ")}`]);
  // Those that came out otherwise are why one looks here at all.
  const others = answers
    .filter(({ outcome }) => outcome !== "equal")
    .sort((a, b) => Number(b.outcome === "different") - Number(a.outcome === "different"));
  if (others.length > 0) {
    printTable(
      ["ENTRY", "DECISION", "ANSWER", ""],
      others.slice(0, SHOWN).map(({ index, decision_id: id, outcome, detail, why }) => {
        return [index, id, outcome === "different" ? "DIFFERENT" : "not recomputed", detail ?? why ?? ""];
      }),
    );
  }
  const lines: string[] = [];
  if (others.length > SHOWN) lines.push(`and ${others.length - SHOWN} more (--json lists all)`);
  if (next !== undefined) lines.push(`older decisions are left: --range ..${next}`);
  printLines([...lines, `recorded as ${event}`]);
}
