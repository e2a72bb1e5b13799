/** What the process says of itself without a credential: alive, ready, and the keys permits verify under. */
import type { LogKey } from "@countersign/evidence/control";
import type { Document } from "./base/http.ts";
import type { Handlers } from "./base/routes.ts";
import type { Ledger } from "./ledger/command.ts";

/** Troubles that last, by the part that has them. */
export type Troubles = ReadonlyMap<string, () => string | undefined>;

export type HealthHandlers = Pick<Handlers, "getHealth" | "getReady" | "getPermitKeys">;

export function healthHandlers(parts: {
  readonly ledger: Pick<Ledger, "tenants" | "reader">;
  readonly troubles: Troubles;
}): HealthHandlers {
  const { ledger, troubles } = parts;
  return {
    getHealth: async () => ({ body: { status: "ok", checks: {} } }),

    async getReady() {
      // Which part, not why: the reason may name what only an operator should read, and is in the log.
      const failing = [...troubles].filter(([, trouble]) => trouble() !== undefined).map(([part]) => part);
      const checks = Object.fromEntries(
        [...troubles.keys()].map((part) => [part, failing.includes(part) ? "failing" : "ok"]),
      );
      const isReady = failing.length === 0;
      return { status: isReady ? 200 : 503, body: { status: isReady ? "ok" : "failing", checks } };
    },

    async getPermitKeys() {
      const keys = new Map<string, object>();
      for (const tenant of ledger.tenants()) {
        for (const key of Object.values(ledger.reader(tenant)?.control.keys ?? {})) {
          if (key.purpose === "permit" && key.revoked === undefined) keys.set(key.kid, jwkOf(key));
        }
      }
      return { body: { keys: [...keys.values()] } };
    },
  };
}

/**
 * `/.well-known/countersign`: where things are, for anybody; the log's origin and keys for whoever has a credential of
 * its tenant, so that strangers do not learn which tenants there are.
 */
export function wellKnown(ledger: Pick<Ledger, "reader">, version: string): Document {
  const common = {
    name: "countersign",
    version,
    api: "/v1",
    description: "/v1/openapi.json",
    permit_keys: "/v1/permit-keys",
  };
  return {
    path: "/.well-known/countersign",
    roles: ["public"],
    contentType: "application/json; charset=utf-8",
    read(caller) {
      const reader = caller && ledger.reader(caller.tenant);
      if (reader === undefined) return JSON.stringify(common);
      const keys = Object.values(reader.control.keys).filter((key) => key.purpose === "checkpoint");
      const logKeys = keys.map(({ kid, vkey, revoked, retiredIndex }) => ({
        kid,
        vkey,
        live: revoked === undefined && retiredIndex === undefined,
      }));
      return JSON.stringify({ ...common, log: reader.log, log_keys: logKeys });
    },
  };
}

/** A permit key as a JWK (RFC 8037). */
function jwkOf({ kid, x }: LogKey): object {
  return { kty: "OKP", crv: "Ed25519", use: "sig", alg: "EdDSA", kid, x };
}
