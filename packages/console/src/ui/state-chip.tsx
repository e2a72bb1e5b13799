/** An approval's state in a word and a sign. */
import type { ApprovalStatusView } from "@countersign/evidence/wire";
import { Glyph, type GlyphName } from "./glyph.tsx";

type State = ApprovalStatusView["state"];

const states: Readonly<Record<State, readonly [words: string, tone: string, glyph: GlyphName]>> = {
  REQUESTED: ["Waiting", "wait", "wait"],
  GRANTED: ["Granted", "good", "good"],
  CONSUMED: ["Used", "good", "good"],
  REJECTED: ["Rejected", "bad", "bad"],
  EXPIRED: ["Expired", "over", "wait"],
  REVOKED: ["Revoked", "bad", "bad"],
  CANCELLED: ["Withdrawn", "over", "bad"],
  SUPERSEDED: ["Replaced", "over", "info"],
  VOIDED: ["Void", "over", "bad"],
};

export function stateWords(state: State): string {
  return states[state][0];
}

export function StateChip({ state }: { state: State }) {
  const [words, tone, glyph] = states[state];
  return (
    <span className={`chip ${tone}`}>
      <Glyph name={glyph} />
      {words}
    </span>
  );
}
