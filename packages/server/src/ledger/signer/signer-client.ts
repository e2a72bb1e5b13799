/**
 * The ledger's end of the signer: starts the child, asks it, starts it again when it ends. What was asked and not
 * answered is asked again of the next child, because signing the same root twice gives the same bytes.
 */
import { type ChildProcess, fork } from "node:child_process";
import { assert, CountersignError, type ErrorCode, errors } from "@countersign/evidence/errors";
import type { OriginState, SignAnswer, Signer, SignerMessage, SignerRequest, SignRequest } from "./protocol.ts";

/** Without an answer for this long the signer counts as away. */
const AWAY_MS = 2_000;
const FIRST_RESTART_MS = 20;
const LONGEST_RESTART_MS = 5_000;

type Answer = Extract<SignerMessage, { op: "answer" }>;
type Pending = { readonly request: SignerRequest; resolve(answer: Answer): void; reject(error: Error): void };

/**
 * Starts the signer on its directory.
 *
 * @throws CountersignError data-unsafe, data-locked as the signer says, core:signer-unavailable
 */
export async function startSigner(directory: string): Promise<SignerProcess> {
  const signer = new SignerProcess(directory);
  await signer.ready();
  return signer;
}

export class SignerProcess implements Signer {
  readonly #directory: string;
  readonly #pending = new Map<number, Pending>();
  #child: ChildProcess | undefined;
  #isReady = false;
  #failure: CountersignError | undefined;
  #closed = false;
  #nextId = 0;
  #restartMs = FIRST_RESTART_MS;
  #whenReady: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The child's process id, while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#whenReady = { resolve, reject };
      this.#start();
    });
  }

  async open(origins: readonly string[]): Promise<readonly OriginState[]> {
    const { origins: states } = await this.#ask({ id: this.#nextId++, op: "open", origins });
    assert(states !== undefined, "the signer answers what was asked");
    return states;
  }

  async sign(requests: readonly SignRequest[]): Promise<readonly SignAnswer[]> {
    const { signed } = await this.#ask({ id: this.#nextId++, op: "sign", requests });
    assert(signed !== undefined, "the signer answers what was asked");
    return signed;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const pending of this.#pending.values()) pending.reject(unavailable("the ledger is closing"));
    this.#pending.clear();
    const child = this.#child;
    if (child === undefined) return;
    await new Promise<void>((resolve) => {
      const stuck = setTimeout(() => child.kill("SIGKILL"), AWAY_MS);
      child.once("exit", () => {
        clearTimeout(stuck);
        resolve();
      });
      if (child.connected) child.disconnect();
      else child.kill("SIGKILL");
    });
  }

  #ask(request: SignerRequest): Promise<Answer> {
    if (this.#closed) return Promise.reject(unavailable("it was stopped"));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(request.id);
        reject(this.#failure ?? unavailable(`no answer in ${AWAY_MS} ms`));
      }, AWAY_MS);
      this.#pending.set(request.id, {
        request,
        resolve(answer) {
          clearTimeout(timer);
          resolve(answer);
        },
        reject(error) {
          clearTimeout(timer);
          reject(error);
        },
      });
      if (this.#isReady) this.#child?.send(request);
    });
  }

  #start(): void {
    const source = import.meta.url.endsWith(".ts") ? "./signer.ts" : "./signer.js";
    const child = fork(new URL(source, import.meta.url), [this.#directory], {
      serialization: "advanced",
      execArgv: conditionsIn(process.execArgv),
      env: {}, // it reads nothing from the environment, and must not inherit secrets
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#child = child;
    child.on("message", (message: SignerMessage) => this.#take(message));
    child.on("error", () => {}); // a send to a child that has just ended; its exit follows
    child.once("exit", () => this.#ended());
  }

  #take(message: SignerMessage): void {
    if (message.op === "answer") {
      const pending = this.#pending.get(message.id);
      this.#pending.delete(message.id);
      if (message.mistake === undefined) pending?.resolve(message);
      else pending?.reject(new Error(message.mistake));
    } else if (message.op === "ready") {
      this.#isReady = true;
      this.#failure = undefined;
      this.#restartMs = FIRST_RESTART_MS;
      this.#whenReady?.resolve();
      this.#whenReady = undefined;
      for (const { request } of this.#pending.values()) this.#child?.send(request);
    } else {
      const code = Object.hasOwn(errors, message.code) ? (message.code as ErrorCode) : "internal"; // a key of the table
      this.#failure = new CountersignError(code, { detail: message.detail });
    }
  }

  #ended(): void {
    this.#isReady = false;
    this.#child = undefined;
    if (this.#closed) return;
    if (this.#whenReady !== undefined) {
      // The first start: whoever asked for it hears why it failed.
      this.#closed = true;
      this.#whenReady.reject(this.#failure ?? unavailable("it ended while it started"));
      return;
    }
    const timer = setTimeout(() => {
      if (!this.#closed) this.#start();
    }, this.#restartMs);
    timer.unref();
    this.#restartMs = Math.min(this.#restartMs * 2, LONGEST_RESTART_MS);
  }
}

/** How this process finds its modules; its other flags (inspector, test runner) are its own affair. */
function conditionsIn(execArgv: readonly string[]): string[] {
  return execArgv.flatMap((argument, i) => {
    if (/^(--conditions|-C)=/.test(argument)) return [argument];
    const next = execArgv[i + 1];
    return (argument === "--conditions" || argument === "-C") && next !== undefined ? [argument, next] : [];
  });
}

function unavailable(detail: string): CountersignError {
  return new CountersignError("core:signer-unavailable", { detail: `The signer is away: ${detail}.` });
}
