/** A button that does something and says while it does; it keeps the focus, and a second press does nothing. */
import { type ReactNode, useEffect, useRef, useState } from "react";

export function Act({
  children,
  doing,
  onAct,
  onTrouble,
  kind = "quiet",
  disabled = false,
  describedBy,
}: {
  children: ReactNode;
  /** What it says meanwhile. */
  doing: string;
  onAct(): Promise<void>;
  /** What was thrown; undefined when a new try begins. */
  onTrouble(trouble: unknown): void;
  kind?: "primary" | "quiet" | "danger";
  disabled?: boolean;
  describedBy?: string;
}) {
  const [busy, setBusy] = useState(false);
  const there = useRef(true);
  useEffect(() => {
    there.current = true;
    return () => {
      there.current = false;
    };
  }, []);
  const act = async () => {
    if (busy || disabled) return;
    setBusy(true);
    onTrouble(undefined);
    try {
      await onAct();
    } catch (trouble) {
      onTrouble(trouble);
    } finally {
      if (there.current) setBusy(false);
    }
  };
  return (
    <button
      type="button"
      className={kind}
      aria-disabled={busy || disabled}
      aria-describedby={describedBy}
      onClick={() => void act()}
    >
      {busy ? doing : children}
    </button>
  );
}
