/** What is left to decide, who may, who has, and the form. */
import type { AnswerOf } from "@countersign/evidence/wire";
import { useEffect, useRef, useState } from "react";
import { usePerson } from "../session.tsx";
import { Glyph } from "../ui/glyph.tsx";
import { Countdown, Moment, useNow } from "../ui/moment.tsx";
import { Notice } from "../ui/notice.tsx";
import { Shown } from "../ui/shown.tsx";
import { stateWords } from "../ui/state-chip.tsx";
import type { NameOf } from "./approval-page.tsx";
import { wordsOf } from "./check.ts";
import { VoteForm } from "./vote-form.tsx";

type Detail = AnswerOf<"getApproval">;

const answers: Readonly<Record<string, string>> = { approve: "approved", reject: "rejected", abstain: "abstained" };

export function DecisionPanel({
  detail,
  opened,
  nameOf,
  reload,
  warnings,
}: {
  detail: Detail;
  /** The state when the page was opened. */
  opened: Detail["state"];
  nameOf: NameOf;
  reload(): void;
  warnings: readonly string[];
}) {
  const { session } = usePerson();
  const [cast, setCast] = useState<AnswerOf<"castVote">>();
  const done = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (cast !== undefined) done.current?.focus();
  }, [cast]);
  const own = detail.votes.find((vote) => vote.person === session.person);
  const why = refusalFor(detail, session, useNow());
  const overtaken = opened === "REQUESTED" && detail.state !== "REQUESTED" && cast === undefined && own === undefined;

  return (
    <aside className="panel" aria-label="Decision">
      {detail.state === "REQUESTED" ? <Countdown until={detail.expires_at} /> : null}
      {detail.missing.length === 0 ? null : (
        <>
          <h2 className="label">Still missing</h2>
          <ul className="missing">
            {detail.missing.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
        </>
      )}
      {detail.eligible === undefined || detail.state !== "REQUESTED" ? null : (
        <>
          <h2 className="label">Who may decide</h2>
          <People of={detail.eligible.map(({ person }) => person)} nameOf={nameOf} self={session.person} />
        </>
      )}
      {detail.votes.length === 0 ? null : (
        <>
          <h2 className="label">Votes in the log</h2>
          <ul className="votes">
            {detail.votes.map((vote) => (
              <li key={vote.event_id}>
                <Glyph name={vote.answer === "approve" ? "good" : "bad"} />
                <span>
                  <Shown text={nameOf(vote.person)} /> {answers[vote.answer] ?? vote.answer}
                  <span className="second">
                    {wordsOf(vote.reason_code)} · <Moment at={vote.at} brief />
                  </span>
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {overtaken ? (
        <Notice kind="warn" title="This was settled while you looked." live>
          <p>{endOf(detail, nameOf)} Nothing is left for you to decide here.</p>
        </Notice>
      ) : null}
      {cast === undefined ? null : (
        <div ref={done} tabIndex={-1}>
          <Notice kind="good" title="Your vote is in the log." live>
            <p>
              It was signed, recorded and put under a signed checkpoint. The request is now{" "}
              <strong>{stateWords(cast.state).toLowerCase()}</strong>.
            </p>
          </Notice>
        </div>
      )}
      {cast !== undefined || overtaken ? null : why === undefined ? (
        <VoteForm
          detail={detail}
          warnings={warnings}
          onCast={(answer) => {
            setCast(answer);
            reload();
          }}
          onOvertaken={reload}
        />
      ) : (
        <p className="cannot">{why}</p>
      )}
    </aside>
  );
}

function People({ of, nameOf, self }: { of: readonly string[]; nameOf: NameOf; self: string }) {
  if (of.length === 0) return <p className="cannot">Nobody now: grant somebody the role, or let the request expire.</p>;
  return (
    <ul className="people">
      {of.map((alias) => (
        <li key={alias}>
          <Shown text={nameOf(alias)} />
          {alias === self ? <strong> (you)</strong> : null}
        </li>
      ))}
    </ul>
  );
}

/** Why this person has nothing to decide here, or undefined when they have. */
function refusalFor(
  detail: Detail,
  session: { person: string; roles: readonly string[] },
  nowMs: number,
): string | undefined {
  const { state, eligible, votes } = detail;
  if (state !== "REQUESTED") return `It takes no votes any more: ${stateWords(state).toLowerCase()}.`;
  if (Date.parse(detail.expires_at) <= nowMs) return "It has expired, so it takes no votes. The agent may ask again.";
  if (votes.some(({ person }) => person === session.person)) return "You have voted. One person fills one place.";
  if (!session.roles.includes("approver")) return "You may look, not vote: that takes the role approver.";
  if (eligible !== undefined && !eligible.some(({ person }) => person === session.person)) {
    return "You may not vote on this one: it takes another role, or you are too close to it (it runs for you, or the agent is yours).";
  }
  return undefined;
}

function endOf(detail: Detail, nameOf: NameOf): string {
  const last = detail.votes.at(-1);
  if (last === undefined) return `It is ${stateWords(detail.state).toLowerCase()}.`;
  return `${nameOf(last.person)} ${answers[last.answer] ?? last.answer} it.`;
}
