/**
 * The chains inside a log: every entry says where the control chain stood, every event of a run where its run did. Steps
 * 6 and 7 of spec/pack.md, as far as links go. One gap is one fault: after it the entry's own word is taken for the rest.
 */
import type { IntegrityBlock } from "./event.ts";
import { hex } from "./hash.ts";
import { EMPTY_ROOT } from "./merkle.ts";

/** What a chain's first event cites. */
export const NOTHING = hex(EMPTY_ROOT);

/** The newest event of a chain. Its leaf is undefined when the pack does not show that the tree has it so. */
type Link = { readonly seq: number; readonly leaf: string | undefined };

/** The control chain, walked by rising index. */
export class ControlChain {
  /** Control events so far, and the newest one. */
  #newest: Link = { seq: 0, leaf: NOTHING };
  /** Entries since then that may have been control events: leaves of unknown kinds, and how many could not be read. */
  #unknown: string[] = [];
  #unread = 0;

  /** How an entry does not continue the chain here, or undefined when it does. */
  problem({ ctl_seq: seq, ctl_head: head }: IntegrityBlock): string | undefined {
    const { seq: here, leaf } = this.#newest;
    if (seq === here && (leaf === undefined || head === leaf)) return undefined;
    const excused = this.#isExcused(seq, head);
    this.#newest = { seq, leaf: head };
    if (excused) return undefined;
    return seq === here
      ? "ctl_head is another event than the newest one here."
      : `ctl_seq is ${seq}; ${here} control events are here before it.`;
  }

  /** A control event was placed. */
  placed(leaf: string | undefined): void {
    this.#newest = { seq: this.#newest.seq + 1, leaf };
    this.#unknown = [];
    this.#unread = 0;
  }

  /** An entry of an unknown kind was passed over. */
  passedOver(leaf: string): void {
    this.#unknown.push(leaf);
  }

  /** An entry could not be read; that was reported. */
  unread(): void {
    this.#unread++;
  }

  #isExcused(seq: number, head: string): boolean {
    const more = seq - this.#newest.seq;
    if (more <= 0) return false;
    if (more <= this.#unread) return true;
    const at = this.#unknown.indexOf(head);
    if (at < 0 || more > at + 1 + this.#unread) return false;
    this.#unknown = this.#unknown.slice(at + 1);
    return true;
  }
}

/** The chains of all runs, walked by rising index. run_seq itself is checked by the run's fold. */
export class RunChains {
  readonly #newest = new Map<string, Link>();

  /** run_seq of the run's newest event here; undefined before its first. */
  seqOf(runId: string): number | undefined {
    return this.#newest.get(runId)?.seq;
  }

  /** How an event does not continue its run, or undefined when it does or cannot be compared. */
  problem(runId: string, { run_seq: seq = 0, run_prev: prev }: IntegrityBlock): string | undefined {
    const newest = this.#newest.get(runId);
    if (newest === undefined) {
      return seq === 0 && prev !== NOTHING ? "run_prev of the run's first event is not empty." : undefined;
    }
    if (newest.seq !== seq - 1 || newest.leaf === undefined || newest.leaf === prev) return undefined;
    return `run_prev is not the leaf of the run's event ${newest.seq}.`;
  }

  placed(runId: string, seq: number, leaf: string | undefined): void {
    this.#newest.set(runId, { seq, leaf });
  }
}
