/** `countersign breakglass …`: two people let a waiting action go ahead in an incident; somebody else reviews it. */

import { textDigest } from "@countersign/evidence/approval";
import { parseBreakGlass } from "@countersign/evidence/break-glass";
import { CountersignError } from "@countersign/evidence/errors";
import type { Command } from "commander";
import { refuseOtherRequest } from "./approval.ts";
import { ANYWHERE, leaf, option, required } from "./command.ts";
import { withReach } from "./reach.ts";
import { textsOf } from "./run.ts";
import { readSigningKey } from "./signing-key.ts";
import { printJson, printLines, printText } from "./terminal.ts";

const AS = "Who you are, on the machine of the data directory. Over --url the API key says it.";

export function addBreakGlassCommands(program: Command): void {
  const glass = program.command("breakglass").description("In an incident, two people instead of those who are asked.");

  leaf(
    glass,
    {
      name: "sign",
      summary: "Sign that a waiting action may go ahead; it does when a second person has signed the same.",
      example:
        "breakglass sign apr_01jqs0… --tenant acme --as dana --key dana.pem --incident INC-7 --reason CHANGE_REVIEWED",
      settings: ANYWHERE,
      options: [
        required("--key <file>", "Your private key: PKCS#8 PEM or OpenSSH, mode 0600."),
        required("--incident <id>", "The incident it is for; both people name the same."),
        required("--reason <code>", "A reason to approve of the policy's catalogue."),
        option("--as <person>", AS),
      ],
    },
    async ({ config, env, json, options }, id) => {
      const { key: file, incident, reason, as } = textsOf(options, ["key", "incident", "reason", "as"]);
      const key = readSigningKey(file!); // commander asked for it
      if (config.url === undefined && as === undefined) {
        throw new CountersignError("usage", {
          detail: "Say who you are with --as, or sign over --url with your API key.",
        });
      }
      const params = { approval_id: id! }; // commander asked for it
      const answer = await withReach(config, env, async (reach) => {
        const detail = await reach.call("getApproval", { params }, as);
        refuseOtherRequest(detail, id!);
        if (!json) printText(detail.rendering);
        const rendering = detail.rendering_digest;
        // Commander asked for both.
        const body = { incident: incident!, reason_code: reason!, kid: key.kid, rendering_digest: rendering };
        const prepared = await reach.call("prepareBreakGlass", { params, body }, as);
        const said = parseBreakGlass(prepared.text);
        const same =
          textDigest(prepared.text) === prepared.digest &&
          said?.approval_id === id &&
          said?.request_digest === detail.request_digest &&
          said.rendering === rendering &&
          said.incident === incident &&
          said.reason_code === reason &&
          said.kid === key.kid;
        if (!same) {
          throw new CountersignError("vote-mismatch", {
            detail: "The text to sign says something else; nothing was signed.",
          });
        }
        const signed = { signature: key.sign(prepared.digest), method: key.method };
        return reach.call("signBreakGlass", { params: { ...params, vote_id: prepared.vote_id }, body: signed }, as);
      });
      if (json) return printJson(answer);
      const used = answer.break_glass?.used;
      printLines(
        used === undefined
          ? [`signed; a second person must sign for ${incident} within 15 minutes`]
          : [`the glass is broken: ${id} may be used until ${used.expires_at}; review it by ${used.review_due}`],
      );
    },
  ).argument("<approval>", "The approval's id.");

  leaf(
    glass,
    {
      name: "review",
      summary: "Say that you, who did not sign it, have looked at a use of break-glass.",
      example: "breakglass review apr_01jqs0… --tenant acme --as erin --verdict pass",
      settings: ANYWHERE,
      options: [required("--verdict <verdict>", "pass, partial or fail."), option("--as <person>", AS)],
    },
    async ({ config, env, json, options }, id) => {
      const { verdict, as } = textsOf(options, ["verdict", "as"]);
      const params = { approval_id: id! }; // commander asked for it
      // The server refuses a verdict there is not.
      const body = { verdict: verdict as "pass" };
      const answer = await withReach(config, env, (reach) => reach.call("reviewBreakGlass", { params, body }, as));
      if (json) printJson(answer);
      else printLines([`reviewed ${id}: ${verdict}`]);
    },
  ).argument("<approval>", "The approval's id.");
}
