/** One after the other, by name: for what reads a run's history and then adds to it. */
export type Turns = {
  /** Runs `work` when everything before it of the same name has ended. */
  take<T>(name: string, work: () => Promise<T>): Promise<T>;
};

export function openTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return {
    take(name, work) {
      const before = last.get(name) ?? Promise.resolve();
      const mine = before.then(work, work);
      const done = mine
        .catch(() => undefined)
        .finally(() => {
          if (last.get(name) === done) last.delete(name);
        });
      last.set(name, done);
      return mine;
    },
  };
}
