/** From an API key to its holder. Tenant, role and identity come from here and from nowhere else, and are here as the log says. */

import { type ControlState, credentialOf } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import type { RoleName } from "@countersign/evidence/event";
import { type ApiKey, equalHashes, parseApiKey } from "../base/auth.ts";
import type { Clock } from "../base/clock.ts";
import type { Caller } from "../base/routes.ts";
import type { Ledger } from "../ledger/command.ts";
import type { RowOf } from "../ledger/table.ts";
import { credentials } from "./tables.ts";

type Row = RowOf<typeof credentials>;

const REMEMBERED = 10_000;
/** Compared with when there is no such key, so that the time taken does not say which part was wrong. */
const NOBODY = "0".repeat(64);

/**
 * Checks keys against the tenants' credentials.
 *
 * @returns a function that throws CountersignError unauthenticated or credential-expired
 */
export function openAuthenticator(ledger: Pick<Ledger, "reader">, clock: Clock): (key: string) => Caller {
  /** Rows seen last, each with the control state it was read under: issuing and revoking are control events. */
  const known = new Map<string, { readonly control: ControlState; readonly row: Row }>();

  function rowOf({ tenant, id }: ApiKey): Row | undefined {
    const reader = ledger.reader(tenant);
    if (reader === undefined) return undefined;
    const name = `${tenant} ${id}`;
    const seen = known.get(name);
    if (seen?.control === reader.control) return seen.row;
    const { control } = reader;
    const row = reader.row(credentials, { credential_id: id });
    if (known.size >= REMEMBERED) known.clear();
    // Only keys that exist are remembered: guesses would push them out.
    if (row !== undefined) known.set(name, { control, row });
    return row;
  }

  return (text) => {
    const key = parseApiKey(text);
    const row = key && rowOf(key);
    const isHolder = equalHashes(row?.secret_hash ?? NOBODY, key?.secretHash ?? NOBODY.replace("0", "1"));
    if (key === undefined || row === undefined || !isHolder) throw new CountersignError("unauthenticated");
    const nowMs = clock.nowMs();
    if (row.revoked_ms !== null || (row.expires_ms !== null && row.expires_ms <= nowMs)) {
      throw new CountersignError("credential-expired");
    }
    refuseUnlogged(ledger.reader(key.tenant)?.control, row, nowMs);
    return {
      tenant: key.tenant,
      // Rows are put by issueCredential alone, from values of these types.
      role: row.role as RoleName,
      credentialId: key.id,
      holder: { kind: row.holder_kind as Caller["holder"]["kind"], id: row.holder_id },
    };
  };
}

/**
 * A row finds a credential; the log says what it is. One that was put, changed or revived beside the log lets nobody in.
 * @throws CountersignError unauthenticated, credential-expired
 */
function refuseUnlogged(control: ControlState | undefined, row: Row, nowMs: number): void {
  const said = control && credentialOf(control, row.credential_id);
  const { role, holder, secretDigest, expiresAt } = said ?? {};
  const isSame =
    role === row.role &&
    holder?.kind === row.holder_kind &&
    holder.id === row.holder_id &&
    (secretDigest === undefined || secretDigest === `sha256:${row.secret_hash}`);
  if (!isSame) throw new CountersignError("unauthenticated");
  if (expiresAt !== undefined && Date.parse(expiresAt) <= nowMs) throw new CountersignError("credential-expired");
}
