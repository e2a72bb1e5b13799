/** `countersign event`. */
import type { AnswerOf } from "@countersign/evidence/wire";
import type { Command } from "commander";
import { ANYWHERE, leaf } from "./command.ts";
import { withReach } from "./reach.ts";
import { printJson } from "./terminal.ts";

export function addEventCommand(program: Command): void {
  leaf(
    program,
    {
      name: "event",
      summary: "One event: the exact entry the log holds. Its leaf hash is that of a zero byte and these bytes.",
      example: "event evt_01jqs0… --data ./data --tenant acme",
      settings: ANYWHERE,
    },
    async (context, eventId) => {
      const { config, env, json } = context;
      const answer = await withReach(
        config,
        env,
        async (reach) =>
          config.url === undefined
            ? ((await reach.admin("event.show", { event: eventId })) as AnswerOf<"getEvent">) // its documented answer
            : reach.call("getEvent", { params: { event_id: eventId! } }), // commander asked for it
      );
      if (json) return printJson(answer);
      printJson(JSON.parse(Buffer.from(answer.entry, "base64").toString()));
    },
  ).argument("<event>", "The event's id.");
}
