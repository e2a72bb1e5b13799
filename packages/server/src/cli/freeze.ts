/** `countersign freeze`, `unfreeze`, `freezes`. */
import { CountersignError } from "@countersign/evidence/errors";
import type { BodyOf } from "@countersign/evidence/wire";
import type { Command } from "commander";
import { ANYWHERE, leaf, listOption, option, required } from "./command.ts";
import { withReach } from "./reach.ts";
import { printJson, printLines, printTable } from "./terminal.ts";

const kinds = ["agent", "capability", "target", "tenant"] as const;
const HOW = {
  agent: "Nothing more starts for one agent.",
  capability: "Nothing more starts with a capability or one below it.",
  target: "Nothing more starts on targets that fit a pattern.",
  tenant: "Nothing more starts in the whole tenant.",
} as const;

export function addFreezeCommands(program: Command): void {
  const freeze = program.command("freeze").description("Stop what may start: one person, at once. Lifting takes two.");
  for (const kind of kinds) {
    const isTenant = kind === "tenant";
    const about = {
      name: kind,
      summary: HOW[kind],
      example: `freeze ${kind}${isTenant ? "" : ` ${kind === "capability" ? "fs.write" : "files-agent"}`} --incident INC-7 --reason INCIDENT`,
      settings: ANYWHERE,
      options: [
        required("--incident <id>", "The incident it belongs to."),
        required("--reason <code>", "A reason code, like INCIDENT."),
      ],
    };
    const command = leaf(freeze, about, async ({ config, env, options, json }, ...words) => {
      const subject = isTenant ? {} : { subject: words[0] ?? "" };
      const body: BodyOf<"placeFreeze"> = {
        kind,
        ...subject,
        incident: String(options.incident),
        reason_code: String(options.reason),
      };
      const answer = await withReach(config, env, (reach) => reach.call("placeFreeze", { body }));
      if (json) return printJson(answer);
      printLines([`${answer.freeze_id} ${answer.placed ? "is in force" : "was in force already"}`]);
    });
    if (!isTenant) command.argument("<subject>");
  }

  leaf(
    program,
    {
      name: "unfreeze",
      summary: "Say that a freeze may go. In production two people must.",
      example: "unfreeze frz_01jqs0… --with dana,erin --reason RESOLVED",
      settings: ANYWHERE,
      options: [
        listOption("--with <people>", "Who agrees: a,b. Over --url, it is whom the key belongs to."),
        option("--reason <code>", "A reason code. Default: RESOLVED."),
      ],
    },
    async ({ config, env, options, json }, id) => {
      const reason = typeof options.reason === "string" ? options.reason : "RESOLVED";
      const people = Array.isArray(options.with) ? options.with.map(String) : [];
      if (config.url !== undefined && people.length > 0) {
        throw new CountersignError("usage", { detail: "Over --url each person lifts with a key of their own." });
      }
      const answer = await withReach(config, env, async (reach) => {
        if (config.url !== undefined) {
          return reach.call("liftFreeze", { params: { freeze_id: id }, body: { reason_code: reason } });
        }
        if (people.length === 0) {
          throw new CountersignError("usage", {
            detail: "Say who agrees: --with dana, in production --with dana,erin.",
          });
        }
        const input = { tenant: await reach.tenant(), id, people, reason };
        // Its documented answer.
        return (await reach.admin("freeze.lift", input)) as { freeze_id: string; lifted: boolean; people: string[] };
      });
      if (json) printJson(answer);
      else if (answer.lifted) printLines([`${answer.freeze_id} is lifted by ${answer.people.join(", ")}`]);
      else printLines([`${answer.freeze_id} stays in force until another person says the same within the hour`]);
      return answer.lifted ? 0 : 1;
    },
  ).argument("<id>");

  leaf(
    program,
    {
      name: "freezes",
      summary: "Freezes in force.",
      example: "freezes --data ./data --tenant acme",
      settings: ANYWHERE,
    },
    async ({ config, env, json }) => {
      const answer = await withReach(config, env, (reach) => reach.call("listFreezes", {}));
      if (json) return printJson(answer);
      printTable(
        ["FREEZE", "OF", "SUBJECT", "INCIDENT", "SINCE"],
        answer.freezes.map((one) => [one.freeze_id, one.kind, one.subject ?? "-", one.incident, one.placed_at]),
        "no freeze is in force",
      );
    },
  );
}
