/** Who is signed in, for every page; and the fresh confirmation some acts want. */
import type { SessionStatus } from "@countersign/evidence/people-schema";
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from "react";
import { AskRefused, askPeople } from "./ask.ts";
import { answerChallenge, NotSigned } from "./passkey.ts";
import { Dialog } from "./ui/dialog.tsx";
import { Notice } from "./ui/notice.tsx";

export type SignedInPerson = {
  readonly session: SessionStatus;
  /** The session was replaced, or ended. */
  setSession(session: SessionStatus | null): void;
  /**
   * Does something that may want a fresh confirmation: asks for one when the server says so, then tries once more.
   *
   * @throws AskRefused, NotSigned
   */
  confirmed<T>(act: () => Promise<T>): Promise<T>;
};

const Context = createContext<SignedInPerson | undefined>(undefined);

/** The person signed in; only inside {@link SignedInPages}. */
export function usePerson(): SignedInPerson {
  const person = useContext(Context);
  if (person === undefined) throw new Error("assertion failed: the page is for people signed in");
  return person;
}

type Waiting = { resolve(): void; reject(reason: unknown): void };

export function SignedInPages({
  session,
  setSession,
  children,
}: {
  session: SessionStatus;
  setSession(session: SessionStatus | null): void;
  children: ReactNode;
}) {
  const [asking, setAsking] = useState(false);
  const [trouble, setTrouble] = useState<string>();
  const [busy, setBusy] = useState(false);
  const waiting = useRef<Waiting | undefined>(undefined);

  const confirmed = useCallback(async <T,>(act: () => Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (refusal) {
      if (!(refusal instanceof AskRefused) || refusal.code !== "step-up-required") throw refusal;
    }
    setTrouble(undefined);
    setAsking(true);
    await new Promise<void>((resolve, reject) => {
      waiting.current = { resolve, reject };
    });
    return act();
  }, []);

  const confirm = async () => {
    setBusy(true);
    try {
      const options = await askPeople("startStepUp", { body: {} });
      const assertion = await answerChallenge(options);
      setSession(await askPeople("finishStepUp", { body: { assertion } }));
      setAsking(false);
      waiting.current?.resolve();
    } catch (refusal) {
      setTrouble(refusal instanceof NotSigned || refusal instanceof AskRefused ? refusal.message : String(refusal));
    } finally {
      setBusy(false);
    }
  };

  const giveUp = () => {
    setAsking(false);
    waiting.current?.reject(new NotSigned("You did not confirm. Nothing was done.", undefined));
  };

  const value = useMemo(() => ({ session, setSession, confirmed }), [session, setSession, confirmed]);
  return (
    <Context value={value}>
      {children}
      <Dialog open={asking} title="Confirm that it is you" onClose={giveUp}>
        <p>This act wants a fresh confirmation with your passkey. It holds for five minutes.</p>
        {trouble === undefined ? null : (
          <Notice kind="bad" live>
            {trouble}
          </Notice>
        )}
        <div className="actions">
          <button type="button" className="quiet" onClick={giveUp}>
            Cancel
          </button>
          <button
            type="button"
            className="primary"
            aria-disabled={busy}
            onClick={() => (busy ? undefined : void confirm())}
          >
            Confirm with passkey
          </button>
        </div>
      </Dialog>
    </Context>
  );
}
