/** What stands around every page of somebody signed in: where one is, who one is, the way out. */
import { type ReactNode, useState } from "react";
import { AskRefused, askPeople } from "../ask.ts";
import type { ConsolePlace } from "../place.ts";
import { usePerson } from "../session.tsx";
import { Act } from "./act.tsx";
import { Link } from "./link.tsx";
import { Trouble } from "./notice.tsx";
import { Shortcuts } from "./shortcuts.tsx";
import { Shown } from "./shown.tsx";
import { Wordmark } from "./wordmark.tsx";

export function Frame({ place, children }: { place: ConsolePlace; children: ReactNode }) {
  const { session, setSession } = usePerson();
  const [trouble, setTrouble] = useState<unknown>();
  const signOut = async () => {
    try {
      await askPeople("closeSession", { body: {} });
    } catch (refusal) {
      // Signed out is signed out, whoever did it.
      if (!(refusal instanceof AskRefused) || refusal.code !== "session-ended") throw refusal;
    }
    setSession(null);
  };
  return (
    <>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <header>
        <div className="bar">
          <Link to={{ page: "inbox", state: "REQUESTED" }} className="home">
            <Wordmark />
          </Link>
          <nav aria-label="Pages">
            <Link
              to={{ page: "inbox", state: "REQUESTED" }}
              current={place.page === "inbox" || place.page === "approval"}
            >
              Inbox
            </Link>
            {session.roles.includes("admin") ? (
              <Link to={{ page: "people" }} current={place.page === "people"}>
                People
              </Link>
            ) : null}
            <Link to={{ page: "account" }} current={place.page === "account"}>
              Account
            </Link>
          </nav>
          <div className="who">
            <span>
              <span className="unseen">Signed in as </span>
              <Shown text={session.name ?? session.person} />
              <span className="aside">
                {" "}
                in <Shown text={session.tenant} />
              </span>
            </span>
            <Act doing="Signing out…" onAct={signOut} onTrouble={setTrouble}>
              Sign out
            </Act>
          </div>
        </div>
        {session.tenant_kind === "evaluation" ? (
          <p className="ribbon">
            Evaluation tenant: one person may do everything here, and the evidence says that separation was waived.
          </p>
        ) : null}
      </header>
      <main id="main" tabIndex={-1}>
        <Trouble of={trouble} />
        {children}
      </main>
      <Shortcuts />
    </>
  );
}
