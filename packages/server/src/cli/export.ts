/** `countersign export`. */
import { resolve } from "node:path";
import type { Command } from "commander";
import { LOCAL, leaf, option, required, runAdmin } from "./command.ts";
import { printLines, progress } from "./terminal.ts";

type Exported = {
  pack_id: string;
  out: string;
  as_of: number;
  proves: string;
  entries: number;
  manifest_digest: string;
};

export function addExportCommand(program: Command): void {
  leaf(
    program,
    {
      name: "export",
      summary: "Write a pack: evidence that verifies without this server.",
      example: "export --run run_01jqs0… --data ./data --tenant acme --out ./pack",
      settings: LOCAL,
      options: [
        option("--run <run>", "One run, with the control events it rests on."),
        option("--all", "The whole log."),
        option("--as-of <n>", "As the log was at this many entries. Default: now."),
        required("--out <dir>", "The folder to make."),
        option("--disclosure <level>", "What travels opened: none, committed or full. Default: full."),
        option("--purpose <text>", "Why; recorded in the log."),
        option("--recipient <text>", "For whom; recorded in the log."),
      ],
    },
    (context) => {
      const { run, all, asOf, out, disclosure, purpose, recipient } = context.options;
      const { tenant } = context.config;
      progress("exporting");
      const input = {
        out: resolve(String(out)),
        all: all === true,
        ...given({ tenant, run, disclosure, purpose, recipient }),
        ...(asOf === undefined ? {} : { as_of: /^\d{1,15}$/.test(String(asOf)) ? Number(asOf) : asOf }),
      };
      return runAdmin<Exported>(
        context,
        "pack.export",
        () => input,
        (made) =>
          printLines([
            `pack ${made.pack_id} in ${made.out}`,
            `${made.entries} entries as of ${made.as_of}, proves ${made.proves}`,
            `manifest ${made.manifest_digest}`,
          ]),
      );
    },
  );
}

/** The members that have a value. */
function given(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
