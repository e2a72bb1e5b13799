/**
 * One tenant's log as the batcher keeps it in memory: the head as of the batch being built, the tree, the newest signed
 * checkpoint. All of it is derived from committed rows and dropped whole when a commit fails.
 */

import { type ControlState, emptyControl, stepControl } from "@countersign/evidence/control";
import { assert } from "@countersign/evidence/errors";
import type { ControlEvent } from "@countersign/evidence/event";
import { hex } from "@countersign/evidence/hash";
import { EMPTY_ROOT } from "@countersign/evidence/merkle";
import type { EngineReads, LogKey, StoredLog } from "./engine.ts";
import { Tree } from "./tree.ts";

/** What every chain cites where nothing comes before: hex of SHA-256(""). */
export const NOTHING_BEFORE = hex(EMPTY_ROOT);
const CONTROL_PAGE = 1000;

/** Where a log stands after its newest entry. Replaced whole, so that a command that fails leaves the old one. */
export type Head = {
  readonly size: number;
  readonly tsMs: number;
  /** Leaf hash of the newest entry, bytes and hex. */
  readonly leaf: Uint8Array;
  readonly leafHex: string;
  /** Number of control events, and the newest one's leaf hash. */
  readonly controls: number;
  readonly controlLeaf: Uint8Array;
  readonly controlLeafHex: string;
  readonly control: ControlState;
};

/** The newest checkpoint the signer gave. */
export type Signed = { readonly size: number; readonly note: string };

export class LogState implements LogKey {
  readonly tenant: number;
  readonly epoch: number;
  readonly id: string;
  readonly originHost: string;
  /** C2SP origin: `<host>/<tenant>/<epoch>`. */
  readonly origin: string;
  readonly tree: Tree;
  /** As of the batch being built. */
  head: Head;
  /** As of the newest batch known to be durable. */
  committed: Head;
  signed: Signed;
  /** `dispatch.permitted` entries that no signature covers yet: the signer makes their tokens when it sees them. */
  readonly permits: { readonly index: number; readonly entry: Uint8Array }[] = [];
  /** Why the signer will not sign this log any more; nothing is released from then on. */
  refused: string | undefined;
  /** Node clock minus monotonic clock when the last batch touched this log; a change of it is a jump. */
  driftMs: number | undefined;

  constructor(stored: StoredLog, reads: EngineReads) {
    this.tenant = stored.tenant;
    this.epoch = stored.epoch;
    this.id = stored.id;
    this.originHost = stored.originHost;
    this.origin = originOf(stored.originHost, stored.id, stored.epoch);
    this.signed = { size: stored.signedSize, note: stored.note };
    this.tree = new Tree(stored.size, (level, from, to) =>
      level === 0 ? reads.leaves(this, from, to) : reads.nodes(this, level, from, to),
    );
    const leaf = stored.leaf ?? EMPTY_ROOT;
    const controlLeaf = stored.controlLeaf ?? EMPTY_ROOT;
    this.head = {
      size: stored.size,
      tsMs: stored.tsMs,
      leaf,
      leafHex: hex(leaf),
      controls: stored.controls,
      controlLeaf,
      controlLeafHex: hex(controlLeaf),
      control: foldControl(this, stored.controls, reads),
    };
    this.committed = this.head;
  }
}

/** A log that does not exist yet: what `createTenant` starts from. */
export function newLog(tenant: number, id: string, originHost: string, epoch: number): StoredLog {
  return {
    tenant,
    epoch,
    id,
    originHost,
    size: 0,
    tsMs: 0,
    leaf: undefined,
    controls: 0,
    controlLeaf: undefined,
    signedSize: 0,
    note: "",
  };
}

export function originOf(originHost: string, tenantId: string, epoch: number): string {
  return `${originHost}/${tenantId}/${epoch}`;
}

/** An entry's event, for entries this ledger wrote; fsck is who doubts them. */
export function eventOf(bytes: Uint8Array): unknown {
  return JSON.parse(decoder.decode(bytes));
}
const decoder = new TextDecoder("utf-8", { fatal: true });

function foldControl(log: LogKey, controls: number, reads: EngineReads): ControlState {
  let control = emptyControl();
  for (let seq = 0; seq < controls; seq += CONTROL_PAGE) {
    for (const index of reads.controlEntries(log, seq, Math.min(CONTROL_PAGE, controls - seq))) {
      const entry = reads.entry(log, index);
      assert(entry !== undefined, "an index names an entry that is there");
      // Placed by appendEvent as a control event, which is what the index says of it.
      control = stepControl(control, eventOf(entry.bytes) as ControlEvent).state;
    }
  }
  return control;
}
