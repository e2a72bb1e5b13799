/** A run's timeline, with how complete its evidence is and what is wrong or overdue in it now. */
import { payloadsCited } from "@countersign/evidence/cited";
import { type Completeness, completenessOf, completenessParts } from "@countersign/evidence/completeness";
import { assert, CountersignError } from "@countersign/evidence/errors";
import type { RunEvent } from "@countersign/evidence/event";
import type { Fault } from "@countersign/evidence/fault";
import type { Id } from "@countersign/evidence/ids";
import { overdueFaults } from "@countersign/evidence/run";
import { visible } from "@countersign/evidence/terminal";
import { formatTimeline, type Timeline, timelineOf } from "@countersign/evidence/timeline";
import { entryAt } from "./events.ts";
import type { ExportVault, LogReader } from "./faces.ts";

/** `next_seq` is there when the page ends before the run does; actions and gaps are always those of the whole run. */
export type TimelineAnswer = {
  readonly timeline: Timeline;
  readonly completeness: Completeness;
  /** A run served here was refused every unlawful event; what is left is what became overdue. */
  readonly faults: readonly Fault[];
  readonly next_seq?: number;
};

/** The answer as plain lines for a terminal or a file. */
export function formatTimelineAnswer({ timeline, completeness, faults }: TimelineAnswer): string {
  const parts = completenessParts.map(
    (name) => `${name} ${completeness.parts[name].have}/${completeness.parts[name].of}`,
  );
  const lines = [`complete ${completeness.score.toFixed(4)}  ${parts.join("  ")}`];
  for (const { code, detail } of faults) lines.push(`! ${code}  ${visible(detail)}`);
  return `${formatTimeline(timeline)}\n${lines.join("\n")}\n`;
}

const PAGE = 1000;

/** @throws CountersignError not-found */
export async function timelineAnswer(
  reader: LogReader,
  vault: Pick<ExportVault, "knows">,
  runId: string,
  page: { readonly fromSeq: number; readonly limit: number },
): Promise<TimelineAnswer> {
  const id = runId as Id<"run">; // checked against its pattern
  const state = reader.run(id);
  const events = await eventsOf(reader, id);
  const asOf = reader.size;
  const timeline = timelineOf(events, asOf);
  if (state === undefined || timeline === undefined) throw new CountersignError("not-found");
  const cited = events.flatMap(payloadsCited);
  const pointers = { have: cited.filter((digest) => vault.knows(reader, digest)).length, of: cited.length };
  const newest = entryAt(reader, asOf - 1);
  assert(newest !== undefined, "the newest entry is there");
  const steps = timeline.steps.filter(({ seq }) => seq >= page.fromSeq).slice(0, page.limit);
  const last = steps.at(-1)?.seq;
  const more = last !== undefined && last < timeline.steps.at(-1)!.seq;
  return {
    timeline: { ...timeline, steps },
    completeness: completenessOf(state, pointers),
    faults: overdueFaults(state, newest.event.ts),
    ...(more ? { next_seq: last + 1 } : {}),
  };
}

/** All signed events of a run. Long runs are read in pages, with the event loop free in between. */
async function eventsOf(reader: LogReader, runId: Id<"run">): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for (let fromSeq = 0; ; fromSeq += PAGE) {
    const indexes = reader.entriesOfRun(runId, { fromSeq, limit: PAGE });
    for (const index of indexes) {
      const entry = entryAt(reader, index);
      // The index of a run lists its events only.
      if (entry !== undefined) events.push(entry.event as RunEvent);
    }
    if (indexes.length < PAGE) return events;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
