/** Timers as the ledger uses them, so that tests and the simulator decide when one fires. */
export type Timers = {
  /** Calls once after `delayMs`; what it returns stops it. */
  after(delayMs: number, call: () => void): () => void;
};

/** The machine's timers. They do not keep the process alive. */
export const systemTimers: Timers = {
  after(delayMs, call) {
    const timer = setTimeout(call, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
