/** Committed run states seen last. The data directory has one writer, so what is here is what the database holds. */
import type { RunView } from "./batch.ts";

const KEPT_RUNS = 4096;

export class RunCache {
  /** Least recently changed first. */
  readonly #runs = new Map<string, RunView>();

  get(tenant: string, runId: string): RunView | undefined {
    return this.#runs.get(`${tenant}/${runId}`);
  }

  keep(tenant: string, runs: ReadonlyMap<string, RunView>): void {
    for (const [runId, run] of runs) {
      const key = `${tenant}/${runId}`;
      this.#runs.delete(key);
      this.#runs.set(key, run);
    }
    for (const key of this.#runs.keys()) {
      if (this.#runs.size <= KEPT_RUNS) return;
      this.#runs.delete(key);
    }
  }

  clear(): void {
    this.#runs.clear();
  }
}
