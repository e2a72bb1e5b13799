/**
 * What a module gives the ledger: commands. A command says which rows and runs it looks at (`needs`), then decides
 * (`run`) on what was loaded: synchronously, without SQL, clock, randomness or await. What it appends and puts is
 * committed together with every other command of the batch, or not at all; a command that throws adds nothing and harms
 * no neighbour. docs/adr/0002-commands.md says why `run` appends as it goes instead of returning drafts.
 */
import type { ControlState } from "@countersign/evidence/control";
import type { ActionBlock, ActorBlock, DraftOf, EventOf, InitiatorBlock, Kind } from "@countersign/evidence/event";
import type { Id, IdPrefix, RunId } from "@countersign/evidence/ids";
import type { RunState } from "@countersign/evidence/run";
import type { Submission } from "../base/submission.ts";
import type { KeyOf, RowOf, Table } from "./table.ts";

export type { Submission };

/** A row some command will look at. */
export type Need = { readonly table: Table; readonly key: Readonly<Record<string, unknown>> };

/** Everything a command will look at; what was not asked for cannot be read in `run`. */
export type Needs = { readonly rows?: readonly Need[]; readonly runs?: readonly RunId[] };

/** Names a row, with its key's type checked. */
export function need<T extends Table>(table: T, key: KeyOf<T>): Need {
  return { table, key };
}

/** An event with its place in the log. `leaf` is the hex leaf hash: what later events cite. */
export type Placed<K extends Kind> = { readonly event: EventOf<K>; readonly index: number; readonly leaf: string };

type KnownToLedger = "event_id" | "type" | "actor" | "source" | "initiator" | "action";
/**
 * What a draft may leave out because the ledger knows it: the id (fresh), the actor (the submission's), the source
 * (`observed`), the run's initiator (required on run.started) and the action's block (required on action.requested).
 */
export type NewEvent<K extends Kind> = Omit<DraftOf<K>, KnownToLedger> & {
  event_id?: Id<"evt">;
  actor?: ActorBlock;
  source?: EventOf<K>["source"];
  initiator?: InitiatorBlock;
  action?: ActionBlock;
};

/** One command's view of the ledger while its batch is being built. */
export type Transaction = {
  readonly tenant: string;
  readonly actor: ActorBlock;
  /** The log's origin, `<host>/<tenant>/<epoch>`. */
  readonly log: string;
  /** The batch's time: max(head's ts, node clock). Expiries compare with it. RFC 3339 UTC, milliseconds. */
  readonly ts: string;
  readonly nowMs: number;
  /** Number of entries before the next one this command appends. */
  readonly size: number;
  /** Control state including every control event appended so far in the batch. */
  readonly control: ControlState;
  /** The run's state including every event appended so far in the batch; undefined when there is no such run. */
  run(runId: RunId): RunState | undefined;
  /** Leaf hash (hex) of the run's newest event. */
  runHead(runId: RunId): string | undefined;
  row<T extends Table>(table: T, key: KeyOf<T>): RowOf<T> | undefined;
  put<T extends Table>(table: T, row: RowOf<T>): void;
  remove<T extends Table>(table: T, key: KeyOf<T>): void;
  newId<P extends IdPrefix>(prefix: P): Id<P>;
  /** 16 fresh random bytes, for salts and nonces. */
  random16(): Uint8Array;
  /** The id of an event the system concludes from `cause`: the same on every node. */
  derivedId(cause: string, kind: Kind): Id<"evt">;
  /**
   * Places an event: sets tenant, ts, version and integrity, steps the run or the control chain, checks shape and size.
   * @throws CountersignError step-not-allowed (members: faults), validation-failed, entry-too-large
   */
  append<K extends Kind>(type: K, event: NewEvent<K>): Placed<K>;
};

/** A pure state change with a name. `answer` is small JSON: it is kept with the idempotency key and given again. */
export type Command<Input, Answer> = {
  readonly name: string;
  needs(input: Input): Needs;
  /** @throws CountersignError to refuse; nothing of the command remains then. */
  run(tx: Transaction, input: Input): Answer;
};

/** What a submission comes to, once it is durable and under a signed checkpoint. */
export type Appended<Answer> = {
  readonly answer: Answer;
  /** leafIndex of each event, in order. Empty when the command appended nothing. */
  readonly indexes: readonly number[];
  /** The newest signed checkpoint note, covering all of them. */
  readonly checkpoint: string;
  /** True when this idempotency key had been carried out before with the same bytes. */
  readonly replayed: boolean;
};

/** Reads of one tenant outside a batch: committed rows and entries only. */
export type Reader = {
  readonly tenant: string;
  readonly log: string;
  readonly control: ControlState;
  /** Number of entries under the newest signed checkpoint. */
  readonly size: number;
  readonly checkpoint: string;
  /** Time of the newest committed entry, in ms since 1970: nothing is recorded at an earlier one. */
  readonly tsMs: number;
  run(runId: RunId): RunState | undefined;
  row<T extends Table>(table: T, key: KeyOf<T>): RowOf<T> | undefined;
  /**
   * Rows in the order of an index whose leading columns equal `prefix`; `after` continues behind a row. The index `key`
   * is the table's own key. At most 1,000 rows, whatever limit is asked.
   */
  list<T extends Table>(
    table: T,
    index: string,
    prefix: readonly unknown[],
    page?: { limit?: number; after?: RowOf<T>; descending?: boolean },
  ): readonly RowOf<T>[];
  /** Exact entry bytes and leaf hash; undefined beyond the signed size. */
  entry(index: number): { readonly bytes: Uint8Array; readonly leaf: Uint8Array } | undefined;
  indexOfEvent(eventId: string): number | undefined;
  /** leafIndexes of a run's events in run_seq order. At most 10,000, as are the next two. */
  entriesOfRun(runId: RunId, page?: { fromSeq?: number; limit?: number }): readonly number[];
  /** leafIndexes of control events in ctl_seq order. */
  controlEntries(page?: { fromSeq?: number; limit?: number }): readonly number[];
  /** leafIndexes of all entries of given kinds, newest first. */
  entriesOfKinds(kinds: readonly Kind[], page?: { before?: number; limit?: number }): readonly number[];
  /** C2SP tlog-proof text of an entry against the newest signed checkpoint. */
  receipt(index: number): string | undefined;
};

/** The ledger as the rest of the server sees it. */
export type Ledger = {
  /**
   * Runs a command in the next batch. Resolves when its events are durable AND under a signed checkpoint.
   * @throws CountersignError as the command refused, idempotency-conflict, core:overloaded, core:ledger-unavailable,
   *   core:signer-unavailable
   */
  submit<I, A>(command: Command<I, A>, input: I, by: Submission): Promise<Appended<A>>;
  reader(tenant: string): Reader | undefined;
  tenants(): readonly string[];
  /** A compact EdDSA JWS for a `dispatch.permitted` event that is under a signed checkpoint; made by the signer. */
  permitToken(tenant: string, index: number): Promise<string>;
  /** Resolves when the tenant's log has grown past `size`, or after `timeoutMs`. For long polls and live tails. */
  grown(tenant: string, size: number, timeoutMs: number): Promise<void>;
  close(): Promise<void>;
};
