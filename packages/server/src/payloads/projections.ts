/** What the tables of this module must hold, made anew from the entries, for fsck. */
import { commitmentOf, parseDisclosure } from "@countersign/evidence/commitment";
import { CountersignError } from "@countersign/evidence/errors";
import type { Event } from "@countersign/evidence/event";
import { type ExpectedRow, projection, type TableProjection } from "../ledger/projection.ts";
import { disclosures, payloadRefs } from "./tables.ts";

export const payloadProjections: readonly TableProjection[] = [
  projection(payloadRefs, () => {
    const rows = new Map<string, ExpectedRow<typeof payloadRefs>>();
    return {
      step(event: Event) {
        for (const digest of introduced(event)) {
          rows.set(`${digest} ${event.event_id}`, { digest, event_id: event.event_id });
        }
      },
      rows: () => rows.values(),
    };
  }),
  projection(disclosures, (tenant, { openSealed }) => {
    const rows: ExpectedRow<typeof disclosures>[] = [];
    let erased = false;
    /** Whether sealed bytes open what the entry commits to there; a key that is gone was lawfully destroyed, or was not. */
    const opens = (pointer: string, commitment: string) => (sealed: Uint8Array) => {
      if (openSealed === undefined) return true;
      try {
        const plain = openSealed(tenant, sealed);
        if (plain === undefined) return erased;
        const parsed = parseDisclosure(plain);
        return parsed.ok && parsed.value[1] === pointer && commitmentOf(parsed.value) === commitment;
      } catch (cause) {
        if (!(cause instanceof CountersignError)) throw cause;
        return false;
      }
    };
    return {
      step(event: Event) {
        if (event.type === "subject.erased") erased = true;
        for (const [pointer, commitment] of Object.entries(event.commit ?? {})) {
          rows.push({ event_id: event.event_id, pointer, sealed: opens(pointer, commitment) });
        }
      },
      rows: () => rows,
    };
  }),
];

/**
 * Digests an event is the one to cite: later events of the same action repeat its context and arguments, and that keeps
 * nothing that the request does not keep.
 */
export function introduced(event: Event): readonly string[] {
  switch (event.type) {
    case "action.requested": {
      const { context, args } = event.pointers;
      return args === undefined ? context : [...context, args];
    }
    case "policy.decided":
      return event.decided.projection === null ? [] : [event.decided.projection];
    case "policy.uploaded":
      return [event.bundle.digest];
    case "policy.simulated":
      return event.simulation.report === undefined ? [] : [event.simulation.report];
    case "policy.published":
      return [event.publish.digest];
    case "artifact.recorded":
      return [event.artifact.payload];
    default: {
      if (!("pointers" in event)) return [];
      const { result, artifacts } = event.pointers;
      return result === null ? artifacts : [result, ...artifacts];
    }
  }
}
