/** `countersign tenant …`. */
import type { Command } from "commander";
import { LOCAL, leaf, option, required, runAdmin } from "./command.ts";
import { printLines, printTable } from "./terminal.ts";

type Tenant = {
  id: string;
  kind: string;
  sealed: boolean;
  log: string;
  events: number;
  policy: string | null;
  observing: boolean;
};

export function addTenantCommands(program: Command): void {
  const tenant = program.command("tenant").description("Isolation boundaries; each owns one log.");
  const local = LOCAL.filter((name) => name !== "tenant");

  leaf(
    tenant,
    {
      name: "create",
      summary: "Open a tenant and its log.",
      example: "tenant create --data ./data --id acme --kind evaluation",
      settings: [...local, "hostName"],
      options: [
        required("--id <id>", "Lower-case letters, digits and hyphens."),
        required("--kind <kind>", "evaluation (one person may try everything, marked so) or production."),
        option("--display-name <text>", "A name for people."),
      ],
    },
    (context) => {
      const { id, kind, displayName } = context.options;
      const host = context.sources.hostName === "default" ? {} : { host: context.config.hostName };
      const input = { id, kind, ...host, ...(displayName === undefined ? {} : { display_name: displayName }) };
      return runAdmin<{ tenant: string; log: string; vkey: string }>(
        context,
        "tenant.create",
        () => input,
        (made) => printLines([`tenant ${made.tenant}`, `log ${made.log}`, `key ${made.vkey}`]),
      );
    },
  );

  leaf(
    tenant,
    { name: "list", summary: "Every tenant.", example: "tenant list --data ./data", settings: local },
    (context) =>
      runAdmin<Tenant[]>(
        context,
        "tenant.list",
        () => ({}),
        (tenants) =>
          printTable(
            ["TENANT", "KIND", "SEALED", "EVENTS", "POLICY", "LOG"],
            tenants.map(({ id, kind, sealed, events, policy, observing, log }) => [
              id,
              kind,
              sealed ? "yes" : "no",
              events,
              policy ?? (observing ? "none, OBSERVING" : "none"),
              log,
            ]),
          ),
      ),
  );

  leaf(
    tenant,
    {
      name: "observe",
      summary: "Until the first policy is published: record what agents do, and hold nothing back.",
      example: "tenant observe --data ./data --tenant acme",
      settings: LOCAL,
      options: [option("--stop", "Hold everything back again: without a policy all is denied.")],
    },
    (context) =>
      runAdmin<{ observing: boolean; changed: boolean }>(
        context,
        "tenant.observe",
        async (reach) => ({ tenant: await reach.tenant(), observing: context.options.stop !== true }),
        ({ observing, changed }) =>
          printLines([
            observing
              ? `OBSERVING${changed ? "" : " already"}: NOTHING IS ENFORCED until the first policy is published`
              : "not observing: without a policy everything is denied",
          ]),
      ),
  );

  leaf(
    tenant,
    {
      name: "seal",
      summary: "End a production tenant's beginning: from now on, what takes two people takes two.",
      example: "tenant seal --data ./data --tenant acme",
      settings: LOCAL,
    },
    (context) =>
      runAdmin<{ people: number }>(
        context,
        "tenant.seal",
        async (reach) => ({ tenant: await reach.tenant() }),
        ({ people }) => printLines([`sealed with ${people} people`]),
      ),
  );
}
