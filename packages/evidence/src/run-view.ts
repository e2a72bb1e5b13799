/**
 * Events as people and programs are shown them: the entry's members, and beside them what can be derived from the entry
 * and is never hashed. `GET /v1/events/{id}` and a pack's `runs/<run_id>.json` show the same. Spec: spec/evidence-event.md
 * "Views", spec/pack.md "Views".
 */
import { canonicalText } from "./canonical.ts";
import type { Event, IntegrityBlock, RunEvent } from "./event.ts";
import { utf8 } from "./hash.ts";

/** The algorithm of the checkpoint's signature: no entry is signed on its own. */
export const SIGNATURE_ALGORITHM = "ed25519";

export type EventView = Event & {
  readonly integrity: IntegrityBlock & { readonly hash: string; readonly sig_alg: typeof SIGNATURE_ALGORITHM };
  /** A C2SP tlog-proof, where the view stands alone; in a pack it lies in a file of its own. */
  readonly receipt?: string;
};

/** @param leaf hex leaf hash of the entry */
export function viewOfEvent(event: Event, leaf: string, receipt?: string): EventView {
  const integrity = { ...event.integrity, hash: leaf, sig_alg: SIGNATURE_ALGORITHM } as const;
  return { ...event, integrity, ...(receipt === undefined ? {} : { receipt }) };
}

/** Collects the views of runs while a log is walked by index. A run costs about the size of its entries until taken. */
export class RunViews {
  readonly #log: string;
  readonly #asOf: number;
  readonly #events = new Map<string, string[]>();

  constructor(log: string, asOf: number) {
    this.#log = log;
    this.#asOf = asOf;
  }

  /**
   * Adds a run's next event, as parsed from its entry: the members stand in canonical order then, and so do those of the
   * view, which is worth a third of the work of sorting them anew.
   */
  add(event: RunEvent, leaf: string): void {
    const text = JSON.stringify({ ...event, integrity: integrityInOrder(event.integrity, leaf) });
    const known = this.#events.get(event.run_id);
    if (known === undefined) this.#events.set(event.run_id, [text]);
    else known.push(text);
  }

  /** Runs that were not taken yet, in the order they appeared. */
  runs(): readonly string[] {
    return [...this.#events.keys()];
  }

  /** Bytes of `runs/<run_id>.json`, and forgets the run; undefined when it has no event here. */
  take(runId: string): Uint8Array | undefined {
    const events = this.#events.get(runId);
    if (events === undefined) return undefined;
    this.#events.delete(runId);
    const [as, log, run] = [this.#asOf, this.#log, runId].map(canonicalText);
    return utf8(`{"as_of":${as},"events":[${events.join(",")}],"log":${log},"run_id":${run},"v":1}`);
  }
}

/** The view's integrity block with its members in canonical order. */
function integrityInOrder(integrity: IntegrityBlock, hash: string) {
  const { alg, ctl_head, ctl_seq, index, log, prev_hash, run_prev, run_seq, v } = integrity;
  return { alg, ctl_head, ctl_seq, hash, index, log, prev_hash, run_prev, run_seq, sig_alg: SIGNATURE_ALGORITHM, v };
}
