/** `countersign fsck`. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { settleDirectories } from "../instance.ts";
import { openPayloadFiles } from "../payloads/files.ts";
import { openSealKeys, SEAL_KEYS_FILE } from "../payloads/seal-keys.ts";
import { sealOpener } from "../payloads/store.ts";
import { leaf } from "./command.ts";
import { inSnakeCase, printJson, printLines, progress } from "./terminal.ts";

export function addFsckCommand(program: Command): void {
  leaf(
    program,
    {
      name: "fsck",
      summary: "Derive everything in a data directory anew from its entries and compare. Exit 1 on any finding.",
      example: "fsck --data ./data",
      settings: ["data", "sealDir"],
    },
    async ({ config, env, json }) => {
      const { dataDir, sealDir } = settleDirectories(
        { data: config.data, signerDir: undefined, sealDir: config.sealDir },
        env,
        "look",
      );
      progress(`checking ${dataDir}`);
      const [{ projections, tables }, { fsck }] = await Promise.all([import("../app.ts"), import("../ledger/fsck.ts")]);
      const files = openPayloadFiles(join(dataDir, "payloads"), { purpose: "look" });
      // Without the seal keys what is sealed cannot be held against what the log commits to; everything else can.
      const keys = existsSync(join(sealDir, SEAL_KEYS_FILE)) ? openSealKeys(sealDir) : undefined;
      if (keys === undefined) progress(`no seal keys in ${sealDir}: sealed values are not compared`);
      const sources = {
        payload: files.sound,
        ...(keys === undefined ? {} : { openSealed: sealOpener(keys), lookupHash: keys.lookupHash }),
      };
      const report = await fsck(dataDir, { tables, projections, hasPayload: files.isSound, sources });
      keys?.close();
      if (json) printJson(inSnakeCase({ ...report, sealsOpened: keys !== undefined }));
      else {
        const { counts, findings, findingCount } = report;
        printLines([
          ...findings.map(
            ({ code, detail, index }) => `${code}${index === undefined ? "" : ` at ${index}`}: ${detail}`,
          ),
          ...(findingCount > findings.length ? [`and ${findingCount - findings.length} more`] : []),
          ...(report.notDerived.length === 0
            ? []
            : [`not compared, no entry tells of them: ${report.notDerived.join(", ")}`]),
          `${counts.entries} entries, ${counts.runs} runs, ${counts.rows} rows: ${findingCount === 0 ? "clean" : `${findingCount} findings`}`,
        ]);
      }
      return report.findingCount === 0 ? 0 : 1;
    },
  );
}
