/** What a module says of its exports, for the descriptions of generated documents. */

/** Export name → its doc comment as one line of plain text. */
export function docComments(source: string): ReadonlyMap<string, string> {
  const comments = new Map<string, string>();
  for (const [, comment, name] of source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport const (\w+)\b/g))
    comments.set(name!, plainText(comment!));
  return comments;
}

function plainText(comment: string): string {
  return comment
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trim())
    .join(" ")
    .replace(/\{@link ([^}]*)\}/g, "$1")
    .replace(/\s+/g, " ")
    .trim();
}
