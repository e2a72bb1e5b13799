/**
 * Putting a policy in force: asked for by one, approved by another where the tenant wants two people, done by the command
 * that hears the last word, and by nobody whom another publish has overtaken. A rollback is the same with an older digest.
 */
import {
  approverKeyOf,
  type ControlState,
  enrolledPeople,
  isPolicyAdmin,
  type PublishRequest,
  peopleBehind,
  wantsAgreement,
} from "@countersign/evidence/control";
import { verifyEd25519 } from "@countersign/evidence/ed25519";
import { assert, CountersignError } from "@countersign/evidence/errors";
import { verifyEs256 } from "@countersign/evidence/es256";
import type { EventOf } from "@countersign/evidence/event";
import type { EventId } from "@countersign/evidence/ids";
import { own } from "@countersign/evidence/own";
import { signedVote } from "@countersign/evidence/vote-signature";
import type { Command, Ledger, Submission, Transaction } from "../ledger/command.ts";
import { type BundleReport, isPublishable, refusalOf } from "./check.ts";
import type { BundleFiles, EngineHost } from "./engine-host.ts";
import type { PolicyGate } from "./gate.ts";
import { checkFor, type PolicyPayloads, readerOf, type Stored } from "./upload.ts";

/** What this module needs of tenancy: how an act one person did alone is marked. @throws second-person-required */
export type LoneActMark = (control: ControlState, what: string) => { readonly bootstrap?: true };

export type PublishOrder = {
  readonly digest: string;
  readonly rollback: boolean;
  readonly reasonCode: string;
  readonly incident?: string;
  /** The digest the caller saw in force; null for none. Undefined: whatever is in force when the order comes. */
  readonly expected?: string | null;
};

/** What an order or an answer came to. */
export type PublishOutcome = {
  /** The policy.publish.requested event; null when the bundle was in force already. */
  readonly request: string | null;
  readonly digest: string;
  /** Undefined while people's word is missing, and after a no. */
  readonly revision: string | null;
  readonly previous: string | null;
};

export type AnswerOrder = {
  readonly request: EventId;
  readonly answer: "approve" | "reject" | "withdraw";
  /** Whose word it is: an alias. Undefined when nobody in person speaks, as a withdrawal by a service. */
  readonly person: string | undefined;
  readonly signed: EventOf<"policy.publish.answered">["answer"]["signed"];
  readonly reasonCode: string | undefined;
};

export type PublishParts<P> = {
  readonly ledger: Pick<Ledger, "submit" | "reader">;
  readonly payloads: PolicyPayloads<P>;
  readonly gate: Pick<PolicyGate, "bundleOf" | "refresh">;
  /** The engine that decides: what it cannot load is not put in force. */
  readonly host: Pick<EngineHost, "load">;
  readonly check: (files: BundleFiles) => Promise<BundleReport>;
  readonly loneActMark: LoneActMark;
  /** The name of this node, for policy.activated. */
  readonly node: string;
};

export type Publisher = {
  /**
   * Asks for a bundle that was uploaded, and puts it in force where one person may.
   * @throws CountersignError policy-invalid, policy-revision-taken, policy-not-acknowledged, second-person-required,
   *   forbidden, not-found
   */
  request(order: PublishOrder, by: Submission): Promise<PublishOutcome>;
  /**
   * Answers an open request, and puts it in force when that was the last word it took.
   * @throws CountersignError publication-not-open, forbidden, separation-of-duties, duplicate-vote, vote-mismatch,
   *   signature-invalid, policy-revision-taken, policy-invalid
   */
  answer(order: AnswerOrder, by: Submission): Promise<PublishOutcome>;
};

type Ready<Order> = Order & { readonly expected: string | null; readonly engine: string; readonly node: string };

export function openPublisher<P extends Stored>(parts: PublishParts<P>): Publisher {
  const { ledger, gate, host, node } = parts;
  const requestOne = requestCommand(parts);
  const answerOne = answerCommand(parts);

  /** Reads a bundle as it lies in the store, and has the deciding engine take it. */
  async function engineFor(tenant: string, digest: string): Promise<string> {
    const bundle = await gate.bundleOf(tenant, digest);
    const loaded = bundle === undefined ? undefined : await host.load(digest, bundle.files);
    if (bundle === undefined || loaded?.ok !== true) {
      throw new CountersignError("policy-invalid", { detail: "The stored bundle cannot be read or loaded any more." });
    }
    const { name, crate } = bundle.manifest.engine;
    return `${name}/${crate}`;
  }

  return {
    async request(order, by) {
      const { control } = readerOf(ledger, by.tenant);
      const { digest, rollback, expected = control.policy?.digest ?? null } = order;
      refuseUnknown(control, digest, rollback);
      const engine = await engineFor(by.tenant, digest);
      if (!rollback && wantsAgreement(control)) await checkAgain(by.tenant, digest);
      const { answer } = await ledger.submit(requestOne, { ...order, expected, engine, node }, by);
      await gate.refresh(by.tenant);
      return answer;
    },

    async answer(order, by) {
      const { control } = readerOf(ledger, by.tenant);
      const open = openRequest(control, order.request);
      verifySignature(control, order);
      const engine = order.answer === "approve" ? await engineFor(by.tenant, open.digest) : "";
      const ready = { ...order, expected: open.expected, engine, node, digest: open.digest };
      const { answer } = await ledger.submit(answerOne, ready, by);
      await gate.refresh(by.tenant);
      return answer;
    },
  };

  /** People may have left since the upload. */
  async function checkAgain(tenant: string, digest: string): Promise<void> {
    const bundle = await gate.bundleOf(tenant, digest);
    assert(bundle !== undefined, "the engine has just loaded it");
    const report = await checkFor(ledger, parts.check, bundle.files, tenant);
    if (!isPublishable(report)) throw refusalOf(report);
  }
}

function refuseUnknown(control: ControlState, digest: string, rollback: boolean): void {
  if (own(control.retired, digest) === true) {
    throw new CountersignError("policy-invalid", { detail: `${digest} was retired.` });
  }
  const wasInForce = Object.values(control.revisions).some((one) => one.digest === digest);
  if (rollback ? wasInForce : wasInForce || own(control.uploads, digest) !== undefined) return;
  const detail = rollback ? `${digest} was never in force here.` : `No bundle ${digest} was uploaded.`;
  throw new CountersignError("not-found", { detail });
}

function openRequest(control: ControlState, request: string): PublishRequest {
  const { publishing } = control;
  if (publishing?.event === request) return publishing;
  throw new CountersignError("publication-not-open", { detail: `${request} does not wait for an answer.` });
}

/** @throws CountersignError signature-invalid */
function verifySignature(control: ControlState, { signed, person }: Pick<AnswerOrder, "signed" | "person">): void {
  if (signed === undefined || person === undefined) return;
  const vote = signedVote({ ...signed, person }, approverKeyOf(control, signed.kid));
  if (typeof vote === "string") throw new CountersignError("signature-invalid", { detail: `${vote}.` });
  const verify = vote.alg === "ed25519" ? verifyEd25519 : verifyEs256;
  if (!verify(vote.publicKey, vote.message, vote.signature)) throw new CountersignError("signature-invalid");
}

function requestCommand<P extends Stored>(parts: PublishParts<P>): Command<Ready<PublishOrder>, PublishOutcome> {
  return {
    name: "policy.request-publication",
    needs: ({ digest }) => ({ rows: [parts.payloads.need(digest)] }),
    run(tx, order) {
      const { control } = tx;
      const { digest, expected, rollback, reasonCode, incident } = order;
      refuseUnknown(control, digest, rollback);
      const active = control.policy;
      if (active?.digest === digest) {
        return { request: null, digest, revision: active.revision, previous: null };
      }
      refuseOvertaken(control, expected);
      const simulation = own(control.simulations, digest);
      const together = wantsAgreement(control);
      if (together) {
        refuseStranger(tx);
        if (!rollback && active !== null) refuseUnseen(simulation, active.digest);
      }
      const seen =
        simulation === undefined || rollback
          ? {}
          : {
              simulation: simulation.event,
              impact_digest: simulation.impactDigest,
              acknowledged: simulation.acknowledged.slice(0, 256),
            };
      const { event } = tx.append("policy.publish.requested", {
        publish: {
          digest,
          ...(expected === null ? {} : { expected }),
          ...(rollback ? { rollback } : {}),
          ...seen,
          ...(incident === undefined ? {} : { incident }),
        },
        reason: { code: reasonCode },
      });
      const waiting = { request: event.event_id, digest, revision: null, previous: null };
      return together ? waiting : putInForce(parts, tx, order, "waived");
    },
  };
}

type AnswerInput = Ready<AnswerOrder> & { readonly digest: string };

function answerCommand<P extends Stored>(parts: PublishParts<P>): Command<AnswerInput, PublishOutcome> {
  return {
    name: "policy.answer-publication",
    needs: ({ digest }) => ({ rows: [parts.payloads.need(digest)] }),
    run(tx, order) {
      const { request, answer, person, signed, reasonCode } = order;
      const open = openRequest(tx.control, request);
      if (answer === "withdraw") refuseForeignWithdrawal(tx, open);
      else refuseAnswer(tx, open, person, answer);
      if (answer === "approve") refuseOvertaken(tx.control, open.expected);
      tx.append("policy.publish.answered", {
        cause: request,
        answer: {
          request,
          digest: open.digest,
          answer,
          ...(answer === "withdraw" || person === undefined ? {} : { person }),
          ...(signed === undefined ? {} : { signed }),
        },
        ...(reasonCode === undefined ? {} : { reason: { code: reasonCode } }),
      });
      const { publishing } = tx.control;
      if (answer !== "approve" || publishing === null || peopleBehind(tx.control, publishing).size < 2) {
        return { request, digest: open.digest, revision: null, previous: null };
      }
      return putInForce(parts, tx, order, "two_people");
    },
  };
}

/** Appends that the open request is carried out. @throws CountersignError second-person-required */
function putInForce<P extends Stored>(
  { payloads, loneActMark }: PublishParts<P>,
  tx: Transaction,
  { engine, node }: Ready<object>,
  separation: "two_people" | "waived",
): PublishOutcome {
  const { control } = tx;
  const { publishing, policy: active } = control;
  assert(publishing !== null, "what is put in force was asked for");
  const { event: request, digest, rollback, by, approvals, reason, incident } = publishing;
  const revision = nextRevision(control, tx.ts);
  const from = active === null ? undefined : { revision: active.revision, digest: active.digest };
  const approvedBy = [...approvals].slice(0, 4);
  let placed: { readonly event: { readonly event_id: string } };
  if (rollback) {
    assert(from !== undefined, "what was in force before was replaced by something");
    placed = tx.append("policy.rolled_back", {
      cause: request,
      rollback: {
        from,
        to_digest: digest,
        revision,
        ...(approvedBy.length === 0 ? {} : { approved_by: approvedBy }),
        request,
        separation,
        ...(incident === null ? {} : { incident }),
      },
      reason: { code: reason },
    });
  } else {
    const published = tx.append("policy.published", {
      cause: request,
      publish: {
        revision,
        digest,
        ...(from === undefined ? {} : { previous: from }),
        author: by,
        approved_by: approvedBy,
        separation,
        engine,
        request,
      },
      ...(separation === "waived" ? loneActMark(control, "Publishing a policy") : {}),
    });
    payloads.cite(tx, digest, published.event.event_id as EventId); // made by the ledger
    placed = published;
  }
  tx.append("policy.activated", {
    source: "derived",
    cause: placed.event.event_id,
    activation: { revision, digest, node },
  });
  return { request, digest, revision, previous: from?.revision ?? null };
}

function refuseOvertaken(control: ControlState, expected: string | null): void {
  if ((control.policy?.digest ?? null) === expected) return;
  throw new CountersignError("policy-revision-taken", {
    detail: `${control.policy?.revision ?? "None"} is in force now.`,
  });
}

/** A person who asks must be one whose word counts; a service may ask, and then two people approve. */
function refuseStranger({ actor, control }: Transaction): void {
  if (actor.type !== "person") {
    if (own(control.persons, actor.id) === undefined) return;
    throw new CountersignError("forbidden", { detail: `${actor.id} is a person; no ${actor.type} asks in that name.` });
  }
  if (!isPolicyAdmin(control, actor.id)) {
    throw new CountersignError("forbidden", { detail: `${actor.id} is not a policy-admin of this tenant.` });
  }
  if (!enrolledPeople(control).has(actor.id)) {
    throw new CountersignError("second-person-required", {
      detail: `${actor.id} has no live approver key and would not count as one of the two.`,
    });
  }
}

function refuseUnseen(simulation: ControlState["simulations"][string] | undefined, active: string): void {
  const unseen = (detail: string) => new CountersignError("policy-not-acknowledged", { detail });
  if (simulation === undefined) throw unseen("It has not been simulated against the policy in force.");
  if (simulation.against !== active) throw unseen("It was simulated against another policy than the one in force.");
  if (simulation.leftOut)
    throw unseen("It lets more groups of changes through than can be acknowledged; change less at once.");
  if (simulation.open.length > 0) {
    const { length } = simulation.open;
    throw unseen(
      `${length} group${length === 1 ? "" : "s"} of changes that let more through wait${length === 1 ? "s" : ""} for it.`,
    );
  }
}

function refuseForeignWithdrawal({ actor }: Transaction, open: PublishRequest): void {
  if (actor.id === open.by) return;
  throw new CountersignError("forbidden", { detail: "Only whoever asked withdraws the request; others reject it." });
}

function refuseAnswer(
  { control, actor }: Transaction,
  open: PublishRequest,
  person: string | undefined,
  answer: "approve" | "reject",
): void {
  if (person === undefined) {
    throw new CountersignError("second-person-required", {
      detail: `${actor.id} is no person; a person answers with a key of their own.`,
    });
  }
  if (!isPolicyAdmin(control, person)) {
    throw new CountersignError("forbidden", { detail: `${person} is not a policy-admin of this tenant.` });
  }
  if (answer === "reject") return;
  if (person === open.by || (!open.rollback && own(control.uploads, open.digest) === person)) {
    throw new CountersignError("separation-of-duties", {
      detail: `${person} asked for it or brought the bundle; another policy-admin approves.`,
    });
  }
  if (!enrolledPeople(control).has(person)) {
    throw new CountersignError("second-person-required", { detail: `${person} has no live approver key.` });
  }
  if (open.approvals.includes(person)) throw new CountersignError("duplicate-vote", { detail: `${person} approved.` });
}

/** `pol_2026_04_01`, then `pol_2026_04_01_2` and so on: named by the day, never used twice. */
function nextRevision(control: ControlState, ts: string): string {
  const day = `pol_${ts.slice(0, 10).replaceAll("-", "_")}`;
  for (let n = 1; ; n++) {
    const revision = n === 1 ? day : `${day}_${n}`;
    if (!Object.hasOwn(control.revisions, revision)) return revision;
  }
}
