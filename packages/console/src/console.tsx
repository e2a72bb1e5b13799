/** Which page is shown, and to whom. */
import type { SessionStatus } from "@countersign/evidence/people-schema";
import { useCallback, useEffect, useRef, useState } from "react";
import { AccountPage } from "./account/account-page.tsx";
import { PeoplePage } from "./admin/people-page.tsx";
import { ApprovalPage } from "./approvals/approval-page.tsx";
import { AskRefused, askPeople, signedOut } from "./ask.ts";
import { InboxPage } from "./inbox/inbox-page.tsx";
import { type ConsolePlace, localPath, parsePlace, pathOf } from "./place.ts";
import { SignedInPages } from "./session.tsx";
import { SetUpPage } from "./sign-in/set-up-page.tsx";
import { SignInPage } from "./sign-in/sign-in-page.tsx";
import { Frame } from "./ui/frame.tsx";
import { goTo, Link } from "./ui/link.tsx";
import { Trouble } from "./ui/notice.tsx";

export function Console() {
  const place = usePlace();
  const [session, setSession] = useState<SessionStatus | null>();
  const [ended, setEnded] = useState(false);
  const [trouble, setTrouble] = useState<unknown>();
  const wasSignedIn = useRef(false);
  wasSignedIn.current = session !== undefined && session !== null;

  useEffect(() => {
    const end = () => {
      if (!wasSignedIn.current) return;
      setEnded(true);
      setSession(null);
    };
    signedOut.addEventListener("end", end);
    return () => signedOut.removeEventListener("end", end);
  }, []);

  useEffect(() => {
    askPeople("getSession").then(setSession, (refusal: unknown) => {
      if (refusal instanceof AskRefused && refusal.status === 401) setSession(null);
      else setTrouble(refusal);
    });
  }, []);

  const signedIn = useCallback((opened: SessionStatus, returnTo: string) => {
    setEnded(false);
    setSession(opened);
    goTo(parsePlace(new URL(localPath(returnTo), location.origin)), "replace");
  }, []);

  if (place.page === "set-up") return <SetUpPage token={place.token} onSignedIn={(opened) => signedIn(opened, "/")} />;
  if (trouble !== undefined) {
    return (
      <main className="narrow">
        <Trouble of={trouble} />
      </main>
    );
  }
  if (session === undefined)
    return (
      <p className="unseen" role="status">
        Loading
      </p>
    );
  if (session === null) {
    const returnTo = place.page === "sign-in" ? place.returnTo : pathOf(place);
    return <SignInPage place={place} ended={ended} onSignedIn={(opened) => signedIn(opened, returnTo)} />;
  }
  return (
    <SignedInPages session={session} setSession={setSession}>
      <Frame place={place}>
        <Page place={place} />
      </Frame>
    </SignedInPages>
  );
}

function Page({ place }: { place: ConsolePlace }) {
  switch (place.page) {
    case "inbox":
    case "sign-in":
    case "set-up":
      return <InboxPage state={place.page === "inbox" ? place.state : "REQUESTED"} />;
    case "approval":
      return <ApprovalPage key={place.id} id={place.id} />;
    case "people":
      return <PeoplePage />;
    case "account":
      return <AccountPage />;
    case "missing":
      return (
        <>
          <title>Not found · Countersign</title>
          <h1>There is no such page</h1>
          <p>
            <Link to={{ page: "inbox", state: "REQUESTED" }}>Go to the inbox</Link>
          </p>
        </>
      );
  }
}

/** The page of the address bar. On a move the focus goes to the new page's heading, so that it is read from there. */
function usePlace(): ConsolePlace {
  const [place, setPlace] = useState(() => parsePlace(location));
  const page = useRef(place.page);
  useEffect(() => {
    const move = () => setPlace(parsePlace(location));
    addEventListener("popstate", move);
    return () => removeEventListener("popstate", move);
  }, []);
  useEffect(() => {
    if (place.page === page.current) return;
    page.current = place.page;
    scrollTo(0, 0);
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [place]);
  return place;
}
