/**
 * Passkeys (WebAuthn 3): what a browser is asked for, and whether what it brings is one of ours. Verification is
 * @simplewebauthn/server's; the key leaves here as the raw P-256 point the log and every verifier know. Attestation is
 * not asked for: which make of authenticator it is decides nothing.
 */
import { hash } from "node:crypto";
import { formatBase64Url, parseBase64Url } from "@countersign/evidence/base64";
import { approverKeyOf, type ControlState } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import { es256KeyFault, P256_POINT_BYTES } from "@countersign/evidence/es256";
import { parseId } from "@countersign/evidence/ids";
import type {
  PasskeyAssertion,
  PasskeyCreationOptions,
  PasskeyMade,
  PasskeyRequestOptions,
} from "@countersign/evidence/people-schema";
import { verifyAuthenticationResponse, verifyRegistrationResponse } from "@simplewebauthn/server";
import { decodeClientDataJSON, decodeCredentialPublicKey } from "@simplewebauthn/server/helpers";
import type { Reader } from "../ledger/command.ts";
import type { RowOf } from "../ledger/table.ts";
import { CHALLENGE_LIFE_MS } from "./challenges.ts";
import type { PublicUrl } from "./public-url.ts";
import { passkeys } from "./tables.ts";

/** A passkey that was verified when it was made. */
export type NewKey = {
  readonly kid: string;
  /** The raw point, base64url. */
  readonly x: string;
  readonly rp_id: string;
  readonly credential_id: string;
  readonly transports: readonly Transport[];
  readonly counter: number;
  readonly backed_up: boolean;
};

export type PasskeyRow = RowOf<typeof passkeys>;
type Transport = PasskeyRequestOptions["allow"][number]["transports"][number];
type Listed = PasskeyRequestOptions["allow"];

/** COSE's number for ECDSA over P-256 with SHA-256 (RFC 9053 §2.1). */
const ES256 = -7;
const EC2 = 2;
const P256 = 1;
/** Labels of a COSE key's members (RFC 9052 §7.1, RFC 9053 §7.1.1). */
const COSE = { kty: 1, alg: 3, crv: -1, x: -2, y: -3 } as const;
/** Passkeys one person has at most. */
export const MAX_PASSKEYS = 16;

export function creationOptions(
  url: PublicUrl,
  person: { readonly alias: string; readonly name: string; readonly keys: readonly PasskeyRow[] },
  challenge: string,
): PasskeyCreationOptions {
  return {
    challenge,
    rp_id: url.rpId,
    rp_name: "Countersign",
    user_id: userHandleOf(person.alias),
    user_name: person.name,
    exclude: listed(person.keys),
    timeout_ms: CHALLENGE_LIFE_MS,
  };
}

export function requestOptions(url: PublicUrl, keys: readonly PasskeyRow[], challenge: string): PasskeyRequestOptions {
  return { challenge, rp_id: url.rpId, allow: listed(keys), timeout_ms: CHALLENGE_LIFE_MS };
}

/** The relying party id the log pins: that of the first passkey enrolled, or undefined before it. */
export function pinnedRpId(control: ControlState): string | undefined {
  return Object.values(control.approverKeys).find((key) => key.method === "webauthn")?.rpId;
}

/** @throws CountersignError rp-id-pinned, passkey-not-acceptable when no passkey can be made at this address */
export function refuseAddress(url: PublicUrl, control: ControlState): void {
  if (!url.passkeys) {
    throw new CountersignError("passkey-not-acceptable", { detail: "Browsers make no passkeys at an IP address." });
  }
  const pinned = pinnedRpId(control);
  if (pinned === undefined || pinned === url.rpId) return;
  throw new CountersignError("rp-id-pinned", { detail: `The log pins ${pinned}; this server is ${url.rpId}.` });
}

/** The challenge an answer says it is to; undefined when it is not readable. */
export function challengeIn(clientData: string): string | undefined {
  try {
    return decodeClientDataJSON(clientData).challenge;
  } catch {
    return undefined;
  }
}

/**
 * Verifies a passkey that was just made.
 *
 * @param challenge the one it must answer, base64url
 * @throws CountersignError passkey-not-acceptable
 */
export async function verifyNewKey(url: PublicUrl, made: PasskeyMade, challenge: string): Promise<NewKey> {
  const { id, client_data: clientDataJSON, attestation_object: attestationObject, transports = [] } = made;
  refuseFramed(clientDataJSON, "passkey-not-acceptable");
  const verified = await verifyRegistrationResponse({
    response: {
      id,
      rawId: id,
      type: "public-key",
      response: { clientDataJSON, attestationObject },
      clientExtensionResults: {},
    },
    expectedChallenge: challenge,
    expectedOrigin: url.origin,
    expectedRPID: url.rpId,
    requireUserVerification: true,
    supportedAlgorithmIDs: [ES256],
  }).catch((cause: unknown) => refuse("passkey-not-acceptable", cause));
  if (!verified.verified) return refuse("passkey-not-acceptable");
  const { credential, credentialBackedUp } = verified.registrationInfo;
  const point = pointOf(credential.publicKey);
  if (point === undefined || credential.id !== id) return refuse("passkey-not-acceptable");
  return {
    kid: thumbprintOf(point),
    x: formatBase64Url(point),
    rp_id: url.rpId,
    credential_id: id,
    transports,
    counter: credential.counter,
    backed_up: credentialBackedUp,
  };
}

/**
 * Verifies that a passkey of this tenant answered a challenge, with its user verified.
 *
 * @param challenge the one it must answer, base64url
 * @throws CountersignError sign-in-refused
 */
export async function verifyAssertion(
  url: PublicUrl,
  reader: Reader,
  assertion: PasskeyAssertion,
  challenge: string,
): Promise<{ readonly row: PasskeyRow; readonly counter: number }> {
  const row = reader.row(passkeys, { credential: credentialKey(assertion.id) });
  const key = row && approverKeyOf(reader.control, row.kid);
  const publicKey = key && parseBase64Url(key.x);
  if (row === undefined || key === undefined || publicKey === undefined) return refuse("sign-in-refused");
  if (key.revoked !== undefined || key.person !== row.person || key.alg !== "es256") return refuse("sign-in-refused");
  const { user_handle: handle } = assertion;
  if (handle !== undefined && handle !== userHandleOf(row.person)) return refuse("sign-in-refused");
  refuseFramed(assertion.client_data, "sign-in-refused");
  const verified = await verifyAuthenticationResponse({
    response: {
      id: assertion.id,
      rawId: assertion.id,
      type: "public-key",
      response: {
        clientDataJSON: assertion.client_data,
        authenticatorData: assertion.authenticator_data,
        signature: assertion.signature,
      },
      clientExtensionResults: {},
    },
    expectedChallenge: challenge,
    expectedOrigin: url.origin,
    expectedRPID: url.rpId,
    requireUserVerification: true,
    // Counters are recorded, not trusted: synced passkeys count nothing, and a clone signs as well as its original.
    credential: { id: assertion.id, publicKey: coseOf(publicKey), counter: 0 },
  }).catch((cause: unknown) => refuse("sign-in-refused", cause));
  if (!verified.verified) return refuse("sign-in-refused");
  return { row, counter: verified.authenticationInfo.newCounter };
}

/** The key of {@link passkeys} for a credential id. */
export function credentialKey(credentialId: string): string {
  return hash("sha256", credentialId);
}

/** A person's passkeys, revoked ones left out. */
export function passkeysOf(reader: Reader, person: string): PasskeyRow[] {
  const rows = reader.list(passkeys, "by_person", [person], { limit: 64 });
  return rows.filter((row) => approverKeyOf(reader.control, row.kid)?.revoked === undefined);
}

/** Six groups of four that two people can read to each other: the first 96 bits of the key's thumbprint. */
export function fingerprintOf(kid: string): string {
  const hex = Buffer.from(kid, "base64url").toString("hex").slice(0, 24);
  return hex.replace(/(.{4})(?=.)/g, "$1 ");
}

export function transportsOf(row: Pick<PasskeyRow, "transports">): Transport[] {
  return [...(row.transports as readonly Transport[])]; // put by us, from values of this type
}

/** RFC 7638 thumbprint of a P-256 key: what the log calls it. */
function thumbprintOf(point: Uint8Array): string {
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map(formatBase64Url);
  return hash("sha256", `{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`, "base64url");
}

function listed(keys: readonly PasskeyRow[]): Listed {
  return keys.map((row) => ({ id: row.credential_id, transports: transportsOf(row) }));
}

/** The person's alias as 16 bytes: no name, and another one in every tenant. */
function userHandleOf(alias: string): string {
  const bytes = parseId("usr", alias);
  return bytes === undefined ? "" : formatBase64Url(bytes);
}

/** The uncompressed point of a COSE key, or undefined when it is none of P-256 for ES256. */
function pointOf(cose: Uint8Array<ArrayBuffer>): Uint8Array | undefined {
  // A COSE key is a map from numbers to values; the library's type names only those that all keys share.
  const key = decodeCredentialPublicKey(cose) as unknown as ReadonlyMap<number, unknown>;
  if (key.get(COSE.kty) !== EC2 || key.get(COSE.alg) !== ES256 || key.get(COSE.crv) !== P256) return undefined;
  const [x, y] = [key.get(COSE.x), key.get(COSE.y)];
  if (!(x instanceof Uint8Array) || !(y instanceof Uint8Array) || x.length !== 32 || y.length !== 32) return undefined;
  const point = new Uint8Array(P256_POINT_BYTES);
  point[0] = 4;
  point.set(x, 1);
  point.set(y, 33);
  return es256KeyFault(point) === undefined ? point : undefined;
}

/** The COSE key (RFC 9053 §7.1) of a point: {1: 2, 3: -7, -1: 1, -2: x, -3: y} in CBOR. */
function coseOf(point: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = Buffer.from("a5010203262001215820", "hex");
  return new Uint8Array([...head, ...point.subarray(1, 33), 0x22, 0x58, 0x20, ...point.subarray(33)]);
}

/** A page inside another site's page may not sign people in, whatever the browser lets it do. */
function refuseFramed(clientData: string, code: "passkey-not-acceptable" | "sign-in-refused"): void {
  try {
    if (decodeClientDataJSON(clientData).crossOrigin !== true) return;
  } catch (cause) {
    refuse(code, cause);
  }
  throw new CountersignError(code, { detail: "It was made inside another site's page." });
}

/** The library's reason goes to our own log; to whoever asked goes only what they can do something about. */
function refuse(code: "passkey-not-acceptable" | "sign-in-refused", cause?: unknown): never {
  const words = cause instanceof Error ? cause.message : "";
  const detail = /[Uu]ser verification/.test(words) ? "The authenticator did not verify you." : undefined;
  throw new CountersignError(code, { ...(detail === undefined ? {} : { detail }), cause });
}
