/**
 * A run that asks for a wider scope. The wish is an action like any other, of a tool only the gate may execute: the policy
 * says who approves it, people vote on the exact scope, and using the approval appends run.scope.extended. What is bound
 * is the digest of the scope, which stands in the action's target. Spec: spec/run.md, "Extension".
 */
import { canonicalBytes } from "./canonical.ts";
import type { ActionBlock, DeclaredScope } from "./event.ts";
import { type Digest, digestOf } from "./hash.ts";
import { parseStrict } from "./strict-json.ts";

/** Name of the tool and of its capability. */
export const EXTENSION_TOOL = "countersign.run.extend";
/** Who executes it: nobody else is given its permit. */
export const EXTENSION_EXECUTOR = "countersign";
const SYSTEM = "countersign";

/** The target of the action that asks for this scope. A scope stands in the log in the clear, so its digest may. */
export function extensionTarget(runId: string, scope: DeclaredScope): ActionBlock["target"] {
  return { system: SYSTEM, resource: runId, version: scopeDigest(scope) };
}

/** Whether an action is a wish to extend its own run, whatever the scope. */
export function isExtension({ tool, target }: ActionBlock, runId: string): boolean {
  return tool === EXTENSION_TOOL && target.system === SYSTEM && target.resource === runId;
}

/** Whether an action asks for exactly this scope. */
export function extendsTo(action: ActionBlock, runId: string, scope: DeclaredScope): boolean {
  return isExtension(action, runId) && action.target.version === scopeDigest(scope);
}

/** The action's arguments: what people are shown, and what policy sees through the contract. */
export function extensionArguments(runId: string, scope: DeclaredScope): Uint8Array {
  return canonicalBytes({ run_id: runId, scope, scope_digest: scopeDigest(scope) });
}

/** The scope in arguments that {@link extensionArguments} gave. */
export function extensionOf(args: Uint8Array): DeclaredScope {
  // Made by the function above and bound since; whoever wrote other bytes finds them refused at the event.
  return (parseStrict(args, "payload").value as unknown as { readonly scope: DeclaredScope }).scope;
}

function scopeDigest(scope: DeclaredScope): Digest {
  return digestOf(canonicalBytes(scope));
}
