/** Moving between pages without leaving this one. */
import type { MouseEvent, ReactNode } from "react";
import { type ConsolePlace, pathOf } from "../place.ts";

/** Goes to a page of this console. */
export function goTo(place: ConsolePlace, how: "push" | "replace" = "push"): void {
  const path = pathOf(place);
  if (how === "push") history.pushState(null, "", path);
  else history.replaceState(null, "", path);
  dispatchEvent(new PopStateEvent("popstate"));
}

export function Link({
  to,
  children,
  className,
  current,
  row,
}: {
  to: ConsolePlace;
  children: ReactNode;
  className?: string;
  /** It leads to where one is. */
  current?: boolean;
  /** It is a row of a list one goes through with `j` and `k`. */
  row?: boolean;
}) {
  const follow = (event: MouseEvent) => {
    // A new tab, a download: the browser's own business.
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    goTo(to);
  };
  return (
    <a
      href={pathOf(to)}
      onClick={follow}
      className={className}
      aria-current={current === true ? "page" : undefined}
      data-row={row}
    >
      {children}
    </a>
  );
}
