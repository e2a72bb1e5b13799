/**
 * Asking the gate again about an action whose approval is open and whose policy is no longer the one in force: outside
 * the batch like every other question, then one command carries out how the approval stands.
 */
import { openActionOf } from "@countersign/evidence/run";
import type { Amounts } from "@countersign/evidence/scope";
import type { Command, Submission } from "../ledger/command.ts";
import { actionOf, GATE } from "./actions.ts";
import { needsOf, recordSeen, type SeenAction, seenAction } from "./cancel.ts";
import { type KeptJudgement, keepProjection } from "./decision.ts";
import type { DispatchParts } from "./faces.ts";
import { type Asked, judge, settle } from "./gate.ts";
import { viewIn, viewOf, whileChanging } from "./request-action.ts";
import { carryStanding, type Drift, driftOf } from "./standing.ts";
import { askedAgain, openArguments, readerOf } from "./start-action.ts";

type RenewInput = {
  readonly seen: SeenAction;
  readonly asked: Asked;
  readonly salt: string;
  readonly reserved: Amounts | undefined;
  readonly judged: KeptJudgement;
  readonly drift: Drift | undefined;
};

/** Brings an action's open approval up to the policy in force; nothing when it has none or it still holds. */
export type Renew = (tenant: string, actionId: string) => Promise<void>;

/** @throws CountersignError payload-erased, payload-damaged, core:engine-unavailable */
export function openRenewals(parts: DispatchParts): Renew {
  const command = renewCommand(parts);
  return async (tenant, actionId) => {
    await whileChanging(async () => {
      const reader = readerOf(parts, tenant);
      const record = actionOf(reader, actionId);
      if (record?.approval?.approval_id === undefined) return;
      const { bytes, disclosure } = await openArguments(parts, reader, record);
      const seen = seenAction(record);
      const view = viewOf(parts, tenant, seen.runId);
      const { asked, reserved } = askedAgain(record, view.run, bytes);
      const kept = await keepProjection(
        parts.vault,
        tenant,
        record.on_behalf_of ?? undefined,
        await judge(parts.policy, view, asked, reserved),
      );
      const by: Submission = { tenant, actor: GATE };
      const drift = await driftOf(parts.policy, tenant, openActionOf(view.run, actionId), kept);
      await parts.ledger.submit(command, { seen, asked, salt: disclosure[0], reserved, judged: kept, drift }, by);
    });
  };
}

function renewCommand(parts: DispatchParts): Command<RenewInput, { readonly done: string }> {
  return {
    name: "dispatch.renew-approval",
    needs: ({ seen }) => ({ runs: [seen.runId], rows: needsOf(parts.approvals, seen) }),
    run(tx, { seen, asked, salt, reserved, judged, drift }) {
      const record = recordSeen(tx, seen);
      const run = tx.run(seen.runId);
      const one = run && openActionOf(run, seen.actionId);
      const isOpen = one?.phase === "waiting" || (one?.phase === "granted" && one.approval?.consumed === undefined);
      if (run === undefined || one === undefined || !isOpen) return { done: "nothing" };
      const now: KeptJudgement = { ...settle(judged, viewIn(tx, run), asked, reserved), kept: judged.kept };
      const args = { bytes: asked.args, salt };
      const lost = carryStanding(parts, tx, record, { run, one, judged: now, args, drift });
      return { done: lost?.code ?? "holds" };
    },
  };
}
