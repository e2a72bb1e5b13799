/** `countersign`: the operator's tool. One file for each noun; this one puts them together and ends the process well. */
import { CountersignError } from "@countersign/evidence/errors";
import { Command, CommanderError } from "commander";
import { VERSION } from "../version.ts";
import { addAgentCommands } from "./agent.ts";
import { addApprovalCommands } from "./approval.ts";
import { addApproverCommands } from "./approver.ts";
import { addBreakGlassCommands } from "./break-glass.ts";
import { addConfigCommands } from "./config.ts";
import { addCredentialCommands } from "./credential.ts";
import { addDelegateCommands } from "./delegate.ts";
import { addDoctorCommand } from "./doctor.ts";
import { addEventCommand } from "./event.ts";
import { addExportCommand } from "./export.ts";
import { addFreezeCommands } from "./freeze.ts";
import { addFsckCommand } from "./fsck.ts";
import { addKeysCommands } from "./keys.ts";
import { addNotificationCommands } from "./notification.ts";
import { addPersonCommands } from "./person.ts";
import { addPolicyCommands } from "./policy.ts";
import { addReexecuteCommand } from "./reexecute.ts";
import { addRunCommands } from "./run.ts";
import { addServeCommand } from "./serve.ts";
import { addTenantCommands } from "./tenant.ts";
import { exitCodeOf, printRefusal } from "./terminal.ts";
import { addVerifyCommand } from "./verify.ts";

/**
 * Runs one command.
 *
 * @param args what stands behind `countersign`
 * @returns exit code: 0 done, 1 the answer is no, 2 the words or files given cannot be used
 */
export async function main(args: readonly string[]): Promise<number> {
  // A reader that has seen enough (`| head`) is no failure of ours.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(process.exitCode ?? 0);
      throw error;
    });
  }
  const program = build();
  process.exitCode = 0;
  try {
    await program.parseAsync([...args], { from: "user" });
    return Number(process.exitCode);
  } catch (error) {
    const json = args.includes("--json");
    if (!(error instanceof CommanderError)) {
      printRefusal(error, json, args);
      return exitCodeOf(error);
    }
    // Help and version are answers; everything else commander throws is about the words.
    if (error.exitCode === 0) return 0;
    if (error.code !== "commander.help") {
      const sentence = error.message.replace(/^error: /, "").replaceAll("\n", " ");
      const words = sentence.replace(/^[a-z]/, (letter) => letter.toUpperCase());
      printRefusal(new CountersignError("usage", { detail: words.endsWith(".") ? words : `${words}.` }), json);
    }
    return 2;
  }
}

function build(): Command {
  const program = new Command("countersign")
    .description("Gates what AI agents do and keeps evidence that an outsider can check offline.")
    .version(VERSION, "--version", "Show the version.")
    .helpOption("--help", "Show this help.")
    // Of `policy`, whose words are long, a narrow column is left for what they do; it wraps all the same.
    .configureHelp({ minWidthToWrap: 20 })
    .addHelpText("after", "\nExample:\n  countersign serve --data ./data --port 7070");
  // Said once, in printRefusal, instead of by commander.
  program.exitOverride().configureOutput({ outputError: () => {} });
  addServeCommand(program);
  addTenantCommands(program);
  addAgentCommands(program);
  addCredentialCommands(program);
  addApproverCommands(program);
  addPersonCommands(program);
  addPolicyCommands(program);
  addApprovalCommands(program);
  addBreakGlassCommands(program);
  addNotificationCommands(program);
  addFreezeCommands(program);
  addRunCommands(program);
  addEventCommand(program);
  addReexecuteCommand(program);
  addExportCommand(program);
  addVerifyCommand(program);
  addFsckCommand(program);
  addKeysCommands(program);
  addConfigCommands(program);
  addDoctorCommand(program);
  addDelegateCommands(program);
  for (const group of program.commands) {
    const [first] = group.commands;
    if (first !== undefined)
      group.addHelpText("after", `\nExample:\n  countersign ${group.name()} ${first.name()} --help`);
  }
  return program;
}
