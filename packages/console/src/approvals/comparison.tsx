/** What a request asks that another one did not: the one it replaces, or the last one like it that was used. */
import { isDifferent, renderingDifference } from "@countersign/evidence/approval-difference";
import { formatDiff } from "@countersign/evidence/line-diff";
import type { AnswerOf } from "@countersign/evidence/wire";
import { ask } from "../ask.ts";
import { Lines } from "../ui/lines.tsx";
import { Link } from "../ui/link.tsx";
import { Notice } from "../ui/notice.tsx";
import { useAsked } from "../use-asked.ts";

type Detail = AnswerOf<"getApproval">;

/** Nothing when there is none to compare with. */
export function Comparison({ detail }: { detail: Detail }) {
  const { superseded_by: by, replaces, last_used: lastUsed } = detail;
  const other = replaces ?? lastUsed;
  return (
    <>
      {by === undefined ? null : (
        <Notice kind="info" title="A new request replaced this one.">
          <p>
            The policy or the facts changed. No vote carries over:{" "}
            <Link to={{ page: "approval", id: by }}>open the new request</Link>.
          </p>
        </Notice>
      )}
      {other === undefined ? null : <Compared detail={detail} other={other} isReplaced={replaces !== undefined} />}
    </>
  );
}

function Compared({ detail, other, isReplaced }: { detail: Detail; other: string; isReplaced: boolean }) {
  const asked = useAsked(other, () => ask("getApproval", { params: { approval_id: other } }));
  const before = asked.value;
  const lines = before === undefined ? [] : renderingDifference(before.rendering, detail.rendering);
  const which = isReplaced ? "the request this one replaces" : "the last one like it that was used";
  return (
    <section aria-label="Difference">
      <h2>
        Difference{" "}
        <span className="aside">
          from <Link to={{ page: "approval", id: other }}>{which}</Link>
        </span>
      </h2>
      {isReplaced ? <p className="aside">Votes on that one do not count here.</p> : null}
      {asked.refusal !== undefined ? (
        <p>It cannot be shown: {asked.refusal.message}</p>
      ) : before === undefined ? (
        <p role="status">Loading…</p>
      ) : isDifferent(lines) ? (
        <Lines of={formatDiff(lines, 0)} label="Lines taken away (−) and added (+)" escaped />
      ) : (
        <p>It asks the same: the action, the arguments, the rules and who must agree are equal.</p>
      )}
    </section>
  );
}
