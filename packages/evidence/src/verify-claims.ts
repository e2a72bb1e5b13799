/**
 * Steps 12 and 13 of spec/pack.md: the views are what the entries give, and the manifest claims no more than is here.
 */
import type { Event, EventOf } from "./event.ts";
import { fault } from "./fault.ts";
import { equalBytes } from "./hash.ts";
import { CONTENT, MAX_ANCESTORS, type PackCounts, type Proves, runPath } from "./pack.ts";
import type { PackReader } from "./pack-reader.ts";
import { RunViews } from "./run-view.ts";
import { type EntryWalk, isRunEvent } from "./verify-entries.ts";
import type { Tell } from "./verify-tree.ts";

/** Holds a pack's views against the entries while they are walked. */
export class ViewCheck {
  /** Views that should be here. */
  count = 0;
  readonly #pack: PackReader;
  readonly #views: RunViews | undefined;
  readonly #expected = new Set<string>();
  readonly #isUnsure: (runId: string) => boolean;
  readonly #tell: Tell;

  /** @param isUnsure whether a run has an event that was not judged: then its view cannot be made again */
  constructor(pack: PackReader, isUnsure: (runId: string) => boolean, tell: Tell) {
    const { manifest } = pack;
    this.#pack = pack;
    this.#isUnsure = isUnsure;
    this.#tell = tell;
    this.#views =
      manifest === undefined || manifest.scope.kind === "query"
        ? undefined
        : new RunViews(manifest.log, manifest.as_of);
  }

  add(event: Event, leaf: string): void {
    if (this.#views === undefined || !isRunEvent(event)) return;
    this.#views.add(event, leaf);
    if (event.type === "run.settled") this.#check(event.run_id);
  }

  finish(): void {
    for (const runId of this.#views?.runs() ?? []) this.#check(runId);
    for (const path of this.#pack.under("runs/")) {
      if (this.#expected.has(path)) continue;
      this.#pack.read(path);
      if (this.#isUnsure(path.slice("runs/".length, -".json".length))) continue;
      this.#tell(fault("view-mismatch", "It is a view of a run that has no entry here.", { path: CONTENT + path }));
    }
  }

  #check(runId: string): void {
    const path = runPath(runId);
    const view = this.#views?.take(runId);
    const there = this.#pack.read(path);
    this.#expected.add(path);
    this.count++;
    if (view === undefined || this.#isUnsure(runId) || (there !== undefined && equalBytes(view, there))) return;
    const detail = there === undefined ? "The view is not there." : "The view is not what the entries give.";
    this.#tell(fault("view-mismatch", detail, { runId, path: CONTENT + path }));
  }
}

/** What the entries here prove of the scope. */
export function provesOf({ scope }: PackReader, walk: EntryWalk): Proves {
  if (scope.kind === "log") return "complete";
  if (scope.kind === "query") return "inclusion-only";
  return walk.fold.runs.get(scope.run_id)?.phase === "settled" ? "complete" : "as-of";
}

/** Holds the manifest's claims against what was found. */
export function checkClaims(
  pack: PackReader,
  walk: EntryWalk,
  found: { readonly views: number; readonly disclosures: number; readonly policies: number },
  tell: Tell,
): void {
  const { manifest } = pack;
  if (manifest === undefined) return;
  const { counts, scope, proves, disclosure } = manifest;
  const shown = provesOf(pack, walk);
  const isSure = scope.kind !== "run" || !walk.unsureRuns.has(scope.run_id);
  if (proves !== shown && isSure)
    tell(fault("pack-scope-incomplete", `It claims ${proves}; its entries show ${shown}.`));
  const here: PackCounts = {
    entries: walk.counts.entries,
    own: walk.counts.own,
    control: walk.counts.control,
    ancestors: walk.counts.ancestors,
    runs: found.views,
    disclosures: found.disclosures,
    payloads: pack.under("payloads/").length,
    policies: found.policies,
    projections: pack.under("projections/").length,
  };
  // Entries that were not judged are counted in `entries` and nowhere else; they were reported one by one.
  const incomparable: ReadonlySet<string> = new Set(walk.allJudged ? [] : ["own", "control", "ancestors", "runs"]);
  for (const name of Object.keys(here) as (keyof PackCounts)[]) {
    if (incomparable.has(name)) continue;
    if (counts[name] !== here[name]) {
      tell(fault("pack-scope-incomplete", `It counts ${counts[name]} ${name}; there are ${here[name]}.`));
    }
  }
  if (disclosure !== "full" && found.disclosures > 0) {
    tell(fault("pack-malformed", `It opens ${found.disclosures} commitments at disclosure level ${disclosure}.`));
  }
  if (scope.kind !== "run") return;
  if (!isSure) return;
  if (!walk.fold.runs.has(scope.run_id)) tell(fault("pack-scope-incomplete", `No entry of ${scope.run_id} is here.`));
  checkAncestors(walk, scope.run_id, tell);
}

/** The starts of other runs are those of the runs above, every one of them and nothing else. */
function checkAncestors(walk: EntryWalk, runId: string, tell: Tell): void {
  const left = new Map(walk.otherStarts);
  let parent = walk.fold.runs.get(runId)?.parent;
  for (let depth = 0; parent !== undefined && depth < MAX_ANCESTORS; depth++) {
    const start: EventOf<"run.started"> | undefined = left.get(parent);
    if (start === undefined) {
      tell(fault("pack-scope-incomplete", `The start of ${parent}, a run above ${runId}, is not here.`));
      return;
    }
    left.delete(parent);
    parent = start.run.parent_run;
  }
  for (const [other, { event_id: eventId, integrity }] of left) {
    tell(
      fault("pack-foreign-entry", `The start of ${other}, which is not above ${runId}.`, {
        index: integrity.index,
        eventId,
        runId: other,
      }),
    );
  }
}
