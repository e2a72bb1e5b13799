/** `countersign runs` and `countersign timeline`. */
import { CountersignError } from "@countersign/evidence/errors";
import type { BodyOf } from "@countersign/evidence/wire";
import type { Command } from "commander";
import type { TimelineAnswer } from "../packs/timelines.ts";
import { ANYWHERE, leaf, option, readJsonFile } from "./command.ts";
import { withReach } from "./reach.ts";
import { printJson, printLines, printTable, printText } from "./terminal.ts";

export function addRunCommands(program: Command): void {
  leaf(
    program,
    {
      name: "runs",
      summary: "Runs, newest first.",
      example: "runs --data ./data --tenant acme --limit 20",
      settings: ANYWHERE,
      options: [
        option("--limit <n>", "How many. Default: 50."),
        option("--agent <id>", "Of this agent only."),
        option("--status <status>", "In this state only: open, closed, settled …"),
        option("--after <run>", "Continue behind this run."),
      ],
    },
    async (context) => {
      const query = textsOf(context.options, ["limit", "agent", "status", "after"]);
      const answer = await withReach(context.config, context.env, (reach) => reach.call("listRuns", { query }));
      if (context.json) return printJson(answer);
      printTable(
        ["RUN", "STATUS", "AGENT", "EVENTS", "ACTIONS", "STARTED"],
        answer.runs.map((run) => [run.run_id, run.status, run.agent, run.events, run.actions, run.started_at]),
        "no such runs; an agent starts one with its first call",
      );
    },
  );

  leaf(
    program,
    {
      name: "extend",
      summary: "Ask for another scope of a run with its agent's key; after the approval, use it.",
      example: "extend run_01jqs0… --scope scope.json --url http://127.0.0.1:7070",
      settings: ["url", "apiKey"],
      options: [
        option("--scope <file>", "The whole scope wanted, as JSON: capabilities, resources, budgets …"),
        option("--action <action>", "The approved wish to be used, as the first call named it."),
      ],
    },
    async ({ config, env, options, json }, runId) => {
      const { scope, action: actionId } = options;
      if ((scope === undefined) === (actionId === undefined)) {
        throw new CountersignError("usage", {
          detail: "Give --scope FILE to ask, or --action ACTION to use the approval.",
        });
      }
      const answer = await withReach(config, env, (reach) =>
        scope === undefined
          ? reach.call("useExtension", { params: { action_id: String(actionId) }, body: {} })
          : reach.call("extendRun", {
              params: { run_id: runId! }, // commander asked for it
              body: readJsonFile(String(scope)) as BodyOf<"extendRun">, // the server checks it
            }),
      );
      if (json) return printJson(answer);
      const { action, run } = answer;
      const waits = action?.phase === "waiting";
      printLines([
        waits
          ? `${action.approval?.approval_id} waits for people; then: countersign extend ${run.run_id} --action ${action.action_id}`
          : action !== undefined && action.phase !== "succeeded"
            ? `${action.action_id} is ${action.phase}${action.decision === undefined ? "" : ` (${action.decision.reason})`}`
            : `${run.run_id} has the scope ${JSON.stringify(run.scope)}`,
      ]);
    },
  ).argument("<run>", "The run's id.");

  leaf(
    program,
    {
      name: "timeline",
      summary: "Everything one run did, in order, with its gaps.",
      example: "timeline run_01jqs0… --data ./data --tenant acme",
      settings: ANYWHERE,
    },
    async (context, runId) => {
      const { config, env, json } = context;
      const answer = await withReach(
        config,
        env,
        (reach) =>
          config.url === undefined
            ? reach.admin("timeline.show", {
                run: runId,
                ...(config.tenant === undefined ? {} : { tenant: config.tenant }),
              })
            : reach.call("getTimeline", { params: { run_id: runId! } }), // commander asked for it
      );
      if (json) return printJson(answer);
      const { formatTimelineAnswer } = await import("../packs/timelines.ts");
      // It makes every text of the log harmless itself. wire.ts leaves the answer's shape to its module.
      printText(formatTimelineAnswer(answer as TimelineAnswer));
    },
  ).argument("<run>", "The run's id.");
}

/** The options that were given, as a query's texts. */
export function textsOf<const N extends string>(
  options: Readonly<Record<string, unknown>>,
  names: readonly N[],
): { [K in N]?: string } {
  const texts: { [K in N]?: string } = {};
  for (const name of names) if (options[name] !== undefined) texts[name] = String(options[name]);
  return texts;
}
