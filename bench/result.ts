/** What a benchmark leaves behind: figures with their spread, the machine and the day, in bench/results/. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";

export type Spread = {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly rounds: number;
};

export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function spread(figures: readonly number[]): Spread {
  return {
    median: round(median(figures)),
    least: round(Math.min(...figures)),
    most: round(Math.max(...figures)),
    rounds: figures.length,
  };
}

/** Writes bench/results/<name>.json and says where. */
export function writeResult(name: string, figures: object): void {
  const directory = join(import.meta.dirname, "results");
  mkdirSync(directory, { recursive: true });
  const machine = {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    load: loadavg().map((load) => round(load)),
  };
  const result = { bench: name, date: new Date().toISOString(), machine, ...figures };
  const path = join(directory, `${name}.json`);
  writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`);
  console.log(`written to bench/results/${name}.json`);
}

function round(figure: number): number {
  return Number(figure.toPrecision(4));
}
