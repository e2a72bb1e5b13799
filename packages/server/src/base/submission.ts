/** What a request or a local command brings to the ledger beside its input. */
import type { ActorBlock } from "@countersign/evidence/event";

/** Who submits, under which idempotency key. Events the system derives have none. */
export type Submission = {
  readonly tenant: string;
  readonly actor: ActorBlock;
  /** The caller's trace, as W3C Trace Context writes it: recorded on the events of this command. */
  readonly traceparent?: string;
  readonly idempotency?: {
    /** Scope of the key: the credential's id, or `os:<uid>` for local commands. */
    readonly scope: string;
    readonly key: string;
    /** Hex SHA-256 of the request as received. */
    readonly bodyHash: string;
  };
  /** Bytes of the request as received: they count against the queue's bound. Assumed to be 1 KiB when absent. */
  readonly sizeBytes?: number;
};
