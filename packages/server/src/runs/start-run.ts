/** startRun: who the agent is comes from the credential, what it may ever do from its registration. */
import { commitmentOf, disclosureOf } from "@countersign/evidence/commitment";
import { agentOf } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import type { DeclaredScope, InitiatorBlock } from "@countersign/evidence/event";
import type { EventId, Id, RunId } from "@countersign/evidence/ids";
import { MAX_RUN_ANCESTORS } from "@countersign/evidence/limits";
import type { RunState } from "@countersign/evidence/run";
import { ancestorsOf } from "@countersign/evidence/run-family";
import { aboveCeiling, subsetFault } from "@countersign/evidence/scope";
import type { BodyOf } from "@countersign/evidence/wire";
import type { Caller } from "../base/routes.ts";
import type { Command, Submission, Transaction } from "../ledger/command.ts";
import { putAbandon } from "./close-run.ts";
import type { RunParts } from "./faces.ts";
import { runs } from "./runs.ts";

type Body = BodyOf<"startRun">;

export type StartInput = {
  readonly initiator: InitiatorBlock;
  readonly scope: DeclaredScope;
  readonly body: Body;
  readonly intent: { readonly commitment: string; readonly sealed: Uint8Array } | undefined;
};

export type StartAnswer = { readonly run_id: RunId; readonly index: number };

const INTENT_POINTER = "/run/intent";

export type StartRun = (order: { caller: Caller; body: Body; submission: Submission }) => Promise<StartAnswer>;

/** @throws CountersignError agent-not-registered, core:above-ceiling, not-found or run-not-open for the parent */
export function openStartRun(parts: RunParts): StartRun {
  const command = startCommand(parts);
  return async ({ caller, body, submission }) => {
    if (caller.holder.kind !== "agent") throw new CountersignError("forbidden", { detail: "Only agents start runs." });
    const { on_behalf_of: external } = body;
    // Whom the run above is for, its children are for, unless they say otherwise.
    const person =
      external === undefined
        ? parentOf(parts, caller, body)?.initiator.on_behalf_of
        : await parts.aliasFor(external, submission);
    const initiator: InitiatorBlock = {
      agent: caller.holder.id,
      ...(body.version === undefined ? {} : { version: body.version }),
      ...(body.framework === undefined ? {} : { framework: body.framework }),
      ...(body.framework_version === undefined ? {} : { framework_version: body.framework_version }),
      ...(body.model === undefined ? {} : { model: body.model }),
      ...(person === undefined ? {} : { on_behalf_of: person }),
    };
    const disclosure =
      body.intent === undefined ? undefined : disclosureOf(parts.random16(), INTENT_POINTER, body.intent);
    const intent = disclosure && {
      commitment: commitmentOf(disclosure),
      sealed: parts.sealDisclosure(caller.tenant, person, disclosure),
    };
    const input: StartInput = { initiator, scope: scopeOf(body), body, intent };
    return (await parts.ledger.submit(command, input, submission)).answer;
  };
}

function startCommand({ keepDisclosure }: RunParts): Command<StartInput, StartAnswer> {
  return {
    name: "runs.start",
    needs: ({ body }) => ({ runs: body.parent_run === undefined ? [] : [body.parent_run as Id<"run">] }), // checked
    run(tx, { initiator, scope, body, intent }) {
      const agent = agentOf(tx.control, initiator.agent);
      if (agent === undefined || agent.retired === true) {
        throw new CountersignError("agent-not-registered", { detail: `${initiator.agent}.` });
      }
      const above = aboveCeiling(scope.capabilities, agent.ceiling);
      if (above !== undefined) {
        throw new CountersignError("core:above-ceiling", { pointer: "/capabilities", detail: `${above.detail}.` });
      }
      refuseParent(tx, scope, body);
      const runId = tx.newId("run");
      const placed = tx.append("run.started", {
        run_id: runId,
        initiator,
        ...(body.labels === undefined ? {} : { labels: body.labels }),
        ...(body.refs === undefined ? {} : { refs: body.refs }),
        ...(intent === undefined ? {} : { commit: { [INTENT_POINTER]: intent.commitment } }),
        run: {
          scope,
          // The ledger made this id as an event's; the state says only that it is text.
          ceiling_event: agent.event,
          ...(initiator.on_behalf_of === undefined ? {} : { delegated_by: initiator.on_behalf_of }),
          ...(body.parent_run === undefined ? {} : { parent_run: body.parent_run }),
          ...(body.expected_end === undefined ? {} : { expected_end: body.expected_end }),
        },
      });
      if (intent !== undefined) keepDisclosure(tx, placed.event.event_id as EventId, INTENT_POINTER, intent.sealed); // as above
      tx.put(runs, { run_id: runId, agent: initiator.agent });
      putAbandon(tx, runId, scope, body.expected_end);
      return { run_id: runId, index: placed.index };
    },
  };
}

function parentOf({ ledger }: RunParts, { tenant }: Caller, { parent_run: parentId }: Body): RunState | undefined {
  return parentId === undefined ? undefined : ledger.reader(tenant)?.run(parentId as RunId); // checked
}

/** A child holds no more than its parent, and begins while the parent is open. */
function refuseParent(tx: Transaction, scope: DeclaredScope, { parent_run: parentId }: Body): void {
  if (parentId === undefined) return;
  const pointer = "/parent_run";
  const parent = tx.run(parentId as Id<"run">); // checked against its pattern
  if (parent === undefined)
    throw new CountersignError("not-found", { pointer, detail: "There is no such parent run." });
  if (parent.phase !== "open" || parent.suspended) throw new CountersignError("run-not-open", { pointer });
  const above = ancestorsOf(parentId, parent.parent, (id) => tx.run(id as Id<"run">)); // kept under the id of a run
  if (above.length + 1 > MAX_RUN_ANCESTORS) throw new CountersignError("delegation-too-deep", { pointer });
  const wider = subsetFault(scope, parent.scope);
  if (wider !== undefined) throw new CountersignError("scope-exceeds-parent", { pointer, detail: `${wider.detail}.` });
}

function scopeOf(body: Body): DeclaredScope {
  const { capabilities, tools, resources, data_classes, budgets, expires_at } = body;
  return {
    capabilities,
    ...(tools === undefined ? {} : { tools }),
    ...(resources === undefined ? {} : { resources }),
    ...(data_classes === undefined ? {} : { data_classes }),
    ...(budgets === undefined ? {} : { budgets }),
    ...(expires_at === undefined ? {} : { expires_at }),
  };
}
