/** What approvals need of their neighbours. app.ts hands it in; modules never import each other. */
import type { Disclosure } from "@countersign/evidence/commitment";
import type { Kind } from "@countersign/evidence/event";
import type { EventId } from "@countersign/evidence/ids";
import type { Bundle } from "@countersign/evidence/policy";
import type { Ledger, Need, Placed, Reader, Transaction } from "../ledger/command.ts";

/** Whoever keeps a record of actions hears of every event of one, in the transaction that places it. */
export type ActionBook = {
  needs(actionId: string): readonly Need[];
  note<K extends Kind>(tx: Transaction, placed: Placed<K>): void;
};

export type ApprovalParts = {
  readonly ledger: Pick<Ledger, "submit" | "reader">;
  readonly actions: ActionBook;
  /** The exact argument bytes of an action and the salt of their commitment; undefined when they were erased. */
  readonly openArguments: (
    reader: Reader,
    actionId: string,
  ) => Promise<{ readonly bytes: Uint8Array; readonly salt: string } | undefined>;
  /**
   * Brings an action's open approval up to the policy in force: it holds, a new request replaces it, or it is void.
   *
   * @throws CountersignError payload-erased, payload-damaged, core:engine-unavailable
   */
  readonly renew: (tenant: string, actionId: string) => Promise<void>;
  /** A bundle this tenant published; its catalogue has the reasons people may give. */
  readonly bundleOf: (tenant: string, digest: string) => Promise<Bundle | undefined>;
  readonly sealDisclosure: (tenant: string, subject: string | undefined, disclosure: Disclosure) => Uint8Array;
  readonly keepDisclosure: (tx: Transaction, eventId: EventId, pointer: string, sealed: Uint8Array) => void;
  readonly nowMs: () => number;
  /** 16 fresh random bytes, for salts. */
  readonly random16: () => Uint8Array;
};
