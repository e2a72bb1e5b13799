/** The mover: takes a segment of the intake, puts each payload at its place in the tree, and says so when all is durable. */
import "@countersign/evidence/hash.node";
import { readFileSync, rmSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "@countersign/evidence/errors";
import { placeAll } from "./placing.ts";
import { readRecords } from "./segment.ts";

export type MoverAnswer = { readonly path: string; readonly failure?: string };

assert(parentPort !== null, "the mover runs in a worker thread");
const port = parentPort;
const root = workerData as string; // set by the intake, which alone starts this thread

port.on("message", (path: string) => {
  try {
    placeAll(root, readRecords(readFileSync(path)));
    rmSync(path);
    port.postMessage({ path } satisfies MoverAnswer);
  } catch (cause) {
    const failure = cause instanceof Error ? cause.message : String(cause);
    port.postMessage({ path, failure } satisfies MoverAnswer);
  }
});
