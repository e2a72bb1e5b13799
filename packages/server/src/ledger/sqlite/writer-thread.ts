/** The writer thread as the engine sees it: one batch at a time, and after a failure none. */
import { Worker } from "node:worker_threads";
import { assert, CountersignError, type ErrorCode, errors } from "@countersign/evidence/errors";
import { ParcelWriter } from "./parcel.ts";
import type { ReadBack, WriterAnswer, WriterRequest, WriterSettings } from "./writer.ts";

export class WriterThread {
  readonly #thread: Worker;
  #waiting: { resolve(leaves: Uint8Array): void; reject(error: Error): void } | undefined;
  #closed: (() => void) | undefined;
  #failure: Error | undefined;
  /** A buffer that came back, to be filled again. */
  #spare: ArrayBuffer | undefined;

  /** Settled by the thread's first message: that it has opened the database, or why not. */
  readonly opened: Promise<void>;
  #opening: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(settings: WriterSettings) {
    const source = import.meta.url.endsWith(".ts") ? "./writer.ts" : "./writer.js";
    this.#thread = new Worker(new URL(source, import.meta.url), { workerData: settings, name: "countersign-writer" });
    this.opened = new Promise((resolve, reject) => {
      this.#opening = { resolve, reject };
    });
    this.#thread.on("message", (answer: WriterAnswer) => this.#take(answer));
    this.#thread.on("error", (error) => this.#fail(error));
    this.#thread.on("exit", () => {
      this.#fail(new Error("the writer thread ended"));
      this.#closed?.();
    });
  }

  parcel(): ParcelWriter {
    const parcel = new ParcelWriter(this.#spare);
    this.#spare = undefined;
    return parcel;
  }

  write(parcel: ParcelWriter, readBack: readonly ReadBack[]): Promise<Uint8Array> {
    assert(this.#waiting === undefined, "one batch is written at a time");
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      const { buffer, usedBytes } = parcel.take();
      const request: WriterRequest = { op: "write", buffer, usedBytes, readBack };
      this.#thread.postMessage(request, [buffer]);
    });
  }

  async close(): Promise<void> {
    if (this.#failure !== undefined) {
      await this.#thread.terminate();
      return;
    }
    await new Promise<void>((resolve) => {
      this.#closed = resolve;
      const request: WriterRequest = { op: "close" };
      this.#thread.postMessage(request);
    });
  }

  #take(answer: WriterAnswer): void {
    if (answer.op === "open") {
      this.#opening?.resolve();
      this.#opening = undefined;
    } else if (answer.op === "written") {
      this.#spare = answer.buffer;
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.resolve(new Uint8Array(answer.leaves));
    } else {
      this.#fail(failureOf(answer));
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#opening?.reject(this.#failure);
    this.#opening = undefined;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(this.#failure);
  }
}

/** A refusal the thread made keeps its code on this side. */
function failureOf({ code, message }: Extract<WriterAnswer, { op: "failed" }>): Error {
  if (code !== undefined && Object.hasOwn(errors, code)) {
    return new CountersignError(code as ErrorCode, { detail: message }); // a key of the table
  }
  return new Error(message);
}
