/** A batch's rows as the writer thread gets them: which statement, with which values, and which entries to read back. */
import type { SQLInputValue } from "node:sqlite";
import { assert } from "@countersign/evidence/errors";
import { parseHex } from "@countersign/evidence/hash";
import type { LogId, WriteBatch } from "../engine.ts";
import type { Table } from "../table.ts";
import type { StoredTable } from "./columns.ts";
import type { ParcelWriter } from "./parcel.ts";
import * as statement from "./statements.ts";
import type { SubmissionIndex } from "./submissions.ts";
import type { ReadBack } from "./writer.ts";

/** Every declared table, with the position that numbers its statements. */
export type TableNumbers = ReadonlyMap<Table, { readonly number: number; readonly stored: StoredTable }>;

/**
 * Packs a batch's rows in the order they are written.
 *
 * @param tables every declared table, in the order that numbers its statements
 */
export function packBatch(
  batch: WriteBatch,
  parcel: ParcelWriter,
  submissions: SubmissionIndex,
  tables: TableNumbers = new Map(),
): void {
  for (const { tenant, id, originHost } of batch.tenants) {
    parcel.statement(statement.TENANT);
    parcel.number(tenant);
    parcel.text(id);
    parcel.text(originHost);
  }
  for (const entry of batch.entries) {
    parcel.statement(statement.ENTRY);
    parcel.number(entry.tenant);
    parcel.number(entry.epoch);
    parcel.number(entry.index);
    parcel.number(entry.kind);
    if (entry.control === undefined) parcel.nothing();
    else parcel.number(entry.control);
    if (entry.run === undefined) parcel.nothing();
    else parcel.number(entry.run.seq);
    parcel.blob(entry.eventId);
    if (entry.run === undefined) parcel.nothing();
    else parcel.blob(entry.run.id);
    parcel.blob(entry.leaf);
    parcel.blob(entry.bytes);
  }
  for (const node of batch.nodes) {
    parcel.statement(statement.NODE);
    for (const value of [node.tenant, node.epoch, node.level, node.n]) parcel.number(value);
    parcel.blob(node.hash);
  }
  for (const head of batch.heads) {
    parcel.statement(statement.HEAD);
    for (const value of [head.tenant, head.epoch, head.size, head.tsMs]) parcel.number(value);
    parcel.blob(head.leaf ?? NO_HASH);
    parcel.number(head.controls);
    parcel.blob(head.controlLeaf ?? NO_HASH);
    parcel.number(head.runsSize);
    parcel.number(head.signedSize);
    parcel.text(head.note);
  }
  for (const run of batch.runs) {
    parcel.statement(statement.RUN);
    parcel.number(run.tenant);
    parcel.blob(run.run);
    parcel.number(run.events);
    parcel.blob(run.leaf);
    parcel.text(run.state);
  }
  for (const submission of batch.submissions) {
    parcel.statement(statement.SUBMISSION);
    parcel.number(submissions.add(submission));
    parcel.number(submission.tenant);
    parcel.text(submission.scope);
    parcel.text(submission.key);
    parcel.blob(parseHex(submission.bodyHash));
    parcel.text(submission.answer);
    parcel.number(submission.epoch);
    parcel.number(submission.firstIndex);
    parcel.number(submission.count);
  }
  submissions.pack(parcel);
  for (const { tenant, table, row } of batch.puts) {
    const { number } = numbered(tables, table);
    parcel.statement(statement.upsertOf(number));
    parcel.number(tenant);
    for (const value of row.values) parcel.value(value as SQLInputValue); // encoded by this engine
  }
  for (const { tenant, table, key } of batch.removals) {
    const { number } = numbered(tables, table);
    parcel.statement(statement.removeOf(number));
    parcel.number(tenant);
    for (const value of key.values) parcel.value(value as SQLInputValue); // as above
  }
}

export function numbered(tables: TableNumbers, table: Table) {
  const found = tables.get(table);
  assert(found !== undefined, `table ${table.name} was declared when the ledger was opened`);
  return found;
}

/** The stretches of entries to read back, and for each entry of the batch its place in what comes back. */
export function readBackOf(batch: WriteBatch): { ranges: readonly ReadBack[]; places: readonly number[] } {
  const stretches = new Map<string, { log: LogId; from: number; to: number; start: number }>();
  for (const entry of batch.entries) {
    const key = `${entry.tenant}/${entry.epoch}`;
    const stretch = stretches.get(key);
    if (stretch === undefined) stretches.set(key, { log: entry, from: entry.index, to: entry.index + 1, start: 0 });
    else stretch.to = entry.index + 1;
  }
  let start = 0;
  for (const stretch of stretches.values()) {
    stretch.start = start;
    start += stretch.to - stretch.from;
  }
  return {
    ranges: [...stretches.values()].map(({ log, from, to }) => [log.tenant, log.epoch, from, to]),
    places: batch.entries.map((entry) => {
      const stretch = stretches.get(`${entry.tenant}/${entry.epoch}`)!; // made above from the same entries
      return stretch.start + entry.index - stretch.from;
    }),
  };
}

const NO_HASH = new Uint8Array(0);
