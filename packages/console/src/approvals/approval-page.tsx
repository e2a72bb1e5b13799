/** One approval: everything it binds, who may decide, and the decision. */
import type { AnswerOf } from "@countersign/evidence/wire";
import { useState } from "react";
import { ask, askPeople } from "../ask.ts";
import { usePerson } from "../session.tsx";
import { Environment } from "../ui/environment.tsx";
import { Glyph } from "../ui/glyph.tsx";
import { Link } from "../ui/link.tsx";
import { Moment } from "../ui/moment.tsx";
import { Notice, Trouble } from "../ui/notice.tsx";
import { Shown } from "../ui/shown.tsx";
import { StateChip } from "../ui/state-chip.tsx";
import { useAsked } from "../use-asked.ts";
import { checkDetail } from "./check.ts";
import { DecisionPanel } from "./decision-panel.tsx";
import { RequestView } from "./request-view.tsx";

const EVERY_MS = 3000;

/** An alias's name as far as this person may see it. */
export type NameOf = (alias: string) => string;

export function ApprovalPage({ id }: { id: string }) {
  const { session } = usePerson();
  const asked = useAsked(id, () => ask("getApproval", { params: { approval_id: id } }), EVERY_MS);
  const people = useAsked("people", () => askPeople("listPeople"));
  const names = new Map(people.value?.people.map(({ person, name }) => [person, name]));
  const nameOf: NameOf = (alias) => names.get(alias) ?? (alias === session.person ? (session.name ?? alias) : alias);

  if (asked.value === undefined) {
    return (
      <>
        <title>Approval · Countersign</title>
        <BackLink />
        {asked.refusal === undefined ? <p role="status">Loading…</p> : <Trouble of={asked.refusal} />}
      </>
    );
  }
  return <Approval detail={asked.value} trouble={asked.refusal} nameOf={nameOf} reload={asked.reload} />;
}

function Approval({
  detail,
  trouble,
  nameOf,
  reload,
}: {
  detail: AnswerOf<"getApproval">;
  trouble: unknown;
  nameOf: NameOf;
  reload(): void;
}) {
  const { session } = usePerson();
  const checked = checkDetail(detail, session.tenant);
  const { tool, target } = detail.action;
  // What this page was opened on: whoever decided meanwhile, it was not by what is shown here.
  const [opened] = useState(detail.state);
  return (
    <>
      <title>{`${tool} on ${target.resource} · Countersign`}</title>
      <BackLink />
      <div className="head request">
        <p className="label">Approval request</p>
        <h1>
          <Shown text={tool} /> <span className="on">on</span> <Shown text={target.resource} />
        </h1>
        <p className="tags">
          <StateChip state={detail.state} />
          <Environment of={target.environment} />
          <Severity of={detail.severity} />
          <span>
            asked by <Shown text={detail.agent} />
            {detail.state === "REQUESTED" ? (
              <>
                {" "}
                · expires <Moment at={detail.expires_at} brief />
              </>
            ) : null}
          </span>
        </p>
      </div>
      <Trouble of={trouble} />
      {checked.ok ? (
        <div className="columns">
          <RequestView detail={detail} request={checked.request} parts={checked.parts} nameOf={nameOf} />
          <DecisionPanel
            detail={detail}
            opened={opened}
            nameOf={nameOf}
            reload={reload}
            warnings={checked.parts.warnings}
          />
        </div>
      ) : (
        <Notice kind="bad" title="Do not decide on this." live>
          <p>{checked.why} The page shows nothing of it and takes no vote. Tell the operator.</p>
        </Notice>
      )}
    </>
  );
}

function BackLink() {
  return (
    <p className="back">
      <Link to={{ page: "inbox", state: "REQUESTED" }}>
        <Glyph name="back" /> Inbox
      </Link>
    </p>
  );
}

function Severity({ of }: { of: AnswerOf<"getApproval">["severity"] }) {
  if (of === undefined) return <span className="severity">severity not graded</span>;
  return <span className={`severity ${of}`}>{of} severity</span>;
}
