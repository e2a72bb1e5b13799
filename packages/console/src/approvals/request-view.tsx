/** What would run, in the order people need it: what to look at twice, the exact arguments, the rest, the signed bytes. */
import type { ApprovalRequest } from "@countersign/evidence/approval";
import type { AnswerOf } from "@countersign/evidence/wire";
import { formatLength } from "../span.ts";
import { type Definition, Definitions } from "../ui/definitions.tsx";
import { Environment } from "../ui/environment.tsx";
import { Lines } from "../ui/lines.tsx";
import { Moment } from "../ui/moment.tsx";
import { Notice } from "../ui/notice.tsx";
import { Shown } from "../ui/shown.tsx";
import type { NameOf } from "./approval-page.tsx";
import { wordsOf } from "./check.ts";
import { Comparison } from "./comparison.tsx";
import { layOut } from "./lay-out.ts";
import type { RenderingParts } from "./rendering-parts.ts";

/** Who is too close to a request to vote on it. */
const parties = {
  requester: "the requester",
  on_behalf_of: "the person it runs for",
  agent_owner: "the agent's owner",
  author: "the rule's author",
} as const;

export function RequestView({
  detail,
  request,
  parts,
  nameOf,
}: {
  detail: AnswerOf<"getApproval">;
  request: ApprovalRequest;
  parts: RenderingParts;
  nameOf: NameOf;
}) {
  const [heading = "", ...argumentFacts] = parts.argumentsHead;
  // Only where it helps: what was sent in lines stays in its own.
  const laidOut = parts.argumentLines.length === 1 ? layOut(parts.argumentLines[0] ?? "") : undefined;
  return (
    <div className="request-view">
      {parts.warnings.length === 0 ? null : (
        <Notice kind="warn" title="Look twice">
          <ul>
            {parts.warnings.map((warning) => (
              <li key={warning}>
                <Shown text={warning} escaped />
              </li>
            ))}
          </ul>
        </Notice>
      )}

      <section>
        <h2>
          Arguments <span className="aside">{heading.slice("ARGUMENTS ".length)}</span>
        </h2>
        {laidOut === undefined ? null : (
          <>
            <p className="label">Laid out for reading</p>
            <Lines of={laidOut} label="Arguments, laid out for reading" escaped />
            <p className="label">Exactly</p>
          </>
        )}
        <Lines of={parts.argumentLines} label="Arguments, exactly" escaped />
        <p className="facts">
          {argumentFacts.map((fact) => (
            <code key={fact}>{fact}</code>
          ))}
        </p>
      </section>

      <Comparison detail={detail} />

      <section>
        <h2>Request</h2>
        <Definitions of={requestFacts(request, nameOf)} />
      </section>

      <section>
        <h2>
          {detail.rules === undefined || detail.rules.length < 2 ? "Rule" : "Rules"}{" "}
          <span className="aside">
            {wordsOf(detail.reason)} · policy {request.policy_snapshot}
          </span>
        </h2>
        <ul className="needs">
          {request.requirements.map((one) => (
            <li key={`${one.rule} ${one.approvers}`}>
              <strong>
                {one.quorum} {one.quorum === 1 ? "person" : "people"}
              </strong>{" "}
              with <code>{one.approvers}</code> for <code>{one.rule}</code>
              {one.separation.length === 0 ? null : (
                <span className="aside"> · not {one.separation.map((who) => parties[who]).join(", ")}</span>
              )}
            </li>
          ))}
        </ul>
        {detail.rules?.map(({ rule, text }) => (
          <details key={rule} open={detail.rules?.length === 1}>
            <summary>
              <code>{rule}</code> as its author wrote it
            </summary>
            <Lines of={text.split("\n")} label={`Rule ${rule}`} />
          </details>
        ))}
      </section>

      <section>
        <h2>What is signed</h2>
        <p className="aside">
          This page computed both digests from the texts below and found them equal to the server's. A vote signs both.
          The page is the server's own; <code>countersign approvals show</code> makes the same texts on another machine.
        </p>
        <Definitions
          of={[
            ["Request", <code key="r">{detail.request_digest}</code>],
            ["Rendering", <code key="s">{detail.rendering_digest}</code>],
          ]}
        />
        <details>
          <summary>The rendering, whole</summary>
          <Lines of={detail.rendering.replace(/\n$/, "").split("\n")} label="The rendering" escaped />
        </details>
        <details>
          <summary>The request's canonical text</summary>
          <Lines of={[detail.request_text]} label="The canonical text" />
        </details>
      </section>
    </div>
  );
}

function requestFacts(request: ApprovalRequest, nameOf: NameOf): Definition[] {
  const { action, initiator } = request;
  const software = [initiator.framework, initiator.framework_version].filter((one) => one !== undefined).join(" ");
  const shown = (text: string) => <Shown text={text} />;
  return [
    ["Capability", <code key="c">{action.capability}</code>],
    ["Tool", shown([action.tool, action.tool_version].filter((one) => one !== undefined).join(" "))],
    ["System", shown(action.target.system)],
    ["Resource", shown(action.target.resource)],
    ["Environment", <Environment key="e" of={action.target.environment} />],
    ...(action.target.version === undefined ? [] : [["Version", shown(action.target.version)] as const]),
    ["Agent", shown([request.requested_by, initiator.version].filter((one) => one !== undefined).join(" "))],
    ...(software === "" ? [] : [["Framework", shown(software)] as const]),
    ...(initiator.model === undefined ? [] : [["Model", shown(initiator.model)] as const]),
    ["On behalf of", request.on_behalf_of === null ? "nobody" : shown(nameOf(request.on_behalf_of))],
    ...request.obligations.map((obligation) => ["Obligation", shown(obligation)] as const),
    ["Requested", <Moment key="r" at={request.requested_at} />],
    ["Expires", <Moment key="x" at={request.expires_at} />],
    [
      "Once granted",
      `runs once, within ${formatLength(request.execute_within_ms)} of its start, in at most ${request.max_attempts} ${
        request.max_attempts === 1 ? "attempt" : "attempts"
      }`,
    ],
    ["Run", <code key="run">{request.run_id}</code>],
  ];
}
