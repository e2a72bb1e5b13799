/**
 * Whether a vote was signed by a key of its person. Kept out of the run's fold, because verifying is slow: the server
 * asks when a vote comes in, the verifier for the assurance `approvers`. Spec: spec/approval.md, "Signature".
 */
import { sha512 } from "@noble/hashes/sha2.js";
import { textDigest } from "./approval.ts";
import { parseBase64Url } from "./base64.ts";
import { type ApproverKey, approverKeyOf, type ControlState } from "./control.ts";
import type { EventOf, RunEvent } from "./event.ts";
import { type Fault, fault } from "./fault.ts";
import { equalBytes, parseHex, sha256, utf8 } from "./hash.ts";

/** Verifies one signature; false for anything malformed, never an exception. */
export type VerifySignature = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/**
 * Brought by the caller. `ed25519`: 32-byte key, 64-byte signature (RFC 8032). `es256`: 65-byte uncompressed point,
 * ASN.1 DER signature over SHA-256 of the message, as WebAuthn has it.
 */
export type Verifiers = { readonly ed25519: VerifySignature; readonly es256?: VerifySignature };

/** What a person's key signed: bring it to a verifier that may be asynchronous. */
export type SignedVote = {
  readonly alg: "ed25519" | "es256";
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
};

/** What of a vote its signature is about. */
type Vote = Pick<
  EventOf<"approval.voted">["vote"],
  "text" | "digest" | "person" | "method" | "kid" | "signature" | "authenticator_data" | "client_data"
>;

/** The namespace of `ssh-keygen -Y sign -n`: a signature made for another purpose cannot pass for a vote. */
export const SSH_NAMESPACE = "countersign/v1/vote";

/**
 * The bytes an Ed25519 key signs for a vote: a context line and the digest's text, so that a person can make and check
 * them with `printf` and `openssl`.
 *
 * @param digest `sha256:<hex>` of the vote's text
 */
export function voteSigningBytes(digest: string): Uint8Array {
  return utf8(`countersign/v1/vote\n${digest}`);
}

/** What an SSH key signs for the same bytes: the blob of OpenSSH's PROTOCOL.sshsig with SHA-512. */
export function voteSshSigningBytes(digest: string): Uint8Array {
  const fields = [utf8(SSH_NAMESPACE), new Uint8Array(0), utf8("sha512"), sha512(voteSigningBytes(digest))];
  const out = [...utf8("SSHSIG")];
  for (const field of fields) out.push(0, 0, field.length >> 8, field.length & 255, ...field);
  return Uint8Array.from(out);
}

/** Why the vote's signature does not show that its person gave it, or undefined when it does. */
export function voteSignatureFault(
  event: EventOf<"approval.voted">,
  key: ApproverKey | undefined,
  verifiers: Verifiers,
): Fault | undefined {
  return signatureFault(event, event.vote, key, verifiers);
}

/** The same for what one person signed under a text, e.g. for break-glass; `event` says where a fault lies. */
export function signatureFault(
  event: RunEvent,
  given: Vote,
  key: ApproverKey | undefined,
  verifiers: Verifiers,
): Fault | undefined {
  const signed = signedVote(given, key);
  if (typeof signed === "string") return invalid(event, signed);
  const verify = verifiers[signed.alg];
  if (verify === undefined) return invalid(event, `no verifier for ${signed.alg} is at hand`);
  if (verify(signed.publicKey, signed.message, signed.signature)) return undefined;
  return invalid(event, `the signature does not verify under key ${given.kid}`);
}

/** What was signed by which key, or one sentence why that cannot be the person's vote. */
export function signedVote(vote: Vote, key: ApproverKey | undefined): SignedVote | string {
  if (key === undefined || key.person !== vote.person) return `key ${vote.kid} is not enrolled for ${vote.person}`;
  if (key.method !== vote.method) return `key ${vote.kid} was enrolled for ${key.method}, not ${vote.method}`;
  if (textDigest(vote.text) !== vote.digest) return "the digest is not of the vote's text";
  const publicKey = parseBase64Url(key.x);
  const signature = parseBase64Url(vote.signature);
  if (publicKey === undefined || signature === undefined) return "key or signature is not base64url";
  if (key.alg !== "ed25519" && key.alg !== "es256") return `${key.alg} signs nothing`;
  // What nobody signed must not stand beside a signature as if somebody had.
  if (vote.method !== "webauthn" && (vote.authenticator_data !== undefined || vote.client_data !== undefined)) {
    return `a vote of method ${vote.method} has no authenticator or client data`;
  }
  if (vote.method === "webauthn") {
    const message = assertionBytes(vote, key);
    return typeof message === "string" ? message : { alg: key.alg, publicKey, message, signature };
  }
  const message = vote.method === "ssh" ? voteSshSigningBytes(vote.digest) : voteSigningBytes(vote.digest);
  return { alg: key.alg, publicKey, message, signature };
}

/**
 * Why a key should not have been relied on for a vote at `at`, as this control state knows: asked with the state at the
 * vote, and again with the newest one, because a compromise is often declared later.
 */
export function voteKeyFault(
  vote: { readonly kid: string; readonly person: string },
  at: string,
  control: ControlState,
): Fault | undefined {
  const key = approverKeyOf(control, vote.kid);
  if (key === undefined || key.person !== vote.person) {
    return fault("approver-not-entitled", `key ${vote.kid} is not enrolled for ${vote.person}`);
  }
  const since = key.revoked?.compromisedSince;
  if (since !== undefined && since <= at) {
    return fault("vote-key-compromised", `key ${vote.kid} was compromised since ${since}, the vote is of ${at}`);
  }
  if (key.revoked !== undefined && key.revoked.at < at) {
    return fault("approver-not-entitled", `key ${vote.kid} was revoked at ${key.revoked.at}`);
  }
  return undefined;
}

/** Whether a key is known to have been in other hands when a vote was made with it. */
export function isVoteKeyCompromised(kid: string, at: string, control: ControlState): boolean {
  const since = approverKeyOf(control, kid)?.revoked?.compromisedSince;
  return since !== undefined && since <= at;
}

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;

/** The bytes a passkey signed (WebAuthn 3 §7.2), or why the assertion is not one of this vote. */
function assertionBytes(vote: Vote, key: ApproverKey): Uint8Array | string {
  const authenticator = parseBase64Url(vote.authenticator_data ?? "");
  const client = parseBase64Url(vote.client_data ?? "");
  if (authenticator === undefined || authenticator.length < 37) return "the authenticator data is missing or too short";
  if (client === undefined || client.length === 0) return "the client data is missing";
  if (!equalBytes(authenticator.subarray(0, 32), sha256(utf8(key.rpId ?? "")))) {
    return "the assertion is for another relying party";
  }
  const flags = authenticator[32]!;
  if ((flags & USER_PRESENT) === 0 || (flags & USER_VERIFIED) === 0) return "the authenticator did not verify the user";
  const why = clientDataReason(client, vote, key.rpId ?? "");
  if (why !== undefined) return why;
  const message = new Uint8Array(authenticator.length + 32);
  message.set(authenticator);
  message.set(sha256(client), authenticator.length);
  return message;
}

function clientDataReason(client: Uint8Array, vote: Vote, rpId: string): string | undefined {
  let said: unknown;
  try {
    said = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(client));
  } catch {
    return "the client data is not JSON";
  }
  if (typeof said !== "object" || said === null) return "the client data is not an object";
  // Browsers add members, so it is read by name; each is checked to be what it must be.
  const { type, challenge, origin, crossOrigin } = said as Record<string, unknown>;
  if (type !== "webauthn.get") return "the client data is not of an assertion";
  const bytes = typeof challenge === "string" ? parseBase64Url(challenge) : undefined;
  const digest = parseHex(vote.digest.slice("sha256:".length));
  if (bytes === undefined || !equalBytes(bytes, digest)) return "the challenge is not the vote's digest";
  if (typeof origin !== "string" || !originFits(origin, rpId)) return "the origin is not the relying party's";
  return crossOrigin === true ? "the assertion was made inside another site's page" : undefined;
}

/** The page's host is the relying party id or below it (WebAuthn 3 §5.1.4); localhost may be plain http. */
function originFits(origin: string, rpId: string): boolean {
  const parts = /^(https?):\/\/([a-z0-9.-]+)(:\d{1,5})?$/.exec(origin);
  if (parts === null) return false;
  const [, scheme, host] = parts;
  if (scheme === "http" && host !== "localhost") return false;
  return host === rpId || host!.endsWith(`.${rpId}`);
}

function invalid(event: RunEvent, detail: string): Fault {
  const at = { index: event.integrity.index, eventId: event.event_id, runId: event.run_id };
  return fault("vote-signature-invalid", detail, at);
}
