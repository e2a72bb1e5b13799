/** Metrics of the process in Prometheus' text format. Labels are operations, codes and rule classes, never tenants or ids. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export type Metrics = {
  /** One answered request. */
  answered(operation: string, status: number, tookMs: number): void;
  /** One refusal, by its code. */
  refused(code: string): void;
  /** One report that named no run and action, by the kind of who sent it. */
  unnamedReport(kind: string): void;
  /** One policy evaluation. */
  decided(answer: string, tookUs: number): void;
  /** The policy engine had to be replaced: `trap` or `timeout`. */
  engineReplaced(why: "trap" | "timeout" | "exit"): void;
  /** One payload written; `tookMs` until it was durable. */
  payloadStored(sizeBytes: number, tookMs: number): void;
  /** A gauge read when metrics are asked for. */
  gauge(name: string, help: string, read: () => number): void;
  text(): Promise<string>;
  readonly contentType: string;
};

export function openMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: "countersign_" });
  const seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
  const registers = [registry];
  const requests = new Histogram({
    name: "countersign_http_request_seconds",
    help: "Time to answer a request.",
    labelNames: ["operation", "status"],
    buckets: seconds,
    registers,
  });
  const refusals = new Counter({
    name: "countersign_refusals_total",
    help: "Requests refused, by error code.",
    labelNames: ["code"],
    registers,
  });
  const unnamed = new Counter({
    name: "countersign_unnamed_reports_total",
    help: "Reports refused because they named no run and action, by kind of component; GET /v1/reports/unnamed names them.",
    labelNames: ["kind"],
    registers,
  });
  const decisions = new Histogram({
    name: "countersign_policy_evaluation_seconds",
    help: "Time of one policy evaluation.",
    labelNames: ["answer"],
    buckets: seconds,
    registers,
  });
  const replaced = new Counter({
    name: "countersign_policy_engine_replaced_total",
    help: "Times the policy engine's thread had to be replaced.",
    labelNames: ["why"],
    registers,
  });
  const stored = new Histogram({
    name: "countersign_payload_store_seconds",
    help: "Time until a payload was durable.",
    buckets: seconds,
    registers,
  });
  const storedBytes = new Counter({
    name: "countersign_payload_stored_bytes_total",
    help: "Bytes of payloads stored.",
    registers,
  });
  return {
    answered: (operation, status, tookMs) => requests.observe({ operation, status: String(status) }, tookMs / 1000),
    refused: (code) => refusals.inc({ code }),
    unnamedReport: (kind) => unnamed.inc({ kind }),
    decided: (answer, tookUs) => decisions.observe({ answer }, tookUs / 1e6),
    engineReplaced: (why) => replaced.inc({ why }),
    payloadStored(sizeBytes, tookMs) {
      stored.observe(tookMs / 1000);
      storedBytes.inc(sizeBytes);
    },
    gauge(name, help, read) {
      new Gauge({
        name: `countersign_${name}`,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
