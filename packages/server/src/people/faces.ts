/** What the people module needs of its neighbours. app.ts hands it in; modules never import each other. */
import type { ControlState } from "@countersign/evidence/control";
import type { PersonAlias } from "@countersign/evidence/ids";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Ledger, Submission } from "../ledger/command.ts";
import type { OidcSettings } from "./oidc.ts";
import type { PublicUrl } from "./public-url.ts";

/** The directory of people and aliases. */
export type Directory = {
  aliasOf(externalId: string, by: Submission): Promise<PersonAlias>;
  externalIdOf(tenant: string, alias: string): string | undefined;
};

/** Keyed hashes and seals under a tenant's key. Ask only for tenants that exist: a key is made for any name. */
export type TenantSeals = {
  lookupHash(tenant: string, purpose: string, text: string): string;
  sealBytes(tenant: string, subject: string | undefined, plain: Uint8Array): Uint8Array;
  /** @throws CountersignError payload-damaged for what is no seal of this tenant */
  openSealed(tenant: string, sealed: Uint8Array): Uint8Array | undefined;
};

export type PeopleParts = {
  readonly ledger: Pick<Ledger, "submit" | "reader" | "tenants">;
  readonly clock: Clock;
  readonly log: Log;
  readonly directory: Directory;
  readonly seals: TenantSeals;
  /** What marks an enrolment one person did alone. @throws CountersignError second-person-required when it takes two */
  readonly loneActMark: (control: ControlState, what: string) => { readonly bootstrap?: true };
  /** Asked late, because the port may be known only once the server listens. */
  readonly publicUrl: () => PublicUrl;
  readonly random: (length: number) => Uint8Array;
  /** Idle and absolute life of a session, ms. */
  readonly session: SessionLife;
  /** The identity provider, where there is one. */
  readonly oidc?: OidcSettings;
};

export type SessionLife = { readonly idleMs: number; readonly lifeMs: number };

/**
 * 30 minutes without a request, 12 hours in all: the limits NIST SP 800-63B-3 §4.2.3 sets for two factors (AAL2).
 * docs/operating/sign-in.md
 */
export const DEFAULT_SESSION_LIFE: SessionLife = { idleMs: 30 * 60_000, lifeMs: 12 * 60 * 60_000 };
