/**
 * The writer thread: owns the only connection that writes. One message is one batch is one transaction; the answer is
 * posted after COMMIT has returned, which with synchronous=FULL is after the fsync of the WAL.
 *
 * An error leaves the outcome unknown: the thread says so and takes no more batches. It never tries the commit again.
 */
import "@countersign/evidence/hash.node";
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "@countersign/evidence/errors";
import { leafHash } from "@countersign/evidence/merkle";
import type { Table } from "../table.ts";
import { openForWriting, walBytes } from "./database.ts";
import { readParcel } from "./parcel.ts";
import { statementsOf } from "./statements.ts";

export type WriterSettings = { readonly path: string; readonly tables: readonly Table[] };
/** A stretch of one log's entries, to be read back and hashed. */
export type ReadBack = readonly [tenant: number, epoch: number, from: number, to: number];
export type WriterRequest =
  | {
      readonly op: "write";
      readonly buffer: ArrayBuffer;
      readonly usedBytes: number;
      readonly readBack: readonly ReadBack[];
    }
  | { readonly op: "close" };
export type WriterAnswer =
  | { readonly op: "open" }
  | { readonly op: "written"; readonly buffer: ArrayBuffer; readonly leaves: ArrayBuffer }
  | { readonly op: "failed"; readonly message: string; readonly code?: string | undefined };

/** The WAL is copied into the database when nothing has been written for this long, or when it has grown this large. */
const IDLE_MS = 300;
const LARGEST_WAL_BYTES = 64 * 1024 * 1024;
const WORTHWHILE_WAL_BYTES = 256 * 1024;
const HASH_BYTES = 32;

assert(parentPort !== null, "the writer runs in a worker thread");
const port = parentPort;
// Set by the engine, which is the only one that starts this thread.
const settings = workerData as WriterSettings;
const answer = (message: WriterAnswer, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

try {
  serve();
} catch (error) {
  fail(error);
}

function serve(): void {
  const database = openForWriting(settings.path, settings.tables);
  const statements = statementsOf(settings.tables).map((sql) => database.prepare(sql.text));
  const parameterCounts = statementsOf(settings.tables).map((sql) => sql.parameters);
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const readBack = database.prepare(
    "SELECT bytes FROM entries WHERE tenant = ? AND epoch = ? AND idx >= ? AND idx < ? ORDER BY idx",
  );
  let idle: NodeJS.Timeout | undefined;

  // PASSIVE copies what no reader holds back; TRUNCATE then finds little to do and lets the file start anew.
  const checkpoint = () => {
    database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  };
  const checkpointIfOver = (bytes: number) => {
    if (walBytes(settings.path) > bytes) checkpoint();
  };
  const whenIdle = () => {
    try {
      checkpointIfOver(WORTHWHILE_WAL_BYTES);
    } catch (error) {
      fail(error);
    }
  };

  const write = (buffer: ArrayBuffer, usedBytes: number, ranges: readonly ReadBack[]) => {
    begin.run();
    readParcel(buffer, usedBytes, parameterCounts, (number, values) => {
      statements[number]!.run(...values);
    });
    commit.run();
    const leaves = new Uint8Array(ranges.reduce((sum, [, , from, to]) => sum + to - from, 0) * HASH_BYTES);
    let at = 0;
    for (const range of ranges) {
      for (const row of readBack.iterate(...range)) {
        leaves.set(leafHash(row.bytes as Uint8Array), at); // the one column asked for is a blob
        at += HASH_BYTES;
      }
    }
    assert(at === leaves.length, "every entry of the batch is there after the commit");
    answer({ op: "written", buffer, leaves: leaves.buffer }, [buffer, leaves.buffer]);
    checkpointIfOver(LARGEST_WAL_BYTES);
    clearTimeout(idle);
    idle = setTimeout(whenIdle, IDLE_MS);
  };

  port.on("message", (request: WriterRequest) => {
    try {
      if (request.op === "write") return write(request.buffer, request.usedBytes, request.readBack);
      clearTimeout(idle);
      checkpoint();
      database.close();
      port.close();
    } catch (error) {
      fail(error);
    }
  });
  // What an earlier process left in the WAL goes into the database, freshly written and synced: after a failed fsync
  // nothing that only the page cache holds may be built on.
  checkpoint();
  answer({ op: "open" });
}

function fail(error: unknown): void {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  const detail = error instanceof Error && "detail" in error ? String(error.detail) : String(error);
  answer({ op: "failed", message: detail, code });
  port.close();
}
