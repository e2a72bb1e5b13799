/** fsck of one log: from its first entry to its head, and what is stored beside the entries about it. */
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from "node:sqlite";
import { canonicalText } from "@countersign/evidence/canonical";
import { parseCheckpoint, type SignedCheckpoint } from "@countersign/evidence/checkpoint";
import { assert } from "@countersign/evidence/errors";
import type { Event } from "@countersign/evidence/event";
import { type Fault, fault } from "@countersign/evidence/fault";
import { chainOfKind } from "@countersign/evidence/generated/event-shapes";
import { equalBytes, type Hash, hex } from "@countersign/evidence/hash";
import { formatId, parseId } from "@countersign/evidence/ids";
import { EMPTY_ROOT, leafHash } from "@countersign/evidence/merkle";
import type { RunState } from "@countersign/evidence/run";
import { checkSigners } from "@countersign/evidence/verify-checkpoint";
import { EntryWalk } from "@countersign/evidence/verify-entries";
import { kindNumbers } from "./append.ts";
import type { EntryPlace } from "./projection.ts";
import { Tree } from "./tree.ts";

/** A fault, and where in the database it lies. */
export type Finding = Fault & { readonly tenant?: string; readonly table?: string };
export type TellFinding = (finding: Finding) => void;

export type LogReport = {
  readonly tenant: string;
  readonly log: string;
  readonly entries: number;
  /** Root of the entries as they lie there, hex. */
  readonly root: string;
  /** Entries under the checkpoint kept beside them; the rest is signed when the ledger is next opened. */
  readonly signedSize: number;
};

type Row = Record<string, SQLOutputValue>;
type Parts = {
  readonly database: DatabaseSync;
  /** The log's row of `heads`. */
  readonly head: Row;
  readonly id: string;
  readonly origin: string;
  /** Whether this is the tenant's newest epoch, the one stored run states belong to. */
  readonly newest: boolean;
  readonly tell: TellFinding;
  readonly onEvent: (event: Event, place: EntryPlace) => void;
};

export class LogCheck {
  readonly #parts: Parts;
  readonly #key: { readonly tenant: number; readonly epoch: number };
  readonly #walk: EntryWalk;
  readonly #tree = new Tree(0, NOTHING_STORED);
  /** The event of the entry at hand, when it is understood. */
  #event: Event | undefined;
  /** Leaf hash and time of the newest entry, and of the newest control event. */
  #leaf: Hash = EMPTY_ROOT;
  #tsMs = 0;
  #control = { events: 0, leaf: EMPTY_ROOT };
  readonly #runLeaves = new Map<string, string>();
  #nodes = 0;
  #runs = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { head, id, origin } = parts;
    this.#key = { tenant: Number(head.tenant), epoch: Number(head.epoch) };
    const frame = { log: origin, tenant: id, scope: { kind: "log", from: 0 } } as const;
    this.#walk = new EntryWalk(frame, parts.tell, (event, leaf) => {
      this.#event = event;
      if ("run_id" in event) this.#runLeaves.set(event.run_id, leaf);
      parts.onEvent(event, { index: event.integrity.index, leaf });
    });
  }

  run(): { readonly report: LogReport; readonly nodes: number; readonly runs: number } {
    const { head, id, origin } = this.#parts;
    const signed = this.#readNote();
    this.#reached(0, signed);
    const rows = this.#each("SELECT * FROM entries WHERE tenant = ? AND epoch = ? ORDER BY idx");
    for (const row of rows) {
      const index = Number(row.idx);
      while (this.#tree.size < index) this.#hole(this.#tree.size);
      this.#entry(index, row);
      this.#reached(index + 1, signed);
    }
    while (this.#tree.size < Number(head.size)) this.#hole(this.#tree.size);
    this.#walk.finish(false);
    this.#checkNodes();
    this.#checkHead();
    this.#checkSignature(signed);
    const entries = this.#walk.counts.entries;
    const root = hex(this.#tree.root(this.#tree.size));
    const report = { tenant: id, log: origin, entries, root, signedSize: Number(head.signed_size) };
    return { report, nodes: this.#nodes, runs: this.#runs };
  }

  #entry(index: number, row: Row): void {
    const bytes = blob(row.bytes);
    const leaf = leafHash(bytes);
    this.#event = undefined;
    this.#leaf = leaf;
    if (!equalBytes(leaf, blob(row.leaf))) {
      this.#parts.tell(
        fault("leaf-mismatch", `The stored leaf is ${hex(blob(row.leaf))}, the bytes hash to ${hex(leaf)}.`, { index }),
      );
    }
    this.#walk.take({ index, bytes, leaf, proved: true });
    // The listener has set it, which the compiler cannot see.
    const event = this.#event as Event | undefined;
    if (event !== undefined) this.#checkColumns(event, row);
    this.#append(leaf);
  }

  /** What the indexes are made of says the same as the bytes. */
  #checkColumns(event: Event, row: Row): void {
    const { index, run_seq: runSeq, ctl_seq: controlSeq } = event.integrity;
    this.#tsMs = Date.parse(event.ts);
    const isControl = chainOfKind[event.type] === "control";
    if (isControl) this.#control = { events: this.#control.events + 1, leaf: this.#leaf };
    const runId = "run_id" in event ? event.run_id : undefined;
    const expected: Readonly<Record<string, unknown>> = {
      kind: kindNumbers.get(event.type) ?? null,
      control: isControl ? controlSeq : null,
      run_seq: runSeq ?? null,
      event_id: parseId("evt", event.event_id) ?? null,
      run_id: (runId === undefined ? undefined : parseId("run", runId)) ?? null,
    };
    for (const [column, value] of Object.entries(expected)) {
      if (sameColumn(row[column], value)) continue;
      this.#differs("entries", `Column ${column} of entry ${index} is not what the entry says.`, index);
    }
  }

  #hole(index: number): void {
    this.#parts.tell(fault("entry-missing", "There is no row for it.", { index }));
    this.#walk.take({ index, bytes: undefined, leaf: EMPTY_ROOT, proved: false });
    this.#append(EMPTY_ROOT);
  }

  #append(leaf: Hash): void {
    this.#tree.append(leaf);
    for (const { level, n, hash } of this.#tree.takeFilled()) {
      this.#nodes++;
      const stored = this.#get(
        "SELECT hash FROM nodes WHERE tenant = ? AND epoch = ? AND level = ? AND n = ?",
        level,
        n,
      );
      if (stored === undefined) this.#differs("nodes", `The hash of tile ${level - 1}/${n} is missing.`);
      else if (!equalBytes(blob(stored.hash), hash)) {
        this.#parts.tell({
          ...fault("tile-mismatch", `The stored hash of tile ${level - 1}/${n} is not the tile's.`),
          table: "nodes",
        });
      }
    }
    this.#tree.committed(this.#tree.size);
  }

  /** After so many entries: is this where the checkpoint or the run states were made? */
  #reached(size: number, signed: SignedCheckpoint | undefined): void {
    const { head, newest, tell } = this.#parts;
    if (signed !== undefined && size === signed.checkpoint.treeSize) {
      const root = this.#tree.root(size);
      if (!equalBytes(root, signed.checkpoint.root)) {
        tell(
          fault(
            "root-mismatch",
            `The first ${size} entries hash to ${hex(root)}, the checkpoint says ${hex(signed.checkpoint.root)}.`,
          ),
        );
      }
    }
    if (newest && size === Number(head.runs_size)) this.#checkRuns();
  }

  #readNote(): SignedCheckpoint | undefined {
    const { head, origin, tell } = this.#parts;
    const signedSize = Number(head.signed_size);
    if (signedSize === 0) return undefined;
    const parsed = parseCheckpoint(String(head.note));
    if (!parsed.ok) {
      tell(parsed.fault);
      return undefined;
    }
    const { checkpoint } = parsed.value;
    if (checkpoint.origin !== origin) tell(fault("checkpoint-origin", `It is of ${checkpoint.origin}, not ${origin}.`));
    if (checkpoint.treeSize !== signedSize) {
      this.#differs(
        "heads",
        `The head says that ${signedSize} entries are signed, its checkpoint ${checkpoint.treeSize}.`,
      );
    }
    return parsed.value;
  }

  #checkSignature(signed: SignedCheckpoint | undefined): void {
    if (signed === undefined) return;
    const { treeSize } = signed.checkpoint;
    if (treeSize > this.#tree.size) {
      this.#parts.tell(
        fault("entry-missing", `The checkpoint covers ${treeSize} entries, there are ${this.#tree.size}.`),
      );
    }
    const text = String(this.#parts.head.note);
    checkSigners({ signed, text, vkey: undefined }, [], this.#walk.fold.control, this.#parts.tell);
  }

  #checkNodes(): void {
    const stored = Number(this.#get("SELECT count(*) AS n FROM nodes WHERE tenant = ? AND epoch = ?")?.n);
    if (stored > this.#nodes) this.#differs("nodes", `There are ${stored} tile hashes, the tree has ${this.#nodes}.`);
  }

  #checkHead(): void {
    const { head } = this.#parts;
    const expected: Readonly<Record<string, unknown>> = {
      size: this.#tree.size,
      ts: this.#tsMs,
      leaf: this.#leaf,
      controls: this.#control.events,
      control_leaf: this.#control.leaf,
    };
    for (const [column, value] of Object.entries(expected)) {
      if (!sameColumn(head[column], value)) {
        this.#differs("heads", `Column ${column} of the head is not what the entries give.`);
      }
    }
    if (Number(head.runs_size) > this.#tree.size)
      this.#differs("heads", "The run states are of more entries than there are.");
  }

  /** Stored run states against the fold, both ways. */
  #checkRuns(): void {
    const { runs } = this.#walk.fold;
    const expected = new Map([...runs].filter(([runId]) => !this.#walk.partialRuns.has(runId)));
    const stored = this.#parts.database.prepare("SELECT * FROM runs WHERE tenant = ?").iterate(this.#key.tenant);
    for (const row of stored) {
      this.#runs++;
      const runId = formatId("run", blob(row.run_id));
      const state = expected.get(runId);
      expected.delete(runId);
      if (state === undefined) {
        // A run of an earlier epoch, or one that cannot be followed from its start, is not judged.
        if (this.#key.epoch === 1) this.#differs("runs", `Run ${runId} has no entries.`);
      } else if (!this.#sameRun(runId, row, state)) {
        this.#parts.tell({
          ...fault("row-differs", "Its stored state is not what its entries give.", { runId }),
          table: "runs",
        });
      }
    }
    for (const runId of expected.keys()) this.#differs("runs", `Run ${runId} has no stored state.`);
  }

  #sameRun(runId: string, row: Row, state: RunState): boolean {
    if (Number(row.events) !== state.nextSeq || hex(blob(row.leaf)) !== this.#runLeaves.get(runId)) return false;
    let found: RunState;
    try {
      found = JSON.parse(String(row.state)); // compared as a whole with a state; nothing is read of it
    } catch {
      return false;
    }
    // The fold lets go of single actions when a run has settled.
    const comparable = state.phase === "settled" ? { ...found, settled: [] } : found;
    return canonicalText(comparable) === canonicalText(state);
  }

  #differs(table: string, detail: string, index?: number): void {
    this.#parts.tell({ ...fault("row-differs", detail, index === undefined ? {} : { index }), table });
  }

  #get(sql: string, ...parameters: SQLInputValue[]): Row | undefined {
    return this.#parts.database.prepare(sql).get(this.#key.tenant, this.#key.epoch, ...parameters);
  }

  #each(sql: string): Iterable<Row> {
    return this.#parts.database.prepare(sql).iterate(this.#key.tenant, this.#key.epoch);
  }
}

function sameColumn(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return equalBytes(a, b);
  return a === b;
}

/** Only the right edge of the tree is looked at, and that is in memory. */
const NOTHING_STORED = () => {
  throw new Error("assertion failed: fsck's tree is built from its first leaf");
};

/** A column that the schema keeps as bytes; a STRICT table holds nothing else there. */
function blob(value: SQLOutputValue | undefined): Uint8Array {
  assert(value instanceof Uint8Array, "the column holds bytes");
  return value;
}
