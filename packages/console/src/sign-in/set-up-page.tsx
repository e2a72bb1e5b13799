/** Using a set-up link: who it is for, the passkey it enrols, and, where it takes two, whom to ask. */
import type { PeopleAnswerOf, SessionStatus } from "@countersign/evidence/people-schema";
import { useEffect, useState } from "react";
import { askPeople } from "../ask.ts";
import { makePasskey } from "../passkey.ts";
import { Act } from "../ui/act.tsx";
import { Definitions } from "../ui/definitions.tsx";
import { Moment } from "../ui/moment.tsx";
import { Notice, Trouble } from "../ui/notice.tsx";
import { Shown } from "../ui/shown.tsx";
import { useAsked } from "../use-asked.ts";
import { Door } from "./door.tsx";

export function SetUpPage({
  token: given,
  onSignedIn,
}: {
  token: string | undefined;
  onSignedIn(session: SessionStatus): void;
}) {
  // The token leaves the address bar, and so the history, as soon as it was read.
  const [token, setToken] = useState(given);
  useEffect(() => {
    if (given !== undefined) setToken(given);
    if (location.hash !== "") history.replaceState(null, "", location.pathname);
  }, [given]);
  if (token === undefined) {
    return (
      <Door title="Set up">
        <Notice kind="warn" title="The link is not whole.">
          <p>Open the link you were given once more; after a reload this page does not have it any longer.</p>
        </Notice>
      </Door>
    );
  }
  return <SetUp key={token} token={token} onSignedIn={onSignedIn} />;
}

function SetUp({ token, onSignedIn }: { token: string; onSignedIn(session: SessionStatus): void }) {
  const link = useAsked(token, () => askPeople("startSetUp", { body: { token } }));
  const [waiting, setWaiting] = useState<PeopleAnswerOf<"finishSetUp">>();
  const [trouble, setTrouble] = useState<unknown>();

  const enrol = async () => {
    // A fresh challenge each time: the first may have aged while the page was read.
    const { passkey: options } = await askPeople("startSetUp", { body: { token } });
    const passkey = await makePasskey(options);
    const answer = await askPeople("finishSetUp", { body: { token, passkey } });
    if (answer.session === undefined) setWaiting(answer);
    else onSignedIn(answer.session);
  };

  if (waiting !== undefined) {
    return (
      <Door title="Almost there">
        <Notice kind="good" title="Your passkey was made." live>
          <p>In this tenant it counts once another person has said yes to it.</p>
        </Notice>
        <p>
          Read this fingerprint to an admin. They see the same one under People, and approve it only if it is equal.
        </p>
        <p className="fingerprint">{waiting.fingerprint}</p>
        <p className="aside">Then sign in here with the passkey.</p>
      </Door>
    );
  }
  return (
    <Door title="Set up your passkey">
      <Trouble of={trouble ?? link.refusal} />
      {link.value === undefined ? null : (
        <>
          <Definitions
            of={[
              ["You are", <Shown key="name" text={link.value.name ?? "somebody without a name here"} />],
              ["In tenant", <Shown key="tenant" text={link.value.tenant} />],
              ["You may", [...link.value.roles, ...link.value.approver_roles].join(", ") || "sign in"],
              ["Link ends", <Moment key="until" at={link.value.expires_at} brief />],
            ]}
          />
          <p>
            A passkey is made on this device or security key, and verifies you each time: by finger, face or PIN. It
            signs what you decide. Its secret never leaves it.
          </p>
          {link.value.needs_approval ? (
            <Notice kind="info">
              In this tenant another person has to say yes to it. You will be shown what to tell them.
            </Notice>
          ) : null}
          <div className="stack">
            <Act kind="primary" doing="Waiting for your authenticator…" onAct={enrol} onTrouble={setTrouble}>
              Make my passkey
            </Act>
          </div>
          <p className="aside">Not you? Close this page and tell whoever sent the link.</p>
        </>
      )}
    </Door>
  );
}
