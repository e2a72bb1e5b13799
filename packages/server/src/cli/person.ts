/** `countersign person …`. */
import type { Command } from "commander";
import { LOCAL, leaf, listOption, option, required, runAdmin } from "./command.ts";
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

  leaf(
    person,
    {
      name: "link",
      summary: "A one-time link with which somebody sets up a passkey; it is shown this once.",
      example: "person link dana@example.com --data ./data --tenant acme --role approver --votes-as oncall_sre",
      settings: LOCAL,
      options: [
        listOption("--role <role>", "approver, auditor, policy-admin, records, operator or admin. Default: approver."),
        listOption("--votes-as <role>", "A role of the policy's catalogue."),
      ],
    },
    (context, id) => {
      const { role: names, votesAs } = context.options;
      return runAdmin<{ url: string; person: string; expires_at: string }>(
        context,
        "person.link",
        async (reach) => ({
          tenant: await reach.tenant(),
          person: id,
          ...(names === undefined ? {} : { roles: names }),
          ...(votesAs === undefined ? {} : { approver_roles: votesAs }),
        }),
        ({ url, expires_at: until }) => printLines([url, `good once, until ${until}`]),
      );
    },
  ).argument("<person>", "The person, as your directory knows them, or their alias.");

  leaf(
    person,
    {
      name: "identity",
      summary: "Say who somebody is at the identity provider, so that they can sign in there.",
      example:
        "person identity dana@example.com --data ./data --tenant acme --issuer https://id.example.com --subject 248289761001",
      settings: LOCAL,
      options: [
        required("--issuer <url>", "The provider's issuer."),
        required("--subject <sub>", "What the provider calls the person: the claim sub."),
      ],
    },
    (context, id) =>
      runAdmin<{ person: string; changed: boolean }>(
        context,
        "person.identity",
        async (reach) => ({
          tenant: await reach.tenant(),
          person: id,
          issuer: context.options.issuer,
          subject: context.options.subject,
        }),
        ({ person: alias, changed }) => printLines([`${alias}: ${changed ? "linked" : "was linked"}`]),
      ),
  ).argument("<person>", "The person, as your directory knows them, or their alias.");

  leaf(
    person,
    {
      name: "sign-out",
      summary: "End all sessions of somebody.",
      example: "person sign-out dana@example.com --data ./data --tenant acme",
      settings: LOCAL,
    },
    (context, id) =>
      runAdmin<{ closed: number }>(
        context,
        "person.sign-out",
        async (reach) => ({ tenant: await reach.tenant(), person: id }),
        ({ closed }) => printLines([`${closed} ended`]),
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
          (answer) =>
            printLines([
              `${answer.person} ${answer.changed ? "" : "unchanged: "}${answer.role} ${verb === "grant" ? "granted" : "revoked"}`,
            ]),
        );
      },
    ).argument("<person>", "The person, as your directory knows them, or their alias.");
  }
}
