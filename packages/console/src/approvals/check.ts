/**
 * What this page checks by itself before anybody decides, and before anything is signed: that the text, what is shown of
 * it and their digests are one and the same, and that the vote it signs is the vote that was chosen. It is this server's
 * own page, so it proves nothing against the server; it keeps the page and the person honest with each other.
 */
import {
  type ApprovalRequest,
  differingMember,
  parseApprovalRequest,
  parseVote,
  textDigest,
} from "@countersign/evidence/approval";
import { parseHex } from "@countersign/evidence/hash";
import { renderApproval } from "@countersign/evidence/rendering";
import type { AnswerOf, BodyOf } from "@countersign/evidence/wire";
import { partsOfRendering, type RenderingParts } from "./rendering-parts.ts";

export type Checked =
  | { readonly ok: true; readonly request: ApprovalRequest; readonly parts: RenderingParts }
  | { readonly ok: false; readonly why: string };

/** Whether an approval is what its texts and digests say. */
export function checkDetail(detail: AnswerOf<"getApproval">, tenant: string): Checked {
  const refuse = (why: string): Checked => ({ ok: false, why });
  if (textDigest(detail.request_text) !== detail.request_digest)
    return refuse("The request's digest is not of its text.");
  if (textDigest(detail.rendering) !== detail.rendering_digest) {
    return refuse("The digest of what is shown is not of what is shown.");
  }
  const request = parseApprovalRequest(detail.request_text);
  if (request === undefined) return refuse("The request's text is not the canonical text of a request.");
  const differing = differingMember(request, {
    tenant,
    approval_id: detail.approval_id,
    run_id: detail.run_id,
    action_id: detail.action_id,
    action: detail.action,
    requested_by: detail.agent,
    expires_at: detail.expires_at,
  });
  if (differing !== undefined) return refuse(`The request's text says another ${differing} than the list.`);
  const parts = partsOfRendering(detail.rendering);
  // Without the arguments the same fields come out, and what differs then is only what is about the arguments.
  const expected = partsOfRendering(renderApproval(request, undefined));
  if (parts === undefined || expected === undefined || !sameFields(parts, expected)) {
    return refuse("What is shown is not made from the request's text.");
  }
  return { ok: true, request, parts };
}

function sameFields(a: RenderingParts, b: RenderingParts): boolean {
  return JSON.stringify(a.fields) === JSON.stringify(b.fields);
}

/** A vote as it was chosen on the page. */
export type ChosenVote = {
  readonly detail: AnswerOf<"getApproval">;
  readonly tenant: string;
  readonly person: string;
  readonly body: BodyOf<"prepareVote">;
};

/**
 * The 32 bytes to sign for a prepared vote: computed here, from the text.
 *
 * @returns one sentence why nothing is to be signed, when the text is not the vote that was chosen
 */
export function bytesToSign(
  prepared: AnswerOf<"prepareVote">,
  { detail, tenant, person, body }: ChosenVote,
): Uint8Array | string {
  const vote = parseVote(prepared.text);
  if (vote === undefined) return "The server's text is not the canonical text of a vote.";
  const differing = differingMember(vote, {
    tenant,
    person,
    approval_id: detail.approval_id,
    request_digest: textDigest(detail.request_text),
    rendering: textDigest(detail.rendering),
    answer: body.answer,
    reason_code: body.reason_code,
    kid: body.kid,
  });
  if (differing !== undefined) return `The server's text says another ${differing} than was chosen.`;
  if ((vote.note_commit === null) !== (body.note === undefined)) return "The server's text treats the note otherwise.";
  const digest = textDigest(prepared.text);
  if (digest !== prepared.digest) return "The server's digest is not of its text.";
  return parseHex(digest.slice("sha256:".length));
}

/** Whether two steps are wanted: for what is high or critical, and for what nobody graded. */
export function wantsTwoSteps(severity: AnswerOf<"getApproval">["severity"]): boolean {
  return severity !== "low" && severity !== "medium";
}

/** `CHANGE_REVIEWED` as `Change reviewed`. */
export function wordsOf(code: string): string {
  const words = code.toLowerCase().replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
