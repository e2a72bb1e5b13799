/** For admins: passkeys that wait for a word, set-up links, and who is in the tenant. */
import type { PeopleAnswerOf, PeopleBodyOf, WaitingEnrolment } from "@countersign/evidence/people-schema";
import { type FormEvent, useId, useState } from "react";
import { askPeople } from "../ask.ts";
import { usePerson } from "../session.tsx";
import { Act } from "../ui/act.tsx";
import { Moment } from "../ui/moment.tsx";
import { Notice, Trouble } from "../ui/notice.tsx";
import { Shown } from "../ui/shown.tsx";
import { useAsked } from "../use-asked.ts";

type Role = PeopleBodyOf<"invitePerson">["roles"][number];

/** Roles people hold, and what each is for. */
const roles: readonly (readonly [Role, string])[] = [
  ["approver", "sees and answers approval requests"],
  ["auditor", "reads, verifies, exports"],
  ["policy-admin", "publishes policy"],
  ["records", "retention, holds, erasure"],
  ["operator", "health, backup, drills, freeze"],
  ["admin", "people, keys, roles"],
];
const EVERY_MS = 5000;

export function PeoplePage() {
  const people = useAsked("people", () => askPeople("listPeople"));
  const waiting = useAsked("waiting", () => askPeople("listEnrolments"), EVERY_MS);
  return (
    <>
      <title>People · Countersign</title>
      <div className="head">
        <h1>People</h1>
      </div>
      <Trouble of={waiting.refusal ?? people.refusal} />
      <Waiting
        of={waiting.value?.enrolments ?? []}
        onDecided={() => {
          waiting.reload();
          people.reload();
        }}
      />
      <Invite onInvited={people.reload} />
      <Everybody of={people.value?.people ?? []} />
    </>
  );
}

function Waiting({ of, onDecided }: { of: readonly WaitingEnrolment[]; onDecided(): void }) {
  const { session, confirmed } = usePerson();
  const [trouble, setTrouble] = useState<unknown>();
  const decide = (one: WaitingEnrolment, answer: "approve" | "reject") => async () => {
    const params = { enrolment_id: one.enrolment_id };
    await confirmed(() => askPeople("decideEnrolment", { params, body: { answer, kid: one.kid } }));
    onDecided();
  };
  if (of.length === 0) return null;
  return (
    <section>
      <h2>Passkeys that wait for your word</h2>
      <p>
        Have the person read their fingerprint to you, face to face or by a voice you know. Approve it only if it is
        equal.
      </p>
      <Trouble of={trouble} />
      <ul className="waiting">
        {of.map((one) => (
          <li key={one.enrolment_id}>
            <div>
              <strong>
                <Shown text={one.name ?? one.person} />
              </strong>
              <span className="fingerprint">{one.fingerprint}</span>
              <span className="aside">
                made <Moment at={one.made_at} brief /> · void <Moment at={one.expires_at} brief />
              </span>
            </div>
            {one.person === session.person ? (
              <p className="cannot">It is yours: another admin has to say yes.</p>
            ) : (
              <div className="actions">
                <Act kind="danger" doing="Rejecting…" onAct={decide(one, "reject")} onTrouble={setTrouble}>
                  Reject
                </Act>
                <Act kind="primary" doing="Approving…" onAct={decide(one, "approve")} onTrouble={setTrouble}>
                  It is equal: approve
                </Act>
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Invite({ onInvited }: { onInvited(): void }) {
  const { confirmed } = usePerson();
  const ids = { person: useId(), votes: useId() };
  const [person, setPerson] = useState("");
  const [chosen, setChosen] = useState<readonly Role[]>(["approver"]);
  const [votes, setVotes] = useState("");
  const [trouble, setTrouble] = useState<unknown>();
  const [link, setLink] = useState<PeopleAnswerOf<"invitePerson">>();
  const invite = async () => {
    setLink(undefined);
    const approver_roles = votes.split(/[\s,]+/).filter((one) => one !== "");
    const body = { person: person.trim(), roles: [...chosen], approver_roles };
    setLink(await confirmed(() => askPeople("invitePerson", { body })));
    setPerson("");
    onInvited();
  };
  const toggle = (role: Role) =>
    setChosen((before) => (before.includes(role) ? before.filter((one) => one !== role) : [...before, role]));
  return (
    <section>
      <h2>Set-up link</h2>
      <p className="aside">One use, one hour. Whoever opens it enrols a passkey as that person.</p>
      <form className="invite" onSubmit={(event: FormEvent) => event.preventDefault()}>
        <div className="field">
          <label htmlFor={ids.person}>Person</label>
          <input
            id={ids.person}
            value={person}
            maxLength={128}
            autoComplete="off"
            onChange={(event) => setPerson(event.target.value)}
          />
        </div>
        <fieldset>
          <legend>Roles</legend>
          {roles.map(([role, what]) => (
            <label key={role} className="check">
              <input type="checkbox" checked={chosen.includes(role)} onChange={() => toggle(role)} /> {role}{" "}
              <span className="aside">{what}</span>
            </label>
          ))}
        </fieldset>
        <div className="field">
          <label htmlFor={ids.votes}>
            Votes as <span className="aside">roles of the policy, apart by spaces: oncall_sre finance</span>
          </label>
          <input
            id={ids.votes}
            value={votes}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setVotes(event.target.value)}
          />
        </div>
        <Trouble of={trouble} />
        <Act kind="primary" doing="Making it…" onAct={invite} onTrouble={setTrouble} disabled={person.trim() === ""}>
          Make a link
        </Act>
      </form>
      {link === undefined ? null : (
        <Notice kind="good" title="Give this to the person, and to nobody else." live>
          <p className="link-text">{link.url}</p>
          <p className="aside">
            Good until <Moment at={link.expires_at} />. It is shown this once.
          </p>
        </Notice>
      )}
    </section>
  );
}

function Everybody({ of }: { of: PeopleAnswerOf<"listPeople">["people"] }) {
  return (
    <section>
      <h2>
        In this tenant <span className="aside">{of.length}</span>
      </h2>
      <table className="rows plain-rows">
        <thead>
          <tr>
            <th scope="col">Person</th>
            <th scope="col">Roles</th>
            <th scope="col">Votes as</th>
            <th scope="col">Passkeys</th>
          </tr>
        </thead>
        <tbody>
          {of.map((one) => (
            <tr key={one.person}>
              <th scope="row">
                <Shown text={one.name ?? one.person} />
              </th>
              <td data-name="Roles">{one.roles.join(", ") || "none"}</td>
              <td data-name="Votes as">{one.approver_roles.join(", ") || "none"}</td>
              <td data-name="Passkeys">{one.passkeys}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
