/** Passkeys in the browser: the server's options to WebAuthn's, and what the authenticator made back to the API's spelling. */
import type {
  PasskeyAssertion,
  PasskeyCreationOptions,
  PasskeyMade,
  PasskeyRequestOptions,
} from "@countersign/evidence/people-schema";
import { startAuthentication, startRegistration } from "@simplewebauthn/browser";

/** No passkey was used: the prompt was closed, timed out, or the browser or authenticator cannot. Nothing was signed. */
export class NotSigned extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = "NotSigned";
  }
}

/** Has a passkey answer a challenge, its user verified. @throws NotSigned */
export async function answerChallenge(options: PasskeyRequestOptions): Promise<PasskeyAssertion> {
  const { id, response } = await startAuthentication({
    optionsJSON: {
      challenge: options.challenge,
      rpId: options.rp_id,
      timeout: options.timeout_ms,
      userVerification: "required",
      allowCredentials: options.allow.map(({ id, transports }) => ({ id, type: "public-key", transports })),
    },
  }).catch((cause: unknown) => {
    throw new NotSigned(reasonOf(cause), cause);
  });
  return {
    id,
    client_data: response.clientDataJSON,
    authenticator_data: response.authenticatorData,
    signature: response.signature,
    ...(response.userHandle === undefined ? {} : { user_handle: response.userHandle }),
  };
}

/** Makes a passkey. @throws NotSigned */
export async function makePasskey(options: PasskeyCreationOptions): Promise<PasskeyMade> {
  const { id, response } = await startRegistration({
    optionsJSON: {
      challenge: options.challenge,
      rp: { id: options.rp_id, name: options.rp_name },
      user: { id: options.user_id, name: options.user_name, displayName: options.user_name },
      // ES256 alone: it is what the evidence format has for passkeys.
      pubKeyCredParams: [{ type: "public-key", alg: -7 }],
      timeout: options.timeout_ms,
      attestation: "none",
      authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
      excludeCredentials: options.exclude.map(({ id, transports }) => ({ id, type: "public-key", transports })),
    },
  }).catch((cause: unknown) => {
    throw new NotSigned(reasonOf(cause), cause);
  });
  const known = ["ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"] as const;
  const transports = known.filter((one) => response.transports?.includes(one));
  return {
    id,
    client_data: response.clientDataJSON,
    attestation_object: response.attestationObject,
    ...(transports.length === 0 ? {} : { transports }),
  };
}

function reasonOf(cause: unknown): string {
  const name = cause instanceof Error ? cause.name : "";
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause.name : "";
  const names = [name, inner];
  if (names.includes("InvalidStateError"))
    return "This authenticator holds a passkey of yours for this tenant already.";
  if (names.includes("SecurityError")) return "Browsers refuse passkeys at this address. Open the server's public URL.";
  if (names.includes("NotSupportedError")) return "This authenticator cannot make the kind of passkey that is needed.";
  return "The passkey prompt was closed or timed out. Nothing was signed.";
}
