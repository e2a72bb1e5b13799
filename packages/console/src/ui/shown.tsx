/**
 * Text of others: agents, tools, targets, people. It is shown, never obeyed: what draws nothing or reorders is written as
 * `\u{…}` and marked, and the text cannot reach into its surroundings.
 */
import { piecesOf, piecesOfVisible } from "./pieces.ts";

export function Shown({
  text,
  escaped = false,
}: {
  text: string;
  /** It was written by `visible` of evidence/terminal.ts. */
  escaped?: boolean;
}) {
  return (
    <bdi>
      {(escaped ? piecesOfVisible(text) : piecesOf(text)).map((piece, index) =>
        piece.marked ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text never move
          <mark key={index} title="A character that draws nothing or reorders text">
            {piece.text}
          </mark>
        ) : (
          piece.text
        ),
      )}
    </bdi>
  );
}
