/** Evidence as the command line reads it and takes it away. */
import { isAbsolute } from "node:path";
import { CountersignError } from "@countersign/evidence/errors";
import { idPattern, type RunId } from "@countersign/evidence/ids";
import { type AdminInput, type AdminOperations, adminFields } from "../base/admin.ts";
import type { AccessLog } from "./access.ts";
import { entryAt, viewEntry } from "./events.ts";
import { exportPack } from "./export.ts";
import type { LogReader, PackParts } from "./faces.ts";
import { timelineAnswer } from "./timelines.ts";

const disclosures = ["none", "committed", "full"] as const;
const RUN_ID = new RegExp(idPattern("run"));

export function packOperations(parts: PackParts & { readonly access: AccessLog }): AdminOperations {
  const { ledger, vault, access } = parts;

  /** The tenant named, or the one that has the run, or the only one there is. */
  function tenantOf(input: AdminInput, runId: string | undefined): LogReader {
    const named = adminFields(input).optionalText("tenant");
    const tenants = named === undefined ? ledger.tenants() : [named];
    const readers = tenants.map((tenant) => ledger.reader(tenant)).filter((reader) => reader !== undefined);
    const having = runId === undefined ? readers : readers.filter((reader) => reader.run(runId as RunId) !== undefined);
    const [reader, ...more] = having;
    if (reader !== undefined && more.length === 0) return reader;
    if (named === undefined && runId === undefined && more.length > 0) {
      throw new CountersignError("usage", { detail: "There are several tenants; name one with --tenant." });
    }
    throw new CountersignError("not-found", {
      detail: runId === undefined ? `There is no tenant ${named ?? "yet"}.` : `There is no run ${runId}.`,
    });
  }

  return {
    async "pack.export"(input, actor) {
      const { flag, text, optionalText } = adminFields(input);
      const run = optionalText("run");
      if ((run === undefined) === !flag("all")) {
        throw new CountersignError("usage", { detail: "Give either --run RUN or --all." });
      }
      const runId = run === undefined ? undefined : runIdOf(run);
      const reader = tenantOf(input, runId);
      const out = text("out");
      if (!isAbsolute(out)) throw new CountersignError("usage", { detail: "The folder's path must be absolute." });
      const recipient = optionalText("recipient");
      const asOf = numberOf(input, "as_of");
      return exportPack(
        parts,
        {
          scope: runId === undefined ? { kind: "log", from: 0 } : { kind: "run", run_id: runId },
          // Whoever may run this owns the data directory and its keys; what is opened is in the log.
          disclosure: input.disclosure === undefined ? "full" : adminFields(input).choice("disclosure", disclosures),
          purpose: optionalText("purpose") ?? "export by the operator",
          out,
          ...(recipient === undefined ? {} : { recipient }),
          ...(asOf === undefined ? {} : { asOf }),
        },
        { tenant: reader.tenant, actor },
      );
    },

    async "timeline.show"(input, actor) {
      const runId = runIdOf(adminFields(input).text("run"));
      const reader = tenantOf(input, runId);
      const answer = await timelineAnswer(reader, vault, runId, { fromSeq: 0, limit: Number.MAX_SAFE_INTEGER });
      access.note(reader.tenant, actor, { kind: "timeline", id: runId });
      return answer;
    },

    async "event.show"(input, actor) {
      const eventId = adminFields(input).text("event");
      for (const tenant of ledger.tenants()) {
        const reader = ledger.reader(tenant);
        const index = reader?.indexOfEvent(eventId);
        const entry = reader === undefined || index === undefined ? undefined : entryAt(reader, index);
        if (reader === undefined || entry === undefined) continue;
        access.note(tenant, actor, { kind: "event", id: eventId });
        return viewEntry(entry, reader.receipt(entry.index));
      }
      throw new CountersignError("not-found", { detail: `There is no event ${eventId}.` });
    },
  };
}

function runIdOf(text: string): RunId {
  if (!RUN_ID.test(text)) throw new CountersignError("usage", { pointer: "/run", detail: `${text} is no run's id.` });
  return text as RunId; // what the pattern says
}

function numberOf(input: AdminInput, name: string): number | undefined {
  const value = input[name];
  if (value === undefined) return undefined;
  if (!Number.isSafeInteger(value) || Number(value) < 1) {
    throw new CountersignError("usage", { pointer: `/${name}`, detail: `${name} must be a number of entries.` });
  }
  return Number(value);
}
