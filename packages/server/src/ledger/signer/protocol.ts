/**
 * What the ledger and the signer say to each other over the child's IPC channel. The signer holds the private keys and
 * the highest size it signed of each log; the ledger holds neither. spec/checkpoint.md
 */

/** Whether this can be a log's origin: what event.ts calls Origin, without the schema library. */
export function isOrigin(text: string): boolean {
  return /^[a-z0-9][a-z0-9.:-]{0,127}\/[a-z0-9][a-z0-9-]{0,62}\/[0-9]{1,9}$/.test(text);
}

/** A public key the log announces. `x` is the raw key in base64url. */
export type PublicKey = { readonly kid: string; readonly x: string };

/** What the signer knows of a log, its key made when it was asked for the first time. */
export type OriginState = {
  readonly origin: string;
  readonly vkey: string;
  readonly checkpointKey: PublicKey;
  readonly permitKey: PublicKey;
  /** The newest checkpoint it signed; size 0 and no note when none. */
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string;
};

/** A `dispatch.permitted` entry and the path that leads from it to the root being signed. */
export type PermitRequest = {
  readonly index: number;
  readonly entry: Uint8Array;
  readonly path: readonly Uint8Array[];
};

export type SignRequest = {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  /** Consistency proof from the newest size the signer signed, which the ledger names in `from`. */
  readonly from: number;
  readonly proof: readonly Uint8Array[];
  readonly permits: readonly PermitRequest[];
};

export type SignAnswer =
  | {
      readonly origin: string;
      /** The newest note: of the size asked for, or of a larger one signed before. */
      readonly note: string;
      readonly size: number;
      /** Tokens in the order of the permits; undefined where the entry is no permit of this log. */
      readonly permits: readonly (string | undefined)[];
    }
  | { readonly origin: string; readonly refused: string };

export type SignerRequest =
  | { readonly id: number; readonly op: "open"; readonly origins: readonly string[] }
  | { readonly id: number; readonly op: "sign"; readonly requests: readonly SignRequest[] };

export type SignerMessage =
  | { readonly op: "ready" }
  | { readonly op: "failed"; readonly code: string; readonly detail: string }
  | {
      readonly op: "answer";
      readonly id: number;
      readonly origins?: readonly OriginState[];
      readonly signed?: readonly SignAnswer[];
      /** The request was none it can answer: our own mistake. */
      readonly mistake?: string;
    };

/** The signer as the ledger sees it, wherever it runs. */
export type Signer = {
  /** @throws CountersignError core:signer-unavailable */
  open(origins: readonly string[]): Promise<readonly OriginState[]>;
  /**
   * Signs the newest root of each log in one durable step. What does not extend is refused by name, for that log alone.
   *
   * @throws CountersignError core:signer-unavailable when there is no answer in 2 s; the request may still be carried out
   */
  sign(requests: readonly SignRequest[]): Promise<readonly SignAnswer[]>;
  close(): Promise<void>;
};
