/** `countersign config …`. */
import type { Command } from "commander";
import { describeConfig, type SettingName, settings } from "../base/config.ts";
import { settleDirectories } from "../instance.ts";
import { leaf } from "./command.ts";
import { inSnakeCase, printJson, printTable } from "./terminal.ts";

export function addConfigCommands(program: Command): void {
  const config = program.command("config").description("Settings and where they come from.");
  leaf(
    config,
    {
      name: "print",
      summary: "Every setting in force, its source, and its flag and variable; secrets hidden.",
      example: "config print --data ./data",
      settings: Object.keys(settings) as SettingName[], // the table's keys are its names
    },
    (context) => {
      const rows = describeConfig(context.config, context.sources);
      const { data, signerDir, sealDir } = context.config;
      const directories = settleDirectories({ data, signerDir, sealDir }, context.env, "look");
      if (context.json) printJson({ settings: rows, directories: inSnakeCase(directories) });
      else {
        printTable(
          ["SETTING", "VALUE", "FROM", "FLAG", "VARIABLE"],
          rows.map(({ name, value, source, flag, env }) => [name, value ?? "-", source, flag, env]),
        );
        printTable(["DIRECTORY", "PATH"], Object.entries(directories));
      }
    },
  );
}
