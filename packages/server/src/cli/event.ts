/** `countersign event`. */
import type { Command } from "commander";
import { ANYWHERE, leaf } from "./command.ts";
import { withReach } from "./reach.ts";
import { printJson, printText } from "./terminal.ts";

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
      const params = { event_id: eventId! }; // commander asked for it
      const answer = await withReach(context.config, context.env, (reach) => reach.call("getEvent", { params }));
      if (context.json) return printJson(answer);
      // An entry holds no control characters outside \u escapes: canonical JSON has none.
      printText(JSON.stringify(JSON.parse(Buffer.from(answer.entry, "base64").toString()), null, 2));
    },
  ).argument("<event>", "The event's id.");
}
