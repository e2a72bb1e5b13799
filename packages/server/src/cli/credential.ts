/** `countersign credential …`. */
import type { Command } from "commander";
import { LOCAL, leaf, option, required, runAdmin } from "./command.ts";
import { ENDING, endingOf } from "./ending.ts";
import { printLines, printTable, printText } from "./terminal.ts";

type Credential = {
  id: string;
  role: string;
  holder: { kind: string; id: string };
  name: string | null;
  expires: string | null;
  revoked: string | null;
};

export function addCredentialCommands(program: Command): void {
  const credential = program.command("credential").description("API keys: who holds which role.");

  leaf(
    credential,
    {
      name: "create",
      summary: "Issue a key. It is shown this once.",
      example: "credential create --data ./data --tenant acme --role agent --id files-agent --json",
      settings: LOCAL,
      options: [
        required("--role <role>", "agent, executor, approver, auditor, policy-admin, records, operator or admin."),
        required("--id <id>", "Who holds it: the agent, executor or person."),
        option("--expires <time>", "When it ends: 2027-01-01T00:00:00.000Z. Default: never."),
        option("--service", "The holder is a program, not a person (not for approvers)."),
      ],
    },
    (context) => {
      const { role, id, expires, service } = context.options;
      return runAdmin<{ id: string; key: string }>(
        context,
        "credential.create",
        async (reach) => ({
          tenant: await reach.tenant(),
          role,
          id,
          ...(expires === undefined ? {} : { expires }),
          ...(service === undefined ? {} : { service }),
        }),
        (made) => printText(made.key),
      );
    },
  );

  leaf(
    credential,
    {
      name: "revoke",
      summary: "End a key at once.",
      example: "credential revoke key_01jqs0… --data ./data --tenant acme --reason LEFT",
      settings: LOCAL,
      options: ENDING,
    },
    (context, id) => {
      const input = { id, ...endingOf(context) };
      return runAdmin<{ id: string; event: string | null }>(
        context,
        "credential.revoke",
        async (reach) => ({ tenant: await reach.tenant(), ...input }),
        (answer) =>
          printLines([
            answer.event === null ? `${answer.id} was revoked before` : `${answer.id} revoked by ${answer.event}`,
          ]),
      );
    },
  ).argument("<id>", "The credential's id.");

  leaf(
    credential,
    {
      name: "rotate",
      summary: "Issue a key's successor and print it, once. The old one goes on until you revoke it.",
      example: "credential rotate key_01jqs0… --data ./data --tenant acme",
      settings: LOCAL,
      options: [option("--expires <time>", "When the new one ends: 2027-01-01T00:00:00.000Z. Default: never.")],
    },
    (context, id) => {
      const { expires } = context.options;
      const input = { id, ...(expires === undefined ? {} : { expires }) };
      return runAdmin<{ id: string; key: string }>(
        context,
        "credential.rotate",
        async (reach) => ({ tenant: await reach.tenant(), ...input }),
        (made) => printText(made.key),
      );
    },
  ).argument("<id>", "The id of the credential it replaces.");

  leaf(
    credential,
    {
      name: "list",
      summary: "Every key, without its secret.",
      example: "credential list --data ./data --tenant acme",
      settings: LOCAL,
    },
    (context) =>
      runAdmin<Credential[]>(
        context,
        "credential.list",
        async (reach) => ({ tenant: await reach.tenant() }),
        (all) =>
          printTable(
            ["CREDENTIAL", "ROLE", "HOLDER", "EXPIRES", "REVOKED"],
            all.map(({ id, role, holder, name, expires, revoked }) => [
              id,
              role,
              name ?? holder.id,
              expires ?? "never",
              revoked ?? "no",
            ]),
          ),
      ),
  );
}
