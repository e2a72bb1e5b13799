/** The approvals that wait for somebody, and those of every other state. */
import type { ApprovalStatusView } from "@countersign/evidence/wire";
import { useState } from "react";
import { wordsOf } from "../approvals/check.ts";
import { ask } from "../ask.ts";
import { type InboxState, inboxStates } from "../place.ts";
import { Act } from "../ui/act.tsx";
import { Environment } from "../ui/environment.tsx";
import { Link } from "../ui/link.tsx";
import { Moment } from "../ui/moment.tsx";
import { Trouble } from "../ui/notice.tsx";
import { Shown } from "../ui/shown.tsx";
import { StateChip, stateWords } from "../ui/state-chip.tsx";
import { useAsked } from "../use-asked.ts";

const EVERY_MS = 4000;
const PAGE = "50";

export function InboxPage({ state }: { state: InboxState | "ALL" }) {
  const filter = state === "ALL" ? {} : { state };
  const first = useAsked(state, () => ask("listApprovals", { query: { ...filter, limit: PAGE } }), EVERY_MS);
  const [more, setMore] = useState<{ state: string; rows: ApprovalStatusView[]; next: string | undefined }>();
  const [trouble, setTrouble] = useState<unknown>();
  const extra = more?.state === state ? more : undefined;
  const newest = first.value?.approvals ?? [];
  const rows = [
    ...newest,
    ...(extra?.rows ?? []).filter((row) => newest.every((one) => one.approval_id !== row.approval_id)),
  ];
  const next = extra === undefined ? first.value?.next : extra.next;

  const loadMore = async () => {
    const page = await ask("listApprovals", {
      query: { ...filter, limit: PAGE, ...(next === undefined ? {} : { after: next }) },
    });
    setMore({ state, rows: [...(extra?.rows ?? []), ...page.approvals], next: page.next });
  };

  return (
    <>
      <title>{`${state === "REQUESTED" ? `${rows.length} waiting` : "Inbox"} · Countersign`}</title>
      <div className="head">
        <h1>Inbox</h1>
        <p className="unseen" role="status">
          {first.value === undefined ? "Loading" : `${rows.length} ${state === "REQUESTED" ? "waiting" : "shown"}`}
        </p>
      </div>
      <nav className="filters" aria-label="By state">
        {(["REQUESTED", "ALL", ...inboxStates.slice(1)] as const).map((one) => (
          <Link key={one} to={{ page: "inbox", state: one }} current={one === state}>
            {one === "ALL" ? "All" : stateWords(one)}
          </Link>
        ))}
      </nav>
      <Trouble of={trouble ?? first.refusal} />
      {first.value === undefined ? null : rows.length === 0 ? (
        <div className="empty">
          <p>{state === "REQUESTED" ? "Nothing waits for anybody." : "There is nothing in this state."}</p>
          <p className="aside">New requests appear here by themselves.</p>
        </div>
      ) : (
        <table className="rows" data-step>
          <caption className="unseen">Approval requests, newest first</caption>
          <thead>
            <tr>
              <th scope="col">What would run</th>
              <th scope="col">Where</th>
              <th scope="col">Agent</th>
              <th scope="col">Why it is asked</th>
              <th scope="col">{state === "REQUESTED" ? "Still missing" : "State"}</th>
              <th scope="col">{state === "REQUESTED" ? "Expires" : "Requested"}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={row.approval_id} row={row} waiting={state === "REQUESTED"} />
            ))}
          </tbody>
        </table>
      )}
      {next === undefined ? null : (
        <p className="center">
          <Act doing="Loading…" onAct={loadMore} onTrouble={setTrouble}>
            Show older
          </Act>
        </p>
      )}
    </>
  );
}

function Row({ row, waiting }: { row: ApprovalStatusView; waiting: boolean }) {
  const { tool, target } = row.action;
  return (
    <tr>
      <th scope="row">
        <Link to={{ page: "approval", id: row.approval_id }} className="row-link" row>
          <Shown text={tool} />
        </Link>
        <span className="second">
          <Shown text={target.resource} />
        </span>
      </th>
      <td data-name="Where">
        <Environment of={target.environment} />
        <span className="second">
          <Shown text={target.system} />
        </span>
      </td>
      <td data-name="Agent">
        <Shown text={row.agent} />
      </td>
      <td data-name="Why">
        {wordsOf(row.reason)}
        <span className="second">
          <code>{row.matched_rule}</code>
        </span>
      </td>
      <td data-name={waiting ? "Missing" : "State"}>
        {waiting ? (
          row.missing.map((one) => (
            <span key={one} className="missing-one">
              {one}
            </span>
          ))
        ) : (
          <StateChip state={row.state} />
        )}
      </td>
      <td data-name={waiting ? "Expires" : "Requested"}>
        <Moment at={waiting ? row.expires_at : row.requested_at} brief />
      </td>
    </tr>
  );
}
