/** Tenancy as the command line does it. */
import { randomBytes } from "node:crypto";
import { type ControlState, enrolledPeople, isObserving, type LogKey, personOf } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import type { ActorBlock, RoleName } from "@countersign/evidence/event";
import type { PersonAlias } from "@countersign/evidence/ids";
import { type AdminInput, type AdminOperations, adminFields } from "../base/admin.ts";
import { makeApiKey } from "../base/auth.ts";
import { formatTimestamp, parseTimestamp } from "../base/clock.ts";
import type { OpenLedger } from "../ledger/ledger.ts";
import {
  changeAgent,
  enrolApprover,
  type Holder,
  issueCredential,
  listAgents,
  observeTenant,
  registerAgent,
  sealTenant,
} from "./commands.ts";
import { lifeOperations } from "./life-admin.ts";
import type { People } from "./people.ts";
import { parsePublicKey } from "./public-key.ts";
import { credentials } from "./tables.ts";

export const roles = [
  "agent",
  "executor",
  "approver",
  "auditor",
  "policy-admin",
  "records",
  "operator",
  "admin",
] as const satisfies readonly RoleName[];
const kinds = ["evaluation", "production"] as const;
/** Hashes nothing: the key's id is known only once the credential is issued, and is no part of what is hashed. */
const NO_ID = `key_${"0".repeat(26)}`;

export function tenantOperations(parts: {
  readonly ledger: Pick<OpenLedger, "submit" | "reader" | "tenants" | "createTenant">;
  readonly people: People;
  /** The host in the origin of new tenants' logs. */
  readonly hostName: string;
}): AdminOperations {
  const { ledger, people, hostName } = parts;

  const readerOf = (tenant: string) => {
    const reader = ledger.reader(tenant);
    if (reader === undefined) throw new CountersignError("not-found", { detail: `There is no tenant ${tenant}.` });
    return reader;
  };
  /** The tenant named in an input, checked to exist, and who acts in it. */
  const inTenant = (input: AdminInput, actor: ActorBlock) => {
    const tenant = adminFields(input).text("tenant");
    return { tenant, control: readerOf(tenant).control, by: { tenant, actor } };
  };

  async function agentOf(input: AdminInput, actor: ActorBlock) {
    const { by } = inTenant(input, actor);
    const { text, list, flag, optionalText, optionalList } = adminFields(input);
    const [owner, purpose, environments] = [
      optionalText("owner"),
      optionalText("purpose"),
      optionalList("environments"),
    ];
    return {
      by,
      agent: {
        id: text("id"),
        ceiling: [...list("ceiling")],
        may_execute: flag("may_execute"),
        ...(owner === undefined ? {} : { owner: await people.aliasOf(owner, by) }),
        ...(purpose === undefined ? {} : { purpose }),
        ...(environments === undefined ? {} : { environments: [...environments] }),
      },
    };
  }

  /** The person who confirms another's key: known, somebody else, and trusted with a key or the admin role themselves. */
  function confirmerIn(tenant: string, control: ControlState, confirmer: string, whose: string): PersonAlias {
    const alias = people.knownAlias(tenant, confirmer);
    if (alias === undefined) {
      throw new CountersignError("not-found", { detail: `There is no person ${confirmer} in ${tenant}.` });
    }
    if (alias === people.knownAlias(tenant, whose)) {
      throw new CountersignError("second-person-required", { detail: "Nobody confirms their own key." });
    }
    if (!enrolledPeople(control).has(alias) && personOf(control, alias)?.roles.includes("admin") !== true) {
      throw new CountersignError("approver-not-eligible", {
        detail: `${confirmer} has no enrolled key and is no admin.`,
      });
    }
    return alias;
  }

  return {
    ...lifeOperations({ ledger, people }),

    async "tenant.create"(input, actor) {
      const { text, choice, optionalText } = adminFields(input);
      const displayName = optionalText("display_name");
      const request = {
        id: text("id"),
        kind: choice("kind", kinds),
        originHost: optionalText("host") ?? hostName,
        ...(displayName === undefined ? {} : { displayName }),
      };
      return (await ledger.createTenant(request, { actor })).answer;
    },

    async "tenant.list"() {
      return ledger.tenants().map((id) => {
        const reader = readerOf(id);
        const { tenant, policy } = reader.control;
        return {
          id,
          kind: tenant?.kind ?? null,
          sealed: tenant?.sealed ?? false,
          log: reader.log,
          events: reader.size,
          policy: policy?.revision ?? null,
          observing: isObserving(reader.control),
        };
      });
    },

    async "tenant.seal"(input, actor) {
      const { by } = inTenant(input, actor);
      return (await ledger.submit(sealTenant, undefined, by)).answer;
    },

    async "tenant.observe"(input, actor) {
      const { by } = inTenant(input, actor);
      return (await ledger.submit(observeTenant, { observing: adminFields(input).flag("observing") }, by)).answer;
    },

    async "agent.register"(input, actor) {
      const { agent, by } = await agentOf(input, actor);
      return { id: agent.id, ...(await ledger.submit(registerAgent, agent, by)).answer };
    },

    async "agent.change"(input, actor) {
      const { agent, by } = await agentOf(input, actor);
      const retired = adminFields(input).flag("retired");
      return {
        id: agent.id,
        ...(await ledger.submit(changeAgent, { ...agent, ...(retired ? { retired } : {}) }, by)).answer,
      };
    },

    async "agent.list"(input, actor) {
      return listAgents(inTenant(input, actor).control);
    },

    async "credential.create"(input, actor) {
      const { tenant, by } = inTenant(input, actor);
      const { text, choice, flag, optionalText } = adminFields(input);
      const role = choice("role", roles);
      const name = text("id");
      const expires = optionalText("expires");
      const expiresMs = expires === undefined ? undefined : parseTimestamp(expires);
      if (expires !== undefined && expiresMs === undefined) {
        throw new CountersignError("usage", { detail: "expires must be a time like 2027-01-01T00:00:00.000Z." });
      }
      const kind = holderKind(role, flag("service"));
      const holder: Holder = { kind, id: kind === "person" ? await people.aliasOf(name, by) : name };
      const secret = randomBytes(32);
      const { secretHash } = makeApiKey(tenant, NO_ID, secret);
      const order = { role, holder, secretHash, ...(expiresMs === undefined ? {} : { expiresMs }) };
      const { id } = (await ledger.submit(issueCredential, order, by)).answer;
      // Shown this once: only its hash is kept.
      return { id, key: makeApiKey(tenant, id, secret).text, role, holder, expires: expires ?? null };
    },

    async "credential.list"(input, actor) {
      const { tenant, control } = inTenant(input, actor);
      return readerOf(tenant)
        .list(credentials, "key", [], { limit: 500 })
        .map((row) => ({
          id: row.credential_id,
          role: row.role,
          holder: { kind: row.holder_kind, id: row.holder_id },
          name: row.holder_kind === "person" ? (people.externalIdOf(tenant, row.holder_id) ?? null) : row.holder_id,
          expires: row.expires_ms === null ? null : formatTimestamp(row.expires_ms),
          revoked: row.revoked_ms === null ? null : formatTimestamp(row.revoked_ms),
          replaces: control.credentials[row.credential_id]?.replaces ?? null,
          compromised_since: control.credentials[row.credential_id]?.revoked?.compromisedSince ?? null,
        }));
    },

    async "approver.enroll"(input, actor) {
      const { by, control } = inTenant(input, actor);
      const { text, list, optionalText } = adminFields(input);
      const key = parsePublicKey(text("public_key"));
      const confirmer = optionalText("approved_by");
      // Asked before the person is added: a refusal leaves nothing behind.
      const approvedBy = confirmer === undefined ? undefined : confirmerIn(by.tenant, control, confirmer, text("id"));
      const person = await people.aliasOf(text("id"), by);
      const enrolment = { person, roles: list("roles"), key, ...(approvedBy === undefined ? {} : { approvedBy }) };
      return { person, ...(await ledger.submit(enrolApprover, enrolment, by)).answer };
    },

    async "person.list"(input, actor) {
      const { tenant, control } = inTenant(input, actor);
      return Object.entries(control.persons).map(([alias, { live, roles, approverRoles }]) => ({
        alias,
        id: people.externalIdOf(tenant, alias) ?? null,
        live,
        roles,
        approver_roles: approverRoles,
        keys: Object.values(control.approverKeys)
          .filter((key) => key.person === alias)
          .map(({ kid, method, revoked }) => ({ kid, method, revoked: revoked !== undefined })),
      }));
    },

    async "keys.show"(input, actor) {
      const { tenant, control } = inTenant(input, actor);
      const reader = readerOf(tenant);
      return { tenant, log: reader.log, size: reader.size, keys: Object.values(control.keys).map(viewKey) };
    },
  };
}

/** A key of the log, with the names every answer has. */
function viewKey({ addedIndex, retiredIndex, revoked, ...key }: LogKey): object {
  const { compromisedSince, lastTrustedSize, ...known } = revoked ?? {};
  return {
    ...key,
    added_index: addedIndex,
    ...(retiredIndex === undefined ? {} : { retired_index: retiredIndex }),
    ...(revoked === undefined
      ? {}
      : {
          revoked: {
            ...known,
            ...(compromisedSince === undefined ? {} : { compromised_since: compromisedSince }),
            ...(lastTrustedSize === undefined ? {} : { last_trusted_size: lastTrustedSize }),
          },
        }),
  };
}

/** Who holds a credential of a role: what runs is an agent or executor, what decides and reads is a person or, said so, a service. */
function holderKind(role: RoleName, service: boolean): Holder["kind"] {
  if (role === "agent" || role === "executor") return role;
  if (role === "approver" && service) {
    throw new CountersignError("usage", { detail: "An approver is a person, never a service." });
  }
  return service ? "service" : "person";
}
