/** docs/operating/configuration.md: every setting of the server and its command line. */

type Setting = {
  readonly flag: string;
  readonly env: string;
  readonly kind: string;
  readonly default: string | number | undefined;
  readonly help: string;
  readonly choices?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly secret?: true;
};

/** The page, from the table of settings by their names in the configuration file. */
export function configDoc(settings: Readonly<Record<string, Setting>>): string {
  const rows = Object.entries(settings).map(([name, setting]) => {
    const standard = setting.default === undefined ? "–" : `\`${setting.default}\``;
    const what = [setting.help, limitsOf(setting)].filter((part) => part !== "").join(" ");
    return `| \`${name}\` | \`${setting.flag}\` | \`${setting.env}\` | ${standard} | ${what} |`;
  });
  return `# Configuration

Made by \`npm run gen\` from \`packages/server/src/base/config.ts\`.

A setting is taken from its flag, else its environment variable, else the configuration file (JSON, named by \`--config\` or
\`COUNTERSIGN_CONFIG\`), else its default. Not every command has every flag; \`--help\` lists those it has. \`countersign config
print\` shows what is in force and where it came from, with secrets hidden.

| in the file | flag | variable | default | what it is |
|---|---|---|---|---|
${rows.join("\n")}

A data directory remembers where its signer's and seal key directories lie (\`instance.json\`), so they are given once or never.
`;
}

function limitsOf({ choices, min, max, secret }: Setting): string {
  if (choices !== undefined) return `One of ${choices.join(", ")}.`;
  if (min !== undefined && max !== undefined) return `From ${min} to ${max}.`;
  return secret ? "Secret." : "";
}
