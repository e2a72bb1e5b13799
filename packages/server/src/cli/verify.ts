/** `countersign verify`: the auditor's tool under the operator's name. It is `countersign-verify`, which needs no server. */
import type { Command } from "commander";

export function addVerifyCommand(program: Command): void {
  program
    .command("verify")
    .description("Check a pack offline. The same as countersign-verify.")
    // Its words are the verifier's to understand, --help and --json too.
    .allowUnknownOption()
    .helpOption(false)
    .argument("[words...]")
    .action(async (words: readonly string[]) => {
      const { verifyCommand } = await import("@countersign/evidence/verify-command.node");
      process.exitCode = await verifyCommand(words);
    });
}
