/** A box that says something apart from the page's text. */
import type { ReactNode } from "react";
import { AskRefused } from "../ask.ts";
import { NotSigned } from "../passkey.ts";
import { Glyph } from "./glyph.tsx";

export type NoticeTone = "good" | "bad" | "warn" | "info";

const names: Readonly<Record<NoticeTone, string>> = { good: "Done", bad: "Problem", warn: "Caution", info: "Note" };

export function Notice({
  kind,
  title,
  live = false,
  children,
}: {
  kind: NoticeTone;
  title?: string;
  /** Read aloud when it appears. */
  live?: boolean;
  children: ReactNode;
}) {
  return (
    <div className={`notice ${kind}`} role={live ? (kind === "bad" ? "alert" : "status") : undefined}>
      <Glyph name={kind} />
      <div>
        <span className="unseen">{names[kind]}: </span>
        {title === undefined ? null : <strong>{title}</strong>}
        {children}
      </div>
    </div>
  );
}

/** What went wrong and what to do about it, whatever it was. */
export function Trouble({ of }: { of: unknown }) {
  if (of === undefined) return null;
  if (of instanceof AskRefused) {
    return (
      <Notice kind="bad" title={of.message} live>
        <p>
          {of.detail === undefined ? "" : `${of.detail} `}
          {of.remedy}
        </p>
      </Notice>
    );
  }
  const words = of instanceof NotSigned ? of.message : "Something went wrong in this page. Nothing was sent.";
  return (
    <Notice kind="bad" live>
      {words}
    </Notice>
  );
}
