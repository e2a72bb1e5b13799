/** What dispatch needs of its neighbours. app.ts hands it in; modules never import each other. */
import type { Disclosure } from "@countersign/evidence/commitment";
import type { CoreRuleId } from "@countersign/evidence/core-rules";
import type { DecisionResult } from "@countersign/evidence/decide";
import type { DeclaredScope, EventOf, Kind } from "@countersign/evidence/event";
import type { Digest } from "@countersign/evidence/hash";
import type { ApprovalId, EventId, RunId } from "@countersign/evidence/ids";
import type { Bundle } from "@countersign/evidence/policy";
import type { GateFacts, TouchedTarget } from "@countersign/evidence/project";
import type { RunState } from "@countersign/evidence/run";
import type { ToolContract } from "@countersign/evidence/tool-contract";
import type { RunStatusView } from "@countersign/evidence/wire";
import type { Ledger, Need, Placed, Reader, Transaction } from "../ledger/command.ts";

/** A payload that lies in the store and is not cited yet. */
export type Kept = {
  readonly mediaType: string;
  readonly classification: "public" | "internal" | "personal" | "secret";
  readonly subject?: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly plainSha256: Digest;
  readonly artifactId: string;
  readonly salt: Uint8Array;
  commitAt(pointer: string): string;
  discloseAt(pointer: string): Disclosure;
};

/** The payload store, and what a command writes beside an event that cites one. */
export type Vault = {
  put(
    tenant: string,
    plain: Uint8Array,
    about: { mediaType: string; classification: Kept["classification"]; subject?: string },
  ): Promise<Kept>;
  open(tenant: string, digest: string): Promise<Uint8Array>;
  sealDisclosure(tenant: string, subject: string | undefined, disclosure: Disclosure): Uint8Array;
  /** What opens a commitment of a committed event; undefined when there is none or its key was destroyed. */
  openDisclosure(reader: Reader, eventId: string, pointer: string): Disclosure | undefined;
  needPayload(digest: string): Need;
  citePayload(tx: Transaction, payload: Kept | string, eventId: EventId): void;
  keepDisclosure(tx: Transaction, eventId: EventId, pointer: string, sealed: Uint8Array): void;
};

/** What one evaluation came to; `projection` and `targets` are absent when the arguments could not be projected. */
export type Evaluated = {
  readonly projection: Uint8Array | undefined;
  readonly targets: readonly TouchedTarget[] | undefined;
  readonly trouble: { readonly rule: CoreRuleId; readonly pointer: string; readonly detail: string } | undefined;
  readonly result: DecisionResult;
  readonly evaluatedUs: number;
};

/** The policy engine and the bundles it decides by. */
export type PolicyGate = {
  /** A bundle this tenant published; undefined when it is missing or damaged. */
  bundleOf(tenant: string, digest: string): Promise<Bundle | undefined>;
  /** Never throws for what the arguments are; bounded in time. @throws CountersignError core:overloaded */
  decide(
    tenant: string,
    digest: string,
    on: { readonly contract: ToolContract; readonly args: Uint8Array; readonly facts: GateFacts },
  ): Promise<Evaluated>;
};

/** What an approval request is opened with. */
export type ApprovalOrder = {
  readonly decision: EventOf<"policy.decided">;
  /** Leaf hash, hex, of action.requested. */
  readonly requestLeaf: string;
  readonly argsCommit: string;
  /** The exact argument bytes and the salt of their commitment, base64url: what people are shown. */
  readonly args: { readonly bytes: Uint8Array; readonly salt: string };
  readonly executeWithinMs: number;
  readonly maxAttempts: number;
  /** The request it takes the place of, as supersede() gave it. */
  readonly replacing?: Replacing;
};

/** An approval and the one that replaces it. */
export type Replacing = { readonly old: string; readonly by: ApprovalId };

/** The approvals module, inside a command of this one. All append events of an action this module keeps a record of. */
export type Approvals = {
  needs(approvalId: string): readonly Need[];
  open(tx: Transaction, order: ApprovalOrder): ApprovalId;
  /** Ends an approval in favour of a new request, which the same command decides anew and opens. No vote carries. */
  supersede(tx: Transaction, approvalId: string, reason: string): Replacing;
  /** Says that an open approval holds under the policy now in force as well; the event's id. The caller has proved it. */
  revalidate(
    tx: Transaction,
    approvalId: string,
    proof: {
      readonly revalidated: EventOf<"approval.revalidated">["revalidated"];
      readonly commit?: Record<string, string>;
    },
  ): string;
  /** Uses a granted approval for one permit. Whether it may be used is for the caller to have checked. */
  consume(tx: Transaction, approvalId: string, permit: { permitId: string; jobId: string }): void;
  /** Why an open approval no longer binds, whatever its votes; undefined while it does. */
  voidReason(tx: Transaction, approvalId: string): "POLICY_CHANGED" | "FROZEN" | "KEY_COMPROMISED" | undefined;
  /** Ends an approval that has not been used. `expired` needs no reason. */
  end(tx: Transaction, approvalId: string, how: "expired" | "voided" | "cancelled", reason: string): void;
};

/** Whoever keeps a record of actions hears of every event of one, in the transaction that places it. */
export type ActionBook = {
  needs(actionId: string): readonly Need[];
  note<K extends Kind>(tx: Transaction, placed: Placed<K>): void;
};

/** What else a change of a run's scope moves. */
export type RunTime = {
  view(state: RunState): RunStatusView;
  needs(runId: RunId): readonly Need[];
  /** The run ends by itself at the time its new scope gives it. */
  moveEnd(tx: Transaction, runId: RunId, scope: DeclaredScope): void;
};

export type DispatchParts = {
  readonly ledger: Pick<Ledger, "submit" | "reader" | "permitToken" | "grown">;
  readonly vault: Vault;
  readonly policy: PolicyGate;
  readonly approvals: Approvals;
  readonly runTime: RunTime;
  readonly nowMs: () => number;
  /** Counts a report that named no action, by the kind of who sent it. */
  readonly reportUnnamed: (kind: string) => void;
  /** For the length of long polls. */
  readonly monotonicMs: () => number;
  /** 16 fresh random bytes, for salts. */
  readonly random16: () => Uint8Array;
  /** Resolves after `ms`, or at once when aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
};
