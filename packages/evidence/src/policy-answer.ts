/**
 * What a person signs when they answer a request to publish a policy, where no credential of their own speaks for them.
 * The text binds the answer to the request, to what would be in force and to what it was compared with.
 * Spec: spec/policy.md, "Publishing".
 */
import { canonicalText } from "./canonical.ts";
import type { ApproverKey, PublishRequest } from "./control.ts";
import type { EventOf } from "./event.ts";
import { type Fault, fault } from "./fault.ts";
import { utf8 } from "./hash.ts";
import { parseStrict } from "./strict-json.ts";
import { signedVote, type Verifiers } from "./vote-signature.ts";

const CONTEXT = "countersign/v1/policy-answer";

type Answered = EventOf<"policy.publish.answered">;

export type PolicyAnswer = {
  readonly log: string;
  readonly tenant: string;
  /** The policy.publish.requested event. */
  readonly request: string;
  readonly digest: string;
  readonly expected: string | null;
  readonly rollback: boolean;
  readonly impact_digest: string | null;
  readonly answer: "approve" | "reject";
  readonly person: string;
  readonly kid: string;
  readonly at: string;
};

/** The canonical text of an answer. Its digest is signed as a vote's is (spec/approval.md). */
export function formatPolicyAnswer(answer: PolicyAnswer): string {
  return canonicalText({ ctx: CONTEXT, v: 1, ...answer });
}

/** Why a signed text is not this answer to this request, or undefined when it is. */
export function answerTextReason(event: Answered, to: PublishRequest): string | undefined {
  const { signed, request, digest, answer, person } = event.answer;
  if (signed === undefined) return undefined;
  if (answer === "withdraw" || person === undefined) return "nobody signs a withdrawal";
  const at = timeOf(signed.text);
  if (at === undefined) return "the signed text is not an answer";
  const { expected, rollback, impactDigest: impact_digest } = to;
  const { log } = event.integrity;
  const meant = { log, tenant: event.tenant, request, digest, expected, rollback, impact_digest };
  const text = formatPolicyAnswer({ ...meant, answer, person, kid: signed.kid, at });
  if (text !== signed.text) return "the signed text is another answer";
  return at <= event.ts ? undefined : "the answer was signed later than it was given";
}

/** Why the signature does not show that the person answered, or undefined when it does or none was needed. */
export function answerSignatureFault(
  event: Answered,
  key: ApproverKey | undefined,
  verifiers: Verifiers,
): Fault | undefined {
  const { signed, person } = event.answer;
  if (signed === undefined || person === undefined) return undefined;
  const at = { index: event.integrity.index, eventId: event.event_id };
  const vote = signedVote({ ...signed, person }, key);
  if (typeof vote === "string") return fault("vote-signature-invalid", vote, at);
  const verify = verifiers[vote.alg];
  if (verify?.(vote.publicKey, vote.message, vote.signature) === true) return undefined;
  return fault("vote-signature-invalid", `the signature does not verify under key ${signed.kid}`, at);
}

/** The time a text says, if it is JSON with one. */
function timeOf(text: string): string | undefined {
  try {
    const { value } = parseStrict(utf8(text), "entry");
    const at = typeof value === "object" && value !== null && "at" in value ? value.at : undefined;
    return typeof at === "string" ? at : undefined;
  } catch {
    return undefined; // what is no JSON says none
  }
}
