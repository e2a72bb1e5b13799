/**
 * The form: an answer, a reason of the policy's catalogue, a note, and the passkey that signs. What is high or critical,
 * or was graded by nobody, takes a second step that says again what would run. Nothing is shown as done before the log
 * has it.
 */

import { formatBase64Url } from "@countersign/evidence/base64";
import type { AnswerOf, BodyOf } from "@countersign/evidence/wire";
import { type FormEvent, useId, useState } from "react";
import { AskRefused, ask } from "../ask.ts";
import { answerChallenge, NotSigned } from "../passkey.ts";
import { usePerson } from "../session.tsx";
import { Act } from "../ui/act.tsx";
import { Definitions } from "../ui/definitions.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Environment } from "../ui/environment.tsx";
import { Notice, Trouble } from "../ui/notice.tsx";
import { Shown } from "../ui/shown.tsx";
import { bytesToSign, wantsTwoSteps, wordsOf } from "./check.ts";

type Detail = AnswerOf<"getApproval">;
type Answer = "approve" | "reject";

/** Refusals that mean somebody or something else was first. */
const OVERTAKEN = new Set(["approval-not-open", "approval-voided", "approval-expired", "duplicate-vote"]);
const MAX_NOTE = 2000;

export function VoteForm({
  detail,
  warnings,
  onCast,
  onOvertaken,
}: {
  detail: Detail;
  warnings: readonly string[];
  onCast(answer: AnswerOf<"castVote">): void;
  /** The server says it is settled: look again. */
  onOvertaken(): void;
}) {
  const { session } = usePerson();
  const ids = { reason: useId(), note: useId(), key: useId(), form: useId() };
  const keys = session.passkeys.filter(({ rp_id }) => rp_id === location.hostname);
  const [answer, setAnswer] = useState<Answer>();
  const [reason, setReason] = useState("");
  const [note, setNote] = useState("");
  const [kid, setKid] = useState(keys[0]?.kid ?? "");
  const [second, setSecond] = useState(false);
  const [read, setRead] = useState(false);
  const [trouble, setTrouble] = useState<unknown>();
  const [unfilled, setUnfilled] = useState<string>();

  const reasons = answer === undefined ? [] : detail.reasons[answer];
  const key = keys.find((one) => one.kid === kid);

  const sign = async () => {
    if (answer === undefined || key === undefined) return;
    const body: BodyOf<"prepareVote"> = {
      answer,
      reason_code: reason,
      kid: key.kid,
      rendering_digest: detail.rendering_digest,
      ...(note.trim() === "" ? {} : { note }),
    };
    const params = { approval_id: detail.approval_id };
    try {
      const prepared = await ask("prepareVote", { params, body });
      const bytes = bytesToSign(prepared, { detail, tenant: session.tenant, person: session.person, body });
      if (typeof bytes === "string") throw new NotSigned(`${bytes} Nothing was signed.`, undefined);
      const assertion = await answerChallenge({
        challenge: formatBase64Url(bytes),
        rp_id: key.rp_id,
        allow: [{ id: key.credential_id, transports: key.transports }],
        timeout_ms: 120_000,
      });
      const cast = await ask("castVote", {
        params: { ...params, vote_id: prepared.vote_id },
        body: {
          method: "webauthn",
          signature: assertion.signature,
          authenticator_data: assertion.authenticator_data,
          client_data: assertion.client_data,
        },
      });
      setSecond(false);
      onCast(cast);
    } catch (refusal) {
      if (refusal instanceof AskRefused && OVERTAKEN.has(refusal.code)) {
        setSecond(false);
        onOvertaken();
      }
      throw refusal;
    }
  };

  /** What is not filled in yet, said at the field. */
  const problem = () =>
    answer === undefined ? "answer" : reason === "" ? "reason" : key === undefined ? "key" : undefined;
  const begin = async () => {
    const missing = problem();
    setUnfilled(missing);
    if (missing !== undefined) {
      document
        .getElementById(missing === "answer" ? `${ids.form}-approve` : missing === "reason" ? ids.reason : ids.key)
        ?.focus();
      return;
    }
    if (answer === "approve" && wantsTwoSteps(detail.severity)) {
      setRead(false);
      setSecond(true);
      return;
    }
    await sign();
  };
  const submit = (event: FormEvent) => event.preventDefault();

  if (keys.length === 0) {
    return (
      <Notice kind="warn" title="You have no passkey that works here.">
        <p>Votes are signed by passkeys. Ask an admin for a set-up link, or vote with the command line.</p>
      </Notice>
    );
  }
  return (
    <form className="vote" onSubmit={submit} aria-label="Your vote">
      <h2 className="label">Your vote</h2>
      <fieldset className="answers" aria-invalid={unfilled === "answer"}>
        <legend className="unseen">Answer</legend>
        {(["approve", "reject"] as const).map((one) => (
          <label key={one} className={one}>
            <input
              id={`${ids.form}-${one}`}
              type="radio"
              name="answer"
              checked={answer === one}
              onChange={() => {
                setAnswer(one);
                setReason("");
              }}
            />
            {one === "approve" ? "Approve" : "Reject"}
          </label>
        ))}
      </fieldset>
      {unfilled === "answer" ? <p className="wrong">Choose an answer.</p> : null}
      <div className="field">
        <label htmlFor={ids.reason}>Reason</label>
        <select
          id={ids.reason}
          value={reason}
          aria-invalid={unfilled === "reason"}
          onChange={(event) => setReason(event.target.value)}
        >
          <option value="">{answer === undefined ? "Choose an answer first" : "Choose one…"}</option>
          {reasons.map((code) => (
            <option key={code} value={code}>
              {wordsOf(code)}
            </option>
          ))}
        </select>
        {unfilled === "reason" ? <p className="wrong">The policy wants a reason from its catalogue.</p> : null}
        {answer !== undefined && reasons.length === 0 ? (
          <p className="wrong">The policy's catalogue has no reason for this answer, so it cannot be given.</p>
        ) : null}
      </div>
      <div className="field">
        <label htmlFor={ids.note}>
          Note <span className="aside">optional; kept sealed, committed to in the vote</span>
        </label>
        <textarea
          id={ids.note}
          rows={2}
          maxLength={MAX_NOTE}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
      </div>
      {keys.length === 1 ? null : (
        <div className="field">
          <label htmlFor={ids.key}>Passkey</label>
          <select id={ids.key} value={kid} onChange={(event) => setKid(event.target.value)}>
            {keys.map((one) => (
              <option key={one.kid} value={one.kid}>
                {one.transports.join(", ") || "passkey"} · since {one.enrolled_at.slice(0, 10)} · {one.kid.slice(0, 8)}
              </option>
            ))}
          </select>
        </div>
      )}
      {second ? null : <Trouble of={trouble} />}
      <Act
        kind={answer === "reject" ? "danger" : "primary"}
        doing="Waiting for your passkey…"
        onAct={begin}
        onTrouble={setTrouble}
      >
        {buttonWords(answer, detail)}
      </Act>

      <Dialog open={second} title="Approve this?" onClose={() => setSecond(false)}>
        <p>
          You are about to sign, as <Shown text={session.name ?? session.person} />, that this may run once:
        </p>
        <Definitions
          of={[
            ["Tool", <Shown key="t" text={detail.action.tool} />],
            ["Resource", <Shown key="r" text={detail.action.target.resource} />],
            ["Environment", <Environment key="e" of={detail.action.target.environment} />],
            ["Agent", <Shown key="a" text={detail.agent} />],
            ["Severity", detail.severity ?? "not graded"],
            ["Your reason", wordsOf(reason)],
          ]}
        />
        {warnings.length === 0 ? null : (
          <Notice kind="warn" title="Look twice">
            <ul>
              {warnings.map((warning) => (
                <li key={warning}>
                  <Shown text={warning} escaped />
                </li>
              ))}
            </ul>
          </Notice>
        )}
        <label className="check">
          <input type="checkbox" checked={read} onChange={(event) => setRead(event.target.checked)} /> I have read the
          arguments to their end.
        </label>
        <Trouble of={trouble} />
        <div className="actions">
          <button type="button" className="quiet" onClick={() => setSecond(false)}>
            Go back
          </button>
          <Act kind="primary" doing="Waiting for your passkey…" onAct={sign} onTrouble={setTrouble} disabled={!read}>
            Sign with passkey
          </Act>
        </div>
      </Dialog>
    </form>
  );
}

function buttonWords(answer: Answer | undefined, detail: Detail): string {
  if (answer === "reject") return "Reject with passkey";
  if (answer === "approve") return wantsTwoSteps(detail.severity) ? "Review once more…" : "Approve with passkey";
  return "Sign with passkey";
}
