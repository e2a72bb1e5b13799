/** Text of others taken apart: what is plainly visible, and what draws nothing or reorders text, written as `\u{…}`. */
import { visible } from "@countersign/evidence/terminal";

export type Piece = { readonly text: string; readonly marked: boolean };

/** Pieces of text as it is. A mark stands for a character that is really there; the same letters unmarked are letters. */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  for (const character of text) {
    const shown = character === "\\" ? character : visible(character);
    add(pieces, shown, shown !== character);
  }
  return pieces;
}

/** Pieces of text that {@link visible} wrote: a doubled backslash is a backslash, and no mark begins with its second half. */
export function piecesOfVisible(text: string): Piece[] {
  const pieces: Piece[] = [];
  for (const part of text.split(/(\\\\|\\u\{[0-9a-f]+\})/)) {
    if (part !== "") add(pieces, part, part.startsWith("\\u"));
  }
  return pieces;
}

function add(pieces: Piece[], text: string, marked: boolean): void {
  const last = pieces.at(-1);
  if (last === undefined || last.marked || marked) pieces.push({ text, marked });
  else pieces[pieces.length - 1] = { text: last.text + text, marked };
}
