/** What a page asked for: loaded, asked again every so often while the page is visible, and what was refused. */
import { useCallback, useEffect, useRef, useState } from "react";
import { AskRefused } from "./ask.ts";

export type AskedFor<T> = {
  readonly value: T | undefined;
  /** Why the newest try failed; the value before it stays. */
  readonly refusal: AskRefused | undefined;
  reload(): void;
};

/**
 * @param key what is asked for, as text: another key forgets the value and asks anew
 * @param everyMs undefined asks once
 */
export function useAsked<T>(key: string, load: () => Promise<T>, everyMs?: number): AskedFor<T> {
  const [state, setState] = useState<{ key: string; value?: T; refusal?: AskRefused }>({ key });
  const [turn, setTurn] = useState(0);
  const newest = useRef(load);
  newest.current = load;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a turn is asked for to run this again
  useEffect(() => {
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = async () => {
      if (document.visibilityState === "visible") {
        try {
          const value = await newest.current();
          if (!gone) setState({ key, value });
        } catch (thrown) {
          if (!(thrown instanceof AskRefused)) throw thrown;
          if (!gone) setState((before) => ({ ...(before.key === key ? before : { key }), refusal: thrown }));
        }
      }
      if (!gone && everyMs !== undefined) timer = setTimeout(() => void run(), everyMs);
    };
    void run();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [key, everyMs, turn]);

  const reload = useCallback(() => setTurn((before) => before + 1), []);
  const current = state.key === key ? state : undefined;
  return { value: current?.value, refusal: current?.refusal, reload };
}
