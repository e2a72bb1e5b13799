/** `countersign policy shadow`. */
import { CountersignError } from "@countersign/evidence/errors";
import type { AnswerOf } from "@countersign/evidence/wire";
import type { Command } from "commander";
import { ANYWHERE, leaf, option } from "./command.ts";
import { digestOf } from "./policy-life.ts";
import { withReach } from "./reach.ts";
import { textsOf } from "./run.ts";
import { printJson, printLines, printTable } from "./terminal.ts";

export function addPolicyShadowCommand(policy: Command): void {
  leaf(
    policy,
    {
      name: "shadow",
      summary:
        "Let a policy decide beside the one in force, without effect, and say what it would have decided otherwise.",
      example: "policy shadow ./policy --data ./data --tenant acme",
      settings: ANYWHERE,
      options: [
        option("--sample <percent>", "Look at this share of the decisions. Default: 100."),
        option("--report", "What the newest shadow came to so far, what it would newly allow first."),
        option("--stop", "End it; the log says what it came to."),
      ],
    },
    async ({ config, env, options, json }, word) => {
      const { sample } = textsOf(options, ["sample"]);
      if ([word, options.report, options.stop].filter((one) => one !== undefined).length !== 1) {
        throw new CountersignError("usage", { detail: "Name a policy to begin with, or say --report, or --stop." });
      }
      if (sample !== undefined && !/^[1-9][0-9]?$|^100$/.test(sample)) {
        throw new CountersignError("usage", { detail: `--sample takes 1 to 100, not ${sample}.` });
      }
      const shadow = await withReach(config, env, async (reach) => {
        if (word === undefined) {
          return options.stop === true ? reach.call("stopShadow", { body: {} }) : reach.call("getShadow");
        }
        const share = sample === undefined ? {} : { sample_percent: Number(sample) };
        return reach.call("startShadow", { body: { digest: await digestOf(reach, word), ...share } });
      });
      if (json) printJson(shadow);
      else printShadow(shadow);
    },
  ).argument("[dir|digest]", "A policy directory, or the digest of a stored bundle.");
}

function printShadow(shadow: AnswerOf<"getShadow">): void {
  const { digest, sample_percent: percent, decisions, differing, newly_allowed: allowed, dropped } = shadow;
  printLines([
    `${shadow.stopped_event === undefined ? "in shadow" : "was in shadow"}: ${digest}`,
    `beside ${shadow.policy_digest}, ${percent}% of its decisions`,
    `${decisions} decided, ${differing} differ, ${allowed} NEWLY ALLOWED, ${dropped} not got to`,
  ]);
  if (shadow.differences.length === 0) return;
  const side = ({ decision, rule }: { decision: string; rule: string }) => `${decision} ${rule}`;
  printTable(
    ["KIND", "ENTRY", "AGENT", "TOOL", "IN FORCE", "IN SHADOW"],
    shadow.differences.map(({ kind, index, agent, tool, was, would }) => [
      kind === "newly_allowed" ? "NEWLY ALLOWED" : kind.replace("_", " "),
      index,
      agent,
      tool,
      side(was),
      side(would),
    ]),
  );
}
