/** docs/reference/errors.md and docs/reference/faults.md: the two tables of what can be wrong, for people. */

type Errors = Readonly<Record<string, readonly [status: number, title: string, remedy: string]>>;

/** The anchor of a code: what the `type` of a problem document points to. */
export function anchorOf(code: string): string {
  return code.replace(":", "-");
}

/** docs/reference/errors.md. */
export function errorsDoc(errors: Errors): string {
  const rows = Object.entries(errors).map(
    ([code, [status, title, remedy]]) =>
      `| <a id="${anchorOf(code)}"></a>\`${code}\` | ${status} | ${cell(title)} | ${cell(remedy)} |`,
  );
  return `# Errors

Made by \`npm run gen\` from \`packages/evidence/src/errors.ts\`.

A refusal over HTTP is a problem document (RFC 9457, \`application/problem+json\`):

\`\`\`json
${JSON.stringify(exampleProblem(errors), null, 2)}
\`\`\`

\`code\` never changes its meaning; \`pointer\` (RFC 6901) names the member that was refused, when there is one; \`detail\` says what
was found. The command line prints the same sentence and remedy, the SDK throws a \`CountersignError\` with the same code.
What is wrong with *evidence* is no error but a fault: [faults.md](faults.md).

| code | status | what happened | what to do |
|---|---|---|---|
${rows.join("\n")}
`;
}

/** docs/reference/faults.md. */
export function faultsDoc(faults: Readonly<Record<string, string>>): string {
  const rows = Object.entries(faults).map(
    ([code, sentence]) => `| <a id="${anchorOf(code)}"></a>\`${code}\` | ${cell(sentence)} |`,
  );
  return `# Faults

Made by \`npm run gen\` from \`packages/evidence/src/fault.ts\`.

A fault is a named reason why evidence is bad. A check returns all of them, each with a sentence of what was found and, where
there is one, the entry's index, event and run. Server, command line, browser and the offline verifier use the same names.

| code | means |
|---|---|
${rows.join("\n")}
`;
}

function exampleProblem(errors: Errors): unknown {
  const code = "validation-failed";
  const [status, title, remedy] = errors[code]!;
  return { type: `/docs/errors#${anchorOf(code)}`, title, status, code, pointer: "/target/resource", remedy };
}

/** A pipe would end the cell, an angle bracket would start a tag. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}
