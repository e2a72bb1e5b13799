/**
 * Break-glass: two people together let a waiting action go ahead in an incident, where the rule allows it. What each of
 * them signs, and whether the event that says so may be believed. Spec: spec/approval.md, "Break-glass".
 */
import { differingMember, is, isCount, isText, parseText, type TextShape, textDigest } from "./approval.ts";
import { canonicalText } from "./canonical.ts";
import { type ControlState, personOf } from "./control.ts";
import { parseDuration } from "./duration.ts";
import type { ApprovalRequirement, EventOf } from "./event.ts";
import { type Fault, fault } from "./fault.ts";
import { voteKeyFault } from "./vote-signature.ts";

export const BREAK_GLASS_CONTEXT = "countersign/v1/break-glass";
/** No rule may let it last longer, in ms. */
export const MAX_BREAK_GLASS_MS = 3_600_000;
/** How soon others must have looked at it, in ms. */
export const REVIEW_WITHIN_MS = 86_400_000;
/** People it takes. */
export const BREAK_GLASS_PEOPLE = 2;

/** What one of the people signs; the texts of all differ in person, key and time only. */
export type BreakGlassText = {
  readonly ctx: typeof BREAK_GLASS_CONTEXT;
  readonly v: 1;
  readonly log: string;
  readonly tenant: string;
  readonly approval_id: string;
  /** `sha256:` of the approval request's text. */
  readonly request_digest: string;
  /** `sha256:` of the plain text the person was shown. */
  readonly rendering: string;
  readonly incident: string;
  readonly reason_code: string;
  /** How long the grant may be used after both have signed, ms. */
  readonly lasts_ms: number;
  readonly person: string;
  readonly kid: string;
  readonly at: string;
};

/** The canonical text one person signs. */
export function formatBreakGlass(input: Omit<BreakGlassText, "ctx" | "v">): string {
  return canonicalText({ ...input, ctx: BREAK_GLASS_CONTEXT, v: 1 });
}

/** What a text says, or undefined unless it is the canonical form of exactly these members. */
export function parseBreakGlass(text: string): BreakGlassText | undefined {
  return parseText(text, shape);
}

/** How long the requirements together let it last, ms; undefined when one of them does not allow it. */
export function breakGlassMs(requirements: readonly ApprovalRequirement[]): number | undefined {
  const allowed = requirements.map(({ breakglass }) =>
    breakglass === undefined ? undefined : parseDuration(breakglass),
  );
  if (allowed.length === 0) return undefined;
  let least = MAX_BREAK_GLASS_MS;
  for (const one of allowed) {
    if (one === undefined) return undefined;
    least = Math.min(least, one);
  }
  return least;
}

/** What the event is compared with: the request it overrides. */
export type Overridden = {
  readonly approvalId: string;
  readonly requestDigest: string;
  readonly rendering: string;
  readonly requirements: readonly ApprovalRequirement[];
};

/** Everything that is wrong with a use of break-glass but its signatures' bytes, which are verified apart, being slow. */
export function breakGlassFaults(
  event: EventOf<"breakglass.used">,
  { approvalId, requestDigest, rendering, requirements }: Overridden,
  control: ControlState,
): Fault[] {
  const { people, incident, expires_at: expiresAt, review_due: reviewDue, signatures = [] } = event.breakglass;
  const faults: Fault[] = [];
  const lastsMs = breakGlassMs(requirements);
  if (lastsMs === undefined) faults.push(fault("break-glass-not-allowed", "a rule that matched does not allow it"));
  if (new Set(people).size < people.length) faults.push(fault("approver-counted-twice", "one person is named twice"));
  if (new Set(people).size < BREAK_GLASS_PEOPLE) {
    faults.push(fault("quorum-not-met", `break-glass takes ${BREAK_GLASS_PEOPLE} people`));
  }
  if (expiresAt <= event.ts) faults.push(fault("approval-used-late", `it expired at ${expiresAt}`));
  if (Date.parse(reviewDue) - Date.parse(event.ts) > REVIEW_WITHIN_MS) {
    faults.push(fault("approval-binding-differs", `its review is due at ${reviewDue}`));
  }
  for (const person of people) {
    if (signatures.filter((one) => one.person === person).length !== 1) {
      faults.push(fault("quorum-not-met", `${person} did not sign once`));
    }
  }
  for (const signed of signatures) {
    const said = parseBreakGlass(signed.text);
    if (said === undefined || textDigest(signed.text) !== signed.digest) {
      faults.push(fault("approval-binding-differs", "what was signed is no canonical text, or not of that digest"));
      continue;
    }
    const differs = differingMember(said, {
      log: event.integrity.log,
      tenant: event.tenant,
      approval_id: approvalId,
      request_digest: requestDigest,
      rendering,
      incident,
      reason_code: event.reason.code,
      person: signed.person,
      kid: signed.kid,
    });
    if (differs !== undefined) {
      faults.push(fault("approval-binding-differs", `the ${differs} ${signed.person} signed is not the recorded one`));
    } else if (said.at > event.ts) faults.push(fault("approval-binding-differs", `signed at ${said.at}`));
    const endsMs = Date.parse(event.ts) + Math.min(said.lasts_ms, lastsMs ?? said.lasts_ms);
    if (Date.parse(expiresAt) > endsMs) {
      faults.push(fault("approval-binding-differs", `it lasts until ${expiresAt}, longer than allowed or signed`));
    }
    if (!people.includes(signed.person) || personOf(control, signed.person) === undefined) {
      faults.push(fault("approver-not-entitled", `${signed.person} is not one of the people`));
    }
    const key = voteKeyFault(signed, event.ts, control);
    if (key !== undefined) faults.push(key);
  }
  return faults;
}

const shape: TextShape<BreakGlassText> = {
  ctx: is(BREAK_GLASS_CONTEXT),
  v: is(1),
  log: isText,
  tenant: isText,
  approval_id: isText,
  request_digest: isText,
  rendering: isText,
  incident: isText,
  reason_code: isText,
  lasts_ms: isCount,
  person: isText,
  kid: isText,
  at: isText,
};
