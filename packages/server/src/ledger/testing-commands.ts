/** Small lawful commands for the ledger's own tests and benchmarks; the modules' commands are theirs. */
import { actionDigest } from "@countersign/evidence/action-digest";
import { agentOf } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import { digestOf, utf8 } from "@countersign/evidence/hash";
import type { ActionId, RunId } from "@countersign/evidence/ids";
import { type Command, need } from "./command.ts";
import { table } from "./table.ts";

export const AGENT = "ops-agent-3";
const CAPABILITY = "infra.change.apply";
const CONTRACT = digestOf(utf8("contract"));
const COMMITMENT = "A".repeat(43);

/** Counts what was appended for a name: a projection that must never differ from the log. */
export const tallies = table("tallies", {
  key: { name: "text" },
  columns: { count: "int", last_event: "id:evt", last_run: "id:run?", at: "ts" },
  indexes: { recent: ["at"] },
});

export const registerAgent: Command<null, string> = {
  name: "test.register-agent",
  needs: () => ({}),
  run(tx) {
    const { event } = tx.append("agent.registered", {
      agent: { id: AGENT, ceiling: [CAPABILITY], may_execute: true },
      bootstrap: true,
    });
    return event.event_id;
  },
};

export const startRun: Command<{ readonly tally?: string }, RunId> = {
  name: "test.start-run",
  needs: ({ tally }) => ({ rows: tally === undefined ? [] : [need(tallies, { name: tally })] }),
  run(tx, { tally }) {
    const agent = agentOf(tx.control, AGENT);
    if (agent === undefined) throw new CountersignError("agent-not-registered");
    const runId = tx.newId("run");
    const { event } = tx.append("run.started", {
      run_id: runId,
      initiator: { agent: AGENT, version: "2.1.0", framework: "ai-sdk", framework_version: "7.0.173" },
      run: { scope: { capabilities: [CAPABILITY] }, ceiling_event: agent.event },
    });
    if (tally !== undefined) {
      const count = (tx.row(tallies, { name: tally })?.count ?? 0) + 1;
      tx.put(tallies, { name: tally, count, last_event: event.event_id, last_run: runId, at: tx.ts });
    }
    return runId;
  },
};

/** About 1.2 kB of entry, like most of a real log. */
export const requestAction: Command<{ readonly runId: RunId }, ActionId> = {
  name: "test.request-action",
  needs: ({ runId }) => ({ runs: [runId] }),
  run(tx, { runId }) {
    const actionId = tx.newId("act");
    const bound = {
      tenant: tx.tenant,
      run_id: runId,
      action_id: actionId,
      action: {
        capability: CAPABILITY,
        tool: "terraform",
        tool_version: "1.9.2",
        target: { system: "aws:eu-west-1", resource: "vpc-1", environment: "prod" },
      },
      topic: CAPABILITY,
      tool_contract: CONTRACT,
    };
    tx.append("action.requested", {
      run_id: runId,
      action_id: actionId,
      action: bound.action,
      pointers: { context: [digestOf(utf8("context"))], args: digestOf(utf8(actionId)), result: null, artifacts: [] },
      request: {
        args_bytes: 512,
        action_digest: actionDigest({ ...bound, args: COMMITMENT }),
        tool_contract: CONTRACT,
        topic: CAPABILITY,
        consumed: [],
        cost_cents: 12,
      },
      labels: { ticket: "CHG-1042" },
      commit: { "/action/args": COMMITMENT, "/action/intent": COMMITMENT },
    });
    return actionId;
  },
};

export const closeRun: Command<{ readonly runId: RunId }, null> = {
  name: "test.close-run",
  needs: ({ runId }) => ({ runs: [runId] }),
  run(tx, { runId }) {
    tx.append("run.closed", {
      run_id: runId,
      closed: { status: "completed", open_actions: tx.run(runId)?.open.map(({ id }) => id as ActionId) ?? [] },
    });
    return null;
  },
};

/** Appends and puts, and then refuses: nothing of it may remain. */
export const refuseLate: Command<{ readonly tally: string }, null> = {
  name: "test.refuse-late",
  needs: ({ tally }) => ({ rows: [need(tallies, { name: tally })] }),
  run(tx, { tally }) {
    startRun.run(tx, { tally });
    throw new CountersignError("frozen");
  },
};
