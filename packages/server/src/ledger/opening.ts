/**
 * What must hold before a log is served: the entries hash to the checkpoint written beside them, the signer's newest
 * checkpoint is of this very tree, and its key is the one the log announces. So a restored backup, an edited table or
 * another signer directory is found at the start, by name. docs/operating/trust.md
 */

import { parseCheckpoint } from "@countersign/evidence/checkpoint";
import { checkpointKeysOf, keyLiveAt } from "@countersign/evidence/control";
import { assert } from "@countersign/evidence/errors";
import { equalBytes } from "@countersign/evidence/hash";
import type { Engine } from "./engine.ts";
import { LogState } from "./log-state.ts";
import type { OriginState, Signer } from "./signer/protocol.ts";
import { FIRST_EVENTS } from "./tenant-log.ts";

/**
 * Every tenant's newest log, with the signer's newest checkpoint. What must not be signed any more says so in `refused`.
 *
 * @param acceptReset whether a signer that has forgotten may sign on
 * @throws CountersignError core:signer-unavailable
 */
export async function openLogs(engine: Engine, signer: Signer, acceptReset: boolean): Promise<LogState[]> {
  const logs = engine.logs().map((stored) => new LogState(stored, engine));
  const origins = logs.length === 0 ? [] : await signer.open(logs.map((log) => log.origin));
  logs.forEach((log, i) => {
    const known = origins[i];
    assert(known?.origin === log.origin, "the signer answers in order");
    log.refused = storedNoteFault(log) ?? signerFault(log, known);
    if (log.refused === undefined && hasForgotten(log, known)) {
      log.remembered = known.size;
      if (!acceptReset) log.refused = forgottenFault(log);
    }
    if (log.refused === undefined) log.signed = { size: known.size, note: known.note };
  });
  return logs;
}

function storedNoteFault(log: LogState): string | undefined {
  if (log.signed.size === 0) return undefined;
  const parsed = parseCheckpoint(log.signed.note);
  if (!parsed.ok) return "the checkpoint in the database is not one";
  const { treeSize, root } = parsed.value.checkpoint;
  if (treeSize > log.committed.size) {
    return `its checkpoint covers ${treeSize} entries, the database holds ${log.committed.size}`;
  }
  return equalBytes(log.tree.root(treeSize), root) ? undefined : "its entries do not hash to its checkpoint";
}

/**
 * A signature leaves the signer once it remembers it, and only then does a checkpoint reach the database: a database whose
 * checkpoint is newer has another signer's memory beside it. So has one with entries and a signer that knows nothing,
 * unless it died right after making the tenant. Whoever can edit the database can take its checkpoint away, too.
 */
function hasForgotten(log: LogState, known: OriginState): boolean {
  return known.size < log.signed.size || (known.size === 0 && log.committed.size > FIRST_EVENTS);
}

function forgottenFault({ remembered, signed, committed }: LogState): string {
  return `the signer remembers ${remembered} entries, the database's checkpoint covers ${signed.size} of ${committed.size}`;
}

function signerFault(log: LogState, known: OriginState): string | undefined {
  if (known.size > log.committed.size) {
    return `the signer has signed ${known.size} entries, the database holds ${log.committed.size}: it is an older copy`;
  }
  if (known.size > 0 && !equalBytes(log.tree.root(known.size), known.root)) {
    return `the first ${known.size} entries are not those the signer signed`;
  }
  const { control, size } = log.committed;
  const announced = checkpointKeysOf(control).filter((key) => keyLiveAt(key, size));
  if (!announced.some((key) => key.vkey === known.vkey)) {
    return "the signer's key is not one the log announces: this is another signer's directory";
  }
  return undefined;
}
