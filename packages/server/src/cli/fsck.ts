/** `countersign fsck`. */
import { join } from "node:path";
import type { Command } from "commander";
import { settleDirectories } from "../instance.ts";
import { openPayloadFiles } from "../payloads/files.ts";
import { leaf } from "./command.ts";
import { inSnakeCase, printJson, printLines, progress } from "./terminal.ts";

export function addFsckCommand(program: Command): void {
  leaf(
    program,
    {
      name: "fsck",
      summary: "Derive everything in a data directory anew from its entries and compare. Exit 1 on any finding.",
      example: "fsck --data ./data",
      settings: ["data"],
    },
    async ({ config, env, json }) => {
      const { dataDir } = settleDirectories(
        { data: config.data, signerDir: undefined, sealDir: undefined },
        env,
        "look",
      );
      progress(`checking ${dataDir}`);
      const [{ projections, tables }, { fsck }] = await Promise.all([import("../app.ts"), import("../ledger/fsck.ts")]);
      const files = openPayloadFiles(join(dataDir, "payloads"), { purpose: "look" });
      const report = await fsck(dataDir, { tables, projections, hasPayload: files.isSound });
      if (json) printJson(inSnakeCase(report));
      else {
        const { counts, findings, findingCount } = report;
        printLines([
          ...findings.map(
            ({ code, detail, index }) => `${code}${index === undefined ? "" : ` at ${index}`}: ${detail}`,
          ),
          ...(findingCount > findings.length ? [`and ${findingCount - findings.length} more`] : []),
          `${counts.entries} entries, ${counts.runs} runs, ${counts.rows} rows: ${findingCount === 0 ? "clean" : `${findingCount} findings`}`,
        ]);
      }
      return report.findingCount === 0 ? 0 : 1;
    },
  );
}
