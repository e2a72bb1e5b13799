/** `countersign person …`. */
import type { Command } from "commander";
import { LOCAL, leaf, option, runAdmin } from "./command.ts";
import { endingOf, REASON } from "./ending.ts";
import { printLines, printTable } from "./terminal.ts";

type Person = {
  alias: string;
  id: string | null;
  live: boolean;
  roles: string[];
  approver_roles: string[];
  keys: { kid: string; method: string; revoked: boolean }[];
};

export function addPersonCommands(program: Command): void {
  const person = program.command("person").description("People, by the alias events know them by.");
  leaf(
    person,
    {
      name: "list",
      summary: "Everybody, with names as far as they are not erased.",
      example: "person list --data ./data --tenant acme",
      settings: LOCAL,
    },
    (context) =>
      runAdmin<Person[]>(
        context,
        "person.list",
        async (reach) => ({ tenant: await reach.tenant() }),
        (people) =>
          printTable(
            ["ALIAS", "PERSON", "ROLES", "APPROVER ROLES", "KEYS"],
            people.map(({ alias, id, live, roles, approver_roles, keys }) => [
              alias,
              id ?? "(erased)",
              live ? roles.join(",") || "-" : "(removed)",
              approver_roles.join(",") || "-",
              keys.filter((key) => !key.revoked).length,
            ]),
          ),
      ),
  );

  leaf(
    person,
    {
      name: "remove",
      summary: "Remove somebody: their roles, credentials and keys end. What they did stays under their alias.",
      example: "person remove dana --data ./data --tenant acme --reason LEFT",
      settings: LOCAL,
      options: [REASON],
    },
    (context, id) =>
      runAdmin<{ person: string; event: string; credentials: number; keys: number }>(
        context,
        "person.remove",
        async (reach) => ({ tenant: await reach.tenant(), id, ...endingOf(context) }),
        ({ person: alias, event, credentials, keys }) =>
          printLines([`${alias} removed by ${event}; ${credentials} credentials and ${keys} keys ended`]),
      ),
  ).argument("<person>", "The person, as your directory knows them, or their alias.");

  const role = program.command("role").description("What people may do.");
  for (const verb of ["grant", "revoke"] as const) {
    leaf(
      role,
      {
        name: verb,
        summary:
          verb === "grant"
            ? "Give a person a role, or an approver role of the policy's catalogue."
            : "Take a role away; the person's credentials of that role end with it.",
        example: `role ${verb} dana --data ./data --tenant acme --approver-role oncall_sre`,
        settings: LOCAL,
        options: [
          option("--role <role>", "approver, auditor, policy-admin, records, operator or admin."),
          option("--approver-role <role>", "A role of the policy's catalogue."),
          ...(verb === "revoke" ? [REASON] : []),
        ],
      },
      (context, id) => {
        const { role: name, approverRole } = context.options;
        const input = {
          id,
          ...(name === undefined ? {} : { role: name }),
          ...(approverRole === undefined ? {} : { approver_role: approverRole }),
          ...endingOf(context),
        };
        return runAdmin<{ person: string; role: string; changed: boolean }>(
          context,
          `role.${verb}`,
          async (reach) => ({ tenant: await reach.tenant(), ...input }),
          (answer) => printLines([`${answer.person} ${answer.role}: ${answer.changed ? "changed" : "unchanged"}`]),
        );
      },
    ).argument("<person>", "The person, as your directory knows them, or their alias.");
  }
}
