/**
 * Who may vote on a request, and whether the votes are enough: a matching of people to slots, one person one slot,
 * whatever roles they hold. Spec: spec/approval.md, "Quorum" and "Separation".
 */
import { type ControlState, holdsApproverRole, needsTwoPeople, personOf } from "./control.ts";
import { parseDuration } from "./duration.ts";
import type { ApprovalRequirement } from "./event.ts";
import { type Fault, fault } from "./fault.ts";

/** The people a requirement may exclude. Ids that are no person exclude nobody. */
export type Separation = {
  /** Who sent the action: an agent's or executor's name, or a person's alias. */
  readonly requester: string;
  /** The people the run is for: its initiator's, and who delegated it. */
  readonly onBehalfOf: readonly string[];
  readonly agentOwner?: string;
  /** Author of the policy the decision was made under. */
  readonly author?: string;
};

/** A requirement as it stands at some time: with the role an escalation has added by then. */
export type OpenRequirement = ApprovalRequirement & { readonly also?: string };

/**
 * The requirements of a request at a time: who may answer grows when an escalation is due, the quorum never shrinks. It
 * is a matter of the log's own times alone, so everybody who reads it comes to the same.
 *
 * @param requestedAt ts of approval.requested
 * @param at ts of what is asked about
 */
export function requirementsAt(
  requirements: readonly ApprovalRequirement[],
  requestedAt: string,
  at: string,
): readonly OpenRequirement[] {
  const waitedMs = Date.parse(at) - Date.parse(requestedAt);
  return requirements.map((one) => {
    const afterMs = one.escalation === undefined ? undefined : parseDuration(one.escalation.after);
    if (one.escalation === undefined || afterMs === undefined || !(waitedMs >= afterMs)) return one;
    return { ...one, also: one.escalation.approvers };
  });
}

/** One recorded vote. `event` is the approval.voted event's id. */
export type Ballot = {
  readonly event: string;
  readonly person: string;
  readonly answer: "approve" | "reject" | "abstain";
};

/** Slots of one requirement that no vote fills yet. */
export type MissingVotes = { readonly rule: string; readonly approvers: string; readonly open: number };

export type Quorum =
  | { readonly state: "granted"; readonly people: readonly string[]; readonly separation: "kept" | "waived" }
  | { readonly state: "waiting"; readonly missing: readonly MissingVotes[] }
  | { readonly state: "rejected"; readonly person: string; readonly vote: string };

/** A person who may fill a slot, and for which rules. `waived` when only an evaluation tenant lets them. */
export type EligiblePerson = {
  readonly person: string;
  readonly rules: readonly string[];
  readonly separation: "kept" | "waived";
};

/**
 * What the votes come to. One rejection by somebody entitled ends it. Separation is waived, and said to be, only where
 * the tenant is an evaluation tenant and the quorum cannot be reached otherwise.
 */
export function quorumOf(
  requirements: readonly OpenRequirement[],
  ballots: readonly Ballot[],
  control: ControlState,
  separation: Separation,
): Quorum {
  const rejection = ballots.find(
    ({ person, answer }) => answer === "reject" && voterFault(requirements, person, control, separation) === undefined,
  );
  if (rejection !== undefined) return { state: "rejected", person: rejection.person, vote: rejection.event };
  const people = [...new Set(ballots.filter(({ answer }) => answer === "approve").map(({ person }) => person))];
  const kept = match(requirements, people, control, separation);
  if (kept.missing.length === 0) return { state: "granted", people: kept.people, separation: "kept" };
  if (needsTwoPeople(control)) return { state: "waiting", missing: kept.missing };
  const waived = match(requirements, people, control, undefined);
  if (waived.missing.length > 0) return { state: "waiting", missing: waived.missing };
  return { state: "granted", people: waived.people, separation: "waived" };
}

/** Slots of all requirements together; an approval block's bound is 16 people. */
export function placesOf(requirements: readonly ApprovalRequirement[]): number {
  return Math.min(
    16,
    requirements.reduce((sum, { quorum }) => sum + quorum, 0),
  );
}

/** Everybody who may fill a slot of these requirements now, in the order people were added. */
export function eligiblePeople(
  requirements: readonly OpenRequirement[],
  control: ControlState,
  separation: Separation,
): EligiblePerson[] {
  const eligible: EligiblePerson[] = [];
  for (const person of Object.keys(control.persons)) {
    const holding = requirements.filter((requirement) => mayFill(requirement, person, control, undefined));
    const kept = holding.filter((requirement) => !isSeparated(requirement, person, separation));
    const rules = (kept.length > 0 || needsTwoPeople(control) ? kept : holding).map(({ rule }) => rule);
    if (rules.length > 0) eligible.push({ person, rules, separation: kept.length > 0 ? "kept" : "waived" });
  }
  return eligible;
}

/** Why this person may not vote on these requirements now, or undefined when they may. Keys: vote-signature.ts. */
export function voterFault(
  requirements: readonly OpenRequirement[],
  person: string,
  control: ControlState,
  separation: Separation,
): Fault | undefined {
  if (personOf(control, person) === undefined) {
    return fault("approver-not-entitled", `${person} is not a person of this tenant`);
  }
  const holding = requirements.filter((requirement) => mayFill(requirement, person, control, undefined));
  if (holding.length === 0) {
    const wanted = requirements.map(whoAnswers).join(", ");
    return fault("approver-not-entitled", `${person} holds none of ${wanted}`);
  }
  if (!needsTwoPeople(control) || holding.some((one) => !isSeparated(one, person, separation))) return undefined;
  return fault("approver-self-approval", `${person} ${partOf(person, separation)}`);
}

/**
 * Why these people, named by a grant or about to be relied on, do not fill the quorum; undefined when they do.
 *
 * @param said what the grant says about separation
 */
export function peopleFault(
  requirements: readonly OpenRequirement[],
  people: readonly string[],
  control: ControlState,
  separation: Separation,
  said: "kept" | "waived",
): Fault | undefined {
  const twice = people.find((person, at) => people.indexOf(person) !== at);
  if (twice !== undefined) return fault("approver-counted-twice", `${twice} is counted twice`);
  if (said === "waived" && needsTwoPeople(control)) {
    return fault("approver-self-approval", "separation of duties cannot be waived in a production tenant");
  }
  const slots = requirements.reduce((sum, { quorum }) => sum + quorum, 0);
  const kept = match(requirements, people, control, separation);
  if (kept.missing.length === 0) {
    return people.length === slots
      ? undefined
      : fault("quorum-not-met", `${people.length} people are named for ${slots} places`);
  }
  const waived = match(requirements, people, control, undefined);
  if (waived.missing.length > 0) {
    const [first] = waived.missing;
    return fault("quorum-not-met", `${first!.open} of ${first!.approvers} for ${first!.rule} is missing`);
  }
  if (said === "waived") return undefined;
  const self = people.find((person) => requirements.every((one) => isSeparated(one, person, separation)));
  return fault("approver-self-approval", `the quorum counts ${self ?? "somebody"} against separation of duties`);
}

function mayFill(
  requirement: OpenRequirement,
  person: string,
  control: ControlState,
  separation: Separation | undefined,
): boolean {
  // `role:` and the name of an approver role of the policy's catalogue.
  const roles = requirement.also === undefined ? [requirement.approvers] : [requirement.approvers, requirement.also];
  if (!roles.some((role) => holdsApproverRole(control, person, role.slice("role:".length)))) return false;
  return separation === undefined || !isSeparated(requirement, person, separation);
}

function isSeparated(requirement: OpenRequirement, person: string, separation: Separation): boolean {
  return requirement.separation.some((part) => {
    switch (part) {
      case "requester":
        return person === separation.requester;
      case "on_behalf_of":
        return separation.onBehalfOf.includes(person);
      case "agent_owner":
        return person === separation.agentOwner;
      case "author":
        return person === separation.author;
      default:
        return part satisfies never;
    }
  });
}

function partOf(person: string, separation: Separation): string {
  if (person === separation.requester) return "requested this action";
  if (separation.onBehalfOf.includes(person)) return "is whom this action is for";
  return person === separation.agentOwner ? "owns the agent" : "wrote the policy";
}

/** Kuhn's augmenting paths over at most 32 people; each requirement is a node that takes `quorum` people. */
function match(
  requirements: readonly OpenRequirement[],
  people: readonly string[],
  control: ControlState,
  separation: Separation | undefined,
): { people: string[]; missing: MissingVotes[] } {
  const filled: string[][] = requirements.map(() => []);
  const place = (person: string, tried: Set<number>): boolean => {
    for (const [at, requirement] of requirements.entries()) {
      if (tried.has(at) || !mayFill(requirement, person, control, separation)) continue;
      tried.add(at);
      const holders = filled[at]!;
      if (holders.length < requirement.quorum) {
        holders.push(person);
        return true;
      }
      const movable = holders.findIndex((holder) => place(holder, tried));
      if (movable < 0) continue;
      holders[movable] = person;
      return true;
    }
    return false;
  };
  const matched = people.filter((person) => place(person, new Set()));
  const missing: MissingVotes[] = [];
  for (const [at, requirement] of requirements.entries()) {
    const { rule, quorum } = requirement;
    const open = quorum - filled[at]!.length;
    if (open > 0) missing.push({ rule, approvers: whoAnswers(requirement), open });
  }
  return { people: matched, missing };
}

/** `role:a`, or `role:a or role:b` once it was escalated. */
function whoAnswers({ approvers, also }: OpenRequirement): string {
  return also === undefined ? approvers : `${approvers} or ${also}`;
}
