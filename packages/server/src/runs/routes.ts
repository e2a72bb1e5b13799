/** The HTTP handlers of runs. */
import { assert, CountersignError } from "@countersign/evidence/errors";
import { hex } from "@countersign/evidence/hash";
import type { Id, RunId } from "@countersign/evidence/ids";
import type { RunState } from "@countersign/evidence/run";
import type { EventReceipt } from "@countersign/evidence/wire";
import type { Caller, Handlers } from "../base/routes.ts";
import { redactMembers } from "../base/secret-forms.ts";
import type { Command, Reader } from "../ledger/command.ts";
import { type Chore, due } from "../ledger/due.ts";
import type { Table } from "../ledger/table.ts";
import { ABANDON, abandonCommand, abandonInput, closeCommand, type DueRun, openActionsOf } from "./close-run.ts";
import type { RunParts } from "./faces.ts";
import { listRuns, runs, viewRun } from "./runs.ts";
import { openStartRun } from "./start-run.ts";

export const runTables: readonly Table[] = [runs];

const PAGE = 50;
const LARGEST_PAGE = 500;
/** Times a close is tried again when the run's actions changed meanwhile. */
const CLOSE_TRIES = 5;

/** Free texts of a run and how long each may be. */
const KEPT_TEXTS = {
  ...{ intent: 2000, labels: 128, refs: 128 },
  ...{ version: 64, framework: 64, framework_version: 64, model: 128 },
};

type Names = "startRun" | "getRun" | "closeRun" | "listRuns";

export type RunModule = { readonly handlers: Pick<Handlers, Names>; readonly chores: readonly Chore[] };

/** Wires the module. */
export function openRuns(parts: RunParts): RunModule {
  const { ledger, actions } = parts;
  const start = openStartRun(parts);
  const close = closeCommand(actions);

  const handlers: Pick<Handlers, Names> = {
    async startRun({ caller, body, submission }) {
      const kept = redactMembers(body, KEPT_TEXTS);
      const { run_id: runId, index } = await start({ caller, body: kept, submission });
      const reader = readerOf(ledger, caller.tenant);
      return { status: 201, body: { run: viewRun(stateOf(reader, runId)), receipt: receiptOf(reader, index) } };
    },

    async getRun({ caller, params }) {
      return { body: viewRun(visible(readerOf(ledger, caller.tenant), caller, params.run_id)) };
    },

    async closeRun({ caller, params, body, submission }) {
      const { tenant } = caller;
      for (let tries = 1; ; tries++) {
        const state = visible(readerOf(ledger, tenant), caller, params.run_id);
        const runId = state.run as RunId; // the id it is kept under
        try {
          await ledger.submit(close, { runId, status: body.status, open: openActionsOf(state) }, submission);
          return { body: viewRun(stateOf(readerOf(ledger, tenant), runId)) };
        } catch (cause) {
          const changed = cause instanceof CountersignError && cause.code === "core:policy-changed";
          if (!changed || tries >= CLOSE_TRIES) throw cause;
        }
      }
    },

    async listRuns({ caller, query }) {
      const limit = Math.max(1, Math.min(Number(query.limit ?? PAGE), LARGEST_PAGE));
      const { runs: page, next } = listRuns(readerOf(ledger, caller.tenant), { ...query, limit });
      return { body: { runs: [...page], ...(next === undefined ? {} : { next }) } };
    },
  };
  return { handlers, chores: [abandonChore(abandonCommand(actions))] };
}

/** Runs whose time is over, with their open actions as they are now. */
function abandonChore(command: ReturnType<typeof abandonCommand>): Chore {
  return {
    name: ABANDON,
    find(reader, nowMs, limit) {
      const rows = reader.list(due, "soonest", [ABANDON], { limit });
      return rows
        .filter((row) => row.at_ms <= nowMs)
        .map((row) => abandonInput(reader, row.about as DueRun, row.at_ms)); // put as one
    },
    // What find() gives is this command's input.
    command: command as Command<unknown, unknown>,
  };
}

/** The run, for who may see it: an agent its own, everybody else the route lets in all. */
function visible(reader: Reader, { holder }: Caller, runId: string): RunState {
  const state = reader.run(runId as Id<"run">); // checked against its pattern
  if (state === undefined || (holder.kind === "agent" && state.initiator.agent !== holder.id)) {
    throw new CountersignError("not-found");
  }
  return state;
}

function stateOf(reader: Reader, runId: RunId): RunState {
  const state = reader.run(runId);
  assert(state !== undefined, "the run was written");
  return state;
}

function receiptOf(reader: Reader, index: number): EventReceipt {
  const entry = reader.entry(index);
  const receipt = reader.receipt(index);
  assert(entry !== undefined && receipt !== undefined, "what was submitted is under the checkpoint");
  // The ledger wrote these bytes from a checked event.
  const { event_id } = JSON.parse(new TextDecoder().decode(entry.bytes)) as { readonly event_id: string };
  return { event_id, index, hash: hex(entry.leaf), receipt };
}

function readerOf(ledger: RunParts["ledger"], tenant: string): Reader {
  const reader = ledger.reader(tenant);
  if (reader === undefined) throw new CountersignError("not-found");
  return reader;
}
