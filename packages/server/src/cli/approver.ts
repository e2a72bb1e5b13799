/** `countersign approver …`. */
import { readFileSync } from "node:fs";
import { CountersignError } from "@countersign/evidence/errors";
import type { Command } from "commander";
import { LOCAL, leaf, option, required, requiredList, runAdmin } from "./command.ts";
import { ENDING, endingOf } from "./ending.ts";
import { printLines } from "./terminal.ts";

export function addApproverCommands(program: Command): void {
  const approver = program.command("approver").description("People who vote, and the keys they sign with.");
  leaf(
    approver,
    {
      name: "enroll",
      summary: "Enrol an approver's public key and grant approver roles.",
      example: "approver enroll --data ./data --tenant acme --id dana --roles reviewer --public-key dana.pub.pem",
      settings: LOCAL,
      options: [
        required("--id <id>", "The person, as your directory knows them."),
        requiredList("--roles <roles>", "Roles of the policy's catalogue they vote in: a,b,c."),
        required("--public-key <file>", "Ed25519: SPKI PEM, an OpenSSH public key, or base64url of 32 bytes."),
        option(
          "--approved-by <person>",
          "Who else confirmed that the key is theirs. A sealed production tenant needs it.",
        ),
      ],
    },
    (context) => {
      const { id, roles, publicKey, approvedBy } = context.options;
      const confirmed = approvedBy === undefined ? {} : { approved_by: approvedBy };
      const input = { id, roles, public_key: readText(String(publicKey)), ...confirmed };
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

  leaf(
    approver,
    {
      name: "revoke",
      summary:
        "End an approver's key. With --compromised-since, votes made since are in doubt and open approvals void.",
      example: "approver revoke SHA256:6jVf… --data ./data --tenant acme --id dana --reason STOLEN",
      settings: LOCAL,
      options: [required("--id <id>", "The person whose key it is."), ...ENDING],
    },
    (context, kid) =>
      runAdmin<{ kid: string; event: string | null }>(
        context,
        "approver.revoke",
        async (reach) => ({ tenant: await reach.tenant(), id: context.options.id, kid, ...endingOf(context) }),
        (answer) =>
          printLines([
            answer.event === null ? `${answer.kid} was revoked before` : `${answer.kid} revoked by ${answer.event}`,
          ]),
      ),
  ).argument("<kid>", "The key's id; person list --json shows them.");
}

/** A small text file. @throws CountersignError cannot-read */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new CountersignError("cannot-read", { cause, detail: `${path} cannot be read.` });
  }
}
