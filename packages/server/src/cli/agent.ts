/** `countersign agent …`. */
import { type Command, Option } from "commander";
import { type Context, LOCAL, leaf, listOption, option, required, requiredList, runAdmin } from "./command.ts";
import { printLines, printTable } from "./terminal.ts";

type Agent = { id: string; ceiling: string[]; owner?: string; may_execute: boolean; retired: boolean };

export function addAgentCommands(program: Command): void {
  const agent = program.command("agent").description("Registered agents and what they may ever do.");
  const registration = [
    required("--id <id>", "The agent's name."),
    requiredList("--ceiling <capabilities>", "Capabilities it may ever use: a,b,c."),
    option("--owner <person>", "Who answers for it."),
    option("--purpose <text>", "What it is for."),
    listOption("--environments <names>", "Where it may act: a,b,c. Default: everywhere."),
    option("--may-execute", "Its own key may start what was allowed; else an executor must."),
  ];

  leaf(
    agent,
    {
      name: "register",
      summary: "Register an agent with its ceiling.",
      example: "agent register --data ./data --tenant acme --id files-agent --ceiling fs.read,fs.write",
      settings: LOCAL,
      options: registration,
    },
    (context) => register(context, "agent.register"),
  );
  leaf(
    agent,
    {
      name: "change",
      summary: "Replace an agent's registration, or retire it.",
      example: "agent change --data ./data --tenant acme --id files-agent --ceiling fs.read",
      settings: LOCAL,
      options: [...registration, new Option("--retired", "It may do nothing any more.")],
    },
    (context) => register(context, "agent.change"),
  );
  leaf(
    agent,
    { name: "list", summary: "Every agent.", example: "agent list --data ./data --tenant acme", settings: LOCAL },
    (context) =>
      runAdmin<Agent[]>(
        context,
        "agent.list",
        async (reach) => ({ tenant: await reach.tenant() }),
        (agents) =>
          printTable(
            ["AGENT", "CEILING", "OWNER", "MAY EXECUTE", "RETIRED"],
            agents.map(({ id, ceiling, owner, may_execute, retired }) => [
              id,
              ceiling.join(","),
              owner ?? "-",
              may_execute ? "yes" : "no",
              retired ? "yes" : "no",
            ]),
          ),
      ),
  );
}

function register(context: Context, operation: string): Promise<void> {
  const { id, ceiling, owner, purpose, environments, mayExecute, retired } = context.options;
  return runAdmin<{ id: string; event: string; changed: boolean }>(
    context,
    operation,
    async (reach) => ({
      tenant: await reach.tenant(),
      id,
      ceiling,
      may_execute: mayExecute === true,
      ...(owner === undefined ? {} : { owner }),
      ...(purpose === undefined ? {} : { purpose }),
      ...(environments === undefined ? {} : { environments }),
      ...(retired === undefined ? {} : { retired }),
    }),
    (answer) =>
      printLines([`agent ${answer.id} ${answer.changed ? "recorded by" : "unchanged since"} ${answer.event}`]),
  );
}
