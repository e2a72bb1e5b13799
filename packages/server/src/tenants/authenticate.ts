/** From an API key to its holder. Tenant, role and identity come from here and from nowhere else. */
import { CountersignError } from "@countersign/evidence/errors";
import type { RoleName } from "@countersign/evidence/event";
import { equalHashes, parseApiKey } from "../base/auth.ts";
import type { Clock } from "../base/clock.ts";
import type { Caller } from "../base/routes.ts";
import type { Ledger } from "../ledger/command.ts";
import { credentials } from "./tables.ts";

/** Compared with when there is no such key, so that the time taken does not say which part was wrong. */
const NOBODY = "0".repeat(64);

/**
 * Checks keys against the tenants' credentials.
 *
 * @returns a function that throws CountersignError unauthenticated or credential-expired
 */
export function openAuthenticator(ledger: Pick<Ledger, "reader">, clock: Clock): (key: string) => Caller {
  return (text) => {
    const key = parseApiKey(text);
    const row = key && ledger.reader(key.tenant)?.row(credentials, { credential_id: key.id });
    const isHolder = equalHashes(row?.secret_hash ?? NOBODY, key?.secretHash ?? NOBODY.replace("0", "1"));
    if (key === undefined || row === undefined || !isHolder) throw new CountersignError("unauthenticated");
    const nowMs = clock.nowMs();
    if (row.revoked_ms !== null || (row.expires_ms !== null && row.expires_ms <= nowMs)) {
      throw new CountersignError("credential-expired");
    }
    return {
      tenant: key.tenant,
      // Rows are put by issueCredential alone, from values of these types.
      role: row.role as RoleName,
      credentialId: key.id,
      holder: { kind: row.holder_kind as Caller["holder"]["kind"], id: row.holder_id },
    };
  };
}
