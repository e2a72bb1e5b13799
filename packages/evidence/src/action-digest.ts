/** What an action's digest is of. Spec: spec/evidence-event.md, "Argument binding". */
import { canonicalBytes } from "./canonical.ts";
import type { ActionBlock } from "./event.ts";
import { type Digest, digestOf } from "./hash.ts";

export const ACTION_CONTEXT = "countersign/v1/action";

/**
 * `sha256:` of the canonical form of everything that makes one action this action and no other.
 *
 * @param input `args` is the commitment under /action/args, never a digest of the arguments themselves
 */
export function actionDigest(input: {
  readonly tenant: string;
  readonly run_id: string;
  readonly action_id: string;
  readonly action: ActionBlock;
  readonly topic: string;
  readonly tool_contract: string | null;
  readonly args: string;
}): Digest {
  return digestOf(canonicalBytes({ ...input, ctx: ACTION_CONTEXT }));
}
