/** `countersign notifications …`. */
import type { Command } from "commander";
import { LOCAL, leaf, option, runAdmin } from "./command.ts";
import { printTable } from "./terminal.ts";

type Notice = {
  id: string;
  approval: string;
  kind: string;
  channel: string;
  state: string;
  attempts: number;
  next: string | null;
  trouble: string | null;
};

export function addNotificationCommands(program: Command): void {
  const group = program.command("notifications").description("What approvers were told, and what could not be said.");
  leaf(
    group,
    {
      name: "list",
      summary: "Messages with their attempts; those that cannot be delivered say why.",
      example: "notifications list --data ./data --tenant acme --state undeliverable",
      settings: LOCAL,
      options: [option("--state <state>", "waiting, delivered, undeliverable or moot. Default: all.")],
    },
    (context) => {
      const { state } = context.options;
      return runAdmin<Notice[]>(
        context,
        "notifications.list",
        async (reach) => ({ tenant: await reach.tenant(), ...(state === undefined ? {} : { state }) }),
        (all) =>
          printTable(
            ["APPROVAL", "KIND", "CHANNEL", "STATE", "ATTEMPTS", "NEXT", "TROUBLE"],
            all.map((one) => [
              one.approval,
              one.kind,
              one.channel,
              one.state,
              one.attempts,
              one.next ?? "-",
              one.trouble ?? "-",
            ]),
            "no such messages; where they go is a setting: countersign config print",
          ),
      );
    },
  );
}
