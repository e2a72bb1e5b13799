/** One's own sessions and passkeys. */
import { useState } from "react";
import { askPeople } from "../ask.ts";
import { makePasskey } from "../passkey.ts";
import { usePerson } from "../session.tsx";
import { formatLength } from "../span.ts";
import { Act } from "../ui/act.tsx";
import { Definitions } from "../ui/definitions.tsx";
import { Moment } from "../ui/moment.tsx";
import { Notice, Trouble } from "../ui/notice.tsx";
import { Shown } from "../ui/shown.tsx";
import { useAsked } from "../use-asked.ts";

const methods = { oidc: "identity provider", passkey: "passkey", link: "set-up link" } as const;

export function AccountPage() {
  const { session, setSession, confirmed } = usePerson();
  const sessions = useAsked(session.session_id, () => askPeople("listSessions"));
  const [trouble, setTrouble] = useState<unknown>();
  const [said, setSaid] = useState<string>();

  const addPasskey = async () => {
    setSaid(undefined);
    const options = await confirmed(() => askPeople("startEnrolment", { body: {} }));
    const passkey = await makePasskey(options);
    const { enrolled, fingerprint } = await askPeople("finishEnrolment", { body: { passkey } });
    setSaid(
      enrolled
        ? "The passkey counts from now on."
        : `The passkey waits for another person's word. Its fingerprint: ${fingerprint}`,
    );
    setSession(await askPeople("getSession"));
  };
  const endOthers = async () => {
    setSaid(undefined);
    const { closed } = await askPeople("closeSessions", { body: { others_only: true } });
    setSaid(closed === 0 ? "There were no others." : `${closed} ended.`);
    sessions.reload();
  };
  const endAll = async () => {
    await askPeople("closeSessions", { body: { others_only: false } });
    setSession(null);
  };

  return (
    <>
      <title>Account · Countersign</title>
      <div className="head">
        <h1>Account</h1>
      </div>
      <Trouble of={trouble} />
      {said === undefined ? null : (
        <Notice kind="good" live>
          {said}
        </Notice>
      )}
      <section>
        <h2>You</h2>
        <Definitions
          of={[
            ["Name", <Shown key="n" text={session.name ?? "erased"} />],
            ["In the log", <code key="a">{session.person}</code>],
            ["Roles", session.roles.join(", ") || "none"],
            ["Votes as", session.approver_roles.join(", ") || "nobody"],
          ]}
        />
      </section>
      <section>
        <h2>Passkeys</h2>
        {session.passkeys.length === 0 ? <p>You have none here.</p> : null}
        <ul className="plain-list">
          {session.passkeys.map((key) => (
            <li key={key.kid}>
              <code>{key.kid.slice(0, 12)}</code>{" "}
              <span className="aside">
                {key.transports.join(", ") || "passkey"} · for <Shown text={key.rp_id} /> · enrolled{" "}
                <Moment at={key.enrolled_at} brief />
              </span>
            </li>
          ))}
        </ul>
        <Act doing="Waiting for your authenticator…" onAct={addPasskey} onTrouble={setTrouble}>
          Add a passkey
        </Act>
      </section>
      <section>
        <h2>Sessions</h2>
        <p className="aside">
          A session ends after {formatLength(session.idle_ms)} without use, and at the latest twelve hours after it
          began.
        </p>
        <Trouble of={sessions.refusal} />
        <ul className="plain-list">
          {sessions.value?.sessions.map((one) => (
            <li key={one.session_id}>
              {one.current ? <strong>This one</strong> : "Another"}{" "}
              <span className="aside">
                by {methods[one.method]} · opened <Moment at={one.opened_at} brief /> · last used{" "}
                <Moment at={one.seen_at} brief />
              </span>
            </li>
          ))}
        </ul>
        <div className="actions start">
          <Act doing="Ending…" onAct={endOthers} onTrouble={setTrouble}>
            End all others
          </Act>
          <Act kind="danger" doing="Ending…" onAct={endAll} onTrouble={setTrouble}>
            End all, and sign out
          </Act>
        </div>
      </section>
    </>
  );
}
