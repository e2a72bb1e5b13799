/** `countersign approver …`. */
import { readFileSync } from "node:fs";
import { CountersignError } from "@countersign/evidence/errors";
import type { Command } from "commander";
import { LOCAL, leaf, listOption, required, runAdmin } from "./command.ts";
import { printLines } from "./terminal.ts";

export function addApproverCommands(program: Command): void {
  const approver = program.command("approver").description("People who vote, and the keys they sign with.");
  leaf(
    approver,
    {
      name: "enroll",
      summary: "Enrol an approver's public key and grant approver roles.",
      example: "approver enroll --data ./data --tenant acme --id dana --roles oncall_sre --public-key dana.pub.pem",
      settings: LOCAL,
      options: [
        required("--id <id>", "The person, as your directory knows them."),
        listOption("--roles <roles>", "Roles of the policy's catalogue they vote in: a,b,c.").makeOptionMandatory(),
        required("--public-key <file>", "Ed25519: SPKI PEM, an OpenSSH public key, or base64url of 32 bytes."),
      ],
    },
    (context) => {
      const { id, roles, publicKey } = context.options;
      const input = { id, roles, public_key: readText(String(publicKey)) };
      return runAdmin<{ person: string; kid: string; granted: string[]; enrolled: boolean }>(
        context,
        "approver.enroll",
        async (reach) => ({ tenant: await reach.tenant(), ...input }),
        ({ person, kid, granted, enrolled }) =>
          printLines([
            `person ${person}`,
            `key ${kid} ${enrolled ? "enrolled" : "was enrolled before"}`,
            `roles ${granted.length === 0 ? "unchanged" : `granted: ${granted.join(", ")}`}`,
          ]),
      );
    },
  );
}

/** A small text file. @throws CountersignError cannot-read */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new CountersignError("cannot-read", { cause, detail: `${path} cannot be read.` });
  }
}
