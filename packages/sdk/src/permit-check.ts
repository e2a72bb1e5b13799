/**
 * The last check before an effect, where the effect happens: the permit's signature, that it is for this action, that
 * the argument bytes are the ones decided on, and that its time has not passed. Nothing runs on a permit that fails.
 */
import { parseBase64, parseBase64Url } from "@countersign/evidence/base64";
import { disclosureFault } from "@countersign/evidence/commitment";
import { verifyEd25519 } from "@countersign/evidence/ed25519";
import { digestOf, hex, sha256 } from "@countersign/evidence/hash";
import type { ActionId, PermitId } from "@countersign/evidence/ids";
import { parsePermit, permitFault } from "@countersign/evidence/permit";
import { parseStrict } from "@countersign/evidence/strict-json";
import type { ActionStatusView, StartedView } from "@countersign/evidence/wire";
import type { Countersign } from "./client.ts";
import { PermitRefused } from "./errors.ts";

/** A permit that was checked. */
export type Permit = {
  readonly permitId: PermitId;
  readonly actionId: ActionId;
  readonly runId: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  /** The compact JWS, to hand on to whatever executes: it can check it too. */
  readonly token: string;
  /** Stop by then: the gate counts the attempt as unconfirmed afterwards. RFC 3339. */
  readonly deadline: string;
  readonly jobId: string;
  readonly obligations: readonly string[];
};

export type CheckedStart = { readonly permit: Permit; readonly args: unknown; readonly argsBytes: Uint8Array };

/** Hex SHA-256. */
export function sha256Hex(bytes: Uint8Array): string {
  return hex(sha256(bytes));
}

/**
 * Checks what the gate answered to a start.
 *
 * @throws PermitRefused naming what does not fit
 */
export async function checkPermit(
  client: Countersign,
  asked: ActionStatusView,
  started: StartedView,
): Promise<CheckedStart> {
  const { permit: said } = started;
  const parsed = parsePermit(said.token);
  if (parsed === undefined) throw new PermitRefused("The token is not a permit.");
  const publicKey = await permitKey(client, parsed.kid);
  if (publicKey === undefined) throw new PermitRefused(`The gate announces no permit key ${parsed.kid}.`);
  const argsBytes = parseBase64(started.args);
  if (argsBytes === undefined) throw new PermitRefused("The argument bytes are not base64.");
  const problem = permitFault(
    said.token,
    { kid: parsed.kid, publicKey },
    {
      actionId: asked.action_id,
      run_id: asked.run_id,
      permitId: said.permit_id,
      tool: asked.action.tool,
      capability: asked.action.capability,
      target: asked.action.target,
      job_id: said.job_id,
      attempt: said.attempt,
    },
    verifyEd25519,
  );
  if (problem !== undefined) throw new PermitRefused(`${problem.detail}.`);
  const [salt, pointer, value] = started.args_disclosure;
  if (pointer !== "/action/args" || value !== digestOf(argsBytes)) {
    throw new PermitRefused("The argument bytes are not the ones disclosed.");
  }
  if (disclosureFault([salt, pointer, value], parsed.claims.args_commit) !== undefined) {
    throw new PermitRefused("The argument bytes are not the ones the permit was made for.");
  }
  return {
    permit: {
      permitId: said.permit_id as PermitId,
      actionId: asked.action_id as ActionId,
      runId: asked.run_id,
      attempt: said.attempt,
      maxAttempts: said.max_attempts,
      token: said.token,
      deadline: said.deadline,
      jobId: said.job_id,
      obligations: said.obligations,
    },
    args: parseStrict(argsBytes, "payload").value,
    argsBytes,
  };
}

/** Permit keys per client: asked for once, and again when a token names one not seen. */
const keysOf = new WeakMap<Countersign, Map<string, Uint8Array>>();

async function permitKey(client: Countersign, kid: string): Promise<Uint8Array | undefined> {
  const known = keysOf.get(client);
  const key = known?.get(kid);
  if (key !== undefined) return key;
  const fresh = readKeys(await client.call("getPermitKeys"));
  keysOf.set(client, fresh);
  return fresh.get(kid);
}

/** Ed25519 keys of a JWKS (RFC 7517, RFC 8037); others are passed over. */
function readKeys(jwks: unknown): Map<string, Uint8Array> {
  const keys = new Map<string, Uint8Array>();
  if (typeof jwks !== "object" || jwks === null || !("keys" in jwks) || !Array.isArray(jwks.keys)) return keys;
  for (const key of jwks.keys as readonly unknown[]) {
    if (typeof key !== "object" || key === null || !("kid" in key) || !("x" in key) || !("crv" in key)) continue;
    const { kid, x, crv } = key;
    if (typeof kid !== "string" || typeof x !== "string" || crv !== "Ed25519") continue;
    const raw = parseBase64Url(x);
    if (raw?.length === 32) keys.set(kid, raw);
  }
  return keys;
}
