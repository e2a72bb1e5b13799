/** The first events of a tenant's log, and the ones the ledger writes by itself while nothing else happens. */
import type { Command } from "./command.ts";
import type { OriginState } from "./signer/protocol.ts";

export type NewTenantRequest = {
  /** A tenant id: lower-case letters, digits and hyphens, at most 63. */
  readonly id: string;
  readonly kind: "evaluation" | "production";
  /** Host of the log's origin; fixed from now on. */
  readonly originHost: string;
  readonly displayName?: string;
};

/** What `createTenant` answers. */
export type NewTenantAnswer = { readonly tenant: string; readonly log: string; readonly vkey: string };

/** Epochs count from 1. */
export const FIRST_EPOCH = 1;

/** Entries that {@link createTenant} appends. */
export const FIRST_EVENTS = 2;

/** Appends log.genesis, which announces the checkpoint and permit keys, and tenant.created. */
export function createTenant(keys: OriginState): Command<NewTenantRequest, NewTenantAnswer> {
  return {
    name: "tenant.create",
    needs: () => ({}),
    run(tx, { kind, originHost, displayName }) {
      const genesis = tx.append("log.genesis", {
        genesis: {
          origin: tx.log,
          epoch: FIRST_EPOCH,
          spec: "countersign/1",
          keys: [
            { ...keys.checkpointKey, purpose: "checkpoint", alg: "ed25519", vkey: keys.vkey },
            { ...keys.permitKey, purpose: "permit", alg: "ed25519" },
          ],
        },
      });
      tx.append("tenant.created", {
        cause: genesis.event.event_id,
        created: {
          kind,
          origin_host: originHost,
          ...(displayName === undefined ? {} : { display_name: displayName }),
        },
      });
      return { tenant: tx.tenant, log: tx.log, vkey: keys.vkey };
    },
  };
}

/** Shows that the log was alive and nothing was cut off at its end. */
export const heartbeat: Command<{ readonly idleSinceMs: number }, null> = {
  name: "log.heartbeat",
  needs: () => ({}),
  run(tx, { idleSinceMs }) {
    // Something else may have come first, and a closed log is silent.
    if (tx.control.log?.closed !== false || tx.nowMs <= idleSinceMs) return null;
    tx.append("log.heartbeat", {
      source: "derived",
      heartbeat: { idle_since: new Date(idleSinceMs).toISOString() },
    });
    return null;
  },
};

/** Setting that `config.overridden` names when a signer that had lost its memory was let sign on. */
const RESET = "accept-signer-reset";

/** Says that nothing but the database vouches for what was before: the signer had forgotten, and was let sign on. */
export const recordSignerReset: Command<{ readonly remembered: number; readonly covered: number }, null> = {
  name: "log.signer-reset",
  needs: () => ({}),
  run(tx, { remembered, covered }) {
    tx.append("config.overridden", {
      override: { setting: RESET, value: `remembered ${remembered}, covered ${covered}, entries ${tx.size}` },
      reason: { code: "SIGNER_RESET" },
    });
    return null;
  },
};
