/**
 * Keys: `?` says which there are, `j` and `k` go through a list, `g` and a letter goes to a page. Every one of them can be
 * turned off (WCAG 2.1.4), none decides anything, and none works while something is typed or a dialog is open.
 */
import { useEffect, useState } from "react";
import { Dialog } from "./dialog.tsx";
import { goTo } from "./link.tsx";

const STORED = "countersign.shortcuts";
const keys: readonly (readonly [string, string])[] = [
  ["?", "This list"],
  ["j or k", "The next or the one before in a list"],
  ["Enter", "Open it"],
  ["g then i", "Inbox"],
  ["g then p", "People"],
  ["g then a", "Account"],
  ["Escape", "Close a dialog"],
];

export function Shortcuts() {
  const [open, setOpen] = useState(false);
  const [on, setOn] = useState(() => localStorage.getItem(STORED) !== "off");
  useEffect(() => {
    let before = "";
    const press = (event: KeyboardEvent) => {
      const went = before;
      before = "";
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isBusy(event.target)) return;
      if (!on) return;
      if (event.key === "?") setOpen(true);
      else if (event.key === "g") before = "g";
      else if (went === "g" && event.key === "i") goTo({ page: "inbox", state: "REQUESTED" });
      else if (went === "g" && event.key === "p") goTo({ page: "people" });
      else if (went === "g" && event.key === "a") goTo({ page: "account" });
      else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [on]);
  const turn = (now: boolean) => {
    localStorage.setItem(STORED, now ? "on" : "off");
    setOn(now);
  };
  return (
    <footer>
      <button type="button" className="plain" onClick={() => setOpen(true)}>
        Keys <kbd>?</kbd>
      </button>
      <Dialog open={open} title="Keys" onClose={() => setOpen(false)}>
        <table className="keys">
          <tbody>
            {keys.map(([key, what]) => (
              <tr key={key}>
                <th scope="row">
                  <kbd>{key}</kbd>
                </th>
                <td>{what}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <label className="check">
          <input type="checkbox" checked={on} onChange={(event) => turn(event.target.checked)} /> Single keys work
        </label>
        <div className="actions">
          <button type="button" className="primary" onClick={() => setOpen(false)}>
            Close
          </button>
        </div>
      </Dialog>
    </footer>
  );
}

function isBusy(target: EventTarget | null): boolean {
  if (document.querySelector("dialog[open]") !== null) return true;
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}

/** Moves the focus among the links of a page's list. */
function step(by: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLAnchorElement>("[data-step] a[data-row]")];
  const at = links.indexOf(document.activeElement as HTMLAnchorElement); // indexOf takes whatever has the focus
  const next = at < 0 ? (by === 1 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by));
  links[next]?.focus();
}
