/** What runs need of their neighbours. app.ts hands it in; modules never import each other. */
import type { Disclosure } from "@countersign/evidence/commitment";
import type { EventId, RunId } from "@countersign/evidence/ids";
import type { Ledger, Need, Submission, Transaction } from "../ledger/command.ts";

/** An open action of a run, as it was seen outside the command that ends it. */
export type OpenAction = {
  readonly actionId: string;
  readonly runId: RunId;
  readonly approvalId: string | undefined;
};

/** Whoever can end actions that have not started. */
export type Withdrawals = {
  needs(action: OpenAction): readonly Need[];
  /** Ends it by an event; `derived` when nobody asked. @throws CountersignError attempt-running, core:policy-changed */
  withdraw(tx: Transaction, action: OpenAction, reason: string, derived: boolean): void;
};

export type RunParts = {
  readonly ledger: Pick<Ledger, "submit" | "reader">;
  readonly actions: Withdrawals;
  /** The alias of a person by the id outsiders know them by; adds the person when they have none. */
  readonly aliasFor: (externalId: string, by: Submission) => Promise<string>;
  readonly sealDisclosure: (tenant: string, subject: string | undefined, disclosure: Disclosure) => Uint8Array;
  readonly keepDisclosure: (tx: Transaction, eventId: EventId, pointer: string, sealed: Uint8Array) => void;
  /** 16 fresh random bytes, for salts. */
  readonly random16: () => Uint8Array;
};
