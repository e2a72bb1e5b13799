/** `countersign keys …`. */
import type { Command } from "commander";
import { LOCAL, leaf, runAdmin } from "./command.ts";
import { printLines } from "./terminal.ts";

type Key = { kid: string; purpose: string; alg: string; vkey?: string; retired_index?: number; revoked?: object };
type Shown = { tenant: string; log: string; size: number; keys: Key[] };

export function addKeysCommands(program: Command): void {
  const keys = program.command("keys").description("Keys a log announces.");
  leaf(
    keys,
    {
      name: "show",
      summary:
        "The log's verifier keys, one a line: what `verify --key` takes. Hand it to auditors by another way than the pack.",
      example: "keys show --data ./data --tenant acme > log.vkey",
      settings: LOCAL,
    },
    (context) =>
      runAdmin<Shown>(
        context,
        "keys.show",
        async (reach) => ({ tenant: await reach.tenant() }),
        (shown) =>
          printLines(
            shown.keys.flatMap(({ purpose, vkey, revoked }) =>
              purpose === "checkpoint" && vkey !== undefined && revoked === undefined ? [vkey] : [],
            ),
          ),
      ),
  );
}
