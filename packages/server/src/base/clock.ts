/**
 * The only place that reads the machine's clock. Everything else is handed a {@link Clock}, so that tests and the
 * simulator decide what time it is.
 */

export type Clock = {
  /** Wall clock, ms since 1970-01-01T00:00Z. May jump; the ledger orders by index, never by this. */
  nowMs(): number;
  /** Monotonic, ms since an arbitrary moment. For durations and deadlines. */
  monotonicMs(): number;
};

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** RFC 3339 UTC with exactly three decimals, as events carry it. */
export function formatTimestamp(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** Milliseconds of an RFC 3339 UTC timestamp with three decimals; undefined for anything else. */
export function parseTimestamp(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text)) return undefined;
  const atMs = Date.parse(text);
  // Date.parse rolls 31 February over into March; a timestamp that does not print as it was written is none.
  return Number.isNaN(atMs) || formatTimestamp(atMs) !== text ? undefined : atMs;
}
