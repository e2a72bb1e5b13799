/** Exact text, line by line with numbers; long lines wrap, because what is scrolled out of sight is not read. */
import { Shown } from "./shown.tsx";

export function Lines({
  of,
  label,
  escaped = false,
}: {
  of: readonly string[];
  label: string;
  /** They were written by `visible` of evidence/terminal.ts. */
  escaped?: boolean;
}) {
  return (
    // A region that may scroll can be scrolled by keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: WCAG 2.1.1 for scrolling regions
    <section className="lines" aria-label={label} tabIndex={0}>
      <ol>
        {of.map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line's number is what it is
          <li key={index}>
            <code>{line === "" ? " " : <Shown text={line} escaped={escaped} />}</code>
          </li>
        ))}
      </ol>
    </section>
  );
}
