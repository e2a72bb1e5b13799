/**
 * Who reports without saying which run and action it is about. Such a report is refused, so nothing of it is in the log;
 * an operator must still see which component lost the ids on the way. Since this process started, and bounded.
 */
import type { AnswerOf } from "@countersign/evidence/wire";
import type { Caller } from "../base/routes.ts";
import type { DispatchParts } from "./faces.ts";

/** Components remembered of one tenant; those seen last. */
const MOST_COMPONENTS = 200;

type Row = AnswerOf<"listUnnamedReports">["components"][number];

export type UnnamedReports = {
  count(caller: Caller): void;
  /** The newest first. */
  list(tenant: string): Row[];
};

export function openUnnamedReports({
  nowMs,
  reportUnnamed,
}: Pick<DispatchParts, "nowMs" | "reportUnnamed">): UnnamedReports {
  const byTenant = new Map<string, Map<string, Row>>();
  return {
    count({ tenant, role, holder }) {
      reportUnnamed(holder.kind);
      const rows = byTenant.get(tenant) ?? new Map<string, Row>();
      byTenant.set(tenant, rows);
      const refused = (rows.get(holder.id)?.refused ?? 0) + 1;
      rows.delete(holder.id); // the newest stands last
      rows.set(holder.id, { component: holder.id, role, refused, last_at: new Date(nowMs()).toISOString() });
      for (const oldest of rows.keys()) {
        if (rows.size <= MOST_COMPONENTS) break;
        rows.delete(oldest);
      }
    },
    list: (tenant) => [...(byTenant.get(tenant)?.values() ?? [])].reverse(),
  };
}
