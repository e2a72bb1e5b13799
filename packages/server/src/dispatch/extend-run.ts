/**
 * A run asks for another scope. A narrower one is taken at once; a wider one is an action that people approve, and the
 * gate itself executes when its agent comes back with the approval: one command consumes it and changes the scope.
 */

import { canonicalText } from "@countersign/evidence/canonical";
import { activePolicyOf } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import type { DeclaredScope } from "@countersign/evidence/event";
import type { RunId } from "@countersign/evidence/ids";
import { openActionOf, phaseOf, type RunState } from "@countersign/evidence/run";
import {
  EXTENSION_EXECUTOR,
  EXTENSION_TOOL,
  extensionArguments,
  extensionOf,
  extensionTarget,
} from "@countersign/evidence/run-extension";
import { subsetFault } from "@countersign/evidence/scope";
import type { Caller } from "../base/routes.ts";
import type { Command, Submission } from "../ledger/command.ts";
import { type ActionRecord, actionBook, actionIn, actionOf, dispatchBlocks, GATE, removeActionDue } from "./actions.ts";
import { needsOf, recordSeen, seenAction } from "./cancel.ts";
import { keepProjection } from "./decision.ts";
import type { DispatchParts } from "./faces.ts";
import { judge } from "./gate.ts";
import { type RequestAction, viewOf, whileChanging } from "./request-action.ts";
import { appendFinalSafety } from "./safety.ts";
import {
  askedAgain,
  judgedNow,
  openArguments,
  readerOf,
  refusal,
  type UseAnswer,
  type UseInput,
} from "./start-action.ts";
import { useDecision } from "./use.ts";

type NarrowInput = { readonly runId: RunId; readonly scope: DeclaredScope };
type ExtensionInput = UseInput & { readonly scope: DeclaredScope };
type Order = { readonly caller: Caller; readonly submission: Submission };

export type Extensions = {
  /** The action that waits for people, or undefined when the run has the scope now. */
  ask(order: Order & { readonly runId: RunId; readonly scope: DeclaredScope }): Promise<string | undefined>;
  /** Uses the approval. @throws CountersignError why the scope is as it was */
  use(order: Order & { readonly actionId: string }): Promise<RunId>;
};

export function openExtensions(parts: DispatchParts, request: RequestAction): Extensions {
  const { ledger, policy, vault } = parts;
  const narrow = narrowCommand(parts);
  const command = useCommand(parts);
  return {
    ask: ({ caller, submission, runId, scope }) =>
      whileChanging(async () => {
        const { run, control } = viewOf(parts, caller.tenant, runId);
        if (run.initiator.agent !== caller.holder.id) throw new CountersignError("not-found");
        if (canonicalText(run.scope) === canonicalText(scope)) return undefined;
        if (subsetFault(scope, run.scope) === undefined) {
          await ledger.submit(narrow, { runId, scope }, submission);
          return undefined;
        }
        if (activePolicyOf(control) === undefined) throw new CountersignError("core:no-active-policy");
        const args = extensionArguments(runId, scope);
        const body = { tool: EXTENSION_TOOL, target: extensionTarget(runId, scope), args: undefined };
        return (await request({ caller, runId, body, args, extension: scope, submission })).action_id;
      }),

    async use({ caller, submission, actionId }) {
      const { tenant } = caller;
      const reader = readerOf(parts, tenant);
      const record = actionOf(reader, actionId);
      if (record === undefined || record.agent !== caller.holder.id) throw new CountersignError("not-found");
      if (record.action.tool !== EXTENSION_TOOL) {
        throw new CountersignError("step-not-allowed", { detail: "It asks for no scope: startAction." });
      }
      const { bytes, disclosure } = await openArguments(parts, reader, record);
      const scope = extensionOf(bytes);
      const { answer } = await whileChanging(async () => {
        const seen = seenAction(actionOf(readerOf(parts, tenant), actionId) ?? record);
        const view = viewOf(parts, tenant, seen.runId);
        const { asked, reserved } = askedAgain(record, view.run, bytes);
        const judged = await judge(policy, view, asked, reserved);
        const kept = await keepProjection(vault, tenant, record.on_behalf_of ?? undefined, judged);
        const executor = EXTENSION_EXECUTOR;
        const input = { seen, executor, asked, salt: disclosure[0], reserved, judged: kept, scope };
        return ledger.submit(command, input, submission);
      });
      if (answer.refused !== null) throw refusal(answer.refused, readerOf(parts, tenant), actionId);
      return record.run_id as RunId; // the column is an id of this form
    },
  };
}

function narrowCommand({ runTime }: DispatchParts): Command<NarrowInput, null> {
  return {
    name: "dispatch.narrow-run",
    needs: ({ runId }) => ({ runs: [runId], rows: runTime.needs(runId) }),
    run(tx, { runId, scope }) {
      const run = openRun(tx.run(runId));
      // Another change came first, and beside its scope this one is wider.
      if (subsetFault(scope, run.scope) !== undefined) throw new CountersignError("core:policy-changed");
      tx.append("run.scope.extended", { run_id: runId, extension: { scope } });
      runTime.moveEnd(tx, runId, scope);
      return null;
    },
  };
}

function useCommand(parts: DispatchParts): Command<ExtensionInput, UseAnswer> {
  const { approvals, runTime, vault } = parts;
  return {
    name: "dispatch.extend-run",
    needs: ({ seen }) => ({ runs: [seen.runId], rows: [...needsOf(approvals, seen), ...runTime.needs(seen.runId)] }),
    run(tx, input) {
      const { seen, scope, executor } = input;
      const record = recordSeen(tx, seen);
      const run = openRun(tx.run(seen.runId));
      if (phaseOf(run, seen.actionId) === "allowed") throw new CountersignError("extension-needs-approval");
      const approvalId = openActionOf(run, seen.actionId)?.approval?.id;
      const judged = judgedNow(tx, input);
      const asked = { bytes: input.asked.args, salt: input.salt };
      const refused = useDecision(parts, tx, record, {
        executor,
        judged,
        request: asked,
        actor: GATE,
        drift: undefined,
      });
      if (refused !== undefined) return { refused };
      tx.append("run.scope.extended", {
        run_id: seen.runId,
        cause: lastOf(actionIn(tx, seen.actionId) ?? record),
        extension: { scope, ...(approvalId === undefined ? {} : { approval_id: approvalId }) },
      });
      const started = actionIn(tx, seen.actionId) ?? record;
      const done = tx.append("dispatch.succeeded", {
        ...dispatchBlocks(started, { status: "SUCCEEDED", attempt: started.attempts }),
        actor: GATE,
        outcome: { layer: "server" },
      });
      actionBook.note(tx, done);
      appendFinalSafety(vault, tx, seen.actionId, { equal: true });
      removeActionDue(tx, seen.actionId);
      runTime.moveEnd(tx, seen.runId, scope);
      return { refused: null };
    },
  };
}

const lastOf = (record: ActionRecord) => record.last_event;

/** @throws CountersignError run-not-open */
function openRun(run: RunState | undefined): RunState {
  if (run === undefined) throw new CountersignError("not-found");
  if (run.phase !== "open" || run.suspended) throw new CountersignError("run-not-open");
  return run;
}
