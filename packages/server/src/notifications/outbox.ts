/** What is still to be told, and what became of telling it: rows written with the event they are about. */
import { type Command, need, type Reader, type Transaction } from "../ledger/command.ts";
import { table } from "../ledger/table.ts";

/** One message to one destination. What it says is its kind and the approval's id; nothing else is kept or sent. */
export const notifications = table("notifications", {
  key: { notification_id: "text" },
  columns: {
    approval_id: "id:apr",
    kind: "text",
    channel: "text",
    state: "text",
    attempts: "int",
    next_ms: "int",
    made_ms: "int",
    trouble: "text?",
  },
  indexes: { by_state: ["state", "next_ms"] },
});

export type NoticeKind = "approval.requested" | "approval.escalated" | "approval.expiring" | "breakglass.used";
export type Channel = "webhook" | "smtp";
/** `moot`: it was answered before anybody had to be reminded. */
export type NoticeState = "waiting" | "delivered" | "undeliverable" | "moot";

/** Pauses before the second and later attempts, in ms; after the last one it is undeliverable. */
export const RETRY_AFTER_MS = [5000, 30_000, 120_000, 600_000, 1_800_000, 7_200_000] as const;
/** A reminder goes out when this part of the time is over. */
const REMIND_AT = 0.75;

/** Puts the messages of a new request: one now, one at each escalation and one before it expires, to each channel. */
export function announce(
  tx: Transaction,
  channels: readonly Channel[],
  about: { readonly approvalId: string; readonly expiresAt: string; readonly escalatesAfterMs?: readonly number[] },
): void {
  const escalations = [...new Set(about.escalatesAfterMs)].sort((a, b) => a - b);
  const lifeMs = Math.max(0, Date.parse(about.expiresAt) - tx.nowMs);
  for (const channel of channels) {
    const notices: readonly (readonly [NoticeKind, number, string])[] = [
      ["approval.requested", 0, "requested"],
      ...escalations.map((afterMs, at) => ["approval.escalated", afterMs, `escalated-${at + 1}`] as const),
      ["approval.expiring", Math.floor(lifeMs * REMIND_AT), "expiring"],
    ];
    for (const [kind, afterMs, name] of notices) {
      tx.put(notifications, {
        notification_id: `${about.approvalId}.${name}.${channel}`,
        approval_id: about.approvalId,
        kind,
        channel,
        state: "waiting",
        attempts: 0,
        next_ms: tx.nowMs + afterMs,
        made_ms: tx.nowMs,
        trouble: null,
      });
    }
  }
}

/** Puts the alarm of a use of break-glass, to each channel, for at once. */
export function alarmBreakGlass(tx: Transaction, channels: readonly Channel[], approvalId: string): void {
  for (const channel of channels) {
    tx.put(notifications, {
      notification_id: `${approvalId}.breakglass.${channel}`,
      approval_id: approvalId,
      kind: "breakglass.used",
      channel,
      state: "waiting",
      attempts: 0,
      next_ms: tx.nowMs,
      made_ms: tx.nowMs,
      trouble: null,
    });
  }
}

export type Settled = {
  readonly id: string;
  readonly outcome: "delivered" | "moot" | "failed";
  readonly trouble: string | null;
};

/** Keeps what an attempt came to. */
export const settleNotice: Command<Settled, { state: string | null }> = {
  name: "notifications.settle",
  needs: ({ id }) => ({ rows: [need(notifications, { notification_id: id })] }),
  run(tx, { id, outcome, trouble }) {
    const row = tx.row(notifications, { notification_id: id });
    if (row === undefined || row.state !== "waiting") return { state: row?.state ?? null };
    const attempts = row.attempts + (outcome === "moot" ? 0 : 1);
    const pauseMs = RETRY_AFTER_MS[attempts - 1];
    const state: NoticeState = outcome !== "failed" ? outcome : pauseMs === undefined ? "undeliverable" : "waiting";
    tx.put(notifications, { ...row, attempts, state, trouble, next_ms: tx.nowMs + (pauseMs ?? 0) });
    return { state };
  },
};

/** Messages whose time has come, soonest first. */
export function dueNotices(reader: Reader, nowMs: number, limit: number) {
  return reader.list(notifications, "by_state", ["waiting"], { limit }).filter((row) => row.next_ms <= nowMs);
}
