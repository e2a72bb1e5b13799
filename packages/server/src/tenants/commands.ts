/** The tenancy commands: each reads the control state, writes its event and keeps the row that goes with it. */

import {
  agentOf,
  approverKeyOf,
  type ControlState,
  holdsApproverRole,
  isObserving,
  needsTwoPeople,
  personOf,
} from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import type { EventOf, RoleName } from "@countersign/evidence/event";
import type { EventId, Id, PersonAlias } from "@countersign/evidence/ids";
import { formatTimestamp } from "../base/clock.ts";
import { type Command, need, type Transaction } from "../ledger/command.ts";
import { bootstrapMark, loneActMark } from "./bootstrap.ts";
import type { ApproverPublicKey } from "./public-key.ts";
import { credentials, people, peopleByExternalId } from "./tables.ts";

type AgentBlock = EventOf<"agent.registered">["agent"];
export type Holder = EventOf<"credential.issued">["credential"]["holder"];

/** Registers an agent; registering it again with the same content changes nothing. */
export const registerAgent: Command<AgentBlock, { event: string; changed: boolean }> = {
  name: "tenants.register-agent",
  needs: () => ({}),
  run(tx, agent) {
    const known = agentOf(tx.control, agent.id);
    if (known !== undefined) {
      if (sameAgent(known, agent)) return { event: known.event, changed: false };
      throw new CountersignError("already-exists", {
        detail: `Agent ${agent.id} is registered with another ceiling or owner; use countersign agent change.`,
      });
    }
    const { event } = tx.append("agent.registered", { agent, ...bootstrapMark(tx.control) });
    return { event: event.event_id, changed: true };
  },
};

/** Replaces an agent's registration, or retires it. Runs that are open keep the ceiling they started under. */
export const changeAgent: Command<EventOf<"agent.changed">["agent"], { event: string; changed: boolean }> = {
  name: "tenants.change-agent",
  needs: () => ({}),
  run(tx, agent) {
    const known = agentOf(tx.control, agent.id);
    if (known === undefined) throw new CountersignError("agent-not-registered", { detail: `${agent.id}.` });
    if (sameAgent(known, agent)) return { event: known.event, changed: false };
    const { event } = tx.append("agent.changed", { agent, ...bootstrapMark(tx.control) });
    return { event: event.event_id, changed: true };
  },
};

/** A credential to be issued. The secret is made outside; only its hash comes in, so no answer kept can hold it. */
export type CredentialOrder = {
  readonly role: RoleName;
  readonly holder: Holder;
  readonly secretHash: string;
  readonly expiresMs?: number;
};

/** Issues a credential. An agent's must be registered; a person is given the role it speaks for. */
export const issueCredential: Command<CredentialOrder, { id: Id<"key">; event: string }> = {
  name: "tenants.issue-credential",
  needs: () => ({}),
  run(tx, { role, holder, secretHash, expiresMs }) {
    if (role === "agent") {
      const agent = agentOf(tx.control, holder.id);
      if (agent === undefined || agent.retired === true) {
        throw new CountersignError("agent-not-registered", { detail: `${holder.id}.` });
      }
    }
    if (holder.kind === "person") grantRole(tx, holder.id, role);
    const id = tx.newId("key");
    const { event } = tx.append("credential.issued", {
      credential: {
        id,
        role,
        holder,
        ...(expiresMs === undefined ? {} : { expires_at: formatTimestamp(expiresMs) }),
        secret_digest: `sha256:${secretHash}`,
      },
      ...bootstrapMark(tx.control),
    });
    tx.put(credentials, {
      credential_id: id,
      secret_hash: secretHash,
      role,
      holder_kind: holder.kind,
      holder_id: holder.id,
      expires_ms: expiresMs ?? null,
      revoked_ms: null,
    });
    return { id, event: event.event_id };
  },
};

/** A person to be added: alias, keyed hash and seal were made outside, where keys and randomness are. */
export type PersonOrder = {
  readonly alias: PersonAlias;
  readonly lookup: string;
  readonly sealedExternalId: Uint8Array;
  readonly commitment: string;
  readonly sealedDisclosure: Uint8Array;
};

/** The place in person.added that the commitment of the external id stands for. */
export const EXTERNAL_ID_POINTER = "/person/external_id";

/** Adds a person, or answers the alias they have. `keepDisclosure` is the payload module's. */
export function addPersonCommand(
  keepDisclosure: (tx: Transaction, eventId: EventId, pointer: string, sealed: Uint8Array) => void,
): Command<PersonOrder, { alias: PersonAlias }> {
  return {
    name: "tenants.add-person",
    needs: ({ lookup }) => ({ rows: [need(peopleByExternalId, { lookup })] }),
    run(tx, order) {
      const known = tx.row(peopleByExternalId, { lookup: order.lookup });
      // The row was put with an alias of this form; the table's column says only that it is text.
      if (known !== undefined) return { alias: known.alias as PersonAlias };
      const { alias } = order;
      const { event } = tx.append("person.added", {
        person: { alias },
        commit: { [EXTERNAL_ID_POINTER]: order.commitment },
        ...bootstrapMark(tx.control),
      });
      tx.put(people, { alias, lookup: order.lookup, external_id: order.sealedExternalId, added_ms: tx.nowMs });
      tx.put(peopleByExternalId, { lookup: order.lookup, alias });
      // The ledger made this id as an event's; the event's type says only that it is text.
      keepDisclosure(tx, event.event_id as EventId, EXTERNAL_ID_POINTER, order.sealedDisclosure);
      return { alias };
    },
  };
}

export type Enrolment = {
  readonly person: PersonAlias;
  readonly roles: readonly string[];
  readonly key: ApproverPublicKey;
  /** The person who confirmed it, where that is another one. */
  readonly approvedBy?: PersonAlias;
};

/** Enrols an approver's key and grants approver roles. Enrolling the same again changes nothing. */
export const enrolApprover: Command<Enrolment, { kid: string; granted: string[]; enrolled: boolean }> = {
  name: "tenants.enrol-approver",
  needs: () => ({}),
  run(tx, { person, roles, key, approvedBy }) {
    const known = approverKeyOf(tx.control, key.kid);
    if (known !== undefined && (known.person !== person || known.revoked !== undefined)) {
      throw new CountersignError("already-exists", {
        detail: known.revoked === undefined ? "This key is another person's." : "This key was revoked; make a new one.",
      });
    }
    const granted = roles.filter((role) => !holdsApproverRole(tx.control, person, role));
    for (const role of granted) {
      tx.append("role.granted", { grant: { person, role, kind: "approver_role" }, ...bootstrapMark(tx.control) });
    }
    if (known === undefined) {
      const { kid, x, method } = key;
      tx.append("approver.key.enrolled", {
        enrolment: {
          person,
          key: { kid, purpose: "approver", alg: "ed25519", x },
          method,
          ...(approvedBy === undefined ? {} : { approved_by: approvedBy }),
        },
        ...(approvedBy === undefined ? loneActMark(tx.control, "Enrolling a key") : {}),
      });
    }
    return { kid: key.kid, granted, enrolled: known === undefined };
  },
};

/** Ends the beginning: from here on, what takes two people takes two people. */
export const sealTenant: Command<undefined, { people: number }> = {
  name: "tenants.seal",
  needs: () => ({}),
  run(tx) {
    if (tx.control.tenant?.sealed === true)
      throw new CountersignError("already-exists", { detail: "The tenant is sealed already: nothing is left to do." });
    const count = Object.values(tx.control.persons).filter((person) => person.live).length;
    tx.append("tenant.sealed", { sealed: { people: count, bootstrap_acts: tx.control.bootstrap.acts } });
    return { people: count };
  },
};

/** Begins or ends observing; a tenant that says the same again changes nothing. */
export const observeTenant: Command<{ readonly observing: boolean }, { observing: boolean; changed: boolean }> = {
  name: "tenants.observe",
  needs: () => ({}),
  run(tx, { observing }) {
    const { tenant, policy } = tx.control;
    if (observing && policy !== null) {
      throw new CountersignError("step-not-allowed", {
        detail: `Observing is for the time before the first policy; ${policy.revision} is in force.`,
      });
    }
    if (observing && tenant?.sealed === true && needsTwoPeople(tx.control)) {
      throw new CountersignError("step-not-allowed", {
        detail: "A sealed production tenant does not begin to observe.",
      });
    }
    const changed = isObserving(tx.control) !== observing;
    if (changed) tx.append("tenant.changed", { changed: { observing } });
    return { observing, changed };
  },
};

function grantRole(tx: Transaction, person: string, role: RoleName): void {
  if (personOf(tx.control, person)?.roles.includes(role) === true) return;
  tx.append("role.granted", { grant: { person, role, kind: "role" }, ...bootstrapMark(tx.control) });
}

/** Whether a registration says the same as the one in force. */
function sameAgent(known: NonNullable<ReturnType<typeof agentOf>>, agent: EventOf<"agent.changed">["agent"]): boolean {
  const { event: _event, ...current } = known;
  const text = (block: object) => JSON.stringify(Object.entries(block).sort(([a], [b]) => (a < b ? -1 : 1)));
  return text({ retired: false, ...current }) === text({ retired: false, ...agent });
}

/** The registered agents, for lists. */
export function listAgents(control: ControlState): readonly (AgentBlock & { retired: boolean })[] {
  return Object.values(control.agents).map(({ event: _event, retired = false, ...agent }) => ({ ...agent, retired }));
}
