/** `countersign approvals …`, `approve` and `reject`. The approver reads the request's own bytes and signs with their own key. */

import { parseApprovalRequest, parseVote, textDigest } from "@countersign/evidence/approval";
import { isDifferent, renderingDifference } from "@countersign/evidence/approval-difference";
import { CountersignError } from "@countersign/evidence/errors";
import { digestOf, utf8 } from "@countersign/evidence/hash";
import { formatDiff } from "@countersign/evidence/line-diff";
import type { AnswerOf } from "@countersign/evidence/wire";
import type { Command } from "commander";
import { ANYWHERE, type Context, leaf, option, required } from "./command.ts";
import { type Reach, withReach } from "./reach.ts";
import { textsOf } from "./run.ts";
import { readSigningKey, type SigningKey } from "./signing-key.ts";
import { printJson, printLines, printTable, printText } from "./terminal.ts";

export function addApprovalCommands(program: Command): void {
  const approvals = program.command("approvals").description("Requests that wait for people, and those decided.");

  leaf(
    approvals,
    {
      name: "list",
      summary: "Approval requests, newest first.",
      example: "approvals list --data ./data --tenant acme --state REQUESTED",
      settings: ANYWHERE,
      options: [
        option(
          "--state <state>",
          "REQUESTED, GRANTED, CONSUMED, REJECTED, EXPIRED, REVOKED, VOIDED, SUPERSEDED or CANCELLED.",
        ),
        option("--limit <n>", "How many. Default: 50."),
        option("--after <approval>", "Continue behind this one."),
      ],
    },
    async (context) => {
      // The server refuses a state there is not.
      const query = textsOf(context.options, ["state", "limit", "after"]) as { state?: "REQUESTED" };
      const answer = await withReach(context.config, context.env, (reach) => reach.call("listApprovals", { query }));
      if (context.json) return printJson(answer);
      printTable(
        ["APPROVAL", "STATE", "AGENT", "TOOL", "TARGET", "RULE", "EXPIRES"],
        answer.approvals.map((one) => [
          one.approval_id,
          one.state,
          one.agent,
          one.action.tool,
          one.action.target.resource,
          one.matched_rule,
          one.expires_at,
        ]),
        "no such requests",
      );
    },
  );

  leaf(
    approvals,
    {
      name: "show",
      summary: "What is asked: the text people approve, and who may.",
      example: "approvals show apr_01jqs0… --data ./data --tenant acme",
      settings: ANYWHERE,
    },
    async (context, id) => {
      const { answer, other } = await withReach(context.config, context.env, async (reach) => {
        const get = (approvalId: string) => reach.call("getApproval", { params: { approval_id: approvalId } });
        const answer = await get(id!); // commander asked for it
        const compared = answer.replaces ?? answer.last_used;
        return { answer, other: compared === undefined ? undefined : await readable(get(compared)) };
      });
      if (context.json) return printJson(answer);
      // The rendering was made for terminals: everything in it is visible.
      printText(answer.rendering);
      if (other !== undefined) printLines(differenceLines(other, answer));
      printLines([
        `state     ${answer.state}`,
        ...(answer.replaces === undefined ? [] : [`replaces  ${answer.replaces}; its votes do not count here`]),
        ...glassLines(answer),
        ...(answer.superseded_by === undefined ? [] : [`replaced  by ${answer.superseded_by}`]),
        ...(answer.missing.length === 0 ? [] : [`missing   ${answer.missing.join(", ")}`]),
        ...answer.votes.map((vote) => `vote      ${vote.person} ${vote.answer} ${vote.reason_code} at ${vote.at}`),
        `reasons   approve: ${answer.reasons.approve.join(", ")}; reject: ${answer.reasons.reject.join(", ")}`,
      ]);
    },
  ).argument("<approval>", "The approval's id.");

  leaf(
    approvals,
    {
      name: "revoke",
      summary: "Take back a request or an approval that has not been used.",
      example: "approvals revoke apr_01jqs0… --data ./data --tenant acme --as dana --reason CHANGE_WITHDRAWN",
      settings: ANYWHERE,
      options: [
        option("--reason <code>", "A reason code, UPPER_SNAKE. Default: APPROVAL_REVOKED."),
        option(
          "--as <person>",
          "An approver of it. Default: the machine's user as an admin; over --url the key says it.",
        ),
      ],
    },
    async (context, id) => {
      const { reason, as } = textsOf(context.options, ["reason", "as"]);
      const body = reason === undefined ? {} : { reason_code: reason };
      const parts = { params: { approval_id: id! }, body }; // commander asked for it
      const answer = await withReach(context.config, context.env, (reach) => reach.call("revokeApproval", parts, as));
      if (context.json) return printJson(answer);
      printLines([`revoked ${answer.approval_id}: ${answer.state}`]);
    },
  ).argument("<approval>", "The approval's id.");

  for (const [name, answer, summary, reason] of [
    ["approve", "approve", "Approve a request, signed with your key.", "CHANGE_REVIEWED"],
    ["reject", "reject", "Reject a request, signed with your key.", "RISK_TOO_HIGH"],
  ] as const) {
    leaf(
      program,
      {
        name,
        summary,
        example: `${name} apr_01jqs0… --data ./data --tenant acme --as dana --key dana.pem --reason ${reason}`,
        settings: ANYWHERE,
        options: [
          required("--key <file>", "Your private key: PKCS#8 PEM or OpenSSH, mode 0600."),
          required("--reason <code>", "A reason of the policy's catalogue; approvals show lists them."),
          option("--note <text>", "Free words beside the reason; kept sealed."),
          option("--as <person>", "Who you are, on the machine of the data directory. Over --url the API key says it."),
        ],
      },
      (context, id) => vote(context, id!, answer), // commander asked for it
    ).argument("<approval>", "The approval's id.");
  }
}

function glassLines({ break_glass: glass }: AnswerOf<"getApproval">): string[] {
  if (glass === undefined) return [];
  const { used, review, signed_by: first, incident } = glass;
  if (used !== undefined) {
    return [
      `glass     BROKEN by ${used.people.join(" and ")} for ${used.incident}; review ${review}, due ${used.review_due}`,
    ];
  }
  return [
    first === undefined
      ? `glass     two people may break it, for ${glass.lasts_ms / 60_000} min`
      : `glass     ${first} signed for ${incident}; a second person must`,
  ];
}

/** What to compare with may be gone, because its arguments were erased: then there is no comparison. */
async function readable(asked: Promise<AnswerOf<"getApproval">>): Promise<AnswerOf<"getApproval"> | undefined> {
  return asked.catch((cause: unknown) => {
    if (cause instanceof CountersignError && cause.status < 500) return undefined;
    throw cause;
  });
}

function differenceLines(before: AnswerOf<"getApproval">, after: AnswerOf<"getApproval">): string[] {
  const lines = renderingDifference(before.rendering, after.rendering);
  const which = after.replaces === before.approval_id ? "the request it replaces" : "the last one used";
  if (!isDifferent(lines)) return [`Asks the same as ${which}, ${before.approval_id}.`, ""];
  return [`CHANGED since ${which}, ${before.approval_id}:`, ...formatDiff(lines, 0), ""];
}

async function vote(context: Context, approvalId: string, answer: "approve" | "reject"): Promise<void> {
  const { config, env, json } = context;
  const { key: keyFile, reason, note, as } = textsOf(context.options, ["key", "reason", "note", "as"]);
  const key = readSigningKey(keyFile!); // commander asked for both
  if (config.url === undefined && as === undefined) {
    throw new CountersignError("usage", { detail: "Say who you are with --as, or vote over --url with your API key." });
  }
  const result = await withReach(config, env, (reach) => {
    const ballot = { approvalId, answer, reason: reason!, note, as };
    return castBallot(reach, key, ballot, (shown) => {
      if (!json) printText(shown);
    });
  });
  if (json) printJson(result);
  else printLines([`${answer === "approve" ? "approved" : "rejected"} ${approvalId}: ${result.state}`]);
}

type Ballot = {
  readonly approvalId: string;
  readonly answer: "approve" | "reject";
  readonly reason: string;
  readonly note: string | undefined;
  readonly as: string | undefined;
};

/** Looks at the request, has the vote's text made, checks that it says what is meant, signs it, casts it. */
async function castBallot(
  reach: Reach,
  key: SigningKey,
  { approvalId, answer, reason, note, as }: Ballot,
  show: (rendering: string) => void,
): Promise<AnswerOf<"castVote">> {
  const detail = await reach.call("getApproval", { params: { approval_id: approvalId } }, as);
  refuseOtherRequest(detail, approvalId);
  show(detail.rendering);
  const prepared = await reach.call(
    "prepareVote",
    {
      params: { approval_id: approvalId },
      body: {
        answer,
        reason_code: reason,
        kid: key.kid,
        rendering_digest: detail.rendering_digest,
        ...(note === undefined ? {} : { note }),
      },
    },
    as,
  );
  refuseOtherVote(prepared, detail, { answer, reason, kid: key.kid });
  const params = { approval_id: approvalId, vote_id: prepared.vote_id };
  const body = { signature: key.sign(prepared.digest), method: key.method };
  return reach.call("castVote", { params, body }, as);
}

/** A server that shows one request and has another signed is caught here, on the approver's machine. */
export function refuseOtherRequest(detail: AnswerOf<"getApproval">, approvalId: string): void {
  const request = parseApprovalRequest(detail.request_text);
  const same =
    request?.approval_id === approvalId &&
    textDigest(detail.request_text) === detail.request_digest &&
    digestOf(utf8(detail.rendering)) === detail.rendering_digest;
  if (!same) {
    throw new CountersignError("vote-mismatch", {
      detail: "What the server shows is not the request it names; nothing was signed.",
    });
  }
}

function refuseOtherVote(
  prepared: AnswerOf<"prepareVote">,
  detail: AnswerOf<"getApproval">,
  meant: { readonly answer: string; readonly reason: string; readonly kid: string },
): void {
  const text = parseVote(prepared.text);
  const same =
    textDigest(prepared.text) === prepared.digest &&
    text?.approval_id === detail.approval_id &&
    text.request_digest === detail.request_digest &&
    text.rendering === detail.rendering_digest &&
    text.answer === meant.answer &&
    text.reason_code === meant.reason &&
    text.kid === meant.kid;
  if (!same) {
    throw new CountersignError("vote-mismatch", {
      detail: "The text to sign says something else; nothing was signed.",
    });
  }
}
