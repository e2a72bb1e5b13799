/**
 * Says in one sentence that this Node is too old, before anything is read that only a newer one understands. Plain
 * JavaScript without dependencies, because it must run where nothing else here does: npm scripts start with it. The
 * commands we publish check the exact version themselves (packages/evidence/src/node-version.ts).
 */
import { argv, execPath, exit, stderr, versions } from "node:process";
import { fileURLToPath } from "node:url";

/** The first release line that runs TypeScript as it stands. */
const LEAST_MAJOR = 24;

/**
 * What to tell the user, or undefined when this Node can go on.
 *
 * @param {string} version of the Node that runs, `20.20.2`
 * @returns {string | undefined}
 */
export function oldNodeProblem(version) {
  if (Number.parseInt(version, 10) >= LEAST_MAJOR) return undefined;
  return `This is Node ${version}, and the project needs ${LEAST_MAJOR}: run \`npm ci\`, which brings its own, and start things with \`npm run\` or \`npx\`.`;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const problem = oldNodeProblem(versions.node);
  if (problem !== undefined) {
    stderr.write(`${problem} (${execPath})\n`);
    exit(1);
  }
}
