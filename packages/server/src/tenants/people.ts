/**
 * People and their aliases: one `usr_…` per person and tenant, always the same. The external id (`dana`, an e-mail
 * address, a directory's subject) is looked up by a keyed hash and kept sealed under the person's own key, so destroying
 * that key erases who an alias was.
 */
import { randomBytes } from "node:crypto";
import { commitmentOf, type Disclosure, disclosureOf, SALT_BYTES } from "@countersign/evidence/commitment";
import { CountersignError } from "@countersign/evidence/errors";
import { utf8 } from "@countersign/evidence/hash";
import { type EventId, formatId, type PersonAlias, parseId, uuidV7 } from "@countersign/evidence/ids";
import type { Clock } from "../base/clock.ts";
import type { Ledger, Submission, Transaction } from "../ledger/command.ts";
import { addPersonCommand, EXTERNAL_ID_POINTER } from "./commands.ts";
import { people, peopleByExternalId } from "./tables.ts";

/** What sealing this module needs; the payload module gives it. */
export type PersonSeals = {
  lookupHash(tenant: string, purpose: string, text: string): string;
  sealBytes(tenant: string, subject: string, plain: Uint8Array): Uint8Array;
  sealDisclosure(tenant: string, subject: string, disclosure: Disclosure): Uint8Array;
  openSealed(tenant: string, sealed: Uint8Array): Uint8Array | undefined;
};

export type People = {
  /** The person's alias; adds the person when they have none yet. */
  aliasOf(externalId: string, by: Submission): Promise<PersonAlias>;
  /** The person's alias, or undefined when nobody added them. Aliases themselves are taken as they are. */
  knownAlias(tenant: string, externalId: string): PersonAlias | undefined;
  /** The external id behind an alias; undefined when unknown or erased. */
  externalIdOf(tenant: string, alias: string): string | undefined;
};

const EXTERNAL_ID = /^[^\p{Cc}\p{Cf}\s][^\p{Cc}\p{Cf}]{0,127}$/u;

export function openPeople(parts: {
  readonly ledger: Pick<Ledger, "submit" | "reader">;
  readonly seals: PersonSeals;
  readonly clock: Clock;
  readonly keepDisclosure: (tx: Transaction, eventId: EventId, pointer: string, sealed: Uint8Array) => void;
}): People {
  const { ledger, seals, clock } = parts;
  const addPerson = addPersonCommand(parts.keepDisclosure);

  const knownAlias: People["knownAlias"] = (tenant, externalId) => {
    const reader = ledger.reader(tenant);
    if (isAlias(externalId)) return reader?.row(people, { alias: externalId }) && externalId;
    const row = reader?.row(peopleByExternalId, { lookup: seals.lookupHash(tenant, "person", externalId) });
    return row === undefined ? undefined : (row.alias as PersonAlias); // put with an alias
  };

  return {
    knownAlias,

    async aliasOf(externalId, by) {
      const { tenant } = by;
      const known = knownAlias(tenant, externalId);
      if (known !== undefined) return known;
      if (isAlias(externalId)) throw new CountersignError("not-found", { detail: `There is no person ${externalId}.` });
      if (!EXTERNAL_ID.test(externalId)) {
        throw new CountersignError("validation-failed", { detail: "A person's id is 1 to 128 visible characters." });
      }
      const alias = formatId("usr", uuidV7(clock.nowMs(), randomBytes(10)));
      const disclosure = disclosureOf(randomBytes(SALT_BYTES), EXTERNAL_ID_POINTER, externalId);
      // No idempotency of the request: adding a person is part of it, and the look-up makes it happen once.
      const { answer } = await ledger.submit(
        addPerson,
        {
          alias,
          lookup: seals.lookupHash(tenant, "person", externalId),
          sealedExternalId: seals.sealBytes(tenant, alias, utf8(externalId)),
          commitment: commitmentOf(disclosure),
          sealedDisclosure: seals.sealDisclosure(tenant, alias, disclosure),
        },
        { tenant, actor: by.actor },
      );
      return answer.alias;
    },

    externalIdOf(tenant, alias) {
      const row = isAlias(alias) ? ledger.reader(tenant)?.row(people, { alias }) : undefined;
      const plain = row === undefined ? undefined : seals.openSealed(tenant, row.external_id);
      return plain === undefined ? undefined : new TextDecoder().decode(plain);
    },
  };
}

function isAlias(text: string): text is PersonAlias {
  return parseId("usr", text) !== undefined;
}
