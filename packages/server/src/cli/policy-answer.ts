/** `countersign policy approve|reject|withdraw`: a person's word about a request to publish, by key or by signature. */
import { textDigest } from "@countersign/evidence/approval";
import { CountersignError } from "@countersign/evidence/errors";
import { formatPolicyAnswer } from "@countersign/evidence/policy-answer";
import type { BodyOf, PublicationStatusView } from "@countersign/evidence/wire";
import type { Command } from "commander";
import { readPolicyDirectory } from "../policy/directory.ts";
import { ANYWHERE, type Context, leaf, option } from "./command.ts";
import { digestOfFiles } from "./policy-compare.ts";
import { outcomeLines, requestLines } from "./policy-print.ts";
import { withReach } from "./reach.ts";
import { textsOf } from "./run.ts";
import { readSigningKey } from "./signing-key.ts";
import { printJson, printLines } from "./terminal.ts";

export function addPolicyAnswerCommands(policy: Command): void {
  for (const [answer, summary] of [
    ["approve", "Approve a request to publish, as another person than asked and brought it."],
    ["reject", "Reject a request to publish."],
    ["withdraw", "Take back your own request to publish."],
  ] as const) {
    leaf(
      policy,
      {
        name: answer,
        summary,
        example: `policy ${answer} evt_01jqs0… ${answer === "withdraw" ? "" : "--key dana.pem "}--data ./data --tenant acme`,
        settings: ANYWHERE,
        options: [
          ...(answer === "withdraw"
            ? []
            : [
                option(
                  "--key <file>",
                  "Sign with your private key: PKCS#8 PEM or OpenSSH, mode 0600. Over --url the API key may speak for you.",
                ),
                option("--expect <dir|digest>", "What you mean to be asked about; anything else is not answered."),
              ]),
          option("--reason <code>", "A reason code."),
        ],
      },
      (context, request) => answerRequest(context, request!, answer), // commander asked for it
    ).argument("<request>", "The request's id (evt_…), as policy publish printed it.");
  }
}

async function answerRequest(context: Context, request: string, answer: BodyOf<"answerPublication">["answer"]) {
  const { config, env, options, json } = context;
  const { key, expect, reason } = textsOf(options, ["key", "expect", "reason"]);
  const signer = key === undefined ? undefined : readSigningKey(key);
  const params = { request_id: request };
  const made = await withReach(config, env, async (reach) => {
    const view = await reach.call("getPublication", { params });
    if (expect !== undefined) refuseOther(view, expect);
    if (!json) printLines(requestLines(view));
    const body: BodyOf<"answerPublication"> = {
      answer,
      ...(reason === undefined ? {} : { reason_code: reason }),
      ...(signer === undefined || answer === "withdraw"
        ? {}
        : { signed: signAnswer(view, answer, signer, tenantIn(view.log)) }),
    };
    return { answer, ...(await reach.call("answerPublication", { params, body })) };
  });
  if (json) return printJson(made);
  if (answer !== "approve") printLines([`${answer === "reject" ? "rejected" : "withdrawn"}: ${request}`]);
  else printLines(outcomeLines({ ...made, changed: true }));
}

/** What the server shows is what is signed: digest, what it replaces, what it was compared with. */
function signAnswer(
  view: PublicationStatusView,
  answer: "approve" | "reject",
  signer: ReturnType<typeof readSigningKey>,
  tenant: string,
): NonNullable<BodyOf<"answerPublication">["signed"]> {
  const { kid, method } = signer;
  const person = view.eligible.find(({ kids }) => kids.includes(kid))?.person;
  if (person === undefined) {
    throw new CountersignError("approver-not-eligible", {
      detail: `Key ${kid} is of nobody who may answer: a policy-admin with a live key who neither asked, brought it nor approved yet.`,
    });
  }
  const { log, request_id, digest, expected, rollback, impact_digest, now: at } = view;
  const about = { log, tenant, request: request_id, digest, expected, rollback, impact_digest };
  const text = formatPolicyAnswer({ ...about, answer, person, kid, at });
  return { text, method, kid, signature: signer.sign(textDigest(text)) };
}

/** `<host>/<tenant>/<epoch>`. */
function tenantIn(log: string): string {
  return log.split("/")[1] ?? "";
}

function refuseOther(view: PublicationStatusView, expect: string): void {
  const meant = expect.startsWith("sha256:") ? expect : digestOfFiles(readPolicyDirectory(expect));
  if (view.digest === meant) return;
  throw new CountersignError("vote-mismatch", {
    detail: `It is about ${view.digest}, not ${meant}; nothing was answered. What waits: countersign policy history.`,
  });
}
