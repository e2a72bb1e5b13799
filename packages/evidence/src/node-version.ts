/** Whether a Node is new enough, for commands to ask before they load anything that an older one does not have. */

/** The oldest Node everything here runs on. `engines` in each package.json says the same; a test holds that. */
export const LEAST_NODE = "24.11";

/**
 * What to tell the user in one sentence, or undefined when this Node will do.
 *
 * @param version of the Node that runs, `20.20.2`
 */
export function nodeVersionProblem(version: string): string | undefined {
  const is = version.split(".").map(Number);
  const least = LEAST_NODE.split(".").map(Number);
  const at = least.findIndex((part, i) => part !== is[i]);
  if (at < 0 || (is[at] ?? 0) > (least[at] ?? 0)) return undefined;
  return `This is Node ${version}, and Countersign needs ${LEAST_NODE} or newer.`;
}
