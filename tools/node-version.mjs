/**
 * Says in one sentence that this Node is too old, before anything is read that only a newer one understands. Plain
 * JavaScript without dependencies: it must run where nothing else does. npm scripts start with it.
 */
import { readFileSync } from "node:fs";
import { argv, execPath, exit, stderr, versions } from "node:process";
import { fileURLToPath } from "node:url";

/**
 * What to tell the user, or undefined when this Node will do.
 *
 * @param {string} version of the Node that runs, `20.20.2`
 * @param {string} wanted `engines.node` of package.json, `>=24.11`
 * @returns {string | undefined}
 */
export function nodeVersionProblem(version, wanted) {
  const least = wanted.replace(">=", "").split(".").map(Number);
  const is = version.split(".").map(Number);
  const at = least.findIndex((part, i) => part !== is[i]);
  if (at < 0 || (is[at] ?? 0) > (least[at] ?? 0)) return undefined;
  return `Countersign needs Node ${wanted.replace(">=", "")} or newer, and this is ${version}: run \`npm ci\`, which brings its own Node, and start things with \`npm run\` or \`npx\`.`;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { engines } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const problem = nodeVersionProblem(versions.node, engines.node);
  if (problem !== undefined) {
    stderr.write(`${problem} (${execPath})\n`);
    exit(1);
  }
}
