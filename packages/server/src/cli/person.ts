/** `countersign person …`. */
import type { Command } from "commander";
import { LOCAL, leaf, runAdmin } from "./command.ts";
import { printTable } from "./terminal.ts";

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
}
