/**
 * An authenticator in software, for tests that have no browser: it makes passkeys and answers challenges as WebAuthn 3
 * §6 and §7 have it, and lies where a test tells it to.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import type {
  PasskeyAssertion,
  PasskeyCreationOptions,
  PasskeyMade,
  PasskeyRequestOptions,
} from "@countersign/evidence/people-schema";

/** What a test may have done differently. Members of `client` replace those of the client data. */
export type Lies = {
  readonly userVerified?: boolean;
  readonly userPresent?: boolean;
  readonly rpId?: string;
  readonly origin?: string;
  readonly challenge?: string;
  readonly client?: Readonly<Record<string, unknown>>;
  /** COSE algorithm the key says it is of. */
  readonly algorithm?: number;
  readonly userHandle?: string;
};

export type SoftPasskey = { readonly id: string; readonly privateKey: KeyObject; readonly userHandle: string };

export class SoftAuthenticator {
  readonly origin: string;
  readonly keys: SoftPasskey[] = [];
  counter = 0;

  constructor(origin: string) {
    this.origin = origin;
  }

  /** Makes a passkey. */
  create(options: PasskeyCreationOptions, lies: Lies = {}): PasskeyMade {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const id = randomBytes(32);
    const { x, y } = publicKey.export({ format: "jwk" });
    const cose = Buffer.concat([
      Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x20 + (-(lies.algorithm ?? -7) - 1), 0x20, 0x01, 0x21, 0x58, 0x20]),
      Buffer.from(x!, "base64url"),
      Buffer.from([0x22, 0x58, 0x20]),
      Buffer.from(y!, "base64url"),
    ]);
    const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, cose]);
    const data = this.#authenticatorData(options.rp_id, lies, attested);
    // {"fmt": "none", "attStmt": {}, "authData": bytes}
    const attestation = Buffer.concat([
      Buffer.from([0xa3, 0x63]),
      Buffer.from("fmt"),
      Buffer.from([0x64]),
      Buffer.from("none"),
      Buffer.from([0x67]),
      Buffer.from("attStmt"),
      Buffer.from([0xa0, 0x68]),
      Buffer.from("authData"),
      Buffer.from([0x59, data.length >> 8, data.length & 255]),
      data,
    ]);
    const credential = id.toString("base64url");
    this.keys.push({ id: credential, privateKey, userHandle: options.user_id });
    return {
      id: credential,
      client_data: this.#clientData("webauthn.create", options.challenge, lies).toString("base64url"),
      attestation_object: attestation.toString("base64url"),
      transports: ["internal"],
    };
  }

  /** Answers a challenge with one of its passkeys, the newest unless told. */
  get(options: PasskeyRequestOptions, lies: Lies = {}, key: SoftPasskey = this.keys.at(-1)!): PasskeyAssertion {
    const data = this.#authenticatorData(options.rp_id, lies);
    const client = this.#clientData("webauthn.get", options.challenge, lies);
    const signed = Buffer.concat([data, createHash("sha256").update(client).digest()]);
    return {
      id: key.id,
      client_data: client.toString("base64url"),
      authenticator_data: data.toString("base64url"),
      signature: sign("sha256", signed, key.privateKey).toString("base64url"),
      user_handle: lies.userHandle ?? key.userHandle,
    };
  }

  #clientData(type: string, challenge: string, lies: Lies): Buffer {
    const said = {
      type,
      challenge: lies.challenge ?? challenge,
      origin: lies.origin ?? this.origin,
      crossOrigin: false,
    };
    return Buffer.from(JSON.stringify({ ...said, ...lies.client }));
  }

  #authenticatorData(rpId: string, lies: Lies, attested?: Buffer): Buffer {
    const { userPresent = true, userVerified = true } = lies;
    const flags = (userPresent ? 0x01 : 0) | (userVerified ? 0x04 : 0) | (attested === undefined ? 0 : 0x40);
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(++this.counter);
    const rpHash = createHash("sha256")
      .update(lies.rpId ?? rpId)
      .digest();
    return Buffer.concat([rpHash, Buffer.from([flags]), counter, ...(attested === undefined ? [] : [attested])]);
  }
}
